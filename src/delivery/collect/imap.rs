//! Collecting by IMAP; waits for news with IDLE (RFC 2177).

use super::notice::TooLarge;
use super::waiting::Waiting;
use super::{Collected, keep, leave, own_trouble};
use crate::base::stream::BoxStream;
use crate::delivery::PostRoom;
use crate::delivery::probe::Finding;
use crate::model::Flags;
use crate::model::collect::{CollectServer, CollectSource, Security};
use async_imap::error::Error as ImapError;
use async_imap::types::{Fetch, Flag};
use async_imap::{Client, Session};
use futures_util::TryStreamExt;
use std::collections::HashMap;
use std::fmt;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;

/// Servers end a silent IDLE after 29 minutes (RFC 2177 §3).
const IDLE: Duration = Duration::from_secs(25 * 60);
/// A server without IDLE is asked that often.
const ASK: Duration = Duration::from_secs(120);
/// Messages whose sizes are asked for at once.
const BATCH: usize = 200;

/// A stream that the client library can name in its own messages.
pub struct Named(BoxStream);

impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a connection")
    }
}

impl AsyncRead for Named {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Named {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

fn protocol(e: ImapError) -> Finding {
    match e {
        ImapError::Io(e) => Finding::Connect(format!("the connection to the provider broke off: {e}")),
        ImapError::ConnectionLost => Finding::Connect("the provider closed the connection".into()),
        other => Finding::Protocol(format!("the provider's server said: {other}")),
    }
}

impl PostRoom {
    /// One answer of a provider.
    async fn in_time<T>(&self, f: impl Future<Output = Result<T, ImapError>>) -> Result<T, Finding> {
        self.in_time_for(0, f).await
    }

    /// An answer that holds `bytes`: the library tells nothing before the last one is here, and lines can be slow.
    async fn in_time_for<T>(
        &self,
        bytes: u64,
        f: impl Future<Output = Result<T, ImapError>>,
    ) -> Result<T, Finding> {
        let patience = self.options.patience;
        let longest = patience.answer + patience.on_the_way(bytes);
        match tokio::time::timeout(longest, f).await {
            Ok(done) => done.map_err(protocol),
            Err(_) => Err(Finding::Connect("the provider's server does not answer".into())),
        }
    }
}

/// Connects and protects the connection as wanted.
pub async fn connect(room: &PostRoom, server: &CollectServer) -> Result<Client<Named>, Finding> {
    let plain = room.dialer.connect_plain(&server.host, server.port).await?;
    match server.security {
        Security::Tls => greet(room, Named(room.dialer.protect(&server.host, plain).await?)).await,
        Security::None => greet(room, Named(Box::new(plain))).await,
        Security::Starttls => {
            let mut client = greet(room, Named(Box::new(plain))).await?;
            room.in_time(client.run_command_and_check_ok("STARTTLS", None))
                .await?;
            Ok(Client::new(Named(
                room.dialer.protect(&server.host, client.into_inner()).await?,
            )))
        }
    }
}

/// As [`connect`], and logs in.
pub async fn sign_in(room: &PostRoom, server: &CollectServer) -> Result<Session<Named>, Finding> {
    let client = connect(room, server).await?;
    let login = client.login(&server.user, &server.password);
    match tokio::time::timeout(room.options.patience.answer, login).await {
        Ok(Ok(session)) => Ok(session),
        Ok(Err((ImapError::No(e), _))) => Err(Finding::Login(format!(
            "the provider does not accept the login: {e}"
        ))),
        Ok(Err((e, _))) => Err(protocol(e)),
        Err(_) => Err(Finding::Connect("the provider's server does not answer".into())),
    }
}

async fn greet(room: &PostRoom, stream: Named) -> Result<Client<Named>, Finding> {
    let mut client = Client::new(stream);
    let greeting = tokio::time::timeout(room.options.patience.answer, client.read_response()).await;
    match greeting {
        Ok(Ok(Some(_))) => Ok(client),
        Ok(Ok(None)) => Err(Finding::Protocol(
            "the provider's server closed the connection at once".into(),
        )),
        Ok(Err(e)) => Err(Finding::Protocol(format!("this is not an IMAP server: {e}"))),
        Err(_) => Err(Finding::Connect("the provider's server does not greet".into())),
    }
}

/// An open mailbox of a provider.
struct Open {
    session: Session<Named>,
    has_idle: bool,
    has_uidplus: bool,
    uid_validity: i64,
    last_uid: u32,
}

async fn open(room: &PostRoom, source: &CollectSource) -> Result<Open, Finding> {
    let mut session = sign_in(room, &source.server).await?;
    let capabilities = room.in_time(session.capabilities()).await?;
    let mailbox = room.in_time(session.select("INBOX")).await?;
    let uid_validity = i64::from(mailbox.uid_validity.unwrap_or(0));
    Ok(Open {
        has_idle: capabilities.has_str("IDLE"),
        has_uidplus: capabilities.has_str("UIDPLUS"),
        last_uid: progress(room, source.id, uid_validity).await?,
        session,
        uid_validity,
    })
}

/// Collects, waits, collects, until something goes wrong. `poke`: somebody wants it to look now.
pub async fn run(room: &Arc<PostRoom>, source: &CollectSource, poke: &Notify) -> Result<(), Finding> {
    let mut open = open(room, source).await?;
    loop {
        collect_new(room, source, &mut open).await?;
        super::note_run(room, source.id, None).await;
        let waiting = Waiting::load(room, source.id).await?;
        if open.has_idle {
            open.session = wait(room, open.session, &waiting, poke).await?;
        } else {
            let _ = tokio::time::timeout(ASK, waiting.woken(room, poke)).await;
            room.in_time(open.session.noop()).await?;
        }
    }
}

/// Collects what is there now.
pub async fn run_once(room: &Arc<PostRoom>, source: &CollectSource) -> Result<(), Finding> {
    let mut open = open(room, source).await?;
    collect_new(room, source, &mut open).await?;
    let _ = room.in_time(open.session.logout()).await;
    Ok(())
}

/// Up to which UID everything is here, under this UIDVALIDITY.
async fn progress(room: &PostRoom, source: i64, uid_validity: i64) -> Result<u32, Finding> {
    let sources = room
        .store
        .directory()
        .read(|d| d.collect_sources())
        .await
        .map_err(own_trouble)?;
    let known = sources
        .into_iter()
        .find(|s| s.id == source && s.uid_validity == uid_validity);
    Ok(known.map_or(0, |s| s.last_uid as u32))
}

async fn wait(
    room: &PostRoom,
    session: Session<Named>,
    waiting: &Waiting,
    poke: &Notify,
) -> Result<Session<Named>, Finding> {
    let mut handle = session.idle();
    room.in_time(handle.init()).await?;
    {
        let (news, stop) = handle.wait_with_timeout(IDLE);
        let mut news = pin!(news);
        tokio::select! {
            heard = &mut news => drop(heard.map_err(protocol)?),
            () = waiting.woken(room, poke) => {
                drop(stop);
                news.await.map_err(protocol)?;
            }
        }
    }
    room.in_time(handle.done()).await
}

/// The provider's own name of a message.
fn unique_id(uid_validity: i64, uid: u32) -> String {
    format!("{uid_validity}:{uid}")
}

fn uid_of(uid_validity: i64, unique_id: &str) -> Option<u32> {
    let (validity, uid) = unique_id.split_once(':')?;
    (validity.parse() == Ok(uid_validity)).then(|| uid.parse().ok())?
}

/// Brings here what is new there, and what waited and fits now.
async fn collect_new(room: &Arc<PostRoom>, source: &CollectSource, open: &mut Open) -> Result<(), Finding> {
    let mut waiting = Waiting::load(room, source.id).await?;
    let uids = wanted(room, source, open, &waiting).await?;
    for batch in uids.chunks(BATCH) {
        let sizes = sizes(room, &mut open.session, batch).await?;
        for uid in batch {
            // A message without a size has gone meanwhile.
            if let Some(size) = sizes.get(uid) {
                collect_one(room, source, open, &waiting, *uid, *size).await?;
            }
        }
    }
    let validity = open.uid_validity;
    waiting
        .forget_gone(room, |id| {
            uid_of(validity, id).is_some_and(|uid| uids.contains(&uid))
        })
        .await
}

/// UIDs to look at, ascending: new ones and those that wait.
async fn wanted(
    room: &PostRoom,
    source: &CollectSource,
    open: &mut Open,
    waiting: &Waiting,
) -> Result<Vec<u32>, Finding> {
    let (keeps, last_uid) = (source.server.keep, open.last_uid);
    let waits: Vec<u32> = waiting
        .unique_ids()
        .filter_map(|id| uid_of(open.uid_validity, id))
        .collect();
    // What is to be deleted there may have been left over from a run that was broken off.
    let query = if keeps {
        let mut sets: Vec<String> = waits.iter().map(u32::to_string).collect();
        sets.push(format!("{}:*", last_uid.saturating_add(1)));
        format!("UID {}", sets.join(","))
    } else {
        "ALL".to_owned()
    };
    let found = room.in_time(open.session.uid_search(query)).await?;
    let mut uids: Vec<u32> = found.into_iter().collect();
    uids.sort_unstable();
    // `n:*` names the last message even when its UID is below n (RFC 9051 §6.4.8).
    uids.retain(|uid| !keeps || *uid > last_uid || waits.contains(uid));
    Ok(uids)
}

async fn sizes(
    room: &PostRoom,
    session: &mut Session<Named>,
    uids: &[u32],
) -> Result<HashMap<u32, u64>, Finding> {
    let set: Vec<String> = uids.iter().map(u32::to_string).collect();
    let all = async {
        let answers = session.uid_fetch(set.join(","), "(UID RFC822.SIZE)").await?;
        answers.try_collect::<Vec<_>>().await
    };
    let all = room.in_time(all).await?;
    Ok(all
        .iter()
        .filter_map(|f| Some((f.uid?, u64::from(f.size?))))
        .collect())
}

async fn collect_one(
    room: &Arc<PostRoom>,
    source: &CollectSource,
    open: &mut Open,
    waiting: &Waiting,
    uid: u32,
    size_bytes: u64,
) -> Result<(), Finding> {
    let unique_id = unique_id(open.uid_validity, uid);
    if !waiting.may_fit(room, &unique_id, size_bytes).await? {
        return Ok(());
    }
    let is_kept = if size_bytes > room.options.max_collected_bytes {
        if waiting.is_known_too_large(&unique_id) {
            return Ok(());
        }
        let header = fetch(room, &mut open.session, uid, "BODY.PEEK[HEADER]", 0).await?;
        let what = TooLarge {
            unique_id: &unique_id,
            size_bytes,
            header: header.as_ref().and_then(Fetch::header).unwrap_or_default(),
        };
        leave(room, source, waiting, what).await?;
        false
    } else {
        let Some(fetched) = fetch(room, &mut open.session, uid, "BODY.PEEK[]", size_bytes).await? else {
            return Ok(());
        };
        let is_seen = fetched.flags().any(|f| f == Flag::Seen);
        let message = Collected {
            unique_id,
            flags: if is_seen { Flags::SEEN } else { Flags::NONE },
            received_at_ms: fetched.internal_date().map(|d| d.timestamp_millis()),
            raw: fetched.body().unwrap_or_default().to_vec(),
        };
        drop(fetched);
        keep(room, source, waiting, message).await?
    };
    if source.server.keep {
        note_progress(room, source.id, open, uid).await?;
    } else if is_kept {
        delete(room, &mut open.session, uid, open.has_uidplus).await?;
    }
    Ok(())
}

/// Messages that stay there are known by how far we are; what waits is noted apart.
async fn note_progress(room: &PostRoom, source: i64, open: &mut Open, uid: u32) -> Result<(), Finding> {
    if uid <= open.last_uid {
        return Ok(());
    }
    let (validity, last) = (open.uid_validity, i64::from(uid));
    let noted = room
        .store
        .directory()
        .write(move |d| d.note_collected_uid(source, validity, last))
        .await;
    open.last_uid = uid;
    noted.map_err(own_trouble)
}

async fn fetch(
    room: &PostRoom,
    session: &mut Session<Named>,
    uid: u32,
    part: &str,
    bytes: u64,
) -> Result<Option<Fetch>, Finding> {
    let what = format!("(UID FLAGS INTERNALDATE {part})");
    let mut found = None;
    let fetched = async {
        let mut answers = session.uid_fetch(uid.to_string(), what).await?;
        while let Some(answer) = answers.try_next().await? {
            if answer.uid == Some(uid) && (answer.body().is_some() || answer.header().is_some()) {
                found = Some(answer);
            }
        }
        Ok(())
    };
    room.in_time_for(bytes, fetched).await?;
    Ok(found)
}

async fn delete(
    room: &PostRoom,
    session: &mut Session<Named>,
    uid: u32,
    has_uidplus: bool,
) -> Result<(), Finding> {
    let mark = async {
        let answers = session
            .uid_store(uid.to_string(), "+FLAGS.SILENT (\\Deleted)")
            .await?;
        answers.try_collect::<Vec<_>>().await
    };
    room.in_time(mark).await?;
    let expunge = async {
        if has_uidplus {
            let answers = session.uid_expunge(uid.to_string()).await?;
            answers.try_collect::<Vec<_>>().await
        } else {
            session.expunge().await?.try_collect::<Vec<_>>().await
        }
    };
    room.in_time(expunge).await.map(drop)
}

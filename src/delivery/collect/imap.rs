//! Collecting by IMAP; waits for news with IDLE (RFC 2177).

use super::{Collected, keep, own_trouble};
use crate::base::stream::BoxStream;
use crate::delivery::PostRoom;
use crate::delivery::probe::Finding;
use crate::model::Flags;
use crate::model::collect::{CollectServer, CollectSource, Security};
use async_imap::error::Error as ImapError;
use async_imap::extensions::idle::IdleResponse;
use async_imap::types::{Fetch, Flag};
use async_imap::{Client, Session};
use futures_util::TryStreamExt;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Servers end a silent IDLE after 29 minutes (RFC 2177 §3).
const IDLE: Duration = Duration::from_secs(25 * 60);
/// A server without IDLE is asked that often.
const ASK: Duration = Duration::from_secs(120);
const ANSWER: Duration = Duration::from_secs(120);
/// For a whole message: the library tells nothing before the last byte is here, and lines can be slow.
const MESSAGE: Duration = Duration::from_secs(30 * 60);

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

async fn in_time<T>(f: impl Future<Output = Result<T, ImapError>>) -> Result<T, Finding> {
    in_time_of(ANSWER, f).await
}

async fn in_time_of<T>(
    longest: Duration,
    f: impl Future<Output = Result<T, ImapError>>,
) -> Result<T, Finding> {
    match tokio::time::timeout(longest, f).await {
        Ok(done) => done.map_err(protocol),
        Err(_) => Err(Finding::Connect("the provider's server does not answer".into())),
    }
}

/// Connects, protects the connection as wanted, and logs in.
pub async fn sign_in(room: &PostRoom, server: &CollectServer) -> Result<Session<Named>, Finding> {
    let plain = room.connect_plain(&server.host, server.port).await?;
    let client = match server.security {
        Security::Tls => greet(Named(room.protect(&server.host, plain).await?)).await?,
        Security::None => greet(Named(Box::new(plain))).await?,
        Security::Starttls => {
            let mut client = greet(Named(Box::new(plain))).await?;
            in_time(client.run_command_and_check_ok("STARTTLS", None)).await?;
            Client::new(Named(room.protect(&server.host, client.into_inner()).await?))
        }
    };
    let login = client.login(&server.user, &server.password);
    match tokio::time::timeout(ANSWER, login).await {
        Ok(Ok(session)) => Ok(session),
        Ok(Err((ImapError::No(e), _))) => Err(Finding::Login(format!(
            "the provider does not accept the login: {e}"
        ))),
        Ok(Err((e, _))) => Err(protocol(e)),
        Err(_) => Err(Finding::Connect("the provider's server does not answer".into())),
    }
}

async fn greet(stream: Named) -> Result<Client<Named>, Finding> {
    let mut client = Client::new(stream);
    let greeting = tokio::time::timeout(ANSWER, client.read_response()).await;
    match greeting {
        Ok(Ok(Some(_))) => Ok(client),
        Ok(Ok(None)) => Err(Finding::Protocol(
            "the provider's server closed the connection at once".into(),
        )),
        Ok(Err(e)) => Err(Finding::Protocol(format!("this is not an IMAP server: {e}"))),
        Err(_) => Err(Finding::Connect("the provider's server does not greet".into())),
    }
}

/// Collects, waits, collects, until something goes wrong.
pub async fn run(room: &Arc<PostRoom>, source: &CollectSource) -> Result<(), Finding> {
    let mut session = sign_in(room, &source.server).await?;
    let capabilities = in_time(session.capabilities()).await?;
    let (has_idle, has_uidplus) = (capabilities.has_str("IDLE"), capabilities.has_str("UIDPLUS"));
    let mailbox = in_time(session.select("INBOX")).await?;
    let uid_validity = i64::from(mailbox.uid_validity.unwrap_or(0));
    let mut last_uid = progress(room, source.id, uid_validity).await?;
    loop {
        last_uid = collect_new(room, source, &mut session, uid_validity, last_uid, has_uidplus).await?;
        super::note_run(room, source.id, None).await;
        session = if has_idle {
            wait(session).await?
        } else {
            tokio::time::sleep(ASK).await;
            in_time(session.noop()).await?;
            session
        };
    }
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

async fn wait(session: Session<Named>) -> Result<Session<Named>, Finding> {
    let mut handle = session.idle();
    in_time(handle.init()).await?;
    let (news, stop) = handle.wait_with_timeout(IDLE);
    let heard = news.await.map_err(protocol)?;
    drop(stop);
    if matches!(heard, IdleResponse::ManualInterrupt) {
        return Err(Finding::Connect("waiting for new mail was broken off".into()));
    }
    in_time(handle.done()).await
}

/// Returns the highest UID that is here now.
async fn collect_new(
    room: &Arc<PostRoom>,
    source: &CollectSource,
    session: &mut Session<Named>,
    uid_validity: i64,
    last_uid: u32,
    has_uidplus: bool,
) -> Result<u32, Finding> {
    let keeps = source.server.keep;
    // What is to be deleted there may have been left over from a run that was broken off.
    let query = if keeps {
        format!("UID {}:*", last_uid.saturating_add(1))
    } else {
        "ALL".to_owned()
    };
    let mut uids: Vec<u32> = in_time(session.uid_search(query)).await?.into_iter().collect();
    uids.sort_unstable();
    // `n:*` names the last message even when its UID is below n (RFC 9051 §6.4.8).
    uids.retain(|uid| !keeps || *uid > last_uid);
    let mut highest = last_uid;
    for uid in uids {
        let Some(fetched) = fetch(session, uid).await? else {
            continue;
        };
        let message = Collected {
            unique_id: format!("{uid_validity}:{uid}"),
            flags: if fetched.flags().any(|f| f == Flag::Seen) {
                Flags::SEEN
            } else {
                Flags::NONE
            },
            received_at_ms: fetched.internal_date().map(|d| d.timestamp_millis()),
            raw: fetched.body().unwrap_or_default().to_vec(),
        };
        drop(fetched);
        keep(room, source, message).await.map_err(own_trouble)?;
        highest = highest.max(uid);
        if keeps {
            let (id, last) = (source.id, i64::from(uid));
            let noted = room
                .store
                .directory()
                .write(move |d| d.note_collected_uid(id, uid_validity, last))
                .await;
            noted.map_err(own_trouble)?;
        } else {
            delete(session, uid, has_uidplus).await?;
        }
    }
    Ok(highest)
}

async fn fetch(session: &mut Session<Named>, uid: u32) -> Result<Option<Fetch>, Finding> {
    let mut found = None;
    {
        let mut answers =
            in_time(session.uid_fetch(uid.to_string(), "(UID FLAGS INTERNALDATE BODY.PEEK[])")).await?;
        while let Some(answer) = in_time_of(MESSAGE, answers.try_next()).await? {
            if answer.uid == Some(uid) && answer.body().is_some() {
                found = Some(answer);
            }
        }
    }
    Ok(found)
}

async fn delete(session: &mut Session<Named>, uid: u32, has_uidplus: bool) -> Result<(), Finding> {
    in_time(async {
        session
            .uid_store(uid.to_string(), "+FLAGS.SILENT (\\Deleted)")
            .await?
            .try_collect::<Vec<_>>()
            .await
    })
    .await?;
    if has_uidplus {
        in_time(async {
            session
                .uid_expunge(uid.to_string())
                .await?
                .try_collect::<Vec<_>>()
                .await
        })
        .await?;
    } else {
        in_time(async { session.expunge().await?.try_collect::<Vec<_>>().await }).await?;
    }
    Ok(())
}

//! A connection to an LDAP server: opened, protected, bound, searched. It goes nowhere but to the server that an
//! administrator has named: referrals are not followed.

use crate::base::stream::{BoxStream, read_more};
use crate::base::{Error, Result};
use crate::delivery::PostRoom;
use crate::formats::ldap::{Entry, Outcome, Reply, ber, filter, message, parse_reply};
use crate::model::collect::Security;
use crate::model::directory::LdapSettings;
use std::time::Duration;
use tokio::io::AsyncWriteExt;

/// For one answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// A group of some ten thousand people has less.
const MOST_MESSAGE_BYTES: usize = 4 << 20;
/// Of all that a search finds.
const MOST_FOUND_BYTES: usize = 64 << 20;
/// Active Directory gives no more than 1,000 at once.
const PAGE: i32 = 500;
const SUCCESS: i32 = 0;

pub struct Connection {
    stream: BoxStream,
    arrived: Vec<u8>,
    last_id: i32,
}

impl Connection {
    /// Errors: Unavailable, with what is wrong.
    pub async fn open(room: &PostRoom, settings: &LdapSettings) -> Result<Connection> {
        let failed = |why: &str| Error::unavailable(format!("the directory cannot be reached: {why}"));
        let host = &settings.host;
        let stream = room.dialer.connect_plain(host, settings.port).await;
        let stream = stream.map_err(|f| failed(f.detail()))?;
        let ca = settings.ca_pem.as_deref();
        if settings.security == Security::Tls {
            let stream = room.dialer.protect_by(host, stream, ca).await;
            return Ok(Self::on(stream.map_err(|f| failed(f.detail()))?));
        }
        let mut plain = Self::on(Box::new(stream));
        if settings.security == Security::None {
            return Ok(plain);
        }
        let id = plain.send(message::start_tls).await?;
        match plain.receive(id).await? {
            Reply::Extended(outcome) if outcome.code == SUCCESS => {}
            Reply::Extended(o) => return Err(failed(&format!("it does not offer STARTTLS: {}", words(&o)))),
            _ => return Err(ber::broken("another answer to STARTTLS")),
        }
        // What came before the handshake was not protected, whoever sent it.
        if !plain.arrived.is_empty() {
            return Err(ber::broken("more than an answer to STARTTLS"));
        }
        let stream = room.dialer.protect_by(host, plain.stream, ca).await;
        Ok(Self::on(stream.map_err(|f| failed(f.detail()))?))
    }

    fn on(stream: BoxStream) -> Connection {
        Connection {
            stream,
            arrived: Vec::new(),
            last_id: 0,
        }
    }

    /// As the administrator's settings say. Errors: NotAuthenticated; Unavailable.
    pub async fn bind_as_service(&mut self, settings: &LdapSettings) -> Result<()> {
        if settings.bind_dn.is_empty() {
            return Ok(());
        }
        match self.bind(&settings.bind_dn, &settings.bind_password).await? {
            true => Ok(()),
            false => Err(Error::not_authenticated(format!(
                "the directory does not accept {} with its password",
                settings.bind_dn
            ))),
        }
    }

    /// Whether the password is right. Errors: Unavailable, when the server cannot say.
    pub async fn bind(&mut self, dn: &str, password: &str) -> Result<bool> {
        // Without one a bind succeeds for everybody, and proves nothing (RFC 4513 §5.1.2).
        if password.is_empty() || dn.is_empty() {
            return Ok(false);
        }
        let id = self.send(|id| message::bind(id, dn, password)).await?;
        let Reply::Bound(outcome) = self.receive(id).await? else {
            return Err(ber::broken("another answer to a bind"));
        };
        match outcome.code {
            SUCCESS => Ok(true),
            // No such object, a wrong DN, inappropriate authentication, invalid credentials, insufficient access,
            // unwilling (expired, locked), a constraint.
            32 | 34 | 48 | 49 | 50 | 53 | 19 => Ok(false),
            _ => Err(Error::unavailable(format!(
                "the directory could not check a password: {}",
                words(&outcome)
            ))),
        }
    }

    /// Everything below `base` that fits, with these attributes. Errors: Invalid (the filter); NotFound (the base);
    /// Unavailable, also when not everything could be shown: half a list is none.
    pub async fn search(&mut self, base: &str, text: &str, attributes: &[&str]) -> Result<Vec<Entry>> {
        let filter = filter::encode(text)?;
        let (mut found, mut bytes, mut cookie) = (Vec::new(), 0, Vec::new());
        loop {
            let id = self
                .send(|id| message::search(id, base, &filter, attributes, PAGE, &cookie))
                .await?;
            cookie = loop {
                match self.receive(id).await? {
                    Reply::Entry(entry) => {
                        bytes += entry_bytes(&entry);
                        if bytes > MOST_FOUND_BYTES {
                            return Err(Error::unavailable(format!(
                                "the directory finds too much for {text}"
                            )));
                        }
                        found.push(entry);
                    }
                    Reply::Reference => {}
                    Reply::Done { outcome, cookie } if outcome.code == SUCCESS => break cookie,
                    Reply::Done { outcome, .. } => return Err(unfinished(base, &outcome)),
                    _ => return Err(ber::broken("another answer to a search")),
                }
            };
            if cookie.is_empty() {
                return Ok(found);
            }
        }
    }

    async fn send(&mut self, make: impl FnOnce(i32) -> Vec<u8>) -> Result<i32> {
        self.last_id += 1;
        let request = make(self.last_id);
        let sent = async {
            self.stream.write_all(&request).await?;
            self.stream.flush().await
        };
        let sent = tokio::time::timeout(PATIENCE, sent).await;
        sent.map_err(|_| silent())?.map_err(gone)?;
        Ok(self.last_id)
    }

    /// The next message, which must answer this request.
    async fn receive(&mut self, id: i32) -> Result<Reply> {
        let total = loop {
            match ber::total_len(&self.arrived)? {
                Some(total) if total > MOST_MESSAGE_BYTES => {
                    return Err(ber::broken("a message of more than 4 MB"));
                }
                Some(total) if self.arrived.len() >= total => break total,
                _ => {}
            }
            if !read_more(&mut self.stream, &mut self.arrived, PATIENCE).await? {
                return Err(gone(std::io::ErrorKind::UnexpectedEof.into()));
            }
        };
        let (answered, reply) = parse_reply(&self.arrived[..total])?;
        self.arrived.drain(..total);
        match answered {
            n if n == id => Ok(reply),
            // It says by itself that it ends the connection (RFC 4511 §4.4.1).
            0 => Err(gone(std::io::ErrorKind::ConnectionAborted.into())),
            n => Err(ber::broken(&format!("an answer to request {n} instead of {id}"))),
        }
    }

    /// A goodbye, for who waits for it.
    pub async fn close(mut self) {
        let _ = self.send(message::unbind).await;
    }
}

fn entry_bytes(entry: &Entry) -> usize {
    let values = entry.attributes.iter().flat_map(|(_, values)| values);
    entry.dn.len() + values.map(|v| v.len() + 64).sum::<usize>()
}

fn words(outcome: &Outcome) -> String {
    let said = crate::base::text::one_line(&outcome.diagnostic);
    format!("result {} {said}", outcome.code).trim_end().to_owned()
}

fn unfinished(base: &str, outcome: &Outcome) -> Error {
    let said = words(outcome);
    match outcome.code {
        32 => Error::not_found(format!("the directory has nothing at {base}: {said}")),
        3 | 4 | 11 => Error::unavailable(format!(
            "the directory does not show everything to this account, so nothing is taken from it: {said}; raise its limits"
        )),
        50 => Error::forbidden(format!("this account may not search at {base}: {said}")),
        _ => Error::unavailable(format!("the directory could not search at {base}: {said}")),
    }
}

fn silent() -> Error {
    Error::unavailable("the directory does not answer")
}

fn gone(e: std::io::Error) -> Error {
    Error::unavailable("the directory broke off the connection").caused_by(e)
}

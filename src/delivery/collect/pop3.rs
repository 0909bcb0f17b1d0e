//! Collecting by POP3 (RFC 1939, STLS of RFC 2595). The protocol is a handful of lines, and no kept crate speaks
//! it over an async stream of ours (docs/adr/0003).

use super::notice::TooLarge;
use super::waiting::Waiting;
use super::{Collected, keep, leave, own_trouble};
use crate::base::stream::{BoxStream, read_paced};
use crate::base::text::{cut, one_line};
use crate::base::{Pace, Patience};
use crate::delivery::PostRoom;
use crate::delivery::probe::Finding;
use crate::model::Flags;
use crate::model::collect::{CollectServer, CollectSource, Security};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::io::AsyncWriteExt;

const MAX_LINE: usize = 64 << 10;

/// A conversation after the login.
pub struct Session {
    stream: BoxStream,
    input: Vec<u8>,
    at: usize,
    max_message_bytes: u64,
    patience: Patience,
    /// Of the answer that is being read.
    pace: Pace,
}

impl Session {
    /// Connects, protects the connection as wanted, and logs in.
    pub async fn sign_in(room: &PostRoom, server: &CollectServer) -> Result<Session, Finding> {
        let plain = room.dialer.connect_plain(&server.host, server.port).await?;
        let stream: BoxStream = match server.security {
            Security::Tls => room.dialer.protect(&server.host, plain).await?,
            Security::None | Security::Starttls => Box::new(plain),
        };
        let max_message_bytes = room.options.max_collected_bytes;
        let mut session = Session {
            stream,
            input: Vec::new(),
            at: 0,
            max_message_bytes,
            patience: room.options.patience,
            pace: room.options.patience.begin_answer(),
        };
        session.answer().await?;
        if server.security == Security::Starttls {
            session
                .command("STLS")
                .await
                .map_err(|f| Finding::Tls(format!("no STLS: {}", f.detail())))?;
            session.stream = room.dialer.protect(&server.host, session.stream).await?;
            (session.input, session.at) = (Vec::new(), 0);
        }
        let login = |f: Finding| match f {
            Finding::Protocol(said) => {
                Finding::Login(format!("the provider does not accept the login: {said}"))
            }
            other => other,
        };
        if server.user.contains(['\r', '\n']) || server.password.contains(['\r', '\n']) {
            return Err(Finding::Login("user and password are one line each".into()));
        }
        session
            .command(&format!("USER {}", server.user))
            .await
            .map_err(login)?;
        session
            .command(&format!("PASS {}", server.password))
            .await
            .map_err(login)?;
        Ok(session)
    }

    /// Message numbers with their unique ids.
    pub async fn unique_ids(&mut self) -> Result<Vec<(u32, String)>, Finding> {
        self.command("UIDL").await?;
        let text = self.multi_line().await?.unwrap_or_default();
        Ok(String::from_utf8_lossy(&text)
            .lines()
            .filter_map(|l| l.split_once(' '))
            .filter_map(|(n, id)| Some((n.parse().ok()?, id.trim().to_owned())))
            .collect())
    }

    /// Sizes by message number, as the server counts them.
    async fn sizes(&mut self) -> Result<HashMap<u32, u64>, Finding> {
        self.command("LIST").await?;
        let text = self.multi_line().await?.unwrap_or_default();
        Ok(String::from_utf8_lossy(&text)
            .lines()
            .filter_map(|l| l.split_once(' '))
            .filter_map(|(n, size)| Some((n.parse().ok()?, size.trim().parse().ok()?)))
            .collect())
    }

    /// The header of a message; empty where the server does not tell it (TOP is optional).
    async fn header(&mut self, number: u32) -> Result<Vec<u8>, Finding> {
        match self.command(&format!("TOP {number} 0")).await {
            Ok(_) => Ok(self.multi_line().await?.unwrap_or_default()),
            Err(Finding::Protocol(_)) => Ok(Vec::new()),
            Err(e) => Err(e),
        }
    }

    /// None: it is larger than what is collected.
    pub async fn retrieve(&mut self, number: u32) -> Result<Option<Vec<u8>>, Finding> {
        self.command(&format!("RETR {number}")).await?;
        self.multi_line().await
    }

    pub async fn delete(&mut self, number: u32) -> Result<(), Finding> {
        self.command(&format!("DELE {number}")).await.map(drop)
    }

    /// Only now the server deletes (RFC 1939 §6).
    pub async fn quit(mut self) -> Result<(), Finding> {
        self.command("QUIT").await.map(drop)
    }

    async fn command(&mut self, line: &str) -> Result<String, Finding> {
        let broken =
            |e: std::io::Error| Finding::Connect(format!("the connection to the provider broke off: {e}"));
        let said = async {
            self.stream.write_all(format!("{line}\r\n").as_bytes()).await?;
            self.stream.flush().await
        };
        match tokio::time::timeout(self.patience.answer, said).await {
            Ok(said) => said.map_err(broken)?,
            Err(_) => return Err(Finding::Connect("the provider's server does not read".into())),
        }
        self.pace = self.patience.begin_answer();
        self.answer().await
    }

    async fn answer(&mut self) -> Result<String, Finding> {
        let (line, _) = self.line().await?;
        let text = one_line(cut(&String::from_utf8_lossy(&line), 300));
        if text.starts_with("+OK") {
            Ok(text)
        } else {
            Err(Finding::Protocol(text))
        }
    }

    /// A line without its end, and whether that was CRLF.
    async fn line(&mut self) -> Result<(Vec<u8>, bool), Finding> {
        loop {
            if let Some(end) = self.input[self.at..].iter().position(|b| *b == b'\n') {
                let line = &self.input[self.at..self.at + end];
                let is_crlf = line.ends_with(b"\r");
                let line = line.strip_suffix(b"\r").unwrap_or(line).to_vec();
                self.at += end + 1;
                return Ok((line, is_crlf));
            }
            if self.input.len() - self.at > MAX_LINE * 64 {
                return Err(Finding::Protocol(
                    "the provider's server sends a line without an end".into(),
                ));
            }
            self.input.drain(..self.at);
            self.at = 0;
            match read_paced(&mut self.stream, &mut self.input, &mut self.pace).await {
                Ok(true) => {}
                Ok(false) => return Err(Finding::Connect("the provider closed the connection".into())),
                // Too slow, as against broken off.
                Err(e) if e.cause().is_none() => {
                    return Err(Finding::Connect("the provider's server does not answer".into()));
                }
                Err(e) => return Err(e.into()),
            }
        }
    }

    /// Lines up to the one that holds a dot alone, with CRLF, dots taken away (RFC 1939 §3). Only between CRLFs a
    /// dot is the server's: one after a bare line feed is the message's own, and no end. None: it is too large.
    async fn multi_line(&mut self) -> Result<Option<Vec<u8>>, Finding> {
        let (mut out, mut was_crlf, mut is_too_large) = (Vec::new(), true, false);
        loop {
            let (line, is_crlf) = self.line().await?;
            if line == b"." && was_crlf && is_crlf {
                return Ok((!is_too_large).then_some(out));
            }
            if !is_too_large {
                let text = line.strip_prefix(b".").filter(|_| was_crlf);
                out.extend_from_slice(text.unwrap_or(&line));
                out.extend_from_slice(b"\r\n");
            }
            if out.len() as u64 > self.max_message_bytes {
                // Read on to its end, so that the others behind it can be had.
                (out, is_too_large) = (Vec::new(), true);
            }
            was_crlf = is_crlf;
        }
    }
}

/// Collects once.
pub async fn run(room: &Arc<PostRoom>, source: &CollectSource) -> Result<(), Finding> {
    let mut session = Session::sign_in(room, &source.server).await?;
    let (keeps, id) = (source.server.keep, source.id);
    let there = session.unique_ids().await?;
    let known = room
        .store
        .directory()
        .read(move |d| d.collected_ids(id))
        .await
        .map_err(own_trouble)?;
    let gone: Vec<String> = known
        .iter()
        .filter(|k| !there.iter().any(|(_, t)| t == *k))
        .cloned()
        .collect();
    if !gone.is_empty() {
        let forgotten = room
            .store
            .directory()
            .write(move |d| d.forget_collected_ids(id, &gone))
            .await;
        forgotten.map_err(own_trouble)?;
    }
    let mut waiting = Waiting::load(room, id).await?;
    waiting
        .forget_gone(room, |w| there.iter().any(|(_, t)| t == w))
        .await?;
    let sizes = session.sizes().await?;
    for (number, unique_id) in there {
        if known.contains(&unique_id) {
            if !keeps {
                session.delete(number).await?;
            }
            continue;
        }
        let size_bytes = sizes.get(&number).copied().unwrap_or(0);
        if !waiting.may_fit(room, &unique_id, size_bytes).await? {
            continue;
        }
        let raw = if size_bytes > room.options.max_collected_bytes {
            None
        } else {
            session.retrieve(number).await?
        };
        let Some(raw) = raw else {
            let header = if waiting.is_known_too_large(&unique_id) {
                Vec::new()
            } else {
                session.header(number).await?
            };
            let what = TooLarge {
                unique_id: &unique_id,
                size_bytes,
                header: &header,
            };
            leave(room, source, &waiting, what).await?;
            continue;
        };
        let message = Collected {
            unique_id: unique_id.clone(),
            raw,
            flags: Flags::NONE,
            received_at_ms: None,
        };
        if !keep(room, source, &waiting, message).await? {
            continue;
        }
        if keeps {
            let noted = room
                .store
                .directory()
                .write(move |d| d.note_collected_id(id, &unique_id))
                .await;
            noted.map_err(own_trouble)?;
        } else {
            session.delete(number).await?;
        }
    }
    session.quit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(input: &[u8], max_message_bytes: u64) -> Session {
        Session {
            stream: Box::new(tokio::io::empty()),
            input: input.to_vec(),
            at: 0,
            max_message_bytes,
            patience: Patience::default(),
            pace: Patience::default().begin_answer(),
        }
    }

    #[tokio::test]
    async fn only_a_dot_between_crlfs_is_the_end() {
        let mut s = session(b"a\r\n..b\r\nc\n.\r\n.d\n.\n.e\r\n.\r\n", 100);
        let text = s.multi_line().await.unwrap().unwrap();
        assert_eq!(text, b"a\r\n.b\r\nc\r\n.\r\nd\r\n.\r\n.e\r\n");
    }

    #[tokio::test]
    async fn what_is_too_large_does_not_hide_what_follows() {
        let mut s = session(b"aaaaaaaaaaaaaaaaaaaa\r\nbbb\r\n.\r\nc\r\n.\r\n", 10);
        assert_eq!(s.multi_line().await.unwrap(), None);
        assert_eq!(s.multi_line().await.unwrap().unwrap(), b"c\r\n");
    }
}

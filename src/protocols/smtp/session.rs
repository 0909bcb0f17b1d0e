//! The conversation: one command after the other, replies in order.

use super::envelope::{self, Envelope};
use super::lines::{Line, Lines};
use super::transaction::{Body, Trace, complete};
use super::{Purpose, auth, data};
use crate::base::text::{cut, one_line};
use crate::base::{Error, Result};
use crate::identity::{Ctx, Stay, stay};
use crate::protocols::limits::network;
use crate::protocols::{House, Visitor};
use smtp_proto::{Error as ProtoError, Request};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// After so many commands that made no sense, the conversation ends.
const MAX_ERRORS: u32 = 12;

pub struct Session {
    house: Arc<House>,
    lines: Option<Lines>,
    peer: SocketAddr,
    purpose: Purpose,
    is_tls: bool,
    helo: Option<(String, bool)>,
    ctx: Option<Ctx>,
    /// Ends when the account may not be signed in any more.
    stay: Option<Stay>,
    envelope: Option<Envelope>,
    /// BDAT chunks so far.
    chunks: Option<(Body, data::Received)>,
    errors: u32,
}

/// What happens after a command.
enum Next {
    Go,
    StartTls,
    End,
}

/// For a peer with too many connections.
pub async fn turn_away(house: &House, visitor: Visitor) {
    let mut lines = Lines::new(visitor.stream, house.options.patience);
    lines.write("421 4.7.0 too many connections from you; try again later\r\n");
    lines.close().await;
}

impl Session {
    pub fn new(house: Arc<House>, visitor: Visitor, purpose: Purpose) -> Self {
        Session {
            lines: Some(Lines::new(visitor.stream, house.options.patience)),
            house,
            peer: visitor.peer,
            purpose,
            is_tls: visitor.is_tls,
            helo: None,
            ctx: None,
            stay: None,
            envelope: None,
            chunks: None,
            errors: 0,
        }
    }

    pub async fn run(mut self) {
        if let Err(e) = self.talk().await {
            tracing::debug!(peer = %self.peer, error = ?e, "an SMTP conversation broke off");
        }
        if let Some(lines) = &mut self.lines {
            lines.close().await;
        }
    }

    async fn talk(&mut self) -> Result<()> {
        let host = self.house.options.host_name.clone();
        self.say(&format!("220 {host} ESMTP Hauspost"));
        loop {
            let mut stay = self.stay.clone();
            let next = tokio::select! {
                biased;
                () = stay::ended(&mut stay) => {
                    self.say("421 4.7.0 you have been signed out");
                    Next::End
                }
                next = self.turn() => next?,
            };
            match next {
                Next::Go => {}
                Next::StartTls => self.start_tls().await?,
                Next::End => return Ok(()),
            }
            if self.errors > MAX_ERRORS {
                self.say("421 4.7.0 too many errors");
                return Ok(());
            }
        }
    }

    /// One command.
    async fn turn(&mut self) -> Result<Next> {
        let Some(lines) = &mut self.lines else {
            return Ok(Next::End);
        };
        match lines.next_line().await? {
            Line::Text(line) => self.command(line).await,
            Line::Malformed => {
                self.say("500 5.5.2 lines end with CRLF");
                Ok(Next::End)
            }
            Line::TooLong => {
                self.say("500 5.5.6 the line is too long");
                Ok(Next::End)
            }
            Line::End => Ok(Next::End),
        }
    }

    fn say(&mut self, text: &str) {
        if let Some(lines) = &mut self.lines {
            lines.write(text);
            lines.write("\r\n");
        }
    }

    /// A refusal; too many of them end the conversation.
    fn refuse(&mut self, text: &str) -> Next {
        self.errors += 1;
        self.say(text);
        Next::Go
    }

    async fn command(&mut self, mut line: Vec<u8>) -> Result<Next> {
        line.extend_from_slice(b"\r\n");
        let request = Request::parse(&mut line.iter());
        Ok(match request {
            Ok(Request::Ehlo { host }) => self.ehlo(&host),
            Ok(Request::Helo { host }) => {
                self.helo = Some((host.into_owned(), false));
                self.reset();
                let name = self.house.options.host_name.clone();
                self.say(&format!("250 {name}"));
                Next::Go
            }
            Ok(Request::Mail { from }) => self.mail(&from).await,
            Ok(Request::Rcpt { to }) => self.rcpt(&to).await,
            Ok(Request::Data) => self.data().await?,
            Ok(Request::Bdat { chunk_size, is_last }) => self.bdat(chunk_size, is_last).await?,
            Ok(Request::Auth {
                mechanism,
                initial_response,
            }) => self.auth(mechanism, &initial_response).await?,
            Ok(Request::StartTls) if self.is_tls => self.refuse("503 5.5.1 TLS is active already"),
            Ok(Request::StartTls) => {
                self.say("220 2.0.0 go ahead");
                Next::StartTls
            }
            Ok(Request::Rset) => {
                self.reset();
                self.say("250 2.0.0 OK");
                Next::Go
            }
            Ok(Request::Noop { .. }) => {
                self.say("250 2.0.0 OK");
                Next::Go
            }
            Ok(Request::Vrfy { .. } | Request::Expn { .. }) => {
                // Who is here is told to nobody (RFC 5321 §7.3).
                self.say("252 2.5.2 send some mail and see");
                Next::Go
            }
            Ok(Request::Help { .. }) => {
                self.say("214 2.0.0 RFC 5321");
                Next::Go
            }
            Ok(Request::Quit) => {
                self.say("221 2.0.0 bye");
                Next::End
            }
            Ok(_) => self.refuse("502 5.5.1 this command is not offered"),
            Err(e) => {
                let text = syntax_error(&e);
                self.refuse(&text)
            }
        })
    }

    fn ehlo(&mut self, host: &str) -> Next {
        self.helo = Some((cut(host, 255).to_owned(), true));
        self.reset();
        let o = &self.house.options;
        let mut text = format!(
            "250-{}\r\n250-PIPELINING\r\n250-SIZE {}\r\n",
            o.host_name, o.max_message_bytes
        );
        text.push_str(
            "250-8BITMIME\r\n250-SMTPUTF8\r\n250-CHUNKING\r\n250-ENHANCEDSTATUSCODES\r\n250-DSN\r\n",
        );
        if !self.is_tls {
            text.push_str("250-STARTTLS\r\n");
        }
        if self.may_sign_in() {
            text.push_str("250-AUTH PLAIN LOGIN\r\n");
        }
        text.push_str("250 HELP");
        self.say(&text);
        Next::Go
    }

    fn may_sign_in(&self) -> bool {
        let is_safe = self.is_tls
            || (self.house.options.allow_plain_login && self.peer.ip().to_canonical().is_loopback());
        self.purpose == Purpose::Submission && is_safe && self.ctx.is_none()
    }

    fn reset(&mut self) {
        self.envelope = None;
        self.chunks = None;
    }

    async fn mail(&mut self, from: &smtp_proto::MailFrom<std::borrow::Cow<'_, str>>) -> Next {
        if self.helo.is_none() {
            return self.refuse("503 5.5.1 say EHLO first");
        }
        if self.envelope.is_some() {
            return self.refuse("503 5.5.1 one message after the other");
        }
        if self.purpose == Purpose::Submission && self.ctx.is_none() {
            return self.refuse(if self.is_tls {
                "530 5.7.0 sign in first"
            } else {
                "530 5.7.0 say STARTTLS and sign in first"
            });
        }
        // The account may have been closed since it signed in.
        if let Some(Ok(account)) = self.ctx.as_ref().map(Ctx::account) {
            let doorkeeper = &self.house.doorkeeper;
            match doorkeeper.current(account.id).await {
                Ok(account) => self.ctx = Some(doorkeeper.ctx(account)),
                Err(e) => return self.refuse(&super::error::reply(&e)),
            }
        }
        let peer = network(self.peer.ip()).to_string();
        if self.purpose == Purpose::Relay && !self.house.received.take(peer, 1) {
            return self.refuse("451 4.7.1 that is a lot at once; try again in a minute");
        }
        match envelope::begin(&self.house, self.ctx.as_ref(), from) {
            Ok(envelope) => {
                self.envelope = Some(envelope);
                self.say("250 2.1.0 OK");
                Next::Go
            }
            Err(reply) => self.refuse(&reply),
        }
    }

    async fn rcpt(&mut self, to: &smtp_proto::RcptTo<std::borrow::Cow<'_, str>>) -> Next {
        let Some(envelope) = &mut self.envelope else {
            return self.refuse("503 5.5.1 say MAIL first");
        };
        let account = self.ctx.as_ref().map(|c| c.actor_name().to_owned());
        if let Some(account) = account
            && !self.house.sent.take(account, 1)
        {
            return self
                .refuse("451 4.7.1 you have written to very many people in this hour; try again later");
        }
        match envelope::add_recipient(&self.house, self.purpose, envelope, to).await {
            Ok(()) => {
                self.say("250 2.1.5 OK");
                Next::Go
            }
            Err(reply) => self.refuse(&reply),
        }
    }

    /// Err: the reply that keeps a message from beginning.
    fn begin_body(&self) -> std::result::Result<Body, String> {
        let envelope = self.envelope.as_ref().ok_or("503 5.5.1 say MAIL first")?;
        if envelope.recipients.is_empty() {
            return Err("554 5.5.1 no valid recipients".into());
        }
        let (helo, is_esmtp) = self.helo.as_ref().map_or(("", false), |(h, e)| (h.as_str(), *e));
        let trace = Trace {
            helo,
            peer: self.peer.ip(),
            is_tls: self.is_tls,
            is_esmtp,
        };
        Body::begin(&self.house, self.purpose, envelope, &trace).map_err(|e| super::error::reply(&e))
    }

    async fn data(&mut self) -> Result<Next> {
        if self.chunks.is_some() {
            return Ok(self.refuse("503 5.5.1 the message began with BDAT"));
        }
        let mut body = match self.begin_body() {
            Ok(body) => body,
            Err(reply) => return Ok(self.refuse(&reply)),
        };
        self.say("354 end with a line that holds a dot alone");
        let Some(lines) = &mut self.lines else {
            return Ok(Next::End);
        };
        let received = data::read_dotted(lines, &mut body).await?;
        if received.is_cut_off {
            return Ok(Next::End);
        }
        self.complete(body, received).await
    }

    async fn bdat(&mut self, size: usize, is_last: bool) -> Result<Next> {
        if self.chunks.is_none() {
            match self.begin_body() {
                Ok(body) => self.chunks = Some((body, data::Received::default())),
                Err(reply) => {
                    // The octets come all the same (RFC 3030 §2).
                    let Some(lines) = &mut self.lines else {
                        return Ok(Next::End);
                    };
                    data::read_chunk(lines, &mut Nowhere, size).await?;
                    return Ok(self.refuse(&reply));
                }
            }
        }
        let (Some(lines), Some((body, so_far))) = (&mut self.lines, &mut self.chunks) else {
            return Ok(Next::End);
        };
        let received = data::read_chunk(lines, body, size).await?;
        if received.is_cut_off {
            return Ok(Next::End);
        }
        if so_far.failed.is_none() {
            so_far.failed = received.failed;
        }
        if !is_last {
            self.say(&format!("250 2.0.0 {size} octets received"));
            return Ok(Next::Go);
        }
        match self.chunks.take() {
            Some((body, received)) => self.complete(body, received).await,
            None => Ok(Next::End),
        }
    }

    async fn complete(&mut self, body: Body, received: data::Received) -> Result<Next> {
        let Some(envelope) = self.envelope.take() else {
            return Ok(Next::End);
        };
        let is_malformed = received.is_malformed;
        let reply = complete(
            &self.house,
            self.purpose,
            self.ctx.as_ref(),
            envelope,
            body,
            received,
        )
        .await;
        self.say(&reply);
        // A peer that tried to smuggle may have put commands behind it.
        Ok(if is_malformed { Next::End } else { Next::Go })
    }

    async fn auth(&mut self, mechanism: u64, initial: &str) -> Result<Next> {
        if self.purpose != Purpose::Submission {
            return Ok(self.refuse("503 5.5.1 nobody signs in here; mail programs use port 465 or 587"));
        }
        if self.ctx.is_some() || self.envelope.is_some() {
            return Ok(self.refuse("503 5.5.1 not now"));
        }
        if !self.may_sign_in() {
            return Ok(self.refuse("538 5.7.11 say STARTTLS first: passwords travel protected only"));
        }
        let Some(lines) = &mut self.lines else {
            return Ok(Next::End);
        };
        let result =
            auth::authenticate(&self.house.doorkeeper, lines, self.peer.ip(), mechanism, initial).await?;
        Ok(match result {
            Ok((account, stay)) => {
                self.ctx = Some(self.house.doorkeeper.ctx(account));
                self.stay = Some(stay);
                self.say("235 2.7.0 welcome");
                Next::Go
            }
            Err(reply) => self.refuse(&reply),
        })
    }

    async fn start_tls(&mut self) -> Result<()> {
        let Some(mut lines) = self.lines.take() else {
            return Ok(());
        };
        let patience = self.house.options.patience;
        lines.flush().await?;
        let accept = TlsAcceptor::from(self.house.tls.single.clone()).accept(lines.into_stream());
        let stream = tokio::time::timeout(patience.handshake, accept)
            .await
            .map_err(|_| Error::unavailable("the TLS handshake takes too long"))??;
        self.lines = Some(Lines::new(Box::new(stream), patience));
        self.is_tls = true;
        // Nothing that was said before counts (RFC 3207 §4.2).
        self.helo = None;
        self.reset();
        Ok(())
    }
}

/// For octets that belong to nothing.
struct Nowhere;

impl data::Sink for Nowhere {
    fn take(&mut self, _: &[u8]) -> Result<()> {
        Ok(())
    }
}

fn syntax_error(e: &ProtoError) -> String {
    match e {
        ProtoError::UnknownCommand => "500 5.5.1 this is no command".into(),
        ProtoError::InvalidSenderAddress => "501 5.1.7 this is no address".into(),
        ProtoError::InvalidRecipientAddress => "501 5.1.3 this is no address".into(),
        ProtoError::SyntaxError { syntax } => format!("501 5.5.2 write: {syntax}"),
        ProtoError::InvalidParameter { param } => format!("501 5.5.4 the parameter {param} is wrong"),
        ProtoError::UnsupportedParameter { param } => {
            format!("555 5.5.4 the parameter {} is not offered", one_line(param))
        }
        _ => "501 5.5.2 this cannot be understood".into(),
    }
}

//! The end of a transaction: the message is stored or sent on its way before the 250 is said.

use super::Purpose;
use super::data::{Received, Sink};
use super::envelope::Envelope;
use crate::base::clock::rfc5322;
use crate::base::text::one_line;
use crate::base::{Error, Result, random};
use crate::delivery::receive::{Arrived, receive_message};
use crate::delivery::submit::{Submission, check_sender, submit_message};
use crate::formats::mime::section::header_fields;
use crate::identity::Ctx;
use crate::mail::intake::prepare;
use crate::mail::{Intake, Prepared};
use crate::model::outgoing;
use crate::model::peer::Peer;
use crate::protocols::House;
use std::net::IpAddr;

/// What goes into the trace lines.
pub struct Trace<'a> {
    pub helo: &'a str,
    pub peer: IpAddr,
    pub is_tls: bool,
    pub is_esmtp: bool,
}

/// The message on its way into the store.
pub enum Body {
    Relay { intake: Box<Intake>, peer: Peer },
    Submission(Box<HeaderFix>),
}

impl Sink for Body {
    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        match self {
            Body::Relay { intake, .. } => intake.write(bytes),
            Body::Submission(fix) => fix.take(bytes),
        }
    }
}

impl Body {
    /// Room on the disk was asked for with MAIL. Errors: TooLarge.
    pub fn begin(house: &House, purpose: Purpose, envelope: &Envelope, trace: &Trace<'_>) -> Result<Body> {
        let max = house.options.max_message_bytes;
        let ctx = house.doorkeeper.system();
        let mut intake = Intake::new(&ctx, max);
        let now_ms = ctx.now_ms();
        let id = random::short_id();
        Ok(match purpose {
            Purpose::Relay => {
                let from = received_from(trace);
                let host = &house.options.host_name;
                let lines = format!(
                    "Return-Path: <{}>\r\nReceived: from {from}\r\n\tby {host} with {} id {id};\r\n\t{}\r\n",
                    one_line(&envelope.sender),
                    with(trace, ""),
                    rfc5322(now_ms)
                );
                intake.write(lines.as_bytes())?;
                let peer = Peer {
                    ip: trace.peer.to_canonical(),
                    helo: helo_of(trace),
                    sender: envelope.sender.clone(),
                };
                Body::Relay {
                    intake: Box::new(intake),
                    peer,
                }
            }
            Purpose::Submission => {
                let host = house.options.host_name.clone();
                // No client address: where a person sits when writing is nobody's business.
                let received = format!(
                    "Received: by {host} with {} id {id};\r\n\t{}\r\n",
                    with(trace, "A"),
                    rfc5322(now_ms)
                );
                Body::Submission(Box::new(HeaderFix {
                    intake,
                    header: Some(Vec::new()),
                    received,
                    host,
                    now_ms,
                }))
            }
        })
    }

    fn size_bytes(&self) -> u64 {
        match self {
            Body::Relay { intake, .. } => intake.size_bytes(),
            Body::Submission(fix) => fix.intake.size_bytes(),
        }
    }

    fn finish(self) -> Result<Prepared> {
        match self {
            Body::Relay { intake, .. } => intake.finish(),
            Body::Submission(fix) => fix.finish(),
        }
    }
}

/// RFC 3848: ESMTP, S for TLS, A for AUTH.
fn with(trace: &Trace<'_>, auth: &str) -> String {
    let tls = if trace.is_tls { "S" } else { "" };
    if trace.is_esmtp {
        format!("ESMTP{tls}{auth}")
    } else {
        "SMTP".to_owned()
    }
}

/// What the peer calls itself is a comment at best: only letters of names are let through.
fn helo_of(trace: &Trace<'_>) -> String {
    let named = trace.helo.chars();
    let allowed = named.filter(|c| c.is_ascii_alphanumeric() || "-._:[]".contains(*c));
    allowed.take(255).collect()
}

fn received_from(trace: &Trace<'_>) -> String {
    let helo = helo_of(trace);
    let ip = match trace.peer.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("IPv6:{v6}"),
    };
    format!("{} ([{ip}])", if helo.is_empty() { "unknown" } else { &helo })
}

/// Completes the header of a submitted message (RFC 6409 §8): Date and Message-ID are added, Bcc is taken out.
pub struct HeaderFix {
    intake: Intake,
    /// Until its end has come.
    header: Option<Vec<u8>>,
    received: String,
    host: String,
    now_ms: i64,
}

/// A header that is longer passes as it is.
const MAX_HEADER: usize = 1 << 20;

impl HeaderFix {
    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        let Some(header) = &mut self.header else {
            return self.intake.write(bytes);
        };
        let from = header.len().saturating_sub(3);
        header.extend_from_slice(bytes);
        let is_empty = header.starts_with(b"\r\n");
        let end = header[from..]
            .windows(4)
            .position(|w| w == b"\r\n\r\n")
            .map(|at| from + at + 4);
        match end {
            _ if is_empty => self.pass(0),
            Some(end) => self.pass(end),
            None if header.len() > MAX_HEADER => self.pass(0),
            None => Ok(()),
        }
    }

    /// The header ends at `end` of what was held back; 0: it is passed as it is.
    fn pass(&mut self, end: usize) -> Result<()> {
        let held = self.header.take().unwrap_or_default();
        self.intake.write(self.received.as_bytes())?;
        let (header, rest) = held.split_at(end);
        let has = |name: &str| header_fields(header, &[name.to_owned()], false).len() > 2;
        if !has("Date") {
            self.intake
                .write(format!("Date: {}\r\n", rfc5322(self.now_ms)).as_bytes())?;
        }
        if !has("Message-ID") {
            self.intake
                .write(format!("Message-ID: <{}@{}>\r\n", random::uuid(), self.host).as_bytes())?;
        }
        if has("Bcc") {
            self.intake
                .write(&header_fields(header, &["Bcc".to_owned()], true))?;
        } else {
            self.intake.write(header)?;
        }
        self.intake.write(rest)
    }

    fn finish(mut self) -> Result<Prepared> {
        if self.header.is_some() {
            self.pass(0)?;
        }
        self.intake.finish()
    }
}

/// The reply to the whole message.
pub async fn complete(
    house: &House,
    purpose: Purpose,
    ctx: Option<&Ctx>,
    envelope: Envelope,
    body: Body,
    received: Received,
) -> String {
    if received.is_malformed {
        return "554 5.6.11 a line of the message does not end with CRLF; mail is refused that servers may see differently".into();
    }
    let stored = match received.failed {
        Some(e) => Err(e),
        None => store(house, purpose, ctx, envelope, body).await,
    };
    match stored {
        Ok(id) => format!("250 2.0.0 OK {id}"),
        Err(e) => {
            tracing::warn!(error = ?e, "a message was not taken");
            super::error::reply(&e)
        }
    }
}

async fn store(
    house: &House,
    purpose: Purpose,
    ctx: Option<&Ctx>,
    envelope: Envelope,
    body: Body,
) -> Result<String> {
    let peer = match &body {
        Body::Relay { peer, .. } => Some(peer.clone()),
        Body::Submission(_) => None,
    };
    let prepared = prepare(body.size_bytes(), move || body.finish()).await?;
    let id = random::short_id();
    match (purpose, ctx) {
        (Purpose::Relay, _) => {
            let recipients = envelope
                .recipients
                .into_iter()
                .filter_map(|(r, a)| Some((r, a?)))
                .collect();
            receive_message(
                &house.post_room,
                Arrived {
                    sender: envelope.sender,
                    peer,
                    recipients,
                    prepared,
                },
            )
            .await?;
        }
        (Purpose::Submission, Some(ctx)) => {
            match &prepared.derived.from_address {
                Some(from) => check_sender(ctx, from)?,
                None => return Err(Error::invalid("the message has no From line; who writes it?")),
            }
            let account = ctx.account()?.id;
            let envelope = outgoing::Envelope {
                sender: envelope.sender,
                recipients: envelope.recipients.into_iter().map(|(r, _)| r).collect(),
                envelope_id: envelope.envelope_id,
                return_headers_only: envelope.return_headers_only,
                smtputf8: envelope.smtputf8,
            };
            let submission = Submission {
                account,
                envelope,
                prepared,
                save_to_sent: false,
                draft: None,
                hold_until_ms: None,
            };
            submit_message(ctx, &house.post_room, submission).await?;
        }
        (Purpose::Submission, None) => return Err(Error::not_authenticated("please sign in")),
    }
    Ok(id)
}

//! The conversation: one command after the other, answers in order, news in between.

use super::commands::{self, Needs, Reply};
use super::error::{self, Lost, Stop};
use super::news::{self, After};
use super::selected::Selected;
use super::view;
use super::wire::{Incoming, Wire};
use crate::base::{Error, Result};
use crate::formats::imap::command::Command;
use crate::formats::imap::mailbox_name::Names;
use crate::formats::imap::parse::{ErrorKind, parse_command};
use crate::identity::{Ctx, Stay, stay};
use crate::model::{Account, AccountId};
use crate::protocols::{House, Visitor};
use std::net::SocketAddr;
use std::sync::Arc;

/// After so many commands in a row that made no sense, the conversation ends.
const MAX_BAD: u32 = 20;

pub struct Session {
    pub house: Arc<House>,
    pub wire: Wire,
    pub peer: SocketAddr,
    pub is_tls: bool,
    /// Somebody has signed in.
    pub ctx: Option<Ctx>,
    /// Ends when the account may not be signed in any more.
    stay: Option<Stay>,
    pub selected: Option<Box<Selected>>,
    pub names: Names,
    /// ENABLE IMAP4rev2.
    pub rev2: bool,
    /// The client has used a command of RFC 7162 §3.1: answers carry MODSEQ.
    pub condstore: bool,
    pub qresync: bool,
    bad: u32,
}

/// For a peer with too many connections.
pub async fn turn_away(house: &House, visitor: Visitor) {
    let mut wire = Wire::new(visitor.stream, house.options.patience);
    wire.say("* BYE [LIMIT] too many connections from you; close some or try again later");
    wire.close().await;
}

impl Session {
    pub fn new(house: Arc<House>, visitor: Visitor) -> Self {
        Session {
            wire: Wire::new(visitor.stream, house.options.patience),
            house,
            peer: visitor.peer,
            is_tls: visitor.is_tls,
            ctx: None,
            stay: None,
            selected: None,
            names: Names::Utf7,
            rev2: false,
            condstore: false,
            qresync: false,
            bad: 0,
        }
    }

    pub async fn run(mut self) {
        let greeting = format!("* OK [CAPABILITY {}] Hauspost is ready", self.capabilities());
        self.wire.say(&greeting);
        if let Err(Lost(e)) = self.talk().await {
            tracing::debug!(peer = %self.peer, error = ?e, "an IMAP conversation broke off");
        }
        self.wire.close().await;
    }

    async fn talk(&mut self) -> Result<(), Lost> {
        loop {
            let mut stay = self.stay.clone();
            let goes_on = tokio::select! {
                biased;
                () = stay::ended(&mut stay) => {
                    // What was being said is broken off, and what was asked for last has no answer.
                    self.wire.say("* BYE you have been signed out");
                    return Ok(());
                }
                turn = self.turn() => turn?,
            };
            if !goes_on {
                return Ok(());
            }
        }
    }

    /// One command. False: the conversation is over.
    async fn turn(&mut self) -> Result<bool, Lost> {
        let incoming = match self.wire.command(self.names).await {
            Err(Lost(e)) => {
                self.wire.say("* BYE [UNAVAILABLE] nothing has come for long");
                return Err(Lost(e));
            }
            Ok(incoming) => incoming,
        };
        let goes_on = match incoming {
            Incoming::End => false,
            Incoming::TooLong(tag) => {
                let tag = tag.as_deref().unwrap_or("*");
                self.wire
                    .say(&format!("{tag} BAD [TOOBIG] the command is too long"));
                self.count_bad()
            }
            Incoming::Append { tag, append } => self.run_command(tag, Command::Append(append)).await?,
            Incoming::Command(line) => match parse_command(&line, self.names) {
                Ok(request) => self.run_command(request.tag, request.command).await?,
                Err(e) => {
                    let tag = e.tag.as_deref().unwrap_or("*");
                    let kind = match e.kind {
                        ErrorKind::Syntax => "BAD",
                        ErrorKind::BadCharset => "NO [BADCHARSET (UTF-8)]",
                    };
                    self.wire
                        .say(&format!("{tag} {kind} {}", error::plain_text(&e.message)));
                    self.count_bad()
                }
            },
        };
        if goes_on {
            self.wire.flush_if_full().await?;
        }
        Ok(goes_on)
    }

    /// False: the conversation is over.
    async fn run_command(&mut self, tag: String, command: Command) -> Result<bool, Lost> {
        let literal = match &command {
            Command::Append(append) => Some(append.literal),
            _ => None,
        };
        let is_signed_in = self.ctx.is_some();
        let is_selected = self.selected.is_some();
        let (after, result) = {
            let row = commands::row(self, &tag, command);
            let refusal = match row.needs {
                Needs::NotSignedIn if is_signed_in => Some("you have signed in already"),
                Needs::SignedIn | Needs::Selected if !is_signed_in => Some("sign in first"),
                Needs::Selected if !is_selected => Some("select a folder first"),
                _ => None,
            };
            match refusal {
                Some(why) => (After::Nothing, Err(Stop::Bad(why))),
                None => (row.after, row.run.await),
            }
        };
        if let (Some(literal), Err(Stop::Bad(_))) = (literal, &result) {
            self.wire.drop_command(literal).await?;
        }
        let reply = match result {
            Ok(reply) => reply,
            Err(Stop::Refused(e)) => Reply::No(error::answer(&e)[3..].to_owned()),
            Err(Stop::Bad(why)) => Reply::Bad(why.to_owned()),
            Err(Stop::Lost(lost)) => return Err(lost),
        };
        if let Err(Stop::Lost(lost)) = news::tell(self, after).await {
            return Err(lost);
        }
        Ok(self.answer(&tag, reply))
    }

    fn answer(&mut self, tag: &str, reply: Reply) -> bool {
        match reply {
            Reply::Ok(text) => self.wire.say(&format!("{tag} OK {text}")),
            Reply::No(text) => self.wire.say(&format!("{tag} NO {text}")),
            Reply::Bad(text) => {
                self.wire.say(&format!("{tag} BAD {text}"));
                return self.count_bad();
            }
            Reply::Answered => {}
            Reply::Logout => {
                self.wire.say(&format!("{tag} OK bye"));
                return false;
            }
        }
        self.bad = 0;
        true
    }

    /// False: that is enough.
    fn count_bad(&mut self) -> bool {
        self.bad += 1;
        if self.bad >= MAX_BAD {
            self.wire.say("* BYE too many commands that make no sense");
        }
        self.bad < MAX_BAD
    }

    /// Passwords travel protected only, or not beyond this machine.
    pub fn may_sign_in(&self) -> bool {
        self.is_tls || (self.house.options.allow_plain_login && self.peer.ip().to_canonical().is_loopback())
    }

    pub fn capabilities(&self) -> String {
        let mut out = view::BEFORE_LOGIN.to_owned();
        if self.ctx.is_some() {
            out.push(' ');
            out.push_str(view::CAPABILITIES);
            out.push_str(&format!(" APPENDLIMIT={}", self.house.options.max_message_bytes));
            return out;
        }
        if !self.is_tls {
            out.push_str(" STARTTLS");
        }
        out.push_str(if self.may_sign_in() {
            " AUTH=PLAIN AUTH=LOGIN"
        } else {
            " LOGINDISABLED"
        });
        out
    }

    /// Errors: NotAuthenticated, when the account was changed while its password was checked.
    pub async fn sign_in(&mut self, account: Arc<Account>) -> Result<()> {
        self.stay = Some(self.house.doorkeeper.stay(&account).await?);
        self.ctx = Some(self.house.doorkeeper.ctx(account));
        self.wire.be_patient();
        Ok(())
    }

    /// Who has signed in.
    pub fn me(&self) -> Result<(Ctx, AccountId)> {
        let ctx = self
            .ctx
            .clone()
            .ok_or_else(|| Error::not_authenticated("sign in first"))?;
        let account = ctx.account()?.id;
        Ok((ctx, account))
    }

    /// The open folder, with who looks at it.
    pub fn open(&mut self) -> Result<(Ctx, AccountId, &mut Selected)> {
        let (ctx, account) = self.me()?;
        match &mut self.selected {
            Some(selected) => Ok((ctx, account, selected)),
            None => Err(Error::invalid("no folder is selected")),
        }
    }
}

//! The table of commands: what state each needs, what news may follow it, and its file.

mod append;
mod capability;
mod close;
mod copy;
mod create;
mod delete;
mod enable;
mod expunge;
mod fetch;
mod id;
mod idle;
mod list;
mod list_match;
mod login;
mod namespace;
mod quota;
mod rename;
mod search;
mod search_key;
mod select;
mod starttls;
mod status;
mod store;
mod subscribe;

use super::error::Stop;
use super::news::After;
use super::session::Session;
use crate::formats::imap::command::Command;
use std::pin::Pin;

/// The state that a command needs (RFC 9051 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    Anything,
    NotSignedIn,
    SignedIn,
    Selected,
}

/// The tagged answer: text behind OK, NO or BAD, with its response code.
pub enum Reply {
    Ok(String),
    No(String),
    Bad(String),
    /// The command has said everything itself.
    Answered,
    Logout,
}

impl Reply {
    pub fn ok(text: impl Into<String>) -> Result<Reply, Stop> {
        Ok(Reply::Ok(text.into()))
    }

    pub fn no(text: impl Into<String>) -> Result<Reply, Stop> {
        Ok(Reply::No(text.into()))
    }
}

/// Boxed, so that a connection that waits for its next command is small.
type Run<'s> = Pin<Box<dyn Future<Output = Result<Reply, Stop>> + 's>>;

pub struct Row<'s> {
    pub needs: Needs,
    pub after: After,
    pub run: Run<'s>,
}

fn row_of<'s>(needs: Needs, after: After, run: impl Future<Output = Result<Reply, Stop>> + 's) -> Row<'s> {
    Row {
        needs,
        after,
        run: Box::pin(run),
    }
}

pub fn row<'s>(s: &'s mut Session, tag: &'s str, command: Command) -> Row<'s> {
    use After::{Everything, Look, NoExpunge, Nothing};
    use Needs::{Anything, NotSignedIn, Selected, SignedIn};
    // RFC 9051 §7.5.1: no EXPUNGE with commands that use message numbers; those with UID may have it.
    let numbers = |is_uid| if is_uid { Everything } else { NoExpunge };
    match command {
        Command::Capability => row_of(Anything, Nothing, capability::capability(s)),
        Command::Noop => row_of(Anything, Look, async { Reply::ok("done") }),
        Command::Logout => row_of(Anything, Nothing, capability::logout(s)),
        Command::Id(_) => row_of(Anything, Nothing, id::id(s)),
        Command::StartTls => row_of(NotSignedIn, Nothing, starttls::starttls(s, tag)),
        Command::Authenticate {
            mechanism,
            initial_response,
        } => row_of(
            NotSignedIn,
            Nothing,
            login::authenticate(s, mechanism, initial_response),
        ),
        Command::Login { user, password } => row_of(NotSignedIn, Nothing, login::login(s, user, password)),
        Command::Enable(names) => row_of(SignedIn, Everything, enable::enable(s, names)),
        Command::Select(select) => row_of(SignedIn, Nothing, select::select(s, select, false)),
        Command::Examine(select) => row_of(SignedIn, Nothing, select::select(s, select, true)),
        Command::Create { mailbox, special_use } => {
            row_of(SignedIn, Everything, create::create(s, mailbox, special_use))
        }
        Command::Delete { mailbox } => row_of(SignedIn, Nothing, delete::delete(s, mailbox)),
        Command::Rename { from, to } => row_of(SignedIn, Everything, rename::rename(s, from, to)),
        Command::Subscribe { mailbox } => {
            row_of(SignedIn, Everything, subscribe::subscribe(s, mailbox, true))
        }
        Command::Unsubscribe { mailbox } => {
            row_of(SignedIn, Everything, subscribe::subscribe(s, mailbox, false))
        }
        Command::List(list) => row_of(SignedIn, Everything, list::list(s, list)),
        Command::Lsub { reference, pattern } => {
            row_of(SignedIn, Everything, list::lsub(s, reference, pattern))
        }
        Command::Namespace => row_of(SignedIn, Everything, namespace::namespace(s)),
        Command::Status { mailbox, items } => row_of(SignedIn, Everything, status::status(s, mailbox, items)),
        Command::Append(append) => row_of(SignedIn, Everything, append::append(s, append)),
        Command::Idle => row_of(SignedIn, Everything, idle::idle(s)),
        Command::Close => row_of(Selected, Nothing, close::close(s)),
        Command::Unselect => row_of(Selected, Nothing, close::unselect(s)),
        Command::Check => row_of(Selected, Look, async { Reply::ok("done") }),
        Command::Expunge => row_of(Selected, Everything, expunge::expunge(s, None)),
        Command::UidExpunge(set) => row_of(Selected, Everything, expunge::expunge(s, Some(set))),
        Command::Search { uid, search } => {
            row_of(Selected, numbers(uid), search::search(s, tag, uid, search))
        }
        Command::Fetch { uid, fetch } => row_of(Selected, numbers(uid), fetch::fetch(s, uid, fetch)),
        Command::Store { uid, store } => row_of(Selected, numbers(uid), store::store(s, uid, store)),
        Command::Copy { uid, set, mailbox } => row_of(Selected, Everything, copy::copy(s, uid, set, mailbox)),
        Command::Move { uid, set, mailbox } => {
            row_of(Selected, Everything, copy::move_to(s, uid, set, mailbox))
        }
        Command::GetQuota { root } => row_of(SignedIn, Everything, quota::get_quota(s, root)),
        Command::GetQuotaRoot { mailbox } => row_of(SignedIn, Everything, quota::get_quota_root(s, mailbox)),
    }
}

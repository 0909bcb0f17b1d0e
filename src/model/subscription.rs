//! A program's wish to be called when something changes in a mailbox.

use super::object::ObjectKind;
use super::{AccountId, FolderId, FolderKind, Modseq};
use crate::base::TimeMs;
use serde::{Deserialize, Serialize};

/// What sort of things it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Messages,
    MailFolders,
    Events,
    Contacts,
    Tasks,
}

impl Subject {
    pub const ALL: [Subject; 5] = [
        Subject::Messages,
        Subject::MailFolders,
        Subject::Events,
        Subject::Contacts,
        Subject::Tasks,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Subject::Messages => "messages",
            Subject::MailFolders => "mail_folders",
            Subject::Events => "events",
            Subject::Contacts => "contacts",
            Subject::Tasks => "tasks",
        }
    }

    /// What its things are, and what they lie in; None for those that are no objects.
    pub fn objects(self) -> Option<(ObjectKind, FolderKind)> {
        match self {
            Subject::Messages | Subject::MailFolders => None,
            Subject::Events => Some((ObjectKind::Event, FolderKind::Calendar)),
            Subject::Contacts => Some((ObjectKind::Card, FolderKind::AddressBook)),
            Subject::Tasks => Some((ObjectKind::Task, FolderKind::TaskList)),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeType {
    Created,
    Updated,
    Deleted,
}

impl ChangeType {
    pub const ALL: [ChangeType; 3] = [ChangeType::Created, ChangeType::Updated, ChangeType::Deleted];

    pub fn as_str(self) -> &'static str {
        match self {
            ChangeType::Created => "created",
            ChangeType::Updated => "updated",
            ChangeType::Deleted => "deleted",
        }
    }
}

/// What the program is told about the subscription itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Some changes are not known any more.
    Missed,
    /// There is no such subscription any more.
    Removed,
    /// It ends soon.
    Reauthorize,
}

impl Event {
    pub const ALL: [Event; 3] = [Event::Missed, Event::Removed, Event::Reauthorize];

    pub fn as_str(self) -> &'static str {
        match self {
            Event::Missed => "missed",
            Event::Removed => "removed",
            Event::Reauthorize => "reauthorize",
        }
    }
}

/// Contents within notifications, that only the program can read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sealed {
    /// DER.
    pub certificate: Vec<u8>,
    /// The program's name for it.
    pub certificate_id: String,
    /// As it was asked for; empty: what is usual.
    pub select: String,
    /// By which name of ours the program knows us: `https://host[:port]`.
    pub origin: String,
}

#[derive(Clone, Debug)]
pub struct Subscription {
    pub id: String,
    /// Whose mailbox.
    pub account: AccountId,
    /// Who has asked for it; None: a program that acts for nobody.
    pub actor: Option<AccountId>,
    /// The program; None: the page of this server.
    pub client: Option<String>,
    /// As the program wrote it.
    pub resource: String,
    pub subject: Subject,
    /// None: the whole mailbox.
    pub folder: Option<FolderId>,
    pub changes: Vec<ChangeType>,
    pub url: String,
    pub lifecycle_url: Option<String>,
    pub client_state: Option<String>,
    pub tls_version: String,
    pub created_at_ms: TimeMs,
    pub expires_at_ms: TimeMs,
    /// When the program is told that the end comes; None: it was, or is not to be.
    pub remind_at_ms: Option<TimeMs>,
    /// Everything up to here was told.
    pub cursor: Modseq,
    /// That failed since the last one that did not.
    pub attempts: u32,
    pub failing_since_ms: Option<TimeMs>,
    pub retry_at_ms: Option<TimeMs>,
    /// To be told before anything else.
    pub event: Option<Event>,
    /// Only its end is still to be told.
    pub is_removed: bool,
    /// None: notifications only say what has changed.
    pub sealed: Option<Sealed>,
}

impl Subscription {
    /// When it is to be looked at although nothing changes.
    pub fn wake_at_ms(&self) -> TimeMs {
        let ends = (!self.is_removed).then_some(self.expires_at_ms);
        // While attempts fail, nothing else is told either.
        let tells = self.retry_at_ms.or(self.remind_at_ms);
        ends.into_iter().chain(tells).min().unwrap_or(self.expires_at_ms)
    }
}

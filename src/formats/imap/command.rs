//! The commands as values. Names are the RFCs'.

use crate::formats::imap::fetch_item::FetchItem;
use crate::formats::imap::flag::Flag;
use crate::formats::imap::search_key::SearchKey;
use crate::formats::imap::sequence_set::SequenceSet;

#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub tag: String,
    pub command: Command,
}

/// Mailbox names are Unicode here, `INBOX` in capitals. `uid`: the command came with the UID prefix.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    Capability,
    Noop,
    Logout,
    StartTls,
    /// The initial response is decoded; `=` is an empty one (RFC 4959 §3).
    Authenticate {
        mechanism: String,
        initial_response: Option<Vec<u8>>,
    },
    Login {
        user: String,
        password: String,
    },
    /// In capitals.
    Enable(Vec<String>),
    /// RFC 2971; empty for NIL.
    Id(Vec<(String, Option<String>)>),
    Select(Select),
    Examine(Select),
    /// RFC 6154 §3: attributes such as `\Sent`.
    Create {
        mailbox: String,
        special_use: Vec<String>,
    },
    Delete {
        mailbox: String,
    },
    Rename {
        from: String,
        to: String,
    },
    Subscribe {
        mailbox: String,
    },
    Unsubscribe {
        mailbox: String,
    },
    List(List),
    Lsub {
        reference: String,
        pattern: String,
    },
    Namespace,
    Status {
        mailbox: String,
        items: Vec<StatusItem>,
    },
    Append(Append),
    Idle,
    Close,
    Unselect,
    Check,
    Expunge,
    /// RFC 4315 §2.1.
    UidExpunge(SequenceSet),
    Search {
        uid: bool,
        search: Search,
    },
    Fetch {
        uid: bool,
        fetch: Fetch,
    },
    Store {
        uid: bool,
        store: Store,
    },
    Copy {
        uid: bool,
        set: SequenceSet,
        mailbox: String,
    },
    /// RFC 6851.
    Move {
        uid: bool,
        set: SequenceSet,
        mailbox: String,
    },
    /// RFC 9208.
    GetQuota {
        root: String,
    },
    GetQuotaRoot {
        mailbox: String,
    },
}

/// SELECT and EXAMINE with RFC 7162's parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Select {
    pub mailbox: String,
    pub condstore: bool,
    pub qresync: Option<QResync>,
}

/// RFC 7162 §3.2.5.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QResync {
    pub uid_validity: u32,
    pub modseq: u64,
    pub known_uids: Option<SequenceSet>,
    /// Message numbers and the UIDs they had.
    pub sequence_match: Option<(SequenceSet, SequenceSet)>,
}

/// LIST, basic and extended (RFC 5258, 5819, 6154).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    pub reference: String,
    pub patterns: Vec<String>,
    /// Any extended part was there: the answer then has the extended form.
    pub is_extended: bool,
    pub select_subscribed: bool,
    pub select_remote: bool,
    pub select_recursive_match: bool,
    pub select_special_use: bool,
    pub return_subscribed: bool,
    pub return_children: bool,
    pub return_special_use: bool,
    /// Empty: no STATUS asked for.
    pub return_status: Vec<StatusItem>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusItem {
    Messages,
    Recent,
    UidNext,
    UidValidity,
    Unseen,
    HighestModSeq,
    Size,
    Deleted,
    DeletedStorage,
    AppendLimit,
    MailboxId,
}

impl StatusItem {
    pub const ALL: [(StatusItem, &str); 11] = [
        (StatusItem::Messages, "MESSAGES"),
        (StatusItem::Recent, "RECENT"),
        (StatusItem::UidNext, "UIDNEXT"),
        (StatusItem::UidValidity, "UIDVALIDITY"),
        (StatusItem::Unseen, "UNSEEN"),
        (StatusItem::HighestModSeq, "HIGHESTMODSEQ"),
        (StatusItem::Size, "SIZE"),
        (StatusItem::Deleted, "DELETED"),
        (StatusItem::DeletedStorage, "DELETED-STORAGE"),
        (StatusItem::AppendLimit, "APPENDLIMIT"),
        (StatusItem::MailboxId, "MAILBOXID"),
    ];

    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(item, _)| *item == self)
            .map_or("", |(_, name)| name)
    }
}

/// A literal that is about to come: `{n}`, `{n+}` (RFC 7888), `~{n}` (RFC 3516).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiteralAnnounce {
    pub size: u64,
    /// The client does not wait for `+ `.
    pub non_sync: bool,
    pub binary: bool,
}

/// APPEND up to its message, whose bytes the caller reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Append {
    pub mailbox: String,
    pub flags: Vec<Flag>,
    /// INTERNALDATE in milliseconds since 1970.
    pub received_at_ms: Option<i64>,
    pub literal: LiteralAnnounce,
    /// RFC 6855 §4 `UTF8 (~{n}`: a `)` follows the message.
    pub is_utf8: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// `None`: no RETURN, the old SEARCH answer is wanted. All false: `RETURN ()`, which means ALL.
    pub returns: Option<SearchReturn>,
    pub key: SearchKey,
}

/// RFC 9051 §6.4.4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SearchReturn {
    pub min: bool,
    pub max: bool,
    pub all: bool,
    pub count: bool,
    pub save: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Fetch {
    pub set: SequenceSet,
    /// Macros are expanded.
    pub items: Vec<FetchItem>,
    /// RFC 7162 §3.1.4.1.
    pub changed_since: Option<u64>,
    /// RFC 7162 §3.2.6; only with `changed_since` and the UID prefix.
    pub vanished: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Store {
    pub set: SequenceSet,
    /// RFC 7162 §3.1.3.
    pub unchanged_since: Option<u64>,
    pub mode: StoreMode,
    pub silent: bool,
    pub flags: Vec<Flag>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreMode {
    Replace,
    Add,
    Remove,
}

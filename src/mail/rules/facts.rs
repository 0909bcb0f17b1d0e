//! What rules and automatic replies look at in a message, read once.

use crate::base::Result;
use crate::formats::mime::address::Mailbox;
use crate::formats::mime::digest::{Importance, digest};
use crate::formats::mime::readable::text_body;
use crate::formats::mime::signs::{Signs, signs};
use crate::mail::intake::Prepared;
use crate::model::Account;

pub struct Facts {
    pub subject: String,
    /// Lower case; None: nobody asks for it.
    pub body: Option<String>,
    /// From and Sender.
    pub from: Vec<Mailbox>,
    pub to: Vec<Mailbox>,
    pub cc: Vec<Mailbox>,
    pub message_id: Option<String>,
    pub importance: u8,
    pub has_attachments: bool,
    pub size_bytes: u64,
    pub signs: Signs,
}

/// Whether one of them is an address of the account.
pub fn names(list: &[Mailbox], me: &Account) -> bool {
    list.iter().any(|m| is_mine(&m.address, me))
}

/// Also with a detail: `anna+news@`.
pub fn is_mine(address: &str, me: &Account) -> bool {
    let parsed = crate::model::EmailAddress::parse(address).ok();
    let bare = parsed.and_then(|a| a.key_without_detail());
    me.owns_address(address) || bare.is_some_and(|a| me.owns_address(&a))
}

impl Facts {
    /// Blocks for the time of reading. `with_body`: some rule looks at the text.
    pub fn read(prepared: &Prepared, with_body: bool) -> Result<Facts> {
        Ok(Self::of(&prepared.staged.read_all()?, with_body))
    }

    pub fn of(raw: &[u8], with_body: bool) -> Facts {
        let d = digest(raw);
        Facts {
            subject: d.subject.to_lowercase(),
            body: with_body.then(|| text_body(raw).unwrap_or_default().to_lowercase()),
            from: d.from.into_iter().chain(d.sender).collect(),
            to: d.to,
            cc: d.cc,
            message_id: d.message_id,
            importance: match d.importance {
                Importance::Low => 0,
                Importance::Normal => 1,
                Importance::High => 2,
            },
            has_attachments: d.has_attachments,
            size_bytes: raw.len() as u64,
            signs: signs(raw),
        }
    }
}

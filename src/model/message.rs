//! A message as the lists show it, and what a room hands to the store to keep one.

use super::{BodyId, Flags, FolderId, ItemId, Keywords, Modseq, Uid};
use crate::base::TimeMs;

/// Names a thread within and across accounts.
pub type Conversation = [u8; 16];

/// What is derived from a message's bytes and kept beside them; can be computed again at any time.
#[derive(Clone, Debug, Default)]
pub struct Derived {
    /// Without angle brackets.
    pub message_id: Option<String>,
    /// Without angle brackets: the message this one answers.
    pub in_reply_to: Option<String>,
    /// Decoded, one line.
    pub subject: String,
    /// The thread: a hash of the id of the message that began it. None without any id.
    pub conversation: Option<Conversation>,
    pub from_name: Option<String>,
    pub from_address: Option<String>,
    /// Only when it is not the author's.
    pub sender_address: Option<String>,
    pub sent_at_ms: Option<TimeMs>,
    /// At most 255 characters.
    pub preview: String,
    pub has_attachments: bool,
    /// 0 low, 1 normal, 2 high.
    pub importance: u8,
    /// The ENVELOPE of RFC 9051 §7.5.2, ready to send.
    pub envelope: Vec<u8>,
    /// The BODYSTRUCTURE of RFC 9051 §7.5.2, ready to send.
    pub structure: Vec<u8>,
    /// Where each part lies, in the encoding of the room that writes it.
    pub parts: Vec<u8>,
}

/// An item of a mail folder without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub id: ItemId,
    pub folder_id: FolderId,
    pub uid: Uid,
    pub created_modseq: Modseq,
    pub modseq: Modseq,
    pub flags: Flags,
    pub keywords: Keywords,
    /// When it arrived (IMAP INTERNALDATE, Graph receivedDateTime).
    pub received_at_ms: TimeMs,
    pub size_bytes: i64,
    pub body_id: BodyId,
}

/// An item with what a list shows of it.
#[derive(Clone, Debug)]
pub struct ListedMessage {
    pub item: Item,
    pub message_id: Option<String>,
    pub subject: String,
    pub from_name: Option<String>,
    pub from_address: Option<String>,
    pub sent_at_ms: Option<TimeMs>,
    pub preview: String,
    pub has_attachments: bool,
    pub importance: u8,
    pub envelope: Vec<u8>,
    pub parts: Vec<u8>,
    /// None without any id, and for messages from before this was kept.
    pub conversation: Option<Conversation>,
    /// When anything about it was changed last.
    pub changed_at_ms: TimeMs,
}

/// The words of a message for the full-text index.
#[derive(Clone, Debug, Default)]
pub struct IndexText {
    pub subject: String,
    pub from: String,
    pub to: String,
    pub cc: String,
    pub bcc: String,
    pub body: String,
    /// File names.
    pub attachments: String,
}

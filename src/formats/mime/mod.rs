//! Mail messages: from raw bytes to what is stored, shown and searched, and from values to raw bytes.
//!
//! Reading is tolerant: every sequence of bytes is a message, nothing panics, work and memory stay
//! a small multiple of the message's size. RFC 5322, 2045-2047, 2231, 6532; writing also RFC 3464.

pub mod abridged;
pub mod address;
pub mod calendar_part;
pub mod compose;
pub mod content_type;
pub mod digest;
pub mod dsn;
mod dsn_text;
pub mod edit;
pub mod field;
pub mod forward;
pub mod gap;
pub mod index_text;
pub mod line_endings;
pub mod part;
pub mod part_codec;
pub mod preview;
pub mod readable;
pub mod section;
pub mod signs;
pub mod structure;
pub mod text;
pub mod transfer;

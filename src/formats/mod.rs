//! Bytes to values and back: MIME, IMAP, DSN, HTML. Syntax only; nothing here knows accounts or folders.

pub mod html;
pub mod imap;
pub mod mime;

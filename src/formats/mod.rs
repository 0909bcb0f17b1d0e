//! Bytes to values and back: MIME, IMAP, DSN, HTML. Syntax only; nothing here knows accounts or folders.

//! IMAP syntax: commands from lines, answers to lines. RFC 9051, 3501 and the extensions each file names.

pub mod print;

//! HTML of mails: made harmless for display, turned to text for previews and search, made from text.

pub mod to_text;

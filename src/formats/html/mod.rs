//! HTML of mails: made harmless for display, turned to text for previews and search, made from text.

pub mod from_text;
pub mod sanitize;
mod style;
pub mod to_text;

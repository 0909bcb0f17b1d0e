//! What belongs to a mailbox itself: its settings, its list of categories, its picture.

pub mod categories;
pub mod mailbox_settings;
pub mod photo;

//! What belongs to a mailbox itself: its settings, its list of categories, its picture.

mod automatic_replies;
pub mod categories;
pub mod mail_tips;
pub mod mailbox_settings;
pub mod photo;
pub mod time_zones;
pub mod translate_ids;
pub mod working_hours;

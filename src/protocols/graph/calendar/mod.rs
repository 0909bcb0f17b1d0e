//! Calendars: which there are, their groups and rights, and when people are free.

pub mod change;
pub mod create;
pub mod get;
pub mod groups;
pub mod list;
pub mod meeting_times;
pub mod permissions;
pub mod remove;
pub mod schedule;
pub mod view;

//! Events: lists, windows, single ones and those of a series, made, changed and removed. What the stored iCalendar says
//! beyond Graph stays in it.

pub mod attachment;
pub mod change;
pub mod create;
pub mod delta;
pub mod fields;
pub mod get;
pub mod list;
mod people;
mod recurrence;
mod reminder;
pub mod remove;
pub mod respond;
mod seen;
mod text;
mod times;
mod view;
pub mod window;

// What tasks and contacts say in the same words.
pub use create::{calendar_of, stamp};
pub use fields::{categories, importance, one_of, write_categories, write_importance};
pub use recurrence::Pattern;
pub use text::{body as text_body, write_body};
pub use times::describe_zones;
pub use view::Event;

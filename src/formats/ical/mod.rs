//! iCalendar (RFC 5545): objects, their times, zones and recurrence. Nothing outside knows which crate reads what.

pub mod expand;
pub mod object;
pub mod rule;
mod rule_days;
pub mod value;
pub mod zone;

#[cfg(test)]
mod expand_tests;

pub use object::{CalendarObject, ComponentKind, read_object};

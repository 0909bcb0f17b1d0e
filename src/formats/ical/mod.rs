//! iCalendar (RFC 5545): objects, their times, zones and recurrence. Nothing outside knows which crate reads what.

pub mod alarms;
pub mod attachment;
pub mod availability;
mod cut;
pub mod expand;
pub mod free_busy;
pub mod instances;
pub mod itip;
pub mod object;
mod onward;
pub mod people;
pub mod private;
pub mod rule;
mod rule_days;
pub mod series;
pub mod times;
pub mod value;
pub mod zone;
pub mod zone_history;
pub mod zone_print;
pub mod zone_refs;

#[cfg(test)]
mod expand_tests;
#[cfg(test)]
mod itip_tests;
#[cfg(test)]
mod rfc5545_tests;

pub use itip::{Message, Method};
pub use object::{CalendarObject, ComponentKind, read_object};
pub use series::{Entry, Series};

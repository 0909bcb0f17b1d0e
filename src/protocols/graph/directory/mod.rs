//! Who and what there is in the office beside users: rooms, groups, and people as somebody looks for them.

pub mod groups;
pub mod people;
pub mod places;

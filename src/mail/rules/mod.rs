//! Rules for mail that arrives: kept for the owner, and carried out when a message is stored, in the same transaction.

pub mod book;
pub mod facts;
pub mod judge;
pub mod plan;
pub mod rehearse;

//! Clockwork: what is done in quiet moments and at times of day.

pub mod backups;
pub mod certificates;
pub mod checks;
pub mod directory;
pub mod imports;
pub mod indexing;
pub mod moves;
pub mod nightly;
pub mod pruning;

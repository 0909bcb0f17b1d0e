//! Backups: every item of the box, encrypted, at another place, and the way back. The format is described in
//! `docs/backup-format.md`, well enough to be read without this program.

mod bring_back;
mod browse;
mod claim;
pub mod deleted;
mod index;
mod keep;
mod pack;
pub mod past;
pub mod place;
mod rehearse;
mod remains;
mod repack;
mod restore;
mod revive;
mod rows;
mod run;
mod runs;
mod seal;
mod settings;
mod snapshot;
#[cfg(test)]
mod tests;
mod verify;

pub use bring_back::{Brought, Wanted, bring_back};
pub use browse::{Look, Sought, StoredItem};
pub use claim::is_running;
pub use keep::Keep;
pub use place::{Address, Folder, Place};
pub use rehearse::Rehearsal;
pub use remains::{Remains, remains_of};
pub use restore::{Restored, restore_box};
pub use revive::{Revived, revive_account};
pub use run::{Done, Limits, back_up};
pub use runs::{Progress, Runs};
pub use seal::Key;
pub use settings::{
    Destination, Status, Target, box_key, put_target, rehearse_target, remove_target, run_target, show_key,
    status,
};
pub use snapshot::{Snapshot, StoredAccount, list_snapshots, read_listed, read_snapshot};
pub use verify::{Verified, verify};

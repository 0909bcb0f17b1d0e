//! Moving out to another server: what is new here is put there, what has changed here is changed there, and nothing twice.
//!
//! The ledger is the one of moving in, the other way round: a row names the item there and ours. What lies there already,
//! with the same bytes, is taken for ours; so a run that was killed between the two goes on without a second copy.

mod append;
mod compare;
pub mod dav;
pub mod imap;
mod letter;

use crate::identity::Ctx;
use crate::model::Account;

/// How a run is made.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only look, and count.
    pub is_dry_run: bool,
    /// Only these folders of ours, and where to: (here, there). Empty: all.
    pub folders: Vec<(String, Option<String>)>,
    /// What is gone here goes there too.
    pub follow_deletions: bool,
    /// Compare every item afterwards.
    pub verify: bool,
}

impl Options {
    /// Where a folder of ours goes; None: it stays.
    fn goal(&self, path: &str) -> Option<String> {
        if self.folders.is_empty() {
            return Some(path.to_owned());
        }
        self.folders.iter().find_map(|(here, there)| {
            let rest = path.strip_prefix(here.as_str())?;
            let is_it = rest.is_empty() || rest.starts_with('/');
            is_it.then(|| format!("{}{rest}", there.as_ref().unwrap_or(here)))
        })
    }
}

/// What the parts of a run share.
struct Run<'a> {
    ctx: &'a Ctx,
    account: &'a Account,
    options: &'a Options,
    /// In the ledger.
    name: String,
}

#[cfg(test)]
mod tests {
    use super::Options;

    #[test]
    fn folders_are_chosen_with_what_is_below() {
        let options = Options {
            folders: vec![("A".into(), Some("B/C".into())), ("D".into(), None)],
            ..Options::default()
        };
        assert_eq!(options.goal("A/x").as_deref(), Some("B/C/x"));
        assert_eq!(options.goal("D").as_deref(), Some("D"));
        assert_eq!(options.goal("Dx"), None);
        assert_eq!(Options::default().goal("x").as_deref(), Some("x"));
    }
}

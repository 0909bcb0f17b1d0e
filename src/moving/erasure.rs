//! Erasing a person with a certificate: what was there, what is gone, and what remains where and until when. What is about to be
//! erased is written down first, as `FILE.begun`, so that an erasure that was broken off is finished with its certificate.

use super::dropped::dropped_files;
use super::jobs::forget_gone;
use super::proof::{beside, remove_report, report_key, verify_report, write_report};
use crate::base::clock::rfc3339;
use crate::base::{Error, Kind, Result};
use crate::identity::Ctx;
use crate::identity::removal::{complete_removals, remove_account};
use crate::mail::list_folders;
use crate::model::{Account, AccountId, FolderKind};
use crate::objects::collections::list_collections;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// What was erased, and what is left where.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Erasure {
    pub address: String,
    pub aliases: Vec<String>,
    pub display_name: String,
    pub account: AccountId,
    /// Empty while it is only begun.
    pub erased_at: String,
    pub messages: u64,
    pub message_bytes: u64,
    /// Events, tasks and contacts.
    pub objects: u64,
    /// Empty while it is only begun.
    pub erased: Vec<String>,
    /// At each place, as the caller has found it.
    pub remains_in_backups: Value,
    /// Copies of the whole data folder that have the account, below it.
    pub remains_in_copies: Vec<PathBuf>,
    pub remains_elsewhere: Vec<String>,
}

const ERASED: [&str; 5] = [
    "all folders with their messages, calendars, task lists and address books, their files and the text index",
    "what was deleted and could still be got back",
    "settings, rules, signatures, automatic reply, picture",
    "the account with its addresses, passwords, passkeys, second factor, sessions, agreements to programs, rights and memberships",
    "files that were given to be moved in, those put aside, reports about them, and passwords of other servers kept for moving",
];
const ELSEWHERE: [&str; 5] = [
    "messages that the person sent to others, and events to which the person was invited, in the others' mailboxes and on their \
     way there",
    "lines of the log about what was done in the office, as they have to be kept",
    "copies that programs and other servers have fetched",
    "the nightly copy of the data folder, where one is made, until the next night; copies before upgrades as named here, until they \
     are removed",
    "backups at places that the box no longer knows; at known places, encrypted pieces may stay in packs shared with others until \
     those are written anew",
];

impl Erasure {
    /// Counts what there is and writes down what is about to be erased. A certificate that cannot be written is none: it is tried
    /// before anything is gone. Errors: Exists, when there is a certificate at `file`; Forbidden; what the disk says.
    pub async fn begin(ctx: &Ctx, account: &Account, remains: Value, file: &Path) -> Result<Erasure> {
        ctx.require_admin()?;
        if file.exists() {
            return Err(Error::exists(format!(
                "{} is there already; give the certificate another name",
                file.display()
            )));
        }
        let erasure = Erasure {
            remains_in_copies: copies_with(ctx, account.id),
            remains_in_backups: remains,
            ..count(ctx, account).await?
        };
        write_report(
            ctx.store.layout(),
            &begun(file),
            "erasure-begun",
            ctx.now_ms(),
            &erasure,
        )?;
        Ok(erasure)
    }

    /// One that was begun with the same certificate and broken off. Errors: Unavailable, when somebody has changed it.
    pub fn unfinished(ctx: &Ctx, address: &str, file: &Path) -> Result<Option<Erasure>> {
        #[derive(Deserialize)]
        struct Begun {
            result: Erasure,
        }
        let path = begun(file);
        match verify_report(&path, &report_key(ctx.store.layout())?.verifying_key()) {
            Err(e) if e.kind() == Kind::NotFound => return Ok(None),
            other => other?,
        }
        let begun: Begun = serde_json::from_slice(&fs::read(&path)?).map_err(|e| {
            Error::unavailable(format!("{} is of another program", path.display())).caused_by(e)
        })?;
        let is_same = begun.result.address.eq_ignore_ascii_case(address);
        Ok(Some(begun.result).filter(|_| is_same))
    }

    /// Erases what is still there and writes the certificate. Errors: Conflict, when mail is on its way out; what the disk says.
    pub async fn finish(mut self, ctx: &Ctx, file: &Path) -> Result<Erasure> {
        match remove_account(ctx, self.account).await {
            Err(e) if e.kind() == Kind::NotFound => complete_removals(ctx).await?,
            other => other?,
        }
        forget_gone(ctx).await?;
        let (layout, address) = (ctx.store.layout().clone(), self.address.clone());
        let removed = tokio::task::spawn_blocking(move || {
            for dropped in dropped_files(&layout, &address)? {
                fs::remove_dir_all(dropped.path)?;
            }
            Ok::<_, Error>(())
        });
        removed
            .await
            .map_err(|e| Error::internal("removing files was broken off").caused_by(e))??;
        self.erased_at = rfc3339(ctx.now_ms());
        self.erased = ERASED.map(str::to_owned).to_vec();
        write_report(ctx.store.layout(), file, "erasure", ctx.now_ms(), &self)?;
        remove_report(&begun(file))?;
        Ok(self)
    }
}

fn begun(file: &Path) -> PathBuf {
    beside(file, "begun")
}

fn copies_with(ctx: &Ctx, account: AccountId) -> Vec<PathBuf> {
    let inside = Path::new("accounts").join(account.to_string());
    let copies = fs::read_dir(ctx.store.layout().backups()).into_iter().flatten();
    let mut found: Vec<PathBuf> = copies
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join(&inside).exists())
        .collect();
    found.sort();
    found
}

async fn count(ctx: &Ctx, account: &Account) -> Result<Erasure> {
    let folders = list_folders(ctx, account.id).await?;
    let kinds = [
        FolderKind::Calendar,
        FolderKind::TaskList,
        FolderKind::AddressBook,
    ];
    let collections = list_collections(ctx, account.id, &kinds).await?;
    let sum = |values: &mut dyn Iterator<Item = i64>| values.sum::<i64>().max(0) as u64;
    Ok(Erasure {
        address: account.address.clone(),
        aliases: account.aliases.clone(),
        display_name: account.display_name.clone(),
        account: account.id,
        erased_at: String::new(),
        messages: sum(&mut folders.iter().map(|(_, f)| f.total)),
        message_bytes: sum(&mut folders.iter().map(|(_, f)| f.size_bytes)),
        objects: sum(&mut collections.iter().map(|c| c.folder.total)),
        erased: Vec::new(),
        remains_in_backups: Value::Null,
        remains_in_copies: Vec::new(),
        remains_elsewhere: ELSEWHERE.map(str::to_owned).to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::FixedClock;
    use crate::identity::accounts::{NewAccount, NewPassword, create_account};
    use crate::identity::domains::add_domain;
    use crate::model::AccountKind;
    use crate::store::disk::ScratchFolder;
    use crate::store::{Options, Store};
    use std::sync::Arc;

    #[tokio::test]
    async fn what_was_broken_off_is_finished_with_its_certificate() {
        let folder = ScratchFolder::make_in(&std::env::temp_dir()).unwrap();
        let clock = Arc::new(FixedClock::at(1_900_000_000_000));
        let store = Store::open(&folder.path().join("data"), Options::default(), clock).unwrap();
        let ctx = Ctx::system(&store);
        add_domain(&ctx, "example.test").await.unwrap();
        let person = NewAccount {
            address: "anna@example.test".into(),
            kind: AccountKind::Person,
            display_name: "Anna".into(),
            language: "de".into(),
            is_admin: false,
            password: NewPassword::None,
        };
        let account = create_account(&ctx, person).await.unwrap();
        let layout = store.layout();
        let waiting = layout.root().join("import/anna@example.test");
        fs::create_dir_all(&waiting).unwrap();
        let copy = layout.backups().join("before-upgrade-1");
        fs::create_dir_all(copy.join("accounts").join(account.id.to_string())).unwrap();

        let file = folder.path().join("certificate.json");
        assert!(
            Erasure::unfinished(&ctx, "anna@example.test", &file)
                .unwrap()
                .is_none()
        );
        let begun = Erasure::begin(&ctx, &account, Value::Null, &file).await.unwrap();
        assert_eq!(begun.remains_in_copies, [copy]);
        assert!(
            begun.erased.is_empty() && !file.exists(),
            "nothing is promised yet"
        );
        // The power fails when the account is out of the directory and its data still there.
        let id = account.id;
        let removed = store.directory().write(move |d| {
            d.delete_account(id)?;
            d.put_setting("removals", &[id.0])
        });
        removed.await.unwrap();
        assert!(layout.account_folder(id).exists());

        assert!(
            Erasure::unfinished(&ctx, "ben@example.test", &file)
                .unwrap()
                .is_none()
        );
        let unfinished = Erasure::unfinished(&ctx, "Anna@example.test", &file)
            .unwrap()
            .unwrap();
        let done = unfinished.finish(&ctx, &file).await.unwrap();
        assert!(!layout.account_folder(id).exists() && !waiting.exists());
        assert_eq!(
            (done.address.as_str(), done.erased.len()),
            ("anna@example.test", ERASED.len())
        );
        verify_report(&file, &report_key(layout).unwrap().verifying_key()).unwrap();
        assert!(
            Erasure::unfinished(&ctx, "anna@example.test", &file)
                .unwrap()
                .is_none()
        );
    }
}

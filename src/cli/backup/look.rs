//! Looking into backups without a box: `hauspost backup ls|cat|verify`.

use super::super::Form;
use super::super::output::{print_done, print_list};
use super::back::require_none;
use super::source::Source;
use crate::backup::{self, Key, Look, Place, Snapshot, Sought, list_snapshots, read_listed, read_snapshot};
use crate::base::clock::rfc3339;
use crate::base::text::one_line;
use crate::base::{Kind, Result};
use crate::store::disk::ScratchFolder;
use clap::Args;
use serde_json::json;
use std::io::Write;

#[derive(Args)]
pub struct Ls {
    /// A backup, by its name or the beginning of it, or »latest«
    #[arg(value_name = "BACKUP")]
    id: Option<String>,
    /// What this account had then, the newest first
    #[arg(value_name = "ADDRESS", requires = "id")]
    address: Option<String>,
    /// Only what is in this mail folder, calendar, task list or address book
    #[arg(long = "folder", value_name = "NAME", requires = "address")]
    only: Option<String>,
    /// Only what has this in its title or sender
    #[arg(long, value_name = "TEXT", requires = "address")]
    find: Option<String>,
    /// How many items at most
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    limit: usize,
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    form: Form,
}

#[derive(Args)]
pub struct Cat {
    #[arg(value_name = "BACKUP")]
    id: String,
    #[arg(value_name = "ADDRESS")]
    address: String,
    /// As hauspost backup ls BACKUP ADDRESS shows it
    #[arg(value_name = "ITEM")]
    item: i64,
    #[command(flatten)]
    source: Source,
}

#[derive(Args)]
pub struct Verify {
    /// Only compare the files with their names: finds every flipped bit, in half the time
    #[arg(long)]
    quick: bool,
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    form: Form,
}

impl Ls {
    pub fn run(self) -> Result<()> {
        let (place, key) = self.source.open()?;
        match (&self.id, &self.address) {
            (Some(id), Some(address)) => self.items(&*place, &key, id, address),
            (Some(id), None) => {
                let snapshot = read_snapshot(&*place, &key, id)?;
                print_done(&self.form, &json!(snapshot), &accounts_of(&snapshot))
            }
            (None, _) => self.list(&*place, &key),
        }
    }

    fn items(&self, place: &dyn Place, key: &Key, id: &str, address: &str) -> Result<()> {
        let snapshot = read_snapshot(place, key, id)?;
        let look = Look::open(&std::env::temp_dir(), place, key, snapshot.account(address)?)?;
        let sought = Sought {
            folder: self.only.clone(),
            text: self.find.clone(),
            ..Sought::default()
        };
        let all = look.list(&sought, self.limit)?;
        print_list(
            &self.form,
            &["ITEM", "KIND", "DATE", "FOLDER", "FROM", "TITLE"],
            &all,
            |i| {
                vec![
                    i.id.to_string(),
                    i.kind.to_owned(),
                    rfc3339(i.at_ms),
                    i.folder.clone(),
                    one_line(i.sender.as_deref().unwrap_or_default()),
                    one_line(&i.title),
                ]
            },
        )
    }

    fn list(&self, place: &dyn Place, key: &Key) -> Result<()> {
        let (mut rows, mut lines, mut unreadable) = (Vec::new(), Vec::new(), Vec::new());
        for id in list_snapshots(place)? {
            let s = match read_listed(place, key, &id) {
                Ok(s) => s,
                // Let go meanwhile.
                Err(e) if e.kind() == Kind::NotFound => continue,
                // The others can be used all the same.
                Err(e) => {
                    lines.push(format!("{id}  {}", e.message()));
                    rows.push(json!({"id": id, "problem": e.message()}));
                    unreadable.push(id);
                    continue;
                }
            };
            let items: u64 = s.accounts.iter().map(|a| a.bodies).sum();
            lines.push(format!("{id}  {} accounts, {items} items", s.accounts.len()));
            rows.push(
                json!({"id": id, "takenAtMs": s.taken_at_ms, "accounts": s.accounts.len(), "bodies": items}),
            );
        }
        print_done(&self.form, &json!(rows), &lines.join("\n"))?;
        require_none(&unreadable, "backups cannot be read; the others can")
    }
}

impl Cat {
    pub fn run(self) -> Result<()> {
        let (place, key) = self.source.open()?;
        let snapshot = read_snapshot(&*place, &key, &self.id)?;
        let look = Look::open(
            &std::env::temp_dir(),
            &*place,
            &key,
            snapshot.account(&self.address)?,
        )?;
        let mut out = std::io::stdout().lock();
        look.read(&*place, &key, self.item, &mut |piece| Ok(out.write_all(piece)?))?;
        Ok(out.flush()?)
    }
}

fn accounts_of(snapshot: &Snapshot) -> String {
    let line =
        |a: &crate::backup::StoredAccount| format!("{}  {} items, {} MB", a.address, a.bodies, a.bytes >> 20);
    snapshot.accounts.iter().map(line).collect::<Vec<_>>().join("\n")
}

impl Verify {
    pub fn run(self) -> Result<()> {
        let (place, key) = self.source.open()?;
        let scratch = ScratchFolder::make_in(&std::env::temp_dir())?;
        let found = backup::verify(&*place, &key, !self.quick, scratch.path())?;
        let mut lines = vec![format!(
            "{} backups, {} files, {} MB; {} items compared",
            found.snapshots,
            found.files,
            found.file_bytes >> 20,
            found.bodies
        )];
        lines.extend(found.damage.iter().map(|d| format!("  {d}")));
        print_done(&self.form, &json!(found), &lines.join("\n"))?;
        require_none(
            &found.damage,
            "things are not as they were stored; remove the damaged files, and the next backup stores again what the box still has",
        )
    }
}

//! What a run has done, for people and for programs.

use super::plan::FolderPlan;
use crate::model::{Account, FolderKind};
use serde::Serialize;

/// More are counted and not named.
const MOST_NAMED: usize = 10_000;

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub source: String,
    pub address: String,
    pub is_dry_run: bool,
    pub folders: Vec<FolderReport>,
    /// Settings, signatures, rules: what came, or would come.
    pub settings: u64,
    /// Of them, what is set otherwise here and stays so.
    pub settings_kept: Vec<String>,
    /// Gone there, and removed here.
    pub removed: u64,
    /// What cannot be read and is kept as it came: of every run from this source.
    pub aside: Vec<Kept>,
    /// What could not be fetched, or stays where it is.
    pub problems: Vec<String>,
    /// Items that were compared.
    pub compared: u64,
    /// Of them, those with the same Message-ID and the same text under another header: another server's copy.
    pub other_header: u64,
    pub differences: Vec<Difference>,
    /// More of these than are named.
    pub more_differences: u64,
}

#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FolderReport {
    pub path: String,
    /// Ours; None: it would be made.
    pub target: Option<String>,
    pub kind: &'static str,
    /// There.
    pub items: u64,
    pub bytes: u64,
    /// Of them, here from an earlier run.
    pub known: u64,
    /// To come, or come now.
    pub new: u64,
    pub new_bytes: u64,
    pub stored: u64,
    /// Were here already, from elsewhere.
    pub adopted: u64,
    /// Were in another folder of the source before.
    pub moved: u64,
    /// Flags or contents changed there.
    pub changed: u64,
    pub set_aside: u64,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    pub folder: String,
    pub name: String,
    pub reason: String,
    pub file: String,
}

/// An item that is not the same on both sides.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    pub folder: String,
    pub name: String,
    /// Subject or title, where it is known.
    pub title: String,
    pub what: String,
}

impl Report {
    pub fn new(source: &str, account: &Account, is_dry_run: bool) -> Report {
        Report {
            source: source.to_owned(),
            address: account.address.clone(),
            is_dry_run,
            folders: Vec::new(),
            settings: 0,
            settings_kept: Vec::new(),
            removed: 0,
            aside: Vec::new(),
            problems: Vec::new(),
            compared: 0,
            other_header: 0,
            differences: Vec::new(),
            more_differences: 0,
        }
    }

    pub fn begin(&mut self, plan: &FolderPlan) {
        let kind = match plan.folder.kind {
            FolderKind::Calendar | FolderKind::ScheduleInbox => "calendar",
            FolderKind::TaskList => "tasks",
            FolderKind::AddressBook => "contacts",
            FolderKind::Mail => "mail",
        };
        self.folders.push(FolderReport {
            path: plan.folder.path.clone(),
            target: plan.target.as_ref().map(|t| t.path.clone()),
            kind,
            items: plan.items,
            bytes: plan.bytes,
            known: plan.known,
            new: plan.new.len() as u64,
            new_bytes: plan.new.iter().map(|l| l.size_bytes).sum(),
            ..FolderReport::default()
        });
    }

    /// A folder that goes out.
    pub fn begin_outward(&mut self, folder: FolderReport) {
        self.folders.push(folder);
    }

    /// The folder that was begun last.
    pub fn folder(&mut self) -> &mut FolderReport {
        if self.folders.is_empty() {
            self.folders.push(FolderReport::default());
        }
        let last = self.folders.len() - 1;
        &mut self.folders[last]
    }

    pub fn differ(&mut self, folder: &str, name: &str, title: &str, what: impl Into<String>) {
        if self.differences.len() >= MOST_NAMED {
            self.more_differences += 1;
            return;
        }
        self.differences.push(Difference {
            folder: folder.to_owned(),
            name: name.to_owned(),
            title: title.to_owned(),
            what: what.into(),
        });
    }

    pub fn problem(&mut self, text: String) {
        if self.problems.len() < MOST_NAMED && !self.problems.contains(&text) {
            self.problems.push(text);
        }
    }

    /// For people, a line each.
    pub fn lines(&self) -> Vec<String> {
        let mb = |bytes: u64| bytes.div_ceil(1 << 20);
        let (first, words) = match self.source.strip_prefix("to:") {
            Some(there) => (format!("{} into {there}", self.address), ("go", "went")),
            None => (format!("{} into {}", self.source, self.address), ("come", "came")),
        };
        let mut lines = vec![first];
        for f in &self.folders {
            let to = match &f.target {
                Some(target) if *target != f.path => format!(" -> {target}"),
                _ => String::new(),
            };
            let mut line = format!("  {}{to}: {} items, {} MB; ", f.path, f.items, mb(f.bytes));
            line += &match self.is_dry_run {
                true => format!("{} to {} ({} MB)", f.new, words.0, mb(f.new_bytes)),
                false => format!("{} {}", f.stored, words.1),
            };
            for (count, what) in [
                (f.known, "known from before"),
                (f.adopted, "were there already"),
                (f.moved, "moved"),
                (f.changed, "changed"),
                (f.set_aside, "put aside"),
            ] {
                if count > 0 {
                    line += &format!(", {count} {what}");
                }
            }
            lines.push(line);
        }
        if self.settings > 0 {
            let word = if self.is_dry_run { "to come" } else { "came" };
            lines.push(format!(
                "  {} settings, signatures and rules {word}",
                self.settings
            ));
        }
        lines.extend(self.settings_kept.iter().map(|k| format!("  {k}")));
        if self.removed > 0 {
            lines.push(format!(
                "  {} that are gone on the other side were removed",
                self.removed
            ));
        }
        lines.extend(self.aside.iter().map(|k| {
            format!(
                "  put aside: {}, {}: {}; it is in {}",
                k.folder, k.name, k.reason, k.file
            )
        }));
        lines.extend(self.problems.iter().map(|p| format!("  not moved: {p}")));
        if self.compared > 0 || !self.differences.is_empty() {
            let more = self.more_differences + self.differences.len() as u64;
            let twins = match self.other_header {
                0 => String::new(),
                n => format!(", {n} the same under another header"),
            };
            lines.push(format!(
                "  {} items compared, {more} differences{twins}",
                self.compared
            ));
            lines.extend(self.differences.iter().map(|d| {
                let title = if d.title.is_empty() {
                    String::new()
                } else {
                    format!(" »{}«", d.title)
                };
                format!("    {}, {}{title}: {}", d.folder, d.name, d.what)
            }));
        }
        lines
    }

    /// Whether somebody has to look.
    pub fn is_whole(&self) -> bool {
        self.problems.is_empty() && self.differences.is_empty() && self.more_differences == 0
    }
}

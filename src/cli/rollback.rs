//! `hauspost rollback`

use super::output::print_done;
use super::{DataFolder, Form, WhoRuns};
use crate::appliance::upgrade::{copies_before_upgrade, roll_back_to};
use crate::base::clock::rfc3339;
use crate::base::{Clock, Result, SystemClock};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

#[derive(Args)]
pub struct Rollback {
    #[command(flatten)]
    data: DataFolder,
    /// The copy to go back to; otherwise the newest
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
    /// Only say which copies there are
    #[arg(long, conflicts_with = "to")]
    list: bool,
    #[command(flatten)]
    form: Form,
    #[command(flatten)]
    who: WhoRuns,
}

impl Rollback {
    pub fn run(self) -> Result<()> {
        self.who.assume(&self.data)?;
        if self.list {
            return self.list_copies();
        }
        let done = roll_back_to(&self.data.folder, self.to.as_deref(), SystemClock.now_ms())?;
        let text = format!(
            "the data is again what it was in {}\nwhat came since then lies in {}; the newer program can read it:\n  \
             hauspost export FOLDER --data {}",
            done.copy.display(),
            done.aside.display(),
            done.aside.display()
        );
        print_done(
            &self.form,
            &json!({"copy": done.copy, "aside": done.aside}),
            &text,
        )
    }

    fn list_copies(&self) -> Result<()> {
        let copies = copies_before_upgrade(&self.data.folder)?;
        let mut lines = Vec::new();
        let mut all = Vec::new();
        for (folder, made_at_ms) in &copies {
            let at = rfc3339(*made_at_ms);
            lines.push(format!("{at}  {}", folder.display()));
            all.push(json!({"folder": folder, "madeAt": at}));
        }
        if lines.is_empty() {
            lines.push("there is no copy".into());
        }
        print_done(&self.form, &json!({ "copies": all }), &lines.join("\n"))
    }
}

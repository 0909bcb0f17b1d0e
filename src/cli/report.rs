//! `hauspost report`, and `--report FILE` of the commands that move things.

use super::output::print_done;
use super::{DataFolder, Form, with_store};
use crate::base::{Clock, Error, Result, SystemClock};
use crate::moving::proof::{parse_pem, public_pem, report_key, verify_report, write_report};
use crate::store::layout::Layout;
use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum Report {
    /// Show the public key of this box: who has it can tell whether a report is the box's
    Key(Plain),
    /// Whether a report is as the box has signed it
    Verify(Verify),
}

#[derive(Args)]
pub struct Plain {
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

#[derive(Args)]
pub struct Verify {
    /// The report; its signature lies beside it, as FILE.sig
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The public key of the box that has written it, as hauspost report key shows it; without it, this box's own
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    #[arg(long = "data", value_name = "DIR", env = "HAUSPOST_DATA")]
    data: Option<PathBuf>,
    #[command(flatten)]
    form: Form,
}

impl Report {
    pub fn run(self) -> Result<()> {
        match self {
            Report::Key(c) => with_store(&c.data, async |ctx| {
                let pem = public_pem(&report_key(ctx.store.layout())?.verifying_key());
                print_done(&c.form, &json!({"key": pem}), pem.trim_end())
            }),
            Report::Verify(c) => c.run(),
        }
    }
}

impl Verify {
    fn run(self) -> Result<()> {
        let key = match (&self.key, &self.data) {
            (Some(file), _) => parse_pem(&super::backup::read_text(file)?)?,
            (None, Some(data)) => report_key(&Layout::prepare(data, true)?)?.verifying_key(),
            (None, None) => {
                return Err(Error::invalid(
                    "whose report is it? Give the public key with --key FILE, or the data folder with --data",
                ));
            }
        };
        verify_report(&self.file, &key)?;
        let said = format!("{} is as it was signed", self.file.display());
        print_done(&self.form, &json!({"isSigned": true}), &said)
    }
}

/// Of commands whose outcome somebody may have to prove.
#[derive(Args)]
pub struct Signed {
    /// Write the report as JSON to this file, its signature beside it as FILE.sig, and the public key as FILE.pem
    #[arg(long = "report", value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Signed {
    /// Writes it when that was asked for. `kind`: what was done.
    pub fn write<T: Serialize + ?Sized>(&self, data: &DataFolder, kind: &str, result: &T) -> Result<()> {
        match &self.file {
            Some(file) => {
                let layout = Layout::prepare(&data.folder, true)?;
                write_report(&layout, file, kind, SystemClock.now_ms(), result)
            }
            None => Ok(()),
        }
    }
}

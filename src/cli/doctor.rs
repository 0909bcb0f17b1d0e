//! `hauspost doctor` and `hauspost verify`.

use super::{DataFolder, Form};
use crate::base::Result;
use clap::Args;

#[derive(Args)]
pub struct Doctor {
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
    /// Compute again what can be computed: lists, structure, index, counters
    #[arg(long)]
    rebuild: bool,
}

#[derive(Args)]
pub struct Verify {
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

impl Doctor {
    pub fn run(self) -> Result<()> {
        Ok(())
    }
}

impl Verify {
    pub fn run(self) -> Result<()> {
        Ok(())
    }
}

//! `hauspost directory ...`: people who are kept by another system.

mod ldap;

use crate::base::Result;
use clap::Subcommand;

#[derive(Subcommand)]
pub enum Directory {
    /// The office's LDAP directory (Univention, Active Directory, OpenLDAP): who is there has an account here
    #[command(subcommand)]
    Ldap(ldap::Ldap),
}

impl Directory {
    pub fn run(self) -> Result<()> {
        match self {
            Directory::Ldap(c) => c.run(),
        }
    }
}

//! `hauspost directory ...`: people who are kept by another system.

mod ldap;
mod oidc;

use super::outside::Outside;
use super::{DataFolder, Form, with_store};
use crate::base::{Error, Result};
use crate::delivery::PostRoom;
use crate::delivery::schedule::Schedule;
use clap::{Args, Subcommand};
use std::path::Path;
use std::sync::Arc;

#[derive(Subcommand)]
pub enum Directory {
    /// The office's LDAP directory (Univention, Active Directory, OpenLDAP): who is there has an account here
    #[command(subcommand)]
    Ldap(ldap::Ldap),
    /// An issuer of OpenID Connect (Keycloak, Cloudron, Synology's SSO server) by which people sign in at the page
    #[command(subcommand)]
    Oidc(oidc::Oidc),
}

impl Directory {
    pub fn run(self) -> Result<()> {
        match self {
            Directory::Ldap(c) => c.run(),
            Directory::Oidc(c) => c.run(),
        }
    }
}

#[derive(Args)]
pub struct Show {
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

/// What commands need that connect themselves.
#[derive(Args)]
pub struct Ask {
    #[command(flatten)]
    outside: Outside,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

impl Ask {
    fn with_room<F>(&self, f: impl FnOnce(Arc<PostRoom>) -> F) -> Result<()>
    where
        F: Future<Output = Result<()>>,
    {
        let host_name = super::serve::machine_name();
        let options = self.outside.options(host_name, 50 << 20, Schedule::default())?;
        with_store(&self.data, async |ctx| {
            f(PostRoom::new(ctx.store.clone(), options)).await
        })
    }
}

fn read_file(option: &str, file: &Path) -> Result<String> {
    std::fs::read_to_string(file)
        .map_err(|e| Error::invalid(format!("{option} {}: {e}", file.display())).caused_by(e))
}

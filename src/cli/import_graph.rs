//! `hauspost import graph`

use super::import::Common;
use super::outside::Outside;
use super::{read_password, with_store};
use crate::base::{Error, Result};
use crate::delivery::PostRoom;
use crate::delivery::schedule::Schedule;
use crate::identity::accounts::find_account;
use crate::moving::graph::sign_in::{Access, Grant, Registration, is_safe};
use crate::moving::import::graph::Graph;
use crate::moving::import::import_account;
use clap::Args;
use url::Url;

/// Microsoft's own server, and where its people sign in.
const MICROSOFT: &str = "graph.microsoft.com";
const MICROSOFT_ISSUER: &str = "https://login.microsoftonline.com/organizations/v2.0";

#[derive(Args)]
pub struct FromGraph {
    /// Server, up to the version: https://graph.microsoft.com/v1.0
    url: String,
    /// Whose it becomes
    #[arg(long, value_name = "ADDRESS")]
    account: String,
    /// The program's id there: an app registration with Mail.Read, and public client flows allowed for signing in by code
    #[arg(long, value_name = "ID")]
    client_id: String,
    /// Where one signs in; for Microsoft https://login.microsoftonline.com/TENANT/v2.0, otherwise the server itself
    #[arg(long, value_name = "ISSUER")]
    sign_in_at: Option<String>,
    /// Read the program's secret from standard input, and nobody has to sign in: it must have the right to read all mailboxes
    #[arg(long, requires = "user")]
    secret_stdin: bool,
    /// Whose mailbox to read there with the program's secret
    #[arg(long, value_name = "ADDRESS", requires = "secret_stdin")]
    user: Option<String>,
    #[command(flatten)]
    outside: Outside,
    #[command(flatten)]
    common: Common,
}

impl FromGraph {
    pub fn run(self) -> Result<()> {
        let base = address(&self.url)?;
        let registration = self.registration(&base)?;
        let options = self.outside.options("localhost".into(), 0, Schedule::default())?;
        with_store(&self.common.data, async |ctx| {
            let account = find_account(&ctx, &self.account).await?;
            let room = PostRoom::new(ctx.store.clone(), options);
            let access = Access::sign_in(&room, registration, &ask_for_code).await?;
            let mut source = Graph::open(&ctx, &room, (base, access), self.user.as_deref()).await?;
            let report = import_account(&ctx, &account, &mut source, &self.common.options()).await?;
            self.common.report(&[report])
        })
    }

    fn registration(&self, base: &Url) -> Result<Registration> {
        let issuer = match &self.sign_in_at {
            Some(issuer) => address(issuer)?,
            None if base.host_str() == Some(MICROSOFT) => address(MICROSOFT_ISSUER)?,
            None => address(&base.origin().ascii_serialization())?,
        };
        Ok(Registration {
            issuer,
            client_id: self.client_id.clone(),
            grant: match self.secret_stdin {
                true => Grant::Secret(read_password()?),
                false => Grant::Code,
            },
            default_scope: format!("{}/.default", base.origin().ascii_serialization()),
        })
    }
}

/// What is printed as the result stays apart from it.
fn ask_for_code(place: &str, code: &str) {
    eprintln!("To let Hauspost read the mailbox, open {place}, type the code {code}, and sign in there.");
}

fn address(text: &str) -> Result<Url> {
    let url = Url::parse(text.trim()).map_err(|e| {
        Error::invalid(format!(
            "»{text}« is no address of a server: {e}; as in https://graph.microsoft.com/v1.0"
        ))
    })?;
    let is_plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    match is_safe(&url) && url.has_host() && is_plain {
        true => Ok(url),
        false => Err(Error::invalid(format!(
            "»{text}« cannot be used: it must begin with https:// and have neither a user nor a question mark in it"
        ))),
    }
}

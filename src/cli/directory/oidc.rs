//! `hauspost directory oidc ...`

use super::{Ask, Show, read_file};
use crate::base::{Error, Result};
use crate::cli::output::print_done;
use crate::cli::{DataFolder, Form, WhoRuns, read_password, with_store};
use crate::directory::oidc::issuer::Issuer;
use crate::directory::oidc::settings::{get_oidc, put_oidc, remove_oidc, require_oidc};
use crate::identity::Ctx;
use crate::model::directory::{MatchBy, OidcSettings, Unknown};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum Oidc {
    /// Name the issuer. There this server is registered with the address https://HOST/api/outside/back
    Set(Box<Set>),
    /// Which issuer it is, and how people are found
    Show(Show),
    /// Ask the issuer what it says of itself
    Check(Ask),
    /// Sign in by passwords alone again; accounts stay as they are
    Remove(Show),
}

#[derive(Args)]
pub struct Set {
    /// As the issuer names itself, as https://login.example.org/realms/office
    issuer: String,
    /// The name that it has given this server
    #[arg(long, value_name = "ID")]
    client_id: String,
    /// Read the secret that it has given from standard input; without it, the one of before
    #[arg(long, conflicts_with = "client_secret_file")]
    client_secret_stdin: bool,
    /// The same from a file
    #[arg(long, value_name = "FILE")]
    client_secret_file: Option<PathBuf>,
    /// What stands on the button; the issuer's host when not given
    #[arg(long)]
    name: Option<String>,
    /// Certificate (PEM) of the issuer's own authority
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// By what people are found the first time: verified-email, email (the issuer verifies all, and says so of none), username
    #[arg(long, value_name = "HOW", default_value = "verified-email", value_parser = parse_match)]
    find_by: MatchBy,
    /// People whom nobody knows here: refuse, or make (an account, when their address is in a domain of this server)
    #[arg(long, value_name = "HOW", default_value = "refuse", value_parser = parse_unknown)]
    unknown: Unknown,
    #[command(flatten)]
    who: WhoRuns,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

fn parse_match(word: &str) -> std::result::Result<MatchBy, String> {
    serde_json::from_value(word.into()).map_err(|_| "known: verified-email, email, username".into())
}

fn parse_unknown(word: &str) -> std::result::Result<Unknown, String> {
    serde_json::from_value(word.into()).map_err(|_| "known: refuse, make".into())
}

impl Oidc {
    pub fn run(self) -> Result<()> {
        match self {
            Oidc::Set(c) => c.run(),
            Oidc::Show(c) => with_store(&c.data, async |ctx| show(&c.form, &require_oidc(&ctx).await?)),
            Oidc::Check(c) => c.with_room(async |room| {
                let settings = require_oidc(&room.ctx()).await?;
                let issuer = Issuer::discover(&room, &settings).await?;
                let there = issuer.authorization_endpoint.to_string();
                let keys = issuer.count_keys().await?;
                let text = format!(
                    "{} answers and signs with {keys} keys; people are sent to {there}",
                    settings.issuer
                );
                let json = json!({"issuer": settings.issuer, "keys": keys, "authorizationEndpoint": there});
                print_done(&c.form, &json, &text)
            }),
            Oidc::Remove(c) => with_store(&c.data, async |ctx| {
                let settings = remove_oidc(&ctx).await?;
                let text = format!("nobody signs in by {} any more", settings.issuer);
                print_done(&c.form, &json!({"issuer": settings.issuer}), &text)
            }),
        }
    }
}

impl Set {
    fn run(self) -> Result<()> {
        self.who.assume(&self.data)?;
        with_store(&self.data, async |ctx| {
            let settings = self.settings(&ctx).await?;
            put_oidc(&ctx, settings.clone()).await?;
            show(&self.form, &settings)
        })
    }

    async fn secret(&self, ctx: &Ctx) -> Result<String> {
        if self.client_secret_stdin {
            return read_password();
        }
        if let Some(file) = &self.client_secret_file {
            return Ok(read_file("--client-secret-file", file)?.trim().to_owned());
        }
        // It goes to nobody to whom it was not given.
        let before = get_oidc(ctx).await?;
        let before = before.filter(|b| b.issuer == self.issuer && b.client_id == self.client_id);
        Ok(before.map(|b| b.client_secret).unwrap_or_default())
    }

    async fn settings(&self, ctx: &Ctx) -> Result<OidcSettings> {
        let host = url::Url::parse(&self.issuer).ok();
        let host = host.and_then(|u| u.host_str().map(str::to_owned));
        let host =
            host.ok_or_else(|| Error::invalid(format!("»{}« is no address of an issuer", self.issuer)))?;
        Ok(OidcSettings {
            issuer: self.issuer.clone(),
            client_id: self.client_id.clone(),
            client_secret: self.secret(ctx).await?,
            name: self.name.clone().unwrap_or(host),
            ca_pem: self.ca.as_deref().map(|f| read_file("--ca", f)).transpose()?,
            match_by: self.find_by,
            unknown: self.unknown,
        })
    }
}

/// Never with the secret.
fn show(form: &Form, s: &OidcSettings) -> Result<()> {
    let mut shown = serde_json::to_value(s).unwrap_or_default();
    if let Value::Object(fields) = &mut shown {
        fields.remove("clientSecret");
    }
    let word = |v: Value| v.as_str().unwrap_or_default().to_owned();
    let text = format!(
        "{}\n  as        {}\n  button    {}\n  found by  {}\n  unknown   {}",
        s.issuer,
        s.client_id,
        s.name,
        word(json!(s.match_by)),
        word(json!(s.unknown))
    );
    print_done(form, &shown, &text)
}

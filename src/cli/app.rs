//! `hauspost app ...`: programs that may sign people in.

use super::output::{print_done, print_list};
use super::{DataFolder, Form, with_store};
use crate::base::{Error, Result, random};
use crate::identity::Ctx;
use crate::identity::access::mailbox_ids;
use crate::identity::clients::{Client, list_clients};
use crate::identity::consents::{list_agreeing, withdraw_for};
use crate::identity::registration::{
    Registration, add_client, change_client, remove_client, rotate_signing_key,
};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum App {
    /// Register a program; one that is registered already begins anew
    Add(Add),
    /// Change a registration: what is not named stays
    Change(Change),
    /// All registered programs
    List(Bare),
    /// Take a registration away; its tokens end
    Remove(One),
    /// Who has agreed to what a program does for them
    Agreed(One),
    /// Take somebody's agreement back: the program is out of their things at once
    Withdraw(Withdraw),
    /// Sign tokens with a new key from now on; a running server takes it at once
    RotateKey(RotateKey),
}

/// What `add` and `change` have in common.
#[derive(Args)]
struct Details {
    /// Where it may be called back; may be repeated
    #[arg(long, value_name = "URI")]
    redirect: Vec<String>,
    /// Make a secret; it is shown once
    #[arg(long)]
    secret: bool,
    /// It may send name and password itself (for scripts and tests)
    #[arg(long)]
    allow_password_grant: bool,
    /// What it may ask people for, such as Mail.Read; may be repeated. Without a word, everything
    #[arg(long, value_name = "PERMISSION")]
    permission: Vec<String>,
    /// What it may do without a person, such as Mail.ReadWrite; may be repeated
    #[arg(long, value_name = "PERMISSION")]
    app_permission: Vec<String>,
    /// A mailbox in which it may do so; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    mailbox: Vec<String>,
    /// It may do so in every mailbox
    #[arg(long, conflicts_with = "mailbox")]
    all_mailboxes: bool,
    /// The certificate that it proves itself with, instead of a secret (PEM, RSA)
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// It may show the same signed statement more than once, as MSAL for Node does
    #[arg(long)]
    repeated_assertions: bool,
    /// Nobody is asked whether they agree: you agree for everybody
    #[arg(long)]
    trusted: bool,
}

#[derive(Args)]
pub struct Add {
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
    /// Its client id; a new one is made when not given
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Name that people see when they are asked
    #[arg(long)]
    name: String,
    #[command(flatten)]
    details: Details,
}

#[derive(Args)]
pub struct Change {
    /// Client id
    client_id: String,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
    /// Name that people see when they are asked
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    details: Details,
    /// It has no secret any more
    #[arg(long, conflicts_with = "secret")]
    no_secret: bool,
    /// It has no certificate any more
    #[arg(long, conflicts_with = "certificate")]
    no_certificate: bool,
    /// It may not send name and password any more
    #[arg(long, conflicts_with = "allow_password_grant")]
    no_password_grant: bool,
    /// It may ask people for everything
    #[arg(long, conflicts_with = "permission")]
    all_permissions: bool,
    /// It may do nothing without a person any more
    #[arg(long, conflicts_with = "app_permission")]
    no_app_permissions: bool,
    /// People are asked whether they agree
    #[arg(long, conflicts_with = "trusted")]
    not_trusted: bool,
}

#[derive(Args)]
pub struct Bare {
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

#[derive(Args)]
pub struct One {
    /// Client id
    client_id: String,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

#[derive(Args)]
pub struct Withdraw {
    /// Client id
    client_id: String,
    /// Whose agreement
    #[arg(long, value_name = "ADDRESS")]
    account: String,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

#[derive(Args)]
pub struct RotateKey {
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
    /// Nothing that was signed so far is believed any more: for a key that somebody else may have
    #[arg(long)]
    at_once: bool,
}

impl App {
    pub fn run(self) -> Result<()> {
        match self {
            App::Add(c) => c.run(),
            App::Change(c) => c.run(),
            App::List(c) => list(&c),
            App::Remove(c) => with_store(&c.data, async |ctx| {
                remove_client(&ctx, &c.client_id).await?;
                print_done(
                    &c.form,
                    &json!({"clientId": c.client_id}),
                    &format!("{} is gone", c.client_id),
                )
            }),
            App::Agreed(c) => agreed(&c),
            App::Withdraw(c) => with_store(&c.data, async |ctx| {
                withdraw_for(&ctx, &c.account, &c.client_id).await?;
                let told = format!("{} is out of the things of {}", c.client_id, c.account);
                print_done(
                    &c.form,
                    &json!({"clientId": c.client_id, "account": c.account}),
                    &told,
                )
            }),
            App::RotateKey(c) => with_store(&c.data, async |ctx| {
                let id = rotate_signing_key(&ctx, c.at_once).await?;
                print_done(&c.form, &json!({"keyId": id}), &format!("key id  {id}"))
            }),
        }
    }
}

fn list(c: &Bare) -> Result<()> {
    with_store(&c.data, async |ctx| {
        let all = list_clients(&ctx).await?;
        print_list(
            &c.form,
            &["CLIENT ID", "NAME", "REDIRECTS", "PASSWORD GRANT", "TRUSTED"],
            &all,
            |a| {
                let yes = |is: bool| if is { "yes" } else { "" }.to_owned();
                vec![
                    a.id.clone(),
                    a.name.clone(),
                    a.redirect_uris.join(" "),
                    yes(a.allow_password_grant),
                    yes(a.is_trusted),
                ]
            },
        )
    })
}

fn agreed(c: &One) -> Result<()> {
    with_store(&c.data, async |ctx| {
        let all = list_agreeing(&ctx, &c.client_id).await?;
        let rows: Vec<Value> = all
            .iter()
            .map(|(who, consent)| json!({"account": who.address, "permissions": consent.permissions}))
            .collect();
        print_list(&c.form, &["ACCOUNT", "PERMISSIONS"], &rows, |row| {
            let permissions = row["permissions"].as_array().into_iter().flatten();
            let permissions: Vec<&str> = permissions.filter_map(Value::as_str).collect();
            vec![
                row["account"].as_str().unwrap_or_default().to_owned(),
                permissions.join(" "),
            ]
        })
    })
}

impl Details {
    /// What is named; the rest stays.
    async fn read(self, ctx: &Ctx) -> Result<Registration> {
        let named = |all: Vec<String>| (!all.is_empty()).then_some(all);
        let certificate = self.certificate.as_deref().map(std::fs::read_to_string);
        let certificate = certificate.transpose().map_err(|e| {
            Error::invalid("the file of the certificate cannot be read; give one in PEM form").caused_by(e)
        })?;
        let mailboxes = mailbox_ids(ctx, &self.mailbox).await?;
        Ok(Registration {
            name: None,
            redirect_uris: named(self.redirect),
            secret: self.secret.then_some(true),
            allow_password_grant: self.allow_password_grant.then_some(true),
            permissions: named(self.permission).map(Some),
            app_permissions: named(self.app_permission),
            mailboxes: match (self.all_mailboxes, mailboxes.is_empty()) {
                (true, _) => Some(None),
                (false, true) => None,
                (false, false) => Some(Some(mailboxes)),
            },
            certificate: certificate.map(Some),
            is_trusted: self.trusted.then_some(true),
            repeats_assertions: self.repeated_assertions.then_some(true),
        })
    }
}

impl Add {
    fn run(self) -> Result<()> {
        with_store(&self.data, async |ctx| {
            let id = self.client_id.unwrap_or_else(random::uuid);
            let mut wanted = self.details.read(&ctx).await?;
            wanted.name = Some(self.name);
            let (client, secret) = add_client(&ctx, &id, wanted, true).await?;
            print_client(&self.form, &client, secret.as_deref())
        })
    }
}

impl Change {
    fn run(self) -> Result<()> {
        with_store(&self.data, async |ctx| {
            let mut change = self.details.read(&ctx).await?;
            change.name = self.name;
            for (is_off, place) in [
                (self.no_secret, &mut change.secret),
                (self.no_password_grant, &mut change.allow_password_grant),
                (self.not_trusted, &mut change.is_trusted),
            ] {
                if is_off {
                    *place = Some(false);
                }
            }
            if self.no_certificate {
                change.certificate = Some(None);
            }
            if self.all_permissions {
                change.permissions = Some(None);
            }
            if self.no_app_permissions {
                change.app_permissions = Some(Vec::new());
            }
            let (client, secret) = change_client(&ctx, &self.client_id, change).await?;
            print_client(&self.form, &client, secret.as_deref())
        })
    }
}

fn print_client(form: &Form, client: &Client, secret: Option<&str>) -> Result<()> {
    let mut text = format!("client id  {}", client.id);
    if let Some(secret) = secret {
        text.push_str(&format!(
            "\nsecret     {secret}\nThe secret is shown this once only."
        ));
    }
    print_done(
        form,
        &json!({"clientId": client.id, "name": client.name, "secret": secret}),
        &text,
    )
}

//! `hauspost app ...`: programs that may sign people in.

use super::output::{print_done, print_list};
use super::{DataFolder, Form, with_store};
use crate::base::{Error, Result, random};
use crate::identity::access::mailbox_ids;
use crate::identity::clients::{NewClient, list_clients, put_client, remove_client};
use clap::{Args, Subcommand};
use serde_json::json;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum App {
    /// Register a program, or change its registration
    Add(Add),
    /// All registered programs
    List(List),
    /// Take a registration away; its tokens end
    Remove(Remove),
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
    /// Where it may be called back; may be repeated
    #[arg(long, value_name = "URI")]
    redirect: Vec<String>,
    /// Make a secret; it is shown once
    #[arg(long)]
    secret: bool,
    /// It may send name and password itself (for scripts and tests)
    #[arg(long)]
    allow_password_grant: bool,
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
}

#[derive(Args)]
pub struct List {
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

#[derive(Args)]
pub struct Remove {
    /// Client id
    client_id: String,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

impl App {
    pub fn run(self) -> Result<()> {
        match self {
            App::Add(c) => c.run(),
            App::List(c) => with_store(&c.data, async |ctx| {
                let all = list_clients(&ctx).await?;
                print_list(
                    &c.form,
                    &["CLIENT ID", "NAME", "REDIRECTS", "PASSWORD GRANT"],
                    &all,
                    |a| {
                        let grant = if a.allow_password_grant { "yes" } else { "" };
                        vec![
                            a.id.clone(),
                            a.name.clone(),
                            a.redirect_uris.join(" "),
                            grant.to_owned(),
                        ]
                    },
                )
            }),
            App::Remove(c) => with_store(&c.data, async |ctx| {
                remove_client(&ctx, &c.client_id).await?;
                print_done(
                    &c.form,
                    &json!({"clientId": c.client_id}),
                    &format!("{} is gone", c.client_id),
                )
            }),
        }
    }
}

impl Add {
    fn run(self) -> Result<()> {
        with_store(&self.data, async |ctx| {
            let certificate = self
                .certificate
                .as_deref()
                .map(std::fs::read_to_string)
                .transpose();
            let certificate = certificate.map_err(|e| {
                Error::invalid("the file of the certificate cannot be read; give one in PEM form")
                    .caused_by(e)
            })?;
            let mailboxes = mailbox_ids(&ctx, &self.mailbox).await?;
            let new = NewClient {
                id: self.client_id.unwrap_or_else(random::uuid),
                name: self.name,
                redirect_uris: self.redirect,
                with_secret: self.secret,
                allow_password_grant: self.allow_password_grant,
                app_permissions: self.app_permission,
                // Without a word about mailboxes it gets into none.
                mailboxes: (!self.all_mailboxes).then_some(mailboxes),
                certificate,
            };
            let (client, secret) = put_client(&ctx, new).await?;
            let mut text = format!("client id  {}", client.id);
            if let Some(secret) = &secret {
                text.push_str(&format!(
                    "\nsecret     {secret}\nThe secret is shown this once only."
                ));
            }
            print_done(
                &self.form,
                &json!({"clientId": client.id, "name": client.name, "secret": secret}),
                &text,
            )
        })
    }
}

//! `hauspost setup`: the wizard's steps for scripts.

use super::output::print_done;
use super::{DataFolder, Form, read_password, server_url, with_store};
use crate::appliance::collect::put_source;
use crate::appliance::setup::{self, Inbound, NewPerson};
use crate::base::Result;
use crate::identity::Ctx;
use crate::identity::accounts::{AccountChange, change_account, find_account};
use crate::identity::domains::add_domain;
use crate::model::EmailAddress;
use crate::model::outbound::Outbound;
use clap::Args;
use serde_json::json;

#[derive(Args)]
pub struct Setup {
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
    /// The office's mail domain
    #[arg(long)]
    domain: String,
    /// Address of the first administrator, in that domain
    #[arg(long, value_name = "ADDRESS")]
    admin: String,
    /// Read the administrator's password from standard input
    #[arg(long)]
    password_stdin: bool,
    /// Name of the office
    #[arg(long, default_value = "")]
    office_name: String,
    /// Name of the administrator
    #[arg(long, default_value = "")]
    admin_name: String,
    /// Server that takes outgoing mail: smtps://user@host:465 or smtp://user@host:587; the password may be in
    /// HAUSPOST_SMARTHOST_PASSWORD. »direct« sends to the recipients' servers
    #[arg(long, value_name = "URL")]
    smarthost: Option<String>,
    /// Mailbox to collect from: imaps://user@host, pop3s://user@host; ?keep=true leaves mail there, ?split=true is
    /// the mailbox of the whole domain; the password may be in HAUSPOST_COLLECT_PASSWORD
    #[arg(long, value_name = "URL")]
    collect: Option<String>,
    /// de or en
    #[arg(long, default_value = "en")]
    language: String,
}

impl Setup {
    pub fn run(self) -> Result<()> {
        let password = if self.password_stdin {
            Some(read_password()?)
        } else {
            None
        };
        let outbound = match self.smarthost.as_deref() {
            None => None,
            Some("direct") => Some(Outbound::Direct),
            Some(url) => Some(Outbound::Smarthost {
                smarthost: server_url::smarthost(url)?,
            }),
        };
        let collect = self.collect.as_deref().map(server_url::collect).transpose()?;
        let admin = EmailAddress::parse(&self.admin)?.key();
        with_store(&self.data, async |ctx| {
            if setup::answers(&ctx).await?.is_finished {
                self.again(&ctx, &admin, password, outbound, collect).await?;
            } else {
                setup::set_language(&ctx, &self.language).await?;
                setup::set_office(&ctx, &self.office_name, &self.domain).await?;
                let person = NewPerson {
                    name: self.admin_name.clone(),
                    address: admin.clone(),
                    password,
                };
                setup::set_admin(&ctx, person).await?;
                setup::set_inbound(
                    &ctx,
                    match collect {
                        Some(server) => Inbound::Collect {
                            password: server.password.clone(),
                            server,
                            account: admin.clone(),
                        },
                        None => Inbound::Smtp,
                    },
                )
                .await?;
                setup::set_outbound(&ctx, outbound.unwrap_or_default()).await?;
                setup::set_people(&ctx, Vec::new()).await?;
                setup::finish(&ctx).await?;
            }
            ctx.store.wake_server()?;
            let account = find_account(&ctx, &admin).await?;
            print_done(
                &self.form,
                &json!({"domain": self.domain, "admin": account}),
                &format!(
                    "{} is set up; {} is its administrator",
                    self.domain, account.address
                ),
            )
        })
    }

    /// The same again changes nothing; something else is added or changed.
    async fn again(
        &self,
        ctx: &Ctx,
        admin: &str,
        password: Option<String>,
        outbound: Option<Outbound>,
        collect: Option<crate::model::collect::CollectServer>,
    ) -> Result<()> {
        add_domain(ctx, &self.domain).await?;
        let account = match find_account(ctx, admin).await {
            Ok(account) => account,
            Err(_) => {
                let new = crate::identity::accounts::NewAccount {
                    address: admin.to_owned(),
                    kind: crate::model::AccountKind::Person,
                    display_name: self.admin_name.clone(),
                    language: setup::check_language(&self.language)?,
                    is_admin: true,
                    password: crate::identity::accounts::NewPassword::None,
                };
                crate::identity::accounts::create_account(ctx, new).await?
            }
        };
        let change = AccountChange {
            is_admin: Some(true),
            password,
            ..AccountChange::default()
        };
        change_account(ctx, account.id, change).await?;
        ctx.store
            .directory()
            .write(move |d| {
                if let Some(outbound) = outbound {
                    d.put_setting("outbound", &outbound)?;
                }
                Ok(())
            })
            .await?;
        match collect {
            Some(server) => put_source(ctx, admin, server).await.map(drop),
            None => Ok(()),
        }
    }
}

//! `hauspost directory ldap ...`

use super::{Ask, Show, read_file};
use crate::base::Result;
use crate::base::clock::rfc3339;
use crate::cli::output::print_done;
use crate::cli::server_url::ldap_server;
use crate::cli::{DataFolder, Form, WhoRuns, read_password, with_store};
use crate::delivery::PostRoom;
use crate::directory::people::read_everybody;
use crate::directory::presets::Preset;
use crate::directory::settings::{LastSync, get_ldap, last_sync, put_ldap, remove_ldap, require_ldap};
use crate::directory::sync::sync_ldap;
use crate::identity::Ctx;
use crate::model::directory::{DisabledBy, LdapSettings, SyncReport};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum Ldap {
    /// Name the directory, or another way to ask it
    Set(Box<Set>),
    /// How it is asked, and how the last comparison went
    Show(Show),
    /// Ask it whom it shows, without changing anything
    Check(Ask),
    /// Make the accounts what it says, now; a server does that each quarter of an hour
    Sync(Ask),
    /// Ask it no more; the accounts stay, and need passwords of their own
    Remove(Show),
}

#[derive(Args)]
pub struct Set {
    /// Server: ldaps://host, or ldap://host (STARTTLS); ldap://host?security=none only inside of one machine
    url: String,
    /// univention, active-directory, openldap or cloudron: what is usual there, for everything that is not said
    #[arg(long, value_name = "NAME", default_value = "openldap")]
    preset: String,
    /// Below it are the people, as dc=example,dc=org
    #[arg(long, value_name = "DN")]
    base: String,
    /// Below it are the groups; where the people are, when not given
    #[arg(long, value_name = "DN", default_value = "")]
    group_base: String,
    /// Who asks; without it nobody signs in for that
    #[arg(long, value_name = "DN", default_value = "")]
    bind_dn: String,
    /// Read the password of who asks from standard input; without it, the one of before
    #[arg(long, conflicts_with = "password_file")]
    password_stdin: bool,
    /// The same from a file
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Certificate (PEM) of the directory's own authority
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Whom to take
    #[arg(long, value_name = "FILTER")]
    person_filter: Option<String>,
    /// Which groups; empty: none
    #[arg(long, value_name = "FILTER")]
    group_filter: Option<String>,
    /// What stays for life, through renames
    #[arg(long, value_name = "NAME")]
    id_attribute: Option<String>,
    /// The address
    #[arg(long, value_name = "NAME")]
    mail_attribute: Option<String>,
    /// Further addresses; empty: none
    #[arg(long, value_name = "NAME")]
    alias_attribute: Option<String>,
    /// The name that people see
    #[arg(long, value_name = "NAME")]
    name_attribute: Option<String>,
    /// Of groups: who is in them
    #[arg(long, value_name = "NAME")]
    member_attribute: Option<String>,
    /// What groups name people by; empty: their DN
    #[arg(long, value_name = "NAME")]
    member_id_attribute: Option<String>,
    /// What people sign in with beside their addresses; empty: nothing
    #[arg(long, value_name = "NAME")]
    user_name_attribute: Option<String>,
    /// How it says that somebody may not sign in: nothing, samba, active-directory, password-policy
    #[arg(long, value_name = "HOW")]
    disabled_by: Option<String>,
    #[command(flatten)]
    who: WhoRuns,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

impl Ldap {
    pub fn run(self) -> Result<()> {
        match self {
            Ldap::Set(c) => c.run(),
            Ldap::Show(c) => with_store(&c.data, async |ctx| {
                let settings = require_ldap(&ctx).await?;
                show(&c.form, &settings, last_sync(&ctx).await?.as_ref())
            }),
            Ldap::Check(c) => c.with_room(async |room| check(&room, &c.form).await),
            Ldap::Sync(c) => c.with_room(async |room| {
                let report = sync_ldap(&room).await?;
                print_done(&c.form, &report, &print_report(&report))
            }),
            Ldap::Remove(c) => with_store(&c.data, async |ctx| {
                let count = remove_ldap(&ctx).await?;
                let text = format!(
                    "the directory is asked no more; {count} accounts that came from it stay, and need passwords \
                     of their own (hauspost account set ADDRESS --password-stdin)"
                );
                print_done(&c.form, &json!({"accounts": count}), &text)
            }),
        }
    }
}

impl Set {
    fn run(self) -> Result<()> {
        self.who.assume(&self.data)?;
        with_store(&self.data, async |ctx| {
            let settings = self.settings(&ctx).await?;
            put_ldap(&ctx, settings.clone()).await?;
            show(&self.form, &settings, last_sync(&ctx).await?.as_ref())
        })
    }

    async fn password(&self, ctx: &Ctx, host: &str) -> Result<String> {
        if self.password_stdin {
            return read_password();
        }
        if let Some(file) = &self.password_file {
            let text = read_file("--password-file", file)?;
            return Ok(text.trim_end_matches(['\n', '\r']).to_owned());
        }
        // It goes to nobody to whom it was not given.
        let before = get_ldap(ctx).await?;
        let before = before.filter(|b| b.host == host && b.bind_dn == self.bind_dn);
        Ok(before.map(|b| b.bind_password).unwrap_or_default())
    }

    async fn settings(&self, ctx: &Ctx) -> Result<LdapSettings> {
        let preset = Preset::find(&self.preset)?;
        let (host, port, security) = ldap_server(&self.url)?;
        let mut attributes = preset.attributes();
        for (given, slot) in [
            (&self.id_attribute, &mut attributes.id),
            (&self.mail_attribute, &mut attributes.mail),
            (&self.alias_attribute, &mut attributes.aliases),
            (&self.name_attribute, &mut attributes.name),
            (&self.member_attribute, &mut attributes.members),
            (&self.member_id_attribute, &mut attributes.member_id),
            (&self.user_name_attribute, &mut attributes.user_name),
        ] {
            if let Some(given) = given {
                slot.clone_from(given);
            }
        }
        if let Some(word) = &self.disabled_by {
            attributes.disabled_by = DisabledBy::parse(word)?;
        }
        let or = |given: &Option<String>, usual: &str| given.clone().unwrap_or_else(|| usual.to_owned());
        Ok(LdapSettings {
            bind_password: self.password(ctx, &host).await?,
            ca_pem: self.ca.as_deref().map(|f| read_file("--ca", f)).transpose()?,
            host,
            port,
            security,
            base: self.base.clone(),
            group_base: self.group_base.clone(),
            bind_dn: self.bind_dn.clone(),
            person_filter: or(&self.person_filter, preset.person_filter),
            group_filter: or(&self.group_filter, preset.group_filter),
            attributes,
        })
    }
}

/// Never with the password.
fn show(form: &Form, s: &LdapSettings, last: Option<&LastSync>) -> Result<()> {
    let mut shown = serde_json::to_value(s).unwrap_or_default();
    if let Value::Object(fields) = &mut shown {
        fields.remove("bindPassword");
        fields.insert("lastSync".into(), json!(last));
    }
    let last = match last {
        None => "not yet".to_owned(),
        Some(LastSync {
            at_ms,
            error: Some(e),
            ..
        }) => format!("{}: {e}", rfc3339(*at_ms)),
        Some(l) => format!("{}: {}", rfc3339(l.at_ms), print_report(&l.report)),
    };
    let a = &s.attributes;
    let text = format!(
        "{}:{} ({:?})\n  base        {}\n  as          {}\n  people      {}\n  groups      {}\n  attributes  {} {} {} {} {} {}\n  \
         disabled by {}\n  last        {last}",
        s.host,
        s.port,
        s.security,
        s.base,
        if s.bind_dn.is_empty() {
            "nobody"
        } else {
            &s.bind_dn
        },
        s.person_filter,
        s.group_filter,
        a.id,
        a.mail,
        a.aliases,
        a.name,
        a.members,
        a.user_name,
        a.disabled_by.as_str(),
    );
    print_done(form, &shown, &text)
}

async fn check(room: &PostRoom, form: &Form) -> Result<()> {
    let settings = require_ldap(&room.ctx()).await?;
    let all = read_everybody(room, &settings).await?;
    let (groups, people): (Vec<_>, Vec<_>) = all.iter().partition(|p| p.members.is_some());
    let list = |all: &[&crate::model::directory::OutsidePerson]| -> Vec<Value> {
        all.iter()
            .map(|p| json!({"id": p.id, "address": p.addresses.first(), "name": p.display_name, "isDisabled": p.is_disabled}))
            .collect()
    };
    let json = json!({"people": list(&people), "groups": list(&groups)});
    let some: Vec<&str> = people
        .iter()
        .take(5)
        .filter_map(|p| Some(p.addresses.first()?.as_str()))
        .collect();
    let text = format!(
        "the directory shows {} people and {} groups; among them {}",
        people.len(),
        groups.len(),
        some.join(", ")
    );
    print_done(form, &json, &text)
}

fn print_report(r: &SyncReport) -> String {
    let mut text = format!("the directory has {} people and {} groups", r.people, r.groups);
    for (what, list) in [
        ("new", &r.made),
        ("taken over", &r.taken_over),
        ("changed", &r.changed),
        ("disabled", &r.disabled),
        ("enabled again", &r.enabled),
    ] {
        if !list.is_empty() {
            text.push_str(&format!("\n  {what}: {}", list.join(", ")));
        }
    }
    for remark in &r.remarks {
        text.push_str(&format!("\n  {remark}"));
    }
    text
}

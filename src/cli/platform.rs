//! Platforms that tell a container by its environment where people, mail servers and certificates are (Cloudron, Univention).
//! The environment is read anew at each start: what it names is set, what it named before and names no more is taken away,
//! and what people have set here themselves stays.

mod cloudron;
mod univention;

use crate::appliance::collect::{put_source, remove_source};
use crate::appliance::outbound::{get_outbound, put_outbound};
use crate::appliance::setup::{self, Inbound, NewPerson};
use crate::base::{Error, Kind, Result, random};
use crate::directory::oidc::settings::{get_oidc, put_oidc, remove_oidc};
use crate::directory::settings::{get_ldap, put_ldap, remove_ldap};
use crate::identity::Ctx;
use crate::identity::accounts::list_accounts;
use crate::identity::domains::add_domain;
use crate::model::EmailAddress;
use crate::model::collect::CollectServer;
use crate::model::directory::{LdapSettings, OidcSettings};
use crate::model::outbound::{Outbound, Smarthost};
use serde::{Deserialize, Serialize};
use std::os::unix::process::CommandExt;
use std::process::Command;

pub use cloudron::certificate;
pub use univention::hints;

/// Asks the environment; empty values count as none.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What a platform wants.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wishes {
    /// The office's mail domain.
    pub domain: Option<String>,
    /// The office is set up without anybody's answers.
    pub first: Option<First>,
    pub ldap: Option<LdapSettings>,
    pub smarthost: Option<Smarthost>,
    /// The mailbox of the whole domain.
    pub collect: Option<CollectServer>,
    /// By whom people sign in at the page.
    pub oidc: Option<OidcSettings>,
    /// Arguments of `hauspost serve`.
    pub serve: Vec<String>,
}

/// Whose office it is.
#[derive(Clone, Debug, PartialEq)]
pub struct First {
    pub domain: String,
    pub admin: String,
    pub office: String,
    pub language: String,
}

/// What was set from the environment, so that it can be taken away with it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Given {
    ldap: bool,
    smarthost: bool,
    collect: Option<i64>,
    oidc: bool,
}

const SETTING: &str = "platform";

pub fn of_environment(name: &str) -> Option<String> {
    let value = std::env::var(name).ok()?;
    let value = value.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// Errors: Invalid, when something in the environment cannot be understood, with its name.
pub fn cloudron(ask: Environment) -> Result<Wishes> {
    cloudron::wishes(ask)
}

/// Errors: as [`cloudron`].
pub fn univention(ask: Environment) -> Result<Wishes> {
    univention::wishes(ask)
}

/// A number in the environment. Errors: Invalid.
fn port(ask: Environment, name: &str) -> Result<Option<u16>> {
    let parse = |value: String| {
        value
            .parse()
            .map_err(|_| Error::invalid(format!("{name} is »{value}«, which is no port")))
    };
    ask(name).map(parse).transpose()
}

/// Makes the settings what the platform wants. Returns what was done, in sentences. One wish that cannot be fulfilled holds
/// up none of the others, and not the start: the server is worth more than a directory that cannot be named.
pub async fn fulfil(ctx: &Ctx, wishes: &Wishes) -> Result<Vec<String>> {
    let directory = ctx.store.directory();
    let before: Given = directory.read(|d| d.setting(SETTING)).await?.unwrap_or_default();
    let mut given = before.clone();
    let mut said = Vec::new();
    let tell = |said: &mut Vec<String>, done: Result<Option<String>>| match done {
        Ok(sentence) => said.extend(sentence),
        Err(e) => said.push(format!("not done: {}", e.message())),
    };
    tell(&mut said, begin(ctx, wishes).await);
    tell(&mut said, people(ctx, wishes, &mut given).await);
    tell(&mut said, signing_in(ctx, wishes, &mut given).await);
    tell(&mut said, sending(ctx, wishes, &mut given).await);
    tell(&mut said, collecting(ctx, wishes, &mut given).await);
    if given != before {
        directory.write(move |d| d.put_setting(SETTING, &given)).await?;
    }
    Ok(said)
}

async fn begin(ctx: &Ctx, wishes: &Wishes) -> Result<Option<String>> {
    if let Some(first) = &wishes.first
        && !setup::answers(ctx).await?.is_finished
    {
        let admin = EmailAddress::parse(&first.admin)?.key();
        setup::set_language(ctx, &first.language).await?;
        setup::set_office(ctx, &first.office, &first.domain).await?;
        let person = NewPerson {
            name: String::new(),
            address: admin.clone(),
            // The one that counts is in the directory; this one nobody knows.
            password: Some(random::token()),
        };
        setup::set_admin(ctx, person).await?;
        setup::set_inbound(ctx, Inbound::Smtp).await?;
        setup::set_outbound(ctx, Outbound::default()).await?;
        setup::set_people(ctx, Vec::new()).await?;
        setup::finish(ctx).await?;
        return Ok(Some(format!(
            "{} is set up; {admin} is its administrator",
            first.domain
        )));
    }
    match &wishes.domain {
        Some(domain) if add_domain(ctx, domain).await? => {
            Ok(Some(format!("{domain} is a mail domain of this server")))
        }
        _ => Ok(None),
    }
}

async fn people(ctx: &Ctx, wishes: &Wishes, given: &mut Given) -> Result<Option<String>> {
    let now = get_ldap(ctx).await?;
    match &wishes.ldap {
        // Another one that somebody has named here is theirs.
        Some(_) if now.is_some() && !given.ldap => Ok(None),
        Some(wanted) => {
            if now.as_ref() != Some(wanted) {
                put_ldap(ctx, wanted.clone()).await?;
            }
            given.ldap = true;
            Ok(Some(format!("people come from the directory at {}", wanted.host)))
        }
        None if given.ldap => {
            given.ldap = false;
            if now.is_some() {
                remove_ldap(ctx).await?;
            }
            Ok(Some(
                "there is no directory any more; its people stay, and need passwords here".into(),
            ))
        }
        None => Ok(None),
    }
}

async fn signing_in(ctx: &Ctx, wishes: &Wishes, given: &mut Given) -> Result<Option<String>> {
    let now = get_oidc(ctx).await?;
    match &wishes.oidc {
        Some(_) if now.is_some() && !given.oidc => Ok(None),
        Some(wanted) => {
            if now.as_ref() != Some(wanted) {
                put_oidc(ctx, wanted.clone()).await?;
            }
            given.oidc = true;
            Ok(Some(format!("people can sign in by {}", wanted.name)))
        }
        None if given.oidc => {
            given.oidc = false;
            if now.is_some() {
                remove_oidc(ctx).await?;
            }
            Ok(Some("there is no other sign-in any more".into()))
        }
        None => Ok(None),
    }
}

async fn sending(ctx: &Ctx, wishes: &Wishes, given: &mut Given) -> Result<Option<String>> {
    let now = get_outbound(ctx).await?;
    match &wishes.smarthost {
        // Another way that somebody has chosen here is theirs.
        Some(_) if now != Outbound::Later && !given.smarthost => Ok(None),
        Some(wanted) => {
            let wanted = Outbound::Smarthost {
                smarthost: wanted.clone(),
            };
            if now != wanted {
                put_outbound(ctx, wanted).await?;
            }
            given.smarthost = true;
            Ok(Some("mail leaves by the server of the platform".into()))
        }
        None if given.smarthost => {
            given.smarthost = false;
            put_outbound(ctx, Outbound::Later).await?;
            Ok(Some(
                "the platform takes no mail any more; what is to leave waits".into(),
            ))
        }
        None => Ok(None),
    }
}

async fn collecting(ctx: &Ctx, wishes: &Wishes, given: &mut Given) -> Result<Option<String>> {
    let Some(wanted) = &wishes.collect else {
        return match given.collect.take() {
            None => Ok(None),
            Some(id) => match remove_source(ctx, id).await {
                Err(e) if e.kind() != Kind::NotFound => Err(e),
                _ => Ok(Some("the platform has no mailbox for us any more".into())),
            },
        };
    };
    let accounts = list_accounts(ctx).await?;
    let Some(admin) = accounts.iter().filter(|a| a.is_admin).min_by_key(|a| a.id) else {
        return Ok(Some(
            "mail is collected once the office is set up and this starts again".into(),
        ));
    };
    let (source, _) = put_source(ctx, &admin.address, wanted.clone()).await?;
    given.collect = Some(source.id);
    Ok(Some(format!("mail is collected from {}", wanted.host)))
}

/// Becomes the server. Returns only when that is not possible.
pub fn become_server(arguments: &[String]) -> Error {
    let program = std::env::current_exe().unwrap_or_else(|_| "/usr/bin/hauspost".into());
    let e = Command::new(&program).arg("serve").args(arguments).exec();
    Error::unavailable(format!("{} cannot be started", program.display())).caused_by(e)
}

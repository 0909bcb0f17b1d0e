//! Setting the office up: answers are collected step by step, kept in the directory, and carried out at the end.
//! The wizard and `hauspost setup` use the same functions.

use super::{collect, outbound};
use crate::base::{Error, Kind, Result, hostname, random};
use crate::identity::accounts::{
    AccountChange, NewAccount, NewPassword, change_account, create_account, find_account,
};
use crate::identity::sessions::token_hash;
use crate::identity::{Ctx, domains, password};
use crate::model::collect::CollectServer;
use crate::model::outbound::Outbound;
use crate::model::{Account, AccountKind, EmailAddress};
use crate::store::disk;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

const SETTING: &str = "setup";

/// The answers so far.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Answers {
    pub is_finished: bool,
    /// Hashes of the cookies of browsers that know the code.
    pub holders: Vec<[u8; 32]>,
    pub language: Option<String>,
    pub office: Option<Office>,
    pub admin: Option<Person>,
    pub inbound: Option<Inbound>,
    pub outbound: Option<Outbound>,
    pub people: Option<Vec<Person>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Office {
    pub name: String,
    pub domain: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    pub name: String,
    pub address: String,
    pub password_hash: Option<String>,
}

/// How mail comes to the office.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "mode")]
pub enum Inbound {
    Collect {
        server: CollectServer,
        /// Apart, because the server's own form never shows it.
        password: String,
        /// Whose inbox; with `split` for what is for nobody.
        account: String,
    },
    Smtp,
    Later,
}

/// A person as typed.
#[derive(Clone, Debug)]
pub struct NewPerson {
    pub name: String,
    pub address: String,
    /// None: as before.
    pub password: Option<String>,
}

/// Steps in their order; the first without an answer is where the wizard goes on.
pub const STEPS: [&str; 7] = [
    "language", "office", "admin", "inbound", "outbound", "people", "finish",
];

impl Answers {
    pub fn step(&self) -> &'static str {
        let given = [
            self.language.is_some(),
            self.office.is_some(),
            self.admin.is_some(),
            self.inbound.is_some(),
            self.outbound.is_some(),
            self.people.is_some(),
        ];
        STEPS[given.iter().position(|g| !g).unwrap_or(STEPS.len() - 1)]
    }
}

pub async fn answers(ctx: &Ctx) -> Result<Answers> {
    Ok(ctx
        .store
        .directory()
        .read(|d| d.setting(SETTING))
        .await?
        .unwrap_or_default())
}

/// Errors: Forbidden, when it is finished already.
async fn change(ctx: &Ctx, f: impl FnOnce(&mut Answers) + Send + 'static) -> Result<Answers> {
    ctx.store
        .directory()
        .write(move |d| {
            let mut answers: Answers = d.setting(SETTING)?.unwrap_or_default();
            if answers.is_finished {
                return Err(finished());
            }
            f(&mut answers);
            d.put_setting(SETTING, &answers)?;
            Ok(answers)
        })
        .await
}

fn finished() -> Error {
    Error::forbidden("the office is set up already; sign in as administrator to change something")
}

fn code_file(ctx: &Ctx) -> PathBuf {
    ctx.store.layout().root().join("setup-code")
}

/// The one-time code, while the office is not set up. Stays the same over restarts.
pub async fn code(ctx: &Ctx) -> Result<Option<String>> {
    if answers(ctx).await?.is_finished {
        return Ok(None);
    }
    let file = code_file(ctx);
    if let Ok(code) = std::fs::read_to_string(&file) {
        return Ok(Some(code.trim().to_owned()));
    }
    let code = random::setup_code();
    disk::write_file(&file, format!("{code}\n").as_bytes())?;
    Ok(Some(code))
}

/// Lets a browser in that knows the code. Returns the value of its cookie.
/// Errors: Forbidden (wrong code, or finished).
pub async fn claim(ctx: &Ctx, given: &str) -> Result<String> {
    let code = code(ctx).await?.ok_or_else(finished)?;
    let plain = |s: &str| {
        s.chars()
            .filter(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_ascii_uppercase()
    };
    // Hashes, so that the comparison tells nothing by its time.
    if blake3::hash(plain(&code).as_bytes()) != blake3::hash(plain(given).as_bytes()) {
        return Err(Error::forbidden(
            "this is not the set-up code; it is shown where Hauspost was installed or started",
        ));
    }
    let cookie = random::token();
    let hash = token_hash(&cookie);
    change(ctx, move |a| {
        a.holders.push(hash);
        let surplus = a.holders.len().saturating_sub(20);
        a.holders.drain(..surplus);
    })
    .await?;
    Ok(cookie)
}

pub fn is_holder(answers: &Answers, cookie: &str) -> bool {
    let hash = blake3::Hash::from_bytes(token_hash(cookie));
    answers
        .holders
        .iter()
        .any(|h| blake3::Hash::from_bytes(*h) == hash)
}

/// Errors: Invalid.
pub async fn set_language(ctx: &Ctx, language: &str) -> Result<Answers> {
    let language = check_language(language)?;
    change(ctx, move |a| a.language = Some(language)).await
}

pub fn check_language(language: &str) -> Result<String> {
    match language {
        "de" | "en" => Ok(language.to_owned()),
        other => Err(Error::invalid(format!(
            "the language »{other}« is not known; choose de or en"
        ))),
    }
}

/// Errors: Invalid.
pub async fn set_office(ctx: &Ctx, name: &str, domain: &str) -> Result<Answers> {
    let domain = hostname::normalize(domain)?;
    if !domain.contains('.') {
        return Err(Error::invalid(format!(
            "»{domain}« is not a mail domain: it needs a dot, as in example.org"
        ))
        .with_reason("DomainNeedsDot", &[("domain", &domain)]));
    }
    let name = if name.trim().is_empty() {
        domain.clone()
    } else {
        name.trim().to_owned()
    };
    change(ctx, move |a| {
        // People whose addresses were in another domain are asked for again.
        if a.office.as_ref().is_some_and(|o| o.domain != domain) {
            a.admin = None;
            a.people = None;
        }
        a.office = Some(Office { name, domain });
    })
    .await
}

/// Errors: Invalid (address, password), Conflict (no office yet).
pub async fn set_admin(ctx: &Ctx, person: NewPerson) -> Result<Answers> {
    let now = answers(ctx).await?;
    let before = now.admin.as_ref().and_then(|a| a.password_hash.clone());
    let mut admin = check_person(&now, person, before).await?;
    if admin.password_hash.is_none() {
        return Err(Error::invalid("the administrator needs a password").with_reason("PasswordMissing", &[]));
    }
    if admin.name.is_empty() {
        admin.name = admin.address.clone();
    }
    change(ctx, move |a| a.admin = Some(admin)).await
}

async fn check_person(answers: &Answers, person: NewPerson, before: Option<String>) -> Result<Person> {
    let office = answers.office.as_ref().ok_or_else(|| {
        Error::conflict("please name the office and its domain first").with_reason("OfficeMissing", &[])
    })?;
    let address = EmailAddress::parse(&person.address)?;
    if address.domain() != office.domain {
        return Err(
            Error::invalid(format!("{address} is not an address of {}", office.domain)).with_reason(
                "AddressElsewhere",
                &[("address", &address.to_string()), ("domain", &office.domain)],
            ),
        );
    }
    let password_hash = match person.password.filter(|p| !p.is_empty()) {
        Some(p) => {
            password::check_new(&p)?;
            Some(password::hash(p).await?)
        }
        None => before,
    };
    Ok(Person {
        name: person.name.trim().to_owned(),
        address: address.key(),
        password_hash,
    })
}

/// An empty password of a server means: as before. Errors: Invalid.
pub async fn set_inbound(ctx: &Ctx, mut inbound: Inbound) -> Result<Answers> {
    if let Inbound::Collect {
        server,
        password,
        account,
    } = &mut inbound
    {
        collect::check_server(server)?;
        *account = EmailAddress::parse(account)?.key();
        if password.is_empty()
            && let Some(Inbound::Collect { password: before, .. }) = answers(ctx).await?.inbound
        {
            *password = before;
        }
        collect::check_password(password)?;
    }
    change(ctx, move |a| a.inbound = Some(inbound)).await
}

/// An empty password with a user name means: as before. Errors: Invalid.
pub async fn set_outbound(ctx: &Ctx, mut outbound: Outbound) -> Result<Answers> {
    let before = answers(ctx).await?.outbound;
    outbound::complete(&mut outbound, before)?;
    change(ctx, move |a| a.outbound = Some(outbound)).await
}

pub(super) fn check_host(host: &mut String, port: u16, what: &str) -> Result<()> {
    if port == 0 {
        return Err(Error::invalid(format!("please give the port of {what}")).with_reason("PortMissing", &[]));
    }
    if host.trim().parse::<std::net::IpAddr>().is_ok() {
        *host = host.trim().to_owned();
        return Ok(());
    }
    *host = hostname::normalize(host)?;
    Ok(())
}

/// The whole list. Errors: Invalid, with the person.
pub async fn set_people(ctx: &Ctx, people: Vec<NewPerson>) -> Result<Answers> {
    let now = answers(ctx).await?;
    let before = now.people.clone().unwrap_or_default();
    let mut checked: Vec<Person> = Vec::new();
    for person in people {
        let known = before
            .iter()
            .find(|p| p.address.eq_ignore_ascii_case(person.address.trim()));
        let hash = known.and_then(|p| p.password_hash.clone());
        let person = check_person(&now, person, hash).await?;
        let is_admin = now.admin.as_ref().is_some_and(|a| a.address == person.address);
        if is_admin || checked.iter().any(|p| p.address == person.address) {
            return Err(Error::invalid(format!("{} is there twice", person.address))
                .with_reason("AddressTwice", &[("address", &person.address)]));
        }
        checked.push(person);
    }
    change(ctx, move |a| a.people = Some(checked)).await
}

/// Carries the answers out: domain, people, ways in and out. May be repeated after a failure.
/// Returns the administrator. Errors: Conflict, when an answer is missing.
pub async fn finish(ctx: &Ctx) -> Result<Account> {
    let now = answers(ctx).await?;
    if now.is_finished {
        return Err(finished());
    }
    let (Some(office), Some(admin)) = (now.office.clone(), now.admin.clone()) else {
        return Err(
            Error::conflict("the office and its first administrator are still to be named")
                .with_reason("OfficeMissing", &[]),
        );
    };
    let language = now.language.clone().unwrap_or_else(|| "en".to_owned());
    domains::add_domain(ctx, &office.domain).await?;
    let admin = ensure_account(ctx, &admin, &language, true).await?;
    for person in now.people.iter().flatten() {
        ensure_account(ctx, person, &language, false).await?;
    }
    let collector = match &now.inbound {
        Some(Inbound::Collect { account, .. }) => {
            find_account(ctx, account).await.map(|a| a.id).unwrap_or(admin.id)
        }
        _ => admin.id,
    };
    let outbound = now.outbound.clone().unwrap_or_default();
    ctx.store
        .directory()
        .write(move |d| {
            d.put_setting("office", &office)?;
            d.put_setting("language", &language)?;
            d.put_setting("outbound", &outbound)?;
            if let Some(Inbound::Collect { server, password, .. }) = now.inbound {
                d.put_collect_source(collector, &CollectServer { password, ..server })?;
            }
            // Nothing of the answers is needed any more, least of all the passwords.
            d.put_setting(
                SETTING,
                &Answers {
                    is_finished: true,
                    ..Answers::default()
                },
            )
        })
        .await?;
    match std::fs::remove_file(code_file(ctx)) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e.into()),
        _ => Ok(admin),
    }
}

/// Makes the account, or leaves the one that is there and sets its password.
async fn ensure_account(ctx: &Ctx, person: &Person, language: &str, is_admin: bool) -> Result<Account> {
    let new = NewAccount {
        address: person.address.clone(),
        kind: AccountKind::Person,
        display_name: person.name.clone(),
        language: language.to_owned(),
        is_admin,
        password: person
            .password_hash
            .clone()
            .map_or(NewPassword::None, NewPassword::Hash),
    };
    match create_account(ctx, new).await {
        Err(e) if e.kind() == Kind::Exists => {
            let account = find_account(ctx, &person.address).await?;
            let change = AccountChange {
                is_admin: is_admin.then_some(true),
                password_hash: person.password_hash.clone(),
                ..AccountChange::default()
            };
            change_account(ctx, account.id, change).await
        }
        other => other,
    }
}

/// The office's name, once it is set up.
pub async fn office(ctx: &Ctx) -> Result<Option<Office>> {
    ctx.store.directory().read(|d| d.setting("office")).await
}

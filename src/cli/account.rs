//! `hauspost account ...`

use super::output::{print_done, print_list};
use super::resource::{ResourceFlags, describe};
use super::{DataFolder, Form, read_password, with_store};
use crate::base::{Error, Kind, Result};
use crate::calendar::resource::{change_resource, get_resource};
use crate::identity::Ctx;
use crate::identity::accounts::{
    AccountChange, NewAccount, NewPassword, change_account, create_account, find_account, list_accounts,
};
use crate::identity::removal::remove_account;
use crate::identity::second_factor::reset_second_factor;
use crate::identity::shares::{list_members, set_member};
use crate::model::scheduling::Resource;
use crate::model::{self, AccountKind, AccountState};
use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;

#[derive(Subcommand)]
pub enum Account {
    /// Make an account
    Add(Add),
    /// All accounts
    List(List),
    /// One account
    Show(One),
    /// Change an account
    Set(Box<Set>),
    /// Keep somebody from signing in; mail still arrives
    Disable(One),
    /// Remove an account and everything in it, for good
    Remove(Remove),
    /// Everything that is kept about one person, as a zip that people and programs read
    Data(super::erase::Data),
    /// Remove an account and write a signed certificate of what was erased, and of what remains in backups
    Erase(super::erase::Erase),
    /// Who belongs to a group
    #[command(subcommand)]
    Member(Member),
}

#[derive(Subcommand)]
pub enum Member {
    /// Take somebody into a group
    Add(Pair),
    /// Take somebody out of a group
    Remove(Pair),
    /// Who is in a group
    List(One),
}

#[derive(Args)]
pub struct Pair {
    /// Address of the group
    group: String,
    /// Address of the one who belongs to it
    person: String,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

impl Member {
    fn run(self) -> Result<()> {
        match self {
            Member::Add(pair) => set(&pair, true),
            Member::Remove(pair) => set(&pair, false),
            Member::List(one) => with_store(&one.data, async |ctx| {
                let group = find_account(&ctx, &one.address).await?;
                let all = list_members(&ctx, &group).await?;
                print_list(&one.form, &["ADDRESS", "NAME"], &all, |a| {
                    vec![a.address.clone(), a.display_name.clone()]
                })
            }),
        }
    }
}

fn set(pair: &Pair, is_in: bool) -> Result<()> {
    with_store(&pair.data, async |ctx| {
        set_member(&ctx, &pair.group, &pair.person, is_in).await?;
        let said = match is_in {
            true => format!("{} belongs to {}", pair.person, pair.group),
            false => format!("{} does not belong to {} any more", pair.person, pair.group),
        };
        let json = json!({"group": pair.group, "who": pair.person, "isIn": is_in});
        print_done(&pair.form, &json, &said)
    })
}

#[derive(Args)]
pub struct Add {
    /// Mail address
    address: String,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
    /// person, shared, room, equipment or group
    #[arg(long, default_value = "person", value_name = "KIND")]
    kind: String,
    /// Name that people see; the part before the @ when not given
    #[arg(long, default_value = "")]
    name: String,
    /// de or en; the office's language when not given
    #[arg(long)]
    language: Option<String>,
    /// May administer the office
    #[arg(long)]
    admin: bool,
    /// Read the password from standard input; without it, nobody can sign in yet
    #[arg(long)]
    password_stdin: bool,
    /// Do not complain when the account is there already
    #[arg(long)]
    if_missing: bool,
}

#[derive(Args)]
pub struct List {
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
    /// Only accounts of this kind
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
}

#[derive(Args)]
pub struct One {
    /// Mail address, or another address of the account
    address: String,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

#[derive(Args)]
pub struct Set {
    #[command(flatten)]
    one: One,
    /// Name that people see
    #[arg(long)]
    name: Option<String>,
    /// person, shared, room, equipment or group
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// de or en
    #[arg(long)]
    language: Option<String>,
    /// May administer the office
    #[arg(long, value_name = "yes|no")]
    admin: Option<String>,
    /// May sign in again, after disable
    #[arg(long)]
    enable: bool,
    /// Most that the account may hold, such as 20G; »none« for no limit
    #[arg(long, value_name = "SIZE")]
    quota: Option<String>,
    /// Read a new password from standard input; ends all sessions
    #[arg(long)]
    password_stdin: bool,
    /// Take the second factor away, for who has lost phone and paper
    #[arg(long)]
    reset_second_factor: bool,
    /// A further address that arrives here
    #[arg(long, value_name = "ADDRESS")]
    add_alias: Vec<String>,
    /// Take a further address away
    #[arg(long, value_name = "ADDRESS")]
    remove_alias: Vec<String>,
    #[command(flatten)]
    resource: ResourceFlags,
}

#[derive(Args)]
pub struct Remove {
    #[command(flatten)]
    one: One,
    /// Really remove all of its mail
    #[arg(long)]
    yes: bool,
}

impl Account {
    pub fn run(self) -> Result<()> {
        match self {
            Account::Add(c) => c.run(),
            Account::List(c) => c.run(),
            Account::Show(c) => with_store(&c.data, async |ctx| {
                show(&ctx, &c.form, &find_account(&ctx, &c.address).await?).await
            }),
            Account::Set(c) => c.run(),
            Account::Disable(c) => with_store(&c.data, async |ctx| {
                let change = AccountChange {
                    state: Some(AccountState::Disabled),
                    ..AccountChange::default()
                };
                let account = apply(&ctx, &c.address, change).await?;
                print_done(
                    &c.form,
                    &account,
                    &format!("{} may not sign in any more", account.address),
                )
            }),
            Account::Member(c) => c.run(),
            Account::Remove(c) => c.run(),
            Account::Data(c) => c.run(),
            Account::Erase(c) => c.run(),
        }
    }
}

async fn apply(ctx: &Ctx, address: &str, change: AccountChange) -> Result<model::Account> {
    let account = find_account(ctx, address).await?;
    change_account(ctx, account.id, change).await
}

/// An account, and what a room says of itself.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    account: &'a model::Account,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<Resource>,
}

async fn show(ctx: &Ctx, form: &Form, a: &model::Account) -> Result<()> {
    let resource = get_resource(ctx, a).await?;
    let more = resource.as_ref().map(describe).unwrap_or_default();
    let text = format!(
        "{}\n  name      {}\n  kind      {}\n  state     {}\n  admin     {}\n  language  {}\n  aliases   {}\n  id        {}{more}",
        a.address,
        a.display_name,
        a.kind.as_str(),
        if a.is_active() { "active" } else { "disabled" },
        if a.is_admin { "yes" } else { "no" },
        a.language,
        if a.aliases.is_empty() {
            "none".to_owned()
        } else {
            a.aliases.join(", ")
        },
        a.oid
    );
    print_done(form, &Shown { account: a, resource }, &text)
}

impl Add {
    fn run(self) -> Result<()> {
        let kind = AccountKind::parse(&self.kind)?;
        let password = if self.password_stdin {
            NewPassword::Plain(read_password()?)
        } else {
            NewPassword::None
        };
        with_store(&self.data, async |ctx| {
            let language = match &self.language {
                Some(l) => crate::appliance::setup::check_language(l)?,
                None => ctx
                    .store
                    .directory()
                    .read(|d| d.setting("language"))
                    .await?
                    .unwrap_or_else(|| "en".to_owned()),
            };
            let new = NewAccount {
                address: self.address.clone(),
                kind,
                display_name: self.name.clone(),
                language,
                is_admin: self.admin,
                password,
            };
            let account = match create_account(&ctx, new).await {
                Err(e) if e.kind() == Kind::Exists && self.if_missing => {
                    find_account(&ctx, &self.address).await?
                }
                other => other?,
            };
            print_done(&self.form, &account, &format!("{} is there", account.address))
        })
    }
}

impl List {
    fn run(self) -> Result<()> {
        let kind = self.kind.as_deref().map(AccountKind::parse).transpose()?;
        with_store(&self.data, async |ctx| {
            let mut all = list_accounts(&ctx).await?;
            all.retain(|a| kind.is_none_or(|k| a.kind == k));
            print_list(
                &self.form,
                &["ADDRESS", "NAME", "KIND", "STATE", "ADMIN"],
                &all,
                |a| {
                    vec![
                        a.address.clone(),
                        a.display_name.clone(),
                        a.kind.as_str().to_owned(),
                        if a.is_active() { "active" } else { "disabled" }.to_owned(),
                        if a.is_admin { "yes" } else { "" }.to_owned(),
                    ]
                },
            )
        })
    }
}

impl Set {
    fn run(self) -> Result<()> {
        let change = AccountChange {
            kind: self.kind.as_deref().map(AccountKind::parse).transpose()?,
            display_name: self.name,
            language: self
                .language
                .as_deref()
                .map(crate::appliance::setup::check_language)
                .transpose()?,
            is_admin: self.admin.as_deref().map(parse_yes).transpose()?,
            state: self.enable.then_some(AccountState::Active),
            quota_bytes: self.quota.as_deref().map(parse_quota).transpose()?,
            password: if self.password_stdin {
                Some(read_password()?)
            } else {
                None
            },
            password_hash: None,
            add_aliases: self.add_alias,
            remove_aliases: self.remove_alias,
        };
        with_store(&self.one.data, async |ctx| {
            let account = apply(&ctx, &self.one.address, change).await?;
            if self.reset_second_factor {
                reset_second_factor(&ctx, &account.address).await?;
            }
            if self.resource.is_any() {
                change_resource(&ctx, &account, |r| self.resource.apply(r)).await?;
            }
            show(&ctx, &self.one.form, &account).await
        })
    }
}

impl Remove {
    fn run(self) -> Result<()> {
        if !self.yes {
            return Err(Error::invalid(format!(
                "this removes {} and all of its mail for good; add --yes if that is what you want",
                self.one.address
            )));
        }
        with_store(&self.one.data, async |ctx| {
            let account = find_account(&ctx, &self.one.address).await?;
            remove_account(&ctx, account.id).await?;
            print_done(&self.one.form, &account, &format!("{} is gone", account.address))
        })
    }
}

pub fn parse_yes(word: &str) -> Result<bool> {
    match word {
        "yes" | "true" => Ok(true),
        "no" | "false" => Ok(false),
        other => Err(Error::invalid(format!("»{other}« is neither yes nor no"))),
    }
}

/// `500M`, `20G`, `1T`, bytes without a letter; `none`.
fn parse_quota(text: &str) -> Result<Option<i64>> {
    if text == "none" {
        return Ok(None);
    }
    parse_size(text).map(|n| Some(n as i64))
}

/// Bytes, or with K, M, G, T behind (powers of 1024).
pub fn parse_size(text: &str) -> Result<u64> {
    let bad = || Error::invalid(format!("»{text}« is no size; write for example 500M or 20G"));
    let (number, shift) = match text.trim().to_ascii_uppercase().trim_end_matches('B') {
        t if t.ends_with('K') => (t[..t.len() - 1].to_owned(), 10),
        t if t.ends_with('M') => (t[..t.len() - 1].to_owned(), 20),
        t if t.ends_with('G') => (t[..t.len() - 1].to_owned(), 30),
        t if t.ends_with('T') => (t[..t.len() - 1].to_owned(), 40),
        t => (t.to_owned(), 0),
    };
    let n: u64 = number.trim().parse().map_err(|_| bad())?;
    n.checked_mul(1 << shift)
        .filter(|n| *n <= i64::MAX as u64)
        .ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::parse_size;

    #[test]
    fn sizes_are_read() {
        assert_eq!(parse_size("20G").unwrap(), 20 << 30);
        assert_eq!(parse_size("500 mb").unwrap(), 500 << 20);
        assert_eq!(parse_size("7").unwrap(), 7);
        assert!(parse_size("lots").is_err());
        assert!(parse_size("99999999999T").is_err());
    }
}

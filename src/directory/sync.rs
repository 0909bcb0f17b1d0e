//! Makes our accounts what the directory says of them. Who is there and not here gets an account; who has gone is
//! disabled and keeps everything; a rename stays the same account, because it is known by its id.

use super::newcomer::{make_account, usual_language};
use super::people::read_everybody;
use super::settings::{note_sync, require_ldap};
use crate::base::{Error, Kind, Result};
use crate::delivery::PostRoom;
use crate::identity::Ctx;
use crate::identity::accounts::{AccountChange, change_account, list_accounts};
use crate::identity::domains::list_domains;
use crate::identity::elsewhere::{change_addresses, list_links, put_link};
use crate::identity::shares::{list_members, set_member};
use crate::model::directory::{OutsideLink, OutsidePerson, Source, SyncReport};
use crate::model::{Account, AccountId, AccountKind, AccountState, EmailAddress};
use crate::store::layout::ComparisonLock;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

/// How often, and how many times, a comparison looks whether another one has ended.
const TURN: Duration = Duration::from_millis(100);
const TURNS: u32 = 600;

/// One comparison. Errors: NotFound, when no directory is set up; what [`read_everybody`] says; Conflict, when it shows
/// nobody any more. Nothing is changed then.
pub async fn sync_ldap(room: &PostRoom) -> Result<SyncReport> {
    let ctx = room.ctx();
    let settings = require_ldap(&ctx).await?;
    let _turn = take_turn(&ctx).await?;
    let done = async {
        let everybody = read_everybody(room, &settings).await?;
        apply(&ctx, everybody).await
    };
    let done = done.await;
    note_sync(&ctx, &done).await?;
    done
}

/// One comparison at a time, in whatever process. Errors: Busy.
async fn take_turn(ctx: &Ctx) -> Result<ComparisonLock> {
    for _ in 0..TURNS {
        if let Some(lock) = ComparisonLock::try_take(ctx.store.layout())? {
            return Ok(lock);
        }
        tokio::time::sleep(TURN).await;
    }
    Err(Error::busy(
        "the accounts are just being compared with the directory; try again in a minute",
    ))
}

/// Somebody of the directory with what we know of them.
struct Known {
    person: OutsidePerson,
    /// Of ours, in our form; None: there is none.
    address: Option<String>,
    aliases: BTreeSet<String>,
    link: Option<OutsideLink>,
    account: Option<Account>,
}

impl Known {
    fn kind(&self) -> AccountKind {
        match self.person.members {
            Some(_) => AccountKind::Group,
            None => AccountKind::Person,
        }
    }

    /// For remarks.
    fn name(&self) -> &str {
        let account = self.account.as_ref().map(|a| a.address.as_str());
        let first = self.person.addresses.first().map(String::as_str);
        account.or(first).unwrap_or(&self.person.id)
    }
}

async fn apply(ctx: &Ctx, everybody: Vec<OutsidePerson>) -> Result<SyncReport> {
    let links = list_links(ctx, Source::Ldap).await?;
    let mut report = SyncReport {
        people: everybody.iter().filter(|p| p.members.is_none()).count(),
        groups: everybody.iter().filter(|p| p.members.is_some()).count(),
        ..SyncReport::default()
    };
    if report.people == 0 && links.iter().any(|l| !l.is_off) {
        return Err(Error::conflict(
            "the directory shows nobody any more; that is taken for a mistake of its filter or its rights, and nobody is disabled",
        ));
    }
    let mut known = know(ctx, everybody, &links).await?;
    let here: HashSet<&str> = known.iter().map(|k| k.person.id.as_str()).collect();
    let gone: Vec<&OutsideLink> = links
        .iter()
        .filter(|l| !here.contains(l.external_id.as_str()))
        .collect();
    for link in gone {
        switch(ctx, link, true, &mut report).await?;
    }
    for k in &mut known {
        if let Some(link) = &mut k.link {
            link.is_off = switch(ctx, link, k.person.is_disabled, &mut report).await?;
        }
    }
    drop_aliases(ctx, &mut known).await?;
    rename(ctx, &mut known, &mut report).await?;
    let language = usual_language(ctx).await?;
    for k in &mut known {
        if let Err(e) = adopt(ctx, k, &language, &mut report).await {
            remark(&mut report, k.name(), e)?;
        }
    }
    let accounts: HashMap<&str, &Account> = known
        .iter()
        .filter_map(|k| Some((k.person.id.as_str(), k.account.as_ref()?)))
        .collect();
    for k in &known {
        if let Err(e) = gather(ctx, k, &accounts).await {
            remark(&mut report, k.name(), e)?;
        }
    }
    report.changed.sort();
    report.changed.dedup();
    Ok(report)
}

/// What concerns one of them is said; what concerns everybody ends it.
fn remark(report: &mut SyncReport, name: &str, e: Error) -> Result<()> {
    match e.kind() {
        Kind::Exists | Kind::Conflict | Kind::Invalid | Kind::NotFound => {
            report.remarks.push(format!("{name}: {}", e.message()));
            Ok(())
        }
        _ => Err(e),
    }
}

/// Finds each one's account: by the link, or, when it has none yet, by the address.
async fn know(ctx: &Ctx, everybody: Vec<OutsidePerson>, links: &[OutsideLink]) -> Result<Vec<Known>> {
    let domains: HashSet<String> = list_domains(ctx).await?.into_iter().map(|d| d.name).collect();
    let accounts = list_accounts(ctx).await?;
    let linked: HashSet<AccountId> = links.iter().map(|l| l.account_id).collect();
    let ours = |text: &String| {
        let address = EmailAddress::parse(text).ok()?;
        domains.contains(address.domain()).then(|| address.key())
    };
    let mut out = Vec::with_capacity(everybody.len());
    for person in everybody {
        let link = links.iter().find(|l| l.external_id == person.id).cloned();
        let of_link = |l: &OutsideLink| accounts.iter().find(|a| a.id == l.account_id);
        let possible: Vec<String> = person.addresses.iter().filter_map(ours).collect();
        let before = link.as_ref().and_then(of_link);
        // LDAP does not keep values in order: the address that one has stays the address as long as it is there.
        let kept = before
            .filter(|a| possible.contains(&a.address))
            .map(|a| a.address.clone());
        let address = kept.or_else(|| possible.first().cloned());
        let by_address = || {
            let address = address.as_ref()?;
            accounts
                .iter()
                .find(|a| a.address == *address && !linked.contains(&a.id))
        };
        let account = before.or_else(by_address).cloned();
        let mut aliases: BTreeSet<String> = person.aliases.iter().filter_map(ours).collect();
        aliases.extend(possible);
        aliases.retain(|a| Some(a) != address.as_ref());
        out.push(Known {
            person,
            address,
            aliases,
            link,
            account,
        });
    }
    Ok(out)
}

/// Follows the directory when it says another thing than last time; what was switched here stays otherwise.
/// Returns what it is now.
async fn switch(ctx: &Ctx, link: &OutsideLink, is_off: bool, report: &mut SyncReport) -> Result<bool> {
    if link.is_off == is_off {
        return Ok(is_off);
    }
    let state = match is_off {
        true => AccountState::Disabled,
        false => AccountState::Active,
    };
    let change = AccountChange {
        state: Some(state),
        ..AccountChange::default()
    };
    match change_account(ctx, link.account_id, change).await {
        Ok(account) => {
            match is_off {
                true => report.disabled.push(account.address),
                false => report.enabled.push(account.address),
            }
            let link = OutsideLink {
                is_off,
                ..link.clone()
            };
            put_link(ctx, Source::Ldap, link).await?;
            Ok(is_off)
        }
        // The last administrator: tried again next time.
        Err(e) => {
            let name = format!("account {}", link.account_id.0);
            remark(report, &name, e)?;
            Ok(link.is_off)
        }
    }
}

/// Those that the directory gave and does not give any more; first of all, so that others can get them.
async fn drop_aliases(ctx: &Ctx, known: &mut [Known]) -> Result<()> {
    for k in known {
        let (Some(link), Some(account)) = (&k.link, &mut k.account) else {
            continue;
        };
        let keeps = |a: &String| k.aliases.contains(a) || k.address.as_ref() == Some(a);
        let dropped = link
            .aliases
            .iter()
            .filter(|a| !keeps(a) && account.aliases.contains(a));
        let dropped: Vec<String> = dropped.cloned().collect();
        if dropped.is_empty() {
            continue;
        }
        let change = AccountChange {
            remove_aliases: dropped,
            ..AccountChange::default()
        };
        *account = change_account(ctx, account.id, change).await?;
    }
    Ok(())
}

async fn rename(ctx: &Ctx, known: &mut [Known], report: &mut SyncReport) -> Result<()> {
    let mut moves = Vec::new();
    for k in known.iter() {
        if let (Some(_), Some(account), Some(address)) = (&k.link, &k.account, &k.address)
            && account.address != *address
        {
            moves.push((account.id, address.clone()));
        }
    }
    let moved: HashSet<AccountId> = change_addresses(ctx, moves.clone()).await?.into_iter().collect();
    let targets: HashMap<AccountId, String> = moves.into_iter().collect();
    for k in known {
        let Some(account) = &mut k.account else { continue };
        let Some(address) = targets.get(&account.id) else {
            continue;
        };
        if moved.contains(&account.id) {
            account.address = address.clone();
            account.aliases.retain(|a| a != address);
            report.changed.push(address.clone());
        } else {
            let line = format!("{}: {address} belongs to somebody else here", account.address);
            report.remarks.push(line);
        }
    }
    Ok(())
}

/// Makes the account when it is missing, links it, and gives it the directory's name and addresses.
async fn adopt(ctx: &Ctx, k: &mut Known, language: &str, report: &mut SyncReport) -> Result<()> {
    let account = match k.account.take() {
        Some(account) => account,
        None => match make(ctx, k, language, report).await? {
            Some(account) => account,
            None => return Ok(()),
        },
    };
    k.account = Some(account.clone());
    if account.kind != k.kind() && k.link.is_none() {
        k.account = None;
        return Err(Error::conflict(format!(
            "here this is a {}, and there it is another kind of thing; it stays as it is",
            account.kind.as_str()
        )));
    }
    let mut link = k.link.clone().unwrap_or_else(|| OutsideLink {
        account_id: account.id,
        external_id: k.person.id.clone(),
        is_off: false,
        aliases: Vec::new(),
        user_name: None,
    });
    if k.link.is_none() {
        put_link(ctx, Source::Ldap, link.clone()).await?;
        if !report.made.contains(&account.address) {
            report.taken_over.push(account.address.clone());
        }
        link.is_off = switch(ctx, &link, k.person.is_disabled, report).await?;
    }
    let account = describe(ctx, k, account, report).await?;
    // Only what it has now is the directory's; what was given by hand is not taken away by it.
    let before = &link.aliases;
    let given = k.aliases.iter().filter(|a| account.aliases.contains(a));
    let given: Vec<String> = given.cloned().collect();
    if *before != given || link.user_name != k.person.user_name || k.link.is_none() {
        link.aliases = given;
        link.user_name.clone_from(&k.person.user_name);
        put_link(ctx, Source::Ldap, link).await?;
    }
    k.account = Some(account);
    Ok(())
}

/// None: there is to be none.
async fn make(ctx: &Ctx, k: &Known, language: &str, report: &mut SyncReport) -> Result<Option<Account>> {
    if k.person.is_disabled {
        return Ok(None);
    }
    let Some(address) = k.address.clone() else {
        let line = match k.person.addresses.first() {
            Some(other) => format!("{other}: its domain is not one of this server (hauspost domain add)"),
            None => format!("{}: there is no address", k.person.id),
        };
        report.remarks.push(line);
        return Ok(None);
    };
    let account = make_account(ctx, language, (&address, k.kind()), &k.person.display_name).await?;
    report.made.push(account.address.clone());
    Ok(Some(account))
}

async fn describe(ctx: &Ctx, k: &Known, account: Account, report: &mut SyncReport) -> Result<Account> {
    let mut account = account;
    let name = &k.person.display_name;
    let renamed = !name.is_empty() && *name != account.display_name;
    let added: Vec<&String> = k.aliases.iter().filter(|a| !account.owns_address(a)).collect();
    if renamed {
        let change = AccountChange {
            display_name: Some(name.clone()),
            ..AccountChange::default()
        };
        account = change_account(ctx, account.id, change).await?;
        report.changed.push(account.address.clone());
    }
    // Each by itself: one that another has does not keep the others away.
    for alias in added {
        let change = AccountChange {
            add_aliases: vec![alias.clone()],
            ..AccountChange::default()
        };
        match change_account(ctx, account.id, change).await {
            Ok(changed) => {
                account = changed;
                report.changed.push(account.address.clone());
            }
            Err(e) => remark(report, &account.address, e)?,
        }
    }
    Ok(account)
}

/// Who belongs to a group. People whom the directory does not know are left in it. `accounts`: by the directory's ids.
async fn gather(ctx: &Ctx, k: &Known, accounts: &HashMap<&str, &Account>) -> Result<()> {
    let (Some(members), Some(group)) = (&k.person.members, &k.account) else {
        return Ok(());
    };
    let wanted: HashMap<AccountId, &Account> = members
        .iter()
        .filter_map(|id| accounts.get(id.as_str()))
        .map(|a| (a.id, *a))
        .collect();
    let theirs: HashSet<AccountId> = accounts.values().map(|a| a.id).collect();
    let now = list_members(ctx, group).await?;
    for gone in now
        .iter()
        .filter(|a| theirs.contains(&a.id) && !wanted.contains_key(&a.id))
    {
        set_member(ctx, &group.address, &gone.address, false).await?;
    }
    let is_new = |a: &&Account| !now.iter().any(|n| n.id == a.id);
    for new in wanted.into_values().filter(is_new) {
        set_member(ctx, &group.address, &new.address, true).await?;
    }
    Ok(())
}

//! The owner's rules: listing, making, changing, removing.

use crate::base::{Error, Result};
use crate::identity::Ctx;
use crate::mail::rules::facts::is_mine;
use crate::model::rule::{Rule, RuleText};
use crate::model::{Account, AccountId, EmailAddress};
use crate::store::account::AccountDb;
use crate::store::{Snapshot, Tx};

/// A rule as its owner sees it.
#[derive(Clone, Debug)]
pub struct Listed {
    pub rule: Rule,
    /// A folder that it names is gone; it is not carried out.
    pub has_error: bool,
}

/// What a new rule is, or what changes in one; None stays, or is chosen.
#[derive(Clone, Debug, Default)]
pub struct RuleChange {
    pub sequence: Option<i32>,
    pub is_enabled: Option<bool>,
    pub text: Option<RuleText>,
}

/// Each is looked at with every message that arrives.
const MAX_RULES: usize = 256;
const MAX_RULE_BYTES: usize = 32 << 10;
/// Each is a message on its own.
const MAX_RECIPIENTS: usize = 20;

/// In the order in which they are carried out.
pub async fn list_rules(ctx: &Ctx, account: AccountId) -> Result<Vec<Listed>> {
    ctx.require_owner(account)?;
    ctx.store.account(account)?.read(list_rules_in).await
}

pub fn list_rules_in(s: &Snapshot<'_, AccountDb>) -> Result<Vec<Listed>> {
    let rules = s.rules()?.into_iter();
    Ok(rules.map(|rule| listed(s, rule)).collect())
}

fn listed(s: &Snapshot<'_, AccountDb>, rule: Rule) -> Listed {
    let has_error = rule.text.actions.folders().any(|f| s.mail_folder(f).is_err());
    Listed { rule, has_error }
}

/// Errors: NotFound.
pub async fn get_rule(ctx: &Ctx, account: AccountId, id: i64) -> Result<Listed> {
    let all = list_rules(ctx, account).await?;
    all.into_iter().find(|r| r.rule.id == id).ok_or_else(no_such_rule)
}

fn no_such_rule() -> Error {
    Error::not_found("there is no such rule")
}

/// Without a sequence it comes last. Errors: Invalid; NotFound (a folder).
pub async fn create_rule(ctx: &Ctx, owner: &Account, new: RuleChange) -> Result<Listed> {
    let text = new.text.unwrap_or_default();
    check(&text, owner)?;
    ctx.require_owner(owner.id)?;
    ctx.store
        .account(owner.id)?
        .write(move |tx| {
            check_folders(tx, &text)?;
            let all = tx.rules()?;
            if all.len() >= MAX_RULES {
                return Err(Error::invalid(format!("there are at most {MAX_RULES} rules")));
            }
            let last = all.last().map_or(0, |r| r.sequence);
            let sequence = new.sequence.unwrap_or_else(|| last.saturating_add(1));
            let id = tx.insert_rule(sequence, new.is_enabled.unwrap_or(true), &text)?;
            find(tx, id)
        })
        .await
}

/// Errors: NotFound (the rule, a folder); Invalid.
pub async fn change_rule(ctx: &Ctx, owner: &Account, id: i64, change: RuleChange) -> Result<Listed> {
    ctx.require_owner(owner.id)?;
    if let Some(text) = &change.text {
        check(text, owner)?;
    }
    ctx.store
        .account(owner.id)?
        .write(move |tx| {
            let mut rule = find(tx, id)?.rule;
            rule.sequence = change.sequence.unwrap_or(rule.sequence);
            rule.is_enabled = change.is_enabled.unwrap_or(rule.is_enabled);
            if let Some(text) = change.text {
                check_folders(tx, &text)?;
                rule.text = text;
            }
            tx.put_rule(&rule)?;
            Ok(listed(tx, rule))
        })
        .await
}

/// Errors: NotFound.
pub async fn remove_rule(ctx: &Ctx, account: AccountId, id: i64) -> Result<()> {
    ctx.require_owner(account)?;
    let removed = ctx
        .store
        .account(account)?
        .write(move |tx| tx.remove_rule(id))
        .await?;
    if removed { Ok(()) } else { Err(no_such_rule()) }
}

fn find(tx: &Tx<'_, AccountDb>, id: i64) -> Result<Listed> {
    let found = tx.rules()?.into_iter().find(|r| r.id == id);
    found.map(|rule| listed(tx, rule)).ok_or_else(no_such_rule)
}

fn check_folders(tx: &Tx<'_, AccountDb>, text: &RuleText) -> Result<()> {
    text.actions
        .folders()
        .try_for_each(|f| tx.mail_folder(f).map(drop))
}

/// Errors: Invalid, for what could not be carried out.
fn check(text: &RuleText, owner: &Account) -> Result<()> {
    if text.name.trim().is_empty() || text.name.chars().any(char::is_control) {
        return Err(Error::invalid("a rule needs a name of one line"));
    }
    if serde_json::to_vec(text).map_or(usize::MAX, |t| t.len()) > MAX_RULE_BYTES {
        return Err(Error::invalid(format!(
            "a rule has at most {} kB",
            MAX_RULE_BYTES >> 10
        )));
    }
    let actions = &text.actions;
    let does = actions.folders().count() + actions.recipients().count() + actions.keywords.len();
    let does_something = does > 0
        || actions.importance.is_some()
        || actions.delete
        || actions.permanent_delete
        || actions.mark_as_read
        || actions.stop;
    if !does_something {
        return Err(Error::invalid("the rule does nothing; name at least one action"));
    }
    if actions.recipients().count() > MAX_RECIPIENTS {
        return Err(Error::invalid(format!(
            "a rule sends to at most {MAX_RECIPIENTS} recipients"
        )));
    }
    for person in actions.recipients() {
        EmailAddress::parse(&person.address)?;
        if is_mine(&person.address, owner) {
            return Err(Error::invalid(format!(
                "{} is this mailbox itself; a rule cannot send there",
                person.address
            )));
        }
    }
    Ok(())
}

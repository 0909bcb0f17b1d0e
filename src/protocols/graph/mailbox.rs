//! Whose mailbox a path is about, and whether the caller may be there.

use super::call::{Caller, Who};
use super::error::GraphError;
use super::path::Segment;
use super::rights::Right;
use crate::base::Kind;
use crate::identity::Ctx;
use crate::identity::access::{find_colleague, open_mailbox, open_mailbox_for};
use crate::identity::shares::{find_sharing, is_shared_by};
use crate::model::access::AccessLevel;
use crate::model::{Account, AccountId};
use actix_web::http::StatusCode;
use serde_json::Value;
use std::sync::Arc;

/// Whose things a request is about.
pub struct Mailbox {
    /// As whom the rooms are asked: the owner, once it was checked that the caller may be there; or the caller, where the
    /// rooms decide what each collection allows.
    pub ctx: Ctx,
    /// What the caller may do in all of the mailbox.
    pub access: AccessLevel,
    /// None for what belongs to nobody.
    pub owner: Option<Arc<Account>>,
    /// The rooms decide.
    pub is_shared: bool,
    /// What ids of another's things begin with, where they are seen among one's own.
    pub prefix: Option<String>,
}

impl Mailbox {
    pub fn account(&self) -> AccountId {
        self.owner.as_ref().map_or(AccountId(0), |o| o.id)
    }
}

/// What can be shared by itself, behind `me`.
const SHARED: [&str; 7] = [
    "calendar",
    "calendars",
    "calendarView",
    "events",
    "contactFolders",
    "contacts",
    "todo",
];

/// As [`resolve`], also for calendars, address books and task lists of others that are shared with the caller, by the
/// owner's path, or by the ids that lists of one's own give them.
pub async fn enter(caller: &Caller, mut path: Vec<Segment>) -> Result<(Vec<Segment>, Mailbox), GraphError> {
    let word = |s: &Segment, name: &str| !s.is_key && s.text.eq_ignore_ascii_case(name);
    let is_me = path.first().is_some_and(|s| word(s, "me"));
    let is_user = path.first().is_some_and(|s| word(s, "users"));
    let kind = path.get(if is_me { 1 } else { 2 });
    let is_collection = kind.is_some_and(|s| SHARED.iter().any(|name| word(s, name)));
    let prefix = path.iter().find_map(|s| prefix_of(&s.text));
    // A program by itself sees among the things of the mailbox that it names what others share with that.
    let named = match (&caller.who, path.get(1)) {
        (Who::Person(ctx), _) if is_collection => Some(ctx.clone()),
        (Who::Program(client), Some(name)) if is_collection && is_user && prefix.is_some() => {
            let owner = open_mailbox_for(&caller.directory_ctx(), client, &name.text).await;
            let owner = owner.map_err(|e| invalid_user(&name.text, e))?;
            path.drain(..2);
            path.insert(0, me_segment());
            Some(caller.house.doorkeeper.ctx(owner))
        }
        _ => None,
    };
    let is_me = is_me || path.first().is_some_and(|s| word(s, "me"));
    let is_user = is_user && !is_me;
    if let Some(ctx) = &named {
        let owner = match (&prefix, path.get(1)) {
            (Some((account, _)), _) if is_me => Some(find_sharing(ctx, *account).await?),
            (None, Some(named)) if is_user => find_colleague(ctx, &named.text).await.ok(),
            _ => None,
        };
        let me = ctx.account()?.id;
        if let Some(owner) = owner.filter(|o| o.id != me)
            && is_shared_by(ctx, owner.id).await?
        {
            if is_user {
                path.drain(..2);
                path.insert(0, me_segment());
            }
            let prefix = prefix.map(|(_, prefix)| prefix);
            for segment in &mut path {
                if let Some(bare) = prefix.as_deref().and_then(|p| segment.text.strip_prefix(p)) {
                    segment.text = bare.to_owned();
                }
            }
            let level = open_mailbox(ctx, &owner.oid).await.map(|(_, level)| level);
            let mailbox = Mailbox {
                ctx: ctx.clone(),
                access: level.unwrap_or(AccessLevel::Full),
                owner: Some(owner),
                is_shared: true,
                prefix,
            };
            return Ok((path, mailbox));
        }
    }
    let (path, ctx, access) = resolve(caller, path).await?;
    let mailbox = Mailbox {
        access,
        owner: ctx.account().ok().cloned(),
        is_shared: false,
        prefix: None,
        ctx,
    };
    Ok((path, mailbox))
}

/// `S3.` before an id: of a thing in the account with that number.
pub fn print_prefix(account: AccountId) -> String {
    format!("S{:x}.", account.0)
}

fn prefix_of(text: &str) -> Option<(AccountId, String)> {
    let (number, _) = text.strip_prefix('S')?.split_once('.')?;
    let account = AccountId(i64::from_str_radix(number, 16).ok()?);
    let prefix = print_prefix(account);
    text.starts_with(&prefix).then_some((account, prefix))
}

/// Ids in an answer as they are among the caller's own.
pub fn put_prefix(value: &mut Value, prefix: &str) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(|v| put_prefix(v, prefix)),
        Value::Object(all) => {
            for (name, value) in all.iter_mut() {
                let is_id = ["id", "seriesMasterId", "parentFolderId"].contains(&name.as_str());
                match value {
                    Value::String(text) if is_id && is_our_id(text) => *text = format!("{prefix}{text}"),
                    other => put_prefix(other, prefix),
                }
            }
        }
        _ => {}
    }
}

/// A letter and a number, perhaps with a place in a series; extended properties have ids of another sort.
fn is_our_id(text: &str) -> bool {
    let number = text.split('-').next().unwrap_or_default();
    let digits = number.strip_prefix(|c: char| c.is_ascii_uppercase());
    digits.is_some_and(|d| {
        !d.is_empty()
            && d.bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}

fn me_segment() -> Segment {
    Segment {
        text: "me".into(),
        is_key: false,
    }
}

/// The path with `me` in the place of `users/{id}`, and a context of the mailbox's owner. Paths about nobody's mailbox
/// (`users`, `$batch`) stay as they are. Errors: ErrorInvalidUser for mailboxes that are not there or not for the caller;
/// BadRequest for `me` of a program that acts for nobody.
pub async fn resolve(
    caller: &Caller,
    mut path: Vec<Segment>,
) -> Result<(Vec<Segment>, Ctx, AccessLevel), GraphError> {
    let is = |at: usize, name: &str| {
        path.get(at)
            .is_some_and(|s| !s.is_key && s.text.eq_ignore_ascii_case(name))
    };
    let is_function = path.get(1).is_some_and(|s| !s.is_key && s.text.starts_with('$'));
    let named = path.get(1).filter(|_| is(0, "users") && !is_function);
    let named = named
        .map(|s| s.text.clone())
        .filter(|n| !n.eq_ignore_ascii_case("me"));
    let is_me = is(0, "me") || (is(0, "users") && is(1, "me"));
    let (ctx, level) = match (&caller.who, named) {
        (Who::Person(ctx), None) => (ctx.clone(), AccessLevel::Full),
        (Who::Program(_), None) if is_me => {
            return Err(GraphError::request(
                "/me request is only valid with delegated authentication flow.",
            ));
        }
        (Who::Program(_), None) => (caller.directory_ctx(), AccessLevel::Full),
        // Who somebody is belongs to the directory, not to a mailbox.
        (_, Some(_)) if path.len() == 2 => return Ok((path, caller.directory_ctx(), AccessLevel::Read)),
        // Colleagues see each other's pictures, whoever may use which mailbox.
        (_, Some(name)) if is(2, "photo") || is(2, "photos") => {
            caller.granted.require(Right::UsersRead)?;
            match find_colleague(&caller.directory_ctx(), &name).await {
                Ok(owner) => (caller.house.doorkeeper.ctx(owner), AccessLevel::Read),
                Err(e) => return Err(invalid_user(&name, e)),
            }
        }
        (Who::Person(ctx), Some(name)) => match open_mailbox(ctx, &name).await {
            Ok((owner, level)) => (caller.house.doorkeeper.ctx(owner), level),
            Err(e) => return Err(invalid_user(&name, e)),
        },
        (Who::Program(client), Some(name)) => {
            match open_mailbox_for(&caller.directory_ctx(), client, &name).await {
                Ok(owner) => (caller.house.doorkeeper.ctx(owner), AccessLevel::Full),
                Err(e) => return Err(invalid_user(&name, e)),
            }
        }
    };
    if path.len() > 1 && is(0, "users") && !is_function {
        path.drain(..2);
        path.insert(0, me_segment());
    }
    Ok((path, ctx, level))
}

fn invalid_user(name: &str, error: crate::base::Error) -> GraphError {
    if error.kind() != Kind::NotFound {
        return error.into();
    }
    GraphError::new(
        StatusCode::NOT_FOUND,
        "ErrorInvalidUser",
        format!(
            "The requested user '{}' is invalid.",
            crate::base::text::one_line(name)
        ),
    )
}

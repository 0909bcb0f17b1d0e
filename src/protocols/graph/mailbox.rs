//! Whose mailbox a path is about, and whether the caller may be there.

use super::call::{Caller, Who};
use super::error::GraphError;
use super::path::Segment;
use super::rights::Right;
use crate::base::Kind;
use crate::identity::Ctx;
use crate::identity::access::{find_colleague, open_mailbox, open_mailbox_for};
use crate::model::access::AccessLevel;
use actix_web::http::StatusCode;

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
        path.insert(
            0,
            Segment {
                text: "me".into(),
                is_key: false,
            },
        );
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

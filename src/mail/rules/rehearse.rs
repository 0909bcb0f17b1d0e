//! What a rule would have done to the mail that is there: it is asked of the newest messages of the inbox, and nothing is changed.

use super::book::get_rule;
use super::facts::Facts;
use super::judge::{Case, is_for, looks_at_body};
use crate::base::{Error, Result};
use crate::identity::Ctx;
use crate::mail::body::open_body;
use crate::mail::list_folders;
use crate::mail::listing::{Condition, Order, Page, list_messages};
use crate::model::message::ListedMessage;
use crate::model::rule::RuleText;
use crate::model::{Account, Keywords, Role};
use std::sync::Arc;

/// How far back it looks: enough to see whether a rule means what somebody meant.
const LOOKED_AT: u64 = 500;
/// The text of larger messages is not looked at: they are few, and would be most of the work.
const MAX_BYTES: u64 = 4 << 20;

#[derive(Clone, Debug)]
pub struct Rehearsal {
    pub looked_at: usize,
    /// The newest first.
    pub hits: Vec<ListedMessage>,
}

/// Errors: NotFound (the rule).
pub async fn rehearse(ctx: &Ctx, owner: &Arc<Account>, rule: i64) -> Result<Rehearsal> {
    ctx.require_owner(owner.id)?;
    let text = Arc::new(get_rule(ctx, owner.id, rule).await?.rule.text);
    let tree = list_folders(ctx, owner.id).await?;
    let inbox = tree.by_role(Role::Inbox).map(|(_, f)| f.id);
    let page = Page {
        folder_id: Some(inbox.ok_or_else(|| Error::not_found("there is no inbox"))?),
        condition: Condition::Smaller(i64::try_from(MAX_BYTES).unwrap_or(i64::MAX)),
        order: Order::Received,
        is_ascending: false,
        after: None,
        skip: 0,
        top: LOOKED_AT,
    };
    let listed = list_messages(ctx, owner.id, page, false).await?.messages;
    let looked_at = listed.len();
    let mut hits = Vec::new();
    for message in listed {
        if fits(ctx, owner, &text, &message).await? {
            hits.push(message);
        }
    }
    Ok(Rehearsal { looked_at, hits })
}

async fn fits(
    ctx: &Ctx,
    owner: &Arc<Account>,
    text: &Arc<RuleText>,
    message: &ListedMessage,
) -> Result<bool> {
    let body = open_body(ctx, owner.id, &message.item).await?;
    let (text, owner) = (text.clone(), owner.clone());
    tokio::task::spawn_blocking(move || {
        let facts = Facts::of(&body.read_all()?, looks_at_body(&text));
        let case = Case {
            facts: &facts,
            me: &owner,
            keywords: &Keywords::default(),
        };
        Ok(is_for(&text, &case))
    })
    .await
    .map_err(|e| Error::internal("looking at a message was broken off").caused_by(e))?
}

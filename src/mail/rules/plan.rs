//! What becomes of a message that arrives: the rules in their order, then whether the automatic reply goes out.
//!
//! Read and decided before the transaction, carried out in it: the message is stored where it is to stay, and what has to
//! be sent is written with it.

use super::book::{Listed, list_rules_in};
use super::facts::{Facts, is_mine};
use super::judge::{Case, is_for, looks_at_body};
use crate::base::{Error, Kind, Result};
use crate::formats::mime::compose::{Outgoing, compose};
use crate::formats::mime::digest::Importance;
use crate::formats::mime::edit::replace_fields;
use crate::identity::Ctx;
use crate::mail::deliver::Delivery;
use crate::mail::intake::{Prepared, large_turn};
use crate::mail::replies::{Replies, replies_in, reply_to};
use crate::model::rule::{Actions, Forwarding, Person, Reaction};
use crate::model::{Account, FolderId, Keywords, Role};

/// Where the message goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Goal {
    #[default]
    Inbox,
    Folder(FolderId),
    Trash,
    /// Its owner does not want it to be kept.
    Nowhere,
}

#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub goal: Goal,
    pub copies: Vec<FolderId>,
    pub is_read: bool,
    pub keywords: Keywords,
    /// 0 low, 1 normal, 2 high; None: as its sender says.
    pub importance: Option<u8>,
    pub forwards: Vec<Reaction>,
    /// Who may get the automatic reply; whether they got one lately is looked at when it is written.
    pub reply: Option<Reaction>,
}

/// Messages that have gone around so long go no further.
const MAX_LOOPS: usize = 10;
const MAX_HOPS: usize = 40;

/// The plan, and the message as it is to be stored. Errors: what may be better in a minute.
pub async fn plan_arrival(
    ctx: &Ctx,
    me: &Account,
    prepared: Prepared,
    delivery: &Delivery,
) -> Result<(Plan, Prepared)> {
    if delivery.role != Role::Inbox {
        return Ok((Plan::default(), prepared));
    }
    match decide(ctx, me, &prepared, delivery).await {
        Ok((plan, None)) => Ok((plan, prepared)),
        Ok((plan, Some(marked))) => Ok((plan, marked)),
        Err(e) if e.kind().is_transient() && e.kind() != Kind::Internal => Err(e),
        Err(e) => {
            // A rule that cannot be read must not keep mail away.
            tracing::error!(account = me.address, error = ?e, "the rules of a mailbox cannot be read; its mail goes to the inbox");
            Ok((Plan::default(), prepared))
        }
    }
}

async fn decide(
    ctx: &Ctx,
    me: &Account,
    prepared: &Prepared,
    delivery: &Delivery,
) -> Result<(Plan, Option<Prepared>)> {
    let now_ms = ctx.now_ms();
    let (rules, replies) = ctx
        .store
        .account(me.id)?
        .peek(move |s| Ok((list_rules_in(s)?, replies_in(s, now_ms)?)))
        .await?;
    let rules: Vec<Listed> = rules
        .into_iter()
        .filter(|r| r.rule.is_enabled && !r.has_error)
        .collect();
    if rules.is_empty() && replies == Replies::None {
        return Ok((Plan::default(), None));
    }
    let with_body = rules.iter().any(|r| looks_at_body(&r.rule.text));
    let (source, store) = (prepared.clone(), ctx.store.clone());
    let (me_too, sender) = (me.clone(), delivery.sender.clone());
    let (mut plan, facts, marked) = tokio::task::spawn_blocking(move || {
        let _one_at_a_time = large_turn(source.size_bytes());
        let facts = Facts::read(&source, with_body)?;
        let plan = follow(&rules, &facts, &me_too, sender.as_deref());
        let marked = match plan.importance.filter(|i| *i != facts.importance) {
            Some(level) => Some(Prepared::from_bytes(
                &store,
                &mark(&source.staged.read_all()?, level),
            )?),
            None => None,
        };
        Ok::<_, Error>((plan, facts, marked))
    })
    .await
    .map_err(|e| Error::internal("looking at a message was broken off").caused_by(e))??;
    if matches!(plan.goal, Goal::Inbox | Goal::Folder(_)) {
        plan.reply = reply_to(ctx, me, &facts, replies, delivery.sender.as_deref()).await?;
    }
    Ok((plan, marked))
}

/// The same message with another importance, as every program shows it.
fn mark(raw: &[u8], level: u8) -> Vec<u8> {
    let fields = compose(&Outgoing {
        importance: match level {
            0 => Importance::Low,
            1 => Importance::Normal,
            _ => Importance::High,
        },
        ..Outgoing::default()
    });
    replace_fields(raw, &["importance", "x-priority", "priority"], &fields)
}

/// `sender`: of the envelope, if it is known.
fn follow(rules: &[Listed], facts: &Facts, me: &Account, sender: Option<&str>) -> Plan {
    let mut plan = Plan::default();
    for listed in rules {
        let text = &listed.rule.text;
        let case = Case {
            facts,
            me,
            keywords: &plan.keywords,
        };
        if !is_for(text, &case) {
            continue;
        }
        take(&text.actions, &mut plan);
        forward(&text.actions, facts, me, sender, &mut plan);
        if text.actions.stop || plan.goal == Goal::Nowhere {
            break;
        }
    }
    plan
}

/// The first rule that moves it says where it stays; what others move it to gets a copy, as in Exchange.
fn take(actions: &Actions, plan: &mut Plan) {
    plan.is_read |= actions.mark_as_read;
    plan.importance = actions.importance.or(plan.importance);
    actions.keywords.iter().for_each(|k| {
        plan.keywords.add(k);
    });
    let copy = |folder: FolderId, plan: &mut Plan| {
        if !plan.copies.contains(&folder) {
            plan.copies.push(folder);
        }
    };
    if let Some(folder) = actions.copy_to {
        copy(folder, plan);
    }
    match (actions.move_to, plan.goal) {
        (Some(folder), Goal::Inbox) => plan.goal = Goal::Folder(folder),
        (Some(folder), goal) if goal != Goal::Folder(folder) => copy(folder, plan),
        _ => {}
    }
    if actions.delete && plan.goal == Goal::Inbox {
        plan.goal = Goal::Trash;
    }
    if actions.permanent_delete {
        plan.goal = Goal::Nowhere;
    }
}

fn forward(actions: &Actions, facts: &Facts, me: &Account, sender: Option<&str>, plan: &mut Plan) {
    if actions.recipients().next().is_none() {
        return;
    }
    let signs = &facts.signs;
    let is_circle = signs.loops.iter().any(|l| is_mine(l, me));
    if is_circle || signs.loops.len() >= MAX_LOOPS || signs.hops >= MAX_HOPS {
        tracing::warn!(
            account = me.address,
            message_id = facts.message_id,
            "a message goes around in a circle; the rules do not send it on again"
        );
        return;
    }
    let is_report = sender.or(signs.return_path.as_deref()).is_some_and(str::is_empty);
    for (how, to) in [
        (Forwarding::Inline, &actions.forward_to),
        (Forwarding::Attached, &actions.forward_as_attachment_to),
        (Forwarding::Redirected, &actions.redirect_to),
    ] {
        // An alias may have come since the rule was made.
        let to: Vec<Person> = to.iter().filter(|p| !is_mine(&p.address, me)).cloned().collect();
        if !to.is_empty() {
            plan.forwards.push(Reaction::Forward { how, to, is_report });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::mime::digest::digest;

    #[test]
    fn importance_is_written_into_the_header_once() {
        let raw = b"Subject: x\r\nX-Priority: 5\r\nImportance: low\r\n\r\nbody\r\n";
        let high = mark(raw, 2);
        assert_eq!(digest(&high).importance, Importance::High);
        assert_eq!(digest(&mark(&high, 1)).importance, Importance::Normal);
        assert!(high.ends_with(b"\r\n\r\nbody\r\n"));
    }

    #[test]
    fn the_first_move_decides_and_further_ones_copy() {
        let (one, two) = (FolderId(1), FolderId(2));
        let mut plan = Plan::default();
        let moving = |to| Actions {
            move_to: Some(to),
            ..Actions::default()
        };
        take(&moving(one), &mut plan);
        take(&moving(two), &mut plan);
        take(&moving(one), &mut plan);
        let deleting = Actions {
            delete: true,
            mark_as_read: true,
            ..Actions::default()
        };
        take(&deleting, &mut plan);
        assert_eq!((plan.goal, &plan.copies[..]), (Goal::Folder(one), &[two][..]));
        assert!(plan.is_read);
    }
}

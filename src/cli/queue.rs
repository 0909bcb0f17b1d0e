//! `hauspost queue ...`

use super::output::{print_done, print_list};
use super::{DataFolder, Form, with_store};
use crate::base::Result;
use crate::base::clock::rfc3339;
use crate::delivery::queue_admin;
use crate::model::OutgoingId;
use crate::model::outgoing::RecipientState;
use clap::{Args, Subcommand};
use serde_json::json;

#[derive(Subcommand)]
pub enum Queue {
    /// What waits, and why
    List(List),
    /// Try again now: one message, or all
    Retry(Retry),
    /// Take a message out; nobody is told
    Drop(Drop),
}

#[derive(Args)]
pub struct List {
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

#[derive(Args)]
pub struct Retry {
    /// Number of the message; all when not given
    id: Option<i64>,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

#[derive(Args)]
pub struct Drop {
    /// Number of the message, as queue list shows it
    id: i64,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

impl Queue {
    pub fn run(self) -> Result<()> {
        match self {
            Queue::List(c) => with_store(&c.data, async |ctx| {
                let all = queue_admin::list(&ctx).await?;
                print_list(
                    &c.form,
                    &["ID", "SINCE", "FROM", "TO", "NEXT TRY", "LAST ANSWER"],
                    &all,
                    |q| {
                        let waiting = q.recipients.iter().filter(|r| r.state == RecipientState::Waiting);
                        let to: Vec<&str> = waiting.clone().map(|r| r.recipient.address.as_str()).collect();
                        let next = waiting.clone().map(|r| r.next_attempt_at_ms).min();
                        let reply = waiting
                            .filter_map(|r| r.last_reply.clone())
                            .next()
                            .unwrap_or_default();
                        vec![
                            q.id.to_string(),
                            rfc3339(q.created_at_ms),
                            q.sender.clone(),
                            to.join(" "),
                            next.map(rfc3339).unwrap_or_default(),
                            reply,
                        ]
                    },
                )
            }),
            Queue::Retry(c) => with_store(&c.data, async |ctx| {
                let n = queue_admin::retry(&ctx, c.id.map(OutgoingId)).await?;
                print_done(
                    &c.form,
                    &json!({"recipients": n}),
                    &format!("{n} recipients will be tried now"),
                )
            }),
            Queue::Drop(c) => with_store(&c.data, async |ctx| {
                queue_admin::drop(&ctx, OutgoingId(c.id)).await?;
                print_done(
                    &c.form,
                    &json!({"id": c.id}),
                    &format!("message {} is out of the queue", c.id),
                )
            }),
        }
    }
}

//! itemAttachments as clients describe them: a message, an event or a contact within a message, put into it in the form
//! that every mail program knows.

use super::dispatch::begin;
use super::wanted;
use crate::base::{TimeMs, random};
use crate::formats::mime::compose::{OutgoingAttachment, compose};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::contact;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::event;
use crate::protocols::graph::json;
use serde_json::Value;

/// Messages within messages.
const MOST_DEEP: usize = 5;

pub const MESSAGE: &str = "message/rfc822";

pub fn is_item(attachment: &Value) -> bool {
    let kind = json::text(attachment, "@odata.type").ok().flatten();
    kind.is_some_and(|k| bare(k).eq_ignore_ascii_case("itemAttachment"))
}

fn bare(kind: &str) -> &str {
    let kind = kind.trim_start_matches('#');
    kind.strip_prefix("microsoft.graph.").unwrap_or(kind)
}

/// When an attached message was written; None: it does not say.
fn written_at(item: &Value) -> Result<Option<TimeMs>, GraphError> {
    for name in ["sentDateTime", "receivedDateTime"] {
        if let Some(text) = json::text(item, name)? {
            let wrong =
                |_| GraphError::request(format!("»{name}« is to be a time such as 2026-11-23T09:00:00Z"));
            let at: jiff::Timestamp = text.parse().map_err(wrong)?;
            return Ok(Some(at.as_millisecond()));
        }
    }
    Ok(None)
}

/// `depth`: in how many messages it stands already. Errors: 400, naming what is missing or not known.
pub fn read(call: &Call, attachment: &Value, depth: usize) -> Result<OutgoingAttachment, GraphError> {
    let name = json::required_text(attachment, "name")?;
    let missing = || GraphError::request(format!("the itemAttachment »{name}« has no item"));
    let item = json::object(attachment, "item")?.ok_or_else(missing)?;
    let kind = bare(json::text(item, "@odata.type")?.unwrap_or_default()).to_ascii_lowercase();
    if depth >= MOST_DEEP {
        return Err(GraphError::request(format!(
            "»{name}« stands within {MOST_DEEP} other messages; that is too deep"
        )));
    }
    let (ending, content_type, content) = match kind.as_str() {
        "message" => {
            let mut outgoing = begin(call)?;
            outgoing.date_ms = written_at(item)?.unwrap_or(outgoing.date_ms);
            wanted::parse_within(call, item, depth + 1)?.apply(&mut outgoing);
            ("", MESSAGE, compose(&outgoing))
        }
        "event" => {
            let event = event::create::compose(call, &random::uuid(), item)?;
            (".ics", "text/calendar", event)
        }
        "contact" => {
            let card = contact::create::compose(call, &random::uuid(), item)?;
            (".vcf", "text/vcard", card)
        }
        other => {
            return Err(GraphError::request(format!(
                "the item of »{name}« is of the type »{other}«; known: microsoft.graph.message, .event, .contact"
            )));
        }
    };
    let ending = if name.to_ascii_lowercase().ends_with(ending) {
        ""
    } else {
        ending
    };
    Ok(OutgoingAttachment {
        name: format!("{name}{ending}"),
        content_type: content_type.to_owned(),
        content,
        content_id: None,
    })
}

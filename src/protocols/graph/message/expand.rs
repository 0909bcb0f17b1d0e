//! What is given along with a message: its attachments and what programs keep with it.

use crate::formats::mime::field;
use crate::mail::open_body;
use crate::mail::properties::message_properties;
use crate::model::Flags;
use crate::model::message::ListedMessage;
use crate::protocols::graph::attachment;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::expand::{self, Expanded};
use crate::protocols::graph::extended::{self, Id};
use crate::protocols::graph::message::view::COMPLETE;
use serde_json::{Map, Value};

const KNOWN: [&str; 4] = [
    "attachments",
    "singlevalueextendedproperties",
    "multivalueextendedproperties",
    "extensions",
];

/// What was asked for, checked once for all messages of a page.
#[derive(Clone, Debug, Default)]
pub struct Expansion(Vec<Wanted>);

#[derive(Clone, Debug)]
enum Wanted {
    Attachments(Expanded),
    Properties(&'static str, Vec<Id>),
    /// Nobody has any.
    Extensions,
}

impl Expansion {
    /// Errors: BadRequest.
    pub fn of(text: Option<&str>) -> Result<Expansion, GraphError> {
        let all = expand::parse(text, &KNOWN)?.into_iter().map(|expanded| {
            Ok(match expanded.name.as_str() {
                "attachments" => Wanted::Attachments(expanded),
                "singlevalueextendedproperties" => {
                    Wanted::Properties("singleValueExtendedProperties", extended::asked(&expanded)?)
                }
                "multivalueextendedproperties" => {
                    Wanted::Properties("multiValueExtendedProperties", extended::asked(&expanded)?)
                }
                _ => Wanted::Extensions,
            })
        });
        Ok(Expansion(all.collect::<Result<_, GraphError>>()?))
    }

    /// Messages are read for it, not only their rows.
    pub fn is_heavy(&self) -> bool {
        self.0.iter().any(|w| match w {
            Wanted::Attachments(_) => true,
            Wanted::Properties(_, ids) => ids.iter().any(|i| i.key == "0x7d"),
            Wanted::Extensions => false,
        })
    }

    /// Adds it to a message.
    pub async fn add(
        &self,
        call: &Call,
        message: &ListedMessage,
        out: &mut Map<String, Value>,
    ) -> Result<(), GraphError> {
        for wanted in &self.0 {
            let (name, value) = match wanted {
                Wanted::Attachments(expanded) => (
                    "attachments",
                    attachment::list::all_of(call, message, &expanded.options).await?,
                ),
                Wanted::Properties(name, ids) => (*name, properties(call, message, ids).await?),
                Wanted::Extensions => ("extensions", Value::Array(Vec::new())),
            };
            out.insert(name.to_owned(), value);
        }
        Ok(())
    }
}

async fn properties(call: &Call, message: &ListedMessage, ids: &[Id]) -> Result<Value, GraphError> {
    let needs_headers = ids.iter().any(|i| i.key == "0x7d");
    let headers = if needs_headers {
        Some(headers(call, message).await?)
    } else {
        None
    };
    let is_kept = |i: &Id| computed(message, headers.as_deref(), &i.key).is_none();
    let kept = match ids.iter().any(is_kept) {
        true => message_properties(call.ctx(), call.account, message.item.id).await?,
        false => Vec::new(),
    };
    Ok(extended::print(ids, &kept, |key| {
        computed(message, headers.as_deref(), key)
    }))
}

/// The message's header as it stands.
async fn headers(call: &Call, message: &ListedMessage) -> Result<String, GraphError> {
    const MOST: u64 = 256 << 10;
    let mut body = open_body(call.ctx(), call.account, &message.item).await?;
    let start = body.read_range(0, MOST.min(body.size_bytes()))?;
    let end = field::fields(&start).last().map_or(0, |f| f.end);
    Ok(String::from_utf8_lossy(&start[..end]).into_owned())
}

/// MAPI's properties that say what we know otherwise ([MS-OXPROPS]).
fn computed(message: &ListedMessage, headers: Option<&str>, key: &str) -> Option<String> {
    let item = &message.item;
    let has = |f| item.flags.contains(f);
    let number = |n: i64| Some(n.to_string());
    match key {
        // PidTagMessageSize, PidTagMessageFlags, PidTagInternetArticleNumber.
        "0xe08" => number(item.size_bytes),
        "0xe07" => {
            let bit = |is: bool, bit: i64| if is { bit } else { 0 };
            number(bit(has(Flags::SEEN), 1) | bit(has(Flags::DRAFT), 8) | bit(message.has_attachments, 16))
        }
        "0xe23" => number(i64::from(item.uid)),
        // PidTagFlagStatus: 1 complete, 2 flagged.
        "0x1090" if item.keywords.contains(COMPLETE) => number(1),
        "0x1090" if has(Flags::FLAGGED) => number(2),
        // PidTagIconIndex and PidTagLastVerbExecuted: what was done with it last.
        "0x1080" if item.keywords.contains("$Forwarded") => number(262),
        "0x1080" if has(Flags::ANSWERED) => number(261),
        "0x1080" => number(if has(Flags::SEEN) { 256 } else { 257 }),
        "0x1081" if item.keywords.contains("$Forwarded") => number(104),
        "0x1081" if has(Flags::ANSWERED) => number(102),
        // PidTagTransportMessageHeaders, PidTagInternetMessageId, PidTagSubject, PidTagMessageClass.
        "0x7d" => headers.map(str::to_owned),
        "0x1035" => message.message_id.as_ref().map(|id| format!("<{id}>")),
        "0x37" => Some(message.subject.clone()),
        "0x1a" => Some("IPM.Note".into()),
        _ => None,
    }
}

/// Properties that a program writes and that are flags of ours; the others it may keep, except what we compute.
pub fn take_flags(
    change: &mut crate::mail::change::MessageChange,
    given: Vec<crate::model::property::Property>,
) {
    use crate::model::property::PropertyValue;
    for property in given {
        let number = match &property.value {
            PropertyValue::One(text) => text.parse::<i64>().ok(),
            _ => None,
        };
        let switch = |change: &mut crate::mail::change::MessageChange, flag, is| match is {
            true => change.set = change.set.with(flag),
            false => change.clear = change.clear.with(flag),
        };
        match (property.name.as_str(), number) {
            ("0xe07", Some(bits)) => {
                switch(change, Flags::SEEN, bits & 1 != 0);
                switch(change, Flags::DRAFT, bits & 8 != 0);
            }
            ("0x1090", _) => {
                switch(change, Flags::FLAGGED, number == Some(2));
                let keywords = match number {
                    Some(1) => &mut change.add_keywords,
                    _ => &mut change.remove_keywords,
                };
                keywords.add(COMPLETE);
            }
            ("0x1081", Some(102 | 103)) => switch(change, Flags::ANSWERED, true),
            ("0x1081", Some(104)) => {
                change.add_keywords.add("$Forwarded");
            }
            ("0xe08" | "0xe23" | "0x7d" | "0x1035" | "0x37" | "0x1a" | "0x1080" | "0x1081" | "0xe07", _) => {}
            _ => change.properties.push(property),
        }
    }
}

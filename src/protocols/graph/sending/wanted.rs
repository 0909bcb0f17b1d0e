//! A message as a client describes it in JSON.

use super::item;
use crate::formats::mime::address::Mailbox;
use crate::formats::mime::compose::{Outgoing, OutgoingAttachment};
use crate::formats::mime::digest::Importance;
use crate::model::EmailAddress;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::json;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// What was given; what was not is the server's to fill in.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub subject: Option<String>,
    pub body: Option<Body>,
    pub from: Option<Mailbox>,
    pub sender: Option<Mailbox>,
    pub to: Option<Vec<Mailbox>>,
    pub cc: Option<Vec<Mailbox>>,
    pub bcc: Option<Vec<Mailbox>>,
    pub reply_to: Option<Vec<Mailbox>>,
    pub importance: Option<Importance>,
    pub message_id: Option<String>,
    pub attachments: Vec<OutgoingAttachment>,
    pub headers: Vec<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    Text(String),
    Html(String),
}

/// Errors: 400, naming what is wrong.
pub fn parse(call: &Call, message: &Value) -> Result<Wanted, GraphError> {
    parse_within(call, message, 0)
}

/// As [`parse`], of a message that stands within `depth` others.
pub fn parse_within(call: &Call, message: &Value, depth: usize) -> Result<Wanted, GraphError> {
    let attachments = json::list(message, "attachments")?.unwrap_or_default();
    let attachments = attachments.iter().map(|a| attachment(call, a, depth));
    Ok(Wanted {
        subject: json::text(message, "subject")?.map(str::to_owned),
        body: json::object(message, "body")?.map(body).transpose()?,
        from: json::object(message, "from")?.map(mailbox).transpose()?,
        sender: json::object(message, "sender")?.map(mailbox).transpose()?,
        to: mailboxes(message, "toRecipients")?,
        cc: mailboxes(message, "ccRecipients")?,
        bcc: mailboxes(message, "bccRecipients")?,
        reply_to: mailboxes(message, "replyTo")?,
        importance: json::text(message, "importance")?.map(importance).transpose()?,
        message_id: json::text(message, "internetMessageId")?
            .map(|id| id.trim().trim_matches(['<', '>']).to_owned())
            .filter(|id| !id.is_empty()),
        attachments: attachments.collect::<Result<_, _>>()?,
        headers: headers(message)?,
    })
}

fn body(value: &Value) -> Result<Body, GraphError> {
    let content = json::text(value, "content")?.unwrap_or_default().to_owned();
    match json::text(value, "contentType")?
        .map(str::to_ascii_lowercase)
        .as_deref()
    {
        None | Some("text") => Ok(Body::Text(content)),
        Some("html") => Ok(Body::Html(content)),
        Some(other) => Err(GraphError::request(format!(
            "»{other}« is no contentType; known: text, html"
        ))),
    }
}

fn importance(word: &str) -> Result<Importance, GraphError> {
    match word.to_ascii_lowercase().as_str() {
        "low" => Ok(Importance::Low),
        "normal" => Ok(Importance::Normal),
        "high" => Ok(Importance::High),
        other => Err(GraphError::request(format!(
            "»{other}« is no importance; known: low, normal, high"
        ))),
    }
}

/// `None` when the property is not there at all. Errors: ErrorInvalidRecipients.
pub fn mailboxes(value: &Value, name: &str) -> Result<Option<Vec<Mailbox>>, GraphError> {
    let list = json::list(value, name)?;
    list.map(|l| l.iter().map(mailbox).collect()).transpose()
}

fn mailbox(value: &Value) -> Result<Mailbox, GraphError> {
    let missing = || {
        GraphError::bad(
            "ErrorInvalidRecipients",
            "a recipient has no emailAddress with an address",
        )
    };
    let inner = json::object(value, "emailAddress")?.ok_or_else(missing)?;
    let address = json::text(inner, "address")?.unwrap_or_default().trim();
    let address = if address.is_empty() {
        return Err(missing());
    } else {
        address
    };
    let parsed = EmailAddress::parse(address)
        .map_err(|e| GraphError::bad("ErrorInvalidRecipients", e.message().to_owned()))?;
    let name = json::text(inner, "name")?
        .map(str::trim)
        .filter(|n| !n.is_empty() && *n != address);
    Ok(Mailbox {
        name: name.map(str::to_owned),
        address: parsed.to_string(),
    })
}

/// A file or an item. Errors: 400, also for referenceAttachment.
pub fn attachment(call: &Call, value: &Value, depth: usize) -> Result<OutgoingAttachment, GraphError> {
    match item::is_item(value) {
        true => item::read(call, value, depth),
        false => file(value),
    }
}

/// Errors: 400, also for what is no file.
pub fn file(value: &Value) -> Result<OutgoingAttachment, GraphError> {
    let kind = json::text(value, "@odata.type")?.unwrap_or("#microsoft.graph.fileAttachment");
    let files = [
        "microsoft.graph.fileAttachment",
        "microsoft.graph.taskFileAttachment",
    ];
    let bare = kind.trim_start_matches('#');
    if !files.iter().any(|f| bare.eq_ignore_ascii_case(f)) {
        return Err(GraphError::request(format!(
            "attachments of the type {kind} are not supported"
        )));
    }
    let name = json::required_text(value, "name")?.to_owned();
    let encoded = json::text(value, "contentBytes")?.unwrap_or_default();
    let content = STANDARD
        .decode(encoded.as_bytes())
        .map_err(|_| GraphError::request(format!("the contentBytes of »{name}« are not base64")))?;
    let content_id = json::text(value, "contentId")?.map(|id| id.trim_matches(['<', '>']).to_owned());
    // Only what the text shows is inline; the id alone does not make it so.
    let is_inline = json::boolean(value, "isInline")?.unwrap_or(false);
    let content_type = json::text(value, "contentType")?.unwrap_or("application/octet-stream");
    Ok(OutgoingAttachment {
        name,
        content_type: content_type.to_owned(),
        content,
        content_id: content_id.filter(|id| is_inline && !id.is_empty()),
    })
}

/// Errors: 400 for names that do not begin with `x-`.
fn headers(message: &Value) -> Result<Vec<(String, String)>, GraphError> {
    let list = json::list(message, "internetMessageHeaders")?.unwrap_or_default();
    let header = |v: &Value| {
        let name = json::required_text(v, "name")?;
        if !name.to_ascii_lowercase().starts_with("x-") {
            return Err(GraphError::bad(
                "InvalidInternetMessageHeader",
                format!("The internet message header name '{name}' should start with 'x-' or 'X-'."),
            ));
        }
        Ok((
            name.to_owned(),
            json::text(v, "value")?.unwrap_or_default().to_owned(),
        ))
    };
    list.iter().map(header).collect()
}

impl Wanted {
    /// Whether anything was given that is said in the message itself.
    pub fn is_any(&self) -> bool {
        let lists = [&self.to, &self.cc, &self.bcc, &self.reply_to];
        self.subject.is_some()
            || self.body.is_some()
            || self.from.is_some()
            || self.sender.is_some()
            || lists.iter().any(|l| l.is_some())
            || self.importance.is_some()
            || self.message_id.is_some()
            || !self.headers.is_empty()
    }

    /// Puts what was given over what is there.
    pub fn apply(self, out: &mut Outgoing) {
        fn set<T>(place: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *place = value;
            }
        }
        set(&mut out.subject, self.subject);
        set(&mut out.to, self.to);
        set(&mut out.cc, self.cc);
        set(&mut out.bcc, self.bcc);
        set(&mut out.reply_to, self.reply_to);
        set(&mut out.importance, self.importance);
        set(&mut out.message_id, self.message_id);
        if let Some(from) = self.from {
            out.sender = self.sender.filter(|s| s.address != from.address);
            out.from = vec![from];
        }
        if let Some(body) = self.body {
            set_body(out, body);
        }
        out.attachments.extend(self.attachments);
        out.extra.extend(self.headers);
    }
}

/// HTML goes with its text: not every program shows HTML.
pub fn set_body(out: &mut Outgoing, body: Body) {
    use crate::formats::html::to_text::html_to_text;
    match body {
        Body::Text(text) => (out.text, out.html) = (Some(text), None),
        Body::Html(html) => {
            out.text = Some(html_to_text(&html, 1_000_000));
            out.html = Some(html);
        }
    }
}

//! The text of a message as Graph's itemBody.

use crate::formats::html::from_text::plain_to_html;
use crate::formats::html::sanitize::{Images, Options, sanitize};
use crate::formats::mime::readable::{html_body, text_body};
use crate::protocols::graph::prefer::Prefer;
use serde_json::{Value, json};

/// As HTML unless text is preferred. What could run is taken out unless the client insists.
pub fn item_body(raw: &[u8], prefer: &Prefer) -> Value {
    if prefer.is_text_body {
        return json!({"contentType": "text", "content": text_body(raw).unwrap_or_default()});
    }
    let content = match html_body(raw) {
        Some(body) if prefer.allows_unsafe_html => body.html,
        Some(body) => {
            let options = Options {
                images: Images::Keep,
                cid: &|id| Some(format!("cid:{id}")),
            };
            sanitize(&body.html, &options).html
        }
        None => plain_to_html(&text_body(raw).unwrap_or_default()),
    };
    json!({"contentType": "html", "content": content})
}

/// Every field of the message's own header, in order.
pub fn headers(raw: &[u8]) -> Value {
    use crate::formats::mime::{field, text::decode_text};
    field::fields(raw)
        .map(|f| json!({"name": String::from_utf8_lossy(f.name), "value": decode_text(f.value)}))
        .collect()
}

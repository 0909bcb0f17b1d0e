//! Whole messages from clients: base64 of MIME.

use super::dispatch::run;
use crate::base::clock::rfc5322;
use crate::base::random;
use crate::formats::mime::digest::{Digest, digest};
use crate::formats::mime::line_endings::to_crlf;
use crate::formats::mime::section::header_fields;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A message that came whole.
pub struct Mime {
    pub raw: Vec<u8>,
    pub digest: Digest,
}

/// Errors: 400 for what is not base64.
pub async fn read(call: &Call) -> Result<Mime, GraphError> {
    let body = call.body.clone();
    let decoded = run(move || {
        let packed: Vec<u8> = body
            .iter()
            .copied()
            .filter(|b| !b.is_ascii_whitespace())
            .collect();
        let raw = STANDARD.decode(packed).ok()?;
        let raw = to_crlf(&raw).into_owned();
        let digest = digest(&raw);
        Some(Mime { raw, digest })
    });
    let mime = decoded.await?.filter(|m| !m.raw.is_empty());
    mime.ok_or_else(|| {
        GraphError::bad(
            "ErrorMimeContentInvalidBase64String",
            "Invalid base64 string for MIME content.",
        )
    })
}

impl Mime {
    /// Who it goes to.
    pub fn recipients(&self) -> Vec<String> {
        let d = &self.digest;
        let everybody = d.to.iter().chain(&d.cc).chain(&d.bcc);
        everybody.map(|m| m.address.clone()).collect()
    }

    pub fn from(&self) -> String {
        self.digest
            .from
            .first()
            .map(|m| m.address.clone())
            .unwrap_or_default()
    }

    /// Ready to be sent (RFC 6409 §8): with Date and Message-ID, without Bcc. A draft is dated now, not when it was begun.
    pub fn complete(&self, call: &Call, is_draft: bool) -> Vec<u8> {
        let end = header_end(&self.raw);
        let (header, rest) = self.raw.split_at(end);
        let has = |name: &str| header_fields(header, &[name.to_owned()], false).len() > 2;
        let mut out = Vec::with_capacity(self.raw.len() + 200);
        if is_draft || !has("Date") {
            out.extend_from_slice(format!("Date: {}\r\n", rfc5322(call.ctx().now_ms())).as_bytes());
        }
        if !has("Message-ID") {
            let host = &call.house().options.host_name;
            out.extend_from_slice(format!("Message-ID: <{}@{host}>\r\n", random::uuid()).as_bytes());
        }
        let mut left_out = vec!["Bcc".to_owned()];
        if is_draft {
            left_out.push("Date".to_owned());
        }
        if left_out.iter().any(|name| has(name)) {
            out.extend_from_slice(&header_fields(header, &left_out, true));
        } else {
            out.extend_from_slice(header);
        }
        out.extend_from_slice(rest);
        out
    }
}

/// Behind the empty line that ends the header, or the end.
fn header_end(raw: &[u8]) -> usize {
    let found = raw.windows(4).position(|w| w == b"\r\n\r\n");
    found.map_or(raw.len(), |at| at + 4)
}

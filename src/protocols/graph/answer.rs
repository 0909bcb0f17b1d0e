//! What a handler gives back, before it becomes an HTTP response or an item of a batch.

use super::error::GraphError;
use super::mailbox::put_prefix;
use super::sending::dispatch::run;
use crate::mail::stored_part::StoredPart;
use crate::protocols::http::body::pieces;
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde_json::Value;

pub struct Answer {
    pub status: StatusCode,
    pub headers: Vec<(&'static str, String)>,
    pub content: Content,
}

pub enum Content {
    None,
    Json(Value),
    Bytes {
        content_type: String,
        bytes: Bytes,
    },
    /// As [`Content::Bytes`], read while it is sent.
    Stored {
        content_type: String,
        part: Box<StoredPart>,
    },
}

/// So much may be in memory for an answer.
const SMALL_BYTES: u64 = 1 << 20;

pub type Result<T = Answer, E = GraphError> = std::result::Result<T, E>;

impl Answer {
    /// A bare value, such as a number.
    pub fn text(text: impl Into<String>) -> Answer {
        let bytes: String = text.into();
        Answer::new(
            StatusCode::OK,
            Content::Bytes {
                content_type: "text/plain".into(),
                bytes: bytes.into(),
            },
        )
    }

    /// A status and nothing else.
    pub fn empty(status: StatusCode) -> Answer {
        Answer::new(status, Content::None)
    }

    fn new(status: StatusCode, content: Content) -> Answer {
        Answer {
            status,
            headers: Vec::new(),
            content,
        }
    }

    pub fn json(value: Value) -> Answer {
        Answer::new(StatusCode::OK, Content::Json(value))
    }

    /// 201 with the address of what was made.
    pub fn created(value: Value, location: String) -> Answer {
        Answer::new(StatusCode::CREATED, Content::Json(value)).with("Location", location)
    }

    /// 202: it will be done.
    pub fn accepted() -> Answer {
        Answer::new(StatusCode::ACCEPTED, Content::None)
    }

    pub fn no_content() -> Answer {
        Answer::new(StatusCode::NO_CONTENT, Content::None)
    }

    pub fn bytes(content_type: impl Into<String>, bytes: Vec<u8>) -> Answer {
        Answer::new(
            StatusCode::OK,
            Content::Bytes {
                content_type: content_type.into(),
                bytes: bytes.into(),
            },
        )
    }

    /// What lies in a stored message: what is small is read at once. Errors: what the store says.
    pub async fn stored(content_type: impl Into<String>, part: StoredPart) -> Result {
        let is_small = part.size_at_most() <= SMALL_BYTES;
        let content = Content::Stored {
            content_type: content_type.into(),
            part: Box::new(part),
        };
        let answer = Answer::new(StatusCode::OK, content);
        match is_small {
            true => answer.collected().await,
            false => Ok(answer),
        }
    }

    /// As it is, but with all bytes at hand.
    pub async fn collected(mut self) -> Result<Answer> {
        if let Content::Stored { content_type, part } = self.content {
            let bytes = run(move || part.read_all()).await??.into();
            self.content = Content::Bytes { content_type, bytes };
        }
        Ok(self)
    }

    /// With ids of another's things as they are among the caller's own.
    pub fn with_prefix(mut self, prefix: &str) -> Answer {
        if let Content::Json(value) = &mut self.content {
            put_prefix(value, prefix);
        }
        for (name, value) in &mut self.headers {
            if *name == "Location"
                && let Some((path, id)) = value.rsplit_once('/')
            {
                *value = format!("{path}/{prefix}{id}");
            }
        }
        self
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Answer {
        self.headers.push((name, value.into()));
        self
    }

    pub fn into_response(self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        for (name, value) in &self.headers {
            response.append_header((*name, value.as_str()));
        }
        match self.content {
            Content::None => response.finish(),
            Content::Json(value) => response
                .content_type(
                    "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
                )
                .body(value.to_string()),
            Content::Bytes { content_type, bytes } => foreign(&mut response, content_type).body(bytes),
            Content::Stored { content_type, part } => {
                let response = foreign(&mut response, content_type);
                if let Some(size) = part.exact_size() {
                    response.no_chunking(size);
                }
                response.streaming(pieces(*part))
            }
        }
    }
}

/// What others have sent is never to be taken for a page of ours.
fn foreign(response: &mut HttpResponseBuilder, content_type: String) -> &mut HttpResponseBuilder {
    response
        .content_type(content_type)
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("Content-Security-Policy", "default-src 'none'; sandbox"))
        .insert_header(("Content-Disposition", "attachment"))
}

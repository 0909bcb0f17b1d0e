//! What a handler gives back, before it becomes an HTTP response or an item of a batch.

use super::error::GraphError;
use super::mailbox::put_prefix;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use serde_json::Value;

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: Vec<(&'static str, String)>,
    pub content: Content,
}

#[derive(Debug)]
pub enum Content {
    None,
    Json(Value),
    Bytes { content_type: String, bytes: Bytes },
}

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
            // What others have sent is never to be taken for a page of ours.
            Content::Bytes { content_type, bytes } => response
                .content_type(content_type)
                .insert_header(("X-Content-Type-Options", "nosniff"))
                .insert_header(("Content-Security-Policy", "default-src 'none'; sandbox"))
                .insert_header(("Content-Disposition", "attachment"))
                .body(bytes),
        }
    }
}

//! From error kinds to Graph's statuses, codes and envelope.

use super::answer::{Answer, Content};
use super::site::Site;
use crate::base::clock::rfc3339;
use crate::base::{Error, Kind, TimeMs};
use actix_web::http::StatusCode;
use serde_json::json;
use std::time::Duration;

#[derive(Debug)]
pub struct GraphError {
    status: StatusCode,
    code: &'static str,
    error: Error,
    retry_after_s: u64,
}

/// When nothing else is known, as long as Thunderbird waits anyway.
const RETRY_AFTER_S: u64 = 30;

impl From<Error> for GraphError {
    fn from(error: Error) -> Self {
        let (status, code) = match error.kind() {
            Kind::NotFound => (StatusCode::NOT_FOUND, "ErrorItemNotFound"),
            Kind::Exists => (StatusCode::CONFLICT, "ErrorFolderExists"),
            Kind::Forbidden => (StatusCode::FORBIDDEN, "ErrorAccessDenied"),
            Kind::NotAuthenticated => (StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken"),
            Kind::Invalid => (StatusCode::BAD_REQUEST, "ErrorInvalidRequest"),
            Kind::Conflict => (StatusCode::CONFLICT, "ErrorIrresolvableConflict"),
            Kind::OverQuota => (StatusCode::INSUFFICIENT_STORAGE, "ErrorQuotaExceeded"),
            Kind::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "ErrorMessageSizeExceeded"),
            Kind::TooOld => (StatusCode::GONE, "SyncStateNotFound"),
            Kind::Busy => (StatusCode::TOO_MANY_REQUESTS, "TooManyRequests"),
            Kind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "ServiceNotAvailable"),
            Kind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError"),
        };
        GraphError {
            status,
            code,
            error,
            retry_after_s: RETRY_AFTER_S,
        }
    }
}

impl GraphError {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> GraphError {
        GraphError {
            status,
            code,
            error: Error::invalid(message),
            retry_after_s: RETRY_AFTER_S,
        }
    }

    /// 429: so many requests are enough for now.
    pub fn throttled(wait: Duration) -> GraphError {
        let error =
            Error::busy("this program has sent too many requests to this mailbox; wait and try again");
        GraphError {
            code: "ApplicationThrottled",
            retry_after_s: wait.as_secs() + 1,
            ..GraphError::from(error)
        }
    }

    /// 400 with a code.
    pub fn bad(code: &'static str, message: impl Into<String>) -> GraphError {
        GraphError::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// 400: the request itself is wrong.
    pub fn request(message: impl Into<String>) -> GraphError {
        GraphError::bad("BadRequest", message)
    }

    pub fn bad_id(what: &str) -> GraphError {
        GraphError::bad("ErrorInvalidIdMalformed", format!("»{what}« is not an id"))
    }

    pub fn with_code(mut self, code: &'static str) -> GraphError {
        self.code = code;
        self
    }

    /// Somebody else was faster.
    pub fn is_conflict(&self) -> bool {
        self.error.kind() == Kind::Conflict
    }

    pub fn is_not_found(&self) -> bool {
        self.error.kind() == Kind::NotFound
    }

    /// The code, where the room has called the request invalid.
    pub fn with_code_for_invalid(self, code: &'static str) -> GraphError {
        match self.error.kind() {
            Kind::Invalid => self.with_code(code),
            _ => self,
        }
    }

    /// The code, where the room has called something too large.
    pub fn with_code_for_too_large(self, code: &'static str) -> GraphError {
        match self.error.kind() {
            Kind::TooLarge => self.with_code(code),
            _ => self,
        }
    }

    /// A condition of the request (If-Match) that does not hold: 412.
    pub fn of_condition(error: Error) -> GraphError {
        let is_condition = error.kind() == Kind::Conflict;
        let mut out = GraphError::from(error);
        if is_condition {
            out.status = StatusCode::PRECONDITION_FAILED;
        }
        out
    }

    /// The envelope. `ids`: ours and the client's name for the request.
    pub fn into_answer(self, site: &Site, ids: (&str, &str), now_ms: TimeMs) -> Answer {
        if self.status.is_server_error() {
            tracing::error!(request_id = ids.0, error = ?self.error, "a request failed");
        }
        let mut inner = json!({
            // Microsoft writes it without a zone.
            "date": rfc3339(now_ms).trim_end_matches('Z'),
            "request-id": ids.0,
            "client-request-id": ids.1,
        });
        if self.status == StatusCode::GONE {
            // Odoo begins again only when it reads this.
            inner["code"] = "fullSyncRequired".into();
        }
        let mut answer = Answer {
            status: self.status,
            headers: vec![("Cache-Control", "private".into())],
            content: Content::Json(json!({"error": {
                "code": self.code,
                "message": self.error.message(),
                "innerError": inner,
            }})),
        };
        if self.status == StatusCode::UNAUTHORIZED {
            answer = answer.with("WWW-Authenticate", challenge(site));
        }
        if self.status == StatusCode::TOO_MANY_REQUESTS || self.status == StatusCode::SERVICE_UNAVAILABLE {
            answer = answer.with("Retry-After", self.retry_after_s.to_string());
        }
        answer
    }
}

/// Without it Thunderbird takes a 401 for a defect of its own.
fn challenge(site: &Site) -> String {
    let origin = site.origin();
    format!(
        "Bearer realm=\"\", authorization_uri=\"{origin}/common/oauth2/authorize\", \
         client_id=\"00000003-0000-0000-c000-000000000000\""
    )
}

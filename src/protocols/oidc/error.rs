//! Errors in the shape of RFC 6749 §5.2 with what Microsoft adds, which programs read.

use crate::base::clock::{Clock, SystemClock, rfc3339};
use crate::base::{Error, Kind, random};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use serde_json::{Value, json};
use std::fmt;

#[derive(Debug)]
pub struct OauthError {
    /// RFC 6749's word.
    pub error: &'static str,
    /// Microsoft's number.
    code: u32,
    message: String,
    status: StatusCode,
    cause: Option<Error>,
}

impl OauthError {
    pub fn new(error: &'static str, code: u32, message: impl Into<String>) -> OauthError {
        OauthError {
            error,
            code,
            message: message.into(),
            status: if error == "invalid_client" {
                StatusCode::UNAUTHORIZED
            } else {
                StatusCode::BAD_REQUEST
            },
            cause: None,
        }
    }

    pub fn missing(parameter: &str) -> OauthError {
        OauthError::new(
            "invalid_request",
            900144,
            format!("The request body must contain the following parameter: '{parameter}'."),
        )
    }

    /// `AADSTS50126: ...`
    pub fn description(&self) -> String {
        format!("AADSTS{}: {}", self.code, self.message)
    }

    fn body(&self) -> Value {
        let (trace, correlation) = (random::uuid(), random::uuid());
        let now = rfc3339(SystemClock.now_ms()).replace('T', " ");
        if let Some(cause) = &self.cause {
            tracing::error!(trace_id = trace, error = ?cause, "a sign-in failed");
        }
        json!({
            "error": self.error,
            "error_description": format!(
                "{} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {now}",
                self.description()
            ),
            "error_codes": [self.code],
            "timestamp": now,
            "trace_id": trace,
            "correlation_id": correlation,
        })
    }
}

/// What the doorkeeper and the store say.
impl From<Error> for OauthError {
    fn from(error: Error) -> Self {
        let message = error.message().to_owned();
        match error.kind() {
            Kind::NotAuthenticated => OauthError::new("invalid_grant", 50126, message),
            Kind::Forbidden | Kind::Invalid | Kind::NotFound => {
                OauthError::new("invalid_request", 90014, message)
            }
            Kind::Busy => OauthError {
                status: StatusCode::TOO_MANY_REQUESTS,
                ..OauthError::new("temporarily_unavailable", 50053, message)
            },
            Kind::Exists
            | Kind::Conflict
            | Kind::OverQuota
            | Kind::TooLarge
            | Kind::TooOld
            | Kind::Unavailable
            | Kind::Internal => OauthError {
                status: StatusCode::SERVICE_UNAVAILABLE,
                cause: Some(error),
                ..OauthError::new(
                    "temporarily_unavailable",
                    90033,
                    "A transient error has occurred. Please try again.",
                )
            },
        }
    }
}

impl fmt::Display for OauthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.description())
    }
}

impl ResponseError for OauthError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        if self.status == StatusCode::UNAUTHORIZED {
            // RFC 6749 §5.2: who authenticates by header is told which one.
            response.insert_header(("WWW-Authenticate", "Basic realm=\"token\""));
        }
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            response.insert_header(("Retry-After", "60"));
        }
        response
            .insert_header(("Cache-Control", "no-store"))
            .insert_header(("Pragma", "no-cache"))
            .json(self.body())
    }
}

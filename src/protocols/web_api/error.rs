//! From error kinds to statuses and the error envelope.

use crate::base::clock::{Clock, SystemClock, rfc3339};
use crate::base::{Error, Kind, random};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use serde_json::json;
use std::fmt;

/// An error with the input field that is at fault.
#[derive(Debug)]
pub struct ApiError {
    error: Error,
    field: Option<&'static str>,
    code: Option<&'static str>,
}

impl ApiError {
    pub fn bad_json(e: &actix_web::error::JsonPayloadError) -> Self {
        Error::invalid(format!("the request cannot be read: {e}")).into()
    }

    pub fn with_code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        ApiError {
            error,
            field: None,
            code: None,
        }
    }
}

/// Names the field that an error is about.
pub trait AtField<T> {
    fn at(self, field: &'static str) -> Result<T, ApiError>;
}

impl<T> AtField<T> for Result<T, Error> {
    fn at(self, field: &'static str) -> Result<T, ApiError> {
        self.map_err(|error| ApiError {
            error,
            field: Some(field),
            code: None,
        })
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::NotFound => "NotFound",
        Kind::Exists => "Exists",
        Kind::Forbidden => "Forbidden",
        Kind::NotAuthenticated => "NotAuthenticated",
        Kind::Invalid => "Invalid",
        Kind::Conflict => "Conflict",
        Kind::OverQuota => "OverQuota",
        Kind::TooLarge => "TooLarge",
        Kind::TooOld => "TooOld",
        Kind::Busy => "Busy",
        Kind::Unavailable => "Unavailable",
        Kind::Internal => "Internal",
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        match self.error.kind() {
            Kind::NotFound => StatusCode::NOT_FOUND,
            Kind::Exists | Kind::Conflict => StatusCode::CONFLICT,
            Kind::Forbidden => StatusCode::FORBIDDEN,
            Kind::NotAuthenticated => StatusCode::UNAUTHORIZED,
            Kind::Invalid => StatusCode::BAD_REQUEST,
            Kind::OverQuota => StatusCode::INSUFFICIENT_STORAGE,
            Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Kind::TooOld => StatusCode::GONE,
            Kind::Busy => StatusCode::TOO_MANY_REQUESTS,
            Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let request_id = random::uuid();
        if matches!(self.error.kind(), Kind::Internal | Kind::Unavailable) {
            tracing::error!(request_id, error = ?self.error, "a request failed");
        }
        let mut body = json!({"error": {
            "code": self.code.unwrap_or_else(|| kind_name(self.error.kind())),
            "message": self.error.message(),
            "innerError": {"date": rfc3339(SystemClock.now_ms()), "request-id": request_id},
        }});
        if let Some(field) = self.field {
            body["error"]["field"] = json!(field);
        }
        if let Some(reason) = self.error.reason() {
            body["error"]["reason"] = json!(reason);
        }
        let mut response = HttpResponse::build(self.status_code());
        if self.error.kind() == Kind::Busy {
            response.insert_header(("Retry-After", "30"));
        }
        response.insert_header(("Cache-Control", "no-store")).json(body)
    }
}

pub async fn not_found() -> Result<HttpResponse, ApiError> {
    Err(Error::not_found("there is nothing at this address").into())
}

//! From error kinds to statuses and named preconditions (RFC 4918 §16, RFC 4791 §1.3).

use super::xml::{NAMESPACES, text};
use crate::base::{Error, Kind};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;

#[derive(Debug)]
pub struct DavError {
    pub status: StatusCode,
    /// With the prefix of [`NAMESPACES`].
    precondition: Option<String>,
    error: Error,
}

impl From<Error> for DavError {
    fn from(error: Error) -> Self {
        let (status, precondition) = match error.kind() {
            Kind::NotFound => (StatusCode::NOT_FOUND, None),
            Kind::Exists => (StatusCode::FORBIDDEN, None),
            Kind::Forbidden => (StatusCode::FORBIDDEN, None),
            Kind::NotAuthenticated => (StatusCode::UNAUTHORIZED, None),
            Kind::Invalid => (StatusCode::BAD_REQUEST, None),
            Kind::Conflict => (StatusCode::PRECONDITION_FAILED, None),
            Kind::OverQuota => (StatusCode::INSUFFICIENT_STORAGE, Some("<D:quota-not-exceeded/>")),
            Kind::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, None),
            Kind::TooOld => (StatusCode::FORBIDDEN, Some("<D:valid-sync-token/>")),
            Kind::Busy | Kind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, None),
            Kind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, None),
        };
        DavError {
            status,
            precondition: precondition.map(str::to_owned),
            error,
        }
    }
}

impl DavError {
    pub fn new(status: StatusCode, message: impl Into<String>) -> DavError {
        DavError {
            status,
            precondition: None,
            error: Error::invalid(message),
        }
    }

    pub fn bad_request(message: impl Into<String>) -> DavError {
        DavError::new(StatusCode::BAD_REQUEST, message)
    }

    /// 403 with the element that names what does not hold.
    pub fn precondition(element: impl Into<String>, message: impl Into<String>) -> DavError {
        DavError {
            precondition: Some(element.into()),
            ..DavError::new(StatusCode::FORBIDDEN, message)
        }
    }

    /// The same error under the name of a precondition, when it is of this kind.
    pub fn naming(error: Error, kind: Kind, element: &str) -> DavError {
        let is_meant = error.kind() == kind;
        let mut out = DavError::from(error);
        if is_meant {
            out.status = StatusCode::FORBIDDEN;
            out.precondition = Some(element.to_owned());
        }
        out
    }

    pub fn not_allowed() -> DavError {
        DavError::new(StatusCode::METHOD_NOT_ALLOWED, "this cannot be done here")
    }

    pub fn into_response(self) -> HttpResponse {
        if self.status.is_server_error() && self.status != StatusCode::SERVICE_UNAVAILABLE {
            tracing::error!(error = ?self.error, "a DAV request failed");
        }
        let mut out = HttpResponse::build(self.status);
        if self.status == StatusCode::UNAUTHORIZED {
            out.insert_header(("WWW-Authenticate", "Basic realm=\"Hauspost\", charset=\"UTF-8\""));
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            out.insert_header(("Retry-After", "60"));
        }
        out.content_type("application/xml; charset=utf-8").body(format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:error {NAMESPACES}>{}<H:message>{}</H:message></D:error>\n",
            self.precondition.unwrap_or_default(),
            text(self.error.message())
        ))
    }
}

//! What was wrong with a request, by the names of RFC 7808 §4.1.7 (as »problem details«).

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use serde_json::json;
use std::fmt;

#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    name: &'static str,
    text: String,
}

impl Problem {
    fn bad(name: &'static str, text: &str) -> Problem {
        Problem {
            status: StatusCode::BAD_REQUEST,
            name,
            text: text.to_owned(),
        }
    }

    pub fn no_such_zone() -> Problem {
        Problem {
            status: StatusCode::NOT_FOUND,
            ..Problem::bad("tzid-not-found", "there is no time zone of this name")
        }
    }

    pub fn format() -> Problem {
        Problem {
            status: StatusCode::NOT_ACCEPTABLE,
            ..Problem::bad("invalid-format", "time zones are given as text/calendar")
        }
    }

    pub fn start(text: &str) -> Problem {
        Problem::bad("invalid-start", text)
    }

    pub fn end(text: &str) -> Problem {
        Problem::bad("invalid-end", text)
    }

    pub fn pattern(text: &str) -> Problem {
        Problem::bad("invalid-pattern", text)
    }

    pub fn changed_since(text: &str) -> Problem {
        Problem::bad("invalid-changedsince", text)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status)
            .content_type("application/problem+json")
            .insert_header(("Content-Language", "en"))
            .body(
                json!({
                    "type": format!("urn:ietf:params:tzdist:error:{}", self.name),
                    "title": self.text,
                    "status": self.status.as_u16(),
                })
                .to_string(),
            )
    }
}

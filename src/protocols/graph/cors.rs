//! Pages of other origins: they may ask with a token of their own; the cookie of our page is never theirs (Fetch standard §3.2).

use super::answer::Answer;
use actix_web::{HttpRequest, HttpResponse};

/// What such pages may read of an answer beside its body.
const READABLE: &str = "ETag, Location, Preference-Applied, Content-Range, request-id, client-request-id, \
                        WWW-Authenticate, Retry-After, OData-Version";

/// Without credentials, anybody may ask: a token is what lets in.
pub fn open(answer: Answer) -> Answer {
    answer
        .with("Access-Control-Allow-Origin", "*")
        .with("Access-Control-Expose-Headers", READABLE)
}

/// What a browser asks before it sends another page's request.
pub fn preflight(request: &HttpRequest) -> HttpResponse {
    let wanted = request
        .headers()
        .get("access-control-request-headers")
        .and_then(|v| v.to_str().ok());
    HttpResponse::NoContent()
        .insert_header(("Access-Control-Allow-Origin", "*"))
        .insert_header((
            "Access-Control-Allow-Methods",
            "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
        ))
        .insert_header((
            "Access-Control-Allow-Headers",
            wanted.unwrap_or("Authorization, Content-Type"),
        ))
        .insert_header(("Access-Control-Max-Age", "86400"))
        .finish()
}

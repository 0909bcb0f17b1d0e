//! Programs that live in a page of another origin fetch their tokens from there: those whose origin is one of a registered
//! program's redirect addresses. Fetch standard §3.2.

use crate::identity::clients::list_clients;
use crate::protocols::http::auth::house;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse};
use url::{Position, Url};

pub async fn for_registered_pages(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .and_then(|v| v.to_str().ok())
            .map(str::to_owned)
    };
    let origin = match header("origin") {
        Some(origin) if is_registered(&request, &origin).await => Some(origin),
        _ => None,
    };
    let wanted = header("access-control-request-headers");
    let mut response = if *request.method() == Method::OPTIONS {
        request
            .into_response(HttpResponse::NoContent().finish())
            .map_into_right_body()
    } else {
        next.call(request).await?.map_into_left_body()
    };
    let mut put = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    };
    put("vary", "Origin");
    if let Some(origin) = origin {
        put("access-control-allow-origin", &origin);
        put("access-control-allow-methods", "POST, OPTIONS");
        put(
            "access-control-allow-headers",
            wanted.as_deref().unwrap_or("content-type"),
        );
        put("access-control-max-age", "86400");
    }
    Ok(response)
}

async fn is_registered(request: &ServiceRequest, origin: &str) -> bool {
    let Ok(house) = house(request.request()) else {
        return false;
    };
    let clients = list_clients(&house.doorkeeper.system()).await.unwrap_or_default();
    let is_of =
        |uri: &String| Url::parse(uri).is_ok_and(|u| u[..Position::BeforePath].eq_ignore_ascii_case(origin));
    clients.iter().any(|c| c.redirect_uris.iter().any(is_of))
}

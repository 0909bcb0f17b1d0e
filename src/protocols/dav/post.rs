//! POST to the scheduling outbox: when are these people busy? (RFC 6638 §5) To a collection: who may use it ([`super::share`]).

use super::door::{Answer, Call};
use super::error::DavError;
use super::place::Place;
use super::share::share;
use super::xml::{NAMESPACES, text};
use crate::base::Kind;
use crate::calendar::free_busy::answer_question;
use actix_web::HttpResponse;

pub async fn post(call: &Call, body: &[u8]) -> Answer {
    match &call.place {
        Place::Outbox(_) => {}
        Place::Collection(section, _, name) => return share(call, *section, name, body).await,
        _ => return Err(DavError::not_allowed()),
    }
    let answers = answer_question(&call.ctx, body)
        .await
        .map_err(|e| match e.kind() {
            Kind::Forbidden => DavError::naming(e, Kind::Forbidden, "<C:organizer-allowed/>"),
            _ => DavError::naming(e, Kind::Invalid, "<C:valid-scheduling-message/>"),
        })?;
    let mut out = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<C:schedule-response {NAMESPACES}>");
    for one in answers {
        let data = one.calendar.as_deref().map(text);
        let data = data.map(|d| format!("<C:calendar-data>{d}</C:calendar-data>"));
        out.push_str(&format!(
            "<C:response><C:recipient><D:href>{}</D:href></C:recipient><C:request-status>{}</C:request-status>{}</C:response>",
            text(&one.recipient),
            one.status,
            data.unwrap_or_default()
        ));
    }
    out.push_str("</C:schedule-response>\n");
    Ok(HttpResponse::Ok()
        .content_type("application/xml; charset=utf-8")
        .body(out))
}

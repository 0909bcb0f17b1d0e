//! From a request to its method's file and back.

use super::basic;
use super::error::DavError;
use super::place::{self, Place, Section};
use super::prefer::Prefer;
use super::xml::text;
use super::{attachment, copy_move, delete, get, make, post, propfind, proppatch, put, report};
use crate::identity::Ctx;
use crate::model::share::ShareLevel;
use crate::model::{Account, AccountId, FolderKind};
use crate::objects::Condition;
use crate::objects::shares::{Reached, reach};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::StreamExt;
use std::sync::Arc;

pub type Answer = Result<HttpResponse, DavError>;

const METHODS: &str =
    "OPTIONS, GET, HEAD, PUT, DELETE, POST, PROPFIND, PROPPATCH, REPORT, MKCOL, MKCALENDAR, COPY, MOVE";
const ABILITIES: &str = "1, 3, access-control, extended-mkcol, calendar-access, calendar-auto-schedule, calendar-managed-attachments, \
     calendar-no-timezone, calendar-availability, calendarserver-sharing, addressbook";

/// A multiget of thousands of names; and an object in its XML is never larger than one alone.
const MAX_XML: usize = 8 << 20;

/// A signed-in person's request.
pub struct Call {
    pub ctx: Ctx,
    pub account: Arc<Account>,
    pub place: Place,
    pub request: HttpRequest,
}

impl Call {
    /// Errors: 403, for the place where messages come in: programs only read and remove them (RFC 6638 §2.2).
    pub fn check_is_calendar(&self, place: &Reached) -> Result<(), DavError> {
        match place.collection.folder.kind {
            FolderKind::ScheduleInbox => Err(DavError::new(
                StatusCode::FORBIDDEN,
                "what comes into the inbox is put there by the server",
            )),
            _ => Ok(()),
        }
    }

    pub fn id(&self) -> AccountId {
        self.account.id
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.request.headers().get(name).and_then(|v| v.to_str().ok())
    }

    /// One's own, or another's that the person may use. Errors: NotFound.
    pub async fn collection(&self, section: Section, name: &str) -> Result<Reached, DavError> {
        Ok(reach(&self.ctx, section.kinds(), name).await?)
    }

    pub fn prefer(&self) -> Prefer {
        Prefer::of(&self.request)
    }

    /// Errors: 403 with the privilege that is missing (RFC 3744 §7.1.1).
    pub fn require(&self, place: &Reached, needed: ShareLevel) -> Result<(), DavError> {
        if place.level >= needed {
            return Ok(());
        }
        let privilege = match needed {
            ShareLevel::FreeBusy => "C:read-free-busy",
            ShareLevel::Read => "D:read",
            ShareLevel::Write => "D:write-content",
            ShareLevel::Manage => "D:write-properties",
        };
        Err(DavError::precondition(
            format!(
                "<D:need-privileges><D:resource><D:href>{}</D:href><D:privilege><{privilege}/></D:privilege></D:resource></D:need-privileges>",
                text(self.request.path())
            ),
            format!(
                "you have the right »{}« here, and this needs »{}«",
                place.level.as_str(),
                needed.as_str()
            ),
        ))
    }

    /// `If-Match` and `If-None-Match` for what changes something.
    pub fn condition(&self) -> Condition {
        if let Some(given) = self.header("if-schedule-tag-match") {
            return Condition::ScheduleTag(parse_tag(given).unwrap_or(-1));
        }
        match (self.header("if-match"), self.header("if-none-match")) {
            (Some("*"), _) => Condition::Present,
            (Some(tag), _) => parse_tag(tag).map_or(Condition::Unchanged(-1), Condition::Unchanged),
            (None, Some("*")) => Condition::Absent,
            _ => Condition::Always,
        }
    }
}

/// The strong validator of an object: it changes with every byte, and never comes back.
pub fn tag(modseq: i64) -> String {
    format!("\"{modseq:x}\"")
}

fn parse_tag(tag: &str) -> Option<i64> {
    let hex = tag.trim().strip_prefix('"')?.strip_suffix('"')?;
    i64::from_str_radix(hex, 16).ok()
}

pub async fn lead_in() -> HttpResponse {
    HttpResponse::MovedPermanently()
        .insert_header(("Location", place::root()))
        .finish()
}

pub async fn answer(request: HttpRequest, payload: Payload) -> HttpResponse {
    let prefer = Prefer::of(&request);
    let mut out = match route(request, payload).await {
        Ok(response) => response,
        Err(e) => e.into_response(),
    };
    out.headers_mut().insert(
        HeaderName::from_static("dav"),
        HeaderValue::from_static(ABILITIES),
    );
    if prefer.is_minimal && out.status() == StatusCode::MULTI_STATUS {
        out.headers_mut().insert(
            HeaderName::from_static("preference-applied"),
            HeaderValue::from_static("return=minimal"),
        );
        out.headers_mut()
            .insert(header::VARY, HeaderValue::from_static("Prefer, Brief"));
    }
    out
}

async fn route(request: HttpRequest, payload: Payload) -> Answer {
    if request.method().as_str() == "OPTIONS" {
        return Ok(HttpResponse::Ok().insert_header(("Allow", METHODS)).finish());
    }
    let ctx = basic::signed_in(&request).await?;
    let account = ctx.account()?.clone();
    let place = Place::parse(request.path())?;
    // Others' things look like missing ones.
    let is_anothers = place
        .owner()
        .is_some_and(|who| who != account.address.to_lowercase());
    // Who the others are is for everybody in the office.
    let is_person =
        matches!(place, Place::Principal(_)) && matches!(request.method().as_str(), "PROPFIND" | "REPORT");
    if is_anothers && !is_person {
        return Err(DavError::new(
            StatusCode::NOT_FOUND,
            "there is nothing at this address",
        ));
    }
    let call = Call {
        ctx,
        account,
        place,
        request,
    };
    let method = call.request.method().as_str().to_owned();
    if let (Place::Object(..), "POST") = (&call.place, method.as_str()) {
        return attachment::post(&call, payload).await;
    }
    let most = if method == "PUT" {
        crate::objects::put::MAX_BYTES
    } else {
        MAX_XML
    };
    let body = read_body(payload, most).await?;
    match method.as_str() {
        "GET" | "HEAD" => get::get(&call).await,
        "PUT" => put::put(&call, body).await,
        "DELETE" => delete::delete(&call).await,
        "POST" => post::post(&call, &body).await,
        "PROPFIND" => propfind::propfind(&call, &body).await,
        "PROPPATCH" => proppatch::proppatch(&call, &body).await,
        "REPORT" => report::report(&call, &body).await,
        "MKCOL" | "MKCALENDAR" => make::make(&call, &body, method == "MKCALENDAR").await,
        "COPY" => copy_move::transfer(&call, false).await,
        "MOVE" => copy_move::transfer(&call, true).await,
        _ => Err(DavError::not_allowed()),
    }
}

async fn read_body(mut payload: Payload, most: usize) -> Result<Bytes, DavError> {
    let mut body = Vec::new();
    while let Some(piece) = payload.next().await {
        let piece = piece.map_err(|e| DavError::bad_request(format!("the body broke off: {e}")))?;
        if body.len() + piece.len() > most {
            return Err(DavError::precondition(
                "<C:max-resource-size/>",
                format!("at most {} MB are taken", most >> 20),
            ));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body.into())
}

//! Files of events and tasks (RFC 8607): POST to the event with an action, GET from where its ATTACH says.

use super::door::{Answer, Call};
use super::error::DavError;
use super::place::Place;
use super::put::{answer, name_version, with_bytes};
use crate::base::Kind;
use crate::calendar::attach::{
    Changed, FileChange, FilePlace, Intake, NewFile, change_files, check_size, open_file,
};
use crate::formats::mime::content_type::Parameterized;
use crate::mail::stored_part::StoredPart;
use crate::model::share::ShareLevel;
use crate::objects::Put;
use crate::objects::reading::read_in;
use crate::protocols::http::body::{drain, pieces};
use crate::protocols::http::host::origin;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::Payload;
use futures_util::StreamExt;
use std::collections::HashMap;

/// The parameters of the address; of two with one name the last.
fn parameters(call: &Call) -> HashMap<String, String> {
    url::form_urlencoded::parse(call.request.query_string().as_bytes())
        .into_owned()
        .collect()
}

pub async fn post(call: &Call, payload: Payload) -> Answer {
    let Place::Object(section, _, collection, name) = &call.place else {
        return Err(DavError::not_allowed());
    };
    let given = parameters(call);
    let managed_id = || {
        let id = given.get("managed-id").cloned();
        id.ok_or_else(|| no_such_file("»managed-id« is missing in the address"))
    };
    let reached = call.collection(*section, collection).await?;
    call.require(&reached, ShareLevel::Write)?;
    call.check_is_calendar(&reached)?;
    let change = match given.get("action").map(String::as_str) {
        Some("attachment-add") => FileChange::Add(read_file(call, payload).await?),
        Some("attachment-update") => FileChange::Update(managed_id()?, read_file(call, payload).await?),
        Some("attachment-remove") => FileChange::Remove(managed_id()?),
        _ => {
            return Err(DavError::precondition(
                "<C:valid-action/>",
                "what can be posted to an event is an attachment: »action« is to be attachment-add, attachment-update or \
                 attachment-remove",
            ));
        }
    };
    let place = FilePlace {
        account: reached.account(),
        collection: &reached.collection,
        name,
        rid: given.get("rid").map(String::as_str),
    };
    let changed = change_files(
        &call.ctx,
        place,
        &change,
        call.condition(),
        &origin(&call.request),
    )
    .await;
    let changed = changed.map_err(|e| DavError::naming(e, Kind::TooLarge, "<C:max-attachment-size/>"))?;
    let (put, id) = match changed {
        Changed::Done(put, id) => (put, id),
        Changed::NoSuchInstance => {
            return Err(DavError::precondition(
                "<C:valid-rid/>",
                "»rid« names an occurrence that the event does not have",
            ));
        }
        Changed::NoSuchFile => return Err(no_such_file("the event has no attachment of this managed-id")),
        Changed::TooMany => {
            return Err(DavError::precondition(
                "<C:max-attachments-per-resource/>",
                "the event has as many attachments as it may have",
            ));
        }
    };
    if !matches!(put, Put::Stored { .. }) {
        return answer(call, *section, &reached, put);
    }
    let (object, raw) = read_in(&call.ctx, &reached, name).await?;
    let is_wanted = call.prefer().wants_representation;
    let status = match (&change, is_wanted) {
        (FileChange::Add(_), _) => StatusCode::CREATED,
        (_, true) => StatusCode::OK,
        (_, false) => StatusCode::NO_CONTENT,
    };
    let mut out = HttpResponse::build(status);
    name_version(&mut out, &object);
    if let Some(id) = id {
        out.insert_header(("Cal-Managed-ID", id));
    }
    if !is_wanted {
        return Ok(out.finish());
    }
    Ok(with_bytes(call, &mut out, &object, raw))
}

fn no_such_file(why: &str) -> DavError {
    DavError::precondition("<C:valid-managed-id/>", why)
}

async fn take(call: &Call, payload: &mut Payload) -> Result<Intake, DavError> {
    let too_large = |e| DavError::naming(e, Kind::TooLarge, "<C:max-attachment-size/>");
    let announced = call.header("content-length").and_then(|n| n.parse::<u64>().ok());
    check_size(announced.unwrap_or(0)).map_err(too_large)?;
    let mut intake = Intake::new(&call.ctx);
    while let Some(piece) = payload.next().await {
        let piece = piece.map_err(|e| DavError::bad_request(format!("the body broke off: {e}")))?;
        intake.write(&piece).map_err(too_large)?;
    }
    Ok(intake)
}

/// The body, onto the disk as it comes.
async fn read_file(call: &Call, mut payload: Payload) -> Result<NewFile, DavError> {
    let taken = take(call, &mut payload).await;
    let intake = match taken {
        Ok(intake) => intake,
        Err(e) => {
            drain(&mut payload).await;
            return Err(e);
        }
    };
    let kind = call.header("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let is_type = kind.split('/').count() == 2 && kind.is_ascii();
    let name = call.request.headers().get("content-disposition");
    let name = name.and_then(|v| Parameterized::parse(v.as_bytes()).text("filename"));
    // Some send the whole path of where the file was.
    let name = name.and_then(|n| n.rsplit(['/', '\\']).next().map(str::to_owned));
    Ok(NewFile {
        name: name
            .filter(|n| !n.is_empty())
            .unwrap_or_else(|| "attachment".to_owned()),
        content_type: if is_type { kind } else { "application/octet-stream" }.to_owned(),
        content: intake.finish().await?,
    })
}

/// The file itself, for who may read an event that names it.
pub async fn get(call: &Call, id: &str) -> Answer {
    let held = open_file(&call.ctx, id).await?;
    let name = held
        .name
        .replace(|c: char| c.is_control() || c == '"' || c == '\\', "_");
    let plain = name.replace(|c: char| !c.is_ascii(), "_");
    let encoded = super::place::encode(&name);
    let disposition = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}");
    let kind = HeaderValue::from_str(&held.content_type)
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let part = StoredPart::whole(held.body);
    let mut out = HttpResponse::Ok();
    out.insert_header(("Content-Type", kind))
        // What others have sent is never to be taken for a page of ours.
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("Content-Security-Policy", "default-src 'none'; sandbox"))
        .insert_header((HeaderName::from_static("content-disposition"), disposition));
    if let Some(size) = part.exact_size() {
        out.no_chunking(size);
    }
    Ok(out.streaming(pieces(part)))
}

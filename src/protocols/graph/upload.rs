//! PUT to the address of an upload session: one range after the other, streamed to the disk. The address itself is the
//! permission, whoever sends an Authorization along.

use super::answer::Answer;
use super::attachment::find::last_id;
use super::error::GraphError;
use super::object::files;
use super::site::Site;
use crate::base::clock::rfc3339;
use crate::base::{Error, Kind};
use crate::calendar::attach::Intake;
use crate::identity::Ctx;
use crate::mail::upload::{
    Upload, UploadTarget, attach_upload, cancel_upload, continue_upload, find_upload, finish_upload,
    read_upload,
};
use crate::model::object::ObjectKind;
use crate::protocols::http::HouseData;
use crate::protocols::http::body::drain;
use crate::protocols::http::ids;
use actix_web::HttpRequest;
use actix_web::http::{Method, StatusCode};
use actix_web::web::Payload;
use futures_util::StreamExt;
use serde_json::json;

/// `.../uploads/{token}` behind the version.
pub fn token_of(path: &str) -> Option<&str> {
    let rest = path.trim_start_matches('/').split_once('/')?.1;
    let token = rest.strip_prefix("uploads/")?;
    // So are files of tasks sent.
    let token = token.strip_suffix("/content").unwrap_or(token);
    (!token.is_empty() && !token.contains('/')).then_some(token)
}

pub async fn answer(
    request: &HttpRequest,
    payload: Payload,
    house: &HouseData,
    token: &str,
) -> Result<Answer, GraphError> {
    let ctx = house.doorkeeper.system();
    let (upload, received) = find_upload(&ctx, token).await?;
    // Who may not sign in any more sends nothing either.
    house.doorkeeper.current(upload.account).await?;
    match *request.method() {
        Method::GET => Ok(progress(&upload, received)),
        Method::DELETE => {
            cancel_upload(&ctx, token).await?;
            Ok(Answer::no_content())
        }
        Method::PUT => take_range(request, payload, house, &ctx, (token, upload, received)).await,
        _ => Err(GraphError::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "Request_BadRequest",
            "an upload is sent by PUT, asked about by GET and cancelled by DELETE",
        )),
    }
}

async fn take_range(
    request: &HttpRequest,
    mut payload: Payload,
    house: &HouseData,
    ctx: &Ctx,
    (token, upload, received): (&str, Upload, u64),
) -> Result<Answer, GraphError> {
    let site = Site::of(request);
    // Microsoft's Python library repeats the last piece.
    if let Some(attachment) = &upload.outcome {
        drain(&mut payload).await;
        return Ok(done(&site, &upload, attachment));
    }
    let header = request
        .headers()
        .get("content-range")
        .and_then(|v| v.to_str().ok());
    let wanted = expected_range(header.unwrap_or_default(), upload.size_bytes, received);
    let received = match wanted {
        Ok((_, last)) if last < received => {
            // All of it is here already.
            drain(&mut payload).await;
            received
        }
        Ok(range) => store_range(ctx, token, &mut payload, range).await?,
        Err(e) => {
            drain(&mut payload).await;
            return Err(e);
        }
    };
    if received < upload.size_bytes {
        return Ok(progress(&upload, received));
    }
    let kind = match upload.target {
        UploadTarget::Draft => None,
        UploadTarget::Event => Some(ObjectKind::Event),
        UploadTarget::Task => Some(ObjectKind::Task),
    };
    if let Some(kind) = kind {
        let owner = house
            .doorkeeper
            .ctx(house.doorkeeper.current(upload.account).await?);
        let content = read_upload(ctx, token, Intake::new(ctx), |i, piece| i.write(piece)).await?;
        let place = files::take(&owner, &upload, kind, content, site.origin()).await?;
        finish_upload(ctx, token, upload.clone(), place.clone()).await?;
        return Ok(done(&site, &upload, &place));
    }
    let max_bytes = house.options.max_message_bytes;
    attach_upload(ctx, token, &upload, max_bytes).await?;
    let last = last_id(ctx, upload.account, upload.item).await?;
    finish_upload(ctx, token, upload.clone(), last.clone()).await?;
    Ok(done(&site, &upload, &last))
}

/// Errors: InvalidRange, also for one that leaves something out.
fn expected_range(header: &str, size: u64, received: u64) -> Result<(u64, u64), GraphError> {
    let (first, last) = range(header, size)?;
    if first > received {
        return Err(GraphError::new(
            StatusCode::RANGE_NOT_SATISFIABLE,
            "InvalidRange",
            format!("the ranges come in their order: byte {received} is expected next, not byte {first}"),
        ));
    }
    Ok((first, last))
}

/// Returns how much is there afterwards. What comes twice is left out; a piece that breaks off is kept as far as it came.
async fn store_range(
    ctx: &Ctx,
    token: &str,
    payload: &mut Payload,
    (first, last): (u64, u64),
) -> Result<u64, GraphError> {
    let mut writer = continue_upload(ctx, token).await?;
    let (mut skip, mut left) = (writer.received.saturating_sub(first), last + 1 - first);
    while let Some(piece) = payload.next().await {
        let piece =
            piece.map_err(|e| GraphError::bad("RequestBodyRead", format!("the body broke off: {e}")))?;
        if piece.len() as u64 > left {
            return Err(GraphError::bad(
                "InvalidRange",
                "the body is longer than its Content-Range says",
            ));
        }
        left -= piece.len() as u64;
        let skipped = skip.min(piece.len() as u64);
        skip -= skipped;
        writer = blocking(move || {
            writer.write(&piece[skipped as usize..])?;
            Ok(writer)
        })
        .await?;
    }
    let writer = blocking(move || {
        writer.sync()?;
        Ok(writer)
    })
    .await?;
    if left > 0 {
        return Err(GraphError::bad(
            "InvalidRange",
            "the body is shorter than its Content-Range says; go on from nextExpectedRanges",
        ));
    }
    Ok(writer.received)
}

/// `bytes 0-9/100`. Errors: InvalidRange that says what is wrong.
fn range(header: &str, size: u64) -> Result<(u64, u64), GraphError> {
    let parse = || {
        let (kind, rest) = header.trim().split_once(' ')?;
        let (range, total) = rest.trim().split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let (first, last): (u64, u64) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        let total: u64 = total.trim().parse().ok()?;
        (kind.eq_ignore_ascii_case("bytes") && first <= last && last < size && total == size)
            .then_some((first, last))
    };
    parse().ok_or_else(|| {
        GraphError::bad(
            "InvalidRange",
            format!("Content-Range is to be »bytes first-last/{size}« within the size that was announced, not »{header}«"),
        )
    })
}

fn progress(upload: &Upload, received: u64) -> Answer {
    let ranges: Vec<String> = (received < upload.size_bytes)
        .then(|| format!("{received}-{}", upload.size_bytes - 1))
        .into_iter()
        .collect();
    Answer::json(json!({
        "expirationDateTime": rfc3339(upload.expires_at_ms),
        "nextExpectedRanges": ranges,
    }))
}

/// `attachment`: its id in a draft; of events and tasks the whole place, below the mailbox.
fn done(site: &Site, upload: &Upload, attachment: &str) -> Answer {
    if upload.target != UploadTarget::Draft {
        let location = format!("{}/me/{attachment}", site.base());
        return Answer::empty(StatusCode::CREATED).with("Location", location);
    }
    let location = format!(
        "{}/me/messages/{}/attachments/{attachment}",
        site.base(),
        ids::print_item(upload.item)
    );
    Answer::empty(StatusCode::CREATED).with("Location", location)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> crate::base::Result<T> + Send + 'static,
) -> Result<T, GraphError> {
    let done = tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Error::new(Kind::Internal, "an upload was broken off").caused_by(e))?;
    Ok(done?)
}

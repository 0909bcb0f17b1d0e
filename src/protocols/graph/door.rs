//! From an HTTP request to a row of the table and back.

use super::answer::Answer;
use super::call::{Asked, Call, Caller};
use super::error::GraphError;
use super::path::{self, Segment};
use super::prefer::Prefer;
use super::query::Query;
use super::rights::Granted;
use super::routes;
use super::site::Site;
use super::upload;
use crate::base::{Error, random};
use crate::protocols::http::auth::house;
use crate::protocols::http::signed_in;
use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::StreamExt;
use std::sync::Arc;

pub async fn answer(request: HttpRequest, payload: Payload) -> HttpResponse {
    let (ours, theirs) = (random::uuid(), client_request_id(&request));
    let site = Site::of(&request);
    let now_ms = house(&request).map_or(0, |h| h.doorkeeper.system().now_ms());
    let path = request.path().to_owned();
    if let (Some(token), Ok(house)) = (upload::token_of(&path), house(&request)) {
        let answered = upload::answer(&request, payload, house, token).await;
        let answered = answered.unwrap_or_else(|e| e.into_answer(&site, (&ours, &theirs), now_ms));
        return answered.with("request-id", ours).into_response();
    }
    let answered = match caller(&request, &ours, &theirs).await {
        Ok(caller) => match ask(&request, payload, &caller).await {
            Ok(asked) => answer_one(&Arc::new(caller), asked).await,
            Err(e) => e.into_answer(&site, (&ours, &theirs), now_ms),
        },
        Err(e) => e.into_answer(&site, (&ours, &theirs), now_ms),
    };
    answered
        .with("request-id", ours)
        .with("client-request-id", theirs)
        .with("OData-Version", "4.0")
        .into_response()
}

/// Answers one request, with an error in Graph's envelope if need be.
pub async fn answer_one(caller: &Arc<Caller>, asked: Asked) -> Answer {
    match route(caller, asked).await {
        Ok(answer) => answer,
        Err(e) => e.into_answer(
            &caller.site,
            (&caller.request_id, &caller.client_request_id),
            caller.ctx.now_ms(),
        ),
    }
}

async fn route(caller: &Arc<Caller>, asked: Asked) -> Result<Answer, GraphError> {
    let segments = path::segments(&asked.path)
        .ok_or_else(|| GraphError::request("the path of the request cannot be read"))?;
    let segments = path::shorten(of_mailbox(caller, segments)?);
    let (row, keys) = routes::find(&asked.method, &segments)?;
    caller.granted.require(row.right)?;
    let query = Query::parse(&asked.query)?;
    query.check(row.options)?;
    let call = Call {
        site: caller.site.clone(),
        account: caller.account,
        caller: caller.clone(),
        asked_path: asked.path,
        keys,
        query,
        content_type: asked.content_type,
        prefer: asked.prefer,
        if_match: asked.if_match,
        body: asked.body,
    };
    (row.run)(call).await
}

/// `/users/{own id or address}` is `/me`. Errors: 404 for others, whether they exist or not.
fn of_mailbox(caller: &Caller, mut path: Vec<Segment>) -> Result<Vec<Segment>, GraphError> {
    let is_users = path
        .first()
        .is_some_and(|s| !s.is_key && s.text.eq_ignore_ascii_case("users"));
    let Some(user) = path.get(1).filter(|_| is_users).map(|s| s.text.clone()) else {
        return Ok(path);
    };
    let account = caller.ctx.account()?;
    if user.eq_ignore_ascii_case("me")
        || account.oid.eq_ignore_ascii_case(&user)
        || account.owns_address(&user)
    {
        path.drain(..2);
        path.insert(
            0,
            Segment {
                text: "me".into(),
                is_key: false,
            },
        );
        return Ok(path);
    }
    let code = if path.len() == 2 {
        "Request_ResourceNotFound"
    } else {
        "ErrorInvalidUser"
    };
    Err(GraphError::new(
        StatusCode::NOT_FOUND,
        code,
        format!("The requested user '{user}' is invalid."),
    ))
}

async fn caller(request: &HttpRequest, ours: &str, theirs: &str) -> Result<Caller, GraphError> {
    let (ctx, credential) = signed_in(request).await?;
    let account = ctx.account()?.id;
    Ok(Caller {
        house: house(request)?.clone(),
        account,
        granted: Granted::by(&credential)?,
        ctx,
        site: Site::of(request),
        request_id: ours.to_owned(),
        client_request_id: theirs.to_owned(),
    })
}

/// Theirs when it is one, ours when they gave none.
fn client_request_id(request: &HttpRequest) -> String {
    let given = header(request, "client-request-id").filter(|v| v.len() <= 128);
    given.map_or_else(random::uuid, str::to_owned)
}

fn header<'r>(request: &'r HttpRequest, name: &str) -> Option<&'r str> {
    request.headers().get(name).and_then(|v| v.to_str().ok())
}

async fn ask(request: &HttpRequest, payload: Payload, caller: &Caller) -> Result<Asked, GraphError> {
    let path = request.path();
    let path = path.split_once('/').and_then(|(_, p)| p.split_once('/'));
    let content_type = header(request, "content-type").unwrap_or_default();
    let prefer = request
        .headers()
        .get_all("prefer")
        .filter_map(|v| v.to_str().ok());
    Ok(Asked {
        method: request.method().clone(),
        path: path.map_or("", |(_, p)| p).to_owned(),
        query: request.query_string().to_owned(),
        content_type: media_type(content_type),
        prefer: Prefer::parse(prefer),
        if_match: header(request, "if-match").map(str::to_owned),
        body: read_body(payload, max_body(caller)).await?,
    })
}

/// Lower case, without parameters.
pub fn media_type(value: &str) -> String {
    value
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}

/// Base64 makes four letters of three bytes; and there is something around it.
fn max_body(caller: &Caller) -> usize {
    usize::try_from(caller.house.options.max_message_bytes / 3 * 4 + (1 << 20)).unwrap_or(usize::MAX)
}

async fn read_body(mut payload: Payload, max_bytes: usize) -> Result<Bytes, GraphError> {
    let mut body = Vec::new();
    while let Some(piece) = payload.next().await {
        let piece =
            piece.map_err(|e| GraphError::bad("RequestBodyRead", format!("the body broke off: {e}")))?;
        if body.len() + piece.len() > max_bytes {
            return Err(Error::too_large("the request is larger than this server takes").into());
        }
        body.extend_from_slice(&piece);
    }
    Ok(body.into())
}

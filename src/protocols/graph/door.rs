//! From an HTTP request to a row of the table and back.

use super::answer::Answer;
use super::call::{Asked, Call, Caller, Who};
use super::cors;
use super::error::GraphError;
use super::mailbox;
use super::metadata;
use super::path;
use super::prefer::Prefer;
use super::query::Query;
use super::rights::Granted;
use super::routes;
use super::site::Site;
use super::upload;
use crate::base::{Error, random};
use crate::identity::Ctx;
use crate::protocols::http::auth::house;
use crate::protocols::http::body::drain;
use crate::protocols::http::{Credential, signed_in};
use actix_http::encoding::Decoder;
use actix_web::http::header::ContentEncoding;
use actix_web::http::{Method, StatusCode};
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::StreamExt;
use std::sync::Arc;

pub async fn answer(request: HttpRequest, mut payload: Payload) -> HttpResponse {
    let (ours, theirs) = (random::uuid(), client_request_id(&request));
    let site = Site::of(&request);
    let now_ms = house(&request).map_or(0, |h| h.doorkeeper.system().now_ms());
    if *request.method() == Method::OPTIONS {
        return cors::preflight(&request);
    }
    let path = request.path().to_owned();
    if let (Some(token), Ok(house)) = (upload::token_of(&path), house(&request)) {
        let answered = upload::answer(&request, payload, house, token).await;
        let answered = answered.unwrap_or_else(|e| e.into_answer(&site, (&ours, &theirs), now_ms));
        return cors::open(answered.with("request-id", ours)).into_response();
    }
    if *request.method() == Method::GET && metadata::is_asked(&path) {
        return cors::open(metadata::answer().with("request-id", ours)).into_response();
    }
    let answered = match caller(&request, &ours, &theirs).await {
        Ok(caller) => match ask(&request, payload, &caller).await {
            Ok(asked) => answer_one(&Arc::new(caller), asked).await,
            Err(e) => e.into_answer(&site, (&ours, &theirs), now_ms),
        },
        Err(e) => {
            drain(&mut payload).await;
            e.into_answer(&site, (&ours, &theirs), now_ms)
        }
    };
    cors::open(answered)
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
            caller.now_ms(),
        ),
    }
}

async fn route(caller: &Arc<Caller>, asked: Asked) -> Result<Answer, GraphError> {
    let segments = path::segments(&asked.path)
        .ok_or_else(|| GraphError::request("the path of the request cannot be read"))?;
    let (segments, mailbox) = mailbox::enter(caller, segments).await?;
    let segments = path::shorten(segments);
    let (row, keys) = routes::find(&asked.method, &segments)?;
    caller.granted.require(row.right)?;
    if !mailbox.is_shared {
        row.right.require_access(mailbox.access)?;
    }
    throttle(caller, &mailbox.ctx)?;
    let query = Query::parse(&asked.query)?;
    query.check(row.options)?;
    let prefix = mailbox.prefix.clone();
    let answer = (row.run)(Call::new(caller, mailbox, asked, (keys, query))).await?;
    Ok(match prefix {
        Some(prefix) => answer.with_prefix(&prefix),
        None => answer,
    })
}

/// One program that runs wild in one mailbox must not keep the box from all others.
fn throttle(caller: &Caller, ctx: &Ctx) -> Result<(), GraphError> {
    let (Some(program), Ok(owner)) = (&caller.program, ctx.account()) else {
        return Ok(());
    };
    let wait = caller.house.requests.take_or_wait((program.clone(), owner.id), 1);
    wait.map_err(GraphError::throttled)
}

async fn caller(request: &HttpRequest, ours: &str, theirs: &str) -> Result<Caller, GraphError> {
    let house = house(request)?.clone();
    let bearer = header(request, "authorization").and_then(|h| h.split_once(' '));
    let token = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let program = match token {
        Some((_, token)) => house.doorkeeper.app_of_token(token.trim()).await?,
        None => None,
    };
    let (who, granted, program) = match program {
        Some((client, claims)) => {
            let granted = Granted::by_program(&client, &claims)?;
            let id = client.id.clone();
            (Who::Program(Arc::new(client)), granted, Some(id))
        }
        None => {
            let (ctx, credential) = signed_in(request).await?;
            let id = match &credential {
                Credential::Token(claims) => Some(claims.appid.clone()),
                Credential::Cookie => None,
            };
            (Who::Person(ctx), Granted::by(&credential)?, id)
        }
    };
    Ok(Caller {
        house,
        who,
        granted,
        program,
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
        body: read_body(unpacked(request, payload)?, max_body(caller)).await?,
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

/// Microsoft's Go library packs what it sends. Errors: 415 for other encodings, after which it sends plainly.
fn unpacked(request: &HttpRequest, payload: Payload) -> Result<Decoder<Payload>, GraphError> {
    let encoding = match header(request, "content-encoding").map(str::trim) {
        None | Some("" | "identity") => ContentEncoding::Identity,
        Some(e) if e.eq_ignore_ascii_case("gzip") => ContentEncoding::Gzip,
        Some(e) if e.eq_ignore_ascii_case("deflate") => ContentEncoding::Deflate,
        Some(other) => {
            return Err(GraphError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "UnsupportedMediaType",
                format!(
                    "the encoding »{}« of the body is not known; known: gzip",
                    crate::base::text::one_line(other)
                ),
            ));
        }
    };
    Ok(Decoder::new(payload, encoding))
}

async fn read_body(mut payload: Decoder<Payload>, max_bytes: usize) -> Result<Bytes, GraphError> {
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

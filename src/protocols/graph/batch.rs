//! POST $batch: up to twenty requests in one, answered in one.

use super::answer::{Answer, Content, Result};
use super::call::{Asked, Call};
use super::door::{answer_one, media_type};
use super::error::GraphError;
use super::json;
use super::prefer::Prefer;
use super::routes::{Row, row};
use actix_web::http::{Method, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

pub const ROWS: &[Row] = &[row!(POST "$batch" Nothing [] => batch)];

const MOST: usize = 20;

/// One request of a batch.
struct Item {
    id: String,
    depends_on: Vec<String>,
    asked: Asked,
}

/// One after the other, in their order: what is asked first happens first.
async fn batch(call: Call) -> Result {
    let body = call.json()?;
    let requests =
        json::list(&body, "requests")?.ok_or_else(|| GraphError::request("»requests« is missing"))?;
    if requests.len() > MOST {
        return Err(GraphError::request(format!(
            "a batch has at most {MOST} requests, not {}",
            requests.len()
        )));
    }
    let mut items: Vec<Item> = Vec::with_capacity(requests.len());
    for request in requests {
        let item = read_item(&call, request)?;
        if items.iter().any(|i| i.id == item.id) {
            return Err(GraphError::request(format!(
                "the id »{}« is there twice",
                item.id
            )));
        }
        if let Some(unknown) = item
            .depends_on
            .iter()
            .find(|d| !items.iter().any(|i| i.id == **d))
        {
            return Err(GraphError::request(format!(
                "»{}« depends on »{unknown}«, which does not come before it",
                item.id
            )));
        }
        items.push(item);
    }
    let mut statuses: HashMap<String, StatusCode> = HashMap::new();
    let mut responses = Vec::with_capacity(items.len());
    for item in items {
        let has_failed = |d: &String| statuses.get(d).is_none_or(|s| s.as_u16() >= 400);
        let answer = if item.depends_on.iter().any(has_failed) {
            failed_dependency(&call)
        } else {
            answer_one(&call.caller, item.asked).await
        };
        statuses.insert(item.id.clone(), answer.status);
        responses.push(print_item(&item.id, answer.collected().await?));
    }
    Ok(Answer::json(json!({"responses": responses})))
}

fn failed_dependency(call: &Call) -> Answer {
    let error = GraphError::new(
        StatusCode::FAILED_DEPENDENCY,
        "FailedDependency",
        "a request that this one depends on has failed",
    );
    let ids = (&call.caller.request_id[..], &call.caller.client_request_id[..]);
    error.into_answer(&call.site, ids, call.caller.now_ms())
}

fn read_item(call: &Call, request: &Value) -> Result<Item, GraphError> {
    let id = id_of(json::field(request, "id"))?;
    let method = json::required_text(request, "method")?.to_ascii_uppercase();
    let method = Method::from_bytes(method.as_bytes())
        .map_err(|_| GraphError::request(format!("»{method}« is no method")))?;
    let (path, query) = target(call, json::required_text(request, "url")?)?;
    let headers = json::object(request, "headers")?.cloned().unwrap_or_default();
    let header = |name: &str| json::text(&headers, name).map(|v| v.map(str::to_owned));
    let content_type = media_type(&header("content-type")?.unwrap_or_else(|| "application/json".into()));
    let body = match json::field(request, "body") {
        None => Vec::new(),
        Some(Value::String(text)) if content_type != "application/json" => text.clone().into_bytes(),
        Some(value) => value.to_string().into_bytes(),
    };
    let depends_on = json::list(request, "dependsOn")?.unwrap_or_default();
    Ok(Item {
        id,
        depends_on: depends_on
            .iter()
            .map(|d| id_of(Some(d)))
            .collect::<Result<_, _>>()?,
        asked: Asked {
            method,
            path,
            query,
            content_type,
            prefer: Prefer::parse(header("prefer")?.as_deref().into_iter()),
            if_match: header("if-match")?,
            body: body.into(),
        },
    })
}

/// Some programs number their requests.
fn id_of(value: Option<&Value>) -> Result<String, GraphError> {
    match value {
        Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        _ => Err(GraphError::request("every request of a batch needs an id")),
    }
}

/// Path and query of `/me`, `me`, `/v1.0/me` and the whole address. Errors: batches within batches.
fn target(call: &Call, url: &str) -> Result<(String, String), GraphError> {
    let local = url
        .strip_prefix(call.site.origin())
        .unwrap_or(url)
        .trim_start_matches('/');
    if local.split('?').next().unwrap_or_default().contains("://") {
        return Err(GraphError::request(format!("»{url}« is not on this server")));
    }
    let local = ["v1.0/", "beta/"]
        .iter()
        .find_map(|v| local.strip_prefix(v))
        .unwrap_or(local);
    let (path, query) = local.split_once('?').unwrap_or((local, ""));
    if path.trim_matches('/').eq_ignore_ascii_case("$batch") {
        return Err(GraphError::request("a batch cannot hold a batch"));
    }
    Ok((format!("/{path}"), query.to_owned()))
}

/// Without a body there is none; Thunderbird cannot do without headers.
fn print_item(id: &str, answer: Answer) -> Value {
    let mut headers: Map<String, Value> = answer
        .headers
        .into_iter()
        .map(|(n, v)| (n.to_owned(), v.into()))
        .collect();
    let body = match answer.content {
        // Collected before.
        Content::None | Content::Stored { .. } => None,
        Content::Json(value) => {
            headers.insert("Content-Type".into(), "application/json".into());
            Some(value)
        }
        Content::Bytes { content_type, bytes } => {
            headers.insert("Content-Type".into(), content_type.into());
            Some(STANDARD.encode(bytes).into())
        }
    };
    let mut out = json!({"id": id, "status": answer.status.as_u16(), "headers": headers});
    if let Some(body) = body {
        out["body"] = body;
    }
    out
}

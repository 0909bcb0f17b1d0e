//! `/api/bulk`: one deed to many messages, done by the server: how far it is, stopping it, taking it back.

use super::conversations::parse_conversation;
use super::error::{ApiError, AtField};
use super::mailboxes::Whose;
use super::session::at_the_page;
use crate::base::Error;
use crate::identity::Ctx;
use crate::mail::bulk::{Chosen, Deed, Job, Stage};
use crate::mail::kql;
use crate::mail::listing::Condition;
use crate::model::access::AccessLevel;
use crate::model::{AccountId, Flags};
use crate::protocols::http::auth::house;
use crate::protocols::http::ids;
use crate::protocols::web_api::private::private;
use actix_web::web::{self, Json, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

pub fn configure(config: &mut ServiceConfig) {
    config.route("", web::post().to(begin)).service(
        web::resource("/{id}")
            .route(web::get().to(show))
            .route(web::delete().to(stop)),
    );
    config.route("/{id}/undo", web::post().to(undo));
}

type Answer = Result<HttpResponse, ApiError>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wanted {
    action: Action,
    destination: Option<String>,
    ids: Option<Vec<String>>,
    conversations: Option<Vec<String>>,
    folder: Option<String>,
    search: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    Move,
    Read,
    Unread,
    Flag,
    Unflag,
    Destroy,
}

/// Errors: Invalid, NotFound.
fn deed(wanted: &Wanted) -> Result<Deed, Error> {
    let flags = |set, clear| Ok(Deed::Flags { set, clear });
    match wanted.action {
        Action::Read => flags(Flags::SEEN, Flags::NONE),
        Action::Unread => flags(Flags::NONE, Flags::SEEN),
        Action::Flag => flags(Flags::FLAGGED, Flags::NONE),
        Action::Unflag => flags(Flags::NONE, Flags::FLAGGED),
        Action::Destroy => Ok(Deed::Destroy),
        Action::Move => {
            let to = wanted.destination.as_deref();
            let to = to.ok_or_else(|| Error::invalid("»destination« is missing: the folder to move to"))?;
            Ok(Deed::Move(ids::parse_folder(to)?))
        }
    }
}

/// Errors: Invalid, NotFound.
fn chosen(ctx: &Ctx, wanted: &Wanted) -> Result<Chosen, Error> {
    let folder = wanted.folder.as_deref().map(ids::parse_folder).transpose()?;
    if let Some(all) = &wanted.conversations {
        let (Some(folder), None, None) = (folder, &wanted.ids, &wanted.search) else {
            return Err(Error::invalid(
                "»conversations« are those of a »folder«, and go without »ids« and »search«",
            ));
        };
        let keys = all.iter().map(|id| parse_conversation(id));
        return Ok(Chosen::Conversations {
            folder,
            keys: keys.collect::<Result<_, _>>()?,
        });
    }
    match (&wanted.ids, &wanted.search) {
        (Some(all), None) if folder.is_none() => {
            let ids = all.iter().map(|id| ids::parse_item(id));
            Ok(Chosen::Items(ids.collect::<Result<_, _>>()?))
        }
        (None, Some(search)) => Ok(Chosen::All {
            folder,
            condition: kql::condition(search, ctx.now_ms())?,
        }),
        (None, None) if folder.is_some() => Ok(Chosen::All {
            folder,
            condition: Condition::All,
        }),
        _ => Err(Error::invalid(
            "say which messages: either »ids«, or »folder«, »search« or both, or »conversations« of a »folder«",
        )),
    }
}

fn print(job: &Job) -> Value {
    let now = job.progress();
    let state = match now.stage {
        Stage::Running => "running",
        Stage::Done => "done",
        Stage::Stopped => "stopped",
        Stage::Failed => "failed",
    };
    json!({
        "id": job.id, "state": state, "done": now.done, "all": now.all, "changed": now.changed,
        "canUndo": now.can_undo, "failure": now.failure.map(|e| e.message().to_owned()),
    })
}

async fn begin(request: HttpRequest, whose: Query<Whose>, body: Json<Wanted>) -> Answer {
    let ctx = at_the_page(&request).await?;
    let actor = ctx.account()?.id;
    let (ctx, account) = whose.enter(&request, ctx, AccessLevel::Edit).await?;
    let deed = deed(&body).at("destination")?;
    let chosen = chosen(&ctx, &body).at("search")?;
    let jobs = &house(&request)?.bulk;
    let job = jobs.begin(&ctx, actor, account, chosen, deed).await?;
    Ok(HttpResponse::Created().json(print(&job)))
}

async fn show(request: HttpRequest, id: Path<String>) -> Answer {
    let ctx = at_the_page(&request).await?;
    let job = house(&request)?.bulk.find(ctx.account()?.id, &id)?;
    Ok(private(print(&job)))
}

async fn stop(request: HttpRequest, id: Path<String>) -> Answer {
    let ctx = at_the_page(&request).await?;
    house(&request)?.bulk.find(ctx.account()?.id, &id)?.stop();
    Ok(HttpResponse::NoContent().finish())
}

async fn undo(request: HttpRequest, id: Path<String>, whose: Query<Whose>) -> Answer {
    let ctx = at_the_page(&request).await?;
    let job = house(&request)?.bulk.find(ctx.account()?.id, &id)?;
    // Whoever has lost the access meanwhile takes nothing back.
    let (ctx, account): (Ctx, AccountId) = whose.enter(&request, ctx, AccessLevel::Edit).await?;
    if account != job.account() {
        return Err(Error::not_found("there is no such job in this mailbox").into());
    }
    let back = house(&request)?.bulk.undo(&ctx, &job)?;
    Ok(HttpResponse::Created().json(print(&back)))
}

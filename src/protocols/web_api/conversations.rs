//! `GET /api/conversations`: a folder by conversations. Graph lists messages only.

use super::error::{ApiError, AtField};
use super::mailboxes::Whose;
use super::session::at_the_page;
use crate::base::clock::rfc3339;
use crate::base::text::{hex, unhex};
use crate::base::{Error, Result};
use crate::formats::imap::parse::envelope::parse_envelope;
use crate::identity::Ctx;
use crate::mail::conversations::{Conversation, ConversationRow, MOST, is_flagged, list_conversations};
use crate::mail::list_folders;
use crate::model::access::AccessLevel;
use crate::model::message::ListedMessage;
use crate::model::{AccountId, Flags, FolderId, Role};
use crate::protocols::http::ids;
use crate::protocols::web_api::private::private;
use actix_web::web::Query;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
pub struct Asked {
    /// An id, or one of the names that every mailbox has.
    folder: String,
    skip: Option<u64>,
    top: Option<u64>,
}

pub async fn list(
    request: HttpRequest,
    asked: Query<Asked>,
    whose: Query<Whose>,
) -> Result<HttpResponse, ApiError> {
    let ctx = at_the_page(&request).await?;
    let (ctx, account) = whose.enter(&request, ctx, AccessLevel::Read).await?;
    let folder = folder_of(&ctx, account, &asked.folder).await.at("folder")?;
    let (skip, top) = (asked.skip.unwrap_or(0), asked.top.unwrap_or(MOST));
    // SQLite counts in 63 bits.
    let skip = skip.min(i64::MAX as u64);
    let found = list_conversations(&ctx, account, folder, skip, top)
        .await
        .at("top")?;
    let rows: Vec<Value> = found.rows.iter().map(print).collect();
    Ok(private(json!({"total": found.total, "conversations": rows})))
}

async fn folder_of(ctx: &Ctx, account: AccountId, name: &str) -> Result<FolderId> {
    let Some(role) = Role::ALL
        .into_iter()
        .find(|r| ids::well_known_name(*r).eq_ignore_ascii_case(name))
    else {
        return ids::parse_folder(name);
    };
    let tree = list_folders(ctx, account).await?;
    let found = tree.by_role(role).map(|(_, folder)| folder.id);
    found.ok_or_else(|| Error::not_found("there is no such folder"))
}

/// As Graph prints a conversation's id. Errors: NotFound; an id of another shape was never given out.
pub fn parse_conversation(id: &str) -> Result<Conversation> {
    let bytes = id.strip_prefix('C').and_then(unhex);
    bytes
        .and_then(|b| Conversation::try_from(b).ok())
        .ok_or_else(|| Error::not_found("there is no such conversation"))
}

fn print(row: &ConversationRow) -> Value {
    let id = format!("C{}", hex(&row.key));
    let people: Vec<Value> = row
        .people
        .iter()
        .map(|p| json!({"name": p.writer.name, "address": p.writer.address, "isUnread": p.is_unread}))
        .collect();
    json!({
        "id": id, "count": row.count, "here": row.here, "unread": row.unread, "isFlagged": row.is_flagged,
        "hasAttachments": row.has_attachments, "people": people, "message": print_message(&row.newest, &id),
    })
}

/// What the page's lists show of a message, in the words of Graph.
fn print_message(m: &ListedMessage, conversation: &str) -> Value {
    let item = &m.item;
    let person = |name: &Option<String>, address: &String| json!({"emailAddress": {"name": name.as_ref().unwrap_or(address), "address": address}});
    let envelope = parse_envelope(&m.envelope).unwrap_or_default();
    let to: Vec<Value> = envelope.to.iter().map(|t| person(&t.name, &t.address)).collect();
    let flag = match is_flagged(item.flags, &item.keywords) {
        true => "flagged",
        false => "notFlagged",
    };
    let importance = ["low", "normal", "high"].get(usize::from(m.importance));
    json!({
        "id": ids::print_item(item.id), "subject": m.subject, "bodyPreview": m.preview,
        "isRead": item.flags.contains(Flags::SEEN), "isDraft": item.flags.contains(Flags::DRAFT),
        "hasAttachments": m.has_attachments, "receivedDateTime": rfc3339(item.received_at_ms),
        "importance": importance,
        "from": m.from_address.as_ref().map(|a| person(&m.from_name, a)), "toRecipients": to,
        "flag": {"flagStatus": flag}, "parentFolderId": ids::print_folder(item.folder_id),
        "conversationId": conversation,
    })
}

//! A request as handlers get it, whether it came by itself or within a batch.

use super::error::GraphError;
use super::mailbox::Mailbox;
use super::prefer::Prefer;
use super::query::Query;
use super::rights::{Granted, Right};
use super::site::Site;
use crate::base::{Error, TimeMs};
use crate::identity::Ctx;
use crate::identity::clients::Client;
use crate::identity::shares::require_level;
use crate::model::access::AccessLevel;
use crate::model::share::ShareLevel;
use crate::model::{Account, AccountId, FolderId, ItemId, Modseq};
use crate::protocols::http::{HouseData, ids};
use actix_web::http::Method;
use actix_web::web::Bytes;
use serde_json::Value;
use std::sync::Arc;

/// Who asks, the same for all requests of a batch.
#[derive(Clone)]
pub struct Caller {
    pub house: HouseData,
    pub who: Who,
    pub granted: Granted,
    /// The program that asks; None: the page of this server.
    pub program: Option<String>,
    pub site: Site,
    /// Our name of the request, for the log and the client.
    pub request_id: String,
    pub client_request_id: String,
}

/// A person, or a program that acts for nobody.
#[derive(Clone)]
pub enum Who {
    Person(Ctx),
    Program(Arc<Client>),
}

impl Caller {
    /// For what belongs to no mailbox: the directory.
    pub fn directory_ctx(&self) -> Ctx {
        match &self.who {
            Who::Person(ctx) => ctx.clone(),
            Who::Program(_) => self.house.doorkeeper.system(),
        }
    }

    pub fn now_ms(&self) -> TimeMs {
        self.house.doorkeeper.system().now_ms()
    }
}

/// What is asked, before it is looked at.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub method: Method,
    /// Behind the version, as the client wrote it.
    pub path: String,
    pub query: String,
    /// Lower case, without parameters.
    pub content_type: String,
    pub prefer: Prefer,
    pub if_match: Option<String>,
    pub body: Bytes,
}

/// One request that has found its row.
pub struct Call {
    pub caller: Arc<Caller>,
    mailbox: Mailbox,
    pub site: Site,
    pub account: AccountId,
    /// What the caller may do in this mailbox.
    pub access: AccessLevel,
    /// Behind the version, as the client wrote it.
    pub asked_path: String,
    /// What stood at the places of the pattern, in order.
    pub keys: Vec<String>,
    pub query: Query,
    pub content_type: String,
    pub prefer: Prefer,
    pub if_match: Option<String>,
    pub body: Bytes,
}

impl Call {
    pub fn new(
        caller: &Arc<Caller>,
        mailbox: Mailbox,
        asked: Asked,
        (keys, query): (Vec<String>, Query),
    ) -> Call {
        Call {
            site: caller.site.clone(),
            account: mailbox.account(),
            caller: caller.clone(),
            access: mailbox.access,
            mailbox,
            asked_path: asked.path,
            keys,
            query,
            content_type: asked.content_type,
            prefer: asked.prefer,
            if_match: asked.if_match,
            body: asked.body,
        }
    }

    pub fn ctx(&self) -> &Ctx {
        &self.mailbox.ctx
    }

    /// Whose mailbox it is. Errors: NotAuthenticated, where it is nobody's.
    pub fn owner(&self) -> Result<&Arc<Account>, Error> {
        let owner = self.mailbox.owner.as_ref();
        owner.ok_or_else(|| Error::not_authenticated("please sign in"))
    }

    /// A person at their own things, among which they see what others share.
    pub fn is_at_home(&self) -> bool {
        let me = match &self.caller.who {
            Who::Person(ctx) => ctx.account().ok().map(|a| a.id),
            // In the mailbox that it has named it is like its owner.
            Who::Program(_) => return !self.mailbox.is_shared,
        };
        me == Some(self.account)
    }

    /// What the caller may do in a collection. Errors: ErrorItemNotFound, when nothing.
    pub async fn level_in(&self, folder: FolderId) -> Result<ShareLevel, GraphError> {
        if !self.mailbox.is_shared {
            return Ok(ShareLevel::from(self.access));
        }
        Ok(require_level(self.ctx(), self.account, folder, ShareLevel::FreeBusy).await?)
    }

    pub fn house(&self) -> &HouseData {
        &self.caller.house
    }

    pub fn oid(&self) -> String {
        self.owner().map(|a| a.oid.clone()).unwrap_or_default()
    }

    pub fn key(&self, at: usize) -> &str {
        self.keys.get(at).map_or("", String::as_str)
    }

    /// Errors: ErrorInvalidIdMalformed.
    pub fn message_id(&self) -> Result<ItemId, GraphError> {
        ids::parse_item(self.key(0)).map_err(|_| GraphError::bad_id(self.key(0)))
    }

    pub fn require(&self, right: Right) -> Result<(), GraphError> {
        self.caller.granted.require(right)
    }

    /// The body as JSON. Errors: 400.
    pub fn json(&self) -> Result<Value, GraphError> {
        let value: Value = serde_json::from_slice(&self.body).map_err(|e| {
            GraphError::bad(
                "RequestBodyRead",
                format!("the body of the request is not JSON: {e}"),
            )
        })?;
        if value.is_object() {
            Ok(value)
        } else {
            Err(GraphError::bad(
                "RequestBodyRead",
                "the body of the request is to be a JSON object",
            ))
        }
    }

    /// As [`Call::json`]; no body is an empty object.
    pub fn json_or_empty(&self) -> Result<Value, GraphError> {
        if self.body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Value::Object(serde_json::Map::new()));
        }
        self.json()
    }

    /// The body is a whole message instead of JSON.
    pub fn is_mime(&self) -> bool {
        self.content_type == "text/plain"
    }

    /// The modseq that If-Match names; `*` and nothing name none. Errors: 412 for etags of another shape.
    pub fn unchanged(&self) -> Result<Option<Modseq>, GraphError> {
        let Some(etag) = self.if_match.as_deref().map(str::trim).filter(|e| *e != "*") else {
            return Ok(None);
        };
        let bare = etag.strip_prefix("W/").unwrap_or(etag).trim_matches('"');
        parse_change_key(bare).map(Some).ok_or_else(|| {
            GraphError::of_condition(crate::base::Error::conflict(
                "the etag in If-Match is not one of this item",
            ))
        })
    }
}

/// What changes with every change of an item.
pub fn change_key(modseq: Modseq) -> String {
    format!("CQ{modseq:x}")
}

fn parse_change_key(text: &str) -> Option<Modseq> {
    let digits = text.strip_prefix("CQ")?;
    let is_plain = digits
        .bytes()
        .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if is_plain {
        Modseq::from_str_radix(digits, 16).ok()
    } else {
        None
    }
}

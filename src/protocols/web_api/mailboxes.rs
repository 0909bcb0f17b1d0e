//! Mailboxes of others at the page: `/api/mailboxes` lists them, and `?mailbox=` names one where a path of the page is about
//! a message. Graph has `users/{address}` for what is done in them.

use super::error::ApiError;
use super::session::at_the_page;
use crate::base::Error;
use crate::identity::Ctx;
use crate::identity::access::{list_mailboxes, open_mailbox};
use crate::model::access::AccessLevel;
use crate::model::{Account, AccountId};
use crate::protocols::http::auth::house;
use crate::protocols::web_api::private::private;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

pub async fn list(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let ctx = at_the_page(&request).await?;
    let one = |(a, level): &(Account, AccessLevel)| json!({"address": a.address, "name": a.display_name, "kind": a.kind.as_str(), "level": level});
    let all: Vec<Value> = list_mailboxes(&ctx).await?.iter().map(one).collect();
    Ok(private(json!({"mailboxes": all})))
}

/// Whose message a path is about; absent: one's own.
#[derive(Default, Deserialize)]
pub struct Whose {
    pub mailbox: Option<String>,
}

impl Whose {
    /// The owner, as whom the rooms are asked once it is known that the caller may do that there.
    /// Errors: NotFound, for mailboxes that are not there or not for the caller; Forbidden.
    pub async fn enter(
        &self,
        request: &HttpRequest,
        ctx: Ctx,
        at_least: AccessLevel,
    ) -> Result<(Ctx, AccountId), Error> {
        let Some(name) = &self.mailbox else {
            let account = ctx.account()?.id;
            return Ok((ctx, account));
        };
        let (owner, level) = open_mailbox(&ctx, name).await?;
        if level < at_least {
            return Err(Error::forbidden(format!(
                "this needs the access »{}« to {}; you have »{}«",
                at_least.as_str(),
                owner.address,
                level.as_str()
            )));
        }
        let account = owner.id;
        Ok((house(request)?.doorkeeper.ctx(owner), account))
    }
}

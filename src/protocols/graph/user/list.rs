//! GET /users and /users/{id}: the office directory.

use super::view::{PROPERTIES, view};
use crate::base::Error;
use crate::identity::access::list_colleagues;
use crate::model::{Account, AccountKind};
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::{Call, Who};
use crate::protocols::graph::envelope::{PageOf, collection, entity};
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::odata::{fits, parse};
use crate::protocols::graph::query::Opt;
use crate::protocols::graph::rights::Right;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::Select;
use actix_web::http::StatusCode;

pub const ROWS: &[Row] = &[
    row!(GET "users" UsersRead [Select, Top, Skip, Count, Filter, Search, OrderBy] => list),
    row!(GET "users/{}" Nothing [Select] => get),
];

/// Microsoft's.
const PAGE: u64 = 100;

async fn list(call: Call) -> Result {
    let select = Select::of(&call.query, &PROPERTIES)?;
    let (skip, top) = call.query.page(PAGE)?;
    let filter = call.query.get(Opt::Filter).map(parse).transpose()?;
    let words = call.query.get(Opt::Search).map(search_terms).transpose()?;
    let is_descending = order(call.query.get(Opt::OrderBy))?;
    let whole = Select::whole(&PROPERTIES);
    let mut all: Vec<Account> = Vec::new();
    let mut colleagues = list_colleagues(call.ctx()).await?;
    // Those have a list of their own.
    colleagues.retain(|a| a.kind != AccountKind::Group);
    for account in colleagues {
        let is_found = words.as_ref().is_none_or(|w| is_found(&account, w));
        let is_wanted = match &filter {
            Some(filter) => fits(filter, &view(&account, &whole).into())?,
            None => true,
        };
        if is_found && is_wanted {
            all.push(account);
        }
    }
    if is_descending {
        all.reverse();
    }
    let from = usize::try_from(skip).unwrap_or(usize::MAX);
    let page = all.iter().skip(from).take(top as usize);
    let items = page.map(|a| view(a, &select).into()).collect();
    let total = all.len() as u64;
    collection(&call, &select, PageOf::of_all(String::new(), items, skip, total))
}

/// One's own entry is for everybody who may read one's own; those of others need more.
async fn get(call: Call) -> Result {
    let name = call.key(0).to_lowercase();
    let is = |a: &Account| a.oid == name || a.owns_address(&name);
    let is_own = match &call.caller.who {
        Who::Person(ctx) => is(ctx.account()?),
        Who::Program(_) => false,
    };
    let wanted = match is_own {
        true => call.require(Right::UserRead),
        false => call.require(Right::UsersRead),
    };
    let missing = || {
        GraphError::new(
            StatusCode::NOT_FOUND,
            "Request_ResourceNotFound",
            format!(
                "Resource '{}' does not exist or one of its queried reference-property objects are not present.",
                crate::base::text::one_line(call.key(0))
            ),
        )
    };
    // Who may not look others up does not learn whether there are any.
    let is_hidden = wanted.is_err() && !is_own;
    wanted.map_err(|e| if is_hidden { missing() } else { e })?;
    let found = list_colleagues(call.ctx()).await?.into_iter().find(is);
    let account = found.ok_or_else(missing)?;
    let select = Select::of(&call.query, &PROPERTIES)?;
    Ok(Answer::json(entity(&call, "", &select, view(&account, &select))))
}

/// `"displayName:anna" OR "mail:anna"`: what each looks at, in lower case.
fn search_terms(search: &str) -> Result<Vec<(String, String)>, GraphError> {
    let mut out = Vec::new();
    for (at, piece) in search.split('"').enumerate() {
        if at % 2 == 1 || !search.contains('"') {
            let (key, text) = piece.split_once(':').unwrap_or(("", piece));
            out.push((key.trim().to_lowercase(), text.trim().to_lowercase()));
        }
    }
    out.retain(|(_, text)| !text.is_empty());
    if out.is_empty() {
        return Err(
            Error::invalid("$search of users is written \"displayName:anna\" OR \"mail:anna\"").into(),
        );
    }
    Ok(out)
}

/// Each word of a name, and addresses, from their beginning on.
fn is_found(account: &Account, terms: &[(String, String)]) -> bool {
    let name = account.display_name.to_lowercase();
    terms.iter().any(|(key, text)| {
        let in_name = name.starts_with(text) || name.split([' ', '-']).any(|w| w.starts_with(text));
        let in_address =
            account.address.starts_with(text) || account.aliases.iter().any(|a| a.starts_with(text));
        match key.as_str() {
            "displayname" | "givenname" | "surname" => in_name,
            "mail" | "userprincipalname" | "mailnickname" | "proxyaddresses" | "othermails" => in_address,
            _ => in_name || in_address,
        }
    })
}

/// Whether it descends. Errors: BadRequest for anything but displayName.
fn order(order: Option<&str>) -> Result<bool, GraphError> {
    match order.unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "" | "displayname" | "displayname asc" => Ok(false),
        "displayname desc" => Ok(true),
        other => Err(GraphError::request(format!(
            "the order »{other}« is not supported; users are ordered by displayName"
        ))),
    }
}

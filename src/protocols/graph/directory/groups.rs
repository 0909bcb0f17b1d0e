//! groups: accounts of that kind, and to which somebody belongs.

use crate::identity::access::list_colleagues;
use crate::identity::shares::{groups_of, list_members};
use crate::model::{Account, AccountKind};
use crate::protocols::graph::answer::{Answer, Content, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::envelope::{PageOf, collection};
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::{Properties, Select};
use crate::protocols::graph::short_list::short_list;
use crate::protocols::graph::user::{PROPERTIES as PERSON, view as view_person};
use actix_web::http::StatusCode;
use serde_json::{Map, Value, json};

pub const ROWS: &[Row] = &[
    row!(GET "groups" UsersRead [Select, Top, Skip, Filter, Count] => list),
    row!(GET "groups/{}" UsersRead [Select] => get),
    row!(GET "groups/{}/members" UsersRead [Select, Top, Skip, Count] => members),
    row!(GET "groups/{}/members/$count" UsersRead [] => count_members),
    row!(GET "groups/{}/transitiveMembers" UsersRead [Select, Top, Skip, Count] => members),
    row!(GET "groups/{}/transitiveMembers/$count" UsersRead [] => count_members),
    row!(GET "me/memberOf" UserRead [Select, Top, Skip, Count] => member_of),
    row!(GET "me/transitiveMemberOf" UserRead [Select, Top, Skip, Count] => member_of),
];

pub const PROPERTIES: Properties = Properties {
    resource: "group",
    usual: &[
        "id",
        "displayName",
        "description",
        "mail",
        "mailEnabled",
        "mailNickname",
        "securityEnabled",
        "groupTypes",
        "proxyAddresses",
        "visibility",
        "createdDateTime",
    ],
    further: &[],
};

fn view(group: &Account, select: &Select) -> Map<String, Value> {
    let property = |name: &str| -> Value {
        match name {
            "id" => group.oid.clone().into(),
            "displayName" => group.display_name.clone().into(),
            "mail" => group.address.clone().into(),
            "mailEnabled" => true.into(),
            "mailNickname" => group.address.split('@').next().into(),
            "securityEnabled" => false.into(),
            "groupTypes" => json!([]),
            "proxyAddresses" => json!([format!("SMTP:{}", group.address)]),
            "createdDateTime" => crate::base::clock::rfc3339(group.created_at_ms).into(),
            _ => Value::Null,
        }
    };
    select.names().map(|n| (n.to_owned(), property(n))).collect()
}

async fn groups(call: &Call) -> Result<Vec<Account>, GraphError> {
    let mut all = list_colleagues(call.ctx()).await?;
    all.retain(|a| a.kind == AccountKind::Group);
    Ok(all)
}

async fn list(call: Call) -> Result {
    let all = groups(&call).await?;
    let answer = short_list(&call, "groups", &PROPERTIES, &all, view)?;
    Ok(of_nobody(&call, answer, "groups"))
}

/// What belongs to no mailbox: neither does its context.
pub fn of_nobody(call: &Call, mut answer: Answer, path: &str) -> Answer {
    if let Content::Json(body) = &mut answer.content {
        body["@odata.context"] = format!("{}/$metadata#{path}", call.site.base()).into();
    }
    answer
}

/// The one that the path names, by id or address. Errors: Request_ResourceNotFound.
async fn named(call: &Call) -> Result<Account, GraphError> {
    let name = call.key(0).to_lowercase();
    let found = groups(call)
        .await?
        .into_iter()
        .find(|g| g.oid == name || g.owns_address(&name));
    found.ok_or_else(|| {
        GraphError::new(
            StatusCode::NOT_FOUND,
            "Request_ResourceNotFound",
            "there is no such group",
        )
    })
}

/// People only, so that those of groups within groups are the same.
async fn members_of(call: &Call) -> Result<Vec<Account>, GraphError> {
    let mut all = list_members(call.ctx(), &named(call).await?).await?;
    all.retain(Account::is_active);
    Ok(all)
}

async fn members(call: Call) -> Result {
    let select = Select::of(&call.query, &PERSON)?;
    let (skip, top) = call.query.page(100)?;
    let all = members_of(&call).await?;
    let from = usize::try_from(skip).unwrap_or(usize::MAX);
    let shown = all.iter().skip(from).take(top as usize).map(|person| {
        let mut out = view_person(person, &select);
        out.insert("@odata.type".into(), "#microsoft.graph.user".into());
        Value::from(out)
    });
    let (items, total) = (shown.collect(), all.len() as u64);
    let page = PageOf::of_all("directoryObjects".into(), items, skip, total);
    Ok(of_nobody(
        &call,
        collection(&call, &select, page)?,
        "directoryObjects",
    ))
}

async fn count_members(call: Call) -> Result {
    Ok(Answer::text(members_of(&call).await?.len().to_string()))
}

async fn get(call: Call) -> Result {
    let select = Select::of(&call.query, &PROPERTIES)?;
    let group = named(&call).await?;
    let mut out = view(&group, &select);
    let context = format!("{}/$metadata#groups/$entity", call.site.base());
    out.insert("@odata.context".into(), context.into());
    Ok(Answer::json(out.into()))
}

async fn member_of(call: Call) -> Result {
    let select = Select::of(&call.query, &PROPERTIES)?;
    let (skip, top) = call.query.page(100)?;
    let all = groups_of(call.ctx(), call.account).await?;
    let from = usize::try_from(skip).unwrap_or(usize::MAX);
    let shown = all.iter().skip(from).take(top as usize);
    let items = shown.map(|g| view(g, &select).into()).collect();
    let total = all.len() as u64;
    collection(
        &call,
        &select,
        PageOf::of_all("groups".into(), items, skip, total),
    )
}

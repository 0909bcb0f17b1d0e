//! calendarPermissions: who may do what in a calendar. Rights are those of the mailbox; the administrator gives them.

use crate::identity::access::list_access;
use crate::model::access::AccessLevel;
use crate::model::{Account, FolderKind};
use crate::protocols::graph::answer::Result;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::envelope::{PageOf, collection};
use crate::protocols::graph::object::edit::{collection_by_id, default_collection};
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::{Properties, Select};
use serde_json::{Map, Value, json};

pub const ROWS: &[Row] = &[
    row!(GET "me/calendar/calendarPermissions" CalendarRead [Select, Top, Skip, Count] => list_default),
    row!(GET "me/calendars/{}/calendarPermissions" CalendarRead [Select, Top, Skip, Count] => list_one),
];

const PROPERTIES: Properties = Properties {
    resource: "calendarPermission",
    usual: &[
        "id",
        "emailAddress",
        "isRemovable",
        "isInsideOrganization",
        "role",
        "allowedRoles",
    ],
    further: &[],
};

async fn list_default(call: Call) -> Result {
    default_collection(&call, FolderKind::Calendar).await?;
    list(&call).await
}

async fn list_one(call: Call) -> Result {
    collection_by_id(&call, FolderKind::Calendar, call.key(0)).await?;
    list(&call).await
}

async fn list(call: &Call) -> Result {
    let select = Select::of(&call.query, &PROPERTIES)?;
    let (skip, top) = call.query.page(100)?;
    let owner = call.ctx().account()?.address.clone();
    // Everybody in the office sees when somebody is busy.
    let mut all = vec![view(None, "freeBusyRead", &select)];
    for (account, level) in list_access(&call.ctx().as_system(), &owner).await? {
        let role = match level {
            AccessLevel::Read => "read",
            AccessLevel::Edit => "write",
            AccessLevel::Full => "delegateWithPrivateEventAccess",
        };
        all.push(view(Some(&account), role, &select));
    }
    let total = all.len() as u64;
    let from = usize::try_from(skip).unwrap_or(usize::MAX);
    let items = all
        .into_iter()
        .skip(from)
        .take(top as usize)
        .map(Value::from)
        .collect();
    collection(
        call,
        &select,
        PageOf::of_all("calendarPermissions".into(), items, skip, total),
    )
}

/// None: everybody in the office.
fn view(who: Option<&Account>, role: &str, select: &Select) -> Map<String, Value> {
    let property = |name: &str| match name {
        "id" => who.map_or("everybody".to_owned(), |a| a.oid.clone()).into(),
        "emailAddress" => match who {
            Some(a) => json!({"name": a.display_name, "address": a.address}),
            None => json!({"name": "My Organization"}),
        },
        "isRemovable" => false.into(),
        "isInsideOrganization" => true.into(),
        "role" => role.into(),
        _ => json!([role]),
    };
    select.names().map(|n| (n.to_owned(), property(n))).collect()
}

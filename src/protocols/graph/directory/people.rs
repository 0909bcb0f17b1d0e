//! people: whom somebody may mean, colleagues and rooms by name.

use crate::identity::access::list_colleagues;
use crate::model::{Account, AccountKind};
use crate::protocols::graph::answer::Result;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::query::Opt;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::{Properties, Select};
use crate::protocols::graph::short_list::short_list;
use serde_json::{Map, Value, json};

pub const ROWS: &[Row] =
    &[row!(GET "me/people" UsersRead [Select, Top, Skip, Filter, Search, Count, OrderBy] => list)];

pub const PROPERTIES: Properties = Properties {
    resource: "person",
    usual: &[
        "id",
        "displayName",
        "givenName",
        "surname",
        "birthday",
        "personNotes",
        "isFavorite",
        "jobTitle",
        "companyName",
        "yomiCompany",
        "department",
        "officeLocation",
        "profession",
        "userPrincipalName",
        "imAddress",
        "scoredEmailAddresses",
        "phones",
        "postalAddresses",
        "websites",
        "personType",
    ],
    further: &[],
};

fn view(who: &Account, select: &Select) -> Map<String, Value> {
    let (given, last) = match who.display_name.rsplit_once(' ') {
        Some((given, last)) => (given, Some(last)),
        None => (who.display_name.as_str(), None),
    };
    let property = |name: &str| -> Value {
        match name {
            "id" => who.oid.clone().into(),
            "displayName" => who.display_name.clone().into(),
            "givenName" => given.into(),
            "surname" => last.into(),
            "isFavorite" => false.into(),
            "userPrincipalName" => who.address.clone().into(),
            "scoredEmailAddresses" => json!([{"address": who.address, "relevanceScore": 1}]),
            "phones" | "postalAddresses" | "websites" => json!([]),
            "personType" => match who.kind {
                AccountKind::Person => json!({"class": "Person", "subclass": "OrganizationUser"}),
                AccountKind::Room => json!({"class": "Other", "subclass": "Room"}),
                AccountKind::Group => json!({"class": "Group", "subclass": "UnifiedGroup"}),
                AccountKind::Shared | AccountKind::Equipment => {
                    json!({"class": "Other", "subclass": "UnknownOther"})
                }
            },
            _ => Value::Null,
        }
    };
    select.names().map(|n| (n.to_owned(), property(n))).collect()
}

async fn list(call: Call) -> Result {
    let search = call.query.get(Opt::Search).unwrap_or_default().to_lowercase();
    let words = search.split(|c: char| c.is_whitespace() || c == '"');
    let words: Vec<&str> = words.filter(|w| !w.is_empty()).collect();
    let mut all = list_colleagues(call.ctx()).await?;
    all.retain(|who| {
        let name = who.display_name.to_lowercase();
        let has = |w: &&str| name.split([' ', '-']).any(|n| n.starts_with(*w)) || who.address.starts_with(*w);
        words.iter().all(has)
    });
    short_list(&call, "people", &PROPERTIES, &all, view)
}

//! places: the rooms of the office, and lists of them: groups that have rooms in them.

use super::groups::of_nobody;
use crate::calendar::resource::get_resource;
use crate::identity::access::list_colleagues;
use crate::identity::shares::list_members;
use crate::model::scheduling::Resource;
use crate::model::{Account, AccountKind};
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::{Properties, Select};
use crate::protocols::graph::short_list::short_list;
use actix_web::http::StatusCode;
use serde_json::{Map, Value, json};

pub const ROWS: &[Row] = &[
    row!(GET "places/room" PlacesRead [Select, Top, Skip, Filter, Count] => rooms),
    row!(GET "places/room/$count" PlacesRead [] => count),
    row!(GET "places/roomlist" PlacesRead [Select, Top, Skip, Filter, Count] => room_lists),
    row!(GET "places/roomlist/$count" PlacesRead [] => count_lists),
    row!(GET "places/{}/roomlist" PlacesRead [Select] => get_list),
    row!(GET "places/{}/roomlist/rooms" PlacesRead [Select, Top, Skip, Filter, Count] => rooms_of),
    row!(GET "places/{}" PlacesRead [Select] => get),
    row!(GET "places/{}/room" PlacesRead [Select] => get_room),
];

pub const PROPERTIES: Properties = Properties {
    resource: "room",
    usual: &[
        "id",
        "displayName",
        "address",
        "geoCoordinates",
        "phone",
        "nickname",
        "label",
        "capacity",
        "building",
        "floorNumber",
        "floorLabel",
        "emailAddress",
        "bookingType",
        "isWheelChairAccessible",
        "tags",
        "audioDeviceName",
        "videoDeviceName",
        "displayDeviceName",
    ],
    further: &[],
};

fn view(room: &Account, about: &Resource, select: &Select) -> Map<String, Value> {
    let property = |name: &str| -> Value {
        match name {
            "id" => room.oid.clone().into(),
            "displayName" | "nickname" => room.display_name.clone().into(),
            "label" => about.place.clone().into(),
            "capacity" => about.capacity.into(),
            "building" => about.building.clone().into(),
            "floorNumber" => about
                .floor
                .as_ref()
                .and_then(|f| f.trim().parse::<i32>().ok())
                .into(),
            "floorLabel" => about.floor.clone().into(),
            "emailAddress" => room.address.clone().into(),
            // Reserved by a booking, not by whoever comes first.
            "bookingType" => "standard".into(),
            "tags" => json!(about.features),
            _ => Value::Null,
        }
    };
    let mut out: Map<String, Value> = select.names().map(|n| (n.to_owned(), property(n))).collect();
    out.insert("@odata.type".into(), "#microsoft.graph.room".into());
    out
}

async fn all(call: &Call) -> Result<Vec<(Account, Resource)>, GraphError> {
    let mut out = Vec::new();
    for account in list_colleagues(call.ctx()).await? {
        if account.kind == AccountKind::Room {
            let about = get_resource(call.ctx(), &account).await?.unwrap_or_default();
            out.push((account, about));
        }
    }
    Ok(out)
}

async fn rooms(call: Call) -> Result {
    let all = all(&call).await?;
    answer(&call, &all)
}

fn answer(call: &Call, all: &[(Account, Resource)]) -> Result {
    let answer = short_list(call, "places", &PROPERTIES, all, |(room, about), select| {
        view(room, about, select)
    })?;
    Ok(of_nobody(call, answer, "places/microsoft.graph.room"))
}

async fn count(call: Call) -> Result {
    Ok(Answer::text(all(&call).await?.len().to_string()))
}

const LIST_PROPERTIES: Properties = Properties {
    resource: "roomList",
    usual: &[
        "id",
        "displayName",
        "address",
        "geoCoordinates",
        "phone",
        "emailAddress",
    ],
    further: &[],
};

fn view_list(group: &Account, select: &Select) -> Map<String, Value> {
    let property = |name: &str| -> Value {
        match name {
            "id" => group.oid.clone().into(),
            "displayName" => group.display_name.clone().into(),
            "emailAddress" => group.address.clone().into(),
            _ => Value::Null,
        }
    };
    let mut out: Map<String, Value> = select.names().map(|n| (n.to_owned(), property(n))).collect();
    out.insert("@odata.type".into(), "#microsoft.graph.roomList".into());
    out
}

/// Groups with at least one room in them.
async fn all_lists(call: &Call) -> Result<Vec<Account>, GraphError> {
    let mut out = Vec::new();
    for group in list_colleagues(call.ctx()).await? {
        let is_list = group.kind == AccountKind::Group
            && list_members(call.ctx(), &group)
                .await?
                .iter()
                .any(|m| m.kind == AccountKind::Room);
        if is_list {
            out.push(group);
        }
    }
    Ok(out)
}

async fn room_lists(call: Call) -> Result {
    let all = all_lists(&call).await?;
    let answer = short_list(&call, "places", &LIST_PROPERTIES, &all, view_list)?;
    Ok(of_nobody(&call, answer, "places/microsoft.graph.roomList"))
}

async fn count_lists(call: Call) -> Result {
    Ok(Answer::text(all_lists(&call).await?.len().to_string()))
}

async fn named_list(call: &Call) -> Result<Account, GraphError> {
    let name = call.key(0).to_lowercase();
    let found = all_lists(call).await?.into_iter().find(|l| is_named(l, &name));
    found.ok_or_else(|| missing("room list"))
}

async fn get_list(call: Call) -> Result {
    let select = Select::of(&call.query, &LIST_PROPERTIES)?;
    let list = named_list(&call).await?;
    Ok(entity_of(&call, view_list(&list, &select), "roomList"))
}

/// The rooms of one list.
async fn rooms_of(call: Call) -> Result {
    let list = named_list(&call).await?;
    let inside = list_members(call.ctx(), &list).await?;
    let mut rooms = all(&call).await?;
    rooms.retain(|(room, _)| inside.iter().any(|m| m.id == room.id));
    answer(&call, &rooms)
}

fn is_named(account: &Account, name: &str) -> bool {
    account.oid == name || account.owns_address(name)
}

fn missing(what: &str) -> GraphError {
    GraphError::new(
        StatusCode::NOT_FOUND,
        "ErrorItemNotFound",
        format!("there is no such {what}"),
    )
}

fn entity_of(call: &Call, mut shown: Map<String, Value>, kind: &str) -> Answer {
    let context = format!(
        "{}/$metadata#places/microsoft.graph.{kind}/$entity",
        call.site.base()
    );
    shown.insert("@odata.context".into(), context.into());
    Answer::json(shown.into())
}

async fn get_room(call: Call) -> Result {
    match find_room(&call).await? {
        Some(room) => show_room(&call, &room),
        None => Err(missing("room")),
    }
}

/// A room, or a list of rooms.
async fn get(call: Call) -> Result {
    match find_room(&call).await? {
        Some(room) => show_room(&call, &room),
        None => get_list(call).await,
    }
}

async fn find_room(call: &Call) -> Result<Option<(Account, Resource)>, GraphError> {
    let name = call.key(0).to_lowercase();
    Ok(all(call).await?.into_iter().find(|(a, _)| is_named(a, &name)))
}

fn show_room(call: &Call, (room, about): &(Account, Resource)) -> Result {
    let select = Select::of(&call.query, &PROPERTIES)?;
    Ok(entity_of(call, view(room, about, &select), "room"))
}

//! places: the rooms of the office.

use super::groups::of_nobody;
use crate::calendar::resource::get_resource;
use crate::identity::access::list_colleagues;
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
    row!(GET "places/roomlist" PlacesRead [Select, Top, Skip, Count] => room_lists),
    row!(GET "places/{}" PlacesRead [Select] => get),
    row!(GET "places/{}/room" PlacesRead [Select] => get),
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

/// Rooms are not gathered into lists here.
async fn room_lists(call: Call) -> Result {
    answer(&call, &[])
}

async fn get(call: Call) -> Result {
    let select = Select::of(&call.query, &PROPERTIES)?;
    let name = call.key(0).to_lowercase();
    let found = all(&call)
        .await?
        .into_iter()
        .find(|(a, _)| a.oid == name || a.owns_address(&name));
    let (room, about) = found.ok_or_else(|| {
        GraphError::new(
            StatusCode::NOT_FOUND,
            "ErrorItemNotFound",
            "there is no such room",
        )
    })?;
    let mut out = view(&room, &about, &select);
    let context = format!(
        "{}/$metadata#places/microsoft.graph.room/$entity",
        call.site.base()
    );
    out.insert("@odata.context".into(), context.into());
    Ok(Answer::json(out.into()))
}

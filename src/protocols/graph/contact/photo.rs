//! The picture of a contact: PHOTO of the card, as vCard 3 or 4 writes it.

use super::create::stamp;
use super::view::{Contact, parse};
use crate::base::text::hex;
use crate::formats::content_line::print::print_component;
use crate::formats::content_line::{Component, Property};
use crate::mail::settings::MAX_PHOTO_BYTES;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::object::edit::edit;
use crate::protocols::graph::object::{id_of, read};
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::settings::photo::{dimensions, kind, no_picture};
use actix_web::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

pub const ROWS: &[Row] = &[
    row!(GET "me/contacts/{}/photo" ContactsRead [Select] => describe),
    row!(GET "me/contacts/{}/photo/$value" ContactsRead [] => value),
    row!(PUT "me/contacts/{}/photo/$value" ContactsWrite [] => put),
    row!(PATCH "me/contacts/{}/photo/$value" ContactsWrite [] => put),
    row!(DELETE "me/contacts/{}/photo/$value" ContactsWrite [] => remove),
];

/// None: there is none, or only an address of one.
fn picture(card: &Component) -> Option<Vec<u8>> {
    let property = card.property("PHOTO")?;
    let value = property.value.trim();
    let encoded = match value.get(..5).filter(|p| p.eq_ignore_ascii_case("data:")) {
        Some(_) => value.split_once(";base64,")?.1,
        None => {
            property.param("ENCODING")?;
            value
        }
    };
    let packed: String = encoded.split_ascii_whitespace().collect();
    STANDARD
        .decode(packed.replace('\\', ""))
        .ok()
        .filter(|b| !b.is_empty())
}

/// As profilePhoto; null where there is none.
pub fn describe_card(card: &Component) -> Value {
    let Some(bytes) = picture(card) else {
        return Value::Null;
    };
    let (width, height) = dimensions(&bytes).unwrap_or((0, 0));
    let etag = hex(&blake3::hash(&bytes).as_bytes()[..12]);
    json!({
        "@odata.mediaContentType": kind(&bytes).unwrap_or("application/octet-stream"),
        "@odata.mediaEtag": format!("\"{etag}\""),
        "id": format!("{width}X{height}"),
        "height": height,
        "width": width,
    })
}

async fn describe(call: Call) -> Result {
    let (_, raw) = read::<Contact>(&call, call.key(0)).await?;
    let mut out = describe_card(&parse(&raw)?);
    if out.is_null() {
        return Err(no_picture());
    }
    let place = format!("contacts('{}')/photo/$entity", call.key(0));
    out["@odata.context"] = format!("{}/$metadata#users('{}')/{place}", call.site.base(), call.oid()).into();
    Ok(Answer::json(out))
}

async fn value(call: Call) -> Result {
    let (_, raw) = read::<Contact>(&call, call.key(0)).await?;
    let bytes = picture(&parse(&raw)?).ok_or_else(no_picture)?;
    Ok(Answer::bytes(kind(&bytes)?, bytes))
}

async fn put(call: Call) -> Result {
    let kind = kind(&call.body)?;
    if call.body.len() > MAX_PHOTO_BYTES {
        return Err(GraphError::bad("ErrorInvalidImage", "a picture has at most 4 MB"));
    }
    let encoded = STANDARD.encode(&call.body);
    let id = id_of::<Contact>(call.key(0))?;
    edit::<Contact>(&call, id, call.unchanged()?, |_, raw| {
        let mut card = parse(raw)?;
        let is_four = card.property("VERSION").is_some_and(|v| v.value.trim() == "4.0");
        card.put(match is_four {
            true => Property::new("PHOTO", format!("data:{kind};base64,{encoded}")),
            false => {
                let word = kind.trim_start_matches("image/").to_ascii_uppercase();
                Property::new("PHOTO", encoded.clone())
                    .with("ENCODING", "b")
                    .with("TYPE", word)
            }
        });
        stamp(&call, &mut card);
        Ok(Some(print_component(&card).into_bytes()))
    })
    .await?;
    Ok(Answer::empty(StatusCode::OK))
}

async fn remove(call: Call) -> Result {
    let id = id_of::<Contact>(call.key(0))?;
    edit::<Contact>(&call, id, call.unchanged()?, |_, raw| {
        let mut card = parse(raw)?;
        card.remove("PHOTO");
        stamp(&call, &mut card);
        Ok(Some(print_component(&card).into_bytes()))
    })
    .await?;
    Ok(Answer::no_content())
}

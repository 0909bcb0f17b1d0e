//! `/api/admin/accounts/{room}/resource`: what a room or a piece of equipment says of itself, and how it may be booked.

use super::Answer;
use crate::base::{Error, Result};
use crate::calendar::resource::{change_resource, get_resource};
use crate::formats::ical::zone::Zone;
use crate::identity::accounts::find_account;
use crate::model::EmailAddress;
use crate::model::scheduling::{Bookers, Resource, parse_open_times, print_open_times};
use crate::protocols::web_api::error::{ApiError, AtField};
use crate::protocols::web_api::session::administrator;
use actix_web::web::{self, Json, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

pub fn configure(config: &mut ServiceConfig) {
    config.service(
        web::resource("/{room}/resource")
            .route(web::get().to(get))
            .route(web::put().to(put)),
    );
}

/// `open` as the command line writes it: `mon-fri 08:00-18:00`, or `always`.
pub fn view(resource: &Resource) -> Value {
    let mut out = json!(resource);
    out["open"] = print_open_times(&resource.open).into();
    out
}

/// All of it; what is absent is none.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Typed {
    capacity: Option<u32>,
    building: Option<String>,
    floor: Option<String>,
    place: Option<String>,
    #[serde(default)]
    features: Vec<String>,
    #[serde(default)]
    open: String,
    time_zone: Option<String>,
    window_days: Option<u32>,
    longest_minutes: Option<u32>,
    allows_recurring: bool,
    bookers: Bookers,
    #[serde(default)]
    named: Vec<String>,
    approver: Option<String>,
}

fn some(text: Option<String>) -> Option<String> {
    text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty())
}

fn keys(addresses: &[String]) -> Result<Vec<String>> {
    let each = addresses.iter().map(|a| Ok(EmailAddress::parse(a)?.key()));
    each.collect()
}

impl Typed {
    fn read(self) -> Result<Resource, ApiError> {
        let time_zone = some(self.time_zone);
        if let Some(zone) = time_zone.as_deref().filter(|z| Zone::by_name(z).is_none()) {
            let e = Error::invalid(format!(
                "»{zone}« is no time zone; write for example Europe/Berlin"
            ));
            return Err(e).at("timeZone");
        }
        let open = match self.open.trim() {
            "" => Vec::new(),
            text => parse_open_times(text).at("open")?,
        };
        let named = keys(&self.named).at("named")?;
        if self.bookers == Bookers::Named && named.is_empty() {
            return Err(Error::invalid("please name at least one person who may book it")).at("named");
        }
        let approver = keys(some(self.approver).as_slice()).at("approver")?.pop();
        Ok(Resource {
            capacity: self.capacity.filter(|n| *n > 0),
            building: some(self.building),
            floor: some(self.floor),
            place: some(self.place),
            features: self.features.into_iter().filter_map(|f| some(Some(f))).collect(),
            open,
            time_zone,
            window_days: self.window_days.filter(|n| *n > 0),
            longest_minutes: self.longest_minutes.filter(|n| *n > 0),
            allows_recurring: self.allows_recurring,
            named: match self.bookers {
                Bookers::Named => named,
                _ => Vec::new(),
            },
            bookers: self.bookers,
            approver,
        })
    }
}

async fn get(request: HttpRequest, room: Path<String>) -> Answer {
    let ctx = administrator(&request).await?;
    let account = find_account(&ctx, &room).await?;
    let found = get_resource(&ctx, &account).await?;
    let found = found.ok_or_else(|| Error::not_found("this is neither a room nor equipment"))?;
    Ok(HttpResponse::Ok().json(view(&found)))
}

async fn put(request: HttpRequest, room: Path<String>, body: Json<Typed>) -> Answer {
    let ctx = administrator(&request).await?;
    let account = find_account(&ctx, &room).await?;
    let wanted = body.into_inner().read()?;
    let stored = change_resource(&ctx, &account, move |r| {
        *r = wanted;
        Ok(())
    })
    .await?;
    Ok(HttpResponse::Ok().json(view(&stored)))
}

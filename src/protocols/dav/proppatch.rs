//! PROPPATCH (RFC 4918 §9.2) of a collection: names, colours, order, zone, and whatever programs keep there. All or nothing.

use super::door::{Answer, Call};
use super::error::DavError;
use super::multistatus::{status_line, whole};
use super::place::{self, Place, Section, path_of};
use super::props::{AVAILABILITY, DEFAULT_CALENDAR, is_known, name_only, own_name};
use super::xml::{self, APPLE, CALDAV, CALENDAR_SERVER, CARDDAV, DAV, Element};
use crate::base::{Error, Kind};
use crate::calendar::availability::{check_availability, put_availability};
use crate::formats::content_line::print::print_component;
use crate::formats::content_line::{Component, read_component};
use crate::formats::ical::itip::PRODUCT;
use crate::formats::ical::zone::{Zone, read_zones};
use crate::formats::ical::zone_print::describe_zone;
use crate::model::FolderKind;
use crate::model::object::{Collection, CollectionProperties, Components, ObjectKind};
use crate::model::property::{Property, PropertyValue};
use crate::model::share::ShareLevel;
use crate::objects::collections::{change_collection, choose_collection};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;

/// A text that somebody reads, or a VTIMEZONE.
const MAX_TEXT: usize = 64 << 10;
/// From which a zone is described that was given by its name.
const FIRST_YEAR: i16 = 2000;

pub async fn proppatch(call: &Call, body: &[u8]) -> Answer {
    let Place::Collection(section, _, name) = &call.place else {
        return Err(DavError::new(
            StatusCode::FORBIDDEN,
            "properties are kept of collections only",
        ));
    };
    let root = xml::read(body)?;
    if !root.is(DAV, "propertyupdate") {
        return Err(DavError::bad_request("the body is no DAV:propertyupdate"));
    }
    let place = call.collection(*section, name).await?;
    call.require(&place, ShareLevel::Manage)?;
    let collection = &place.collection;
    let mut changes = Changes::new(collection.properties.clone(), collection.folder.kind);
    for step in root.children.iter().filter(|c| c.ns == DAV) {
        let is_set = step.name == "set";
        for prop in step.children.iter().filter(|c| c.is(DAV, "prop")) {
            prop.children.iter().for_each(|e| changes.take(e, is_set));
        }
    }
    let is_inbox = collection.folder.kind == FolderKind::ScheduleInbox;
    let (mut chosen, mut said) = (None, None);
    if is_inbox {
        chosen = take_default_calendar(call, &mut changes).await?;
        said = take_availability(&mut changes)?;
    }
    let is_refused = !changes.refused.is_empty();
    if !is_refused {
        let (properties, own) = (changes.properties, changes.own);
        change_collection(&call.ctx, place.account(), collection, properties, own).await?;
        if let Some(calendar) = chosen {
            choose_collection(&call.ctx, call.id(), &calendar).await?;
        }
        if let Some(said) = said {
            let put = put_availability(&call.ctx, call.id(), said).await;
            put.map_err(wrong_availability)?;
        }
    }
    if !is_refused && call.prefer().is_minimal {
        // RFC 8144 §2.2.
        return Ok(HttpResponse::Ok()
            .insert_header(("Preference-Applied", "return=minimal"))
            .finish());
    }
    let part = |names: &str, status| match names {
        "" => String::new(),
        names => format!(
            "<D:propstat><D:prop>{names}</D:prop><D:status>{}</D:status></D:propstat>",
            status_line(status)
        ),
    };
    let good = if is_refused {
        StatusCode::FAILED_DEPENDENCY
    } else {
        StatusCode::OK
    };
    Ok(whole(
        &format!(
            "<D:response><D:href>{}</D:href>{}{}</D:response>",
            place::collection(*section, &call.account.address, name),
            part(&changes.done, good),
            part(&changes.refused, StatusCode::FORBIDDEN)
        ),
        "",
    ))
}

/// Where invitations go (RFC 6638 §9.2): a property of the inbox that is not kept as it is written.
async fn take_default_calendar(call: &Call, changes: &mut Changes) -> Result<Option<Collection>, DavError> {
    let name = format!("{{{CALDAV}}}{DEFAULT_CALENDAR}");
    let Some(at) = changes.own.iter().position(|p| p.name == name) else {
        return Ok(None);
    };
    let wrong = || {
        DavError::precondition(
            "<C:valid-schedule-default-calendar-URL/>",
            "invitations go into one of your own calendars",
        )
    };
    let PropertyValue::One(xml) = changes.own.remove(at).value else {
        return Err(wrong());
    };
    let element = xml::read(xml.as_bytes())?;
    let href = element.child(DAV, "href").ok_or_else(wrong)?;
    match Place::parse(path_of(&href.text)) {
        Ok(Place::Collection(Section::Calendars, who, name))
            if who == call.account.address.to_lowercase() =>
        {
            let calendar = call.collection(Section::Calendars, &name).await?;
            let is_calendar = calendar.collection.folder.kind == FolderKind::Calendar;
            (is_calendar && calendar.is_own())
                .then_some(Some(calendar.collection))
                .ok_or_else(wrong)
        }
        _ => Err(wrong()),
    }
}

/// When somebody can be met (RFC 7953 §7.2.4): a property of the inbox, also under the name that it had before there was
/// a standard. None: the request does not name it; Some(None): it takes it away.
/// What cannot be read is refused before anything is changed (RFC 4918 §9.2).
fn take_availability(changes: &mut Changes) -> Result<Option<Option<String>>, DavError> {
    let names = [CALDAV, CALENDAR_SERVER].map(|ns| format!("{{{ns}}}{AVAILABILITY}"));
    let mut out = None;
    while let Some(at) = changes.own.iter().position(|p| names.contains(&p.name)) {
        out = Some(match changes.own.remove(at).value {
            PropertyValue::One(xml) => {
                let text = xml::read(xml.as_bytes())?.text.trim().to_owned();
                check_availability(&text).map_err(wrong_availability)?;
                Some(text)
            }
            _ => None,
        });
    }
    Ok(out)
}

fn wrong_availability(e: Error) -> DavError {
    DavError::naming(e, Kind::Invalid, "<C:valid-calendar-data/>")
}

/// A calendar with the zone of that name. None: there is none in the database.
fn described_zone(name: &str) -> Option<String> {
    let zone = Zone::by_name(name)?;
    let mut out = Component::new("VCALENDAR");
    out.set("VERSION", "2.0");
    out.set("PRODID", PRODUCT);
    out.parts.push(describe_zone(name, &zone, FIRST_YEAR)?);
    Some(print_component(&out))
}

/// What a request would have a collection say of itself.
pub struct Changes {
    pub properties: CollectionProperties,
    /// In programs' own words.
    pub own: Vec<Property>,
    kind: FolderKind,
    /// Names as XML.
    done: String,
    pub refused: String,
}

impl Changes {
    pub fn new(properties: CollectionProperties, kind: FolderKind) -> Changes {
        Changes {
            properties,
            own: Vec::new(),
            kind,
            done: String::new(),
            refused: String::new(),
        }
    }

    /// One property to set or to remove.
    pub fn take(&mut self, e: &Element, is_set: bool) {
        let is_done = e.text.len() <= MAX_TEXT && self.set(e, is_set).is_some();
        let names = if is_done {
            &mut self.done
        } else {
            &mut self.refused
        };
        names.push_str(&name_only(e));
    }

    /// None: it cannot be set to that.
    fn set(&mut self, e: &Element, is_set: bool) -> Option<()> {
        let text = is_set.then(|| e.text.trim().to_owned());
        let is_book = self.kind == FolderKind::AddressBook;
        let p = &mut self.properties;
        match (e.ns.as_str(), e.name.as_str()) {
            (DAV, "displayname") => p.display_name = text,
            (CALDAV, "calendar-description") if !is_book => p.description = text,
            (CARDDAV, "addressbook-description") if is_book => p.description = text,
            (APPLE, "calendar-color") => p.colour = text.filter(|t| !t.is_empty()),
            (APPLE, "calendar-order") => {
                p.order = match text {
                    Some(text) => Some(text.parse().ok()?),
                    None => None,
                }
            }
            (CALDAV, "calendar-timezone") if !is_book => {
                if let Some(text) = &text {
                    let zones = read_component(text.as_bytes())
                        .and_then(|c| read_zones(&c))
                        .ok()?;
                    (zones.len() == 1).then_some(())?;
                }
                p.time_zone = text;
            }
            // RFC 7809 §5.2: the same by its name.
            (CALDAV, "calendar-timezone-id") if !is_book => {
                p.time_zone = match &text {
                    Some(name) => Some(described_zone(name)?),
                    None => None,
                };
            }
            (CALDAV, "schedule-calendar-transp") if !is_book => {
                p.is_transparent = is_set && e.child(CALDAV, "transparent").is_some();
            }
            _ if is_known(e) => return None,
            _ => self.own.push(Property {
                name: own_name(e),
                value: if is_set {
                    PropertyValue::One(e.print())
                } else {
                    PropertyValue::Gone
                },
            }),
        }
        Some(())
    }

    /// What a new calendar is to hold; afterwards nobody changes that. None: something that is not known.
    pub fn take_components(&mut self, e: &Element) -> Option<()> {
        let mut kinds = Vec::new();
        for name in e.children.iter().filter_map(|c| c.attribute("name")) {
            kinds.push(match name.to_ascii_uppercase().as_str() {
                "VEVENT" => ObjectKind::Event,
                "VTODO" => ObjectKind::Task,
                "VJOURNAL" => ObjectKind::Journal,
                "VFREEBUSY" => ObjectKind::FreeBusy,
                "VAVAILABILITY" => ObjectKind::Availability,
                _ => return None,
            });
        }
        (!kinds.is_empty()).then_some(())?;
        if kinds == [ObjectKind::Task] {
            self.kind = FolderKind::TaskList;
        }
        self.properties.components = Some(Components::of(&kinds));
        Some(())
    }

    pub fn kind(&self) -> FolderKind {
        self.kind
    }
}

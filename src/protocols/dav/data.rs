//! What a calendar-data or address-data asks to see of each object: all of it to the byte, parts of it, or a series as
//! single occurrences (RFC 4791 §9.6, RFC 6352 §10.4).

use super::door::Call;
use super::error::DavError;
use super::filter::window;
use super::props::Wanted;
use super::xml::{CALDAV, CARDDAV, Element};
use crate::base::{self, Kind};
use crate::calendar::zone_of;
use crate::formats::card::version::{Version, in_version};
use crate::formats::content_line::print::print_component;
use crate::formats::content_line::{Component, read_component};
use crate::formats::ical::instances::{Window, expanded, with_busy_times_in, with_overrides_in};
use crate::formats::ical::read_object;
use crate::formats::ical::zone::Zone;
use crate::formats::ical::zone_refs::{with_known_zones, without_known_zones};
use crate::formats::selection::{PropertyWanted, Selection};
use crate::model::object::{Collection, ObjectKind};
use crate::objects::put::MAX_BYTES;

/// Of one selection.
const MAX_PARTS: usize = 200;
const MAX_DEPTH: usize = 4;

/// Which occurrences of a series are shown, and how.
#[derive(Clone, Copy, Debug)]
enum Series {
    Whole,
    Expanded(Window),
    Limited(Window),
}

#[derive(Debug)]
pub struct Data {
    series: Series,
    busy: Option<Window>,
    selection: Option<Selection>,
    /// Of cards.
    version: Option<Version>,
    floating: Zone,
    zones: Zones,
}

/// Whether zones are described in what is told (RFC 7809 §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zones {
    /// As they are stored.
    AsStored,
    Described,
    /// But for those that nobody else knows.
    Named,
}

impl Zones {
    pub fn of(call: &Call) -> Zones {
        match call.header("caldav-timezones").map(str::trim) {
            Some("T") => Zones::Described,
            Some("F") => Zones::Named,
            _ => Zones::AsStored,
        }
    }

    /// What cannot be read any more is shown as it lies there.
    pub fn show(self, raw: Vec<u8>) -> Vec<u8> {
        match self {
            Zones::AsStored => raw,
            Zones::Described => with_known_zones(&raw).unwrap_or(raw),
            Zones::Named => without_known_zones(&raw).unwrap_or(raw),
        }
    }
}

/// An object as it was asked for.
pub enum Shown {
    Bytes(Vec<u8>),
    /// It would be more than anybody can take.
    TooMuch,
}

fn wrong(what: &str) -> DavError {
    DavError::bad_request(format!("what is wanted of the data is not clear: {what}"))
}

impl Data {
    /// Errors: 400, for what is not clear; 403, for a form in which objects are not given.
    pub fn read(wanted: &Wanted, collection: &Collection, zones: Zones) -> Result<Data, DavError> {
        let mut out = Data {
            series: Series::Whole,
            busy: None,
            selection: None,
            version: None,
            floating: Zone::utc(),
            zones,
        };
        let Wanted::Some(all) = wanted else {
            return Ok(out);
        };
        if let Some(e) = all.iter().find(|e| e.is(CALDAV, "calendar-data")) {
            check_type(e, "text/calendar", &["2.0"], "<C:supported-calendar-data/>")?;
            out.read_calendar(e)?;
            out.floating = zone_of(collection);
        }
        if let Some(e) = all.iter().find(|e| e.is(CARDDAV, "address-data")) {
            check_type(e, "text/vcard", &["3.0", "4.0"], "<A:supported-address-data/>")?;
            // RFC 6352 means 3.0 where none is named; programs that name none are given what they have stored.
            out.version = e.attribute("version").and_then(Version::parse);
            let properties = properties_of(e, CARDDAV)?;
            out.selection = properties.map(|properties| Selection {
                name: "VCARD".to_owned(),
                properties: Some(properties),
                components: None,
            });
        }
        Ok(out)
    }

    fn read_calendar(&mut self, e: &Element) -> Result<(), DavError> {
        for child in e.children.iter().filter(|c| c.ns == CALDAV) {
            match (child.name.as_str(), self.series) {
                ("comp", _) if self.selection.is_none() => {
                    let selection = selection_of(child, 0)?;
                    if selection.name != "VCALENDAR" {
                        return Err(wrong("the outermost component must be VCALENDAR"));
                    }
                    self.selection = Some(selection);
                }
                ("expand", Series::Whole) => self.series = Series::Expanded(closed_window(child)?),
                ("limit-recurrence-set", Series::Whole) => {
                    self.series = Series::Limited(closed_window(child)?);
                }
                ("limit-freebusy-set", _) => self.busy = Some(closed_window(child)?),
                (other, _) => return Err(wrong(&format!("»{other}« is not known, or is there twice"))),
            }
        }
        Ok(())
    }

    fn is_whole(&self) -> bool {
        matches!(self.series, Series::Whole) && self.busy.is_none() && self.selection.is_none()
    }

    /// The bytes as they are to be told; empty ones, which nobody asked for, stay so.
    pub fn show(&self, kind: ObjectKind, raw: Vec<u8>) -> Shown {
        if raw.is_empty() {
            return Shown::Bytes(raw);
        }
        let raw = match self.version.filter(|_| kind == ObjectKind::Card) {
            // What cannot be read any more is shown as it lies there.
            Some(version) => in_version(&raw, version).unwrap_or(raw),
            None => raw,
        };
        let zones = if kind == ObjectKind::Card {
            Zones::AsStored
        } else {
            self.zones
        };
        if self.is_whole() {
            return Shown::Bytes(zones.show(raw));
        }
        match self.shaped(kind, &raw) {
            Ok(calendar) => Shown::Bytes(zones.show(print_component(&calendar).into_bytes())),
            Err(e) if e.kind() == Kind::TooLarge => Shown::TooMuch,
            // What cannot be read any more is shown as it lies there.
            Err(_) => Shown::Bytes(raw),
        }
    }

    fn shaped(&self, kind: ObjectKind, raw: &[u8]) -> base::Result<Component> {
        let is_calendar = kind != ObjectKind::Card;
        let mut out = match self.series {
            Series::Expanded(window) if is_calendar => {
                expanded(&read_object(raw)?, &self.floating, window, MAX_BYTES)?
            }
            Series::Limited(window) if is_calendar => {
                with_overrides_in(&read_object(raw)?, &self.floating, window)
            }
            _ => read_component(raw)?,
        };
        if let Some(window) = self.busy {
            with_busy_times_in(&mut out, window);
        }
        if let Some(selection) = &self.selection {
            selection.apply(&mut out);
        }
        Ok(out)
    }
}

/// With both ends, as the RFC has it.
fn closed_window(e: &Element) -> Result<Window, DavError> {
    if e.attribute("start").is_none() || e.attribute("end").is_none() {
        return Err(wrong(&format!("{} needs start and end", e.name)));
    }
    window(e)
}

fn check_type(e: &Element, media_type: &str, versions: &[&str], precondition: &str) -> Result<(), DavError> {
    let given = e.attribute("content-type").unwrap_or(media_type);
    let version = e.attribute("version");
    if given.eq_ignore_ascii_case(media_type) && version.is_none_or(|v| versions.contains(&v)) {
        return Ok(());
    }
    Err(DavError::precondition(
        precondition,
        format!("»{given}« {} is not given here", version.unwrap_or_default()),
    ))
}

/// Of a comp. One that says nothing of its inside is wanted whole, as in the RFC's own examples.
fn selection_of(e: &Element, depth: usize) -> Result<Selection, DavError> {
    let name = e.attribute("name").ok_or_else(|| wrong("a comp has no name"))?;
    if depth > MAX_DEPTH || e.children.len() > MAX_PARTS {
        return Err(wrong("it is too deep or too long"));
    }
    let mut out = Selection {
        name: name.to_ascii_uppercase(),
        ..Selection::default()
    };
    if e.children.is_empty() {
        return Ok(out);
    }
    if e.child(CALDAV, "allprop").is_none() {
        out.properties = Some(properties_of(e, CALDAV)?.unwrap_or_default());
    }
    if e.child(CALDAV, "allcomp").is_none() {
        let all = e.children.iter().filter(|c| c.is(CALDAV, "comp"));
        let components: Result<Vec<_>, _> = all.map(|c| selection_of(c, depth + 1)).collect();
        out.components = Some(components?);
    }
    Ok(out)
}

/// None: none is named, or all are wanted.
fn properties_of(e: &Element, ns: &str) -> Result<Option<Vec<PropertyWanted>>, DavError> {
    if e.children.len() > MAX_PARTS {
        return Err(wrong("it is too long"));
    }
    let named = e.children.iter().filter(|c| c.is(ns, "prop"));
    let all = named.map(property_of).collect::<Result<Vec<_>, _>>()?;
    let is_all = e.child(ns, "allprop").is_some();
    Ok(Some(all).filter(|all| !all.is_empty() && !is_all))
}

fn property_of(e: &Element) -> Result<PropertyWanted, DavError> {
    let name = e.attribute("name").ok_or_else(|| wrong("a prop has no name"))?;
    Ok(PropertyWanted {
        name: name.to_ascii_uppercase(),
        is_without_value: e.attribute("novalue") == Some("yes"),
    })
}

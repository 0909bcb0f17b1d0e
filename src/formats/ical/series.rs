//! A calendar object taken apart: the event itself, and what stands in the place of single occurrences, found by that
//! place. What compares, merges and cuts objects works on this.

use super::expand::expand;
use super::object::{CalendarObject, ComponentKind, Moment, Part, check_object};
use super::zone::Zone;
use crate::base::Result;
use crate::formats::content_line::print::print_component;
use crate::formats::content_line::{Component, Property, read_component};
use jiff::civil::DateTime;
use std::collections::{BTreeMap, BTreeSet};

/// A component with its times as they were read; changing the component does not change these.
#[derive(Clone, Debug)]
pub struct Entry {
    pub component: Component,
    pub part: Part,
}

#[derive(Clone, Debug)]
pub struct Series {
    /// The VCALENDAR with its properties and zones.
    pub shell: Component,
    pub kind: ComponentKind,
    pub uid: String,
    /// In which the places of occurrences are told apart; None: they float.
    pub zone: Option<Zone>,
    /// None: somebody takes part in single occurrences only.
    pub master: Option<Entry>,
    pub overrides: BTreeMap<DateTime, Entry>,
}

impl Series {
    /// Errors: Invalid, with the line.
    pub fn read(raw: &[u8]) -> Result<Series> {
        Ok(Series::of(check_object(read_component(raw)?, true)?))
    }

    pub fn of(object: CalendarObject) -> Series {
        let zone = object.parts.first().and_then(|p| {
            let of_part = p.recurrence_id.as_ref().or(p.start.as_ref());
            of_part.and_then(|m| m.zone.clone())
        });
        Series::placed_in(object, zone)
    }

    /// With places in the zone of another object of the same UID.
    pub fn placed_in(object: CalendarObject, zone: Option<Zone>) -> Series {
        let CalendarObject {
            mut calendar,
            kind,
            uid,
            parts,
        } = object;
        let mut taken: Vec<Option<Component>> = std::mem::take(&mut calendar.parts)
            .into_iter()
            .map(Some)
            .collect();
        let (mut master, mut overrides) = (None, BTreeMap::new());
        for part in parts {
            let Some(component) = taken.get_mut(part.component).and_then(Option::take) else {
                continue;
            };
            match part.recurrence_id.as_ref().map(|r| r.local_in(zone.as_ref())) {
                None => master = Some(Entry { component, part }),
                Some(place) => {
                    overrides.insert(place, Entry { component, part });
                }
            }
        }
        calendar.parts = taken.into_iter().flatten().collect();
        Series {
            shell: calendar,
            kind,
            uid,
            zone,
            master,
            overrides,
        }
    }

    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.master.iter().chain(self.overrides.values())
    }

    pub fn entries_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.master.iter_mut().chain(self.overrides.values_mut())
    }

    pub fn is_empty(&self) -> bool {
        self.master.is_none() && self.overrides.is_empty()
    }

    /// The event itself, or the first of its occurrences when there is nothing else.
    pub fn first(&self) -> Option<&Entry> {
        self.entries().next()
    }

    /// The same calendar with nothing in it.
    pub fn bare(&self) -> Series {
        Series {
            master: None,
            overrides: BTreeMap::new(),
            ..self.clone()
        }
    }

    pub fn calendar(&self) -> Component {
        let mut out = self.shell.clone();
        out.parts.extend(self.entries().map(|e| e.component.clone()));
        out
    }

    pub fn print(&self) -> Vec<u8> {
        print_component(&self.calendar()).into_bytes()
    }

    /// As it would be read from its bytes. Errors: Invalid, when changes have made it unreadable.
    pub fn object(&self) -> Result<CalendarObject> {
        check_object(self.calendar(), true)
    }

    /// Takes over the zones of another calendar that this one does not describe.
    pub fn add_zones(&mut self, other: &Component) {
        let name = |c: &Component| c.property("TZID").map(|p| p.value.clone());
        let known: BTreeSet<Option<String>> = self.shell.parts.iter().map(name).collect();
        let new = other.parts.iter().filter(|c| c.name == "VTIMEZONE");
        self.shell
            .parts
            .extend(new.filter(|c| !known.contains(&name(c))).cloned());
    }

    /// Places that the event itself leaves out.
    pub fn excluded(&self) -> BTreeSet<DateTime> {
        let all = self.master.iter().flat_map(|m| &m.part.excluded);
        all.map(|m| m.local_in(self.zone.as_ref())).collect()
    }

    /// Whether the series has an occurrence at this place that nothing else stands for.
    pub fn has_occurrence(&self, place: DateTime) -> bool {
        let Some(master) = &self.master else { return false };
        if self.excluded().contains(&place) || self.overrides.contains_key(&place) {
            return false;
        }
        let utc = Zone::utc();
        let at_s = self.zone.as_ref().unwrap_or(&utc).to_utc(place);
        let alone = Series {
            overrides: BTreeMap::new(),
            master: Some(master.clone()),
            ..self.clone()
        };
        let Ok(object) = alone.object() else { return false };
        expand(&object, &utc, at_s, at_s.saturating_add(1))
            .iter()
            .any(|o| o.recurrence_id == Some(place))
    }

    /// How a place is written, in the form of the series' own start: as RECURRENCE-ID or EXDATE.
    pub fn place_property(&self, name: &str, place: DateTime) -> Property {
        let like = self
            .master
            .as_ref()
            .and_then(|m| m.component.property("DTSTART"))
            .or_else(|| {
                let first = self.overrides.values().next();
                first.and_then(|e| e.component.property("RECURRENCE-ID"))
            });
        let zone_name = like.and_then(|p| p.param("TZID"));
        let is_date = like.is_some_and(|p| !p.value.contains(['T', 't']));
        match (is_date, zone_name) {
            (true, _) => Property::new(name, place.strftime("%Y%m%d").to_string()).with("VALUE", "DATE"),
            (false, Some(zone)) => {
                Property::new(name, place.strftime("%Y%m%dT%H%M%S").to_string()).with("TZID", zone)
            }
            (false, None) => {
                let end = if self.zone.is_some() { "Z" } else { "" };
                Property::new(name, format!("{}{end}", place.strftime("%Y%m%dT%H%M%S")))
            }
        }
    }

    /// The occurrence at a place as a component of its own, made from the event itself, or from what stands before it for
    /// all that follow.
    pub fn occurrence(&self, place: DateTime) -> Option<Component> {
        if let Some(turn) = self.turn_for(place) {
            return self.turned(turn, place);
        }
        let master = self.master.as_ref()?;
        let mut out = master.component.clone();
        for name in ["RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID"] {
            out.remove(name);
        }
        let start = self.place_property("DTSTART", place);
        if let (Some(end), Some(from)) = (out.property("DTEND").cloned(), &master.part.start) {
            let moved = shifted(&end, from, place)?;
            out.put(moved);
        }
        out.put(start);
        let id = self.place_property("RECURRENCE-ID", place);
        let at = out.properties.iter().position(|p| p.name == "DTSTART");
        out.properties.insert(at.unwrap_or(0), id);
        Some(out)
    }

    /// Adds a component that stands at a place.
    pub fn put_override(&mut self, place: DateTime, component: Component) -> Result<()> {
        let mut alone = self.shell.clone();
        alone.parts.push(component.clone());
        let part = check_object(alone, false)?.parts.pop();
        if let Some(part) = part {
            self.overrides.insert(place, Entry { component, part });
        }
        Ok(())
    }

    /// Leaves a place out: what stands there goes, and the series does not come there.
    pub fn exclude(&mut self, place: DateTime) {
        self.overrides.remove(&place);
        if self.excluded().contains(&place) {
            return;
        }
        let property = self.place_property("EXDATE", place);
        let zone = self.zone.clone();
        if let Some(master) = &mut self.master {
            let is_date = property.param("VALUE") == Some("DATE");
            master.component.properties.push(property);
            master.part.excluded.push(Moment {
                local: place,
                is_date,
                zone: zone.filter(|_| !is_date),
            });
        }
    }
}

/// An end that lies as far behind `place` by the clock as the written one behind the start.
fn shifted(end: &Property, start: &Moment, place: DateTime) -> Option<Property> {
    let written = super::value::parse_time(&end.value)?;
    let from = match (written.is_utc, &start.zone) {
        (true, Some(zone)) => zone.to_local_from_plain_utc(written.local),
        _ => written.local,
    };
    let moved = place.checked_add(start.local.duration_until(from)).ok()?;
    let text = match (written.is_date, written.is_utc, &start.zone) {
        (true, ..) => moved.strftime("%Y%m%d").to_string(),
        (_, true, Some(zone)) => {
            let utc = super::zone::plain_time(zone.to_utc(moved));
            utc.strftime("%Y%m%dT%H%M%SZ").to_string()
        }
        _ => moved.strftime("%Y%m%dT%H%M%S").to_string(),
    };
    Some(Property {
        value: text,
        ..end.clone()
    })
}

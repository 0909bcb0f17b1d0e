//! Files that a server holds beside events and tasks: what ATTACH says of them (RFC 8607 §4), and in which components of
//! a series.

use super::Series;
use super::value::parse_time;
use crate::base::text::one_line;
use crate::formats::content_line::{Component, Property};
use jiff::civil::DateTime;

/// What the line of a held file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldLine {
    pub managed_id: String,
    pub name: String,
    pub content_type: String,
    pub size_bytes: u64,
    /// Where it is read.
    pub url: String,
}

impl HeldLine {
    pub fn print(&self) -> Property {
        Property::new("ATTACH", self.url.clone())
            .with("MANAGED-ID", self.managed_id.clone())
            .with("FMTTYPE", one_line(&self.content_type))
            .with("SIZE", self.size_bytes.to_string())
            .with("FILENAME", one_line(&self.name))
    }
}

/// The managed id of an ATTACH. None: whoever made it links to it, or has put the bytes in.
pub fn managed_id(property: &Property) -> Option<&str> {
    (property.name == "ATTACH")
        .then(|| property.param("MANAGED-ID"))
        .flatten()
}

/// Of all parts of a calendar, each once.
pub fn managed_ids(calendar: &Component) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for property in calendar.parts.iter().flat_map(|c| &c.properties) {
        if let Some(id) = managed_id(property)
            && !out.iter().any(|known| known == id)
        {
            out.push(id.to_owned());
        }
    }
    out
}

/// The line about a file in any part of a calendar.
pub fn line_of<'a>(calendar: &'a Component, id: &str) -> Option<&'a Property> {
    let mut all = calendar.parts.iter().flat_map(|c| &c.properties);
    all.find(|p| managed_id(p) == Some(id))
}

/// As the program that attached it calls it.
pub fn file_name(property: &Property) -> &str {
    let params = ["FILENAME", "X-FILENAME", "X-APPLE-FILENAME", "X-LABEL"];
    let name = params.iter().find_map(|p| property.param(p));
    name.unwrap_or("attachment")
}

pub fn content_type(property: &Property) -> &str {
    property.param("FMTTYPE").unwrap_or("application/octet-stream")
}

/// One of those that a `rid` names (RFC 8607 §3.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instance {
    Master,
    At(DateTime),
}

/// `M,20261123T090000Z`: each is there, or is made a component of its own. None: it names what the series does not have.
pub fn take_instances(series: &mut Series, rid: &str) -> Option<Vec<Instance>> {
    let mut out = Vec::new();
    for name in rid.split(',').map(str::trim) {
        if name == "M" {
            series.master.as_ref()?;
            out.push(Instance::Master);
            continue;
        }
        let written = parse_time(name)?;
        let place = match (&series.zone, written.is_utc) {
            (Some(zone), true) => zone.to_local_from_plain_utc(written.local),
            _ => written.local,
        };
        if !series.overrides.contains_key(&place) {
            let one = series
                .has_occurrence(place)
                .then(|| series.occurrence(place))
                .flatten()?;
            series.put_override(place, one).ok()?;
        }
        out.push(Instance::At(place));
    }
    Some(out)
}

/// The components that are meant; without any named, all of them.
pub fn meant<'s>(
    series: &'s mut Series,
    instances: &'s Option<Vec<Instance>>,
) -> impl Iterator<Item = &'s mut Component> {
    let master = series.master.iter_mut().map(|e| (Instance::Master, e));
    let overrides = series.overrides.iter_mut().map(|(p, e)| (Instance::At(*p), e));
    master
        .chain(overrides)
        .filter(move |(at, _)| instances.as_ref().is_none_or(|all| all.contains(at)))
        .map(|(_, e)| &mut e.component)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::content_line::print::print_component;

    const DAILY: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//T//EN\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20260101T000000Z\r\n\
        DTSTART;TZID=Europe/Berlin:20261123T090000\r\nDTEND;TZID=Europe/Berlin:20261123T100000\r\nRRULE:FREQ=DAILY;COUNT=5\r\n\
        END:VEVENT\r\nEND:VCALENDAR\r\n";

    #[test]
    fn instances_are_named_in_utc_by_the_clock_or_as_the_whole() {
        let mut series = Series::read(DAILY.as_bytes()).unwrap();
        let at = |day: i8| jiff::civil::date(2026, 11, day).at(9, 0, 0, 0);
        let named = take_instances(&mut series, "M,20261124T080000Z,20261125T090000").unwrap();
        assert_eq!(
            named,
            [Instance::Master, Instance::At(at(24)), Instance::At(at(25))]
        );
        assert_eq!(series.overrides.len(), 2);
        for (rid, is_there) in [
            ("20261124T090000", true),
            ("20261129T090000", false),
            ("", false),
            ("x", false),
        ] {
            assert_eq!(take_instances(&mut series, rid).is_some(), is_there, "{rid}");
        }
        let only = Some(vec![Instance::At(at(24))]);
        assert_eq!(meant(&mut series, &only).count(), 1);
        assert_eq!(meant(&mut series, &None).count(), 3);
    }

    #[test]
    fn the_line_of_a_file_comes_back() {
        let line = HeldLine {
            managed_id: "x1".to_owned(),
            name: "Plan; \"neu\".pdf".to_owned(),
            content_type: "application/pdf".to_owned(),
            size_bytes: 12,
            url: "https://box/dav/attachments/x1/Plan.pdf".to_owned(),
        };
        let mut event = Component::new("VEVENT");
        event.properties.push(line.print());
        let mut calendar = Component::new("VCALENDAR");
        calendar.parts.push(event);
        let read =
            crate::formats::content_line::read_component(print_component(&calendar).as_bytes()).unwrap();
        assert_eq!(managed_ids(&read), ["x1"]);
        let found = line_of(&read, "x1").unwrap();
        assert_eq!(
            (file_name(found), content_type(found)),
            ("Plan; \"neu\".pdf", "application/pdf")
        );
        assert_eq!(found.value, line.url);
    }
}

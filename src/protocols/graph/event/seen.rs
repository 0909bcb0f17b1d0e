//! One event as it is shown: a single one, a series, or one of a series with its time.

use crate::base::Error;
use crate::formats::content_line::Component;
use crate::formats::ical::expand::{Occurrence, expand, part_span};
use crate::formats::ical::value::parse_time;
use crate::formats::ical::{CalendarObject, read_object};
use crate::model::object::{Object, ObjectKind};
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::object::Look;
use crate::protocols::http::ids;
use jiff::civil::DateTime;

pub struct Seen<'e> {
    pub look: &'e Look,
    pub object: &'e Object,
    pub calendar: &'e CalendarObject,
    /// Of the calendar's parts.
    pub part: usize,
    /// Seconds since 1970.
    pub start_s: i64,
    pub end_s: i64,
    /// For one of a series: where its rule has it, in the series' own time.
    pub place: Option<DateTime>,
}

impl<'e> Seen<'e> {
    /// The event itself; for a series all of it, at its first time.
    pub fn whole(look: &'e Look, object: &'e Object, calendar: &'e CalendarObject) -> Seen<'e> {
        let (start_s, end_s) = part_span(calendar, 0, &look.zone.zone).unwrap_or_default();
        Seen {
            look,
            object,
            calendar,
            part: 0,
            start_s,
            end_s,
            place: None,
        }
    }

    pub fn of_occurrence(
        look: &'e Look,
        object: &'e Object,
        calendar: &'e CalendarObject,
        occurrence: &Occurrence,
    ) -> Seen<'e> {
        Seen {
            look,
            object,
            calendar,
            part: occurrence.part,
            start_s: occurrence.start_s,
            end_s: occurrence.end_s,
            place: occurrence.recurrence_id,
        }
    }

    pub fn component(&self) -> &'e Component {
        &self.calendar.calendar.parts[self.calendar.parts[self.part].component]
    }

    pub fn is_all_day(&self) -> bool {
        self.calendar.parts[self.part]
            .start
            .as_ref()
            .is_some_and(|s| s.is_date)
    }

    pub fn is_master(&self) -> bool {
        self.place.is_none() && is_series(self.calendar)
    }

    /// It was changed by itself.
    pub fn is_exception(&self) -> bool {
        self.place.is_some() && self.calendar.parts[self.part].recurrence_id.is_some()
    }

    pub fn master_id(&self) -> String {
        ids::print_object(ObjectKind::Event, self.object.item.id)
    }

    pub fn id(&self) -> String {
        match self.place {
            None => self.master_id(),
            Some(place) => occurrence_id(&self.master_id(), place),
        }
    }

    /// A text property in upper case.
    pub fn word(&self, name: &str) -> Option<String> {
        let property = self.component().property(name);
        property
            .map(|p| p.value.trim().to_ascii_uppercase())
            .filter(|w| !w.is_empty())
    }
}

/// Something stands for several times.
pub fn is_series(calendar: &CalendarObject) -> bool {
    let main = &calendar.parts[0];
    main.recurrence_id.is_none() && !(main.rules.is_empty() && main.added.is_empty())
}

/// `E5-20261123T090000`
pub fn occurrence_id(master: &str, place: DateTime) -> String {
    format!("{master}-{}", place.strftime("%Y%m%dT%H%M%S"))
}

/// The id of the series, and the place of one of it.
pub fn parse_id(text: &str) -> Result<(&str, Option<DateTime>), GraphError> {
    match text.split_once('-') {
        None => Ok((text, None)),
        Some((master, place)) => {
            let place = parse_time(place).filter(|w| !w.is_date && !w.is_utc);
            let place = place.ok_or_else(|| GraphError::bad_id(text))?;
            Ok((master, Some(place.local)))
        }
    }
}

/// What is stored can be read: it was, once. Errors: Internal.
pub fn parse(raw: &[u8]) -> Result<CalendarObject, GraphError> {
    read_object(raw).map_err(|e| {
        Error::internal("a stored event cannot be read")
            .caused_by(e)
            .into()
    })
}

/// The occurrence of a series at a place. Errors: ErrorItemNotFound.
pub fn at_place(calendar: &CalendarObject, look: &Look, place: DateTime) -> Result<Occurrence, GraphError> {
    let missing = || GraphError::from(Error::not_found("there is no such occurrence"));
    let main = calendar.parts[0].start.as_ref().ok_or_else(missing)?;
    let zone = main.zone.clone().unwrap_or_else(|| look.zone.zone.clone());
    let is_it = |o: &Occurrence| o.recurrence_id == Some(place);
    // One that was moved is where its own component says.
    let near = zone.to_utc(place);
    let moved = calendar.parts.iter().enumerate().find(|(_, p)| {
        let id = p.recurrence_id.as_ref();
        id.is_some_and(|r| r.local_in(main.zone.as_ref()) == place)
    });
    let at = match moved {
        Some((i, _)) => part_span(calendar, i, &look.zone.zone).map_or(near, |(s, _)| s),
        None => near,
    };
    const DAY: i64 = 86_400;
    let all = expand(calendar, &look.zone.zone, at - 2 * DAY, at + 2 * DAY);
    all.into_iter().find(is_it).ok_or_else(missing)
}

//! Messages about events on their way, and what a room or a piece of equipment says of itself.

use super::peer::Peer;
use crate::base::{Error, Result};
use serde::{Deserialize, Serialize};

/// Something that is to be done after a commit, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Job {
    /// The body is an iCalendar message that is to be carried to people.
    Carry {
        /// As METHOD says it.
        method: String,
        /// Our own address that it comes from.
        from: String,
        to: Vec<String>,
        /// A real mail also for people of ours.
        #[serde(default)]
        by_mail: bool,
    },
    /// The body is a mail that arrived; there is a message about an event in it.
    #[serde(rename_all = "camelCase")]
    Read {
        /// By one of us, so that From is true.
        is_submitted: bool,
        /// Who handed it over to us, where that is known.
        #[serde(default)]
        peer: Option<Peer>,
    },
}

/// Why nothing was done with a mail about an event that its reader should know of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The domain of its From wants mail in its name to be proved, and this is not.
    Unproved,
    /// It came from outside in the name of one of the office.
    NameOfOurs,
    /// Whoever sent it is not the organizer of the event.
    NotOrganizer,
}

impl Refusal {
    const ALL: [(Refusal, &'static str, &'static str); 3] = [
        (
            Refusal::Unproved,
            "unproved",
            "the domain of its From wants mail in its name to be proved, and this is not",
        ),
        (
            Refusal::NameOfOurs,
            "nameOfOurs",
            "it came from outside in the name of one of the office",
        ),
        (
            Refusal::NotOrganizer,
            "notOrganizer",
            "only the organizer of an event invites to it, changes it and calls it off",
        ),
    ];

    fn row(self) -> (&'static str, &'static str) {
        let row = Self::ALL.iter().find(|(refusal, ..)| *refusal == self);
        row.map_or(("", ""), |(_, code, why)| (*code, *why))
    }

    /// As programs know it.
    pub fn code(self) -> &'static str {
        self.row().0
    }

    /// A sentence for the log.
    pub fn why(self) -> &'static str {
        self.row().1
    }

    pub fn by_code(code: &str) -> Option<Refusal> {
        let row = Self::ALL.iter().find(|(_, known, _)| *known == code);
        row.map(|(refusal, ..)| *refusal)
    }
}

/// Who may book a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Bookers {
    /// People of this office.
    #[default]
    Internal,
    /// Also others, by mail.
    Everyone,
    /// Those that are named, and nobody else.
    Named,
}

/// From minute to minute of each of these days, in the room's own time zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenTime {
    /// 1 is Monday.
    pub first_day: u8,
    pub last_day: u8,
    pub from_minute: u16,
    pub to_minute: u16,
}

/// What a room or a piece of equipment says of itself, and how it may be booked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Resource {
    pub capacity: Option<u32>,
    pub building: Option<String>,
    pub floor: Option<String>,
    /// Where to find it.
    pub place: Option<String>,
    pub features: Vec<String>,
    /// Empty: always.
    pub open: Vec<OpenTime>,
    /// IANA name, for the opening times.
    pub time_zone: Option<String>,
    /// A booking ends at most so many days from now.
    pub window_days: Option<u32>,
    pub longest_minutes: Option<u32>,
    pub allows_recurring: bool,
    pub bookers: Bookers,
    /// Addresses, lower case, when `bookers` says so.
    pub named: Vec<String>,
    /// Who says yes; None: whoever comes first gets it.
    pub approver: Option<String>,
}

impl Default for Resource {
    fn default() -> Self {
        Resource {
            capacity: None,
            building: None,
            floor: None,
            place: None,
            features: Vec::new(),
            open: Vec::new(),
            time_zone: None,
            window_days: None,
            longest_minutes: None,
            allows_recurring: true,
            bookers: Bookers::Internal,
            named: Vec::new(),
            approver: None,
        }
    }
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// `mon-fri 08:00-18:00`, several with a comma between them; `always` is none.
/// Errors: Invalid, with what was not understood.
pub fn parse_open_times(text: &str) -> Result<Vec<OpenTime>> {
    if text.trim().eq_ignore_ascii_case("always") {
        return Ok(Vec::new());
    }
    text.split(',').map(parse_open_time).collect()
}

fn parse_open_time(text: &str) -> Result<OpenTime> {
    let wrong = || {
        Error::invalid(format!(
            "»{}« is no opening time; write for example »mon-fri 08:00-18:00, sat 09:00-12:00« or »always«",
            text.trim()
        ))
    };
    let (days, times) = text.trim().split_once(' ').ok_or_else(wrong)?;
    let day = |word: &str| {
        let word = word.trim().to_lowercase();
        DAYS.iter().position(|d| *d == word).map(|i| i as u8 + 1)
    };
    let (first, last) = days.split_once('-').unwrap_or((days, days));
    let minute = |word: &str| -> Option<u16> {
        let (hours, minutes) = word.trim().split_once(':')?;
        let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
        (minutes < 60 && hours * 60 + minutes <= 1_440).then_some(hours * 60 + minutes)
    };
    let (from, to) = times.split_once('-').ok_or_else(wrong)?;
    let out = OpenTime {
        first_day: day(first).ok_or_else(wrong)?,
        last_day: day(last).ok_or_else(wrong)?,
        from_minute: minute(from).ok_or_else(wrong)?,
        to_minute: minute(to).ok_or_else(wrong)?,
    };
    match out.first_day <= out.last_day && out.from_minute < out.to_minute {
        true => Ok(out),
        false => Err(wrong()),
    }
}

/// As [`parse_open_times`] reads it.
pub fn print_open_times(open: &[OpenTime]) -> String {
    let day = |n: u8| DAYS.get(usize::from(n.saturating_sub(1))).copied().unwrap_or("?");
    let one = |o: &OpenTime| {
        let days = match o.first_day == o.last_day {
            true => day(o.first_day).to_owned(),
            false => format!("{}-{}", day(o.first_day), day(o.last_day)),
        };
        let minute = |m: u16| format!("{:02}:{:02}", m / 60, m % 60);
        format!("{days} {}-{}", minute(o.from_minute), minute(o.to_minute))
    };
    match open {
        [] => "always".to_owned(),
        all => all.iter().map(one).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opening_times_come_back() {
        let text = "mon-fri 08:00-18:30, sat 09:00-24:00";
        assert_eq!(print_open_times(&parse_open_times(text).unwrap()), text);
        assert!(parse_open_times("always").unwrap().is_empty());
        for bad in [
            "",
            "mon",
            "mon 8-9",
            "fri-mon 08:00-09:00",
            "mon 09:00-08:00",
            "mon 08:00-24:01",
            "mon 99999:00-10:00",
        ] {
            assert!(parse_open_times(bad).is_err(), "{bad}");
        }
    }
}

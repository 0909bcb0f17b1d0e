//! `hauspost account set` for rooms and equipment: what they say of themselves, and how they may be booked.

use super::account::parse_yes;
use crate::base::{Error, Result};
use crate::formats::ical::zone::Zone;
use crate::model::EmailAddress;
use crate::model::scheduling::{Bookers, Resource, parse_open_times, print_open_times};
use clap::Args;

/// A word such as »none« takes something away again.
const NONE: &str = "none";

#[derive(Args, Clone, Debug, Default)]
pub struct ResourceFlags {
    /// Of a room: how many people fit in; »none« when it does not matter
    #[arg(long, value_name = "PEOPLE", help_heading = "Rooms and equipment")]
    capacity: Option<String>,
    /// The building it is in
    #[arg(long, value_name = "NAME", help_heading = "Rooms and equipment")]
    building: Option<String>,
    /// The floor it is on
    #[arg(long, value_name = "NAME", help_heading = "Rooms and equipment")]
    floor: Option<String>,
    /// Where to find it
    #[arg(long, value_name = "TEXT", help_heading = "Rooms and equipment")]
    place: Option<String>,
    /// What it has, such as beamer; several times for several, »none« for nothing
    #[arg(long, value_name = "NAME", help_heading = "Rooms and equipment")]
    feature: Vec<String>,
    /// When it can be booked: »mon-fri 08:00-18:00, sat 09:00-12:00« or »always«
    #[arg(long, value_name = "TIMES", help_heading = "Rooms and equipment")]
    open: Option<String>,
    /// The time zone of its opening times, such as Europe/Berlin
    #[arg(long, value_name = "ZONE", help_heading = "Rooms and equipment")]
    time_zone: Option<String>,
    /// So many days ahead it can be booked; »none« for no limit
    #[arg(long, value_name = "DAYS", help_heading = "Rooms and equipment")]
    window: Option<String>,
    /// The longest booking in minutes; »none« for no limit
    #[arg(long, value_name = "MINUTES", help_heading = "Rooms and equipment")]
    longest: Option<String>,
    /// Whether it takes series
    #[arg(long, value_name = "yes|no", help_heading = "Rooms and equipment")]
    recurring: Option<String>,
    /// Who may book it: internal (people of this office), everyone, or addresses with commas between them
    #[arg(long, value_name = "WHO", help_heading = "Rooms and equipment")]
    bookers: Option<String>,
    /// Who has to approve each booking; »none« for nobody
    #[arg(long, value_name = "ADDRESS", help_heading = "Rooms and equipment")]
    approver: Option<String>,
}

impl ResourceFlags {
    pub fn is_any(&self) -> bool {
        let words = [
            &self.capacity,
            &self.building,
            &self.floor,
            &self.place,
            &self.open,
            &self.time_zone,
            &self.window,
            &self.longest,
            &self.recurring,
            &self.bookers,
            &self.approver,
        ];
        !self.feature.is_empty() || words.iter().any(|w| w.is_some())
    }

    /// Errors: Invalid, with what was not understood.
    pub fn apply(self, to: &mut Resource) -> Result<()> {
        if let Some(n) = self.capacity {
            to.capacity = number(&n, "people")?;
        }
        for (given, field) in [
            (self.building, &mut to.building),
            (self.floor, &mut to.floor),
            (self.place, &mut to.place),
        ] {
            if let Some(text) = given {
                *field = some(&text);
            }
        }
        if !self.feature.is_empty() {
            to.features = self.feature.iter().filter_map(|f| some(f)).collect();
        }
        if let Some(text) = self.open {
            to.open = parse_open_times(&text)?;
        }
        if let Some(zone) = self.time_zone {
            if zone != NONE && Zone::by_name(&zone).is_none() {
                return Err(Error::invalid(format!(
                    "»{zone}« is no time zone; write for example Europe/Berlin"
                )));
            }
            to.time_zone = some(&zone);
        }
        if let Some(n) = self.window {
            to.window_days = number(&n, "days")?;
        }
        if let Some(n) = self.longest {
            to.longest_minutes = number(&n, "minutes")?;
        }
        if let Some(word) = self.recurring {
            to.allows_recurring = parse_yes(&word)?;
        }
        if let Some(who) = self.bookers {
            set_bookers(to, &who)?;
        }
        if let Some(who) = self.approver {
            to.approver = match some(&who) {
                Some(address) => Some(EmailAddress::parse(&address)?.key()),
                None => None,
            };
        }
        Ok(())
    }
}

fn some(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty() && text != NONE).then(|| text.to_owned())
}

fn number(text: &str, of: &str) -> Result<Option<u32>> {
    match some(text) {
        None => Ok(None),
        Some(text) => text
            .parse()
            .map(Some)
            .map_err(|_| Error::invalid(format!("»{text}« is no number of {of}"))),
    }
}

fn set_bookers(to: &mut Resource, who: &str) -> Result<()> {
    (to.bookers, to.named) = match who.trim() {
        "internal" => (Bookers::Internal, Vec::new()),
        "everyone" => (Bookers::Everyone, Vec::new()),
        addresses => {
            let all = addresses.split(',').map(|a| Ok(EmailAddress::parse(a)?.key()));
            (Bookers::Named, all.collect::<Result<_>>()?)
        }
    };
    Ok(())
}

/// Lines for `account show`.
pub fn describe(r: &Resource) -> String {
    let number = |n: Option<u32>| n.map_or_else(|| "no limit".to_owned(), |n| n.to_string());
    let bookers = match r.bookers {
        Bookers::Internal => "internal".to_owned(),
        Bookers::Everyone => "everyone".to_owned(),
        Bookers::Named => r.named.join(", "),
    };
    let place: Vec<&str> = [&r.building, &r.floor, &r.place]
        .into_iter()
        .filter_map(|p| p.as_deref())
        .collect();
    format!(
        "\n  capacity  {}\n  place     {}\n  features  {}\n  open      {} {}\n  window    {} days\n  longest   {} minutes\n  \
         recurring {}\n  bookers   {bookers}\n  approver  {}",
        number(r.capacity),
        place.join(", "),
        r.features.join(", "),
        print_open_times(&r.open),
        r.time_zone.as_deref().unwrap_or_default(),
        number(r.window_days),
        number(r.longest_minutes),
        if r.allows_recurring { "yes" } else { "no" },
        r.approver.as_deref().unwrap_or("nobody"),
    )
}

//! outlook/supportedTimeZones: the names that times may be written in, Windows' or IANA's.

use crate::base::text::one_line;
use crate::formats::ical::zone::Zone;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::routes::{Row, row};
use serde_json::{Value, json};

pub const ROWS: &[Row] = &[
    row!(GET "me/outlook/supportedTimeZones" UserRead [] => windows),
    row!(GET "me/outlook/supportedTimeZones/{}" UserRead [] => named),
];

async fn windows(call: Call) -> Result {
    Ok(answer(&call, WINDOWS.iter().map(|n| (*n).to_owned()).collect()))
}

/// `(TimeZoneStandard=microsoft.graph.timeZoneStandard'Iana')`
async fn named(call: Call) -> Result {
    let key = call.key(0).to_ascii_lowercase();
    if key.contains("'iana'") {
        let all = jiff::tz::db().available().map(|n| n.to_string());
        return Ok(answer(&call, all.collect()));
    }
    if key.contains("'windows'") {
        return windows(call).await;
    }
    Err(GraphError::request(format!(
        "»{}« is no standard of time zones; known: Windows, Iana",
        one_line(call.key(0))
    )))
}

fn answer(call: &Call, names: Vec<String>) -> Answer {
    let now_s = call.ctx().now_ms().div_euclid(1000);
    let value: Vec<Value> = names
        .iter()
        .map(|name| {
            let zone = Zone::by_name(name).unwrap_or_else(Zone::utc);
            let local = crate::formats::ical::zone::plain_seconds(zone.to_local(now_s));
            let minutes = (local - now_s) / 60;
            let sign = if minutes < 0 { '-' } else { '+' };
            let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
            json!({"alias": name, "displayName": format!("(UTC{sign}{hours:02}:{rest:02}) {name}")})
        })
        .collect();
    let context = format!(
        "{}/$metadata#Collection(microsoft.graph.timeZoneInformation)",
        call.site.base()
    );
    Answer::json(json!({"@odata.context": context, "value": value}))
}

/// Those of Unicode's windowsZones.
const WINDOWS: &[&str] = &[
    "Dateline Standard Time",
    "UTC-11",
    "Aleutian Standard Time",
    "Hawaiian Standard Time",
    "Marquesas Standard Time",
    "Alaskan Standard Time",
    "UTC-09",
    "Pacific Standard Time (Mexico)",
    "UTC-08",
    "Pacific Standard Time",
    "US Mountain Standard Time",
    "Mountain Standard Time",
    "Central America Standard Time",
    "Central Standard Time",
    "Easter Island Standard Time",
    "Central Standard Time (Mexico)",
    "Canada Central Standard Time",
    "SA Pacific Standard Time",
    "Eastern Standard Time (Mexico)",
    "Eastern Standard Time",
    "Haiti Standard Time",
    "Cuba Standard Time",
    "US Eastern Standard Time",
    "Paraguay Standard Time",
    "Atlantic Standard Time",
    "Venezuela Standard Time",
    "Central Brazilian Standard Time",
    "SA Western Standard Time",
    "Pacific SA Standard Time",
    "Newfoundland Standard Time",
    "Tocantins Standard Time",
    "E. South America Standard Time",
    "SA Eastern Standard Time",
    "Argentina Standard Time",
    "Greenland Standard Time",
    "Montevideo Standard Time",
    "Saint Pierre Standard Time",
    "Bahia Standard Time",
    "UTC-02",
    "Azores Standard Time",
    "Cape Verde Standard Time",
    "UTC",
    "Morocco Standard Time",
    "GMT Standard Time",
    "Greenwich Standard Time",
    "W. Europe Standard Time",
    "Central Europe Standard Time",
    "Romance Standard Time",
    "Central European Standard Time",
    "W. Central Africa Standard Time",
    "Namibia Standard Time",
    "Jordan Standard Time",
    "GTB Standard Time",
    "Middle East Standard Time",
    "Egypt Standard Time",
    "Syria Standard Time",
    "E. Europe Standard Time",
    "West Bank Standard Time",
    "South Africa Standard Time",
    "FLE Standard Time",
    "Israel Standard Time",
    "Kaliningrad Standard Time",
    "Libya Standard Time",
    "Arabic Standard Time",
    "Turkey Standard Time",
    "Arab Standard Time",
    "Belarus Standard Time",
    "Russian Standard Time",
    "E. Africa Standard Time",
    "Iran Standard Time",
    "Arabian Standard Time",
    "Astrakhan Standard Time",
    "Azerbaijan Standard Time",
    "Russia Time Zone 3",
    "Mauritius Standard Time",
    "Saratov Standard Time",
    "Georgian Standard Time",
    "Caucasus Standard Time",
    "Afghanistan Standard Time",
    "West Asia Standard Time",
    "Ekaterinburg Standard Time",
    "Pakistan Standard Time",
    "India Standard Time",
    "Sri Lanka Standard Time",
    "Nepal Standard Time",
    "Central Asia Standard Time",
    "Bangladesh Standard Time",
    "Omsk Standard Time",
    "Myanmar Standard Time",
    "SE Asia Standard Time",
    "Altai Standard Time",
    "W. Mongolia Standard Time",
    "North Asia Standard Time",
    "N. Central Asia Standard Time",
    "Tomsk Standard Time",
    "China Standard Time",
    "North Asia East Standard Time",
    "Singapore Standard Time",
    "W. Australia Standard Time",
    "Taipei Standard Time",
    "Ulaanbaatar Standard Time",
    "Aus Central W. Standard Time",
    "Transbaikal Standard Time",
    "Tokyo Standard Time",
    "Korea Standard Time",
    "Yakutsk Standard Time",
    "Cen. Australia Standard Time",
    "AUS Central Standard Time",
    "E. Australia Standard Time",
    "AUS Eastern Standard Time",
    "West Pacific Standard Time",
    "Tasmania Standard Time",
    "Vladivostok Standard Time",
    "Lord Howe Standard Time",
    "Bougainville Standard Time",
    "Russia Time Zone 10",
    "Magadan Standard Time",
    "Norfolk Standard Time",
    "Sakhalin Standard Time",
    "Central Pacific Standard Time",
    "Russia Time Zone 11",
    "New Zealand Standard Time",
    "UTC+12",
    "Fiji Standard Time",
    "Chatham Islands Standard Time",
    "UTC+13",
    "Tonga Standard Time",
    "Samoa Standard Time",
    "Line Islands Standard Time",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_zone_that_times_can_be_written_in() {
        let unknown: Vec<_> = WINDOWS.iter().filter(|n| Zone::by_name(n).is_none()).collect();
        assert_eq!(unknown, Vec::<&&str>::new());
    }
}

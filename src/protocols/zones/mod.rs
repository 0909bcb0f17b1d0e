//! Time zones for programs that know them by name only (RFC 7808, to which RFC 7809's `timezone-service-set` leads): the
//! database that this program reckons with, as VTIMEZONE and as lists of changes. Nothing here is secret, nobody signs in.

mod describe;
mod expand;
mod list;
mod problem;

use crate::protocols::servers::time_zones;
use actix_web::web::{ServiceConfig, get};
use actix_web::{HttpRequest, HttpResponse};
use problem::Problem;
use serde_json::json;

use list::FINGERPRINT;

type Answer = Result<HttpResponse, Problem>;

pub fn configure(config: &mut ServiceConfig) {
    config
        .route("/.well-known/timezone", get().to(lead_in))
        .route("/timezones/capabilities", get().to(capabilities))
        .route("/timezones/leapseconds", get().to(leap_seconds))
        .route("/timezones/zones", get().to(list::answer))
        .route("/timezones/zones/{name:.+}/observances", get().to(expand::answer))
        .route("/timezones/zones/{name:.+}", get().to(describe::answer));
}

async fn lead_in() -> HttpResponse {
    HttpResponse::MovedPermanently()
        .insert_header(("Location", time_zones()))
        .finish()
}

/// A zone of the database by what stands in the path, where a slash may be written as it is or as `%2F`.
fn named(request: &HttpRequest) -> Result<(String, jiff::tz::TimeZone), Problem> {
    let raw = request.match_info().query("name");
    let name = percent_encoding::percent_decode_str(raw)
        .decode_utf8()
        .map_err(|_| Problem::no_such_zone())?;
    match jiff::tz::TimeZone::get(&name) {
        Ok(zone) => Ok((name.into_owned(), zone)),
        Err(_) => Err(Problem::no_such_zone()),
    }
}

/// What the query says of one thing. Errors: the problem `wrong` for one that stands there more than once.
fn single(request: &HttpRequest, name: &str, wrong: fn(&str) -> Problem) -> Result<Option<String>, Problem> {
    let pairs = url::form_urlencoded::parse(request.query_string().as_bytes());
    let mut values = pairs.filter(|(n, _)| n == name).map(|(_, v)| v.into_owned());
    let first = values.next();
    match values.next() {
        Some(_) => Err(wrong(&format!("»{name}« may be given once"))),
        None => Ok(first),
    }
}

async fn capabilities() -> HttpResponse {
    let parameter =
        |name: &str, is_required: bool| json!({"name": name, "required": is_required, "multi": false});
    let action = |name: &str, path: &str, parameters: Vec<serde_json::Value>| json!({"name": name, "uri-template": format!("{}{path}", time_zones()), "parameters": parameters});
    json_answer(&json!({
        "version": 1,
        "info": {"primary-source": format!("IANA:{}", list::version()), "formats": ["text/calendar"]},
        "actions": [
            action("capabilities", "/capabilities", vec![]),
            action("list", "/zones{?changedsince}", vec![parameter("changedsince", false)]),
            action("get", "/zones{/tzid}", vec![]),
            action("expand", "/zones{/tzid}/observances{?start,end}", vec![parameter("start", true), parameter("end", true)]),
            action("find", "/zones{?pattern}", vec![parameter("pattern", true)]),
            action("leapseconds", "/leapseconds", vec![]),
        ],
    }))
}

/// TAI - UTC, from the day on (IERS bulletins C). It is known until the day on which it expires; there has been no other since.
const LEAP_SECONDS: &[(&str, i32)] = &[
    ("1972-01-01", 10),
    ("1972-07-01", 11),
    ("1973-01-01", 12),
    ("1974-01-01", 13),
    ("1975-01-01", 14),
    ("1976-01-01", 15),
    ("1977-01-01", 16),
    ("1978-01-01", 17),
    ("1979-01-01", 18),
    ("1980-01-01", 19),
    ("1981-07-01", 20),
    ("1982-07-01", 21),
    ("1983-07-01", 22),
    ("1985-07-01", 23),
    ("1988-01-01", 24),
    ("1990-01-01", 25),
    ("1991-01-01", 26),
    ("1992-07-01", 27),
    ("1993-07-01", 28),
    ("1994-07-01", 29),
    ("1996-01-01", 30),
    ("1997-07-01", 31),
    ("1999-01-01", 32),
    ("2006-01-01", 33),
    ("2009-01-01", 34),
    ("2012-07-01", 35),
    ("2015-07-01", 36),
    ("2017-01-01", 37),
];
/// As the version of the database says that is in the program.
const LEAP_SECONDS_EXPIRE: &str = "2027-06-28";

async fn leap_seconds() -> HttpResponse {
    let all = LEAP_SECONDS.iter();
    let all: Vec<_> = all
        .map(|(onset, offset)| json!({"onset": onset, "utc-offset": offset}))
        .collect();
    json_answer(&json!({
        "expires": LEAP_SECONDS_EXPIRE,
        "publisher": list::PUBLISHER,
        "version": list::version(),
        "leapseconds": all,
    }))
}

fn json_answer(body: &serde_json::Value) -> HttpResponse {
    HttpResponse::Ok().json(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leap_seconds_come_one_by_one_at_half_years() {
        for pair in LEAP_SECONDS.windows(2) {
            assert!(pair[0].0 < pair[1].0 && pair[0].1 + 1 == pair[1].1, "{pair:?}");
            assert!(
                pair[1].0.ends_with("-01-01") || pair[1].0.ends_with("-07-01"),
                "{pair:?}"
            );
        }
    }
}

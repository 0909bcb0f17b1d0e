//! A glance at the bytes of an object, which spares reading it when a text that is searched stands nowhere in it.

use super::filter::{PropFilter, TextMatch};

/// The letters of an object as a search sees them, roughly: small, without the ends of lines and marks of escaping. What
/// is not in here is in no value either.
pub struct Glance(String);

impl Glance {
    /// None: bytes that are no text, or letters whose small form is another one of ASCII (`K` of Kelvin, the Turkish `İ`).
    pub fn of(raw: &[u8]) -> Option<Glance> {
        let text = std::str::from_utf8(raw).ok()?;
        let is_odd = !text.is_ascii() && text.contains(['\u{212a}', '\u{130}']);
        if is_odd {
            return None;
        }
        let mut out = Vec::with_capacity(text.len());
        let mut is_at_start = false;
        for byte in raw {
            match byte {
                // One value then runs into the next, and nothing that is in a value is torn apart.
                b'\n' | b'\r' | b'\\' => {}
                b' ' | b'\t' if is_at_start => {}
                byte => out.push(byte.to_ascii_lowercase()),
            }
            is_at_start = *byte == b'\n';
        }
        // Only whole characters of ASCII were left out.
        String::from_utf8(out).ok().map(Glance)
    }

    /// Whether an object of these bytes can fit; if so, it has to be read to know.
    pub fn may_fit(&self, filter: &PropFilter) -> bool {
        if filter.is_not_defined {
            return true;
        }
        let mut texts = filter.texts.iter().map(|text| self.may_hold(text));
        match filter.is_any {
            true => !filter.params.is_empty() || filter.texts.is_empty() || texts.any(|held| held),
            false => texts.all(|held| held),
        }
    }

    fn may_hold(&self, text: &TextMatch) -> bool {
        // Others may be written in more than one way.
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || b" @.-_".contains(&b);
        let is_clear = !text.is_negated && text.text.bytes().all(is_plain);
        !is_clear || self.0.contains(&text.text.to_ascii_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::content_line::read_component;
    use crate::formats::filter::{Collation, How};

    fn filter(text: &str, is_negated: bool) -> PropFilter {
        PropFilter {
            name: "FN".to_owned(),
            texts: vec![TextMatch {
                text: text.to_owned(),
                how: How::Contains,
                is_negated,
                collation: Collation::Unicode,
            }],
            ..PropFilter::default()
        }
    }

    #[test]
    fn what_fits_is_never_passed_over() {
        let values = [
            "Anna Berger",
            "AN\r\n NA BER\r\n\r\n\tGER",
            "An\\na Ber\\ger",
            "\u{212a}arl \u{130}nan",
            "Jörg Größe",
            "Müller\\, Anna",
            "x\\nAnna",
        ];
        let texts = [
            "anna",
            "berger",
            "anna berger",
            "karl",
            "inan",
            "jörg",
            "r, a",
            "größe",
            "GER",
            "zzz",
            "",
        ];
        let mut spared = 0;
        for value in values {
            let raw = format!("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{value}\r\nEND:VCARD\r\n");
            let card = read_component(raw.as_bytes()).unwrap();
            for (text, is_negated) in texts.iter().flat_map(|t| [(*t, false), (*t, true)]) {
                let filter = filter(text, is_negated);
                let may_fit = Glance::of(raw.as_bytes()).is_none_or(|g| g.may_fit(&filter));
                assert!(may_fit || !filter.fits(&card), "{value:?} {text:?} {is_negated}");
                spared += usize::from(!may_fit);
            }
        }
        assert!(spared > 20, "{spared}");
    }
}

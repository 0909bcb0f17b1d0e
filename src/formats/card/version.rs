//! Cards in another version of the format than they are stored in: 4.0 (RFC 6350) for programs that ask for it, 3.0
//! (RFC 2426) for those that read nothing else, and cards of version 2.1 as 3.0. calcard writes the values; what the
//! versions name differently is exchanged here.

use crate::base::{Error, Result};
use crate::formats::content_line::print::print_component;
use crate::formats::content_line::{Component, Property, read_component};
use calcard::vcard::{VCard, VCardVersion};

/// A version that cards are given out in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    V3,
    V4,
}

impl Version {
    pub fn parse(text: &str) -> Option<Version> {
        match text.trim() {
            "3.0" => Some(Version::V3),
            "4.0" => Some(Version::V4),
            _ => None,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Version::V3 => "3.0",
            Version::V4 => "4.0",
        }
    }
}

/// Names of 4.0 that programs write otherwise in 3.0.
const RENAMED: [(&str, &str); 4] = [
    ("KIND", "X-ADDRESSBOOKSERVER-KIND"),
    ("MEMBER", "X-ADDRESSBOOKSERVER-MEMBER"),
    ("ANNIVERSARY", "X-ANNIVERSARY"),
    ("GENDER", "X-GENDER"),
];

/// Types of 3.0 that say nothing in 4.0.
const IDLE_TYPES: [&str; 5] = ["internet", "dom", "intl", "postal", "parcel"];

/// It is the first line of every card but a few.
const MOST_LINES_TO_VERSION: usize = 200;

/// The year that Apple's programs write for a birthday without one.
const NO_YEAR: &str = "1604";
const OMIT_YEAR: &str = "X-APPLE-OMIT-YEAR";

/// The card in this version; one that is in it already stays to the byte. Errors: Invalid, for what is no card.
pub fn in_version(raw: &[u8], version: Version) -> Result<Vec<u8>> {
    let text = std::str::from_utf8(raw).map_err(|_| Error::invalid("the card is not in UTF-8"))?;
    let card = VCard::parse(text).map_err(|_| Error::invalid("the card cannot be read"))?;
    let target = match version {
        Version::V3 => VCardVersion::V3_0,
        Version::V4 => VCardVersion::V4_0,
    };
    if card.version() == Some(target) {
        return Ok(raw.to_vec());
    }
    let mut written = String::with_capacity(raw.len() + 100);
    card.write_to(&mut written, target)
        .map_err(|e| Error::internal("a card could not be written").caused_by(e))?;
    let mut out = read_component(written.as_bytes())?;
    for p in out.properties.iter_mut().filter(|p| p.value.contains("\\r")) {
        p.value = without_returns(&p.value);
    }
    match version {
        Version::V3 => to_v3(&mut out),
        Version::V4 => to_v4(&mut out),
    }
    Ok(print_component(&out).into_bytes())
}

/// Whether the card is of version 2.1, which is not given out and can hardly be read by line.
pub fn is_outdated(raw: &[u8]) -> bool {
    let lines = raw.split(|b| *b == b'\n').take(MOST_LINES_TO_VERSION);
    let mut versions = lines.filter_map(|line| {
        let (name, value) = line.split_at_checked("VERSION:".len())?;
        name.eq_ignore_ascii_case(b"VERSION:").then_some(value)
    });
    versions
        .next()
        .is_some_and(|v| v.trim_ascii_start().starts_with(b"2."))
}

/// Line ends of version 2.1 are CRLF; `\r` is no escape of the others.
fn without_returns(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('r') => {}
            escaped => out.extend(std::iter::once(c).chain(escaped)),
        }
    }
    out
}

fn to_v4(card: &mut Component) {
    labels_into_addresses(card);
    if let Some(key) = card.text("SORT-STRING") {
        card.remove("SORT-STRING");
        if let Some(name) = card.properties.iter_mut().find(|p| p.name == "N") {
            name.set_param("SORT-AS", key);
        }
    }
    for p in &mut card.properties {
        if let Some((new, _)) = RENAMED.iter().find(|(_, old)| *old == p.name) {
            p.name = (*new).to_owned();
        }
        if is_binary(p) {
            // The comma of a data: address is no separator.
            if p.value.starts_with("data:") {
                p.value = p.value.replacen("\\,", ",", 1);
                p.take_param("TYPE");
            }
            continue;
        }
        types_to_v4(p);
        if p.name == "GEO"
            && let Some((latitude, longitude)) = p.value.split_once(';')
        {
            p.value = format!("geo:{latitude},{longitude}");
        }
        if let Some(year) = p.take_param(OMIT_YEAR)
            && let Some(rest) = p.value.strip_prefix(&year)
        {
            p.value = format!("--{}", rest.trim_start_matches('-'));
        }
    }
}

fn to_v3(card: &mut Component) {
    addresses_into_labels(card);
    for p in &mut card.properties {
        p.take_param("CHARSET");
        if let Some((_, old)) = RENAMED.iter().find(|(new, _)| *new == p.name) {
            p.name = (*old).to_owned();
            p.value = p.value.replace("GROUP", "group");
        }
        if let Some(preference) = p.take_param("PREF")
            && preference == "1"
        {
            add_type(p, "PREF");
        }
        if p.name == "GEO"
            && let Some(place) = p.value.strip_prefix("geo:")
        {
            let place = place.split(';').next().unwrap_or_default();
            p.value = place.replacen(',', ";", 1);
            p.take_param("VALUE");
        }
        if p.name == "TEL"
            && let Some(number) = p.value.strip_prefix("tel:")
        {
            p.value = number.split(';').next().unwrap_or_default().to_owned();
            p.take_param("VALUE");
        }
        if p.name == "BDAY"
            && let Some(day) = p.value.strip_prefix("--")
        {
            p.value = format!("{NO_YEAR}-{day}");
            p.set_param(OMIT_YEAR, NO_YEAR);
        }
    }
    if card.property("N").is_none() {
        let name = card.property("FN").map(|f| f.value.clone()).unwrap_or_default();
        card.put(Property::new("N", format!("{name};;;;")));
    }
}

fn is_binary(p: &Property) -> bool {
    matches!(p.name.as_str(), "PHOTO" | "LOGO" | "SOUND" | "KEY")
}

/// Lower case, without what says nothing; `pref` becomes a parameter of its own.
fn types_to_v4(p: &mut Property) {
    let Some(at) = p.params.iter().position(|(n, _)| n == "TYPE") else {
        return;
    };
    let mut all: Vec<String> = Vec::new();
    let mut is_preferred = false;
    for (_, values) in p.params.extract_if(.., |(n, _)| n == "TYPE") {
        for value in values.iter().flat_map(|v| v.split(',')) {
            let value = value.to_ascii_lowercase();
            match value.as_str() {
                "pref" => is_preferred = true,
                v if IDLE_TYPES.contains(&v) || all.iter().any(|a| a == v) => {}
                _ => all.push(value),
            }
        }
    }
    let at = at.min(p.params.len());
    if !all.is_empty() {
        p.params.insert(at, ("TYPE".to_owned(), all));
    }
    if is_preferred {
        p.set_param("PREF", "1");
    }
}

fn add_type(p: &mut Property, value: &str) {
    match p.params.iter_mut().find(|(n, _)| n == "TYPE") {
        Some((_, all)) => all.push(value.to_owned()),
        None => p.set_param("TYPE", value),
    }
}

/// 3.0 has the text of an address beside it, 4.0 within: the one of the same types, else the next without a label.
fn labels_into_addresses(card: &mut Component) {
    let types = |p: &Property| {
        let mut all: Vec<String> = p
            .params
            .iter()
            .filter(|(n, _)| n == "TYPE")
            .flat_map(|(_, v)| v.clone())
            .collect();
        all.sort();
        all
    };
    let labels: Vec<Property> = card.properties.extract_if(.., |p| p.name == "LABEL").collect();
    for label in labels {
        let mut free = card
            .properties
            .iter_mut()
            .filter(|p| p.name == "ADR" && p.param("LABEL").is_none());
        let wanted = types(&label);
        match free.find(|a| types(a) == wanted) {
            Some(address) => address.set_param("LABEL", label.text()),
            // There is nothing that it belongs to.
            None => card.properties.push(Property {
                name: "X-LABEL".to_owned(),
                ..label
            }),
        }
    }
}

fn addresses_into_labels(card: &mut Component) {
    let mut labels = Vec::new();
    for address in card.properties.iter_mut().filter(|p| p.name == "ADR") {
        if let Some(text) = address.take_param("LABEL") {
            // Written there as in a value, by some.
            let mut label = Property::of_text("LABEL", &text.replace("\\n", "\n"));
            label.params = address
                .params
                .iter()
                .filter(|(n, _)| n == "TYPE")
                .cloned()
                .collect();
            labels.push(label);
        }
    }
    card.properties.append(&mut labels);
}

#[cfg(test)]
mod tests {
    use super::*;

    const V3: &str = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u1\r\nFN:Jörg Müller\r\nN:Müller;Jörg;;Dr.;\r\nORG:Muster GmbH;Einkauf\r\n\
        item1.EMAIL;type=INTERNET;type=pref:joerg@example.test\r\nitem1.X-ABLabel:_$!<Other>!$_\r\nTEL;TYPE=CELL,VOICE:+49 170 1\r\n\
        BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-12\r\nGEO:48.1;11.5\r\nPHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ\r\n\
        ADR;TYPE=WORK:;;Weg 1;Ort;;123;DE\r\nLABEL;TYPE=WORK:Weg 1\\n123 Ort\r\nSORT-STRING:Mueller\r\nCATEGORIES:a,b\r\n\
        NOTE:a\\, b\\nc\r\nX-OWN;X-P=1:stays\r\nEND:VCARD\r\n";
    const V4: &str = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:urn:uuid:1\r\nFN:Jörg\r\nKIND:group\r\nMEMBER:urn:uuid:2\r\n\
        TEL;VALUE=uri;TYPE=\"cell,voice\";PREF=1:tel:+49-170-1\r\nEMAIL;PREF=1:a@b.de\r\nBDAY:--0412\r\nANNIVERSARY:20100101\r\n\
        GEO:geo:48.1,11.5\r\nPHOTO:data:image/jpeg;base64,/9j/4AAQ\r\nADR;LABEL=\"Weg 1\\n123 Ort\";TYPE=work:;;Weg 1;Ort;;123;DE\r\n\
        RELATED;TYPE=spouse;VALUE=text:Eva\r\nEND:VCARD\r\n";
    const V2: &str = "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6rg;;;\r\n\
        FN;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:J=F6rg M=FC=\r\nller\r\nTEL;CELL;PREF:+49\r\nTEL;WORK;VOICE:1\r\n\
        PHOTO;JPEG;ENCODING=BASE64:\r\n /9j/4AAQ\r\n\r\nNOTE;ENCODING=QUOTED-PRINTABLE:a=0D=0Ab=5Cr\r\nEMAIL;INTERNET:a@b.de\r\nEND:VCARD\r\n";

    fn lines(raw: &str, version: Version) -> Vec<String> {
        let out = in_version(raw.as_bytes(), version).unwrap();
        let text = String::from_utf8(out).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[track_caller]
    fn has(lines: &[String], wanted: &[&str]) {
        for line in wanted {
            assert!(lines.iter().any(|l| l == line), "{line} in {lines:#?}");
        }
    }

    #[test]
    fn a_card_of_version_3_is_given_in_4() {
        let out = lines(V3, Version::V4);
        has(
            &out,
            &[
                "VERSION:4.0",
                "FN:Jörg Müller",
                "N;SORT-AS=Mueller:Müller;Jörg;;Dr.;",
                "ORG:Muster GmbH;Einkauf",
                "item1.EMAIL;PREF=1:joerg@example.test",
                "item1.X-ABLABEL:_$!<Other>!$_",
                "TEL;TYPE=cell,voice:+49 170 1",
                "BDAY:--0412",
                "GEO:geo:48.1,11.5",
                "PHOTO:data:image/jpeg;base64,/9j/4AAQ",
                "ADR;TYPE=work;LABEL=Weg 1^n123 Ort:;;Weg 1;Ort;;123;DE",
                "CATEGORIES:a,b",
                "NOTE:a\\, b\\nc",
                "X-OWN;X-P=1:stays",
            ],
        );
        assert!(
            !out.iter()
                .any(|l| l.starts_with("LABEL") || l.starts_with("SORT-STRING"))
        );
    }

    #[test]
    fn a_card_of_version_4_is_given_in_3() {
        let out = lines(V4, Version::V3);
        has(
            &out,
            &[
                "VERSION:3.0",
                "FN:Jörg",
                "N:Jörg;;;;",
                "X-ADDRESSBOOKSERVER-KIND:group",
                "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:2",
                "TEL;TYPE=CELL,VOICE,PREF:+49-170-1",
                "EMAIL;TYPE=PREF:a@b.de",
                "BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-12",
                "X-ANNIVERSARY:2010-01-01",
                "GEO:48.1;11.5",
                "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ",
                "ADR;TYPE=WORK:;;Weg 1;Ort;;123;DE",
                "LABEL;TYPE=WORK:Weg 1\\n123 Ort",
            ],
        );
    }

    #[test]
    fn a_card_of_version_2_becomes_one_of_3() {
        let out = lines(V2, Version::V3);
        has(
            &out,
            &[
                "VERSION:3.0",
                "N:Müller;Jörg;;;",
                "FN:Jörg Müller",
                "TEL;TYPE=CELL;TYPE=PREF:+49",
                "TEL;TYPE=WORK,VOICE:1",
                "PHOTO;TYPE=JPEG;ENCODING=b:/9j/4AAQ",
                "NOTE:a\\nb\\\\r",
                "EMAIL;TYPE=INTERNET:a@b.de",
            ],
        );
    }

    #[test]
    fn old_cards_are_told_by_their_version() {
        assert!(is_outdated(V2.as_bytes()) && is_outdated(b"begin:vcard\nversion: 2.1\n"));
        assert!(!is_outdated(V3.as_bytes()) && !is_outdated(V4.as_bytes()) && !is_outdated(b"VER"));
    }

    #[test]
    fn there_and_back_says_the_same() {
        let there = in_version(V3.as_bytes(), Version::V4).unwrap();
        let back = in_version(&there, Version::V3).unwrap();
        let back = String::from_utf8(back).unwrap();
        for line in [
            "TEL;TYPE=CELL,VOICE:+49 170 1",
            "GEO:48.1;11.5",
            "LABEL;TYPE=WORK:Weg 1\\n123 Ort",
        ] {
            assert!(back.lines().any(|l| l == line), "{line} in {back}");
        }
        assert_eq!(in_version(V3.as_bytes(), Version::V3).unwrap(), V3.as_bytes());
    }
}

//! Contacts in tables, as Outlook, Google and Thunderbird write them: each row a card. A column that nobody knows goes into the
//! notes, so that nothing is lost.

use crate::base::{Error, Result};
use crate::formats::content_line::print::{escape_text, print_component};
use crate::formats::content_line::{Component, Property};
use crate::formats::mime::text::guess;

/// Rows of one table.
const MOST_ROWS: usize = 200_000;

/// What a value means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Given,
    Family,
    Middle,
    Prefix,
    Suffix,
    Full,
    Nickname,
    Company,
    Department,
    Position,
    Email,
    /// With its TYPE.
    Phone(&'static str),
    /// Part of an address (RFC 6350 §6.3.1) of HOME or WORK.
    Address(&'static str, usize),
    Birthday,
    Web,
    Note,
    /// Says nothing of a person.
    Ignored,
}

use Meaning as M;

/// Names in lower case, of Outlook (English, German, French), Google (both of its forms) and Thunderbird.
const COLUMNS: &[(M, &[&str])] = &[
    (M::Given, &["first name", "given name", "vorname", "prénom"]),
    (M::Family, &["last name", "family name", "nachname", "nom"]),
    (
        M::Middle,
        &[
            "middle name",
            "additional name",
            "weitere vornamen",
            "deuxième prénom",
        ],
    ),
    (M::Prefix, &["title", "name prefix", "anrede", "titre"]),
    (M::Suffix, &["suffix", "name suffix", "suffixe"]),
    (
        M::Full,
        &[
            "name",
            "display name",
            "full name",
            "anzeigename",
            "nom complet",
            "file as",
        ],
    ),
    (M::Nickname, &["nickname", "spitzname", "surnom"]),
    (
        M::Company,
        &[
            "company",
            "organization",
            "organization name",
            "organization 1 - name",
            "firma",
            "organisation",
            "société",
        ],
    ),
    (
        M::Department,
        &[
            "department",
            "organization department",
            "organization 1 - department",
            "abteilung",
            "service",
        ],
    ),
    (
        M::Position,
        &[
            "job title",
            "organization title",
            "organization 1 - title",
            "position",
            "titel",
            "titre du poste",
        ],
    ),
    (
        M::Email,
        &[
            "e-mail address",
            "e-mail 2 address",
            "e-mail 3 address",
            "e-mail-adresse",
            "e-mail 2: adresse",
            "e-mail 3: adresse",
            "e-mail-adresse 2",
            "e-mail-adresse 3",
            "e-mail 1 - value",
            "e-mail 2 - value",
            "e-mail 3 - value",
            "e-mail 4 - value",
            "primary email",
            "secondary email",
            "primäre e-mail-adresse",
            "sekundäre e-mail-adresse",
            "e-mail",
            "email",
            "email address",
            "adresse de messagerie",
        ],
    ),
    (
        M::Phone("CELL"),
        &[
            "mobile phone",
            "mobile number",
            "mobiltelefon",
            "handynummer",
            "téléphone mobile",
            "mobile",
        ],
    ),
    (
        M::Phone("WORK"),
        &[
            "business phone",
            "business phone 2",
            "work phone",
            "telefon geschäftlich",
            "telefon geschäftlich 2",
            "telefon (firma)",
            "company main phone",
            "dienstlich",
            "téléphone (bureau)",
        ],
    ),
    (
        M::Phone("HOME"),
        &[
            "home phone",
            "home phone 2",
            "telefon privat",
            "telefon (privat)",
            "privat",
            "téléphone (domicile)",
        ],
    ),
    (
        M::Phone("FAX"),
        &[
            "business fax",
            "fax number",
            "fax geschäftlich",
            "fax-nummer",
            "home fax",
        ],
    ),
    (
        M::Phone("VOICE"),
        &[
            "phone 1 - value",
            "phone 2 - value",
            "phone 3 - value",
            "phone 4 - value",
            "other phone",
            "primary phone",
            "phone",
            "telefon",
            "weiteres telefon",
        ],
    ),
    (
        M::Address("WORK", 2),
        &[
            "business street",
            "work address",
            "straße geschäftlich",
            "adresse (firma)",
        ],
    ),
    (
        M::Address("WORK", 3),
        &["business city", "work city", "ort geschäftlich"],
    ),
    (
        M::Address("WORK", 4),
        &["business state", "work state", "region geschäftlich"],
    ),
    (
        M::Address("WORK", 5),
        &[
            "business postal code",
            "work zipcode",
            "postleitzahl geschäftlich",
        ],
    ),
    (
        M::Address("WORK", 6),
        &[
            "business country/region",
            "business country",
            "work country",
            "land/region geschäftlich",
        ],
    ),
    (
        M::Address("HOME", 2),
        &[
            "home street",
            "home address",
            "straße privat",
            "address 1 - street",
            "adresse (privat)",
        ],
    ),
    (
        M::Address("HOME", 3),
        &["home city", "ort privat", "address 1 - city"],
    ),
    (
        M::Address("HOME", 4),
        &["home state", "region privat", "address 1 - region"],
    ),
    (
        M::Address("HOME", 5),
        &[
            "home postal code",
            "home zipcode",
            "postleitzahl privat",
            "address 1 - postal code",
        ],
    ),
    (
        M::Address("HOME", 6),
        &[
            "home country/region",
            "home country",
            "land/region privat",
            "address 1 - country",
        ],
    ),
    (M::Birthday, &["birthday", "geburtstag", "anniversaire"]),
    (
        M::Web,
        &[
            "web page",
            "web page 1",
            "web page 2",
            "webseite",
            "website 1 - value",
            "page web",
        ],
    ),
    (M::Note, &["notes", "notizen", "note"]),
    (
        M::Ignored,
        &[
            "address 1 - formatted",
            "address 1 - label",
            "phone 1 - label",
            "phone 2 - label",
            "phone 3 - label",
            "phone 1 - type",
            "phone 2 - type",
            "phone 3 - type",
            "e-mail 1 - label",
            "e-mail 2 - label",
            "e-mail 1 - type",
            "e-mail 2 - type",
            "e-mail type",
            "e-mail 2 type",
            "e-mail 3 type",
            "e-mail-typ",
            "photo",
            "priority",
            "private",
            "sensitivity",
            "labels",
            "priorität",
            "vertraulichkeit",
        ],
    ),
];

fn meaning(header: &str) -> Option<Meaning> {
    let header = header.trim().to_lowercase();
    COLUMNS
        .iter()
        .find(|(_, names)| names.contains(&header.as_str()))
        .map(|(m, _)| *m)
}

/// Whether a table is one of contacts: it has columns of names and of addresses or numbers.
pub fn is_contacts(raw: &[u8]) -> bool {
    let text = guess(raw);
    let Some(head) = text.lines().next() else {
        return false;
    };
    let mut reader = reader(head, separator(head));
    let Some(Ok(row)) = reader.records().next() else {
        return false;
    };
    let known: Vec<Meaning> = row.iter().filter_map(meaning).collect();
    let has = |f: fn(&Meaning) -> bool| known.iter().any(f);
    has(|m| matches!(m, M::Given | M::Family | M::Full)) && has(|m| matches!(m, M::Email | M::Phone(_)))
}

fn separator(head: &str) -> u8 {
    let count = |c: char| head.matches(c).count();
    let all = [(',', count(',')), (';', count(';')), ('\t', count('\t'))];
    let most = all.into_iter().max_by_key(|(_, n)| *n);
    most.map_or(b',', |(c, _)| c as u8)
}

fn reader(text: &str, separator: u8) -> csv::Reader<&[u8]> {
    let text = text.trim_start_matches('\u{feff}');
    csv::ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes())
}

/// A card for each row. Errors: Invalid, with the line.
pub fn cards(raw: &[u8]) -> Result<Vec<Vec<u8>>> {
    let text = guess(raw);
    let mut reader = reader(&text, separator(text.lines().next().unwrap_or_default()));
    let mut rows = reader.records();
    let bad = |e: csv::Error| Error::invalid(format!("the table cannot be read: {e}")).caused_by(e);
    let head = rows.next().transpose().map_err(bad)?.unwrap_or_default();
    let columns: Vec<(String, Option<Meaning>)> = head
        .iter()
        .map(|h| {
            (
                h.trim().trim_start_matches('\u{feff}').to_owned(),
                meaning(h.trim_start_matches('\u{feff}')),
            )
        })
        .collect();
    let mut out = Vec::new();
    for row in rows {
        let row = row.map_err(bad)?;
        if out.len() >= MOST_ROWS {
            return Err(Error::invalid(format!(
                "the table has more than {MOST_ROWS} rows; split it"
            )));
        }
        if row.iter().any(|v| !v.trim().is_empty()) {
            let values = row.iter().zip(&columns);
            out.push(card(
                values.map(|(value, (header, meaning))| (value, header.as_str(), *meaning)),
            ));
        }
    }
    Ok(out)
}

/// A card of values, each with the name it has there and what it means.
pub(super) fn card<'a>(values: impl Iterator<Item = (&'a str, &'a str, Option<Meaning>)>) -> Vec<u8> {
    let mut name: [String; 5] = Default::default();
    let (mut full, mut organization, mut notes) = (String::new(), [String::new(), String::new()], Vec::new());
    let mut addresses: [(&str, [String; 7]); 2] =
        [("WORK", Default::default()), ("HOME", Default::default())];
    let mut more = Vec::new();
    for (value, header, meaning) in values {
        let value = value.trim();
        if value.is_empty() {
            continue;
        }
        match meaning {
            Some(M::Family) => name[0] = value.to_owned(),
            Some(M::Given) => name[1] = value.to_owned(),
            Some(M::Middle) => name[2] = value.to_owned(),
            Some(M::Prefix) => name[3] = value.to_owned(),
            Some(M::Suffix) => name[4] = value.to_owned(),
            Some(M::Full) => full = value.to_owned(),
            Some(M::Company) => organization[0] = value.to_owned(),
            Some(M::Department) => organization[1] = value.to_owned(),
            Some(M::Nickname) => more.push(Property::of_text("NICKNAME", value)),
            Some(M::Position) => more.push(Property::of_text("TITLE", value)),
            // Google puts several into one field.
            Some(M::Email) => more.extend(value.split(":::").map(|v| Property::of_text("EMAIL", v.trim()))),
            Some(M::Phone(kind)) => {
                more.extend(
                    value
                        .split(":::")
                        .map(|v| Property::of_text("TEL", v.trim()).with("TYPE", kind)),
                );
            }
            Some(M::Address(kind, at)) => {
                if let Some((_, parts)) = addresses.iter_mut().find(|(k, _)| *k == kind) {
                    parts[at] = value.to_owned();
                }
            }
            Some(M::Birthday) => match birthday(value) {
                Some(date) => more.push(Property::new("BDAY", date)),
                None => notes.push(format!("{header}: {value}")),
            },
            Some(M::Web) => more.push(Property::new("URL", value)),
            Some(M::Note) => notes.insert(0, value.to_owned()),
            Some(M::Ignored) => {}
            None => notes.push(format!("{header}: {value}")),
        }
    }
    let given: Vec<&str> = [&name[3], &name[1], &name[2], &name[0], &name[4]]
        .into_iter()
        .map(String::as_str)
        .filter(|n| !n.is_empty())
        .collect();
    if full.is_empty() {
        full = given.join(" ");
    }
    if full.is_empty() {
        full = more
            .iter()
            .find(|p| p.name == "EMAIL")
            .map_or_else(|| organization[0].clone(), Property::text);
    }
    let joined = |parts: &[String]| parts.iter().map(|p| escape_text(p)).collect::<Vec<_>>().join(";");
    let mut card = Component::new("VCARD");
    card.properties.push(Property::new("VERSION", "3.0"));
    card.properties.push(Property::of_text("FN", &full));
    card.properties.push(Property::new("N", joined(&name)));
    if organization.iter().any(|o| !o.is_empty()) {
        card.properties.push(Property::new(
            "ORG",
            joined(&organization).trim_end_matches(';').to_owned(),
        ));
    }
    card.properties.extend(more);
    for (kind, parts) in addresses
        .iter()
        .filter(|(_, parts)| parts.iter().any(|p| !p.is_empty()))
    {
        card.properties
            .push(Property::new("ADR", joined(parts)).with("TYPE", *kind));
    }
    if !notes.is_empty() {
        card.properties.push(Property::of_text("NOTE", &notes.join("\n")));
    }
    // The same row is the same card in every run.
    let uid = blake3::hash(print_component(&card).as_bytes()).to_hex()[..32].to_owned();
    card.properties.insert(1, Property::of_text("UID", &uid));
    print_component(&card).into_bytes()
}

/// `1970-12-31`, `31.12.1970` or `12/31/1970`. None for anything else, and for Outlook's `0/0/00`.
fn birthday(value: &str) -> Option<String> {
    let numbers = |c: char| -> Option<Vec<u32>> { value.split(c).map(|p| p.trim().parse().ok()).collect() };
    let (year, month, day) = match (
        numbers('-').as_deref(),
        numbers('.').as_deref(),
        numbers('/').as_deref(),
    ) {
        (Some([y, m, d]), _, _) | (_, Some([d, m, y]), _) | (_, _, Some([m, d, y])) => (*y, *m, *d),
        _ => return None,
    };
    let is_date = (1800..=2200).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    is_date.then(|| format!("{year:04}-{month:02}-{day:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_cards_and_nothing_is_lost() {
        let table = "\u{feff}Vorname;Nachname;Firma;E-Mail-Adresse;Mobiltelefon;Ort geschäftlich;Geburtstag;Notizen;Lieblingsfarbe\r\n\
            Zoë;Müller;\"Büro; Team\";zoe@x.test;+49 1;Köln;31.12.1970;\"zwei\nZeilen\";blau\r\n;;;;;;;;\r\n";
        assert!(is_contacts(table.as_bytes()));
        let all = cards(table.as_bytes()).unwrap();
        assert_eq!(all.len(), 1);
        let text = String::from_utf8(all[0].clone()).unwrap();
        for part in [
            "FN:Zoë Müller",
            "N:Müller;Zoë;;;",
            "ORG:Büro\\; Team",
            "EMAIL:zoe@x.test",
            "TEL;TYPE=CELL:+49 1",
            "BDAY:1970-12-31",
            "ADR;TYPE=WORK:;;;Köln;;;",
            "zwei\\nZeilen",
            "Lieblingsfarbe: blau",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(crate::contacts::read_columns(&all[0]).is_ok());
        assert_eq!(all, cards(table.as_bytes()).unwrap());
    }

    #[test]
    fn other_tables_are_left_alone() {
        assert!(!is_contacts(b"date,amount\n1,2\n"));
        assert!(!is_contacts(b""));
        assert!(is_contacts(b"First Name,Last Name,E-mail 1 - Value\n"));
        assert_eq!(birthday("0/0/00"), None);
        assert_eq!(birthday("12/31/1970").as_deref(), Some("1970-12-31"));
    }
}

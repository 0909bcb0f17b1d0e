//! A contact of Outlook, properties by number (MS-OXOCNTC), as a card.

use super::csv::{Meaning as M, card as card_of};
use super::mapi::{Properties, time};
use crate::base::Result;
use jiff::Timestamp;

/// What has a number of its own everywhere.
const FIXED: &[(u16, &str, M)] = &[
    (0x3A06, "Given Name", M::Given),
    (0x3A11, "Surname", M::Family),
    (0x3A44, "Middle Name", M::Middle),
    (0x3A45, "Title", M::Prefix),
    (0x3A05, "Suffix", M::Suffix),
    (0x3001, "Display Name", M::Full),
    (0x3A4F, "Nickname", M::Nickname),
    (0x3A16, "Company", M::Company),
    (0x3A18, "Department", M::Department),
    (0x3A17, "Job Title", M::Position),
    (0x3A08, "Business Phone", M::Phone("WORK")),
    (0x3A1B, "Business Phone 2", M::Phone("WORK")),
    (0x3A09, "Home Phone", M::Phone("HOME")),
    (0x3A2F, "Home Phone 2", M::Phone("HOME")),
    (0x3A1C, "Mobile Phone", M::Phone("CELL")),
    (0x3A24, "Business Fax", M::Phone("FAX")),
    (0x3A25, "Home Fax", M::Phone("FAX")),
    (0x3A21, "Pager", M::Phone("PAGER")),
    (0x3A1F, "Other Phone", M::Phone("VOICE")),
    (0x3A5D, "Home Street", M::Address("HOME", 2)),
    (0x3A59, "Home City", M::Address("HOME", 3)),
    (0x3A5C, "Home State", M::Address("HOME", 4)),
    (0x3A5B, "Home Postal Code", M::Address("HOME", 5)),
    (0x3A5A, "Home Country", M::Address("HOME", 6)),
    (0x3A51, "Business Web Page", M::Web),
    (0x3A50, "Personal Web Page", M::Web),
    (0x1000, "Notes", M::Note),
];

/// What each file numbers in its own way (PSETID_Address).
const NAMED: &[(u32, &str, M)] = &[
    (0x8083, "E-mail", M::Email),
    (0x8093, "E-mail 2", M::Email),
    (0x80A3, "E-mail 3", M::Email),
    (0x8045, "Business Street", M::Address("WORK", 2)),
    (0x8046, "Business City", M::Address("WORK", 3)),
    (0x8047, "Business State", M::Address("WORK", 4)),
    (0x8048, "Business Postal Code", M::Address("WORK", 5)),
    (0x8049, "Business Country", M::Address("WORK", 6)),
];

const BIRTHDAY: u16 = 0x3A42;

/// `number`: which property a named one is in this file.
pub fn card(o: &mut dyn Properties, number: &dyn Fn(u32) -> Option<u16>) -> Result<Vec<u8>> {
    let named = NAMED
        .iter()
        .filter_map(|(lid, name, meaning)| Some((number(*lid)?, *name, *meaning)));
    let mut values: Vec<(String, &str, M)> = Vec::new();
    for (id, name, meaning) in FIXED.iter().copied().chain(named) {
        if let Some(text) = o.text(id)? {
            values.push((text, name, meaning));
        }
    }
    let day = time(o, BIRTHDAY).and_then(|ms| Timestamp::from_millisecond(ms).ok());
    if let Some(day) = day {
        values.push((day.strftime("%Y-%m-%d").to_string(), "Birthday", M::Birthday));
    }
    Ok(card_of(
        values
            .iter()
            .map(|(text, name, m)| (text.as_str(), *name, Some(*m))),
    ))
}

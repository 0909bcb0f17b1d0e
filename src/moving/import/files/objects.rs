//! Calendars and contacts in files: several events, tasks or cards in one, each of which becomes an object of its own.

use super::file_name;
use crate::base::{Error, Result};
use crate::contacts::put::as_stored;
use crate::formats::content_line::print::print_component;
use crate::formats::content_line::{Component, Property, read_stream};
use crate::formats::mime::text::guess;
use crate::mail::Intake;
use crate::model::FolderKind;
use crate::moving::import::source::Listed;
use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

/// A file of calendars or contacts is read at once.
const MAX_FILE: u64 = 64 << 20;

pub struct Objects {
    files: Vec<PathBuf>,
    kind: FolderKind,
    /// Name and bytes, read when they are listed.
    found: Vec<Object>,
}

struct Object {
    name: String,
    raw: Vec<u8>,
}

impl Objects {
    pub fn new(files: Vec<PathBuf>, kind: FolderKind) -> Objects {
        Objects {
            files,
            kind,
            found: Vec::new(),
        }
    }

    pub fn list(&mut self) -> Result<Vec<Listed>> {
        self.found.clear();
        for file in &self.files {
            let raw = read_file(file)?;
            let all = match self.kind {
                FolderKind::AddressBook
                    if file.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv")) =>
                {
                    super::csv::cards(&raw)?.into_iter().map(one_card).collect()
                }
                FolderKind::AddressBook => split_cards(&raw),
                kind => match split_calendar(&raw, kind) {
                    Ok(all) => all,
                    // As it is: it is put aside with its reason.
                    Err(_) if kind == FolderKind::Calendar => vec![Object {
                        name: file_name(file, false),
                        raw,
                    }],
                    Err(_) => Vec::new(),
                },
            };
            self.found.extend(all);
        }
        // One object may stand in two files.
        let mut seen = HashSet::new();
        self.found
            .retain(|o| seen.insert((o.name.clone(), blake3::hash(&o.raw))));
        let mut counts = std::collections::HashMap::new();
        for object in &mut self.found {
            let count: &mut u32 = counts.entry(object.name.clone()).or_default();
            *count += 1;
            if *count > 1 {
                object.name = format!("{}-{count}", object.name);
            }
        }
        let listed = self.found.iter().enumerate().map(|(place, o)| Listed {
            name: o.name.clone(),
            size_bytes: o.raw.len() as u64,
            tag: blake3::hash(&o.raw).to_hex()[..32].to_owned(),
            place: place as u64,
            ..Listed::default()
        });
        Ok(listed.collect())
    }

    pub fn read(&mut self, listed: &Listed, intake: &mut Intake) -> Result<()> {
        let object = usize::try_from(listed.place)
            .ok()
            .and_then(|at| self.found.get(at));
        intake.write(
            &object
                .ok_or_else(|| Error::internal("an object that was not listed"))?
                .raw,
        )
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>> {
    let size = std::fs::metadata(path)?.len();
    if size > MAX_FILE {
        return Err(Error::too_large(format!(
            "{} is larger than {} MB; split it",
            path.display(),
            MAX_FILE >> 20
        )));
    }
    Ok(std::fs::read(path)?)
}

/// What a calendar's file holds and how it calls itself: (name, has events, has tasks).
pub fn look_at_calendar(path: &Path) -> (String, bool, bool) {
    let raw = read_file(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&raw);
    let has = |what: &str| text.lines().any(|l| l.trim_end().eq_ignore_ascii_case(what));
    let has_tasks = has("BEGIN:VTODO");
    let has_events = ["BEGIN:VEVENT", "BEGIN:VJOURNAL"].iter().any(|w| has(w));
    let named = read_stream(&raw).ok();
    let named = named.and_then(|all| {
        all.first()
            .and_then(|c| c.text("X-WR-CALNAME").or(c.text("NAME")))
    });
    let name = named.filter(|n| !n.trim().is_empty());
    let name = name.unwrap_or_else(|| file_name(path, true));
    // What cannot be read is put aside as an event.
    (name, has_events || !has_tasks, has_tasks)
}

/// An object for each UID, with the zones that it names. METHOD, which makes a message of it, is left out.
/// Errors: Invalid, with the line.
fn split_calendar(raw: &[u8], kind: FolderKind) -> Result<Vec<Object>> {
    let mut out: Vec<(String, Component)> = Vec::new();
    for calendar in read_stream(raw)? {
        if calendar.name != "VCALENDAR" {
            return Err(Error::invalid(format!(
                "line {}: this is no calendar",
                calendar.line
            )));
        }
        let mut head = calendar.clone();
        let parts = std::mem::take(&mut head.parts);
        head.remove("METHOD");
        let (zones, parts): (Vec<Component>, Vec<Component>) =
            parts.into_iter().partition(|p| p.name == "VTIMEZONE");
        let first_of_this = out.len();
        for mut part in parts {
            if (part.name == "VTODO") != (kind == FolderKind::TaskList) {
                continue;
            }
            let uid = match part
                .text("UID")
                .map(|u| u.trim().to_owned())
                .filter(|u| !u.is_empty())
            {
                Some(uid) => uid,
                None => {
                    let uid = blake3::hash(print_component(&part).as_bytes()).to_hex()[..32].to_owned();
                    part.put(Property::of_text("UID", &uid));
                    uid
                }
            };
            match out[first_of_this..].iter_mut().find(|(name, _)| *name == uid) {
                Some((_, object)) => object.parts.push(part),
                None => {
                    let mut object = head.clone();
                    object.parts.push(part);
                    out.push((uid, object));
                }
            }
        }
        for (_, object) in &mut out[first_of_this..] {
            let mut named = BTreeSet::new();
            object.parts.iter().for_each(|p| zones_of(p, &mut named));
            let used = zones
                .iter()
                .filter(|z| z.text("TZID").is_some_and(|id| named.contains(&id)));
            let mut all: Vec<Component> = used.cloned().collect();
            all.append(&mut object.parts);
            object.parts = all;
        }
    }
    let printed = out.into_iter().map(|(name, object)| Object {
        name,
        raw: print_component(&object).into_bytes(),
    });
    Ok(printed.collect())
}

fn zones_of(component: &Component, out: &mut BTreeSet<String>) {
    out.extend(
        component
            .properties
            .iter()
            .filter_map(|p| p.param("TZID").map(str::to_owned)),
    );
    component.parts.iter().for_each(|p| zones_of(p, out));
}

/// Cards behind each other, by their lines: one that is broken does not spoil the others. A card without a UID gets one.
fn split_cards(raw: &[u8]) -> Vec<Object> {
    let mut out = Vec::new();
    let mut card: Vec<u8> = Vec::new();
    for line in raw.split_inclusive(|b| *b == b'\n') {
        let text = line.trim_ascii();
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        if card.is_empty() && !text.eq_ignore_ascii_case(b"BEGIN:VCARD") {
            if !text.is_empty() {
                out.push(Object {
                    name: blake3::hash(line).to_hex()[..32].to_owned(),
                    raw: line.to_vec(),
                });
            }
            continue;
        }
        card.extend_from_slice(line);
        if text.eq_ignore_ascii_case(b"END:VCARD") {
            out.push(one_card(std::mem::take(&mut card)));
        }
    }
    if !card.is_empty() {
        out.push(one_card(card));
    }
    out
}

fn one_card(raw: Vec<u8>) -> Object {
    // Old telephones write no UTF-8; what cannot be read in spite of that is put aside as it came.
    let raw = as_stored(guess(&raw).into_owned().into_bytes()).unwrap_or(raw);
    let uid = read_stream(&raw)
        .ok()
        .and_then(|all| all.first().and_then(|c| c.text("UID")));
    let uid = uid.map(|u| u.trim().to_owned()).filter(|u| !u.is_empty());
    let name = uid.unwrap_or_else(|| blake3::hash(&raw).to_hex()[..32].to_owned());
    Object { name, raw }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::read_columns;

    #[test]
    fn a_calendar_becomes_one_object_for_each_uid_with_its_zone_and_exceptions() {
        let zone = |id: &str| {
            format!(
                "BEGIN:VTIMEZONE\r\nTZID:{id}\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\n\
                 END:STANDARD\r\nEND:VTIMEZONE\r\n"
            )
        };
        let raw = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:PUBLISH\r\nX-WR-CALNAME:Team\r\n{}{}\
             BEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;TZID=Home:20260105T090000\r\nRRULE:FREQ=DAILY;COUNT=3\r\nEND:VEVENT\r\n\
             BEGIN:VTODO\r\nUID:t\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:do\r\nEND:VTODO\r\n\
             BEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20260101T000000Z\r\nRECURRENCE-ID;TZID=Home:20260106T090000\r\nDTSTART;TZID=Home:20260106T100000\r\nEND:VEVENT\r\n\
             BEGIN:VEVENT\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260105T090000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
            zone("Home"),
            zone("Other")
        );
        let events = split_calendar(raw.as_bytes(), FolderKind::Calendar).unwrap();
        assert_eq!(events.len(), 2);
        let text = String::from_utf8(events[0].raw.clone()).unwrap();
        assert!(text.contains("TZID:Home") && !text.contains("TZID:Other") && !text.contains("METHOD"));
        assert_eq!(text.matches("BEGIN:VEVENT").count(), 2);
        for event in &events {
            read_columns(&event.raw).unwrap();
        }
        assert_eq!(
            split_calendar(raw.as_bytes(), FolderKind::TaskList)
                .unwrap()
                .len(),
            1
        );
    }

    #[test]
    fn cards_of_old_telephones_can_be_read() {
        let raw = b"BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;Zo=\r\n=C3=AB;;;\r\n\
            FN:Zo\xeb\r\nTEL;CELL;VOICE:+49 1\r\nEND:VCARD\r\n";
        let all = split_cards(raw);
        let text = String::from_utf8(all[0].raw.clone()).unwrap();
        assert!(
            text.contains("VERSION:3.0") && text.contains("Müller;Zoë"),
            "{text}"
        );
        assert!(text.contains("FN:Zoë"), "{text}");
        assert!(crate::contacts::read_columns(text.as_bytes()).is_ok());
    }

    #[test]
    fn a_broken_card_does_not_spoil_the_others() {
        let raw = b"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:1\r\nFN:a\r\nEND:VCARD\r\nrubbish\r\nBEGIN:VCARD\nVERSION:3.0\nFN:b\nEND:VCARD\n";
        let all = split_cards(raw);
        assert_eq!(all.len(), 3);
        assert_eq!(all[0].name, "1");
        assert_eq!(
            all.iter()
                .filter(|o| crate::contacts::read_columns(&o.raw).is_ok())
                .count(),
            2
        );
    }
}

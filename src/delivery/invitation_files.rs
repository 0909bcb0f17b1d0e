//! Files of an event as they go along with its invitation by mail: parts of it, to which the calendar refers by their
//! Content-ID (RFC 5545 §3.8.1.1), since nobody outside reads them here.

use crate::base::Result;
use crate::formats::content_line::print::print_component;
use crate::formats::content_line::{Property, read_component};
use crate::formats::ical::attachment::{content_type, file_name, line_of, managed_id};
use crate::formats::mime::compose::OutgoingAttachment;
use crate::store::attachment::HeldFile;
use std::collections::BTreeSet;

/// Most servers take mails of 25 MB, and base64 makes four letters of three bytes.
const MOST_BYTES: u64 = 17 << 20;

/// A message about an event as it leaves.
pub struct Enclosed {
    pub calendar: Vec<u8>,
    pub files: Vec<OutgoingAttachment>,
    /// Names of files that do not fit, with the reason.
    pub left_out: Vec<String>,
}

impl Enclosed {
    /// Without any files.
    pub fn bare(raw: &[u8]) -> Enclosed {
        Enclosed {
            calendar: raw.to_vec(),
            files: Vec::new(),
            left_out: Vec::new(),
        }
    }
}

/// Puts files into the mail as long as they fit, the smaller ones first. `host`: makes the Content-IDs. Blocks.
/// Errors: what the store says.
pub fn enclose(raw: &[u8], held: &[HeldFile], host: &str, is_german: bool) -> Result<Enclosed> {
    let mut calendar = read_component(raw)?;
    let mut out = Enclosed::bare(&[]);
    let taken = fitting(held);
    for file in held {
        let Some(line) = line_of(&calendar, &file.managed_id) else {
            continue;
        };
        let name = file_name(line).to_owned();
        if !taken.contains(file.managed_id.as_str()) {
            let size = file.staged.size_bytes().div_ceil(1 << 20);
            out.left_out.push(match is_german {
                true => {
                    format!("{name} ({size} MB) ist zu groß für eine Mail; der Organisator hat die Datei")
                }
                false => format!("{name} ({size} MB) is too large for a mail; the organizer has it"),
            });
            continue;
        }
        out.files.push(OutgoingAttachment {
            content_type: content_type(line).to_owned(),
            content: file.staged.read_all()?,
            content_id: Some(content_id(&file.managed_id, host)),
            name,
        });
    }
    for property in calendar.parts.iter_mut().flat_map(|c| &mut c.properties) {
        refer(property, &taken, host);
    }
    for component in &mut calendar.parts {
        component.properties.retain(|p| managed_id(p).is_none());
    }
    out.calendar = print_component(&calendar).into_bytes();
    Ok(out)
}

fn content_id(managed_id: &str, host: &str) -> String {
    format!("{managed_id}@{host}")
}

/// Those that go along, by managed id.
fn fitting(held: &[HeldFile]) -> BTreeSet<&str> {
    let mut all: Vec<&HeldFile> = held.iter().collect();
    all.sort_by_key(|f| f.staged.size_bytes());
    let mut sum = 0;
    let mut out = BTreeSet::new();
    for file in all {
        sum += file.staged.size_bytes();
        if sum <= MOST_BYTES {
            out.insert(file.managed_id.as_str());
        }
    }
    out
}

/// A line about a file that goes along names the part; the managed id is nothing to anybody outside.
fn refer(property: &mut Property, files: &BTreeSet<&str>, host: &str) {
    let Some(id) = managed_id(property).filter(|id| files.contains(id)) else {
        return;
    };
    property.value = format!("cid:{}", content_id(id, host));
    property.take_param("MANAGED-ID");
}

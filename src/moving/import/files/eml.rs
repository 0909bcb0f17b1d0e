//! Folders of single messages: `.eml`, Apple Mail's `.emlx`, and Outlook's `.msg`.

use super::text::{Crlf, read_crlf};
use super::{file_name, modified_ms};
use crate::base::{Error, Result};
use crate::mail::Intake;
use crate::model::Flags;
use crate::moving::import::source::{Listed, Marks};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

pub struct Messages {
    files: Vec<PathBuf>,
}

pub fn is_message(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    ["eml", "emlx", "msg"].iter().any(|e| extension == *e)
}

impl Messages {
    pub fn new(files: Vec<PathBuf>) -> Messages {
        Messages { files }
    }

    pub fn list(&mut self) -> Result<Vec<Listed>> {
        let mut out = Vec::new();
        for (place, path) in self.files.iter().enumerate() {
            let of_outlook = if is_msg(path) {
                super::msg::marks(path)
            } else {
                None
            };
            // Somebody has put it into a file: it was read.
            let mut marks = Marks::default();
            marks.add(Flags::SEEN);
            if is_unsent(path) {
                marks.add(Flags::DRAFT);
            }
            let (marks, received_at_ms) = match of_outlook {
                Some(found) => found,
                // Of the message, if it has one; a copied file has the date of the copy.
                None => (marks, received_at(path)),
            };
            out.push(Listed {
                name: file_name(path, false),
                size_bytes: std::fs::metadata(path).map_or(0, |m| m.len()),
                marks: Some(marks),
                received_at_ms,
                place: place as u64,
                ..Listed::default()
            });
        }
        Ok(out)
    }

    pub fn read(&mut self, listed: &Listed, intake: &mut Intake) -> Result<()> {
        let path = usize::try_from(listed.place)
            .ok()
            .and_then(|at| self.files.get(at));
        let path = path.ok_or_else(|| Error::internal("a file that was not listed"))?;
        if is_msg(path) {
            intake.write(&super::msg::read(path)?)
        } else if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("emlx")) {
            read_emlx(path, intake)
        } else {
            read_crlf(path, intake)
        }
    }

    /// The file as it is.
    pub fn read_as_it_is(&mut self, listed: &Listed, intake: &mut Intake) -> Result<()> {
        let path = usize::try_from(listed.place)
            .ok()
            .and_then(|at| self.files.get(at));
        let path = path.ok_or_else(|| Error::internal("a file that was not listed"))?;
        intake.write(&std::fs::read(path)?)
    }
}

fn is_msg(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("msg"))
}

/// A line with the length, the message, and properties behind it.
fn read_emlx(path: &Path, intake: &mut Intake) -> Result<()> {
    let mut reader = BufReader::new(std::fs::File::open(path)?);
    let mut length = Vec::new();
    (&mut reader).take(32).read_until(b'\n', &mut length)?;
    let length = std::str::from_utf8(&length)
        .ok()
        .and_then(|l| l.trim().parse::<u64>().ok());
    let length = length.ok_or_else(|| Error::invalid("its first line is no length"))?;
    let mut crlf = Crlf::new(intake);
    let mut rest = reader.take(length);
    let mut piece = vec![0; 64 << 10];
    loop {
        let n = rest.read(&mut piece)?;
        if n == 0 {
            return Ok(());
        }
        crlf.write(&piece[..n])?;
    }
}

const HEAD: u64 = 64 << 10;

fn head(path: &Path) -> Vec<u8> {
    let mut head = Vec::new();
    if let Ok(file) = std::fs::File::open(path) {
        // What cannot be read says so when it is read as a whole.
        let _ = file.take(HEAD).read_to_end(&mut head);
    }
    head
}

fn is_unsent(path: &Path) -> bool {
    crate::formats::mime::field::first(&head(path), "X-Unsent").is_some_and(|v| v.trim_ascii() == b"1")
}

/// None: the message says it itself.
fn received_at(path: &Path) -> Option<i64> {
    let has_date = crate::formats::mime::field::first(&head(path), "Date").is_some();
    if has_date { None } else { modified_ms(path) }
}

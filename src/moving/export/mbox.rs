//! mbox, the kind that can be undone (mboxrd): a file for each folder, `From ` lines in between, and one `>` more before
//! every line that looks like one. Read and answered stand in Status and X-Status lines before the message's own.

use super::items::Record;
use super::{Letter, make_folder, names};
use crate::base::clock::asctime;
use crate::base::{Error, Result};
use crate::model::Flags;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

pub struct Mbox {
    root: PathBuf,
    taken: HashSet<String>,
    folders: HashMap<String, String>,
}

impl Mbox {
    pub fn open(root: PathBuf) -> Result<Mbox> {
        make_folder(&root)?;
        Ok(Mbox {
            root,
            taken: HashSet::new(),
            folders: HashMap::new(),
        })
    }

    pub fn open_folder(&mut self, path: &str) -> Result<()> {
        if !self.folders.contains_key(path) {
            let name = names::unique(names::mbox_file(path), &mut self.taken);
            append(&self.root.join(&name))?;
            self.folders.insert(path.to_owned(), name);
        }
        Ok(())
    }

    /// Cuts off what stands behind the last message that is known. `ends`: files below `home`, with the ends of messages.
    pub fn cut(&self, home: &Path, ends: &[(String, u64)]) -> Result<()> {
        let mut longest: HashMap<PathBuf, u64> = HashMap::new();
        for (file, end) in ends {
            let end_so_far = longest.entry(home.join(file)).or_default();
            *end_so_far = (*end_so_far).max(*end);
        }
        for entry in std::fs::read_dir(&self.root)? {
            let path = entry?.path();
            File::options()
                .write(true)
                .open(&path)?
                .set_len(longest.get(&path).copied().unwrap_or(0))?;
        }
        Ok(())
    }

    pub(super) fn put(&mut self, path: &str, mut letter: Letter<'_>) -> Result<Record> {
        let name = self
            .folders
            .get(path)
            .ok_or_else(|| Error::internal("a message for a folder that is not open"))?;
        let mut file = append(&self.root.join(name))?;
        let offset = file.seek(SeekFrom::End(0))?;
        let mut out = BufWriter::new(&mut file);
        out.write_all(&head(&letter))?;
        let mut quoter = Quoter::default();
        let written = letter.copy(|piece| Ok(quoter.write(piece, &mut out)?));
        let finished = written.and_then(|sha256| {
            quoter.finish(&mut out)?;
            out.write_all(b"\n\n")?;
            out.flush()?;
            Ok(sha256)
        });
        drop(out);
        let sha256 = match finished {
            Ok(sha256) => sha256,
            Err(e) => {
                // Half a message would swallow the next one.
                file.set_len(offset)?;
                return Err(e);
            }
        };
        let end = file.stream_position()?;
        let mut record = letter.record(path, format!("mbox/{name}"), sha256);
        (record.offset, record.stored) = (Some(offset), Some(end - offset));
        Ok(record)
    }
}

fn append(path: &Path) -> Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    Ok(File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(0o600)
        .open(path)?)
}

/// What is put before the message.
fn head(letter: &Letter<'_>) -> Vec<u8> {
    let flags = letter.item.flags;
    let status = if flags.contains(Flags::SEEN) { "RO" } else { "O" };
    let more: String = [
        (Flags::ANSWERED, 'A'),
        (Flags::FLAGGED, 'F'),
        (Flags::DRAFT, 'T'),
        (Flags::DELETED, 'D'),
    ]
    .iter()
    .filter(|(flag, _)| flags.contains(*flag))
    .map(|(_, letter)| letter)
    .collect();
    let date = asctime(letter.item.received_at_ms);
    format!("From MAILER-DAEMON {date}\nStatus: {status}\nX-Status: {more}\n").into_bytes()
}

/// Lines of [`head`].
const HEAD_LINES: usize = 3;

/// `From ` with any number of `>` before it, at the beginning of a line.
fn looks_like_from(line: &[u8]) -> bool {
    let quotes = line.iter().take_while(|b| **b == b'>').count();
    line[quotes..].starts_with(b"From ")
}

/// Puts a `>` before every line that looks like a From line. Pieces come cut anywhere, so the beginning of a line is held
/// back until it is clear what it is.
#[derive(Default)]
struct Quoter {
    held: Vec<u8>,
    is_inside: bool,
}

impl Quoter {
    fn write(&mut self, mut piece: &[u8], out: &mut impl Write) -> std::io::Result<()> {
        while !piece.is_empty() {
            if self.is_inside {
                let end = piece
                    .iter()
                    .position(|b| *b == b'\n')
                    .map_or(piece.len(), |at| at + 1);
                out.write_all(&piece[..end])?;
                self.is_inside = !piece[..end].ends_with(b"\n");
                piece = &piece[end..];
                continue;
            }
            let byte = piece[0];
            self.held.push(byte);
            piece = &piece[1..];
            let quotes = self.held.iter().take_while(|b| **b == b'>').count();
            let may_be = b"From ".starts_with(&self.held[quotes..]);
            if !may_be || self.held.ends_with(b"From ") {
                self.release(out)?;
                self.is_inside = byte != b'\n';
            }
        }
        Ok(())
    }

    fn release(&mut self, out: &mut impl Write) -> std::io::Result<()> {
        if looks_like_from(&self.held) {
            out.write_all(b">")?;
        }
        out.write_all(&self.held)?;
        self.held.clear();
        Ok(())
    }

    fn finish(&mut self, out: &mut impl Write) -> std::io::Result<()> {
        self.release(out)
    }
}

/// The message that a record tells of, as it was. Errors: Invalid, when what is there is none.
pub fn read(home: &Path, record: &Record) -> Result<Vec<u8>> {
    let bad = || Error::invalid("what is there is no message");
    let mut file = File::open(home.join(&record.file))?;
    file.seek(SeekFrom::Start(record.offset.ok_or_else(bad)?))?;
    let mut raw = Vec::new();
    file.take(record.stored.ok_or_else(bad)?).read_to_end(&mut raw)?;
    let raw = raw.strip_suffix(b"\n\n").ok_or_else(bad)?;
    let mut lines = raw.split_inclusive(|b| *b == b'\n');
    if !lines.next().ok_or_else(bad)?.starts_with(b"From ") {
        return Err(bad());
    }
    let lines = lines.skip(HEAD_LINES - 1);
    Ok(lines.fold(Vec::with_capacity(raw.len()), |mut out, line| {
        let is_quoted = line.starts_with(b">") && looks_like_from(line);
        out.extend_from_slice(&line[usize::from(is_quoted)..]);
        out
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_look_like_from_are_quoted_wherever_the_pieces_are_cut() {
        let text = b"From x\n>From y\nFro\nFrom\n\n>>Fromage\nxFrom z\nFrom ";
        let expected = b">From x\n>>From y\nFro\nFrom\n\n>>Fromage\nxFrom z\n>From ";
        for size in 1..text.len() {
            let (mut quoter, mut out) = (Quoter::default(), Vec::new());
            text.chunks(size)
                .for_each(|piece| quoter.write(piece, &mut out).unwrap());
            quoter.finish(&mut out).unwrap();
            assert_eq!(out, expected, "in pieces of {size}");
        }
    }
}

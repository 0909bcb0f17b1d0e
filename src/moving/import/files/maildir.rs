//! Maildir, as Dovecot, Courier and Synology MailPlus keep it: flags in the names, keywords in `dovecot-keywords`.

use super::text::read_crlf;
use super::{entries, file_name, modified_ms};
use crate::base::Result;
use crate::mail::Intake;
use crate::model::Flags;
use crate::moving::import::source::{Listed, Marks};
use std::path::{Path, PathBuf};

pub struct Maildir {
    folder: PathBuf,
    /// By `place`.
    files: Vec<PathBuf>,
}

pub fn is_maildir(folder: &Path) -> bool {
    folder.join("cur").is_dir() && folder.join("new").is_dir()
}

impl Maildir {
    pub fn new(folder: PathBuf) -> Maildir {
        Maildir {
            folder,
            files: Vec::new(),
        }
    }

    pub fn list(&mut self) -> Result<Vec<Listed>> {
        self.files.clear();
        let keywords = std::fs::read_to_string(self.folder.join("dovecot-keywords")).unwrap_or_default();
        let keywords: Vec<(usize, &str)> = keywords
            .lines()
            .filter_map(|l| l.split_once(' '))
            .filter_map(|(n, word)| Some((n.parse().ok()?, word)))
            .collect();
        let mut out = Vec::new();
        for sub in ["cur", "new"] {
            for path in entries(&self.folder.join(sub))? {
                let file = file_name(&path, false);
                if file.starts_with('.') || !path.is_file() {
                    continue;
                }
                let (unique, info) = file.split_once(":2,").unwrap_or((&file, ""));
                // What Dovecot notes behind a comma can change; what stands before stays.
                let name = unique.split(',').next().unwrap_or(unique);
                out.push(Listed {
                    name: name.to_owned(),
                    size_bytes: std::fs::metadata(&path).map_or(0, |m| m.len()),
                    marks: Some(marks(info, &keywords)),
                    received_at_ms: modified_ms(&path),
                    place: self.files.len() as u64,
                    ..Listed::default()
                });
                self.files.push(path);
            }
        }
        Ok(out)
    }

    pub fn read(&mut self, listed: &Listed, intake: &mut Intake) -> Result<()> {
        let path = usize::try_from(listed.place)
            .ok()
            .and_then(|at| self.files.get(at));
        let path = path.ok_or_else(|| crate::base::Error::internal("a file that was not listed"))?;
        read_crlf(path, intake)
    }
}

fn marks(info: &str, keywords: &[(usize, &str)]) -> Marks {
    let mut marks = Marks::default();
    for letter in info.chars() {
        match letter {
            'S' => marks.add(Flags::SEEN),
            'R' => marks.add(Flags::ANSWERED),
            'F' => marks.add(Flags::FLAGGED),
            'D' => marks.add(Flags::DRAFT),
            'T' => marks.add(Flags::DELETED),
            'P' => marks.add_name("$Forwarded"),
            'a'..='z' => {
                let number = letter as usize - 'a' as usize;
                if let Some((_, word)) = keywords.iter().find(|(n, _)| *n == number) {
                    marks.add_name(word);
                }
            }
            _ => {}
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_flags_and_keywords() {
        let m = marks("FRSab", &[(0, "$Forwarded"), (1, "Wichtig")]);
        assert_eq!(m.flags, Flags::FLAGGED.with(Flags::ANSWERED).with(Flags::SEEN));
        assert_eq!(m.keywords.as_str(), "$Forwarded Wichtig");
        assert_eq!(marks("P", &[]).keywords.as_str(), "$Forwarded");
    }
}

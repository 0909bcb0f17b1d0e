//! The last lines of the log, kept in memory for administrators who have no shell; what is in them is what the log has.

use super::clock::{Clock, SystemClock, TimeMs};
use super::lock;
use std::collections::VecDeque;
use std::io;
use std::sync::Mutex;

/// Half a megabyte at most.
const MOST: usize = 500;
const MAX_BYTES: usize = 1000;

static LINES: Mutex<VecDeque<Line>> = Mutex::new(VecDeque::new());

#[derive(Clone, Debug)]
pub struct Line {
    pub at_ms: TimeMs,
    pub level: Level,
    pub text: String,
}

/// How much it matters, the most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Error,
    Warn,
    Info,
    Debug,
}

impl Level {
    pub fn name(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warn => "warn",
            Level::Info => "info",
            Level::Debug => "debug",
        }
    }

    /// None: there is no such level.
    pub fn of_name(name: &str) -> Option<Level> {
        let all = [Level::Error, Level::Warn, Level::Info, Level::Debug];
        all.into_iter().find(|l| l.name().eq_ignore_ascii_case(name))
    }
}

/// Takes lines as the log writes them without their time: the level, then the text. One write is one line.
#[derive(Clone, Copy, Debug)]
pub struct Ring;

impl io::Write for Ring {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let said = String::from_utf8_lossy(bytes);
        let said = said.trim();
        let (level, text) = said.split_once(' ').unwrap_or((said, ""));
        let line = Line {
            at_ms: SystemClock.now_ms(),
            level: Level::of_name(level).unwrap_or(Level::Debug),
            text: super::text::cut(text.trim_start(), MAX_BYTES).to_owned(),
        };
        let mut lines = lock(&LINES);
        if lines.len() >= MOST {
            lines.pop_front();
        }
        lines.push_back(line);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Newest first. `least`: what matters less is left out; `words`: has to be in it, whatever the case.
pub fn newest(least: Level, words: &str) -> Vec<Line> {
    let words = words.to_lowercase();
    let lines = lock(&LINES);
    let fits = |l: &&Line| l.level <= least && l.text.to_lowercase().contains(&words);
    lines.iter().rev().filter(fits).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn the_last_lines_are_kept_and_found() {
        for i in 0..MOST + 10 {
            Ring.write_all(format!("INFO ignored {i}\n").as_bytes()).unwrap();
        }
        Ring.write_all(b" WARN a Server says no host=x\n").unwrap();
        Ring.write_all(format!("ERROR {}\n", "\u{e4}".repeat(2000)).as_bytes())
            .unwrap();
        let all = newest(Level::Debug, "");
        assert_eq!(all.len(), MOST);
        assert!(all[0].level == Level::Error && all[0].text.len() <= MAX_BYTES);
        let found = newest(Level::Warn, "server SAYS");
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].level, found[0].text.as_str()),
            (Level::Warn, "a Server says no host=x")
        );
        assert!(newest(Level::Error, "server says").is_empty());
    }
}

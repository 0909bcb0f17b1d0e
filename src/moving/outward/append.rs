//! Appending many messages: commands go out ahead of their answers, as far as the server lets them (RFC 7888).

use super::imap::{FolderRun, flag_list};
use super::letter::{Letter, Pieces};
use crate::base::{Kind, Result};
use crate::formats::imap::date_time::print_date_time;
use crate::model::message::Item;
use crate::moving::imap::response::quote;
use crate::moving::import::Report;
use std::collections::VecDeque;

/// Appends that are out at the same time, and their bytes.
const AHEAD: usize = 64;
const AHEAD_BYTES: u64 = 4 << 20;

impl FolderRun<'_> {
    /// Returns those of which the server has not said under which UID it has them.
    pub(super) async fn append_all(
        &mut self,
        name: &[u8],
        items: Vec<Item>,
        report: &mut Report,
    ) -> Result<Vec<Item>> {
        let does_not_wait = self.client.has("LITERAL+");
        let mut unnamed = Vec::new();
        let mut waiting: VecDeque<(String, Letter)> = VecDeque::new();
        let mut sent = Vec::new();
        for item in items {
            let uid = item.uid;
            let letter = match self.letter(item).await {
                Ok(letter) => letter,
                Err(e) => {
                    report.problem(format!("{}, UID {uid}: {}", self.path, e.message()));
                    continue;
                }
            };
            let bytes: u64 = waiting.iter().map(|(_, l)| l.size_bytes).sum();
            while waiting.len() >= AHEAD || (!waiting.is_empty() && bytes > AHEAD_BYTES) {
                self.take_answer(&mut waiting, &mut sent, &mut unnamed, report)
                    .await?;
                if waiting.len() < AHEAD / 2 {
                    break;
                }
            }
            match self.append(name, letter, does_not_wait).await {
                Ok(Some(out)) => waiting.push_back(out),
                Ok(None) => {}
                Err(e) if e.kind() == Kind::Invalid => {
                    report.problem(format!("{}, UID {uid}: {}", self.path, e.message()));
                }
                Err(e) => return Err(e),
            }
            if !does_not_wait {
                self.take_answer(&mut waiting, &mut sent, &mut unnamed, report)
                    .await?;
            }
            if sent.len() >= AHEAD {
                self.note(std::mem::take(&mut sent)).await?;
            }
        }
        while !waiting.is_empty() {
            self.take_answer(&mut waiting, &mut sent, &mut unnamed, report)
                .await?;
        }
        self.note(sent).await?;
        Ok(unnamed)
    }

    async fn append(
        &mut self,
        name: &[u8],
        mut letter: Letter,
        does_not_wait: bool,
    ) -> Result<Option<(String, Letter)>> {
        let item = &letter.item;
        let mark = if does_not_wait { "+" } else { "" };
        let command = format!(
            "APPEND {} {} \"{}\" {{{}{mark}}}",
            String::from_utf8_lossy(&quote(name)),
            flag_list(item.flags, &item.keywords),
            print_date_time(item.received_at_ms),
            letter.size_bytes
        );
        let tag = self.client.send(&command).await?;
        if !does_not_wait {
            self.client.wait_for_go().await?;
        }
        let mut pieces = Pieces::default();
        while let Some(piece) = letter.next(&mut pieces)? {
            self.client.write(piece).await?;
        }
        self.client.write(b"\r\n").await?;
        Ok(Some((tag, letter)))
    }

    /// The answer to the append that is out longest.
    async fn take_answer(
        &mut self,
        waiting: &mut VecDeque<(String, Letter)>,
        sent: &mut Vec<(u32, Item, [u8; 32])>,
        unnamed: &mut Vec<Item>,
        report: &mut Report,
    ) -> Result<()> {
        let Some((tag, letter)) = waiting.pop_front() else {
            return Ok(());
        };
        loop {
            let answer = self.client.answer().await?;
            let Some((found, is_ok, text)) = answer.tagged().filter(|(found, ..)| *found == tag) else {
                continue;
            };
            debug_assert_eq!(found, tag);
            if !is_ok {
                let what = crate::base::text::one_line(&text);
                report.problem(format!(
                    "{}, UID {}: the other server says: {what}",
                    self.path, letter.item.uid
                ));
                return Ok(());
            }
            report.folder().stored += 1;
            match append_uid(&text) {
                Some(uid) => sent.push((uid, letter.item, letter.hash)),
                None => unnamed.push(letter.item),
            }
            return Ok(());
        }
    }
}

/// `OK [APPENDUID 38505 3955] done` (RFC 4315 §3).
fn append_uid(text: &str) -> Option<u32> {
    let (_, rest) = text.split_once("[APPENDUID ")?;
    let (inside, _) = rest.split_once(']')?;
    inside.split_ascii_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::append_uid;

    #[test]
    fn uids_are_read() {
        assert_eq!(append_uid("OK [APPENDUID 38505 3955] done"), Some(3955));
        assert_eq!(append_uid("OK done"), None);
    }
}

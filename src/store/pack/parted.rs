//! Bodies with attachments: base64 in even lines is kept as the bytes that it stands for.
//!
//! Base64 costs a packer much time and gains it a quarter at best. Its bytes are a quarter shorter to begin with, come
//! back several times as fast as anything unpacks, and those of a text in disguise can be packed as text.
//! Only what comes back exactly as it was is taken out: lines of one length, of the standard alphabet, without padding.
//! A last, shorter line stays in the text.
//!
//! Stored: number of runs (u16), length of the text, stored length of the text, stored length of the bytes (u32 each, all
//! little endian); for each run where in the text it belongs (u32), characters of a line (u16, the top bit says that lines
//! end with LF alone), number of lines (u32); the text, packed unless its two lengths are equal; the bytes, likewise.

use super::{compress, damaged, decompress};
use crate::base::Result;
use base64_simd::STANDARD;
use std::io;

/// Shorter lines are no attachment's, longer ones than the top bit leaves room for stay text.
const SHORTEST_LINE: usize = 40;
const LONGEST_LINE: usize = 8 << 10;
/// Characters from which on a run is worth its entry.
const LEAST_RUN: usize = 256;
const MOST_RUNS: usize = 1000;
const BARE_LF: u16 = 1 << 15;
const HEAD: usize = 14;
const ENTRY: usize = 10;

struct Run {
    text_at: usize,
    /// Characters, without the line's end.
    line: usize,
    is_bare_lf: bool,
    lines: usize,
}

impl Run {
    fn end(&self) -> &'static [u8] {
        if self.is_bare_lf { b"\n" } else { b"\r\n" }
    }

    fn raw_len(&self) -> usize {
        self.lines * (self.line + self.end().len())
    }

    fn bytes_len(&self) -> usize {
        self.lines * self.line / 4 * 3
    }
}

#[derive(Default)]
struct Parts {
    text: Vec<u8>,
    bytes: Vec<u8>,
    runs: Vec<Run>,
}

/// The stored form; None when there is no base64 in it.
pub(super) fn pack(raw: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let parts = take_apart(raw);
    if parts.runs.is_empty() {
        return Ok(None);
    }
    let text = smaller(&parts.text, 0)?;
    // Packing what is packed already, as most attachments are, gains a few bytes and costs time at each reading.
    let bytes = smaller(&parts.bytes, parts.bytes.len() / 32)?;
    let (text, bytes) = (
        text.as_deref().unwrap_or(&parts.text),
        bytes.as_deref().unwrap_or(&parts.bytes),
    );
    let mut out = Vec::with_capacity(HEAD + parts.runs.len() * ENTRY + text.len() + bytes.len());
    out.extend_from_slice(&(parts.runs.len() as u16).to_le_bytes());
    for len in [parts.text.len(), text.len(), bytes.len()] {
        out.extend_from_slice(&(len as u32).to_le_bytes());
    }
    for run in &parts.runs {
        let line = run.line as u16 | if run.is_bare_lf { BARE_LF } else { 0 };
        out.extend_from_slice(&(run.text_at as u32).to_le_bytes());
        out.extend_from_slice(&line.to_le_bytes());
        out.extend_from_slice(&(run.lines as u32).to_le_bytes());
    }
    out.extend_from_slice(text);
    out.extend_from_slice(bytes);
    Ok(Some(out))
}

fn smaller(raw: &[u8], at_least_by: usize) -> io::Result<Option<Vec<u8>>> {
    let packed = compress(raw)?;
    Ok((packed.len() + at_least_by < raw.len()).then_some(packed))
}

/// What [`pack`] stored, behind what is in `out`. Errors: Unavailable when it is damaged; `out` may hold a part of it.
pub(super) fn unpack_behind(stored: &[u8], raw_size: usize, out: &mut Vec<u8>) -> Result<()> {
    let mut rest = stored;
    let run_count = u16::from_le_bytes(take(&mut rest)?) as usize;
    let mut len = || Ok::<_, crate::base::Error>(u32::from_le_bytes(take(&mut rest)?) as usize);
    let (text_len, stored_text_len, stored_bytes_len) = (len()?, len()?, len()?);
    let runs = (0..run_count)
        .map(|_| read_run(&mut rest))
        .collect::<Result<Vec<_>>>()?;
    let raw_len = runs.iter().map(Run::raw_len).sum::<usize>() + text_len;
    if raw_len != raw_size || rest.len() != stored_text_len + stored_bytes_len {
        return Err(damaged());
    }
    let (stored_text, stored_bytes) = rest.split_at(stored_text_len);
    let (text_space, bytes_space);
    let text = match stored_text_len == text_len {
        true => stored_text,
        false => {
            text_space = unpacked(stored_text, text_len)?;
            &text_space[..]
        }
    };
    let bytes_len = runs.iter().map(Run::bytes_len).sum();
    let bytes = match stored_bytes_len == bytes_len {
        true => stored_bytes,
        false => {
            bytes_space = unpacked(stored_bytes, bytes_len)?;
            &bytes_space[..]
        }
    };
    put_together(text, bytes, &runs, raw_size, out)
}

fn unpacked(stored: &[u8], len: usize) -> Result<Vec<u8>> {
    let raw = decompress(stored, len).map_err(|e| damaged().caused_by(e))?;
    (raw.len() == len).then_some(raw).ok_or_else(damaged)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N]> {
    let (head, tail) = rest.split_first_chunk().ok_or_else(damaged)?;
    *rest = tail;
    Ok(*head)
}

/// Every number is small enough that sums of them cannot overflow.
fn read_run(rest: &mut &[u8]) -> Result<Run> {
    let text_at = u32::from_le_bytes(take(rest)?) as usize;
    let line = u16::from_le_bytes(take(rest)?);
    let run = Run {
        text_at,
        line: (line & !BARE_LF) as usize,
        is_bare_lf: line & BARE_LF != 0,
        lines: u32::from_le_bytes(take(rest)?) as usize,
    };
    let fits = run.line.is_multiple_of(4) && (1..=LONGEST_LINE).contains(&run.line) && run.lines < 1 << 28;
    fits.then_some(run).ok_or_else(damaged)
}

fn take_apart(raw: &[u8]) -> Parts {
    let mut parts = Parts::default();
    let (mut at, mut kept_from) = (0, 0);
    while let Some(end) = memchr::memchr(b'\n', &raw[at..]).map(|i| at + i) {
        match take_run(&raw[at..], end - at, &mut parts.bytes) {
            Some(mut run) if parts.runs.len() < MOST_RUNS => {
                parts.text.extend_from_slice(&raw[kept_from..at]);
                run.text_at = parts.text.len();
                at += run.raw_len();
                kept_from = at;
                parts.runs.push(run);
            }
            Some(run) => {
                parts.bytes.truncate(parts.bytes.len() - run.bytes_len());
                break;
            }
            None => at = end + 1,
        }
    }
    parts.text.extend_from_slice(&raw[kept_from..]);
    parts
}

/// The lines at the front of `raw` that are as long as the first one, which ends at `first_end`, and are base64 through
/// and through. Their bytes are put behind `bytes`.
fn take_run(raw: &[u8], first_end: usize, bytes: &mut Vec<u8>) -> Option<Run> {
    let is_bare_lf = first_end == 0 || raw[first_end - 1] != b'\r';
    let line = first_end - usize::from(!is_bare_lf);
    if !(SHORTEST_LINE..=LONGEST_LINE).contains(&line) || !line.is_multiple_of(4) {
        return None;
    }
    let mut run = Run {
        text_at: 0,
        line,
        is_bare_lf,
        lines: 0,
    };
    let before = bytes.len();
    for whole in raw.chunks_exact(line + run.end().len()) {
        let (characters, end) = whole.split_at(line);
        if end != run.end() || !put_decoded(characters, bytes) {
            break;
        }
        run.lines += 1;
    }
    if run.lines * line < LEAST_RUN {
        bytes.truncate(before);
        return None;
    }
    Some(run)
}

/// False, and `bytes` as it was, when it is no base64 or is padded.
fn put_decoded(characters: &[u8], bytes: &mut Vec<u8>) -> bool {
    let (before, len) = (bytes.len(), characters.len() / 4 * 3);
    let is_base64 = STANDARD.decode_append(characters, bytes).is_ok();
    let is_whole = is_base64 && bytes.len() == before + len;
    if !is_whole {
        bytes.truncate(before);
    }
    is_whole
}

/// `bytes` has as many bytes as `runs` say. Errors: Unavailable when a run belongs nowhere.
fn put_together(
    text: &[u8],
    mut bytes: &[u8],
    runs: &[Run],
    raw_size: usize,
    out: &mut Vec<u8>,
) -> Result<()> {
    out.reserve(raw_size);
    let mut text_at = 0;
    for run in runs {
        out.extend_from_slice(text.get(text_at..run.text_at).ok_or_else(damaged)?);
        text_at = run.text_at;
        let (own, rest) = bytes.split_at_checked(run.bytes_len()).ok_or_else(damaged)?;
        bytes = rest;
        for line in own.chunks_exact(run.line / 4 * 3) {
            STANDARD.encode_append(line, out);
            out.extend_from_slice(run.end());
        }
    }
    out.extend_from_slice(&text[text_at..]);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8], line: usize, end: &str) -> String {
        let all = STANDARD.encode_to_string(bytes);
        let lines = all
            .as_bytes()
            .chunks(line)
            .map(|l| std::str::from_utf8(l).unwrap());
        lines.map(|l| format!("{l}{end}")).collect()
    }

    fn noise(len: usize) -> Vec<u8> {
        (0..len as u64)
            .map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as u8)
            .collect()
    }

    fn there_and_back(raw: &[u8]) -> usize {
        let stored = pack(raw).unwrap().expect("base64 in it");
        let mut out = b"before".to_vec();
        unpack_behind(&stored, raw.len(), &mut out).unwrap();
        assert_eq!(&out[6..], raw);
        stored.len()
    }

    #[test]
    fn attachments_come_back_to_the_byte() {
        for (line, end) in [(76, "\r\n"), (64, "\n"), (72, "\r\n"), (4096, "\n")] {
            for len in [5000, 5001, 5002, 57 * 40] {
                let body = lines(&noise(len), line, end);
                let raw = format!("Subject: x{end}{end}text before{end}{body}{end}--more--{end}{body}");
                let stored = there_and_back(raw.as_bytes());
                assert!(stored * 100 < raw.len() * 78, "{stored} of {}", raw.len());
            }
        }
    }

    #[test]
    fn a_text_in_disguise_is_packed_as_text() {
        let raw = lines(&b"Sehr geehrte Damen und Herren, ".repeat(100), 76, "\r\n");
        assert!(there_and_back(raw.as_bytes()) < 200);
    }

    #[test]
    fn what_would_not_come_back_as_it_was_stays_text() {
        let good = lines(&noise(57 * 20), 76, "\r\n");
        for (from, to) in [("\r\n", "\n\r"), ("A", "-"), ("\r\n", "\r\n ")] {
            let broken = good.replace(from, to);
            let mut out = Vec::new();
            if let Some(stored) = pack(broken.as_bytes()).unwrap() {
                unpack_behind(&stored, broken.len(), &mut out).unwrap();
                assert_eq!(out, broken.as_bytes());
            }
        }
        let padded = format!("{}=\r\n", "A".repeat(75)).repeat(10);
        assert!(pack(padded.as_bytes()).unwrap().is_none());
        assert!(pack(b"").unwrap().is_none());
        assert!(
            pack("A long line of plain words\r\n".repeat(30).as_bytes())
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn damage_is_told_and_never_believed() {
        let raw = format!("Subject: x\r\n\r\n{}tail", lines(&noise(9000), 76, "\r\n"));
        let stored = pack(raw.as_bytes()).unwrap().unwrap();
        // Where a run belongs is not seen in the lengths: `hauspost doctor` compares the hash.
        let lengths = (0..HEAD).chain(HEAD + 4..HEAD + ENTRY);
        for (at, bit) in lengths.flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut bad = stored.clone();
            bad[at] ^= 1 << bit;
            assert!(
                unpack_behind(&bad, raw.len(), &mut Vec::new()).is_err(),
                "byte {at}, bit {bit}"
            );
        }
        for len in 0..stored.len() {
            assert!(unpack_behind(&stored[..len], raw.len(), &mut Vec::new()).is_err());
        }
    }
}

//! Address lists of a header field. RFC 5322 §3.4, with the obsolete and the plainly wrong forms people send.

use crate::formats::mime::text::{decode_text, encoded_word_length};

/// A person's name and address, decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mailbox {
    pub name: Option<String>,
    /// `local@domain`; the local part is quoted when it must be.
    pub address: String,
}

/// One element of an address list, in the header's own bytes (encoded words are left alone).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    Mailbox(RawMailbox),
    GroupStart(Vec<u8>),
    GroupEnd,
}

/// A mailbox with quoting undone. `host` is empty when there was no `@`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawMailbox {
    pub name: Option<Vec<u8>>,
    pub route: Option<Vec<u8>>,
    pub local: Vec<u8>,
    pub host: Vec<u8>,
}

/// Nobody writes to more people in one field; what is behind is not looked at.
pub const MAX_ENTRIES: usize = 10_000;
/// A longer field is cut.
const MAX_VALUE: usize = 1_000_000;

/// Reads a field's value into `out`, which never grows beyond [`MAX_ENTRIES`]. Takes linear time.
pub fn parse_entries(value: &[u8], out: &mut Vec<Entry>) {
    let mut reader = Reader {
        rest: &value[..value.len().min(MAX_VALUE)],
        ..Reader::default()
    };
    while let Some(byte) = reader.rest.first().copied() {
        if out.len() >= MAX_ENTRIES {
            break;
        }
        match byte {
            b',' => {
                reader.rest = &reader.rest[1..];
                reader.finish(out);
            }
            b';' => {
                reader.rest = &reader.rest[1..];
                reader.finish(out);
                if std::mem::take(&mut reader.in_group) {
                    out.push(Entry::GroupEnd);
                }
            }
            b':' if !reader.in_group && reader.at.is_none() && !reader.has_angle => {
                reader.rest = &reader.rest[1..];
                let name = std::mem::take(&mut reader.text);
                reader.reset();
                reader.in_group = true;
                out.push(Entry::GroupStart(name));
            }
            _ => reader.read_token(byte),
        }
    }
    reader.finish(out);
    if reader.in_group {
        out.push(Entry::GroupEnd);
    }
}

/// The mailboxes of a field, group names dropped, decoded for people.
pub fn mailboxes(entries: &[Entry]) -> Vec<Mailbox> {
    entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Mailbox(raw) => Some(raw.to_mailbox()),
            _ => None,
        })
        .collect()
}

impl RawMailbox {
    pub fn to_mailbox(&self) -> Mailbox {
        let name = self.name.as_deref().map(decode_text).filter(|n| !n.is_empty());
        let local = decode_text(&self.local);
        let host = decode_text(&self.host);
        let needs_quotes = local.is_empty() && !host.is_empty()
            || local.starts_with('.')
            || local.ends_with('.')
            || local.contains(|c: char| c.is_whitespace() || "()<>[]:;@\\,\"".contains(c));
        let mut address = match needs_quotes && !host.is_empty() {
            true => format!("\"{}\"", local.replace('\\', "\\\\").replace('"', "\\\"")),
            false => local,
        };
        if !host.is_empty() {
            address.push('@');
            address.push_str(&host);
        }
        Mailbox { name, address }
    }
}

/// Collects one mailbox at a time.
#[derive(Default)]
struct Reader<'a> {
    rest: &'a [u8],
    /// Phrase or bare address: words joined by one blank, quoting undone.
    text: Vec<u8>,
    /// Offset in `text` of the last `@` that was not quoted.
    at: Option<usize>,
    /// Offset in `text` of the last blank that was not quoted.
    blank: Option<usize>,
    pending_blank: bool,
    comment: Vec<u8>,
    angle: RawMailbox,
    has_angle: bool,
    in_group: bool,
}

impl Reader<'_> {
    fn reset(&mut self) {
        *self = Reader {
            rest: self.rest,
            in_group: self.in_group,
            ..Reader::default()
        };
    }

    fn read_token(&mut self, byte: u8) {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {
                self.rest = &self.rest[1..];
                self.pending_blank = true;
            }
            b'(' => self.comment = take_comment(&mut self.rest),
            b'<' if !self.has_angle => self.read_angle(),
            b'"' => {
                self.join_blank();
                let quoted = take_quoted(&mut self.rest);
                self.text.extend_from_slice(&quoted);
            }
            b'=' => {
                // An encoded word is taken whole: senders put commas and other specials inside.
                let length = encoded_word_length(self.rest).unwrap_or(1);
                self.join_blank();
                self.text.extend_from_slice(&self.rest[..length]);
                self.rest = &self.rest[length..];
            }
            b'[' => {
                self.join_blank();
                let end = self
                    .rest
                    .iter()
                    .position(|b| *b == b']')
                    .map_or(self.rest.len(), |p| p + 1);
                self.text.extend_from_slice(&self.rest[..end]);
                self.rest = &self.rest[end..];
            }
            _ => {
                self.join_blank();
                if byte == b'@' {
                    self.at = Some(self.text.len());
                }
                self.text.push(byte);
                self.rest = &self.rest[1..];
            }
        }
    }

    fn join_blank(&mut self) {
        if std::mem::take(&mut self.pending_blank) && !self.text.is_empty() {
            self.blank = Some(self.text.len());
            self.text.push(b' ');
        }
    }

    /// `<route:local@host>`; a missing `>` ends at the end of the value.
    fn read_angle(&mut self) {
        self.rest = &self.rest[1..];
        self.has_angle = true;
        let (mut spec, mut at) = (Vec::new(), None);
        while let Some(byte) = self.rest.first().copied() {
            match byte {
                b'>' => {
                    self.rest = &self.rest[1..];
                    break;
                }
                b'"' => spec.extend_from_slice(&take_quoted(&mut self.rest)),
                b'(' => drop(take_comment(&mut self.rest)),
                b' ' | b'\t' | b'\r' | b'\n' => self.rest = &self.rest[1..],
                b':' if spec.first() == Some(&b'@') => {
                    // RFC 5322 §4.4: a source route; kept only for IMAP's ENVELOPE.
                    self.angle.route = Some(std::mem::take(&mut spec));
                    at = None;
                    self.rest = &self.rest[1..];
                }
                _ => {
                    if byte == b'@' {
                        at = Some(spec.len());
                    }
                    spec.push(byte);
                    self.rest = &self.rest[1..];
                }
            }
        }
        (self.angle.local, self.angle.host) = split_at(spec, at);
    }

    /// Ends the mailbox that is being read, if there is any.
    fn finish(&mut self, out: &mut Vec<Entry>) {
        let text = std::mem::take(&mut self.text);
        let comment = Some(std::mem::take(&mut self.comment)).filter(|c| !c.is_empty());
        let mut mailbox = std::mem::take(&mut self.angle);
        if self.has_angle {
            mailbox.name = Some(text).filter(|t| !t.is_empty()).or(comment);
            out.push(Entry::Mailbox(mailbox));
        } else if !text.is_empty() {
            let (mut local, host) = split_at(text, self.at);
            mailbox.name = comment;
            match (self.blank, self.at) {
                // `John Doe john@example.com`: a forgotten pair of angle brackets.
                (Some(blank), Some(at)) if blank < at && blank < local.len() => {
                    mailbox.name = Some(local[..blank].to_vec());
                    local.drain(..=blank);
                }
                // `Mary Smith`: no address at all.
                (Some(_), None) => mailbox.name = Some(std::mem::take(&mut local)),
                _ => {}
            }
            (mailbox.local, mailbox.host) = (local, host);
            out.push(Entry::Mailbox(mailbox));
        }
        self.reset();
    }
}

fn split_at(mut spec: Vec<u8>, at: Option<usize>) -> (Vec<u8>, Vec<u8>) {
    let Some(at) = at else {
        return (spec, Vec::new());
    };
    // RFC 5322 §4.4: blanks around the dots of a domain mean nothing.
    let host = spec[at + 1..].iter().copied().filter(|b| *b != b' ').collect();
    spec.truncate(at);
    spec.truncate(spec.trim_ascii_end().len());
    (spec, host)
}

/// The text of a comment, `rest` begins with its parenthesis. Nested ones keep theirs.
fn take_comment(rest: &mut &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut depth = 0usize;
    while let [byte, tail @ ..] = *rest {
        *rest = tail;
        match byte {
            b'(' => {
                depth += 1;
                if depth == 1 {
                    continue;
                }
            }
            b')' => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
            b'\\' => {
                if let [escaped, tail @ ..] = *rest {
                    out.push(*escaped);
                    *rest = tail;
                }
                continue;
            }
            b'\r' | b'\n' => continue,
            _ => {}
        }
        out.push(*byte);
    }
    out.trim_ascii().to_vec()
}

/// The text of a quoted string, `rest` begins with its quote; a missing end is the end of the value.
pub fn take_quoted(rest: &mut &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    *rest = rest.get(1..).unwrap_or_default();
    while let [byte, tail @ ..] = *rest {
        *rest = tail;
        match byte {
            b'"' => break,
            b'\\' => {
                if let [escaped, tail @ ..] = *rest {
                    out.push(*escaped);
                    *rest = tail;
                }
            }
            b'\r' | b'\n' => {}
            _ => out.push(*byte),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Vec<String> {
        let mut entries = Vec::new();
        parse_entries(value.as_bytes(), &mut entries);
        let show = |m: Mailbox| match m.name {
            Some(name) => format!("{name} <{}>", m.address),
            None => m.address,
        };
        entries
            .into_iter()
            .map(|e| match e {
                Entry::Mailbox(raw) => show(raw.to_mailbox()),
                Entry::GroupStart(name) => format!("{}:", String::from_utf8_lossy(&name)),
                Entry::GroupEnd => ";".into(),
            })
            .collect()
    }

    #[test]
    fn reads_address_lists() {
        for (value, want) in [
            (" a@b.de", &["a@b.de"][..]),
            ("Anna Berg <a@b.de>, c@d.de", &["Anna Berg <a@b.de>", "c@d.de"]),
            ("\"Berg, Anna\" <a@b.de>", &["Berg, Anna <a@b.de>"]),
            ("=?utf-8?Q?Berg,_Anna?= <a@b.de>", &["Berg, Anna <a@b.de>"]),
            ("a@b.de (Anna \\) (B))", &["Anna ) (B) <a@b.de>"]),
            (
                "Team: a@b.de, C <c@d.de>;, e@f.de",
                &["Team:", "a@b.de", "C <c@d.de>", ";", "e@f.de"],
            ),
            ("undisclosed-recipients:;", &["undisclosed-recipients:", ";"]),
            ("<@x,@y:a@b.de>", &["a@b.de"]),
            ("\"a b\"@c.de", &["\"a b\"@c.de"]),
            ("a @ b . de", &["a@b.de"]),
            ("Anna Berg a@b.de", &["Anna Berg <a@b.de>"]),
            ("a@[192.0.2.1]", &["a@[192.0.2.1]"]),
            ("Anna <a@b.de", &["Anna <a@b.de>"]),
            ("<>", &[""]),
            ("root", &["root"]),
            ("Mary Smith", &["Mary Smith <>"]),
            ("(nobody)", &[]),
            (", ,", &[]),
            ("Anna\r\n Berg <a@b.de>", &["Anna Berg <a@b.de>"]),
            ("a@b@c.de", &["\"a@b\"@c.de"]),
        ] {
            assert_eq!(read(value), want, "{value}");
        }
    }

    #[test]
    fn hostile_lists_end_soon() {
        for unit in [
            "<", "\"", "(", ",", "a,", "=?", ":", ";", "[", "\\", "a:", "@", "a b ",
        ] {
            let value = unit.repeat(1_000_000);
            let mut entries = Vec::new();
            parse_entries(value.as_bytes(), &mut entries);
            assert!(entries.len() <= MAX_ENTRIES + 1);
        }
    }
}

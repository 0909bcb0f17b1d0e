//! The words of the grammar: atoms, strings, literals, numbers, lists, and where the reader stands. RFC 9051 §9.

use std::borrow::Cow;

use crate::formats::imap::flag::Flag;
use crate::formats::imap::mailbox_name::{self, Names};
use crate::formats::imap::parse::{ErrorKind, ParseError};
use crate::formats::imap::print::string::{is_astring_char, is_atom_char};
use crate::formats::imap::sequence_set::SequenceSet;

/// What is wrong, before the tag is known to it.
#[derive(Debug)]
pub struct Failure {
    kind: ErrorKind,
    message: String,
}

impl Failure {
    pub fn new(message: impl Into<String>) -> Failure {
        Failure {
            kind: ErrorKind::Syntax,
            message: message.into(),
        }
    }

    pub fn bad_charset() -> Failure {
        Failure {
            kind: ErrorKind::BadCharset,
            message: "That charset is not known, use UTF-8".into(),
        }
    }

    pub fn with_tag(self, tag: Option<String>) -> ParseError {
        ParseError {
            tag,
            kind: self.kind,
            message: self.message,
        }
    }
}

pub struct Cursor<'a> {
    rest: &'a [u8],
    names: Names,
}

impl<'a> Cursor<'a> {
    pub fn new(input: &'a [u8], names: Names) -> Cursor<'a> {
        Cursor { rest: input, names }
    }

    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Steps over `length` bytes, which the caller has seen.
    pub fn skip(&mut self, length: usize) {
        self.rest = self.rest.get(length..).unwrap_or_default();
    }

    pub fn skip_rest(&mut self) {
        self.rest = &[];
    }

    /// Steps over that byte if it is next.
    pub fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        if is_next {
            self.rest = &self.rest[1..];
        }
        is_next
    }

    pub fn expect(&mut self, byte: u8, place: &str) -> Result<(), Failure> {
        if self.eat(byte) {
            return Ok(());
        }
        Err(Failure::new(format!("Expected {} {place}", byte as char)))
    }

    pub fn space(&mut self, place: &str) -> Result<(), Failure> {
        if self.eat(b' ') {
            return Ok(());
        }
        Err(Failure::new(match self.rest.is_empty() {
            true => "The command ends too early".to_owned(),
            false => format!("Expected a space {place}"),
        }))
    }

    /// Some clients send blanks at the end of a line.
    pub fn end(&mut self) -> Result<(), Failure> {
        if self.rest.iter().all(|b| *b == b' ') {
            return Ok(());
        }
        Err(Failure::new("There is more in the line than the command takes"))
    }

    fn take_while(&mut self, is_part: impl Fn(u8) -> bool) -> &'a [u8] {
        let length = self
            .rest
            .iter()
            .position(|b| !is_part(*b))
            .unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    pub fn tag(&mut self) -> Result<String, Failure> {
        match self.take_while(|b| is_astring_char(b) && b != b'+') {
            b"" => Err(Failure::new("A command begins with a tag")),
            tag if tag.len() > 1000 => Err(Failure::new("The tag is too long")),
            tag => Ok(String::from_utf8_lossy(tag).into_owned()),
        }
    }

    pub fn atom(&mut self, what: &str) -> Result<&'a str, Failure> {
        let atom = self.take_while(is_atom_char);
        match std::str::from_utf8(atom) {
            Ok(text) if !text.is_empty() => Ok(text),
            _ => Err(Failure::new(format!("Expected {what}"))),
        }
    }

    /// An atom in capitals.
    pub fn keyword(&mut self, what: &str) -> Result<String, Failure> {
        Ok(self.atom(what)?.to_ascii_uppercase())
    }

    /// Steps over an atom if it is that one, without case.
    pub fn eat_keyword(&mut self, word: &str) -> bool {
        let length = self
            .rest
            .iter()
            .position(|b| !is_atom_char(*b))
            .unwrap_or(self.rest.len());
        let is_next = self.rest[..length].eq_ignore_ascii_case(word.as_bytes());
        if is_next {
            self.rest = &self.rest[length..];
        }
        is_next
    }

    pub fn number64(&mut self, what: &str) -> Result<u64, Failure> {
        let digits = self.take_while(|b| b.is_ascii_digit());
        let number = std::str::from_utf8(digits).ok().and_then(|d| d.parse().ok());
        number.ok_or_else(|| Failure::new(format!("Expected {what}")))
    }

    pub fn number(&mut self, what: &str) -> Result<u32, Failure> {
        let number = self.number64(what)?;
        u32::try_from(number).map_err(|_| Failure::new(format!("Too large for {what}")))
    }

    /// Quoted or literal.
    pub fn string(&mut self, what: &str) -> Result<Cow<'a, [u8]>, Failure> {
        match self.rest {
            [b'"', ..] => self.quoted(),
            [b'{', ..] => self.literal(),
            [b'~', b'{', ..] => {
                self.rest = &self.rest[1..];
                self.literal()
            }
            _ => Err(Failure::new(format!("Expected {what}"))),
        }
    }

    pub fn astring(&mut self, what: &str) -> Result<Cow<'a, [u8]>, Failure> {
        self.astring_of(what, is_astring_char)
    }

    /// `list-mailbox` has wildcards in its atoms.
    pub fn list_mailbox(&mut self) -> Result<String, Failure> {
        let is_part = |b: u8| is_astring_char(b) || matches!(b, b'%' | b'*');
        let raw = self.astring_of("a mailbox pattern", is_part)?;
        self.decode_mailbox(&raw)
    }

    fn astring_of(&mut self, what: &str, is_part: impl Fn(u8) -> bool) -> Result<Cow<'a, [u8]>, Failure> {
        match self.peek() {
            Some(b'"' | b'{') => self.string(what),
            // Thunderbird and others send UTF-8 names unquoted once UTF-8 is on.
            Some(b) if is_part(b) || b >= 0x80 => Ok(self.take_while(|b| is_part(b) || b >= 0x80).into()),
            _ => Err(Failure::new(format!("Expected {what}"))),
        }
    }

    fn quoted(&mut self) -> Result<Cow<'a, [u8]>, Failure> {
        let inner = &self.rest[1..];
        let mut unescaped: Option<Vec<u8>> = None;
        let mut i = 0;
        while let Some(byte) = inner.get(i).copied() {
            match byte {
                b'"' => {
                    self.rest = &inner[i + 1..];
                    return Ok(unescaped.map_or(Cow::Borrowed(&inner[..i]), Cow::Owned));
                }
                b'\r' | b'\n' | 0 => break,
                b'\\' => {
                    let out = unescaped.get_or_insert_with(|| inner[..i].to_vec());
                    // RFC 9051 §9 allows only \" and \\; other escapes mean their character.
                    out.extend(inner.get(i + 1));
                    i += 2;
                }
                _ => {
                    if let Some(out) = &mut unescaped {
                        out.push(byte);
                    }
                    i += 1;
                }
            }
        }
        Err(Failure::new("A quoted string does not end"))
    }

    /// `{n}` or `{n+}`, CRLF and n bytes.
    fn literal(&mut self) -> Result<Cow<'a, [u8]>, Failure> {
        self.rest = &self.rest[1..];
        let size = self.number64("the size of a literal")?;
        self.eat(b'+');
        self.expect(b'}', "behind the size of a literal")?;
        let bytes = self
            .rest
            .strip_prefix(b"\r\n")
            .or_else(|| self.rest.strip_prefix(b"\n"));
        let taken = usize::try_from(size)
            .ok()
            .and_then(|n| bytes?.split_at_checked(n));
        let (literal, rest) = taken.ok_or_else(|| Failure::new("A literal is incomplete"))?;
        self.rest = rest;
        Ok(Cow::Borrowed(literal))
    }

    /// A string or NIL.
    pub fn nstring(&mut self, what: &str) -> Result<Option<Cow<'a, [u8]>>, Failure> {
        if self.eat_keyword("NIL") {
            return Ok(None);
        }
        self.string(what).map(Some)
    }

    pub fn utf8(&self, bytes: &[u8], what: &str) -> Result<String, Failure> {
        let text = std::str::from_utf8(bytes).map_err(|_| Failure::new(format!("{what} is not UTF-8")))?;
        if text.contains('\0') {
            return Err(Failure::new(format!("{what} contains a NUL")));
        }
        Ok(text.to_owned())
    }

    pub fn utf8_astring(&mut self, what: &str) -> Result<String, Failure> {
        let bytes = self.astring(what)?;
        self.utf8(&bytes, what)
    }

    pub fn mailbox(&mut self) -> Result<String, Failure> {
        let raw = self.astring("a mailbox name")?;
        self.decode_mailbox(&raw)
    }

    fn decode_mailbox(&self, raw: &[u8]) -> Result<String, Failure> {
        mailbox_name::decode(raw, self.names)
            .ok_or_else(|| Failure::new("The mailbox name is neither modified UTF-7 nor UTF-8"))
    }

    pub fn space_mailbox(&mut self) -> Result<String, Failure> {
        self.space("before the mailbox name")?;
        self.mailbox()
    }

    pub fn sequence_set(&mut self) -> Result<SequenceSet, Failure> {
        let text = self.take_while(|b| b.is_ascii_digit() || matches!(b, b':' | b',' | b'*' | b'$'));
        SequenceSet::parse(text).ok_or_else(|| Failure::new("Expected a set of message numbers"))
    }

    pub fn space_sequence_set(&mut self) -> Result<SequenceSet, Failure> {
        self.space("before the set of messages")?;
        self.sequence_set()
    }

    /// `(a b c)`, also `()`.
    pub fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, Failure>,
    ) -> Result<Vec<T>, Failure> {
        self.expect(b'(', "before a list")?;
        let mut out = Vec::new();
        while !self.eat(b')') {
            if !out.is_empty() {
                self.space("between the items of a list")?;
                // `(a b )`: seen from phones.
                if self.eat(b')') {
                    break;
                }
            }
            out.push(item(self)?);
        }
        Ok(out)
    }

    /// `None` for `\Recent`, which clients echo and nobody can set.
    pub fn flag(&mut self) -> Result<Option<Flag>, Failure> {
        let is_system = self.eat(b'\\');
        let name = self.atom("a flag")?;
        if !is_system {
            return Ok(Some(Flag::Keyword(name.to_owned())));
        }
        if name.eq_ignore_ascii_case("Recent") {
            return Ok(None);
        }
        let flag = Flag::from_name(&format!("\\{name}"));
        flag.map(Some)
            .ok_or_else(|| Failure::new(format!("There is no flag \\{name}")))
    }

    pub fn flag_list(&mut self) -> Result<Vec<Flag>, Failure> {
        Ok(self.list(Self::flag)?.into_iter().flatten().collect())
    }
}

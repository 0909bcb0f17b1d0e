//! Search filters: from the way people write them (RFC 4515) to the way they are sent (RFC 4511 §4.5.1.7).

use super::ber::{OCTETS, SEQUENCE, element, group};
use crate::base::{Error, Result};

/// What people write has two or three levels.
const MOST_DEEP: usize = 16;
const MOST_BYTES: usize = 8192;

/// Errors: Invalid, with the place.
pub fn encode(text: &str) -> Result<Vec<u8>> {
    if text.len() > MOST_BYTES {
        return Err(Error::invalid("a filter has 8192 bytes at most"));
    }
    let mut parser = Parser { text, at: 0 };
    let filter = parser.filter(0)?;
    match parser.rest() {
        "" => Ok(filter),
        _ => Err(parser.wrong("here it should be at its end")),
    }
}

/// A value as it can stand in a filter, whatever bytes it has.
pub fn escape(value: &[u8]) -> String {
    let mut out = String::with_capacity(value.len());
    for b in value {
        match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'@' | b'_' => out.push(char::from(*b)),
            other => out.push_str(&format!("\\{other:02x}")),
        }
    }
    out
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn wrong(&self, why: &str) -> Error {
        let near: String = self.rest().chars().take(20).collect();
        Error::invalid(format!(
            "the filter {} cannot be understood at »{near}«: {why}",
            self.text
        ))
    }

    fn take(&mut self, what: &str) -> Result<()> {
        match self.rest().starts_with(what) {
            true => {
                self.at += what.len();
                Ok(())
            }
            false => Err(self.wrong(&format!("»{what}« is missing"))),
        }
    }

    fn filter(&mut self, depth: usize) -> Result<Vec<u8>> {
        if depth > MOST_DEEP {
            return Err(self.wrong("it is nested too deeply"));
        }
        self.take("(")?;
        let out = match self.rest().chars().next() {
            Some('&') => self.list(0xa0, depth)?,
            Some('|') => self.list(0xa1, depth)?,
            Some('!') => {
                self.at += 1;
                element(0xa2, &self.filter(depth + 1)?)
            }
            _ => self.item()?,
        };
        self.take(")")?;
        Ok(out)
    }

    fn list(&mut self, tag: u8, depth: usize) -> Result<Vec<u8>> {
        self.at += 1;
        let mut parts = Vec::new();
        while self.rest().starts_with('(') {
            parts.push(self.filter(depth + 1)?);
        }
        Ok(group(tag, &parts))
    }

    fn item(&mut self) -> Result<Vec<u8>> {
        let name_len = self
            .rest()
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | ';' | '.')))
            .unwrap_or(self.rest().len());
        let name = &self.rest()[..name_len];
        self.at += name_len;
        if self.rest().starts_with(':') {
            return self.extensible(name);
        }
        if name.is_empty() {
            return Err(self.wrong("the name of an attribute is missing"));
        }
        let operators = [(">=", 0xa5), ("<=", 0xa6), ("~=", 0xa8), ("=", 0xa3)];
        let found = operators.iter().find(|(sign, _)| self.rest().starts_with(sign));
        let Some((sign, tag)) = found else {
            return Err(self.wrong("=, >=, <= or ~= is missing"));
        };
        self.at += sign.len();
        let raw = self.value();
        if *tag == 0xa3 && raw == "*" {
            return Ok(element(0x87, name.as_bytes()));
        }
        if *tag == 0xa3 && raw.contains('*') {
            return self.substrings(name, raw);
        }
        let value = self.unescape(raw)?;
        Ok(group(
            *tag,
            &[element(OCTETS, name.as_bytes()), element(OCTETS, &value)],
        ))
    }

    /// `attribute:dn:rule:=value`, each but the value optional.
    fn extensible(&mut self, name: &str) -> Result<Vec<u8>> {
        let mut rule = "";
        let mut with_dn = false;
        self.take(":")?;
        while !self.rest().starts_with('=') {
            let end = self
                .rest()
                .find(':')
                .ok_or_else(|| self.wrong("»:=« is missing"))?;
            match &self.rest()[..end] {
                "dn" => with_dn = true,
                other => rule = other,
            }
            self.at += end + 1;
        }
        self.take("=")?;
        let value = self.value();
        let mut parts = Vec::new();
        if !rule.is_empty() {
            parts.push(element(0x81, rule.as_bytes()));
        }
        if !name.is_empty() {
            parts.push(element(0x82, name.as_bytes()));
        }
        parts.push(element(0x83, &self.unescape(value)?));
        if with_dn {
            parts.push(element(0x84, &[0xff]));
        }
        Ok(group(0xa9, &parts))
    }

    /// What stands before the closing bracket.
    fn value(&mut self) -> &'a str {
        let end = self.rest().find([')', '(']).unwrap_or(self.rest().len());
        let value = &self.rest()[..end];
        self.at += end;
        value
    }

    fn substrings(&self, name: &str, raw: &str) -> Result<Vec<u8>> {
        let pieces: Vec<&str> = raw.split('*').collect();
        let last = pieces.len() - 1;
        let mut parts = Vec::new();
        for (i, piece) in pieces.iter().enumerate().filter(|(_, p)| !p.is_empty()) {
            let tag = match i {
                0 => 0x80,
                i if i == last => 0x82,
                _ => 0x81,
            };
            parts.push(element(tag, &self.unescape(piece)?));
        }
        Ok(group(
            0xa4,
            &[element(OCTETS, name.as_bytes()), group(SEQUENCE, &parts)],
        ))
    }

    fn unescape(&self, raw: &str) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(raw.len());
        let mut bytes = raw.bytes();
        while let Some(b) = bytes.next() {
            if b != b'\\' {
                out.push(b);
                continue;
            }
            let digit = |b: Option<u8>| char::from(b?).to_digit(16);
            let pair = digit(bytes.next()).zip(digit(bytes.next()));
            let (high, low) = pair.ok_or_else(|| self.wrong("a \\ has two hexadecimal digits behind it"))?;
            out.push((high << 4 | low) as u8);
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::{encode, escape};
    use crate::base::text::hex;

    #[test]
    fn filters_are_sent_as_the_standard_says() {
        for (text, bytes) in [
            ("(cn=a)", "a30704026363".replace("6363", "636e") + "040161"),
            ("(cn=*)", "8702636e".into()),
            ("(!(a=b))", "a208a306040161040162".into()),
            ("(&(a=b)(c=d))", "a010a306040161040162a306040163040164".into()),
            ("(|)", "a100".into()),
            ("(a>=5)", "a506040161040135".into()),
            ("(a=b*c*d)", "a40e0401613009800162810163820164".into()),
            ("(a=*c*)", "a4080401613003810163".into()),
            ("(a=\\28\\2a)", "a307040161040228".to_owned() + "2a"),
            ("(a:1.2:=2)", "a90b8103312e32820161830132".into()),
            ("(:dn:x:=v)", "a9098101788301768401ff".into()),
        ] {
            assert_eq!(hex(&encode(text).unwrap()), bytes, "{text}");
        }
    }

    #[test]
    fn wrong_ones_are_refused_with_the_place() {
        for bad in [
            "", "a=b", "(a=b", "(a=b))", "(=b)", "(a)", "(a=\\zz)", "(a=\\2", "(a:b)", "(&(a=b)",
        ] {
            assert!(encode(bad).is_err(), "{bad}");
        }
        let deep = format!("{}(a=b){}", "(!".repeat(1000), ")".repeat(1000));
        assert!(encode(&deep).unwrap_err().message().contains("too deeply"));
        assert!(encode(&format!("(a={})", "x".repeat(10_000))).is_err());
    }

    #[test]
    fn any_value_can_be_asked_for() {
        assert_eq!(escape(b"a-1*(\0)"), "a-1\\2a\\28\\00\\29");
        let value: Vec<u8> = (0..=255).collect();
        let sent = encode(&format!("(a={})", escape(&value))).unwrap();
        assert!(sent.ends_with(&value));
    }
}

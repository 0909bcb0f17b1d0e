//! The part of BER (X.690) that LDAP uses (RFC 4511 §5.1): definite lengths, tags of one byte.

use crate::base::{Error, Result};

pub const BOOLEAN: u8 = 0x01;
pub const INTEGER: u8 = 0x02;
pub const OCTETS: u8 = 0x04;
pub const ENUMERATED: u8 = 0x0a;
pub const SEQUENCE: u8 = 0x30;

pub fn broken(why: &str) -> Error {
    Error::unavailable(format!("the directory server says what is no LDAP: {why}"))
}

/// One element: tag, length, content.
pub fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match content.len() {
        n @ 0..=127 => out.push(n as u8),
        n => {
            let bytes = n.to_be_bytes();
            let used = &bytes[n.leading_zeros() as usize / 8..];
            out.push(0x80 | used.len() as u8);
            out.extend_from_slice(used);
        }
    }
    out.extend_from_slice(content);
    out
}

/// Elements one after the other, in one around them.
pub fn group(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
    element(tag, &parts.concat())
}

pub fn number(tag: u8, value: i32) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    // The shortest form: no leading byte that only repeats the sign.
    let repeats = |i: usize| {
        let sign = if value < 0 { 0xff } else { 0 };
        bytes[i] == sign && (bytes[i + 1] ^ sign) & 0x80 == 0
    };
    let from = (0..3).take_while(|i| repeats(*i)).count();
    element(tag, &bytes[from..])
}

/// How many bytes the element at the beginning has in all; None while that cannot be seen.
/// Errors: Unavailable, for lengths of a form that LDAP does not have.
pub fn total_len(bytes: &[u8]) -> Result<Option<usize>> {
    let Some(first) = bytes.get(1) else {
        return Ok(None);
    };
    if *first < 0x80 {
        return Ok(Some(2 + usize::from(*first)));
    }
    let count = usize::from(*first & 0x7f);
    if count == 0 || count > 4 {
        return Err(broken("a length of unknown form"));
    }
    let Some(digits) = bytes.get(2..2 + count) else {
        return Ok(None);
    };
    let length = digits.iter().fold(0usize, |n, d| n << 8 | usize::from(*d));
    Ok(Some(2 + count + length))
}

/// Elements one after the other.
#[derive(Clone, Copy)]
pub struct Elements<'a>(pub &'a [u8]);

impl<'a> Elements<'a> {
    /// The next one, with its tag; None at the end. Errors: Unavailable, when it is cut off.
    pub fn take(&mut self) -> Result<Option<(u8, &'a [u8])>> {
        let Some(tag) = self.0.first() else {
            return Ok(None);
        };
        let cut = || broken("an element is cut off");
        let total = total_len(self.0)?.ok_or_else(cut)?;
        let whole = self.0.get(..total).ok_or_else(cut)?;
        let head = match whole[1] {
            short if short < 0x80 => 2,
            long => 2 + usize::from(long & 0x7f),
        };
        self.0 = &self.0[total..];
        Ok(Some((*tag, &whole[head..])))
    }

    /// The next one, which must have this tag. Errors: Unavailable.
    pub fn expect(&mut self, tag: u8) -> Result<&'a [u8]> {
        match self.take()? {
            Some((found, content)) if found == tag => Ok(content),
            Some((found, _)) => Err(broken(&format!("{found:#04x} where {tag:#04x} belongs"))),
            None => Err(broken("something is missing")),
        }
    }

    pub fn expect_number(&mut self, tag: u8) -> Result<i32> {
        let content = self.expect(tag)?;
        if content.is_empty() || content.len() > 4 {
            return Err(broken("a number of unknown size"));
        }
        let start = if content[0] & 0x80 == 0 { 0 } else { -1 };
        Ok(content.iter().fold(start, |n: i32, b| n << 8 | i32::from(*b)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_in_their_shortest_form() {
        for (value, bytes) in [
            (0, &[0x02, 1, 0][..]),
            (127, &[0x02, 1, 127]),
            (128, &[0x02, 2, 0, 128]),
            (-1, &[0x02, 1, 0xff]),
            (-129, &[0x02, 2, 0xff, 0x7f]),
            (i32::MAX, &[0x02, 4, 0x7f, 0xff, 0xff, 0xff]),
        ] {
            let made = number(INTEGER, value);
            assert_eq!(made, bytes);
            assert_eq!(Elements(&made).expect_number(INTEGER).unwrap(), value);
        }
    }

    #[test]
    fn long_elements_come_back_and_cut_ones_are_refused() {
        for size in [0, 127, 128, 255, 256, 70_000] {
            let made = element(OCTETS, &vec![7; size]);
            assert_eq!(total_len(&made).unwrap(), Some(made.len()));
            assert_eq!(Elements(&made).expect(OCTETS).unwrap().len(), size);
            if size > 0 {
                assert!(Elements(&made[..made.len() - 1]).take().is_err(), "{size}");
            }
        }
        assert!(total_len(&[0x30, 0x80]).is_err(), "an indefinite length");
        assert!(total_len(&[0x30, 0x85, 1, 1, 1, 1, 1]).is_err(), "five digits");
        assert_eq!(total_len(&[0x30]).unwrap(), None);
        assert_eq!(total_len(&[0x30, 0x82, 1]).unwrap(), None);
    }
}

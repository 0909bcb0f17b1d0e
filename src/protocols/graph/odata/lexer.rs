//! A filter as its words.

use crate::protocols::graph::error::GraphError;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    Open,
    Close,
    Comma,
    /// What stood in quotes, `''` made one.
    Text(String),
    /// Everything else: names, paths, operators, numbers, dates.
    Word(String),
}

/// Each token with the place of its first character, from 1. Errors: BadRequest that names the place.
pub fn tokens(text: &str) -> Result<Vec<(usize, Token)>, GraphError> {
    let chars: Vec<char> = text.chars().collect();
    let (mut out, mut i) = (Vec::new(), 0);
    while let Some(c) = chars.get(i) {
        let at = i + 1;
        match c {
            _ if c.is_whitespace() => i += 1,
            '(' | ')' | ',' => {
                i += 1;
                let token = match c {
                    '(' => Token::Open,
                    ')' => Token::Close,
                    _ => Token::Comma,
                };
                out.push((at, token));
            }
            '\'' => {
                let (inner, end) = quoted(&chars, i + 1).ok_or_else(|| {
                    GraphError::request(format!(
                        "the filter has a quote at character {at} that does not end"
                    ))
                })?;
                i = end;
                out.push((at, Token::Text(inner)));
            }
            _ => {
                let is_end = |c: &char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | '\'');
                let rest = &chars[i..];
                let length = rest.iter().position(is_end).unwrap_or(rest.len());
                out.push((at, Token::Word(rest[..length].iter().collect())));
                i += length;
            }
        }
    }
    Ok(out)
}

/// From behind a quote up to its end; and the place behind that.
fn quoted(chars: &[char], mut i: usize) -> Option<(String, usize)> {
    let mut out = String::new();
    loop {
        match (chars.get(i)?, chars.get(i + 1)) {
            ('\'', Some('\'')) => {
                out.push('\'');
                i += 2;
            }
            ('\'', _) => return Some((out, i + 1)),
            (c, _) => {
                out.push(*c);
                i += 1;
            }
        }
    }
}

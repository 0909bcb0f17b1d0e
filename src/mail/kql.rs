//! Searches as people and programs type them: Microsoft's Keyword Query Language, as far as Outlook knows it.
//!
//! Words are found in author, subject and text; `subject:offer`, `from:"Anna Berger"`, `received>=2026-01-01`,
//! `size:1000..5000` look at one thing; AND, OR, NOT, minus and parentheses join them. A word that is no key of ours is
//! a word to be found: a search never fails for what somebody typed.

use crate::base::{Error, TimeMs};
use crate::formats::loose_time as time;
use crate::mail::category::to_keyword;
use crate::mail::listing::Condition;
use crate::mail::search::Field;
use crate::model::Flags;

const DAY_MS: TimeMs = 24 * 3600 * 1000;
/// More than anybody types.
const MAX_TERMS: usize = 100;
const MAX_DEPTH: usize = 20;

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    Term { key: String, sign: Sign, value: String },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Sign {
    Is,
    IsNot,
    Above,
    From,
    Below,
    UpTo,
}

/// Errors: Invalid, for searches without a word, and for those that are too long or too deep.
pub fn condition(text: &str, now_ms: TimeMs) -> Result<Condition, Error> {
    let mut tokens = Vec::new();
    for piece in pieces(text) {
        match piece {
            Piece::Plain(text) => scan(&text, &mut tokens),
            Piece::Quoted(text) => {
                tokens.push(Token::Open);
                scan(&text, &mut tokens);
                tokens.push(Token::Close);
            }
        }
    }
    let terms = tokens.iter().filter(|t| matches!(t, Token::Term { .. })).count();
    if terms == 0 || terms > MAX_TERMS {
        return Err(Error::invalid(format!(
            "a search needs 1 to {MAX_TERMS} words, such as \"subject:offer from:anna\""
        )));
    }
    let mut parser = Parser {
        tokens,
        at: 0,
        depth: 0,
        now_ms,
    };
    let mut all = Vec::new();
    // What closes more than was opened is left out.
    while parser.at < parser.tokens.len() {
        all.extend(parser.either()?);
        parser.at += 1;
    }
    Ok(Condition::And(all))
}

enum Piece {
    Plain(String),
    Quoted(String),
}

/// OData puts the whole search, or each part of it, into quotes and escapes those inside.
fn pieces(text: &str) -> Vec<Piece> {
    if !text.starts_with('"') {
        return vec![Piece::Plain(text.to_owned())];
    }
    let (mut out, mut current, mut is_quoted, mut is_escaped) = (Vec::new(), String::new(), false, false);
    for c in text.chars() {
        match c {
            _ if is_escaped => {
                current.push(c);
                is_escaped = false;
            }
            '\\' if is_quoted => is_escaped = true,
            '"' => {
                let done = std::mem::take(&mut current);
                out.push(if is_quoted {
                    Piece::Quoted(done)
                } else {
                    Piece::Plain(done)
                });
                is_quoted = !is_quoted;
            }
            c => current.push(c),
        }
    }
    out.push(Piece::Plain(current));
    out
}

fn scan(text: &str, out: &mut Vec<Token>) {
    let chars: Vec<char> = text.chars().collect();
    let mut i = 0;
    while let Some(c) = chars.get(i) {
        match c {
            _ if c.is_whitespace() => i += 1,
            '(' => {
                out.push(Token::Open);
                i += 1;
            }
            ')' => {
                out.push(Token::Close);
                i += 1;
            }
            '-' | '+' => {
                if *c == '-' {
                    out.push(Token::Not);
                }
                i += 1;
            }
            _ => i = scan_term(&chars, i, out),
        }
    }
}

/// One word or phrase, perhaps with a key and a sign before it. Returns the place behind it.
fn scan_term(chars: &[char], start: usize, out: &mut Vec<Token>) -> usize {
    let is_letter = |c: &&char| c.is_ascii_alphabetic();
    let key: String = chars[start..].iter().take_while(is_letter).collect();
    let mut i = start + key.chars().count();
    let next = |i: usize| chars.get(i).copied().unwrap_or(' ');
    let sign = match (next(i), next(i + 1)) {
        _ if !is_key(&key) => None,
        ('>', '=') => Some((Sign::From, 2)),
        ('<', '=') => Some((Sign::UpTo, 2)),
        ('<', '>') => Some((Sign::IsNot, 2)),
        ('>', _) => Some((Sign::Above, 1)),
        ('<', _) => Some((Sign::Below, 1)),
        (':' | '=', _) => Some((Sign::Is, 1)),
        _ => None,
    };
    let (key, sign) = match sign {
        Some((sign, length)) => {
            i += length;
            (key.to_ascii_lowercase(), sign)
        }
        None => {
            i = start;
            (String::new(), Sign::Is)
        }
    };
    let is_end = |c: &char| c.is_whitespace() || matches!(c, '(' | ')');
    let (value, end) = if next(i) == '"' {
        let rest = &chars[i + 1..];
        let length = rest.iter().position(|c| *c == '"').unwrap_or(rest.len());
        (rest[..length].iter().collect(), (i + length + 2).min(chars.len()))
    } else {
        let rest = &chars[i..];
        let length = rest.iter().position(is_end).unwrap_or(rest.len());
        (rest[..length].iter().collect::<String>(), i + length)
    };
    let token = match value.as_str() {
        "AND" if key.is_empty() => Token::And,
        "OR" if key.is_empty() => Token::Or,
        "NOT" if key.is_empty() => Token::Not,
        _ => Token::Term { key, sign, value },
    };
    out.push(token);
    end.max(start + 1)
}

fn is_key(word: &str) -> bool {
    const KEYS: [&str; 20] = [
        "attachment",
        "attachments",
        "bcc",
        "body",
        "category",
        "cc",
        "from",
        "hasattachment",
        "hasattachments",
        "importance",
        "isflagged",
        "isread",
        "kind",
        "participants",
        "received",
        "recipients",
        "sender",
        "sent",
        "size",
        "subject",
    ];
    word.eq_ignore_ascii_case("to") || KEYS.iter().any(|k| k.eq_ignore_ascii_case(word))
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    now_ms: TimeMs,
}

impl Parser {
    fn eat(&mut self, token: &Token) -> bool {
        let is_it = self.tokens.get(self.at) == Some(token);
        self.at += usize::from(is_it);
        is_it
    }

    /// None: there was nothing.
    fn either(&mut self) -> Result<Option<Condition>, Error> {
        let mut out = self.both()?;
        while self.eat(&Token::Or) {
            out = match (out, self.both()?) {
                (Some(a), Some(b)) => Some(Condition::Or(Box::new(a), Box::new(b))),
                (a, b) => a.or(b),
            };
        }
        Ok(out)
    }

    /// Words that stand beside each other are all to be found.
    fn both(&mut self) -> Result<Option<Condition>, Error> {
        let mut all = Vec::new();
        loop {
            while self.eat(&Token::And) {}
            match self.tokens.get(self.at) {
                None | Some(Token::Close | Token::Or) => break,
                Some(_) => all.extend(self.one()?),
            }
        }
        Ok(match all.len() {
            0 => None,
            1 => all.pop(),
            _ => Some(Condition::And(all)),
        })
    }

    fn one(&mut self) -> Result<Option<Condition>, Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Error::invalid("the search is nested too deeply"));
        }
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        let out = match token {
            Some(Token::Not) => match self.tokens.get(self.at) {
                None | Some(Token::Close | Token::Or) => None,
                Some(_) => self.one()?.map(|c| Condition::Not(Box::new(c))),
            },
            Some(Token::Open) => {
                let inner = self.either()?;
                self.eat(&Token::Close);
                inner
            }
            Some(Token::Term { key, sign, value }) => Some(term(&key, sign, &value, self.now_ms)),
            _ => None,
        };
        self.depth -= 1;
        Ok(out)
    }
}

fn words(text: &str, fields: &[Field]) -> Condition {
    Condition::Text {
        text: text.trim_end_matches('*').to_owned(),
        fields: fields.to_vec(),
    }
}

fn term(key: &str, sign: Sign, value: &str, now_ms: TimeMs) -> Condition {
    let found = match key {
        "" => Some(words(value, &[Field::From, Field::Subject, Field::Body])),
        "subject" => Some(words(value, &[Field::Subject])),
        "from" | "sender" => Some(words(value, &[Field::From])),
        "to" => Some(words(value, &[Field::To])),
        "cc" => Some(words(value, &[Field::Cc])),
        "bcc" => Some(words(value, &[Field::Bcc])),
        "recipients" => Some(words(value, &[Field::To, Field::Cc, Field::Bcc])),
        "participants" => Some(words(value, &[Field::From, Field::To, Field::Cc, Field::Bcc])),
        "body" => Some(words(value, &[Field::Body])),
        "attachment" | "attachments" => Some(words(value, &[Field::Attachments])),
        "hasattachment" | "hasattachments" => switch(value, Condition::HasAttachments),
        "isread" => switch(value, Condition::Has(Flags::SEEN)),
        "isflagged" => switch(value, Condition::Has(Flags::FLAGGED)),
        "category" => to_keyword(value).map(Condition::Keyword),
        "importance" => match value.to_ascii_lowercase().as_str() {
            "low" => Some(Condition::Importance(0)),
            "normal" | "medium" => Some(Condition::Importance(1)),
            "high" => Some(Condition::Importance(2)),
            _ => None,
        },
        // There is nothing but mail here.
        "kind" if value.eq_ignore_ascii_case("email") => Some(Condition::All),
        "size" => {
            return ranged(
                sign,
                size_range(value),
                |n| Condition::Larger(n - 1),
                Condition::Smaller,
            );
        }
        "received" => {
            return ranged(
                sign,
                days(value, now_ms),
                Condition::ReceivedSince,
                Condition::ReceivedBefore,
            );
        }
        "sent" => {
            return ranged(
                sign,
                days(value, now_ms),
                Condition::SentSince,
                Condition::SentBefore,
            );
        }
        _ => None,
    };
    match (found, sign) {
        (Some(c), Sign::IsNot) => Condition::Not(Box::new(c)),
        (Some(c), _) => c,
        // A value that nothing has.
        (None, _) => nothing(),
    }
}

fn nothing() -> Condition {
    Condition::Items(Vec::new())
}

fn switch(value: &str, c: Condition) -> Option<Condition> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Some(c),
        "false" | "no" | "0" => Some(Condition::Not(Box::new(c))),
        _ => None,
    }
}

/// From a half-open range, what the sign makes of it.
fn ranged(
    sign: Sign,
    range: Option<(i64, i64)>,
    since: impl Fn(i64) -> Condition,
    before: impl Fn(i64) -> Condition,
) -> Condition {
    let Some((start, end)) = range else {
        return nothing();
    };
    let within = Condition::And(vec![since(start), before(end)]);
    match sign {
        Sign::Is => within,
        Sign::IsNot => Condition::Not(Box::new(within)),
        Sign::Above => since(end),
        Sign::From => since(start),
        Sign::Below => before(start),
        Sign::UpTo => before(end),
    }
}

/// `1000`, `1000..5000`
fn size_range(value: &str) -> Option<(i64, i64)> {
    let (first, last) = value.split_once("..").unwrap_or((value, value));
    let number = |t: &str| t.parse::<i64>().ok().filter(|n| (0..1 << 50).contains(n));
    Some((number(first)?, number(last)? + 1))
}

/// A day, days from to, or a word for some, in UTC.
fn days(value: &str, now_ms: TimeMs) -> Option<(i64, i64)> {
    if let Some((first, last)) = value.split_once("..") {
        return Some((one_day(first)?.0, one_day(last)?.1));
    }
    let today = now_ms.div_euclid(DAY_MS) * DAY_MS;
    // 1970-01-01 was a Thursday; weeks begin on Monday.
    let week = today - (today.div_euclid(DAY_MS) + 3).rem_euclid(7) * DAY_MS;
    let date = jiff::Timestamp::from_millisecond(today)
        .ok()?
        .to_zoned(jiff::tz::TimeZone::UTC);
    let month = |ago: i64| {
        let first = date
            .first_of_month()
            .ok()?
            .checked_sub(jiff::Span::new().months(ago))
            .ok()?;
        Some(first.timestamp().as_millisecond())
    };
    let year = || Some(date.first_of_year().ok()?.timestamp().as_millisecond());
    let tomorrow = today + DAY_MS;
    Some(match value.to_ascii_lowercase().as_str() {
        "today" => (today, tomorrow),
        "yesterday" => (today - DAY_MS, today),
        "this week" => (week, tomorrow),
        "last week" => (week - 7 * DAY_MS, week),
        "this month" => (month(0)?, tomorrow),
        "last month" => (month(1)?, month(0)?),
        "this year" => (year()?, tomorrow),
        _ => one_day(value)?,
    })
}

/// `2026-01-31`, `1/31/2026` or a whole time, which is its second.
fn one_day(text: &str) -> Option<(i64, i64)> {
    let text = text.trim();
    let parts: Vec<&str> = text.split('/').collect();
    if let [month, day, year] = parts[..] {
        let start = time::parse(&format!("{year}-{month}-{day}"))?;
        return Some((start, start + DAY_MS));
    }
    let start = time::parse(text)?;
    let length = if text.contains(['T', 't']) { 1000 } else { DAY_MS };
    Some((start, start + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22T12:00:00Z, a Sunday.
    const NOW: TimeMs = 1_795_348_800_000;

    fn parse(text: &str) -> Condition {
        match condition(text, NOW).unwrap() {
            Condition::And(mut all) if all.len() == 1 => all.remove(0),
            other => other,
        }
    }

    fn text(text: &str, fields: &[Field]) -> Condition {
        words(text, fields)
    }

    const PLAIN: [Field; 3] = [Field::From, Field::Subject, Field::Body];

    #[test]
    fn words_and_keys_are_read_in_every_quoting() {
        let subject = |t: &str| text(t, &[Field::Subject]);
        for (search, want) in [
            ("pizza", text("pizza", &PLAIN)),
            ("\"pizza\"", text("pizza", &PLAIN)),
            ("subject:offer", subject("offer")),
            ("\"subject:\\\"an offer\\\"\"", subject("an offer")),
            ("\"Subject:off*\"", subject("off")),
            ("\"-subject:a\"", Condition::Not(Box::new(subject("a")))),
            ("a b", Condition::And(vec![text("a", &PLAIN), text("b", &PLAIN)])),
            (
                "\"a\" OR \"subject:b\"",
                Condition::Or(Box::new(text("a", &PLAIN)), Box::new(subject("b"))),
            ),
            (
                "(a OR subject:b) AND NOT c",
                Condition::And(vec![
                    Condition::Or(Box::new(text("a", &PLAIN)), Box::new(subject("b"))),
                    Condition::Not(Box::new(text("c", &PLAIN))),
                ]),
            ),
            ("hasAttachments:true", Condition::HasAttachments),
            (
                "isread:false",
                Condition::Not(Box::new(Condition::Has(Flags::SEEN))),
            ),
            (
                "size:10..20",
                Condition::And(vec![Condition::Larger(9), Condition::Smaller(21)]),
            ),
            ("size>10", Condition::Larger(10)),
            ("http://x", text("http://x", &PLAIN)),
            ("kind:meetings", nothing()),
        ] {
            assert_eq!(parse(search), want, "{search}");
        }
        for odd in [
            "((",
            "))a((",
            "a OR",
            "NOT",
            "-",
            "from:",
            "\"a",
            "\"\\",
            "received:never",
        ] {
            let _ = condition(odd, NOW);
        }
        assert!(condition("", NOW).is_err() && condition(&"a ".repeat(101), NOW).is_err());
        assert!(condition(&format!("{}a", "-".repeat(50)), NOW).is_err());
    }

    #[test]
    fn dates_become_ranges_of_days() {
        let day = |text: &str| time::parse(text).unwrap();
        let range = |a: &str, b: &str| {
            Condition::And(vec![
                Condition::ReceivedSince(day(a)),
                Condition::ReceivedBefore(day(b)),
            ])
        };
        for (search, want) in [
            ("received:2026-01-31", range("2026-01-31", "2026-02-01")),
            ("received:1/31/2026", range("2026-01-31", "2026-02-01")),
            (
                "received:2026-01-01..2026-01-31",
                range("2026-01-01", "2026-02-01"),
            ),
            ("received:today", range("2026-11-22", "2026-11-23")),
            ("received:\"this week\"", range("2026-11-16", "2026-11-23")),
            ("received:\"last week\"", range("2026-11-09", "2026-11-16")),
            ("received:\"last month\"", range("2026-10-01", "2026-11-01")),
            ("received:\"this year\"", range("2026-01-01", "2026-11-23")),
            (
                "received>=2026-01-31",
                Condition::ReceivedSince(day("2026-01-31")),
            ),
            ("received>2026-01-31", Condition::ReceivedSince(day("2026-02-01"))),
            ("sent<=2026-01-31", Condition::SentBefore(day("2026-02-01"))),
        ] {
            assert_eq!(parse(search), want, "{search}");
        }
    }
}

//! SEARCH: return options, charset, keys. RFC 9051 §6.4.4, RFC 4731, 5182 (SAVE, `$`), 5032, 7162 §3.1.5, 8474 §5.

use jiff::civil::Date;

use crate::formats::imap::command::{Command, Search, SearchReturn};
use crate::formats::imap::date_time::parse_date;
use crate::formats::imap::flag::Flag;
use crate::formats::imap::parse::cursor::{Cursor, Failure};
use crate::formats::imap::search_key::SearchKey;

/// NOT, OR and parentheses inside each other.
const MAX_DEPTH: usize = 64;

pub fn parse_search(c: &mut Cursor, uid: bool) -> Result<Command, Failure> {
    c.space("after SEARCH")?;
    let mut returns = None;
    if c.eat_keyword("RETURN") {
        c.space("after RETURN")?;
        let mut options = SearchReturn::default();
        c.list(|c| parse_return(c, &mut options))?;
        c.space("after the return options")?;
        returns = Some(options);
    }
    let mut reader = Reader { charset: None };
    if c.eat_keyword("CHARSET") {
        c.space("after CHARSET")?;
        let name = c.utf8_astring("The charset")?;
        c.space("after the charset")?;
        let encoding = encoding_rs::Encoding::for_label(name.as_bytes());
        reader.charset = Some(encoding.ok_or_else(Failure::bad_charset)?);
    }
    let key = reader.keys(c, MAX_DEPTH, false)?;
    Ok(Command::Search {
        uid,
        search: Search { returns, key },
    })
}

fn parse_return(c: &mut Cursor, options: &mut SearchReturn) -> Result<(), Failure> {
    match &c.keyword("a return option")?[..] {
        "MIN" => options.min = true,
        "MAX" => options.max = true,
        "ALL" => options.all = true,
        "COUNT" => options.count = true,
        "SAVE" => options.save = true,
        other => return Err(Failure::new(format!("SEARCH has no return option {other}"))),
    }
    Ok(())
}

struct Reader {
    /// `None`: UTF-8, of which ASCII is a part.
    charset: Option<&'static encoding_rs::Encoding>,
}

impl Reader {
    /// Keys side by side, up to `)` when inside parentheses or to the end. One key stands for itself.
    fn keys(&self, c: &mut Cursor, depth: usize, is_inside: bool) -> Result<SearchKey, Failure> {
        let mut keys = vec![self.key(c, depth)?];
        loop {
            if is_inside && c.eat(b')') {
                break;
            }
            if !is_inside && c.end().is_ok() {
                break;
            }
            c.space("between search keys")?;
            keys.push(self.key(c, depth)?);
        }
        Ok(match keys.pop() {
            Some(only) if keys.is_empty() => only,
            last => {
                keys.extend(last);
                SearchKey::And(keys)
            }
        })
    }

    fn key(&self, c: &mut Cursor, depth: usize) -> Result<SearchKey, Failure> {
        if depth == 0 {
            return Err(Failure::new("The search is nested too deeply"));
        }
        if c.eat(b'(') {
            return self.keys(c, depth - 1, true);
        }
        if c.peek()
            .is_some_and(|b| b.is_ascii_digit() || matches!(b, b'*' | b'$'))
        {
            return Ok(SearchKey::Sequence(c.sequence_set()?));
        }
        let name = c.keyword("a search key")?;
        match &name[..] {
            "NOT" => {
                c.space("after NOT")?;
                Ok(SearchKey::Not(Box::new(self.key(c, depth - 1)?)))
            }
            "OR" => {
                c.space("after OR")?;
                let left = self.key(c, depth - 1)?;
                c.space("between the keys of OR")?;
                Ok(SearchKey::Or(Box::new(left), Box::new(self.key(c, depth - 1)?)))
            }
            _ => match simple_key(&name) {
                Some(key) => Ok(key),
                None => {
                    c.space("after the search key")?;
                    self.key_with_value(c, &name)
                }
            },
        }
    }

    fn key_with_value(&self, c: &mut Cursor, name: &str) -> Result<SearchKey, Failure> {
        Ok(match name {
            "SUBJECT" => SearchKey::Subject(self.text(c)?),
            "FROM" => SearchKey::From(self.text(c)?),
            "TO" => SearchKey::To(self.text(c)?),
            "CC" => SearchKey::Cc(self.text(c)?),
            "BCC" => SearchKey::Bcc(self.text(c)?),
            "BODY" => SearchKey::Body(self.text(c)?),
            "TEXT" => SearchKey::Text(self.text(c)?),
            "HEADER" => {
                let name = c.utf8_astring("The field name")?;
                c.space("after the field name")?;
                SearchKey::Header {
                    name,
                    text: self.text(c)?,
                }
            }
            "KEYWORD" => SearchKey::HasFlag(Flag::Keyword(c.atom("a keyword")?.to_owned())),
            "UNKEYWORD" => SearchKey::LacksFlag(Flag::Keyword(c.atom("a keyword")?.to_owned())),
            "BEFORE" => SearchKey::Before(date(c)?),
            "ON" => SearchKey::On(date(c)?),
            "SINCE" => SearchKey::Since(date(c)?),
            "SENTBEFORE" => SearchKey::SentBefore(date(c)?),
            "SENTON" => SearchKey::SentOn(date(c)?),
            "SENTSINCE" => SearchKey::SentSince(date(c)?),
            "LARGER" => SearchKey::Larger(c.number64("a size")?),
            "SMALLER" => SearchKey::Smaller(c.number64("a size")?),
            "UID" => SearchKey::Uid(c.sequence_set()?),
            "OLDER" => SearchKey::Older(c.number("seconds")?),
            "YOUNGER" => SearchKey::Younger(c.number("seconds")?),
            "EMAILID" => SearchKey::EmailId(c.utf8_astring("The id")?),
            "THREADID" => SearchKey::ThreadId(c.utf8_astring("The id")?),
            "MODSEQ" => modseq(c)?,
            other => {
                let shown = crate::base::text::cut(other, 40);
                return Err(Failure::new(format!("SEARCH has no key {shown}")));
            }
        })
    }

    fn text(&self, c: &mut Cursor) -> Result<String, Failure> {
        let bytes = c.astring("a text")?;
        match self.charset {
            None => c.utf8(&bytes, "The text"),
            Some(encoding) => Ok(encoding.decode_without_bom_handling(&bytes).0.into_owned()),
        }
    }
}

fn simple_key(name: &str) -> Option<SearchKey> {
    Some(match name {
        "ALL" => SearchKey::All,
        "ANSWERED" => SearchKey::HasFlag(Flag::Answered),
        "DELETED" => SearchKey::HasFlag(Flag::Deleted),
        "DRAFT" => SearchKey::HasFlag(Flag::Draft),
        "FLAGGED" => SearchKey::HasFlag(Flag::Flagged),
        "SEEN" => SearchKey::HasFlag(Flag::Seen),
        "UNANSWERED" => SearchKey::LacksFlag(Flag::Answered),
        "UNDELETED" => SearchKey::LacksFlag(Flag::Deleted),
        "UNDRAFT" => SearchKey::LacksFlag(Flag::Draft),
        "UNFLAGGED" => SearchKey::LacksFlag(Flag::Flagged),
        "UNSEEN" => SearchKey::LacksFlag(Flag::Seen),
        "RECENT" => SearchKey::Recent,
        "OLD" => SearchKey::Not(Box::new(SearchKey::Recent)),
        // RFC 3501 §6.4.4: recent and not read.
        "NEW" => SearchKey::And(vec![SearchKey::Recent, SearchKey::LacksFlag(Flag::Seen)]),
        _ => return None,
    })
}

/// A day, quoted or not.
fn date(c: &mut Cursor) -> Result<Date, Failure> {
    let text = c.utf8_astring("The date")?;
    parse_date(&text).ok_or_else(|| Failure::new("The date is not like 22-Nov-2026"))
}

/// RFC 7162 §3.1.5: an entry name and type may come first; all of ours share one mod-sequence.
fn modseq(c: &mut Cursor) -> Result<SearchKey, Failure> {
    if c.peek() == Some(b'"') {
        c.string("an entry name")?;
        c.space("after the entry name")?;
        let kind = c.keyword("an entry type")?;
        if !matches!(&kind[..], "PRIV" | "SHARED" | "ALL") {
            return Err(Failure::new("The entry type is priv, shared or all"));
        }
        c.space("after the entry type")?;
    }
    Ok(SearchKey::ModSeq(c.number64("a mod-sequence")?))
}

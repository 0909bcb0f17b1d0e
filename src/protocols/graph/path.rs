//! Paths in every spelling that clients use, brought to one.
//!
//! `/users/{me}/mailFolders('inbox')//messages/` and `/me/mailfolders/inbox/messages` are the same place. What can be
//! reached by several ways is reached by the shortest: a message by its id, a folder by its id.

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    pub text: String,
    /// It stood in parentheses: an id, whatever it looks like.
    pub is_key: bool,
}

/// More steps than any resource has.
const MAX_SEGMENTS: usize = 64;

/// The steps of a path behind `/v1.0`, decoded. None: it cannot be one.
pub fn segments(path: &str) -> Option<Vec<Segment>> {
    let mut out = Vec::new();
    for raw in path.split('/').filter(|s| !s.is_empty()) {
        let text = decode(raw)?;
        push(&mut out, &text);
        if out.len() > MAX_SEGMENTS {
            return None;
        }
    }
    Some(out)
}

fn push(out: &mut Vec<Segment>, text: &str) {
    let (name, key) = match (text.find('('), text.ends_with(')')) {
        (Some(open), true) => (&text[..open], Some(&text[open + 1..text.len() - 1])),
        _ => (text, None),
    };
    let namespace = "microsoft.graph.";
    let name = match name.get(..namespace.len()) {
        Some(start) if start.eq_ignore_ascii_case(namespace) => &name[namespace.len()..],
        _ => name,
    };
    if !name.is_empty() {
        out.push(Segment {
            text: name.to_owned(),
            is_key: false,
        });
    }
    // `delta()` is a function without arguments.
    if let Some(key) = key.map(str::trim).filter(|k| !k.is_empty()) {
        let inner = key.strip_prefix('\'').and_then(|k| k.strip_suffix('\''));
        out.push(Segment {
            text: inner.map_or_else(|| key.to_owned(), |k| k.replace("''", "'")),
            is_key: true,
        });
    }
}

/// Percent-decoding (RFC 3986 §2.1). None: not UTF-8, or a broken escape.
pub fn decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        if b != b'%' {
            out.push(b);
            continue;
        }
        let (high, low) = (bytes.next()?, bytes.next()?);
        let digits = [high, low];
        let digits = std::str::from_utf8(&digits).ok()?;
        out.push(u8::from_str_radix(digits, 16).ok()?);
    }
    String::from_utf8(out).ok()
}

/// Words behind a collection that are no ids.
const NOT_KEYS: [&str; 2] = ["delta", "$count"];

/// Through what an item is reached, and how it is called by its id alone: `me/{container}/{key}/{member}/{id}`.
const WAYS: [(&str, &str, &str); 6] = [
    ("mailFolders", "messages", "messages"),
    ("mailFolders", "childFolders", "mailFolders"),
    ("calendars", "events", "events"),
    ("calendars", "calendarView", "events"),
    ("contactFolders", "contacts", "contacts"),
    ("contactFolders", "childFolders", "contactFolders"),
];

/// The same without a key: `me/{container}/{member}/{id}`. There are windows that have events in them, too.
const SHORT_WAYS: [(&str, &str, &str); 2] = [
    ("calendar", "events", "events"),
    ("calendar", "calendarView", "events"),
];

/// Leaves out the folders that a path walks through on its way to an item or a folder.
pub fn shorten(path: Vec<Segment>) -> Vec<Segment> {
    let is = |s: &Segment, name: &str| !s.is_key && s.text.eq_ignore_ascii_case(name);
    let has_key = |next: Option<&Segment>| {
        next.is_some_and(|n| n.is_key || !NOT_KEYS.iter().any(|w| n.text.eq_ignore_ascii_case(w)))
    };
    let word = |text: &str| Segment {
        text: text.into(),
        is_key: false,
    };
    let mut out: Vec<Segment> = Vec::new();
    let mut rest = path.into_iter().peekable();
    while let Some(segment) = rest.next() {
        let way = match out.as_slice() {
            [_, container, _] => WAYS.iter().find(|(c, m, _)| is(container, c) && is(&segment, m)),
            [_, container] => SHORT_WAYS
                .iter()
                .find(|(c, m, _)| is(container, c) && is(&segment, m)),
            _ => None,
        };
        // All calendars are in the one group.
        let is_group = out.len() == 3 && is(&out[1], "calendarGroups") && is(&segment, "calendars");
        match way.filter(|_| has_key(rest.peek())) {
            Some((_, _, short)) => {
                out.truncate(1);
                out.push(word(short));
                // The id itself, so that it is not looked at as a word.
                out.extend(rest.next());
            }
            None if is_group => {
                out.truncate(1);
                out.push(segment);
            }
            None if out.len() == 1 && is(&segment, "calendarView") && has_key(rest.peek()) => {
                out.push(word("events"));
            }
            None => out.push(segment),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(path: &str) -> String {
        let all = shorten(segments(path).unwrap());
        all.iter()
            .map(|s| format!("/{}{}", if s.is_key { "=" } else { "" }, s.text))
            .collect()
    }

    #[test]
    fn every_spelling_leads_to_one_path() {
        for (path, want) in [
            ("/me/mailFolders/inbox/messages", "/me/mailFolders/inbox/messages"),
            (
                "//me//mailFolders('inbox')/messages/",
                "/me/mailFolders/=inbox/messages",
            ),
            (
                "/users('a%40b.de')/messages(%27M1%27)/$value",
                "/users/=a@b.de/messages/=M1/$value",
            ),
            (
                "/me/mailFolders/F1/messages/M1/attachments",
                "/me/messages/M1/attachments",
            ),
            (
                "/me/mailFolders/F1/childFolders/F2/messages/delta()",
                "/me/mailFolders/F2/messages/delta",
            ),
            (
                "/me/mailFolders/F1/childFolders/F2/childFolders/F3",
                "/me/mailFolders/F3",
            ),
            (
                "/me/mailFolders/F1/childFolders",
                "/me/mailFolders/F1/childFolders",
            ),
            ("/me/mailFolders/microsoft.graph.delta()", "/me/mailFolders/delta"),
            ("/me/calendar/events/E1/instances", "/me/events/E1/instances"),
            ("/me/calendars('F1')/events('E1')", "/me/events/=E1"),
            ("/me/calendars/F1/events", "/me/calendars/F1/events"),
            (
                "/me/calendars/F1/calendarView/delta",
                "/me/calendars/F1/calendarView/delta",
            ),
            ("/me/calendarGroups/G/calendars/F1/events/E1", "/me/events/E1"),
            ("/me/calendarGroups/G/calendars", "/me/calendars"),
            ("/me/calendar/events", "/me/calendar/events"),
            ("/me/contactFolders/F1/contacts/K1/photo", "/me/contacts/K1/photo"),
            ("/users('o''b')", "/users/=o'b"),
        ] {
            assert_eq!(short(path), want, "{path}");
        }
        assert_eq!(segments("/me/%zz"), None);
        assert_eq!(segments("/me/%ff"), None);
    }
}

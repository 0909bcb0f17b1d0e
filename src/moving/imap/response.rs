//! What servers answer, as far as a move needs it: words, quoted texts and lists (RFC 9051 §9).

/// A value in a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A word, a quoted text or a short literal.
    Text(Vec<u8>),
    List(Vec<Value>),
}

/// More nested lists than any answer has.
const DEEPEST: usize = 8;

impl Value {
    pub fn text(&self) -> Option<&[u8]> {
        match self {
            Value::Text(t) => Some(t),
            Value::List(_) => None,
        }
    }

    /// As text, lossily.
    pub fn word(&self) -> String {
        String::from_utf8_lossy(self.text().unwrap_or_default()).into_owned()
    }

    pub fn list(&self) -> &[Value] {
        match self {
            Value::List(all) => all,
            Value::Text(_) => &[],
        }
    }

    pub fn number(&self) -> Option<u64> {
        std::str::from_utf8(self.text()?).ok()?.parse().ok()
    }
}

/// The values of a line. What is broken ends the line.
pub fn values(line: &[u8]) -> Vec<Value> {
    let mut at = 0;
    sequence(line, &mut at, 0)
}

fn sequence(line: &[u8], at: &mut usize, depth: usize) -> Vec<Value> {
    let mut out = Vec::new();
    while let Some(b) = line.get(*at) {
        match b {
            b' ' => *at += 1,
            b')' => {
                *at += 1;
                return out;
            }
            b'(' if depth < DEEPEST => {
                *at += 1;
                out.push(Value::List(sequence(line, at, depth + 1)));
            }
            b'"' => out.push(Value::Text(quoted(line, at))),
            _ => out.push(Value::Text(word(line, at))),
        }
    }
    out
}

fn quoted(line: &[u8], at: &mut usize) -> Vec<u8> {
    let mut out = Vec::new();
    *at += 1;
    while let Some(b) = line.get(*at) {
        *at += 1;
        match b {
            b'"' => break,
            b'\\' => {
                out.extend(line.get(*at));
                *at += 1;
            }
            b => out.push(*b),
        }
    }
    out
}

/// Up to a blank or a bracket of a list; what stands in `[]` belongs to it.
fn word(line: &[u8], at: &mut usize) -> Vec<u8> {
    let start = *at;
    let mut brackets = 0;
    while let Some(b) = line.get(*at) {
        match b {
            b'[' => brackets += 1,
            b']' if brackets > 0 => brackets -= 1,
            b' ' | b'(' | b')' if brackets == 0 => break,
            _ => {}
        }
        *at += 1;
    }
    if *at == start {
        // A bracket too deep: it is taken alone, so that there is an end.
        *at += 1;
    }
    line[start..*at].to_vec()
}

/// A text as it is put into a response in the place of its literal.
pub fn quote(text: &[u8]) -> Vec<u8> {
    let mut out = vec![b'"'];
    for b in text {
        if matches!(b, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(*b);
    }
    out.push(b'"');
    out
}

/// The value behind a name in `(NAME value NAME value)`.
pub fn named<'a>(values: &'a [Value], name: &str) -> Option<&'a Value> {
    let at = values
        .iter()
        .step_by(2)
        .position(|v| v.text().is_some_and(|t| t.eq_ignore_ascii_case(name.as_bytes())))?;
    values.get(at * 2 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_taken_apart() {
        let all = values(b"* 12 FETCH (UID 5 FLAGS (\\Seen $F) BODY[HEADER.FIELDS (X Y)] \"a\\\"b\" X-GM-LABELS (\"\\\\Inbox\"))");
        assert_eq!(all[1].number(), Some(12));
        let pairs = all[3].list();
        assert_eq!(named(pairs, "uid").and_then(Value::number), Some(5));
        assert_eq!(named(pairs, "flags").map(|f| f.list().len()), Some(2));
        assert_eq!(
            named(pairs, "BODY[HEADER.FIELDS (X Y)]")
                .map(Value::word)
                .as_deref(),
            Some("a\"b")
        );
        assert_eq!(
            named(pairs, "X-GM-LABELS").map(|l| l.list()[0].word()).as_deref(),
            Some("\\Inbox")
        );
    }

    #[test]
    fn broken_answers_end() {
        for raw in [&b"((((((((((((x"[..], b")", b"\"abc", b"a\\", b"[[[ ("] {
            values(raw);
        }
        assert_eq!(values(&quote(b"a\"\\b")), [Value::Text(b"a\"\\b".to_vec())]);
    }
}

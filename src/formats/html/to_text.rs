//! HTML to readable text, for previews, the search index and clients that want plain text.
//!
//! No tree is built: one pass over the bytes, bounded output, so that a hostile page costs no more than its length.

use mail_parser::decoders::html::add_html_token;

/// Stops when about `max` bytes of text are there. Lines follow the block elements; blanks are folded.
pub fn html_to_text(html: &str, max: usize) -> String {
    let mut writer = Writer {
        out: String::new(),
        newlines: 0,
        has_blank: false,
        pre_depth: 0,
        is_torn: false,
    };
    let bytes = html.as_bytes();
    let mut pos = 0;
    while pos < bytes.len() && writer.out.len() < max {
        match bytes[pos] {
            b'<' => pos = read_markup(html, pos, &mut writer),
            b'&' => pos = read_entity(html, pos, &mut writer),
            _ => {
                let rest = &bytes[pos..];
                let length = rest
                    .iter()
                    .position(|b| matches!(b, b'<' | b'&'))
                    .unwrap_or(rest.len());
                // A run may be the whole page; only as much as still fits is looked at.
                let run = crate::base::text::cut(&html[pos..pos + length], max.saturating_mul(4).max(4096));
                writer.push_text(run);
                pos += length;
            }
        }
    }
    writer.out.truncate(writer.out.trim_end().len());
    writer.out
}

struct Writer {
    out: String,
    /// Line ends wanted before the next text.
    newlines: usize,
    has_blank: bool,
    pre_depth: usize,
    /// An element that shows nothing was not closed: no further one is searched for its end, it would
    /// cost the whole rest of the page each time.
    is_torn: bool,
}

impl Writer {
    fn push_text(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '\n' if self.pre_depth > 0 => self.end_line(),
                c if c.is_whitespace() => self.has_blank = true,
                // Soft hyphens and invisible marks pad the previews of advertising.
                '\u{ad}' | '\u{34f}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => {}
                c if c.is_control() => {}
                c => self.push_char(c),
            }
        }
    }

    fn push_char(&mut self, c: char) {
        if self.out.is_empty() {
            (self.newlines, self.has_blank) = (0, false);
        }
        if self.newlines > 0 {
            self.out.extend(std::iter::repeat_n('\n', self.newlines));
        } else if self.has_blank {
            self.out.push(' ');
        }
        (self.newlines, self.has_blank) = (0, false);
        self.out.push(c);
    }

    fn end_line(&mut self) {
        self.newlines = (self.newlines + 1).min(2);
    }

    fn begin_block(&mut self, newlines: usize) {
        self.newlines = self.newlines.max(newlines);
    }
}

/// Reads what begins with `<` at `pos`; returns the offset behind it.
fn read_markup(html: &str, pos: usize, writer: &mut Writer) -> usize {
    let bytes = html.as_bytes();
    match bytes.get(pos + 1) {
        Some(b'!') if bytes[pos..].starts_with(b"<!--") => {
            find(bytes, pos + 2, b"-->").map_or(bytes.len(), |end| end + 3)
        }
        Some(b'!' | b'?') => find(bytes, pos, b">").map_or(bytes.len(), |end| end + 1),
        Some(b'/') => {
            let (name, end) = read_tag(bytes, pos + 2);
            apply_close(&name, writer);
            end
        }
        Some(b) if b.is_ascii_alphabetic() => {
            let (name, end) = read_tag(bytes, pos + 1);
            match &name[..] {
                b"style" | b"script" => skip_element(bytes, end, &name).unwrap_or(bytes.len()),
                b"title" | b"template" | b"textarea" | b"svg" | b"math" | b"head" if !writer.is_torn => {
                    let behind = skip_element(bytes, end, &name);
                    // Never closed: what follows is shown rather than lost.
                    writer.is_torn = behind.is_none();
                    behind.unwrap_or(end)
                }
                _ => {
                    apply_open(&name, writer);
                    end
                }
            }
        }
        _ => {
            writer.push_text("<");
            pos + 1
        }
    }
}

/// The lower-case name of a tag and the offset behind its `>`; quoted attribute values may contain one.
fn read_tag(bytes: &[u8], start: usize) -> (Vec<u8>, usize) {
    let rest = bytes.get(start..).unwrap_or_default();
    let length = rest
        .iter()
        .position(|b| !b.is_ascii_alphanumeric())
        .unwrap_or(rest.len());
    let name = rest[..length.min(20)].to_ascii_lowercase();
    let mut quote = None;
    for (i, byte) in rest.iter().enumerate().skip(length) {
        match (quote, byte) {
            (None, b'>') => return (name, start + i + 1),
            (None, b'"' | b'\'') if rest[..i].trim_ascii_end().ends_with(b"=") => quote = Some(*byte),
            (Some(open), b) if *b == open => quote = None,
            _ => {}
        }
    }
    // A quote that is never closed must not swallow the rest of the mail.
    let end = rest.iter().position(|b| *b == b'>').map_or(rest.len(), |p| p + 1);
    (name, start + end)
}

/// Offset behind the end tag of an element that shows nothing; a missing `</head>` ends at `<body`.
fn skip_element(bytes: &[u8], start: usize, name: &[u8]) -> Option<usize> {
    let mut pos = start;
    while let Some(found) = find(bytes, pos, b"<") {
        let rest = &bytes[found + 1..];
        let is_end = rest.first() == Some(&b'/') && starts_with_name(&rest[1..], name);
        if is_end {
            return Some(find(bytes, found, b">").map_or(bytes.len(), |end| end + 1));
        }
        if name == b"head" && starts_with_name(rest, b"body") {
            return Some(found);
        }
        pos = found + 1;
    }
    None
}

fn starts_with_name(bytes: &[u8], name: &[u8]) -> bool {
    bytes
        .get(..name.len())
        .is_some_and(|b| b.eq_ignore_ascii_case(name))
}

fn find(bytes: &[u8], from: usize, needle: &[u8]) -> Option<usize> {
    let mut pos = from;
    loop {
        let rest = bytes.get(pos..)?;
        let next = rest.iter().position(|b| *b == needle[0])?;
        if rest[next..].starts_with(needle) {
            return Some(pos + next);
        }
        pos += next + 1;
    }
}

fn apply_open(name: &[u8], writer: &mut Writer) {
    match name {
        b"br" => writer.end_line(),
        b"li" => {
            writer.begin_block(1);
            writer.push_char('-');
            writer.has_blank = true;
        }
        b"td" | b"th" => writer.has_blank = true,
        b"hr" => {
            writer.begin_block(1);
            writer.push_text("---");
            writer.begin_block(1);
        }
        b"pre" => {
            writer.pre_depth += 1;
            writer.begin_block(2);
        }
        _ => writer.begin_block(block_distance(name)),
    }
}

fn apply_close(name: &[u8], writer: &mut Writer) {
    if name == b"pre" {
        writer.pre_depth = writer.pre_depth.saturating_sub(1);
    }
    writer.begin_block(block_distance(name));
}

/// Line ends around an element.
fn block_distance(name: &[u8]) -> usize {
    match name {
        b"p" | b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" | b"blockquote" | b"ul" | b"ol" | b"pre" => 2,
        b"div" | b"tr" | b"table" | b"section" | b"article" | b"header" | b"footer" | b"center" | b"dt"
        | b"dd" | b"address" | b"body" | b"li" => 1,
        _ => 0,
    }
}

/// Reads what begins with `&` at `pos`; returns the offset behind it.
fn read_entity(html: &str, pos: usize, writer: &mut Writer) -> usize {
    let bytes = html.as_bytes();
    let length = bytes[pos + 1..]
        .iter()
        .take(32)
        .position(|b| !b.is_ascii_alphanumeric() && *b != b'#')
        .filter(|l| *l > 0 && bytes[pos + 1 + l] == b';');
    let Some(length) = length else {
        writer.push_text("&");
        return pos + 1;
    };
    let end = pos + length + 2;
    let mut text = String::new();
    add_html_token(&mut text, &bytes[pos..end], false);
    writer.push_text(&text);
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_blocks_into_lines_and_drops_what_is_not_shown() {
        for (html, want) in [
            ("<p>a &amp; b</p><p>c<br>d</p>", "a & b\n\nc\nd"),
            (
                "<head><title>t</title><style>x{}</style></head><body>a</body>",
                "a",
            ),
            ("<head><meta><body>a", "a"),
            ("<!-- c > --><div>a</div> <div> b\n c</div>", "a\nb c"),
            ("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
            (
                "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>",
                "a b\nc",
            ),
            ("<a title=\"x>y\">a</a>", "a"),
            ("<a title=\"x>y", "y"),
            ("1 < 2 &copy; &#228;&#xe4; &nosuch; &", "1 < 2 © ää &nosuch; &"),
            ("<pre>a\n  b</pre>", "a\nb"),
            ("a&zwnj;\u{200b}&nbsp;b", "a b"),
            ("<script>alert(1)", ""),
            ("", ""),
        ] {
            assert_eq!(html_to_text(html, usize::MAX), want, "{html}");
        }
    }

    #[test]
    fn stops_at_the_limit() {
        let html = "<p>word</p>".repeat(100_000);
        assert!(html_to_text(&html, 100).len() < 120);
    }

    #[test]
    fn hostile_pages_end_soon() {
        for unit in [
            "<",
            "<a ",
            "<a title=\"",
            "&",
            "<!--",
            "<head>",
            "<style",
            "<svg>",
            "<li>",
            "<a x='",
            "</",
        ] {
            let html = unit.repeat(200_000);
            let started = std::time::Instant::now();
            html_to_text(&html, usize::MAX);
            assert!(started.elapsed().as_secs() < 5, "{unit}");
        }
    }
}

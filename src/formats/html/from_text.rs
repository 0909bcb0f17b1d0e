//! Plain text as HTML: escaped, links made clickable, quoted lines as nested quotes.

/// Deeper quoting looks the same as this.
const MAX_QUOTE_DEPTH: usize = 10;

/// A fragment; no line of the text can break out of it.
pub fn plain_to_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut depth = 0;
    let mut is_line_start = true;
    for line in text.lines() {
        let (level, line) = quote_level(line);
        if level != depth {
            is_line_start = true;
        }
        while depth < level {
            out.push_str("<blockquote type=\"cite\">");
            depth += 1;
        }
        while depth > level {
            out.push_str("</blockquote>");
            depth -= 1;
        }
        if !is_line_start {
            out.push_str("<br>\n");
        }
        is_line_start = false;
        push_linkified(&mut out, line);
    }
    out.push_str(&"</blockquote>".repeat(depth));
    out
}

/// `> > text` is level 2 (RFC 3676 §4.5); one blank behind the marks is not text.
fn quote_level(line: &str) -> (usize, &str) {
    let (mut level, mut rest) = (0, line);
    while let Some(inner) = rest.strip_prefix('>') {
        rest = inner.strip_prefix(' ').unwrap_or(inner);
        level += 1;
    }
    (level.min(MAX_QUOTE_DEPTH), rest)
}

const SCHEMES: [&str; 3] = ["https://", "http://", "mailto:"];

fn push_linkified(out: &mut String, line: &str) {
    let mut rest = line;
    let mut is_word_start = true;
    while let Some(c) = rest.chars().next() {
        let scheme = SCHEMES
            .iter()
            .find(|s| rest.get(..s.len()).is_some_and(|r| r.eq_ignore_ascii_case(s)));
        let length = scheme
            .filter(|_| is_word_start)
            .map_or(0, |s| link_length(rest, s.len()));
        if length > 0 {
            let (link, behind) = rest.split_at(length);
            out.push_str("<a href=\"");
            escape_into(out, link);
            out.push_str("\" target=\"_blank\" rel=\"noopener noreferrer\">");
            escape_into(out, link);
            out.push_str("</a>");
            rest = behind;
            is_word_start = false;
            continue;
        }
        let (first, behind) = rest.split_at(c.len_utf8());
        match first {
            // Runs of blanks keep their width.
            " " if behind.starts_with(' ') => out.push_str("&nbsp;"),
            _ => escape_into(out, first),
        }
        is_word_start = !c.is_alphanumeric();
        rest = behind;
    }
}

/// Up to the first character that no address has, without the punctuation of the sentence. 0: no link.
fn link_length(text: &str, scheme: usize) -> usize {
    let is_end =
        |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '`' | '|' | '^');
    let end = text.find(is_end).unwrap_or(text.len());
    let mut link = &text[..end];
    let opened = link.matches('(').count();
    let mut closed = link.matches(')').count();
    // A parenthesis belongs to the sentence if the address did not open it.
    while let Some(last) = link.chars().next_back() {
        match last {
            ')' if closed > opened => closed -= 1,
            '.' | ',' | ';' | ':' | '!' | '?' | ']' | '}' | '\'' | '*' | '_' => {}
            _ => break,
        }
        link = &link[..link.len() - 1];
    }
    if link.len() > scheme { link.len() } else { 0 }
}

pub fn escape_into(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\0' => {}
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_links_and_quotes() {
        let link = |href: &str| {
            format!("<a href=\"{href}\" target=\"_blank\" rel=\"noopener noreferrer\">{href}</a>")
        };
        for (text, want) in [
            ("a <b> & \"c\"", "a &lt;b&gt; &amp; &quot;c&quot;".to_owned()),
            ("a\nb\n\nc", "a<br>\nb<br>\n<br>\nc".to_owned()),
            (
                "see https://x.de/a?b=1&c=2.",
                format!("see {}.", link("https://x.de/a?b=1&amp;c=2")),
            ),
            ("(http://x.de/a_(b))", format!("({})", link("http://x.de/a_(b)"))),
            ("mailto:a@b.de, x", format!("{}, x", link("mailto:a@b.de"))),
            (
                "xhttp://a.de javascript:x https://",
                "xhttp://a.de javascript:x https://".to_owned(),
            ),
            (
                "a\n> b\n>> c\nd",
                "a<blockquote type=\"cite\">b<blockquote type=\"cite\">c</blockquote></blockquote>d"
                    .to_owned(),
            ),
            (
                "https://x.de/\"onclick=",
                format!("{}&quot;onclick=", link("https://x.de/")),
            ),
        ] {
            assert_eq!(plain_to_html(text), want, "{text}");
        }
    }

    #[test]
    fn hostile_text_is_linear() {
        for unit in ["http://", "http://a(.", ">", "> \n", "&", " "] {
            let started = std::time::Instant::now();
            plain_to_html(&unit.repeat(100_000));
            assert!(started.elapsed().as_secs() < 5, "{unit}");
        }
    }
}

//! What stands below an answer: the original with who wrote it when, as Outlook does.

use super::original::Original;
use super::wanted::Body;
use crate::base::clock::rfc5322;
use crate::formats::html::from_text::{escape_into, plain_to_html};
use crate::formats::mime::address::Mailbox;

/// `comment` above the original; HTML if the original is.
pub fn body(original: &Original, comment: &str, is_german: bool) -> Body {
    let lines = header_lines(original, is_german);
    match &original.html {
        Some(html) => Body::Html(html_quote(&lines, html, comment)),
        None => Body::Text(text_quote(&lines, &original.text, comment)),
    }
}

fn header_lines(original: &Original, is_german: bool) -> Vec<(&'static str, String)> {
    let d = &original.digest;
    let [from, sent, to, cc, subject] = if is_german {
        ["Von", "Gesendet", "An", "Cc", "Betreff"]
    } else {
        ["From", "Sent", "To", "Cc", "Subject"]
    };
    let mut out = vec![(from, people(&d.from))];
    if let Some(at) = d.sent_at_ms {
        out.push((sent, rfc5322(at)));
    }
    out.push((to, people(&d.to)));
    if !d.cc.is_empty() {
        out.push((cc, people(&d.cc)));
    }
    out.push((subject, d.subject.clone()));
    out
}

fn people(list: &[Mailbox]) -> String {
    let one = |m: &Mailbox| match &m.name {
        Some(name) => format!("{name} <{}>", m.address),
        None => m.address.clone(),
    };
    list.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn text_quote(lines: &[(&str, String)], text: &str, comment: &str) -> String {
    let head: String = lines.iter().map(|(n, v)| format!("{n}: {v}\n")).collect();
    format!("{comment}\n\n________________________________\n{head}\n{text}")
}

fn html_quote(lines: &[(&str, String)], html: &str, comment: &str) -> String {
    let mut head = String::new();
    for (name, value) in lines {
        head.push_str(&format!("<b>{name}:</b> "));
        escape_into(&mut head, value);
        head.push_str("<br>\n");
    }
    // Without its own frame: two documents within each other are none.
    let inner = inner_of(html);
    format!(
        "<html><body>{}<br>\n<hr>\n<div>{head}</div><br>\n<div>{inner}</div></body></html>",
        plain_to_html(comment)
    )
}

/// What is between the body tags, or all of it.
fn inner_of(html: &str) -> &str {
    let lower = html.to_ascii_lowercase();
    let start = lower
        .find("<body")
        .and_then(|at| Some(at + lower[at..].find('>')? + 1));
    let start = start.unwrap_or(0);
    let end = lower
        .rfind("</body")
        .filter(|end| *end >= start)
        .unwrap_or(html.len());
    &html[start..end]
}

/// `Re: Subject`, unless it says so already. `WG`, `AW`, `FW`, `Fwd` and `Re` are known.
pub fn prefixed(prefix: &str, subject: &str) -> String {
    let known: &[&str] = match prefix {
        "RE" | "AW" => &["re:", "aw:"],
        _ => &["fw:", "fwd:", "wg:"],
    };
    let lower = subject.trim_start().to_lowercase();
    if known.iter().any(|k| lower.starts_with(k)) {
        subject.to_owned()
    } else {
        format!("{prefix}: {subject}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_prefixed_once() {
        for (prefix, subject, want) in [
            ("AW", "Angebot", "AW: Angebot"),
            ("AW", "Re: Angebot", "Re: Angebot"),
            ("WG", "AW: Angebot", "WG: AW: Angebot"),
            ("FW", "Fwd: x", "Fwd: x"),
        ] {
            assert_eq!(prefixed(prefix, subject), want);
        }
    }

    #[test]
    fn only_the_inside_of_a_page_is_quoted() {
        assert_eq!(inner_of("<html><BODY class=x>a<p>b</BODY></html>"), "a<p>b");
        assert_eq!(inner_of("a<b>"), "a<b>");
        assert_eq!(inner_of("</body><body>"), "");
    }
}

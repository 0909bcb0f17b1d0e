//! The lines as a document (PDF) for whoever looks after the office's network: what is to be changed first, each with now, should
//! be and who. The fonts are those that every reader has.

use super::words::{details, pick, state, title};
use crate::base::clock::rfc3339;
use crate::model::check::{CheckHealth, CheckLine, CheckReport};
use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str};

/// A4, in points.
const PAGE: (f32, f32) = (595.0, 842.0);
const MARGIN: f32 = 56.0;
const BOLD: Name<'static> = Name(b"B");
const FIXED: Name<'static> = Name(b"F");
/// Of a fixed font of nine points, whose letters are 0.6 as wide, between the margins.
const COLUMNS: usize = 86;

/// One line of text.
struct Text {
    font: Name<'static>,
    size: f32,
    text: String,
}

/// `language`: de or en.
pub fn print(report: &CheckReport, language: &str, host: &str) -> Vec<u8> {
    let mut pages = vec![Content::new()];
    let mut at = PAGE.1 - MARGIN;
    for line in texts(report, language, host) {
        let height = line.size * 1.5;
        if at - height < MARGIN {
            pages.push(Content::new());
            at = PAGE.1 - MARGIN;
        }
        at -= height;
        if let Some(page) = pages.last_mut() {
            // Windows' Latin letters; what is none of them becomes a number that can still be read.
            let (bytes, ..) = encoding_rs::WINDOWS_1252.encode(&line.text);
            page.begin_text()
                .set_font(line.font, line.size)
                .next_line(MARGIN, at)
                .show(Str(&bytes))
                .end_text();
        }
    }
    write(pages)
}

fn write(pages: Vec<Content>) -> Vec<u8> {
    let mut pdf = Pdf::new();
    let [catalog, tree, bold, fixed] = [1, 2, 3, 4].map(Ref::new);
    pdf.catalog(catalog).pages(tree);
    let mut numbers = (fixed.get() + 1..).map(Ref::new);
    let ids: Vec<(Ref, Ref, Content)> = pages
        .into_iter()
        .filter_map(|content| Some((numbers.next()?, numbers.next()?, content)))
        .collect();
    let count = i32::try_from(ids.len()).unwrap_or(i32::MAX);
    pdf.pages(tree)
        .kids(ids.iter().map(|(page, ..)| *page))
        .count(count);
    for (id, stream, content) in ids {
        let mut page = pdf.page(id);
        page.media_box(Rect::new(0.0, 0.0, PAGE.0, PAGE.1))
            .parent(tree)
            .contents(stream);
        page.resources().fonts().pair(BOLD, bold).pair(FIXED, fixed);
        page.finish();
        pdf.stream(stream, &content.finish());
    }
    for (id, name) in [(bold, &b"Helvetica-Bold"[..]), (fixed, &b"Courier"[..])] {
        pdf.type1_font(id)
            .base_font(Name(name))
            .encoding_predefined(Name(b"WinAnsiEncoding"));
    }
    pdf.finish()
}

fn texts(report: &CheckReport, language: &str, host: &str) -> Vec<Text> {
    let bold = |size, text: String| Text {
        font: BOLD,
        size,
        text,
    };
    let fixed = |text: String| Text {
        font: FIXED,
        size: 9.0,
        text,
    };
    let head = pick(
        language,
        (
            "Was für den Mailserver zu tun ist",
            "What is to be done for the mail server",
        ),
    );
    let at = report.at_ms.map(rfc3339).unwrap_or_default();
    let mut out = vec![
        bold(18.0, head.to_owned()),
        fixed(format!("{host}  {at}")),
        fixed(String::new()),
    ];
    for health in [
        CheckHealth::Bad,
        CheckHealth::Warn,
        CheckHealth::Unknown,
        CheckHealth::Good,
    ] {
        let lines: Vec<&CheckLine> = report.lines.iter().filter(|l| l.health == health).collect();
        if !lines.is_empty() {
            let words = pick(language, state(health));
            let mut letters = words.chars();
            let capital: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
            out.push(bold(13.0, format!("{capital}{}", letters.as_str())));
        }
        for line in lines {
            out.push(bold(
                10.0,
                format!("{} - {}", pick(language, title(line.kind)), line.about),
            ));
            // What is well needs no words.
            if health != CheckHealth::Good {
                let all = details(line, language);
                out.extend(all.iter().flat_map(|d| folded(d)).map(fixed));
            }
            out.push(fixed(String::new()));
        }
    }
    out
}

/// In lines that fit; keys have no blanks to break at.
fn folded(text: &str) -> Vec<String> {
    let all: Vec<char> = text.chars().collect();
    all.chunks(COLUMNS).map(|c| c.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::check::{CheckKind, CheckWho};

    #[test]
    fn what_is_to_be_done_goes_on_as_many_pages_as_it_needs() {
        let line = |i: usize| CheckLine {
            kind: CheckKind::Dkim,
            about: format!("bäckerei{i}.test"),
            health: CheckHealth::Bad,
            now: None,
            wanted: Some("x".repeat(400)),
            record: Some((format!("hp._domainkey.b{i}.test"), "TXT".into())),
            who: CheckWho::DnsProvider,
        };
        let report = CheckReport {
            at_ms: Some(0),
            lines: (0..20).map(line).collect(),
        };
        let pdf = print(&report, "de", "mail.example.test");
        let text = String::from_utf8_lossy(&pdf);
        assert!(text.starts_with("%PDF-1.") && text.trim_end().ends_with("%%EOF"));
        assert!(text.matches("/MediaBox").count() > 2);
        // Text with umlauts stands there in hexadecimal.
        let written = crate::base::text::hex(b"b\xe4ckerei0");
        assert!(
            text.to_ascii_lowercase().contains(&written),
            "umlauts as WinAnsi has them"
        );
        assert_eq!(folded(&"x".repeat(200)).len(), 3);
    }
}

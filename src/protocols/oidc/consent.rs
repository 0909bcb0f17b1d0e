//! Asks somebody who has signed in whether the program may do what it asks for: who asks, for what, in plain words.

use super::page::Html;
use super::redirect::form_target;
use super::words::Words;
use crate::identity::consents::covers;

/// What is shown.
pub struct Question<'q> {
    pub program: &'q str,
    /// Who has signed in.
    pub address: &'q str,
    /// Where the answer goes; None: to a device.
    pub redirect_uri: Option<&'q str>,
    /// Separated by spaces.
    pub permissions: &'q str,
}

/// The fields of the form that answer it.
pub const TICKET: &str = "ticket";
pub const ANSWER: &str = "agree";
const YES: &str = "yes";

pub fn is_yes(answer: Option<&str>) -> bool {
    answer == Some(YES)
}

/// The page's content; `fields` are hidden ones that the form carries along.
pub fn question(words: &Words, q: &Question<'_>, fields: &[(&str, &str)]) -> Html {
    let mut html = Html::default()
        .raw("<h1>")
        .text(words.agree_title)
        .raw("</h1>\n<p><b>")
        .text(q.program)
        .raw("</b> ")
        .text(words.agree_asks)
        .raw("</p>\n<ul>\n");
    for meaning in meanings(words, q.permissions) {
        html = html.raw("<li>").text(&meaning).raw("</li>\n");
    }
    html = html
        .raw("</ul>\n<p>")
        .text(words.agree_as)
        .raw(" <b>")
        .text(q.address)
        .raw("</b>");
    if let Some(target) = q.redirect_uri.and_then(form_target) {
        html = html
            .raw("<br>")
            .text(words.agree_goes_to)
            .raw(" <b>")
            .text(&target)
            .raw("</b>");
    }
    html = html
        .raw("</p>\n<form method=\"post\" action=\"?\">\n")
        .hidden_all(fields.iter().copied());
    html.raw("<button type=\"submit\" name=\"agree\" value=\"yes\">")
        .text(words.agree_yes)
        .raw("</button>\n<button type=\"submit\" name=\"agree\" value=\"no\" class=\"other\">")
        .text(words.agree_no)
        .raw("</button>\n</form>\n")
}

/// In plain words, each once; reading goes without saying where writing is asked for.
fn meanings(words: &Words, permissions: &str) -> Vec<String> {
    let all: Vec<&str> = permissions.split_ascii_whitespace().collect();
    let mut out: Vec<String> = Vec::new();
    for asked in &all {
        let wider = all.iter().filter(|p| *p != asked);
        if asked.ends_with(".Read") && covers(wider.copied(), asked) {
            continue;
        }
        let meaning = words.permission(asked);
        if !out.contains(&meaning) {
            out.push(meaning);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocols::oidc::words::{ENGLISH, GERMAN};

    #[test]
    fn every_permission_has_plain_words_in_both_languages() {
        for p in crate::identity::clients::PERMISSIONS {
            for words in [&GERMAN, &ENGLISH] {
                assert!(!words.permission(p).contains('»'), "{p}");
            }
        }
        assert!(ENGLISH.permission("Foo.Bar").contains("Foo.Bar"));
        assert_eq!(
            meanings(
                &ENGLISH,
                "openid profile Mail.Read Mail.ReadWrite Calendars.Read offline_access"
            ),
            [
                "know who you are: your name and address",
                "read, change and delete your mail",
                "read your calendars",
                "do this also while you are away, until you take it back"
            ]
        );
    }
}

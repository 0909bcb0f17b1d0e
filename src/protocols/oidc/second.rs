//! The code of who has a second factor, asked for behind the password; the same where people sign in for a program and where
//! they let a device in.

use super::form::Form;
use super::page::{self, Html};
use super::words::Words;
use crate::base::{Error, Kind};
use actix_web::http::StatusCode;

/// What the form holds while the code is asked for.
pub const TICKET: &str = "second_ticket";
pub const CODE: &str = "second_code";

/// Ticket and code of a form that was sent with them.
pub fn given(form: &Form) -> Option<(&str, &str)> {
    Some((form.get(TICKET)?, form.get(CODE).unwrap_or_default()))
}

/// Asks for the code. `fields`: what the form carries along.
pub fn question(words: &Words, ticket: &str, fields: &[(&str, &str)], error: Option<&str>) -> Html {
    let mut html = Html::default()
        .raw("<h1>")
        .text(words.title)
        .raw("</h1>\n<p>")
        .text(words.code_lead)
        .raw("</p>\n");
    if let Some(error) = error {
        html = html.raw("<div role=\"alert\">").text(error).raw("</div>\n");
    }
    html = html
        .raw("<form method=\"post\" action=\"?\" autocomplete=\"off\">\n")
        .hidden(TICKET, ticket)
        .hidden_all(fields.iter().copied());
    html.raw("<label for=\"code\">")
        .text(words.code)
        .raw("</label><input id=\"code\" name=\"second_code\" autocomplete=\"one-time-code\" autocapitalize=\"characters\" spellcheck=\"false\" required autofocus>\n<button type=\"submit\">")
        .text(words.sign_in)
        .raw("</button>\n</form>\n")
}

/// What is said to a code that did not do; true: the code may be tried again.
pub fn refusal(words: &Words, e: &Error) -> (bool, StatusCode, &'static str) {
    let code = e.reason().map(|r| r.code);
    match (e.kind(), code) {
        (Kind::NotAuthenticated, Some("CodeWrong")) => (true, StatusCode::UNAUTHORIZED, words.code_wrong),
        (Kind::NotAuthenticated, _) => (false, StatusCode::UNAUTHORIZED, words.expired),
        _ => {
            let (status, told) = page::refusal(words, e);
            (false, status, told)
        }
    }
}

//! The pages that people see: plain HTML, each with a policy of its own, which allows no script but the one that the page names.

use super::words::Words;
use crate::base::{Error, Kind};
use crate::formats::html::from_text::escape_into;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

const STYLE: &str = "html{color-scheme:light dark}body{margin:0;min-height:100vh;display:grid;place-items:center;\
    font:16px/1.5 system-ui,sans-serif;background:#eef1f2;color:#1b2326}main{box-sizing:border-box;width:min(26rem,100vw);\
    padding:2rem;background:#fff;border-radius:12px;box-shadow:0 2px 16px #0002}h1{font-size:1.4rem;margin:0}\
    [hidden]{display:none}p{margin:.25rem 0 1.25rem;overflow-wrap:anywhere}label{display:block;margin:1rem 0 .25rem;font-weight:600}\
    input{box-sizing:border-box;width:100%;padding:.6rem .7rem;font:inherit;border:1px solid #7d8b8f;border-radius:8px;\
    background:#fff;color:inherit}button{width:100%;margin-top:1.5rem;padding:.7rem;font:inherit;font-weight:600;border:0;\
    border-radius:8px;background:#0b6270;color:#fff;cursor:pointer}button.other{margin-top:.75rem;\
    background:transparent;color:inherit;box-shadow:inset 0 0 0 1px #7d8b8f}ul{margin:.5rem 0 1rem;padding-left:1.25rem}input:focus-visible,button:focus-visible{outline:3px solid #39a0b0;\
    outline-offset:2px}[role=alert]{margin:1rem 0 0;padding:.6rem .7rem;border-radius:8px;background:#fde8e6;color:#8a1c12}\
    @media(prefers-color-scheme:dark){body{background:#14191b;color:#e6ecee}main{background:#1e2528}input{background:#14191b;\
    border-color:#6d7b80}[role=alert]{background:#4a1a15;color:#ffd9d4}}";

/// A part of a page; text goes in escaped.
#[derive(Default)]
pub struct Html(String);

impl Html {
    pub fn raw(mut self, html: &str) -> Html {
        self.0.push_str(html);
        self
    }

    pub fn text(mut self, text: &str) -> Html {
        escape_into(&mut self.0, text);
        self
    }

    /// A hidden value in the form that is already closed.
    pub fn within_form(self, name: &str, value: &str) -> Html {
        let field = Html::default().hidden(name, value).0;
        Html(self.0.replace("</form>", &format!("{field}</form>")))
    }

    pub fn hidden_all<'v>(self, fields: impl IntoIterator<Item = (&'v str, &'v str)>) -> Html {
        let each = fields.into_iter();
        each.fold(self, |html, (name, value)| html.hidden(name, value))
    }

    pub fn hidden(self, name: &str, value: &str) -> Html {
        self.raw("<input type=\"hidden\" name=\"")
            .text(name)
            .raw("\" value=\"")
            .text(value)
            .raw("\">\n")
    }
}

/// A page around `content`. `form_action`: where its forms may lead.
pub fn page(status: StatusCode, words: &Words, content: Html, form_action: &str) -> HttpResponse {
    page_with_script(status, words, content, form_action, "")
}

/// `script`: ours, allowed by its hash and nothing else.
pub fn page_with_script(
    status: StatusCode,
    words: &Words,
    content: Html,
    form_action: &str,
    script: &str,
) -> HttpResponse {
    let allowed = if script.is_empty() {
        "'none'".to_owned()
    } else {
        hash(script)
    };
    let policy = format!(
        "default-src 'none'; style-src {}; script-src {allowed}; form-action {form_action}; base-uri 'none'; frame-ancestors 'none'",
        hash(STYLE)
    );
    let script = if script.is_empty() {
        String::new()
    } else {
        format!("<script>{script}</script>")
    };
    let body = format!(
        "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{} – Hauspost</title>\
         <style>{STYLE}</style></head>\n<body><main>\n{}</main>{script}</body></html>\n",
        words.language, words.title, content.0
    );
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header(("Content-Security-Policy", policy))
        .insert_header(("X-Frame-Options", "DENY"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        // The address holds what others may not see; browsers also leave Origin out of forms with no-referrer.
        .insert_header(("Referrer-Policy", "same-origin"))
        .insert_header(("Cache-Control", "no-store"))
        .body(body)
}

fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

/// What a page says when signing in was refused.
pub fn refusal(words: &Words, e: &Error) -> (StatusCode, &'static str) {
    match e.kind() {
        Kind::NotAuthenticated => (StatusCode::UNAUTHORIZED, words.wrong),
        Kind::Busy => (StatusCode::TOO_MANY_REQUESTS, words.too_many),
        _ => {
            tracing::error!(error = ?e, "a sign-in failed");
            (StatusCode::SERVICE_UNAVAILABLE, words.later)
        }
    }
}

/// A page that says one thing.
pub fn message(status: StatusCode, words: &Words, title: &str, text: &str) -> HttpResponse {
    let content = Html::default()
        .raw("<h1>")
        .text(title)
        .raw("</h1>\n<p>")
        .text(text)
        .raw("</p>\n");
    page(status, words, content, "'none'")
}

//! What the sign-in page says, in German and English.

use actix_web::HttpRequest;

pub struct Words {
    pub language: &'static str,
    pub title: &'static str,
    /// Before the program's name.
    pub for_program: &'static str,
    pub address: &'static str,
    pub password: &'static str,
    pub sign_in: &'static str,
    pub wrong: &'static str,
    pub too_many: &'static str,
    pub expired: &'static str,
    pub later: &'static str,
    pub failed: &'static str,
    pub go_on: &'static str,
    pub done: &'static str,
    pub signed_out: &'static str,
    pub device_title: &'static str,
    pub device_code: &'static str,
    pub device_unknown: &'static str,
    /// Before the program's name.
    pub device_warning: &'static str,
    pub device_done: &'static str,
}

const GERMAN: Words = Words {
    language: "de",
    title: "Anmelden",
    for_program: "Weiter zu",
    address: "E-Mail-Adresse",
    password: "Passwort",
    sign_in: "Anmelden",
    wrong: "Adresse oder Passwort ist falsch.",
    too_many: "Zu viele Fehlversuche. Bitte in einigen Minuten noch einmal.",
    expired: "Diese Seite war zu lange offen. Bitte noch einmal.",
    later: "Das geht gerade nicht. Bitte später noch einmal.",
    failed: "Anmelden ist nicht möglich",
    go_on: "Weiter",
    done: "Fertig. Dieses Fenster kann geschlossen werden.",
    signed_out: "Sie sind abgemeldet.",
    device_title: "Gerät anmelden",
    device_code: "Code, den das Gerät zeigt",
    device_unknown: "Dieser Code gilt nicht oder nicht mehr. Bitte am Gerät neu beginnen.",
    device_warning: "Nur weitermachen, wenn Sie den Code selbst auf Ihrem Gerät gesehen haben. Es meldet sich an:",
    device_done: "Das Gerät ist angemeldet. Dieses Fenster kann geschlossen werden.",
};

const ENGLISH: Words = Words {
    language: "en",
    title: "Sign in",
    for_program: "to continue to",
    address: "Email address",
    password: "Password",
    sign_in: "Sign in",
    wrong: "Address or password is wrong.",
    too_many: "Too many failed attempts. Please try again in a few minutes.",
    expired: "This page was open for too long. Please try again.",
    later: "This is not possible right now. Please try again later.",
    failed: "Signing in is not possible",
    go_on: "Continue",
    done: "Done. You can close this window.",
    signed_out: "You are signed out.",
    device_title: "Sign in a device",
    device_code: "Code that the device shows",
    device_unknown: "This code does not count or not any more. Please begin again on the device.",
    device_warning: "Go on only if you have seen the code on a device of your own. This signs in:",
    device_done: "The device is signed in. You can close this window.",
};

/// The first language of the browser that we speak; English for those who speak neither.
pub fn of(request: &HttpRequest) -> &'static Words {
    let accepted = request
        .headers()
        .get("accept-language")
        .and_then(|v| v.to_str().ok());
    let known = accepted.unwrap_or_default().split(',').find_map(|l| {
        let language = l
            .split([';', '-'])
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        match language.as_str() {
            "de" => Some(&GERMAN),
            "en" => Some(&ENGLISH),
            _ => None,
        }
    });
    known.unwrap_or(&ENGLISH)
}

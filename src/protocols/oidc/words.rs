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
    pub passkey: &'static str,
    pub passkey_failed: &'static str,
    pub passkey_wrong: &'static str,
    pub code: &'static str,
    pub code_lead: &'static str,
    pub code_wrong: &'static str,
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
    pub device_declined: &'static str,
    pub agree_title: &'static str,
    /// Behind the program's name, before what it asks for.
    pub agree_asks: &'static str,
    /// Before the address of who has signed in.
    pub agree_as: &'static str,
    /// Before where the answer goes.
    pub agree_goes_to: &'static str,
    pub agree_yes: &'static str,
    pub agree_no: &'static str,
    is_german: bool,
}

/// What permissions mean, in German and English; sentences that begin »may«.
const MEANINGS: [(&[&str], &str, &str); 20] = [
    (
        &["openid", "profile", "email", "User.Read"],
        "wissen, wer Sie sind: Ihr Name und Ihre Adresse",
        "know who you are: your name and address",
    ),
    (
        &["User.ReadWrite"],
        "Ihre Angaben und Ihr Bild ändern",
        "change your details and your picture",
    ),
    (
        &[
            "User.ReadBasic.All",
            "User.Read.All",
            "People.Read",
            "Directory.Read.All",
            "GroupMember.Read.All",
        ],
        "sehen, wer im Büro ist und welche Gruppen es gibt",
        "see who is in the office and which groups there are",
    ),
    (
        &["groups"],
        "wissen, zu welchen Gruppen Sie gehören",
        "know which groups you belong to",
    ),
    (&["Mail.Read"], "Ihre E-Mails lesen", "read your mail"),
    (
        &["Mail.ReadWrite"],
        "Ihre E-Mails lesen, ändern und löschen",
        "read, change and delete your mail",
    ),
    (
        &["Mail.Send", "SMTP.Send"],
        "E-Mails in Ihrem Namen senden",
        "send mail in your name",
    ),
    (
        &["IMAP.AccessAsUser.All"],
        "Ihr Postfach als Mailprogramm öffnen",
        "open your mailbox as a mail program does",
    ),
    (
        &["MailboxSettings.Read"],
        "die Einstellungen Ihres Postfachs lesen",
        "read the settings of your mailbox",
    ),
    (
        &["MailboxSettings.ReadWrite"],
        "die Einstellungen Ihres Postfachs lesen und ändern",
        "read and change the settings of your mailbox",
    ),
    (&["Calendars.Read"], "Ihre Kalender lesen", "read your calendars"),
    (
        &["Calendars.ReadWrite"],
        "Ihre Kalender lesen und ändern, auch Einladungen senden",
        "read and change your calendars, and send invitations",
    ),
    (&["Contacts.Read"], "Ihre Kontakte lesen", "read your contacts"),
    (
        &["Contacts.ReadWrite"],
        "Ihre Kontakte lesen und ändern",
        "read and change your contacts",
    ),
    (&["Tasks.Read"], "Ihre Aufgaben lesen", "read your tasks"),
    (
        &["Tasks.ReadWrite"],
        "Ihre Aufgaben lesen und ändern",
        "read and change your tasks",
    ),
    (
        &["Place.Read.All"],
        "sehen, welche Räume und Geräte es gibt",
        "see which rooms and equipment there are",
    ),
    (
        &["offline_access"],
        "das auch tun, während Sie nicht da sind, bis Sie es zurücknehmen",
        "do this also while you are away, until you take it back",
    ),
    (
        &[
            "Mail.Read.Shared",
            "Calendars.Read.Shared",
            "Contacts.Read.Shared",
            "Tasks.Read.Shared",
        ],
        "lesen, was andere mit Ihnen teilen",
        "read what others share with you",
    ),
    (
        &[
            "Mail.ReadWrite.Shared",
            "Mail.Send.Shared",
            "Calendars.ReadWrite.Shared",
            "Contacts.ReadWrite.Shared",
            "Tasks.ReadWrite.Shared",
        ],
        "ändern, was andere mit Ihnen teilen, so weit Sie das dürfen",
        "change what others share with you, as far as you may",
    ),
];

impl Words {
    /// What a permission means; one that means nothing here is named.
    pub fn permission(&self, name: &str) -> String {
        let known = MEANINGS
            .iter()
            .find(|(names, ..)| names.iter().any(|n| n.eq_ignore_ascii_case(name)));
        match (known, self.is_german) {
            (Some((_, german, _)), true) => (*german).to_owned(),
            (Some((.., english)), false) => (*english).to_owned(),
            (None, true) => format!("»{name}«: das bedeutet hier nichts"),
            (None, false) => format!("»{name}«, which means nothing here"),
        }
    }
}

pub const GERMAN: Words = Words {
    language: "de",
    title: "Anmelden",
    for_program: "Weiter zu",
    address: "E-Mail-Adresse",
    password: "Passwort",
    sign_in: "Anmelden",
    passkey: "Mit Passkey anmelden",
    passkey_failed: "Ihr Gerät hat keinen passenden Passkey gezeigt. Versuchen Sie es noch einmal, oder nehmen Sie Ihr Passwort.",
    passkey_wrong: "Dieser Passkey gilt hier nicht. Nehmen Sie Ihr Passwort.",
    code: "Code",
    code_lead: "Bitte geben Sie den Code ein, den Ihre App zeigt, oder einen von Ihrem Papier.",
    code_wrong: "Dieser Code stimmt nicht, oder er wurde schon benutzt.",
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
    device_declined: "Das Gerät ist nicht angemeldet. Dieses Fenster kann geschlossen werden.",
    agree_title: "Zustimmen?",
    agree_asks: "möchte für Sie:",
    agree_as: "Angemeldet als",
    agree_goes_to: "Die Antwort geht an",
    agree_yes: "Zustimmen",
    agree_no: "Ablehnen",
    is_german: true,
};

pub const ENGLISH: Words = Words {
    language: "en",
    title: "Sign in",
    for_program: "to continue to",
    address: "Email address",
    password: "Password",
    sign_in: "Sign in",
    passkey: "Sign in with a passkey",
    passkey_failed: "Your device has shown no passkey that fits. Try again, or use your password.",
    passkey_wrong: "This passkey opens nothing here. Use your password.",
    code: "Code",
    code_lead: "Please enter the code that your app shows, or one from your paper.",
    code_wrong: "This code is not right, or was used already.",
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
    device_declined: "The device is not signed in. You can close this window.",
    agree_title: "Do you agree?",
    agree_asks: "wants to do this for you:",
    agree_as: "Signed in as",
    agree_goes_to: "The answer goes to",
    agree_yes: "Agree",
    agree_no: "Decline",
    is_german: false,
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

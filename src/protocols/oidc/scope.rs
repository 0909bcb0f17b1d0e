//! Scopes in every spelling that programs send, and the permissions they mean.
//!
//! `Mail.Read`, `mail.read`, `https://graph.microsoft.com/Mail.Read` and `https://{own host}/Mail.Read` are one permission.
//! Answers repeat the spelling of the request, because clients look their tokens up by it.

use crate::identity::clients::{Client, PERMISSIONS};
use crate::identity::consents::{covers, may_ask_for};

/// Resources that are all served here, whatever name a program was built with.
const RESOURCES: [&str; 3] = [
    "https://graph.microsoft.com",
    "https://outlook.office.com",
    "https://outlook.office365.com",
];

pub const OFFLINE: &str = "offline_access";
/// Whoever asks for it is told to which groups somebody belongs.
pub const GROUPS: &str = "groups";

/// What was asked for, each as written and what it means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(Vec<(String, String)>);

impl Scopes {
    /// `origin`: ours. Err: the first scope that is of somebody else's resource or no scope.
    pub fn parse(text: &str, origin: &str) -> Result<Scopes, String> {
        let mut out: Vec<(String, String)> = Vec::new();
        for asked in text.split_ascii_whitespace() {
            let name = name_of(asked, origin).ok_or_else(|| asked.to_owned())?;
            if !out.iter().any(|(a, _)| a == asked) {
                out.push((asked.to_owned(), canonical(name)));
            }
        }
        Ok(Scopes(out))
    }

    /// What was granted once, perhaps under another name of this host.
    pub fn recall(text: &str) -> Scopes {
        let one = |asked: &str| {
            let name = asked.rsplit('/').next().unwrap_or(asked);
            (asked.to_owned(), canonical(name))
        };
        Scopes(text.split_ascii_whitespace().map(one).collect())
    }

    /// As written, to be kept and repeated.
    pub fn asked(&self) -> String {
        let asked = self.0.iter().map(|(a, _)| a.as_str());
        asked.filter(|a| !a.is_empty()).collect::<Vec<_>>().join(" ")
    }

    pub fn has(&self, permission: &str) -> bool {
        self.0.iter().any(|(_, p)| p.eq_ignore_ascii_case(permission))
    }

    fn is_default(&self) -> bool {
        self.has(".default")
    }

    /// For the access token.
    pub fn permissions(&self) -> String {
        let mut out: Vec<&str> = Vec::new();
        let mut add = |p| {
            if !out.contains(&p) {
                out.push(p);
            }
        };
        if self.is_default() {
            PERMISSIONS.iter().for_each(|p| add(p));
        }
        for (_, p) in self
            .0
            .iter()
            .filter(|(_, p)| !p.is_empty() && p != ".default" && p != OFFLINE)
        {
            add(p);
        }
        out.join(" ")
    }

    /// What people are asked to agree to.
    pub fn to_agree_to(&self) -> String {
        let mut out = self.permissions();
        if self.has(OFFLINE) {
            out.push(' ');
            out.push_str(OFFLINE);
        }
        out
    }

    /// Whether a sign-in for `self` is enough for `asked` (RFC 6749 §6). Who may write may read.
    pub fn covers(&self, asked: &Scopes) -> bool {
        const HARMLESS: [&str; 5] = ["openid", "profile", "email", OFFLINE, ".default"];
        let own = || self.0.iter().map(|(_, p)| p.as_str());
        let is_covered = |p: &str| HARMLESS.contains(&p) || covers(own(), p);
        self.is_default() || asked.0.iter().all(|(_, p)| is_covered(p))
    }

    /// As far as the registration lets the program ask people at all: `.default` is then what it may ask for.
    /// Err: the first scope that goes beyond.
    pub fn within(mut self, client: &Client) -> Result<Scopes, String> {
        let Some(limit) = &client.permissions else {
            return Ok(self);
        };
        let goes_beyond = |p: &str| !p.is_empty() && p != ".default" && !may_ask_for(Some(limit), p);
        if let Some((asked, _)) = self.0.iter().find(|(_, p)| goes_beyond(p)) {
            return Err(asked.clone());
        }
        if self.is_default() {
            self.expand_default(limit.iter().cloned());
        }
        Ok(self)
    }

    /// `.default` stays to be repeated, and means these.
    fn expand_default(&mut self, meaning: impl Iterator<Item = String>) {
        let default = self.0.iter_mut().filter(|(_, p)| p == ".default");
        default.for_each(|(_, p)| p.clear());
        self.0.extend(meaning.map(|p| (String::new(), p)));
    }

    /// What a refresh token gives: `.default` is what was signed in for, and the right to refresh stays as it was.
    pub fn refreshed(mut self, granted: &Scopes) -> Scopes {
        if self.is_default() && !granted.is_default() {
            self.expand_default(granted.0.iter().map(|(_, p)| p.clone()));
        }
        self.0.retain(|(_, p)| p != OFFLINE);
        if granted.has(OFFLINE) {
            self.0.push((OFFLINE.into(), OFFLINE.into()));
        }
        self
    }
}

/// The permission's name without its resource.
fn name_of<'a>(asked: &'a str, origin: &str) -> Option<&'a str> {
    // Programs drop the port when they build scopes from an address.
    let portless = match origin.rsplit_once(':') {
        Some((start, port)) if port.bytes().all(|b| b.is_ascii_digit()) => start,
        _ => origin,
    };
    let name = match asked.contains("://") {
        false => asked,
        true => RESOURCES
            .iter()
            .copied()
            .chain([origin, portless])
            .find_map(|r| {
                let (start, rest) = asked.split_at_checked(r.len())?;
                start.eq_ignore_ascii_case(r).then_some(rest)?.strip_prefix('/')
            })?,
    };
    // `https://graph.microsoft.com//.default` is what a resource that ends with a slash becomes.
    let name = name.trim_start_matches('/');
    let is_word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    (!name.is_empty() && name.len() <= 100 && name.bytes().all(is_word)).then_some(name)
}

fn canonical(name: &str) -> String {
    let known = PERMISSIONS.iter().find(|p| p.eq_ignore_ascii_case(name));
    match known {
        Some(known) => (*known).to_owned(),
        None if name.eq_ignore_ascii_case(OFFLINE) || name.eq_ignore_ascii_case(".default") => {
            name.to_ascii_lowercase()
        }
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "https://mail.example.test:8443";

    #[test]
    fn every_spelling_means_the_same_and_is_repeated() {
        let text = "openid https://graph.microsoft.com/Mail.Read mail.readwrite https://mail.example.test/Mail.Send \
                    https://mail.example.test:8443/user.read offline_access";
        let scopes = Scopes::parse(text, ORIGIN).unwrap();
        assert_eq!(
            scopes.permissions(),
            "openid Mail.Read Mail.ReadWrite Mail.Send User.Read"
        );
        assert_eq!(
            scopes.asked(),
            text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
        );
        assert!(scopes.has(OFFLINE));
    }

    #[test]
    fn default_is_everything() {
        let scopes = Scopes::parse("https://graph.microsoft.com/.default", ORIGIN).unwrap();
        assert!(scopes.permissions().contains("Mail.ReadWrite"));
        assert_eq!(scopes.asked(), "https://graph.microsoft.com/.default");
    }

    #[test]
    fn others_resources_and_rubbish_are_refused() {
        for bad in [
            "https://evil.test/Mail.Read",
            "a\"b",
            "https://graph.microsoft.com.evil.test/Mail.Read",
        ] {
            assert_eq!(Scopes::parse(bad, ORIGIN), Err(bad.to_owned()));
        }
    }

    #[test]
    fn a_registration_limits_what_can_be_asked_for() {
        let client = Client {
            permissions: Some(vec!["Mail.ReadWrite".into()]),
            ..crate::identity::clients::blank("x", 0)
        };
        let parse = |text: &str| Scopes::parse(text, ORIGIN).unwrap().within(&client);
        assert_eq!(
            parse("openid Mail.Read offline_access").unwrap().permissions(),
            "openid Mail.Read"
        );
        assert_eq!(parse("openid Mail.Send").unwrap_err(), "Mail.Send");
        let all = parse("https://graph.microsoft.com/.default").unwrap();
        assert_eq!(
            (all.asked().as_str(), all.permissions().as_str()),
            ("https://graph.microsoft.com/.default", "Mail.ReadWrite")
        );
    }

    #[test]
    fn a_refresh_gives_no_more_than_was_granted() {
        let parse = |text: &str| Scopes::parse(text, ORIGIN).unwrap();
        let granted = parse("Mail.ReadWrite offline_access");
        assert!(granted.covers(&parse(
            "https://graph.microsoft.com/Mail.Read openid offline_access"
        )));
        assert!(!granted.covers(&parse("Mail.Send")));
        assert!(parse(".default").covers(&parse("Mail.Send")));
        let next = parse("https://graph.microsoft.com/.default").refreshed(&granted);
        assert_eq!(
            next.asked(),
            "https://graph.microsoft.com/.default offline_access"
        );
        assert_eq!(next.permissions(), "Mail.ReadWrite");
        assert_eq!(
            parse("openid offline_access").refreshed(&parse("openid")).asked(),
            "openid"
        );
    }
}

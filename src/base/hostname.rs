//! Domain names and host names as people type them: checked and brought to one spelling.

use super::{Error, Result};

/// Lower-cases `name`, drops a trailing dot, checks the letters and lengths of RFC 1035 §2.3.4.
/// Internationalised names become A-labels (`xn--...`, RFC 5890).
/// Errors: Invalid, with the reason.
pub fn normalize(name: &str) -> Result<String> {
    let typed = name.trim().trim_end_matches('.');
    let bad = |why: &str| {
        Err(Error::invalid(format!("»{typed}« is not a domain name: {why}"))
            .with_reason("DomainNameWrong", &[("name", typed)]))
    };
    let name = match typed.is_ascii() {
        true => typed.to_ascii_lowercase(),
        false => match url::Host::parse(typed) {
            Ok(host) => host.to_string(),
            Err(_) => return bad("it has letters that no domain has"),
        },
    };
    if name.is_empty() {
        return bad("it is empty");
    }
    if name.len() > 253 {
        return bad("it is longer than 253 characters");
    }
    for label in name.split('.') {
        if label.is_empty() || label.len() > 63 {
            return bad("each part between the dots has 1 to 63 characters");
        }
        if label.starts_with('-') || label.ends_with('-') {
            return bad("no part begins or ends with a hyphen");
        }
        if !label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return bad("only letters, digits, hyphens and dots are allowed");
        }
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::normalize;

    #[test]
    fn brings_to_one_spelling() {
        assert_eq!(normalize(" Example.TEST. ").unwrap(), "example.test");
        assert_eq!(normalize("Bäcker-Groß.de").unwrap(), "xn--bcker-gro-o1a0c.de");
    }

    #[test]
    fn refuses_what_dns_refuses() {
        for bad in [
            "",
            ".",
            "a..b",
            "-a.de",
            "a-.de",
            "a b.de",
            "ä b.de",
            &"x".repeat(64),
        ] {
            assert!(normalize(bad).is_err(), "{bad}");
        }
    }
}

//! `$metadata`: the types that are served here, as libraries for OData read them (CSDL, XML). Nobody has to be signed in.
//!
//! The document is made from the tables of properties and routes (`metadata_made.rs`) when the program is made, not when
//! it is asked for.

use super::answer::Answer;

const DOCUMENT: &str = include_str!("metadata.xml");

/// `/v1.0/$metadata`
pub fn is_asked(path: &str) -> bool {
    let rest = path.trim_matches('/').split_once('/').map(|(_, rest)| rest);
    rest.is_some_and(|r| r.eq_ignore_ascii_case("$metadata"))
}

pub fn answer() -> Answer {
    Answer::bytes("application/xml", DOCUMENT.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::is_asked;

    #[test]
    fn it_has_one_address_a_version() {
        assert!(is_asked("/v1.0/$metadata") && is_asked("/beta/$Metadata/"));
        assert!(!is_asked("/v1.0/me/$metadata") && !is_asked("/$metadata"));
    }
}

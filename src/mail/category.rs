//! Categories, as Graph and Gmail have them, as IMAP keywords and back: one word for both, so that every program shows the same.
//!
//! A keyword is an atom; what an atom cannot hold is written `=XX`, as quoted-printable does.

use crate::model::Keywords;

/// Keywords of programs, which nobody has chosen as a category.
const TECHNICAL: [&str; 5] = ["junk", "nonjunk", "notjunk", "forwarded", "mdnsent"];

pub fn categories(keywords: &Keywords) -> Vec<String> {
    keywords
        .iter()
        .filter(|k| !k.starts_with('$') && !TECHNICAL.iter().any(|t| k.eq_ignore_ascii_case(t)))
        .map(from_keyword)
        .collect()
}

/// None: too long or empty.
pub fn to_keyword(category: &str) -> Option<String> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.+!#&':;<>?@^`|~,/".contains(&b);
    let category = category.trim();
    if category.is_empty() || category.len() > 255 {
        return None;
    }
    let encoded = category.bytes().fold(String::new(), |mut out, b| {
        if is_plain(b) {
            out.push(b as char);
        } else {
            out.push_str(&format!("={b:02X}"));
        }
        out
    });
    Some(encoded)
}

pub fn from_keyword(keyword: &str) -> String {
    let bytes = keyword.as_bytes();
    let (mut out, mut i) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(b) = bytes.get(i) {
        let code = (*b == b'=').then(|| keyword.get(i + 1..i + 3)).flatten();
        let code = code.and_then(|c| u8::from_str_radix(c, 16).ok());
        out.push(code.unwrap_or(*b));
        i += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).unwrap_or_else(|_| keyword.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_come_back() {
        let wanted = ["Rote Kategorie", "Büro (1)", "a=b", "plain"];
        let keywords: Keywords = wanted
            .iter()
            .filter_map(|c| to_keyword(c))
            .chain(["$Forwarded".into(), "NonJunk".into()])
            .collect();
        assert_eq!(categories(&keywords), wanted);
        assert_eq!(to_keyword("Rote Kategorie").unwrap(), "Rote=20Kategorie");
        assert_eq!(to_keyword(" "), None);
    }
}

//! `$expand`: what belongs to a resource, given along with it, each with options of its own.

use super::error::GraphError;
use super::query::Query;

/// One name of `$expand`.
#[derive(Clone, Debug)]
pub struct Expanded {
    /// In lower case, without the namespace.
    pub name: String,
    pub options: Query,
}

/// `childFolders($top=9;$select=id),attachments`. `known`: in lower case. Errors: BadRequest that names what cannot be expanded.
pub fn parse(text: Option<&str>, known: &[&str]) -> Result<Vec<Expanded>, GraphError> {
    let mut out = Vec::new();
    for part in split(text.unwrap_or_default(), ',') {
        let (name, options) = match part.split_once('(') {
            Some((name, rest)) => {
                let inner = rest.trim_end().strip_suffix(')');
                let inner = inner.ok_or_else(|| {
                    GraphError::request(format!(
                        "$expand cannot be read: »{part}« has a parenthesis that does not end"
                    ))
                })?;
                (name, inner)
            }
            None => (part, ""),
        };
        let lower = name.trim().to_ascii_lowercase().replace("microsoft.graph.", "");
        if !known.contains(&lower.as_str()) {
            return Err(GraphError::request(format!(
                "»{}« cannot be expanded here; known: {}",
                name.trim(),
                known.join(", ")
            )));
        }
        let options = Query::of_parts(split(options, ';').into_iter())?;
        out.push(Expanded { name: lower, options });
    }
    Ok(out)
}

/// At a separator outside of parentheses and quotes.
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut out, mut depth, mut is_quoted, mut start) = (Vec::new(), 0usize, false, 0);
    for (i, c) in text.char_indices() {
        match c {
            '\'' => is_quoted = !is_quoted,
            '(' if !is_quoted => depth += 1,
            ')' if !is_quoted => depth = depth.saturating_sub(1),
            _ if c == separator && depth == 0 && !is_quoted => {
                out.push(&text[start..i]);
                start = i + c.len_utf8();
            }
            _ => {}
        }
    }
    out.push(&text[start..]);
    out.retain(|p| !p.trim().is_empty());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocols::graph::query::Opt;

    #[test]
    fn names_come_with_options_of_their_own() {
        let text = "Attachments($select=id,name),singleValueExtendedProperties($filter=id eq 'a;(b' or id eq 'c';top=3)";
        let all = parse(Some(text), &["attachments", "singlevalueextendedproperties"]).unwrap();
        assert_eq!(all[0].options.get(Opt::Select), Some("id,name"));
        assert_eq!(all[1].options.get(Opt::Filter), Some("id eq 'a;(b' or id eq 'c'"));
        assert_eq!(all[1].options.get(Opt::Top), Some("3"));
        assert!(parse(Some("x"), &["attachments"]).is_err());
        assert!(parse(Some("attachments(a"), &["attachments"]).is_err());
        assert_eq!(parse(None, &[]).unwrap().len(), 0);
    }
}

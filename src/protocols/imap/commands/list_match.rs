//! LIST's patterns (RFC 9051 §6.3.9): `*` stands for anything, `%` for anything within one level.

/// Work is linear in the product of the lengths, whatever the pattern.
pub fn matches(pattern: &str, path: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    // Which prefixes of the path the pattern so far can stand for.
    let path: Vec<char> = path.chars().collect();
    let mut fits = vec![false; path.len() + 1];
    fits[0] = true;
    for p in pattern {
        let mut next = vec![false; path.len() + 1];
        match p {
            '*' | '%' => {
                let mut is_on = false;
                for i in 0..=path.len() {
                    if i > 0 && p == '%' && path[i - 1] == '/' {
                        is_on = false;
                    }
                    is_on |= fits[i];
                    next[i] = is_on;
                }
            }
            _ => {
                for i in 0..path.len() {
                    next[i + 1] = fits[i] && path[i] == p;
                }
            }
        }
        fits = next;
    }
    fits[path.len()]
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn star_crosses_levels_and_percent_does_not() {
        assert!(matches("*", "a/b/c"));
        assert!(!matches("%", "a/b"));
        assert!(matches("%/%", "a/b"));
        assert!(matches("a/%", "a/"));
        assert!(matches("a*c", "a/b/c"));
        assert!(!matches("a%c", "a/b/c"));
        assert!(matches("INBOX", "INBOX"));
        assert!(!matches("", "a"));
        assert!(matches("%*", "Größe/x"));
    }
}

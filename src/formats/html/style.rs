//! Inline styles: a list of harmless properties, values without functions that fetch or compute.

/// Properties that lay out or colour the element itself. No `position`, nothing that fetches, no animation.
const PROPERTIES: &[&str] = &[
    "background",
    "background-color",
    "border",
    "border-bottom",
    "border-bottom-color",
    "border-bottom-style",
    "border-bottom-width",
    "border-collapse",
    "border-color",
    "border-left",
    "border-left-color",
    "border-left-style",
    "border-left-width",
    "border-radius",
    "border-right",
    "border-right-color",
    "border-right-style",
    "border-right-width",
    "border-spacing",
    "border-style",
    "border-top",
    "border-top-color",
    "border-top-style",
    "border-top-width",
    "border-width",
    "box-sizing",
    "clear",
    "color",
    "direction",
    "display",
    "float",
    "font",
    "font-family",
    "font-size",
    "font-style",
    "font-variant",
    "font-weight",
    "height",
    "letter-spacing",
    "line-height",
    "list-style",
    "list-style-type",
    "margin",
    "margin-bottom",
    "margin-left",
    "margin-right",
    "margin-top",
    "max-height",
    "max-width",
    "min-height",
    "min-width",
    "overflow-wrap",
    "padding",
    "padding-bottom",
    "padding-left",
    "padding-right",
    "padding-top",
    "table-layout",
    "text-align",
    "text-decoration",
    "text-indent",
    "text-transform",
    "vertical-align",
    "white-space",
    "width",
    "word-break",
    "word-spacing",
    "word-wrap",
];

const FUNCTIONS: &[&str] = &["rgb", "rgba", "hsl", "hsla"];

/// The declarations that may stay, and how many remote addresses were among those that may not.
pub fn filter_style(style: &str) -> (String, usize) {
    let mut out = String::new();
    let mut remote = 0;
    for declaration in split_declarations(style) {
        remote += count_remote(declaration);
        let Some((property, value)) = declaration.split_once(':') else {
            continue;
        };
        let property = property.trim().to_ascii_lowercase();
        let value = value.trim();
        if PROPERTIES.contains(&&property[..]) && is_safe_value(&property, value) {
            if !out.is_empty() {
                out.push(';');
            }
            out.push_str(&property);
            out.push(':');
            out.push_str(value);
        }
    }
    (out, remote)
}

/// At semicolons outside of quotes and parentheses.
fn split_declarations(style: &str) -> Vec<&str> {
    let (mut out, mut start, mut quote, mut depth) = (Vec::new(), 0, None, 0usize);
    for (i, c) in style.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            (None, ';') if depth == 0 => {
                out.push(&style[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    out.push(&style[start..]);
    out
}

/// Escapes and comments hide things from filters, so no value has them; of functions only colours stay.
fn is_safe_value(property: &str, value: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || " #%.,-'\"()!+/".contains(c);
    if value.is_empty() || value.len() > 500 || !value.chars().all(is_plain) || value.contains("/*") {
        return false;
    }
    let mut rest = value;
    while let Some(open) = rest.find('(') {
        let name = rest[..open]
            .rsplit(|c: char| !c.is_ascii_alphabetic())
            .next()
            .unwrap_or_default();
        if !FUNCTIONS.iter().any(|f| f.eq_ignore_ascii_case(name)) {
            return false;
        }
        rest = &rest[open + 1..];
    }
    // Negative distances push text over its neighbours or out of sight.
    let is_distance = property.starts_with("margin") || property.starts_with("text-indent");
    let is_negative = value.starts_with('-') || value.contains(" -");
    !(is_distance && is_negative)
}

fn count_remote(declaration: &str) -> usize {
    let lower = declaration.to_ascii_lowercase();
    let targets = lower.match_indices("url(").map(|(at, _)| &lower[at + 4..]);
    let is_remote = |target: &str| {
        let target = target.trim_start_matches([' ', '"', '\'']);
        target.starts_with("http:") || target.starts_with("https:") || target.starts_with("//")
    };
    targets.filter(|t| is_remote(t)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_harmless_and_counts_the_remote() {
        for (style, want, remote) in [
            ("color: red; Font-Size:12px;", "color:red;font-size:12px", 0),
            (
                "background:url(https://x/a.png) red; color:rgb(1, 2,3)",
                "color:rgb(1, 2,3)",
                1,
            ),
            ("background-image:url('//x;y')", "", 1),
            ("width:expression(alert(1))", "", 0),
            ("position:absolute;top:0;z-index:9", "", 0),
            ("color:r\\65 d; color:/**/red; color:red}x{", "", 0),
            ("margin:-9999px; margin:0 -5px; padding:5px", "padding:5px", 0),
            (
                "font-family:\"Segoe UI\", Arial",
                "font-family:\"Segoe UI\", Arial",
                0,
            ),
            ("font-family:'a; color:red'", "", 0),
            ("", "", 0),
        ] {
            assert_eq!(filter_style(style), (want.to_owned(), remote), "{style}");
        }
    }
}

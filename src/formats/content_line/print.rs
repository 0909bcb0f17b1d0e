//! Writing components as content lines: folded at 75 octets (RFC 5545 §3.1), parameter values quoted and escaped where
//! they must be (RFC 6868).

use super::{Component, Property};

/// Octets of a line without its end.
const LINE: usize = 75;

/// The component as text; lines end with CRLF.
pub fn print_component(component: &Component) -> String {
    let mut out = String::new();
    print_into(component, &mut out);
    out
}

fn print_into(component: &Component, out: &mut String) {
    fold(&format!("BEGIN:{}", component.name), out);
    for property in &component.properties {
        fold(&print_property(property), out);
    }
    for part in &component.parts {
        print_into(part, out);
    }
    fold(&format!("END:{}", component.name), out);
}

fn print_property(property: &Property) -> String {
    let mut line = match &property.group {
        Some(group) => format!("{group}.{}", property.name),
        None => property.name.clone(),
    };
    for (name, values) in &property.params {
        line.push(';');
        line.push_str(name);
        line.push('=');
        let values: Vec<String> = values.iter().map(|v| param_value(v)).collect();
        line.push_str(&values.join(","));
    }
    line.push(':');
    // A value is one line.
    line.extend(property.value.chars().filter(|c| !matches!(c, '\r' | '\n')));
    line
}

fn param_value(value: &str) -> String {
    let escaped: String = value
        .chars()
        .filter(|c| *c != '\r')
        .map(|c| match c {
            '^' => "^^".to_owned(),
            '\n' => "^n".to_owned(),
            '"' => "^'".to_owned(),
            c => c.to_string(),
        })
        .collect();
    match escaped.contains([':', ';', ',']) {
        true => format!("\"{escaped}\""),
        false => escaped,
    }
}

fn fold(line: &str, out: &mut String) {
    let mut width = 0;
    for c in line.chars() {
        if width + c.len_utf8() > LINE {
            out.push_str("\r\n ");
            width = 1;
        }
        out.push(c);
        width += c.len_utf8();
    }
    out.push_str("\r\n");
}

/// Text as a value (RFC 5545 §3.3.11).
pub fn escape_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            ';' => out.push_str("\\;"),
            ',' => out.push_str("\\,"),
            '\n' => out.push_str("\\n"),
            '\r' => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::content_line::{read_component, unescape};

    #[test]
    fn what_is_written_reads_back() {
        let raw = format!(
            "BEGIN:A\r\nX;CN=\"Berg, ^'Anna^' ^^n\";Y=1,2:{}\r\nBEGIN:B\r\nZ:1\r\nEND:B\r\nEND:A\r\n",
            "größe".repeat(40)
        );
        let read = read_component(raw.as_bytes()).unwrap();
        let text = print_component(&read);
        assert!(text.split("\r\n").all(|l| l.len() <= 75), "{text}");
        let mut again = read_component(text.as_bytes()).unwrap();
        assert_eq!(again.properties[0].param("CN"), Some("Berg, \"Anna\" ^n"));
        // Folding moves lines.
        again.parts[0].line = read.parts[0].line;
        again.parts[0].properties[0].line = read.parts[0].properties[0].line;
        assert_eq!(again, read);
    }

    #[test]
    fn text_cannot_begin_another_line() {
        let text = "a,b;c\\d\r\ne";
        assert_eq!(unescape(&escape_text(text)), "a,b;c\\d\ne");
        let mut c = Component {
            name: "A".into(),
            ..Component::default()
        };
        c.set("X", "1\r\nEND:A");
        assert_eq!(print_component(&c), "BEGIN:A\r\nX:1END:A\r\nEND:A\r\n");
    }
}

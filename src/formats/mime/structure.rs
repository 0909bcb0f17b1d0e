//! The tree of parts of a message: one pass over the lines, no recursion, bounded depth and count.
//!
//! Finds where each part's header and body begin and end and which known fields it has; RFC 2046 §5.
//! What the fields say is read by `part`, `digest` and the printers.

use crate::formats::mime::content_type::Parameterized;
use crate::formats::mime::field::{self, Known, Step};
use crate::formats::mime::transfer::Encoding;

/// Parts deeper than this are not looked into.
pub const MAX_DEPTH: usize = 64;
/// What comes behind them is not looked into.
pub const MAX_PARTS: usize = 10_000;
/// Known fields remembered of one part.
const MAX_KNOWN_FIELDS: usize = 1_000;

/// All nodes in the order of the message: a parent before its children.
pub struct Structure<'a> {
    pub raw: &'a [u8],
    pub nodes: Vec<Node>,
    fields: Vec<(Known, usize, usize)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Leaf,
    Multipart,
    /// message/rfc822 or message/global: its only child is the message inside.
    Message,
}

/// One part. Offsets are in `raw`; the header is `header_start..body_start`, empty line included.
#[derive(Clone, Debug)]
pub struct Node {
    pub parent: Option<usize>,
    pub kind: Kind,
    pub header_start: usize,
    pub body_start: usize,
    pub body_end: usize,
    /// Line ends in the body.
    pub lines: usize,
    /// Lower case.
    pub main_type: String,
    pub sub_type: String,
    pub content_type: Parameterized,
    pub encoding: Encoding,
    fields_start: usize,
    fields_end: usize,
}

impl<'a> Structure<'a> {
    /// Reads the whole message. Offsets beyond 4 GiB do not exist: the store refuses such messages.
    pub fn parse(raw: &'a [u8]) -> Structure<'a> {
        let mut scanner = Scanner {
            raw,
            pos: 0,
            lines: 0,
            nodes: Vec::new(),
            fields: Vec::new(),
            open: Vec::new(),
        };
        scanner.run();
        Structure {
            raw,
            nodes: scanner.nodes,
            fields: scanner.fields,
        }
    }

    /// The values of a node's fields of that name, in order, folds included.
    pub fn values(&self, node: &Node, name: Known) -> impl Iterator<Item = &'a [u8]> + '_ {
        let raw = self.raw;
        self.fields[node.fields_start..node.fields_end]
            .iter()
            .filter(move |(known, _, _)| *known == name)
            .map(move |(_, start, end)| &raw[*start..*end])
    }

    /// The first value of that name.
    pub fn value(&self, node: &Node, name: Known) -> Option<&'a [u8]> {
        self.values(node, name).next()
    }

    /// The last value of that name: DKIM signs from the bottom up, so the last one is the one that is vouched for.
    pub fn last_value(&self, node: &Node, name: Known) -> Option<&'a [u8]> {
        self.values(node, name).last()
    }

    pub fn body(&self, node: &Node) -> &'a [u8] {
        &self.raw[node.body_start..node.body_end]
    }

    /// The direct children of each node, by node index.
    pub fn children(&self) -> Vec<Vec<usize>> {
        let mut children = vec![Vec::new(); self.nodes.len()];
        for (index, node) in self.nodes.iter().enumerate() {
            if let Some(parent) = node.parent {
                children[parent].push(index);
            }
        }
        children
    }
}

/// A part whose end has not been seen.
struct Open {
    node: usize,
    /// Only multiparts whose closing delimiter has not been seen.
    boundary: Option<Vec<u8>>,
    /// Line ends before its body.
    lines_before: usize,
}

struct Scanner<'a> {
    raw: &'a [u8],
    pos: usize,
    /// Line ends before `pos`.
    lines: usize,
    nodes: Vec<Node>,
    fields: Vec<(Known, usize, usize)>,
    open: Vec<Open>,
}

/// A delimiter line of the multipart at this place of the stack.
struct Delimiter {
    level: usize,
    is_close: bool,
}

impl Scanner<'_> {
    fn run(&mut self) {
        let mut next_has_header = true;
        loop {
            if next_has_header {
                self.read_part_header();
                // The message inside a message begins at once.
                if self.is_message_on_top() {
                    continue;
                }
            }
            match self.skip_to_delimiter() {
                Some((delimiter, line_start)) => next_has_header = self.apply(delimiter, line_start),
                None => break,
            }
        }
        let (end, lines) = (self.raw.len(), self.lines);
        self.close_down_to(0, end, lines);
    }

    fn is_message_on_top(&self) -> bool {
        self.open
            .last()
            .is_some_and(|top| self.nodes[top.node].kind == Kind::Message)
    }

    /// Reads a header at `pos` and opens its part.
    fn read_part_header(&mut self) {
        let header_start = self.pos;
        let fields_start = self.fields.len();
        loop {
            // A part may end before its header does.
            if self.raw[self.pos..].starts_with(b"--") && self.delimiter_at(self.pos).is_some() {
                break;
            }
            match field::step(self.raw, self.pos) {
                Step::Body(start) => {
                    self.advance(start);
                    break;
                }
                Step::Field(field) => {
                    let known = Known::from_name(field.name);
                    if let Some(known) = known
                        && self.fields.len() - fields_start < MAX_KNOWN_FIELDS
                    {
                        let value_end = field.value_start + field.value.len();
                        self.fields.push((known, field.value_start, value_end));
                    }
                    let end = field.end;
                    self.advance(end);
                }
            }
        }
        self.open_part(header_start, fields_start);
    }

    fn open_part(&mut self, header_start: usize, fields_start: usize) {
        let parent = self.open.last().map(|top| top.node);
        let mut node = Node {
            parent,
            kind: Kind::Leaf,
            header_start,
            body_start: self.pos,
            body_end: self.raw.len(),
            lines: 0,
            main_type: "text".into(),
            sub_type: "plain".into(),
            content_type: Parameterized::default(),
            encoding: Encoding::SevenBit,
            fields_start,
            fields_end: self.fields.len(),
        };
        let find = |name| {
            let (_, start, end) = self.fields[fields_start..]
                .iter()
                .find(|(known, _, _)| *known == name)?;
            Some(&self.raw[*start..*end])
        };
        if let Some(value) = find(Known::ContentTransferEncoding) {
            node.encoding = Encoding::from_value(value);
        }
        if let Some(value) = find(Known::ContentType) {
            node.content_type = Parameterized::parse(value);
        }
        let in_digest = parent
            .is_some_and(|p| self.nodes[p].kind == Kind::Multipart && self.nodes[p].sub_type == "digest");
        match node.content_type.media_type() {
            Some((main, sub)) => (node.main_type, node.sub_type) = (main, sub),
            // RFC 2046 §5.1.5: the default inside a digest.
            None if in_digest => {
                (node.main_type, node.sub_type) = ("message".into(), "rfc822".into());
            }
            None => {}
        }
        let mut boundary = None;
        match (&node.main_type[..], &node.sub_type[..]) {
            ("multipart", _) => {
                boundary = node
                    .content_type
                    .raw("boundary")
                    .filter(|b| !b.is_empty())
                    .map(<[u8]>::to_vec);
                if boundary.is_some() {
                    node.kind = Kind::Multipart;
                } else {
                    // A multipart without a boundary has no parts; its text is shown as it is.
                    node.make_opaque("text", "plain");
                }
            }
            ("message", "rfc822" | "global") => node.kind = Kind::Message,
            _ => {}
        }
        if node.kind != Kind::Leaf && (self.open.len() >= MAX_DEPTH || self.nodes.len() >= MAX_PARTS - 1) {
            node.make_opaque("application", "octet-stream");
            boundary = None;
        }
        self.open.push(Open {
            node: self.nodes.len(),
            boundary,
            lines_before: self.lines,
        });
        self.nodes.push(node);
    }

    /// Moves on to `end`, counting lines.
    fn advance(&mut self, end: usize) {
        self.lines += self.raw[self.pos..end].iter().filter(|b| **b == b'\n').count();
        self.pos = end;
    }

    /// Skips lines until one is a delimiter; `pos` is then behind that line.
    fn skip_to_delimiter(&mut self) -> Option<(Delimiter, usize)> {
        let is_bounded = self.open.iter().any(|o| o.boundary.is_some());
        while self.pos < self.raw.len() {
            let start = self.pos;
            let end = field::line_end(self.raw, start);
            self.pos = end;
            let found = if is_bounded && self.raw[start..end].starts_with(b"--") {
                self.delimiter_at(start)
            } else {
                None
            };
            if let Some(delimiter) = found {
                return Some((delimiter, start));
            }
            self.lines += usize::from(self.raw[end - 1] == b'\n');
        }
        None
    }

    /// The line at `start` as a delimiter of an open multipart. RFC 2046 §5.1.1: it is enough that the line begins
    /// with the boundary; where several fit, one being the start of another, the longest is meant, then the innermost.
    fn delimiter_at(&self, start: usize) -> Option<Delimiter> {
        let line = &self.raw[start + 2..field::line_end(self.raw, start)];
        let mut best: Option<(usize, Delimiter)> = None;
        for (level, open) in self.open.iter().enumerate().rev() {
            let Some(boundary) = open.boundary.as_deref().map(<[u8]>::trim_ascii_end) else {
                continue;
            };
            let is_longer = best.as_ref().is_none_or(|(length, _)| boundary.len() > *length);
            if let Some(rest) = line.strip_prefix(boundary).filter(|_| is_longer) {
                best = Some((
                    boundary.len(),
                    Delimiter {
                        level,
                        is_close: rest.starts_with(b"--"),
                    },
                ));
            }
        }
        best.map(|(_, delimiter)| delimiter)
    }

    /// Closes what the delimiter ends. Returns whether a new part begins behind it.
    fn apply(&mut self, delimiter: Delimiter, line_start: usize) -> bool {
        // The line end before the delimiter belongs to it, not to the part (RFC 2046 §5.1.1).
        let before = &self.raw[..line_start];
        let part_end = field::strip_line_end(before).len();
        let lines = self.lines - usize::from(part_end < line_start);
        self.close_down_to(delimiter.level + 1, part_end, lines);
        self.lines += usize::from(self.raw[..self.pos].ends_with(b"\n"));
        if delimiter.is_close {
            self.open[delimiter.level].boundary = None;
            return false;
        }
        self.nodes.len() < MAX_PARTS
    }

    /// Ends every open part above that level.
    fn close_down_to(&mut self, level: usize, end: usize, lines: usize) {
        while self.open.len() > level {
            if let Some(open) = self.open.pop() {
                let node = &mut self.nodes[open.node];
                // A part without a body ends where its header does.
                node.body_start = node.body_start.min(self.raw.len());
                node.body_end = end.max(node.body_start);
                node.lines = lines.saturating_sub(open.lines_before);
            }
        }
    }
}

impl Node {
    fn make_opaque(&mut self, main: &str, sub: &str) {
        self.kind = Kind::Leaf;
        self.content_type = Parameterized::default();
        self.content_type.value = format!("{main}/{sub}").into_bytes();
        (self.main_type, self.sub_type) = (main.into(), sub.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `type/subtype "body"` of every node, indented by depth.
    fn outline(raw: &str) -> Vec<String> {
        let structure = Structure::parse(raw.as_bytes());
        let mut depths: Vec<usize> = Vec::new();
        let mut out = Vec::new();
        for node in &structure.nodes {
            let depth = node.parent.map_or(0, |p| depths[p] + 1);
            depths.push(depth);
            let body = match node.kind {
                Kind::Leaf => format!(" {:?}", String::from_utf8_lossy(structure.body(node))),
                _ => String::new(),
            };
            out.push(format!(
                "{}{}/{}{body}",
                " ".repeat(depth),
                node.main_type,
                node.sub_type
            ));
        }
        out
    }

    #[test]
    fn splits_nested_multiparts() {
        let raw = "Content-Type: multipart/mixed; boundary=o\n\npre\n--o\nContent-Type: multipart/alternative;\n \
                   boundary=\"o-i\"\n\n--o-i\n\na\n\n--o-i\nContent-Type: text/html\n\nb\n--o-i--\nepi\n--o \n\nc\n--o--\nend";
        assert_eq!(
            outline(raw),
            [
                "multipart/mixed",
                " multipart/alternative",
                "  text/plain \"a\\n\"",
                "  text/html \"b\"",
                " text/plain \"c\"",
            ]
        );
    }

    #[test]
    fn an_outer_delimiter_ends_everything_inside() {
        let raw = "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: message/rfc822\n\nSubject: x\n\
                   Content-Type: multipart/mixed; boundary=i\n\n--i\n\na\n--o\nA: b\n--o--\n";
        assert_eq!(
            outline(raw),
            [
                "multipart/mixed",
                " message/rfc822",
                "  multipart/mixed",
                "   text/plain \"a\"",
                " text/plain \"\"",
            ]
        );
    }

    #[test]
    fn a_digest_holds_messages_and_a_multipart_without_boundary_is_text() {
        let raw = "Content-Type: multipart/digest; boundary=o\n\n--o\n\nSubject: x\n\nhi\n--o--";
        assert_eq!(
            outline(raw),
            ["multipart/digest", " message/rfc822", "  text/plain \"hi\""]
        );
        assert_eq!(
            outline("Content-Type: multipart/mixed\n\nhi"),
            ["text/plain \"hi\""]
        );
    }

    #[test]
    fn the_longest_boundary_that_fits_is_meant() {
        let raw = "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=b--x\n\n\
                   --b--x\n\none\n--b--x--\n--b \t\n\ntwo\n--b--\n";
        assert_eq!(
            outline(raw),
            [
                "multipart/mixed",
                " multipart/mixed",
                "  text/plain \"one\"",
                " text/plain \"two\""
            ]
        );
    }

    #[test]
    fn counts_and_depth_are_bounded() {
        let mut deep = String::new();
        for i in 0..10_000 {
            deep.push_str(&format!(
                "Content-Type: multipart/mixed; boundary=b{i:05}\n\n--b{i:05}\n"
            ));
        }
        assert_eq!(Structure::parse(deep.as_bytes()).nodes.len(), MAX_DEPTH + 1);
        let wide = format!(
            "Content-Type: multipart/mixed; boundary=b\n\n{}",
            "--b\n\n".repeat(1_000_000)
        );
        assert_eq!(Structure::parse(wide.as_bytes()).nodes.len(), MAX_PARTS);
    }
}

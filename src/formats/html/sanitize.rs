//! HTML mails made harmless: a strict list of elements and attributes, no remote content unless it goes through
//! the given proxy, links that open elsewhere. The page shows the result in a sandboxed frame besides.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ammonia::{Builder, UrlRelative};

use crate::base::text::cut;
use crate::formats::html::style::filter_style;

/// What happens to pictures from elsewhere; fetching one tells its owner who reads the mail, when and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Images {
    Block,
    /// As they are: for readers that decide themselves.
    Keep,
    /// Their address, percent-encoded, is appended to this prefix.
    Proxy(String),
}

pub struct Options<'a> {
    pub images: Images,
    /// The address under which a part with that content id is shown.
    pub cid: &'a dyn Fn(&str) -> Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sanitized {
    pub html: String,
    /// Addresses elsewhere that were removed or sent through the proxy.
    pub remote_images: usize,
}

/// What is behind is not shown: parsing builds a tree many times this size.
const MAX_BYTES: usize = 2_000_000;
/// Some of the parser's steps walk all open elements; no layout nests its tables that deep.
const MAX_OPEN: usize = 400;

const TAGS: &[&str] = &[
    "a",
    "abbr",
    "address",
    "article",
    "b",
    "bdi",
    "bdo",
    "big",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "font",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "main",
    "mark",
    "nav",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "section",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
    "wbr",
];

/// Removed with everything inside; all other unknown elements only lose their tags.
const CONTENT_TAGS: &[&str] = &[
    "applet", "audio", "canvas", "embed", "frameset", "iframe", "math", "noembed", "noframes", "noscript",
    "object", "option", "script", "select", "style", "svg", "template", "textarea", "title", "video", "xmp",
];

const GENERIC_ATTRIBUTES: &[&str] = &[
    "align",
    "background",
    "bgcolor",
    "border",
    "cellpadding",
    "cellspacing",
    "color",
    "colspan",
    "dir",
    "face",
    "height",
    "hspace",
    "lang",
    "nowrap",
    "rowspan",
    "size",
    "style",
    "title",
    "type",
    "valign",
    "vspace",
    "width",
];

const SCHEMES: &[&str] = &["http", "https", "mailto", "tel", "cid", "data"];

pub fn sanitize(html: &str, options: &Options) -> Sanitized {
    let html = limit_depth(cut(html, MAX_BYTES));
    let filter = Filter {
        images: options.images.clone(),
        cids: resolve_cids(html, options.cid),
        remote: Arc::new(AtomicUsize::new(0)),
        found: None,
    };
    let remote = filter.remote.clone();
    let html = clean(html, filter);
    Sanitized {
        html,
        remote_images: remote.load(Ordering::Relaxed),
    }
}

fn clean(html: &str, filter: Filter) -> String {
    let set = |names: &'static [&'static str]| names.iter().copied().collect::<HashSet<_>>();
    let attributes = HashMap::from([
        ("a", HashSet::from(["href"])),
        ("img", HashSet::from(["src", "srcset", "alt"])),
        ("ol", HashSet::from(["start"])),
        ("col", HashSet::from(["span"])),
        ("time", HashSet::from(["datetime"])),
    ]);
    let mut builder = Builder::empty();
    builder
        .tags(set(TAGS))
        .clean_content_tags(set(CONTENT_TAGS))
        .generic_attributes(set(GENERIC_ATTRIBUTES))
        .tag_attributes(attributes)
        .url_schemes(set(SCHEMES))
        // Relative addresses mean nothing in a mail; the filter drops them.
        .url_relative(UrlRelative::PassThrough)
        .link_rel(Some("noopener noreferrer"))
        .set_tag_attribute_value("a", "target", "_blank")
        .attribute_filter(move |element, name, value| filter.attribute(element, name, value));
    builder.clean(html).to_string()
}

/// The addresses of pictures elsewhere, as [`Images::Proxy`] has them.
pub fn remote_addresses(html: &str) -> HashSet<String> {
    let found = Arc::new(Mutex::new(HashSet::new()));
    let filter = Filter {
        images: Images::Block,
        cids: HashMap::new(),
        remote: Arc::default(),
        found: Some(found.clone()),
    };
    // The same way as when they were shown, so that neither finds what the other does not.
    let _ = clean(limit_depth(cut(html, MAX_BYTES)), filter);
    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
    std::mem::take(&mut *found)
}

struct Filter {
    images: Images,
    cids: HashMap<String, String>,
    remote: Arc<AtomicUsize>,
    /// The addresses, where somebody asks for them.
    found: Option<Arc<Mutex<HashSet<String>>>>,
}

impl Filter {
    fn attribute<'v>(&self, element: &str, name: &str, value: &'v str) -> Option<Cow<'v, str>> {
        match name {
            "href" => is_safe_link(value).then_some(Cow::Borrowed(value)),
            // The filter also sees elements that are then removed.
            "src" if element != "img" => None,
            "src" | "background" => self.image(value).map(Cow::Owned),
            "srcset" => {
                self.remote.fetch_add(
                    value.split(',').filter(|v| is_remote(v)).count(),
                    Ordering::Relaxed,
                );
                None
            }
            "style" => {
                let (style, remote) = filter_style(value);
                self.remote.fetch_add(remote, Ordering::Relaxed);
                (!style.is_empty()).then_some(Cow::Owned(style))
            }
            // The only use of type that is not an input's: lists and quotes.
            "type" if !matches!(element, "blockquote" | "ol" | "ul" | "li") => None,
            _ => Some(Cow::Borrowed(value)),
        }
    }

    fn image(&self, value: &str) -> Option<String> {
        let value = value.trim();
        if let Some(id) = strip_scheme(value, "cid:") {
            return self.cids.get(id).cloned();
        }
        if let Some(data) = strip_scheme(value, "data:") {
            let kinds = [
                "image/png;",
                "image/jpeg;",
                "image/jpg;",
                "image/gif;",
                "image/webp;",
            ];
            return kinds
                .iter()
                .any(|k| strip_scheme(data, k).is_some())
                .then(|| value.to_owned());
        }
        if !is_remote(value) {
            return None;
        }
        self.remote.fetch_add(1, Ordering::Relaxed);
        let absolute = if value.starts_with("//") {
            format!("https:{value}")
        } else {
            value.to_owned()
        };
        if let Some(found) = &self.found {
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            found.insert(absolute.clone());
        }
        match &self.images {
            Images::Block => None,
            Images::Keep => Some(value.to_owned()),
            Images::Proxy(prefix) => Some(format!("{prefix}{}", percent_encode(&absolute))),
        }
    }
}

fn strip_scheme<'v>(value: &'v str, scheme: &str) -> Option<&'v str> {
    let head = value.get(..scheme.len())?;
    head.eq_ignore_ascii_case(scheme).then(|| &value[scheme.len()..])
}

fn is_remote(value: &str) -> bool {
    let value = value.trim();
    ["http:", "https:", "//"]
        .iter()
        .any(|s| strip_scheme(value, s).is_some())
}

fn is_safe_link(value: &str) -> bool {
    let value = value.trim();
    let is_known = ["http://", "https://", "mailto:", "tel:"]
        .iter()
        .any(|s| strip_scheme(value, s).is_some());
    is_known && !value.contains(char::is_control)
}

fn percent_encode(text: &str) -> String {
    use std::fmt::Write;
    text.bytes()
        .fold(String::with_capacity(text.len() * 2), |mut out, b| {
            if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~') {
                out.push(b as char);
            } else {
                let _ = write!(out, "%{b:02X}");
            }
            out
        })
}

/// The filter outlives the caller's closure, so all ids of the text are looked up beforehand.
fn resolve_cids(html: &str, cid: &dyn Fn(&str) -> Option<String>) -> HashMap<String, String> {
    let mut found = HashMap::new();
    let lower = html.to_ascii_lowercase();
    for (at, _) in lower.match_indices("cid:").take(5_000) {
        let rest = cut(&html[at + 4..], 1_000);
        let end = rest
            .find(|c: char| c.is_whitespace() || "\"'<>()`".contains(c))
            .unwrap_or(rest.len());
        let id = rest[..end].replace("&amp;", "&");
        if found.contains_key(&id) {
            continue;
        }
        // RFC 2392 §2: the id is percent-encoded in the address; many do not care.
        let decoded = percent_decode(&id);
        if let Some(target) = cid(&id).or_else(|| cid(&decoded)) {
            found.insert(id, target);
        }
    }
    found
}

fn percent_decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = |b: &u8| (*b as char).to_digit(16);
        if let (b'%', [high, low, behind @ ..]) = (first, tail)
            && let (Some(high), Some(low)) = (hex(high), hex(low))
        {
            out.push((high << 4 | low) as u8);
            rest = behind;
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Cuts the text where more than [`MAX_OPEN`] elements would be open. Counts roughly; an end tag counts only
/// against its own name, because a wrong one leaves formatting open, to be opened again in every paragraph.
fn limit_depth(html: &str) -> &str {
    let bytes = html.as_bytes();
    let mut open: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut depth = 0usize;
    for (at, _) in html.match_indices('<') {
        let is_end = bytes.get(at + 1) == Some(&b'/');
        let rest = &bytes[at + 1 + usize::from(is_end)..];
        let length = rest
            .iter()
            .take(20)
            .take_while(|b| b.is_ascii_alphanumeric())
            .count();
        let name = rest[..length].to_ascii_lowercase();
        if name.is_empty() || closes_itself(&name) {
            continue;
        }
        let count = open.entry(name).or_default();
        if !is_end {
            *count += 1;
            depth += 1;
        } else if *count > 0 {
            *count -= 1;
            depth -= 1;
        }
        if depth > MAX_OPEN || open.len() > 1_000 {
            return &html[..at];
        }
    }
    html
}

/// Void elements, and those that their next sibling closes.
fn closes_itself(name: &[u8]) -> bool {
    const NAMES: [&[u8]; 16] = [
        b"br", b"img", b"hr", b"meta", b"link", b"input", b"col", b"wbr", b"p", b"li", b"td", b"tr", b"th",
        b"dt", b"dd", b"option",
    ];
    NAMES.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(html: &str) -> (String, usize) {
        let cid = |id: &str| (id == "a@b").then(|| "/parts/2".to_owned());
        let result = sanitize(
            html,
            &Options {
                images: Images::Block,
                cid: &cid,
            },
        );
        (result.html, result.remote_images)
    }

    #[test]
    fn keeps_layout_and_drops_everything_active() {
        for (html, want, remote) in [
            (
                "<p style=\"color:red;position:fixed\">a</p>",
                "<p style=\"color:red\">a</p>",
                0,
            ),
            ("<script>x</script><style>y</style>a<svg><a>b</a></svg>", "a", 0),
            ("<form action=x><input name=a><button>b</button></form>", "b", 0),
            (
                "<iframe src=//x></iframe><object data=x></object><embed src=x><base href=//x><meta http-equiv=refresh>",
                "",
                0,
            ),
            ("<p onclick=x id=a class=b name=c>a</p>", "<p>a</p>", 0),
            (
                "<a href=\"https://x.de/\" target=_top>a</a>",
                "<a href=\"https://x.de/\" target=\"_blank\" rel=\"noopener noreferrer\">a</a>",
                0,
            ),
            (
                "<a href=\"javascript:x\">a</a>",
                "<a target=\"_blank\" rel=\"noopener noreferrer\">a</a>",
                0,
            ),
            (
                "<a href=\" JaVa\tscript:x\">a</a>",
                "<a target=\"_blank\" rel=\"noopener noreferrer\">a</a>",
                0,
            ),
            ("<img src=\"https://x/p.gif\" width=1>", "<img width=\"1\">", 1),
            (
                "<img src=\"//x/p.gif\" srcset=\"https://x/a 1x, https://x/b 2x\">",
                "<img>",
                3,
            ),
            (
                "<img src=\"cid:a@b\"><img src=\"CID:a%40b\"><img src=cid:no>",
                "<img src=\"/parts/2\"><img src=\"/parts/2\"><img>",
                0,
            ),
            (
                "<img src=\"data:image/png;base64,AA\"><img src=\"data:image/svg+xml;x\">",
                "<img src=\"data:image/png;base64,AA\"><img>",
                0,
            ),
            (
                "<table background=\"http://x/a\"><tr><td bgcolor=red>a",
                "<table><tbody><tr><td bgcolor=\"red\">a</td></tr></tbody></table>",
                1,
            ),
            (
                "<div style=\"background:url(http://x/a)\">a</div>",
                "<div>a</div>",
                1,
            ),
            ("<!--[if mso]><b>x</b><![endif]-->a", "a", 0),
            (
                "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
                "<img>\"&gt;",
                0,
            ),
        ] {
            assert_eq!(clean(html), (want.to_owned(), remote), "{html}");
        }
    }

    #[test]
    fn a_proxy_gets_the_encoded_address() {
        let options = Options {
            images: Images::Proxy("/image?u=".into()),
            cid: &|_| None,
        };
        let result = sanitize("<img src=\"//x/a?b=c&amp;d\">", &options);
        assert_eq!(
            result.html,
            "<img src=\"/image?u=https%3A%2F%2Fx%2Fa%3Fb%3Dc%26d\">"
        );
        assert_eq!(result.remote_images, 1);
    }

    #[test]
    fn the_addresses_of_pictures_are_those_that_are_shown() {
        let html = "<img src='https://a.test/1.png?x=1&amp;y=2'><img src='//b.test/2'><img src='cid:x'><table background='http://c.test/3'>\
             <a href='https://d.test/4'>x</a><img src='javascript:1'><!-- <img src='https://e.test/5'> -->";
        let mut found: Vec<String> = remote_addresses(html).into_iter().collect();
        found.sort();
        assert_eq!(
            found,
            [
                "http://c.test/3",
                "https://a.test/1.png?x=1&y=2",
                "https://b.test/2"
            ]
        );
    }

    #[test]
    fn hostile_pages_end_soon() {
        for unit in [
            "<b>",
            "<table>",
            "<div>",
            "<a href=x>",
            "<p><b>",
            "<li>",
            "<font><p>",
            "<td>",
            "<",
            "cid:",
            "<b></p>",
            "</b><i>",
            "<b></i>",
            "<table><b>",
            "<dd><p>",
            "<ul><li>",
            "<p></b>",
        ] {
            let started = std::time::Instant::now();
            clean(&unit.repeat(60_000));
            println!("{unit}: {:?}", started.elapsed());
            assert!(started.elapsed().as_secs() < 20, "{unit}");
        }
    }
}

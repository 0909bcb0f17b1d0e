//! What a program would like of an answer (RFC 7240, RFC 8144): less of what is not there, or what was stored back at once.

use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prefer {
    /// Nothing of properties that are not there (§2.1), and of changes only what went wrong (§2.2). `Brief` of old means the same.
    pub is_minimal: bool,
    /// What was stored, or what stands in its way (§3).
    pub wants_representation: bool,
    /// What lies below, without the thing itself (§2.1.1).
    pub is_without_root: bool,
}

impl Prefer {
    pub fn of(request: &HttpRequest) -> Prefer {
        Prefer::read(request.headers())
    }

    fn read(headers: &HeaderMap) -> Prefer {
        let mut out = Prefer::default();
        let lines = headers.get_all("prefer").filter_map(|v| v.to_str().ok());
        for one in lines.flat_map(|l| l.split(',')) {
            let word = one.split(';').next().unwrap_or_default();
            let word: String = word.chars().filter(|c| !c.is_whitespace() && *c != '"').collect();
            match word.to_ascii_lowercase().as_str() {
                "return=minimal" | "return-minimal" => out.is_minimal = true,
                "return=representation" => out.wants_representation = true,
                "depth-noroot" => out.is_without_root = true,
                _ => {}
            }
        }
        let brief = headers.get("brief").and_then(|v| v.to_str().ok());
        out.is_minimal |= brief.is_some_and(|b| b.trim().eq_ignore_ascii_case("t"));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn wishes_come_in_one_line_or_several() {
        let of = |lines: &[(&'static str, &'static str)]| {
            let request = lines
                .iter()
                .fold(TestRequest::default(), |r, line| r.append_header(*line));
            Prefer::of(&request.to_http_request())
        };
        let all = of(&[
            ("Prefer", "respond-async, Return=\"minimal\"; x=1"),
            ("Prefer", "depth-noroot"),
        ]);
        assert!(all.is_minimal && all.is_without_root && !all.wants_representation);
        assert!(of(&[("Prefer", "return=representation")]).wants_representation);
        assert!(of(&[("Brief", "t")]).is_minimal);
        assert_eq!(of(&[("Prefer", "wait=10"), ("Brief", "f")]), Prefer::default());
    }
}

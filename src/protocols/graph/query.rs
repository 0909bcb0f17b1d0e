//! Query options: `$select`, `$top` and the like, with or without their dollar sign.

use super::error::GraphError;
use super::path::decode;

/// The options of OData that Graph knows. Others are somebody's own and are left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opt {
    Select,
    Top,
    Skip,
    OrderBy,
    Filter,
    Count,
    Expand,
    Search,
    SkipToken,
    DeltaToken,
    Format,
    /// Parameters of calendarView and its like, written without a dollar.
    StartDateTime,
    EndDateTime,
}

impl Opt {
    const NAMES: [(&'static str, Opt); 13] = [
        ("select", Opt::Select),
        ("top", Opt::Top),
        ("skip", Opt::Skip),
        ("orderby", Opt::OrderBy),
        ("filter", Opt::Filter),
        ("count", Opt::Count),
        ("expand", Opt::Expand),
        ("search", Opt::Search),
        ("skiptoken", Opt::SkipToken),
        ("deltatoken", Opt::DeltaToken),
        ("format", Opt::Format),
        ("startDateTime", Opt::StartDateTime),
        ("endDateTime", Opt::EndDateTime),
    ];

    fn from_name(name: &str) -> Option<Opt> {
        let found = Opt::NAMES.iter().find(|(n, _)| name.eq_ignore_ascii_case(n));
        found.map(|(_, o)| *o)
    }

    /// What stands before its name.
    fn mark(self) -> &'static str {
        match self {
            Opt::StartDateTime | Opt::EndDateTime => "",
            _ => "$",
        }
    }

    pub fn name(self) -> &'static str {
        let found = Opt::NAMES.iter().find(|(_, o)| *o == self);
        found.map_or("option", |(n, _)| n)
    }
}

/// The options of one request, each at most once, in their order.
#[derive(Clone, Debug, Default)]
pub struct Query {
    options: Vec<(Opt, String)>,
}

/// The most that `$top` may ask for.
pub const MAX_TOP: u64 = 1000;

impl Query {
    /// Errors: BadRequest for unknown options with a dollar sign, for repeated and for broken ones.
    pub fn parse(text: &str) -> Result<Query, GraphError> {
        let mut query = Query::default();
        for pair in text.split('&').filter(|p| !p.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let broken = || GraphError::request(format!("the query option »{pair}« cannot be read"));
            let name = decode(name).ok_or_else(broken)?;
            query.add(&name, decode(&value.replace('+', " ")).ok_or_else(broken)?)?;
        }
        Ok(query)
    }

    /// As [`Query::parse`], of options that are decoded already.
    pub fn of_parts<'p>(parts: impl Iterator<Item = &'p str>) -> Result<Query, GraphError> {
        let mut query = Query::default();
        for part in parts {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            query.add(name.trim(), value.to_owned())?;
        }
        Ok(query)
    }

    fn add(&mut self, name: &str, value: String) -> Result<(), GraphError> {
        let bare = name.strip_prefix('$');
        let Some(option) = Opt::from_name(bare.unwrap_or(name)) else {
            return match bare {
                Some(_) => Err(GraphError::request(format!(
                    "the query option »{name}« is not known"
                ))),
                None => Ok(()),
            };
        };
        if self.options.iter().any(|(o, _)| *o == option) {
            return Err(GraphError::request(format!(
                "the query option »{name}« is there twice"
            )));
        }
        self.options.push((option, value));
        Ok(())
    }

    /// Errors: BadRequest, naming the first option that is not among `known`.
    pub fn check(&self, known: &[Opt]) -> Result<(), GraphError> {
        let foreign = self
            .options
            .iter()
            .find(|(o, _)| !known.contains(o) && *o != Opt::Format);
        match foreign {
            Some((o, _)) => Err(GraphError::request(format!(
                "the query option ${} is not supported here",
                o.name()
            ))),
            None => Ok(()),
        }
    }

    pub fn get(&self, option: Opt) -> Option<&str> {
        let found = self.options.iter().find(|(o, _)| *o == option);
        found.map(|(_, v)| v.as_str().trim())
    }

    fn number(&self, option: Opt) -> Result<Option<u64>, GraphError> {
        let wrong =
            |text: &str| GraphError::request(format!("${} is to be a number, not »{text}«", option.name()));
        self.get(option)
            .map(|v| v.parse().map_err(|_| wrong(v)))
            .transpose()
    }

    /// `$skip` and `$top`, the latter 1 to [`MAX_TOP`].
    pub fn page(&self, default_top: u64) -> Result<(u64, u64), GraphError> {
        let skip = self.number(Opt::Skip)?.unwrap_or(0);
        // Larger offsets no folder has; SQLite's numbers end at 63 bits.
        let skip = skip.min(1 << 40);
        match self.number(Opt::Top)? {
            Some(0) => Err(GraphError::request("$top is to be 1 or more")),
            top => Ok((skip, top.unwrap_or(default_top).min(MAX_TOP))),
        }
    }

    /// Errors: BadRequest.
    pub fn wants_count(&self) -> Result<bool, GraphError> {
        match self.get(Opt::Count).map(str::to_ascii_lowercase).as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(GraphError::request(format!(
                "$count is to be true or false, not »{other}«"
            ))),
        }
    }

    /// The same options with another `$skip` or `$skiptoken`, which stands last: some clients cut it off there.
    pub fn with_last(&self, last: Opt, value: &str) -> String {
        let is_place = |o: &Opt| matches!(o, Opt::Skip | Opt::SkipToken | Opt::DeltaToken);
        let kept = self.options.iter().filter(|(o, _)| !is_place(o));
        let mut out: String = kept
            .map(|(o, v)| format!("{}{}={}&", o.mark(), o.name(), encode(v)))
            .collect();
        out.push_str(&format!("${}={}", last.name(), encode(value)));
        out
    }
}

/// Percent-encodes what may not stand in a query value; the letters that OData uses stay readable.
pub fn encode(text: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~$,/:;@()'*!".contains(&b);
    text.bytes().fold(String::new(), |mut out, b| {
        if is_plain(b) {
            out.push(b as char);
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_come_in_any_spelling() {
        let q = Query::parse("$TOP=5&skip=10&%24select=id,subject&foo=bar&$count=TRUE").unwrap();
        assert_eq!(q.page(10).unwrap(), (10, 5));
        assert_eq!(q.get(Opt::Select), Some("id,subject"));
        assert!(q.wants_count().unwrap());
        assert_eq!(
            q.with_last(Opt::Skip, "15"),
            "$top=5&$select=id,subject&$count=TRUE&$skip=15"
        );
    }

    #[test]
    fn wrong_options_are_named() {
        for bad in ["$foo=1", "$top=1&top=2", "$top=%zz"] {
            assert!(Query::parse(bad).is_err(), "{bad}");
        }
        for bad in ["$top=0", "$top=x", "$skip=-1"] {
            assert!(Query::parse(bad).unwrap().page(10).is_err(), "{bad}");
        }
        assert!(Query::parse("$search=x").unwrap().check(&[Opt::Top]).is_err());
    }
}

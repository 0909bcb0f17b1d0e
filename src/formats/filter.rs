//! Conditions on calendar objects and cards: components, properties, parameters, texts and times (RFC 4791 §9.7,
//! RFC 6352 §10.5), whoever spells them.

use super::content_line::{Component, Property};
use super::ical::CalendarObject;
use super::ical::alarms::rings_within;
use super::ical::expand::expand;
use super::ical::value::parse_time;
use super::ical::zone::{Zone, plain_seconds};
use std::collections::BTreeSet;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Contains,
    Equals,
    StartsWith,
    EndsWith,
}

/// Which letters are the same (RFC 4790 §9.2 and §9.3, RFC 5051).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collation {
    Octet,
    /// Case does not matter among the letters of ASCII.
    Ascii,
    /// Case does not matter.
    Unicode,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextMatch {
    pub text: String,
    pub how: How,
    pub is_negated: bool,
    pub collation: Collation,
}

impl TextMatch {
    fn fits(&self, value: &str) -> bool {
        let found = match self.collation {
            Collation::Octet => self.compare(value, &self.text),
            Collation::Ascii => self.compare(&value.to_ascii_lowercase(), &self.text.to_ascii_lowercase()),
            Collation::Unicode => self.compare(&value.to_lowercase(), &self.text.to_lowercase()),
        };
        found != self.is_negated
    }

    fn compare(&self, value: &str, text: &str) -> bool {
        match self.how {
            How::Contains => value.contains(text),
            How::Equals => value == text,
            How::StartsWith => value.starts_with(text),
            How::EndsWith => value.ends_with(text),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParamFilter {
    pub name: String,
    pub is_not_defined: bool,
    pub text: Option<TextMatch>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PropFilter {
    pub name: String,
    pub is_not_defined: bool,
    /// Seconds since 1970.
    pub window: Option<(i64, i64)>,
    pub texts: Vec<TextMatch>,
    pub params: Vec<ParamFilter>,
    /// One of the texts and parameters is enough.
    pub is_any: bool,
}

impl PropFilter {
    pub fn fits(&self, component: &Component) -> bool {
        let mut named = component.all(&self.name).peekable();
        if self.is_not_defined {
            return named.peek().is_none();
        }
        named.any(|p| self.fits_property(p))
    }

    fn fits_property(&self, property: &Property) -> bool {
        if let Some((from_s, to_s)) = self.window {
            let time = parse_time(&property.value).map(|w| plain_seconds(w.local));
            if !time.is_some_and(|t| (from_s..to_s).contains(&t)) {
                return false;
            }
        }
        let value = property.text();
        let mut all = self
            .texts
            .iter()
            .map(|t| t.fits(&value))
            .chain(self.params.iter().map(|p| fits_param(p, property)));
        if self.texts.is_empty() && self.params.is_empty() {
            return true;
        }
        if self.is_any {
            all.any(|f| f)
        } else {
            all.all(|f| f)
        }
    }
}

fn fits_param(filter: &ParamFilter, property: &Property) -> bool {
    let mut values = property
        .params
        .iter()
        .filter(|(n, _)| *n == filter.name)
        .flat_map(|(_, v)| v)
        .peekable();
    if filter.is_not_defined {
        return values.peek().is_none();
    }
    match &filter.text {
        None => values.peek().is_some(),
        Some(text) => values.any(|v| text.fits(v)),
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompFilter {
    pub name: String,
    pub is_not_defined: bool,
    /// Seconds since 1970.
    pub window: Option<(i64, i64)>,
    pub properties: Vec<PropFilter>,
    pub components: Vec<CompFilter>,
}

impl CompFilter {
    /// Whether the object fits; `self` is about its VCALENDAR.
    pub fn fits(&self, object: &CalendarObject, floating: &Zone) -> bool {
        if !self.properties.iter().all(|p| p.fits(&object.calendar)) {
            return false;
        }
        self.components.iter().all(|c| c.fits_top(object, floating))
    }

    fn fits_top(&self, object: &CalendarObject, floating: &Zone) -> bool {
        let named: Vec<usize> = (0..object.calendar.parts.len())
            .filter(|i| object.calendar.parts[*i].name == self.name)
            .collect();
        if self.is_not_defined {
            return named.is_empty();
        }
        let within: Option<BTreeSet<usize>> = self.window.map(|(from_s, to_s)| {
            let all = expand(object, floating, from_s, to_s);
            all.iter().map(|o| object.parts[o.part].component).collect()
        });
        named
            .iter()
            .any(|i| within.as_ref().is_none_or(|w| w.contains(i)) && self.fits_inside(object, *i, floating))
    }

    /// `index`: of a component within the calendar.
    fn fits_inside(&self, object: &CalendarObject, index: usize, floating: &Zone) -> bool {
        let component = &object.calendar.parts[index];
        self.properties.iter().all(|p| p.fits(component))
            && self.components.iter().all(|c| {
                let mut named = component.parts.iter().filter(|p| p.name == c.name).peekable();
                if c.is_not_defined {
                    return named.peek().is_none();
                }
                named.any(|n| {
                    c.fits_below(n)
                        && c.window
                            .is_none_or(|w| rings_within(object, index, n, floating, w))
                })
            })
    }

    /// Of what lies deeper, which has no times of its own.
    fn fits_below(&self, component: &Component) -> bool {
        self.properties.iter().all(|p| p.fits(component))
            && self.components.iter().all(|c| {
                let mut named = component.parts.iter().filter(|p| p.name == c.name).peekable();
                match c.is_not_defined {
                    true => named.peek().is_none(),
                    false => named.any(|n| c.fits_below(n)),
                }
            })
    }

    /// The window and the component that the whole filter is limited to, when it is.
    pub fn window(&self) -> Option<(i64, i64)> {
        match self.components.as_slice() {
            [one] if !one.is_not_defined => one.window,
            _ => None,
        }
    }

    /// Nothing but one kind of component within a window, or without one: the index alone can say.
    pub fn is_only_window(&self) -> Option<&str> {
        match self.components.as_slice() {
            [one]
                if self.properties.is_empty()
                    && one.properties.is_empty()
                    && one.components.is_empty()
                    && !one.is_not_defined =>
            {
                Some(&one.name)
            }
            _ => None,
        }
    }
}

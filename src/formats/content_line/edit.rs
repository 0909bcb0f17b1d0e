//! Changing components and properties in place.

use super::print::escape_text;
use super::{Component, Property};

impl Property {
    /// `name` in upper case.
    pub fn new(name: &str, value: impl Into<String>) -> Property {
        Property {
            name: name.to_owned(),
            value: value.into(),
            ..Property::default()
        }
    }

    /// With a text, escaped (RFC 5545 §3.3.11).
    pub fn of_text(name: &str, text: &str) -> Property {
        Property::new(name, escape_text(text))
    }

    /// The same with one parameter more, which it does not have yet.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Property {
        self.set_param(name, value);
        self
    }

    /// Gives a parameter this one value.
    pub fn set_param(&mut self, name: &str, value: impl Into<String>) {
        let values = vec![value.into()];
        match self.params.iter_mut().find(|(n, _)| n == name) {
            Some((_, old)) => *old = values,
            None => self.params.push((name.to_owned(), values)),
        }
    }

    /// Returns what it said.
    pub fn take_param(&mut self, name: &str) -> Option<String> {
        let at = self.params.iter().position(|(n, _)| n == name)?;
        self.params.remove(at).1.into_iter().next()
    }
}

impl Component {
    pub fn new(name: &str) -> Component {
        Component {
            name: name.to_owned(),
            ..Component::default()
        }
    }

    /// The one property of this name, in the place of all there are.
    pub fn put(&mut self, property: Property) {
        let at = self.properties.iter().position(|p| p.name == property.name);
        self.remove(&property.name);
        self.properties
            .insert(at.unwrap_or(self.properties.len()), property);
    }

    /// As [`Component::put`], with the value as it is to be written.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.put(Property::new(name, value));
    }

    pub fn set_text(&mut self, name: &str, text: &str) {
        self.set(name, escape_text(text));
    }

    /// As [`Component::set_text`]; nothing takes it away.
    pub fn put_text(&mut self, name: &str, text: Option<&str>) {
        match text.filter(|t| !t.is_empty()) {
            Some(text) => self.set_text(name, text),
            None => self.remove(name),
        }
    }

    /// As [`Component::put`], of those that may stand more than once.
    pub fn put_all(&mut self, name: &str, new: Vec<Property>) {
        let at = self.properties.iter().position(|p| p.name == name);
        self.remove(name);
        let at = at.unwrap_or(self.properties.len());
        self.properties.splice(at..at, new);
    }

    /// All properties of this name.
    pub fn remove(&mut self, name: &str) {
        self.properties.retain(|p| p.name != name);
    }
}

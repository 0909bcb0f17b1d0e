//! `$select`: which properties of a resource are wanted.

use super::error::GraphError;
use super::query::{Opt, Query};

/// What a resource type has.
pub struct Properties {
    /// Graph's name of the type.
    pub resource: &'static str,
    /// What is given when nothing is selected.
    pub usual: &'static [&'static str],
    /// What is given only when selected.
    pub further: &'static [&'static str],
}

/// The properties to give, in the schema's spelling.
#[derive(Clone, Debug)]
pub struct Select {
    names: Vec<&'static str>,
    /// As asked for, for the context of the answer; None: nothing was selected.
    asked: Option<String>,
}

impl Select {
    /// Errors: 400 that names what the type does not have.
    pub fn of(query: &Query, properties: &Properties) -> Result<Select, GraphError> {
        Select::of_text(query.get(Opt::Select), properties)
    }

    /// As [`Select::of`], for a text that was kept.
    pub fn of_text(text: Option<&str>, properties: &Properties) -> Result<Select, GraphError> {
        let Some(text) = text.filter(|t| !t.is_empty() && *t != "*") else {
            return Ok(Select::usual(properties));
        };
        let mut names = vec!["id"];
        for asked in text.split(',').map(str::trim).filter(|n| !n.is_empty()) {
            // A path such as from/emailAddress selects the whole of its first step.
            let first = asked.split('/').next().unwrap_or(asked);
            let all = properties.usual.iter().chain(properties.further);
            let found = all.copied().find(|n| n.eq_ignore_ascii_case(first));
            let name = found.ok_or_else(|| {
                GraphError::bad(
                    "RequestBroker--ParseUri",
                    format!(
                        "Could not find a property named '{first}' on type 'microsoft.graph.{}'.",
                        properties.resource
                    ),
                )
            })?;
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Ok(Select {
            names,
            asked: Some(text.to_owned()),
        })
    }

    pub fn usual(properties: &Properties) -> Select {
        Select {
            names: properties.usual.to_vec(),
            asked: None,
        }
    }

    /// All that the type has.
    pub fn whole(properties: &Properties) -> Select {
        Select {
            names: properties
                .usual
                .iter()
                .chain(properties.further)
                .copied()
                .collect(),
            asked: None,
        }
    }

    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.names.iter().copied()
    }

    pub fn has(&self, name: &str) -> bool {
        self.names.contains(&name)
    }

    pub fn is_asked(&self) -> bool {
        self.asked.is_some()
    }

    pub fn add(&mut self, name: &'static str) {
        if !self.has(name) {
            self.names.push(name);
        }
    }

    /// `(id,subject)` for the context URL, or nothing.
    pub fn context(&self) -> String {
        self.asked.as_ref().map_or_else(String::new, |a| format!("({a})"))
    }
}

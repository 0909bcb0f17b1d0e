//! Parts of an object: the components and properties that somebody wants of it (RFC 4791 §9.6, RFC 6352 §10.4), whoever
//! spells them.

use super::content_line::Component;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyWanted {
    /// Upper case.
    pub name: String,
    /// That it is there, and not what it says.
    pub is_without_value: bool,
}

/// What is wanted of a component; None means everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Upper case.
    pub name: String,
    pub properties: Option<Vec<PropertyWanted>>,
    pub components: Option<Vec<Selection>>,
}

impl Selection {
    /// Leaves what is wanted. What `self` is called does not matter: it is about this component.
    pub fn apply(&self, component: &mut Component) {
        if let Some(wanted) = &self.properties {
            component.properties.retain_mut(|p| {
                let found = wanted.iter().find(|w| w.name == p.name);
                if found.is_some_and(|w| w.is_without_value) {
                    p.value.clear();
                }
                found.is_some()
            });
        }
        let Some(wanted) = &self.components else { return };
        component.parts.retain_mut(|part| {
            let found = wanted.iter().find(|s| s.name == part.name);
            if let Some(selection) = found {
                selection.apply(part);
            }
            found.is_some()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::content_line::print::print_component;
    use crate::formats::content_line::read_component;

    #[test]
    fn only_what_is_wanted_is_left() {
        let raw = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTIMEZONE\r\nTZID:z\r\nEND:VTIMEZONE\r\n\
            BEGIN:VEVENT\r\nUID:u\r\nSUMMARY:s\r\nBEGIN:VALARM\r\nACTION:AUDIO\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        let mut calendar = read_component(raw.as_bytes()).unwrap();
        let property = |name: &str, is_without_value| PropertyWanted {
            name: name.to_owned(),
            is_without_value,
        };
        let event = Selection {
            name: "VEVENT".to_owned(),
            properties: Some(vec![property("UID", false), property("SUMMARY", true)]),
            components: Some(Vec::new()),
        };
        let zone = Selection {
            name: "VTIMEZONE".to_owned(),
            ..Selection::default()
        };
        let all = Selection {
            name: "VCALENDAR".to_owned(),
            properties: Some(vec![property("VERSION", false)]),
            components: Some(vec![event, zone]),
        };
        all.apply(&mut calendar);
        let expected = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTIMEZONE\r\nTZID:z\r\nEND:VTIMEZONE\r\n\
            BEGIN:VEVENT\r\nUID:u\r\nSUMMARY:\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        assert_eq!(print_component(&calendar), expected);
    }
}

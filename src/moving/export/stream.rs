//! One file for a whole calendar or address book, as programs import it: events behind each other between one head and one
//! end, each time zone once; cards behind each other.

use crate::base::Result;
use crate::formats::content_line::print::print_component;
use crate::formats::content_line::{Component, Property, read_component};
use std::collections::HashMap;
use std::io::Write;

pub struct CalendarStream<W: Write> {
    out: W,
    name: String,
    /// Definitions that stand in the calendar begun last.
    zones: HashMap<String, String>,
    is_open: bool,
}

impl<W: Write> CalendarStream<W> {
    /// `name`: shown by programs that import it.
    pub fn new(out: W, name: &str) -> Self {
        CalendarStream {
            out,
            name: name.to_owned(),
            zones: HashMap::new(),
            is_open: false,
        }
    }

    /// Errors: Invalid, when the object cannot be read; what the disk says.
    pub fn put(&mut self, raw: &[u8]) -> Result<()> {
        let object = read_component(raw)?;
        let (zones, rest): (Vec<&Component>, Vec<&Component>) =
            object.parts.iter().partition(|p| p.name == "VTIMEZONE");
        let zones: Vec<(String, String)> = zones
            .into_iter()
            .map(|zone| (zone.text("TZID").unwrap_or_default(), print_component(zone)))
            .collect();
        let differs = |(id, zone): &(String, String)| self.zones.get(id).is_some_and(|known| known != zone);
        // Two definitions of one name do not go together.
        if !self.is_open || zones.iter().any(differs) {
            self.end()?;
            self.begin()?;
        }
        for (id, zone) in zones {
            if !self.zones.contains_key(&id) {
                self.out.write_all(zone.as_bytes())?;
                self.zones.insert(id, zone);
            }
        }
        for part in rest {
            self.out.write_all(print_component(part).as_bytes())?;
        }
        Ok(())
    }

    fn begin(&mut self) -> Result<()> {
        let mut head = Component::new("VCALENDAR");
        head.put(Property::new("VERSION", "2.0"));
        head.put(Property::new("PRODID", "-//Hauspost//Export//EN"));
        head.put(Property::of_text("X-WR-CALNAME", &self.name));
        let head = print_component(&head);
        let open = head.strip_suffix("END:VCALENDAR\r\n").unwrap_or(&head);
        self.out.write_all(open.as_bytes())?;
        self.is_open = true;
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        if std::mem::take(&mut self.is_open) {
            self.out.write_all(b"END:VCALENDAR\r\n")?;
        }
        self.zones.clear();
        Ok(())
    }

    /// An empty calendar is one too.
    pub fn finish(mut self) -> Result<W> {
        if !self.is_open {
            self.begin()?;
        }
        self.end()?;
        Ok(self.out)
    }
}

/// Cards need nothing around them but an end of the line.
pub fn put_card(out: &mut impl Write, raw: &[u8]) -> Result<()> {
    out.write_all(raw)?;
    if !raw.ends_with(b"\n") {
        out.write_all(b"\r\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::content_line::read_stream;

    fn event(uid: &str, offset: &str) -> String {
        format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTIMEZONE\r\nTZID:Home\r\nBEGIN:STANDARD\r\n\
             DTSTART:19700101T000000\r\nTZOFFSETFROM:{offset}\r\nTZOFFSETTO:{offset}\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n\
             BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTART;TZID=Home:20260105T090000\r\nX-OWN;P=\"a:b\":kept\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        )
    }

    fn joined(objects: &[String]) -> Vec<Component> {
        let mut stream = CalendarStream::new(Vec::new(), "Büro; Team");
        for object in objects {
            stream.put(object.as_bytes()).unwrap();
        }
        read_stream(&stream.finish().unwrap()).unwrap()
    }

    #[test]
    fn events_share_a_head_and_their_zone() {
        let all = joined(&[event("a", "+0100"), event("b", "+0100")]);
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].text("X-WR-CALNAME").unwrap(), "Büro; Team");
        let names: Vec<&str> = all[0].parts.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["VTIMEZONE", "VEVENT", "VEVENT"]);
        assert_eq!(all[0].parts[2].property("X-OWN").unwrap().param("P"), Some("a:b"));
    }

    #[test]
    fn zones_of_one_name_that_differ_are_kept_apart() {
        let all = joined(&[event("a", "+0100"), event("b", "+0200"), event("c", "+0200")]);
        let parts: Vec<usize> = all.iter().map(|c| c.parts.len()).collect();
        assert_eq!(parts, [2, 3]);
    }

    #[test]
    fn an_empty_calendar_is_a_calendar() {
        assert_eq!(joined(&[]).len(), 1);
        let mut out = Vec::new();
        put_card(&mut out, b"BEGIN:VCARD\r\nEND:VCARD").unwrap();
        assert!(out.ends_with(b"END:VCARD\r\n"));
    }
}

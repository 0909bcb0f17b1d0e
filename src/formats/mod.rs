//! Bytes to values and back: MIME, IMAP, DSN, HTML, iCalendar, vCard, XML, LDAP. Syntax only; nothing here knows accounts or folders.

pub mod card;
pub mod content_line;
pub mod filter;
pub mod glance;
pub mod html;
pub mod ical;
pub mod imap;
pub mod ldap;
pub mod loose_time;
pub mod mime;
pub mod sealed;
pub mod selection;
pub mod xml;

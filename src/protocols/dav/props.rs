//! The table of properties: which there are, where, and what they say.

use super::acl::{privileges, supported_privileges};
use super::door::tag;
use super::multistatus::status_line;
use super::place::{self, Place, Section};
use super::share::invited;
use super::xml::{APPLE, CALDAV, CALENDAR_SERVER, CARDDAV, DAV, Element, text};
use crate::calendar::attach::{MAX_FILE_BYTES, MAX_FILES};
use crate::calendar::zone_name;
use crate::model::object::{Collection, Object, ObjectKind};
use crate::model::share::ShareLevel;
use crate::model::{Account, AccountKind, FolderKind};
use crate::objects::people::NAME as PEOPLE;
use crate::objects::put::MAX_BYTES;
use crate::protocols::servers::time_zones;
use actix_web::http::StatusCode;
use quick_xml::escape::escape;

/// What a property is asked of.
pub struct View<'a> {
    pub href: &'a str,
    /// Who asks.
    pub account: &'a Account,
    /// Whose it is.
    pub owner: &'a Account,
    /// What may be done there.
    pub level: ShareLevel,
    pub place: &'a Place,
    pub collection: Option<&'a Collection>,
    /// With its bytes when they were asked for.
    pub object: Option<(&'a Object, &'a [u8])>,
    /// Used, and the limit.
    pub quota: Option<(i64, Option<i64>)>,
    /// Who else may use it, for whoever may do everything and asks.
    pub sharees: &'a [(Account, ShareLevel)],
    /// Nothing is told of what is not there.
    pub is_minimal: bool,
    /// Names in words of programs' own, with the whole element.
    pub own: &'a [(String, String)],
}

/// None: the thing has no such property.
type Value = fn(&View<'_>) -> Option<String>;

struct Row {
    ns: &'static str,
    name: &'static str,
    /// RFC 4918 says which come with allprop; the costly and the protocols' own do not.
    is_in_all: bool,
    value: Value,
}

const fn row(ns: &'static str, name: &'static str, is_in_all: bool, value: Value) -> Row {
    Row {
        ns,
        name,
        is_in_all,
        value,
    }
}

const TABLE: &[Row] = &[
    row(DAV, "resourcetype", true, resource_type),
    row(DAV, "displayname", true, display_name),
    row(DAV, "getetag", true, |v| {
        v.object.map(|(o, _)| text(&tag(o.item.modseq)))
    }),
    row(DAV, "getcontenttype", true, content_type),
    row(DAV, "getcontentlength", true, |v| {
        v.object.map(|(o, _)| o.item.size_bytes.to_string())
    }),
    row(DAV, "getlastmodified", true, |v| {
        v.object.map(|(o, _)| http_date(o.item.received_at_ms))
    }),
    row(DAV, "current-user-principal", false, |v| {
        Some(href(&place::principal(&v.account.address)))
    }),
    row(DAV, "principal-URL", false, |v| {
        is_principal(v).then(|| href(&place::principal(&v.owner.address)))
    }),
    row(DAV, "principal-collection-set", false, |_| {
        Some(href(&place::principals()))
    }),
    row(DAV, "owner", false, |v| {
        v.place
            .owner()
            .filter(|_| !is_people(v))
            .map(|_| href(&place::principal(&v.owner.address)))
    }),
    row(DAV, "current-user-privilege-set", false, |v| {
        Some(privileges(v.level))
    }),
    row(DAV, "supported-privilege-set", false, |_| {
        Some(supported_privileges())
    }),
    // RFC 3744 §4.1: addresses that say more of somebody; there are none.
    row(DAV, "alternate-URI-set", false, |v| {
        matches!(v.place, Place::Principal(_)).then(String::new)
    }),
    row(DAV, "supported-report-set", false, reports),
    row(DAV, "sync-token", false, |v| v.collection.map(sync_token)),
    row(DAV, "quota-used-bytes", false, |v| {
        v.quota.map(|(used, _)| used.to_string())
    }),
    row(DAV, "quota-available-bytes", false, |v| {
        v.quota
            .and_then(|(used, limit)| Some((limit? - used).max(0).to_string()))
    }),
    row(CALDAV, "calendar-home-set", false, |v| {
        is_own_principal(v).then(|| href(&place::home(Section::Calendars, &v.account.address)))
    }),
    row(CALDAV, "calendar-user-address-set", false, |v| {
        is_principal(v).then(|| {
            let all = std::iter::once(&v.owner.address).chain(&v.owner.aliases);
            let mail: String = all.map(|a| href(&format!("mailto:{}", text(a)))).collect();
            format!("{mail}{}", href(&place::principal(&v.owner.address)))
        })
    }),
    row(CALDAV, "calendar-user-type", false, |v| {
        is_principal(v).then(|| user_type(v.owner.kind).to_owned())
    }),
    row(CALDAV, "schedule-inbox-URL", false, |v| {
        is_own_principal(v).then(|| {
            href(&place::collection(
                Section::Calendars,
                &v.account.address,
                "inbox",
            ))
        })
    }),
    row(CALDAV, "schedule-outbox-URL", false, |v| {
        is_own_principal(v).then(|| {
            href(&place::collection(
                Section::Calendars,
                &v.account.address,
                place::OUTBOX,
            ))
        })
    }),
    row(CALDAV, "schedule-tag", false, |v| {
        v.object.and_then(|(o, _)| o.schedule_tag).map(|t| text(&tag(t)))
    }),
    row(CALDAV, "supported-calendar-component-set", false, components),
    row(CALDAV, "supported-calendar-data", false, |v| {
        calendar(v).map(|_| "<C:calendar-data content-type=\"text/calendar\" version=\"2.0\"/>".to_owned())
    }),
    row(CALDAV, "supported-collation-set", false, |v| {
        v.collection.map(|_| {
        "<C:supported-collation>i;ascii-casemap</C:supported-collation><C:supported-collation>i;octet</C:supported-collation>\
         <C:supported-collation>i;unicode-casemap</C:supported-collation>".to_owned()
    })
    }),
    row(CALDAV, "calendar-description", false, |v| {
        calendar(v)?.properties.description.as_deref().map(text)
    }),
    row(CALDAV, "calendar-timezone", false, |v| {
        calendar(v)?.properties.time_zone.as_deref().map(text)
    }),
    row(CALDAV, "calendar-timezone-id", false, |v| {
        zone_name(calendar(v)?).map(|id| text(&id))
    }),
    // RFC 7809 §5.1.
    row(CALDAV, "timezone-service-set", false, |v| {
        matches!(v.place, Place::Home(Section::Calendars, _)).then(|| href(&time_zones()))
    }),
    // RFC 7529 §5: the calendars that rules may be in.
    row(CALDAV, "supported-rscale-set", false, |v| {
        calendar(v).map(|_| "<C:supported-rscale>GREGORIAN</C:supported-rscale>".to_owned())
    }),
    row(CALDAV, "max-resource-size", false, |v| {
        calendar(v).map(|_| MAX_BYTES.to_string())
    }),
    row(CALDAV, "max-attachment-size", false, |v| {
        calendar(v).map(|_| MAX_FILE_BYTES.to_string())
    }),
    row(CALDAV, "max-attachments-per-resource", false, |v| {
        calendar(v).map(|_| MAX_FILES.to_string())
    }),
    row(CALDAV, "schedule-calendar-transp", false, |v| {
        calendar(v).map(|c| {
            let word = if c.properties.is_transparent {
                "transparent"
            } else {
                "opaque"
            };
            format!("<C:{word}/>")
        })
    }),
    row(CALDAV, "calendar-data", false, |v| {
        v.object
            .filter(|(o, raw)| o.kind != ObjectKind::Card && !raw.is_empty())
            .map(|(_, raw)| text(&String::from_utf8_lossy(raw)))
    }),
    row(CARDDAV, "addressbook-home-set", false, |v| {
        is_own_principal(v).then(|| href(&place::home(Section::AddressBooks, &v.account.address)))
    }),
    row(CARDDAV, "addressbook-description", false, |v| {
        book(v)?.properties.description.as_deref().map(text)
    }),
    row(CARDDAV, "supported-address-data", false, |v| {
        book(v).map(|_| {
            "<A:address-data-type content-type=\"text/vcard\" version=\"3.0\"/>\
         <A:address-data-type content-type=\"text/vcard\" version=\"4.0\"/>"
                .to_owned()
        })
    }),
    row(CARDDAV, "supported-collation-set", false, |v| {
        book(v).map(|_| {
        "<A:supported-collation>i;ascii-casemap</A:supported-collation><A:supported-collation>i;octet</A:supported-collation>\
         <A:supported-collation>i;unicode-casemap</A:supported-collation>".to_owned()
    })
    }),
    row(CARDDAV, "max-resource-size", false, |v| {
        book(v).map(|_| MAX_BYTES.to_string())
    }),
    row(CARDDAV, "address-data", false, |v| {
        v.object
            .filter(|(o, raw)| o.kind == ObjectKind::Card && !raw.is_empty())
            .map(|(_, raw)| text(&String::from_utf8_lossy(raw)))
    }),
    // Where a calendar is read from.
    row(CALENDAR_SERVER, "source", false, |v| {
        v.collection?.feed.as_deref().map(href)
    }),
    row(CALENDAR_SERVER, "getctag", false, |v| {
        v.collection.map(|c| text(&tag(c.folder.highest_modseq)))
    }),
    row(CALENDAR_SERVER, "email-address-set", false, |v| {
        is_principal(v).then(|| {
            let all = std::iter::once(&v.owner.address).chain(&v.owner.aliases);
            all.map(|a| format!("<S:email-address>{}</S:email-address>", text(a)))
                .collect()
        })
    }),
    // Who shares it, as Apple's programs ask.
    row(CALENDAR_SERVER, "invite", false, |v| {
        (is_shared(v) || is_own_to_share(v)).then(|| {
            format!(
                "<S:organizer>{}<S:common-name>{}</S:common-name></S:organizer>{}",
                href(&place::principal(&v.owner.address)),
                text(&v.owner.display_name),
                v.sharees.iter().map(invited).collect::<String>()
            )
        })
    }),
    // That CS:share is understood here (caldav-sharing §4.4.1); publishing is done elsewhere.
    row(CALENDAR_SERVER, "allowed-sharing-modes", false, |v| {
        is_own_to_share(v).then(|| "<S:can-be-shared/>".to_owned())
    }),
    row(APPLE, "calendar-color", false, |v| {
        v.collection?.properties.colour.as_deref().map(text)
    }),
    row(APPLE, "calendar-order", false, |v| {
        v.collection?.properties.order.map(|o| o.to_string())
    }),
];

/// RFC 6638 §2.4.2.
pub fn user_type(kind: AccountKind) -> &'static str {
    match kind {
        AccountKind::Person => "INDIVIDUAL",
        AccountKind::Room => "ROOM",
        AccountKind::Equipment => "RESOURCE",
        AccountKind::Shared | AccountKind::Group => "GROUP",
    }
}

pub const AVAILABILITY: &str = "calendar-availability";
pub const DEFAULT_CALENDAR: &str = "schedule-default-calendar-URL";

/// RFC 6638 §9.2, as a property in words of its own: only the inbox has it.
pub fn default_calendar(account: &Account, calendar: &Collection) -> (String, String) {
    let path = place::collection(Section::Calendars, &account.address, &calendar.folder.name);
    let name = format!("{{{CALDAV}}}{DEFAULT_CALENDAR}");
    (name, element(CALDAV, DEFAULT_CALENDAR, &href(&path)))
}

/// When somebody can be met, under the name of the standard and the one before; only the inbox has it.
pub fn availability(said: &str) -> [(String, String); 2] {
    [CALDAV, CALENDAR_SERVER].map(|ns| {
        let name = format!("{{{ns}}}{AVAILABILITY}");
        (name, element(ns, AVAILABILITY, &text(said)))
    })
}

pub fn href(path: &str) -> String {
    format!("<D:href>{path}</D:href>")
}

fn is_principal(v: &View<'_>) -> bool {
    // Programs also ask the root, and some the homes.
    !matches!(
        v.place,
        Place::Collection(..) | Place::Object(..) | Place::Outbox(_) | Place::Attachment(_)
    )
}

/// Where somebody's own things are is told to nobody else.
fn is_own_principal(v: &View<'_>) -> bool {
    is_principal(v) && v.owner.id == v.account.id
}

/// The office's own book is nobody's.
fn is_people(v: &View<'_>) -> bool {
    v.collection.is_some_and(|c| c.folder.name == PEOPLE)
}

/// Another's, among one's own.
fn is_shared(v: &View<'_>) -> bool {
    v.collection.is_some() && v.owner.id != v.account.id
}

/// One that its owner, or who may do everything, shares by CS:share.
fn is_own_to_share(v: &View<'_>) -> bool {
    let is_of_kind = v
        .collection
        .is_some_and(|c| c.folder.kind != FolderKind::ScheduleInbox && c.feed.is_none());
    is_of_kind && v.level == ShareLevel::Manage && !is_people(v)
}

fn calendar<'a>(v: &View<'a>) -> Option<&'a Collection> {
    v.collection.filter(|c| c.folder.kind != FolderKind::AddressBook)
}

fn book<'a>(v: &View<'a>) -> Option<&'a Collection> {
    v.collection.filter(|c| c.folder.kind == FolderKind::AddressBook)
}

fn resource_type(v: &View<'_>) -> Option<String> {
    let more = match (v.place, v.collection) {
        (Place::Object(..), _) => return Some(String::new()),
        (Place::Principal(_), _) => "<D:principal/>",
        (Place::Outbox(_), _) => "<C:schedule-outbox/>",
        (_, Some(c)) if c.folder.kind == FolderKind::ScheduleInbox => "<C:schedule-inbox/>",
        (_, Some(c)) if c.folder.kind == FolderKind::AddressBook => "<A:addressbook/>",
        (_, Some(_)) => "<C:calendar/>",
        _ => "",
    };
    let shared = match is_shared(v) {
        true => "<S:shared/>",
        false if !v.sharees.is_empty() => "<S:shared-owner/>",
        false => "",
    };
    Some(format!("<D:collection/>{more}{shared}"))
}

fn display_name(v: &View<'_>) -> Option<String> {
    match (v.place, v.collection) {
        (Place::Object(..), _) => None,
        (_, Some(c)) => Some(text(c.display_name())),
        (Place::Principal(_) | Place::Home(..), _) => Some(text(&v.owner.display_name)),
        _ => None,
    }
}

fn content_type(v: &View<'_>) -> Option<String> {
    v.object.map(|(o, _)| media_type(o.kind).to_owned())
}

pub fn media_type(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Card => "text/vcard; charset=utf-8",
        ObjectKind::Task => "text/calendar; charset=utf-8; component=vtodo",
        ObjectKind::Journal => "text/calendar; charset=utf-8; component=vjournal",
        ObjectKind::Event => "text/calendar; charset=utf-8; component=vevent",
        _ => "text/calendar; charset=utf-8",
    }
}

fn http_date(at_ms: i64) -> String {
    let at = std::time::UNIX_EPOCH + std::time::Duration::from_millis(at_ms.max(0) as u64);
    actix_web::http::header::HttpDate::from(at).to_string()
}

fn components(v: &View<'_>) -> Option<String> {
    let all = [
        (ObjectKind::Event, "VEVENT"),
        (ObjectKind::Task, "VTODO"),
        (ObjectKind::Journal, "VJOURNAL"),
        (ObjectKind::FreeBusy, "VFREEBUSY"),
        (ObjectKind::Availability, "VAVAILABILITY"),
    ];
    let allowed = calendar(v)?.components();
    let named = all.iter().filter(|(k, _)| allowed.contains(*k));
    Some(named.map(|(_, n)| format!("<C:comp name=\"{n}\"/>")).collect())
}

fn reports(v: &View<'_>) -> Option<String> {
    let of_calendar = [
        "C:calendar-query",
        "C:calendar-multiget",
        "C:free-busy-query",
        "D:sync-collection",
        "D:acl-principal-prop-set",
    ];
    let of_book = [
        "A:addressbook-query",
        "A:addressbook-multiget",
        "D:sync-collection",
        "D:acl-principal-prop-set",
    ];
    let of_principals = [
        "D:principal-property-search",
        "D:principal-search-property-set",
        "D:principal-match",
    ];
    let special: &[&str] = match (v.place, book(v)) {
        (Place::Object(..) | Place::Outbox(_), _) => &[],
        (_, Some(_)) => &of_book,
        _ if v.collection.is_some() => &of_calendar,
        _ => &of_principals,
    };
    let one = |r: &&str| format!("<D:supported-report><D:report><{r}/></D:report></D:supported-report>");
    Some(special.iter().chain(&["D:expand-property"]).map(one).collect())
}

/// The state of a collection as a URI (RFC 6578 §4).
pub fn sync_token(collection: &Collection) -> String {
    print_token(collection, collection.folder.highest_modseq)
}

pub fn print_token(collection: &Collection, modseq: i64) -> String {
    format!("urn:hauspost:sync:{:x}-{modseq:x}", collection.folder.id.0)
}

/// None: not one of this collection's.
pub fn parse_token(collection: &Collection, token: &str) -> Option<i64> {
    let (folder, modseq) = token.trim().strip_prefix("urn:hauspost:sync:")?.split_once('-')?;
    let is_ours = i64::from_str_radix(folder, 16).ok()? == collection.folder.id.0;
    i64::from_str_radix(modseq, 16)
        .ok()
        .filter(|m| is_ours && *m >= 0)
}

/// Which properties somebody asks for.
#[derive(Clone, Debug)]
pub enum Wanted {
    All,
    Names,
    Some(Vec<Element>),
}

impl Wanted {
    /// The bytes of objects have to be read for it.
    pub fn needs_bytes(&self) -> bool {
        let is_data = |e: &Element| e.is(CALDAV, "calendar-data") || e.is(CARDDAV, "address-data");
        matches!(self, Wanted::Some(all) if all.iter().any(is_data))
    }

    pub fn names(&self, ns: &str, name: &str) -> bool {
        matches!(self, Wanted::Some(all) if all.iter().any(|e| e.is(ns, name)))
    }

    pub fn needs_quota(&self) -> bool {
        matches!(self, Wanted::Some(all) if all.iter().any(|e| e.name.starts_with("quota-")))
    }
}

pub fn element(ns: &str, name: &str, value: &str) -> String {
    let prefix = match ns {
        DAV => "D",
        CALDAV => "C",
        CARDDAV => "A",
        CALENDAR_SERVER => "S",
        APPLE => "I",
        other => return format!("<x:{name} xmlns:x=\"{}\">{value}</x:{name}>", escape(other)),
    };
    if value.is_empty() {
        return format!("<{prefix}:{name}/>");
    }
    // Whole objects are among them.
    let mut out = String::with_capacity(value.len() + 2 * name.len() + 10);
    for piece in ["<", prefix, ":", name, ">", value, "</", prefix, ":", name, ">"] {
        out.push_str(piece);
    }
    out
}

/// One response: what there is, and what there is not.
pub fn response(view: &View<'_>, wanted: &Wanted) -> String {
    let (mut found, mut missing) = (String::new(), String::new());
    match wanted {
        Wanted::All | Wanted::Names => {
            for row in TABLE
                .iter()
                .filter(|r| r.is_in_all || matches!(wanted, Wanted::Names))
            {
                if let Some(value) = (row.value)(view) {
                    let value = if matches!(wanted, Wanted::All) {
                        value
                    } else {
                        String::new()
                    };
                    found.push_str(&element(row.ns, row.name, &value));
                }
            }
            if matches!(wanted, Wanted::All) {
                view.own.iter().for_each(|(_, xml)| found.push_str(xml));
            }
        }
        Wanted::Some(all) => {
            for e in all {
                match find(view, e) {
                    Some(xml) => found.push_str(&xml),
                    None if view.is_minimal => {}
                    None => missing.push_str(&element(&e.ns, &e.name, "")),
                }
            }
        }
    }
    print_response(view.href, &found, &missing)
}

/// A property with its value; None: the thing has no such property.
pub fn find(view: &View<'_>, e: &Element) -> Option<String> {
    let row = TABLE.iter().find(|r| e.is(r.ns, r.name));
    let value = row.and_then(|r| (r.value)(view));
    value.map(|v| element(&e.ns, &e.name, &v)).or_else(|| {
        let name = own_name(e);
        let own = view.own.iter().find(|(n, _)| *n == name);
        own.map(|(_, xml)| xml.clone())
    })
}

/// `found` and `missing`: properties, written one behind the other.
pub fn print_response(href: &str, found: &str, missing: &str) -> String {
    let mut out = String::with_capacity(href.len() + found.len() + missing.len() + 300);
    for piece in ["<D:response><D:href>", href, "</D:href>"] {
        out.push_str(piece);
    }
    let mut part = |props: &str, status| {
        let line = status_line(status);
        for piece in [
            "<D:propstat><D:prop>",
            props,
            "</D:prop><D:status>",
            &line,
            "</D:status></D:propstat>",
        ] {
            out.push_str(piece);
        }
    };
    if !found.is_empty() || missing.is_empty() {
        part(found, StatusCode::OK);
    }
    if !missing.is_empty() {
        part(missing, StatusCode::NOT_FOUND);
    }
    out.push_str("</D:response>");
    out
}

/// Under which name a property of programs' own is kept.
pub fn own_name(e: &Element) -> String {
    format!("{{{}}}{}", e.ns, e.name)
}

/// Whether it is one of the table, which programs do not set in words of their own.
pub fn is_known(e: &Element) -> bool {
    TABLE.iter().any(|r| e.is(r.ns, r.name))
}

/// An empty element for lists of what was set.
pub fn name_only(e: &Element) -> String {
    element(&e.ns, &e.name, "")
}

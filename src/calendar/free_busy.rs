//! When people are busy: by one calendar (RFC 4791 §7.10), and several people by all of theirs. Everybody of the office may
//! see when the others are busy, and nothing else of it.

use super::agenda::{Presence, presence};
use super::availability::{add_object, availability_in};
use super::scheduling::hook::owner_of;
use super::scheduling::is_own;
use super::zone_of;
use crate::base::{Error, Kind, Result};
use crate::formats::content_line::print::print_component;
use crate::formats::content_line::{Property, read_component};
use crate::formats::ical::availability::Availability;
use crate::formats::ical::expand::expand;
use crate::formats::ical::free_busy::{Period, free_busy_calendar, read_question};
use crate::formats::ical::people::address_of;
use crate::formats::ical::read_object;
use crate::formats::ical::zone::Zone;
use crate::identity::Ctx;
use crate::identity::recipient::{Resolved, resolve};
use crate::identity::shares::require_level;
use crate::model::object::{Collection, Object, ObjectKind, Shape};
use crate::model::share::ShareLevel;
use crate::model::{Account, AccountId, EmailAddress, FolderKind};
use crate::store::Snapshot;
use crate::store::account::AccountDb;
use futures_util::stream::{self, StreamExt};

pub use crate::formats::ical::availability::BusyType as Busy;

/// In seconds since 1970, the end not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BusyPeriod {
    pub start_s: i64,
    pub end_s: i64,
    pub how: Busy,
}

impl BusyPeriod {
    pub fn plain(&self) -> Period {
        (self.start_s, self.end_s, self.how)
    }
}

/// Periods within the window, ascending; those of one sort that touch are one.
pub async fn free_busy(
    ctx: &Ctx,
    account: AccountId,
    calendar: &Collection,
    from_s: i64,
    to_s: i64,
) -> Result<Vec<BusyPeriod>> {
    require_level(ctx, account, calendar.folder.id, ShareLevel::FreeBusy).await?;
    let (me, calendar) = (owner_of(ctx, account).await?, calendar.clone());
    ctx.store
        .account(account)?
        .read(move |s| {
            let mut out = Vec::new();
            let mut said = Availability::default();
            busy_in(s, &me, &calendar, (from_s, to_s), &mut said, &mut out)?;
            out.extend(closed(&said, &zone_of(&calendar), (from_s, to_s)));
            Ok(merge(out))
        })
        .await
}

/// More at once are asked for in parts.
const MOST_PEOPLE: usize = 1_000;
/// Accounts that are read side by side; each is a file that is open.
const AT_ONCE: usize = 32;

/// When several accounts are busy by all of their calendars, in the order of `whose`; all are read side by side.
/// Errors: NotAuthenticated; Invalid, for more than 1,000; what the store says, beside the one it concerns.
pub async fn free_busy_of(
    ctx: &Ctx,
    whose: &[Account],
    from_s: i64,
    to_s: i64,
) -> Result<Vec<Result<Vec<BusyPeriod>>>> {
    // Nobody from outside asks: whoever is signed in is one of us.
    ctx.account()?;
    if whose.len() > MOST_PEOPLE {
        return Err(Error::invalid(format!("at most {MOST_PEOPLE} people at once")));
    }
    let each = whose.iter().map(|account| async move {
        let me = account.clone();
        let read = move |s: &Snapshot<'_, AccountDb>| {
            let mut out = Vec::new();
            let mut said = availability_in(s)?.unwrap_or_default();
            let mut zone = Zone::utc();
            for calendar in s.collections(FolderKind::Calendar)? {
                busy_in(s, &me, &calendar, (from_s, to_s), &mut said, &mut out)?;
                zone = zone_of(&calendar);
            }
            out.extend(closed(&said, &zone, (from_s, to_s)));
            Ok(merge(out))
        };
        ctx.store.account(account.id)?.read(read).await
    });
    Ok(stream::iter(each.collect::<Vec<_>>())
        .buffered(AT_ONCE)
        .collect()
        .await)
}

/// When somebody is not there at all.
fn closed(said: &Availability, zone: &Zone, window: (i64, i64)) -> impl Iterator<Item = BusyPeriod> {
    let all = said.closed(zone, window).into_iter();
    all.map(|(start_s, end_s, how)| BusyPeriod { start_s, end_s, how })
}

fn busy_in(
    s: &Snapshot<'_, AccountDb>,
    me: &Account,
    calendar: &Collection,
    window: (i64, i64),
    said: &mut Availability,
    out: &mut Vec<BusyPeriod>,
) -> Result<()> {
    if calendar.properties.is_transparent {
        return Ok(());
    }
    let zone = zone_of(calendar);
    for object in s.objects_between(calendar.folder.id, window.0, window.1)? {
        // One of a series may count though the series does not.
        let is_out = object.shape.contains(Shape::TRANSPARENT) && !object.shape.contains(Shape::RECURRING);
        if object.kind == ObjectKind::Availability {
            add_object(s, &object, said)?;
        }
        if object.kind != ObjectKind::Event || is_out {
            continue;
        }
        match by_index(&object) {
            Some(period) => out.extend(within(period, window)),
            None => by_reading(s, me, &object, &zone, window, out)?,
        }
    }
    Ok(())
}

/// What the index alone says of a single event without guests. Errors nowhere; None: it must be read.
fn by_index(object: &Object) -> Option<BusyPeriod> {
    let must_read = [
        Shape::RECURRING,
        Shape::FLOATING,
        Shape::HAS_PEOPLE,
        Shape::ALL_DAY,
    ];
    if must_read.iter().any(|s| object.shape.contains(*s)) {
        return None;
    }
    let (start_s, end_s) = object.span?;
    let how = match object.shape {
        // Ends where it begins: nobody is busy.
        shape if shape.contains(Shape::CANCELLED) => {
            return Some(BusyPeriod {
                start_s,
                end_s: start_s,
                how: Busy::Busy,
            });
        }
        shape if shape.contains(Shape::TENTATIVE) => Busy::Tentative,
        _ => Busy::Busy,
    };
    Some(BusyPeriod { start_s, end_s, how })
}

fn within(period: BusyPeriod, window: (i64, i64)) -> Option<BusyPeriod> {
    let (start_s, end_s) = (period.start_s.max(window.0), period.end_s.min(window.1));
    (start_s < end_s).then_some(BusyPeriod {
        start_s,
        end_s,
        ..period
    })
}

fn by_reading(
    s: &Snapshot<'_, AccountDb>,
    me: &Account,
    object: &Object,
    zone: &Zone,
    window: (i64, i64),
    out: &mut Vec<BusyPeriod>,
) -> Result<()> {
    let Ok(read) = read_object(&s.read_body(object.item.body_id)?) else {
        return Ok(());
    };
    for o in expand(&read, zone, window.0, window.1) {
        let component = &read.calendar.parts[read.parts[o.part].component];
        let how = match presence(component, me) {
            None | Some(Presence::Free | Presence::WorkingElsewhere) => continue,
            Some(Presence::Tentative) => Busy::Tentative,
            Some(Presence::Busy | Presence::OutOfOffice) => Busy::Busy,
        };
        let (start_s, end_s) = (o.start_s, o.end_s);
        out.extend(within(BusyPeriod { start_s, end_s, how }, window));
    }
    Ok(())
}

fn merge(mut all: Vec<BusyPeriod>) -> Vec<BusyPeriod> {
    all.sort_by_key(|p| (p.how, p.start_s));
    let mut out: Vec<BusyPeriod> = Vec::new();
    for p in all {
        match out.last_mut() {
            Some(last) if last.how == p.how && p.start_s <= last.end_s => {
                last.end_s = last.end_s.max(p.end_s)
            }
            _ => out.push(p),
        }
    }
    out.sort_by_key(|p| p.start_s);
    out
}

/// The answer about one of those a question is about.
#[derive(Clone, Debug)]
pub struct Answered {
    /// As the question names them.
    pub recipient: String,
    /// `2.0;Success` and others (RFC 5546 §3.6).
    pub status: &'static str,
    /// An iCalendar answer; None where nothing is known.
    pub calendar: Option<String>,
}

/// Answers a VFREEBUSY question (RFC 6638 §5): people of ours, others are not known.
/// Errors: Invalid, with the line; Forbidden, when somebody else asks than it says.
pub async fn answer_question(ctx: &Ctx, raw: &[u8]) -> Result<Vec<Answered>> {
    let question = read_question(&read_component(raw)?)?;
    let me = ctx.account()?;
    if !is_own(me, &address_of(&question.organizer)) {
        return Err(Error::forbidden("the ORGANIZER of the question must be you"));
    }
    let mut found: Vec<(Property, Option<Account>)> = Vec::new();
    for attendee in question.attendees {
        let standing = match EmailAddress::parse(&address_of(&attendee)) {
            Ok(address) => resolve(ctx, &address).await?,
            Err(_) => Resolved::Unknown,
        };
        let account = match standing {
            Resolved::Account(account) => Some(*account),
            _ => None,
        };
        found.push((attendee, account));
    }
    let ours: Vec<Account> = found.iter().filter_map(|(_, a)| a.clone()).collect();
    let (from_s, to_s) = question.window;
    let mut busy = free_busy_of(ctx, &ours, from_s, to_s).await?.into_iter();
    let mut out = Vec::new();
    for (attendee, account) in found {
        let recipient = attendee.value.clone();
        let periods = account.and_then(|_| busy.next());
        let (status, calendar) = match periods {
            None => ("3.7;Invalid calendar user", None),
            Some(Err(e)) if e.kind() == Kind::NotFound => ("3.7;Invalid calendar user", None),
            Some(Err(e)) => {
                tracing::warn!(error = ?e, "somebody's free and busy times cannot be read");
                ("5.1;Service unavailable", None)
            }
            Some(Ok(periods)) => {
                let plain: Vec<Period> = periods.iter().map(BusyPeriod::plain).collect();
                let people = vec![question.organizer.clone(), attendee];
                let now_s = ctx.now_ms().div_euclid(1000);
                let all = free_busy_calendar(&plain, question.window, now_s, Some(&question.uid), people);
                ("2.0;Success", Some(print_component(&all)))
            }
        };
        out.push(Answered {
            recipient,
            status,
            calendar,
        });
    }
    Ok(out)
}

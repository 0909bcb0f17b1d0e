//! What somebody does when, by all of their calendars, for those who want to meet them.

use super::availability::closed_times;
use super::scheduling::hook::owner_of;
use super::scheduling::is_own;
use super::{window::window_of, zone_of};
use crate::base::Result;
use crate::formats::content_line::Component;
use crate::formats::ical::availability::{BusyType, Closed};
use crate::formats::ical::people::{PartStat, address_of};
use crate::formats::ical::read_object;
use crate::identity::Ctx;
use crate::model::{Account, AccountId, FolderKind};
use crate::objects::collections::list_collections;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presence {
    Free,
    WorkingElsewhere,
    Tentative,
    Busy,
    OutOfOffice,
}

/// One thing in an agenda. Seconds since 1970.
#[derive(Clone, Debug)]
pub struct Engagement {
    pub start_s: i64,
    pub end_s: i64,
    pub presence: Presence,
    pub title: String,
    pub location: String,
    pub is_private: bool,
}

/// Events within the window, by their start, and when they are away; those that are cancelled and calendars that do not
/// count are left out.
pub async fn agenda(ctx: &Ctx, account: AccountId, (from_s, to_s): (i64, i64)) -> Result<Vec<Engagement>> {
    let me = owner_of(ctx, account).await?;
    let mut out = Vec::new();
    for calendar in list_collections(ctx, account, &[FolderKind::Calendar]).await? {
        if calendar.properties.is_transparent {
            continue;
        }
        let (zone, me) = (zone_of(&calendar), me.clone());
        let entries = window_of(ctx, account, calendar.folder.id, zone, (from_s, to_s)).await?;
        let found = ctx
            .store
            .account(account)?
            .read(move |s| {
                let mut out = Vec::new();
                let mut last: Option<(crate::model::ItemId, Option<crate::formats::ical::CalendarObject>)> =
                    None;
                for entry in entries {
                    if last.as_ref().is_none_or(|(id, _)| *id != entry.id) {
                        let object = match s.object(entry.id)? {
                            Some(object) => read_object(&s.read_body(object.item.body_id)?).ok(),
                            None => None,
                        };
                        last = Some((entry.id, object));
                    }
                    let Some((_, Some(object))) = &last else { continue };
                    let part = entry.occurrence.as_ref().map_or(0, |o| o.part);
                    let Some(part) = object.parts.get(part) else {
                        continue;
                    };
                    let component = &object.calendar.parts[part.component];
                    if let Some(presence) = presence(component, &me) {
                        out.push(Engagement {
                            start_s: entry.start_s,
                            end_s: entry.end_s,
                            presence,
                            title: component.text("SUMMARY").unwrap_or_default(),
                            location: component.text("LOCATION").unwrap_or_default(),
                            is_private: component
                                .property("CLASS")
                                .is_some_and(|c| !c.value.eq_ignore_ascii_case("PUBLIC")),
                        });
                    }
                }
                Ok(out)
            })
            .await?;
        out.extend(found);
    }
    // Hours of each week are told as such; being away is something else.
    let (closed, is_hours) = closed_times(ctx, account, (from_s, to_s)).await?;
    out.extend(closed.into_iter().filter(|_| !is_hours).map(away));
    out.sort_by_key(|e| (e.start_s, e.end_s));
    Ok(out)
}

fn away((start_s, end_s, how): Closed) -> Engagement {
    Engagement {
        start_s,
        end_s,
        presence: match how {
            BusyType::Busy => Presence::Busy,
            BusyType::Tentative => Presence::Tentative,
            BusyType::Unavailable => Presence::OutOfOffice,
        },
        title: String::new(),
        location: String::new(),
        is_private: false,
    }
}

/// None: it is cancelled, or declined. What has not been answered may still be.
pub fn presence(component: &Component, me: &Account) -> Option<Presence> {
    let own = component.attendee(|a| is_own(me, a)).map(PartStat::of);
    let is_host = component.organizer().is_some_and(|p| is_own(me, &address_of(p)));
    let word = |name: &str| {
        let property = component.property(name);
        property.map_or_else(String::new, |p| p.value.trim().to_ascii_uppercase())
    };
    let (status, detail) = (word("STATUS"), word("X-MICROSOFT-CDO-BUSYSTATUS"));
    if status == "CANCELLED" || matches!(own, Some(PartStat::Declined | PartStat::Delegated)) {
        return None;
    }
    let is_open = match own {
        Some(PartStat::Tentative) => true,
        Some(PartStat::NeedsAction) => !is_host,
        _ => false,
    };
    Some(match (word("TRANSP") == "TRANSPARENT", detail.as_str()) {
        (true, "WORKINGELSEWHERE") => Presence::WorkingElsewhere,
        (true, _) => Presence::Free,
        (false, "OOF") => Presence::OutOfOffice,
        (false, "TENTATIVE") => Presence::Tentative,
        (false, _) if status == "TENTATIVE" || is_open => Presence::Tentative,
        (false, _) => Presence::Busy,
    })
}

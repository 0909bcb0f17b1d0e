//! When somebody is busy, by one calendar (RFC 4791 §7.10).

use super::zone_of;
use crate::base::Result;
use crate::formats::ical::expand::expand;
use crate::formats::ical::read_object;
use crate::identity::Ctx;
use crate::model::AccountId;
use crate::model::object::{Collection, ObjectKind, Shape};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Busy {
    Busy,
    Tentative,
}

/// In seconds since 1970, the end not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BusyPeriod {
    pub start_s: i64,
    pub end_s: i64,
    pub how: Busy,
}

/// Periods within the window, ascending; those of one sort that touch are one.
pub async fn free_busy(
    ctx: &Ctx,
    account: AccountId,
    calendar: &Collection,
    from_s: i64,
    to_s: i64,
) -> Result<Vec<BusyPeriod>> {
    ctx.require_owner(account)?;
    if calendar.properties.is_transparent {
        return Ok(Vec::new());
    }
    let (folder, zone) = (calendar.folder.id, zone_of(calendar));
    ctx.store
        .account(account)?
        .read(move |s| {
            let mut out = Vec::new();
            for object in s.objects_between(folder, from_s, to_s)? {
                // One of a series may count though the series does not.
                let is_out =
                    object.shape.contains(Shape::TRANSPARENT) && !object.shape.contains(Shape::RECURRING);
                if object.kind != ObjectKind::Event || is_out {
                    continue;
                }
                let Ok(read) = read_object(&s.open_body(object.item.body_id)?.read_all()?) else {
                    continue;
                };
                for o in expand(&read, &zone, from_s, to_s) {
                    let component = &read.calendar.parts[read.parts[o.part].component];
                    let word = |name: &str| {
                        component
                            .property(name)
                            .map(|p| p.value.trim().to_ascii_uppercase())
                    };
                    let how = match word("STATUS").as_deref() {
                        Some("CANCELLED") => continue,
                        Some("TENTATIVE") => Busy::Tentative,
                        _ => Busy::Busy,
                    };
                    let (start_s, end_s) = (o.start_s.max(from_s), o.end_s.min(to_s));
                    if word("TRANSP").as_deref() != Some("TRANSPARENT") && start_s < end_s {
                        out.push(BusyPeriod { start_s, end_s, how });
                    }
                }
            }
            Ok(merge(out))
        })
        .await
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

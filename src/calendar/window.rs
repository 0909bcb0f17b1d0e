//! What takes place within a window, in order. Single events are decided by the index; only series, and what depends on
//! where the reader is, are read.

use super::known::times_of;
use crate::base::{Error, Result};
use crate::formats::ical::expand::{Occurrence, expand, overlaps};
use crate::formats::ical::zone::Zone;
use crate::identity::Ctx;
use crate::identity::shares::require_level;
use crate::model::object::{ObjectKind, Shape};
use crate::model::share::ShareLevel;
use crate::model::{AccountId, FolderId, ItemId};

/// An event, or one of a series.
#[derive(Clone, Debug)]
pub struct Entry {
    pub id: ItemId,
    /// None: a single event that was not read.
    pub occurrence: Option<Occurrence>,
    /// Seconds since 1970.
    pub start_s: i64,
    pub end_s: i64,
}

impl Entry {
    pub fn of(id: ItemId, occurrence: Option<Occurrence>) -> Entry {
        let (start_s, end_s) = occurrence.as_ref().map_or((0, 0), |o| (o.start_s, o.end_s));
        Entry {
            id,
            occurrence,
            start_s,
            end_s,
        }
    }
}

/// Of one answer: what series say is bounded only here.
const MOST: usize = 100_000;

/// Events of a calendar between two moments (seconds since 1970), by their start. `floating`: where the reader is.
/// Errors: Invalid, when there are more than anybody looks at.
pub async fn window_of(
    ctx: &Ctx,
    account: AccountId,
    folder: FolderId,
    floating: Zone,
    (from_s, to_s): (i64, i64),
) -> Result<Vec<Entry>> {
    require_level(ctx, account, folder, ShareLevel::Read).await?;
    ctx.store
        .account(account)?
        .read(move |s| {
            let mut out = Vec::new();
            for object in s.objects_between(folder, from_s, to_s)? {
                if object.kind != ObjectKind::Event {
                    continue;
                }
                let is_exact =
                    !object.shape.contains(Shape::RECURRING) && !object.shape.contains(Shape::FLOATING);
                if let Some((start_s, end_s)) = object.span.filter(|_| is_exact) {
                    if overlaps(start_s, end_s, from_s, to_s) {
                        out.push(Entry {
                            start_s,
                            end_s,
                            ..Entry::of(object.item.id, None)
                        });
                    }
                    continue;
                }
                // What cannot be read any more takes place nowhere.
                let Some(times) = times_of(s, object.item.body_id)? else {
                    continue;
                };
                let all = expand(&times, &floating, from_s, to_s);
                out.extend(all.into_iter().map(|o| Entry::of(object.item.id, Some(o))));
                if out.len() > MOST {
                    return Err(Error::invalid(format!(
                        "the time holds more than {MOST} events; ask for a shorter one"
                    )));
                }
            }
            out.sort_by_key(|e| (e.start_s, e.end_s, e.id));
            Ok(out)
        })
        .await
}

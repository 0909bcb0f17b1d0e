//! An attendee's answer, from doors that have a word for it.

use super::answer::{PROPOSED, print_proposed};
use super::hook::{owner_of, read_series};
use super::{attendee, deputy, is_own, send_in, sign_answers};
use crate::base::{Error, Result, TimeMs};
use crate::calendar::put::columns;
use crate::formats::ical::Series;
use crate::formats::ical::people::PartStat;
use crate::identity::Ctx;
use crate::identity::shares::require_level;
use crate::model::object::Object;
use crate::model::share::ShareLevel;
use crate::model::{AccountId, FolderId, Modseq};
use crate::objects::no_such_object;
use crate::objects::put::put_object_in;
use crate::objects::{Condition, Put};
use crate::store::account::AccountDb;
use crate::store::blob::Staged;
use crate::store::{Store, Tx};
use jiff::civil::DateTime;

/// What somebody says about an invitation.
#[derive(Clone, Debug)]
pub struct Answer {
    /// One occurrence, by its place in the time of the series ([`crate::formats::ical::expand::Occurrence`]); None: all.
    pub occurrence: Option<DateTime>,
    pub answer: PartStat,
    /// A sentence to the organizer.
    pub comment: Option<String>,
    /// Whether the organizer is told.
    pub is_sent: bool,
    /// A time that would suit better, in seconds since 1970: the organizer gets it as a proposal (RFC 5546 §3.2.7).
    pub proposed: Option<(i64, i64)>,
}

/// Notes the answer in the attendee's copy and tells the organizer. Returns the object's new number.
/// Errors: NotFound (also the occurrence); Invalid, when this account is not invited.
pub async fn respond(
    ctx: &Ctx,
    account: AccountId,
    folder: FolderId,
    name: &str,
    answer: Answer,
) -> Result<Modseq> {
    require_level(ctx, account, folder, ShareLevel::Write).await?;
    let (me, deputy) = (owner_of(ctx, account).await?, deputy(ctx, account));
    let (store, name, now_ms) = (ctx.store.clone(), name.to_owned(), ctx.now_ms());
    ctx.store
        .account(account)?
        .write(move |tx| {
            let object = tx.object_by_name(folder, &name)?.ok_or_else(no_such_object)?;
            let mut series = read_series(tx, &object)?;
            if let Some(place) = answer.occurrence
                && !series.overrides.contains_key(&place)
            {
                let one = series
                    .has_occurrence(place)
                    .then(|| series.occurrence(place))
                    .flatten();
                let one = one.ok_or_else(|| Error::not_found("the series has no such occurrence"))?;
                series.put_override(place, one)?;
            }
            let mut messages = Vec::new();
            for (place, entry) in parts(&mut series, answer.occurrence) {
                let own = entry.component.attendee_mut(|a| is_own(&me, a));
                let own = own.ok_or_else(|| Error::invalid("you are not invited to this"))?;
                own.set_param("PARTSTAT", answer.answer.name());
                own.take_param("RSVP");
                own.take_param(PROPOSED);
                if let Some(time) = answer.proposed {
                    own.set_param(PROPOSED, print_proposed(time));
                }
                messages.push((place, entry.component.clone()));
            }
            let is_series = answer.occurrence.is_none() && series.master.is_some();
            let told = messages
                .iter()
                .filter(|(place, _)| answer.is_sent && (!is_series || place.is_none()))
                .filter_map(|(_, c)| {
                    let comment = answer.comment.as_deref();
                    let told = attendee::reply(&me, &series, c, answer.answer, comment, now_ms)?;
                    Some(match answer.proposed {
                        Some(time) => attendee::counter(told, time),
                        None => told,
                    })
                });
            let mut told: Vec<_> = told.collect();
            sign_answers(&mut told, deputy.as_deref());
            let modseq = store_in(tx, &store, &object, &series, now_ms)?;
            tx.put_schedule_tag(&object, Some(modseq))?;
            send_in(tx, &store, &me, told, now_ms)?;
            Ok(modseq)
        })
        .await
}

type Place = Option<DateTime>;

fn parts(
    series: &mut Series,
    occurrence: Place,
) -> impl Iterator<Item = (Place, &mut crate::formats::ical::Entry)> {
    let master = series.master.iter_mut().map(|e| (None, e));
    let overrides = series.overrides.iter_mut().map(|(p, e)| (Some(*p), e));
    master
        .chain(overrides)
        .filter(move |(place, _)| occurrence.is_none() || *place == occurrence)
}

/// Puts a changed object in the place of a stored one.
pub fn store_in(
    tx: &mut Tx<'_, AccountDb>,
    store: &Store,
    object: &Object,
    series: &Series,
    now_ms: TimeMs,
) -> Result<Modseq> {
    let staged = Staged::from_bytes(store.layout(), &series.print())?;
    let columns = columns(&series.object()?);
    let folder = object.item.folder_id;
    match put_object_in(
        tx,
        folder,
        &object.name,
        &staged,
        &columns,
        Condition::Always,
        now_ms,
    )? {
        Put::Stored { modseq, .. } => Ok(modseq),
        _ => Err(Error::internal("an event stands in its own way")),
    }
}

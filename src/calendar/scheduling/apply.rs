//! Working a message about an event into a calendar: from others of us, or from a mail that arrived. Each is worked in
//! once; what may not be, or comes late, changes nothing (RFC 5546 §2.1.4, §2.1.5, §6.1).

use super::hook::{drop_unused, hold_files, owner_of, read_series};
use super::respond::store_in;
use super::{
    answer, decline_counter, inbox, is_own, is_same, organizer, refusal, request, resource, send_in,
};
use crate::base::{Result, TimeMs};
use crate::formats::content_line::{Component, Property};
use crate::formats::ical::people::{PartStat, address_of, sent_by};
use crate::formats::ical::{Message, Method, Series};
use crate::identity::Ctx;
use crate::model::object::Object;
use crate::model::scheduling::Refusal;
use crate::model::{Account, AccountId, AccountKind, BodyId};
use crate::store::account::AccountDb;
use crate::store::attachment::HeldFile;
use crate::store::{Store, Tx};
use std::sync::Arc;

/// Who hands a message over.
#[derive(Clone, Debug)]
pub struct Sender {
    /// Lower case: of a mail its From; of one of ours all addresses.
    pub addresses: Vec<String>,
    /// Another account of ours; no mail from outside can say so.
    pub is_vouched: bool,
    /// The organizer that the message names is one of us: then nobody outside speaks for them.
    pub is_about_ours: bool,
    /// The domain of its From asks not to believe such mail: it may be from anybody.
    pub is_doubtful: bool,
}

impl Sender {
    pub fn is(&self, address: &str) -> bool {
        self.addresses.iter().any(|a| is_same(a, address))
    }

    /// The first of their names; empty for a mail without any.
    pub fn address(&self) -> &str {
        self.addresses.first().map(String::as_str).unwrap_or_default()
    }
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Applied,
    /// A proposal: people decide on it.
    Noted,
    /// It was worked in before.
    Repeated,
    /// Whoever sent it may not; the mail says so to whoever reads it.
    Refused(Refusal),
    /// With the reason, for the log.
    Ignored(&'static str),
}

/// A message, and its name: the same again changes nothing.
#[derive(Clone, Debug)]
pub struct Incoming {
    pub delivery_id: String,
    pub message: Message,
    pub sender: Sender,
    /// That the message names.
    pub files: Vec<HeldFile>,
    /// Of the mail that it came in.
    pub mail: Option<BodyId>,
}

/// Whether a message changes something that is there, so that it matters who it is from.
/// Errors: what the store says.
pub async fn changes_something(ctx: &Ctx, account: AccountId, message: &Message) -> Result<bool> {
    if !matches!(message.method, Method::Request | Method::Publish) {
        return Ok(true);
    }
    let uid = message.object.uid.clone();
    let file = ctx.store.account(account)?;
    file.read(move |s| Ok(!s.objects_of_uid(&uid)?.is_empty())).await
}

/// Errors: NotFound (the account), what the store says.
pub async fn apply(ctx: &Ctx, account: AccountId, incoming: Incoming) -> Result<Outcome> {
    ctx.require_owner(account)?;
    let me = owner_of(ctx, account).await?;
    let (store, now_ms) = (ctx.store.clone(), ctx.now_ms());
    ctx.store
        .account(account)?
        .write(move |tx| {
            if !tx.note_delivery(&incoming.delivery_id, now_ms)? {
                return Ok(Outcome::Repeated);
            }
            let work = Work {
                store: &store,
                me: &me,
                sender: &incoming.sender,
                now_ms,
            };
            let (method, calendar) = (incoming.message.method, incoming.message.object.calendar.clone());
            hold_files(tx, &incoming.files)?;
            let outcome = work.apply_in(tx, incoming.message)?;
            if let (Outcome::Refused(refusal), Some(mail)) = (&outcome, incoming.mail) {
                refusal::note_in(tx, mail, *refusal)?;
            }
            let is_for_people = matches!(outcome, Outcome::Applied | Outcome::Noted);
            if is_for_people && !work.is_resource() {
                inbox::keep_in(&work, tx, method, calendar)?;
            }
            drop_unused(tx, &incoming.files)?;
            Ok(outcome)
        })
        .await
}

/// What all methods need.
pub struct Work<'a> {
    pub store: &'a Arc<Store>,
    pub me: &'a Account,
    pub sender: &'a Sender,
    pub now_ms: TimeMs,
}

/// Which of the sender's names an ORGANIZER or a stranger's alias was accepted under.
pub const VIA: &str = "X-HAUSPOST-VIA";

impl Work<'_> {
    pub fn is_resource(&self) -> bool {
        matches!(self.me.kind, AccountKind::Room | AccountKind::Equipment)
    }

    fn apply_in(&self, tx: &mut Tx<'_, AccountDb>, message: Message) -> Result<Outcome> {
        let existing = tx.objects_of_uid(&message.object.uid)?.into_iter().next();
        let is_new = existing.is_none() && matches!(message.method, Method::Request | Method::Publish);
        if self.sender.is_doubtful && !is_new {
            return Ok(Outcome::Refused(Refusal::Unproved));
        }
        match message.method {
            Method::Request | Method::Add => request::apply(self, tx, message, existing),
            Method::Cancel => self.cancel(tx, message, existing),
            Method::Reply if self.is_resource() => resource::approve(self, tx, message),
            Method::Reply => answer::apply(self, tx, message, existing),
            Method::Refresh => self.refresh(tx, existing),
            Method::Counter if existing.is_some() && !self.is_resource() => {
                match answer::apply(self, tx, message, existing)? {
                    // Whoever it is from: people read the mail and decide.
                    Outcome::Ignored(_) => Ok(Outcome::Noted),
                    outcome => Ok(outcome),
                }
            }
            Method::Counter if existing.is_some() => Ok(Outcome::Noted),
            Method::Counter => Ok(Outcome::Ignored("what is proposed about is not in the calendar")),
            Method::DeclineCounter => decline_counter::apply(self, tx, message, existing),
            Method::Publish => Ok(Outcome::Ignored("what is published is not an invitation")),
        }
    }

    /// Whether the sender speaks for the organizer that a message names. `known`: the ORGANIZER of the copy that is there.
    pub fn speaks_for(&self, named: &Property, known: Option<&Property>) -> bool {
        let organizer = address_of(named);
        if known.is_some_and(|k| !is_same(&address_of(k), &organizer)) {
            return false;
        }
        if self.sender.is(&organizer) {
            return true;
        }
        if self.sender.is_about_ours && !self.sender.is_vouched {
            return false;
        }
        let domain = |a: &str| a.rsplit_once('@').map(|(_, d)| d.to_owned());
        let assistant = |p: &Property| sent_by(p).is_some_and(|s| self.sender.is(&s));
        match known {
            Some(known) => {
                assistant(known)
                    || known.param(VIA).is_some_and(|v| self.sender.is(v))
                    || (assistant(named) && domain(&organizer) == domain(self.sender.address()))
            }
            // Of a new event nothing is known yet; providers send in their own name. Who sent it stays beside it.
            None => true,
        }
    }

    fn cancel(
        &self,
        tx: &mut Tx<'_, AccountDb>,
        message: Message,
        existing: Option<Object>,
    ) -> Result<Outcome> {
        let Some(object) = existing else {
            return Ok(Outcome::Ignored("what is cancelled is not in the calendar"));
        };
        let mut series = read_series(tx, &object)?;
        let message = Series::placed_in(message.object, series.zone.clone());
        let known = series.first().and_then(|e| e.component.organizer()).cloned();
        let (Some(known), Some(first)) = (known, message.first()) else {
            return Ok(Outcome::Ignored("nobody has invited to this event"));
        };
        let named = first.component.organizer().unwrap_or(&known);
        if is_own(self.me, &address_of(&known)) || !self.speaks_for(named, Some(&known)) {
            return Ok(Outcome::Refused(Refusal::NotOrganizer));
        }
        if let Some(master) = &message.master {
            if is_late(&master.component, series.first().map(|e| &e.component)) {
                return Ok(Outcome::Ignored("it is older than what is known"));
            }
            return self.call_off_all(tx, &object, series, &master.component);
        }
        for (place, entry) in &message.overrides {
            let stood = series.overrides.get(place).or(series.master.as_ref());
            if is_late(&entry.component, stood.map(|e| &e.component)) {
                continue;
            }
            // RFC 5546 §3.2.5: this one and all that follow.
            if entry.part.is_this_and_future && series.master.is_some() {
                if !series.end_before(*place) {
                    return self.call_off_all(tx, &object, series, &entry.component);
                }
                continue;
            }
            match (&series.master, series.overrides.get_mut(place)) {
                (Some(_), _) => series.exclude(*place),
                (None, Some(_)) if self.is_resource() => {
                    series.overrides.remove(place);
                }
                (None, Some(stood)) => call_off(&mut stood.component, &entry.component),
                (None, None) => {}
            }
        }
        if series.is_empty() {
            tx.remove_object(&object, self.now_ms)?;
            return Ok(Outcome::Applied);
        }
        self.store_news(tx, &object, &series)
    }

    /// People see what does not take place; a resource forgets it.
    fn call_off_all(
        &self,
        tx: &mut Tx<'_, AccountDb>,
        object: &Object,
        mut series: Series,
        by: &Component,
    ) -> Result<Outcome> {
        if self.is_resource() {
            tx.remove_object(object, self.now_ms)?;
            return Ok(Outcome::Applied);
        }
        series.entries_mut().for_each(|e| call_off(&mut e.component, by));
        self.store_news(tx, object, &series)
    }

    /// Stores what people have to look at.
    pub fn store_news(
        &self,
        tx: &mut Tx<'_, AccountDb>,
        object: &Object,
        series: &Series,
    ) -> Result<Outcome> {
        let modseq = store_in(tx, self.store, object, series, self.now_ms)?;
        tx.put_schedule_tag(object, Some(modseq))?;
        Ok(Outcome::Applied)
    }

    fn refresh(&self, tx: &mut Tx<'_, AccountDb>, existing: Option<Object>) -> Result<Outcome> {
        let Some(object) = existing else {
            return Ok(Outcome::Ignored("what is asked for is not in the calendar"));
        };
        let series = read_series(tx, &object)?;
        let organizer = series
            .first()
            .and_then(|e| e.component.organizer())
            .map(address_of);
        if !organizer.is_some_and(|o| is_own(self.me, &o)) {
            return Ok(Outcome::Ignored("only the organizer is asked"));
        }
        match organizer::again(self.me, &series, self.sender.address(), self.now_ms) {
            Some(again) => {
                send_in(tx, self.store, self.me, vec![again], self.now_ms)?;
                Ok(Outcome::Applied)
            }
            None => Ok(Outcome::Ignored("who asks is not invited")),
        }
    }
}

fn call_off(component: &mut Component, by: &Component) {
    component.set("STATUS", "CANCELLED");
    let sequence = by.sequence().max(component.sequence());
    component.set("SEQUENCE", sequence.to_string());
    if let Some(stamp) = by.property("DTSTAMP") {
        component.put(stamp.clone());
    }
}

/// Whether a message is older than what is known of the same component (RFC 5546 §2.1.5).
pub fn is_late(message: &Component, known: Option<&Component>) -> bool {
    let Some(known) = known else { return false };
    match message.sequence().cmp(&known.sequence()) {
        std::cmp::Ordering::Less => true,
        std::cmp::Ordering::Greater => false,
        std::cmp::Ordering::Equal => {
            let stamp = |c: &Component| c.property("DTSTAMP").map(|p| p.value.trim().to_ascii_uppercase());
            // UTC in one form: the order of the text is the order of time.
            matches!((stamp(message), stamp(known)), (Some(m), Some(k)) if m < k)
        }
    }
}

/// What this account has said so far.
pub fn own_answer(me: &Account, component: &Component) -> PartStat {
    component
        .attendee(|a| is_own(me, a))
        .map_or(PartStat::NeedsAction, PartStat::of)
}

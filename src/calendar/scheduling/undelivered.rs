//! What could not be delivered, noted beside whoever it was for (SCHEDULE-STATUS, RFC 6638 §3.2.9): programs show it.

use super::hook::{owner_of, read_series};
use super::respond::store_in;
use super::{is_own, is_same};
use crate::base::Result;
use crate::formats::content_line::Property;
use crate::formats::ical::people::address_of;
use crate::identity::Ctx;
use crate::model::AccountId;

/// RFC 6638 §3.2.9.1: it could not be delivered.
const FAILED: &str = "5.1";

/// Notes that a message about an event did not reach some people: guests, of an event of one's own, else its organizer.
/// `to`: addresses. Nobody has to look again. Errors: NotFound (the account), what the store says.
pub async fn note_undelivered(ctx: &Ctx, account: AccountId, uid: String, to: Vec<String>) -> Result<()> {
    ctx.require_owner(account)?;
    let me = owner_of(ctx, account).await?;
    let (store, now_ms) = (ctx.store.clone(), ctx.now_ms());
    ctx.store
        .account(account)?
        .write(move |tx| {
            let Some(object) = tx.objects_of_uid(&uid)?.into_iter().next() else {
                return Ok(());
            };
            let mut series = read_series(tx, &object)?;
            let mut has_news = false;
            for entry in series.entries_mut() {
                let organizer = entry.component.organizer().map(address_of).unwrap_or_default();
                let name = if is_own(&me, &organizer) {
                    "ATTENDEE"
                } else {
                    "ORGANIZER"
                };
                let is_meant = |p: &&mut Property| {
                    let who = address_of(p);
                    p.name == name && to.iter().any(|t| is_same(t, &who))
                };
                for property in entry.component.properties.iter_mut().filter(is_meant) {
                    has_news |= property.param("SCHEDULE-STATUS") != Some(FAILED);
                    property.set_param("SCHEDULE-STATUS", FAILED);
                }
            }
            if has_news {
                store_in(tx, &store, &object, &series, now_ms)?;
            }
            Ok(())
        })
        .await
}

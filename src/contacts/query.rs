//! Which cards of an address book fit a filter (RFC 6352 §8.6).

use crate::base::Result;
use crate::formats::content_line::read_component;
use crate::formats::filter::PropFilter;
use crate::formats::glance::Glance;
use crate::identity::Ctx;
use crate::identity::shares::require_level;
use crate::model::AccountId;
use crate::model::object::Collection;
use crate::model::share::ShareLevel;
use crate::objects::get::{Found, Held};
use crate::objects::people::people;

/// All of `properties` must fit, or one of them when `is_any`.
#[derive(Clone, Debug, Default)]
pub struct CardFilter {
    pub properties: Vec<PropFilter>,
    pub is_any: bool,
}

impl CardFilter {
    fn fits(&self, raw: &[u8]) -> bool {
        if self.properties.is_empty() {
            return true;
        }
        if let Some(glance) = Glance::of(raw)
            && !self.combine(|p| glance.may_fit(p))
        {
            return false;
        }
        let Ok(card) = read_component(raw) else {
            return false;
        };
        self.combine(|p| p.fits(&card))
    }

    fn combine(&self, fits: impl FnMut(&PropFilter) -> bool) -> bool {
        let mut all = self.properties.iter();
        match self.is_any {
            true => all.any(fits),
            false => all.all(fits),
        }
    }
}

/// As [`query_cards`], in the office's own book. Errors: NotAuthenticated.
pub async fn query_people(ctx: &Ctx, filter: &CardFilter, limit: usize) -> Result<(Vec<Found>, bool)> {
    let mut found = people(ctx).await?;
    found.retain(|(_, raw)| filter.fits(raw));
    let has_more = found.len() > limit;
    found.truncate(limit);
    let found = found.into_iter().map(|(object, raw)| (object, Some(raw)));
    Ok((found.collect(), has_more))
}

/// Cards that fit, by id; at most `limit` and whether there are more. With their bytes when `with_bytes`.
pub async fn query_cards(
    ctx: &Ctx,
    account: AccountId,
    book: &Collection,
    (filter, limit): (CardFilter, usize),
    with_bytes: bool,
) -> Result<(Vec<Found>, bool)> {
    require_level(ctx, account, book.folder.id, ShareLevel::Read).await?;
    let folder = book.folder.id;
    ctx.store
        .account(account)?
        .read(move |s| {
            let (mut out, mut held) = (Vec::new(), Held::new(with_bytes));
            for object in s.objects(folder)? {
                let body = object.item.body_id;
                let read = match filter.properties.is_empty() {
                    true => None,
                    false => Some(s.read_body(body)?),
                };
                if read.as_ref().is_some_and(|raw| !filter.fits(raw)) {
                    continue;
                }
                if out.len() == limit {
                    return Ok((out, true));
                }
                let raw = held.take(|| read.map_or_else(|| s.read_body(body), Ok))?;
                out.push((object, raw));
            }
            Ok((out, false))
        })
        .await
}

//! Which cards of an address book fit a filter (RFC 6352 §8.6).

use crate::base::Result;
use crate::formats::content_line::read_component;
use crate::formats::filter::PropFilter;
use crate::identity::Ctx;
use crate::identity::shares::require_level;
use crate::model::AccountId;
use crate::model::object::{Collection, Object};
use crate::model::share::ShareLevel;
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
        let Ok(card) = read_component(raw) else {
            return false;
        };
        let mut all = self.properties.iter().map(|p| p.fits(&card));
        match self.is_any {
            true => all.any(|f| f),
            false => all.all(|f| f),
        }
    }
}

/// As [`query_cards`], in the office's own book. Errors: NotAuthenticated.
pub async fn query_people(ctx: &Ctx, filter: &CardFilter, limit: usize) -> Result<(Vec<Object>, bool)> {
    let mut found = people(ctx).await?;
    found.retain(|(_, raw)| filter.fits(raw));
    let has_more = found.len() > limit;
    found.truncate(limit);
    Ok((found.into_iter().map(|(object, _)| object).collect(), has_more))
}

/// Cards that fit, by id; at most `limit` and whether there are more.
pub async fn query_cards(
    ctx: &Ctx,
    account: AccountId,
    book: &Collection,
    filter: CardFilter,
    limit: usize,
) -> Result<(Vec<Object>, bool)> {
    require_level(ctx, account, book.folder.id, ShareLevel::Read).await?;
    let folder = book.folder.id;
    ctx.store
        .account(account)?
        .read(move |s| {
            let mut out = Vec::new();
            for object in s.objects(folder)? {
                if !filter.properties.is_empty()
                    && !filter.fits(&s.open_body(object.item.body_id)?.read_all()?)
                {
                    continue;
                }
                if out.len() == limit {
                    return Ok((out, true));
                }
                out.push(object);
            }
            Ok((out, false))
        })
        .await
}

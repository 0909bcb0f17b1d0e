//! Which cards of an address book fit a filter (RFC 6352 §8.6).

use crate::base::Result;
use crate::formats::content_line::read_component;
use crate::formats::filter::PropFilter;
use crate::identity::Ctx;
use crate::model::AccountId;
use crate::model::object::{Collection, Object};

/// All of `properties` must fit, or one of them when `is_any`.
#[derive(Clone, Debug, Default)]
pub struct CardFilter {
    pub properties: Vec<PropFilter>,
    pub is_any: bool,
}

/// Cards that fit, by id; at most `limit` and whether there are more.
pub async fn query_cards(
    ctx: &Ctx,
    account: AccountId,
    book: &Collection,
    filter: CardFilter,
    limit: usize,
) -> Result<(Vec<Object>, bool)> {
    ctx.require_owner(account)?;
    let folder = book.folder.id;
    ctx.store
        .account(account)?
        .read(move |s| {
            let mut out = Vec::new();
            for object in s.objects(folder)? {
                if !filter.properties.is_empty() {
                    let raw = s.open_body(object.item.body_id)?.read_all()?;
                    let Ok(card) = read_component(&raw) else { continue };
                    let mut all = filter.properties.iter().map(|p| p.fits(&card));
                    let fits = if filter.is_any {
                        all.any(|f| f)
                    } else {
                        all.all(|f| f)
                    };
                    if !fits {
                        continue;
                    }
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

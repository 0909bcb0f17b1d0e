//! Why nothing was done with a mail about an event, noted with the mail: whoever reads it is told. Graph shows it as the
//! header `X-Hauspost-Invitation-Refused`, in the form that extended properties have for headers.

use crate::base::Result;
use crate::identity::Ctx;
use crate::model::property::{Property, PropertyValue};
use crate::model::scheduling::Refusal;
use crate::model::{AccountId, BodyId, ItemId};
use crate::store::account::AccountDb;
use crate::store::item::FlagChange;
use crate::store::{Snapshot, Tx};

const REFUSED: &str = "{00020386-0000-0000-c000-000000000046} name x-hauspost-invitation-refused";

/// Notes it with every message that has this body. Programs see them change.
pub fn note_in(tx: &mut Tx<'_, AccountDb>, body: BodyId, refusal: Refusal) -> Result<()> {
    let property = Property {
        name: REFUSED.to_owned(),
        value: PropertyValue::One(refusal.code().to_owned()),
    };
    for item in tx.mail_items_of_body(body)? {
        let same = FlagChange {
            id: item.id,
            before: item.flags,
            flags: item.flags,
            keywords: item.keywords,
        };
        tx.change_flags(item.folder_id, &[same])?;
        tx.put_properties(item.id.0, std::slice::from_ref(&property))?;
    }
    Ok(())
}

/// As [`note_in`], in a commit of its own. Errors: NotFound (the account).
pub async fn note(ctx: &Ctx, account: AccountId, body: BodyId, refusal: Refusal) -> Result<()> {
    ctx.require_owner(account)?;
    let file = ctx.store.account(account)?;
    file.write(move |tx| note_in(tx, body, refusal)).await
}

/// What is noted with a message.
pub fn noted(s: &Snapshot<'_, AccountDb>, item: ItemId) -> Result<Option<Refusal>> {
    let all = s.properties(item.0)?;
    Ok(all.into_iter().find_map(|p| match p.value {
        PropertyValue::One(code) if p.name == REFUSED => Refusal::by_code(&code),
        _ => None,
    }))
}

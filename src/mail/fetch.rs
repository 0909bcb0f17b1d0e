//! Showing the messages of a folder one after the other, as IMAP FETCH and exports need them.

use crate::base::Result;
use crate::formats::mime::digest::digest;
use crate::formats::mime::part::Part;
use crate::formats::mime::part_codec::decode_parts;
use crate::identity::Ctx;
use crate::model::message::Item;
use crate::model::{AccountId, FolderId, Uid};
use crate::store::Snapshot;
use crate::store::account::AccountDb;
pub use crate::store::body::BodyReader;
use crate::store::message::MessageRow;
pub use crate::store::message::Wanted;
use std::ops::ControlFlow;

/// One message on show; lent for the time of the visit.
pub struct Message<'r> {
    row: &'r MessageRow<'r>,
    snapshot: &'r Snapshot<'r, AccountDb>,
}

impl<'r> Message<'r> {
    pub fn item(&self) -> &'r Item {
        &self.row.item
    }

    /// ENVELOPE's value; empty unless wanted.
    pub fn envelope(&self) -> &'r [u8] {
        self.row.envelope
    }

    /// BODYSTRUCTURE's value; empty unless wanted.
    pub fn structure(&self) -> &'r [u8] {
        self.row.structure
    }

    /// UTF-8; empty unless wanted.
    pub fn preview(&self) -> &'r [u8] {
        self.row.preview
    }

    /// Where the parts lie; has to be wanted, otherwise the message is read for it.
    pub fn parts(&self) -> Result<Vec<Part>> {
        match decode_parts(self.row.parts) {
            Some(parts) => Ok(parts),
            None => Ok(digest(&self.open_body()?.read_all()?).parts),
        }
    }

    /// Puts the whole message behind `out`; false, and nothing put, when it is large enough to be read in pieces.
    pub fn append_small_body(&self, out: &mut Vec<u8>) -> Result<bool> {
        self.snapshot.append_small_body(self.row.item.body_id, out)
    }

    pub fn open_body(&self) -> Result<BodyReader> {
        self.snapshot.open_body(self.row.item.body_id)
    }
}

/// Shows messages to `visit`, ascending by UID, until it breaks off. `ranges`: inclusive, ascending; unknown UIDs
/// are skipped. All that is seen is one state of the folder; the caller keeps visits short, because a long one
/// holds one of few readers. Returns what `visit` made of `state`.
/// Errors: NotFound (the folder), and what `visit` says.
pub async fn visit_messages<S, F>(
    ctx: &Ctx,
    account: AccountId,
    folder: FolderId,
    ranges: Vec<(Uid, Uid)>,
    wanted: Wanted,
    mut state: S,
    visit: F,
) -> Result<S>
where
    S: Send + 'static,
    F: Fn(&mut S, &Message<'_>) -> Result<ControlFlow<()>> + Send + 'static,
{
    ctx.require_owner(account)?;
    ctx.store
        .account(account)?
        .read(move |s| {
            let mut is_over = false;
            for range in ranges {
                s.visit_messages(folder, range, wanted, |row| {
                    let flow = visit(&mut state, &Message { row, snapshot: s })?;
                    is_over = flow.is_break();
                    Ok(flow)
                })?;
                if is_over {
                    break;
                }
            }
            Ok(state)
        })
        .await
}

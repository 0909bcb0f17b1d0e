//! The scheduling inbox (RFC 6638 §2.2): messages that have been worked in, for programs that show them. They are kept for a
//! month; removing one changes nothing else.

use super::apply::Work;
use crate::base::{Result, TimeMs, random};
use crate::formats::content_line::Component;
use crate::formats::content_line::print::print_component;
use crate::formats::ical::Method;
use crate::formats::ical::attachment::managed_ids;
use crate::formats::ical::itip::with_method;
use crate::model::FolderKind;
use crate::model::object::{ObjectColumns, ObjectKind, Shape};
use crate::objects::collections::default_collection_in;
use crate::store::Tx;
use crate::store::account::AccountDb;
use crate::store::blob::Staged;

const KEPT_MS: TimeMs = 31 * 86_400_000;

pub fn keep_in(
    work: &Work<'_>,
    tx: &mut Tx<'_, AccountDb>,
    method: Method,
    calendar: Component,
) -> Result<()> {
    let folder = default_collection_in(tx, FolderKind::ScheduleInbox, &work.me.language, work.now_ms)?;
    let folder = folder.folder.id;
    for object in tx.objects(folder)? {
        if object.item.received_at_ms < work.now_ms - KEPT_MS {
            tx.remove_object(&object, work.now_ms)?;
        }
    }
    let files = managed_ids(&calendar);
    let text = print_component(&with_method(calendar, method));
    let staged = Staged::from_bytes(work.store.layout(), text.as_bytes())?;
    let columns = ObjectColumns {
        // There may be several about one event.
        uid: None,
        kind: ObjectKind::Event,
        shape: Shape::TRANSPARENT,
        span: None,
        title: method.name().to_owned(),
        status: None,
        organizer: None,
        people: Vec::new(),
        phones: Vec::new(),
        company: None,
        due_s: None,
        start_s: None,
        priority: None,
        files,
    };
    let name = format!("{}.ics", random::uuid());
    tx.insert_object(folder, &name, &staged, &columns, work.now_ms)?;
    Ok(())
}

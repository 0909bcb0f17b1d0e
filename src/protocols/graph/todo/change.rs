//! PATCH todo/lists/{id}/tasks/{id}: what the body names; all else stays. One that comes again and is done leaves the next.

use super::fields::{self, status};
use super::get::whole_task;
use super::next::next_of;
use super::view::{TodoTask, main_component, parse};
use crate::formats::content_line::print::print_component;
use crate::formats::content_line::read_component;
use crate::objects::Condition;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::event::{describe_zones, stamp};
use crate::protocols::graph::object::edit::{ALL_KINDS, collection_of, edit, store};
use crate::protocols::graph::object::{id_of, read};
use crate::protocols::graph::routes::{Row, row};

pub const ROWS: &[Row] = &[row!(PATCH "me/todo/lists/{}/tasks/{}" TasksWrite [] => change)];

async fn change(call: Call) -> Result {
    let (body, unchanged) = (call.json()?, call.unchanged()?);
    let id = id_of::<TodoTask>(call.key(1))?;
    let now_s = call.ctx().now_ms().div_euclid(1000);
    let changed = |raw: &[u8]| -> Result<Vec<u8>> {
        let at = parse(raw)?.parts[0].component;
        let mut calendar = read_component(raw)?;
        if let Some(task) = calendar.parts.get_mut(at) {
            let was_done = status(task) == "completed";
            fields::write(task, &body, now_s)?;
            if !was_done && status(task) == "completed" {
                for name in ["RRULE", "RDATE", "EXDATE"] {
                    task.remove(name);
                }
            }
            stamp(&call, task, false);
        }
        describe_zones(&mut calendar);
        Ok(print_component(&calendar).into_bytes())
    };
    // The next one is there before this one is done: what is broken off between the two is tried again, and finds it.
    let (object, raw) = read::<TodoTask>(&call, call.key(1)).await?;
    if let Some(modseq) = unchanged {
        let condition = Condition::Unchanged(modseq).check(Some(&object));
        condition.map_err(crate::protocols::graph::error::GraphError::of_condition)?;
    }
    let is_done = |raw: &[u8]| -> Result<bool> { Ok(status(main_component(&parse(raw)?)) == "completed") };
    if !is_done(&raw)?
        && is_done(&changed(&raw)?)?
        && let Some((uid, mut next)) = next_of(&raw)
    {
        if let Some(task) = next.parts.iter_mut().find(|p| p.name == "VTODO") {
            stamp(&call, task, true);
        }
        let collection = collection_of(&call, &ALL_KINDS, object.item.folder_id).await?;
        let bytes = print_component(&next).into_bytes();
        let name = format!("{uid}.ics");
        match store::<TodoTask>(&call, &collection, &name, bytes, Condition::Absent).await {
            Err(e) if !e.is_conflict() => return Err(e),
            _ => {}
        }
    }
    edit::<TodoTask>(&call, id, unchanged, |_, raw| changed(raw).map(Some)).await?;
    if call.prefer.is_minimal {
        return Ok(Answer::no_content().with("Preference-Applied", "return=minimal"));
    }
    Ok(Answer::json(whole_task(&call, call.key(1)).await?))
}

//! POST todo/lists/{id}/tasks

use super::entries::{CHECKLIST, LINKED, new_line};
use super::fields;
use super::get::whole_task;
use super::lists::find_list;
use super::view::TodoTask;
use crate::base::clock::rfc3339;
use crate::base::random;
use crate::formats::content_line::print::print_component;
use crate::formats::content_line::{Component, Property};
use crate::model::object::ObjectKind;
use crate::objects::Condition;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::event::{calendar_of, describe_zones, stamp};
use crate::protocols::graph::json;
use crate::protocols::graph::object::edit::store;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::http::ids;

pub const ROWS: &[Row] = &[row!(POST "me/todo/lists/{}/tasks" TasksWrite [] => create)];

async fn create(call: Call) -> Result {
    let body = call.json()?;
    let list = find_list(&call, call.key(0)).await?;
    let uid = random::uuid();
    let now_ms = call.ctx().now_ms();
    let mut task = Component::new("VTODO");
    task.put(Property::of_text("UID", &uid));
    stamp(&call, &mut task, true);
    fields::write(&mut task, &body, now_ms.div_euclid(1000))?;
    for sort in [&CHECKLIST, &LINKED] {
        for entry in json::list(&body, sort.path)?.unwrap_or_default().iter().take(200) {
            let line = new_line(sort, entry, &rfc3339(now_ms))?;
            task.properties.push(line);
        }
    }
    let mut calendar = calendar_of(task);
    describe_zones(&mut calendar);
    let (name, raw) = (format!("{uid}.ics"), print_component(&calendar).into_bytes());
    let object = store::<TodoTask>(&call, &list, &name, raw, Condition::Absent).await?;
    let id = ids::print_object(ObjectKind::Task, object.item.id);
    let location = format!("{}/me/todo/lists/{}/tasks/{id}", call.site.base(), call.key(0));
    Ok(Answer::created(whole_task(&call, &id).await?, location))
}

//! PATCH messages/{id}

use super::contents::change_contents;
use super::expand::take_flags;
use super::get::whole_message;
use super::view::COMPLETE;
use crate::mail::category::{categories, to_keyword};
use crate::mail::change::{MessageChange, change_message};
use crate::mail::listing::get_message;
use crate::model::{Flags, Keywords};
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::extended;
use crate::protocols::graph::json;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::sending::wanted;
use serde_json::Value;

pub const ROWS: &[Row] = &[row!(PATCH "me/messages/{}" MailWrite [] => change)];

async fn change(call: Call) -> Result {
    let (id, body) = (call.message_id()?, call.json()?);
    let wanted = wanted::parse(&call, &body)?;
    if !wanted.attachments.is_empty() {
        return Err(GraphError::request(
            "attachments are not changed with their message; send them to .../attachments",
        ));
    }
    let mut unchanged = call.unchanged()?;
    if wanted.is_any() {
        change_contents(&call, id, wanted, unchanged).await?;
        // The condition has held, and holds no more.
        unchanged = None;
    }
    let before = get_message(call.ctx(), call.account, id).await?.item.keywords;
    let mut change = MessageChange {
        unchanged,
        ..MessageChange::default()
    };
    take_state(&mut change, &before, &body)?;
    change_message(call.ctx(), call.account, id, change)
        .await
        .map_err(GraphError::of_condition)?;
    if call.prefer.is_minimal {
        return Ok(Answer::no_content().with("Preference-Applied", "return=minimal"));
    }
    Ok(Answer::json(whole_message(&call, id).await?))
}

/// What a body says about a message beside its contents: read, flagged, categories, extended properties.
pub fn take_state(change: &mut MessageChange, before: &Keywords, body: &Value) -> Result<(), GraphError> {
    switch(change, Flags::SEEN, json::boolean(body, "isRead")?);
    // Thunderbird says false when it puts a message away that it wrote.
    switch(change, Flags::DRAFT, json::boolean(body, "isDraft")?);
    if let Some(flag) = json::object(body, "flag")? {
        set_flag(change, json::text(flag, "flagStatus")?)?;
    }
    if let Some(wanted) = json::list(body, "categories")? {
        set_categories(change, before, wanted)?;
    }
    take_flags(change, extended::given(body)?);
    Ok(())
}

fn switch(change: &mut MessageChange, flag: Flags, wanted: Option<bool>) {
    match wanted {
        Some(true) => change.set = change.set.with(flag),
        Some(false) => change.clear = change.clear.with(flag),
        None => {}
    }
}

fn set_flag(change: &mut MessageChange, status: Option<&str>) -> Result<(), GraphError> {
    let (is_flagged, is_complete) = match status.map(str::to_ascii_lowercase).as_deref() {
        None => return Ok(()),
        Some("flagged") => (true, false),
        Some("notflagged") => (false, false),
        Some("complete") => (false, true),
        Some(other) => {
            return Err(GraphError::request(format!(
                "»{other}« is no flagStatus; known: notFlagged, flagged, complete"
            )));
        }
    };
    switch(change, Flags::FLAGGED, Some(is_flagged));
    let keywords = if is_complete {
        &mut change.add_keywords
    } else {
        &mut change.remove_keywords
    };
    keywords.add(COMPLETE);
    Ok(())
}

/// The list replaces what is there; keywords that are no categories stay.
fn set_categories(change: &mut MessageChange, before: &Keywords, wanted: &[Value]) -> Result<(), GraphError> {
    let keyword = |v: &Value| {
        v.as_str()
            .and_then(to_keyword)
            .ok_or_else(|| GraphError::request("a category is a text of 1 to 255 bytes"))
    };
    let wanted: Keywords = wanted
        .iter()
        .map(keyword)
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .collect();
    for old in categories(before).iter().filter_map(|c| to_keyword(c)) {
        if !wanted.contains(&old) {
            change.remove_keywords.add(&old);
        }
    }
    wanted.iter().for_each(|k| {
        change.add_keywords.add(k);
    });
    Ok(())
}

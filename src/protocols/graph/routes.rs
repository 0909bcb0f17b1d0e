//! The table: which method and path needs which right and is answered by whom.
//!
//! Paths are those of [`super::path`]; `{}` stands for an id. Each row stands in its verb's file.

use super::answer::Answer;
use super::call::Call;
use super::error::GraphError;
use super::path::Segment;
use super::query::Opt;
use super::rights::Right;
use super::{
    attachment, batch, calendar, contact, directory, event, folder, message, rule, sending, settings,
    subscription, todo, user,
};
use actix_web::http::{Method, StatusCode};
use futures_util::future::LocalBoxFuture;

pub type Handler = fn(Call) -> LocalBoxFuture<'static, Result<Answer, GraphError>>;

pub struct Row {
    pub method: Method,
    pub path: &'static str,
    pub right: Right,
    /// The query options that are understood.
    pub options: &'static [Opt],
    pub run: Handler,
}

/// `row!(GET "me/messages/{}" MailRead [Select] => get)`
macro_rules! row {
    ($method:ident $path:literal $right:ident [$($option:ident),*] => $run:path) => {
        $crate::protocols::graph::routes::Row {
            method: actix_web::http::Method::$method,
            path: $path,
            right: $crate::protocols::graph::rights::Right::$right,
            options: &[$($crate::protocols::graph::query::Opt::$option),*],
            run: |call| Box::pin($run(call)),
        }
    };
}
pub(in crate::protocols::graph) use row;

const TABLE: &[&[Row]] = &[
    batch::ROWS,
    user::get::ROWS,
    user::list::ROWS,
    user::delta::ROWS,
    settings::mailbox_settings::ROWS,
    settings::categories::ROWS,
    settings::photo::ROWS,
    folder::list::ROWS,
    folder::delta::ROWS,
    folder::child_delta::ROWS,
    folder::get::ROWS,
    folder::create::ROWS,
    folder::change::ROWS,
    folder::remove::ROWS,
    folder::move_folder::ROWS,
    folder::copy_folder::ROWS,
    rule::list::ROWS,
    rule::get::ROWS,
    rule::create::ROWS,
    rule::change::ROWS,
    rule::remove::ROWS,
    message::list::ROWS,
    message::list::COUNT_ROWS,
    message::delta::ROWS,
    message::get::ROWS,
    message::value::ROWS,
    message::change::ROWS,
    message::create::ROWS,
    message::move_message::ROWS,
    message::copy::ROWS,
    message::remove::ROWS,
    attachment::list::ROWS,
    attachment::get::ROWS,
    attachment::create::ROWS,
    attachment::remove::ROWS,
    attachment::upload_session::ROWS,
    attachment::value::ROWS,
    calendar::list::ROWS,
    calendar::get::ROWS,
    calendar::create::ROWS,
    calendar::change::ROWS,
    calendar::remove::ROWS,
    calendar::groups::ROWS,
    calendar::permissions::ROWS,
    calendar::schedule::ROWS,
    calendar::meeting_times::ROWS,
    event::list::ROWS,
    event::get::ROWS,
    event::create::ROWS,
    event::change::ROWS,
    event::remove::ROWS,
    event::respond::ROWS,
    event::window::ROWS,
    event::delta::ROWS,
    event::attachment::ROWS,
    contact::list::ROWS,
    contact::get::ROWS,
    contact::create::ROWS,
    contact::change::ROWS,
    contact::remove::ROWS,
    contact::delta::ROWS,
    contact::folders::ROWS,
    contact::photo::ROWS,
    todo::lists::ROWS,
    todo::list::ROWS,
    todo::get::ROWS,
    todo::create::ROWS,
    todo::change::ROWS,
    todo::remove::ROWS,
    todo::delta::ROWS,
    todo::checklist::ROWS,
    todo::linked::ROWS,
    todo::attachment::ROWS,
    directory::places::ROWS,
    directory::groups::ROWS,
    directory::people::ROWS,
    settings::time_zones::ROWS,
    settings::mail_tips::ROWS,
    settings::translate_ids::ROWS,
    subscription::create::ROWS,
    subscription::get::ROWS,
    subscription::change::ROWS,
    subscription::remove::ROWS,
    sending::send_mail::ROWS,
    sending::reply::ROWS,
    sending::forward::ROWS,
    sending::draft::ROWS,
    sending::send_draft::ROWS,
];

/// All rows, for the manual.
#[cfg(test)]
pub fn rows() -> impl Iterator<Item = &'static Row> {
    TABLE.iter().copied().flatten()
}

/// The row of a request and what stands at its places. Words go before ids: `messages/delta` is no message.
/// Errors: 404 when no row has the path, 405 when none has the method.
pub fn find(method: &Method, path: &[Segment]) -> Result<(&'static Row, Vec<String>), GraphError> {
    // Whoever may read may ask for the head alone.
    let method = if *method == Method::HEAD {
        &Method::GET
    } else {
        method
    };
    let mut best: Option<(&Row, Vec<String>)> = None;
    let mut is_known = false;
    for row in TABLE.iter().copied().flatten() {
        let Some(keys) = fit(row.path, path) else { continue };
        is_known = true;
        let is_better = best.as_ref().is_none_or(|(_, k)| keys.len() < k.len());
        if row.method == *method && is_better {
            best = Some((row, keys));
        }
    }
    best.ok_or_else(|| {
        if is_known {
            GraphError::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "Request_BadRequest",
                format!("Specified HTTP method is not allowed for the request target: {method}"),
            )
        } else {
            let last = path.last().map_or("", |s| &s.text);
            GraphError::new(
                StatusCode::NOT_FOUND,
                "ResourceNotFound",
                format!("Resource not found for the segment '{last}'."),
            )
        }
    })
}

pub(in crate::protocols::graph) fn fit(pattern: &str, path: &[Segment]) -> Option<Vec<String>> {
    let mut keys = Vec::new();
    let mut steps = path.iter();
    for word in pattern.split('/') {
        let step = steps.next()?;
        if word == "{}" {
            keys.push(step.text.clone());
        } else if step.is_key || !step.text.eq_ignore_ascii_case(word) {
            return None;
        }
    }
    steps.next().is_none().then_some(keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocols::graph::path::segments;

    #[test]
    fn paths_find_their_rows() {
        let find = |method: Method, path: &str| {
            find(&method, &segments(path).unwrap()).map(|(row, keys)| (row.path, keys.join(",")))
        };
        let found = |path: &'static str, keys: &str| (path, keys.to_owned());
        assert_eq!(
            find(Method::GET, "ME/mailfolders('Inbox')/Messages").unwrap(),
            found("me/mailFolders/{}/messages", "Inbox")
        );
        assert_eq!(
            find(Method::HEAD, "me/messages/M1").unwrap(),
            found("me/messages/{}", "M1")
        );
        assert_eq!(
            find(Method::GET, "me/messages('$value')").unwrap(),
            found("me/messages/{}", "$value")
        );
        assert!(find(Method::PUT, "me/messages/M1").is_err());
        assert!(find(Method::GET, "me/nothing").is_err());
    }
}

//! Graph as programs written for Microsoft 365 use it.

mod attachments;
mod batch;
mod contacts;
mod delta;
mod drafts;
mod events;
mod expand;
mod filters;
mod folders;
mod held;
mod meetings;
mod messages;
mod metadata;
mod office;
mod others;
mod receiver;
mod replies;
mod rules;
pub mod schema;
mod sealed;
mod search;
mod sending;
mod subscriptions;
mod tasks;
mod traffic;
mod writing;

use crate::server::{Server, wait_until};
use crate::smtp::Talk;
use crate::web::Web;
use serde_json::Value;
use std::time::Duration;

/// Delivers a message to anna from outside.
fn deliver(server: &Server, message: &str) {
    let message = message.replace('\n', "\r\n");
    let reply =
        Talk::hello(server.smtp).deliver("ben@other.test", &["anna@example.test"], message.as_bytes());
    assert!(reply.starts_with("250"), "{reply}");
}

/// Ids of a folder's messages, newest first.
fn ids(web: &Web, folder: &str) -> Vec<String> {
    let list = web
        .get(&format!(
            "/v1.0/me/mailFolders/{folder}/messages?$select=id&$top=1000"
        ))
        .expect(200)
        .json();
    let all = list["value"].as_array().unwrap();
    all.iter().map(|m| m["id"].as_str().unwrap().to_owned()).collect()
}

/// The id of the newest message, once the folder has `count` of them.
fn wait_for(web: &Web, folder: &str, count: usize) -> String {
    wait_until("the mail has arrived", Duration::from_secs(10), || {
        ids(web, folder).len() >= count
    });
    ids(web, folder)[0].clone()
}

/// The error of an answer: its code.
fn code(body: &Value) -> &str {
    body["error"]["code"].as_str().unwrap_or_default()
}

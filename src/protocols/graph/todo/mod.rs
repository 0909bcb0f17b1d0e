//! To Do: lists, tasks, their steps and what they are linked to. A task is a VTODO; what that says beyond Graph stays in it.

pub mod attachment;
pub mod change;
pub mod checklist;
pub mod create;
pub mod delta;
pub mod entries;
pub mod fields;
pub mod get;
pub mod linked;
pub mod list;
pub mod lists;
mod next;
pub mod remove;
mod view;

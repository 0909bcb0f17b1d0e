//! Writing mail: sendMail, answers, forwarding. Everything leaves by `delivery::submit`.

pub mod dispatch;
pub mod draft;
pub mod forward;
pub mod item;
pub mod mime;
mod original;
mod quote;
pub mod reply;
pub mod send_draft;
pub mod send_mail;
pub mod wanted;

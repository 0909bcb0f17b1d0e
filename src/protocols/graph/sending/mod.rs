//! Writing mail: sendMail, answers, forwarding. Everything leaves by `delivery::submit`.

mod dispatch;
pub mod forward;
mod mime;
mod original;
mod quote;
pub mod reply;
pub mod send_mail;
mod wanted;

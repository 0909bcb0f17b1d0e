//! The integration tests: one binary, the real program, real counterparts. Each file speaks of one door or story.

mod architecture;
mod cli;
mod collect;
mod counterparts;
mod disk_full;
mod imap;
mod kill_rounds;
mod mailbox;
mod outgoing;
mod page;
mod server;
mod smtp;

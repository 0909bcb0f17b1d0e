//! The integration tests: one binary, the real program, real counterparts. Each file speaks of one door or story.

mod architecture;
mod cli;
mod collect;
mod corpus;
mod counterparts;
mod dav;
mod direct;
mod discovery;
mod disk_full;
mod export;
mod graph;
mod hook;
mod imap;
mod kill_rounds;
mod mailbox;
mod mbsync;
mod oidc;
mod one_port;
mod outgoing;
mod page;
mod server;
mod sign_in;
mod sign_out;
mod smtp;
mod stalls;
mod web;

//! The integration tests: one binary, the real program, real counterparts. Each file speaks of one door or story.

mod architecture;
mod cli;
mod server;
mod smtp;

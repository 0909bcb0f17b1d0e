//! The one who does what was asked for at the page: moving in and out. On a thread and a runtime of its own, as reading and
//! packing would hold up everybody else.

use crate::base::Result;
use crate::delivery::PostRoom;
use crate::identity::Ctx;
use crate::moving::jobs::Moves;
use std::sync::Arc;

/// Runs until the program ends; what a restart has broken off goes on.
pub fn start(ctx: Ctx, room: Arc<PostRoom>, moves: Moves) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()?;
    std::thread::Builder::new()
        .name("moves".into())
        .spawn(move || runtime.block_on(moves.work(&ctx, &room)))?;
    Ok(())
}

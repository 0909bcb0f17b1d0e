//! Foundation: what every layer may use and what knows nothing of mail.
//! Error kinds, the clock, randomness, and text helpers. Imports nothing of ours.

pub mod clock;
pub mod crypto;
pub mod error;
pub mod hostname;
pub mod kernel_random;
mod lock;
pub mod log;
pub mod network;
pub mod panic;
pub mod patience;
pub mod random;
pub mod recent;
pub mod stream;
pub mod text;

pub use clock::{Clock, SystemClock, TimeMs};
pub use error::{Error, Kind, Reason, Result};
pub use lock::lock;
pub use patience::{Pace, Patience};

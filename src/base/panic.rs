//! A panic in the work for one thing is an error of that thing: what goes round it is tidied up all the same.

use super::{Error, Result};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;

/// As `work`, with a panic as an Internal error.
pub async fn catch<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let caught = AssertUnwindSafe(work).catch_unwind().await;
    caught.unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<&str>()
            .map(|t| (*t).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned());
        Err(Error::internal("a defect broke the work off").caused_by(text.unwrap_or_default()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_error_with_its_text() {
        let e = catch::<()>(async { panic!("number {}", 7) }).await.unwrap_err();
        assert_eq!(e.kind(), crate::base::Kind::Internal);
        assert_eq!(e.cause().unwrap().to_string(), "number 7");
        assert_eq!(catch(async { Ok(5) }).await.unwrap(), 5);
    }
}

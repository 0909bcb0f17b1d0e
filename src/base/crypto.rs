//! The one place where the crypto provider of TLS is chosen.

use rustls::crypto::CryptoProvider;
use std::sync::Arc;

pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

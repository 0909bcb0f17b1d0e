//! What doctor asks of the store.

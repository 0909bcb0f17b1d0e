//! The engine on plain values.

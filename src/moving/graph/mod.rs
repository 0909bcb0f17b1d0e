//! Servers that speak Microsoft Graph, as somebody who reads them: signing in, and requests.

pub mod client;
pub mod sign_in;

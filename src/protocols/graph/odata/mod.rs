//! The expressions of `$filter`: from text to a tree (OData 4.01 URL conventions §5.1.1), and the tree asked of JSON.
//!
//! Names and words come in any case, as Microsoft promises. Which properties a resource can be filtered by is the
//! resource's business.

mod json_match;
mod lexer;
mod parser;
mod tree;

pub use crate::formats::loose_time as time;
pub use json_match::fits;
pub use parser::parse;
pub use tree::{Call, Expr, Literal, Op, Path};

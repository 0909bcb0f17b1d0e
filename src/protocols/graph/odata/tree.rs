//! A filter as a tree.

use std::fmt;

#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    Compare(Path, Op, Literal),
    /// `contains(path, 'text')` and its like.
    Call(Call, Path, String),
    In(Path, Vec<Literal>),
    /// `path/any(x: ...)`: paths inside begin at the member. None: there is any member at all.
    Any(Path, Option<Box<Expr>>),
    /// A property that is true or false by itself.
    Is(Path),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

impl Op {
    pub fn from_word(word: &str) -> Option<Op> {
        Some(match word.to_ascii_lowercase().as_str() {
            "eq" => Op::Eq,
            "ne" => Op::Ne,
            "gt" => Op::Gt,
            "ge" => Op::Ge,
            "lt" => Op::Lt,
            "le" => Op::Le,
            _ => return None,
        })
    }

    pub fn word(self) -> &'static str {
        match self {
            Op::Eq => "eq",
            Op::Ne => "ne",
            Op::Gt => "gt",
            Op::Ge => "ge",
            Op::Lt => "lt",
            Op::Le => "le",
        }
    }

    /// With its sides changed over.
    pub fn flipped(self) -> Op {
        match self {
            Op::Gt => Op::Lt,
            Op::Ge => Op::Le,
            Op::Lt => Op::Gt,
            Op::Le => Op::Ge,
            same => same,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Contains,
    StartsWith,
    EndsWith,
}

impl Call {
    pub fn from_word(word: &str) -> Option<Call> {
        Some(match word.to_ascii_lowercase().as_str() {
            "contains" => Call::Contains,
            "startswith" => Call::StartsWith,
            "endswith" => Call::EndsWith,
            _ => return None,
        })
    }

    pub fn word(self) -> &'static str {
        match self {
            Call::Contains => "contains",
            Call::StartsWith => "startswith",
            Call::EndsWith => "endswith",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    Text(String),
    /// Without quotes: a number, a date, a GUID.
    Word(String),
    Bool(bool),
    Null,
}

impl Literal {
    /// Programs quote dates or do not, as they like.
    pub fn text(&self) -> Option<&str> {
        match self {
            Literal::Text(t) | Literal::Word(t) => Some(t),
            Literal::Bool(_) | Literal::Null => None,
        }
    }

    pub fn boolean(&self) -> Option<bool> {
        match self {
            Literal::Bool(b) => Some(*b),
            _ => None,
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Literal::Text(t) => write!(f, "'{t}'"),
            Literal::Word(t) => f.write_str(t),
            Literal::Bool(b) => write!(f, "{b}"),
            Literal::Null => f.write_str("null"),
        }
    }
}

/// `from/emailAddress/address` as its steps; empty for the member of an `any` itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(pub Vec<String>);

impl Path {
    /// In lower case, for tables.
    pub fn key(&self) -> String {
        self.0.join("/").to_ascii_lowercase()
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("/"))
    }
}

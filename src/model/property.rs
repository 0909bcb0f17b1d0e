//! What a program keeps with a message or a folder in words of its own (Graph's extended properties).

/// A name of the program's choice, brought to one spelling by the door, with one value or a list of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    pub name: String,
    pub value: PropertyValue,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PropertyValue {
    One(String),
    List(Vec<String>),
    /// Takes the property away.
    Gone,
}

/// Bytes of one value: a bound against programs that keep files there.
pub const MAX_VALUE_BYTES: usize = 64 << 10;
/// Of one message or folder.
pub const MAX_PROPERTIES: usize = 200;

//! Class labels and their order.

use crate::coded::coded;
use std::borrow::Cow;
use std::fmt;

/// One class label. The order is the one users see everywhere: false before true, numbers by value, text by code point, enums
/// in the order of their type. With two labels the second is the positive class, as in scikit-learn.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Label {
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Number(i64),
    /// A value of an enum type: its place in the type's order, then its text.
    Enum(u32, String),
    /// A text.
    Text(String),
}

coded!(Label {
    0 => Bool(value),
    1 => Number(value),
    2 => Enum(place, text),
    3 => Text(text),
});

impl Label {
    /// Whether it is the positive class whatever the other is: known of booleans, and of 0 and 1, which stand for them.
    pub fn is_positive(&self) -> Option<bool> {
        match self {
            Label::Bool(value) => Some(*value),
            Label::Number(0) => Some(false),
            Label::Number(1) => Some(true),
            Label::Number(_) | Label::Enum(..) | Label::Text(_) => None,
        }
    }

    /// A value of an enum type; `order` is PostgreSQL's sort order of it, a finite float that need not be whole.
    pub fn enumerated(order: f32, text: String) -> Label {
        // The bits of a float, turned so that they sort as the float does.
        let bits = order.to_bits();
        Label::Enum(if bits >> 31 == 0 { bits | 1 << 31 } else { !bits }, text)
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl Label {
    /// As users write it.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Label::Bool(true) => "true".into(),
            Label::Bool(false) => "false".into(),
            Label::Number(value) => value.to_string().into(),
            Label::Enum(_, text) | Label::Text(text) => Cow::Borrowed(text),
        }
    }
}

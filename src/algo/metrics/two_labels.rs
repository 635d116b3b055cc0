//! The two classes of a binary metric, in whatever order they are met.

use std::mem::discriminant;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::label::Label;

/// At most two distinct labels of one type. Each has a code, 0 for the one that was met first; which is positive is settled only at
/// the end, by the order of labels.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct TwoLabels(Vec<Label>);

impl TwoLabels {
    /// The code of a label, 0 or 1. Returns an error when it would be the third, or of another type than the first.
    #[inline]
    pub(super) fn code(&mut self, label: &Label) -> Result<usize> {
        match self.0.iter().position(|known| known == label) {
            Some(code) => Ok(code),
            None => self.admit(label),
        }
    }

    #[cold]
    fn admit(&mut self, label: &Label) -> Result<usize> {
        if let Some(first) = self.0.first() {
            same_type(first, label)?;
        }
        if let [first, second] = self.0.as_slice() {
            return Err(Error::data(
                format!("the labels \"{first}\", \"{second}\" and \"{label}\" are more than two classes"),
                "compare the label with the positive class, as in label = 'yes'",
            ));
        }
        self.0.push(label.clone());
        Ok(self.0.len() - 1)
    }

    /// Our codes of another's labels, in the order of their codes.
    pub(super) fn codes(&mut self, other: &TwoLabels) -> Result<Vec<usize>> {
        other.0.iter().map(|label| self.code(label)).collect()
    }

    /// How many labels were met.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The code of the positive class when both classes were met: the second in the order of labels.
    pub(super) fn positive(&self) -> Option<usize> {
        match self.0.as_slice() {
            [first, second] => Some(usize::from(first < second)),
            _ => None,
        }
    }

    /// The labels, by their codes.
    pub(super) fn labels(&self) -> &[Label] {
        &self.0
    }

    /// Whether these can be the labels of a state.
    pub(super) fn is_sound(&self) -> bool {
        match self.0.as_slice() {
            [] | [_] => true,
            [first, second] => first != second && same_type(first, second).is_ok(),
            _ => false,
        }
    }

    /// Bytes held on the heap.
    pub(super) fn memory(&self) -> usize {
        self.0.capacity() * size_of::<Label>() + self.0.iter().map(text_memory).sum::<usize>()
    }
}

/// Returns an error when two labels are of different types.
pub(super) fn same_type(known: &Label, label: &Label) -> Result<()> {
    if discriminant(known) == discriminant(label) {
        return Ok(());
    }
    Err(Error::data(
        format!("the labels \"{known}\" and \"{label}\" are of different types"),
        "cast the labels to one type",
    ))
}

/// Bytes that the text of a label holds on the heap.
pub(super) fn text_memory(label: &Label) -> usize {
    match label {
        Label::Bool(_) | Label::Number(_) => 0,
        Label::Enum(_, text) | Label::Text(text) => text.capacity(),
    }
}

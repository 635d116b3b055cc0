//! A feature on its way through the pipeline: its name, and what its values mean.

use std::sync::Arc;

/// What the values of a feature mean.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Numbers.
    Number,
    /// A time, as a number of units since 2000-01-01.
    Time(Clock),
    /// Zeros and ones, which stay as they are when numbers are bent or scaled.
    Flag,
    /// Codes of levels.
    Category(Levels),
    /// Texts, which have no values before they are read.
    Text,
}

/// In what times are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// Days.
    Days,
    /// Seconds.
    Seconds,
}

/// The levels of a category by their codes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Levels {
    /// Those of training; features made of each other share them.
    pub names: Arc<Vec<String>>,
    /// Whether one more stands for the levels too rare to be kept.
    pub other: bool,
    /// One more, which a step has added.
    pub added: Option<String>,
}

/// The level that stands for rare ones.
pub const OTHER: &str = "(other)";
/// The level that stands for missing values.
pub const NULL: &str = "(null)";

impl Levels {
    /// How many codes there are.
    pub fn codes(&self) -> usize {
        self.names.len() + usize::from(self.other) + usize::from(self.added.is_some())
    }

    /// The name of a code.
    pub fn name(&self, code: usize) -> Option<&str> {
        let kept = self.names.len();
        match code {
            code if code < kept => Some(&self.names[code]),
            code if code == kept && self.other => Some(OTHER),
            code if code < self.codes() => self.added.as_deref(),
            _ => None,
        }
    }

    /// All names in the order of their codes.
    pub fn all(&self) -> Vec<String> {
        (0..self.codes())
            .filter_map(|code| self.name(code).map(String::from))
            .collect()
    }
}

impl Kind {
    /// How many codes there are; 0 for numbers.
    pub fn codes(&self) -> usize {
        self.levels().map_or(0, Levels::codes)
    }

    /// The levels of a category.
    pub fn levels(&self) -> Option<&Levels> {
        match self {
            Kind::Category(levels) => Some(levels),
            Kind::Number | Kind::Time(_) | Kind::Flag | Kind::Text => None,
        }
    }

    /// Whether it is a number that can be bent and scaled.
    pub fn is_number(&self) -> bool {
        match self {
            Kind::Number | Kind::Time(_) => true,
            Kind::Flag | Kind::Category(_) | Kind::Text => false,
        }
    }
}

/// A feature.
#[derive(Debug, Clone, PartialEq)]
pub struct Feature {
    /// Its name.
    pub name: String,
    /// What its values mean.
    pub kind: Kind,
}

impl Feature {
    /// A number.
    pub fn number(name: impl Into<String>) -> Feature {
        Feature {
            name: name.into(),
            kind: Kind::Number,
        }
    }

    /// Zeros and ones.
    pub fn flag(name: impl Into<String>) -> Feature {
        Feature {
            name: name.into(),
            kind: Kind::Flag,
        }
    }

    /// The name of a level, for people; `None` as the code stands for missing values.
    pub fn level(&self, code: Option<u32>) -> Option<String> {
        let levels = self.kind.levels()?;
        match code {
            None => Some(NULL.to_string()),
            Some(code) => levels.name(code as usize).map(String::from),
        }
    }
}

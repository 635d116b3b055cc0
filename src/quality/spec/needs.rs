//! What a kind of check needs of those who write one.

/// How a kind stands to something that a check may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    Required,
    Optional,
    /// It has no meaning.
    Refused,
}

/// What a kind needs, and what it can do with options that all kinds share.
#[derive(Debug, Clone, Copy)]
pub struct Needs {
    /// The column that it is about.
    pub column: Need,
    /// The columns that make segments: group_by.
    pub segments: Need,
    /// The condition on rows: where.
    pub filter: Need,
    /// Whether it says of each row whether it fails, so that there can be a share of them: mostly, warn_if, error_if.
    pub counts_rows: bool,
}

impl Needs {
    /// Those of most kinds that say of each value of a column whether it fails.
    pub const ROWS: Needs = Needs {
        column: Need::Required,
        segments: Need::Optional,
        filter: Need::Optional,
        counts_rows: true,
    };
    /// Those of most kinds that compare a figure of a column.
    pub const FIGURE: Needs = Needs {
        counts_rows: false,
        ..Needs::ROWS
    };
}

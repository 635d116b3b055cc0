//! The colours of charts.

/// The colour of a series, by its role: a style sheet says which it is by day and by night.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Of what the figure is about.
    First,
    /// Of what it is compared with.
    Second,
    /// Of a third.
    Third,
    /// Of what only gives a hold.
    Muted,
}

impl Tone {
    /// Its class in the style sheet.
    pub(super) fn class(self) -> &'static str {
        match self {
            Tone::First => "t1",
            Tone::Second => "t2",
            Tone::Third => "t3",
            Tone::Muted => "t0",
        }
    }
}

//! What people are told of a series: what was done to its values, and why it is forecast as it is.

use crate::coded::coded;

/// What was found in a series, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// Further values at a time that had one.
    Merged(usize),
    /// Times without a value.
    Filled(usize),
    /// Times between steps.
    Moved(usize),
    /// Zeros.
    Zeros(usize),
    /// Values below zero.
    Negative(usize),
    /// Too few values for what was asked for: as many as there are.
    Short(usize),
    /// Values to come of regressors that are not known, and taken as the last.
    Unknown(usize),
    /// Only so many of the last values are learned from, for there are more.
    Recent(usize),
}

coded!(Note {
    0 => Merged(count),
    1 => Filled(count),
    2 => Moved(count),
    3 => Zeros(count),
    4 => Negative(count),
    5 => Short(count),
    6 => Unknown(count),
    7 => Recent(count),
});

impl Note {
    /// How often it was found.
    pub fn count(&self) -> usize {
        match *self {
            Note::Merged(count)
            | Note::Filled(count)
            | Note::Moved(count)
            | Note::Zeros(count)
            | Note::Negative(count)
            | Note::Short(count)
            | Note::Unknown(count)
            | Note::Recent(count) => count,
        }
    }

    /// What it is about.
    pub fn name(&self) -> &'static str {
        match self {
            Note::Merged(_) => "merged",
            Note::Filled(_) => "filled",
            Note::Moved(_) => "moved",
            Note::Zeros(_) => "zeros",
            Note::Negative(_) => "negative",
            Note::Short(_) => "short",
            Note::Unknown(_) => "unknown",
            Note::Recent(_) => "recent",
        }
    }

    /// In words.
    pub fn text(&self) -> String {
        match self {
            Note::Merged(count) => format!("further values at times that had one: {count}"),
            Note::Filled(count) => format!("times without a value, which were filled: {count}"),
            Note::Moved(count) => format!("times between steps: {count}"),
            Note::Zeros(count) => format!("zeros: {count}"),
            Note::Negative(count) => format!("values below zero: {count}"),
            Note::Short(count) => format!("few values for its seasons: {count}"),
            Note::Unknown(count) => {
                format!("{count} values of regressors to come are not known, and taken as the last")
            }
            Note::Recent(count) => format!("more values than it is learned from, which are the last {count}"),
        }
    }
}

/// Why a series is forecast as it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reason {
    /// It was asked for.
    Asked,
    /// Its errors in rolling origins, as a share of the seasonal naive's.
    Better(f64),
    /// The share for what lost.
    Lost(f64),
    /// So many values are too few to judge by rolling origins.
    Unjudged(usize),
    /// So many values are too few for more than the naive.
    Few(usize),
    /// All values are the same.
    Constant,
    /// The share of zeros.
    Intermittent(f64),
    /// The numbers became too large.
    Overflow,
}

coded!(Reason {
    0 => Asked,
    1 => Better(share),
    2 => Lost(share),
    3 => Unjudged(count),
    4 => Few(count),
    5 => Constant,
    6 => Intermittent(share),
    7 => Overflow,
});

impl Reason {
    /// Whether what was to forecast the series lost against the seasonal naive.
    pub fn has_lost(&self) -> bool {
        match self {
            Reason::Lost(_) => true,
            Reason::Asked
            | Reason::Better(_)
            | Reason::Unjudged(_)
            | Reason::Few(_)
            | Reason::Constant
            | Reason::Intermittent(_)
            | Reason::Overflow => false,
        }
    }

    /// In words.
    pub fn text(&self) -> String {
        match self {
            Reason::Asked => "it was asked for".into(),
            Reason::Better(share) if *share > 1.0 => format!(
                "its errors in rolling origins were {share:.2} times those of the seasonal naive, which may be chance"
            ),
            Reason::Better(share) => {
                format!("won against the seasonal naive in rolling origins, with {share:.2} of its errors")
            }
            Reason::Lost(share) if share.is_infinite() => {
                "what was to forecast it lost against the seasonal naive in rolling origins, which was never wrong"
                    .into()
            }
            Reason::Lost(share) => format!(
                "what was to forecast it lost against the seasonal naive in rolling origins, with {share:.2} times its errors"
            ),
            Reason::Unjudged(count) => format!("{count} values are too few to judge it by rolling origins"),
            Reason::Few(count) => format!("{count} values are too few for more than the naive"),
            Reason::Constant => "all values are the same".into(),
            Reason::Intermittent(share) => format!("{:.0} % of the values are zero", 100.0 * share),
            Reason::Overflow => "its numbers are too large for more than the naive".into(),
        }
    }
}

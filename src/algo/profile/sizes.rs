//! How much memory the profile of a column may take.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Capacities of a column's tables and sketches. States merge when theirs are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sizes {
    /// Different values that are counted exactly.
    pub(super) values: u16,
    /// Bytes of texts that are counted exactly, each with what it takes to hold one.
    pub(super) text_bytes: u32,
    /// Of the sketch of distinct values: the logarithm of its registers.
    pub(super) precision: u8,
    /// Of the quantile sketch: values of its highest level.
    pub(super) quantiles: u16,
    /// Frequent values that are counted at once.
    pub(super) frequent: u16,
    /// Rows that are looked at one by one for quantiles and frequent values before a sample of them is.
    pub(super) sample: u32,
}

/// Bytes of all profiles of a scan.
const BUDGET: usize = 40 << 20;

/// What holding a text costs apart from its bytes.
pub(super) const TEXT_OVERHEAD: usize = 48;

impl Sizes {
    /// So much for each of `columns` that a scan of all of them stays below 48 MB, however many rows it has.
    ///
    /// | columns | exact values | distinct ± | ranks ± | frequent values |
    /// |---|---|---|---|---|
    /// | to 100 | 4,096 | 2.1 % | 0.6 % | 512 |
    /// | 1,600 | 256 | 4.2 % | 1.6 % | 64 |
    ///
    /// The errors hold with 99 % confidence, on more rows than are counted exactly.
    pub fn for_columns(columns: usize) -> Sizes {
        let bytes = (BUDGET / columns.max(1)).min(BUDGET / 100);
        let power = |number: usize, least: usize, most: usize| 1_usize << number.clamp(least, most).ilog2();
        Sizes {
            values: power(bytes / 96, 128, 4096) as u16,
            text_bytes: power(bytes / 2, 4096, 1 << 18) as u32,
            precision: power(bytes / 6, 1 << 10, 1 << 14).ilog2() as u8,
            quantiles: power(bytes / 100, 128, 1024) as u16,
            frequent: power(bytes / 400, 64, 512) as u16,
            sample: power(bytes / 4, 1 << 12, 1 << 16) as u32,
        }
    }

    /// Checks that they are some that [`Sizes::for_columns`] gives.
    pub(super) fn validate(&self) -> Result<()> {
        let known = (0..=12).any(|power| *self == Sizes::for_columns(100 << power))
            || (1..=16_384).any(|columns| *self == Sizes::for_columns(columns));
        known
            .then_some(())
            .ok_or_else(|| Error::damaged("profile of a column", "its capacities are not known"))
    }
}

//! Sorted values, each with the rows it stands for.

/// Values in order with the number of rows up to each: what ranks, quantiles and histograms are read from, exact or not.
#[derive(Debug, Clone, Default)]
pub struct Weighted {
    values: Vec<f64>,
    /// Rows up to and with each value.
    up_to: Vec<u64>,
}

impl Weighted {
    /// Of values in ascending order with their rows.
    pub fn new(sorted: impl Iterator<Item = (f64, u64)>) -> Weighted {
        let mut weighted = Weighted::default();
        let mut total = 0_u64;
        for (value, rows) in sorted {
            total = total.saturating_add(rows);
            weighted.values.push(value);
            weighted.up_to.push(total);
        }
        weighted
    }

    /// All rows.
    pub fn rows(&self) -> u64 {
        self.up_to.last().copied().unwrap_or(0)
    }

    /// The number that `q` of the rows do not exceed, interpolated between neighbours as SQL's `percentile_cont` does. `None`
    /// without rows. O(log n).
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let last = self.rows().checked_sub(1)?;
        let place = q.clamp(0.0, 1.0) * last as f64;
        let rank = (place as u64).min(last);
        let part = place - rank as f64;
        let at = |rank: u64| self.values[self.up_to.partition_point(|&up_to| up_to <= rank)];
        let (low, high) = (at(rank), at((rank + 1).min(last)));
        // Exact at both ends, and without the overflow of high - low.
        Some(if low == high {
            low
        } else {
            low * (1.0 - part) + high * part
        })
    }

    /// How many rows are at most `value`. O(log n).
    pub fn at_most(&self, value: f64) -> u64 {
        match self.values.partition_point(|&other| other <= value) {
            0 => 0,
            values => self.up_to[values - 1],
        }
    }

    /// How many rows are below `value`. O(log n).
    pub fn below(&self, value: f64) -> u64 {
        match self.values.partition_point(|&other| other < value) {
            0 => 0,
            values => self.up_to[values - 1],
        }
    }
}

//! What stands in for missing values.

use std::str::FromStr;

use super::mode::{Mode, number_of, text_of};
use super::ordered::{Ordered, median_rank};
use super::parameter;
use super::sliding::{Sliding, Spread};
use crate::error::{Error, Result};
use crate::monitor::Monitor;

/// Which value stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    Mean,
    Median,
    MostFrequent,
}

impl FromStr for Strategy {
    type Err = Error;

    fn from_str(name: &str) -> Result<Strategy> {
        Ok(match name {
            "mean" => Strategy::Mean,
            "median" => Strategy::Median,
            "most_frequent" => Strategy::MostFrequent,
            _ => {
                return Err(parameter(
                    "strategy",
                    format!("\"{name}\""),
                    "mean, median or most_frequent",
                ));
            }
        })
    }
}

impl Strategy {
    /// Returns an error unless texts have such a value.
    pub fn of_texts(self) -> Result<()> {
        match self {
            Strategy::MostFrequent => Ok(()),
            Strategy::Mean => Err(parameter("strategy", "\"mean\" of a text", "most_frequent for texts")),
            Strategy::Median => Err(parameter("strategy", "\"median\" of a text", "most_frequent for texts")),
        }
    }
}

/// What a frame's numbers have. NaN is missing.
pub enum Statistic {
    Mean(Box<Sliding<Spread>>),
    Median(Box<Ordered>),
    MostFrequent(Box<Mode>),
}

impl Statistic {
    /// `moves` says whether rows ever leave one by one.
    pub fn new(strategy: Strategy, moves: bool) -> Statistic {
        match strategy {
            Strategy::Mean => Statistic::Mean(Box::new(Sliding::new(moves))),
            Strategy::Median => Statistic::Median(Box::new(Ordered::new(moves))),
            Strategy::MostFrequent => Statistic::MostFrequent(Box::new(Mode::new(moves))),
        }
    }

    /// Rows come. Returns an error when stopped, and where there is no room.
    pub fn push(&mut self, numbers: &[f64], monitor: &dyn Monitor) -> Result<()> {
        match self {
            Statistic::Mean(sum) => sum.push(numbers),
            Statistic::Median(ordered) => ordered.push(numbers, monitor),
            Statistic::MostFrequent(mode) => numbers.iter().try_for_each(|&number| {
                let text = (!number.is_nan()).then(|| text_of(number));
                mode.push(text.as_deref(), monitor)
            }),
        }
    }

    /// The first rows leave. Returns an error when stopped, and where there is no room.
    pub fn pop(&mut self, count: usize, monitor: &dyn Monitor) -> Result<()> {
        match self {
            Statistic::Mean(sum) => sum.pop(count, monitor),
            Statistic::Median(ordered) => ordered.pop(count, monitor),
            Statistic::MostFrequent(mode) => mode.pop(count, monitor),
        }
    }

    pub fn clear(&mut self) {
        match self {
            Statistic::Mean(sum) => sum.clear(),
            Statistic::Median(ordered) => ordered.clear(),
            Statistic::MostFrequent(mode) => mode.clear(),
        }
    }

    /// The value that stands in; `None` where all are missing. Returns an error when stopped.
    pub fn value(&mut self, monitor: &dyn Monitor) -> Result<Option<f64>> {
        match self {
            Statistic::Mean(sum) => Ok(sum.sum().mean()),
            Statistic::Median(ordered) if ordered.count() == 0 => Ok(None),
            Statistic::Median(ordered) => Ok(ordered.at(&[median_rank(ordered.count())], monitor)?.first().copied()),
            Statistic::MostFrequent(mode) => mode.most_frequent(monitor)?.map(number_of).transpose(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Unwatched;

    #[test]
    fn values_stand_in_for_missing_ones() {
        let rows = [f64::NAN, -3.0, -3.0, -3.0, 1.0, 2.0, 3.0, 4.0, 5.0];
        for (name, expected) in [("mean", 0.75), ("median", 1.0), ("most_frequent", -3.0)] {
            let mut statistic = Statistic::new(name.parse().unwrap(), true);
            assert_eq!(statistic.value(&Unwatched).unwrap(), None);
            statistic.push(&rows, &Unwatched).unwrap();
            assert_eq!(statistic.value(&Unwatched).unwrap(), Some(expected), "{name}");
            assert_eq!(statistic.value(&Unwatched).unwrap(), Some(expected), "{name}");
            statistic.pop(8, &Unwatched).unwrap();
            assert_eq!(statistic.value(&Unwatched).unwrap(), Some(5.0), "{name}");
            statistic.pop(1, &Unwatched).unwrap();
            assert_eq!(statistic.value(&Unwatched).unwrap(), None);
        }
        assert!("mode".parse::<Strategy>().is_err());
        assert!(Strategy::Median.of_texts().is_err());
    }
}

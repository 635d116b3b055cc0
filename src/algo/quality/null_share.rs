//! Segments whose share of NULL jumped: a source that stopped to fill a column, while the column as a whole still looks filled.

use serde::{Deserialize, Serialize};

use super::{MAX_ROWS, count_rows};
use crate::accumulator::Accumulator;
use crate::error::{Error, Result};
use crate::stats::multiple::benjamini_hochberg;
use crate::stats::proportion::{Share, more_frequent, wilson};

/// The rows of one segment, and how many of them are NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NullTally {
    rows: u64,
    nulls: u64,
}

impl NullTally {
    /// Adds rows, of which some are NULL; more than all cannot be.
    pub fn push(&mut self, rows: u64, nulls: u64) {
        self.rows += rows;
        self.nulls += nulls.min(rows);
    }

    /// All rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Rows that are NULL.
    pub fn nulls(&self) -> u64 {
        self.nulls
    }
}

impl Accumulator for NullTally {
    fn merge(&mut self, other: &Self) -> Result<()> {
        self.rows = count_rows(self.rows, other.rows)?;
        self.nulls += other.nulls;
        Ok(())
    }

    fn validate(&self) -> Result<()> {
        if self.nulls <= self.rows && self.rows <= MAX_ROWS {
            return Ok(());
        }
        Err(Error::damaged("count of nulls", "the counts do not agree"))
    }

    fn memory(&self) -> usize {
        0
    }
}

/// When a share has jumped.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Params {
    /// How much above the share of the other segments it lies at least, from 0 to 1.
    pub max_difference: f64,
    /// The expected share of false alarms among the alarms, above 0 and below 1.
    pub false_discovery_rate: f64,
    /// That of the intervals, above 0 and below 1.
    pub confidence: f64,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            max_difference: 0.05,
            false_discovery_rate: 0.01,
            confidence: 0.95,
        }
    }
}

impl Params {
    /// Returns an error with the first parameter that is out of its range.
    pub fn check(&self) -> Result<()> {
        let inside = |value: f64| 0.0 < value && value < 1.0;
        let wrong = [
            (
                "max_difference",
                self.max_difference,
                (0.0..=1.0).contains(&self.max_difference),
                "from 0 to 1",
            ),
            (
                "false_discovery_rate",
                self.false_discovery_rate,
                inside(self.false_discovery_rate),
                "between 0 and 1",
            ),
            (
                "confidence",
                self.confidence,
                inside(self.confidence),
                "between 0 and 1",
            ),
        ];
        match wrong.into_iter().find(|&(_, _, right, _)| !right) {
            None => Ok(()),
            Some((name, value, _, allowed)) => Err(Error::Parameter {
                name,
                value: value.to_string(),
                allowed: allowed.into(),
            }),
        }
    }
}

/// What is known of one segment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NullShare {
    /// Its rows.
    pub rows: u64,
    /// Those that are NULL.
    pub nulls: u64,
    /// The ends of the Wilson interval of its share of NULL.
    pub interval: (f64, f64),
    /// The share of NULL in all other segments that have not jumped. `None` when they have no rows.
    pub others: Option<f64>,
    /// Of the hypothesis that NULL is not more frequent here than there; adjusted for the number of segments by Benjamini and
    /// Hochberg.
    pub p_value: f64,
    /// Whether the share jumped.
    pub jumped: bool,
}

impl NullShare {
    /// Its share of NULL. `None` without rows.
    pub fn share(&self) -> Option<f64> {
        (self.rows > 0).then(|| self.nulls as f64 / self.rows as f64)
    }
}

/// Compares each segment with all others together by Fisher's exact test (one-sided: fewer NULLs are no problem). A segment has jumped
/// when it has at least three NULLs, its share lies at least `max_difference` above theirs and the adjusted p-value is below
/// `false_discovery_rate`. Those that jumped are then taken out of the others and the rest is compared again, so that a large broken segment does not hide a small one.
/// In the order of the segments. Returns an error with a parameter out of its range. O(segments log segments) in each of at most 16 rounds.
pub fn compare_segments(segments: &[&NullTally], params: &Params) -> Result<Vec<NullShare>> {
    const ROUNDS: usize = 16;
    /// One row of a country that nothing else is from is no source that stopped to fill a column, however rare NULLs are.
    const FEWEST_NULLS: u64 = 3;
    params.check()?;
    let mut found: Vec<NullShare> = segments
        .iter()
        .map(|segment| NullShare {
            rows: segment.rows,
            nulls: segment.nulls,
            interval: wilson(segment.nulls, segment.rows, params.confidence),
            others: None,
            p_value: 1.0,
            jumped: false,
        })
        .collect();
    for _ in 0..ROUNDS {
        let steady = steady_rows(&found);
        let waiting: Vec<usize> = (0..found.len()).filter(|&i| !found[i].jumped).collect();
        let p_values: Vec<f64> = waiting
            .iter()
            .map(|&i| {
                let own = Share {
                    part: found[i].nulls,
                    rows: found[i].rows,
                };
                more_frequent(own, without(steady, &found[i]))
            })
            .collect();
        let mut more = false;
        for (&i, p_value) in waiting.iter().zip(benjamini_hochberg(&p_values)) {
            let others = share(without(steady, &found[i]));
            let segment = &mut found[i];
            let difference = segment.share().zip(others).map(|(own, others)| own - others);
            segment.p_value = p_value;
            segment.jumped = segment.nulls >= FEWEST_NULLS
                && p_value < params.false_discovery_rate
                && difference.is_some_and(|difference| difference >= params.max_difference);
            more |= segment.jumped;
        }
        if !more {
            break;
        }
    }
    let steady = steady_rows(&found);
    for segment in &mut found {
        let others = if segment.jumped {
            steady
        } else {
            without(steady, segment)
        };
        segment.others = share(others);
    }
    Ok(found)
}

/// The segments that have not jumped, together.
fn steady_rows(segments: &[NullShare]) -> Share {
    let steady = segments.iter().filter(|segment| !segment.jumped);
    steady.fold(Share { part: 0, rows: 0 }, |sum, segment| Share {
        part: sum.part.saturating_add(segment.nulls),
        rows: sum.rows.saturating_add(segment.rows),
    })
}

fn without(all: Share, segment: &NullShare) -> Share {
    Share {
        part: all.part.saturating_sub(segment.nulls),
        rows: all.rows.saturating_sub(segment.rows),
    }
}

fn share(of: Share) -> Option<f64> {
    (of.rows > 0).then(|| of.part as f64 / of.rows as f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand_core::{RngCore, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    fn jumped(segments: &[(u64, u64)], params: &Params) -> Vec<usize> {
        let tallies: Vec<NullTally> = segments
            .iter()
            .map(|&(rows, nulls)| {
                let mut tally = NullTally::default();
                tally.push(rows, nulls);
                tally
            })
            .collect();
        let found = compare_segments(&tallies.iter().collect::<Vec<_>>(), params).unwrap();
        (0..found.len()).filter(|&i| found[i].jumped).collect()
    }

    #[test]
    fn a_broken_source_is_found_and_others_are_not() {
        let params = Params::default();
        assert_eq!(
            jumped(&[(10_000, 100), (10_000, 90), (500, 200), (20, 1)], &params),
            [2]
        );
        // Nothing to compare with, or nothing that differs.
        assert!(jumped(&[(1000, 500)], &params).is_empty());
        assert!(jumped(&[(1000, 500), (0, 0)], &params).is_empty());
        assert!(jumped(&[], &params).is_empty());
        assert!(jumped(&[(1000, 1000), (10, 10)], &params).is_empty());
        // Significant, but small; and large, but of few rows.
        assert!(jumped(&[(1_000_000, 10_000), (1_000_000, 30_000)], &params).is_empty());
        assert!(jumped(&[(1000, 10), (3, 1)], &params).is_empty());
        assert!(jumped(&[(3372, 8), (1, 1), (1, 1), (2, 2)], &params).is_empty());
        assert_eq!(jumped(&[(3372, 8), (1, 1), (3, 3)], &params), [2]);
        // Fewer NULLs than elsewhere.
        assert!(jumped(&[(1000, 200), (1000, 200), (1000, 200), (100, 0)], &params).is_empty());
    }

    #[test]
    fn a_large_broken_segment_does_not_hide_a_small_one() {
        let segments = [(1_000_000, 1_000_000), (1000, 300), (50_000, 0), (50_000, 10)];
        assert_eq!(jumped(&segments, &Params::default()), [0, 1]);
        let tallies = segments.map(|(rows, nulls)| NullTally { rows, nulls });
        let found = compare_segments(&tallies.each_ref(), &Params::default()).unwrap();
        assert_eq!(found[1].others, Some(1e-4));
        assert_eq!(found[2].others, Some(2e-4));
        assert!(found[1].interval.0 < 0.3 && 0.3 < found[1].interval.1 && found[1].p_value < 1e-9);
    }

    /// Segments of one share: of 400 families of 20 segments at most a hundredth raises an alarm (binomially: 4 expected at most).
    #[test]
    fn chance_raises_few_alarms() {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
        let params = Params {
            max_difference: 0.0,
            ..Params::default()
        };
        let mut alarms = 0;
        for family in 0..400_u64 {
            let share = [0.01, 0.1, 0.5][family as usize % 3];
            let segments: Vec<(u64, u64)> = (0..20_u64)
                .map(|segment| {
                    let rows = 50 + 40 * segment;
                    let nulls = (0..rows)
                        .filter(|_| (random.next_u64() as f64 / u64::MAX as f64) < share)
                        .count();
                    (rows, nulls as u64)
                })
                .collect();
            alarms += usize::from(!jumped(&segments, &params).is_empty());
        }
        assert!(alarms <= 9, "{alarms} alarms");
    }

    #[test]
    fn parameters_are_checked() {
        for params in [
            Params {
                max_difference: f64::NAN,
                ..Params::default()
            },
            Params {
                max_difference: -0.1,
                ..Params::default()
            },
            Params {
                false_discovery_rate: 0.0,
                ..Params::default()
            },
            Params {
                confidence: 1.0,
                ..Params::default()
            },
        ] {
            assert!(matches!(compare_segments(&[], &params), Err(Error::Parameter { .. })));
        }
    }

    #[test]
    fn tallies_add_up_and_damage_is_noticed() {
        let (mut ours, mut theirs) = (NullTally::default(), NullTally::default());
        ours.push(10, 3);
        theirs.push(5, 9);
        ours.merge(&theirs).unwrap();
        assert_eq!((ours.rows(), ours.nulls()), (15, 8));
        let full = NullTally {
            rows: MAX_ROWS,
            nulls: 0,
        };
        assert!(full.validate().is_ok() && ours.merge(&full).is_err());
        assert!(NullTally { rows: 1, nulls: 2 }.validate().is_err());
    }

    proptest! {
        #[test]
        fn any_counts_are_judged(counts in prop::collection::vec((any::<u64>(), any::<u64>()), 0..8)) {
            let tallies: Vec<NullTally> = counts.iter().map(|&(rows, nulls)| NullTally { rows, nulls }).collect();
            let sound: Vec<&NullTally> = tallies.iter().filter(|tally| tally.validate().is_ok()).collect();
            for segment in compare_segments(&sound, &Params::default()).unwrap() {
                prop_assert!((0.0..=1.0).contains(&segment.p_value));
            }
        }

        #[test]
        fn the_order_of_segments_does_not_matter(
            mut segments in prop::collection::vec((0_u64..500, 0_u64..500), 0..12), turn in 0_usize..12,
        ) {
            segments.iter_mut().for_each(|(rows, nulls)| *nulls = (*nulls).min(*rows));
            let pick = |segments: &[(u64, u64)]| {
                let mut found: Vec<(u64, u64)> = jumped(segments, &Params::default()).iter().map(|&i| segments[i]).collect();
                found.sort_unstable();
                found
            };
            let before = pick(&segments);
            let turn = turn.min(segments.len());
            segments.rotate_left(turn);
            prop_assert_eq!(pick(&segments), before);
        }
    }
}

//! What a check has counted so far, in one segment.

use serde::{Deserialize, Serialize};

use super::extremes::Extremes;
use super::occurring::Occurring;
use super::test::{Constant, FAIL, NULL, Outcome, Test};
use crate::accumulator::Accumulator;
use crate::block::{BlockColumn, Cells, Kind};
use crate::coded::coded;
use crate::drift::{Distribution, Limits, Scale};
use crate::error::{Error, Result};
use crate::hash::{hash_bytes, hash_f64, hash_u64};
use crate::metrics::sum::Sum;
use crate::profile::{ColumnProfile, Sizes};
use crate::quality::mixed_formats::FormatTally;
use crate::quality::scale_shift::ScaleTally;
use crate::summary::Moments;

/// How many different failing values a sample has.
const SAMPLE: usize = 5;
/// The most characters of a text in the sample.
const SAMPLE_CHARACTERS: usize = 200;
/// Under what values are hashed.
const SEED: u64 = 0x5a11;

/// Rows of a check.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Those that its condition selects.
    pub rows: u64,
    /// Of these, those whose value is NULL.
    pub nulls: u64,
    /// Of these, those that fail.
    pub failed: u64,
    sample: Vec<(u64, Constant)>,
    measure: Measure,
}

/// What a test of a column as a whole needs of its values.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Measure {
    /// Nothing: the counts are all.
    #[default]
    None,
    /// The latest point in time, in the units of the column's kind.
    Latest(Option<i64>),
    /// Count, mean, standard deviation; and the sum, which the mean has only rounded.
    Moments(Moments, Sum),
    /// Distinct values, quantiles, frequent values.
    Profile(Box<ColumnProfile>),
    /// How often each value occurs.
    Distribution(Box<Distribution>),
    /// The conventions of texts.
    Formats(Box<FormatTally>),
    /// The orders of magnitude of numbers.
    Scale(Box<ScaleTally>),
    /// The least and the greatest value.
    Extremes(Box<Extremes>),
    /// How often each of some values occurs.
    Occurring(Box<Occurring>),
}

coded!(Measure {
    0 => None,
    1 => Latest(point),
    2 => Moments(moments, sum),
    3 => Profile(profile),
    4 => Distribution(distribution),
    5 => Formats(formats),
    6 => Scale(scale),
    7 => Extremes(extremes),
    8 => Occurring(occurring),
});

impl Measure {
    /// An empty one, for a column of this kind.
    fn new(test: &Test, kind: Option<Kind>, sizes: Sizes) -> Measure {
        match test {
            Test::Profile => kind.map_or(Measure::None, |kind| {
                Measure::Profile(Box::new(ColumnProfile::new(kind, sizes, SEED)))
            }),
            Test::Distribution(limits) => kind
                .and_then(|kind| Distribution::new(kind, *limits))
                .map_or(Measure::None, |distribution| {
                    Measure::Distribution(Box::new(distribution))
                }),
            Test::Latest => Measure::Latest(None),
            Test::Moments => Measure::Moments(Moments::default(), Sum::default()),
            Test::Formats => Measure::Formats(Box::default()),
            Test::Scale => Measure::Scale(Box::default()),
            Test::Extremes => Measure::Extremes(Box::default()),
            Test::Occurring { values } => Measure::Occurring(Box::new(Occurring::new(values))),
            Test::Rows
            | Test::NotNull
            | Test::NotEmpty
            | Test::Accepted { .. }
            | Test::Range { .. }
            | Test::Matches { .. }
            | Test::Format { .. }
            | Test::Length { .. }
            | Test::True => Measure::None,
        }
    }

    /// Bytes held on the heap.
    fn memory(&self) -> usize {
        match self {
            Measure::None | Measure::Latest(_) | Measure::Moments(..) => 0,
            Measure::Profile(profile) => size_of::<ColumnProfile>() + profile.memory(),
            Measure::Distribution(distribution) => size_of::<Distribution>() + distribution.memory(),
            Measure::Formats(formats) => size_of::<FormatTally>() + formats.memory(),
            Measure::Scale(scale) => size_of::<ScaleTally>() + scale.memory(),
            Measure::Extremes(_) => size_of::<Extremes>(),
            Measure::Occurring(occurring) => size_of::<Occurring>() + occurring.memory(),
        }
    }

    /// Adds the cells of some rows.
    fn push(&mut self, column: &BlockColumn, rows: impl Iterator<Item = usize>) -> Result<()> {
        match (self, column.cells()) {
            (Measure::None, _) => {}
            (Measure::Latest(latest), Cells::Integers(integers)) => {
                // The extreme integers are the infinities, and no points in time.
                let points = rows
                    .map(|row| integers[row])
                    .filter(|&point| point != i64::MIN && point != i64::MAX);
                *latest = (*latest).max(points.max());
            }
            (Measure::Moments(moments, sum), Cells::Integers(integers)) => {
                add(moments, sum, rows.map(|row| integers[row] as f64));
            }
            (Measure::Moments(moments, sum), Cells::Numbers(numbers)) => {
                add(
                    moments,
                    sum,
                    rows.map(|row| numbers[row]).filter(|number| number.is_finite()),
                );
            }
            (Measure::Profile(profile), _) => profile.push(&column.select(rows)?),
            (Measure::Distribution(distribution), _) => distribution.push(column, rows),
            (Measure::Formats(formats), Cells::Texts(texts)) => rows.for_each(|row| formats.push(texts.get(row))),
            (Measure::Scale(scale), Cells::Integers(integers)) => scale.extend(rows.map(|row| integers[row] as f64)),
            (Measure::Scale(scale), Cells::Numbers(numbers)) => scale.extend(rows.map(|row| numbers[row])),
            (Measure::Extremes(extremes), Cells::Integers(integers)) => {
                extremes.push_integers(rows.map(|row| integers[row]));
            }
            (Measure::Extremes(extremes), Cells::Numbers(numbers)) => {
                extremes.push_numbers(rows.map(|row| numbers[row]))
            }
            (Measure::Occurring(occurring), _) => occurring.push(column, rows),
            (
                Measure::Latest(_)
                | Measure::Moments(..)
                | Measure::Formats(_)
                | Measure::Scale(_)
                | Measure::Extremes(_),
                _,
            ) => {
                return Err(Error::damaged("scan", "a measure does not suit its column"));
            }
        }
        Ok(())
    }

    /// Adds all cells of a block that are there.
    fn push_all(&mut self, column: &BlockColumn) -> Result<()> {
        match self {
            Measure::None => {}
            Measure::Distribution(distribution) => distribution.push_all(column),
            Measure::Latest(_)
            | Measure::Moments(..)
            | Measure::Profile(_)
            | Measure::Formats(_)
            | Measure::Scale(_)
            | Measure::Extremes(_)
            | Measure::Occurring(_) => self.push(column, (0..column.rows()).filter(|&row| column.present()[row]))?,
        }
        Ok(())
    }

    fn merge(&mut self, other: &Measure) -> Result<()> {
        match (self, other) {
            (Measure::None, Measure::None) => {}
            (Measure::Latest(ours), Measure::Latest(theirs)) => *ours = (*ours).max(*theirs),
            (Measure::Moments(ours, sum), Measure::Moments(theirs, more)) => {
                ours.merge(theirs);
                sum.merge(more);
            }
            (Measure::Profile(ours), Measure::Profile(theirs)) => ours.merge(theirs)?,
            (Measure::Distribution(ours), Measure::Distribution(theirs)) => ours.merge(theirs)?,
            (Measure::Formats(ours), Measure::Formats(theirs)) => ours.merge(theirs)?,
            (Measure::Scale(ours), Measure::Scale(theirs)) => ours.merge(theirs)?,
            (Measure::Extremes(ours), Measure::Extremes(theirs)) => ours.merge(theirs),
            (Measure::Occurring(ours), Measure::Occurring(theirs)) => ours.merge(theirs)?,
            _ => return Err(Error::damaged("scan", "a check was measured in two ways")),
        }
        Ok(())
    }

    /// Whether it can be what so many rows gave.
    fn is_sound(&self, test: &Test, kind: Option<Kind>, rows: u64) -> bool {
        match (self, test) {
            (Measure::Latest(_), Test::Latest) => true,
            (Measure::Moments(moments, _), Test::Moments) => moments.is_sound() && moments.count() <= rows,
            (Measure::Profile(profile), Test::Profile) => Some(profile.kind()) == kind && profile.validate().is_ok(),
            (Measure::Distribution(distribution), Test::Distribution(_)) => {
                kind.and_then(Scale::of) == Some(distribution.scale()) && distribution.validate().is_ok()
            }
            (Measure::Formats(formats), Test::Formats) => formats.validate().is_ok(),
            (Measure::Scale(scale), Test::Scale) => scale.validate().is_ok(),
            (Measure::Extremes(extremes), Test::Extremes) => extremes.is_sound(kind.map(Kind::form)),
            (Measure::Occurring(occurring), Test::Occurring { values }) => occurring.is_sound(values, rows),
            (Measure::None, test) => !test.measures(),
            _ => false,
        }
    }
}

fn add(moments: &mut Moments, sum: &mut Sum, numbers: impl Iterator<Item = f64>) {
    let numbers: Vec<f64> = numbers.collect();
    moments.merge(&Moments::of(&numbers));
    numbers.iter().for_each(|&number| sum.add(number));
}

impl Tally {
    /// An empty one, for a column of this kind; a profile has these sizes.
    pub fn new(test: &Test, kind: Option<Kind>, sizes: Sizes) -> Tally {
        Tally {
            measure: Measure::new(test, kind, sizes),
            ..Tally::default()
        }
    }

    /// Adds the rows of a block that are `among`, which go up.
    pub fn push(&mut self, column: Option<&BlockColumn>, outcomes: &[Outcome], among: &[u32]) -> Result<()> {
        self.rows += among.len() as u64;
        let (mut failed, mut nulls) = (0, 0);
        for &row in among {
            let outcome = outcomes[row as usize];
            failed += u64::from(outcome == FAIL);
            nulls += u64::from(outcome == NULL);
        }
        self.add(failed, nulls, column, outcomes, || {
            among.iter().map(|&row| row as usize)
        })
    }

    /// Adds all rows of a block.
    pub fn push_all(&mut self, column: Option<&BlockColumn>, outcomes: &[Outcome]) -> Result<()> {
        self.rows += outcomes.len() as u64;
        let count = |wanted: Outcome| outcomes.iter().map(|&outcome| u64::from(outcome == wanted)).sum();
        self.add(count(FAIL), count(NULL), column, outcomes, || 0..outcomes.len())
    }

    /// Adds all rows of a block, of which none fails.
    pub fn push_unjudged(&mut self, column: &BlockColumn) -> Result<()> {
        self.rows += column.rows() as u64;
        self.nulls += column.nulls() as u64;
        self.measure.push_all(column)
    }

    fn add<I: Iterator<Item = usize>>(
        &mut self,
        failed: u64,
        nulls: u64,
        column: Option<&BlockColumn>,
        outcomes: &[Outcome],
        rows: impl Fn() -> I,
    ) -> Result<()> {
        self.failed += failed;
        self.nulls += nulls;
        let Some(column) = column else { return Ok(()) };
        if !matches!(self.measure, Measure::None) {
            self.measure.push(column, rows().filter(|&row| column.present()[row]))?;
        }
        if failed > 0 {
            let failing = |&row: &usize| outcomes[row] == FAIL && column.present()[row];
            rows().filter(failing).for_each(|row| self.offer(column, row));
        }
        Ok(())
    }

    /// Takes a failing value into the sample: those with the least hashes stay, so that the order of the rows does not matter.
    fn offer(&mut self, column: &BlockColumn, row: usize) {
        let hash = match column.cells() {
            Cells::Integers(integers) => hash_u64(SEED, integers[row] as u64),
            Cells::Numbers(numbers) => hash_f64(SEED, numbers[row]),
            Cells::Texts(texts) => hash_bytes(SEED, texts.get(row).as_bytes()),
        };
        if self.sample.len() == SAMPLE && self.sample.last().is_some_and(|&(most, _)| hash >= most) {
            return;
        }
        let value = match column.cells() {
            Cells::Integers(integers) => Constant::Integer(integers[row]),
            Cells::Numbers(numbers) => Constant::Number(numbers[row]),
            Cells::Texts(texts) => Constant::Text(texts.get(row).chars().take(SAMPLE_CHARACTERS).collect()),
        };
        self.add_to_sample(hash, value);
    }

    fn add_to_sample(&mut self, hash: u64, value: Constant) {
        if let Err(place) = self.sample.binary_search_by_key(&hash, |&(hash, _)| hash)
            && place < SAMPLE
        {
            self.sample.truncate(SAMPLE - 1);
            self.sample.insert(place, (hash, value));
        }
    }

    /// Some of the different values that fail: the same ones in whatever order the rows came.
    pub fn sample(&self) -> impl Iterator<Item = &Constant> {
        self.sample.iter().map(|(_, value)| value)
    }

    /// What a test of the whole column needs.
    pub fn measure(&self) -> &Measure {
        &self.measure
    }

    /// Checks the bytes it was read from.
    pub fn is_sound(&self, test: &Test, kind: Option<Kind>) -> bool {
        let characters = |constant: &Constant| match constant {
            Constant::Text(text) => text.chars().count(),
            _ => 0,
        };
        self.nulls
            .checked_add(self.failed)
            .is_some_and(|some| some <= self.rows)
            && self.rows <= 1 << 53
            && self.sample.len() <= SAMPLE
            && self.sample.is_sorted_by(|(a, _), (b, _)| a < b)
            && self
                .sample
                .iter()
                .all(|(_, value)| characters(value) <= SAMPLE_CHARACTERS)
            && self.measure.is_sound(test, kind, self.rows)
    }

    /// Adds what `other` counted.
    pub fn merge(&mut self, other: &Tally) -> Result<()> {
        self.rows += other.rows;
        self.nulls += other.nulls;
        self.failed += other.failed;
        other
            .sample
            .iter()
            .for_each(|(hash, value)| self.add_to_sample(*hash, value.clone()));
        self.measure.merge(&other.measure)
    }

    /// Takes no more memory for a distribution than these limits allow from now on.
    pub fn shrink(&mut self, limits: Limits) {
        if let Measure::Distribution(distribution) = &mut self.measure {
            distribution.shrink(limits);
        }
    }

    /// Bytes held, on the heap and off it.
    pub fn memory(&self) -> usize {
        let texts: usize = self
            .sample()
            .map(|value| {
                if let Constant::Text(text) = value {
                    text.capacity()
                } else {
                    0
                }
            })
            .sum();
        size_of::<Tally>() + self.measure.memory() + texts + self.sample.capacity() * size_of::<(u64, Constant)>()
    }
}

//! The paired bootstrap (Efron 1979): rows, or clusters of rows, are drawn with replacement, and both models are measured on what was drawn. The
//! interval is that of percentiles, and the p-value that of the smallest interval that does not hold 0.
//!
//! What a draw costs is bounded: more than [`MOST_UNITS`] rows or clusters are put together at random in so many groups, which are drawn as clusters
//! are. Draws depend on the rows' content and the seed alone, not on the order in which the rows come.

use hashbrown::HashMap;
use rand_core::{RngCore, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

use super::{ALONE, Evidence, Side};
use crate::error::Result;
use crate::estimator::Criterion;
use crate::hash;
use crate::metrics::evaluation::{Scored, decide};
use crate::metrics::{Average, Confusion, Metric};
use crate::monitor::Monitor;
use crate::room;
use crate::sort;

/// The most units that are drawn from.
pub const MOST_UNITS: usize = 1 << 16;
/// Rows between two looks at the monitor.
const BLOCK: usize = 1 << 16;

/// What is drawn: rows or clusters, or groups of these.
pub struct Units {
    /// The rows, in an order that depends on their content only.
    order: Vec<u32>,
    /// The unit of each row, by its place in that order.
    of_place: Vec<u32>,
    count: usize,
}

impl Units {
    /// Of rows that two models have scored. Returns an error when stopped, and where there is no room. O(rows x log rows).
    pub fn new(sides: [&Scored; 2], clusters: Option<&[u64]>, seed: u64, monitor: &dyn Monitor) -> Result<Units> {
        let rows = sides[0].rows();
        let mut keys: Vec<(u64, u64, u32)> = room::filled((0, 0, 0), rows)?;
        let blocks = keys.par_chunks_mut(BLOCK).enumerate();
        blocks.try_for_each(|(block, keys)| {
            monitor.check()?;
            for (row, key) in (block * BLOCK..).zip(keys) {
                let cluster = clusters.map_or(ALONE, |clusters| clusters[row]);
                *key = (cluster, content(sides, row), row as u32);
            }
            Ok::<_, crate::error::Error>(())
        })?;
        sort::sort_in_parallel_by(&mut keys, &Ord::cmp, monitor)?;
        let mut of_place: Vec<u32> = room::with_capacity(rows)?;
        let mut count = 0_usize;
        for (place, own) in keys.iter().enumerate() {
            let goes_on = place > 0 && own.0 != ALONE && keys[place - 1].0 == own.0;
            count += usize::from(!goes_on);
            of_place.push((count - 1) as u32);
        }
        if count > MOST_UNITS {
            let grouped = |unit: &mut u32| *unit = (hash::hash_u64(seed, u64::from(*unit)) % MOST_UNITS as u64) as u32;
            of_place.par_iter_mut().for_each(grouped);
            count = MOST_UNITS;
        }
        monitor.check()?;
        let mut order = room::with_capacity(rows)?;
        order.extend(keys.iter().map(|key| key.2));
        Ok(Units { order, of_place, count })
    }

    /// The rows with their units, in their order.
    fn rows(&self) -> impl Iterator<Item = (usize, u32)> + '_ {
        self.order
            .iter()
            .map(|row| *row as usize)
            .zip(self.of_place.iter().copied())
    }
}

/// The hash of a row and of what both models say of it.
fn content(sides: [&Scored; 2], row: usize) -> u64 {
    let numbers = |hash: u64, numbers: &[f64]| numbers.iter().fold(hash, |hash, number| hash::hash_f64(hash, *number));
    sides.into_iter().fold(0, |hash, side| match side {
        Scored::Classes {
            actual,
            probabilities,
            classes,
        } => numbers(
            hash::mix(hash, u64::from(actual[row])),
            &probabilities[row * classes..][..*classes],
        ),
        Scored::Numbers { actual, predicted } => numbers(hash, &[actual[row], predicted[row]]),
    })
}

/// Sums of each unit, of which means are made.
struct Sums {
    width: usize,
    /// Unit after unit: rows, then [`Column`]s.
    values: Vec<f64>,
}

/// The numbers of a row whose sums are kept, of classes and of numbers; those of two models stand beside each other.
mod column {
    pub const ROWS: usize = 0;
    pub const LOG: usize = 1;
    pub const BRIER: usize = 3;
    pub const OF_CLASSES: usize = 5;
    pub const ACTUAL: usize = 1;
    pub const ACTUAL_SQUARED: usize = 2;
    pub const ABSOLUTE: usize = 3;
    pub const SQUARED: usize = 5;
    pub const RELATIVE: usize = 7;
    pub const OWN: usize = 9;
    pub const OF_NUMBERS: usize = 11;
}

impl Sums {
    fn new(
        sides: [Side<'_>; 2],
        units: &Units,
        criterion: Option<&dyn Criterion>,
        monitor: &dyn Monitor,
    ) -> Result<Sums> {
        let width = match sides[0].scored {
            Scored::Classes { .. } => column::OF_CLASSES,
            Scored::Numbers { .. } => column::OF_NUMBERS,
        };
        let mut values = room::zeros(units.count * width)?;
        let mut line = vec![0.0; width];
        line[column::ROWS] = 1.0;
        let mut first = None;
        for (place, (row, unit)) in units.rows().enumerate() {
            if place.is_multiple_of(BLOCK) {
                monitor.check()?;
            }
            for (model, side) in sides.iter().enumerate() {
                match side.scored {
                    Scored::Classes {
                        actual,
                        probabilities,
                        classes,
                    } => {
                        let probabilities = &probabilities[row * classes..][..*classes];
                        let own = probabilities[actual[row] as usize];
                        line[column::LOG + model] = -own.clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln();
                        line[column::BRIER + model] = (1.0 - own) * (1.0 - own);
                    }
                    Scored::Numbers { actual, predicted } => {
                        let (actual, predicted) = (actual[row], predicted[row]);
                        let error = (predicted - actual).abs();
                        // What all have in common would take the digits of what differs.
                        let deviation = actual - *first.get_or_insert(actual);
                        line[column::ACTUAL] = deviation;
                        line[column::ACTUAL_SQUARED] = deviation * deviation;
                        line[column::ABSOLUTE + model] = error;
                        line[column::SQUARED + model] = error * error;
                        line[column::RELATIVE + model] = error / actual.abs().max(f64::EPSILON);
                        line[column::OWN + model] = criterion.map_or(0.0, |own| own.loss(actual, predicted));
                    }
                }
            }
            let sums = &mut values[unit as usize * width..][..width];
            sums.iter_mut().zip(&line).for_each(|(sum, value)| *sum += value);
        }
        Ok(Sums { width, values })
    }

    /// The sums of what was drawn.
    fn drawn(&self, weights: &[u32], out: &mut Vec<f64>) {
        out.clear();
        out.resize(self.width, 0.0);
        for (sums, &weight) in self.values.chunks_exact(self.width).zip(weights) {
            let weight = f64::from(weight);
            out.iter_mut().zip(sums).for_each(|(out, sum)| *out += weight * sum);
        }
    }
}

/// How often each unit has rows of which class that the two models take for which classes.
struct Cells {
    classes: usize,
    /// The actual class, and those that the models predict.
    cells: Vec<(u32, [u32; 2])>,
    /// Units, cells, and rows.
    entries: Vec<(u32, u32, u32)>,
}

impl Cells {
    fn new(sides: [Side<'_>; 2], units: &Units, monitor: &dyn Monitor) -> Result<Cells> {
        let mut places: HashMap<(u32, [u32; 2]), u32> = HashMap::new();
        let mut found: Vec<(u32, u32)> = room::with_capacity(units.order.len())?;
        let mut classes = 0;
        for (place, (row, unit)) in units.rows().enumerate() {
            if place.is_multiple_of(BLOCK) {
                monitor.check()?;
            }
            let mut cell = (0, [0; 2]);
            for (model, side) in sides.iter().enumerate() {
                if let Scored::Classes {
                    actual,
                    probabilities,
                    classes: of_model,
                } = side.scored
                {
                    classes = *of_model;
                    cell.0 = actual[row];
                    cell.1[model] = decide(&probabilities[row * classes..][..classes], side.threshold) as u32;
                }
            }
            let next = places.len() as u32;
            found.push((unit, *places.entry(cell).or_insert(next)));
        }
        sort::sort_in_parallel_by(&mut found, &Ord::cmp, monitor)?;
        let mut entries = Vec::new();
        for same in found.chunk_by(|a, b| a == b) {
            room::push(&mut entries, (same[0].0, same[0].1, same.len() as u32))?;
        }
        let mut cells = vec![(0, [0; 2]); places.len()];
        places
            .into_iter()
            .for_each(|(cell, place)| cells[place as usize] = cell);
        Ok(Cells {
            classes,
            cells,
            entries,
        })
    }

    /// The confusion of both models on what was drawn.
    fn drawn(&self, weights: &[u32], counts: &mut Vec<u64>) -> [Confusion; 2] {
        counts.clear();
        counts.resize(self.cells.len(), 0);
        for &(unit, cell, rows) in &self.entries {
            counts[cell as usize] += u64::from(weights[unit as usize]) * u64::from(rows);
        }
        [0, 1].map(|model| {
            let cells = self.cells.iter().zip(&*counts);
            let cells = cells.map(|((actual, predicted), rows)| (*actual as usize, predicted[model] as usize, *rows));
            Confusion::new(self.classes, cells)
        })
    }
}

/// A row in the order of a score, or of an error.
#[derive(Debug, Clone, Copy)]
struct Placed {
    value: f64,
    unit: u32,
    is_positive: bool,
    /// Whether the next one has another value.
    ends_tie: bool,
}

/// The rows in the descending order of a number that one of the models gives.
fn ordered(
    scored: &Scored,
    units: &Units,
    monitor: &dyn Monitor,
    of: impl Fn(usize) -> (f64, bool) + Sync,
) -> Result<Vec<Placed>> {
    let mut keys: Vec<(f64, u32)> = room::with_capacity(scored.rows())?;
    keys.extend(
        units
            .order
            .iter()
            .zip(0..)
            .map(|(row, place)| (of(*row as usize).0 + 0.0, place)),
    );
    let descending = |a: &(f64, u32), b: &(f64, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
    sort::sort_in_parallel_by(&mut keys, &descending, monitor)?;
    let mut placed = room::with_capacity(keys.len())?;
    for (index, &(value, place)) in keys.iter().enumerate() {
        let place = place as usize;
        placed.push(Placed {
            value,
            unit: units.of_place[place],
            is_positive: of(units.order[place] as usize).1,
            ends_tie: keys.get(index + 1).is_none_or(|next| next.0 != value),
        });
    }
    Ok(placed)
}

/// Average precision of what was drawn, from the rows in descending order; `None` without positive rows.
fn average_precision(rows: &[Placed], weights: &[u32], monitor: &dyn Monitor) -> Result<Option<f64>> {
    let (mut all, mut positive, mut before, mut sum) = (0_u64, 0_u64, 0_u64, 0.0);
    for rows in rows.chunks(BLOCK) {
        monitor.check()?;
        for row in rows {
            let weight = u64::from(weights[row.unit as usize]);
            all += weight;
            positive += if row.is_positive { weight } else { 0 };
            if row.ends_tie && positive > before {
                sum += (positive - before) as f64 * (positive as f64 / all as f64);
                before = positive;
            }
        }
    }
    Ok((positive > 0 && positive < all).then(|| sum / positive as f64))
}

/// The median of what was drawn, from the rows in descending order; `None` of nothing.
fn median(rows: &[Placed], weights: &[u32], monitor: &dyn Monitor) -> Result<Option<f64>> {
    let mut all = 0_u64;
    for rows in rows.chunks(BLOCK) {
        monitor.check()?;
        all += rows
            .iter()
            .map(|row| u64::from(weights[row.unit as usize]))
            .sum::<u64>();
    }
    let (mut passed, mut upper) = (0_u64, None);
    for rows in rows.chunks(BLOCK) {
        monitor.check()?;
        for row in rows {
            passed += u64::from(weights[row.unit as usize]);
            // Of an even number the two in the middle, of an odd one the only one, twice.
            if upper.is_none() && passed > (all - 1) / 2 {
                upper = Some(row.value);
            }
            if passed > all / 2 {
                return Ok(upper.map(|upper| row.value + (upper - row.value) / 2.0));
            }
        }
    }
    Ok(None)
}

/// Rows made ready to be drawn from, as far as the wanted metrics need it.
pub struct Bootstrap<'a> {
    names: &'a [&'static str],
    units: usize,
    classes: usize,
    sums: Option<Sums>,
    cells: Option<Cells>,
    /// By the probability of the positive class.
    ranked: Option<[Vec<Placed>; 2]>,
    /// By the absolute error.
    errors: Option<[Vec<Placed>; 2]>,
}

/// What a metric is computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Sums,
    Cells,
    Ranked,
    Errors,
}

fn source(metric: Option<Metric>) -> Source {
    match metric {
        // The loss that a model was fitted by.
        None => Source::Sums,
        Some(metric) => match metric {
            Metric::RocAuc | Metric::AveragePrecision => Source::Ranked,
            Metric::Accuracy | Metric::Precision | Metric::Recall | Metric::F1 | Metric::Mcc => Source::Cells,
            Metric::MedianAbsoluteError => Source::Errors,
            Metric::LogLoss
            | Metric::BrierScore
            | Metric::Rmse
            | Metric::Mae
            | Metric::Mape
            | Metric::Mse
            | Metric::R2 => Source::Sums,
        },
    }
}

/// What a thread computes with.
#[derive(Default)]
struct Scratch {
    weights: Vec<u32>,
    sums: Vec<f64>,
    counts: Vec<u64>,
}

impl<'a> Bootstrap<'a> {
    /// Makes rows ready. Returns an error when stopped, and where there is no room.
    pub fn new(
        sides: [Side<'_>; 2],
        units: &Units,
        names: &'a [&'static str],
        criterion: Option<&dyn Criterion>,
        monitor: &dyn Monitor,
    ) -> Result<Bootstrap<'a>> {
        let wanted = |kind: Source| names.iter().any(|name| source(name.parse().ok()) == kind);
        let both = |of: &dyn Fn(&Scored) -> Result<Vec<Placed>>| -> Result<[Vec<Placed>; 2]> {
            Ok([of(sides[0].scored)?, of(sides[1].scored)?])
        };
        let by_score = |scored: &Scored| match scored {
            Scored::Classes {
                actual,
                probabilities,
                classes,
            } => ordered(scored, units, monitor, |row| {
                (probabilities[row * classes + classes - 1], actual[row] == 1)
            }),
            Scored::Numbers { .. } => Ok(Vec::new()),
        };
        let by_error = |scored: &Scored| match scored {
            Scored::Numbers { actual, predicted } => ordered(scored, units, monitor, |row| {
                ((predicted[row] - actual[row]).abs(), false)
            }),
            Scored::Classes { .. } => Ok(Vec::new()),
        };
        Ok(Bootstrap {
            names,
            units: units.count,
            classes: match sides[0].scored {
                Scored::Classes { classes, .. } => *classes,
                Scored::Numbers { .. } => 0,
            },
            sums: wanted(Source::Sums)
                .then(|| Sums::new(sides, units, criterion, monitor))
                .transpose()?,
            cells: wanted(Source::Cells)
                .then(|| Cells::new(sides, units, monitor))
                .transpose()?,
            ranked: wanted(Source::Ranked).then(|| both(&by_score)).transpose()?,
            errors: wanted(Source::Errors).then(|| both(&by_error)).transpose()?,
        })
    }

    /// What is known of the difference of each metric; `None` where too few draws define it. Draws in parallel; the same whatever the number of threads.
    pub fn run(
        &self,
        confidence: f64,
        seed: u64,
        resamples: usize,
        monitor: &dyn Monitor,
    ) -> Result<Vec<Option<Evidence>>> {
        if self.units < 2 {
            return Ok(vec![None; self.names.len()]);
        }
        let draws = (0..resamples)
            .into_par_iter()
            .map_init(Scratch::default, |scratch, draw| {
                monitor.check()?;
                self.draw(hash::hash_u64(seed, draw as u64), &mut scratch.weights);
                self.differences(scratch, monitor)
            });
        let draws = draws.collect::<Result<Vec<Vec<Option<f64>>>>>()?;
        let of = |place: usize| {
            let mut differences: Vec<f64> = draws.iter().filter_map(|draw| draw[place]).collect();
            (2 * differences.len() > resamples).then(|| evidence(&mut differences, confidence))
        };
        Ok((0..self.names.len()).map(of).collect())
    }

    /// The differences where each unit is drawn once.
    #[cfg(test)]
    pub(super) fn once(&self, monitor: &dyn Monitor) -> Result<Vec<Option<f64>>> {
        let mut scratch = Scratch {
            weights: vec![1; self.units],
            ..Scratch::default()
        };
        self.differences(&mut scratch, monitor)
    }

    /// How often each unit is drawn.
    fn draw(&self, seed: u64, weights: &mut Vec<u32>) {
        weights.clear();
        weights.resize(self.units, 0);
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let units = self.units as u64;
        let mut left = self.units;
        while left > 0 {
            let bits = random.next_u64();
            for half in [bits >> 32, bits & u64::from(u32::MAX)].into_iter().take(left) {
                weights[((half * units) >> 32) as usize] += 1;
                left -= 1;
            }
        }
    }

    /// The differences of the metrics on what was drawn.
    fn differences(&self, scratch: &mut Scratch, monitor: &dyn Monitor) -> Result<Vec<Option<f64>>> {
        let Scratch { weights, sums, counts } = scratch;
        if let Some(own) = &self.sums {
            own.drawn(weights, sums);
        }
        let confusions = self.cells.as_ref().map(|cells| cells.drawn(weights, counts));
        let average = if self.classes == 2 {
            Average::Class(1)
        } else {
            Average::Macro
        };
        let mut found = Vec::with_capacity(self.names.len());
        for name in self.names {
            let metric: Option<Metric> = name.parse().ok();
            let mut values = [None; 2];
            for (model, value) in values.iter_mut().enumerate() {
                *value = match source(metric) {
                    Source::Sums => mean(metric, sums, model),
                    Source::Cells => confusions
                        .as_ref()
                        .and_then(|both| of_confusion(metric, &both[model], average)),
                    Source::Ranked => match &self.ranked {
                        Some(both) => average_precision(&both[model], weights, monitor)?,
                        None => None,
                    },
                    Source::Errors => match &self.errors {
                        Some(both) => median(&both[model], weights, monitor)?,
                        None => None,
                    },
                };
            }
            let [a, b] = values;
            found.push(a.zip(b).map(|(a, b)| a - b).filter(|difference| difference.is_finite()));
        }
        Ok(found)
    }
}

/// A metric that is made of means.
fn mean(metric: Option<Metric>, sums: &[f64], model: usize) -> Option<f64> {
    let rows = sums[column::ROWS];
    if rows == 0.0 {
        return None;
    }
    let of = |column: usize| sums[column + model] / rows;
    match metric {
        None => Some(of(column::OWN)),
        Some(Metric::LogLoss) => Some(of(column::LOG)),
        Some(Metric::BrierScore) => Some(of(column::BRIER)),
        Some(Metric::Rmse) => Some(of(column::SQUARED).sqrt()),
        Some(Metric::Mse) => Some(of(column::SQUARED)),
        Some(Metric::Mae) => Some(of(column::ABSOLUTE)),
        Some(Metric::Mape) => Some(of(column::RELATIVE)),
        Some(Metric::R2) => {
            let sum = sums[column::ACTUAL];
            let deviations = sums[column::ACTUAL_SQUARED] - sum * sum / rows;
            (deviations > 0.0).then(|| 1.0 - sums[column::SQUARED + model] / deviations)
        }
        Some(
            Metric::RocAuc
            | Metric::AveragePrecision
            | Metric::Accuracy
            | Metric::Precision
            | Metric::Recall
            | Metric::F1
            | Metric::Mcc
            | Metric::MedianAbsoluteError,
        ) => None,
    }
}

/// A metric that is made of counts.
fn of_confusion(metric: Option<Metric>, confusion: &Confusion, average: Average) -> Option<f64> {
    match metric? {
        Metric::Accuracy => confusion.accuracy(),
        Metric::Precision => confusion.precision(average),
        Metric::Recall => confusion.recall(average),
        Metric::F1 => confusion.f1(average),
        Metric::Mcc => confusion.mcc(),
        Metric::RocAuc
        | Metric::AveragePrecision
        | Metric::LogLoss
        | Metric::BrierScore
        | Metric::Rmse
        | Metric::Mae
        | Metric::Mape
        | Metric::Mse
        | Metric::R2
        | Metric::MedianAbsoluteError => None,
    }
}

/// What the differences of draws tell.
fn evidence(differences: &mut [f64], confidence: f64) -> Evidence {
    differences.sort_unstable_by(f64::total_cmp);
    let last = (differences.len() - 1) as f64;
    let at = |share: f64| {
        let place = share * last;
        let (below, above) = (differences[place.floor() as usize], differences[place.ceil() as usize]);
        below + (above - below) * place.fract()
    };
    let tail = (1.0 - confidence) / 2.0;
    let beyond = |count: usize| (1 + count) as f64 / (1 + differences.len()) as f64;
    let not_above = differences.iter().filter(|difference| **difference <= 0.0).count();
    let not_below = differences.iter().filter(|difference| **difference >= 0.0).count();
    Evidence {
        interval: [at(tail), at(1.0 - tail)],
        p_value: (2.0 * beyond(not_above).min(beyond(not_below))).min(1.0),
    }
}

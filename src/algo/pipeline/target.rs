//! The mean of the target among rows that have a level (Micci-Barreca 2001), as scikit-learn's `TargetEncoder` learns it.
//!
//! A level's own rows are part of its mean: a learner that saw it in these rows would trust it as it can trust no mean of new rows. So what the
//! training rows are given is learned, for each part of them, from the other parts.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use super::feature::{Feature, Kind};
use super::statistics::{codes_of, finite};
use super::step::{Codes, MOST_LEVELS, NOT_SUMMED, Place, Relearned, Step, Training, Transform};
use super::totals::{Targets, Totals, Wanted};
use crate::error::{Error, Result};
use crate::frame::Column;
use crate::label::Label;
use crate::metrics::sum::Sum;
use crate::monitor::{Monitor, Pace};
use crate::parameters::{at_least, from_to, hyperparameters};
use crate::room;
use crate::training_set::Target;

hyperparameters! {
    /// How means are drawn to the mean of all rows, named as in scikit-learn's `TargetEncoder`.
    pub struct TargetParams {
        /// For so many rows the mean of all is counted in; null: as much as the spread within the level and among all rows suggests (empirical
        /// Bayes).
        smoothing or "smooth": Option<f64> = None, at_least(0.0), from "scikit-learn's `TargetEncoder`";
        /// Parts of the training rows, each of which is given what the others say.
        folds or "cv": usize = 5, from_to(2.0, 50.0), from "scikit-learn's `TargetEncoder`";
    }
}

/// The step.
pub struct TargetEncoding;

/// The mean of the target for each code; of more than two classes the share of each class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Means {
    /// How many numbers a code has.
    width: usize,
    /// Those of each code, one after the other; last those of missing values.
    means: Vec<f64>,
    /// Of all rows, which a level has that training did not see.
    prior: Vec<f64>,
    /// What the classes are called, of more than two.
    classes: Vec<String>,
}

/// The target as numbers: of two classes whether it is the second, of more whether it is each of them.
struct Numbers<'a> {
    target: &'a Target,
    width: usize,
}

impl<'a> Numbers<'a> {
    fn of(target: &'a Target) -> Result<Numbers<'a>> {
        let width = match target {
            Target::None => {
                return Err(Error::data(
                    "target encoding needs a target",
                    "use encode => frequency, hash or one_hot for a task without one",
                ));
            }
            Target::Numbers(_) => 1,
            Target::Classes { count, .. } => {
                if *count > 2 {
                    *count
                } else {
                    1
                }
            }
        };
        Ok(Numbers { target, width })
    }

    /// What the numbers' classes are called; none where there is one number.
    fn classes(&self, labels: &[Label]) -> Result<Vec<String>> {
        match self.width {
            1 => Ok(Vec::new()),
            width if width == labels.len() => Ok(labels.iter().map(ToString::to_string).collect()),
            _ => Err(Error::Internal("classes without names")),
        }
    }

    #[inline]
    fn get(&self, row: usize, place: usize) -> f64 {
        match self.target {
            Target::None => 0.0,
            Target::Numbers(numbers) => numbers[row],
            Target::Classes { numbers, .. } if self.width == 1 => numbers[row],
            Target::Classes { numbers, .. } => f64::from(u8::from(numbers[row] == place as f64)),
        }
    }
}

/// Learns from the rows of which `wanted` holds.
fn learn(
    params: &TargetParams,
    training: &Training<'_>,
    wanted: impl Fn(usize) -> bool,
    monitor: &dyn Monitor,
) -> Result<Means> {
    let (codes, levels) = codes_of(training.values)?;
    let numbers = Numbers::of(training.target)?;
    let width = numbers.width;
    let numbers_of_levels = (levels + 1).saturating_mul(width);
    let (mut counts, mut rows) = (vec![0.0; levels + 1], 0.0);
    let (mut means, mut prior) = (room::zeros(numbers_of_levels)?, vec![0.0; width]);
    monitor.check()?;
    // Means first, then squares around them.
    let mut pace = Pace::new(monitor);
    for (row, &code) in codes.iter().enumerate().filter(|(row, _)| wanted(*row)) {
        pace.spend(width)?;
        let code = (code as usize).min(levels);
        (counts[code], rows) = (counts[code] + 1.0, rows + 1.0);
        for place in 0..width {
            let number = numbers.get(row, place);
            means[code * width + place] += number;
            prior[place] += number;
        }
    }
    prior.iter_mut().for_each(|sum| *sum /= f64::max(rows, 1.0));
    if let Some(smoothing) = params.smoothing {
        for (at, sum) in means.iter_mut().enumerate() {
            let weight = counts[at / width] + smoothing;
            *sum = if weight > 0.0 {
                (*sum + smoothing * prior[at % width]) / weight
            } else {
                prior[at % width]
            };
        }
    } else {
        for (at, sum) in means.iter_mut().enumerate() {
            *sum /= f64::max(counts[at / width], 1.0);
        }
        let (mut within, mut all) = (room::zeros(numbers_of_levels)?, vec![0.0; width]);
        monitor.check()?;
        for (row, &code) in codes.iter().enumerate().filter(|(row, _)| wanted(*row)) {
            pace.spend(width)?;
            let code = (code as usize).min(levels);
            for place in 0..width {
                let (number, at) = (numbers.get(row, place), code * width + place);
                within[at] += (number - means[at]).powi(2);
                all[place] += (number - prior[place]).powi(2);
            }
        }
        for (at, mean) in means.iter_mut().enumerate() {
            let (count, prior) = (counts[at / width], prior[at % width]);
            let variance = all[at % width] / f64::max(rows, 1.0);
            *mean = drawn(*mean, (count, within[at]), (prior, variance));
        }
    }
    let learned = Means {
        width,
        means,
        prior,
        classes: numbers.classes(training.classes)?,
    };
    learned.checked(&training.feature.name)
}

/// The mean of a level of so many rows, whose squares around it come to `within`, drawn to that of all rows.
fn drawn(mean: f64, (count, within): (f64, f64), (prior, variance): (f64, f64)) -> f64 {
    let share = variance * count / (variance * count + within / count);
    match share.is_nan() {
        true => prior,
        false => share * mean + (1.0 - share) * prior,
    }
}

/// Sums of the target over rows of some of the parts.
struct Summed {
    /// Of each code, as [`Totals`] has them.
    rows: Vec<u64>,
    sums: Vec<Sum>,
    squares: Vec<Sum>,
}

impl Summed {
    /// Of all parts but one.
    fn without(left_out: Option<usize>, targets: &Targets, totals: &Totals) -> Result<Summed> {
        let Totals::Targets { rows, sums, squares } = totals else {
            return Err(NOT_SUMMED);
        };
        let (cells, classes) = (targets.codes as usize + 2, targets.classes as usize);
        let mut summed = Summed {
            rows: room::filled(0, cells)?,
            sums: room::filled(Sum::default(), cells * classes)?,
            squares: room::filled(Sum::default(), cells * classes)?,
        };
        let merge =
            |ours: &mut [Sum], theirs: &[Sum]| ours.iter_mut().zip(theirs).for_each(|(sum, more)| sum.merge(more));
        for part in (0..targets.parts as usize).filter(|part| Some(*part) != left_out) {
            let of = |width: usize| part * width..(part + 1) * width;
            let own = summed.rows.iter_mut().zip(&rows[of(cells)]);
            own.for_each(|(rows, more)| *rows = rows.saturating_add(*more));
            merge(&mut summed.sums, &sums[of(cells * classes)]);
            merge(&mut summed.squares, &squares[of(cells * classes)]);
        }
        Ok(summed)
    }

    /// What they teach.
    fn means(&self, params: &TargetParams, (about, width): (f64, usize), classes: &[String]) -> Result<Means> {
        let all = self.rows.iter().fold(0_u64, |all, rows| all.saturating_add(*rows));
        // By how much the mean of all rows is more than `about`, and the mean square around it.
        let of_class = |class: usize, sums: &[Sum]| {
            let mut total = Sum::default();
            sums.iter().skip(class).step_by(width).for_each(|sum| total.merge(sum));
            total
        };
        let (mut prior, mut variance) = (Vec::with_capacity(width), Vec::with_capacity(width));
        for class in 0..width {
            let (sum, squares) = (of_class(class, &self.sums), of_class(class, &self.squares));
            let count = all.max(1) as f64;
            prior.push(sum.value() / count);
            variance.push(sum.squared_deviations(&squares, all) / count);
        }
        // Behind the levels and missing values are levels that the sample does not have: they count among all rows only.
        let known = (self.rows.len() - 1) * width;
        let mut means = room::with_capacity(known)?;
        for (place, (sum, squares)) in self.sums.iter().zip(&self.squares).take(known).enumerate() {
            let (rows, prior) = (self.rows[place / width], prior[place % width]);
            let (count, total) = (rows as f64, sum.value());
            let mean = match params.smoothing {
                Some(smoothing) if count + smoothing > 0.0 => (total + smoothing * prior) / (count + smoothing),
                Some(_) => prior,
                None => {
                    let within = sum.squared_deviations(squares, rows);
                    drawn(
                        total / count.max(1.0),
                        (count, within),
                        (prior, variance[place % width]),
                    )
                }
            };
            means.push(about + mean);
        }
        Ok(Means {
            width,
            means,
            prior: prior.iter().map(|prior| about + prior).collect(),
            classes: classes.to_vec(),
        })
    }
}

impl Means {
    /// Returns an error for means that are no numbers.
    fn checked(self, name: &str) -> Result<Means> {
        match self.means.iter().chain(&self.prior).all(|mean| mean.is_finite()) {
            true => Ok(self),
            false => Err(Error::data(
                format!("the target is too large for feature \"{name}\" to be encoded by it"),
                "divide it in the query, so that sums of its squares fit in double precision",
            )),
        }
    }
}

impl Step for TargetEncoding {
    const KEY: &'static str = "encode";
    const METHOD: Option<&'static str> = Some("target");
    const PLACE: Place = Place::Encode;
    const ABOUT: &'static str = "the mean of the target among training rows with the level, drawn to the mean of all; training rows are given what \
                                 other parts of them say; missing values are a level";
    const GIVES: &'static str = "a number; with more than two classes the share of each, `name=class`";
    type Parameters = TargetParams;
    type Fitted = Means;

    fn takes(_: &TargetParams, kind: &Kind) -> bool {
        kind.levels().is_some()
    }

    fn most_levels(_: &TargetParams) -> Option<usize> {
        Some(MOST_LEVELS)
    }

    fn fit(params: &TargetParams, training: &Training<'_>, monitor: &dyn Monitor) -> Result<Means> {
        learn(params, training, |_| true, monitor)
    }

    fn wanted(params: &TargetParams, fitted: &Means, codes: usize) -> Option<Wanted> {
        Some(Wanted::Targets(Targets {
            parts: u32::try_from(params.folds).ok()?,
            codes: u32::try_from(codes).ok()?,
            classes: u32::try_from(fitted.width).ok()?,
            about: if fitted.width == 1 { fitted.prior[0] } else { 0.0 },
        }))
    }

    fn relearn(
        params: &TargetParams,
        fitted: &Means,
        (wanted, totals): (&Wanted, &Totals),
        name: &str,
    ) -> Result<Relearned<Means>> {
        let Wanted::Targets(targets) = wanted else {
            return Err(NOT_SUMMED);
        };
        let means = |left_out| {
            let summed = Summed::without(left_out, targets, totals)?;
            let means = summed.means(params, (targets.about, fitted.width), &fitted.classes)?;
            means.checked(name)
        };
        let parts = (0..targets.parts as usize).map(|part| means(Some(part)));
        Ok(Relearned {
            fitted: means(None)?,
            parts: parts.collect::<Result<_>>()?,
        })
    }

    fn training_columns(
        params: &TargetParams,
        training: &Training<'_>,
        monitor: &dyn Monitor,
    ) -> Result<Option<Vec<Column>>> {
        let (codes, _) = codes_of(training.values)?;
        let width = Numbers::of(training.target)?.width;
        let mut columns = room::columns(codes.len(), width, monitor)?;
        let mut numbers = vec![0.0; width];
        let mut pace = Pace::new(monitor);
        // Rows are in an order that says nothing of them: every so manieth is a draw.
        for fold in 0..params.folds {
            let means = learn(params, training, |row| row % params.folds != fold, monitor)?;
            for row in (fold..codes.len()).step_by(params.folds) {
                pace.spend(width)?;
                means.apply([training.values.encoded(row), f64::NAN], &mut numbers);
                columns
                    .iter_mut()
                    .zip(&numbers)
                    .for_each(|(column, number)| column[row] = *number);
            }
        }
        Ok(Some(columns.into_iter().map(Column::Number).collect()))
    }
}

impl Transform for Means {
    fn width(&self) -> usize {
        self.width
    }

    #[inline]
    fn apply(&self, [code, _]: [f64; 2], out: &mut [f64]) {
        let levels = self.means.len() / self.width.max(1) - 1;
        let code = if code.is_nan() { levels } else { code as usize };
        let known = self
            .means
            .get(code.saturating_mul(self.width)..)
            .and_then(|rest| rest.get(..self.width));
        let numbers = known.filter(|_| code <= levels).unwrap_or(&self.prior);
        out.iter_mut()
            .zip(numbers)
            .for_each(|(out, number)| *out = finite(*number));
    }

    fn codes(&self, _: usize, _: Codes) -> usize {
        0
    }

    fn outputs(&self, [input, _]: [&Feature; 2]) -> Vec<Feature> {
        if self.width == 1 {
            return vec![Feature::number(input.name.clone())];
        }
        let of_class = |class: &String| Feature::number(format!("{}={class}", input.name));
        self.classes.iter().map(of_class).collect()
    }

    fn is_sound(&self, [codes, _]: Codes) -> bool {
        let length = (codes + 1).checked_mul(self.width);
        let finite = |numbers: &[f64]| numbers.iter().all(|number| number.is_finite());
        let classes = if self.width == 1 { 0 } else { self.width };
        let fits = length == Some(self.means.len()) && self.prior.len() == self.width && self.classes.len() == classes;
        codes > 0 && self.width > 0 && fits && finite(&self.means) && finite(&self.prior)
    }

    fn describe(&self, _: [&Feature; 2]) -> Map<String, Json> {
        let levels = self.means.len() / self.width.max(1) - 1;
        Map::from_iter([("levels".into(), json!(levels)), ("prior".into(), json!(self.prior))])
    }

    fn memory(&self) -> usize {
        let names: usize = (self.classes.iter())
            .map(|class| class.capacity() + size_of::<String>())
            .sum();
        (self.means.capacity() + self.prior.capacity()) * size_of::<f64>() + names
    }
}

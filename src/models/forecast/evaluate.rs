//! `evaluate` of a forecast: how far off it was in rows that came later, in all and by how far ahead it looked.

use std::collections::BTreeMap;
use std::collections::HashMap;

use algo::forecast::{FURTHEST, Forecaster, Merge, Point, Series};
use serde_json::json;

use super::ahead::forecaster;
use super::rows::Columns;
use crate::models::judging::evaluate::SliceRow;
use crate::models::registry::Version;
use crate::models::request;
use crate::models::scorer::Scorer;
use crate::pg::compute;
use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::foreground::Foreground;
use crate::pg::query::Query;
use crate::pg::sweep::Swept;
use algo::monitor::Monitor;

/// Sums of errors.
#[derive(Debug, Clone, Copy, Default)]
struct Errors {
    rows: u64,
    sum: f64,
    absolute: f64,
    squared: f64,
    /// Of the symmetric percentage errors; of a forecast and a value of 0 there is none.
    percentage: f64,
    /// Values inside the interval, of those that have one.
    inside: u64,
    with_interval: u64,
}

impl Errors {
    fn push(&mut self, actual: f64, point: &Point) {
        let error = point.value - actual;
        let size = point.value.abs() + actual.abs();
        self.rows += 1;
        self.sum += error;
        self.absolute += error.abs();
        self.squared += error * error;
        self.percentage += if size > 0.0 { 200.0 * error.abs() / size } else { 0.0 };
        if !point.lower.is_nan() {
            self.with_interval += 1;
            self.inside += u64::from((point.lower..=point.upper).contains(&actual));
        }
    }

    fn metrics(&self) -> Vec<(&'static str, f64)> {
        let rows = self.rows as f64;
        let mut metrics = Vec::new();
        if self.rows > 0 {
            metrics.extend([
                ("mae", self.absolute / rows),
                ("rmse", (self.squared / rows).sqrt()),
                ("smape", self.percentage / rows),
                ("bias", self.sum / rows),
            ]);
        }
        if self.with_interval > 0 {
            metrics.push(("interval_coverage", self.inside as f64 / self.with_interval as f64));
        }
        metrics.push(("rows", rows));
        metrics
    }
}

/// What all rows come to.
#[derive(Default)]
struct Judged {
    all: Errors,
    by_step: BTreeMap<i64, Errors>,
    /// Rows with a value that was not forecast: of a series without history, or of a moment that is not ahead.
    not_ahead: u64,
    /// Rows without a value.
    unlabelled: u64,
}

/// Judges a forecast by the rows of a query. Returns 22023 for options that have no meaning for one.
pub fn evaluate(
    (version, scorer): (&Version, &Scorer),
    query: &str,
    threshold: Option<f64>,
    group_by: Option<&[String]>,
) -> Result<Vec<SliceRow>> {
    let given = [("threshold", threshold.is_some()), ("group_by", group_by.is_some())];
    if let Some((option, _)) = given.into_iter().find(|(_, is_given)| *is_given) {
        return Err(
            Error::new(INVALID_PARAMETER, format!("{option} cannot be given for a forecast"))
                .detail("It is judged by how far ahead it looked.")
                .hint("Choose the series in the query."),
        );
    }
    let forecaster = forecaster(version, scorer)?;
    let target = version.target("judging a forecast")?;
    let columns = Columns::of_model(scorer.model(), forecaster);
    let query = Query::new(query)?;
    request::carry_out(|reporter, statement| {
        let rows = columns.read(&query, Some(&target), |_| 0, "judging", reporter, statement)?;
        let untimed = rows.untimed();
        let series = compute::run("judging", reporter, statement, |monitor| {
            Ok::<_, Error>(rows.into_series(monitor)?)
        })?;
        let series = Swept::new(series);
        let mut judged = compute::run("judging", reporter, statement, |monitor| {
            judge(forecaster, &series, statement, monitor)
        })?;
        judged.not_ahead += untimed;
        Ok(rows_of(&judged))
    })
}

/// The values of a series by how many steps they are ahead of what the model learned from, those of one step merged as in training.
fn ahead(
    merge: Merge,
    model: &algo::forecast::SeriesModel,
    series: &Series,
    judged: &mut Judged,
) -> BTreeMap<i64, f64> {
    let mut by_step: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
    for (&time, &value) in series.times.iter().zip(&series.values) {
        let step = model.ahead(time);
        if value.is_nan() {
            judged.unlabelled += 1;
        } else if (1..=FURTHEST as i64).contains(&step) {
            let (sum, count) = by_step.entry(step).or_default();
            match merge {
                Merge::Mean | Merge::Sum => *sum += value,
                // Rows of one moment come in the order of their values.
                Merge::Last | Merge::Refuse => *sum = value,
            }
            *count += 1.0;
        } else {
            judged.not_ahead += 1;
        }
    }
    let value = |(step, (sum, count)): (i64, (f64, f64))| match merge {
        Merge::Mean => (step, sum / count),
        Merge::Sum | Merge::Last | Merge::Refuse => (step, sum),
    };
    by_step.into_iter().map(value).collect()
}

fn judge(forecaster: &Forecaster, series: &[Series], statement: &Foreground, monitor: &dyn Monitor) -> Result<Judged> {
    let model = &forecaster.model;
    let places: HashMap<&[String], usize> = (model.series().iter().enumerate())
        .map(|(place, series)| (series.key(), place))
        .collect();
    let mut judged = Judged::default();
    let mut wanted: Vec<(usize, BTreeMap<i64, f64>)> = Vec::new();
    for one in series {
        monitor.check()?;
        match places.get(&one.key[..]) {
            None => judged.not_ahead += one.values.iter().filter(|value| !value.is_nan()).count() as u64,
            Some(&place) => wanted.push((place, ahead(forecaster.merge, &model.series()[place], one, &mut judged))),
        }
    }
    let furthest = wanted.iter().filter_map(|(_, values)| values.keys().next_back()).max();
    let Some(&furthest) = furthest else { return Ok(judged) };
    let all = match model.is_reconciled() {
        true => {
            let points = model.series().len().saturating_mul(furthest as usize);
            statement.allow(points.saturating_mul(size_of::<Point>()))?;
            Some(model.forecast_all(furthest as usize, model.level(), monitor)?)
        }
        false => None,
    };
    for (place, values) in wanted {
        let Some(&last) = values.keys().next_back() else {
            continue;
        };
        let own = match &all {
            Some(_) => None,
            None => Some(model.forecast(place, last as usize, model.level(), monitor)?),
        };
        let points = own
            .as_ref()
            .or_else(|| all.as_ref()?.get(place))
            .map_or(&[][..], Vec::as_slice);
        for (step, value) in values {
            match points.get(step as usize - 1) {
                Some(point) => {
                    judged.all.push(value, point);
                    judged.by_step.entry(step).or_default().push(value, point);
                }
                None => judged.not_ahead += 1,
            }
        }
    }
    Ok(judged)
}

fn rows_of(judged: &Judged) -> Vec<SliceRow> {
    let row = |step: Option<i64>, errors: &Errors, (metric, value): (&'static str, f64)| SliceRow {
        metric,
        value,
        segment: step.map(|step| json!({ "step": step })),
        rows: errors.rows as i64,
        low: None,
        high: None,
    };
    let counts = [
        ("unlabelled_rows", judged.unlabelled as f64),
        ("rows_not_ahead", judged.not_ahead as f64),
    ];
    let all = judged
        .all
        .metrics()
        .into_iter()
        .chain(counts)
        .map(|metric| row(None, &judged.all, metric));
    let steps = judged.by_step.iter().flat_map(|(&step, errors)| {
        errors
            .metrics()
            .into_iter()
            .map(move |metric| row(Some(step), errors, metric))
    });
    all.chain(steps).collect()
}

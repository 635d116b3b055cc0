//! `detect_anomalies` of a forecast: how far the rows of a query, which came later than what it learned from, are from what was forecast of them.

use std::collections::HashMap;

use algo::forecast::{FURTHEST, ForecastModel, Forecaster, Point};
use algo::monitor::Monitor;
use pgrx::pg_sys;
use serde_json::json;

use super::ahead::forecaster;
use super::rows::{Columns, key_of, moment_of};
use crate::models::keyed_rows::KeyedRows;
use crate::models::request;
use crate::models::unsupervised::{AnomalyRow, Asked};
use crate::pg::compute::serve_interrupts;
use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::foreground::Foreground;
use crate::pg::kept::{Keeper, Kept};
use crate::pg::query::Query;
use crate::pg::query_row::Row;
use crate::pg::reader::Value;
use crate::pg::result_row::RowWriter;

/// Rows that are kept until they are judged.
const BLOCK: usize = 1024;
/// Points that are kept for the rows to come: 32 MB.
const KEPT_POINTS: usize = 1 << 20;

/// The highest level of an interval.
const HIGHEST: f64 = 0.999;

/// Writes the rows of a query with what a forecast says of them.
pub fn write(fcinfo: pg_sys::FunctionCallInfo, given: &KeyedRows, asked: Asked) -> Result<()> {
    let mut rows = RowWriter::<AnomalyRow>::of(fcinfo)?;
    let forecaster = forecaster(&given.version, &given.scorer)?;
    let target = given.version.target("detect_anomalies of a forecast")?;
    let query = Query::new(&given.query)?;
    let columns = Columns::of_model(given.model(), forecaster);
    if asked.contamination.is_some_and(|share| 1.0 - share > HIGHEST) {
        return Err(
            Error::new(INVALID_PARAMETER, "contamination is too small for a forecast")
                .detail(format!("An interval holds {HIGHEST} of all values at most."))
                .hint("Ask for 0.001 or more, or compare strangeness with a bound of your own."),
        );
    }
    let level = asked
        .contamination
        .map_or(forecaster.model.level(), |share| 1.0 - share);
    let key = match &asked.key {
        Some(key) => key.clone(),
        None => given.all_columns()?,
    };
    request::carry_out(|_, statement| {
        let query = columns.keyed(&query, Some(&target), &key)?;
        let mut judge = Judge {
            ahead: Ahead::new(&forecaster.model, level),
            keeper: Keeper::new(query.columns()),
            waiting: Vec::with_capacity(BLOCK),
            target: &target,
            has_reasons: asked.reasons > 0,
            statement,
        };
        let mut kept = judge.keeper.empty();
        query.run(&mut |row| {
            statement.check()?;
            judge.waiting.push(judge.ahead.place_of(row));
            judge.keeper.keep(row, &mut kept);
            if judge.waiting.len() == BLOCK {
                judge.write(&kept, &mut rows)?;
                kept = judge.keeper.empty();
            }
            Ok(())
        })?;
        judge.write(&kept, &mut rows)
    })
}

/// What a row says.
struct Observed {
    place: usize,
    step: usize,
    value: f64,
}

/// What was forecast, of the series and as far ahead as rows asked for it.
struct Ahead<'m> {
    model: &'m ForecastModel,
    level: f64,
    places: HashMap<Vec<String>, usize>,
    points: HashMap<usize, Vec<Point>>,
    /// How many these are.
    kept: usize,
    /// Of all series, where they are made to add up.
    all: Vec<Vec<Point>>,
}

impl<'m> Ahead<'m> {
    fn new(model: &'m ForecastModel, level: f64) -> Ahead<'m> {
        let places = model.series().iter().enumerate();
        Ahead {
            model,
            level,
            places: places.map(|(place, series)| (series.key().to_vec(), place)).collect(),
            points: HashMap::new(),
            kept: 0,
            all: Vec::new(),
        }
    }

    /// The series and step of a row; `None` for one of an unknown series, of a moment that is not ahead, or without a value.
    fn place_of(&self, row: &Row<'_>) -> Option<Observed> {
        let (Value::Number(seconds), Value::Text(name)) = (row.value(0), row.value(1)) else {
            return None;
        };
        let value = row.number(2).filter(|value| value.is_finite())?;
        let place = *self.places.get(&key_of(&name))?;
        let step = usize::try_from(self.model.series()[place].ahead(moment_of(seconds)?)).ok()?;
        (1..=FURTHEST)
            .contains(&step)
            .then_some(Observed { place, step, value })
    }

    /// What was forecast of a series at a step; `None` where nothing was.
    fn point(&mut self, place: usize, step: usize, statement: &Foreground) -> Result<Option<Point>> {
        let furthest = |known: usize| step.max(2 * known).max(self.model.horizon()).min(FURTHEST);
        if self.model.is_reconciled() {
            let known = self.all.iter().map(Vec::len).max().unwrap_or(0);
            if known < step {
                let horizon = furthest(known);
                let points = self.model.series().len().saturating_mul(horizon);
                statement.allow(points.saturating_mul(size_of::<Point>()))?;
                self.all = self.model.forecast_all(horizon, self.level, statement)?;
            }
            return Ok(self.all.get(place).and_then(|points| points.get(step - 1)).copied());
        }
        let known = self.points.get(&place).map_or(0, Vec::len);
        if known < step {
            let points = self.model.forecast(place, furthest(known), self.level, statement)?;
            if self.kept + points.len() > KEPT_POINTS {
                self.points.clear();
                self.kept = 0;
            }
            self.kept += points.len();
            self.points.insert(place, points);
        }
        Ok(self.points.get(&place).and_then(|points| points.get(step - 1)).copied())
    }
}

/// Judges blocks of rows.
struct Judge<'a> {
    ahead: Ahead<'a>,
    keeper: Keeper,
    waiting: Vec<Option<Observed>>,
    target: &'a str,
    has_reasons: bool,
    statement: &'a Foreground,
}

impl Judge<'_> {
    /// Writes what is said of the rows that wait.
    fn write(&mut self, kept: &Kept, rows: &mut RowWriter<AnomalyRow>) -> Result<()> {
        for (row, observed) in std::mem::take(&mut self.waiting).into_iter().enumerate() {
            serve_interrupts();
            self.statement.check()?;
            let key = self.keeper.value(kept, row, KEY);
            let mut made = AnomalyRow {
                key,
                strangeness: None,
                is_anomaly: false,
                reasons: None,
            };
            if let Some(Observed { place, step, value }) = observed
                && let Some(point) = self.ahead.point(place, step, self.statement)?
            {
                let (model, level) = (self.ahead.model, self.ahead.level);
                made.strangeness = model.strangeness((place, step), (&point, level), value, self.statement)?;
                made.is_anomaly = value < point.lower || value > point.upper;
                if made.is_anomaly && self.has_reasons {
                    let distance = value - point.value;
                    made.reasons = Some(json!([{
                        "feature": self.target, "value": value.to_string(), "attribution": distance,
                        "expected": point.value, "lower": point.lower, "upper": point.upper,
                    }]));
                }
            }
            rows.write(|| made)?;
        }
        Ok(())
    }
}

/// Where the key is among the columns that are read.
const KEY: usize = 3;

impl Columns {
    /// The columns that a model was trained by, but for regressors.
    pub fn of_model(model: &algo::model::Model, forecaster: &Forecaster) -> Columns {
        Columns {
            time: model.inputs.first().map(|input| input.name.clone()).unwrap_or_default(),
            series: forecaster.columns.clone(),
            regressors: Vec::new(),
        }
    }
}

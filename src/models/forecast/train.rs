//! `train` of a forecast: the rows of a query as series, learned from as they follow each other in time.

use std::collections::BTreeMap;

use algo::forecast::{self, ForecastModel, ForecastParams, Forecaster, Input};
use algo::frame::Column;
use algo::learner::Algorithm;
use algo::model::{self, InputKind, Model};
use algo::parameters::Hyperparameters;
use algo::prepare::Statistic;
use algo::room;
use algo::summary::summarize;
use algo::task::Answer;
use serde_json::Value as Json;

use super::rows::{Clock, Columns, read_events};
use crate::models::comparing::champion::Judged;
use crate::models::request::FORECAST;
use crate::models::split::SplitOption;
use crate::models::store::{Store, Trained};
use crate::models::train::Training;
use crate::models::version_metrics::VersionMetrics;
use crate::pg::compute::{self, Reporter};
use crate::pg::error::{Error, INVALID_PARAMETER, Result, advise};
use crate::pg::foreground::Foreground;
use crate::pg::query::Query;
use crate::pg::sweep::Swept;
use crate::pg::time_zone;

/// Bytes that a fitted series takes at most, but for seasons and names.
const OF_SERIES: usize = 2048;

impl Training {
    /// Returns 22023 for an option that has no meaning for a forecast.
    fn check_forecast(&self) -> Result<()> {
        let request = &self.request;
        let steps = request.preprocess.given.as_object();
        let given = [
            ("exclude", !request.exclude.is_empty()),
            ("weight", request.weight.is_some()),
            ("group_by", !request.group_by.is_empty()),
            ("preprocess", steps.is_some_and(|steps| !steps.is_empty())),
            ("calibrate", self.calibrate.is_some()),
            ("intervals", self.intervals.is_some()),
            (
                "split",
                !["auto", SplitOption::NONE].contains(&self.split.text.as_str()),
            ),
        ];
        match given.into_iter().find(|(_, is_given)| *is_given) {
            None => Ok(()),
            Some((option, _)) => Err(
                Error::new(INVALID_PARAMETER, format!("{option} cannot be given for a forecast"))
                    .detail("Series are learned from as they follow each other in time, and judged from several moments of their past.")
                    .hint("params names the columns: time, series and regressors. The query chooses the rows."),
            ),
        }
    }

    /// Trains a forecast.
    pub fn forecast(
        &self,
        algorithm: &'static Algorithm,
        reporter: &mut Reporter,
        statement: &Foreground,
    ) -> Result<Trained> {
        self.check_forecast()?;
        let (params, columns) = read_params(&self.params)?;
        let target = self.request.require_target(FORECAST)?;
        let query = Query::new(&self.request.query)?;
        let zone = match columns.clock(&query)? {
            Clock::Local => None,
            Clock::Zoned => Some(time_zone::of_session()?),
        };
        let what = format!("training {}", self.model);
        let rows = columns.read(&query, Some(target), |_| 0, &what, reporter, statement)?;
        look_at_untimed(rows.untimed(), &columns.time);
        let events = match &params.holidays {
            Some(holidays) => read_events(holidays)?,
            None => Vec::new(),
        };
        let count = rows.len();
        let (times, series) = compute::run(&what, reporter, statement, |monitor| {
            Ok::<_, Error>((rows.moments(monitor)?, rows.into_series(monitor)?))
        })?;
        let input = Swept::new(Input { series, events });
        let (fitted, statistics) = compute::run(&what, reporter, statement, |monitor| {
            // What is allocated piece by piece, in ways that cannot fail.
            room::ask(
                input
                    .series
                    .len()
                    .saturating_mul(OF_SERIES)
                    .saturating_add(count.saturating_mul(16)),
            )?;
            let fitted = forecast::fit(&params, &input, monitor)?;
            let statistics = Statistic {
                name: columns.time.clone(),
                summary: summarize(&Column::Number(times), &[], 0, monitor)?,
                unseen: 0,
            };
            Ok::<_, Error>((fitted, statistics))
        })?;
        drop(input);
        tell(&fitted);
        let time = &query.columns()[columns.time_place(&query)?];
        let metrics = VersionMetrics::of_origins(metrics(&fitted));
        let model = Model {
            answer: Answer::Forecast,
            inputs: vec![model::Input {
                name: time.name.clone(),
                type_name: time.type_name.clone(),
                kind: InputKind::Number,
            }],
            pipeline: None,
            means: None,
            fitted: Box::new(Forecaster {
                columns: columns.series,
                zone,
                merge: params.duplicates.into(),
                model: fitted,
            }),
            history: Vec::new(),
            sample: None,
            groups: Vec::new(),
            calibration: None,
            intervals: None,
            error_model: None,
        };
        Store {
            name: &self.model,
            algorithm,
            options: self.options(),
            query: &self.request.query,
            target: Some(target),
            rows: count,
            metrics: &metrics,
            statistics: &[statistics],
            deploy: self.deploy,
            judged: Judged::No,
        }
        .store(model, reporter, statement)
    }
}

/// The hyperparameters, and the columns that they name.
fn read_params(given: &Json) -> Result<(ForecastParams, Columns)> {
    use algo::error::Error::UnknownParameter;
    let mut params = ForecastParams::default();
    let object = given.as_object().cloned().unwrap_or_default();
    params.read(&object, &[]).map_err(|error| match error {
        UnknownParameter { .. } => Error::from(error).at("params of forecast".to_string()),
        _ => error.into(),
    })?;
    params.check()?;
    let time = params.time.clone().ok_or_else(|| {
        Error::new(INVALID_PARAMETER, "a forecast does not know the time")
            .detail("params names no column of it.")
            .hint("Name a column of dates or timestamps: params => '{\"time\": \"day\", \"series\": [\"shop\"]}'.")
    })?;
    let columns = Columns {
        time,
        series: params.series.clone(),
        regressors: params.regressors.clone(),
    };
    Ok((params, columns))
}

/// Says how many rows belong to no moment.
fn look_at_untimed(rows: u64, time: &str) {
    if rows > 0 {
        advise(
            format!("{rows} rows have no moment in column \"{time}\" and are left out"),
            None,
            None,
        );
    }
}

/// Says what was found in the series, and by what they are forecast.
fn tell(model: &ForecastModel) {
    let mut notes: BTreeMap<&'static str, (usize, String)> = BTreeMap::new();
    for series in model.series() {
        for note in series.notes() {
            notes.entry(note.name()).or_insert_with(|| (0, note.text())).0 += 1;
        }
    }
    for (series, first) in notes.into_values() {
        let message = match series {
            1 => format!("a series has {first}"),
            series => format!("{series} series have such as this: {first}"),
        };
        advise(
            message,
            None,
            Some("assay.forecast_series(model) says it of each.".into()),
        );
    }
    let lost = model
        .series()
        .iter()
        .filter(|series| series.reason().has_lost())
        .count();
    if lost > 0 {
        advise(
            format!(
                "{lost} of {} series are forecast by the seasonal naive, which won in rolling origins",
                model.series().len()
            ),
            None,
            Some("assay.forecast_series(model) says by what each is forecast, and why.".into()),
        );
    }
}

/// How good the forecasts were in rolling origins.
fn metrics(model: &ForecastModel) -> Vec<(&'static str, f64)> {
    let judged: Vec<_> = model
        .series()
        .iter()
        .filter(|series| series.mase().is_finite())
        .collect();
    let mean = |of: fn(&forecast::SeriesModel) -> f64| {
        let values: Vec<f64> = model
            .series()
            .iter()
            .map(of)
            .filter(|value| value.is_finite())
            .collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    let counts = [
        ("series", model.series().len() as f64),
        ("judged_series", judged.len() as f64),
    ];
    let means = [
        ("mase", mean(forecast::SeriesModel::mase)),
        ("smape", mean(forecast::SeriesModel::smape)),
    ];
    let means = means.into_iter().filter_map(|(name, value)| Some((name, value?)));
    means.chain(counts).collect()
}

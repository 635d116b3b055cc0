//! `forecast`: the numbers to come of each series, with their intervals; and `forecast_series`: by what each is forecast, and why.

use algo::forecast::{FURTHEST, Forecaster, Point, SeriesModel};
use pgrx::datum::TimestampWithTimeZone;
use pgrx::{pg_extern, pg_sys};
use serde_json::{Map, Value as Json};

use crate::models::explain::text;
use crate::models::inspect::open;
use crate::models::registry::{Privilege, Version};
use crate::models::scorer::Scorer;
use crate::pg::arguments::{double, json, small_integer};
use crate::pg::compute::{self, Reporter, serve_interrupts};
use crate::pg::error::{Error, INVALID_PARAMETER, Result, WRONG_TASK, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::options::required;
use crate::pg::result_row::{RowWriter, SetOf, result_row, set_of};
use crate::pg::text::Text;
use crate::pg::time_zone;

/// Numbers that are forecast at a time.
const AT_ONCE: usize = 1 << 16;

result_row! {
    /// A number to come.
    struct ForecastRow {
        series: Json,
        at: TimestampWithTimeZone,
        value: f64,
        lower: Option<f64>,
        upper: Option<f64>,
    }
}

/// The series of a model. Returns ML010 for a model of rows.
pub fn forecaster<'m>(version: &Version, scorer: &'m Scorer) -> Result<&'m Forecaster> {
    scorer.model().fitted.forecaster().ok_or_else(|| {
        let (reference, task) = (version.reference(), scorer.model().answer.task().noun());
        Error::new(
            WRONG_TASK,
            format!("model \"{reference}\" forecasts nothing: it is {task}"),
        )
        .hint("Train one with algorithm => 'forecast'; assay.predict tells of rows.")
    })
}

/// The values that name a series, by their columns. A total has those of the columns that it is not a total of.
pub fn name_of(forecaster: &Forecaster, series: &SeriesModel) -> Json {
    let values = forecaster.columns.iter().zip(series.key());
    let value = |text: &String| serde_json::from_str(text).unwrap_or_else(|_| Json::from(text.as_str()));
    Json::Object(
        values
            .map(|(column, text)| (column.clone(), value(text)))
            .collect::<Map<_, _>>(),
    )
}

/// Which series are asked for: the place of each column that is named among those of the model, with the value that it has.
struct Wanted(Vec<(usize, Json)>);

impl Wanted {
    /// Returns 22023 for what is no object of columns that tell the model's series apart.
    fn of(given: Option<Json>, forecaster: &Forecaster) -> Result<Wanted> {
        let wrong = |found: String| {
            let columns = match forecaster.columns.is_empty() {
                true => "The model has one series, which no column names: leave of_series out.".to_string(),
                false => format!(
                    "Give an object of these columns and their values: {}.",
                    forecaster.columns.join(", ")
                ),
            };
            Error::new(INVALID_PARAMETER, "of_series names no series")
                .detail(found)
                .hint(columns)
        };
        let Some(given) = given else {
            return Ok(Wanted(Vec::new()));
        };
        let Json::Object(values) = given else {
            return Err(wrong(format!("The value is {given}.")));
        };
        let values = values.into_iter().map(|(name, value)| {
            let place = forecaster.columns.iter().position(|column| *column == name);
            let place = place.ok_or_else(|| wrong(format!("Series are not told apart by \"{name}\".")))?;
            Ok((place, value))
        });
        Ok(Wanted(values.collect::<Result<_>>()?))
    }

    fn has(&self, series: &SeriesModel) -> bool {
        self.0.iter().all(|(place, value)| {
            let Some(text) = series.key().get(*place) else {
                return false;
            };
            // Numbers are equal that are written differently.
            text.as_str() == value.to_string().as_str() || value.as_f64().is_some_and(|value| text.parse() == Ok(value))
        })
    }
}

/// `forecast(model, horizon, level, of_series)`.
#[pg_extern(sql = false)]
fn forecast(fcinfo: pg_sys::FunctionCallInfo) {
    or_raise(write(fcinfo));
}

fn write(fcinfo: pg_sys::FunctionCallInfo) -> Result<()> {
    let mut rows = RowWriter::<ForecastRow>::of(fcinfo)?;
    let reference = required("model", text(fcinfo, 0)?)?;
    let (version, scorer) = open(&reference, Privilege::Predict)?;
    let forecaster = forecaster(&version, &scorer)?;
    let model = &forecaster.model;
    let horizon = match small_integer(fcinfo, 1) {
        None => model.horizon(),
        Some(horizon) => usize::try_from(horizon).unwrap_or(0),
    };
    let level = double(fcinfo, 2).unwrap_or(model.level());
    let zone = zone_of(forecaster)?;
    let statement = Foreground::new()?;
    let mut reporter = Reporter::new();
    let wanted = Wanted::of(
        json(fcinfo, 3)
            .map(|given| given.read("argument \"of_series\""))
            .transpose()?,
        forecaster,
    )?;
    let places: Vec<usize> = (model.series().iter().enumerate())
        .filter(|(_, series)| wanted.has(series))
        .map(|(place, _)| place)
        .collect();
    // What adds up is forecast together.
    let (at_once, together) = match model.is_reconciled() {
        true => (places.len().max(1), model.series().len()),
        false => ((AT_ONCE / horizon.max(1)).max(1), 0),
    };
    if places.is_empty() {
        model.check(horizon, level)?;
    }
    for places in places.chunks(at_once) {
        let count = places.len().max(together);
        statement.allow(count.saturating_mul(horizon).saturating_mul(size_of::<Point>()))?;
        let points = compute::run("forecasting", &mut reporter, &statement, |monitor| {
            Ok::<_, Error>(model.forecast_each(places, horizon, level, monitor)?)
        })?;
        for (&place, points) in places.iter().zip(points) {
            serve_interrupts();
            let name = name_of(forecaster, &model.series()[place]);
            for point in points {
                // The moment takes memory that is freed with the row's.
                rows.try_write(|| {
                    Ok(ForecastRow {
                        series: name.clone(),
                        at: time_zone::moment(point.at, &zone)?,
                        value: point.value,
                        lower: Some(point.lower).filter(|end| !end.is_nan()),
                        upper: Some(point.upper).filter(|end| !end.is_nan()),
                    })
                })?;
            }
        }
    }
    reporter.finish();
    Ok(())
}

/// The time zone of a forecast's moments.
fn zone_of(forecaster: &Forecaster) -> Result<String> {
    match &forecaster.zone {
        Some(zone) => Ok(zone.clone()),
        None => time_zone::of_session(),
    }
}

result_row! {
    /// How a series is forecast.
    struct SeriesRow {
        series: Json,
        frequency: String,
        values: i64,
        last_at: TimestampWithTimeZone,
        method: String,
        reason: String,
        mase: Option<f64>,
        smape: Option<f64>,
        notes: Vec<Text>,
    }
}

/// `forecast_series(model)`.
#[pg_extern(sql = false)]
fn forecast_series(model: Option<Text>) -> SetOf<SeriesRow> {
    let rows = || -> Result<Vec<SeriesRow>> {
        let (version, scorer) = open(required("model", model.as_deref())?, Privilege::Predict)?;
        let forecaster = forecaster(&version, &scorer)?;
        let zone = zone_of(forecaster)?;
        let row = |series: &SeriesModel| {
            serve_interrupts();
            Ok(SeriesRow {
                series: name_of(forecaster, series),
                frequency: series.frequency().name(),
                values: series.count() as i64,
                last_at: time_zone::moment(series.last(), &zone)?,
                method: series.method(),
                reason: series.reason().text(),
                mase: Some(series.mase()).filter(|mase| mase.is_finite()),
                smape: Some(series.smape()).filter(|smape| smape.is_finite()),
                notes: series.notes().iter().map(|note| Text::from(note.text())).collect(),
            })
        };
        forecaster.model.series().iter().map(row).collect()
    };
    set_of(or_raise(rows()))
}

/// What a model expects of a moment.
pub enum Expected {
    Point(Point),
    /// Nothing: why.
    Nothing(String),
}

/// What a model expects of a bucket of time, of the series that a segment names; the bucket begins so many microseconds after 2000-01-01 by the clock on the wall.
/// Returns the errors of assay.forecast.
pub fn expected(model: &str, segment: Option<&Json>, (start, unit): (i64, &str), level: f64) -> Result<Expected> {
    let (version, scorer) = open(model, Privilege::Predict)?;
    let forecaster = forecaster(&version, &scorer)?;
    let values = segment.and_then(Json::as_object);
    let value = |column: &String| values.and_then(|values| values.get(column)).map(Json::to_string);
    let Some(key) = forecaster.columns.iter().map(value).collect::<Option<Vec<String>>>() else {
        return Ok(Expected::Nothing(format!(
            "its series are told apart by {}, so that the check has to be grouped by these",
            forecaster.columns.join(", ")
        )));
    };
    let model = &forecaster.model;
    let Some(place) = model.series().iter().position(|series| series.key() == key) else {
        return Ok(Expected::Nothing("it has no such series".into()));
    };
    let series = &model.series()[place];
    let frequency = series.frequency().name();
    if frequency != unit {
        return Ok(Expected::Nothing(format!(
            "its steps are those of a {frequency}, and not of a {unit}"
        )));
    }
    let ahead = usize::try_from(series.ahead(start)).unwrap_or(0);
    if !(1..=FURTHEST).contains(&ahead) {
        return Ok(Expected::Nothing("it has learned from what came later".into()));
    }
    let point = model.forecast(place, ahead, level, &Foreground::new()?)?.pop();
    Ok(match point.filter(|point| !point.lower.is_nan()) {
        Some(point) => Expected::Point(point),
        None => Expected::Nothing("nothing is known of its errors".into()),
    })
}

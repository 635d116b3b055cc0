//! Forecasts with everything that stored ones can have: each state, frequency, note and reason.

use serde_json::json;

use super::calendar::{DAY, first_of};
use super::*;
use crate::monitor::Unwatched;
use crate::parameters::Hyperparameters;

/// What a value is by its place, the same on all machines.
fn value(place: i64, of: i64) -> f64 {
    (place * of % 101) as f64 / 8.0
}

fn series(name: &str, times: impl Iterator<Item = i64>, of: impl Fn(i64) -> f64) -> Series {
    let times: Vec<i64> = times.collect();
    Series {
        key: vec![format!("\"{name}\""), "1".into()],
        values: (0..times.len() as i64).map(of).collect(),
        times,
        regressors: Vec::new(),
    }
}

fn days(count: i64) -> impl Iterator<Item = i64> {
    (0..count).map(|day| day * DAY)
}

/// Series of every kind.
fn kinds() -> Vec<Series> {
    let weekly = |day: i64| 50.0 + 10.0 * (day % 7) as f64 + value(day, 37);
    let working = (0..90).filter(|day| day % 7 < 5).map(|day| (day + 2) * DAY);
    let mut messy = series("messy", days(60), weekly);
    messy.times.extend([3 * DAY, 5 * DAY + 7]);
    messy.values.extend([1.0, -400.0]);
    messy.times.remove(20);
    messy.values.remove(20);
    let mut all = vec![
        messy,
        series("weekly", days(90), weekly),
        series("growing", days(60), |day| {
            (100.0 + 2.0 * day as f64) * [0.5, 1.5, 1.0, 1.0, 1.2, 0.8, 1.0][(day % 7) as usize]
        }),
        series("working", working, |day| 20.0 + value(day, 53)),
        series(
            "monthly",
            (0..60).map(|month| first_of(24_000 + month) * DAY),
            |month| 30.0 + value(month, 29) + (month % 12) as f64,
        ),
        series(
            "rare",
            days(80),
            |day| if day % 6 == 1 { 1.0 + value(day, 11) } else { 0.0 },
        ),
        series("constant", days(30), |_| 4.0),
        series("few", days(3), |day| day as f64),
        series("short", days(5), |day| value(day, 17)),
        series("none", days(2), |_| f64::NAN),
        // Their differences are not finite.
        series("huge", days(60), |day| (value(day, 37) - 6.0).signum() * 1.7e308),
        series("long", days(21_000), |day| 5.0 + value(day, 43)),
        series("hourly", (0..24 * 7 * 4).map(|hour| hour * DAY / 24), |hour| {
            10.0 + (hour % 24) as f64 + if hour / 24 % 7 < 5 { 20.0 } else { 0.0 } + value(hour, 31) / 10.0
        }),
        // What repeats itself is forecast best by repeating it.
        series("repeating", days(70), |day| {
            [3.0, 900.0, 2.0, 77.0, 1.0, 500.0, 40.0][(day % 7) as usize] + value(day / 7, 41)
        }),
    ];
    all.sort_by(|a, b| a.key.cmp(&b.key));
    all
}

fn fitted(options: serde_json::Value, input: &Input) -> ForecastModel {
    let mut params = ForecastParams::default();
    params.read(options.as_object().unwrap(), &[]).unwrap();
    params.check().unwrap();
    fit(&params, input, &Unwatched).unwrap()
}

/// Forecasters by name.
pub(crate) fn forecasters() -> Vec<(&'static str, Forecaster)> {
    let forecaster = |merge, zone: Option<&str>, model| Forecaster {
        columns: vec!["Größe, \"c\"".into(), "shop".into()],
        zone: zone.map(Into::into),
        merge,
        model,
    };
    let all = Input {
        series: kinds(),
        events: Vec::new(),
    };
    let pair = |of: &[&str]| Input {
        series: all
            .series
            .iter()
            .filter(|series| of.iter().any(|name| series.key[0].contains(name)))
            .cloned()
            .collect(),
        events: Vec::new(),
    };
    let mut told = pair(&["weekly", "rare"]);
    for series in &mut told.series {
        series.regressors = vec![(0..series.times.len() as i64).map(|day| value(day, 13)).collect()];
    }
    told.events = (0..9)
        .map(|index| Event {
            name: ["fair", "été"][index % 2].into(),
            at: index as i64 * 13 * DAY,
        })
        .collect();
    let together = Input {
        series: ["a", "b", "c"]
            .iter()
            .zip([37, 53, 29])
            .map(|(name, of)| series(name, days(60), move |day| 40.0 + value(day, of)))
            .collect(),
        events: Vec::new(),
    };
    let mut named = vec![
        (
            "auto",
            forecaster(Merge::Mean, None, fitted(json!({"horizon": 4}), &all)),
        ),
        (
            "events",
            forecaster(
                Merge::Sum,
                Some("Europe/Berlin"),
                fitted(
                    json!({"horizon": 3, "regressors": ["price"], "duplicates": "sum"}),
                    &told,
                ),
            ),
        ),
    ];
    for (name, method) in [
        ("theta", "theta"),
        ("ets", "ets"),
        ("croston", "croston"),
        ("seasonal_naive", "seasonal_naive"),
        ("naive", "naive"),
    ] {
        let model = fitted(
            json!({"horizon": 3, "method": method}),
            &pair(&["weekly", "growing", "rare"]),
        );
        named.push((name, forecaster(Merge::Last, None, model)));
    }
    for how in ["bottom_up", "ols", "wls", "mint"] {
        let model = fitted(json!({"horizon": 3, "reconcile": how}), &together);
        named.push((how, forecaster(Merge::Refuse, None, model)));
    }
    named
}

/// What a forecaster answers.
pub(crate) fn answers(forecaster: &Forecaster) -> Vec<(String, Vec<f64>)> {
    let Forecaster {
        columns,
        zone,
        merge,
        model,
    } = forecaster;
    let mut answers = vec![(format!("{columns:?} {zone:?} {merge:?}"), vec![model.level()])];
    let all = model.forecast_all(model.horizon() + 2, 0.9, &Unwatched).unwrap();
    for (series, points) in model.series().iter().zip(all) {
        let name = format!("series {:?}", series.key());
        let about = format!(
            "{name} {} {} {} {:?}",
            series.frequency().name(),
            series.method(),
            series.reason().text(),
            series.notes()
        );
        answers.push((
            about,
            vec![
                series.count() as f64,
                series.last() as f64,
                series.mase(),
                series.smape(),
            ],
        ));
        let each = points
            .iter()
            .flat_map(|point| [point.at as f64, point.value, point.lower, point.upper]);
        answers.push((name, each.collect()));
    }
    for (step, accuracy) in model.accuracy().iter().enumerate() {
        answers.push((
            format!("step {step}"),
            vec![accuracy.series as f64, accuracy.mase, accuracy.smape],
        ));
    }
    answers
}

//! What forecasts promise of long series, of stored bytes from anywhere, and of values that come later.

use serde_json::json;

use super::calendar::DAY;
use super::samples::{answers, forecasters};
use super::state::State;
use super::tests::{daily, fitted, normal, params};
use super::*;
use crate::error::Error;
use crate::monitor::Unwatched;
use crate::{bytes, parameters::Hyperparameters};
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

#[test]
fn samples_have_every_kind() {
    let mut told = String::new();
    for (_, forecaster) in forecasters() {
        for series in forecaster.model.series() {
            let notes = series.notes().iter().map(Note::name).collect::<Vec<_>>().join(" ");
            told += &format!("{} | {} | {notes}\n", series.method(), series.reason().text());
        }
    }
    let kinds = [
        "mean of theta and ets(",
        "mstl, rest by mean of",
        "\ntheta |",
        "\nets(",
        "tsb",
        "croston",
        "seasonal_naive",
        "\nnaive |",
        "none |",
        "it was asked for",
        "won against",
        "lost against",
        "too few to judge",
        "too few for more",
        "are the same",
        "are zero",
        "too large",
        "merged",
        "filled",
        "moved",
        "zeros",
        "negative",
        "short",
        "unknown",
        "recent",
    ];
    for kind in kinds {
        assert!(told.contains(kind), "no {kind} in {told}");
    }
}

#[test]
fn bytes_from_anywhere_are_refused_or_forecast() {
    for (name, forecaster) in forecasters() {
        let whole = forecaster.model.encode(Vec::new(), &Unwatched).unwrap();
        let again = ForecastModel::decode(&whole, &Unwatched).unwrap();
        assert_eq!(again.encode(Vec::new(), &Unwatched).unwrap(), whole, "{name}");
        let again = Forecaster {
            model: again,
            ..forecaster
        };
        let numbers = |forecaster: &Forecaster| format!("{:?}", answers(forecaster));
        assert_eq!(
            numbers(&again),
            numbers(&Forecaster {
                model: again.model.clone(),
                ..again.clone()
            })
        );
        let step = whole.len().div_ceil(150);
        for place in (0..whole.len()).step_by(step) {
            for mask in [0x01, 0xd5] {
                let mut damaged = whole.clone();
                damaged[place] ^= mask;
                let Ok(model) = ForecastModel::decode(&damaged, &Unwatched) else {
                    continue;
                };
                let all = model.forecast_all(3, 0.9, &Unwatched).unwrap();
                for (index, points) in all.iter().enumerate() {
                    for (step, point) in (1..).zip(points).take(1) {
                        model.strangeness((index, step), (point, 0.9), 1.0, &Unwatched).unwrap();
                    }
                }
                for series in model.series() {
                    let _ = (
                        series.method(),
                        series.frequency().name(),
                        series.ahead(i64::MAX),
                        series.ahead(i64::MIN),
                    );
                }
            }
            assert!(ForecastModel::decode(&whole[..place], &Unwatched).is_err());
        }
    }
}

#[test]
fn states_in_states_do_not_exhaust_the_stack() {
    // A mean of one state, that is a mean of one state, and so on; and the rest of a decomposition, likewise.
    for part in [&[5, 1][..], &[3, 0, 0][..]] {
        let deep = part.repeat(1_000_000);
        let read = bytes::decode::<State>("the model", &deep, &Unwatched);
        assert!(matches!(read, Err(Error::Damaged { .. })), "{:?}", read.err());
    }
    // Afterwards states are read as before.
    let (_, forecaster) = forecasters().swap_remove(0);
    let whole = forecaster.model.encode(Vec::new(), &Unwatched).unwrap();
    assert!(ForecastModel::decode(&whole, &Unwatched).is_ok());
}

#[test]
fn of_long_series_the_last_values_are_learned_from() {
    let mut draws = Xoshiro256PlusPlus::seed_from_u64(8);
    let values: Vec<f64> = (0..30_000)
        .map(|day| 50.0 + f64::from(day % 7) + normal(&mut draws) + if day < 5_000 { 1e6 } else { 0.0 })
        .collect();
    let options = json!({"horizon": 7, "season_lengths": 7});
    let long = fitted(options.clone(), vec![daily("a", values.clone())]);
    assert_eq!(long.series()[0].count(), 20_000);
    assert_eq!(long.series()[0].notes(), [Note::Recent(20_000)]);
    let mut last = daily("a", values);
    last.times.drain(..10_000);
    last.values.drain(..10_000);
    let last = fitted(options, vec![last]);
    let points = |model: &ForecastModel| model.forecast(0, 7, 0.9, &Unwatched).unwrap();
    assert_eq!(points(&long), points(&last));
    // Of a long season more.
    let hours: Vec<f64> = (0..40_000)
        .map(|hour| f64::from(hour % 2_000) + normal(&mut draws))
        .collect();
    let model = fitted(
        json!({"horizon": 2, "season_lengths": [2_000]}),
        vec![daily("a", hours)],
    );
    assert_eq!(model.series()[0].count(), 32_000);
    let points = model.forecast(0, 2, 0.9, &Unwatched).unwrap();
    assert!((points[1].value - 1.0).abs() < 20.0, "{points:?}");
}

#[test]
fn what_is_outside_of_an_interval_is_strange() {
    let mut draws = Xoshiro256PlusPlus::seed_from_u64(9);
    let series = |name: &str, low: f64, draws: &mut Xoshiro256PlusPlus| {
        daily(
            name,
            (0..60)
                .map(|day| (low + f64::from(day % 7) + 3.0 * normal(draws)).max(0.0))
                .collect(),
        )
    };
    let input = vec![
        series("a", 40.0, &mut draws),
        series("b", 2.0, &mut draws),
        daily("c", vec![5.0; 30]),
        daily("d", vec![5.0]),
    ];
    for options in [json!({"horizon": 5}), json!({"horizon": 5, "method": "seasonal_naive"})] {
        let model = fitted(options, input.clone());
        for level in [0.5, 0.8, 0.95, 0.999] {
            for index in [0, 1] {
                let points = model.forecast(index, 5, level, &Unwatched).unwrap();
                for (step, point) in (1..).zip(&points) {
                    for value in [
                        -1.0,
                        0.0,
                        1.0,
                        point.lower - 0.1,
                        point.lower,
                        point.value,
                        point.upper,
                        point.upper + 0.1,
                        1e9,
                    ] {
                        let strangeness = model
                            .strangeness((index, step), (point, level), value, &Unwatched)
                            .unwrap()
                            .unwrap();
                        let is_outside = value < point.lower - 1e-9 || value > point.upper + 1e-9;
                        assert!(
                            !is_outside || strangeness > level - 1e-9,
                            "{value} {point:?} {strangeness}"
                        );
                        assert!(
                            is_outside || strangeness <= level + 1e-9,
                            "{value} {point:?} {strangeness}"
                        );
                    }
                }
            }
        }
        // Of a constant everything else is strange; of one value nothing is known.
        let point = |index: usize| model.forecast(index, 1, 0.9, &Unwatched).unwrap()[0];
        let of = |index: usize, value: f64| {
            model
                .strangeness((index, 1), (&point(index), 0.9), value, &Unwatched)
                .unwrap()
        };
        assert_eq!((of(2, 5.0), of(2, 5.1)), (Some(0.0), Some(1.0)));
    }
    let alone = fitted(json!({}), vec![daily("d", vec![5.0, 6.0])]);
    let point = alone.forecast(0, 1, 0.9, &Unwatched).unwrap()[0];
    assert_eq!(
        alone
            .strangeness((0, 1), (&point, 0.9), 7.0, &Unwatched)
            .unwrap()
            .is_none(),
        point.lower.is_nan()
    );
}

#[test]
fn there_are_limits_of_effects_and_seasons() {
    let events = (0..1_001).map(|index| Event {
        name: index.to_string(),
        at: index * DAY,
    });
    let input = Input {
        series: vec![daily("a", vec![1.0; 30])],
        events: events.collect(),
    };
    assert!(matches!(
        fit(&params(json!({})), &input, &Unwatched),
        Err(Error::Data { .. })
    ));
    let seasons: Vec<usize> = (2..11).collect();
    assert!(ForecastParams::default().season_lengths(seasons).check().is_err());
}

#[test]
fn totals_from_the_bottom_are_sums_of_what_is_forecast_alone() {
    let mut draws = Xoshiro256PlusPlus::seed_from_u64(10);
    let series: Vec<Series> = ["n/a", "n/b", "s/a"]
        .iter()
        .map(|key| {
            daily(
                key,
                (0..60)
                    .map(|day| 50.0 + f64::from(day % 7) + normal(&mut draws))
                    .collect(),
            )
        })
        .collect();
    let alone = fitted(json!({"horizon": 6}), series.clone())
        .forecast_all(6, 0.9, &Unwatched)
        .unwrap();
    let model = fitted(json!({"horizon": 6, "reconcile": "bottom_up"}), series);
    let all = model.forecast_all(6, 0.9, &Unwatched).unwrap();
    let keys: Vec<&[String]> = model.series()[3..].iter().map(SeriesModel::key).collect();
    assert_eq!(keys, [&[][..], &["n".to_string()], &["s".to_string()]]);
    for step in 0..6 {
        for part in 0..3 {
            assert_eq!(all[part][step].value, alone[part][step].value);
        }
        let sums = [
            alone[0][step].value + alone[1][step].value + alone[2][step].value,
            alone[0][step].value + alone[1][step].value,
            alone[2][step].value,
        ];
        for (total, sum) in all[3..].iter().zip(sums) {
            assert!((total[step].value - sum).abs() < 1e-9 * sum);
            assert!(total[step].lower < sum && sum < total[step].upper);
        }
    }
}

//! What must hold of forecasts, whatever the series.

use rand_core::{RngCore, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde_json::{Value as Json, json};

use super::calendar::{DAY, first_of, length_of};
use super::*;
use crate::error::{Error, Result};
use crate::monitor::{Monitor, Progress, Unwatched};
use crate::parameters::Hyperparameters;

/// About normal: the sum of twelve uniform numbers.
pub(super) fn normal(draws: &mut Xoshiro256PlusPlus) -> f64 {
    (0..12)
        .map(|_| (draws.next_u64() >> 11) as f64 / (1_u64 << 53) as f64)
        .sum::<f64>()
        - 6.0
}

pub(super) fn params(json: Json) -> ForecastParams {
    let mut params = ForecastParams::default();
    params.read(json.as_object().unwrap(), &[]).unwrap();
    params.check().unwrap();
    params
}

pub(super) fn daily(key: &str, values: Vec<f64>) -> Series {
    Series {
        key: key.split('/').map(String::from).collect(),
        times: (0..values.len() as i64).map(|day| day * DAY).collect(),
        values,
        regressors: Vec::new(),
    }
}

pub(super) fn fitted(options: Json, series: Vec<Series>) -> ForecastModel {
    let input = Input {
        series,
        events: Vec::new(),
    };
    fit(&params(options), &input, &Unwatched).unwrap()
}

fn months(count: i64) -> Vec<i64> {
    (0..count).map(|month| first_of(24_000 + month) * DAY).collect()
}

#[test]
fn frequencies_are_inferred() {
    let days = |days: &[i64]| days.iter().map(|day| day * DAY).collect::<Vec<_>>();
    let of = |times: &[i64]| Frequency::of(times).unwrap();
    assert_eq!(of(&months(9)), Frequency::Months { count: 1, day: 1 });
    let ends: Vec<i64> = (0..9).map(|month| (first_of(24_001 + month) - 1) * DAY).collect();
    assert_eq!(of(&ends), Frequency::Months { count: 1, day: 31 });
    let thirtieth: Vec<i64> = (0..9)
        .map(|month| (first_of(24_000 + month) + 30.min(length_of(24_000 + month)) - 1) * DAY)
        .collect();
    assert_eq!(of(&thirtieth), Frequency::Months { count: 1, day: 30 });
    let quarters: Vec<i64> = months(20).into_iter().step_by(3).collect();
    assert_eq!(of(&quarters), Frequency::Months { count: 3, day: 1 });
    let years: Vec<i64> = months(60).into_iter().step_by(12).collect();
    assert_eq!(of(&years), Frequency::Months { count: 12, day: 1 });
    // A month is missing.
    let gaps: Vec<i64> = months(9)
        .into_iter()
        .enumerate()
        .filter(|(index, _)| *index != 4)
        .map(|(_, time)| time)
        .collect();
    assert_eq!(of(&gaps), Frequency::Months { count: 1, day: 1 });
    assert_eq!(of(&days(&[0, 1, 2, 3, 4, 5, 6, 7, 8])), Frequency::Clock(DAY));
    assert_eq!(
        of(&days(&[2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 16])),
        Frequency::BusinessDays
    );
    assert_eq!(of(&days(&[0, 7, 14, 21, 35])), Frequency::Clock(7 * DAY));
    let hours: Vec<i64> = (0..50).map(|hour| hour * DAY / 24).collect();
    assert_eq!(of(&hours), Frequency::Clock(DAY / 24));
    let quarter_hours: Vec<i64> = (0..50)
        .filter(|index| index % 7 != 3)
        .map(|index| index * DAY / 96)
        .collect();
    assert_eq!(of(&quarter_hours), Frequency::Clock(DAY / 96));
    assert_eq!(of(&quarter_hours).name(), "15 minutes");
    assert_eq!(Frequency::of(&[5]), None);
}

#[test]
fn names_and_steps_are_inverse() {
    for name in [
        "second",
        "15 minutes",
        "hour",
        "day",
        "2 weeks",
        "business day",
        "month",
        "quarter",
        "year",
        "2 years",
        "5 microseconds",
    ] {
        let frequency = Frequency::named(name).unwrap();
        assert_eq!(frequency.name(), name);
        let frequency = frequency.at(&months(5));
        let anchor = frequency.time_of(3, months(5)[4]);
        for step in -100..100 {
            let time = frequency.time_of(step, anchor);
            assert_eq!(frequency.step_of(time, anchor), step, "{name}");
        }
    }
    for wrong in [
        "",
        "fortnight",
        "0 days",
        "-1 day",
        "99999999999999999999 days",
        "3 business days",
    ] {
        assert_eq!(Frequency::named(wrong), None, "{wrong}");
    }
    assert!(
        ForecastParams::default()
            .frequency(Some("fortnight".into()))
            .check()
            .is_err()
    );
}

#[test]
fn times_to_come_follow_the_calendar() {
    let times: Vec<i64> = (0..30).map(|month| (first_of(24_001 + month) - 1) * DAY).collect();
    let series = Series {
        times,
        values: (0..30).map(f64::from).collect(),
        ..Series::default()
    };
    let model = fitted(json!({"horizon": 4}), vec![series]);
    let points = model.forecast(0, 4, 0.9, &Unwatched).unwrap();
    let expected: Vec<i64> = (30..34).map(|month| (first_of(24_001 + month) - 1) * DAY).collect();
    assert_eq!(points.iter().map(|point| point.at).collect::<Vec<_>>(), expected);
    assert!((points[3].value - 33.0).abs() < 1.0, "{points:?}");
    assert_eq!(model.series()[0].ahead(expected[2]), 3);
}

#[test]
fn duplicates_and_gaps_are_mended_and_told() {
    let mut series = daily("a", (0..40).map(|day| f64::from(day % 7) + 1.0).collect());
    series.times.push(3 * DAY);
    series.values.push(10.0);
    series.times.remove(20);
    series.values.remove(20);
    let model = fitted(json!({}), vec![series.clone()]);
    assert_eq!(model.series()[0].notes(), [Note::Merged(1), Note::Filled(1)]);
    assert_eq!(model.series()[0].count(), 40);
    for (name, value) in [("duplicates", "error"), ("gaps", "error")] {
        let input = Input {
            series: vec![series.clone()],
            events: Vec::new(),
        };
        assert!(matches!(
            fit(&params(json!({name: value})), &input, &Unwatched),
            Err(Error::Data { .. })
        ));
    }
}

#[test]
fn short_and_constant_series_are_told() {
    let all = [
        vec![5.0],
        vec![5.0, 7.0],
        vec![5.0, 7.0, 6.0],
        vec![4.0; 30],
        vec![0.0; 30],
        vec![f64::NAN; 3],
    ];
    let mut series: Vec<Series> = all.into_iter().map(|values| daily("a", values)).collect();
    series.push(Series::default());
    let model = fitted(json!({"horizon": 3}), series);
    let reasons: Vec<Reason> = model.series().iter().map(SeriesModel::reason).collect();
    let few = |count| Reason::Few(count);
    // One value is the same as itself.
    let expected = [
        Reason::Constant,
        few(2),
        few(3),
        Reason::Constant,
        Reason::Constant,
        few(0),
        few(0),
    ];
    assert_eq!(reasons, expected);
    let all = model.forecast_all(3, 0.9, &Unwatched).unwrap();
    assert_eq!(all.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 3, 3, 3, 0, 0]);
    assert_eq!(all[3][2].value, 4.0);
    assert_eq!((all[3][2].lower, all[3][2].upper), (4.0, 4.0));
    assert!(all[2][0].lower < 6.0 && all[2][0].upper > 6.0);
}

#[test]
fn most_zeros_are_intermittent() {
    let values = (0..60).map(|day| if day % 5 == 0 { 10.0 } else { 0.0 }).collect();
    let model = fitted(json!({"season_lengths": 1}), vec![daily("a", values)]);
    assert_eq!(model.series()[0].reason(), Reason::Intermittent(0.8));
    assert_eq!(model.series()[0].method(), "tsb");
    let point = model.forecast(0, 1, 0.9, &Unwatched).unwrap()[0];
    assert!((point.value - 2.0).abs() < 1.0 && point.lower == 0.0, "{point:?}");
}

#[test]
fn two_seasons_are_found() {
    let hour = |index: usize| {
        let of_day = [5.0, 1.0, 2.0, 9.0][index % 24 / 6];
        let of_week = if index / 24 % 7 < 5 { 20.0 } else { 10.0 };
        of_day + of_week
    };
    let mut series = daily("a", (0..24 * 7 * 5).map(hour).collect());
    series.times.iter_mut().for_each(|time| *time /= 24);
    let model = fitted(json!({"horizon": 168}), vec![series]);
    assert!(
        model.series()[0].method().starts_with("mstl"),
        "{}",
        model.series()[0].method()
    );
    let points = model.forecast(0, 168, 0.9, &Unwatched).unwrap();
    for (ahead, point) in points.iter().enumerate() {
        assert!((point.value - hour(24 * 35 + ahead)).abs() < 1.5, "{ahead} {point:?}");
    }
}

#[test]
fn intervals_cover_as_many_as_they_say() {
    let mut draws = Xoshiro256PlusPlus::seed_from_u64(3);
    let whole: Vec<Vec<f64>> = (0..300)
        .map(|_| {
            let mut level = 100.0;
            (0..48)
                .map(|_| {
                    level += normal(&mut draws);
                    level + normal(&mut draws)
                })
                .collect()
        })
        .collect();
    let series = whole.iter().map(|values| daily("a", values[..40].to_vec())).collect();
    let model = fitted(json!({"horizon": 8, "season_lengths": 1}), series);
    for level in [0.5, 0.8, 0.95] {
        let all = model.forecast_all(8, level, &Unwatched).unwrap();
        let covered = |(points, values): (&Vec<Point>, &Vec<f64>)| {
            points
                .iter()
                .zip(&values[40..])
                .filter(|(point, value)| point.lower <= **value && **value <= point.upper)
                .count()
        };
        let share = all.iter().zip(&whole).map(covered).sum::<usize>() as f64 / 2400.0;
        assert!((share - level).abs() < 0.05, "{level}: {share}");
    }
}

#[test]
fn totals_add_up() {
    let mut draws = Xoshiro256PlusPlus::seed_from_u64(4);
    let keys = ["n/a", "n/b", "s/a", "s/b", "s/c"];
    let series: Vec<Series> = keys
        .iter()
        .map(|key| {
            daily(
                key,
                (0..60)
                    .map(|day| 50.0 + f64::from(day) + 5.0 * normal(&mut draws))
                    .collect(),
            )
        })
        .collect();
    for how in ["bottom_up", "ols", "wls", "mint"] {
        let model = fitted(json!({"horizon": 6, "reconcile": how}), series.clone());
        assert_eq!(model.series().len(), 8);
        assert_eq!(model.series()[5].key().len(), 0);
        let all = model.forecast_all(6, 0.9, &Unwatched).unwrap();
        for step in 0..6 {
            let value = |index: usize| {
                let points: &[model::Point] = &all[index];
                points[step].value
            };
            assert!((value(5) - (0..5).map(value).sum::<f64>()).abs() < 1e-9);
            assert!((value(6) - value(0) - value(1)).abs() < 1e-9);
            assert!((value(7) - value(2) - value(3) - value(4)).abs() < 1e-9);
            assert!(
                (value(5) - 5.0 * (110.0 + step as f64)).abs() < 60.0,
                "{how} {}",
                value(5)
            );
        }
        let one = model.forecast(6, 6, 0.9, &Unwatched).unwrap();
        assert_eq!(one, all[6]);
    }
}

#[test]
fn events_and_regressors_have_their_effects() {
    let mut draws = Xoshiro256PlusPlus::seed_from_u64(5);
    let is_event = |day: i64| day % 29 == 11;
    let price = |day: i64| (day * 7 % 13) as f64;
    let mut series = daily("a", Vec::new());
    for day in 0..220 {
        series.times.push(day * DAY);
        let noise = normal(&mut draws);
        let value = 100.0 + (day % 7) as f64 + if is_event(day) { 30.0 } else { 0.0 } + 2.0 * price(day) + noise;
        series.values.push(if day < 200 { value } else { f64::NAN });
    }
    series.regressors = vec![(0..220).map(price).collect()];
    let events = (0..230).filter(|day| is_event(*day)).map(|day| Event {
        name: "fair".into(),
        at: day * DAY + 5,
    });
    let input = Input {
        series: vec![series],
        events: events.collect(),
    };
    let model = fit(
        &params(json!({"horizon": 20, "regressors": ["price"]})),
        &input,
        &Unwatched,
    )
    .unwrap();
    let points = model.forecast(0, 20, 0.9, &Unwatched).unwrap();
    for (day, point) in (200..220).zip(&points) {
        let expected = 100.0 + (day % 7) as f64 + if is_event(day) { 30.0 } else { 0.0 } + 2.0 * price(day);
        assert!(
            (point.value - expected).abs() < 4.0,
            "{day}: {} {expected}",
            point.value
        );
    }
    assert!((200..220).any(is_event));
}

#[test]
fn a_walk_is_not_better_forecast_than_by_the_naive_for_long() {
    // What repeats exactly is forecast by repeating it.
    let values = (0..84)
        .map(|day| [3.0, 900.0, 2.0, 77.0, 1.0, 500.0, 40.0][day % 7])
        .collect();
    let model = fitted(json!({"horizon": 7}), vec![daily("a", values)]);
    let points = model.forecast(0, 7, 0.9, &Unwatched).unwrap();
    assert!((points[1].value - 900.0).abs() < 1.0, "{points:?}");
}

/// Stops at its tenth look.
struct Impatient(std::sync::atomic::AtomicUsize);

impl Monitor for Impatient {
    fn check(&self) -> Result<()> {
        match self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0..10 => Ok(()),
            _ => Err(Error::Stopped),
        }
    }

    fn progress(&self, _: Progress) {}
}

fn many() -> Vec<Series> {
    let mut draws = Xoshiro256PlusPlus::seed_from_u64(6);
    let values =
        |draws: &mut Xoshiro256PlusPlus| (0..50).map(|day| 20.0 + f64::from(day % 7) + normal(draws)).collect();
    (0..20)
        .map(|index| daily(&format!("{index}"), values(&mut draws)))
        .collect()
}

#[test]
fn it_stops_when_told() {
    let input = Input {
        series: many(),
        events: Vec::new(),
    };
    assert_eq!(
        fit(&params(json!({})), &input, &Impatient(0.into())),
        Err(Error::Stopped)
    );
}

#[test]
fn threads_change_nothing_and_bytes_come_back() {
    let bytes = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| fitted(json!({}), many()))
            .encode(Vec::new(), &Unwatched)
            .unwrap()
    };
    let one = bytes(1);
    assert_eq!(one, bytes(2));
    let model = ForecastModel::decode(&one, &Unwatched).unwrap();
    let again = model.encode(Vec::new(), &Unwatched).unwrap();
    assert_eq!(again, one);
    assert!(one.len() < 20 * 1000 + 12 * 4100, "{}", one.len());
    for place in 0..one.len().min(3000) {
        let mut damaged = one.clone();
        damaged[place] ^= 0x55;
        if let Ok(model) = ForecastModel::decode(&damaged, &Unwatched) {
            let _ = model.forecast_all(5, 0.9, &Unwatched);
        }
    }
}

#[test]
fn levels_and_horizons_have_bounds() {
    let model = fitted(json!({}), many());
    assert!(model.forecast(0, 0, 0.9, &Unwatched).is_err());
    assert!(model.forecast(0, 10_001, 0.9, &Unwatched).is_err());
    assert!(model.forecast(0, 3, 0.9999, &Unwatched).is_err());
    assert!(model.forecast(99, 3, 0.9, &Unwatched).is_err());
    let widths = |level| model.forecast(0, 30, level, &Unwatched).unwrap();
    for (narrow, wide) in widths(0.5).iter().zip(widths(0.999)) {
        assert!(wide.lower <= narrow.lower && narrow.upper <= wide.upper);
    }
}

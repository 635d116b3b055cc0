use serde_json::Value;

use super::*;

/// A point of a day that is the `number`th of a run of days from a Monday on.
fn point(number: usize, value: f64) -> Point {
    Point {
        value,
        weekday: (number % 7) as u8,
        hour: 0,
        excluded: false,
    }
}

fn points(values: &[f64]) -> Vec<Point> {
    values
        .iter()
        .enumerate()
        .map(|(number, &value)| point(number, value))
        .collect()
}

fn params() -> Params {
    Params {
        sensitivity: 3.0,
        direction: Direction::Both,
        seasons: vec![Season::None, Season::Weekday],
        quantities: vec![Quantity::Level, Quantity::Change],
        tolerance: Tolerance::Relative(0.05),
        min_points: 7,
        range: (f64::NEG_INFINITY, f64::INFINITY),
        series: 1,
    }
}

type Test = std::result::Result<(), Box<dyn std::error::Error>>;

const FIXTURE: &str = include_str!("../../../tests/oracle/anomaly.json");

/// The days of the series of 2013, which began on a Tuesday.
fn series(case: &Value) -> Vec<Point> {
    let values = case["values"].as_array().into_iter().flatten();
    let day = |(number, value): (usize, &Value)| point(number + 1, value.as_f64().unwrap_or(f64::NAN));
    values.enumerate().map(day).collect()
}

fn params_of(case: &Value) -> Params {
    Params {
        tolerance: match case["absolute"].as_bool() {
            Some(true) => Tolerance::Absolute(0.01),
            _ => Tolerance::Relative(0.05),
        },
        ..params()
    }
}

const WINDOW: usize = 28;
const FIRST: usize = 60;

/// Whether a day would be an alarm with this value.
fn alarm(points: &[Point], day: usize, value: f64, params: &Params) -> std::result::Result<bool, TooFew> {
    let tested = Point { value, ..points[day] };
    assess(&points[day - WINDOW..day], &tested, params).map(|assessment| assessment.anomalous)
}

#[test]
fn series_are_judged_as_numpy_and_scipy_judge_them() -> Test {
    let fixture: Value = serde_json::from_str(FIXTURE)?;
    let mut compared = 0;
    for case in fixture["series"].as_array().ok_or("no series")? {
        let (points, params) = (series(case), params_of(case));
        for verdict in case["verdicts"].as_array().ok_or("no verdicts")? {
            let day = verdict[0].as_u64().ok_or("no day")? as usize;
            let assessment =
                assess(&points[day - WINDOW..day], &points[day], &params).map_err(|few| format!("{few:?}"))?;
            let what = format!("{} on day {day}: {assessment:?} instead of {verdict}", case["series"]);
            for (ours, theirs) in [assessment.expected, assessment.low, assessment.high].iter().zip(1..) {
                let theirs = verdict[theirs].as_f64().unwrap_or(f64::NAN);
                assert!((ours - theirs).abs() <= 1e-9 * theirs.abs().max(1.0), "{what}");
            }
            assert_eq!(Some(assessment.left_out as u64), verdict[4].as_u64(), "{what}");
            assert_eq!(Some(assessment.quantity.name()), verdict[5].as_str(), "{what}");
            assert_eq!(Some(assessment.season.name()), verdict[6].as_str(), "{what}");
            assert_eq!(Some(assessment.anomalous), verdict[7].as_bool(), "{what}");
            compared += 1;
        }
    }
    assert!(compared > 800, "{compared} verdicts");
    Ok(())
}

/// A fault that is planted into a day's value.
fn plant(fault: &str, value: f64) -> Option<f64> {
    let number = || fault[2..].parse::<f64>().ok();
    match fault.chars().next() {
        Some('+') => Some(value + number()?),
        Some('x') => Some(value * number()?),
        _ => Some(0.0),
    }
}

#[test]
fn planted_faults_are_found_and_alarms_are_as_few_as_the_table_says() -> Test {
    let fixture: Value = serde_json::from_str(FIXTURE)?;
    let cases = fixture["series"].as_array().ok_or("no series")?;
    let table = fixture["table"].as_array().ok_or("no table")?;
    let (mut real, mut made, mut days) = (0, 0, 0);
    let (mut found, mut planted) = (0, 0);
    for (case, line) in cases.iter().zip(table) {
        let (points, params) = (series(case), params_of(case));
        let mut alarms = Vec::new();
        for day in FIRST..points.len() {
            if alarm(&points, day, points[day].value, &params).map_err(|few| format!("{few:?}"))? {
                alarms.push(day);
            }
        }
        assert_eq!(Some(alarms.len() as u64), line["alarms"].as_u64(), "{}", line["series"]);
        let is_made = line["series"].as_str().is_some_and(|name| name.starts_with("made"));
        *if is_made { &mut made } else { &mut real } += alarms.len();
        days += points.len() - FIRST;
        let usual: Vec<usize> = (FIRST..points.len())
            .filter(|day| !alarms.contains(day))
            .step_by(8)
            .collect();
        for fault in line["planted"].as_array().ok_or("no faults")? {
            let name = fault["fault"].as_str().ok_or("no name")?;
            let mut hits = 0;
            for &day in &usual {
                let value = plant(name, points[day].value).ok_or("no such fault")?;
                hits += u64::from(alarm(&points, day, value, &params).map_err(|few| format!("{few:?}"))?);
            }
            assert_eq!(Some(hits), fault["found"].as_u64(), "{} {name}", line["series"]);
            assert_eq!(Some(usual.len() as u64), fault["planted"].as_u64());
            // Half of a day's rows, or all of them, go missing.
            if ["x 0.5", "nothing"].contains(&name) {
                found += hits;
                planted += usual.len() as u64;
            }
        }
    }
    assert!(real as f64 <= 0.045 * (8 * 305) as f64, "{real} alarms on real series");
    assert!(made <= 3, "{made} alarms on series without a fault");
    assert!(
        days == 11 * 305 && found as f64 >= 0.96 * planted as f64,
        "{found} of {planted}"
    );
    Ok(())
}

/// Normal values, from a generator of our own.
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = crate::hash::hash_u64(7, self.0);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        let (u, v) = (1.0 - self.uniform(), self.uniform());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }
}

#[test]
fn false_alarms_are_as_rare_as_stated_however_short_the_history() {
    let params = Params {
        sensitivity: 2.0,
        tolerance: Tolerance::Absolute(0.0),
        ..params()
    };
    // Two standard deviations: 4.55 % of normal values.
    for length in [7, 14, 28, 60] {
        let mut noise = Noise(length as u64);
        let mut alarms = 0;
        const TIMES: usize = 3000;
        for _ in 0..TIMES {
            let values: Vec<f64> = (0..=length).map(|_| noise.normal()).collect();
            let all = points(&values);
            let (tested, past) = all
                .split_last()
                .map_or((point(0, 0.0), &[][..]), |(last, past)| (*last, past));
            alarms += usize::from(assess(past, &tested, &params).is_ok_and(|assessment| assessment.anomalous));
        }
        let rate = alarms as f64 / TIMES as f64;
        // Three standard errors above.
        assert!(rate < 0.0455 + 3.0 * 0.0038, "{rate} after {length} points");
    }
}

#[test]
fn a_weekday_is_judged_by_its_like() {
    let week = [100.0, 101.0, 99.0, 100.0, 102.0, 20.0, 21.0];
    let values: Vec<f64> = (0..28).map(|day| week[day % 7] + (day % 3) as f64).collect();
    let on_day = |day: usize, value: f64| assess(&points(&values), &point(day, value), &params());
    assert!(on_day(28, 101.0).is_ok_and(|assessment| !assessment.anomalous && assessment.season == Season::Weekday));
    assert!(on_day(28, 21.0).is_ok_and(|assessment| assessment.anomalous));
    assert!(on_day(33, 21.0).is_ok_and(|assessment| !assessment.anomalous));
    assert!(on_day(33, 100.0).is_ok_and(|assessment| assessment.anomalous));
}

#[test]
fn too_little_history_is_said() {
    let few = assess(&points(&[1.0; 6]), &point(6, 1.0), &params());
    assert_eq!(
        few,
        Err(TooFew {
            points: 6,
            missing: Missing::Points
        })
    );
    let weekday = Params {
        seasons: vec![Season::Weekday],
        ..params()
    };
    let few = assess(&points(&[1.0; 14]), &point(14, 1.0), &weekday);
    let missing = Missing::SeasonOfPoint(Season::Weekday);
    assert_eq!(few, Err(TooFew { points: 2, missing }));
    let mut excluded = points(&[1.0; 10]);
    excluded.iter_mut().take(4).for_each(|point| point.excluded = true);
    assert_eq!(
        assess(&excluded, &point(10, 1.0), &params()),
        Err(TooFew {
            points: 6,
            missing: Missing::Points
        })
    );
    assert!(assess(&[], &point(0, 1.0), &params()).is_err());
}

#[test]
fn what_never_changed_may_change_by_the_tolerance_only() {
    let past = points(&[1000.0; 20]);
    let anomalous =
        |value: f64| assess(&past, &point(20, value), &params()).is_ok_and(|assessment| assessment.anomalous);
    assert!(!anomalous(1000.0) && !anomalous(1049.0) && !anomalous(951.0));
    assert!(anomalous(1051.0) && anomalous(949.0) && anomalous(0.0));
}

#[test]
fn one_wild_point_teaches_nothing_and_a_lasting_level_is_learned() {
    let mut values: Vec<f64> = (0..28).map(|day| 100.0 + (day % 5) as f64).collect();
    values[20] = 1e6;
    let assessment = assess(&points(&values), &point(28, 110.0), &params());
    assert!(assessment.is_ok_and(|assessment| assessment.left_out == 1 && assessment.high < 120.0));
    // The level is another one for the last ten days.
    let values: Vec<f64> = (0..60)
        .map(|day| if day < 50 { 100.0 } else { 300.0 } + (day % 5) as f64)
        .collect();
    let level = Params {
        seasons: vec![Season::None],
        quantities: vec![Quantity::Level],
        ..params()
    };
    let assessment = assess(&points(&values), &point(60, 303.0), &level);
    assert!(
        assessment.as_ref().is_ok_and(|assessment| !assessment.anomalous),
        "{assessment:?}"
    );
}

#[test]
fn directions_and_ranges_open_and_close_the_ends() {
    let past = points(&(0..20).map(|day| 10.0 + (day % 4) as f64).collect::<Vec<_>>());
    let with = |direction, value| {
        let params = Params {
            direction,
            range: (0.0, f64::INFINITY),
            seasons: vec![Season::None],
            ..params()
        };
        assess(&past, &point(20, value), &params)
    };
    assert!(
        with(Direction::Up, 0.0).is_ok_and(|assessment| !assessment.anomalous && assessment.low == f64::NEG_INFINITY)
    );
    assert!(with(Direction::Up, 50.0).is_ok_and(|assessment| assessment.anomalous));
    assert!(
        with(Direction::Down, 50.0).is_ok_and(|assessment| !assessment.anomalous && assessment.high == f64::INFINITY)
    );
    assert!(with(Direction::Both, 12.0).is_ok_and(|assessment| assessment.low >= 0.0));
}

#[test]
fn series_that_are_judged_together_share_the_rate() {
    let past = points(&(0..28).map(|day| (day * 7 % 11) as f64).collect::<Vec<_>>());
    let width = |series| {
        assess(
            &past,
            &point(28, 5.0),
            &Params {
                series,
                seasons: vec![Season::None],
                ..params()
            },
        )
        .map_or(0.0, |j| j.high - j.low)
    };
    assert!(width(100) > 1.3 * width(1));
}

//! Exponential smoothing against statsforecast and statsmodels.

use serde_json::Value;

use super::form::{Form, Kind};
use super::likelihood::Trace;
use super::point::Point;
use super::*;
use crate::monitor::Unwatched;

fn golden() -> Value {
    serde_json::from_str(include_str!("../../../../tests/oracle/forecast.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn form(name: &str) -> Form {
    let kind = |letter| match letter {
        b'A' => Kind::Additive,
        b'M' => Kind::Multiplicative,
        _ => Kind::None,
    };
    let letters = name.as_bytes();
    Form {
        error: kind(letters[0]),
        trend: kind(letters[1]),
        season: kind(letters[2]),
        damped: letters[3] == b'D',
    }
}

fn point(case: &Value) -> Point {
    let number = |name: &str| case[name].as_f64().unwrap();
    Point {
        alpha: number("alpha"),
        beta: number("beta"),
        gamma: number("gamma"),
        phi: number("phi"),
        level: number("level"),
        slope: number("slope"),
        seasons: numbers(&case["seasons"]),
    }
}

fn state(form: Form, point: &Point, values: &[f64]) -> Ets {
    let mut state = Ets {
        form,
        alpha: point.alpha,
        beta: point.beta,
        gamma: point.gamma,
        phi: point.phi,
        level: point.level,
        slope: point.slope,
        seasons: point.seasons.clone(),
        next: 0,
    };
    values.iter().for_each(|value| state.advance(*value));
    state
}

fn near(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance * (1.0 + b.abs())
}

#[test]
fn likelihood_and_forecast_are_statsforecasts_at_its_parameters() {
    let golden = golden();
    for case in golden["ets"].as_array().unwrap() {
        let values = numbers(&golden["series"][case["series"].as_str().unwrap()]["values"]);
        let (form, point) = (form(case["form"].as_str().unwrap()), point(case));
        let loss = Trace::new(values.len()).unwrap().pass(&values, form, &point);
        assert!(near(loss, case["loss"].as_f64().unwrap(), 1e-8), "{case}: {loss}");
        let state = state(form, &point, &values);
        let mut forecast = [0.0; 8];
        state.project(&mut forecast);
        for (ahead, theirs) in numbers(&case["forecast"]).into_iter().enumerate() {
            // Its sum of the powers of a damping has the first power twice, and lacks the last; statsmodels' sum is the textbook's, as ours.
            let more = (point.phi - point.phi.powi(ahead as i32 + 1)) * state.slope;
            let factor = match form.season {
                Kind::None | Kind::Additive => 1.0,
                Kind::Multiplicative => state.seasons[(state.next + ahead) % state.seasons.len()],
            };
            assert!(
                near(forecast[ahead] + more * factor, theirs, 1e-8),
                "{case}: {forecast:?}"
            );
        }
    }
}

#[test]
fn forecast_is_statsmodels_at_given_parameters() {
    let golden = golden();
    let values = numbers(&golden["series"]["quarters"]["values"]);
    let point = Point {
        alpha: 0.4,
        beta: 0.1,
        gamma: 0.2,
        phi: 0.9,
        level: 50.0,
        slope: 0.7,
        seasons: vec![-10.0, 5.0, 15.0, -10.0],
    };
    let form = form("AAAD");
    let loss = Trace::new(values.len()).unwrap().pass(&values, form, &point);
    let squares = golden["statsmodels"]["squares"].as_f64().unwrap();
    assert!(near(loss, values.len() as f64 * squares.ln(), 1e-9));
    let mut forecast = [0.0; 8];
    state(form, &point, &values).project(&mut forecast);
    for (ours, theirs) in forecast.iter().zip(numbers(&golden["statsmodels"]["forecast"])) {
        assert!(near(*ours, theirs, 1e-9));
    }
}

#[test]
fn search_finds_forms_at_least_as_likely_as_statsforecast() {
    let golden = golden();
    for case in golden["chosen"].as_array().unwrap() {
        let series = &golden["series"][case["series"].as_str().unwrap()];
        let season = series["season"].as_u64().unwrap() as usize;
        let found = search(&numbers(&series["values"]), season, &[], &Unwatched).unwrap();
        let theirs = case["aicc"].as_f64().unwrap();
        assert!(
            found[0].criterion < theirs + 0.5,
            "{}: {} {theirs}",
            case["series"],
            found[0].criterion
        );
        assert!(found.windows(2).all(|pair| pair[0].criterion <= pair[1].criterion));
    }
}

#[test]
fn gradient_is_that_of_differences() {
    let golden = golden();
    for case in golden["ets"].as_array().unwrap() {
        let mut values = numbers(&golden["series"][case["series"].as_str().unwrap()]["values"]);
        let (form, mut at) = (form(case["form"].as_str().unwrap()), point(case));
        // In the middle of what is allowed, in units of about 1.
        let unit = values.iter().map(|value| value.abs()).sum::<f64>() / values.len() as f64;
        values.iter_mut().for_each(|value| *value /= unit);
        (at.alpha, at.level, at.slope) = (0.4, at.level / unit, at.slope / unit);
        (at.beta, at.gamma) = (at.beta.clamp(0.0, 0.005), at.gamma.clamp(0.0, 0.1));
        if form.season == Kind::Additive {
            at.seasons.iter_mut().for_each(|season| *season /= unit);
        }
        let mut free = Vec::new();
        at.to_free(form, &mut free);
        let mut trace = Trace::new(values.len()).unwrap();
        let chain = at.set_free(form, &free);
        trace.pass(&values, form, &at);
        let (mut by, mut gradient) = (at.clone(), vec![0.0; free.len()]);
        trace.back(&values, form, &at, &mut by);
        chain.gradient(form, &by, &mut gradient);
        for index in 0..free.len() {
            let mut loss = |step: f64| {
                let mut free = free.clone();
                free[index] += step;
                at.set_free(form, &free);
                trace.pass(&values, form, &at)
            };
            let difference = (loss(1e-6) - loss(-1e-6)) / 2e-6;
            assert!(
                near(gradient[index], difference, 1e-3),
                "{} {index}: {} {difference}",
                case["form"],
                gradient[index]
            );
        }
    }
}

//! What a forecast expects of a figure, in place of what its past does: then its residual is judged.

use serde_json::json;

use super::args::{Anomaly, Direction};
use super::series::Series;
use super::timeline::Bucket;
use crate::models::forecast::{Expected, expected};
use crate::pg::error::Result;
use crate::quality::finding::{Finding, Verdict, short};

/// Judges the figure of a bucket by a model's interval: as rare as so many standard deviations are among normal values.
pub fn finding_of(
    args: &Anomaly,
    model: &str,
    series: &Series,
    bucket: &Bucket,
    value: f64,
    tested: &str,
) -> Result<Finding> {
    let metric = args.metric.name();
    let level = algo::anomaly::level_of(args.sensitivity);
    let point = match expected(
        model,
        series.segment.as_ref(),
        (bucket.start, args.bucket.name()),
        level,
    )? {
        Expected::Point(point) => point,
        Expected::Nothing(why) => {
            return Ok(Finding {
                metric,
                value: Some(value),
                threshold: Some(format!("as forecast by {model}")),
                verdict: Verdict::TooLittle,
                message: Some(format!("model \"{model}\" says nothing of {tested}: {why}")),
                ..Finding::default()
            });
        }
    };
    let (low, high) = match args.direction {
        Direction::Both => (point.lower, point.upper),
        Direction::Up => (f64::NEG_INFINITY, point.upper),
        Direction::Down => (point.lower, f64::INFINITY),
    };
    let tolerated = args
        .tolerance
        .is_some_and(|tolerance| (value - point.value).abs() <= tolerance * point.value.abs());
    let threshold = match (low.is_finite(), high.is_finite()) {
        (true, true) => format!("between {} and {}", short(low), short(high)),
        (true, false) => format!(">= {}", short(low)),
        (false, true) => format!("<= {}", short(high)),
        (false, false) => "any".into(),
    };
    let mut finding = Finding::figure(
        metric,
        Some(value),
        threshold,
        (low..=high).contains(&value) || tolerated,
    );
    let number = |number: f64| short(number).parse::<f64>().ok().filter(|number| number.is_finite());
    finding.sample = Some(json!({
        "bucket": tested, "expected": number(point.value), "residual": number(value - point.value), "model": model,
        "level": number(level),
    }));
    Ok(finding)
}

//! Numbers in buckets: their bounds, and how a bucket is named.

use std::fmt;
use std::str::FromStr;

use super::parameter;
use crate::error::{Error, Result};

/// Buckets between points: the first takes what is below the first point, each other one what is not below its point.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Buckets {
    points: Vec<f64>,
}

/// How a bucket is named, as BigQuery ML names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `bin_1`, `bin_2`, ...
    Names,
    /// `(-inf, 2.5)`, `[2.5, 4.6)`, `[4.6, +inf)`
    Ranges,
    /// `{"start": "-Infinity", "end": "2.5"}`
    RangesJson,
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(name: &str) -> Result<Format> {
        Ok(match name {
            "bucket_names" => Format::Names,
            "bucket_ranges" => Format::Ranges,
            "bucket_ranges_json" => Format::RangesJson,
            _ => {
                let allowed = "bucket_names, bucket_ranges or bucket_ranges_json";
                return Err(parameter("output_format", format!("\"{name}\""), allowed));
            }
        })
    }
}

impl Buckets {
    /// Between given points. Without the bounds, the first and the last point count as none.
    pub fn between(points: &[f64], exclude_boundaries: bool) -> Result<Buckets> {
        const NAME: &str = "split_points";
        if let Some(point) = points.iter().find(|point| !point.is_finite()) {
            return Err(parameter(NAME, Number(*point), "finite numbers"));
        }
        if let Some([a, b]) = points.array_windows().find(|[a, b]| a >= b) {
            let found = format!("{}, {}", Number(*a), Number(*b));
            return Err(parameter(
                NAME,
                found,
                "in order, the lowest first, and none of them twice",
            ));
        }
        let least = if exclude_boundaries { 2 } else { 1 };
        if points.len() < least {
            let allowed = format!("{least} or more numbers");
            return Err(parameter(NAME, format!("{} numbers", points.len()), allowed));
        }
        let ends = usize::from(exclude_boundaries);
        Ok(Buckets {
            points: points[ends..points.len() - ends].to_vec(),
        })
    }

    /// Of about the same number of values: between some of them, ascending. Equal ones count once, and none is empty: the least value bounds nothing.
    pub fn between_quantiles(mut points: Vec<f64>, least: f64) -> Buckets {
        points.dedup();
        points.retain(|&point| point > least);
        Buckets { points }
    }

    /// The number of a value's bucket, from 1. O(log buckets).
    #[inline]
    pub fn bucket(&self, value: f64) -> usize {
        1 + self.points.partition_point(|&point| point <= value)
    }

    /// What a bucket is called.
    pub fn name(&self, bucket: usize, format: Format) -> String {
        let bound = |place: Option<usize>| {
            place
                .and_then(|place| self.points.get(place))
                .map(|&point| Number(point))
        };
        let (start, end) = (bound(bucket.checked_sub(2)), bound(bucket.checked_sub(1)));
        match format {
            Format::Names => format!("bin_{bucket}"),
            Format::Ranges => {
                let start = start.map_or("(-inf".into(), |start| format!("[{start}"));
                let end = end.map_or("+inf)".into(), |end| format!("{end})"));
                format!("{start}, {end}")
            }
            Format::RangesJson => {
                let start = start.map_or("-Infinity".into(), |start| start.to_string());
                let end = end.map_or("Infinity".into(), |end| end.to_string());
                format!("{{\"start\": \"{start}\", \"end\": \"{end}\"}}")
            }
        }
    }
}

/// A number as PostgreSQL writes it.
pub struct Number(pub f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.abs();
        if magnitude == f64::INFINITY {
            return f.write_str(if self.0 > 0.0 { "Infinity" } else { "-Infinity" });
        }
        match magnitude == 0.0 || (1e-4..1e15).contains(&magnitude) {
            true => write!(f, "{}", self.0),
            false => write!(f, "{:e}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_the_first_value_of_its_bucket() {
        let buckets = Buckets::between(&[1.0, 2.0, 3.0], false).unwrap();
        for (value, bucket) in [
            (0.5, 1),
            (1.0, 2),
            (2.5, 3),
            (3.0, 4),
            (f64::INFINITY, 4),
            (f64::NEG_INFINITY, 1),
        ] {
            assert_eq!(buckets.bucket(value), bucket, "{value}");
        }
        let inner = Buckets::between(&[1.0, 2.0, 3.0], true).unwrap();
        assert_eq!((inner.bucket(1.5), inner.bucket(2.5)), (1, 2));
    }

    #[test]
    fn names_are_bigquerys() {
        let buckets = Buckets::between(&[2.5, 4.6], false).unwrap();
        let names = |format| (1..=3).map(|bucket| buckets.name(bucket, format)).collect::<Vec<_>>();
        assert_eq!(names(Format::Names), ["bin_1", "bin_2", "bin_3"]);
        assert_eq!(names(Format::Ranges), ["(-inf, 2.5)", "[2.5, 4.6)", "[4.6, +inf)"]);
        assert_eq!(
            names(Format::RangesJson),
            [
                r#"{"start": "-Infinity", "end": "2.5"}"#,
                r#"{"start": "2.5", "end": "4.6"}"#,
                r#"{"start": "4.6", "end": "Infinity"}"#
            ]
        );
        assert_eq!(Buckets::default().name(1, Format::Ranges), "(-inf, +inf)");
        assert!("bucket".parse::<Format>().is_err());
        for (number, text) in [
            (2.0, "2"),
            (-0.5, "-0.5"),
            (1e21, "1e21"),
            (1e-7, "1e-7"),
            (0.0, "0"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(Number(number).to_string(), text);
        }
    }

    #[test]
    fn wrong_points_are_errors() {
        for points in [
            &[][..],
            &[2.0, 1.0],
            &[1.0, 1.0],
            &[1.0, f64::NAN],
            &[f64::NEG_INFINITY, 0.0],
        ] {
            assert!(Buckets::between(points, false).is_err(), "{points:?}");
        }
        assert!(Buckets::between(&[1.0], true).is_err());
    }

    #[test]
    fn equal_quantiles_count_once() {
        let buckets = Buckets::between_quantiles(vec![0.0, 0.0, 1.0, 1.0, 4.0], 0.0);
        assert_eq!(buckets.points, [1.0, 4.0]);
    }
}

//! The scalars that take a number, a text or a vector.

use pgrx::pg_sys;

use crate::pg::arguments;
use crate::pg::entry::Raw;
use crate::pg::entry::per_row;
use crate::pg::error::Error;
use crate::pg::error::NULL_ELEMENT;
use crate::pg::error::Result;
use crate::pg::error::or_raise;
use crate::pg::fields::Arguments;
use crate::pg::fields::Fields;
use crate::pg::fields::Types;
use crate::pg::float_array;
use crate::pg::foreground::Foreground;
use crate::pg::reader::Value;
use crate::pg::site;
use crate::pg::text;
use crate::pg::text::Text;
use algo::features::bucket::{Buckets, Format};
use algo::features::distance::{Point, haversine as distance};
use algo::features::farm_hash::fingerprint;
use algo::features::ngrams::{Sizes, ngrams as grams};
use algo::features::norm::Norm;

/// An argument that is a number or a boolean; the functions are strict, so that none is NULL.
fn number(arguments: &Arguments<'_>, place: usize) -> Result<f64> {
    arguments.number(place)?.ok_or_else(|| arguments.unreadable(place))
}

/// An argument that is an array of numbers; NULL elements are NaN.
pub(super) fn vector(arguments: &Arguments<'_>, place: usize) -> Result<Vec<f64>> {
    match arguments.value(&arguments.require(place)?) {
        Value::Vector(vector) => Ok(vector),
        Value::Missing | Value::Number(_) | Value::Text(_) | Value::Enum(_) => Err(arguments.unreadable(place)),
    }
}

/// The buckets of a call of `bucketize`, and how they are named.
fn buckets(arguments: &Arguments<'_>) -> Result<(Buckets, Format)> {
    let points = vector(arguments, 1)?;
    let exclude_boundaries = number(arguments, 2)? != 0.0;
    let format = arguments.text(3)?.unwrap_or_default().parse()?;
    Ok((Buckets::between(&points, exclude_boundaries)?, format))
}

/// `bucketize(value, split_points, exclude_boundaries, output_format)`.
fn bucketize(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    let work = |known: &mut Option<(Buckets, Format)>| -> Result<Option<Raw>> {
        let arguments = Arguments::of(&fcinfo);
        let (buckets, format) = match known {
            Some(known) => known,
            None => known.insert(buckets(&arguments)?),
        };
        let value = number(&arguments, 0)?;
        let name = (!value.is_nan()).then(|| buckets.name(buckets.bucket(value), *format));
        if !(1..4).all(|place| arguments::is_constant(fcinfo, place)) {
            *known = None;
        }
        Ok(name.and_then(|name| text::datum_of(&name)))
    };
    or_raise(site::with(fcinfo, || None, work))
}

/// `hash_bucketize(value, hash_bucket_size)`.
fn hash_bucketize(fcinfo: pg_sys::FunctionCallInfo) -> Option<i64> {
    or_raise((|| {
        let arguments = Arguments::of(&fcinfo);
        let hash = fingerprint(arguments.text(0)?.unwrap_or_default().as_bytes());
        let size = arguments::integer(fcinfo, 1).ok_or_else(|| arguments.unreadable(1))?;
        match u64::try_from(size) {
            // The bits as they are, as BigQuery's FARM_FINGERPRINT gives them.
            Ok(0) => Ok(Some(hash as i64)),
            Ok(size) => Ok(Some((hash % size) as i64)),
            Err(_) => Err(algo::error::Error::Parameter {
                name: "hash_bucket_size",
                value: size.to_string(),
                allowed: "0 or more".into(),
            }
            .into()),
        }
    })())
}

/// `normalizer(value, p)`.
fn normalizer(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    or_raise((|| {
        let arguments = Arguments::of(&fcinfo);
        let mut numbers = vector(&arguments, 0)?;
        Norm::new(number(&arguments, 1)?)?.normalize(&mut numbers);
        Ok(Some(float_array::datum_of_nullable(&numbers)))
    })())
}

/// `haversine(latitude1, longitude1, latitude2, longitude2)`.
fn haversine(fcinfo: pg_sys::FunctionCallInfo) -> Option<f64> {
    or_raise((|| {
        let arguments = Arguments::of(&fcinfo);
        let point = |latitude, longitude| -> Result<Point> {
            Ok(Point {
                latitude: number(&arguments, latitude)?,
                longitude: number(&arguments, longitude)?,
            })
        };
        Ok(Some(distance(point(0, 1)?, point(2, 3)?)?))
    })())
}

/// The n-grams of a call whose third argument is the separator.
fn ngrams(fcinfo: pg_sys::FunctionCallInfo, sizes: &Sizes) -> Result<Option<Vec<Text>>> {
    let arguments = Arguments::of(&fcinfo);
    let tokens = arguments::nullable_texts(fcinfo, 0).ok_or_else(|| arguments.unreadable(0))?;
    let tokens: Vec<&str> = tokens.iter().flatten().map(|token| &**token).collect();
    let separator = arguments.text(2)?.unwrap_or_default();
    let grams = grams(&tokens, sizes, &separator, &Foreground::new()?)?;
    Ok(Some(grams.iter().map(Text::from).collect()))
}

/// `ngrams(tokens, range, separator)` of one size.
fn ngrams_of_size(fcinfo: pg_sys::FunctionCallInfo) -> Option<Vec<Text>> {
    or_raise((|| {
        let size = number(&Arguments::of(&fcinfo), 1)? as i64;
        ngrams(fcinfo, &Sizes::new(size, size)?)
    })())
}

/// `ngrams(tokens, range, separator)` of sizes from one to another.
fn ngrams_of_sizes(fcinfo: pg_sys::FunctionCallInfo) -> Option<Vec<Text>> {
    or_raise((|| {
        let sizes = arguments::integers(fcinfo, 1).ok_or_else(|| Arguments::of(&fcinfo).unreadable(1))?;
        match sizes[..] {
            [Some(shortest), Some(longest)] => ngrams(fcinfo, &Sizes::new(shortest.into(), longest.into())?),
            [_, _] => Err(
                Error::new(NULL_ELEMENT, "argument \"range\" has an element that is NULL")
                    .hint("Give the sizes of the shortest and of the longest n-grams."),
            ),
            _ => Err(algo::error::Error::Parameter {
                name: "range",
                value: format!("an array of {}", sizes.len()),
                allowed: "a size of 1 or more, or two of them, the lesser first".into(),
            }
            .into()),
        }
    })())
}

per_row!(bucketize, bucketize_wrapper, pg_finfo_bucketize_wrapper);
per_row!(hash_bucketize, hash_bucketize_wrapper, pg_finfo_hash_bucketize_wrapper);
per_row!(normalizer, normalizer_wrapper, pg_finfo_normalizer_wrapper);
per_row!(haversine, haversine_wrapper, pg_finfo_haversine_wrapper);
per_row!(ngrams_of_size, ngrams_of_size_wrapper, pg_finfo_ngrams_of_size_wrapper);
per_row!(
    ngrams_of_sizes,
    ngrams_of_sizes_wrapper,
    pg_finfo_ngrams_of_sizes_wrapper
);

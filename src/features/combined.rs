//! The scalars that put several features together: products of numbers and crosses of categories, of arrays and of objects of JSON.

use std::collections::BTreeMap;

use pgrx::pg_sys;
use serde_json::Map;
use serde_json::Number as JsonNumber;
use serde_json::Value as Json;

use super::scalars::vector;
use crate::pg::arguments;
use crate::pg::encoding;
use crate::pg::entry::Raw;
use crate::pg::entry::per_row;
use crate::pg::error::DUPLICATE_COLUMN;
use crate::pg::error::Error;
use crate::pg::error::FEATURE_TYPE;
use crate::pg::error::INVALID_PARAMETER;
use crate::pg::error::OUT_OF_RANGE;
use crate::pg::error::Result;
use crate::pg::error::or_raise;
use crate::pg::fields::Arguments;
use crate::pg::fields::Fields;
use crate::pg::fields::Types;
use crate::pg::float_array;
use crate::pg::jsonb_value;
use crate::pg::jsonb_value::Item;
use crate::pg::text::JsonB;
use crate::pg::text::Text;
use algo::features::bucket::Number;
use algo::features::combine::{Combine, product};

/// The degree, the second argument of each function.
fn degree(fcinfo: pg_sys::FunctionCallInfo) -> Result<i32> {
    let arguments = Arguments::of(&fcinfo);
    let degree = arguments.number(1)?.ok_or_else(|| arguments.unreadable(1))?;
    Ok(degree as i32)
}

/// The features in an object, in the order of their names, each read by `read`, which is given its name.
fn object<T>(
    fcinfo: pg_sys::FunctionCallInfo,
    read: impl Fn(&str, Item<'_>) -> Result<T>,
) -> Result<(Vec<String>, Vec<T>)> {
    let Some(Item::Object(features)) = jsonb_value::argument(&fcinfo, 0)? else {
        return Err(
            Error::new(INVALID_PARAMETER, "argument \"features\" is no object of JSON")
                .hint("Give an object with a key for each feature: jsonb_build_object('a', a, 'b', b)."),
        );
    };
    let mut found = BTreeMap::new();
    for pair in features.pairs() {
        let (name, item) = pair.ok_or_else(jsonb_value::damaged)?;
        let name = encoding::decode(name).into_owned();
        let value = read(&name, item)?;
        found.insert(name, value);
    }
    Ok(found.into_iter().unzip())
}

/// The error of a feature of another kind.
fn unsuitable(name: &str, wanted: &str) -> Error {
    Error::new(FEATURE_TYPE, format!("feature \"{name}\" is no {wanted}"))
        .hint("Leave it out of the object, or convert it.")
}

/// The error of numbers whose product no double holds.
fn out_of_range() -> Error {
    Error::new(OUT_OF_RANGE, "a product is out of range for type double precision")
        .hint("Scale the features first, for example with assay.standard_scaler.")
}

/// Puts a term into the answer. Returns an error where two have one name.
fn insert(terms: &mut Map<String, Json>, names: &[String], places: &[usize], value: Json) -> Result<()> {
    let names: Vec<&str> = places.iter().map(|&place| names[place].as_str()).collect();
    let name = names.join("_");
    if terms.contains_key(&name) {
        return Err(Error::new(DUPLICATE_COLUMN, format!("two terms are called \"{name}\""))
            .hint("Rename a feature: a term's name is made of those of its features, with _ between them."));
    }
    terms.insert(name, value);
    Ok(())
}

/// A number of JSON, whole ones without a point.
fn json_number(number: f64) -> Option<JsonNumber> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match number.fract() == 0.0 && number.abs() < EXACT {
        true => Some(JsonNumber::from(number as i64)),
        false => JsonNumber::from_f64(number),
    }
}

/// Calls `each` with the places of each combination, up to its first error.
fn visit(combine: Combine, features: usize, mut each: impl FnMut(&[usize]) -> Result<()>) -> Result<()> {
    let mut outcome = Ok(());
    combine.visit(features, |places| {
        if outcome.is_ok() {
            outcome = each(places);
        }
    })?;
    outcome
}

/// `polynomial_expand(features, degree)` of an array.
fn polynomial_expand_array(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    or_raise((|| {
        let numbers = vector(&Arguments::of(&fcinfo), 0)?;
        let mut terms = Vec::new();
        visit(Combine::products(degree(fcinfo)?)?, numbers.len(), |places| {
            let term = product(&numbers, places);
            if term.is_infinite() && places.iter().all(|&place| numbers[place].is_finite()) {
                return Err(out_of_range());
            }
            terms.push(term);
            Ok(())
        })?;
        Ok(Some(float_array::datum_of_nullable(&terms)))
    })())
}

/// `polynomial_expand(features, degree)` of an object.
fn polynomial_expand_object(fcinfo: pg_sys::FunctionCallInfo) -> Option<JsonB> {
    or_raise((|| {
        let (names, numbers) = object(fcinfo, |name, item| match item {
            Item::Number(number) => Ok(number),
            Item::Null => Ok(f64::NAN),
            Item::Bool(_) | Item::Text(_) | Item::Array(_) | Item::Object(_) => Err(unsuitable(name, "number")),
        })?;
        let mut terms = Map::new();
        visit(Combine::products(degree(fcinfo)?)?, names.len(), |places| {
            let term = product(&numbers, places);
            let value = match term.is_nan() {
                true => Json::Null,
                false => Json::Number(json_number(term).ok_or_else(out_of_range)?),
            };
            insert(&mut terms, &names, places, value)
        })?;
        Ok(Some(JsonB(Json::Object(terms))))
    })())
}

/// The texts of a cross with _ between them; `None` where one is missing.
fn cross<T: AsRef<str>>(texts: &[Option<T>], places: &[usize]) -> Option<String> {
    let texts: Option<Vec<&str>> = places
        .iter()
        .map(|&place| texts[place].as_ref().map(AsRef::as_ref))
        .collect();
    texts.map(|texts| texts.join("_"))
}

/// `feature_cross(features, degree)` of an array.
fn feature_cross_array(fcinfo: pg_sys::FunctionCallInfo) -> Option<Vec<Option<Text>>> {
    or_raise((|| {
        let texts = arguments::nullable_texts(fcinfo, 0).ok_or_else(|| Arguments::of(&fcinfo).unreadable(0))?;
        let texts: Vec<Option<String>> = texts.into_iter().map(|text| text.map(String::from)).collect();
        let mut crosses = Vec::new();
        visit(Combine::crosses(degree(fcinfo)?)?, texts.len(), |places| {
            crosses.push(cross(&texts, places).map(Text::from));
            Ok(())
        })?;
        Ok(Some(crosses))
    })())
}

/// `feature_cross(features, degree)` of an object.
fn feature_cross_object(fcinfo: pg_sys::FunctionCallInfo) -> Option<JsonB> {
    or_raise((|| {
        let (names, texts) = object(fcinfo, |name, item| match item {
            Item::Text(text) => Ok(Some(encoding::decode(text).into_owned())),
            Item::Number(number) => Ok(Some(Number(number).to_string())),
            Item::Bool(truth) => Ok(Some(truth.to_string())),
            Item::Null => Ok(None),
            Item::Array(_) | Item::Object(_) => Err(unsuitable(name, "category")),
        })?;
        let mut crosses = Map::new();
        visit(Combine::crosses(degree(fcinfo)?)?, names.len(), |places| {
            let value = cross(&texts, places).map_or(Json::Null, Json::String);
            insert(&mut crosses, &names, places, value)
        })?;
        Ok(Some(JsonB(Json::Object(crosses))))
    })())
}

per_row!(
    polynomial_expand_array,
    polynomial_expand_array_wrapper,
    pg_finfo_polynomial_expand_array_wrapper
);
per_row!(
    polynomial_expand_object,
    polynomial_expand_object_wrapper,
    pg_finfo_polynomial_expand_object_wrapper
);
per_row!(
    feature_cross_array,
    feature_cross_array_wrapper,
    pg_finfo_feature_cross_array_wrapper
);
per_row!(
    feature_cross_object,
    feature_cross_object_wrapper,
    pg_finfo_feature_cross_object_wrapper
);

//! Drift against other tools, in parts, and how often it raises alarms.

mod golden;
mod merge;
mod rates;

use super::*;
use crate::block::{BlockColumn, Kind};

type Test = std::result::Result<(), Box<dyn std::error::Error>>;

/// The distribution of numbers that come in blocks of so many; `None` is NULL, which is passed over.
fn numbers_of(values: &[f64], block: usize, limits: Limits) -> Distribution {
    let mut distribution = Distribution::new(Kind::Float, limits).unwrap_or_else(|| panic!("floats are compared"));
    for part in values.chunks(block) {
        let mut column = BlockColumn::new(Kind::Float);
        part.iter().for_each(|&value| column.push_number(value));
        distribution.push_all(&column);
    }
    distribution
}

fn texts_of(values: &[String], block: usize, limits: Limits) -> Distribution {
    let mut distribution = Distribution::new(Kind::Text, limits).unwrap_or_else(|| panic!("texts are compared"));
    for part in values.chunks(block) {
        let mut column = BlockColumn::new(Kind::Text);
        part.iter().for_each(|value| column.push_text(value).unwrap());
        distribution.push_all(&column);
    }
    distribution
}

/// Compares two distributions of one scale.
fn compare(reference: &Distribution, current: &Distribution, settings: &Settings) -> Comparison {
    match (reference.values(), current.values()) {
        (ValueDistribution::Numbers(ours), ValueDistribution::Numbers(theirs)) => compare_numbers(
            &NumberSide::of(ours, 0, false),
            &NumberSide::of(theirs, 0, false),
            settings,
        ),
        (ValueDistribution::Categories(ours), ValueDistribution::Categories(theirs)) => {
            compare_categories(&Both::of(ours, theirs).counts(), settings)
        }
        _ => panic!("two scales"),
    }
}

fn of(method: Method, compat: Option<Compat>) -> Settings {
    Settings {
        compat,
        numbers: Some(method),
        categories: Some(method),
        ..Settings::default()
    }
}

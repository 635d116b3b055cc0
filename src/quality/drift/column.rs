//! One column on both sides: whether it can be compared, and what comparing it gives.

use std::borrow::Cow;

use serde_json::{Value as Json, json};

use super::hours;
use super::options::Options;
use crate::quality::value::json_on_scale;
use algo::block::Kind;
use algo::drift::{
    BinShares, Both, Categories, Comparison, Distribution, Limits, NumberSide, Numbers, Scale, Settings, Steps,
    ValueDistribution, compare_categories, compare_numbers, side_by_side,
};
use algo::summary::Moments;

/// A column of one side.
pub struct Column<'a> {
    /// Its name.
    pub name: String,
    /// Its SQL type.
    pub type_name: String,
    /// What its values are.
    pub kind: Kind,
    /// All rows.
    pub rows: u64,
    /// Rows without a value.
    pub nulls: u64,
    /// Its values.
    pub content: Content<'a>,
}

/// What a column's values are known by.
pub enum Content<'a> {
    /// How often each occurs.
    Counted(&'a Distribution),
    /// Of numbers, how many are in each of some bins.
    Steps(Steps, Moments),
    /// Of categories, how often each of some occurs, all others together, and the one of them that stands for the rest.
    Levels {
        levels: &'a [(String, u64)],
        other: u64,
        rest: Option<&'a str>,
    },
    /// Nothing: values of this type are not compared.
    Nothing,
}

/// How a column differs between both sides.
#[derive(Default)]
pub struct ColumnDrift {
    /// `None` when it could not be compared.
    pub comparison: Option<Comparison>,
    /// Why it could not be compared, or what is to be known.
    pub notes: Vec<String>,
    /// Categories that only the current side has, and those that only the reference has.
    pub new: Vec<String>,
    pub gone: Vec<String>,
    /// More about both sides.
    pub details: Option<Json>,
    /// Of numbers, where it is asked for, both distributions in the same bins: `low`, `high`, and the shares of both sides.
    pub histogram: Vec<Json>,
}

/// Categories that are listed.
const LISTED: usize = 100;
/// Categories in the details.
const SHOWN: usize = 10;

impl Column<'_> {
    fn scale(&self) -> Option<Scale> {
        match &self.content {
            Content::Counted(distribution) => Some(distribution.scale()),
            Content::Steps(..) => Some(Scale::Numbers),
            Content::Levels { .. } => Some(Scale::Categories),
            Content::Nothing => None,
        }
    }

    /// Whether it is no column of the rows, but the hours of the day of one.
    pub fn is_hours(&self) -> bool {
        self.type_name == hours::TYPE_NAME
    }

    /// The share of rows without a value.
    pub fn null_share(&self) -> Option<f64> {
        (self.rows > 0).then(|| self.nulls as f64 / self.rows as f64)
    }

    /// Why nothing of it can be compared, on the side of this name.
    fn emptiness(&self, side: &str) -> Option<String> {
        let numbers = match &self.content {
            Content::Counted(distribution) => match distribution.values() {
                ValueDistribution::Numbers(numbers) => Some(numbers.rows()),
                ValueDistribution::Categories(_) => None,
            },
            _ => None,
        };
        if self.rows == 0 {
            Some(format!("no rows in the {side}"))
        } else if self.nulls == self.rows {
            Some(format!("every value is NULL in the {side}"))
        } else if numbers == Some(0) {
            Some(format!("no value is a finite number in the {side}"))
        } else {
            None
        }
    }

    /// Its numbers; booleans are 0 and 1 where the other side has numbers.
    fn numbers<'b>(&'b self, truths: &'b mut Numbers) -> Option<NumberSide<'b>> {
        // With NULLs they are floating-point numbers to pandas, and so to the tools that the bins are those of.
        let whole = self.kind == Kind::Integer && self.nulls == 0;
        Some(match &self.content {
            Content::Steps(steps, moments) => NumberSide {
                counted: None,
                steps: Cow::Borrowed(steps),
                moments: *moments,
                missing: self.nulls,
                whole,
            },
            Content::Counted(distribution) => match distribution.values() {
                ValueDistribution::Numbers(numbers) => NumberSide::of(numbers, self.nulls, whole),
                ValueDistribution::Categories(categories) if self.kind == Kind::Bool => {
                    *truths = as_numbers(categories);
                    NumberSide::of(truths, self.nulls, whole)
                }
                ValueDistribution::Categories(_) => return None,
            },
            _ => return None,
        })
    }

    fn categories(&self) -> Option<&Categories> {
        match &self.content {
            Content::Counted(distribution) => match distribution.values() {
                ValueDistribution::Categories(categories) => Some(categories),
                ValueDistribution::Numbers(_) => None,
            },
            _ => None,
        }
    }
}

fn as_numbers(truths: &Categories) -> Numbers {
    let rows = |name| truths.rows_of(name);
    Numbers::of(
        [(0.0, rows("false")), (1.0, rows("true"))].into_iter(),
        Limits::for_columns(1),
    )
}

/// Compares a column that both sides have.
pub fn compare(reference: &Column<'_>, current: &Column<'_>, options: &Options) -> ColumnDrift {
    let impossible = |why: String| ColumnDrift {
        notes: vec![why],
        ..ColumnDrift::default()
    };
    let changed = reference.type_name != current.type_name;
    let change = format!("the type changed from {} to {}", reference.type_name, current.type_name);
    let truths = matches!(reference.content, Content::Steps(..)) && current.kind == Kind::Bool;
    let scales = (reference.scale(), current.scale());
    let times = reference.kind.is_time() || current.kind.is_time();
    match scales {
        _ if changed && (scales.0 != scales.1 && !truths || times && !both_timestamps(reference, current)) => {
            return impossible(change);
        }
        (None, _) | (_, None) => return impossible(format!("values of type {} are not compared", current.type_name)),
        _ if times && !options.wants_times(&reference.name) => {
            return impossible(
                "points in time move on by themselves; name the column in \"columns\" to compare it".into(),
            );
        }
        _ => {}
    }
    let empty = [reference.emptiness("reference"), current.emptiness("current data")];
    if empty.iter().any(Option::is_some) {
        return impossible(empty.into_iter().flatten().collect::<Vec<_>>().join("; "));
    }
    let mut found = match scales.0 {
        Some(Scale::Categories) => compare_as_categories(reference, current, &options.settings),
        _ => compare_as_numbers(reference, current, options),
    };
    if changed && !truths {
        found.notes.insert(0, change);
    }
    found
}

fn both_timestamps(reference: &Column<'_>, current: &Column<'_>) -> bool {
    let is_timestamp = |column: &Column<'_>| matches!(column.kind, Kind::Timestamp | Kind::TimestampTz);
    is_timestamp(reference) && is_timestamp(current)
}

fn compare_as_numbers(reference: &Column<'_>, current: &Column<'_>, options: &Options) -> ColumnDrift {
    let (mut a, mut b) = (Numbers::default(), Numbers::default());
    let (Some(ours), Some(theirs)) = (reference.numbers(&mut a), current.numbers(&mut b)) else {
        return ColumnDrift::default();
    };
    let comparison = compare_numbers(&ours, &theirs, &options.settings);
    let non_finite = |side: &NumberSide<'_>| side.counted.map_or(0, Numbers::non_finite);
    let left_out = non_finite(&ours) + non_finite(&theirs);
    let mut notes: Vec<String> = comparison.message.clone().into_iter().collect();
    if left_out > 0 {
        notes.push(format!("{left_out} NaN or infinite values take no part"));
    }
    let kind = current.kind;
    let scaled = |number: Option<f64>| {
        number
            .filter(|number| number.is_finite())
            .map(|number| json_on_scale(kind, number))
    };
    let figures = |side: &NumberSide<'_>| {
        let m = &side.moments;
        json!({
            "mean": scaled(m.mean()), "stddev": m.stddev(), "min": scaled(m.min()), "median": scaled(side.steps.quantile(0.5)),
            "max": scaled(m.max()),
        })
    };
    let shares = |bin: &BinShares| json!({ "low": scaled(Some(bin.low)), "high": scaled(Some(bin.high)), "reference": bin.reference, "current": bin.current });
    let bins: Vec<Json> = comparison.bins.iter().map(shares).collect();
    let histogram = match options.histograms {
        true => side_by_side(&ours.steps, &theirs.steps).iter().map(shares).collect(),
        false => Vec::new(),
    };
    let mut details =
        json!({ "reference": figures(&ours), "current": figures(&theirs), "rank_error": comparison.rank_error });
    if !bins.is_empty() {
        details["bins"] = Json::Array(bins);
    }
    ColumnDrift {
        comparison: Some(comparison),
        notes,
        details: Some(details),
        histogram,
        ..ColumnDrift::default()
    }
}

fn compare_as_categories(reference: &Column<'_>, current: &Column<'_>, settings: &Settings) -> ColumnDrift {
    let Some(theirs) = current.categories() else {
        return ColumnDrift::default();
    };
    let both = match &reference.content {
        Content::Levels { levels, other, rest } => Both::of_levels(levels, *other, *rest, theirs),
        _ => match reference.categories() {
            Some(ours) => Both::of(ours, theirs),
            None => return ColumnDrift::default(),
        },
    };
    let comparison = compare_categories(&both.counts(), settings);
    let mut notes: Vec<String> = comparison.message.clone().into_iter().collect();
    if !both.exact {
        notes.push(format!(
            "too many categories to count each: compared in {} groups of them, so the drift is at least this",
            both.all.len()
        ));
    } else if !both.named {
        notes.push("too many categories to list the new and the gone ones".into());
    }
    let mut listed = |what: &str, categories: Vec<&algo::drift::Category>| -> Vec<String> {
        if categories.len() > LISTED {
            notes.push(format!(
                "{} categories are {what}, {LISTED} are listed",
                categories.len()
            ));
        }
        categories
            .into_iter()
            .take(LISTED)
            .filter_map(|category| category.name.clone())
            .collect()
    };
    let (new, gone) = if both.named {
        (listed("new", both.appeared()), listed("gone", both.vanished()))
    } else {
        Default::default()
    };
    let moved: Vec<Json> = both
        .moved(SHOWN)
        .into_iter()
        .map(|(category, reference, current)| json!({ "category": category, "reference": reference, "current": current }))
        .collect();
    ColumnDrift {
        comparison: Some(comparison),
        notes,
        new,
        gone,
        details: (!moved.is_empty()).then(|| json!({ "categories": moved })),
        histogram: Vec::new(),
    }
}

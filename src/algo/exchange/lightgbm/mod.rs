//! LightGBM's text, as `Booster.save_model` writes it.
//!
//! What decides is `Tree::NumericalDecision` and `Tree::CategoricalDecision` of its `tree.h`: numbers up to the threshold go left, categories whose bit is
//! set; a missing number goes by `default_left` where missing values are of the type NaN or zero, and counts as 0 where they are none.

mod text;
mod tree;
mod write;

use std::collections::BTreeSet;

use serde_json::Value as Json;

pub use self::write::write;

use self::text::{Parts, value, wrong};
use self::tree::Tree;
use super::given::{Classes, text_of};
use super::{Columns, Given, Grown, Link, Sums, Weigh, unsupported};
use crate::error::{Error, Result};
use crate::model::Model;
use crate::monitor::{Monitor, Pace};
use crate::room;
use crate::task::Answer;

/// What errors call it.
const WHAT: &str = "the LightGBM model";

/// Bytes of the levels of categories at most.
const MOST_LEVELS_BYTES: usize = 16_000_000;

/// Trees at most.
const MOST_TREES: usize = 1_000_000;

/// Reads a model. Returns an error for what is no model of LightGBM's, for what a model here cannot do, and when stopped. O(bytes).
pub fn read(bytes: &[u8], given: &Given, monitor: &dyn Monitor) -> Result<Model> {
    let parts = Parts::of(bytes, monitor)?;
    let per_iteration: usize = value(&parts.header, "num_tree_per_iteration")?;
    if parts.trees.len() > MOST_TREES || per_iteration == 0 || !parts.trees.len().is_multiple_of(per_iteration) {
        return Err(Error::damaged(WHAT, "the number of its trees is wrong"));
    }
    let link = link(&parts, per_iteration)?;
    let iterations = given
        .iterations
        .unwrap_or(usize::MAX)
        .min(parts.trees.len() / per_iteration);
    let used = &parts.trees[..iterations * per_iteration];
    let mut columns = Columns::new(names(&parts)?, given)?;
    let mut pace = Pace::new(monitor);
    let mut trees = room::with_capacity(used.len())?;
    for entries in used {
        trees.push(Tree::read(entries, columns.count(), &mut pace)?);
    }
    find_categories(&parts, &trees, &mut columns, given, monitor)?;
    for tree in &trees {
        tree.note_levels(&mut columns, &mut pace)?;
    }
    let inputs = columns.inputs()?;
    let classes = link.classes().map(|count| given.classes(count)).transpose()?;
    // A forest's prediction is the mean of its trees.
    let scale = match parts.header.contains_key("average_output") {
        true => 1.0 / iterations.max(1) as f64,
        false => 1.0,
    };
    let mut grown = Grown::new(WHAT);
    let order = Order::of(classes.as_ref(), per_iteration);
    for iteration in trees.chunks(per_iteration) {
        for &place in &order.places {
            iteration[place].grow(&mut grown, &columns, scale * order.sign, monitor)?;
        }
    }
    let fitted = grown.into_sum(Sums {
        link,
        first: vec![0.0; link.sums()],
        weigh: Weigh::Rows,
    });
    let answer = classes.map_or(Answer::Number, |classes| Answer::Classes(classes.labels));
    Model::imported(inputs, answer, Box::new(fitted), monitor)
}

/// The names of the features.
fn names(parts: &Parts<'_>) -> Result<Vec<String>> {
    let most: usize = value(&parts.header, "max_feature_idx")?;
    let names = parts.header.get("feature_names").copied().unwrap_or_default();
    let names: Vec<String> = names.split_ascii_whitespace().map(String::from).collect();
    match most.checked_add(1) == Some(names.len()) {
        true => Ok(names),
        false => Err(wrong("feature_names")),
    }
}

/// What makes the sums a prediction: the objective, and its parameters as `key:value`.
fn link(parts: &Parts<'_>, sums: usize) -> Result<Link> {
    let objective = parts.header.get("objective").copied().unwrap_or_default();
    let mut words = objective.split_ascii_whitespace();
    let name = words.next().unwrap_or_default();
    let rest: Vec<&str> = words.collect();
    let scale = || -> Result<f64> {
        let scale = rest.iter().find_map(|word| word.strip_prefix("sigmoid:"));
        let scale = scale.map_or(Ok(1.0), str::parse).map_err(|_| wrong("objective"))?;
        match scale > 0.0 && f64::is_finite(scale) {
            true => Ok(scale),
            false => Err(wrong("objective")),
        }
    };
    let link = match name {
        "binary" => Link::Binary { scale: scale()? },
        "multiclass" => Link::Softmax { classes: sums },
        "multiclassova" => Link::OneVsRest {
            classes: sums,
            scale: scale()?,
        },
        "cross_entropy" => Link::Logistic { scale: 1.0 },
        "cross_entropy_lambda" => Link::Softplus,
        "poisson" | "gamma" | "tweedie" => Link::Exp,
        "regression" if rest.contains(&"sqrt") => Link::Square,
        // Without an objective, or with one of somebody's own, the sum itself is predicted.
        "regression" | "regression_l1" | "huber" | "fair" | "quantile" | "mape" | "lambdarank" | "rank_xendcg"
        | "custom" | "" => Link::Identity,
        other => {
            return Err(unsupported(
                "the objective of the LightGBM model is not known",
                format!("It is \"{other}\"."),
                "export the model with a newer assay, or train it with an objective that LightGBM 4 has",
            ));
        }
    };
    match link.sums() == sums {
        true => Ok(link),
        false => Err(unsupported(
            "the LightGBM model predicts several numbers",
            format!("Its objective is \"{name}\", and it has {sums} trees an iteration."),
            "train it with the objective multiclass, or one model for each number",
        )),
    }
}

/// In which order trees of an iteration add to the sums, and with which sign.
struct Order {
    places: Vec<usize>,
    sign: f64,
}

impl Order {
    /// With one sum for two classes, its sign tells which of them it speaks for.
    fn of(classes: Option<&Classes>, sums: usize) -> Order {
        match classes {
            Some(classes) if classes.places.len() == sums => Order {
                places: classes.places.clone(),
                sign: 1.0,
            },
            Some(classes) if classes.places == [1, 0] => Order {
                places: vec![0],
                sign: -1.0,
            },
            Some(_) | None => Order {
                places: (0..sums).collect(),
                sign: 1.0,
            },
        }
    }
}

/// Makes categories of the features that are such, and names their levels: as the data frame did, else by their codes.
fn find_categories(
    parts: &Parts<'_>,
    trees: &[Tree],
    columns: &mut Columns,
    given: &Given,
    monitor: &dyn Monitor,
) -> Result<()> {
    let mut categories = BTreeSet::new();
    let listed = parts.parameters.get("categorical_feature").copied().unwrap_or_default();
    let listed = listed.split(',').filter_map(|place| place.parse().ok());
    categories.extend(listed.filter(|place: &usize| *place < columns.count()));
    // Codes stand as 0:1:2, ranges as [from:to].
    let infos: Vec<&str> = match parts.header.get("feature_infos") {
        Some(infos) => infos.split_ascii_whitespace().collect(),
        None => Vec::new(),
    };
    let codes = |feature: usize| -> Option<BTreeSet<u32>> {
        let info = infos
            .get(feature)
            .filter(|info| !info.starts_with('[') && **info != "none")?;
        Some(info.split(':').filter_map(|code| code.parse().ok()).collect())
    };
    categories.extend((0..columns.count()).filter(|feature| codes(*feature).is_some()));
    for tree in trees {
        monitor.check()?;
        categories.extend(tree.splits_by().filter(|split| split.1).map(|split| split.0));
    }
    for tree in trees {
        monitor.check()?;
        if let Some((feature, _)) = tree.splits_by().find(|split| !split.1 && categories.contains(&split.0)) {
            return Err(Error::damaged(
                WHAT,
                format!("feature {feature} is both a number and a category"),
            ));
        }
    }
    if parts.levels.is_some_and(|levels| levels.len() > MOST_LEVELS_BYTES) {
        return Err(Error::data(
            "the levels of the LightGBM model's categories take more than 16 MB",
            "train it with fewer levels",
        ));
    }
    let levels: Vec<Vec<Json>> = match parts.levels {
        Some(json) => serde_json::from_str(json).map_err(|_| wrong("pandas_categorical"))?,
        None => Vec::new(),
    };
    if !levels.is_empty() && levels.len() != categories.len() && given.categories.is_empty() {
        return Err(Error::data(
            format!(
                "the LightGBM model has {} categories, and names the levels of {}",
                categories.len(),
                levels.len()
            ),
            "give \"categories\" the levels of each column, that of code 0 first",
        ));
    }
    let named = levels.len() == categories.len();
    for (place, &feature) in categories.iter().enumerate() {
        let texts = match named {
            true => levels[place].iter().map(text_of).collect(),
            false => Vec::new(),
        };
        columns.make_category(feature, texts, codes(feature).unwrap_or_default());
    }
    columns.rename_levels(given)
}

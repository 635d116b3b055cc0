//! XGBoost's JSON and UBJSON, as `Booster.save_model` writes them.
//!
//! What decides is `GetNextNode` of its predictor: numbers below the threshold go left, as 32-bit floats; categories in a split's set go right, all others
//! left. Objectives and what makes margins of `base_score` are those of its `src/objective`.

mod file;
mod threshold;
mod tree;
mod ubjson;

use std::collections::BTreeSet;
use std::io::Read;

use serde::Deserialize;

use self::file::{File, Learner, TreesOf};
use super::{Columns, Given, Grown, Known, Link, Sums, Weigh, unsupported};
use crate::error::{Error, Result};
use crate::model::Model;
use crate::monitor::Monitor;
use crate::room;
use crate::task::Answer;

/// What errors call it.
const WHAT: &str = "the XGBoost model";

/// Reads a model. Returns an error for what is no model of XGBoost's, for what a model here cannot do, and when stopped. O(bytes).
pub fn read(bytes: &[u8], given: &Given, monitor: &dyn Monitor) -> Result<Model> {
    // Numbers take at most as many bytes here as there, and vectors grow by doubling.
    room::ask(bytes.len().saturating_mul(8))?;
    let learner = parse(bytes, monitor)?.learner;
    let booster = &learner.gradient_booster;
    let trees = match booster.name.as_str() {
        "gbtree" => booster.model.as_ref(),
        "dart" => booster.gbtree.as_ref().map(|inner| &inner.model),
        other => {
            return Err(unsupported(
                "the XGBoost model is not made of trees",
                format!("Its booster is \"{other}\"."),
                "train it with the booster gbtree or dart, or assay's own linear models",
            ));
        }
    };
    let trees = trees.ok_or_else(|| Error::damaged(WHAT, "it has no trees"))?;
    if booster.name == "dart" && booster.weight_drop.len() != trees.trees.len() {
        return Err(Error::damaged(
            WHAT,
            "the weights of its trees are not as many as the trees",
        ));
    }
    let weights = (booster.name == "dart").then_some(&booster.weight_drop[..]);
    model(&learner, trees, weights, given, monitor)
}

/// Reads the file, which is text or not.
fn parse(bytes: &[u8], monitor: &dyn Monitor) -> Result<File> {
    // JSON begins with a brace, then a blank or a quote; UBJSON's brace is followed by the type of a length.
    let is_text = bytes
        .get(1)
        .is_some_and(|byte| byte.is_ascii_whitespace() || *byte == b'"');
    let file = match is_text {
        true => serde_json::from_reader(Watched { bytes, monitor }).map_err(|error| error.to_string()),
        false => {
            let mut reader = ubjson::Reader::new(bytes, monitor);
            File::deserialize(&mut reader).map_err(|error| error.to_string())
        }
    };
    // What was stopped could not be read.
    monitor.check()?;
    file.map_err(|problem| Error::damaged(WHAT, problem))
}

/// Bytes that are read as long as nobody stops it.
struct Watched<'b> {
    bytes: &'b [u8],
    monitor: &'b dyn Monitor,
}

impl Read for Watched<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        const BLOCK: usize = 1 << 14;
        if self.bytes.len().is_multiple_of(BLOCK) {
            self.monitor.check().map_err(std::io::Error::other)?;
        }
        let most = into.len().min(
            self.bytes.len() % BLOCK
                + if self.bytes.len().is_multiple_of(BLOCK) {
                    BLOCK
                } else {
                    0
                },
        );
        self.bytes.read(&mut into[..most])
    }
}

/// Makes a model of the trees, each of which counts by its weight, if there are such.
fn model(
    learner: &Learner,
    trees: &TreesOf,
    weights: Option<&[f32]>,
    given: &Given,
    monitor: &dyn Monitor,
) -> Result<Model> {
    let parameters = &learner.learner_model_param;
    if parameters.num_target.number(1)? > 1 {
        return Err(unsupported(
            "the XGBoost model predicts several numbers",
            "Its num_target is above 1.".to_string(),
            "train one model for each number",
        ));
    }
    let sums = parameters.num_class.number(0)?.max(1);
    let (link, margin) = objective(&learner.objective.name, sums)?;
    let mut columns = columns(learner, trees, given, monitor)?;
    if trees.tree_info.len() != trees.trees.len() {
        return Err(Error::damaged(WHAT, "its tree_info is not as long as its trees"));
    }
    let used = match given.iterations {
        None => trees.trees.len(),
        Some(iterations) => trees.first_of(iterations, sums)?,
    };
    for tree in &trees.trees[..used] {
        monitor.check()?;
        tree::check(tree, columns.count())?;
        tree::note_levels(tree, &mut columns)?;
    }
    columns.rename_levels(given)?;
    let inputs = columns.inputs()?;
    let classes = link.classes().map(|count| given.classes(count)).transpose()?;
    let places = classes.as_ref().map(|classes| classes.places.clone());
    // One sum for two classes speaks for the second.
    let (order, sign) = match places {
        Some(places) if places.len() == sums => (places, 1.0),
        Some(places) if places == [1, 0] => (vec![0], -1.0),
        Some(_) | None => ((0..sums).collect(), 1.0),
    };
    let mut by_sum: Vec<Vec<usize>> = (0..sums).map(|_| Vec::new()).collect();
    for (tree, sum) in trees.tree_info[..used].iter().enumerate() {
        let sum = usize::try_from(*sum).ok().and_then(|sum| by_sum.get_mut(sum));
        let sum = sum.ok_or_else(|| Error::damaged(WHAT, "a tree is of a class that there is not"))?;
        room::push(sum, tree)?;
    }
    let rounds = by_sum.iter().map(Vec::len).max().unwrap_or(0);
    let mut grown = Grown::new(WHAT);
    for round in 0..rounds {
        monitor.check()?;
        for &sum in &order {
            match by_sum[sum].get(round) {
                Some(&place) => {
                    let weight = weights.map_or(1.0, |weights| f64::from(weights[place]));
                    tree::grow(&trees.trees[place], &mut grown, &columns, sign * weight, monitor)?;
                }
                // Every sum has as many trees.
                None => grown.add_nothing(Known::default()),
            }
        }
    }
    let base = parameters.base_scores(sums)?;
    let first = order.iter().map(|&sum| sign * margin(base[sum])).collect::<Vec<f64>>();
    if first.iter().any(|first| !first.is_finite()) {
        return Err(Error::damaged(WHAT, "its base_score is out of range"));
    }
    let fitted = grown.into_sum(Sums {
        link,
        first,
        weigh: Weigh::Covers,
    });
    let answer = classes.map_or(Answer::Number, |classes| Answer::Classes(classes.labels));
    Model::imported(inputs, answer, Box::new(fitted), monitor)
}

/// What makes the margin of a base score.
type Margin = fn(f64) -> f64;

/// What makes the sums a prediction, and the base score a sum.
fn objective(name: &str, sums: usize) -> Result<(Link, Margin)> {
    let logit: Margin = |share| -(1.0 / share - 1.0).ln();
    let (link, margin): (Link, Margin) = match name {
        "binary:logistic" => (Link::Binary { scale: 1.0 }, logit),
        "reg:logistic" => (Link::Logistic { scale: 1.0 }, logit),
        "binary:logitraw" => (Link::Identity, |score| score),
        "multi:softprob" | "multi:softmax" => (Link::Softmax { classes: sums }, |score| score),
        "count:poisson" | "reg:gamma" | "reg:tweedie" | "survival:cox" | "survival:aft" => (Link::Exp, f64::ln),
        "reg:squarederror"
        | "reg:linear"
        | "reg:squaredlogerror"
        | "reg:pseudohubererror"
        | "reg:absoluteerror"
        | "reg:quantileerror"
        | "rank:pairwise"
        | "rank:ndcg"
        | "rank:map" => (Link::Identity, |score| score),
        other => {
            return Err(unsupported(
                "the objective of the XGBoost model is not known",
                format!("It is \"{other}\"."),
                "train it with one of reg:*, binary:logistic, multi:*, count:poisson or rank:*",
            ));
        }
    };
    match link.sums() == sums {
        true => Ok((link, margin)),
        false => Err(Error::damaged(WHAT, "its objective has another number of classes")),
    }
}

/// The features, those among them that are categories, and their levels as far as they are known.
fn columns(learner: &Learner, trees: &TreesOf, given: &Given, monitor: &dyn Monitor) -> Result<Columns> {
    let count = learner.learner_model_param.num_feature.number(0)?;
    if count > super::MOST_FEATURES {
        return Err(Error::damaged(WHAT, "it has too many features"));
    }
    let names = match learner.feature_names.is_empty() {
        true => (0..count).map(|place| format!("f{place}")).collect(),
        false if learner.feature_names.len() == count => learner.feature_names.clone(),
        false => return Err(Error::damaged(WHAT, "it has not as many feature_names as features")),
    };
    let mut columns = Columns::new(names, given)?;
    let typed = (0..count).filter(|place| learner.feature_types.get(*place).is_some_and(|kind| kind == "c"));
    let mut categories: BTreeSet<usize> = typed.collect();
    for tree in &trees.trees {
        monitor.check()?;
        categories.extend(tree::categories(tree));
    }
    for feature in categories.into_iter().filter(|feature| *feature < count) {
        let encoding = trees.cats.as_ref().and_then(|cats| cats.enc.get(feature));
        let texts = match encoding {
            Some(encoding) if !given.categories.contains_key(columns.name(feature)) => encoding.texts()?,
            Some(_) | None => Vec::new(),
        };
        columns.make_category(feature, texts, BTreeSet::new());
    }
    Ok(columns)
}

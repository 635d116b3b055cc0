//! A model as LightGBM's text, as version 4 of its format has it. Without `tree_sizes` it is read tree by tree.

use std::fmt::{Display, Write};

use serde_json::json;

use super::WHAT;
use super::tree::{CATEGORY, MISSING_LEFT, MISSING_TYPE, NAN};
use crate::boosting::Decision;
use crate::error::{Error, Result};
use crate::exchange::as_trees::as_trees;
use crate::exchange::vectors::vectors;
use crate::exchange::{Link, TreeSum};
use crate::model::{InputKind, Model};
use crate::monitor::{Monitor, Pace};
use crate::pipeline::OTHER;
use crate::room;

/// Bytes that a node takes in the text, at most: its numbers, its set of levels.
const NODE_BYTES: usize = 300;

/// Writes a model. Returns an error that names what LightGBM cannot say, and when stopped. O(nodes).
///
/// Levels of a category have the codes of their places, as a data frame with these categories gives them. LightGBM sends missing categories right; where
/// ours go left, both sides change, and levels that training did not see go where missing values go.
pub fn write(model: &Model, monitor: &dyn Monitor) -> Result<Vec<u8>> {
    let sum = as_trees(model, monitor)?;
    let nodes = sum.forest().flat().nodes();
    let mut text = String::new();
    room::reserve_text(&mut text, nodes.saturating_mul(NODE_BYTES))?;
    header(model, &sum, &mut text)?;
    let sums = sum.link().sums();
    let trees = sum.forest().trees();
    let mut pace = Pace::new(monitor);
    for tree in 0..trees.max(sums) {
        let first = if tree < sums { sum.first()[tree] } else { 0.0 };
        let _ = write!(text, "\nTree={tree}\n");
        match tree < trees {
            true => {
                let lists = Lists::of(&sum, tree, first, &levels(model), &mut pace)?;
                lists.write(&mut text);
            }
            // LightGBM has no score before the first tree.
            false => Lists {
                leaf_value: vec![first],
                leaf_count: vec![0],
                leaf_weight: vec![0.0],
                ..Lists::default()
            }
            .write(&mut text),
        }
    }
    let categories: Vec<Vec<&str>> = model.inputs.iter().filter_map(|input| names_of(&input.kind)).collect();
    let vectors = vectors(model, &sum, monitor)?;
    let _ = write!(
        text,
        "\nend of trees\n\nassay_test_vectors:{vectors}\n\nparameters:\n[boosting: gbdt]\n[categorical_feature: {}]\nend of parameters\n\npandas_categorical:{}\n",
        places_of_categories(model),
        match categories.is_empty() {
            true => json!(null),
            false => json!(categories),
        }
    );
    Ok(text.into_bytes())
}

/// The names of a category's codes, rare levels together the last of them; `None` of a number.
fn names_of(kind: &InputKind) -> Option<Vec<&str>> {
    match kind {
        InputKind::Category { levels, other } => {
            let rare = other.then_some(OTHER);
            Some(levels.iter().map(String::as_str).chain(rare).collect())
        }
        InputKind::Number | InputKind::Vector { .. } | InputKind::Text { .. } => None,
    }
}

/// How many codes each column has; 0 of a number.
fn levels(model: &Model) -> Vec<usize> {
    let names = model.inputs.iter().map(|input| names_of(&input.kind));
    names.map(|names| names.map_or(0, |names| names.len())).collect()
}

fn places_of_categories(model: &Model) -> String {
    let places = model.inputs.iter().enumerate();
    let places = places.filter(|(_, input)| matches!(input.kind, InputKind::Category { .. }));
    joined(places.map(|(place, _)| place), ",")
}

fn joined(values: impl Iterator<Item = impl Display>, between: &str) -> String {
    let mut text = String::new();
    for (place, value) in values.enumerate() {
        let _ = write!(text, "{}{value}", if place > 0 { between } else { "" });
    }
    text
}

/// What stands before the trees.
fn header(model: &Model, sum: &TreeSum, text: &mut String) -> Result<()> {
    let sums = sum.link().sums();
    let objective = match sum.link() {
        Link::Identity => "objective=regression\n".to_string(),
        Link::Exp => "objective=poisson\n".into(),
        Link::Square => "objective=regression sqrt\n".into(),
        Link::Logistic { scale: 1.0 } => "objective=cross_entropy\n".into(),
        Link::Logistic { .. } => {
            return Err(Error::data(
                "LightGBM has no objective of shares with a factor on the sum",
                "export it in another format",
            ));
        }
        Link::Softplus => "objective=cross_entropy_lambda\n".into(),
        Link::Binary { scale } => format!("objective=binary sigmoid:{scale}\n"),
        Link::Softmax { classes } => format!("objective=multiclass num_class:{classes}\n"),
        Link::OneVsRest { classes, scale } => {
            format!("objective=multiclassova num_class:{classes} sigmoid:{scale}\n")
        }
        // Without an objective sums are what is predicted.
        Link::Share | Link::Shares { .. } => String::new(),
    };
    // Blanks part names, and LightGBM takes none of the letters of JSON.
    let name = |name: &str| {
        name.replace(
            |letter: char| letter.is_whitespace() || "\",:[]{}".contains(letter),
            "_",
        )
    };
    let names: Vec<String> = model.inputs.iter().map(|input| name(&input.name)).collect();
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort();
    if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Error::data(
            format!("two columns are \"{}\" where LightGBM takes no blanks", pair[0]),
            "train the model on columns with other names",
        ));
    }
    let infos = levels(model).into_iter().map(|levels| match levels {
        0 => "none".to_string(),
        levels => joined(0..levels, ":"),
    });
    let _ = write!(
        text,
        "tree\nversion=v4\nnum_class={sums}\nnum_tree_per_iteration={sums}\nlabel_index=0\nmax_feature_idx={}\n{objective}feature_names={}\nfeature_infos={}\n",
        model.inputs.len().saturating_sub(1),
        names.join(" "),
        joined(infos, " "),
    );
    Ok(())
}

/// The lists of a tree.
#[derive(Default)]
struct Lists {
    split_feature: Vec<usize>,
    split_gain: Vec<f32>,
    threshold: Vec<f64>,
    decision_type: Vec<u8>,
    left_child: Vec<i64>,
    right_child: Vec<i64>,
    leaf_value: Vec<f64>,
    leaf_weight: Vec<f64>,
    leaf_count: Vec<u32>,
    internal_value: Vec<f64>,
    internal_weight: Vec<f64>,
    internal_count: Vec<u32>,
    boundaries: Vec<usize>,
    words: Vec<u32>,
}

impl Lists {
    /// Of a tree, to whose leaves `first` is added.
    fn of(sum: &TreeSum, tree: usize, first: f64, levels: &[usize], pace: &mut Pace<'_>) -> Result<Lists> {
        let forest = sum.forest();
        let nodes = forest.tree(tree);
        // Numbers of splits, and of leaves below 0, in the order of nodes.
        let (mut splits, mut leaves) = (0, 0);
        let numbers: Vec<i64> = nodes
            .clone()
            .map(|node| match forest.children(node) {
                Some(_) => {
                    splits += 1;
                    splits - 1
                }
                None => {
                    leaves -= 1;
                    leaves
                }
            })
            .collect();
        let mut lists = Lists {
            boundaries: vec![0],
            ..Lists::default()
        };
        for node in nodes.clone() {
            pace.spend(4)?;
            let stats = forest.stats(node);
            let Some((left, right)) = forest.children(node) else {
                lists.leaf_value.push(stats.value + first);
                lists.leaf_weight.push(stats.cover);
                lists.leaf_count.push(stats.rows);
                continue;
            };
            let sides = [left, right].map(|child| numbers[child - nodes.start]);
            lists.split_gain.push(stats.gain);
            lists.internal_value.push(stats.value + first);
            lists.internal_weight.push(stats.cover);
            lists.internal_count.push(stats.rows);
            lists.split(forest.decision(node), sides, levels)?;
        }
        Ok(lists)
    }

    fn split(&mut self, decision: Decision<'_>, [left, right]: [i64; 2], levels: &[usize]) -> Result<()> {
        let (column, threshold, kind, [left, right]) = match decision {
            Decision::Leaf => return Err(Error::damaged(WHAT, "a split does not split")),
            Decision::Number {
                column,
                threshold,
                missing_left,
            } => {
                let side = if missing_left { MISSING_LEFT } else { 0 };
                (column, threshold, NAN << MISSING_TYPE | side, [left, right])
            }
            Decision::Category {
                column,
                levels: set,
                missing_left,
            } => {
                let codes = levels.get(column).copied().unwrap_or(0).min(256);
                let among = |code: usize| set[code / 64] >> (code % 64) & 1 == 1;
                let mut words = vec![0_u32; codes.div_ceil(32).max(1)];
                for code in (0..codes).filter(|code| among(*code) != missing_left) {
                    words[code / 32] |= 1 << (code % 32);
                }
                let set = self.boundaries.len() - 1;
                self.words.extend(words);
                self.boundaries.push(self.words.len());
                let sides = if missing_left { [right, left] } else { [left, right] };
                (column, set as f64, CATEGORY, sides)
            }
        };
        self.split_feature.push(column);
        self.threshold.push(threshold);
        self.decision_type.push(kind);
        self.left_child.push(left);
        self.right_child.push(right);
        Ok(())
    }

    fn write(&self, text: &mut String) {
        let mut line = |key: &str, values: String| {
            let _ = writeln!(text, "{key}={values}");
        };
        line("num_leaves", self.leaf_value.len().to_string());
        line("num_cat", self.boundaries.len().saturating_sub(1).to_string());
        line("split_feature", joined(self.split_feature.iter(), " "));
        line("split_gain", joined(self.split_gain.iter(), " "));
        line(
            "threshold",
            joined(self.threshold.iter().map(|value| Shortest(*value)), " "),
        );
        line("decision_type", joined(self.decision_type.iter(), " "));
        line("left_child", joined(self.left_child.iter(), " "));
        line("right_child", joined(self.right_child.iter(), " "));
        line(
            "leaf_value",
            joined(self.leaf_value.iter().map(|value| Shortest(*value)), " "),
        );
        line(
            "leaf_weight",
            joined(self.leaf_weight.iter().map(|value| Shortest(*value)), " "),
        );
        line("leaf_count", joined(self.leaf_count.iter(), " "));
        line(
            "internal_value",
            joined(self.internal_value.iter().map(|value| Shortest(*value)), " "),
        );
        line(
            "internal_weight",
            joined(self.internal_weight.iter().map(|value| Shortest(*value)), " "),
        );
        line("internal_count", joined(self.internal_count.iter(), " "));
        if self.boundaries.len() > 1 {
            line("cat_boundaries", joined(self.boundaries.iter(), " "));
            line("cat_threshold", joined(self.words.iter(), " "));
        }
        line("is_linear", "0".into());
        line("shrinkage", "1\n".into());
    }
}

/// A number by as few digits as tell it from others, as C reads it.
struct Shortest(f64);

impl Display for Shortest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let size = self.0.abs();
        match size == 0.0 || (1e-5..1e15).contains(&size) {
            true => write!(f, "{}", self.0),
            false => write!(f, "{:e}", self.0),
        }
    }
}

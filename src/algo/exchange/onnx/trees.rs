//! Reads the operators of `ai.onnx.ml` that are trees.
//!
//! A node is named by its tree and its number in the tree; it is put behind its parents here, so that walks end. What a node does with a number that is
//! missing is in `nodes_missing_value_tracks_true`. Source: <https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsemble.html>.

use std::collections::HashMap;

use super::arithmetic::Round;
use super::ensemble::{Aggregate, Ensemble, Node, Test};
use super::proto;
use super::refused;
use crate::error::{Error, Result};
use crate::exchange::onnx::WHAT;
use crate::monitor::Pace;
use crate::room;

/// What is made of the sums of trees.
pub(super) struct Read {
    pub(super) ensemble: Ensemble,
    /// The name of what is applied to the sums.
    pub(super) post: &'static str,
    /// Of a classifier, whether leaves say something of one class only.
    pub(super) is_of_one_class: bool,
    pub(super) is_positive: bool,
    /// How many rows came to each node in training, as far as the file says so.
    pub(super) covers: Vec<f64>,
}

fn damaged(problem: &'static str) -> Error {
    Error::damaged(WHAT, problem)
}

/// The name of what is applied to sums.
pub(super) fn post_transform(name: &str) -> Result<&'static str> {
    const KNOWN: [&str; 5] = ["NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO", "PROBIT"];
    KNOWN.into_iter().find(|known| *known == name).ok_or_else(|| {
        refused(
            format!("post_transform \"{name}\" is not known"),
            "export the model with another one",
        )
    })
}

fn test_named(name: &str) -> Result<Test> {
    Ok(match name {
        "LEAF" => Test::Leaf,
        "BRANCH_LEQ" => Test::LessOrEqual,
        "BRANCH_LT" => Test::Less,
        "BRANCH_GTE" => Test::GreaterOrEqual,
        "BRANCH_GT" => Test::Greater,
        "BRANCH_EQ" => Test::Equal,
        "BRANCH_NEQ" => Test::NotEqual,
        _ => {
            return Err(refused(
                format!("a tree's node has mode \"{name}\", which is not known"),
                "export the model with plain comparisons",
            ));
        }
    })
}

/// A node before it has found its place.
struct Given {
    node: Node,
    cover: f64,
}

/// Puts nodes in an order in which each stands behind those that lead to it. A node may have several parents, as in what LightGBM's categories become.
struct Ordering {
    nodes: Vec<Node>,
    covers: Vec<f64>,
    /// Of each given node whether it is looked at, and where it stands.
    begun: Vec<bool>,
    places: Vec<u32>,
}

/// The place of a node that has none yet.
const NOWHERE: u32 = u32::MAX;

impl Ordering {
    fn new(count: usize) -> Result<Ordering> {
        Ok(Ordering {
            nodes: room::with_capacity(count)?,
            covers: room::with_capacity(count)?,
            begun: room::filled(false, count)?,
            places: room::filled(NOWHERE, count)?,
        })
    }

    /// Adds the tree of a root, whose children are found by `yes` and `no`; gives the root's place.
    fn add(&mut self, given: &[Given], root: usize, pace: &mut Pace<'_>) -> Result<u32> {
        let start = self.nodes.len();
        let (mut done, mut stack) = (Vec::new(), vec![(root, false)]);
        while let Some((own, is_left)) = stack.pop() {
            pace.spend(1)?;
            let node = given.get(own).ok_or_else(|| damaged("a tree's node leads nowhere"))?;
            if is_left {
                self.places[own] = 0;
                room::push(&mut done, own)?;
                continue;
            }
            match (self.begun[own], self.places[own]) {
                (true, NOWHERE) => return Err(damaged("a tree goes in a circle")),
                (true, place) if place > 0 => return Err(damaged("a node is in two trees")),
                (true, _) => continue,
                (false, _) => self.begun[own] = true,
            }
            stack.push((own, true));
            if node.node.test != Test::Leaf {
                stack.push((node.node.no as usize, false));
                stack.push((node.node.yes as usize, false));
            }
        }
        // What was left last stands first. Places count from 1 here, for 0 is one that is to come.
        for (place, own) in (start..).zip(done.iter().rev()) {
            self.places[*own] = place as u32 + 1;
        }
        for own in done.iter().rev() {
            let Given { node, cover } = &given[*own];
            let child = |child: u32| self.places[child as usize] - 1;
            let node = match node.test {
                Test::Leaf => *node,
                _ => Node {
                    yes: child(node.yes),
                    no: child(node.no),
                    ..*node
                },
            };
            self.nodes.push(node);
            self.covers.push(*cover);
        }
        Ok(start as u32)
    }
}

/// The lists of a tree's nodes, all of one length.
struct Lists<'a> {
    trees: Vec<i64>,
    ids: Vec<i64>,
    modes: Vec<&'a str>,
    values: Vec<f64>,
    hits: Vec<f64>,
    features: Vec<i64>,
    children: [Vec<i64>; 2],
    missing: Vec<i64>,
    /// By tree and number, where a node stands in the lists.
    places: HashMap<(i64, i64), u32>,
}

/// The most nodes.
const MOST_NODES: usize = 1 << 24;

impl<'a> Lists<'a> {
    fn read(node: &proto::Node<'a>, pace: &mut Pace<'_>) -> Result<Lists<'a>> {
        let mut lists = Lists {
            trees: node.ints("nodes_treeids")?,
            ids: node.ints("nodes_nodeids")?,
            modes: node.texts("nodes_modes")?,
            values: node.numbers("nodes_values")?,
            hits: node.numbers("nodes_hitrates")?,
            features: node.ints("nodes_featureids")?,
            children: [node.ints("nodes_truenodeids")?, node.ints("nodes_falsenodeids")?],
            missing: node.ints("nodes_missing_value_tracks_true")?,
            places: HashMap::new(),
        };
        let count = lists.ids.len();
        let others = [
            lists.trees.len(),
            lists.modes.len(),
            lists.values.len(),
            lists.features.len(),
        ];
        let children = lists.children.iter().map(Vec::len);
        if count == 0 || count > MOST_NODES || others.into_iter().chain(children).any(|length| length != count) {
            return Err(damaged("the lists of a tree's nodes have different lengths"));
        }
        room::ask(count.saturating_mul(200))?;
        lists.places.reserve(count);
        for (place, key) in lists.trees.iter().zip(&lists.ids).enumerate() {
            pace.spend(4)?;
            if lists.places.insert((*key.0, *key.1), place as u32).is_some() {
                return Err(damaged("two nodes of a tree have one number"));
            }
        }
        Ok(lists)
    }

    /// What leaves say: the place of each, an output, and a number; in the order of the places.
    fn said(
        &self,
        node: &proto::Node<'_>,
        prefix: &str,
        outputs: usize,
        pace: &mut Pace<'_>,
    ) -> Result<Vec<(u32, u32, f64)>> {
        let list = |name: &str| node.ints(&format!("{prefix}_{name}"));
        let (trees, nodes, ids) = (list("treeids")?, list("nodeids")?, list("ids")?);
        let weights = node.numbers(&format!("{prefix}_weights"))?;
        if [trees.len(), nodes.len(), ids.len()]
            .iter()
            .any(|length| *length != weights.len())
        {
            return Err(damaged("the lists of what leaves say have different lengths"));
        }
        let mut said = room::with_capacity(weights.len())?;
        for (place, weight) in weights.iter().enumerate() {
            pace.spend(4)?;
            let leaf = self.places.get(&(trees[place], nodes[place]));
            let leaf = leaf.ok_or_else(|| damaged("a leaf that says something is not there"))?;
            let output = usize::try_from(ids[place]).ok().filter(|output| *output < outputs);
            let output = output.ok_or_else(|| damaged("a leaf speaks of an output that is not there"))?;
            if !weight.is_finite() {
                return Err(damaged("a leaf's number is not finite"));
            }
            said.push((*leaf, output as u32, *weight));
        }
        said.sort_by_key(|(leaf, ..)| *leaf);
        Ok(said)
    }

    /// The nodes, whose leaves point into what is said.
    fn given(&self, said: &[(u32, u32, f64)], pace: &mut Pace<'_>) -> Result<Vec<Given>> {
        let mut given = room::with_capacity(self.ids.len())?;
        let mut next = 0;
        for place in 0..self.ids.len() {
            pace.spend(4)?;
            let (test, start) = (test_named(self.modes[place])?, next);
            while said.get(next).is_some_and(|(leaf, ..)| *leaf as usize == place) {
                next += 1;
            }
            let child = |side: usize| {
                let child = self.places.get(&(self.trees[place], self.children[side][place]));
                child.copied().ok_or_else(|| damaged("a tree's node leads nowhere"))
            };
            let (yes, no) = match test {
                Test::Leaf => (start as u32, next as u32),
                _ => (child(0)?, child(1)?),
            };
            given.push(Given {
                node: Node {
                    test,
                    missing: self.missing.get(place).is_some_and(|tracks| *tracks != 0),
                    feature: feature(self.features[place])?,
                    threshold: self.values[place],
                    yes,
                    no,
                },
                cover: self.hits.get(place).copied().unwrap_or(1.0),
            });
        }
        Ok(given)
    }
}

fn feature(place: i64) -> Result<u32> {
    u32::try_from(place).map_err(|_| damaged("a tree asks for a feature that is not there"))
}

/// Reads TreeEnsembleRegressor, or TreeEnsembleClassifier of so many classes.
pub(super) fn read(node: &proto::Node<'_>, classes: Option<usize>, round: Round, pace: &mut Pace<'_>) -> Result<Read> {
    let outputs = match classes {
        Some(classes) => classes,
        None => usize::try_from(node.int("n_targets", 1)?).map_err(|_| damaged("trees have no output"))?,
    };
    let lists = Lists::read(node, pace)?;
    let prefix = if classes.is_some() { "class" } else { "target" };
    let said = lists.said(node, prefix, outputs, pace)?;
    let given = lists.given(&said, pace)?;
    // The first node of a tree is its root.
    let (mut order, mut roots) = (Ordering::new(given.len())?, Vec::new());
    let mut seen = std::collections::HashSet::new();
    for (place, tree) in lists.trees.iter().enumerate() {
        if seen.insert(*tree) {
            roots.push(order.add(&given, place, pace)?);
        }
    }
    let one = said.first().map(|(_, output, _)| *output);
    let is_of_one_class = classes == Some(2) && said.iter().all(|(_, output, _)| Some(*output) == one);
    let aggregate = match node.text("aggregate_function", "SUM")? {
        "SUM" => Aggregate::Sum,
        "AVERAGE" => Aggregate::Average,
        "MIN" => Aggregate::Least,
        "MAX" => Aggregate::Most,
        _ => return Err(damaged("trees are put together in a way that is not known")),
    };
    // What leaves of one class say is of one output, whichever class it is.
    let output = |output: u32| if is_of_one_class { 0 } else { output };
    Ok(Read {
        ensemble: Ensemble {
            nodes: order.nodes,
            roots,
            values: said.iter().map(|(_, own, weight)| (output(*own), *weight)).collect(),
            members: Vec::new(),
            aggregate,
            first: first_values(node.numbers("base_values")?, outputs, classes, is_of_one_class)?,
            round,
        },
        post: post_transform(node.text("post_transform", "NONE")?)?,
        is_of_one_class,
        is_positive: said.iter().all(|(.., weight)| *weight >= 0.0),
        covers: order.covers,
    })
}

/// What outputs begin with. onnxruntime takes the second of two for a classifier whose leaves speak of one class.
fn first_values(base: Vec<f64>, outputs: usize, classes: Option<usize>, is_of_one_class: bool) -> Result<Vec<f64>> {
    if outputs == 0 || outputs > 10_000 {
        return Err(damaged("trees have too many outputs, or none"));
    }
    if base.iter().any(|value| !value.is_finite()) {
        return Err(damaged("what trees begin with is not finite"));
    }
    match (base.len(), is_of_one_class) {
        (0, true) => Ok(vec![0.0]),
        (1 | 2, true) => Ok(vec![base[base.len() - 1]]),
        (0, false) => Ok(vec![0.0; outputs]),
        (1, false) if classes == Some(2) => Ok(vec![base[0], 0.0]),
        (count, false) if count == outputs => Ok(base),
        _ => Err(damaged("what trees begin with is of another number of outputs")),
    }
}

/// The lists of TreeEnsemble.
struct PlainLists {
    modes: Vec<f64>,
    splits: Vec<f64>,
    features: Vec<i64>,
    children: [Vec<i64>; 2],
    are_leaves: [Vec<i64>; 2],
    missing: Vec<i64>,
    members: Vec<Vec<f64>>,
}

/// The numbers of a constant that need not be there.
fn tensor(node: &proto::Node<'_>, name: &str) -> Result<Vec<f64>> {
    Ok(node.tensor(name)?.map_or(Vec::new(), |tensor| tensor.numbers))
}

impl PlainLists {
    fn read(node: &proto::Node<'_>) -> Result<PlainLists> {
        let members = tensor(node, "membership_values")?;
        let lists = PlainLists {
            modes: tensor(node, "nodes_modes")?,
            splits: tensor(node, "nodes_splits")?,
            features: node.ints("nodes_featureids")?,
            children: [node.ints("nodes_truenodeids")?, node.ints("nodes_falsenodeids")?],
            are_leaves: [node.ints("nodes_trueleafs")?, node.ints("nodes_falseleafs")?],
            missing: node.ints("nodes_missing_value_tracks_true")?,
            members: members.split(|value| value.is_nan()).map(sorted).collect(),
        };
        let count = lists.features.len();
        let sides = lists.children.iter().chain(&lists.are_leaves).map(Vec::len);
        if count == 0
            || count > MOST_NODES
            || [lists.modes.len(), lists.splits.len()]
                .into_iter()
                .chain(sides)
                .any(|length| length != count)
        {
            return Err(damaged("the lists of a tree's nodes have different lengths"));
        }
        room::ask(count.saturating_mul(300))?;
        Ok(lists)
    }

    /// The nodes, and behind them leaves: one for each that leads to it.
    fn given(&self, values: usize, pace: &mut Pace<'_>) -> Result<Vec<Given>> {
        let count = self.features.len();
        let (mut given, mut leaves) = (room::with_capacity(count * 3)?, Vec::new());
        let mut lists = 0;
        for place in 0..count {
            pace.spend(8)?;
            let test = match self.modes[place] as i64 {
                0 => Test::LessOrEqual,
                1 => Test::Less,
                2 => Test::GreaterOrEqual,
                3 => Test::Greater,
                4 => Test::Equal,
                5 => Test::NotEqual,
                6 => Test::Member,
                _ => return Err(damaged("a tree's node has a mode that is not known")),
            };
            let mut threshold = self.splits[place];
            if test == Test::Member {
                threshold = lists as f64;
                lists += 1;
            }
            let mut child = |side: usize| -> Result<u32> {
                let id =
                    usize::try_from(self.children[side][place]).map_err(|_| damaged("a tree's node leads nowhere"))?;
                let (is_leaf, most) = match self.are_leaves[side][place] {
                    0 => (false, count),
                    _ => (true, values),
                };
                if id >= most {
                    return Err(damaged("a tree's node leads nowhere"));
                }
                if !is_leaf {
                    return Ok(id as u32);
                }
                leaves.push(id as u32);
                Ok((count + leaves.len() - 1) as u32)
            };
            let (yes, no) = (child(0)?, child(1)?);
            let missing = self.missing.get(place).is_some_and(|tracks| *tracks != 0);
            let feature = feature(self.features[place])?;
            given.push(Given {
                node: Node {
                    test,
                    missing,
                    feature,
                    threshold,
                    yes,
                    no,
                },
                cover: 1.0,
            });
        }
        for leaf in leaves {
            let node = Node {
                test: Test::Leaf,
                missing: false,
                feature: 0,
                threshold: 0.0,
                yes: leaf,
                no: leaf + 1,
            };
            room::push(&mut given, Given { node, cover: 1.0 })?;
        }
        Ok(given)
    }
}

/// A list of members in order, each once.
fn sorted(members: &[f64]) -> Vec<f64> {
    let mut list: Vec<f64> = members.iter().map(|member| member + 0.0).collect();
    list.sort_by(f64::total_cmp);
    list.dedup();
    list
}

/// Reads TreeEnsemble, which came with version 5 of the domain.
pub(super) fn read_plain(node: &proto::Node<'_>, round: Round, pace: &mut Pace<'_>) -> Result<Read> {
    let outputs = usize::try_from(node.int("n_targets", 1)?).map_err(|_| damaged("trees have no output"))?;
    let lists = PlainLists::read(node)?;
    let (targets, weights) = (node.ints("leaf_targetids")?, tensor(node, "leaf_weights")?);
    if targets.len() != weights.len() || !weights.iter().all(|weight| weight.is_finite()) {
        return Err(damaged(
            "the lists of what leaves say have different lengths, or a number is not finite",
        ));
    }
    let mut values = room::with_capacity(weights.len())?;
    for (target, weight) in targets.iter().zip(&weights) {
        let output = usize::try_from(*target).ok().filter(|output| *output < outputs);
        values.push((
            output.ok_or_else(|| damaged("a leaf speaks of an output that is not there"))? as u32,
            *weight,
        ));
    }
    let given = lists.given(weights.len(), pace)?;
    let (mut order, mut roots) = (Ordering::new(given.len())?, Vec::new());
    for root in node.ints("tree_roots")? {
        let root = usize::try_from(root).map_err(|_| damaged("a tree has no root"))?;
        roots.push(order.add(&given, root, pace)?);
    }
    let aggregate = match node.int("aggregate_function", 1)? {
        0 => Aggregate::Average,
        1 => Aggregate::Sum,
        2 => Aggregate::Least,
        3 => Aggregate::Most,
        _ => return Err(damaged("trees are put together in a way that is not known")),
    };
    let post = match node.int("post_transform", 0)? {
        0 => "NONE",
        1 => "SOFTMAX",
        2 => "LOGISTIC",
        3 => "SOFTMAX_ZERO",
        4 => "PROBIT",
        _ => return Err(damaged("what becomes of the sums of trees is not known")),
    };
    let first = first_values(Vec::new(), outputs, None, false)?;
    Ok(Read {
        ensemble: Ensemble {
            nodes: order.nodes,
            roots,
            values,
            members: lists.members,
            aggregate,
            first,
            round,
        },
        post,
        is_of_one_class: false,
        is_positive: false,
        covers: Vec::new(),
    })
}

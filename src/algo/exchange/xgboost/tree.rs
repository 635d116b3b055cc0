//! A tree of the file.

use super::WHAT;
use super::file::Tree;
use super::threshold::largest_below;
use crate::error::{Error, Result};
use crate::exchange::columns::MOST_CODES;
use crate::exchange::{Columns, Grown, Known, Node, unsupported};
use crate::monitor::Monitor;

/// Of a node without children.
const LEAF: i32 = -1;

/// Whether a node splits by categories.
fn is_category(tree: &Tree, node: usize) -> bool {
    tree.split_type.get(node).is_some_and(|kind| *kind == 1)
}

fn is_leaf(tree: &Tree, node: usize) -> bool {
    tree.left_children[node] == LEAF
}

/// The features that are categories in some split.
pub(super) fn categories(tree: &Tree) -> impl Iterator<Item = usize> {
    let nodes = tree.split_indices.iter().enumerate();
    let splits = nodes.filter(|(node, _)| is_category(tree, *node));
    splits.map(|(_, feature)| *feature as usize)
}

/// Returns an error for lists of different lengths, features that there are not, and what a model here cannot do.
pub(super) fn check(tree: &Tree, features: usize) -> Result<()> {
    let nodes = tree.left_children.len();
    let damaged = |problem: &str| Err(Error::damaged(WHAT, problem));
    if tree.tree_param.size_leaf_vector.number(1)? > 1 {
        return Err(unsupported(
            "the XGBoost model has leaves of several numbers",
            "Its multi_strategy is multi_output_tree.",
            "train it with multi_strategy one_output_per_tree",
        ));
    }
    let is_whole = |length: usize| length == nodes;
    let may_lack = |length: usize| length == 0 || length == nodes;
    let whole = is_whole(tree.right_children.len())
        && is_whole(tree.split_indices.len())
        && is_whole(tree.split_conditions.len())
        && is_whole(tree.default_left.len())
        && may_lack(tree.split_type.len())
        && may_lack(tree.loss_changes.len())
        && may_lack(tree.sum_hessian.len());
    if !whole {
        return damaged("the lists of a tree are of different lengths");
    }
    if (0..nodes).any(|node| !is_leaf(tree, node) && tree.split_indices[node] as usize >= features) {
        return damaged("a split is by a feature that there is not");
    }
    let sets = tree.categories_nodes.len();
    if tree.categories_segments.len() != sets
        || tree.categories_sizes.len() != sets
        || !tree.categories_nodes.is_sorted()
    {
        return damaged("the sets of categories of a tree are out of order");
    }
    if tree.categories.iter().any(|code| *code as usize >= MOST_CODES) {
        return damaged("a category is out of range");
    }
    Ok(())
}

/// The categories that a split sends right.
fn codes(tree: &Tree, node: usize) -> Result<&[u32]> {
    let of = u32::try_from(node)
        .ok()
        .and_then(|node| tree.categories_nodes.binary_search(&node).ok());
    let codes = of.and_then(|set| {
        let from = usize::try_from(tree.categories_segments[set]).ok()?;
        let to = from.checked_add(usize::try_from(tree.categories_sizes[set]).ok()?)?;
        tree.categories.get(from..to)
    });
    codes.ok_or_else(|| Error::damaged(WHAT, "a set of categories is out of range"))
}

/// Notes the categories that splits tell from others. Returns an error for a feature that is both a number and a category.
pub(super) fn note_levels(tree: &Tree, columns: &mut Columns) -> Result<()> {
    for node in (0..tree.left_children.len()).filter(|node| !is_leaf(tree, *node)) {
        let feature = tree.split_indices[node] as usize;
        if is_category(tree, node) != columns.is_category(feature) {
            return Err(Error::damaged(
                WHAT,
                format!("feature {feature} is both a number and a category"),
            ));
        }
        if is_category(tree, node) {
            codes(tree, node)?.iter().for_each(|code| columns.note(feature, *code));
        }
    }
    Ok(())
}

/// Grows it, what its leaves add multiplied by `weight`.
pub(super) fn grow(
    tree: &Tree,
    grown: &mut Grown,
    columns: &Columns,
    weight: f64,
    monitor: &dyn Monitor,
) -> Result<()> {
    grown.add(
        tree.left_children.len(),
        &mut |place| node(tree, place, columns, weight),
        monitor,
    )
}

fn node(tree: &Tree, node: usize, columns: &Columns, weight: f64) -> Result<Node> {
    let condition = tree.split_conditions[node];
    if is_leaf(tree, node) {
        return Ok(Node::Leaf {
            value: f64::from(condition) * weight,
            known: Known {
                rows: 0,
                cover: tree
                    .sum_hessian
                    .get(node)
                    .map_or(0.0, |cover| f64::from(cover.max(0.0))),
            },
        });
    }
    let child = |child: i32| usize::try_from(child).map_err(|_| Error::damaged(WHAT, "a child is out of range"));
    let (left, right) = (child(tree.left_children[node])?, child(tree.right_children[node])?);
    let (column, gain) = (
        tree.split_indices[node] as usize,
        tree.loss_changes.get(node).map_or(0.0, |gain| f64::from(*gain)),
    );
    let missing_left = tree.default_left[node];
    if is_category(tree, node) {
        // Ours are in the set on the left, and unknown ones on the right: the sides change.
        return Ok(Node::Category {
            column,
            levels: columns.set(column, codes(tree, node)?.iter().copied()),
            missing_left: !missing_left,
            left: right,
            right: left,
            gain,
        });
    }
    let threshold = largest_below(condition).ok_or_else(|| Error::damaged(WHAT, "a threshold is no number"))?;
    Ok(Node::Number {
        column,
        threshold,
        missing_left,
        left,
        right,
        gain,
    })
}

//! What depends on what: as the catalogs have it, as trainings and logged decisions read it, and as people and manifests say.

mod catalogs;
mod change;
mod edges;
mod impact;
mod kept;
mod list;
mod node;
mod owners;
mod said;
mod told;
mod trace;
mod walk;

use hashbrown::{HashMap, HashSet};

use pgrx::pg_sys::Oid;

use self::node::{Direction, Edge, Node};
use self::walk::Graph;
use super::asset::Recording;
use crate::pg::error::Result;

/// Where a walk begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// A table or view.
    Relation(Oid),
    /// A model with all its versions, by its number in the registry.
    Model(i64),
}

/// A recorded asset on a walk, and how many dependencies away it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Distant {
    pub asset: i64,
    pub depth: u32,
}

/// What a recorded asset is. A check only looks at its relation, or the column of it: something wrong with the check is wrong with that.
fn subject(asset: i64) -> Result<Option<Node>> {
    let Some(recording) = Recording::by_id(asset)? else {
        return Ok(None);
    };
    let node = Node::of_recording(&recording)?;
    let Node::Check(_) = node else { return Ok(Some(node)) };
    let mut edges = Vec::new();
    kept::Checks::default().at(node, Direction::Upstream, &mut edges)?;
    Ok(Some(edges.first().map_or(node, |edge: &Edge| edge.upstream)))
}

/// Which of these recorded assets are strictly upstream of what is given, the nearest first: that itself, its columns and its
/// checks are not, even where dependencies go in a circle. A check, which only looks at its relation, counts as that; a relation where one of its columns
/// is upstream; a column where the walk comes by it, or by its relation where columns are not known. Whether the caller may know of them is for
/// those who ask to see to.
pub fn upstream_among(start: Start, assets: &[i64]) -> Result<Vec<Distant>> {
    if assets.is_empty() {
        return Ok(Vec::new());
    }
    let own = match start {
        Start::Relation(oid) => Node::Relation(oid.to_u32()),
        Start::Model(id) => Node::Model(id),
    };
    let mut depths: HashMap<Node, u32> = HashMap::new();
    // Relations of which columns were reached: the nearest of these.
    let mut by_column: HashMap<Node, u32> = HashMap::new();
    for visit in Graph::new(Direction::Upstream)?.walk(&[own])? {
        nearer(&mut depths, visit.node, visit.depth);
        if matches!(visit.node, Node::Column(..)) {
            nearer(&mut by_column, visit.node.container(), visit.depth);
        }
    }
    let mut found = Vec::new();
    for &asset in assets {
        let Some(node) = subject(asset)?.filter(|node| node.container() != own) else {
            continue;
        };
        let as_whole = depths.get(&node.container());
        let depth = depths
            .get(&node)
            .into_iter()
            .chain(as_whole)
            .chain(by_column.get(&node))
            .min();
        if let Some(&depth) = depth.filter(|&&depth| depth > 0) {
            found.push(Distant { asset, depth });
        }
    }
    found.sort_by_key(|distant| (distant.depth, distant.asset));
    Ok(found)
}

fn nearer(depths: &mut HashMap<Node, u32>, node: Node, depth: u32) {
    let nearest = depths.entry(node).or_insert(depth);
    *nearest = depth.min(*nearest);
}

/// What is broken of one relation, or of something else.
struct Broken {
    nodes: Vec<Node>,
    /// The place of the first asset.
    first: usize,
    explained_by: Option<usize>,
}

impl Broken {
    /// Whether something that was reached is broken here: a column, or the relation as a whole.
    fn is_at(&self, reached: Node) -> bool {
        let meets = |&node: &Node| node == reached || node.container() == reached || node == reached.container();
        self.nodes.iter().any(meets)
    }
}

/// For each of these recorded assets, which are broken, the one of them that explains it: the most upstream one that it depends on, or itself.
/// Pairs of the asset and that one, in the order given; of assets of one relation, and of assets in a circle, the first given.
pub fn roots(assets: &[i64]) -> Result<Vec<(i64, i64)>> {
    let mut all: Vec<Broken> = Vec::new();
    let mut by_container: HashMap<Node, usize> = HashMap::new();
    let mut groups = Vec::with_capacity(assets.len());
    for (place, &asset) in assets.iter().enumerate() {
        let node = subject(asset)?.unwrap_or(Node::Asset(asset));
        let group = *by_container.entry(node.container()).or_insert(all.len());
        if group == all.len() {
            all.push(Broken {
                nodes: Vec::new(),
                first: place,
                explained_by: None,
            });
        }
        all[group].nodes.push(node);
        groups.push(group);
    }
    // Each explains what it reaches, unless it is explained itself; what one has walked through, the next does not walk through again.
    let mut reached: HashSet<Node> = HashSet::new();
    let mut graph = Graph::new(Direction::Downstream)?;
    for group in 0..all.len() {
        if all[group].explained_by.is_some() {
            continue;
        }
        for visit in graph.walk_beyond(&all[group].nodes, &reached)? {
            reached.insert(visit.node);
            let other = by_container.get(&visit.node.container()).copied();
            if let Some(other) = other.filter(|&other| other != group)
                && all[other].explained_by.is_none()
                && all[other].is_at(visit.node)
            {
                all[other].explained_by = Some(group);
            }
        }
    }
    let root = |mut group: usize| {
        while let Some(other) = all[group].explained_by {
            group = other;
        }
        assets[all[group].first]
    };
    Ok(assets
        .iter()
        .zip(groups)
        .map(|(&asset, group)| (asset, root(group)))
        .collect())
}

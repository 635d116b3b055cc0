//! Edges that people or manifests say, between recorded assets.

use std::rc::Rc;

use hashbrown::HashMap;

use super::edges::Source;
use super::node::{Direction, Edge, Node, Origin};
use crate::models::registry;
use crate::pg::catalog::{self, Key};
use crate::pg::compute::serve_interrupts;
use crate::pg::error::Result;
use crate::reliability::asset::{Asset, Recording};

/// Rows between two looks at interrupts.
const LOOK: usize = 1024;

/// All recorded assets, and what they are now.
#[derive(Default)]
pub struct Recordings {
    all: Vec<(Node, Recording)>,
    places: HashMap<i64, u32>,
}

impl Recordings {
    pub fn read() -> Result<Recordings> {
        let mut read = Recordings::default();
        Recording::all(|recording| {
            if read.all.len().is_multiple_of(LOOK) {
                serve_interrupts();
            }
            read.places.insert(recording.id, read.all.len() as u32);
            read.all.push((Node::of_recording(&recording)?, recording));
            Ok(())
        })?;
        Ok(read)
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &(Node, Recording)> {
        self.all.iter()
    }

    fn get(&self, id: i64) -> Option<&(Node, Recording)> {
        self.all.get(*self.places.get(&id)? as usize)
    }

    /// What the asset of a number is now.
    pub fn node(&self, id: i64) -> Option<Node> {
        self.get(id).map(|(node, _)| *node)
    }

    /// The asset of a number.
    pub fn asset(&self, id: i64) -> Option<&Asset> {
        self.get(id).map(|(_, recording)| &recording.asset)
    }
}

/// Edges between recorded assets.
#[derive(Default)]
pub struct Said {
    /// Once all of them were read.
    pub recordings: Option<Rc<Recordings>>,
}

/// The numbers under which something, or for a relation its columns too, are recorded, with what they are.
pub fn recorded_at(container: Node) -> Result<Vec<(i64, Node)>> {
    let by_asset =
        |asset: Asset| -> Result<Vec<(i64, Node)>> { Ok(asset.id()?.map(|id| (id, container)).into_iter().collect()) };
    match container {
        Node::Relation(oid) | Node::Column(oid, _) => {
            let mut found = Vec::new();
            for recording in Recording::of_relation(oid.into())? {
                let node = Node::of_recording(&recording)?;
                if node.container() == Node::Relation(oid) {
                    found.push((recording.id, node));
                }
            }
            Ok(found)
        }
        Node::Model(id) => match registry::by_id(id)? {
            Some(model) => by_asset(Asset::of_model(&model.name)),
            None => Ok(Vec::new()),
        },
        Node::Check(id) => by_asset(Asset::of_check(id)?),
        Node::Asset(id) => Ok(vec![(id, container)]),
    }
}

impl Source for Said {
    fn concerns(&self, _: Node, _: Direction) -> bool {
        true
    }

    fn at(&mut self, container: Node, direction: Direction, into: &mut Vec<Edge>) -> Result<()> {
        for (id, near) in recorded_at(container)? {
            let (index, key, other) = match direction {
                Direction::Downstream => (c"lineage_edge_pkey", 1, 2),
                Direction::Upstream => (c"lineage_edge_downstream_idx", 2, 1),
            };
            let mut others = Vec::new();
            catalog::find::<()>(c"lineage_edge", index, &[Key::BigInt(key, id)], |row| {
                others.push(row.require::<i64>(other)?);
                Ok(None)
            })?;
            others.dedup();
            for other in others {
                let Some(recording) = Recording::by_id(other)? else {
                    continue;
                };
                let far = Node::of_recording(&recording)?;
                into.push(match direction {
                    Direction::Downstream => Edge::new(near, far, Origin::Said),
                    Direction::Upstream => Edge::new(far, near, Origin::Said),
                });
            }
        }
        Ok(())
    }

    fn pages(&self) -> Result<u32> {
        Ok(catalog::pages(c"lineage_edge")?.saturating_add(catalog::pages(c"asset")?))
    }

    fn all(&mut self, into: &mut Vec<Edge>) -> Result<()> {
        if catalog::pages(c"lineage_edge")? == 0 {
            return Ok(());
        }
        let recordings = Recordings::read()?;
        catalog::visit_columns::<()>(c"lineage_edge", 2, |row| {
            if into.len().is_multiple_of(LOOK) {
                serve_interrupts();
            }
            let ends = (recordings.node(row.require(1)?), recordings.node(row.require(2)?));
            if let (Some(upstream), Some(downstream)) = ends {
                into.push(Edge::new(upstream, downstream, Origin::Said));
            }
            Ok(None)
        })?;
        self.recordings = Some(Rc::new(recordings));
        Ok(())
    }
}

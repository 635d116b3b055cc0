//! Edges that people or manifests say, between recorded assets.

use std::rc::Rc;

use hashbrown::HashMap;

use super::edges::{Grouped, Known, Source};
use super::node::{Direction, Edge, Node, Origin};
use crate::models::registry;
use crate::pg::catalog::{self, Key};
use crate::pg::compute::serve_interrupts;
use crate::pg::error::Result;
use crate::reliability::asset::{Asset, Recording};

/// Rows between two looks at interrupts.
const LOOK: usize = 1024;

/// All recorded assets, and what they are now: places in lists, which a walk over hundreds of thousands of edges reads more than anything else.
#[derive(Default)]
pub struct Recordings {
    all: Vec<Recording>,
    nodes: Vec<Node>,
    places: Places,
}

impl Recordings {
    pub fn read() -> Result<Recordings> {
        let mut read = Recordings::default();
        Recording::all(|recording| {
            if read.all.len().is_multiple_of(LOOK) {
                serve_interrupts();
            }
            read.places.insert(recording.id, read.all.len() as u32);
            read.nodes.push(Node::of_recording(&recording)?);
            read.all.push(recording);
            Ok(())
        })?;
        Ok(read)
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (Node, &Recording)> {
        self.nodes.iter().copied().zip(&self.all)
    }

    /// What the asset of a number is now.
    pub fn node(&self, id: i64) -> Option<Node> {
        self.nodes.get(self.places.get(id)? as usize).copied()
    }

    /// The asset of a number.
    pub fn asset(&self, id: i64) -> Option<&Asset> {
        Some(&self.all.get(self.places.get(id)? as usize)?.asset)
    }
}

/// Places by numbers, which are given out one after the other: most are found in a list, few in a map.
#[derive(Default)]
struct Places {
    /// The number that the list begins with.
    first: i64,
    /// [`NONE`] for numbers that are not there.
    list: Vec<u32>,
    map: HashMap<i64, u32>,
    count: usize,
}

const NONE: u32 = u32::MAX;

impl Places {
    fn insert(&mut self, id: i64, place: u32) {
        if self.count == 0 {
            self.first = id;
        }
        self.count += 1;
        match self.at(id).filter(|&at| at < 2 * self.count) {
            Some(at) => {
                if at >= self.list.len() {
                    self.list.resize(at + 1, NONE);
                }
                self.list[at] = place;
            }
            None => {
                self.map.insert(id, place);
            }
        }
    }

    /// Where a number is in the list, if that is as long.
    #[inline]
    fn at(&self, id: i64) -> Option<usize> {
        usize::try_from(id.checked_sub(self.first)?).ok()
    }

    #[inline]
    fn get(&self, id: i64) -> Option<u32> {
        match self.at(id).and_then(|at| self.list.get(at)) {
            Some(&place) if place != NONE => Some(place),
            _ => self.map.get(&id).copied(),
        }
    }
}

/// All edges between recorded assets, by the places of these.
struct Between {
    recordings: Rc<Recordings>,
    direction: Direction,
    /// Where the edges of a near end begin in `far`; one more at the end.
    begins: Vec<u32>,
    far: Vec<u32>,
    /// The near ends that are of a container.
    near: HashMap<Node, Vec<u32>>,
}

impl Between {
    /// Of ends near and far.
    fn of(recordings: Rc<Recordings>, direction: Direction, edges: &[(u32, u32)]) -> Between {
        let mut begins = vec![0_u32; recordings.all.len() + 1];
        for &(near, _) in edges {
            begins[near as usize + 1] += 1;
        }
        for place in 1..begins.len() {
            begins[place] += begins[place - 1];
        }
        serve_interrupts();
        let (mut next, mut far) = (begins.clone(), vec![0_u32; edges.len()]);
        for &(near, other) in edges {
            let place = &mut next[near as usize];
            far[*place as usize] = other;
            *place += 1;
        }
        serve_interrupts();
        let mut near: HashMap<Node, Vec<u32>> = HashMap::new();
        for (place, node) in recordings.nodes.iter().enumerate() {
            if begins[place] < begins[place + 1] {
                near.entry(node.container()).or_default().push(place as u32);
            }
        }
        Between {
            recordings,
            direction,
            begins,
            far,
            near,
        }
    }
}

impl Known for Between {
    fn at(&self, container: Node, into: &mut Vec<Edge>) {
        let nodes = &self.recordings.nodes;
        for &place in self.near.get(&container).into_iter().flatten() {
            let near = nodes[place as usize];
            let (first, end) = (self.begins[place as usize], self.begins[place as usize + 1]);
            into.extend(self.far[first as usize..end as usize].iter().map(|&far| {
                let far = nodes[far as usize];
                match self.direction {
                    Direction::Downstream => Edge::new(near, far, Origin::Said),
                    Direction::Upstream => Edge::new(far, near, Origin::Said),
                }
            }));
        }
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

    fn all(&mut self, direction: Direction) -> Result<Box<dyn Known>> {
        if catalog::pages(c"lineage_edge")? == 0 {
            return Ok(Box::new(Grouped::of(Vec::new(), direction)));
        }
        let recordings = Rc::new(Recordings::read()?);
        let mut edges: Vec<(u32, u32)> = Vec::new();
        catalog::visit_columns::<()>(c"lineage_edge", 2, |row| {
            if edges.len().is_multiple_of(LOOK) {
                serve_interrupts();
            }
            let places = &recordings.places;
            if let (Some(upstream), Some(downstream)) = (places.get(row.require(1)?), places.get(row.require(2)?)) {
                edges.push(match direction {
                    Direction::Downstream => (upstream, downstream),
                    Direction::Upstream => (downstream, upstream),
                });
            }
            Ok(None)
        })?;
        self.recordings = Some(recordings.clone());
        Ok(Box::new(Between::of(recordings, direction, &edges)))
    }
}

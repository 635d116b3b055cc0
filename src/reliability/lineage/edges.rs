//! Where edges are read: by index while a walk is short, all at once when it is not.

use hashbrown::HashMap;

use super::node::{Direction, Edge, Node};
use crate::pg::compute::serve_interrupts;
use crate::pg::error::Result;

/// Somewhere that has edges.
pub trait Source {
    /// Whether it can have edges at whose near end `container` is.
    fn concerns(&self, container: Node, direction: Direction) -> bool;

    /// Adds those at whose near end is `container`, a relation with its columns, or something else.
    fn at(&mut self, container: Node, direction: Direction, into: &mut Vec<Edge>) -> Result<()>;

    /// How many pages of tables all of them are on.
    fn pages(&self) -> Result<u32>;

    /// All of them.
    fn all(&mut self, direction: Direction) -> Result<Box<dyn Known>>;
}

/// All edges of a source, in memory.
pub trait Known {
    /// Adds those at whose near end is `container`.
    fn at(&self, container: Node, into: &mut Vec<Edge>);
}

/// So many are looked up by index at least before all of them are read, and so many at most.
const FEW: u32 = 16;
const MANY: u32 = 1000;
/// So many pages are read in the time of a look-up by index, at most: looking up first makes a long walk longer by little.
const PAGES: u32 = 16;

/// How many are looked up by index before so many pages are read.
pub fn few(pages: u32) -> u32 {
    (pages / PAGES).clamp(FEW, MANY)
}

/// Edges by the containers of their near ends.
pub struct Grouped {
    edges: Vec<Edge>,
    /// Where those of a container begin, and where they end.
    places: HashMap<Node, (u32, u32)>,
}

impl Grouped {
    pub fn of(mut edges: Vec<Edge>, direction: Direction) -> Grouped {
        serve_interrupts();
        let container = |edge: &Edge| edge.ends(direction).0.container();
        edges.sort_unstable_by_key(container);
        let mut places: HashMap<Node, (u32, u32)> = HashMap::new();
        for (place, edge) in edges.iter().enumerate() {
            let place = place as u32;
            places.entry(container(edge)).or_insert((place, place)).1 = place + 1;
        }
        Grouped { edges, places }
    }
}

impl Known for Grouped {
    fn at(&self, container: Node, into: &mut Vec<Edge>) {
        if let Some(&(first, end)) = self.places.get(&container) {
            into.extend_from_slice(&self.edges[first as usize..end as usize]);
        }
    }
}

/// A source on a walk in one direction.
pub struct Reader<S> {
    pub source: S,
    direction: Direction,
    looked_up: u32,
    /// So many are looked up by index.
    few: u32,
    all: Option<Box<dyn Known>>,
}

impl<S: Source> Reader<S> {
    pub fn new(source: S, direction: Direction) -> Reader<S> {
        Reader {
            source,
            direction,
            looked_up: 0,
            few: FEW,
            all: None,
        }
    }

    /// Adds the edges at whose near end is `container`.
    pub fn at(&mut self, container: Node, into: &mut Vec<Edge>) -> Result<()> {
        if !self.source.concerns(container, self.direction) {
            return Ok(());
        }
        if let Some(all) = &self.all {
            all.at(container, into);
            return Ok(());
        }
        if self.looked_up == FEW {
            self.few = few(self.source.pages()?);
        }
        if self.looked_up >= self.few {
            let all = self.source.all(self.direction)?;
            self.all.insert(all).at(container, into);
            return Ok(());
        }
        self.looked_up += 1;
        self.source.at(container, self.direction, into)
    }
}

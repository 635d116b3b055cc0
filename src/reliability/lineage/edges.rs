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

    /// Adds all of them.
    fn all(&mut self, into: &mut Vec<Edge>) -> Result<()>;
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

/// All edges of a source, by the containers of their near ends.
struct Known {
    edges: Vec<Edge>,
    /// The last edge of each container, and before each edge the one before it of the same container: places counted from 1, and 0 for none.
    last: HashMap<Node, u32>,
    before: Vec<u32>,
}

impl Known {
    fn of(edges: Vec<Edge>, direction: Direction) -> Known {
        let mut last = HashMap::new();
        let mut before = Vec::with_capacity(edges.len());
        for (place, edge) in edges.iter().enumerate() {
            if place.is_multiple_of(1024) {
                serve_interrupts();
            }
            let container = edge.ends(direction).0.container();
            before.push(last.insert(container, place as u32 + 1).unwrap_or(0));
        }
        Known { edges, last, before }
    }

    fn at(&self, container: Node, into: &mut Vec<Edge>) {
        let mut next = self.last.get(&container).copied().unwrap_or(0) as usize;
        while let Some(place) = next.checked_sub(1) {
            into.push(self.edges[place]);
            next = self.before[place] as usize;
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
    all: Option<Known>,
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
            let mut edges = Vec::new();
            self.source.all(&mut edges)?;
            self.all.insert(Known::of(edges, self.direction)).at(container, into);
            return Ok(());
        }
        self.looked_up += 1;
        self.source.at(container, self.direction, into)
    }
}

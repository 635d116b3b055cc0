//! Where edges are read: by index while a walk is short, all at once when it is not.

use super::node::{Direction, Edge, Node};
use crate::pg::compute::serve_interrupts;
use crate::pg::error::Result;

/// Somewhere that has edges.
pub trait Source {
    /// Whether it can have edges at whose near end `container` is.
    fn concerns(&self, container: Node, direction: Direction) -> bool;

    /// Adds those at whose near end is `container`, a relation with its columns, or something else.
    fn at(&mut self, container: Node, direction: Direction, into: &mut Vec<Edge>) -> Result<()>;

    /// Adds all of them.
    fn all(&mut self, into: &mut Vec<Edge>) -> Result<()>;
}

/// So many are looked up by index before all of them are read.
const FEW: u32 = 1000;

/// A source on a walk in one direction.
pub struct Reader<S> {
    pub source: S,
    direction: Direction,
    looked_up: u32,
    /// All edges, in the order of their near ends' containers.
    all: Option<Vec<(Node, Edge)>>,
}

impl<S: Source> Reader<S> {
    pub fn new(source: S, direction: Direction) -> Reader<S> {
        Reader {
            source,
            direction,
            looked_up: 0,
            all: None,
        }
    }

    /// Adds the edges at whose near end is `container`.
    pub fn at(&mut self, container: Node, into: &mut Vec<Edge>) -> Result<()> {
        if !self.source.concerns(container, self.direction) {
            return Ok(());
        }
        if self.all.is_none() && self.looked_up >= FEW {
            let mut edges = Vec::new();
            self.source.all(&mut edges)?;
            serve_interrupts();
            let near = |edge: Edge| (edge.ends(self.direction).0.container(), edge);
            let mut all: Vec<(Node, Edge)> = edges.into_iter().map(near).collect();
            all.sort_unstable_by_key(|(container, _)| *container);
            self.all = Some(all);
        }
        match &self.all {
            Some(all) => {
                let first = all.partition_point(|(other, _)| *other < container);
                let found = all[first..].iter().take_while(|(other, _)| *other == container);
                into.extend(found.map(|(_, edge)| *edge));
                Ok(())
            }
            None => {
                self.looked_up += 1;
                self.source.at(container, self.direction, into)
            }
        }
    }
}

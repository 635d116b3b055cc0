//! Edges that PostgreSQL's own catalogs have.

use super::edges::{Grouped, Known, Source};
use super::node::{Direction, Edge, Node, Origin};
use crate::pg::error::Result;
use crate::pg::references::{self, KeyPair, Part, Reference};

pub struct Catalogs;

fn of_view(reference: Reference) -> Edge {
    Edge::new(
        Node::of_column(reference.relation, reference.column),
        Node::Relation(reference.view.to_u32()),
        Origin::View,
    )
}

fn of_key(pair: KeyPair) -> Edge {
    let node = |(relation, column)| Node::of_column(relation, column);
    Edge::new(node(pair.referenced), node(pair.referencing), Origin::ForeignKey)
}

fn of_part(part: Part) -> Edge {
    let node = |relation: pgrx::pg_sys::Oid| Node::Relation(relation.to_u32());
    Edge::new(node(part.child), node(part.parent), Origin::Partition)
}

impl Catalogs {
    /// All edges.
    pub fn edges(&self) -> Result<Vec<Edge>> {
        let mut edges: Vec<Edge> = references::all_views()?.into_iter().map(of_view).collect();
        edges.extend(references::all_keys()?.into_iter().map(of_key));
        edges.extend(references::all_parts()?.into_iter().map(of_part));
        Ok(edges)
    }
}

impl Source for Catalogs {
    fn concerns(&self, container: Node, _: Direction) -> bool {
        matches!(container, Node::Relation(_))
    }

    fn at(&mut self, container: Node, direction: Direction, into: &mut Vec<Edge>) -> Result<()> {
        let Node::Relation(oid) = container else { return Ok(()) };
        let (views, keys, parts) = match direction {
            Direction::Upstream => (
                references::of_view(oid.into())?,
                references::keys_of(oid.into())?,
                references::parts_of(oid.into())?,
            ),
            Direction::Downstream => {
                let (views, keys) = references::to_relation(oid.into())?;
                (views, keys, references::parents_of(oid.into())?)
            }
        };
        into.extend(views.into_iter().map(of_view));
        into.extend(keys.into_iter().map(of_key));
        into.extend(parts.into_iter().map(of_part));
        Ok(())
    }

    fn pages(&self) -> Result<u32> {
        Ok(references::pages())
    }

    fn all(&mut self, direction: Direction) -> Result<Box<dyn Known>> {
        Ok(Box::new(Grouped::of(self.edges()?, direction)))
    }
}

//! What dependencies are between.

use pgrx::pg_sys::Oid;

use crate::models::registry;
use crate::pg::error::Result;
use crate::pg::relation;
use crate::reliability::asset::{Asset, Kind, Recording};

/// Something that depends, or is depended on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// A table or view, by its object.
    Relation(u32),
    /// A column of one, by its number.
    Column(u32, i16),
    /// A model, by its number in the registry.
    Model(i64),
    /// A stored check, by its number.
    Check(i64),
    /// What is only recorded, by its number there: dashboards, sources, schemas, and what is gone.
    Asset(i64),
}

impl Node {
    /// The relation of a column; everything else itself.
    pub fn container(self) -> Node {
        match self {
            Node::Column(relation, _) => Node::Relation(relation),
            Node::Relation(_) | Node::Model(_) | Node::Check(_) | Node::Asset(_) => self,
        }
    }

    /// A column, or with number 0 its relation.
    pub fn of_column(relation: Oid, number: i16) -> Node {
        match number {
            ..=0 => Node::Relation(relation.to_u32()),
            number => Node::Column(relation.to_u32(), number),
        }
    }

    /// What a recorded asset is now.
    pub fn of_recording(recording: &Recording) -> Result<Node> {
        let (only_recorded, asset) = (Node::Asset(recording.id), &recording.asset);
        Ok(match (asset.kind, asset.relation, &asset.column) {
            (Kind::Relation, Some(oid), _) => Node::Relation(oid.to_u32()),
            (Kind::Column, Some(oid), Some(column)) => match relation::column_number(oid, column) {
                Some(number) => Node::Column(oid.to_u32(), number),
                None => only_recorded,
            },
            (Kind::Model, ..) => registry::find(&asset.name)?.map_or(only_recorded, |model| Node::Model(model.id)),
            (Kind::Check, ..) => asset.name.parse().map_or(only_recorded, Node::Check),
            (Kind::Relation | Kind::Column | Kind::Schema | Kind::Dashboard | Kind::Source, ..) => only_recorded,
        })
    }

    /// What an asset is; `None` for one that is outside of the database, and of which nothing is recorded.
    pub fn of_asset(asset: &Asset) -> Result<Option<Node>> {
        Ok(match (asset.kind, asset.relation, &asset.column) {
            (Kind::Relation, Some(oid), _) => Some(Node::Relation(oid.to_u32())),
            (Kind::Column, Some(oid), Some(column)) => {
                relation::column_number(oid, column).map(|number| Node::Column(oid.to_u32(), number))
            }
            (Kind::Model, ..) => registry::find(&asset.name)?.map(|model| Node::Model(model.id)),
            (Kind::Check, ..) => asset.name.parse().ok().map(Node::Check),
            (Kind::Relation | Kind::Column | Kind::Schema | Kind::Dashboard | Kind::Source, ..) => {
                asset.id()?.map(Node::Asset)
            }
        })
    }
}

/// In which direction a walk goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Upstream,
    Downstream,
}

/// From where a dependency is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The query of a view.
    View,
    /// A foreign key.
    ForeignKey,
    /// A partition, or a table that inherits.
    Partition,
    /// What a training read.
    Training,
    /// What was read to be scored and logged.
    Predictions,
    /// A stored check looks at it.
    Check,
    /// Somebody, or a manifest, says so.
    Said,
}

impl Origin {
    pub fn name(self) -> &'static str {
        match self {
            Origin::View => "view",
            Origin::ForeignKey => "foreign key",
            Origin::Partition => "partition",
            Origin::Training => "training",
            Origin::Predictions => "predictions",
            Origin::Check => "check",
            Origin::Said => "said",
        }
    }
}

/// A dependency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    pub upstream: Node,
    pub downstream: Node,
    pub origin: Origin,
    /// Whether it is known that none of the upstream relation's columns is read, only whether it has rows.
    pub rows_only: bool,
}

impl Edge {
    pub fn new(upstream: Node, downstream: Node, origin: Origin) -> Edge {
        Edge {
            upstream,
            downstream,
            origin,
            rows_only: false,
        }
    }

    /// The end from which a walk comes, and the one to which it goes.
    pub fn ends(&self, direction: Direction) -> (Node, Node) {
        match direction {
            Direction::Upstream => (self.downstream, self.upstream),
            Direction::Downstream => (self.upstream, self.downstream),
        }
    }
}

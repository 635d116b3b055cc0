//! Edges that assay itself keeps: what versions of models read, when they were trained and when they scored, and what checks look at.

use std::ffi::CStr;

use hashbrown::HashMap;
use pgrx::pg_sys::Oid;

use super::edges::{Grouped, Known, Source};
use super::node::{Direction, Edge, Node, Origin};
use crate::pg::catalog::{self, Key};
use crate::pg::catalog_row::CatalogRow;
use crate::pg::error::Result;
use crate::pg::{relation, tables};
use crate::reliability::recorded::{Recorded, Target};

/// A table of what versions read.
struct Table {
    name: &'static CStr,
    by_model: &'static CStr,
    by_relation: &'static CStr,
    by_name: &'static CStr,
    origin: Origin,
}

const TABLES: [Table; 2] = [
    Table {
        name: c"model_source",
        by_model: c"model_source_pkey",
        by_relation: c"model_source_relation_idx",
        by_name: c"model_source_name_idx",
        origin: Origin::Training,
    },
    Table {
        name: c"prediction_source",
        by_model: c"prediction_source_version_idx",
        by_relation: c"prediction_source_relation_idx",
        by_name: c"prediction_source_name_idx",
        origin: Origin::Predictions,
    },
];

/// What a version read of a relation.
pub struct Reading {
    pub model: i64,
    pub version: i32,
    pub origin: Origin,
    /// The relation that bears the name which the one that was read had; where none does, that one.
    relation: Option<Oid>,
    /// The one that was read.
    pub object: Oid,
    /// `None` where it is not known which.
    columns: Option<Vec<String>>,
}

impl Reading {
    fn of(row: &CatalogRow, origin: Origin) -> Result<Reading> {
        let (object, name): (Oid, String) = (row.require(3)?, row.require(4)?);
        // Nothing is run of what bears the name: it need not be of somebody whom the model trusts.
        let still = || relation::name_of(object).map(|_| object);
        let relation = match relation::name_of(object) {
            Some(now) if now == name => Some(object),
            _ => relation::of_name(&name).or_else(still),
        };
        Ok(Reading {
            model: row.require(1)?,
            version: row.require(2)?,
            origin,
            relation,
            object,
            columns: match row.is_null(5) {
                true => None,
                false => Some(row.texts(5)?),
            },
        })
    }

    /// Those of all versions of a model.
    pub fn of_model(model: i64) -> Result<Vec<Reading>> {
        Reading::find(|table| Some((table.by_model, vec![Key::BigInt(1, model)])))
    }

    /// Those of a relation.
    pub fn of_relation(relation: Oid) -> Result<Vec<Reading>> {
        let mut found = Reading::find(|table| Some((table.by_relation, vec![Key::Oid(3, relation)])))?;
        if let Some(name) = relation::name_of(relation) {
            found.extend(Reading::find(|table| Some((table.by_name, vec![Key::Text(4, &name)])))?);
        }
        found.retain(|reading| reading.relation == Some(relation));
        Ok(found)
    }

    /// Those that an index and keys find, or all.
    fn find<'k>(by: impl Fn(&Table) -> Option<(&'static CStr, Vec<Key<'k>>)>) -> Result<Vec<Reading>> {
        let mut found = Vec::new();
        for table in TABLES.iter().filter(|table| tables::exists(table.name)) {
            let look = |row: &CatalogRow| -> Result<Option<()>> {
                found.push(Reading::of(row, table.origin)?);
                Ok(None)
            };
            match by(table) {
                Some((index, keys)) => catalog::find(table.name, index, &keys, look)?,
                None => catalog::visit(table.name, look)?,
            };
        }
        Ok(found)
    }

    /// As edges. Of a column that is not there any more it is known that the relation was read.
    pub fn edges(&self, into: &mut Vec<Edge>) {
        let Some(oid) = self.relation else { return };
        let (relation, model) = (Node::Relation(oid.to_u32()), Node::Model(self.model));
        let columns = self.columns.as_deref();
        for column in columns.unwrap_or_default() {
            let node = relation::column_number(oid, column).map_or(relation, |number| Node::of_column(oid, number));
            into.push(Edge::new(node, model, self.origin));
        }
        if columns.is_none_or(<[String]>::is_empty) {
            into.push(Edge {
                rows_only: columns.is_some(),
                ..Edge::new(relation, model, self.origin)
            });
        }
    }
}

/// What versions read.
pub struct Readings;

impl Readings {
    /// All edges.
    pub fn edges(&self) -> Result<Vec<Edge>> {
        let mut edges = Vec::new();
        Reading::find(|_| None)?
            .iter()
            .for_each(|reading| reading.edges(&mut edges));
        Ok(edges)
    }
}

impl Source for Readings {
    fn concerns(&self, container: Node, direction: Direction) -> bool {
        match direction {
            Direction::Downstream => matches!(container, Node::Relation(_)),
            Direction::Upstream => matches!(container, Node::Model(_)),
        }
    }

    fn at(&mut self, container: Node, direction: Direction, into: &mut Vec<Edge>) -> Result<()> {
        let readings = match (container, direction) {
            (Node::Relation(oid), Direction::Downstream) => Reading::of_relation(oid.into())?,
            (Node::Model(id), Direction::Upstream) => Reading::of_model(id)?,
            _ => return Ok(()),
        };
        readings.iter().for_each(|reading| reading.edges(into));
        Ok(())
    }

    fn pages(&self) -> Result<u32> {
        let tables = TABLES.iter().filter(|table| tables::exists(table.name));
        tables.map(|table| catalog::pages(table.name)).sum()
    }

    fn all(&mut self, direction: Direction) -> Result<Box<dyn Known>> {
        Ok(Box::new(Grouped::of(self.edges()?, direction)))
    }
}

/// A stored check, and what it looks at.
struct Check {
    id: i64,
    recorded: Recorded,
    column: Option<String>,
}

/// Stored checks, which are read once, when a walk first comes by a relation: there are few of them beside what they look at.
#[derive(Default)]
pub struct Checks {
    all: Option<Vec<Check>>,
    by_relation: HashMap<u32, Vec<usize>>,
    by_name: HashMap<String, Vec<usize>>,
}

impl Check {
    fn read(row: &CatalogRow) -> Result<Check> {
        Ok(Check {
            id: row.require(1)?,
            recorded: Recorded {
                relation: row.require(2)?,
                name: row.require(3)?,
                owner: row.get(18)?,
                added_by: row.require(16)?,
            },
            column: row.get(5)?,
        })
    }

    /// What it looks at, if that is still there.
    fn edge(&self) -> Option<Edge> {
        let Target::Found(oid) = self.recorded.target() else {
            return None;
        };
        let number = self
            .column
            .as_deref()
            .and_then(|column| relation::column_number(oid, column));
        let node = Node::of_column(oid, number.unwrap_or(0));
        Some(Edge::new(node, Node::Check(self.id), Origin::Check))
    }
}

impl Checks {
    /// All edges.
    pub fn edges(&mut self) -> Result<Vec<Edge>> {
        Ok(self.read()?.iter().filter_map(Check::edge).collect())
    }

    fn read(&mut self) -> Result<&[Check]> {
        if self.all.is_none() {
            let mut all: Vec<Check> = Vec::new();
            catalog::visit::<()>(c"quality_check", |row| {
                all.push(Check::read(row)?);
                Ok(None)
            })?;
            for (place, check) in all.iter().enumerate() {
                self.by_relation
                    .entry(check.recorded.relation.to_u32())
                    .or_default()
                    .push(place);
                self.by_name.entry(check.recorded.name.clone()).or_default().push(place);
            }
            self.all = Some(all);
        }
        Ok(self.all.as_deref().unwrap_or_default())
    }
}

/// The check of a number.
fn check(id: i64) -> Result<Option<Check>> {
    catalog::find(c"quality_check", c"quality_check_pkey", &[Key::BigInt(1, id)], |row| {
        Ok(Some(Check::read(row)?))
    })
}

impl Checks {
    /// Adds those at whose near end is `container`.
    pub fn at(&mut self, container: Node, direction: Direction, into: &mut Vec<Edge>) -> Result<()> {
        match (container, direction) {
            (Node::Check(id), Direction::Upstream) => into.extend(check(id)?.and_then(|check| check.edge())),
            (Node::Relation(oid), Direction::Downstream) => {
                self.read()?;
                let name = relation::name_of(oid.into()).unwrap_or_default();
                let mut places: Vec<usize> = self.by_relation.get(&oid).into_iter().flatten().copied().collect();
                places.extend(self.by_name.get(&name).into_iter().flatten());
                places.sort_unstable();
                places.dedup();
                let all = self.all.as_deref().unwrap_or_default();
                let edges = places.into_iter().filter_map(|place| all.get(place)?.edge());
                into.extend(edges.filter(|edge| edge.upstream.container() == container));
            }
            _ => {}
        }
        Ok(())
    }
}

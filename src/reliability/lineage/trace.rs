//! `upstream(asset)` and `downstream(asset)`: everything that something depends on, and everything that depends on it.

use std::collections::HashMap;

use pgrx::pg_extern;

use super::node::{Direction, Node};
use super::owners::Owners;
use super::told::{HIDDEN, Teller, Told};
use super::walk::{Graph, Visit};
use crate::pg::compute::serve_interrupts;
use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, Result, or_raise};
use crate::pg::options::required;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::Text;
use crate::reliability::asset::Asset;

result_row! {
    /// Something on the way.
    struct TraceRow {
        asset: String,
        kind: &'static str,
        depth: i32,
        path: Vec<Text>,
        owner: Option<String>,
    }
}

/// What a walk has reached, with what the caller is told of it.
pub struct Trace {
    visits: Vec<Visit>,
    told: Vec<Option<Told>>,
    teller: Teller,
    /// The visit of a column, for relations of which only columns were reached.
    relations: Vec<(Node, u32)>,
}

/// What a row is about: a visit, or the relation of a column that was visited.
pub struct Stop {
    pub node: Node,
    pub depth: u32,
    pub told: Told,
    visit: u32,
}

impl Trace {
    pub fn walk(starts: &[Node], direction: Direction) -> Result<Trace> {
        let mut graph = Graph::new(direction)?;
        let visits = graph.walk(starts)?;
        let mut teller = Teller::default();
        teller.recordings = graph.recordings();
        let mut told = Vec::with_capacity(visits.len());
        for (place, visit) in visits.iter().enumerate() {
            if place % 1024 == 0 {
                serve_interrupts();
            }
            told.push(teller.tell(visit.node)?);
        }
        // A column is of its relation, which is told too, unless all began with a column.
        let mut relations = HashMap::new();
        if !starts.iter().any(|node| matches!(node, Node::Column(..))) {
            for (place, visit) in visits.iter().enumerate().filter(|(_, visit)| visit.depth > 0) {
                if matches!(visit.node, Node::Column(..)) {
                    relations.entry(visit.node.container()).or_insert(place as u32);
                }
            }
            visits.iter().for_each(|visit| {
                relations.remove(&visit.node);
            });
        }
        Ok(Trace {
            visits,
            told,
            teller,
            relations: relations.into_iter().collect(),
        })
    }

    /// What was reached, and the relations of columns that were.
    pub fn nodes(&self) -> impl Iterator<Item = Node> {
        self.visits.iter().map(|visit| visit.node)
    }

    /// What the caller may know of, the nearest first, then by name. Not where it began.
    pub fn stops(&mut self) -> Result<Vec<Stop>> {
        let mut stops = Vec::new();
        for (place, visit) in self.visits.iter().enumerate().filter(|(_, visit)| visit.depth > 0) {
            stops.extend(self.told.get(place).cloned().flatten().map(|told| Stop {
                node: visit.node,
                depth: visit.depth,
                told,
                visit: place as u32,
            }));
        }
        for &(node, visit) in &self.relations {
            let depth = self.visits.get(visit as usize).map_or(0, |visit| visit.depth);
            stops.extend(self.teller.tell(node)?.map(|told| Stop {
                node,
                depth,
                told,
                visit,
            }));
        }
        stops.retain(|stop| stop.told.visible);
        stops.sort_by(|a, b| {
            (a.depth, &a.told.label, a.told.kind.name()).cmp(&(b.depth, &b.told.label, b.told.kind.name()))
        });
        Ok(stops)
    }

    /// The names of what was passed on a shortest way to a stop, from where the walk began. What the caller may not know of has none. A column is
    /// followed by its relation where it is not known that the column matters.
    pub fn path(&mut self, stop: &Stop) -> Result<Vec<Text>> {
        let mut path = vec![Text::from(stop.told.label.as_str())];
        let mut place = Some(stop.visit);
        while let Some(visit) = place.and_then(|place| self.visits.get(place as usize)).copied() {
            if let Some(from) = visit.from {
                let from = from as usize;
                if visit.by_relation
                    && let Some(before) = self.visits.get(from)
                {
                    let relation = self.teller.tell(before.node.container())?;
                    path.push(name(relation.as_ref()));
                }
                path.push(name(self.told.get(from).and_then(Option::as_ref)));
            }
            place = visit.from;
        }
        path.reverse();
        Ok(path)
    }
}

fn name(told: Option<&Told>) -> Text {
    Text::from(told.filter(|told| told.visible).map_or(HIDDEN, |told| &told.label))
}

fn trace(asset: Option<Text>, direction: Direction) -> Result<SetOf<TraceRow>> {
    let asset = Asset::named(&required("target", asset)?)?;
    if !asset.is_visible()? {
        return Err(Error::new(
            INSUFFICIENT_PRIVILEGE,
            format!("permission denied for {}", asset.label()),
        )
        .hint("What depends on it is told to those who may read it, or a column of it."));
    }
    let Some(node) = Node::of_asset(&asset)? else {
        return Ok(set_of(Vec::new()));
    };
    let mut trace = Trace::walk(&[node], direction)?;
    let (stops, owners) = (trace.stops()?, Owners::read()?);
    Ok(set_of(stops.into_iter().map(move |stop| TraceRow {
        path: or_raise(trace.path(&stop)),
        owner: owners.of(stop.node),
        depth: i32::try_from(stop.depth).unwrap_or(i32::MAX),
        kind: stop.told.kind.name(),
        asset: stop.told.label,
    })))
}

/// `upstream(target)`.
#[pg_extern(sql = false)]
fn upstream(asset: Option<Text>) -> SetOf<TraceRow> {
    or_raise(trace(asset, Direction::Upstream))
}

/// `downstream(target)`.
#[pg_extern(sql = false)]
fn downstream(asset: Option<Text>) -> SetOf<TraceRow> {
    or_raise(trace(asset, Direction::Downstream))
}

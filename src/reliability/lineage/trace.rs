//! `upstream(asset)` and `downstream(asset)`: everything that something depends on, and everything that depends on it.

use std::rc::Rc;

use hashbrown::HashMap;
use pgrx::pg_extern;

use super::node::{Direction, Node};
use super::owners::Owners;
use super::said::Recordings;
use super::told::{HIDDEN, Teller, Told};
use super::walk::{Graph, Visit};
use crate::pg::compute::serve_interrupts;
use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, Result, or_raise};
use crate::pg::options::required;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::Text;
use crate::pg::text_array::{Element, Elements, TextArray};
use crate::reliability::asset::Asset;

result_row! {
    /// Something on the way.
    struct TraceRow {
        asset: Rc<str>,
        kind: &'static str,
        depth: i32,
        path: TextArray,
        owner: Option<Rc<str>>,
    }
}

/// What a walk has reached, with what the caller is told of it.
pub struct Trace {
    visits: Vec<Visit>,
    told: Vec<Option<Told>>,
    /// All recorded assets, where the walk has read them.
    pub recordings: Option<Rc<Recordings>>,
    /// How paths name the visits, and the relations of columns from which the walk went on by these.
    names: Elements,
    named: Vec<Name>,
    passed: HashMap<Node, Element>,
    /// Relations of which only columns were reached, and the visit of such a column.
    relations: Vec<(Told, Node, u32)>,
}

/// How paths name a visit, and where it was come from.
struct Name {
    element: Element,
    from: Option<u32>,
    by_relation: bool,
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
        let (mut names, mut named, mut passed) =
            (Elements::default(), Vec::with_capacity(visits.len()), HashMap::new());
        for (place, visit) in visits.iter().enumerate() {
            if place % 1024 == 0 {
                serve_interrupts();
            }
            let about = teller.tell(visit.node)?;
            named.push(Name {
                element: names.add(name(about.as_ref())),
                from: visit.from,
                by_relation: visit.by_relation,
            });
            told.push(about);
            if let Some(relation) = visit.passes(&visits) {
                let about = teller.tell(relation)?;
                passed.insert(relation, names.add(name(about.as_ref())));
            }
        }
        // A column is of its relation, which is told too, unless all began with a column.
        let mut of_columns = HashMap::new();
        if !starts.iter().any(|node| matches!(node, Node::Column(..))) {
            for (place, visit) in visits.iter().enumerate().filter(|(_, visit)| visit.depth > 0) {
                if matches!(visit.node, Node::Column(..)) {
                    of_columns.entry(visit.node.container()).or_insert(place as u32);
                }
            }
            visits.iter().for_each(|visit| {
                of_columns.remove(&visit.node);
            });
        }
        let mut relations = Vec::with_capacity(of_columns.len());
        for (node, visit) in of_columns {
            relations.extend(teller.tell(node)?.map(|told| (told, node, visit)));
        }
        Ok(Trace {
            visits,
            told,
            recordings: teller.recordings,
            names,
            named,
            passed,
            relations,
        })
    }

    /// What was reached, and the relations of columns that were.
    pub fn nodes(&self) -> impl Iterator<Item = Node> {
        self.visits.iter().map(|visit| visit.node)
    }

    /// What the caller may know of, the nearest first, then by name. Not where it began.
    pub fn stops(&self) -> Vec<Stop> {
        let reached = self.visits.iter().zip(&self.told).enumerate();
        let reached = reached.filter(|(_, (visit, _))| visit.depth > 0);
        let mut stops: Vec<Stop> = reached
            .filter_map(|(place, (visit, told))| {
                Some(Stop {
                    node: visit.node,
                    depth: visit.depth,
                    told: told.clone()?,
                    visit: place as u32,
                })
            })
            .collect();
        stops.extend(self.relations.iter().map(|(told, node, visit)| Stop {
            node: *node,
            depth: self.visits[*visit as usize].depth,
            told: told.clone(),
            visit: *visit,
        }));
        stops.retain(|stop| stop.told.visible);
        stops.sort_by(|a, b| {
            (a.depth, &a.told.label, a.told.kind.name()).cmp(&(b.depth, &b.told.label, b.told.kind.name()))
        });
        stops
    }

    /// The names of what was passed on a shortest way to a stop, from where the walk began. What the caller may not know of has none. A column is
    /// followed by its relation where it is not known that the column matters.
    pub fn path(&mut self, stop: &Stop) -> TextArray {
        let mut path: Vec<Element> = Vec::with_capacity(2 * stop.depth as usize + 1);
        let mut visit = &self.named[stop.visit as usize];
        path.push(match self.visits[stop.visit as usize].node == stop.node {
            true => visit.element,
            false => self.names.add(&stop.told.label),
        });
        while let Some(from) = visit.from {
            if visit.by_relation {
                path.extend(self.passed.get(&self.visits[from as usize].node.container()));
            }
            visit = &self.named[from as usize];
            path.push(visit.element);
        }
        TextArray::reversed(&self.names, &path)
    }
}

fn name(told: Option<&Told>) -> &str {
    told.filter(|told| told.visible).map_or(HIDDEN, |told| &told.label)
}

fn trace(asset: Option<Text>, direction: Direction) -> Result<SetOf<TraceRow>> {
    let asset = Asset::named(&required("asset", asset)?)?;
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
    let stops = trace.stops();
    let mut owners = Owners::read(trace.recordings.clone(), stops.len())?;
    Ok(set_of(stops.into_iter().map(move |stop| TraceRow {
        path: trace.path(&stop),
        owner: or_raise(owners.of(stop.node)),
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

//! Walks along dependencies, breadth first: what is reached is as near as it can be.
//!
//! From a relation the edges of its columns are followed, too, and what is reached are relations. From a column only edges of that column are, as
//! far as these are known: through a view by what its columns are made of, through a training by what it read. Where only the relation is known, the
//! walk goes by that, and says so.

use std::collections::BTreeSet;
use std::rc::Rc;

use hashbrown::{HashMap, HashSet};

use super::catalogs::Catalogs;
use super::edges::Reader;
use super::kept::{Checks, Readings};
use super::node::{Direction, Edge, Node, Origin};
use super::said::{Recordings, Said};
use crate::pg::compute::serve_interrupts;
use crate::pg::derivation::Derivation;
use crate::pg::error::Result;
use crate::pg::foreground::Foreground;
use crate::pg::{references, relation};
use algo::monitor::Monitor;

/// Something that a walk has reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    pub node: Node,
    /// How many dependencies away from where the walk began.
    pub depth: u32,
    /// From which visit, by its place.
    pub from: Option<u32>,
    /// Whether that was a column, of which it is not known whether it matters here: only its relation does.
    pub by_relation: bool,
}

impl Visit {
    /// The relation by which it was come from a column of it.
    pub fn passes(&self, visits: &[Visit]) -> Option<Node> {
        let from = self.from.filter(|_| self.by_relation)?;
        Some(visits.get(from as usize)?.node.container())
    }
}

/// A step of a walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    to: Node,
    by_relation: bool,
}

/// All edges, in one direction.
pub struct Graph {
    direction: Direction,
    said: Reader<Said>,
    catalogs: Reader<Catalogs>,
    readings: Reader<Readings>,
    checks: Checks,
    /// What views are made of, of those that were looked at.
    views: HashMap<u32, Option<Rc<Made>>>,
    monitor: Foreground,
}

/// What a view is made of, and what the functions that it calls read.
struct Made {
    derivation: Derivation,
    by_functions: BTreeSet<(u32, i16)>,
}

impl Made {
    /// Whether it is made of a column of a relation.
    fn reads_columns_of(&self, relation: u32) -> bool {
        let columns = self.derivation.values.iter().flatten().chain(&self.derivation.rows);
        columns
            .chain(&self.by_functions)
            .any(|&(other, number)| other == relation && number != 0)
    }
}

impl Graph {
    pub fn new(direction: Direction) -> Result<Graph> {
        Ok(Graph {
            direction,
            said: Reader::new(Said::default(), direction),
            catalogs: Reader::new(Catalogs, direction),
            readings: Reader::new(Readings, direction),
            checks: Checks::default(),
            views: HashMap::new(),
            monitor: Foreground::new()?,
        })
    }

    /// All recorded assets, where the walk has read them.
    pub fn recordings(&self) -> Option<Rc<Recordings>> {
        self.said.source.recordings.clone()
    }

    /// Everything that can be reached, those that are given first, at depth 0.
    pub fn walk(&mut self, starts: &[Node]) -> Result<Vec<Visit>> {
        self.walk_beyond(starts, &HashSet::new())
    }

    /// The same, going on from nothing that is known already, but for where it begins.
    pub fn walk_beyond(&mut self, starts: &[Node], known: &HashSet<Node>) -> Result<Vec<Visit>> {
        let mut visits: Vec<Visit> = Vec::new();
        let mut seen: HashSet<Node> = HashSet::new();
        for &node in starts {
            if seen.insert(node) {
                visits.push(Visit {
                    node,
                    depth: 0,
                    from: None,
                    by_relation: false,
                });
            }
        }
        let (mut next, mut edges, mut steps) = (0, Vec::new(), Vec::new());
        while let Some(&Visit { node, depth, from, .. }) = visits.get(next) {
            if from.is_none() || !known.contains(&node) {
                self.steps(node, &mut edges, &mut steps)?;
            }
            for step in steps.drain(..) {
                if seen.contains(&step.to) || !has_rows(step.to) {
                    continue;
                }
                seen.insert(step.to);
                visits.push(Visit {
                    node: step.to,
                    depth: depth + 1,
                    from: u32::try_from(next).ok(),
                    by_relation: step.by_relation,
                });
            }
            next += 1;
            if next.is_multiple_of(256) {
                serve_interrupts();
                self.monitor.check()?;
            }
        }
        Ok(visits)
    }

    /// Where the edges at a node lead, in an order that does not depend on how they were found.
    fn steps(&mut self, node: Node, edges: &mut Vec<Edge>, steps: &mut Vec<Step>) -> Result<()> {
        let container = node.container();
        edges.clear();
        self.said.at(container, edges)?;
        self.readings.at(container, edges)?;
        self.catalogs.at(container, edges)?;
        self.checks.at(container, self.direction, edges)?;
        match node {
            Node::Column(relation, number) => self.leave_column(relation, number, edges, steps)?,
            Node::Relation(_) => {
                let far = edges.iter().map(|edge| edge.ends(self.direction).1.container());
                steps.extend(far.filter(|&to| to != node).map(|to| Step { to, by_relation: false }));
            }
            Node::Model(_) | Node::Check(_) | Node::Asset(_) => steps.extend(edges.iter().map(|edge| Step {
                to: edge.ends(self.direction).1,
                by_relation: false,
            })),
        }
        steps.sort_unstable();
        steps.dedup_by_key(|step| step.to);
        Ok(())
    }

    /// Where the edges lead that are of a column, or of its relation where the columns are not known.
    fn leave_column(&mut self, relation: u32, number: i16, edges: &[Edge], steps: &mut Vec<Step>) -> Result<()> {
        let node = Node::Column(relation, number);
        let mut views = BTreeSet::new();
        for edge in edges.iter().filter(|edge| edge.origin == Origin::View) {
            views.insert(edge.ends(self.direction).1.container());
        }
        for edge in edges {
            let (near, far) = edge.ends(self.direction);
            let is_whole = near == Node::Relation(relation);
            if near != node && !is_whole {
                continue;
            }
            match edge.origin {
                Origin::View => {}
                Origin::Partition => steps.extend(same_column(relation, number, far)),
                // What a view is made of is known without being said.
                Origin::Said if is_whole && views.contains(&far.container()) => {}
                _ if is_whole && edge.rows_only => {}
                Origin::ForeignKey | Origin::Training | Origin::Predictions | Origin::Check | Origin::Said => {
                    steps.push(Step {
                        to: far,
                        by_relation: is_whole,
                    });
                }
            }
        }
        match self.direction {
            Direction::Upstream if !views.is_empty() => self.enter_view(relation, number, edges, steps),
            Direction::Upstream => Ok(()),
            Direction::Downstream => views.into_iter().try_for_each(|view| match view {
                Node::Relation(view) => self.out_of_view((relation, number), view, edges, steps),
                Node::Column(..) | Node::Model(_) | Node::Check(_) | Node::Asset(_) => Ok(()),
            }),
        }
    }

    /// What a column of a view is made of.
    fn enter_view(&mut self, view: u32, number: i16, edges: &[Edge], steps: &mut Vec<Step>) -> Result<()> {
        let Some(made) = self.made(view)? else {
            let of_view = edges.iter().filter(|edge| edge.origin == Origin::View);
            steps.extend(of_view.map(|edge| Step {
                to: edge.upstream,
                by_relation: true,
            }));
            return Ok(());
        };
        let place = usize::try_from(number).unwrap_or(0).wrapping_sub(1);
        let values = made.derivation.values.get(place).into_iter().flatten().copied();
        let rows = made.derivation.rows.iter().chain(&made.by_functions).copied();
        let rows = rows.filter(|&(relation, number)| number != 0 || !made.reads_columns_of(relation));
        steps.extend(values.chain(rows).map(|(relation, number)| Step {
            to: Node::of_column(relation.into(), number),
            by_relation: false,
        }));
        Ok(())
    }

    /// The columns of a view that are made of a column, or the view where that decides its rows.
    fn out_of_view(&mut self, column: (u32, i16), view: u32, edges: &[Edge], steps: &mut Vec<Step>) -> Result<()> {
        let Some(made) = self.made(view)? else {
            let near = Node::Column(column.0, column.1);
            let is_read = edges
                .iter()
                .any(|edge| edge.upstream == near && edge.downstream == Node::Relation(view));
            steps.push(Step {
                to: Node::Relation(view),
                by_relation: !is_read,
            });
            return Ok(());
        };
        if made.derivation.rows.contains(&column) || made.by_functions.contains(&column) {
            steps.push(Step {
                to: Node::Relation(view),
                by_relation: false,
            });
        }
        for (place, values) in made.derivation.values.iter().enumerate() {
            if values.contains(&column) {
                let number = i16::try_from(place + 1).unwrap_or(i16::MAX);
                steps.push(Step {
                    to: Node::Column(view, number),
                    by_relation: false,
                });
            }
        }
        Ok(())
    }

    /// What a view is made of; `None` where that is not known.
    fn made(&mut self, view: u32) -> Result<Option<Rc<Made>>> {
        if let Some(known) = self.views.get(&view) {
            return Ok(known.clone());
        }
        serve_interrupts();
        let made = match references::derivation_of(view.into())? {
            Some(derivation) => Some(Rc::new(Made {
                by_functions: references::read_by(&derivation.functions)?,
                derivation,
            })),
            None => None,
        };
        self.views.insert(view, made.clone());
        Ok(made)
    }
}

/// Whether a relation has rows to be depended on: sequences and composite types do not.
fn has_rows(node: Node) -> bool {
    match node {
        Node::Relation(oid) | Node::Column(oid, _) => relation::has_rows(oid.into()),
        Node::Model(_) | Node::Check(_) | Node::Asset(_) => true,
    }
}

/// The column of the same name of a relation that a table is part of, or the other way round.
fn same_column(relation: u32, number: i16, other: Node) -> Option<Step> {
    let Node::Relation(oid) = other else { return None };
    let name = relation::column_name(relation.into(), number)?;
    let number = relation::column_number(oid.into(), &name)?;
    Some(Step {
        to: Node::Column(oid, number),
        by_relation: false,
    })
}

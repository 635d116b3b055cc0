//! Turns trees over numbers that are made of one column each into trees over the columns themselves.
//!
//! A column's number reaches a tree through functions that never fall, or never rise: rounding, filling, scaling. So a comparison with a threshold is one of
//! the column with another threshold, the last number that passes, which is found by bisection over the numbers there are: exactly, whatever is rounded on
//! the way. Of a category each level is tried by itself.

use std::collections::HashMap;

use super::arithmetic::{Binary, Unary};
use super::ensemble::{Aggregate, Ensemble, Node, Test};
use super::forest::{Forest, LANES};
use super::program::{Place, Program, Step};
use crate::error::Result;
use crate::monitor::Pace;
use crate::trees::tree::{Decision, Trees};

/// The most functions that follow each other.
const MOST_DEPTH: usize = 24;
/// The most levels of a category that trees tell apart.
const MOST_LEVELS: usize = 254;

/// Where the trees of a program are.
struct Found<'p> {
    of: &'p [Place],
    ensemble: &'p Ensemble,
    out: usize,
    place: usize,
}

/// The functions of one column that lead to a place.
struct Column<'p> {
    /// The column.
    raw: u32,
    place: Place,
    steps: &'p Steps<'p>,
}

/// By which step, and as which of its numbers, a slot is made.
struct Steps<'p> {
    program: &'p Program,
    makers: Vec<(u32, u32)>,
}

impl<'p> Steps<'p> {
    fn new(program: &'p Program) -> Steps<'p> {
        let mut makers = vec![(u32::MAX, 0); program.slots as usize];
        for (place, step) in program.steps.iter().enumerate() {
            for (offset, slot) in step.writes().enumerate() {
                makers[slot] = (place as u32, offset as u32);
            }
        }
        Steps { program, makers }
    }

    /// The column that a place is a function of; `None` for one of several, or of none. For a number the function has to keep its direction.
    fn column(&self, place: Place, depth: usize, is_number: &dyn Fn(u32) -> bool) -> Option<u32> {
        let Place::Slot(slot) = place else { return None };
        if slot < self.program.raw {
            return Some(slot);
        }
        if depth == 0 {
            return None;
        }
        let (step, offset) = self.makers[slot as usize];
        let offset = offset as usize;
        let inner = |place: Place| self.column(place, depth - 1, is_number);
        match self.program.steps.get(step as usize)? {
            Step::One { function, of, .. } => {
                let raw = inner(of[offset])?;
                let keeps = matches!(
                    function,
                    Unary::Identity
                        | Unary::Negate
                        | Unary::Exponential
                        | Unary::Sigmoid
                        | Unary::HyperbolicTangent
                        | Unary::Relu
                        | Unary::Floor
                        | Unary::Ceiling
                        | Unary::Nearest
                );
                (keeps || !is_number(raw)).then_some(raw)
            }
            Step::Two {
                function, left, right, ..
            } => {
                let (raw, with) = match (left[offset], right[offset]) {
                    (place, Place::Always(value)) | (Place::Always(value), place) => (inner(place)?, value),
                    (Place::Slot(_), Place::Slot(_)) => return None,
                };
                let is_first = matches!(right[offset], Place::Always(_));
                let keeps = match function {
                    Binary::Add | Binary::Subtract | Binary::Least | Binary::Most => with.is_finite(),
                    Binary::Multiply => with.is_finite() && with != 0.0,
                    Binary::Divide => is_first && with.is_finite() && with != 0.0,
                    Binary::IfMissing => is_first && with.is_finite(),
                    Binary::Less | Binary::LessOrEqual | Binary::Greater | Binary::GreaterOrEqual => !with.is_nan(),
                    _ => false,
                };
                (keeps || !is_number(raw)).then_some(raw)
            }
            Step::Choose { by, yes, no, .. } => {
                // Of a category only: a number may change its direction.
                let columns = [by[offset], yes[offset], no[offset]]
                    .into_iter()
                    .filter(|place| matches!(place, Place::Slot(_)));
                let mut raws = columns.map(inner);
                let first = raws.next()??;
                (raws.all(|raw| raw == Some(first)) && !is_number(first)).then_some(first)
            }
            Step::Look { of, .. } | Step::Pick { of, .. } => {
                let raw = inner(of[offset])?;
                (!is_number(raw)).then_some(raw)
            }
            Step::Group { .. } | Step::Scale { .. } | Step::Product { .. } | Step::Trees { .. } => None,
        }
    }

    /// The number at a place for a value of the column that it is a function of.
    fn at(&self, place: Place, value: f64) -> f64 {
        let slot = match place {
            Place::Always(value) => return value,
            Place::Slot(slot) if slot < self.program.raw => return value,
            Place::Slot(slot) => slot,
        };
        let (step, offset) = self.makers[slot as usize];
        let offset = offset as usize;
        match &self.program.steps[step as usize] {
            Step::One {
                function, round, of, ..
            } => round.of(function.of(self.at(of[offset], value))),
            Step::Two {
                function,
                round,
                left,
                right,
                ..
            } => round.of(function.of(self.at(left[offset], value), self.at(right[offset], value))),
            Step::Choose { by, yes, no, .. } => match self.at(by[offset], value) != 0.0 {
                true => self.at(yes[offset], value),
                false => self.at(no[offset], value),
            },
            Step::Look { of, keys, .. } => keys.of(self.at(of[offset], value)),
            Step::Pick { of, table, .. } => Step::picked(table, self.at(of[offset], value)),
            Step::Group { .. } | Step::Scale { .. } | Step::Product { .. } | Step::Trees { .. } => f64::NAN,
        }
    }
}

impl Column<'_> {
    fn at(&self, value: f64) -> f64 {
        self.steps.at(self.place, value)
    }
}

/// A number's place among all numbers, and back.
fn order(value: f64) -> i64 {
    let bits = value.to_bits() as i64;
    if bits < 0 { i64::MIN - bits } else { bits }
}

fn ordered(order: i64) -> f64 {
    f64::from_bits(if order < 0 { i64::MIN - order } else { order } as u64)
}

/// What a node does with the values of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Cut {
    /// The last number of those that go where the least goes.
    threshold: f64,
    levels: [u64; 4],
    /// Whether these pass.
    left_passes: bool,
    /// Whether a missing value passes.
    missing_passes: bool,
}

/// Finds cuts.
struct Cutter<'p, 'm> {
    columns: Vec<Option<Column<'p>>>,
    /// For columns that are categories, how many levels they have.
    levels: &'p [usize],
    ensemble: &'p Ensemble,
    known: HashMap<(u32, u8, u64), Cut>,
    pace: &'p mut Pace<'m>,
}

impl Cutter<'_, '_> {
    fn cut(&mut self, node: &Node) -> Result<Cut> {
        let key = (
            node.feature,
            node.test as u8,
            node.threshold.to_bits() ^ u64::from(node.missing),
        );
        if let Some(cut) = self.known.get(&key) {
            return Ok(*cut);
        }
        self.pace.spend(200)?;
        let column = self.columns[node.feature as usize].as_ref();
        let at = |value: f64| column.map_or(f64::NAN, |column| column.at(value));
        let passes = |value: f64| self.ensemble.passes(node, at(value));
        let missing_passes = passes(f64::NAN);
        let levels = column.map_or(0, |column| self.levels[column.raw as usize]);
        let cut = if levels > 0 {
            let unseen = passes(f64::INFINITY);
            let mut set = [0; 4];
            for level in (0..levels).filter(|level| passes(*level as f64) != unseen) {
                set[level / 64] |= 1 << (level % 64);
            }
            Cut {
                threshold: 0.0,
                levels: set,
                left_passes: !unseen,
                missing_passes,
            }
        } else {
            let least = passes(-f64::MAX);
            let (mut low, mut high) = (order(-f64::MAX), order(f64::MAX));
            if passes(f64::MAX) == least {
                low = high;
            }
            // Between: the last that goes where the least goes is at `low` or behind it, and before `high`.
            while low < high && high - 1 > low {
                let middle = low / 2 + high / 2 + (low % 2 + high % 2) / 2;
                if passes(ordered(middle)) == least {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            Cut {
                threshold: ordered(low),
                levels: [0; 4],
                left_passes: least,
                missing_passes,
            }
        };
        self.known.insert(key, cut);
        Ok(cut)
    }
}

/// Trees over columns; `None` for a program whose trees are over something else. `levels`: of each column the number of its levels, 0 for a number.
pub(super) fn fold(program: &Program, levels: &[usize], covers: &[f64], pace: &mut Pace<'_>) -> Result<Option<Forest>> {
    let Some(found) = find(program) else { return Ok(None) };
    if levels.iter().any(|levels| *levels > MOST_LEVELS)
        || !matches!(found.ensemble.aggregate, Aggregate::Sum | Aggregate::Average)
    {
        return Ok(None);
    }
    let Some(head) = head(program, &found) else {
        return Ok(None);
    };
    let steps = Steps::new(program);
    let is_number = |raw: u32| levels[raw as usize] == 0;
    let mut columns = Vec::with_capacity(found.of.len());
    let mut asked = vec![false; found.of.len()];
    for node in found.ensemble.nodes.iter().filter(|node| node.test != Test::Leaf) {
        asked[node.feature as usize] = true;
    }
    for (place, asked) in found.of.iter().zip(asked) {
        let raw = steps.column(*place, MOST_DEPTH, &is_number).filter(|_| asked);
        if asked && raw.is_none() {
            return Ok(None);
        }
        columns.push(raw.map(|raw| Column {
            raw,
            place: *place,
            steps: &steps,
        }));
    }
    // A comparison for equality has two borders.
    let of_number = |node: &Node| {
        columns[node.feature as usize]
            .as_ref()
            .is_some_and(|column| is_number(column.raw))
    };
    let has_borders =
        |node: &&Node| matches!(node.test, Test::Equal | Test::NotEqual | Test::Member) && of_number(node);
    if found.ensemble.nodes.iter().any(|node| has_borders(&node)) {
        return Ok(None);
    }
    // A node with two parents would have to be there twice.
    let mut has_parent = vec![false; found.ensemble.nodes.len()];
    for node in found.ensemble.nodes.iter().filter(|node| node.test != Test::Leaf) {
        for child in [node.yes, node.no] {
            if std::mem::replace(&mut has_parent[child as usize], true) {
                return Ok(None);
            }
        }
    }
    let cutter = Cutter {
        columns,
        levels,
        ensemble: found.ensemble,
        known: HashMap::new(),
        pace,
    };
    build(cutter, covers, head).map(Some)
}

/// The only trees of a program.
fn find(program: &Program) -> Option<Found<'_>> {
    let mut found = None;
    for (place, step) in program.steps.iter().enumerate() {
        if let Step::Trees { of, ensemble, out } = step {
            if found.is_some() {
                return None;
            }
            found = Some(Found {
                of,
                ensemble,
                out: *out as usize,
                place,
            });
        }
    }
    found
}

/// What becomes of the sums; `None` where something else goes into it.
fn head(program: &Program, found: &Found<'_>) -> Option<Program> {
    let sums = found.out..found.out + found.ensemble.outputs();
    let outputs = program.outputs.clone();
    let mut steps: Vec<Step> = program.steps[found.place + 1..].to_vec();
    let mut moved: Vec<u32> = vec![u32::MAX; program.slots as usize];
    moved[sums.clone()]
        .iter_mut()
        .zip(0..)
        .for_each(|(moved, place)| *moved = place);
    let mut next = sums.len() as u32;
    for step in &mut steps {
        let is_of_sums = |place: &Place| match place {
            Place::Slot(slot) => moved[*slot as usize] != u32::MAX,
            Place::Always(_) => true,
        };
        if !step.reads().all(is_of_sums) {
            return None;
        }
        let first = next;
        for slot in step.writes() {
            moved[slot] = next;
            next += 1;
        }
        step.move_to(first, &moved);
    }
    let output = |place: &Place| match place {
        Place::Slot(slot) => Some(Place::Slot(moved[*slot as usize])).filter(|_| moved[*slot as usize] != u32::MAX),
        Place::Always(value) => Some(Place::Always(*value)),
    };
    let outputs = outputs.iter().map(output).collect::<Option<_>>()?;
    Some(Program {
        raw: sums.len() as u32,
        steps,
        slots: next,
        outputs,
    })
}

fn build(mut cutter: Cutter<'_, '_>, covers: &[f64], head: Program) -> Result<Forest> {
    let ensemble = cutter.ensemble;
    let share = match ensemble.aggregate {
        Aggregate::Average => 1.0 / ensemble.roots.len() as f64,
        Aggregate::Sum | Aggregate::Least | Aggregate::Most => 1.0,
    };
    let mut forest = Forest {
        trees: Trees::with_capacity(ensemble.nodes.len())?,
        starts: Vec::new(),
        values: Vec::new(),
        covers: Vec::new(),
        turns: Vec::new(),
        first: ensemble.first.clone(),
        round: ensemble.round,
        head,
    };
    // Exporters that know nothing write ones everywhere.
    let is_cover = |cover: &f64| cover.is_finite() && *cover > 0.0;
    let known =
        covers.len() == ensemble.nodes.len() && covers.iter().all(is_cover) && covers.iter().any(|cover| *cover != 1.0);
    let mut counts = vec![0_usize; ensemble.first.len()];
    for (tree, root) in ensemble.roots.iter().enumerate() {
        let planted = forest.trees.plant();
        let mut stack = vec![(planted, *root as usize)];
        let (mut output, mut is_single) = (None, true);
        while let Some((at, own)) = stack.pop() {
            let node = &ensemble.nodes[own];
            if node.test == Test::Leaf {
                forest.trees.set_number(at, forest.starts.len());
                forest.starts.push(forest.values.len() as u32);
                let said = &ensemble.values[node.yes as usize..node.no as usize];
                forest
                    .values
                    .extend(said.iter().map(|(sum, value)| (*sum, value * share)));
                if known {
                    forest.covers.push(covers[own]);
                }
                for (sum, _) in said {
                    is_single &= said.len() == 1 && output.is_none_or(|output| output == *sum);
                    output = Some(*sum);
                }
                continue;
            }
            let cut = cutter.cut(node)?;
            let (passing, failing) = (node.yes as usize, node.no as usize);
            let (left, right) = if cut.left_passes {
                (passing, failing)
            } else {
                (failing, passing)
            };
            let missing_left = cut.missing_passes == cut.left_passes;
            let column = cutter.columns[node.feature as usize]
                .as_ref()
                .map_or(0, |column| column.raw as usize);
            let decision = match cutter.levels[column] {
                0 => Decision::Number {
                    column,
                    threshold: cut.threshold,
                    missing_left,
                },
                _ => Decision::Category {
                    column,
                    levels: &cut.levels,
                    missing_left,
                },
            };
            let child = forest.trees.split(at, decision);
            stack.push((child + 1, right));
            stack.push((child, left));
        }
        // Trees of one sum take turns among themselves.
        let turn = match (is_single, output) {
            (true, sum) => {
                let count = &mut counts[sum.unwrap_or(0) as usize];
                *count += 1;
                *count - 1
            }
            (false, _) => tree,
        };
        forest.turns.push((turn % LANES) as u8);
    }
    Ok(forest)
}

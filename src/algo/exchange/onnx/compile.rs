//! Compiles a graph for one row: values with sizes that are known, and the steps that make them.

use std::collections::{BTreeSet, HashMap};

use super::arithmetic::{Binary, Fold, Round, Unary};
use super::ensemble::Ensemble;
use super::operators;
use super::program::{Keys, MOST_SLOTS, MOST_WORK, Place, Program, Step};
use super::proto::{Declared, File, Kind, Node, Tensor};
use super::{WHAT, refused};
use crate::error::{Error, Result};
use crate::label::Label;
use crate::monitor::{Monitor, Pace};
use crate::room;

/// The most numbers of all values of a graph together.
const MOST_HELD: usize = 1 << 23;

/// A value of the graph.
#[derive(Debug, Clone)]
pub(super) struct Value {
    pub(super) kind: Kind,
    pub(super) dims: Vec<usize>,
    pub(super) places: Vec<Place>,
    /// The labels that it is one of, or whose probabilities it is.
    pub(super) classes: Option<Vec<Label>>,
    /// Whether it is probabilities by label.
    pub(super) is_map: bool,
}

impl Value {
    pub(super) fn new(kind: Kind, dims: Vec<usize>, places: Vec<Place>) -> Value {
        Value {
            kind,
            dims,
            places,
            classes: None,
            is_map: false,
        }
    }

    /// The same numbers in other sizes.
    pub(super) fn reshaped(&self, dims: Vec<usize>) -> Value {
        Value { dims, ..self.clone() }
    }

    /// Its numbers, where they are always the same.
    pub(super) fn constant(&self) -> Option<Vec<f64>> {
        let always = |place: &Place| match place {
            Place::Always(value) => Some(*value),
            Place::Slot(_) => None,
        };
        self.places.iter().map(always).collect()
    }

    /// To what numbers of its kind are rounded.
    pub(super) fn round(&self) -> Round {
        round_of(self.kind)
    }
}

/// To what numbers of a kind are rounded.
pub(super) fn round_of(kind: Kind) -> Round {
    match kind {
        Kind::Single => Round::Single,
        Kind::Int => Round::Int,
        Kind::Double | Kind::Bool | Kind::Text => Round::Not,
    }
}

/// An input of the graph as columns.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Columns {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) width: usize,
    /// Where its first number stands in a row.
    pub(super) first: u32,
}

/// The graph being compiled.
pub(super) struct Compiler<'a, 'm> {
    values: HashMap<&'a str, Value>,
    pub(super) steps: Vec<Step>,
    slots: u32,
    raw: u32,
    work: usize,
    /// Numbers that all values have together, and what else grows with them.
    held: usize,
    /// Texts, and the places of each.
    pub(super) texts: Vec<String>,
    text_places: HashMap<String, u32>,
    /// For each slot that is a text of a column, the texts that it is compared with.
    compared: HashMap<u32, BTreeSet<String>>,
    pub(super) given: Vec<Columns>,
    pub(super) pace: Pace<'m>,
    pub(super) opset: i64,
    /// The rows of training that came to the nodes of the last trees.
    pub(super) covers: Vec<f64>,
}

/// What came of it.
pub(super) struct Compiled {
    pub(super) program: Program,
    pub(super) given: Vec<Columns>,
    /// For each column of texts, by the slot of the row that holds it, its levels.
    pub(super) levels: HashMap<u32, Vec<String>>,
    pub(super) outputs: Vec<Value>,
    pub(super) covers: Vec<f64>,
}

impl<'a, 'm> Compiler<'a, 'm> {
    /// Compiles a file's graph. O(its numbers).
    pub(super) fn compile(file: &File<'a>, width: Option<usize>, monitor: &'m dyn Monitor) -> Result<Compiled> {
        let mut compiler = Compiler {
            values: HashMap::new(),
            steps: Vec::new(),
            slots: 0,
            raw: 0,
            work: 0,
            held: 0,
            texts: Vec::new(),
            text_places: HashMap::new(),
            compared: HashMap::new(),
            given: Vec::new(),
            pace: Pace::new(monitor),
            opset: file.opset,
            covers: Vec::new(),
        };
        for input in &file.graph.inputs {
            compiler.declare(input, width)?;
        }
        compiler.raw = compiler.slots;
        for place in 0..compiler.given.len() {
            compiler.receive(place, file.graph.inputs[place].name)?;
        }
        for (name, tensor) in &file.graph.constants {
            let tensor = Tensor::read(*tensor)?;
            compiler.hold(tensor.numbers.len() + tensor.texts.len())?;
            let value = compiler.constant(tensor)?;
            compiler.values.insert(name, value);
        }
        for node in &file.graph.nodes {
            compiler.pace.spend(16)?;
            compiler.node(node)?;
        }
        let mut outputs = Vec::new();
        for name in &file.graph.outputs {
            let value = compiler.values.remove(name);
            outputs.push(value.ok_or_else(|| Error::damaged(WHAT, format!("output \"{name}\" is made by no node")))?);
        }
        compiler.finish(outputs)
    }

    /// Makes room for an input in the row.
    fn declare(&mut self, input: &Declared<'a>, width: Option<usize>) -> Result<()> {
        let unknown = || {
            refused(
                format!("input \"{}\" does not say how many columns it has", input.name),
                "name the columns: options => '{\"features\": [\"a\", \"b\"]}'",
            )
        };
        let own = match &input.dims[..] {
            [] | [_] => 1,
            [_, sizes @ ..] => {
                let known = sizes
                    .iter()
                    .try_fold(1_usize, |all, size| size.map(|size| all.saturating_mul(size)));
                known.unwrap_or(0)
            }
        };
        let own = if own == 0 { width.ok_or_else(unknown)? } else { own };
        if own > 1_600 {
            return Err(refused(
                format!("input \"{}\" has {own} columns", input.name),
                "a table has at most 1600 columns",
            ));
        }
        self.given.push(Columns {
            name: input.name.to_string(),
            kind: input.kind,
            width: own,
            first: self.slots,
        });
        self.slots += own as u32;
        Ok(())
    }

    /// Makes the value of an input: numbers as the graph holds them, texts by their places.
    fn receive(&mut self, place: usize, name: &'a str) -> Result<()> {
        let Columns { kind, width, first, .. } = self.given[place].clone();
        let raw: Vec<Place> = (first..first + width as u32).map(Place::Slot).collect();
        let places = match kind {
            Kind::Single => self.one(Unary::Identity, Round::Single, raw)?,
            Kind::Double => raw,
            Kind::Int => self.one(Unary::Identity, Round::Int, raw)?,
            Kind::Bool => self.one(Unary::Truth, Round::Not, raw)?,
            Kind::Text => {
                let mut places = Vec::with_capacity(width);
                for raw in raw {
                    let keys = Keys {
                        keys: Vec::new(),
                        values: Vec::new(),
                        missing: f64::INFINITY,
                        rest: f64::INFINITY,
                    };
                    let own = self.look(vec![raw], keys)?;
                    if let [Place::Slot(slot)] = own[..] {
                        self.compared.insert(slot, BTreeSet::new());
                    }
                    places.extend(own);
                }
                places
            }
        };
        self.values.insert(name, Value::new(kind, vec![1, width], places));
        Ok(())
    }

    /// A constant's value.
    pub(super) fn constant(&mut self, tensor: Tensor<'a>) -> Result<Value> {
        self.pace.spend(tensor.numbers.len() + tensor.texts.len())?;
        let mut places = room::with_capacity(tensor.numbers.len().max(tensor.texts.len()))?;
        match tensor.kind {
            Kind::Text => places.extend(
                tensor
                    .texts
                    .iter()
                    .map(|text| Place::Always(f64::from(self.text(text)))),
            ),
            Kind::Single | Kind::Double | Kind::Int | Kind::Bool => {
                places.extend(tensor.numbers.iter().map(|number| Place::Always(*number)))
            }
        }
        Ok(Value::new(tensor.kind, tensor.dims, places))
    }

    /// The place of a text.
    pub(super) fn text(&mut self, text: &str) -> u32 {
        if let Some(place) = self.text_places.get(text) {
            return *place;
        }
        let place = self.texts.len() as u32;
        self.texts.push(text.to_string());
        self.text_places.insert(text.to_string(), place);
        place
    }

    /// Counts numbers that are held. Returns an error when they are too many.
    pub(super) fn hold(&mut self, count: usize) -> Result<()> {
        self.held = self.held.saturating_add(count);
        self.pace.spend(count / 8)?;
        if self.held > MOST_HELD {
            Err(too_large())
        } else {
            Ok(())
        }
    }

    /// Remembers that values of columns are compared with texts.
    pub(super) fn compare(&mut self, of: &[Place], texts: &[&str]) -> Result<()> {
        let lengths: usize = texts.iter().map(|text| 4 + text.len() / 8).sum();
        self.hold(lengths.saturating_mul(of.len()))?;
        for place in of {
            if let Place::Slot(slot) = place
                && let Some(own) = self.compared.get_mut(slot)
            {
                own.extend(texts.iter().map(|text| text.to_string()));
            }
        }
        Ok(())
    }

    /// The value of a name.
    pub(super) fn value(&self, name: &str) -> Result<&Value> {
        self.values
            .get(name)
            .ok_or_else(|| Error::damaged(WHAT, format!("\"{name}\" is used before it is made")))
    }

    /// An input of a node.
    pub(super) fn input(&self, node: &Node<'a>, place: usize) -> Result<Value> {
        let missing = || {
            Error::damaged(
                WHAT,
                format!("node \"{}\" ({}) lacks an input", node.name, node.operator),
            )
        };
        let name = node
            .inputs
            .get(place)
            .filter(|name| !name.is_empty())
            .ok_or_else(missing)?;
        self.value(name).cloned()
    }

    /// An input that need not be there.
    pub(super) fn optional(&self, node: &Node<'a>, place: usize) -> Result<Option<Value>> {
        match node.inputs.get(place) {
            Some(name) if !name.is_empty() => self.value(name).cloned().map(Some),
            _ => Ok(None),
        }
    }

    /// The whole numbers of an input that is a constant.
    pub(super) fn sizes(&self, node: &Node<'a>, place: usize) -> Result<Option<Vec<i64>>> {
        let Some(value) = self.optional(node, place)? else {
            return Ok(None);
        };
        let unknown = || {
            refused(
                format!("a size that {} takes depends on the row", node.operator),
                "export the model with sizes that are fixed",
            )
        };
        let numbers = value.constant().ok_or_else(unknown)?;
        Ok(Some(numbers.into_iter().map(|number| number as i64).collect()))
    }

    fn node(&mut self, node: &Node<'a>) -> Result<()> {
        let made = operators::run(self, node).map_err(|error| at(error, node))?;
        for (name, value) in node.outputs.iter().zip(made) {
            if value.places.len() > MOST_SLOTS {
                return Err(too_large());
            }
            self.hold(value.places.len())?;
            if !name.is_empty() && self.values.insert(name, value).is_some() {
                return Err(Error::damaged(WHAT, format!("\"{name}\" is made twice")));
            }
        }
        Ok(())
    }

    /// Adds a step that makes so many numbers. A step of numbers that are all known is done at once.
    fn add(&mut self, count: usize, step: impl FnOnce(u32) -> Step) -> Result<Vec<Place>> {
        let out = self.slots;
        if count > MOST_SLOTS {
            return Err(too_large());
        }
        let mut step = step(out);
        let work = step.work();
        self.work = self.work.saturating_add(work);
        self.pace.spend(work / 4)?;
        if self.work > MOST_WORK {
            return Err(too_large());
        }
        if step.reads().all(|place| matches!(place, Place::Always(_))) {
            step.move_to(0, &[]);
            let mut slots = room::zeros(count)?;
            step.run(&mut slots);
            return Ok(slots.iter().map(|value| Place::Always(*value)).collect());
        }
        if out as usize + count > MOST_SLOTS {
            return Err(too_large());
        }
        self.slots += count as u32;
        room::push(&mut self.steps, step)?;
        Ok((out..self.slots).map(Place::Slot).collect())
    }

    pub(super) fn one(&mut self, function: Unary, round: Round, of: Vec<Place>) -> Result<Vec<Place>> {
        self.add(of.len(), |out| Step::One {
            function,
            round,
            of,
            out,
        })
    }

    pub(super) fn two(
        &mut self,
        function: Binary,
        round: Round,
        left: Vec<Place>,
        right: Vec<Place>,
    ) -> Result<Vec<Place>> {
        self.add(left.len(), |out| Step::Two {
            function,
            round,
            left,
            right,
            out,
        })
    }

    pub(super) fn choose(&mut self, by: Vec<Place>, yes: Vec<Place>, no: Vec<Place>) -> Result<Vec<Place>> {
        self.add(by.len(), |out| Step::Choose { by, yes, no, out })
    }

    pub(super) fn group(&mut self, fold: Fold, round: Round, of: Vec<Place>, size: usize) -> Result<Vec<Place>> {
        if size == 0 || of.is_empty() {
            return Err(refused(
                "a list of numbers is empty",
                "export the model with at least one number",
            ));
        }
        self.add(of.len() / size, |out| Step::Group {
            fold,
            round,
            of,
            size: size as u32,
            out,
        })
    }

    pub(super) fn scale(&mut self, fold: Fold, round: Round, of: Vec<Place>, size: usize) -> Result<Vec<Place>> {
        if size == 0 || of.is_empty() {
            return Err(refused(
                "a list of numbers is empty",
                "export the model with at least one number",
            ));
        }
        self.add(of.len(), |out| Step::Scale {
            fold,
            round,
            of,
            size: size as u32,
            out,
        })
    }

    pub(super) fn product(
        &mut self,
        of: Vec<Place>,
        weights: Vec<f64>,
        plus: Vec<f64>,
        round: Round,
    ) -> Result<Vec<Place>> {
        let size = weights.len() / plus.len().max(1);
        if size == 0 || !of.len().is_multiple_of(size) || size * plus.len() != weights.len() {
            return Err(Error::damaged(
                WHAT,
                "a matrix has other sizes than what it is multiplied with",
            ));
        }
        let count = (of.len() / size).saturating_mul(plus.len());
        self.add(count, |out| Step::Product {
            of,
            size: size as u32,
            weights,
            plus,
            round,
            out,
        })
    }

    pub(super) fn look(&mut self, of: Vec<Place>, keys: Keys) -> Result<Vec<Place>> {
        self.add(of.len(), |out| Step::Look { of, keys, out })
    }

    pub(super) fn pick(&mut self, of: Vec<Place>, table: Vec<f64>) -> Result<Vec<Place>> {
        self.add(of.len(), |out| Step::Pick { of, table, out })
    }

    pub(super) fn trees(&mut self, of: Vec<Place>, ensemble: Ensemble) -> Result<Vec<Place>> {
        if !ensemble.is_sound(of.len(), &mut self.pace)? {
            return Err(Error::damaged(WHAT, "a tree asks for a feature that is not there"));
        }
        self.add(ensemble.outputs(), |out| Step::Trees { of, ensemble, out })
    }

    /// Fills in what columns of texts are compared with, and drops steps whose results nobody reads.
    fn finish(mut self, outputs: Vec<Value>) -> Result<Compiled> {
        let mut levels = HashMap::new();
        let empty = self
            .text_places
            .get("")
            .map_or(f64::INFINITY, |place| f64::from(*place));
        for step in &mut self.steps {
            let Step::Look { of, keys, out } = step else { continue };
            let (Some(own), [Place::Slot(raw)]) = (self.compared.get(out), &of[..]) else {
                continue;
            };
            keys.keys = (0..own.len()).map(|code| code as f64).collect();
            keys.values = own
                .iter()
                .map(|text| f64::from(self.text_places.get(text).copied().unwrap_or(u32::MAX)))
                .collect();
            keys.missing = empty;
            levels.insert(*raw, own.iter().cloned().collect());
        }
        let program = Program {
            raw: self.raw,
            steps: self.steps,
            slots: self.slots,
            outputs: Vec::new(),
        };
        Ok(Compiled {
            program,
            given: self.given,
            levels,
            outputs,
            covers: self.covers,
        })
    }
}

/// The error of a graph that does too much.
pub(super) fn too_large() -> Error {
    refused("the graph makes too many numbers of a row", "import a smaller model")
}

/// Says at which node something was met.
fn at(error: Error, node: &Node<'_>) -> Error {
    let place = format!("Met in node \"{}\", operator {}.", node.name, node.operator);
    match error {
        Error::Data {
            problem,
            detail: None,
            hint,
        } => Error::Data {
            problem,
            detail: Some(place),
            hint,
        },
        other => other,
    }
}

impl Program {
    /// The same program without steps whose results are not among `outputs`, nor read by steps that are kept.
    pub(super) fn only(self, outputs: Vec<Place>) -> Program {
        let mut needed = vec![false; self.slots as usize];
        let need = |place: &Place, needed: &mut Vec<bool>| {
            if let Place::Slot(slot) = place {
                needed[*slot as usize] = true;
            }
        };
        outputs.iter().for_each(|place| need(place, &mut needed));
        let mut kept = Vec::new();
        for step in self.steps.into_iter().rev() {
            if needed[step.writes()].contains(&true) {
                step.reads().for_each(|place| need(place, &mut needed));
                kept.push(step);
            }
        }
        kept.reverse();
        // Slots move up.
        let mut moved: Vec<u32> = (0..self.slots).collect();
        let mut next = self.raw;
        for step in &mut kept {
            let writes = step.writes();
            let first = next;
            for slot in writes {
                moved[slot] = next;
                next += 1;
            }
            step.move_to(first, &moved);
        }
        let place = |place: &Place| match place {
            Place::Slot(slot) => Place::Slot(moved[*slot as usize]),
            Place::Always(value) => Place::Always(*value),
        };
        Program {
            raw: self.raw,
            slots: next,
            outputs: outputs.iter().map(place).collect(),
            steps: kept,
        }
    }
}

impl Step {
    /// Writes from another slot on, and reads from where others were moved.
    pub(super) fn move_to(&mut self, first: u32, moved: &[u32]) {
        let places: [Option<&mut Vec<Place>>; 3] = match self {
            Step::One { of, out, .. }
            | Step::Group { of, out, .. }
            | Step::Scale { of, out, .. }
            | Step::Product { of, out, .. }
            | Step::Look { of, out, .. }
            | Step::Pick { of, out, .. }
            | Step::Trees { of, out, .. } => {
                *out = first;
                [Some(of), None, None]
            }
            Step::Two { left, right, out, .. } => {
                *out = first;
                [Some(left), Some(right), None]
            }
            Step::Choose { by, yes, no, out } => {
                *out = first;
                [Some(by), Some(yes), Some(no)]
            }
        };
        for place in places.into_iter().flatten().flatten() {
            if let Place::Slot(slot) = place {
                *slot = moved[*slot as usize];
            }
        }
    }
}

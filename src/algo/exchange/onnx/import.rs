//! A file to a model.

use std::collections::HashMap;

use super::compile::{Columns, Compiled, Compiler, Value};
use super::fold::fold;
use super::graph::{Engine, Graph};
use super::program::Place;
use super::proto::{File, Kind};
use super::{WHAT, refused};
use crate::error::{Error, Result};
use crate::exchange::Given;
use crate::label::Label;
use crate::model::{Input, InputKind, Model};
use crate::monitor::{Monitor, Pace};
use crate::room;
use crate::task::Answer;

/// The key of the columns' names in a file's metadata, as a list in JSON.
pub(super) const NAMES: &str = "assay.inputs";

/// The model of a file's bytes, which may come from anywhere. Returns an error for what is no ONNX, for operators that are not known, and for graphs that
/// are too large. O(numbers of the graph).
pub fn read(bytes: &[u8], given: &Given, monitor: &dyn Monitor) -> Result<Model> {
    // Values of the graph take up to sixteen times their bytes: a place for each number, and a copy.
    room::ask(bytes.len().saturating_mul(16))?;
    let file = File::read(bytes)?;
    let said = given;
    let width = said.features.as_ref().map(Vec::len);
    let compiled = Compiler::compile(&file, width, monitor)?;
    let names = names(&file, said, &compiled.given)?;
    let (places, answer) = answered(&compiled.outputs, said)?;
    let Compiled {
        program,
        given,
        levels,
        covers,
        ..
    } = compiled;
    let program = program.only(places);
    let inputs = inputs(&given, names, &levels);
    let counts: Vec<usize> = inputs
        .iter()
        .map(|input| match &input.kind {
            InputKind::Category { levels, .. } => levels.len(),
            InputKind::Number | InputKind::Vector { .. } | InputKind::Text { .. } => 0,
        })
        .collect();
    let mut pace = Pace::new(monitor);
    let engine = match fold(&program, &counts, &covers, &mut pace)? {
        Some(forest) => Engine::Trees(forest),
        None => Engine::Steps(program),
    };
    Model::imported(inputs, answer, Box::new(Graph::new(engine)), monitor)
}

/// The names of the columns: those that were given, those that the file says, or those of the graph's inputs.
fn names(file: &File<'_>, said: &Given, given: &[Columns]) -> Result<Vec<String>> {
    let count: usize = given.iter().map(|given| given.width).sum();
    let own = || file.said(NAMES).and_then(|names| serde_json::from_str(names).ok());
    let names: Vec<String> = match said.features.clone().or_else(own) {
        Some(names) => names,
        None => {
            let own = |given: &Columns| -> Vec<String> {
                match given.width {
                    1 => vec![given.name.clone()],
                    width => (1..=width).map(|place| format!("{}_{place}", given.name)).collect(),
                }
            };
            given.iter().flat_map(own).collect()
        }
    };
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort_unstable();
    if names.len() != count {
        return Err(refused(
            format!("{} columns are named, but the graph reads {count}", names.len()),
            "name each column once, in the order of the graph's inputs",
        ));
    }
    if sorted.windows(2).any(|pair| pair[0] == pair[1])
        || names.iter().any(|name| name.is_empty() || name.contains('\0'))
    {
        return Err(refused(
            "two columns have one name, or one has none",
            "name the columns: options => '{\"features\": [\"a\", \"b\"]}'",
        ));
    }
    if count == 0 {
        return Err(Error::damaged(WHAT, "it reads no columns"));
    }
    Ok(names)
}

fn inputs(given: &[Columns], names: Vec<String>, levels: &HashMap<u32, Vec<String>>) -> Vec<Input> {
    let kinds = given
        .iter()
        .flat_map(|given| (given.first..).take(given.width).map(move |slot| (given.kind, slot)));
    let input = |(name, (kind, slot)): (String, (Kind, u32))| {
        let (type_name, kind) = match kind {
            Kind::Single => ("real", InputKind::Number),
            Kind::Double => ("double precision", InputKind::Number),
            Kind::Int => ("bigint", InputKind::Number),
            Kind::Bool => ("boolean", InputKind::Number),
            Kind::Text => {
                let levels = levels.get(&slot).cloned().unwrap_or_default();
                ("text", InputKind::Category { levels, other: false })
            }
        };
        Input {
            name,
            type_name: type_name.to_string(),
            kind,
        }
    };
    names.into_iter().zip(kinds).map(input).collect()
}

/// Where the answer is among the outputs, and what it is.
fn answered(outputs: &[Value], said: &Given) -> Result<(Vec<Place>, Answer)> {
    let is_number = |value: &&Value| matches!(value.kind, Kind::Single | Kind::Double);
    let map = outputs.iter().find(|value| value.is_map);
    let label = outputs
        .iter()
        .find(|value| !value.is_map && value.classes.is_some() && !is_number(value));
    let scores = map.or_else(|| outputs.iter().filter(is_number).max_by_key(|value| value.places.len()));
    let Some(scores) = scores else {
        return Err(refused(
            "the graph answers with a label only",
            "export it with the probabilities of the classes",
        ));
    };
    let classes = map
        .and_then(|map| map.classes.clone())
        .or_else(|| label.and_then(|label| label.classes.clone()))
        .or_else(|| scores.classes.clone());
    let Some(classes) = classes else {
        return match &scores.places[..] {
            [place] => Ok((vec![*place], Answer::Number)),
            places => Err(refused(
                format!("the graph answers with {} numbers for a row", places.len()),
                "export a model that predicts one number, or classes",
            )),
        };
    };
    if classes.len() != scores.places.len() || classes.len() < 2 {
        return Err(refused(
            format!(
                "the graph gives {} probabilities for {} classes",
                scores.places.len(),
                classes.len()
            ),
            "export it with one probability for each class",
        ));
    }
    // Classes are sorted here.
    if said.classes.is_some() {
        let classes = said.classes(classes.len())?;
        let places = classes.places.iter().map(|place| scores.places[*place]).collect();
        return Ok((places, Answer::Classes(classes.labels)));
    }
    let mut order: Vec<usize> = (0..classes.len()).collect();
    order.sort_by(|a, b| classes[*a].cmp(&classes[*b]));
    let sorted: Vec<Label> = order.iter().map(|place| classes[*place].clone()).collect();
    if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Error::damaged(WHAT, "two classes have one label"));
    }
    Ok((
        order.iter().map(|place| scores.places[*place]).collect(),
        Answer::Classes(sorted),
    ))
}

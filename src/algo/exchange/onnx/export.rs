//! A model to a file.
//!
//! Numbers are of eight bytes throughout: with version 5 of `ai.onnx.ml` trees compare and add such, so that a graph scores as the model does, up to the
//! order of sums. Each column is an input of its own. A category is a text, which becomes its code plus 2: 0 is a missing value, 1 a level that training
//! did not see. ONNX has no text that is missing, so one that is no level stands for it, and the file's metadata says which.

use serde_json::{Value as Json, json};

use super::export_trees::trees;
use super::import::NAMES;
use super::refused;
use super::test_rows::test_rows;
use super::write::{Attribute, Builder, Data, Type};
use crate::error::{Error, Result};
use crate::exchange::{Head, LinearOutline, Outline, TermOutline};
use crate::frame::UNSEEN;
use crate::label::Label;
use crate::model::{InputKind, Model};
use crate::monitor::{Monitor, Pace};
use crate::pipeline::{Formula, Stage};
use crate::room;
use crate::task::Answer;

/// The keys of what a file's metadata says beside [`NAMES`].
const TEST_ROWS: &str = "assay.test_rows";
const TEST_SCORES: &str = "assay.test_scores";
const MISSING_TEXTS: &str = "assay.missing_texts";
/// What codes are moved by: 0 is a missing value, 1 an unseen level.
pub(super) const MOVED: usize = 2;

/// A column or feature in the graph, one value for each row.
#[derive(Clone)]
enum Slot {
    /// A number, of eight bytes; NaN is missing.
    Number(String),
    /// A code of so many, whole, moved by [`MOVED`].
    Code(String, usize),
}

/// The file of a model. Returns an error for what ONNX has no operator for, and names it. O(size).
pub fn write(model: &Model, monitor: &dyn Monitor) -> Result<Vec<u8>> {
    if model.calibration.is_some() {
        return Err(cannot("its probabilities are calibrated", "train it without calibrate"));
    }
    if model.fitted.grouped().is_some() {
        return Err(cannot(
            "it is one model for each group",
            "train one model for each group by itself",
        ));
    }
    let outline = model.fitted.outline();
    let outline = outline.ok_or_else(|| {
        cannot(
            "ONNX has no operators for what it was trained by",
            "export a linear model, trees, a forest or boosting",
        )
    })?;
    let mut pace = Pace::new(monitor);
    let mut graph = Builder::default();
    let missing = missing_texts(model);
    let mut slots = columns(model, &missing, &mut graph)?;
    if let Some(pipeline) = &model.pipeline {
        for stage in pipeline.stages() {
            pace.spend(16)?;
            let made = staged(stage, &slots, &mut graph)?;
            slots.extend(made);
        }
        slots = pipeline
            .outputs()
            .iter()
            .map(|slot| slots[*slot as usize].clone())
            .collect();
    }
    let sums = match &outline {
        Outline::Linear(outline) => linear(outline, &slots, &mut graph)?,
        Outline::Trees(outline) => {
            let features = together(&slots, &mut graph)?;
            trees(outline, &features, &mut graph, &mut pace)?
        }
    };
    let head = match &outline {
        Outline::Linear(outline) => outline.head,
        Outline::Trees(outline) => outline.head,
    };
    answer(model, head, &sums, &mut graph)?;
    let (rows, scores) = test_rows(model, &outline)?;
    let names: Vec<&String> = model.inputs.iter().map(|input| &input.name).collect();
    Ok(graph.file(&[
        (NAMES, json!(names).to_string()),
        (
            MISSING_TEXTS,
            Json::Object(missing.into_iter().map(|(name, text)| (name, json!(text))).collect()).to_string(),
        ),
        (TEST_ROWS, Json::Array(rows).to_string()),
        (TEST_SCORES, Json::Array(scores).to_string()),
    ]))
}

fn cannot(why: &str, hint: &'static str) -> Error {
    refused("the model cannot be exported as ONNX", hint).detail(format!("It cannot, because {why}."))
}

/// For each column of texts, the text that stands for a missing value: the first that is no level.
fn missing_texts(model: &Model) -> Vec<(String, String)> {
    let text = |input: &crate::model::Input| match &input.kind {
        InputKind::Category { levels, .. } => {
            let tried = std::iter::once(String::new()).chain((0..).map(|number| format!("null{number}")));
            let free = tried.into_iter().find(|text| !levels.contains(text));
            Some((input.name.clone(), free.unwrap_or_default()))
        }
        InputKind::Number | InputKind::Vector { .. } | InputKind::Text { .. } => None,
    };
    model.inputs.iter().filter_map(text).collect()
}

/// Declares the columns, and makes the slots of a raw row.
fn columns(model: &Model, missing: &[(String, String)], graph: &mut Builder) -> Result<Vec<Slot>> {
    let mut slots = Vec::new();
    for input in &model.inputs {
        let name = &input.name[..];
        match &input.kind {
            InputKind::Number => {
                graph.input(name, Type::Double, 1);
                slots.push(Slot::Number(finite(name, graph)));
            }
            InputKind::Vector { width, used } => {
                graph.input(name, Type::Double, *width as usize);
                let all = finite(name, graph);
                for element in used {
                    let place = graph.constant(Data::Ints(&[i64::from(*element)]), &[1]);
                    slots.push(Slot::Number(graph.node(
                        "Gather",
                        &[&all, &place],
                        &[("axis", Attribute::Int(1))],
                    )));
                }
            }
            InputKind::Category { levels, other } => {
                graph.input(name, Type::Text, 1);
                let mut keys = levels.clone();
                let mut codes: Vec<i64> = (0..levels.len() as i64).map(|code| code + MOVED as i64).collect();
                if let Some((_, text)) = missing.iter().find(|(own, _)| own == name) {
                    keys.push(text.clone());
                    codes.push(0);
                }
                let rest = if *other { levels.len() + MOVED } else { 1 };
                let attributes = [
                    ("keys_tensor", Attribute::Tensor(Data::Texts(&keys))),
                    ("values_tensor", Attribute::Tensor(Data::Ints(&codes))),
                    ("default_tensor", Attribute::Tensor(Data::Ints(&[rest as i64]))),
                ];
                slots.push(Slot::Code(
                    graph.node("LabelEncoder", &[name], &attributes),
                    levels.len() + usize::from(*other),
                ));
            }
            InputKind::Text { .. } => {
                let problem = format!("column \"{name}\" is read as words");
                return Err(cannot(&problem, "train it without tf_idf or hash on texts"));
            }
        }
    }
    Ok(slots)
}

/// A number that is infinite is missing.
fn finite(name: &str, graph: &mut Builder) -> String {
    let (is_infinite, missing) = (graph.node("IsInf", &[name], &[]), graph.number(f64::NAN));
    graph.node("Where", &[&is_infinite, &missing, name], &[])
}

/// The slots that a stage makes.
fn staged(stage: &Stage, slots: &[Slot], graph: &mut Builder) -> Result<Vec<Slot>> {
    let name = stage.step.step().key;
    let unsaid = || {
        cannot(
            &format!("no operator does what its step \"{name}\" does"),
            "train it with other steps: impute, scale, clip, log, or any that make numbers of a category",
        )
    };
    if stage.inputs[0] != stage.inputs[1] {
        return Err(unsaid());
    }
    match &slots[stage.inputs[0] as usize] {
        Slot::Number(number) => numbers(stage.step.formula().ok_or_else(unsaid)?, number, graph),
        Slot::Code(code, count) => listed(stage, code, *count, graph),
    }
}

/// What a formula makes of a number.
fn numbers(formula: Formula, number: &str, graph: &mut Builder) -> Result<Vec<Slot>> {
    let mut made = Vec::new();
    match formula {
        Formula::Fill { value, indicator } => {
            let (is_missing, value) = (graph.node("IsNaN", &[number], &[]), graph.number(value));
            made.push(graph.node("Where", &[&is_missing, &value, number], &[]));
            if indicator {
                made.push(graph.node("Cast", &[&is_missing], &[("to", Attribute::Int(11))]));
            }
        }
        Formula::Affine { center, scale } => {
            let (center, scale) = (graph.number(center), graph.number(scale));
            let moved = graph.node("Sub", &[number, &center], &[]);
            made.push(graph.node("Div", &[&moved, &scale], &[]));
        }
        Formula::Clamp { low, high } => {
            let mut own = number.to_string();
            for (bound, operator) in [(low, "Less"), (high, "Greater")] {
                if let Some(bound) = bound {
                    let bound = graph.number(bound);
                    let is_beyond = graph.node(operator, &[&own, &bound], &[]);
                    own = graph.node("Where", &[&is_beyond, &bound, &own], &[]);
                }
            }
            made.push(own);
        }
        Formula::LogOfOneMore => {
            let (size, sign, one) = (
                graph.node("Abs", &[number], &[]),
                graph.node("Sign", &[number], &[]),
                graph.number(1.0),
            );
            let more = graph.node("Add", &[&size, &one], &[]);
            let log = graph.node("Log", &[&more], &[]);
            made.push(graph.node("Mul", &[&log, &sign], &[]));
        }
        Formula::Log => {
            let (zero, missing, log) = (
                graph.number(0.0),
                graph.number(f64::NAN),
                graph.node("Log", &[number], &[]),
            );
            let is_above = graph.node("Greater", &[number, &zero], &[]);
            made.push(graph.node("Where", &[&is_above, &log, &missing], &[]));
        }
    }
    Ok(made.into_iter().map(Slot::Number).collect())
}

/// What a step makes of each code, looked up.
fn listed(stage: &Stage, code: &str, count: usize, graph: &mut Builder) -> Result<Vec<Slot>> {
    let width = stage.step.width();
    let mut lists = vec![room::zeros(count + MOVED)?; width];
    let mut out = vec![0.0; width];
    let values = [f64::NAN, UNSEEN].into_iter().chain((0..count).map(|code| code as f64));
    for (place, value) in values.enumerate() {
        stage.step.apply([value, value], &mut out);
        lists.iter_mut().zip(&out).for_each(|(list, out)| list[place] = *out);
    }
    let slots = lists
        .iter()
        .enumerate()
        .map(|(place, list)| match stage.step.codes(place, [count, count]) {
            0 => {
                let list = graph.constant(Data::Doubles(list), &[list.len()]);
                Slot::Number(graph.node("Gather", &[&list, code], &[]))
            }
            codes => {
                let moved: Vec<i64> = list.iter().map(|value| moved(*value)).collect();
                let list = graph.constant(Data::Ints(&moved), &[moved.len()]);
                Slot::Code(graph.node("Gather", &[&list, code], &[]), codes)
            }
        });
    Ok(slots.collect())
}

/// A code as the graph holds it.
fn moved(code: f64) -> i64 {
    match code {
        code if code.is_nan() => 0,
        code if code == UNSEEN => 1,
        code => code as i64 + MOVED as i64,
    }
}

/// All features as one matrix of numbers.
fn together(slots: &[Slot], graph: &mut Builder) -> Result<String> {
    if slots.is_empty() {
        return Err(cannot("it has no features", "train it with at least one"));
    }
    let names: Vec<String> = slots
        .iter()
        .map(|slot| match slot {
            Slot::Number(name) => name.clone(),
            Slot::Code(name, _) => graph.node("Cast", &[name], &[("to", Attribute::Int(11))]),
        })
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Ok(graph.node("Concat", &names, &[("axis", Attribute::Int(1))]))
}

/// The sums of a linear model.
fn linear(outline: &LinearOutline, slots: &[Slot], graph: &mut Builder) -> Result<String> {
    let sums = outline.intercepts.len();
    let mut sum = graph.constant(Data::Doubles(&outline.intercepts), &[1, sums]);
    let (mut numbers, mut weights, mut centres, mut fills) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (slot, term) in slots.iter().zip(&outline.terms) {
        match (slot, term) {
            (
                Slot::Number(name),
                TermOutline::Number {
                    weights: own,
                    centre,
                    imputed,
                },
            ) => {
                numbers.push(&name[..]);
                weights.extend(own);
                centres.push(*centre);
                fills.push(*imputed);
            }
            (Slot::Code(name, count), TermOutline::Category { codes }) if codes.len() == count + 1 => {
                // Missing values come first here, and unseen levels add nothing.
                let rows = codes
                    .last()
                    .into_iter()
                    .cloned()
                    .chain([vec![0.0; sums]])
                    .chain(codes[..*count].iter().cloned());
                let table: Vec<f64> = rows.flatten().collect();
                let table = graph.constant(Data::Doubles(&table), &[count + MOVED, sums]);
                let own = graph.constant(Data::Ints(&[1]), &[1]);
                let flat = graph.node("Squeeze", &[name, &own], &[]);
                let added = graph.node("Gather", &[&table, &flat], &[]);
                sum = graph.node("Add", &[&sum, &added], &[]);
            }
            (Slot::Number(_) | Slot::Code(..), _) => {
                return Err(Error::Internal("a linear model has terms of other features"));
            }
        }
    }
    if !numbers.is_empty() {
        let width = numbers.len();
        let all = graph.node("Concat", &numbers, &[("axis", Attribute::Int(1))]);
        let (fills, centres) = (
            graph.constant(Data::Doubles(&fills), &[width]),
            graph.constant(Data::Doubles(&centres), &[width]),
        );
        let is_missing = graph.node("IsNaN", &[&all], &[]);
        let filled = graph.node("Where", &[&is_missing, &fills, &all], &[]);
        let moved = graph.node("Sub", &[&filled, &centres], &[]);
        let weights = graph.constant(Data::Doubles(&weights), &[width, sums]);
        let product = graph.node("MatMul", &[&moved, &weights], &[]);
        sum = graph.node("Add", &[&product, &sum], &[]);
    }
    Ok(sum)
}

/// What becomes of the sums: the outputs.
fn answer(model: &Model, head: Head, sums: &str, graph: &mut Builder) -> Result<()> {
    let labels = match &model.answer {
        Answer::Number => {
            match head {
                Head::Exp => graph.node_to("Exp", &[sums], &[], "prediction"),
                _ => graph.node_to("Identity", &[sums], &[], "prediction"),
            }
            graph.output("prediction", Type::Double, Some(1));
            return Ok(());
        }
        Answer::Classes(labels) => labels,
        Answer::Cluster { .. } | Answer::Strangeness | Answer::Forecast | Answer::Components { .. } => {
            return Err(cannot(
                "it predicts neither classes nor a number",
                "export a classification or a regression",
            ));
        }
    };
    let both = ("axis", Attribute::Int(1));
    match head {
        Head::Logistic => {
            let negative = graph.node("Neg", &[sums], &[]);
            let (first, second) = (
                graph.node("Sigmoid", &[&negative], &[]),
                graph.node("Sigmoid", &[sums], &[]),
            );
            graph.node_to("Concat", &[&first, &second], &[both], "probabilities");
        }
        Head::Share => {
            let one = graph.number(1.0);
            let first = graph.node("Sub", &[&one, sums], &[]);
            graph.node_to("Concat", &[&first, sums], &[both], "probabilities");
        }
        Head::Softmax => graph.node_to("Softmax", &[sums], &[both], "probabilities"),
        Head::Shares => {
            let axes = graph.constant(Data::Ints(&[1]), &[1]);
            let all = graph.node("ReduceSum", &[sums, &axes], &[]);
            graph.node_to("Div", &[sums, &all], &[], "probabilities");
        }
        Head::Identity | Head::Exp => return Err(Error::Internal("a classification has no probabilities")),
    }
    let best = if labels.len() == 2 {
        // The second of two from one half on, as predict_label.
        let (place, half) = (graph.constant(Data::Ints(&[1]), &[]), graph.number(0.5));
        let second = graph.node("Gather", &["probabilities", &place], &[("axis", Attribute::Int(1))]);
        let is_second = graph.node("GreaterOrEqual", &[&second, &half], &[]);
        graph.node("Cast", &[&is_second], &[("to", Attribute::Int(7))])
    } else {
        graph.node(
            "ArgMax",
            &["probabilities"],
            &[("axis", Attribute::Int(1)), ("keepdims", Attribute::Int(0))],
        )
    };
    let (table, of_type) = label_table(labels, graph);
    graph.node_to("Gather", &[&table, &best], &[], "label");
    graph.output("label", of_type, None);
    graph.output("probabilities", Type::Double, Some(labels.len()));
    Ok(())
}

fn label_table(labels: &[Label], graph: &mut Builder) -> (String, Type) {
    let size = [labels.len()];
    let ints: Option<Vec<i64>> = labels
        .iter()
        .map(|label| {
            if let Label::Number(number) = label {
                Some(*number)
            } else {
                None
            }
        })
        .collect();
    if let Some(ints) = ints {
        return (graph.constant(Data::Ints(&ints), &size), Type::Int);
    }
    let bools: Option<Vec<bool>> = labels
        .iter()
        .map(|label| {
            if let Label::Bool(value) = label {
                Some(*value)
            } else {
                None
            }
        })
        .collect();
    if let Some(bools) = bools {
        return (graph.constant(Data::Bools(&bools), &size), Type::Bool);
    }
    let texts: Vec<String> = labels.iter().map(|label| label.text().into_owned()).collect();
    (graph.constant(Data::Texts(&texts), &size), Type::Text)
}

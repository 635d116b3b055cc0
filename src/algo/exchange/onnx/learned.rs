//! The operators of `ai.onnx.ml`: what was learned of columns, and models. Source: <https://onnx.ai/onnx/operators/#ai-onnx-ml>; where it is vague, what
//! onnxruntime does.

use super::arithmetic::{Binary, Fold, Round, Unary};
use super::compile::{Compiler, Value};
use super::operators::{stretch, two, unknown};
use super::program::{Keys, Place};
use super::proto::{Kind, Node};
use super::{WHAT, refused, shapes, trees};
use crate::error::{Error, Result};
use crate::label::Label;

fn damaged(problem: &'static str) -> Error {
    Error::damaged(WHAT, problem)
}

/// Makes the outputs of a node.
pub(super) fn run<'a>(compiler: &mut Compiler<'a, '_>, node: &Node<'a>) -> Result<Vec<Value>> {
    let value = match node.operator {
        "Scaler" => scaler(compiler, node)?,
        "Imputer" => imputer(compiler, node)?,
        "Binarizer" => {
            let of = compiler.input(node, 0)?;
            let threshold = constant(Kind::Single, f64::from(node.float("threshold", 0.0)?));
            Value {
                kind: of.kind,
                ..two(compiler, Binary::Greater, &of, &threshold)?
            }
        }
        "Normalizer" => {
            let of = compiler.input(node, 0)?;
            let fold = match node.text("norm", "MAX")? {
                "MAX" => Fold::Most,
                "L1" => Fold::Absolute,
                "L2" => Fold::Length,
                _ => return Err(damaged("a norm is not known")),
            };
            let size = of.dims.last().copied().unwrap_or(1);
            let places = compiler.scale(fold, Round::Single, of.places.clone(), size)?;
            Value {
                kind: Kind::Single,
                places,
                ..of
            }
        }
        "OneHotEncoder" => one_hot(compiler, node)?,
        "LabelEncoder" | "CategoryMapper" => mapped(compiler, node)?,
        "ArrayFeatureExtractor" => {
            let (of, places) = (compiler.input(node, 0)?, compiler.input(node, 1)?);
            // It is along the last axis, and a list is one row.
            let of = if of.dims.len() == 1 {
                of.reshaped(vec![1, of.dims[0]])
            } else {
                of
            };
            let places = places.reshaped(vec![places.places.len()]);
            let last = of
                .dims
                .len()
                .checked_sub(1)
                .ok_or_else(|| damaged("there is nothing to take from"))?;
            shapes::gathered(compiler, &of, &places, last)?
        }
        "FeatureVectorizer" => {
            let mut places = Vec::new();
            for place in 0..node.inputs.len() {
                let part = compiler.input(node, place)?;
                places.extend(compiler.one(Unary::Identity, Round::Single, part.places)?);
            }
            Value::new(Kind::Single, vec![1, places.len()], places)
        }
        "ZipMap" => {
            let of = compiler.input(node, 0)?;
            Value {
                classes: Some(classes(node, "classlabels_int64s")?),
                is_map: true,
                ..of
            }
        }
        "LinearRegressor" => linear_regressor(compiler, node)?,
        "LinearClassifier" => return linear_classifier(compiler, node),
        "TreeEnsembleRegressor" | "TreeEnsemble" => tree_regressor(compiler, node)?,
        "TreeEnsembleClassifier" => return tree_classifier(compiler, node),
        "SVMClassifier" | "SVMRegressor" => {
            return Err(refused(
                format!(
                    "{} is not read: a model of support vectors is as large as its training rows",
                    node.operator
                ),
                "export a linear model or trees instead",
            ));
        }
        operator => return Err(unknown(operator)),
    };
    Ok(vec![value])
}

fn constant(kind: Kind, value: f64) -> Value {
    Value::new(kind, Vec::new(), vec![Place::Always(value)])
}

/// A list of numbers as one row.
fn row(numbers: Vec<f64>) -> Value {
    let dims = if numbers.len() == 1 {
        Vec::new()
    } else {
        vec![numbers.len()]
    };
    Value::new(Kind::Single, dims, numbers.into_iter().map(Place::Always).collect())
}

/// The labels of a classifier, whose whole numbers are in a list of that name.
fn classes(node: &Node<'_>, ints: &str) -> Result<Vec<Label>> {
    let texts = node.texts("classlabels_strings")?;
    Ok(match texts.is_empty() {
        true => node.ints(ints)?.into_iter().map(Label::Number).collect(),
        false => texts.into_iter().map(|text| Label::Text(text.to_string())).collect(),
    })
}

fn scaler<'a>(compiler: &mut Compiler<'a, '_>, node: &Node<'a>) -> Result<Value> {
    let of = compiler.input(node, 0)?;
    let (offset, scale) = (node.floats("offset")?, node.floats("scale")?);
    if offset.is_empty() || scale.is_empty() {
        return Err(damaged("a Scaler has no numbers"));
    }
    let moved = two(compiler, Binary::Subtract, &of, &row(offset))?;
    let scaled = two(compiler, Binary::Multiply, &moved, &row(scale))?;
    let places = compiler.one(Unary::Identity, Round::Single, scaled.places.clone())?;
    Ok(Value {
        kind: Kind::Single,
        places,
        ..scaled
    })
}

fn imputer<'a>(compiler: &mut Compiler<'a, '_>, node: &Node<'a>) -> Result<Value> {
    let of = compiler.input(node, 0)?;
    let (fill, what) = match of.kind {
        Kind::Int => {
            let ints = node
                .ints("imputed_value_int64s")?
                .into_iter()
                .map(|int| int as f64)
                .collect();
            (ints, node.int("replaced_value_int64", 0)? as f64)
        }
        Kind::Single | Kind::Double | Kind::Bool => (
            node.floats("imputed_value_floats")?,
            f64::from(node.float("replaced_value_float", 0.0)?),
        ),
        Kind::Text => {
            return Err(refused(
                "an Imputer fills texts",
                "export a model whose texts are encoded without filling",
            ));
        }
    };
    if fill.is_empty() {
        return Err(damaged("an Imputer has nothing to fill with"));
    }
    let fill = row(fill);
    let with = stretch(compiler, &fill, &of.dims)?;
    let places = if what.is_nan() {
        compiler.two(Binary::IfMissing, of.round(), of.places.clone(), with)?
    } else {
        let same = two(compiler, Binary::Equal, &of, &constant(of.kind, what))?;
        compiler.choose(same.places, with, of.places.clone())?
    };
    Ok(Value { places, ..of })
}

fn one_hot<'a>(compiler: &mut Compiler<'a, '_>, node: &Node<'a>) -> Result<Value> {
    let of = compiler.input(node, 0)?;
    let texts = node.texts("cats_strings")?;
    let keys: Vec<f64> = match of.kind {
        Kind::Text => {
            compiler.compare(&of.places, &texts)?;
            texts.iter().map(|text| f64::from(compiler.text(text))).collect()
        }
        Kind::Single | Kind::Double | Kind::Int | Kind::Bool => {
            node.ints("cats_int64s")?.into_iter().map(|int| int as f64).collect()
        }
    };
    if keys.is_empty() {
        return Err(damaged("a OneHotEncoder has no categories"));
    }
    // Numbers are compared as whole ones.
    let whole = match of.kind {
        Kind::Single | Kind::Double => compiler.one(Unary::Identity, Round::Int, of.places.clone())?,
        Kind::Text | Kind::Int | Kind::Bool => of.places.clone(),
    };
    let count = whole.len().saturating_mul(keys.len());
    shapes::count(&[count])?;
    let left: Vec<Place> = whole
        .iter()
        .flat_map(|place| std::iter::repeat_n(*place, keys.len()))
        .collect();
    let right: Vec<Place> = (0..count).map(|at| Place::Always(keys[at % keys.len()])).collect();
    let places = compiler.two(Binary::Equal, Round::Not, left, right)?;
    let mut dims = of.dims;
    dims.push(keys.len());
    Ok(Value::new(Kind::Single, dims, places))
}

/// What one side of a map is.
enum Side<'a> {
    Texts(Vec<&'a str>),
    Numbers(Kind, Vec<f64>),
}

fn side<'a>(node: &Node<'a>, name: &str) -> Result<Option<Side<'a>>> {
    let texts = node.texts(&format!("{name}_strings"))?;
    if !texts.is_empty() {
        return Ok(Some(Side::Texts(texts)));
    }
    let ints = node.ints(&format!("{name}_int64s"))?;
    if !ints.is_empty() {
        return Ok(Some(Side::Numbers(
            Kind::Int,
            ints.into_iter().map(|int| int as f64).collect(),
        )));
    }
    let floats = node.floats(&format!("{name}_floats"))?;
    if !floats.is_empty() {
        return Ok(Some(Side::Numbers(Kind::Single, floats)));
    }
    let tensor = node.tensor(&format!("{name}_tensor"))?;
    Ok(tensor.map(|tensor| match tensor.kind {
        Kind::Text => Side::Texts(tensor.texts),
        kind => Side::Numbers(kind, tensor.numbers),
    }))
}

fn mapped<'a>(compiler: &mut Compiler<'a, '_>, node: &Node<'a>) -> Result<Value> {
    let of = compiler.input(node, 0)?;
    let (from, to) = match node.operator {
        "CategoryMapper" => {
            let texts = Side::Texts(node.texts("cats_strings")?);
            let ints = Side::Numbers(
                Kind::Int,
                node.ints("cats_int64s")?.into_iter().map(|int| int as f64).collect(),
            );
            if of.kind == Kind::Text {
                (Some(texts), Some(ints))
            } else {
                (Some(ints), Some(texts))
            }
        }
        // The first version numbers the classes.
        _ if node.has("classes_strings") => {
            let texts = node.texts("classes_strings")?;
            let ints = Side::Numbers(Kind::Int, (0..texts.len()).map(|place| place as f64).collect());
            (Some(Side::Texts(texts)), Some(ints))
        }
        _ => (side(node, "keys")?, side(node, "values")?),
    };
    let (Some(from), Some(to)) = (from, to) else {
        return Err(damaged("a map has no keys, or no values"));
    };
    let keys: Vec<f64> = match from {
        Side::Texts(texts) if of.kind == Kind::Text => {
            compiler.compare(&of.places, &texts)?;
            texts.iter().map(|text| f64::from(compiler.text(text))).collect()
        }
        Side::Numbers(_, numbers) if of.kind != Kind::Text => numbers,
        Side::Texts(_) | Side::Numbers(..) => {
            return Err(damaged("the keys of a map are of another type than what is looked up"));
        }
    };
    let (kind, values, rest) = match to {
        Side::Texts(texts) => {
            let rest = f64::from(compiler.text(node.text("default_string", "_Unused")?));
            (
                Kind::Text,
                texts
                    .iter()
                    .map(|text| f64::from(compiler.text(text)))
                    .collect::<Vec<f64>>(),
                rest,
            )
        }
        Side::Numbers(kind, numbers) => {
            let rest = match (node.tensor("default_tensor")?, kind) {
                (Some(tensor), _) => tensor.numbers.first().copied().unwrap_or(0.0),
                (None, Kind::Int) => node.int("default_int64", -1)? as f64,
                (None, _) => f64::from(node.float("default_float", 0.0)?),
            };
            (kind, numbers, rest)
        }
    };
    let keys = keys_of(keys, values, rest)?;
    let places = compiler.look(of.places.clone(), keys)?;
    Ok(Value {
        kind,
        places,
        classes: None,
        ..of
    })
}

/// Keys in order, each once: the first counts.
fn keys_of(keys: Vec<f64>, values: Vec<f64>, rest: f64) -> Result<Keys> {
    if keys.len() != values.len() {
        return Err(damaged("a map has another number of keys than of values"));
    }
    let missing = keys.iter().position(|key| key.is_nan());
    let missing = missing.map_or(rest, |place| values[place]);
    let pairs = keys.into_iter().zip(values).filter(|(key, _)| !key.is_nan());
    // Adding 0 makes one zero of the two.
    let mut pairs: Vec<(f64, f64)> = pairs.map(|(key, value)| (key + 0.0, value)).collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    pairs.dedup_by(|a, b| a.0 == b.0);
    let (keys, values) = pairs.into_iter().unzip();
    Ok(Keys {
        keys,
        values,
        missing,
        rest,
    })
}

/// Applies what comes after sums; `size` numbers belong together.
fn after(
    compiler: &mut Compiler<'_, '_>,
    post: &str,
    places: Vec<Place>,
    size: usize,
    round: Round,
) -> Result<Vec<Place>> {
    match post {
        "LOGISTIC" => compiler.one(Unary::Sigmoid, round, places),
        "PROBIT" => compiler.one(Unary::Probit, round, places),
        "SOFTMAX" => compiler.scale(Fold::LogSumExp, round, places, size),
        "SOFTMAX_ZERO" => compiler.scale(Fold::SoftmaxZero, round, places, size),
        _ => Ok(places),
    }
}

/// The weights of a linear model as a matrix of a row for each feature.
fn weights(node: &Node<'_>, of: &Value, outputs: usize) -> Result<(Vec<f64>, Vec<f64>)> {
    let width = of.places.len();
    let coefficients = node.floats("coefficients")?;
    if outputs == 0 || Some(coefficients.len()) != width.checked_mul(outputs) {
        return Err(damaged(
            "a linear model has another number of weights than its features",
        ));
    }
    let mut plus = node.floats("intercepts")?;
    plus.resize(outputs, 0.0);
    let turned = (0..coefficients.len()).map(|at| coefficients[at % outputs * width + at / outputs]);
    Ok((turned.collect(), plus))
}

fn linear_regressor<'a>(compiler: &mut Compiler<'a, '_>, node: &Node<'a>) -> Result<Value> {
    let of = compiler.input(node, 0)?;
    let targets = usize::try_from(node.int("targets", 1)?).map_err(|_| damaged("a linear model has no output"))?;
    let (weights, plus) = weights(node, &of, targets)?;
    let places = compiler.product(of.places, weights, plus, Round::Single)?;
    let post = trees::post_transform(node.text("post_transform", "NONE")?)?;
    let places = after(compiler, post, places, targets, Round::Single)?;
    Ok(Value::new(Kind::Single, vec![1, targets], places))
}

fn linear_classifier<'a>(compiler: &mut Compiler<'a, '_>, node: &Node<'a>) -> Result<Vec<Value>> {
    let of = compiler.input(node, 0)?;
    let labels = classes(node, "classlabels_ints")?;
    let outputs = node.floats("coefficients")?.len() / of.places.len().max(1);
    let (weights, plus) = weights(node, &of, outputs)?;
    let scores = compiler.product(of.places, weights, plus, Round::Single)?;
    let post = trees::post_transform(node.text("post_transform", "NONE")?)?;
    if outputs == 1 && labels.len() == 2 {
        let first = compiler.one(Unary::Negate, Round::Not, scores.clone())?;
        return both(compiler, [first, scores], post, labels);
    }
    if outputs != labels.len() {
        return Err(damaged("a classifier has another number of outputs than of labels"));
    }
    classified(compiler, scores, post, labels, Round::Single)
}

/// The label and the probabilities of two scores.
fn both(
    compiler: &mut Compiler<'_, '_>,
    [first, second]: [Vec<Place>; 2],
    post: &str,
    labels: Vec<Label>,
) -> Result<Vec<Value>> {
    let scores = vec![first[0], second[0]];
    classified(compiler, scores, post, labels, Round::Single)
}

/// The label and the probabilities by a score for each class.
fn classified(
    compiler: &mut Compiler<'_, '_>,
    scores: Vec<Place>,
    post: &str,
    labels: Vec<Label>,
    round: Round,
) -> Result<Vec<Value>> {
    let count = scores.len();
    let best = compiler.group(Fold::PlaceOfMost, Round::Not, scores.clone(), count)?;
    let places = after(compiler, post, scores, count, round)?;
    let probabilities = Value {
        classes: Some(labels.clone()),
        ..Value::new(Kind::Single, vec![1, count], places)
    };
    let is_text = matches!(labels.first(), Some(Label::Text(_)));
    let codes: Vec<f64> = labels
        .iter()
        .map(|label| match label {
            Label::Text(text) | Label::Enum(_, text) => f64::from(compiler.text(text)),
            Label::Number(number) => *number as f64,
            Label::Bool(value) => f64::from(u8::from(*value)),
        })
        .collect();
    let picked = compiler.pick(best, codes)?;
    let kind = if is_text { Kind::Text } else { Kind::Int };
    let label = Value {
        classes: Some(labels),
        ..Value::new(kind, vec![1], picked)
    };
    Ok(vec![label, probabilities])
}

fn tree_regressor<'a>(compiler: &mut Compiler<'a, '_>, node: &Node<'a>) -> Result<Value> {
    let of = compiler.input(node, 0)?;
    // The first operator answers with numbers of four bytes whatever it is given.
    let round = if node.operator == "TreeEnsemble" {
        of.round()
    } else {
        Round::Single
    };
    let read = match node.operator {
        "TreeEnsemble" => trees::read_plain(node, round, &mut compiler.pace)?,
        _ => trees::read(node, None, round, &mut compiler.pace)?,
    };
    let kind = if round == Round::Single {
        Kind::Single
    } else {
        Kind::Double
    };
    let outputs = read.ensemble.outputs();
    compiler.covers = read.covers;
    let sums = compiler.trees(of.places, read.ensemble)?;
    let places = after(compiler, read.post, sums, outputs, round)?;
    Ok(Value::new(kind, vec![1, outputs], places))
}

fn tree_classifier<'a>(compiler: &mut Compiler<'a, '_>, node: &Node<'a>) -> Result<Vec<Value>> {
    let of = compiler.input(node, 0)?;
    let labels = classes(node, "classlabels_int64s")?;
    let read = trees::read(node, Some(labels.len()), Round::Single, &mut compiler.pace)?;
    compiler.covers = read.covers;
    let sums = compiler.trees(of.places, read.ensemble)?;
    if !read.is_of_one_class {
        return classified(compiler, sums, read.post, labels, Round::Single);
    }
    // One sum speaks of two classes: as a probability where no leaf is negative, else as a score.
    let one = vec![Place::Always(1.0)];
    if read.is_positive {
        let first = compiler.two(Binary::Subtract, Round::Single, one, sums.clone())?;
        return both(compiler, [first, sums], "NONE", labels);
    }
    let first = compiler.one(Unary::Negate, Round::Not, sums.clone())?;
    both(compiler, [first, sums], read.post, labels)
}

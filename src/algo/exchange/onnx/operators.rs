//! The operators of the plain domain that compute. What moves numbers about is in `shapes`, what was learned in `learned`.

use super::arithmetic::{Binary, Fold, Unary};
use super::compile::{Compiler, Value, round_of};
use super::program::Place;
use super::proto::{Kind, Node};
use super::{WHAT, learned, refused, shapes};
use crate::error::{Error, Result};
use crate::label::Label;

/// Makes the outputs of a node.
pub(super) fn run<'a>(compiler: &mut Compiler<'a, '_>, node: &Node<'a>) -> Result<Vec<Value>> {
    match node.domain {
        "" | "ai.onnx" => {}
        "ai.onnx.ml" => return learned::run(compiler, node),
        domain => {
            return Err(refused(
                format!("the graph has an operator of the domain \"{domain}\""),
                "export the model with the operators of ONNX only",
            ));
        }
    }
    if let Some(values) = shapes::run(compiler, node)? {
        return Ok(values);
    }
    let value = match node.operator {
        "Cast" | "CastLike" => cast(compiler, node)?,
        "Where" => choose(compiler, node)?,
        "Clip" => clip(compiler, node)?,
        "MatMul" => product(compiler, node)?,
        "Gemm" => gemm(compiler, node)?,
        "Softmax" | "LogSoftmax" => softmax(compiler, node)?,
        "ArgMax" | "ArgMin" => reduce(compiler, node, Fold::named(node.operator))?,
        "Sum" | "Mean" | "Min" | "Max" => several(compiler, node)?,
        "LeakyRelu" | "Elu" => leaky(compiler, node)?,
        operator => {
            if let Some(fold) = Fold::named(operator).filter(|_| operator.starts_with("Reduce")) {
                reduce(compiler, node, Some(fold))?
            } else if let Some(function) = Binary::named(operator).filter(|function| *function != Binary::IfMissing) {
                let (left, right) = (compiler.input(node, 0)?, compiler.input(node, 1)?);
                two(compiler, function, &left, &right)?
            } else if let Some(function) = Unary::named(operator).filter(|function| is_operator(*function)) {
                let of = compiler.input(node, 0)?;
                let kind = match function {
                    Unary::Not | Unary::IsMissing | Unary::IsInfinite => Kind::Bool,
                    _ => of.kind,
                };
                let places = compiler.one(function, round_of(kind), of.places.clone())?;
                Value::new(kind, of.dims, places)
            } else {
                return Err(unknown(operator));
            }
        }
    };
    Ok(vec![value])
}

/// Whether a function is an operator of ONNX, not one of ours.
fn is_operator(function: Unary) -> bool {
    !matches!(function, Unary::IsTrue | Unary::Truth | Unary::Probit)
}

/// The error of an operator that is not there.
pub(super) fn unknown(operator: &str) -> Error {
    refused(
        format!("the graph has operator {operator}, which is not known here"),
        "export another model; the page on ONNX lists the operators that are read",
    )
}

/// Sizes of two values that are stretched to fit each other.
pub(super) fn stretched(a: &[usize], b: &[usize]) -> Result<Vec<usize>> {
    let rank = a.len().max(b.len());
    let size = |dims: &[usize], axis: usize| (axis + dims.len()).checked_sub(rank).map_or(1, |axis| dims[axis]);
    let axes = 0..rank;
    axes.map(|axis| match (size(a, axis), size(b, axis)) {
        (a, b) if a == b => Ok(a),
        (1, size) | (size, 1) => Ok(size),
        (a, b) => Err(Error::damaged(
            WHAT,
            format!("sizes {a} and {b} do not go with each other"),
        )),
    })
    .collect()
}

/// The numbers of a value stretched to sizes.
pub(super) fn stretch(compiler: &mut Compiler<'_, '_>, value: &Value, dims: &[usize]) -> Result<Vec<Place>> {
    if value.dims == dims {
        return Ok(value.places.clone());
    }
    let count = shapes::count(dims)?;
    compiler.pace.spend(count / 8)?;
    let offset = dims.len() - value.dims.len().min(dims.len());
    let mut places = crate::room::with_capacity(count)?;
    for index in 0..count {
        let (mut rest, mut at, mut stride) = (index, 0, 1);
        for axis in (0..dims.len()).rev() {
            let here = rest % dims[axis];
            rest /= dims[axis];
            if axis >= offset {
                let size = value.dims[axis - offset];
                at += if size == 1 { 0 } else { here * stride };
                stride *= size;
            }
        }
        places.push(*value.places.get(at).ok_or_else(super::compile::too_large)?);
    }
    Ok(places)
}

/// A function of two values.
pub(super) fn two(compiler: &mut Compiler<'_, '_>, function: Binary, left: &Value, right: &Value) -> Result<Value> {
    if left.kind == Kind::Text || right.kind == Kind::Text {
        if left.kind != right.kind || function != Binary::Equal {
            return Err(refused(
                "texts are put together with numbers",
                "export the model with texts compared for equality only",
            ));
        }
        for (of, with) in [(left, right), (right, left)] {
            if let Some(codes) = with.constant() {
                let texts: Vec<String> = codes
                    .iter()
                    .filter_map(|code| compiler.texts.get(*code as usize).cloned())
                    .collect();
                let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
                compiler.compare(&of.places, &texts)?;
            }
        }
    }
    let dims = stretched(&left.dims, &right.dims)?;
    let kind = if function.is_truth() { Kind::Bool } else { left.kind };
    let (a, b) = (stretch(compiler, left, &dims)?, stretch(compiler, right, &dims)?);
    let places = compiler.two(function, round_of(kind), a, b)?;
    Ok(Value::new(kind, dims, places))
}

fn several<'a>(compiler: &mut Compiler<'a, '_>, node: &Node<'a>) -> Result<Value> {
    let function = match node.operator {
        "Min" => Binary::Least,
        "Max" => Binary::Most,
        _ => Binary::Add,
    };
    let mut value = compiler.input(node, 0)?;
    for place in 1..node.inputs.len() {
        let next = compiler.input(node, place)?;
        value = two(compiler, function, &value, &next)?;
    }
    if node.operator == "Mean" {
        let count = Value::new(value.kind, Vec::new(), vec![Place::Always(node.inputs.len() as f64)]);
        value = two(compiler, Binary::Divide, &value, &count)?;
    }
    Ok(value)
}

fn cast<'a>(compiler: &mut Compiler<'a, '_>, node: &Node<'a>) -> Result<Value> {
    let of = compiler.input(node, 0)?;
    let kind = match compiler.optional(node, 1)? {
        Some(like) => like.kind,
        None => Kind::of(node.int("to", 1)?)?,
    };
    if let (Some(classes), true) = (&of.classes, kind == Kind::Text) {
        let classes = classes
            .iter()
            .map(|label| Label::Text(label.text().into_owned()))
            .collect();
        return Ok(Value {
            kind,
            classes: Some(classes),
            ..of
        });
    }
    let places = match (of.kind, kind) {
        (own, to) if own == to => of.places.clone(),
        (Kind::Text, _) | (_, Kind::Text) => {
            return Err(refused(
                "numbers become texts, or texts numbers",
                "export the model so that columns keep their types",
            ));
        }
        (Kind::Bool, _) | (Kind::Single | Kind::Int, Kind::Double) => of.places.clone(),
        (_, Kind::Bool) => compiler.one(Unary::IsTrue, round_of(kind), of.places.clone())?,
        (_, Kind::Single | Kind::Int | Kind::Double) => {
            compiler.one(Unary::Identity, round_of(kind), of.places.clone())?
        }
    };
    Ok(Value { kind, places, ..of })
}

fn choose<'a>(compiler: &mut Compiler<'a, '_>, node: &Node<'a>) -> Result<Value> {
    let (by, yes, no) = (
        compiler.input(node, 0)?,
        compiler.input(node, 1)?,
        compiler.input(node, 2)?,
    );
    let dims = stretched(&stretched(&by.dims, &yes.dims)?, &no.dims)?;
    let by = stretch(compiler, &by, &dims)?;
    let (chosen, others) = (stretch(compiler, &yes, &dims)?, stretch(compiler, &no, &dims)?);
    let places = compiler.choose(by, chosen, others)?;
    Ok(Value::new(yes.kind, dims, places))
}

fn clip<'a>(compiler: &mut Compiler<'a, '_>, node: &Node<'a>) -> Result<Value> {
    let mut value = compiler.input(node, 0)?;
    for (place, name, function) in [(1, "min", Binary::Most), (2, "max", Binary::Least)] {
        let bound = match compiler.optional(node, place)? {
            Some(bound) => Some(bound),
            None if node.has(name) => Some(Value::new(
                value.kind,
                Vec::new(),
                vec![Place::Always(f64::from(node.float(name, 0.0)?))],
            )),
            None => None,
        };
        if let Some(bound) = bound {
            value = two(compiler, function, &value, &bound)?;
        }
    }
    Ok(value)
}

fn leaky<'a>(compiler: &mut Compiler<'a, '_>, node: &Node<'a>) -> Result<Value> {
    let of = compiler.input(node, 0)?;
    let scalar = |value: f64| Value::new(of.kind, Vec::new(), vec![Place::Always(value)]);
    let below = if node.operator == "Elu" {
        let power = compiler.one(Unary::Exponential, of.round(), of.places.clone())?;
        let power = Value {
            places: power,
            ..of.clone()
        };
        let less = two(compiler, Binary::Subtract, &power, &scalar(1.0))?;
        two(
            compiler,
            Binary::Multiply,
            &less,
            &scalar(f64::from(node.float("alpha", 1.0)?)),
        )?
    } else {
        two(
            compiler,
            Binary::Multiply,
            &of,
            &scalar(f64::from(node.float("alpha", 0.01)?)),
        )?
    };
    let is_below = two(compiler, Binary::Less, &of, &scalar(0.0))?;
    let places = compiler.choose(is_below.places, below.places, of.places.clone())?;
    Ok(Value { places, ..of })
}

/// A matrix that is always the same.
fn matrix(value: &Value, operator: &str) -> Result<(Vec<f64>, usize, usize)> {
    let numbers = value.constant().ok_or_else(|| {
        refused(
            format!("{operator} multiplies two matrices that both depend on the row"),
            "export a model whose weights are fixed",
        )
    })?;
    match value.dims[..] {
        [rows, columns] => Ok((numbers, rows, columns)),
        [rows] => Ok((numbers, rows, 1)),
        _ => Err(refused(
            format!("{operator} multiplies with more than a matrix"),
            "export a model whose weights are a matrix",
        )),
    }
}

fn product<'a>(compiler: &mut Compiler<'a, '_>, node: &Node<'a>) -> Result<Value> {
    let (of, by) = (compiler.input(node, 0)?, compiler.input(node, 1)?);
    let (weights, rows, columns) = matrix(&by, "MatMul")?;
    if of.dims.last() != Some(&rows) {
        return Err(Error::damaged(
            WHAT,
            "a matrix has other sizes than what it is multiplied with",
        ));
    }
    let places = compiler.product(of.places.clone(), weights, vec![0.0; columns], of.round())?;
    let mut dims = of.dims.clone();
    dims.pop();
    if by.dims.len() == 2 {
        dims.push(columns);
    }
    Ok(Value::new(of.kind, dims, places))
}

fn gemm<'a>(compiler: &mut Compiler<'a, '_>, node: &Node<'a>) -> Result<Value> {
    let (of, by) = (compiler.input(node, 0)?, compiler.input(node, 1)?);
    let (mut weights, mut rows, mut columns) = matrix(&by, "Gemm")?;
    if node.int("transB", 0)? != 0 {
        let turned: Vec<f64> = (0..weights.len())
            .map(|at| weights[at % rows.max(1) * columns + at / rows.max(1)])
            .collect();
        (weights, rows, columns) = (turned, columns, rows);
    }
    if node.int("transA", 0)? != 0 || of.dims.last() != Some(&rows) {
        return Err(refused(
            "Gemm turns the rows",
            "export a model that multiplies rows as they are",
        ));
    }
    let alpha = f64::from(node.float("alpha", 1.0)?);
    weights.iter_mut().for_each(|weight| *weight *= alpha);
    let dims = vec![of.places.len() / rows.max(1), columns];
    let places = compiler.product(of.places.clone(), weights, vec![0.0; columns], of.round())?;
    let value = Value::new(of.kind, dims, places);
    let Some(plus) = compiler.optional(node, 2)? else {
        return Ok(value);
    };
    let beta = Value::new(
        of.kind,
        Vec::new(),
        vec![Place::Always(f64::from(node.float("beta", 1.0)?))],
    );
    let plus = two(compiler, Binary::Multiply, &plus, &beta)?;
    two(compiler, Binary::Add, &value, &plus)
}

fn softmax<'a>(compiler: &mut Compiler<'a, '_>, node: &Node<'a>) -> Result<Value> {
    let of = compiler.input(node, 0)?;
    let rank = of.dims.len();
    let axis = shapes::axis(node.int("axis", if compiler.opset >= 13 { -1 } else { 1 })?, rank)?;
    // Before version 13 all axes from that one on are one.
    if axis + 1 != rank && compiler.opset >= 13 {
        return Err(refused(
            format!("{} is not along the last axis", node.operator),
            "export the model with it along the last axis",
        ));
    }
    let size = shapes::count(&of.dims[axis..])?;
    let fold = if node.operator == "Softmax" {
        Fold::LogSumExp
    } else {
        Fold::LogSoftmax
    };
    let places = compiler.scale(fold, of.round(), of.places.clone(), size)?;
    Ok(Value { places, ..of })
}

fn reduce<'a>(compiler: &mut Compiler<'a, '_>, node: &Node<'a>, fold: Option<Fold>) -> Result<Value> {
    let fold = fold.ok_or_else(|| unknown(node.operator))?;
    let of = compiler.input(node, 0)?;
    let rank = of.dims.len();
    let is_place = matches!(fold, Fold::PlaceOfMost | Fold::PlaceOfLeast);
    let given = match is_place {
        true => vec![node.int("axis", 0)?],
        false => compiler.sizes(node, 1)?.unwrap_or(node.ints("axes")?),
    };
    let mut axes: Vec<usize> = given
        .into_iter()
        .map(|axis| shapes::axis(axis, rank))
        .collect::<Result<_>>()?;
    if axes.is_empty() {
        axes = (0..rank).collect();
    }
    // The axes that are folded come last.
    let kept: Vec<usize> = (0..rank).filter(|axis| !axes.contains(axis)).collect();
    let order: Vec<usize> = kept
        .iter()
        .copied()
        .chain((0..rank).filter(|axis| axes.contains(axis)))
        .collect();
    let turned = shapes::transposed(&of, &order)?;
    let size = shapes::count(&turned.dims[kept.len()..])?;
    let kind = if is_place { Kind::Int } else { of.kind };
    let places = compiler.group(fold, round_of(kind), turned.places, size)?;
    let dims = match node.int("keepdims", 1)? {
        0 => kept.iter().map(|axis| of.dims[*axis]).collect(),
        _ => (0..rank)
            .map(|axis| if axes.contains(&axis) { 1 } else { of.dims[axis] })
            .collect(),
    };
    let mut value = Value::new(kind, dims, places);
    if is_place {
        value.classes = Some((0..size as i64).map(Label::Number).collect());
    }
    Ok(value)
}

//! The operators that move numbers about, which takes no step: it is done when a graph is compiled.

use super::compile::{Compiler, Value, too_large};
use super::operators::{stretch, stretched};
use super::program::{MOST_SLOTS, Place};
use super::proto::{Kind, Node};
use super::{WHAT, refused};
use crate::error::{Error, Result};
use crate::label::Label;
use crate::room;

fn damaged(problem: &'static str) -> Error {
    Error::damaged(WHAT, problem)
}

/// How many numbers there are.
pub(super) fn count(dims: &[usize]) -> Result<usize> {
    let count = dims.iter().try_fold(1_usize, |count, size| count.checked_mul(*size));
    count.filter(|count| *count <= MOST_SLOTS).ok_or_else(too_large)
}

/// An axis counted from the front.
pub(super) fn axis(axis: i64, rank: usize) -> Result<usize> {
    let from_front = if axis < 0 {
        axis.saturating_add(rank as i64)
    } else {
        axis
    };
    usize::try_from(from_front)
        .ok()
        .filter(|axis| *axis < rank)
        .ok_or_else(|| damaged("an axis is not there"))
}

/// A value with its axes in another order.
pub(super) fn transposed(value: &Value, order: &[usize]) -> Result<Value> {
    if order.is_sorted() {
        return Ok(value.clone());
    }
    let mut strides = vec![1; value.dims.len()];
    for axis in (1..value.dims.len()).rev() {
        strides[axis - 1] = strides[axis] * value.dims[axis];
    }
    let dims: Vec<usize> = order.iter().map(|axis| value.dims[*axis]).collect();
    let mut places = room::with_capacity(value.places.len())?;
    for index in 0..count(&dims)? {
        let (mut rest, mut at) = (index, 0);
        for (size, axis) in dims.iter().zip(order).rev() {
            at += rest % size * strides[*axis];
            rest /= size;
        }
        places.push(value.places[at]);
    }
    Ok(Value {
        dims,
        places,
        ..value.clone()
    })
}

/// What is at some places of an axis.
fn taken(value: &Value, axis: usize, places: &[usize]) -> Result<Vec<Place>> {
    let size = value.dims[axis];
    let inner = count(&value.dims[axis + 1..])?;
    let outer = count(&value.dims[..axis])?;
    let mut taken = room::with_capacity(outer.saturating_mul(inner).saturating_mul(places.len()).min(MOST_SLOTS))?;
    for outer in 0..outer {
        for place in places {
            if *place >= size {
                return Err(damaged("a place is beyond the end of an axis"));
            }
            let from = (outer * size + place) * inner;
            taken.extend_from_slice(&value.places[from..from + inner]);
        }
        if taken.len() > MOST_SLOTS {
            return Err(too_large());
        }
    }
    Ok(taken)
}

/// The labels of a list of constants.
fn labels(compiler: &Compiler<'_, '_>, value: &Value) -> Option<Vec<Label>> {
    let numbers = value.constant()?;
    match value.kind {
        Kind::Int => Some(numbers.iter().map(|number| Label::Number(*number as i64)).collect()),
        Kind::Text => numbers
            .iter()
            .map(|code| compiler.texts.get(*code as usize).cloned().map(Label::Text))
            .collect(),
        Kind::Bool => Some(numbers.iter().map(|number| Label::Bool(*number != 0.0)).collect()),
        Kind::Single | Kind::Double => {
            let label = |number: &f64| (number.fract() == 0.0).then_some(Label::Number(*number as i64));
            numbers.iter().map(label).collect()
        }
    }
}

/// Makes the outputs of a node that only moves numbers; `None` for one that computes.
pub(super) fn run<'a>(compiler: &mut Compiler<'a, '_>, node: &Node<'a>) -> Result<Option<Vec<Value>>> {
    let value = match node.operator {
        "Identity" | "Dropout" => compiler.input(node, 0)?,
        "Constant" => constant(compiler, node)?,
        "Reshape" => reshape(compiler, node)?,
        "Flatten" => {
            let of = compiler.input(node, 0)?;
            let at = node.int("axis", 1)?;
            let at = if at == of.dims.len() as i64 {
                of.dims.len()
            } else {
                axis(at, of.dims.len())?
            };
            of.reshaped(vec![count(&of.dims[..at])?, count(&of.dims[at..])?])
        }
        "Squeeze" | "Unsqueeze" => squeeze(compiler, node)?,
        "Transpose" => {
            let of = compiler.input(node, 0)?;
            let order = node.ints("perm")?;
            let mut order: Vec<usize> = order
                .into_iter()
                .map(|at| axis(at, of.dims.len()))
                .collect::<Result<_>>()?;
            if order.is_empty() {
                order = (0..of.dims.len()).rev().collect();
            }
            let mut sorted = order.clone();
            sorted.sort_unstable();
            if !sorted.iter().copied().eq(0..of.dims.len()) {
                return Err(damaged("Transpose has a wrong order of axes"));
            }
            transposed(&of, &order)?
        }
        "Concat" => concat(compiler, node)?,
        "Shape" => {
            let of = compiler.input(node, 0)?;
            let sizes = of.dims.iter().map(|size| Place::Always(*size as f64)).collect();
            Value::new(Kind::Int, vec![of.dims.len()], sizes)
        }
        "Size" => {
            let of = compiler.input(node, 0)?;
            Value::new(Kind::Int, Vec::new(), vec![Place::Always(of.places.len() as f64)])
        }
        "ConstantOfShape" => {
            let dims = compiler.sizes(node, 0)?.unwrap_or_default();
            let dims: Vec<usize> = dims
                .into_iter()
                .map(|size| usize::try_from(size).map_err(|_| damaged("a size is negative")))
                .collect::<Result<_>>()?;
            let tensor = node.tensor("value")?;
            let (kind, number) = tensor.map_or((Kind::Single, 0.0), |tensor| {
                (tensor.kind, tensor.numbers.first().copied().unwrap_or(0.0))
            });
            let places = room::filled(Place::Always(number), count(&dims)?)?;
            Value::new(kind, dims, places)
        }
        "Expand" => {
            let of = compiler.input(node, 0)?;
            let dims = compiler.sizes(node, 1)?.unwrap_or_default();
            let dims: Vec<usize> = dims
                .into_iter()
                .map(|size| usize::try_from(size).map_err(|_| damaged("a size is negative")))
                .collect::<Result<_>>()?;
            let dims = stretched(&of.dims, &dims)?;
            let places = stretch(compiler, &of, &dims)?;
            Value { places, dims, ..of }
        }
        "Gather" => gather(compiler, node)?,
        "Slice" => slice(compiler, node)?,
        "Split" => return split(compiler, node).map(Some),
        _ => return Ok(None),
    };
    Ok(Some(vec![value]))
}

fn constant<'a>(compiler: &mut Compiler<'a, '_>, node: &Node<'a>) -> Result<Value> {
    if let Some(tensor) = node.tensor("value")? {
        return compiler.constant(tensor);
    }
    let always = |numbers: Vec<f64>| numbers.into_iter().map(Place::Always).collect::<Vec<_>>();
    if node.has("value_float") {
        return Ok(Value::new(
            Kind::Single,
            Vec::new(),
            vec![Place::Always(f64::from(node.float("value_float", 0.0)?))],
        ));
    }
    if node.has("value_int") {
        return Ok(Value::new(
            Kind::Int,
            Vec::new(),
            vec![Place::Always(node.int("value_int", 0)? as f64)],
        ));
    }
    if node.has("value_floats") {
        let numbers = always(node.floats("value_floats")?);
        return Ok(Value::new(Kind::Single, vec![numbers.len()], numbers));
    }
    let ints = always(node.ints("value_ints")?.into_iter().map(|int| int as f64).collect());
    match node.has("value_ints") {
        true => Ok(Value::new(Kind::Int, vec![ints.len()], ints)),
        false => Err(refused(
            "a constant has no numbers",
            "export the model with constants that are tensors",
        )),
    }
}

fn reshape<'a>(compiler: &mut Compiler<'a, '_>, node: &Node<'a>) -> Result<Value> {
    let of = compiler.input(node, 0)?;
    let wanted = compiler.sizes(node, 1)?.unwrap_or(node.ints("shape")?);
    let mut dims = Vec::with_capacity(wanted.len().min(16));
    let mut free = None;
    for (place, size) in wanted.iter().enumerate() {
        dims.push(match *size {
            0 => *of
                .dims
                .get(place)
                .ok_or_else(|| damaged("Reshape keeps a size that is not there"))?,
            -1 if free.is_none() => {
                free = Some(place);
                1
            }
            size => usize::try_from(size).map_err(|_| damaged("a size is negative"))?,
        });
    }
    let known = count(&dims)?;
    if let Some(place) = free {
        dims[place] = of.places.len() / known.max(1);
    }
    match count(&dims)? == of.places.len() {
        true => Ok(of.reshaped(dims)),
        false => Err(refused(
            "Reshape makes one row of several, or several of one",
            "export the model for a free number of rows",
        )),
    }
}

fn squeeze<'a>(compiler: &mut Compiler<'a, '_>, node: &Node<'a>) -> Result<Value> {
    let of = compiler.input(node, 0)?;
    let axes = compiler.sizes(node, 1)?.unwrap_or(node.ints("axes")?);
    if node.operator == "Unsqueeze" {
        let rank = of.dims.len() + axes.len();
        if rank > 16 {
            return Err(too_large());
        }
        let axes: Vec<usize> = axes.into_iter().map(|at| axis(at, rank)).collect::<Result<_>>()?;
        let mut own = of.dims.iter();
        let dims = (0..rank)
            .map(|at| {
                if axes.contains(&at) {
                    1
                } else {
                    own.next().copied().unwrap_or(1)
                }
            })
            .collect();
        return Ok(of.reshaped(dims));
    }
    let axes: Vec<usize> = axes
        .into_iter()
        .map(|at| axis(at, of.dims.len()))
        .collect::<Result<_>>()?;
    let goes = |at: &usize| of.dims[*at] == 1 && (axes.is_empty() || axes.contains(at));
    let dims = (0..of.dims.len())
        .filter(|at| !goes(at))
        .map(|at| of.dims[at])
        .collect();
    let squeezed = of.reshaped(dims);
    match count(&squeezed.dims)? == of.places.len() {
        true => Ok(squeezed),
        false => Err(damaged("Squeeze drops an axis that is not of size 1")),
    }
}

fn concat<'a>(compiler: &mut Compiler<'a, '_>, node: &Node<'a>) -> Result<Value> {
    let values: Vec<Value> = (0..node.inputs.len())
        .map(|place| compiler.input(node, place))
        .collect::<Result<_>>()?;
    let first = values.first().ok_or_else(|| damaged("Concat has no inputs"))?;
    let at = axis(node.int("axis", 1)?, first.dims.len())?;
    let outer = count(&first.dims[..at])?;
    let (mut dims, mut size) = (first.dims.clone(), 0_usize);
    for value in &values {
        let alike = |(place, (a, b)): (usize, (&usize, &usize))| place == at || a == b;
        if value.dims.len() != dims.len() || !value.dims.iter().zip(&dims).enumerate().all(alike) {
            return Err(damaged("Concat puts values of different sizes together"));
        }
        size += value.dims[at];
    }
    dims[at] = size;
    let mut places = room::with_capacity(count(&dims)?)?;
    for outer in 0..outer {
        for value in &values {
            let inner = count(&value.dims[at..])?;
            places.extend_from_slice(&value.places[outer * inner..(outer + 1) * inner]);
        }
    }
    Ok(Value::new(first.kind, dims, places))
}

fn gather<'a>(compiler: &mut Compiler<'a, '_>, node: &Node<'a>) -> Result<Value> {
    let (of, places) = (compiler.input(node, 0)?, compiler.input(node, 1)?);
    let at = axis(node.int("axis", 0)?, of.dims.len())?;
    gathered(compiler, &of, &places, at)
}

/// What is at places of an axis, which are constants, or of a list of constants.
pub(super) fn gathered(compiler: &mut Compiler<'_, '_>, of: &Value, places: &Value, at: usize) -> Result<Value> {
    let mut dims = of.dims[..at].to_vec();
    dims.extend(&places.dims);
    dims.extend(&of.dims[at + 1..]);
    if let Some(chosen) = places.constant() {
        let chosen: Vec<usize> = chosen
            .iter()
            .map(|place| axis(*place as i64, of.dims[at]))
            .collect::<Result<_>>()?;
        let taken = taken(of, at, &chosen)?;
        return Ok(Value {
            dims,
            places: taken,
            ..of.clone()
        });
    }
    let table = of.constant().filter(|_| at == 0 || of.places.len() == of.dims[at]);
    let table = table.ok_or_else(|| {
        refused(
            "which number is taken depends on the row",
            "export a model that takes numbers at places that are fixed",
        )
    })?;
    // A row of the table is taken column by column.
    let inner = if at == 0 { count(&of.dims[1..])? } else { 1 };
    compiler.hold(table.len().saturating_add(inner.saturating_mul(places.places.len())))?;
    let mut columns = Vec::with_capacity(inner);
    for column in 0..inner {
        let own = table.iter().skip(column).step_by(inner).copied().collect();
        columns.push(compiler.pick(places.places.clone(), own)?);
    }
    let picked = (0..places.places.len()).flat_map(|place| columns.iter().map(move |column| column[place]));
    Ok(Value {
        classes: labels(compiler, of),
        ..Value::new(of.kind, dims, picked.collect())
    })
}

fn slice<'a>(compiler: &mut Compiler<'a, '_>, node: &Node<'a>) -> Result<Value> {
    let mut of = compiler.input(node, 0)?;
    let starts = compiler.sizes(node, 1)?.unwrap_or(node.ints("starts")?);
    let ends = compiler.sizes(node, 2)?.unwrap_or(node.ints("ends")?);
    let axes = compiler.sizes(node, 3)?.unwrap_or(node.ints("axes")?);
    let steps = compiler.sizes(node, 4)?.unwrap_or_default();
    for (place, (start, end)) in starts.iter().zip(&ends).enumerate() {
        let at = axis(axes.get(place).copied().unwrap_or(place as i64), of.dims.len())?;
        let size = of.dims[at] as i64;
        if steps.get(place).is_some_and(|step| *step != 1) {
            return Err(refused(
                "Slice goes in steps",
                "export a model that takes numbers one after the other",
            ));
        }
        let bound = |bound: i64| (if bound < 0 { bound.saturating_add(size) } else { bound }).clamp(0, size) as usize;
        let range: Vec<usize> = (bound(*start)..bound(*end)).collect();
        let places = taken(&of, at, &range)?;
        of.dims[at] = range.len();
        of.places = places;
    }
    Ok(of)
}

fn split<'a>(compiler: &mut Compiler<'a, '_>, node: &Node<'a>) -> Result<Vec<Value>> {
    let of = compiler.input(node, 0)?;
    let at = axis(node.int("axis", 0)?, of.dims.len())?;
    let given = compiler.sizes(node, 1)?.unwrap_or(node.ints("split")?);
    let parts = node.outputs.len().max(1);
    let even = of.dims[at].div_ceil(parts);
    let (mut start, mut values) = (0, Vec::new());
    for place in 0..parts {
        let size = match given.get(place) {
            Some(size) => usize::try_from(*size).map_err(|_| damaged("a size is negative"))?,
            None => even.min(of.dims[at] - start),
        };
        let end = start + size;
        if end > of.dims[at] {
            return Err(damaged("a place is beyond the end of an axis"));
        }
        let range: Vec<usize> = (start..end).collect();
        let mut dims = of.dims.clone();
        dims[at] = range.len();
        values.push(Value {
            places: taken(&of, at, &range)?,
            dims,
            ..of.clone()
        });
        start = end;
    }
    Ok(values)
}

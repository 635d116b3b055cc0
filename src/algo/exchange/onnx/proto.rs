//! The messages of ONNX that are read: a model, its graph, nodes, attributes and tensors. Numbers of fields are those of `onnx.proto`
//! (<https://github.com/onnx/onnx/blob/main/onnx/onnx.proto>).

use crate::error::{Error, Result};
use crate::exchange::onnx::wire::{Message, Value};
use crate::exchange::onnx::{WHAT, refused};
use crate::room;

/// What numbers a value holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Of four bytes.
    Single,
    /// Of eight bytes.
    Double,
    /// Whole.
    Int,
    /// Zero or one.
    Bool,
    /// Texts, by their places in a list.
    Text,
}

impl Kind {
    /// By its number in `TensorProto.DataType`.
    pub(super) fn of(code: i64) -> Result<Kind> {
        match code {
            1 => Ok(Kind::Single),
            2..=7 | 12 | 13 => Ok(Kind::Int),
            8 => Ok(Kind::Text),
            9 => Ok(Kind::Bool),
            11 => Ok(Kind::Double),
            _ => Err(refused(
                format!("the graph has numbers of a type that is not known here, {code}"),
                "export the model with 32-bit or 64-bit numbers",
            )),
        }
    }
}

/// A model's file.
#[derive(Debug, Default)]
pub(super) struct File<'a> {
    /// Who wrote it.
    pub(super) producer: &'a str,
    pub(super) graph: Graph<'a>,
    /// What else was said of it.
    pub(super) metadata: Vec<(&'a str, &'a str)>,
    /// The version of the operators of the plain domain.
    pub(super) opset: i64,
}

/// A graph.
#[derive(Debug, Default)]
pub(super) struct Graph<'a> {
    pub(super) nodes: Vec<Node<'a>>,
    pub(super) constants: Vec<(&'a str, Message<'a>)>,
    pub(super) inputs: Vec<Declared<'a>>,
    pub(super) outputs: Vec<&'a str>,
}

/// An input.
#[derive(Debug, Clone)]
pub(super) struct Declared<'a> {
    pub(super) name: &'a str,
    pub(super) kind: Kind,
    /// Sizes; `None` where they are free.
    pub(super) dims: Vec<Option<usize>>,
}

/// An operation.
#[derive(Debug, Clone, Default)]
pub(super) struct Node<'a> {
    pub(super) operator: &'a str,
    pub(super) domain: &'a str,
    pub(super) name: &'a str,
    pub(super) inputs: Vec<&'a str>,
    pub(super) outputs: Vec<&'a str>,
    attributes: Vec<(&'a str, Message<'a>)>,
}

/// The numbers of a constant, or texts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tensor<'a> {
    pub(super) kind: Kind,
    pub(super) dims: Vec<usize>,
    pub(super) numbers: Vec<f64>,
    pub(super) texts: Vec<&'a str>,
}

/// The most nodes of a graph.
const MOST_NODES: usize = 20_000;
/// The most inputs and outputs of a node, and dimensions.
const MOST_PORTS: usize = 10_000;
const MOST_DIMS: usize = 8;

fn bounded<T>(values: &mut Vec<T>, value: T, most: usize, what: &'static str) -> Result<()> {
    if values.len() >= most {
        return Err(refused(
            format!("the graph has more than {most} {what}"),
            "import a smaller model",
        ));
    }
    room::push(values, value)
}

impl<'a> File<'a> {
    /// Reads the outlines of a file. O(bytes).
    pub(super) fn read(bytes: &'a [u8]) -> Result<File<'a>> {
        let mut file = File::default();
        let mut has_graph = false;
        for field in Message(bytes).fields() {
            match field? {
                (2, value) => file.producer = value.text()?,
                (7, value) => {
                    file.graph = Graph::read(Message(value.bytes()?))?;
                    has_graph = true;
                }
                (8, value) => {
                    let (mut domain, mut version) = ("", 0);
                    for field in Message(value.bytes()?).fields() {
                        match field? {
                            (1, value) => domain = value.text()?,
                            (2, value) => version = value.int()?,
                            _ => {}
                        }
                    }
                    if domain.is_empty() || domain == "ai.onnx" {
                        file.opset = version;
                    }
                }
                (14, value) => {
                    let (mut key, mut text) = ("", "");
                    for field in Message(value.bytes()?).fields() {
                        match field? {
                            (1, value) => key = value.text()?,
                            (2, value) => text = value.text()?,
                            _ => {}
                        }
                    }
                    bounded(&mut file.metadata, (key, text), MOST_PORTS, "lines of metadata")?;
                }
                _ => {}
            }
        }
        match has_graph {
            true => Ok(file),
            false => Err(Error::damaged(WHAT, "there is no graph in it")),
        }
    }

    /// A line of its metadata.
    pub(super) fn said(&self, key: &str) -> Option<&'a str> {
        self.metadata.iter().find(|(own, _)| *own == key).map(|(_, text)| *text)
    }
}

impl<'a> Graph<'a> {
    fn read(message: Message<'a>) -> Result<Graph<'a>> {
        let mut graph = Graph::default();
        for field in message.fields() {
            match field? {
                (1, value) => bounded(
                    &mut graph.nodes,
                    Node::read(Message(value.bytes()?))?,
                    MOST_NODES,
                    "nodes",
                )?,
                (5, value) => {
                    let tensor = Message(value.bytes()?);
                    let mut name = "";
                    for field in tensor.fields() {
                        if let (8, value) = field? {
                            name = value.text()?;
                        }
                    }
                    bounded(&mut graph.constants, (name, tensor), MOST_NODES, "constants")?;
                }
                (11, value) => {
                    let declared = Declared::read(Message(value.bytes()?))?;
                    bounded(&mut graph.inputs, declared, MOST_PORTS, "inputs")?;
                }
                (12, value) => {
                    let name = name_of(Message(value.bytes()?))?;
                    bounded(&mut graph.outputs, name, MOST_PORTS, "outputs")?;
                }
                (15, _) => {
                    return Err(refused("the graph has sparse constants", "export it with dense ones"));
                }
                _ => {}
            }
        }
        let constants: std::collections::HashSet<&str> = graph.constants.iter().map(|(name, _)| *name).collect();
        // Old files list constants among the inputs.
        graph.inputs.retain(|input| !constants.contains(input.name));
        Ok(graph)
    }
}

fn name_of(message: Message<'_>) -> Result<&str> {
    for field in message.fields() {
        if let (1, value) = field? {
            return value.text();
        }
    }
    Ok("")
}

impl<'a> Declared<'a> {
    fn read(message: Message<'a>) -> Result<Declared<'a>> {
        let (mut kind, mut dims) = (None, Vec::new());
        let name = name_of(message)?;
        for field in message.fields() {
            let (2, of_type) = field? else { continue };
            for field in Message(of_type.bytes()?).fields() {
                let (1, tensor) = field? else { continue };
                for field in Message(tensor.bytes()?).fields() {
                    match field? {
                        (1, value) => kind = Some(Kind::of(value.int()?)?),
                        (2, shape) => {
                            for field in Message(shape.bytes()?).fields() {
                                let (1, dim) = field? else { continue };
                                bounded(
                                    &mut dims,
                                    size(Message(dim.bytes()?))?,
                                    MOST_DIMS,
                                    "dimensions of an input",
                                )?;
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
        let kind = kind.ok_or_else(|| {
            refused(
                format!("input \"{name}\" is no tensor"),
                "export the model with tensors as inputs",
            )
        })?;
        Ok(Declared { name, kind, dims })
    }
}

/// A size that is said.
fn size(message: Message<'_>) -> Result<Option<usize>> {
    for field in message.fields() {
        if let (1, value) = field? {
            return Ok(usize::try_from(value.int()?).ok().filter(|size| *size > 0));
        }
    }
    Ok(None)
}

impl<'a> Node<'a> {
    fn read(message: Message<'a>) -> Result<Node<'a>> {
        let mut node = Node::default();
        for field in message.fields() {
            match field? {
                (1, value) => bounded(&mut node.inputs, value.text()?, MOST_PORTS, "inputs of a node")?,
                (2, value) => bounded(&mut node.outputs, value.text()?, MOST_PORTS, "outputs of a node")?,
                (3, value) => node.name = value.text()?,
                (4, value) => node.operator = value.text()?,
                (5, value) => {
                    let attribute = Message(value.bytes()?);
                    let name = name_of(attribute)?;
                    bounded(
                        &mut node.attributes,
                        (name, attribute),
                        MOST_PORTS,
                        "attributes of a node",
                    )?;
                }
                (7, value) => node.domain = value.text()?,
                _ => {}
            }
        }
        Ok(node)
    }

    fn attribute(&self, name: &str, number: u32) -> Result<Option<Value<'a>>> {
        let Some((_, message)) = self.attributes.iter().find(|(own, _)| *own == name) else {
            return Ok(None);
        };
        let mut found = None;
        for field in message.fields() {
            let (own, value) = field?;
            if own == number {
                found = Some(value);
            }
        }
        Ok(found)
    }

    fn each(&self, name: &str, number: u32, mut each: impl FnMut(Value<'a>) -> Result<()>) -> Result<()> {
        let Some((_, message)) = self.attributes.iter().find(|(own, _)| *own == name) else {
            return Ok(());
        };
        for field in message.fields() {
            let (own, value) = field?;
            if own == number {
                each(value)?;
            }
        }
        Ok(())
    }

    /// Whether it has an attribute.
    pub(super) fn has(&self, name: &str) -> bool {
        self.attributes.iter().any(|(own, _)| *own == name)
    }

    /// A whole number.
    pub(super) fn int(&self, name: &str, default: i64) -> Result<i64> {
        self.attribute(name, 3)?.map_or(Ok(default), Value::int)
    }

    /// A number.
    pub(super) fn float(&self, name: &str, default: f32) -> Result<f32> {
        match self.attribute(name, 2)? {
            Some(Value::Fixed32(bits)) => Ok(f32::from_bits(bits)),
            Some(_) => Err(Error::damaged(WHAT, "an attribute is of the wrong kind")),
            None => Ok(default),
        }
    }

    /// A text.
    pub(super) fn text(&self, name: &str, default: &'a str) -> Result<&'a str> {
        self.attribute(name, 4)?.map_or(Ok(default), Value::text)
    }

    /// A list of whole numbers; empty where there is none.
    pub(super) fn ints(&self, name: &str) -> Result<Vec<i64>> {
        let mut ints = Vec::new();
        self.each(name, 8, |value| value.ints(|int| room::push(&mut ints, int)))?;
        Ok(ints)
    }

    /// A list of numbers.
    pub(super) fn floats(&self, name: &str) -> Result<Vec<f64>> {
        let mut floats = Vec::new();
        self.each(name, 7, |value| {
            value.singles(|single| room::push(&mut floats, f64::from(single)))
        })?;
        Ok(floats)
    }

    /// A list of texts.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<&'a str>> {
        let mut texts = Vec::new();
        self.each(name, 9, |value| room::push(&mut texts, value.text()?))?;
        Ok(texts)
    }

    /// A constant.
    pub(super) fn tensor(&self, name: &str) -> Result<Option<Tensor<'a>>> {
        let value = self.attribute(name, 5)?;
        value.map(|value| Tensor::read(Message(value.bytes()?))).transpose()
    }

    /// Numbers that older operators have in a list and newer ones in a tensor of the name with `_as_tensor`.
    pub(super) fn numbers(&self, name: &str) -> Result<Vec<f64>> {
        match self.tensor(&format!("{name}_as_tensor"))? {
            Some(tensor) => Ok(tensor.numbers),
            None => self.floats(name),
        }
    }
}

impl<'a> Tensor<'a> {
    /// Reads a tensor. What it takes in memory is at most eight times its bytes.
    pub(super) fn read(message: Message<'a>) -> Result<Tensor<'a>> {
        let damaged = |problem: &'static str| Error::damaged(WHAT, problem);
        let (mut code, mut dims, mut raw) = (0, Vec::new(), None);
        let (mut numbers, mut texts) = (Vec::new(), Vec::new());
        for field in message.fields() {
            match field? {
                (1, value) => value.ints(|size| {
                    let size = usize::try_from(size).map_err(|_| damaged("a constant has a negative size"))?;
                    bounded(&mut dims, size, MOST_DIMS, "dimensions of a constant")
                })?,
                (2, value) => code = value.int()?,
                (4, value) => value.singles(|single| room::push(&mut numbers, f64::from(single)))?,
                (5 | 7, value) => value.ints(|int| room::push(&mut numbers, int as f64))?,
                (6, value) => room::push(&mut texts, value.text()?)?,
                (9, value) => raw = Some(value.bytes()?),
                (10, value) => value.doubles(|double| room::push(&mut numbers, double))?,
                (13, _) => {
                    return Err(refused(
                        "constants of the graph are in other files",
                        "save the model as one file",
                    ));
                }
                _ => {}
            }
        }
        let kind = Kind::of(code)?;
        if let Some(raw) = raw {
            numbers = unpacked(code, raw)?;
        }
        let count = dims.iter().try_fold(1_usize, |count, size| count.checked_mul(*size));
        let present = if kind == Kind::Text { texts.len() } else { numbers.len() };
        if count != Some(present) {
            return Err(damaged("a constant has another number of values than its sizes say"));
        }
        Ok(Tensor {
            kind,
            dims,
            numbers,
            texts,
        })
    }
}

/// Numbers of a type as they lie in memory.
fn unpacked(code: i64, raw: &[u8]) -> Result<Vec<f64>> {
    fn all<const N: usize>(raw: &[u8], of: impl Fn([u8; N]) -> f64) -> Result<Vec<f64>> {
        let (numbers, rest) = raw.as_chunks::<N>();
        if !rest.is_empty() {
            return Err(Error::damaged(WHAT, "a constant ends too early"));
        }
        let mut all = room::with_capacity(numbers.len())?;
        all.extend(numbers.iter().map(|number| of(*number)));
        Ok(all)
    }
    match code {
        1 => all(raw, |bytes| f64::from(f32::from_le_bytes(bytes))),
        2 | 9 => all(raw, |[byte]: [u8; 1]| f64::from(byte)),
        3 => all(raw, |bytes| f64::from(i8::from_le_bytes(bytes))),
        4 => all(raw, |bytes| f64::from(u16::from_le_bytes(bytes))),
        5 => all(raw, |bytes| f64::from(i16::from_le_bytes(bytes))),
        6 => all(raw, |bytes| f64::from(i32::from_le_bytes(bytes))),
        7 => all(raw, |bytes| i64::from_le_bytes(bytes) as f64),
        11 => all(raw, f64::from_le_bytes),
        12 => all(raw, |bytes| f64::from(u32::from_le_bytes(bytes))),
        13 => all(raw, |bytes| u64::from_le_bytes(bytes) as f64),
        _ => Err(Error::damaged(WHAT, "a constant of texts has numbers")),
    }
}

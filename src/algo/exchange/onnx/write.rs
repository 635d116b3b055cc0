//! A graph being written.

use super::wire::Writer;

/// An attribute of a node.
pub(super) enum Attribute<'a> {
    Int(i64),
    Ints(&'a [i64]),
    Tensor(Data<'a>),
}

/// The numbers of a constant, or texts.
pub(super) enum Data<'a> {
    Doubles(&'a [f64]),
    Ints(&'a [i64]),
    Bytes(&'a [u8]),
    Bools(&'a [bool]),
    Texts(&'a [String]),
}

impl Data<'_> {
    /// The number of its type in `TensorProto.DataType`.
    fn code(&self) -> i64 {
        match self {
            Data::Doubles(_) => 11,
            Data::Ints(_) => 7,
            Data::Bytes(_) => 2,
            Data::Bools(_) => 9,
            Data::Texts(_) => 8,
        }
    }

    fn count(&self) -> usize {
        match self {
            Data::Doubles(values) => values.len(),
            Data::Ints(values) => values.len(),
            Data::Bytes(values) => values.len(),
            Data::Bools(values) => values.len(),
            Data::Texts(values) => values.len(),
        }
    }

    /// As a tensor of sizes.
    fn tensor(&self, name: &str, dims: &[usize]) -> Writer {
        let mut tensor = Writer::default();
        let dims: Vec<i64> = dims.iter().map(|size| *size as i64).collect();
        tensor.ints(1, &dims);
        tensor.int(2, self.code());
        match self {
            Data::Doubles(values) => tensor.bytes(
                9,
                &values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>(),
            ),
            Data::Ints(values) => tensor.bytes(
                9,
                &values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>(),
            ),
            Data::Bytes(values) => tensor.bytes(9, values),
            Data::Bools(values) => tensor.bytes(9, &values.iter().map(|value| u8::from(*value)).collect::<Vec<u8>>()),
            Data::Texts(values) => values.iter().for_each(|text| tensor.bytes(6, text.as_bytes())),
        }
        if !name.is_empty() {
            tensor.bytes(8, name.as_bytes());
        }
        tensor
    }
}

/// The types of inputs and outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Double,
    Int,
    Bool,
    Text,
}

/// A graph.
#[derive(Default)]
pub(super) struct Builder {
    graph: Writer,
    next: usize,
}

impl Builder {
    /// A name that no input has, as these are columns of people's.
    fn fresh(&mut self) -> String {
        self.next += 1;
        format!("assay/{}", self.next)
    }

    /// Adds a node with one output and gives its name.
    pub(super) fn node(&mut self, operator: &str, inputs: &[&str], attributes: &[(&str, Attribute<'_>)]) -> String {
        let output = self.fresh();
        self.node_to(operator, inputs, attributes, &output);
        output
    }

    /// Adds a node whose output has a name of its own.
    pub(super) fn node_to(
        &mut self,
        operator: &str,
        inputs: &[&str],
        attributes: &[(&str, Attribute<'_>)],
        output: &str,
    ) {
        let mut node = Writer::default();
        inputs.iter().for_each(|input| node.bytes(1, input.as_bytes()));
        node.bytes(2, output.as_bytes());
        node.bytes(3, output.as_bytes());
        node.bytes(4, operator.as_bytes());
        for (name, attribute) in attributes {
            let mut message = Writer::default();
            message.bytes(1, name.as_bytes());
            let kind = match attribute {
                Attribute::Int(value) => {
                    message.int(3, *value);
                    2
                }
                Attribute::Ints(values) => {
                    message.ints(8, values);
                    7
                }
                Attribute::Tensor(data) => {
                    message.bytes(5, &data.tensor("", &[data.count()]).0);
                    4
                }
            };
            message.int(20, kind);
            node.bytes(5, &message.0);
        }
        if matches!(operator, "TreeEnsemble" | "LabelEncoder") {
            node.bytes(7, b"ai.onnx.ml");
        }
        self.graph.bytes(1, &node.0);
    }

    /// Adds a constant of sizes and gives its name.
    pub(super) fn constant(&mut self, data: Data<'_>, dims: &[usize]) -> String {
        let name = self.fresh();
        self.graph.bytes(5, &data.tensor(&name, dims).0);
        name
    }

    /// Adds a number.
    pub(super) fn number(&mut self, value: f64) -> String {
        self.constant(Data::Doubles(&[value]), &[])
    }

    fn declared(name: &str, of_type: Type, width: Option<usize>) -> Writer {
        let mut shape = Writer::default();
        let mut rows = Writer::default();
        rows.bytes(2, b"N");
        shape.bytes(1, &rows.0);
        if let Some(width) = width {
            let mut columns = Writer::default();
            columns.int(1, width as i64);
            shape.bytes(1, &columns.0);
        }
        let mut tensor = Writer::default();
        tensor.int(
            1,
            match of_type {
                Type::Double => 11,
                Type::Int => 7,
                Type::Bool => 9,
                Type::Text => 8,
            },
        );
        tensor.bytes(2, &shape.0);
        let mut outer = Writer::default();
        outer.bytes(1, &tensor.0);
        let mut declared = Writer::default();
        declared.bytes(1, name.as_bytes());
        declared.bytes(2, &outer.0);
        declared
    }

    /// Declares an input of so many columns.
    pub(super) fn input(&mut self, name: &str, of_type: Type, width: usize) {
        self.graph.bytes(11, &Builder::declared(name, of_type, Some(width)).0);
    }

    /// Declares an output; without columns it is one value for each row.
    pub(super) fn output(&mut self, name: &str, of_type: Type, width: Option<usize>) {
        self.graph.bytes(12, &Builder::declared(name, of_type, width).0);
    }

    /// The file, with what else is said of it.
    pub(super) fn file(mut self, metadata: &[(&str, String)]) -> Vec<u8> {
        self.graph.bytes(2, b"assay");
        let mut file = Writer::default();
        file.int(1, 9);
        file.bytes(2, b"assay");
        file.bytes(3, env!("CARGO_PKG_VERSION").as_bytes());
        file.bytes(7, &self.graph.0);
        for (domain, version) in [("", 18), ("ai.onnx.ml", 5)] {
            let mut set = Writer::default();
            set.bytes(1, domain.as_bytes());
            set.int(2, version);
            file.bytes(8, &set.0);
        }
        for (key, value) in metadata {
            let mut entry = Writer::default();
            entry.bytes(1, key.as_bytes());
            entry.bytes(2, value.as_bytes());
            file.bytes(14, &entry.0);
        }
        file.0
    }
}

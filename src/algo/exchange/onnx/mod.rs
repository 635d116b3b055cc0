//! Models as ONNX: graphs are read and run by an interpreter of its own, and models are written as graphs.
//!
//! A graph is compiled for one row (`compile`), so that every value has a size that is known and all that moves numbers about takes no time; what
//! remains is a list of steps (`program`). Where the graph is trees over columns, whatever was done to each column by itself (filling, scaling, one-hot),
//! the trees are turned into trees over the columns themselves (`fold`), which score and are explained as trees that were trained here.
//!
//! | file | idea |
//! |---|---|
//! | `wire`, `proto` | bytes to messages |
//! | `compile` | values with sizes, and the steps that make them |
//! | `operators`, `shapes`, `learned`, `trees` | what each operator does |
//! | `arithmetic`, `ensemble`, `program` | steps, and running them |
//! | `fold`, `forest` | trees over columns |
//! | `graph` | the fitted model |
//! | `import` | a file to a model |
//! | `write`, `export`, `export_trees`, `test_rows` | a model to a file |
//!
//! Every byte may come from anywhere: numbers of nodes, sizes, memory and the work of a row are bounded, and a graph that needs more is refused.

mod arithmetic;
mod compile;
mod ensemble;
mod export;
mod export_trees;
mod fold;
mod forest;
mod graph;
mod import;
mod learned;
mod operators;
mod program;
mod proto;
mod shapes;
mod test_rows;
#[cfg(test)]
mod tests;
mod trees;
mod wire;
mod write;

pub use export::write;
pub use graph::Graph;
pub use import::read;

use crate::error::Error;

/// What errors call it.
pub(crate) const WHAT: &str = "the ONNX file";

/// The error of a graph that is sound, but not read here.
fn refused(problem: impl Into<String>, hint: &'static str) -> Error {
    Error::data(problem, hint)
}

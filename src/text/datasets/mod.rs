//! Training sets for models that answer.
//!
//! | file | idea |
//! |---|---|
//! | `build` | `build_dataset` |
//! | `query` | rows of a query become conversations |
//! | `manifest` | what became of the rows, and what is in each part |
//! | `store` | versions in assay's own tables, and who may read them |
//! | `export` | `export_jsonl` |

mod build;
mod export;
mod manifest;
mod query;
mod store;

pub use store::forget_orphans;

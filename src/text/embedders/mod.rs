//! Embedders: versions of models that turn texts into vectors.
//!
//! | file | idea |
//! |---|---|
//! | `store` | a new version enters the registry |
//! | `open` | a version, ready to be used, its bytes shared by the backends of the database |
//! | `embed` | `embed` |
//! | `load` | `load_embedder` |

mod embed;
mod load;
mod open;
mod store;

pub use embed::vectors;
pub use open::{Embedder, open};
pub use store::{Made, StoredEmbedder, store};

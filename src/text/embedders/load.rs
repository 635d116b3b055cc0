//! `load_embedder`: an encoder that was trained elsewhere becomes a version of a model.

use pgrx::pg_extern;
use serde_json::{Value as Json, json};

use super::store::{Made, StoredEmbedder, store};
use crate::models::{Deploy, carry_out, check_name};
use crate::pg::compute::{self, Reporter};
use crate::pg::error::{Error, INVALID_PARAMETER, Result, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::json::Jsonb;
use crate::pg::options::{self, required};
use crate::pg::read_only;
use crate::pg::result_row::{SetOf, set_of};
use crate::pg::text::Text;
use algo_text::bert;
use algo_text::embedder::Kind;
use algo_text::task::Task;

/// `load_embedder(name, weights, tokenizer, config, deploy)`.
#[pg_extern(sql = false)]
fn load_embedder(
    name: Option<Text>,
    weights: Option<&[u8]>,
    tokenizer: Option<&[u8]>,
    config: Option<Jsonb>,
    deploy: Option<Text>,
) -> SetOf<StoredEmbedder> {
    read_only::require_writable(c"assay.load_embedder()");
    let stored = (|| {
        let name = required("name", name)?;
        check_name(&name)?;
        let loading = Loading {
            name: &name,
            weights: required("weights", weights)?,
            tokenizer: required("tokenizer", tokenizer)?,
            config: options::object("config", config)?,
            deploy: Deploy::named(deploy.as_deref().unwrap_or("auto"))?,
        };
        carry_out(|reporter, statement| loading.run(reporter, statement))
    })();
    set_of([or_raise(stored)])
}

struct Loading<'a> {
    name: &'a str,
    weights: &'a [u8],
    tokenizer: &'a [u8],
    config: Json,
    deploy: Deploy,
}

impl Loading<'_> {
    fn run(&self, reporter: &mut Reporter, statement: &Foreground) -> Result<StoredEmbedder> {
        // The weights once more, in the order in which they are used.
        statement.allow(self.weights.len().saturating_add(self.tokenizer.len()))?;
        let loading = format!("loading {}", self.name);
        let built = compute::run(&loading, reporter, statement, |monitor| {
            bert::build(self.weights, self.tokenizer, &self.config, monitor).map_err(of_arguments)
        })?;
        let made = Made {
            name: self.name,
            kind: Kind::Bert,
            task: if built.scores { Task::Reranking } else { Task::Embedding },
            options: self.config.clone(),
            query: "",
            rows: 0,
            dimensions: if built.scores { 0 } else { built.width },
            metrics: json!({}),
            image: built.image,
            deploy: self.deploy,
        };
        store(made, reporter, statement)
    }
}

/// What is wrong is what was given.
fn of_arguments(error: algo::error::Error) -> Error {
    match error {
        algo::error::Error::Data { problem, detail, hint } => {
            let error = Error::new(INVALID_PARAMETER, problem).hint(hint);
            match detail {
                Some(found) => error.detail(found),
                None => error,
            }
        }
        error => error.into(),
    }
}

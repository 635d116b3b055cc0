//! `register_remote`: a model that answers elsewhere becomes a version in the registry.

use pgrx::pg_extern;
use serde_json::{Map, Value as Json};

use super::server;
use crate::models::{self, Deploy};
use crate::pg::compute::Reporter;
use crate::pg::error::{Error, INVALID_PARAMETER, Result, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::json::Jsonb;
use crate::pg::options::{self, required};
use crate::pg::read_only;
use crate::pg::text::Text;
use crate::text::embedders::{self, Made};
use algo_text::embedder::Kind;
use algo_text::endpoint::definition::Definition;
use algo_text::endpoint::{chat, request::OWN_KEYS};
use algo_text::task::Task;

/// What pgvector's `vector` can hold; no service gives more.
const MOST_DIMENSIONS: i32 = 16_000;

/// `register_remote(...)`.
#[pg_extern(sql = false)]
#[allow(clippy::too_many_arguments)]
fn register_remote(
    name: Option<Text>,
    server: Option<Text>,
    model: Option<Text>,
    task: Option<Text>,
    dimensions: Option<i32>,
    max_tokens: Option<i32>,
    tokenizer: Option<Text>,
    request: Option<Jsonb>,
    deploy: Option<Text>,
) -> i32 {
    read_only::require_writable(c"assay.register_remote()");
    let registered = || -> Result<i32> {
        let name = required("name", name)?;
        models::check_name(&name)?;
        let deploy = Deploy::named(deploy.as_deref().unwrap_or("auto"))?;
        let server = required("server", server)?;
        let task = task_named(task.as_deref().unwrap_or(Task::Embedding.name()))?;
        let (_, described) = server::described(&server)?;
        let model = model.map(String::from).or(described.model).ok_or_else(|| {
            Error::new(
                INVALID_PARAMETER,
                format!("server \"{server}\" does not say which model it has"),
            )
            .hint("Give model => '...', or the server an option model.")
        })?;
        let definition = Definition {
            server: server.into(),
            model,
            task,
            dimensions: dimensions_of(task, dimensions)?,
            max_tokens: max_tokens.map(tokens).transpose()?,
            tokenizer: tokenizer.map(|tokenizer| pinned(&tokenizer)).transpose()?,
            request: said_beside(task, request)?,
        };
        let statement = Foreground::new()?;
        let made = Made {
            name: &name,
            kind: Kind::Remote,
            task,
            options: serde_json::to_value(&definition).unwrap_or(Json::Null),
            query: "",
            rows: 0,
            dimensions: definition.dimensions.unwrap_or(0),
            image: definition.to_bytes()?,
            metrics: Json::Object(Map::new()),
            deploy,
        };
        Ok(embedders::store(made, &Reporter::new(), &statement)?.version)
    };
    or_raise(registered())
}

fn task_named(name: &str) -> Result<Task> {
    let task = Task::REMOTE.into_iter().find(|task| task.name() == name);
    task.ok_or_else(|| {
        Error::new(INVALID_PARAMETER, format!("task cannot be \"{name}\""))
            .hint("It is embedding, reranking or generation.")
    })
}

/// The version that a reference to a local embedder means now.
fn pinned(tokenizer: &str) -> Result<String> {
    let embedder = embedders::open(tokenizer)?;
    embedder.encoder()?;
    Ok(embedder.version.reference())
}

fn dimensions_of(task: Task, dimensions: Option<i32>) -> Result<Option<usize>> {
    match (task, dimensions) {
        (Task::Embedding, Some(dimensions @ 1..=MOST_DIMENSIONS)) => Ok(Some(dimensions as usize)),
        (Task::Embedding, Some(dimensions)) => Err(Error::new(INVALID_PARAMETER, "dimensions is out of range")
            .detail(format!("The value is {dimensions}."))
            .hint(format!("It must be between 1 and {MOST_DIMENSIONS}."))),
        (Task::Embedding, None) => Err(Error::new(INVALID_PARAMETER, "an embedding model needs its dimensions")
            .hint("Give dimensions => how many numbers its vectors have; every answer is held to that.")),
        (Task::Reranking | Task::Generation | Task::Prompt, None) => Ok(None),
        (Task::Generation | Task::Prompt, Some(_)) => Err(Error::new(
            INVALID_PARAMETER,
            "a model that writes texts has no dimensions",
        )
        .hint("Leave dimensions out.")),
        (Task::Reranking, Some(_)) => Err(Error::new(INVALID_PARAMETER, "a reranking model has no dimensions")
            .hint("Leave dimensions out: it gives one number for each document.")),
    }
}

fn tokens(tokens: i32) -> Result<usize> {
    usize::try_from(tokens)
        .ok()
        .filter(|tokens| *tokens > 0)
        .ok_or_else(|| {
            Error::new(INVALID_PARAMETER, "max_tokens is out of range")
                .detail(format!("The value is {tokens}."))
                .hint("It must be 1 or more.")
        })
}

/// What each request says beside what it has to say.
fn said_beside(task: Task, request: Option<Jsonb>) -> Result<Map<String, Json>> {
    let Json::Object(request) = options::object("request", request)? else {
        return Ok(Map::new());
    };
    let own: &[&str] = match task {
        Task::Embedding | Task::Reranking => &OWN_KEYS,
        Task::Generation | Task::Prompt => &chat::OWN_KEYS,
    };
    if let (Task::Generation, Err(problem)) = (task, chat::limit(&request)) {
        return Err(
            Error::new(INVALID_PARAMETER, "request does not say how long an answer may be")
                .detail(format!("Of the request: {problem}."))
                .hint("Give it as {\"max_tokens\": 512}, or by the other name where the server takes no other."),
        );
    }
    match request.keys().find(|key| own.contains(&key.as_str())) {
        Some(key) => Err(
            Error::new(INVALID_PARAMETER, format!("request cannot have the key \"{key}\""))
                .detail("Every request says that by itself.")
                .hint("Leave it out; model => '...' names the model."),
        ),
        None => Ok(request),
    }
}

//! `embed_remote` and `rerank_remote`: texts and documents go to an endpoint in batches, each of which is a call.

use pgrx::pg_sys;

use super::call::{Question, call};
use super::counting::Counting;
use super::remote::{Remote, require_free};
use super::server::Server;
use crate::pg::compute::serve_interrupts;
use crate::pg::entry::{self, Raw};
use crate::pg::error::{Error, INVALID_PARAMETER, Result, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::{arguments, options, real_array};
use algo::monitor::Monitor;
use algo::room;
use algo_text::endpoint::budget::Tokens;
use algo_text::endpoint::{request, response};
use algo_text::task::Task;

/// The most bytes of texts in a call: services take a few hundred thousand tokens.
const BATCH_BYTES: usize = 512 * 1024;
/// Bytes of an answer around its numbers, and of each number.
const AROUND: usize = 256 * 1024;
const EACH: usize = 48;

/// The tokens of each text. Returns an error for one that is empty or has more than the model takes: services refuse those, and with them all others of the
/// call.
fn count(counting: &Counting, remote: &Remote, texts: &[&str], monitor: &dyn Monitor) -> Result<Vec<u64>> {
    let count = |(place, text): (usize, &&str)| -> Result<u64> {
        let tokens = counting.count(text, monitor)?;
        require_fit(remote, place, text, tokens)?;
        Ok(tokens as u64)
    };
    texts.iter().enumerate().map(count).collect()
}

/// The vectors of texts, one after the other, in the order of the texts.
pub fn embed(remote: &Remote, texts: &[&str]) -> Result<Vec<f32>> {
    let definition = &remote.definition;
    let width = definition.dimensions.unwrap_or(0);
    let statement = Foreground::new()?;
    let counting = Counting::of(remote)?;
    let mut tokens = count(&counting, remote, texts, &statement)?;
    let server = Server::open(&definition.server)?;
    let texts = server.all_leaving(texts, &statement)?;
    let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
    if server.redactor.is_some() {
        tokens = count(&counting, remote, &texts, &statement)?;
    }
    let mut vectors: Vec<f32> = room::with_capacity(texts.len().saturating_mul(width))?;
    let mut done = 0;
    while done < texts.len() {
        serve_interrupts();
        let end = done + request::batch(&texts[done..], server.options.batch, BATCH_BYTES);
        let batch = &texts[done..end];
        let most = AROUND + batch.len() * (width * EACH + 1024);
        statement.allow(most)?;
        let question = Question {
            model: &definition.model,
            end: request::EMBEDDINGS,
            body: request::embeddings(&definition.model, batch, &definition.request),
            tokens: Tokens::sent(tokens[done..end].iter().sum()),
            timeout: server.options.timeout,
            most,
        };
        let found = call(&server, question, |body| {
            response::vectors(body, batch.len(), Some(width))
                .map(|vectors| (vectors.numbers, vectors.tokens.map(Tokens::sent)))
        })?;
        vectors.extend(found);
        done = end;
    }
    Ok(vectors)
}

/// How well each document answers a query, in the order of the documents.
pub fn rerank(remote: &Remote, query: &str, documents: &[&str]) -> Result<Vec<f32>> {
    let definition = &remote.definition;
    let statement = Foreground::new()?;
    let counting = Counting::of(remote)?;
    let mut asked: u64 = count(&counting, remote, &[query], &statement)?.iter().sum();
    let mut tokens = count(&counting, remote, documents, &statement)?;
    let server = Server::open(&definition.server)?;
    let query = &*server.leaving(query, &statement)?;
    let documents = server.all_leaving(documents, &statement)?;
    let documents: Vec<&str> = documents.iter().map(AsRef::as_ref).collect();
    if server.redactor.is_some() {
        asked = count(&counting, remote, &[query], &statement)?.iter().sum();
        tokens = count(&counting, remote, &documents, &statement)?;
    }
    let mut scores: Vec<f32> = room::with_capacity(documents.len())?;
    let mut done = 0;
    while done < documents.len() {
        serve_interrupts();
        let end = done + request::batch(&documents[done..], server.options.batch, BATCH_BYTES);
        let batch = &documents[done..end];
        // Some servers send the documents back, whatever they are asked.
        let most = AROUND + batch.iter().map(|document| 1024 + 6 * document.len()).sum::<usize>();
        statement.allow(most)?;
        let question = Question {
            model: &definition.model,
            end: request::RERANK,
            body: request::rerank(&definition.model, query, batch, &definition.request),
            // The query is read with each of them.
            tokens: Tokens::sent(
                tokens[done..end]
                    .iter()
                    .map(|tokens| tokens.saturating_add(asked))
                    .sum(),
            ),
            timeout: server.options.timeout,
            most,
        };
        let found = call(&server, question, |body| {
            response::scores(body, batch.len()).map(|scores| (scores.scores, scores.tokens.map(Tokens::sent)))
        })?;
        scores.extend(found);
        done = end;
    }
    Ok(scores)
}

/// Returns an error for a text that the model would not take.
fn require_fit(remote: &Remote, place: usize, text: &str, tokens: usize) -> Result<()> {
    let reference = &remote.reference;
    if text.is_empty() {
        return Err(Error::new(
            INVALID_PARAMETER,
            format!("model \"{reference}\" cannot take an empty text"),
        )
        .detail(format!("It is number {}.", place + 1))
        .hint("Leave it out."));
    }
    match remote.definition.max_tokens {
        Some(most) if tokens > most => Err(Error::new(
            INVALID_PARAMETER,
            format!("a text is too long for model \"{reference}\""),
        )
        .detail(match remote.definition.tokenizer {
            Some(_) => format!("Number {} has {tokens} tokens; at most {most} are taken.", place + 1),
            None => format!(
                "Number {} has {tokens} bytes, each of which may be a token; at most {most} are taken.",
                place + 1
            ),
        })
        .hint("Cut it with assay.chunk_text.")),
        Some(_) | None => Ok(()),
    }
}

/// The argument that is the model.
fn model(fcinfo: pg_sys::FunctionCallInfo, task: Task) -> Result<Remote> {
    require_free()?;
    Remote::open(&options::required("model", arguments::text(fcinfo, 0))?, task)
}

/// `embed_remote(model, input text)`.
fn embed_one(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    let embedded = || -> Result<Raw> {
        let text = options::required("input", arguments::text(fcinfo, 1))?;
        let vector = embed(&model(fcinfo, Task::Embedding)?, &[&text])?;
        Ok(real_array::vector_of(&vector))
    };
    Some(or_raise(embedded()))
}

/// `embed_remote(model, input text[])`.
fn embed_many(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    let embedded = || -> Result<Raw> {
        let texts = options::texts("input", arguments::nullable_texts(fcinfo, 1))?;
        let texts = options::required("input", texts)?;
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let model = model(fcinfo, Task::Embedding)?;
        let width = model.definition.dimensions.unwrap_or(0);
        let vectors = embed(&model, &texts)?;
        let rows: Vec<Option<&[f32]>> = vectors.chunks(width.max(1)).map(Some).collect();
        Ok(real_array::matrix_of(&rows, width))
    };
    Some(or_raise(embedded()))
}

/// `rerank_remote(model, query, documents)`.
fn rerank_documents(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    let reranked = || -> Result<Raw> {
        let query = options::required("query", arguments::text(fcinfo, 1))?;
        let documents = options::texts("documents", arguments::nullable_texts(fcinfo, 2))?;
        let documents = options::required("documents", documents)?;
        let documents: Vec<&str> = documents.iter().map(String::as_str).collect();
        let scores = rerank(&model(fcinfo, Task::Reranking)?, &query, &documents)?;
        Ok(real_array::vector_of(&scores))
    };
    Some(or_raise(reranked()))
}

entry::per_row!(embed_one, embed_remote_wrapper, pg_finfo_embed_remote_wrapper);
entry::per_row!(
    embed_many,
    embed_remote_many_wrapper,
    pg_finfo_embed_remote_many_wrapper
);
entry::per_row!(rerank_documents, rerank_remote_wrapper, pg_finfo_rerank_remote_wrapper);

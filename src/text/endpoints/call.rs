//! One call of a server: booked, made, read and settled.

use std::time::Duration;

use super::booking;
use super::client::{self, Answer, Request, Trouble};
use super::server::Server;
use crate::pg::error::{
    Again, ENDPOINT_FAILED, ENDPOINT_REFUSED, Error, INSUFFICIENT_PRIVILEGE, RATE_LIMITED, Result, megabytes,
};
use crate::pg::guarded;
use algo_text::endpoint::budget::Tokens;
use algo_text::endpoint::failure::{Meaning, meaning, message};
use algo_text::endpoint::response::Unreadable;

/// What is asked of a server.
pub struct Question<'a> {
    /// The model's name there.
    pub model: &'a str,
    /// The end of the address.
    pub end: &'static str,
    pub body: String,
    /// The most tokens that it may take.
    pub tokens: Tokens,
    /// How long it may take.
    pub timeout: Duration,
    /// The most bytes of an answer.
    pub most: usize,
}

/// What a call took, and its error where it has failed.
struct Failed {
    tokens: Tokens,
    error: Error,
}

/// Calls a server. `read` reads the answer, and says how many tokens the server says that it took.
pub fn call<T>(
    server: &Server,
    question: Question<'_>,
    read: impl FnOnce(&[u8]) -> std::result::Result<(T, Option<Tokens>), Unreadable>,
) -> Result<T> {
    let name = &server.foreign.name;
    if guarded::is_within() {
        return Err(Error::new(
            INSUFFICIENT_PRIVILEGE,
            format!("server \"{name}\" cannot be called within assay.run_sql"),
        )
        .detail("A query that somebody else wrote reaches no network.")
        .hint("Search by words (mode => 'text') and without rerank; or call it in a statement of its own."));
    }
    let booked = booking::book(server, question.model, question.tokens)?;
    let request = Request {
        url: server.options.base_url.clone(),
        end: question.end,
        body: question.body,
        key: server.key.clone(),
        authorities: server.authorities.clone(),
        timeout: question.timeout,
        most: question.most,
    };
    let outcome = client::post(&format!("the call of server \"{name}\""), request)?;
    let done = match outcome {
        Ok(answer) => judge(server, answer).and_then(|body| {
            read(&body).map_err(|problem| Failed {
                tokens: booked.tokens,
                error: unreadable(name, problem),
            })
        }),
        Err((trouble, was_sent)) => Err(Failed {
            // What was not sent took nothing.
            tokens: if was_sent { booked.tokens } else { Tokens::default() },
            error: match trouble {
                // Who was not reached may be there soon.
                Trouble::Unreachable(_) if !was_sent => troubled(server, trouble).again(after(None)),
                trouble => troubled(server, trouble),
            },
        }),
    };
    match done {
        Ok((value, tokens)) => {
            booking::settle(&booked, tokens.unwrap_or(booked.tokens), false)?;
            Ok(value)
        }
        Err(Failed { tokens, error }) => {
            booking::settle(&booked, tokens, true)?;
            Err(error)
        }
    }
}

/// The body of an answer whose status says that it is one.
fn judge(server: &Server, answer: Answer) -> std::result::Result<Vec<u8>, Failed> {
    let (name, status) = (&server.foreign.name, answer.status);
    let error = match meaning(status) {
        Meaning::Answer => return Ok(answer.body),
        Meaning::Later => later(name, status, answer.retry_after),
        // A server that is too busy says when to come again.
        Meaning::Fails if status == 503 && answer.retry_after.is_some() => later(name, status, answer.retry_after),
        Meaning::Fails => Error::new(ENDPOINT_FAILED, format!("server \"{name}\" fails"))
            .detail(said(server, &answer))
            .hint("Try again later.")
            .again(after(answer.retry_after)),
        Meaning::Redirects => Error::new(
            ENDPOINT_REFUSED,
            format!("server \"{name}\" leads elsewhere, which is not followed"),
        )
        .detail(format!("Its status is {status}."))
        .hint("Set the server's option base_url to where the endpoint is."),
        Meaning::Forbids => Error::new(ENDPOINT_REFUSED, format!("server \"{name}\" does not admit the caller"))
            .detail(match server.key {
                Some(_) => format!("Its status is {status}."),
                None => format!("Its status is {status}; no key was sent, for there is none in a user mapping."),
            })
            .hint("Correct the key in the user mapping."),
        Meaning::Refuses => Error::new(ENDPOINT_REFUSED, format!("server \"{name}\" refuses the call"))
            .detail(said(server, &answer))
            .hint("Correct what it complains of: the model's name, the size of the texts, the address of the server."),
    };
    // Who sends an error takes nothing for it.
    Err(Failed {
        tokens: Tokens::default(),
        error,
    })
}

fn later(name: &str, status: u16, seconds: Option<u32>) -> Error {
    let when = seconds.map_or(String::new(), |seconds| {
        format!(" It may be called again in {seconds} s.")
    });
    Error::new(RATE_LIMITED, format!("server \"{name}\" asks to come again later"))
        .detail(format!("Its status is {status}.{when}"))
        .hint("Try again later, or set the server's option requests_per_minute.")
        .again(after(seconds))
}

/// When a server may be called again that was called for nothing; soon, where it does not say.
fn after(seconds: Option<u32>) -> Again {
    Again {
        seconds: seconds.unwrap_or(1),
        was_called: true,
    }
}

/// What a server says with its status, unless it repeats the key.
fn said(server: &Server, answer: &Answer) -> String {
    let status = answer.status;
    match message(&answer.body) {
        None => format!("Its status is {status}."),
        Some(text) if server.key.as_ref().is_some_and(|key| key.is_told_by(&text)) => {
            format!("Its status is {status}; what it says repeats the key, and is left out.")
        }
        Some(text) => format!("Its status is {status}: {text}"),
    }
}

fn unreadable(name: &str, problem: Unreadable) -> Error {
    match problem {
        Unreadable::Cut => Error::new(ENDPOINT_FAILED, format!("the answer of server \"{name}\" ends too early"))
            .hint("Try again later."),
        Unreadable::Other(problem) => Error::new(
            ENDPOINT_REFUSED,
            format!("the answer of server \"{name}\" cannot be read"),
        )
        .detail(format!("Of the answer: {problem}."))
        .hint("The server has to speak OpenAI's protocol; look at its base_url, and at the dimensions that an embedder was registered with."),
    }
}

fn troubled(server: &Server, trouble: Trouble) -> Error {
    let name = &server.foreign.name;
    let (host, port) = (&server.options.base_url.host, server.options.base_url.port);
    let unreached = |detail: String| {
        Error::new(ENDPOINT_FAILED, format!("server \"{name}\" cannot be reached"))
            .detail(detail)
            .hint("Look at the server's option base_url, and whether the endpoint is up.")
    };
    match trouble {
        Trouble::Unresolved => unreached(format!("The host \"{host}\" has no address.")),
        Trouble::Unreachable(why) => unreached(format!("At {host}, port {port}: {why}.")),
        Trouble::TooLong => Error::new(ENDPOINT_FAILED, format!("server \"{name}\" takes too long"))
            .detail(format!("Its option timeout gives it {} s.", server.options.timeout.as_secs_f64()))
            .hint("Try again later, send less at a time with its option batch_size, or raise its option timeout."),
        Trouble::Broken(why) => Error::new(ENDPOINT_FAILED, format!("server \"{name}\" breaks off"))
            .detail(format!("At {host}, port {port}: {why}."))
            .hint("Try again later."),
        Trouble::TooLarge(most) => Error::new(
            ENDPOINT_REFUSED,
            format!("the answer of server \"{name}\" is too large"),
        )
        .detail(format!("It may have {}.", megabytes(most)))
        .hint("Look at the dimensions that an embedder was registered with, and at the server."),
        Trouble::Forbidden(address, why) => Error::new(
            INSUFFICIENT_PRIVILEGE,
            format!("server \"{name}\" may not be reached at {address}"),
        )
        .detail(format!("Of the address of host \"{host}\": {why}."))
        .hint("No setting allows it: let the host's name lead elsewhere."),
        Trouble::Open(address) => Error::new(
            INSUFFICIENT_PRIVILEGE,
            format!("server \"{name}\" may not be reached at {address} without TLS"),
        )
        .detail("Its base_url begins with http://, and its address is not in a network of one's own.")
        .hint("Begin it with https://."),
        Trouble::Unproven(why) => Error::new(
            ENDPOINT_REFUSED,
            format!("server \"{name}\" does not prove that it is {host}"),
        )
        .detail(format!("Of its certificate: {why}."))
        .hint("Its certificate has to be for that name, and of an authority that this machine believes; ca_file names others."),
        Trouble::NoAuthorities => Error::new(
            ENDPOINT_REFUSED,
            format!("nobody can prove who server \"{name}\" is"),
        )
        .detail("There are no certificates of authorities.")
        .hint("Install the system's ca-certificates, or name a file of certificates in PEM with the option ca_file."),
    }
}

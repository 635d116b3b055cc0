//! Calls are booked before they are made, by a background worker in a transaction of its own: what a call costs is not given back by a rollback. Where
//! nobody can book, nobody calls.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::server::Server;
use crate::pg::error::{Again, BUDGET_USED_UP, Error, INTERNAL, NOT_BOOKED, RATE_LIMITED, Result};
use crate::pg::text::Text;
use crate::pg::{read_only, role, tables, worker};
use algo_text::endpoint::budget::{Limits, Prices, Refusal, Taken, Tokens};

/// The worker's main function.
const WORKER: &std::ffi::CStr = c"assay_book_call";

/// What the worker is given.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Work {
    Book(Call),
    Settle(Settlement),
}

/// A call that is to be made.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    server: String,
    /// The number of the server, which need not be committed yet.
    oid: u32,
    caller: String,
    model: String,
    /// The most that it may take.
    tokens: Tokens,
    limits: Limits,
    prices: Prices,
}

/// What became of a call.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settlement {
    id: i64,
    /// What it took.
    tokens: Tokens,
    has_failed: bool,
    prices: Prices,
}

/// What the worker answers.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reply {
    Booked(i64),
    Refused(Refusal),
    Settled,
}

/// What was taken, as a statement gives it.
#[derive(Deserialize)]
struct Found {
    ages: Vec<f64>,
    tokens: u64,
    cost: f64,
}

/// A call that was booked.
pub struct Booked {
    id: i64,
    /// What it was booked for.
    pub tokens: Tokens,
    prices: Prices,
}

/// Books a call that takes so many tokens at most. Returns an error where the server's limits do not admit it, or it cannot be booked.
pub fn book(server: &Server, model: &str, tokens: Tokens) -> Result<Booked> {
    let name = &server.foreign.name;
    if read_only::is_standby() {
        return Err(not_booked(name, "the server is a standby".into()).hint("Call it from the primary."));
    }
    let prices = server.options.prices;
    let call = Call {
        server: name.clone(),
        oid: server.foreign.oid.to_u32(),
        caller: role::name_of(role::current()),
        model: model.to_owned(),
        tokens,
        limits: server.options.limits.clone(),
        prices,
    };
    match ask(&Work::Book(call))? {
        Ok(Reply::Booked(id)) => Ok(Booked { id, tokens, prices }),
        Ok(Reply::Refused(refusal)) => Err(refused(name, &refusal)),
        Ok(Reply::Settled) => Err(Error::new(INTERNAL, "a booking was answered as a settlement")),
        Err(problem) => {
            Err(not_booked(name, problem)
                .hint("Raise max_worker_processes, of which one has to be free, or try again."))
        }
    }
}

/// Says what a call took. Where that cannot be kept, what it was booked for stands.
pub fn settle(booked: &Booked, tokens: Tokens, has_failed: bool) -> Result<()> {
    let settlement = Settlement {
        id: booked.id,
        tokens,
        has_failed,
        prices: booked.prices,
    };
    ask(&Work::Settle(settlement)).map(drop)
}

fn ask(work: &Work) -> Result<std::result::Result<Reply, String>> {
    let bytes = serde_json::to_vec(work)
        .map_err(|problem| Error::new(INTERNAL, format!("a call cannot be written: {problem}")))?;
    let answer = worker::ask(WORKER, &bytes)?;
    Ok(answer.and_then(|bytes| {
        serde_json::from_slice(&bytes).map_err(|_| "the background worker's answer cannot be read".into())
    }))
}

fn not_booked(server: &str, problem: String) -> Error {
    Error::new(
        NOT_BOOKED,
        format!("the call of server \"{server}\" cannot be booked, so it is not made"),
    )
    .detail(format!("The problem: {problem}."))
}

fn refused(server: &str, refusal: &Refusal) -> Error {
    match refusal {
        Refusal::Requests { limit, seconds } => Error::new(
            RATE_LIMITED,
            format!("server \"{server}\" has had its {limit} requests of this minute"),
        )
        .detail(format!("The next one may be made in {} s.", seconds.ceil().max(1.0)))
        .hint("Try again then, or raise the server's option requests_per_minute.")
        .again(Again {
            seconds: seconds.ceil().max(1.0) as u32,
            was_called: false,
        }),
        Refusal::Tokens { limit, taken, wanted } => Error::new(
            BUDGET_USED_UP,
            format!("server \"{server}\" has no tokens left for this call today"),
        )
        .detail(format!("Of {limit}, {taken} are taken; the call may take {wanted}."))
        .hint("A new day begins at midnight UTC; or raise the server's option tokens_per_day."),
        Refusal::Cost { limit, taken, wanted } => Error::new(
            BUDGET_USED_UP,
            format!("server \"{server}\" has no money left for this call today"),
        )
        .detail(format!("Of {limit}, {taken} are spent; the call may cost {wanted}."))
        .hint("A new day begins at midnight UTC; or raise the server's option cost_per_day."),
    }
}

/// What the worker does with the bytes that it is given.
fn keep_books(bytes: &[u8]) -> Result<Vec<u8>> {
    let work: Work = serde_json::from_slice(bytes)
        .map_err(|problem| Error::new(INTERNAL, format!("a call cannot be read: {problem}")))?;
    let reply = tables::as_owner(|| match work {
        Work::Book(call) => call.book(),
        Work::Settle(settlement) => settlement.keep(),
    })?;
    Ok(json!(reply).to_string().into_bytes())
}

impl Call {
    /// Looks at the limits, and books. One call of a server at a time.
    fn book(&self) -> Result<Reply> {
        tables::lock_object(c"endpoint_call", self.oid.into());
        let wanted = self.prices.cost(self.tokens);
        if let Err(refusal) = self.limits.admit(&self.taken()?, self.tokens.total(), wanted) {
            return Ok(Reply::Refused(refusal));
        }
        let tokens = i64::try_from(self.tokens.total()).unwrap_or(i64::MAX);
        let (server, caller) = (self.server.as_str(), self.caller.as_str());
        tables::write(
            "INSERT INTO assay.endpoint_use AS u (server, called_by, day, calls, failed, tokens, cost)
             VALUES ($1, $2, (pg_catalog.clock_timestamp() AT TIME ZONE 'UTC')::pg_catalog.date, 1, 0, $3, $4)
             ON CONFLICT (server, day, called_by) DO UPDATE SET
                 calls = u.calls OPERATOR(pg_catalog.+) 1,
                 tokens = u.tokens OPERATOR(pg_catalog.+) excluded.tokens,
                 cost = u.cost OPERATOR(pg_catalog.+) excluded.cost",
            &[server.into(), caller.into(), tokens.into(), wanted.into()],
        )?;
        // What is kept longer than any call takes serves those who look.
        tables::write(
            "DELETE FROM assay.endpoint_call
             WHERE server OPERATOR(pg_catalog.=) $1
               AND booked_at OPERATOR(pg_catalog.<) (pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) '1 hour'::pg_catalog.interval)",
            &[server.into()],
        )?;
        let id: Option<i64> = tables::write_returning(
            "INSERT INTO assay.endpoint_call (server, called_by, model, day, tokens, cost)
             VALUES ($1, $2, $3, (pg_catalog.clock_timestamp() AT TIME ZONE 'UTC')::pg_catalog.date, $4, $5)
             RETURNING id",
            &[
                server.into(),
                caller.into(),
                self.model.as_str().into(),
                tokens.into(),
                wanted.into(),
            ],
        )?;
        id.map(Reply::Booked)
            .ok_or_else(|| Error::new(INTERNAL, "a call was not booked"))
    }

    /// What the server has taken.
    fn taken(&self) -> Result<Taken> {
        let most = self.limits.requests_per_minute.unwrap_or(0);
        let found: Option<Text> = tables::write_returning(
            "SELECT pg_catalog.jsonb_build_object(
                 'ages', (SELECT COALESCE(pg_catalog.jsonb_agg(c.age ORDER BY c.age), '[]') FROM (
                     SELECT EXTRACT(epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) c.booked_at) AS age
                     FROM assay.endpoint_call AS c
                     WHERE c.server OPERATOR(pg_catalog.=) $1
                       AND c.booked_at OPERATOR(pg_catalog.>) (pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) '1 minute'::pg_catalog.interval)
                     ORDER BY c.booked_at DESC LIMIT $2) AS c),
                 'tokens', COALESCE(pg_catalog.sum(u.tokens), 0), 'cost', COALESCE(pg_catalog.sum(u.cost), 0))::pg_catalog.text
             FROM assay.endpoint_use AS u
             WHERE u.server OPERATOR(pg_catalog.=) $1
               AND u.day OPERATOR(pg_catalog.=) (pg_catalog.clock_timestamp() AT TIME ZONE 'UTC')::pg_catalog.date",
            &[self.server.as_str().into(), i64::from(most).into()],
        )?;
        let found: Option<Found> = found.and_then(|found| serde_json::from_str(&found).ok());
        let found = found.ok_or_else(|| Error::new(INTERNAL, "what a server has taken cannot be read"))?;
        Ok(Taken {
            ages: found.ages,
            tokens: found.tokens,
            cost: found.cost,
        })
    }
}

impl Settlement {
    fn keep(&self) -> Result<Reply> {
        let tokens = i64::try_from(self.tokens.total()).unwrap_or(i64::MAX);
        let failed = i64::from(self.has_failed);
        tables::write(
            "WITH before AS MATERIALIZED (
                 SELECT c.id, c.server, c.called_by, c.day, c.tokens, c.cost FROM assay.endpoint_call AS c
                 WHERE c.id OPERATOR(pg_catalog.=) $1 AND c.finished_at IS NULL FOR UPDATE),
             call AS (
                 UPDATE assay.endpoint_call AS c
                 SET tokens = $2, cost = $3, failed = $4 OPERATOR(pg_catalog.>) 0, finished_at = pg_catalog.clock_timestamp()
                 FROM before AS b WHERE c.id OPERATOR(pg_catalog.=) b.id)
             UPDATE assay.endpoint_use AS u
             SET tokens = u.tokens OPERATOR(pg_catalog.-) b.tokens OPERATOR(pg_catalog.+) $2,
                 cost = u.cost OPERATOR(pg_catalog.-) b.cost OPERATOR(pg_catalog.+) $3,
                 failed = u.failed OPERATOR(pg_catalog.+) $4
             FROM before AS b
             WHERE u.server OPERATOR(pg_catalog.=) b.server AND u.day OPERATOR(pg_catalog.=) b.day
               AND u.called_by OPERATOR(pg_catalog.=) b.called_by",
            &[self.id.into(), tokens.into(), self.prices.cost(self.tokens).into(), failed.into()],
        )?;
        Ok(Reply::Settled)
    }
}

worker::main!(keep_books, assay_book_call);

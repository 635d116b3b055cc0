//! `submit`, `withdraw` and `prune_generations`: questions that wait for `run_queue`, those that are taken back, and answers that are forgotten.

use pgrx::datum::Interval;
use pgrx::pg_extern;
use serde_json::Value as Json;

use super::generate::require_words;
use super::manner::Manner;
use crate::pg::cell::Parameter;
use crate::pg::error::{Error, INTERNAL, Result, or_raise};
use crate::pg::json::Jsonb;
use crate::pg::options::{self, required};
use crate::pg::text::{JsonB, Text};
use crate::pg::{read_only, role, tables};
use crate::text::endpoints::remote::{Remote, require_free};
use crate::text::endpoints::server::described;
use crate::text::queue::is_free;
use algo_text::task::Task;

/// `submit(model, prompt, schema, options)`.
#[pg_extern(sql = false)]
fn submit(model: Option<Text>, prompt: Option<Text>, schema: Option<Jsonb>, options: Option<Jsonb>) -> i64 {
    read_only::require_writable(c"assay.submit()");
    let submitted = || -> Result<i64> {
        require_free()?;
        let model = required("model", model)?;
        let prompt = required("prompt", prompt)?;
        require_words(&prompt)?;
        let options = options::object("options", options)?;
        let schema = schema.map(|schema| schema.read("argument \"schema\"")).transpose()?;
        Manner::of_json(options.clone(), schema.clone())?;
        // The version that the name means now, whatever it means later.
        let remote = Remote::open(&model, Task::Generation)?;
        described(&remote.definition.server)?;
        add(&remote.reference, &prompt, schema, options)
    };
    or_raise(submitted())
}

fn add(model: &str, prompt: &str, schema: Option<Json>, options: Json) -> Result<i64> {
    let submitted_by = role::current();
    let parameters: [Parameter; 5] = [
        submitted_by.into(),
        model.into(),
        prompt.into(),
        schema.map(JsonB).into(),
        JsonB(options).into(),
    ];
    let id: Option<i64> = tables::as_owner(|| {
        tables::write_returning(
            "INSERT INTO assay.generation (submitted_by, model, prompt, schema, options) VALUES ($1, $2, $3, $4, $5) RETURNING id",
            &parameters,
        )
    })?;
    id.ok_or_else(|| Error::new(INTERNAL, "nothing was submitted"))
}

/// `withdraw(id)`.
#[pg_extern(sql = false)]
fn withdraw(id: Option<i64>) -> bool {
    read_only::require_writable(c"assay.withdraw()");
    let withdrawn = || -> Result<bool> {
        let id = required("id", id)?;
        let (caller, steward) = (role::current(), role::is_steward());
        let name = role::name_of(caller);
        // Whoever works at it has paid for what comes of it. No lease has the number 0.
        let withdraw = format!(
            "UPDATE assay.generation AS g SET withdrawn_by = $5, finished_at = pg_catalog.clock_timestamp(), lease = NULL
WHERE g.id OPERATOR(pg_catalog.=) $1 AND g.finished_at IS NULL AND {}
    AND ($3 OR pg_catalog.pg_has_role($4, g.submitted_by::pg_catalog.oid, 'USAGE')) RETURNING g.id",
            is_free("g")
        );
        let parameters: [Parameter; 5] = [
            id.into(),
            0_i64.into(),
            steward.into(),
            caller.into(),
            name.as_str().into(),
        ];
        let found: Option<i64> = tables::as_owner(|| tables::write_returning(&withdraw, &parameters))?;
        Ok(found.is_some())
    };
    or_raise(withdrawn())
}

/// `prune_generations(older_than)`.
#[pg_extern(sql = false)]
fn prune_generations(older_than: Option<Interval>) -> i64 {
    read_only::require_writable(c"assay.prune_generations()");
    let pruned = || -> Result<i64> {
        let older_than = required("older_than", older_than)?;
        let (caller, steward) = (role::current(), role::is_steward());
        let pruned: Option<i64> = tables::as_owner(|| {
            tables::write_returning(
                "WITH pruned AS (
    DELETE FROM assay.generation AS g
    WHERE g.finished_at OPERATOR(pg_catalog.<) (pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) $1)
        AND ($2 OR pg_catalog.pg_has_role($3, g.submitted_by::pg_catalog.oid, 'USAGE')) RETURNING 1)
SELECT pg_catalog.count(*) FROM pruned",
                &[older_than.into(), steward.into(), caller.into()],
            )
        })?;
        Ok(pruned.unwrap_or(0))
    };
    or_raise(pruned())
}

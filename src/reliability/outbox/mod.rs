//! The outbox: what owners are to be told is written in the transaction that caused it, so that neither is there without the other.
//!
//! One notification per owner and digest window. To add to one that another transaction is at would mean to wait for that transaction, which may
//! be a load of hours; so each transaction adds to what it can lock at once, else begins one of its own, and what is about the same is put
//! together when it is claimed.

mod burns;
mod deliver;
mod incidents;
mod issues;
mod message;

pub use burns::tell_burns;
pub use deliver::forget_old;
pub use incidents::{Escalated, escalated, incidents_changed};
pub use issues::issues_changed;

use serde_json::Value as Json;

use crate::pg::cell::Parameter;
use crate::pg::error::Result;
use crate::pg::{snapshot, tables};

/// What a notification tells at most, one by one; of what is more it says how much.
pub const ITEMS: i32 = 100;

/// When an owner is told of what it should know at `wanted`: after its quiet hours, unless it is `urgent`. A row of `assay_internal.owner_contact`
/// is in scope as c.
const DUE: &str = "CROSS JOIN LATERAL (SELECT pg_catalog.timezone(c.time_zone, t.wanted) AS local) AS l
CROSS JOIN LATERAL (SELECT CASE
    WHEN t.urgent OR c.quiet_from IS NULL OR c.quiet_until IS NULL THEN t.wanted
    WHEN (c.quiet_from OPERATOR(pg_catalog.<) c.quiet_until AND l.local::pg_catalog.time OPERATOR(pg_catalog.>=) c.quiet_from
            AND l.local::pg_catalog.time OPERATOR(pg_catalog.<) c.quiet_until)
        OR (c.quiet_from OPERATOR(pg_catalog.>) c.quiet_until AND l.local::pg_catalog.time OPERATOR(pg_catalog.<) c.quiet_until)
        THEN pg_catalog.timezone(c.time_zone, l.local::pg_catalog.date OPERATOR(pg_catalog.+) c.quiet_until)
    WHEN c.quiet_from OPERATOR(pg_catalog.>) c.quiet_until AND l.local::pg_catalog.time OPERATOR(pg_catalog.>=) c.quiet_from
        THEN pg_catalog.timezone(c.time_zone, (l.local::pg_catalog.date OPERATOR(pg_catalog.+) 1) OPERATOR(pg_catalog.+) c.quiet_until)
    ELSE t.wanted END AS due_at) AS d";

/// Writes what the query `fresh` gives: rows (owner_id, kind, prefix, incident_id, subject, items, more, due_at), one for each owner and prefix, the
/// beginning of a notification's key. `$1` is the time; more parameters are the query's own, from `$3` on.
fn write(fresh: &str, at: Parameter, parameters: Vec<Parameter>) -> Result<()> {
    let mut all = vec![at, snapshot::is_kept().into()];
    all.extend(parameters);
    tables::as_owner(|| tables::write(&format!("WITH fresh AS MATERIALIZED ({fresh}) {WRITE}"), &all))
}

// A row that somebody else has changed since the snapshot of a REPEATABLE READ transaction would be an error there: it adds to its own only.
// And what is open is looked up topic by topic: planned as a join it was found among all that is pending, once for each topic.
const WRITE: &str = ", open AS MATERIALIZED (
    SELECT o.id, o.items, r.owner_id, r.prefix
    FROM fresh AS r
    CROSS JOIN LATERAL (
        SELECT n.id, n.items FROM assay.notification AS n
        WHERE n.owner_id OPERATOR(pg_catalog.=) r.owner_id AND pg_catalog.split_part(n.key, '#', 1) OPERATOR(pg_catalog.=) r.prefix
          AND n.status OPERATOR(pg_catalog.=) 'pending' AND n.attempts OPERATOR(pg_catalog.=) 0
          AND (NOT $2 OR pg_catalog.starts_with(n.key, (r.prefix OPERATOR(pg_catalog.||) '#') OPERATOR(pg_catalog.||)
                (pg_catalog.pg_current_xact_id()::pg_catalog.text OPERATOR(pg_catalog.||) '.')))
        FOR UPDATE OF n SKIP LOCKED) AS o),
joined AS MATERIALIZED (
    SELECT o.id, r.subject, r.due_at, m.items, r.more OPERATOR(pg_catalog.+) m.more AS more, r.owner_id, r.prefix
    FROM (SELECT DISTINCT ON (owner_id, prefix) * FROM open ORDER BY owner_id, prefix, id) AS o
    JOIN fresh AS r ON r.owner_id OPERATOR(pg_catalog.=) o.owner_id AND r.prefix OPERATOR(pg_catalog.=) o.prefix
    CROSS JOIN LATERAL (
        SELECT pg_catalog.jsonb_agg(p.item ORDER BY p.place) FILTER (WHERE p.place OPERATOR(pg_catalog.<=) 100) AS items,
               pg_catalog.count(*) FILTER (WHERE p.place OPERATOR(pg_catalog.>) 100) AS more
        FROM (SELECT i.item, pg_catalog.row_number() OVER (ORDER BY i.part, i.place) AS place
              FROM (SELECT x.item, 0 AS part, x.place FROM pg_catalog.jsonb_array_elements(o.items) WITH ORDINALITY AS x(item, place)
                    WHERE NOT EXISTS (SELECT FROM pg_catalog.jsonb_array_elements(r.items) AS y(item)
                                      WHERE (y.item OPERATOR(pg_catalog.->) 'issue') OPERATOR(pg_catalog.=) (x.item OPERATOR(pg_catalog.->) 'issue'))
                    UNION ALL
                    SELECT x.item, 1, x.place FROM pg_catalog.jsonb_array_elements(r.items) WITH ORDINALITY AS x(item, place)) AS i) AS p) AS m),
added AS (
    UPDATE assay.notification AS n
    SET items = j.items, more = n.more OPERATOR(pg_catalog.+) j.more, due_at = LEAST(n.due_at, j.due_at),
        subject = CASE WHEN n.kind OPERATOR(pg_catalog.=) 'issues'
            THEN pg_catalog.concat((n.more OPERATOR(pg_catalog.+) j.more) OPERATOR(pg_catalog.+) pg_catalog.jsonb_array_length(j.items), ' issues')
            ELSE j.subject END
    FROM joined AS j WHERE n.id OPERATOR(pg_catalog.=) j.id
    RETURNING n.id),
earlier AS (
    SELECT r.owner_id, r.prefix, pg_catalog.count(n.id) AS notifications
    FROM fresh AS r
    LEFT JOIN assay.notification AS n ON n.owner_id OPERATOR(pg_catalog.=) r.owner_id
        AND pg_catalog.split_part(n.key, '#', 1) OPERATOR(pg_catalog.=) r.prefix
    GROUP BY r.owner_id, r.prefix),
there AS MATERIALIZED (
    SELECT o.id FROM assay.owner AS o WHERE o.id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT r.owner_id FROM fresh AS r)) ORDER BY o.id FOR KEY SHARE OF o),
begun AS (
    INSERT INTO assay.notification (owner_id, kind, key, incident_id, subject, items, more, created_at, due_at)
    SELECT r.owner_id, r.kind, pg_catalog.concat(r.prefix, '#', pg_catalog.pg_current_xact_id(), '.', e.notifications),
           r.incident_id, r.subject, r.items, r.more, $1, r.due_at
    FROM fresh AS r
    JOIN earlier AS e ON e.owner_id OPERATOR(pg_catalog.=) r.owner_id AND e.prefix OPERATOR(pg_catalog.=) r.prefix
    JOIN there AS w ON w.id OPERATOR(pg_catalog.=) r.owner_id
    WHERE NOT EXISTS (SELECT FROM joined AS j
                      WHERE j.owner_id OPERATOR(pg_catalog.=) r.owner_id AND j.prefix OPERATOR(pg_catalog.=) r.prefix)
    RETURNING id)
SELECT pg_catalog.pg_notify('assay', 'notifications') WHERE EXISTS (SELECT FROM added) OR EXISTS (SELECT FROM begun)";

/// Numbers as an array of SQL's.
fn numbers(ids: &[i64]) -> String {
    let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
    format!("{{{}}}", ids.join(","))
}

/// Tells owners something that concerns neither issues nor incidents, such as a budget that burns: `items` are (owner, subject, item). `prefix` says
/// what it is about; what is about the same is told together until it is sent.
pub fn tell(
    kind: &str,
    prefix: &str,
    items: &[(i64, String, Json)],
    is_urgent: bool,
    at: impl Into<Parameter>,
) -> Result<()> {
    let rows: Vec<Json> = (items.iter())
        .map(|(owner, subject, item)| serde_json::json!({"owner_id": owner, "subject": subject, "items": [item]}))
        .collect();
    let fresh = format!(
        "SELECT t.owner_id, $3::pg_catalog.text AS kind, $4::pg_catalog.text AS prefix, NULL::bigint AS incident_id, t.subject, t.items, 0 AS more, d.due_at
FROM (SELECT r.owner_id, r.subject, r.items, $1::pg_catalog.timestamptz AS wanted, $6::boolean AS urgent
      FROM pg_catalog.jsonb_to_recordset($5::pg_catalog.jsonb) AS r(owner_id bigint, subject pg_catalog.text, items pg_catalog.jsonb)) AS t
JOIN assay_internal.owner_contact AS c ON c.owner_id OPERATOR(pg_catalog.=) t.owner_id
{DUE}"
    );
    let rows = crate::pg::text::Prose::from(Json::from(rows).to_string());
    write(
        &fresh,
        at.into(),
        vec![kind.into(), prefix.into(), rows.into(), is_urgent.into()],
    )
}

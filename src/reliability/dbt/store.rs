//! The tables of what dbt says: a statement changes up to a thousand nodes, or all dependencies.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use pgrx::datum::TimestampWithTimeZone;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use super::owners::Said;
use super::results::Known;
use crate::pg::cell::Parameter;
use crate::pg::error::{Error, INTERNAL, Result};
use crate::pg::tables;
use crate::pg::text::{JsonB, Text};

/// Rows that one statement changes.
const TOGETHER: usize = 1000;

/// What a statement answers, as JSON.
fn answer<T: DeserializeOwned + Default>(statement: &str, parameters: &[Parameter]) -> Result<T> {
    let text: Option<Text> = tables::as_owner(|| tables::write_returning(statement, parameters))?;
    match text {
        None => Ok(T::default()),
        Some(text) => serde_json::from_str(&text)
            .map_err(|problem| Error::new(INTERNAL, format!("what dbt has said cannot be read: {problem}"))),
    }
}

fn run(statement: &str, parameters: &[Parameter]) -> Result<()> {
    tables::as_owner(|| tables::write(statement, parameters))
}

fn rows(rows: &[Json]) -> Parameter {
    JsonB(Json::from(rows.to_vec())).into()
}

/// Makes another import wait until this transaction ends: it has to know what was said before it.
pub fn lock() -> Result<()> {
    run("LOCK TABLE assay.dbt_node IN SHARE ROW EXCLUSIVE MODE", &[])
}

/// What is known of a project's nodes: their kinds and their assets, by their names.
pub fn recorded(project: &str) -> Result<BTreeMap<String, (String, i64)>> {
    answer(
        "SELECT pg_catalog.jsonb_object_agg(n.unique_id, pg_catalog.jsonb_build_array(n.kind, n.asset_id))::pg_catalog.text
FROM assay.dbt_node AS n WHERE n.project OPERATOR(pg_catalog.=) $1",
        &[project.into()],
    )
}

/// Writes nodes. Answers for each that was there whether it is the same.
pub fn put(project: &str, nodes: &[Json], role: &str) -> Result<HashMap<String, bool>> {
    let mut known = HashMap::new();
    for nodes in nodes.chunks(TOGETHER) {
        let same: HashMap<String, bool> = answer(PUT, &[rows(nodes), project.into(), role.into()])?;
        known.extend(same);
    }
    Ok(known)
}

const PUT: &str = "WITH fresh AS MATERIALIZED (
    SELECT r.* FROM pg_catalog.jsonb_to_recordset($1) AS r(unique_id pg_catalog.text, kind pg_catalog.text, asset_id bigint, said pg_catalog.jsonb)
), old AS MATERIALIZED (
    SELECT n.unique_id, (n.said OPERATOR(pg_catalog.=) r.said) AND (n.asset_id OPERATOR(pg_catalog.=) r.asset_id)
        AND (n.kind OPERATOR(pg_catalog.=) r.kind) AS is_same
    FROM assay.dbt_node AS n JOIN fresh AS r ON r.unique_id OPERATOR(pg_catalog.=) n.unique_id
    WHERE n.project OPERATOR(pg_catalog.=) $2
), put AS (
    INSERT INTO assay.dbt_node AS n (project, unique_id, kind, asset_id, said, imported_by)
    SELECT $2, r.unique_id, r.kind, r.asset_id, r.said, $3 FROM fresh AS r
    WHERE NOT EXISTS (SELECT FROM old AS o WHERE (o.unique_id OPERATOR(pg_catalog.=) r.unique_id) AND o.is_same)
    ON CONFLICT (project, unique_id) DO UPDATE SET kind = excluded.kind, asset_id = excluded.asset_id, said = excluded.said,
        imported_by = excluded.imported_by, imported_at = pg_catalog.now()
)
SELECT pg_catalog.jsonb_object_agg(o.unique_id, o.is_same)::pg_catalog.text FROM old AS o";

/// Forgets nodes.
pub fn remove(project: &str, unique_ids: Vec<Text>) -> Result<()> {
    run(
        "DELETE FROM assay.dbt_node WHERE (project OPERATOR(pg_catalog.=) $1) AND (unique_id OPERATOR(pg_catalog.=) ANY ($2))",
        &[project.into(), unique_ids.into()],
    )
}

/// Adds owners that are not there. Those that were added without a role by who acts for the caller are told by the manifest how to reach them.
/// Answers what has become of each.
pub fn owners(owners: &[(&String, &Said)], caller: pgrx::pg_sys::Oid) -> Result<HashMap<String, String>> {
    let owners: Vec<Json> = owners
        .iter()
        .map(|(name, said)| {
            let kind = if said.is_team { "team" } else { "person" };
            json!({"name": name, "kind": kind, "contacts": said.contacts})
        })
        .collect();
    let mut done = HashMap::new();
    for owners in owners.chunks(TOGETHER) {
        let more: HashMap<String, String> = answer(OWNERS, &[rows(owners), caller.into()])?;
        done.extend(more);
    }
    Ok(done)
}

const OWNERS: &str = "WITH fresh AS MATERIALIZED (
    SELECT r.* FROM pg_catalog.jsonb_to_recordset($1) AS r(name pg_catalog.text, kind pg_catalog.text, contacts pg_catalog.jsonb)
), changed AS (
    UPDATE assay.owner AS o SET contacts = o.contacts OPERATOR(pg_catalog.||) r.contacts
    FROM fresh AS r
    WHERE (o.name OPERATOR(pg_catalog.=) r.name) AND o.role IS NULL AND pg_catalog.pg_has_role($2::pg_catalog.oid, o.added_by::pg_catalog.oid, 'USAGE')
      AND NOT (o.contacts OPERATOR(pg_catalog.@>) r.contacts)
    RETURNING o.name
), added AS (
    INSERT INTO assay.owner (name, kind, contacts, added_by)
    SELECT r.name, r.kind, r.contacts, $2::pg_catalog.oid FROM fresh AS r ORDER BY r.name
    ON CONFLICT (name) DO NOTHING
    RETURNING name
)
SELECT pg_catalog.jsonb_object_agg(d.name, d.action)::pg_catalog.text
FROM (SELECT c.name, 'changed' AS action FROM changed AS c UNION ALL SELECT a.name, 'added' FROM added AS a) AS d";

/// Makes the owners of assets those of the manifest: what people said besides stays, and so does what another project says, or what was said of an
/// asset that is not among the `controlled`.
pub fn ownerships(project: &str, pairs: &[(i64, &str)], controlled: &[i64], role: &str) -> Result<()> {
    let pairs: Vec<Json> = pairs
        .iter()
        .map(|(asset, owner)| json!({"asset_id": asset, "owner": owner}))
        .collect();
    run(DISOWN, &[rows(&pairs), project.into(), controlled.to_vec().into()])?;
    run(OWN, &[rows(&pairs), project.into(), role.into()])
}

const DISOWN: &str = "WITH said AS MATERIALIZED (
    SELECT r.asset_id, o.id AS owner_id
    FROM pg_catalog.jsonb_to_recordset($1) AS r(asset_id bigint, owner pg_catalog.text)
    JOIN assay.owner AS o ON o.name OPERATOR(pg_catalog.=) r.owner
), gone AS (
    DELETE FROM assay.dbt_ownership AS d
    WHERE (d.project OPERATOR(pg_catalog.=) $2)
      AND EXISTS (SELECT FROM pg_catalog.unnest($3) AS c(id) WHERE c.id OPERATOR(pg_catalog.=) d.asset_id)
      AND NOT EXISTS (SELECT FROM said AS s WHERE (s.asset_id OPERATOR(pg_catalog.=) d.asset_id) AND (s.owner_id OPERATOR(pg_catalog.=) d.owner_id))
    RETURNING d.asset_id, d.owner_id
)
DELETE FROM assay.ownership AS w
WHERE EXISTS (SELECT FROM gone AS g WHERE (g.asset_id OPERATOR(pg_catalog.=) w.asset_id) AND (g.owner_id OPERATOR(pg_catalog.=) w.owner_id))
  AND NOT EXISTS (
      SELECT FROM assay.dbt_ownership AS d
      WHERE (d.asset_id OPERATOR(pg_catalog.=) w.asset_id) AND (d.owner_id OPERATOR(pg_catalog.=) w.owner_id) AND (d.project OPERATOR(pg_catalog.<>) $2))";

// What a person has said stays when the manifest stops to say the same.
const OWN: &str = "WITH said AS MATERIALIZED (
    SELECT DISTINCT r.asset_id, o.id AS owner_id
    FROM pg_catalog.jsonb_to_recordset($1) AS r(asset_id bigint, owner pg_catalog.text)
    JOIN assay.owner AS o ON o.name OPERATOR(pg_catalog.=) r.owner
), made AS (
    INSERT INTO assay.ownership (owner_id, asset_id, said_by)
    SELECT s.owner_id, s.asset_id, $3 FROM said AS s ORDER BY s.asset_id, s.owner_id
    ON CONFLICT DO NOTHING
    RETURNING asset_id, owner_id
)
INSERT INTO assay.dbt_ownership (project, asset_id, owner_id)
SELECT $2, s.asset_id, s.owner_id FROM said AS s
WHERE EXISTS (SELECT FROM made AS m WHERE (m.asset_id OPERATOR(pg_catalog.=) s.asset_id) AND (m.owner_id OPERATOR(pg_catalog.=) s.owner_id))
   OR EXISTS (SELECT FROM assay.dbt_ownership AS d WHERE (d.asset_id OPERATOR(pg_catalog.=) s.asset_id) AND (d.owner_id OPERATOR(pg_catalog.=) s.owner_id))
ON CONFLICT DO NOTHING";

/// Makes the dependencies of assets those of the manifest, as far as they are `controlled`.
pub fn edges(project: &str, edges: &[(i64, i64)], controlled: &[i64], role: &str) -> Result<()> {
    let (upstream, downstream): (Vec<i64>, Vec<i64>) = edges.iter().copied().unzip();
    run(
        CUT,
        &[
            project.into(),
            upstream.clone().into(),
            downstream.clone().into(),
            controlled.to_vec().into(),
        ],
    )?;
    run(
        MARK,
        &[project.into(), upstream.clone().into(), downstream.clone().into()],
    )?;
    run(LINK, &[upstream.into(), downstream.into(), role.into()])
}

const CUT: &str = "WITH gone AS (
    DELETE FROM assay.dbt_edge AS d
    WHERE (d.project OPERATOR(pg_catalog.=) $1)
      AND EXISTS (SELECT FROM pg_catalog.unnest($4) AS c(id) WHERE c.id OPERATOR(pg_catalog.=) d.downstream_id)
      AND NOT EXISTS (
          SELECT FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) AS e(upstream_id, downstream_id)
          WHERE (e.upstream_id OPERATOR(pg_catalog.=) d.upstream_id) AND (e.downstream_id OPERATOR(pg_catalog.=) d.downstream_id))
    RETURNING d.upstream_id, d.downstream_id
)
DELETE FROM assay.lineage_edge AS l
WHERE (l.source OPERATOR(pg_catalog.=) 'dbt')
  AND EXISTS (SELECT FROM gone AS g WHERE (g.upstream_id OPERATOR(pg_catalog.=) l.upstream_id) AND (g.downstream_id OPERATOR(pg_catalog.=) l.downstream_id))
  AND NOT EXISTS (
      SELECT FROM assay.dbt_edge AS d
      WHERE (d.upstream_id OPERATOR(pg_catalog.=) l.upstream_id) AND (d.downstream_id OPERATOR(pg_catalog.=) l.downstream_id)
        AND (d.project OPERATOR(pg_catalog.<>) $1))";

// An import holds the lock on the nodes, so that no other one writes the same; and to find those that are there takes less together than one by one.
const MARK: &str = "INSERT INTO assay.dbt_edge (project, upstream_id, downstream_id)
SELECT $1, e.upstream_id, e.downstream_id FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) AS e(upstream_id, downstream_id)
WHERE NOT EXISTS (
    SELECT FROM assay.dbt_edge AS d
    WHERE (d.upstream_id OPERATOR(pg_catalog.=) e.upstream_id) AND (d.downstream_id OPERATOR(pg_catalog.=) e.downstream_id)
      AND (d.project OPERATOR(pg_catalog.=) $1))";

// People write these, too.
const LINK: &str = "INSERT INTO assay.lineage_edge (upstream_id, downstream_id, source, added_by)
SELECT e.upstream_id, e.downstream_id, 'dbt', $3 FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS e(upstream_id, downstream_id)
WHERE NOT EXISTS (
    SELECT FROM assay.lineage_edge AS l
    WHERE (l.upstream_id OPERATOR(pg_catalog.=) e.upstream_id) AND (l.downstream_id OPERATOR(pg_catalog.=) e.downstream_id)
      AND (l.source OPERATOR(pg_catalog.=) 'dbt'))
ON CONFLICT DO NOTHING";

/// Says what exposures are where assets are listed.
pub fn describe(exposures: &[Json]) -> Result<()> {
    for exposures in exposures.chunks(TOGETHER) {
        run(
            "UPDATE assay.asset AS a SET details = r.details
FROM pg_catalog.jsonb_to_recordset($1) AS r(id bigint, details pg_catalog.jsonb)
WHERE (a.id OPERATOR(pg_catalog.=) r.id) AND (a.details OPERATOR(pg_catalog.<>) r.details)",
            &[rows(exposures)],
        )?;
    }
    Ok(())
}

/// Forgets dashboards and sources that were known from manifests alone.
pub fn forget(assets: &[i64]) -> Result<()> {
    run(FORGET, &[assets.to_vec().into()])
}

const FORGET: &str = "DELETE FROM assay.asset AS a
WHERE (a.id OPERATOR(pg_catalog.=) ANY ($1)) AND (a.kind OPERATOR(pg_catalog.=) ANY ('{dashboard,source}'))
  AND NOT EXISTS (SELECT FROM assay.dbt_node AS n WHERE n.asset_id OPERATOR(pg_catalog.=) a.id)
  AND NOT EXISTS (SELECT FROM assay.ownership AS o WHERE o.asset_id OPERATOR(pg_catalog.=) a.id)
  AND NOT EXISTS (SELECT FROM assay.product_asset AS p WHERE p.asset_id OPERATOR(pg_catalog.=) a.id)
  AND NOT EXISTS (SELECT FROM assay.lineage_edge AS l WHERE l.upstream_id OPERATOR(pg_catalog.=) a.id)
  AND NOT EXISTS (SELECT FROM assay.lineage_edge AS l WHERE l.downstream_id OPERATOR(pg_catalog.=) a.id)
  AND NOT EXISTS (SELECT FROM assay.issue AS i WHERE i.asset_id OPERATOR(pg_catalog.=) a.id)
  AND NOT EXISTS (SELECT FROM assay.incident AS i WHERE i.root_id OPERATOR(pg_catalog.=) a.id)
  AND NOT EXISTS (SELECT FROM assay.sla AS s WHERE s.asset_id OPERATOR(pg_catalog.=) a.id)
  AND NOT EXISTS (SELECT FROM assay.maintenance AS m WHERE m.asset_id OPERATOR(pg_catalog.=) a.id)";

/// What is known of nodes of these names, in any project or in one.
pub fn known(unique_ids: &[Cow<'_, str>], project: Option<&str>) -> Result<Vec<Known>> {
    let names: Vec<Text> = unique_ids.iter().map(|name| Text::from(name.as_ref())).collect();
    answer(
        "SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('project', n.project, 'unique_id', n.unique_id, 'kind', n.kind,
    'asset_id', n.asset_id, 'said', n.said))::pg_catalog.text
FROM assay.dbt_node AS n
WHERE (n.unique_id OPERATOR(pg_catalog.=) ANY ($1)) AND ($2 IS NULL OR (n.project OPERATOR(pg_catalog.=) $2))",
        &[names.into(), project.into()],
    )
}

/// Notes how nodes ended. Gives the names of those of which no later result is known, nor this one.
pub fn mark(results: &[Json], invocation: &str, at: TimestampWithTimeZone) -> Result<HashSet<String>> {
    answer(MARK_RUN, &[rows(results), invocation.into(), at.into()])
}

const MARK_RUN: &str = "WITH new AS (
    UPDATE assay.dbt_node AS n SET status = r.status, failures = r.failures, invocation = $2, run_at = $3
    FROM pg_catalog.jsonb_to_recordset($1) AS r(project pg_catalog.text, unique_id pg_catalog.text, status pg_catalog.text, failures bigint)
    WHERE (n.project OPERATOR(pg_catalog.=) r.project) AND (n.unique_id OPERATOR(pg_catalog.=) r.unique_id)
      AND (n.invocation OPERATOR(pg_catalog.=) $2) IS NOT TRUE AND (n.run_at OPERATOR(pg_catalog.>) $3) IS NOT TRUE
    RETURNING n.unique_id
)
SELECT pg_catalog.jsonb_agg(n.unique_id)::pg_catalog.text FROM new AS n";

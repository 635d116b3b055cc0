//! What policies do without anybody: declare incidents of new issues, gather issues under them, and see when they have all passed.

use std::collections::BTreeMap;
use std::time::Duration;

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys::Oid;
use serde::Deserialize;
use serde_json::json;

use super::gather;
use super::incident::read_object;
use super::issues::numbers;
use super::plan::{self, Situation};
use crate::pg::error::{Error, Result, SERIALIZATION_FAILURE};
use crate::pg::{catalog, snapshot, tables};
use crate::reliability::lineage;
use crate::reliability::outbox;
use crate::reliability::trail::{self, Actor, Event, Kind};

/// How often a plan is made anew because people have acted on its incidents meanwhile.
const TRIES: usize = 3;

/// How long a run waits for another one that declares incidents. A load that goes on for hours after its checks have failed holds up no other.
const PATIENCE: Duration = Duration::from_secs(1);

/// Lets issues that were opened, opened again or became worse join incidents, and declares those that policies want, one for each root cause. What is
/// under maintenance, or expected, does neither. While another transaction is at it they are left to [`declare_left`].
pub fn declare_by_policy(new_issues: &[i64], at: TimestampWithTimeZone) -> Result<()> {
    if new_issues.is_empty() || !tables::as_owner(is_of_interest)? {
        return Ok(());
    }
    if declare(new_issues, at)? {
        return Ok(());
    }
    tables::as_owner(|| {
        tables::write(
            "UPDATE assay.issue SET awaits_policy = true
WHERE id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT n.id::bigint FROM pg_catalog.jsonb_array_elements_text($1::pg_catalog.jsonb) AS n(id)))",
            &[numbers(new_issues)],
        )
    })
}

/// Does what policies want of issues that were left to a later time.
pub fn declare_left(at: TimestampWithTimeZone) -> Result<()> {
    let left: Option<Left> = tables::as_owner(|| {
        read_object(
            "WITH left_over AS (
    SELECT s.id FROM assay.issue AS s
    WHERE s.awaits_policy ORDER BY s.id FOR UPDATE SKIP LOCKED
), changed AS (
    UPDATE assay.issue AS s SET awaits_policy = false FROM left_over AS l WHERE s.id OPERATOR(pg_catalog.=) l.id
    RETURNING s.id)
SELECT pg_catalog.jsonb_build_object('issues', pg_catalog.jsonb_agg(c.id ORDER BY c.id))::pg_catalog.text
FROM changed AS c HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 0",
            &[],
        )
    })?;
    match left {
        None => Ok(()),
        Some(left) => declare_by_policy(&left.issues, at),
    }
}

/// Issues of which nothing was declared while another transaction was at it.
#[derive(Deserialize)]
struct Left {
    issues: Vec<i64>,
}

/// Does what policies want of issues, one transaction at a time; `false` while another one is at it.
fn declare(new_issues: &[i64], at: TimestampWithTimeZone) -> Result<bool> {
    let before = newest()?;
    // Of two that find something at once the second sees what the first has declared.
    if !tables::lock_object_within(c"incident", Oid::from(1), PATIENCE) {
        return Ok(false);
    }
    if snapshot::is_kept() && snapshot::with_latest(newest)? != before {
        return Err(Error::new(
            SERIALIZATION_FAILURE,
            "incidents were declared since this transaction began",
        )
        .hint("Run the transaction again."));
    }
    for _ in 0..TRIES {
        let Some(situation) = tables::as_owner(|| situation(new_issues, at))? else {
            return Ok(true);
        };
        let gatherings = plan::plan(&situation, &roots(&situation)?);
        if gatherings.is_empty() || gather::apply(&situation, gatherings, at)? {
            return Ok(true);
        }
    }
    Err(Error::new(
        SERIALIZATION_FAILURE,
        "incidents were changed again and again while issues were to join them",
    )
    .hint("Run the transaction again."))
}

/// Which of what is broken explains what, by lineage.
fn roots(situation: &Situation) -> Result<Vec<(i64, i64)>> {
    let assets: Vec<i64> = situation.assets.iter().map(|asset| asset.id).collect();
    // What others have committed while this transaction waited belongs to it, too.
    snapshot::with_own(|_| lineage::roots(&assets))
}

/// The asset where the cause of issues lies, of which a person declares an incident: the one that explains all of them that are open, of all that
/// is broken. `None` where there is no such one.
pub fn common_root(issues: &[i64], at: TimestampWithTimeZone) -> Result<Option<i64>> {
    if issues.is_empty() {
        return Ok(None);
    }
    let situation = tables::as_owner(|| situation(issues, at))?;
    situation.map_or(Ok(None), |situation| {
        Ok(plan::common_root(&situation, &roots(&situation)?))
    })
}

/// The incident that was declared last.
fn newest() -> Result<Option<i64>> {
    catalog::find_last(c"incident", c"incident_pkey", &[], |row| {
        row.require::<i64>(1).map(Some)
    })
}

/// Whether there is an incident that an issue may join, or a policy by which one is declared.
fn is_of_interest() -> Result<bool> {
    let answer = tables::write_returning(
        "SELECT EXISTS (SELECT FROM assay.response_policy AS p WHERE p.auto_declare IS NOT NULL)
    OR EXISTS (SELECT FROM assay.incident AS i WHERE i.status OPERATOR(pg_catalog.=) ANY ('{open,acknowledged,mitigated}'))",
        &[],
    )?;
    Ok(answer.unwrap_or(false))
}

/// What is open, and what policies want of it.
fn situation(new_issues: &[i64], at: TimestampWithTimeZone) -> Result<Option<Situation>> {
    read_object(SITUATION, &[numbers(new_issues), at.into()])
}

// A product's assets are those named, with a relation its columns and checks, with a schema what is in it.
const SITUATION: &str = "WITH fresh AS MATERIALIZED (
    SELECT n.id::bigint AS id FROM pg_catalog.jsonb_array_elements_text($1::pg_catalog.jsonb) AS n(id)
), maintained AS MATERIALIZED (
    SELECT DISTINCT m.asset_id FROM assay_internal.maintenance_of_asset AS m WHERE m.during OPERATOR(pg_catalog.@>) $2
), active AS MATERIALIZED (
    SELECT i.id, i.root_id, i.by_policy, i.status, i.severity FROM assay.incident AS i
    WHERE i.status OPERATOR(pg_catalog.=) ANY ('{open,acknowledged,mitigated}')
), issue AS MATERIALIZED (
    SELECT s.id, s.asset_id, s.severity, f.id IS NOT NULL AS is_new, i.id AS incident
    FROM assay.issue AS s
    LEFT JOIN fresh AS f ON f.id OPERATOR(pg_catalog.=) s.id
    LEFT JOIN active AS i ON i.id OPERATOR(pg_catalog.=) s.incident_id
    WHERE s.status OPERATOR(pg_catalog.=) 'open'
      AND (s.triage OPERATOR(pg_catalog.=) ANY ('{expected,false_positive}')) IS NOT TRUE
      AND NOT EXISTS (SELECT FROM maintained AS m WHERE m.asset_id OPERATOR(pg_catalog.=) s.asset_id)
), priority AS MATERIALIZED (
    SELECT m.asset_id, pg_catalog.min(p.priority) AS priority
    FROM (SELECT x.asset_id, x.product_id FROM assay.product_asset AS x
          UNION
          SELECT a.id, x.product_id FROM assay.product_asset AS x
          JOIN assay.asset AS n ON n.id OPERATOR(pg_catalog.=) x.asset_id
          JOIN assay.asset AS a ON a.relation_name OPERATOR(pg_catalog.=) n.relation_name
          WHERE n.kind OPERATOR(pg_catalog.=) 'relation'
          UNION
          SELECT a.id, x.product_id FROM assay.product_asset AS x
          JOIN assay.asset AS n ON n.id OPERATOR(pg_catalog.=) x.asset_id
          JOIN assay.asset AS a ON a.relation::pg_catalog.oid OPERATOR(pg_catalog.=) n.relation::pg_catalog.oid
          WHERE n.kind OPERATOR(pg_catalog.=) 'relation'
          UNION
          SELECT a.id, x.product_id FROM assay.product_asset AS x
          JOIN assay.asset AS n ON n.id OPERATOR(pg_catalog.=) x.asset_id
          JOIN assay.asset AS a ON pg_catalog.starts_with(a.relation_name, (pg_catalog.quote_ident(n.name) OPERATOR(pg_catalog.||) '.'))
          WHERE n.kind OPERATOR(pg_catalog.=) 'schema') AS m
    JOIN assay.data_product AS p ON p.id OPERATOR(pg_catalog.=) m.product_id
    WHERE m.asset_id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT s.asset_id FROM issue AS s WHERE s.is_new))
    GROUP BY m.asset_id
), incident AS MATERIALIZED (
    SELECT i.id, i.root_id, i.by_policy, i.status, i.severity,
           ARRAY(SELECT DISTINCT s.asset_id FROM assay.issue AS s WHERE s.incident_id OPERATOR(pg_catalog.=) i.id) AS assets
    FROM active AS i
), broken AS (
    SELECT s.asset_id AS id FROM issue AS s
    UNION SELECT i.root_id FROM incident AS i WHERE i.root_id IS NOT NULL
    UNION SELECT u.id FROM incident AS i CROSS JOIN LATERAL pg_catalog.unnest(i.assets) AS u(id)
)
SELECT pg_catalog.jsonb_build_object(
    'assets', COALESCE((
        SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('id', b.id, 'relation', a.relation::pg_catalog.oid::bigint,
            'is_relation', COALESCE(a.kind OPERATOR(pg_catalog.=) 'relation', false)) ORDER BY b.id)
        FROM broken AS b LEFT JOIN assay_internal.asset_now AS a ON a.id OPERATOR(pg_catalog.=) b.id), '[]'),
    'issues', COALESCE((
        SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('id', s.id, 'asset', s.asset_id, 'is_new', s.is_new, 'incident', s.incident, 'wanted',
            CASE WHEN s.is_new THEN (
                SELECT pg_catalog.min(p.severity) FROM assay.response_policy AS p
                WHERE p.auto_declare IS NOT NULL
                  AND (s.severity OPERATOR(pg_catalog.=) 'error'
                       OR ((p.auto_declare OPERATOR(pg_catalog.->>) 'severity') OPERATOR(pg_catalog.=) 'error') IS NOT TRUE)
                  AND ((p.auto_declare OPERATOR(pg_catalog.->>) 'priority') IS NULL
                       OR q.priority OPERATOR(pg_catalog.<=) (p.auto_declare OPERATOR(pg_catalog.->>) 'priority'))) END) ORDER BY s.id)
        FROM issue AS s LEFT JOIN priority AS q ON q.asset_id OPERATOR(pg_catalog.=) s.asset_id), '[]'),
    'incidents', COALESCE((
        SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('id', i.id, 'root', i.root_id, 'by_policy', i.by_policy, 'status', i.status,
            'severity', i.severity, 'assets', pg_catalog.to_jsonb(i.assets)) ORDER BY i.id)
        FROM incident AS i), '[]'))::pg_catalog.text
WHERE EXISTS (SELECT FROM issue AS s WHERE s.is_new)";

/// An issue that was closed, with its active incident.
#[derive(Deserialize)]
struct Closed {
    issue: i64,
    incident: i64,
}

#[derive(Deserialize, Default)]
struct ClosedOnes {
    closed: Vec<Closed>,
}

#[derive(Deserialize)]
struct Mitigated {
    id: i64,
    from: String,
}

#[derive(Deserialize)]
struct MitigatedOnes {
    mitigated: Vec<Mitigated>,
}

/// Notes in the trails of their incidents that issues were closed. An incident that a policy declared has no effect any more when the last of its issues is
/// closed: it is mitigated then. One that a person declared is for people to judge.
pub fn issues_closed(ids: &[i64], at: TimestampWithTimeZone) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let closed: ClosedOnes = tables::as_owner(|| {
        read_object(
            "WITH locked AS MATERIALIZED (
    SELECT i.id FROM assay.incident AS i
    WHERE i.status OPERATOR(pg_catalog.=) ANY ('{open,acknowledged,mitigated}') AND i.id OPERATOR(pg_catalog.=) ANY (ARRAY(
        SELECT s.incident_id FROM assay.issue AS s
        WHERE s.id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT n.id::bigint FROM pg_catalog.jsonb_array_elements_text($1::pg_catalog.jsonb) AS n(id)))))
    ORDER BY i.id FOR UPDATE)
SELECT pg_catalog.jsonb_build_object('closed', pg_catalog.jsonb_agg(
    pg_catalog.jsonb_build_object('issue', s.id, 'incident', l.id) ORDER BY s.id))::pg_catalog.text
FROM locked AS l JOIN assay.issue AS s ON s.incident_id OPERATOR(pg_catalog.=) l.id
WHERE s.id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT n.id::bigint FROM pg_catalog.jsonb_array_elements_text($1::pg_catalog.jsonb) AS n(id)))
HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 0",
            &[numbers(ids)],
        )
    })?
    .unwrap_or_default();
    if closed.closed.is_empty() {
        return Ok(());
    }
    let mut by_incident: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for Closed { issue, incident } in &closed.closed {
        by_incident.entry(*incident).or_default().push(*issue);
    }
    let mut events: Vec<Event<'_>> = by_incident
        .iter()
        .map(|(incident, issues)| Event {
            incident: *incident,
            kind: Kind::IssueClosed,
            note: None,
            details: gather::details_of(issues),
        })
        .collect();
    let incidents: Vec<i64> = by_incident.keys().copied().collect();
    let mitigated: Option<MitigatedOnes> = tables::as_owner(|| {
        read_object(
            "WITH over AS (
    SELECT i.id, i.status AS before FROM assay.incident AS i
    WHERE i.by_policy AND i.status OPERATOR(pg_catalog.=) ANY ('{open,acknowledged}')
      AND i.id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT n.id::bigint FROM pg_catalog.jsonb_array_elements_text($1::pg_catalog.jsonb) AS n(id)))
      AND NOT EXISTS (SELECT FROM assay.issue AS s
                      WHERE s.incident_id OPERATOR(pg_catalog.=) i.id AND s.status OPERATOR(pg_catalog.=) 'open')
), changed AS (
    UPDATE assay.incident AS i SET status = 'mitigated', mitigated_at = GREATEST($2, i.declared_at, i.acknowledged_at)
    FROM over AS o WHERE i.id OPERATOR(pg_catalog.=) o.id
    RETURNING i.id, o.before)
SELECT pg_catalog.jsonb_build_object('mitigated', COALESCE(pg_catalog.jsonb_agg(
    pg_catalog.jsonb_build_object('id', c.id, 'from', c.before) ORDER BY c.id), '[]'))::pg_catalog.text
FROM changed AS c",
            &[numbers(&incidents), at.into()],
        )
    })?;
    let mitigated = mitigated.map(|ones| ones.mitigated).unwrap_or_default();
    events.extend(mitigated.iter().map(|incident| Event {
        incident: incident.id,
        kind: Kind::Mitigated,
        note: None,
        details: json!({"from": incident.from, "to": "mitigated"}),
    }));
    trail::record_all(&Actor::policy(), &events, at)?;
    let ids: Vec<i64> = mitigated.iter().map(|incident| incident.id).collect();
    outbox::incidents_changed(&ids, Kind::Mitigated, at)
}

//! Incidents: who sees to them is told at once.

use pgrx::datum::TimestampWithTimeZone;
use serde_json::{Value as Json, json};

use super::{DUE, write};
use crate::pg::error::Result;
use crate::pg::text::Prose;

/// What happens to incidents and is in their trail only: nobody is told of it one by one. Escalation tells by itself.
const NOT_TOLD: [&str; 4] = ["annotated", "issue_added", "issue_closed", "escalated"];

/// Tells the owner and the lead of an incident that something happened to it: `kind`, as its trail has it. Where nobody owns it, the owners
/// of what its issues are about are told. Who wants to know of worse things only, of all that the incident is about, is left alone. It is told at
/// once; quiet hours hold it back unless it is of severity sev1.
pub fn incident_changed(incident: i64, kind: &str, at: TimestampWithTimeZone) -> Result<()> {
    if NOT_TOLD.contains(&kind) {
        return Ok(());
    }
    let fresh = format!(
        "WITH owned AS MATERIALIZED (
    SELECT o.asset_id, o.owner_id, o.min_severity FROM assay_internal.asset_owner AS o
    WHERE o.asset_id OPERATOR(pg_catalog.=) ANY (ARRAY(
        SELECT s.asset_id FROM assay.issue AS s WHERE s.incident_id OPERATOR(pg_catalog.=) $3
        UNION SELECT r.root_id FROM assay.incident AS r WHERE r.id OPERATOR(pg_catalog.=) $3 AND r.root_id IS NOT NULL)))
SELECT t.owner_id, 'incident' AS kind, pg_catalog.concat('incident:', t.id) AS prefix, t.id AS incident_id,
    pg_catalog.format('[%s] Incident %s %s: %s', t.severity, t.id, $4::pg_catalog.text, t.title) AS subject,
    pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('what', $4::pg_catalog.text, 'severity', t.severity, 'status', t.status,
        'title', t.title, 'issues', t.issues, 'assets', t.assets, 'by', t.by_whom, 'time_zone', c.time_zone,
        'at', pg_catalog.to_char(pg_catalog.timezone(c.time_zone, $1::pg_catalog.timestamptz), 'YYYY-MM-DD HH24:MI'),
        'since', pg_catalog.to_char(pg_catalog.timezone(c.time_zone, t.started_at), 'YYYY-MM-DD HH24:MI'))) AS items,
    0 AS more, d.due_at
FROM (
    SELECT i.id, i.severity, i.status, i.started_at, w.owner_id, $1::pg_catalog.timestamptz AS wanted,
           CASE WHEN i.names_root AND NOT EXISTS (
               SELECT FROM owned AS o
               WHERE o.asset_id OPERATOR(pg_catalog.=) i.root_id AND o.owner_id OPERATOR(pg_catalog.=) w.owner_id)
               THEN 'Something upstream fails' ELSE i.title END AS title,
           i.severity OPERATOR(pg_catalog.=) 'sev1' AS urgent,
           CASE WHEN $4::pg_catalog.text OPERATOR(pg_catalog.=) 'acknowledged' THEN i.acknowledged_by END AS by_whom,
           (SELECT pg_catalog.count(*) FROM assay.issue AS s
            WHERE s.incident_id OPERATOR(pg_catalog.=) i.id AND s.status OPERATOR(pg_catalog.=) 'open') AS issues,
           (SELECT pg_catalog.jsonb_agg(a.name ORDER BY a.name) FROM (
                SELECT DISTINCT s.asset_name AS name FROM assay.issue AS s
                JOIN owned AS o ON o.asset_id OPERATOR(pg_catalog.=) s.asset_id
                WHERE s.incident_id OPERATOR(pg_catalog.=) i.id AND o.owner_id OPERATOR(pg_catalog.=) w.owner_id
                ORDER BY 1 LIMIT 10) AS a) AS assets
    FROM assay.incident AS i
    CROSS JOIN LATERAL (
        SELECT x.owner_id FROM (
            SELECT i.owner_id, false AS lead WHERE i.owner_id IS NOT NULL
            UNION ALL SELECT i.lead_id, true WHERE i.lead_id IS NOT NULL
            UNION ALL SELECT o.owner_id, false FROM owned AS o WHERE i.owner_id IS NULL) AS x
        GROUP BY x.owner_id
        HAVING pg_catalog.bool_or(x.lead) OR COALESCE((
            SELECT pg_catalog.bool_or(o.min_severity IS NULL OR
                       pg_catalog.array_position('{{warn,error,sev4,sev3,sev2,sev1}}'::pg_catalog.text[], i.severity) OPERATOR(pg_catalog.>=)
                       pg_catalog.array_position('{{warn,error,sev4,sev3,sev2,sev1}}'::pg_catalog.text[], o.min_severity))
            FROM owned AS o WHERE o.owner_id OPERATOR(pg_catalog.=) x.owner_id), true)) AS w
    WHERE i.id OPERATOR(pg_catalog.=) $3) AS t
JOIN assay_internal.owner_contact AS c ON c.owner_id OPERATOR(pg_catalog.=) t.owner_id
{DUE}"
    );
    write(&fresh, at.into(), vec![incident.into(), kind.into()])
}

/// A step of escalation that was taken, and whom it tells.
pub struct Escalated {
    pub incident: i64,
    /// acknowledge or resolve.
    pub cause: &'static str,
    pub step: usize,
    /// When it was due, in microseconds since 2000-01-01 UTC.
    pub due_at: i64,
    pub owners: Vec<i64>,
}

impl Escalated {
    fn row(&self) -> Json {
        json!({"incident": self.incident, "cause": self.cause, "step": self.step, "due": self.due_at, "owners": self.owners})
    }
}

/// Tells those whom steps of escalation name. Quiet hours hold it back unless the incident is of severity sev1.
pub fn escalated(steps: &[Escalated], at: TimestampWithTimeZone) -> Result<()> {
    if steps.iter().all(|step| step.owners.is_empty()) {
        return Ok(());
    }
    let fresh = format!(
        "WITH taken AS MATERIALIZED (
    SELECT s.incident, s.cause, s.step, s.due, w.owner_id::bigint AS owner_id
    FROM pg_catalog.jsonb_to_recordset($3::pg_catalog.jsonb) AS s(incident bigint, cause pg_catalog.text, step integer, due pg_catalog.float8, owners pg_catalog.jsonb)
    CROSS JOIN LATERAL pg_catalog.jsonb_array_elements_text(s.owners) AS w(owner_id)),
owned AS MATERIALIZED (
    SELECT o.asset_id, o.owner_id FROM assay_internal.asset_owner AS o
    WHERE o.asset_id OPERATOR(pg_catalog.=) ANY (ARRAY(
        SELECT i.root_id FROM assay.incident AS i
        WHERE i.names_root AND i.root_id IS NOT NULL AND i.id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT t.incident FROM taken AS t)))))
SELECT t.owner_id, 'escalation' AS kind, pg_catalog.concat('escalation:', t.id) AS prefix, t.id AS incident_id,
    pg_catalog.format('[%s] Incident %s is not %s in time: %s', t.severity, t.id,
        (pg_catalog.array_agg(CASE WHEN t.cause OPERATOR(pg_catalog.=) 'resolve' THEN 'resolved' ELSE 'acknowledged' END ORDER BY t.due DESC, t.step DESC))[1],
        t.title) AS subject,
    pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('what', 'escalated', 'cause', t.cause, 'step', t.step, 'severity', t.severity, 'status', t.status,
        'title', t.title, 'issues', t.issues, 'time_zone', c.time_zone,
        'at', pg_catalog.to_char(pg_catalog.timezone(c.time_zone, t.due_at), 'YYYY-MM-DD HH24:MI'),
        'since', pg_catalog.to_char(pg_catalog.timezone(c.time_zone, t.started_at), 'YYYY-MM-DD HH24:MI')) ORDER BY t.due, t.step) AS items,
    0 AS more, d.due_at
FROM (
    SELECT i.id, i.severity, i.status, i.started_at, s.owner_id, s.cause, s.step, s.due,
           CASE WHEN i.names_root AND NOT EXISTS (
               SELECT FROM owned AS o
               WHERE o.asset_id OPERATOR(pg_catalog.=) i.root_id AND o.owner_id OPERATOR(pg_catalog.=) s.owner_id)
               THEN 'Something upstream fails' ELSE i.title END AS title,
           '2000-01-01 00:00:00+00'::pg_catalog.timestamptz OPERATOR(pg_catalog.+) (s.due OPERATOR(pg_catalog.*) '1 microsecond'::pg_catalog.interval) AS due_at,
           $1::pg_catalog.timestamptz AS wanted, i.severity OPERATOR(pg_catalog.=) 'sev1' AS urgent,
           (SELECT pg_catalog.count(*) FROM assay.issue AS x
            WHERE x.incident_id OPERATOR(pg_catalog.=) i.id AND x.status OPERATOR(pg_catalog.=) 'open') AS issues
    FROM taken AS s
    JOIN assay.incident AS i ON i.id OPERATOR(pg_catalog.=) s.incident) AS t
JOIN assay_internal.owner_contact AS c ON c.owner_id OPERATOR(pg_catalog.=) t.owner_id
{DUE}
GROUP BY t.owner_id, t.id, t.severity, t.title, d.due_at"
    );
    let rows = Json::from(steps.iter().map(Escalated::row).collect::<Vec<_>>()).to_string();
    write(&fresh, at.into(), vec![Prose::from(rows).into()])
}

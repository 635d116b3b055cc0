//! Incidents: who sees to them is told at once.

use pgrx::datum::TimestampWithTimeZone;
use serde_json::{Value as Json, json};

use super::{DUE, numbers, write};
use crate::pg::error::Result;
use crate::pg::text::Prose;
use crate::reliability::trail::Kind;

/// Incidents of which a statement tells.
const TOGETHER: usize = 1000;

/// Whether what happens to an incident is told one by one. The rest is in its trail only; escalation tells by itself.
fn is_told(kind: Kind) -> bool {
    match kind {
        Kind::Declared
        | Kind::Acknowledged
        | Kind::Mitigated
        | Kind::Resolved
        | Kind::Cancelled
        | Kind::Reopened
        | Kind::Merged
        | Kind::Split
        | Kind::Changed => true,
        Kind::Annotated | Kind::IssueAdded | Kind::IssueClosed | Kind::Escalated => false,
    }
}

/// Tells the owners and the leads of incidents that the same has happened to each of these. Where nobody owns one, the owners of what its issues are
/// about are told. Who wants to know of worse things only, of all that the incident is about, is left alone. It is told at once; quiet hours hold
/// it back unless it is of severity sev1.
pub fn incidents_changed(incidents: &[i64], kind: Kind, at: TimestampWithTimeZone) -> Result<()> {
    if !is_told(kind) {
        return Ok(());
    }
    let fresh = format!("{CHANGED}{DUE}");
    for incidents in incidents.chunks(TOGETHER) {
        let parameters = vec![numbers(incidents).as_str().into(), kind.name().into()];
        write(&fresh, at.into(), parameters)?;
    }
    Ok(())
}

// A title that a policy made names the root: who does not own that may not be allowed to see it.
const CHANGED: &str = "WITH changed AS MATERIALIZED (
    SELECT i.* FROM assay.incident AS i WHERE i.id OPERATOR(pg_catalog.=) ANY ($3::bigint[])
), about AS MATERIALIZED (
    SELECT s.incident_id, s.asset_id FROM assay.issue AS s WHERE s.incident_id OPERATOR(pg_catalog.=) ANY ($3::bigint[])
    UNION SELECT i.id, i.root_id FROM changed AS i WHERE i.root_id IS NOT NULL
), owned AS MATERIALIZED (
    SELECT a.incident_id, a.asset_id, o.owner_id, o.min_severity
    FROM about AS a
    JOIN (SELECT w.asset_id, w.owner_id, w.min_severity FROM assay_internal.asset_owner AS w
          WHERE w.asset_id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT x.asset_id FROM about AS x))) AS o
        ON o.asset_id OPERATOR(pg_catalog.=) a.asset_id
), stake AS MATERIALIZED (
    SELECT o.incident_id, o.owner_id, pg_catalog.bool_or(o.asset_id OPERATOR(pg_catalog.=) i.root_id) AS owns_root,
           pg_catalog.bool_or(o.min_severity IS NULL OR
               pg_catalog.array_position('{warn,error,sev4,sev3,sev2,sev1}'::pg_catalog.text[], i.severity) OPERATOR(pg_catalog.>=)
               pg_catalog.array_position('{warn,error,sev4,sev3,sev2,sev1}'::pg_catalog.text[], o.min_severity)) AS wants
    FROM owned AS o JOIN changed AS i ON i.id OPERATOR(pg_catalog.=) o.incident_id
    GROUP BY o.incident_id, o.owner_id
), concerned AS (
    SELECT x.incident_id, x.owner_id, pg_catalog.bool_or(x.leads) AS leads FROM (
        SELECT i.id AS incident_id, i.owner_id, false AS leads FROM changed AS i WHERE i.owner_id IS NOT NULL
        UNION ALL SELECT i.id, i.lead_id, true FROM changed AS i WHERE i.lead_id IS NOT NULL
        UNION ALL SELECT k.incident_id, k.owner_id, false
        FROM stake AS k JOIN changed AS i ON i.id OPERATOR(pg_catalog.=) k.incident_id WHERE i.owner_id IS NULL) AS x
    GROUP BY x.incident_id, x.owner_id
), named AS (
    SELECT n.incident_id, n.owner_id, pg_catalog.jsonb_agg(n.name ORDER BY n.place) AS assets FROM (
        SELECT d.*, pg_catalog.row_number() OVER (PARTITION BY d.incident_id, d.owner_id ORDER BY d.name) AS place FROM (
            SELECT DISTINCT o.incident_id, o.owner_id, s.asset_name AS name
            FROM owned AS o
            JOIN assay.issue AS s ON s.incident_id OPERATOR(pg_catalog.=) o.incident_id AND s.asset_id OPERATOR(pg_catalog.=) o.asset_id
            WHERE s.incident_id OPERATOR(pg_catalog.=) ANY ($3::bigint[])) AS d) AS n
    WHERE n.place OPERATOR(pg_catalog.<=) 10
    GROUP BY n.incident_id, n.owner_id
), counted AS (
    SELECT s.incident_id, pg_catalog.count(*) AS issues FROM assay.issue AS s
    WHERE s.incident_id OPERATOR(pg_catalog.=) ANY ($3::bigint[]) AND s.status OPERATOR(pg_catalog.=) 'open'
    GROUP BY s.incident_id
)
SELECT t.owner_id, 'incident' AS kind, pg_catalog.concat('incident:', t.id) AS prefix, t.id AS incident_id,
    pg_catalog.format('[%s] Incident %s %s: %s', t.severity, t.id, $4::pg_catalog.text, t.title) AS subject,
    pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('what', $4::pg_catalog.text, 'severity', t.severity, 'status', t.status,
        'title', t.title, 'issues', t.issues, 'assets', t.assets, 'by', t.by_whom, 'time_zone', c.time_zone,
        'at', pg_catalog.to_char(pg_catalog.timezone(c.time_zone, $1::pg_catalog.timestamptz), 'YYYY-MM-DD HH24:MI'),
        'since', pg_catalog.to_char(pg_catalog.timezone(c.time_zone, t.started_at), 'YYYY-MM-DD HH24:MI'))) AS items,
    0 AS more, d.due_at
FROM (
    SELECT i.id, i.severity, i.status, i.started_at, w.owner_id, $1::pg_catalog.timestamptz AS wanted,
           CASE WHEN i.names_root AND k.owns_root IS NOT TRUE THEN 'Something upstream fails' ELSE i.title END AS title,
           i.severity OPERATOR(pg_catalog.=) 'sev1' AS urgent,
           CASE WHEN $4::pg_catalog.text OPERATOR(pg_catalog.=) 'acknowledged' THEN i.acknowledged_by END AS by_whom,
           COALESCE(m.issues, 0) AS issues, n.assets
    FROM concerned AS w
    JOIN changed AS i ON i.id OPERATOR(pg_catalog.=) w.incident_id
    LEFT JOIN stake AS k ON k.incident_id OPERATOR(pg_catalog.=) w.incident_id AND k.owner_id OPERATOR(pg_catalog.=) w.owner_id
    LEFT JOIN named AS n ON n.incident_id OPERATOR(pg_catalog.=) w.incident_id AND n.owner_id OPERATOR(pg_catalog.=) w.owner_id
    LEFT JOIN counted AS m ON m.incident_id OPERATOR(pg_catalog.=) w.incident_id
    WHERE w.leads OR k.wants IS NOT FALSE) AS t
JOIN assay_internal.owner_contact AS c ON c.owner_id OPERATOR(pg_catalog.=) t.owner_id
";

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
    /// A row for each owner. The planner takes rows of JSON for few, and looks up what belongs to each by indexes; arrays in them it takes for many.
    fn rows(&self) -> impl Iterator<Item = Json> {
        self.owners.iter().map(|owner| {
            json!({"incident": self.incident, "cause": self.cause, "step": self.step, "due": self.due_at, "owner_id": owner})
        })
    }
}

/// Tells those whom steps of escalation name. Quiet hours hold it back unless the incident is of severity sev1.
pub fn escalated(steps: &[Escalated], at: TimestampWithTimeZone) -> Result<()> {
    let rows: Vec<Json> = steps.iter().flat_map(Escalated::rows).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let fresh = format!(
        "WITH taken AS MATERIALIZED (
    SELECT s.incident, s.cause, s.step, s.due, s.owner_id
    FROM pg_catalog.jsonb_to_recordset($3::pg_catalog.jsonb) AS s(incident bigint, cause pg_catalog.text, step integer, due pg_catalog.float8, owner_id bigint)),
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
    let rows = Prose::from(Json::from(rows).to_string());
    write(&fresh, at.into(), vec![rows.into()])
}

//! Issues that were opened, found again after a while, or closed: gathered, and told to the owners of what they are about.

use pgrx::datum::TimestampWithTimeZone;

use super::{DUE, numbers, write};
use crate::pg::error::Result;

/// Issues of which a statement tells.
const TOGETHER: usize = 1000;

/// Tells the owners of issues' assets that these have changed: were opened, came again, or were closed. What people expect, or have called a false
/// alarm, is not told, nor what is gathered under an incident: who sees to that is told of the incident. A maintenance window holds
/// it back until it is over.
pub fn issues_changed(ids: &[i64], at: TimestampWithTimeZone) -> Result<()> {
    let fresh = format!(
        "SELECT g.owner_id, 'issues' AS kind, g.prefix, NULL::bigint AS incident_id,
    pg_catalog.concat(pg_catalog.count(*), CASE WHEN pg_catalog.count(*) OPERATOR(pg_catalog.=) 1 THEN ' issue' ELSE ' issues' END) AS subject,
    pg_catalog.jsonb_agg(g.item ORDER BY g.place) FILTER (WHERE g.place OPERATOR(pg_catalog.<=) 100) AS items,
    pg_catalog.count(*) FILTER (WHERE g.place OPERATOR(pg_catalog.>) 100) AS more, g.due_at
FROM (
    SELECT t.owner_id, d.due_at, pg_catalog.concat('issues:', EXTRACT(epoch FROM d.due_at)) AS prefix,
           pg_catalog.row_number() OVER (PARTITION BY t.owner_id, d.due_at ORDER BY t.id) AS place,
           pg_catalog.jsonb_build_object('issue', t.id, 'asset', t.asset_name, 'subject', t.subject, 'kind', t.kind, 'severity', t.severity,
               'status', t.status, 'occurrences', t.occurrences, 'reopenings', t.reopenings, 'segment', t.segment_key OPERATOR(pg_catalog.<>) '',
               'since', pg_catalog.to_char(pg_catalog.timezone(c.time_zone, t.started_at), 'YYYY-MM-DD HH24:MI'),
               'until', pg_catalog.to_char(pg_catalog.timezone(c.time_zone, t.ended_at), 'YYYY-MM-DD HH24:MI'),
               'time_zone', c.time_zone) AS item
    FROM (
        SELECT o.owner_id, i.*, false AS urgent,
               GREATEST(w.until, CASE WHEN k.digest_seconds OPERATOR(pg_catalog.<=) 0 THEN $1::pg_catalog.timestamptz
                   ELSE pg_catalog.to_timestamp((pg_catalog.floor(EXTRACT(epoch FROM $1::pg_catalog.timestamptz)::pg_catalog.float8
                        OPERATOR(pg_catalog./) k.digest_seconds) OPERATOR(pg_catalog.+) 1) OPERATOR(pg_catalog.*) k.digest_seconds) END) AS wanted
        FROM assay.issue AS i
        JOIN (SELECT s.owner_id, s.asset_id, CASE WHEN pg_catalog.bool_or(s.min_severity IS NULL) THEN 0
                     ELSE pg_catalog.min(pg_catalog.array_position('{{warn,error,sev4,sev3,sev2,sev1}}'::pg_catalog.text[], s.min_severity)) END AS least
              FROM assay_internal.asset_owner AS s
              WHERE s.asset_id OPERATOR(pg_catalog.=) ANY (ARRAY(
                  SELECT x.asset_id FROM assay.issue AS x WHERE x.id OPERATOR(pg_catalog.=) ANY ($3::bigint[])))
              GROUP BY s.owner_id, s.asset_id) AS o ON o.asset_id OPERATOR(pg_catalog.=) i.asset_id
        JOIN assay_internal.owner_contact AS k ON k.owner_id OPERATOR(pg_catalog.=) o.owner_id
        LEFT JOIN (
            SELECT m.asset_id, pg_catalog.max(COALESCE(pg_catalog.upper(m.during), 'infinity')) AS until FROM assay_internal.maintenance_of_asset AS m
            WHERE m.during OPERATOR(pg_catalog.@>) $1::pg_catalog.timestamptz GROUP BY m.asset_id) AS w ON w.asset_id OPERATOR(pg_catalog.=) i.asset_id
        WHERE i.id OPERATOR(pg_catalog.=) ANY ($3::bigint[])
          AND pg_catalog.array_position('{{warn,error,sev4,sev3,sev2,sev1}}'::pg_catalog.text[], i.severity) OPERATOR(pg_catalog.>=) o.least
          AND (i.triage IS NULL OR i.triage OPERATOR(pg_catalog.<>) ALL ('{{expected,false_positive}}'))
          AND NOT EXISTS (SELECT FROM assay.incident AS n WHERE n.id OPERATOR(pg_catalog.=) i.incident_id
                          AND n.status OPERATOR(pg_catalog.=) ANY ('{{open,acknowledged,mitigated}}'))) AS t
    JOIN assay_internal.owner_contact AS c ON c.owner_id OPERATOR(pg_catalog.=) t.owner_id
    {DUE}) AS g
GROUP BY g.owner_id, g.prefix, g.due_at"
    );
    for ids in ids.chunks(TOGETHER) {
        write(&fresh, at.into(), vec![numbers(ids).as_str().into()])?;
    }
    Ok(())
}

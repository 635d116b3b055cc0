-- How fast people are, and what is watched over: against the audit trail, and by hand.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE ROLE metric_owner;
CREATE ROLE metric_stranger;
CREATE SCHEMA metric;
GRANT USAGE ON SCHEMA metric TO metric_owner, metric_stranger;
CREATE TABLE metric.a (id int);
CREATE TABLE metric.b (id int);
CREATE TABLE metric.c (id int);
CREATE TABLE metric.d (id int);

-- 120 incidents in 90 days with a change of clocks, and their trail: some are cancelled, some last, some were merged, some nobody took on.
CREATE TEMPORARY TABLE story AS
SELECT i AS id, 'sev' || i * 7 % 4 + 1 AS severity, started_at, started_at + i * 13 % 50 * interval '1 minute' AS declared_at,
       CASE WHEN i % 5 <> 0 THEN i * 11 % 37 * interval '1 minute' END AS ack_after,
       CASE WHEN i % 6 <> 0 THEN interval '40 minutes' + i * 17 % 301 * interval '1 minute' END AS resolve_after,
       i % 9 = 4 AS cancelled, i % 13 = 0 AS merged, i % 10 = 0 AS by_policy, i % 3 AS issues
FROM generate_series(1, 120) AS i, LATERAL (SELECT '2026-02-01 03:00+00'::timestamptz + i * interval '17 hours 23 minutes' AS started_at) AS s;
INSERT INTO assay.incident (id, title, severity, status, by_policy, started_at, declared_at, acknowledged_at, ended_at, merged_into)
SELECT id, 'incident ' || id, severity,
       CASE WHEN cancelled OR merged THEN 'cancelled' WHEN resolve_after IS NOT NULL THEN 'resolved' WHEN ack_after IS NOT NULL THEN 'acknowledged' ELSE 'open' END,
       by_policy, started_at, declared_at, declared_at + ack_after,
       CASE WHEN cancelled OR merged THEN declared_at + interval '5 minutes' ELSE declared_at + resolve_after END, CASE WHEN merged THEN 1 END
FROM story;
INSERT INTO assay.incident_event (incident_id, at, actor, kind, details)
SELECT id, declared_at, 'ann', 'declared', jsonb_build_object('severity', severity) FROM story
UNION ALL SELECT id, declared_at + ack_after, 'ann', 'acknowledged', '{}' FROM story WHERE ack_after IS NOT NULL AND NOT (cancelled OR merged)
UNION ALL SELECT id, declared_at + interval '5 minutes', 'ann', CASE WHEN merged THEN 'merged' ELSE 'cancelled' END, '{}' FROM story WHERE cancelled OR merged
UNION ALL SELECT id, declared_at + resolve_after, 'ann', 'resolved', '{}' FROM story WHERE resolve_after IS NOT NULL AND NOT (cancelled OR merged);
-- With one issue found before, or two of which the first was found later.
SELECT assay.add_maintenance('metric.a', tstzrange('2020-01-01', '2020-01-02'), 'recorded') > 0 AS a,
       assay.add_maintenance('metric.b', tstzrange('2020-01-01', '2020-01-02'), 'recorded') > 0 AS b,
       assay.add_maintenance('metric.c', tstzrange('2020-01-01', '2020-01-02'), 'recorded') > 0 AS c,
       assay.add_maintenance('metric.d', tstzrange('2020-01-01', '2020-01-02'), 'recorded') > 0 AS d;
INSERT INTO assay.issue (asset_id, asset_name, kind, subject, segment_key, severity, started_at, last_seen_at, incident_id)
SELECT (SELECT id FROM assay.asset WHERE name = 'metric.a'), 'metric.a', 'check', 'x', s.id || '.' || n, 'error', at, at, s.id
FROM story s, generate_series(1, s.issues) AS n,
     LATERAL (SELECT CASE WHEN s.issues = 1 THEN s.declared_at - s.id % 10 * interval '1 minute' ELSE s.declared_at + n * interval '3 minutes' END AS at) AS i;

-- From the trail alone, ranks picked by hand.
CREATE TEMPORARY TABLE by_hand AS
WITH event AS (
    SELECT incident_id, details ->> 'severity' AS severity, at AS declared_at,
           (SELECT min(at) FROM assay.incident_event e WHERE e.incident_id = d.incident_id AND kind = 'acknowledged') AS acknowledged_at,
           (SELECT max(at) FROM assay.incident_event e WHERE e.incident_id = d.incident_id AND kind = 'resolved') AS resolved_at,
           (SELECT min(started_at) FROM assay.issue i WHERE i.incident_id = d.incident_id) AS found_at, s.started_at
    FROM assay.incident_event d JOIN story s ON s.id = d.incident_id
    WHERE kind = 'declared' AND at >= '2026-02-10' AND at < '2026-04-20'
      AND NOT EXISTS (SELECT FROM assay.incident_event e WHERE e.incident_id = d.incident_id AND kind IN ('cancelled', 'merged'))),
taken AS (
    SELECT severity, 'time_to_detect' AS metric, greatest(extract(epoch FROM least(declared_at, found_at) - started_at), 0)::float8 AS seconds FROM event
    UNION ALL SELECT severity, 'time_to_acknowledge', extract(epoch FROM acknowledged_at - declared_at) FROM event WHERE acknowledged_at IS NOT NULL
    UNION ALL SELECT severity, 'time_to_resolve', extract(epoch FROM resolved_at - declared_at) FROM event WHERE resolved_at IS NOT NULL),
ranked AS (
    SELECT metric, s AS severity, array_agg(seconds ORDER BY seconds) AS values, count(*) AS n
    FROM taken, LATERAL (VALUES (severity), (NULL)) AS g(s) GROUP BY metric, s)
-- Between the two ranks that are nearest.
SELECT metric || p.name AS metric, severity, values[floor(r)::int + 1] + (values[ceil(r)::int + 1] - values[floor(r)::int + 1]) * (r - floor(r)) AS value, n
FROM ranked, (VALUES ('_median', 0.5::float8), ('_p75', 0.75)) AS p(name, share), LATERAL (SELECT (n - 1) * p.share AS r) AS k;
SELECT count(*), count(*) FILTER (WHERE abs(m.value - h.value) < 1e-6 AND m.n = h.n) AS as_by_hand
FROM by_hand h FULL JOIN (SELECT * FROM assay.reliability_metrics('2026-02-10', '2026-04-20') WHERE metric LIKE 'time%') m
    ON m.metric = h.metric AND m.severity IS NOT DISTINCT FROM h.severity;
SELECT metric, severity, round(value::numeric, 3) AS value, n FROM assay.reliability_metrics('2026-02-10', '2026-04-20') WHERE metric LIKE 'time%' AND severity IS NULL ORDER BY 1;

-- By severity and week of a time zone: weeks of Auckland begin when it is still Sunday elsewhere.
SELECT count(*) AS weeks, sum(m.n) AS incidents, count(*) FILTER (WHERE m.n = h.n AND m.value = h.n) AS as_by_hand
FROM assay.reliability_metrics('2026-02-10', '2026-04-20', 'Pacific/Auckland') m
FULL JOIN (SELECT severity, date_trunc('week', declared_at AT TIME ZONE 'Pacific/Auckland')::date AS week, count(*) AS n FROM story
           WHERE declared_at >= '2026-02-10' AND declared_at < '2026-04-20' AND NOT cancelled AND NOT merged GROUP BY 1, 2) h
    ON h.severity = m.severity AND h.week = m.week
WHERE m.metric = 'incidents' OR m.metric IS NULL;
SELECT m.n, m.value = h.share AS as_by_hand
FROM assay.reliability_metrics('2026-02-10', '2026-04-20') m,
     (SELECT avg(CASE WHEN by_policy OR issues = 1 THEN 1.0 ELSE 0 END)::float8 AS share FROM story
      WHERE declared_at >= '2026-02-10' AND declared_at < '2026-04-20' AND NOT cancelled AND NOT merged) h
WHERE m.metric = 'share_found_by_checks';

-- Uptime of products, minute by minute: its parts, not its inputs.
INSERT INTO assay.data_product (name, priority, added_by) VALUES ('one', 'p1', 'metric_owner'), ('other', 'p2', 'metric_owner');
INSERT INTO assay.product_asset SELECT p.id, a.id, r.role
FROM (VALUES ('one', 'metric.a', 'output'), ('one', 'metric.b', 'inner'), ('other', 'metric.a', 'input'), ('other', 'metric.c', 'output')) AS r(product, asset, role)
JOIN assay.data_product p ON p.name = r.product JOIN assay.asset a ON a.name = r.asset;
SELECT assay.add_maintenance('product:one', tstzrange('2026-03-01', '2026-03-02'), 'a move') > 0 AS added;
SELECT m.product, m.n, round(m.value::numeric, 6) AS uptime, abs(m.value - h.uptime) < 1e-9 AS as_by_hand
FROM assay.reliability_metrics('2026-02-10', '2026-04-20') m
LEFT JOIN (
    SELECT 'one' AS product, 1 - count(*) FILTER (WHERE down)::float8 / count(*) AS uptime
    FROM (SELECT EXISTS (SELECT FROM story s WHERE s.issues > 0 AND severity IN ('sev1', 'sev2') AND NOT cancelled AND NOT merged
                         AND t >= s.started_at AND (s.resolve_after IS NULL OR t < s.declared_at + s.resolve_after)) AS down
          FROM generate_series('2026-02-10'::timestamptz, '2026-04-19 23:59', '1 minute') AS t WHERE NOT t <@ tstzrange('2026-03-01', '2026-03-02')) AS x
    UNION ALL SELECT 'other', 1) h USING (product)
WHERE m.metric = 'uptime' ORDER BY 1;

-- Who watches over what: the four relations, three of which nothing is recorded, and those of the fixtures. Checks that run and tests of dbt count, of
-- columns, too; one that is disabled does not, nor one whose table gave way to a stranger's.
SELECT assay.add_check('metric.a', 'not_empty') > 0 AS a, assay.add_check('metric.d', 'not_null', 'id') > 0 AS d;
CREATE TABLE metric.e (id int);
CREATE SCHEMA metric_more;
CREATE TABLE metric_more.x (id int);
SELECT assay.add_check('metric.e', 'not_empty') > 0 AS e;
GRANT CREATE ON SCHEMA metric TO metric_owner, metric_stranger;
SET ROLE metric_owner;
CREATE TABLE metric.f (id int);
SELECT assay.add_check('metric.f', 'not_empty') > 0 AS f;
DROP TABLE metric.f;
SET ROLE metric_stranger;
CREATE TABLE metric.f (id int);
RESET ROLE;
SELECT assay.add_check('metric.b', 'not_empty') AS disabled, assay.add_owner('temp', 'person') AS temp \gset
SELECT assay.disable_check(:disabled), assay.own('temp', 'metric.c.id');
INSERT INTO assay.dbt_node (project, unique_id, kind, asset_id, said, imported_by)
SELECT 'shop', 'test.' || name, CASE name WHEN 'metric.b' THEN 'model' ELSE 'test' END, id, '{}', 'me' FROM assay.asset WHERE name IN ('metric.b', 'metric.c.id');
SELECT assay.drop_owner('temp');
INSERT INTO assay.owner (name, kind, role, added_by) VALUES ('ann', 'person', 'metric_owner', 'metric_owner');
INSERT INTO assay.ownership (owner_id, asset_id, product_id, said_by)
SELECT o.id, a.id, NULL, 'me' FROM assay.owner o, assay.asset a WHERE a.name = 'metric.d'
UNION ALL SELECT o.id, NULL, p.id, 'me' FROM assay.owner o, assay.data_product p WHERE p.name = 'one';
SELECT assay.add_sla('product:one', 'availability', 0.99) > 0 AS product, assay.add_sla('schema:metric_more', 'availability', 0.99) > 0 AS schema;
SELECT asset, has_owner, has_tests, has_sla FROM assay_internal.watched_asset WHERE asset LIKE 'metric%' ORDER BY asset;
-- All that the caller may know of, the same that unowned_assets lists.
CREATE VIEW shares AS
SELECT metric, round(value * n) AS of_these, n FROM assay.reliability_metrics() WHERE metric LIKE 'share_of%'
UNION ALL
SELECT 'by hand: owner', count(*) FILTER (WHERE owner IS NOT NULL), count(*) FROM assay.assets WHERE kind NOT IN ('column', 'check', 'schema') AND (relation IS NOT NULL OR kind <> 'relation')
UNION ALL
SELECT 'by hand: unowned', NULL, count(*) FROM assay.unowned_assets;
GRANT SELECT ON shares TO metric_stranger;
SELECT * FROM shares ORDER BY metric;
-- A dropped table is none; and models, dashboards and sources have owners and promises, but no tests.
SELECT assay.add_lineage('source:metric crm', 'metric.a');
DROP TABLE metric.d;
SELECT * FROM shares ORDER BY metric;

-- Without incidents shares of them are not known, and times have no row.
SELECT metric, value, n FROM assay.reliability_metrics('2020-01-01', '2020-02-01') WHERE metric NOT LIKE 'share_of%' ORDER BY metric, product;
CALL fails($$SELECT * FROM assay.reliability_metrics('2026-02-01', '2026-01-01')$$);
CALL fails($$SELECT * FROM assay.reliability_metrics(NULL)$$);
CALL fails($$SELECT * FROM assay.reliability_metrics(time_zone => 'Mars')$$);
CALL fails($$SELECT * FROM assay.reliability_metrics(time_zone => NULL)$$);

-- Who sees no incident and no product has no figure of them.
SET ROLE metric_stranger;
SELECT metric, severity, product, value, n FROM assay.reliability_metrics('2026-02-10', '2026-04-20') WHERE metric NOT LIKE 'share_of%' ORDER BY 1;
RESET ROLE;
GRANT SELECT ON metric.a TO metric_stranger;
SET ROLE metric_stranger;
SELECT asset, has_owner, has_tests, has_sla FROM assay_internal.watched_asset ORDER BY asset;
SELECT metric, value, n FROM assay.reliability_metrics() WHERE metric LIKE 'share_of%' ORDER BY 1;
SELECT count(*) > 0 AS shown FROM assay.reliability_metrics;
RESET ROLE;

-- Fills an empty database for assay.sla_status and assay.render_reliability: 500 service levels over 90 days, of as many tables in 200 data products, with an
-- incident a week and maintenance; and the first results of their checks, by the variable every, in seconds.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION assay;
CREATE SCHEMA level_bench;
SELECT format('CREATE TABLE level_bench.t%s (at timestamptz)', i) FROM generate_series(1, 500) AS i \gexec
SELECT assay.add_check(format('level_bench.t%s', i)::regclass, 'recency', 'at', '{"interval": "1 day"}', name => 'level_bench_' || i),
       assay.add_sla(format('level_bench.t%s', i), (ARRAY['availability', 'error_rate', 'freshness', 'freshness'])[i % 4 + 1], 0.99, '90 days', '{"from": "2026-01-01"}')
FROM generate_series(1, 500) AS i;
SELECT assay.add_maintenance(format('level_bench.t%s', i), tstzrange('2026-06-06 22:00', '2026-06-07 04:00'), 'bench') FROM generate_series(10, 500, 10) AS i;
SELECT assay.add_owner('bench', 'team');
SELECT assay.add_data_product('product_' || i, 'p' || i % 3 + 1, 'bench') FROM generate_series(1, 200) AS i;
SELECT assay.add_to_product('product_' || i % 200 + 1, format('level_bench.t%s', i)) FROM generate_series(1, 500) AS i;
INSERT INTO assay.incident (id, title, severity, status, started_at, declared_at, ended_at)
SELECT 1000000 + w, 'bench', 'sev2', 'resolved', at, at, at + interval '3 hours'
FROM generate_series(1, 12) AS w, LATERAL (SELECT '2026-04-05 10:00'::timestamptz + w * interval '7 days' AS at) AS x;
INSERT INTO assay.issue (asset_id, asset_name, kind, subject, segment_key, severity, started_at, last_seen_at, incident_id)
SELECT a.id, a.name, 'check', 'bench', i.id::text, 'error', i.started_at, i.started_at, i.id
FROM assay.asset a, assay.incident i WHERE a.name LIKE 'level\_bench.%' AND a.id % 12 = i.id % 12;
ANALYZE;

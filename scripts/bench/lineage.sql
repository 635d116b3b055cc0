-- How long walks through lineage take: 50,000 assets with 200,000 dependencies, and views on views. In an empty database, by
-- psql -f scripts/bench/lineage.sql; the first call of each pair is of a session whose caches are empty.
\set QUIET on
\pset tuples_only on
CREATE EXTENSION assay;
INSERT INTO assay.asset (kind, name, added_by) SELECT 'source', 's' || i, current_user::regrole FROM generate_series(1, 50000) AS i;
-- Each asset depends on four earlier ones.
INSERT INTO assay.lineage_edge (upstream_id, downstream_id, source, added_by)
SELECT DISTINCT a.id, b.id, 'bench', 'bench'
FROM (SELECT i, greatest(1, (i * 0.3)::int + ((i::bigint * 7919 + k * 104729) % greatest(1, (i * 0.6)::int))::int) AS p
      FROM generate_series(2, 50000) AS i, generate_series(1, 4) AS k) AS x
JOIN assay.asset AS a ON a.kind = 'source' AND a.name = 's' || x.p
JOIN assay.asset AS b ON b.kind = 'source' AND b.name = 's' || x.i
WHERE x.p < x.i;
-- Three thousand views, each on two earlier ones.
CREATE SCHEMA bench;
CREATE TABLE bench.v0 (a int, b int);
SELECT format('CREATE VIEW bench.v%s AS SELECT x.a, y.b FROM bench.v%s x JOIN bench.v%s y ON x.a = y.a', i, i / 2, i * 7 % i / 3)
FROM generate_series(1, 3000) AS i \gexec
INSERT INTO assay.issue (asset_id, asset_name, kind, subject, severity, started_at, last_seen_at, incident_id)
SELECT id, name, 'check', 'bench', 'error', now(), now(), 1 FROM assay.asset WHERE name = 's1';
INSERT INTO assay.incident (title, severity, declared_by, started_at, declared_at) VALUES ('bench', 'sev2', current_user::regrole, now(), now());
ANALYZE;
\c
\timing on
\echo everything downstream of one asset
SELECT count(*), max(depth) FROM assay.downstream('source:s1');
SELECT count(*), max(depth) FROM assay.downstream('source:s1');
\echo everything upstream of one
SELECT count(*), max(depth) FROM assay.upstream('source:s50000');
SELECT count(*), max(depth) FROM assay.upstream('source:s50000');
\echo what an incident touches
SELECT count(*) FROM assay.incident_impact(1);
SELECT count(*) FROM assay.incident_impact(1);
\echo downstream of a table with three thousand views, and of a column of it
SELECT count(*), max(depth) FROM assay.downstream('bench.v0');
SELECT count(*), max(depth) FROM assay.downstream('bench.v0');
SELECT count(*), max(depth) FROM assay.downstream('bench.v0.b');
\echo a few steps
SELECT count(*), max(depth) FROM assay.upstream('bench.v9');
SELECT count(*), max(depth) FROM assay.downstream('source:s20000');

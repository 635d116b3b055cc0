-- Fills an empty database for walks through lineage: 50,000 assets with 200,000 dependencies, three thousand views on views, an incident at the beginning
-- of it all, and for the gate two tables with checks and two models: behind most of it, and behind a few views.
SET client_min_messages = warning;
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
INSERT INTO assay.incident (title, severity, status, declared_by, started_at, declared_at, ended_at)
VALUES ('bench', 'sev2', 'resolved', current_user::regrole, now(), now(), now());
INSERT INTO assay.issue (asset_id, asset_name, kind, subject, severity, started_at, last_seen_at, incident_id)
SELECT id, name, 'check', 'bench', 'error', now(), now(), 1 FROM assay.asset WHERE name = 's1';

-- What is behind a gate has nothing broken upstream: a hundred incidents are elsewhere.
INSERT INTO assay.incident (title, severity, declared_by, started_at, declared_at, root_id)
SELECT 'elsewhere', 'sev3', current_user::regrole, now(), now(), id FROM assay.asset WHERE name ~ '^s400\d\d$';
CREATE TABLE bench.far AS SELECT i AS id, i * 1.5 AS amount FROM generate_series(1, 1000) AS i;
CREATE TABLE bench.near AS TABLE bench.far;
SELECT assay.add_lineage('source:s39999', 'bench.far'), assay.add_lineage('bench.v9', 'bench.near');
SELECT assay.add_check(r, 'not_null', 'id', name => 'id'), assay.add_check(r, 'unique', 'id', name => 'unique'), assay.add_check(r, 'not_null', 'amount', name => 'amount')
FROM (VALUES ('bench.far'::regclass), ('bench.near'::regclass)) AS t(r);
SELECT assay.train('far', 'bench.far', 'amount', 'linear_regression'), assay.train('near', 'bench.near', 'amount', 'linear_regression');
ANALYZE;

-- Owners for what scripts/bench/lineage.sql has filled, and how long walks and the views over assets take with them:
-- psql -f scripts/bench/lineage.sql -f scripts/bench/lineage_owners.sql, in an empty database.
-- Every view with its columns is recorded; teams own assets, what is in products, and the schema.
INSERT INTO assay.asset (kind, name, relation, relation_name, relation_owner, added_by)
SELECT 'relation', 'bench.' || c.relname, c.oid, 'bench.' || c.relname, c.relowner::regrole, current_user::regrole
FROM pg_class AS c WHERE c.relnamespace = 'bench'::regnamespace AND c.relname ~ '^v\d+$';
INSERT INTO assay.asset (kind, name, relation, relation_name, relation_owner, column_name, added_by, base_id)
SELECT 'column', a.name || '.' || k.c, a.relation, a.relation_name, a.relation_owner, k.c, a.added_by, a.id
FROM assay.asset AS a CROSS JOIN (VALUES ('a'), ('b')) AS k(c) WHERE a.kind = 'relation' AND a.name ~ '^bench.v\d+$';
SELECT count(assay.add_owner('team' || i, 'team')), count(assay.add_data_product('product' || i, 'p2', 'team' || i)) FROM generate_series(1, 20) AS i;
INSERT INTO assay.ownership (owner_id, asset_id, said_by)
SELECT o.id, a.id, 'bench' FROM assay.asset AS a JOIN assay.owner AS o ON o.name = 'team' || (1 + a.id % 20) WHERE a.kind = 'source' AND a.id % 5 = 0;
INSERT INTO assay.product_asset (product_id, asset_id, role)
SELECT p.id, a.id, 'inner' FROM assay.asset AS a JOIN assay.data_product AS p ON p.name = 'product' || (1 + a.id % 20) WHERE a.kind = 'source' AND a.id % 10 = 1;
SELECT assay.own('team1', 'schema:bench');
ANALYZE;
\c
\timing on
\echo the same with owners
SELECT count(*), max(depth), count(owner) FROM assay.downstream('source:s1');
SELECT count(*), max(depth), count(owner) FROM assay.downstream('source:s1');
SELECT count(*), max(depth), count(owner) FROM assay.upstream('source:s50000');
SELECT count(*), count(owner) FROM assay.incident_impact(1);
SELECT count(*), max(depth), count(owner) FROM assay.downstream('bench.v0');
SELECT count(*), max(depth), count(owner) FROM assay.upstream('bench.v9');
\echo views over all assets
SELECT count(*), count(owner) FROM (SELECT * FROM assay.assets OFFSET 0) AS a;
SELECT count(*), count(owner) FROM (SELECT * FROM assay.assets OFFSET 0) AS a;
SELECT count(*) FROM (SELECT * FROM assay.unowned_assets OFFSET 0) AS a;
SELECT count(*) FROM assay.reliability_metrics();
SELECT count(*) FROM (SELECT * FROM assay.lineage OFFSET 0) AS l;

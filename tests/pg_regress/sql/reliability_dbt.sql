-- What manifests of dbt say is imported: assets, dependencies, owners, exposures and tests; and how its tests ended opens issues.

-- The files are those that dbt wrote of a database of another name, at a time that this server's clock may not have reached.
\getenv folder ASSAY_DATA
\set manifest_10 :folder '/dbt_1_10_manifest.json'
\set manifest_11 :folder '/dbt_1_11_manifest.json'
\set results_10 :folder '/dbt_1_10_run_results.json'
\set results_11 :folder '/dbt_1_11_run_results.json'
CREATE TABLE file AS
SELECT name, jsonb_set(replace(pg_read_file(path), 'warehouse', current_database())::jsonb, '{metadata,generated_at}', to_jsonb(at)) AS content
FROM (VALUES ('manifest 1.10', :'manifest_10', '2024-06-01 10:00Z'), ('manifest 1.11', :'manifest_11', '2024-06-01 10:00Z'),
             ('results 1.10', :'results_10', '2024-06-01 11:00Z'), ('results 1.11', :'results_11', '2024-06-01 12:00Z')) AS f(name, path, at);
GRANT SELECT ON file TO PUBLIC;
SELECT name, content->'metadata'->>'dbt_version' AS dbt_version FROM file ORDER BY name;
CREATE FUNCTION file(name text) RETURNS jsonb STABLE LANGUAGE sql RETURN (SELECT content FROM file WHERE file.name = $1);
CREATE SCHEMA crm;
CREATE TABLE crm.orders (id int, customer_id int, loaded_at timestamptz);
CREATE SCHEMA shop;
CREATE TABLE shop.stg_customers (customer_id int, country text);
CREATE VIEW shop.stg_orders AS SELECT id AS order_id, customer_id FROM crm.orders;

-- The first import, before all is built. A source that is a table here is that table; others are outside. What depends on an ephemeral model depends
-- on what that reads.
SELECT * FROM assay.import_dbt_manifest(file('manifest 1.11')) ORDER BY kind COLLATE "C", name COLLATE "C";
CREATE VIEW edges AS
SELECT u.kind AS upstream_kind, u.name AS upstream, d.kind AS downstream_kind, d.name AS downstream, source, e.added_by
FROM assay.lineage_edge AS e JOIN assay.asset AS u ON u.id = upstream_id JOIN assay.asset AS d ON d.id = downstream_id;
SELECT * FROM edges ORDER BY downstream COLLATE "C", upstream COLLATE "C";
CREATE VIEW owned AS
SELECT a.kind AS asset_kind, a.name AS asset, o.name AS owner, o.kind, o.role, o.contacts FROM assay.ownership JOIN assay.asset AS a ON a.id = asset_id JOIN assay.owner AS o ON o.id = owner_id;
SELECT * FROM owned ORDER BY asset COLLATE "C", owner COLLATE "C";
SELECT kind, name, details FROM assay.asset WHERE kind IN ('dashboard', 'source') ORDER BY name;
SELECT kind, unique_id, asset, column_name, details FROM assay.dbt_nodes ORDER BY kind COLLATE "C", unique_id COLLATE "C";

-- Again, and by the other version of dbt, of the same project: nothing has changed.
SELECT action, count(*) FROM assay.import_dbt_manifest(file('manifest 1.11')) GROUP BY action ORDER BY action;
SELECT action, count(*) FROM assay.import_dbt_manifest(file('manifest 1.10')) GROUP BY action ORDER BY action;

-- What was not built yet is by its name what it is recorded as; dbt builds tables anew, and what is said of them is said of the new ones.
CREATE TABLE shop.revenue AS SELECT 'de' AS country, 1 AS revenue;
CREATE TABLE shop.revenue_tmp AS SELECT 'fr' AS country, 2 AS revenue;
ALTER TABLE shop.revenue RENAME TO revenue_backup;
ALTER TABLE shop.revenue_tmp RENAME TO revenue;
DROP TABLE shop.revenue_backup;
SELECT action, count(*) FROM assay.import_dbt_manifest(file('manifest 1.11')) GROUP BY action ORDER BY action;
SELECT asset, assay_internal.asset_relation(a.relation, a.relation_name, a.relation_owner, a.added_by)::regclass AS relation, n.imported_at = now() AS changed
FROM assay.dbt_nodes AS n JOIN assay.asset AS a ON a.name = n.asset WHERE n.unique_id = 'model.shop.revenue';

-- How the tests ended. One cannot run; of one the data are not as they should be.
SELECT * FROM assay.import_dbt_run_results(file('results 1.10')) ORDER BY kind COLLATE "C", name COLLATE "C";
CREATE VIEW found AS SELECT asset_name, subject, status, severity, occurrences, started_at AT TIME ZONE 'UTC' AS started_at, last_seen_at AT TIME ZONE 'UTC' AS last_seen_at, message, reads, shareable
FROM assay.issue WHERE kind = 'dbt';
SELECT * FROM found ORDER BY asset_name, subject;
-- The same again changes nothing; the next run finds them once more.
SELECT action, count(*) FROM assay.import_dbt_run_results(file('results 1.10')) GROUP BY action;
SELECT action, count(*) FROM assay.import_dbt_run_results(file('results 1.11')) GROUP BY action ORDER BY action;
SELECT sum(occurrences) FROM found;
-- An older file than what is known changes nothing either, whatever it says.
SELECT action, count(*) FROM assay.import_dbt_run_results(jsonb_set(file('results 1.10'), '{metadata,invocation_id}', '"older"')) GROUP BY action;
-- All well, and a model that could not be built.
CREATE FUNCTION results(at text, VARIADIC results text[]) RETURNS jsonb LANGUAGE sql RETURN
    jsonb_build_object('metadata', jsonb_build_object('dbt_schema_version', 'https://schemas.getdbt.com/dbt/run-results/v6.json', 'invocation_id', at, 'generated_at', at),
        'results', (SELECT jsonb_agg(jsonb_build_object('unique_id', split_part(r, ' ', 1), 'status', split_part(r, ' ', 2), 'message', 'the secret 4711', 'failures', null)) FROM unnest(results) AS r));
SELECT action, kind, name, message FROM assay.import_dbt_run_results(results('2024-06-02 00:00Z',
    'test.shop.relationships_stg_orders_customer_id__customer_id__ref_stg_customers_.430bf21500 pass', 'unit_test.shop.revenue.negative_orders_do_not_count pass',
    'model.shop.revenue error', 'seed.shop.countries success', 'model.shop.stg_customers skipped', 'snapshot.shop.customer_changes partly', 'exposure.shop.weekly_revenue no-op', 'model.shop.unknown error',
    'model.shop.revenue success')) ORDER BY kind COLLATE "C", name COLLATE "C", action;
SELECT asset_name, subject, status, severity, message FROM found ORDER BY asset_name, subject;
SELECT action, name FROM assay.import_dbt_run_results(results('2024-06-03 00:00Z', 'model.shop.revenue success'));
SELECT status, count(*) FROM found GROUP BY status ORDER BY status;
SELECT unique_id, status, failures, run_at AT TIME ZONE 'UTC' AS run_at FROM assay.dbt_nodes WHERE status IS NOT NULL ORDER BY unique_id COLLATE "C";

-- What a manifest no longer says is forgotten; what people have said besides is not, even if it is the same.
INSERT INTO assay.ownership (owner_id, asset_id, said_by) SELECT o.id, a.id, 'a person' FROM assay.owner AS o, assay.asset AS a WHERE o.name = 'data-platform' AND a.name = 'shop.revenue';
INSERT INTO assay.lineage_edge (upstream_id, downstream_id, source, added_by) SELECT u.id, d.id, 'manual', 'a person' FROM assay.asset AS u, assay.asset AS d WHERE u.name = 'crm.orders' AND d.name = 'shop.revenue';
CREATE FUNCTION next_manifest() RETURNS jsonb LANGUAGE sql RETURN
    jsonb_set(jsonb_set(file('manifest 1.11') #- '{exposures,exposure.shop.weekly_revenue}' #- '{sources,source.shop.bank.rates}' #- '{nodes,snapshot.shop.customer_changes}',
        '{nodes,model.shop.revenue,config,meta,owner}', '["data-platform"]'), '{nodes,model.shop.revenue,depends_on,nodes}', '["model.shop.stg_customers"]');
SELECT action, kind, name, asset FROM assay.import_dbt_manifest(next_manifest()) WHERE action NOT IN ('unchanged', 'skipped') ORDER BY action, kind COLLATE "C", name COLLATE "C";
SELECT upstream, downstream, source FROM edges ORDER BY downstream COLLATE "C", upstream COLLATE "C";
SELECT asset, owner FROM owned ORDER BY asset COLLATE "C", owner COLLATE "C";
SELECT kind, name FROM assay.asset WHERE kind IN ('dashboard', 'source') ORDER BY name;
SELECT action, count(*) FROM assay.import_dbt_manifest(file('manifest 1.11')) WHERE action <> 'skipped' GROUP BY action ORDER BY action;
SELECT asset, owner FROM owned WHERE asset = 'shop.revenue' ORDER BY owner COLLATE "C";

-- Two projects that say the same: what one no longer says the other still does. A second target of a project has a name of its own.
SELECT action, count(*) FROM assay.import_dbt_manifest(file('manifest 1.11'), 'shop for tests') WHERE action <> 'skipped' GROUP BY action ORDER BY action;
SELECT count(*) AS edges FROM edges;
SELECT message FROM assay.import_dbt_run_results(results('2024-06-04 00:00Z', 'model.shop.revenue success'));
SELECT action FROM assay.import_dbt_run_results(results('2024-06-04 00:00Z', 'model.shop.revenue success'), 'shop');
CREATE FUNCTION nothing(project text) RETURNS jsonb LANGUAGE sql RETURN
    jsonb_build_object('metadata', jsonb_build_object('dbt_schema_version', 'https://schemas.getdbt.com/dbt/manifest/v12.json', 'project_name', project), 'nodes', '{}'::jsonb, 'sources', '{}'::jsonb, 'exposures', '{}'::jsonb, 'groups', '{}'::jsonb);
SELECT action, count(*) FROM assay.import_dbt_manifest(nothing('shop for tests')) GROUP BY action ORDER BY action;
SELECT count(*) AS edges FROM edges;

-- Roles. Who may not say anything of a relation is told so of each, and another's project is not emptied by a manifest of its name.
CREATE ROLE dbt_etl;
CREATE ROLE dbt_stranger;
GRANT USAGE ON SCHEMA shop, crm TO dbt_etl, dbt_stranger;
GRANT SELECT, TRIGGER ON shop.stg_customers, shop.stg_orders TO dbt_etl;
SET ROLE dbt_stranger;
SELECT action, count(*), min(message) FROM assay.import_dbt_manifest(nothing('shop')) GROUP BY action, kind IN ('exposure', 'source') AND asset LIKE '%:%' ORDER BY action, count(*);
SELECT DISTINCT action FROM assay.import_dbt_manifest(file('manifest 1.11'), 'mine');
SELECT action, count(*) FROM assay.import_dbt_run_results(results('2024-06-05 00:00Z', 'model.shop.revenue error', 'model.shop.stg_orders error')) GROUP BY action;
SELECT count(*) AS seen FROM assay.dbt_nodes WHERE kind NOT IN ('exposure', 'source');
RESET ROLE;
SELECT count(*) AS edges FROM edges;
SET ROLE dbt_etl;
SELECT action, kind, name, asset, message FROM assay.import_dbt_manifest(file('manifest 1.11'), 'etl') ORDER BY kind COLLATE "C", name COLLATE "C";
SELECT kind, asset FROM assay.dbt_nodes WHERE project = 'etl' ORDER BY kind COLLATE "C", asset COLLATE "C";
RESET ROLE;
SELECT upstream, downstream, added_by FROM edges WHERE added_by = 'dbt_etl';
-- With CREATE on the schema also of what is not built yet; but of a table that another role makes of the name it says nothing.
GRANT CREATE ON SCHEMA shop TO dbt_etl;
SET ROLE dbt_etl;
SELECT action, kind, name, asset FROM assay.import_dbt_manifest(file('manifest 1.11'), 'etl') WHERE action = 'added' ORDER BY kind COLLATE "C", name COLLATE "C";
RESET ROLE;

-- What a manifest says of a name that stands for something else by now takes control of both.
CREATE FUNCTION one_model(relation text, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql RETURN
    jsonb_set(nothing('one'), '{nodes}', jsonb_build_object('model.one.m', jsonb_build_object('resource_type', 'model', 'relation_name', relation, 'depends_on', '{"nodes": []}'::jsonb) || more));
SELECT action, asset FROM assay.import_dbt_manifest(one_model('shop.revenue'));
SET ROLE dbt_etl;
SELECT action, asset, message FROM assay.import_dbt_manifest(one_model('shop.stg_customers'));
RESET ROLE;
SELECT action, asset FROM assay.import_dbt_manifest(one_model('shop.stg_customers'));
SET ROLE dbt_etl;
SELECT action, asset FROM assay.import_dbt_manifest(one_model('"shop"."stg_customers"', '{"description": "Those who buy."}'));
RESET ROLE;

-- Owners: names, addresses, lists, objects, and what is none. An owner that is there stays as it is, but those that an import added are reached as the next one says.
SELECT action, kind, name, message FROM assay.import_dbt_manifest(one_model('shop.stg_customers', '{"config": {"meta": {"owner": ["@ada", "team-x", "b@c.de", {"email": ["x@y.de", "z@y.de"], "slack": "#x"}, {"name": "Bo", "slack": "https://hooks.example.com/x"}, {"name": ""}, 7, null, "", "two\nlines"]}}}')) ORDER BY kind COLLATE "C", name COLLATE "C", message;
SELECT owner, kind, contacts FROM owned WHERE asset = 'shop.stg_customers' ORDER BY owner COLLATE "C";
SELECT action, kind, name FROM assay.import_dbt_manifest(one_model('shop.stg_customers', '{"group": "team-x", "meta": {"owner": {"name": "x@y.de", "slack": "https://hooks.example.com/y"}}}')) ORDER BY kind COLLATE "C", name COLLATE "C";
SELECT owner, kind, contacts FROM owned WHERE asset = 'shop.stg_customers' ORDER BY owner COLLATE "C";

-- Circles, long names, what is not there, tests of nothing.
SELECT action, kind, left(name, 30) AS name, asset, message FROM assay.import_dbt_manifest(jsonb_set(jsonb_set(nothing('odd'), '{nodes}', jsonb_build_object(
    'model.odd.a', '{"resource_type": "model", "relation_name": "\"shop\".\"Odd \"\"A\"\"\"", "depends_on": {"nodes": ["model.odd.b", "model.odd.a", "model.odd.gone"]}}'::jsonb,
    'model.odd.b', '{"resource_type": "model", "relation_name": "shop.b", "depends_on": {"nodes": ["model.odd.e1"]}}'::jsonb,
    'model.odd.e1', '{"resource_type": "model", "relation_name": null, "depends_on": {"nodes": ["model.odd.e2"]}}'::jsonb,
    'model.odd.e2', '{"resource_type": "model", "depends_on": {"nodes": ["model.odd.e1", "model.odd.a"]}}'::jsonb,
    'model.odd.index', '{"resource_type": "model", "relation_name": "assay.asset_pkey"}'::jsonb,
    'model.odd.' || repeat('x', 2000), '{"resource_type": "model", "relation_name": "shop.c"}'::jsonb,
    'test.odd.nothing', '{"resource_type": "test", "name": "nothing", "depends_on": {"nodes": []}}'::jsonb,
    'test.odd.ephemeral', '{"resource_type": "test", "name": "ephemeral", "depends_on": {"nodes": ["model.odd.e1"]}}'::jsonb,
    'test.odd.long', jsonb_build_object('resource_type', 'test', 'name', repeat('long', 100), 'attached_node', 'model.odd.b'),
    'test.odd.source', '{"resource_type": "test", "name": "source", "test_metadata": {"name": "relationships", "kwargs": {"model": "{{ get_where_subquery(source(''s'', ''t'')) }}"}}, "depends_on": {"nodes": ["model.odd.b", "source.odd.s.t"]}}'::jsonb,
    'analysis.odd.x', '{"resource_type": "analysis"}'::jsonb)), '{sources}', '{"source.odd.s.t": {"source_name": "s", "name": "t", "relation_name": "elsewhere.s.t"}, "source.odd.s.u": {"source_name": "s", "name": "\u200b"}}'))
ORDER BY kind COLLATE "C", name COLLATE "C";
SELECT upstream, downstream FROM edges WHERE downstream IN ('shop."Odd ""A"""', 'shop.b') ORDER BY 1, 2;

-- What is no manifest.
CREATE FUNCTION manifest(change jsonb) RETURNS jsonb LANGUAGE sql RETURN nothing('x') || change;
CALL fails($$SELECT * FROM assay.import_dbt_manifest(NULL)$$);
CALL fails($$SELECT * FROM assay.import_dbt_manifest('[]')$$);
CALL fails($$SELECT * FROM assay.import_dbt_manifest('7')$$);
CALL fails($$SELECT * FROM assay.import_dbt_manifest('{}')$$);
CALL fails($$SELECT * FROM assay.import_dbt_manifest(nothing('x') - 'exposures')$$);
CALL fails($$SELECT * FROM assay.import_dbt_manifest(nothing('x') - 'groups')$$);
CALL fails($$SELECT * FROM assay.import_dbt_manifest(nothing('x') #- '{metadata,project_name}')$$);
CALL fails($$SELECT * FROM assay.import_dbt_manifest(manifest('{"metadata": {"project_name": "x", "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v11.json"}}'))$$);
CALL fails($$SELECT * FROM assay.import_dbt_manifest(file('results 1.11'))$$);
CALL fails($$SELECT * FROM assay.import_dbt_manifest(manifest('{"nodes": []}'))$$);
CALL fails($$SELECT * FROM assay.import_dbt_manifest(manifest('{"nodes": {"model.x.a": []}}'))$$);
CALL fails($$SELECT * FROM assay.import_dbt_manifest(manifest('{"nodes": {"model.x.a": {}}}'))$$);
CALL fails($$SELECT * FROM assay.import_dbt_manifest(manifest('{"nodes": {"model.x.a": {"resource_type": 1}}}'))$$);
CALL fails($$SELECT * FROM assay.import_dbt_manifest(manifest('{"nodes": {"model.x.a": {"resource_type": "model", "relation_name": "a"}}}'))$$);
CALL fails($$SELECT * FROM assay.import_dbt_manifest(manifest('{"nodes": {"model.x.a": {"resource_type": "model", "depends_on": {"nodes": [1]}}}}'))$$);
CALL fails($$SELECT * FROM assay.import_dbt_manifest(manifest('{"nodes": {"model.x.a": {"resource_type": "model", "depends_on": {"nodes": "model.x.b"}}}}'))$$);
CALL fails($$SELECT * FROM assay.import_dbt_manifest(manifest('{"sources": {"source.x.a.b": {"name": "b"}}}'))$$);
CALL fails($$SELECT * FROM assay.import_dbt_manifest(manifest('{"groups": {"group.x.a": {"owner": "me"}}}'))$$);
CALL fails($$SELECT * FROM assay.import_dbt_manifest(nothing(''))$$);
CALL fails($$SELECT * FROM assay.import_dbt_manifest(nothing('x'), E'a\nb')$$);
CALL fails($$SELECT * FROM assay.import_dbt_manifest((SELECT manifest(jsonb_build_object('nodes', jsonb_object_agg(i, '{"resource_type": "analysis"}'::jsonb))) FROM generate_series(1, 200001) AS i))$$);
CALL fails($$SELECT * FROM assay.import_dbt_run_results(NULL)$$);
CALL fails($$SELECT * FROM assay.import_dbt_run_results(file('manifest 1.11'))$$);
CALL fails($$SELECT * FROM assay.import_dbt_run_results(results('2024-06-05 00:00Z') - 'results')$$);
CALL fails($$SELECT * FROM assay.import_dbt_run_results(results('yesterday at noon', 'a pass'))$$);
CALL fails($$SELECT * FROM assay.import_dbt_run_results(results('infinity', 'a pass'))$$);
CALL fails($$SELECT * FROM assay.import_dbt_run_results(results('4024-06-05 00:00Z', 'a pass'))$$);
CALL fails($$SELECT * FROM assay.import_dbt_run_results(jsonb_set(results('2024-06-05 00:00Z'), '{results}', '[{"status": "pass"}]'))$$);
CALL fails($$SELECT * FROM assay.import_dbt_run_results(jsonb_set(results('2024-06-05 00:00Z'), '{results}', '[{"unique_id": "a", "status": 1}]'))$$);
BEGIN READ ONLY;
CALL fails($$SELECT * FROM assay.import_dbt_manifest(nothing('x'))$$);
ROLLBACK;

-- What is rolled back was not said.
BEGIN;
SELECT count(*) > 0 AS added FROM assay.import_dbt_manifest(one_model('shop.stg_customers'), 'rolled back');
ROLLBACK;
SELECT count(*) FROM assay.dbt_node WHERE project = 'rolled back';

-- 5,000 models, each of the one before and of one in the middle.
CREATE FUNCTION many(count int) RETURNS jsonb LANGUAGE sql RETURN jsonb_set(nothing('many'), '{nodes}', (SELECT jsonb_object_agg('model.many.m' || i, jsonb_build_object('resource_type', 'model', 'name', 'm' || i, 'relation_name',
    format('"shop"."m%s"', i), 'config', '{"meta": {"owner": "team-x"}}'::jsonb, 'depends_on', jsonb_build_object('nodes', jsonb_build_array('model.many.m' || i - 1, 'model.many.m' || i / 2)))) FROM generate_series(1, count) AS i));
SELECT action, kind, count(*) FROM assay.import_dbt_manifest(many(5000)) GROUP BY action, kind ORDER BY kind;
SELECT action, kind, count(*) FROM assay.import_dbt_manifest(many(4000)) GROUP BY action, kind ORDER BY action, kind;
SELECT count(*) FROM assay.dbt_edge WHERE project = 'many';
DROP OWNED BY dbt_etl, dbt_stranger;
SELECT assay.drop_owned('dbt_etl');
DROP ROLE dbt_etl, dbt_stranger;

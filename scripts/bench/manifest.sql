-- Fills an empty database with a manifest of dbt: 50,000 models of 20 columns, each on four earlier ones; and with tables for the same by hand.
SET client_min_messages = warning;
CREATE EXTENSION assay;
CREATE TABLE manifest AS
SELECT jsonb_build_object('metadata', '{"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json", "project_name": "many"}'::jsonb,
    'sources', '{}'::jsonb, 'exposures', '{}'::jsonb, 'groups', '{}'::jsonb, 'nodes', jsonb_object_agg('model.many.m' || i, jsonb_build_object(
        'resource_type', 'model', 'name', 'm' || i, 'relation_name', format('"shop"."m%s"', i), 'description', 'Model number ' || i,
        'config', '{"materialized": "table", "meta": {"owner": "team-x"}}'::jsonb, 'raw_code', repeat('select a, b, c from x join y using (z) ', 50),
        'columns', (SELECT jsonb_object_agg('c' || c, '{"name": "c", "description": "A column with a description", "tags": [], "meta": {}}'::jsonb)
                    FROM generate_series(1, 20) AS c),
        'depends_on', jsonb_build_object('nodes', jsonb_build_array('model.many.m' || i - 1, 'model.many.m' || i / 2, 'model.many.m' || i / 3, 'model.many.m' || i / 5))))) AS content
FROM generate_series(1, 50000) AS i;
CREATE TABLE node (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, unique_id text COLLATE "C" UNIQUE, kind text, relation text, owner text, said jsonb);
CREATE TABLE edge (upstream_id bigint, downstream_id bigint, PRIMARY KEY (upstream_id, downstream_id));
CREATE INDEX ON edge (downstream_id);

-- What dbt says: the models, sources, exposures and tests of projects, from their manifests, and how their tests last ended.

CREATE TABLE assay.dbt_node (
    project     text COLLATE "C" NOT NULL,
    unique_id   text COLLATE "C" NOT NULL,
    kind        text COLLATE "C" NOT NULL CHECK (kind OPERATOR(pg_catalog.=) ANY ('{model,seed,snapshot,source,exposure,test,unit_test}')),
    asset_id    bigint NOT NULL REFERENCES assay.asset ON DELETE CASCADE,
    said        jsonb NOT NULL,
    imported_by text NOT NULL,
    imported_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    status      text COLLATE "C",
    failures    bigint,
    invocation  text,
    run_at      timestamptz,
    PRIMARY KEY (project, unique_id)
);
ALTER TABLE assay.dbt_node DISABLE TRIGGER ALL;
CREATE INDEX dbt_node_asset_idx ON assay.dbt_node (asset_id);
CREATE INDEX dbt_node_unique_id_idx ON assay.dbt_node (unique_id);
COMMENT ON TABLE assay.dbt_node IS 'What manifests of dbt say there is. Read the view assay.dbt_nodes instead.';
COMMENT ON COLUMN assay.dbt_node.project IS 'What the import is known by: the project''s name, or the one that it was given.';
COMMENT ON COLUMN assay.dbt_node.unique_id IS 'dbt''s name for it, such as model.shop.orders.';
COMMENT ON COLUMN assay.dbt_node.kind IS 'model, seed, snapshot, source, exposure, test or unit_test.';
COMMENT ON COLUMN assay.dbt_node.asset_id IS 'What it is here; of a test what it tests.';
COMMENT ON COLUMN assay.dbt_node.said IS 'What the manifest says of it.';
COMMENT ON COLUMN assay.dbt_node.imported_by IS 'The name of the role that last imported something new of it, as it was then.';
COMMENT ON COLUMN assay.dbt_node.imported_at IS 'When.';
COMMENT ON COLUMN assay.dbt_node.status IS 'How it last ended: pass, warn, fail or error; NULL where no result was imported.';
COMMENT ON COLUMN assay.dbt_node.failures IS 'How many failures dbt counted.';
COMMENT ON COLUMN assay.dbt_node.invocation IS 'The run of dbt that this is from.';
COMMENT ON COLUMN assay.dbt_node.run_at IS 'When that was.';

-- Which edges and owners are the manifests': what people say besides stays when a manifest no longer says it.
CREATE TABLE assay.dbt_edge (
    project       text COLLATE "C" NOT NULL,
    upstream_id   bigint NOT NULL REFERENCES assay.asset ON DELETE CASCADE,
    downstream_id bigint NOT NULL REFERENCES assay.asset ON DELETE CASCADE,
    PRIMARY KEY (upstream_id, downstream_id, project)
);
ALTER TABLE assay.dbt_edge DISABLE TRIGGER ALL;
CREATE INDEX dbt_edge_downstream_idx ON assay.dbt_edge (downstream_id);
COMMENT ON TABLE assay.dbt_edge IS 'Which dependencies are known from which project of dbt.';
COMMENT ON COLUMN assay.dbt_edge.project IS 'What the import is known by.';
COMMENT ON COLUMN assay.dbt_edge.upstream_id IS 'The asset that is read.';
COMMENT ON COLUMN assay.dbt_edge.downstream_id IS 'The asset that is made of it.';

CREATE TABLE assay.dbt_ownership (
    project  text COLLATE "C" NOT NULL,
    asset_id bigint NOT NULL REFERENCES assay.asset ON DELETE CASCADE,
    owner_id bigint NOT NULL REFERENCES assay.owner ON DELETE CASCADE,
    PRIMARY KEY (asset_id, owner_id, project)
);
ALTER TABLE assay.dbt_ownership DISABLE TRIGGER ALL;
CREATE INDEX dbt_ownership_owner_idx ON assay.dbt_ownership (owner_id);
COMMENT ON TABLE assay.dbt_ownership IS 'Which owners are known from which project of dbt.';
COMMENT ON COLUMN assay.dbt_ownership.project IS 'What the import is known by.';
COMMENT ON COLUMN assay.dbt_ownership.asset_id IS 'What is owned.';
COMMENT ON COLUMN assay.dbt_ownership.owner_id IS 'Who owns it.';

CREATE VIEW assay.dbt_nodes WITH (security_barrier) AS
    SELECT n.project, n.unique_id, n.kind, assay_internal.asset_label(a.kind, a.name, now.relation, a.column_name) AS asset,
           n.said OPERATOR(pg_catalog.->>) 'column' AS column_name, n.said OPERATOR(pg_catalog.->) 'details' AS details,
           n.status, n.failures, n.run_at, n.imported_by, n.imported_at
    FROM assay.dbt_node n
    JOIN assay.asset a ON a.id OPERATOR(pg_catalog.=) n.asset_id
    CROSS JOIN LATERAL (SELECT CASE WHEN a.relation_name IS NOT NULL
        THEN assay_internal.asset_relation(a.relation::pg_catalog.oid, a.relation_name, a.relation_owner::pg_catalog.oid, a.added_by::pg_catalog.oid) END
        AS relation) AS now
    WHERE assay_internal.may_see_asset(a.kind, a.name, now.relation);
COMMENT ON VIEW assay.dbt_nodes IS
'What manifests of dbt say there is, of assets that the current role may know of, and how it last ended.
Example: SELECT asset, unique_id, status, failures FROM assay.dbt_nodes WHERE kind = ''test'' AND status <> ''pass'' ORDER BY asset';
COMMENT ON COLUMN assay.dbt_nodes.project IS 'What the import is known by: the project''s name, or the one that it was given.';
COMMENT ON COLUMN assay.dbt_nodes.unique_id IS 'dbt''s name for it, such as model.shop.orders.';
COMMENT ON COLUMN assay.dbt_nodes.kind IS 'model, seed, snapshot, source, exposure, test or unit_test.';
COMMENT ON COLUMN assay.dbt_nodes.asset IS 'What it is here; of a test what it tests.';
COMMENT ON COLUMN assay.dbt_nodes.column_name IS 'Of a test the column that it stands at.';
COMMENT ON COLUMN assay.dbt_nodes.details IS 'What the manifest says of it: description, tags, materialized; of a source loaded_at_field and freshness; of an exposure type, label, maturity and url; of a test its name, its kind and its severity.';
COMMENT ON COLUMN assay.dbt_nodes.status IS 'How it last ended: pass, warn, fail or error; NULL where no result was imported.';
COMMENT ON COLUMN assay.dbt_nodes.failures IS 'How many failures dbt counted.';
COMMENT ON COLUMN assay.dbt_nodes.run_at IS 'When the run of dbt was that this is from.';
COMMENT ON COLUMN assay.dbt_nodes.imported_by IS 'The name of the role that last imported something new of it, as it was then.';
COMMENT ON COLUMN assay.dbt_nodes.imported_at IS 'When.';
GRANT SELECT ON assay.dbt_nodes TO PUBLIC;

CREATE FUNCTION assay.import_dbt_manifest(manifest jsonb, project text DEFAULT NULL)
RETURNS TABLE (action text, kind text, name text, asset text, message text)
AS 'MODULE_PATHNAME', 'import_dbt_manifest_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.import_dbt_manifest(jsonb, text) IS
'Imports what a manifest of dbt says (target/manifest.json, schema v12 of dbt 1.8 to 1.11): models, seeds and snapshots as the relations that they build, sources as the relations that they are or as source:NAME where there is none here, exposures as dashboard:NAME, what depends on what (not of columns, which no manifest says), groups and meta.owner as owners, tests, and freshness. Returns what has become of each: added, changed, removed, unchanged, or skipped with a message that says why. An import replaces what the one before of the same project said, which is the name in the manifest unless another one is given, as for a second target of one project in one database. It takes control of each relation that something is said of (its owner or the privilege TRIGGER; of one that is not built yet CREATE on its schema); others are skipped. Keys that are not known are ignored. Errors: 22023 for a manifest that is NULL, lacks a key, has one of a wrong type or is of another schema version, 42602 for the name of a project, 54000 for more than 200,000 nodes, 20,000 groups, or 1,000,000 dependencies and owners, 25006 in a read-only transaction.
Example: SELECT action, kind, name, asset FROM assay.import_dbt_manifest(''{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json", "project_name": "shop"}, "nodes": {}, "sources": {}, "groups": {}, "exposures": {"exposure.shop.weekly_revenue": {"name": "weekly_revenue", "type": "dashboard", "depends_on": {"nodes": []}}}}'')';

CREATE FUNCTION assay.import_dbt_run_results(results jsonb, project text DEFAULT NULL)
RETURNS TABLE (action text, kind text, name text, asset text, message text)
AS 'MODULE_PATHNAME', 'import_dbt_run_results_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.import_dbt_run_results(jsonb, text) IS
'Imports how a run of dbt ended (target/run_results.json, schema v6 of dbt 1.8 to 1.11), once its manifest has been imported. A test that fails, warns or cannot run, and a model that cannot be built, opens an issue of kind dbt on its asset, or is another occurrence of it; one that passes closes it. Returns what each was: failed, warned, passed, unchanged where it was imported before or a later result was, or skipped with a message that says why. Messages of dbt, which may show values of rows, are not kept. project says whose results they are where several imported projects know the same test. It takes control of each asset; others are skipped. Errors: 22023 for results that are NULL, lack a key, have one of a wrong type or are of another schema version, 54000 for more than 200,000 results, 25006 in a read-only transaction.
Example: SELECT action, name, asset FROM assay.import_dbt_run_results(''{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json", "generated_at": "2024-05-01T06:00:00Z", "invocation_id": "5f0e"}, "results": []}'')';

SELECT pg_catalog.pg_extension_config_dump('assay.dbt_node', '');
SELECT pg_catalog.pg_extension_config_dump('assay.dbt_edge', '');
SELECT pg_catalog.pg_extension_config_dump('assay.dbt_ownership', '');

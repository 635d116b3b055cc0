-- What depends on what, as far as the catalogs and the registry do not say it themselves.

CREATE TABLE assay.lineage_edge (
    upstream_id   bigint NOT NULL REFERENCES assay.asset ON DELETE CASCADE,
    downstream_id bigint NOT NULL REFERENCES assay.asset ON DELETE CASCADE,
    source        text COLLATE "C" NOT NULL,
    added_by      text NOT NULL,
    added_at      timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (upstream_id, downstream_id, source)
);
ALTER TABLE assay.lineage_edge DISABLE TRIGGER ALL;
CREATE INDEX lineage_edge_downstream_idx ON assay.lineage_edge (downstream_id);
COMMENT ON TABLE assay.lineage_edge IS 'Dependencies that were said by hand or imported. Read the view assay.lineage instead.';
COMMENT ON COLUMN assay.lineage_edge.upstream_id IS 'The asset that is read.';
COMMENT ON COLUMN assay.lineage_edge.downstream_id IS 'The asset that is made of it.';
COMMENT ON COLUMN assay.lineage_edge.source IS 'Where it is known from: manual, dbt, or what assay.add_lineage was given.';
COMMENT ON COLUMN assay.lineage_edge.added_by IS 'The name of the role that added it, as it was then.';
COMMENT ON COLUMN assay.lineage_edge.added_at IS 'When.';

SELECT pg_catalog.pg_extension_config_dump('assay.lineage_edge', '');

CREATE FUNCTION assay_internal.lineage()
RETURNS TABLE (upstream text, upstream_kind text, downstream text, downstream_kind text, source text, added_by text, added_at timestamptz)
AS 'MODULE_PATHNAME', 'lineage_wrapper' LANGUAGE c STABLE PARALLEL SAFE ROWS 1000;
COMMENT ON FUNCTION assay_internal.lineage() IS
'All dependencies, as far as the current role may know of both ends: what the view assay.lineage shows.';

CREATE VIEW assay.lineage WITH (security_barrier) AS
    SELECT l.upstream, l.upstream_kind, l.downstream, l.downstream_kind, l.source, l.added_by, l.added_at FROM assay_internal.lineage() l;
COMMENT ON VIEW assay.lineage IS
'What depends on what, one row per dependency and source, as far as the current role may know of both: views (also materialised ones, with the columns that they read, those in functions whose bodies are written as SQL included), foreign keys, partitions and tables that inherit, what trainings and logged predictions read, what checks look at, and what was added by hand or imported. Without the views that PostgreSQL and assay bring along.
Example: SELECT upstream, downstream, source FROM assay.lineage WHERE downstream = ''public.customers'' ORDER BY upstream LIMIT 3';
COMMENT ON COLUMN assay.lineage.upstream IS 'What is read.';
COMMENT ON COLUMN assay.lineage.upstream_kind IS 'relation, column, schema, model, check, dashboard or source.';
COMMENT ON COLUMN assay.lineage.downstream IS 'What is made of it.';
COMMENT ON COLUMN assay.lineage.downstream_kind IS 'Of what kind that is.';
COMMENT ON COLUMN assay.lineage.source IS 'From where it is known: view, foreign key, partition, training, predictions or check; else what assay.add_lineage was given, or dbt.';
COMMENT ON COLUMN assay.lineage.added_by IS 'The name of the role that added it, as it was then; NULL for what is known by itself.';
COMMENT ON COLUMN assay.lineage.added_at IS 'When.';
GRANT SELECT ON assay.lineage TO PUBLIC;

CREATE FUNCTION assay.add_lineage(upstream text, downstream text, source text DEFAULT 'manual') RETURNS void
AS 'MODULE_PATHNAME', 'add_lineage_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.add_lineage(text, text, text) IS
'Says that one asset is made of another: what PostgreSQL and assay do not know by themselves, such as a table that a program fills, a dashboard, a source outside. Assets are written as public.orders, public.orders.amount, model:risk, dashboard:revenue, source:crm.accounts. source says who says so, so that it can be dropped apart. Twice it is there once. It stays with the object while that bears its name, and with the name when another object takes it. A NOTICE says where two now depend on each other in a circle, which is allowed. Takes the right to say things of downstream (its owner, the privilege TRIGGER on it, manage on a model, whoever first recorded a dashboard or source, or the database owner), and to know of upstream. Errors: ML022 no such asset, 22023 a NULL or an asset that would depend on itself, 42501, 42602 a source that is no name, 25006.
Example: SELECT assay.add_lineage(''source:core-banking'', ''public.german_credit'')';

CREATE FUNCTION assay.drop_lineage(upstream text, downstream text, source text DEFAULT 'manual') RETURNS boolean
AS 'MODULE_PATHNAME', 'drop_lineage_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.drop_lineage(text, text, text) IS
'Takes back what assay.add_lineage said with this source: true where there was such a dependency. The assets need not be there any more. Takes the right to say things of downstream. Errors: ML022 a text that names no asset, 22023 a NULL, 42501, 25006.
Example: SELECT assay.drop_lineage(''source:core-banking'', ''public.german_credit'')';

CREATE TYPE assay.lineage_step AS (asset text, kind text, depth integer, path text[], owner text);
COMMENT ON TYPE assay.lineage_step IS
'What assay.upstream and assay.downstream tell: an asset that another one depends on, or that depends on it, and the way there.
Example: SELECT s.asset, s.depth FROM assay.downstream(''public.german_credit'') s WHERE s.kind = ''relation''';
COMMENT ON COLUMN assay.lineage_step.asset IS 'The asset, as other functions take it.';
COMMENT ON COLUMN assay.lineage_step.kind IS 'What it is: relation, column, model, check, dashboard, source and so on.';
COMMENT ON COLUMN assay.lineage_step.depth IS 'How many dependencies away it is at the nearest.';
COMMENT ON COLUMN assay.lineage_step.path IS 'A shortest way there, both ends included; (hidden) is what the current role may not know of.';
COMMENT ON COLUMN assay.lineage_step.owner IS 'The names of who owns it; NULL where nobody does.';

CREATE FUNCTION assay.upstream(asset text) RETURNS SETOF assay.lineage_step
AS 'MODULE_PATHNAME', 'upstream_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 100;
COMMENT ON FUNCTION assay.upstream(text) IS
'Everything that an asset depends on, the nearest first: how many dependencies away, a shortest way there, and the names of who owns it. From a relation the dependencies of all its columns are followed, and relations are told. From a column only those of the column are, through views by what their columns are made of (what decides a view''s rows counts for all its columns), as far as that is known; where only the relation is, path has the relation behind the column. Of a model the columns that its trainings and its logged predictions read are told, and their relations. What the current role may not know of is passed through and not told; in path it is (hidden). A circle is walked once. Errors: ML022 no such asset, 22023 a NULL, 42501.
Example: SELECT asset, kind, depth FROM assay.upstream(''public.customers'')';

CREATE FUNCTION assay.downstream(asset text) RETURNS SETOF assay.lineage_step
AS 'MODULE_PATHNAME', 'downstream_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 100;
COMMENT ON FUNCTION assay.downstream(text) IS
'Everything that depends on an asset: what assay.upstream tells, the other way. The checks of a relation are downstream of it. Errors: ML022 no such asset, 22023 a NULL, 42501.
Example: SELECT asset, kind, depth FROM assay.downstream(''public.german_credit'') WHERE kind <> ''check''';

CREATE FUNCTION assay.incident_impact(incident bigint)
RETURNS TABLE (asset text, kind text, depth integer, version integer, trained boolean, scored boolean, trained_at timestamptz, decisions bigint, owner text, path text[])
AS 'MODULE_PATHNAME', 'incident_impact_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 100;
COMMENT ON FUNCTION assay.incident_impact(bigint) IS
'What depends on the assets that an incident is about (those of its issues, and its root), as assay.downstream tells it, with one row per version of a model that is touched: trained says whether its training read what is touched, scored whether rows that it scored for assay.log_predictions did, trained_at when it was trained, decisions how many logged decisions it has made since the incident began (all of a version that was trained on it; else those whose query read it; those of challengers do not count), NULL to those who may not manage the model. Where a model is only said to depend on it, version is NULL and the decisions are those of all versions. An incident is known to who declared, leads or owns it, and to who may know of an asset of its issues. Errors: ML026 no such incident, 22023 a NULL.
Example: SELECT i.id, m.asset, m.version, m.decisions FROM assay.incidents i CROSS JOIN LATERAL assay.incident_impact(i.id) m WHERE i.status = ''open''';

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

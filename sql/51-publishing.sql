-- Models on the workers of a Citus cluster. The coordinator and each worker have a registry of their own; what the coordinator publishes, workers have copies of.

CREATE TABLE assay.model_publication (
    model_id     bigint NOT NULL REFERENCES assay.model ON DELETE CASCADE,
    version      integer NOT NULL,
    hash         text NOT NULL,
    is_copy      boolean NOT NULL,
    published_by text NOT NULL,
    published_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    CONSTRAINT model_publication_pkey PRIMARY KEY (model_id, version),
    FOREIGN KEY (model_id, version) REFERENCES assay.model_version ON DELETE CASCADE
);
ALTER TABLE assay.model_publication DISABLE TRIGGER ALL;
COMMENT ON TABLE assay.model_publication IS 'On a coordinator the versions that workers have, on a worker those that it has from there. Read the view assay.publications instead.';
COMMENT ON COLUMN assay.model_publication.model_id IS 'The model.';
COMMENT ON COLUMN assay.model_publication.version IS 'The version''s number, the same on all nodes.';
COMMENT ON COLUMN assay.model_publication.hash IS 'SHA-256 of the version''s bytes.';
COMMENT ON COLUMN assay.model_publication.is_copy IS 'Whether this is a worker''s copy.';
COMMENT ON COLUMN assay.model_publication.published_by IS 'The name of the role that published it, as it was then.';
COMMENT ON COLUMN assay.model_publication.published_at IS 'When.';

CREATE VIEW assay.publications WITH (security_barrier) AS
    SELECT m.name AS model, p.version, p.hash, p.is_copy, p.published_by, p.published_at
    FROM assay_internal.visible_model m
    JOIN assay.model_publication p ON p.model_id OPERATOR(pg_catalog.=) m.id;
COMMENT ON VIEW assay.publications IS
'The versions that the workers of a Citus cluster have of the models that the current role may use. See assay.publish_model.
Example: SELECT model, version, published_by, published_at FROM assay.publications ORDER BY model, version';
COMMENT ON COLUMN assay.publications.model IS 'The model''s name.';
COMMENT ON COLUMN assay.publications.version IS 'The version''s number, the same on all nodes.';
COMMENT ON COLUMN assay.publications.hash IS 'SHA-256 of the version''s bytes.';
COMMENT ON COLUMN assay.publications.is_copy IS 'Whether this is a worker''s copy of what the coordinator published.';
COMMENT ON COLUMN assay.publications.published_by IS 'The name of the role that published it, as it was then.';
COMMENT ON COLUMN assay.publications.published_at IS 'When.';
GRANT SELECT ON assay.publications TO PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('assay.model_publication', '');

CREATE FUNCTION assay.publish_model(model text) RETURNS integer
AS 'MODULE_PATHNAME', 'publish_model_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.publish_model(text) IS
'On the coordinator of a Citus cluster: gives a version to all workers, so that queries of distributed tables score where the rows are, and deploys it then. Gives the number of workers.
model: a name, for the version that is deployed; name@version or name@alias for one that is to be. The version before stays on the workers, and so do those with aliases; what nobody asks for any more goes.
A worker is given the version with its thresholds, and who may use the model, by the names of roles. What is granted or set later reaches workers with the next publication; what is revoked by assay.revoke_model is revoked there first.
In queries of distributed tables the constant names of published models become name@version with the version that stands for them here; a worker that has not got it returns an error. The session has to have loaded assay: session_preload_libraries = ''assay''.
What workers are told is not undone by a rollback: it leaves a version that nothing asks for, which the next publication removes. O(bytes of the model x workers).
Errors: 55000 no Citus, not the coordinator, no workers, or one that fails; 42501 the caller does not act for the owner; ML001, ML002, 54000 a package of more than 256 MB, 25006.
Example: SELECT assay.publish_model(''credit'') FROM pg_extension WHERE extname = ''citus''';

CREATE FUNCTION assay.unpublish_model(model text) RETURNS integer
AS 'MODULE_PATHNAME', 'unpublish_model_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.unpublish_model(text) IS
'Takes a published model from all workers; on the coordinator it stays. Gives the number of workers. Queries of distributed tables that name it return an error then.
Errors: as of assay.publish_model.
Example: SELECT assay.unpublish_model(''credit'') FROM pg_extension WHERE extname = ''citus''';

CREATE FUNCTION assay_internal.receive_copy(model text, owner text, version integer, package bytea, versions jsonb) RETURNS void
AS 'MODULE_PATHNAME', 'receive_copy_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay_internal.receive_copy(text, text, integer, bytea, jsonb) IS
'On a worker: takes a version that the coordinator publishes, and forgets those that are not among versions: {"number": "hash"}. Errors: 42710 a model that is no copy, 42501 the caller does not act for the owner, 42704 no such role, ML009.';

CREATE FUNCTION assay_internal.forget_copy(model text) RETURNS void
AS 'MODULE_PATHNAME', 'forget_copy_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay_internal.forget_copy(text) IS
'On a worker: deletes a copy, if it is there. Errors: 42710 a model that is no copy, 42501.';

CREATE FUNCTION assay_internal.revoke_copy(model text, role text, privilege text) RETURNS void
AS 'MODULE_PATHNAME', 'revoke_copy_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay_internal.revoke_copy(text, text, text) IS
'On a worker: takes a privilege on a copy away from a role, or from public. Errors: 42710 a model that is no copy, 42501, 22023.';

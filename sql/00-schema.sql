-- Everything assay has lives in the schema assay, but for what nobody calls or reads by hand, which lives in assay_internal: what aggregates,
-- types, triggers and views are made of, and what assay's own statements call. The script makes both, so that they belong to who runs the script, a
-- superuser, and are dropped with the extension; one that somebody has prepared, with operators, overloads or privileges in it, is refused.
-- The extension itself is in pg_catalog: the script runs with a search path of pg_catalog and, last, pg_temp. Names of types, as columns
-- and arguments have them, are PostgreSQL's own by that; views, defaults and conditions qualify everything.
CREATE SCHEMA assay;
GRANT USAGE ON SCHEMA assay TO PUBLIC;
COMMENT ON SCHEMA assay IS 'Training, evaluation, explanation and scoring of models, as SQL functions.';

CREATE SCHEMA assay_internal;
-- The pass over a relation is a statement of the caller's that calls assay_internal.scan.
GRANT USAGE ON SCHEMA assay_internal TO PUBLIC;
COMMENT ON SCHEMA assay_internal IS 'What the aggregates, types and triggers of assay are made of. Not to be called by hand: it may change with every version.';

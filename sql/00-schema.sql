-- Everything assay has lives in the schema assay. The script makes it, so that it belongs to who runs the script, a superuser, and is dropped
-- with the extension; one that somebody has prepared, with operators, overloads or privileges in it, is refused.
-- The extension itself is in pg_catalog: the script runs with a search path of pg_catalog and, last, pg_temp. Names of types, as columns
-- and arguments have them, are PostgreSQL's own by that; views, defaults and conditions qualify everything.
CREATE SCHEMA assay;
GRANT USAGE ON SCHEMA assay TO PUBLIC;
COMMENT ON SCHEMA assay IS 'Training, evaluation, explanation and scoring of models, as SQL functions.';

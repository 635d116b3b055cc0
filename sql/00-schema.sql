-- Everything assay has lives in the schema assay, which CREATE EXTENSION makes.
-- CREATE EXTENSION makes it for the role that asks; were it that role's, the role could put tables of its own in place of assay's.
ALTER SCHEMA assay OWNER TO CURRENT_USER;
GRANT USAGE ON SCHEMA assay TO PUBLIC;
COMMENT ON SCHEMA assay IS 'Training, evaluation, explanation and scoring of models, as SQL functions.';

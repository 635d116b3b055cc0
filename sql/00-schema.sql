-- Everything assay has lives in the schema assay, which CREATE EXTENSION makes.
GRANT USAGE ON SCHEMA assay TO PUBLIC;
COMMENT ON SCHEMA assay IS 'Data quality, features, training, evaluation and scoring of models, as SQL functions.';

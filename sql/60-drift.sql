-- Drift: what has moved between two sides, how sure that is, and how much it matters to a model.

CREATE FUNCTION assay.drift(reference text, current text, options jsonb DEFAULT '{}')
RETURNS TABLE (column_name text, segment jsonb, method text, statistic double precision, p_value double precision, threshold double precision,
               drifted boolean, null_share_reference double precision, null_share_current double precision, importance double precision,
               impact double precision, reference_rows bigint, current_rows bigint, adjusted_p_value double precision, message text,
               new_categories text[], gone_categories text[], details jsonb)
AS 'MODULE_PATHNAME', 'drift_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE ROWS 30;
COMMENT ON FUNCTION assay.drift(text, text, jsonb) IS
'How far each column of the current query or relation has moved from the reference, and how sure that is. Each is read once, as the caller, in parallel where PostgreSQL can; memory stays below 64 MB per side, beside the rows returned. One row per column of either side; one that cannot be compared says why in message. Where there are NULLs, their share has a row of its own (method null_share), and so have the hours of the day of timestamps (column_name hour(c); with a time zone by UTC).
An alarm (drifted) needs an effect, statistic above threshold, and evidence, adjusted_p_value at most alpha: the p-value of a test (Kolmogorov-Smirnov for ks and wasserstein, else chi-square with rare classes put together; Fisher''s for shares of NULL), corrected over all rows by Benjamini and Hochberg. When nothing moved, fewer than 1 in 100 reports have an alarm. With compat the tool''s own rule decides.
Options: method, numeric_method, categorical_method (psi, js_distance, js_divergence, hellinger, kl, tvd, l_infinity, chi_square, cramers_v; of numbers also ks, wasserstein), by default wasserstein in standard deviations of the reference, and js_distance; a method that does not suit a column leaves it its default. bins (10: quantiles of the reference, open at both ends; or an array of edges). smoothing (0.0001): the share in place of an empty one. log_base ("e"). threshold (0.1; js_divergence 0.01; chi_square that of Cramér''s V of 0.1). null_threshold (0.05). alpha (0.005). compat (evidently, nannyml, tfdv, soda): the conventions of a tool. columns, exclude: which columns; points in time are compared only when columns names them. group_by: columns whose values make segments, each with rows of its own. model: importance and impact (importance times statistic) rank the rows. correlations (false): reads each side once more and compares how each pair of at most 40 columns of numbers goes together, by their places among the quantiles (column_name correlation(a, b), method correlation, threshold 0.1), which finds columns that were swapped.
segment: the columns of group_by; NULL for all rows. new_categories, gone_categories: those of one side only, the most frequent first, at most 100. details: mean, stddev, min, median and max of both sides, the bins with both shares, or the ten categories whose share moved most; rank_error is how far a rank may be off when a column has more than 16,384 different values (fewer with more than 80 columns or with segments), 0 when all are exact.
Errors: 22023 an option, 42703 a column that is not there, 42701 two columns of one name, 54000 too many segments or columns to correlate, ML008 not a query.
Example: SELECT column_name, method, statistic, adjusted_p_value FROM assay.drift(''german_credit'', ''applicants'') WHERE drifted';

CREATE TABLE assay.baseline (
    name     text COLLATE "C" NOT NULL,
    owner    assay.role NOT NULL,
    query    text NOT NULL,
    options  jsonb NOT NULL,
    rows     bigint NOT NULL,
    columns  integer NOT NULL,
    saved_at timestamptz NOT NULL,
    states   bytea[] NOT NULL,
    CONSTRAINT baseline_pkey PRIMARY KEY (name)
);
COMMENT ON TABLE assay.baseline IS 'The stored baselines. Read the view assay.baselines instead.';
COMMENT ON COLUMN assay.baseline.name IS 'The name that the functions take.';
COMMENT ON COLUMN assay.baseline.owner IS 'The role that saved it first.';
COMMENT ON COLUMN assay.baseline.query IS 'The query or relation whose rows it has counted.';
COMMENT ON COLUMN assay.baseline.options IS 'The options that it was saved with.';
COMMENT ON COLUMN assay.baseline.rows IS 'How many rows it has counted.';
COMMENT ON COLUMN assay.baseline.columns IS 'How many columns.';
COMMENT ON COLUMN assay.baseline.saved_at IS 'When the transaction began that saved it.';
COMMENT ON COLUMN assay.baseline.states IS 'What was counted, as states of assay_internal.scan.';

CREATE VIEW assay.baselines WITH (security_barrier) AS
    SELECT b.name, b.owner::pg_catalog.regrole AS owner, b.query, b.options, b.rows, b.columns, b.saved_at, pg_catalog.pg_column_size(b.states) AS bytes
    FROM assay.baseline b
    WHERE pg_catalog.pg_has_role(b.owner, 'USAGE');
COMMENT ON VIEW assay.baselines IS
'The baselines of the current role, and of roles that it acts for.
Example: SELECT name, query, rows, saved_at FROM assay.baselines';
COMMENT ON COLUMN assay.baselines.name IS 'The name that the functions take.';
COMMENT ON COLUMN assay.baselines.owner IS 'The role that saved it first.';
COMMENT ON COLUMN assay.baselines.query IS 'The query or relation whose rows it has counted.';
COMMENT ON COLUMN assay.baselines.options IS 'The options that it was saved with.';
COMMENT ON COLUMN assay.baselines.rows IS 'How many rows it has counted.';
COMMENT ON COLUMN assay.baselines.columns IS 'How many columns.';
COMMENT ON COLUMN assay.baselines.saved_at IS 'When the transaction began that saved it.';
COMMENT ON COLUMN assay.baselines.bytes IS 'What it takes on disk.';
GRANT SELECT ON assay.baselines TO PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('assay.baseline', '');

CREATE FUNCTION assay.save_baseline(name text, query text, options jsonb DEFAULT '{}') RETURNS bigint
AS 'MODULE_PATHNAME', 'save_baseline_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.save_baseline(text, text, jsonb) IS
'Keeps the distributions of a query''s columns under a name, for assay.drift_from, and gives the number of rows; a baseline of that name is replaced. Options as in assay.drift: columns, exclude and group_by say what is kept, the others are the defaults of every comparison with it. Quantiles, and with them the edges of bins, follow from what is kept, so they stay the same in every comparison. It belongs to the role that saved it first; only roles that act for that one see, use, replace or drop it. Errors: 42602 a name that cannot be used, 42501, and as assay.drift.
Example: SELECT assay.save_baseline(''june'', ''german_credit'', ''{"exclude": ["customer_id"]}'')';

CREATE FUNCTION assay.drift_from(name text, query text, options jsonb DEFAULT '{}')
RETURNS TABLE (column_name text, segment jsonb, method text, statistic double precision, p_value double precision, threshold double precision,
               drifted boolean, null_share_reference double precision, null_share_current double precision, importance double precision,
               impact double precision, reference_rows bigint, current_rows bigint, adjusted_p_value double precision, message text,
               new_categories text[], gone_categories text[], details jsonb)
AS 'MODULE_PATHNAME', 'drift_from_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE ROWS 30;
COMMENT ON FUNCTION assay.drift_from(text, text, jsonb) IS
'assay.drift with a baseline as the reference. Options given here go over those that it was saved with; its group_by stays. A column whose type has changed, or that one side lacks, says so in message. Errors: ML020 no such baseline, 42501, ML011 a damaged one, and as assay.drift.
Example: SELECT column_name, method, statistic FROM assay.drift_from(''june'', ''applicants'') WHERE drifted';

CREATE FUNCTION assay.model_drift(model text, query text, options jsonb DEFAULT '{}')
RETURNS TABLE (column_name text, segment jsonb, method text, statistic double precision, p_value double precision, threshold double precision,
               drifted boolean, null_share_reference double precision, null_share_current double precision, importance double precision,
               impact double precision, reference_rows bigint, current_rows bigint, adjusted_p_value double precision, message text,
               new_categories text[], gone_categories text[], details jsonb)
AS 'MODULE_PATHNAME', 'model_drift_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE ROWS 30;
COMMENT ON FUNCTION assay.model_drift(text, text, jsonb) IS
'assay.drift with the rows that a model was trained on as the reference, as every version stores them: of numbers twenty bins of equal counts, of categories the levels. The features with the greatest impact come first: importance is the feature''s share of the gain (see assay.feature_importance), impact that times the statistic. Elements of vectors are compared one by one. Options as in assay.drift, without group_by and model. ks and wasserstein are known to within rank_error of details. Needs the privilege manage. Errors: ML001, ML002, 42501, and as assay.drift.
Example: SELECT column_name, statistic, importance, impact FROM assay.model_drift(''credit'', ''applicants'') WHERE drifted';

CREATE FUNCTION assay.drop_baseline(name text) RETURNS void
AS 'MODULE_PATHNAME', 'drop_baseline_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.drop_baseline(text) IS
'Forgets a baseline. Needs the role that saved it, or one that acts for it. Errors: ML020 no such baseline, 42501.
Example: SELECT assay.drop_baseline(''june'')';

CREATE TABLE assay.drift_run (
    id          bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    model_id    bigint NOT NULL,
    version     integer NOT NULL,
    run_at      timestamptz NOT NULL DEFAULT pg_catalog.statement_timestamp(),
    ran_by      text NOT NULL,
    query       text NOT NULL,
    rows        bigint NOT NULL,
    duration_ms double precision NOT NULL,
    results     jsonb NOT NULL,
    cpu_seconds double precision NOT NULL,
    FOREIGN KEY (model_id, version) REFERENCES assay.model_version ON DELETE CASCADE
);
ALTER TABLE assay.drift_run DISABLE TRIGGER ALL;
CREATE INDEX drift_run_model_id_run_at_idx ON assay.drift_run (model_id, run_at);
COMMENT ON TABLE assay.drift_run IS 'What assay.record_drift found. Read the view assay.drift_history instead.';
COMMENT ON COLUMN assay.drift_run.id IS 'The run''s key.';
COMMENT ON COLUMN assay.drift_run.model_id IS 'The model.';
COMMENT ON COLUMN assay.drift_run.version IS 'The version on whose training rows the comparison rests.';
COMMENT ON COLUMN assay.drift_run.run_at IS 'When the statement began that compared.';
COMMENT ON COLUMN assay.drift_run.ran_by IS 'The name of the role that ran it, as it was then.';
COMMENT ON COLUMN assay.drift_run.query IS 'The query or relation whose rows were compared.';
COMMENT ON COLUMN assay.drift_run.rows IS 'How many rows these were.';
COMMENT ON COLUMN assay.drift_run.duration_ms IS 'How long it took.';
COMMENT ON COLUMN assay.drift_run.results IS 'The report''s rows, without their details.';
COMMENT ON COLUMN assay.drift_run.cpu_seconds IS 'What the call took of the processor in the caller''s process.';

CREATE VIEW assay.drift_history WITH (security_barrier) AS
    SELECT m.name AS model, d.version, d.run_at, r.column_name, r.method, r.statistic, r.threshold, r.p_value AS adjusted_p_value, r.drifted,
           r.importance, r.impact, r.null_share_reference, r.null_share_current, r.reference_rows, d.rows AS current_rows, r.message,
           d.query, d.ran_by, d.duration_ms
    FROM assay_internal.visible_model m
    JOIN assay.drift_run d ON d.model_id OPERATOR(pg_catalog.=) m.id
    CROSS JOIN LATERAL pg_catalog.jsonb_to_recordset(d.results) AS r(column_name pg_catalog.text, method pg_catalog.text, statistic pg_catalog.float8,
        threshold pg_catalog.float8, p_value pg_catalog.float8, drifted boolean, importance pg_catalog.float8, impact pg_catalog.float8,
        null_share_reference pg_catalog.float8, null_share_current pg_catalog.float8, reference_rows bigint, message pg_catalog.text)
    WHERE m.manageable;
COMMENT ON VIEW assay.drift_history IS
'What assay.record_drift found, kept for assay.history_retention, one row per run and row of its report: of the models that the current role may manage.
Example: SELECT run_at, column_name, statistic, drifted FROM assay.drift_history WHERE model = ''credit'' ORDER BY run_at, impact DESC';
COMMENT ON COLUMN assay.drift_history.model IS 'The model''s name.';
COMMENT ON COLUMN assay.drift_history.version IS 'The version on whose training rows the comparison rests.';
COMMENT ON COLUMN assay.drift_history.run_at IS 'When the statement began that compared.';
COMMENT ON COLUMN assay.drift_history.column_name IS 'The column.';
COMMENT ON COLUMN assay.drift_history.method IS 'The measure.';
COMMENT ON COLUMN assay.drift_history.statistic IS 'How far the column had moved.';
COMMENT ON COLUMN assay.drift_history.threshold IS 'From where on that counts.';
COMMENT ON COLUMN assay.drift_history.adjusted_p_value IS 'The evidence, corrected over all rows of the report.';
COMMENT ON COLUMN assay.drift_history.drifted IS 'Whether it was an alarm.';
COMMENT ON COLUMN assay.drift_history.importance IS 'How much the column matters to the model.';
COMMENT ON COLUMN assay.drift_history.impact IS 'That times the statistic.';
COMMENT ON COLUMN assay.drift_history.null_share_reference IS 'The share of NULLs in training.';
COMMENT ON COLUMN assay.drift_history.null_share_current IS 'The share of NULLs in the rows compared.';
COMMENT ON COLUMN assay.drift_history.reference_rows IS 'How many rows trained the version.';
COMMENT ON COLUMN assay.drift_history.current_rows IS 'How many rows were compared.';
COMMENT ON COLUMN assay.drift_history.message IS 'What there is to say about the column.';
COMMENT ON COLUMN assay.drift_history.query IS 'The query or relation whose rows were compared.';
COMMENT ON COLUMN assay.drift_history.ran_by IS 'The name of the role that ran it, as it was then.';
COMMENT ON COLUMN assay.drift_history.duration_ms IS 'How long the run took.';
GRANT SELECT ON assay.drift_history TO PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('assay.drift_run', '');
SELECT pg_catalog.pg_extension_config_dump('assay.drift_run_id_seq', '');

CREATE FUNCTION assay.record_drift(model text, query text, options jsonb DEFAULT '{}')
RETURNS TABLE (column_name text, segment jsonb, method text, statistic double precision, p_value double precision, threshold double precision,
               drifted boolean, null_share_reference double precision, null_share_current double precision, importance double precision,
               impact double precision, reference_rows bigint, current_rows bigint, adjusted_p_value double precision, message text,
               new_categories text[], gone_categories text[], details jsonb)
AS 'MODULE_PATHNAME', 'record_drift_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 30;
COMMENT ON FUNCTION assay.record_drift(text, text, jsonb) IS
'assay.model_drift that is kept: what it finds is stored with the version, for the view assay.drift_history, and returned. To be run with every load, or every day. What is older than assay.history_retention is deleted by the way; with a retention of 0 nothing is kept. Needs the privilege manage. Errors: 25006, and as assay.model_drift. Options as in assay.drift.
Example: SELECT column_name, statistic FROM assay.record_drift(''credit'', ''applicants'') WHERE drifted';

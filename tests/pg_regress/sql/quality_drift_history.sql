-- Drift from a model's training rows, kept over time.
\set VERBOSITY terse
SELECT version FROM assay.train('kept', 'SELECT size, region, sold FROM house', 'sold', 'decision_tree', split => 'none');

-- What is kept is what model_drift tells.
CREATE TEMP TABLE told AS
SELECT column_name, method, statistic, drifted, impact, reference_rows, current_rows FROM assay.record_drift('kept', 'SELECT size + 40 AS size, region FROM house');
SELECT count(*) AS differ FROM (
    (TABLE told EXCEPT SELECT column_name, method, statistic, drifted, impact, reference_rows, current_rows FROM assay.model_drift('kept', 'SELECT size + 40 AS size, region FROM house'))
    UNION ALL
    (TABLE told EXCEPT SELECT column_name, method, statistic, drifted, impact, reference_rows, current_rows FROM assay.drift_history WHERE model = 'kept')) AS d;
SELECT model, version, column_name, method, round(statistic::numeric, 3) AS statistic, threshold, drifted, reference_rows, current_rows, query, ran_by = current_user AS mine
FROM assay.drift_history ORDER BY run_at, column_name;

-- A report of one day after the other; a version that has gone takes its reports with it.
SELECT count(*) FROM assay.record_drift('kept', 'house', '{"columns": ["size"]}');
SELECT version FROM assay.train('kept', 'SELECT size, region, sold FROM house', 'sold', 'decision_tree', split => 'none', deploy => 'always');
SELECT count(*) FROM assay.record_drift('kept@2', 'house');
SELECT version, count(DISTINCT run_at) AS runs, count(*) AS rows FROM assay.drift_history GROUP BY version ORDER BY version;
SELECT assay.drop_model('kept', 1);
SELECT DISTINCT version FROM assay.drift_history;

-- A rollback takes the report with it; with a retention of 0 nothing is kept; what is too old goes.
BEGIN;
SELECT count(*) FROM assay.record_drift('kept', 'house');
ROLLBACK;
SET assay.history_retention = 0;
SELECT count(*) FROM assay.record_drift('kept', 'house');
SELECT count(DISTINCT run_at) AS runs FROM assay.drift_history;
UPDATE assay.drift_run SET run_at = run_at - interval '3 days';
SET assay.history_retention = '2d';
SELECT count(*) FROM assay.record_drift('kept', 'house');
SELECT count(DISTINCT run_at) AS runs, min(run_at) > now() - interval '1 day' AS fresh FROM assay.drift_history;
RESET assay.history_retention;

-- Seen by who may manage the model.
CREATE ROLE drift_reader;
SELECT assay.grant_model('kept', 'drift_reader', 'predict');
SET ROLE drift_reader;
SELECT count(*) FROM assay.drift_history;
CALL fails($$SELECT count(*) FROM assay.record_drift('kept', 'SELECT 1 AS size')$$);
CALL fails($$SELECT count(*) FROM assay.drift_run$$);
RESET ROLE;
SELECT assay.grant_model('kept', 'drift_reader', 'manage');
SET ROLE drift_reader;
SELECT count(*) > 0 AS seen FROM assay.drift_history;
RESET ROLE;
SELECT assay.revoke_model('kept', 'drift_reader', 'predict'), assay.revoke_model('kept', 'drift_reader', 'manage');
DROP ROLE drift_reader;

CALL fails($$SELECT * FROM assay.record_drift(NULL, 'house')$$);
CALL fails($$SELECT * FROM assay.record_drift('kept', NULL)$$);
CALL fails($$SELECT * FROM assay.record_drift('missing', 'house')$$);
CALL fails($$SELECT * FROM assay.record_drift('kept', 'house', '{"group_by": ["region"]}')$$);
SET default_transaction_read_only = on;
CALL fails($$SELECT * FROM assay.record_drift('kept', 'house')$$);
RESET default_transaction_read_only;

-- Logged decisions: what is kept of them, which labels belong to them, how a model does by them, and who may.

SET timezone = 'UTC';
CREATE ROLE assay_log_owner;
CREATE ROLE assay_log_caller;
CREATE ROLE assay_log_stranger;
CREATE SCHEMA desk;
GRANT ALL ON SCHEMA desk TO assay_log_owner, assay_log_caller, assay_log_stranger;
SET ROLE assay_log_owner;
CREATE TABLE desk.application AS
SELECT i AS id, i * 37 % 100 AS income, (ARRAY['north', 'south'])[i % 2 + 1] AS region, timestamptz '2026-01-01 12:00+00' + i % 3 * interval '1 day' AS decided,
       i * 37 % 100 < 40 OR i % 11 = 0 AS defaulted, 3.0 * (i * 37 % 100) + i % 5 AS amount
FROM generate_series(1, 600) AS i;
GRANT SELECT ON desk.application TO assay_log_caller, assay_log_stranger;
SELECT version FROM assay.train('risk', 'SELECT income, region, defaulted FROM desk.application', 'defaulted', 'logistic_regression', split => 'none');
SELECT version FROM assay.train('risk', 'SELECT income, defaulted FROM desk.application', 'defaulted', 'decision_tree', '{"max_depth": 2}', split => 'none', deploy => 'never');
SELECT version FROM assay.train('risk', 'SELECT income, region, defaulted FROM desk.application', 'defaulted', params => '{"n_estimators": 5}', split => 'none', deploy => 'never');
SELECT version FROM assay.train('amount', 'SELECT income, region, amount FROM desk.application', 'amount', 'linear_regression', split => 'none');
SELECT assay.grant_model('risk', 'assay_log_caller', 'predict');

-- What is kept: the score is that of predict, the decision that of predict_label.
SELECT assay.log_predictions('risk', 'desk.application', '{id}', keep => '{region}', at => 'decided', challengers => '{risk@2}');
SELECT version, challenger, count(*), count(DISTINCT key), min(at), max(at), count(label) AS labels FROM assay.predictions WHERE model = 'risk' GROUP BY 1, 2 ORDER BY 1;
SELECT count(*) FROM assay.predictions p JOIN desk.application a ON p.key = jsonb_build_object('id', a.id)
WHERE p.score = assay.predict('risk@' || p.version, a) AND p.decision = assay.predict_label('risk@' || p.version, a)
  AND p.segment = jsonb_build_object('region', a.region) AND p.at = a.decided;
SELECT content, version, challenger, key_columns, rows, bytes > 0 AS has_bytes, cpu_seconds > 0 AS has_time FROM assay.prediction_batches ORDER BY id;

-- Nothing is known yet but what is to be expected.
SELECT bucket, version, segment, rows, mature, labelled, metric, round(value::numeric, 3) AS value, round(estimated::numeric, 3) AS estimated
FROM assay.performance('risk', group_by => '{region}') WHERE metric = 'accuracy';

-- Labels come: new ones are counted, those that are there already are not, one that is corrected takes the other's place.
SELECT assay.record_labels('risk', 'SELECT id, defaulted FROM desk.application WHERE id <= 500', '{id}');
SELECT assay.record_labels('risk', 'SELECT id, CASE WHEN id <> 7 THEN defaulted END AS defaulted FROM desk.application WHERE id <= 510', '{id}');
SELECT assay.record_labels('risk', 'SELECT 1 AS id, NOT defaulted AS defaulted FROM desk.application WHERE id = 1', '{id}');
SELECT key, label, replaced_at IS NOT NULL AS replaced FROM assay.prediction_labels WHERE key = '{"id": 1}' ORDER BY recorded_at;
SELECT version, label FROM assay.predictions WHERE key = '{"id": 1}' ORDER BY id;
SELECT assay.record_labels('risk', 'SELECT ''5'' AS id, true AS defaulted', '{id}');
SELECT count(DISTINCT label) FROM assay.predictions WHERE key = '{"id": 5}';

-- The metrics are those of evaluate, on the decisions with a label.
SELECT assay.record_labels('risk', 'SELECT 1 AS id, defaulted FROM desk.application WHERE id = 1', '{id}');
SELECT p.metric, p.rows, p.labelled, round(p.value::numeric, 6) = round(e.value::numeric, 6) AS same, p.low < p.value AND p.value < p.high AS inside,
       round(p.estimated::numeric, 3) AS estimated, p.estimated_low < p.estimated AND p.estimated < p.estimated_high AS estimate_inside
FROM assay.performance('risk', 'year') p JOIN assay.evaluate('risk', 'SELECT * FROM desk.application WHERE id <= 510') e USING (metric) WHERE p.version = 1;
SELECT bucket, version, rows, labelled, labelled_share, round(value::numeric, 3) AS value, note FROM assay.performance('risk', 'day', since => '2026-01-02', until => '2026-01-03') WHERE metric = 'roc_auc';
-- Decisions that are too young are counted, and not judged.
SELECT bucket, rows, mature, labelled, value, round(estimated::numeric, 3) AS estimated FROM assay.performance('risk', 'month', maturity => '100 years') WHERE metric = 'roc_auc' AND version = 2;
SELECT model, day, version, metric, rows FROM assay.performance_over_time WHERE metric = 'f1' ORDER BY day, version;

-- A key that comes again is a decision of its own; a label that was recorded before belongs to the first alone.
SELECT assay.log_predictions('risk', 'SELECT * FROM desk.application WHERE id = 2', '{id}');
SELECT version, label IS NOT NULL AS has_label FROM assay.predictions WHERE key = '{"id": 2}' ORDER BY id;

-- Refused cases never have a label: it is said.
SELECT assay.log_predictions('risk@2', 'SELECT id + 1000 AS id, income, region FROM desk.application', '{id}');
SELECT assay.record_labels('risk@2', 'SELECT id + 1000 AS id, defaulted FROM desk.application a WHERE assay.predict_label(''risk@2'', a) = ''false''', '{id}') > 100 AS recorded;
SELECT DISTINCT note FROM assay.performance('risk', 'year', since => now() - interval '1 hour') WHERE version = 2;

-- Numbers: the errors of earlier decisions tell what is to be expected of later ones.
SELECT assay.log_predictions('amount', 'desk.application', '{id}', at => 'decided');
SELECT assay.record_labels('amount', 'SELECT id, amount FROM desk.application WHERE decided < ''2026-01-03''', '{id}');
SELECT bucket, rows, labelled, metric, round(value::numeric, 2) AS value, round(low::numeric, 2) AS low, round(high::numeric, 2) AS high, round(estimated::numeric, 2) AS estimated
FROM assay.performance('amount') WHERE metric IN ('mae', 'rmse', 'r2');

-- Reasons, and what it takes to replay a decision: the features that were kept give the same score.
SELECT assay.log_predictions('risk@3', 'SELECT id + 5000 AS id, income, region FROM desk.application WHERE id <= 3', '{id}', reasons => 2);
SELECT key, jsonb_array_length(reasons) AS reasons, reasons -> 0 ->> 'feature' AS first, reasons -> 0 ->> 'value' AS value, baseline, inputs FROM assay.predictions WHERE reasons IS NOT NULL ORDER BY id;
SELECT r.model, r.version, r.key, r.decision, r.identical FROM assay.predictions p, assay.replay_prediction(p.id) r WHERE p.reasons IS NOT NULL ORDER BY p.id;
-- The reasons of all features add up to the margin.
SELECT count(*) FROM assay.predictions p JOIN assay.prediction_batches b ON b.model = p.model AND b.baseline = p.baseline,
    LATERAL (SELECT sum((r ->> 'attribution')::float8) AS sum FROM jsonb_array_elements(p.reasons) AS r) AS s
WHERE p.reasons IS NOT NULL AND abs(1 / (1 + exp(-(b.base_values[1] + s.sum))) - p.score) < 1e-9;
CALL fails('SELECT * FROM assay.replay_prediction((SELECT min(id) FROM assay.predictions))');
CALL fails('SELECT * FROM assay.replay_prediction(0)');

-- What cannot be.
CALL fails($$SELECT assay.log_predictions('risk', 'desk.application', '{}')$$);
CALL fails($$SELECT assay.log_predictions('risk', 'desk.application', NULL)$$);
CALL fails($$SELECT assay.log_predictions('risk', 'desk.application', '{id,id}')$$);
CALL fails($$SELECT assay.log_predictions('risk', 'desk.application', '{number}')$$);
CALL fails($$SELECT assay.log_predictions('risk', 'SELECT NULL::int AS id, 1 AS income, ''a'' AS region', '{id}')$$);
CALL fails($$SELECT assay.log_predictions('risk', 'SELECT 1 AS id', '{id}')$$);
CALL fails($$SELECT assay.log_predictions('risk', 'desk.application', '{id}', reasons => -1)$$);
CALL fails($$SELECT assay.log_predictions('risk', 'desk.application', '{id}', keep => '{branch}')$$);
CALL fails($$SELECT assay.log_predictions('risk', 'desk.application', '{id}', at => 'region')$$);
CALL fails($$SELECT assay.log_predictions('risk', 'SELECT *, NULL::date AS day FROM desk.application', '{id}', at => 'day')$$);
CALL fails($$SELECT assay.log_predictions('risk', 'desk.application', '{id}', challengers => '{amount@1}')$$);
CALL fails($$SELECT assay.log_predictions('risk', 'desk.application', '{id}', challengers => '{risk@1}')$$);
CALL fails($$SELECT assay.log_predictions('nothing', 'desk.application', '{id}')$$);
CALL fails($$SELECT assay.record_labels('risk', 'SELECT id, 1 AS x FROM desk.application', '{id}')$$);
CALL fails($$SELECT assay.record_labels('risk', 'SELECT 1 AS id, i = 1 AS defaulted FROM generate_series(1, 2) AS i', '{id}')$$);
CALL fails($$SELECT * FROM assay.performance('risk', 'minute')$$);
CALL fails($$SELECT * FROM assay.performance('risk', group_by => '{income}')$$);
CALL fails($$SELECT * FROM assay.performance('risk', maturity => '-1 day')$$);
CALL fails($$SELECT assay.prune_predictions('risk', '-1 day')$$);
CALL fails($$SELECT assay.drop_model('risk')$$);
CALL fails($$SELECT assay.drop_model('risk', 2)$$);
RESET ROLE;

-- Another role logs, sees what it logged, and records labels of that alone.
SET ROLE assay_log_caller;
SELECT count(*) FROM assay.predictions;
SELECT assay.log_predictions('risk', 'SELECT id + 9000 AS id, income, region FROM desk.application WHERE id <= 30', '{id}');
SELECT count(*), min(logged_by::text) FROM assay.predictions;
SELECT assay.record_labels('risk', 'SELECT 9001 AS id, true AS defaulted', '{id}');
SELECT assay.record_labels('risk', 'SELECT 9002 AS id, true AS defaulted UNION ALL SELECT 3, true', '{id}');
SELECT rows, labelled FROM assay.performance('risk', 'year') WHERE metric = 'accuracy';
CALL fails($$SELECT assay.record_labels('risk', 'SELECT 3 AS id, true AS defaulted', '{id}')$$);
CALL fails($$SELECT assay.prune_predictions('risk', '1 day')$$);
CALL fails($$SELECT count(*) FROM assay.prediction$$);
SET ROLE assay_log_stranger;
CALL fails($$SELECT assay.log_predictions('risk', 'desk.application', '{id}')$$);
CALL fails($$SELECT assay.record_labels('risk', 'SELECT 1 AS id, true AS defaulted', '{id}')$$);
CALL fails($$SELECT * FROM assay.performance('risk')$$);
SELECT (SELECT count(*) FROM assay.predictions) AS predictions, (SELECT count(*) FROM assay.prediction_labels) AS labels, (SELECT count(*) FROM assay.performance_over_time) AS days;
RESET ROLE;

-- A read-only transaction reads; a rollback leaves nothing.
BEGIN READ ONLY;
SELECT count(*) > 0 AS rows FROM assay.performance('risk');
CALL fails($$SELECT assay.log_predictions('risk', 'desk.application', '{id}')$$);
ROLLBACK;
SELECT count(*) AS before FROM assay.prediction \gset
BEGIN;
SELECT assay.log_predictions('risk', 'desk.application', '{id}');
ROLLBACK;
SELECT count(*) - :before AS more FROM assay.prediction;

-- Roles that logged are held, and change hands.
CALL fails('DROP ROLE assay_log_caller');
SELECT * FROM assay.reassign_owned('assay_log_caller', 'assay_log_owner');
SELECT count(*) FROM assay.prediction_batch WHERE logged_by::text = 'assay_log_caller';

-- Pruning is the owner's word; after it the model may go.
SET ROLE assay_log_owner;
SELECT assay.prune_predictions('risk', '10 years'), assay.prune_predictions('risk', '1 hour') AS old, assay.prune_predictions('risk', '0') > 0 AS rest;
SELECT count(*) FROM assay.prediction_batches WHERE model = 'risk';
SELECT assay.drop_model('risk');
SELECT assay.prune_predictions('amount', '0'), assay.drop_model('amount');
RESET ROLE;
SELECT (SELECT count(*) FROM assay.prediction) AS predictions, (SELECT count(*) FROM assay.prediction_label) AS labels, (SELECT count(*) FROM assay.prediction_batch) AS batches;

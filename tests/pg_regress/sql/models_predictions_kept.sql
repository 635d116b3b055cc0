-- Logged decisions over time: errors that are expected of numbers, decisions that never have a label, how long all is kept, and replays of reasons.

SET timezone = 'UTC';
CREATE ROLE assay_kept_owner;
CREATE ROLE assay_kept_manager;
CREATE ROLE assay_kept_caller;
CREATE SCHEMA vault;
GRANT ALL ON SCHEMA vault TO assay_kept_owner, assay_kept_manager, assay_kept_caller;
SET ROLE assay_kept_owner;
CREATE TABLE vault.visit AS
SELECT i AS id, i * 37 % 100 AS age, (ARRAY['well', 'ill'])[(i % 4 = 0)::int + 1] AS state,
       timestamptz '2026-01-01 00:00+00' + (i / 500) * interval '1 month' AS seen_at, i / 500 AS month,
       (i * 37 % 100) * 2.0 + (i * 7919 % 21 - 10) * (CASE WHEN i % 4 = 0 THEN 4 ELSE 1 END) AS cost
FROM generate_series(0, 1999) AS i;
-- In the third month come mainly those who are ill.
UPDATE vault.visit SET state = 'ill', cost = age * 2.0 + (id * 7919 % 21 - 10) * 4 WHERE month = 2 AND id % 4 <> 1;

-- Numbers: the errors that the held-out rows of the version tell are logged with each prediction, and follow who comes.
SELECT version FROM assay.train('cost', 'SELECT age, state, cost FROM vault.visit WHERE month < 2', 'cost', 'linear_regression', split => 'random', test_fraction => 0.4);
SELECT assay.log_predictions('cost', 'vault.visit', '{id}', keep => '{state}', at => 'seen_at');
SELECT v.state, round(avg(p.expected_error)::numeric, 0) AS expected, round(avg(abs(p.score - v.cost))::numeric, 0) AS came_true, bool_and(p.expected_squared_error >= p.expected_error ^ 2 * 0.999999) AS together
FROM assay.predictions p JOIN vault.visit v ON p.key = jsonb_build_object('id', v.id) WHERE p.model = 'cost' GROUP BY 1 ORDER BY 1;
SELECT assay.record_labels('cost', 'SELECT id, cost FROM vault.visit WHERE month < 3', '{id}');
SELECT bucket::date, rows, labelled, metric, round(value::numeric, 0) AS value, round(estimated::numeric, 0) AS estimated, round(estimated_labelled::numeric, 0) AS of_labelled, estimated_low < estimated AS has_interval, note
FROM assay.performance('cost', 'month') WHERE metric IN ('mae', 'rmse') ORDER BY metric, bucket;
-- What leads to the cost has changed: the estimate does not follow, and value moves away from it.
SELECT assay.record_labels('cost', 'SELECT id, cost + 100 AS cost FROM vault.visit WHERE month = 3', '{id}');
SELECT round(value::numeric, 0) AS value, round(estimated_labelled::numeric, 0) AS of_labelled FROM assay.performance('cost', 'month', since => '2026-04-01') WHERE metric = 'mae';
-- A version without held-out rows tells no errors: then those that came true tell, by the size of the prediction, once there are some.
SELECT version FROM assay.train('cost', 'SELECT age, cost FROM vault.visit WHERE month < 2', 'cost', 'linear_regression', split => 'none', deploy => 'never');
SELECT assay.log_predictions('cost@2', 'SELECT id + 10000 AS id, age FROM vault.visit WHERE month = 0', '{id}', at => NULL);
SELECT count(expected_error) FROM assay.predictions WHERE model = 'cost' AND version = 2;
SELECT rows, labelled, metric, value, estimated, note FROM assay.performance('cost', 'year') WHERE version = 2 ORDER BY metric;
SELECT assay.record_labels('cost@2', 'SELECT id + 10000 AS id, cost FROM vault.visit WHERE month = 0 AND id < 200', '{id}');
SELECT rows, labelled, round(value::numeric, 0) AS value, round(estimated::numeric, 0) AS estimated, note FROM assay.performance('cost', 'year') WHERE version = 2 AND metric = 'mae';
CALL fails($$SELECT assay.set_unlabelled('cost', '{refuse}')$$);

-- Decisions that never have a label are declared once: it is said from the first day, and nobody waits for them.
CREATE TABLE vault.loan AS
SELECT i AS id, i * 37 % 100 AS income, i % 7 AS years, i * 37 % 100 + i % 7 * 3 < 40 AS lost, timestamptz '2026-01-01 00:00+00' + (i / 500) * interval '1 month' AS asked_at
FROM generate_series(0, 1499) AS i;
SELECT version FROM assay.train('loan', 'SELECT income, years, lost FROM vault.loan', 'lost', 'logistic_regression', split => 'random');
SELECT version FROM assay.train('loan', 'SELECT income, lost FROM vault.loan', 'lost', 'decision_tree', '{"max_depth": 2}', split => 'random', deploy => 'never');
SELECT assay.set_threshold('loan', 0.5, review_from => 0.3, review_to => 0.6);
SELECT assay.set_unlabelled('loan', '{refuse}');
SELECT model, retention, unlabelled, oldest, changed_by FROM assay.prediction_policies;
SELECT assay.log_predictions('loan', 'vault.loan', '{id}', at => 'asked_at', challengers => '{loan@2}');
SELECT decision, count(*) FROM assay.predictions WHERE model = 'loan' AND version = 1 GROUP BY 1 ORDER BY 1;
SELECT version, rows, labellable, labelled, labelled_share, round(estimated::numeric, 3) AS estimated, round(estimated_labellable::numeric, 3) AS of_labellable, note
FROM assay.performance('loan', 'year') WHERE metric = 'accuracy';
-- The labels are those of customers who were not refused, by the version that decided: of the challenger, too, they count as all that there can be.
SELECT assay.record_labels('loan', $$SELECT id, lost FROM vault.loan a WHERE id NOT IN (
    SELECT (key ->> 'id')::int FROM assay.predictions WHERE model = 'loan' AND version = 1 AND decision = 'refuse')$$, '{id}') AS recorded;
SELECT version, rows, labellable, labelled, labelled_share, round(value::numeric, 3) AS value, round(estimated_labellable::numeric, 3) AS of_labellable, note
FROM assay.performance('loan', 'year') WHERE metric = 'accuracy';
SELECT count(*) AS refused, count(*) FILTER (WHERE effective_decision IS DISTINCT FROM 'refuse') AS not_effective FROM assay.predictions WHERE model = 'loan' AND version = 2 AND effective_decision = 'refuse';
-- A label that comes all the same is left out.
SELECT assay.record_labels('loan', 'SELECT id, lost FROM vault.loan WHERE id < 50', '{id}') AS more;
SELECT version, labelled, labelled_share, note FROM assay.performance('loan', 'year') WHERE metric = 'accuracy';
-- Without the declaration it is found out, once there are labels of others.
SELECT assay.set_unlabelled('loan', NULL);
SELECT count(*) AS policies FROM assay.prediction_policies;
CALL fails($$SELECT assay.set_unlabelled('loan', '{refused}')$$);
CALL fails($$SELECT assay.set_unlabelled('loan', '{NULL}')$$);
CALL fails($$SELECT assay.set_unlabelled(NULL, '{refuse}')$$);
CALL fails($$SELECT assay.set_unlabelled('nothing', '{refuse}')$$);

-- A replay scores what was kept, and tells its reasons again.
SELECT assay.log_predictions('loan', 'SELECT id + 20000 AS id, income, years FROM vault.loan WHERE id < 4', '{id}', inputs => true);
SELECT assay.log_predictions('loan@2', 'SELECT id + 30000 AS id, income, years FROM vault.loan WHERE id < 4', '{id}', reasons => 1);
SELECT r.version, r.key, r.identical, r.reasons -> 0 ->> 'feature' AS first, r.replayed_reasons -> 0 ->> 'feature' AS again,
       r.reasons -> 0 -> 'attribution' = r.replayed_reasons -> 0 -> 'attribution' AS same, r.differences
FROM assay.predictions p CROSS JOIN assay.replay_prediction(p.id) AS r WHERE p.model = 'loan' AND p.inputs IS NOT NULL ORDER BY p.id;
RESET ROLE;
-- What is not as it was is named: here somebody has changed what was kept.
SELECT min(id) AS changed FROM assay.prediction WHERE reasons IS NOT NULL \gset
UPDATE assay.prediction SET inputs = inputs || '{"income": 99}', reasons = '[{"feature": "years", "value": "1", "attribution": 1}, {"feature": "income", "value": "1", "attribution": 2}]' WHERE id = :changed;
UPDATE assay.prediction_batch SET base_values = '{7}' WHERE base_values IS NOT NULL;
SELECT identical, regexp_replace(array_to_string(differences, E'\n'), '-?\d+\.\d+(e-\d+)?', 'x', 'g') AS differences FROM assay.replay_prediction(:changed);
UPDATE assay.prediction SET inputs = inputs - 'income' WHERE id = :changed;
CREATE PROCEDURE vault.replay() LANGUAGE plpgsql AS $$
BEGIN
    PERFORM assay.replay_prediction(id) FROM assay.prediction WHERE reasons IS NOT NULL ORDER BY id LIMIT 1;
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE '% %', SQLSTATE, SQLERRM;
END $$;
CALL vault.replay();
SET ROLE assay_kept_owner;

-- How long decisions are kept is the owner's word; who manages the model carries it out, in pieces.
SELECT assay.grant_model('loan', 'assay_kept_manager', 'manage');
SELECT assay.grant_model('loan', 'assay_kept_caller', 'predict');
SELECT assay.set_retention('loan', '200 years');
SET ROLE assay_kept_manager;
CALL fails($$SELECT assay.set_retention('loan', '1 day')$$);
SELECT * FROM assay.apply_retention();
SET ROLE assay_kept_owner;
SELECT assay.set_retention('loan', now() - '2026-02-15');
SELECT model, retention > '0' AS has_retention, oldest FROM assay.prediction_policies;
SET ROLE assay_kept_caller;
CALL fails($$SELECT * FROM assay.apply_retention('loan')$$);
SELECT * FROM assay.apply_retention();
SELECT count(*) FROM assay.prediction_policies;
SET ROLE assay_kept_manager;
SELECT * FROM assay.apply_retention('loan', 1500);
SELECT min(at) FROM assay.predictions WHERE model = 'loan';
SELECT * FROM assay.apply_retention(most => 1500);
SELECT min(at) FROM assay.predictions WHERE model = 'loan';
SELECT * FROM assay.apply_retention('loan');
SET ROLE assay_kept_owner;
SELECT sum(rows) = (SELECT count(*) FROM assay.predictions WHERE model = 'loan') AS counted FROM assay.prediction_batches WHERE model = 'loan' AND content = 'decisions';
CALL fails($$SELECT * FROM assay.apply_retention('cost')$$);
CALL fails($$SELECT * FROM assay.apply_retention('loan', 0)$$);
CALL fails($$SELECT assay.set_retention('loan', '-1 day')$$);
SELECT assay.set_retention('loan', '0');
SELECT * FROM assay.apply_retention();
SELECT count(*) AS decisions, (SELECT count(*) FROM assay.prediction_batches WHERE model = 'loan' AND content = 'decisions') AS batches FROM assay.predictions WHERE model = 'loan';
SELECT assay.set_retention('loan', NULL);
SELECT count(*) AS policies FROM assay.prediction_policies;
BEGIN READ ONLY;
CALL fails($$SELECT assay.set_retention('loan', '1 day')$$);
CALL fails($$SELECT * FROM assay.apply_retention()$$);
CALL fails($$SELECT assay.set_unlabelled('loan', '{refuse}')$$);
ROLLBACK;
-- A policy goes with its model.
SELECT assay.set_retention('loan', '1 year'), assay.set_retention('cost', '1 year');
SELECT assay.drop_model('loan'), assay.prune_predictions('cost', '0'), assay.drop_model('cost');
RESET ROLE;
SELECT count(*) AS policies FROM assay.prediction_policy;

-- Parallel plans: they are made, and they give the serial plan's answer.

CREATE TABLE many AS
SELECT i AS id, i % 97 AS a, (i * 31) % 1009 / 10.0 AS b, CASE WHEN i % 11 <> 0 THEN 'c' || i % 7 END AS c,
       (i * 7919) % 1000 < 500 + (i % 97) * 4 AS y, ((i * 104729) % 997 + i % 97) / 1100.0 AS p,
       1 + (i % 97) * 2.0 + (i * 31) % 13 AS amount, 1.5 + (i % 97) * 2.0 AS guess
FROM generate_series(1, 20000) AS i;
ALTER TABLE many SET (parallel_workers = 2);
ANALYZE many;
SELECT version FROM assay.train('serial', 'many', 'y', params => '{"n_estimators": 20}', exclude => '{id,p,amount,guess}');

-- The serial plan's answers.
SET max_parallel_workers_per_gather = 0;
CREATE TABLE serial_answer AS
SELECT assay.roc_auc(y, p) AS roc_auc, assay.average_precision(y, p) AS average_precision, assay.log_loss(y, p) AS log_loss,
       assay.brier_score(y, p) AS brier_score, assay.accuracy(y, p > 0.5) AS accuracy, assay.precision(y, p > 0.5) AS "precision",
       assay.recall(y, p > 0.5) AS recall, assay.f1(y, p > 0.5) AS f1, assay.mcc(y, p > 0.5) AS mcc, assay.rmse(amount, guess) AS rmse,
       assay.mae(amount, guess) AS mae, assay.mape(amount, guess) AS mape, assay.mse(amount, guess) AS mse, assay.r2(amount, guess) AS r2,
       assay.median_absolute_error(amount, guess) AS median_absolute_error
FROM many;
CREATE TABLE serial_score AS SELECT id, assay.predict('serial', m) AS score, assay.predict_label('serial', m) AS label FROM many AS m;

-- Every plan that can be parallel, is.
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;

EXPLAIN (COSTS OFF) SELECT assay.roc_auc(y, p) FROM many;

-- The same of every aggregate: partial in the workers, finalized above them.
CREATE FUNCTION plan_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line text;
    plan text = '';
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || statement LOOP
        plan = plan || line || ' ';
    END LOOP;
    RETURN plan;
END $$;
SELECT metric, plan_of(format('SELECT assay.%I(%s) FROM many', metric, arguments)) ~ 'Finalize Aggregate.*Gather.*Partial Aggregate.*Parallel Seq Scan' AS parallel
FROM (VALUES ('roc_auc', 'y, p'), ('average_precision', 'y, p'), ('log_loss', 'y, p'), ('brier_score', 'y, p'), ('accuracy', 'y, p > 0.5'),
             ('precision', 'y, p > 0.5'), ('recall', 'y, p > 0.5'), ('f1', 'y, p > 0.5'), ('mcc', 'y, p > 0.5'), ('rmse', 'amount, guess'),
             ('mae', 'amount, guess'), ('mape', 'amount, guess'), ('mse', 'amount, guess'), ('r2', 'amount, guess'),
             ('median_absolute_error', 'amount, guess'), ('metric_state', '''f1'', y, p > 0.5')) AS m(metric, arguments);

-- The answers agree to 12 digits.
CREATE TABLE parallel_answer AS
SELECT assay.roc_auc(y, p) AS roc_auc, assay.average_precision(y, p) AS average_precision, assay.log_loss(y, p) AS log_loss,
       assay.brier_score(y, p) AS brier_score, assay.accuracy(y, p > 0.5) AS accuracy, assay.precision(y, p > 0.5) AS "precision",
       assay.recall(y, p > 0.5) AS recall, assay.f1(y, p > 0.5) AS f1, assay.mcc(y, p > 0.5) AS mcc, assay.rmse(amount, guess) AS rmse,
       assay.mae(amount, guess) AS mae, assay.mape(amount, guess) AS mape, assay.mse(amount, guess) AS mse, assay.r2(amount, guess) AS r2,
       assay.median_absolute_error(amount, guess) AS median_absolute_error
FROM many;
SELECT s.key AS metric, round(s.value::numeric, 4) AS value, abs(s.value::float8 - p.value::float8) <= 1e-12 * abs(s.value::float8) AS equal
FROM serial_answer, jsonb_each_text(to_jsonb(serial_answer)) AS s, parallel_answer, jsonb_each_text(to_jsonb(parallel_answer)) AS p
WHERE s.key = p.key ORDER BY 1;

-- Workers that group by a label, and a state merged from workers' states.
SELECT plan_of('SELECT c, assay.roc_auc(y, p) FROM many GROUP BY c') ~ 'Finalize.*Partial' AS parallel;
SELECT c, round(assay.roc_auc(y, p)::numeric, 6) AS roc_auc FROM many GROUP BY c ORDER BY c;
SET max_parallel_workers_per_gather = 0;
SELECT c, round(assay.roc_auc(y, p)::numeric, 6) AS roc_auc FROM many GROUP BY c ORDER BY c;
SET max_parallel_workers_per_gather = 2;

-- Scoring in workers: the plan, and the same scores.
EXPLAIN (COSTS OFF) SELECT sum(assay.predict('serial', m)) FROM many AS m;
EXPLAIN (COSTS OFF) SELECT id FROM many WHERE assay.predict('serial', a, b, c) > 0.9;
SELECT plan_of($$SELECT count(*) FILTER (WHERE assay.predict_label('serial', m) = 'true'), count(assay.predict_proba('serial', m)) FROM many AS m$$)
       ~ 'Finalize.*Gather.*Partial' AS parallel;
CREATE TABLE parallel_score AS SELECT id, assay.predict('serial', m) AS score, assay.predict_label('serial', m) AS label FROM many AS m;
SELECT count(*) AS rows, count(*) FILTER (WHERE s.score = p.score AND s.label = p.label) AS equal FROM serial_score AS s JOIN parallel_score AS p USING (id);
SELECT count(*) FROM many AS m JOIN serial_score AS s USING (id) WHERE assay.predict('serial', m) = s.score;
-- A model that this transaction has trained is seen by its workers.
BEGIN;
SELECT version FROM assay.train('fresh', 'many', 'amount', 'linear_regression', exclude => '{id,p,y,guess}');
SELECT count(*) FROM many AS m WHERE assay.predict('fresh', m) IS NOT NULL;
ROLLBACK;
-- An error in a worker reaches the user as it is.
\set VERBOSITY terse
SELECT count(*) FROM many AS m WHERE assay.predict('serial', a, b) > 0.5;
SELECT count(*) FROM many AS m WHERE assay.predict('nobody', a, b) > 0.5;
\set VERBOSITY default

-- Training reads its rows through a parallel plan: with a leader that takes none, each comes from a worker.
CREATE FUNCTION pid() RETURNS int LANGUAGE sql PARALLEL SAFE AS 'SELECT pg_backend_pid()';
SET parallel_leader_participation = off;
SELECT features FROM assay.train('read', format('SELECT a, y, pid() <> %s AS from_worker FROM many', pg_backend_pid()), 'y', 'naive_bayes');
RESET parallel_leader_participation;
SELECT assay.drop_model('read');
DROP FUNCTION pid;

-- Training gives the same model whatever the plan and the number of threads.
-- With weights and without, by every algorithm.
CREATE PROCEDURE train_all() LANGUAGE plpgsql AS $$
BEGIN
    PERFORM assay.train(algorithm || coalesce(' by ' || weight, ''), 'many', target, algorithm, exclude => '{id,p,guess,y,amount}', seed => 7,
                        deploy => 'never', weight => weight,
                        params => CASE algorithm WHEN 'gradient_boosting' THEN '{"n_estimators": 20, "subsample": 0.7, "subsample_freq": 1, "colsample_bytree": 0.7}'
                                  WHEN 'random_forest' THEN '{"n_estimators": 8, "max_depth": 8}' ELSE '{}' END::jsonb)
    FROM (VALUES ('linear_regression', 'amount'), ('ridge', 'amount'), ('lasso', 'amount'), ('elastic_net', 'amount'),
                 ('logistic_regression', 'y'), ('naive_bayes', 'y'), ('decision_tree', 'y'), ('random_forest', 'amount'),
                 ('gradient_boosting', 'y'), ('gradient_boosting', 'amount')) AS a(algorithm, target),
         (VALUES (NULL), ('guess')) AS w(weight);
END $$;
-- Column a nearly makes up the amount, which each training says.
SET client_min_messages = warning;
CALL train_all();
SET max_parallel_workers_per_gather = 0;
CALL train_all();
SET assay.threads = 1;
CALL train_all();
SET assay.threads = 2;
CALL train_all();
-- Not from the order of the rows either.
CREATE TABLE shuffled AS SELECT * FROM many ORDER BY md5(id::text);
ALTER TABLE many RENAME TO ordered;
ALTER TABLE shuffled RENAME TO many;
CALL train_all();
RESET client_min_messages;
ALTER TABLE many RENAME TO shuffled;
SELECT model, count(*) AS versions, count(DISTINCT hash) AS models FROM assay.model_versions WHERE model <> 'serial' GROUP BY model ORDER BY model;

SELECT assay.drop_model(model) FROM assay.models;
DROP TABLE ordered, shuffled, serial_answer, parallel_answer, serial_score, parallel_score;
DROP FUNCTION plan_of;
DROP PROCEDURE train_all;

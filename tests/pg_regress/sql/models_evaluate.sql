-- evaluate and its kin: what a model is worth on rows, checked against the metric aggregates over its predictions.

CREATE TABLE customer AS SELECT * FROM german_credit WHERE customer_id % 4 = 0;
SELECT version FROM assay.train('risk', 'SELECT * FROM german_credit WHERE customer_id % 4 > 0', 'is_risky', 'logistic_regression',
                                exclude => '{customer_id}', split => 'none');
CREATE TABLE scored AS SELECT is_risky AS actual, assay.predict('risk', c) AS p, assay.predict_label('risk', c) AS label FROM customer AS c;

-- Two classes: the same numbers as the aggregates give.
SELECT metric, round(value::numeric, 4) AS value FROM assay.evaluate('risk', 'customer');
WITH aggregates AS (
    SELECT jsonb_build_object('roc_auc', assay.roc_auc(actual, p), 'average_precision', assay.average_precision(actual, p), 'log_loss', assay.log_loss(actual, p),
                              'brier_score', assay.brier_score(actual, p), 'accuracy', assay.accuracy(actual::text, label),
                              'precision', assay.precision(actual::text, label), 'recall', assay.recall(actual::text, label),
                              'f1', assay.f1(actual::text, label), 'mcc', assay.mcc(actual::text, label)) AS j
    FROM scored)
SELECT metric, abs(e.value - (j->>metric)::float8) <= 1e-12 AS equal
FROM assay.evaluate('risk', 'customer') AS e, aggregates WHERE j ? metric ORDER BY metric;
-- A threshold moves the labels only; so does the model's own.
SELECT metric, round(value::numeric, 4) AS value FROM assay.evaluate('risk', 'customer', 0.2)
EXCEPT
SELECT metric, round(value::numeric, 4) AS value FROM assay.evaluate('risk', 'customer')
ORDER BY metric;
SELECT assay.set_threshold('risk', 0.2);
SELECT * FROM assay.evaluate('risk', 'customer') EXCEPT SELECT * FROM assay.evaluate('risk', 'customer', 0.2);
SELECT assay.set_threshold('risk', 0.5);
-- The held-out metrics of training are those of evaluate on the same rows.
SELECT count(*) AS metrics, bool_and(abs((metrics->>metric)::float8 - value) <= 1e-12) AS equal
FROM assay.train('split', 'SELECT *, customer_id % 4 = 0 AS is_test FROM german_credit', 'is_risky', 'logistic_regression', exclude => '{customer_id}', split => 'is_test'),
     assay.evaluate('risk', 'customer') WHERE metrics ? metric;

-- The confusion matrix counts each row once.
SELECT * FROM assay.confusion_matrix('risk', 'customer');
SELECT c.actual, c.predicted, c.rows, (SELECT count(*) FROM scored AS s WHERE s.actual::text = c.actual AND s.label = c.predicted) AS counted
FROM assay.confusion_matrix('risk', 'customer') AS c;
SELECT sum(rows) AS rows, sum(rows) FILTER (WHERE predicted = 'true') AS called_risky FROM assay.confusion_matrix('risk', 'customer', 0);
SELECT sum(rows) AS rows, sum(rows) FILTER (WHERE predicted = 'true') AS called_risky FROM assay.confusion_matrix('risk', 'customer', 1);

-- The curves, on four rows whose scores are known in order.
SELECT version FROM assay.train('tiny', 'SELECT x, y FROM (VALUES (1, false), (2, false), (3, true), (4, false), (5, true), (6, true)) AS v(x, y)', 'y', 'logistic_regression');
\set four 'SELECT x, y FROM (VALUES (1, false), (2, true), (3, false), (4, true)) AS v(x, y)'
SELECT round(threshold::numeric, 3) AS threshold, recall, false_positive_rate, true_positives AS tp, false_positives AS fp, true_negatives AS tn, false_negatives AS fn
FROM (SELECT nullif(threshold, 'infinity') AS threshold, recall, false_positive_rate, true_positives, false_positives, true_negatives, false_negatives
      FROM assay.roc_curve('tiny', :'four')) AS r;
SELECT round(threshold::numeric, 3) AS threshold, round(precision::numeric, 3) AS precision, recall, true_positives AS tp, false_positives AS fp, true_negatives AS tn, false_negatives AS fn
FROM assay.precision_recall_curve('tiny', :'four');
-- Thinned to some points, or every one.
SELECT count(*) AS points, min(recall), max(recall) FROM assay.roc_curve('risk', 'customer');
SELECT count(*) AS points, min(recall), max(recall) FROM assay.roc_curve('risk', 'customer', 5);
SELECT (SELECT count(*) FROM assay.roc_curve('risk', 'customer', NULL)) AS points, (SELECT count(DISTINCT p) + 1 FROM scored) AS scores;
SELECT (SELECT count(*) FROM assay.precision_recall_curve('risk', 'customer', NULL)) AS points, (SELECT count(DISTINCT p) FROM scored) AS scores;
-- The area under the points of the curve is roc_auc.
WITH step AS (
    SELECT (false_positive_rate - lag(false_positive_rate) OVER w) * (recall + lag(recall) OVER w) / 2 AS area
    FROM assay.roc_curve('risk', 'customer', NULL) WINDOW w AS (ORDER BY threshold DESC))
SELECT abs(sum(area) - (SELECT assay.roc_auc(actual, p) FROM scored)) < 1e-12 AS equal FROM step;

-- Rows without a label are told, not judged; so are levels that training has not seen.
CREATE VIEW half_labelled AS
SELECT customer_id, checking_status, duration_months, credit_history, CASE WHEN customer_id % 8 = 0 THEN 'space travel' ELSE purpose END AS purpose, credit_amount,
       savings, employment, installment_rate, personal_status, other_debtors, residence_since, property, age, other_installment_plans, housing, existing_credits,
       job, dependents, telephone, foreign_worker, CASE WHEN customer_id > 500 THEN is_risky END AS is_risky
FROM customer;
SELECT metric, value FROM assay.evaluate('risk', 'half_labelled') WHERE metric IN ('rows', 'unlabelled_rows', 'unseen_levels');
-- No rows: nothing but the counts.
SELECT * FROM assay.evaluate('risk', 'SELECT * FROM customer WHERE false');
SELECT * FROM assay.roc_curve('risk', 'SELECT * FROM customer WHERE false');
SELECT sum(rows) AS rows FROM assay.confusion_matrix('risk', 'SELECT * FROM customer WHERE false');
-- One class only: no ranking to judge.
SELECT metric FROM assay.evaluate('risk', 'SELECT * FROM customer WHERE is_risky') WHERE metric IN ('roc_auc', 'average_precision', 'log_loss', 'recall');

-- More classes.
SELECT version FROM assay.train('region', 'SELECT size, garden, rooms, region FROM house', 'region', 'naive_bayes');
SELECT metric, round(value::numeric, 4) AS value FROM assay.evaluate('region', 'house');
SELECT actual, sum(rows) AS rows, (SELECT count(*) FROM house WHERE region = actual) AS counted FROM assay.confusion_matrix('region', 'house') GROUP BY actual ORDER BY actual;
SELECT round(assay.accuracy(region, assay.predict_label('region', h))::numeric, 4) AS accuracy, round(assay.f1(region, assay.predict_label('region', h))::numeric, 4) AS f1 FROM house AS h;
CALL fails($$SELECT assay.roc_curve('region', 'house')$$);
CALL fails($$SELECT assay.precision_recall_curve('region', 'house')$$);

-- Integers and enums as labels.
SELECT version FROM assay.train('rooms', 'SELECT size, garden, rooms FROM house', 'rooms', 'naive_bayes');
SELECT assay.labels('rooms');
SELECT value AS rows FROM assay.evaluate('rooms', 'house') WHERE metric = 'rows';
SELECT version FROM assay.train('trend', 'SELECT size, garden, trend FROM house', 'trend', 'naive_bayes');
SELECT assay.labels('trend');
SELECT actual, predicted FROM assay.confusion_matrix('trend', 'house');

-- Regression.
SELECT version FROM assay.train('price', 'SELECT garden, rooms, price FROM house', 'price', 'linear_regression');
SELECT metric, round(value::numeric, 4) AS value FROM assay.evaluate('price', 'house');
WITH aggregates AS (
    SELECT jsonb_build_object('rmse', assay.rmse(price, p), 'mae', assay.mae(price, p), 'mape', assay.mape(price, p), 'mse', assay.mse(price, p),
                              'r2', assay.r2(price, p), 'median_absolute_error', assay.median_absolute_error(price, p)) AS j
    FROM (SELECT price, assay.predict('price', h) AS p FROM house AS h) AS s)
SELECT metric, abs(e.value - (j->>metric)::float8) <= 1e-12 * abs(e.value) AS equal
FROM assay.evaluate('price', 'house') AS e, aggregates WHERE j ? metric ORDER BY metric;
SELECT value AS unlabelled FROM assay.evaluate('price', 'SELECT garden, rooms, CASE id WHEN 1 THEN NULL WHEN 2 THEN ''NaN'' ELSE price END AS price FROM house')
WHERE metric = 'unlabelled_rows';
CALL fails($$SELECT assay.confusion_matrix('price', 'house')$$);
CALL fails($$SELECT assay.roc_curve('price', 'house')$$);
CALL fails($$SELECT assay.evaluate('price', 'SELECT garden, rooms, region AS price FROM house')$$);

-- What cannot be judged.
CALL fails($$SELECT assay.evaluate('risk', 'SELECT age FROM customer')$$);
CALL fails($$SELECT assay.evaluate('tiny', 'SELECT true AS y')$$);
CALL fails($$SELECT assay.evaluate('tiny', 'SELECT ''a''::text AS x, true AS y')$$);
CALL fails($$SELECT assay.evaluate('region', 'SELECT *, ''moon'' AS region FROM (SELECT size, garden, rooms FROM house) AS h')$$);
CALL fails($$SELECT assay.evaluate('rooms', 'SELECT size, garden, 9 AS rooms FROM house')$$);
CALL fails($$SELECT assay.evaluate('risk', 'customer', 1.5)$$);
CALL fails($$SELECT assay.confusion_matrix('risk', 'customer', 'NaN')$$);
CALL fails($$SELECT assay.roc_curve('risk', 'customer', 1)$$);
CALL fails($$SELECT assay.evaluate('nobody', 'customer')$$);
CALL fails($$SELECT assay.evaluate('risk@7', 'customer')$$);
CALL fails($$SELECT assay.evaluate(NULL, 'customer')$$);
CALL fails($$SELECT assay.evaluate('risk', NULL)$$);
CALL fails($$SELECT assay.evaluate('risk', 'DELETE FROM customer RETURNING *')$$);
-- Judging writes nothing.
BEGIN READ ONLY;
SELECT count(*) AS metrics FROM assay.evaluate('risk', 'customer');
SELECT count(*) AS cells FROM assay.confusion_matrix('risk', 'customer');
COMMIT;

SELECT assay.drop_model(model) FROM assay.models;
DROP TABLE customer, scored CASCADE;

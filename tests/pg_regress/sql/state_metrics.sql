-- The metric aggregates on rows that can be worked out by hand.

-- Labels and scores: of the 4 pairs of a positive and a negative row 3 are in order, so roc_auc is 3/4; the positives come first and third,
-- so average_precision is (1/1 + 2/3) / 2.
CREATE TABLE ranked AS SELECT * FROM (VALUES (true, 0.9), (false, 0.6), (true, 0.4), (false, 0.1)) AS v(y, p);
SELECT assay.roc_auc(y, p), round(assay.average_precision(y, p)::numeric, 4) AS average_precision FROM ranked;
-- Ties count half.
SELECT assay.roc_auc(y, 1) AS all_equal, assay.roc_auc(y, (p > 0.5)::int) AS two_scores, assay.roc_auc(y, -p) AS upside_down FROM ranked;
-- The mean of the squares of 0.1, 0.6, 0.6, 0.1; the mean of -ln of 0.9, 0.4, 0.4, 0.9.
SELECT round(assay.brier_score(y, p)::numeric, 4) AS brier_score, round(assay.log_loss(y, p)::numeric, 4) AS log_loss,
       round((-ln(0.9) - ln(0.4) - ln(0.4) - ln(0.9)) / 4, 4) AS by_hand FROM ranked;
-- A certain and wrong probability costs what a double can hold, not infinity.
SELECT round(assay.log_loss(y, p)::numeric, 4) AS log_loss, assay.brier_score(y, p) FROM (VALUES (true, 0), (false, 0)) AS v(y, p);

-- Labels and predicted labels: 3 of 5 right; 2 called positive, 1 of them rightly; 2 positive, 1 of them found.
CREATE TABLE called AS SELECT * FROM (VALUES (true, true), (true, false), (false, true), (false, false), (false, false)) AS v(actual, predicted);
SELECT assay.accuracy(actual, predicted), assay.precision(actual, predicted), assay.recall(actual, predicted), assay.f1(actual, predicted),
       round(assay.mcc(actual, predicted)::numeric, 4) AS mcc, round((1 * 2 - 1 * 1) / sqrt(2.0 * 2 * 3 * 3), 4) AS mcc_by_hand FROM called;
-- Nothing called positive.
SELECT assay.precision(actual, false), assay.recall(actual, false), assay.f1(actual, false), assay.mcc(actual, false) FROM called;
-- Three labels: the mean over the labels. a: precision 1/2, recall 1; b: 1, 1/2; c: 1, 1.
CREATE TABLE letters AS SELECT * FROM (VALUES ('a', 'a'), ('b', 'a'), ('b', 'b'), ('c', 'c')) AS v(actual, predicted);
SELECT assay.accuracy(actual, predicted), round(assay.precision(actual, predicted)::numeric, 4) AS precision, round(assay.recall(actual, predicted)::numeric, 4) AS recall,
       round(assay.f1(actual, predicted)::numeric, 4) AS f1, round((2.0 / 3 + 2.0 / 3 + 1) / 3, 4) AS f1_by_hand,
       round(assay.mcc(actual, predicted)::numeric, 4) AS mcc, round(((3 * 4 - (1 * 2 + 2 * 1 + 1 * 1)) / sqrt((16 - 6.0) * (16 - 6.0)))::numeric, 4) AS mcc_by_hand FROM letters;

-- Numbers: errors 1, -2, 0, 3.
CREATE TABLE guessed AS SELECT * FROM (VALUES (2, 3), (4, 2), (5, 5), (9, 12)) AS v(actual, guess);
SELECT assay.mse(actual, guess), round(assay.rmse(actual, guess)::numeric, 4) AS rmse, assay.mae(actual, guess), round(assay.mape(actual, guess)::numeric, 4) AS mape,
       round((1.0 / 2 + 2.0 / 4 + 0 + 3.0 / 9) / 4, 4) AS mape_by_hand, assay.median_absolute_error(actual, guess),
       round(assay.r2(actual, guess)::numeric, 4) AS r2, round(1 - 14 / 26.0, 4) AS r2_by_hand FROM guessed;
-- Values that never vary; a single row.
SELECT assay.r2(5, guess) AS constant, assay.r2(5, 5) AS constant_and_exact FROM guessed;
SELECT assay.r2(2, 3) AS one_row, assay.rmse(2, 3), assay.median_absolute_error(2, 3);

-- The labels may be of any type; the second in order is positive, in whatever order the rows come.
SELECT assay.roc_auc(y, p) AS boolean, assay.roc_auc(y::int, p) AS integer, assay.roc_auc(y::text, p) AS text, assay.roc_auc(y::text::varchar, p) AS varchar,
       assay.roc_auc(y::int::numeric, p) AS numeric, assay.roc_auc(y::int::float8, p) AS float8,
       assay.roc_auc(CASE WHEN y THEN 'yes' ELSE 'no' END::char(5), p) AS char FROM (SELECT * FROM ranked ORDER BY p) AS r;
-- By the order of the enum, not of its texts: medium, which comes after fast there, is negative here.
SELECT assay.roc_auc(CASE WHEN y THEN 'fast' ELSE 'medium' END::speed, p) AS enum, assay.roc_auc(CASE WHEN y THEN 'fast' ELSE 'medium' END, p) AS text FROM ranked;
SELECT assay.precision(CASE WHEN actual THEN 'fast' ELSE 'medium' END::speed, CASE WHEN predicted THEN 'fast' ELSE 'medium' END::speed) AS enum,
       assay.precision(actual::int, predicted::int) AS integer FROM called;
SELECT assay.mae(actual::numeric, guess::float4) AS mixed, assay.mae(actual::int2, guess::int8) AS integers FROM guessed;

-- Rows with a NULL in either are skipped; NULL without rows; NULL where one class is missing.
SELECT assay.roc_auc(y, p), assay.accuracy(y, y), assay.mae(p, p)
FROM (TABLE ranked UNION ALL VALUES (NULL, 0.3), (true, NULL), (NULL, NULL)) AS r;
SELECT assay.roc_auc(y, p), assay.average_precision(y, p), assay.log_loss(y, p), assay.brier_score(y, p), assay.accuracy(y, y), assay.precision(y, y), assay.recall(y, y),
       assay.f1(y, y), assay.mcc(y, y), assay.rmse(p, p), assay.mae(p, p), assay.mape(p, p), assay.mse(p, p), assay.r2(p, p), assay.median_absolute_error(p, p),
       assay.metric_state('f1', y, y) FROM ranked WHERE false;
SELECT assay.roc_auc(NULL::bool, p), assay.mae(NULL::int, p) FROM ranked;
SELECT assay.roc_auc(y, p), assay.average_precision(y, p) FROM ranked WHERE y;

-- FILTER, GROUP BY, DISTINCT, ORDER BY, and windows, whose frames ask for the answer again and again.
SELECT y, assay.mae(1, p) FROM ranked GROUP BY y ORDER BY y;
SELECT assay.accuracy(actual, predicted) FILTER (WHERE actual) AS of_actual, assay.accuracy(DISTINCT actual, predicted) AS of_distinct,
       assay.accuracy(actual, predicted ORDER BY predicted) AS ordered FROM called;
SELECT actual, guess, assay.mae(actual, guess) OVER (ORDER BY actual) AS so_far, assay.mae(actual, guess) OVER (ORDER BY actual ROWS 1 PRECEDING) AS last_two,
       assay.median_absolute_error(actual, guess) OVER () AS overall FROM guessed;
SELECT actual > 4 AS large, round(assay.rmse(actual, guess)::numeric, 4) AS rmse FROM guessed GROUP BY GROUPING SETS ((actual > 4), ()) ORDER BY 1;

-- Wrong types and wrong values.
CALL fails('SELECT assay.roc_auc(y, y) FROM ranked');
CALL fails('SELECT assay.roc_auc(y, y::text) FROM ranked');
CALL fails('SELECT assay.roc_auc(now(), p) FROM ranked');
CALL fails('SELECT assay.accuracy(p, y) FROM ranked');
CALL fails('SELECT assay.rmse(y, p) FROM ranked');
CALL fails('SELECT assay.rmse(p, ''one'') FROM ranked');
CALL fails('SELECT assay.roc_auc(p, p) FROM ranked');
CALL fails('SELECT assay.roc_auc(actual, 1) FROM letters');
CALL fails('SELECT assay.log_loss(y, p * 2) FROM ranked');
CALL fails('SELECT assay.brier_score(y, -p) FROM ranked');
CALL fails('SELECT assay.accuracy(actual, predicted::text) FROM called');
CALL fails('SELECT assay.roc_auc(y) FROM ranked');
CALL fails('SELECT assay.metric_state(''auc'', y, p) FROM ranked');
-- NaN and the infinities.
SELECT assay.roc_auc(y, p) FROM (VALUES (true, 'infinity'::float8), (false, '-infinity')) AS v(y, p);
CALL fails('SELECT assay.rmse(p, ''NaN''::float8) FROM ranked');
CALL fails('SELECT assay.roc_auc(y, ''NaN''::float8) FROM ranked');
-- A step works inside an aggregate only.
CALL fails('SELECT assay_internal.mae_step(NULL, 1, 2)');
CALL fails('SELECT assay_internal.state_combine(NULL, assay.metric_state(''mae'', 1, 2))');

DROP TABLE ranked, called, letters, guessed;

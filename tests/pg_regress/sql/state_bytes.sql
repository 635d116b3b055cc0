-- assay.state: a pass over rows that can be stored, sent, and merged with that of other rows.

CREATE TABLE day AS
SELECT i % 4 AS day, i AS id, i % 10 < 4 AS y, (i * 37 % 101) / 101.0 AS p, i % 23 AS amount, (i * 7) % 23 AS guess FROM generate_series(1, 1000) AS i;

-- One state a day and metric, made today and merged tomorrow: the whole is what one pass over all rows gives.
CREATE TABLE kept AS
SELECT day, metric, assay.metric_state(metric, y, p) AS state
FROM day, unnest('{roc_auc,average_precision,log_loss,brier_score}'::text[]) AS metric GROUP BY day, metric
UNION ALL
SELECT day, metric, assay.metric_state(metric, y, p > 0.5)
FROM day, unnest('{accuracy,precision,recall,f1,mcc}'::text[]) AS metric GROUP BY day, metric
UNION ALL
SELECT day, metric, assay.metric_state(metric, amount, guess)
FROM day, unnest('{rmse,mae,mape,mse,r2,median_absolute_error}'::text[]) AS metric GROUP BY day, metric;
SELECT count(*) AS states, pg_typeof(state) FROM kept GROUP BY 2;
CREATE TABLE whole AS
SELECT assay.roc_auc(y, p) AS roc_auc, assay.average_precision(y, p) AS average_precision, assay.log_loss(y, p) AS log_loss,
       assay.brier_score(y, p) AS brier_score, assay.accuracy(y, p > 0.5) AS accuracy, assay.precision(y, p > 0.5) AS "precision",
       assay.recall(y, p > 0.5) AS recall, assay.f1(y, p > 0.5) AS f1, assay.mcc(y, p > 0.5) AS mcc, assay.rmse(amount, guess) AS rmse,
       assay.mae(amount, guess) AS mae, assay.mape(amount, guess) AS mape, assay.mse(amount, guess) AS mse, assay.r2(amount, guess) AS r2,
       assay.median_absolute_error(amount, guess) AS median_absolute_error
FROM day;
CREATE TABLE answer AS SELECT key AS metric, value::float8 FROM whole, jsonb_each_text(to_jsonb(whole));
SELECT metric, round(value::numeric, 4) AS value, abs(value - merged) <= 1e-12 * abs(value) AS merged, abs(value - one_by_one) <= 1e-12 * abs(value) AS one_by_one
FROM answer, LATERAL (SELECT assay.metric_of(assay.merge_states(state)) AS merged FROM kept WHERE kept.metric = answer.metric) AS m,
     LATERAL (SELECT assay.metric_of(assay.merge_states(assay.merge_states(a.state, b.state), assay.merge_states(c.state, d.state))) AS one_by_one
              FROM kept AS a, kept AS b, kept AS c, kept AS d
              WHERE (a.metric, b.metric, c.metric, d.metric) = (answer.metric, answer.metric, answer.metric, answer.metric)
                AND (a.day, b.day, c.day, d.day) = (0, 1, 2, 3)) AS o
ORDER BY metric;
-- A stored state is not changed by merging it.
SELECT count(*) AS metrics, bool_and(before = after) AS unchanged
FROM (SELECT metric, assay.metric_of(state) AS before, (SELECT assay.metric_of(k.state) FROM kept AS k WHERE k.metric = kept.metric AND k.day = 0) AS after
      FROM kept WHERE day = 0) AS s;
-- NULLs: the other; none.
SELECT assay.metric_of(assay.merge_states(state, NULL)) = assay.metric_of(state) AS left_only, assay.metric_of(assay.merge_states(NULL, state)) = assay.metric_of(state) AS right_only,
       assay.merge_states(NULL, NULL) IS NULL AS neither, assay.metric_of(NULL) IS NULL AS nothing FROM kept WHERE metric = 'mae' AND day = 0;
SELECT assay.merge_states(state) IS NULL AS of_no_rows FROM kept WHERE false;
SELECT assay.metric_of(assay.merge_states(CASE day WHEN 0 THEN state END)) = sum(assay.metric_of(state)) FILTER (WHERE day = 0) AS nulls_skipped
FROM kept WHERE metric = 'log_loss';
-- As a window function, a running merge; and grouped.
SELECT day, round(assay.metric_of(assay.merge_states(state) OVER (ORDER BY day))::numeric, 4) AS until,
       round((SELECT assay.mae(amount, guess) FROM day AS d WHERE d.day <= kept.day)::numeric, 4) AS of_rows FROM kept WHERE metric = 'mae' ORDER BY day;

-- Text and binary forms come back as they went.
SELECT left(assay.metric_state('mae', 2, 3)::text, 10) AS begins, assay.metric_of(assay.metric_state('mae', 2, 3)::text::assay.state) AS mae;
SELECT count(*) AS states, bool_and(state::text::assay.state::text = state::text) AS by_text FROM kept;
SELECT bool_and(assay_internal.state_send(state)::text = state::text) AS same_bytes FROM kept;
CREATE TABLE copied (LIKE kept);
\getenv folder ASSAY_DATA
\set file :folder '/kept.copy'
COPY kept TO :'file' WITH (FORMAT binary);
COPY copied FROM :'file' WITH (FORMAT binary);
SELECT count(*) AS states, bool_and(c.state::text = k.state::text) AS by_copy FROM kept AS k JOIN copied AS c USING (day, metric);
-- Also when they are too big for a row: kept out of line, compressed or not.
CREATE TABLE big AS SELECT assay.metric_state('roc_auc', i % 3 = 0, sin(i)) AS state, assay.roc_auc(i % 3 = 0, sin(i)) AS value FROM generate_series(1, 20000) AS i;
SELECT pg_column_size(state) > 8000 AS big, assay.metric_of(state) = value AS equal, assay.metric_of(assay.merge_states(state, state)) = value AS twice_the_same FROM big;

-- States of different metrics do not merge.
CALL fails($$SELECT assay.merge_states(a.state, b.state) FROM kept AS a, kept AS b WHERE a.metric = 'mae' AND b.metric = 'rmse' AND (a.day, b.day) = (0, 1)$$);
CALL fails($$SELECT assay.merge_states(a.state, b.state) FROM kept AS a, kept AS b WHERE a.metric = 'f1' AND b.metric = 'recall' AND (a.day, b.day) = (0, 1)$$);
CALL fails($$SELECT assay.merge_states(state) FROM kept WHERE metric IN ('roc_auc', 'f1')$$);
-- Nor do those of labels of different types.
CALL fails($$SELECT assay.merge_states(assay.metric_state('f1', true, true), assay.metric_state('f1', 1, 1))$$);

-- Damaged bytes are refused, whatever is wrong with them.
CALL fails($$SELECT ''::assay.state$$);
CALL fails($$SELECT 'hello'::assay.state$$);
CALL fails($$SELECT '\x'::assay.state$$);
CALL fails($$SELECT '\x1'::assay.state$$);
CALL fails($$SELECT '\xzz'::assay.state$$);
CALL fails($$SELECT '\xff00ff00'::assay.state$$);
CALL fails($$SELECT (assay.metric_state('mae', 2, 3)::text || '00')::assay.state$$);
-- Every state cut off anywhere, and every state with any one byte changed.
CREATE FUNCTION verdict(bytes text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM assay.metric_of(bytes::assay.state), assay.merge_states(bytes::assay.state, bytes::assay.state);
    RETURN 'sound';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END $$;
CREATE TABLE small AS SELECT metric, state::text AS bytes FROM (
    SELECT metric, assay.metric_state(metric, y, p) AS state FROM (SELECT * FROM day WHERE id <= 7) AS d, unnest('{roc_auc,log_loss,brier_score}'::text[]) AS metric GROUP BY metric
    UNION ALL
    SELECT metric, assay.metric_state(metric, y::text, (p > 0.5)::text) FROM (SELECT * FROM day WHERE id <= 7) AS d, unnest('{f1,mcc}'::text[]) AS metric GROUP BY metric
    UNION ALL
    SELECT metric, assay.metric_state(metric, amount, guess) FROM (SELECT * FROM day WHERE id <= 7) AS d, unnest('{r2,median_absolute_error}'::text[]) AS metric GROUP BY metric) AS s;
SELECT verdict(left(bytes, at)) AS cut_off, count(*) > 0 AS found FROM small, generate_series(2, length(bytes) - 2, 2) AS at GROUP BY 1;
SELECT DISTINCT verdict(overlay(bytes PLACING x FROM at FOR 2)) AS changed FROM small, generate_series(3, length(bytes) - 1, 2) AS at, unnest('{00,01,7f,80,ff}'::text[]) AS x
WHERE substr(bytes, at, 2) <> x ORDER BY 1;
-- Binary input is no other door.
\set file :folder '/damaged.copy'
COPY (SELECT 0 AS day, 'mae' AS metric, 'hello'::bytea AS state) TO :'file' WITH (FORMAT binary);
\set VERBOSITY terse
COPY copied FROM :'file' WITH (FORMAT binary);
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY default

DROP TABLE day, kept, whole, answer, copied, big, small;
DROP FUNCTION verdict;
-- Each state answers what it was made for.
CALL fails($$SELECT assay.metric_of(assay.profile_state('SELECT 1 AS x'))$$);
CALL fails($$SELECT assay.metric_of(assay.linear_statistics(1, 2))$$);
CALL fails($$SELECT * FROM assay.profile_of((SELECT assay.metric_state('mae', 1, 2)))$$);
-- Casts from bytes and to them, for clients that do not know the type.
CREATE TABLE carried AS SELECT assay.metric_state('mae', i, i + 2)::bytea AS bytes FROM generate_series(1, 10) AS i;
SELECT assay.metric_of(bytes::assay.state), assay.metric_of(assay.merge_states(bytes::assay.state, NULL)) AS merged, bytes::assay.state::bytea = bytes AS same FROM carried;
CREATE TABLE assigned (state assay.state);
INSERT INTO assigned SELECT bytes FROM carried;
SELECT assay.metric_of(state) FROM assigned;
CALL fails($$SELECT substr(bytes, 2)::assay.state FROM carried$$);
CALL fails($$SELECT ''::bytea::assay.state$$);
SELECT NULL::bytea::assay.state IS NULL AS no_bytes;
DROP TABLE carried, assigned;

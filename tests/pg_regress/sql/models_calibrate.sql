-- train(calibrate): probabilities that come true as often as they say, learned on scores of rows by models that did not learn from them.
CREATE TABLE lead AS
SELECT i AS id, x, x + 0.001 * (i % 7) AS x2, x + 0.002 * (i % 5) AS x3, x - 0.001 * (i % 3) AS x4, 's' || i % 4 AS source,
       i * 6700417 % 100003 / 100003.0 < 1 / (1 + exp(-2 * x)) AS buys,
       CASE WHEN i * 6700417 % 100003 / 100003.0 < 1 / (1 + exp(-2 * x)) THEN 'now' WHEN i * 31337 % 101 / 101.0 < 0.5 + x / 4 THEN 'later' ELSE 'never' END AS answer,
       i % 3 = 0 AS is_test
FROM (SELECT i, 3 * (i * 7919 % 10007 / 10007.0) - 1.5 AS x FROM generate_series(1::bigint, 6000) AS i) AS rows;
SET client_min_messages = warning;
-- Log loss, and by how far the probabilities are off on average in ten bins.
CREATE FUNCTION ece(name text, truth text DEFAULT 'buys') RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE result float8;
BEGIN
    EXECUTE format('SELECT sum(abs(said - was) * n) / sum(n) FROM (SELECT avg(p) AS said, avg((%s)::int) AS was, count(*) AS n
        FROM (SELECT assay.predict(%L, l) AS p, l.* FROM lead AS l WHERE is_test) AS s GROUP BY width_bucket(p, 0, 1, 10)) AS bins', truth, name) INTO result;
    RETURN result;
END $$;
CREATE FUNCTION fit(name text, target text, algorithm text, params jsonb DEFAULT '{}', calibrate text DEFAULT NULL, weight text DEFAULT NULL) RETURNS jsonb LANGUAGE sql AS $$
    SELECT metrics FROM assay.train(name, 'SELECT x, x2, x3, x4, source, is_test, 1 + id % 2 AS w, ' || target || ' FROM lead', target, algorithm, params, exclude => CASE WHEN weight IS NULL THEN '{w}' ELSE '{}' END::text[],
        split => 'is_test', weight => weight, calibrate => calibrate)
$$;
CREATE TEMPORARY TABLE fitted AS
SELECT algorithm, method, fit(algorithm || coalesce(' ' || method, ''), 'buys', algorithm, params, method) AS metrics
FROM (VALUES ('naive_bayes', '{}'::jsonb), ('gradient_boosting', '{"learning_rate": 0.3, "min_child_samples": 5}'), ('random_forest', '{"n_estimators": 20}'),
             ('decision_tree', '{}'), ('logistic_regression', '{}')) AS a (algorithm, params), (VALUES (NULL), ('isotonic'), ('sigmoid')) AS m (method);
-- What is far off becomes better in both; what was right stays about right.
SELECT a.algorithm, b.method, was > 0.05 AS was_off, CASE WHEN was > 0.05 THEN loss < loss_before - 0.01 ELSE abs(loss - loss_before) < 0.02 END AS loss,
       CASE WHEN was > 0.05 THEN "is" < was - 0.01 ELSE abs("is" - was) < 0.02 END AS probabilities, "is" < 0.05 AS good,
       abs((b.metrics->>'roc_auc')::float8 - (a.metrics->>'roc_auc')::float8) < 0.02 AS same_ranking
FROM fitted AS a JOIN fitted AS b USING (algorithm), ece(a.algorithm) AS was, ece(b.algorithm || ' ' || b.method) AS "is",
     LATERAL (SELECT (a.metrics->>'log_loss')::float8 AS loss_before, (b.metrics->>'log_loss')::float8 AS loss) AS losses
WHERE a.method IS NULL AND b.method IS NOT NULL ORDER BY a.algorithm COLLATE "C", b.method COLLATE "C";
-- What the version's metrics are of, evaluate gives.
SELECT method, round((metrics->>'log_loss')::numeric, 6) = (SELECT round(value::numeric, 6) FROM assay.evaluate('naive_bayes' || coalesce(' ' || method, ''), 'SELECT * FROM lead WHERE is_test') WHERE metric = 'log_loss') AS same
FROM fitted WHERE algorithm = 'naive_bayes' ORDER BY method COLLATE "C";
-- It never falls as the score rises, and every way to ask gives the same.
SELECT name, count(*) FILTER (WHERE calibrated < before - 1e-12) AS falls, count(*) FILTER (WHERE abs(sum - 1) > 1e-9) AS not_1, count(*) FILTER (WHERE other OR label <> (calibrated >= 0.5)::text) AS others
FROM (SELECT name, calibrated, lag(calibrated) OVER (PARTITION BY name ORDER BY score) AS before, sum, other, label
      FROM unnest('{logistic_regression isotonic,logistic_regression sigmoid,gradient_boosting isotonic,gradient_boosting sigmoid}'::text[]) AS name,
           LATERAL (SELECT assay.predict(split_part(name, ' ', 1), l) AS score, assay.predict(name, l) AS calibrated, assay.predict_label(name, l) AS label,
                           (SELECT sum(p) FROM unnest(assay.predict_proba(name, l)) AS p) AS sum,
                           assay.predict(name, l) IS DISTINCT FROM (assay.predict_proba(name, l))[2]
                           OR assay.predict(name, l) IS DISTINCT FROM assay.predict_row(name, to_jsonb(l) - '{id,buys,answer,is_test}'::text[])
                           OR assay.predict(name, l) IS DISTINCT FROM assay.predict(name, x, x2, x3, x4, source) AS other
                    FROM lead AS l WHERE id < 1000) AS scored) AS rows GROUP BY name ORDER BY name COLLATE "C";
-- Several classes, weights.
SELECT method, round((fit(concat_ws(' ', 'three', method), 'answer', 'naive_bayes', '{}', method)->>'log_loss')::numeric, 2) AS log_loss FROM (VALUES (NULL), ('isotonic'), ('sigmoid')) AS m (method);
SELECT count(*) FILTER (WHERE abs(sum - 1) > 1e-9) AS not_1, count(*) FILTER (WHERE label <> likeliest) AS others FROM (
    SELECT (SELECT sum(p) FROM unnest(all_of) AS p) AS sum, assay.predict_label('three isotonic', l) AS label,
           (SELECT label FROM unnest(assay.labels('three isotonic'), all_of) AS u (label, p) ORDER BY p DESC, label COLLATE "C" LIMIT 1) AS likeliest
    FROM lead AS l, assay.predict_proba('three isotonic', l) AS all_of) AS s;
SELECT (fit('weighted', 'buys', 'naive_bayes', '{}', 'isotonic', 'w')->>'log_loss')::float8 < 0.6 AS good;
SELECT model, params->>'calibrate' AS calibrate FROM assay.model_versions WHERE model ~ 'naive|weighted' ORDER BY model COLLATE "C";
-- The model's own weights stay as they are.
SELECT count(*) AS differ FROM (SELECT * FROM assay.weights('logistic_regression') EXCEPT SELECT * FROM assay.weights('logistic_regression sigmoid')) AS w;
-- The same bytes whatever the number of threads and the order of rows.
SET assay.threads = 1;
SELECT version FROM assay.train('gradient_boosting isotonic', 'SELECT x, x2, x3, x4, source, is_test, buys FROM lead ORDER BY id * 7919 % 10007', 'buys', params => '{"learning_rate": 0.3, "min_child_samples": 5}', split => 'is_test', calibrate => 'isotonic');
RESET assay.threads;
SELECT count(DISTINCT hash) AS models, count(*) AS versions FROM assay.model_versions WHERE model = 'gradient_boosting isotonic';
-- NULL is none; rows that cannot be calibrated, and mistakes.
SELECT count(DISTINCT hash) FROM assay.model_versions WHERE model = 'naive_bayes';
SELECT version FROM assay.train('naive_bayes', 'SELECT x, x2, x3, x4, source, is_test, buys FROM lead', 'buys', 'naive_bayes', split => 'is_test', calibrate => NULL);
SELECT count(DISTINCT hash) FROM assay.model_versions WHERE model = 'naive_bayes';
RESET client_min_messages;
SELECT assay.train('x', 'SELECT x, buys FROM lead', 'buys', calibrate => 'platt');
SELECT assay.train('x', 'SELECT x, x2 FROM lead', 'x2', calibrate => 'isotonic');
SELECT assay.train('x', 'SELECT x, CASE WHEN id <= 4 THEN ''rare'' ELSE answer END AS answer FROM lead', 'answer', split => 'none', calibrate => 'sigmoid');
SELECT assay.train('x', 'SELECT x, id % 2 = 0 AS buys FROM lead WHERE id < 5', 'buys', calibrate => 'sigmoid');
SELECT count(*) FROM assay.models WHERE model = 'x';

-- Objectives of gradient boosting: what each predicts, the metric by which its versions are compared, and targets that it cannot learn.
CREATE TABLE claim AS
SELECT i AS id, i * 7919 % 1000 / 1000.0 AS age, 'r' || i % 5 AS region, i % 4 AS kind,
       (i * 104729 % 1000 / 1000.0 < 0.3)::int * (1 + i % 3) AS count,
       0.1 + exp(i * 7919 % 1000 / 500.0) * (1 + i * 31 % 17 / 17.0) AS amount,
       CASE WHEN i * 13 % 10 < 6 THEN 0 ELSE exp(i * 7919 % 1000 / 700.0) END AS paid,
       (i * 7919 % 1000) / 100.0 + (i * 37 % 101 / 101.0) * (1 + i % 4) AS noisy
FROM generate_series(1, 2000) AS i;
SET client_min_messages = warning;
CREATE FUNCTION fit(name text, target text, params jsonb) RETURNS TABLE (version int, metric text, value numeric, others text) LANGUAGE sql AS $$
    SELECT version, key, round(m.value::numeric, 4), (SELECT string_agg(k, ' ' ORDER BY k COLLATE "C") FROM jsonb_object_keys(t.metrics) AS k)
    FROM assay.train(name, 'SELECT age, region, kind, ' || target || ' FROM claim', target, params => params || '{"n_estimators": 60}', seed => 3) AS t,
         jsonb_each_text(t.metrics) AS m (key, value) WHERE key ~ 'loss|deviance'
$$;
SELECT * FROM fit('q90', 'noisy', '{"objective": "quantile", "alpha": 0.9}');
SELECT * FROM fit('q10', 'noisy', '{"objective": "quantile", "alpha": 0.1}');
SELECT * FROM fit('steady', 'noisy', '{"objective": "huber", "alpha": 0.5}');
SELECT * FROM fit('claims', 'count', '{"objective": "poisson"}');
SELECT * FROM fit('size', 'amount', '{"objective": "gamma"}');
SELECT * FROM fit('cost', 'paid', '{"objective": "tweedie", "tweedie_variance_power": 1.3}');
-- A quantile holds its share of rows; what is predicted through a logarithm is above 0, and right on average, for Tweedie's loss by its own weights.
SELECT round(avg((noisy <= assay.predict('q90', c))::int), 1) AS below_90, round(avg((noisy <= assay.predict('q10', c))::int), 1) AS below_10 FROM claim AS c;
SELECT min(assay.predict('claims', c)) > 0 AS positive, round((avg(assay.predict('claims', c)) / avg(count))::numeric, 1) AS claims,
       round((avg(assay.predict('size', c)) / avg(amount))::numeric, 1) AS size, round((sum(p ^ 0.7) / sum(paid * p ^ -0.3))::numeric, 1) AS cost
FROM claim AS c, assay.predict('cost', c) AS p;
SELECT metric, round(value::numeric, 4) FROM assay.evaluate('q90', 'SELECT * FROM claim') WHERE metric ~ 'loss' ORDER BY metric COLLATE "C";
-- What is worse by its own loss is not deployed, though its squared error may be less.
RESET client_min_messages;
SELECT version FROM assay.train('q90', 'SELECT age, region, kind, noisy FROM claim', 'noisy', params => '{"objective": "quantile", "alpha": 0.9, "n_estimators": 1}', seed => 3);
SELECT deployed_version FROM assay.models WHERE model = 'q90';
-- The same model whatever the number of threads and the plan.
SET client_min_messages = warning;
SET assay.threads = 1;
SELECT version FROM assay.train('one', 'SELECT age, region, kind, noisy FROM claim ORDER BY noisy', 'noisy', params => '{"objective": "quantile", "alpha": 0.9, "n_estimators": 60}', seed => 3);
RESET assay.threads;
SELECT count(DISTINCT hash) AS models FROM assay.model_versions WHERE model = 'one' OR model = 'q90' AND version = 1;
-- Mistakes.
SELECT assay.train('x', 'SELECT age, count - 1 AS count FROM claim', 'count', params => '{"objective": "poisson"}');
SELECT assay.train('x', 'SELECT age, paid FROM claim', 'paid', params => '{"objective": "gamma"}');
SELECT assay.train('x', 'SELECT age, 0 * paid AS paid FROM claim', 'paid', params => '{"objective": "tweedie"}');
SELECT assay.train('x', 'SELECT age, noisy FROM claim', 'noisy', params => '{"objective": "absolute"}');
SELECT assay.train('x', 'SELECT age, noisy FROM claim', 'noisy', params => '{"objective": "quantile", "alpha": 1}');
SELECT assay.train('x', 'SELECT age, noisy FROM claim', 'noisy', params => '{"objective": "quantile", "monotone_constraints": [1]}');
SELECT assay.train('x', 'SELECT age, paid FROM claim', 'paid', params => '{"objective": "tweedie", "tweedie_variance_power": 2}');
SELECT assay.train('x', 'SELECT age, region FROM claim', 'region', params => '{"objective": "quantile"}');

-- Two models on the same rows, and deploying by the evidence.
\set VERBOSITY default
CREATE TABLE loan AS
SELECT i AS loan_id, 1 + i % 300 AS customer, abs(hashint4(i)) % 60 + 18 AS age, abs(hashint4(i * 7)) % 5000 AS amount,
       (ARRAY['rent', 'own', 'free'])[abs(hashint4(i * 11)) % 3 + 1] AS housing,
       abs(hashint4(i)) % 60 + abs(hashint4(i * 7)) % 5000 / 50 + abs(hashint4(i * 13)) % 120 > 150 AS bad,
       abs(hashint4(i)) % 60 * 10.0 + abs(hashint4(i * 7)) % 5000 + abs(hashint4(i * 13)) % 900 AS loss,
       abs(hashint4(i * 17)) % 5 = 0 AS is_test
FROM generate_series(1, 3000) AS i;
SELECT version FROM assay.train('full', 'SELECT age, amount, housing, bad, is_test FROM loan', 'bad', 'logistic_regression', split => 'is_test');
SELECT version FROM assay.train('part', 'SELECT age, bad, is_test FROM loan', 'bad', 'logistic_regression', split => 'is_test');
SELECT version FROM assay.train('line', 'SELECT age, amount, loss, is_test FROM loan', 'loss', 'linear_regression', split => 'is_test');
SELECT version FROM assay.train('flat', 'SELECT age, loss, is_test FROM loan', 'loss', 'linear_regression', split => 'is_test');

-- The main metric; all; some, in their order; each side gets what evaluate says.
CREATE FUNCTION shown(value double precision) RETURNS numeric IMMUTABLE LANGUAGE sql RETURN round(value::numeric, 4);
SELECT metric, shown(a) AS a, shown(b) AS b, shown(difference) AS difference, shown(low) AS low, shown(high) AS high, p_value < 1e-9 AS sure, method, rows
FROM assay.compare_models('full', 'part', 'SELECT * FROM loan WHERE is_test');
SELECT c.metric, shown(c.difference) AS difference, c.low <= difference AND c.difference <= c.high AS inside, p_value <= 1 AS p, method,
       abs(c.a - x.value) < 1e-12 AND abs(c.b - y.value) < 1e-12 AS as_evaluated
FROM assay.compare_models('full', 'part', 'SELECT * FROM loan WHERE is_test', NULL::text) AS c
JOIN assay.evaluate('full', 'SELECT * FROM loan WHERE is_test') AS x ON x.metric = c.metric
JOIN assay.evaluate('part', 'SELECT * FROM loan WHERE is_test') AS y ON y.metric = c.metric;
SELECT c.metric, shown(c.difference) AS difference, c.low <= difference AND c.difference <= c.high AS inside, method,
       abs(c.a - x.value) < 1e-9 AND abs(c.b - y.value) < 1e-9 AS as_evaluated
FROM assay.compare_models('line', 'flat', 'SELECT * FROM loan WHERE is_test', NULL::text[]) AS c
JOIN assay.evaluate('line', 'SELECT * FROM loan WHERE is_test') AS x ON x.metric = c.metric
JOIN assay.evaluate('flat', 'SELECT * FROM loan WHERE is_test') AS y ON y.metric = c.metric;
SELECT metric, method FROM assay.compare_models('full', 'part', 'SELECT * FROM loan WHERE is_test', ARRAY['f1', 'roc_auc', 'f1', 'main'], 'customer');

-- A model beside itself; the other way round; another seed; rows in another order.
SELECT metric, difference, low, high, p_value FROM assay.compare_models('full', 'full@1', 'SELECT * FROM loan WHERE is_test', ARRAY['roc_auc', 'log_loss']);
WITH one AS (SELECT * FROM assay.compare_models('full', 'part', 'SELECT * FROM loan WHERE is_test', NULL::text)),
     other AS (SELECT * FROM assay.compare_models('part', 'full', 'SELECT * FROM loan WHERE is_test', NULL::text))
SELECT bool_and(abs(one.difference + other.difference) < 1e-12) AS turned, bool_and(one.method <> 'delong' OR abs(one.low + other.high) < 1e-12) AS ends
FROM one JOIN other USING (metric);
CREATE FUNCTION compared(query text, seed bigint DEFAULT 0, cluster_by text DEFAULT NULL) RETURNS text LANGUAGE sql
    RETURN (SELECT md5(string_agg(c::text, ',')) FROM assay.compare_models('full', 'part', query, NULL::text, cluster_by, seed => seed) AS c);
SELECT compared('SELECT * FROM loan WHERE is_test') = compared('SELECT * FROM loan WHERE is_test ORDER BY amount') AS any_order,
       compared('SELECT * FROM loan WHERE is_test', 0, 'customer') = compared('SELECT * FROM loan WHERE is_test ORDER BY amount', 0, 'customer') AS any_order_of_clusters,
       compared('SELECT * FROM loan WHERE is_test') = compared('SELECT * FROM loan WHERE is_test', 7) AS any_seed;
SET assay.threads = 1;
SELECT compared('SELECT * FROM loan WHERE is_test') AS one_thread \gset
SET assay.threads = 3;
SELECT compared('SELECT * FROM loan WHERE is_test') = :'one_thread' AS any_threads;
RESET assay.threads;

-- Clusters: each row four times is known to be one row.
SELECT method, shown(high - low) AS width
FROM (VALUES (NULL), ('loan_id')) AS c(cluster_by),
     assay.compare_models('full', 'part', 'SELECT l.* FROM loan AS l, generate_series(1, 4) WHERE is_test', ARRAY['roc_auc', 'accuracy'], c.cluster_by);
SELECT method, shown(high - low) AS width
FROM assay.compare_models('full', 'part', 'SELECT * FROM loan WHERE is_test', ARRAY['roc_auc', 'accuracy']);
-- Rows without a value are by themselves; a wider interval is surer.
SELECT c.method, c.low = r.low AS as_rows
FROM assay.compare_models('full', 'part', 'SELECT *, NULL::text AS nobody FROM loan WHERE is_test', cluster_by => 'nobody') AS c,
     assay.compare_models('full', 'part', 'SELECT * FROM loan WHERE is_test') AS r;
SELECT a.low < b.low AND a.high > b.high AS wider
FROM assay.compare_models('full', 'part', 'SELECT * FROM loan WHERE is_test', 'log_loss', confidence => 0.99) AS a,
     assay.compare_models('full', 'part', 'SELECT * FROM loan WHERE is_test', 'log_loss', confidence => 0.5) AS b;

-- Rows that tell nothing, NULL targets, and rows that trained a model.
SELECT * FROM assay.compare_models('full', 'part', 'SELECT * FROM loan WHERE is_test AND bad', ARRAY['roc_auc', 'accuracy']);
SELECT * FROM assay.compare_models('full', 'part', 'SELECT * FROM loan WHERE false', NULL::text);
SELECT rows FROM assay.compare_models('full', 'part', 'SELECT age, amount, housing, CASE WHEN loan_id % 2 = 0 THEN bad END AS bad FROM loan WHERE is_test');
SELECT rows FROM assay.compare_models('full', 'part', 'SELECT age, amount, housing, bad FROM loan WHERE NOT is_test');

-- Several classes.
SELECT version FROM assay.train('kind', 'SELECT age, amount, housing, is_test FROM loan', 'housing', 'naive_bayes', split => 'is_test');
SELECT version FROM assay.train('kind', 'SELECT age, housing, is_test FROM loan', 'housing', 'naive_bayes', split => 'is_test', deploy => 'never');
SELECT metric, p_value BETWEEN 0 AND 1 AS p, method, rows FROM assay.compare_models('kind@1', 'kind@2', 'SELECT * FROM loan WHERE is_test', NULL::text);

-- What cannot be compared, and wrong options.
CALL fails($$SELECT * FROM assay.compare_models('full', 'line', 'loan')$$);
CALL fails($$SELECT * FROM assay.compare_models('full', 'kind', 'loan')$$);
SELECT version FROM assay.train('full', 'SELECT age, housing AS bad FROM loan', 'bad', 'naive_bayes', split => 'none', deploy => 'never');
CALL fails($$SELECT * FROM assay.compare_models('full@1', 'full@2', 'loan')$$);
CALL fails($$SELECT * FROM assay.compare_models('full', 'nobody', 'loan')$$);
CALL fails($$SELECT * FROM assay.compare_models(NULL, 'part', 'loan')$$);
CALL fails($$SELECT * FROM assay.compare_models('full', 'part', NULL)$$);
CALL fails($$SELECT * FROM assay.compare_models('full', 'part', 'DELETE FROM loan')$$);
CALL fails($$SELECT * FROM assay.compare_models('full', 'part', 'SELECT age, bad FROM loan')$$);
CALL fails($$SELECT * FROM assay.compare_models('full', 'part', 'SELECT age, amount, housing FROM loan')$$);
CALL fails($$SELECT * FROM assay.compare_models('full', 'part', 'loan', 'auc')$$);
CALL fails($$SELECT * FROM assay.compare_models('full', 'part', 'loan', ARRAY['f1', 'rmse'])$$);
CALL fails($$SELECT * FROM assay.compare_models('full', 'part', 'loan', ARRAY['f1', NULL])$$);
CALL fails($$SELECT * FROM assay.compare_models('full', 'part', 'loan', '{}'::text[])$$);
CALL fails($$SELECT * FROM assay.compare_models('full', 'part', 'loan', cluster_by => 'branch')$$);
CALL fails($$SELECT * FROM assay.compare_models('full', 'part', 'SELECT *, ARRAY[1.0] AS v FROM loan', cluster_by => 'v')$$);
CALL fails($$SELECT * FROM assay.compare_models('full', 'part', 'loan', confidence => 1)$$);
CALL fails($$SELECT * FROM assay.compare_models('full', 'part', 'loan', resamples => 99)$$);
CALL fails($$SELECT * FROM assay.compare_models('full', 'part', 'loan', resamples => 100001)$$);

SET assay.max_memory = '1MB';
CALL fails($$SELECT * FROM assay.compare_models('full', 'part', 'SELECT l.* FROM loan AS l, generate_series(1, 20)', 'log_loss')$$);
RESET assay.max_memory;

-- A training compares with what is deployed, on the rows that it holds out. auto: unless it is worse.
SELECT version FROM assay.train('risk', 'SELECT age, bad, housing, amount, is_test FROM loan', 'bad', 'logistic_regression', exclude => '{amount}', split => 'is_test', deploy => 'if_better');
SELECT version FROM assay.train('risk', 'SELECT age, bad, housing, amount, is_test FROM loan', 'bad', 'logistic_regression', split => 'is_test');
SELECT version FROM assay.train('risk', 'SELECT age, bad, housing, amount, is_test FROM loan', 'bad', 'logistic_regression', exclude => '{age}', split => 'is_test');
-- What may be chance: auto deploys, if_better does not. The second time nothing has changed.
SELECT version FROM assay.train('risk', 'SELECT age, bad, housing, amount, is_test FROM loan', 'bad', 'logistic_regression', '{"C": 0.9}', split => 'is_test', deploy => 'if_better');
SELECT version FROM assay.train('risk', 'SELECT age, bad, housing, amount, is_test FROM loan', 'bad', 'logistic_regression', split => 'is_test');
-- The deployed version cannot score the rows; rows of them trained it; no rows are held out.
SELECT version FROM assay.train('risk', 'SELECT age, bad, amount, is_test FROM loan', 'bad', 'logistic_regression', split => 'is_test', deploy => 'if_better');
SELECT version FROM assay.train('risk', 'SELECT age, bad, amount, is_test FROM loan', 'bad', 'logistic_regression', split => 'is_test');
SELECT version FROM assay.train('risk', 'SELECT age, bad, housing::text, amount, NOT is_test AS is_test FROM loan', 'bad', 'logistic_regression', split => 'is_test', deploy => 'if_better');
SELECT version FROM assay.train('risk', 'SELECT age, bad, housing, amount FROM loan', 'bad', 'logistic_regression', split => 'none', deploy => 'if_better');
SELECT version FROM assay.train('risk', 'SELECT age, bad, housing, amount::text, is_test FROM loan', 'bad', 'logistic_regression', split => 'is_test', deploy => 'if_better');
SELECT version FROM assay.train('risk', 'SELECT age, bad, housing, amount, CASE customer % 3 WHEN 0 THEN ''a'' WHEN 1 THEN ''b'' ELSE ''c'' END AS kind, is_test FROM loan', 'kind', 'naive_bayes', split => 'is_test', deploy => 'if_better');
-- Rows of a customer stay on one side, and vary together.
SELECT version FROM assay.train('risk', 'SELECT age, bad, housing, amount, customer FROM loan', 'bad', 'logistic_regression', split => 'group(customer)', seed => 5, deploy => 'if_better');
SELECT version FROM assay.train('grouped', 'SELECT age, bad, customer FROM loan', 'bad', 'logistic_regression', split => 'group(customer)');
SELECT version FROM assay.train('grouped', 'SELECT age, bad, housing, amount, customer FROM loan', 'bad', 'logistic_regression', split => 'group(customer)', deploy => 'if_better');
SELECT champion, challenger, method, deployed FROM assay.promotions WHERE model = 'grouped';
SELECT champion, challenger, rule, metric, shown(champion_value) AS before, shown(challenger_value) AS now, shown(difference) AS difference, p_value < 0.05 AS sure, method, rows, deployed, reason
FROM assay.promotions WHERE model = 'risk' ORDER BY decided_at;
SELECT version, replaced FROM assay.deployments WHERE model = 'risk' ORDER BY deployed_at;
CALL fails($$SELECT assay.train('risk', 'loan', 'bad', deploy => 'better')$$);

-- The same rows with another seed: if_better deploys nothing by chance. Where other rows are held out each time auto lets in what is worse by chance alone.
SET client_min_messages = warning;
DO $$
BEGIN
    FOR seed IN 1..12 LOOP
        PERFORM assay.train('again', 'SELECT age, bad, housing, amount, is_test FROM loan', 'bad', 'random_forest', '{"n_estimators": 10, "max_depth": 6}', split => 'is_test', seed => seed, deploy => 'if_better');
        PERFORM assay.train('redrawn', 'SELECT age, bad, housing, amount FROM loan', 'bad', 'logistic_regression', split => 'random', seed => seed);
        PERFORM assay.train('redrawn if better', 'SELECT age, bad, housing, amount FROM loan', 'bad', 'logistic_regression', split => 'random', seed => seed, deploy => 'if_better');
    END LOOP;
END $$;
RESET client_min_messages;
SELECT model, count(*) AS decisions, count(*) FILTER (WHERE deployed) AS deployed, count(method) AS tested, bool_or(reason LIKE '%the difference may be chance%') AS chance
FROM assay.promotions WHERE model IN ('again', 'redrawn', 'redrawn if better') GROUP BY model ORDER BY model;
-- A better one goes in beside all these, calibrated or not; far worse on other rows does not.
SELECT version FROM assay.train('redrawn if better', 'SELECT age, bad, housing, amount, is_test FROM loan', 'bad', 'logistic_regression', split => 'is_test', calibrate => 'sigmoid', deploy => 'always');
SELECT version FROM assay.train('redrawn if better', 'SELECT age, bad, housing, amount, is_test FROM loan', 'bad', 'logistic_regression', split => 'is_test', exclude => '{amount}', calibrate => 'isotonic', deploy => 'always');
SELECT version FROM assay.train('redrawn if better', 'SELECT age, bad, housing, amount, is_test FROM loan', 'bad', 'logistic_regression', split => 'is_test', calibrate => 'isotonic', deploy => 'if_better');
SELECT version FROM assay.train('redrawn', 'SELECT housing, bad FROM loan', 'bad', 'logistic_regression', split => 'random', seed => 99);
SELECT model, deployed, reason FROM assay.promotions WHERE model LIKE 'redrawn%' ORDER BY decided_at DESC LIMIT 2;

-- Numbers; vectors, texts, groups and steps are found again, too.
SELECT version FROM assay.train('many', $$SELECT age, loss, housing, ARRAY[amount, age, amount % 7]::float8[] AS v, (ARRAY['a late bill', 'no bill at all', 'a good old friend'])[loan_id % 3 + 1] AS note, is_test FROM loan$$, 'loss', 'ridge', split => 'is_test',
    preprocess => '{"columns": {"note": {"tf_idf": true}, "age": {"scale": "standard"}}}', group_by => '{housing}');
SELECT version FROM assay.train('many', $$SELECT age, loss, housing, ARRAY[amount, age, amount % 7]::float8[] AS v, (ARRAY['a late bill', 'no bill at all', 'a good old friend'])[loan_id % 3 + 1] AS note, is_test FROM loan$$, 'loss', 'ridge', split => 'is_test', deploy => 'if_better');
SELECT p.champion, p.challenger, p.metric, shown(p.champion_value) = shown(m.value) AS as_then, p.rows, p.deployed
FROM assay.promotions AS p JOIN assay.model_metrics AS m ON m.model = p.model AND m.version = p.champion AND m.metric = p.metric WHERE p.model = 'many';
-- A loss of its own is compared first.
SELECT version FROM assay.train('upper', 'SELECT age, amount, loss, is_test FROM loan', 'loss', 'gradient_boosting', '{"objective": "quantile", "alpha": 0.9, "n_estimators": 5}', split => 'is_test');
SELECT version FROM assay.train('upper', 'SELECT age, amount, loss, is_test FROM loan', 'loss', 'gradient_boosting', '{"objective": "quantile", "alpha": 0.9, "n_estimators": 50}', split => 'is_test', deploy => 'if_better');
SELECT metric, deployed FROM assay.promotions WHERE model = 'upper';
SELECT count(*) > 0 AS compared FROM assay.compare_models('upper@1', 'upper@2', 'SELECT * FROM loan WHERE is_test', NULL::text);

-- Promoting by hand, in one step.
SELECT version FROM assay.train('hand', 'SELECT age, bad, is_test FROM loan', 'bad', 'logistic_regression', split => 'is_test');
SELECT version FROM assay.train('hand', 'SELECT age, amount, bad, is_test FROM loan', 'bad', 'logistic_regression', split => 'is_test', deploy => 'never');
CALL fails($$SELECT * FROM assay.promote('hand', 1, 'loan')$$);
CALL fails($$SELECT * FROM assay.promote('hand', 3, 'loan')$$);
CALL fails($$SELECT * FROM assay.promote('hand', 2, 'SELECT * FROM loan WHERE is_test', rule => 'always')$$);
CALL fails($$SELECT * FROM assay.promote('hand', 2, 'SELECT * FROM loan WHERE is_test', metric => NULL)$$);
CALL fails($$SELECT * FROM assay.promote('hand', 2, 'SELECT * FROM loan WHERE is_test', resamples => 1)$$);
SELECT champion, challenger, shown(difference) AS difference, method, rows, deployed, reason FROM assay.promote('hand', 2, 'SELECT * FROM loan');
SELECT champion, challenger, metric, shown(difference) AS difference, method, deployed FROM assay.promote('hand', 2, 'SELECT * FROM loan WHERE is_test', cluster_by => 'customer');
SELECT champion, challenger, metric, shown(difference) AS difference, deployed FROM assay.promote('hand', 1, 'SELECT * FROM loan WHERE is_test', 'log_loss', 'auto');
SELECT champion, challenger, rule, metric, deployed, query FROM assay.promotions WHERE model = 'hand' ORDER BY decided_at;
SELECT version FROM assay.models, LATERAL (SELECT deployed_version AS version) AS d WHERE model = 'hand';
BEGIN READ ONLY;
CALL fails($$SELECT * FROM assay.promote('hand', 1, 'loan')$$);
SELECT count(*) FROM assay.compare_models('full@1', 'part', 'SELECT * FROM loan WHERE is_test');
ROLLBACK;

-- What it takes.
SELECT relation FROM assay.model_sources WHERE model = 'hand' ORDER BY version;
SELECT assay.add_check('loan', 'not_null', 'age') > 0 AS added;
SELECT status FROM assay.run_checks('loan');
SELECT count(*) > 0 AS reported FROM assay.record_drift('hand', 'SELECT age, amount FROM loan');
SELECT name, cpu_seconds > 0 AS cpu FROM assay.check_history WHERE relation = 'public.loan' ORDER BY run_at;
SELECT activity, runs, cpu_seconds > 0 AS cpu, duration > '0' AS duration, rows, bytes > 0 AS bytes, last_at IS NOT NULL AS at FROM assay.upkeep('hand');
-- Of checks that share a pass each has its part, and what runs are made of adds up; a relation that is renamed is still what was read.
SELECT assay.add_check('loan', 'not_null', 'amount', group_by => '{housing}') > 0 AS added;
ALTER TABLE loan RENAME TO lent;
SELECT count(*) AS results FROM assay.run_checks('lent');
SELECT u.runs, u.rows, abs(u.cpu_seconds - h.cpu_seconds) < 1e-9 AS adds_up
FROM assay.upkeep('hand') AS u,
     (SELECT sum(cpu_seconds) AS cpu_seconds FROM (SELECT DISTINCT check_id, run_at, cpu_seconds FROM assay.check_history) AS r) AS h
WHERE u.activity = 'checks';
ALTER TABLE lent RENAME TO loan;
CALL fails($$SELECT * FROM assay.upkeep('nobody')$$);
CALL fails($$SELECT * FROM assay.upkeep(NULL)$$);

-- Roles: who may predict may compare and sees decisions, but not the queries; who may manage promotes.
CREATE ROLE compare_reader;
CREATE ROLE compare_stranger;
GRANT SELECT ON loan TO compare_reader, compare_stranger;
SELECT assay.grant_model('hand', 'compare_reader', 'predict');
SET ROLE compare_reader;
SELECT rows FROM assay.compare_models('hand@1', 'hand@2', 'SELECT * FROM loan WHERE is_test');
SELECT challenger, deployed, query FROM assay.promotions ORDER BY decided_at;
SELECT count(*) FROM assay.model_sources;
CALL fails($$SELECT * FROM assay.promote('hand', 2, 'loan')$$);
CALL fails($$SELECT * FROM assay.upkeep('hand')$$);
CALL fails($$SELECT * FROM assay.compare_models('hand', 'full', 'loan')$$);
CALL fails($$SELECT * FROM assay.model_promotion$$);
CALL fails($$SELECT * FROM assay.model_source$$);
SET ROLE compare_stranger;
CALL fails($$SELECT * FROM assay.compare_models('hand@1', 'hand@2', 'loan')$$);
SELECT count(*) FROM assay.promotions;
RESET ROLE;
SELECT assay.grant_model('hand', 'compare_reader', 'manage');
SET ROLE compare_reader;
SELECT challenger, deployed FROM assay.promote('hand', 1, 'SELECT * FROM loan WHERE is_test', rule => 'auto');
SELECT activity FROM assay.upkeep('hand');
RESET ROLE;
SELECT assay.drop_model('hand');
SELECT count(*) FROM assay.promotions WHERE model = 'hand';
SELECT assay.revoke_model('full', 'compare_reader', 'predict');
DROP OWNED BY compare_reader, compare_stranger;
DROP ROLE compare_reader, compare_stranger;

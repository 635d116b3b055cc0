-- The story of a credit-risk model, told by `make demo`. Runs from the repository's folder in an empty database. psql reads it
-- from its standard input, which keeps file names and line numbers out of the notices.
\set QUIET on
\set ON_ERROR_STOP on
\encoding UTF8
\pset format aligned
\pset border 1
\pset linestyle unicode
\pset footer off
\pset expanded off
\pset pager off
\pset null '-'
SET client_min_messages = notice;

\i scripts/sample.sql

\echo
\echo '── 1. The data: bank customers with a loan. Which of them are a bad risk?'
\echo
SELECT CASE WHEN is_test THEN 'kept for testing' ELSE 'for training' END AS customers, count(*) AS rows,
       round(100 * avg(is_risky::int)) || ' %' AS risky, round(avg(credit_amount)) AS "mean amount",
       round(avg(duration_months), 1) AS "mean months", round(avg(age), 1) AS "mean age",
       sum((SELECT count(*) FROM jsonb_each(to_jsonb(c)) WHERE value = 'null')) AS "missing values"
FROM customers c
GROUP BY is_test
ORDER BY is_test;

\echo '── 2. Can the data be believed? This morning''s file of applications, with faults planted in it'
\echo
\set ECHO queries
SELECT name AS check, coalesce(segment->>'branch', 'all') AS branch, status, rows_failed AS "rows", coalesce(message, sample::text) AS found
FROM assay.validate('application', '[
    {"kind": "not_null", "column_name": "amount"}, {"kind": "accepted_range", "column_name": "months", "min_value": 1},
    {"kind": "unique", "column_name": "id"}, {"kind": "mixed_formats", "column_name": "purpose"},
    {"kind": "mixed_formats", "column_name": "applied", "group_by": "branch"}, {"kind": "scale_shift", "column_name": "amount", "group_by": "branch"},
    {"kind": "null_share_by_segment", "column_name": "age", "group_by": "branch"}]')
WHERE status <> 'pass' OR segment IS NULL;
\set ECHO none
\echo
\echo '   The signs are put right. A check that is stored guards every load after it: the load below fails, and with it all that it did.'
\echo
UPDATE application SET months = abs(months) WHERE months < 1;
\o /dev/null
\set ECHO queries
SELECT assay.add_check('application', 'accepted_range', 'months', '{"min_value": 1, "max_value": 120}');
\set ECHO none
\o
\set ON_ERROR_STOP off
\set ECHO queries
BEGIN;
INSERT INTO application SELECT 5000 + i, 'Vienna', '2026-09-01', 30, 'furniture', 1000, i * 10 - 20 FROM generate_series(1, 4) AS i;
SELECT assay.assert_checks('application');
COMMIT;
\set ECHO none
\echo
\echo '   It also guards a table that is built anew and takes the name of the old one, as dbt does it: the swap is undone.'
\echo
\set ECHO queries
BEGIN;
CREATE TABLE application_new AS SELECT id, branch, applied, age, purpose, amount, -months AS months FROM application;
DROP TABLE application;
ALTER TABLE application_new RENAME TO application;
SELECT assay.assert_checks('application');
COMMIT;
\set ECHO none
\set ON_ERROR_STOP on
\echo
SELECT count(*) FILTER (WHERE id > 5000) AS "rows of the load", count(*) FILTER (WHERE months < 1) AS "of the swap",
       count(*) AS "rows of the table"
FROM application;

\echo '── 3. Training on 800 of them, with progress ten times a second'
\echo
SET assay.progress = '100ms';
\set ECHO queries
SELECT version, algorithm, rows, features, duration FROM assay.train('risk', 'customers', 'is_risky',
    params  => '{"n_estimators": 3000, "learning_rate": 0.003, "num_leaves": 7, "subsample": 0.5,
                 "subsample_freq": 1, "colsample_bytree": 0.5}',
    exclude => '{customer_id}', split => 'is_test');
\set ECHO none
\echo '── 4. A rival: it takes over if it ranks the customers kept for testing no worse'
\echo
\o /dev/null
\set ECHO queries
SELECT * FROM assay.train('risk', 'customers', 'is_risky', 'logistic_regression',
    exclude => '{customer_id}', split => 'is_test');
\set ECHO none
\o
\echo
SELECT version, algorithm, round(max(value) FILTER (WHERE metric = 'roc_auc')::numeric, 3) AS "ROC AUC",
       round(max(value) FILTER (WHERE metric = 'log_loss')::numeric, 3) AS "log loss",
       round(max(value) FILTER (WHERE metric = 'accuracy')::numeric, 3) AS accuracy,
       round(max(value) FILTER (WHERE metric = 'precision')::numeric, 3) AS precision,
       round(max(value) FILTER (WHERE metric = 'recall')::numeric, 3) AS recall,
       CASE WHEN deployed THEN '◀ yes' ELSE 'no' END AS deployed
FROM assay.model_metrics
WHERE model = 'risk'
GROUP BY version, algorithm, deployed
ORDER BY version;

\echo '── 5. The 200 customers kept for testing: who is flagged, and who should have been'
\echo
SELECT CASE actual WHEN 'true' THEN 'bad risk' ELSE 'good risk' END AS actually,
       sum(rows) FILTER (WHERE predicted = 'true') AS "flagged as risky", sum(rows) FILTER (WHERE predicted = 'false') AS passed
FROM assay.confusion_matrix('risk', 'SELECT * FROM customers WHERE is_test')
GROUP BY actual
ORDER BY actual DESC;

\echo '── 6. Fifty cases can be reviewed; a bad loan costs five times what turning a good customer away does: where is the line?'
\echo
\set ECHO queries
SELECT round(threshold::numeric, 3) AS threshold, flagged, true_positives AS "bad risks among them", cost,
       saving_over_nobody AS "saved", round(saving_over_nobody_low::numeric) AS "at least", CASE WHEN chosen THEN '◀ chosen' ELSE 'until now' END AS line
FROM assay.threshold_costs('risk', 'SELECT * FROM customers WHERE is_test', 1, 5, capacity => 50)
WHERE chosen OR current ORDER BY chosen;
\set ECHO none
SELECT threshold AS line, (1 + threshold) / 2 AS sure FROM assay.threshold_costs('risk', 'SELECT * FROM customers WHERE is_test', 1, 5, capacity => 50) WHERE chosen \gset
\echo '   Above it people look, and only the clearest cases are refused without them.'
\echo
\o /dev/null
SELECT assay.set_threshold('risk', :line, review_to => :sure);
\o
SELECT assay.decide('risk', c) AS decision, count(*) AS customers, round(100 * avg(is_risky::int)) || ' %' AS "bad risks"
FROM customers c WHERE is_test GROUP BY 1 ORDER BY min(assay.predict('risk', c));

\echo '── 7. What matters to version 1: the share of each feature in what its trees gained'
\echo
\pset tuples_only on
\pset border 0
SELECT feature, to_char(100 * gain / sum(gain) OVER (), '90.9') || ' %',
       repeat('█', round(200 * gain / sum(gain) OVER ())::int) AS bar
FROM assay.feature_importance('risk@1')
ORDER BY gain DESC
LIMIT 8;
\pset tuples_only off
\pset border 1

\echo '── 8. The riskiest of the customers that the model has never seen'
\echo
SELECT customer_id AS customer, round(assay.predict('risk', c)::numeric, 3) AS risk, assay.predict_label('risk', c) AS "label",
       credit_amount AS amount, duration_months AS months, purpose, checking_status AS checking, is_risky::text AS truth
FROM customers c
WHERE is_test
ORDER BY assay.predict('risk', c) DESC
LIMIT 8;
-- The riskiest of the large loans.
SELECT customer_id AS riskiest FROM customers c WHERE is_test AND credit_amount > 10000 ORDER BY assay.predict('risk', c) DESC LIMIT 1 \gset

\echo '── 9. Why? The reasons that a refused customer is owed, in words: these three are the riskiest'
\echo
\o /dev/null
SELECT assay.describe_feature('risk', feature, words) FROM (VALUES
    ('checking_status', 'the checking account: {value}'), ('credit_history', 'the credit history: {value}'), ('savings', 'the savings: {value}'),
    ('duration_months', 'the loan runs for {value} months'), ('credit_amount', 'the loan is of {value} marks'), ('purpose', 'what it is for: {value}'),
    ('installment_rate', 'instalments take {value} % of the income'), ('age', '{value} years old')) AS w (feature, words);
\o
\set ECHO queries
SELECT key->>'customer_id' AS customer, rank, reason, round(attribution::numeric, 2) AS "log odds"
FROM assay.reason_codes('risk', 'SELECT * FROM customers c WHERE is_test ORDER BY assay.predict(''risk'', c) DESC LIMIT 3', '{customer_id}', top_k => 3);
\set ECHO none
\echo '── 10. What if customer' :riskiest 'asked for less?'
\echo
SELECT offer, w.credit_amount AS amount, w.duration_months AS months, round(assay.predict('risk', w)::numeric, 3) AS risk,
       repeat('█', round(50 * assay.predict('risk', w))::int) AS bar
FROM customers c,
     LATERAL (VALUES (1, 'as asked for', 1.0, 1.0), (2, 'half the amount', 0.5, 1.0), (3, 'half the months', 1.0, 0.5),
                     (4, 'half of both', 0.5, 0.5)) AS change (place, offer, amount, months),
     LATERAL jsonb_populate_record(c, jsonb_build_object('credit_amount', round(c.credit_amount * change.amount),
                                                         'duration_months', round(c.duration_months * change.months))) AS w
WHERE c.customer_id = :riskiest
ORDER BY place;

\echo '── 11. Three weights of version 2: a logistic regression can be read'
\echo
SELECT feature, CASE feature WHEN 'credit_amount' THEN '1000 more' ELSE '1 more' END AS change,
       round(exp(weight * unit)::numeric, 2) AS "odds of bad risk times", round(p_value::numeric, 4) AS "p value"
FROM assay.weights('risk@2'), LATERAL (SELECT CASE feature WHEN 'credit_amount' THEN 1000 ELSE 1 END AS unit) u
WHERE feature IN ('duration_months', 'credit_amount', 'installment_rate')
ORDER BY p_value;

\echo '── 12. Is it fair by age? How often each group is flagged, how many of its bad risks are found, how many of its good ones are turned away'
\echo
CREATE VIEW customers_by_age AS SELECT *, CASE WHEN age < 30 THEN 'under 30' WHEN age < 45 THEN '30 to 44' ELSE '45 and over' END AS age_group FROM customers;
SELECT coalesce(segment->>'age_group', 'all') AS customers, max(rows) FILTER (WHERE metric = 'count') AS rows,
       round(max(value) FILTER (WHERE metric = 'selection_rate')::numeric, 2) AS flagged,
       round(max(value) FILTER (WHERE metric = 'true_positive_rate')::numeric, 2) AS "bad risks found",
       round(max(value) FILTER (WHERE metric = 'false_positive_rate')::numeric, 2) AS "good ones flagged"
FROM assay.fairness('risk', 'SELECT * FROM customers_by_age WHERE is_test', '{age_group}')
WHERE metric IN ('count', 'selection_rate', 'true_positive_rate', 'false_positive_rate')
GROUP BY 1 ORDER BY 1;
SELECT metric AS "how far apart", round(difference::numeric, 2) AS difference, round(ratio::numeric, 2) AS ratio, CASE within_limits WHEN false THEN '◀ more than we allow' ELSE '' END AS limits
FROM assay.fairness('risk', 'SELECT * FROM customers_by_age WHERE is_test', '{age_group}', '{"limits": {"demographic_parity_ratio": 0.8}}')
WHERE segment IS NULL AND metric IN ('demographic_parity', 'equal_opportunity', 'equalized_odds');

\echo '── 13. A year later loans are larger, half of the new cars are electric, and the savings of tenants are lost: what has drifted?'
\echo
SELECT column_name AS "column", method, round(statistic::numeric, 3) AS drift, adjusted_p_value < 0.005 AS sure, round(importance::numeric, 3) AS importance,
       round(impact::numeric, 4) AS impact, CASE WHEN drifted THEN '◀ alarm' ELSE '' END AS verdict, array_to_string(new_categories, ', ') AS new
FROM assay.model_drift('risk@1', 'applicants')
WHERE method IS NOT NULL
LIMIT 8;

\echo '── 14. A colleague brings three columns that make the model perfect: what do they give away?'
\echo
CREATE VIEW customers_after AS
SELECT *, date '2026-01-01' + age AS decided, date '2026-01-03' + age + customer_id % 40 AS last_reminder,
       CASE WHEN is_risky THEN credit_amount * 0.4 ELSE 0 END AS written_off,
       CASE WHEN is_risky THEN (ARRAY['in house', 'agency', 'none'])[age % 3 + 1] ELSE 'none' END AS collector
FROM customers;
\set ECHO queries
SELECT feature, reason FROM assay.find_leakage('customers_after', 'is_risky', as_of => 'decided');
\set ECHO none
\echo '── 15. Without them: which hyperparameters do best in five folds? The hopeless are stopped early'
\echo
\set ECHO queries
SELECT trial, algorithm, params, round(value::numeric, 3) AS "ROC AUC", folds, CASE WHEN chosen THEN '◀ stored' ELSE note END AS outcome
FROM assay.tune('risk_tuned', 'customers', 'is_risky', trials => 9, exclude => '{customer_id,is_test}', search => '{
    "logistic_regression": {"C": {"min": 0.001, "max": 10, "scale": "log"}}, "naive_bayes": {},
    "gradient_boosting": {"n_estimators": [50, 100], "num_leaves": [4, 8], "learning_rate": {"min": 0.02, "max": 0.2, "scale": "log"}}}');
\set ECHO none

\echo '── 16. Is a probability of 80 % one? Boosting with many trees is too sure of itself; calibrated, it says what happens'
\echo
SET client_min_messages = warning;
SELECT version, round((metrics->>'log_loss')::numeric, 3) AS "log loss", round((metrics->>'roc_auc')::numeric, 3) AS auc
FROM (VALUES (1, NULL), (2, 'sigmoid')) AS how (step, method),
     LATERAL assay.train('sure', 'customers', 'is_risky', 'gradient_boosting', '{"n_estimators": 300}', exclude => '{customer_id}', split => 'is_test', calibrate => method);
RESET client_min_messages;
SELECT CASE version WHEN 1 THEN 'as it is' ELSE 'calibrated' END AS model, count(*) AS customers, round(100 * avg(said)::numeric) AS "says %", round(100 * avg(is_risky::int)) AS "was %",
       repeat('█', round(20 * avg(said))::int) AS says, repeat('█', round(20 * avg(is_risky::int))::int) AS was
FROM (SELECT version, is_risky, assay.predict('sure@' || version, c) AS said FROM customers AS c, generate_series(1, 2) AS version WHERE is_test) AS scored
GROUP BY version, width_bucket(said, 0, 1, 4) ORDER BY version, min(said);

\echo '── 17. How large is the loan? An interval that holds it nine times in ten, and how often it did for customers nobody had seen'
\echo
SELECT rows AS "learned from", round((metrics->>'rmse')::numeric) AS rmse, round(100 * (metrics->>'interval_coverage')::numeric) AS "inside %", round((metrics->>'interval_width')::numeric) AS width
FROM assay.train('loan', 'SELECT purpose, age, job, duration_months, credit_amount, is_test FROM customers', 'credit_amount', 'ridge', split => 'is_test', intervals => '{}');

\echo '── 18. Six weeks of decisions, each kept with its reasons; what came of the older ones is known by now. Does the model hold?'
\echo
\o /dev/null
\set ECHO queries
SELECT assay.log_predictions('risk', 'SELECT *, now() - customer_id % 42 * interval ''1 day'' AS decided FROM customers WHERE is_test', '{customer_id}', reasons => 4, at => 'decided');
SELECT assay.record_labels('risk', 'SELECT customer_id, is_risky FROM customers WHERE is_test AND customer_id % 42 >= 14', '{customer_id}');
\set ECHO none
\o
\echo
SELECT to_char(bucket, 'YYYY-MM') AS month, rows AS decisions, labelled, round(value::numeric, 2) AS "ROC AUC", round(low::numeric, 2) AS low, round(high::numeric, 2) AS high,
       round(estimated::numeric, 2) AS "estimated without labels"
FROM assay.performance('risk', 'month') WHERE metric = 'roc_auc' ORDER BY bucket;

\echo '── 19. Who mends it? One source breaks, three checks fail, and one team is called'
\echo
\o /dev/null
CREATE VIEW large_application AS SELECT * FROM application WHERE amount > 5000;
CREATE VIEW branch_amounts AS SELECT branch, sum(amount) AS amount, min(months) AS shortest FROM large_application GROUP BY branch;
SELECT assay.add_owner('loans', 'team', contacts => '{"email": "loans@example.org", "digest": "0 minutes"}'),
       assay.add_owner('reporting', 'team', contacts => '{"email": "reporting@example.org"}'),
       assay.add_owner('ann', 'person', contacts => '{"email": "ann@example.org", "digest": "0 minutes"}');
\set ECHO queries
SELECT assay.own('loans', 'public.application'), assay.own('reporting', 'public.large_application'), assay.own('reporting', 'public.branch_amounts');
SELECT assay.add_data_product('lending', 'p1', 'reporting');
SELECT assay.add_to_product('lending', 'public.application', 'inner'), assay.add_to_product('lending', 'public.large_application', 'inner'), assay.add_to_product('lending', 'public.branch_amounts', 'output');
SELECT assay.add_rotation('night', '{ann}', now() - interval '1 day', '7 days');
SELECT assay.incident_policy('sev2', '30 minutes', '4 hours', '{"priority": "p1", "severity": "error"}',
                             steps => '[{"after": "0 minutes", "tell": ["owner"]}, {"after": "1 hour", "tell": ["rotation:night"]}]');
SELECT assay.add_sla('product:lending', 'availability', 0.99, '7 days', '{"from": "2026-01-01"}');
SELECT assay.add_check('large_application', 'accepted_range', 'months', '{"min_value": 1}', name => 'large ones have a term'),
       assay.add_check('branch_amounts', 'accepted_range', 'shortest', '{"min_value": 1}', name => 'branches have terms');
UPDATE application SET months = -months WHERE branch = 'Munich';
SELECT FROM assay.run_checks();
\set ECHO none
\o
\echo
\echo '   One incident, where the cause is, for who owns that; the issues downstream are gathered under it:'
\echo
SELECT id AS incident FROM assay.incidents ORDER BY id DESC LIMIT 1 \gset
SELECT title, severity, status, owner, root, issues FROM assay.incidents WHERE id = :incident;
SELECT asset, subject, status, occurrences, owner FROM assay.issues WHERE incident_id = :incident ORDER BY asset;
\echo '   Nobody acts. An hour and a half later, by a clock that is turned:'
\echo
\set ECHO queries
SELECT severity, cause, step, told FROM assay.escalate(now() + interval '95 minutes');
\set ECHO none
\echo
SELECT owner, kind, subject, status FROM assay.notifications WHERE incident_id = :incident ORDER BY id;
\o /dev/null
\set ECHO queries
SELECT assay.acknowledge(:incident, 'Munich sends its terms with a minus', now() + interval '100 minutes');
UPDATE application SET months = abs(months) WHERE branch = 'Munich';
SELECT FROM assay.run_checks();
SELECT assay.resolve(:incident, 'mended, and loaded again', now() + interval '150 minutes');
\set ECHO none
\o
\echo
SELECT to_char(at - min(at) OVER (), 'HH24:MI') AS after, actor, kind, note FROM assay.incident_events WHERE incident_id = :incident ORDER BY id;
\echo '   What it has cost, of the hundredth of a week that may fail:'
\echo
SELECT target, sli, objective, good, bad, round(attained::numeric, 4) AS attained, met, round(budget_left::numeric, 2) AS "budget left" FROM assay.sla_status(now() + interval '1 day');
SELECT metric, n AS incidents, value / 60 AS minutes FROM assay.reliability_metrics(now() - interval '1 day', now() + interval '1 day') WHERE metric LIKE 'time%median' AND severity IS NULL ORDER BY 1;

\echo '── 20. Which customers are alike? Four segments that nobody has named before, and how many of each were a bad risk'
\echo
\o /dev/null
\set ECHO queries
SELECT * FROM assay.train('segments', 'SELECT age, credit_amount, duration_months FROM customers', NULL, 'k_means', '{"num_clusters": 4}');
\set ECHO none
\o
\echo
\echo '   A segment is named by where its centre lies further than a third of a deviation from the mean of all customers:'
\echo
WITH word (feature, more, less) AS (
    VALUES ('age', 'older', 'younger'), ('credit_amount', 'large loans', 'small loans'), ('duration_months', 'long terms', 'short terms')
), customer AS (
    SELECT assay.predict('segments', c) AS cluster, v.feature, v.value, is_risky
    FROM customers AS c, LATERAL (VALUES ('age', age), ('credit_amount', credit_amount), ('duration_months', duration_months)) AS v (feature, value)
), named AS (
    SELECT cluster, string_agg(CASE WHEN centre.value > mean THEN more ELSE less END, ', ' ORDER BY feature)
                    FILTER (WHERE abs(centre.value - mean) > deviation / 3) AS name
    FROM assay.centroids('segments') AS centre
    JOIN (SELECT feature, avg(value) AS mean, stddev(value) AS deviation FROM customer GROUP BY feature) AS whole USING (feature)
    JOIN word USING (feature)
    GROUP BY cluster
)
SELECT cluster AS segment, name, count(*) / 3 AS customers, round(avg(value) FILTER (WHERE feature = 'age')) AS age,
       round(avg(value) FILTER (WHERE feature = 'credit_amount')) AS amount, round(avg(value) FILTER (WHERE feature = 'duration_months')) AS months,
       round(100 * avg(is_risky::int)) || ' %' AS "bad risks", repeat('█', round(40 * avg(is_risky::int))::int) AS bar
FROM customer JOIN named USING (cluster)
GROUP BY cluster, name
ORDER BY avg(is_risky::int) DESC;

\echo '── 21. How many applications will come next month? Learned from four years, in which the branches went different ways'
\echo
CREATE TABLE applications_by_month AS
SELECT branch, month::date, round(usual * (1 + growth * i) * (1 + 0.2 * cos(2 * pi() * (i - 7) / 12)) * (0.96 + 0.08 * ((i * 7919 + place * 104729) % 1009) / 1009))::int AS applications
FROM (VALUES (1, 'Berlin', 420, 0.008), (2, 'Hamburg', 260, 0), (3, 'Munich', 310, 0.004), (4, 'Vienna', 190, -0.006)) AS branches (place, branch, usual, growth),
     generate_series(timestamp '2022-09-01', '2026-08-01', '1 month') WITH ORDINALITY AS months (month, i);
\o /dev/null
\set ECHO queries
SELECT * FROM assay.train('applications', 'applications_by_month', 'applications', 'forecast', '{"time": "month", "series": ["branch"], "horizon": 3}');
\set ECHO none
\o
\echo
SELECT coalesce(f.series->>'branch', 'all') AS branch, now.applications AS "August 2026", round(f.value) AS "September 2026", round(f.lower) || ' to ' || round(f.upper) AS "nine times in ten",
       year.applications AS "September 2025", repeat('█', round(f.value / 20)::int) AS bar
FROM assay.forecast('applications', 1, 0.9) AS f
JOIN applications_by_month AS now ON now.branch = f.series->>'branch' AND now.month = '2026-08-01'
JOIN applications_by_month AS year ON year.branch = f.series->>'branch' AND year.month = '2025-09-01'
ORDER BY f.value DESC;
\echo '   Each branch is forecast by what would have told its own past best:'
\echo
SELECT series->>'branch' AS branch, method, reason FROM assay.forecast_series('applications') ORDER BY 1;

RESET assay.progress;
\echo '── 22. What is a word''s vector? The three sentences that tutorials train on'
\echo
\o /dev/null
\set ECHO queries
SELECT * FROM assay.train_word2vec('tutorial', $$
    SELECT string_to_array(sentence, ' ')
    FROM (VALUES ('Hi I heard about Spark'), ('I wish Java could use case classes'), ('Logistic regression models are neat')) AS t (sentence)$$,
    '{"vector_size": 3, "min_count": 0}');
\set ECHO none
\o
\echo
SELECT word, count, (SELECT array_agg(round(number::numeric, 3)) FROM unnest(vector) AS number) AS vector FROM assay.vocabulary('tutorial') LIMIT 4;
\set ECHO queries
SELECT word, round(similarity::numeric, 3) AS similarity FROM assay.most_similar('tutorial', 'Spark', 3);
\set ECHO none

\echo '── 23. What do the bank''s policies say? Found by the words of customers, who use others than lawyers do'
\echo
\if :{?minilm}
\echo '   all-MiniLM-L6-v2, an encoder of sentences with 22 million weights, as its makers publish it; it is computed inside the server:'
\echo
\set file :minilm /model.safetensors
\lo_import :file
\set weights :LASTOID
\set file :minilm /tokenizer.json
\lo_import :file
\set tokenizer :LASTOID
\set file :minilm /config.json
\lo_import :file
\set config :LASTOID
\set ECHO queries
SELECT version, dimensions, bytes / 1000000 AS "MB", duration
FROM assay.load_embedder('sentences', lo_get(:weights), lo_get(:tokenizer), convert_from(lo_get(:config), 'UTF8')::jsonb);
\set ECHO none
SELECT lo_unlink(:weights), lo_unlink(:tokenizer), lo_unlink(:config) \g /dev/null
\else
\echo '   There is no encoder of sentences here, so words are counted: who reads on will see what that misses.'
\echo
\set ECHO queries
SELECT version, dimensions, bytes, duration FROM assay.train_tf_idf('sentences', 'SELECT body FROM policy');
\set ECHO none
\endif
\o /dev/null
\set ECHO queries
SELECT assay.create_vectorizer('policy', loading => '{"column": "body"}', embedding => 'sentences@1', chunking => '{"strategy": "markdown", "size": 500, "overlap": 0}',
    formatting => '$title: $chunk', consistency => 'transaction', indexing => '{"language": "english"}', name => 'handbook', store => 'handbook_chunks');
\set ECHO none
\o
\echo
\echo '   By its words, by its meaning, by both:'
\echo
\set ECHO queries
SELECT mode, (SELECT string_agg(title, ', ' ORDER BY place) FROM assay.search('handbook', 'I lost my job and cannot pay next month', k => 3, mode => mode)
              WITH ORDINALITY AS s (key, seq, chunk, score, ranks, place) JOIN policy ON id = (key->>'id')::int) AS found
FROM unnest('{text,vector,hybrid}'::text[]) AS mode;
\set ECHO none
\echo '   A policy that changes is found as it is now; and a transaction that is undone has changed nothing:'
\echo
\set ECHO queries
BEGIN;
UPDATE policy SET body = body || E'\n\n## Parents\n\nOn parental leave six instalments may be suspended.' WHERE id = 3;
SELECT key->>'id' AS policy, seq, right(replace(chunk, E'\n\n', ' · '), 80) AS "the end of the chunk", round(score::numeric, 3) AS score FROM assay.search('handbook', 'We are going to have a baby', k => 1, mode => 'vector');
ROLLBACK;
SELECT count(*) AS "chunks that speak of parents" FROM handbook_chunks WHERE chunk LIKE '%parental%';
\set ECHO none
\echo '   How good is it? Of what answers twelve questions, so much is among the first three:'
\echo
SELECT mode, round(value::numeric, 2) AS recall, round(low::numeric, 2) AS low, round(high::numeric, 2) AS high, repeat('█', round(40 * value)::int) AS bar
FROM unnest('{text,vector,hybrid}'::text[]) AS mode, assay.evaluate_retrieval('handbook', 'TABLE policy_question', '{3}', mode) AS found
WHERE question IS NULL AND measure = 'recall';
\set ECHO queries
SELECT round(difference::numeric, 2) AS "vector less text", round(low::numeric, 2) AS low, round(high::numeric, 2) AS high, round(p_value::numeric, 3) AS "by chance"
FROM assay.compare_retrieval('handbook', 'handbook', 'TABLE policy_question', '{3}', 'vector', 'text') WHERE measure = 'recall';
\set ECHO none
SELECT question AS "the hardest questions", round(value::numeric, 2) AS ndcg
FROM assay.evaluate_retrieval('handbook', 'TABLE policy_question', '{3}', 'vector') WHERE question IS NOT NULL AND measure = 'ndcg' LIMIT 3;
\echo '   That it stays as good is a check, like any other:'
\echo
\o /dev/null
\set ECHO queries
SELECT assay.add_check('policy', 'retrieval_at_least', args => '{"vectorizer": "handbook", "questions": "TABLE policy_question", "mode": "vector", "measure": "recall", "k": 3, "min_value": 0.2}');
\o
SELECT name, status, message FROM assay.run_checks('policy');
\set ECHO none

\echo '── 24. A customer asks, and asks on. What answers is a model of 135 million parameters that runs beside the database'
\echo
\if :{?writer}
\o /dev/null
SET assay.endpoints = '127.0.0.1';
ALTER TABLE policy ADD updated date;
UPDATE policy SET updated = date '2026-01-15';
INSERT INTO policy VALUES (13, 'Payment breaks', E'# Payment breaks\n\nA payment break costs nothing. It can be asked for in the app, by letter, or in any branch.', date '2023-05-02');
CREATE SERVER local FOREIGN DATA WRAPPER assay_http OPTIONS (base_url :'writer', timeout '120');
\set ECHO queries
SELECT assay.register_remote('writer', 'local', 'smollm2-135m-instruct', 'generation', max_tokens => 8000);
\set ECHO none
SELECT assay.create_prompt('support', E'Source 1: A parcel is delivered within 3 working days. It can be sent back for 30 days, and costs nothing.\nQuestion: For how long can a parcel be sent back?\n'
    '{"answer": "It can be sent back for 30 days.", "quotes": [{"quote": "It can be sent back for 30 days", "source": 1}], "supported": true}\n\n$sources\n$question');
-- So small a model now and then does not come to an end: it is asked again.
CREATE FUNCTION pg_temp.ask(question text, history jsonb DEFAULT '[]') RETURNS TABLE (answer text, citations jsonb, abstained boolean, answer_id bigint) LANGUAGE plpgsql AS $$
BEGIN
    FOR attempt IN 1..5 LOOP
        BEGIN
            RETURN QUERY SELECT * FROM assay.ask('handbook', question, history, 'writer', k => 1, prompt => 'support', options => '{"max_tokens": 150}');
            RETURN;
        EXCEPTION WHEN SQLSTATE 'ML036' THEN NULL;
        END;
    END LOOP;
END$$;
\o
\set ECHO queries
SELECT answer, p.title, c->>'quote' AS quote, left(c->>'version', 8) AS version
FROM pg_temp.ask('How can a payment break be asked for?') AS a
    LEFT JOIN LATERAL jsonb_array_elements(citations) AS c ON true LEFT JOIN policy AS p ON p.id = (c->'key'->>'id')::int;
SELECT answer, abstained, answer_id
FROM pg_temp.ask('And where can a payment break be asked for?', $$[{"role": "user", "content": "How can a payment break be asked for?"}, {"role": "assistant", "content": "By letter, too."}]$$);
\set ECHO none
\echo '   What no document says has no answer. The model takes one from the example in its prompt; its quote is looked for, and does not stand in the document:'
\echo
\set ECHO queries
SELECT answer, abstained FROM pg_temp.ask('For how long can a parcel be sent back?');
SELECT question, reason, refused_quotes, prompt, model, cost FROM assay.answers ORDER BY id DESC LIMIT 1;
\set ECHO none
\echo '   The customer is not happy: the branch has sent him away. The document is found to be out of date, and is mended; what was quoted does not stand any more:'
\echo
\o /dev/null
\set ECHO queries
SELECT assay.feedback(min(id), -1, 'The branch has sent me away', resolved => false) FROM assay.answers;
\o
SELECT key->>'id' AS policy, reason, since FROM assay.stale_documents('handbook', updated_column => 'updated', max_age => '2 years');
UPDATE policy SET body = replace(body, 'in the app, by letter, or in any branch', 'in the app, or by letter'), updated = current_date WHERE id = 13;
SELECT a.question, f.comment, v.quote, v.status FROM assay.answers AS a JOIN assay.answer_feedback AS f ON f.answer_id = a.id CROSS JOIN LATERAL assay.verify_citations(a.id) AS v WHERE f.rating < 0;
SELECT answer FROM pg_temp.ask('How can a payment break be asked for?');
\set ECHO none
SELECT assay.feedback(max(id), 1, 'Thank you', resolved => true) FROM assay.answers \g /dev/null
\echo '   What satisfied teaches the next model: without what nobody liked, what repeats itself, and addresses of people'
\echo
\set ECHO queries
SELECT train, test, dropped, manifest->'dropped' AS "dropped, and why"
FROM assay.build_dataset('support', $$
    SELECT q.question, p.body AS answer, 1 AS rating FROM policy_question AS q JOIN policy AS p ON p.id = q.key WHERE q.grade = 3
    UNION ALL SELECT question, answer, coalesce(f.rating, 0) FROM assay.answers AS a LEFT JOIN assay.answer_feedback AS f ON f.answer_id = a.id WHERE answer IS NOT NULL$$, '{"min_rating": 1, "test": 0.2}');
SELECT left(line, 160) || ' ...' AS line FROM assay.export_jsonl('support') ORDER BY seq LIMIT 2;
\set ECHO none
\else
\echo '   The model could not be fetched; there is nobody to answer.'
\endif

\echo '── 25. Pages to send to somebody: each is one file that opens from disk'
\echo
\o /dev/null
SELECT assay.describe_model('risk', '{"purpose": "Which applications for a loan does a person look at before they are granted?", "cost_false_positive": 1, "cost_false_negative": 5,
                                      "slices": ["housing"], "fairness_groups": ["age_group"]}');
SELECT assay.add_check('application', 'unique', 'id', name => 'each application once'), assay.add_check('application', 'mixed_formats', 'purpose', name => 'one spelling'),
       assay.add_check('application', 'scale_shift', 'amount', group_by => '{branch}', name => 'amounts of one unit'),
       assay.add_check('application', 'not_null', 'age', mostly => 0.95, name => 'ages are known');
SELECT FROM generate_series(1, 3), LATERAL assay.run_checks('application');
\o
\pset tuples_only on
\pset format unaligned
\set risk_page :pages /risk.html
\o :risk_page
SELECT assay.render_model('risk', 'SELECT * FROM customers_by_age WHERE is_test', 'html');
\set profile_page :pages /customers.html
\o :profile_page
SELECT assay.render_profile('customers', 'html');
\set drift_page :pages /drift.html
\o :drift_page
SELECT assay.render_drift('german_credit', 'applicants', format => 'html');
\set reliability_page :pages /reliability.html
\o :reliability_page
SELECT assay.render_reliability('html', now() + interval '1 day');
\set checks_page :pages /checks.html
\o :checks_page
SELECT assay.render_checks('application', 'html');
\o
\pset tuples_only off
\pset format aligned
\echo '   the model, its quality, reasons and fairness    ' :risk_page
\echo '   the customers, column by column                 ' :profile_page
\echo '   what has drifted within the year                ' :drift_page
\echo '   how the applications'' checks stand              ' :checks_page
\echo '   what is broken, and how reliable things are     ' :reliability_page
\echo

\echo '── Your turn: things to type in psql'
\echo
\echo '   SELECT * FROM assay.models \\gx'
\echo '   SELECT * FROM assay.evaluate(''risk'', ''SELECT * FROM customers WHERE is_test'');'
\echo '   SELECT is_risky, avg(assay.predict(''risk'', c)) FROM customers c WHERE is_test GROUP BY is_risky;'
\echo '   SELECT * FROM assay.explain_query(''risk'', ''SELECT * FROM customers LIMIT 2'', ''{customer_id}'');'
\echo '   SELECT assay.render_model(''risk'');'
\echo '   SELECT key, score, chunk FROM assay.search(''handbook'', ''Somebody took my wallet'', k => 2);'
\echo '   SELECT * FROM assay.drift(''german_credit'', ''applicants'', ''{"group_by": ["housing"]}'') WHERE drifted;'
\echo '   \\df+ assay.*'

-- Looking inside: feature_importance, feature_info, weights, training_info.

SELECT version FROM assay.train('line', 'SELECT size, garden, region, price + CASE region WHEN ''south'' THEN 5 ELSE 0 END AS price FROM house', 'price', 'linear_regression');
SELECT version FROM assay.train('logit', 'SELECT size, garden, region, sold FROM house', 'sold', 'logistic_regression');
SELECT version FROM assay.train('trees', 'SELECT size, garden, region, rooms, sold FROM house', 'sold', params => '{"n_estimators": 5, "min_child_samples": 5}');
SELECT version FROM assay.train('bayes', 'SELECT size, garden, region, sold FROM house', 'sold', 'naive_bayes');
SELECT version FROM assay.train('place', 'SELECT size, garden, region FROM house', 'region', 'logistic_regression');

-- weights: one a number, one a level of a category, the intercept first. Two houses of equal size and garden differ by 5 in the south.
SELECT feature, category, round(weight::numeric, 3) AS weight, label FROM assay.weights('line') WHERE feature IS DISTINCT FROM 'region';
SELECT round((max(weight) FILTER (WHERE category = 'south') - max(weight) FILTER (WHERE category = 'north'))::numeric, 3) AS south_less_north,
       round((max(weight) FILTER (WHERE category = 'west') - max(weight) FILTER (WHERE category = 'north'))::numeric, 3) AS west_less_north
FROM assay.weights('line') WHERE feature = 'region';
SELECT feature, category, round(weight::numeric, 3) AS weight, round(standard_error::numeric, 3) AS standard_error, round(p_value::numeric, 4) AS p_value, label
FROM assay.weights('logit');
-- The score is the intercept and the sum of weight x value, with a missing number at its mean.
WITH part AS (
    SELECT h.id, w.weight * CASE WHEN w.feature IS NULL THEN 1 WHEN w.feature = 'size' THEN h.size
                                 WHEN w.feature = 'garden' THEN coalesce(h.garden, (SELECT mean FROM assay.feature_info('logit') WHERE feature = 'garden'))
                                 ELSE (w.category = h.region)::int END AS part
    FROM house AS h, assay.weights('logit') AS w), score AS (
    SELECT id, sum(part) AS score FROM part GROUP BY id)
SELECT count(*) AS rows, count(*) FILTER (WHERE garden IS NULL) AS without_garden, max(abs(1 / (1 + exp(-score)) - assay.predict('logit', h))) < 1e-9 AS equal
FROM house AS h JOIN score USING (id);
-- More classes: a score each.
SELECT label, count(*) AS weights, count(*) FILTER (WHERE feature IS NULL) AS intercepts FROM assay.weights('place') GROUP BY label ORDER BY label;
CALL fails($$SELECT assay.weights('trees')$$);
CALL fails($$SELECT assay.weights('bayes')$$);

-- feature_importance: what sells a house is its size, then its region.
SELECT feature, weight, round(gain::numeric, 3) AS gain, round(cover::numeric, 1) AS cover FROM assay.feature_importance('trees');
SELECT feature, round(weight::numeric, 3) AS weight, round(gain::numeric, 3) AS gain, cover FROM assay.feature_importance('logit');
-- A linear model's weight is the standard deviation of what a feature adds to the score.
SELECT abs(i.weight - abs(w.weight) * (SELECT stddev_samp(size) FROM house)) < 1e-9 AS equal
FROM assay.feature_importance('logit') AS i, assay.weights('logit') AS w WHERE i.feature = 'size' AND w.feature = 'size';
SELECT round(sum(gain)::numeric, 9) AS shares FROM assay.feature_importance('logit');
CALL fails($$SELECT assay.feature_importance('bayes')$$);

-- feature_info: the training rows, as SQL counts them.
SELECT feature, type, rows, nulls, min, max, round(mean::numeric, 4) AS mean, round(stddev::numeric, 4) AS stddev, categories FROM assay.feature_info('logit');
SELECT count(*) AS rows, count(*) - count(garden) AS nulls, min(garden), max(garden), round(avg(garden), 4) AS mean, round(stddev(garden), 4) AS stddev FROM house;
SELECT top_categories FROM assay.feature_info('logit') WHERE feature = 'region';

-- training_info: a loss an iteration, that falls; with early stopping also that of the rows held out.
SELECT count(*) AS iterations, min(iteration), max(iteration), count(eval_loss) AS eval_losses,
       (array_agg(loss ORDER BY iteration DESC))[1] < (array_agg(loss ORDER BY iteration))[1] AS falls FROM assay.training_info('trees');
SELECT count(*) > 0 AS iterations, bool_and(loss > 0) AS positive FROM assay.training_info('logit');
SELECT count(*) AS iterations FROM assay.training_info('line');
SELECT features FROM assay.train('stopped', 'german_credit', 'is_risky', params => '{"early_stopping_rounds": 5, "learning_rate": 0.3}', exclude => '{customer_id}');
SELECT count(*) < 100 AS stopped, count(*) = count(eval_loss) AS all_evaluated FROM assay.training_info('stopped');

-- Names, versions and NULLs as everywhere.
SELECT count(*) AS features FROM assay.feature_importance('trees@1');
CALL fails($$SELECT assay.feature_importance('nobody')$$);
CALL fails($$SELECT assay.feature_info('trees@2')$$);
CALL fails($$SELECT assay.weights(NULL)$$);
CALL fails($$SELECT assay.training_info(NULL)$$);
CALL fails($$SELECT assay.feature_importance(NULL)$$);
CALL fails($$SELECT assay.feature_info(NULL)$$);
BEGIN READ ONLY;
SELECT (SELECT count(*) FROM assay.feature_importance('trees')) AS importance, (SELECT count(*) FROM assay.feature_info('trees')) AS info,
       (SELECT count(*) FROM assay.weights('logit')) AS weights, (SELECT count(*) FROM assay.training_info('trees')) AS iterations;
COMMIT;

SELECT assay.drop_model(model) FROM assay.models;

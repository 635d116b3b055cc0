-- Support vector machines, quantiles, Huber's and Poisson regression; robust and clustered errors; levels as differences from one of reference.
CREATE TABLE orders AS
SELECT i AS id, i % 40 AS shop, (ARRAY['bread', 'milk', 'tea'])[1 + (i + i / 7) % 3] AS product, (i * 37 % 101) / 10.0 AS distance, CASE WHEN i % 13 <> 0 THEN i * 61 % 89 END AS age,
    round((20 + 3 * ((i * 37 % 101) / 10.0) + CASE (i + i / 7) % 3 WHEN 0 THEN 5 ELSE -4 END + 6 * sin(i * 1.7) + 4 * cos(i % 40) + CASE WHEN i % 50 = 0 THEN 400 ELSE 0 END)::numeric, 2) AS price,
    floor(exp(0.2 * ((i * 37 % 101) / 10.0) + 0.4 * sin(i * 2.3)))::int AS visits, (i * 37 % 101) / 10.0 + 3 * sin(i * 1.3) > 5 AS returned
FROM generate_series(1, 1000) AS i;

CREATE FUNCTION told(model text) RETURNS TABLE (feature text, category text, weight numeric, standard_error numeric, p_value numeric) LANGUAGE sql AS $$
    SELECT feature, category, round(weight::numeric, 3), round(standard_error::numeric, 3), round(p_value::numeric, 3) FROM assay.weights(model)
$$;

-- The middle and the upper end of prices; outliers move neither the median nor Huber's line, and least squares far.
SELECT version FROM assay.train('median', 'SELECT distance, product, price FROM orders', 'price', 'quantile_regression', '{"reference": "first"}', split => 'none');
SELECT * FROM told('median');
SELECT version FROM assay.train('upper', 'SELECT distance, product, price FROM orders', 'price', 'quantile_regression', '{"quantile": 0.9, "standard_errors": "iid"}', split => 'none');
SELECT round(avg((price <= assay.predict('upper', distance, product))::int), 2) AS below FROM orders;
SELECT metrics -> 'pinball_loss' IS NOT NULL AS has_its_loss FROM assay.model_versions WHERE model = 'upper';
SELECT version FROM assay.train('huber', 'SELECT distance, product, price FROM orders', 'price', 'huber_regression', '{"reference": "first"}', split => 'none');
SELECT * FROM told('huber');
SELECT version FROM assay.train('squares', 'SELECT distance, product, price FROM orders', 'price', 'linear_regression', '{"reference": "first"}', split => 'none');
SELECT * FROM told('squares');

-- Counts.
SELECT version FROM assay.train('counts', 'SELECT distance, age, visits FROM orders', 'visits', 'poisson_regression', split => 'none');
SELECT * FROM told('counts');
SELECT round(assay.predict('counts', 5, 30)::numeric, 3) AS visits, round(exp(sum(weight * CASE feature WHEN 'distance' THEN 5 WHEN 'age' THEN 30 ELSE 1 END))::numeric, 3) AS by_weights
FROM assay.weights('counts');

-- Levels as differences from one that is named; what is missing is a level, too.
SELECT version FROM assay.train('squares', 'SELECT distance, product, price FROM orders', 'price', 'linear_regression', '{"reference": {"product": "milk"}}', split => 'none', deploy => 'always');
SELECT * FROM told('squares');
SELECT version FROM assay.train('squares', 'SELECT distance, nullif(product, ''tea'') AS product, price FROM orders', 'price', 'linear_regression', '{"reference": {"product": "(null)"}}', split => 'none', deploy => 'always');
SELECT * FROM told('squares');
SELECT version FROM assay.train('grouped', 'SELECT shop % 2 AS side, distance, product, price FROM orders', 'price', 'linear_regression', '{"reference": {"product": "milk"}}', split => 'none', group_by => '{side}');
SELECT feature, category, round(weight::numeric, 3) AS weight FROM assay.weights('grouped', '{"side": 1}');

-- Errors of rows that are not alike, and of shops whose rows are not independent: the column of shops is no feature.
SELECT version FROM assay.train('squares', 'SELECT distance, product, price FROM orders', 'price', 'linear_regression', '{"reference": "first", "standard_errors": "HC3"}', split => 'none', deploy => 'always');
SELECT * FROM told('squares');
SELECT version FROM assay.train('squares', 'SELECT shop, distance, product, price FROM orders', 'price', 'linear_regression', '{"reference": "first", "cluster": "shop"}', split => 'none', deploy => 'always');
SELECT * FROM told('squares');
SELECT assay.features('squares');
SELECT fold, metric, value > 0 AS above FROM assay.cross_validate('SELECT shop, distance, price FROM orders', 'price', 'ridge', '{"cluster": "shop"}', folds => 2) WHERE metric = 'rmse';

-- Two classes, and three: probabilities, labels, calibration, reasons.
SELECT version FROM assay.train('returns', 'SELECT distance, product, returned FROM orders', 'returned', 'linear_svm', split => 'none');
SELECT * FROM told('returns');
SELECT round(assay.predict('returns', 2, 'tea')::numeric, 3) AS low, round(assay.predict('returns', 9, 'tea')::numeric, 3) AS high, assay.predict_label('returns', 9, 'tea') AS label;
SELECT version FROM assay.train('returns', 'SELECT distance, product, returned FROM orders', 'returned', 'linear_svm', '{"loss": "hinge"}', split => 'none', calibrate => 'sigmoid', deploy => 'always');
SELECT round(assay.predict('returns', 2, 'tea')::numeric, 3) AS low, round(assay.predict('returns', 9, 'tea')::numeric, 3) AS high;
SELECT version FROM assay.train('product', 'SELECT distance, price, product FROM orders', 'product', 'linear_svm', split => 'none');
SELECT round(sum(p)::numeric, 6) AS whole, count(*) AS classes FROM unnest(assay.predict_proba('product', 5, 30)) AS p;
SELECT feature, round(attribution::numeric, 3) AS attribution FROM assay.explain_predict('returns', 9, 'tea');
-- Numbers, by group, with intervals from quantiles.
SELECT version FROM assay.train('prices', 'SELECT distance, product, price FROM orders', 'price', 'linear_svm', '{"epsilon": 1, "C": 10}', split => 'none', group_by => '{product}');
SELECT round(assay.predict('prices', 5, 'tea')::numeric, 1) AS price;
SELECT version FROM assay.train('between', 'SELECT distance, product, price FROM orders', 'price', 'quantile_regression', intervals => '{"level": 0.8}');
SELECT i[1] < i[2] AS ordered FROM assay.predict_interval('between', 5, 'tea') AS i;

-- What is wrong says so.
CALL fails($$SELECT assay.train('wrong', 'orders', 'price', 'linear_svm', '{"loss": "hinge"}')$$);
CALL fails($$SELECT assay.train('wrong', 'orders', 'price', 'linear_svm', '{"loss": "cubic"}')$$);
CALL fails($$SELECT assay.train('wrong', 'orders', 'price', 'quantile_regression', '{"quantile": 1.5}')$$);
CALL fails($$SELECT assay.train('wrong', 'SELECT distance, -visits AS visits FROM orders', 'visits', 'poisson_regression')$$);
CALL fails($$SELECT assay.train('wrong', 'orders', 'price', 'poisson_regression', '{"standard_errors": "HC3"}')$$);
CALL fails($$SELECT assay.train('wrong', 'orders', 'price', 'linear_regression', '{"standard_errors": "HC1", "cluster": "shop"}')$$);
CALL fails($$SELECT assay.train('wrong', 'orders', 'price', 'linear_regression', '{"cluster": "shops"}')$$);
CALL fails($$SELECT assay.train('wrong', 'orders', 'price', 'linear_regression', '{"cluster": "price"}')$$);
CALL fails($$SELECT assay.train('wrong', 'orders', 'price', 'linear_regression', '{"cluster": "shop"}', exclude => '{shop}')$$);
CALL fails($$SELECT assay.train('wrong', 'orders', 'price', 'linear_regression', '{"reference": "bread"}')$$);
CALL fails($$SELECT assay.train('wrong', 'SELECT distance, product, price FROM orders', 'price', 'linear_regression', '{"reference": {"product": "wine"}}')$$);
CALL fails($$SELECT assay.train('wrong', 'SELECT distance, product, price FROM orders', 'price', 'linear_regression', '{"reference": {"distance": "1"}}')$$);
CALL fails($$SELECT assay.train('wrong', 'SELECT distance, product, price FROM orders', 'price', 'linear_regression', '{"reference": {"product": 1}}')$$);
CALL fails($$SELECT assay.train('wrong', 'orders', 'price', 'quantile_regression', '{"reference": {"product": "tea"}, "fit_intercept": false}')$$);
CALL fails($$SELECT assay.train('wrong', 'SELECT distance, 0 AS visits FROM orders', 'visits', 'poisson_regression')$$);
CALL fails($$SELECT assay.train('wrong', 'SELECT distance, returned FROM orders', 'returned', 'logistic_regression', '{"standard_errors": "HC2"}')$$);
CALL fails($$SELECT assay.train('wrong', 'orders', 'price', 'linear_svm', '{"C": 0}')$$);
CALL fails($$SELECT assay.train('wrong', 'orders', 'price', 'huber_regression', '{"t": -1}')$$);
CALL fails($$SELECT assay.train('wrong', 'orders', 'product', 'huber_regression')$$);

-- Judging and deciding: slices with intervals, calibration, lift, Brier's score, costs of thresholds, fairness, bands, kept curves.
CREATE TABLE loans AS
SELECT i AS id, (hashint4(i) & 1023) / 1023.0::float8 AS x, (ARRAY['north', 'south', 'west'])[i % 3 + 1] AS region, i % 2 = 0 AS old,
       50 + i % 100 AS amount, ((hashint4(i) & 1023) / 1023.0) + ((hashint4(i + 5000) & 1023) / 1023.0) > 1.2 AS bad
FROM generate_series(1, 900) AS i;
SELECT version FROM assay.train('loans', 'SELECT x, old, bad, id % 3 = 0 AS t FROM loans', 'bad', 'logistic_regression', split => 't');

-- All rows: the segment is NULL, and every estimate has an interval that holds it.
SELECT metric, segment IS NULL AS whole, rows, low <= value AND value <= high AS inside FROM assay.evaluate('loans', 'loans');
-- Slices, the worst first.
SELECT segment, rows, round(value::numeric, 3) AS roc_auc, round(low::numeric, 3) AS low, round(high::numeric, 3) AS high
FROM assay.evaluate('loans', 'loans', group_by => '{region, old}') WHERE metric = 'roc_auc';
-- Each slice is what evaluate says of its rows alone.
SELECT count(*) AS differ FROM assay.evaluate('loans', 'loans', group_by => '{region}') AS s
JOIN assay.evaluate('loans', $$SELECT * FROM loans WHERE region = 'south'$$) AS a USING (metric)
WHERE s.segment = '{"region": "south"}' AND (s.value, s.low, s.high) IS DISTINCT FROM (a.value, a.low, a.high);
-- NULL is a segment, and rows without a target are counted in theirs.
SELECT segment, rows, value FROM assay.evaluate('loans', $$SELECT x, old, CASE WHEN id > 6 THEN bad END AS bad, nullif(region, 'west') AS region FROM loans$$,
    group_by => '{region}') WHERE metric = 'unlabelled_rows' ORDER BY segment;
\set VERBOSITY default
SELECT * FROM assay.evaluate('loans', 'loans', group_by => '{}');
SELECT * FROM assay.evaluate('loans', 'loans', group_by => '{nowhere}');
SELECT * FROM assay.evaluate('loans', 'loans', group_by => '{old, old}');
SELECT * FROM assay.evaluate('loans', 'loans', group_by => '{NULL}');
SELECT * FROM assay.evaluate('loans', 'SELECT *, ARRAY[1.5] AS v FROM loans', group_by => '{v}');
SELECT count(*) FROM assay.evaluate('loans', 'SELECT l.*, n FROM loans AS l, generate_series(1, 20) AS n', group_by => '{id, n}');

-- Calibration, lift and Brier's score, of a query and of the rows that were held out.
SELECT bin, rows, round(predicted::numeric, 3) AS predicted, round(actual::numeric, 3) AS actual, low <= actual AND actual <= high AS inside
FROM assay.calibration_curve('loans', 'loans', bins => 4);
SELECT sum(rows) AS rows FROM assay.calibration_curve('loans', NULL, 5, 'quantile');
SELECT bin, rows, positives, round(lift::numeric, 3) AS lift, round(gain::numeric, 3) AS gain, cumulative_rows
FROM assay.lift_table('loans', 'loans', bins => 4);
SELECT b.value - (r.value - s.value + u.value + w.value) AS apart
FROM (SELECT * FROM assay.brier_decomposition('loans', 'loans')) AS b
JOIN assay.brier_decomposition('loans', 'loans') AS r ON r.metric = 'reliability'
JOIN assay.brier_decomposition('loans', 'loans') AS s ON s.metric = 'resolution'
JOIN assay.brier_decomposition('loans', 'loans') AS u ON u.metric = 'uncertainty'
JOIN assay.brier_decomposition('loans', 'loans') AS w ON w.metric = 'within_bins'
WHERE b.metric = 'brier_score';
SELECT abs(value) < 1e-12 AS nothing_within FROM assay.brier_decomposition('loans', 'loans', NULL) WHERE metric = 'within_bins';
SELECT * FROM assay.calibration_curve('loans', 'loans', bins => 0);
SELECT * FROM assay.calibration_curve('loans', 'loans', bins => NULL);
SELECT * FROM assay.calibration_curve('loans', 'loans', strategy => 'equal');
SELECT * FROM assay.lift_table('loans', 'loans', label => 'maybe');
SELECT * FROM assay.lift_table('loans', 'loans', bins => 1001);

-- What a threshold costs: numbers, texts of numbers and columns, in any combination.
SELECT flagged, true_positives, cost, saving, chosen, current FROM assay.threshold_costs('loans', 'loans', 10, 50) WHERE chosen OR current;
SELECT (SELECT cost FROM assay.threshold_costs('loans', 'loans', '10', '50') WHERE chosen) = (SELECT cost FROM assay.threshold_costs('loans', 'loans', 10.0, 50::bigint) WHERE chosen) AS same;
SELECT round(cost::numeric, 2) AS cost FROM assay.threshold_costs('loans', 'loans', 10, 'amount') WHERE chosen;
SELECT round(cost::numeric, 2) AS cost FROM assay.threshold_costs('loans', 'loans', 'amount', 10) WHERE chosen;
SELECT flagged <= 40 AS within, cost FROM assay.threshold_costs('loans', 'loans', cost_fp => 10, cost_fn => 50, capacity => 40) WHERE chosen;
SELECT count(*) <= 100 AS few, bool_or(threshold = 'Infinity') AS nobody, bool_or(true_negatives = 0) AS everybody,
       bool_and(cost_low <= cost AND cost <= cost_high) AS inside, bool_and(saving_low <= saving AND saving <= saving_high) AS saved
FROM assay.threshold_costs('loans', 'loans', 10, 50);
-- The cost is what predict_label and the rows say.
SELECT t.cost = sum(CASE WHEN assay.predict_label('loans', l) = 'true' AND NOT bad THEN 10 WHEN assay.predict_label('loans', l) = 'false' AND bad THEN 50 ELSE 0 END) AS agrees
FROM loans AS l, assay.threshold_costs('loans', 'loans', 10, 50) AS t WHERE t.current GROUP BY t.cost;
SELECT flagged, cost FROM assay.threshold_costs('loans', 'loans', 100, 0.1) WHERE chosen;
SELECT count(*) > 1 AS kept FROM assay.threshold_costs('loans', NULL, 10, 50);
SELECT * FROM assay.threshold_costs('loans', 'loans', -1, 50);
SELECT * FROM assay.threshold_costs('loans', 'loans', 'nothing', 50);
SELECT * FROM assay.threshold_costs('loans', 'loans', 'region', 50);
SELECT * FROM assay.threshold_costs('loans', 'SELECT *, -amount AS debt FROM loans', 'debt', 50);
SELECT * FROM assay.threshold_costs('loans', 'loans', 10, NULL);
SELECT * FROM assay.threshold_costs('loans', 'loans', 10, 50, -1);
SELECT * FROM assay.threshold_costs('loans', NULL, 10, 'amount');

-- Fairness.
SELECT metric, round(difference::numeric, 3) AS difference, round(ratio::numeric, 3) AS ratio, within_limits
FROM assay.fairness('loans', 'loans', '{region}', '{"limits": {"demographic_parity_ratio": 0.8, "equal_opportunity_difference": 0.01}}')
WHERE segment IS NULL AND difference IS NOT NULL AND value IS NULL;
SELECT segment, rows, metric, round(value::numeric, 3) AS value, round(difference::numeric, 3) AS difference, round(ratio::numeric, 3) AS ratio
FROM assay.fairness('loans', 'loans', '{region}', '{"reference": "north"}') WHERE metric IN ('selection_rate', 'true_positive_rate', 'count');
-- By hand.
SELECT count(*) AS differ FROM assay.fairness('loans', 'loans', '{region}') AS f
JOIN (SELECT region, avg((assay.predict_label('loans', l) = 'true')::int) AS selected FROM loans AS l GROUP BY region) AS r ON f.segment = jsonb_build_object('region', region)
WHERE f.metric = 'selection_rate' AND abs(f.value - r.selected) > 1e-12;
-- Intervals: of the summary, of a group beside another one, and beside all rows, of which it is a part.
SELECT metric, difference_low <= difference AND difference <= difference_high AS difference, ratio_low <= ratio AND ratio <= ratio_high AND ratio_high <= 1 AS ratio
FROM assay.fairness('loans', 'loans', '{region}') WHERE metric IN ('demographic_parity', 'equal_opportunity', 'equalized_odds');
SELECT segment, metric, round(difference::numeric, 3) AS difference, round(difference_low::numeric, 3) AS low, round(difference_high::numeric, 3) AS high,
       round(ratio::numeric, 3) AS ratio, round(ratio_low::numeric, 3) AS low, round(ratio_high::numeric, 3) AS high
FROM assay.fairness('loans', 'loans', '{old}', '{"reference": true}')
WHERE metric IN ('demographic_parity', 'selection_rate', 'roc_auc', 'calibration_gap', 'expected_calibration_error');
SELECT segment, round(difference::numeric, 3) AS difference, round(difference_low::numeric, 3) AS low, round(difference_high::numeric, 3) AS high,
       round(ratio_low::numeric, 3) AS low, round(ratio_high::numeric, 3) AS high
FROM assay.fairness('loans', 'loans', '{region}', '{"reference": "overall"}') WHERE metric IN ('demographic_parity', 'selection_rate');
SELECT count(*) AS without FROM assay.fairness('loans', 'loans', '{region}') WHERE segment IS NOT NULL AND metric = 'roc_auc' AND difference_low IS NULL;
-- Where nobody is called positive there is no ratio, but a difference; one group alone is compared with nothing.
SELECT segment, ratio, ratio_low > 0 AS low, ratio_high, round(difference_low::numeric, 3) AS difference_low
FROM assay.fairness('loans', 'SELECT *, x < 0.3 AS low FROM loans', '{low}', '{"reference": true}') WHERE metric = 'selection_rate' AND segment IS NOT NULL;
SELECT metric, difference, difference_high, ratio, ratio_low FROM assay.fairness('loans', 'SELECT *, 1 AS one FROM loans', '{one}') WHERE metric LIKE 'equal%';
SELECT metric, rows, note FROM assay.fairness('loans', 'SELECT *, id < 6 AS rare FROM loans', '{rare}', '{"min_rows": 10, "reference": "overall", "threshold": 0.4}')
WHERE metric IN ('demographic_parity', 'count');
SELECT * FROM assay.fairness('loans', 'loans', '{region}', '{"limit": 1}');
SELECT * FROM assay.fairness('loans', 'loans', '{region}', '{"limits": {"parity": 1}}');
SELECT * FROM assay.fairness('loans', 'loans', '{region}', '{"limits": {"equalized_odds_ratio": 80}}');
SELECT * FROM assay.fairness('loans', 'loans', '{region}', '{"reference": "east"}');
SELECT * FROM assay.fairness('loans', 'loans', '{region}', '{"min_rows": -1}');
SELECT * FROM assay.fairness('loans', 'loans', '{region}', '{"threshold": 2}');
SELECT * FROM assay.fairness('loans', 'loans', NULL);
SELECT * FROM assay.fairness('loans', 'SELECT *, repeat(''x'', 1001) AS long FROM loans', '{long}');

-- Bands.
SELECT assay.decide('loans', l), count(*) FROM loans AS l GROUP BY 1 ORDER BY 1;
SELECT assay.set_threshold('loans', 0.5, review_from => 0.3, review_to => 0.7);
SELECT assay.decide('loans', l), min(assay.predict('loans', l)) >= 0.3 AS from_03, max(assay.predict('loans', l)) < 0.7 AS below_07 FROM loans AS l GROUP BY 1 ORDER BY 1;
SELECT assay.decide_row('loans', '{"x": 0.99, "old": true}'), assay.decide_values('loans', '{0.01,true}'), assay.decide('loans', 0.5, NULL::boolean);
SELECT threshold, review_from, review_to, positive FROM assay.model_versions WHERE model = 'loans';
SELECT assay.set_threshold('loans', 0.5, positive => 'approve');
SELECT assay.decide_row('loans', '{"x": 0.99, "old": true}'), assay.decide_row('loans', '{"x": 0.01, "old": true}');
SELECT assay.set_threshold('loans', 0.5, 0.6);
SELECT assay.set_threshold('loans', 0.5, NULL, 0.4);
SELECT assay.set_threshold('loans', 0.5, positive => 'good');
SELECT assay.set_threshold('loans', NULL);

-- Curves that are kept with the version; those who may not know of the model see none.
SELECT count(*) AS points, max(true_positive_rate) AS up, max(false_positive_rate) AS right FROM assay.model_roc WHERE model = 'loans' AND threshold IS NULL;
SELECT sum(rows) AS rows, count(*) AS bins FROM assay.model_calibration WHERE model = 'loans';
SELECT sum(rows) AS rows, max(gain) AS gain FROM assay.model_lift WHERE model = 'loans';
SELECT sum(negatives + positives) AS rows, count(*) AS parts FROM assay.model_scores WHERE model = 'loans';
SELECT count(*) > 1 AS points FROM assay.model_precision_recall WHERE model = 'loans';

-- A model of numbers and one of three classes.
SELECT version FROM assay.train('amounts', 'SELECT x, x * 7 + amount / 100.0 AS y FROM loans', 'y', 'linear_regression', split => 'none');
SELECT bin, rows, predicted BETWEEN low AND high AS calibrated, lower <= predicted AND predicted <= upper AS inside FROM assay.calibration_curve('amounts', NULL, bins => 3);
SELECT * FROM assay.lift_table('amounts', NULL);
SELECT * FROM assay.fairness('amounts', 'SELECT x, x AS y, region FROM loans', '{region}');
SELECT * FROM assay.threshold_costs('amounts', NULL, 1, 1);
SELECT assay.decide('amounts', 0.5);
SELECT version FROM assay.train('regions', 'SELECT x, amount, region FROM loans', 'region', 'naive_bayes', split => 'none');
SELECT label, count(*) > 1 AS points FROM assay.model_roc WHERE model = 'regions' GROUP BY label ORDER BY label;
SELECT * FROM assay.lift_table('regions', NULL);
SELECT sum(rows) AS rows, sum(positives) AS positives FROM assay.lift_table('regions', NULL, label => 'west');
SELECT assay.decide('regions', 0.5, 100);

-- Roles.
CREATE ROLE judge;
GRANT SELECT ON loans TO judge;
SET ROLE judge;
SELECT * FROM assay.fairness('loans', 'loans', '{region}');
SELECT count(*) AS seen FROM assay.model_roc WHERE model = 'loans';
SELECT assay.set_threshold('loans', 0.4, 0.3);
RESET ROLE;
SELECT assay.grant_model('loans', 'judge', 'predict');
SET ROLE judge;
SELECT count(*) > 3 AS judged FROM assay.fairness('loans', 'loans', '{region}');
SELECT count(*) > 1 AS seen FROM assay.model_roc WHERE model = 'loans';
SELECT assay.set_threshold('loans', 0.4, 0.3);
RESET ROLE;
DROP OWNED BY judge;

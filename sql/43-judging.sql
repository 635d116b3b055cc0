-- Whether a model is good enough, and what is decided by it.

-- Deciding.

CREATE FUNCTION assay.set_threshold(model text, threshold double precision, review_from double precision DEFAULT NULL,
                                    review_to double precision DEFAULT NULL, positive text DEFAULT 'refuse') RETURNS void
AS 'MODULE_PATHNAME', 'set_bands_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.set_threshold(text, double precision, double precision, double precision, text) IS
'Sets the probability from which on a version (by default the deployed one) gives the positive label; 0.5 until then. Needs the privilege manage.
review_from, review_to: bounds around the threshold between which assay.decide leaves a row to a person: below review_from it is approved, from review_to on refused. NULL is the threshold itself, so that one bound makes a band on its side, and none makes no band; each call sets all three.
positive: what the positive class means: refuse (fraud, a loan that is not paid back), or approve (a customer who will buy), which turns the bands round.
Errors: 22023 what is no probability, bounds out of order, ML010 a model without two classes.
Example: SELECT assay.set_threshold(''credit@1'', 0.3, review_from => 0.2, review_to => 0.6)';

CREATE FUNCTION assay.decide(model text, VARIADIC features "any") RETURNS text
AS 'MODULE_PATHNAME', 'decide_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 200 SUPPORT assay_internal.row_support;
COMMENT ON FUNCTION assay.decide(text, "any") IS
'What is decided of one row by the bands of a version, as assay.set_threshold set them: approve, review or refuse; without bands refuse from the threshold on (0.5 until it is set), and else approve. Arguments, NULLs and errors as in assay.predict; ML010 for a model without two classes.
Example: SELECT assay.decide(''credit'', c) AS decision, count(*) FROM customers c WHERE is_test GROUP BY 1 ORDER BY 1';

CREATE FUNCTION assay.decide_row(model text, features jsonb) RETURNS text
AS 'MODULE_PATHNAME', 'decide_row_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE COST 500;
COMMENT ON FUNCTION assay.decide_row(text, jsonb) IS
'What assay.decide gives, for features in one object of JSON; see assay.predict_row.
Example: SELECT assay.decide_row(''credit'', to_jsonb(c) - ''{customer_id,is_risky,is_test}''::text[]) FROM customers c WHERE is_test';

CREATE FUNCTION assay.decide_values(model text, features text[]) RETURNS text
AS 'MODULE_PATHNAME', 'decide_values_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE COST 500;
COMMENT ON FUNCTION assay.decide_values(text, text[]) IS
'What assay.decide gives, for features as texts in the order of assay.features(model); see assay.predict_values.
Example: SELECT assay.decide_values(''credit'', array_agg(to_jsonb(c) ->> name ORDER BY place)) FROM customers c, unnest(assay.features(''credit'')) WITH ORDINALITY AS f (name, place) GROUP BY customer_id';
-- How good a model is.

CREATE FUNCTION assay.evaluate(model text, query text, threshold double precision DEFAULT NULL, group_by text[] DEFAULT NULL)
RETURNS TABLE (metric text, value double precision, segment jsonb, rows bigint, low double precision, high double precision)
AS 'MODULE_PATHNAME', 'evaluate_slices_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 12;
COMMENT ON FUNCTION assay.evaluate(text, text, double precision, text[]) IS
'Scores the rows of a query and compares with the target that the model was trained for, which must be among the columns. Rows without a target are not counted (metric unlabelled_rows says how many); unseen_levels counts values of categories that training never saw.
threshold: for the metrics of labels; NULL takes the model''s. One pass.
Rows of a distributed table of Citus are scored on its workers when assay.publish_model has given them the version, those of a foreign table on a server that has it; a NOTICE says so, and of rows elsewhere that are fetched why (docs/scale.md).
Of a model without a target the metrics are those of its algorithm (docs/unsupervised.md), which tell how well it describes the rows; there is no threshold.
group_by: columns of the query by which the rows are told apart: each segment of them has its own metrics, the worst segment first, by the first metric of the task (roc_auc, rmse, or the loss that the model was fitted by); at most 10,000 segments. Without it the segment is NULL.
rows: how many rows the metrics are of. low, high: a 95 % interval, by a closed form (docs/evaluation.md says which), NULL where rows are too few to tell.
Errors: as in assay.predict, ML007 for a label that the model does not know, 22023 and 42703 for group_by, 54000 for too many segments, or a text of more than 1,000 bytes that names one.
Example: SELECT segment, rows, value, low, high FROM assay.evaluate(''credit'', ''SELECT * FROM customers WHERE is_test'', group_by => ''{job}'') WHERE metric = ''roc_auc''';

CREATE FUNCTION assay.calibration_curve(model text, query text, bins integer DEFAULT 10, strategy text DEFAULT 'uniform', label text DEFAULT NULL)
RETURNS TABLE (bin integer, lower double precision, upper double precision, rows bigint, predicted double precision, actual double precision,
               low double precision, high double precision)
AS 'MODULE_PATHNAME', 'calibration_curve_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 10;
COMMENT ON FUNCTION assay.calibration_curve(text, text, integer, text, text) IS
'Whether probabilities come true as often as they say: the mean probability (predicted) and the share of positive rows (actual) in bins of the rows of a query, as scikit-learn''s calibration_curve makes them; empty bins are left out. A model is calibrated where the diagonal (actual = predicted) is within low and high, Wilson''s 95 % interval of actual.
Of a regression: the mean prediction and the mean of the target in bins of about as many rows, with the normal interval of that mean.
query: as in assay.evaluate; NULL takes the rows that the version was judged on, as they are kept with it. bins: 1 to 1,000. strategy: uniform (bins as wide) or quantile (bins with as many rows); a regression has always the latter. label: the class whose probability it is; needed for more than two classes.
Errors: as in assay.evaluate, 22023 for bins, strategy and label, 55000 where no curves are kept.
Example: SELECT bin, rows, predicted, actual, low, high FROM assay.calibration_curve(''credit'', ''SELECT * FROM customers WHERE is_test'', bins => 5)';

CREATE FUNCTION assay.brier_decomposition(model text, query text, bins integer DEFAULT 10, strategy text DEFAULT 'uniform', label text DEFAULT NULL)
RETURNS TABLE (metric text, value double precision)
AS 'MODULE_PATHNAME', 'brier_decomposition_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 8;
COMMENT ON FUNCTION assay.brier_decomposition(text, text, integer, text, text) IS
'Brier''s score taken apart (Murphy 1973): brier_score = reliability - resolution + uncertainty + within_bins. reliability: how far the bins'' probabilities are from what came true (0 is best); resolution: how well they tell rows apart (the more the better); uncertainty: what no forecast changes; within_bins: what differs within bins, 0 with bins => NULL, which makes a bin of each distinct probability. Then expected_calibration_error and maximum_calibration_error, the mean and the greatest distance of the bins of assay.calibration_curve from the diagonal, and the number of bins with rows.
Arguments and errors as in assay.calibration_curve; ML010 for a regression.
Example: SELECT metric, round(value::numeric, 4) AS value FROM assay.brier_decomposition(''credit'', ''SELECT * FROM customers WHERE is_test'')';

CREATE FUNCTION assay.lift_table(model text, query text, bins integer DEFAULT 10, label text DEFAULT NULL)
RETURNS TABLE (bin integer, rows bigint, positives bigint, lowest_score double precision, mean_score double precision, rate double precision,
               low double precision, high double precision, lift double precision, cumulative_rows bigint, cumulative_positives bigint,
               cumulative_lift double precision, gain double precision)
AS 'MODULE_PATHNAME', 'lift_table_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 10;
COMMENT ON FUNCTION assay.lift_table(text, text, integer, text) IS
'What it brings to begin with the highest scores: the rows of a query in bins of about as many rows, the highest probabilities first. rate: the share of positive rows, with Wilson''s 95 % interval; lift: the rate over that of all rows; cumulative_lift: of this and the bins before; gain: the share of all positive rows that have been met by then. Rows of one score stay together, so that bins may be fewer and unequal.
Arguments and errors as in assay.calibration_curve; ML010 for a regression.
Example: SELECT bin, rows, positives, lift, gain FROM assay.lift_table(''credit'', ''SELECT * FROM customers WHERE is_test'', bins => 5)';

CREATE FUNCTION assay_internal.judged_row(asked bytea, target "any", VARIADIC features "any") RETURNS bytea
AS 'MODULE_PATHNAME', 'judged_row_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 200;
COMMENT ON FUNCTION assay_internal.judged_row(bytea, "any", "any") IS
'What a version says of a row, beside what the row is, for assay_internal.judged. Needs the privilege predict.
asked: JSON in UTF-8: model, as name@version, or as a name for whichever version has the hash; hash, of its bytes, so that a server that has another version of that number returns an error; extra, columns behind the features with what each is.
features: all of them, in the order of assay.features(model). At most 97 with what is extra.
Errors: 22023 what cannot be read, or is another one for each row; ML002 no such version, or another one of its number; 42501, ML004, ML010, and those of a row as in assay.evaluate.';

CREATE FUNCTION assay_internal.judged_step(assay.state, bytea) RETURNS assay.state
AS 'MODULE_PATHNAME', 'judged_step_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 5;
COMMENT ON FUNCTION assay_internal.judged_step(assay.state, bytea) IS 'A row of the aggregate assay_internal.judged.';

CREATE AGGREGATE assay_internal.judged(judged_row bytea) (
    SFUNC = assay_internal.judged_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, PARALLEL = safe);
COMMENT ON AGGREGATE assay_internal.judged(bytea) IS
'Rows that assay_internal.judged_row made, as a state that assay.evaluate and its kin take where rows are judged on the nodes of a Citus cluster: of each row 10 or 11 bytes of two classes, 16 of numbers, 1 and 8 per class of more. At most 500 MB of one part. Errors: ML007 too many rows, ML011 bytes that are no row, ML012 rows of two models.';

CREATE FUNCTION assay_internal.judged_values_step(assay.state, bytea, "any", VARIADIC "any") RETURNS assay.state
AS 'MODULE_PATHNAME', 'judged_values_step_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 200;
COMMENT ON FUNCTION assay_internal.judged_values_step(assay.state, bytea, "any", "any") IS 'A row of the aggregate assay_internal.judged of values.';

CREATE AGGREGATE assay_internal.judged(asked bytea, target "any", VARIADIC features "any") (
    SFUNC = assay_internal.judged_values_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, PARALLEL = safe);
COMMENT ON AGGREGATE assay_internal.judged(bytea, "any", "any") IS
'What assay_internal.judged gives of assay_internal.judged_row, in one call: postgres_fdw sends it to a server that has the version. At most 97 features with what is extra. Errors as of both.';

-- What a threshold costs.

CREATE FUNCTION assay.threshold_costs(model text, query text, cost_fp text, cost_fn text, capacity bigint DEFAULT NULL)
RETURNS TABLE (threshold double precision, flagged bigint, true_positives bigint, false_positives bigint, true_negatives bigint,
               false_negatives bigint, "precision" double precision, recall double precision,
               cost double precision, cost_low double precision, cost_high double precision,
               saving double precision, saving_low double precision, saving_high double precision,
               saving_over_nobody double precision, saving_over_nobody_low double precision, saving_over_nobody_high double precision,
               saving_over_everybody double precision, saving_over_everybody_low double precision, saving_over_everybody_high double precision,
               chosen boolean, current boolean)
AS 'MODULE_PATHNAME', 'threshold_costs_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 100;
COMMENT ON FUNCTION assay.threshold_costs(text, text, text, text, bigint) IS
'What each threshold costs on the rows of a query, the highest threshold first: at most 100 of those that there are, among them flagging nobody (Infinity) and everybody, the model''s own (current), and the one that costs least (chosen).
cost_fp: what a false alarm costs, a negative row that is flagged; cost_fn: what a miss costs, a positive row that is not. Each is a number, or the name of a column of the query that holds it for each row. capacity: how many of the query''s rows people can look at; thresholds that flag more are not chosen.
cost: of all rows together. saving: how much less than at the current threshold; saving_over_nobody and saving_over_everybody: than without a model. Each with a 95 % interval, of the same rows, from the variance of the rows'' costs. A threshold that is chosen on few rows looks better there than it will be: look at its cost on others.
query: as in assay.evaluate; NULL takes the rows that the version was judged on, as they are kept with it, with costs that are numbers.
Errors: as in assay.evaluate, 22023 for costs and capacity, ML007 for a column''s values, ML010 for a model without two classes, 42703 no such column.
Example: SELECT round(threshold::numeric, 3) AS threshold, flagged, cost, saving, saving_low, saving_high FROM assay.threshold_costs(''credit'', ''SELECT * FROM customers WHERE is_test'', ''500'', ''credit_amount'', capacity => 50) WHERE chosen OR current';

CREATE FUNCTION assay.threshold_costs(model text, query text, cost_fp double precision, cost_fn double precision, capacity bigint DEFAULT NULL)
RETURNS TABLE (threshold double precision, flagged bigint, true_positives bigint, false_positives bigint, true_negatives bigint,
               false_negatives bigint, "precision" double precision, recall double precision,
               cost double precision, cost_low double precision, cost_high double precision,
               saving double precision, saving_low double precision, saving_high double precision,
               saving_over_nobody double precision, saving_over_nobody_low double precision, saving_over_nobody_high double precision,
               saving_over_everybody double precision, saving_over_everybody_low double precision, saving_over_everybody_high double precision,
               chosen boolean, current boolean)
AS 'MODULE_PATHNAME', 'threshold_costs_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 100;
COMMENT ON FUNCTION assay.threshold_costs(text, text, double precision, double precision, bigint) IS
'The same with numbers.
Example: SELECT threshold, flagged, cost FROM assay.threshold_costs(''credit'', ''SELECT * FROM customers WHERE is_test'', 10, 50) WHERE chosen';

CREATE FUNCTION assay.threshold_costs(model text, query text, cost_fp double precision, cost_fn text, capacity bigint DEFAULT NULL)
RETURNS TABLE (threshold double precision, flagged bigint, true_positives bigint, false_positives bigint, true_negatives bigint,
               false_negatives bigint, "precision" double precision, recall double precision,
               cost double precision, cost_low double precision, cost_high double precision,
               saving double precision, saving_low double precision, saving_high double precision,
               saving_over_nobody double precision, saving_over_nobody_low double precision, saving_over_nobody_high double precision,
               saving_over_everybody double precision, saving_over_everybody_low double precision, saving_over_everybody_high double precision,
               chosen boolean, current boolean)
AS 'MODULE_PATHNAME', 'threshold_costs_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 100;
COMMENT ON FUNCTION assay.threshold_costs(text, text, double precision, text, bigint) IS
'The same with a number for what a false alarm costs.
Example: SELECT threshold, flagged, cost FROM assay.threshold_costs(''credit'', ''SELECT * FROM customers WHERE is_test'', 500, ''credit_amount'') WHERE chosen';

CREATE FUNCTION assay.threshold_costs(model text, query text, cost_fp text, cost_fn double precision, capacity bigint DEFAULT NULL)
RETURNS TABLE (threshold double precision, flagged bigint, true_positives bigint, false_positives bigint, true_negatives bigint,
               false_negatives bigint, "precision" double precision, recall double precision,
               cost double precision, cost_low double precision, cost_high double precision,
               saving double precision, saving_low double precision, saving_high double precision,
               saving_over_nobody double precision, saving_over_nobody_low double precision, saving_over_nobody_high double precision,
               saving_over_everybody double precision, saving_over_everybody_low double precision, saving_over_everybody_high double precision,
               chosen boolean, current boolean)
AS 'MODULE_PATHNAME', 'threshold_costs_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 100;
COMMENT ON FUNCTION assay.threshold_costs(text, text, text, double precision, bigint) IS
'The same with a number for what a miss costs.
Example: SELECT threshold, flagged, cost FROM assay.threshold_costs(''credit'', ''SELECT * FROM customers WHERE is_test'', ''credit_amount'', 500) WHERE chosen';

-- Fairness.

CREATE FUNCTION assay.fairness(model text, query text, group_by text[], options jsonb DEFAULT '{}')
RETURNS TABLE (segment jsonb, rows bigint, metric text, value double precision, low double precision, high double precision,
               difference double precision, ratio double precision, within_limits boolean, note text,
               difference_low double precision, difference_high double precision, ratio_low double precision, ratio_high double precision)
AS 'MODULE_PATHNAME', 'fairness_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 60;
COMMENT ON FUNCTION assay.fairness(text, text, text[], jsonb) IS
'Whether a model with two classes treats groups of the rows of a query alike. First how far the groups are apart (segment NULL, in difference and ratio): demographic_parity (selection_rate), equal_opportunity (true_positive_rate) and equalized_odds (the worse of true_positive_rate and false_positive_rate), as fairlearn computes them; then the metrics of all rows together (segment NULL), then those of each group: count, selection_rate, true_positive_rate, false_positive_rate, precision, accuracy, base_rate (the share that is positive), mean_prediction, calibration_gap (mean_prediction less base_rate), expected_calibration_error, roc_auc, with 95 % intervals. difference and ratio of a group are to the reference.
difference_low to ratio_high: 95 % intervals, of two shares from Wilson''s of each (Newcombe 1998 for the difference, Donner and Zou 2012 for the ratio, which is NULL where the other share is 0); those of the summary hold what is true of the groups farthest apart, whichever they are (Bonferroni over all pairs). NULL where a group is compared with itself, of expected_calibration_error, and of mean_prediction, calibration_gap and roc_auc beside all rows.
rows: how many rows the value is of: of true_positive_rate the positive ones, and so on. note: says that a group is small.
options: reference ("overall", or the group to compare with: {"sex": "male"}, or "male" with one column; without it the summary compares groups with each other, and each group with all rows), threshold (else the model''s), min_rows (groups of fewer rows are left out of the summary), limits: {"demographic_parity_ratio": 0.8, "equal_opportunity_difference": 0.1, ...}, what you demand of the summary''s differences at most and ratios at least, which within_limits answers. assay demands nothing by itself.
Errors: as in assay.evaluate, 22023 for options and their keys, ML010 for a model without two classes.
Example: SELECT metric, difference, ratio, within_limits FROM assay.fairness(''credit'', ''SELECT * FROM customers WHERE is_test'', ''{foreign_worker}'', ''{"limits": {"demographic_parity_ratio": 0.8}}'') WHERE segment IS NULL AND difference IS NOT NULL';

-- Curves of the rows that versions were judged on, without reading rows again.

CREATE FUNCTION assay_internal.curve_points(curves bytea)
RETURNS TABLE (label text, threshold double precision, true_positives bigint, false_positives bigint, true_negatives bigint,
               false_negatives bigint, false_positive_rate double precision, true_positive_rate double precision, "precision" double precision)
AS 'MODULE_PATHNAME', 'curve_points_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 300;
COMMENT ON FUNCTION assay_internal.curve_points(bytea) IS 'The points of the curves that are kept with a version, of each class from the highest threshold; the first calls no row positive.';

CREATE FUNCTION assay_internal.curve_calibration(curves bytea, bins integer)
RETURNS TABLE (label text, bin integer, lower double precision, upper double precision, rows bigint, predicted double precision,
               actual double precision, low double precision, high double precision)
AS 'MODULE_PATHNAME', 'curve_calibration_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 10;
COMMENT ON FUNCTION assay_internal.curve_calibration(bytea, integer) IS 'Predictions beside what came true, in bins of about as many rows, from the curves that are kept with a version.';

CREATE FUNCTION assay_internal.curve_lift(curves bytea, bins integer)
RETURNS TABLE (label text, bin integer, rows bigint, positives bigint, lowest_score double precision, rate double precision,
               low double precision, high double precision, lift double precision, cumulative_lift double precision, gain double precision)
AS 'MODULE_PATHNAME', 'curve_lift_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 10;
COMMENT ON FUNCTION assay_internal.curve_lift(bytea, integer) IS 'The lift of the highest scores, from the curves that are kept with a version.';

CREATE FUNCTION assay_internal.curve_scores(curves bytea, bins integer)
RETURNS TABLE (label text, bin integer, lower double precision, upper double precision, negatives bigint, positives bigint)
AS 'MODULE_PATHNAME', 'curve_scores_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 20;
COMMENT ON FUNCTION assay_internal.curve_scores(bytea, integer) IS 'The distribution of scores by class, from the curves that are kept with a version.';

CREATE VIEW assay_internal.visible_curves WITH (security_barrier) AS
    SELECT m.name AS model, v.version, v.metrics OPERATOR(pg_catalog.->>) 'evaluated_on' AS evaluated_on, v.curves
    FROM assay_internal.visible_model m
    JOIN assay.model_version v ON v.model_id OPERATOR(pg_catalog.=) m.id
    WHERE v.curves IS NOT NULL;
COMMENT ON VIEW assay_internal.visible_curves IS 'The curves of the versions that the current role may know of: the base of the views below.';
COMMENT ON COLUMN assay_internal.visible_curves.model IS 'The model''s name.';
COMMENT ON COLUMN assay_internal.visible_curves.version IS 'The version''s number.';
COMMENT ON COLUMN assay_internal.visible_curves.evaluated_on IS 'Which rows they are of: test or train.';
COMMENT ON COLUMN assay_internal.visible_curves.curves IS 'The bytes of a state.';

CREATE VIEW assay.model_roc WITH (security_barrier) AS
    SELECT c.model, c.version, p.false_positive_rate, p.true_positive_rate, p.threshold, p.label, c.evaluated_on
    FROM assay_internal.visible_curves c, assay_internal.curve_points(c.curves) p;
COMMENT ON VIEW assay.model_roc IS
'The ROC curve of each version of a classification, on the rows that its metrics are of, one row per point, from the highest threshold; at most 500 points of all classes together, each exactly on the curve. Kept with the version by assay.train: no rows are read again.
Example: SELECT false_positive_rate, true_positive_rate, threshold FROM assay.model_roc WHERE model = ''credit'' AND version = 1 ORDER BY 1, 2 LIMIT 5';
COMMENT ON COLUMN assay.model_roc.model IS 'The model''s name.';
COMMENT ON COLUMN assay.model_roc.version IS 'The version''s number.';
COMMENT ON COLUMN assay.model_roc.false_positive_rate IS 'The share of negative rows that are called positive.';
COMMENT ON COLUMN assay.model_roc.true_positive_rate IS 'The share of positive rows that are called positive: recall.';
COMMENT ON COLUMN assay.model_roc.threshold IS 'The probability from which on a row is called positive; NULL where none is.';
COMMENT ON COLUMN assay.model_roc.label IS 'The class whose rows are positive: of two classes the positive one, of more each against the rest.';
COMMENT ON COLUMN assay.model_roc.evaluated_on IS 'test: rows held out; train: the rows that it was trained on, as none were held out.';

CREATE VIEW assay.model_precision_recall WITH (security_barrier) AS
    SELECT c.model, c.version, p.true_positive_rate AS recall, p."precision", p.threshold, p.label, c.evaluated_on
    FROM assay_internal.visible_curves c, assay_internal.curve_points(c.curves) p
    WHERE p.threshold IS NOT NULL;
COMMENT ON VIEW assay.model_precision_recall IS
'Precision against recall of each version of a classification, as assay.model_roc.
Example: SELECT recall, "precision", threshold FROM assay.model_precision_recall WHERE model = ''credit'' AND version = 1 ORDER BY threshold DESC LIMIT 5';
COMMENT ON COLUMN assay.model_precision_recall.model IS 'The model''s name.';
COMMENT ON COLUMN assay.model_precision_recall.version IS 'The version''s number.';
COMMENT ON COLUMN assay.model_precision_recall.recall IS 'The share of positive rows that are called positive.';
COMMENT ON COLUMN assay.model_precision_recall."precision" IS 'The share of rows called positive that are.';
COMMENT ON COLUMN assay.model_precision_recall.threshold IS 'The probability from which on a row is called positive.';
COMMENT ON COLUMN assay.model_precision_recall.label IS 'The class whose rows are positive.';
COMMENT ON COLUMN assay.model_precision_recall.evaluated_on IS 'Which rows it is of: test or train.';

CREATE VIEW assay.model_calibration WITH (security_barrier) AS
    SELECT c.model, c.version, p.bin, p.lower, p.upper, p.rows, p.predicted, p.actual, p.low, p.high, p.label, c.evaluated_on
    FROM assay_internal.visible_curves c, assay_internal.curve_calibration(c.curves, 10) p;
COMMENT ON VIEW assay.model_calibration IS
'What each version predicted beside what came true, in ten bins of about as many rows, on the rows that its metrics are of: of a classification the mean probability and the share of positive rows, of a regression the mean prediction and the mean of the target. A point on the diagonal is right.
Example: SELECT bin, rows, predicted, actual, low, high FROM assay.model_calibration WHERE model = ''credit'' AND version = 1 ORDER BY bin';
COMMENT ON COLUMN assay.model_calibration.model IS 'The model''s name.';
COMMENT ON COLUMN assay.model_calibration.version IS 'The version''s number.';
COMMENT ON COLUMN assay.model_calibration.bin IS 'The bin''s number, the lowest predictions first.';
COMMENT ON COLUMN assay.model_calibration.lower IS 'Where it begins.';
COMMENT ON COLUMN assay.model_calibration.upper IS 'Where it ends.';
COMMENT ON COLUMN assay.model_calibration.rows IS 'How many rows are in it.';
COMMENT ON COLUMN assay.model_calibration.predicted IS 'The mean of their predictions.';
COMMENT ON COLUMN assay.model_calibration.actual IS 'What came true: the share of positive rows, or the mean of the target.';
COMMENT ON COLUMN assay.model_calibration.low IS 'The lower end of a 95 % interval of that: Wilson''s for shares, the normal one for means.';
COMMENT ON COLUMN assay.model_calibration.high IS 'Its upper end.';
COMMENT ON COLUMN assay.model_calibration.label IS 'The class whose probability it is; NULL for a regression.';
COMMENT ON COLUMN assay.model_calibration.evaluated_on IS 'Which rows it is of: test or train.';

CREATE VIEW assay.model_lift WITH (security_barrier) AS
    SELECT c.model, c.version, p.bin, p.rows, p.positives, p.lowest_score, p.rate, p.low, p.high, p.lift, p.cumulative_lift, p.gain,
           p.label, c.evaluated_on
    FROM assay_internal.visible_curves c, assay_internal.curve_lift(c.curves, 10) p;
COMMENT ON VIEW assay.model_lift IS
'How many times as many positive rows are among the highest scores as among all, in ten bins of about as many rows, of each version of a classification on the rows that its metrics are of.
Example: SELECT bin, rows, positives, lift, gain FROM assay.model_lift WHERE model = ''credit'' AND version = 1 ORDER BY bin';
COMMENT ON COLUMN assay.model_lift.model IS 'The model''s name.';
COMMENT ON COLUMN assay.model_lift.version IS 'The version''s number.';
COMMENT ON COLUMN assay.model_lift.bin IS 'The bin''s number, the highest scores first.';
COMMENT ON COLUMN assay.model_lift.rows IS 'How many rows are in it.';
COMMENT ON COLUMN assay.model_lift.positives IS 'How many of them are positive.';
COMMENT ON COLUMN assay.model_lift.lowest_score IS 'Their lowest probability.';
COMMENT ON COLUMN assay.model_lift.rate IS 'The share of them that is positive.';
COMMENT ON COLUMN assay.model_lift.low IS 'The lower end of Wilson''s 95 % interval of the rate.';
COMMENT ON COLUMN assay.model_lift.high IS 'Its upper end.';
COMMENT ON COLUMN assay.model_lift.lift IS 'The rate over that of all rows.';
COMMENT ON COLUMN assay.model_lift.cumulative_lift IS 'The same of this and the bins before.';
COMMENT ON COLUMN assay.model_lift.gain IS 'The share of all positive rows that are in this or the bins before.';
COMMENT ON COLUMN assay.model_lift.label IS 'The class whose rows are positive.';
COMMENT ON COLUMN assay.model_lift.evaluated_on IS 'Which rows it is of: test or train.';

CREATE VIEW assay.model_scores WITH (security_barrier) AS
    SELECT c.model, c.version, p.bin, p.lower, p.upper, p.negatives, p.positives, p.label, c.evaluated_on
    FROM assay_internal.visible_curves c, assay_internal.curve_scores(c.curves, 20) p;
COMMENT ON VIEW assay.model_scores IS
'How the probabilities of each version of a classification are distributed, by class, in twentieths of the range from 0 to 1, on the rows that its metrics are of.
Example: SELECT lower, negatives, positives FROM assay.model_scores WHERE model = ''credit'' AND version = 1 ORDER BY lower';
COMMENT ON COLUMN assay.model_scores.model IS 'The model''s name.';
COMMENT ON COLUMN assay.model_scores.version IS 'The version''s number.';
COMMENT ON COLUMN assay.model_scores.bin IS 'The part''s number.';
COMMENT ON COLUMN assay.model_scores.lower IS 'Where it begins.';
COMMENT ON COLUMN assay.model_scores.upper IS 'Where it ends.';
COMMENT ON COLUMN assay.model_scores.negatives IS 'How many rows of other classes have a probability in it.';
COMMENT ON COLUMN assay.model_scores.positives IS 'How many rows of the class have.';
COMMENT ON COLUMN assay.model_scores.label IS 'The class whose probability it is.';
COMMENT ON COLUMN assay.model_scores.evaluated_on IS 'Which rows it is of: test or train.';

GRANT SELECT ON assay.model_roc, assay.model_precision_recall, assay.model_calibration, assay.model_lift, assay.model_scores TO PUBLIC;

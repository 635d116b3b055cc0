-- Training.

CREATE FUNCTION assay.train(
    model text, query text, target text DEFAULT NULL, algorithm text DEFAULT NULL, params jsonb DEFAULT '{}',
    task text DEFAULT NULL, exclude text[] DEFAULT '{}', split text DEFAULT 'auto', test_fraction double precision DEFAULT 0.2,
    seed bigint DEFAULT 0, preprocess jsonb DEFAULT '{}', deploy text DEFAULT 'auto', weight text DEFAULT NULL,
    group_by text[] DEFAULT NULL, calibrate text DEFAULT NULL, min_group_rows integer DEFAULT 50, intervals jsonb DEFAULT NULL)
RETURNS TABLE (model text, version integer, task text, algorithm text, rows bigint, features integer, metrics jsonb, duration interval)
AS 'MODULE_PATHNAME', 'train_version_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 1;
COMMENT ON FUNCTION assay.train IS
'Trains a version of a model from the rows of a query and stores it, in this transaction.
query: a SELECT, WITH, VALUES or TABLE statement, or a relation''s name; run once, read-only, as the caller. All columns but the target and those in exclude are features: booleans, numbers, dates and timestamps are numbers; texts, enums and uuids are categories; float arrays of one length are that many numbers. NULL, NaN and infinities are missing.
task: classification (a boolean, text, enum or whole-number target) or regression; NULL decides by the target''s type. With NULL as target: clustering, anomaly_detection or dimension_reduction, each learned from all columns alike.
algorithm: gradient_boosting (the default), random_forest, decision_tree; linear_svm; logistic_regression, naive_bayes for classes; linear_regression, ridge, lasso, elastic_net, quantile_regression, huber_regression, poisson_regression for numbers; without a target k_means, gaussian_mixture and dbscan for clusters, isolation_forest for anomalies, pca for components; forecast for series (docs/forecasts.md). params: its hyperparameters, by scikit-learn''s and LightGBM''s names (their types, defaults and ranges: docs/hyperparameters.md). gradient_boosting: objective (regression, huber, quantile, poisson, gamma, tweedie), alpha, poisson_max_delta_step, tweedie_variance_power, n_estimators, learning_rate, num_leaves, max_depth, min_child_samples, min_child_weight, reg_alpha, reg_lambda, min_split_gain, subsample, subsample_freq, colsample_bytree, max_bin, cat_smooth, cat_l2, max_cat_threshold, max_cat_to_onehot, min_data_per_group, scale_pos_weight, class_weight, monotone_constraints, early_stopping_rounds, validation_fraction, seed or random_state. decision_tree: criterion, max_depth, min_samples_split, min_samples_leaf, min_impurity_decrease, max_features, max_leaf_nodes, class_weight, max_bin, seed; random_forest also n_estimators, bootstrap, max_samples, oob_score. logistic_regression: C or c, penalty, max_iter, tol, class_weight, fit_intercept, standardize, standard_errors, cluster, reference. linear_svm: C or c, loss, epsilon, class_weight, max_iter, tol, fit_intercept, standardize. naive_bayes: var_smoothing, alpha. linear_regression: fit_intercept, standard_errors, cluster, reference; ridge also alpha, standardize. lasso: alpha, fit_intercept, standardize, max_iter, tol; elastic_net also l1_ratio. quantile_regression: quantile or q, standard_errors, reference, max_iter, tol, fit_intercept; huber_regression: t, reference, max_iter, tol, fit_intercept; poisson_regression: alpha, standard_errors, cluster, reference, max_iter, tol, fit_intercept, standardize. forecast: time, series, horizon or h, frequency or freq, season_lengths or season_length, method, level, holidays, regressors, reconcile, duplicates, gaps, min_history, non_negative.
split: auto (no test rows under 500 rows or without a target, else test_fraction of each class), random, none, a boolean column that is true for test rows, latest(column) (the last test_fraction in the order of numbers, dates or timestamps; rows of one value stay on one side, those without one train), or group(column) (about test_fraction; rows of one value stay on one side). That column is no feature.
preprocess: what becomes of the columns before they are learned from, learned on the training rows, stored in the model and applied by predict (docs/preprocessing.md): {"columns": {name: steps}, "types": {"number"|"category"|"time"|"text": steps}, "crosses": [[a, b]]}, and steps for all columns that they fit. Steps: impute, clip, log, bucketize, quantile_bucketize, encode (one_hot, ordinal, target, frequency, hash), polynomial, scale, datetime, tf_idf; such as {"impute": "median", "scale": "standard"}. {"max_categories": n} keeps the n most frequent levels of each category (at most 253).
deploy: auto (when none is deployed yet, or the new version is not worse than the deployed one: without a target by the metric of its algorithm that does not hang on how many clusters or components there are, if it has one), if_better (or it is better), always, never. Both score the rows that this training holds out, and evidence decides: a difference by the main metric with a p-value below 0.05, as assay.compare_models finds it (by clusters with split group(column); auto, which only asks whether it is worse, takes half that p-value); view assay.promotions keeps it. Where the deployed version cannot score them, or rows of them trained it, auto goes by what each reached on rows of its own (a difference that may be chance lets the new version in), and if_better does not deploy; a NOTICE says so.
weight: the name of a column of numbers that says how much each row counts, as sample_weight of scikit-learn and LightGBM; it is no feature. 0 is allowed; NULL, NaN, infinite and negative are errors. Which rows test, the distributions of features and the metrics do not depend on it.
group_by: the columns that say to which group a row belongs. Each group of min_group_rows training rows or more, with rows of every class, has a model of its own, fitted from the same reading of the rows; a row of another group is scored by the model of all rows. The columns are no features; positional calls give them last (see assay.features), and rows without a value in them are a group too. assay.model_groups shows the groups with their metrics.
calibrate: isotonic or sigmoid (Platt''s) makes the probabilities of a classification come true as often as they say. The curve is learned on scores of the training rows by models that learned from the other folds, of five: training takes five fits more. Each class needs five training rows. Several classes are calibrated one against the rest, then divided by their sum.
intervals: {"level": 0.9, "method": "split" | "quantile", "by": column, "fraction": 0.2} lets assay.predict_interval tell intervals that hold the true number as often as level says, also for each value of the feature by. They are learned from that fraction of the training rows, from which the model does not learn. split: one width for all (of a group); quantile, which gradient_boosting has when no method is named: between two quantiles, learned as models of their own and then corrected.
The same rows, parameters and seed give the same model, whatever the plan and the number of threads. A NOTICE names each column dropped or capped.
Errors: ML005 a column''s type, ML006 algorithm or task, ML007 unsuitable rows, ML008 not a query, 22023 parameters, 25006 read-only transaction, 42501 not yours, 42701 two columns of one name, 53400 assay.max_memory, 54000 a model too large to store.
Example: SELECT version, metrics FROM assay.train(''credit'', ''customers'', ''is_risky'', ''logistic_regression'', exclude => ''{customer_id}'', split => ''is_test'')';

-- Choosing and trusting.

CREATE FUNCTION assay.find_leakage(query text, target text, as_of text DEFAULT NULL)
RETURNS TABLE (feature text, reason text, evidence double precision, advice text)
AS 'MODULE_PATHNAME', 'find_leakage_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 10;
COMMENT ON FUNCTION assay.find_leakage(text, text, text) IS
'Features that tell of the target what they will not tell of new rows, one row per feature and reason; none is good news. assay.train warns of them, too, as far as it can without as_of.
query: as in assay.train, run once, read-only, as the caller. target: the column to predict; a boolean, text, enum, or numbers of two values are classes.
as_of: a column of dates or timestamps that says when each row''s target became known (or the prediction was needed); it is no feature. A date is the whole day; NULL is not compared.
reason begins with one of: known after as_of (evidence: the share of rows in which a date or timestamp is later), copy of the target (the share of rows that agree), predicts the target alone (ROC AUC of classes, of several the worst told, or R2 of numbers, above 0.98 on rows that it did not learn from), constant within a class (the share of other rows that have another value), identifier (the share of values that are different).
Nothing is written. Errors: ML005 the target''s type, ML007 unsuitable rows, ML008 not a query, 22023 as_of is no date, 42703 no such column, 53400 assay.max_memory.
Example: SELECT feature, reason FROM assay.find_leakage(''customers'', ''is_risky'')';

CREATE FUNCTION assay_internal.row_values(VARIADIC columns "any") RETURNS bytea
AS 'MODULE_PATHNAME', 'row_values_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 5;
COMMENT ON FUNCTION assay_internal.row_values("any") IS 'The values of a row as training reads them, for assay_internal.read_rows: at most 100 columns, and those of more one behind the other. Immutable, so that postgres_fdw sends it to the other server. Errors: ML005 a vector, ML013 another type that training does not read.';

CREATE FUNCTION assay_internal.read_rows_step(assay.state, bytea, bytea) RETURNS assay.state
AS 'MODULE_PATHNAME', 'read_rows_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION assay_internal.read_rows_step(assay.state, bytea, bytea) IS 'A row of the aggregate assay_internal.read_rows.';

CREATE AGGREGATE assay_internal.read_rows(plan bytea, row_values bytea) (
    SFUNC = assay_internal.read_rows_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, PARALLEL = safe);
COMMENT ON AGGREGATE assay_internal.read_rows(bytea, bytea) IS
'What a training reads of rows, where they are: a survey, or the rows packed into a byte a value, as the plan says that assay.train sends. States of parts of the rows are merged. O(columns) per row. Errors: ML011 a plan or values that cannot be read, ML007 rows that are not those of the survey, ML013 a plan that is NULL, 53400 assay.max_memory.';

CREATE FUNCTION assay.cross_validate(
    query text, target text, algorithm text DEFAULT NULL, params jsonb DEFAULT '{}', folds integer DEFAULT 5, seed bigint DEFAULT 0,
    task text DEFAULT NULL, exclude text[] DEFAULT '{}', preprocess jsonb DEFAULT '{}', weight text DEFAULT NULL, fold_by text DEFAULT 'random')
RETURNS TABLE (fold integer, rows bigint, metric text, value double precision)
AS 'MODULE_PATHNAME', 'cross_validate_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 60;
COMMENT ON FUNCTION assay.cross_validate IS
'How well an algorithm does on rows that it did not learn from: for each fold a model is trained on other rows and tested on the fold''s, one row per fold and metric; fold NULL is the mean over the folds in which the metric is defined. Nothing is stored.
query, target, algorithm, params, task, exclude, preprocess, weight, seed: as in assay.train. Options as in assay.train. The rows are read once; what training learns of columns is learned within each fold.
folds: 2 to 1000.
fold_by: random (drawn by content and seed, class by class), group(column) (rows of one value are in one fold; a row without one is drawn by itself), time(column) or time(column, gap) (each fold tests a later part of the rows, and learns from all that are earlier, by more than the gap: an interval such as 7 days, of a column of numbers a number; rows of one moment stay together), or the name of a column, each value of which is a fold whatever folds says. That column is no feature. Rows in which it is NULL train in every fold of time and of a column.
rows: how many rows tested. Metrics as in assay.evaluate, at the threshold 0.5.
Errors: as in assay.train, and ML007 for too few rows, groups or moments, 22023 for folds and fold_by.
Example: SELECT fold, round(value::numeric, 3) AS roc_auc FROM assay.cross_validate(''customers'', ''is_risky'', ''logistic_regression'', exclude => ''{customer_id,is_test}'') WHERE metric = ''roc_auc''';

CREATE FUNCTION assay.tune(
    model text, query text, target text, algorithm text DEFAULT NULL, search jsonb DEFAULT '{}', trials integer DEFAULT 20,
    folds integer DEFAULT 5, metric text DEFAULT NULL, method text DEFAULT 'random', seed bigint DEFAULT 0, task text DEFAULT NULL,
    exclude text[] DEFAULT '{}', preprocess jsonb DEFAULT '{}', weight text DEFAULT NULL, fold_by text DEFAULT 'random', deploy text DEFAULT 'auto')
RETURNS TABLE (trial integer, algorithm text, params jsonb, metric text, value double precision, stddev double precision, folds integer,
               duration interval, chosen boolean, note text)
AS 'MODULE_PATHNAME', 'tune_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 20;
COMMENT ON FUNCTION assay.tune IS
'Looks for the algorithm and hyperparameters that do best in folds, trains them on all rows, and stores that as a version with its trials (view assay.model_trials). One row per trial.
query, target, task, exclude, preprocess, weight, deploy: as in assay.train. Options as in assay.train; folds, fold_by as in assay.cross_validate. The version''s metrics are the means over the folds (evaluated_on: folds).
algorithm: NULL tries several in turn: those that search names, else all that know the task.
search: for each hyperparameter a value, a list, or {"min", "max", "scale": "log" or "linear", "step", "integer"}; without an algorithm such an object for each algorithm: {"ridge": {"alpha": [1, 10]}, "random_forest": {}}. {} tries what docs/hyperparameters.md says, and the defaults first.
method: random (trials draws), grid (every combination; ranges need a step), successive_halving (draws; all learn from few rows, and a third goes on with three times the rows).
trials: at most so many, 1 to 10000. metric: the first is the default: roc_auc, average_precision, log_loss, brier_score, accuracy, precision, recall, f1, mcc; rmse, mae, mape, mse, r2, median_absolute_error.
With random and grid, the worse half of more than four trials is stopped after the first fold, and after each further one those behind the best by more than twice the standard error of such differences: folds says in how many a trial was tried, and value is over these. Only trials tried in all folds are chosen. A trial that cannot learn from the rows fails, with a note, and the others go on.
The same rows, arguments and seed give the same trials and the same model, whatever the plan and the number of threads. Errors: as in assay.train, and 22023 for search, trials, folds, metric and method.
Example: SELECT trial, params, round(value::numeric, 3) AS roc_auc, chosen FROM assay.tune(''credit'', ''customers'', ''is_risky'', ''logistic_regression'', ''{"C": {"min": 0.01, "max": 10, "scale": "log"}}'', trials => 4, exclude => ''{customer_id,is_test}'')';

-- Scoring.

CREATE FUNCTION assay_internal.row_support(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'row_support_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.row_support(internal) IS
'The planner''s support function of assay.predict, predict_label and predict_proba: a whole row becomes its columns, with an array of their names before them, which saves forming the row.';

CREATE FUNCTION assay.predict(model text, VARIADIC features "any") RETURNS double precision
AS 'MODULE_PATHNAME', 'predict_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 200 SUPPORT assay_internal.row_support;
COMMENT ON FUNCTION assay.predict(text, "any") IS
'A regression''s value, or the probability of the positive class, for one row; of a model without a target the number of its cluster, from 0 (NULL: it is in none), or how strange it is, from 0 to 1.
model: name, name@version or name@alias. features: one whole row, such as a table''s alias, whose columns are bound by name; or one argument per feature in the order of assay.features(model); or ROW(...) in that order; or an array of names and one argument per name.
NULL features are missing, and treated as training learned; a NULL model or row gives NULL. Resolved once per statement. O(features) for the linear family and naive Bayes, O(trees x depth) for trees.
Errors: ML001 no such model, ML002 no such version, ML003 a feature is missing, ML004 a feature''s type, ML010 more than two classes or components (assay.transform gives these), 42501.
Example: SELECT customer_id, assay.predict(''credit'', c) AS risk FROM customers c WHERE is_test';

CREATE FUNCTION assay.predict_label(model text, VARIADIC features "any") RETURNS text
AS 'MODULE_PATHNAME', 'predict_label_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 200 SUPPORT assay_internal.row_support;
COMMENT ON FUNCTION assay.predict_label(text, "any") IS
'The class of one row: with two classes the positive one when its probability reaches the model''s threshold (0.5, or as assay.set_threshold set it), with more the most probable one. Arguments, NULLs and errors as in assay.predict; ML010 for a regression.
Example: SELECT customer_id, assay.predict_label(''credit'', c) AS is_risky FROM customers c WHERE is_test';

CREATE FUNCTION assay.predict_proba(model text, VARIADIC features "any") RETURNS double precision[]
AS 'MODULE_PATHNAME', 'predict_proba_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 200 SUPPORT assay_internal.row_support;
COMMENT ON FUNCTION assay.predict_proba(text, "any") IS
'The probability of each class for one row, in the order of assay.labels(model); they add up to 1. Arguments, NULLs and errors as in assay.predict; ML010 for a regression.
Example: SELECT customer_id, assay.predict_proba(''credit'', c) AS probabilities FROM customers c WHERE is_test';

CREATE FUNCTION assay.transform(model text, VARIADIC features "any") RETURNS double precision[]
AS 'MODULE_PATHNAME', 'transform_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 200 SUPPORT assay_internal.row_support;
COMMENT ON FUNCTION assay.transform(text, "any") IS
'What a model of pca, k_means or gaussian_mixture makes of one row: its components; its distance from each centre, that of cluster 0 first; the probability of each cluster. Of other models what they learn from: the numbers that the steps of preprocess make of it, in the order of the model''s features; a category that no step encodes is the place of its level, Infinity for one that training did not see. Without steps the row''s own values.
Arguments, NULLs and errors as in assay.predict.
Example: SELECT customer_id, assay.transform(''credit'', c) FROM customers c WHERE is_test LIMIT 3';

CREATE FUNCTION assay.predict_row(model text, features jsonb) RETURNS double precision
AS 'MODULE_PATHNAME', 'predict_row_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE COST 500;
COMMENT ON FUNCTION assay.predict_row(text, jsonb) IS
'What assay.predict gives, for features in one object of JSON, so that an application needs no cast.
features: a key for each of assay.features(model), in any order. A value is read as if it were cast to the type that its column had in training: numbers also as texts, dates and timestamps as texts, vectors as arrays, categories as texts; null is missing. A NULL model or object gives NULL.
Errors: ML003 a key is missing, 22023 an unknown key or no object, ML004 a value that cannot be cast, and those of assay.predict.
Example: SELECT assay.predict_row(''amount'', ''{"age": 30, "job": "skilled", "duration_months": 24}'')';

CREATE FUNCTION assay.predict_label_row(model text, features jsonb) RETURNS text
AS 'MODULE_PATHNAME', 'predict_label_row_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE COST 500;
COMMENT ON FUNCTION assay.predict_label_row(text, jsonb) IS
'What assay.predict_label gives, for features in one object of JSON; see assay.predict_row.
Example: SELECT assay.predict_label_row(''credit'', to_jsonb(c) - ''{customer_id,is_risky,is_test}''::text[]) FROM customers c WHERE is_test';

CREATE FUNCTION assay.predict_proba_row(model text, features jsonb) RETURNS double precision[]
AS 'MODULE_PATHNAME', 'predict_proba_row_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE COST 500;
COMMENT ON FUNCTION assay.predict_proba_row(text, jsonb) IS
'What assay.predict_proba gives, for features in one object of JSON; see assay.predict_row.
Example: SELECT assay.predict_proba_row(''credit'', to_jsonb(c) - ''{customer_id,is_risky,is_test}''::text[]) FROM customers c WHERE is_test';

CREATE FUNCTION assay.predict_values(model text, features text[]) RETURNS double precision
AS 'MODULE_PATHNAME', 'predict_values_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE COST 500;
COMMENT ON FUNCTION assay.predict_values(text, text[]) IS
'What assay.predict gives, for features as texts in the order of assay.features(model), so that an application needs no cast.
features: each is read as if it were cast to the type that its column had in training; a vector is ''{1,2}''; NULL is missing. A NULL model or array gives NULL.
Errors: ML003 another number of values than features, ML004 a value that cannot be cast, and those of assay.predict.
Example: SELECT assay.predict_values(''amount'', ''{30,skilled,24}'')';

CREATE FUNCTION assay.predict_label_values(model text, features text[]) RETURNS text
AS 'MODULE_PATHNAME', 'predict_label_values_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE COST 500;
COMMENT ON FUNCTION assay.predict_label_values(text, text[]) IS
'What assay.predict_label gives, for features as texts in the order of assay.features(model); see assay.predict_values.
Example: SELECT assay.predict_label_values(''credit'', array_agg(to_jsonb(c) ->> name ORDER BY place)) FROM customers c, unnest(assay.features(''credit'')) WITH ORDINALITY AS f (name, place) GROUP BY customer_id';

CREATE FUNCTION assay.predict_proba_values(model text, features text[]) RETURNS double precision[]
AS 'MODULE_PATHNAME', 'predict_proba_values_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE COST 500;
COMMENT ON FUNCTION assay.predict_proba_values(text, text[]) IS
'What assay.predict_proba gives, for features as texts in the order of assay.features(model); see assay.predict_values.
Example: SELECT assay.predict_proba_values(''credit'', array_agg(to_jsonb(c) ->> name ORDER BY place)) FROM customers c, unnest(assay.features(''credit'')) WITH ORDINALITY AS f (name, place) GROUP BY customer_id';

CREATE FUNCTION assay.predict_interval(model text, VARIADIC features "any") RETURNS double precision[]
AS 'MODULE_PATHNAME', 'predict_interval_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 400 SUPPORT assay_internal.row_support;
COMMENT ON FUNCTION assay.predict_interval(text, "any") IS
'An interval {lower, upper} that holds a regression''s true number as often as the level says that the model was trained with: assay.train(..., intervals => ''{"level": 0.9}''). Arguments and NULLs as in assay.predict.
By split conformal prediction it costs what assay.predict does; with gradient_boosting and method quantile two more models score the row.
Errors: 55000 a model trained without intervals, ML010 a classification, and those of assay.predict.
Example: SELECT customer_id, assay.predict_interval(''amount'', c) AS amount FROM customers c WHERE is_test';

CREATE FUNCTION assay.predict_interval_row(model text, features jsonb) RETURNS double precision[]
AS 'MODULE_PATHNAME', 'predict_interval_row_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE COST 700;
COMMENT ON FUNCTION assay.predict_interval_row(text, jsonb) IS
'What assay.predict_interval gives, for features in one object of JSON; see assay.predict_row.
Example: SELECT assay.predict_interval_row(''amount'', ''{"age": 30, "job": "skilled", "duration_months": 24}'')';

CREATE FUNCTION assay.predict_interval_values(model text, features text[]) RETURNS double precision[]
AS 'MODULE_PATHNAME', 'predict_interval_values_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE COST 700;
COMMENT ON FUNCTION assay.predict_interval_values(text, text[]) IS
'What assay.predict_interval gives, for features as texts in the order of assay.features(model); see assay.predict_values.
Example: SELECT assay.predict_interval_values(''amount'', ''{30,skilled,24}'')';

CREATE FUNCTION assay.predict_expression(model text, alias text) RETURNS text
AS 'MODULE_PATHNAME', 'predict_expression_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay.predict_expression(text, text) IS
'The fast positional call of assay.predict for a table alias, as text to paste into a view or a dbt model. Models with more features than a function takes arguments get the whole-row call.
Example: SELECT assay.predict_expression(''credit'', ''c'')';

CREATE FUNCTION assay.create_scoring_view(model text, relation regclass, name text) RETURNS void
AS 'MODULE_PATHNAME', 'create_scoring_view_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.create_scoring_view(text, regclass, text) IS
'Makes a view, or replaces one, that has the columns of a relation and what a model says of each row when it is read: score and label with two classes, label and probabilities with more, score for a regression. Features are bound by name. A bare model name follows deployments; name@version stays. name: view or schema.view.
The view is the caller''s, as one of CREATE VIEW; whoever reads it needs the privilege predict. A column that came to the relation since is not in it until it is made anew.
Errors: ML001, ML002, ML003 the relation lacks a feature, 42501, 42602 a name, 42701 the relation has such a column, 25006.
Example: SELECT assay.create_scoring_view(''credit'', ''customers'', ''customer_risk'')';

CREATE FUNCTION assay.labels(model text) RETURNS text[]
AS 'MODULE_PATHNAME', 'labels_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay.labels(text) IS
'The classes of a classification, sorted: false, true; numbers by value; text by code point; enums by their order. With two, the second is the positive class. Empty for a regression.
Example: SELECT assay.labels(''credit'')';

CREATE FUNCTION assay.features(model text) RETURNS text[]
AS 'MODULE_PATHNAME', 'features_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay.features(text) IS
'The columns that a model reads, in the order of positional arguments. A vector column is one argument. Columns that training dropped are not among them.
Example: SELECT assay.features(''credit'')';

-- Judging.

CREATE FUNCTION assay.confusion_matrix(model text, query text, threshold double precision DEFAULT NULL)
RETURNS TABLE (actual text, predicted text, rows bigint)
AS 'MODULE_PATHNAME', 'confusion_matrix_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 4;
COMMENT ON FUNCTION assay.confusion_matrix(text, text, double precision) IS
'How many rows of each actual class were given each class, one row per pair of classes, zeros included.
Example: SELECT * FROM assay.confusion_matrix(''credit'', ''SELECT * FROM customers WHERE is_test'', threshold => 0.3)';

CREATE FUNCTION assay.roc_curve(model text, query text, points integer DEFAULT 100)
RETURNS TABLE (threshold double precision, recall double precision, false_positive_rate double precision,
               true_positives bigint, false_positives bigint, true_negatives bigint, false_negatives bigint)
AS 'MODULE_PATHNAME', 'roc_curve_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 100;
COMMENT ON FUNCTION assay.roc_curve(text, text, integer) IS
'The ROC curve of a classification with two classes on the rows of a query, from the highest threshold to the lowest; a row is positive when its probability reaches the threshold. points: about so many rows, evenly thinned; NULL gives one for each distinct score.
Example: SELECT threshold, recall, false_positive_rate FROM assay.roc_curve(''credit'', ''SELECT * FROM customers WHERE is_test'', points => 20)';

CREATE FUNCTION assay.precision_recall_curve(model text, query text, points integer DEFAULT 100)
RETURNS TABLE (threshold double precision, "precision" double precision, recall double precision,
               true_positives bigint, false_positives bigint, true_negatives bigint, false_negatives bigint)
AS 'MODULE_PATHNAME', 'precision_recall_curve_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 100;
COMMENT ON FUNCTION assay.precision_recall_curve(text, text, integer) IS
'Precision against recall of a classification with two classes on the rows of a query, from the highest threshold to the lowest. points as in assay.roc_curve.
Example: SELECT threshold, precision, recall FROM assay.precision_recall_curve(''credit'', ''SELECT * FROM customers WHERE is_test'', points => 20)';

-- Looking inside.

CREATE FUNCTION assay.model_groups(model text)
RETURNS TABLE (segment jsonb, rows bigint, own_model boolean, reason text, measured_rows bigint, metrics jsonb)
AS 'MODULE_PATHNAME', 'model_groups_wrapper' LANGUAGE c STABLE PARALLEL SAFE ROWS 100;
COMMENT ON FUNCTION assay.model_groups(text) IS
'The groups of a model that was trained with group_by, in the order of their values: how many rows each was trained on, whether it has a model of its own and why not, and its metrics on measured_rows rows: the held-out ones, or those of training where none were held out. Needs the privilege manage, because it shows values of the rows. ML010 for a model without groups.
Example: SELECT segment, rows, metrics FROM assay.model_groups(''amounts'') ORDER BY rows DESC';

CREATE FUNCTION assay.feature_importance(model text)
RETURNS TABLE (feature text, weight double precision, gain double precision, cover double precision)
AS 'MODULE_PATHNAME', 'feature_importance_wrapper' LANGUAGE c STABLE PARALLEL SAFE ROWS 20;
COMMENT ON FUNCTION assay.feature_importance(text) IS
'How much each feature matters, the most important first. Trees: weight is the number of splits on it, gain their total gain, cover the total weight of the rows they split. Linear models: weight is the standard deviation of the feature''s contribution over the training rows, gain its share of the sum of these variances; cover is NULL. Naive Bayes: an error, ML010.
Example: SELECT feature, gain FROM assay.feature_importance(''credit'')';

CREATE FUNCTION assay.feature_info(model text)
RETURNS TABLE (feature text, type text, rows bigint, nulls bigint, min double precision, max double precision,
               mean double precision, stddev double precision, categories bigint, top_categories jsonb,
               rare bigint, unseen bigint, steps jsonb)
AS 'MODULE_PATHNAME', 'feature_steps_wrapper' LANGUAGE c STABLE PARALLEL SAFE ROWS 20;
COMMENT ON FUNCTION assay.feature_info(text) IS
'The distribution of each feature in the training rows, as the query gave it, and what is done with it before it is learned from. Needs the privilege manage, because it shows values of the rows.
rare: rows of categories too rare to be told apart; unseen: held-out rows with a category that no training row has (NULL for numbers, and for versions of 0.1.0); steps: what was learned by each step of preprocess, and the features that it makes.
Example: SELECT feature, nulls, mean, stddev FROM assay.feature_info(''credit'')';

CREATE FUNCTION assay.weights(model text, segment jsonb DEFAULT NULL)
RETURNS TABLE (feature text, category text, weight double precision, standard_error double precision, p_value double precision, label text)
AS 'MODULE_PATHNAME', 'segment_weights_wrapper' LANGUAGE c STABLE PARALLEL SAFE ROWS 50;
COMMENT ON FUNCTION assay.weights(text, jsonb) IS
'The weights of a linear model on the scale of the raw columns, the intercept (feature NULL) first: the linear score is the intercept plus the sum of weight x value, with a missing number at its training mean and one weight per category level. standard_error and p_value are NULL where the data do not determine the weight. label: the class whose score this is. segment: of a model trained with group_by, the weights that score this group, named as assay.model_groups names it; without it those of all rows.
Example: SELECT feature, category, weight, p_value FROM assay.weights(''credit@1'') ORDER BY p_value';

CREATE FUNCTION assay.training_info(model text)
RETURNS TABLE (iteration integer, loss double precision, eval_loss double precision)
AS 'MODULE_PATHNAME', 'training_info_wrapper' LANGUAGE c STABLE PARALLEL SAFE ROWS 100;
COMMENT ON FUNCTION assay.training_info(text) IS
'The loss on the training rows after each iteration (a boosting round, a tree of a forest, a step of a solver), and on validation rows where early stopping held some out. Needs the privilege manage.
Example: SELECT iteration, loss FROM assay.training_info(''credit'')';

-- Deploying.

CREATE FUNCTION assay.deploy(model text, version integer) RETURNS void
AS 'MODULE_PATHNAME', 'deploy_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.deploy(text, integer) IS
'Makes a version the one that the bare model name stands for, from the commit on and for statements that begin after it. Needs the privilege manage.
Example: SELECT assay.deploy(''credit'', 2)';

CREATE FUNCTION assay.rollback(model text) RETURNS integer
AS 'MODULE_PATHNAME', 'rollback_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.rollback(text) IS
'Deploys the version that was deployed before the present one, and gives its number; again, and it goes one further back. ML002 when there is none.
Example: SELECT assay.rollback(''credit'')';

CREATE FUNCTION assay.drop_model(model text, version integer DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'drop_model_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.drop_model(text, integer) IS
'Drops a version that is not deployed (privilege manage), or without a version the whole model (owner). Version numbers are never given again while the model exists. Errors: 2BP01 decisions of it are logged, or a vectorizer embeds or cuts texts by it.
Example: SELECT assay.drop_model(''credit'', 1)';

CREATE FUNCTION assay.set_alias(model text, alias text, version integer) RETURNS void
AS 'MODULE_PATHNAME', 'set_alias_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.set_alias(text, text, integer) IS
'Lets model@alias stand for a version; a NULL version removes the alias. Needs the privilege manage.
Example: SELECT assay.set_alias(''credit'', ''readable'', 1)';

CREATE FUNCTION assay.grant_model(model text, role text, privilege text) RETURNS void
AS 'MODULE_PATHNAME', 'grant_model_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.grant_model(text, text, text) IS
'Lets a role (or public) predict: score, evaluate, see labels, features, weights and importance; or manage: also train and drop versions, deploy, roll back, set aliases and thresholds, and see training statistics. Only the owner grants.
Example: SELECT assay.grant_model(''credit'', ''scorer'', ''predict'')';

CREATE FUNCTION assay.revoke_model(model text, role text, privilege text) RETURNS void
AS 'MODULE_PATHNAME', 'revoke_model_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.revoke_model(text, text, text) IS
'Takes a granted privilege back. Only the owner revokes.
Example: SELECT assay.revoke_model(''credit'', ''scorer'', ''predict'')';

\echo Use "ALTER EXTENSION assay UPDATE" to load this file. \quit
-- From 0.1.0 to 0.2.0. Whoever changes a numbered file of sql/ writes here what turns the older schema into the newer one;
-- tests/clients/upgrade.sh compares the two.

CREATE FUNCTION assay_internal.state_from(bytea) RETURNS assay.state
AS 'MODULE_PATHNAME', 'state_from_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.state_from(bytea) IS 'The cast from bytea to assay.state, validated. ML011 for bytes that are no state.';

CREATE CAST (bytea AS assay.state) WITH FUNCTION assay_internal.state_from(bytea) AS ASSIGNMENT;
COMMENT ON CAST (bytea AS assay.state) IS 'What a client has read as bytes becomes a state again: $1::assay.state takes a parameter of bytes.';
CREATE CAST (assay.state AS bytea) WITH FUNCTION assay_internal.state_send(assay.state);
COMMENT ON CAST (assay.state AS bytea) IS 'The bytes of a state, for clients that do not know the type.';

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

-- Checks follow their relation's name.

ALTER TABLE assay.quality_check ADD COLUMN relation_owner assay.role;
ALTER TABLE assay.quality_check ADD COLUMN accepted_from timestamptz;
ALTER TABLE assay.quality_check ADD COLUMN accepted_at timestamptz;
CREATE INDEX quality_check_relation_name_idx ON assay.quality_check ((pg_catalog.replace(relation_name, '"', '')));
COMMENT ON COLUMN assay.quality_check.relation IS 'The object that last bore the relation''s name.';
COMMENT ON COLUMN assay.quality_check.relation_name IS 'The name of the relation that it is about, whatever object bears it.';
COMMENT ON COLUMN assay.quality_check.relation_owner IS 'Who owned the relation: another object of its name is taken over if it is this role''s; NULL where that is not known.';
CREATE FUNCTION assay_internal.check_relation(relation oid, relation_name text, relation_owner oid, added_by oid) RETURNS oid
AS 'MODULE_PATHNAME', 'check_relation_wrapper' LANGUAGE c STABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.check_relation(oid, text, oid, oid) IS
'The relation that a stored check is about: the one that bears the recorded name; where nothing bears it the recorded object, under whatever name.';

DROP TRIGGER inserted ON assay.quality_check;
DROP TRIGGER updated ON assay.quality_check;
DROP TRIGGER deleted ON assay.quality_check;
CREATE TRIGGER inserted AFTER INSERT ON assay.quality_check REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('checks', 'added_by', 'relation_owner');
CREATE TRIGGER updated AFTER UPDATE ON assay.quality_check REFERENCING OLD TABLE AS old NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('checks', 'added_by', 'relation_owner');
CREATE TRIGGER deleted AFTER DELETE ON assay.quality_check REFERENCING OLD TABLE AS old
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('checks', 'added_by', 'relation_owner');

-- Until now a check stayed with its object, whatever that is called by now.
UPDATE assay.quality_check AS c
SET relation_name = pg_catalog.format('%I.%I', n.nspname, r.relname), relation_owner = r.relowner
FROM pg_catalog.pg_class AS r JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) r.relnamespace
WHERE r.oid OPERATOR(pg_catalog.=) c.relation::pg_catalog.oid;

COMMENT ON COLUMN assay.checks.relation IS 'The relation it is about: the one that bears the name of the relation that it was added to; after a plain rename that one under its new name.';
DROP FUNCTION assay.train(text, text, text, text, jsonb, text, text[], text, double precision, bigint, jsonb, text, text);
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

CREATE FUNCTION assay.model_groups(model text)
RETURNS TABLE (segment jsonb, rows bigint, own_model boolean, reason text, measured_rows bigint, metrics jsonb)
AS 'MODULE_PATHNAME', 'model_groups_wrapper' LANGUAGE c STABLE PARALLEL SAFE ROWS 100;
COMMENT ON FUNCTION assay.model_groups(text) IS
'The groups of a model that was trained with group_by, in the order of their values: how many rows each was trained on, whether it has a model of its own and why not, and its metrics on measured_rows rows: the held-out ones, or those of training where none were held out. Needs the privilege manage, because it shows values of the rows. ML010 for a model without groups.
Example: SELECT segment, rows, metrics FROM assay.model_groups(''amounts'') ORDER BY rows DESC';

DROP FUNCTION assay.weights(text);
CREATE FUNCTION assay.weights(model text, segment jsonb DEFAULT NULL)
RETURNS TABLE (feature text, category text, weight double precision, standard_error double precision, p_value double precision, label text)
AS 'MODULE_PATHNAME', 'segment_weights_wrapper' LANGUAGE c STABLE PARALLEL SAFE ROWS 50;
COMMENT ON FUNCTION assay.weights(text, jsonb) IS
'The weights of a linear model on the scale of the raw columns, the intercept (feature NULL) first: the linear score is the intercept plus the sum of weight x value, with a missing number at its training mean and one weight per category level. standard_error and p_value are NULL where the data do not determine the weight. label: the class whose score this is. segment: of a model trained with group_by, the weights that score this group, named as assay.model_groups names it; without it those of all rows.
Example: SELECT feature, category, weight, p_value FROM assay.weights(''credit@1'') ORDER BY p_value';
COMMENT ON FUNCTION assay.explain_checks(regclass) IS
'How assay.run_checks would answer the stored checks of a relation, or of all that the caller may read, without reading their rows. answered_by: shared scan (the first row of a relation, without a check, has its SQL; where rows are on other servers, its message says whether they are read there, or why they are fetched), second pass (for values outside of bounds that the shared scan gives), shared scan, maybe second pass (where numbers lie in two clusters, or in less than three months), own statement (sql is it), proof (a unique index or validated foreign key, which message names: no row is read), the relation''s columns, or error with the reason as message. role: the role that it would run as. sql and message are for those who may see the results, as in assay.run_checks; NULL for others.
Example: SELECT name, answered_by, message FROM assay.explain_checks(''application'')';
COMMENT ON FUNCTION assay.validate(text, jsonb) IS
'Runs checks that are not stored on the rows of a query or relation, which is read once for all checks that judge row by row; unique, unique_combination, duplicate_rows, relationships, monotonic, no_gaps, sequential_values, stuck_values, mutually_exclusive_ranges, correlation_between, equal_rowcount, row_count_ratio, equality and near_duplicates take a statement each, within_n_stdevs, outliers and sentinel_values a second pass, and scale_shift one where it has something to compare.
checks: a JSON array of objects with the keys kind, column_name, args (or the arguments beside the others), name, where, group_by, mostly, warn_if, error_if, severity, tags, as assay.add_check has them.
One row per check, with group_by one row per segment. A check that cannot run gives the status error, whatever its error is, and the others go on; so does an element of the array that is no check: its row has what can be read of name, kind and column_name, and the message says what is wrong. Nothing that a check sets or locks stays behind, and it cannot write. NULL passes every check but not_null. Errors: 22023 when an argument is NULL, checks is no JSON array or has more than 100,000 elements, ML016 when it has none, ML008 not a query, 57014.
Example: SELECT name, status, rows_failed FROM assay.validate(''application'', ''[{"kind": "not_null", "column_name": "age", "error_if": ">=10%"}]'')';
SELECT pg_catalog.pg_extension_config_dump('assay.quality_check',
    'WHERE EXISTS (SELECT FROM pg_catalog.pg_class AS r WHERE r.oid OPERATOR(pg_catalog.=) assay_internal.check_relation(relation::pg_catalog.oid, relation_name, relation_owner::pg_catalog.oid, added_by::pg_catalog.oid))');

COMMENT ON COLUMN assay.quality_check.accepted_from IS 'What it has found from then on is the new normal; NULL where nobody has said so.';
COMMENT ON COLUMN assay.quality_check.accepted_at IS 'When that was said.';
CREATE FUNCTION assay.accept_anomaly(check_id bigint, "from" timestamptz) RETURNS void
AS 'MODULE_PATHNAME', 'accept_anomaly_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.accept_anomaly(bigint, timestamptz) IS
'Says that what a stored check of kind anomaly has found from a moment on is as it should be: it learns from the bucket of that moment on, and no longer from what was before. A bucket without rows where there always were some fails until then; afterwards none are expected. Until there are min_points of the new normal the check is skipped. It takes the role that added the check, or one that may add checks to its relation. Errors: ML014 no such check, 22023 a check of another kind or a moment that is not finite, 42501.
Example: SELECT assay.accept_anomaly(check_id, date_trunc(''day'', now())) FROM assay.checks WHERE name = ''rows a day''';

-- Checks are disabled, exported, imported and summarized.
ALTER TABLE assay.quality_check ADD COLUMN enabled boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN assay.quality_check.enabled IS 'Whether it runs.';
ALTER TABLE assay.quality_check ADD COLUMN passes_to_close integer NOT NULL DEFAULT 1;
COMMENT ON COLUMN assay.quality_check.passes_to_close IS 'How often in a row it has to pass for its issue to be closed.';
CREATE OR REPLACE VIEW assay.checks WITH (security_barrier) AS
    SELECT c.id AS check_id, c.name, c.kind, t.relation::pg_catalog.regclass AS relation, c.column_name, c.args, c."where", c.group_by, c.mostly,
           c.warn_if, c.error_if, c.severity, c.tags, c.added_by::pg_catalog.regrole AS added_by, c.added_at,
           CASE WHEN pg_catalog.pg_has_role(c.added_by, r.relowner, 'USAGE') THEN r.relowner::pg_catalog.regrole ELSE c.added_by::pg_catalog.regrole END AS runs_as,
           c.enabled, c.passes_to_close
    FROM assay.quality_check c
    CROSS JOIN LATERAL assay_internal.check_relation(c.relation::pg_catalog.oid, c.relation_name, c.relation_owner::pg_catalog.oid,
        c.added_by::pg_catalog.oid) AS t(relation)
    LEFT JOIN pg_catalog.pg_class r ON r.oid OPERATOR(pg_catalog.=) t.relation
    WHERE pg_catalog.pg_has_role(c.added_by, 'USAGE') OR pg_catalog.pg_has_role(r.relowner, 'USAGE')
       OR (pg_catalog.has_table_privilege(r.oid, 'SELECT') OR pg_catalog.has_any_column_privilege(r.oid, 'SELECT'))
          AND pg_catalog.has_schema_privilege(r.relnamespace, 'USAGE');
COMMENT ON COLUMN assay.checks.enabled IS 'Whether it runs: assay.disable_check keeps it from running.';
COMMENT ON COLUMN assay.checks.passes_to_close IS 'How often in a row it has to pass for its issues to be closed (assay.close_after).';
COMMENT ON FUNCTION assay.add_check IS
'Stores a check of a table or view; gives its number. It takes the relation''s owner, or the privilege TRIGGER on it.
kind and args: see docs/check_kinds.md; an unknown one is an error that lists those there are. "where": a condition in SQL; only rows where it is true count. group_by: columns whose values make segments, each with a result of its own, or periods of dates and timestamps such as month(sold): hour, day, week, month, quarter, year. mostly: the share of rows that must pass. warn_if, error_if: conditions on the failing rows, such as >10, >=1% (of the rows evaluated), !=0, between 1 and 5. severity: error, or warn for failures that only warn. tags: words to choose checks by.
name: with a name that a check of the relation has, that check becomes what is said here, keeps its number and history and stays that of the role that added it; it takes the rights of that role. Without a name another check is added.
It runs as the owner of the relation where you have the owner''s rights, else as you, read-only, under the search path and styles of dates and literals that are in force now: these rights are looked at now, too, and whenever it runs.
It follows the relation''s name: where a table is dropped and another one gets its name, that one is checked from then on, if its owner is the same or one for whom you act; a plain rename takes the check along.
Errors: 22023 an option out of range, 2201B a regular expression, 42501, 42703 no such column.
Example: SELECT assay.add_check(''application'', ''accepted_range'', ''months'', ''{"min_value": 1, "max_value": 120}'', warn_if => ''>0'', error_if => ''>=1%'')';
COMMENT ON FUNCTION assay.assert_checks(regclass, text[]) IS
'Runs the stored checks of a relation and raises ML015 when one fails or cannot run (a check counts once, whatever its segments), so that the load in whose transaction it stands is rolled back. Warnings pass. Where there is no check to run, or none with one of the tags, it raises ML016: nothing asserted is no success. What failed is kept as issues (assay.issues) although the transaction is rolled back: a background worker writes them at once, with the column survived true, whether the whole transaction ends or only a savepoint or block with an exception handler. Where it cannot, on a standby, in a read-only transaction or without a free place among max_worker_processes, a NOTICE says so. Anybody may call it: checks run, and say what they found, as in assay.run_checks.
Example: SELECT assay.assert_checks(''german_credit'')';

CREATE FUNCTION assay.disable_check(check_id bigint) RETURNS void
AS 'MODULE_PATHNAME', 'disable_check_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.disable_check(bigint) IS
'Keeps a check from running until assay.enable_check: assay.run_checks and assay.assert_checks leave it out, assay.checks and assay.check_summary show that it is disabled. Its number and history stay, and it stays disabled when assay.add_check changes it. It takes the role that added it, or one that may add checks to its relation. Errors: ML014 no such check, 42501.
Example: SELECT assay.disable_check(check_id) FROM assay.checks WHERE name = ''sent once''';

CREATE FUNCTION assay.enable_check(check_id bigint) RETURNS void
AS 'MODULE_PATHNAME', 'enable_check_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.enable_check(bigint) IS
'Lets a check run again that assay.disable_check has kept from running. Who may, and errors, as there.
Example: SELECT assay.enable_check(check_id) FROM assay.checks WHERE NOT enabled';

CREATE FUNCTION assay.export_checks(relation regclass DEFAULT NULL, tags text[] DEFAULT NULL, format text DEFAULT 'yaml') RETURNS text
AS 'MODULE_PATHNAME', 'export_checks_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.export_checks(regclass, text[], text) IS
'The stored checks of a relation, or of all that assay.checks shows, as one document: version, and under checks a list for each relation, in the order of their numbers. tags: only checks with one of these. format: yaml or json. What goes without saying is left out; so are who added a check and the settings it was written under, which are those of whoever imports it. The same checks give the same text. A check whose relation is gone is left out with a NOTICE. Errors: 22023 the format.
Example: SELECT assay.export_checks(''application'')';

CREATE FUNCTION assay.import_checks(document text, remove boolean DEFAULT false, dry_run boolean DEFAULT false)
RETURNS TABLE (action text, relation text, name text, check_id bigint, message text)
AS 'MODULE_PATHNAME', 'import_checks_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 30;
COMMENT ON FUNCTION assay.import_checks(text, boolean, boolean) IS
'Makes the stored checks of relations those of a document, JSON or YAML, as assay.export_checks writes it: all or, with an error, none. One row per check: action is added, updated (message names the options that changed), unchanged, removed, kept or error.
A check is found again by its relation and name, and keeps its number and history. With remove, checks of the document''s relations that are not in it are dropped, but those of roles whose rights the caller lacks are kept. dry_run: nothing is changed, and each check that cannot be imported is a row of action error.
It takes what assay.add_check takes. An added check is the caller''s; one that is there stays that of the role that added it, and is changed only by who has the rights of that role. YAML: version 1.2, without anchors, aliases and tags.
Errors: 22023 no such document, or checks that cannot be imported.
Example: SELECT action, relation, name FROM assay.import_checks(assay.export_checks(''application''))';

CREATE FUNCTION assay.check_summary(relation regclass DEFAULT NULL, width integer DEFAULT 80)
RETURNS TABLE (name text, segment text, status text, rows bigint, message text)
AS 'MODULE_PATHNAME', 'check_summary_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE ROWS 30;
COMMENT ON FUNCTION assay.check_summary(regclass, integer) IS
'How each stored check of a relation stands, or of all that assay.checks shows (each name then begins with its relation), by the last run that assay.check_history shows: the worst first. status, besides those of a result: not run, disabled. rows: those that fail. Texts are broken into lines so that psql prints no line wider than width. Errors: 22023 a width under 60.
Example: SELECT * FROM assay.check_summary(''application'')';

CREATE VIEW assay.check_summary WITH (security_barrier) AS
    SELECT name, segment, status, rows, message FROM assay.check_summary();
COMMENT ON VIEW assay.check_summary IS
'How each stored check that assay.checks shows stands by its last run, the worst first, no wider than 80 characters: assay.check_summary() as a view, for tools that list tables.
Example: SELECT * FROM assay.check_summary WHERE status IN (''error'', ''fail'')';
COMMENT ON COLUMN assay.check_summary.name IS 'Its relation and name.';
COMMENT ON COLUMN assay.check_summary.segment IS 'The segment, when the check has group_by.';
COMMENT ON COLUMN assay.check_summary.status IS 'error, fail, warn, not run, skipped, pass or disabled.';
COMMENT ON COLUMN assay.check_summary.rows IS 'How many rows fail; NULL where it does not count rows.';
COMMENT ON COLUMN assay.check_summary.message IS 'What was found, in a sentence.';
GRANT SELECT ON assay.check_summary TO PUBLIC;

COMMENT ON AGGREGATE assay.linear_statistics(double precision, double precision[]) IS
'Means and centred cross-products of the features and the target (Chan, Golub and LeVeque, 1983): all that linear regression and ridge need of the rows. The state can be stored and merged with those of other rows; assay.linear_fit reads it. Rows in which the target or a feature is NULL, NaN or infinite are left out. O(features^2) per row and memory.
Example: SELECT assay.linear_statistics(credit_amount, duration_months, age) FROM german_credit';

COMMENT ON FUNCTION assay.linear_fit(assay.state, double precision) IS
'The linear model of a state of assay.linear_statistics: feature 0 is the intercept, the others are counted from 1. alpha: the ridge penalty on the squared weights, not on the intercept; 0 is least squares. Collinear features share the least weights that fit, without errors. A NOTICE says where features depend on each other, or so nearly that few digits of the weights are right. O(features^3), whatever the number of rows. ML012 for another state.
Example: SELECT * FROM assay.linear_fit((SELECT assay.linear_statistics(credit_amount, duration_months, age) FROM german_credit))';

COMMENT ON FUNCTION assay.failing_rows(bigint, bigint) IS
'The rows that fail a stored check, found again, with their primary key (NULL without one). limit: the most rows; NULL for all. For checks that say of each row whether it fails, and for unique, unique_combination, duplicate_rows, relationships, monotonic, sequential_values, stuck_values, mutually_exclusive_ranges, distinct_values_in_set, within_n_stdevs, outliers, within_n_moving_stdevs (the rows of periods that fail), sentinel_values, scale_shift and near_duplicates. Numbers of more than 17 digits are rounded. It runs as the check does, for those who may see its results, as in assay.run_checks. Errors: ML014 no such check, 22023 a check that is about no single row, 42501.
Example: SELECT key, "row" FROM assay.failing_rows((SELECT check_id FROM assay.checks WHERE name = ''sent once''), 10)';

COMMENT ON FUNCTION assay.drift(text, text, jsonb) IS
'How far each column of the current query or relation has moved from the reference, and how sure that is. Each is read once, as the caller, in parallel where PostgreSQL can; memory stays below 64 MB per side, beside the rows returned. One row per column of either side; one that cannot be compared says why in message. Where there are NULLs, their share has a row of its own (method null_share), and so have the hours of the day of timestamps (column_name hour(c); with a time zone by UTC).
An alarm (drifted) needs an effect, statistic above threshold, and evidence, adjusted_p_value at most alpha: the p-value of a test (Kolmogorov-Smirnov for ks and wasserstein, else chi-square with rare classes put together; Fisher''s for shares of NULL), corrected over all rows by Benjamini and Hochberg. When nothing moved, fewer than 1 in 100 reports have an alarm. With compat the tool''s own rule decides.
Options: method, numeric_method, categorical_method (psi, js_distance, js_divergence, hellinger, kl, tvd, l_infinity, chi_square, cramers_v; of numbers also ks, wasserstein), by default wasserstein in standard deviations of the reference, and js_distance; a method that does not suit a column leaves it its default. bins (10: quantiles of the reference, open at both ends; or an array of edges). smoothing (0.0001): the share in place of an empty one. log_base ("e"). threshold (0.1; js_divergence 0.01; chi_square that of Cramér''s V of 0.1). null_threshold (0.05). alpha (0.005). compat (evidently, nannyml, tfdv, soda): the conventions of a tool. columns, exclude: which columns; points in time are compared only when columns names them. group_by: columns whose values make segments, each with rows of its own. model: importance and impact (importance times statistic) rank the rows. correlations (false): reads each side once more and compares how each pair of at most 40 columns of numbers goes together, by their places among the quantiles (column_name correlation(a, b), method correlation, threshold 0.1), which finds columns that were swapped.
segment: the columns of group_by; NULL for all rows. new_categories, gone_categories: those of one side only, the most frequent first, at most 100. details: mean, stddev, min, median and max of both sides, the bins with both shares, or the ten categories whose share moved most; rank_error is how far a rank may be off when a column has more than 16,384 different values (fewer with more than 80 columns or with segments), 0 when all are exact.
Errors: 22023 an option, 42703 a column that is not there, 42701 two columns of one name, 54000 too many segments or columns to correlate, ML008 not a query.
Example: SELECT column_name, method, statistic, adjusted_p_value FROM assay.drift(''german_credit'', ''applicants'') WHERE drifted';

-- Suggested checks say by what they group, and what looks faulty.
DROP FUNCTION assay.suggest_checks(text);
CREATE FUNCTION assay.suggest_checks(query text)
RETURNS TABLE (kind text, column_name text, args jsonb, mostly double precision, reason text, as_constraint text, definition jsonb, group_by text[], looks_faulty text)
AS 'MODULE_PATHNAME', 'suggested_checks_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE ROWS 30;
COMMENT ON FUNCTION assay.suggest_checks(text) IS
'Checks that the rows of a query or relation suggest, each with its reason. The rows are read once for their profile, once more where something looks faulty, and again to see that each check holds on them: one that does not is not suggested.
kind, column_name, args, group_by and mostly are what assay.add_check takes; definition is the same as assay.validate takes it, in an array. as_constraint: the constraint that would keep the table so (for a table''s name a whole statement), where one can; NULL else.
looks_faulty: what looks like a fault in the column: stand-ins for no value (-999, 9999, N/A, 1900-01-01, 9999-12-31), rare spellings of a frequent value, misread encodings, repeated keys; numbers in another unit, texts of another convention and NULLs of one source. It is not learned: the check is what holds for the other rows, with a mostly that lets so many pass.
Ranges are wider than the values found, sets of values are suggested only where each value has several rows, and what a constraint of the table demands already is left out. Where a column such as region or sensor says where rows are from, scale_shift and mixed_formats compare these; where rows come day by day, no_gaps, recency, anomaly and stuck_values watch them. Nothing is suggested of fewer than 30 rows or values, nor of a column with one value. Errors as in assay.profile.
Example: SELECT kind, column_name, args, reason FROM assay.suggest_checks(''german_credit'')';

-- Features.

CREATE FUNCTION assay.bucketize(value double precision, split_points double precision[], exclude_boundaries boolean DEFAULT false, output_format text DEFAULT 'bucket_names')
RETURNS text AS 'MODULE_PATHNAME', 'bucketize_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay.bucketize IS
'The bucket of a number between split points, as BigQuery''s ML.BUCKETIZE: a bucket takes what is not below its point and below the next one.
split_points: in order, the lowest first. exclude_boundaries: the first and the last point count as none. output_format: bucket_names (bin_1, bin_2, ...), bucket_ranges ([2.5, 4.6)) or bucket_ranges_json.
NULL and NaN give NULL. O(log points). Errors: 22023 points out of order, equal, NULL or not finite, too few, or an unknown format.
Example: SELECT age, assay.bucketize(age, ARRAY[25, 40, 60]) FROM customers LIMIT 3';

CREATE FUNCTION assay.hash_bucketize(value text, hash_bucket_size bigint) RETURNS bigint
AS 'MODULE_PATHNAME', 'hash_bucketize_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay.hash_bucketize(text, bigint) IS
'The bucket of a text, from 0, by a hash that is the same everywhere and in every version: FarmHash''s Fingerprint64, which BigQuery''s ML.HASH_BUCKETIZE takes, so that both give the same buckets. NULL gives NULL.
hash_bucket_size: how many buckets; 0 gives the hash itself, as FARM_FINGERPRINT does. Errors: 22023 a size below 0.
Example: SELECT job, assay.hash_bucketize(job, 100) FROM customers LIMIT 3';

CREATE FUNCTION assay.polynomial_expand(features double precision[], degree integer DEFAULT 2) RETURNS double precision[]
AS 'MODULE_PATHNAME', 'polynomial_expand_array_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay.polynomial_expand(double precision[], integer) IS
'All products of up to degree of the numbers, themselves included, in the order of scikit-learn''s PolynomialFeatures without a bias: a, b, a*a, a*b, b*b. A vector that train and predict take as a feature.
features: up to 10. degree: 1 to 4. A product with a NULL or NaN is NULL. Errors: 22023 too many features or another degree, 22003 a product out of range.
Example: SELECT assay.polynomial_expand(ARRAY[age, duration_months]) FROM customers LIMIT 3';

CREATE FUNCTION assay.polynomial_expand(features jsonb, degree integer DEFAULT 2) RETURNS jsonb
AS 'MODULE_PATHNAME', 'polynomial_expand_object_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay.polynomial_expand(jsonb, integer) IS
'The same of named numbers, as BigQuery''s ML.POLYNOMIAL_EXPAND: an object with a key for each feature becomes one with a key for each product, the features'' names in alphabetical order with _ between them. The type of an untyped literal has to be written: ''{"a": 2}''::jsonb.
features: up to 10 keys with numbers; null makes its products null. Errors: 22023 no object, too many features or another degree, ML004 a value that is no number, 42701 two products of one name, 22003 a product out of range.
Example: SELECT assay.polynomial_expand(jsonb_build_object(''f1'', 2, ''f2'', 3))';

CREATE FUNCTION assay.feature_cross(features text[], degree integer DEFAULT 2) RETURNS text[]
AS 'MODULE_PATHNAME', 'feature_cross_array_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay.feature_cross(text[], integer) IS
'Every two of the categories as one, with _ between them; then every three, up to degree of them.
features: up to 10. degree: 2 to 4. A cross with a NULL is NULL. Errors: 22023 too many features or another degree.
Example: SELECT assay.feature_cross(ARRAY[job, housing, purpose]) FROM customers LIMIT 3';

CREATE FUNCTION assay.feature_cross(features jsonb, degree integer DEFAULT 2) RETURNS jsonb
AS 'MODULE_PATHNAME', 'feature_cross_object_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay.feature_cross(jsonb, integer) IS
'The same of named categories, as BigQuery''s ML.FEATURE_CROSS: an object with a key for each feature becomes one with a key for each cross, the features'' names in alphabetical order with _ between them. The type of an untyped literal has to be written: ''{"a": "x"}''::jsonb.
features: up to 10 keys with texts, numbers or booleans; null makes its crosses null. Errors: 22023 no object, too many features or another degree, ML004 an array or object as a value, 42701 two crosses of one name.
Example: SELECT assay.feature_cross(jsonb_build_object(''job'', job, ''housing'', housing)) FROM customers LIMIT 3';

CREATE FUNCTION assay.ngrams(tokens text[], range integer, separator text DEFAULT ' ') RETURNS text[]
AS 'MODULE_PATHNAME', 'ngrams_of_size_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay.ngrams(text[], integer, text) IS
'The n-grams of one size: each run of so many neighbouring tokens, with the separator between them, as BigQuery''s ML.NGRAMS. NULL tokens are left out. Errors: 22023 a size below 1, 53400 assay.max_memory.
Example: SELECT assay.ngrams(string_to_array(''credit for a new car'', '' ''), 2)';

CREATE FUNCTION assay.ngrams(tokens text[], range integer[], separator text DEFAULT ' ') RETURNS text[]
AS 'MODULE_PATHNAME', 'ngrams_of_sizes_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay.ngrams(text[], integer[], text) IS
'The n-grams of several sizes, in the order of their first token and then of their size.
range: the sizes of the shortest and of the longest. Errors: 22023 another number of sizes, a size below 1, or the greater first, 22004 a size that is NULL, 53400 assay.max_memory.
Example: SELECT assay.ngrams(ARRAY[''a'', ''b'', ''c''], ARRAY[2, 3], ''#'')';

CREATE FUNCTION assay.normalizer(value double precision[], p double precision DEFAULT 2) RETURNS double precision[]
AS 'MODULE_PATHNAME', 'normalizer_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay.normalizer(double precision[], double precision) IS
'A vector divided by its p-norm, as BigQuery''s ML.NORMALIZER. p: 1 or more, ''Infinity'' (the greatest magnitude), or 0 (how many are not 0). A vector of zeros stays as it is. NULL and NaN do not count, and come back as NULL. Errors: 22023 another p.
Example: SELECT assay.normalizer(ARRAY[4.0, 1.0, 2.0, 2.0, 0.0])';

CREATE FUNCTION assay.haversine(latitude1 double precision, longitude1 double precision, latitude2 double precision, longitude2 double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'haversine_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay.haversine IS
'The great-circle distance between two points in metres, on a sphere of the Earth''s mean radius (6,371,008.8 m): within 0.6 % of the distance on the ellipsoid. Degrees; NULL gives NULL.
Errors: 22023 a latitude beyond 90 degrees, or a longitude beyond 360.
Example: SELECT round(assay.haversine(47.3769, 8.5417, 46.9480, 7.4474)) AS zurich_bern';

CREATE FUNCTION assay.standard_scaler(value double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'standard_scaler_wrapper' LANGUAGE c WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay.standard_scaler(double precision) IS
'A window function: how many standard deviations (of a sample, divided by n - 1) a number is above the mean of its frame, as BigQuery''s ML.STANDARD_SCALER. Without ORDER BY the frame is the partition; with it, the rows up to this one.
NULL gives NULL; NULL, NaN and infinities teach nothing. Numbers that do not vary give 0. A frame without numbers gives NULL. Nothing is subtracted when a row leaves the frame, so that moving frames do not drift. Errors: 53400 assay.max_memory.
Example: SELECT age, assay.standard_scaler(age) OVER () FROM customers LIMIT 3';

CREATE FUNCTION assay.min_max_scaler(value double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'min_max_scaler_wrapper' LANGUAGE c WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay.min_max_scaler(double precision) IS
'A window function: where between the least and the greatest number of its frame a number is, from 0 to 1, as BigQuery''s ML.MIN_MAX_SCALER. A number that is not in the frame is capped. Frames, NULL, NaN and infinities as in assay.standard_scaler; numbers that do not vary give 0.
Example: SELECT age, assay.min_max_scaler(age) OVER (PARTITION BY housing) FROM customers LIMIT 3';

CREATE FUNCTION assay.max_abs_scaler(value double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'max_abs_scaler_wrapper' LANGUAGE c WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay.max_abs_scaler(double precision) IS
'A window function: a number divided by the greatest magnitude in its frame, as BigQuery''s ML.MAX_ABS_SCALER. Frames, NULL, NaN and infinities as in assay.standard_scaler.
Example: SELECT age, assay.max_abs_scaler(age) OVER () FROM customers LIMIT 3';

CREATE FUNCTION assay.robust_scaler(value double precision, quantile_range double precision[] DEFAULT '{25,75}', with_median boolean DEFAULT true, with_quantile_range boolean DEFAULT true)
RETURNS double precision AS 'MODULE_PATHNAME', 'robust_scaler_wrapper' LANGUAGE c WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay.robust_scaler IS
'A window function: a number less the median of its frame, divided by the range between two quantiles, as BigQuery''s ML.ROBUST_SCALER. Quantiles are values that occur, those of SQL''s percentile_disc.
quantile_range: percentages above 0 and below 100, the lesser first. with_median, with_quantile_range: whether to do the one and the other. A range of 0 divides by 1. Options are read at the first row of each partition. Frames, NULL, NaN and infinities as in assay.standard_scaler. O(n) for a frame that does not change, O(log n) a row for one that moves. Errors: 22023 another range, or an option that is NULL, 53400 assay.max_memory.
Example: SELECT credit_amount, assay.robust_scaler(credit_amount, ARRAY[10, 90]) OVER () FROM customers LIMIT 3';

CREATE FUNCTION assay.quantile_bucketize(value double precision, num_buckets integer, output_format text DEFAULT 'bucket_names') RETURNS text
AS 'MODULE_PATHNAME', 'quantile_bucketize_wrapper' LANGUAGE c WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay.quantile_bucketize(double precision, integer, text) IS
'A window function: the bucket of a number among buckets of about as many numbers of its frame, as BigQuery''s ML.QUANTILE_BUCKETIZE. Buckets begin at values that occur, those of SQL''s percentile_disc; where several begin at one value there are fewer, and none is empty.
num_buckets: 2 to 10,000. output_format: bucket_names, bucket_ranges or bucket_ranges_json. Options are read at the first row of each partition. Frames, NULL, NaN and infinities as in assay.standard_scaler; NULL and NaN give NULL. Errors: 22023 options, 53400 assay.max_memory.
Example: SELECT credit_amount, assay.quantile_bucketize(credit_amount, 4, ''bucket_ranges'') OVER () FROM customers LIMIT 3';

CREATE FUNCTION assay.imputer(value double precision, strategy text) RETURNS double precision
AS 'MODULE_PATHNAME', 'imputer_number_wrapper' LANGUAGE c WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay.imputer(double precision, text) IS
'A window function: a number, or what stands in for it where it is missing (NULL, NaN or infinite): of its frame the mean, the median (of two in the middle the lesser, SQL''s percentile_disc) or the most frequent number (of equally frequent ones the least), as BigQuery''s ML.IMPUTER.
strategy: mean, median or most_frequent; read at the first row of each partition. Frames as in assay.standard_scaler; where a frame has no number, NULL stays. Errors: 22023 another strategy, 53400 assay.max_memory.
Example: SELECT assay.imputer(nullif(age, 33), ''median'') OVER (PARTITION BY job) FROM customers LIMIT 3';

CREATE FUNCTION assay.imputer(value text, strategy text) RETURNS text
AS 'MODULE_PATHNAME', 'imputer_text_wrapper' LANGUAGE c WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay.imputer(text, text) IS
'The same of texts, where NULL is missing and the only strategy is most_frequent; of equally frequent texts the first by code points.
Example: SELECT job, assay.imputer(nullif(job, ''skilled''), ''most_frequent'') OVER () FROM customers LIMIT 3';

CREATE FUNCTION assay.label_encoder(value text, top_k bigint DEFAULT 32000, frequency_threshold bigint DEFAULT 5) RETURNS bigint
AS 'MODULE_PATHNAME', 'label_encoder_wrapper' LANGUAGE c WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay.label_encoder(text, bigint, bigint) IS
'A window function: a category as a number, as BigQuery''s ML.LABEL_ENCODER: the frequent ones of its frame are numbered from 1 in alphabetical order (by code points); 0 is for rare ones, for those that do not occur in the frame, and for NULL.
top_k: so many of the most frequent ones have a number, 1 to 999,999; of equally frequent ones the first by the alphabet. frequency_threshold: they occur so often at least, 0 or more. Options are read at the first row of each partition. Frames as in assay.standard_scaler. O(log of the categories) a row for a frame that moves, unless more than top_k are frequent enough: then each row chooses them anew. Errors: 22023 options, 53400 assay.max_memory.
Example: SELECT job, assay.label_encoder(job) OVER () FROM customers LIMIT 3';

-- Preprocessing that travels with a model.

CREATE FUNCTION assay.transform(model text, VARIADIC features "any") RETURNS double precision[]
AS 'MODULE_PATHNAME', 'transform_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 200 SUPPORT assay_internal.row_support;
COMMENT ON FUNCTION assay.transform(text, "any") IS
'What a model of pca, k_means or gaussian_mixture makes of one row: its components; its distance from each centre, that of cluster 0 first; the probability of each cluster. Of other models what they learn from: the numbers that the steps of preprocess make of it, in the order of the model''s features; a category that no step encodes is the place of its level, Infinity for one that training did not see. Without steps the row''s own values.
Arguments, NULLs and errors as in assay.predict.
Example: SELECT customer_id, assay.transform(''credit'', c) FROM customers c WHERE is_test LIMIT 3';

DROP FUNCTION assay.feature_info(text);
CREATE FUNCTION assay.feature_info(model text)
RETURNS TABLE (feature text, type text, rows bigint, nulls bigint, min double precision, max double precision,
               mean double precision, stddev double precision, categories bigint, top_categories jsonb,
               rare bigint, unseen bigint, steps jsonb)
AS 'MODULE_PATHNAME', 'feature_steps_wrapper' LANGUAGE c STABLE PARALLEL SAFE ROWS 20;
COMMENT ON FUNCTION assay.feature_info(text) IS
'The distribution of each feature in the training rows, as the query gave it, and what is done with it before it is learned from. Needs the privilege manage, because it shows values of the rows.
rare: rows of categories too rare to be told apart; unseen: held-out rows with a category that no training row has (NULL for numbers, and for versions of 0.1.0); steps: what was learned by each step of preprocess, and the features that it makes.
Example: SELECT feature, nulls, mean, stddev FROM assay.feature_info(''credit'')';


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

-- Trials.

CREATE TABLE assay.model_trial (
    model_id  bigint NOT NULL,
    version   integer NOT NULL,
    trial     integer NOT NULL,
    algorithm text COLLATE "C" NOT NULL,
    params    jsonb NOT NULL,
    metric    text COLLATE "C" NOT NULL,
    value     double precision,
    stddev    double precision,
    folds     integer NOT NULL,
    duration  interval NOT NULL,
    chosen    boolean NOT NULL,
    note      text,
    PRIMARY KEY (model_id, version, trial),
    FOREIGN KEY (model_id, version) REFERENCES assay.model_version ON DELETE CASCADE
);
ALTER TABLE assay.model_trial DISABLE TRIGGER ALL;
COMMENT ON TABLE assay.model_trial IS 'What assay.tune tried before it trained a version. Read the view assay.model_trials instead.';
COMMENT ON COLUMN assay.model_trial.model_id IS 'The model.';
COMMENT ON COLUMN assay.model_trial.version IS 'The version that came of it.';
COMMENT ON COLUMN assay.model_trial.trial IS 'The trial''s number, from 1.';
COMMENT ON COLUMN assay.model_trial.algorithm IS 'The learner.';
COMMENT ON COLUMN assay.model_trial.params IS 'Its hyperparameters; the others were at their defaults.';
COMMENT ON COLUMN assay.model_trial.metric IS 'The metric by which trials were compared.';
COMMENT ON COLUMN assay.model_trial.value IS 'Its mean over the folds.';
COMMENT ON COLUMN assay.model_trial.stddev IS 'Its standard deviation over the folds.';
COMMENT ON COLUMN assay.model_trial.folds IS 'In how many folds it was tried.';
COMMENT ON COLUMN assay.model_trial.duration IS 'How long its trainings took.';
COMMENT ON COLUMN assay.model_trial.chosen IS 'Whether the version was trained with it.';
COMMENT ON COLUMN assay.model_trial.note IS 'Why it was not tried in all folds.';

CREATE TRIGGER b_guard BEFORE INSERT ON assay.model_trial FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_model_row();

CREATE VIEW assay.model_trials WITH (security_barrier) AS
    SELECT m.name AS model, t.version, t.trial, t.algorithm, t.params, t.metric, t.value, t.stddev, t.folds, t.duration, t.chosen, t.note
    FROM assay_internal.visible_model m
    JOIN assay.model_trial t ON t.model_id OPERATOR(pg_catalog.=) m.id;
COMMENT ON VIEW assay.model_trials IS
'What assay.tune tried before it trained a version, of the models that the current role may use.
Example: SELECT trial, algorithm, params, value, chosen FROM assay.model_trials WHERE model = ''credit'' ORDER BY trial';
COMMENT ON COLUMN assay.model_trials.model IS 'The model''s name.';
COMMENT ON COLUMN assay.model_trials.version IS 'The version that came of it.';
COMMENT ON COLUMN assay.model_trials.trial IS 'The trial''s number, from 1.';
COMMENT ON COLUMN assay.model_trials.algorithm IS 'The learner.';
COMMENT ON COLUMN assay.model_trials.params IS 'Its hyperparameters; the others were at their defaults.';
COMMENT ON COLUMN assay.model_trials.metric IS 'The metric by which trials were compared.';
COMMENT ON COLUMN assay.model_trials.value IS 'Its mean over the folds.';
COMMENT ON COLUMN assay.model_trials.stddev IS 'Its standard deviation over the folds.';
COMMENT ON COLUMN assay.model_trials.folds IS 'In how many folds it was tried.';
COMMENT ON COLUMN assay.model_trials.duration IS 'How long its trainings took.';
COMMENT ON COLUMN assay.model_trials.chosen IS 'Whether the version was trained with it.';
COMMENT ON COLUMN assay.model_trials.note IS 'Why it was not tried in all folds.';

GRANT SELECT ON assay.model_trials TO PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('assay.model_trial', '');

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

-- Logged predictions: what was decided about which key, what came of it, and how well a model holds. Rows come by the million: what all of a call
-- have in common stands once, in its batch.

CREATE TABLE assay.prediction_batch (
    id          bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    model_id    bigint NOT NULL REFERENCES assay.model ON DELETE CASCADE,
    content     text COLLATE "C" NOT NULL CHECK (content OPERATOR(pg_catalog.=) ANY ('{decisions,labels}')),
    version     integer,
    challenger  boolean NOT NULL DEFAULT false,
    logged_by   assay.role,
    logged_at   timestamptz NOT NULL,
    key_columns text[] NOT NULL,
    rows        bigint NOT NULL,
    bytes       bigint NOT NULL,
    cpu_seconds double precision NOT NULL,
    baseline    text,
    base_values double precision[],
    reads       regclass[]
);
ALTER TABLE assay.prediction_batch DISABLE TRIGGER ALL;
CREATE INDEX prediction_batch_model_idx ON assay.prediction_batch (model_id, version);
COMMENT ON TABLE assay.prediction_batch IS 'One row per version and call of assay.log_predictions, and per call of assay.record_labels. Read the view assay.prediction_batches instead.';
COMMENT ON COLUMN assay.prediction_batch.id IS 'The batch''s key.';
COMMENT ON COLUMN assay.prediction_batch.model_id IS 'The model.';
COMMENT ON COLUMN assay.prediction_batch.content IS 'decisions or labels.';
COMMENT ON COLUMN assay.prediction_batch.version IS 'The version that scored; NULL for labels.';
COMMENT ON COLUMN assay.prediction_batch.challenger IS 'Whether the version was only watched: another one decided.';
COMMENT ON COLUMN assay.prediction_batch.logged_by IS 'The role that called.';
COMMENT ON COLUMN assay.prediction_batch.logged_at IS 'When.';
COMMENT ON COLUMN assay.prediction_batch.key_columns IS 'The columns that keys are made of.';
COMMENT ON COLUMN assay.prediction_batch.rows IS 'How many rows were added.';
COMMENT ON COLUMN assay.prediction_batch.bytes IS 'About how many bytes they take, without indexes.';
COMMENT ON COLUMN assay.prediction_batch.cpu_seconds IS 'What the call took of the processor in the caller''s process; for several versions, its share.';
COMMENT ON COLUMN assay.prediction_batch.baseline IS 'Against what reasons were told; NULL without reasons.';
COMMENT ON COLUMN assay.prediction_batch.base_values IS 'The base values to which all attributions of a row add up to its margins.';

CREATE TABLE assay.prediction (
    id            bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    batch_id      bigint NOT NULL,
    model_id      bigint NOT NULL REFERENCES assay.model ON DELETE CASCADE,
    at            timestamptz NOT NULL,
    score         double precision,
    class         integer,
    decision      text COLLATE "C",
    key           jsonb NOT NULL,
    probabilities double precision[],
    segment       jsonb,
    inputs        jsonb,
    reasons       jsonb,
    expected_error         double precision,
    expected_squared_error double precision,
    effective_decision     text COLLATE "C"
);
ALTER TABLE assay.prediction DISABLE TRIGGER ALL;
CREATE INDEX prediction_at_idx ON assay.prediction (model_id, at);
CREATE INDEX prediction_key_idx ON assay.prediction USING hash (key);
COMMENT ON TABLE assay.prediction IS 'One row per logged decision. Read the view assay.predictions instead.';
COMMENT ON COLUMN assay.prediction.id IS 'The decision''s key.';
COMMENT ON COLUMN assay.prediction.batch_id IS 'The call that logged it: version, role and time.';
COMMENT ON COLUMN assay.prediction.model_id IS 'The model.';
COMMENT ON COLUMN assay.prediction.at IS 'When it was decided.';
COMMENT ON COLUMN assay.prediction.score IS 'The predicted number, the positive class''s probability, or with more than two classes that of the predicted one; a cluster''s number, NULL for a row in none; how strange the row is.';
COMMENT ON COLUMN assay.prediction.class IS 'The predicted class''s place among the version''s labels, from 0; NULL for numbers.';
COMMENT ON COLUMN assay.prediction.decision IS 'What was decided: the label, or the band of the version''s thresholds; NULL for numbers.';
COMMENT ON COLUMN assay.prediction.key IS 'What the decision is about: {column: value}.';
COMMENT ON COLUMN assay.prediction.probabilities IS 'The probability of each class, where there are more than two.';
COMMENT ON COLUMN assay.prediction.segment IS 'Columns kept to slice by: {column: value}.';
COMMENT ON COLUMN assay.prediction.inputs IS 'The features, where they were kept: {feature: value}.';
COMMENT ON COLUMN assay.prediction.reasons IS 'The strongest attributions, where they were asked for.';
COMMENT ON COLUMN assay.prediction.expected_error IS 'Of a predicted number how far off it was to be expected to be, where the version tells.';
COMMENT ON COLUMN assay.prediction.expected_squared_error IS 'The same of the square.';
COMMENT ON COLUMN assay.prediction.effective_decision IS 'What the deciding version decided of the same row, where this one was only watched.';

CREATE TABLE assay.prediction_label (
    id          bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    batch_id    bigint NOT NULL,
    model_id    bigint NOT NULL REFERENCES assay.model ON DELETE CASCADE,
    recorded_at timestamptz NOT NULL,
    replaced_at timestamptz,
    value       double precision,
    label       text COLLATE "C",
    key         jsonb NOT NULL
);
ALTER TABLE assay.prediction_label DISABLE TRIGGER ALL;
CREATE INDEX prediction_label_model_idx ON assay.prediction_label (model_id, id);
CREATE INDEX prediction_label_key_idx ON assay.prediction_label USING hash (key);
COMMENT ON TABLE assay.prediction_label IS 'What came of decisions. Read the view assay.prediction_labels instead.';
COMMENT ON COLUMN assay.prediction_label.id IS 'The label''s number.';
COMMENT ON COLUMN assay.prediction_label.batch_id IS 'The call that recorded it.';
COMMENT ON COLUMN assay.prediction_label.model_id IS 'The model.';
COMMENT ON COLUMN assay.prediction_label.recorded_at IS 'When it was recorded: it belongs to decisions made before.';
COMMENT ON COLUMN assay.prediction_label.replaced_at IS 'When another label of the same key took its place.';
COMMENT ON COLUMN assay.prediction_label.value IS 'The true number.';
COMMENT ON COLUMN assay.prediction_label.label IS 'The true class.';
COMMENT ON COLUMN assay.prediction_label.key IS 'What it is about: {column: value}.';

CREATE TABLE assay.prediction_policy (
    model_id   bigint NOT NULL REFERENCES assay.model ON DELETE CASCADE,
    retention  interval,
    unlabelled text[] COLLATE "C",
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    CONSTRAINT prediction_policy_pkey PRIMARY KEY (model_id)
);
ALTER TABLE assay.prediction_policy DISABLE TRIGGER ALL;
COMMENT ON TABLE assay.prediction_policy IS 'What is set of models'' logged decisions for good. Read the view assay.prediction_policies instead.';
COMMENT ON COLUMN assay.prediction_policy.model_id IS 'The model.';
COMMENT ON COLUMN assay.prediction_policy.retention IS 'How long decisions are kept; NULL for ever.';
COMMENT ON COLUMN assay.prediction_policy.unlabelled IS 'The decisions that never have a label.';
COMMENT ON COLUMN assay.prediction_policy.changed_by IS 'The name of the role that changed it last, as it was then.';
COMMENT ON COLUMN assay.prediction_policy.changed_at IS 'When.';

-- What the current role may know of: calls for models that it may manage, and its own.
CREATE VIEW assay.prediction_batches WITH (security_barrier) AS
    SELECT b.id, m.name AS model, b.content, b.version, b.challenger, b.logged_by::pg_catalog.regrole AS logged_by, b.logged_at, b.key_columns,
           b.rows, b.bytes, b.cpu_seconds, b.baseline, b.base_values
    FROM assay_internal.visible_model m
    JOIN assay.prediction_batch b ON b.model_id OPERATOR(pg_catalog.=) m.id
    WHERE m.manageable OR pg_catalog.pg_has_role(b.logged_by, 'USAGE');
COMMENT ON VIEW assay.prediction_batches IS
'The calls of assay.log_predictions and assay.record_labels, for models that the current role may manage and calls of its own.
Example: SELECT content, version, rows, logged_at FROM assay.prediction_batches WHERE model = ''credit'' ORDER BY id';
COMMENT ON COLUMN assay.prediction_batches.id IS 'The call''s key.';
COMMENT ON COLUMN assay.prediction_batches.model IS 'The model''s name.';
COMMENT ON COLUMN assay.prediction_batches.content IS 'decisions or labels.';
COMMENT ON COLUMN assay.prediction_batches.version IS 'The version that scored; NULL for labels.';
COMMENT ON COLUMN assay.prediction_batches.challenger IS 'Whether the version was only watched: another one decided.';
COMMENT ON COLUMN assay.prediction_batches.logged_by IS 'The role that called.';
COMMENT ON COLUMN assay.prediction_batches.logged_at IS 'When.';
COMMENT ON COLUMN assay.prediction_batches.key_columns IS 'The columns that keys are made of.';
COMMENT ON COLUMN assay.prediction_batches.rows IS 'How many rows were added.';
COMMENT ON COLUMN assay.prediction_batches.bytes IS 'About how many bytes they take, without indexes.';
COMMENT ON COLUMN assay.prediction_batches.cpu_seconds IS 'What the call took of the processor; for several versions, its share.';
COMMENT ON COLUMN assay.prediction_batches.baseline IS 'Against what reasons were told; NULL without reasons.';
COMMENT ON COLUMN assay.prediction_batches.base_values IS 'The base values to which all attributions of a row add up to its margins.';

CREATE VIEW assay.predictions WITH (security_barrier) AS
    SELECT p.id, m.name AS model, b.version, p.key, p.score, p.decision, p.at, b.challenger, b.logged_by::pg_catalog.regrole AS logged_by,
           b.logged_at, p.segment, p.probabilities, p.inputs, p.reasons, b.baseline,
           (SELECT COALESCE(l.label, l.value::pg_catalog.text) FROM assay.prediction_label l
            WHERE l.key OPERATOR(pg_catalog.=) p.key AND l.model_id OPERATOR(pg_catalog.=) p.model_id AND l.replaced_at IS NULL
              AND l.recorded_at OPERATOR(pg_catalog.>=) p.at LIMIT 1) AS label,
           p.expected_error, p.expected_squared_error, p.effective_decision
    FROM assay_internal.visible_model m
    JOIN assay.prediction_batch b ON b.model_id OPERATOR(pg_catalog.=) m.id
    JOIN assay.prediction p ON p.batch_id OPERATOR(pg_catalog.=) b.id AND p.model_id OPERATOR(pg_catalog.=) m.id
    WHERE m.manageable OR pg_catalog.pg_has_role(b.logged_by, 'USAGE');
COMMENT ON VIEW assay.predictions IS
'Logged decisions of models that the current role may manage, and those that it logged itself, with the label that has come since.
Example: SELECT id, version, key, score, decision, label FROM assay.predictions WHERE model = ''credit'' ORDER BY id LIMIT 5';
COMMENT ON COLUMN assay.predictions.id IS 'The decision''s key, which assay.replay_prediction takes.';
COMMENT ON COLUMN assay.predictions.model IS 'The model''s name.';
COMMENT ON COLUMN assay.predictions.version IS 'The version that scored.';
COMMENT ON COLUMN assay.predictions.key IS 'What the decision is about: {column: value}.';
COMMENT ON COLUMN assay.predictions.score IS 'The predicted number, the positive class''s probability, or with more than two classes that of the predicted one; a cluster''s number, NULL for a row in none; how strange the row is.';
COMMENT ON COLUMN assay.predictions.decision IS 'What was decided: the label, or the band of the version''s thresholds; NULL for numbers.';
COMMENT ON COLUMN assay.predictions.at IS 'When it was decided.';
COMMENT ON COLUMN assay.predictions.challenger IS 'Whether the version was only watched: another one decided.';
COMMENT ON COLUMN assay.predictions.logged_by IS 'The role that logged it.';
COMMENT ON COLUMN assay.predictions.logged_at IS 'When it was logged.';
COMMENT ON COLUMN assay.predictions.segment IS 'Columns kept to slice by: {column: value}.';
COMMENT ON COLUMN assay.predictions.probabilities IS 'The probability of each class, where there are more than two.';
COMMENT ON COLUMN assay.predictions.inputs IS 'The features, where they were kept: {feature: value}.';
COMMENT ON COLUMN assay.predictions.reasons IS 'The strongest attributions, where they were asked for.';
COMMENT ON COLUMN assay.predictions.baseline IS 'Against what the reasons were told.';
COMMENT ON COLUMN assay.predictions.label IS 'What came of it, as last recorded; NULL until then.';
COMMENT ON COLUMN assay.predictions.expected_error IS 'Of a predicted number how far off it was to be expected to be, where the version tells.';
COMMENT ON COLUMN assay.predictions.expected_squared_error IS 'The same of the square.';
COMMENT ON COLUMN assay.predictions.effective_decision IS 'Of a version that was only watched, what the deciding one decided of the same row.';

CREATE VIEW assay.prediction_labels WITH (security_barrier) AS
    SELECT m.name AS model, l.key, COALESCE(l.label, l.value::pg_catalog.text) AS label, l.recorded_at, l.replaced_at,
           b.logged_by::pg_catalog.regrole AS recorded_by
    FROM assay_internal.visible_model m
    JOIN assay.prediction_label l ON l.model_id OPERATOR(pg_catalog.=) m.id
    JOIN assay.prediction_batch b ON b.id OPERATOR(pg_catalog.=) l.batch_id
    WHERE m.manageable OR pg_catalog.pg_has_role(b.logged_by, 'USAGE');
COMMENT ON VIEW assay.prediction_labels IS
'The labels recorded for logged decisions, those that were corrected among them.
Example: SELECT key, label, recorded_at, replaced_at FROM assay.prediction_labels WHERE model = ''credit'' AND replaced_at IS NOT NULL';
COMMENT ON COLUMN assay.prediction_labels.model IS 'The model''s name.';
COMMENT ON COLUMN assay.prediction_labels.key IS 'What it is about: {column: value}.';
COMMENT ON COLUMN assay.prediction_labels.label IS 'What came of it, as text.';
COMMENT ON COLUMN assay.prediction_labels.recorded_at IS 'When it was recorded.';
COMMENT ON COLUMN assay.prediction_labels.replaced_at IS 'When another label of the same key took its place; NULL for the one that counts.';
COMMENT ON COLUMN assay.prediction_labels.recorded_by IS 'The role that recorded it.';

CREATE VIEW assay.prediction_policies WITH (security_barrier) AS
    SELECT m.name AS model, q.retention, q.unlabelled,
           (SELECT p.at FROM assay.prediction p WHERE p.model_id OPERATOR(pg_catalog.=) m.id ORDER BY p.at LIMIT 1) AS oldest,
           q.changed_by, q.changed_at
    FROM assay_internal.visible_model m
    JOIN assay.prediction_policy q ON q.model_id OPERATOR(pg_catalog.=) m.id
    WHERE m.manageable;
COMMENT ON VIEW assay.prediction_policies IS
'How long decisions of the models that the current role may manage are kept (assay.set_retention), and which of them never have a label (assay.set_unlabelled).
Example: SELECT model, retention, oldest FROM assay.prediction_policies WHERE oldest < now() - retention';
COMMENT ON COLUMN assay.prediction_policies.model IS 'The model''s name.';
COMMENT ON COLUMN assay.prediction_policies.retention IS 'How long decisions are kept; NULL for ever.';
COMMENT ON COLUMN assay.prediction_policies.unlabelled IS 'The decisions that never have a label; NULL where nothing was declared.';
COMMENT ON COLUMN assay.prediction_policies.oldest IS 'When the oldest decision was made that is still there.';
COMMENT ON COLUMN assay.prediction_policies.changed_by IS 'The name of the role that changed it last, as it was then.';
COMMENT ON COLUMN assay.prediction_policies.changed_at IS 'When.';

GRANT SELECT ON assay.prediction_batches, assay.predictions, assay.prediction_labels, assay.prediction_policies TO PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('assay.prediction_batch', '');
SELECT pg_catalog.pg_extension_config_dump('assay.prediction_batch_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('assay.prediction', '');
SELECT pg_catalog.pg_extension_config_dump('assay.prediction_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('assay.prediction_label', '');
SELECT pg_catalog.pg_extension_config_dump('assay.prediction_label_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('assay.prediction_policy', '');

CREATE FUNCTION assay.log_predictions(
    model text, query text, key text[], reasons integer DEFAULT 0, keep text[] DEFAULT NULL, at text DEFAULT NULL,
    challengers text[] DEFAULT NULL, inputs boolean DEFAULT NULL)
RETURNS bigint
AS 'MODULE_PATHNAME', 'log_predictions_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.log_predictions(text, text, text[], integer, text[], text, text[], boolean) IS
'Scores the rows of a query and keeps of each its key, the version, the score, the decision and the time (view assay.predictions); gives how many rows there were.
query: a SELECT, WITH, VALUES or TABLE statement, or a relation''s name; run once, read-only, as the caller. Needs the model''s features, and the columns named below.
key: the columns that identify what is decided about for good, such as an application''s number: by these labels come (assay.record_labels). None of them may be NULL. A key that comes again is a decision of its own.
reasons: so many of the strongest attributions are kept of each row, with what they are told against.
keep: columns to slice assay.performance by. at: a column of dates or timestamps that says when each row was decided; NULL for now.
challengers: other versions of the model, such as ''{credit@2}'', that score the same rows and decide nothing.
inputs: whether the features are kept, too, so that assay.replay_prediction can score and explain them again; NULL keeps them where there are reasons.
Needs the privilege predict. Rolled back, it leaves nothing. Errors: as in assay.predict, and ML008 not a query, 42703 no such column, 22004 a NULL in a key or a time, 22023 parameters, 25006 read-only transaction.
Example: SELECT assay.log_predictions(''credit'', ''customers'', ''{customer_id}'', keep => ''{job}'')';

CREATE FUNCTION assay.record_labels(model text, query text, key text[]) RETURNS bigint
AS 'MODULE_PATHNAME', 'record_labels_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.record_labels(text, text, text[]) IS
'Records what came of logged decisions: the model''s target, which is among the columns of the query, by the key that they were logged with. Gives how many labels are new or corrected; those that are recorded already are left as they are, so that it may be called with all that is known, again and again.
A label belongs to all decisions about its key that were made before it was recorded, by whichever version; recorded again with another value it takes the place of the one before, which stays in assay.prediction_labels. Rows whose label is NULL are left out. A NOTICE says how many keys no decision has.
Those who may manage the model record labels of all keys; others, with the privilege predict, those of keys whose decisions they have all logged themselves. Errors: ML007 a label that the model does not know, or two of one key, 22004 a NULL in a key, 40001 labels were recorded since the transaction began (in REPEATABLE READ), 42501, 42703, 25006.
Example: SELECT assay.record_labels(''credit'', ''customers'', ''{customer_id}'')';

CREATE FUNCTION assay.performance(
    model text, bucket text DEFAULT 'day', group_by text[] DEFAULT NULL, maturity interval DEFAULT NULL,
    since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
RETURNS TABLE (bucket timestamptz, version integer, segment jsonb, rows bigint, labelled bigint, metric text, value double precision,
               low double precision, high double precision, estimated double precision, estimated_low double precision,
               estimated_high double precision, estimated_labelled double precision, mature bigint, labelled_share double precision, note text,
               labellable bigint, estimated_labellable double precision)
AS 'MODULE_PATHNAME', 'performance_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 100;
COMMENT ON FUNCTION assay.performance(text, text, text[], interval, timestamptz, timestamptz) IS
'How well the logged decisions of a model did, and how well they are to be expected to do: one row per stretch of time, version, slice and metric.
bucket: hour, day, week, month, quarter or year, in the time zone of the session. group_by: columns that were kept (assay.log_predictions(..., keep)). maturity: only decisions of that age are judged, such as ''90 days'' where a default shows after ninety. since, until: decisions from then on, and before then.
rows: all decisions; mature: those old enough; labellable: of these, those that can have a label (all, unless assay.set_unlabelled says otherwise); labelled: of these, those that have one, on which value rests, with a 95 percent interval (low, high); labelled_share: their part. Metrics are those of assay.evaluate, by the classes that were decided at the time.
estimated: the metric without labels, of all rows (estimated_low, estimated_high: in which it will turn out 95 times of a hundred), of those that can have a label (estimated_labellable: what value will come to), and of those that have one (estimated_labelled: what value is to be compared with). For classes by calibrated probabilities (CBPE): scores as calibrated in training, or as those of two classes came true on the version''s held-out rows. It holds as far as scores come true, and does not see that what leads to the target has changed. For numbers by the errors that a model of them, learned from the version''s held-out rows, expected when they were logged (direct loss estimation, DLE); of a version of fewer than 100 such rows by the errors that decisions with a label turned out to have, by the size of the prediction, which takes a hundred of them.
note: what is to be known of it; above all, that decisions of a kind never have a label, as the refused ones of a lender: then value is of the others alone.
Those who may manage the model see all of its decisions; others, with the privilege predict, those they logged. Errors: ML001, 42501, 42703 a column that was not kept, 22023 parameters, 53400 assay.max_memory.
Example: SELECT bucket, version, rows, labelled, value, low, high, estimated FROM assay.performance(''credit'', ''month'') WHERE metric = ''roc_auc''';

CREATE FUNCTION assay.replay_prediction(id bigint)
RETURNS TABLE (model text, version integer, key jsonb, at timestamptz, decision text, score double precision,
               replayed_score double precision, identical boolean, reasons jsonb, replayed_reasons jsonb, differences text[])
AS 'MODULE_PATHNAME', 'replay_prediction_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 1;
COMMENT ON FUNCTION assay.replay_prediction(bigint) IS
'Scores what was kept of a logged decision (assay.log_predictions(..., inputs => true)) again, by the version that decided, and tells the reasons that were kept of it again: identical says that all comes to the same numbers, differences what does not. id: as assay.predictions has it. Errors: ML021 no such decision, 55000 its features were not kept, ML003 a feature that the version needs is not among them, 42501.
Example: SELECT r.* FROM assay.predictions p CROSS JOIN assay.replay_prediction(p.id) AS r WHERE p.inputs IS NOT NULL LIMIT 1';

CREATE FUNCTION assay.prune_predictions(model text, older_than interval) RETURNS bigint
AS 'MODULE_PATHNAME', 'prune_predictions_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.prune_predictions(text, interval) IS
'Deletes the logged decisions of a model that are older than an age, and labels as old that are of no decision left; gives how many decisions. Nothing else deletes them: how long decisions must be kept is for their owner to know. Only the model''s owner. Errors: 22023 a NULL or a negative age, 42501, 25006.
Example: SELECT assay.prune_predictions(''credit'', ''25 months'')';

CREATE FUNCTION assay.set_retention(model text, retention interval) RETURNS void
AS 'MODULE_PATHNAME', 'set_retention_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.set_retention(text, interval) IS
'Sets how long logged decisions of a model are kept; NULL for ever, which is so until it is set. It deletes nothing by itself: assay.apply_retention does, which a scheduler calls. Only the model''s owner. Errors: 22023 a negative age, 42501, 25006.
Example: SELECT assay.set_retention(''credit'', ''25 months'')';

CREATE FUNCTION assay.apply_retention(model text DEFAULT NULL, most bigint DEFAULT NULL)
RETURNS TABLE (model text, decisions bigint, done boolean)
AS 'MODULE_PATHNAME', 'apply_retention_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 10;
COMMENT ON FUNCTION assay.apply_retention(text, bigint) IS
'Deletes the logged decisions of a model that are older than its retention, the oldest first, and at last labels as old that are of no decision left, and batches without rows; gives how many decisions, and whether none too old is left. For a scheduler.
model: NULL for all models with a retention that the caller may manage. most: at most so many decisions of each model, so that a call, which is one transaction, stays short; call again until done.
Needs the privilege manage: how long is the owner''s word (assay.set_retention). Errors: 22023 no retention, most, 42501, 25006.
Example: SELECT * FROM assay.apply_retention(most => 100000)';

CREATE FUNCTION assay.set_unlabelled(model text, decisions text[]) RETURNS void
AS 'MODULE_PATHNAME', 'set_unlabelled_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.set_unlabelled(text, text[]) IS
'Declares which decisions of a model never have a label, as a lender never learns what a refused customer would have done: assay.performance says so from the first day, does not wait for their labels, and leaves out those that come all the same. NULL or an empty array: all can have one.
decisions: labels of the model, or bands: approve, review, refuse. Of a challenger the decision of the version that decided counts. Needs the privilege manage. Errors: 22023 a decision that the model does not make, 42501, 25006.
Example: SELECT assay.set_unlabelled(''credit'', ''{refuse}'')';

CREATE VIEW assay.decision_reasons WITH (security_barrier) AS
    SELECT p.model, p.version, p.id, p.key, p.at, p.decision, p.score, r.rank, r.reason OPERATOR(pg_catalog.->>) 'feature' AS feature,
           r.reason OPERATOR(pg_catalog.->>) 'value' AS value, (r.reason OPERATOR(pg_catalog.->>) 'attribution')::pg_catalog.float8 AS attribution, p.baseline
    FROM assay.predictions p
    CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(p.reasons) WITH ORDINALITY AS r(reason, rank)
    WHERE NOT p.challenger;
COMMENT ON VIEW assay.decision_reasons IS
'The reasons that were kept of logged decisions, one row per reason, of the decisions that assay.predictions shows: for tools that count what decides.
Example: SELECT feature, count(*) AS decisions, avg(attribution) AS push FROM assay.decision_reasons WHERE model = ''credit'' AND rank = 1 GROUP BY feature ORDER BY 2 DESC';
COMMENT ON COLUMN assay.decision_reasons.model IS 'The model''s name.';
COMMENT ON COLUMN assay.decision_reasons.version IS 'The version that decided.';
COMMENT ON COLUMN assay.decision_reasons.id IS 'The decision''s key.';
COMMENT ON COLUMN assay.decision_reasons.key IS 'What the decision is about: {column: value}.';
COMMENT ON COLUMN assay.decision_reasons.at IS 'When it was decided.';
COMMENT ON COLUMN assay.decision_reasons.decision IS 'What was decided.';
COMMENT ON COLUMN assay.decision_reasons.score IS 'The score that it was decided by.';
COMMENT ON COLUMN assay.decision_reasons.rank IS 'The reason''s place, from 1.';
COMMENT ON COLUMN assay.decision_reasons.feature IS 'The feature.';
COMMENT ON COLUMN assay.decision_reasons.value IS 'The value that it had.';
COMMENT ON COLUMN assay.decision_reasons.attribution IS 'What it added to the margin.';
COMMENT ON COLUMN assay.decision_reasons.baseline IS 'Against what that is told.';
GRANT SELECT ON assay.decision_reasons TO PUBLIC;

CREATE VIEW assay.performance_over_time WITH (security_barrier) AS
    SELECT m.name AS model, p.version, p.bucket AS day, p.metric, p.value, p.low, p.high, p.estimated, p.estimated_low, p.estimated_high,
           p.estimated_labelled, p.rows, p.labelled, p.labelled_share, p.note, p.labellable, p.estimated_labellable
    FROM assay_internal.visible_model m
    CROSS JOIN LATERAL assay.performance(m.name, 'day') p
    WHERE EXISTS (SELECT FROM assay.prediction_batch b WHERE b.model_id OPERATOR(pg_catalog.=) m.id);
COMMENT ON VIEW assay.performance_over_time IS
'assay.performance by day of all models of which the current role may see logged decisions: for tools that draw charts of tables.
Example: SELECT day, version, value, estimated FROM assay.performance_over_time WHERE model = ''credit'' AND metric = ''roc_auc'' ORDER BY day';
COMMENT ON COLUMN assay.performance_over_time.model IS 'The model''s name.';
COMMENT ON COLUMN assay.performance_over_time.version IS 'The version that scored.';
COMMENT ON COLUMN assay.performance_over_time.day IS 'The day of the decisions, in the time zone of the session.';
COMMENT ON COLUMN assay.performance_over_time.metric IS 'The metric.';
COMMENT ON COLUMN assay.performance_over_time.value IS 'Its value on the decisions with a label.';
COMMENT ON COLUMN assay.performance_over_time.low IS 'The lower end of its 95 percent interval.';
COMMENT ON COLUMN assay.performance_over_time.high IS 'The upper end.';
COMMENT ON COLUMN assay.performance_over_time.estimated IS 'What it is to be expected to be on all decisions, without labels.';
COMMENT ON COLUMN assay.performance_over_time.estimated_low IS 'The lower end of what it will turn out to be, 95 times of a hundred.';
COMMENT ON COLUMN assay.performance_over_time.estimated_high IS 'The upper end.';
COMMENT ON COLUMN assay.performance_over_time.estimated_labelled IS 'The estimate for the decisions with a label.';
COMMENT ON COLUMN assay.performance_over_time.rows IS 'Decisions.';
COMMENT ON COLUMN assay.performance_over_time.labelled IS 'Decisions with a label.';
COMMENT ON COLUMN assay.performance_over_time.labelled_share IS 'Their share of those that can have one.';
COMMENT ON COLUMN assay.performance_over_time.note IS 'What is to be known of it.';
COMMENT ON COLUMN assay.performance_over_time.labellable IS 'Decisions that can have a label.';
COMMENT ON COLUMN assay.performance_over_time.estimated_labellable IS 'The estimate for these: what value will come to.';
GRANT SELECT ON assay.performance_over_time TO PUBLIC;

CREATE TRIGGER a_claim BEFORE INSERT ON assay.prediction_batch FOR EACH ROW EXECUTE FUNCTION assay_internal.claim_row('logged_by');
CREATE TRIGGER b_guard BEFORE INSERT ON assay.prediction_batch FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_model_row();
CREATE TRIGGER b_guard BEFORE INSERT ON assay.prediction_policy FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_model_row();
CREATE TRIGGER b_guard BEFORE INSERT ON assay.prediction FOR EACH ROW
    WHEN (NOT pg_catalog.has_table_privilege('assay.prediction'::pg_catalog.regclass, 'DELETE')) EXECUTE FUNCTION assay_internal.guard_model_row();
CREATE TRIGGER b_guard BEFORE INSERT ON assay.prediction_label FOR EACH ROW
    WHEN (NOT pg_catalog.has_table_privilege('assay.prediction_label'::pg_catalog.regclass, 'DELETE')) EXECUTE FUNCTION assay_internal.guard_model_row();
CREATE TRIGGER inserted AFTER INSERT ON assay.prediction_batch REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('prediction_batches', 'logged_by');
CREATE TRIGGER updated AFTER UPDATE ON assay.prediction_batch REFERENCING OLD TABLE AS old NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('prediction_batches', 'logged_by');
CREATE TRIGGER deleted AFTER DELETE ON assay.prediction_batch REFERENCING OLD TABLE AS old
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('prediction_batches', 'logged_by');

-- Views that score.

CREATE FUNCTION assay.create_scoring_view(model text, relation regclass, name text) RETURNS void
AS 'MODULE_PATHNAME', 'create_scoring_view_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.create_scoring_view(text, regclass, text) IS
'Makes a view, or replaces one, that has the columns of a relation and what a model says of each row when it is read: score and label with two classes, label and probabilities with more, score for a regression. Features are bound by name. A bare model name follows deployments; name@version stays. name: view or schema.view.
The view is the caller''s, as one of CREATE VIEW; whoever reads it needs the privilege predict. A column that came to the relation since is not in it until it is made anew.
Errors: ML001, ML002, ML003 the relation lacks a feature, 42501, 42602 a name, 42701 the relation has such a column, 25006.
Example: SELECT assay.create_scoring_view(''credit'', ''customers'', ''customer_risk'')';

-- Explaining.

CREATE TABLE assay.model_feature_words (
    model_id bigint NOT NULL REFERENCES assay.model ON DELETE CASCADE,
    feature  text COLLATE "C" NOT NULL,
    reason   text NOT NULL,
    PRIMARY KEY (model_id, feature)
);
ALTER TABLE assay.model_feature_words DISABLE TRIGGER ALL;
COMMENT ON TABLE assay.model_feature_words IS 'The words of features in reasons. Read the view assay.feature_descriptions instead.';
COMMENT ON COLUMN assay.model_feature_words.model_id IS 'The model.';
COMMENT ON COLUMN assay.model_feature_words.feature IS 'The column that the model reads.';
COMMENT ON COLUMN assay.model_feature_words.reason IS 'The words, with {value} and {feature} where these stand.';

CREATE VIEW assay.feature_descriptions WITH (security_barrier) AS
    SELECT m.name AS model, w.feature, w.reason
    FROM assay_internal.visible_model m
    JOIN assay.model_feature_words w ON w.model_id OPERATOR(pg_catalog.=) m.id;
COMMENT ON VIEW assay.feature_descriptions IS
'The words that assay.describe_feature gave to features of the models that the current role may use.
Example: SELECT feature, reason FROM assay.feature_descriptions WHERE model = ''credit'' ORDER BY feature';
COMMENT ON COLUMN assay.feature_descriptions.model IS 'The model''s name.';
COMMENT ON COLUMN assay.feature_descriptions.feature IS 'The column that the model reads.';
COMMENT ON COLUMN assay.feature_descriptions.reason IS 'The words, with {value} and {feature} where these stand.';

CREATE TRIGGER b_guard BEFORE INSERT ON assay.model_feature_words FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_model_row();

GRANT SELECT ON assay.feature_descriptions TO PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('assay.model_feature_words', '');

CREATE FUNCTION assay.attributions(model text, VARIADIC features "any") RETURNS double precision[]
AS 'MODULE_PATHNAME', 'attributions_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 2000 SUPPORT assay_internal.row_support;
COMMENT ON FUNCTION assay.attributions(text, "any") IS
'What each feature adds to the margin of one row: exact Shapley values, one number per feature of assay.features(model), in its order. They and assay.base_value(model) add up to the margin: the number that a model predicts, the logarithm of the odds of the positive class (of a random forest and a decision tree its probability), before a calibration. With more than two classes there is an array for each, in the order of assay.labels(model).
The baseline is the model''s own training rows: trees weigh branches by the rows that went there (path-dependent); other models compare with the mean of what a feature adds. What the steps of preprocess made of a column is added up; a cross counts half for each of its columns; a vector is one feature. Columns that say to which group a row belongs have what the base of the group''s model differs by. assay.explain_query compares with other rows.
Arguments, NULLs and errors as in assay.predict.
Example: SELECT customer_id, assay.attributions(''credit'', c) FROM customers c WHERE is_test LIMIT 3';

CREATE FUNCTION assay.attributions_row(model text, features jsonb) RETURNS double precision[]
AS 'MODULE_PATHNAME', 'attributions_row_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE COST 2000;
COMMENT ON FUNCTION assay.attributions_row(text, jsonb) IS
'What assay.attributions gives, for features in one object of JSON; see assay.predict_row.
Example: SELECT assay.attributions_row(''amount'', ''{"age": 30, "job": "skilled", "duration_months": 24}'')';

CREATE FUNCTION assay.attributions_values(model text, features text[]) RETURNS double precision[]
AS 'MODULE_PATHNAME', 'attributions_values_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE COST 2000;
COMMENT ON FUNCTION assay.attributions_values(text, text[]) IS
'What assay.attributions gives, for features as texts in the order of assay.features(model); see assay.predict_values.
Example: SELECT assay.attributions_values(''amount'', ''{30,skilled,24}'')';

CREATE FUNCTION assay.base_value(model text, class text DEFAULT NULL) RETURNS double precision
AS 'MODULE_PATHNAME', 'base_value_wrapper' LANGUAGE c STABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay.base_value(text, text) IS
'The margin that a model has in the mean of its training rows: what assay.attributions add up from. class: whose margin; NULL is the positive one of two, and with more it has to be named.
Errors: 22023 no such class, ML010 a class of a regression, and those of assay.predict.
Example: SELECT assay.base_value(''credit'')';

CREATE FUNCTION assay.explain_predict(model text, VARIADIC features "any")
RETURNS TABLE (feature text, value text, attribution double precision, class text, base_value double precision, margin double precision)
AS 'MODULE_PATHNAME', 'explain_predict_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 2000 ROWS 20 SUPPORT assay_internal.row_support;
COMMENT ON FUNCTION assay.explain_predict(text, "any") IS
'assay.attributions of one row as a table, one row per feature, the largest in size first. value: as its type writes it. class: whose margin it is: the positive one of two, with more the one that the row is given. base_value and all attributions add up to margin.
Arguments and errors as in assay.predict; a NULL model or row gives no rows.
Example: SELECT c.customer_id, e.feature, e.value, e.attribution FROM customers c, LATERAL assay.explain_predict(''credit'', c) AS e WHERE c.is_test LIMIT 3';

CREATE FUNCTION assay.explain_query(
    model text, query text, key text[], top_k integer DEFAULT 5, baseline text DEFAULT NULL, class text DEFAULT NULL)
RETURNS TABLE (key jsonb, rank integer, feature text, value text, attribution double precision, class text, baseline text,
               base_value double precision, margin double precision, error double precision)
AS 'MODULE_PATHNAME', 'explain_query_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 1000;
COMMENT ON FUNCTION assay.explain_query(text, text, text[], integer, text, text) IS
'The features that moved the margin of each row of a query most, in either direction: rank 1 is the largest. Rows come in the order of the query, which is run once, read-only, as the caller, and explained on assay.threads threads; see assay.attributions for what is explained.
key: the columns of the query that tell its rows apart. top_k: so many features of each row; NULL for all.
baseline: a query of rows to compare with, of the same columns, such as those of approved applicants: attributions are then what values of the row add in place of theirs (interventional), and base_value is their mean margin. NULL: the model''s own training rows. The column baseline names it.
class: whose margin; NULL is the positive one of two, with more the one that the row is given.
error: how far base_value and all attributions of the row are from the margin that the model computes; the largest of a run is max(error).
Errors: 22023 top_k, key, no such class; ML003 a feature is missing, ML004 a feature''s type, ML007 a baseline without rows, ML008 not a query, 42703 a column of the key, 53400, and those of assay.predict.
Example: SELECT key, rank, feature, value, attribution FROM assay.explain_query(''credit'', ''SELECT * FROM customers WHERE is_test'', ''{customer_id}'', top_k => 3, baseline => ''SELECT * FROM customers WHERE NOT is_risky'')';

CREATE FUNCTION assay.global_explain(model text, query text DEFAULT NULL, class text DEFAULT NULL, baseline text DEFAULT NULL)
RETURNS TABLE (feature text, attribution double precision, mean double precision, share double precision, class text, rows bigint,
               baseline text, error double precision)
AS 'MODULE_PATHNAME', 'global_explain_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 20;
COMMENT ON FUNCTION assay.global_explain(text, text, text, text) IS
'How much each feature matters over the rows of a query, the most important first. attribution: the mean size of its attributions. mean: their mean, with sign. share: its part of the sum of all. rows: how many were explained. error: the largest difference between base value and attributions of a row and its margin. With more than two classes for each class, unless one is named.
query: NULL reads the query again that gave the version its training rows, as the caller, who must be one who may manage the model.
baseline, class and errors as in assay.explain_query; 42501 without a query.
Example: SELECT feature, attribution, share FROM assay.global_explain(''credit'', ''SELECT * FROM customers WHERE is_test'')';

CREATE FUNCTION assay.interactions(model text, query text, top_k integer DEFAULT 20, class text DEFAULT NULL, baseline text DEFAULT NULL)
RETURNS TABLE (feature text, other text, interaction double precision, mean double precision, class text, rows bigint, baseline text)
AS 'MODULE_PATHNAME', 'interactions_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 20;
COMMENT ON FUNCTION assay.interactions(text, text, integer, text, text) IS
'The pairs of features that matter most together over the rows of a query, by a model of trees: what two add to the margin together, beside what each adds by itself (Shapley interaction values). interaction: the mean of its size; mean: with sign. top_k: so many pairs of each class; NULL for all.
class, baseline and errors as in assay.global_explain; ML010 for models whose margin is a sum over the features, which have none. Give a baseline of some hundreds of rows: time grows with them.
Example: SELECT feature, other, interaction FROM assay.interactions(''credit'', ''SELECT * FROM customers WHERE is_test'', top_k => 3)';

CREATE FUNCTION assay.describe_feature(model text, feature text, reason text) RETURNS void
AS 'MODULE_PATHNAME', 'describe_feature_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.describe_feature(text, text, text) IS
'Gives a feature the words by which assay.reason_codes tells of it, for all versions of the model. reason: a text in which {value} stands for the row''s value and {feature} for the column''s name; NULL takes the words back. The view assay.feature_descriptions shows them. Needs the privilege manage.
Errors: 22023 an unknown placeholder or no words, 42703 no such feature, 25006, and those of assay.predict.
Example: SELECT assay.describe_feature(''credit'', ''duration_months'', ''the loan runs for {value} months'')';

CREATE FUNCTION assay.reason_codes(
    model text, query text, key text[], top_k integer DEFAULT 4, refused text DEFAULT NULL, baseline text DEFAULT NULL)
RETURNS TABLE (key jsonb, rank integer, feature text, reason text, attribution double precision, value text, refused text, baseline text,
               base_value double precision, margin double precision, error double precision)
AS 'MODULE_PATHNAME', 'reason_codes_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 1000;
COMMENT ON FUNCTION assay.reason_codes(text, text, text[], integer, text, text) IS
'The features that pushed the score of each row of a query most towards being refused, the strongest first, in the words of assay.describe_feature (else such as: age is 22): what a lender owes to a refused customer. Features that pushed the other way are no reasons, so a row may have fewer than top_k, or none.
refused: the class that is refused; NULL is the positive one of two. Of a regression high or low says which side is. attribution, base_value and margin are of that side.
key, top_k, baseline, error and errors as in assay.explain_query; 22023 where the refused side is not known.
Example: SELECT key, rank, reason, attribution FROM assay.reason_codes(''credit'', ''SELECT * FROM customers WHERE is_test'', ''{customer_id}'')';

-- Judging.

ALTER TABLE assay.model_version ADD COLUMN curves bytea;
ALTER TABLE assay.model_threshold ADD COLUMN review_from double precision;
ALTER TABLE assay.model_threshold ADD COLUMN review_to double precision;
ALTER TABLE assay.model_threshold ADD COLUMN positive text;
CREATE OR REPLACE VIEW assay.model_versions WITH (security_barrier) AS
    SELECT m.name AS model, v.version, v.task, v.algorithm,
           m.deployed_version IS NOT NULL AND m.deployed_version OPERATOR(pg_catalog.=) v.version AS deployed,
           ARRAY(SELECT a.alias FROM assay.model_alias a
                 WHERE a.model_id OPERATOR(pg_catalog.=) m.id AND a.version OPERATOR(pg_catalog.=) v.version
                 ORDER BY a.alias) AS aliases,
           v.target, v.rows, v.features, v.metrics, v.params,
           CASE WHEN m.manageable THEN v.query END AS query,
           v.duration, v.hash, v.trained_by, v.trained_at,
           CASE WHEN v.task OPERATOR(pg_catalog.=) 'classification' THEN COALESCE(t.threshold, 0.5) END AS threshold,
           t.review_from, t.review_to, t.positive
    FROM assay_internal.visible_model m
    JOIN assay.model_version v ON v.model_id OPERATOR(pg_catalog.=) m.id
    LEFT JOIN assay.model_threshold t
        ON t.model_id OPERATOR(pg_catalog.=) v.model_id AND t.version OPERATOR(pg_catalog.=) v.version;
COMMENT ON COLUMN assay.model_version.curves IS 'How it scored the rows that its metrics are of: the bytes of an assay.state of at most 20 kB, from which the views of curves are drawn. NULL for versions of 0.1.0, of assay.tune, and of more than 20 classes.';
COMMENT ON TABLE assay.model_threshold IS 'Thresholds other than 0.5 and the bands of decisions, set by assay.set_threshold.';
COMMENT ON COLUMN assay.model_threshold.review_from IS 'From this probability on, and below review_to, a person decides; NULL is the threshold.';
COMMENT ON COLUMN assay.model_threshold.review_to IS 'Up to this probability a person decides; NULL is the threshold.';
COMMENT ON COLUMN assay.model_threshold.positive IS 'What the positive class means: refuse (NULL, too) or approve.';
COMMENT ON COLUMN assay.model_versions.review_from IS 'The probability from which on assay.decide gives review; NULL is the threshold.';
COMMENT ON COLUMN assay.model_versions.review_to IS 'The probability from which on nobody needs to look; NULL is the threshold.';
COMMENT ON COLUMN assay.model_versions.positive IS 'What the positive class means to assay.decide, where it was set: refuse or approve.';

-- Deciding.

DROP FUNCTION assay.set_threshold(text, double precision);
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

DROP FUNCTION assay.evaluate(text, text, double precision);
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

-- Comparing.

ALTER TABLE assay.model_version ADD COLUMN cpu_seconds double precision;
COMMENT ON COLUMN assay.model_version.cpu_seconds IS 'What the training took of the processor; NULL of versions that 0.1.0 trained.';

CREATE TABLE assay.model_promotion (
    id               bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    model_id         bigint NOT NULL REFERENCES assay.model ON DELETE CASCADE,
    champion         integer NOT NULL,
    challenger       integer NOT NULL,
    rule             text NOT NULL,
    metric           text,
    champion_value   double precision,
    challenger_value double precision,
    difference       double precision,
    low              double precision,
    high             double precision,
    p_value          double precision,
    confidence       double precision NOT NULL,
    method           text,
    rows             bigint,
    deployed         boolean NOT NULL,
    reason           text NOT NULL,
    query            text,
    decided_by       text NOT NULL,
    decided_at       timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
ALTER TABLE assay.model_promotion DISABLE TRIGGER ALL;
CREATE INDEX model_promotion_model_id_idx ON assay.model_promotion (model_id);
COMMENT ON TABLE assay.model_promotion IS 'Decisions between a deployed version and a new one, with their evidence. Read the view assay.promotions instead.';
COMMENT ON COLUMN assay.model_promotion.id IS 'The decision''s key.';
COMMENT ON COLUMN assay.model_promotion.model_id IS 'The model.';
COMMENT ON COLUMN assay.model_promotion.champion IS 'The version that was deployed.';
COMMENT ON COLUMN assay.model_promotion.challenger IS 'The version that might take its place.';
COMMENT ON COLUMN assay.model_promotion.rule IS 'auto: unless it is worse; if_better: when it is better.';
COMMENT ON COLUMN assay.model_promotion.metric IS 'The metric by which they were compared; NULL where both were not judged on the same rows.';
COMMENT ON COLUMN assay.model_promotion.champion_value IS 'What the deployed version reached.';
COMMENT ON COLUMN assay.model_promotion.challenger_value IS 'What the other one reached.';
COMMENT ON COLUMN assay.model_promotion.difference IS 'The challenger''s value less the champion''s.';
COMMENT ON COLUMN assay.model_promotion.low IS 'The lower end of what the difference may as well be.';
COMMENT ON COLUMN assay.model_promotion.high IS 'The upper end.';
COMMENT ON COLUMN assay.model_promotion.p_value IS 'How likely a difference as great is where there is none.';
COMMENT ON COLUMN assay.model_promotion.confidence IS 'How sure the interval is; evidence is a p-value below 1 less this.';
COMMENT ON COLUMN assay.model_promotion.method IS 'delong or bootstrap, clustered or not.';
COMMENT ON COLUMN assay.model_promotion.rows IS 'The rows that both scored.';
COMMENT ON COLUMN assay.model_promotion.deployed IS 'Whether the challenger was deployed.';
COMMENT ON COLUMN assay.model_promotion.reason IS 'Why, or why not.';
COMMENT ON COLUMN assay.model_promotion.query IS 'The query that gave the rows; NULL for those that the challenger''s training held out.';
COMMENT ON COLUMN assay.model_promotion.decided_by IS 'The name of the role that trained or promoted, as it was then.';
COMMENT ON COLUMN assay.model_promotion.decided_at IS 'When.';

CREATE VIEW assay.promotions WITH (security_barrier) AS
    SELECT m.name AS model, p.champion, p.challenger, p.rule, p.metric, p.champion_value, p.challenger_value, p.difference, p.low, p.high,
           p.p_value, p.confidence, p.method, p.rows, p.deployed, p.reason, CASE WHEN m.manageable THEN p.query END AS query,
           p.decided_by, p.decided_at
    FROM assay_internal.visible_model m
    JOIN assay.model_promotion p ON p.model_id OPERATOR(pg_catalog.=) m.id;
COMMENT ON VIEW assay.promotions IS
'Each decision of assay.train, assay.tune and assay.promote whether a new version takes the place of the deployed one, with the test that it rests on.
Example: SELECT champion, challenger, metric, difference, p_value, deployed, reason FROM assay.promotions WHERE model = ''credit'' ORDER BY decided_at';
COMMENT ON COLUMN assay.promotions.model IS 'The model''s name.';
COMMENT ON COLUMN assay.promotions.champion IS 'The version that was deployed.';
COMMENT ON COLUMN assay.promotions.challenger IS 'The version that might take its place.';
COMMENT ON COLUMN assay.promotions.rule IS 'auto: unless it is worse; if_better: when it is better.';
COMMENT ON COLUMN assay.promotions.metric IS 'The metric by which they were compared; NULL where both were not judged on the same rows.';
COMMENT ON COLUMN assay.promotions.champion_value IS 'What the deployed version reached.';
COMMENT ON COLUMN assay.promotions.challenger_value IS 'What the other one reached.';
COMMENT ON COLUMN assay.promotions.difference IS 'The challenger''s value less the champion''s.';
COMMENT ON COLUMN assay.promotions.low IS 'The lower end of what the difference may as well be.';
COMMENT ON COLUMN assay.promotions.high IS 'The upper end.';
COMMENT ON COLUMN assay.promotions.p_value IS 'How likely a difference as great is where there is none.';
COMMENT ON COLUMN assay.promotions.confidence IS 'How sure the interval is; evidence is a p-value below 1 less this.';
COMMENT ON COLUMN assay.promotions.method IS 'delong or bootstrap, clustered or not.';
COMMENT ON COLUMN assay.promotions.rows IS 'The rows that both scored.';
COMMENT ON COLUMN assay.promotions.deployed IS 'Whether the challenger was deployed.';
COMMENT ON COLUMN assay.promotions.reason IS 'Why, or why not.';
COMMENT ON COLUMN assay.promotions.query IS 'The query that gave the rows, for those who may manage the model; NULL for those that the challenger''s training held out.';
COMMENT ON COLUMN assay.promotions.decided_by IS 'The name of the role that trained or promoted, as it was then.';
COMMENT ON COLUMN assay.promotions.decided_at IS 'When.';

CREATE TABLE assay.model_source (
    model_id      bigint NOT NULL,
    version       integer NOT NULL,
    relation      regclass NOT NULL,
    relation_name text COLLATE "C" NOT NULL,
    columns       text[],
    PRIMARY KEY (model_id, version, relation),
    FOREIGN KEY (model_id, version) REFERENCES assay.model_version ON DELETE CASCADE
);
ALTER TABLE assay.model_source DISABLE TRIGGER ALL;
COMMENT ON TABLE assay.model_source IS 'The tables and views that the training query of a version read. Read the view assay.model_sources instead.';
COMMENT ON COLUMN assay.model_source.model_id IS 'The model.';
COMMENT ON COLUMN assay.model_source.version IS 'The version.';
COMMENT ON COLUMN assay.model_source.relation IS 'The table or view.';
COMMENT ON COLUMN assay.model_source.relation_name IS 'Its name then.';

CREATE VIEW assay.model_sources WITH (security_barrier) AS
    SELECT m.name AS model, s.version, s.relation, s.relation_name, s.columns
    FROM assay_internal.visible_model m
    JOIN assay.model_source s ON s.model_id OPERATOR(pg_catalog.=) m.id
    WHERE m.manageable;
COMMENT ON VIEW assay.model_sources IS
'The tables and views that training queries read, those below views included, for the models that the current role may manage. Versions that 0.1.0 trained have none.
Example: SELECT version, relation, columns FROM assay.model_sources WHERE model = ''credit''';
COMMENT ON COLUMN assay.model_sources.model IS 'The model''s name.';
COMMENT ON COLUMN assay.model_sources.version IS 'The version.';
COMMENT ON COLUMN assay.model_sources.relation IS 'The table or view.';
COMMENT ON COLUMN assay.model_sources.relation_name IS 'Its name when the version was trained.';

GRANT SELECT ON assay.promotions, assay.model_sources TO PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('assay.model_promotion', '');
SELECT pg_catalog.pg_extension_config_dump('assay.model_promotion_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('assay.model_source', '');

CREATE FUNCTION assay.compare_models(
    a text, b text, query text, metric text DEFAULT 'main', cluster_by text DEFAULT NULL, confidence double precision DEFAULT 0.95,
    seed bigint DEFAULT 0, resamples integer DEFAULT 1000)
RETURNS TABLE (metric text, a double precision, b double precision, difference double precision, low double precision, high double precision,
               p_value double precision, method text, rows bigint)
AS 'MODULE_PATHNAME', 'compare_models_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 9;
COMMENT ON FUNCTION assay.compare_models(text, text, text, text, text, double precision, bigint, integer) IS
'Which of two models is better on the rows of a query, and how sure that is: both score the same rows in one pass, and are compared row by row. One row per metric.
a, b: models or versions, such as credit@1 and credit@2, that predict the same column with the same classes. query: as in assay.evaluate, run once, read-only, as the caller; rows without a target are left out.
metric: main (roc_auc, of numbers the loss that a was fitted by, else rmse), a metric''s name, or NULL for all. difference: a less b; for losses and errors below 0 is better. low, high: what the difference may as well be, at the confidence. p_value: how likely a difference as great is where there is none.
method: delong for roc_auc (DeLong, DeLong and Clarke-Pearson 1988, by ranks in O(n log n); of several classes for the mean of each against the rest), bootstrap for the others: resamples draws of rows, both models measured on each, percentiles. More than 65,536 rows or clusters are put together at random in so many groups for it.
cluster_by: a column whose values say which rows belong together, such as a customer''s; a row without a value is by itself. Then whole clusters vary (clustered; of roc_auc by Obuchowski 1997). Without it rows of one customer count as if they were independent, and the interval is too narrow.
NULL where the rows do not define a metric, or do not tell its variance. The same rows, models and seed give the same figures, whatever the plan and the number of threads. A NOTICE says when rows trained one of the models.
Errors: as in assay.evaluate; ML010 models of different targets or classes, 22023 metric, confidence, seed, resamples, 42703 cluster_by.
Example: SELECT a, b, difference, p_value, method FROM assay.compare_models(''credit@1'', ''credit@2'', ''SELECT * FROM customers WHERE is_test'')';

CREATE FUNCTION assay.compare_models(
    a text, b text, query text, metric text[], cluster_by text DEFAULT NULL, confidence double precision DEFAULT 0.95,
    seed bigint DEFAULT 0, resamples integer DEFAULT 1000)
RETURNS TABLE (metric text, a double precision, b double precision, difference double precision, low double precision, high double precision,
               p_value double precision, method text, rows bigint)
AS 'MODULE_PATHNAME', 'compare_models_by_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 9;
COMMENT ON FUNCTION assay.compare_models(text, text, text, text[], text, double precision, bigint, integer) IS
'The same for several metrics, in their order; NULL stands for all.
Example: SELECT metric, difference, low, high FROM assay.compare_models(''credit@1'', ''credit@2'', ''SELECT * FROM customers WHERE is_test'', ARRAY[''roc_auc'', ''log_loss''])';

CREATE FUNCTION assay.promote(
    model text, challenger integer, query text, metric text DEFAULT 'main', rule text DEFAULT 'if_better', cluster_by text DEFAULT NULL,
    confidence double precision DEFAULT 0.95, seed bigint DEFAULT 0, resamples integer DEFAULT 1000)
RETURNS TABLE (champion integer, challenger integer, metric text, champion_value double precision, challenger_value double precision,
               difference double precision, low double precision, high double precision, p_value double precision, method text, rows bigint,
               deployed boolean, reason text)
AS 'MODULE_PATHNAME', 'promote_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 1;
COMMENT ON FUNCTION assay.promote(text, integer, text, text, text, text, double precision, bigint, integer) IS
'Compares the deployed version of a model (the champion) with another one (the challenger) on the rows of a query, deploys the challenger if the evidence is for it, and records the test with the decision (view assay.promotions): one transaction. Needs the privilege manage.
rule: if_better deploys a challenger that is better with a p-value below 1 less confidence; auto deploys it unless it is worse with half the p-value below that. Neither deploys where rows trained one of the two: then they are not judged alike.
metric (one), cluster_by, confidence, seed, resamples: as in assay.compare_models. difference: the challenger''s value less the champion''s.
Errors: as in assay.compare_models, 22023 rule, or a challenger that is deployed, ML002 nothing is deployed, 40001 another version was deployed meanwhile, 25006.
Example: SELECT champion, challenger, difference, p_value, deployed, reason FROM assay.promote(''credit'', 2, ''SELECT * FROM customers WHERE is_test'')';

CREATE FUNCTION assay.upkeep(model text)
RETURNS TABLE (activity text, runs bigint, cpu_seconds double precision, duration interval, rows bigint, bytes bigint, last_at timestamptz)
AS 'MODULE_PATHNAME', 'upkeep_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 5;
COMMENT ON FUNCTION assay.upkeep(text) IS
'What a model takes, one row per activity; NULL is not known, such as of versions that 0.1.0 trained. Needs the privilege manage.
training: the versions that are kept, what training them took of the processor in the sessions'' own processes (not in parallel workers of their queries) and by the clock, the rows that they learned from, the bytes of the models with their statistics.
checks: what assay.check_history keeps and shows of the stored checks on the tables and views that its training queries read: runs of a check, what they took of the processor, by the clock what they took by themselves, the rows that they evaluated, the bytes of their results.
drift: what assay.record_drift has kept of the model; what assay.drift reports without keeping it is not known.
predictions, labels: what assay.log_predictions and assay.record_labels keep of the model.
last_at: when it was done last. Errors: ML001 no such model, 42501.
Example: SELECT activity, runs, rows, pg_size_pretty(bytes) AS bytes FROM assay.upkeep(''credit'')';

CREATE TRIGGER b_guard BEFORE INSERT ON assay.model_promotion FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_model_row();
CREATE TRIGGER b_guard BEFORE INSERT ON assay.model_source FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_model_row();

-- Drift over time.

CREATE TABLE assay.drift_run (
    id          bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    model_id    bigint NOT NULL,
    version     integer NOT NULL,
    run_at      timestamptz NOT NULL DEFAULT pg_catalog.statement_timestamp(),
    ran_by      text NOT NULL,
    query       text NOT NULL,
    rows        bigint NOT NULL,
    duration_ms double precision NOT NULL,
    results     jsonb NOT NULL,
    cpu_seconds double precision NOT NULL,
    FOREIGN KEY (model_id, version) REFERENCES assay.model_version ON DELETE CASCADE
);
ALTER TABLE assay.drift_run DISABLE TRIGGER ALL;
CREATE INDEX drift_run_model_id_run_at_idx ON assay.drift_run (model_id, run_at);
COMMENT ON TABLE assay.drift_run IS 'What assay.record_drift found. Read the view assay.drift_history instead.';
COMMENT ON COLUMN assay.drift_run.id IS 'The run''s key.';
COMMENT ON COLUMN assay.drift_run.model_id IS 'The model.';
COMMENT ON COLUMN assay.drift_run.version IS 'The version on whose training rows the comparison rests.';
COMMENT ON COLUMN assay.drift_run.run_at IS 'When the statement began that compared.';
COMMENT ON COLUMN assay.drift_run.ran_by IS 'The name of the role that ran it, as it was then.';
COMMENT ON COLUMN assay.drift_run.query IS 'The query or relation whose rows were compared.';
COMMENT ON COLUMN assay.drift_run.rows IS 'How many rows these were.';
COMMENT ON COLUMN assay.drift_run.duration_ms IS 'How long it took.';
COMMENT ON COLUMN assay.drift_run.results IS 'The report''s rows, without their details.';
COMMENT ON COLUMN assay.drift_run.cpu_seconds IS 'What the call took of the processor in the caller''s process.';

CREATE VIEW assay.drift_history WITH (security_barrier) AS
    SELECT m.name AS model, d.version, d.run_at, r.column_name, r.method, r.statistic, r.threshold, r.p_value AS adjusted_p_value, r.drifted,
           r.importance, r.impact, r.null_share_reference, r.null_share_current, r.reference_rows, d.rows AS current_rows, r.message,
           d.query, d.ran_by, d.duration_ms
    FROM assay_internal.visible_model m
    JOIN assay.drift_run d ON d.model_id OPERATOR(pg_catalog.=) m.id
    CROSS JOIN LATERAL pg_catalog.jsonb_to_recordset(d.results) AS r(column_name pg_catalog.text, method pg_catalog.text, statistic pg_catalog.float8,
        threshold pg_catalog.float8, p_value pg_catalog.float8, drifted boolean, importance pg_catalog.float8, impact pg_catalog.float8,
        null_share_reference pg_catalog.float8, null_share_current pg_catalog.float8, reference_rows bigint, message pg_catalog.text)
    WHERE m.manageable;
COMMENT ON VIEW assay.drift_history IS
'What assay.record_drift found, kept for assay.history_retention, one row per run and row of its report: of the models that the current role may manage.
Example: SELECT run_at, column_name, statistic, drifted FROM assay.drift_history WHERE model = ''credit'' ORDER BY run_at, impact DESC';
COMMENT ON COLUMN assay.drift_history.model IS 'The model''s name.';
COMMENT ON COLUMN assay.drift_history.version IS 'The version on whose training rows the comparison rests.';
COMMENT ON COLUMN assay.drift_history.run_at IS 'When the statement began that compared.';
COMMENT ON COLUMN assay.drift_history.column_name IS 'The column.';
COMMENT ON COLUMN assay.drift_history.method IS 'The measure.';
COMMENT ON COLUMN assay.drift_history.statistic IS 'How far the column had moved.';
COMMENT ON COLUMN assay.drift_history.threshold IS 'From where on that counts.';
COMMENT ON COLUMN assay.drift_history.adjusted_p_value IS 'The evidence, corrected over all rows of the report.';
COMMENT ON COLUMN assay.drift_history.drifted IS 'Whether it was an alarm.';
COMMENT ON COLUMN assay.drift_history.importance IS 'How much the column matters to the model.';
COMMENT ON COLUMN assay.drift_history.impact IS 'That times the statistic.';
COMMENT ON COLUMN assay.drift_history.null_share_reference IS 'The share of NULLs in training.';
COMMENT ON COLUMN assay.drift_history.null_share_current IS 'The share of NULLs in the rows compared.';
COMMENT ON COLUMN assay.drift_history.reference_rows IS 'How many rows trained the version.';
COMMENT ON COLUMN assay.drift_history.current_rows IS 'How many rows were compared.';
COMMENT ON COLUMN assay.drift_history.message IS 'What there is to say about the column.';
COMMENT ON COLUMN assay.drift_history.query IS 'The query or relation whose rows were compared.';
COMMENT ON COLUMN assay.drift_history.ran_by IS 'The name of the role that ran it, as it was then.';
COMMENT ON COLUMN assay.drift_history.duration_ms IS 'How long the run took.';
GRANT SELECT ON assay.drift_history TO PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('assay.drift_run', '');
SELECT pg_catalog.pg_extension_config_dump('assay.drift_run_id_seq', '');

CREATE FUNCTION assay.record_drift(model text, query text, options jsonb DEFAULT '{}')
RETURNS TABLE (column_name text, segment jsonb, method text, statistic double precision, p_value double precision, threshold double precision,
               drifted boolean, null_share_reference double precision, null_share_current double precision, importance double precision,
               impact double precision, reference_rows bigint, current_rows bigint, adjusted_p_value double precision, message text,
               new_categories text[], gone_categories text[], details jsonb)
AS 'MODULE_PATHNAME', 'record_drift_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 30;
COMMENT ON FUNCTION assay.record_drift(text, text, jsonb) IS
'assay.model_drift that is kept: what it finds is stored with the version, for the view assay.drift_history, and returned. To be run with every load, or every day. What is older than assay.history_retention is deleted by the way; with a retention of 0 nothing is kept. Needs the privilege manage. Errors: 25006, and as assay.model_drift. Options as in assay.drift.
Example: SELECT column_name, statistic FROM assay.record_drift(''credit'', ''applicants'') WHERE drifted';

CREATE TRIGGER b_guard BEFORE INSERT ON assay.drift_run FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_model_row();

-- What running checks took.

ALTER TABLE assay.quality_history ADD COLUMN cpu_seconds double precision;
COMMENT ON COLUMN assay.quality_history.cpu_seconds IS 'What the check took of the processor in the session''s own process, with its part of the pass that checks share; NULL of results that 0.1.0 kept.';
CREATE OR REPLACE VIEW assay.check_history WITH (security_barrier) AS
    SELECT h.run_at, h.check_id, h.name, h.kind, h.relation_name AS relation, h.column_name, h.segment, h.status, h.severity, h.metric,
           h.value, CASE WHEN h.threshold IS NULL AND h.status OPERATOR(pg_catalog.=) 'pass' THEN 'error_if >0' ELSE h.threshold END AS threshold, h.rows_evaluated, h.rows_failed,
           CASE WHEN h.rows_evaluated OPERATOR(pg_catalog.>) 0
                THEN h.rows_failed::double precision OPERATOR(pg_catalog./) h.rows_evaluated::double precision
                WHEN h.rows_failed OPERATOR(pg_catalog.=) 0 THEN 0 END AS fraction_failed,
           h.null_rows, h.duration_ms, h.message, h.ran_as::pg_catalog.regrole AS ran_as, h.cpu_seconds
    FROM assay.quality_history h
    WHERE pg_catalog.pg_has_role(h.ran_as, 'USAGE') OR pg_catalog.pg_has_role(h.added_by, 'USAGE')
       OR h.shareable AND NOT EXISTS (
           SELECT FROM pg_catalog.unnest(h.reads) AS t(relation)
           WHERE (SELECT NOT r.relrowsecurity AND pg_catalog.has_table_privilege(r.oid, 'SELECT')
                     AND pg_catalog.has_schema_privilege(r.relnamespace, 'USAGE')
                  FROM pg_catalog.pg_class r WHERE r.oid OPERATOR(pg_catalog.=) t.relation::pg_catalog.oid) IS NOT TRUE);
COMMENT ON COLUMN assay.check_history.cpu_seconds IS 'What the check took of the processor in the session''s own process, without parallel workers, with its part of the pass that checks share; the same in each of its segments. NULL is not known.';

-- Pages.

DROP FUNCTION assay.render_profile(text);

CREATE FUNCTION assay.render_profile(query text, format text DEFAULT 'text') RETURNS text
AS 'MODULE_PATHNAME', 'profile_page_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.render_profile(text, text) IS
'The profile of a query or relation as a page, with one line per column: type, meaning, share of NULLs, number of different values, the values (the most frequent, or the least, the median and the greatest), and their distribution. With more detail of the first 50 columns in markdown and html.
format: text, for a terminal: no line is wider than 118 cells, characters that would not print are escaped, and texts that are too long end in an ellipsis. markdown, for a ticket. html, a file of at most 1 MB that opens from disk, in light and dark, without script or request: psql -XAqt -c "SELECT assay.render_profile(''german_credit'', ''html'')" -o profile.html. Errors: 22023 another format, and as assay.profile.
Example: SELECT assay.render_profile(''german_credit'')';

CREATE FUNCTION assay.render_drift(reference text, current text, options jsonb DEFAULT '{}', format text DEFAULT 'text') RETURNS text
AS 'MODULE_PATHNAME', 'render_drift_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.render_drift(text, text, jsonb, text) IS
'What assay.drift finds as a page: what has drifted first, in markdown and html with the distributions of both sides beside each other. Both queries are read once, as the caller. Options as in assay.drift, format as in assay.render_profile. Errors: 22023 another format, and as assay.drift.
Example: SELECT assay.render_drift(''german_credit'', ''applicants'')';

CREATE FUNCTION assay.render_checks(relation regclass DEFAULT NULL, format text DEFAULT 'text') RETURNS text
AS 'MODULE_PATHNAME', 'render_checks_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.render_checks(regclass, text) IS
'How the stored checks of a relation stand, or of all that assay.checks shows, as a page, by the last run that assay.check_history shows: failures first, with the history of each, some of the rows that fail now and the SQL that gives all. No check is run; rows are those of assay.failing_rows, for those who may read them. format as in assay.render_profile. Errors: 22023 another format.
Example: SELECT assay.render_checks(''application'')';

CREATE FUNCTION assay.describe_model(model text, fields jsonb) RETURNS void
AS 'MODULE_PATHNAME', 'describe_model_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.describe_model(text, jsonb) IS
'Writes what only a person can say of a model, for its card (assay.render_model); the view assay.model_descriptions shows it. It is said of the model, whatever its version. Fields that are not given stay as they are, and null takes one back. Needs the privilege manage.
Texts of at most 20,000 characters: purpose, intended_use, users, out_of_scope, owner_contact, data_source, data_known_problems, decision, ethical_considerations, limits, monitoring, review. Arrays of at most 5 columns: slices (each of their values is judged apart), fairness_groups (between whose values it has to be fair). fairness_limits: an object as the option limits of assay.fairness, which the card then answers. Numbers: cost_false_positive, cost_false_negative, by which the card shows cost against threshold. Errors: 22023 another field, or one that is no such value; ML001, 42501.
Example: SELECT assay.describe_model(''credit'', ''{"purpose": "Ranks applications for credit by risk.", "fairness_groups": ["age_group"]}'')';

CREATE FUNCTION assay.render_model(model text, query text DEFAULT NULL, format text DEFAULT 'text') RETURNS text
AS 'MODULE_PATHNAME', 'render_model_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.render_model(text, text, text) IS
'The card of a model as a page: identity, purpose, data, features, method, performance, explanations, fairness, decision rule, limits, monitoring, changes, and how to reproduce it. What only people can say (assay.describe_model) and nobody has said is shown as not written yet.
query: rows with the target, on which the card judges the model, as the caller; without it the card shows what is stored. It is run once, and at most 2,000 of its rows, drawn by what is in them, are explained. Parts that need the privilege manage say so to others. format as in assay.render_profile: psql -XAqt -c "SELECT assay.render_model(''credit'', ''customers'', ''html'')" -o credit.html. Errors: 22023 another format; ML001, ML002, 42501; with a query those of assay.evaluate.
Example: SELECT assay.render_model(''credit'', ''SELECT * FROM customers WHERE is_test'')';

CREATE TABLE assay.model_description (
    model_id     bigint NOT NULL REFERENCES assay.model ON DELETE CASCADE,
    fields       jsonb NOT NULL,
    described_by text NOT NULL,
    described_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    CONSTRAINT model_description_pkey PRIMARY KEY (model_id)
);
ALTER TABLE assay.model_description DISABLE TRIGGER ALL;
COMMENT ON TABLE assay.model_description IS 'What people have written of models. Read the view assay.model_descriptions instead.';
COMMENT ON COLUMN assay.model_description.model_id IS 'The model.';
COMMENT ON COLUMN assay.model_description.fields IS 'The fields, as assay.describe_model takes them.';
COMMENT ON COLUMN assay.model_description.described_by IS 'The name of the role that wrote last, as it was then.';
COMMENT ON COLUMN assay.model_description.described_at IS 'When.';

CREATE VIEW assay.model_descriptions WITH (security_barrier) AS
    SELECT m.name AS model, d.fields, d.described_by, d.described_at
    FROM assay_internal.visible_model m
    JOIN assay.model_description d ON d.model_id OPERATOR(pg_catalog.=) m.id;
COMMENT ON VIEW assay.model_descriptions IS
'What people have written of the models that the current role may use.
Example: SELECT fields->>''purpose'' AS purpose, described_by FROM assay.model_descriptions WHERE model = ''credit''';
COMMENT ON COLUMN assay.model_descriptions.model IS 'The model''s name.';
COMMENT ON COLUMN assay.model_descriptions.fields IS 'The fields, as assay.describe_model takes them.';
COMMENT ON COLUMN assay.model_descriptions.described_by IS 'The name of the role that wrote last, as it was then.';
COMMENT ON COLUMN assay.model_descriptions.described_at IS 'When.';
GRANT SELECT ON assay.model_descriptions TO PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('assay.model_description', '');
CREATE TRIGGER b_guard BEFORE INSERT ON assay.model_description FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_model_row();

-- Reliability.


CREATE INDEX model_source_relation_idx ON assay.model_source (relation);
CREATE INDEX model_source_name_idx ON assay.model_source (relation_name);
COMMENT ON COLUMN assay.model_source.columns IS 'The columns that were read, by the names that they had; NULL where that is not known.';
COMMENT ON COLUMN assay.model_sources.columns IS 'The columns that were read of it, by the names that they had; NULL where that is not known.';

COMMENT ON COLUMN assay.prediction_batch.reads IS 'The tables and views that the query read; NULL for labels.';

CREATE TABLE assay.prediction_source (
    model_id      bigint NOT NULL REFERENCES assay.model ON DELETE CASCADE,
    version       integer NOT NULL,
    relation      regclass NOT NULL,
    relation_name text COLLATE "C" NOT NULL,
    columns       text[]
);
ALTER TABLE assay.prediction_source DISABLE TRIGGER ALL;
CREATE INDEX prediction_source_version_idx ON assay.prediction_source (model_id, version);
CREATE INDEX prediction_source_relation_idx ON assay.prediction_source (relation);
CREATE INDEX prediction_source_name_idx ON assay.prediction_source (relation_name);
COMMENT ON TABLE assay.prediction_source IS 'The tables and views whose rows versions scored for assay.log_predictions. Read the view assay.lineage instead.';
COMMENT ON COLUMN assay.prediction_source.model_id IS 'The model.';
COMMENT ON COLUMN assay.prediction_source.version IS 'The version that scored.';
COMMENT ON COLUMN assay.prediction_source.relation IS 'The table or view.';
COMMENT ON COLUMN assay.prediction_source.relation_name IS 'Its name then.';
COMMENT ON COLUMN assay.prediction_source.columns IS 'The columns that were read, by the names that they had; NULL where that is not known.';
SELECT pg_catalog.pg_extension_config_dump('assay.prediction_source', '');

-- Limits within which a model's performance has to stay.

CREATE TABLE assay.performance_limit (
    model_id      bigint NOT NULL REFERENCES assay.model ON DELETE CASCADE,
    metric        text COLLATE "C" NOT NULL,
    lowest        double precision,
    highest       double precision,
    bucket        text COLLATE "C" NOT NULL,
    maturity      interval,
    set_by        text NOT NULL,
    set_at        timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    judged_bucket timestamptz,
    judged_status text COLLATE "C",
    CONSTRAINT performance_limit_pkey PRIMARY KEY (model_id, metric)
);
ALTER TABLE assay.performance_limit DISABLE TRIGGER ALL;
COMMENT ON TABLE assay.performance_limit IS 'Limits of models'' performance. Read the view assay.performance_limits instead.';
COMMENT ON COLUMN assay.performance_limit.model_id IS 'The model.';
COMMENT ON COLUMN assay.performance_limit.metric IS 'The metric.';
COMMENT ON COLUMN assay.performance_limit.lowest IS 'What it must not be less than; NULL for no such limit.';
COMMENT ON COLUMN assay.performance_limit.highest IS 'What it must not be more than; NULL for no such limit.';
COMMENT ON COLUMN assay.performance_limit.bucket IS 'Of what stretch of time it is judged.';
COMMENT ON COLUMN assay.performance_limit.maturity IS 'How old decisions have to be; NULL for any age.';
COMMENT ON COLUMN assay.performance_limit.set_by IS 'The name of the role that set it, as it was then.';
COMMENT ON COLUMN assay.performance_limit.set_at IS 'When.';
COMMENT ON COLUMN assay.performance_limit.judged_bucket IS 'The stretch of time that was judged last.';
COMMENT ON COLUMN assay.performance_limit.judged_status IS 'What that came to: pass, fail or skipped.';

CREATE VIEW assay.performance_limits WITH (security_barrier) AS
    SELECT m.name AS model, l.metric, l.lowest, l.highest, l.bucket, l.maturity, l.set_by, l.set_at, l.judged_bucket, l.judged_status
    FROM assay_internal.visible_model m
    JOIN assay.performance_limit l ON l.model_id OPERATOR(pg_catalog.=) m.id
    WHERE m.manageable;
COMMENT ON VIEW assay.performance_limits IS
'Limits within which metrics of logged decisions have to stay, of the models that the current role may manage (assay.set_performance_limit).
Example: SELECT model, metric, lowest, judged_status FROM assay.performance_limits';
COMMENT ON COLUMN assay.performance_limits.model IS 'The model''s name.';
COMMENT ON COLUMN assay.performance_limits.metric IS 'The metric.';
COMMENT ON COLUMN assay.performance_limits.lowest IS 'What it must not be less than; NULL for no such limit.';
COMMENT ON COLUMN assay.performance_limits.highest IS 'What it must not be more than; NULL for no such limit.';
COMMENT ON COLUMN assay.performance_limits.bucket IS 'Of what stretch of time it is judged.';
COMMENT ON COLUMN assay.performance_limits.maturity IS 'How old decisions have to be; NULL for any age.';
COMMENT ON COLUMN assay.performance_limits.set_by IS 'The name of the role that set it, as it was then.';
COMMENT ON COLUMN assay.performance_limits.set_at IS 'When.';
COMMENT ON COLUMN assay.performance_limits.judged_bucket IS 'The stretch of time that assay.check_performance judged last.';
COMMENT ON COLUMN assay.performance_limits.judged_status IS 'What that came to: pass, fail or skipped.';
GRANT SELECT ON assay.performance_limits TO PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('assay.performance_limit', '');

CREATE FUNCTION assay.set_performance_limit(
    model text, metric text, lowest double precision DEFAULT NULL, highest double precision DEFAULT NULL, bucket text DEFAULT 'day',
    maturity interval DEFAULT NULL)
RETURNS void
AS 'MODULE_PATHNAME', 'set_performance_limit_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.set_performance_limit(text, text, double precision, double precision, text, interval) IS
'Sets within what a metric of a model''s logged decisions has to stay, which assay.check_performance looks at; set again it takes the place of the limit before. metric: as assay.performance names it. lowest, highest: in the metric''s units; NULL for no such limit, both NULL to remove it, with which its issue is closed. bucket: of what stretch of time: hour, day, week, month, quarter or year. maturity: how old decisions have to be, such as ''90 days'' where a label takes ninety. Needs the privilege manage. Errors: 22023 a metric, limit, bucket or age, ML001, 42501, 25006.
Example: SELECT assay.set_performance_limit(''credit'', ''roc_auc'', lowest => 0.7, bucket => ''month'')';

CREATE FUNCTION assay.check_performance(model text DEFAULT NULL, at timestamptz DEFAULT pg_catalog.now())
RETURNS TABLE (model text, metric text, bucket timestamptz, version integer, labelled bigint, value double precision, low double precision,
               high double precision, lowest double precision, highest double precision, status text)
AS 'MODULE_PATHNAME', 'check_performance_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 10;
COMMENT ON FUNCTION assay.check_performance(text, timestamptz) IS
'Compares metrics of logged decisions with their limits (assay.set_performance_limit), in the last stretch of time with decisions that was over, and all of whose decisions were as old as the limit wants, at a moment; of the version that is deployed, or where that made none of them of the one that made most. One row per limit. A value beyond a limit fails where its 95 percent interval (low, high) is beyond it, too, or where it has none; else, and without labels, status is skipped, as chance may have done it. A failure opens an issue of the model, a pass closes it, skipped does neither; each stretch of time counts once.
model: NULL for all that the caller may manage. at: the moment, for a scheduler or a test. Errors: 22023 a NULL moment, ML001, 42501, 25006, and those of assay.performance.
Example: SELECT metric, value, lowest, status FROM assay.check_performance(''credit'')';
COMMENT ON COLUMN assay.quality_history.threshold IS 'What the status was decided by; NULL of a pass for error_if >0.';
COMMENT ON COLUMN assay.quality_history.added_by IS 'The role that had added the check; NULL where it ran as that one, or it is not known.';
CREATE TRIGGER b_guard BEFORE INSERT ON assay.prediction_source FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_model_row();
CREATE TRIGGER b_guard BEFORE INSERT ON assay.performance_limit FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_model_row();
COMMENT ON FUNCTION assay.reassign_owned(text, text) IS
'Gives what a role has in this database to another, and says how much: its models, the checks it added, its baselines, and the results of checks that ran as it or were its; also, without a count, its training sets, what it submitted to models, its examples of questions, what it added to owners, assets, data products, service levels, maintenance, calendars and rotations, and for which owners it acts. What REASSIGN OWNED is for tables, which does not know of these; to be called in each database beside it. Privileges on models that were granted to the role stay (assay.drop_owned revokes them). from may be none: what belongs to roles that are gone, for superusers only. Takes the privileges of both roles. Errors: 22023 a NULL, 42704 no such role, 42501, 25006.
Example: SELECT * FROM assay.reassign_owned(''ann'', ''data_team'')';
COMMENT ON FUNCTION assay.drop_owned(text) IS
'Drops what a role has in this database, and says how much: its models with all their versions, the checks it added, its baselines, the results of checks that ran as it, and the privileges on models that were granted to it; without a count, its training sets, what it submitted to models and its examples of questions. Owners, assets, data products, service levels, maintenance, calendars and rotations that it added are left to the owner of the database, for others rely on them; issues and incidents stay, and it has no part in them any more. What DROP OWNED is for tables, which does not know of these; after it DROP ROLE finds nothing of assay''s. role may be none: what belongs to roles that are gone, for superusers only. Takes the privileges of the role. Errors: 22023 a NULL, 42704 no such role, 42501, 25006.
Example: SELECT * FROM assay.drop_owned(''ann'')';

CREATE FUNCTION assay.render_reliability(format text DEFAULT 'text', at timestamptz DEFAULT pg_catalog.now()) RETURNS text
AS 'MODULE_PATHNAME', 'render_reliability_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.render_reliability(text, timestamptz) IS
'The weekly page of reliability: what is open, with owners and deadlines; a calendar of the last twelve weeks, also by data product; incidents from when to when; uptime of data products; service levels with what is left of their error budgets; response times and coverage; and assets without an owner. It shows what assay.incidents, assay.issues and the other views show the caller, as it stood at a moment.
format as in assay.render_profile. at: the moment; days are those of the session''s time zone. Errors: 22023 another format, a NULL, or a moment that is not finite.
Example: SELECT assay.render_reliability()';

-- What people answer for: assets, who owns them, and the products that they make up.

CREATE TABLE assay.owner (
    id       bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    name     text COLLATE "C" NOT NULL,
    kind     text COLLATE "C" NOT NULL CHECK (kind OPERATOR(pg_catalog.=) ANY ('{person,team}')),
    role     assay.role,
    contacts jsonb NOT NULL DEFAULT '{}',
    added_by assay.role NOT NULL,
    added_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CONSTRAINT owner_name_key UNIQUE (name)
);
COMMENT ON TABLE assay.owner IS 'People and teams. Read the view assay.owners instead.';
COMMENT ON COLUMN assay.owner.id IS 'The owner''s key.';
COMMENT ON COLUMN assay.owner.name IS 'The name that the functions take.';
COMMENT ON COLUMN assay.owner.kind IS 'person or team.';
COMMENT ON COLUMN assay.owner.role IS 'The database role that acts for it; NULL without one.';
COMMENT ON COLUMN assay.owner.contacts IS 'How it is told, as assay.add_owner takes it.';
COMMENT ON COLUMN assay.owner.added_by IS 'The role that added it.';
COMMENT ON COLUMN assay.owner.added_at IS 'When.';

CREATE TABLE assay.team_member (
    team_id   bigint NOT NULL REFERENCES assay.owner ON DELETE CASCADE,
    person_id bigint NOT NULL REFERENCES assay.owner ON DELETE CASCADE,
    PRIMARY KEY (team_id, person_id)
);
ALTER TABLE assay.team_member DISABLE TRIGGER ALL;
COMMENT ON TABLE assay.team_member IS 'Who is in a team. Read the view assay.owners instead.';
COMMENT ON COLUMN assay.team_member.team_id IS 'The team.';
COMMENT ON COLUMN assay.team_member.person_id IS 'One of its members.';

CREATE TABLE assay.asset (
    id             bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    kind           text COLLATE "C" NOT NULL CHECK (kind OPERATOR(pg_catalog.=) ANY ('{relation,column,schema,model,check,dashboard,source}')),
    name           text COLLATE "C" NOT NULL,
    relation       regclass,
    relation_name  text COLLATE "C",
    relation_owner assay.role,
    column_name    text COLLATE "C",
    details        jsonb NOT NULL DEFAULT '{}',
    added_by       assay.role NOT NULL,
    added_at       timestamptz NOT NULL DEFAULT pg_catalog.now(),
    base_id        bigint,
    CONSTRAINT asset_name_key UNIQUE (kind, name)
);
CREATE INDEX asset_relation_idx ON assay.asset (relation);
CREATE INDEX asset_relation_name_idx ON assay.asset (relation_name);
COMMENT ON TABLE assay.asset IS 'Assets of which something is recorded. Read the view assay.assets instead.';
COMMENT ON COLUMN assay.asset.id IS 'The asset''s key.';
COMMENT ON COLUMN assay.asset.kind IS 'relation, column, schema, model, check, dashboard or source.';
COMMENT ON COLUMN assay.asset.name IS 'Its name without the kind: of a relation, and of a column behind that, qualified and quoted as SQL needs it; of a check its number.';
COMMENT ON COLUMN assay.asset.relation IS 'The object that last bore the relation''s name, also of a column and of a check; NULL where none ever did, and for other kinds.';
COMMENT ON COLUMN assay.asset.relation_name IS 'The relation''s name, whatever object bears it; NULL for other kinds.';
COMMENT ON COLUMN assay.asset.relation_owner IS 'Who owned the relation, or the schema: another object of its name is taken over if it is this role''s.';
COMMENT ON COLUMN assay.asset.column_name IS 'The column, as it is; NULL for other kinds.';
COMMENT ON COLUMN assay.asset.details IS 'What its source says of it, such as a description and an address.';
COMMENT ON COLUMN assay.asset.added_by IS 'The role that first recorded something of it.';
COMMENT ON COLUMN assay.asset.added_at IS 'When.';
COMMENT ON COLUMN assay.asset.base_id IS 'Of a column or check the asset that its relation is; NULL for other kinds.';

CREATE TABLE assay.data_product (
    id          bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    name        text COLLATE "C" NOT NULL,
    priority    text COLLATE "C" NOT NULL CHECK (priority OPERATOR(pg_catalog.=) ANY ('{p1,p2,p3}')),
    owner_id    bigint REFERENCES assay.owner,
    description text,
    added_by    assay.role NOT NULL,
    added_at    timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CONSTRAINT data_product_name_key UNIQUE (name)
);
ALTER TABLE assay.data_product DISABLE TRIGGER ALL;
COMMENT ON TABLE assay.data_product IS 'Data products. Read the view assay.data_products instead.';
COMMENT ON COLUMN assay.data_product.id IS 'The product''s key.';
COMMENT ON COLUMN assay.data_product.name IS 'Its name.';
COMMENT ON COLUMN assay.data_product.priority IS 'p1, the highest, to p3.';
COMMENT ON COLUMN assay.data_product.owner_id IS 'Who answers for it.';
COMMENT ON COLUMN assay.data_product.description IS 'What it is for.';
COMMENT ON COLUMN assay.data_product.added_by IS 'The role that added it.';
COMMENT ON COLUMN assay.data_product.added_at IS 'When.';

CREATE TABLE assay.product_asset (
    product_id bigint NOT NULL REFERENCES assay.data_product ON DELETE CASCADE,
    asset_id   bigint NOT NULL REFERENCES assay.asset ON DELETE CASCADE,
    role       text COLLATE "C" NOT NULL CHECK (role OPERATOR(pg_catalog.=) ANY ('{input,inner,output}')),
    PRIMARY KEY (product_id, asset_id)
);
ALTER TABLE assay.product_asset DISABLE TRIGGER ALL;
CREATE INDEX product_asset_asset_idx ON assay.product_asset (asset_id);
COMMENT ON TABLE assay.product_asset IS 'What a data product is made of. Read the view assay.data_products instead.';
COMMENT ON COLUMN assay.product_asset.product_id IS 'The product.';
COMMENT ON COLUMN assay.product_asset.asset_id IS 'One of its assets.';
COMMENT ON COLUMN assay.product_asset.role IS 'input, inner or output.';

CREATE TABLE assay.ownership (
    id           bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    owner_id     bigint NOT NULL REFERENCES assay.owner ON DELETE CASCADE,
    asset_id     bigint REFERENCES assay.asset ON DELETE CASCADE,
    product_id   bigint REFERENCES assay.data_product ON DELETE CASCADE,
    min_severity text COLLATE "C",
    said_by      text NOT NULL,
    said_at      timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CONSTRAINT ownership_target_check CHECK ((asset_id IS NULL) OPERATOR(pg_catalog.<>) (product_id IS NULL))
);
ALTER TABLE assay.ownership DISABLE TRIGGER ALL;
CREATE UNIQUE INDEX ownership_asset_idx ON assay.ownership (asset_id, owner_id) WHERE asset_id IS NOT NULL;
CREATE UNIQUE INDEX ownership_product_idx ON assay.ownership (product_id, owner_id) WHERE product_id IS NOT NULL;
COMMENT ON TABLE assay.ownership IS 'Who owns which asset or product. Read the view assay.ownerships instead.';
COMMENT ON COLUMN assay.ownership.id IS 'The row''s key.';
COMMENT ON COLUMN assay.ownership.owner_id IS 'The owner.';
COMMENT ON COLUMN assay.ownership.asset_id IS 'What it owns: an asset, of which a schema is one.';
COMMENT ON COLUMN assay.ownership.product_id IS 'Or a product.';
COMMENT ON COLUMN assay.ownership.min_severity IS 'From which severity on it is told: warn, error, sev4, sev3, sev2, sev1; NULL for all.';
COMMENT ON COLUMN assay.ownership.said_by IS 'The name of the role that said so, as it was then.';
COMMENT ON COLUMN assay.ownership.said_at IS 'When.';

CREATE FUNCTION assay_internal.asset_relation(relation oid, relation_name text, relation_owner oid, added_by oid) RETURNS oid
AS 'MODULE_PATHNAME', 'asset_relation_wrapper' LANGUAGE c STABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.asset_relation(oid, text, oid, oid) IS
'The relation that an asset is now: the one that bears the recorded name, if it is of the recorded owner or one for whom the role that recorded it acts; where nothing bears the name the recorded object under another one. NULL where there is none.';

CREATE FUNCTION assay_internal.asset_label(kind text, name text, relation oid, column_name text) RETURNS text
AS 'MODULE_PATHNAME', 'asset_label_wrapper' LANGUAGE c STABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.asset_label(text, text, oid, text) IS
'How an asset is written: a relation by its name as of now (the recorded one where relation is NULL), a column behind that, others with their kind before them, as model:risk.';

CREATE FUNCTION assay_internal.asset_schema(relation oid, relation_name text) RETURNS text
AS 'MODULE_PATHNAME', 'asset_schema_wrapper' LANGUAGE c STABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.asset_schema(oid, text) IS
'The schema that a relation is in; of one that is not there that of its recorded name.';

CREATE FUNCTION assay_internal.may_see_asset(kind text, name text, relation oid) RETURNS boolean
AS 'MODULE_PATHNAME', 'may_see_asset_wrapper' LANGUAGE c STABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.may_see_asset(text, text, oid) IS
'Whether the current role may know of an asset: of a relation that it owns, may set triggers on or may read a column of; of a model that it may use; of a check of such a relation; of a schema that it may use or owns; of a relation or model that is not there, and of every schema, the database''s owner; of everything else.';

-- What of an asset is so as of now. Most relations still bear the name that is recorded, which a join finds out; of the others the function does.
CREATE VIEW assay_internal.asset_now AS
    SELECT a.id, a.kind, a.name, t.relation, a.column_name,
           CASE WHEN a.kind OPERATOR(pg_catalog.<>) 'relation' AND a.kind OPERATOR(pg_catalog.<>) 'column'
                THEN (a.kind OPERATOR(pg_catalog.||) ':') OPERATOR(pg_catalog.||) a.name
                WHEN NOT p.is_in_place THEN assay_internal.asset_label(a.kind, a.name, t.relation, a.column_name)
                WHEN a.kind OPERATOR(pg_catalog.=) 'relation' THEN a.relation_name
                ELSE (a.relation_name OPERATOR(pg_catalog.||) '.') OPERATOR(pg_catalog.||) pg_catalog.quote_ident(a.column_name) END AS label,
           CASE WHEN p.is_in_place THEN n.nspname::pg_catalog.text
                WHEN a.kind OPERATOR(pg_catalog.=) 'schema' THEN a.name
                WHEN a.relation_name IS NOT NULL THEN assay_internal.asset_schema(t.relation, a.relation_name) END AS schema_name,
           a.relation_name, a.added_by
    FROM assay.asset a
    LEFT JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) a.relation::pg_catalog.oid
    LEFT JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
    CROSS JOIN LATERAL (
        SELECT COALESCE((pg_catalog.quote_ident(n.nspname::pg_catalog.text) OPERATOR(pg_catalog.||) '.')
            OPERATOR(pg_catalog.||) pg_catalog.quote_ident(c.relname::pg_catalog.text) OPERATOR(pg_catalog.=) a.relation_name, false) AS is_in_place) p
    CROSS JOIN LATERAL (
        SELECT CASE WHEN p.is_in_place THEN c.oid
                    WHEN a.relation_name IS NOT NULL THEN assay_internal.asset_relation(
                        a.relation::pg_catalog.oid, a.relation_name, a.relation_owner::pg_catalog.oid, a.added_by::pg_catalog.oid) END AS relation) t;
COMMENT ON VIEW assay_internal.asset_now IS 'The recorded assets, with what each is now: for all of them, and for one by its id, at the cost of joins by keys.';
COMMENT ON COLUMN assay_internal.asset_now.id IS 'The asset''s key.';
COMMENT ON COLUMN assay_internal.asset_now.kind IS 'relation, column, schema, model, check, dashboard or source.';
COMMENT ON COLUMN assay_internal.asset_now.name IS 'Its name as recorded.';
COMMENT ON COLUMN assay_internal.asset_now.relation IS 'The relation that it is, or that the column or check is of; NULL where that is gone or a stranger''s, and for other kinds.';
COMMENT ON COLUMN assay_internal.asset_now.column_name IS 'The column; NULL for other kinds.';
COMMENT ON COLUMN assay_internal.asset_now.label IS 'How people write it, as of now.';
COMMENT ON COLUMN assay_internal.asset_now.schema_name IS 'The schema that the relation is in, or was in if it is gone; of a schema its name; NULL for other kinds.';
COMMENT ON COLUMN assay_internal.asset_now.relation_name IS 'The relation''s name as recorded.';
COMMENT ON COLUMN assay_internal.asset_now.added_by IS 'The role that recorded the asset.';

-- Who makes a product answers for what is in it and what comes out of it. What goes in is made by others.
CREATE VIEW assay_internal.product_owner AS
    SELECT o.product_id, o.owner_id, o.min_severity FROM assay.ownership o WHERE o.product_id IS NOT NULL
    UNION ALL
    SELECT p.id, p.owner_id, NULL::pg_catalog.text FROM assay.data_product p WHERE p.owner_id IS NOT NULL;
COMMENT ON VIEW assay_internal.product_owner IS 'Who owns which product: as it was added, or by assay.own.';
COMMENT ON COLUMN assay_internal.product_owner.product_id IS 'The product.';
COMMENT ON COLUMN assay_internal.product_owner.owner_id IS 'The owner.';
COMMENT ON COLUMN assay_internal.product_owner.min_severity IS 'From which severity on it is told; NULL for all.';

-- Not of a schema that somebody else made when the name had become free.
CREATE VIEW assay_internal.schema_owner AS
    SELECT s.name AS schema_name, o.owner_id, o.min_severity
    FROM assay.ownership o
    JOIN assay.asset s ON s.id OPERATOR(pg_catalog.=) o.asset_id
    LEFT JOIN pg_catalog.pg_namespace n ON n.nspname::pg_catalog.text OPERATOR(pg_catalog.=) s.name
    WHERE s.kind OPERATOR(pg_catalog.=) 'schema'
      AND (n.oid IS NULL OR n.nspowner OPERATOR(pg_catalog.=) s.relation_owner::pg_catalog.oid
           OR pg_catalog.pg_has_role(s.added_by::pg_catalog.oid, n.nspowner, 'USAGE'));
COMMENT ON VIEW assay_internal.schema_owner IS 'Who owns which schema.';
COMMENT ON COLUMN assay_internal.schema_owner.schema_name IS 'The schema.';
COMMENT ON COLUMN assay_internal.schema_owner.owner_id IS 'The owner.';
COMMENT ON COLUMN assay_internal.schema_owner.min_severity IS 'From which severity on it is told; NULL for all.';

CREATE VIEW assay_internal.asset_owner AS
    SELECT best.asset_id, best.owner_id, ('{asset,relation,product,schema}'::pg_catalog.text[])[pg_catalog.min(best.place)] AS level,
           CASE WHEN pg_catalog.bool_and(best.min_severity IS NOT NULL) THEN ('{warn,error,sev4,sev3,sev2,sev1}'::pg_catalog.text[])[
                pg_catalog.min(pg_catalog.array_position('{warn,error,sev4,sev3,sev2,sev1}'::pg_catalog.text[], best.min_severity))] END AS min_severity
    FROM (
        SELECT owned.asset_id, owned.owner_id, owned.place, owned.min_severity,
               pg_catalog.rank() OVER (PARTITION BY owned.asset_id ORDER BY owned.place) AS nearness
        FROM (
            SELECT o.asset_id, o.owner_id, 1 AS place, o.min_severity FROM assay.ownership o WHERE o.asset_id IS NOT NULL
            UNION ALL
            SELECT a.id, o.owner_id, 2, o.min_severity
            FROM assay.asset a JOIN assay.ownership o ON o.asset_id OPERATOR(pg_catalog.=) a.base_id
            UNION ALL
            SELECT m.asset_id, p.owner_id, 3, p.min_severity
            FROM assay.product_asset m JOIN assay_internal.product_owner p ON p.product_id OPERATOR(pg_catalog.=) m.product_id
            WHERE m.role OPERATOR(pg_catalog.<>) 'input'
            UNION ALL
            SELECT a.id, p.owner_id, 3, p.min_severity
            FROM assay.asset a
            JOIN assay.product_asset m ON m.asset_id OPERATOR(pg_catalog.=) a.base_id
            JOIN assay_internal.product_owner p ON p.product_id OPERATOR(pg_catalog.=) m.product_id
            WHERE m.role OPERATOR(pg_catalog.<>) 'input'
            UNION ALL
            SELECT a.id, s.owner_id, 4, s.min_severity
            FROM assay_internal.asset_now a JOIN assay_internal.schema_owner s ON s.schema_name OPERATOR(pg_catalog.=) a.schema_name
            WHERE a.kind OPERATOR(pg_catalog.=) ANY ('{relation,column,check}')
        ) owned
    ) best
    WHERE best.nearness OPERATOR(pg_catalog.=) 1
    GROUP BY best.asset_id, best.owner_id;
COMMENT ON VIEW assay_internal.asset_owner IS 'Who owns each recorded asset: those whose ownership is the most specific. To be asked for some assets by conditions on asset_id, such as = ANY ($1), for a join alone computes all.';
COMMENT ON COLUMN assay_internal.asset_owner.asset_id IS 'The asset.';
COMMENT ON COLUMN assay_internal.asset_owner.owner_id IS 'One of its owners.';
COMMENT ON COLUMN assay_internal.asset_owner.level IS 'Of what it is the owner: asset, relation (of the column or check), product or schema.';
COMMENT ON COLUMN assay_internal.asset_owner.min_severity IS 'From which severity on it is told: warn, error, sev4, sev3, sev2, sev1; NULL for all.';

-- A team acts by its own role, where it has one, and by those of its members.
CREATE VIEW assay_internal.acting_owner AS
    SELECT o.id AS owner_id FROM assay.owner o WHERE pg_catalog.pg_has_role(o.role, 'USAGE')
    UNION
    SELECT m.team_id FROM assay.team_member m JOIN assay.owner o ON o.id OPERATOR(pg_catalog.=) m.person_id WHERE pg_catalog.pg_has_role(o.role, 'USAGE');
COMMENT ON VIEW assay_internal.acting_owner IS 'The owners that the current role acts for: by their roles, and teams by those of their members.';
COMMENT ON COLUMN assay_internal.acting_owner.owner_id IS 'The owner.';

-- Rows come from assay's functions or from a restore. The asset of a restored row is the relation that bears its name there.
CREATE TRIGGER a_claim BEFORE INSERT ON assay.owner FOR EACH ROW EXECUTE FUNCTION assay_internal.claim_row('added_by');
CREATE TRIGGER a_claim BEFORE INSERT ON assay.asset FOR EACH ROW EXECUTE FUNCTION assay_internal.claim_row('added_by');
CREATE TRIGGER a_claim BEFORE INSERT ON assay.data_product FOR EACH ROW EXECUTE FUNCTION assay_internal.claim_row('added_by');

SELECT pg_catalog.pg_extension_config_dump('assay.owner', '');
SELECT pg_catalog.pg_extension_config_dump('assay.owner_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('assay.team_member', '');
-- One of a relation that is gone, too: what is recorded of it is found by its key.
SELECT pg_catalog.pg_extension_config_dump('assay.asset', '');
SELECT pg_catalog.pg_extension_config_dump('assay.asset_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('assay.data_product', '');
SELECT pg_catalog.pg_extension_config_dump('assay.data_product_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('assay.product_asset', '');
SELECT pg_catalog.pg_extension_config_dump('assay.ownership', '');
SELECT pg_catalog.pg_extension_config_dump('assay.ownership_id_seq', '');

-- What depends on what, as far as the catalogs and the registry do not say it themselves.

CREATE TABLE assay.lineage_edge (
    upstream_id   bigint NOT NULL REFERENCES assay.asset ON DELETE CASCADE,
    downstream_id bigint NOT NULL REFERENCES assay.asset ON DELETE CASCADE,
    source        text COLLATE "C" NOT NULL,
    added_by      text NOT NULL,
    added_at      timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (upstream_id, downstream_id, source)
);
ALTER TABLE assay.lineage_edge DISABLE TRIGGER ALL;
CREATE INDEX lineage_edge_downstream_idx ON assay.lineage_edge (downstream_id);
COMMENT ON TABLE assay.lineage_edge IS 'Dependencies that were said by hand or imported. Read the view assay.lineage instead.';
COMMENT ON COLUMN assay.lineage_edge.upstream_id IS 'The asset that is read.';
COMMENT ON COLUMN assay.lineage_edge.downstream_id IS 'The asset that is made of it.';
COMMENT ON COLUMN assay.lineage_edge.source IS 'Where it is known from: manual, dbt, or what assay.add_lineage was given.';
COMMENT ON COLUMN assay.lineage_edge.added_by IS 'The name of the role that added it, as it was then.';
COMMENT ON COLUMN assay.lineage_edge.added_at IS 'When.';

SELECT pg_catalog.pg_extension_config_dump('assay.lineage_edge', '');

CREATE FUNCTION assay_internal.lineage()
RETURNS TABLE (upstream text, upstream_kind text, downstream text, downstream_kind text, source text, added_by text, added_at timestamptz)
AS 'MODULE_PATHNAME', 'lineage_wrapper' LANGUAGE c STABLE PARALLEL SAFE ROWS 1000;
COMMENT ON FUNCTION assay_internal.lineage() IS
'All dependencies, as far as the current role may know of both ends: what the view assay.lineage shows.';

CREATE VIEW assay.lineage WITH (security_barrier) AS
    SELECT l.upstream, l.upstream_kind, l.downstream, l.downstream_kind, l.source, l.added_by, l.added_at FROM assay_internal.lineage() l;
COMMENT ON VIEW assay.lineage IS
'What depends on what, one row per dependency and source, as far as the current role may know of both: views (also materialised ones, with the columns that they read, those in functions whose bodies are written as SQL included), foreign keys, partitions and tables that inherit, what trainings and logged predictions read, what checks look at, and what was added by hand or imported. Without the views that PostgreSQL and assay bring along.
Example: SELECT upstream, downstream, source FROM assay.lineage WHERE downstream = ''public.customers'' ORDER BY upstream LIMIT 3';
COMMENT ON COLUMN assay.lineage.upstream IS 'What is read.';
COMMENT ON COLUMN assay.lineage.upstream_kind IS 'relation, column, schema, model, check, dashboard or source.';
COMMENT ON COLUMN assay.lineage.downstream IS 'What is made of it.';
COMMENT ON COLUMN assay.lineage.downstream_kind IS 'Of what kind that is.';
COMMENT ON COLUMN assay.lineage.source IS 'From where it is known: view, foreign key, partition, training, predictions or check; else what assay.add_lineage was given, or dbt.';
COMMENT ON COLUMN assay.lineage.added_by IS 'The name of the role that added it, as it was then; NULL for what is known by itself.';
COMMENT ON COLUMN assay.lineage.added_at IS 'When.';
GRANT SELECT ON assay.lineage TO PUBLIC;

CREATE FUNCTION assay.add_lineage(upstream text, downstream text, source text DEFAULT 'manual') RETURNS void
AS 'MODULE_PATHNAME', 'add_lineage_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.add_lineage(text, text, text) IS
'Says that one asset is made of another: what PostgreSQL and assay do not know by themselves, such as a table that a program fills, a dashboard, a source outside. Assets are written as public.orders, public.orders.amount, model:risk, dashboard:revenue, source:crm.accounts. source says who says so, so that it can be dropped apart. Twice it is there once. It stays with the object while that bears its name, and with the name when another object takes it. A NOTICE says where two now depend on each other in a circle, which is allowed. Takes the right to say things of downstream (its owner, the privilege TRIGGER on it, manage on a model, whoever first recorded a dashboard or source, or the database owner), and to know of upstream. Errors: ML022 no such asset, 22023 a NULL or an asset that would depend on itself, 42501, 42602 a source that is no name, 25006.
Example: SELECT assay.add_lineage(''source:core-banking'', ''public.german_credit'')';

CREATE FUNCTION assay.drop_lineage(upstream text, downstream text, source text DEFAULT 'manual') RETURNS boolean
AS 'MODULE_PATHNAME', 'drop_lineage_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.drop_lineage(text, text, text) IS
'Takes back what assay.add_lineage said with this source: true where there was such a dependency. The assets need not be there any more. Takes the right to say things of downstream. Errors: ML022 a text that names no asset, 22023 a NULL, 42501, 25006.
Example: SELECT assay.drop_lineage(''source:core-banking'', ''public.german_credit'')';

CREATE TYPE assay.lineage_step AS (asset text, kind text, depth integer, path text[], owner text);
COMMENT ON TYPE assay.lineage_step IS
'What assay.upstream and assay.downstream tell: an asset that another one depends on, or that depends on it, and the way there.
Example: SELECT s.asset, s.depth FROM assay.downstream(''public.german_credit'') s WHERE s.kind = ''relation''';
COMMENT ON COLUMN assay.lineage_step.asset IS 'The asset, as other functions take it.';
COMMENT ON COLUMN assay.lineage_step.kind IS 'What it is: relation, column, model, check, dashboard, source and so on.';
COMMENT ON COLUMN assay.lineage_step.depth IS 'How many dependencies away it is at the nearest.';
COMMENT ON COLUMN assay.lineage_step.path IS 'A shortest way there, both ends included; (hidden) is what the current role may not know of.';
COMMENT ON COLUMN assay.lineage_step.owner IS 'The names of who owns it; NULL where nobody does.';

CREATE FUNCTION assay.upstream(asset text) RETURNS SETOF assay.lineage_step
AS 'MODULE_PATHNAME', 'upstream_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 100;
COMMENT ON FUNCTION assay.upstream(text) IS
'Everything that an asset depends on, the nearest first: how many dependencies away, a shortest way there, and the names of who owns it. From a relation the dependencies of all its columns are followed, and relations are told. From a column only those of the column are, through views by what their columns are made of (what decides a view''s rows counts for all its columns), as far as that is known; where only the relation is, path has the relation behind the column. Of a model the columns that its trainings and its logged predictions read are told, and their relations. What the current role may not know of is passed through and not told; in path it is (hidden). A circle is walked once. Errors: ML022 no such asset, 22023 a NULL, 42501.
Example: SELECT asset, kind, depth FROM assay.upstream(''public.customers'')';

CREATE FUNCTION assay.downstream(asset text) RETURNS SETOF assay.lineage_step
AS 'MODULE_PATHNAME', 'downstream_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 100;
COMMENT ON FUNCTION assay.downstream(text) IS
'Everything that depends on an asset: what assay.upstream tells, the other way. The checks of a relation are downstream of it. Errors: ML022 no such asset, 22023 a NULL, 42501.
Example: SELECT asset, kind, depth FROM assay.downstream(''public.german_credit'') WHERE kind <> ''check''';

CREATE FUNCTION assay.incident_impact(incident bigint)
RETURNS TABLE (asset text, kind text, depth integer, version integer, trained boolean, scored boolean, trained_at timestamptz, decisions bigint, owner text, path text[])
AS 'MODULE_PATHNAME', 'incident_impact_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 100;
COMMENT ON FUNCTION assay.incident_impact(bigint) IS
'What depends on the assets that an incident is about (those of its issues, and its root), as assay.downstream tells it, with one row per version of a model that is touched: trained says whether its training read what is touched, scored whether rows that it scored for assay.log_predictions did, trained_at when it was trained, decisions how many logged decisions it has made since the incident began (all of a version that was trained on it; else those whose query read it; those of challengers do not count), NULL to those who may not manage the model. Where a model is only said to depend on it, version is NULL and the decisions are those of all versions. An incident is known to who declared, leads or owns it, and to who may know of an asset of its issues. Errors: ML026 no such incident, 22023 a NULL.
Example: SELECT i.id, m.asset, m.version, m.decisions FROM assay.incidents i CROSS JOIN LATERAL assay.incident_impact(i.id) m WHERE i.status = ''open''';

-- What is broken: issues, each a failing subject, and incidents, which people work on.

CREATE TABLE assay.incident (
    id              bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    title           text NOT NULL,
    severity        text COLLATE "C" NOT NULL CHECK (severity OPERATOR(pg_catalog.=) ANY ('{sev1,sev2,sev3,sev4}')),
    status          text COLLATE "C" NOT NULL DEFAULT 'open' CHECK (status OPERATOR(pg_catalog.=) ANY ('{open,acknowledged,mitigated,resolved,cancelled}')),
    owner_id        bigint REFERENCES assay.owner ON DELETE SET NULL,
    lead_id         bigint REFERENCES assay.owner ON DELETE SET NULL,
    root_id         bigint REFERENCES assay.asset ON DELETE SET NULL,
    declared_by     assay.role,
    by_policy       boolean NOT NULL DEFAULT false,
    started_at      timestamptz NOT NULL,
    declared_at     timestamptz NOT NULL,
    acknowledged_at timestamptz,
    acknowledged_by text,
    mitigated_at    timestamptz,
    ended_at        timestamptz,
    merged_into     bigint,
    names_root      boolean NOT NULL DEFAULT false
);
ALTER TABLE assay.incident DISABLE TRIGGER ALL;
CREATE INDEX incident_active_idx ON assay.incident (id) WHERE status OPERATOR(pg_catalog.=) ANY ('{open,acknowledged,mitigated}');
COMMENT ON TABLE assay.incident IS 'Incidents. Read the view assay.incidents instead.';
COMMENT ON COLUMN assay.incident.id IS 'The incident''s key.';
COMMENT ON COLUMN assay.incident.title IS 'What it is about, in a few words.';
COMMENT ON COLUMN assay.incident.severity IS 'sev1, the worst, to sev4.';
COMMENT ON COLUMN assay.incident.status IS 'open, acknowledged, mitigated, resolved or cancelled.';
COMMENT ON COLUMN assay.incident.owner_id IS 'Who is to see to it.';
COMMENT ON COLUMN assay.incident.lead_id IS 'Who leads the work on it.';
COMMENT ON COLUMN assay.incident.root_id IS 'The asset where its cause lies, as lineage has it.';
COMMENT ON COLUMN assay.incident.declared_by IS 'The role that declared it; NULL for one declared by policy.';
COMMENT ON COLUMN assay.incident.by_policy IS 'Whether a policy declared it.';
COMMENT ON COLUMN assay.incident.started_at IS 'When what it is about began.';
COMMENT ON COLUMN assay.incident.declared_at IS 'When it was declared.';
COMMENT ON COLUMN assay.incident.acknowledged_at IS 'When somebody first took it on.';
COMMENT ON COLUMN assay.incident.acknowledged_by IS 'The name of the role that did.';
COMMENT ON COLUMN assay.incident.mitigated_at IS 'When its effect ended.';
COMMENT ON COLUMN assay.incident.ended_at IS 'When it was resolved or cancelled.';
COMMENT ON COLUMN assay.incident.merged_into IS 'The incident of which it is part since a merge.';
COMMENT ON COLUMN assay.incident.names_root IS 'Whether the title, made by policy, names the root: then only who may see that asset is told the title.';

CREATE TABLE assay.incident_event (
    id          bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    incident_id bigint NOT NULL,
    at          timestamptz NOT NULL,
    actor       text NOT NULL,
    kind        text COLLATE "C" NOT NULL,
    note        text,
    details     jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX incident_event_incident_idx ON assay.incident_event (incident_id, id);
CREATE INDEX incident_event_reopened_idx ON assay.incident_event (incident_id, at) WHERE kind OPERATOR(pg_catalog.=) 'reopened';
COMMENT ON TABLE assay.incident_event IS 'The audit trail of incidents. Read the view assay.incident_events instead.';
COMMENT ON COLUMN assay.incident_event.id IS 'The event''s key.';
COMMENT ON COLUMN assay.incident_event.incident_id IS 'The incident.';
COMMENT ON COLUMN assay.incident_event.at IS 'When it happened.';
COMMENT ON COLUMN assay.incident_event.actor IS 'The name of the role that did it, as it was then; assay for what a policy did.';
COMMENT ON COLUMN assay.incident_event.kind IS 'declared, acknowledged, mitigated, resolved, cancelled, reopened, merged, split, annotated, changed, issue_added, issue_closed, escalated, ...';
COMMENT ON COLUMN assay.incident_event.note IS 'What was said.';
COMMENT ON COLUMN assay.incident_event.details IS 'What changed, from what to what.';

-- A failure that is found again is counted in its row: pages have room for that, and no index has what it changes.
CREATE TABLE assay.issue (
    id            bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    asset_id      bigint NOT NULL,
    asset_name    text NOT NULL,
    kind          text COLLATE "C" NOT NULL CHECK (kind OPERATOR(pg_catalog.=) ANY ('{check,drift,freshness,performance,guard,dbt}')),
    check_id      bigint,
    subject       text COLLATE "C" NOT NULL,
    segment       jsonb,
    segment_key   text COLLATE "C" NOT NULL DEFAULT '',
    status        text COLLATE "C" NOT NULL DEFAULT 'open' CHECK (status OPERATOR(pg_catalog.=) ANY ('{open,closed}')),
    triage        text COLLATE "C" CHECK (triage OPERATOR(pg_catalog.=) ANY ('{investigating,expected,fixed,false_positive}')),
    triage_note   text,
    triaged_by    text,
    triaged_at    timestamptz,
    severity      text COLLATE "C" NOT NULL CHECK (severity OPERATOR(pg_catalog.=) ANY ('{warn,error}')),
    occurrences   bigint NOT NULL DEFAULT 1,
    passes        integer NOT NULL DEFAULT 0,
    reopenings    integer NOT NULL DEFAULT 0,
    started_at    timestamptz NOT NULL,
    last_seen_at  timestamptz NOT NULL,
    ended_at      timestamptz,
    incident_id   bigint,
    message       text,
    ran_as        assay.role,
    added_by      assay.role,
    reads         regclass[] NOT NULL DEFAULT '{}',
    shareable     boolean NOT NULL DEFAULT false,
    survived      boolean NOT NULL DEFAULT false,
    awaits_policy boolean NOT NULL DEFAULT false
) WITH (fillfactor = 80);
-- One open issue per subject and segment, whoever finds it first.
CREATE UNIQUE INDEX issue_open_idx ON assay.issue (asset_id, kind, COALESCE(check_id, 0), subject, segment_key)
    WHERE status OPERATOR(pg_catalog.=) 'open';
CREATE INDEX issue_asset_idx ON assay.issue (asset_id);
CREATE INDEX issue_awaits_policy_idx ON assay.issue (id) WHERE awaits_policy;
CREATE INDEX issue_incident_idx ON assay.issue (incident_id) WHERE incident_id IS NOT NULL;
COMMENT ON TABLE assay.issue IS 'What failed, and whether it does still. Read the view assay.issues instead.';
COMMENT ON COLUMN assay.issue.id IS 'The issue''s key.';
COMMENT ON COLUMN assay.issue.asset_id IS 'The asset that it is about.';
COMMENT ON COLUMN assay.issue.asset_name IS 'How that was written when the issue was opened.';
COMMENT ON COLUMN assay.issue.kind IS 'check, drift, freshness, performance, guard or dbt: what found it.';
COMMENT ON COLUMN assay.issue.check_id IS 'The check that found it; NULL for others.';
COMMENT ON COLUMN assay.issue.subject IS 'What of the asset failed: the name of the check, the column that drifted, the metric.';
COMMENT ON COLUMN assay.issue.segment IS 'The segment; NULL without one.';
COMMENT ON COLUMN assay.issue.segment_key IS 'The segment as a text to be compared; empty without one.';
COMMENT ON COLUMN assay.issue.status IS 'open or closed.';
COMMENT ON COLUMN assay.issue.triage IS 'investigating, expected, fixed or false_positive; NULL where nobody has looked yet.';
COMMENT ON COLUMN assay.issue.triage_note IS 'What was said of it.';
COMMENT ON COLUMN assay.issue.triaged_by IS 'The name of the role that said so, as it was then.';
COMMENT ON COLUMN assay.issue.triaged_at IS 'When.';
COMMENT ON COLUMN assay.issue.severity IS 'error or warn: the worst that it was.';
COMMENT ON COLUMN assay.issue.occurrences IS 'How often it was found.';
COMMENT ON COLUMN assay.issue.passes IS 'How often it has passed since it was last found.';
COMMENT ON COLUMN assay.issue.reopenings IS 'How often it was found again shortly after it had been closed.';
COMMENT ON COLUMN assay.issue.started_at IS 'When it was first found.';
COMMENT ON COLUMN assay.issue.last_seen_at IS 'When it was last found.';
COMMENT ON COLUMN assay.issue.ended_at IS 'When it was closed.';
COMMENT ON COLUMN assay.issue.incident_id IS 'The incident that it belongs to.';
COMMENT ON COLUMN assay.issue.message IS 'What was found last: for those who may see the result.';
COMMENT ON COLUMN assay.issue.ran_as IS 'The role as which it was found, to whom the result belongs.';
COMMENT ON COLUMN assay.issue.added_by IS 'The role that added the check.';
COMMENT ON COLUMN assay.issue.reads IS 'The tables and views that were read.';
COMMENT ON COLUMN assay.issue.shareable IS 'Whether whoever may read these may see the result.';
COMMENT ON COLUMN assay.issue.awaits_policy IS 'Whether assay.escalate is to see what policies want of it: another transaction was declaring incidents when it was found.';
COMMENT ON COLUMN assay.issue.survived IS 'Whether the transaction that last found it was rolled back.';

-- The audit trail is written once. Neither assay's functions nor any role but a superuser, who would first have to disable this trigger, change it.
CREATE FUNCTION assay_internal.keep_event() RETURNS trigger
AS 'MODULE_PATHNAME', 'keep_event_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay_internal.keep_event() IS
'Trigger before UPDATE, DELETE and TRUNCATE of the audit trail of incidents, which is only ever added to. Errors: 42501.';
CREATE TRIGGER a_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON assay.incident_event FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.keep_event();

CREATE TRIGGER a_claim BEFORE INSERT ON assay.incident FOR EACH ROW EXECUTE FUNCTION assay_internal.claim_row('declared_by');
CREATE TRIGGER a_claim BEFORE INSERT ON assay.issue FOR EACH ROW EXECUTE FUNCTION assay_internal.claim_row('ran_as', 'added_by');

SELECT pg_catalog.pg_extension_config_dump('assay.incident', '');
SELECT pg_catalog.pg_extension_config_dump('assay.incident_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('assay.incident_event', '');
SELECT pg_catalog.pg_extension_config_dump('assay.incident_event_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('assay.issue', '');
SELECT pg_catalog.pg_extension_config_dump('assay.issue_id_seq', '');

-- What people see of issues, and say of them.

-- What runs of checks look for: open issues of a check, and closed ones of the same.
CREATE INDEX issue_open_check_idx ON assay.issue (check_id) WHERE status OPERATOR(pg_catalog.=) 'open';
CREATE INDEX issue_closed_idx ON assay.issue (asset_id, subject, ended_at) WHERE status OPERATOR(pg_catalog.=) 'closed';

-- The result of a check is for those who may see it in the history: a segment is made of values of rows. That something failed, and of what, is for
-- all who may know of the asset, and for its owners.
CREATE VIEW assay.issues WITH (security_barrier) AS
    SELECT i.id, COALESCE(n.label, i.asset_name) AS asset, i.check_id, CASE WHEN v.sees_result THEN i.segment END AS segment, i.status, i.triage,
           i.severity, i.occurrences, i.started_at, i.last_seen_at, i.ended_at,
           (SELECT pg_catalog.string_agg(w.name, ', ' ORDER BY w.name)
            FROM assay_internal.asset_owner o JOIN assay.owner w ON w.id OPERATOR(pg_catalog.=) o.owner_id
            WHERE o.asset_id OPERATOR(pg_catalog.=) i.asset_id) AS owner,
           i.incident_id, CASE WHEN v.sees_result THEN i.message END AS message, i.kind, i.subject,
           i.reopenings OPERATOR(pg_catalog.>=) 3 AS flapping, i.reopenings, i.passes,
           CASE WHEN v.sees_result OR v.owns THEN i.triage_note END AS triage_note, i.triaged_by, i.triaged_at, i.survived
    FROM assay.issue i
    LEFT JOIN assay_internal.asset_now n ON n.id OPERATOR(pg_catalog.=) i.asset_id
    CROSS JOIN LATERAL (
        SELECT (pg_catalog.pg_has_role(i.ran_as, 'USAGE') OR pg_catalog.pg_has_role(i.added_by, 'USAGE')
                OR i.shareable AND NOT EXISTS (
                    SELECT FROM pg_catalog.unnest(i.reads) AS t(relation)
                    WHERE (SELECT NOT r.relrowsecurity AND pg_catalog.has_table_privilege(r.oid, 'SELECT')
                              AND pg_catalog.has_schema_privilege(r.relnamespace, 'USAGE')
                           FROM pg_catalog.pg_class r WHERE r.oid OPERATOR(pg_catalog.=) t.relation::pg_catalog.oid) IS NOT TRUE)) IS TRUE AS sees_result,
               (pg_catalog.pg_has_role(i.ran_as, 'USAGE') OR pg_catalog.pg_has_role(i.added_by, 'USAGE')) IS TRUE AS is_own,
               i.asset_id OPERATOR(pg_catalog.=) ANY (ARRAY(
                    SELECT o.asset_id FROM assay_internal.asset_owner o
                    WHERE o.owner_id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT a.owner_id FROM assay_internal.acting_owner a))
                      AND EXISTS (SELECT FROM assay_internal.acting_owner))) AS owns) v
    WHERE v.is_own OR v.owns OR assay_internal.may_see_asset(n.kind, n.name, n.relation::pg_catalog.oid);
COMMENT ON VIEW assay.issues IS
'What is, or was, wrong with assets that the current role may know of, that it owns, or of which it found it: one row per asset, check or other finder, subject and segment, from when it was first found until it passed. What is found again within 24 hours is the same issue.
Example: SELECT id, asset, subject, severity, occurrences, message FROM assay.issues WHERE status = ''open'' ORDER BY started_at';
COMMENT ON COLUMN assay.issues.id IS 'The issue''s key.';
COMMENT ON COLUMN assay.issues.asset IS 'What it is about: of a check its relation, of drift, performance and guards the model.';
COMMENT ON COLUMN assay.issues.check_id IS 'The check that found it, which may have been dropped since; NULL for others.';
COMMENT ON COLUMN assay.issues.segment IS 'The segment; NULL without one, and to those who may not see the result.';
COMMENT ON COLUMN assay.issues.status IS 'open or closed.';
COMMENT ON COLUMN assay.issues.triage IS 'investigating, expected, fixed or false_positive; NULL where nobody has looked yet.';
COMMENT ON COLUMN assay.issues.severity IS 'error or warn: the worst that it was.';
COMMENT ON COLUMN assay.issues.occurrences IS 'How often it was found.';
COMMENT ON COLUMN assay.issues.started_at IS 'When it was first found.';
COMMENT ON COLUMN assay.issues.last_seen_at IS 'When it was last found.';
COMMENT ON COLUMN assay.issues.ended_at IS 'When it was closed; NULL while it is open.';
COMMENT ON COLUMN assay.issues.owner IS 'Who owns the asset; NULL where nobody does.';
COMMENT ON COLUMN assay.issues.incident_id IS 'The incident that it belongs to.';
COMMENT ON COLUMN assay.issues.message IS 'What was found last; NULL to those who may not see the result.';
COMMENT ON COLUMN assay.issues.kind IS 'check, freshness (a check of kind recency), drift, performance, guard or dbt: what found it.';
COMMENT ON COLUMN assay.issues.subject IS 'What of the asset failed: the name of the check, the column that drifted, the metric.';
COMMENT ON COLUMN assay.issues.flapping IS 'Whether it comes and goes: it was found again within 24 hours three times or more. Its coming again is then told no more.';
COMMENT ON COLUMN assay.issues.reopenings IS 'How often it was found again within 24 hours after it had been closed.';
COMMENT ON COLUMN assay.issues.passes IS 'How often it has passed since it was last found.';
COMMENT ON COLUMN assay.issues.triage_note IS 'What was said of it; NULL to those who neither own the asset nor may see the result.';
COMMENT ON COLUMN assay.issues.triaged_by IS 'The name of the role that said so, as it was then.';
COMMENT ON COLUMN assay.issues.triaged_at IS 'When.';
COMMENT ON COLUMN assay.issues.survived IS 'Whether the transaction that last found it was rolled back.';
GRANT SELECT ON assay.issues TO PUBLIC;

CREATE TRIGGER inserted AFTER INSERT ON assay.issue REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('issues', 'ran_as', 'added_by');
CREATE TRIGGER updated AFTER UPDATE ON assay.issue REFERENCING OLD TABLE AS old NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('issues', 'ran_as', 'added_by');
CREATE TRIGGER deleted AFTER DELETE ON assay.issue REFERENCING OLD TABLE AS old
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('issues', 'ran_as', 'added_by');

CREATE FUNCTION assay.triage(issue bigint, status text, note text DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'triage_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.triage(bigint, text, text) IS
'Says what becomes of an issue, with the caller''s name and the time: investigating; expected or false_positive, of which nobody is told any more; fixed, with which the next pass closes it, and a failure after that is news again. What was said before is replaced. note: why, at most 2,000 bytes; without values of rows, as all owners of the asset read it.
Takes a role that acts for an owner of the asset, the owner of the relation or one who may manage the model, or the owner of the database. Errors: ML025 no such issue, 22023 a NULL, another status, a note that is too long, 42501, 25006.
Example: SELECT assay.triage(id, ''investigating'', ''the load of Friday'') FROM assay.issues WHERE status = ''open''';
COMMENT ON FUNCTION assay.run_checks(regclass, text[]) IS
'Runs the stored checks of a relation, or of all that the caller may read; with tags those that have one of them. Each relation is read once, as in assay.validate; one that fails does not keep the others from being checked.
Anybody may call it. A check never runs as its caller, but as the owner of its relation where the role that added it has the owner''s rights, else as the role that added it; a right that this role has lost makes the check an error. Who has the rights of one of these roles, or may SELECT every table and view that the check reads, without row-level security and without functions of users, sees all of a result; others see its name and status, one row per check.
Without a relation: the checks of those of which the caller may read a column or set triggers, and those of roles whose rights it has.
The results are kept in assay.check_history, in the same transaction, and failures as issues (assay.issues); where nothing can be written, a NOTICE says that they are not. Where an owner is told of one, PostgreSQL does not prepare the transaction (PREPARE TRANSACTION, 0A000).
Example: SELECT name, status, rows_failed, message FROM assay.run_checks(''application'')';

CREATE FUNCTION assay.close_after(check_id bigint, passes integer) RETURNS void
AS 'MODULE_PATHNAME', 'close_after_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.close_after(bigint, integer) IS
'Sets how often in a row a check has to pass for its issues to be closed, 1 until it is set. passes: 1 to 1000. Takes the role that added the check, or one that may set triggers on its relation. Errors: ML014 no such check, 22023, 42501, 25006.
Example: SELECT assay.close_after(check_id, 3) FROM assay.checks WHERE name = ''not_null_age''';

-- Who owns what: functions that say so, and views of it.

CREATE FUNCTION assay.add_owner(name text, kind text, role regrole DEFAULT NULL, contacts jsonb DEFAULT '{}') RETURNS bigint
AS 'MODULE_PATHNAME', 'add_owner_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.add_owner(text, text, regrole, jsonb) IS
'Adds a person or a team that may own assets; gives its number. With a name that an owner has, that one becomes what is said here: role and contacts that are not given are gone. Anyone may add owners; changing one takes the role that added it, its own role, or the database''s owner.
kind: person or team. role: the database role that acts for it, such as by acknowledging incidents; NULL for none. To register one takes that role''s rights, or the database''s owner.
contacts: {"email": ..., "webhook": ... (gets JSON), "slack": ... (gets Slack''s format), "phone": "+49..." (E.164), "digest": "15 minutes" (how long issues are gathered before they are told; 0 minutes tells each at once; else 5 minutes), "quiet_hours": {"from": "22:00", "until": "07:00", "time_zone": "Europe/Berlin"}, "time_zone": in which it reads times}; none is needed, and others are an error. Only who acts for the owner and the database''s owner see them.
Errors: 22023 a NULL, an unknown kind or key, an address that is none, 42501, 42602 the name, 25006.
Example: SELECT assay.add_owner(''ann'', ''person'', contacts => ''{"email": "ann@example.org", "quiet_hours": {"from": "22:00", "until": "07:00", "time_zone": "Europe/Berlin"}}'')';

CREATE FUNCTION assay.drop_owner(name text) RETURNS void
AS 'MODULE_PATHNAME', 'drop_owner_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.drop_owner(text) IS
'Forgets a person or a team: what it owned has no owner by that any more, teams do not have it as a member, and what it was still to be told is not told. Who took part in incidents stays in their trail. It takes the role that added it, its own role, or the database''s owner. Errors: 22023 a NULL, ML023 no such owner, ML027 it takes turns in a rotation, 42501, 25006.
Example: SELECT assay.drop_owner(name) FROM assay.owners WHERE name = ''ben''';

CREATE FUNCTION assay.add_to_team(team text, person text) RETURNS void
AS 'MODULE_PATHNAME', 'add_to_team_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.add_to_team(text, text) IS
'Makes a person a member of a team, for which its role then acts, too: what the team owns, each of its members may acknowledge. It takes the role that added the team, the team''s own role, or the database''s owner. Errors: 22023 a NULL, a person that is a team or a team that is a person, ML023 no such owner, 42501, 25006.
Example: SELECT assay.add_to_team(t.name, p.name) FROM assay.owners AS t, assay.owners AS p WHERE t.kind = ''team'' AND p.kind = ''person''';

CREATE FUNCTION assay.remove_from_team(team text, person text) RETURNS void
AS 'MODULE_PATHNAME', 'remove_from_team_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.remove_from_team(text, text) IS
'Makes a person leave a team. It takes what assay.add_to_team does. Errors: 22023 a NULL, who is no member, ML023 no such owner, 42501, 25006.
Example: SELECT assay.remove_from_team(o.name, m) FROM assay.owners AS o, unnest(o.members) AS m WHERE o.kind = ''team''';

CREATE FUNCTION assay.own(owner text, asset text DEFAULT NULL, product text DEFAULT NULL, min_severity text DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'own_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.own(text, text, text, text) IS
'Says that an owner owns an asset or a data product; said again, it changes min_severity. An asset may have several owners. What is said of an asset goes before what is said of its table, for a column or a check; that before what is said of a product that it is in; and that before what is said of the schema.
asset: as people write it: ''public.orders'', ''public.orders.amount'', ''schema:staging'', ''model:risk'', ''check:7'', ''dashboard:revenue'', ''source:crm.accounts''. It follows the name of its table, as a check does. product: the name of a data product, of which it owns what is in it and what comes out of it, not its inputs. min_severity: it is told from that severity on: warn, error (of issues), sev4, sev3, sev2, sev1 (of incidents); NULL for all.
It takes who may say things of the asset: the owner of the table, or the privilege TRIGGER on it; the owner of the schema; manage on the model; for what is outside of the database the role that first said something of it; for a product the role that added it, or its owner''s. Errors: 22023 neither asset nor product, or both, ML022 no such asset, ML023 no such owner, ML024 no such product, 42501, 25006.
Example: SELECT assay.own(name, ''application'') FROM assay.owners WHERE name = ''ann''';

CREATE FUNCTION assay.disown(owner text, asset text DEFAULT NULL, product text DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'disown_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.disown(text, text, text) IS
'Takes back what assay.own, or assay.add_data_product, said. An owner may by its role say so of itself; else it takes what assay.own does. An asset that is gone is named by the name that it had. Errors: 22023 neither asset nor product, or both, ML022, ML023 no such owner, or it does not own that, ML024, 42501, 25006.
Example: SELECT assay.disown(owner, asset) FROM assay.ownerships WHERE owner = ''ben'' AND asset IS NOT NULL';

CREATE FUNCTION assay.add_data_product(name text, priority text, owner text DEFAULT NULL, description text DEFAULT NULL) RETURNS bigint
AS 'MODULE_PATHNAME', 'add_data_product_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.add_data_product(text, text, text, text) IS
'Adds a data product: a set of assets that people rely on; gives its number. With a name that a product has, that one becomes what is said here, and keeps its assets; that takes the role that added it, its owner''s role, or the database''s owner.
priority: p1, the highest, p2 or p3. owner: who answers for it; NULL for nobody yet. description: what it is for, of up to 2000 bytes. Errors: 22023 a NULL, an unknown priority, ML023 no such owner, 42501, 42602 the name, 25006.
Example: SELECT assay.add_data_product(''lending'', ''p1'', description => ''What the branches decide by'')';

CREATE FUNCTION assay.drop_data_product(name text) RETURNS void
AS 'MODULE_PATHNAME', 'drop_data_product_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.drop_data_product(text) IS
'Forgets a data product, who owns it, what was promised of it and when it was to be worked on; its assets stay. It takes the role that added it, its owner''s role, or the database''s owner. Errors: 22023 a NULL, ML024 no such product, 42501, 25006.
Example: SELECT assay.drop_data_product(name) FROM assay.data_products WHERE name = ''lending''';

CREATE FUNCTION assay.add_to_product(product text, asset text, role text DEFAULT 'inner') RETURNS void
AS 'MODULE_PATHNAME', 'add_to_product_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.add_to_product(text, text, text) IS
'Makes an asset part of a data product; said again, it changes its role. role: input (what others make, and own), inner, or output (what people use). It takes the role that added the product, its owner''s role, or the database''s owner; and for an input the right to read the asset, else who may say things of it, as for assay.own. Errors: 22023 a NULL, an unknown role, ML022 no such asset, ML024 no such product, 42501, 25006.
Example: SELECT assay.add_to_product(name, ''application'', ''input'') FROM assay.data_products WHERE name = ''lending''';

CREATE FUNCTION assay.remove_from_product(product text, asset text) RETURNS void
AS 'MODULE_PATHNAME', 'remove_from_product_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.remove_from_product(text, text) IS
'Takes an asset out of a data product; one that is gone is named by the name that it had. It takes the role that added the product, its owner''s role, or the database''s owner. Errors: 22023 a NULL, ML022 no such asset, or it is not in the product, ML024 no such product, 42501, 25006.
Example: SELECT assay.remove_from_product(product, asset) FROM assay.product_assets WHERE product = ''lending''';

CREATE VIEW assay.owners WITH (security_barrier) AS
    SELECT o.id, o.name, o.kind, r.oid::pg_catalog.regrole AS role,
           ARRAY(SELECT p.name FROM assay.team_member m JOIN assay.owner p ON p.id OPERATOR(pg_catalog.=) m.person_id
                 WHERE m.team_id OPERATOR(pg_catalog.=) o.id ORDER BY p.name)::pg_catalog.text[] AS members,
           CASE WHEN s.is_steward OR o.id OPERATOR(pg_catalog.=) ANY (s.acting) THEN o.contacts END AS contacts,
           o.added_by::pg_catalog.regrole AS added_by, o.added_at
    FROM assay.owner o
    LEFT JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) o.role::pg_catalog.oid
    CROSS JOIN (SELECT pg_catalog.pg_has_role(d.datdba, 'USAGE') AS is_steward, ARRAY(SELECT a.owner_id FROM assay_internal.acting_owner a) AS acting
                FROM pg_catalog.pg_database d WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()) s;
COMMENT ON VIEW assay.owners IS
'People and teams. How they are told is shown to who acts for them, and to the database''s owner.
Example: SELECT name, kind, role, members FROM assay.owners ORDER BY name';
COMMENT ON COLUMN assay.owners.id IS 'The owner''s key.';
COMMENT ON COLUMN assay.owners.name IS 'The name that the functions take.';
COMMENT ON COLUMN assay.owners.kind IS 'person or team.';
COMMENT ON COLUMN assay.owners.role IS 'The database role that acts for it; NULL without one.';
COMMENT ON COLUMN assay.owners.members IS 'Of a team the persons in it, whose roles act for it, too.';
COMMENT ON COLUMN assay.owners.contacts IS 'How it is told; NULL for who may not know.';
COMMENT ON COLUMN assay.owners.added_by IS 'The role that added it.';
COMMENT ON COLUMN assay.owners.added_at IS 'When.';
GRANT SELECT ON assay.owners TO PUBLIC;

-- What the current role may know of: what it may see by itself, and what it answers for.
CREATE VIEW assay_internal.visible_asset WITH (security_barrier) AS
    SELECT a.id, a.kind, a.name, a.relation, a.column_name, a.label, a.schema_name, a.relation_name, a.added_by
    FROM assay_internal.asset_now a
    LEFT JOIN (SELECT DISTINCT o.asset_id FROM assay_internal.asset_owner o JOIN assay_internal.acting_owner t ON t.owner_id OPERATOR(pg_catalog.=) o.owner_id) own
        ON own.asset_id OPERATOR(pg_catalog.=) a.id
    WHERE own.asset_id IS NOT NULL OR assay_internal.may_see_asset(a.kind, a.name, a.relation);
COMMENT ON VIEW assay_internal.visible_asset IS 'The recorded assets that the current role may know of: the base of the views below.';
COMMENT ON COLUMN assay_internal.visible_asset.id IS 'The asset''s key.';
COMMENT ON COLUMN assay_internal.visible_asset.kind IS 'relation, column, schema, model, check, dashboard or source.';
COMMENT ON COLUMN assay_internal.visible_asset.name IS 'Its name as recorded.';
COMMENT ON COLUMN assay_internal.visible_asset.relation IS 'The relation that it is, or that the column or check is of.';
COMMENT ON COLUMN assay_internal.visible_asset.column_name IS 'The column; NULL for other kinds.';
COMMENT ON COLUMN assay_internal.visible_asset.label IS 'How people write it, as of now.';
COMMENT ON COLUMN assay_internal.visible_asset.schema_name IS 'The schema that the relation is, or was, in.';
COMMENT ON COLUMN assay_internal.visible_asset.relation_name IS 'The relation''s name as recorded.';
COMMENT ON COLUMN assay_internal.visible_asset.added_by IS 'The role that recorded the asset.';

-- A product is known to who may say things of it, to its owners, and to who may know of one of its assets.
CREATE VIEW assay_internal.visible_product WITH (security_barrier) AS
    SELECT p.id, p.name, p.priority, p.owner_id, p.description, p.added_by, p.added_at
    FROM assay.data_product p
    CROSS JOIN (SELECT pg_catalog.pg_has_role(d.datdba, 'USAGE') AS is_steward,
                       ARRAY(SELECT w.product_id FROM assay_internal.product_owner w
                             JOIN assay_internal.acting_owner a ON a.owner_id OPERATOR(pg_catalog.=) w.owner_id) AS owned
                FROM pg_catalog.pg_database d WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()) s
    WHERE s.is_steward OR p.id OPERATOR(pg_catalog.=) ANY (s.owned) OR pg_catalog.pg_has_role(p.added_by, 'USAGE')
       OR EXISTS (SELECT FROM assay.product_asset m JOIN assay_internal.asset_now a ON a.id OPERATOR(pg_catalog.=) m.asset_id
                  WHERE m.product_id OPERATOR(pg_catalog.=) p.id AND assay_internal.may_see_asset(a.kind, a.name, a.relation));
COMMENT ON VIEW assay_internal.visible_product IS 'The data products that the current role may know of: the base of the views below.';
COMMENT ON COLUMN assay_internal.visible_product.id IS 'The product''s key.';
COMMENT ON COLUMN assay_internal.visible_product.name IS 'Its name.';
COMMENT ON COLUMN assay_internal.visible_product.priority IS 'p1, the highest, to p3.';
COMMENT ON COLUMN assay_internal.visible_product.owner_id IS 'Who answers for it.';
COMMENT ON COLUMN assay_internal.visible_product.description IS 'What it is for.';
COMMENT ON COLUMN assay_internal.visible_product.added_by IS 'The role that added it.';
COMMENT ON COLUMN assay_internal.visible_product.added_at IS 'When.';

CREATE VIEW assay.ownerships WITH (security_barrier) AS
    SELECT w.name AS owner, a.label AS asset, p.name AS product, o.min_severity, o.said_by, o.said_at
    FROM (SELECT s.owner_id, s.asset_id, s.product_id, s.min_severity, s.said_by, s.said_at FROM assay.ownership s
          UNION ALL
          SELECT d.owner_id, NULL, d.id, NULL, d.added_by::pg_catalog.text, d.added_at FROM assay.data_product d
          WHERE NOT EXISTS (SELECT FROM assay.ownership s
                            WHERE s.product_id OPERATOR(pg_catalog.=) d.id AND s.owner_id OPERATOR(pg_catalog.=) d.owner_id)) o
    JOIN assay.owner w ON w.id OPERATOR(pg_catalog.=) o.owner_id
    LEFT JOIN assay_internal.visible_asset a ON a.id OPERATOR(pg_catalog.=) o.asset_id
    LEFT JOIN assay_internal.visible_product p ON p.id OPERATOR(pg_catalog.=) o.product_id
    WHERE a.id IS NOT NULL OR p.id IS NOT NULL;
COMMENT ON VIEW assay.ownerships IS
'Who was said to own which asset or data product, as far as the current role may know of these. What follows from it for each asset is in assay.assets.
Example: SELECT owner, asset, product, min_severity FROM assay.ownerships ORDER BY owner, asset, product';
COMMENT ON COLUMN assay.ownerships.owner IS 'The owner''s name.';
COMMENT ON COLUMN assay.ownerships.asset IS 'The asset, as of now; NULL for a product.';
COMMENT ON COLUMN assay.ownerships.product IS 'The data product; NULL for an asset.';
COMMENT ON COLUMN assay.ownerships.min_severity IS 'From which severity on it is told: warn, error, sev4, sev3, sev2, sev1; NULL for all.';
COMMENT ON COLUMN assay.ownerships.said_by IS 'The name of the role that said so, as it was then; for the owner that a product was added with that of the role that added it.';
COMMENT ON COLUMN assay.ownerships.said_at IS 'When.';
GRANT SELECT ON assay.ownerships TO PUBLIC;

CREATE VIEW assay.product_assets WITH (security_barrier) AS
    SELECT p.name AS product, p.priority, a.label AS asset, a.kind, m.role
    FROM assay.product_asset m
    JOIN assay_internal.visible_product p ON p.id OPERATOR(pg_catalog.=) m.product_id
    JOIN assay_internal.visible_asset a ON a.id OPERATOR(pg_catalog.=) m.asset_id;
COMMENT ON VIEW assay.product_assets IS
'What data products are made of, as far as the current role may know of both.
Example: SELECT product, asset, role FROM assay.product_assets ORDER BY product, role, asset';
COMMENT ON COLUMN assay.product_assets.product IS 'The data product.';
COMMENT ON COLUMN assay.product_assets.priority IS 'Its priority.';
COMMENT ON COLUMN assay.product_assets.asset IS 'The asset, as of now.';
COMMENT ON COLUMN assay.product_assets.kind IS 'relation, column, schema, model, check, dashboard or source.';
COMMENT ON COLUMN assay.product_assets.role IS 'input, inner or output.';
GRANT SELECT ON assay.product_assets TO PUBLIC;

CREATE VIEW assay.data_products WITH (security_barrier) AS
    SELECT p.id, p.name, p.priority, w.name AS owner, p.description,
           COALESCE(m.inputs, '{}') AS inputs, COALESCE(m.inner_assets, '{}') AS inner_assets, COALESCE(m.outputs, '{}') AS outputs,
           p.added_by::pg_catalog.regrole AS added_by, p.added_at
    FROM assay_internal.visible_product p
    LEFT JOIN assay.owner w ON w.id OPERATOR(pg_catalog.=) p.owner_id
    LEFT JOIN (
        SELECT m.product_id, pg_catalog.array_agg(a.label ORDER BY a.label) FILTER (WHERE m.role OPERATOR(pg_catalog.=) 'input') AS inputs,
               pg_catalog.array_agg(a.label ORDER BY a.label) FILTER (WHERE m.role OPERATOR(pg_catalog.=) 'inner') AS inner_assets,
               pg_catalog.array_agg(a.label ORDER BY a.label) FILTER (WHERE m.role OPERATOR(pg_catalog.=) 'output') AS outputs
        FROM assay.product_asset m JOIN assay_internal.visible_asset a ON a.id OPERATOR(pg_catalog.=) m.asset_id
        GROUP BY m.product_id) m ON m.product_id OPERATOR(pg_catalog.=) p.id;
COMMENT ON VIEW assay.data_products IS
'Data products that the current role added, answers for, or may know an asset of, with their assets as far as it may know of them; the database''s owner sees all products.
Example: SELECT name, priority, owner, inputs, outputs FROM assay.data_products ORDER BY priority, name';
COMMENT ON COLUMN assay.data_products.id IS 'The product''s key.';
COMMENT ON COLUMN assay.data_products.name IS 'Its name.';
COMMENT ON COLUMN assay.data_products.priority IS 'p1, the highest, to p3.';
COMMENT ON COLUMN assay.data_products.owner IS 'Who answers for it; NULL for nobody. assay.own may have named others: assay.ownerships.';
COMMENT ON COLUMN assay.data_products.description IS 'What it is for.';
COMMENT ON COLUMN assay.data_products.inputs IS 'The assets that go in, which others make.';
COMMENT ON COLUMN assay.data_products.inner_assets IS 'Those on the way.';
COMMENT ON COLUMN assay.data_products.outputs IS 'Those that people use.';
COMMENT ON COLUMN assay.data_products.added_by IS 'The role that added it.';
COMMENT ON COLUMN assay.data_products.added_at IS 'When.';
GRANT SELECT ON assay.data_products TO PUBLIC;

-- The tables and views of the database of which nothing is recorded yet, as far as the current role may know of them. A partition is part of its
-- table; what belongs to an extension is looked after by it.
CREATE VIEW assay_internal.unrecorded_relation WITH (security_barrier) AS
    SELECT r.oid AS relation, (pg_catalog.quote_ident(n.nspname::pg_catalog.text) OPERATOR(pg_catalog.||) '.')
               OPERATOR(pg_catalog.||) pg_catalog.quote_ident(r.relname::pg_catalog.text) AS label, n.nspname::pg_catalog.text AS schema_name
    FROM pg_catalog.pg_class r
    JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) r.relnamespace
    WHERE r.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,v,m,f}'::"char"[]) AND NOT r.relispartition
      AND n.nspname OPERATOR(pg_catalog.<>) ALL ('{information_schema,assay,assay_internal}'::pg_catalog.name[])
      AND n.nspname::pg_catalog.text OPERATOR(pg_catalog.!~) '^pg_'
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid
                      AND d.objid OPERATOR(pg_catalog.=) r.oid AND d.deptype OPERATOR(pg_catalog.=) 'e')
      AND NOT EXISTS (SELECT FROM assay_internal.asset_now a WHERE a.kind OPERATOR(pg_catalog.=) 'relation' AND a.relation OPERATOR(pg_catalog.=) r.oid)
      AND (pg_catalog.pg_has_role(r.relowner, 'USAGE') OR pg_catalog.has_table_privilege(r.oid, 'TRIGGER')
           OR (pg_catalog.has_table_privilege(r.oid, 'SELECT') OR pg_catalog.has_any_column_privilege(r.oid, 'SELECT'))
              AND pg_catalog.has_schema_privilege(r.relnamespace, 'USAGE'));
COMMENT ON VIEW assay_internal.unrecorded_relation IS 'Tables and views of which nothing is recorded, as far as the current role may know of them.';
COMMENT ON COLUMN assay_internal.unrecorded_relation.relation IS 'The relation.';
COMMENT ON COLUMN assay_internal.unrecorded_relation.label IS 'Its name.';
COMMENT ON COLUMN assay_internal.unrecorded_relation.schema_name IS 'Its schema.';

-- As visible_asset, but the owners, which are most of the work, are found out once.
CREATE VIEW assay.assets WITH (security_barrier) AS
    SELECT a.label AS asset, a.kind, a.relation::pg_catalog.regclass AS relation, o.owner, o.owned_through,
           COALESCE(p.products, '{}') AS products, p.priority, COALESCE(i.open_issues, 0) AS open_issues, a.id
    FROM assay_internal.asset_now a
    LEFT JOIN (
        SELECT e.asset_id, pg_catalog.string_agg(w.name, ', ' ORDER BY w.name) AS owner, pg_catalog.min(e.level) AS owned_through,
               pg_catalog.bool_or(t.owner_id IS NOT NULL) AS is_own
        FROM assay_internal.asset_owner e JOIN assay.owner w ON w.id OPERATOR(pg_catalog.=) e.owner_id
        LEFT JOIN assay_internal.acting_owner t ON t.owner_id OPERATOR(pg_catalog.=) e.owner_id
        GROUP BY e.asset_id) o ON o.asset_id OPERATOR(pg_catalog.=) a.id
    LEFT JOIN (
        SELECT m.asset_id, pg_catalog.array_agg(d.name ORDER BY d.name) AS products, pg_catalog.min(d.priority) AS priority
        FROM assay.product_asset m JOIN assay_internal.visible_product d ON d.id OPERATOR(pg_catalog.=) m.product_id
        GROUP BY m.asset_id) p ON p.asset_id OPERATOR(pg_catalog.=) a.id
    LEFT JOIN (
        SELECT s.asset_id, pg_catalog.count(*) AS open_issues FROM assay.issue s
        WHERE s.status OPERATOR(pg_catalog.=) 'open' GROUP BY s.asset_id) i ON i.asset_id OPERATOR(pg_catalog.=) a.id
    WHERE COALESCE(o.is_own, false) OR assay_internal.may_see_asset(a.kind, a.name, a.relation)
    UNION ALL
    SELECT r.label, 'relation', r.relation::pg_catalog.regclass, s.owner, CASE WHEN s.owner IS NOT NULL THEN 'schema' END, '{}', NULL, 0, NULL
    FROM assay_internal.unrecorded_relation r
    LEFT JOIN (
        SELECT e.schema_name, pg_catalog.string_agg(w.name, ', ' ORDER BY w.name) AS owner
        FROM assay_internal.schema_owner e JOIN assay.owner w ON w.id OPERATOR(pg_catalog.=) e.owner_id
        GROUP BY e.schema_name) s ON s.schema_name OPERATOR(pg_catalog.=) r.schema_name
    UNION ALL
    SELECT 'model:' OPERATOR(pg_catalog.||) m.name, 'model', NULL, NULL, NULL, '{}', NULL, 0, NULL
    FROM assay_internal.visible_model m
    WHERE NOT EXISTS (SELECT FROM assay.asset a WHERE a.kind OPERATOR(pg_catalog.=) 'model' AND a.name OPERATOR(pg_catalog.=) m.name);
COMMENT ON VIEW assay.assets IS
'All tables and views of the database, without the system''s, those of extensions and partitions; all models; and every other asset of which something is recorded, as far as the current role may know of them: who owns them now, and through what. An owner knows of what it owns.
Example: SELECT asset, kind, owner, owned_through, products, open_issues FROM assay.assets WHERE owner IS NOT NULL ORDER BY asset';
COMMENT ON COLUMN assay.assets.asset IS 'The asset, as people write it, as of now.';
COMMENT ON COLUMN assay.assets.kind IS 'relation, column, schema, model, check, dashboard or source.';
COMMENT ON COLUMN assay.assets.relation IS 'The table or view that it is, or is of; NULL where that is gone, and for other kinds.';
COMMENT ON COLUMN assay.assets.owner IS 'Who owns it: those of whom the most specific was said, their names separated by commas; NULL for nobody.';
COMMENT ON COLUMN assay.assets.owned_through IS 'Of what they are the owners: asset, relation (that of the column or check), product or schema.';
COMMENT ON COLUMN assay.assets.products IS 'The data products that it is in.';
COMMENT ON COLUMN assay.assets.priority IS 'The highest priority of these.';
COMMENT ON COLUMN assay.assets.open_issues IS 'How many issues of it are open.';
COMMENT ON COLUMN assay.assets.id IS 'The asset''s key; NULL where nothing is recorded of it.';
GRANT SELECT ON assay.assets TO PUBLIC;

CREATE VIEW assay.unowned_assets WITH (security_barrier) AS
    SELECT a.asset, a.kind, a.relation, a.products, a.priority, a.open_issues, a.id
    FROM assay.assets a
    WHERE a.owner IS NULL AND a.kind OPERATOR(pg_catalog.<>) ALL ('{column,check,schema}')
      AND (a.relation IS NOT NULL OR a.kind OPERATOR(pg_catalog.<>) 'relation');
COMMENT ON VIEW assay.unowned_assets IS
'The assets of assay.assets that nobody answers for. A column or a check has the owners of its table, where it has none of its own, and is not listed beside it; nor is a table that is gone.
Example: SELECT asset, kind, priority, open_issues FROM assay.unowned_assets ORDER BY open_issues DESC, asset';
COMMENT ON COLUMN assay.unowned_assets.asset IS 'The asset, as people write it.';
COMMENT ON COLUMN assay.unowned_assets.kind IS 'relation, model, dashboard or source.';
COMMENT ON COLUMN assay.unowned_assets.relation IS 'The table or view that it is; NULL for other kinds.';
COMMENT ON COLUMN assay.unowned_assets.products IS 'The data products that it is in.';
COMMENT ON COLUMN assay.unowned_assets.priority IS 'The highest priority of these.';
COMMENT ON COLUMN assay.unowned_assets.open_issues IS 'How many issues of it are open.';
COMMENT ON COLUMN assay.unowned_assets.id IS 'The asset''s key; NULL where nothing is recorded of it.';
GRANT SELECT ON assay.unowned_assets TO PUBLIC;

CREATE FUNCTION assay_internal.guard_asset() RETURNS trigger
AS 'MODULE_PATHNAME', 'guard_asset_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay_internal.guard_asset() IS
'Trigger before INSERT of an asset: its relation is the one that bears its name, if that is not a stranger''s; a number says nothing in another database.';
CREATE TRIGGER b_guard BEFORE INSERT ON assay.asset FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_asset();

CREATE TRIGGER inserted AFTER INSERT ON assay.owner REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('owners', 'added_by', 'role');
CREATE TRIGGER updated AFTER UPDATE ON assay.owner REFERENCING OLD TABLE AS old NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('owners', 'added_by', 'role');
CREATE TRIGGER deleted AFTER DELETE ON assay.owner REFERENCING OLD TABLE AS old
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('owners', 'added_by', 'role');

CREATE TRIGGER inserted AFTER INSERT ON assay.asset REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('assets', 'added_by', 'relation_owner');
CREATE TRIGGER updated AFTER UPDATE ON assay.asset REFERENCING OLD TABLE AS old NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('assets', 'added_by', 'relation_owner');
CREATE TRIGGER deleted AFTER DELETE ON assay.asset REFERENCING OLD TABLE AS old
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('assets', 'added_by', 'relation_owner');

CREATE TRIGGER inserted AFTER INSERT ON assay.data_product REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('data_products', 'added_by');
CREATE TRIGGER updated AFTER UPDATE ON assay.data_product REFERENCING OLD TABLE AS old NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('data_products', 'added_by');
CREATE TRIGGER deleted AFTER DELETE ON assay.data_product REFERENCING OLD TABLE AS old
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('data_products', 'added_by');

-- Who has to act, and by when: calendars, rotations, policies, and what they are told.

CREATE TABLE assay.business_calendar (
    name      text COLLATE "C" NOT NULL,
    time_zone text NOT NULL,
    hours     jsonb NOT NULL,
    holidays  date[] NOT NULL DEFAULT '{}',
    added_by  assay.role NOT NULL,
    added_at  timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CONSTRAINT business_calendar_pkey PRIMARY KEY (name)
);
COMMENT ON TABLE assay.business_calendar IS 'Working hours. Read the view assay.calendars instead.';
COMMENT ON COLUMN assay.business_calendar.name IS 'The calendar''s name.';
COMMENT ON COLUMN assay.business_calendar.time_zone IS 'The time zone of its hours.';
COMMENT ON COLUMN assay.business_calendar.hours IS 'The hours of each day of the week, as assay.add_calendar takes them.';
COMMENT ON COLUMN assay.business_calendar.holidays IS 'Days without working hours.';
COMMENT ON COLUMN assay.business_calendar.added_by IS 'The role that added it.';
COMMENT ON COLUMN assay.business_calendar.added_at IS 'When.';

CREATE TABLE assay.rotation (
    id        bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    name      text COLLATE "C" NOT NULL,
    people    bigint[] NOT NULL,
    starts_at timestamptz NOT NULL,
    shift     interval NOT NULL,
    time_zone text NOT NULL,
    added_by  assay.role NOT NULL,
    added_at  timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CONSTRAINT rotation_name_key UNIQUE (name)
);
COMMENT ON TABLE assay.rotation IS 'Who is on call in turn. Read the view assay.on_call instead.';
COMMENT ON COLUMN assay.rotation.id IS 'The rotation''s key.';
COMMENT ON COLUMN assay.rotation.name IS 'Its name.';
COMMENT ON COLUMN assay.rotation.people IS 'The people, in the order of their turns.';
COMMENT ON COLUMN assay.rotation.starts_at IS 'When the first of them begins.';
COMMENT ON COLUMN assay.rotation.shift IS 'How long each has.';
COMMENT ON COLUMN assay.rotation.time_zone IS 'In which shifts of days begin at the same hour.';
COMMENT ON COLUMN assay.rotation.added_by IS 'The role that added it.';
COMMENT ON COLUMN assay.rotation.added_at IS 'When.';

CREATE TABLE assay.rotation_override (
    id          bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    rotation_id bigint NOT NULL REFERENCES assay.rotation ON DELETE CASCADE,
    person_id   bigint NOT NULL REFERENCES assay.owner ON DELETE CASCADE,
    during      tstzrange NOT NULL,
    said_by     text NOT NULL,
    said_at     timestamptz NOT NULL DEFAULT pg_catalog.now()
);
ALTER TABLE assay.rotation_override DISABLE TRIGGER ALL;
COMMENT ON TABLE assay.rotation_override IS 'Who stands in for whose turn it is.';
COMMENT ON COLUMN assay.rotation_override.id IS 'The row''s key.';
COMMENT ON COLUMN assay.rotation_override.rotation_id IS 'The rotation.';
COMMENT ON COLUMN assay.rotation_override.person_id IS 'Who stands in.';
COMMENT ON COLUMN assay.rotation_override.during IS 'When.';
COMMENT ON COLUMN assay.rotation_override.said_by IS 'The name of the role that said so, as it was then.';
COMMENT ON COLUMN assay.rotation_override.said_at IS 'When that was.';

CREATE TABLE assay.response_policy (
    severity       text COLLATE "C" NOT NULL CHECK (severity OPERATOR(pg_catalog.=) ANY ('{sev1,sev2,sev3,sev4}')),
    ack_within     interval,
    resolve_within interval,
    calendar       text COLLATE "C",
    auto_declare   jsonb,
    steps          jsonb NOT NULL DEFAULT '[]',
    changed_by     text NOT NULL,
    changed_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CONSTRAINT response_policy_pkey PRIMARY KEY (severity)
);
COMMENT ON TABLE assay.response_policy IS 'How soon incidents of a severity are to be dealt with. Read the view assay.incident_policies instead.';
COMMENT ON COLUMN assay.response_policy.severity IS 'sev1 to sev4.';
COMMENT ON COLUMN assay.response_policy.ack_within IS 'How soon somebody is to take an incident on; NULL for no limit.';
COMMENT ON COLUMN assay.response_policy.resolve_within IS 'How soon it is to be resolved; NULL for no limit.';
COMMENT ON COLUMN assay.response_policy.calendar IS 'The calendar in whose working hours that is counted; NULL for all hours.';
COMMENT ON COLUMN assay.response_policy.auto_declare IS 'Of which issues an incident of the severity is declared at once, as assay.incident_policy takes it; NULL for none.';
COMMENT ON COLUMN assay.response_policy.steps IS 'Who is told when nobody acts, as assay.incident_policy takes it.';
COMMENT ON COLUMN assay.response_policy.changed_by IS 'The name of the role that set it, as it was then.';
COMMENT ON COLUMN assay.response_policy.changed_at IS 'When.';

CREATE TABLE assay.escalation (
    incident_id bigint NOT NULL REFERENCES assay.incident ON DELETE CASCADE,
    cause       text COLLATE "C" NOT NULL,
    step        integer NOT NULL,
    due_at      timestamptz NOT NULL,
    at          timestamptz NOT NULL,
    told        text[] NOT NULL,
    PRIMARY KEY (incident_id, cause, step)
);
ALTER TABLE assay.escalation DISABLE TRIGGER ALL;
COMMENT ON TABLE assay.escalation IS 'Steps of escalation that were taken, each once.';
COMMENT ON COLUMN assay.escalation.incident_id IS 'The incident.';
COMMENT ON COLUMN assay.escalation.cause IS 'acknowledge or resolve: what is late.';
COMMENT ON COLUMN assay.escalation.step IS 'The step''s number, from 1.';
COMMENT ON COLUMN assay.escalation.due_at IS 'When it was due.';
COMMENT ON COLUMN assay.escalation.at IS 'When it was taken.';
COMMENT ON COLUMN assay.escalation.told IS 'Who was told.';

CREATE TABLE assay.notification (
    id              bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    owner_id        bigint NOT NULL REFERENCES assay.owner ON DELETE CASCADE,
    kind            text COLLATE "C" NOT NULL,
    key             text COLLATE "C" NOT NULL,
    incident_id     bigint,
    subject         text NOT NULL,
    items           jsonb NOT NULL,
    status          text COLLATE "C" NOT NULL DEFAULT 'pending' CHECK (status OPERATOR(pg_catalog.=) ANY ('{pending,sending,sent,failed,dropped}')),
    attempts        integer NOT NULL DEFAULT 0,
    created_at      timestamptz NOT NULL,
    due_at          timestamptz NOT NULL,
    claimed_until   timestamptz,
    sent_at         timestamptz,
    detail          text,
    more            bigint NOT NULL DEFAULT 0,
    repeated        boolean NOT NULL DEFAULT false,
    CONSTRAINT notification_key_key UNIQUE (owner_id, key)
);
ALTER TABLE assay.notification DISABLE TRIGGER ALL;
-- By what a notification is about.
CREATE INDEX notification_topic_idx ON assay.notification (owner_id, (pg_catalog.split_part(key, '#', 1)));
CREATE INDEX notification_due_idx ON assay.notification (due_at, id) WHERE status OPERATOR(pg_catalog.=) ANY ('{pending,sending}');
COMMENT ON TABLE assay.notification IS 'The outbox: what owners are to be told. Read the view assay.notifications instead.';
COMMENT ON COLUMN assay.notification.id IS 'The notification''s key.';
COMMENT ON COLUMN assay.notification.owner_id IS 'Who is told.';
COMMENT ON COLUMN assay.notification.kind IS 'issues, incident, escalation or burn.';
COMMENT ON COLUMN assay.notification.key IS 'What it is about and in which digest window: there is one for each owner and key.';
COMMENT ON COLUMN assay.notification.incident_id IS 'The incident, if it is about one.';
COMMENT ON COLUMN assay.notification.subject IS 'One line.';
COMMENT ON COLUMN assay.notification.items IS 'What there is to tell, in the order in which it happened.';
COMMENT ON COLUMN assay.notification.status IS 'pending, sending, sent, failed (given up) or dropped.';
COMMENT ON COLUMN assay.notification.attempts IS 'How often somebody has set out to deliver it.';
COMMENT ON COLUMN assay.notification.created_at IS 'When it was written.';
COMMENT ON COLUMN assay.notification.due_at IS 'From when on it is to be delivered: the end of its digest window, of quiet hours, of a maintenance window, or the next attempt.';
COMMENT ON COLUMN assay.notification.claimed_until IS 'Until when a sender is at it.';
COMMENT ON COLUMN assay.notification.sent_at IS 'When it was delivered.';
COMMENT ON COLUMN assay.notification.detail IS 'What the sender said of its last attempt.';
COMMENT ON COLUMN assay.notification.more IS 'How much more there was to tell than items has room for.';
COMMENT ON COLUMN assay.notification.repeated IS 'Whether a sender did not say what became of it, so that it may have been delivered before.';

CREATE TRIGGER a_claim BEFORE INSERT ON assay.business_calendar FOR EACH ROW EXECUTE FUNCTION assay_internal.claim_row('added_by');
CREATE TRIGGER a_claim BEFORE INSERT ON assay.rotation FOR EACH ROW EXECUTE FUNCTION assay_internal.claim_row('added_by');

SELECT pg_catalog.pg_extension_config_dump('assay.business_calendar', '');
SELECT pg_catalog.pg_extension_config_dump('assay.rotation', '');
SELECT pg_catalog.pg_extension_config_dump('assay.rotation_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('assay.rotation_override', '');
SELECT pg_catalog.pg_extension_config_dump('assay.rotation_override_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('assay.response_policy', '');
SELECT pg_catalog.pg_extension_config_dump('assay.escalation', '');
SELECT pg_catalog.pg_extension_config_dump('assay.notification', '');
SELECT pg_catalog.pg_extension_config_dump('assay.notification_id_seq', '');

-- What dbt says: the models, sources, exposures and tests of projects, from their manifests, and how their tests last ended.

CREATE TABLE assay.dbt_node (
    project     text COLLATE "C" NOT NULL,
    unique_id   text COLLATE "C" NOT NULL,
    kind        text COLLATE "C" NOT NULL CHECK (kind OPERATOR(pg_catalog.=) ANY ('{model,seed,snapshot,source,exposure,test,unit_test}')),
    asset_id    bigint NOT NULL REFERENCES assay.asset ON DELETE CASCADE,
    said        jsonb NOT NULL,
    imported_by text NOT NULL,
    imported_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    status      text COLLATE "C",
    failures    bigint,
    invocation  text,
    run_at      timestamptz,
    PRIMARY KEY (project, unique_id)
);
ALTER TABLE assay.dbt_node DISABLE TRIGGER ALL;
CREATE INDEX dbt_node_asset_idx ON assay.dbt_node (asset_id);
CREATE INDEX dbt_node_unique_id_idx ON assay.dbt_node (unique_id);
COMMENT ON TABLE assay.dbt_node IS 'What manifests of dbt say there is. Read the view assay.dbt_nodes instead.';
COMMENT ON COLUMN assay.dbt_node.project IS 'What the import is known by: the project''s name, or the one that it was given.';
COMMENT ON COLUMN assay.dbt_node.unique_id IS 'dbt''s name for it, such as model.shop.orders.';
COMMENT ON COLUMN assay.dbt_node.kind IS 'model, seed, snapshot, source, exposure, test or unit_test.';
COMMENT ON COLUMN assay.dbt_node.asset_id IS 'What it is here; of a test what it tests.';
COMMENT ON COLUMN assay.dbt_node.said IS 'What the manifest says of it.';
COMMENT ON COLUMN assay.dbt_node.imported_by IS 'The name of the role that last imported something new of it, as it was then.';
COMMENT ON COLUMN assay.dbt_node.imported_at IS 'When.';
COMMENT ON COLUMN assay.dbt_node.status IS 'How it last ended: pass, warn, fail or error; NULL where no result was imported.';
COMMENT ON COLUMN assay.dbt_node.failures IS 'How many failures dbt counted.';
COMMENT ON COLUMN assay.dbt_node.invocation IS 'The run of dbt that this is from.';
COMMENT ON COLUMN assay.dbt_node.run_at IS 'When that was.';

-- Which edges and owners are the manifests': what people say besides stays when a manifest no longer says it.
CREATE TABLE assay.dbt_edge (
    project       text COLLATE "C" NOT NULL,
    upstream_id   bigint NOT NULL REFERENCES assay.asset ON DELETE CASCADE,
    downstream_id bigint NOT NULL REFERENCES assay.asset ON DELETE CASCADE,
    PRIMARY KEY (upstream_id, downstream_id, project)
);
ALTER TABLE assay.dbt_edge DISABLE TRIGGER ALL;
CREATE INDEX dbt_edge_downstream_idx ON assay.dbt_edge (downstream_id);
COMMENT ON TABLE assay.dbt_edge IS 'Which dependencies are known from which project of dbt.';
COMMENT ON COLUMN assay.dbt_edge.project IS 'What the import is known by.';
COMMENT ON COLUMN assay.dbt_edge.upstream_id IS 'The asset that is read.';
COMMENT ON COLUMN assay.dbt_edge.downstream_id IS 'The asset that is made of it.';

CREATE TABLE assay.dbt_ownership (
    project  text COLLATE "C" NOT NULL,
    asset_id bigint NOT NULL REFERENCES assay.asset ON DELETE CASCADE,
    owner_id bigint NOT NULL REFERENCES assay.owner ON DELETE CASCADE,
    PRIMARY KEY (asset_id, owner_id, project)
);
ALTER TABLE assay.dbt_ownership DISABLE TRIGGER ALL;
CREATE INDEX dbt_ownership_owner_idx ON assay.dbt_ownership (owner_id);
COMMENT ON TABLE assay.dbt_ownership IS 'Which owners are known from which project of dbt.';
COMMENT ON COLUMN assay.dbt_ownership.project IS 'What the import is known by.';
COMMENT ON COLUMN assay.dbt_ownership.asset_id IS 'What is owned.';
COMMENT ON COLUMN assay.dbt_ownership.owner_id IS 'Who owns it.';

CREATE VIEW assay.dbt_nodes WITH (security_barrier) AS
    SELECT n.project, n.unique_id, n.kind, assay_internal.asset_label(a.kind, a.name, now.relation, a.column_name) AS asset,
           n.said OPERATOR(pg_catalog.->>) 'column' AS column_name, n.said OPERATOR(pg_catalog.->) 'details' AS details,
           n.status, n.failures, n.run_at, n.imported_by, n.imported_at
    FROM assay.dbt_node n
    JOIN assay.asset a ON a.id OPERATOR(pg_catalog.=) n.asset_id
    CROSS JOIN LATERAL (SELECT CASE WHEN a.relation_name IS NOT NULL
        THEN assay_internal.asset_relation(a.relation::pg_catalog.oid, a.relation_name, a.relation_owner::pg_catalog.oid, a.added_by::pg_catalog.oid) END
        AS relation) AS now
    WHERE assay_internal.may_see_asset(a.kind, a.name, now.relation);
COMMENT ON VIEW assay.dbt_nodes IS
'What manifests of dbt say there is, of assets that the current role may know of, and how it last ended.
Example: SELECT asset, unique_id, status, failures FROM assay.dbt_nodes WHERE kind = ''test'' AND status <> ''pass'' ORDER BY asset';
COMMENT ON COLUMN assay.dbt_nodes.project IS 'What the import is known by: the project''s name, or the one that it was given.';
COMMENT ON COLUMN assay.dbt_nodes.unique_id IS 'dbt''s name for it, such as model.shop.orders.';
COMMENT ON COLUMN assay.dbt_nodes.kind IS 'model, seed, snapshot, source, exposure, test or unit_test.';
COMMENT ON COLUMN assay.dbt_nodes.asset IS 'What it is here; of a test what it tests.';
COMMENT ON COLUMN assay.dbt_nodes.column_name IS 'Of a test the column that it stands at.';
COMMENT ON COLUMN assay.dbt_nodes.details IS 'What the manifest says of it: description, tags, materialized; of a source loaded_at_field and freshness; of an exposure type, label, maturity and url; of a test its name, its kind and its severity.';
COMMENT ON COLUMN assay.dbt_nodes.status IS 'How it last ended: pass, warn, fail or error; NULL where no result was imported.';
COMMENT ON COLUMN assay.dbt_nodes.failures IS 'How many failures dbt counted.';
COMMENT ON COLUMN assay.dbt_nodes.run_at IS 'When the run of dbt was that this is from.';
COMMENT ON COLUMN assay.dbt_nodes.imported_by IS 'The name of the role that last imported something new of it, as it was then.';
COMMENT ON COLUMN assay.dbt_nodes.imported_at IS 'When.';
GRANT SELECT ON assay.dbt_nodes TO PUBLIC;

CREATE FUNCTION assay.import_dbt_manifest(manifest jsonb, project text DEFAULT NULL)
RETURNS TABLE (action text, kind text, name text, asset text, message text)
AS 'MODULE_PATHNAME', 'import_dbt_manifest_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.import_dbt_manifest(jsonb, text) IS
'Imports what a manifest of dbt says (target/manifest.json, schema v12 of dbt 1.8 to 1.11): models, seeds and snapshots as the relations that they build, sources as the relations that they are or as source:NAME where there is none here, exposures as dashboard:NAME, what depends on what (not of columns, which no manifest says), groups and meta.owner as owners, tests, and freshness. Returns what has become of each: added, changed, removed, unchanged, or skipped with a message that says why. An import replaces what the one before of the same project said, which is the name in the manifest unless another one is given, as for a second target of one project in one database. It takes control of each relation that something is said of (its owner or the privilege TRIGGER; of one that is not built yet CREATE on its schema); others are skipped. Keys that are not known are ignored. Errors: 22023 for a manifest that is NULL, lacks a key, has one of a wrong type or is of another schema version, 42602 for the name of a project, 54000 for more than 200,000 nodes, 20,000 groups, or 1,000,000 dependencies and owners, 25006 in a read-only transaction.
Example: SELECT action, kind, name, asset FROM assay.import_dbt_manifest(''{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json", "project_name": "shop"}, "nodes": {}, "sources": {}, "groups": {}, "exposures": {"exposure.shop.weekly_revenue": {"name": "weekly_revenue", "type": "dashboard", "depends_on": {"nodes": []}}}}'')';

CREATE FUNCTION assay.import_dbt_run_results(results jsonb, project text DEFAULT NULL)
RETURNS TABLE (action text, kind text, name text, asset text, message text)
AS 'MODULE_PATHNAME', 'import_dbt_run_results_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.import_dbt_run_results(jsonb, text) IS
'Imports how a run of dbt ended (target/run_results.json, schema v6 of dbt 1.8 to 1.11), once its manifest has been imported. A test that fails, warns or cannot run, and a model that cannot be built, opens an issue of kind dbt on its asset, or is another occurrence of it; one that passes closes it. Returns what each was: failed, warned, passed, unchanged where it was imported before or a later result was, or skipped with a message that says why. Messages of dbt, which may show values of rows, are not kept. project says whose results they are where several imported projects know the same test. It takes control of each asset; others are skipped. Errors: 22023 for results that are NULL, lack a key, have one of a wrong type or are of another schema version, 54000 for more than 200,000 results, 25006 in a read-only transaction.
Example: SELECT action, name, asset FROM assay.import_dbt_run_results(''{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json", "generated_at": "2024-05-01T06:00:00Z", "invocation_id": "5f0e"}, "results": []}'')';

SELECT pg_catalog.pg_extension_config_dump('assay.dbt_node', '');
SELECT pg_catalog.pg_extension_config_dump('assay.dbt_edge', '');
SELECT pg_catalog.pg_extension_config_dump('assay.dbt_ownership', '');

-- What owners are told, when, and who takes it to them.

-- How an owner is told. A digest is of at most a day.
CREATE VIEW assay_internal.owner_contact WITH (security_barrier) AS
    SELECT o.id AS owner_id,
           LEAST(GREATEST(EXTRACT(epoch FROM COALESCE(o.contacts OPERATOR(pg_catalog.->>) 'digest', '5 minutes')::pg_catalog.interval)::pg_catalog.float8, 0), 86400) AS digest_seconds,
           (q.hours OPERATOR(pg_catalog.->>) 'from')::pg_catalog.time AS quiet_from,
           (q.hours OPERATOR(pg_catalog.->>) 'until')::pg_catalog.time AS quiet_until,
           COALESCE(q.hours OPERATOR(pg_catalog.->>) 'time_zone', o.contacts OPERATOR(pg_catalog.->>) 'time_zone', 'UTC') AS time_zone
    FROM assay.owner o
    CROSS JOIN LATERAL (SELECT o.contacts OPERATOR(pg_catalog.->) 'quiet_hours' AS hours) q;
COMMENT ON VIEW assay_internal.owner_contact IS 'How owners want to be told: what of that decides when.';
COMMENT ON COLUMN assay_internal.owner_contact.owner_id IS 'The owner.';
COMMENT ON COLUMN assay_internal.owner_contact.digest_seconds IS 'How long issues are gathered before they are told.';
COMMENT ON COLUMN assay_internal.owner_contact.quiet_from IS 'The time of day from which it is not to be disturbed; NULL for never.';
COMMENT ON COLUMN assay_internal.owner_contact.quiet_until IS 'And until when, on the next day where that is earlier.';
COMMENT ON COLUMN assay_internal.owner_contact.time_zone IS 'Where that is the time, and in which it reads times.';

-- Service levels: what is promised, and how well it is kept.

CREATE TABLE assay.sla (
    id         bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    asset_id   bigint REFERENCES assay.asset ON DELETE CASCADE,
    product_id bigint REFERENCES assay.data_product ON DELETE CASCADE,
    sli        text COLLATE "C" NOT NULL,
    objective  double precision NOT NULL,
    period     text COLLATE "C" NOT NULL,
    options    jsonb NOT NULL DEFAULT '{}',
    added_by   assay.role NOT NULL,
    added_at   timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CONSTRAINT sla_target_check CHECK ((asset_id IS NULL) OPERATOR(pg_catalog.<>) (product_id IS NULL))
);
ALTER TABLE assay.sla DISABLE TRIGGER ALL;
COMMENT ON TABLE assay.sla IS 'Service levels. Read the view assay.slas instead.';
COMMENT ON COLUMN assay.sla.id IS 'The service level''s key.';
COMMENT ON COLUMN assay.sla.asset_id IS 'The asset that it is about.';
COMMENT ON COLUMN assay.sla.product_id IS 'Or the product.';
COMMENT ON COLUMN assay.sla.sli IS 'What is measured: freshness, error_rate, availability, completeness, latency or performance.';
COMMENT ON COLUMN assay.sla.objective IS 'The share of slices or occurrences that are to be good.';
COMMENT ON COLUMN assay.sla.period IS 'The window: an interval that rolls, such as 30 days, or week, month, quarter, year of the calendar.';
COMMENT ON COLUMN assay.sla.options IS 'How it is measured, as assay.add_sla takes it.';
COMMENT ON COLUMN assay.sla.added_by IS 'The role that added it.';
COMMENT ON COLUMN assay.sla.added_at IS 'When.';

CREATE TABLE assay.maintenance (
    id         bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    asset_id   bigint REFERENCES assay.asset ON DELETE CASCADE,
    product_id bigint REFERENCES assay.data_product ON DELETE CASCADE,
    during     tstzrange NOT NULL,
    reason     text NOT NULL,
    added_by   assay.role NOT NULL,
    added_at   timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CONSTRAINT maintenance_target_check CHECK ((asset_id IS NULL) OPERATOR(pg_catalog.<>) (product_id IS NULL))
);
ALTER TABLE assay.maintenance DISABLE TRIGGER ALL;
COMMENT ON TABLE assay.maintenance IS 'Maintenance that was announced. Read the view assay.maintenance_windows instead.';
COMMENT ON COLUMN assay.maintenance.id IS 'The window''s key.';
COMMENT ON COLUMN assay.maintenance.asset_id IS 'The asset that is worked on.';
COMMENT ON COLUMN assay.maintenance.product_id IS 'Or the product.';
COMMENT ON COLUMN assay.maintenance.during IS 'When.';
COMMENT ON COLUMN assay.maintenance.reason IS 'Why.';
COMMENT ON COLUMN assay.maintenance.added_by IS 'The role that announced it.';
COMMENT ON COLUMN assay.maintenance.added_at IS 'When.';

CREATE FUNCTION assay_internal.target_label(asset_id bigint, product_id bigint) RETURNS text
AS 'MODULE_PATHNAME', 'target_label_wrapper' LANGUAGE c STABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.target_label(bigint, bigint) IS
'How a recorded asset, or a data product, is written as the target of a service level or of maintenance: public.orders, model:risk, product:sales. NULL where there is neither, and to who may not know of it.';

CREATE FUNCTION assay_internal.may_see_target(asset_id bigint, product_id bigint) RETURNS boolean
AS 'MODULE_PATHNAME', 'may_see_target_wrapper' LANGUAGE c STABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.may_see_target(bigint, bigint) IS
'Whether the current role may know of a target: an asset as assay_internal.may_see_asset says; a data product if it added it, acts for its owner or the database''s, or may see one of its assets.';

-- What is worked on: the assets named, those of products but for their inputs, which are others'; and with a relation its columns and checks, with
-- a schema what is in it. Whoever asks: it is for the views and functions on top to say no more than each role may know.
CREATE VIEW assay_internal.maintenance_of_asset WITH (security_barrier) AS
    WITH named AS MATERIALIZED (
        SELECT a.id, a.kind, a.name, n.during, n.reason
        FROM (SELECT m.asset_id, m.during, m.reason FROM assay.maintenance m WHERE m.asset_id IS NOT NULL
              UNION
              SELECT p.asset_id, m.during, m.reason
              FROM assay.maintenance m
              JOIN assay.product_asset p ON p.product_id OPERATOR(pg_catalog.=) m.product_id AND p.role OPERATOR(pg_catalog.<>) 'input') n
        JOIN assay.asset a ON a.id OPERATOR(pg_catalog.=) n.asset_id)
    SELECT n.id AS asset_id, n.during, n.reason FROM named n
    UNION
    SELECT a.id, n.during, n.reason FROM named n JOIN assay.asset a ON a.base_id OPERATOR(pg_catalog.=) n.id
    UNION
    SELECT a.id, n.during, n.reason
    FROM named n
    JOIN assay.asset a ON pg_catalog.starts_with(a.relation_name, (pg_catalog.quote_ident(n.name) OPERATOR(pg_catalog.||) '.'))
    WHERE n.kind OPERATOR(pg_catalog.=) 'schema';
COMMENT ON VIEW assay_internal.maintenance_of_asset IS
'Which assets are under maintenance, and when: assets named themselves, those of products but for their inputs, columns and checks of a relation, and what is in a schema.';
COMMENT ON COLUMN assay_internal.maintenance_of_asset.asset_id IS 'The asset.';
COMMENT ON COLUMN assay_internal.maintenance_of_asset.during IS 'When.';
COMMENT ON COLUMN assay_internal.maintenance_of_asset.reason IS 'Why.';

CREATE VIEW assay.maintenance_windows WITH (security_barrier) AS
    SELECT m.id, assay_internal.target_label(m.asset_id, m.product_id) AS target, m.during, m.reason,
           m.added_at OPERATOR(pg_catalog.<=) pg_catalog.lower(m.during) AS announced,
           m.added_by::pg_catalog.regrole AS added_by, m.added_at
    FROM assay.maintenance m
    WHERE assay_internal.may_see_target(m.asset_id, m.product_id);
COMMENT ON VIEW assay.maintenance_windows IS
'Maintenance of targets that the current role may know of, past and to come. What happens in it is not held against a service level, and nobody is told of it until it is over.
Example: SELECT target, during, reason, announced FROM assay.maintenance_windows ORDER BY id';
COMMENT ON COLUMN assay.maintenance_windows.id IS 'The window''s key, which assay.drop_maintenance takes.';
COMMENT ON COLUMN assay.maintenance_windows.target IS 'The asset, or product: with a data product''s name.';
COMMENT ON COLUMN assay.maintenance_windows.during IS 'When.';
COMMENT ON COLUMN assay.maintenance_windows.reason IS 'Why.';
COMMENT ON COLUMN assay.maintenance_windows.announced IS 'Whether it was added before it began: what is added later still counts, and is shown.';
COMMENT ON COLUMN assay.maintenance_windows.added_by IS 'The role that announced it.';
COMMENT ON COLUMN assay.maintenance_windows.added_at IS 'When it did.';
GRANT SELECT ON assay.maintenance_windows TO PUBLIC;

CREATE FUNCTION assay.add_maintenance(target text, during tstzrange, reason text) RETURNS bigint
AS 'MODULE_PATHNAME', 'add_maintenance_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.add_maintenance(text, tstzrange, text) IS
'Announces maintenance, and gives its number. target: an asset, which stands for its columns and checks, schema:NAME for what is in it, or product:NAME for the product''s assets but for its inputs. during: from its lower end on, up to its upper end, both of which it needs. reason: a sentence, at most 1,000 bytes. Time in it is left out of service levels and uptime and shown beside them; notifications wait until it is over. Takes who may say things of the target: a relation''s owner or the privilege TRIGGER, of a product who added it or its owner. Errors: 22023 a NULL, a window that is empty or has no end, ML022 no such asset, ML024 no such product, 42501, 25006.
Example: SELECT assay.add_maintenance(''public.application'', tstzrange(''2026-06-06 22:00'', ''2026-06-07 04:00''), ''new disks'')';

CREATE FUNCTION assay.drop_maintenance(id bigint) RETURNS void
AS 'MODULE_PATHNAME', 'drop_maintenance_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.drop_maintenance(bigint) IS
'Takes maintenance back: its time counts again. Takes who may announce it. Errors: 22023 a NULL, ML029 no such window, 42501, 25006.
Example: SELECT assay.drop_maintenance(id) FROM assay.maintenance_windows WHERE target = ''public.application''';

CREATE TRIGGER a_claim BEFORE INSERT ON assay.sla FOR EACH ROW EXECUTE FUNCTION assay_internal.claim_row('added_by');
CREATE TRIGGER a_claim BEFORE INSERT ON assay.maintenance FOR EACH ROW EXECUTE FUNCTION assay_internal.claim_row('added_by');

SELECT pg_catalog.pg_extension_config_dump('assay.sla', '');
SELECT pg_catalog.pg_extension_config_dump('assay.sla_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('assay.maintenance', '');
SELECT pg_catalog.pg_extension_config_dump('assay.maintenance_id_seq', '');

CREATE TRIGGER inserted AFTER INSERT ON assay.maintenance REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('maintenance_windows', 'added_by');
CREATE TRIGGER updated AFTER UPDATE ON assay.maintenance REFERENCING OLD TABLE AS old NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('maintenance_windows', 'added_by');
CREATE TRIGGER deleted AFTER DELETE ON assay.maintenance REFERENCING OLD TABLE AS old
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('maintenance_windows', 'added_by');

-- Incidents: who sees them, who may act on them, and the functions by which people do.

-- The assets that an incident is about: its root, and those of its issues.
CREATE VIEW assay_internal.incident_asset WITH (security_barrier) AS
    SELECT s.incident_id, s.asset_id FROM assay.issue s WHERE s.incident_id IS NOT NULL
    UNION
    SELECT i.id, i.root_id FROM assay.incident i WHERE i.root_id IS NOT NULL;
COMMENT ON VIEW assay_internal.incident_asset IS 'The assets that an incident is about: its root, and those of its issues.';
COMMENT ON COLUMN assay_internal.incident_asset.incident_id IS 'The incident.';
COMMENT ON COLUMN assay_internal.incident_asset.asset_id IS 'One of its assets.';

-- The owners of assets are asked for by their numbers: a join with the view would make it give those of all assets.
CREATE VIEW assay_internal.visible_incident WITH (security_barrier) AS
    SELECT i.id, t.takes_part, t.is_own, t.is_in_charge OR (t.takes_part AND NOT t.has_owner) AS may_act
    FROM assay.incident i
    CROSS JOIN LATERAL (
        SELECT COALESCE(pg_catalog.pg_has_role(i.declared_by, 'USAGE'), false) AS is_own,
               EXISTS (SELECT FROM pg_catalog.pg_database d
                       WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database() AND pg_catalog.pg_has_role(d.datdba, 'USAGE'))
                   OR COALESCE(i.owner_id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT a.owner_id FROM assay_internal.acting_owner a)), false)
                   OR COALESCE(i.lead_id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT a.owner_id FROM assay_internal.acting_owner a)), false) AS is_in_charge,
               EXISTS (SELECT FROM assay.owner o JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) o.role::pg_catalog.oid
                       WHERE o.id OPERATOR(pg_catalog.=) i.owner_id
                          OR EXISTS (SELECT FROM assay.team_member m
                                     WHERE m.team_id OPERATOR(pg_catalog.=) i.owner_id AND m.person_id OPERATOR(pg_catalog.=) o.id)) AS has_owner
        OFFSET 0) AS p
    CROSS JOIN LATERAL (
        SELECT p.is_own, p.is_in_charge, p.has_owner,
               p.is_own OR p.is_in_charge
                   OR EXISTS (SELECT FROM assay_internal.asset_owner w
                              WHERE w.asset_id OPERATOR(pg_catalog.=) ANY (ARRAY(
                                        SELECT n.asset_id FROM assay_internal.incident_asset n WHERE n.incident_id OPERATOR(pg_catalog.=) i.id))
                                AND w.owner_id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT a.owner_id FROM assay_internal.acting_owner a))) AS takes_part
        OFFSET 0) AS t
    WHERE t.takes_part
       OR EXISTS (SELECT FROM assay_internal.asset_now a
                  WHERE a.id OPERATOR(pg_catalog.=) ANY (ARRAY(
                            SELECT n.asset_id FROM assay_internal.incident_asset n WHERE n.incident_id OPERATOR(pg_catalog.=) i.id))
                    AND assay_internal.may_see_asset(a.kind, a.name, a.relation));
COMMENT ON VIEW assay_internal.visible_incident IS
'The incidents that the current role may know of: those that it takes part in, and those of whose assets it may see one.';
COMMENT ON COLUMN assay_internal.visible_incident.id IS 'The incident.';
COMMENT ON COLUMN assay_internal.visible_incident.takes_part IS 'Whether the current role declared it, acts for its owner, its lead or an owner of one of its assets, or for the owner of the database: then it reads the notes, and may add some.';
COMMENT ON COLUMN assay_internal.visible_incident.is_own IS 'Whether it declared it: then it may resolve and cancel it, too, and add issues.';
COMMENT ON COLUMN assay_internal.visible_incident.may_act IS 'Whether it may do everything to it: it acts for the incident''s owner or lead, or for the owner of the database; where no role acts for the owner, whoever takes part may.';
GRANT SELECT ON assay_internal.visible_incident TO PUBLIC;

CREATE FUNCTION assay_internal.deadline(calendar text, start timestamptz, duration interval) RETURNS timestamptz
AS 'MODULE_PATHNAME', 'deadline_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION assay_internal.deadline(text, timestamptz, interval) IS
'When a limit that began to run at start is over: in the working hours of a calendar, or of all hours where that is NULL. A day of duration has 24 hours. NULL without a start or a duration, and where the calendar is gone or has fewer working hours in the next three years.';

-- The clock of an incident runs from when it was declared, or opened again.
CREATE VIEW assay_internal.incident_clock AS
    SELECT i.id AS incident_id, COALESCE(r.at, i.declared_at) AS since
    FROM assay.incident i
    LEFT JOIN (SELECT e.incident_id, pg_catalog.max(e.at) AS at FROM assay.incident_event e
               WHERE e.kind OPERATOR(pg_catalog.=) 'reopened' GROUP BY e.incident_id) r ON r.incident_id OPERATOR(pg_catalog.=) i.id;
COMMENT ON VIEW assay_internal.incident_clock IS 'From when on the limits of incidents are counted.';
COMMENT ON COLUMN assay_internal.incident_clock.incident_id IS 'The incident.';
COMMENT ON COLUMN assay_internal.incident_clock.since IS 'When it was declared, or last opened again.';

CREATE VIEW assay.incidents WITH (security_barrier) AS
    SELECT i.id, CASE WHEN i.names_root AND r.label IS NULL THEN 'Something upstream fails' ELSE i.title END AS title,
           i.severity, i.status, o.name AS owner, l.name AS lead, r.label AS root,
           ARRAY(SELECT a.label FROM assay_internal.asset_now a
                 WHERE a.id OPERATOR(pg_catalog.=) ANY (ARRAY(
                           SELECT n.asset_id FROM assay_internal.incident_asset n WHERE n.incident_id OPERATOR(pg_catalog.=) i.id))
                   AND assay_internal.may_see_asset(a.kind, a.name, a.relation)
                 ORDER BY 1) AS assets,
           (SELECT pg_catalog.count(*) FROM assay.issue s WHERE s.incident_id OPERATOR(pg_catalog.=) i.id) AS issues,
           (SELECT pg_catalog.count(*) FROM assay.issue s
            WHERE s.incident_id OPERATOR(pg_catalog.=) i.id AND s.status OPERATOR(pg_catalog.=) 'open') AS open_issues,
           i.declared_by::pg_catalog.regrole AS declared_by, i.by_policy, i.started_at, i.declared_at, i.acknowledged_at, i.acknowledged_by,
           i.mitigated_at, i.ended_at, i.merged_into,
           assay_internal.deadline(p.calendar, c.since, p.ack_within) AS ack_due_at,
           assay_internal.deadline(p.calendar, c.since, p.resolve_within) AS resolve_due_at
    FROM assay_internal.visible_incident v
    JOIN assay.incident i ON i.id OPERATOR(pg_catalog.=) v.id
    JOIN assay_internal.incident_clock c ON c.incident_id OPERATOR(pg_catalog.=) v.id
    LEFT JOIN assay.response_policy p ON p.severity OPERATOR(pg_catalog.=) i.severity
    LEFT JOIN assay.owner o ON o.id OPERATOR(pg_catalog.=) i.owner_id
    LEFT JOIN assay.owner l ON l.id OPERATOR(pg_catalog.=) i.lead_id
    LEFT JOIN LATERAL (SELECT a.label FROM assay_internal.asset_now a
                       WHERE a.id OPERATOR(pg_catalog.=) i.root_id AND assay_internal.may_see_asset(a.kind, a.name, a.relation)) AS r ON true;
COMMENT ON VIEW assay.incidents IS
'Incidents: those that the current role declared, leads or owns, those of whose assets it owns one or may see one, and for the owner of the database all.
Example: SELECT id, title, severity, status, owner, issues FROM assay.incidents WHERE status = ''open'' ORDER BY id';
COMMENT ON COLUMN assay.incidents.id IS 'The number that the functions take.';
COMMENT ON COLUMN assay.incidents.title IS 'What it is about. A title that policy made names the root, and is told only to who may see that.';
COMMENT ON COLUMN assay.incidents.severity IS 'sev1, the worst, to sev4.';
COMMENT ON COLUMN assay.incidents.status IS 'open, acknowledged, mitigated, resolved or cancelled.';
COMMENT ON COLUMN assay.incidents.owner IS 'Who is to see to it.';
COMMENT ON COLUMN assay.incidents.lead IS 'Who leads the work on it.';
COMMENT ON COLUMN assay.incidents.root IS 'The asset where its cause lies; NULL where that is not known, or not visible.';
COMMENT ON COLUMN assay.incidents.assets IS 'The assets that it is about, as far as they are visible.';
COMMENT ON COLUMN assay.incidents.issues IS 'How many issues belong to it.';
COMMENT ON COLUMN assay.incidents.open_issues IS 'How many of them are open.';
COMMENT ON COLUMN assay.incidents.declared_by IS 'The role that declared it; NULL for one declared by policy.';
COMMENT ON COLUMN assay.incidents.by_policy IS 'Whether a policy declared it.';
COMMENT ON COLUMN assay.incidents.started_at IS 'When what it is about began.';
COMMENT ON COLUMN assay.incidents.declared_at IS 'When it was declared.';
COMMENT ON COLUMN assay.incidents.acknowledged_at IS 'When somebody first took it on.';
COMMENT ON COLUMN assay.incidents.acknowledged_by IS 'The name of the role that did, as it was then.';
COMMENT ON COLUMN assay.incidents.mitigated_at IS 'When its effect ended.';
COMMENT ON COLUMN assay.incidents.ended_at IS 'When it was resolved or cancelled.';
COMMENT ON COLUMN assay.incidents.merged_into IS 'The incident of which it is part since assay.merge_incidents.';
COMMENT ON COLUMN assay.incidents.ack_due_at IS 'By when somebody is to take it on, as the policy of its severity is now; NULL where that has no such limit.';
COMMENT ON COLUMN assay.incidents.resolve_due_at IS 'By when it is to be resolved; NULL where the policy has no such limit.';

CREATE VIEW assay.incident_events WITH (security_barrier) AS
    SELECT e.incident_id, e.at, e.actor, e.kind, e.note, e.details, e.id
    FROM assay_internal.visible_incident v
    JOIN assay.incident_event e ON e.incident_id OPERATOR(pg_catalog.=) v.id
    WHERE v.takes_part;
COMMENT ON VIEW assay.incident_events IS
'The audit trail of incidents that the current role takes part in: that it declared, owns or leads, or of whose assets it owns one; for the owner of the database of all. No function and no role changes it: PostgreSQL''s superusers could, by disabling the trigger that forbids it.
Example: SELECT at, actor, kind, note FROM assay.incident_events WHERE incident_id = 1 ORDER BY id';
COMMENT ON COLUMN assay.incident_events.incident_id IS 'The incident.';
COMMENT ON COLUMN assay.incident_events.at IS 'When it happened.';
COMMENT ON COLUMN assay.incident_events.actor IS 'The name of the role that did it, as it was then; assay for what a policy did.';
COMMENT ON COLUMN assay.incident_events.kind IS 'declared, acknowledged, mitigated, resolved, cancelled, reopened, merged, split, annotated, changed, issue_added, issue_closed or escalated.';
COMMENT ON COLUMN assay.incident_events.note IS 'What was said.';
COMMENT ON COLUMN assay.incident_events.details IS 'What changed, from what to what. said_at: when it was said, where the time was given by hand.';
COMMENT ON COLUMN assay.incident_events.id IS 'The event''s key, in the order in which events were written.';
GRANT SELECT ON assay.incidents, assay.incident_events TO PUBLIC;

CREATE TRIGGER inserted AFTER INSERT ON assay.incident REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('incidents', 'declared_by');
CREATE TRIGGER updated AFTER UPDATE ON assay.incident REFERENCING OLD TABLE AS old NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('incidents', 'declared_by');
CREATE TRIGGER deleted AFTER DELETE ON assay.incident REFERENCING OLD TABLE AS old
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('incidents', 'declared_by');

CREATE FUNCTION assay.declare_incident(title text, severity text, issues bigint[] DEFAULT '{}', owner text DEFAULT NULL, lead text DEFAULT NULL,
    root text DEFAULT NULL, started_at timestamptz DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS bigint
AS 'MODULE_PATHNAME', 'declare_incident_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.declare_incident IS
'Declares an incident; gives its number. Every role may, of what it may see. title: one line of at most 200 characters. severity: sev1, the worst, to sev4. issues: those that it is about, at most 10,000, none of which belongs to another active incident. owner: who is to see to it; NULL for the owner of root, else of the asset of the first issue. lead: who leads the work. root: the asset where the cause lies; NULL for the broken one that by lineage explains all of the issues that are open, if there is one, also where the caller may not see it: whoever owns it is told. Later issues of that cause belong to the incident, too. started_at: when what it is about began; NULL for when the first issue did, or now. at: when it was declared; NULL for now, another time takes the owner of the database.
Errors: 22023 an argument out of range, 22004, ML022 no such asset, ML023 no such owner, ML025 no such issue, ML027 an issue of another incident, 42501, 25006.
Example: SELECT assay.declare_incident(''Orders are late'', ''sev2'', root => ''application'') > 0 AS declared';

CREATE FUNCTION assay.acknowledge(incident bigint, note text DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'acknowledge_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.acknowledge(bigint, text, timestamptz) IS
'Takes an open incident on. It takes a role that acts for its owner or lead, or for the owner of the database; where no role acts for the owner, one that takes part in the incident. note: at most 20,000 characters. at: when; NULL for now, another time takes the owner of the database. Of two at once one does, the other is told who did. Errors: ML026 no such incident, ML027 its state, 42501, 22023 an argument out of range, 40001, 25006.
Example: SELECT assay.acknowledge(id, ''I look into it'') FROM assay.incidents WHERE status = ''open''';

CREATE FUNCTION assay.mitigate(incident bigint, note text DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'mitigate_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.mitigate(bigint, text, timestamptz) IS
'Says that an incident that is open or acknowledged has no effect any more, though its cause may be there. Roles and arguments: as assay.acknowledge. Errors: ML026 no such incident, ML027 its state, 42501, 22023 an argument out of range, 40001, 25006.
Example: SELECT assay.mitigate(id, ''Loaded again by hand'') FROM assay.incidents WHERE status = ''acknowledged''';

CREATE FUNCTION assay.resolve(incident bigint, note text DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'resolve_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.resolve(bigint, text, timestamptz) IS
'Ends an incident that is open, acknowledged or mitigated: its cause is gone. Roles: as assay.acknowledge, and who declared it. Its issues stay as they are. Errors: ML026 no such incident, ML027 its state, 42501, 22023 an argument out of range, 40001, 25006.
Example: SELECT assay.resolve(id, ''The load checks its source first'') FROM assay.incidents WHERE status = ''mitigated''';

CREATE FUNCTION assay.cancel(incident bigint, note text DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'cancel_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.cancel(bigint, text, timestamptz) IS
'Ends an incident that was none, which then counts in no measure. Roles: as assay.acknowledge, and who declared it. Errors: ML026 no such incident, ML027 its state, 42501, 22023 an argument out of range, 40001, 25006.
Example: SELECT assay.cancel(id, ''A false alarm'') FROM assay.incidents WHERE severity = ''sev4''';

CREATE FUNCTION assay.reopen_incident(incident bigint, note text DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'reopen_incident_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.reopen_incident(bigint, text, timestamptz) IS
'Opens an incident again that was mitigated, resolved or cancelled, but not merged: it is acknowledged where somebody had taken it on, else open. Roles and arguments: as assay.acknowledge. Errors: ML026 no such incident, ML027 its state, 42501, 22023 an argument out of range, 40001, 25006.
Example: SELECT assay.reopen_incident(id, ''It is back'') FROM assay.incidents WHERE status = ''resolved''';

CREATE FUNCTION assay.annotate(incident bigint, note text, at timestamptz DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'annotate_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.annotate(bigint, text, timestamptz) IS
'Adds a note of at most 20,000 characters to an incident of any state. It takes a role that takes part: that declared it, or acts for its owner, its lead, an owner of one of its assets, or the owner of the database. at: when; NULL for now, another time takes the owner of the database. Errors: ML026 no such incident, 42501, 22023 an argument out of range, 25006.
Example: SELECT assay.annotate(id, ''The vendor knows'') FROM assay.incidents WHERE status = ''acknowledged''';

CREATE FUNCTION assay.change_incident(incident bigint, severity text DEFAULT NULL, owner text DEFAULT NULL, lead text DEFAULT NULL, title text DEFAULT NULL,
    at timestamptz DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'change_incident_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.change_incident IS
'Changes the severity, the owner, the lead or the title of an active incident; NULL leaves each as it is. The trail says from what to what. Roles: as assay.acknowledge. at: when; NULL for now, another time takes the owner of the database. Errors: ML023 no such owner, ML026 no such incident, ML027 its state, 42501, 22023 an argument out of range, 40001, 25006.
Example: SELECT assay.change_incident(id, severity => ''sev1'') FROM assay.incidents WHERE status = ''open'' AND severity = ''sev2''';

CREATE FUNCTION assay.add_to_incident(incident bigint, issues bigint[], at timestamptz DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'add_to_incident_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.add_to_incident(bigint, bigint[], timestamptz) IS
'Lets issues, at most 10,000 at a time, belong to an active incident. Roles: as assay.acknowledge, and who declared it. at: when; NULL for now, another time takes the owner of the database. Errors: ML025 no such issue, ML026 no such incident, ML027 the incident''s state, or an issue of another active one, 42501, 22023 an argument out of range, 22004, 40001, 25006.
Example: SELECT assay.add_to_incident(n.id, array_agg(s.id)) FROM assay.incidents n, assay.issues s WHERE n.status = ''open'' AND s.incident_id IS NULL GROUP BY n.id';

CREATE FUNCTION assay.merge_incidents(incident bigint, duplicate bigint, note text DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'merge_incidents_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.merge_incidents(bigint, bigint, text, timestamptz) IS
'Makes one active incident part of another: its issues move, and it is cancelled. The other began when the earlier of the two did. Roles: as assay.acknowledge, for both. note: at most 20,000 characters, in both trails. at: when; NULL for now, another time takes the owner of the database. Errors: ML026 no such incident, ML027 the state of one of them, 42501, 22023 an argument out of range, 40001, 25006.
Example: SELECT assay.merge_incidents(a.id, b.id) FROM assay.incidents a JOIN assay.incidents b ON a.root = b.root AND a.id < b.id WHERE a.ended_at IS NULL AND b.ended_at IS NULL';

CREATE FUNCTION assay.split_incident(incident bigint, issues bigint[], title text, severity text DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS bigint
AS 'MODULE_PATHNAME', 'split_incident_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.split_incident(bigint, bigint[], text, text, timestamptz) IS
'Takes issues out of an active incident and declares another one of them; gives its number. title: as assay.declare_incident. severity: NULL for that of the incident. The owner is that of the asset of the first issue. Roles: as assay.acknowledge. at: when; NULL for now, another time takes the owner of the database. Errors: ML025 no such issue of the incident, ML026 no such incident, ML027 its state, 42501, 22023 an argument out of range, or all issues of an incident that a policy declared, 22004, 40001, 25006.
Example: SELECT assay.split_incident(incident_id, array_agg(id), ''Something else'') > 0 AS split FROM assay.issues WHERE incident_id IS NOT NULL AND kind = ''drift'' GROUP BY incident_id';

-- How well promises are kept: what is measured beside checks, how service levels stand, and when their budgets burn fast.

CREATE TABLE assay.measurement (
    asset_id    bigint NOT NULL REFERENCES assay.asset ON DELETE CASCADE,
    metric      text COLLATE "C" NOT NULL,
    at          timestamptz NOT NULL,
    value       double precision NOT NULL,
    recorded_by text NOT NULL,
    CONSTRAINT measurement_pkey PRIMARY KEY (asset_id, metric, at)
);
ALTER TABLE assay.measurement DISABLE TRIGGER ALL;
COMMENT ON TABLE assay.measurement IS 'What was measured of assets beside checks. Read the view assay.measurements instead.';
COMMENT ON COLUMN assay.measurement.asset_id IS 'The asset.';
COMMENT ON COLUMN assay.measurement.metric IS 'What the figure is: load_seconds, or the name of a metric.';
COMMENT ON COLUMN assay.measurement.at IS 'When it was so: of a load when it finished.';
COMMENT ON COLUMN assay.measurement.value IS 'The figure.';
COMMENT ON COLUMN assay.measurement.recorded_by IS 'The name of the role that recorded it, as it was then.';

CREATE TABLE assay.sla_alarm (
    sla_id     bigint NOT NULL REFERENCES assay.sla ON DELETE CASCADE,
    began_at   timestamptz NOT NULL,
    ended_at   timestamptz,
    burn_rates jsonb NOT NULL,
    CONSTRAINT sla_alarm_pkey PRIMARY KEY (sla_id, began_at)
);
ALTER TABLE assay.sla_alarm DISABLE TRIGGER ALL;
-- An alarm is given once, whoever sees it first.
CREATE UNIQUE INDEX sla_alarm_open_idx ON assay.sla_alarm (sla_id) WHERE ended_at IS NULL;
COMMENT ON TABLE assay.sla_alarm IS 'When budgets burnt fast. Read the view assay.sla_alarms instead.';
COMMENT ON COLUMN assay.sla_alarm.sla_id IS 'The service level.';
COMMENT ON COLUMN assay.sla_alarm.began_at IS 'When it was first seen that its budget burns fast.';
COMMENT ON COLUMN assay.sla_alarm.ended_at IS 'When it was first seen that it does not any more.';
COMMENT ON COLUMN assay.sla_alarm.burn_rates IS 'The rates when it began, as assay.sla_status shows them.';

CREATE VIEW assay.slas WITH (security_barrier) AS
    SELECT s.id, assay_internal.target_label(s.asset_id, s.product_id) AS target, s.sli, s.objective, s.period, s.options,
           s.added_by::pg_catalog.regrole AS added_by, s.added_at
    FROM assay.sla s
    WHERE assay_internal.may_see_target(s.asset_id, s.product_id);
COMMENT ON VIEW assay.slas IS
'What is promised of the targets that the current role may know of. How well it is kept is in assay.sla_status.
Example: SELECT target, sli, objective, period FROM assay.slas ORDER BY id';
COMMENT ON COLUMN assay.slas.id IS 'The service level''s key, which assay.drop_sla takes.';
COMMENT ON COLUMN assay.slas.target IS 'The asset, or product: with a data product''s name.';
COMMENT ON COLUMN assay.slas.sli IS 'What is measured: freshness, error_rate, availability, completeness, latency or performance.';
COMMENT ON COLUMN assay.slas.objective IS 'The share of slices or occurrences that are to be good.';
COMMENT ON COLUMN assay.slas.period IS 'The window: an interval that rolls, or day, week, month, quarter or year of the calendar.';
COMMENT ON COLUMN assay.slas.options IS 'How it is measured: the options of assay.add_sla, all that apply, with durations in seconds.';
COMMENT ON COLUMN assay.slas.added_by IS 'The role that added it.';
COMMENT ON COLUMN assay.slas.added_at IS 'When.';
GRANT SELECT ON assay.slas TO PUBLIC;

CREATE VIEW assay.measurements WITH (security_barrier) AS
    SELECT assay_internal.target_label(m.asset_id, NULL) AS asset, m.metric, m.at, m.value, m.recorded_by
    FROM assay.measurement m
    WHERE assay_internal.may_see_target(m.asset_id, NULL);
COMMENT ON VIEW assay.measurements IS
'What assay.record_load and assay.record_measurement keep of assets that the current role may know of.
Example: SELECT asset, metric, at, value FROM assay.measurements ORDER BY at DESC LIMIT 5';
COMMENT ON COLUMN assay.measurements.asset IS 'The asset.';
COMMENT ON COLUMN assay.measurements.metric IS 'load_seconds, or the name of a metric.';
COMMENT ON COLUMN assay.measurements.at IS 'When it was so: of a load when it finished.';
COMMENT ON COLUMN assay.measurements.value IS 'The figure.';
COMMENT ON COLUMN assay.measurements.recorded_by IS 'The name of the role that recorded it, as it was then.';
GRANT SELECT ON assay.measurements TO PUBLIC;

CREATE VIEW assay.sla_alarms WITH (security_barrier) AS
    SELECT a.sla_id, assay_internal.target_label(s.asset_id, s.product_id) AS target, s.sli, a.began_at, a.ended_at, a.burn_rates
    FROM assay.sla_alarm a
    JOIN assay.sla s ON s.id OPERATOR(pg_catalog.=) a.sla_id
    WHERE assay_internal.may_see_target(s.asset_id, s.product_id);
COMMENT ON VIEW assay.sla_alarms IS
'When budgets burnt fast, as assay.escalate saw it, of targets that the current role may know of.
Example: SELECT target, sli, began_at, ended_at FROM assay.sla_alarms ORDER BY began_at';
COMMENT ON COLUMN assay.sla_alarms.sla_id IS 'The service level.';
COMMENT ON COLUMN assay.sla_alarms.target IS 'What it is about.';
COMMENT ON COLUMN assay.sla_alarms.sli IS 'What is measured.';
COMMENT ON COLUMN assay.sla_alarms.began_at IS 'When it was first seen that its budget burns fast.';
COMMENT ON COLUMN assay.sla_alarms.ended_at IS 'When it was first seen that it does not any more; NULL while it does.';
COMMENT ON COLUMN assay.sla_alarms.burn_rates IS 'The rates when it began.';
GRANT SELECT ON assay.sla_alarms TO PUBLIC;

CREATE FUNCTION assay.add_sla(target text, sli text, objective double precision, period text DEFAULT '30 days', options jsonb DEFAULT '{}') RETURNS bigint
AS 'MODULE_PATHNAME', 'add_sla_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.add_sla(text, text, double precision, text, jsonb) IS
'Promises a service level, and gives its number. target: an asset (a relation stands for its columns and checks, schema:NAME for what is in it), or product:NAME for the product''s assets but for its inputs. objective: the share that is to be good, above 0 and below 1. period: an interval that rolls, from an hour to 366 days, or day, week, month, quarter, year of the calendar.
sli: freshness: checks of kind recency pass; with max_age their age_seconds is at most that. error_rate: results of checks are no failures. completeness: those of checks that nothing is missing (not_null, not_null_proportion, not_empty, row_count_between, row_count_ratio, equal_rowcount, null_share_by_segment, no_gaps). availability: no incident of severities ([sev1, sev2]), from when it started until it was mitigated or resolved. latency: loads that assay.record_load keeps take at most max_duration. performance: the metric that assay.record_measurement keeps is at_least and at_most that, and no issue of performance is open.
Options: by: slices (of time, as long as slice, 5 minutes) or occurrences (results, loads); by default slices for freshness and availability, which knows no other. valid_for (1 day): how long a result speaks until the next one. checks, tags, kinds: which checks count. severity: error (warnings are good) or warn (they are bad). unknown: bad, where nothing is known counts as not good, or left_out. from: when counting begins; without a zone in it by the session''s. time_zone (UTC): of the calendar. burn: pairs of windows and how many times faster than it may a budget has to burn by both of them, such as [{"long": "1 hour", "short": "5 minutes", "factor": 14.4}]; by default 2 % of the budget in an hour and 5 % in six, the short window a twelfth, if that is no slower than it may. Durations are texts or seconds.
Takes who may say things of the target. Errors: 22023 an argument or option, ML022 no such asset, ML024 no such product, 42501, 25006.
Example: SELECT assay.add_sla(''public.application'', ''error_rate'', 0.95, ''week'', ''{"tags": ["daily"], "time_zone": "Europe/Berlin"}'')';

CREATE FUNCTION assay.drop_sla(id bigint) RETURNS void
AS 'MODULE_PATHNAME', 'drop_sla_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.drop_sla(bigint) IS
'Takes a promise back, with its alarms. Takes who may make it. Errors: 22023 a NULL, ML029 no such service level, 42501, 25006.
Example: SELECT assay.drop_sla(id) FROM assay.slas WHERE target = ''public.application''';

CREATE FUNCTION assay.record_load(asset text, started_at timestamptz, finished_at timestamptz DEFAULT pg_catalog.clock_timestamp()) RETURNS void
AS 'MODULE_PATHNAME', 'record_load_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.record_load(text, timestamptz, timestamptz) IS
'Keeps how long a load of an asset took, for service levels of latency: to be called when it has finished. Two that finish at one time are one. What is older than 800 days goes by and by. Takes who may say things of the asset. Errors: 22023 a NULL, a time that is infinite, a load that finished before it started, ML022 no such asset, 42501, 25006.
Example: SELECT assay.record_load(''public.application'', now() - interval ''20 minutes'')';

CREATE FUNCTION assay.record_measurement(asset text, metric text, value double precision, at timestamptz DEFAULT pg_catalog.now()) RETURNS void
AS 'MODULE_PATHNAME', 'record_measurement_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.record_measurement(text, text, double precision, timestamptz) IS
'Keeps a figure of an asset, such as a metric of a model that assay.performance gives, for service levels of performance. Another one of the same metric and time takes its place. What is older than 800 days goes by and by. Takes who may say things of the asset. Errors: 22023 a NULL, a time that is infinite, the metric load_seconds, which assay.record_load keeps, 42602 a name that cannot be used, ML022 no such asset, 42501, 25006.
Example: SELECT assay.record_measurement(''model:credit'', ''roc_auc'', 0.81)';

CREATE FUNCTION assay.sla_status(at timestamptz DEFAULT pg_catalog.now())
RETURNS TABLE (id bigint, target text, sli text, objective double precision, period text, counted_by text, window_start timestamptz, window_end timestamptz,
               counted_from timestamptz, good bigint, bad bigint, unknown bigint, excluded bigint, total bigint, attained double precision, met boolean,
               budget_left double precision, budget_left_time interval, burn_rate double precision, burn_rate_short double precision, fast_burn boolean,
               alarm_since timestamptz, burn_rates jsonb)
AS 'MODULE_PATHNAME', 'sla_status_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE ROWS 30;
COMMENT ON FUNCTION assay.sla_status(timestamptz) IS
'How each service level stands at a time, of targets that the current role may know of: figures over all evidence there is, which are counts and no values of rows. A slice of time is bad where it was bad at any time of it, else good where something said so, else unknown; what is unknown is not good. Slices that have not ended do not count yet; one under maintenance all the time is excluded. A result of a check speaks from its run on, until the next one; one that could not run says nothing. By occurrences, results are counted; several of one run of a check are one, the worst.
Counting begins at the option from, else when the service level was added or, if earlier, with the first evidence in the window; of availability when the target was recorded.
attained: good of total, or with unknown left_out of good and bad. budget_left: the share of the error budget, (1 - objective) of the whole window, that is left, below 0 where more was spent; budget_left_time: the same as time, where slices are counted. burn_rate, burn_rate_short: how many times faster than it may the budget burns by the windows of the first pair; fast_burn: whether it is too fast by both windows of any pair, and something was bad; burn_rates: all pairs. Errors: 22023 a NULL or infinite time.
Example: SELECT target, sli, good, total, unknown, attained, met, budget_left FROM assay.sla_status() ORDER BY id';

CREATE VIEW assay.sla_status WITH (security_barrier) AS
    SELECT id, target, sli, objective, period, counted_by, window_start, window_end, counted_from, good, bad, unknown, excluded, total, attained, met,
           budget_left, budget_left_time, burn_rate, burn_rate_short, fast_burn, alarm_since, burn_rates
    FROM assay.sla_status();
COMMENT ON VIEW assay.sla_status IS
'How each service level stands now: assay.sla_status() as a view, for tools that list tables.
Example: SELECT target, sli, attained, objective FROM assay.sla_status WHERE NOT met';
COMMENT ON COLUMN assay.sla_status.id IS 'The service level.';
COMMENT ON COLUMN assay.sla_status.target IS 'What it is about.';
COMMENT ON COLUMN assay.sla_status.sli IS 'What is measured.';
COMMENT ON COLUMN assay.sla_status.objective IS 'The share that is to be good.';
COMMENT ON COLUMN assay.sla_status.period IS 'The window: an interval that rolls, or a unit of the calendar.';
COMMENT ON COLUMN assay.sla_status.counted_by IS 'slices or occurrences.';
COMMENT ON COLUMN assay.sla_status.window_start IS 'When the window begins.';
COMMENT ON COLUMN assay.sla_status.window_end IS 'When it ends: of one that rolls, now.';
COMMENT ON COLUMN assay.sla_status.counted_from IS 'From when on it counts.';
COMMENT ON COLUMN assay.sla_status.good IS 'Good slices or occurrences.';
COMMENT ON COLUMN assay.sla_status.bad IS 'Bad ones.';
COMMENT ON COLUMN assay.sla_status.unknown IS 'Those of which there is no evidence.';
COMMENT ON COLUMN assay.sla_status.excluded IS 'Those under maintenance, which are in none of the others.';
COMMENT ON COLUMN assay.sla_status.total IS 'Good, bad and unknown ones.';
COMMENT ON COLUMN assay.sla_status.attained IS 'The share that was good; NULL where nothing counts.';
COMMENT ON COLUMN assay.sla_status.met IS 'Whether that is at least the objective.';
COMMENT ON COLUMN assay.sla_status.budget_left IS 'The share of the error budget that is left, below 0 where more was spent.';
COMMENT ON COLUMN assay.sla_status.budget_left_time IS 'The same as time; NULL where occurrences are counted.';
COMMENT ON COLUMN assay.sla_status.burn_rate IS 'How many times faster than it may the budget burns, by the long window of the first pair.';
COMMENT ON COLUMN assay.sla_status.burn_rate_short IS 'The same by the short window.';
COMMENT ON COLUMN assay.sla_status.fast_burn IS 'Whether it burns too fast by both windows of a pair.';
COMMENT ON COLUMN assay.sla_status.alarm_since IS 'Since when there is an alarm, as assay.escalate saw it; NULL without one.';
COMMENT ON COLUMN assay.sla_status.burn_rates IS 'Each pair of windows: long and short in seconds, factor, long_rate, short_rate and fast_burn.';
GRANT SELECT ON assay.sla_status TO PUBLIC;

CREATE FUNCTION assay.uptime(target text, "from" timestamptz DEFAULT pg_catalog.now() OPERATOR(pg_catalog.-) '30 days'::pg_catalog.interval, "to" timestamptz DEFAULT pg_catalog.now(),
    severities text[] DEFAULT '{sev1,sev2}')
RETURNS TABLE (uptime double precision, down interval, maintenance interval, incidents bigint)
AS 'MODULE_PATHNAME', 'uptime_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE ROWS 1;
COMMENT ON FUNCTION assay.uptime(text, timestamptz, timestamptz, text[]) IS
'The uptime of an asset or a product: 1 minus the share of the time in incidents of the severities, from when each started until it was mitigated or resolved. Overlaps count once, time under maintenance (shown in maintenance) not at all; cancelled incidents are none. target: as assay.add_sla takes it. uptime is NULL where all of the time was maintenance. Takes who may know of the target. Errors: 22023 an argument, ML022 no such asset, ML024 no such product, 42501.
Example: SELECT uptime, down, maintenance, incidents FROM assay.uptime(''public.application'')';

CREATE TRIGGER inserted AFTER INSERT ON assay.sla REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('slas', 'added_by');
CREATE TRIGGER updated AFTER UPDATE ON assay.sla REFERENCING OLD TABLE AS old NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('slas', 'added_by');
CREATE TRIGGER deleted AFTER DELETE ON assay.sla REFERENCING OLD TABLE AS old
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('slas', 'added_by');

SELECT pg_catalog.pg_extension_config_dump('assay.measurement', '');
SELECT pg_catalog.pg_extension_config_dump('assay.sla_alarm', '');

-- Whether somebody looks after what assay.unowned_assets would list without an owner: who asks learns of no other assets. A dbt test of a column is
-- one of its table; a check that does not run, or whose place a stranger's table has taken, is none.
CREATE VIEW assay_internal.watched_asset WITH (security_barrier) AS
    SELECT a.asset, a.kind, a.owner IS NOT NULL AS has_owner,
           c.relation IS NOT NULL OR d.asset_id IS NOT NULL AS has_tests,
           p.asset_id IS NOT NULL OR s.schema_name IS NOT NULL AS has_sla
    FROM assay.assets a
    LEFT JOIN pg_catalog.pg_class r ON r.oid OPERATOR(pg_catalog.=) a.relation::pg_catalog.oid
    LEFT JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) r.relnamespace
    LEFT JOIN (
        SELECT DISTINCT t.relation
        FROM assay.quality_check q
        CROSS JOIN LATERAL assay_internal.asset_relation(q.relation::pg_catalog.oid, q.relation_name, q.relation_owner::pg_catalog.oid,
            q.added_by::pg_catalog.oid) AS t(relation)
        WHERE q.enabled AND t.relation IS NOT NULL) c ON c.relation OPERATOR(pg_catalog.=) r.oid
    LEFT JOIN (
        SELECT DISTINCT COALESCE(x.base_id, x.id) AS asset_id
        FROM assay.dbt_node t JOIN assay.asset x ON x.id OPERATOR(pg_catalog.=) t.asset_id
        WHERE t.kind OPERATOR(pg_catalog.=) ANY ('{test,unit_test}')) d ON d.asset_id OPERATOR(pg_catalog.=) a.id
    LEFT JOIN (
        SELECT l.asset_id FROM assay.sla l WHERE l.asset_id IS NOT NULL
        UNION
        SELECT m.asset_id FROM assay.sla l JOIN assay.product_asset m ON m.product_id OPERATOR(pg_catalog.=) l.product_id
        WHERE m.role OPERATOR(pg_catalog.<>) 'input') p ON p.asset_id OPERATOR(pg_catalog.=) a.id
    LEFT JOIN (
        SELECT DISTINCT x.name AS schema_name
        FROM assay.sla l JOIN assay.asset x ON x.id OPERATOR(pg_catalog.=) l.asset_id
        WHERE x.kind OPERATOR(pg_catalog.=) 'schema') s ON s.schema_name OPERATOR(pg_catalog.=) n.nspname::pg_catalog.text
    WHERE a.kind OPERATOR(pg_catalog.<>) ALL ('{column,check,schema}')
      AND (a.relation IS NOT NULL OR a.kind OPERATOR(pg_catalog.<>) 'relation');
COMMENT ON VIEW assay_internal.watched_asset IS
'The tables and views, models, dashboards and sources that the current role may know of, and whether somebody looks after each: the base of the shares of assay.reliability_metrics.';
COMMENT ON COLUMN assay_internal.watched_asset.asset IS 'The asset, as people write it.';
COMMENT ON COLUMN assay_internal.watched_asset.kind IS 'relation, model, dashboard or source.';
COMMENT ON COLUMN assay_internal.watched_asset.has_owner IS 'Whether somebody answers for it.';
COMMENT ON COLUMN assay_internal.watched_asset.has_tests IS 'Whether a stored check of it runs, or a manifest of dbt has a test of it.';
COMMENT ON COLUMN assay_internal.watched_asset.has_sla IS 'Whether a service level is promised of it, of its schema, or of a product that it is an inner part or an output of.';
GRANT SELECT ON assay_internal.watched_asset TO PUBLIC;

CREATE FUNCTION assay.reliability_metrics("from" timestamptz DEFAULT pg_catalog.now() OPERATOR(pg_catalog.-) '90 days'::pg_catalog.interval, "to" timestamptz DEFAULT pg_catalog.now(), time_zone text DEFAULT 'UTC')
RETURNS TABLE (metric text, severity text, product text, week date, value double precision, n bigint)
AS 'MODULE_PATHNAME', 'reliability_metrics_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE ROWS 50;
COMMENT ON FUNCTION assay.reliability_metrics(timestamptz, timestamptz, text) IS
'How reliable things are, one figure per row, over incidents that were declared from a time on, before another; cancelled ones and those merged into another are none.
time_to_detect_median and _p75: seconds from when an incident started until its first issue was found or it was declared; time_to_acknowledge: from when it was declared until somebody took it on; time_to_resolve: until it was resolved; each of all, and per severity, with n the incidents that it is known of. incidents: their number per severity and week (its Monday in time_zone). share_found_by_checks: of incidents that a policy declared, or of which an issue was found before people declared them. uptime: per product, as assay.uptime gives it; n incidents. share_of_assets_with_tests: of the n tables and views of assay.assets those of which a stored check runs or a manifest of dbt has a test; share_of_assets_with_owner, _with_sla: of its n tables and views, models, dashboards and sources, those that assay.unowned_assets does not list, and those of which, or of whose schema or data product, a service level is promised.
Incidents count that the current role may see, for roles with the rights of the database''s owner all; products and assets that it may see. Errors: 22023 an argument.
Example: SELECT metric, severity, value, n FROM assay.reliability_metrics(now() - interval ''30 days'') WHERE metric LIKE ''time%''';

CREATE VIEW assay.reliability_metrics WITH (security_barrier) AS
    SELECT metric, severity, product, week, value, n FROM assay.reliability_metrics();
COMMENT ON VIEW assay.reliability_metrics IS
'How reliable things have been for 90 days: assay.reliability_metrics() as a view, for tools that list tables.
Example: SELECT metric, value, n FROM assay.reliability_metrics WHERE metric LIKE ''share%''';
COMMENT ON COLUMN assay.reliability_metrics.metric IS 'What the figure is.';
COMMENT ON COLUMN assay.reliability_metrics.severity IS 'Of incidents of which severity; NULL for all.';
COMMENT ON COLUMN assay.reliability_metrics.product IS 'Of which data product; NULL for all.';
COMMENT ON COLUMN assay.reliability_metrics.week IS 'Of which week, by its Monday; NULL for all of the time.';
COMMENT ON COLUMN assay.reliability_metrics.value IS 'The figure: seconds, a number or a share.';
COMMENT ON COLUMN assay.reliability_metrics.n IS 'Of how many incidents or assets.';
GRANT SELECT ON assay.reliability_metrics TO PUBLIC;

-- Who has to act and by when, as people set it, and what they are told.

CREATE VIEW assay.calendars WITH (security_barrier) AS
    SELECT c.name, c.time_zone, c.hours, c.holidays, c.added_by::pg_catalog.regrole AS added_by, c.added_at
    FROM assay.business_calendar c;
COMMENT ON VIEW assay.calendars IS
'Calendars of working hours, in which policies count time (assay.add_calendar).
Example: SELECT name, time_zone, hours FROM assay.calendars';
COMMENT ON COLUMN assay.calendars.name IS 'The calendar''s name.';
COMMENT ON COLUMN assay.calendars.time_zone IS 'The time zone of its hours.';
COMMENT ON COLUMN assay.calendars.hours IS 'The hours of each day of the week that has some.';
COMMENT ON COLUMN assay.calendars.holidays IS 'Days without working hours.';
COMMENT ON COLUMN assay.calendars.added_by IS 'The role that added it.';
COMMENT ON COLUMN assay.calendars.added_at IS 'When it did.';

CREATE VIEW assay.rotations WITH (security_barrier) AS
    SELECT r.name, ARRAY(SELECT o.name FROM pg_catalog.unnest(r.people) WITH ORDINALITY AS p(id, place)
                         JOIN assay.owner o ON o.id OPERATOR(pg_catalog.=) p.id ORDER BY p.place) AS people,
           r.starts_at, r.shift, r.time_zone,
           (SELECT pg_catalog.count(*) FROM assay.rotation_override v WHERE v.rotation_id OPERATOR(pg_catalog.=) r.id) AS overrides,
           r.added_by::pg_catalog.regrole AS added_by, r.added_at
    FROM assay.rotation r;
COMMENT ON VIEW assay.rotations IS
'Rotations of people who are on call in turn (assay.add_rotation). Who it is now stands in assay.on_call.
Example: SELECT name, people, shift, time_zone FROM assay.rotations';
COMMENT ON COLUMN assay.rotations.name IS 'The rotation''s name.';
COMMENT ON COLUMN assay.rotations.people IS 'The people, in the order of their turns.';
COMMENT ON COLUMN assay.rotations.starts_at IS 'When the first of them begins.';
COMMENT ON COLUMN assay.rotations.shift IS 'How long each has.';
COMMENT ON COLUMN assay.rotations.time_zone IS 'In which shifts begin at the same hour all the year.';
COMMENT ON COLUMN assay.rotations.overrides IS 'How many shifts somebody else takes or took (assay.override_rotation).';
COMMENT ON COLUMN assay.rotations.added_by IS 'The role that added it.';
COMMENT ON COLUMN assay.rotations.added_at IS 'When it did.';

CREATE VIEW assay.incident_policies WITH (security_barrier) AS
    SELECT p.severity, p.ack_within, p.resolve_within, p.calendar, p.auto_declare, p.steps, p.changed_by, p.changed_at
    FROM assay.response_policy p;
COMMENT ON VIEW assay.incident_policies IS
'How soon incidents are to be dealt with, by severity (assay.incident_policy).
Example: SELECT severity, ack_within, resolve_within, calendar, steps FROM assay.incident_policies ORDER BY severity';
COMMENT ON COLUMN assay.incident_policies.severity IS 'sev1 to sev4.';
COMMENT ON COLUMN assay.incident_policies.ack_within IS 'How soon somebody is to take an incident on; NULL for no limit.';
COMMENT ON COLUMN assay.incident_policies.resolve_within IS 'How soon it is to be resolved; NULL for no limit.';
COMMENT ON COLUMN assay.incident_policies.calendar IS 'The calendar in whose working hours that is counted; NULL for all hours.';
COMMENT ON COLUMN assay.incident_policies.auto_declare IS 'Of which issues an incident of the severity is declared at once; NULL for none.';
COMMENT ON COLUMN assay.incident_policies.steps IS 'Who is told when a limit has passed, and how long after.';
COMMENT ON COLUMN assay.incident_policies.changed_by IS 'The name of the role that set it, as it was then.';
COMMENT ON COLUMN assay.incident_policies.changed_at IS 'When it did.';

-- Stewards see all, as they see to delivery; others what is for owners for whom they act.
CREATE VIEW assay.notifications WITH (security_barrier) AS
    SELECT n.id, o.name AS owner, n.kind, n.incident_id, n.subject, n.items, n.more, n.status, n.attempts, n.repeated,
           n.created_at, n.due_at, n.sent_at, n.detail
    FROM assay.notification n
    JOIN assay.owner o ON o.id OPERATOR(pg_catalog.=) n.owner_id
    WHERE EXISTS (SELECT FROM pg_catalog.pg_database d
                  WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database() AND pg_catalog.pg_has_role(d.datdba, 'USAGE'))
       OR EXISTS (SELECT FROM assay_internal.acting_owner a WHERE a.owner_id OPERATOR(pg_catalog.=) n.owner_id);
COMMENT ON VIEW assay.notifications IS
'What owners are told, or were: of owners for whom the current role acts, by the owner''s role or that of one of a team; all of them for the owner of the database. A transaction that writes one notifies the channel assay, so PostgreSQL does not prepare it (PREPARE TRANSACTION, 0A000).
Example: SELECT owner, kind, subject, status, attempts FROM assay.notifications ORDER BY id';
COMMENT ON COLUMN assay.notifications.id IS 'The notification''s number, which assay.mark_notification takes.';
COMMENT ON COLUMN assay.notifications.owner IS 'Who is told.';
COMMENT ON COLUMN assay.notifications.kind IS 'issues, incident, escalation or burn.';
COMMENT ON COLUMN assay.notifications.incident_id IS 'The incident, if it is about one.';
COMMENT ON COLUMN assay.notifications.subject IS 'One line.';
COMMENT ON COLUMN assay.notifications.items IS 'What there is to tell: names, states, counts and times, at most a hundred; values of rows never.';
COMMENT ON COLUMN assay.notifications.more IS 'How much more there is.';
COMMENT ON COLUMN assay.notifications.status IS 'pending, sending (a sender has claimed it), sent, failed (given up after ten attempts) or dropped.';
COMMENT ON COLUMN assay.notifications.attempts IS 'How often a sender has claimed it.';
COMMENT ON COLUMN assay.notifications.repeated IS 'Whether a sender did not say what became of it, so that it may have been delivered more than once; it says so when it is delivered again.';
COMMENT ON COLUMN assay.notifications.created_at IS 'When it was written.';
COMMENT ON COLUMN assay.notifications.due_at IS 'From when on it is to be delivered: when its digest, quiet hours or maintenance are over, or the next attempt.';
COMMENT ON COLUMN assay.notifications.sent_at IS 'When it was delivered.';
COMMENT ON COLUMN assay.notifications.detail IS 'What the sender said last.';

CREATE FUNCTION assay.add_calendar(name text, hours jsonb, time_zone text DEFAULT NULL, holidays date[] DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'add_calendar_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.add_calendar(text, jsonb, text, date[]) IS
'Adds a calendar of working hours, or replaces the one of its name.
hours: {day: hours}, where day is mon to sun, or a stretch of these such as mon-fri, and hours is "09:00-17:00" or an array of such, at most 24 a day, which do not overlap; 24:00 is midnight. time_zone: in which that is the time, the session''s if NULL. holidays: days without working hours, at most 10,000.
A time that a day lacks or has twice, as clocks change, is what PostgreSQL takes it for. Takes the rights of the database''s owner. Errors: 22023 hours that are none, no working hours at all, an unknown time zone, 22004 a NULL among the holidays, 42602 the name, 54000, 42501, 25006.
Example: SELECT assay.add_calendar(''office'', ''{"mon-thu": "09:00-17:00", "fri": ["09:00-12:00", "13:00-15:30"]}'', ''Europe/Berlin'', ''{2026-12-25,2026-12-26}'')';

CREATE FUNCTION assay.drop_calendar(name text) RETURNS void
AS 'MODULE_PATHNAME', 'drop_calendar_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.drop_calendar(text) IS
'Drops a calendar. Takes the rights of the database''s owner. Errors: ML023 no such calendar, 2BP01 a policy counts in its hours, 22023 a NULL, 42501, 25006.
Example: SELECT assay.drop_calendar(name) FROM assay.calendars WHERE name = ''branch''';

CREATE FUNCTION assay.working_time(calendar text, since timestamptz, until timestamptz) RETURNS interval
AS 'MODULE_PATHNAME', 'working_time_between_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION assay.working_time(text, timestamptz, timestamptz) IS
'How much working time passes in a calendar between two instants, at most ten years apart; nothing where the second is not later, NULL for a NULL. Errors: ML023 no such calendar, 22023 a time outside of the years 1 to 9999.
Example: SELECT name, assay.working_time(name, ''2026-06-05 16:00+02'', ''2026-06-08 10:00+02'') FROM assay.calendars';

CREATE FUNCTION assay.add_working_time(calendar text, start timestamptz, duration interval) RETURNS timestamptz
AS 'MODULE_PATHNAME', 'add_working_time_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION assay.add_working_time(text, timestamptz, interval) IS
'The first instant by which a duration of working time has passed since start: what deadlines of incidents are counted by. A day of duration has 24 hours, months have no length here. NULL for a NULL. Errors: ML023 no such calendar, 22023 a time outside of the years 1 to 9999, a duration that is negative, has months or is longer than the working hours of the next three years.
Example: SELECT name, assay.add_working_time(name, ''2026-06-05 16:00+02'', ''4 hours'') FROM assay.calendars';

CREATE FUNCTION assay.add_rotation(name text, people text[], starts_at timestamptz, shift interval, time_zone text DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'add_rotation_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.add_rotation(text, text[], timestamptz, interval, text) IS
'Adds a rotation of people who are on call in turn, or replaces the one of its name; who stands in for whom (assay.override_rotation) stays.
people: owners of kind person (assay.add_owner), in the order of their turns, at most 1,000; who comes twice has two turns. starts_at: when the first begins. shift: how long each has, from an hour to 366 days; no months, which differ. time_zone: shifts are counted on its clock, the session''s if NULL, so that they begin at the same hour in summer and winter, and that in which clocks change is an hour longer or shorter.
Takes the rights of the database''s owner. Errors: ML023 no such person, 22023 a team, a shift or a time zone that is none, 54000, 42602, 42501, 25006.
Example: SELECT assay.add_rotation(''platform'', array_agg(name), ''2026-06-01 09:00+02'', ''7 days'', ''Europe/Berlin'') FROM assay.owners WHERE kind = ''person'' HAVING count(*) > 0';

CREATE FUNCTION assay.override_rotation(rotation text, person text, during tstzrange) RETURNS bigint
AS 'MODULE_PATHNAME', 'override_rotation_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.override_rotation(text, text, tstzrange) IS
'Has a person stand in for whose turn it is, and gives the number of that. Where two of these overlap the one that was said last counts; so saying it of whose turn it is takes it back. during: from its lower end on, up to its upper end, both of which it needs. Takes the role of one of the rotation''s people, or the rights of the database''s owner. Errors: ML023 no such rotation or person, 22023, 42501, 25006.
Example: SELECT assay.override_rotation(name, people[1], tstzrange(''2026-06-03 09:00+02'', ''2026-06-04 09:00+02'')) FROM assay.rotations WHERE name = ''platform''';

CREATE FUNCTION assay.drop_rotation(name text) RETURNS void
AS 'MODULE_PATHNAME', 'drop_rotation_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.drop_rotation(text) IS
'Drops a rotation. Takes the rights of the database''s owner. Errors: ML023 no such rotation, 2BP01 a policy tells who is on call in it, 22023 a NULL, 42501, 25006.
Example: SELECT assay.drop_rotation(name) FROM assay.rotations WHERE name = ''weekend''';

CREATE FUNCTION assay.on_call_at(rotation text DEFAULT NULL, at timestamptz DEFAULT pg_catalog.now())
RETURNS TABLE (rotation text, person text, since timestamptz, until timestamptz)
AS 'MODULE_PATHNAME', 'on_call_at_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 10;
COMMENT ON FUNCTION assay.on_call_at(text, timestamptz) IS
'Who is on call at a time, and from when until when: of a rotation, or of all. Before a rotation begins nobody is; the turn of a person who is gone is the next one''s. Errors: ML023 no such rotation, 22023.
Example: SELECT * FROM assay.on_call_at(at => ''2026-06-09 12:00+02'')';

CREATE VIEW assay.on_call WITH (security_barrier) AS
    SELECT c.rotation, c.person, c.since, c.until FROM assay.on_call_at(NULL, pg_catalog.now()) AS c;
COMMENT ON VIEW assay.on_call IS
'Who is on call now. assay.on_call_at tells it of other times.
Example: SELECT rotation, person, until FROM assay.on_call';
COMMENT ON COLUMN assay.on_call.rotation IS 'The rotation.';
COMMENT ON COLUMN assay.on_call.person IS 'Who is on call.';
COMMENT ON COLUMN assay.on_call.since IS 'Since when.';
COMMENT ON COLUMN assay.on_call.until IS 'Until when.';

CREATE FUNCTION assay.incident_policy(
    severity text, ack_within interval DEFAULT NULL, resolve_within interval DEFAULT NULL, auto_declare jsonb DEFAULT NULL,
    calendar text DEFAULT NULL, steps jsonb DEFAULT NULL)
RETURNS void
AS 'MODULE_PATHNAME', 'incident_policy_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.incident_policy(text, interval, interval, jsonb, text, jsonb) IS
'Sets how soon incidents of a severity are to be dealt with, in place of what was set before; with nothing but the severity there is no policy any more.
severity: sev1, the worst, to sev4. ack_within: how soon somebody is to acknowledge one, resolve_within: to resolve it, no sooner; counted from when it was declared, or reopened, a day having 24 hours, at most 366 days; NULL for no limit. calendar: in whose working hours these and the waits of steps are counted (assay.add_calendar); NULL for all hours.
auto_declare: of which issues an incident is declared at once: {"priority": "p1", "severity": "error"}, of products of at least that priority (any asset without it) and of at least that severity (warn without it).
steps: who is told when a limit has passed, at most 20: [{"after": "30 minutes", "tell": ["owner", "rotation:NAME"]}, ...], after counted from the limit, in the order of time; tell is one or up to ten of owner, lead, rotation:NAME (who is on call), team:NAME, person:NAME. NULL tells the owner at once. assay.escalate takes them.
Takes the rights of the database''s owner. Errors: 22023 parameters, ML023 no such calendar, rotation or owner, 22007 an interval that is none, 42501, 25006.
Example: SELECT assay.incident_policy(''sev1'', ''30 minutes'', ''4 hours'', auto_declare => ''{"priority": "p1", "severity": "error"}'')';

CREATE FUNCTION assay.escalate(at timestamptz DEFAULT pg_catalog.now())
RETURNS TABLE (incident bigint, severity text, cause text, step integer, due_at timestamptz, told text[])
AS 'MODULE_PATHNAME', 'escalate_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 10;
COMMENT ON FUNCTION assay.escalate(timestamptz) IS
'Does what is to happen because time has passed until at, and gives the steps of escalation that it took: whom a policy names is told (assay.notifications), and the trail of the incident says so. Each step is taken once, whoever calls how often; what fell due while nobody called is made up for, in order. Any scheduler may call it, each minute.
cause: acknowledge, until somebody has acknowledged the incident, or resolve, until it is resolved. due_at: when the step fell due. told: who was told; on call is who is so at the time at. Incidents that are resolved, cancelled or part of another are left alone; a reopened one begins anew.
It also declares what policies want of issues that were found while another transaction was declaring incidents, tells the owners of service levels whose error budget has begun to burn fast (assay.sla_status), remembers which tables now bear the names of assets, so that a later rename takes along what is recorded of these, and forgets notifications that are older than assay.history_retention; none of that for those who only take part in some incidents.
For the owner of the database and whom it granted INSERT on assay.escalation, such as a scheduler''s role, it is of all incidents, at any time; for others of those in which they take part, and of now only. Errors: 22023, 42501, 25006.
Example: SELECT * FROM assay.escalate()';

CREATE FUNCTION assay.pending_notifications(
    max integer DEFAULT 100, at timestamptz DEFAULT pg_catalog.now(), lease interval DEFAULT '5 minutes')
RETURNS TABLE (id bigint, owner text, kind text, incident bigint, subject text, body text, channels jsonb, attempts integer, repeated boolean)
AS 'MODULE_PATHNAME', 'pending_notifications_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 100;
COMMENT ON FUNCTION assay.pending_notifications(integer, timestamptz, interval) IS
'Claims notifications that are due, the oldest first, for who delivers them and then says by assay.mark_notification what became of each. Commit before you deliver.
max: at most so many, 1 to 1,000. at: the time. lease: until when the claim holds, a second to a day; what is not marked by then is given again, with repeated true and the first line of body saying that it may have been told before. What somebody else claims at the same time is left out; what is about the same for an owner is put together.
body: plain text, one line for each thing. channels: {"email": [...], "webhook": [...], "slack": [...]}, the owner''s addresses, of a team without any those of its members, as far as the caller delivers everybody''s or acts for the member. attempts: which attempt this is; after ten a notification is given up.
For the owner of the database and whom it granted UPDATE on assay.notification, such as a sender''s role, it gives all; for others those of owners for whom they act. Errors: 22023, 25006.
Example: SELECT id, owner, subject, body, repeated FROM assay.pending_notifications(10)';

CREATE FUNCTION assay.mark_notification(id bigint, status text, detail text DEFAULT NULL, at timestamptz DEFAULT pg_catalog.now()) RETURNS text
AS 'MODULE_PATHNAME', 'mark_notification_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.mark_notification(bigint, text, text, timestamptz) IS
'Says what became of a notification, and gives the status that it has now: sent, failed (it was not delivered, and is pending again: in a minute, then in two, four and so on up to an hour; after ten attempts it stays failed) or dropped (it is not to be delivered). What is sent or dropped stays so. detail: what there is to say, of which 1,000 characters are kept. Where it is not known whether it got through, mark nothing: once the claim has run out it is given again as one that may be a repeat.
Takes what assay.pending_notifications takes. Errors: ML030 no such notification, or not for you, 22023, 25006.
Example: SELECT assay.mark_notification(id, ''dropped'', ''told by telephone'') FROM assay.notifications WHERE status = ''failed''';

CREATE FUNCTION assay.prune_notifications(older_than interval, most bigint DEFAULT 10000) RETURNS bigint
AS 'MODULE_PATHNAME', 'prune_notifications_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.prune_notifications(interval, bigint) IS
'Deletes notifications that are sent, given up or dropped and were due longer ago than an age, the oldest first; gives how many. most: at most so many, NULL for all. assay.escalate does it by assay.history_retention. Takes the rights of the database''s owner, or UPDATE on assay.notification. Errors: 22023, 42501, 25006.
Example: SELECT assay.prune_notifications(''90 days'')';

GRANT SELECT ON assay.calendars, assay.rotations, assay.on_call, assay.incident_policies, assay.notifications TO PUBLIC;

CREATE TRIGGER inserted AFTER INSERT ON assay.business_calendar REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('calendars', 'added_by');
CREATE TRIGGER updated AFTER UPDATE ON assay.business_calendar REFERENCING OLD TABLE AS old NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('calendars', 'added_by');
CREATE TRIGGER deleted AFTER DELETE ON assay.business_calendar REFERENCING OLD TABLE AS old
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('calendars', 'added_by');
CREATE TRIGGER inserted AFTER INSERT ON assay.rotation REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('rotations', 'added_by');
CREATE TRIGGER updated AFTER UPDATE ON assay.rotation REFERENCING OLD TABLE AS old NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('rotations', 'added_by');
CREATE TRIGGER deleted AFTER DELETE ON assay.rotation REFERENCING OLD TABLE AS old
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('rotations', 'added_by');

-- What tools that chart tables want of reliability, beside the views of its parts.

CREATE VIEW assay.uptime_by_week WITH (security_barrier) AS
    SELECT p.name AS product, p.priority, w.week, u.uptime, u.down, u.maintenance, u.incidents
    FROM assay.data_products p
    CROSS JOIN LATERAL pg_catalog.generate_series(
        (pg_catalog.date_trunc('week', pg_catalog.now()) OPERATOR(pg_catalog.-) '77 days'::pg_catalog.interval), pg_catalog.now(), '7 days'::pg_catalog.interval) AS w(week)
    CROSS JOIN LATERAL assay.uptime(('product:' OPERATOR(pg_catalog.||) p.name), w.week, LEAST((w.week OPERATOR(pg_catalog.+) '7 days'::pg_catalog.interval), pg_catalog.now())) u
    WHERE w.week OPERATOR(pg_catalog.<) pg_catalog.now();
COMMENT ON VIEW assay.uptime_by_week IS
'How much of each of the last twelve weeks each data product was up, as assay.uptime has it, for tools that chart tables. Weeks begin on Mondays in the session''s time zone; the last one is of what of it has passed.
Example: SELECT product, week, uptime FROM assay.uptime_by_week ORDER BY product, week';
COMMENT ON COLUMN assay.uptime_by_week.product IS 'The data product.';
COMMENT ON COLUMN assay.uptime_by_week.priority IS 'p1, the highest, to p3.';
COMMENT ON COLUMN assay.uptime_by_week.week IS 'When the week began.';
COMMENT ON COLUMN assay.uptime_by_week.uptime IS 'The share of its time without an incident of sev1 or sev2; NULL where all of it was maintenance.';
COMMENT ON COLUMN assay.uptime_by_week.down IS 'How long there was one.';
COMMENT ON COLUMN assay.uptime_by_week.maintenance IS 'How long there was maintenance, which does not count.';
COMMENT ON COLUMN assay.uptime_by_week.incidents IS 'How many incidents touched it.';
GRANT SELECT ON assay.uptime_by_week TO PUBLIC;

-- Texts: pieces of them, and embedders, which turn them into vectors.

-- Pieces of texts.

CREATE FUNCTION assay.chunk_text(input text, size integer, overlap integer DEFAULT 0, strategy text DEFAULT 'recursive',
    OUT seq integer, OUT chunk text, OUT start_pos integer, OUT end_pos integer) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'chunk_text_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE COST 1000 ROWS 20;
COMMENT ON FUNCTION assay.chunk_text(text, integer, integer, text) IS
'The pieces of a text, numbered from 1. start_pos and end_pos are positions of characters in the input, from 1, the end exclusive: chunk is substring(input, start_pos, end_pos - start_pos). White space around a piece is left out, except by characters, and but for the indentation of a line; a piece never ends within what readers take for one character. NULL has no pieces.
strategy: characters, words, sentences, paragraphs (at blank lines), tokens(embedder): pieces of at most so many of these, and size and overlap are counted in them. recursive: at most size characters, cut at the strongest boundary there is: a blank line, else a line break, the end of a sentence, a space, the end of a word; markdown: the same, but headings are stronger than blank lines, the higher the stronger, and a heading stays with what follows it. What is repeated of the piece before, at most overlap, begins where a sentence does if it can, else a word. Words and sentences are those of Unicode''s annex 29. O(length). Errors: 22023 a size below 1, an overlap that is not less than the size, no such strategy; ML001, ML002 no such embedder, ML010 a model that is none, 42501, 53400 assay.max_memory.
Example: SELECT seq, chunk, start_pos, end_pos FROM assay.chunk_text(E''One. Two two.\n\nThree three.'', 12, 0, ''recursive'')';

-- Embedders made of words.

CREATE FUNCTION assay.train_word2vec(name text, query text, options jsonb DEFAULT '{}', deploy text DEFAULT 'auto',
    OUT model text, OUT version integer, OUT algorithm text, OUT dimensions integer, OUT bytes bigint, OUT metrics jsonb, OUT duration interval) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'train_word2vec_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 1;
COMMENT ON FUNCTION assay.train_word2vec(text, text, jsonb, text) IS
'Learns vectors of words from the sentences of a query (word2vec) as a new version of an embedder, which assay.embed, assay.most_similar and vectorizers use: the vector of a text is the mean of its words''. The query has one column: text[], an element a word as it is written, or text, of whose words small letters are learned. It is run as the caller, read-only.
options, with gensim''s names and defaults: vector_size 100, window 5, min_count 5, sg 0 (CBOW; 1 skip-gram), hs 0 (1 hierarchical softmax), negative 5, ns_exponent 0.75, cbow_mean 1, sample 0.001, alpha 0.025, min_alpha 0.0001, epochs 5, shrink_windows 1, seed 1; and shuffle 0: sentences are learned from as the query brings them (1: in an order that depends on nothing but what they say). deploy: auto (if none is deployed yet), always, never.
The same rows in the same order, which an ORDER BY makes sure of, give the same bytes for a seed on any number of threads; shuffled, in any order. O(words x epochs x vector_size). Errors: 22023 unknown or wrong options, ML005 a column of another type, ML007 no word is frequent enough, ML008, 42501, 53400 assay.max_memory.
Example: SELECT model, version, metrics FROM assay.train_word2vec(''animals'', $$SELECT regexp_split_to_array(s, '' '') FROM (VALUES (''the cat says meow''), (''the dog says woof'')) AS t(s)$$, ''{"vector_size": 10, "min_count": 1}'')';

CREATE FUNCTION assay.load_word_vectors(name text, query text, deploy text DEFAULT 'auto',
    OUT model text, OUT version integer, OUT algorithm text, OUT dimensions integer, OUT bytes bigint, OUT metrics jsonb, OUT duration interval) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'load_word_vectors_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 1;
COMMENT ON FUNCTION assay.load_word_vectors(text, text, text) IS
'Makes an embedder of words and vectors that are known, such as GloVe''s or fastText''s in a table, as a new version: the vector of a text is the mean of its words'', in units of its length; a word counts as it is written, else in small letters, else not. The query, run as the caller, read-only, has two columns: text, and real[] or float8[], all of one length. O(rows x length). Errors: 22023, ML005 a NULL or a column of another type, ML007 a word that comes twice or a vector of another length, ML008, 42501, 53400 assay.max_memory.
Example: SELECT model, version, dimensions FROM assay.load_word_vectors(''colours'', $$VALUES (''red'', ''{1, 0}''::real[]), (''blue'', ''{0, 1}'')$$)';

CREATE FUNCTION assay.train_tf_idf(name text, query text, options jsonb DEFAULT '{}', deploy text DEFAULT 'auto',
    OUT model text, OUT version integer, OUT algorithm text, OUT dimensions integer, OUT bytes bigint, OUT metrics jsonb, OUT duration interval) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'train_tf_idf_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 1;
COMMENT ON FUNCTION assay.train_tf_idf(text, text, jsonb, text) IS
'Makes an embedder that counts the words of a text, each the more the fewer of the query''s texts have it (tf-idf, as scikit-learn computes it), as a new version. The query, run as the caller, read-only, has one column: text or text[]. options: width 1024, the numbers of a vector: so many words that most texts have; hashed false: with true words fall by their hash into so many places, and all count; min_df 1, words that fewer texts have are left out; sublinear_tf false: with true a word that occurs n times counts 1 + ln(n). O(words). Errors: 22023 unknown or wrong options, ML005, ML007 no word counts, ML008, 42501, 53400 assay.max_memory.
Example: SELECT model, version, dimensions FROM assay.train_tf_idf(''rare_words'', $$VALUES (''the cat''), (''the dog'')$$)';

CREATE FUNCTION assay.vocabulary(model text, OUT word text, OUT count bigint, OUT vector real[]) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'vocabulary_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 10000 ROWS 10000;
COMMENT ON FUNCTION assay.vocabulary(text) IS
'The words of an embedder that assay.train_word2vec or assay.load_word_vectors made: how often each occurs in what it was learned from (NULL where the vectors were given), and its vector. The most frequent come first. Errors: ML001, ML002 no such model or version, ML010 an embedder without words, 42501.
Example: SELECT word, count FROM assay.vocabulary(''words'') LIMIT 3';

CREATE FUNCTION assay.most_similar(model text, input text, k integer DEFAULT 10, OUT word text, OUT similarity double precision) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'most_similar_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 1000000 ROWS 10;
COMMENT ON FUNCTION assay.most_similar(text, text, integer) IS
'The k words of an embedder whose vectors have the least angle to that of a word (as it is written, else in small letters), the nearest first; similarity is the angle''s cosine. O(words x dimensions). Errors: 22023 a word that it does not know, ML001, ML002, ML010 an embedder without words, 42501.
Example: SELECT word, similarity FROM assay.most_similar(''words'', ''cat'', 3)';

CREATE FUNCTION assay.analogy(model text, a text, b text, c text, k integer DEFAULT 10, OUT word text, OUT similarity double precision) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'analogy_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 1000000 ROWS 10;
COMMENT ON FUNCTION assay.analogy(text, text, text, text, integer) IS
'What is to c as b is to a: man is to king as woman is to queen. The k words, but for these three, whose vectors have the least angle to b - a + c, each of length 1. Errors as assay.most_similar.
Example: SELECT word, similarity FROM assay.analogy(''words'', ''man'', ''king'', ''woman'', 1)';

-- Embedders.

CREATE FUNCTION assay.load_embedder(name text, weights bytea, tokenizer bytea, config jsonb DEFAULT '{}', deploy text DEFAULT 'auto')
RETURNS TABLE (model text, version integer, algorithm text, dimensions integer, bytes bigint, metrics jsonb, duration interval)
AS 'MODULE_PATHNAME', 'load_embedder_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 1;
COMMENT ON FUNCTION assay.load_embedder(text, bytea, bytea, jsonb, text) IS
'Makes an encoder of the BERT family (all-MiniLM, BGE, E5; cross-encoders with a score head) a version of a model, which assay.embed then computes inside the server. Versions, aliases, grants, deployment, rollback and pg_dump are those of all models.
weights: the bytes of a safetensors file; tokenizer: those of its tokenizer.json (WordPiece; its truncation and padding do not matter). Of large objects lo_get gives them, of files on the server pg_read_binary_file, each to whoever may read these.
config: the model''s own config.json (other keys are ignored), and max_seq_length (256 unless given, at most max_position_embeddings): so many tokens of a text count; pooling (mean, cls, max): what becomes of the tokens'' vectors; normalize (true): vectors have length 1; precision (f32, int8): int8 takes a quarter of the memory and less time, and its vectors are nearly those of f32.
deploy: auto (when no version is deployed yet), always, never. Vectors of different versions are not to be compared.
The whole model is checked: names, shapes, finite numbers. O(bytes); memory: the weights twice. Errors: 22023 what was given is no such model, or does not fit together, 42501 not yours, 53400 assay.max_memory, 54000 more than 1 GB.
Example: SELECT version, dimensions FROM assay.load_embedder(''minilm'', (SELECT content FROM file WHERE name = ''model.safetensors''), (SELECT content FROM file WHERE name = ''tokenizer.json''), (SELECT convert_from(content, ''UTF8'')::jsonb FROM file WHERE name = ''config.json''))';

CREATE FUNCTION assay.embed(model text, input text) RETURNS real[]
AS 'MODULE_PATHNAME', 'embed_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE COST 200000;
COMMENT ON FUNCTION assay.embed(text, text) IS
'The vector of a text by a local embedder: one that assay.load_embedder, assay.train_word2vec or their kin made. An empty text has a vector, too. What is longer than the embedder''s window is cut off.
The same text gives the same bits, whatever else is embedded with it, on any number of threads, under any plan, on any x86 processor with FMA. NULL for NULL.
The weights are read into the backend''s memory by mapping a file that the backends of a database share; the first call after the server started writes it. O(tokens). Errors: ML001, ML002 no such model or version, ML010 a model that is no local embedder, 42501.
Example: SELECT assay.embed(''minilm'', ''How long do I have to return an item?'')';

CREATE FUNCTION assay.embed(model text, input text[]) RETURNS real[]
AS 'MODULE_PATHNAME', 'embed_array_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE COST 2000000;
COMMENT ON FUNCTION assay.embed(text, text[]) IS
'The vectors of texts as an array of two dimensions, a row for each; the elements of the row of a NULL are NULL. The vectors are those that assay.embed(model, input) gives of each text, computed on up to assay.threads threads. Errors as there, and 53400 assay.max_memory.
Example: SELECT assay.embed(''minilm'', ARRAY[''The refund period is 14 days.'', ''The cat sat on the mat''])';

-- Endpoints: servers elsewhere that embed, rerank and write texts. CREATE SERVER says where one is, USAGE on it who may call it, a user mapping with which key;
-- assay.endpoints says which hosts may be reached at all. What is called is booked first, by a background worker, so that no rollback takes it back.

CREATE FUNCTION assay_internal.http_validator(options text[], catalog oid) RETURNS void
AS 'MODULE_PATHNAME', 'http_validator_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.http_validator(text[], oid) IS
'Looks at the options of servers and user mappings of assay_http when they are set. Errors: 22023.';

CREATE FOREIGN DATA WRAPPER assay_http NO HANDLER VALIDATOR assay_internal.http_validator;
COMMENT ON FOREIGN DATA WRAPPER assay_http IS
'Endpoints that speak OpenAI''s protocol. Options of a server: base_url, api (openai), model, timeout (seconds), requests_per_minute, tokens_per_day, cost_per_day, price_per_million_tokens, price_per_million_answer_tokens, batch_size, ca_file, columns (which columns of tables may leave for it: schema.table.column or schema.table.*, with commas between), redact (a policy of assay.redact, or one action: what is taken out of texts before they leave); of a user mapping: one of api_key, api_key_file, api_key_variable.';

-- Who creates an extension that is trusted owns it, but not what it contains.
CREATE FUNCTION assay_internal.grant_wrapper() RETURNS void
AS 'MODULE_PATHNAME', 'grant_wrapper_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay_internal.grant_wrapper() IS
'For the install script, and those that update the extension: grants USAGE on the foreign data wrapper to the role that installed the extension, unless it is a superuser.';
REVOKE EXECUTE ON FUNCTION assay_internal.grant_wrapper() FROM PUBLIC;

SELECT assay_internal.grant_wrapper();

CREATE TABLE assay.endpoint_use (
    server    text COLLATE "C" NOT NULL,
    called_by text COLLATE "C" NOT NULL,
    day       date NOT NULL,
    calls     bigint NOT NULL,
    failed    bigint NOT NULL,
    tokens    bigint NOT NULL,
    cost      double precision NOT NULL,
    PRIMARY KEY (server, day, called_by)
) WITH (fillfactor = 50);
COMMENT ON TABLE assay.endpoint_use IS 'What each server has taken, one row per role and day. Read the view assay.endpoint_usage instead.';
COMMENT ON COLUMN assay.endpoint_use.server IS 'The name of the server.';
COMMENT ON COLUMN assay.endpoint_use.called_by IS 'The name of the role that called it, as it was then.';
COMMENT ON COLUMN assay.endpoint_use.day IS 'The day, in UTC.';
COMMENT ON COLUMN assay.endpoint_use.calls IS 'How often it was called.';
COMMENT ON COLUMN assay.endpoint_use.failed IS 'How many of these calls have failed.';
COMMENT ON COLUMN assay.endpoint_use.tokens IS 'The tokens: what the server said that it took, or what the call was booked for where it did not say.';
COMMENT ON COLUMN assay.endpoint_use.cost IS 'What they cost, at the price that the server''s options said.';

CREATE TABLE assay.endpoint_call (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    server      text COLLATE "C" NOT NULL,
    called_by   text COLLATE "C" NOT NULL,
    model       text NOT NULL,
    day         date NOT NULL,
    booked_at   timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    finished_at timestamptz,
    failed      boolean,
    tokens      bigint NOT NULL,
    cost        double precision NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX endpoint_call_server_idx ON assay.endpoint_call (server, booked_at);
COMMENT ON TABLE assay.endpoint_call IS 'The calls of the last hour, one row each. Read the view assay.endpoint_calls instead.';
COMMENT ON COLUMN assay.endpoint_call.id IS 'The call''s key.';
COMMENT ON COLUMN assay.endpoint_call.server IS 'The name of the server.';
COMMENT ON COLUMN assay.endpoint_call.called_by IS 'The name of the role that called it, as it was then.';
COMMENT ON COLUMN assay.endpoint_call.model IS 'The name of the model there.';
COMMENT ON COLUMN assay.endpoint_call.day IS 'The day that it was booked on, in UTC.';
COMMENT ON COLUMN assay.endpoint_call.booked_at IS 'When it was booked, before it was made.';
COMMENT ON COLUMN assay.endpoint_call.finished_at IS 'When it was over; NULL while it is on its way, and for good where its statement was cancelled.';
COMMENT ON COLUMN assay.endpoint_call.failed IS 'Whether it has failed.';
COMMENT ON COLUMN assay.endpoint_call.tokens IS 'What it took; until it is over, the most that it may take.';
COMMENT ON COLUMN assay.endpoint_call.cost IS 'What that costs.';

-- Whose servers the current role looks after: its own, and in the end the database's owner.
CREATE VIEW assay_internal.kept_server AS
    SELECT s.srvname::pg_catalog.text COLLATE "C" AS server
    FROM pg_catalog.pg_foreign_server AS s
    WHERE pg_catalog.pg_has_role(s.srvowner, 'USAGE');
COMMENT ON VIEW assay_internal.kept_server IS 'The foreign servers whose owner''s rights the current role has.';
COMMENT ON COLUMN assay_internal.kept_server.server IS 'The name of the server.';

CREATE VIEW assay_internal.is_steward AS
    SELECT pg_catalog.pg_has_role(d.datdba, 'USAGE') AS steward
    FROM pg_catalog.pg_database AS d
    WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database();
COMMENT ON VIEW assay_internal.is_steward IS 'Whether the current role has the rights of the database''s owner.';
COMMENT ON COLUMN assay_internal.is_steward.steward IS 'Whether it has.';

CREATE VIEW assay.endpoint_usage WITH (security_barrier) AS
    SELECT u.server, u.called_by, u.day, u.calls, u.failed, u.tokens, u.cost
    FROM assay.endpoint_use AS u
    WHERE u.called_by OPERATOR(pg_catalog.=) CURRENT_USER
       OR EXISTS (SELECT FROM assay_internal.kept_server AS k WHERE k.server OPERATOR(pg_catalog.=) u.server)
       OR (SELECT s.steward FROM assay_internal.is_steward AS s);
COMMENT ON VIEW assay.endpoint_usage IS
'What endpoints have taken, by server, role and day in UTC: of the current role''s own calls, of servers that are its own, and for the database''s owner of all.
Example: SELECT server, day, calls, tokens, cost FROM assay.endpoint_usage ORDER BY day DESC, server';
COMMENT ON COLUMN assay.endpoint_usage.server IS 'The name of the server.';
COMMENT ON COLUMN assay.endpoint_usage.called_by IS 'The name of the role that called it, as it was then.';
COMMENT ON COLUMN assay.endpoint_usage.day IS 'The day, in UTC.';
COMMENT ON COLUMN assay.endpoint_usage.calls IS 'How often it was called.';
COMMENT ON COLUMN assay.endpoint_usage.failed IS 'How many of these calls have failed.';
COMMENT ON COLUMN assay.endpoint_usage.tokens IS 'The tokens: what the server said that it took, or what the call was booked for where it did not say.';
COMMENT ON COLUMN assay.endpoint_usage.cost IS 'What they cost, at the server''s price_per_million_tokens, and price_per_million_answer_tokens of those that a model wrote.';

CREATE VIEW assay.endpoint_calls WITH (security_barrier) AS
    SELECT c.id, c.server, c.called_by, c.model, c.booked_at, c.finished_at, c.failed, c.tokens, c.cost
    FROM assay.endpoint_call AS c
    WHERE c.called_by OPERATOR(pg_catalog.=) CURRENT_USER
       OR EXISTS (SELECT FROM assay_internal.kept_server AS k WHERE k.server OPERATOR(pg_catalog.=) c.server)
       OR (SELECT s.steward FROM assay_internal.is_steward AS s);
COMMENT ON VIEW assay.endpoint_calls IS
'The calls of endpoints of the last hour, for those who see them in assay.endpoint_usage.
Example: SELECT server, model, booked_at, finished_at, failed, tokens FROM assay.endpoint_calls ORDER BY id DESC LIMIT 10';
COMMENT ON COLUMN assay.endpoint_calls.id IS 'The call''s key.';
COMMENT ON COLUMN assay.endpoint_calls.server IS 'The name of the server.';
COMMENT ON COLUMN assay.endpoint_calls.called_by IS 'The name of the role that called it, as it was then.';
COMMENT ON COLUMN assay.endpoint_calls.model IS 'The name of the model there.';
COMMENT ON COLUMN assay.endpoint_calls.booked_at IS 'When it was booked, before it was made.';
COMMENT ON COLUMN assay.endpoint_calls.finished_at IS 'When it was over; NULL while it is on its way, and for good where its statement was cancelled.';
COMMENT ON COLUMN assay.endpoint_calls.failed IS 'Whether it has failed.';
COMMENT ON COLUMN assay.endpoint_calls.tokens IS 'What it took; until it is over, the most that it may take.';
COMMENT ON COLUMN assay.endpoint_calls.cost IS 'What that costs.';

GRANT SELECT ON assay.endpoint_usage, assay.endpoint_calls TO PUBLIC;

-- The calls of the last hour are nothing to keep.
SELECT pg_catalog.pg_extension_config_dump('assay.endpoint_use', '');

CREATE FUNCTION assay.register_remote(
    name text, server text, model text DEFAULT NULL, task text DEFAULT 'embedding', dimensions integer DEFAULT NULL, max_tokens integer DEFAULT NULL,
    tokenizer text DEFAULT NULL, request jsonb DEFAULT '{}', deploy text DEFAULT 'auto') RETURNS integer
AS 'MODULE_PATHNAME', 'register_remote_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.register_remote(text, text, text, text, integer, integer, text, jsonb, text) IS
'Adds a version of a model that answers elsewhere, and gives its number. server: a foreign server of assay_http that the caller has USAGE on. model: its name there, the server''s option model unless given. task: embedding, reranking or generation. dimensions: how many numbers a vector has. max_tokens: the most tokens of a text; of a model that writes, of what it is asked and its answer together. tokenizer: a local embedder that cuts texts into the same tokens; without one each byte counts as one. request: what each request says beside, such as {"dimensions": 256}; for a model that writes also the most tokens of an answer, as max_tokens or by the name max_completion_tokens where the server wants that one. deploy: auto (where none is deployed), always or never. Nothing is called. Errors: 22023, 42501, 42704.
Example: SELECT assay.register_remote(''small'', ''llm'', ''text-embedding-3-small'', dimensions => 1536)';

CREATE FUNCTION assay.embed_remote(model text, input text) RETURNS real[]
AS 'MODULE_PATHNAME', 'embed_remote_wrapper' LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION assay.embed_remote(text, text) IS
'The vector of a text, from an endpoint. The call is booked first, and stays booked when the transaction is rolled back. Takes the privilege predict on the model and USAGE on its server. Errors: ML031 come again later, ML032 the day''s budget is used up, ML033 it fails, ML034 it refuses, 55000 the call cannot be booked, 42501 the host may not be reached.
Example: SELECT assay.embed_remote(''small'', ''a text'')';

CREATE FUNCTION assay.embed_remote(model text, input text[]) RETURNS real[]
AS 'MODULE_PATHNAME', 'embed_remote_many_wrapper' LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION assay.embed_remote(text, text[]) IS
'The vectors of texts, one row each, from an endpoint, which is called once for each batch_size of them. Else as of one text.
Example: SELECT assay.embed_remote(''small'', ARRAY[''a text'', ''another''])';

CREATE FUNCTION assay.rerank_remote(model text, query text, documents text[]) RETURNS real[]
AS 'MODULE_PATHNAME', 'rerank_remote_wrapper' LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION assay.rerank_remote(text, text, text[]) IS
'How well each document answers a query, from an endpoint for reranking: a number for each, in their order. Else as assay.embed_remote.
Example: SELECT assay.rerank_remote(''ranker'', ''what is it?'', ARRAY[''it is this'', ''a text''])';

-- Vectorizers: embeddings of a table's texts that stay current.

CREATE TABLE assay.vectorizer (
    id          bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    name        text COLLATE "C" NOT NULL,
    source      regclass NOT NULL,
    store       regclass NOT NULL,
    loading     jsonb NOT NULL,
    formatting  text NOT NULL,
    chunking    jsonb NOT NULL,
    consistency text COLLATE "C" NOT NULL,
    indexing    jsonb NOT NULL,
    settings    jsonb NOT NULL,
    max_lag     interval,
    sla_id      bigint,
    created_at  timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
CREATE INDEX vectorizer_source_idx ON assay.vectorizer ((source::pg_catalog.oid));
COMMENT ON TABLE assay.vectorizer IS 'The vectorizers. Read the view assay.vectorizers instead.';
COMMENT ON COLUMN assay.vectorizer.id IS 'The vectorizer''s key.';
COMMENT ON COLUMN assay.vectorizer.name IS 'Its name, within the schema of its source.';
COMMENT ON COLUMN assay.vectorizer.source IS 'The table whose texts are embedded.';
COMMENT ON COLUMN assay.vectorizer.store IS 'The table in which chunks and vectors are.';
COMMENT ON COLUMN assay.vectorizer.loading IS 'What is read of a row, by the names that the columns had when it was created.';
COMMENT ON COLUMN assay.vectorizer.formatting IS 'The template of what is embedded.';
COMMENT ON COLUMN assay.vectorizer.chunking IS 'How texts are cut.';
COMMENT ON COLUMN assay.vectorizer.consistency IS 'transaction or queue.';
COMMENT ON COLUMN assay.vectorizer.indexing IS 'How vectors are kept and indexed.';
COMMENT ON COLUMN assay.vectorizer.settings IS 'The settings under which columns are written as texts.';
COMMENT ON COLUMN assay.vectorizer.max_lag IS 'How far vectors may lag behind their rows; NULL where nothing is promised.';
COMMENT ON COLUMN assay.vectorizer.sla_id IS 'The service level that was promised with it.';
COMMENT ON COLUMN assay.vectorizer.created_at IS 'When it was created.';

CREATE TABLE assay.vectorizer_space (
    vectorizer_id bigint NOT NULL,
    number        integer NOT NULL,
    embedding     text COLLATE "C" NOT NULL,
    hash          text COLLATE "C" NOT NULL,
    column_name   text COLLATE "C" NOT NULL,
    column_type   text COLLATE "C" NOT NULL,
    dimensions    integer NOT NULL,
    state         text COLLATE "C" NOT NULL,
    since         timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    CONSTRAINT vectorizer_space_pkey PRIMARY KEY (vectorizer_id, number)
);
COMMENT ON TABLE assay.vectorizer_space IS 'The vectors that each embedder of a vectorizer made. Read the view assay.vectorizer_embeddings instead.';
COMMENT ON COLUMN assay.vectorizer_space.vectorizer_id IS 'The vectorizer.';
COMMENT ON COLUMN assay.vectorizer_space.number IS 'The number of the space, from 1.';
COMMENT ON COLUMN assay.vectorizer_space.embedding IS 'The embedder, with its version.';
COMMENT ON COLUMN assay.vectorizer_space.hash IS 'The hash of its bytes: vectors of another one, even of this name, are not to be compared with these.';
COMMENT ON COLUMN assay.vectorizer_space.column_name IS 'The column of the store.';
COMMENT ON COLUMN assay.vectorizer_space.column_type IS 'Its type.';
COMMENT ON COLUMN assay.vectorizer_space.dimensions IS 'How many numbers a vector has.';
COMMENT ON COLUMN assay.vectorizer_space.state IS 'serving, building or previous.';
COMMENT ON COLUMN assay.vectorizer_space.since IS 'Since when it is in this state.';

-- What writes it is a trigger for each row of a load, without the executor: it has no constraint but its key, no default but its number, and no trigger.
CREATE TABLE assay.vectorizer_queue (
    id            bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    vectorizer_id bigint NOT NULL,
    key           text[] NOT NULL,
    key_hash      bigint NOT NULL,
    queued_at     timestamptz NOT NULL,
    attempts      integer NOT NULL,
    alone         boolean NOT NULL,
    next_at       timestamptz NOT NULL,
    lease         bigint,
    error         text,
    failed_at     timestamptz
);
CREATE INDEX vectorizer_queue_next_idx ON assay.vectorizer_queue (vectorizer_id, alone, next_at, id);
CREATE INDEX vectorizer_queue_key_idx ON assay.vectorizer_queue (vectorizer_id, key_hash);
COMMENT ON TABLE assay.vectorizer_queue IS 'Rows whose vectors are to be made: one row for each change. Read the view assay.vectorizer_items instead.';
COMMENT ON COLUMN assay.vectorizer_queue.id IS 'The item''s key.';
COMMENT ON COLUMN assay.vectorizer_queue.vectorizer_id IS 'The vectorizer.';
COMMENT ON COLUMN assay.vectorizer_queue.key IS 'The values of the row''s primary key.';
COMMENT ON COLUMN assay.vectorizer_queue.key_hash IS 'A hash of them.';
COMMENT ON COLUMN assay.vectorizer_queue.queued_at IS 'When the row was written.';
COMMENT ON COLUMN assay.vectorizer_queue.attempts IS 'How often it was taken up.';
COMMENT ON COLUMN assay.vectorizer_queue.alone IS 'Whether it is worked at by itself, for it may be what ended others.';
COMMENT ON COLUMN assay.vectorizer_queue.next_at IS 'From when on it may be taken up.';
COMMENT ON COLUMN assay.vectorizer_queue.lease IS 'Under which lease it is worked at, or was when the worker ended.';
COMMENT ON COLUMN assay.vectorizer_queue.error IS 'Why it failed last.';
COMMENT ON COLUMN assay.vectorizer_queue.failed_at IS 'When.';

CREATE SEQUENCE assay.vectorizer_lease;
COMMENT ON SEQUENCE assay.vectorizer_lease IS 'The numbers of leases.';

CREATE FUNCTION assay_internal.lease_is_free(lease bigint) RETURNS boolean
AS 'MODULE_PATHNAME', 'lease_is_free_wrapper' LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION assay_internal.lease_is_free(bigint) IS 'Whether no session holds a lease any more.';
REVOKE EXECUTE ON FUNCTION assay_internal.lease_is_free(bigint) FROM PUBLIC;

CREATE FUNCTION assay_internal.queue_row() RETURNS trigger
AS 'MODULE_PATHNAME', 'queue_row_wrapper' LANGUAGE c;
COMMENT ON FUNCTION assay_internal.queue_row() IS 'After a row of a source: queues it. The argument is the vectorizer.';
CREATE FUNCTION assay_internal.embed_rows() RETURNS trigger
AS 'MODULE_PATHNAME', 'embed_rows_wrapper' LANGUAGE c;
COMMENT ON FUNCTION assay_internal.embed_rows() IS 'After a statement that wrote a source: makes the chunks and vectors of its rows. The argument is the vectorizer.';
CREATE FUNCTION assay_internal.forget_rows() RETURNS trigger
AS 'MODULE_PATHNAME', 'forget_rows_wrapper' LANGUAGE c;
COMMENT ON FUNCTION assay_internal.forget_rows() IS 'After TRUNCATE of a source: takes chunks and vectors away. The argument is the vectorizer.';
CREATE FUNCTION assay_internal.vectorizer_columns() RETURNS trigger
AS 'MODULE_PATHNAME', 'vectorizer_columns_wrapper' LANGUAGE c;
COMMENT ON FUNCTION assay_internal.vectorizer_columns() IS 'Of a trigger that is disabled: it names the columns that a vectorizer reads, so that PostgreSQL follows them. The argument is the vectorizer.';
CREATE FUNCTION assay_internal.guard_vectorizer() RETURNS trigger
AS 'MODULE_PATHNAME', 'guard_vectorizer_wrapper' LANGUAGE c;
COMMENT ON FUNCTION assay_internal.guard_vectorizer() IS 'Before a vectorizer is stored: leaves it out where the current role may not act for the owner of its source.';
CREATE TRIGGER a_guard BEFORE INSERT ON assay.vectorizer FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_vectorizer();

-- One whose source is gone is none, and forgotten by the next one who creates a vectorizer or works at the queue.
CREATE VIEW assay_internal.visible_vectorizer WITH (security_barrier) AS
    SELECT v.*, c.relname, c.relnamespace, c.relowner
    FROM assay.vectorizer v
    JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) v.source
    WHERE pg_catalog.pg_has_role(c.relowner, 'USAGE') OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT');
COMMENT ON VIEW assay_internal.visible_vectorizer IS 'The vectorizers that the current role may know of: the base of the views below.';
COMMENT ON COLUMN assay_internal.visible_vectorizer.id IS 'The vectorizer''s key.';
COMMENT ON COLUMN assay_internal.visible_vectorizer.name IS 'Its name.';
COMMENT ON COLUMN assay_internal.visible_vectorizer.source IS 'The table whose texts are embedded.';
COMMENT ON COLUMN assay_internal.visible_vectorizer.store IS 'The table in which chunks and vectors are.';
COMMENT ON COLUMN assay_internal.visible_vectorizer.loading IS 'What is read of a row.';
COMMENT ON COLUMN assay_internal.visible_vectorizer.formatting IS 'The template.';
COMMENT ON COLUMN assay_internal.visible_vectorizer.chunking IS 'How texts are cut.';
COMMENT ON COLUMN assay_internal.visible_vectorizer.consistency IS 'transaction or queue.';
COMMENT ON COLUMN assay_internal.visible_vectorizer.indexing IS 'How vectors are kept and indexed.';
COMMENT ON COLUMN assay_internal.visible_vectorizer.settings IS 'The settings under which columns are written.';
COMMENT ON COLUMN assay_internal.visible_vectorizer.max_lag IS 'How far vectors may lag.';
COMMENT ON COLUMN assay_internal.visible_vectorizer.sla_id IS 'The service level.';
COMMENT ON COLUMN assay_internal.visible_vectorizer.created_at IS 'When it was created.';
COMMENT ON COLUMN assay_internal.visible_vectorizer.relname IS 'The source''s name.';
COMMENT ON COLUMN assay_internal.visible_vectorizer.relnamespace IS 'The source''s schema.';
COMMENT ON COLUMN assay_internal.visible_vectorizer.relowner IS 'The source''s owner.';

CREATE VIEW assay.vectorizers WITH (security_barrier) AS
    SELECT v.id, n.nspname::pg_catalog.text COLLATE "C" AS schema, v.name, v.source, v.store, s.embedding, b.embedding AS next_embedding,
           v.loading, v.chunking, v.formatting, v.consistency, v.indexing, v.max_lag,
           COALESCE(q.pending, 0) AS pending, COALESCE(q.failed, 0) AS failed,
           COALESCE(GREATEST(pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) q.oldest, '0'::pg_catalog.interval), '0'::pg_catalog.interval) AS lag,
           v.relowner::pg_catalog.regrole AS owner, v.created_at
    FROM assay_internal.visible_vectorizer v
    JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) v.relnamespace
    LEFT JOIN assay.vectorizer_space s ON s.vectorizer_id OPERATOR(pg_catalog.=) v.id AND s.state OPERATOR(pg_catalog.=) 'serving'
    LEFT JOIN assay.vectorizer_space b ON b.vectorizer_id OPERATOR(pg_catalog.=) v.id AND b.state OPERATOR(pg_catalog.=) 'building'
    LEFT JOIN LATERAL (
        SELECT pg_catalog.count(*) AS pending, pg_catalog.count(q.error) AS failed, pg_catalog.min(q.queued_at) AS oldest
        FROM assay.vectorizer_queue q WHERE q.vectorizer_id OPERATOR(pg_catalog.=) v.id) q ON true;
COMMENT ON VIEW assay.vectorizers IS
'The vectorizers of tables of which the current role may read a column, or for whose owner it acts.
Example: SELECT name, source, embedding, consistency, pending, failed FROM assay.vectorizers ORDER BY name';
COMMENT ON COLUMN assay.vectorizers.id IS 'The vectorizer''s key.';
COMMENT ON COLUMN assay.vectorizers.schema IS 'The schema of its source, in which its name is looked for.';
COMMENT ON COLUMN assay.vectorizers.name IS 'Its name.';
COMMENT ON COLUMN assay.vectorizers.source IS 'The table whose texts are embedded.';
COMMENT ON COLUMN assay.vectorizers.store IS 'The table in which chunks and vectors are.';
COMMENT ON COLUMN assay.vectorizers.embedding IS 'The embedder whose vectors are searched.';
COMMENT ON COLUMN assay.vectorizers.next_embedding IS 'The embedder whose vectors are being built to take their place; NULL for none.';
COMMENT ON COLUMN assay.vectorizers.loading IS 'What is read of a row, by the names that the columns had when it was created.';
COMMENT ON COLUMN assay.vectorizers.chunking IS 'How texts are cut.';
COMMENT ON COLUMN assay.vectorizers.formatting IS 'What is embedded of a chunk.';
COMMENT ON COLUMN assay.vectorizers.consistency IS 'transaction: vectors are committed with their rows; queue: assay.run_queue makes them.';
COMMENT ON COLUMN assay.vectorizers.indexing IS 'How vectors are kept and indexed.';
COMMENT ON COLUMN assay.vectorizers.max_lag IS 'How far vectors may lag behind their rows; NULL where nothing is promised.';
COMMENT ON COLUMN assay.vectorizers.pending IS 'Changes that are in the queue.';
COMMENT ON COLUMN assay.vectorizers.failed IS 'How many of these have failed.';
COMMENT ON COLUMN assay.vectorizers.lag IS 'How long the oldest of these has waited.';
COMMENT ON COLUMN assay.vectorizers.owner IS 'The owner of the source, as whom it is read.';
COMMENT ON COLUMN assay.vectorizers.created_at IS 'When it was created.';
GRANT SELECT ON assay.vectorizers TO PUBLIC;

CREATE VIEW assay.vectorizer_embeddings WITH (security_barrier) AS
    SELECT v.id AS vectorizer_id, v.name AS vectorizer, v.source, s.embedding, s.state, s.column_name, s.dimensions, s.since
    FROM assay_internal.visible_vectorizer v
    JOIN assay.vectorizer_space s ON s.vectorizer_id OPERATOR(pg_catalog.=) v.id;
COMMENT ON VIEW assay.vectorizer_embeddings IS
'The embedders whose vectors a vectorizer has: that which serves, that which is being built, and that which served before.
Example: SELECT vectorizer, embedding, state FROM assay.vectorizer_embeddings ORDER BY vectorizer, since';
COMMENT ON COLUMN assay.vectorizer_embeddings.vectorizer_id IS 'The vectorizer''s key.';
COMMENT ON COLUMN assay.vectorizer_embeddings.vectorizer IS 'Its name.';
COMMENT ON COLUMN assay.vectorizer_embeddings.source IS 'Its source.';
COMMENT ON COLUMN assay.vectorizer_embeddings.embedding IS 'The embedder, with its version.';
COMMENT ON COLUMN assay.vectorizer_embeddings.state IS 'serving; building: it takes the place of that which serves when it is complete; previous: assay.rollback_vectorizer goes back to it.';
COMMENT ON COLUMN assay.vectorizer_embeddings.column_name IS 'The column of the store.';
COMMENT ON COLUMN assay.vectorizer_embeddings.dimensions IS 'How many numbers a vector has.';
COMMENT ON COLUMN assay.vectorizer_embeddings.since IS 'Since when it is in this state.';
GRANT SELECT ON assay.vectorizer_embeddings TO PUBLIC;

CREATE VIEW assay.vectorizer_items WITH (security_barrier) AS
    SELECT q.id, v.name AS vectorizer, v.source, q.key, q.queued_at, q.attempts, q.next_at, q.error, q.failed_at
    FROM assay.vectorizer_queue q
    JOIN assay.vectorizer v ON v.id OPERATOR(pg_catalog.=) q.vectorizer_id
    JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) v.source
    WHERE pg_catalog.pg_has_role(c.relowner, 'USAGE');
COMMENT ON VIEW assay.vectorizer_items IS
'What waits in the queues of vectorizers whose source''s owner the current role acts for: one row for each change. Those with an error have failed, and are tried again.
Example: SELECT vectorizer, key, attempts, error FROM assay.vectorizer_items WHERE error IS NOT NULL ORDER BY id';
COMMENT ON COLUMN assay.vectorizer_items.id IS 'The item''s number.';
COMMENT ON COLUMN assay.vectorizer_items.vectorizer IS 'The vectorizer.';
COMMENT ON COLUMN assay.vectorizer_items.source IS 'Its source.';
COMMENT ON COLUMN assay.vectorizer_items.key IS 'The values of the row''s primary key.';
COMMENT ON COLUMN assay.vectorizer_items.queued_at IS 'When the row was written.';
COMMENT ON COLUMN assay.vectorizer_items.attempts IS 'How often it was taken up.';
COMMENT ON COLUMN assay.vectorizer_items.next_at IS 'From when on it may be taken up: after a failure 10 seconds later, then twice as long each time, up to an hour.';
COMMENT ON COLUMN assay.vectorizer_items.error IS 'Why it failed last; NULL where it has not.';
COMMENT ON COLUMN assay.vectorizer_items.failed_at IS 'When.';
GRANT SELECT ON assay.vectorizer_items TO PUBLIC;

CREATE FUNCTION assay.create_vectorizer(
    source regclass, loading jsonb, embedding text, chunking jsonb DEFAULT '{}', formatting text DEFAULT '$chunk',
    consistency text DEFAULT 'queue', max_lag interval DEFAULT NULL, indexing jsonb DEFAULT '{}', name text DEFAULT NULL, store text DEFAULT NULL)
RETURNS bigint
AS 'MODULE_PATHNAME', 'create_vectorizer_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.create_vectorizer(regclass, jsonb, text, jsonb, text, text, interval, jsonb, text, text) IS
'Keeps chunks of a column''s texts and their vectors in a table beside its own, current while the table changes; gives the vectorizer''s number. Takes the owner of the source, an ordinary table with a primary key; views, foreign, partitioned, unlogged and temporary tables, and those with children, are refused.
loading: {"column": "body"}, the column whose texts are cut. embedding: the embedder, with its version. chunking: how, as {"strategy": ..., "size": ..., "overlap": ...} in the words of assay.chunk_text. formatting: what is embedded of a chunk, where $chunk is the chunk and $title or ${title} a column; $$ is a dollar sign, and NULL an empty text.
consistency: queue: triggers note the rows that change, and CALL assay.run_queue() embeds them, also rows that logical replication brings. transaction: vectors of a local embedder are committed with the row; what replication brings is queued.
max_lag: how long a row may wait in the queue: a check of kind embedding_lag, and a service level of its results.
indexing: {"type": "vector", "halfvec" (both of pgvector, which is used where it is installed) or "float4", "method": "none" (searched exactly), "hnsw" or "ivfflat", "distance": "cosine", "l2" or "inner_product", "m", "ef_construction", "lists", "language": "simple" or that of the words, such as "english", whose endings text search takes off}.
name: the source''s name unless given; within the schema of the source. store: the name of the table for the chunks, in the same schema; <source>_chunks unless given. It has chunk_id, the key''s columns, seq, chunk, start_pos, end_pos, content_hash and embedding, belongs to the source''s owner, and goes with the source.
A text that has not changed is not embedded again, whatever else of its row has. Columns that the vectorizer reads can be renamed, and not dropped, nor change their type. Errors: 22023 an argument, or a source that cannot be one, 42703 no such column, 42710 a name that is taken, ML001 no such embedder, 42501, 25006.
Example: SELECT assay.create_vectorizer(''document'', loading => ''{"column": "body"}'', embedding => ''words@1'', formatting => ''$title: $chunk'', name => ''titled'', store => ''titled_chunks'')';

CREATE FUNCTION assay.alter_vectorizer(
    vectorizer text, embedding text DEFAULT NULL, chunking jsonb DEFAULT NULL, max_lag interval DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'alter_vectorizer_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.alter_vectorizer(text, text, jsonb, interval) IS
'Changes a vectorizer. embedding: the vectors of another embedder, or another version, are built beside those that serve, by CALL assay.run_queue(), and take their place when they are complete; those before stay, and assay.rollback_vectorizer goes back to them. chunking, {"strategy": ..., "size": ..., "overlap": ...}: all texts are cut anew, by the queue; chunks whose text stays keep their vectors. max_lag: another promise. What is NULL stays. Takes the owner of the source. Errors: ML035 no such vectorizer, 22023 an argument, 55000 it is being rebuilt already, ML001, 42501, 25006.
Example: SELECT assay.alter_vectorizer(''document'', chunking => ''{"strategy": "sentences", "size": 200, "overlap": 0}'')';

CREATE FUNCTION assay.rollback_vectorizer(vectorizer text) RETURNS void
AS 'MODULE_PATHNAME', 'rollback_vectorizer_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.rollback_vectorizer(text) IS
'Gives up the embedder that is being built; where none is, goes back to the one that served before. Chunks that came since then have no vectors of that one: where there are some, they are built beside those that serve, and it serves again when they are complete. Takes the owner of the source. Errors: ML035 no such vectorizer, 55000 nothing to go back to, 42501, 25006.
Example: SELECT assay.rollback_vectorizer(vectorizer) FROM assay.vectorizer_embeddings WHERE state = ''previous''';

CREATE FUNCTION assay.drop_vectorizer(vectorizer text, keep_chunks boolean DEFAULT false) RETURNS void
AS 'MODULE_PATHNAME', 'drop_vectorizer_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.drop_vectorizer(text, boolean) IS
'Forgets a vectorizer, with its triggers, its queue, its promise and the table of its chunks, unless that is to be kept. Dropping the source does the same. Takes the owner of the source. Errors: ML035 no such vectorizer, 42501, 25006.
Example: SELECT assay.drop_vectorizer(''document'', keep_chunks => true)';

CREATE PROCEDURE assay.run_queue(max_items integer DEFAULT 10000, max_seconds double precision DEFAULT 60)
AS 'MODULE_PATHNAME', 'run_queue_wrapper' LANGUAGE c;
COMMENT ON PROCEDURE assay.run_queue(integer, double precision) IS
'Embeds what waits in the queues of all vectorizers whose source''s owner the caller acts for, and asks models what was submitted by roles that the caller acts for (assay.submit), as that owner or role, until nothing waits, so many rows were done, or so much time is over. For a scheduler; several sessions may work at once. It commits after each batch of up to 64 rows and after each answer, so it is called outside of a transaction block. A row that fails is noted in assay.vectorizer_items, or assay.generations, and tried again later; the others go on. An endpoint that asks for patience is no failure. Where a session is killed, its batch is done by the next one. Errors: 22023 an argument, 2D000 within a transaction block, 25006.
Example: CALL assay.run_queue(max_seconds => 5)';

CREATE FUNCTION assay_internal.embedding_lag(vectorizer text) RETURNS double precision
AS 'MODULE_PATHNAME', 'embedding_lag_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay_internal.embedding_lag(text) IS 'For how many seconds the oldest change has waited in the queue of a vectorizer; 0 where nothing waits. Errors: ML035.';

SELECT pg_catalog.pg_extension_config_dump('assay.vectorizer', 'WHERE EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) source)');
SELECT pg_catalog.pg_extension_config_dump('assay.vectorizer_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('assay.vectorizer_space', '');
SELECT pg_catalog.pg_extension_config_dump('assay.vectorizer_queue', '');
SELECT pg_catalog.pg_extension_config_dump('assay.vectorizer_queue_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('assay.vectorizer_lease', '');

-- Search in the texts of a vectorizer, and how good it is.

-- Rows of words are written once and never changed: whoever writes a text appends, and waits for nobody.
CREATE TABLE assay.posting (
    vectorizer_id  bigint NOT NULL,
    word           text COLLATE "C" NOT NULL,
    segment        bigint NOT NULL,
    first_document bigint NOT NULL,
    last_document  bigint NOT NULL,
    documents      bigint NOT NULL,
    max_frequency  bigint NOT NULL,
    min_length     bigint NOT NULL,
    content        bytea NOT NULL,
    CONSTRAINT posting_pkey PRIMARY KEY (vectorizer_id, word, segment, first_document)
);
CREATE INDEX posting_segment_idx ON assay.posting (vectorizer_id, segment);
COMMENT ON TABLE assay.posting IS 'In which chunks of a vectorizer a word is, in blocks: what text search reads.';
COMMENT ON COLUMN assay.posting.vectorizer_id IS 'The vectorizer.';
COMMENT ON COLUMN assay.posting.word IS 'The word, as text search has it.';
COMMENT ON COLUMN assay.posting.segment IS 'The segment that the block is part of.';
COMMENT ON COLUMN assay.posting.first_document IS 'The first chunk of the block.';
COMMENT ON COLUMN assay.posting.last_document IS 'The last chunk of the block.';
COMMENT ON COLUMN assay.posting.documents IS 'How many chunks there are in it.';
COMMENT ON COLUMN assay.posting.max_frequency IS 'How often the word is in one of them at most.';
COMMENT ON COLUMN assay.posting.min_length IS 'How many words the shortest of them has.';
COMMENT ON COLUMN assay.posting.content IS 'The chunks, with frequencies and lengths.';

CREATE TABLE assay.posting_segment (
    vectorizer_id bigint NOT NULL,
    segment       bigint NOT NULL,
    documents     bigint NOT NULL,
    words         bigint NOT NULL,
    CONSTRAINT posting_segment_pkey PRIMARY KEY (vectorizer_id, segment)
);
COMMENT ON TABLE assay.posting_segment IS 'The segments of a vectorizer''s text search, each written at once.';
COMMENT ON COLUMN assay.posting_segment.vectorizer_id IS 'The vectorizer.';
COMMENT ON COLUMN assay.posting_segment.segment IS 'The segment''s number.';
COMMENT ON COLUMN assay.posting_segment.documents IS 'How many chunks are in it.';
COMMENT ON COLUMN assay.posting_segment.words IS 'How many words they have together.';

CREATE SEQUENCE assay.posting_segment_number;
COMMENT ON SEQUENCE assay.posting_segment_number IS 'The numbers of segments.';

CREATE TABLE assay.posting_pending (
    vectorizer_id bigint NOT NULL,
    document      bigint NOT NULL,
    content       bytea NOT NULL,
    CONSTRAINT posting_pending_pkey PRIMARY KEY (vectorizer_id, document)
);
COMMENT ON TABLE assay.posting_pending IS 'Chunks whose words are in no segment yet. Text search reads these one by one.';
COMMENT ON COLUMN assay.posting_pending.vectorizer_id IS 'The vectorizer.';
COMMENT ON COLUMN assay.posting_pending.document IS 'The chunk.';
COMMENT ON COLUMN assay.posting_pending.content IS 'Its words, and how often each is there.';

CREATE TABLE assay.posting_removed (
    vectorizer_id bigint NOT NULL,
    document      bigint NOT NULL,
    CONSTRAINT posting_removed_pkey PRIMARY KEY (vectorizer_id, document)
);
COMMENT ON TABLE assay.posting_removed IS 'Chunks that are gone, and still in a segment or pending.';
COMMENT ON COLUMN assay.posting_removed.vectorizer_id IS 'The vectorizer.';
COMMENT ON COLUMN assay.posting_removed.document IS 'The chunk.';

SELECT pg_catalog.pg_extension_config_dump('assay.posting', '');
SELECT pg_catalog.pg_extension_config_dump('assay.posting_segment', '');
SELECT pg_catalog.pg_extension_config_dump('assay.posting_segment_number', '');
SELECT pg_catalog.pg_extension_config_dump('assay.posting_pending', '');
SELECT pg_catalog.pg_extension_config_dump('assay.posting_removed', '');

-- A vectorizer whose embedder is an endpoint's calls it: so none of these is stable.
CREATE FUNCTION assay.search(
    vectorizer text, query text, k integer DEFAULT 10, mode text DEFAULT 'hybrid', rerank text DEFAULT NULL, filter text DEFAULT NULL)
RETURNS TABLE(key jsonb, seq integer, chunk text, score double precision, ranks jsonb)
AS 'MODULE_PATHNAME', 'search_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 10;
COMMENT ON FUNCTION assay.search(text, text, integer, text, text, text) IS
'The k chunks of a vectorizer that fit a question best, the best first. query: words, no SQL. mode: vector (by the distance of vectors), text (by BM25, with the vectorizer''s language) or hybrid (by the ranks of both, 1 / (60 + rank) each, of the first 100 of either). rerank: a model of task reranking that judges the best 50, or k, once more.
filter: a condition on the source''s rows, in SQL; there are always as many rows as exist and fit, up to k. key: the row''s primary key, by the names of its columns. seq: the chunk''s place in the row. score: the cosine, the negative distance or the inner product; BM25; the sum of both ranks'' shares; or what rerank says. ranks: rank and score in each part.
It runs with the caller''s rights and policies: it takes SELECT on the key and on the columns that are embedded, and gives rows that the caller sees. How rare a word is is counted over all chunks. It only reads, on a standby, too; assay.run_sql may call it where no endpoint has to be asked. Errors: ML035 no such vectorizer, 22023 an argument, 42501, ML001 no such model, ML010 a model of another task.
Example: SELECT key, round(score::numeric, 3) AS score FROM assay.search(''document'', ''words of a question'', k => 3, mode => ''text'')';

CREATE FUNCTION assay.evaluate_retrieval(
    vectorizer text, questions text, k integer[] DEFAULT '{10}', mode text DEFAULT 'hybrid', rerank text DEFAULT NULL, filter text DEFAULT NULL)
RETURNS TABLE(question text, measure text, k integer, value double precision, low double precision, high double precision, questions bigint, relevant bigint)
AS 'MODULE_PATHNAME', 'evaluate_retrieval_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.evaluate_retrieval(text, text, integer[], text, text, text) IS
'How good a search is, by questions whose relevant rows are known: recall, precision, ndcg and mrr of the first k rows. questions: a query of question, key (of the source: its value, or a JSON object of its columns) and grade, one row for each judgement; a row is relevant where its grade is above 0, and without that column always. A row stands where the first of its chunks does. mode, rerank and filter as of assay.search.
Rows without a question are the means over all, with a 95 % interval of the bootstrap over questions; then come the questions, the one with the least ndcg first. questions: how many; relevant: how many relevant rows there are. Questions without a relevant row are left out, with a notice. Errors: those of assay.search, 42703 a column that the query lacks, ML007 no question has a relevant row.
Example: SELECT measure, k, value FROM assay.evaluate_retrieval(''document'', ''SELECT title AS question, id AS key, 1 AS grade FROM document'', mode => ''text'') WHERE question IS NULL';

CREATE FUNCTION assay.compare_retrieval(
    a text, b text, questions text, k integer[] DEFAULT '{10}', mode_a text DEFAULT 'hybrid', mode_b text DEFAULT 'hybrid',
    rerank_a text DEFAULT NULL, rerank_b text DEFAULT NULL)
RETURNS TABLE(measure text, k integer, a double precision, b double precision, difference double precision, low double precision, high double precision, p_value double precision, questions bigint)
AS 'MODULE_PATHNAME', 'compare_retrieval_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.compare_retrieval(text, text, text, integer[], text, text, text, text) IS
'How two searches differ on the same questions, as assay.evaluate_retrieval takes them: two vectorizers of one table, two modes, with and without rerank. difference: a less b, with a 95 % interval of the paired bootstrap over questions. p_value: that of a randomisation test, which changes the signs of the questions'' differences at random. Errors: those of assay.evaluate_retrieval, 22023 keys of different columns.
Example: SELECT measure, difference, p_value FROM assay.compare_retrieval(''document'', ''document'', ''SELECT title AS question, id AS key FROM document'', mode_a => ''text'', mode_b => ''vector'')';

CREATE FUNCTION assay.ann_recall(index regclass, k integer DEFAULT 10, queries integer DEFAULT 100)
RETURNS TABLE(k integer, queries integer, recall double precision, low double precision, high double precision)
AS 'MODULE_PATHNAME', 'ann_recall_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 1;
COMMENT ON FUNCTION assay.ann_recall(regclass, integer, integer) IS
'How much of what is nearest an index of vectors (pgvector''s hnsw or ivfflat) finds: the share of the k nearest rows, over so many vectors of the table itself as questions, against an exact search, with a 95 % interval. It runs with the caller''s rights, under the session''s settings such as hnsw.ef_search. Errors: 22023 no such index, ML007 it has no vectors, 42501.
Example: SELECT c.relname, r.recall FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam CROSS JOIN LATERAL assay.ann_recall(c.oid::regclass, queries => 20) r WHERE m.amname = ''hnsw''';

COMMENT ON FUNCTION assay.drop_model(text, integer) IS
'Drops a version that is not deployed (privilege manage), or without a version the whole model (owner). Version numbers are never given again while the model exists. Errors: 2BP01 decisions of it are logged, or a vectorizer embeds or cuts texts by it.
Example: SELECT assay.drop_model(''credit'', 1)';

-- Models without a target: what they are made of, and the rows that are strange to them.

COMMENT ON COLUMN assay.model_version.task IS 'What it learned: classification, regression, clustering, anomaly_detection, dimension_reduction or forecasting.';
COMMENT ON COLUMN assay.models.task IS 'What it learned: classification, regression, clustering, anomaly_detection, dimension_reduction or forecasting.';
COMMENT ON COLUMN assay.model_versions.task IS 'What it learned: classification, regression, clustering, anomaly_detection, dimension_reduction or forecasting.';
COMMENT ON FUNCTION assay.predict(text, "any") IS
'A regression''s value, or the probability of the positive class, for one row; of a model without a target the number of its cluster, from 0 (NULL: it is in none), or how strange it is, from 0 to 1.
model: name, name@version or name@alias. features: one whole row, such as a table''s alias, whose columns are bound by name; or one argument per feature in the order of assay.features(model); or ROW(...) in that order; or an array of names and one argument per name.
NULL features are missing, and treated as training learned; a NULL model or row gives NULL. Resolved once per statement. O(features) for the linear family and naive Bayes, O(trees x depth) for trees.
Errors: ML001 no such model, ML002 no such version, ML003 a feature is missing, ML004 a feature''s type, ML010 more than two classes or components (assay.transform gives these), 42501.
Example: SELECT customer_id, assay.predict(''credit'', c) AS risk FROM customers c WHERE is_test';

CREATE FUNCTION assay.centroids(model text)
RETURNS TABLE (cluster integer, rows bigint, feature text, category text, value double precision)
AS 'MODULE_PATHNAME', 'centroids_wrapper' LANGUAGE c STABLE PARALLEL SAFE ROWS 100;
COMMENT ON FUNCTION assay.centroids(text) IS
'The centre of each cluster of a model of k_means or gaussian_mixture, one row per feature; of a category one row per level, whose value is the share of that level in the cluster. Numbers are on the scale of the columns, or of what steps of preprocess made of them.
cluster: its number as assay.predict gives it, from 0. rows: training rows in it. category: the level; NULL for numbers.
Errors: ML010 a model without centres, and those of assay.predict.
Example: SELECT cluster, rows, feature, category, round(value::numeric, 2) AS value FROM assay.centroids(''segments'') ORDER BY 1, 3, 4';

CREATE FUNCTION assay.principal_components(model text)
RETURNS TABLE (component integer, feature text, category text, loading double precision, variance double precision,
               variance_ratio double precision, cumulative_ratio double precision)
AS 'MODULE_PATHNAME', 'principal_components_wrapper' LANGUAGE c STABLE PARALLEL SAFE ROWS 100;
COMMENT ON FUNCTION assay.principal_components(text) IS
'The components of a model of pca, the one with the most variance first, one row per feature; of a category one row per level.
component: its number from 1, which is its place in what assay.transform gives. loading: how much the feature goes into it, of vectors of length 1. variance: along the component; variance_ratio: its share of all variance; cumulative_ratio: that of this component and those before it.
Errors: ML010 a model without components, and those of assay.predict.
Example: SELECT component, feature, round(loading::numeric, 3) AS loading, round(cumulative_ratio::numeric, 3) AS cumulative FROM assay.principal_components(''shape'') ORDER BY 1, abs(loading) DESC';

CREATE FUNCTION assay.detect_anomalies(
    model text, query text, contamination double precision DEFAULT NULL, key text[] DEFAULT NULL, reasons integer DEFAULT 3)
RETURNS TABLE (key jsonb, strangeness double precision, is_anomaly boolean, reasons jsonb)
AS 'MODULE_PATHNAME', 'detect_anomalies_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 1000;
COMMENT ON FUNCTION assay.detect_anomalies(text, text, double precision, text[], integer) IS
'How strange each row of a query is to a model without a target or to a forecast, which of them are anomalies, and the features that make them so. Rows come in the order of the query, which is run once, read-only, as the caller. The model keeps the strangeness of its training rows: rows are judged one by one against these, and not against each other.
contamination: the share of the training rows that are as strange as what is called an anomaly, above 0 and at most 0.5; NULL takes the one that an isolation_forest was trained with, of dbscan all noise, of a forecast what its level leaves, and 0.01 otherwise. key: the columns that tell rows apart; NULL keeps all columns. reasons: so many features of each anomaly; NULL for all, 0 for none.
strangeness: of isolation_forest the score, from 0 to 1; of k_means the distance from the nearest centre over the root mean square distance of its cluster''s training rows; of gaussian_mixture minus the logarithm of the density; of dbscan the distance from the nearest core row over epsilon; of pca the mean squared error of what the components say of the row; of a forecast the probability that errors so many steps ahead are smaller, whose anomalies are outside the interval that 1 - contamination of all values are in, and NULL for a row that is not ahead of what the model has learned, or of no series that it knows. Rows are what one value of a series is in the training: aggregate them alike.
reasons: the features that add to the strangeness, the largest first: {"feature", "value", "attribution"}; NULL for rows that are no anomaly. assay.attributions says in which unit. Of a forecast one, the target, whose attribution is its distance from what was "expected", with the ends of the interval, "lower" and "upper".
Errors: 22023 contamination and reasons, ML010 a model of rows with a target, 42703 a column of the key, and those of assay.predict.
Example: SELECT key, round(strangeness::numeric, 3) AS strangeness, reasons FROM assay.detect_anomalies(''strange'', ''SELECT * FROM customers'', 0.01, ''{customer_id}'') WHERE is_anomaly ORDER BY strangeness DESC';

-- Forecasts: what comes next in series.

CREATE FUNCTION assay.forecast(
    model text, horizon integer DEFAULT NULL, level double precision DEFAULT NULL, of_series jsonb DEFAULT NULL)
RETURNS TABLE (series jsonb, at timestamptz, value double precision, lower double precision, upper double precision)
AS 'MODULE_PATHNAME', 'forecast_wrapper' LANGUAGE c STABLE PARALLEL SAFE ROWS 1000;
COMMENT ON FUNCTION assay.forecast(text, integer, double precision, jsonb) IS
'The numbers to come of each series of a model of algorithm forecast: horizon steps ahead of its last value.
horizon: steps, 1 to 10,000; NULL takes that of the training, beyond which intervals are extrapolated. level: how often lower and upper hold the value that comes, from 0.5 to 0.999; NULL takes that of the training, which is 0.95 unless params said otherwise. of_series: the values of some of the columns that tell series apart, such as {"shop": 3}: only series that have these; NULL takes all.
series: the values of the columns that tell series apart; a total has fewer. at: the moment of the step; of a column of dates or of timestamps without time zone in the session''s time zone, else in that of the training. lower, upper: NULL where nothing is known of errors, as of a series of one value.
Errors: 22023 horizon, level and of_series, ML010 a model of rows, and those of assay.predict.
Example: SELECT series->>''region'' AS region, at::date AS day, round(value) AS value FROM assay.forecast(''sales'', 3) ORDER BY 1, 2';

CREATE FUNCTION assay.forecast_series(model text)
RETURNS TABLE (series jsonb, frequency text, "values" bigint, last_at timestamptz, method text, reason text, mase double precision,
               smape double precision, notes text[])
AS 'MODULE_PATHNAME', 'forecast_series_wrapper' LANGUAGE c STABLE PARALLEL SAFE ROWS 100;
COMMENT ON FUNCTION assay.forecast_series(text) IS
'How each series of a model of algorithm forecast is forecast, and why.
frequency: the time between two values, given or found. values: how many there were, gaps filled. last_at: the moment of the last. method: what forecasts it. reason: why that, such as that it won against the seasonal naive in rolling origins. mase: its mean absolute error in rolling origins over that of the seasonal naive one season ahead; smape: the mean symmetric percentage error; NULL where a series was not judged. notes: what was found in it: duplicates, gaps, zeros, values below zero.
Errors: ML010 a model of rows, and those of assay.predict.
Example: SELECT series->>''region'' AS region, frequency, method, reason FROM assay.forecast_series(''sales'')';

-- What in texts tells of persons: found, and taken out.

CREATE FUNCTION assay.find_pii(input text, kinds text[] DEFAULT NULL, names text[] DEFAULT NULL,
    OUT kind text, OUT value text, OUT start_pos integer, OUT end_pos integer) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'find_pii_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 5;
COMMENT ON FUNCTION assay.find_pii(text, text[], text[]) IS
'What in a text tells of a person, in its order; nothing lies over another. start_pos and end_pos are positions of characters from 1, the end exclusive: value is substring(input, start_pos, end_pos - start_pos). NULL has nothing.
kinds, NULL for all: email; phone (international numbers, national ones that are grouped as in their country, others where a word such as call or fax stands near); iban (length of the country, remainder of 97); card (prefix and length of an issuer, Luhn); us_ssn, de_tax_id, kr_rrn, uk_nino, or national_id for these four (each by its rules and check digits); ip (versions 4 and 6); person: those in names, as they are written or in capitals, and what stands behind a title or "my name is".
Where findings lie over each other, the kind that is told most surely wins: email, iban, ip, the numbers of identity, card, phone, person. O(length). Errors: 22023 no such kind, 22004 a NULL in an array, 53200.
Example: SELECT * FROM assay.find_pii(''Call Ms. Doe at (212) 555-0123 or mail doe@example.com'')';

CREATE FUNCTION assay.redact(input text, policy jsonb DEFAULT '{}') RETURNS text
AS 'MODULE_PATHNAME', 'redact_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION assay.redact(text, jsonb) IS
'The text without what assay.find_pii finds in it. policy: an action for each kind (email, phone, iban, card, us_ssn, de_tax_id, kr_rrn, uk_nino, ip, person; national_id for the four numbers of identity), default for all others, and names, the persons to look for: {"email": "pseudonym", "default": "mask", "names": ["Anna"]}; or one action alone, as a JSON string. NULL for NULL.
Actions: mask, unless said: [email]; hash: [email:973dfe463ec85785], the first 64 bits of SHA-256, which anybody can compute who guesses the value; pseudonym: something of the same shape that is nobody''s, such as xegabo1234@example.com, the same for all spellings of a value, in every text and database that has the same key; keep.
The key of pseudonyms is in the file that assay.pseudonym_key_file names, which a superuser sets. O(length). Errors: 22023 what is no policy, ML041 pseudonyms without a key, 53200.
Example: SELECT assay.redact(''Call Ms. Doe at (212) 555-0123'', ''{"person": "keep"}'')';

-- Answers in words, by models that answer elsewhere, at once or by the queue; and prompts, which are versions in the registry.

CREATE FUNCTION assay.generate(
    model text, prompt text, schema jsonb DEFAULT NULL, on_error text DEFAULT 'error', options jsonb DEFAULT '{}') RETURNS text
AS 'MODULE_PATHNAME', 'generate_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION assay.generate(text, text, jsonb, text, jsonb) IS
'What a model answers to a prompt: one call of its endpoint, which is booked first and stays booked when the transaction is rolled back. A prompt that is NULL gives NULL. Takes the privilege predict on the model, registered with task => ''generation'', and USAGE on its server.
schema: the answer is JSON of this schema, which the model is held to and its answer checked against; it has the keywords type, properties, required, additionalProperties, items, enum, const, anyOf, minimum, maximum, minLength, maxLength, minItems and maxItems, and none that would be passed over. An answer that is not of it is told to the model, which is asked once more, within the server''s timeout. The server''s option redact is carried out on its titles, descriptions, defaults and examples; where it would change a name, a value or a stop word, the call is refused.
on_error: null gives NULL, with a WARNING, where the call or its answer is at fault (ML031 to ML034 and ML036), and never where the caller is.
options: {"system": what the model is told first, "temperature": 0 to 2, "max_tokens": the most of the answer (that of the registration, else 1024), "seed": a whole number, "stop": up to 4 texts before which the answer ends, "retries": how often the model is asked again where it misses the schema (1; up to 5), "patience": how many seconds are waited at most, within the server''s timeout, for a server that asks to come again later, fails or is not there, and took nothing (0; up to 600); each call is booked, "partial": true takes an answer that is cut off at the most tokens}.
Errors: ML031 come again later, ML032 the day''s budget is used up, ML033 the endpoint fails, ML034 it refuses, ML036 no answer that can be used: refused, filtered, cut off, not of the schema; 22023 an argument, or a prompt that is too long, 55000 the call cannot be booked, 42501, also for personal data in the names and values of a schema, and within indexes, materialized views and stored checks, ML001, ML002, ML010.
Example: SELECT assay.generate(''writer'', ''What is tea?'', on_error => ''null'', options => ''{"max_tokens": 20, "seed": 1}'')';

CREATE TABLE assay.generation (
    id            bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    submitted_by  assay.role NOT NULL,
    model         text COLLATE "C" NOT NULL,
    prompt        text NOT NULL,
    schema        jsonb,
    options       jsonb NOT NULL,
    submitted_at  timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    next_at       timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    attempts      integer NOT NULL DEFAULT 0,
    lease         bigint,
    error         text,
    failed_at     timestamptz,
    answer        text,
    prompt_tokens bigint,
    answer_tokens bigint,
    cost          double precision,
    finished_at   timestamptz,
    withdrawn_by  text COLLATE "C"
);
CREATE INDEX generation_next_idx ON assay.generation (model, next_at, id) WHERE finished_at IS NULL;
CREATE INDEX generation_finished_idx ON assay.generation (finished_at) WHERE finished_at IS NOT NULL;
COMMENT ON TABLE assay.generation IS 'What was submitted to models, with what they answered. Read the view assay.generations instead.';
COMMENT ON COLUMN assay.generation.id IS 'The key.';
COMMENT ON COLUMN assay.generation.submitted_by IS 'The role that submitted it, as which the model is asked.';
COMMENT ON COLUMN assay.generation.model IS 'The model, with its version.';
COMMENT ON COLUMN assay.generation.prompt IS 'What the model is asked.';
COMMENT ON COLUMN assay.generation.schema IS 'The schema of the answer; NULL for words.';
COMMENT ON COLUMN assay.generation.options IS 'How it is to answer.';
COMMENT ON COLUMN assay.generation.submitted_at IS 'When it was submitted.';
COMMENT ON COLUMN assay.generation.next_at IS 'From when on it may be taken up.';
COMMENT ON COLUMN assay.generation.attempts IS 'How often it was taken up.';
COMMENT ON COLUMN assay.generation.lease IS 'Under which lease it is worked at, or was when the worker ended.';
COMMENT ON COLUMN assay.generation.error IS 'Why it failed last.';
COMMENT ON COLUMN assay.generation.failed_at IS 'When.';
COMMENT ON COLUMN assay.generation.answer IS 'What the model answered.';
COMMENT ON COLUMN assay.generation.prompt_tokens IS 'The tokens that the model was sent.';
COMMENT ON COLUMN assay.generation.answer_tokens IS 'The tokens that it wrote.';
COMMENT ON COLUMN assay.generation.cost IS 'What they cost.';
COMMENT ON COLUMN assay.generation.finished_at IS 'When it was answered, given up or withdrawn.';
COMMENT ON COLUMN assay.generation.withdrawn_by IS 'The name of the role that withdrew it, as it was then.';

CREATE VIEW assay.generations WITH (security_barrier) AS
    SELECT g.id, g.submitted_by::pg_catalog.text COLLATE "C" AS submitted_by, g.model, g.prompt, g.schema, g.options,
           CASE WHEN g.finished_at IS NULL THEN 'waiting' WHEN g.withdrawn_by IS NOT NULL THEN 'withdrawn'
                WHEN g.error IS NULL THEN 'done' ELSE 'failed' END COLLATE "C" AS status,
           g.answer, g.attempts, g.error, g.failed_at, g.submitted_at, CASE WHEN g.finished_at IS NULL THEN g.next_at END AS next_at, g.finished_at,
           g.prompt_tokens, g.answer_tokens, g.cost, g.withdrawn_by
    FROM assay.generation g
    WHERE pg_catalog.pg_has_role(g.submitted_by::pg_catalog.oid, 'USAGE')
       OR (SELECT s.steward FROM assay_internal.is_steward AS s);
COMMENT ON VIEW assay.generations IS
'What was submitted to models by roles that the current role acts for, with what they answered; for the database''s owner all.
Example: SELECT id, model, status, answer, error FROM assay.generations ORDER BY id';
COMMENT ON COLUMN assay.generations.id IS 'The number that assay.submit gave.';
COMMENT ON COLUMN assay.generations.submitted_by IS 'The role that submitted it, as which the model is asked, with that one''s key and in that one''s name.';
COMMENT ON COLUMN assay.generations.model IS 'The model, with the version that was meant then.';
COMMENT ON COLUMN assay.generations.prompt IS 'What the model is asked.';
COMMENT ON COLUMN assay.generations.schema IS 'The schema of the answer; NULL for words.';
COMMENT ON COLUMN assay.generations.options IS 'How it is to answer.';
COMMENT ON COLUMN assay.generations.status IS 'waiting; done; withdrawn: see assay.withdraw; failed: it was tried three times by itself, or ten times while its model or its server was out of order, and is not tried any more.';
COMMENT ON COLUMN assay.generations.answer IS 'What the model answered.';
COMMENT ON COLUMN assay.generations.attempts IS 'How often it was tried.';
COMMENT ON COLUMN assay.generations.error IS 'Why it failed last; NULL where it has not, or was answered since.';
COMMENT ON COLUMN assay.generations.failed_at IS 'When.';
COMMENT ON COLUMN assay.generations.submitted_at IS 'When it was submitted.';
COMMENT ON COLUMN assay.generations.next_at IS 'From when on it may be tried: after a failure 10 seconds later, then twice as long each time; NULL where it is finished.';
COMMENT ON COLUMN assay.generations.finished_at IS 'When it was answered, given up or withdrawn.';
COMMENT ON COLUMN assay.generations.prompt_tokens IS 'The tokens that the model was sent.';
COMMENT ON COLUMN assay.generations.answer_tokens IS 'The tokens that it wrote.';
COMMENT ON COLUMN assay.generations.cost IS 'What they cost, at the prices of its server.';
COMMENT ON COLUMN assay.generations.withdrawn_by IS 'The name of the role that withdrew it, as it was then; NULL where nobody did.';
GRANT SELECT ON assay.generations TO PUBLIC;

CREATE FUNCTION assay.submit(model text, prompt text, schema jsonb DEFAULT NULL, options jsonb DEFAULT '{}') RETURNS bigint
AS 'MODULE_PATHNAME', 'submit_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.submit(text, text, jsonb, jsonb) IS
'Puts a prompt into the queue, and gives its number in the view assay.generations. CALL assay.run_queue() asks the model, as the role that submitted, whoever calls it of those who may act for that role; what is asked meanwhile of the version that the name means now is not changed by a deployment. Options as in assay.generate, and schemas, too. Takes what assay.generate takes. Errors: 22023 an argument, 42501, ML001, ML002, ML010, 25006.
Example: SELECT assay.submit(''writer'', ''What is tea?'', options => ''{"max_tokens": 20}'')';

CREATE FUNCTION assay.withdraw(id bigint) RETURNS boolean
AS 'MODULE_PATHNAME', 'withdraw_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.withdraw(bigint) IS
'Takes back what was submitted by a role that the caller acts for, for the database''s owner what anybody submitted, so that no model is asked. id: the number that assay.submit gave. Gives whether it was taken back: false for what is finished, for what a model is being asked right now, whose answer is paid for and will be kept, and for what is not there or not the caller''s. What was taken back stays in assay.generations, with the status withdrawn, until assay.prune_generations. Errors: 22023 a NULL, 25006.
Example: SELECT id, assay.withdraw(id) FROM assay.generations WHERE status = ''waiting'' ORDER BY id';

CREATE FUNCTION assay.prune_generations(older_than interval) RETURNS bigint
AS 'MODULE_PATHNAME', 'prune_generations_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.prune_generations(interval) IS
'Deletes what was submitted by roles that the caller acts for and finished longer ago than that, for the database''s owner that of all; gives how many there were. What waits stays. Errors: 22023 a NULL, 25006.
Example: SELECT assay.prune_generations(''90 days'')';

CREATE FUNCTION assay.create_prompt(name text, template text, deploy text DEFAULT 'auto') RETURNS integer
AS 'MODULE_PATHNAME', 'create_prompt_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.create_prompt(text, text, text) IS
'Adds a version of a prompt to the registry, and gives its number. template: what a model is to be asked, in which $name or ${any name} stands for a text, and $$ for a dollar sign. deploy: auto (where none is deployed), always or never. Versions have what those of models have: assay.deploy, assay.rollback, assay.set_alias, assay.grant_model, assay.drop_model; and are referred to as those are, as support, support@2 or support@tested. Errors: 22023 an argument, 42602 a name that cannot be used, 42710 the name of a model, 42501, 25006.
Example: SELECT assay.create_prompt(''support'', ''Answer in one sentence: $question'')';

CREATE FUNCTION assay.fill_prompt(prompt text, arguments jsonb DEFAULT '{}') RETURNS text
AS 'MODULE_PATHNAME', 'fill_prompt_wrapper' LANGUAGE c STABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay.fill_prompt(text, jsonb) IS
'The text of a prompt, with values in place of its names: texts as they are, null as nothing, everything else as JSON. What is filled in is not read as a template. Takes the privilege predict on it. Errors: 22023 a name without a value, or a value without a name, ML001 no such prompt, ML002 no such version, ML010 a model, 42501.
Example: SELECT assay.fill_prompt(''support'', ''{"question": "Where is my parcel?"}'')';

CREATE VIEW assay.prompts WITH (security_barrier) AS
    SELECT m.name AS prompt, v.version, m.deployed_version IS NOT NULL AND m.deployed_version OPERATOR(pg_catalog.=) v.version AS deployed,
           ARRAY(SELECT a.alias FROM assay.model_alias a
                 WHERE a.model_id OPERATOR(pg_catalog.=) m.id AND a.version OPERATOR(pg_catalog.=) v.version
                 ORDER BY a.alias) AS aliases,
           pg_catalog.convert_from(pg_catalog.substr(v.bytes, 10), 'UTF8') AS template,
           ARRAY(SELECT n.name FROM pg_catalog.jsonb_array_elements_text(v.params OPERATOR(pg_catalog.->) 'names') WITH ORDINALITY AS n (name, place) ORDER BY n.place) AS names,
           v.hash, m.owner, v.trained_by AS created_by, v.trained_at AS created_at
    FROM assay_internal.visible_model m
    JOIN assay.model_version v ON v.model_id OPERATOR(pg_catalog.=) m.id
    WHERE v.task OPERATOR(pg_catalog.=) 'prompt' AND pg_catalog.jsonb_typeof(v.params OPERATOR(pg_catalog.->) 'names') OPERATOR(pg_catalog.=) 'array';
COMMENT ON VIEW assay.prompts IS
'The versions of the prompts that the current role may use.
Example: SELECT prompt, version, deployed, template FROM assay.prompts ORDER BY prompt, version';
COMMENT ON COLUMN assay.prompts.prompt IS 'The prompt''s name.';
COMMENT ON COLUMN assay.prompts.version IS 'The version''s number.';
COMMENT ON COLUMN assay.prompts.deployed IS 'Whether the bare name stands for this version.';
COMMENT ON COLUMN assay.prompts.aliases IS 'Its aliases.';
COMMENT ON COLUMN assay.prompts.template IS 'What a model is to be asked.';
COMMENT ON COLUMN assay.prompts.names IS 'The names in it that stand for texts.';
COMMENT ON COLUMN assay.prompts.hash IS 'SHA-256 of it.';
COMMENT ON COLUMN assay.prompts.owner IS 'The role it belongs to.';
COMMENT ON COLUMN assay.prompts.created_by IS 'The name of the role that created the version, as it was then.';
COMMENT ON COLUMN assay.prompts.created_at IS 'When.';
GRANT SELECT ON assay.prompts TO PUBLIC;

CREATE TRIGGER a_claim BEFORE INSERT ON assay.generation FOR EACH ROW EXECUTE FUNCTION assay_internal.claim_row('submitted_by');
CREATE TRIGGER inserted AFTER INSERT ON assay.generation REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('generations', 'submitted_by');
CREATE TRIGGER updated AFTER UPDATE ON assay.generation REFERENCING OLD TABLE AS old NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('generations', 'submitted_by');
CREATE TRIGGER deleted AFTER DELETE ON assay.generation REFERENCING OLD TABLE AS old
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('generations', 'submitted_by');

SELECT pg_catalog.pg_extension_config_dump('assay.generation', '');
SELECT pg_catalog.pg_extension_config_dump('assay.generation_id_seq', '');

-- Questions that a model answers from what a search finds: what it was told and said, what people say of that, and documents that are left out of search.

CREATE TABLE assay.answer (
    id            bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    vectorizer_id bigint NOT NULL,
    vectorizer    text COLLATE "C" NOT NULL,
    asked_by      assay.role,
    asked_at      timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    question      text NOT NULL,
    history       jsonb NOT NULL,
    rewritten     text NOT NULL,
    search        jsonb NOT NULL,
    retrieved     jsonb NOT NULL,
    sources       jsonb NOT NULL,
    prompt        text COLLATE "C",
    model         text COLLATE "C" NOT NULL,
    reply         text,
    answer        text,
    citations     jsonb NOT NULL,
    refused       integer NOT NULL,
    reason        text COLLATE "C",
    prompt_tokens bigint NOT NULL,
    answer_tokens bigint NOT NULL,
    calls         integer NOT NULL,
    cost          double precision NOT NULL,
    seconds       double precision NOT NULL,
    model_seconds double precision NOT NULL
);
CREATE INDEX answer_vectorizer_idx ON assay.answer (vectorizer_id, asked_at);
CREATE INDEX answer_asked_idx ON assay.answer (asked_at);
COMMENT ON TABLE assay.answer IS 'What was asked and answered. Read the view assay.answers instead.';
COMMENT ON COLUMN assay.answer.id IS 'The answer''s key.';
COMMENT ON COLUMN assay.answer.vectorizer_id IS 'The vectorizer that was asked.';
COMMENT ON COLUMN assay.answer.vectorizer IS 'Its name then.';
COMMENT ON COLUMN assay.answer.asked_by IS 'The role that asked; NULL once it is gone.';
COMMENT ON COLUMN assay.answer.asked_at IS 'When.';
COMMENT ON COLUMN assay.answer.question IS 'The question.';
COMMENT ON COLUMN assay.answer.history IS 'The conversation before it.';
COMMENT ON COLUMN assay.answer.rewritten IS 'The question as it was searched for and answered.';
COMMENT ON COLUMN assay.answer.search IS 'How was searched: k, mode, rerank and filter.';
COMMENT ON COLUMN assay.answer.retrieved IS 'The chunks that were found, the best first.';
COMMENT ON COLUMN assay.answer.sources IS 'Those that the model was told, as it was told them.';
COMMENT ON COLUMN assay.answer.prompt IS 'The prompt, with its version; NULL for assay''s own.';
COMMENT ON COLUMN assay.answer.model IS 'The model, with its version.';
COMMENT ON COLUMN assay.answer.reply IS 'What the model said; NULL where it was not asked.';
COMMENT ON COLUMN assay.answer.answer IS 'The answer; NULL where there is none.';
COMMENT ON COLUMN assay.answer.citations IS 'The quotes that stand in the sources.';
COMMENT ON COLUMN assay.answer.refused IS 'How many quotes do not.';
COMMENT ON COLUMN assay.answer.reason IS 'Why there is no answer.';
COMMENT ON COLUMN assay.answer.prompt_tokens IS 'The tokens that the model was sent.';
COMMENT ON COLUMN assay.answer.answer_tokens IS 'The tokens that it wrote.';
COMMENT ON COLUMN assay.answer.calls IS 'How often it was called.';
COMMENT ON COLUMN assay.answer.cost IS 'What that cost.';
COMMENT ON COLUMN assay.answer.seconds IS 'How long all of it took.';
COMMENT ON COLUMN assay.answer.model_seconds IS 'How long the model took of that.';

CREATE TABLE assay.answer_opinion (
    answer_id bigint NOT NULL REFERENCES assay.answer ON DELETE CASCADE,
    given_by  assay.role,
    given_at  timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    rating    integer NOT NULL,
    comment   text,
    resolved  boolean
);
CREATE INDEX answer_opinion_idx ON assay.answer_opinion (answer_id);
COMMENT ON TABLE assay.answer_opinion IS 'What people say of answers. Read the view assay.answer_feedback instead.';
COMMENT ON COLUMN assay.answer_opinion.answer_id IS 'The answer.';
COMMENT ON COLUMN assay.answer_opinion.given_by IS 'The role that said so; NULL once it is gone.';
COMMENT ON COLUMN assay.answer_opinion.given_at IS 'When.';
COMMENT ON COLUMN assay.answer_opinion.rating IS '1 satisfied, 0 neither, -1 not.';
COMMENT ON COLUMN assay.answer_opinion.comment IS 'In words.';
COMMENT ON COLUMN assay.answer_opinion.resolved IS 'Whether what led to the question was resolved by the answer.';

CREATE TABLE assay.document_exclusion (
    vectorizer_id bigint NOT NULL,
    key           jsonb NOT NULL,
    key_texts     jsonb NOT NULL,
    reason        text,
    excluded_by   text COLLATE "C" NOT NULL,
    excluded_at   timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    CONSTRAINT document_exclusion_pkey PRIMARY KEY (vectorizer_id, key_texts)
);
COMMENT ON TABLE assay.document_exclusion IS 'Documents that searches leave out. Read the view assay.document_exclusions instead.';
COMMENT ON COLUMN assay.document_exclusion.vectorizer_id IS 'The vectorizer.';
COMMENT ON COLUMN assay.document_exclusion.key IS 'The key of the document''s row.';
COMMENT ON COLUMN assay.document_exclusion.key_texts IS 'The values of its columns as texts.';
COMMENT ON COLUMN assay.document_exclusion.reason IS 'Why.';
COMMENT ON COLUMN assay.document_exclusion.excluded_by IS 'The name of the role that excluded it, as it was then.';
COMMENT ON COLUMN assay.document_exclusion.excluded_at IS 'When.';

CREATE VIEW assay_internal.visible_answer WITH (security_barrier) AS
    SELECT a.*, v.source
    FROM assay.answer a
    LEFT JOIN assay.vectorizer v ON v.id OPERATOR(pg_catalog.=) a.vectorizer_id
    LEFT JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) v.source
    WHERE pg_catalog.pg_has_role(a.asked_by::pg_catalog.oid, 'USAGE') OR pg_catalog.pg_has_role(c.relowner, 'USAGE');
COMMENT ON VIEW assay_internal.visible_answer IS 'The answers that the current role may see: the base of the views below.';
COMMENT ON COLUMN assay_internal.visible_answer.id IS 'The answer''s key.';
COMMENT ON COLUMN assay_internal.visible_answer.vectorizer_id IS 'The vectorizer that was asked.';
COMMENT ON COLUMN assay_internal.visible_answer.vectorizer IS 'Its name then.';
COMMENT ON COLUMN assay_internal.visible_answer.asked_by IS 'The role that asked.';
COMMENT ON COLUMN assay_internal.visible_answer.asked_at IS 'When.';
COMMENT ON COLUMN assay_internal.visible_answer.question IS 'The question.';
COMMENT ON COLUMN assay_internal.visible_answer.history IS 'The conversation before it.';
COMMENT ON COLUMN assay_internal.visible_answer.rewritten IS 'The question as it was searched for and answered.';
COMMENT ON COLUMN assay_internal.visible_answer.search IS 'How was searched.';
COMMENT ON COLUMN assay_internal.visible_answer.retrieved IS 'The chunks that were found.';
COMMENT ON COLUMN assay_internal.visible_answer.sources IS 'Those that the model was told.';
COMMENT ON COLUMN assay_internal.visible_answer.prompt IS 'The prompt.';
COMMENT ON COLUMN assay_internal.visible_answer.model IS 'The model.';
COMMENT ON COLUMN assay_internal.visible_answer.reply IS 'What the model said.';
COMMENT ON COLUMN assay_internal.visible_answer.answer IS 'The answer.';
COMMENT ON COLUMN assay_internal.visible_answer.citations IS 'The quotes that stand in the sources.';
COMMENT ON COLUMN assay_internal.visible_answer.refused IS 'How many quotes do not.';
COMMENT ON COLUMN assay_internal.visible_answer.reason IS 'Why there is no answer.';
COMMENT ON COLUMN assay_internal.visible_answer.prompt_tokens IS 'The tokens that the model was sent.';
COMMENT ON COLUMN assay_internal.visible_answer.answer_tokens IS 'The tokens that it wrote.';
COMMENT ON COLUMN assay_internal.visible_answer.calls IS 'How often it was called.';
COMMENT ON COLUMN assay_internal.visible_answer.cost IS 'What that cost.';
COMMENT ON COLUMN assay_internal.visible_answer.seconds IS 'How long all of it took.';
COMMENT ON COLUMN assay_internal.visible_answer.model_seconds IS 'How long the model took of that.';
COMMENT ON COLUMN assay_internal.visible_answer.source IS 'The vectorizer''s source; NULL where the vectorizer is gone.';

CREATE VIEW assay.answers WITH (security_barrier) AS
    SELECT a.id, a.vectorizer, a.source, a.asked_by::pg_catalog.text COLLATE "C" AS asked_by, a.asked_at, a.question, a.history, a.rewritten,
           a.search, a.retrieved, a.sources, a.prompt, a.model, a.reply, a.answer, a.citations, a.refused AS refused_quotes,
           a.reason IS NOT NULL AS abstained, a.reason, a.prompt_tokens, a.answer_tokens, a.calls, a.cost, a.seconds, a.model_seconds
    FROM assay_internal.visible_answer a;
COMMENT ON VIEW assay.answers IS
'What assay.ask was asked and has answered, with everything that led to it: for who asked, and for the owner of the vectorizer''s source. Kept for assay.answer_retention.
Example: SELECT id, question, answer, abstained, reason, model, cost FROM assay.answers ORDER BY id DESC LIMIT 5';
COMMENT ON COLUMN assay.answers.id IS 'The number that assay.ask gave.';
COMMENT ON COLUMN assay.answers.vectorizer IS 'The name of the vectorizer that was asked, as it was then.';
COMMENT ON COLUMN assay.answers.source IS 'The table that it reads; NULL where the vectorizer is gone.';
COMMENT ON COLUMN assay.answers.asked_by IS 'The role that asked; NULL once it is gone.';
COMMENT ON COLUMN assay.answers.asked_at IS 'When.';
COMMENT ON COLUMN assay.answers.question IS 'The question, as it was asked.';
COMMENT ON COLUMN assay.answers.history IS 'The conversation before it.';
COMMENT ON COLUMN assay.answers.rewritten IS 'The question as it was searched for and answered: made to be understood without the conversation.';
COMMENT ON COLUMN assay.answers.search IS 'How was searched: k, mode, rerank and filter.';
COMMENT ON COLUMN assay.answers.retrieved IS 'The chunks that were found, the best first: key, seq, version (the hash of its content), score and ranks as assay.search gives them; and source, its number among what the model was told, or why it was not: repeats (the place of another one), too_long.';
COMMENT ON COLUMN assay.answers.sources IS 'What the model was told, in that order: source, key, seq, version and text, as it was sent.';
COMMENT ON COLUMN assay.answers.prompt IS 'The prompt, with its version; NULL for assay''s own.';
COMMENT ON COLUMN assay.answers.model IS 'The model, with its version.';
COMMENT ON COLUMN assay.answers.reply IS 'What the model said, word for word; NULL where it was not asked, for nothing was found.';
COMMENT ON COLUMN assay.answers.answer IS 'The answer; NULL where there is none.';
COMMENT ON COLUMN assay.answers.citations IS 'The quotes that stand in the sources, as assay.ask gives them.';
COMMENT ON COLUMN assay.answers.refused_quotes IS 'How many quotes of the model stand in no source that they name.';
COMMENT ON COLUMN assay.answers.abstained IS 'Whether there is no answer.';
COMMENT ON COLUMN assay.answers.reason IS 'Why there is none: no_sources (nothing was found), unsupported (the model says so), empty, no_quote (no quote stands in its source), malformed.';
COMMENT ON COLUMN assay.answers.prompt_tokens IS 'The tokens that the model was sent, in all calls.';
COMMENT ON COLUMN assay.answers.answer_tokens IS 'The tokens that it wrote.';
COMMENT ON COLUMN assay.answers.calls IS 'How often it was called, rewriting included.';
COMMENT ON COLUMN assay.answers.cost IS 'What that cost, at the server''s prices.';
COMMENT ON COLUMN assay.answers.seconds IS 'How long all of it took.';
COMMENT ON COLUMN assay.answers.model_seconds IS 'How long the model took of that.';
GRANT SELECT ON assay.answers TO PUBLIC;

CREATE VIEW assay.answer_feedback WITH (security_barrier) AS
    SELECT o.answer_id, a.vectorizer, o.given_by::pg_catalog.text COLLATE "C" AS given_by, o.given_at, o.rating, o.comment, o.resolved
    FROM assay_internal.visible_answer a
    JOIN assay.answer_opinion o ON o.answer_id OPERATOR(pg_catalog.=) a.id;
COMMENT ON VIEW assay.answer_feedback IS
'What people say of the answers that assay.answers shows.
Example: SELECT f.answer_id, a.question, f.rating, f.comment FROM assay.answer_feedback f JOIN assay.answers a ON a.id = f.answer_id WHERE f.rating < 0 ORDER BY f.answer_id';
COMMENT ON COLUMN assay.answer_feedback.answer_id IS 'The answer.';
COMMENT ON COLUMN assay.answer_feedback.vectorizer IS 'The name of the vectorizer that was asked.';
COMMENT ON COLUMN assay.answer_feedback.given_by IS 'The role that said so; NULL once it is gone.';
COMMENT ON COLUMN assay.answer_feedback.given_at IS 'When.';
COMMENT ON COLUMN assay.answer_feedback.rating IS '1 satisfied, 0 neither, -1 not.';
COMMENT ON COLUMN assay.answer_feedback.comment IS 'In words.';
COMMENT ON COLUMN assay.answer_feedback.resolved IS 'Whether what led to the question was resolved by the answer; NULL where that is not known.';
GRANT SELECT ON assay.answer_feedback TO PUBLIC;

CREATE VIEW assay.document_exclusions WITH (security_barrier) AS
    SELECT v.name AS vectorizer, v.source, e.key, e.reason, e.excluded_by, e.excluded_at
    FROM assay.document_exclusion e
    JOIN assay.vectorizer v ON v.id OPERATOR(pg_catalog.=) e.vectorizer_id
    JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) v.source
    WHERE pg_catalog.pg_has_role(c.relowner, 'USAGE');
COMMENT ON VIEW assay.document_exclusions IS
'The documents that searches leave out, of vectorizers whose source''s owner the current role acts for. assay.include_document undoes it.
Example: SELECT vectorizer, key, reason, excluded_by FROM assay.document_exclusions ORDER BY vectorizer, key';
COMMENT ON COLUMN assay.document_exclusions.vectorizer IS 'The vectorizer.';
COMMENT ON COLUMN assay.document_exclusions.source IS 'The table that it reads.';
COMMENT ON COLUMN assay.document_exclusions.key IS 'The key of the document''s row.';
COMMENT ON COLUMN assay.document_exclusions.reason IS 'Why it is left out.';
COMMENT ON COLUMN assay.document_exclusions.excluded_by IS 'The name of the role that excluded it, as it was then.';
COMMENT ON COLUMN assay.document_exclusions.excluded_at IS 'When.';
GRANT SELECT ON assay.document_exclusions TO PUBLIC;

-- Whoever asked, or said something of an answer, is a role: see 70-ownership.sql.
CREATE TRIGGER a_claim BEFORE INSERT ON assay.answer FOR EACH ROW EXECUTE FUNCTION assay_internal.claim_row('asked_by');
CREATE TRIGGER a_claim BEFORE INSERT ON assay.answer_opinion FOR EACH ROW EXECUTE FUNCTION assay_internal.claim_row('given_by');
CREATE TRIGGER inserted AFTER INSERT ON assay.answer REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('answers', 'asked_by');
CREATE TRIGGER updated AFTER UPDATE ON assay.answer REFERENCING OLD TABLE AS old NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('answers', 'asked_by');
CREATE TRIGGER deleted AFTER DELETE ON assay.answer REFERENCING OLD TABLE AS old
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('answers', 'asked_by');
CREATE TRIGGER inserted AFTER INSERT ON assay.answer_opinion REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('answer_feedback', 'given_by');
CREATE TRIGGER updated AFTER UPDATE ON assay.answer_opinion REFERENCING OLD TABLE AS old NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('answer_feedback', 'given_by');
CREATE TRIGGER deleted AFTER DELETE ON assay.answer_opinion REFERENCING OLD TABLE AS old
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('answer_feedback', 'given_by');

SELECT pg_catalog.pg_extension_config_dump('assay.answer', '');
SELECT pg_catalog.pg_extension_config_dump('assay.answer_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('assay.answer_opinion', '');
SELECT pg_catalog.pg_extension_config_dump('assay.document_exclusion', '');

CREATE FUNCTION assay.rewrite_question(history jsonb, question text, model text, prompt text DEFAULT NULL) RETURNS text
AS 'MODULE_PATHNAME', 'rewrite_question_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION assay.rewrite_question(jsonb, text, text, text) IS
'A question that is understood without the conversation before it: what assay.ask searches for. history: [{"role": "user" or "assistant", "content": text}, ...], as a text between marks that the model takes for data; of a long one the last messages that fit. Without a history it is the question itself, and no model is called; so it is where what the model says is no question: empty, cut off, or longer than 1,000 characters and twice the question.
model: one of task generation. prompt: a prompt with the names $history and $question; assay''s own unless given. Errors: 22023 an argument, or a history that is no conversation, and those of assay.generate.
Example: SELECT assay.rewrite_question(''[]'', ''How long may goods be returned?'', ''writer'')';

CREATE FUNCTION assay.ask(
    vectorizer text, question text, history jsonb DEFAULT '[]', model text DEFAULT NULL, k integer DEFAULT 8, mode text DEFAULT 'hybrid',
    rerank text DEFAULT NULL, filter text DEFAULT NULL, prompt text DEFAULT NULL, options jsonb DEFAULT '{}')
RETURNS TABLE(answer text, citations jsonb, abstained boolean, answer_id bigint)
AS 'MODULE_PATHNAME', 'ask_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 1;
COMMENT ON FUNCTION assay.ask(text, text, jsonb, text, integer, text, text, text, text, jsonb) IS
'Answers a question from the documents of a vectorizer. The question is made to be understood without history (assay.rewrite_question), the k best chunks are searched for as the caller (assay.search: mode, rerank, filter), the model is told those that fit into its window, of chunks that nearly repeat each other one, the documents by their best chunk and the chunks of a document as they follow each other; and each quote that it gives is looked for in the chunk that it names.
citations: the quotes that stand there: [{"source", "key", "seq", "version": the hash of the chunk''s content, "quote", "start", "end": characters of the chunk from 1, the end exclusive; null where the server''s option redact has changed the chunk}]. An answer that no quote supports is none: answer is NULL, and abstained true; assay.answers says why. Texts of documents, the question and history are sent between marks of this call that no text can close.
model: one of task generation. prompt: a prompt with the names $sources and $question; assay''s own unless given. options: {"rewrite": false keeps the question as it is, "context_tokens": the most tokens of sources, "near_duplicate": from which share of common runs of three words chunks repeat each other (0.8), "temperature" (0), "seed", "max_tokens": of the answer (512), "retries", "patience"}.
Each call is kept with its transaction, in assay.answers; what it cost stays booked when that is rolled back. It writes, so it runs on no standby and in no read-only transaction. Errors: those of assay.search and assay.generate, 22023 an argument, 25006.
Example: SELECT answer, citations, abstained FROM assay.ask(''document'', ''How long may goods be returned?'', model => ''writer'', mode => ''text'')';

CREATE FUNCTION assay.feedback(answer_id bigint, rating integer, comment text DEFAULT NULL, resolved boolean DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'feedback_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.feedback(bigint, integer, text, boolean) IS
'Says how an answer is: rating 1 satisfied, 0 neither, -1 not; a comment; and whether what led to the question was resolved by it, NULL where that is not known. By who may see the answer; said again, it takes the place of what the role said before. Errors: ML037 no such answer, 22023 another rating, a comment of more than 10,000 characters, 25006.
Example: SELECT assay.feedback(id, 1, ''just what I needed'') FROM assay.answers ORDER BY id DESC LIMIT 1';

CREATE FUNCTION assay.prune_answers() RETURNS bigint
AS 'MODULE_PATHNAME', 'prune_answers_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.prune_answers() IS
'Deletes the answers that are older than assay.answer_retention, of those that the caller may see, with what people said of them; gives how many. assay.ask does so by itself with up to 100 old ones. Errors: 25006.
Example: SELECT assay.prune_answers()';

CREATE FUNCTION assay.verify_citations(answer_id bigint)
RETURNS TABLE(citation integer, key jsonb, seq integer, quote text, status text, current_seq integer, version text, current_version text)
AS 'MODULE_PATHNAME', 'verify_citations_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE ROWS 5;
COMMENT ON FUNCTION assay.verify_citations(bigint) IS
'Whether what an answer quotes still stands, one row per citation: stands, changed (the document is there and does not say so any more), or gone (the document is not there, is left out of search, or the caller may not see it). version: the hash of the chunk that was quoted; current_seq, current_version: those of the chunk in which the quote stands, or which has its place now. It runs with the caller''s rights and policies, and only reads. Errors: ML037 no such answer, 42501.
Example: SELECT v.citation, v.quote, v.status FROM assay.answers a CROSS JOIN LATERAL assay.verify_citations(a.id) AS v ORDER BY a.id DESC, v.citation LIMIT 5';

CREATE FUNCTION assay.faithfulness(answer_id bigint, model text DEFAULT NULL) RETURNS double precision
AS 'MODULE_PATHNAME', 'faithfulness_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION assay.faithfulness(bigint, text) IS
'The share of an answer''s sentences that its sources support, as they were sent; NULL without an answer. Without a model a sentence is supported where one source has six in ten of its words, by the vectorizer''s language and leaving out words of up to three letters, and all of its numbers. With a model, of task generation, it says of each sentence whether it is. Errors: ML037 no such answer; with a model those of assay.generate.
Example: SELECT a.id, assay.faithfulness(a.id) FROM assay.answers a WHERE NOT a.abstained ORDER BY a.id DESC LIMIT 5';

CREATE FUNCTION assay.evaluate_answers(
    vectorizer text, questions text, model text, k integer DEFAULT 8, mode text DEFAULT 'hybrid', rerank text DEFAULT NULL,
    filter text DEFAULT NULL, prompt text DEFAULT NULL, options jsonb DEFAULT '{}')
RETURNS TABLE(question text, measure text, value double precision, low double precision, high double precision, questions bigint, answer_id bigint)
AS 'MODULE_PATHNAME', 'evaluate_answers_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION assay.evaluate_answers(text, text, text, integer, text, text, text, text, jsonb) IS
'How good answers are, by labelled questions. questions: a query of question, and answer (the expected one), key (of a row that answers it) or both, one row for each key; a question without both is one that the documents do not answer. Each is asked once, as assay.ask does it, and kept. Options as in assay.ask.
Measures: accuracy (all words of the expected answer are in the answer; or, of a question that the documents do not answer, there is none), f1 (of the words of both), abstention (there is no answer), citation_precision (the share of cited rows that are relevant), citation_recall (the share of relevant rows that are cited), faithfulness (by overlap). Rows without a question are the means, over the questions to which a measure applies (questions), with a 95 % interval of the bootstrap; then come the questions. Errors: those of assay.ask, 42703 the query has no question, ML007 there are none.
Example: SELECT measure, round(value::numeric, 2) AS value FROM assay.evaluate_answers(''document'', ''SELECT title AS question, id AS key FROM document LIMIT 2'', ''writer'', mode => ''text'') WHERE question IS NULL';

CREATE FUNCTION assay.document_satisfaction(vectorizer text, since timestamptz DEFAULT NULL)
RETURNS TABLE(key jsonb, cited bigint, rated bigint, satisfied bigint, satisfaction double precision, low double precision, high double precision,
              others double precision, misleads boolean, excluded boolean)
AS 'MODULE_PATHNAME', 'document_satisfaction_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE ROWS 100;
COMMENT ON FUNCTION assay.document_satisfaction(text, timestamptz) IS
'How answers that cite a document fare, one row per document, those that mislead first. cited: how many answers of those that the caller may see, since then; rated: of these, how many people have judged; satisfied: with how many of them they were satisfied (rating 1, or 0 or none of it and resolved). satisfaction: that share, with Wilson''s 95 % interval (low, high). others: the share of satisfied answers that do not cite it. misleads: three answers or more are judged, and high is below others, or below one half where there are none. excluded: whether it is left out of search, as assay.exclude_document does it. It only reads. Errors: ML035 no such vectorizer, 42501.
Example: SELECT key, rated, satisfaction, high, misleads FROM assay.document_satisfaction(''document'')';

CREATE FUNCTION assay.exclude_document(vectorizer text, key jsonb, reason text DEFAULT NULL) RETURNS boolean
AS 'MODULE_PATHNAME', 'exclude_document_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.exclude_document(text, jsonb, text) IS
'Leaves a document out of search, and so out of answers, until assay.include_document undoes it; the document itself stays as it is. key: that of its row, as assay.search gives it, or the value of the only column; it need not be there yet. Gives whether it was not left out already. The view assay.document_exclusions shows them. Takes the rights of the owner of the vectorizer''s source. Errors: ML035 no such vectorizer, 22023 a key of other columns, 42501, 25006.
Example: SELECT assay.exclude_document(''document'', ''{"id": 1}'', ''out of date'')';

CREATE FUNCTION assay.include_document(vectorizer text, key jsonb) RETURNS boolean
AS 'MODULE_PATHNAME', 'include_document_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.include_document(text, jsonb) IS
'Lets searches find a document again that assay.exclude_document has left out. Gives whether it was left out. Errors: as of assay.exclude_document.
Example: SELECT assay.include_document(''document'', ''{"id": 1}'')';

-- Training sets for models that answer, and adapters of embedders. A training set belongs to the role that built its first version: it holds what that
-- role could read then, and is shown to whoever has the role's rights, and to nobody else.

CREATE TABLE assay.dataset (
    id           bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    name         text COLLATE "C" NOT NULL,
    owner        assay.role NOT NULL,
    last_version integer NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    CONSTRAINT dataset_name_key UNIQUE (name)
);
COMMENT ON TABLE assay.dataset IS 'One row per name of training sets. Read the view assay.datasets instead.';
COMMENT ON COLUMN assay.dataset.id IS 'The training set''s key.';
COMMENT ON COLUMN assay.dataset.name IS 'The name that the functions take.';
COMMENT ON COLUMN assay.dataset.owner IS 'The role that built its first version; it alone, and whoever has its rights, reads it and builds the next.';
COMMENT ON COLUMN assay.dataset.last_version IS 'The highest version number ever given, so that no number is given twice.';
COMMENT ON COLUMN assay.dataset.created_at IS 'When the first version was built.';

CREATE TABLE assay.dataset_version (
    dataset_id bigint NOT NULL REFERENCES assay.dataset ON DELETE CASCADE,
    version    integer NOT NULL,
    query      text NOT NULL,
    options    jsonb NOT NULL,
    manifest   jsonb NOT NULL,
    hash       text NOT NULL,
    built_by   text NOT NULL,
    built_at   timestamptz NOT NULL,
    duration   interval NOT NULL,
    CONSTRAINT dataset_version_pkey PRIMARY KEY (dataset_id, version)
);
-- pg_restore with several jobs fills tables in any order, as with models.
ALTER TABLE assay.dataset_version DISABLE TRIGGER ALL;
COMMENT ON TABLE assay.dataset_version IS 'One immutable row per version of a training set. Read the view assay.datasets instead.';
COMMENT ON COLUMN assay.dataset_version.dataset_id IS 'The training set.';
COMMENT ON COLUMN assay.dataset_version.version IS 'The version''s number, from 1.';
COMMENT ON COLUMN assay.dataset_version.query IS 'The query that gave the rows.';
COMMENT ON COLUMN assay.dataset_version.options IS 'The options, as given.';
COMMENT ON COLUMN assay.dataset_version.manifest IS 'What became of the rows, and what is in each part.';
COMMENT ON COLUMN assay.dataset_version.hash IS 'SHA-256 of its lines.';
COMMENT ON COLUMN assay.dataset_version.built_by IS 'The name of the role that built it, as it was then.';
COMMENT ON COLUMN assay.dataset_version.built_at IS 'When.';
COMMENT ON COLUMN assay.dataset_version.duration IS 'How long it took.';

-- Written row by row without the executor: it has no constraint but its key, no default, and no trigger that such a row would miss.
CREATE TABLE assay.dataset_row (
    dataset_id bigint NOT NULL,
    version    integer NOT NULL,
    part       text COLLATE "C" NOT NULL,
    seq        bigint NOT NULL,
    messages   jsonb NOT NULL,
    label      text,
    rating     double precision,
    weight     double precision,
    source     jsonb,
    CONSTRAINT dataset_row_pkey PRIMARY KEY (dataset_id, version, part, seq)
);
COMMENT ON TABLE assay.dataset_row IS 'The rows of training sets. Read the view assay.dataset_rows instead.';
COMMENT ON COLUMN assay.dataset_row.dataset_id IS 'The training set.';
COMMENT ON COLUMN assay.dataset_row.version IS 'Its version.';
COMMENT ON COLUMN assay.dataset_row.part IS 'train, validation or test.';
COMMENT ON COLUMN assay.dataset_row.seq IS 'The row''s number within its part, from 1.';
COMMENT ON COLUMN assay.dataset_row.messages IS 'The conversation: an array of objects with a role and a content.';
COMMENT ON COLUMN assay.dataset_row.label IS 'What it was balanced by.';
COMMENT ON COLUMN assay.dataset_row.rating IS 'How content who asked was.';
COMMENT ON COLUMN assay.dataset_row.weight IS 'Its weight.';
COMMENT ON COLUMN assay.dataset_row.source IS 'The values of the columns that say where it is from.';

CREATE FUNCTION assay_internal.guard_dataset_row() RETURNS trigger
AS 'MODULE_PATHNAME', 'guard_dataset_row_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay_internal.guard_dataset_row() IS
'Trigger before INSERT of what belongs to a training set: takes the rights of the training set''s owner, if it is there. Errors: 42501.';

CREATE TRIGGER a_claim BEFORE INSERT ON assay.dataset FOR EACH ROW EXECUTE FUNCTION assay_internal.claim_row('owner');
CREATE TRIGGER b_guard BEFORE INSERT ON assay.dataset_version FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_dataset_row();
CREATE TRIGGER b_guard BEFORE INSERT ON assay.dataset_row FOR EACH ROW
    WHEN (NOT pg_catalog.has_table_privilege('assay.dataset_row'::pg_catalog.regclass, 'DELETE')) EXECUTE FUNCTION assay_internal.guard_dataset_row();
CREATE TRIGGER inserted AFTER INSERT ON assay.dataset REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('datasets', 'owner');
CREATE TRIGGER updated AFTER UPDATE ON assay.dataset REFERENCING OLD TABLE AS old NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('datasets', 'owner');
CREATE TRIGGER deleted AFTER DELETE ON assay.dataset REFERENCING OLD TABLE AS old
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('datasets', 'owner');

CREATE VIEW assay.datasets WITH (security_barrier) AS
    SELECT d.name AS dataset, v.version,
           COALESCE((v.manifest OPERATOR(pg_catalog.#>>) '{parts,train,rows}')::pg_catalog.int8, 0) AS train,
           COALESCE((v.manifest OPERATOR(pg_catalog.#>>) '{parts,validation,rows}')::pg_catalog.int8, 0) AS validation,
           COALESCE((v.manifest OPERATOR(pg_catalog.#>>) '{parts,test,rows}')::pg_catalog.int8, 0) AS test,
           v.hash, v.manifest, v.options, v.query, d.owner::pg_catalog.regrole AS owner, v.built_by, v.built_at, v.duration
    FROM assay.dataset d
    JOIN assay.dataset_version v ON v.dataset_id OPERATOR(pg_catalog.=) d.id
    WHERE pg_catalog.pg_has_role(d.owner, 'USAGE');
COMMENT ON VIEW assay.datasets IS
'The versions of the training sets of roles whose rights the current one has.
Example: SELECT version, train, test, manifest->''dropped'' AS dropped FROM assay.datasets WHERE dataset = ''support'' ORDER BY version';
COMMENT ON COLUMN assay.datasets.dataset IS 'The training set''s name.';
COMMENT ON COLUMN assay.datasets.version IS 'The version''s number.';
COMMENT ON COLUMN assay.datasets.train IS 'Rows to train on.';
COMMENT ON COLUMN assay.datasets.validation IS 'Rows to choose by while training.';
COMMENT ON COLUMN assay.datasets.test IS 'Rows to judge by.';
COMMENT ON COLUMN assay.datasets.hash IS 'SHA-256 of its lines: the same rows and options give the same.';
COMMENT ON COLUMN assay.datasets.manifest IS 'What became of the rows that the query gave, by step; and of each part its rows, groups, labels and the SHA-256 of the file that assay.export_jsonl gives of it.';
COMMENT ON COLUMN assay.datasets.options IS 'The options, as given.';
COMMENT ON COLUMN assay.datasets.query IS 'The query that gave the rows.';
COMMENT ON COLUMN assay.datasets.owner IS 'The role it belongs to.';
COMMENT ON COLUMN assay.datasets.built_by IS 'The name of the role that built it, as it was then.';
COMMENT ON COLUMN assay.datasets.built_at IS 'When.';
COMMENT ON COLUMN assay.datasets.duration IS 'How long it took.';

CREATE VIEW assay.dataset_rows WITH (security_barrier) AS
    SELECT d.name AS dataset, r.version, r.part, r.seq, r.messages, r.label, r.rating, r.weight, r.source
    FROM assay.dataset d
    JOIN assay.dataset_row r ON r.dataset_id OPERATOR(pg_catalog.=) d.id
    WHERE pg_catalog.pg_has_role(d.owner, 'USAGE');
COMMENT ON VIEW assay.dataset_rows IS
'The rows of the training sets of roles whose rights the current one has.
Example: SELECT seq, messages->-1->>''content'' AS answer FROM assay.dataset_rows WHERE dataset = ''support'' AND version = 1 AND part = ''test'' ORDER BY seq';
COMMENT ON COLUMN assay.dataset_rows.dataset IS 'The training set''s name.';
COMMENT ON COLUMN assay.dataset_rows.version IS 'Its version.';
COMMENT ON COLUMN assay.dataset_rows.part IS 'train, validation or test.';
COMMENT ON COLUMN assay.dataset_rows.seq IS 'The row''s number within its part, from 1.';
COMMENT ON COLUMN assay.dataset_rows.messages IS 'The conversation: an array of objects with a role (system, user, assistant) and a content.';
COMMENT ON COLUMN assay.dataset_rows.label IS 'What it was balanced by.';
COMMENT ON COLUMN assay.dataset_rows.rating IS 'How content who asked was.';
COMMENT ON COLUMN assay.dataset_rows.weight IS 'Its weight.';
COMMENT ON COLUMN assay.dataset_rows.source IS 'The values of the columns that say where it is from.';
GRANT SELECT ON assay.datasets, assay.dataset_rows TO PUBLIC;

CREATE FUNCTION assay.build_dataset(name text, query text, options jsonb DEFAULT '{}')
RETURNS TABLE (dataset text, version integer, train bigint, validation bigint, test bigint, dropped bigint, hash text, manifest jsonb, duration interval)
AS 'MODULE_PATHNAME', 'build_dataset_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 1;
COMMENT ON FUNCTION assay.build_dataset(text, text, jsonb) IS
'Makes a training set for a model that answers out of what a query gives, as the next version of its name, which belongs to the role that built the first. The query is run as the caller, read-only, and has a column messages (jsonb: an array of {"role": system, user or assistant, "content": text}; other keys are not read), or prompt (else question) and answer, and system where there is one; and, as far as they are there, rating, label, weight, language, group, and id, which is kept as the row''s source. A row is a conversation where, after a system message that there may be, questions and answers take turns, a question first and an answer last; other rows are counted and left out.
options: columns, an object of the query''s names for these, {"group": "customer", "id": ["answer_id"]}; system, a text put before conversations that have none; min_rating (rows without a rating are left out, too); min_question_chars, max_question_chars, min_answer_chars, max_answer_chars, max_chars (of all messages); languages, an array of what the column language may say, or, where there is no such column, of codes such as en of the languages that the texts are found to be in; pii redact (the default: e-mail addresses, numbers of phones, accounts and cards and their like are masked), drop or keep; policy, as assay.redact takes it: what becomes of which kind, and names of persons; near_duplicates 0.8, from which similarity on two rows are one (Jaccard''s, of runs of shingle_words 3 words, found by MinHash), or null; compare conversation or question; max_per_label, and balance, how many times the rows of the rarest label a label may have, both in the training part; test 0.1 and validation 0, shares of groups; seed 1; failing_checks notice (error, ignore): what to do where stored checks of what the query reads have failed.
Rows of one group are all in one part: of rows with the same value of group, or, where there is none, with the same question. Of rows that say the same, or nearly, directly or by way of others, the first stays: in test before validation before train, then the one rated best. So nothing in train nearly repeats what tests it. The same rows and options give the same bytes, whatever the plan, on any number of threads.
manifest has the counts of each step and the SHA-256 of the file of each part. O(length) for a row. Errors: 22023 unknown or wrong options, 42703 a column that is not there, ML005 a column of another type, ML007 no row is left, ML008, ML018 failing checks, 42501 not yours, 53400 assay.max_memory, 25006.
Example: SELECT version, train, test, dropped, manifest->''dropped'' AS why FROM assay.build_dataset(''support'', $$SELECT ''What is '' || n || '' and '' || n || ''?'' AS question, ''It is '' || 2 * n AS answer, 5 AS rating FROM generate_series(1, 20) AS n$$, ''{"min_rating": 4, "near_duplicates": null}'')';

CREATE FUNCTION assay.drop_dataset(name text, version integer DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'drop_dataset_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.drop_dataset(text, integer) IS
'Drops a version of a training set with its rows, or without a version all of them. Errors: ML047 no such training set or version, 42501 not yours, 25006.
Example: SELECT assay.drop_dataset(''support'')';

CREATE FUNCTION assay.export_jsonl(dataset text, part text DEFAULT 'train', format text DEFAULT 'openai', after bigint DEFAULT 0)
RETURNS TABLE (seq bigint, line text)
AS 'MODULE_PATHNAME', 'export_jsonl_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED COST 1000000 ROWS 10000;
COMMENT ON FUNCTION assay.export_jsonl(text, text, text, bigint) IS
'The lines of a part (train, validation, test) of a training set, its last version or one that is named, as in support@2, in the order of seq: what COPY (SELECT line ...) TO writes is read by trainers. format: openai, {"messages": [{"role", "content"}, ...]}; sharegpt, {"conversations": [{"from": system, human or gpt, "value"}, ...]}; instruction, {"instruction", "input", "output"} of the last question and answer, with system and history where there are some. after: begins behind this seq, to go on where a reader stopped. Each line is read again before it is given: one JSON object with these keys alone, whose messages take turns, a question first and an answer last, and say something. A version never changes. O(rows); memory does not grow with them. Errors: ML047 no such training set or version, 22023 no such part or format, ML009 a row that is no conversation, 42501 not yours.
Example: SELECT seq, line FROM assay.export_jsonl(''support'', ''test'', ''sharegpt'') ORDER BY seq LIMIT 1';

SELECT pg_catalog.pg_extension_config_dump('assay.dataset', '');
SELECT pg_catalog.pg_extension_config_dump('assay.dataset_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('assay.dataset_version', '');
SELECT pg_catalog.pg_extension_config_dump('assay.dataset_row', '');

-- Adapters.

CREATE FUNCTION assay.train_adapter(name text, base text, pairs text, options jsonb DEFAULT '{}', deploy text DEFAULT 'auto',
    OUT model text, OUT version integer, OUT algorithm text, OUT dimensions integer, OUT bytes bigint, OUT metrics jsonb, OUT duration interval) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'train_adapter_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 1;
COMMENT ON FUNCTION assay.train_adapter(text, text, text, jsonb, text) IS
'Learns a linear map of a local embedder''s vectors that brings questions nearer to the texts that answer them, as a new version of an embedder: assay.embed(name, text) gives the map''s image of the base''s vector, in length 1, and vectorizers, versions, grants, deployment and rollback are those of all embedders. name may be the base''s own model: its next version. The base stays as it is, and is not dropped below an adapter; who uses the adapter has to be allowed to use it, too.
pairs: a query, run as the caller, read-only, of question and document (a text that answers it), a row for each; where there are some, negative (a text that does not), and clicks, or grade: a text that was clicked n times counts ln(1 + n), and one that was not does not answer. options: kind linear (a matrix, for vectors of at most 4096 numbers) or low_rank with rank 32; temperature 0.1; epochs 40, at most, patience 5; batch 64 pairs, whose texts compete with each other (InfoNCE); learning_rate 0.0003, weight_decay 0.1 (AdamW, from and back to no change); test 0.2 and validation 0.1, shares of the questions, the first to judge, the second to say when to stop; k 10; documents, a query of further texts that the judged questions are asked of beside those of the pairs; seed 1.
metrics: ndcg of the first k texts on questions that nothing was learned from, base_ndcg of the embedder without it, and their difference, each with _low and _high, a 95% interval over questions; p_value; the losses that stopped it. deploy: auto (where none is deployed yet, and it is better than its base), if_better (where it is), always, never. The same pairs and seed give the same bytes on any number of threads. O(epochs x pairs x dimensions^2). Errors: ML001, ML002 no such model, ML010 one that is no local embedder, or an adapter itself, 22023 an option, 42703 a column that is not there, ML005, ML007 too few pairs, ML008, 42501, 53400, 25006.
Example: SELECT model, version, metrics->''pairs'' AS pairs FROM assay.train_adapter(''helpdesk'', ''words'', $$SELECT ''where is the '' || w AS question, ''the '' || w || '' says meow'' AS document FROM unnest(''{cat,dog,cow,hen,pig,fox,owl,bee,ant,rat,elk,yak}''::text[]) AS w$$, ''{"test": 0, "validation": 0}'')';

-- Corpora: what texts are like, one by one and as a whole, and which do not hold any more.

CREATE FUNCTION assay.detect_language(input text) RETURNS text
AS 'MODULE_PATHNAME', 'detect_language_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 500;
COMMENT ON FUNCTION assay.detect_language(text) IS
'The language that most of a text is in, as a code of ISO 639-1 such as en; NULL where it cannot be told, as of names and numbers, and for NULL. By its script: ko, ja, zh, el, he, ar, fa, hi, bn, ta, th, ka, hy; in the Latin and the Cyrillic one by its common words: en, de, fr, es, it, pt, nl, sv, da, no, fi, pl, cs, tr, hu, ro, id, ru, uk, bg. O(length), and no more than the first 32 KB are looked at.
Example: SELECT assay.detect_language(''Wie lange habe ich Zeit, um einen Artikel zu tauschen?'')';

CREATE FUNCTION assay.encoding_damage(input text) RETURNS text
AS 'MODULE_PATHNAME', 'encoding_damage_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 500;
COMMENT ON FUNCTION assay.encoding_damage(text) IS
'What is wrong with the encoding of a text: UTF-8 that was misread as Windows-1252, once or twice, replacement characters, control characters, characters that do not show. NULL where nothing is, and for NULL. O(length).
Example: SELECT assay.encoding_damage(U&''R\00C3\00BCckgabe'')';

CREATE FUNCTION assay.profile_corpus(query text, column_name text DEFAULT NULL, format text DEFAULT 'text') RETURNS text
AS 'MODULE_PATHNAME', 'profile_corpus_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.profile_corpus(text, text, text) IS
'What the texts of a query or relation are like, as a page: lengths, languages, damaged encodings, personal data, texts that repeat others or nearly so, and lines that many share. They are read once, as the caller, read-only. column_name: the column of texts, which may be left out where there is one only. format as in assay.render_profile. O(characters). Errors: 22023 another format, no column of texts or several, 42703 no such column, 53400 assay.max_memory, ML008 no query.
Example: SELECT assay.profile_corpus(''policy'', ''body'')';

CREATE FUNCTION assay.stale_documents(vectorizer text, updated_column text DEFAULT NULL, max_age interval DEFAULT NULL, superseded_column text DEFAULT NULL,
    sources_column text DEFAULT NULL, OUT key jsonb, OUT reason text, OUT since text) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'stale_documents_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE ROWS 100;
COMMENT ON FUNCTION assay.stale_documents(text, text, interval, text, text) IS
'The documents of a vectorizer that do not hold any more, one row for each reason: too old (updated_column is longer ago than max_age), superseded (superseded_column is not NULL), its sources changed (sources_column, a time, is after updated_column), and changed since it was embedded (it waits in the queue, which those see who act for the source''s owner). since: from when on, where that is known.
updated_column, unless given, is the first of updated_at, modified_at, changed_at, last_updated, last_modified, updated, modified, published_at that there is. The source is read as the caller, read-only. O(rows). Errors: 22023 a column is needed that says when rows changed, 42703 no such column, 42501, ML035 no such vectorizer.
Example: SELECT * FROM assay.stale_documents(''document'')';

-- Questions in plain words to SQL, and SQL that somebody else wrote run within limits.

CREATE FUNCTION assay.run_sql(
    sql text, max_cost double precision DEFAULT 1000000, max_rows integer DEFAULT 10000, timeout interval DEFAULT '30 s', role text DEFAULT NULL,
    max_bytes integer DEFAULT 16777216) RETURNS SETOF jsonb
AS 'MODULE_PATHNAME', 'run_sql_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.run_sql(text, double precision, integer, interval, text, integer) IS
'Runs a query that somebody else wrote, a model most of the time, and gives its rows as JSON objects; a second column of one name is called name_2. sql: one SELECT, WITH, VALUES or TABLE that locks nothing and reads no foreign table and no secrets of the catalog. It runs as the caller, or as role, which the caller is a member of; read-only from parsing on, without parallel workers, and calls no function but those of PostgreSQL that compute, those of assay that only read, and what a superuser has listed in assay.sql_functions, whoever calls them: operators, types, views and policies, too.
max_cost: the most that the planner may expect it to cost. max_rows, max_bytes: of the result. timeout: from parsing to the last row; it ends within 100 ms of that. It takes at most 256 MB of memory (or assay.max_memory), and is refused what goes 64 MB beyond that at once; at most 16 MB of work_mem, and 256 MB of temporary files. A notice shows the statement before the first row. Errors: ML039 a statement that is refused, 54000 too many rows or bytes, 57014 too long, 53400 too much memory or files, 42501; PostgreSQL''s own.
Example: SELECT assay.run_sql(''SELECT count(*) AS objects FROM pg_class WHERE relname = ''''pg_class'''''', max_rows => 10)';

-- What compares each part of one value with each part of another looks for no cancel: within run_sql these stand in its place.
CREATE FUNCTION assay_internal.bounded_textlike(text, text) RETURNS boolean
AS 'MODULE_PATHNAME', 'bounded_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.bounded_textlike(text, text) IS 'As text LIKE pattern, within assay.run_sql. Errors: 54000 where the product of both sizes would take seconds.';
CREATE FUNCTION assay_internal.bounded_textnlike(text, text) RETURNS boolean
AS 'MODULE_PATHNAME', 'bounded_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.bounded_textnlike(text, text) IS 'As text NOT LIKE pattern, within assay.run_sql. Errors: 54000 where the product of both sizes would take seconds.';
CREATE FUNCTION assay_internal.bounded_texticlike(text, text) RETURNS boolean
AS 'MODULE_PATHNAME', 'bounded_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.bounded_texticlike(text, text) IS 'As text ILIKE pattern, within assay.run_sql. Errors: 54000 where the product of both sizes would take seconds.';
CREATE FUNCTION assay_internal.bounded_texticnlike(text, text) RETURNS boolean
AS 'MODULE_PATHNAME', 'bounded_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.bounded_texticnlike(text, text) IS 'As text NOT ILIKE pattern, within assay.run_sql. Errors: 54000 where the product of both sizes would take seconds.';
CREATE FUNCTION assay_internal.bounded_strpos(text, text) RETURNS integer
AS 'MODULE_PATHNAME', 'bounded_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.bounded_strpos(text, text) IS 'As strpos, within assay.run_sql. Errors: 54000 where the product of both sizes would take seconds.';
CREATE FUNCTION assay_internal.bounded_position(text, text) RETURNS integer
AS 'MODULE_PATHNAME', 'bounded_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.bounded_position(text, text) IS 'As position, within assay.run_sql. Errors: 54000 where the product of both sizes would take seconds.';
CREATE FUNCTION assay_internal.bounded_replace(text, text, text) RETURNS text
AS 'MODULE_PATHNAME', 'bounded_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.bounded_replace(text, text, text) IS 'As replace, within assay.run_sql. Errors: 54000 where the product of both sizes would take seconds.';
CREATE FUNCTION assay_internal.bounded_split_part(text, text, integer) RETURNS text
AS 'MODULE_PATHNAME', 'bounded_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.bounded_split_part(text, text, integer) IS 'As split_part, within assay.run_sql. Errors: 54000 where the product of both sizes would take seconds.';
CREATE FUNCTION assay_internal.bounded_translate(text, text, text) RETURNS text
AS 'MODULE_PATHNAME', 'bounded_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.bounded_translate(text, text, text) IS 'As translate, within assay.run_sql. Errors: 54000 where the product of both sizes would take seconds.';
CREATE FUNCTION assay_internal.bounded_arrayoverlap(anyarray, anyarray) RETURNS boolean
AS 'MODULE_PATHNAME', 'bounded_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.bounded_arrayoverlap(anyarray, anyarray) IS 'As the operator && of arrays, within assay.run_sql. Errors: 54000 where the product of both sizes would take seconds.';
CREATE FUNCTION assay_internal.bounded_arraycontains(anyarray, anyarray) RETURNS boolean
AS 'MODULE_PATHNAME', 'bounded_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.bounded_arraycontains(anyarray, anyarray) IS 'As the operator @> of arrays, within assay.run_sql. Errors: 54000 where the product of both sizes would take seconds.';
CREATE FUNCTION assay_internal.bounded_arraycontained(anyarray, anyarray) RETURNS boolean
AS 'MODULE_PATHNAME', 'bounded_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.bounded_arraycontained(anyarray, anyarray) IS 'As the operator <@ of arrays, within assay.run_sql. Errors: 54000 where the product of both sizes would take seconds.';

-- What people say of tables, columns and functions, and which columns' values nobody is shown. Rows follow the object as long as it is there; those of one that is
-- gone are nothing, and forgotten by the next one who describes something.
CREATE TABLE assay.description (
    relation      regclass,
    routine       regprocedure,
    column_name   text COLLATE "C",
    column_number smallint,
    note          text,
    private       boolean NOT NULL DEFAULT false,
    described_by  text COLLATE "C" NOT NULL,
    described_at  timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    CONSTRAINT description_object CHECK ((relation IS NULL) OPERATOR(pg_catalog.<>) (routine IS NULL)),
    CONSTRAINT description_column CHECK ((column_name IS NULL) OPERATOR(pg_catalog.=) (column_number IS NULL) AND (routine IS NULL OR column_name IS NULL))
);
CREATE INDEX description_relation_idx ON assay.description ((relation::pg_catalog.oid));
CREATE INDEX description_routine_idx ON assay.description ((routine::pg_catalog.oid));
COMMENT ON TABLE assay.description IS 'Notes on tables, columns and functions. Read the view assay.descriptions instead.';
COMMENT ON COLUMN assay.description.relation IS 'The table or view; NULL for a function.';
COMMENT ON COLUMN assay.description.routine IS 'The function; NULL for a table or view.';
COMMENT ON COLUMN assay.description.column_name IS 'The column, by the name that it had; NULL for a whole object.';
COMMENT ON COLUMN assay.description.column_number IS 'Its number.';
COMMENT ON COLUMN assay.description.note IS 'What was said; NULL where only private was.';
COMMENT ON COLUMN assay.description.private IS 'Whether values of it are never shown to a model.';
COMMENT ON COLUMN assay.description.described_by IS 'The name of the role that said it, as it was then.';
COMMENT ON COLUMN assay.description.described_at IS 'When.';

CREATE FUNCTION assay_internal.guard_description() RETURNS trigger
AS 'MODULE_PATHNAME', 'guard_description_wrapper' LANGUAGE c;
COMMENT ON FUNCTION assay_internal.guard_description() IS 'Before a note is stored: leaves it out where the current role may not act for the owner of its object.';
CREATE TRIGGER a_guard BEFORE INSERT ON assay.description FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_description();

-- A column that is renamed keeps what was said of it. Whatever bears its name or its number after a restore is private, where it was.
CREATE VIEW assay_internal.described_column WITH (security_barrier) AS
    SELECT d.relation::pg_catalog.oid AS relation, a.attnum, a.attname::pg_catalog.text COLLATE "C" AS column_name, d.note, d.private, d.described_by, d.described_at,
        a.attname OPERATOR(pg_catalog.=) d.column_name::pg_catalog.name
        OR NOT EXISTS (SELECT FROM pg_catalog.pg_attribute AS o WHERE o.attrelid OPERATOR(pg_catalog.=) a.attrelid AND o.attname OPERATOR(pg_catalog.=) d.column_name::pg_catalog.name AND NOT o.attisdropped) AS is_meant
    FROM assay.description AS d
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid OPERATOR(pg_catalog.=) d.relation::pg_catalog.oid AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped
        AND (a.attname OPERATOR(pg_catalog.=) d.column_name::pg_catalog.name OR a.attnum OPERATOR(pg_catalog.=) d.column_number);
COMMENT ON VIEW assay_internal.described_column IS 'Columns that something was said of.';
COMMENT ON COLUMN assay_internal.described_column.relation IS 'The table or view.';
COMMENT ON COLUMN assay_internal.described_column.attnum IS 'The column''s number.';
COMMENT ON COLUMN assay_internal.described_column.column_name IS 'Its name now.';
COMMENT ON COLUMN assay_internal.described_column.note IS 'What was said.';
COMMENT ON COLUMN assay_internal.described_column.private IS 'Whether values of it are never shown to a model.';
COMMENT ON COLUMN assay_internal.described_column.described_by IS 'Who said it.';
COMMENT ON COLUMN assay_internal.described_column.described_at IS 'When.';
COMMENT ON COLUMN assay_internal.described_column.is_meant IS 'Whether it is the column that was meant, and not one that only has its number after a restore.';

CREATE VIEW assay.descriptions WITH (security_barrier) AS
    SELECT d.relation::pg_catalog.oid::pg_catalog.regclass::pg_catalog.text COLLATE "C" AS object, 'relation' AS kind, NULL::pg_catalog.text COLLATE "C" AS column_name, d.note, d.private, d.described_by, d.described_at
    FROM assay.description AS d JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) d.relation::pg_catalog.oid
    WHERE d.column_name IS NULL
      AND (pg_catalog.has_table_privilege(c.oid, 'SELECT') OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT') OR pg_catalog.pg_has_role(c.relowner, 'USAGE'))
    UNION ALL
    SELECT d.relation::pg_catalog.regclass::pg_catalog.text COLLATE "C", 'column', d.column_name, CASE WHEN d.is_meant THEN d.note END, d.private, d.described_by, d.described_at
    FROM assay_internal.described_column AS d JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) d.relation
    WHERE (d.is_meant OR d.private) AND (pg_catalog.has_column_privilege(d.relation, d.attnum, 'SELECT') OR pg_catalog.pg_has_role(c.relowner, 'USAGE'))
    UNION ALL
    SELECT d.routine::pg_catalog.text COLLATE "C", 'function', NULL, d.note, d.private, d.described_by, d.described_at
    FROM assay.description AS d JOIN pg_catalog.pg_proc AS p ON p.oid OPERATOR(pg_catalog.=) d.routine::pg_catalog.oid
    WHERE pg_catalog.has_function_privilege(p.oid, 'EXECUTE') OR pg_catalog.pg_has_role(p.proowner, 'USAGE');
COMMENT ON VIEW assay.descriptions IS
'What was said of tables, views, columns and functions by assay.describe and assay.mark_private, of those that the current role may read or call, or that are its own.
Example: SELECT object, column_name, note, private FROM assay.descriptions ORDER BY object, column_name NULLS FIRST';
COMMENT ON COLUMN assay.descriptions.object IS 'The table, view or function.';
COMMENT ON COLUMN assay.descriptions.kind IS 'relation, column or function.';
COMMENT ON COLUMN assay.descriptions.column_name IS 'The column; NULL for a whole object.';
COMMENT ON COLUMN assay.descriptions.note IS 'What was said; NULL where only private was.';
COMMENT ON COLUMN assay.descriptions.private IS 'Whether values of it are never shown to a model.';
COMMENT ON COLUMN assay.descriptions.described_by IS 'The name of the role that said it, as it was then.';
COMMENT ON COLUMN assay.descriptions.described_at IS 'When.';
GRANT SELECT ON assay.descriptions TO PUBLIC;

CREATE FUNCTION assay.describe(object text, note text) RETURNS void
AS 'MODULE_PATHNAME', 'describe_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.describe(text, text) IS
'Says what a table, a view, a column or a function means, for assay.text_to_sql and for people. object: as SQL writes it: ''public.sale'', ''sale.price'' (a column), ''net(numeric)'' (a function). note: up to 2,000 bytes; NULL takes back what was said. It takes the owner of the object. The note stays with the object when it or the column is renamed, and goes with it. Whoever may read or call the object reads the note. Errors: 22023 a NULL, a note that is too long, 42P01 no such table, 42703 no such column, 42883 no such function, 42501, 25006.
Example: SELECT assay.describe(''sale.price'', ''in euros, without taxes'')';

CREATE FUNCTION assay.mark_private(object text, private boolean DEFAULT true) RETURNS void
AS 'MODULE_PATHNAME', 'mark_private_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.mark_private(text, boolean) IS
'Says that values of a column, or of all columns of a table, are never shown to a model as samples: names, types and notes are. private: false takes it back. object as of assay.describe. It takes the owner of the table. What a query gives is not hidden by it: that is for privileges. Errors: those of assay.describe, 22023 a function.
Example: SELECT assay.mark_private(''sale.region'')';

CREATE TABLE assay.sql_example (
    id       bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    question text NOT NULL,
    sql      text NOT NULL,
    added_by assay.role NOT NULL,
    added_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
COMMENT ON TABLE assay.sql_example IS 'Questions with queries that answer them. Read the view assay.sql_examples instead.';
COMMENT ON COLUMN assay.sql_example.id IS 'The example''s key.';
COMMENT ON COLUMN assay.sql_example.question IS 'The question.';
COMMENT ON COLUMN assay.sql_example.sql IS 'The query.';
COMMENT ON COLUMN assay.sql_example.added_by IS 'The role that added it, to which it belongs.';
COMMENT ON COLUMN assay.sql_example.added_at IS 'When.';

CREATE TRIGGER a_claim BEFORE INSERT ON assay.sql_example FOR EACH ROW EXECUTE FUNCTION assay_internal.claim_row('added_by');
CREATE TRIGGER inserted AFTER INSERT ON assay.sql_example REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('sql_examples', 'added_by');
CREATE TRIGGER updated AFTER UPDATE ON assay.sql_example REFERENCING OLD TABLE AS old NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('sql_examples', 'added_by');
CREATE TRIGGER deleted AFTER DELETE ON assay.sql_example REFERENCING OLD TABLE AS old
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('sql_examples', 'added_by');

CREATE VIEW assay.sql_examples WITH (security_barrier) AS
    SELECT e.id, e.question, e.sql, e.added_by::pg_catalog.text COLLATE "C" AS added_by, e.added_at
    FROM assay.sql_example AS e
    WHERE pg_catalog.pg_has_role(e.added_by::pg_catalog.oid, 'USAGE');
COMMENT ON VIEW assay.sql_examples IS
'Questions with queries that answer them, of roles for which the current role acts.
Example: SELECT id, question, sql FROM assay.sql_examples ORDER BY id';
COMMENT ON COLUMN assay.sql_examples.id IS 'The example''s number.';
COMMENT ON COLUMN assay.sql_examples.question IS 'The question.';
COMMENT ON COLUMN assay.sql_examples.sql IS 'The query.';
COMMENT ON COLUMN assay.sql_examples.added_by IS 'The role that added it, to which it belongs.';
COMMENT ON COLUMN assay.sql_examples.added_at IS 'When.';
GRANT SELECT ON assay.sql_examples TO PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('assay.description', '');
SELECT pg_catalog.pg_extension_config_dump('assay.sql_example', '');
SELECT pg_catalog.pg_extension_config_dump('assay.sql_example_id_seq', '');

CREATE FUNCTION assay.add_sql_example(question text, sql text) RETURNS bigint
AS 'MODULE_PATHNAME', 'add_sql_example_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.add_sql_example(text, text) IS
'Adds a question with a query that answers it, which assay.text_to_sql shows to a model that is asked something alike; gives its number. The query has to be one that assay.run_sql would run as the caller; it is planned, and not run. The example belongs to the caller, and is used for roles that act for it, as far as they may run the query: a team shares its examples by SET ROLE to a role that all are members of. The same question again replaces the query. Errors: 22023 a NULL, an empty or too long question, those of assay.run_sql, 25006.
Example: SELECT assay.add_sql_example(''How many sales are there in each region?'', ''SELECT region, count(*) FROM sale GROUP BY region'')';

CREATE FUNCTION assay.drop_sql_example(id bigint) RETURNS void
AS 'MODULE_PATHNAME', 'drop_sql_example_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.drop_sql_example(bigint) IS
'Forgets an example. It takes the role that added it. Errors: 22023 a NULL, or no such example of the caller''s, 25006.
Example: SELECT assay.drop_sql_example(id) FROM assay.sql_examples WHERE question LIKE ''How many%''';

CREATE FUNCTION assay.text_to_sql(question text, model text, objects text[] DEFAULT NULL, options jsonb DEFAULT '{}')
RETURNS TABLE(sql text, explanation text, plan_cost double precision, rows double precision, problems jsonb)
AS 'MODULE_PATHNAME', 'text_to_sql_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 1;
COMMENT ON FUNCTION assay.text_to_sql(text, text, text[], jsonb) IS
'Has a model write the query that answers a question, and plans it as the caller by the rules of assay.run_sql; it is not run. model: one of task generation. The model is told, as far as its window goes and by how well they fit the question, of the tables and views that the caller may read: names, columns, comments, notes (assay.describe), foreign keys, values from pg_stats (not of columns that are private), and examples (assay.add_sql_example). A query that does not plan is given back to it with the error, twice at most.
It is told, too, of functions that somebody has described, that the caller may EXECUTE and assay.run_sql may call.
objects: the only tables, views and functions (with the types of their arguments) that it is told of; examples that read others are not told, and a query that does is given back. options: max_cost as of assay.run_sql, examples (how many at most, 3), values (false tells none), language (as of a vectorizer: in which words are compared; without it that of the question, and English), temperature (0), seed, max_tokens (of the answer), patience (as of assay.generate). plan_cost, rows: what the planner expects; NULL where the last query does not plan either, and problems then says why: [{"sql": ..., "problem": ...}], one for each try. Errors: 22023 an argument, 42P01 no such table, 42883 no such function, 42501 a function that may not be called, ML007 there is nothing that the caller may read, those of assay.generate.
Example: SELECT sql, explanation, plan_cost, problems FROM assay.text_to_sql(''What was sold in each region?'', ''writer'', objects => ARRAY[''sale''])';

CREATE FUNCTION assay.evaluate_text_to_sql(examples text, model text, objects text[] DEFAULT NULL, options jsonb DEFAULT '{}')
RETURNS TABLE(question text, verdict text, sql text, expected text, problem text, value double precision, low double precision, high double precision, questions bigint)
AS 'MODULE_PATHNAME', 'evaluate_text_to_sql_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.evaluate_text_to_sql(text, text, text[], jsonb) IS
'How often assay.text_to_sql gives the right rows: its execution accuracy on questions whose queries are known. examples: a query of question and sql. Each question is asked without the example of that very question; what comes, and what was expected, run as the caller by the rules of assay.run_sql. Results are the same where they have the same rows, in their order where the expected query has an ORDER BY; columns count by their places, numbers to nine digits.
The row without a question is the mean, with a 95 % interval of the bootstrap over questions; then come the questions as they were given. verdict: right, wrong (other rows), failed (no query that runs, or the endpoint fails: problem says why; after five such failures in a row it is asked no more, the other questions fail, too, and a warning counts them), left out (the expected query does not run; it does not count). value: 1 or 0. model and objects as of assay.text_to_sql. Options as in assay.text_to_sql, and max_rows and timeout (in seconds) as of assay.run_sql. Errors: those of assay.text_to_sql, 42703 a column that the query of examples lacks, 22004 a NULL, ML007 no question counts.
Example: SELECT question, verdict, value FROM assay.evaluate_text_to_sql(''SELECT question, sql FROM assay.sql_examples'', ''writer'')';

-- Models that come in and go out as files: those of other libraries, and assay's own.

CREATE FUNCTION assay.import_model(name text, bytes bytea, format text DEFAULT 'assay', options jsonb DEFAULT '{}') RETURNS integer
AS 'MODULE_PATHNAME', 'import_model_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.import_model(text, bytea, text, jsonb) IS
'A new version of a model from a file; gives the version''s number. It is deployed where the name is new, else it is not. An imported model is one as any: predict, explain_predict, evaluate and the rest take it. Its columns are read by their names; those of categories are texts, so that a code such as 3 is given as ''3''.
format: assay (a package of assay.export_model), lightgbm (the text of Booster.save_model), onnx (a graph of the operators that scikit-learn, LightGBM and XGBoost export: see the page on ONNX), xgboost (JSON or UBJSON of Booster.save_model).
options of a package: {"deploy": as below; "version": its number, higher than any that was given (the next one); "aliases": true or false (true where the name is new); "grants": true or false (the same)}. Its thresholds, metrics and the statistics of its training come along. Grants are made to roles of the names that they have where it comes from, as far as the caller owns the model; of a role that is not here a notice tells.
options of other libraries'' formats: {"features": names of the columns, one for each feature of the file, in its order; "classes": the labels, in the order of the file (0, 1, ... unless given); "categories": {column: its levels, that of code 0 first}, where the file has codes only; "iterations": so many rounds of boosting count (all); "target": the column that it predicts, by which it is evaluated; "query": rows that it was trained on, or such, by which drift and feature_info compare; "deploy": auto, always or never}.
Memory and time: in proportion to the bytes.
Errors: ML009 bytes that are no such file, 22023 another format, an option, or what a model here cannot do, such as linear trees, 42501 the name is that of somebody else''s model; those of the query.
Example: SELECT assay.import_model(''imported'', convert_to(E''tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx=0\nobjective=regression\nfeature_names=amount\n\nTree=0\nnum_leaves=2\nnum_cat=0\nsplit_feature=0\nsplit_gain=1\nthreshold=50\ndecision_type=2\nleft_child=-1\nright_child=-2\nleaf_value=1 2\nleaf_weight=1 1\nleaf_count=1 1\ninternal_value=1.5\ninternal_weight=2\ninternal_count=2\nis_linear=0\nshrinkage=1\n\nend of trees\n'', ''UTF8''), ''lightgbm'')';

CREATE FUNCTION assay.export_model(model text, format text DEFAULT 'assay') RETURNS bytea
AS 'MODULE_PATHNAME', 'export_model_wrapper' LANGUAGE c STABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay.export_model(text, text) IS
'A version of a model as a file that other programs read. Takes the privilege manage on the model: a file tells all that it holds.
format: assay, a package: the model as it is stored, with what the registry knows of the version: metrics, parameters, the query and the statistics of its training, thresholds, aliases, and grants by the names of roles.
onnx: a linear model, trees, a forest or boosting, with the steps of preprocess that ONNX can say; 64-bit numbers. 20 rows with their scores are in the metadata.
lightgbm: the text of trees, forests and boosting, imported ones included, without preprocess, calibrate and group_by. 20 rows with their scores are in the line assay_test_vectors.
Memory and time: in proportion to the model.
Errors: 22023 another format, or a model that the format cannot say exactly, whose hint names what; ML001, ML002, 42501.
Example: SELECT length(assay.export_model(''credit'')) > 0 AS exported';

CREATE FUNCTION assay.model_as_sql(model text, alias text DEFAULT NULL) RETURNS text
AS 'MODULE_PATHNAME', 'model_as_sql_wrapper' LANGUAGE c STABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay.model_as_sql(text, text) IS
'A version of a model as an SQL expression that scores without assay, in PostgreSQL, SQLite and DuckDB alike: the number that assay.predict gives, of two classes the probability of the second. For linear models, trees, forests and boosting, imported ones included, of numbers or two classes, without preprocess, calibrate and group_by. Takes the privilege manage on the model: the expression tells all that it holds.
alias: the table that its columns are of, such as "c"; NULL names none. NULL in a column is missing, as in assay.predict; NaN and infinities, which assay takes for missing, too, have to be made NULL.
Memory and time: in proportion to the model; at most 16 MB, and trees of at most 150 splits from root to leaf. SQLite parses 1 MB unless it was built for more.
Errors: 22023 a model that has no such expression, whose hint says what would have; ML001, ML002, 42501.
Example: SELECT assay.model_as_sql(''credit'', ''c'')';

-- Models on the workers of a Citus cluster. The coordinator and each worker have a registry of their own; what the coordinator publishes, workers have copies of.

CREATE TABLE assay.model_publication (
    model_id     bigint NOT NULL REFERENCES assay.model ON DELETE CASCADE,
    version      integer NOT NULL,
    hash         text NOT NULL,
    is_copy      boolean NOT NULL,
    published_by text NOT NULL,
    published_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    CONSTRAINT model_publication_pkey PRIMARY KEY (model_id, version),
    FOREIGN KEY (model_id, version) REFERENCES assay.model_version ON DELETE CASCADE
);
ALTER TABLE assay.model_publication DISABLE TRIGGER ALL;
COMMENT ON TABLE assay.model_publication IS 'On a coordinator the versions that workers have, on a worker those that it has from there. Read the view assay.publications instead.';
COMMENT ON COLUMN assay.model_publication.model_id IS 'The model.';
COMMENT ON COLUMN assay.model_publication.version IS 'The version''s number, the same on all nodes.';
COMMENT ON COLUMN assay.model_publication.hash IS 'SHA-256 of the version''s bytes.';
COMMENT ON COLUMN assay.model_publication.is_copy IS 'Whether this is a worker''s copy.';
COMMENT ON COLUMN assay.model_publication.published_by IS 'The name of the role that published it, as it was then.';
COMMENT ON COLUMN assay.model_publication.published_at IS 'When.';

CREATE VIEW assay.publications WITH (security_barrier) AS
    SELECT m.name AS model, p.version, p.hash, p.is_copy, p.published_by, p.published_at
    FROM assay_internal.visible_model m
    JOIN assay.model_publication p ON p.model_id OPERATOR(pg_catalog.=) m.id;
COMMENT ON VIEW assay.publications IS
'The versions that the workers of a Citus cluster have of the models that the current role may use. See assay.publish_model.
Example: SELECT model, version, published_by, published_at FROM assay.publications ORDER BY model, version';
COMMENT ON COLUMN assay.publications.model IS 'The model''s name.';
COMMENT ON COLUMN assay.publications.version IS 'The version''s number, the same on all nodes.';
COMMENT ON COLUMN assay.publications.hash IS 'SHA-256 of the version''s bytes.';
COMMENT ON COLUMN assay.publications.is_copy IS 'Whether this is a worker''s copy of what the coordinator published.';
COMMENT ON COLUMN assay.publications.published_by IS 'The name of the role that published it, as it was then.';
COMMENT ON COLUMN assay.publications.published_at IS 'When.';
GRANT SELECT ON assay.publications TO PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('assay.model_publication', '');

CREATE FUNCTION assay.publish_model(model text) RETURNS integer
AS 'MODULE_PATHNAME', 'publish_model_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.publish_model(text) IS
'On the coordinator of a Citus cluster: gives a version to all workers, so that queries of distributed tables score where the rows are, and deploys it then. Gives the number of workers.
model: a name, for the version that is deployed; name@version or name@alias for one that is to be. The version before stays on the workers, and so do those with aliases; what nobody asks for any more goes.
A worker is given the version with its thresholds, and who may use the model, by the names of roles. What is granted or set later reaches workers with the next publication; what is revoked by assay.revoke_model is revoked there first.
In queries of distributed tables the constant names of published models become name@version with the version that stands for them here; a worker that has not got it returns an error. The session has to have loaded assay: session_preload_libraries = ''assay''.
What workers are told is not undone by a rollback: it leaves a version that nothing asks for, which the next publication removes. O(bytes of the model x workers).
Errors: 55000 no Citus, not the coordinator, no workers, or one that fails; 42501 the caller does not act for the owner; ML001, ML002, 54000 a package of more than 256 MB, 25006.
Example: SELECT assay.publish_model(''credit'') FROM pg_extension WHERE extname = ''citus''';

CREATE FUNCTION assay.unpublish_model(model text) RETURNS integer
AS 'MODULE_PATHNAME', 'unpublish_model_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.unpublish_model(text) IS
'Takes a published model from all workers; on the coordinator it stays. Gives the number of workers. Queries of distributed tables that name it return an error then.
Errors: as of assay.publish_model.
Example: SELECT assay.unpublish_model(''credit'') FROM pg_extension WHERE extname = ''citus''';

CREATE FUNCTION assay_internal.receive_copy(model text, owner text, version integer, package bytea, versions jsonb) RETURNS void
AS 'MODULE_PATHNAME', 'receive_copy_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay_internal.receive_copy(text, text, integer, bytea, jsonb) IS
'On a worker: takes a version that the coordinator publishes, and forgets those that are not among versions: {"number": "hash"}. Errors: 42710 a model that is no copy, 42501 the caller does not act for the owner, 42704 no such role, ML009.';

CREATE FUNCTION assay_internal.forget_copy(model text) RETURNS void
AS 'MODULE_PATHNAME', 'forget_copy_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay_internal.forget_copy(text) IS
'On a worker: deletes a copy, if it is there. Errors: 42710 a model that is no copy, 42501.';

CREATE FUNCTION assay_internal.revoke_copy(model text, role text, privilege text) RETURNS void
AS 'MODULE_PATHNAME', 'revoke_copy_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay_internal.revoke_copy(text, text, text) IS
'On a worker: takes a privilege on a copy away from a role, or from public. Errors: 42710 a model that is no copy, 42501, 22023.';

CREATE TRIGGER b_guard BEFORE INSERT ON assay.model_publication FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_model_row();
-- The metrics once more, for types that are known by name. PostgreSQL finds them by the types of a call and gives what the aggregate over "any" gives;
-- but what they take stands in their declaration, so that an engine that knows no call site (Citus calls steps itself) can split them.

CREATE TYPE assay.metric AS ENUM ('roc_auc', 'average_precision', 'log_loss', 'brier_score', 'accuracy', 'precision', 'recall', 'f1', 'mcc', 'rmse', 'mae', 'mape', 'mse', 'r2', 'median_absolute_error');
COMMENT ON TYPE assay.metric IS
'The name of a metric. postgres_fdw sends an enum to another server where it would keep a text.
Example: SELECT assay.metric_state(''rmse''::assay.metric, 1.0, 1.5)';

CREATE FUNCTION assay_internal.roc_auc_step(assay.state, boolean, double precision) RETURNS assay.state
AS 'MODULE_PATHNAME', 'roc_auc_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.roc_auc_step(assay.state, boolean, double precision) IS 'A row of the aggregate assay.roc_auc.';

CREATE AGGREGATE assay.roc_auc(label boolean, score double precision) (
    SFUNC = assay_internal.roc_auc_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.roc_auc(boolean, double precision) IS
'As assay.roc_auc of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.roc_auc(actual, predicted) FROM (VALUES (true, 0.9), (false, 0.2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.roc_auc_step(assay.state, double precision, double precision) RETURNS assay.state
AS 'MODULE_PATHNAME', 'roc_auc_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.roc_auc_step(assay.state, double precision, double precision) IS 'A row of the aggregate assay.roc_auc.';

CREATE AGGREGATE assay.roc_auc(label double precision, score double precision) (
    SFUNC = assay_internal.roc_auc_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.roc_auc(double precision, double precision) IS
'As assay.roc_auc of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.roc_auc(actual, predicted) FROM (VALUES (1::double precision, 0.9), (0, 0.2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.roc_auc_step(assay.state, text, double precision) RETURNS assay.state
AS 'MODULE_PATHNAME', 'roc_auc_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.roc_auc_step(assay.state, text, double precision) IS 'A row of the aggregate assay.roc_auc.';

CREATE AGGREGATE assay.roc_auc(label text, score double precision) (
    SFUNC = assay_internal.roc_auc_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.roc_auc(text, double precision) IS
'As assay.roc_auc of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.roc_auc(actual, predicted) FROM (VALUES (''yes'', 0.9), (''no'', 0.2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.average_precision_step(assay.state, boolean, double precision) RETURNS assay.state
AS 'MODULE_PATHNAME', 'average_precision_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.average_precision_step(assay.state, boolean, double precision) IS 'A row of the aggregate assay.average_precision.';

CREATE AGGREGATE assay.average_precision(label boolean, score double precision) (
    SFUNC = assay_internal.average_precision_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.average_precision(boolean, double precision) IS
'As assay.average_precision of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.average_precision(actual, predicted) FROM (VALUES (true, 0.9), (false, 0.2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.average_precision_step(assay.state, double precision, double precision) RETURNS assay.state
AS 'MODULE_PATHNAME', 'average_precision_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.average_precision_step(assay.state, double precision, double precision) IS 'A row of the aggregate assay.average_precision.';

CREATE AGGREGATE assay.average_precision(label double precision, score double precision) (
    SFUNC = assay_internal.average_precision_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.average_precision(double precision, double precision) IS
'As assay.average_precision of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.average_precision(actual, predicted) FROM (VALUES (1::double precision, 0.9), (0, 0.2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.average_precision_step(assay.state, text, double precision) RETURNS assay.state
AS 'MODULE_PATHNAME', 'average_precision_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.average_precision_step(assay.state, text, double precision) IS 'A row of the aggregate assay.average_precision.';

CREATE AGGREGATE assay.average_precision(label text, score double precision) (
    SFUNC = assay_internal.average_precision_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.average_precision(text, double precision) IS
'As assay.average_precision of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.average_precision(actual, predicted) FROM (VALUES (''yes'', 0.9), (''no'', 0.2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.log_loss_step(assay.state, boolean, double precision) RETURNS assay.state
AS 'MODULE_PATHNAME', 'log_loss_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.log_loss_step(assay.state, boolean, double precision) IS 'A row of the aggregate assay.log_loss.';

CREATE AGGREGATE assay.log_loss(label boolean, probability double precision) (
    SFUNC = assay_internal.log_loss_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.log_loss(boolean, double precision) IS
'As assay.log_loss of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.log_loss(actual, predicted) FROM (VALUES (true, 0.9), (false, 0.2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.log_loss_step(assay.state, double precision, double precision) RETURNS assay.state
AS 'MODULE_PATHNAME', 'log_loss_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.log_loss_step(assay.state, double precision, double precision) IS 'A row of the aggregate assay.log_loss.';

CREATE AGGREGATE assay.log_loss(label double precision, probability double precision) (
    SFUNC = assay_internal.log_loss_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.log_loss(double precision, double precision) IS
'As assay.log_loss of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.log_loss(actual, predicted) FROM (VALUES (1::double precision, 0.9), (0, 0.2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.log_loss_step(assay.state, text, double precision) RETURNS assay.state
AS 'MODULE_PATHNAME', 'log_loss_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.log_loss_step(assay.state, text, double precision) IS 'A row of the aggregate assay.log_loss.';

CREATE AGGREGATE assay.log_loss(label text, probability double precision) (
    SFUNC = assay_internal.log_loss_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.log_loss(text, double precision) IS
'As assay.log_loss of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.log_loss(actual, predicted) FROM (VALUES (''yes'', 0.9), (''no'', 0.2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.brier_score_step(assay.state, boolean, double precision) RETURNS assay.state
AS 'MODULE_PATHNAME', 'brier_score_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.brier_score_step(assay.state, boolean, double precision) IS 'A row of the aggregate assay.brier_score.';

CREATE AGGREGATE assay.brier_score(label boolean, probability double precision) (
    SFUNC = assay_internal.brier_score_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.brier_score(boolean, double precision) IS
'As assay.brier_score of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.brier_score(actual, predicted) FROM (VALUES (true, 0.9), (false, 0.2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.brier_score_step(assay.state, double precision, double precision) RETURNS assay.state
AS 'MODULE_PATHNAME', 'brier_score_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.brier_score_step(assay.state, double precision, double precision) IS 'A row of the aggregate assay.brier_score.';

CREATE AGGREGATE assay.brier_score(label double precision, probability double precision) (
    SFUNC = assay_internal.brier_score_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.brier_score(double precision, double precision) IS
'As assay.brier_score of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.brier_score(actual, predicted) FROM (VALUES (1::double precision, 0.9), (0, 0.2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.brier_score_step(assay.state, text, double precision) RETURNS assay.state
AS 'MODULE_PATHNAME', 'brier_score_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.brier_score_step(assay.state, text, double precision) IS 'A row of the aggregate assay.brier_score.';

CREATE AGGREGATE assay.brier_score(label text, probability double precision) (
    SFUNC = assay_internal.brier_score_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.brier_score(text, double precision) IS
'As assay.brier_score of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.brier_score(actual, predicted) FROM (VALUES (''yes'', 0.9), (''no'', 0.2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.accuracy_step(assay.state, boolean, boolean) RETURNS assay.state
AS 'MODULE_PATHNAME', 'accuracy_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.accuracy_step(assay.state, boolean, boolean) IS 'A row of the aggregate assay.accuracy.';

CREATE AGGREGATE assay.accuracy(actual boolean, predicted boolean) (
    SFUNC = assay_internal.accuracy_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.accuracy(boolean, boolean) IS
'As assay.accuracy of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.accuracy(actual, predicted) FROM (VALUES (true, true), (false, true)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.accuracy_step(assay.state, double precision, double precision) RETURNS assay.state
AS 'MODULE_PATHNAME', 'accuracy_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.accuracy_step(assay.state, double precision, double precision) IS 'A row of the aggregate assay.accuracy.';

CREATE AGGREGATE assay.accuracy(actual double precision, predicted double precision) (
    SFUNC = assay_internal.accuracy_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.accuracy(double precision, double precision) IS
'As assay.accuracy of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.accuracy(actual, predicted) FROM (VALUES (1::double precision, 1::double precision), (0, 1)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.accuracy_step(assay.state, text, text) RETURNS assay.state
AS 'MODULE_PATHNAME', 'accuracy_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.accuracy_step(assay.state, text, text) IS 'A row of the aggregate assay.accuracy.';

CREATE AGGREGATE assay.accuracy(actual text, predicted text) (
    SFUNC = assay_internal.accuracy_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.accuracy(text, text) IS
'As assay.accuracy of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.accuracy(actual, predicted) FROM (VALUES (''yes'', ''yes''), (''no'', ''yes'')) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.accuracy_step(assay.state, integer, integer) RETURNS assay.state
AS 'MODULE_PATHNAME', 'accuracy_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.accuracy_step(assay.state, integer, integer) IS 'A row of the aggregate assay.accuracy.';

CREATE AGGREGATE assay.accuracy(actual integer, predicted integer) (
    SFUNC = assay_internal.accuracy_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.accuracy(integer, integer) IS
'As assay.accuracy of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.accuracy(actual, predicted) FROM (VALUES (2, 2), (1, 2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.precision_step(assay.state, boolean, boolean) RETURNS assay.state
AS 'MODULE_PATHNAME', 'precision_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.precision_step(assay.state, boolean, boolean) IS 'A row of the aggregate assay.precision.';

CREATE AGGREGATE assay."precision"(actual boolean, predicted boolean) (
    SFUNC = assay_internal.precision_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay."precision"(boolean, boolean) IS
'As assay.precision of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.precision(actual, predicted) FROM (VALUES (true, true), (false, true)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.precision_step(assay.state, double precision, double precision) RETURNS assay.state
AS 'MODULE_PATHNAME', 'precision_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.precision_step(assay.state, double precision, double precision) IS 'A row of the aggregate assay.precision.';

CREATE AGGREGATE assay."precision"(actual double precision, predicted double precision) (
    SFUNC = assay_internal.precision_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay."precision"(double precision, double precision) IS
'As assay.precision of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.precision(actual, predicted) FROM (VALUES (1::double precision, 1::double precision), (0, 1)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.precision_step(assay.state, text, text) RETURNS assay.state
AS 'MODULE_PATHNAME', 'precision_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.precision_step(assay.state, text, text) IS 'A row of the aggregate assay.precision.';

CREATE AGGREGATE assay."precision"(actual text, predicted text) (
    SFUNC = assay_internal.precision_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay."precision"(text, text) IS
'As assay.precision of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.precision(actual, predicted) FROM (VALUES (''yes'', ''yes''), (''no'', ''yes'')) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.precision_step(assay.state, integer, integer) RETURNS assay.state
AS 'MODULE_PATHNAME', 'precision_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.precision_step(assay.state, integer, integer) IS 'A row of the aggregate assay.precision.';

CREATE AGGREGATE assay."precision"(actual integer, predicted integer) (
    SFUNC = assay_internal.precision_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay."precision"(integer, integer) IS
'As assay.precision of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.precision(actual, predicted) FROM (VALUES (2, 2), (1, 2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.recall_step(assay.state, boolean, boolean) RETURNS assay.state
AS 'MODULE_PATHNAME', 'recall_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.recall_step(assay.state, boolean, boolean) IS 'A row of the aggregate assay.recall.';

CREATE AGGREGATE assay.recall(actual boolean, predicted boolean) (
    SFUNC = assay_internal.recall_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.recall(boolean, boolean) IS
'As assay.recall of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.recall(actual, predicted) FROM (VALUES (true, true), (false, true)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.recall_step(assay.state, double precision, double precision) RETURNS assay.state
AS 'MODULE_PATHNAME', 'recall_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.recall_step(assay.state, double precision, double precision) IS 'A row of the aggregate assay.recall.';

CREATE AGGREGATE assay.recall(actual double precision, predicted double precision) (
    SFUNC = assay_internal.recall_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.recall(double precision, double precision) IS
'As assay.recall of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.recall(actual, predicted) FROM (VALUES (1::double precision, 1::double precision), (0, 1)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.recall_step(assay.state, text, text) RETURNS assay.state
AS 'MODULE_PATHNAME', 'recall_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.recall_step(assay.state, text, text) IS 'A row of the aggregate assay.recall.';

CREATE AGGREGATE assay.recall(actual text, predicted text) (
    SFUNC = assay_internal.recall_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.recall(text, text) IS
'As assay.recall of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.recall(actual, predicted) FROM (VALUES (''yes'', ''yes''), (''no'', ''yes'')) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.recall_step(assay.state, integer, integer) RETURNS assay.state
AS 'MODULE_PATHNAME', 'recall_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.recall_step(assay.state, integer, integer) IS 'A row of the aggregate assay.recall.';

CREATE AGGREGATE assay.recall(actual integer, predicted integer) (
    SFUNC = assay_internal.recall_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.recall(integer, integer) IS
'As assay.recall of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.recall(actual, predicted) FROM (VALUES (2, 2), (1, 2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.f1_step(assay.state, boolean, boolean) RETURNS assay.state
AS 'MODULE_PATHNAME', 'f1_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.f1_step(assay.state, boolean, boolean) IS 'A row of the aggregate assay.f1.';

CREATE AGGREGATE assay.f1(actual boolean, predicted boolean) (
    SFUNC = assay_internal.f1_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.f1(boolean, boolean) IS
'As assay.f1 of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.f1(actual, predicted) FROM (VALUES (true, true), (false, true)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.f1_step(assay.state, double precision, double precision) RETURNS assay.state
AS 'MODULE_PATHNAME', 'f1_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.f1_step(assay.state, double precision, double precision) IS 'A row of the aggregate assay.f1.';

CREATE AGGREGATE assay.f1(actual double precision, predicted double precision) (
    SFUNC = assay_internal.f1_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.f1(double precision, double precision) IS
'As assay.f1 of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.f1(actual, predicted) FROM (VALUES (1::double precision, 1::double precision), (0, 1)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.f1_step(assay.state, text, text) RETURNS assay.state
AS 'MODULE_PATHNAME', 'f1_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.f1_step(assay.state, text, text) IS 'A row of the aggregate assay.f1.';

CREATE AGGREGATE assay.f1(actual text, predicted text) (
    SFUNC = assay_internal.f1_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.f1(text, text) IS
'As assay.f1 of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.f1(actual, predicted) FROM (VALUES (''yes'', ''yes''), (''no'', ''yes'')) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.f1_step(assay.state, integer, integer) RETURNS assay.state
AS 'MODULE_PATHNAME', 'f1_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.f1_step(assay.state, integer, integer) IS 'A row of the aggregate assay.f1.';

CREATE AGGREGATE assay.f1(actual integer, predicted integer) (
    SFUNC = assay_internal.f1_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.f1(integer, integer) IS
'As assay.f1 of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.f1(actual, predicted) FROM (VALUES (2, 2), (1, 2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.mcc_step(assay.state, boolean, boolean) RETURNS assay.state
AS 'MODULE_PATHNAME', 'mcc_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.mcc_step(assay.state, boolean, boolean) IS 'A row of the aggregate assay.mcc.';

CREATE AGGREGATE assay.mcc(actual boolean, predicted boolean) (
    SFUNC = assay_internal.mcc_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.mcc(boolean, boolean) IS
'As assay.mcc of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.mcc(actual, predicted) FROM (VALUES (true, true), (false, true)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.mcc_step(assay.state, double precision, double precision) RETURNS assay.state
AS 'MODULE_PATHNAME', 'mcc_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.mcc_step(assay.state, double precision, double precision) IS 'A row of the aggregate assay.mcc.';

CREATE AGGREGATE assay.mcc(actual double precision, predicted double precision) (
    SFUNC = assay_internal.mcc_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.mcc(double precision, double precision) IS
'As assay.mcc of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.mcc(actual, predicted) FROM (VALUES (1::double precision, 1::double precision), (0, 1)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.mcc_step(assay.state, text, text) RETURNS assay.state
AS 'MODULE_PATHNAME', 'mcc_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.mcc_step(assay.state, text, text) IS 'A row of the aggregate assay.mcc.';

CREATE AGGREGATE assay.mcc(actual text, predicted text) (
    SFUNC = assay_internal.mcc_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.mcc(text, text) IS
'As assay.mcc of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.mcc(actual, predicted) FROM (VALUES (''yes'', ''yes''), (''no'', ''yes'')) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.mcc_step(assay.state, integer, integer) RETURNS assay.state
AS 'MODULE_PATHNAME', 'mcc_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.mcc_step(assay.state, integer, integer) IS 'A row of the aggregate assay.mcc.';

CREATE AGGREGATE assay.mcc(actual integer, predicted integer) (
    SFUNC = assay_internal.mcc_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.mcc(integer, integer) IS
'As assay.mcc of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.mcc(actual, predicted) FROM (VALUES (2, 2), (1, 2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.rmse_step(assay.state, double precision, double precision) RETURNS assay.state
AS 'MODULE_PATHNAME', 'rmse_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.rmse_step(assay.state, double precision, double precision) IS 'A row of the aggregate assay.rmse.';

CREATE AGGREGATE assay.rmse(actual double precision, predicted double precision) (
    SFUNC = assay_internal.rmse_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.rmse(double precision, double precision) IS
'As assay.rmse of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.rmse(actual, predicted) FROM (VALUES (1::double precision, 0.9), (0, 0.2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.rmse_step(assay.state, integer, integer) RETURNS assay.state
AS 'MODULE_PATHNAME', 'rmse_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.rmse_step(assay.state, integer, integer) IS 'A row of the aggregate assay.rmse.';

CREATE AGGREGATE assay.rmse(actual integer, predicted integer) (
    SFUNC = assay_internal.rmse_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.rmse(integer, integer) IS
'As assay.rmse of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.rmse(actual, predicted) FROM (VALUES (2, 2), (1, 2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.mae_step(assay.state, double precision, double precision) RETURNS assay.state
AS 'MODULE_PATHNAME', 'mae_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.mae_step(assay.state, double precision, double precision) IS 'A row of the aggregate assay.mae.';

CREATE AGGREGATE assay.mae(actual double precision, predicted double precision) (
    SFUNC = assay_internal.mae_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.mae(double precision, double precision) IS
'As assay.mae of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.mae(actual, predicted) FROM (VALUES (1::double precision, 0.9), (0, 0.2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.mae_step(assay.state, integer, integer) RETURNS assay.state
AS 'MODULE_PATHNAME', 'mae_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.mae_step(assay.state, integer, integer) IS 'A row of the aggregate assay.mae.';

CREATE AGGREGATE assay.mae(actual integer, predicted integer) (
    SFUNC = assay_internal.mae_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.mae(integer, integer) IS
'As assay.mae of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.mae(actual, predicted) FROM (VALUES (2, 2), (1, 2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.mape_step(assay.state, double precision, double precision) RETURNS assay.state
AS 'MODULE_PATHNAME', 'mape_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.mape_step(assay.state, double precision, double precision) IS 'A row of the aggregate assay.mape.';

CREATE AGGREGATE assay.mape(actual double precision, predicted double precision) (
    SFUNC = assay_internal.mape_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.mape(double precision, double precision) IS
'As assay.mape of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.mape(actual, predicted) FROM (VALUES (1::double precision, 0.9), (0, 0.2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.mape_step(assay.state, integer, integer) RETURNS assay.state
AS 'MODULE_PATHNAME', 'mape_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.mape_step(assay.state, integer, integer) IS 'A row of the aggregate assay.mape.';

CREATE AGGREGATE assay.mape(actual integer, predicted integer) (
    SFUNC = assay_internal.mape_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.mape(integer, integer) IS
'As assay.mape of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.mape(actual, predicted) FROM (VALUES (2, 2), (1, 2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.mse_step(assay.state, double precision, double precision) RETURNS assay.state
AS 'MODULE_PATHNAME', 'mse_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.mse_step(assay.state, double precision, double precision) IS 'A row of the aggregate assay.mse.';

CREATE AGGREGATE assay.mse(actual double precision, predicted double precision) (
    SFUNC = assay_internal.mse_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.mse(double precision, double precision) IS
'As assay.mse of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.mse(actual, predicted) FROM (VALUES (1::double precision, 0.9), (0, 0.2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.mse_step(assay.state, integer, integer) RETURNS assay.state
AS 'MODULE_PATHNAME', 'mse_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.mse_step(assay.state, integer, integer) IS 'A row of the aggregate assay.mse.';

CREATE AGGREGATE assay.mse(actual integer, predicted integer) (
    SFUNC = assay_internal.mse_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.mse(integer, integer) IS
'As assay.mse of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.mse(actual, predicted) FROM (VALUES (2, 2), (1, 2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.r2_step(assay.state, double precision, double precision) RETURNS assay.state
AS 'MODULE_PATHNAME', 'r2_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.r2_step(assay.state, double precision, double precision) IS 'A row of the aggregate assay.r2.';

CREATE AGGREGATE assay.r2(actual double precision, predicted double precision) (
    SFUNC = assay_internal.r2_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.r2(double precision, double precision) IS
'As assay.r2 of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.r2(actual, predicted) FROM (VALUES (1::double precision, 0.9), (0, 0.2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.r2_step(assay.state, integer, integer) RETURNS assay.state
AS 'MODULE_PATHNAME', 'r2_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.r2_step(assay.state, integer, integer) IS 'A row of the aggregate assay.r2.';

CREATE AGGREGATE assay.r2(actual integer, predicted integer) (
    SFUNC = assay_internal.r2_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.r2(integer, integer) IS
'As assay.r2 of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.r2(actual, predicted) FROM (VALUES (2, 2), (1, 2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.median_absolute_error_step(assay.state, double precision, double precision) RETURNS assay.state
AS 'MODULE_PATHNAME', 'median_absolute_error_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.median_absolute_error_step(assay.state, double precision, double precision) IS 'A row of the aggregate assay.median_absolute_error.';

CREATE AGGREGATE assay.median_absolute_error(actual double precision, predicted double precision) (
    SFUNC = assay_internal.median_absolute_error_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.median_absolute_error(double precision, double precision) IS
'As assay.median_absolute_error of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.median_absolute_error(actual, predicted) FROM (VALUES (1::double precision, 0.9), (0, 0.2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.median_absolute_error_step(assay.state, integer, integer) RETURNS assay.state
AS 'MODULE_PATHNAME', 'median_absolute_error_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.median_absolute_error_step(assay.state, integer, integer) IS 'A row of the aggregate assay.median_absolute_error.';

CREATE AGGREGATE assay.median_absolute_error(actual integer, predicted integer) (
    SFUNC = assay_internal.median_absolute_error_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.median_absolute_error(integer, integer) IS
'As assay.median_absolute_error of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.median_absolute_error(actual, predicted) FROM (VALUES (2, 2), (1, 2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.metric_state_step(assay.state, text, boolean, double precision) RETURNS assay.state
AS 'MODULE_PATHNAME', 'metric_state_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.metric_state_step(assay.state, text, boolean, double precision) IS 'A row of the aggregate assay.metric_state.';

CREATE AGGREGATE assay.metric_state(metric text, actual boolean, predicted double precision) (
    SFUNC = assay_internal.metric_state_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, PARALLEL = safe);
COMMENT ON AGGREGATE assay.metric_state(text, boolean, double precision) IS
'As assay.metric_state of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.metric_state(''roc_auc'', actual, predicted) FROM (VALUES (true, 0.9), (false, 0.2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.metric_state_step(assay.state, text, double precision, double precision) RETURNS assay.state
AS 'MODULE_PATHNAME', 'metric_state_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.metric_state_step(assay.state, text, double precision, double precision) IS 'A row of the aggregate assay.metric_state.';

CREATE AGGREGATE assay.metric_state(metric text, actual double precision, predicted double precision) (
    SFUNC = assay_internal.metric_state_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, PARALLEL = safe);
COMMENT ON AGGREGATE assay.metric_state(text, double precision, double precision) IS
'As assay.metric_state of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.metric_state(''rmse'', actual, predicted) FROM (VALUES (1::double precision, 0.9), (0, 0.2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.metric_state_step(assay.state, text, text, double precision) RETURNS assay.state
AS 'MODULE_PATHNAME', 'metric_state_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.metric_state_step(assay.state, text, text, double precision) IS 'A row of the aggregate assay.metric_state.';

CREATE AGGREGATE assay.metric_state(metric text, actual text, predicted double precision) (
    SFUNC = assay_internal.metric_state_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, PARALLEL = safe);
COMMENT ON AGGREGATE assay.metric_state(text, text, double precision) IS
'As assay.metric_state of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.metric_state(''roc_auc'', actual, predicted) FROM (VALUES (''yes'', 0.9), (''no'', 0.2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.metric_state_step(assay.state, text, boolean, boolean) RETURNS assay.state
AS 'MODULE_PATHNAME', 'metric_state_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.metric_state_step(assay.state, text, boolean, boolean) IS 'A row of the aggregate assay.metric_state.';

CREATE AGGREGATE assay.metric_state(metric text, actual boolean, predicted boolean) (
    SFUNC = assay_internal.metric_state_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, PARALLEL = safe);
COMMENT ON AGGREGATE assay.metric_state(text, boolean, boolean) IS
'As assay.metric_state of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.metric_state(''accuracy'', actual, predicted) FROM (VALUES (true, true), (false, true)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.metric_state_step(assay.state, text, text, text) RETURNS assay.state
AS 'MODULE_PATHNAME', 'metric_state_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.metric_state_step(assay.state, text, text, text) IS 'A row of the aggregate assay.metric_state.';

CREATE AGGREGATE assay.metric_state(metric text, actual text, predicted text) (
    SFUNC = assay_internal.metric_state_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, PARALLEL = safe);
COMMENT ON AGGREGATE assay.metric_state(text, text, text) IS
'As assay.metric_state of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.metric_state(''accuracy'', actual, predicted) FROM (VALUES (''yes'', ''yes''), (''no'', ''yes'')) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.metric_state_step(assay.state, text, integer, integer) RETURNS assay.state
AS 'MODULE_PATHNAME', 'metric_state_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.metric_state_step(assay.state, text, integer, integer) IS 'A row of the aggregate assay.metric_state.';

CREATE AGGREGATE assay.metric_state(metric text, actual integer, predicted integer) (
    SFUNC = assay_internal.metric_state_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, PARALLEL = safe);
COMMENT ON AGGREGATE assay.metric_state(text, integer, integer) IS
'As assay.metric_state of "any" types, for these: engines that are spread over nodes can split it.
Example: SELECT assay.metric_state(''mae'', actual, predicted) FROM (VALUES (2, 2), (1, 2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.metric_state_step(assay.state, assay.metric, boolean, double precision) RETURNS assay.state
AS 'MODULE_PATHNAME', 'metric_state_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.metric_state_step(assay.state, assay.metric, boolean, double precision) IS 'A row of the aggregate assay.metric_state.';

CREATE AGGREGATE assay.metric_state(metric assay.metric, actual boolean, predicted double precision) (
    SFUNC = assay_internal.metric_state_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, PARALLEL = safe);
COMMENT ON AGGREGATE assay.metric_state(assay.metric, boolean, double precision) IS
'As assay.metric_state of "any" types, for these: engines that are spread over nodes can split it. The name of the metric as an enum lets postgres_fdw send it to another server.
Example: SELECT assay.metric_state(''roc_auc''::assay.metric, actual, predicted) FROM (VALUES (true, 0.9), (false, 0.2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.metric_state_step(assay.state, assay.metric, double precision, double precision) RETURNS assay.state
AS 'MODULE_PATHNAME', 'metric_state_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.metric_state_step(assay.state, assay.metric, double precision, double precision) IS 'A row of the aggregate assay.metric_state.';

CREATE AGGREGATE assay.metric_state(metric assay.metric, actual double precision, predicted double precision) (
    SFUNC = assay_internal.metric_state_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, PARALLEL = safe);
COMMENT ON AGGREGATE assay.metric_state(assay.metric, double precision, double precision) IS
'As assay.metric_state of "any" types, for these: engines that are spread over nodes can split it. The name of the metric as an enum lets postgres_fdw send it to another server.
Example: SELECT assay.metric_state(''rmse''::assay.metric, actual, predicted) FROM (VALUES (1::double precision, 0.9), (0, 0.2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.metric_state_step(assay.state, assay.metric, text, double precision) RETURNS assay.state
AS 'MODULE_PATHNAME', 'metric_state_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.metric_state_step(assay.state, assay.metric, text, double precision) IS 'A row of the aggregate assay.metric_state.';

CREATE AGGREGATE assay.metric_state(metric assay.metric, actual text, predicted double precision) (
    SFUNC = assay_internal.metric_state_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, PARALLEL = safe);
COMMENT ON AGGREGATE assay.metric_state(assay.metric, text, double precision) IS
'As assay.metric_state of "any" types, for these: engines that are spread over nodes can split it. The name of the metric as an enum lets postgres_fdw send it to another server.
Example: SELECT assay.metric_state(''roc_auc''::assay.metric, actual, predicted) FROM (VALUES (''yes'', 0.9), (''no'', 0.2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.metric_state_step(assay.state, assay.metric, boolean, boolean) RETURNS assay.state
AS 'MODULE_PATHNAME', 'metric_state_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.metric_state_step(assay.state, assay.metric, boolean, boolean) IS 'A row of the aggregate assay.metric_state.';

CREATE AGGREGATE assay.metric_state(metric assay.metric, actual boolean, predicted boolean) (
    SFUNC = assay_internal.metric_state_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, PARALLEL = safe);
COMMENT ON AGGREGATE assay.metric_state(assay.metric, boolean, boolean) IS
'As assay.metric_state of "any" types, for these: engines that are spread over nodes can split it. The name of the metric as an enum lets postgres_fdw send it to another server.
Example: SELECT assay.metric_state(''accuracy''::assay.metric, actual, predicted) FROM (VALUES (true, true), (false, true)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.metric_state_step(assay.state, assay.metric, text, text) RETURNS assay.state
AS 'MODULE_PATHNAME', 'metric_state_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.metric_state_step(assay.state, assay.metric, text, text) IS 'A row of the aggregate assay.metric_state.';

CREATE AGGREGATE assay.metric_state(metric assay.metric, actual text, predicted text) (
    SFUNC = assay_internal.metric_state_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, PARALLEL = safe);
COMMENT ON AGGREGATE assay.metric_state(assay.metric, text, text) IS
'As assay.metric_state of "any" types, for these: engines that are spread over nodes can split it. The name of the metric as an enum lets postgres_fdw send it to another server.
Example: SELECT assay.metric_state(''accuracy''::assay.metric, actual, predicted) FROM (VALUES (''yes'', ''yes''), (''no'', ''yes'')) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.metric_state_step(assay.state, assay.metric, integer, integer) RETURNS assay.state
AS 'MODULE_PATHNAME', 'metric_state_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.metric_state_step(assay.state, assay.metric, integer, integer) IS 'A row of the aggregate assay.metric_state.';

CREATE AGGREGATE assay.metric_state(metric assay.metric, actual integer, predicted integer) (
    SFUNC = assay_internal.metric_state_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, PARALLEL = safe);
COMMENT ON AGGREGATE assay.metric_state(assay.metric, integer, integer) IS
'As assay.metric_state of "any" types, for these: engines that are spread over nodes can split it. The name of the metric as an enum lets postgres_fdw send it to another server.
Example: SELECT assay.metric_state(''mae''::assay.metric, actual, predicted) FROM (VALUES (2, 2), (1, 2)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.metric_state_step(assay.state, assay.metric, "any", "any") RETURNS assay.state
AS 'MODULE_PATHNAME', 'metric_state_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.metric_state_step(assay.state, assay.metric, "any", "any") IS 'A row of the aggregate assay.metric_state.';

CREATE AGGREGATE assay.metric_state(metric assay.metric, actual "any", predicted "any") (
    SFUNC = assay_internal.metric_state_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, PARALLEL = safe);
COMMENT ON AGGREGATE assay.metric_state(assay.metric, "any", "any") IS
'As assay.metric_state with the metric''s name as a text; as an enum postgres_fdw sends it to another server.
Example: SELECT assay.metric_state(''accuracy''::assay.metric, actual, predicted) FROM (VALUES (date ''2026-01-01'' - date ''2025-12-31'', 1::bigint)) AS t (actual, predicted)';

CREATE FUNCTION assay_internal.scan_step(assay.state, bytea, VARIADIC "any") RETURNS assay.state
AS 'MODULE_PATHNAME', 'scan_step_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION assay_internal.scan_step(assay.state, bytea, "any") IS 'A row of the aggregate assay_internal.scan.';

CREATE AGGREGATE assay_internal.scan(plan bytea, VARIADIC columns "any") (
    SFUNC = assay_internal.scan_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, PARALLEL = safe);
COMMENT ON AGGREGATE assay_internal.scan(bytea, "any") IS
'The same with the bytes of the plan in UTF-8: postgres_fdw, which keeps an aggregate over a constant text at home, sends this one to another server.';

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

CREATE FUNCTION assay_internal.cells(VARIADIC columns "any") RETURNS bytea
AS 'MODULE_PATHNAME', 'row_cells_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 5;
COMMENT ON FUNCTION assay_internal.cells("any") IS 'The values of a row as assay_internal.scan takes them in, for assay_internal.scan_cells. At most 100.';

CREATE FUNCTION assay_internal.scan_cells_step(assay.state, bytea, bytea) RETURNS assay.state
AS 'MODULE_PATHNAME', 'scan_cells_step_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION assay_internal.scan_cells_step(assay.state, bytea, bytea) IS 'A row of the aggregate assay_internal.scan_cells.';

CREATE AGGREGATE assay_internal.scan_cells(plan bytea, cells bytea) (
    SFUNC = assay_internal.scan_cells_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, PARALLEL = safe);
COMMENT ON AGGREGATE assay_internal.scan_cells(bytea, bytea) IS
'What assay_internal.scan gives, with the row as one value that assay_internal.cells makes: engines that split aggregates over nodes by their declared types (Citus) can split this one. Errors: 22023 a plan that cannot be read, ML011 bytes that are no row of its columns.';

-- Whoever installed the extension dumps the new tables, too.
SELECT assay_internal.grant_dump();

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
task: classification (a boolean, text, enum or whole-number target) or regression; NULL decides by the target''s type.
algorithm: gradient_boosting (the default), random_forest, decision_tree; logistic_regression, naive_bayes for classes; linear_regression, ridge, lasso, elastic_net for numbers. params: its hyperparameters, by scikit-learn''s and LightGBM''s names (their types, defaults and ranges: docs/hyperparameters.md). gradient_boosting: objective (regression, huber, quantile, poisson, gamma, tweedie), alpha, poisson_max_delta_step, tweedie_variance_power, n_estimators, learning_rate, num_leaves, max_depth, min_child_samples, min_child_weight, reg_alpha, reg_lambda, min_split_gain, subsample, subsample_freq, colsample_bytree, max_bin, cat_smooth, cat_l2, max_cat_threshold, max_cat_to_onehot, min_data_per_group, scale_pos_weight, class_weight, monotone_constraints, early_stopping_rounds, validation_fraction, seed or random_state. decision_tree: criterion, max_depth, min_samples_split, min_samples_leaf, min_impurity_decrease, max_features, max_leaf_nodes, class_weight, max_bin, seed; random_forest also n_estimators, bootstrap, max_samples, oob_score. logistic_regression: C or c, penalty, max_iter, tol, class_weight, fit_intercept, standardize. naive_bayes: var_smoothing, alpha. linear_regression: fit_intercept; ridge also alpha, standardize; lasso also max_iter, tol; elastic_net also l1_ratio.
split: auto (no test rows under 500 rows, else test_fraction of each class), random, none, a boolean column that is true for test rows, latest(column) (the last test_fraction in the order of numbers, dates or timestamps; rows of one value stay on one side, those without one train), or group(column) (about test_fraction; rows of one value stay on one side). That column is no feature.
preprocess: what becomes of the columns before they are learned from, learned on the training rows, stored in the model and applied by predict (docs/preprocessing.md): {"columns": {name: steps}, "types": {"number"|"category"|"time"|"text": steps}, "crosses": [[a, b]]}, and steps for all columns that they fit. Steps: impute, clip, log, bucketize, quantile_bucketize, encode (one_hot, ordinal, target, frequency, hash), polynomial, scale, datetime, tf_idf; such as {"impute": "median", "scale": "standard"}. {"max_categories": n} keeps the n most frequent levels of each category (at most 253).
deploy: auto (when none is deployed yet, or the new version is not worse than the deployed one), if_better (or it is better), always, never. Both score the rows that this training holds out, and evidence decides: a difference by the main metric with a p-value below 0.05, as assay.compare_models finds it (by clusters with split group(column); auto, which only asks whether it is worse, takes half that p-value); view assay.promotions keeps it. Where the deployed version cannot score them, or rows of them trained it, auto goes by what each reached on rows of its own (a difference that may be chance lets the new version in), and if_better does not deploy; a NOTICE says so.
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
'How assay.run_checks would answer the stored checks of a relation, or of all that the caller may read, without reading their rows. answered_by: shared scan (the first row of a relation, without a check, has its SQL), second pass (for values outside of bounds that the shared scan gives), shared scan, maybe second pass (where numbers lie in two clusters, or in less than three months), own statement (sql is it), proof (a unique index or validated foreign key, which message names: no row is read), the relation''s columns, or error with the reason as message. role: the role that it would run as. sql and message are for those who may see the results, as in assay.run_checks; NULL for others.
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
CREATE OR REPLACE VIEW assay.checks WITH (security_barrier) AS
    SELECT c.id AS check_id, c.name, c.kind, t.relation::pg_catalog.regclass AS relation, c.column_name, c.args, c."where", c.group_by, c.mostly,
           c.warn_if, c.error_if, c.severity, c.tags, c.added_by::pg_catalog.regrole AS added_by, c.added_at,
           CASE WHEN pg_catalog.pg_has_role(c.added_by, r.relowner, 'USAGE') THEN r.relowner::pg_catalog.regrole ELSE c.added_by::pg_catalog.regrole END AS runs_as,
           c.enabled
    FROM assay.quality_check c
    CROSS JOIN LATERAL assay_internal.check_relation(c.relation::pg_catalog.oid, c.relation_name, c.relation_owner::pg_catalog.oid,
        c.added_by::pg_catalog.oid) AS t(relation)
    LEFT JOIN pg_catalog.pg_class r ON r.oid OPERATOR(pg_catalog.=) t.relation
    WHERE pg_catalog.pg_has_role(c.added_by, 'USAGE') OR pg_catalog.pg_has_role(r.relowner, 'USAGE')
       OR (pg_catalog.has_table_privilege(r.oid, 'SELECT') OR pg_catalog.has_any_column_privilege(r.oid, 'SELECT'))
          AND pg_catalog.has_schema_privilege(r.relnamespace, 'USAGE');
COMMENT ON COLUMN assay.checks.enabled IS 'Whether it runs: assay.disable_check keeps it from running.';
COMMENT ON FUNCTION assay.add_check IS
'Stores a check of a table or view; gives its number. It takes the relation''s owner, or the privilege TRIGGER on it.
kind and args: see docs/check_kinds.md; an unknown one is an error that lists those there are. "where": a condition in SQL; only rows where it is true count. group_by: columns whose values make segments, each with a result of its own, or periods of dates and timestamps such as month(sold): hour, day, week, month, quarter, year. mostly: the share of rows that must pass. warn_if, error_if: conditions on the failing rows, such as >10, >=1% (of the rows evaluated), !=0, between 1 and 5. severity: error, or warn for failures that only warn. tags: words to choose checks by.
name: with a name that a check of the relation has, that check becomes what is said here, keeps its number and history and stays that of the role that added it; it takes the rights of that role. Without a name another check is added.
It runs as the owner of the relation where you have the owner''s rights, else as you, read-only, under the search path and styles of dates and literals that are in force now: these rights are looked at now, too, and whenever it runs.
It follows the relation''s name: where a table is dropped and another one gets its name, that one is checked from then on, if its owner is the same or one for whom you act; a plain rename takes the check along.
Errors: 22023 an option out of range, 2201B a regular expression, 42501, 42703 no such column.
Example: SELECT assay.add_check(''application'', ''accepted_range'', ''months'', ''{"min_value": 1, "max_value": 120}'', warn_if => ''>0'', error_if => ''>=1%'')';
COMMENT ON FUNCTION assay.assert_checks(regclass, text[]) IS
'Runs the stored checks of a relation and raises ML015 when one fails or cannot run (a check counts once, whatever its segments), so that the load in whose transaction it stands is rolled back. Warnings pass. Where there is no check to run, or none with one of the tags, it raises ML016: nothing asserted is no success. Anybody may call it: checks run, and say what they found, as in assay.run_checks.
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
'What a model learns from of one row: the numbers that the steps of preprocess make of it, in the order of the model''s features; a category that no step encodes is the place of its level, Infinity for one that training did not see. Without steps the row''s own values.
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
    base_values double precision[]
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
    score         double precision NOT NULL,
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
COMMENT ON COLUMN assay.prediction.score IS 'The predicted number, the positive class''s probability, or with more than two classes that of the predicted one.';
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
COMMENT ON COLUMN assay.predictions.score IS 'The predicted number, the positive class''s probability, or with more than two classes that of the predicted one.';
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
    relation_name text NOT NULL,
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
    SELECT m.name AS model, s.version, s.relation, s.relation_name
    FROM assay_internal.visible_model m
    JOIN assay.model_source s ON s.model_id OPERATOR(pg_catalog.=) m.id
    WHERE m.manageable;
COMMENT ON VIEW assay.model_sources IS
'The tables and views that training queries read, those below views included, for the models that the current role may manage. Versions that 0.1.0 trained have none.
Example: SELECT version, relation FROM assay.model_sources WHERE model = ''credit''';
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
           h.value, h.threshold, h.rows_evaluated, h.rows_failed,
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

-- Whoever installed the extension dumps the new tables, too.
SELECT assay_internal.grant_dump();

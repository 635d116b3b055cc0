-- Explaining: what each column adds to the margin of a row, and why a row was refused.

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

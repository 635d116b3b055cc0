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

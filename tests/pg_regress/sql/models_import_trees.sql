-- import_model: files of LightGBM and XGBoost become ordinary models.
CREATE TABLE parcel AS
SELECT i AS id, CASE WHEN i % 5 > 0 THEN i % 50 END::float8 AS weight, (ARRAY['Bern', 'Graz', 'it''s', NULL])[1 + i % 4] AS town, i % 50 > 24 AS late
FROM generate_series(1, 200) AS i;
-- Two splits: by weight, missing values left; by town, a set.
CREATE FUNCTION light(feature_names text DEFAULT 'weight town', objective text DEFAULT 'binary sigmoid:1') RETURNS bytea LANGUAGE sql AS $$
    SELECT convert_to(format(E'tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=1\nobjective=%s\nfeature_names=%s\nfeature_infos=[0:49] 0:1:2\n\nTree=0\nnum_leaves=3\nnum_cat=1\nsplit_feature=0 1\nsplit_gain=9 4\nthreshold=24.5 0\ndecision_type=10 1\nleft_child=1 -1\nright_child=-3 -2\nleaf_value=-1 0.5 2\nleaf_weight=20 10 25\nleaf_count=80 40 80\ninternal_value=0.5 -0.5\ninternal_weight=55 30\ninternal_count=200 120\ncat_boundaries=0 1\ncat_threshold=6\nis_linear=0\nshrinkage=1\n\n\nend of trees\n\npandas_categorical:[["Bern", "Graz", "it''s"]]\n', objective, feature_names), 'UTF8')
$$;
SELECT assay.import_model('parcels', light(), 'lightgbm', '{"classes": [false, true], "target": "late", "query": "SELECT * FROM parcel"}') AS version;
SELECT model, version, task, algorithm, target, rows, features FROM assay.model_versions WHERE model = 'parcels';
-- Missing weights go left; towns in the set, others and none do not.
SELECT weight, town, round(assay.predict('parcels', weight, town)::numeric, 6) AS late, assay.predict_label('parcels', weight, town) AS label
FROM (VALUES (24.5::float8, 'Bern'), (24.6, 'Bern'), (NULL, 'Graz'), (3, 'it''s'), (3, 'Paris'), (NULL, NULL)) AS v (weight, town);
SELECT assay.features('parcels'), assay.labels('parcels'), assay.predict_proba('parcels', 30.0::float8, 'Bern') = ARRAY[1 / (1 + exp(2::float8)), 1 / (1 + exp(-2::float8))] AS same;
-- What explains a row adds up to its margin, by the counts of the file: (-1 * 80 + 0.5 * 40 + 2 * 80) / 200.
SELECT round(assay.base_value('parcels')::numeric, 6) AS base, (SELECT round(sum(attribution)::numeric, 6) FROM assay.explain_predict('parcels', 30.0::float8, 'Bern')) AS moved;
SELECT metric, round(value::numeric, 4) AS value FROM assay.evaluate('parcels', 'SELECT * FROM parcel') WHERE metric IN ('roc_auc', 'accuracy') ORDER BY metric;
SELECT feature, weight, gain, cover FROM assay.feature_importance('parcels');
SELECT feature, type, rows, nulls, min, max, categories FROM assay.feature_info('parcels');
SELECT column_name, method, drifted FROM assay.model_drift('parcels', 'SELECT weight + 30 AS weight, town FROM parcel') ORDER BY column_name, method;
-- A second version is not deployed by itself; without rows there are no statistics, and the rest works.
SELECT assay.import_model('parcels', light(feature_names => 'kilos place'), 'lightgbm', '{"features": ["weight", "town"], "classes": ["on time", "late"]}') AS version;
SELECT deployed_version FROM assay.models WHERE model = 'parcels';
-- The first class of the file is "on time": of the sorted two it is the second.
SELECT assay.labels('parcels@2'), round(assay.predict('parcels@2', 30.0::float8, 'Bern')::numeric, 6) AS on_time;
SELECT * FROM assay.feature_info('parcels@2');
SELECT assay.import_model('parcels', light(), 'lightgbm', '{"deploy": "always"}') AS version;
SELECT deployed_version FROM assay.models WHERE model = 'parcels';

-- XGBoost: below the threshold as 32-bit floats, sets go right, margins begin at the base score.
CREATE FUNCTION extreme(base_score text DEFAULT '"[2.5E-1]"', booster text DEFAULT 'gbtree', left_child int DEFAULT 1) RETURNS bytea LANGUAGE sql AS $$
    SELECT convert_to(format('{"learner": {"feature_names": ["weight"], "feature_types": ["float"], "gradient_booster": {"model": {"gbtree_model_param": {"num_parallel_tree": "1"}, "tree_info": [0], "trees": [{"left_children": [%s, -1, -1], "right_children": [2, -1, -1], "split_indices": [0, 0, 0], "split_conditions": [0.1, 1, -1], "default_left": [0, 0, 0], "split_type": [0, 0, 0], "sum_hessian": [10, 4, 6], "loss_changes": [3, 0, 0], "categories": [], "categories_nodes": [], "categories_segments": [], "categories_sizes": [], "tree_param": {"size_leaf_vector": "1"}}]}, "name": "%s"}, "learner_model_param": {"base_score": %s, "num_class": "0", "num_feature": "1", "num_target": "1"}, "objective": {"name": "reg:squarederror"}}, "version": [3, 1, 1]}', left_child, booster, base_score), 'UTF8')
$$;
SELECT assay.import_model('extreme', extreme(), 'xgboost') AS version;
-- 0.1 is less than the 32-bit float of its name, and rounds to it.
SELECT weight, assay.predict('extreme', weight) FROM (VALUES (0.09::float8), (0.1), (0.10000000149011612), (0.2), (NULL)) AS v (weight);
SELECT assay.import_model('extreme', extreme(base_score => '5E-1'), 'xgboost') AS version;
SELECT assay.predict('extreme@2', 0.0::float8);
-- What is wrong is said.
\set SHOW_CONTEXT never
SELECT assay.import_model('broken', extreme(left_child => 0), 'xgboost');
\echo :LAST_ERROR_SQLSTATE
SELECT assay.import_model('broken', extreme(booster => 'gblinear'), 'xgboost');
\echo :LAST_ERROR_SQLSTATE
SELECT assay.import_model('broken', '\x00', 'lightgbm');
\echo :LAST_ERROR_SQLSTATE
SELECT assay.import_model('broken', light(objective => 'nothing'), 'lightgbm');
\echo :LAST_ERROR_SQLSTATE
SELECT assay.import_model('broken', light(), 'pmml');
\echo :LAST_ERROR_SQLSTATE
SELECT assay.import_model('broken', light(), 'lightgbm', '{"labels": [1]}');
\echo :LAST_ERROR_SQLSTATE
SELECT assay.import_model('broken', light(), 'lightgbm', '{"classes": [1]}');
\echo :LAST_ERROR_SQLSTATE
SELECT assay.import_model('broken', light(), 'lightgbm', '{"deploy": "if_better"}');
\echo :LAST_ERROR_SQLSTATE
SELECT assay.import_model('broken', light(), 'lightgbm', '{"query": "SELECT * FROM parcel WHERE false"}');
\echo :LAST_ERROR_SQLSTATE
SELECT assay.import_model('broken', light(), 'lightgbm', '{"query": "SELECT town FROM parcel"}');
\echo :LAST_ERROR_SQLSTATE
SELECT assay.import_model(NULL, light(), 'lightgbm');
\echo :LAST_ERROR_SQLSTATE
SELECT assay.import_model('broken', NULL, 'lightgbm');
\echo :LAST_ERROR_SQLSTATE
SELECT assay.import_model('bro@ken', light(), 'lightgbm');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM assay.models WHERE model = 'broken';
-- Nothing is left of what is rolled back; a model belongs to who made it, and a read-only transaction makes none.
BEGIN;
SELECT assay.import_model('gone', light(), 'lightgbm');
ROLLBACK;
SELECT count(*) FROM assay.models WHERE model = 'gone';
BEGIN READ ONLY;
SELECT assay.import_model('gone', light(), 'lightgbm');
ROLLBACK;
CREATE ROLE importer;
SET ROLE importer;
SELECT assay.import_model('parcels', light(), 'lightgbm');
SELECT assay.import_model('own', light(), 'lightgbm');
SELECT model, owner FROM assay.models WHERE model IN ('own', 'parcels');
SELECT assay.import_model('own', light(), 'lightgbm', '{"query": "SELECT * FROM parcel"}');
RESET ROLE;
SELECT assay.drop_model('own');
DROP ROLE importer;

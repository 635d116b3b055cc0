-- What the database of make.sql answers, whatever release made it. Rounded, for platforms differ in the last digits.
\set ON_ERROR_STOP on
\pset format unaligned
\pset tuples_only on
SELECT model, version, deployed, aliases FROM assay.model_versions ORDER BY model, version;
SELECT 'returned', version, round(sum(assay.predict('returned@' || version, v.age, v.amount, v.score, v.region))::numeric, 6)
FROM visit AS v, generate_series(1, 5) AS version GROUP BY version ORDER BY version;
SELECT 'class', version, assay.predict_label('class@' || version, v.amount, v.score, v.age, v.region) AS label, count(*)
FROM visit AS v, generate_series(1, 5) AS version GROUP BY version, label ORDER BY version, label;
SELECT 'amount', version, round(sum(assay.predict('amount@' || version, v.age, v.score, v.region, ARRAY[v.age, v.score, 1]::float8[]))::numeric, 6)
FROM visit AS v, generate_series(1, 7) AS version GROUP BY version ORDER BY version;
SELECT 'weighted', version, assay.predict_label('weighted@' || version, v.gap, v.region, ARRAY[v.age, v.score]::float8[]) AS label, count(*)
FROM visit AS v, generate_series(1, 5) AS version GROUP BY version, label ORDER BY version, label;
SELECT 'alias', round(sum(assay.predict('returned@plain', v.age, v.amount, v.score, v.region))::numeric, 6) FROM visit AS v;
SELECT 'threshold', count(*) FROM visit AS v WHERE assay.predict_label('returned@1', v.age, v.amount, v.score, v.region) = 'true';
SELECT 'importance', feature, round(gain::numeric, 6) FROM assay.feature_importance('returned@1') ORDER BY 2;
SELECT 'weight', feature, category, round(weight::numeric, 6) FROM assay.weights('returned@4') ORDER BY 2, 3;
SELECT 'feature', feature, type, rows, nulls, round(mean::numeric, 6), categories, top_categories FROM assay.feature_info('weighted@1') ORDER BY 2;
SELECT 'model drift', column_name, method, round(statistic::numeric, 6), drifted
FROM assay.model_drift('returned@1', 'SELECT age, amount, score, region FROM visit WHERE id > 200') ORDER BY 2, 3;
SELECT 'states', round(assay.metric_of(assay.merge_states(auc))::numeric, 9), round(assay.metric_of(assay.merge_states(accuracy))::numeric, 9),
       round(assay.metric_of(assay.merge_states(rmse))::numeric, 9) FROM kept;
SELECT 'linear', feature, round(weight::numeric, 9) FROM assay.linear_fit((SELECT assay.merge_states(linear) FROM kept)) ORDER BY 2;
SELECT 'profile', column_name, rows, nulls, distinct_estimate, meaning
FROM kept_profile, assay.profile_of(assay.merge_states(profile, assay.profile_state('SELECT * FROM visit'))) ORDER BY 2;
SELECT 'baseline', name FROM assay.baselines;
SELECT 'drift', column_name, method, round(statistic::numeric, 9), drifted FROM assay.drift_from('visit', 'SELECT age, amount, score, region FROM visit') ORDER BY 2, 3;
SELECT 'check', check_id, kind, column_name, group_by, tags FROM assay.checks ORDER BY check_id;
SELECT 'history', check_id, segment, status, value FROM assay.check_history WHERE run_at = (SELECT min(run_at) FROM assay.check_history)
ORDER BY check_id, segment::text;
SELECT 'run', check_id, segment, status, value FROM assay.run_checks('visit') ORDER BY check_id, segment::text;

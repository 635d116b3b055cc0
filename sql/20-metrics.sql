-- The metrics: aggregates over any columns. Rows with a NULL in either are skipped. Exact; parallel plans and merged states give the same
-- answer. Labels are booleans, texts, enums or whole numbers.

CREATE FUNCTION assay_internal.roc_auc_step(assay.state, "any", "any") RETURNS assay.state
AS 'MODULE_PATHNAME', 'roc_auc_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.roc_auc_step(assay.state, "any", "any") IS 'A row of the aggregate assay.roc_auc.';

CREATE FUNCTION assay_internal.average_precision_step(assay.state, "any", "any") RETURNS assay.state
AS 'MODULE_PATHNAME', 'average_precision_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.average_precision_step(assay.state, "any", "any") IS 'A row of the aggregate assay.average_precision.';

CREATE FUNCTION assay_internal.log_loss_step(assay.state, "any", "any") RETURNS assay.state
AS 'MODULE_PATHNAME', 'log_loss_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.log_loss_step(assay.state, "any", "any") IS 'A row of the aggregate assay.log_loss.';

CREATE FUNCTION assay_internal.brier_score_step(assay.state, "any", "any") RETURNS assay.state
AS 'MODULE_PATHNAME', 'brier_score_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.brier_score_step(assay.state, "any", "any") IS 'A row of the aggregate assay.brier_score.';

CREATE FUNCTION assay_internal.accuracy_step(assay.state, "any", "any") RETURNS assay.state
AS 'MODULE_PATHNAME', 'accuracy_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.accuracy_step(assay.state, "any", "any") IS 'A row of the aggregate assay.accuracy.';

CREATE FUNCTION assay_internal.precision_step(assay.state, "any", "any") RETURNS assay.state
AS 'MODULE_PATHNAME', 'precision_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.precision_step(assay.state, "any", "any") IS 'A row of the aggregate assay.precision.';

CREATE FUNCTION assay_internal.recall_step(assay.state, "any", "any") RETURNS assay.state
AS 'MODULE_PATHNAME', 'recall_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.recall_step(assay.state, "any", "any") IS 'A row of the aggregate assay.recall.';

CREATE FUNCTION assay_internal.f1_step(assay.state, "any", "any") RETURNS assay.state
AS 'MODULE_PATHNAME', 'f1_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.f1_step(assay.state, "any", "any") IS 'A row of the aggregate assay.f1.';

CREATE FUNCTION assay_internal.mcc_step(assay.state, "any", "any") RETURNS assay.state
AS 'MODULE_PATHNAME', 'mcc_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.mcc_step(assay.state, "any", "any") IS 'A row of the aggregate assay.mcc.';

CREATE FUNCTION assay_internal.rmse_step(assay.state, "any", "any") RETURNS assay.state
AS 'MODULE_PATHNAME', 'rmse_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.rmse_step(assay.state, "any", "any") IS 'A row of the aggregate assay.rmse.';

CREATE FUNCTION assay_internal.mae_step(assay.state, "any", "any") RETURNS assay.state
AS 'MODULE_PATHNAME', 'mae_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.mae_step(assay.state, "any", "any") IS 'A row of the aggregate assay.mae.';

CREATE FUNCTION assay_internal.mape_step(assay.state, "any", "any") RETURNS assay.state
AS 'MODULE_PATHNAME', 'mape_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.mape_step(assay.state, "any", "any") IS 'A row of the aggregate assay.mape.';

CREATE FUNCTION assay_internal.mse_step(assay.state, "any", "any") RETURNS assay.state
AS 'MODULE_PATHNAME', 'mse_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.mse_step(assay.state, "any", "any") IS 'A row of the aggregate assay.mse.';

CREATE FUNCTION assay_internal.r2_step(assay.state, "any", "any") RETURNS assay.state
AS 'MODULE_PATHNAME', 'r2_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.r2_step(assay.state, "any", "any") IS 'A row of the aggregate assay.r2.';

CREATE FUNCTION assay_internal.median_absolute_error_step(assay.state, "any", "any") RETURNS assay.state
AS 'MODULE_PATHNAME', 'median_absolute_error_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.median_absolute_error_step(assay.state, "any", "any") IS 'A row of the aggregate assay.median_absolute_error.';

CREATE FUNCTION assay.metric_of(state assay.state) RETURNS double precision
AS 'MODULE_PATHNAME', 'metric_of_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay.metric_of(assay.state) IS
'The answer of a metric''s state, as the metric''s aggregate gives it for the same rows. NULL where the metric is undefined.
Example: SELECT day, assay.metric_of(auc) FROM daily ORDER BY day';

CREATE AGGREGATE assay.roc_auc(label "any", score "any") (
    SFUNC = assay_internal.roc_auc_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.roc_auc("any", "any") IS
'The area under the ROC curve: the chance that a positive row scores higher than a negative one, ties counting half (Mann and Whitney, 1947). The second of two labels is positive. NULL without rows of both classes.
Example: SELECT assay.roc_auc(is_risky, assay.predict(''credit'', c)) FROM customers c WHERE is_test';

CREATE AGGREGATE assay.average_precision(label "any", score "any") (
    SFUNC = assay_internal.average_precision_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.average_precision("any", "any") IS
'The mean of precision over recall, step by step without interpolation, as scikit-learn defines it. The second of two labels is positive. NULL without rows of both classes.
Example: SELECT assay.average_precision(is_risky, assay.predict(''credit'', c)) FROM customers c WHERE is_test';

CREATE AGGREGATE assay.log_loss(label "any", probability "any") (
    SFUNC = assay_internal.log_loss_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.log_loss("any", "any") IS
'The mean negative log-likelihood of the labels, given the probability of the positive class, the second of two labels; probabilities of 0 and 1 are moved inside by the precision of double. An error outside [0, 1].
Example: SELECT assay.log_loss(is_risky, assay.predict(''credit'', c)) FROM customers c WHERE is_test';

CREATE AGGREGATE assay.brier_score(label "any", probability "any") (
    SFUNC = assay_internal.brier_score_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.brier_score("any", "any") IS
'The mean squared difference between the label (0 or 1) and the probability of the positive class, the second of two labels (Brier, 1950). An error outside [0, 1].
Example: SELECT assay.brier_score(is_risky, assay.predict(''credit'', c)) FROM customers c WHERE is_test';

CREATE AGGREGATE assay.accuracy(actual "any", predicted "any") (
    SFUNC = assay_internal.accuracy_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.accuracy("any", "any") IS
'The share of rows whose predicted label is the actual one.
Example: SELECT assay.accuracy(is_risky, assay.predict_label(''credit'', c)::boolean) FROM customers c WHERE is_test';

CREATE AGGREGATE assay."precision"(actual "any", predicted "any") (
    SFUNC = assay_internal.precision_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay."precision"("any", "any") IS
'Of the rows predicted positive the share that is. With two labels the second is positive; with more the mean over the labels. 0 where nothing is predicted positive.
Example: SELECT assay.precision(is_risky, assay.predict_label(''credit'', c)::boolean) FROM customers c WHERE is_test';

CREATE AGGREGATE assay.recall(actual "any", predicted "any") (
    SFUNC = assay_internal.recall_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.recall("any", "any") IS
'Of the positive rows the share predicted so. With two labels the second is positive; with more the mean over the labels.
Example: SELECT assay.recall(is_risky, assay.predict_label(''credit'', c)::boolean) FROM customers c WHERE is_test';

CREATE AGGREGATE assay.f1(actual "any", predicted "any") (
    SFUNC = assay_internal.f1_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.f1("any", "any") IS
'The harmonic mean of precision and recall. With two labels the second is positive; with more the mean over the labels.
Example: SELECT assay.f1(is_risky, assay.predict_label(''credit'', c)::boolean) FROM customers c WHERE is_test';

CREATE AGGREGATE assay.mcc(actual "any", predicted "any") (
    SFUNC = assay_internal.mcc_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.mcc("any", "any") IS
'Matthews'' correlation coefficient (1975); with more than two labels Gorodkin''s R_k (2004). 0 where one of the two never varies.
Example: SELECT assay.mcc(is_risky, assay.predict_label(''credit'', c)::boolean) FROM customers c WHERE is_test';

CREATE AGGREGATE assay.rmse(actual "any", predicted "any") (
    SFUNC = assay_internal.rmse_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.rmse("any", "any") IS
'The root of the mean squared error.
Example: SELECT assay.rmse(credit_amount, assay.predict(''amount'', c)) FROM customers c WHERE is_test';

CREATE AGGREGATE assay.mae(actual "any", predicted "any") (
    SFUNC = assay_internal.mae_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.mae("any", "any") IS
'The mean absolute error.
Example: SELECT assay.mae(credit_amount, assay.predict(''amount'', c)) FROM customers c WHERE is_test';

CREATE AGGREGATE assay.mape(actual "any", predicted "any") (
    SFUNC = assay_internal.mape_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.mape("any", "any") IS
'The mean absolute error as a fraction (not percent) of the actual value, as scikit-learn defines it: an actual 0 counts as the precision of double.
Example: SELECT assay.mape(credit_amount, assay.predict(''amount'', c)) FROM customers c WHERE is_test';

CREATE AGGREGATE assay.mse(actual "any", predicted "any") (
    SFUNC = assay_internal.mse_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.mse("any", "any") IS
'The mean squared error.
Example: SELECT assay.mse(credit_amount, assay.predict(''amount'', c)) FROM customers c WHERE is_test';

CREATE AGGREGATE assay.r2(actual "any", predicted "any") (
    SFUNC = assay_internal.r2_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.r2("any", "any") IS
'The coefficient of determination; for actual values that never vary 1 if all predictions are exact, else 0. NULL under two rows.
Example: SELECT assay.r2(credit_amount, assay.predict(''amount'', c)) FROM customers c WHERE is_test';

CREATE AGGREGATE assay.median_absolute_error(actual "any", predicted "any") (
    SFUNC = assay_internal.median_absolute_error_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, FINALFUNC = assay.metric_of, PARALLEL = safe);
COMMENT ON AGGREGATE assay.median_absolute_error("any", "any") IS
'The median of the absolute errors, exact: keeps 8 bytes per row.
Example: SELECT assay.median_absolute_error(credit_amount, assay.predict(''amount'', c)) FROM customers c WHERE is_test';

CREATE FUNCTION assay_internal.metric_state_step(assay.state, text, "any", "any") RETURNS assay.state
AS 'MODULE_PATHNAME', 'metric_state_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.metric_state_step(assay.state, text, "any", "any") IS 'A row of the aggregate assay.metric_state.';

CREATE AGGREGATE assay.metric_state(metric text, actual "any", predicted "any") (
    SFUNC = assay_internal.metric_state_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, PARALLEL = safe);
COMMENT ON AGGREGATE assay.metric_state(text, "any", "any") IS
'The state of a metric, named as its aggregate is, to be stored, merged with assay.merge_states and read with assay.metric_of.
Example: SELECT housing, assay.metric_state(''roc_auc'', is_risky, assay.predict(''credit'', c)) FROM customers c WHERE is_test GROUP BY housing';

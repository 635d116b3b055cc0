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

-- The sufficient statistics of linear models, as an aggregate.

CREATE FUNCTION assay_internal.linear_statistics_step(assay.state, double precision, VARIADIC double precision[]) RETURNS assay.state
AS 'MODULE_PATHNAME', 'linear_statistics_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.linear_statistics_step(assay.state, double precision, double precision[]) IS 'A row of the aggregate assay.linear_statistics.';

CREATE AGGREGATE assay.linear_statistics(target double precision, VARIADIC features double precision[]) (
    SFUNC = assay_internal.linear_statistics_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, PARALLEL = safe);
COMMENT ON AGGREGATE assay.linear_statistics(double precision, double precision[]) IS
'Means and centred cross-products of the features and the target (Chan, Golub and LeVeque, 1983): all that linear regression and ridge need of the rows. The state can be stored and merged with those of other rows; assay.linear_fit reads it. Rows in which the target or a feature is NULL, NaN or infinite are left out. O(features^2) per row and memory.
Example: SELECT assay.linear_statistics(credit_amount, duration_months, age) FROM german_credit';

CREATE FUNCTION assay.linear_fit(state assay.state, alpha double precision DEFAULT 0)
RETURNS TABLE (feature integer, weight double precision, standard_error double precision, p_value double precision)
AS 'MODULE_PATHNAME', 'linear_fit_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 20;
COMMENT ON FUNCTION assay.linear_fit(assay.state, double precision) IS
'The linear model of a state of assay.linear_statistics: feature 0 is the intercept, the others are counted from 1. alpha: the ridge penalty on the squared weights, not on the intercept; 0 is least squares. Collinear features share the least weights that fit, without errors. A NOTICE says where features depend on each other, or so nearly that few digits of the weights are right. O(features^3), whatever the number of rows. ML012 for another state.
Example: SELECT * FROM assay.linear_fit((SELECT assay.linear_statistics(credit_amount, duration_months, age) FROM german_credit))';

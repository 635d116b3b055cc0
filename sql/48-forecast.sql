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

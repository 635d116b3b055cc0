-- Models without a target: what they are made of, and the rows that are strange to them.

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

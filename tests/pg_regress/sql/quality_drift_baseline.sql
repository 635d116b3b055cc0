-- Drift from a stored baseline and from what a model was trained on; who may do what.

CREATE TABLE trips AS
SELECT i AS id, 10 + (i * 7919 % 1000) / 100.0 AS distance, (ARRAY['city', 'airport', 'night'])[i * 31 % 3 + 1] AS tariff, i % 4 AS riders, i % 2 = 0 AS prepaid,
       date '2026-01-01' + i % 90 AS day, CASE WHEN i % 20 > 0 THEN i % 6 END AS rating, ARRAY[(i * 37 % 101) / 10.0, 5]::float8[] AS position,
       (i * 7919 % 1000) / 100.0 * 2 + i % 4 + (i * 31 % 3) * 5 AS price
FROM generate_series(1, 2000) AS i;
CREATE VIEW trips_later AS
SELECT id, distance + 3 AS distance, CASE WHEN id % 5 = 0 THEN 'scooter' ELSE tariff END AS tariff, riders, prepaid, day + 300 AS day,
       CASE WHEN id % 3 > 0 THEN rating END AS rating, position, price FROM trips WHERE id > 500;

SELECT assay.save_baseline('trips', 'trips', '{"exclude": ["id", "position"], "method": "psi"}');
SELECT name, owner = current_user::regrole AS own, query, options, rows, columns, saved_at <= now() AS dated, bytes > 0 AS filled FROM assay.baselines;
SELECT column_name, method, round(statistic::numeric, 4) AS statistic, threshold, drifted, round(null_share_current::numeric, 3) AS nulls, reference_rows, current_rows,
       message, new_categories FROM assay.drift_from('trips', 'trips_later');
-- The baseline gives what its query gives; options go over those that were saved.
SELECT count(*) AS differ FROM (SELECT * FROM assay.drift_from('trips', 'trips_later') EXCEPT
                               SELECT * FROM assay.drift('trips', 'trips_later', '{"exclude": ["id", "position"], "method": "psi"}')) AS d;
SELECT column_name, method FROM assay.drift_from('trips', 'trips_later', '{"numeric_method": "ks", "columns": ["distance", "tariff"]}') ORDER BY 1;
SELECT column_name, method FROM assay.drift_from('trips', 'trips_later', '{"method": "tvd", "columns": ["distance", "tariff"]}') ORDER BY 1;
-- The edges of the bins are those of the reference, whatever comes.
SELECT count(DISTINCT edges) AS edges FROM (VALUES ('trips_later'), ('trips'), ('SELECT 1e6 AS distance')) AS q (query),
    LATERAL (SELECT jsonb_path_query_array(details, '$.bins[*].high') AS edges FROM assay.drift_from('trips', q.query, '{"columns": ["distance"]}')) AS e;

-- The table has another shape since: each column says so.
CREATE TABLE trips_reshaped AS SELECT id, distance::text AS distance, tariff, riders::numeric AS riders, price AS fare, rating FROM trips;
SELECT column_name, drifted, message FROM assay.drift_from('trips', 'trips_reshaped') ORDER BY column_name, method;

-- Segments are kept with it.
SELECT assay.save_baseline('by tariff', 'SELECT * FROM trips', '{"group_by": ["tariff"], "columns": ["distance", "rating"]}');
SELECT segment, column_name, method, drifted, reference_rows, current_rows, message FROM assay.drift_from('by tariff', 'trips_later') ORDER BY segment NULLS FIRST, 2, 3;
CALL fails($$SELECT assay.drift_from('by tariff', 'trips_later', '{"group_by": ["riders"]}')$$);
CALL fails($$SELECT assay.drift_from('by tariff', 'SELECT distance FROM trips')$$);

-- Saved again it is replaced; a rollback keeps it as it was.
SELECT assay.save_baseline('trips', 'SELECT * FROM trips WHERE id <= 100');
BEGIN;
SELECT assay.save_baseline('trips', 'trips');
SELECT assay.drop_baseline('by tariff');
ROLLBACK;
SELECT name, rows FROM assay.baselines ORDER BY name;
-- No row is a baseline too.
SELECT assay.save_baseline('none', 'SELECT * FROM trips WHERE false');
SELECT column_name, message FROM assay.drift_from('none', 'trips', '{"columns": ["distance"]}');

-- A read-only transaction compares, and saves nothing.
BEGIN READ ONLY;
SELECT count(*) FROM assay.drift_from('by tariff', 'trips');
SAVEPOINT here;
SELECT assay.save_baseline('trips', 'trips');
ROLLBACK TO here;
SELECT assay.drop_baseline('trips');
ROLLBACK;

-- From a model: its features, the greatest impact first.
SELECT version, features FROM assay.train('fare', 'SELECT distance, tariff, riders, prepaid, day, rating, position, price FROM trips', 'price', split => 'none', params => '{"n_estimators": 20}');
SELECT column_name, method, round(statistic::numeric, 3) AS statistic, drifted, round(importance::numeric, 3) AS importance, round(impact::numeric, 3) AS impact,
       reference_rows, current_rows, message, new_categories FROM assay.model_drift('fare', 'trips_later');
SELECT column_name, method, round(statistic::numeric, 3) AS statistic, drifted FROM assay.model_drift('fare', 'trips') WHERE statistic IS NOT NULL;
SELECT column_name, method, drifted FROM assay.model_drift('fare@1', 'trips_later', '{"method": "psi", "columns": ["distance", "tariff"]}');
-- What a query lacks, and what has another type.
SELECT column_name, drifted, message FROM assay.model_drift('fare', 'SELECT distance::text AS distance, tariff, riders FROM trips') ORDER BY column_name, method;
-- Any comparison can be ranked by a model.
SELECT column_name, importance IS NOT NULL AS ranked, impact = importance * statistic AS product FROM assay.drift('trips', 'trips_later', '{"model": "fare", "exclude": ["id"]}');
SELECT column_name FROM assay.drift_from('by tariff', 'trips_later', '{"model": "fare"}') WHERE segment IS NULL AND method <> 'null_share';
-- Naive Bayes has no importance; categories that training had as one are known as one.
CREATE TABLE many_levels AS SELECT 'l' || i % 40 AS level, i % 2 = 0 OR i % 40 < 3 AS y FROM generate_series(1, 2000) AS i;
SELECT version FROM assay.train('levels', 'many_levels', 'y', 'naive_bayes', preprocess => '{"max_categories": 5}', split => 'none');
SELECT column_name, round(statistic::numeric, 3) AS statistic, importance, drifted, new_categories, details->'categories'->0 AS most
FROM assay.model_drift('levels', 'SELECT CASE WHEN level = ''l1'' THEN ''elsewhere'' ELSE level END AS level FROM many_levels');

-- Errors.
CALL fails($$SELECT assay.save_baseline(NULL, 'trips')$$);
CALL fails($$SELECT assay.save_baseline('a@b', 'trips')$$);
CALL fails($$SELECT assay.save_baseline('new', NULL)$$);
CALL fails($$SELECT assay.save_baseline('new', 'DROP TABLE trips')$$);
CALL fails($$SELECT assay.save_baseline('new', 'trips', '{"bin": 3}')$$);
CALL fails($$SELECT assay.save_baseline('new', 'trips', '{"group_by": ["nothing"]}')$$);
CALL fails($$SELECT assay.save_baseline('new', 'trips', '{"columns": ["nothing"]}')$$);
CALL fails($$SELECT assay.drift_from('nothing', 'trips')$$);
CALL fails($$SELECT assay.drift_from(NULL, 'trips')$$);
CALL fails($$SELECT assay.drift_from('trips', 'trips', '{"bins": 0}')$$);
CALL fails($$SELECT assay.drop_baseline('nothing')$$);
CALL fails($$SELECT assay.model_drift('nothing', 'trips')$$);
CALL fails($$SELECT assay.model_drift('fare@9', 'trips')$$);
CALL fails($$SELECT assay.model_drift('fare', 'trips', '{"group_by": ["tariff"]}')$$);
CALL fails($$SELECT assay.model_drift('fare', 'trips', '{"columns": ["nothing"]}')$$);
-- Bytes that are no baseline are an error, not a crash.
UPDATE assay.baseline SET states = ARRAY[set_byte(states[1], 40, get_byte(states[1], 40) # 255)] WHERE name = 'trips';
\set VERBOSITY terse
CALL fails($$SELECT assay.drift_from('trips', 'trips')$$);
\set VERBOSITY default
UPDATE assay.baseline SET states = ARRAY['\x'::bytea] WHERE name = 'trips';
CALL fails($$SELECT assay.drift_from('trips', 'trips')$$);

-- Roles: a baseline is its owner's, and rows are read as the caller, with the policies that hold for it.
CREATE ROLE assay_drift_owner;
CREATE ROLE assay_drift_friend IN ROLE assay_drift_owner;
CREATE ROLE assay_drift_stranger;
CREATE TABLE accounts AS SELECT i AS amount, CASE WHEN i <= 500 THEN 'assay_drift_owner' ELSE 'somebody' END AS holder FROM generate_series(1, 1000) AS i;
ALTER TABLE accounts ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON accounts USING (holder = current_user);
GRANT SELECT ON accounts TO assay_drift_owner, assay_drift_friend;
SET ROLE assay_drift_owner;
SELECT assay.save_baseline('accounts', 'accounts') AS own_rows;
SELECT name FROM assay.baselines;
CALL fails($$SELECT assay.save_baseline('trips', 'accounts')$$);
CALL fails($$SELECT assay.drift_from('trips', 'accounts')$$);
CALL fails($$SELECT assay.drop_baseline('trips')$$);
CALL fails($$SELECT assay.save_baseline('t', 'trips')$$);
CALL fails($$SELECT * FROM assay.baseline$$);
CALL fails($$SELECT assay.model_drift('fare', 'accounts')$$);
CALL fails($$SELECT assay.drift('accounts', 'accounts', '{"model": "fare"}')$$);
SET ROLE assay_drift_friend;
SELECT name, owner FROM assay.baselines;
SELECT column_name, reference_rows, current_rows, message FROM assay.drift_from('accounts', 'accounts', '{"columns": ["amount"]}');
SELECT assay.save_baseline('accounts', 'SELECT 1 AS amount');
SELECT name, owner FROM assay.baselines;
SET ROLE assay_drift_stranger;
SELECT count(*) AS none FROM assay.baselines;
CALL fails($$SELECT assay.drift_from('accounts', 'SELECT 1 AS amount')$$);
CALL fails($$SELECT assay.save_baseline('accounts', 'SELECT 1 AS amount')$$);
CALL fails($$SELECT assay.drop_baseline('accounts')$$);
RESET ROLE;
SELECT assay.drop_baseline('accounts'), assay.drop_baseline('trips'), assay.drop_baseline('by tariff'), assay.drop_baseline('none');
SELECT count(*) AS none FROM assay.baselines;
SELECT assay.drop_model('fare'), assay.drop_model('levels');
SET client_min_messages = warning;
DROP TABLE trips, trips_reshaped, many_levels, accounts CASCADE;
DROP ROLE assay_drift_friend, assay_drift_owner, assay_drift_stranger;

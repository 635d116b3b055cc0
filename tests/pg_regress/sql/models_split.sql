-- Which rows test: the latest, or those of some groups.

CREATE TABLE visit AS
SELECT i AS id, i % 37 AS patient, 'ward ' || i % 5 AS ward, date '2025-01-01' + i / 4 AS day, timestamptz '2025-01-01' + i * interval '6 hours' AS at,
       hashint4(i) % 100 AS x, hashint4(i * 7) % 3 = 0 AS y
FROM generate_series(1, 1000) AS i;

-- A model of a tree that tells which rows it saw: how many were trained on, and whether test rows are later than all of them.
SELECT version, rows, metrics->>'evaluated_on' AS evaluated_on, metrics->'rows' AS tested FROM assay.train('visit', 'SELECT x, day, y FROM visit', 'y', 'naive_bayes', split => 'latest(day)');
SELECT version, rows, metrics->'rows' AS tested FROM assay.train('visit', 'SELECT x, at, y FROM visit', 'y', 'naive_bayes', split => 'latest( at )', test_fraction => 0.333);
SELECT version, rows, metrics->'rows' AS tested FROM assay.train('visit', 'SELECT x, id AS "the id", y FROM visit', 'y', 'naive_bayes', split => 'latest("the id")', test_fraction => 0.001);
-- The moments are no feature.
SELECT assay.features('visit@1'), assay.features('visit@3');

-- Rows of one moment stay on one side, the nearer to the fraction: 30 rows of 100 have the last moment, 60 the one before.
SELECT fraction, rows, metrics->'rows' AS tested
FROM unnest('{0.01,0.2,0.5,0.9,0.99}'::float8[]) AS fraction,
     assay.train('ties', 'SELECT i AS x, i % 2 = 0 AS y, CASE WHEN i <= 10 THEN 1 WHEN i <= 70 THEN 2 ELSE 3 END AS t FROM generate_series(1, 100) AS i', 'y', 'naive_bayes', split => 'latest(t)', test_fraction => fraction, deploy => 'never');
-- NULL trains.
SELECT rows, metrics->'rows' AS tested FROM assay.train('ties', 'SELECT i AS x, i % 2 = 0 AS y, CASE WHEN i > 500 THEN i END AS t FROM generate_series(1, 1000) AS i', 'y', 'naive_bayes', split => 'latest(t)', deploy => 'never');

-- Groups: about the fraction, and rows of one value on one side, whatever the order of rows. Rows that a model learned from are known again.
SELECT version, rows, metrics->'rows' AS tested FROM assay.train('visit', 'SELECT x, id, patient, y FROM visit', 'y', 'random_forest', '{"n_estimators": 3}', exclude => '{id}', split => 'group(patient)');
SELECT (metrics->'rows')::int BETWEEN 150 AND 250 AS about_200, rows + (metrics->'rows')::int AS all_rows FROM assay.train('visit', 'SELECT x, ward, y FROM visit', 'y', 'naive_bayes', split => 'group(ward)', seed => 5);
SELECT count(DISTINCT tested) AS drawn FROM (SELECT metrics::text AS tested FROM generate_series(1, 5) AS s, assay.train('visit', 'SELECT x, patient, y FROM visit', 'y', 'naive_bayes', split => 'group(patient)', seed => s, deploy => 'never')) AS t;
SELECT assay.features('visit@4'), assay.features('visit@5');
CREATE FUNCTION hash_of(query text, split text) RETURNS text LANGUAGE sql AS $$
    WITH t AS (SELECT assay.train('order', query, 'y', 'random_forest', '{"n_estimators": 3}', split => split, deploy => 'never'))
    SELECT 1 FROM t; SELECT hash FROM assay.model_versions WHERE model = 'order' ORDER BY version DESC LIMIT 1
$$;
SELECT split, hash_of('SELECT x, patient, ward, day, y FROM visit ORDER BY id', split) = hash_of('SELECT x, patient, ward, day, y FROM visit ORDER BY md5(id::text)', split) AS same
FROM unnest('{group(patient),group(ward),latest(day)}'::text[]) AS split;
-- A row without a group is one by itself.
SELECT rows, metrics->'rows' AS tested FROM assay.train('ties', 'SELECT i AS x, i % 2 = 0 AS y, NULL::text AS g FROM generate_series(1, 1000) AS i', 'y', 'naive_bayes', split => 'group(g)', deploy => 'never');
-- Whatever a training was asked for is kept.
SELECT params->>'split' AS split FROM assay.model_versions WHERE model = 'visit' ORDER BY version;
-- A boolean column that looks like a call.
SELECT rows FROM assay.train('ties', 'SELECT x, y, id % 10 = 0 AS "first(10)" FROM visit', 'y', 'naive_bayes', split => 'first(10)', deploy => 'never');

-- What is wrong.
CALL fails($$SELECT assay.train('m', 'visit', 'y', split => 'latest(nothing)')$$);
CALL fails($$SELECT assay.train('m', 'visit', 'y', split => 'latest(y)')$$);
CALL fails($$SELECT assay.train('m', 'visit', 'y', split => 'latest(ward)')$$);
CALL fails($$SELECT assay.train('m', 'visit', 'y', split => 'latest()')$$);
CALL fails($$SELECT assay.train('m', 'visit', 'y', split => 'first(day)')$$);
CALL fails($$SELECT assay.train('m', 'visit', 'y', split => 'latest(day')$$);
CALL fails($$SELECT assay.train('m', 'visit', 'y', split => 'group(y)')$$);
CALL fails($$SELECT assay.train('m', 'visit', 'y', split => 'group(nothing)')$$);
CALL fails($$SELECT assay.train('m', 'SELECT *, ARRAY[1.0, x] AS v FROM visit', 'y', split => 'group(v)')$$);
CALL fails($$SELECT assay.train('m', 'SELECT *, to_jsonb(x) AS v FROM visit', 'y', split => 'group(v)')$$);
CALL fails($$SELECT assay.train('m', 'SELECT x, y, 1 AS g FROM visit', 'y', split => 'group(g)')$$);
CALL fails($$SELECT assay.train('m', 'SELECT x, y, 1 AS g FROM visit', 'y', split => 'latest(g)')$$);
CALL fails($$SELECT assay.train('m', 'SELECT x, y, NULL::date AS g FROM visit', 'y', split => 'latest(g)')$$);
CALL fails($$SELECT assay.train('m', 'SELECT x, id > 900 AS y, id FROM visit', 'y', split => 'latest(id)')$$);
CALL fails($$SELECT assay.train('m', 'visit', 'y', split => 'latest(id)', weight => 'id')$$);
CALL fails($$SELECT assay.train('m', 'visit', 'y', split => 'latest(id)', test_fraction => 1)$$);
SELECT count(*) FROM assay.models WHERE model = 'm';

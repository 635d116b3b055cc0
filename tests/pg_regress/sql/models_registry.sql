-- The registry: versions that never change, names for them, what is deployed, and that a rollback leaves nothing.

CREATE TABLE step AS SELECT i AS x, 1 * i AS y1, 2 * i AS y2, 3 * i AS y3, 4 * i AS y4 FROM generate_series(1, 20) AS i;
CREATE FUNCTION slope(model text) RETURNS numeric LANGUAGE sql STABLE RETURN round(assay.predict(model, 1)::numeric, 3);

-- Each training adds a version; the first is deployed.
SELECT version FROM assay.train('m', 'SELECT x, y1 AS y FROM step', 'y', 'linear_regression');
SELECT version FROM assay.train('m', 'SELECT x, y2 AS y FROM step', 'y', 'linear_regression', deploy => 'never');
SELECT version FROM assay.train('m', 'SELECT x, y3 AS y FROM step', 'y', 'ridge', params => '{"alpha": 0.0}', exclude => '{}', seed => 5, deploy => 'never');
SELECT slope('m'), slope('m@1'), slope('m@2'), slope('m@3');
SELECT model, task, algorithm, deployed_version, last_version, versions, owner, created_at <= now() AS created FROM assay.models;
SELECT model, version, task, algorithm, deployed, aliases, target, rows, features, query, length(hash) AS hash, trained_by, duration >= interval '0' AS lasted, trained_at <= now() AS trained
FROM assay.model_versions ORDER BY version;
SELECT version, params FROM assay.model_versions WHERE version = 3;
-- Same rows, same parameters: another version with the same content.
SELECT version FROM assay.train('m', 'SELECT x, y2 AS y FROM step', 'y', 'linear_regression', deploy => 'never');
SELECT count(DISTINCT hash) FROM assay.model_versions WHERE version IN (2, 4);

-- A rollback leaves nothing, not even a number; neither does a rollback to a savepoint.
BEGIN;
SELECT version FROM assay.train('m', 'SELECT x, y4 AS y FROM step', 'y', 'linear_regression', deploy => 'always');
SELECT slope('m');
SELECT version FROM assay.train('gone', 'SELECT x, y4 AS y FROM step', 'y', 'linear_regression');
ROLLBACK;
SELECT slope('m');
SELECT model, last_version, versions FROM assay.models;
CALL fails($$SELECT slope('gone')$$);
CALL fails($$SELECT slope('m@5')$$);
BEGIN;
SELECT assay.set_alias('m', 'kept', 2);
SAVEPOINT here;
SELECT version FROM assay.train('m', 'SELECT x, y4 AS y FROM step', 'y', 'linear_regression', deploy => 'always');
SELECT slope('m');
SELECT assay.set_alias('m', 'kept', 5);
ROLLBACK TO here;
SELECT slope('m'), slope('m@kept');
SELECT version FROM assay.train('m', 'SELECT x, y3 AS y FROM step', 'y', 'linear_regression', deploy => 'never');
COMMIT;
SELECT slope('m'), slope('m@kept'), slope('m@5');

-- deploy, and rollback that goes one further back each time.
SELECT assay.deploy('m', 2), slope('m') AS in_the_same_statement;
SELECT slope('m');
SELECT assay.deploy('m', 3);
SELECT assay.deploy('m', 3) AS again;
SELECT assay.rollback('m');
SELECT slope('m');
SELECT assay.rollback('m');
SELECT slope('m');
SELECT assay.rollback('m');
SELECT slope('m');
CALL fails($$SELECT assay.rollback('m')$$);
-- After a rollback, a new deployment can be rolled back again.
SELECT assay.deploy('m', 3);
SELECT assay.rollback('m');
SELECT version, replaced, deployed_by FROM assay.deployments ORDER BY deployed_at;
CALL fails($$SELECT assay.deploy('m', 9)$$);
CALL fails($$SELECT assay.deploy('m', NULL)$$);
CALL fails($$SELECT assay.deploy(NULL, 1)$$);
CALL fails($$SELECT assay.deploy('nobody', 1)$$);
CALL fails($$SELECT assay.rollback('nobody')$$);
CALL fails($$SELECT assay.rollback(NULL)$$);

-- Aliases.
SELECT assay.set_alias('m', 'best', 3);
SELECT slope('m@best');
SELECT assay.set_alias('m', 'best', 2);
SELECT slope('m@best');
SELECT version, aliases FROM assay.model_versions WHERE aliases <> '{}' ORDER BY version;
SELECT assay.set_alias('m', 'best', NULL);
CALL fails($$SELECT slope('m@best')$$);
CALL fails($$SELECT assay.set_alias('m', 'best', 9)$$);
CALL fails($$SELECT assay.set_alias('m', '7', 2)$$);
CALL fails($$SELECT assay.set_alias('m', '', 2)$$);
CALL fails($$SELECT assay.set_alias('m', 'a@b', 2)$$);
CALL fails($$SELECT assay.set_alias('m', NULL, 2)$$);
CALL fails($$SELECT assay.set_alias('nobody', 'best', 2)$$);

-- Dropping a version: not the deployed one; its alias goes with it; its number does not come back.
CALL fails($$SELECT assay.drop_model('m', 1)$$);
SELECT assay.drop_model('m', 2);
CALL fails($$SELECT slope('m@kept')$$);
CALL fails($$SELECT assay.drop_model('m', 2)$$);
SELECT assay.drop_model('m', 5);
SELECT version FROM assay.train('m', 'SELECT x, y4 AS y FROM step', 'y', 'linear_regression', deploy => 'never');
SELECT versions, last_version FROM assay.models;
-- A rollback passes over versions that are gone.
SELECT assay.deploy('m', 3);
SELECT assay.deploy('m', 4);
SELECT assay.drop_model('m', 3);
SELECT assay.rollback('m');
CALL fails($$SELECT assay.rollback('m')$$);

-- Nobody changes a version by the functions; the owner of the tables could, and then the model is not loaded.
\connect -
BEGIN;
UPDATE assay.model_version SET bytes = set_byte(bytes, 20, 255 - get_byte(bytes, 20)) WHERE version = 6;
CALL fails($$SELECT slope('m@6')$$);
CALL fails($$SELECT * FROM assay.weights('m@6')$$);
ROLLBACK;
-- Nor are bytes that have their hash, but are no model: cut off or changed anywhere, they give this error: each section has a checksum.
CREATE FUNCTION verdict(of bigint, damaged bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    name text = (SELECT m.name FROM assay.model AS m WHERE id = of);
    answer text = 'another model';
BEGIN
    BEGIN
        UPDATE assay.model_version SET bytes = damaged, hash = encode(sha256(damaged), 'hex') WHERE model_id = of;
        PERFORM assay.predict_proba(name, 3, 'a', ARRAY[1, 2]::float8[]), assay.labels(name), assay.features(name), assay.feature_info(name), assay.training_info(name);
        RAISE EXCEPTION 'undo' USING ERRCODE = 'UNDO0';
    EXCEPTION
        WHEN SQLSTATE 'UNDO0' THEN NULL;
        WHEN OTHERS THEN answer = SQLSTATE;
    END;
    RETURN answer;
END $$;
SELECT (assay.train('damaged ' || algorithm, 'SELECT i AS x, ''c'' || i % 5 AS c, ARRAY[i, i * i]::float8[] AS v, i % 7 < 3 AS y FROM generate_series(1, 60) AS i', 'y', algorithm,
                    params => CASE algorithm WHEN 'gradient_boosting' THEN '{"n_estimators": 2, "min_child_samples": 5}' ELSE '{}' END::jsonb)).algorithm
FROM unnest('{logistic_regression,naive_bayes,gradient_boosting}'::text[]) AS algorithm;
SELECT algorithm, verdict(model_id, substr(bytes, 1, at)) AS cut_off FROM assay.model_version JOIN assay.model ON id = model_id, generate_series(0, length(bytes) - 1) AS at
WHERE name LIKE 'damaged %' GROUP BY 1, 2 ORDER BY 1, 2;
SELECT algorithm, verdict(model_id, set_byte(bytes, at, (get_byte(bytes, at) + by) % 256)) AS changed
FROM assay.model_version JOIN assay.model ON id = model_id, generate_series(0, length(bytes) - 1, 3) AS at, unnest('{1,127,128,255}'::int[]) AS by
WHERE name LIKE 'damaged %' GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(assay.drop_model(model)) AS dropped FROM assay.models WHERE model LIKE 'damaged %';
DROP FUNCTION verdict;
SELECT slope('m@6');

-- Dropping the model takes all: the name is free, and begins at version 1.
SELECT assay.grant_model('m', 'pg_monitor', 'predict');
SELECT assay.set_alias('m', 'best', 4);
SELECT assay.drop_model('m');
CALL fails($$SELECT slope('m')$$);
CALL fails($$SELECT assay.drop_model('m')$$);
CALL fails($$SELECT assay.drop_model(NULL)$$);
SELECT (SELECT count(*) FROM assay.model_version) + (SELECT count(*) FROM assay.model_deployment) + (SELECT count(*) FROM assay.model_alias)
     + (SELECT count(*) FROM assay.model_threshold) + (SELECT count(*) FROM assay.model_privilege) AS left_behind;
SELECT version FROM assay.train('m', 'SELECT x, y1 AS y FROM step', 'y', 'linear_regression');
SELECT assay.drop_model('m');

-- pg_dump carries the tables' rows: each table and sequence is marked, but for that of endpoints' calls of the last hour.
SELECT c.relname, c.oid = ANY (e.extconfig) AS dumped FROM pg_class AS c, pg_extension AS e
WHERE e.extname = 'assay' AND c.relnamespace = 'assay'::regnamespace AND c.relkind IN ('r', 'S') ORDER BY relname;

DROP FUNCTION slope(text);
DROP TABLE step;

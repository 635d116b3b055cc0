-- Every learner by every way to use a model. It prints nothing by name, so that a new learner is walked without a change here.
CREATE SCHEMA learners;
CREATE TABLE learners.row AS
SELECT i % 97 AS a, CASE WHEN i % 11 <> 0 THEN sin(i) END AS b, 'c' || i % 5 AS c, i % 97 + 10 * (i % 5) + 2 + cos(i) AS amount, (i % 97 + 10 * (i % 5)) % 60 < 30 AS y
FROM generate_series(1, 600) AS i;

-- What a model should give, and does not.
CREATE FUNCTION learners.problems(algorithm text, task text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    classes bool := task = 'classification';
    target text := CASE WHEN classes THEN 'y' ELSE 'amount' END;
    query text := format('SELECT a, b, c, %I FROM learners.row', target);
    info text;
    problem text;
    look text;
    holds bool;
    found text[] := '{}';
BEGIN
    PERFORM assay.train('learner', query, target, algorithm, task => task, deploy => 'always');
    PERFORM assay.train('learner', query, target, algorithm, task => task, deploy => 'never', seed => 1);
    -- Scores: the same of a row as of its columns.
    SELECT string_agg(format('%s rows', n), '') INTO problem FROM (
        SELECT count(*) AS n FROM learners.row AS r
        WHERE assay.predict('learner', r) IS DISTINCT FROM assay.predict('learner', a, b, c)
            OR NOT coalesce(assay.predict('learner', r) BETWEEN -1000 AND 1000, false)) AS t WHERE n > 0;
    found := found || ('predict: ' || problem);
    IF classes THEN
        SELECT string_agg(format('%s rows', n), '') INTO problem FROM (
            SELECT count(*) AS n FROM learners.row AS r
            WHERE abs((SELECT sum(p) FROM unnest(assay.predict_proba('learner', r)) AS p) - 1) > 1e-9
                OR assay.predict('learner', r) <> (assay.predict_proba('learner', r))[2]
                OR assay.predict_label('learner', r) <> (assay.predict('learner', r) >= 0.5)::text) AS t WHERE n > 0;
        found := found || ('predict_proba: ' || problem);
    END IF;
    SELECT value FROM assay.evaluate('learner', query) WHERE metric = CASE WHEN classes THEN 'roc_auc' ELSE 'r2' END AND value > 0.3 INTO info;
    found := found || CASE WHEN info IS NULL THEN 'evaluate' END;
    SELECT count(*) FROM assay.training_info('learner') WHERE loss IS NOT NULL AND iteration > 0 INTO info;
    found := found || CASE WHEN info = '0' THEN 'training_info' END;
    SELECT count(*) FROM assay.feature_info('learner') INTO info;
    found := found || CASE WHEN info::int < 3 THEN 'feature_info' END;
    -- What a learner cannot tell is an error of its own; what it tells is whole.
    FOREACH look IN ARRAY ARRAY['SELECT count(*) = 3 FROM assay.feature_importance(''learner'')', 'SELECT count(*) > 3 FROM assay.weights(''learner'') WHERE weight IS NOT NULL'] LOOP
        BEGIN
            EXECUTE look INTO holds;
            found := found || CASE WHEN NOT holds THEN look END;
        EXCEPTION WHEN SQLSTATE 'ML010' THEN
            NULL;
        END;
    END LOOP;
    -- The other version, and back.
    PERFORM assay.deploy('learner', version) FROM assay.model_versions WHERE model = 'learner' ORDER BY version DESC LIMIT 1;
    PERFORM assay.predict('learner', r) FROM learners.row AS r LIMIT 1;
    PERFORM assay.rollback('learner');
    PERFORM assay.drop_model('learner');
    -- More rows than may be held.
    BEGIN
        SET LOCAL assay.max_memory = '1MB';
        PERFORM assay.train('learner', format('SELECT r.* FROM (%s) AS r, generate_series(1, 100)', query), target, algorithm, task => task);
        found := found || 'max_memory'::text;
    EXCEPTION WHEN configuration_limit_exceeded THEN
        NULL;
    END;
    SELECT count(*) FROM assay.models WHERE model = 'learner' INTO info;
    found := found || CASE WHEN info <> '0' THEN 'drop_model' END;
    RETURN nullif(array_to_string(found, ', '), '');
END $$;
SET client_min_messages = error;
SELECT algorithm, task, problems FROM learners(), learners.problems(algorithm, task) AS problems WHERE problems IS NOT NULL;
SELECT count(*) >= 12 AS all FROM learners();
DROP SCHEMA learners CASCADE;
RESET client_min_messages;

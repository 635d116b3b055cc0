-- predict, predict_label, predict_proba, predict_expression: how a row gets to a model, which version answers, and what is refused.

-- A price that is exactly 2.5 x size + 10, with 4 more in the north and 7 more in the south.
CREATE TABLE flat AS
SELECT i AS id, 20 + (i * 17) % 83 AS size, (ARRAY['north', 'south', 'west'])[i % 3 + 1] AS region,
       2.5 * (20 + (i * 17) % 83) + 10 + (ARRAY[4, 7, 0])[i % 3 + 1] AS price,
       (i * 17) % 83 >= 40 AS large
FROM generate_series(1, 90) AS i;
ANALYZE flat;
SELECT version FROM assay.train('price', 'SELECT size, region, price FROM flat', 'price', 'linear_regression');
SELECT assay.features('price'), assay.labels('price');

-- One whole row, bound by name: extra columns and another order do not matter.
SELECT id, size, region, price, round(assay.predict('price', flat)::numeric, 3) AS predicted FROM flat WHERE id <= 3 ORDER BY id;
SELECT round(assay.predict('price', r)::numeric, 3) FROM (SELECT 'x' AS extra, 'south' AS region, 100 AS size) AS r;
CREATE TYPE offer AS (region text, size int);
SELECT round(assay.predict('price', ROW('west', 100)::offer)::numeric, 3) AS composite;
-- A column dropped from the table is out of the way.
ALTER TABLE flat DROP COLUMN large;
SELECT bool_and(abs(assay.predict('price', f) - price) < 1e-6) FROM flat AS f;
CREATE VIEW small_flat AS SELECT * FROM flat WHERE size < 30;
SELECT count(*), bool_and(abs(assay.predict('price', v) - price) < 1e-6) FROM small_flat AS v;

-- One argument a feature, in the order of features(); ROW() in that order; untyped literals.
SELECT round(assay.predict('price', size, region)::numeric, 3) FROM flat WHERE id = 1;
SELECT round(assay.predict('price', ROW(size, region))::numeric, 3) FROM flat WHERE id = 1;
SELECT round(assay.predict('price', '100', 'south')::numeric, 3) AS literals, round(assay.predict('price', 100.0::numeric, 'south'::name)::numeric, 3) AS types;

-- NULLs: a missing number is its mean, a missing category has no weight of a level; a NULL row or model has no answer.
SELECT round(avg(size), 3) AS mean_size, round((2.5 * avg(size) + 10)::numeric, 3) AS in_the_west FROM flat;
SELECT round(assay.predict('price', NULL, 'west')::numeric, 3) AS no_size, round(assay.predict('price', NULL::int, 'west')::numeric, 3) AS typed,
       round(assay.predict('price', 'NaN'::float8, 'west')::numeric, 3) AS nan, round(assay.predict('price', 'infinity'::float8, 'west')::numeric, 3) AS infinite;
SELECT assay.predict('price', NULL, NULL) IS NOT NULL AS nothing_known, assay.predict('price', NULL::flat) AS no_row, assay.predict(NULL, 100, 'west') AS no_model,
       assay.predict_label(NULL, 100, 'west') AS no_label, assay.predict_proba(NULL, 100, 'west') AS no_proba;
-- A category that training has not seen is none of its levels, whichever it is; so is NULL where training has seen no NULL.
SELECT assay.predict('price', 100, 'moon') = assay.predict('price', 100, 'sun') AS equal, assay.predict('price', 100, NULL) = assay.predict('price', 100, 'sun') AS null_too,
       assay.predict('price', 100, 'moon') IS NOT NULL AS answered;

-- What cannot be a row of the model.
CALL fails($$SELECT assay.predict('price', r) FROM (SELECT 100 AS size) AS r$$);
CALL fails($$SELECT assay.predict('price', 100)$$);
CALL fails($$SELECT assay.predict('price', 100, 'west', 1)$$);
CALL fails($$SELECT assay.predict('price')$$);
CALL fails($$SELECT assay.predict('price', 'west'::text, 100)$$);
CALL fails($$SELECT assay.predict('price', 100, 7)$$);
CALL fails($$SELECT assay.predict('price', 'large', 'west')$$);
CALL fails($$SELECT assay.predict('price', '{}'::jsonb, 'west')$$);
CALL fails($$SELECT assay.predict('price', r) FROM (SELECT true AS region, 100 AS size) AS r$$);
CALL fails($$SELECT assay.predict('price', ROW(100, 'west', 1))$$);
CALL fails($$SELECT assay.predict('price', VARIADIC ARRAY[100, 1])$$);
CALL fails($$SELECT assay.predict_proba('price', 100, 'west')$$);
CALL fails($$SELECT assay.predict_label('price', 100, 'west')$$);

-- Which model: the deployed version, a version by number, an alias.
SELECT version FROM assay.train('price', 'SELECT size, region, price * 10 AS price FROM flat', 'price', 'linear_regression', deploy => 'never');
SELECT assay.set_alias('price', 'next', 2);
SELECT round(assay.predict('price', 100, 'west')::numeric, 3) AS deployed, round(assay.predict('price@1', 100, 'west')::numeric, 3) AS first,
       round(assay.predict('price@2', 100, 'west')::numeric, 3) AS second, round(assay.predict('price@next', 100, 'west')::numeric, 3) AS next;
CALL fails($$SELECT assay.predict('prize', 100, 'west')$$);
CALL fails($$SELECT assay.predict('price@3', 100, 'west')$$);
CALL fails($$SELECT assay.predict('price@last', 100, 'west')$$);
CALL fails($$SELECT assay.predict('', 100, 'west')$$);
SELECT version FROM assay.train('asleep', 'flat', 'price', 'linear_regression', exclude => '{id}', deploy => 'never');
CALL fails($$SELECT assay.predict('asleep', 100, 'west')$$);
SELECT round(assay.predict('asleep@1', 100, 'west')::numeric, 3);
SELECT assay.drop_model('asleep');
-- The model may differ from row to row.
SELECT m, round(assay.predict(m, 100, 'west')::numeric, 3) FROM unnest('{price@1,price@2,NULL,price@next,price}'::text[]) WITH ORDINALITY AS u(m, i) ORDER BY i;
CALL fails($$SELECT assay.predict(m, 100, 'west') FROM unnest('{price@1,price@9}'::text[]) AS m$$);

-- In a read-only transaction, and in a view.
BEGIN READ ONLY;
SELECT round(assay.predict('price', 100, 'west')::numeric, 3);
COMMIT;
CREATE VIEW priced AS SELECT id, price, assay.predict('price', f) AS predicted FROM flat AS f;
SELECT count(*) FILTER (WHERE abs(price - predicted) < 1e-6) AS right_answers FROM priced;

-- A prepared statement takes the version that is deployed when it runs: after a deploy, a rollback, and a transaction rolled back.
PREPARE ask(int) AS SELECT round(assay.predict('price', $1, 'west')::numeric, 3) AS predicted;
SET plan_cache_mode = force_generic_plan;
EXECUTE ask(100);
SELECT assay.deploy('price', 2);
EXECUTE ask(100);
SELECT assay.rollback('price');
EXECUTE ask(100);
BEGIN;
SELECT assay.deploy('price', 2);
EXECUTE ask(100);
ROLLBACK;
EXECUTE ask(100);
RESET plan_cache_mode;
DEALLOCATE ask;
SELECT count(*) FILTER (WHERE abs(price - predicted) < 1e-6) AS right_answers FROM priced;

-- One expression of a procedure sees what its own transaction has deployed, and not what it has taken back, in any isolation level.
CREATE FUNCTION seen() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text = '';
BEGIN
    FOR step IN 1..5 LOOP
        BEGIN
            IF step IN (2, 4) THEN
                PERFORM assay.deploy('price', 2);
            END IF;
            answer = answer || ' ' || round(assay.predict('price', 100, 'west')::numeric);
            IF step = 2 THEN
                RAISE EXCEPTION 'take it back';
            END IF;
        EXCEPTION WHEN raise_exception THEN
            NULL;
        END;
    END LOOP;
    RETURN answer;
END $$;
BEGIN ISOLATION LEVEL READ COMMITTED;
SELECT seen();
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT seen();
ROLLBACK;

-- predict_expression gives the positional call, for a view or a dbt model.
SELECT assay.predict_expression('price', 'f'), assay.predict_expression('price@2', 'My "Table"');
SELECT format('SELECT count(*) FILTER (WHERE abs(%s - price) < 1e-6) AS right_answers FROM flat AS f', assay.predict_expression('price', 'f')) \gexec
CALL fails($$SELECT assay.predict_expression('prize', 'f')$$);
SELECT assay.predict_expression(NULL, 'f'), assay.labels(NULL), assay.features(NULL);
CALL fails($$SELECT assay.labels('prize')$$);
CALL fails($$SELECT assay.features('price@9')$$);

-- Two classes: the probability of the second label, and the label at the threshold.
SELECT version FROM assay.train('sold', 'SELECT size, garden, region, sold FROM house', 'sold', 'logistic_regression');
SELECT assay.labels('sold');
SELECT count(*) AS rows, bool_and(p[1] + p[2] BETWEEN 1 - 1e-12 AND 1 + 1e-12) AS sum_is_1, bool_and(p[2] = predict) AS second_is_positive,
       bool_and(label = CASE WHEN predict >= 0.5 THEN 'true' ELSE 'false' END) AS label_at_half
FROM (SELECT assay.predict('sold', h), assay.predict_proba('sold', h) AS p, assay.predict_label('sold', h) AS label FROM house AS h) AS scored;
SELECT assay.set_threshold('sold', 1);
SELECT assay.predict_label('sold', h), count(*) FROM house AS h GROUP BY 1 ORDER BY 1;
SELECT assay.set_threshold('sold', 0);
SELECT assay.predict_label('sold', h), count(*) FROM house AS h GROUP BY 1 ORDER BY 1;
-- The threshold belongs to a version: others keep theirs.
SELECT version FROM assay.train('sold', 'SELECT size, garden, region, sold FROM house', 'sold', 'logistic_regression', deploy => 'never');
SELECT assay.predict_label('sold@1', h) AS at_0, assay.predict_label('sold@2', h) AS at_half FROM house AS h WHERE id = 2;
CALL fails($$SELECT assay.set_threshold('sold', 1.5)$$);
CALL fails($$SELECT assay.set_threshold('sold', 'NaN')$$);
CALL fails($$SELECT assay.set_threshold('sold', NULL)$$);
CALL fails($$SELECT assay.set_threshold('sold@3', 0.5)$$);
CALL fails($$SELECT assay.set_threshold('price', 0.5)$$);

-- Three classes: no positive one, so the label and all probabilities.
SELECT version FROM assay.train('place', 'SELECT size, price - 2.5 * size AS rest, region FROM flat', 'region', 'naive_bayes');
SELECT assay.labels('place');
SELECT assay.predict_label('place', 50, 10), assay.predict_label('place', 50, 14), assay.predict_label('place', 50, 17);
SELECT round((SELECT sum(p) FROM unnest(assay.predict_proba('place', 50, 10)) AS p)::numeric, 12) AS sum, cardinality(assay.predict_proba('place', 50, 10)) AS classes;
CALL fails($$SELECT assay.predict('place', 50, 10)$$);
CALL fails($$SELECT assay.set_threshold('place', 0.5)$$);

-- Vectors: as long as in training, or missing.
SELECT features FROM assay.train('vector', 'SELECT ARRAY[size, id]::float8[] AS v, 2 * size AS y FROM flat', 'y', 'linear_regression');
SELECT assay.features('vector');
SELECT round(assay.predict('vector', ARRAY[30, 1]::float8[])::numeric, 3) AS double, round(assay.predict('vector', ARRAY[30, 1]::float4[])::numeric, 3) AS real,
       assay.predict('vector', NULL) = assay.predict('vector', ARRAY[1, 2, 3]::float8[]) AS other_length_is_missing,
       round(assay.predict('vector', ARRAY[30, NULL]::float8[])::numeric, 3) AS null_element;
CALL fails($$SELECT assay.predict('vector', 30, 1)$$);
CALL fails($$SELECT assay.predict('vector', 30)$$);

-- Enums, uuids, dates, padded texts: read as in training.
SELECT features FROM assay.train('kinds', $$
    SELECT trend, region::char(9) AS region, date '2024-01-01' + id AS day, ('00000000-0000-0000-0000-00000000000' || id % 3)::uuid AS u, price FROM house$$, 'price');
SELECT count(*) AS rows, bool_and(assay.predict('kinds', trend, region::char(20), date '2024-01-01' + id, ('00000000-0000-0000-0000-00000000000' || id % 3)::uuid)
                                = assay.predict('kinds', trend::text, region, date '2024-01-01' + id, '00000000-0000-0000-0000-00000000000' || id % 3)) AS as_text
FROM house;

SELECT assay.drop_model(model) FROM assay.models;
DROP TABLE flat CASCADE;
DROP TYPE offer;
DROP FUNCTION seen;

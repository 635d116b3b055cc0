-- predict_row, predict_values and their kin: features without SQL types, from an application, answer what typed ones do, to the bit.
CREATE TYPE grade AS ENUM ('low', 'middle', 'high');
CREATE TABLE parcel AS
SELECT i AS id, i * 1.1::float8 / 3 AS "a double", (i * 7 % 100 * 0.1)::real AS a_real, (i * 7919 % 1000)::numeric / 7 AS a_numeric, (i * 31 % 97)::bigint * 1000000007 AS a_bigint,
       (i % 5)::smallint AS a_small, i % 3 = 0 AS a_flag, date '2024-02-28' + i * 13 % 50 AS a_date, timestamp '2024-01-01' + i * 17 % 70 * interval '7 hours 0.123456 s' AS a_time,
       timestamptz '2024-01-01 00:00+00' + i * 19 % 80 * interval '5 hours 0.654321 s' AS a_moment, 'r' || i % 4 AS "Text", (ARRAY['x', 'yy', 'é'])[i % 3 + 1]::char(3) AS a_char,
       (ARRAY['low', 'middle', 'high'])[i % 3 + 1]::grade AS a_grade, ('ABCDEF00-0000-0000-0000-00000000000' || i % 3)::uuid AS a_uuid,
       ARRAY[i * 23 % 60, i * 29 % 50, 1.5 * (i * 37 % 40)]::float8[] AS a_vector, ARRAY[0.1 * (i * 41 % 30), 0.3 * (i * 43 % 20)]::real[] AS a_reals,
       sin(i) * 10 + i % 5 AS y, sin(i) > 0.2 AS yes, 'c' || i % 3 AS class
FROM generate_series(1, 300) AS i;
UPDATE parcel SET "a double" = NULL, a_numeric = NULL, a_flag = NULL, a_date = NULL, "Text" = NULL, a_vector = NULL, a_reals = ARRAY[NULL, 1] WHERE id % 9 = 0;
UPDATE parcel SET "a double" = 'NaN', a_real = 'infinity', a_date = '-infinity', a_time = 'infinity', "Text" = 'never seen' WHERE id % 50 = 1;
ANALYZE parcel;
SET client_min_messages = warning;
SELECT count(*) FROM unnest('{linear_regression,gradient_boosting,random_forest}'::text[]) AS name,
    assay.train(name, 'SELECT * FROM parcel WHERE id % 50 <> 1', 'y', name, exclude => '{id,yes,class}');
SELECT count(*) FROM unnest('{logistic_regression,naive_bayes,decision_tree}'::text[]) AS name, unnest('{yes,class}'::text[]) AS target,
    assay.train(name || ' ' || target, 'SELECT * FROM parcel WHERE id % 50 <> 1', target, name, exclude => ARRAY['id', 'y', CASE target WHEN 'yes' THEN 'class' ELSE 'yes' END]);
RESET client_min_messages;
CREATE VIEW sent AS SELECT p, to_jsonb(p) - '{id,y,yes,class}'::text[] AS object FROM parcel AS p;
-- An array in the order of the model, written by SQL, and what JSON has.
CREATE FUNCTION texts(model text, object jsonb) RETURNS text[] LANGUAGE sql RETURN
    (SELECT array_agg(object ->> name ORDER BY place) FROM unnest(assay.features(model)) WITH ORDINALITY AS f (name, place));
CREATE FUNCTION quoted(object jsonb) RETURNS jsonb LANGUAGE sql RETURN (SELECT jsonb_object_agg(key, to_jsonb(value)) FROM jsonb_each_text(object));

SELECT model, count(*), count(*) FILTER (WHERE assay.predict(model, p) IS DISTINCT FROM assay.predict_row(model, object)) AS other_rows,
       count(*) FILTER (WHERE assay.predict(model, p) IS DISTINCT FROM assay.predict_row(model, quoted(object))) AS other_quoted,
       count(*) FILTER (WHERE assay.predict(model, p) IS DISTINCT FROM assay.predict_values(model, texts(model, object))) AS other_values
FROM assay.models, sent WHERE model !~ 'class' GROUP BY model ORDER BY model COLLATE "C";
SELECT model, count(*), count(*) FILTER (WHERE assay.predict_label(model, p) IS DISTINCT FROM assay.predict_label_row(model, object)) AS other_labels,
       count(*) FILTER (WHERE assay.predict_label(model, p) IS DISTINCT FROM assay.predict_label_values(model, texts(model, object))) AS other_values,
       count(*) FILTER (WHERE assay.predict_proba(model, p) IS DISTINCT FROM assay.predict_proba_row(model, object)) AS other_probabilities,
       count(*) FILTER (WHERE assay.predict_proba(model, p) IS DISTINCT FROM assay.predict_proba_values(model, texts(model, object))) AS others
FROM assay.models, sent WHERE model ~ ' ' GROUP BY model ORDER BY model COLLATE "C";

-- What drivers send: parameters whose types PostgreSQL finds by itself, and a plan that is kept.
SELECT version FROM assay.train('house', 'SELECT size, region, sold, rooms FROM house', 'sold', 'logistic_regression');
SELECT assay.features('house');
PREPARE one AS SELECT round(assay.predict_row($1, $2)::numeric, 6) AS risk, assay.predict_label_row($1, $2), assay.predict_proba_row($1, $2) IS NOT NULL AS proba;
EXECUTE one('house', '{"size": 100, "rooms": 2, "region": "north"}');
EXECUTE one('house', '{"region": "north", "rooms": "2", "size": "1e2"}');
PREPARE two AS SELECT round(assay.predict_values($1, $2)::numeric, 6) AS risk, assay.predict_label_values($1, $2), assay.predict_proba_values($1, $2) IS NOT NULL AS proba;
EXECUTE two('house', '{100,north,2}');
SET plan_cache_mode = force_generic_plan;
EXECUTE one('house', '{"size": 100, "rooms": null, "region": null}');
EXECUTE two('house', '{100,NULL,NULL}');
SELECT round(assay.predict('house', 100, NULL, NULL)::numeric, 6) AS risk;
RESET plan_cache_mode;
DEALLOCATE ALL;
-- NULL; a model that differs by row; values that are compressed.
SELECT assay.predict_row(NULL, '{}') AS no_model, assay.predict_row('house', NULL) AS no_row, assay.predict_values('house', NULL) AS no_values;
SELECT model, assay.predict_row(model, object) = assay.predict(model, p) AS same FROM sent, unnest('{linear_regression,random_forest,logistic_regression yes}'::text[]) AS model WHERE (p).id = 7;
CREATE TABLE large_row AS SELECT jsonb_build_object('size', 100, 'rooms', 2, 'region', repeat('north', 5000)) AS features;
SELECT assay.predict_row('house', features) = assay.predict('house', 100, 'elsewhere', 2) AS same FROM large_row;
-- In parallel.
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
CREATE TABLE many AS SELECT jsonb_build_object('size', i % 100, 'rooms', i % 4, 'region', 'west') AS features, i FROM generate_series(1, 20000) AS i;
ALTER TABLE many SET (parallel_workers = 2);
ANALYZE many;
EXPLAIN (COSTS OFF) SELECT sum(assay.predict_row('house', features)) FROM many;
SELECT count(*) FROM many WHERE assay.predict_row('house', features) <> assay.predict('house', i % 100, 'west', i % 4);
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

-- What cannot be a row of the model.
CALL fails($$SELECT assay.predict_row('house', '{"size": 100, "rooms": 2}')$$);
CALL fails($$SELECT assay.predict_row('house', '{}')$$);
CALL fails($$SELECT assay.predict_row('house', '{"size": 100, "rooms": 2, "region": "north", "colour": "blue"}')$$);
CALL fails($$SELECT assay.predict_row('house', '{"Size": 100, "rooms": 2, "region": "north"}')$$);
CALL fails($$SELECT assay.predict_row('house', '[100, 2, "north"]')$$);
CALL fails($$SELECT assay.predict_row('house', 'null')$$);
CALL fails($$SELECT assay.predict_row('house', '"text"')$$);
CALL fails($$SELECT assay.predict_row('house', '{"size": "large", "rooms": 2, "region": "north"}')$$);
CALL fails($$SELECT assay.predict_row('house', '{"size": "", "rooms": 2, "region": "north"}')$$);
CALL fails($$SELECT assay.predict_row('house', '{"size": [1], "rooms": 2, "region": "north"}')$$);
CALL fails($$SELECT assay.predict_row('house', '{"size": 1, "rooms": 2, "region": 7}')$$);
CALL fails($$SELECT assay.predict_row('house', '{"size": 1, "rooms": {"a": 2}, "region": "north"}')$$);
CALL fails($$SELECT assay.predict_row('house', jsonb_build_object('size', repeat('x', 200), 'rooms', 2, 'region', 'north'))$$);
CALL fails($$SELECT assay.predict_row('linear_regression', object || '{"a_date": "2024-02-30"}') FROM sent$$);
CALL fails($$SELECT assay.predict_row('linear_regression', object || '{"a_date": 20240228}') FROM sent$$);
CALL fails($$SELECT assay.predict_row('linear_regression', object || '{"a_moment": "2024-02-28 00:00 Nowhere/City"}') FROM sent$$);
CALL fails($$SELECT assay.predict_row('linear_regression', object || '{"a_flag": "maybe"}') FROM sent$$);
CALL fails($$SELECT assay.predict_row('linear_regression', object || '{"a_uuid": "7"}') FROM sent$$);
CALL fails($$SELECT assay.predict_row('linear_regression', object || '{"a_vector": [1, "x", 2]}') FROM sent$$);
CALL fails($$SELECT assay.predict_row('linear_regression', object || '{"a_vector": 3}') FROM sent$$);
CALL fails($$SELECT assay.predict_values('house', '{100,north}')$$);
CALL fails($$SELECT assay.predict_values('house', '{}')$$);
CALL fails($$SELECT assay.predict_values('house', '{north,100,2}')$$);
CALL fails($$SELECT assay.predict_row('nobody', '{}')$$);
CALL fails($$SELECT assay.predict_label_row('linear_regression', object) FROM sent$$);
CALL fails($$SELECT assay.predict_proba_values('linear_regression', texts('linear_regression', object)) FROM sent$$);
CALL fails($$SELECT assay.predict_row('decision_tree class', object) FROM sent$$);
-- The session goes on after an error of a date.
SELECT assay.predict_row('linear_regression', object || '{"a_date": "28 Feb 2024"}') = assay.predict_row('linear_regression', object || '{"a_date": "2024-02-28"}') AS same
FROM sent WHERE (p).id = 7;

DROP VIEW sent;
DROP TABLE parcel, large_row, many;
DROP FUNCTION texts, quoted;
DROP TYPE grade;
SELECT assay.drop_model(model) FROM assay.models;

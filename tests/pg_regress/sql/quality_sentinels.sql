-- Values that stand for none: found by how they lie among the others, or by what people write; and what is none.
CREATE FUNCTION judged(query text, VARIADIC checks jsonb[])
RETURNS TABLE (name text, segment text, status text, value numeric, rows bigint, failed bigint, nulls bigint, sample jsonb, message text)
LANGUAGE sql AS $$
    SELECT name, (SELECT string_agg(s.value, ', ') FROM jsonb_each_text(segment) AS s), status, value::numeric, rows_evaluated, rows_failed, null_rows, sample, message
    FROM assay.validate(query, to_jsonb(checks))
$$;
SET timezone = 'UTC'; SET datestyle = ISO;
CREATE TABLE station AS
SELECT i AS id, CASE WHEN i % 50 = 0 THEN -999 WHEN i % 333 = 0 THEN NULL ELSE round((12 + 8 * sin(i) + 3 * cos(i * 7))::numeric, 1) END AS temperature,
    CASE WHEN i % 40 = 0 THEN 999 ELSE 18 + i * 7 % 71 END AS age, CASE WHEN i % 60 = 0 THEN 2147483647 ELSE i % 100 END AS visits,
    CASE WHEN i % 30 = 0 THEN date '1900-01-01' ELSE date '1950-01-01' + i * 13 % 20000 END AS born, CASE WHEN i % 5 <> 0 THEN date '9999-12-31' ELSE date '2024-01-01' + i % 700 END AS valid_to,
    CASE WHEN i % 25 = 0 THEN timestamptz '1970-01-01 00:00+01' ELSE timestamptz '2025-03-01 07:00+00' + i * interval '61 minutes' END AS seen,
    (ARRAY['Berlin', 'Hamburg', 'Vienna', ' n/a ', 'N/A', 'null', 'Unknown', 'Nantes', 'None so far'])[1 + i % 9] AS city, (ARRAY['NA', 'DE', 'FR', 'AT', 'ZA', 'GB'])[1 + i % 6] AS country,
    CASE WHEN i % 2 = 0 THEN 'north' ELSE 'south' END AS region
FROM generate_series(1, 1000) AS i;
SELECT name, status, value, rows, failed, nulls, sample, message FROM judged('station',
    '{"kind": "sentinel_values", "column_name": "temperature"}', '{"kind": "sentinel_values", "column_name": "age"}', '{"kind": "sentinel_values", "column_name": "visits"}', '{"kind": "sentinel_values", "column_name": "born"}',
    '{"kind": "sentinel_values", "column_name": "valid_to"}', '{"kind": "sentinel_values", "column_name": "seen"}', '{"kind": "sentinel_values", "column_name": "city"}', '{"kind": "sentinel_values", "column_name": "id"}');
-- As SQL counts them.
SELECT count(*) FILTER (WHERE temperature = -999), count(*) FILTER (WHERE age = 999), count(*) FILTER (WHERE visits = 2147483647), count(*) FILTER (WHERE born = '1900-01-01'), count(*) FILTER (WHERE valid_to = '9999-12-31'),
    count(*) FILTER (WHERE seen < '1971-01-01'), count(*) FILTER (WHERE lower(trim(city)) IN ('n/a', 'null', 'unknown')) FROM station;
-- Namibia's code is none where texts are codes; what is meant is ignored, and what is given counts wherever it lies.
SELECT name, status, failed, sample, message FROM judged('station', '{"kind": "sentinel_values", "column_name": "country"}', '{"kind": "sentinel_values", "column_name": "valid_to", "ignore": ["9999-12-31"]}', '{"kind": "sentinel_values", "column_name": "temperature", "values": [12.3], "ignore": [-999]}',
    '{"kind": "sentinel_values", "column_name": "city", "values": ["Nantes"], "ignore": ["n/a", "unknown", "NULL"]}', '{"kind": "sentinel_values", "column_name": "temperature", "mostly": 0.95}', '{"kind": "sentinel_values", "column_name": "temperature", "where": "temperature > -999"}', '{"kind": "sentinel_values", "column_name": "temperature", "where": "false"}');
SELECT name, status, failed, sample FROM judged($$SELECT CASE WHEN i % 20 = 0 THEN 'NA' ELSE 'name ' || i END AS name FROM generate_series(1, 300) AS i$$, '{"kind": "sentinel_values", "column_name": "name"}');
SELECT name, segment, status, rows, failed, nulls, sample, message FROM judged('station', '{"kind": "sentinel_values", "column_name": "temperature", "group_by": "region"}', '{"kind": "sentinel_values", "column_name": "city", "group_by": "region"}');
-- Their rows.
CREATE FUNCTION failing(declared_column text, args jsonb) RETURNS TABLE (rows bigint, found text) LANGUAGE plpgsql AS $$
DECLARE
    stored bigint := assay.add_check('station', 'sentinel_values', declared_column, args);
BEGIN
    RETURN QUERY SELECT count(*), string_agg(DISTINCT "row"->>declared_column, ', ') FROM assay.failing_rows(stored, NULL);
    PERFORM assay.drop_check(stored);
END
$$;
SELECT * FROM failing('temperature', '{}') UNION ALL SELECT * FROM failing('city', '{}') UNION ALL SELECT * FROM failing('country', '{}') UNION ALL SELECT * FROM failing('id', '{}') UNION ALL SELECT * FROM failing('born', '{}');
-- None: zeros, prices that end in nines, codes, a long tail, a constant, few values.
SELECT name, column_name, status, sample, message FROM assay.validate($$SELECT i % 3 * (i % 97) AS zeros, (i * 37 % 200) + 0.99 AS price, i % 5 AS code, round(exp(i % 1000 / 80.0)) AS tail, 7 AS same, CASE WHEN i < 9 THEN i * i * i END AS few,
    date '1990-01-01' + i % 9000 AS day, i AS id, -i % 50 AS change FROM generate_series(1, 5000) AS i$$,
    (SELECT jsonb_agg(jsonb_build_object('kind', 'sentinel_values', 'column_name', c)) FROM unnest('{zeros,price,code,tail,same,few,day,id,change}'::text[]) AS c));
SELECT name, status, message FROM judged('station', '{"kind": "sentinel_values"}', '{"kind": "sentinel_values", "column_name": "temperature", "value": [1]}', '{"kind": "sentinel_values", "column_name": "temperature", "values": ["x"]}',
    '{"kind": "sentinel_values", "column_name": "temperature", "values": 3}', '{"kind": "sentinel_values", "column_name": "nowhere"}');
DROP TABLE station;
DROP FUNCTION judged(text, jsonb[]), failing(text, jsonb);
RESET timezone; RESET datestyle;

-- Profiles as states: kept, merged, read again.

-- Four days, each profiled by itself; the whole is what one pass over all days gives.
CREATE TABLE visit AS
SELECT i % 4 AS day, i AS id, CASE WHEN i % 10 > 0 THEN (i * 7919 % 10007)::float8 / 8 END AS amount, 'page' || i % 40 AS page, md5(i::text) AS token,
       '2024-03-01'::timestamptz + i * interval '1 minute' AS at, i % 3 = 0 AS paid, CASE i % 5 WHEN 0 THEN 'NaN'::numeric WHEN 1 THEN NULL ELSE i / 7.0 END AS odd,
       jsonb_build_array(i % 6) AS doc
FROM generate_series(1, 20000) AS i;
CREATE TABLE visit_state AS SELECT day, assay.profile_state(format('SELECT id, amount, page, token, at, paid, odd, doc FROM visit WHERE day = %s', day)) AS state FROM generate_series(0, 3) AS day;
SELECT day, pg_typeof(state), pg_column_size(state) < 1000000 AS small FROM visit_state ORDER BY day;
CREATE TABLE visit_whole AS SELECT * FROM assay.profile('SELECT id, amount, page, token, at, paid, odd, doc FROM visit');
CREATE FUNCTION same_profiles(merged assay.state) RETURNS TABLE (column_name text, counts boolean, distinct_within boolean, moments boolean, median_within boolean, exact_rest boolean) STABLE LANGUAGE sql AS $$
    SELECT w.column_name, (w.data_type, w.rows, w.nulls, w.empty, w.min, w.max, w.zeros, w.negatives) IS NOT DISTINCT FROM (m.data_type, m.rows, m.nulls, m.empty, m.min, m.max, m.zeros, m.negatives),
           abs(w.distinct_estimate - m.distinct_estimate) <= 2 * coalesce((w.details->>'distinct_error')::float8, 0) * w.distinct_estimate,
           coalesce(abs(w.mean - m.mean) <= 1e-12 * abs(w.mean) AND abs(w.stddev - m.stddev) <= 1e-12 * w.stddev, w.mean IS NULL OR w.stddev IS NULL),
           coalesce(abs(w.p50 - m.p50) <= 2 * coalesce((w.details->>'quantile_error')::float8, 0) * (w.p99 - w.p01), true),
           w.details ? 'top_error' OR (w.top_values, w.meaning, w.details->'length', w.details->'days', w.details->'types') IS NOT DISTINCT FROM (m.top_values, m.meaning, m.details->'length', m.details->'days', m.details->'types')
    FROM visit_whole AS w JOIN assay.profile_of(merged) AS m USING (column_name) $$;
SELECT p.* FROM (SELECT assay.merge_states(state ORDER BY day) AS merged FROM visit_state) AS s, same_profiles(merged) AS p;
-- In another order, and one by one.
SELECT count(*) AS columns, bool_and(counts AND distinct_within AND moments AND median_within AND exact_rest) AS same
FROM (SELECT assay.merge_states(state ORDER BY day DESC) AS merged FROM visit_state) AS s, same_profiles(merged) AS p;
SELECT count(*) AS columns, bool_and(counts AND distinct_within AND moments AND median_within AND exact_rest) AS same
FROM visit_state AS a, visit_state AS b, visit_state AS c, visit_state AS d,
     same_profiles(assay.merge_states(assay.merge_states(c.state, a.state), assay.merge_states(d.state, b.state))) AS p
WHERE (a.day, b.day, c.day, d.day) = (0, 1, 2, 3);
-- Adding the state of no rows changes nothing; NULL is no state; merging leaves what is stored.
SELECT count(*) AS columns, bool_and(m = o) AS same
FROM visit_state, assay.profile_of(assay.merge_states(state, assay.profile_state('SELECT id, amount, page, token, at, paid, odd, doc FROM visit WHERE false'))) AS m JOIN assay.profile_of(state) AS o USING (column_name) WHERE day = 1;
SELECT count(*) AS lines FROM assay.profile_of(NULL);
SELECT count(*) AS lines FROM visit_state, assay.profile_of(assay.merge_states(state, NULL)) WHERE day = 2;
SELECT day, p.rows, p.min, p.max FROM visit_state, assay.profile_of(state) AS p WHERE column_name = 'id' ORDER BY day;
-- Text and binary forms, and a copy out of line.
SELECT left(state::text, 14) AS begins, bool_and(state::text::assay.state::text = state::text) OVER () AS by_text FROM visit_state LIMIT 1;
CREATE TABLE visit_copy (LIKE visit_state);
\getenv folder ASSAY_DATA
\set file :folder '/visit.copy'
COPY visit_state TO :'file' WITH (FORMAT binary);
COPY visit_copy FROM :'file' WITH (FORMAT binary);
SELECT count(*) AS columns, bool_and(p = q) AS same FROM visit_copy JOIN visit_state AS s USING (day), assay.profile_of(visit_copy.state) AS p JOIN assay.profile_of(s.state) AS q USING (column_name);
-- Columns by the hundred are several passes side by side.
CALL make_profile_wide();
SELECT p.column_name, p.rows, p.max FROM assay.profile_of(assay.merge_states(assay.profile_state('SELECT * FROM profile_wide WHERE c1 < 500'), assay.profile_state('SELECT * FROM profile_wide WHERE c1 >= 500'))) AS p
WHERE column_name IN ('c1', 'c99', 'c1600');

-- Other columns, other types, another order, another kind of state.
CALL fails($$SELECT assay.merge_states(assay.profile_state('SELECT 1 AS a'), assay.profile_state('SELECT 1 AS b'))$$);
CALL fails($$SELECT assay.merge_states(assay.profile_state('SELECT 1 AS a'), assay.profile_state('SELECT 1::int8 AS a'))$$);
CALL fails($$SELECT assay.merge_states(assay.profile_state('SELECT 1 AS a, 2 AS b'), assay.profile_state('SELECT 2 AS b, 1 AS a'))$$);
CALL fails($$SELECT assay.merge_states(assay.profile_state('SELECT 1 AS a'), assay.metric_state('mae', 1, 2))$$);
CALL fails($$SELECT assay.profile_of(assay.metric_state('mae', 1, 2))$$);
CALL fails($$SELECT assay.merge_states(assay.profile_state('SELECT 1 AS a'), assay.profile_state('SELECT 1 AS a, 2 AS b'))$$);
CALL fails($$SELECT assay.profile_state(NULL)$$);
CALL fails($$SELECT assay.profile_state('SELECT 1 AS a, 2 AS a')$$);

-- Damage: every byte changed, every length cut, another version. The bytes are read, or refused with ML011; nothing else.
CREATE TABLE small_state AS SELECT decode(substr(assay.profile_state('SELECT i AS n, ''t'' || i AS t FROM generate_series(1, 5) AS i')::text, 3), 'hex') AS bytes;
CREATE FUNCTION read_state(bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM count(*) FROM assay.profile_of(bytes::text::assay.state);
    RETURN 'read';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END $$;
SELECT read_state(set_byte(bytes, place, get_byte(bytes, place) # change)) AS result, count(*) > 0 AS some
FROM small_state, generate_series(0, length(bytes) - 1) AS place, unnest('{1,128,255}'::int[]) AS change GROUP BY 1 ORDER BY 1;
SELECT read_state(substr(bytes, 1, length)) AS result, count(*) = max(length) + 1 AS all FROM small_state, generate_series(0, length(bytes) - 1) AS length GROUP BY 1 ORDER BY 1;
CALL fails($$SELECT assay.profile_of((set_byte(bytes, 4, 2))::text::assay.state) FROM small_state$$);
DROP TABLE visit, visit_state, visit_whole, visit_copy;

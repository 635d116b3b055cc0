-- Drift between two queries: every method against what other tools say, options, columns that cannot be compared, segments, errors.

\getenv folder ASSAY_DATA
CREATE TABLE drift_reference (x float8, c text);
CREATE TABLE drift_current (x float8, c text);
\set file :folder '/drift_reference.csv'
COPY drift_reference FROM :'file' WITH (FORMAT csv, HEADER);
\set file :folder '/drift_current.csv'
COPY drift_current FROM :'file' WITH (FORMAT csv, HEADER);

-- What a person sees first.
SELECT column_name, segment, method, round(statistic::numeric, 9) AS statistic, p_value < 1e-40 AS sure, threshold, drifted, null_share_reference AS before,
       null_share_current AS after, importance, impact, reference_rows, current_rows, message, new_categories, gone_categories
FROM assay.drift('drift_reference', 'drift_current');
SELECT column_name, key, value FROM assay.drift('drift_reference', 'drift_current'), jsonb_each(details) ORDER BY column_name, key;
SELECT bin FROM assay.drift('drift_reference', 'drift_current', '{"method": "psi", "bins": 4, "columns": ["x"]}'), jsonb_array_elements(details->'bins') AS bin;

-- Evidently 0.7.23, NannyML, Soda's formula, scipy 1.17.1 and the classic PSI on these samples, to 1e-9 of the value.
CREATE TABLE golden (options jsonb, column_name text, statistic float8, p_value float8);
INSERT INTO golden VALUES
    ('{"compat": "evidently", "method": "psi"}', 'x', 0.1566735196858717, NULL),
    ('{"compat": "evidently", "method": "js_distance"}', 'x', 0.13749318670999822, NULL),
    ('{"compat": "evidently", "method": "kl"}', 'x', 0.06767146831386632, NULL),
    ('{"compat": "evidently", "method": "hellinger"}', 'x', 0.14014330774890246, NULL),
    ('{"compat": "evidently", "method": "wasserstein"}', 'x', 0.3429647004041713, NULL),
    ('{"compat": "evidently", "method": "ks"}', 'x', 0.1478, 8.777668096890868e-43),
    ('{"compat": "evidently"}', 'x', 0.3429647004041713, NULL),
    ('{"compat": "evidently", "method": "psi"}', 'c', 0.0959441986741257, NULL),
    ('{"compat": "evidently", "method": "js_distance"}', 'c', 0.10617333778506698, NULL),
    ('{"compat": "evidently", "method": "kl"}', 'c', 0.042168129422793126, NULL),
    ('{"compat": "evidently", "method": "hellinger"}', 'c', 0.10985570779448306, NULL),
    ('{"compat": "evidently", "method": "chi_square"}', 'c', NULL, 0),
    ('{"compat": "evidently"}', 'c', 0.10617333778506698, NULL),
    ('{"compat": "nannyml"}', 'x', 0.1698483222670959, NULL),
    ('{"compat": "nannyml"}', 'c', 0.12752717522929705, NULL),
    ('{"compat": "nannyml", "method": "hellinger"}', 'x', 0.14480520555236948, NULL),
    ('{"compat": "nannyml", "method": "wasserstein"}', 'x', 0.3427433242241279, NULL),
    ('{"compat": "nannyml", "method": "chi_square"}', 'c', 194.69746561539776, 5.185030195505832e-41),
    ('{"compat": "nannyml", "method": "l_infinity"}', 'c', 0.10435, NULL),
    ('{"compat": "tfdv"}', 'c', 0.10435, NULL),
    ('{"compat": "tfdv", "method": "js_divergence"}', 'c', 0.016263180421963834, NULL),
    ('{"compat": "soda", "method": "psi"}', 'x', 0.1532277098218108, NULL),
    ('{"compat": "soda", "method": "wasserstein"}', 'x', 0.30897992145451775, NULL),
    ('{"compat": "soda"}', 'x', 0.1478, 8.777668096890868e-43),
    ('{"method": "psi"}', 'x', 0.1367312465629359, NULL),
    ('{"method": "ks"}', 'x', 0.1478, 8.777668096890868e-43),
    ('{"method": "js_distance"}', 'c', 0.106173337785067, NULL),
    ('{"method": "js_distance", "log_base": 2}', 'c', 0.12752717522929705, NULL),
    ('{"method": "js_divergence", "log_base": 2}', 'c', 0.016263180421963834, NULL),
    ('{"method": "tvd"}', 'c', 0.12275, NULL),
    ('{"method": "l_infinity"}', 'c', 0.10435, NULL),
    ('{"method": "chi_square"}', 'c', 194.69746561539776, 5.185030195505832e-41),
    ('{"method": "cramers_v"}', 'c', 0.14708178587114107, NULL);
SELECT g.options, g.column_name, d.method, round(d.statistic::numeric, 10) AS statistic,
       coalesce(abs(d.statistic - g.statistic) <= 1e-9 * g.statistic, true) AND coalesce(abs(d.p_value - g.p_value) <= 1e-9 * g.p_value, true) AS agrees
FROM golden AS g, assay.drift('drift_reference', 'drift_current', g.options) AS d
WHERE d.column_name = g.column_name ORDER BY g.ctid;

-- Every method on both kinds of columns, with assay's own conventions; the order of ks and wasserstein is that of numbers.
SELECT asked, column_name, method, round(statistic::numeric, 6) AS statistic, threshold, drifted
FROM unnest('{psi,js_distance,js_divergence,hellinger,kl,tvd,l_infinity,ks,wasserstein,chi_square,cramers_v}'::text[]) WITH ORDINALITY AS m (asked, place),
     assay.drift('drift_reference', 'drift_current', jsonb_build_object('method', asked)) ORDER BY place, column_name DESC;

-- Options.
SELECT column_name, method FROM assay.drift('drift_reference', 'drift_current', '{"numeric_method": "tvd", "categorical_method": "kl"}') ORDER BY column_name;
SELECT column_name, method FROM assay.drift('drift_reference', 'drift_current', '{"method": "psi", "categorical_method": "kl", "exclude": ["x"]}');
SELECT round(statistic::numeric, 6) AS finite FROM assay.drift('drift_reference', 'drift_current', '{"method": "psi", "columns": ["c"], "smoothing": 0.01}');
SELECT statistic, drifted, message FROM assay.drift('drift_reference', 'drift_current', '{"method": "psi", "columns": ["c"], "smoothing": 0}');
SELECT statistic, drifted, message FROM assay.drift('drift_current', 'drift_reference', '{"method": "kl", "columns": ["c"], "smoothing": 0}');
SELECT bin FROM assay.drift('drift_reference', 'drift_current', '{"method": "tvd", "bins": [-1, 0, 1], "columns": ["x"]}'), jsonb_array_elements(details->'bins') AS bin;
SELECT column_name, threshold, drifted FROM assay.drift('drift_reference', 'drift_current', '{"threshold": 0.2}') ORDER BY column_name;
SELECT column_name, adjusted_p_value < 1e-40 AS sure, drifted FROM assay.drift('drift_reference', 'drift_current', '{"alpha": 1e-60}') ORDER BY column_name;
SELECT column_name, drifted FROM assay.drift('drift_reference', 'drift_current', NULL) ORDER BY column_name;
-- A tool decides as it does: no p-value of others is corrected, and some have no threshold.
SELECT compat, column_name, method, threshold, drifted, adjusted_p_value, message
FROM unnest('{evidently,nannyml,tfdv,soda}'::text[]) AS compat, assay.drift('drift_reference', 'drift_current', jsonb_build_object('compat', compat)) ORDER BY compat, column_name;
SELECT column_name, drifted FROM assay.drift('drift_reference', 'drift_current', '{"compat": "nannyml", "threshold": 0.15}') ORDER BY column_name;
-- Up to 1,000 rows Evidently takes tests.
SELECT column_name, method, threshold, drifted FROM assay.drift('SELECT * FROM drift_reference LIMIT 500', 'drift_current', '{"compat": "evidently"}') ORDER BY column_name;
-- TensorFlow Data Validation counts missing numbers as a bin of their own.
SELECT round(statistic::numeric, 9) AS js_divergence FROM assay.drift('VALUES (1.0), (2), (3), (4)', 'VALUES (1.0), (2), (3), (NULL)', '{"compat": "tfdv"}') WHERE method <> 'null_share';

-- What has not moved raises no alarm, even where it is measured to be above the threshold.
SELECT column_name, statistic > threshold AS above, drifted
FROM assay.drift('SELECT x, c FROM drift_reference LIMIT 40', 'SELECT x, c FROM drift_reference OFFSET 40 LIMIT 40') ORDER BY column_name;
SELECT column_name, statistic, p_value, drifted FROM assay.drift('drift_reference', 'drift_reference') ORDER BY column_name;

-- Every column of both sides is there, and one that cannot be compared says why.
CREATE TYPE drift_mood AS ENUM ('low', 'high');
CREATE TABLE before_odd AS
SELECT i AS id, 7 AS constant, NULL::int AS empty, i::text AS retyped, i % 5 AS widened, jsonb_build_object('i', i) AS document, '{1,2}'::int[] AS list,
       timestamp '2026-01-01' + i * interval '1 hour' AS at, date '2026-01-01' + i AS day, i % 3 = 0 AS flag, 'x' || i AS name, i AS gone,
       CASE WHEN i % 10 = 0 THEN NULL ELSE i % 4 END AS lost, CASE WHEN i % 7 = 0 THEN 'NaN'::float8 ELSE i % 4 END AS broken,
       (ARRAY['low', 'high'])[i % 2 + 1]::drift_mood AS mood, interval '1 second' * (i % 60) AS took, 5 AS was_constant, md5(i::text)::uuid AS key
FROM generate_series(1, 500) AS i;
CREATE TABLE after_odd AS
SELECT i AS id, 7 AS constant, i AS empty, i AS retyped, (i % 5)::numeric AS widened, jsonb_build_object('i', i) AS document, '{1,2}'::int[] AS list,
       timestamp '2026-06-01' + i * interval '1 hour' AS at, date '2026-01-01' + i AS day, i % 3 <> 0 AS flag, 'y' || i AS name, i AS added,
       CASE WHEN i % 2 = 0 THEN NULL ELSE i % 4 END AS lost, (i % 4)::float8 AS broken,
       (ARRAY['low', 'high'])[i % 2 + 1]::drift_mood AS mood, interval '2 seconds' * (i % 60) AS took, i % 9 AS was_constant, md5((i + 1000)::text)::uuid AS key
FROM generate_series(1, 500) AS i;
SELECT column_name, method, round(statistic::numeric, 4) AS statistic, round(p_value::numeric, 4) AS p_value, drifted, round(null_share_reference::numeric, 3) AS before,
       round(null_share_current::numeric, 3) AS after, message, array_length(new_categories, 1) AS new, array_length(gone_categories, 1) AS gone
FROM assay.drift('before_odd', 'after_odd') ORDER BY column_name, method;
-- Points in time when they are asked for; their figures are written as times.
SELECT column_name, method, round(statistic::numeric, 2) AS statistic, drifted, details->'current'->'median' AS median
FROM assay.drift('before_odd', 'after_odd', '{"columns": ["at", "day"]}') ORDER BY column_name;
SELECT details->'bins'->0 AS first_bin FROM assay.drift('before_odd', 'after_odd', '{"columns": ["day"], "method": "tvd", "bins": 2}');
-- No rows on one side or both, and no columns in common.
SELECT column_name, method, statistic, drifted, reference_rows, current_rows, message FROM assay.drift('drift_reference', 'SELECT * FROM drift_current WHERE false') ORDER BY column_name;
SELECT column_name, message FROM assay.drift('SELECT 1 AS a WHERE false', 'SELECT 1 AS a WHERE false');
SELECT column_name, message FROM assay.drift('SELECT 1 AS a', 'SELECT 2 AS b') ORDER BY column_name;
-- One row a side.
SELECT column_name, method, statistic, p_value, drifted, message FROM assay.drift('SELECT 1 AS n, ''a'' AS t', 'SELECT 2 AS n, ''b'' AS t') ORDER BY column_name;
-- Huge and tiny numbers.
SELECT method, statistic IS NULL OR statistic >= 0 AS sane FROM assay.drift('VALUES (1e308::float8), (-1e308)', 'VALUES (1.5e308::float8), (5e-324)');

-- A shift that the total hides: each segment moves, to opposite sides.
CREATE TABLE hidden AS
SELECT day, region, (CASE WHEN day = 2 THEN CASE region WHEN 'north' THEN 1 ELSE -1 END ELSE 0 END) + (i * 7919 % 1000) / 250.0 AS value,
       CASE WHEN day = 2 AND region = 'east' THEN NULL ELSE i % 3 END AS filled
FROM generate_series(1, 2) AS day, unnest('{north,south,east}'::text[]) AS region, generate_series(1, 1000) AS i WHERE day = 1 OR region <> 'east' OR i <= 300;
INSERT INTO hidden SELECT 2, 'west', i, i % 3 FROM generate_series(1, 5) AS i;
DELETE FROM hidden WHERE day = 2 AND region = 'east' AND value IS NOT NULL AND filled IS NOT NULL;
SELECT segment, column_name, method, round(statistic::numeric, 3) AS statistic, drifted, reference_rows, current_rows, message
FROM assay.drift('SELECT * FROM hidden WHERE day = 1 AND region IN (''north'', ''south'')', 'SELECT * FROM hidden WHERE day = 2 AND region IN (''north'', ''south'')',
                 '{"group_by": ["region"], "exclude": ["day", "filled"]}') ORDER BY segment NULLS FIRST, column_name, method;
SELECT segment, column_name, method, round(statistic::numeric, 3) AS statistic, drifted, reference_rows, current_rows, message
FROM assay.drift('SELECT * FROM hidden WHERE day = 1 AND region <> ''north''', 'SELECT * FROM hidden WHERE day = 2 AND region <> ''north''',
                 '{"group_by": ["region"], "columns": ["filled"]}') ORDER BY segment NULLS FIRST, column_name, method;
SELECT count(*) AS segments FROM assay.drift('SELECT i % 900 AS g, i AS v FROM generate_series(1, 5000) AS i', 'SELECT i % 900 AS g, i AS v FROM generate_series(1, 5000) AS i',
                                             '{"group_by": ["g"], "columns": ["v"]}') WHERE segment IS NOT NULL;

-- Wide: more columns than one call of the aggregate takes.
SELECT format('SELECT %s FROM generate_series(1, 50) AS i', string_agg(format('i * %s AS c%s', n, n), ', ')) AS wide FROM generate_series(1, 210) AS n \gset
SELECT count(*), count(DISTINCT column_name), bool_or(drifted) AS any FROM assay.drift(:'wide', :'wide');

-- More values than are counted exactly: the error is stated, and the answer is near.
SELECT method, round(statistic::numeric, 2) AS statistic, drifted, (details->>'rank_error')::float8 BETWEEN 1e-5 AND 0.005 AS small_error
FROM assay.drift('SELECT sqrt(i) AS v FROM generate_series(1, 40000) AS i', 'SELECT sqrt(i) + 20 AS v FROM generate_series(1, 40000) AS i', '{"method": "ks"}');
SELECT method, round(statistic::numeric, 2) AS statistic, drifted, message, new_categories
FROM assay.drift('SELECT ''n'' || i AS v FROM generate_series(1, 40000) AS i', 'SELECT ''n'' || i % 10000 AS v FROM generate_series(1, 40000) AS i');

-- Read-only, and a parallel plan gives the serial one's answer.
BEGIN READ ONLY;
SELECT count(*) FROM assay.drift('drift_reference', 'drift_current');
COMMIT;
CREATE TABLE drift_many AS SELECT i AS id, sqrt(i) AS root, i % 7 AS seven, 'c' || i % 300 AS category, CASE WHEN i % 9 > 0 THEN i % 9 END AS nine FROM generate_series(1, 60000) AS i;
ALTER TABLE drift_many SET (parallel_workers = 2);
ANALYZE drift_many;
CREATE TABLE drift_answer AS SELECT * FROM assay.drift('SELECT * FROM drift_many WHERE id <= 30000', 'SELECT * FROM drift_many WHERE id > 30000', '{"group_by": ["seven"]}');
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SELECT count(*) AS lines, bool_and(abs(p.statistic - s.statistic) <= 1e-12 AND p.p_value = s.p_value AND p.drifted = s.drifted) AS same
FROM drift_answer AS s JOIN assay.drift('SELECT * FROM drift_many WHERE id <= 30000', 'SELECT * FROM drift_many WHERE id > 30000', '{"group_by": ["seven"]}') AS p
  ON (p.column_name, p.method) = (s.column_name, s.method) AND p.segment IS NOT DISTINCT FROM s.segment;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;

-- Errors.
CALL fails($$SELECT assay.drift(NULL, 'drift_current')$$);
CALL fails($$SELECT assay.drift('drift_reference', NULL)$$);
CALL fails($$SELECT assay.drift('drift_reference', 'DELETE FROM drift_current')$$);
CALL fails($$SELECT assay.drift('drift_reference', 'nowhere')$$);
CALL fails($$SELECT assay.drift('SELECT 1 AS a, 2 AS a', 'drift_current')$$);
CALL fails($$SELECT assay.drift('SELECT FROM drift_reference', 'drift_current')$$);
CALL fails($$SELECT assay.drift('drift_reference', 'drift_current', '[]')$$);
CALL fails($$SELECT assay.drift('drift_reference', 'drift_current', '{"metod": "psi"}')$$);
CALL fails($$SELECT assay.drift('drift_reference', 'drift_current', '{"method": "psy"}')$$);
CALL fails($$SELECT assay.drift('drift_reference', 'drift_current', '{"categorical_method": "ks"}')$$);
CALL fails($$SELECT assay.drift('drift_reference', 'drift_current', '{"compat": "evidently", "method": "l_infinity"}')$$);
CALL fails($$SELECT assay.drift('drift_reference', 'drift_current', '{"compat": "spss"}')$$);
CALL fails($$SELECT assay.drift('drift_reference', 'drift_current', '{"bins": 1}')$$);
CALL fails($$SELECT assay.drift('drift_reference', 'drift_current', '{"bins": [3, 2]}')$$);
CALL fails($$SELECT assay.drift('drift_reference', 'drift_current', '{"bins": "many"}')$$);
CALL fails($$SELECT assay.drift('drift_reference', 'drift_current', '{"log_base": 1}')$$);
CALL fails($$SELECT assay.drift('drift_reference', 'drift_current', '{"log_base": "two"}')$$);
CALL fails($$SELECT assay.drift('drift_reference', 'drift_current', '{"smoothing": -1}')$$);
CALL fails($$SELECT assay.drift('drift_reference', 'drift_current', '{"threshold": -1}')$$);
CALL fails($$SELECT assay.drift('drift_reference', 'drift_current', '{"null_threshold": 2}')$$);
CALL fails($$SELECT assay.drift('drift_reference', 'drift_current', '{"alpha": 0}')$$);
CALL fails($$SELECT assay.drift('drift_reference', 'drift_current', '{"columns": ["x", "y"]}')$$);
CALL fails($$SELECT assay.drift('drift_reference', 'drift_current', '{"exclude": ["x", "c"]}')$$);
CALL fails($$SELECT assay.drift('drift_reference', 'drift_current', '{"group_by": ["region"]}')$$);
CALL fails($$SELECT assay.drift('drift_reference', 'drift_current', '{"model": "nobody"}')$$);
CALL fails($$SELECT assay.drift('drift_many', 'drift_many', '{"group_by": ["id"], "columns": ["root"]}')$$);
DROP TABLE drift_many, drift_answer, golden, hidden, before_odd, after_odd;

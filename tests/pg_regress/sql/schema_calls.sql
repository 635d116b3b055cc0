-- Every function of assay, called with NULLs, empty, huge, nested and nameless values: whatever is wrong is the caller's error, never ours.
-- Numbers of JSON that no double holds, and texts that no encoding has, are among them.
CREATE SCHEMA calls;
CREATE TABLE calls.line AS SELECT x::float8 AS x, 3.0 * x + 1 AS y, x > 20 AS large, 'c' || x % 3 AS c FROM generate_series(1, 40) AS x;
CREATE INDEX line_x ON calls.line (x);
CREATE VIEW calls.line_view AS SELECT * FROM calls.line;
CREATE SEQUENCE calls.counter;
CREATE TYPE calls.pair AS (a int, b text);
CREATE TABLE calls.parted (x float8, y float8) PARTITION BY RANGE (x);
CREATE TEMP TABLE line_temp AS SELECT * FROM calls.line;
SELECT version FROM assay.train('calls', 'calls.line', 'y', 'linear_regression', exclude => '{large}');
SELECT version FROM assay.train('calls_class', 'calls.line', 'large', 'naive_bayes', exclude => '{y}');
SELECT assay.add_check('calls.line', 'not_null', 'x', name => 'calls') > 0 AS added;
SELECT assay.save_baseline('calls', 'calls.line');

-- What an argument of a type may be, as SQL. The first is one that mostly makes sense.
CREATE TABLE calls.value (type regtype, place serial, sql text);
INSERT INTO calls.value (type, sql)
SELECT type::regtype, sql FROM (SELECT 'text' AS type, quote_literal(value) AS sql FROM unnest(ARRAY['calls', '', ' ', 'calls.line', 'SELECT', '(', '@', 'calls@', 'calls@99999999999', 'calls@-1', '"', '{NULL}', 'y', 'x',
    'SELECT x, y, x AS x FROM calls.line', 'SELECT 1e400::numeric AS x, ''infinity''::date AS y, NULL AS c', 'SELECT NULL::interval AS x, ''{}''::int[] AS y',
    'VALUES (1)', 'TABLE calls.line', 'not_null', 'predict', 'auto', 'error', 'linear_regression', U&'\202Egnitset', U&'\FEFF', U&'\0001', repeat('x', 10000), repeat('(', 5000),
    '> 1e400', '> ' || repeat('9', 400), 'x > 1', '{"x": 1e400}']) AS value
UNION ALL SELECT 'jsonb', quote_literal(value) || '::jsonb' FROM unnest(ARRAY['{}', 'null', '[]', '1', '"x"', 'true', '1e400', '-1e400', '{"x": 1e400}', '[1e400]', '[null]', '[{}]', '[[]]', '{"": null}',
    '[{"kind": "accepted_range", "column_name": "x", "args": {"max_value": 1e400}}]', '[{"kind": "accepted_values", "column_name": "x", "args": {"values": [1e400]}}]',
    '[{"kind": "not_null", "column_name": "x", "mostly": 1e400}]', '[{"kind": "not_null", "column_name": "x", "name": "\ufeff"}]', '{"alpha": 1e400}', '{"alpha": 1e300}', '{"max_categories": 1e400}', '{"group_by": [null]}',
    '{"max_iter": 99999999999999999999999}', '{"threshold": 1e400}', '{"columns": 1e400}', '{"min_value": 1e400}', '{"values": [1e400]}', '{"regex": 1e400}']) AS value
UNION ALL SELECT 'jsonb', quote_literal(repeat('[', 200) || repeat(']', 200)) || '::jsonb'
UNION ALL SELECT 'jsonb', quote_literal(repeat('{"x":', 5000) || '1' || repeat('}', 5000)) || '::jsonb'
UNION ALL SELECT 'text[]', quote_literal(value) || '::text[]' FROM unnest(ARRAY['{}', '{NULL}', '{c,NULL}', '{{c,x},{y,large}}', '{""}', '[5:6]={c,x}', '{c}', '{c,c}', '{none}']) AS value
UNION ALL SELECT 'regclass', value || '::regclass' FROM unnest(ARRAY['''calls.line''', '0', '4294967295', '''calls.line_x''', '''calls.line_view''', '''calls.counter''', '''calls.pair''', '''calls.parted''', '''line_temp''',
    '''pg_catalog.pg_class''', '''assay.model''', '''assay.checks''', '''pg_toast.pg_toast_1255''']) AS value
UNION ALL SELECT 'double precision', quote_literal(value) || '::float8' FROM unnest(ARRAY['0.5', '0', '-0', '1', '-1', 'NaN', 'Infinity', '-Infinity', '1e308', '5e-324']) AS value
UNION ALL SELECT 'double precision[]', quote_literal(value) || '::float8[]' FROM unnest(ARRAY['{1,2}', '{}', '{NULL}', '{NaN,Infinity,-Infinity}', '{1e308,-1e308,5e-324}', '{{1,2},{3,4}}', '[5:6]={1,2}', '{2,1}']) AS value
UNION ALL SELECT 'integer[]', quote_literal(value) || '::int[]' FROM unnest(ARRAY['{1,2}', '{}', '{NULL}', '{NULL,1}', '{2147483647,2147483647}', '{-2147483648,2147483647}', '{{1,2},{3,4}}', '[5:6]={1,2}']) AS value
UNION ALL SELECT 'boolean', value FROM unnest(ARRAY['true', 'false']) AS value
UNION ALL SELECT 'integer', value || '::int' FROM unnest(ARRAY['1', '0', '(-1)', '2147483647', '(-2147483648)']) AS value
UNION ALL SELECT 'bigint', value || '::bigint' FROM unnest(ARRAY['(SELECT check_id FROM assay.checks WHERE name = ''calls'')', '0', '(-1)', '9223372036854775807', '(-9223372036854775808)']) AS value
UNION ALL SELECT 'interval', quote_literal(value) || '::interval' FROM unnest(ARRAY['1 day', '0', '-1 day', '178000000 years', '-178000000 years']) AS value
UNION ALL SELECT 'assay.state', value FROM unnest(ARRAY['(SELECT assay.metric_state(''rmse'', x, y) FROM calls.line)', '(SELECT assay.metric_state(''mcc'', c, c) FROM calls.line)',
    '(SELECT assay.linear_statistics(y, x) FROM calls.line)', '(SELECT assay.linear_statistics(1e308, 1e308, -1e308) FROM calls.line)', 'assay.profile_state(''calls.line'')', '''\x00''::assay.state']) AS value
UNION ALL SELECT 'cstring', quote_literal(value) || '::cstring' FROM unnest(ARRAY['\x', '', '\xzz', '\x4173537401010000ffffffff00000000']) AS value
UNION ALL SELECT 'internal', 'NULL'
UNION ALL SELECT '"any"', value FROM unnest(ARRAY['1.5::float8', 'true', '''x''', '''x''::text', '1e400::numeric', '''NaN''::numeric', '''infinity''::date', '''infinity''::timestamptz', '''{}''::float8[]', '''{NULL}''::float8[]',
    '''{{1,2},{3,4}}''::float8[]', 'ARRAY[''x'']', 'ROW()', 'ROW(1, NULL)', '(SELECT line FROM calls.line LIMIT 1)', '(SELECT l FROM calls.line AS l LIMIT 1)', 'NULL::calls.line', '''178000000 years''::interval', '''{}''::jsonb',
    '0::oid', '''\x00''::bytea', '4294967295::regclass', 'NULL::void', '9007199254740993::bigint', '''empty''::int4range']) AS value) AS value;

-- Calls each function once for every value of every argument, the others being what makes sense or NULL; what is answered with an error that is
-- ours alone, or breaks the connection, is shown.
CREATE FUNCTION calls.try(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text;
    message text;
BEGIN
    BEGIN
        EXECUTE call;
        RAISE EXCEPTION USING ERRCODE = 'T0000';
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
        RETURN CASE WHEN state IN ('XX000', 'XX001', 'XX002', '23503', '23505', '23502', '23514') THEN left(message, 150) END;
    END;
END $$;
SET client_min_messages = error;
CREATE VIEW calls.function AS
SELECT oid, pronamespace, prokind, proname, provariadic <> 0 AS is_variadic, unnest(coalesce(proallargtypes[1:pronargs], proargtypes::oid[])) AS type, unnest(proargnames[1:pronargs]) AS name, generate_series(1, pronargs) AS place
FROM pg_proc WHERE pronamespace IN ('assay'::regnamespace, 'assay_internal'::regnamespace);

CREATE TABLE calls.argument AS
SELECT oid, pronamespace, prokind, proname, place, CASE WHEN is_variadic AND type = 'float8[]'::regtype THEN 'float8'::regtype ELSE type END AS type,
    CASE
        WHEN name IN ('task', 'split', 'deploy', 'weight', 'where', 'warn_if', 'error_if', 'severity', 'mostly', 'threshold') AND proname <> 'set_threshold' THEN 'NULL'
        WHEN name IN ('query', 'reference', 'current') THEN '''calls.line'''
        WHEN name = 'model' AND proname ~ '_(matrix|curve|threshold|label|proba)$' THEN '''calls_class'''
        WHEN name = 'checks' THEN '''[{"kind": "not_null", "column_name": "x"}]'''
        ELSE coalesce((SELECT quote_literal(usual) FROM (VALUES ('target', 'y'), ('kind', 'not_null'), ('column_name', 'x'), ('role', 'public'), ('privilege', 'predict'), ('metric', 'rmse'),
            ('algorithm', 'linear_regression'), ('alias', 'best'), ('strategy', 'most_frequent'), ('output_format', 'bucket_names'), ('exclude', '{large}')) AS known (name, usual) WHERE known.name = f.name),
            (SELECT v.sql FROM calls.value AS v WHERE v.type = CASE WHEN f.is_variadic AND f.type = 'float8[]'::regtype THEN 'float8'::regtype ELSE f.type END ORDER BY v.place LIMIT 1), 'NULL')
    END AS usual
FROM calls.function AS f;
INSERT INTO calls.value (type, sql) SELECT DISTINCT type, 'NULL' FROM calls.argument;

-- One argument is each of its type's values in turn; then all arguments of the type are.
CREATE TABLE calls.tried AS
SELECT f.oid::regproc AS function, call.sql, calls.try(call.sql) AS fault
FROM (SELECT DISTINCT oid, pronamespace, prokind, proname FROM calls.argument) AS f, LATERAL (
    SELECT DISTINCT format('SELECT %s.%I(%s)%s', f.pronamespace::regnamespace, f.proname, string_agg(CASE WHEN other.place = a.place OR (every AND other.type = a.type) THEN v.sql ELSE other.usual END, ', ' ORDER BY other.place),
        CASE f.prokind WHEN 'a' THEN ' FROM calls.line' WHEN 'w' THEN ' OVER (ORDER BY x ROWS BETWEEN 3 PRECEDING AND 1 PRECEDING) FROM calls.line' END) AS sql
    FROM calls.argument AS a JOIN calls.value AS v USING (type) CROSS JOIN (VALUES (false), (true)) AS all_of_type (every) JOIN calls.argument AS other ON other.oid = a.oid
    WHERE a.oid = f.oid GROUP BY a.place, v.place, every) AS call;

SELECT count(*) > 5000 AS many, count(DISTINCT function::oid) = (SELECT count(*) FROM pg_proc WHERE pronamespace IN ('assay'::regnamespace, 'assay_internal'::regnamespace) AND pronargs > 0) AS all_functions FROM calls.tried;
SELECT DISTINCT ON (function, fault) function, left(sql, 200) AS sql, fault FROM calls.tried WHERE fault IS NOT NULL ORDER BY function, fault, length(sql), sql;

SELECT assay.drop_check(check_id) FROM assay.checks WHERE name = 'calls';
SELECT assay.drop_baseline('calls');
SELECT assay.drop_model(model) FROM assay.models WHERE model ~ '^calls';
DROP TABLE line_temp;
DROP SCHEMA calls CASCADE;
RESET client_min_messages;

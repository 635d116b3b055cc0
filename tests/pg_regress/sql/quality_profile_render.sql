-- assay.render_profile: a page that a person reads.
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET timezone = 'UTC';
\pset format unaligned
\pset tuples_only on

SELECT assay.render_profile('german_credit');
SELECT assay.render_profile('SELECT size, garden, trend, price, sold FROM house');
SELECT assay.render_profile('typed');
SELECT assay.render_profile('special');
CREATE TABLE nothing (a int, b text, c timestamptz, d jsonb, e int[], f bool);
INSERT INTO nothing DEFAULT VALUES;
INSERT INTO nothing DEFAULT VALUES;
SELECT assay.render_profile('nothing');
SELECT assay.render_profile('SELECT 1 AS one');

-- What a column is taken for.
SELECT assay.render_profile($$
    SELECT i AS serial, 1000000007::bigint * i * i % 9007199254740993 AS key, md5(i::text)::uuid AS uuid, md5(i::text) AS hash, 'A-' || i AS code, 30000 + i * i % 49999 AS salary,
           i % 5 AS grade, i % 2 AS flag, (ARRAY['yes', 'no'])[i % 2 + 1] AS yes_no, (ARRAY['red', 'green', 'blue'])[i % 3 + 1] AS colour,
           'user' || i || '@example.org' AS email, 'https://example.org/' || i AS url, '10.0.' || i % 256 || '.1' AS ip, '+49 30 ' || 1000000 + i AS phone,
           to_char('2024-01-01'::date + i % 300, 'DD.MM.YYYY') AS german_date, to_char('2024-01-01'::date + i % 300, 'MM/DD/YYYY') AS us_date,
           '2024-01-01'::date + i % 300 AS day, '2024-01-01'::timestamp + i * interval '1 hour' AS at, (i * 1.5)::text AS amount, '€ ' || i || '.50' AS price, i || ' %' AS percent,
           '{"a": 1}' AS json, jsonb_build_object('a', i) AS jsonb, array_fill(i, ARRAY[i % 4]) AS list, 'The customer called ' || i || ' times about it' AS remark,
           CASE WHEN i % 3 = 0 THEN to_char('2024-01-01'::date + i, 'DD/MM/YYYY') ELSE to_char('2024-01-01'::date + i, 'YYYY-MM-DD') END AS two_orders, repeat(' ', i % 3) AS blanks, decode(md5(i::text), 'hex') AS bytes,
           (100 + i) || '-' || 10 + i % 90 || '-' || 1000 + i AS ssn, '0-306-' || 10000 + i || '-2' AS isbn, '2024-' || 100000 + i AS ordered, '(555) ' || 100 + i || '-' || 1000 + i AS us_phone,
           NULL::int AS missing, 'same' AS same, CASE WHEN i % 50 = 0 THEN 'n/a' ELSE i::text END AS mostly_number, i * interval '1 second' AS lasted, (i % 24)::text || ':30' AS clock
    FROM generate_series(1, 300) AS i$$);

-- Hostile texts stay on their line, and lines within their width.
CREATE TABLE "pro
file" ("a
new line" text, "esc[31m" text, "rtl ‮ override" text, "שלום" text, "日本語の列の名前はとても長いのです" text, "a very long name of a column that goes on and on and on" text, "e" text);
INSERT INTO "pro
file" SELECT E'x\ny', E'\u001b[31mred\u001b[0m', E'abc\u202Edef', 'مرحبا', repeat('日本', 40), repeat('long ', 100), E'\u0301\u200B' FROM generate_series(1, 30);
SELECT assay.render_profile('"pro
file"');
SELECT max(length(line)) <= 118 AS within, count(*) AS lines, bool_or(line ~ E'[\\u0001-\\u001f\\u007f\\u200b\\u202e]') AS any_control
FROM unnest(string_to_array(assay.render_profile($$SELECT chr(n) || 'x' AS v, repeat(chr(n), 300) AS w FROM generate_series(1, 800) AS n$$) || E'\n' || assay.render_profile('"pro
file"'), E'\n')) AS line;
CALL make_profile_wide();
SELECT array_length(string_to_array(assay.render_profile('profile_wide'), E'\n'), 1) AS lines;

CALL fails($$SELECT assay.render_profile('SELECT 1 AS a, 2 AS a')$$);
CALL fails($$SELECT assay.render_profile(NULL)$$);
CALL fails($$SELECT assay.render_profile('typed', 'pdf')$$);
CALL fails($$SELECT assay.render_profile('typed', NULL)$$);

-- In the other formats.
SELECT regexp_replace(assay.render_profile('SELECT size, garden, trend FROM house', 'markdown'), '_Made .*', '_Made ..._');
SELECT length(page) < 1000000 AS small, page ~ 'Columns: the first 50 of' AS first, page !~* '<script|https?:|src=' AS closed
FROM assay.render_profile('profile_wide', 'html') AS page;

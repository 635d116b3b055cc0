-- A stored check means what it meant when it was added, whoever runs it, with whatever settings.

CREATE SCHEMA here;
CREATE SCHEMA there;
CREATE TABLE here.sale (id int, day text, region text);
INSERT INTO here.sale VALUES (1, '02/03/2026', 'north'), (2, '02/04/2026', 'a\b'), (3, NULL, 'south');
CREATE TABLE here.region (name text);
INSERT INTO here.region VALUES ('north'), ('south'), ('a\b');
CREATE TABLE there.region (name text);
CREATE FUNCTION here.good(int) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION there.good(int) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT false';

SET search_path = here;
SET DateStyle = 'SQL, DMY';
SET TimeZone = 'Asia/Seoul';
SELECT assay.add_check('sale', 'relationships', 'region', '{"to": "region", "field": "name"}', name => 'parent') > 0 AS added;
SELECT assay.add_check('sale', 'equal_rowcount', args => '{"compare_model": "region"}', name => 'as many') > 0 AS added;
SELECT assay.add_check('sale', 'expression_is_true', args => '{"expression": "good(id)"}', name => 'good') > 0 AS added;
SELECT assay.add_check('sale', 'expression_is_true', args => '{"expression": "extract(month from day::date) > 2"}', name => 'day first', "where" => 'day is not null') > 0 AS added;
SELECT assay.add_check('sale', 'expression_is_true', args => '{"expression": "timestamptz ''2026-01-01 00:00+00'' = ''2026-01-01 09:00''"}', name => 'zone') > 0 AS added;
SELECT assay.add_check('sale', 'expression_is_true', args => '{"expression": "to_char(interval ''36 hours'', ''HH24'') = ''36'' and interval ''36 hours''::text = ''@ 36 hours''"}', name => 'interval') > 0 AS added;
SELECT assay.add_check('sale', 'expression_is_true', args => '{"expression": "region ~ ''^[a-z\\\\]+$''"}', name => 'backslash') > 0 AS added;
SELECT assay.add_check('sale', 'accepted_values', 'region', '{"values": ["north", "south", "a\\b"]}', name => 'values') > 0 AS added;
RESET search_path;
RESET DateStyle;
RESET TimeZone;
SET escape_string_warning = off;
\echo as it was added
SET search_path = here;
SET DateStyle = 'SQL, DMY';
SELECT name, status, message FROM assay.run_checks('here.sale');
\echo under another path, another style of dates, another zone
SET search_path = there, pg_catalog;
SET DateStyle = 'ISO, MDY';
SET IntervalStyle = 'iso_8601';
SET TimeZone = 'America/New_York';
SELECT name, status, message FROM assay.run_checks('here.sale') WHERE status <> 'pass';
SELECT count(*) AS failing FROM assay.checks, assay.failing_rows(check_id) WHERE relation = 'here.sale'::pg_catalog.regclass AND name IN ('parent', 'good', 'day first', 'zone');
\echo with backslashes that escape, identifiers in quotes, float digits, row security off, and another table in front
SET standard_conforming_strings = off;
SET quote_all_identifiers = on;
SET extra_float_digits = -15;
SET row_security = off;
SET transform_null_equals = on;
CREATE TEMP TABLE region (name text);
SELECT name, status, message FROM assay.run_checks('here.sale') WHERE status <> 'pass';
SELECT count(*) AS explained FROM assay.explain_checks('here.sale') WHERE answered_by <> 'error';
SELECT assay.assert_checks('here.sale');
\echo the settings of the session are as they were
SELECT setting FROM pg_settings WHERE name IN ('search_path', 'DateStyle', 'IntervalStyle', 'TimeZone', 'standard_conforming_strings', 'quote_all_identifiers', 'extra_float_digits', 'row_security') ORDER BY name;
\echo added with backslashes that escape, run with those that do not
SELECT assay.add_check('here.sale', 'expression_is_true', args => E'{"expression": "region ~ ''^[a-z\\\\\\\\\\\\\\\\]+$''"}', name => 'other backslash') > 0 AS added;
RESET ALL;
SET escape_string_warning = off;
SELECT name, status, message FROM assay.run_checks('here.sale') WHERE name = 'other backslash';
DROP TABLE pg_temp.region;

-- A type named text, and others, in front of the search path.
CREATE SCHEMA front;
CREATE TYPE front.text AS ENUM ('a');
CREATE TYPE front.jsonb AS ENUM ('a');
CREATE DOMAIN front.bigint AS front.text;
CREATE DOMAIN front.float8 AS front.text;
SET search_path = front, pg_catalog, here;
SELECT assay.add_check('here.sale', 'unique', 'id', name => 'unique') AS "unique" \gset
SELECT assay.add_check('here.sale', 'unique_combination', args => '{"combination_of_columns": ["id", "region"]}', name => 'combination') > 0 AS added;
SELECT assay.add_check('here.sale', 'monotonic', 'id', '{"sort_column": "id"}', name => 'monotonic') > 0 AS added;
SELECT assay.add_check('here.sale', 'no_gaps', 'id', '{"interval": 1}', name => 'gaps') > 0 AS added;
SELECT assay.add_check('here.sale', 'equality', args => '{"compare_model": "select * from here.sale"}', name => 'equality') > 0 AS added;
SELECT assay.add_check('here.sale', 'near_duplicates', 'region', name => 'near') > 0 AS added;
SELECT assay.add_check('here.sale', 'anomaly', args => '{"metric": "row_count"}', name => 'anomaly') > 0 AS added;
SELECT name, status FROM assay.run_checks('here.sale') WHERE status <> 'pass' ORDER BY name;
SELECT kind, status, message FROM assay.validate('here.sale', '[{"kind": "unique", "column_name": "id"}, {"kind": "relationships", "column_name": "region", "to": "here.region", "field": "name"}, {"kind": "near_duplicates", "column_name": "region"}]');
SELECT count(*) AS suggested FROM assay.suggest_checks('select i, i::pg_catalog.text as t from pg_catalog.generate_series(1, 40) as i') WHERE kind = 'unique';
SELECT count(*) AS failing FROM assay.failing_rows(:unique);
RESET search_path;

-- A condition that cannot even be parsed under the settings of now holds nobody up.
SET standard_conforming_strings = off;
SELECT assay.add_check('here.sale', 'not_null', 'id', "where" => $$region <> 'a\'b'$$, name => 'unparsable') > 0 AS added;
RESET standard_conforming_strings;
SELECT name, status, message FROM assay.run_checks('here.sale') WHERE name IN ('unparsable', 'unique') ORDER BY name;
-- Nor does one that cannot be read.
DO $$ BEGIN
    FOR depth IN 100..140 LOOP
        PERFORM assay.add_check('here.sale', 'accepted_values', 'region', ('{"values": [' || repeat('[', depth) || repeat(']', depth) || ']}')::jsonb, name => 'deep');
    END LOOP;
EXCEPTION WHEN invalid_parameter_value THEN RAISE INFO '%', SQLERRM;
END $$;
SELECT count(*) > 0 AS ran FROM assay.run_checks('here.sale');

SELECT assay.drop_check(check_id) FROM assay.checks WHERE relation = 'here.sale'::regclass;
SET client_min_messages = warning;
DROP SCHEMA here, there, front CASCADE;

-- Where the rows come from: names that bite, views, partitions, foreign tables, wide tables, long lists of checks; and how it is answered.
SET datestyle = ISO;

CREATE SCHEMA "odd; schema";
CREATE TABLE "odd; schema"."o""dd' table" ("a""; drop table x; --" int, "%s {} $1" text, "Ünï" text, "select" int);
CREATE TABLE x AS SELECT 1 AS kept;
INSERT INTO "odd; schema"."o""dd' table" SELECT i, CASE WHEN i % 4 > 0 THEN $$it's "quoted" \ $$ || i END, repeat('é', i), i % 2 FROM generate_series(1, 12) AS i;
\set odd '[{"kind": "not_null", "column_name": "%s {} $1"}, {"kind": "accepted_range", "column_name": "a\\"; drop table x; --", "max_value": 10}, {"kind": "unique", "column_name": "%s {} $1"}, {"kind": "unique_combination", "combination_of_columns": ["select", "Ünï"]}, {"kind": "length_between", "column_name": "Ünï", "max_value": 11}, {"kind": "matches_regex", "column_name": "%s {} $1", "regex": "^it''s \\"quoted\\" \\\\\\\\ \\\\d+$"}, {"kind": "not_accepted_values", "column_name": "%s {} $1", "values": ["it''s \\"quoted\\" \\\\ 5"]}, {"kind": "mean_between", "column_name": "a\\"; drop table x; --", "max_value": 5, "group_by": ["select"]}, {"kind": "monotonic", "column_name": "a\\"; drop table x; --", "sort_column": "Ünï", "group_by": ["select"]}, {"kind": "near_duplicates", "columns": ["%s {} $1", "Ünï", "a\\"; drop table x; --"]}, {"kind": "outliers", "column_name": "a\\"; drop table x; --"}, {"kind": "expression_is_true", "expression": "\\"a\\"\\"; drop table x; --\\" < 12 /* as it is */"}, {"kind": "relationships", "column_name": "select", "to": "\\"odd; schema\\".\\"o\\"\\"dd'' table\\"", "field": "a\\"; drop table x; --"}]'
SELECT name, segment, status, value, rows_evaluated AS rows, rows_failed AS failed, sample, message FROM assay.validate('"odd; schema"."o""dd'' table"', :'odd');
SELECT count(assay.add_check('"odd; schema"."o""dd'' table"', one->>'kind', one->>'column_name', one - '{kind,column_name,group_by}'::text[], group_by => ARRAY(SELECT jsonb_array_elements_text(one->'group_by')))) AS added FROM jsonb_array_elements(:'odd') AS one;
SELECT count(*) AS lines, count(*) FILTER (WHERE status = 'error') AS errors, count(*) FILTER (WHERE status = 'fail') AS fail FROM assay.run_checks('"odd; schema"."o""dd'' table"');
SELECT string_agg("row"->>'a"; drop table x; --', ' ' ORDER BY kind, check_id) AS rows FROM assay.checks AS c, assay.failing_rows(c.check_id) WHERE c.relation = '"odd; schema"."o""dd'' table"'::regclass AND c.kind IN ('accepted_range', 'not_null');
SELECT count(*) FROM assay.checks AS c, assay.failing_rows(c.check_id) WHERE c.relation = '"odd; schema"."o""dd'' table"'::regclass AND c.kind IN ('unique', 'unique_combination', 'monotonic', 'outliers', 'expression_is_true', 'relationships');
SELECT * FROM x;
-- A name that is a statement is a column's name all the same; a column that is not there is none.
SELECT status, message FROM assay.validate('x', '[{"kind": "not_null", "column_name": "kept\"; DROP TABLE x; --"}, {"kind": "not_null", "column_name": "kept", "group_by": "kept); DROP TABLE x; --"}, {"kind": "not_null", "column_name": ""}]');
SELECT name, kind, column_name, status, message FROM assay.validate('x', '[
    {"kind": "expression_is_true", "expression": "true) FROM x; DROP TABLE x; --"},
    {"kind": "expression_is_true", "expression": "true) OR (true"},
    {"kind": "expression_is_true", "expression": "true, true"},
    {"kind": "expression_is_true", "expression": "true /* open"},
    {"kind": "expression_is_true", "column_name": "kept", "expression": "> 0) OR (true"},
    {"kind": "not_null", "column_name": "kept", "where": "kept = 1 UNION SELECT 1"}]');
SELECT status, message FROM assay.validate('x', '[{"kind": "expression_is_true", "expression": "nextval(''assay.quality_check_id_seq'') > 0"}, {"kind": "expression_is_true", "expression": "(SELECT count(*) FROM x) = 1"}, {"kind": "expression_is_true", "expression": "kept"}]');

-- A view, a materialized view, a partitioned table, a foreign table, inheritance, a temporary table: the same answers.
CREATE TABLE sale (id int NOT NULL, region text, amount numeric, day date) PARTITION BY RANGE (day);
CREATE TABLE sale_old PARTITION OF sale FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE sale_new PARTITION OF sale FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
INSERT INTO sale SELECT i, 'r' || i % 3, CASE WHEN i % 11 > 0 THEN i END, date '2025-06-01' + i FROM generate_series(1, 400) AS i;
INSERT INTO sale SELECT * FROM sale WHERE id = 7;
CREATE VIEW sale_view AS SELECT * FROM sale;
CREATE MATERIALIZED VIEW sale_kept AS SELECT * FROM sale;
CREATE TEMP TABLE sale_passing AS SELECT * FROM sale;
CREATE TABLE sale_parent (LIKE sale);
CREATE TABLE sale_child () INHERITS (sale_parent);
INSERT INTO sale_parent SELECT * FROM sale WHERE id <= 200;
INSERT INTO sale_child SELECT * FROM sale WHERE id > 200;
CREATE EXTENSION postgres_fdw;
DO $$ BEGIN
    EXECUTE format('CREATE SERVER here FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host %L, port %L, dbname %L)', split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port'), current_database());
    EXECUTE format('CREATE USER MAPPING FOR CURRENT_USER SERVER here OPTIONS (user %L)', current_user);
END $$;
CREATE FOREIGN TABLE sale_foreign (id int, region text, amount numeric, day date) SERVER here OPTIONS (schema_name 'public', table_name 'sale_kept');
\set some '[{"kind": "not_null", "column_name": "amount"}, {"kind": "unique", "column_name": "id"}, {"kind": "accepted_range", "column_name": "amount", "max_value": 390}, {"kind": "mean_between", "column_name": "amount", "min_value": 0, "group_by": "region"}, {"kind": "row_count_between", "max_value": 400}, {"kind": "no_gaps", "column_name": "day", "group_by": "month(day)"}, {"kind": "quantile_between", "column_name": "amount", "quantile": 0.9, "min_value": 0}, {"kind": "within_n_stdevs", "column_name": "amount", "sigma_threshold": 1.5}]'
SELECT count(*) AS sources, answer FROM unnest('{sale,sale_view,sale_kept,sale_passing,sale_parent,sale_foreign,SELECT * FROM sale}'::text[]) AS source,
    LATERAL (SELECT string_agg(format('%s %s %s %s', r.name, r.segment, r.status, round(r.value::numeric, 3)), E'\n' ORDER BY r.name, r.segment) AS answer FROM assay.validate(source, :'some') AS r) AS a
GROUP BY answer;
-- A partition has its own checks; the partitioned table's are of all partitions.
SELECT assay.add_check('sale', 'row_count_between', args => '{"min_value": 401, "max_value": 401}') > 0 AND assay.add_check('sale_new', 'accepted_range', 'day', '{"min_value": "2026-01-01"}') > 0 AND assay.add_check('sale_foreign', 'not_null', 'id') > 0 AND assay.add_check('sale_view', 'not_null', 'id') > 0 AND assay.add_check('sale_kept', 'not_null', 'id') > 0 AS added;
SELECT relation, kind, status, value FROM assay.run_checks() WHERE relation LIKE 'public.sale%' ORDER BY relation;

-- How each check is answered. A unique index or a foreign key proves without reading, as long as it holds for all rows at every moment.
CREATE TABLE customer (id int PRIMARY KEY, code text, email text, born date, town text, CONSTRAINT code_once UNIQUE (code) DEFERRABLE);
CREATE UNIQUE INDEX ON customer (lower(email));
CREATE UNIQUE INDEX town_once ON customer (town) WHERE id > 0;
CREATE TABLE bill (id int PRIMARY KEY, customer_id int REFERENCES customer, other_id int, day date, amount numeric);
ALTER TABLE bill ADD CONSTRAINT not_yet FOREIGN KEY (other_id) REFERENCES customer NOT VALID;
INSERT INTO customer SELECT i, 'c' || i FROM generate_series(1, 5) AS i;
INSERT INTO bill SELECT i, i, i, date '2026-01-01' + i, i FROM generate_series(1, 5) AS i;
SELECT count(assay.add_check('customer', 'unique', column_name)) AS added FROM unnest('{id,code,email,town}'::text[]) AS column_name;
SELECT assay.add_check('customer', 'unique_combination', args => '{"combination_of_columns": ["id", "code"]}') > 0 AND assay.add_check('customer', 'unique', 'id', group_by => '{town}', name => 'unique in segments') > 0 AND assay.add_check('customer', 'type_is', 'id', '{"column_type": "int"}') > 0 AND assay.add_check('customer', 'columns_match', args => '{"column_list": ["id"], "match": "contain_set"}') > 0
    AND assay.add_check('bill', 'relationships', 'customer_id', '{"to": "customer", "field": "id"}') > 0 AND assay.add_check('bill', 'relationships', 'other_id', '{"to": "customer", "field": "id"}') > 0 AND assay.add_check('bill', 'relationships', 'customer_id', '{"to": "SELECT id FROM customer", "field": "id"}', name => 'to a query') > 0
    AND assay.add_check('bill', 'not_null', 'day') > 0 AND assay.add_check('bill', 'mean_between', 'amount', '{"min_value": 1}', "where" => 'day > ''2026-01-01''') > 0 AND assay.add_check('bill', 'outliers', 'amount') > 0 AND assay.add_check('bill', 'within_n_stdevs', 'amount') > 0 AND assay.add_check('bill', 'near_duplicates', args => '{"columns": ["day", "amount"]}') > 0
    AND assay.add_check('bill', 'expression_is_true', args => '{"expression": "amount > 0"}') > 0 AS added;
ALTER TABLE customer ALTER town TYPE varchar(3);
SELECT relation, name, answered_by, sql IS NOT NULL AS sql, message FROM assay.explain_checks('customer');
SELECT relation, name, answered_by, sql IS NOT NULL AS sql, message FROM assay.explain_checks('bill');
SELECT sql FROM assay.explain_checks('bill') WHERE answered_by = 'shared scan' AND name IS NULL;
SELECT sql FROM assay.explain_checks('bill') WHERE name = 'relationships_other_id';
SELECT name, status, value, rows_evaluated AS rows, message FROM assay.run_checks('customer');
SELECT name, status, value, rows_evaluated AS rows FROM assay.run_checks('bill');
-- What is proved is not read, unless segments are to be counted.
BEGIN;
SELECT pg_stat_get_xact_numscans('customer'::regclass) AS scans \gset
SELECT status, message FROM assay.validate('customer', '[{"kind": "unique", "column_name": "id"}]');
SELECT pg_stat_get_xact_numscans('customer'::regclass) - :scans AS scans;
SELECT status FROM assay.validate('customer', '[{"kind": "unique", "column_name": "id", "group_by": "town"}]');
SELECT pg_stat_get_xact_numscans('customer'::regclass) - :scans AS scans;
COMMIT;
-- A key whose triggers are off proves nothing.
ALTER TABLE bill DISABLE TRIGGER ALL;
SELECT answered_by FROM assay.explain_checks('bill') WHERE name = 'relationships_customer_id';
ALTER TABLE bill ENABLE TRIGGER ALL;
ALTER TABLE bill DROP COLUMN amount;
SELECT name, answered_by, message FROM assay.explain_checks('bill') WHERE answered_by = 'error';
SELECT count(*) AS relations FROM (SELECT DISTINCT relation FROM assay.explain_checks() WHERE relation ~ 'sale|customer|bill|odd') AS r;
SELECT count(*) AS none FROM assay.explain_checks('x');

-- Ten thousand checks of one table, and sixteen hundred columns.
CREATE TABLE few AS SELECT i AS a, i % 7 AS b, 't' || i AS c FROM generate_series(1, 100) AS i;
SELECT status, count(*), sum(value) AS value FROM assay.validate('few', (SELECT jsonb_agg(jsonb_build_object('kind', 'accepted_range', 'column_name', CASE WHEN i % 2 = 0 THEN 'a' ELSE 'b' END, 'max_value', i % 100)) FROM generate_series(1, 10000) AS i)) GROUP BY status ORDER BY status;
SELECT sum(greatest(100 - i % 100, 0)) FILTER (WHERE i % 2 = 0) + sum((SELECT count(*) FROM few WHERE b > i % 100)) FILTER (WHERE i % 2 = 1) AS value FROM generate_series(1, 10000) AS i;
SELECT format('CREATE TABLE wide (%s)', string_agg('c' || i || ' int', ', ')) FROM generate_series(1, 1600) AS i \gexec
SELECT format('INSERT INTO wide SELECT %s FROM generate_series(1, 20) AS r', string_agg(format('nullif(r * %s %% 97, 5)', i), ', ')) FROM generate_series(1, 1600) AS i \gexec
SELECT count(*) AS checks, sum(rows_failed) AS failed, min(rows_evaluated) AS rows FROM assay.validate('wide', (SELECT jsonb_agg(jsonb_build_object('kind', 'not_null', 'column_name', 'c' || i)) FROM generate_series(1, 1600) AS i));
SELECT count(*) FILTER (WHERE r * i % 97 = 5) AS failed FROM generate_series(1, 20) AS r, generate_series(1, 1600) AS i;

-- Parallel plans give the same answers, segments, samples and sketches of few values included.
CREATE TABLE many AS SELECT i AS id, i * 7 % 1000 AS x, CASE WHEN i % 17 > 0 THEN (i % 50)::text END AS t, (i % 5)::numeric / 2 AS g FROM generate_series(1, 60000) AS i;
ANALYZE many;
\set all '[{"kind": "not_null", "column_name": "t"}, {"kind": "accepted_range", "column_name": "x", "max_value": 990}, {"kind": "accepted_range", "column_name": "x", "max_value": 990, "group_by": ["g", "t"]}, {"kind": "matches_regex", "column_name": "t", "regex": "^[1-4]"}, {"kind": "mean_between", "column_name": "x", "min_value": 0, "group_by": "g"}, {"kind": "sum_between", "column_name": "x", "min_value": 0}, {"kind": "stddev_between", "column_name": "x", "min_value": 0}, {"kind": "distinct_count_between", "column_name": "t", "min_value": 0, "group_by": "g"}, {"kind": "quantile_between", "column_name": "x", "quantile": 0.3, "min_value": 0}, {"kind": "most_common_value", "column_name": "t", "value_set": ["7"], "top_n": 3}, {"kind": "unique", "column_name": "x", "group_by": "g"}, {"kind": "scale_shift", "column_name": "x", "group_by": "g"}, {"kind": "mixed_formats", "column_name": "t"}, {"kind": "null_share_by_segment", "column_name": "t", "group_by": "g"}, {"kind": "outliers", "column_name": "x"}, {"kind": "within_n_stdevs", "column_name": "x", "sigma_threshold": 1}]'
CREATE TABLE serial_answer AS SELECT row_number() OVER () AS line, r.* FROM assay.validate('many', :'all') AS r;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 4;
CREATE TABLE parallel_answer AS SELECT row_number() OVER () AS line, r.* FROM assay.validate('many', :'all') AS r;
SELECT count(*) AS lines, count(*) FILTER (WHERE (s.name, s.segment, s.status, s.metric, s.rows_evaluated, s.rows_failed, s.null_rows, s.message) IS NOT DISTINCT FROM (p.name, p.segment, p.status, p.metric, p.rows_evaluated, p.rows_failed, p.null_rows, p.message) AND s.sample IS NOT DISTINCT FROM p.sample AND (s.value = p.value OR abs(s.value - p.value) <= 1e-12 * abs(s.value))) AS same
FROM serial_answer AS s JOIN parallel_answer AS p USING (line);
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size; RESET max_parallel_workers_per_gather;

SET client_min_messages = warning;
SELECT count(assay.drop_check(check_id)) > 20 AS dropped FROM assay.checks WHERE added_by = current_user::regrole;
DROP SCHEMA "odd; schema" CASCADE;
DROP EXTENSION postgres_fdw CASCADE;
DROP TABLE x, sale, sale_parent, bill, customer, few, wide, many, serial_answer, parallel_answer CASCADE;

-- Stored checks as a document: exported, imported, and what is refused; disabled and enabled; how they stand by their last run.

ALTER SEQUENCE assay.quality_check_id_seq RESTART WITH 1000;
CREATE TABLE parcel (id int, region text, status text, weight numeric, sent timestamptz);
INSERT INTO parcel SELECT i, (ARRAY['north', 'south', 'west'])[i % 3 + 1], (ARRAY['open', 'sent'])[i % 2 + 1], i, '2026-01-01' FROM generate_series(1, 30) AS i;
UPDATE parcel SET weight = -1 WHERE id IN (3, 4, 5);
UPDATE parcel SET id = 1 WHERE id = 2;
CREATE TABLE "Odd: name" (x int);
SELECT assay.add_check('parcel', 'unique', 'id', name => 'sent once', tags => '{nightly,keys}') AS once \gset
SELECT assay.add_check('parcel', 'accepted_range', 'weight', '{"min_value": 0}', group_by => '{region}', "where" => E'status <> ''lost''\nAND weight IS NOT NULL', warn_if => '>0', error_if => '>=20%') AS range \gset
SELECT assay.add_check('parcel', 'accepted_values', 'status', '{"values": ["open", "sent", "no", "007", "ü", ""]}', severity => 'warn', mostly => 0.9) AS status \gset
SELECT assay.add_check('"Odd: name"', 'row_count_between', args => '{"max_value": 1e3}', name => 'yes: "quoted"') AS odd \gset
-- Two of one name: each is found again.
SELECT assay.add_check('parcel', 'not_null', 'id') AS twin, assay.add_check('parcel', 'not_null', 'id', error_if => '>3') AS other_twin \gset

\pset format unaligned
\pset tuples_only on
SELECT assay.export_checks();
SELECT assay.export_checks('parcel', format => 'json');
SELECT assay.export_checks('parcel', '{keys,nothing}');
SELECT assay.export_checks('parcel', '{nothing}'), assay.export_checks('parcel', '{nothing}', 'json');
\pset format aligned
\pset tuples_only off
-- What was exported and is imported changes nothing.
SELECT action, count(*) FROM assay.import_checks(assay.export_checks(), remove => true) GROUP BY action;
SELECT action, count(*) FROM assay.import_checks(assay.export_checks(format => 'json'), remove => true) GROUP BY action;
SELECT assay.export_checks(format => 'json')::json IS NOT NULL AS is_json;

-- How often a check has to pass for its issues to be closed goes along, and is 1 where a document does not say it.
SELECT assay.close_after(:range, 3);
SELECT line FROM regexp_split_to_table(assay.export_checks('parcel'), '\n') AS line WHERE line LIKE '%passes%';
SELECT (assay.export_checks('parcel', format => 'json')::jsonb -> 'checks' -> 'public.parcel' -> 1) ->> 'passes_to_close' AS passes_to_close;
SELECT assay.export_checks('parcel') AS document \gset
SELECT action, count(*) FROM assay.import_checks(:'document') GROUP BY action;
SELECT assay.close_after(:range, 1), assay.close_after(:status, 2), assay.disable_check(:status);
SELECT action, check_id = :range AS is_range, message FROM assay.import_checks(:'document', dry_run => true) WHERE action <> 'unchanged' ORDER BY check_id;
SELECT action, check_id = :range AS is_range, message FROM assay.import_checks(:'document') WHERE action <> 'unchanged' ORDER BY check_id;
SELECT check_id = :range AS is_range, passes_to_close, enabled FROM assay.checks WHERE check_id IN (:range, :status) ORDER BY check_id;
-- Of a check that is added, and of one whose conditions change, too; add_check leaves it as it is.
SELECT action, message FROM assay.import_checks('checks: {parcel: [{name: closes, kind: not_null, column_name: sent, passes_to_close: 1000, enabled: false}]}');
SELECT action, message FROM assay.import_checks('checks: {parcel: [{name: closes, kind: not_null, column_name: sent, mostly: 0.5, passes_to_close: 7}]}');
SELECT assay.add_check('parcel', 'not_null', 'sent', name => 'closes') AS closes \gset
SELECT mostly, passes_to_close, enabled FROM assay.checks WHERE check_id = :closes;
CALL fails($$SELECT * FROM assay.import_checks('checks: {parcel: [{name: closes, kind: not_null, column_name: sent, passes_to_close: 0}]}')$$);
CALL fails($$SELECT * FROM assay.import_checks('checks: {parcel: [{name: closes, kind: not_null, column_name: sent, passes_to_close: 1001}]}')$$);
CALL fails($$SELECT * FROM assay.import_checks('checks: {parcel: [{name: closes, kind: not_null, column_name: sent, passes_to_close: often}]}')$$);
SELECT assay.drop_check(:closes);

-- What is edited is updated, by its number; what is new is added; the rest stays, or goes.
SELECT $$
version: 1
checks:
  parcel:             # as the search path finds it
    - name: sent once
      kind: unique
      column_name: id
      severity: warn
    - {kind: not_null, column: region, tags: nightly, where: "id > 0"}
    - name: not_null_id
      kind: not_null
      column_name: id
      enabled: false
$$ AS document \gset
SELECT * FROM assay.import_checks(:'document', remove => true, dry_run => true);
SELECT count(*) AS still FROM assay.checks WHERE relation = 'parcel'::regclass;
SELECT action, name, message FROM assay.import_checks(:'document');
SELECT action, name, check_id = :once AS same, message FROM assay.import_checks(:'document', remove => true) ORDER BY check_id;
SELECT name, column_name, severity, tags, enabled FROM assay.checks WHERE relation = 'parcel'::regclass ORDER BY check_id;
SELECT action, count(*) FROM assay.import_checks(assay.export_checks(), remove => true) GROUP BY action;
SELECT action, name, message FROM assay.import_checks('{"checks": {"parcel": [{"kind": "not_null", "column_name": "id"}]}}');
SELECT action, name FROM assay.import_checks('checks: {parcel: []}', remove => true);
SELECT * FROM assay.import_checks('checks: {}');

-- All or nothing; a dry run says of each what is wrong.
SELECT $$
checks:
  public.parcel:
    - {kind: not_null, column_name: id}
    - {kind: not_nul, column_name: id}
    - {kind: not_null, column_name: nowhere}
    - {kind: not_null, column_name: id, added_by: postgres}
    - {kind: accepted_range, column_name: weight, min_value: 2, args: {min_value: 1}}
    - {kind: not_null, column_name: id, enabled: "no"}
    - {kind: expression_is_true, expression: "true; DROP TABLE parcel"}
    - text
  nowhere: [{kind: not_empty}]
  '"a; b"': []
$$ AS document \gset
SELECT action, relation, name, check_id, message FROM assay.import_checks(:'document', dry_run => true);
CALL fails(format('SELECT * FROM assay.import_checks(%L)', :'document'));
SELECT count(*) AS none FROM assay.checks WHERE relation = 'parcel'::regclass;
CALL fails($$SELECT * FROM assay.import_checks('checks: {public.parcel: [{kind: not_empty}], parcel: []}')$$);
CALL fails($$SELECT * FROM assay.import_checks('[]')$$);
CALL fails($$SELECT * FROM assay.import_checks('')$$);
CALL fails($$SELECT * FROM assay.import_checks('check: {}')$$);
CALL fails($$SELECT * FROM assay.import_checks('checks: {parcel: 1}')$$);
CALL fails($$SELECT * FROM assay.import_checks('{"version": 2, "checks": {}}')$$);
CALL fails($$SELECT * FROM assay.import_checks('{"checks": {}, "checks": {}}')$$);
CALL fails($$SELECT * FROM assay.import_checks('checks: &a {parcel: [*a]}')$$);
CALL fails($$SELECT * FROM assay.import_checks('checks: {parcel: [{kind: accepted_values, column_name: status, values: [007]}]}')$$);
CALL fails($$SELECT * FROM assay.import_checks('checks: ' || repeat('[', 100000))$$);
CALL fails($$SELECT * FROM assay.import_checks('checks: {a: ' || repeat('- ', 20000))$$);
CALL fails($$SELECT * FROM assay.import_checks(NULL)$$);
CALL fails($$SELECT assay.export_checks(format => 'xml')$$);

-- Roles: nobody imports a check in another's name, nor changes or drops another's.
CREATE ROLE assay_importer;
CREATE ROLE assay_reader;
SELECT assay.add_check('parcel', 'unique', 'id', name => 'mine') AS mine, assay.add_check('parcel', 'not_null', 'id', name => 'stays') AS stays \gset
GRANT TRIGGER, SELECT ON parcel TO assay_importer;
GRANT SELECT ON parcel TO assay_reader;
SET ROLE assay_importer;
SELECT action, name, message FROM assay.import_checks('checks: {parcel: [{name: mine, kind: unique, column_name: id}, {name: his, kind: not_empty}]}', remove => true);
SELECT name, added_by FROM assay.checks WHERE relation = 'parcel'::regclass ORDER BY check_id;
CALL fails($$SELECT * FROM assay.import_checks('checks: {parcel: [{name: mine, kind: unique, column_name: id, severity: warn}]}')$$);
CALL fails($$SELECT * FROM assay.import_checks('checks: {parcel: [{name: mine, kind: unique, column_name: id, enabled: false}]}')$$);
CALL fails($$SELECT assay.add_check('parcel', 'not_empty', name => 'mine')$$);
SET ROLE assay_reader;
CALL fails($$SELECT * FROM assay.import_checks('checks: {parcel: [{kind: not_empty}]}')$$);
CALL fails(format('SELECT assay.disable_check(%s)', :mine) || '/* not his */');
CALL fails(format('SELECT assay.enable_check(%s)', :mine) || '/* not his */');
RESET ROLE;
-- A check by a name that is there is changed, for who acts for its adder, and stays that of its adder.
SELECT assay.add_check('parcel', 'not_empty', name => 'his', tags => '{changed}') = check_id AS same FROM assay.checks WHERE name = 'his';
GRANT assay_importer TO assay_reader;
GRANT TRIGGER ON parcel TO assay_reader;
SET ROLE assay_reader;
SELECT action, name, message FROM assay.import_checks('checks: {parcel: [{name: his, kind: not_empty, severity: warn}]}');
RESET ROLE;
SELECT name, added_by, severity, tags FROM assay.checks WHERE name = 'his';

-- Disabled checks do not run, and are seen to be disabled; whoever may set triggers may do both.
SET ROLE assay_importer;
SELECT assay.disable_check(:mine);
RESET ROLE;
SELECT name, status FROM assay.run_checks('parcel');
SELECT name, enabled FROM assay.checks WHERE relation = 'parcel'::regclass ORDER BY check_id;
SELECT count(*) AS failing FROM assay.failing_rows(:mine);
SELECT name FROM assay.explain_checks('parcel') WHERE name IS NOT NULL;
SELECT assay.add_check('parcel', 'unique', 'id', name => 'mine', tags => '{again}') = :mine AS same;
SELECT name, status, message FROM assay.check_summary('parcel');
SELECT assay.enable_check(:mine);
SELECT name, status FROM assay.run_checks('parcel', '{again}');
CALL fails('SELECT assay.disable_check(0)');
CALL fails('SELECT assay.enable_check(NULL)');
SELECT assay.drop_check(check_id) FROM assay.checks WHERE relation = 'parcel'::regclass;
REVOKE ALL ON parcel FROM assay_importer, assay_reader;
SELECT checks, results > 0 AS results FROM unnest('{assay_importer,assay_reader}'::text[]) AS role, assay.drop_owned(role);
DROP ROLE assay_importer, assay_reader;

-- Assertions count checks, not segments.
SELECT assay.add_check('parcel', 'accepted_range', 'weight', '{"min_value": 0}', group_by => '{region}') AS range,
       assay.add_check('parcel', 'not_null', 'weight', group_by => '{region}') AS not_null,
       assay.add_check('parcel', 'row_count_between', args => '{"min_value": 20}', group_by => '{region,id}', name => 'many of each') AS many \gset
CALL fails($$SELECT assay.assert_checks('parcel')$$);

-- Ages read as intervals.
BEGIN;
CREATE TABLE feed AS SELECT now() - interval '4 days 02:15' AS seen;
SELECT assay.add_check('feed', 'recency', 'seen', '{"interval": 1, "datepart": "day"}', name => 'fresh') AS fresh \gset
SELECT value, threshold, message FROM assay.run_checks('feed');
SAVEPOINT before;
SELECT assay.assert_checks('feed');
ROLLBACK TO before;
SELECT * FROM assay.check_summary('feed');
SELECT value, threshold, message FROM assay.validate('SELECT now() + interval ''90 minutes'' AS seen', '[{"kind": "recency", "column_name": "seen", "interval": "36 hours"}]');
ROLLBACK;

-- The summary: the last run, the worst first, no line wider than the page.
SELECT assay.drop_check(:many);
SELECT assay.add_check('parcel', 'unique', 'id', name => 'every parcel is sent no more than once') AS once, assay.add_check('parcel', 'mean_between', 'weight', '{"min_value": 20}') AS mean,
       assay.add_check('parcel', 'expression_is_true', args => '{"expression": "weight / (id - 9) > 0"}', name => 'divides') AS divides \gset
SELECT name, status, rows, message FROM assay.check_summary('parcel') ORDER BY name;
SELECT count(*) > 0 AS ran FROM assay.run_checks('parcel');
SELECT * FROM assay.check_summary('parcel');
SELECT * FROM assay.check_summary('parcel', 120);
SELECT name FROM assay.check_summary(width => 60) LIMIT 1;
SELECT count(*) FROM (SELECT to_jsonb(s) FROM assay.check_summary AS s EXCEPT SELECT to_jsonb(s) FROM assay.check_summary() AS s) AS others;
CALL fails($$SELECT * FROM assay.check_summary('parcel', 59)$$);
CALL fails($$SELECT * FROM assay.check_summary('parcel', NULL)$$);
DROP TABLE parcel, "Odd: name";
SELECT assay.drop_check(check_id) FROM assay.checks;

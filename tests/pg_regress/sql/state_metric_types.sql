-- Metrics by declared types, and scans whose row is one value: what engines that split aggregates, or send them to another server, can take.

CREATE TYPE grade AS ENUM ('good', 'bad');
CREATE TABLE typed_row AS SELECT i AS id, i % 3 = 0 AS y, (i * 37 % 100) / 128.0::float8 AS p, i % 5 > 2 AS called, (i % 7)::int AS n, (i % 6)::int AS guess FROM generate_series(1, 200) AS i;
INSERT INTO typed_row VALUES (201, NULL, 0.5, true, 1, NULL), (202, true, NULL, NULL, NULL, 3);

-- Which aggregate a call means: the view says what it depends on.
CREATE FUNCTION meant(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
    EXECUTE 'CREATE TEMPORARY VIEW meant_view AS SELECT ' || call || ' AS x FROM typed_row';
    SELECT string_agg(d.refobjid::regprocedure::text, ', ') INTO answer FROM pg_depend AS d JOIN pg_rewrite AS r ON r.oid = d.objid
    WHERE r.ev_class = 'meant_view'::regclass AND d.refclassid = 'pg_proc'::regclass AND d.refobjid::regprocedure::text LIKE 'assay.%';
    DROP VIEW meant_view;
    RETURN replace(answer, 'double precision', 'float8');
END $$;
SELECT call, meant('assay.' || call) FROM unnest(ARRAY['roc_auc(y, p)', 'roc_auc(y::int, p)', 'roc_auc(y::int::int2, p::numeric)', 'roc_auc(y::int::int8, 1)', 'roc_auc(y::text, p)', 'roc_auc(y::text::varchar, p)',
    'roc_auc(y::text::char(5), p::numeric)', 'roc_auc(''good''::grade, p)', 'roc_auc(NULL, p)', 'roc_auc(y, ''0.5'')', 'accuracy(y, called)', 'accuracy(y, true)', 'accuracy(y, ''t'')', 'accuracy(''a'', ''b'')', 'accuracy(n, guess)', 'accuracy(n::int8, guess)',
    'accuracy(n::int2, guess::int2)', 'accuracy(n::numeric, guess)', 'accuracy(y::text, ''true'')', 'accuracy(''good''::grade, ''bad''::grade)', 'accuracy(NULL, NULL)', 'rmse(p, p)', 'rmse(n, guess)', 'rmse(n, p)', 'rmse(n::numeric, 1.5)',
    'rmse(n::int8, guess::float4)', 'rmse(1, ''2'')', 'metric_state(''rmse'', n, p)', 'metric_state(''accuracy'', y, called)', 'metric_state(''rmse''::assay.metric, n, p)', 'metric_state(''accuracy''::assay.metric, ''good''::grade, ''bad''::grade)', 'metric_state(NULL, y, p)']) AS call;

-- Whatever the types, the answer is the same.
SELECT count(DISTINCT a) AS answers, round(min(a)::numeric, 6) AS roc_auc
FROM (SELECT assay.roc_auc(y, p) AS a FROM typed_row UNION ALL SELECT assay.roc_auc(y::int::float8, p) FROM typed_row UNION ALL SELECT assay.roc_auc(y::text, p) FROM typed_row
      UNION ALL SELECT assay.roc_auc(CASE WHEN y THEN 'bad' WHEN NOT y THEN 'good' END::grade, p) FROM typed_row UNION ALL SELECT assay.metric_of(assay.metric_state('roc_auc', y, p)) FROM typed_row
      UNION ALL SELECT assay.metric_of(assay.metric_state('roc_auc'::assay.metric, y, p)) FROM typed_row UNION ALL SELECT assay.metric_of(assay.metric_state('roc_auc', y::text, p)) FROM typed_row
      UNION ALL SELECT assay.metric_of(assay.metric_state('roc_auc'::assay.metric, y::text, p)) FROM typed_row UNION ALL SELECT assay.metric_of(assay.metric_state('roc_auc'::assay.metric, y::int::float8, p)) FROM typed_row) AS a;
SELECT count(DISTINCT a) AS answers
FROM (SELECT ROW(assay.average_precision(y, p), assay.log_loss(y, p), assay.brier_score(y, p)) AS a FROM typed_row
      UNION ALL SELECT ROW(assay.average_precision(y::int::float8, p), assay.log_loss(y::int::float8, p), assay.brier_score(y::int::float8, p)) FROM typed_row
      UNION ALL SELECT ROW(assay.average_precision(y::text, p), assay.log_loss(y::text, p), assay.brier_score(y::text, p)) FROM typed_row) AS a;
SELECT count(DISTINCT a) AS answers
FROM (SELECT ROW(assay.accuracy(y, called), assay.precision(y, called), assay.recall(y, called), assay.f1(y, called), assay.mcc(y, called)) AS a FROM typed_row
      UNION ALL SELECT ROW(assay.accuracy(y::text, called::text), assay.precision(y::text, called::text), assay.recall(y::text, called::text), assay.f1(y::text, called::text), assay.mcc(y::text, called::text)) FROM typed_row
      UNION ALL SELECT ROW(assay.accuracy(y::int, called::int), assay.precision(y::int, called::int), assay.recall(y::int, called::int), assay.f1(y::int, called::int), assay.mcc(y::int, called::int)) FROM typed_row
      UNION ALL SELECT ROW(assay.accuracy(y::int::int8, called::int), assay.precision(y::int::int8, called::int), assay.recall(y::int::int8, called::int), assay.f1(y::int::int8, called::int), assay.mcc(y::int::int8, called::int)) FROM typed_row) AS a;
SELECT count(DISTINCT a) AS answers
FROM (SELECT ROW(assay.rmse(n, guess), assay.mae(n, guess), assay.mape(n, guess), assay.mse(n, guess), assay.r2(n, guess), assay.median_absolute_error(n, guess)) AS a FROM typed_row
      UNION ALL SELECT ROW(assay.rmse(n, guess::float8), assay.mae(n, guess::float8), assay.mape(n, guess::float8), assay.mse(n, guess::float8), assay.r2(n, guess::float8), assay.median_absolute_error(n, guess::float8)) FROM typed_row
      UNION ALL SELECT ROW(assay.rmse(n::numeric, guess), assay.mae(n::numeric, guess), assay.mape(n::numeric, guess), assay.mse(n::numeric, guess), assay.r2(n::numeric, guess), assay.median_absolute_error(n::numeric, guess)) FROM typed_row) AS a;
SELECT count(DISTINCT assay.metric_of(s)) AS answers
FROM (SELECT assay.metric_state('accuracy', y, called) AS s FROM typed_row UNION ALL SELECT assay.metric_state('accuracy'::assay.metric, y, called) FROM typed_row
      UNION ALL SELECT assay.metric_state('accuracy', y::text, called::text) FROM typed_row UNION ALL SELECT assay.metric_state('accuracy'::assay.metric, y::text, called::text) FROM typed_row
      UNION ALL SELECT assay.metric_state('accuracy', y::int, called::int) FROM typed_row UNION ALL SELECT assay.metric_state('accuracy'::assay.metric, y::int, called::int) FROM typed_row) AS s;
-- The enum has the metrics, and no others.
SELECT count(*) AS metrics, bool_and(known) AS known
FROM (SELECT assay.metric_state(m, CASE WHEN m::text ~ 'roc|precision|loss|score' THEN 1 ELSE 2 END, CASE WHEN m::text IN ('accuracy', 'precision', 'recall', 'f1', 'mcc') THEN 1 ELSE 0.5 END) IS NOT NULL AS known
      FROM unnest(enum_range(NULL::assay.metric)) AS m GROUP BY m) AS m;
SELECT assay.metric_state(NULL::assay.metric, n, p) IS NULL AS no_metric, assay.metric_state('rmse'::assay.metric, n, p) IS NULL AS no_rows FROM typed_row WHERE id < 0;
CALL fails($$SELECT assay.metric_state('accuracy'::assay.metric, y, p) FROM typed_row$$);
CALL fails($$SELECT assay.metric_state('rmse', y, called) FROM typed_row$$);
CALL fails($$SELECT assay.metric_state('none'::assay.metric, n, p) FROM typed_row$$);
-- In parallel plans, too.
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
SELECT round(assay.roc_auc(y, p)::numeric, 6) AS roc_auc, round(assay.accuracy(y, called)::numeric, 6) AS accuracy FROM typed_row;
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size; RESET max_parallel_workers_per_gather;

-- A scan whose plan is bytes, and one whose row is one value, find what the scan of columns finds.
\set plan '{"columns": [{"name": "id", "type_name": "integer", "kind": "integer"}, {"name": "p", "type_name": "double precision", "kind": "float"}, {"name": "y", "type_name": "boolean", "kind": "bool"}, {"name": "t", "type_name": "text", "kind": "text"}], "profiled": [0, 1, 2, 3], "shared_by": 4, "checks": [{"column": 1, "test": "not_null"}]}'
SELECT count(DISTINCT s::text) AS states
FROM (SELECT assay_internal.scan(:'plan', id, p, y, 'u' || guess) AS s FROM typed_row
      UNION ALL SELECT assay_internal.scan(convert_to(:'plan', 'UTF8'), id, p, y, 'u' || guess) FROM typed_row
      UNION ALL SELECT assay_internal.scan_cells(convert_to(:'plan', 'UTF8'), assay_internal.cells(id, p, y, 'u' || guess)) FROM typed_row) AS s;
SELECT assay_internal.scan_cells(convert_to(:'plan', 'UTF8'), NULL) IS NULL AS no_cells, assay_internal.scan_cells(NULL, assay_internal.cells(id, p)) IS NULL AS no_rows, assay_internal.scan(NULL::bytea, id) IS NULL AS no_plan FROM typed_row WHERE id < 0;
SELECT assay_internal.cells(1, NULL::text, 'ä'::text, 1.5, true) AS cells;
CALL fails($$SELECT assay_internal.scan_cells(NULL, assay_internal.cells(id)) FROM typed_row$$);
CALL fails($$SELECT assay_internal.scan_cells('\xff', assay_internal.cells(id)) FROM typed_row$$);
CALL fails($$SELECT assay_internal.scan('\xff'::bytea, id) FROM typed_row$$);
CALL fails($$SELECT assay_internal.scan_cells('{"columns": [{"name": "t", "type_name": "text", "kind": "text"}]}', assay_internal.cells(id)) FROM typed_row$$);
CALL fails($$SELECT assay_internal.scan_cells('{"columns": [{"name": "t", "type_name": "text", "kind": "text"}]}', assay_internal.cells('a'::text, 'b'::text)) FROM typed_row$$);
CALL fails($$SELECT assay_internal.scan_cells('{"columns": [{"name": "t", "type_name": "text", "kind": "text"}]}', '\x03ffffff7f41') FROM typed_row$$);
CALL fails($$SELECT assay_internal.scan_cells('{"columns": [{"name": "t", "type_name": "text", "kind": "text"}]}', '\x0301000000ff') FROM typed_row$$);

DROP FUNCTION meant;
DROP TABLE typed_row;
DROP TYPE grade;

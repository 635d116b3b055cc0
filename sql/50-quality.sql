-- Data quality: one pass over a relation answers its profile and its checks.

CREATE FUNCTION assay_internal.scan_step(assay.state, text, VARIADIC "any") RETURNS assay.state
AS 'MODULE_PATHNAME', 'scan_step_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION assay_internal.scan_step(assay.state, text, "any") IS 'A row of the aggregate assay_internal.scan.';

CREATE AGGREGATE assay_internal.scan(plan text, VARIADIC columns "any") (
    SFUNC = assay_internal.scan_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, PARALLEL = safe);
COMMENT ON AGGREGATE assay_internal.scan(text, "any") IS
'One pass over rows that answers a plan: profiles of columns, and any number of checks with their segments. plan: JSON that names the columns and their kinds, as assay.explain_checks shows it; the columns follow, in its order. The state can be stored and merged with those of other rows. O(columns + checks) per row; memory is bounded whatever the rows. Errors: 22023 a plan that does not suit the arguments.';

CREATE FUNCTION assay_internal.scan_step(assay.state, bytea, VARIADIC "any") RETURNS assay.state
AS 'MODULE_PATHNAME', 'scan_step_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION assay_internal.scan_step(assay.state, bytea, "any") IS 'A row of the aggregate assay_internal.scan.';

CREATE AGGREGATE assay_internal.scan(plan bytea, VARIADIC columns "any") (
    SFUNC = assay_internal.scan_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, PARALLEL = safe);
COMMENT ON AGGREGATE assay_internal.scan(bytea, "any") IS
'The same with the bytes of the plan in UTF-8: postgres_fdw, which keeps an aggregate over a constant text at home, sends this one to another server.';

CREATE FUNCTION assay_internal.cells(VARIADIC columns "any") RETURNS bytea
AS 'MODULE_PATHNAME', 'row_cells_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 5;
COMMENT ON FUNCTION assay_internal.cells("any") IS 'The values of a row as assay_internal.scan takes them in, for assay_internal.scan_cells. At most 100.';

CREATE FUNCTION assay_internal.scan_cells_step(assay.state, bytea, bytea) RETURNS assay.state
AS 'MODULE_PATHNAME', 'scan_cells_step_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION assay_internal.scan_cells_step(assay.state, bytea, bytea) IS 'A row of the aggregate assay_internal.scan_cells.';

CREATE AGGREGATE assay_internal.scan_cells(plan bytea, cells bytea) (
    SFUNC = assay_internal.scan_cells_step, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, PARALLEL = safe);
COMMENT ON AGGREGATE assay_internal.scan_cells(bytea, bytea) IS
'What assay_internal.scan gives, with the row as one value that assay_internal.cells makes: engines that split aggregates over nodes by their declared types (Citus) can split this one. Errors: 22023 a plan that cannot be read, ML011 bytes that are no row of its columns.';

CREATE FUNCTION assay_internal.row_fails(plan text, VARIADIC columns "any") RETURNS boolean
AS 'MODULE_PATHNAME', 'row_fails_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION assay_internal.row_fails(text, "any") IS
'Whether a row fails one of the checks of a plan, as assay_internal.scan would count it. Checks of a column as a whole fail no row. Errors as in assay_internal.scan.';

CREATE TYPE assay.check_result AS (
    check_id bigint, name text, kind text, relation text, column_name text, segment jsonb, status text, severity text,
    metric text, value double precision, threshold text, rows_evaluated bigint, rows_failed bigint, fraction_failed double precision,
    null_rows bigint, sample jsonb, duration_ms double precision,
    message text, fraction_low double precision, fraction_high double precision, p_value double precision, role text,
    snapshot_at timestamptz);
COMMENT ON TYPE assay.check_result IS
'What a check found, in its relation or in one segment.
Example: SELECT name, status, value, rows_failed, message FROM assay.validate(''application'', ''[{"kind": "unique", "column_name": "id"}]'')';
COMMENT ON COLUMN assay.check_result.check_id IS 'The stored check; NULL for one given to assay.validate.';
COMMENT ON COLUMN assay.check_result.name IS 'The check''s name.';
COMMENT ON COLUMN assay.check_result.kind IS 'The kind of check.';
COMMENT ON COLUMN assay.check_result.relation IS 'The relation, or the query.';
COMMENT ON COLUMN assay.check_result.column_name IS 'The column that the check is about, if it is about one.';
COMMENT ON COLUMN assay.check_result.segment IS 'What group_by names, with the segment''s values; NULL without group_by, and for what was found in all segments together.';
COMMENT ON COLUMN assay.check_result.status IS 'pass, warn, fail, error (it could not run, so nothing is known) or skipped (too little to judge).';
COMMENT ON COLUMN assay.check_result.severity IS 'error or warn: what a failure is to its user.';
COMMENT ON COLUMN assay.check_result.metric IS 'What value is.';
COMMENT ON COLUMN assay.check_result.value IS 'The figure found, also on pass.';
COMMENT ON COLUMN assay.check_result.threshold IS 'What the status was decided by.';
COMMENT ON COLUMN assay.check_result.rows_evaluated IS 'Rows that the condition selects, those with NULL included; NULL where a proof made it unnecessary to read them.';
COMMENT ON COLUMN assay.check_result.rows_failed IS 'Rows that fail; NULL for checks of a figure.';
COMMENT ON COLUMN assay.check_result.fraction_failed IS 'rows_failed as a share of rows_evaluated.';
COMMENT ON COLUMN assay.check_result.null_rows IS 'Rows whose value is NULL, which fails no check but not_null.';
COMMENT ON COLUMN assay.check_result.sample IS 'Some failing values, or more about the figure.';
COMMENT ON COLUMN assay.check_result.duration_ms IS 'What the check took by itself, beside the pass that checks share.';
COMMENT ON COLUMN assay.check_result.message IS 'Why it could not run or was skipped, or how it was answered.';
COMMENT ON COLUMN assay.check_result.fraction_low IS 'The lower end of the 95 % Wilson interval of the share of failing rows.';
COMMENT ON COLUMN assay.check_result.fraction_high IS 'The upper end of it.';
COMMENT ON COLUMN assay.check_result.p_value IS 'With mostly and group_by: how likely so many failing rows are if the share that is let pass holds; corrected for the number of segments by Benjamini and Hochberg.';
COMMENT ON COLUMN assay.check_result.role IS 'The role that it ran as.';
COMMENT ON COLUMN assay.check_result.snapshot_at IS 'The time of the snapshot that it saw: what was committed by then is in it. With REPEATABLE READ it is the start of the transaction.';

CREATE FUNCTION assay.validate(query text, checks jsonb) RETURNS SETOF assay.check_result
AS 'MODULE_PATHNAME', 'validate_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE ROWS 30;
COMMENT ON FUNCTION assay.validate(text, jsonb) IS
'Runs checks that are not stored on the rows of a query or relation, which is read once for all checks that judge row by row; unique, unique_combination, duplicate_rows, relationships, monotonic, no_gaps, sequential_values, stuck_values, mutually_exclusive_ranges, correlation_between, equal_rowcount, row_count_ratio, equality and near_duplicates take a statement each, within_n_stdevs, outliers and sentinel_values a second pass, and scale_shift one where it has something to compare.
checks: a JSON array of objects with the keys kind, column_name, args (or the arguments beside the others), name, where, group_by, mostly, warn_if, error_if, severity, tags, as assay.add_check has them.
One row per check, with group_by one row per segment. A check that cannot run gives the status error, whatever its error is, and the others go on; so does an element of the array that is no check: its row has what can be read of name, kind and column_name, and the message says what is wrong. Nothing that a check sets or locks stays behind, and it cannot write. NULL passes every check but not_null. Errors: 22023 when an argument is NULL, checks is no JSON array or has more than 100,000 elements, ML016 when it has none, ML008 not a query, 57014.
Example: SELECT name, status, rows_failed FROM assay.validate(''application'', ''[{"kind": "not_null", "column_name": "age", "error_if": ">=10%"}]'')';

-- Profiles.

CREATE FUNCTION assay.profile(query text)
RETURNS TABLE (column_name text, data_type text, rows bigint, nulls bigint, null_fraction double precision, empty bigint,
               distinct_estimate bigint, min text, max text, mean double precision, stddev double precision,
               p01 double precision, p05 double precision, p25 double precision, p50 double precision, p75 double precision,
               p95 double precision, p99 double precision, zeros bigint, negatives bigint, top_values jsonb, histogram jsonb,
               meaning text, details jsonb)
AS 'MODULE_PATHNAME', 'profile_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE ROWS 20;
COMMENT ON FUNCTION assay.profile(text) IS
'What each column of a query or relation looks like, from one pass over its rows, for every type. One row per column.
Counts, min, max, mean and stddev (of finite numbers; of booleans the mean is the share of true) are exact. The others are exact up to 4,096 different values (fewer where there are more than 100 columns); beyond that, with 99 % confidence, distinct_estimate (HyperLogLog) is within 2.1 % and the ranks of quantiles (KLL) within 0.6 %, and top_values and shapes come from a sample: details says how far each may be off.
min and max are as the type writes its values; texts are compared by their bytes. histogram: twenty bins of equal width. meaning: what the values seem to be, such as identifier, category, email, date_as_text. details: lengths, blanks, casing and masks (9 for digits, A and a for letters) of texts; days and gaps of dates; types and sizes of JSON and arrays; counts of NaN and infinities.
Memory under 64 MB whatever the rows. Errors: ML008 not a query, 42701 two columns of one name.
Example: SELECT column_name, nulls, distinct_estimate, min, max FROM assay.profile(''german_credit'')';

CREATE FUNCTION assay.profile_state(query text) RETURNS assay.state
AS 'MODULE_PATHNAME', 'profile_state_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.profile_state(text) IS
'The state of a profile, to be stored. assay.merge_states adds the states of other rows with the same columns (names and types in the same order, ML012 else); assay.profile_of reads it.
Example: INSERT INTO daily (day, profile) SELECT day, assay.profile_state(format(''SELECT * FROM application WHERE day = %L'', day)) FROM generate_series(date ''2026-06-01'', ''2026-06-03'', ''1 day'') AS day';

CREATE FUNCTION assay.profile_of(state assay.state)
RETURNS TABLE (column_name text, data_type text, rows bigint, nulls bigint, null_fraction double precision, empty bigint,
               distinct_estimate bigint, min text, max text, mean double precision, stddev double precision,
               p01 double precision, p05 double precision, p25 double precision, p50 double precision, p75 double precision,
               p95 double precision, p99 double precision, zeros bigint, negatives bigint, top_values jsonb, histogram jsonb,
               meaning text, details jsonb)
AS 'MODULE_PATHNAME', 'profile_of_wrapper' LANGUAGE c STABLE PARALLEL SAFE ROWS 20;
COMMENT ON FUNCTION assay.profile_of(assay.state) IS
'The profile that a state of assay.profile_state holds, as assay.profile gives it. Merged states answer for all their rows: counts exactly, moments to 1e-12, the rest within the stated errors. NULL gives no row. Errors: ML012 another state.
Example: SELECT column_name, rows, nulls FROM assay.profile_of((SELECT assay.merge_states(profile) FROM daily))';

CREATE FUNCTION assay.suggest_checks(query text)
RETURNS TABLE (kind text, column_name text, args jsonb, mostly double precision, reason text, as_constraint text, definition jsonb, group_by text[], looks_faulty text)
AS 'MODULE_PATHNAME', 'suggested_checks_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE ROWS 30;
COMMENT ON FUNCTION assay.suggest_checks(text) IS
'Checks that the rows of a query or relation suggest, each with its reason. The rows are read once for their profile, once more where something looks faulty, and again to see that each check holds on them: one that does not is not suggested.
kind, column_name, args, group_by and mostly are what assay.add_check takes; definition is the same as assay.validate takes it, in an array. as_constraint: the constraint that would keep the table so (for a table''s name a whole statement), where one can; NULL else.
looks_faulty: what looks like a fault in the column: stand-ins for no value (-999, 9999, N/A, 1900-01-01, 9999-12-31), rare spellings of a frequent value, misread encodings, repeated keys; numbers in another unit, texts of another convention and NULLs of one source. It is not learned: the check is what holds for the other rows, with a mostly that lets so many pass.
Ranges are wider than the values found, sets of values are suggested only where each value has several rows, and what a constraint of the table demands already is left out. Where a column such as region or sensor says where rows are from, scale_shift and mixed_formats compare these; where rows come day by day, no_gaps, recency, anomaly and stuck_values watch them. Nothing is suggested of fewer than 30 rows or values, nor of a column with one value. Errors as in assay.profile.
Example: SELECT kind, column_name, args, reason FROM assay.suggest_checks(''german_credit'')';

-- Stored checks.

CREATE TABLE assay.quality_check (
    id            bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    relation      regclass NOT NULL,
    relation_name text NOT NULL,
    kind          text NOT NULL,
    column_name   text,
    args          jsonb NOT NULL,
    name          text NOT NULL,
    "where"       text,
    group_by      text[] NOT NULL,
    mostly        double precision NOT NULL,
    warn_if       text,
    error_if      text,
    severity      text NOT NULL,
    tags          text[] NOT NULL,
    settings      jsonb NOT NULL DEFAULT '{}',
    added_by      assay.role NOT NULL,
    added_at      timestamptz NOT NULL DEFAULT pg_catalog.now(),
    relation_owner assay.role,
    accepted_from timestamptz,
    accepted_at   timestamptz,
    enabled       boolean NOT NULL DEFAULT true,
    passes_to_close integer NOT NULL DEFAULT 1
);
CREATE INDEX quality_check_relation_idx ON assay.quality_check ((relation::pg_catalog.oid));
-- Names without quotes, which depend on settings.
CREATE INDEX quality_check_relation_name_idx ON assay.quality_check ((pg_catalog.replace(relation_name, '"', '')));
COMMENT ON TABLE assay.quality_check IS 'The stored checks. Read the view assay.checks instead.';
COMMENT ON COLUMN assay.quality_check.id IS 'The check''s key.';
COMMENT ON COLUMN assay.quality_check.relation IS 'The object that last bore the relation''s name.';
COMMENT ON COLUMN assay.quality_check.relation_name IS 'The name of the relation that it is about, whatever object bears it.';
COMMENT ON COLUMN assay.quality_check.kind IS 'The kind of check.';
COMMENT ON COLUMN assay.quality_check.column_name IS 'The column it is about, if it is about one.';
COMMENT ON COLUMN assay.quality_check.args IS 'The arguments of its kind.';
COMMENT ON COLUMN assay.quality_check.name IS 'Its name.';
COMMENT ON COLUMN assay.quality_check."where" IS 'Only rows where this is true count.';
COMMENT ON COLUMN assay.quality_check.group_by IS 'The columns whose values make its segments.';
COMMENT ON COLUMN assay.quality_check.mostly IS 'The share of rows that must pass.';
COMMENT ON COLUMN assay.quality_check.warn_if IS 'The failing rows from which on it warns.';
COMMENT ON COLUMN assay.quality_check.error_if IS 'The failing rows from which on it fails.';
COMMENT ON COLUMN assay.quality_check.severity IS 'error, or warn: what a failure is to its user.';
COMMENT ON COLUMN assay.quality_check.tags IS 'Words to choose checks by.';
COMMENT ON COLUMN assay.quality_check.settings IS 'The settings under which it was written: its search path, the style of its dates, ...';
COMMENT ON COLUMN assay.quality_check.added_by IS 'The role that added it.';
COMMENT ON COLUMN assay.quality_check.added_at IS 'When.';
COMMENT ON COLUMN assay.quality_check.relation_owner IS 'Who owned the relation: another object of its name is taken over if it is this role''s; NULL where that is not known.';
COMMENT ON COLUMN assay.quality_check.accepted_from IS 'What it has found from then on is the new normal; NULL where nobody has said so.';
COMMENT ON COLUMN assay.quality_check.accepted_at IS 'When that was said.';
COMMENT ON COLUMN assay.quality_check.enabled IS 'Whether it runs.';
COMMENT ON COLUMN assay.quality_check.passes_to_close IS 'How often in a row it has to pass for its issue to be closed.';

CREATE FUNCTION assay_internal.check_relation(relation oid, relation_name text, relation_owner oid, added_by oid) RETURNS oid
AS 'MODULE_PATHNAME', 'check_relation_wrapper' LANGUAGE c STABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.check_relation(oid, text, oid, oid) IS
'The relation that a stored check is about: the one that bears the recorded name; where nothing bears it the recorded object, under whatever name.';

CREATE VIEW assay.checks WITH (security_barrier) AS
    SELECT c.id AS check_id, c.name, c.kind, t.relation::pg_catalog.regclass AS relation, c.column_name, c.args, c."where", c.group_by, c.mostly,
           c.warn_if, c.error_if, c.severity, c.tags, c.added_by::pg_catalog.regrole AS added_by, c.added_at,
           CASE WHEN pg_catalog.pg_has_role(c.added_by, r.relowner, 'USAGE') THEN r.relowner::pg_catalog.regrole ELSE c.added_by::pg_catalog.regrole END AS runs_as,
           c.enabled, c.passes_to_close
    FROM assay.quality_check c
    CROSS JOIN LATERAL assay_internal.check_relation(c.relation::pg_catalog.oid, c.relation_name, c.relation_owner::pg_catalog.oid,
        c.added_by::pg_catalog.oid) AS t(relation)
    LEFT JOIN pg_catalog.pg_class r ON r.oid OPERATOR(pg_catalog.=) t.relation
    WHERE pg_catalog.pg_has_role(c.added_by, 'USAGE') OR pg_catalog.pg_has_role(r.relowner, 'USAGE')
       OR (pg_catalog.has_table_privilege(r.oid, 'SELECT') OR pg_catalog.has_any_column_privilege(r.oid, 'SELECT'))
          AND pg_catalog.has_schema_privilege(r.relnamespace, 'USAGE');
COMMENT ON VIEW assay.checks IS
'The stored checks of the relations that the current role may read, and those it added. What a check says is no secret from who may read a column of its relation, as a constraint is none.
Example: SELECT check_id, name, kind, column_name, runs_as FROM assay.checks WHERE relation = ''application''::regclass';
COMMENT ON COLUMN assay.checks.check_id IS 'The check''s key.';
COMMENT ON COLUMN assay.checks.name IS 'Its name.';
COMMENT ON COLUMN assay.checks.kind IS 'The kind of check.';
COMMENT ON COLUMN assay.checks.relation IS 'The relation it is about: the one that bears the name of the relation that it was added to; after a plain rename that one under its new name.';
COMMENT ON COLUMN assay.checks.column_name IS 'The column it is about, if it is about one.';
COMMENT ON COLUMN assay.checks.args IS 'The arguments of its kind.';
COMMENT ON COLUMN assay.checks."where" IS 'Only rows where this is true count.';
COMMENT ON COLUMN assay.checks.group_by IS 'The columns whose values make its segments.';
COMMENT ON COLUMN assay.checks.mostly IS 'The share of rows that must pass.';
COMMENT ON COLUMN assay.checks.warn_if IS 'The failing rows from which on it warns.';
COMMENT ON COLUMN assay.checks.error_if IS 'The failing rows from which on it fails.';
COMMENT ON COLUMN assay.checks.severity IS 'error, or warn: what a failure is to its user.';
COMMENT ON COLUMN assay.checks.tags IS 'Words to choose checks by.';
COMMENT ON COLUMN assay.checks.added_by IS 'The role that added it.';
COMMENT ON COLUMN assay.checks.added_at IS 'When.';
COMMENT ON COLUMN assay.checks.runs_as IS 'The role that it runs as: the owner of the relation where the role that added it has the owner''s rights, else the role that added it.';
COMMENT ON COLUMN assay.checks.enabled IS 'Whether it runs: assay.disable_check keeps it from running.';
COMMENT ON COLUMN assay.checks.passes_to_close IS 'How often in a row it has to pass for its issues to be closed (assay.close_after).';
GRANT SELECT ON assay.checks TO PUBLIC;

-- A relation that is gone has only a number, which is another relation's where the dump is restored: a check of it is not carried.
SELECT pg_catalog.pg_extension_config_dump('assay.quality_check',
    'WHERE EXISTS (SELECT FROM pg_catalog.pg_class AS r WHERE r.oid OPERATOR(pg_catalog.=) assay_internal.check_relation(relation::pg_catalog.oid, relation_name, relation_owner::pg_catalog.oid, added_by::pg_catalog.oid))');
SELECT pg_catalog.pg_extension_config_dump('assay.quality_check_id_seq', '');

CREATE FUNCTION assay.add_check(
    relation regclass, kind text, column_name text DEFAULT NULL, args jsonb DEFAULT '{}', name text DEFAULT NULL,
    "where" text DEFAULT NULL, group_by text[] DEFAULT NULL, mostly double precision DEFAULT 1, warn_if text DEFAULT NULL,
    error_if text DEFAULT '>0', severity text DEFAULT 'error', tags text[] DEFAULT '{}')
RETURNS bigint
AS 'MODULE_PATHNAME', 'add_check_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.add_check IS
'Stores a check of a table or view; gives its number. It takes the relation''s owner, or the privilege TRIGGER on it.
kind and args: see docs/check_kinds.md; an unknown one is an error that lists those there are. "where": a condition in SQL; only rows where it is true count. group_by: columns whose values make segments, each with a result of its own, or periods of dates and timestamps such as month(sold): hour, day, week, month, quarter, year. mostly: the share of rows that must pass. warn_if, error_if: conditions on the failing rows, such as >10, >=1% (of the rows evaluated), !=0, between 1 and 5. severity: error, or warn for failures that only warn. tags: words to choose checks by.
name: with a name that a check of the relation has, that check becomes what is said here, keeps its number and history and stays that of the role that added it; it takes the rights of that role. Without a name another check is added.
It runs as the owner of the relation where you have the owner''s rights, else as you, read-only, under the search path and styles of dates and literals that are in force now: these rights are looked at now, too, and whenever it runs.
It follows the relation''s name: where a table is dropped and another one gets its name, that one is checked from then on, if its owner is the same or one for whom you act; a plain rename takes the check along.
Errors: 22023 an option out of range, 2201B a regular expression, 42501, 42703 no such column.
Example: SELECT assay.add_check(''application'', ''accepted_range'', ''months'', ''{"min_value": 1, "max_value": 120}'', warn_if => ''>0'', error_if => ''>=1%'')';

CREATE FUNCTION assay.drop_check(check_id bigint) RETURNS void
AS 'MODULE_PATHNAME', 'drop_check_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.drop_check(bigint) IS
'Forgets a check. It takes the role that added it, or one that may add checks to its relation. Errors: ML014 no such check, 42501.
Example: SELECT assay.drop_check(check_id) FROM assay.checks WHERE name = ''sent once''';

CREATE FUNCTION assay.accept_anomaly(check_id bigint, "from" timestamptz) RETURNS void
AS 'MODULE_PATHNAME', 'accept_anomaly_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.accept_anomaly(bigint, timestamptz) IS
'Says that what a stored check of kind anomaly has found from a moment on is as it should be: it learns from the bucket of that moment on, and no longer from what was before. A bucket without rows where there always were some fails until then; afterwards none are expected. Until there are min_points of the new normal the check is skipped. It takes the role that added the check, or one that may add checks to its relation. Errors: ML014 no such check, 22023 a check of another kind or a moment that is not finite, 42501.
Example: SELECT assay.accept_anomaly(check_id, date_trunc(''day'', now())) FROM assay.checks WHERE name = ''rows a day''';

CREATE FUNCTION assay.disable_check(check_id bigint) RETURNS void
AS 'MODULE_PATHNAME', 'disable_check_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.disable_check(bigint) IS
'Keeps a check from running until assay.enable_check: assay.run_checks and assay.assert_checks leave it out, assay.checks and assay.check_summary show that it is disabled. Its number and history stay, and it stays disabled when assay.add_check changes it. It takes the role that added it, or one that may add checks to its relation. Errors: ML014 no such check, 42501.
Example: SELECT assay.disable_check(check_id) FROM assay.checks WHERE name = ''sent once''';

CREATE FUNCTION assay.enable_check(check_id bigint) RETURNS void
AS 'MODULE_PATHNAME', 'enable_check_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.enable_check(bigint) IS
'Lets a check run again that assay.disable_check has kept from running. Who may, and errors, as there.
Example: SELECT assay.enable_check(check_id) FROM assay.checks WHERE NOT enabled';

CREATE FUNCTION assay.export_checks(relation regclass DEFAULT NULL, tags text[] DEFAULT NULL, format text DEFAULT 'yaml') RETURNS text
AS 'MODULE_PATHNAME', 'export_checks_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.export_checks(regclass, text[], text) IS
'The stored checks of a relation, or of all that assay.checks shows, as one document: version, and under checks a list for each relation, in the order of their numbers. tags: only checks with one of these. format: yaml or json. What goes without saying is left out; so are who added a check and the settings it was written under, which are those of whoever imports it. The same checks give the same text. A check whose relation is gone is left out with a NOTICE. Errors: 22023 the format.
Example: SELECT assay.export_checks(''application'')';

CREATE FUNCTION assay.import_checks(document text, remove boolean DEFAULT false, dry_run boolean DEFAULT false)
RETURNS TABLE (action text, relation text, name text, check_id bigint, message text)
AS 'MODULE_PATHNAME', 'import_checks_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 30;
COMMENT ON FUNCTION assay.import_checks(text, boolean, boolean) IS
'Makes the stored checks of relations those of a document, JSON or YAML, as assay.export_checks writes it: all or, with an error, none. One row per check: action is added, updated (message names the options that changed), unchanged, removed, kept or error.
A check is found again by its relation and name, and keeps its number and history. With remove, checks of the document''s relations that are not in it are dropped, but those of roles whose rights the caller lacks are kept. dry_run: nothing is changed, and each check that cannot be imported is a row of action error.
It takes what assay.add_check takes. An added check is the caller''s; one that is there stays that of the role that added it, and is changed only by who has the rights of that role. YAML: version 1.2, without anchors, aliases and tags.
Errors: 22023 no such document, or checks that cannot be imported.
Example: SELECT action, relation, name FROM assay.import_checks(assay.export_checks(''application''))';

CREATE FUNCTION assay.run_checks(relation regclass DEFAULT NULL, tags text[] DEFAULT NULL) RETURNS SETOF assay.check_result
AS 'MODULE_PATHNAME', 'run_checks_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 30;
COMMENT ON FUNCTION assay.run_checks(regclass, text[]) IS
'Runs the stored checks of a relation, or of all that the caller may read; with tags those that have one of them. Each relation is read once, as in assay.validate; one that fails does not keep the others from being checked.
Anybody may call it. A check never runs as its caller, but as the owner of its relation where the role that added it has the owner''s rights, else as the role that added it; a right that this role has lost makes the check an error. Who has the rights of one of these roles, or may SELECT every table and view that the check reads, without row-level security and without functions of users, sees all of a result; others see its name and status, one row per check.
Without a relation: the checks of those of which the caller may read a column or set triggers, and those of roles whose rights it has.
The results are kept in assay.check_history, in the same transaction, and failures as issues (assay.issues); where nothing can be written, a NOTICE says that they are not. Where an owner is told of one, PostgreSQL does not prepare the transaction (PREPARE TRANSACTION, 0A000).
Example: SELECT name, status, rows_failed, message FROM assay.run_checks(''application'')';

CREATE FUNCTION assay.assert_checks(relation regclass, tags text[] DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'assert_checks_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.assert_checks(regclass, text[]) IS
'Runs the stored checks of a relation and raises ML015 when one fails or cannot run (a check counts once, whatever its segments), so that the load in whose transaction it stands is rolled back. Warnings pass. Where there is no check to run, or none with one of the tags, it raises ML016: nothing asserted is no success. What failed is kept as issues (assay.issues) although the transaction is rolled back: a background worker writes them at once, with the column survived true, whether the whole transaction ends or only a savepoint or block with an exception handler. Where it cannot, on a standby, in a read-only transaction or without a free place among max_worker_processes, a NOTICE says so. Anybody may call it: checks run, and say what they found, as in assay.run_checks.
Example: SELECT assay.assert_checks(''german_credit'')';

CREATE FUNCTION assay.explain_checks(relation regclass DEFAULT NULL)
RETURNS TABLE (check_id bigint, name text, kind text, relation text, answered_by text, sql text, message text, role text)
AS 'MODULE_PATHNAME', 'explain_checks_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 30;
COMMENT ON FUNCTION assay.explain_checks(regclass) IS
'How assay.run_checks would answer the stored checks of a relation, or of all that the caller may read, without reading their rows. answered_by: shared scan (the first row of a relation, without a check, has its SQL; where rows are on other servers, its message says whether they are read there, or why they are fetched), second pass (for values outside of bounds that the shared scan gives), shared scan, maybe second pass (where numbers lie in two clusters, or in less than three months), own statement (sql is it), proof (a unique index or validated foreign key, which message names: no row is read), the relation''s columns, or error with the reason as message. role: the role that it would run as. sql and message are for those who may see the results, as in assay.run_checks; NULL for others.
Example: SELECT name, answered_by, message FROM assay.explain_checks(''application'')';

CREATE FUNCTION assay.failing_rows(check_id bigint, "limit" bigint DEFAULT 100) RETURNS TABLE (key jsonb, "row" jsonb)
AS 'MODULE_PATHNAME', 'failing_rows_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 100;
COMMENT ON FUNCTION assay.failing_rows(bigint, bigint) IS
'The rows that fail a stored check, found again, with their primary key (NULL without one). limit: the most rows; NULL for all. For checks that say of each row whether it fails, and for unique, unique_combination, duplicate_rows, relationships, monotonic, sequential_values, stuck_values, mutually_exclusive_ranges, distinct_values_in_set, within_n_stdevs, outliers, within_n_moving_stdevs (the rows of periods that fail), sentinel_values, scale_shift and near_duplicates. Numbers of more than 17 digits are rounded. It runs as the check does, for those who may see its results, as in assay.run_checks. Errors: ML014 no such check, 22023 a check that is about no single row, 42501.
Example: SELECT key, "row" FROM assay.failing_rows((SELECT check_id FROM assay.checks WHERE name = ''sent once''), 10)';

-- The schema documents itself, and says of each function what the planner needs to know. Every list of failures here is empty.

-- Functions, aggregates, types, tables, views and columns without a comment.
SELECT p.oid::regprocedure AS uncommented FROM pg_proc AS p
WHERE p.pronamespace IN ('assay'::regnamespace, 'assay_internal'::regnamespace) AND obj_description(p.oid, 'pg_proc') IS NULL ORDER BY 1;
SELECT t.oid::regtype AS uncommented FROM pg_type AS t
WHERE t.typnamespace = 'assay'::regnamespace AND t.typrelid = 0 AND t.typelem = 0 AND obj_description(t.oid, 'pg_type') IS NULL ORDER BY 1;
SELECT c.oid::regclass AS uncommented FROM pg_class AS c
WHERE c.relnamespace IN ('assay'::regnamespace, 'assay_internal'::regnamespace) AND c.relkind IN ('r', 'v', 'm') AND obj_description(c.oid, 'pg_class') IS NULL ORDER BY 1;
SELECT c.oid::regclass AS relation, a.attname AS uncommented FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
WHERE c.relnamespace IN ('assay'::regnamespace, 'assay_internal'::regnamespace) AND c.relkind IN ('r', 'v', 'm', 'c') AND a.attnum > 0 AND NOT a.attisdropped
  AND col_description(c.oid, a.attnum) IS NULL ORDER BY 1, a.attnum;
SELECT obj_description('assay'::regnamespace, 'pg_namespace') IS NOT NULL AND obj_description('assay_internal'::regnamespace, 'pg_namespace') IS NOT NULL AS schemas_commented,
       obj_description(oid, 'pg_extension') IS NOT NULL AS extension_commented FROM pg_extension WHERE extname = 'assay';

-- What people call. A new function shows up here: say what it is, and add its tests.
SELECT p.proname AS function, CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END AS volatility,
       CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' END AS parallel, p.proisstrict AS strict
FROM pg_proc AS p
WHERE p.pronamespace = 'assay'::regnamespace AND p.prokind = 'f'
ORDER BY p.proname COLLATE "C", p.oid::regprocedure::text COLLATE "C";
-- What people do not call is in the other schema: what takes or gives values of types that nobody writes, and what only triggers and scripts call.
SELECT p.oid::regprocedure AS internal FROM pg_proc AS p
WHERE p.pronamespace = 'assay_internal'::regnamespace AND p.prokind = 'f' ORDER BY p.proname COLLATE "C";
-- Aggregates can be split over workers: all have a combine function and a state that can be sent.
SELECT a.aggfnoid::regprocedure AS aggregate, p.proparallel = 's' AS safe, a.aggcombinefn <> 0 AS combines, a.aggtranstype::regtype AS state
FROM pg_aggregate AS a JOIN pg_proc AS p ON p.oid = a.aggfnoid
WHERE p.pronamespace IN ('assay'::regnamespace, 'assay_internal'::regnamespace) ORDER BY a.aggfnoid::regprocedure::text COLLATE "C";
-- What aggregates are made of is immutable and safe; a step may be stable, for how a value is written depends on settings.
SELECT p.oid::regprocedure AS wrong FROM pg_proc AS p
WHERE p.pronamespace = 'assay_internal'::regnamespace AND p.proname ~ '_step$|^state_' AND (p.provolatile = 'v' OR p.provolatile = 's' AND p.proname !~ '_step$' OR p.proparallel <> 's') ORDER BY 1;
-- No function has its owner's rights, or a search path to be misled by.
SELECT p.oid::regprocedure AS definer FROM pg_proc AS p WHERE p.pronamespace IN ('assay'::regnamespace, 'assay_internal'::regnamespace) AND p.prosecdef ORDER BY 1;

-- Everybody may look at the schemas and use their functions, but for one that is for scripts; tables show nothing, views what each may see.
SELECT nspname, has_schema_privilege('public', oid, 'USAGE') AS usage, has_schema_privilege('public', oid, 'CREATE') AS creation
FROM pg_namespace WHERE nspname ~ '^assay' ORDER BY nspname;
SELECT p.oid::regprocedure AS not_for_everybody FROM pg_proc AS p WHERE p.pronamespace IN ('assay'::regnamespace, 'assay_internal'::regnamespace) AND NOT has_function_privilege('public', p.oid, 'EXECUTE');
SELECT c.oid::regclass AS relation, c.relkind, has_table_privilege('public', c.oid, 'SELECT') AS readable, has_table_privilege('public', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER, REFERENCES') AS writable
FROM pg_class AS c WHERE c.relnamespace IN ('assay'::regnamespace, 'assay_internal'::regnamespace) AND c.relkind IN ('r', 'v') ORDER BY c.relnamespace::regnamespace::text COLLATE "C", c.relname COLLATE "C";
-- Views do not let a cheap function look at rows before they are filtered.
SELECT c.oid::regclass AS leaky FROM pg_class AS c
WHERE c.relnamespace IN ('assay'::regnamespace, 'assay_internal'::regnamespace) AND c.relkind = 'v' AND NOT coalesce(c.reloptions @> '{security_barrier=true}' OR c.reloptions @> '{security_barrier}', false);

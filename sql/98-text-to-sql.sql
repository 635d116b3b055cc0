-- Questions in plain words to SQL, and SQL that somebody else wrote run within limits.

CREATE FUNCTION assay.run_sql(
    sql text, max_cost double precision DEFAULT 1000000, max_rows integer DEFAULT 10000, timeout interval DEFAULT '30 s', role text DEFAULT NULL,
    max_bytes integer DEFAULT 16777216) RETURNS SETOF jsonb
AS 'MODULE_PATHNAME', 'run_sql_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.run_sql(text, double precision, integer, interval, text, integer) IS
'Runs a query that somebody else wrote, a model most of the time, and gives its rows as JSON objects; a second column of one name is called name_2. sql: one SELECT, WITH, VALUES or TABLE that locks nothing and reads no foreign table and no secrets of the catalog. It runs as the caller, or as role, which the caller is a member of; read-only from parsing on, without parallel workers, and calls no function but those of PostgreSQL that compute, those of assay that only read, and what a superuser has listed in assay.sql_functions, whoever calls them: operators, types, views and policies, too.
max_cost: the most that the planner may expect it to cost. max_rows, max_bytes: of the result. timeout: from parsing to the last row; it ends within 100 ms of that. It takes at most 256 MB of memory (or assay.max_memory), and is refused what goes 64 MB beyond that at once; at most 16 MB of work_mem, and 256 MB of temporary files. A notice shows the statement before the first row. Errors: ML039 a statement that is refused, 54000 too many rows or bytes, 57014 too long, 53400 too much memory or files, 42501; PostgreSQL''s own.
Example: SELECT assay.run_sql(''SELECT count(*) AS objects FROM pg_class WHERE relname = ''''pg_class'''''', max_rows => 10)';

-- What compares each part of one value with each part of another looks for no cancel: within run_sql these stand in its place.
CREATE FUNCTION assay_internal.bounded_textlike(text, text) RETURNS boolean
AS 'MODULE_PATHNAME', 'bounded_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.bounded_textlike(text, text) IS 'As text LIKE pattern, within assay.run_sql. Errors: 54000 where the product of both sizes would take seconds.';
CREATE FUNCTION assay_internal.bounded_textnlike(text, text) RETURNS boolean
AS 'MODULE_PATHNAME', 'bounded_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.bounded_textnlike(text, text) IS 'As text NOT LIKE pattern, within assay.run_sql. Errors: 54000 where the product of both sizes would take seconds.';
CREATE FUNCTION assay_internal.bounded_texticlike(text, text) RETURNS boolean
AS 'MODULE_PATHNAME', 'bounded_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.bounded_texticlike(text, text) IS 'As text ILIKE pattern, within assay.run_sql. Errors: 54000 where the product of both sizes would take seconds.';
CREATE FUNCTION assay_internal.bounded_texticnlike(text, text) RETURNS boolean
AS 'MODULE_PATHNAME', 'bounded_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.bounded_texticnlike(text, text) IS 'As text NOT ILIKE pattern, within assay.run_sql. Errors: 54000 where the product of both sizes would take seconds.';
CREATE FUNCTION assay_internal.bounded_strpos(text, text) RETURNS integer
AS 'MODULE_PATHNAME', 'bounded_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.bounded_strpos(text, text) IS 'As strpos, within assay.run_sql. Errors: 54000 where the product of both sizes would take seconds.';
CREATE FUNCTION assay_internal.bounded_position(text, text) RETURNS integer
AS 'MODULE_PATHNAME', 'bounded_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.bounded_position(text, text) IS 'As position, within assay.run_sql. Errors: 54000 where the product of both sizes would take seconds.';
CREATE FUNCTION assay_internal.bounded_replace(text, text, text) RETURNS text
AS 'MODULE_PATHNAME', 'bounded_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.bounded_replace(text, text, text) IS 'As replace, within assay.run_sql. Errors: 54000 where the product of both sizes would take seconds.';
CREATE FUNCTION assay_internal.bounded_split_part(text, text, integer) RETURNS text
AS 'MODULE_PATHNAME', 'bounded_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.bounded_split_part(text, text, integer) IS 'As split_part, within assay.run_sql. Errors: 54000 where the product of both sizes would take seconds.';
CREATE FUNCTION assay_internal.bounded_translate(text, text, text) RETURNS text
AS 'MODULE_PATHNAME', 'bounded_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.bounded_translate(text, text, text) IS 'As translate, within assay.run_sql. Errors: 54000 where the product of both sizes would take seconds.';
CREATE FUNCTION assay_internal.bounded_arrayoverlap(anyarray, anyarray) RETURNS boolean
AS 'MODULE_PATHNAME', 'bounded_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.bounded_arrayoverlap(anyarray, anyarray) IS 'As the operator && of arrays, within assay.run_sql. Errors: 54000 where the product of both sizes would take seconds.';
CREATE FUNCTION assay_internal.bounded_arraycontains(anyarray, anyarray) RETURNS boolean
AS 'MODULE_PATHNAME', 'bounded_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.bounded_arraycontains(anyarray, anyarray) IS 'As the operator @> of arrays, within assay.run_sql. Errors: 54000 where the product of both sizes would take seconds.';
CREATE FUNCTION assay_internal.bounded_arraycontained(anyarray, anyarray) RETURNS boolean
AS 'MODULE_PATHNAME', 'bounded_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.bounded_arraycontained(anyarray, anyarray) IS 'As the operator <@ of arrays, within assay.run_sql. Errors: 54000 where the product of both sizes would take seconds.';

-- What people say of tables, columns and functions, and which columns' values nobody is shown. Rows follow the object as long as it is there; those of one that is
-- gone are nothing, and forgotten by the next one who describes something.
CREATE TABLE assay.description (
    relation      regclass,
    routine       regprocedure,
    column_name   text COLLATE "C",
    column_number smallint,
    note          text,
    private       boolean NOT NULL DEFAULT false,
    described_by  text COLLATE "C" NOT NULL,
    described_at  timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    CONSTRAINT description_object CHECK ((relation IS NULL) OPERATOR(pg_catalog.<>) (routine IS NULL)),
    CONSTRAINT description_column CHECK ((column_name IS NULL) OPERATOR(pg_catalog.=) (column_number IS NULL) AND (routine IS NULL OR column_name IS NULL))
);
CREATE INDEX description_relation_idx ON assay.description ((relation::pg_catalog.oid));
CREATE INDEX description_routine_idx ON assay.description ((routine::pg_catalog.oid));
COMMENT ON TABLE assay.description IS 'Notes on tables, columns and functions. Read the view assay.descriptions instead.';
COMMENT ON COLUMN assay.description.relation IS 'The table or view; NULL for a function.';
COMMENT ON COLUMN assay.description.routine IS 'The function; NULL for a table or view.';
COMMENT ON COLUMN assay.description.column_name IS 'The column, by the name that it had; NULL for a whole object.';
COMMENT ON COLUMN assay.description.column_number IS 'Its number.';
COMMENT ON COLUMN assay.description.note IS 'What was said; NULL where only private was.';
COMMENT ON COLUMN assay.description.private IS 'Whether values of it are never shown to a model.';
COMMENT ON COLUMN assay.description.described_by IS 'The name of the role that said it, as it was then.';
COMMENT ON COLUMN assay.description.described_at IS 'When.';

CREATE FUNCTION assay_internal.guard_description() RETURNS trigger
AS 'MODULE_PATHNAME', 'guard_description_wrapper' LANGUAGE c;
COMMENT ON FUNCTION assay_internal.guard_description() IS 'Before a note is stored: leaves it out where the current role may not act for the owner of its object.';
CREATE TRIGGER a_guard BEFORE INSERT ON assay.description FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_description();

-- A column that is renamed keeps what was said of it. Whatever bears its name or its number after a restore is private, where it was.
CREATE VIEW assay_internal.described_column WITH (security_barrier) AS
    SELECT d.relation::pg_catalog.oid AS relation, a.attnum, a.attname::pg_catalog.text COLLATE "C" AS column_name, d.note, d.private, d.described_by, d.described_at,
        a.attname OPERATOR(pg_catalog.=) d.column_name::pg_catalog.name
        OR NOT EXISTS (SELECT FROM pg_catalog.pg_attribute AS o WHERE o.attrelid OPERATOR(pg_catalog.=) a.attrelid AND o.attname OPERATOR(pg_catalog.=) d.column_name::pg_catalog.name AND NOT o.attisdropped) AS is_meant
    FROM assay.description AS d
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid OPERATOR(pg_catalog.=) d.relation::pg_catalog.oid AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped
        AND (a.attname OPERATOR(pg_catalog.=) d.column_name::pg_catalog.name OR a.attnum OPERATOR(pg_catalog.=) d.column_number);
COMMENT ON VIEW assay_internal.described_column IS 'Columns that something was said of.';
COMMENT ON COLUMN assay_internal.described_column.relation IS 'The table or view.';
COMMENT ON COLUMN assay_internal.described_column.attnum IS 'The column''s number.';
COMMENT ON COLUMN assay_internal.described_column.column_name IS 'Its name now.';
COMMENT ON COLUMN assay_internal.described_column.note IS 'What was said.';
COMMENT ON COLUMN assay_internal.described_column.private IS 'Whether values of it are never shown to a model.';
COMMENT ON COLUMN assay_internal.described_column.described_by IS 'Who said it.';
COMMENT ON COLUMN assay_internal.described_column.described_at IS 'When.';
COMMENT ON COLUMN assay_internal.described_column.is_meant IS 'Whether it is the column that was meant, and not one that only has its number after a restore.';

CREATE VIEW assay.descriptions WITH (security_barrier) AS
    SELECT d.relation::pg_catalog.oid::pg_catalog.regclass::pg_catalog.text COLLATE "C" AS object, 'relation' AS kind, NULL::pg_catalog.text COLLATE "C" AS column_name, d.note, d.private, d.described_by, d.described_at
    FROM assay.description AS d JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) d.relation::pg_catalog.oid
    WHERE d.column_name IS NULL
      AND (pg_catalog.has_table_privilege(c.oid, 'SELECT') OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT') OR pg_catalog.pg_has_role(c.relowner, 'USAGE'))
    UNION ALL
    SELECT d.relation::pg_catalog.regclass::pg_catalog.text COLLATE "C", 'column', d.column_name, CASE WHEN d.is_meant THEN d.note END, d.private, d.described_by, d.described_at
    FROM assay_internal.described_column AS d JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) d.relation
    WHERE (d.is_meant OR d.private) AND (pg_catalog.has_column_privilege(d.relation, d.attnum, 'SELECT') OR pg_catalog.pg_has_role(c.relowner, 'USAGE'))
    UNION ALL
    SELECT d.routine::pg_catalog.text COLLATE "C", 'function', NULL, d.note, d.private, d.described_by, d.described_at
    FROM assay.description AS d JOIN pg_catalog.pg_proc AS p ON p.oid OPERATOR(pg_catalog.=) d.routine::pg_catalog.oid
    WHERE pg_catalog.has_function_privilege(p.oid, 'EXECUTE') OR pg_catalog.pg_has_role(p.proowner, 'USAGE');
COMMENT ON VIEW assay.descriptions IS
'What was said of tables, views, columns and functions by assay.describe and assay.mark_private, of those that the current role may read or call, or that are its own.
Example: SELECT object, column_name, note, private FROM assay.descriptions ORDER BY object, column_name NULLS FIRST';
COMMENT ON COLUMN assay.descriptions.object IS 'The table, view or function.';
COMMENT ON COLUMN assay.descriptions.kind IS 'relation, column or function.';
COMMENT ON COLUMN assay.descriptions.column_name IS 'The column; NULL for a whole object.';
COMMENT ON COLUMN assay.descriptions.note IS 'What was said; NULL where only private was.';
COMMENT ON COLUMN assay.descriptions.private IS 'Whether values of it are never shown to a model.';
COMMENT ON COLUMN assay.descriptions.described_by IS 'The name of the role that said it, as it was then.';
COMMENT ON COLUMN assay.descriptions.described_at IS 'When.';
GRANT SELECT ON assay.descriptions TO PUBLIC;

CREATE FUNCTION assay.describe(object text, note text) RETURNS void
AS 'MODULE_PATHNAME', 'describe_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.describe(text, text) IS
'Says what a table, a view, a column or a function means, for assay.text_to_sql and for people. object: as SQL writes it: ''public.sale'', ''sale.price'' (a column), ''net(numeric)'' (a function). note: up to 2,000 bytes; NULL takes back what was said. It takes the owner of the object. The note stays with the object when it or the column is renamed, and goes with it. Whoever may read or call the object reads the note. Errors: 22023 a NULL, a note that is too long, 42P01 no such table, 42703 no such column, 42883 no such function, 42501, 25006.
Example: SELECT assay.describe(''sale.price'', ''in euros, without taxes'')';

CREATE FUNCTION assay.mark_private(object text, private boolean DEFAULT true) RETURNS void
AS 'MODULE_PATHNAME', 'mark_private_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.mark_private(text, boolean) IS
'Says that values of a column, or of all columns of a table, are never shown to a model as samples: names, types and notes are. private: false takes it back. object as of assay.describe. It takes the owner of the table. What a query gives is not hidden by it: that is for privileges. Errors: those of assay.describe, 22023 a function.
Example: SELECT assay.mark_private(''sale.region'')';

CREATE TABLE assay.sql_example (
    id       bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    question text NOT NULL,
    sql      text NOT NULL,
    added_by assay.role NOT NULL,
    added_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
COMMENT ON TABLE assay.sql_example IS 'Questions with queries that answer them. Read the view assay.sql_examples instead.';
COMMENT ON COLUMN assay.sql_example.id IS 'The example''s key.';
COMMENT ON COLUMN assay.sql_example.question IS 'The question.';
COMMENT ON COLUMN assay.sql_example.sql IS 'The query.';
COMMENT ON COLUMN assay.sql_example.added_by IS 'The role that added it, to which it belongs.';
COMMENT ON COLUMN assay.sql_example.added_at IS 'When.';

CREATE TRIGGER a_claim BEFORE INSERT ON assay.sql_example FOR EACH ROW EXECUTE FUNCTION assay_internal.claim_row('added_by');
CREATE TRIGGER inserted AFTER INSERT ON assay.sql_example REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('sql_examples', 'added_by');
CREATE TRIGGER updated AFTER UPDATE ON assay.sql_example REFERENCING OLD TABLE AS old NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('sql_examples', 'added_by');
CREATE TRIGGER deleted AFTER DELETE ON assay.sql_example REFERENCING OLD TABLE AS old
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('sql_examples', 'added_by');

CREATE VIEW assay.sql_examples WITH (security_barrier) AS
    SELECT e.id, e.question, e.sql, e.added_by::pg_catalog.text COLLATE "C" AS added_by, e.added_at
    FROM assay.sql_example AS e
    WHERE pg_catalog.pg_has_role(e.added_by::pg_catalog.oid, 'USAGE');
COMMENT ON VIEW assay.sql_examples IS
'Questions with queries that answer them, of roles for which the current role acts.
Example: SELECT id, question, sql FROM assay.sql_examples ORDER BY id';
COMMENT ON COLUMN assay.sql_examples.id IS 'The example''s number.';
COMMENT ON COLUMN assay.sql_examples.question IS 'The question.';
COMMENT ON COLUMN assay.sql_examples.sql IS 'The query.';
COMMENT ON COLUMN assay.sql_examples.added_by IS 'The role that added it, to which it belongs.';
COMMENT ON COLUMN assay.sql_examples.added_at IS 'When.';
GRANT SELECT ON assay.sql_examples TO PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('assay.description', '');
SELECT pg_catalog.pg_extension_config_dump('assay.sql_example', '');
SELECT pg_catalog.pg_extension_config_dump('assay.sql_example_id_seq', '');

CREATE FUNCTION assay.add_sql_example(question text, sql text) RETURNS bigint
AS 'MODULE_PATHNAME', 'add_sql_example_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.add_sql_example(text, text) IS
'Adds a question with a query that answers it, which assay.text_to_sql shows to a model that is asked something alike; gives its number. The query has to be one that assay.run_sql would run as the caller; it is planned, and not run. The example belongs to the caller, and is used for roles that act for it, as far as they may run the query: a team shares its examples by SET ROLE to a role that all are members of. The same question again replaces the query. Errors: 22023 a NULL, an empty or too long question, those of assay.run_sql, 25006.
Example: SELECT assay.add_sql_example(''How many sales are there in each region?'', ''SELECT region, count(*) FROM sale GROUP BY region'')';

CREATE FUNCTION assay.drop_sql_example(id bigint) RETURNS void
AS 'MODULE_PATHNAME', 'drop_sql_example_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.drop_sql_example(bigint) IS
'Forgets an example. It takes the role that added it. Errors: 22023 a NULL, or no such example of the caller''s, 25006.
Example: SELECT assay.drop_sql_example(id) FROM assay.sql_examples WHERE question LIKE ''How many%''';

CREATE FUNCTION assay.text_to_sql(question text, model text, objects text[] DEFAULT NULL, options jsonb DEFAULT '{}')
RETURNS TABLE(sql text, explanation text, plan_cost double precision, rows double precision, problems jsonb)
AS 'MODULE_PATHNAME', 'text_to_sql_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 1;
COMMENT ON FUNCTION assay.text_to_sql(text, text, text[], jsonb) IS
'Has a model write the query that answers a question, and plans it as the caller by the rules of assay.run_sql; it is not run. model: one of task generation. The model is told, as far as its window goes and by how well they fit the question, of the tables and views that the caller may read: names, columns, comments, notes (assay.describe), foreign keys, values from pg_stats (not of columns that are private), and examples (assay.add_sql_example). A query that does not plan is given back to it with the error, twice at most.
It is told, too, of functions that somebody has described, that the caller may EXECUTE and assay.run_sql may call.
objects: the only tables, views and functions (with the types of their arguments) that it is told of; examples that read others are not told, and a query that does is given back. options: max_cost as of assay.run_sql, examples (how many at most, 3), values (false tells none), language (as of a vectorizer: in which words are compared; without it that of the question, and English), temperature (0), seed, max_tokens (of the answer), patience (as of assay.generate). plan_cost, rows: what the planner expects; NULL where the last query does not plan either, and problems then says why: [{"sql": ..., "problem": ...}], one for each try. Errors: 22023 an argument, 42P01 no such table, 42883 no such function, 42501 a function that may not be called, ML007 there is nothing that the caller may read, those of assay.generate.
Example: SELECT sql, explanation, plan_cost, problems FROM assay.text_to_sql(''What was sold in each region?'', ''writer'', objects => ARRAY[''sale''])';

CREATE FUNCTION assay.evaluate_text_to_sql(examples text, model text, objects text[] DEFAULT NULL, options jsonb DEFAULT '{}')
RETURNS TABLE(question text, verdict text, sql text, expected text, problem text, value double precision, low double precision, high double precision, questions bigint)
AS 'MODULE_PATHNAME', 'evaluate_text_to_sql_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.evaluate_text_to_sql(text, text, text[], jsonb) IS
'How often assay.text_to_sql gives the right rows: its execution accuracy on questions whose queries are known. examples: a query of question and sql. Each question is asked without the example of that very question; what comes, and what was expected, run as the caller by the rules of assay.run_sql. Results are the same where they have the same rows, in their order where the expected query has an ORDER BY; columns count by their places, numbers to nine digits.
The row without a question is the mean, with a 95 % interval of the bootstrap over questions; then come the questions as they were given. verdict: right, wrong (other rows), failed (no query that runs, or the endpoint fails: problem says why; after five such failures in a row it is asked no more, the other questions fail, too, and a warning counts them), left out (the expected query does not run; it does not count). value: 1 or 0. model and objects as of assay.text_to_sql. Options as in assay.text_to_sql, and max_rows and timeout (in seconds) as of assay.run_sql. Errors: those of assay.text_to_sql, 42703 a column that the query of examples lacks, 22004 a NULL, ML007 no question counts.
Example: SELECT question, verdict, value FROM assay.evaluate_text_to_sql(''SELECT question, sql FROM assay.sql_examples'', ''writer'')';

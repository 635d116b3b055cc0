-- Arguments are read by the types that they have at the call, not by those that the symbol is meant for: another declaration of it is an
-- error, no NULL and no crash. Untyped literals are texts where a text is wanted, and whatever the model wants where it is a feature.
CREATE SCHEMA typed;
CREATE TABLE typed.line AS SELECT x::float8 AS x, 'c' || x % 3 AS c, 3.0 * x + 1 AS y FROM generate_series(1, 40) AS x;
SELECT version FROM assay.train('typed', 'typed.line', 'y', 'linear_regression');
SELECT round(assay.predict('typed', 2.0, 'c1')::numeric, 6) AS typed, round(assay.predict('typed', '2', 'c1')::numeric, 6) AS untyped,
       assay.predict('typed', NULL, 'c1') = assay.predict('typed', NULL::float8, 'c1') AS missing,
       assay.predict(NULL, 2.0, 'c1') AS no_model, assay.predict(NULL::text, 2.0, 'c1') AS no_text;
CALL fails('SELECT assay.predict(''typed'', ''two'', ''c1'')');
CALL fails('SELECT assay.predict(''typed'', NULL::text, ''c1'')');
SELECT assay.metric_of(assay.metric_state('accuracy', c, 'c1')) AS literal, assay.metric_state(NULL, c, 'c1') AS no_metric FROM typed.line;
CREATE FUNCTION typed.predict(integer, VARIADIC "any") RETURNS float8 AS '$libdir/assay', 'predict_wrapper' LANGUAGE c;
CREATE FUNCTION typed.row_fails(integer, VARIADIC "any") RETURNS boolean AS '$libdir/assay', 'row_fails_wrapper' LANGUAGE c;
CREATE FUNCTION typed.metric_of(bytea) RETURNS float8 AS '$libdir/assay', 'metric_of_wrapper' LANGUAGE c;
CREATE FUNCTION typed.metric_of(integer) RETURNS float8 AS '$libdir/assay', 'metric_of_wrapper' LANGUAGE c;
CREATE FUNCTION typed.linear_fit(assay.state, text) RETURNS TABLE (feature integer, weight float8, standard_error float8, p_value float8)
AS '$libdir/assay', 'linear_fit_wrapper' LANGUAGE c;
CREATE FUNCTION typed.step(assay.state, integer, "any", "any") RETURNS assay.state AS '$libdir/assay', 'metric_state_step_wrapper' LANGUAGE c;
CREATE AGGREGATE typed.metric_state(integer, "any", "any") (SFUNC = typed.step, STYPE = assay.state);
CALL fails('SELECT typed.predict(1, 2.0, ''c1'')');
CALL fails('SELECT typed.row_fails(1, 2.0)');
CALL fails('SELECT typed.metric_of(''\x00''::bytea)');
CALL fails('SELECT typed.metric_of(1)');
CALL fails('SELECT * FROM typed.linear_fit((SELECT assay.linear_statistics(y, x) FROM typed.line), ''0'')');
CALL fails('SELECT typed.metric_state(1, x, y) FROM typed.line');

-- A trigger of assay's tables on another table whose columns are of other types.
CREATE TABLE typed.other (owner text, relation integer, model_id text);
CREATE TRIGGER claim BEFORE INSERT ON typed.other FOR EACH ROW EXECUTE FUNCTION assay_internal.claim_row('owner');
CALL fails('INSERT INTO typed.other VALUES (''x'', 1, ''x'')');
DROP TRIGGER claim ON typed.other;
CREATE TRIGGER guard BEFORE INSERT ON typed.other FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_model_row();
CALL fails('INSERT INTO typed.other VALUES (''x'', 1, ''x'')');
DROP TRIGGER guard ON typed.other;
CREATE TRIGGER guard BEFORE INSERT ON typed.other FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_check();
CALL fails('INSERT INTO typed.other VALUES (''x'', 1, ''x'')');
DROP TRIGGER guard ON typed.other;
CREATE TRIGGER guard BEFORE INSERT ON typed.other FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.claim_row('relation');
CALL fails('INSERT INTO typed.other VALUES (''x'', 1, ''x'')');
SELECT assay.drop_model('typed');
\set VERBOSITY terse
DROP SCHEMA typed CASCADE;
\set VERBOSITY default

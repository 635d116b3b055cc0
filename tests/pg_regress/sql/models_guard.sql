-- assay.guard: predictions say where rows are not what training has seen.
\set VERBOSITY default
CREATE TYPE color AS ENUM ('red', 'green', 'blue');
CREATE TABLE thing AS
SELECT i AS id, i % 50 AS age, (i * 7 % 100)::numeric AS amount, CASE WHEN i % 5 > 0 THEN i % 13 END AS maybe, (ARRAY['a', 'b', 'c'])[i % 3 + 1] AS kind,
       (ARRAY['red', 'green'])[i % 2 + 1]::color AS color, ARRAY[i % 11, i % 7]::float8[] AS v, date '2026-01-01' + i % 30 AS day, (i * 7919 % 97) + i % 50 > 70 AS hit
FROM generate_series(1, 600) AS i;
SELECT version FROM assay.train('guarded', 'SELECT age, amount, maybe, kind, color, v, day, hit FROM thing', 'hit', 'logistic_regression', split => 'none');
CREATE TABLE odd AS SELECT * FROM thing WHERE id <= 100;
UPDATE odd SET age = 1000 WHERE id <= 3;
UPDATE odd SET age = NULL WHERE id = 4;
UPDATE odd SET maybe = NULL WHERE id = 5;
UPDATE odd SET kind = 'z' WHERE id IN (1, 6);
UPDATE odd SET color = 'blue' WHERE id = 7;
UPDATE odd SET v = '{1, 100}' WHERE id = 8;
UPDATE odd SET day = '2027-01-01' WHERE id = 9;
UPDATE odd SET amount = 'NaN' WHERE id = 10;

-- Off, the default, says nothing.
SHOW assay.guard;
SELECT count(assay.predict('guarded', o)) FROM odd AS o;
SET assay.guard = notice;
-- Rows of training say nothing. Whole rows, arguments, two functions beside each other, labels, probabilities, JSON and texts.
SELECT count(assay.predict('guarded', t)) FROM thing AS t;
SELECT count(assay.predict('guarded', o)) FROM odd AS o;
SELECT count(assay.predict('guarded', age, amount, maybe, kind, color, v, day)) FROM odd;
SELECT count(assay.predict('guarded', o)), count(assay.predict_label('guarded', o)), count(assay.predict_proba('guarded', o)) FROM odd AS o;
SELECT count(assay.predict_row('guarded', to_jsonb(o) - '{id,hit}'::text[])) FROM odd AS o;
SELECT count(assay.predict_values('guarded', ARRAY[age::text, amount::text, maybe::text, kind, color::text, v::text, day::text])) FROM odd;
SELECT count(assay.transform('guarded', o)) FROM odd AS o;
SELECT count(assay.predict('guarded', ROW(age, amount, maybe, kind, color, v, day))) FROM odd WHERE id < 3;
-- The same statement again tells again; each execution of a prepared one does.
SELECT count(assay.predict('guarded', o)) FROM odd AS o WHERE id < 3;
SELECT count(assay.predict('guarded', o)) FROM odd AS o WHERE id < 3;
PREPARE score(int) AS SELECT count(assay.predict('guarded', o)) FROM odd AS o WHERE id <= $1;
EXECUTE score(1);
EXECUTE score(2);
-- An error of the statement is not told twice, nor what came before it.
SELECT assay.predict('guarded', o) / (id - 2) FROM odd AS o ORDER BY id;
-- Within PL/pgSQL, statement by statement.
DO $$
DECLARE p float8;
BEGIN
    SELECT sum(assay.predict('guarded', o)) INTO p FROM odd AS o WHERE id = 1;
    SELECT sum(assay.predict('guarded', o)) INTO p FROM odd AS o WHERE id <= 4;
END $$;

-- In a condition, and in a view.
SELECT count(*) FROM odd AS o WHERE assay.predict('guarded', o) >= 0 AND id < 4;
CREATE VIEW scored AS SELECT id, assay.predict('guarded', o) AS score FROM odd AS o;
SELECT count(score) FROM scored WHERE id < 3;
-- A function of one's own, and expressions of PL/pgSQL, whose call sites last as long as the transaction.
CREATE FUNCTION risk(o odd) RETURNS float8 LANGUAGE plpgsql STABLE AS 'BEGIN RETURN assay.predict(''guarded'', o); END';
SELECT count(risk(o)) FROM odd AS o WHERE id IN (1, 2, 5);
DO $$
DECLARE
    p float8;
    o odd;
BEGIN
    FOR o IN SELECT * FROM odd WHERE id IN (1, 4) LOOP
        p := assay.predict('guarded', o);
    END LOOP;
END $$;
BEGIN;
SELECT count(risk(o)) FROM odd AS o WHERE id = 1;
COMMIT;
BEGIN;
SELECT count(risk(o)) FROM odd AS o WHERE id = 1;
ROLLBACK;
SELECT count(risk(o)) FROM odd AS o WHERE id > 10;
-- With a cursor, which tells when it is closed.
BEGIN;
DECLARE few CURSOR FOR SELECT id, assay.predict('guarded', o) > 0 AS p FROM (SELECT * FROM odd ORDER BY id) AS o;
FETCH 2 FROM few;
FETCH 1 FROM few;
CLOSE few;
COMMIT;
-- What is rolled back says nothing more; a savepoint does not hold it back.
BEGIN;
SAVEPOINT s;
SELECT count(assay.predict('guarded', o)) FROM odd AS o WHERE id = 1;
ROLLBACK TO s;
ROLLBACK;
-- Rows that are logged.
SELECT assay.log_predictions('guarded', 'odd', '{id}');
SET assay.guard = error;
CALL fails($$SELECT assay.log_predictions('guarded', 'odd', '{id}')$$);
SELECT count(*) FROM assay.predictions WHERE model = 'guarded';
SET assay.guard = off;
SELECT assay.log_predictions('guarded', 'odd', '{id}');
SET assay.guard = notice;

-- In each process of a parallel plan.
CREATE TABLE many AS SELECT t.* FROM thing AS t, generate_series(1, 20);
ALTER TABLE many SET (parallel_workers = 2);
INSERT INTO many SELECT * FROM odd WHERE id <= 10;
ANALYZE many;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET client_min_messages = warning;
SELECT count(assay.predict('guarded', m)) FROM many AS m;
RESET client_min_messages;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

-- An error at the first.
SET assay.guard = error;
SELECT count(assay.predict('guarded', t)) FROM thing AS t;
CALL fails($$SELECT assay.predict('guarded', o) FROM odd AS o WHERE id = 1$$);
CALL fails($$SELECT assay.predict('guarded', o) FROM odd AS o WHERE id = 4$$);
CALL fails($$SELECT assay.predict_label('guarded', o) FROM odd AS o WHERE id = 6$$);
CALL fails($$SELECT assay.predict('guarded', age, amount, maybe, kind, color, v, day) FROM odd WHERE id = 7$$);
CALL fails($$SELECT assay.predict_proba('guarded', o) FROM odd AS o WHERE id = 8$$);
CALL fails($$SELECT assay.predict_row('guarded', to_jsonb(o) - '{id,hit}'::text[]) FROM odd AS o WHERE id = 9$$);
SELECT count(assay.predict('guarded', o)) FROM odd AS o WHERE id = 5;
CALL fails($$SET assay.guard = loud$$);

-- Failed checks on what the training query read, through a view, too.
CREATE VIEW things AS SELECT * FROM thing;
SELECT version FROM assay.train('viewed', 'SELECT age, kind, hit FROM things', 'hit', 'logistic_regression', split => 'none');
SELECT relation FROM assay.model_sources WHERE model = 'viewed' ORDER BY relation::text;
SET assay.guard = notice;
SELECT assay.add_check('thing', 'accepted_range', 'age', '{"max_value": 10}', name => 'young') AS young \gset
SELECT count(assay.predict('viewed', t)) FROM thing AS t;
SELECT status FROM assay.run_checks('thing');
SELECT count(assay.predict('viewed', t)) FROM thing AS t;
SET assay.guard = error;
CALL fails($$SELECT assay.predict('viewed', t) FROM thing AS t$$);
-- Who may not see the result learns no more than that there is one.
CREATE ROLE guard_reader;
SELECT assay.grant_model('viewed', 'guard_reader', 'predict');
CREATE TABLE mine AS SELECT age, kind FROM odd WHERE id <= 3;
GRANT SELECT ON mine TO guard_reader;
SET ROLE guard_reader;
CALL fails($$SELECT assay.predict('viewed', m) FROM mine AS m$$);
SET assay.guard = notice;
SELECT count(assay.predict('viewed', m)) FROM mine AS m;
RESET ROLE;
-- A relation that is renamed goes on to be known by its checks; one that is gone has none.
CREATE TABLE other AS SELECT * FROM thing;
SELECT version FROM assay.train('kept', 'SELECT age, kind, hit FROM other', 'hit', 'logistic_regression', split => 'none');
SELECT assay.add_check('other', 'accepted_range', 'age', '{"max_value": 10}', name => 'young') > 0 AS added;
SELECT status FROM assay.run_checks('other');
ALTER TABLE other RENAME TO another;
SELECT count(assay.predict('kept', a)) FROM another AS a;
DROP TABLE another;
SELECT count(assay.predict('kept', t)) FROM thing AS t;
-- A check that is disabled, passes by now, or is dropped.
SELECT assay.disable_check(:young);
SELECT count(assay.predict('viewed', t)) FROM thing AS t;
SELECT assay.enable_check(:young);
SELECT count(assay.predict('viewed', t)) FROM thing AS t WHERE id = 1;
UPDATE thing SET age = age % 10;
SELECT status FROM assay.run_checks('thing');
SELECT count(assay.predict('viewed', t)) FROM thing AS t;
SET assay.guard = error;
SET ROLE guard_reader;
CALL fails($$SELECT assay.predict('viewed', m) FROM mine AS m$$);
RESET ROLE;
RESET assay.guard;
DROP OWNED BY guard_reader;
SELECT assay.revoke_model('viewed', 'guard_reader', 'predict');
DROP ROLE guard_reader;

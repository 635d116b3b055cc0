-- Vectorizers: what is kept of a table's texts, and what becomes of it when the table changes.

SET client_min_messages = warning;
CREATE SCHEMA shelf;
-- An embedder in two versions, of eight numbers and of four.
SELECT version, dimensions FROM assay.load_word_vectors('words', $$VALUES ('tea', '{1,0,0,0,0,0,0,0}'::real[]), ('beans', '{0,1,0,0,0,0,0,0}'), ('it', '{0,0,1,1,0,0,0,0}')$$);
SELECT version, dimensions FROM assay.load_word_vectors('words', $$VALUES ('tea', '{1,0,0,0}'::real[]), ('beans', '{0,1,0,0}')$$, deploy => 'never');
\set lines '{"strategy": "sentences", "size": 1, "overlap": 0}'
CREATE TABLE shelf.docs (id int PRIMARY KEY, title text, body text, clicks int NOT NULL DEFAULT 0);
INSERT INTO shelf.docs VALUES (1, 'Tea', E'Green tea is steamed.\nBlack tea is oxidised.'), (2, 'Coffee', 'Beans are roasted.'), (3, 'Nothing', NULL);
-- What a chunk was made of stays as long as its number and its transaction do.
CREATE FUNCTION kept(store regclass) RETURNS TABLE (chunk_id bigint, written xid) LANGUAGE plpgsql AS
$$BEGIN RETURN QUERY EXECUTE format('SELECT chunk_id, xmin FROM %s', store); END$$;

-- In the transaction: the rows that are there are embedded, and those that change are with them.
SELECT assay.create_vectorizer('shelf.docs', '{"column": "body"}', 'words', :'lines', formatting => '$title: $chunk', consistency => 'transaction') AS docs \gset
\d shelf.docs_chunks
SELECT id, seq, chunk, start_pos, end_pos, array_length(embedding, 1) AS numbers FROM shelf.docs_chunks ORDER BY id, seq;
SELECT schema, name, source, store, embedding, loading, formatting, consistency, pending, owner = current_user::regrole AS mine FROM assay.vectorizers WHERE id = :docs;
SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = 'shelf.docs'::regclass ORDER BY tgname;

-- A column that is not read embeds nothing; nor does a text that stays, wherever it moves.
CREATE TEMP TABLE before AS SELECT * FROM kept('shelf.docs_chunks');
UPDATE shelf.docs SET clicks = clicks + 1;
SELECT count(*) AS same FROM before JOIN kept('shelf.docs_chunks') USING (chunk_id, written);
UPDATE shelf.docs SET body = E'White tea is dried.\n' || body WHERE id = 1;
SELECT id, seq, chunk, start_pos, end_pos, chunk_id IN (SELECT chunk_id FROM before) AS was_there FROM shelf.docs_chunks ORDER BY id, seq;
-- What the template reads is a part of it.
UPDATE shelf.docs SET title = 'Koffie' WHERE id = 2;
SELECT id, chunk, chunk_id IN (SELECT chunk_id FROM before) AS was_there FROM shelf.docs_chunks WHERE id = 2;

-- Inserted, copied, merged, moved to another key, deleted; savepoints.
INSERT INTO shelf.docs VALUES (4, 'Water', 'It boils.') ON CONFLICT (id) DO UPDATE SET body = excluded.body;
INSERT INTO shelf.docs VALUES (4, 'Water', 'It freezes.'), (5, 'Milk', 'It sours.') ON CONFLICT (id) DO UPDATE SET body = excluded.body;
COPY shelf.docs FROM stdin;
6	Juice	It is pressed.	0
7	Beer	It is brewed.	0
\.
UPDATE shelf.docs SET id = 60 WHERE id = 6;
DELETE FROM shelf.docs WHERE id = 7;
BEGIN;
INSERT INTO shelf.docs VALUES (8, 'Wine', 'It is fermented.');
SAVEPOINT a;
UPDATE shelf.docs SET body = 'It is distilled.' WHERE id = 8;
ROLLBACK TO a;
SELECT chunk FROM shelf.docs_chunks WHERE id = 8;
COMMIT;
BEGIN;
INSERT INTO shelf.docs VALUES (9, 'Gone', 'It never was.');
ROLLBACK;
SELECT id, seq, chunk FROM shelf.docs_chunks WHERE id > 3 ORDER BY id, seq;
-- A trigger that writes the row again, after it was written: what is there in the end counts.
CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN UPDATE shelf.docs SET body = upper(body) WHERE id = NEW.id; RETURN NULL; END$$;
CREATE TRIGGER shout AFTER INSERT ON shelf.docs FOR EACH ROW EXECUTE FUNCTION shout();
INSERT INTO shelf.docs VALUES (10, 'Loud', 'quiet');
SELECT chunk FROM shelf.docs_chunks WHERE id = 10;
DROP TRIGGER shout ON shelf.docs;
-- What cannot be kept is an error of the statement.
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN IF NEW.chunk ~ 'unembeddable' THEN RAISE 'this cannot be kept'; END IF; RETURN NEW; END$$;
CREATE TRIGGER refuse BEFORE INSERT ON shelf.docs_chunks FOR EACH ROW EXECUTE FUNCTION refuse();
INSERT INTO shelf.docs VALUES (11, 'Bad', 'unembeddable');
SELECT count(*) FROM shelf.docs WHERE id = 11;
-- What replication brings is queued.
SET session_replication_role = replica;
INSERT INTO shelf.docs VALUES (12, 'Far', 'It came by wire.');
RESET session_replication_role;
SELECT vectorizer, key, attempts, error FROM assay.vectorizer_items;
CALL assay.run_queue();
SELECT id, chunk FROM shelf.docs_chunks WHERE id = 12;

-- Columns are followed when they are renamed, and not dropped; so is the table.
ALTER TABLE shelf.docs RENAME COLUMN body TO content;
ALTER TABLE shelf.docs RENAME COLUMN title TO heading;
ALTER TABLE shelf.docs RENAME COLUMN id TO number;
ALTER TABLE shelf.docs RENAME TO papers;
INSERT INTO shelf.papers VALUES (13, 'New', 'After names changed.');
UPDATE shelf.papers SET heading = 'Newer' WHERE number = 13;
SELECT id, chunk FROM shelf.docs_chunks WHERE id = 13;
ALTER TABLE shelf.papers DROP COLUMN content;
ALTER TABLE shelf.papers ALTER COLUMN content TYPE varchar(100);
TRUNCATE shelf.papers;
SELECT count(*) FROM shelf.docs_chunks;

-- Names are looked for by the search path, as those of tables are.
SELECT assay.drop_vectorizer('docs');
SET search_path = shelf, public;
SELECT assay.drop_vectorizer('docs');
RESET search_path;
SELECT tgname FROM pg_trigger WHERE tgrelid = 'shelf.papers'::regclass;
SELECT to_regclass('shelf.docs_chunks');

-- The queue: several columns of a key, of other types and names, one of which the store has for itself.
CREATE TABLE notes (seq text, "at" timestamptz, note text, more text GENERATED ALWAYS AS (note || '!') STORED, PRIMARY KEY (seq, "at"));
INSERT INTO notes VALUES ('a', '2026-01-01 10:00+00', 'one'), ('b', '2026-01-02 10:00+00', 'two');
SET datestyle = 'German';
SELECT assay.create_vectorizer('notes', '{"column": "more"}', 'words@1', formatting => '${at} $chunk', name => 'my notes', store => 'note vectors') AS notes \gset
RESET datestyle;
SELECT key FROM assay.vectorizer_items ORDER BY id;
CALL assay.run_queue();
SELECT source_seq, "at" AT TIME ZONE 'UTC' AS at, seq, chunk FROM "note vectors" ORDER BY 1;
UPDATE notes SET note = 'three' WHERE seq = 'a';
UPDATE notes SET note = 'four' WHERE seq = 'a';
UPDATE notes SET note = note;
SELECT key, attempts FROM assay.vectorizer_items ORDER BY id;
CALL assay.run_queue(max_items => 1);
SELECT source_seq, seq, chunk FROM "note vectors" ORDER BY 1;
SELECT pending, failed, lag FROM assay.vectorizers WHERE name = 'my notes';
-- One bad row fails alone, and is tried again later.
CREATE TRIGGER refuse BEFORE INSERT ON "note vectors" FOR EACH ROW EXECUTE FUNCTION refuse();
INSERT INTO notes VALUES ('c', '2026-01-03', 'unembeddable'), ('d', '2026-01-03', 'fine');
CALL assay.run_queue();
SELECT source_seq, chunk FROM "note vectors" WHERE source_seq > 'b' ORDER BY 1;
SELECT key[1], attempts, error, next_at - failed_at AS wait FROM assay.vectorizer_items;
CALL assay.run_queue();
UPDATE notes SET note = 'embeddable' WHERE seq = 'c';
CALL assay.run_queue();
SELECT source_seq, chunk FROM "note vectors" WHERE source_seq > 'b' ORDER BY 1;
SELECT count(*) AS left FROM assay.vectorizer_items;
DELETE FROM notes WHERE seq > 'b';
CALL assay.run_queue();
SELECT source_seq, chunk FROM "note vectors" ORDER BY 1;
-- It commits, which it cannot within a transaction.
BEGIN;
CALL assay.run_queue();
ROLLBACK;
CALL assay.run_queue(max_items => 0);
CALL assay.run_queue(max_seconds => -1);
CALL assay.run_queue(NULL);

-- Another embedder, beside the one that serves.
SELECT assay.alter_vectorizer('my notes', embedding => 'words@2');
SELECT embedding, state, column_name, dimensions FROM assay.vectorizer_embeddings WHERE vectorizer = 'my notes' ORDER BY since;
SELECT embedding, next_embedding, pending FROM assay.vectorizers WHERE name = 'my notes';
SELECT assay.alter_vectorizer('my notes', embedding => 'words@1');
-- What is written meanwhile has vectors of both.
INSERT INTO notes VALUES ('e', '2026-01-04', 'five');
CALL assay.run_queue();
SELECT embedding, state, column_name, dimensions FROM assay.vectorizer_embeddings WHERE vectorizer = 'my notes' ORDER BY state;
SELECT source_seq, array_length(embedding, 1) AS old, array_length(embedding_2, 1) AS new FROM "note vectors" ORDER BY 1;
-- Back again; what came since is embedded first.
INSERT INTO notes VALUES ('f', '2026-01-05', 'six');
CALL assay.run_queue();
SELECT assay.rollback_vectorizer('my notes');
SELECT embedding, next_embedding, pending FROM assay.vectorizers WHERE name = 'my notes';
CALL assay.run_queue();
SELECT embedding, next_embedding, pending FROM assay.vectorizers WHERE name = 'my notes';
SELECT source_seq, array_length(embedding, 1) AS old, array_length(embedding_2, 1) AS new FROM "note vectors" ORDER BY 1;
-- Forth, at once, and given up.
SELECT assay.rollback_vectorizer('my notes');
SELECT embedding, next_embedding FROM assay.vectorizers WHERE name = 'my notes';
SELECT assay.alter_vectorizer('my notes', embedding => 'words@2');

-- Cut anew, by the queue: what stays the same keeps its vectors.
UPDATE notes SET note = 'One. Two. Three' WHERE seq = 'a';
CALL assay.run_queue();
SELECT chunk_id AS whole FROM "note vectors" WHERE source_seq = 'b' \gset
SELECT assay.alter_vectorizer('my notes', chunking => :'lines');
SELECT chunking FROM assay.vectorizers WHERE name = 'my notes';
CALL assay.run_queue();
SELECT source_seq, seq, chunk, start_pos, end_pos, chunk_id = :whole AS was_there FROM "note vectors" WHERE source_seq < 'c' ORDER BY 1, 2;

-- What a vectorizer needs is not dropped: a version whose vectors serve, one that texts are cut by, the model, or all that its owner has.
SELECT assay.drop_model('words', 2);
SELECT assay.drop_model('words');
SELECT assay.drop_owned('postgres');
SELECT version FROM assay.load_word_vectors('cutter', $$VALUES ('tea', '{1,0}'::real[])$$);
SELECT version FROM assay.load_word_vectors('cutter', $$VALUES ('tea', '{0,1}'::real[])$$, deploy => 'always');
SELECT assay.alter_vectorizer('my notes', chunking => '{"strategy": "tokens(cutter@1)", "size": 9, "overlap": 0}');
SELECT assay.drop_model('cutter', 1);
SELECT assay.alter_vectorizer('my notes', chunking => :'lines');
SELECT assay.drop_model('cutter');
CALL assay.run_queue();

-- Without its embedder, as after a restore of half a database, nothing can be done, whatever the row is; the queue waits.
DELETE FROM assay.model WHERE name = 'words';
UPDATE notes SET note = note || '?';
CALL assay.run_queue();
SELECT count(*) AS waiting, count(DISTINCT error) AS errors, min(error) AS error FROM assay.vectorizer_items WHERE vectorizer = 'my notes';
SELECT version FROM assay.load_word_vectors('words', $$VALUES ('tea', '{1,0,0,0,0,0,0,0}'::real[])$$);
-- Another one of its name is another one, although its vectors are as long.
SELECT version FROM assay.load_word_vectors('words', $$VALUES ('tea', '{0,0,0,1}'::real[])$$, deploy => 'never');
SELECT * FROM assay.search('my notes', 'tea', mode => 'vector');
SELECT assay.rollback_vectorizer('my notes');

-- Sources that cannot be one, and arguments that say nothing.
CREATE VIEW note_view AS SELECT * FROM notes;
CREATE MATERIALIZED VIEW note_matview AS SELECT * FROM notes;
CREATE TABLE parts (id int PRIMARY KEY, body text) PARTITION BY LIST (id);
CREATE TABLE part_1 PARTITION OF parts FOR VALUES IN (1);
CREATE TABLE keyless (body text);
CREATE UNLOGGED TABLE unlogged (id int PRIMARY KEY, body text);
CREATE TABLE parent (id int PRIMARY KEY, body text);
CREATE TABLE child () INHERITS (parent);
CREATE EXTENSION IF NOT EXISTS file_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE elsewhere (id int, body text) SERVER files OPTIONS (filename '/dev/null');
\set VERBOSITY default
SELECT assay.create_vectorizer('note_view', '{"column": "note"}', 'words@1');
SELECT assay.create_vectorizer('note_matview', '{"column": "note"}', 'words@1');
SELECT assay.create_vectorizer('elsewhere', '{"column": "body"}', 'words@1');
SELECT assay.create_vectorizer('parts', '{"column": "body"}', 'words@1');
SELECT assay.create_vectorizer('keyless', '{"column": "body"}', 'words@1');
SELECT assay.create_vectorizer('unlogged', '{"column": "body"}', 'words@1');
SELECT assay.create_vectorizer('parent', '{"column": "body"}', 'words@1');
SELECT assay.create_vectorizer('part_1', '{"column": "body"}', 'words@1', consistency => 'transaction');
SELECT assay.create_vectorizer('notes_pkey', '{"column": "body"}', 'words@1');
SELECT assay.create_vectorizer('shelf.papers', '{"column": "body"}', 'words@1');
SELECT assay.create_vectorizer('shelf.papers', '{"columns": "content"}', 'words@1');
SELECT assay.create_vectorizer('shelf.papers', '{"column": "content"}', 'words@1', '{"size": 0}');
SELECT assay.create_vectorizer('shelf.papers', '{"column": "content"}', 'words@1', '{"strategy": "tokens(nobody)"}');
SELECT assay.create_vectorizer('shelf.papers', '{"column": "content"}', 'nobody@1');
SELECT assay.create_vectorizer('shelf.papers', '{"column": "content"}', 'words@1', formatting => '$heading');
SELECT assay.create_vectorizer('shelf.papers', '{"column": "content"}', 'words@1', formatting => '$chunk $nothing');
SELECT assay.create_vectorizer('shelf.papers', '{"column": "content"}', 'words@1', formatting => 'costs $ $chunk');
SELECT assay.create_vectorizer('shelf.papers', '{"column": "content"}', 'words@1', consistency => 'sometimes');
SELECT assay.create_vectorizer('shelf.papers', '{"column": "content"}', 'words@1', indexing => '{"method": "hnsw"}');
SELECT assay.create_vectorizer('shelf.papers', '{"column": "content"}', 'words@1', indexing => '{"type": "vector"}');
SELECT assay.create_vectorizer('shelf.papers', '{"column": "content"}', 'words@1', indexing => '{"m": 16}');
SELECT assay.create_vectorizer('shelf.papers', '{"column": "content"}', 'words@1', max_lag => '-1 minutes');
SELECT assay.create_vectorizer('shelf.papers', '{"column": "content"}', 'words@1', store => 'papers');
SELECT assay.create_vectorizer('notes', '{"column": "note"}', 'words@1', name => 'my notes');
SELECT assay.create_vectorizer('notes', '{"column": "note"}', 'words@1', name => '');
SELECT assay.create_vectorizer(NULL, '{"column": "note"}', 'words@1');
SELECT assay.create_vectorizer('notes', NULL, 'words@1');
SELECT assay.drop_vectorizer('nowhere');
SELECT assay.alter_vectorizer('nowhere', 'words@2');
SELECT assay.rollback_vectorizer('shelf.nothing');
\set VERBOSITY terse
-- A part of another table can be one by the queue.
SELECT assay.create_vectorizer('part_1', '{"column": "body"}', 'words@1') IS NOT NULL AS created;
INSERT INTO parts VALUES (1, 'by way of the whole');
CALL assay.run_queue();
SELECT id, chunk FROM part_1_chunks;

-- A promise.
SELECT assay.create_vectorizer('shelf.papers', '{"column": "content"}', 'words@1', max_lag => '5 minutes') IS NOT NULL AS created;
SELECT name, kind, args FROM assay.checks WHERE relation = 'shelf.papers'::regclass;
SELECT target, sli, objective, period FROM assay.slas;
SELECT status, metric, value = 0 AS nothing_waits, threshold FROM assay.run_checks('shelf.papers');
INSERT INTO shelf.papers VALUES (1, 'Late', 'It waits.');
UPDATE assay.vectorizer_queue SET queued_at = now() - interval '10 minutes';
SELECT status, metric, value BETWEEN 600 AND 700 AS waited, threshold FROM assay.run_checks('shelf.papers');
SELECT assay.alter_vectorizer('shelf.papers', max_lag => '1 hour');
SELECT status, threshold FROM assay.run_checks('shelf.papers');
CALL assay.run_queue();
SELECT assay.drop_vectorizer('shelf.papers', keep_chunks => true);
SELECT count(*) FROM assay.checks WHERE relation = 'shelf.papers'::regclass;
SELECT count(*) FROM assay.slas;
SELECT number, chunk FROM shelf.papers_chunks;

-- A source that is dropped takes its chunks along, and its vectorizer is none any more.
DROP TABLE notes CASCADE;
SELECT to_regclass('"note vectors"') AS store, count(*) AS vectorizers FROM assay.vectorizers WHERE name = 'my notes';
CALL assay.run_queue();
SELECT count(*) FROM assay.vectorizer v WHERE NOT EXISTS (SELECT FROM pg_class WHERE oid = v.source);

-- What is written by way of other statements and tables: MERGE, and foreign keys that cascade.
CREATE TABLE maker (id int PRIMARY KEY);
CREATE TABLE item (id numeric PRIMARY KEY, maker int REFERENCES maker ON DELETE CASCADE ON UPDATE CASCADE, body text);
INSERT INTO maker VALUES (1), (2);
SELECT assay.create_vectorizer('item', '{"column": "body"}', 'words@1', formatting => '$maker $chunk', consistency => 'transaction') IS NOT NULL AS created;
INSERT INTO item VALUES (1.0, 1, 'old'), (2, 2, 'old'), (3, 2, 'old');
MERGE INTO item USING (VALUES (1.0, 'merged'), (3, NULL), (4, 'new')) AS v (id, body) ON item.id = v.id
WHEN MATCHED AND v.body IS NULL THEN DELETE WHEN MATCHED THEN UPDATE SET body = v.body WHEN NOT MATCHED THEN INSERT VALUES (v.id, 2, v.body);
SELECT id, seq, chunk FROM item_chunks ORDER BY id, seq;
DELETE FROM maker WHERE id = 2;
UPDATE maker SET id = 10;
SELECT id, seq, chunk FROM item_chunks ORDER BY id, seq;
-- A key that is written differently and is the same.
UPDATE item SET id = 1.00, body = 'the same row';
SELECT id, seq, chunk FROM item_chunks ORDER BY id, seq;
-- Statements within statements.
WITH added AS (INSERT INTO item VALUES (5, 10, 'within') RETURNING id) UPDATE item SET body = 'beside' WHERE id = 1;
SELECT id, seq, chunk FROM item_chunks ORDER BY id, seq;
-- In a transaction that sees the database as it was.
BEGIN ISOLATION LEVEL SERIALIZABLE;
UPDATE item SET body = 'serial' WHERE id = 1;
UPDATE item SET body = 'serial, twice' WHERE id = 1;
COMMIT;
SELECT id, seq, chunk FROM item_chunks ORDER BY id, seq;
-- Without its store nothing is lost silently.
DROP TABLE item_chunks;
INSERT INTO item VALUES (6, 10, 'nowhere to go');
SELECT assay.drop_vectorizer('item');
INSERT INTO item VALUES (6, 10, 'nowhere to go');
-- A key that is gone, too.
SELECT assay.create_vectorizer('item', '{"column": "body"}', 'words@1') IS NOT NULL AS created;
ALTER TABLE item DROP CONSTRAINT item_pkey;
INSERT INTO item VALUES (7, 10, 'without a key');

-- Who may do what with vectorizers, and as whom they read and write.

SET client_min_messages = warning;
SELECT version FROM assay.load_word_vectors('words', $$VALUES ('writer', '{1,0}'::real[])$$);
SELECT assay.grant_model('words', 'public', 'predict');
CREATE ROLE vectorizer_owner;
CREATE ROLE vectorizer_writer;
CREATE ROLE vectorizer_heir;
CREATE ROLE vectorizer_member IN ROLE vectorizer_owner;
CREATE SCHEMA desk AUTHORIZATION vectorizer_owner;
GRANT USAGE ON SCHEMA desk TO vectorizer_writer;
SET ROLE vectorizer_owner;
CREATE TABLE desk.memo (id int PRIMARY KEY, body text, author text DEFAULT current_user);
CREATE TABLE desk.letter (id int PRIMARY KEY, body text);
GRANT INSERT, UPDATE, DELETE ON desk.memo, desk.letter TO vectorizer_writer;
GRANT SELECT (id) ON desk.memo, desk.letter TO vectorizer_writer;
\set VERBOSITY default

-- Its owner creates it, and a member of that role.
SET ROLE vectorizer_writer;
SELECT assay.create_vectorizer('desk.memo', '{"column": "body"}', 'words@1');
SET ROLE vectorizer_member;
SELECT assay.create_vectorizer('desk.memo', '{"column": "body"}', 'words@1', consistency => 'transaction') IS NOT NULL AS created;
SET ROLE vectorizer_owner;
SELECT assay.create_vectorizer('desk.letter', '{"column": "body"}', 'words@1') IS NOT NULL AS created;
SELECT c.relname, c.relowner::regrole FROM pg_class c WHERE c.relnamespace = 'desk'::regnamespace AND c.relkind IN ('r', 'S') ORDER BY 1;

-- What the store brings along runs as the owner, and cannot become anybody else.
CREATE TABLE desk.seen (who text, what text);
CREATE FUNCTION desk.look() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN
    INSERT INTO desk.seen VALUES (current_user, NEW.chunk);
    BEGIN
        EXECUTE 'RESET ROLE';
    EXCEPTION WHEN OTHERS THEN
        INSERT INTO desk.seen VALUES (current_user, SQLERRM);
    END;
    RETURN NEW;
END$$;
CREATE TRIGGER look BEFORE INSERT ON desk.memo_chunks FOR EACH ROW EXECUTE FUNCTION desk.look();
CREATE TRIGGER look BEFORE INSERT ON desk.letter_chunks FOR EACH ROW EXECUTE FUNCTION desk.look();

-- Whoever may write the source needs no right on the store, nor on the queue.
SET ROLE vectorizer_writer;
INSERT INTO desk.memo (id, body) VALUES (1, 'by the writer');
INSERT INTO desk.letter VALUES (1, 'by the writer, too');
SELECT count(*) FROM desk.memo_chunks;
SELECT count(*) FROM assay.vectorizer_queue;
SELECT count(*) FROM assay.vectorizer_items;
SELECT name, pending FROM assay.vectorizers ORDER BY name;
-- The queue of others is not worked at.
CALL assay.run_queue();
RESET ROLE;
SELECT vectorizer, key FROM assay.vectorizer_items;
SET ROLE vectorizer_member;
CALL assay.run_queue();
SELECT * FROM desk.seen ORDER BY who, what;
SELECT (SELECT chunk FROM desk.memo_chunks) AS memo, (SELECT chunk FROM desk.letter_chunks) AS letter;
SET ROLE vectorizer_writer;
SELECT assay.alter_vectorizer('desk.memo', 'words@2');
SELECT assay.rollback_vectorizer('desk.memo');
SELECT assay.drop_vectorizer('desk.memo');
SELECT assay_internal.lease_is_free(1);
-- A trigger of somebody's own with the number of another's vectorizer.
RESET ROLE;
CREATE SCHEMA AUTHORIZATION vectorizer_writer;
SELECT id AS memo FROM assay.vectorizers WHERE name = 'memo' \gset
SET ROLE vectorizer_writer;
CREATE TABLE vectorizer_writer.own (id int PRIMARY KEY, body text);
SELECT format('CREATE TRIGGER sneak AFTER INSERT ON vectorizer_writer.own FOR EACH ROW EXECUTE FUNCTION assay_internal.queue_row(%L)', :memo) \gexec
INSERT INTO vectorizer_writer.own VALUES (1, 'x');
DROP TRIGGER sneak ON vectorizer_writer.own;
CREATE TRIGGER sneak AFTER INSERT ON vectorizer_writer.own FOR EACH ROW EXECUTE FUNCTION assay_internal.queue_row();
INSERT INTO vectorizer_writer.own VALUES (1, 'x');
DROP TRIGGER sneak ON vectorizer_writer.own;
CREATE TRIGGER sneak AFTER INSERT ON vectorizer_writer.own FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.forget_rows('999999');
INSERT INTO vectorizer_writer.own VALUES (1, 'x');
SELECT assay_internal.queue_row();

-- Policies of the source do not hide rows from its owner; where they are forced, it is refused.
SET ROLE vectorizer_owner;
ALTER TABLE desk.memo ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON desk.memo USING (author = current_user);
SET ROLE vectorizer_writer;
INSERT INTO desk.memo (id, body) VALUES (2, 'mine alone');
UPDATE desk.memo SET body = 'mine alone, still' WHERE id = 2;
SET ROLE vectorizer_owner;
SELECT id, chunk FROM desk.memo_chunks ORDER BY id;
ALTER TABLE desk.memo FORCE ROW LEVEL SECURITY;
SET ROLE vectorizer_writer;
INSERT INTO desk.memo (id, body) VALUES (3, 'hidden from the owner');
SET ROLE vectorizer_owner;
SELECT assay.create_vectorizer('desk.memo', '{"column": "body"}', 'words@1', name => 'forced', store => 'forced');
ALTER TABLE desk.memo NO FORCE ROW LEVEL SECURITY;

-- A source that is given away takes its vectorizer along once its store is given away, too.
RESET ROLE;
GRANT ALL ON SCHEMA desk TO vectorizer_heir;
ALTER TABLE desk.letter OWNER TO vectorizer_heir;
SET ROLE vectorizer_heir;
INSERT INTO desk.letter VALUES (2, 'of the heir');
CALL assay.run_queue();
SELECT key, error FROM assay.vectorizer_items;
RESET ROLE;
ALTER TABLE desk.letter_chunks OWNER TO vectorizer_heir;
DROP TRIGGER look ON desk.letter_chunks;
UPDATE assay.vectorizer_queue SET next_at = now();
SET ROLE vectorizer_heir;
CALL assay.run_queue();
SELECT id, chunk FROM desk.letter_chunks ORDER BY id;
SET ROLE vectorizer_owner;
SELECT assay.drop_vectorizer('desk.letter');

-- In a read-only transaction nothing is written.
BEGIN READ ONLY;
SELECT assay.drop_vectorizer('desk.memo');
ROLLBACK;
RESET ROLE;
DROP SCHEMA desk, vectorizer_writer CASCADE;
DROP ROLE vectorizer_owner, vectorizer_writer, vectorizer_heir, vectorizer_member;

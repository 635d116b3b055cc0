"""Texts in bulk: whatever is being done with them, it ends within 100 ms of being out of time, and what a backend holds stays near assay.max_memory."""

import os
import pathlib
import sys

import psycopg

import promises
from promises import check, check_ends_anywhere, undone

FOLDER = pathlib.Path(os.environ["MINILM"])
WEIGHTS, TOKENIZER = (FOLDER / "model.safetensors").read_bytes(), (FOLDER / "tokenizer.json").read_bytes()
CONFIG = (FOLDER / "config.json").read_text()
# The bytes lie in a table, so that no time is spent on sending them.
LOAD = "SELECT assay.load_embedder('large', weights, tokenizer, config || %s::jsonb) FROM encoder"
COLUMN = '{"column": "body"}'


def connect():
    connection = psycopg.connect("", autocommit=True, prepare_threshold=None)
    connection.execute("SET client_min_messages = error")
    return connection


connection = connect()
# Twenty words of two thousand, the frequent ones more often.
connection.execute("""CREATE FUNCTION words(seed bigint, count int) RETURNS text IMMUTABLE LANGUAGE sql AS $$
    SELECT string_agg('w' || (2000 * power(abs(hashint8extended(seed, i)) / 9.3e18, 3))::int, ' ' ORDER BY i) FROM generate_series(1, count) AS i $$""")
connection.execute("CREATE TABLE text_row AS SELECT i AS id, words(i, 20) AS body FROM generate_series(1, 20000) AS i")
connection.execute("ALTER TABLE text_row ADD PRIMARY KEY (id)")
connection.execute("""SELECT assay.load_word_vectors('words', $$
    SELECT 'w' || i, array_agg((hashint8extended(i, d) % 1000)::real ORDER BY d) FROM generate_series(1, 2000) AS i, generate_series(1, 64) AS d GROUP BY i $$)""")

connection.execute("CREATE TABLE encoder (weights bytea, tokenizer bytea, config jsonb); ALTER TABLE encoder ALTER weights SET STORAGE external, ALTER tokenizer SET STORAGE external")
connection.execute("INSERT INTO encoder VALUES (%b, %b, %s::jsonb)", (WEIGHTS, TOKENIZER, CONFIG))

# Search: all vectors of 100,000 rows, which are put where a vectorizer would put them; all words of 20,000.
connection.execute("CREATE TABLE wide_row (id int PRIMARY KEY, body text)")
connection.execute(f"SELECT assay.create_vectorizer('wide_row', '{COLUMN}', 'words@1')")
connection.execute("ALTER TABLE wide_row DISABLE TRIGGER ALL; INSERT INTO wide_row SELECT i, 'w1' FROM generate_series(1, 100000) AS i; ALTER TABLE wide_row ENABLE TRIGGER USER")
connection.execute("""INSERT INTO wide_row_chunks (id, seq, chunk, start_pos, end_pos, content_hash, embedding)
    SELECT i, 1, 'w1', 1, 3, '', (SELECT array_agg((hashint8extended(i, d) % 1000)::real ORDER BY d) FROM generate_series(1, 64) AS d WHERE i > 0) FROM generate_series(1, 100000) AS i""")
connection.execute(f"SELECT assay.create_vectorizer('text_row', '{COLUMN}', 'words@1', consistency => 'transaction')")
connection.execute("ANALYZE")
searches = "SELECT count(*) FROM generate_series(1, 300) AS i, LATERAL assay.search(%s, words(i, 3), 10, %s{}) AS s WHERE i > 0"
questions = "SELECT words(i, 3) AS question, i AS key FROM generate_series(1, 2000) AS i"
learn = "SELECT assay.{}('late', 'SELECT body FROM text_row, generate_series(1, 5)', %s, deploy => 'never')"
for what, statement, parameters in (
    ("searches by vectors", searches.format(""), ("wide_row", "vector")),
    ("searches by words", searches.format(""), ("text_row", "text")),
    ("searches with a filter", searches.format(", filter => 'id %% 3 = 0'"), ("text_row", "hybrid")),
    ("judging a search", "SELECT count(*) FROM assay.evaluate_retrieval('text_row', %s)", (questions,)),
    ("comparing two", "SELECT count(*) FROM assay.compare_retrieval('text_row', 'text_row', %s, mode_a => 'text', mode_b => 'vector')", (questions,)),
    ("filling a vectorizer", undone(f"assay.create_vectorizer('text_row', '{COLUMN}', 'words@1', consistency => 'transaction', name => 'late', store => 'late')"), None),
    ("filling a queue", undone(f"assay.create_vectorizer('wide_row', '{COLUMN}', 'words@1', name => 'late', store => 'late')"), None),
    ("writing many rows of a vectorizer", "UPDATE text_row SET body = body || '!'", None),
    ("learning words", learn.format("train_word2vec"), ("{}",)),
    ("learning words by pairs", learn.format("train_word2vec"), ('{"sg": 1, "hs": 1}',)),
    ("counting words", learn.format("train_tf_idf"), ("{}",)),
    ("reading vectors of words", "SELECT assay.load_word_vectors('late', 'SELECT ''w'' || id, array_fill(1::real, ARRAY[200]) FROM wide_row', deploy => 'never')", None),
    ("words that are near", "SELECT count(*) FROM generate_series(1, 2000) AS i, LATERAL assay.most_similar('words', 'w' || i, 10) AS s", None),
    ("loading an encoder", LOAD, ("{}",)),
    ("loading an encoder of 8 bits", LOAD, ('{"precision": "int8"}',)),
):
    check_ends_anywhere(connection, what, statement, parameters, 3, longest=1)
connection.execute("CREATE TABLE novel AS SELECT string_agg(words(i, 12) || CASE WHEN i % 7 = 0 THEN E'.\\n\\n# A heading\\n' ELSE '. ' END, '') AS body FROM generate_series(1, 100000) AS i")
for strategy in ("characters", "words", "sentences", "paragraphs", "recursive", "markdown", "tokens(words)"):
    check_ends_anywhere(connection, f"cutting 6 MB of text by {strategy}", "SELECT count(*) FROM novel, generate_series(1, 3), LATERAL assay.chunk_text(body, 200, 20, %s) AS c", (strategy,), 3, longest=1)
# What was cancelled has left its rows, which the next call takes up.
connection.execute("UPDATE wide_row SET body = 'w2' WHERE id <= 60000")
check_ends_anywhere(connection, "working at a queue", "CALL assay.run_queue(1000000)", None, 3, longest=1)
done, waiting = connection.execute("SELECT (SELECT count(*) FROM wide_row_chunks WHERE chunk = 'w2'), (SELECT count(*) FROM assay.vectorizer_items)").fetchone()
check("what was cancelled is done or waits", done > 0 and done + waiting == 60000, (done, waiting))


def outcome(session, statement, parameters=None):
    try:
        session.execute(statement, parameters)
        return "done"
    except psycopg.Error as error:
        return error.sqlstate or "the connection was lost"


# Memory: each either fits or is refused, and what a backend has held is near what it may.
million = "SELECT 'n' || i, array_fill(1::real, ARRAY[64]) FROM generate_series(1, 1000000) AS i"
for what, statement, parameters, endings in (
    ("an encoder of 90 MB", LOAD, ("{}",), ("53400",)),
    ("a million words with their vectors", "SELECT assay.load_word_vectors('late', %s)", (million,), ("53400",)),
    ("a million different words", "SELECT assay.train_word2vec('late', 'SELECT ''n'' || i FROM generate_series(1, 1000000) AS i', '{\"min_count\": 1}')", None, ("53400",)),
    ("a text of 100 MB cut into words", "SELECT count(*) FROM assay.chunk_text(repeat('All these words. ', 6000000), 5, 0, 'words')", None, ("done", "53400")),
    ("vectors of a million texts", "SELECT assay.embed('words', array_agg('w' || i)) FROM generate_series(1, 1000000) AS i", None, ("53400",)),
    ("a queue of two million rows", f"SELECT assay.create_vectorizer('many_row', '{COLUMN}', 'words@1')", None, ("done", "53400")),
    ("20,000 rows in one statement", "UPDATE text_row SET body = body || '?'", None, ("done", "53400")),
    ("2,000 questions", "SELECT count(*) FROM assay.evaluate_retrieval('text_row', %s, mode => 'text')", (questions,), ("done",)),
):
    if "many_row" in statement:
        connection.execute("CREATE TABLE many_row AS SELECT i AS id, ''::text AS body FROM generate_series(1, 2000000) AS i; ALTER TABLE many_row ADD PRIMARY KEY (id)")
    with connect() as session:
        session.execute("SET assay.max_memory = '50MB'; SET max_parallel_workers_per_gather = 0")
        found = outcome(session, statement, parameters)
        with open(f"/proc/{session.info.backend_pid}/status") as lines:
            peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024
        with open(f"/proc/{session.info.backend_pid}/status") as lines:
            shared = next(int(line.split()[1]) for line in lines if line.startswith("RssShmem:")) / 1024
        # A statement's own arguments are PostgreSQL's to hold.
        own = {"an encoder of 90 MB": 200, "a text of 100 MB cut into words": 300}.get(what, 0)
        check(f"memory holds: {what}", found in endings and peak - shared < 200 + own, f"{found}, {peak - shared:.0f} MB")
sys.exit(promises.failed > 0)

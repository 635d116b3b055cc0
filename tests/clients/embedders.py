"""A sentence encoder as people use it, loaded and asked in SQL: the vectors that sentence-transformers gives (tests/oracle/minilm.json), the same
bits under any plan and in any batch, memory that backends share, roles, hostile bytes, and statements that end when they are told to."""

import json
import os
import pathlib
import struct
import sys
import time

import psycopg

import promises
from promises import check

FOLDER = pathlib.Path(os.environ["MINILM"])
GOLDEN = json.loads(pathlib.Path("tests/oracle/minilm.json").read_text())
WEIGHTS, TOKENIZER = (FOLDER / "model.safetensors").read_bytes(), (FOLDER / "tokenizer.json").read_bytes()
CONFIG = (FOLDER / "config.json").read_text()
LOAD = "SELECT version, dimensions FROM assay.load_embedder(%s, %b, %b, %s::jsonb)"


def connect(**options):
    return psycopg.connect("", autocommit=True, prepare_threshold=None, **options)


def one(connection, query, parameters=()):
    return connection.execute(query, parameters).fetchone()[0]


def refused(connection, query, parameters=()):
    """The SQLSTATE of a statement that fails, and its message."""
    try:
        connection.execute(query, parameters)
    except psycopg.Error as error:
        return error.sqlstate, error.diag.message_primary
    return None, "it was done"


def kilobytes(connection, *names):
    """What a backend holds, by the names of /proc."""
    backend = one(connection, "SELECT pg_backend_pid()")
    with open(f"/proc/{backend}/status") as file:
        fields = dict(line.split(":", 1) for line in file)
    return sum(int(fields[name].split()[0]) for name in names)


def cosine(a, b):
    dot = sum(x * y for x, y in zip(a, b))
    return dot / (sum(x * x for x in a) * sum(y * y for y in b)) ** 0.5


connection = connect()
loaded = connection.execute(LOAD, ("minilm", WEIGHTS, TOKENIZER, CONFIG)).fetchone()
check("an encoder becomes version 1 of a model", loaded == (1, 384), loaded)
vectors = one(connection, "SELECT assay.embed('minilm', %s::text[])", (GOLDEN["texts"],))
worst = max(abs(a - b) for own, golden in zip(vectors, GOLDEN["embeddings"]) for a, b in zip(own, golden))
check("its vectors are those of sentence-transformers within 1e-4", len(vectors) == len(GOLDEN["texts"]) and worst < 1e-4, worst)

int8 = json.dumps(json.loads(CONFIG) | {"precision": "int8"})
connection.execute(LOAD, ("minilm8", WEIGHTS, TOKENIZER, int8))
quantised = one(connection, "SELECT assay.embed('minilm8', %s::text[])", (GOLDEN["texts"],))
least = min(cosine(own, golden) for own, golden in zip(quantised, GOLDEN["embeddings"]))
check("those of 8 bits point the same way", least >= 0.995, least)

for model, all_of_it in (("minilm", vectors), ("minilm8", quantised)):
    alone = [one(connection, "SELECT assay.embed(%s, %s)", (model, text)) for text in GOLDEN["texts"]]
    check(f"{model}: a text alone has the same bits", alone == all_of_it)
    connection.execute("DROP TABLE IF EXISTS sentence; CREATE TABLE sentence (id int, words text)")
    with connection.cursor().copy("COPY sentence FROM STDIN") as copy:
        for number in range(600):
            copy.write_row((number, GOLDEN["texts"][number % 7]))
    connection.execute("ANALYZE sentence; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2")
    query = f"SELECT id, assay.embed('{model}', words) FROM sentence"
    plan = "\n".join(row[0] for row in connection.execute(f"EXPLAIN {query}"))
    rows = connection.execute(query).fetchall()
    same = all(vector == all_of_it[number % 7] for number, vector in rows)
    check(f"{model}: a parallel plan gives the same bits", "Parallel Seq Scan" in plan and len(rows) == 600 and same, plan)

check("NULL has no vector", one(connection, "SELECT assay.embed('minilm', NULL::text)") is None)
rows = one(connection, "SELECT assay.embed('minilm', ARRAY['one', NULL, 'two'])")
check("nor has NULL among others", rows[1] == [None] * 384 and None not in rows[0] + rows[2])
check("no texts have no vectors", one(connection, "SELECT assay.embed('minilm', '{}'::text[])") == [])

# Backends share the weights.
first = []
for _ in range(5):
    with connect() as session:
        one(session, "SELECT 1")
        before, began = kilobytes(session, "RssAnon"), time.perf_counter()
        one(session, "SELECT assay.embed('minilm', 'How long do I have to return an item?')")
        first.append(time.perf_counter() - began)
        grown = kilobytes(session, "RssAnon") - before
check("the first call of a session takes less than 150 ms", min(first) < 0.15, first)
check("a session holds less than a tenth of the weights for itself", grown * 1024 < len(WEIGHTS) / 10, grown)
with connect() as session:
    one(session, "SELECT 1")
    before = kilobytes(session, "RssAnon")
    one(session, "SELECT assay.embed('minilm', %s::text[])", (GOLDEN["texts"] * 20,))
    share = 1 + (kilobytes(session, "RssAnon") - before) * 1024 / len(WEIGHTS)
    check("and less than 1.3 times the weights with what is shared, whatever it embeds", share < 1.3, share)
files = [row[0] for row in connection.execute("SELECT name FROM pg_ls_tmpdir() WHERE name LIKE 'pgsql_tmp_assay_%'")]
check("one file is there for each version", len(files) == 2, files)

# Roles.
connection.execute("DROP ROLE IF EXISTS embedders_reader; CREATE ROLE embedders_reader; GRANT USAGE ON SCHEMA assay TO embedders_reader")
with connect() as session:
    session.execute("SET ROLE embedders_reader")
    check("who was granted nothing is refused", refused(session, "SELECT assay.embed('minilm', 'x')")[0] == "42501")
    check("and sees nothing", session.execute("SELECT FROM assay.models").rowcount == 0)
    connection.execute("SELECT assay.grant_model('minilm', 'embedders_reader', 'predict')")
    check("who may predict embeds", len(one(session, "SELECT assay.embed('minilm', 'x')")) == 384)
    code = refused(session, LOAD, ("minilm", WEIGHTS[:100], TOKENIZER, CONFIG))[0]
    check("but adds no version", code == "42501", code)

# What is no embedder, and what is no model of rows.
check("an embedder predicts nothing of rows", refused(connection, "SELECT assay.predict('minilm', 1)")[0] == "ML010")
connection.execute("CREATE TABLE point AS SELECT i AS x, 2 * i AS y FROM generate_series(1, 50) AS i; SELECT assay.train('line', 'point', 'y', 'linear_regression')")
check("a model of rows embeds nothing", refused(connection, "SELECT assay.embed('line', 'x')")[0] == "ML010")
check("a reference to no version says so", refused(connection, "SELECT assay.embed('minilm@7', 'x')")[0] == "ML002")

# Hostile bytes: errors, and no memory.
length = struct.unpack("<Q", WEIGHTS[:8])[0]
header = json.loads(WEIGHTS[8:8 + length])


def with_header(change):
    changed = json.loads(json.dumps(header))
    change(changed)
    text = json.dumps(changed).encode()
    return struct.pack("<Q", len(text)) + text + WEIGHTS[8 + length:]


name = "embeddings.word_embeddings.weight"
first_number = 8 + length + header[name]["data_offsets"][0]
nan = bytearray(WEIGHTS)
nan[first_number:first_number + 4] = struct.pack("<f", float("nan"))
hostile = {
    "no bytes": b"",
    "a header of 2^60 bytes": struct.pack("<Q", 1 << 60) + WEIGHTS[8:1000],
    "a truncated file": WEIGHTS[:len(WEIGHTS) // 2],
    "a truncated header": WEIGHTS[:length // 2],
    "no number": bytes(nan),
    "a missing tensor": with_header(lambda head: head.pop(name)),
    "another shape": with_header(lambda head: head[name].update(shape=[1, 2, 3])),
    "a shape of 2^60 numbers": with_header(lambda head: head[name].update(shape=[1 << 40, 1 << 20])),
    "places outside": with_header(lambda head: head[name].update(data_offsets=[0, 1 << 60])),
    "places that overlap": with_header(lambda head: head[name].update(data_offsets=[8, 4])),
    "another type": with_header(lambda head: head[name].update(dtype="I64")),
}
for what, weights in hostile.items():
    with connect() as session:
        one(session, "SELECT 1")
        found = refused(session, LOAD, ("hostile", weights, TOKENIZER, CONFIG))
        check(f"weights with {what} are refused", found[0] in ("22P03", "22023", "ML012"), found)
for what, tokenizer in {"no bytes": b"", "no JSON": b"{", "another kind": b'{"model": {"type": "BPE", "vocab": {}, "merges": []}}', "a list": b"[]"}.items():
    found = refused(connection, LOAD, ("hostile", WEIGHTS, tokenizer, CONFIG))
    check(f"a tokenizer of {what} is refused", found[0] in ("22P03", "22023", "ML012"), found)
for what, config in {"no layers": "{}", "another size": json.dumps(json.loads(CONFIG) | {"hidden_size": 385}), "2^60 layers": json.dumps(json.loads(CONFIG) | {"num_hidden_layers": 1 << 60}),
                     "no heads": json.dumps(json.loads(CONFIG) | {"num_attention_heads": 0}), "a window beyond its places": json.dumps(json.loads(CONFIG) | {"max_seq_length": 100_000})}.items():
    found = refused(connection, LOAD, ("hostile", WEIGHTS, TOKENIZER, config))
    check(f"a config with {what} is refused", found[0] == "22023", found)

# It ends when it is told to.
connection.execute("CREATE TABLE long AS SELECT repeat('All these words mean something. ', 40) AS words FROM generate_series(1, 400)")
late = promises.lateness(connection, "SELECT assay.embed('minilm', array_agg(words)) FROM long", (), 0.5)
check("embedding many texts ends within 100 ms of being out of time", late is not None and late < 0.1, late)
late = promises.lateness(connection, "SELECT assay.embed('minilm', words) FROM long", (), 0.5)
check("embedding text after text ends within 100 ms of being out of time", late is not None and late < 0.1, late)

# What was dropped leaves nothing, nor does a database.
connection.execute("DROP DATABASE IF EXISTS embedders_other")
connection.execute("CREATE DATABASE embedders_other")
with connect(dbname="embedders_other") as other:
    other.execute("CREATE EXTENSION assay")
    other.execute("SELECT assay.load_word_vectors('other', $$VALUES ('one', '{1}'::real[])$$)")
    one(other, "SELECT assay.embed('other', 'one')")
files = [row[0] for row in connection.execute("SELECT name FROM pg_ls_tmpdir() WHERE name LIKE 'pgsql_tmp_assay_%'")]
check("each database has its own", len(files) == 3, files)
connection.execute("DROP DATABASE embedders_other")
connection.execute("SELECT assay.drop_model('minilm8')")
connection.execute(LOAD, ("again", WEIGHTS, TOKENIZER, CONFIG))
files = [row[0] for row in connection.execute("SELECT name FROM pg_ls_tmpdir() WHERE name LIKE 'pgsql_tmp_assay_%'")]
check("the files of a dropped version and of a dropped database go when the next is loaded", len(files) == 1, files)
check("what was loaded twice shares one file", one(connection, "SELECT assay.embed('again', 'x')") == one(connection, "SELECT assay.embed('minilm', 'x')"))
sys.exit(promises.failed > 0)

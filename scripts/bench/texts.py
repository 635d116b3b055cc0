"""Texts: vectors of sentences beside sentence-transformers, vectors of words beside gensim, and search among 100,000 documents."""

import gzip
import os
import pathlib
import re

from measure import Session, median
from report import REPEAT, SERIAL, Sections

COLLECTION = pathlib.Path(__file__).resolve().parents[2] / "tests/data/cranfield/cran.all.1400.gz"
SENTENCES, DOCUMENTS, WIDTH = 2_000, 100_000, 384
ONE_THREAD = "SET assay.threads = 1"
WORD2VEC = '{"seed": 1}'
# An array a call, as programs send texts.
BATCH = 500


def literal(text):
    return "'" + text.replace("'", "''") + "'"


def words():
    """The words of the abstracts, in their order."""
    text = gzip.open(COLLECTION, "rt").read()
    return re.findall(r"[a-z0-9]+", re.sub(r"^\.[A-Z].*$", "", text, flags=re.M))


def embed_all(model):
    return (f"SELECT sum(v[1][1]) FROM (SELECT embed('{model}', array_agg(words ORDER BY id)) AS v FROM bench_sentence "
            f"WHERE id <= {SENTENCES} GROUP BY (id - 1) / {BATCH}) AS x")


class Texts(Sections):
    """Embedders, search and vectorizers."""

    NAMES = ["embed", "embed_first", "embed_memory", "nearest", "text_search", "word2vec", "vectorizer"]
    PEERS = "texts_peers.py", "BENCH_TEXTS_PEERS"

    def __init__(self, table, peers):
        super().__init__(table, peers)
        folder = os.environ["MINILM"]
        sentences = words()
        rows = [" ".join(sentences[at:at + 20]) for at in range(0, len(sentences) - 19, 20)]
        with Session() as session:
            session.run("DROP TABLE IF EXISTS bench_sentence; CREATE TABLE bench_sentence (id int PRIMARY KEY, words text)")
            session.run(f"INSERT INTO bench_sentence VALUES {','.join(f'({number}, {literal(row)})' for number, row in enumerate(rows, 1))}")
            session.run("VACUUM ANALYZE bench_sentence")
            for precision in ("f32", "int8"):
                session.run(f"SELECT version FROM load_embedder('{precision}', pg_read_binary_file('{folder}/model.safetensors'), "
                            f"pg_read_binary_file('{folder}/tokenizer.json'), convert_from(pg_read_binary_file('{folder}/config.json'), 'UTF8')::jsonb "
                            f"|| '{{\"precision\": \"{precision}\"}}', deploy => 'always')")

    def embed(self):
        """2,000 sentences of 20 words on one thread."""
        kinds = []
        for model in ("f32", "int8"):
            def ours(model=model):
                with Session(SERIAL, ONE_THREAD, f"SELECT embed('{model}', 'first')") as session:
                    return session.used(embed_all(model))
            kinds.append(ours)
        f32, int8, peer = self.by_turns(*kinds, self.peer("embed", "bench_sentence"))
        for what, own, goal in (("f32", f32, 0.8), ("int8", int8, 1.5)):
            each = SENTENCES / own.wall
            if peer and peer.output[0]:
                theirs = SENTENCES / peer.wall
                self.table.value(f"{what} : sentence-transformers, texts/s", f"{each:.0f}", f"{theirs:.0f}", f"{each / theirs:.2f}", f">= {goal}", each >= goal * theirs)
            else:
                self.table.value(f"{what}, texts/s on one thread", f"{each:.0f}")

    def embed_first(self):
        """The first call of a session, when its server has called before."""
        def first():
            with Session(ONE_THREAD) as session:
                return session.used("SELECT embed('f32', 'How long do I have to return an item?')", precise=True)
        first()
        used = median([first() for _ in range(5 * REPEAT)])
        self.table.line("first embed of a session, ms", (f"{used.wall * 1000:.1f}", f"{used.cpu * 1000:.1f}"), goal="<= 150", met="yes" if used.wall <= 0.15 else "NO")

    def embed_memory(self):
        for model in ("f32", "int8"):
            with Session(SERIAL, ONE_THREAD, "SELECT count(words) FROM bench_sentence", "SELECT count(*) FROM chunk_text('a b', 10)") as session:
                before = session.peak()
                session.run(embed_all(model))
                held = session.peak() - before
                size = int(session.run(f"SELECT octet_length(bytes) FROM model_version WHERE model_id = (SELECT id FROM model WHERE name = '{model}') ORDER BY version DESC LIMIT 1")[0])
            self.table.value(f"memory of embed : weights, {model}, MB", f"{held / 1e6:.0f}", f"{size / 1e6:.0f}", f"{held / size:.2f}", "<= 1.3", held <= 1.3 * size)
        self.table.say("    ours: the backend's peak beyond a session that read the table and called something else of assay, pages of the shared image included")

    def nearest(self):
        """Exact search of 100,000 vectors, beside pgvector where it is installed."""
        with Session() as session:
            theirs = session.run("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'")[0] == "1"
            session.run("DROP TABLE IF EXISTS bench_near CASCADE; CREATE TABLE bench_near (id int PRIMARY KEY, body text)")
            session.run(f"INSERT INTO bench_near SELECT i, 'w' || i % 97 || ' w' || i % 89 || ' w' || i FROM generate_series(1, {DOCUMENTS}) AS i")
            session.run(f"SELECT version FROM load_word_vectors('near', 'SELECT ''w'' || i, (SELECT array_agg(cos(i * 12.9898 + k * 78.233) ::real) FROM generate_series(1, {WIDTH}) AS k) "
                        "FROM generate_series(1, 2000) AS i', deploy => 'always')")
            session.run("SELECT create_vectorizer('bench_near', '{\"column\": \"body\"}', 'near', '{\"strategy\": \"characters\", \"size\": 1000}', consistency => 'transaction')")
            session.run("VACUUM ANALYZE bench_near")
            if theirs:
                session.run("CREATE EXTENSION IF NOT EXISTS vector SCHEMA public; DROP TABLE IF EXISTS bench_vector")
                session.run(f"CREATE TABLE bench_vector AS SELECT id, embedding::vector({WIDTH}) AS v FROM bench_near_chunks; VACUUM ANALYZE bench_vector")
        search = "SELECT count(*) FROM search('bench_near', 'w5 w17', k => 10, mode => 'vector')"
        def of(sql, *setup):
            def once():
                with Session(SERIAL, *setup, sql) as session:
                    return session.used(sql)
            return once
        exact = f"SELECT count(*) FROM (SELECT id FROM bench_vector ORDER BY v <=> embed('near', 'w5 w17')::vector({WIDTH}) LIMIT 10) AS x"
        ours, peer = self.by_turns(of(search), of(exact) if theirs else lambda: None, repeat=2 * REPEAT + 1)
        self.table.times("exact search, 100k x 384 : pgvector", ours, peer, 1.2)

    def text_search(self):
        """Three words of 1, 5 and 20 % of the documents."""
        with Session() as session:
            session.run("DROP TABLE IF EXISTS bench_text CASCADE; CREATE TABLE bench_text (id int PRIMARY KEY, body text)")
            session.run(f"""INSERT INTO bench_text SELECT i, concat_ws(' ', CASE WHEN i::bigint * 7919 % 100 = 0 THEN 'seldom' END, CASE WHEN i::bigint * 104729 % 20 = 0 THEN 'sometimes' END,
                CASE WHEN i::bigint * 1299709 % 5 = 0 THEN 'often' END, (SELECT string_agg('w' || (i::bigint * k * 31 + k * k) % 5000, ' ') FROM generate_series(1, 20 + i % 30) AS k)) FROM generate_series(1, {DOCUMENTS}) AS i""")
            session.run("SELECT version FROM load_word_vectors('one', $$VALUES ('seldom', '{1, 0}'::real[]), ('often', '{0, 1}')$$, deploy => 'always')")
            session.run("SELECT create_vectorizer('bench_text', '{\"column\": \"body\"}', 'one', '{\"strategy\": \"characters\", \"size\": 10000}', consistency => 'transaction')")
            session.run("VACUUM ANALYZE bench_text, bench_text_chunks, posting, posting_pending, posting_segment, posting_removed")
        search = "SELECT count(*) FROM search('bench_text', 'seldom sometimes often', k => 10, mode => 'text')"
        def once():
            with Session(search) as session:
                return session.used(search, precise=True)
        used = median([once() for _ in range(2 * REPEAT + 1)])
        self.table.line("BM25, 3 words in 100k documents, ms", (f"{used.wall * 1000:.1f}", f"{used.cpu * 1000:.1f}"), goal="<= 10",
                        met="yes" if used.wall <= 0.01 else "NO")

    def word2vec(self):
        """Words a second, on the same sentences in the same order."""
        with Session() as session:
            total = int(session.run("SELECT 5 * sum(cardinality(string_to_array(words, ' '))) FROM bench_sentence")[0])
        for what, more in (("CBOW", ""), ("skip-gram", ', "sg": 1'), ("CBOW, hs", ', "hs": 1, "negative": 0'), ("skip-gram, hs", ', "sg": 1, "hs": 1, "negative": 0')):
            statement = (f"SELECT version FROM train_word2vec('w2v', 'SELECT string_to_array(words, '' '') FROM bench_sentence ORDER BY id', "
                         f"'{WORD2VEC[:-1]}{more}}}', deploy => 'always')")
            task = "word2vec_" + what.lower().replace(", ", "_").replace("-", "_")
            ours, peer = self.by_turns(self.ours(statement), self.peer(task, "bench_sentence"))
            each = total / ours.wall / 1e3
            if peer:
                theirs = total / peer.wall / 1e3
                self.table.value(f"word2vec, {what} : gensim, 1000 words/s", f"{each:.0f}", f"{theirs:.0f}", f"{each / theirs:.2f}", ">= 1", each >= theirs)
                self.table.say(f"    CPU seconds: ours {ours.cpu:.2f}, the peer's {peer.cpu:.2f}")
            else:
                self.table.value(f"word2vec, {what}, 1000 words/s", f"{each:.0f}")

    def vectorizer(self):
        """10,000 rows with their vectors in one transaction, beside the vectors alone."""
        rows = "SELECT id, words FROM bench_sentence WHERE id <= 10000"
        def kept():
            with Session(ONE_THREAD, SERIAL, "DROP TABLE IF EXISTS bench_kept CASCADE; CREATE TABLE bench_kept (id int PRIMARY KEY, words text)",
                         "SELECT create_vectorizer('bench_kept', '{\"column\": \"words\"}', 'int8', '{\"strategy\": \"characters\", \"size\": 1000}', consistency => 'transaction')",
                         "SELECT embed('int8', 'first')") as session:
                return session.used(f"INSERT INTO bench_kept {rows}")
        def alone():
            with Session(ONE_THREAD, SERIAL, "SELECT embed('int8', 'first')") as session:
                return session.used(f"SELECT sum(v[1][1]) FROM (SELECT embed('int8', array_agg(words ORDER BY id)) AS v FROM ({rows}) AS r GROUP BY (id - 1) / {BATCH}) AS x")
        ours, bare = self.by_turns(kept, alone, repeat=1)
        self.table.times("10,000 rows kept current : embedded", ours, bare, 1.1)

"""Texts: vectors of sentences beside sentence-transformers, vectors of words beside gensim, and search among 100,000 documents."""

import gzip
import os
import pathlib
import re
import sys

from measure import Session, median
from report import REPEAT, SERIAL, Sections

TESTS = pathlib.Path(__file__).resolve().parents[2] / "tests"
COLLECTION = TESTS / "data/cranfield/cran.all.1400.gz"
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

    NAMES = ["embed", "embed_first", "embed_memory", "nearest", "text_search", "word2vec", "vectorizer", "ask", "dataset", "redact"]
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

    def documents(self):
        """A table of 100,000 documents, with a vectorizer."""
        with Session() as session:
            session.run("DROP TABLE IF EXISTS bench_text CASCADE; CREATE TABLE bench_text (id int PRIMARY KEY, body text)")
            session.run(f"""INSERT INTO bench_text SELECT i, concat_ws(' ', CASE WHEN i::bigint * 7919 % 100 = 0 THEN 'seldom' END, CASE WHEN i::bigint * 104729 % 20 = 0 THEN 'sometimes' END,
                CASE WHEN i::bigint * 1299709 % 5 = 0 THEN 'often' END, (SELECT string_agg('w' || (i::bigint * k * 31 + k * k) % 5000, ' ') FROM generate_series(1, 20 + i % 30) AS k)) FROM generate_series(1, {DOCUMENTS}) AS i""")
            session.run("SELECT version FROM load_word_vectors('one', $$VALUES ('seldom', '{1, 0}'::real[]), ('often', '{0, 1}')$$, deploy => 'always')")
            session.run("SELECT create_vectorizer('bench_text', '{\"column\": \"body\"}', 'one', '{\"strategy\": \"characters\", \"size\": 10000}', consistency => 'transaction')")
            session.run("VACUUM ANALYZE bench_text, bench_text_chunks, posting, posting_pending, posting_segment, posting_removed")

    def text_search(self):
        """Three words of 1, 5 and 20 % of the documents."""
        self.documents()
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

    def ask(self):
        """What an answer takes beside the model's own time, by words alone and with vectors of two numbers, compared one by one."""
        sys.path.append(str(TESTS / "clients"))
        from endpoint_server import Endpoint
        endpoint = Endpoint()
        self.documents()
        with Session() as session:
            session.run("DROP SERVER IF EXISTS bench_llm CASCADE")
            session.run(f"CREATE SERVER bench_llm FOREIGN DATA WRAPPER assay_http OPTIONS (base_url 'http://127.0.0.1:{endpoint.port}/v1', model 'm')")
            session.run("SELECT register_remote('bench_writer', 'bench_llm', task => 'generation', max_tokens => 32000, deploy => 'always')")
            session.run("SET assay.endpoints = '127.0.0.1'")
            for mode in ("text", "hybrid"):
                for _ in range(4 * REPEAT + 1):
                    session.run(f"SELECT abstained FROM ask('bench_text', 'seldom sometimes often', model => 'bench_writer', mode => '{mode}')")
                took = float(session.run("SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds - model_seconds) FROM "
                                         f"(SELECT * FROM answers WHERE vectorizer = 'bench_text' AND search->>'mode' = '{mode}' ORDER BY id DESC LIMIT {4 * REPEAT}) AS a")[0])
                self.table.line(f"ask, {mode}, 100k documents, without the model, ms", (f"{took * 1000:.1f}", "-"), goal="<= 60", met="yes" if took <= 0.06 else "NO")
        endpoint.shutdown()

    def dataset(self):
        """A training set of 100,000 pairs of 15 and 60 words, of which each tenth nearly repeats another one."""
        with Session() as session:
            session.run("DROP TABLE IF EXISTS bench_answer; CREATE TABLE bench_answer (id int, customer text, question text, answer text)")
            session.run("""CREATE OR REPLACE FUNCTION bench_words(seed bigint, count int) RETURNS text IMMUTABLE LANGUAGE sql AS $$
                SELECT string_agg('w' || (20000 * power(abs(hashint8extended(seed, i)) / 9.3e18, 3))::int, ' ' ORDER BY i) FROM generate_series(1, count) AS i $$""")
            session.run(f"INSERT INTO bench_answer SELECT i, 'customer ' || i % 9000, bench_words(i, 15), bench_words(i + {DOCUMENTS}, 60) FROM generate_series(1, {DOCUMENTS * 10 // 11}) AS i")
            session.run(f"INSERT INTO bench_answer SELECT i + {DOCUMENTS}, 'customer ' || (i + 1) % 9000, question, regexp_replace(answer, '^(\\S+ ){{7}}', '\\1changed ') "
                        f"FROM bench_answer AS a(i, customer, question, answer) WHERE i % 10 = 0 AND i < {DOCUMENTS}")
            session.run("VACUUM ANALYZE bench_answer")
        build = "SELECT dropped FROM build_dataset('bench_answer', 'TABLE bench_answer', '{\"columns\": {\"group\": \"customer\"}}')"
        used = median([self.ours(build)() for _ in range(REPEAT)])
        self.table.limit("a training set of 100k pairs", used, 60)

    def redact(self):
        """Sentences, of which every fourth has an address, a telephone or a card."""
        with Session() as session:
            session.run("""DROP TABLE IF EXISTS bench_private; CREATE TABLE bench_private AS SELECT s.id, s.words || CASE s.id % 4
                WHEN 0 THEN format(' reach me at user%s@example.com or (212) 555-%s', s.id, lpad((s.id % 10000)::text, 4, '0')) ELSE '' END AS words
                FROM bench_sentence AS s CROSS JOIN generate_series(1, 10)""")
            size = int(session.run("SELECT sum(octet_length(words)) FROM bench_private")[0])
            names = session.run("SELECT jsonb_build_object('names', jsonb_agg('Name' || i)) FROM generate_series(1, 4000) AS i")[0]
        for what, policy in (("", "{}"), (", 4,000 names", names)):
            def once(policy=policy):
                with Session(SERIAL) as session:
                    return session.used(f"SELECT sum(length(redact(words, '{policy}'))) FROM bench_private", precise=True)
            used = median([once() for _ in range(REPEAT)])
            speed = size / used.wall / 1e6
            self.table.line(f"redact{what}, MB/s", (f"{speed:.0f}", f"{size / used.cpu / 1e6:.0f}"), goal=">= 20", met="yes" if speed >= 20 else "NO")

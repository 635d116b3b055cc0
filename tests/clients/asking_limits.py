"""Asking, in each of its phases: a cancel is served within 100 ms, whatever is waited for or worked at; and what a backend holds stays near assay.max_memory, whatever it is given by who asks,
by documents and by models, and is given back. Prints 'ok - NAME' or 'not ok - NAME' for each promise."""

import json
import sys
import threading
import time

import psycopg

import promises
from endpoint_server import Endpoint, chat
from promises import Queue, check, check_ends_anywhere

endpoint = Endpoint()


def connect():
    connection = psycopg.connect("", autocommit=True, prepare_threshold=None)
    connection.execute("SET client_min_messages = error")
    return connection


connection, other = connect(), connect()


def server(name, window=1_000_000, task="generation", **options):
    listed = "".join(f", {key} '{value}'" for key, value in options.items())
    connection.execute(f"CREATE SERVER {name} FOREIGN DATA WRAPPER assay_http OPTIONS (base_url 'http://127.0.0.1:{endpoint.port}/scripted', timeout '60'{listed})")
    connection.execute("SELECT assay.register_remote(%s, %s, 'm', %s, dimensions => %s, max_tokens => %s)", (name, name, task, 4 if task == "embedding" else None, window))


server("writer")
server("narrow", 4000)
server("embedder", task="embedding")
server("judge", task="reranking")
connection.execute("""CREATE FUNCTION words(seed bigint, count int) RETURNS text IMMUTABLE LANGUAGE sql AS $$
    SELECT string_agg('w' || (2000 * power(abs(hashint8extended(seed, i)) / 9.3e18, 3))::int, ' ' ORDER BY i) FROM generate_series(1, count) AS i $$""")
connection.execute("CREATE TABLE note (id int PRIMARY KEY, body text); INSERT INTO note SELECT i, words(i, 40) FROM generate_series(1, 20000) AS i")
connection.execute("""SELECT assay.load_word_vectors('words', $$
    SELECT 'w' || i, array_agg((hashint8extended(i, d) % 1000)::real ORDER BY d) FROM generate_series(0, 2000) AS i, generate_series(1, 16) AS d GROUP BY i $$)""")
connection.execute("SELECT assay.create_vectorizer('note', '{\"column\": \"body\"}', 'words@1', consistency => 'transaction')")
connection.execute("CREATE TABLE far (id int PRIMARY KEY, body text)")
connection.execute("SELECT assay.create_vectorizer('far', '{\"column\": \"body\"}', 'embedder@1')")
connection.execute("CREATE TABLE sale (id int PRIMARY KEY, amount int); ANALYZE")
first = connection.execute("SELECT chunk FROM assay.search('note', 'w1 w2 w3', 1, 'text')").fetchone()[0]


def stall(told, asked):
    time.sleep(30)


def trickle(told, asked):
    told.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        told.sendall(b" ")
        time.sleep(0.01)


def trickle_head(told, asked):
    told.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        told.sendall(b"X: y\r\n")
        time.sleep(0.01)


def flood(told, asked):
    told.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        told.sendall(b"1\r\n \r\n" * 1000)
        time.sleep(0.01)


def check_cancelled(what, statement, parameters, *steps, after=0.25):
    """Promises that a cancel is served within 100 ms that comes so long after the endpoint was called for the last time that is written down; the best of three."""
    late = []
    for _ in range(3):
        endpoint.script[:] = steps
        expected = len(endpoint.seen) + len(steps)
        sent = []

        def cancel():
            until = time.monotonic() + 20
            while len(endpoint.seen) < expected and time.monotonic() < until:
                time.sleep(0.002)
            time.sleep(after)
            sent.append(time.monotonic())
            other.execute("SELECT pg_cancel_backend(%s)", (connection.info.backend_pid,))

        thread = threading.Thread(target=cancel)
        queue = Queue(connection.info.backend_pid, time.monotonic() + after)
        thread.start()
        queue.start()
        try:
            connection.execute(statement, parameters)
            found = "it ended by itself"
        except psycopg.Error as error:
            found = error.sqlstate
        ended = time.monotonic()
        waited = queue.waited()
        thread.join()
        if found != "57014":
            try:
                connection.execute("SELECT pg_sleep(0.01)")
            except psycopg.Error:
                pass
            check(f"a cancel is served within 100 ms: {what}", False, found)
            return
        late.append(ended - sent[0] - waited)
        if late[-1] < 0.08:
            break
    check(f"a cancel is served within 100 ms: {what}", min(late) < 0.1, late)


def reply(answer, *quotes, supported=True):
    return json.dumps({"answer": answer, "quotes": [{"source": source, "quote": quote} for source, quote in quotes], "supported": supported})


def sql(statement):
    return json.dumps({"sql": statement, "explanation": "It counts."})


ASK = "SELECT * FROM assay.ask(%s, %s, history => %s, model => %s, k => %s, mode => %s, options => %s)"
TALK = json.dumps([{"role": "user", "content": "What is w1?"}, {"role": "assistant", "content": "It is w2."}])
GENERATE = "SELECT assay.generate('writer', 'a', %s, options => %s)"
WORDS = json.dumps({"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]})
endpoint.script[:] = [reply("So it is.", (1, first[:30]))]
kept = connection.execute(ASK, ("note", "w1 w2 w3", "[]", "writer", 8, "text", "{}")).fetchone()
check("an answer is kept that others are about", kept[2] is False, kept)
QUESTIONS = "SELECT 'w' || i AS question, 'w1' AS answer FROM generate_series(1, 5) AS i"
asking = ("note", "w1 w2 w3", TALK, "writer", 8, "hybrid", "{}")

for what, pace in (("does not answer", stall), ("trickles", trickle), ("trickles its header", trickle_head), ("goes on and on", flood)):
    check_cancelled(f"generate, of a model that {what}", GENERATE, (None, "{}"), pace)
    check_cancelled(f"ask, rewriting by a model that {what}", ASK, asking, pace)
    check_cancelled(f"ask, answered by a model that {what}", ASK, asking, "What is w1?", pace)
for what, statement, parameters, steps in (
    ("generate, asked again", GENERATE, (WORDS, "{}"), ("Sure!", stall)),
    ("generate, waiting until it may be asked again", GENERATE, (None, '{"patience": 50}'), ((429, b"", "Retry-After: 30"),)),
    ("ask, waiting until it may be asked again", ASK, (*asking[:6], '{"patience": 50}'), ("What is w1?", (503, b"", "Retry-After: 30"))),
    ("ask, asked again", ASK, asking, ("What is w1?", "Sure!", stall)),
    ("ask, searching by an embedder elsewhere", ASK, ("far", "w1", "[]", "writer", 8, "vector", "{}"), (stall,)),
    ("ask, ranking what was found elsewhere", ASK.replace("options", "rerank => 'judge', options"), asking, ("What is w1?", stall)),
    ("rewrite_question", "SELECT assay.rewrite_question(%s, 'And w3?', 'writer')", (TALK,), (trickle,)),
    ("evaluate_answers, at its first question", "SELECT * FROM assay.evaluate_answers('note', %s, 'writer', mode => 'text')", (QUESTIONS,), (stall,)),
    ("evaluate_answers, at its third question", "SELECT * FROM assay.evaluate_answers('note', %s, 'writer', mode => 'text')", (QUESTIONS,), (reply("w1", (1, "w1")), reply("w1", (1, "w1")), stall)),
    ("faithfulness", "SELECT assay.faithfulness(%s, 'writer')", (kept[3],), (trickle,)),
    ("text_to_sql", "SELECT * FROM assay.text_to_sql('How many?', 'writer', '{sale}')", None, (stall,)),
    ("text_to_sql, given back what does not plan", "SELECT * FROM assay.text_to_sql('How many?', 'writer', '{sale}')", None, (sql("SELECT nothing FROM sale"), trickle)),
    ("evaluate_text_to_sql", "SELECT * FROM assay.evaluate_text_to_sql('SELECT ''How many?'' AS question, ''SELECT count(*) FROM sale'' AS sql', 'writer', '{sale}')", None, (stall,)),
):
    check_cancelled(what, statement, parameters, *steps)
connection.execute("SELECT assay.submit('writer', 'a')")
check_cancelled("run_queue", "CALL assay.run_queue()", None, trickle)
connection.execute("SELECT assay.withdraw(id) FROM assay.generations")


class Patient(list):
    """Steps that never come to an end."""

    def __init__(self, step):
        super().__init__([step])

    def pop(self, place=0):
        return self[0]


# Worked at: searching, choosing what is told, and finding again what is quoted.
connection.execute("CREATE TABLE thick (id int PRIMARY KEY, body text)")
connection.execute("SELECT assay.create_vectorizer('thick', '{\"column\": \"body\"}', 'words@1', chunking => '{\"size\": 100000, \"overlap\": 0, \"strategy\": \"characters\"}', consistency => 'transaction')")
connection.execute("INSERT INTO thick SELECT i, words(i, 15000) FROM generate_series(1, 40) AS i")
connection.execute("CREATE TABLE novel AS SELECT string_agg(words(i, 12) || CASE WHEN i % 5 = 0 THEN ' anna.smith@example.com +49 170 1234567 DE89370400440532013000. ' ELSE '. ' END, '') AS body FROM generate_series(1, 60000) AS i")
connection.execute("CREATE TABLE page AS SELECT i AS id, words(i % 4500, 40) || ' within ' || i || ' days' AS body FROM generate_series(1, 5000) AS i")
quotes = [(source % 8 + 1, " ".join(f"w{(place * source) % 1500}" for place in range(30))) for source in range(1000)]
# As many as a model is asked for, of which none stands there but the last one; and as many as one may try.
eight, thousand = reply("So it is.", *quotes[:7], (1, "w1 w")), reply("So it is.", *quotes)
for what, statement, parameters, step in (
    ("ask, searching all", "SELECT count(*) FROM generate_series(1, 50), LATERAL assay.ask('note', 'w1 w2 w3 w4 w5', history => '[]', model => 'writer', k => 100)", None, reply("", supported=False)),
    ("ask, choosing among long chunks that are alike", "SELECT count(*) FROM generate_series(1, 20), LATERAL assay.ask('thick', 'w1 w2 w3', history => '[]', model => 'narrow', k => 40, mode => 'text', options => '{\"near_duplicate\": 0.99}')", None,
     reply("", supported=False)),
    ("ask, told all of long chunks", "SELECT count(*) FROM generate_series(1, 20), LATERAL assay.ask('thick', 'w1 w2 w3', history => '[]', model => 'writer', k => 40, mode => 'text')", None, reply("", supported=False)),
    ("ask, of eight quotes of long chunks", "SELECT count(*) FROM generate_series(1, 20), LATERAL assay.ask('thick', 'w1 w2 w3', history => '[]', model => 'writer', k => 8, mode => 'text')", None, eight),
    ("find_pii", "SELECT count(*) FROM novel, LATERAL assay.find_pii(repeat(body, 5))", None, ""),
    ("redact", "SELECT length(assay.redact(repeat(body, 5))) FROM novel", None, ""),
    ("redact by pseudonyms of names", "SELECT length(assay.redact(repeat(body, 3), '{\"names\": [\"w17\", \"w18\", \"Anna Smith\"]}')) FROM novel", None, ""),
    ("profile_corpus", "SELECT length(assay.profile_corpus('SELECT body FROM note, generate_series(1, 5)'))", None, ""),
    ("profile_corpus of one long text", "SELECT length(assay.profile_corpus('SELECT body FROM novel, generate_series(1, 3)'))", None, ""),
    ("contradictions", "SELECT status FROM assay.validate('page', '[{\"kind\": \"contradictions\", \"column_name\": \"body\", \"embedder\": \"words\", \"similarity\": 0.5}]')", None, ""),
    ("near_duplicates", "SELECT status FROM assay.validate('SELECT n.id, n.body || '' '' || i AS body FROM note AS n, generate_series(1, 3) AS i', '[{\"kind\": \"near_duplicates\", \"column_name\": \"body\"}]')", None, ""),
    ("near_duplicates of long texts", "SELECT status FROM assay.validate('SELECT id, repeat(body, 10) AS body FROM thick', '[{\"kind\": \"near_duplicates\", \"column_name\": \"body\"}]')", None, ""),
    ("pii as a check", "SELECT status FROM assay.validate('SELECT body FROM novel, generate_series(1, 5)', '[{\"kind\": \"pii\", \"column_name\": \"body\"}]')", None, ""),
    ("boilerplate", "SELECT status FROM assay.validate('SELECT body FROM note, generate_series(1, 5)', '[{\"kind\": \"boilerplate\", \"column_name\": \"body\", \"max_share\": 0.5}]')", None, ""),
    ("detect_language", "SELECT assay.detect_language(repeat(body, 5)) FROM novel, generate_series(1, 20)", None, ""),
    ("document_satisfaction", "SELECT count(*) FROM generate_series(1, 200), LATERAL assay.document_satisfaction('note')", None, ""),
):
    endpoint.script = Patient(step)
    try:
        check_ends_anywhere(connection, what, statement, parameters, 5, longest=1)
    except psycopg.Error as error:
        check(f"it ends within 100 ms of being out of time: {what}", False, error)
chunk = connection.execute("SELECT s.chunk FROM assay.search('thick', 'w1 w2 w3', 8, 'text') AS s ORDER BY score DESC LIMIT 1").fetchone()[0]
endpoint.script = Patient(reply("So it is.", *((source, chunk[-400:-300]) for source in range(1, 9))))
long = connection.execute("SELECT answer_id FROM assay.ask('thick', 'w1 w2 w3', history => '[]', model => 'writer', k => 8, mode => 'text')").fetchone()[0]
for what, statement in (("verify_citations", "SELECT count(*) FROM generate_series(1, 50), LATERAL assay.verify_citations(%s)"), ("faithfulness by overlap", "SELECT assay.faithfulness(%s) FROM generate_series(1, 50)")):
    check_ends_anywhere(connection, what, statement, (long,), 5, longest=1)
endpoint.script = []


def held(session, name="VmHWM"):
    """Megabytes that a backend has held at most, or holds, beside what it shares."""
    with open(f"/proc/{session.info.backend_pid}/status") as lines:
        numbers = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines if line.startswith(("Vm", "Rss"))}
    return numbers[name] - numbers["RssShmem"]


# Memory: whoever asks, writes documents, or answers.
def deep(count):
    return '{"answer": ' + "[" * count + "]" * count + ', "quotes": [], "supported": true}'


huge = json.dumps([{"role": ("user", "assistant")[place % 2], "content": "w1 " * 10_000} for place in range(600)])
most = json.dumps([{"role": ("user", "assistant")[place % 2], "content": "w1 " * 330} for place in range(1000)])
wide = json.dumps([{"role": "user", "content": "w1"}] * 300_000)
megabytes = "w1 " * 9_000_000
plain = [{"source": 1, "quote": "w1"}] * 400_000
many = json.dumps({"answer": "w1", "quotes": plain, "supported": True})
numbers = '{"answer": "w1", "quotes": [], "supported": true, "more": [' + "1," * 9_000_000 + "1]}"
usual = reply("So it is.", (1, "w1"))
for what, history, vectorizer, steps, endings in (
    ("a conversation of 18 MB", huge, "note", ("What is w1?", usual), ("done", "22023", "53400", "54000")),
    ("a conversation of a megabyte", most, "note", ("What is w1?", usual), ("done",)),
    ("a conversation of 300,000 messages", wide, "note", ("What is w1?", usual), ("done", "22023", "53400", "54000")),
    ("chunks of 100 KB", "[]", "thick", (usual,), ("done", "22023", "53400", "54000")),
    ("an answer of 27 MB", "[]", "note", (megabytes,) * 2, ("ML034", "ML036", "53400")),
    ("an answer of 400,000 quotes", "[]", "note", (many,) * 2, ("ML034", "ML036", "53400")),
    ("an answer of nine million numbers", "[]", "note", (numbers,) * 2, ("ML034", "ML036", "53400")),
    ("an answer of 100 levels", "[]", "note", (deep(100),) * 2, ("ML036",)),
    ("an answer of 100,000 levels", "[]", "note", (deep(100_000),) * 2, ("ML034", "ML036")),
    ("a reply of 100,000 levels", "[]", "note", ((200, b'{"choices": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),) * 2, ("ML034",)),
    ("a thousand quotes", "[]", "thick", (thousand,) * 2, ("ML036",)),
):
    with connect() as session:
        session.execute("SET assay.max_memory = '50MB'")
        session.execute("SELECT count(*) FROM assay.search('thick', 'w1', 8, 'text')")
        endpoint.script = list(steps)
        # What the statement's own arguments take is PostgreSQL's to hold.
        session.execute("SELECT pg_column_size(%s::jsonb)", (history,))
        before, own = held(session, "VmRSS"), max(0, held(session) - 100)
        try:
            session.execute(ASK, (vectorizer, "w1 w2 w3", history, "writer", 40, "text", "{}"))
            found = "done"
        except psycopg.Error as error:
            found = error.sqlstate or "the connection was lost"
        endpoint.script = []
        peak, after = held(session), held(session, "VmRSS")
        check(f"memory holds: {what}", found in endings and peak < 200 + own, f"{found}, {peak:.0f} MB, of which PostgreSQL's own {own:.0f}")
        check(f"and is given back: {what}", after - before < 60 + own, f"{before:.0f} MB before, {after:.0f} MB after")
        check(f"the session goes on: {what}", session.execute("SELECT 1").fetchone() == (1,))
sys.exit(promises.failed > 0)

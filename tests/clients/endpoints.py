"""Endpoints against servers of its own on 127.0.0.1, most of which misbehave: what may be reached, what is told to whom, what is booked, and how soon
a call ends. Prints 'ok - NAME' or 'not ok - NAME' for each promise."""

import os
import socket
import sys
import threading
import time

import psycopg

import promises
from endpoint_server import Endpoint, vector
from promises import check, check_ends

KEY = "sk-test-0123456789abcdef"
work = sys.argv[1]
endpoint = Endpoint()
secure = Endpoint(f"{work}/certificate.pem", f"{work}/key.pem")
root = psycopg.connect("", autocommit=True)


def connect(role="alice"):
    connection = psycopg.connect("", autocommit=True, user=role)
    connection.execute("SET client_min_messages = warning")
    return connection


def refused(connection, statement, *parameters):
    """The error of a statement: its SQLSTATE, and all that it says."""
    try:
        return "accepted", str(connection.execute(statement, parameters).fetchall())
    except psycopg.Error as error:
        diag = error.diag
        return diag.sqlstate, " | ".join(filter(None, (diag.message_primary, diag.message_detail, diag.message_hint, diag.context)))


def register(name, url, dimensions=4, task="embedding", **options):
    """A server and a model of one name, whose key alice has."""
    options = {"base_url": url, "timeout": "2", **options}
    listed = ", ".join(f"{key} '{value}'" for key, value in options.items())
    root.execute(f'CREATE SERVER "{name}" FOREIGN DATA WRAPPER assay_http OPTIONS ({listed})')
    root.execute(f'GRANT USAGE ON FOREIGN SERVER "{name}" TO alice')
    root.execute(f"CREATE USER MAPPING FOR alice SERVER \"{name}\" OPTIONS (api_key '{KEY}')")
    root.execute("SELECT assay.register_remote(%s, %s, 'm', %s, %s)", (name, name, task, dimensions))
    root.execute("SELECT assay.grant_model(%s, 'alice', 'predict')", (name,))


def use(name, column="calls"):
    found = root.execute(f"SELECT sum({column}) FROM assay.endpoint_usage WHERE server = %s", (name,)).fetchone()[0]
    return found or 0


def local(path, port=None):
    return f"http://127.0.0.1:{port or endpoint.port}/{path}"


root.execute("CREATE EXTENSION assay")
for role in ("alice", "bob"):
    root.execute(f"CREATE ROLE {role} LOGIN")
root.execute("ALTER SYSTEM SET assay.endpoints = '127.0.0.1, localhost, slow.test, meta.test, public.test, mixed.test, [::ffff:169.254.169.254], 169.254.169.254, 0.0.0.0, [64:ff9b::a9fe:a9fe]'")
root.execute(f"ALTER SYSTEM SET assay.endpoint_files = '{work}/allowed.key, {work}/authority.pem, {work}/pipe'")
root.execute("ALTER SYSTEM SET assay.endpoint_variables = 'ASSAY_TEST_KEY, ASSAY_TEST_NONE'")
root.execute("SELECT pg_reload_conf()")
time.sleep(0.5)
root = psycopg.connect("", autocommit=True)
register("good", local("v1"), batch_size="2")
alice, bob = connect(), connect("bob")

# What a good endpoint answers.
embed = "SELECT assay.embed_remote(%s, %s::text)"
many = "SELECT assay.embed_remote(%s, %s::text[])"
answer = alice.execute(embed, ("good", "a text")).fetchone()[0]
check("a text has the endpoint's vector", answer == vector("a text", 4), answer)
seen = endpoint.seen[-1]
check("the endpoint was asked as OpenAI documents it", (seen["path"], seen["body"]) == ("/v1/embeddings", {"model": "m", "input": ["a text"], "encoding_format": "float"}), seen)
check("it was sent the key of the role that called", seen["headers"]["authorization"] == f"Bearer {KEY}", seen)
texts = ["one", "two 한국어", "three \"3\"", "four\n", "five"]
before = len(endpoint.seen)
answer = alice.execute(many, ("good", texts)).fetchone()[0]
check("texts have theirs, in their order", answer == [vector(text, 4) for text in texts], answer)
check("in as many calls as batches", len(endpoint.seen) - before == 3, len(endpoint.seen) - before)
check("no text takes no call", alice.execute(many, ("good", [])).fetchone()[0] == [] and len(endpoint.seen) - before == 3)
check("NULL gives NULL", alice.execute(embed, ("good", None)).fetchone()[0] is None)
check("an element that is NULL is refused", refused(alice, many, "good", ["a", None])[0] == "22004")
check("an empty text is refused before it costs anything", refused(alice, embed, "good", "")[0] == "22023" and use("good") == 4, use("good"))
root.execute("SELECT assay.register_remote('short', 'good', dimensions => 4, max_tokens => 5, model => 'm')")
root.execute("SELECT assay.grant_model('short', 'alice', 'predict')")
check("so is one that is too long", refused(alice, embed, "short", "123456")[0] == "22023" and refused(alice, embed, "short", "12345")[0] == "accepted")
root.execute("SELECT assay.register_remote('said', 'good', 'm', dimensions => 4, request => '{\"user\": \"u\"}')")
root.execute("SELECT assay.grant_model('said', 'alice', 'predict')")
alice.execute(embed, ("said", "x"))
check("a request says what the registration wants", endpoint.seen[-1]["body"].get("user") == "u", endpoint.seen[-1])
register("chunked", local("chunked"))
check("an answer in chunks is read", alice.execute(embed, ("chunked", "a")).fetchone()[0] == vector("a", 4))
register("ranker", local("v1"), None, "reranking", batch_size="2")
scores = alice.execute("SELECT assay.rerank_remote('ranker', 'red fox', ARRAY['a blue fox', 'a red fox', 'none'])").fetchone()[0]
check("documents have their scores, in their order", scores == [0.125, 0.25, 0.0], scores)
check("a model is asked for what it was registered for", refused(alice, embed, "ranker", "a")[0] == "ML010" and
      refused(alice, "SELECT assay.rerank_remote('good', 'q', ARRAY['a'])")[0] == "ML010")
alice.execute("SET default_transaction_read_only = on")
check("a transaction that only reads may call", refused(alice, embed, "good", "a")[0] == "accepted")
alice.execute("RESET default_transaction_read_only")

# Endpoints that misbehave. Whatever they say, no error has the key.
misbehaved = {
    "redirect": "ML034", "metadata": "ML034", "stall": "ML033", "stall-body": "ML033", "drip": "ML033", "drip-head": "ML033", "big": "ML034", "endless": "ML034",
    "endless-head": "ML034", "html": "ML034", "shape": "ML034", "words": "ML034", "fewer": "ML034", "wide": "ML034", "infinite": "ML034", "early": "ML033",
    "early-without-length": "ML033", "early-head": "ML033", "silent": "ML033", "gopher": "ML033", "busy": "ML031", "overloaded": "ML031", "broken": "ML033",
    "forbidden": "ML034", "telltale": "ML034", "missing": "ML034"}
told = []
for kind, expected in misbehaved.items():
    register(kind, local(kind))
    before, started = len(endpoint.seen), time.monotonic()
    state, text = refused(alice, embed, kind, "a")
    took = time.monotonic() - started
    told.append(text)
    check(f"{kind}: {expected}, in time, in one call", state == expected and took < 4 and len(endpoint.seen) == before + 1, (state, text, took, len(endpoint.seen) - before))
    check(f"{kind}: it is booked as failed", (use(kind), use(kind, "failed")) == (1, 1), (use(kind), use(kind, "failed")))
register("twice", local("twice"))
check("twice: ML034", refused(alice, many, "twice", ["a", "b"])[0] == "ML034")
check("no redirect was followed", not any(seen["path"] == "/v1/embeddings" and seen["body"] is None for seen in endpoint.seen))
check("no error tells the key", not any(KEY[4:] in text or "Bearer" in text for text in told), [text for text in told if KEY[4:] in text])
check("an endpoint's own words are told", any("out of luck" in text for text in told) and any("no such model" in text for text in told), told)
check("and when it may be called again", any("7 s" in text for text in told) and any("9 s" in text for text in told), told)
check("what was not answered is booked with what it may have taken", use("stall", "tokens") == 1 and use("busy", "tokens") == 0, (use("stall", "tokens"), use("busy", "tokens")))

# Nobody there.
with socket.socket() as nobody:
    nobody.bind(("127.0.0.1", 0))
    register("nobody", local("v1", nobody.getsockname()[1]))
    state, text = refused(alice, embed, "nobody", "a")
check("a port that nobody listens at: ML033, and no tokens", state == "ML033" and use("nobody", "tokens") == 0, (state, text))

# Addresses.
lookups = lambda: open(f"{work}/lookups").read().split() if os.path.exists(f"{work}/lookups") else []
for name, url, expected in (
        ("meta by name", "https://meta.test/v1", "42501"), ("meta", "http://169.254.169.254/latest", "42501"), ("one bad among good", "https://mixed.test/v1", "42501"),
        ("mapped", "http://[::ffff:169.254.169.254]/v1", "42501"), ("nat64", "http://[64:ff9b::a9fe:a9fe]/v1", "42501"), ("unspecified", f"http://0.0.0.0:{endpoint.port}/v1", "42501"),
        ("in the open", "http://public.test/v1", "42501"), ("not listed", f"http://127.0.0.2:{endpoint.port}/v1", "42501"), ("not listed by name", "https://example.com/v1", "42501")):
    register(name, url)
    before = len(endpoint.seen)
    state, text = refused(alice, embed, name, "a")
    check(f"{name}: {url} is not reached", state == expected and len(endpoint.seen) == before, (state, text))
check("what is not listed is not looked up", "example.com" not in lookups(), lookups())
register("by name", f"http://localhost:{endpoint.port}/v1")
before = lookups().count("localhost")
check("a name that leads here is reached", refused(alice, embed, "by name", "a")[0] == "accepted")
check("a name is looked up once", lookups().count("localhost") == before + 1, lookups())
root.execute(f"SET assay.endpoints = '127.0.0.1:{endpoint.port + 1}'")
check("a host is listed at a port", refused(root, embed, "good", "a")[0] == "42501")
root.execute("SET assay.endpoints = ''")
check("an empty list lists none", refused(root, embed, "good", "a")[0] == "42501")
root.execute("SET assay.endpoints = '*.test'")
check("a list with what is no host says so", refused(root, embed, "good", "a")[0] == "22023")
root.execute("RESET assay.endpoints")
fresh = connect("bob")
fresh.execute("SET assay.endpoints = '169.254.169.254'")
check("a setting of a role that may not, made before the library is there, does not count", refused(fresh, "SELECT assay.register_remote('x', 'good', 'm', dimensions => 4)")[0] == "42501" and
      "127.0.0.1" in fresh.execute("SHOW assay.endpoints").fetchone()[0], fresh.execute("SHOW assay.endpoints").fetchone())
check("nor one made after", refused(fresh, "SET assay.endpoints = 'a'")[0] == "42501")

# TLS.
register("unknown authority", f"https://localhost:{secure.port}/v1")
state, text = refused(alice, embed, "unknown authority", "a")
check("a certificate of an unknown authority proves nothing", state == "ML034" and not secure.seen, (state, text))
register("known authority", f"https://localhost:{secure.port}/v1", ca_file=f"{work}/authority.pem")
state, text = refused(alice, embed, "known authority", "a")
check("one of an authority that the server names does", state == "accepted" and len(secure.seen) == 1, (state, text))
register("another name", f"https://127.0.0.1:{secure.port}/v1", ca_file=f"{work}/authority.pem")
state, text = refused(alice, embed, "another name", "a")
check("for its own name only", state == "ML034" and len(secure.seen) == 1, (state, text))
register("other file", f"https://localhost:{secure.port}/v1", ca_file=f"{work}/other.pem")
check("a file that is not allowed is not read", refused(alice, embed, "other file", "a")[0] == "42501")
register("no tls", f"https://localhost:{endpoint.port}/v1", ca_file=f"{work}/authority.pem")
state, text = refused(alice, embed, "no tls", "a")
check("a server without TLS proves nothing", state in ("ML033", "ML034"), (state, text))

# Keys.
for place, value, expected in (
        ("api_key_file", f"{work}/allowed.key", "accepted"), ("api_key_file", f"{work}/secret.key", "42501"), ("api_key_file", f"{work}/pipe", "22023"),
        ("api_key_variable", "ASSAY_TEST_KEY", "accepted"), ("api_key_variable", "PGDATA", "42501"), ("api_key_variable", "ASSAY_TEST_NONE", "22023")):
    root.execute("DROP USER MAPPING FOR alice SERVER good")
    root.execute(f"CREATE USER MAPPING FOR alice SERVER good OPTIONS ({place} '{value}')")
    state, text = refused(alice, embed, "good", "a")
    sent = endpoint.seen[-1]["headers"].get("authorization")
    check(f"{place} '{value}': {expected}", state == expected and (state != "accepted" or sent in ("Bearer sk-file-key-in-a-file", "Bearer sk-variable-key")), (state, text, sent))
root.execute("DROP USER MAPPING FOR alice SERVER good")
alice.execute(embed, ("good", "a"))
check("without a user mapping no key is sent", "authorization" not in endpoint.seen[-1]["headers"])
root.execute(f"CREATE USER MAPPING FOR PUBLIC SERVER good OPTIONS (api_key '{KEY}')")
alice.execute(embed, ("good", "a"))
check("that for PUBLIC serves who has none", endpoint.seen[-1]["headers"]["authorization"] == f"Bearer {KEY}")
for statement in ("SELECT umoptions FROM pg_user_mappings WHERE umoptions IS NOT NULL", "SELECT option_value FROM information_schema.user_mapping_options WHERE option_value IS NOT NULL",
                  "SELECT u::text FROM assay.endpoint_usage AS u", "SELECT c::text FROM assay.endpoint_calls AS c", "SELECT v::text FROM assay.model_versions AS v",
                  "EXPLAIN (VERBOSE, ANALYZE) SELECT assay.embed_remote('good', 'a')"):
    for connection in (bob, alice) if "EXPLAIN" not in statement else (alice,):
        rows = str(connection.execute(statement).fetchall())
        mine = connection is alice and "umoptions" in statement or connection is alice and "information" in statement
        check(f"no key in what another role sees: {statement[:60]}", mine or KEY not in rows, rows)
for options in ("api_key 'a b'", "api_kye 'sk-typo'", f"api_key '{KEY}', api_key_file '/x'", "api_key_file 'x'"):
    state, text = refused(root, f"CREATE USER MAPPING FOR bob SERVER good OPTIONS ({options})")
    check(f"({options.split(' ')[0]} ...) is refused, and not repeated", state == "22023" and KEY not in text and "sk-typo" not in text, (state, text))
for options in ("base_url 'ftp://x'", "base_url 'https://u:sk-p@x'", "api 'openai'", "base_url 'https://x', timeout '0'", "base_url 'https://x', password 'p'", "base_url 'https://x', api 'other'"):
    state, text = refused(root, f"CREATE SERVER wrong FOREIGN DATA WRAPPER assay_http OPTIONS ({options})")
    check(f"a server with {options} is refused", state == "22023" and "sk-p" not in text, (state, text))

# Roles.
check("a role without the model is refused", refused(bob, embed, "good", "a")[0] == "42501")
root.execute("SELECT assay.grant_model('good', 'bob', 'predict')")
state, text = refused(bob, embed, "good", "a")
check("one without USAGE on the server, too", state == "42501" and "USAGE" in text, (state, text))
check("who cannot use a server registers none of it", refused(bob, "SELECT assay.register_remote('his', 'good', 'm', dimensions => 4)")[0] == "42501")
check("nobody but who may creates servers", refused(bob, "CREATE SERVER his FOREIGN DATA WRAPPER assay_http OPTIONS (base_url 'https://x')")[0] == "42501")
check("a role sees what it has called", alice.execute("SELECT bool_and(called_by = 'alice'), count(*) > 1 FROM assay.endpoint_usage").fetchone() == (True, True))
check("and nothing of others", bob.execute("SELECT count(*) FROM assay.endpoint_usage").fetchone()[0] == 0 and bob.execute("SELECT count(*) FROM assay.endpoint_calls").fetchone()[0] == 0)
check("the books are nobody's to write", refused(bob, "DELETE FROM assay.endpoint_use")[0] == "42501" and refused(bob, "SELECT * FROM assay.endpoint_call")[0] == "42501")
root.execute("CREATE FUNCTION spend(t text) RETURNS float4 LANGUAGE sql IMMUTABLE AS $$ SELECT (assay.embed_remote('good', t))[1] $$")
root.execute("CREATE TABLE trap AS SELECT 'a'::text AS t")
before = len(endpoint.seen)
state, text = refused(root, "CREATE INDEX ON trap (spend(t))")
check("what an index brings along calls nobody", state == "42501" and len(endpoint.seen) == before, (state, text))

# What is booked stays booked.
register("booked", local("v1"), price_per_million_tokens="1000", tokens_per_day="1000")
with alice.transaction(force_rollback=True):
    alice.execute(embed, ("booked", "four"))
check("a rollback takes no cost back", (use("booked"), use("booked", "tokens")) == (1, 3) and abs(use("booked", "cost") - 0.003) < 1e-9, (use("booked"), use("booked", "tokens"), use("booked", "cost")))
state, text = refused(alice, embed, "booked", "x" * 998)
check("a call that may take more than the day leaves is refused", state == "ML032" and use("booked") == 1, (state, text))
check("one that may take what it leaves is not", refused(alice, embed, "booked", "x" * 997)[0] == "accepted")
register("unsaid", local("without-usage"), tokens_per_day="10")
refused(alice, embed, "unsaid", "12345678")
check("without the endpoint's word a byte is a token", use("unsaid", "tokens") == 8, use("unsaid", "tokens"))
check("what is left is less than the next one", refused(alice, embed, "unsaid", "123")[0] == "ML032")
register("dear", local("v1"), price_per_million_tokens="1000000", cost_per_day="5")
check("a budget of money stops, too", [refused(alice, embed, "dear", "ab")[0] for _ in range(3)] == ["accepted", "accepted", "ML032"] or use("dear", "cost") <= 6, use("dear", "cost"))

# One limit for all sessions.
register("shared", local("v1"), requests_per_minute="5")
sessions, states = [connect() for _ in range(8)], []


def call(connection):
    states.append(refused(connection, embed, "shared", "a"))


threads = [threading.Thread(target=call, args=(session,)) for session in sessions]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
count = [state for state, _ in states].count("accepted")
check("eight sessions at once have no more requests than one", count <= 5 and use("shared") == count and {state for state, _ in states} <= {"accepted", "ML031", "55000"}, states)
while use("shared") < 5 and refused(alice, embed, "shared", "a")[0] == "accepted":
    pass
state, text = refused(alice, embed, "shared", "a")
check("the sixth is asked to come again", state == "ML031" and "5 requests" in text, (state, text))

# Cancelled at once.
for what, name in (("waits for an answer", "stall"), ("reads what drips", "drip"), ("reads what has no end of its head", "drip-head")):
    check_ends(alice, f"a call that {what}", embed, (name, "a"), 0.5)
register("unresolved", "https://slow.test/v1", timeout="30")
check_ends(alice, "a call that looks for a name", embed, ("unresolved", "a"), 0.5)
full = socket.socket()
full.bind(("127.0.0.1", 0))
full.listen(0)
waiting = []
for _ in range(3):
    waiting.append(socket.socket())
    waiting[-1].setblocking(False)
    waiting[-1].connect_ex(full.getsockname())
register("unconnected", local("v1", full.getsockname()[1]), timeout="30")
check_ends(alice, "a call that waits for a connection", embed, ("unconnected", "a"), 0.5)
for name in ("stall", "unresolved", "unconnected"):
    victim = connect()
    thread = threading.Thread(target=refused, args=(victim, embed, name, "a"))
    thread.start()
    time.sleep(0.7)
    started = time.monotonic()
    root.execute("SELECT pg_terminate_backend(%s)", (victim.info.backend_pid,))
    thread.join()
    check(f"a backend whose call hangs ends when it is told to: {name}", time.monotonic() - started < 1, time.monotonic() - started)
check("the server has not crashed", root.execute("SELECT 1").fetchone() == (1,))
used = use("stall"), use("stall", "tokens"), use("stall", "failed")
check("what was cancelled stays booked, with what it may have taken", used[0] >= 3 and used[0] == used[1] and used[2] == 1, used)

# Memory.
status = open(f"/proc/{alice.info.backend_pid}/status").read()
peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
check("an answer of a gigabyte takes no memory", peak < 200, peak)
waits = open(f"/proc/{alice.info.backend_pid}/status").read().split("Threads:")[1].split()[0]
check("threads that nobody waits for end", int(waits) < 12, waits)

log = open(sys.argv[2], errors="replace").read()
check("the server's log has no key", KEY not in "\n".join(line for line in log.splitlines() if "CREATE USER MAPPING" not in line))
sys.exit(promises.failed > 0)

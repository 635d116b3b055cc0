"""Answers of models, from an endpoint on 127.0.0.1 that does what is written down here, and remembers what it was told: what is asked, what is made of answers that are none, when a
model is asked again, what is booked, who may ask, what the queue does, and how soon a call ends. Prints 'ok - NAME' or 'not ok - NAME' for each promise."""

import json
import sys
import threading
import time

import psycopg

import promises
from endpoint_server import Endpoint, chat
from promises import check, check_ends

KEY = "sk-test-0123456789abcdef"
SCHEMA = {"type": "object", "properties": {"word": {"type": "string"}, "count": {"type": "integer", "minimum": 1}}, "required": ["word", "count"], "additionalProperties": False}
endpoint = Endpoint()
root = psycopg.connect("", autocommit=True)


def connect(role="alice"):
    connection = psycopg.connect("", autocommit=True, user=role)
    connection.execute("SET client_min_messages = warning")
    connection.warnings = []
    connection.add_notice_handler(lambda diag: connection.warnings.append(f"{diag.message_primary} {diag.message_detail}"))
    return connection


def refused(connection, statement, *parameters):
    """The error of a statement: its SQLSTATE, and all that it says."""
    try:
        rows = connection.execute(statement, parameters)
        return "accepted", str(rows.fetchall() if rows.description else "")
    except psycopg.Error as error:
        diag = error.diag
        return diag.sqlstate, " | ".join(filter(None, (diag.message_primary, diag.message_detail, diag.message_hint, diag.context)))


def register(name, path, request="{}", max_tokens=None, roles=("alice",), **options):
    """A server and a model of one name, whose key the roles have."""
    options = {"base_url": f"http://127.0.0.1:{endpoint.port}/{path}", "timeout": "2", **options}
    listed = ", ".join(f"{key} '{value}'" for key, value in options.items())
    root.execute(f'CREATE SERVER "{name}" FOREIGN DATA WRAPPER assay_http OPTIONS ({listed})')
    root.execute("SELECT assay.register_remote(%s, %s, 'm', 'generation', max_tokens => %s, request => %s)", (name, name, max_tokens, request))
    for role in roles:
        root.execute(f'GRANT USAGE ON FOREIGN SERVER "{name}" TO {role}')
        root.execute(f"CREATE USER MAPPING FOR {role} SERVER \"{name}\" OPTIONS (api_key '{KEY}-{role}')")
        root.execute("SELECT assay.grant_model(%s, %s, 'predict')", (name, role))


def use(name, column="calls"):
    return root.execute(f"SELECT COALESCE(sum({column}), 0) FROM assay.endpoint_usage WHERE server = %s", (name,)).fetchone()[0]


def asked(count=1):
    return [seen["body"] for seen in endpoint.seen[-count:]]


root.execute("CREATE EXTENSION assay")
for role in ("alice", "bob", "operator"):
    root.execute(f"CREATE ROLE {role} LOGIN")
root.execute("GRANT alice TO operator")
root.execute("ALTER SYSTEM SET assay.endpoints = '127.0.0.1'")
root.execute("SELECT pg_reload_conf()")
time.sleep(0.5)
root = psycopg.connect("", autocommit=True)
alice, bob, operator = connect(), connect("bob"), connect("operator")
generate = "SELECT assay.generate(%s, %s, %s, %s, %s)"


def ask(name, prompt="What is tea?", schema=None, on_error="error", **options):
    return refused(alice, generate, name, prompt, json.dumps(schema) if schema else None, on_error, json.dumps(options))


# What is asked.
register("good", "v1", batch_size="2")
state, text = ask("good")
check("a prompt has the endpoint's answer", (state, text) == ("accepted", "[('You said: What is tea?',)]"), (state, text))
seen = endpoint.seen[-1]
check("the endpoint was asked as OpenAI documents it", (seen["path"], seen["body"]) == (
    "/v1/chat/completions", {"model": "m", "messages": [{"role": "user", "content": "What is tea?"}], "max_tokens": 1024}), seen)
check("with the key of the role that asked", seen["headers"]["authorization"] == f"Bearer {KEY}-alice", seen)
ask("good", "Why?", system="Be short.", temperature=0.5, max_tokens=7, seed=-3, stop=["\n", "END"])
check("and told of every option", asked() == [{
    "model": "m", "messages": [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Why?"}], "max_tokens": 7, "temperature": 0.5, "seed": -3,
    "stop": ["\n", "END"]}], asked())
ask("good", "한국어 \"quoted\" 'text'")
check("texts arrive as they are", asked()[0]["messages"][0]["content"] == "한국어 \"quoted\" 'text'", asked())
state, text = ask("good", schema=SCHEMA)
check("an answer of a schema is JSON of it", (state, json.loads(text[3:-4])) == ("accepted", {"word": "a text", "count": 1}), (state, text))
check("and the endpoint is told the schema", asked()[0]["response_format"] == {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA}}, asked())
ask("good", schema={"type": "object", "properties": {"word": {"type": "string"}}})
check("which is strict only where it leaves nothing open", asked()[0]["response_format"]["json_schema"]["strict"] is False, asked())
register("newer", "v1", request='{"max_completion_tokens": 50, "temperature": 1, "top_p": 0.5}')
ask("newer", temperature=0)
body = asked()[0]
check("a registration says what is sent beside, and by which name the most tokens go; a call has the last word",
      (body.get("max_tokens"), body["max_completion_tokens"], body["top_p"], body["temperature"]) == (None, 50, 0.5, 0), body)
before = len(endpoint.seen)
check("NULL gives NULL, without a call", ask("good", None) == ("accepted", "[(None,)]") and len(endpoint.seen) == before)
for prompt, options, problem in (("", {}, "no words"), ("a", {"temperature": 3}, "temperature"), ("a", {"max_tokens": 0}, "max_tokens"), ("a", {"retries": 6}, "retries"),
                                 ("a", {"stop": ["a"] * 5}, "stop"), ("a", {"stop": [""]}, "stop"), ("a", {"tempreature": 1}, "tempreature"), ("a", {"seed": 1.5}, "wrong type")):
    state, text = ask("good", prompt, on_error="null", **options)
    check(f"a wrong argument is an error, whatever on_error says: {prompt!r} {options}", state == "22023" and problem in text and len(endpoint.seen) == before, (state, text))
state, text = ask("good", schema={"type": "object", "properties": {"a": {"pattern": "^(a+)+$"}}})
check("a keyword of a schema that is not known is named", state == "22023" and "$.a" in text and "pattern" in text and len(endpoint.seen) == before, (state, text))
check("on_error is error or null", ask("good", on_error="ignore")[0] == "22023")
register("narrow", "v1", max_tokens=100)
state, text = ask("narrow", "x" * 90)
check("a prompt that the model cannot take is refused before it costs anything", state == "22023" and "106 bytes" in text and use("narrow") == 0, (state, text))
ask("narrow", "x" * 80)
check("the answer is asked to be no longer than the window", asked()[0]["max_tokens"] == 100, asked())

# Answers that are none. No error has the key.
told = []
for kind, state_expected, words in (
        ("cut-off", "ML036", "cut off"), ("filtered", "ML036", "filter"), ("refusal", "ML036", "refuses"), ("tool", "ML034", "tool"), ("no-choice", "ML034", "no choice"),
        ("no-text", "ML034", "no text"), ("nul", "ML034", "NUL"), ("parrot", "ML034", "repeats its key"), ("html", "ML034", "no JSON"), ("early", "ML033", "breaks off"), ("early-without-length", "ML033", "too early"),
        ("stall", "ML033", "too long"), ("stall-body", "ML033", "too long"), ("drip", "ML033", "too long"), ("big", "ML034", "too large"), ("silent", "ML033", "breaks off"),
        ("busy", "ML031", "7 s"), ("overloaded", "ML031", "9 s"), ("broken", "ML033", "out of luck"), ("forbidden", "ML034", "admit"), ("telltale", "ML034", "left out"),
        ("missing", "ML034", "no such model")):
    register(kind, kind)
    before, started = len(endpoint.seen), time.monotonic()
    state, text = ask(kind)
    told.append(text)
    took = time.monotonic() - started
    check(f"{kind}: {state_expected}, in time, in one call", state == state_expected and words in text and took < 4 and len(endpoint.seen) == before + 1, (state, text, took))
    alice.warnings.clear()
    if kind not in ("stall", "stall-body", "drip"):
        check(f"{kind}: NULL where that is wanted, with a warning", ask(kind, on_error="null") == ("accepted", "[(None,)]") and len(alice.warnings) == 1, alice.warnings)
        told += alice.warnings
check("no error tells the key", not any("0123456789abcdef" in text or "Bearer" in text for text in told), [text for text in told if "0123456789" in text])
check("what is cut off is taken where that is wanted", ask("cut-off", partial=True) == ("accepted", "[('{\"word\": \"te',)]"), ask("cut-off", partial=True))
check("but not as JSON", ask("cut-off", partial=True, schema=SCHEMA)[0] == "ML036")

# Asked again.
register("scripted", "scripted", timeout="3")


def scripted(*steps, name="scripted", **options):
    """What comes of an answer of the schema when the endpoint does these steps, and how often it was asked."""
    endpoint.script[:] = steps
    before = len(endpoint.seen)
    state, text = ask(name, schema=SCHEMA, **options)
    return state, text, len(endpoint.seen) - before


right = '{"word": "tea", "count": 2}'
check("an answer that is not of the schema is asked for again", scripted('{"word": "tea"}', right) == ("accepted", f"[('{right}',)]", 2))
first, second = asked(2)
check("with what was wrong with it", second["messages"][:1] == first["messages"] and second["messages"][1] == {"role": "assistant", "content": '{"word": "tea"}'} and
      'no property "count"' in second["messages"][2]["content"], second)
state, text, calls = scripted("Sure!", '{"word": "te', right)
check("once, unless more is wanted", (state, calls) == ("ML036", 2) and "asked 2 times" in text and "ends too early" in text, (state, text, calls))
check("as often as is wanted", scripted("Sure!", '{"word": "te', '{"word": 1, "count": 1}', right, retries=3)[::2] == ("accepted", 4))
check("or not at all", scripted("Sure!", right, retries=0)[::2] == ("ML036", 1))
for problem, answer in (("$.count: it is below 1", '{"word": "tea", "count": 0}'), ("$.count: it is not of type integer", '{"word": "tea", "count": 1.5}'),
                        ('no property "more"', '{"word": "tea", "count": 1, "more": 1}'), ("no JSON", f"```json\n{right}\n```"), ("ends too early", ""), ("no JSON", right + right)):
    state, text, _ = scripted(answer, retries=0)
    check(f"the error says what is wrong: {problem}", state == "ML036" and problem in text, (state, text))
state, text, calls = scripted((429, {"error": {"message": "slow down"}}, "Retry-After: 2"), right)
check("who asks for patience is not asked again at once", (state, calls) == ("ML031", 1) and "2 s" in text, (state, text, calls))
state, text, calls = scripted('{"word": "tea"}', (429, b"", "Retry-After: 2"), retries=3)
check("not after a wrong answer either", (state, calls) == ("ML031", 2), (state, text, calls))
state, text, calls = scripted((500, b""), right, retries=3)
check("nor who fails", (state, calls) == ("ML033", 1), (state, text, calls))
# Waited for, where that is wanted.
register("patient", "scripted", timeout="8", price_per_million_tokens="1000")


def patiently(*steps, **options):
    """What comes of these steps where 6 seconds may be waited, how often the endpoint was asked, and how long it took."""
    started = time.monotonic()
    return *scripted(*steps, name="patient", **{"patience": 6, **options}), time.monotonic() - started


state, text, calls, took = patiently((429, {"error": {"message": "slow down"}}, "Retry-After: 2"), right)
check("who asks for patience is asked again when he says", (state, calls) == ("accepted", 2) and 2 <= took < 4, (state, text, calls, took))
check("each of these calls is booked, and what took nothing costs nothing", (use("patient"), use("patient", "failed"), use("patient", "tokens")) == (2, 1, 14), (use("patient"), use("patient", "failed"), use("patient", "tokens")))
for what, first in (("fails", (500, b"")), ("is overloaded", (503, b"", "Retry-After: 1")), ("does not say when", (429, b""))):
    state, text, calls, took = patiently(first, right)
    check(f"so is who {what}", (state, calls) == ("accepted", 2) and 1 <= took < 3, (state, text, calls, took))
state, text, calls, took = patiently((500, b""), (502, b""), right)
check("twice as late the next time", (state, calls) == ("accepted", 3) and 3 <= took < 5, (state, text, calls, took))
state, text, calls, took = patiently((429, b"", "Retry-After: 7"), right)
check("not when it would be too late", (state, calls) == ("ML031", 1) and "7 s" in text and took < 1, (state, text, calls, took))
state, text, calls, took = patiently((429, b"", "Retry-After: 86400"), right, patience=600)
check("nor after the server's timeout", (state, calls) == ("ML031", 1) and took < 1, (state, text, calls, took))
state, text, calls, took = patiently(lambda connection, asked: connection.close(), right)
check("what may have been paid is not asked again", (state, calls) == ("ML033", 1) and took < 1, (state, text, calls, took))
state, text, calls, took = patiently((401, b""), right)
check("nor who refuses", (state, calls) == ("ML034", 1) and took < 1, (state, text, calls, took))
state, text, calls, took = patiently((500, b""), '{"word": "tea"}', right)
check("a wrong answer after that is asked for again, too", (state, calls) == ("accepted", 3), (state, text, calls, took))
state, text, calls, took = patiently((500, b""), '{"word": "tea"}', right, retries=0)
check("but not more often than is wanted", (state, calls) == ("ML036", 2), (state, text, calls, took))
register("few", "scripted", timeout="8", requests_per_minute="1")
scripted(right, name="few")
state, text, calls = scripted(right, name="few", patience=6)
check("a limit of requests by the minute is waited for no longer than is wanted", (state, calls, use("few")) == ("ML031", 0, 1), (state, text, calls, use("few")))
for wrong in (-1, 601, 1e300):
    check(f"patience has its limits: {wrong}", ask("good", patience=wrong)[0] == "22023")
register("shut", "v1", base_url="http://127.0.0.1:9", timeout="3")
started = time.monotonic()
state, text = ask("shut", patience=3)
check("a server that is not there is looked for again", state == "ML033" and use("shut") == 2 and 1 <= time.monotonic() - started < 3, (state, text, use("shut")))
endpoint.script[:] = [(429, b"", "Retry-After: 20")]
root.execute("ALTER SERVER patient OPTIONS (SET timeout '30')")
check_ends(alice, "a question that waits until it may be asked again", generate, ("patient", "a", None, "null", '{"patience": 30}'), 0.5)

register("sluggish", "slow", timeout="2500ms")
before, started = len(endpoint.seen), time.monotonic()
state, text = ask("sluggish", schema={"type": "object", "required": ["nothing"]}, retries=5)
check("all that within the server's timeout", state in ("ML036", "ML033") and time.monotonic() - started < 3.2 and len(endpoint.seen) - before <= 3, (state, text, time.monotonic() - started))

# What is booked.
register("priced", "v1", price_per_million_tokens="1000", price_per_million_answer_tokens="4000", tokens_per_day="10000")
with alice.transaction(force_rollback=True):
    ask("priced", "one two three")
check("tokens cost what they are worth, and a rollback takes nothing back", (use("priced"), use("priced", "tokens")) == (1, 8) and abs(use("priced", "cost") - 0.023) < 1e-9,
      (use("priced"), use("priced", "tokens"), use("priced", "cost")))
state, text = ask("priced", "x", max_tokens=9990)
check("the most that an answer may take has to be left of the day", state == "ML032" and use("priced") == 1, (state, text))
check("and NULL is what comes of a used-up budget where that is wanted", ask("priced", "x", on_error="null", max_tokens=9990)[0] == "accepted")
register("unsaid", "without-usage", price_per_million_tokens="1000000", price_per_million_answer_tokens="2000000")
ask("unsaid", "abc", max_tokens=5)
check("without the endpoint's word the most that it may have taken stands", (use("unsaid", "tokens"), use("unsaid", "cost")) == (3 + 16 + 5, 3 + 16 + 10), (use("unsaid", "tokens"), use("unsaid", "cost")))
register("once more", "scripted", price_per_million_tokens="1000")
scripted(chat("Sure!", sent=5, written=1), chat(right, sent=9, written=4), name="once more")
check("what was asked again is paid again", (use("once more"), use("once more", "tokens")) == (2, 19), (use("once more"), use("once more", "tokens")))
register("dear", "v1", price_per_million_answer_tokens="1000000", cost_per_day="100")
check("a budget of money stops, too", ask("dear", max_tokens=101)[0] == "ML032" and ask("dear", max_tokens=50)[0] == "accepted" and use("dear", "cost") == 5, use("dear", "cost"))

# Who may.
check("a role without the model is refused", refused(bob, generate, "good", "a", None, "null", "{}")[0] == "42501")
root.execute("SELECT assay.grant_model('good', 'bob', 'predict')")
check("one without USAGE on the server, too, and gets no NULL", refused(bob, generate, "good", "a", None, "null", "{}")[0] == "42501")
root.execute("SELECT assay.register_remote('embedder', 'good', 'm', dimensions => 4)")
check("a model is asked for what it was registered for", refused(root, generate, "embedder", "a", None, "null", "{}")[0] == "ML010" and
      refused(root, "SELECT assay.embed_remote('good', 'a')")[0] == "ML010")
root.execute("CREATE FUNCTION spend(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT assay.generate('good', t, on_error => 'null') $$")
root.execute("CREATE TABLE trap AS SELECT 'a'::text AS t")
before = len(endpoint.seen)
check("what an index brings along asks nobody", refused(root, "CREATE INDEX ON trap (spend(t))")[0] == "42501" and len(endpoint.seen) == before)
root.execute("SET assay.endpoints = ''")
check("nor is a host reached that is not listed", refused(root, generate, "good", "a", None, "null", "{}")[0] == "42501")
root.execute("RESET assay.endpoints")

# The queue.
submit = "SELECT assay.submit(%s, %s, %s, %s)"


def submitted(name, prompt="What is tea?", schema=None, connection=alice, **options):
    return connection.execute(submit, (name, prompt, json.dumps(schema) if schema else None, json.dumps(options))).fetchone()[0]


def row(number):
    return alice.execute("SELECT status, answer, attempts, error, prompt_tokens, answer_tokens, next_at - clock_timestamp() FROM assay.generations WHERE id = %s", (number,)).fetchone()


def due():
    """Lets no time pass: what is to be tried later is tried now."""
    root.execute("UPDATE assay.generation SET next_at = submitted_at WHERE finished_at IS NULL")


number, of_schema = submitted("good"), submitted("good", schema=SCHEMA, max_tokens=9)
check("what is submitted waits, and calls nobody", row(number)[:3] == ("waiting", None, 0), row(number))
check("whoever may not act for its role does not work at it, nor see it", refused(bob, "CALL assay.run_queue()")[0] == "accepted" and row(number)[0] == "waiting" and
      bob.execute("SELECT count(*) FROM assay.generations").fetchone()[0] == 0)
before = len(endpoint.seen)
operator.execute("CALL assay.run_queue()")
check("whoever may does", row(number)[:3] == ("done", "You said: What is tea?", 1) and row(number)[4:6] == (3, 5), row(number))
check("as the role that submitted, with that one's key", {seen["headers"]["authorization"] for seen in endpoint.seen[before:]} == {f"Bearer {KEY}-alice"} and
      use("good", "CASE WHEN called_by <> 'alice' THEN calls END") == 0, endpoint.seen[before:])
check("an answer of a schema has it", json.loads(row(of_schema)[1]) == {"word": "a text", "count": 1} and asked()[0]["max_tokens"] == 9, row(of_schema))
for name, options, expected in (("good", {"max_token": 1}, "22023"), ("nobody", {}, "ML001"), ("embedder", {}, "42501")):
    check(f"what cannot be asked is not submitted: {name} {options}", refused(alice, submit, name, "a", None, json.dumps(options))[0] == expected)
check("nor without USAGE on the server", refused(bob, submit, "good", "a", None, "{}")[0] == "42501")

numbers = [submitted("scripted", f"number {number}") for number in range(3)]
endpoint.script[:] = ["first", chat(None, refusal="no"), "third"]
operator.execute("CALL assay.run_queue()")
rows = [row(number) for number in numbers]
check("one that fails fails alone", [row[:3] for row in rows] == [("done", "first", 1), ("waiting", None, 1), ("done", "third", 1)] and "refuses" in rows[1][3], rows)
check("and is tried 10 seconds later", 8 < rows[1][6].total_seconds() <= 10, rows[1])
for attempt in (2, 3):
    due()
    endpoint.script[:] = [chat(None, refusal="no")]
    operator.execute("CALL assay.run_queue()")
check("three times, and then no more", row(numbers[1])[:3] == ("failed", None, 3), row(numbers[1]))

patient, other = submitted("scripted", "patient"), submitted("good", "other")
endpoint.script[:] = [(429, b"", "Retry-After: 2")]
operator.execute("CALL assay.run_queue()")
check("who asks for patience is asked later, and that is no failure", row(patient)[:4] == ("waiting", None, 0, None) and 10 < row(patient)[6].total_seconds() <= 15, row(patient))
due()
endpoint.script[:] = [(429, b"", "Retry-After: 120")]
operator.execute("CALL assay.run_queue()")
check("as late as it says", row(patient)[:4] == ("waiting", None, 0, None) and 100 < row(patient)[6].total_seconds() <= 120, row(patient))
check("others are asked meanwhile", row(other)[0] == "done", row(other))
numbers = [patient, submitted("scripted", "later")]
due()
endpoint.script[:] = [(500, b"")]
before = len(endpoint.seen)
operator.execute("CALL assay.run_queue()")
check("where a server is out of order the others are not tried", [row(number)[2] for number in numbers] == [1, 0] and len(endpoint.seen) == before + 1, [row(number) for number in numbers])
due()
endpoint.script[:] = ["at last", "and this"]
operator.execute("CALL assay.run_queue()")
check("and all are done when it is back", [row(number)[:2] for number in numbers] == [("done", "at last"), ("done", "and this")], [row(number) for number in numbers])

root.execute("SELECT assay.register_remote('good', 'good', 'other', 'generation', deploy => 'never')")
number = submitted("good", "Which?")
root.execute("SELECT assay.deploy('good', 2)")
operator.execute("CALL assay.run_queue()")
check("the version is asked that the name meant then", asked()[0]["model"] == "m" and row(number)[0] == "done", asked())
root.execute("SELECT assay.rollback('good')")
number = submitted("good", "Revoked")
root.execute("REVOKE USAGE ON FOREIGN SERVER good FROM alice")
operator.execute("CALL assay.run_queue()")
check("a right that was taken since is not there any more", row(number)[0] == "waiting" and "USAGE" in row(number)[3], row(number))
root.execute("GRANT USAGE ON FOREIGN SERVER good TO alice")
due()
operator.execute("CALL assay.run_queue()")
check("and there when it is given again", row(number)[0] == "done", row(number))

register("slow", "slow", timeout="5")
numbers = [submitted("slow", f"number {number}") for number in range(4)]
worker = connect("operator")
errors = []


def work():
    errors.append(refused(worker, "CALL assay.run_queue()"))


thread = threading.Thread(target=work)
thread.start()
time.sleep(0.5)
root.execute("SELECT pg_terminate_backend(%s)", (worker.info.backend_pid,))
thread.join()
check("what a worker leaves that is killed waits", [row(number)[0] for number in numbers] == ["waiting"] * 4, [row(number) for number in numbers])
workers = [connect("operator") for _ in range(2)]
before = len(endpoint.seen)
threads = [threading.Thread(target=refused, args=(worker, "CALL assay.run_queue()")) for worker in workers]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
check("and is done by others, each once", [row(number)[0] for number in numbers] == ["done"] * 4 and len(endpoint.seen) == before + 4, [row(number) for number in numbers])
# Taken back.
numbers = [submitted("slow", f"number {number}") for number in range(3)]
withdraw = "SELECT assay.withdraw(%s)"
check("what waits is taken back by who submitted, once", [alice.execute(withdraw, (numbers[2],)).fetchone()[0] for _ in range(2)] == [True, False] and row(numbers[2])[0] == "withdrawn", row(numbers[2]))
check("not by others", bob.execute(withdraw, (numbers[1],)).fetchone()[0] is False and row(numbers[1])[0] == "waiting", row(numbers[1]))
thread = threading.Thread(target=refused, args=(connect("operator"), "CALL assay.run_queue()"))
before = len(endpoint.seen)
thread.start()
while len(endpoint.seen) == before:
    time.sleep(0.01)
found = [alice.execute(withdraw, (number,)).fetchone()[0] for number in numbers]
thread.join()
check("what a model is being asked is not, and the rest is", found == [False, True, False] and [row(number)[0] for number in numbers] == ["done", "withdrawn", "withdrawn"], (found, [row(number) for number in numbers]))
check("so no model is asked", len(endpoint.seen) == before + 1, endpoint.seen[before:])
check("it says who did", alice.execute("SELECT withdrawn_by, finished_at IS NOT NULL, answer, error FROM assay.generations WHERE id = %s", (numbers[1],)).fetchone() == ("alice", True, None, None))
numbers = [submitted("slow", "killed")]
worker = connect("operator")
thread = threading.Thread(target=refused, args=(worker, "CALL assay.run_queue()"))
before = len(endpoint.seen)
thread.start()
while len(endpoint.seen) == before:
    time.sleep(0.01)
root.execute("SELECT pg_terminate_backend(%s)", (worker.info.backend_pid,))
thread.join()
time.sleep(0.2)
check("what a killed worker left is taken back", operator.execute(withdraw, (numbers[0],)).fetchone()[0] is True and row(numbers[0])[0] == "withdrawn", row(numbers[0]))
check("in a transaction nothing is worked at", refused(operator, "BEGIN; CALL assay.run_queue()")[0] == "2D000")
operator.execute("ROLLBACK")

check("who is nobody's steward prunes nothing of others", refused(bob, "SELECT assay.prune_generations('0')") == ("accepted", "[(0,)]"))
waiting = submitted("good", "still there")
finished = alice.execute("SELECT count(*) FROM assay.generations WHERE finished_at IS NOT NULL").fetchone()[0]
check("whoever submitted prunes what is finished", refused(alice, "SELECT assay.prune_generations('0')") == ("accepted", f"[({finished},)]") and row(waiting)[0] == "waiting")
check("a role that submitted cannot be dropped without it", refused(root, "DROP OWNED BY alice; DROP ROLE alice")[0] == "2BP01")

# Cancelled at once.
for what, name in (("waits for an answer", "stall"), ("reads what drips", "drip")):
    root.execute(f"ALTER SERVER \"{name}\" OPTIONS (SET timeout '30')")
    check_ends(alice, f"a question that {what}", generate, (name, "a", None, "null", "{}"), 0.5)
submitted("stall", "a")
check_ends(operator, "a queue whose model does not answer", "CALL assay.run_queue()", (), 0.5)

log = open(sys.argv[1], errors="replace").read()
check("the server's log has no key", "0123456789abcdef" not in "\n".join(line for line in log.splitlines() if "CREATE USER MAPPING" not in line))
sys.exit(promises.failed > 0)

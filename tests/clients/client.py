"""A Python program that trains and predicts through psycopg. Prints 'ok - NAME' or 'not ok - NAME' for each promise."""

import os
import sys
import threading
import time

import psycopg

import promises
from promises import Queue, check, check_ends

connection = psycopg.connect("", autocommit=True)
connection.execute("CREATE TABLE point AS SELECT i AS x, 'c' || i %% 3 AS c, 2 * i AS y, 3 * i AS z FROM generate_series(1, 50) AS i", ())

# Parameters of every argument, and results as Python's own types.
train = "SELECT version, task, rows, metrics, duration FROM assay.train(model => %s, query => %s, target => %s, algorithm => %s, exclude => %s, deploy => %s)"
row = connection.execute(train, ("line", "point", "y", "linear_regression", ["z", "c"], "always")).fetchone()
check("trains with bound arguments", row[:3] == (1, "regression", 50) and row[3]["r2"] > 0.999 and row[4].total_seconds() >= 0, row)
connection.execute(train, ("line", "point", "z", "linear_regression", ["y", "c"], "never"))
connection.execute(train, ("place", "point", "c", "naive_bayes", None, "always"))

# A prepared statement, in both formats, from its first run over the switch to a generic plan, across a redeploy and a rollback.
for binary in (False, True):
    answers = []
    with connection.cursor(binary=binary) as cursor:
        for run in range(24):
            if run == 8:
                connection.execute("SELECT assay.deploy('line', 2)")
            if run == 16:
                connection.execute("SELECT assay.rollback('line')")
            answers.append(round(cursor.execute("SELECT assay.predict(%s::text, %s::int4)", ("line", 10), prepare=True).fetchone()[0], 6))
    check(f"a prepared statement follows a redeploy and a rollback ({'binary' if binary else 'text'})", answers == [20.0] * 8 + [30.0] * 8 + [20.0] * 8, answers)

with connection.cursor(binary=True) as cursor:
    label, shares, labels = cursor.execute(
        "SELECT assay.predict_label('place', 3, 6, 9), assay.predict_proba('place', 3, 6, 9), assay.labels('place')").fetchone()
check("labels and probabilities arrive as lists", labels == ["c0", "c1", "c2"] and label in labels and abs(sum(shares) - 1) < 1e-9, (label, shares))
untyped = connection.execute("SELECT assay.predict(%s, %s)", ("line", 10)).fetchone()[0]
check("arguments need no cast", abs(untyped - 20) < 1e-6, untyped)

# Many rows in one statement, and one statement a row in a pipeline.
with connection.pipeline(), connection.cursor() as cursor:
    cursor.executemany("SELECT assay.predict('line', %s::int4)", [(x,) for x in range(100)], returning=True)
    scores = [cursor.fetchone()[0]]
    while cursor.nextset():
        scores.append(cursor.fetchone()[0])
check("a pipeline of single predictions", [round(s, 6) for s in scores] == [2.0 * x for x in range(100)], scores[:3])

# assay.state travels as bytes, and comes back as a state.
connection.execute("CREATE TABLE kept (state assay.state)")
with connection.cursor(binary=True) as cursor:
    state, value = cursor.execute("SELECT assay.metric_state('mae', y, z), assay.mae(y, z) FROM point").fetchone()
check("a state arrives as bytes", isinstance(state, bytes) and len(state) > 8, type(state))
oid = connection.execute("SELECT 'assay.state'::regtype::oid").fetchone()[0]


class State(bytes):
    """Bytes that are sent as assay.state, in binary."""


class StateDumper(psycopg.adapt.Dumper):
    format = psycopg.pq.Format.BINARY

    def dump(self, state):
        return bytes(state)


StateDumper.oid = oid
connection.adapters.register_dumper(State, StateDumper)
connection.execute("INSERT INTO kept VALUES (%b)", (State(state),))
with connection.cursor().copy("COPY kept FROM STDIN (FORMAT binary)") as copy:
    copy.set_types([oid])
    copy.write_row((State(state),))
rows, same, merged = connection.execute(
    "SELECT count(*), count(DISTINCT state::text), assay.metric_of(assay.merge_states(state)) FROM kept").fetchone()
check("states go back as bytes, by parameter and by COPY", (rows, same) == (2, 1) and abs(merged - value) < 1e-9, (rows, same, merged, value))
try:
    connection.execute("INSERT INTO kept VALUES (%b)", (State(state[:-1]),))
    check("damaged bytes are refused", False, "accepted")
except psycopg.Error as error:
    check("damaged bytes are refused", error.sqlstate == "ML011", error.sqlstate)

# An error carries all that a program needs.
try:
    connection.execute("SELECT assay.predict('line@7', 1)")
except psycopg.Error as error:
    found = (error.sqlstate, error.diag.message_primary, bool(error.diag.message_hint))
    check("an error has its own SQLSTATE, message and hint", found == ("ML002", 'model "line" has no version 7', True), found)

# Notices arrive while a training runs.
notices = []
connection.add_notice_handler(lambda notice: notices.append((time.monotonic(), notice.message_primary)))
connection.execute("CREATE TABLE wide AS SELECT i, i %% 97 AS a, (i * 31) %% 1009 AS b, sin(i) AS c, 'k' || i %% 13 AS d, i %% 7 < 3 AS y, cos(i) AS amount"
                   " FROM generate_series(1, 60000) AS i", ())
connection.execute("SET assay.progress = 200; SET statement_timeout = 1500")
started = time.monotonic()
try:
    connection.execute("SELECT assay.train('long', 'wide', 'y', params => '{\"n_estimators\": 100000}')")
except psycopg.errors.QueryCanceled:
    pass
told = [text for at, text in notices if at - started < 1.5 and "iteration" in text]
check("progress is told while the training runs", len(told) >= 2, notices)
connection.execute("RESET assay.progress")

slow = {
    "boosting": "SELECT assay.train('long', 'wide', 'y', params => '{\"n_estimators\": 100000}')",
    "boosting a number": "SELECT assay.train('long', 'wide', 'amount', params => '{\"n_estimators\": 100000}')",
    "reading rows": "SELECT assay.train('long', 'SELECT a.a, b.b, a.y FROM wide AS a, wide AS b', 'y', 'naive_bayes')",
    "judging": "SELECT * FROM assay.evaluate('line', 'SELECT a.a AS x, b.a AS y FROM wide AS a, wide AS b')",
}
for what, statement in slow.items():
    check_ends(connection, what, statement, None, 0.7)

# The same from outside, by a cancel request; afterwards the session goes on, and nothing was stored.
threading.Timer(0.7, connection.cancel).start()
end = time.monotonic() + 0.7
queue = Queue(connection.info.backend_pid, end)
queue.start()
try:
    connection.execute(slow["boosting"])
    check("a cancel request ends a training", False, "it ended by itself")
except psycopg.errors.QueryCanceled:
    late = time.monotonic() - end - queue.waited()
    check("a cancel request ends a training", late < 0.1, f"{late:.3f} s late")
left = connection.execute("SELECT count(*) FROM assay.models WHERE model = 'long'").fetchone()[0]
check("a cancelled training leaves nothing", left == 0, left)
again = connection.execute("SELECT version FROM assay.train('long', 'wide', 'y', 'naive_bayes')").fetchone()[0]
check("the session trains on", again == 1, again)

# An idle session keeps no threads and not much memory of what it trained.
pid = connection.info.backend_pid
if os.path.isdir(f"/proc/{pid}/task"):
    # A thread that has done its work takes a moment to be gone.
    soon = time.monotonic() + 2
    while (threads := len(os.listdir(f"/proc/{pid}/task"))) > 1 and time.monotonic() < soon:
        time.sleep(0.01)
    check("no thread is left behind", threads == 1, threads)

sys.exit(promises.failed > 0)

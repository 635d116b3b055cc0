"""Clients of a pgbouncer in transaction mode: their named prepared statements, settings, temporary tables, roles and cancels hold although each
transaction may run on another server. POOL is pgbouncer's folder; its database `many` has two servers, `one` a single one."""

import os
import sys
import threading
import time

import psycopg

import promises
from promises import check

direct = psycopg.connect("", autocommit=True)


def client(database="many", user="assay_pool_shop", **options):
    """A client whose statements are prepared by name from their first run."""
    return psycopg.connect(host=os.environ["POOL"], port=6432, dbname=database, user=user, prepare_threshold=0, autocommit=True, **options)


for statement in (
    "CREATE ROLE assay_pool_shop LOGIN",
    "CREATE ROLE assay_pool_guest",
    "GRANT assay_pool_guest TO assay_pool_shop",
    "GRANT CREATE ON SCHEMA public TO assay_pool_shop",
    "ALTER ROLE assay_pool_shop SET assay.progress = 0",
    "ALTER ROLE assay_pool_shop SET assay.cache_memory = '32MB'",
    "CREATE TABLE point AS SELECT i AS x, 2 * i AS y, 3 * i AS z FROM generate_series(1, 100) AS i",
    "GRANT SELECT, TRIGGER ON point TO assay_pool_shop",
):
    direct.execute(statement)

# A model that is trained, deployed and rolled back through the pool, and clients that know nothing of each other.
shop = client()
TRAIN = "SELECT version FROM assay.train('line', 'SELECT x, ' || %s || ' FROM point', %s, 'linear_regression', deploy => %s)"
versions = [shop.execute(TRAIN, (target, target, deploy)).fetchone()[0] for target, deploy in (("y", "always"), ("z", "never"))]
check("trains through the pool", versions == [1, 2], versions)

PREDICT = "SELECT round(assay.predict('line', %s::int4)), pg_backend_pid()"
untyped = [client().execute("SELECT round(assay.predict_row(%s, %s)), round(assay.predict_values(%s, %s))", ("line", '{"x": 10}', "line", ["10"])).fetchone()
           for _ in range(4)]
check("features without types are scored by a prepared statement", untyped == [(20.0, 20.0)] * 4, untyped)
CLIENTS, PHASES = 8, ("before", "deployed", "rolled back")
answers = {phase: [] for phase in PHASES}
errors = []
barrier = threading.Barrier(CLIENTS + 1)


def score():
    try:
        with client() as connection:
            for phase in PHASES:
                barrier.wait(60)
                for _ in range(20):
                    answers[phase].append(connection.execute(PREDICT, (10,)).fetchone())
                barrier.wait(60)
    except Exception as error:
        errors.append(error)
        barrier.abort()


threads = [threading.Thread(target=score) for _ in range(CLIENTS)]
for thread in threads:
    thread.start()
try:
    for change in (None, "SELECT assay.deploy('line', 2)", "SELECT assay.rollback('line')"):
        if change:
            shop.execute(change)
        barrier.wait(60)
        barrier.wait(60)
except threading.BrokenBarrierError:
    pass
for thread in threads:
    thread.join()
scores = {phase: {score for score, _ in found} for phase, found in answers.items()}
counts = {phase: len(found) for phase, found in answers.items()}
check("prepared statements of eight clients on two servers follow a deployment and a rollback",
      not errors and scores == dict(zip(PHASES, ({20.0}, {30.0}, {20.0}))) and set(counts.values()) == {CLIENTS * 20}, (errors, scores, counts))
servers = {pid for found in answers.values() for _, pid in found}
check("they shared the servers", len(servers) == 2, servers)

# What is prepared has a plan of its own on each server.
CHECKS = "SELECT kind, status, rows_failed FROM assay.validate(%s, %s::jsonb) ORDER BY kind"
asked = '[{"kind": "unique", "column_name": "x"}, {"kind": "accepted_range", "column_name": "y", "args": {"max_value": 100}}]'
found = [client().execute(CHECKS, ("point", asked)).fetchall() for _ in range(4)]
check("checks are validated by a prepared statement", found == [[("accepted_range", "fail", 50), ("unique", "pass", 0)]] * 4, found)

# Two clients that take turns on one server.
first, second = client("one"), client("one")
first.execute("SELECT assay.add_check('point', 'accepted_range', 'y', '{\"max_value\": 100}', name => 'small')")
with second.transaction():
    second.execute("CREATE TABLE loaded AS SELECT * FROM point", ())
    second.execute("SELECT assay.add_check('loaded', 'unique', 'x')")
RUN = "SELECT status, rows_failed FROM assay.run_checks(%s)"
found = [connection.execute(RUN, (table,)).fetchall() for connection in (first, second) for table in ("point", "loaded")]
check("stored checks are run by either", found == [[("fail", 50)], [("pass", 0)]] * 2, found)
try:
    with first.transaction():
        first.execute("INSERT INTO loaded VALUES (1, 1, 1)")
        first.execute("SELECT assay.assert_checks('loaded')")
    state = None
except psycopg.Error as error:
    state = error.sqlstate
count = second.execute("SELECT count(*) FROM loaded").fetchone()[0]
check("checks that fail roll a load back", state is not None and state.startswith("ML") and count == 100, (state, count))


def setting(connection, name):
    return connection.execute(f"SELECT current_setting('assay.{name}')", prepare=False).fetchone()[0]


check("what is set for a role holds on every server", {setting(client(), "cache_memory") for _ in range(4)} == {"32MB"})
with first.transaction():
    first.execute("SET LOCAL assay.max_memory = '1MB'")
    inside = setting(first, "max_memory")
    try:
        with first.transaction():
            first.execute("SELECT assay.train('line', 'SELECT i AS x, i AS y FROM generate_series(1, 300000) AS i', 'y', 'linear_regression')")
        state = None
    except psycopg.Error as error:
        state = error.sqlstate
check("SET LOCAL holds for its transaction, and for no other client", (inside, state, setting(second, "max_memory")) == ("1MB", "53400", "4GB"),
      (inside, state, setting(second, "max_memory")))
first.execute("SET assay.threads = 3")
check("SET is met by whoever comes next on that server", setting(second, "threads") == "3")
first.execute("RESET assay.threads")

# Temporary tables of one name, in the transactions of two clients, with models and states of their rows.
for connection in (first, second):
    slope = 5 if connection is first else 7
    with connection.transaction():
        connection.execute(f"CREATE TEMPORARY TABLE part ON COMMIT DROP AS SELECT i AS x, {slope} * i AS y FROM generate_series(1, 100) AS i")
        connection.execute("CREATE TEMPORARY TABLE kept ON COMMIT DROP AS SELECT assay.profile_state('part') AS state")
        connection.execute("SELECT assay.train('part', 'part', 'y', 'linear_regression', deploy => 'always')")
        value = connection.execute("SELECT round(assay.predict('part', part)) FROM part WHERE x = 10").fetchone()[0]
        largest = connection.execute("SELECT max FROM assay.profile_of((SELECT state FROM kept)) WHERE column_name = 'y'").fetchone()
        status = connection.execute(RUN.replace("run_checks(%s)", "validate('part', '[{\"kind\": \"unique\", \"column_name\": \"y\"}]')")).fetchone()
    check(f"a temporary table is trained on, profiled and checked in its transaction, {slope}",
          (value, largest, status) == (10 * slope, (str(100 * slope),), ("pass", 0)), (value, largest, status))

# The model stays in the server's memory; who may use it does not.
direct.execute("SELECT assay.grant_model('line', 'assay_pool_shop', 'predict')")
states = []
for _ in range(3):
    first.execute("SELECT assay.predict('line', 1)")
    try:
        with second.transaction():
            second.execute("SET LOCAL ROLE assay_pool_guest")
            second.execute("SELECT assay.predict('line', 1)")
        states.append(None)
    except psycopg.Error as error:
        states.append(error.sqlstate)
check("a model that another client's transaction loaded is not scored by a role without the privilege", states == ["42501"] * 3, states)

# A cancel goes to the server that works for the client just then.
ended = []


def train_long():
    started = time.monotonic()
    try:
        first.execute("""SELECT assay.train('long', 'SELECT i AS x, i %% 1000 AS z, sin(i) AS y FROM generate_series(1, 1000000) AS i', 'y',
            params => '{"n_estimators": 5000}')""", ())
    except psycopg.Error as error:
        ended.append((error.sqlstate, time.monotonic() - started))


thread = threading.Thread(target=train_long)
thread.start()
time.sleep(1.5)
cancelled = time.monotonic()
first.cancel_safe(timeout=30)
thread.join()
late = time.monotonic() - cancelled
check("a cancel ends a training", bool(ended) and ended[0][0] == "57014" and late < 1, (ended, late))
check("and the server serves the next client", second.execute("SELECT round(assay.predict('line', 10))").fetchone()[0] == 20.0)

sys.exit(promises.failed > 0)

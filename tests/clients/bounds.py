"""What the documentation says of memory, measured: the most that a backend held while a statement ran, its shared buffers apart. And how late
statements end that are cancelled in their longest stretches. Prints 'ok - NAME' or 'not ok - NAME' for each promise."""

import json
import sys
import threading
import time

import psycopg

import promises
from promises import EXHAUSTIVE, check, check_ends_anywhere

MEGABYTE = 1024
connection = psycopg.connect("", autocommit=True)
connection.execute("SET client_min_messages = error")
wide = ", ".join(f"i + {k} AS c{k}" for k in range(1600))
connection.execute(f"CREATE TABLE wide AS SELECT {wide} FROM generate_series(1, 200) AS i", ())
connection.execute("CREATE TABLE line AS SELECT i, i %% 9000 AS s, i %% 977 AS n, md5(i::text) AS t FROM generate_series(1, 300000) AS i", ())
connection.execute("CREATE TABLE million AS SELECT i AS id, -i AS n, md5(i::text) AS t FROM generate_series(1, 1000000) AS i", ())
connection.execute("ALTER TABLE million ADD PRIMARY KEY (id); ANALYZE wide, line, million")
negative = connection.execute("SELECT assay.add_check('million', 'accepted_range', 'n', '{\"min_value\": 0}')").fetchone()[0]


def anonymous(pid):
    """Kilobytes of a process's own memory."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon"))


def run(statement, parameters=(), settings=""):
    """Runs a statement in a session of its own. Returns the most memory that it added, in MB, and its SQLSTATE."""
    with psycopg.connect("", autocommit=True) as session:
        session.execute("SET client_min_messages = error")
        session.execute("SELECT assay.profile('SELECT 1 AS x')" + (f"; {settings}" if settings else ""))
        pid, most, done = session.info.backend_pid, 0, False
        before = anonymous(pid)

        def watch():
            nonlocal most
            while not done:
                most = max(most, anonymous(pid))
                time.sleep(0.002)

        watcher = threading.Thread(target=watch)
        watcher.start()
        state = "00000"
        try:
            session.execute(statement, parameters).fetchone()
        except psycopg.Error as error:
            state = error.sqlstate
        done = True
        watcher.join()
        return (most - before) / MEGABYTE, state


def validate(query, checks):
    # Written here, for to write thousands of them takes a client longer than the server may be late.
    return "SELECT count(*), count(*) FILTER (WHERE status = 'error') FROM assay.validate(%s, %s::jsonb)", (query, json.dumps(checks))


def of(kind, column, group_by=(), where=None, **args):
    definition = {"kind": kind, "column_name": column, "args": args, "group_by": list(group_by)}
    return definition | ({"where": where} if where else {})


regexes = [of("matches_regex", "t", regex=f"^[a-f0-9]{{{k % 30}}}\\w*x{k}") for k in range(2000)]
serial = "SET max_parallel_workers_per_gather = 0"
parallel = "SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0"
# What, the statement, how it is run, the most MB, and whether it may refuse.
cases = [
    ("1,600 unique checks on 200 rows", *validate("wide", [of("unique", f"c{k}") for k in range(1600)]), serial, 100, False),
    ("2,000 regular expressions", *validate("SELECT * FROM line LIMIT 20000", regexes), serial, 400, False),
    ("1,000 rows that fail", f"SELECT count(*) FROM assay.failing_rows({negative}, 1000)", (), serial, 64, False),
    ("a million rows that fail", f"SELECT count(*) FROM assay.failing_rows({negative}, NULL)", (), serial, 64, False),
    ("the profile of 1,600 columns", "SELECT count(*) FROM assay.profile('wide')", (), serial, 100, False),
    ("the page of 1,600 columns", "SELECT length(assay.render_profile('wide', 'html'))", (), serial, 120, False),
]
# The leader of parallel workers holds its own counts, those of a worker, and the bytes that these came in.
for how, settings, most in (("", serial, 64), (", in parallel", parallel, 128)):
    cases += [
        ("20 distinct counts in 9,000 segments" + how, *validate("line", [of("distinct_count_between", c, ["s"], min_value=k) for k in range(10) for c in ("n", "t")]), settings, most, False),
        ("20 distinct counts of their own in 9,000 segments" + how, *validate("line", [of("distinct_count_between", c, ["s"], f"i > {k}", min_value=1) for k in range(10) for c in ("n", "t")]), settings, most, False),
        ("drift in 9,000 segments" + how, "SELECT count(*) FROM assay.drift('line', 'line', '{\"group_by\": [\"s\"]}')", (), settings, 192, True),
    ]
for what, statement, parameters, settings, most, may_refuse in cases:
    held, state = run(statement, parameters, settings)
    allowed = ("00000", "53400", "54000") if may_refuse else ("00000",)
    check(f"memory: {what}", held < most and state in allowed, f"{held:.0f} MB of {most}, {state}")
# PostgreSQL holds the texts of a row until the next one; what assay takes in beside them is refused.
texts = ", ".join(f"repeat('x', 8000000) || i AS t{k}" for k in range(40))
held, state = run("SELECT count(*) FROM assay.profile(%s)", (f"SELECT {texts} FROM generate_series(1, 3) AS i",), serial + "; SET assay.max_memory = '50MB'")
check("memory: a row of 40 long texts is refused beyond assay.max_memory", state == "53400", f"{held:.0f} MB, {state}")

long = {
    "planning 10,000 checks": ("SELECT * FROM line LIMIT 2000", [of("distinct_count_between", "n", where=f"i <> {k}", min_value=1) for k in range(10000)]),
    "a pattern of many states": ("SELECT repeat('x', 3000000) AS t FROM generate_series(1, 2)", [of("matches_regex", "t", regex=".{0,1000}z")]),
    "a pattern beside other letters": ("SELECT repeat('é ', 3000000) AS t FROM generate_series(1, 2)", [of("matches_regex", "t", regex="\\bx.{0,100}z\\b")]),
    "long texts": ("SELECT repeat('ab ', 10000000) AS t FROM generate_series(1, 3)", [of("mixed_formats", "t"), of("valid_format", "t", format="json"), of("length_between", "t", min_value=1)]),
    "many segments": ("line", [of("distinct_count_between", c, ["s"], f"i > {k}", min_value=1) for k in range(10) for c in ("n", "t")]),
}
statements = {what: validate(query, checks) for what, (query, checks) in long.items()}
statements["suggestions for 1,600 columns"] = ("SELECT count(*) FROM assay.suggest_checks(%s)", ("SELECT w.* FROM wide AS w, generate_series(1, 10)",))
statements["the page of 1,600 columns"] = ("SELECT assay.render_profile(%s, 'html')", ("SELECT w.* FROM wide AS w, generate_series(1, 20)",))
statements["the profile of 1,600 columns"] = ("SELECT count(*) FROM assay.profile(%s)", ("SELECT w.* FROM wide AS w, generate_series(1, 20)",))
connection.execute("SET max_parallel_workers_per_gather = 0")
for what, (statement, parameters) in statements.items():
    check_ends_anywhere(connection, what, statement, parameters, 6 if EXHAUSTIVE else 4, longest=3)

sys.exit(promises.failed > 0)

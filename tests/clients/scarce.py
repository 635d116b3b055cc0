"""Statements whose backend may not have more address space than it has, and a little: at every step of a sweep they end well or with 53200 or
53400, and the server goes on. Prints 'ok - NAME' or 'not ok - NAME' for each promise."""

import sys

import psycopg
from psycopg.types.json import Jsonb

import promises
from promises import check

MEGABYTE = 1 << 20
# Beside what the backend has when the statement begins.
STEPS = [2, 8, 16, 20, 24, 32, 40, 52, 80, 128]

connection = psycopg.connect("", autocommit=True)
connection.execute("CREATE EXTENSION assay")
connection.execute("CREATE TABLE line AS SELECT i, i %% 5000 AS s, i %% 977 AS n, md5(i::text) || ' ' || md5((i %% 27000)::text) AS t FROM generate_series(1, 30000) AS i", ())
wide = ", ".join(f"md5((i + {k})::text) AS c{k}" for k in range(400))
connection.execute(f"CREATE TABLE wide AS SELECT {wide} FROM generate_series(1, 300) AS i", ())
connection.execute("ANALYZE line, wide")
failing = connection.execute("SELECT assay.add_check('line', 'accepted_range', 'n', '{\"max_value\": 1}')").fetchone()[0]
started = connection.execute("SELECT pg_postmaster_start_time()").fetchone()[0]


def of(kind, column, group_by=(), where=None, **args):
    definition = {"kind": kind, "column_name": column, "args": args, "group_by": list(group_by)}
    return definition | ({"where": where} if where else {})


def validate(query, *checks):
    return "SELECT count(*) FILTER (WHERE status = 'error') FROM assay.validate(%s, %s)", (query, Jsonb(checks))


texts = ", ".join(f"repeat('x{k}', 3000000) AS t{k}" for k in range(30))
statements = {
    "a profile": ("SELECT count(*) FROM assay.profile('wide')", ()),
    "a profile of long texts": ("SELECT count(*) FROM assay.profile(%s)", (f"SELECT {texts} FROM generate_series(1, 2)",)),
    "many checks": validate("line", *[of("accepted_range", "n", where=f"i <> {k}", max_value=k) for k in range(2000)]),
    "many segments": validate("line", *[of("distinct_count_between", "t", ["s"], f"i > {k}", min_value=1) for k in range(4)]),
    "many regular expressions": validate("line", *[of("matches_regex", "t", regex=f"\\w{{{k % 20}}}\\d+x{k}") for k in range(200)]),
    "drift": ("SELECT count(*) FROM assay.drift('line', 'line', '{\"group_by\": [\"s\"]}')", ()),
    "near duplicates": validate("line", of("near_duplicates", "t", similarity=0.5)),
    "rows that fail": (f"SELECT count(*) FROM assay.failing_rows({failing}, NULL)", ()),
    "suggestions": ("SELECT count(*) FROM assay.suggest_checks('wide')", ()),
    "a state": ("SELECT length(assay.profile_state('wide')::text)", ()),
}


def size(pid):
    """Bytes of a process's address space."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmSize"))


def allow(pid, limit):
    """Limits a backend's address space. The server's own user does it, for it owns the process."""
    connection.execute(f"COPY (SELECT 1) TO PROGRAM 'cat >/dev/null; prlimit --pid {pid} --as={limit}:'")


for what, (statement, parameters) in statements.items():
    ends = {}
    for step in STEPS:
        with psycopg.connect("", autocommit=True) as session:
            session.execute("SET client_min_messages = error; SET max_parallel_workers_per_gather = 0; SET assay.threads = 1")
            session.execute("SELECT assay.profile('SELECT 1 AS x')")
            pid = session.info.backend_pid
            allow(pid, size(pid) + step * MEGABYTE)
            try:
                found = session.execute(statement, parameters).fetchone()[0]
                # A check that lacks memory is an error by itself, and the others go on.
                ends[step] = "error" if "validate" in statement and found else "00000"
            except psycopg.Error as error:
                ends[step] = error.sqlstate or "lost"
                if error.sqlstate in ("53200", "53400"):
                    # The session goes on.
                    allow(pid, "unlimited")
                    session.execute("SELECT assay.profile('SELECT 1 AS x')")
        # What it has lasted twice lasts when there is more of it.
        if ends[step] == "lost" or list(ends.values())[-2:] == ["00000"] * 2:
            break
    told = {state for state in ends.values()}
    check(f"out of memory, the server goes on: {what}", told <= {"00000", "error", "53200", "53400"} and told & {"error", "53200"}, ends)
    if "lost" in told:
        break
again = psycopg.connect("", autocommit=True).execute("SELECT pg_postmaster_start_time()").fetchone()[0]
check("the server was never restarted", again == started, (started, again))
sys.exit(promises.failed > 0)

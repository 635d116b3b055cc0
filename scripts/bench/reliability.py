"""What reliability costs: keeping issues, walking lineage, gates, escalation, service levels, the weekly page, a manifest of dbt."""

from contextlib import contextmanager

from measure import Session, Used, median
from report import FULL, REPEAT, Sections, run_file

RELATIONS = 1000
SCHEMA = "watched"
TABLES = f"""
    DROP SCHEMA IF EXISTS {SCHEMA} CASCADE;
    CREATE SCHEMA {SCHEMA};
    SELECT format('CREATE TABLE {SCHEMA}.relation_%s AS SELECT i AS id, i AS amount, chr(97 + i %% 26) AS kind, now() AS at FROM generate_series(1, 100) AS i', n)
    FROM generate_series(1, {RELATIONS}) AS n \\gexec
"""
CHECKS = f"""SELECT count(*) FROM (
    SELECT add_check(r, 'not_null', 'id', name => 'id'), add_check(r, 'unique', 'id', name => 'unique'),
           add_check(r, 'accepted_range', 'amount', '{{"min_value": 1}}', name => 'amount'), add_check(r, 'not_null', 'kind', name => 'kind'),
           add_check(r, 'row_count_between', args => '{{"min_value": 1}}', name => 'rows')
    FROM (SELECT format('{SCHEMA}.relation_%s', n)::regclass AS r FROM generate_series(1, {RELATIONS}) AS n) AS t OFFSET 0) AS added"""
RUN = "SELECT count(*) FROM run_checks()"
# What an outage of a source does: one check of each relation fails.
BREAK = f"SELECT format('UPDATE {SCHEMA}.relation_%s SET amount = -1 WHERE id = 1', n) FROM generate_series(1, {RELATIONS}) AS n \\gexec"
MEND = f"SELECT format('UPDATE {SCHEMA}.relation_%s SET amount = 1 WHERE id = 1', n) FROM generate_series(1, {RELATIONS}) AS n \\gexec"
SIZE = "SELECT pg_total_relation_size('assay.quality_history') / count(*) FROM assay.quality_history"

# What walks through lineage are asked for.
WALKS = {
    "downstream of one of 50,000 assets": "SELECT count(*), max(depth) FROM downstream('source:s1')",
    "upstream of one": "SELECT count(*), max(depth) FROM upstream('source:s50000')",
    "incident_impact": "SELECT count(*) FROM incident_impact(1)",
    "downstream of a table with 3,000 views": "SELECT count(*), max(depth) FROM downstream('bench.v0')",
    "downstream of a column of it": "SELECT count(*), max(depth) FROM downstream('bench.v0.b')",
}
# What has a gate, by where it stands; how often.
GATES = {
    "assert_checks": "SELECT assert_checks('bench.{place}')",
    "predict of 1,000 rows": "SELECT count(predict('{place}', id)) FROM bench.{place}",
}
PLACES = {"near": "gate behind 8 views", "far": "gate behind 40,000 assets"}
# A week of calls, in turn: what is due when, and how many seconds a call may take.
CALLS = [
    ("escalate, nothing due", "2026-06-01 00:30+00", 0.2),
    ("escalate, a minute of a busy day", "2026-06-01 01:05+00", 0.2),
    ("escalate, the next minute", "2026-06-01 01:06+00", 0.2),
]
# Nobody had called: each step is told once, so that the time is one of steps.
LATE = [("escalate after a day", "2026-06-02 00:00+00"), ("escalate after a week", "2026-06-09 00:00+00")]
STATUS = "SELECT count(*), sum(good), sum(bad), sum(unknown), sum(excluded) FROM sla_status('2026-07-01 00:00+00')"
PAGE = "SELECT length(render_reliability('html', '2026-07-01 00:00+00'))"
IMPORT = "SELECT action, count(*) FROM manifest, import_dbt_manifest(content) GROUP BY 1"
# What of the same anybody would write by hand.
BY_HAND = """WITH said AS MATERIALIZED (SELECT n.key, n.value FROM manifest, jsonb_each(content->'nodes') AS n),
    added AS (INSERT INTO node (unique_id, kind, relation, owner, said)
              SELECT key, value->>'resource_type', value->>'relation_name', value#>>'{config,meta,owner}',
                     jsonb_build_object('description', value->'description', 'materialized', value#>'{config,materialized}') FROM said RETURNING id, unique_id)
    INSERT INTO edge SELECT DISTINCT u.id, d.id FROM said CROSS JOIN jsonb_array_elements_text(value#>'{depends_on,nodes}') AS up(name)
    JOIN added AS u ON u.unique_id = up.name JOIN added AS d ON d.unique_id = said.key WHERE u.id <> d.id"""


@contextmanager
def filled(name, **variables):
    """A database of its own, which the script of that name fills."""
    with Session() as session:
        session.run(f"DROP DATABASE IF EXISTS bench_{name} (FORCE)")
        session.run(f"CREATE DATABASE bench_{name}")
    try:
        run_file(f"{name}.sql", f"bench_{name}", **variables)
        yield f"bench_{name}"
    finally:
        with Session() as session:
            session.run(f"DROP DATABASE bench_{name} (FORCE)")


def first_and_later(database, sql):
    """What a call takes in a session whose caches are empty, and the same again in it; medians."""
    first, later = [], []
    for _ in range(REPEAT):
        with Session(database=database) as session:
            first.append(session.used(sql))
            later.append(session.used(sql))
    return median(first), median(later)


class Reliability(Sections):
    """What reliability costs."""

    NAMES = ["issues", "lineage", "escalating", "levels", "manifest"]

    def issues(self):
        """Runs of 5,000 checks that keep issues beside runs that keep none, in turn: when all pass, when a fifth opens issues, counts them, closes them."""
        states = {"all pass": (None, 1), "1,000 open": (BREAK, 1), "1,000 counted": (None, 1), "1,000 closed": (MEND, 1)}
        runs = {state: ([], []) for state in states}
        with Session("SET assay.progress = 0") as session:
            session.run(TABLES)
            session.run(CHECKS)
            session.run("TRUNCATE assay.quality_history")
            session.run(RUN)
            session.run("VACUUM ANALYZE assay.quality_history, assay.quality_check, assay.issue, assay.asset")
            size = int(session.run(SIZE)[0])
            for _ in range(REPEAT):
                for state, (before, _) in states.items():
                    if before:
                        session.run(before)
                    session.run("SET assay.issues = off")
                    runs[state][1].append(session.used(RUN))
                    session.run("SET assay.issues = on")
                    runs[state][0].append(session.used(RUN))
                # The next ones are new again.
                session.run("UPDATE assay.issue SET ended_at = ended_at - interval '2 days'")
            for state, (kept, none) in runs.items():
                self.table.times(f"run_checks, {state} : no issues", median(kept), median(none), 1.2)
            self.table.value("  a passing result in the history", f"{size} B", goal="<= 300 B", met=size <= 300)
            session.run(f"SELECT drop_check(check_id) FROM checks WHERE relation::text LIKE '{SCHEMA}.%'")
            session.run(f"DROP SCHEMA {SCHEMA} CASCADE")

    def lineage(self):
        """Walks through 50,000 assets with 200,000 dependencies and 3,000 views, and what gates that walk upstream add to what they guard."""
        with filled("lineage") as database:
            for what, sql in WALKS.items():
                first, later = first_and_later(database, sql)
                self.table.limit(what, later, 0.2)
                self.table.limit("  first of a session", first, 0.2)
            for place, where in PLACES.items():
                for what, sql in GATES.items():
                    self.gate(database, f"{what} : no gate", sql.format(place=place), where)

    def gate(self, database, what, sql, where):
        with Session(database=database) as session:
            def turn(gate):
                session.run(f"SET assay.gate = {gate}")
                return session.used(sql, precise=True)
            turn("error")
            gated, free = self.by_turns(lambda: turn("error"), lambda: turn("off"), repeat=2 * REPEAT + 1)
        self.table.times(what, gated, free)
        self.table.limit(f"  {where}", Used(max(gated.wall - free.wall, 0), max(gated.cpu - free.cpu, 0)), 0.2)

    def escalating(self):
        """Calls of escalate in turn, with 10,000 open incidents; each changes what the next one finds, so each is measured once."""
        with filled("escalating") as database, Session(database=database) as session:
            call = lambda at: session.used(f"SELECT count(*) FROM escalate('{at}')")
            for what, at, most in CALLS:
                self.table.limit(what, call(at), most)
            for what, at in LATE:
                used = call(at)
                steps = max(int(used.output[0]), 1)
                each = used.cpu * 1e6 / steps
                self.table.times(what, used)
                self.table.value(f"  CPU of one of {steps:,} steps", f"{each:.0f} us", goal="<= 200 us", met=each <= 200)
            self.table.limit("escalate, nothing due again", median([call(LATE[-1][1]) for _ in range(REPEAT)]), 0.2)
            self.table.limit("pending_notifications(100)", session.used(f"SELECT count(*) FROM pending_notifications(100, '{LATE[-1][1]}')"), 0.2)

    def levels(self):
        """Standing of 500 service levels over 90 days in slices of 5 minutes, by how often their checks ran; and the weekly page of them."""
        with filled("levels") as database:
            for what, every in [("every day", 86400), ("every 6 hours", 21600), *([("every hour", 3600)] if FULL else [])]:
                run_file("results.sql", database, every=every)
                self.table.limit(f"sla_status of 500, results {what}", first_and_later(database, STATUS)[1], 1)
            self.table.limit("render_reliability, 200 products", first_and_later(database, PAGE)[1], 2)

    def manifest(self):
        """A manifest of 50,000 models, imported and imported again unchanged, beside tables filled by hand."""
        with filled("manifest") as database, Session(database=database) as session:
            by_hand = session.used(BY_HAND)
            ours = session.used(IMPORT)
            again = median([session.used(IMPORT) for _ in range(2)])
        self.table.times("import_dbt_manifest : INSERT by hand", ours, by_hand, 1)
        self.table.times("  unchanged : INSERT by hand", again, by_hand, 0.6)

"""What it costs to keep issues, beside runs of the same checks that keep none, and what a passing result takes in the history."""

from measure import Session, median
from report import REPEAT, Sections

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


class Reliability(Sections):
    """What it costs to keep issues."""

    NAMES = ["issues"]

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

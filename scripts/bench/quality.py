"""The benchmark of data quality: checks, profiles and drift."""

import json

from measure import Session
from quality_checks import WITH_REGEX, WITHOUT_REGEX, by_hand
from report import FEATURES, FULL, NUMBERS, REPEAT, ROWS, SCAN, SERIAL, Sections, comma, run_file, seconds, verdict

PROFILE = "SELECT * FROM assay.profile('{}')"
TEXTS = ["a", "b", "label", "is_test"]
COUNTS = f"SELECT {comma(f'count({c}), sum({c})' for c in ['id', *NUMBERS, 'amount'])}, {comma(f'count({c})' for c in TEXTS)} FROM bench"
WORKERS = "SET max_parallel_workers_per_gather = {}"
LARGE = 5_000_000
DAY = 10_000


def validate(checks, columns="*"):
    return f"SELECT {columns} FROM assay.validate('bench', $checks${json.dumps(checks)}$checks$)"


class Quality(Sections):
    NAMES = ["checks", "profile", "profile_parallel", "profile_merge", "scan_memory", "drift"]
    PEERS = "quality_peers.py", "BENCH_QUALITY_PEERS"

    def large(self):
        """The table of the sections that ask for many rows, and what to call it."""
        if not FULL:
            return "bench", f"{ROWS:,} rows"
        with Session() as session:
            if session.run("SELECT to_regclass('bench_large') IS NULL")[0] == "t":
                run_file("data.sql", name="bench_large", rows=LARGE)
        return "bench_large", f"{LARGE:,} rows"

    def agree(self, what, checks, *peers):
        """All count the same failing rows; the peers' programs tell how many checks fail."""
        with Session() as session:
            expected = [int(count) for count in session.run(by_hand(checks))[0].split("\t")]
            found = [int(count) for count in session.run(validate(checks, "rows_failed"))]
        if found != expected:
            raise SystemExit(f"{what}: ours counts {found} failing rows, SQL by hand {expected}")
        failed = sum(count > 0 for count in expected)
        for peer in peers:
            if peer and peer.output[0] != {"checks": len(checks), "failed": failed}:
                raise SystemExit(f"{what}: {failed} checks of {len(checks)} fail, and a peer says {peer.output[0]}")

    def checks(self):
        for what, checks, most, regex in [("30 checks", WITHOUT_REGEX, 1.5, "without"), ("30, 3 regexes", WITH_REGEX, 1, "with")]:
            ours, hand = self.by_turns(self.ours(validate(checks)), self.ours(by_hand(checks)))
            dbt, gx = self.by_turns(self.peer(f"dbt_{regex}"), self.peer(f"gx_{regex}"))
            self.table.times(f"{what} : SQL by hand", ours, hand, most)
            for name, peer in (("dbt test", dbt), ("Great Expectations", gx)):
                if peer:
                    self.table.times(f"{what} : {name}", ours, peer, 0.1)
            self.agree(what, checks, dbt, gx)

    def profile(self):
        ours, counts = self.by_turns(self.ours(PROFILE.format("bench")), self.ours(COUNTS))
        self.table.times("profile : SELECT count, sum", ours, counts, 6)
        for threads in (1, 2):
            # One worker beside the backend makes two processes.
            ours, peer = self.by_turns(self.ours(WORKERS.format(threads - 1), PROFILE.format("bench")), self.peer(f"summarize_{threads}"))
            self.table.times(f"profile : DuckDB SUMMARIZE, threads {threads}", ours, peer, 0.333)
        if self.peers:
            self.peers.used("forget", table="")

    def profile_parallel(self):
        table, rows = self.large()
        query = PROFILE.format(table)
        parallel, serial = self.by_turns(self.ours(WORKERS.format(2), query), self.ours(SERIAL, query))
        faster = serial.wall / parallel.wall
        cells = lambda used: (seconds(used.wall), seconds(used.cpu))
        self.table.line(f"profile, {rows}", cells(parallel), cells(serial), (f"{faster:.2f}", ""), ">= 1.6", "yes" if faster >= 1.6 else "NO")
        self.table.say("    ours: two parallel workers; the peer's figures are ours without any, the ratio how much faster two are")

    def profile_merge(self):
        table, rows = self.large()
        with Session() as session:
            session.run("DROP TABLE IF EXISTS bench_day, bench_state")
            session.run(f"CREATE TABLE bench_day AS SELECT * FROM bench WHERE id <= {DAY}; ANALYZE bench_day")
            session.run(f"CREATE TABLE bench_state AS SELECT assay.profile_state('{table}') AS state")
            size = int(session.run("SELECT pg_column_size(state) FROM bench_state")[0])
            seen = session.run("SELECT rows FROM assay.profile_of((SELECT state FROM bench_state)) LIMIT 1")[0]
        merged = "assay.merge_states((SELECT state FROM bench_state), assay.profile_state('SELECT * FROM bench_day'))"
        used, = self.by_turns(self.ours(f"SELECT * FROM assay.profile_of({merged})"), repeat=5 * REPEAT)
        whole, = self.by_turns(self.ours(PROFILE.format(table)))
        if used.output[0].split("\t")[2] != str(int(seen) + min(DAY, ROWS)):
            raise SystemExit(f"the merged profile is of {used.output[0].split(chr(9))[2]} rows")
        cells = lambda used: (f"{used.wall * 1000:.1f}", f"{used.cpu * 1000:.1f}")
        self.table.line(f"{rows} and {DAY:,} more, ms", cells(used), cells(whole), goal="<= 50", met=verdict(used.wall <= 0.05, used.cpu <= 0.05))
        self.table.say(f"    ours: a stored state of {size / 1e3:.0f} kB merged with a day's; the peer's figure is ours of all rows anew")

    def scan_memory(self):
        table, rows = self.large()
        for what, query in [("profile", PROFILE.format(table)), ("30 checks", validate(WITHOUT_REGEX).replace("'bench'", f"'{table}'"))]:
            with Session(SERIAL, SCAN.replace("FROM bench", f"FROM {table}")) as session:
                before = session.peak()
                session.run(query)
                held = session.peak() - before
            self.table.value(f"peak MB, {what}, {rows}", f"{held / 1e6:.1f}", goal="< 64", met=held < 64e6)
        self.table.say("    beyond a backend that has scanned the table")

    def drift(self):
        """The two halves of the rows against each other, and all rows against a baseline of all rows."""
        half, columns = ROWS // 2, comma([*FEATURES, "label", "amount"])
        with Session() as session:
            session.run("DROP TABLE IF EXISTS bench_reference, bench_current")
            for name, where in (("reference", f"id <= {half}"), ("current", f"id > {half}")):
                session.run(f"CREATE TABLE bench_{name} AS SELECT {columns} FROM bench WHERE {where}; ANALYZE bench_{name}")
            session.run("SELECT assay.save_baseline('bench', 'bench', '{}')")
        ours, = self.by_turns(self.ours("SELECT * FROM assay.drift('SELECT * FROM bench_reference', 'SELECT * FROM bench_current', '{}')"))
        # It takes a minute, so once is enough.
        peer, = self.by_turns(self.peer("drift"), repeat=1)
        self.table.times(f"drift, twice {half:,} : Evidently", ours, peer, 0.01)
        self.table.stages(ours, peer)
        ours, profile = self.by_turns(self.ours("SELECT * FROM assay.drift_from('bench', 'bench', '{}')"), self.ours(PROFILE.format("bench")))
        self.table.times("drift from a baseline : profile", ours, profile, 1.5)

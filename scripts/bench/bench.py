"""The benchmark's rows: ours, the peer's, their ratio and the goal. run.sh starts it, and names its settings."""

import os
import re
import sys
import time

from choosing import Choosing
from comparing import Comparing
from explaining import Explaining
from features import Features
from forecasting import Forecasting
from judging import Judging
from keeping import Keeping
from measure import Peers, Session, SqlError, median
from quality import Quality
from reliability import Reliability
from report import FEATURES, FEWER, FULL, NUMBERS, ONLY, REPEAT, ROWS, SCAN, SERIAL, Sections, Table, comma, run_file, seconds, train, verdict
from tasks import Tasks
from texts import Texts

LINEAR = train("amount", "linear_regression", NUMBERS, "amount", "bench")
LOGISTIC = train("linear", "logistic_regression", FEATURES, "label", "bench", "is_test")
BOOSTING = train("boosted", "gradient_boosting", FEATURES, "label", "bench", "is_test")


class Learning(Sections):
    """Training and scoring."""

    NAMES = ["linear", "logistic", "predict", "boosting", "scoring", "boosted_predict", "first", "memory", "forest", "curve"]
    PEERS = "peers.py", "BENCH_PEERS"

    def __init__(self, table, peers):
        super().__init__(table, peers)
        self.trained = set()

    def trained_by(self, statement):
        """Trains once what a section scores with, when the section that trains it is not among those wanted."""
        if statement not in self.trained:
            with Session() as session:
                session.run(statement)
            self.trained.add(statement)

    def peer_trained(self, task):
        if self.peers and task not in self.trained:
            self.peers.used(task, table="bench")
            self.trained.add(task)

    def quality(self, used):
        return float(used.output[0].split("\t")[1])

    def training(self, what, statement, task, most, quality, least):
        ours, peer = self.by_turns(self.ours(statement), self.peer(task))
        self.trained.update((statement, task))
        self.table.times(what, ours, peer, most)
        self.table.stages(ours, peer)
        self.table.quality(f"  {quality}", self.quality(ours), peer and peer.output[0], least)

    # The sections.

    def linear(self):
        ours, scan, peer = self.by_turns(self.ours(LINEAR), self.ours(SCAN), self.peer("linear_regression"))
        self.trained.add(LINEAR)
        self.table.times("linear regression : SELECT sum(..)", ours, scan, 3)
        if peer:
            self.table.times("linear regression : fetch .. train", ours, peer)
            self.table.stages(ours, peer)
        self.table.quality("  R2 on the training rows", self.quality(ours), peer and peer.output[0])

    def logistic(self):
        self.training("logistic regression : fetch .. train", LOGISTIC, "logistic_regression", 0.15, "AUC on held-out rows", -0.001)

    def boosting(self):
        self.training("gradient boosting : fetch .. train", BOOSTING, "gradient_boosting", 0.8, "AUC on held-out rows", -0.002)
        if self.peers:
            ours, alone = self.by_turns(self.ours(BOOSTING), self.peer("train_lightgbm"))
            self.table.times("  : LightGBM's training in memory", ours, alone, 0.5)

    def scoring(self):
        for what, model, statement, task, most in [("linear", "linear", LOGISTIC, "logistic_regression", 0.1),
                                                   ("boosting", "boosted", BOOSTING, "gradient_boosting", 0.3)]:
            self.trained_by(statement)
            self.peer_trained(task)
            scores = f"CREATE TABLE scores AS SELECT id, predict('{model}', {comma(FEATURES)}) AS score FROM bench"
            ours, peer = self.by_turns(self.ours("DROP TABLE IF EXISTS scores", scores), self.peer(f"score_{what}"))
            self.table.times(f"scores into a table, {what}", ours, peer, most)
            self.table.stages(ours, peer)

    def predict(self):
        """CPU nanoseconds a row of serial plans, the backend's thread alone."""
        self.trained_by(LINEAR)
        self.trained_by(LOGISTIC)
        # The condition makes the query without a prediction unpack as many columns of the row.
        of = lambda what: f"SELECT avg({what}) FROM bench WHERE b IS NOT NULL"
        queries = {
            "base": of("x1"),
            "linear_regression": of(f"predict('amount', {comma(NUMBERS)})"),
            "logistic_regression": of(f"predict('linear', {comma(FEATURES)})"),
            "whole row": "SELECT avg(predict('linear', r)) FROM bench AS r WHERE b IS NOT NULL",
        }
        each = self.nanoseconds(queries)
        base = each["base"]
        for name in ("linear_regression", "logistic_regression"):
            above = each[name] - base
            self.table.value(f"{name}, positional, ns", f"{above:.0f}", f"{base:.0f}", "", "<= 80", above <= 80)
        positional, whole = each["logistic_regression"] - base, each["whole row"] - base
        self.table.value("  whole row : positional, ns", f"{whole:.0f}", f"{positional:.0f}", f"{whole / positional:.2f}", "<= 3",
                         whole <= 3 * positional)
        self.table.say("    ours: CPU a row above the same query without a prediction, which itself takes the peer's figure")

    def boosted_predict(self):
        self.trained_by(BOOSTING)
        if self.peers:
            self.peers.used("train_xgboost", table="bench")
        compiles = bool(self.peers) and self.peers.used("compile_lleaves", table="bench").output[0]
        query = f"SELECT avg(predict('boosted', {comma(FEATURES)})) FROM bench WHERE b IS NOT NULL"
        with Session(SERIAL) as session:
            kinds = [lambda sql=sql: session.used(sql, precise=True) for sql in (query, "SELECT avg(x1) FROM bench WHERE b IS NOT NULL")]
            ours, base, peer, compiled = self.by_turns(*kinds, self.peer("predict_xgboost"),
                                                       self.peer("predict_lleaves") if compiles else lambda: None)
        each = lambda used: used.cpu * 1e9 / ROWS
        if compiled:
            above, theirs = each(ours) - each(base), each(compiled)
            self.table.value("predict(boosting) : lleaves, ns", f"{above:.0f}", f"{theirs:.0f}", f"{above / theirs:.3f}", "<= 1", above <= theirs)
            self.table.say("    ours: CPU a row above the same query without a prediction; lleaves: compiled trees of LightGBM's, one thread in memory")
        if peer:
            ratio = each(ours) / each(peer)
            self.table.value("avg(predict(boosting)) : XGBoost, ns", f"{each(ours):.0f}", f"{each(peer):.0f}", f"{ratio:.3f}", "<= 1", ratio <= 1)
            self.peers.used("forget", table="")
            self.trained -= {"logistic_regression", "gradient_boosting"}
        else:
            self.table.value("avg(predict(boosting)), ns", f"{each(ours):.0f}", goal="<= 1 peer")

    def first(self):
        with Session() as session:
            session.run(train("many", "gradient_boosting", FEATURES, "label", "bench_fewer", params='{"n_estimators": 500}'))
            literals = session.run(f"SELECT {comma(f'quote_nullable({x})' for x in FEATURES)} FROM bench ORDER BY id LIMIT 1")[0]
        values = [f"{value}::float8" if name in NUMBERS else value for name, value in zip(FEATURES, literals.split("\t"))]
        def first():
            with Session() as session:
                return session.used(f"SELECT predict('many', {comma(values)})", precise=True)
        used = median([first() for _ in range(5 * REPEAT)])
        self.table.line("first prediction, 500 trees, ms", (f"{used.wall * 1000:.1f}", f"{used.cpu * 1000:.1f}"), goal="<= 20",
                        met=verdict(used.wall <= 0.02, used.cpu <= 0.02))

    def memory(self):
        for what, statement, width in [("linear regression", LINEAR, len(NUMBERS)), ("logistic regression", LOGISTIC, len(FEATURES)),
                                       ("gradient boosting", BOOSTING, len(FEATURES))]:
            size = 8 * width * ROWS
            with Session(SERIAL, SCAN) as session:
                before = session.peak()
                session.run(statement)
                held = session.peak() - before
            self.table.value(f"peak memory, {what}, MB", f"{held / 1e6:.0f}", f"{size / 1e6:.0f}", f"{held / size:.2f}", "<= 2",
                             held <= 2 * size)
        self.table.say("    ours: beyond a backend that has scanned the table; the peer's figure is the float8 size of the features")

    def forest(self):
        statement = train("forest", "random_forest", FEATURES, "label", "bench_fewer", "is_test")
        try:
            with Session() as session:
                session.run(statement)
        except SqlError as error:
            if "no algorithm" not in str(error):
                raise
            self.table.say("random forest: not there yet, so not measured")
            return
        ours, peer = self.by_turns(self.ours(statement), self.peer("random_forest", "bench_fewer"))
        self.table.times(f"random forest : fetch .. train, {FEWER // 1000}k", ours, peer, 0.12)
        self.table.stages(ours, peer)
        self.table.quality("  AUC on held-out rows", self.quality(ours), peer and peer.output[0])

    def curve(self):
        most = 4 * ROWS if FULL else ROWS
        sizes = [rows for rows in (ROWS // 10, ROWS // 5, ROWS // 2, ROWS, 2 * ROWS, 4 * ROWS) if rows <= most]
        with Session() as session:
            if sizes[-1] > ROWS:
                session.run("DROP TABLE IF EXISTS bench_more")
                run_file("data.sql", name="bench_more", rows=sizes[-1])
            source = "bench_more" if sizes[-1] > ROWS else "bench"
            for rows in sizes:
                session.run(f"DROP TABLE IF EXISTS bench_{rows}; CREATE TABLE bench_{rows} WITH (autovacuum_enabled = false) AS "
                            f"SELECT * FROM {source} WHERE id <= {rows}")
                session.run(f"VACUUM ANALYZE bench_{rows}")
        self.table.say()
        self.table.say("training time by rows: CPU (wall) seconds a million rows; growth is that of CPU (wall) a row since the first line")
        for algorithm, features, target, split in [("linear_regression", NUMBERS, "amount", "none"),
                                                   ("logistic_regression", FEATURES, "label", "is_test"),
                                                   ("gradient_boosting", FEATURES, "label", "is_test")]:
            first = None
            for rows in sizes:
                # Short trainings are measured several at a time, for the clock of CPU time is coarse.
                times = max(1, ROWS // rows // (4 if algorithm == "gradient_boosting" else 1))
                statement = train("curve", algorithm, features, target, f"bench_{rows}", split)
                def together():
                    with Session() as session:
                        runs = [session.used(statement) for _ in range(times)]
                    total = runs[-1]
                    total.wall, total.cpu = (sum(getattr(run, name) for run in runs) / times for name in ("wall", "cpu"))
                    return total
                used = median([together() for _ in range(1 if rows > ROWS else REPEAT)])
                each = used.cpu * 1e6 / rows, used.wall * 1e6 / rows
                first = first or each
                growth = each[0] / first[0], each[1] / first[1]
                self.table.say(f"  {algorithm:<20} {rows:>9,} rows {seconds(each[0]):>7} ({seconds(each[1])})   growth {growth[0]:.2f} "
                               f"({growth[1]:.2f})   <= 1.1   {verdict(growth[1] <= 1.1, growth[0] <= 1.1)}")
        with Session() as session:
            for rows in sizes:
                session.run(f"DROP TABLE bench_{rows}")
            session.run("DROP TABLE IF EXISTS bench_more")


PARTS = [Learning, Tasks, Forecasting, Choosing, Comparing, Explaining, Features, Judging, Keeping, Quality, Reliability, Texts]


def has_data():
    with Session() as session:
        if session.run("SELECT to_regclass('public.bench') IS NOT NULL")[0] != "t":
            return False
        return int(session.run("SELECT max(id) FROM bench")[0]) == ROWS


def machine():
    with open("/proc/cpuinfo") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    return f"{len(os.sched_getaffinity(0))} processors{' ' + model[1] if model else ''}, load average {os.getloadavg()[0]:.1f}"


def measure(part, wanted, table):
    """The sections of one part beside its own peers, which have a process and an environment of their own."""
    script, setting = part.PEERS or (None, None)
    peers = Peers(script, os.environ[setting]) if setting and os.environ.get(setting) else None
    table.say()
    if script:
        table.say("; ".join(f"{name} {number}" for name, number in peers.versions.items()) if peers else
                  "The peers are not installed, so these are only our own figures.")
    table.line("what : peer", ("ours", "CPU"), ("peer", "CPU"), ("ratio", "CPU"), "goal", "met")
    sections = part(table, peers)
    for name in wanted:
        getattr(sections, name)()
    if peers:
        peers.close()


def main():
    started = time.monotonic()
    known = [name for part in PARTS for name in part.NAMES]
    unknown = [name for name in ONLY if name not in known]
    if unknown:
        sys.exit(f"assay: there is no section {unknown[0]}; the sections are {', '.join(known)}")
    if not has_data():
        print(f"==> making {ROWS:,} rows", flush=True)
        with Session() as session:
            session.run("DROP TABLE IF EXISTS bench, bench_fewer")
            session.run("ALTER SYSTEM SET autovacuum = off; SELECT pg_reload_conf()")
        run_file("data.sql", name="bench", rows=ROWS)
        run_file("data.sql", name="bench_fewer", rows=FEWER)
    with Session() as session:
        session.run("DROP EXTENSION IF EXISTS assay CASCADE; CREATE EXTENSION assay")
        session.run("CHECKPOINT")
        version = session.run("SELECT 'PostgreSQL ' || current_setting('server_version')")[0]
        session.run("SELECT count(*) FROM bench")
    table = Table(os.environ["BENCH_RESULTS"])
    table.say(f"{ROWS:,} rows, median of {REPEAT} runs, {time.strftime('%Y-%m-%d')}")
    table.say(f"{version}; {machine()}")
    table.say("Wall and CPU in seconds unless a line says otherwise; met: yes, NO, or the one of the two ratios that meets the goal.")
    for part in PARTS:
        wanted = [name for name in part.NAMES if name in ONLY] if ONLY else part.NAMES
        if wanted:
            measure(part, wanted, table)
    table.say()
    table.say(f"{(time.monotonic() - started) / 60:.1f} minutes; load average at the end {os.getloadavg()[0]:.1f}")


main()

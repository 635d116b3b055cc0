"""Tuning and judging beside what people do in Python, and what calibration, intervals and groups cost."""

import gzip
import os
import statistics
import subprocess
import tempfile

from measure import Session
from report import FEATURES, FEWER, NUMBERS, ROWS, Sections, comma, train

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "data")
SPLITS = 10
# Numbers of few values, and categories of 3 to 12 levels; both have effects of several strengths, and some together.
FEW = [f"floor(random() * {2 * j + 1}) AS n{j}" for j in range(1, 11)]
LEVELS = [f"floor(random() * {levels})::int AS c{levels}" for levels in range(3, 13)]
REAL = [*(f"random() * 2 - 1 AS u{j}" for j in range(1, 9)), *(f"CASE WHEN random() < 0.9 THEN random() * 2 - 1 END AS u{j}" for j in (9, 10))]
OF_REAL = "2 * sin(3 * u1) + u2 * (1 + u3) + 2 * abs(u4) + exp(u5) + u6 ^ 3 + coalesce(2 * u9, -1) + coalesce(u10, 0)"
OF_FEW = " + ".join([*(f"{j % 4} * sin(2.3 * n{j} / {j} + {j})" for j in range(1, 11)), "sin(n3) * (n8 - 8) / 4", "sin(2 * n5) * (n10 - 10) / 5"])
OF_LEVELS = " + ".join([*(f"{j % 4} * sin({j} + 3.7 * c{j})" for j in range(3, 13)), "2 * sin(5.1 * c7) * (n4 - 4) / 4", "2 * sin(1.9 * c10) * (n9 - 9) / 9"])


def load(name):
    """The tables of the tests' data of this name."""
    with tempfile.TemporaryDirectory() as place:
        for path in filter(lambda path: path.startswith(name), os.listdir(DATA)):
            opened = gzip.open if path.endswith(".gz") else open
            with opened(os.path.join(DATA, path), "rb") as original, open(os.path.join(place, path.removesuffix(".gz")), "wb") as copy:
                copy.write(original.read())
        subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", f"{name}.sql"], cwd=place, check=True)


def drawn(columns, signal):
    """8,000 rows whose label depends on a signal."""
    return (f"(SELECT *, random() < 1 / (1 + exp(-2 * (signal - avg(signal) OVER ()) / stddev(signal) OVER ())) AS label "
            f"FROM (SELECT *, {signal} AS signal FROM (SELECT {comma(columns)} FROM generate_series(1, 8000) OFFSET 0) AS features) AS rows) AS drawn")


class Choosing(Sections):
    """Choosing and trusting."""

    NAMES = ["tune", "accuracy", "calibration", "groups"]
    PEERS = "peers.py", "BENCH_PEERS"

    def adult(self):
        """The census table."""
        with Session() as session:
            session.run("DROP TABLE IF EXISTS adult_train, adult_test")
            load("adult")
            session.run("ANALYZE adult_train")

    def tune(self):
        self.adult()
        ranges = ('{"learning_rate": {"min": 0.02, "max": 0.3, "scale": "log"}, "num_leaves": {"min": 8, "max": 64}, '
                  '"n_estimators": {"min": 50, "max": 200}, "min_child_samples": {"min": 5, "max": 100, "scale": "log"}}')
        statement = (f"SELECT count(*), max(value) FILTER (WHERE chosen) FROM tune('tuned', 'adult_train', 'income', 'gradient_boosting', '{ranges}', "
                     "trials => 20, folds => 5, deploy => 'always')")
        # Long, so once.
        ours, peer = self.by_turns(self.ours(statement), self.peer("tune", "adult_train"), repeat=1)
        self.table.times("tune boosting on Adult, 20 x 5 folds", ours, peer, 0.5)
        self.table.stages(ours, peer)
        self.table.quality("  AUC in folds of the best", float(ours.output[0].split("\t")[1]), peer and peer.output[0])

    def accuracy(self):
        """ROC AUC of boosting beside LightGBM's, on the same splits of five tables."""
        self.adult()
        with Session() as session:
            session.run("DROP TABLE IF EXISTS german_credit")
            load("german_credit")
        for what, (source, target, others) in {
            "Adult": ("(TABLE adult_train UNION ALL TABLE adult_test) AS adult", "income", []),
            "German credit": ("german_credit", "is_risky", ["customer_id"]),
            "10 categories, 10 numbers": (drawn([*LEVELS, *FEW], f"{OF_LEVELS} + {OF_FEW}"), "label", ["signal"]),
            "10 numbers of few values": (drawn(FEW, OF_FEW), "label", ["signal"]),
            "10 real numbers": (drawn(REAL, OF_REAL), "label", ["signal"]),
        }.items():
            ours = self.judged(source, target, others)
            theirs = self.peers and self.peers.used("accuracy", table="judged").output[0]
            self.table.quality(f"AUC, {what}", statistics.mean(ours), theirs and statistics.mean(theirs), -0.0005)
            if theirs:
                error = statistics.stdev(a - b for a, b in zip(ours, theirs)) / SPLITS ** 0.5
                self.table.say(f"    +- {error:.4f}, the standard error of the mean difference over {SPLITS} splits")

    def judged(self, source, target, others):
        """Makes a table with a column for each split, and gives what boosting reaches on each."""
        splits = [f"split{split}" for split in range(SPLITS)]
        with Session("SELECT setseed(0.42)", "DROP TABLE IF EXISTS judged") as session:
            session.run(f"CREATE TABLE judged AS SELECT *, {comma(f'random() < 0.25 AS {split}' for split in splits)} FROM {source}")
            for name in others:
                session.run(f"ALTER TABLE judged DROP COLUMN {name}")
            session.run(f"ALTER TABLE judged RENAME COLUMN {target} TO target")
            columns = session.run("SELECT attname FROM pg_attribute WHERE attrelid = 'judged'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum")
        features = [name for name in columns if name not in ("target", *splits)]
        return [float(self.outcome(train("judged", "gradient_boosting", features, "target", "judged", split))[1]) for split in splits]

    def calibration(self):
        """What is added to the cost of a prediction."""
        call = lambda function, model, features: f"SELECT count({function}('{model}', {comma(features)})) FROM bench_fewer WHERE b IS NOT NULL"
        for algorithm in ("logistic_regression", "gradient_boosting"):
            queries = {}
            for method in ("", "sigmoid", "isotonic"):
                self.outcome(train(f"curve {method}", algorithm, FEATURES, "label", "bench_fewer", options=f", calibrate => nullif('{method}', '')"))
                queries[method] = call("predict", f"curve {method}", FEATURES)
            each = self.nanoseconds(queries, FEWER)
            for method in ("sigmoid", "isotonic"):
                self.table.value(f"{algorithm}, {method}, ns more", f"{each[method] - each['']:.0f}")
        for algorithm in ("linear_regression", "gradient_boosting"):
            self.outcome(train("ranged", algorithm, NUMBERS, "amount", "bench_fewer", options=", intervals => '{}'"))
            each = self.nanoseconds({function: call(function, "ranged", NUMBERS) for function in ("predict", "predict_interval")}, FEWER)
            self.table.value(f"{algorithm}, interval, ns more", f"{each['predict_interval'] - each['predict']:.0f}")

    def groups(self):
        """1,000 groups beside one model of all their rows."""
        groups = max(ROWS // 1000, 1)
        with Session() as session:
            session.run("DROP TABLE IF EXISTS grouped")
            session.run(f"CREATE TABLE grouped AS SELECT *, 'g' || id % {groups} AS g FROM bench")
            session.run("VACUUM ANALYZE grouped")
        for algorithm, features, target, repeat in [("linear_regression", NUMBERS, "amount", None), ("logistic_regression", FEATURES, "label", None),
                                                    ("naive_bayes", FEATURES, "label", None), ("gradient_boosting", FEATURES, "label", 1)]:
            one = train("one", algorithm, features, target, "grouped")
            many = train("many groups", algorithm, [*features, "g"], target, "grouped", options=", group_by => '{g}'")
            ours, alone = self.by_turns(self.ours(many), self.ours(one), **({"repeat": repeat} if repeat else {}))
            self.table.times(f"{groups} groups : 1, {algorithm}", ours, alone, 2)
            each = self.nanoseconds({"one": f"SELECT count(predict('one', {comma(features)})) FROM grouped WHERE g IS NOT NULL",
                                     "many": f"SELECT count(predict('many groups', {comma(features)}, g)) FROM grouped WHERE g IS NOT NULL"})
            more = each["many"] - each["one"]
            self.table.value("  a prediction, ns more", f"{more:.0f}", goal="<= 30", met=more <= 30)
        with Session() as session:
            session.run("DROP TABLE grouped")

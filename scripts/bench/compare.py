"""CPU time of two builds of assay on the same work, in turn: the ratio of the second to the first with its 95 % interval (Student's t of
the logarithms of the pairs' ratios). compare.sh starts it."""

import json
import math
import os
import statistics
import sys

from measure import Session
from quality_checks import WITH_REGEX, WITHOUT_REGEX
from report import FEATURES, NUMBERS, comma

PAIRS = int(os.environ.get("PAIRS", "10"))
ONLY = os.environ.get("WORKS", "").split(",") if os.environ.get("WORKS") else None
# Student's t at 97.5 %, by degrees of freedom.
T = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262, 14: 2.145, 19: 2.093, 29: 2.045}


def training(algorithm, features, target, query="TABLE bench", params="{}"):
    columns = f"SELECT {comma([*features, target])} FROM ({query}) AS rows"
    return (f"SELECT rows FROM assay.train('compared', '{columns}', '{target}', '{algorithm}', params => '{params}', "
            "split => 'none', deploy => 'never')")


def validation(checks):
    return f"SELECT count(*) FROM assay.validate('bench', $checks${json.dumps(checks)}$checks$)"


FEWER = "SELECT * FROM bench WHERE id <= 100000"
STORED = "SELECT count(*) FROM assay.run_checks('bench')"
# Each takes about a second, so that the clock's ticks of 10 ms do not matter.
WORKS = {
    "train linear_regression": [training("linear_regression", NUMBERS, "amount")] * 2,
    "train logistic_regression": [training("logistic_regression", FEATURES, "label")],
    "train naive_bayes": [training("naive_bayes", FEATURES, "label")] * 2,
    "train decision_tree": [training("decision_tree", FEATURES, "label", FEWER)],
    "train random_forest": [training("random_forest", FEATURES, "label", FEWER, '{"n_estimators": 10}')],
    "train gradient_boosting": [training("gradient_boosting", FEATURES, "label", FEWER)],
    "predict linear": [f"SELECT avg(assay.predict('linear', {comma(FEATURES)})) FROM bench"] * 2,
    "predict boosting": [f"SELECT avg(assay.predict('boosted', {comma(FEATURES)})) FROM bench"],
    "predict whole rows": ["SELECT avg(assay.predict('linear', whole)) FROM bench AS whole"] * 2,
    "predict_label": [f"SELECT count(assay.predict_label('linear', {comma(FEATURES)})) FROM bench"] * 2,
    "evaluate": ["SELECT count(*) FROM assay.evaluate('linear', 'bench')"],
    "metric aggregates": ["SELECT assay.roc_auc(label, x1), assay.log_loss(label, x14), assay.rmse(amount, x1) FROM bench"],
    "profile": ["SELECT count(*) FROM assay.profile('bench')"],
    "30 checks": [validation(WITHOUT_REGEX)] * 2,
    "30 checks with regexes": [validation(WITH_REGEX)] * 2,
    "checks of figures, by segment": [validation([
        {"kind": kind, "column_name": column, "group_by": "b", "args": {"min_value": 0}}
        for kind in ("mean_between", "stddev_between", "distinct_count_between") for column in ("x1", "x6", "x12")])],
    "unique and near duplicates": [validation([{"kind": "unique", "column_name": "id"}, {"kind": "near_duplicates", "column_name": "a"}])],
    "stored checks": [STORED] * 2,
    "drift": ["SELECT count(*) FROM assay.drift('SELECT * FROM bench WHERE id % 2 = 0', 'SELECT * FROM bench WHERE id % 2 = 1')"],
    "suggest_checks": ["SELECT count(*) FROM assay.suggest_checks('SELECT * FROM bench WHERE id <= 300000')"],
}
SETUP = [
    f"SELECT rows FROM assay.train('linear', 'SELECT {comma([*FEATURES, 'label'])} FROM bench', 'label', 'logistic_regression', deploy => 'always')",
    f"SELECT rows FROM assay.train('boosted', 'SELECT {comma([*FEATURES, 'label'])} FROM bench WHERE id <= 100000', 'label', deploy => 'always')",
    *(f"SELECT assay.add_check('bench', '{check['kind']}', {repr(check['column_name']) if 'column_name' in check else 'NULL'}, "
      f"$args${json.dumps(check['args'])}$args$)" for check in WITH_REGEX),
]


def cpu(database, statements):
    os.environ["PGDATABASE"] = database
    with Session("SET max_parallel_workers_per_gather = 0", "SET assay.progress = 0", "SELECT assay.labels('linear')") as session:
        return sum(session.used(statement).cpu for statement in statements)


def main():
    for database in ("before", "after"):
        os.environ["PGDATABASE"] = database
        with Session() as session:
            for statement in SETUP:
                session.run(statement)
    slower = []
    print(f"{'work':32} {'before':>8} {'after':>8} {'ratio':>7}  95 % interval   (CPU seconds, {PAIRS} pairs)")
    for name, statements in WORKS.items():
        if ONLY and name not in ONLY:
            continue
        cpu("before", statements), cpu("after", statements)
        befores, afters = [], []
        for pair in range(PAIRS):
            # Which goes first changes, so that neither always finds the machine as the other left it.
            for database in ("before", "after") if pair % 2 == 0 else ("after", "before"):
                (befores if database == "before" else afters).append(cpu(database, statements))
        logs = [math.log(after / before) for before, after in zip(befores, afters)]
        middle = statistics.mean(logs)
        reach = T.get(PAIRS - 1, 2.0) * statistics.stdev(logs) / math.sqrt(PAIRS) if PAIRS > 1 else math.inf
        ratio, low, high = (math.exp(value) for value in (middle, middle - reach, middle + reach))
        if low > 1.03:
            slower.append(name)
        print(f"{name:32} {statistics.median(befores):8.3f} {statistics.median(afters):8.3f} {ratio:7.3f}  {low:.3f} to {high:.3f}"
              f"{'   slower' if low > 1.03 else ''}", flush=True)
    print(f"slower by an interval above 1.03: {', '.join(slower) or 'none'}")
    return 1 if slower else 0


sys.exit(main())

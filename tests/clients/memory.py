"""Training, judging and metrics when memory is short: what PostgreSQL's process holds stays near assay.max_memory, and where the system refuses
memory a statement ends, not the server. LIMIT is the address space of a process, in kilobytes, or 0 for none."""

import json
import os
import sys

import psycopg

import promises
from promises import check

LIMIT = int(os.environ.get("LIMIT", "0"))
EXHAUSTIVE = bool(os.environ.get("EXHAUSTIVE"))
# Those in between, too, where there is time for all.
ROWS = (20_000, 100_000, 200_000) if EXHAUSTIVE else (20_000, 200_000)
MILLION = "SELECT * FROM wide, generate_series(1, 5) AS g"


def connect():
    connection = psycopg.connect("", autocommit=True)
    connection.execute("SET client_min_messages = error")
    connection.execute("SET jit = off")
    return connection


def status(connection, name):
    """A line of what the system says of the backend, in megabytes."""
    with open(f"/proc/{connection.info.backend_pid}/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024


def peak(connection):
    """The most memory of its own that the backend has held, in megabytes: pages of shared buffers that it has seen do not count."""
    return status(connection, "VmHWM") - status(connection, "RssShmem")


def outcome(connection, statement, *parameters):
    try:
        connection.execute(statement, parameters)
        return "done"
    except psycopg.Error as error:
        return f"XX000: {error}" if error.sqlstate == "XX000" else error.sqlstate or "the connection was lost"


def keeps(what, statement, endings, lasting=("done",), most=170, left=100):
    """Within 50 MB a statement ends in one of these ways, and the backend holds no more than `most` MB; where it was refused, or may be, it is done with 2 GB;
    and what it took is given back. What has to be done within 50 MB is the same work with 2 GB: that is for where there is time for all."""
    with connect() as session:
        session.execute("SET assay.max_memory = '50MB'")
        session.execute("SET max_parallel_workers_per_gather = 0")
        found = outcome(session, statement)
        check(f"memory holds: {what}", found in endings and peak(session) < most, f"{found}, {peak(session):.0f} MB of {most}")
        if endings != ("done",) or EXHAUSTIVE:
            session.execute("SET assay.max_memory = '2GB'")
            found = outcome(session, statement)
        held = status(session, "RssAnon")
        check(f"memory lasts and is given back: {what}", found in lasting and held < left, f"{found}, {held:.0f} MB of {peak(session):.0f}")


def setup(connection):
    connection.execute("CREATE EXTENSION IF NOT EXISTS assay")
    connection.execute("""CREATE TABLE IF NOT EXISTS wide AS SELECT i, random() AS a, random() AS b, random() AS c, random() AS d, 'k' || i % 300 AS k,
        'text ' || i AS u, random() < 0.5 AS y, random() AS amount, i % 60 AS class FROM generate_series(1, 200000) AS i""")
    connection.execute("CREATE TABLE IF NOT EXISTS long AS SELECT repeat(i || 'x', 10000000) AS text, i AS x, i * 2 AS y FROM generate_series(1, 12) AS i")
    connection.execute("CREATE TABLE IF NOT EXISTS vector AS SELECT array_fill(i::float8, ARRAY[100000]) AS v, i AS y FROM generate_series(1, 200) AS i")
    connection.execute("ANALYZE wide")


def bounded(connection):
    """What the backend holds beyond assay.max_memory is what it had before, and one row of the query unpacked."""
    cases = {
        "12 long texts": "SELECT assay.train('m', 'long', 'y', 'ridge', deploy => 'never')",
        "vectors of 100,000 elements": "SELECT assay.train('m', 'vector', 'y', 'ridge', deploy => 'never')",
        "texts without repeats": "SELECT assay.train('m', 'SELECT a, u, u || ''x'' AS v, y FROM wide', 'y', deploy => 'never')",
        "an area under a curve": "SELECT assay.roc_auc(y, a) FROM wide, generate_series(1, 60)",
    }
    for what, statement in cases.items():
        with connect() as session:
            session.execute("SET assay.max_memory = '50MB'")
            session.execute("SET max_parallel_workers_per_gather = 0")
            found = outcome(session, statement)
            check(f"memory holds: {what}", found in ("53400", "done") and peak(session) < 170, f"{found}, {peak(session):.0f} MB")


def explaining():
    """Results go to disk, and of the rows only some blocks are held, whatever their number."""
    with connect() as session:
        session.execute("SELECT assay.train('why', 'SELECT a, b, c, d, k, y FROM wide', 'y', 'naive_bayes', split => 'none')")
        session.execute("SELECT assay.train('why trees', 'SELECT a, b, c, d, y FROM wide LIMIT 20000', 'y', 'random_forest', '{\"n_estimators\": 5, \"max_depth\": 12}', split => 'none')")
    # Held, an explanation would take more than the 125 bytes that there are for each below the limit.
    for what, statement, most in (
        ("rows explained", "SELECT count(*) FROM assay.explain_query('why', 'SELECT * FROM wide, generate_series(1, 3)', '{i,u}')", 90),
        ("rows explained against others", "SELECT count(*) FROM assay.explain_query('why', 'SELECT * FROM wide, generate_series(1, 2)', '{i}', NULL, 'SELECT * FROM wide LIMIT 10000')", 90),
        ("rows explained by trees", "SELECT count(*) FROM assay.explain_query('why trees', 'SELECT * FROM wide LIMIT 5000', '{i,u}')", 170),
        ("rows explained by trees against others", "SELECT count(*) FROM assay.explain_query('why trees', 'SELECT * FROM wide LIMIT 5000', '{i}', NULL, 'SELECT * FROM wide LIMIT 10000')", 170),
        ("a million rows, and what matters", "SELECT count(*) FROM assay.global_explain('why', 'SELECT * FROM wide, generate_series(1, 5)')", 170),
        ("what two do together", "SELECT count(*) FROM assay.interactions('why trees', 'SELECT * FROM wide LIMIT 500', baseline => 'SELECT * FROM wide LIMIT 200')", 170),
        ("a million rows explained one by one", "SELECT sum((assay.attributions('why', a, b, c, d, k))[1]) FROM wide, generate_series(1, 5)", 170),
    ):
        keeps(what, statement, ("done",), most=most)


def judging():
    """Scores of rows are held, segments are counted, and how far groups are apart takes no room for each pair; each with what becomes of it where 50 MB are allowed."""
    with connect() as session:
        for model, columns in (("fair", "a, b"), ("plain", "a")):
            session.execute(f"SELECT assay.train('{model}', 'SELECT {columns}, y FROM wide', 'y', 'naive_bayes', split => 'none')")
        session.execute("SELECT assay.train('line', 'SELECT a, b, amount FROM wide', 'amount', 'ridge', split => 'none')")
        session.execute("SELECT assay.train('flat', 'SELECT a, amount FROM wide', 'amount', 'ridge', split => 'none')")
    for what, statement, endings in (
        ("a million rows compared by area", f"SELECT assay.compare_models('fair', 'plain', '{MILLION}')", ("53400",)),
        ("a million rows compared by all metrics", f"SELECT assay.compare_models('fair', 'plain', '{MILLION}', NULL::text, resamples => 100)", ("53400",)),
        ("a million numbers compared by clusters", f"SELECT assay.compare_models('line', 'flat', '{MILLION}', NULL::text, 'k', resamples => 100)", ("53400",)),
        ("fairness of 200,000 groups", "SELECT assay.fairness('fair', 'wide', '{i}')", ("54000",)),
        ("fairness of 5,000 groups", "SELECT count(*) FROM assay.fairness('fair', 'SELECT *, i %% 5000 AS g FROM wide', '{g}')", ("done",)),
        ("slices of 10,000 groups", "SELECT count(*) FROM assay.evaluate('fair', 'SELECT *, i %% 10000 AS g FROM wide', group_by => '{g}')", ("done",)),
        ("fairness of groups named by megabytes", "SELECT assay.fairness('fair', 'SELECT *, repeat(k::text, 1000000) AS g FROM wide', '{g}')", ("54000",)),
        ("costs of a million rows", f"SELECT assay.threshold_costs('fair', '{MILLION}', 1, 'amount')", ("53400",)),
    ):
        keeps(what, statement, endings, ("done", "54000"))


def unsupervised():
    """Rows without a target are held while they are learned from and while they are judged together; they are looked at one by one where they are compared
    with those that a model was trained on. Each with whether 50 MB are certainly too few."""
    for algorithm, params in (
        ("k_means", '{"num_clusters": 4}'),
        ("gaussian_mixture", '{"num_components": 2}'),
        ("dbscan", '{"epsilon": 0.4}'),
        ("pca", "{}"),
        ("isolation_forest", "{}"),
    ):
        # Of more rows than it takes dbscan says so.
        enough = "WHERE i <= 100000" if algorithm == "dbscan" else ""
        # A million and a half rows: pca holds none of them.
        many = ("done",) if algorithm == "pca" else ("53400",)
        # Which rows are strange is written down by the same code for all of them; how they are scored is each one's own.
        strange, most = (MILLION, 170) if algorithm == "k_means" or EXHAUSTIVE else ("SELECT *, 1 AS g FROM wide", 100)
        with connect() as session:
            session.execute(f"SELECT assay.train('points {algorithm}', 'SELECT a, b, c, d FROM wide LIMIT 20000', NULL, '{algorithm}', '{params}')")
        keeps(f"training, {algorithm}",
              f"SELECT assay.train('m', 'SELECT a, b, c, d FROM wide, generate_series(1, 15)', NULL, '{algorithm}', '{params}', deploy => 'never')", many,
              ("ML007",) if algorithm == "dbscan" else ("done",))
        for what, statement, endings, most in (
            ("training on fewer rows", f"SELECT assay.train('m', 'SELECT a, b, c, d FROM wide {enough}', NULL, '{algorithm}', '{params}', deploy => 'never')",
             ("53400", "done"), 170),
            ("a million rows judged", f"SELECT count(*) FROM assay.evaluate('points {algorithm}', 'SELECT * FROM wide, generate_series(1, 10)')", ("53400",), 170),
            ("rows judged by group", f"SELECT count(*) FROM assay.evaluate('points {algorithm}', 'SELECT * FROM wide, generate_series(1, 3) AS g', group_by => '{{k}}')", ("53400", "done"), 110),
            ("what is strange of many rows", f"SELECT count(*) FROM assay.detect_anomalies('points {algorithm}', '{strange}', 0.2, '{{i,g}}')", ("done",), most),
            ("a million rows transformed", f"SELECT count(assay.transform('points {algorithm}', a, b, c, d)) FROM wide, generate_series(1, 5)", ("done",), 170),
        ):
            keeps(f"{what}, {algorithm}", statement, endings, most=most)


def forecasting():
    """Series are held while they are learned from, each with whether 50 MB are certainly too few; what is forecast goes to disk."""
    def many(count):
        return f"SELECT timestamp '2000-01-01' + i %% 100 * interval '1 day' AS at, i / 100 AS s, i %% 7 + random() AS v FROM generate_series(0, {100 * count - 1}) AS i"

    def hours(count):
        return f"SELECT timestamp '2000-01-01' + i * interval '1 hour' AS at, 1 AS s, i %% 24 + random() AS v FROM generate_series(1, {count}) AS i"

    def train(query, options, model="m", deploy="never"):
        params = json.dumps({"time": "at", "series": ["s"], **options})
        return f"SELECT assay.train('{model}', $q${query}$q$, 'v', 'forecast', '{params}', deploy => '{deploy}')"
    with connect() as session:
        check("forecasts are made", outcome(session, train(many(5_000), {"method": "naive"}, "ahead", "always")) == "done")
    for what, statement, endings in (
        ("5,000 series", train(many(5_000), {"method": "naive"}), ("53400", "done")),
        ("20,000 series", train(many(20_000), {"method": "naive"}), ("53400",)),
        ("a long series", train(hours(500_000), {}), ("53400", "done")),
        ("a very long series", train(hours(2_000_000), {}), ("53400",)),
        ("a long season", train(hours(200_000), {"method": "mstl", "season_lengths": [8766]}), ("53400", "done")),
        ("far ahead", train(hours(40_000), {"method": "seasonal_naive", "horizon": 10_000}), ("53400", "done")),
    ):
        keeps(f"forecasting {what}", statement, endings)
    # With their bounds they would be 48 MB, in a backend that holds 44.
    keeps("forecasting 2 million numbers to come", "SELECT count(*) FROM assay.forecast('ahead', 400)", ("done",), most=75)


def logging(connection):
    """Decisions and labels go to disk while they come, and are judged within the limit, or refused."""
    with connect() as session:
        session.execute("SELECT assay.train('logged', 'SELECT a, b, k, y FROM wide', 'y', 'naive_bayes', split => 'none')")
        session.execute("SELECT assay.train('logged amount', 'SELECT a, b, k, amount FROM wide', 'amount', 'linear_regression', split => 'random')")
    # Held, a decision would take more than the 140 bytes that there are for each below the limit.
    for model, target, times, most in (("logged", "y", 3, 120), ("logged amount", "amount", 2, 110)):
        rows = f"FROM wide, generate_series(1, {times}) AS g"
        for what, statement in {
            "decisions": f"SELECT assay.log_predictions('{model}', 'SELECT i, g, a, b, k {rows}', '{{i,g}}', keep => '{{k}}', inputs => true)",
            "labels": f"SELECT assay.record_labels('{model}', 'SELECT i, g, {target} {rows}', '{{i,g}}')",
            "decisions judged": f"SELECT count(*) FROM assay.performance('{model}', 'year')",
        }.items():
            with connect() as session:
                session.execute("SET assay.max_memory = '50MB'")
                session.execute("SET max_parallel_workers_per_gather = 0")
                found = outcome(session, statement)
                fits = ("done",) if "judged" not in what else ("done", "53400")
                check(f"memory holds: {what}, {model}", found in fits and peak(session) < most, f"{found}, {peak(session):.0f} MB of {most}")
                if found != "done" or EXHAUSTIVE:
                    session.execute("SET assay.max_memory = '2GB'")
                    check(f"memory lasts: {what}, {model}", outcome(session, statement) == "done")
    connection.execute("SELECT assay.prune_predictions(model, '0') FROM (VALUES ('logged'), ('logged amount')) AS m (model)")


def learning():
    """What is learned beside a model, and of rows in parts: each with whether 50 MB are certainly too few."""
    def train(columns, target, *options):
        return ", ".join((f"SELECT assay.train('m', 'SELECT {columns}, {target} FROM wide', '{target}', deploy => 'never'", *options)) + ")"
    steps = {
        "terms": ("u", '{"columns": {"u": {"tf_idf": {"max_features": 300, "min_df": 2, "analyzer": "char", "ngram_range": [2, 4]}}}}'),
        "a flag for each level": ("k", '{"encode": "one_hot"}'),
        "powers": ("a, b, c, d", '{"polynomial": 5, "scale": "robust"}'),
        "crosses": ("a, b, c, d, k, u", '{"crosses": [["a", "b"], ["c", "d"], ["k", "u"]]}'),
        "target encoding": ("u, k", '{"encode": "target"}'),
        "target encoding of classes": ("k", '{"encode": "target"}'),
    }
    cases = {f"steps: {what}": (train(columns, "class" if "classes" in what else "y", "algorithm => 'naive_bayes'", "task => 'classification'", f"preprocess => '{json}'"),
                                what in ("terms", "a flag for each level", "target encoding of classes"))
             for what, (columns, json) in steps.items()}
    rows = "'SELECT a, b, c, d, k, y FROM wide', 'y'"
    cases |= {
        "groups": (train("a, b, c, d, k", "amount", "algorithm => 'linear_regression'", "group_by => '{k}'"), False),
        "errors of many clusters": (train("a, b, c, d, k, i", "amount", "algorithm => 'linear_regression'", "params => '{\"cluster\": \"i\"}'"), False),
        "errors of each row": (train("a, b, c, d, i %% 100 || '''' AS k", "amount", "algorithm => 'linear_regression'", "params => '{\"standard_errors\": \"HC3\"}'"), False),
        "kinks of many rows": (train("a, b, c, d", "amount", "algorithm => 'quantile_regression'"), False),
        "machines of classes": (train("a, b, c, d", "class", "algorithm => 'linear_svm'", "task => 'classification'"), False),
        "calibration": (train("a, b, c, d, k", "y", "algorithm => 'naive_bayes'", "calibrate => 'isotonic'"), False),
        "calibration of classes": (train("a, b, c, d", "class", "algorithm => 'naive_bayes'", "task => 'classification'", "calibrate => 'sigmoid'"), True),
        "intervals between quantiles": (train("a, b, c, d, k", "amount", "params => '{\"n_estimators\": 3}'", "intervals => '{}'"), False),
        "folds": (f"SELECT assay.cross_validate({rows}, 'gradient_boosting', '{{\"n_estimators\": 3}}', folds => 3)", False),
        "trials": (f"SELECT assay.tune('m', {rows}, 'gradient_boosting', '{{\"n_estimators\": [2, 3]}}', trials => 2, folds => 2, deploy => 'never')", False),
        "leakage": (f"SELECT assay.find_leakage({rows})", False),
    }
    return cases


def bounded_learning(connection):
    """Refused before more than assay.max_memory is taken; done where it lasts; and given back at the end."""
    for what, (statement, is_too_much) in learning().items():
        keeps(what, statement, ("53400",) if is_too_much else ("53400", "done"), left=80)


def refused(connection):
    """Under a limit of address space."""
    lost = []
    with connect() as session:
        learners = promises.learners(session)
    for algorithm, tasks in learners.items():
        target = promises.target_for(tasks, "y", "amount")
        columns, target = (f", {target}", f"'{target}'") if target else ("", "NULL")
        # Their memory is taken before the first of many rounds; how many clusters there are is found by rounds for each number.
        few = {"k_means": '{"num_clusters": 8}', "gaussian_mixture": '{"num_components": 2, "max_iter": 3}'}
        params = "{}" if EXHAUSTIVE else few.get(algorithm, "{}")
        for rows in ROWS:
            with connect() as session:
                statement = f"SELECT assay.train('m', 'SELECT a, b, c, d, k{columns} FROM wide LIMIT {rows}', {target}, '{algorithm}', '{params}', deploy => 'never')"
                found = outcome(session, statement)
                if found not in ("done", "53200", "53400"):
                    lost.append((algorithm, rows, found))
    check(f"every learner ends in peace under {LIMIT // 1024} MB", not lost, lost)
    with connect() as session:
        found = [outcome(session, statement) for statement in (
            "SELECT assay.train('n', 'SELECT a, b, class::text AS class FROM wide LIMIT 2000', 'class', 'naive_bayes', deploy => 'always')",
            "SELECT assay.evaluate('n', 'SELECT a, b, class::text AS class FROM wide, generate_series(1, 20)')",
            "SELECT assay.evaluate('n', 'SELECT a, b, class::text AS class, a AS slice FROM wide, generate_series(1, 20)', group_by => '{slice}')",
            "SELECT assay.confusion_matrix('n', 'SELECT a, b, class::text AS class FROM wide, generate_series(1, 20)')",
            "SELECT assay.render_model('n', 'SELECT a, b, class::text AS class FROM wide, generate_series(1, 20)', 'html')",
            "SELECT assay.compare_models('n', 'n@1', 'SELECT a, b, class::text AS class FROM wide, generate_series(1, 20)', NULL::text)",
            "SELECT assay.predict_label('n', a, b) FROM wide",
            "SELECT assay.log_predictions('n', 'SELECT i, a, b FROM wide', '{i}')",
            "SELECT assay.record_labels('n', 'SELECT i, class::text AS class FROM wide WHERE class < 10', '{i}')",
            "SELECT assay.performance('n', 'year')",
            "SELECT assay.roc_auc(y, a + g) FROM wide, generate_series(1, 170) AS g",
            "SELECT assay.median_absolute_error(a, b + g) FROM wide, generate_series(1, 170) AS g",
            "SELECT assay.linear_statistics(amount, VARIADIC array_fill(a, ARRAY[1500])) FROM (SELECT * FROM wide LIMIT 100) AS few",
            "SELECT assay.train('o', 'SELECT timestamp ''2000-01-01'' + i * interval ''1 hour'' AS at, a, k FROM wide', 'a', 'forecast', '{\"time\": \"at\", \"series\": [\"k\"]}')",
            "SELECT count(*) FROM assay.forecast('o', 1000)",
        )]
    *others, training, forecast = found
    peaceful = ("done", "53200", "53400", "54000")
    # What was not trained for want of memory is not there to forecast.
    check(f"judging and metrics end in peace under {LIMIT // 1024} MB",
          all(f in peaceful for f in (*others, training)) and forecast in (peaceful if training == "done" else ("ML001",)), found)


connection = connect()
started = connection.execute("SELECT pg_postmaster_start_time()").fetchone()
setup(connection)
if LIMIT:
    refused(connection)
else:
    bounded(connection)
    explaining()
    judging()
    unsupervised()
    forecasting()
    logging(connection)
    bounded_learning(connection)
again = connect()
check("the server went on", again.execute("SELECT pg_postmaster_start_time()").fetchone() == started
      and connection.execute("SELECT 1").fetchone() == (1,))
sys.exit(promises.failed > 0)

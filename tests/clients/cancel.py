"""Trainings that run out of time, in every phase: each is stopped at points spread over the time that it takes, from its first row read to
its version stored."""

import sys

import psycopg

import promises
from promises import EXHAUSTIVE, check, check_ends_anywhere

ROWS = 200_000
NUMBERS = ", ".join(f"x{i}" for i in range(1, 21))

connection = psycopg.connect("", autocommit=True)
connection.execute("SET client_min_messages = error")
connection.execute("SELECT setseed(0.3)")
connection.execute(f"""CREATE TABLE long AS SELECT i AS id, {", ".join(f"random() AS x{i}" for i in range(1, 21))},
    'a' || i % 10 AS a, 'b' || i * 7 % 250 AS b, 'key ' || i AS k, random() < 0.5 AS y, random() AS amount
    FROM generate_series(1, {ROWS}) AS i""".replace("%", "%%"), ())
connection.execute("ANALYZE long")

# What is learned: the algorithm, the target, its parameters and the columns.
trainings = {
    "linear regression": ("linear_regression", "amount", "{}", f"{NUMBERS}, a, b"),
    "ridge": ("ridge", "amount", "{}", f"{NUMBERS}, a, b"),
    "lasso": ("lasso", "amount", '{"alpha": 0.0001}', f"{NUMBERS}, a"),
    "elastic net": ("elastic_net", "amount", '{"alpha": 0.0001}', f"{NUMBERS}, a"),
    "logistic regression": ("logistic_regression", "y", "{}", f"{NUMBERS}, a, b"),
    "multinomial logistic regression": ("logistic_regression", "a", "{}", NUMBERS),
    "a machine of hinges": ("linear_svm", "y", '{"loss": "hinge"}', f"{NUMBERS}, a"),
    "machines of classes": ("linear_svm", "a", "{}", NUMBERS),
    "a machine of numbers": ("linear_svm", "amount", '{"epsilon": 0.1}', f"{NUMBERS}, a"),
    "a quantile": ("quantile_regression", "amount", '{"quantile": 0.9}', f"{NUMBERS}, a"),
    "Huber's line": ("huber_regression", "amount", "{}", f"{NUMBERS}, a, b"),
    "means of counts": ("poisson_regression", "amount", "{}", f"{NUMBERS}, a, b"),
    "errors of each row": ("linear_regression", "amount", '{"standard_errors": "HC3"}', f"{NUMBERS}, a, b"),
    "errors of many clusters": ("linear_regression", "amount", '{"cluster": "g"}', f"{NUMBERS}, a, b, id / 3 AS g"),
    "naive Bayes of classes": ("naive_bayes", "b", "{}", f"{NUMBERS}, a"),
    "naive Bayes": ("naive_bayes", "y", "{}", f"{NUMBERS}, a, b"),
    "a decision tree": ("decision_tree", "y", "{}", f"{NUMBERS}, a, b"),
    "a random forest": ("random_forest", "y", '{"n_estimators": 4}', "x1, x2, x3, a, b"),
    "boosting": ("gradient_boosting", "y", '{"n_estimators": 5}', f"{NUMBERS}, a, b"),
    "boosting a number": ("gradient_boosting", "amount", '{"n_estimators": 5}', f"{NUMBERS}, a, b"),
    "boosting a quantile": ("gradient_boosting", "amount", '{"objective": "quantile", "n_estimators": 3}', f"{NUMBERS}, a, b"),
    "boosting classes": ("gradient_boosting", "a", '{"n_estimators": 2}', "x1, x2, x3, x4"),
    "a text without repeats": ("gradient_boosting", "y", '{"n_estimators": 3}', "k, k || 'x' AS l, x1"),
    "vectors": ("ridge", "amount", "{}", f"ARRAY[{NUMBERS}] AS v"),
    "equal rows": ("ridge", "amount", "{}", "a, floor(x1 * 3) AS x"),
    "clusters": ("k_means", None, '{"num_clusters": 8}', f"{NUMBERS}, a"),
    "how many clusters there are": ("k_means", None, "{}", f"{NUMBERS}, a"),
    "a mixture": ("gaussian_mixture", None, '{"num_components": 4}', NUMBERS),
    "how many components a mixture has": ("gaussian_mixture", None, "{}", NUMBERS),
    "dense rows": ("dbscan", None, '{"epsilon": 0.1, "standardize": false}', "x1, x2, x3"),
    "dense rows of many columns": ("dbscan", None, '{"epsilon": 4, "min_samples": 20}', NUMBERS),
    "components of many columns": ("pca", None, "{}", ", ".join(f"x{i % 20 + 1} * x{i // 20 + 1} AS c{i}" for i in range(400)) + ", b"),
    "errors of many columns": ("linear_regression", "amount", '{"standard_errors": "HC3"}', ", ".join(f"x{i % 20 + 1} * {i} + x{i // 20 + 1} AS c{i}" for i in range(300))),
    "many columns": ("ridge", "amount", "{}", ", ".join(f"x{i % 20 + 1} * {i} + x{i // 20 + 1} AS c{i}" for i in range(300))),
}
# What the list above does not have is tried as it is.
listed = {algorithm for algorithm, *_ in trainings.values()}
for algorithm, tasks in promises.learners(connection).items():
    if algorithm not in listed:
        trainings[algorithm] = (algorithm, promises.target_for(tasks, "y", "amount"), "{}", f"{NUMBERS}, a, b")
# Solved, counted or repeated as one of the others is.
if not EXHAUSTIVE:
    for what in ("elastic net", "a machine of numbers", "errors of each row", "naive Bayes of classes", "how many clusters there are", "how many components a mixture has"):
        del trainings[what]
for what, (algorithm, target, params, columns) in trainings.items():
    rows = 30_000 if "many columns" in what else ROWS
    parameters = (f"SELECT {columns}{f', {target}' if target else ''} FROM long WHERE id <= {rows}", target, algorithm, params)
    statement = "SELECT assay.train('late', %s, %s, %s, %s::jsonb, deploy => 'never')"
    check_ends_anywhere(connection, f"training {what}", statement, parameters, 5)

# Rows that are packed: two readings, what is learned of the sample, their order, the trees, and what the model makes of them.
connection.execute("SET assay.pack_rows = 1000")
packed = {
    "boosting": ("gradient_boosting", "y", '{"n_estimators": 4}', f"{NUMBERS}, a, b"),
    "boosting a number": ("gradient_boosting", "amount", '{"n_estimators": 3, "early_stopping_rounds": 2, "subsample": 0.7, "subsample_freq": 1}', f"{NUMBERS}, a, b"),
    "boosting classes": ("gradient_boosting", "a", '{"n_estimators": 2}', "x1, x2, x3, x4"),
    "a random forest": ("random_forest", "y", '{"n_estimators": 4, "min_samples_leaf": 50, "oob_score": true}', f"{NUMBERS}, a, b"),
    "a forest of numbers": ("random_forest", "amount", '{"n_estimators": 2, "min_samples_leaf": 20}', "x1, x2, x3, a, b"),
    "a forest of many classes": ("random_forest", "b", '{"n_estimators": 2, "max_leaf_nodes": 40}', "x1, x2, x3, x4, a"),
    "a decision tree": ("decision_tree", "y", '{"max_leaf_nodes": 200}', f"{NUMBERS}, a, b"),
    "texts without repeats": ("gradient_boosting", "y", '{"n_estimators": 2}', "k, k || 'x' AS l, x1"),
    "equal rows": ("random_forest", "amount", '{"n_estimators": 4, "max_depth": 6}', "a, floor(x1 * 3) AS x"),
}
for what, (algorithm, target, params, columns) in packed.items():
    statement = "SELECT assay.train('late', %s, %s, %s, %s::jsonb, deploy => 'never')"
    check_ends_anywhere(connection, f"training of packed rows: {what}", statement, (f"SELECT {columns}, {target} FROM long", target, algorithm, params), 9 if EXHAUSTIVE else 5)
connection.execute("RESET assay.pack_rows")

# What models without a target make of rows, one by one and all together. How each scores rows is its own; that they come in groups, or without reasons, is not.
for algorithm, params, columns in (
    ("k_means", '{"num_clusters": 8}', f"{NUMBERS}, a"),
    ("gaussian_mixture", '{"num_components": 4}', NUMBERS),
    ("dbscan", '{"epsilon": 0.1, "standardize": false}', "x1, x2, x3"),
    ("pca", '{"num_components": 5}', f"{NUMBERS}, a"),
    ("isolation_forest", "{}", f"{NUMBERS}, a"),
):
    model = f"late {algorithm}"
    connection.execute("SELECT assay.train(%s, %s, NULL, %s, %s::jsonb)", (model, f"SELECT {columns} FROM long WHERE id <= 50000", algorithm, params))
    for what, statement in {
        "rows judged together": f"SELECT assay.evaluate('{model}', 'long')",
        "rows judged by group": f"SELECT assay.evaluate('{model}', 'long', group_by => '{{b}}')",
        "strange rows": f"SELECT count(*) FROM assay.detect_anomalies('{model}', 'SELECT * FROM long, generate_series(1, 5)', 0.3, '{{id}}')",
        "strange rows without reasons": f"SELECT count(*) FROM assay.detect_anomalies('{model}', 'SELECT * FROM long, generate_series(1, 5)', 0.3, '{{id}}', 0)",
        "rows transformed": f"SELECT count(assay.transform('{model}', r)) FROM long AS r, generate_series(1, 10)",
    }.items():
        if algorithm != "k_means" and what not in ("rows judged together", "strange rows") and not EXHAUSTIVE:
            continue
        check_ends_anywhere(connection, f"{what}: {algorithm}", statement, None, 3)
    connection.execute(f"SELECT assay.drop_model('{model}')")

# Forecasts: one long series, with a long season, many short ones, and what adds up; what comes next, and what came.
series = {
    "one long series": ("SELECT timestamp '2000-01-01' + i * interval '1 hour' AS at, 'a' AS s, 50 + i % 24 + random() AS v FROM generate_series(1, 300000) AS i", "{}"),
    "a long season": ("SELECT timestamp '2000-01-01' + i * interval '1 hour' AS at, 'a' AS s, i % 8766 + random() AS v FROM generate_series(1, 200000) AS i",
                      '{"season_lengths": [24, 8766], "horizon": 500}'),
    "a long season by theta": ("SELECT timestamp '2000-01-01' + i * interval '1 hour' AS at, 'a' AS s, i % 8766 + random() AS v FROM generate_series(1, 200000) AS i",
                               '{"season_lengths": [8766], "method": "theta"}'),
    "many series": ("SELECT timestamp '2000-01-01' + i % 60 * interval '1 day' AS at, i / 60 AS s, i % 7 + random() AS v FROM generate_series(0, 99999) AS i", "{}"),
    "many totals": ("SELECT timestamp '2000-01-01' + i % 60 * interval '1 day' AS at, i / 60 AS s, i % 7 + random() AS v FROM generate_series(0, 35999) AS i",
                    '{"reconcile": "mint"}'),
    "many events": ("SELECT timestamp '2000-01-01' + i * interval '1 hour' AS at, 'a' AS s, i % 24 + random() AS v FROM generate_series(1, 100000) AS i",
                    """{"holidays": "SELECT timestamp '2010-01-01' + i * interval '97 hours' AS at, i % 300 AS name FROM generate_series(1, 3000) AS i"}"""),
}
for what, (query, params) in series.items():
    params = params.replace("{", '{"time": "at", "series": ["s"], ', 1).replace(", }", "}")
    check_ends_anywhere(connection, f"forecasting {what}", "SELECT assay.train('late', %s, 'v', 'forecast', %s::jsonb, deploy => 'never')", (query, params), 5, longest=20)
many = series["many series"][0]
connection.execute("SELECT assay.train('late forecast', %s, 'v', 'forecast', '{\"time\": \"at\", \"series\": [\"s\"], \"method\": \"seasonal_naive\"}')", (many,))
for what, statement in {
    "what comes next": "SELECT count(*) FROM assay.forecast('late forecast', 100)",
    "why": "SELECT count(*) FROM assay.forecast_series('late forecast')",
    "what came": f"SELECT assay.evaluate('late forecast', $q${many.replace('2000-01-01', '2000-02-01')}$q$)",
    "what is strange": f"SELECT count(*) FROM assay.detect_anomalies('late forecast', $q${many.replace('2000-01-01', '2000-02-01')}$q$)",
}.items():
    check_ends_anywhere(connection, f"forecasts: {what}", statement, None, 4)
connection.execute("SELECT assay.drop_model('late forecast')")

# Window functions over one partition, at points spread over the time that they take.
for function in ("standard_scaler(x1)", "robust_scaler(x1)", "quantile_bucketize(x1, 1000)", "imputer(nullif(x1, 0), 'most_frequent')",
                 "label_encoder(k, 1000, 1)"):
    for frame in ("", "ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING", "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW"):
        statement = f"SELECT count(z) FROM (SELECT assay.{function} OVER ({frame}) AS z FROM long) AS answers"
        check_ends_anywhere(connection, f"{function} OVER ({frame})", statement, None, 3, longest=1)

# Looking for leakage, folds and tuning, in each of their phases.
rows = f"SELECT {NUMBERS}, a, b, date '2026-01-01' + id % 500 AS day, id % 977 AS g, y FROM long WHERE id <= 60000"
searches = {
    "looking for leakage": "SELECT assay.find_leakage(%s, 'y', 'day')",
    "folds": "SELECT assay.cross_validate(%s, 'y', 'gradient_boosting', '{\"n_estimators\": 3}', folds => 3)",
    "folds by group": "SELECT assay.cross_validate(%s, 'y', 'naive_bayes', fold_by => 'group(g)')",
    "folds along time": "SELECT assay.cross_validate(%s, 'y', 'naive_bayes', fold_by => 'time(day, 3 days)')",
    "tuning": "SELECT assay.tune('late', %s, 'y', 'gradient_boosting', '{\"n_estimators\": [2, 3, 4], \"num_leaves\": [7, 15]}', trials => 6, folds => 2, deploy => 'never')",
    "tuning by halves": "SELECT assay.tune('late', %s, 'y', 'naive_bayes', method => 'successive_halving', trials => 9, folds => 2, deploy => 'never')",
}
for what, statement in searches.items():
    check_ends_anywhere(connection, what, statement, (rows,), 5)

# The card of a model, judged on rows.
connection.execute("SELECT assay.train('card', %s, 'y', 'gradient_boosting', '{\"n_estimators\": 5}', split => 'none', exclude => '{day, g}')", (rows,))
connection.execute("SELECT assay.describe_model('card', '{\"slices\": [\"a\"], \"fairness_groups\": [\"b\"], \"cost_false_positive\": 1, \"cost_false_negative\": 5}')")
check_ends_anywhere(connection, "the card of a model", "SELECT assay.render_model('card', %s, 'html')", (rows,), 9)
connection.execute("SELECT assay.drop_model('card')")
# Judging slice by slice, and what a threshold costs.
connection.execute("SELECT assay.train('judged', 'SELECT x1, x2, y FROM long WHERE id <= 2000', 'y', 'logistic_regression', split => 'none', deploy => 'always')")
judged = "SELECT x1, x2, y, x3 AS cost, id / 50000 AS slice FROM long"
for what, call in {
    "slices": f"evaluate('judged', '{judged}', group_by => '{{slice}}')",
    "fairness": f"fairness('judged', '{judged}', '{{slice}}')",
    "costs of thresholds": f"threshold_costs('judged', '{judged}', 3, 'cost')",
    "calibration": f"calibration_curve('judged', '{judged}', strategy => 'quantile')",
}.items():
    check_ends_anywhere(connection, what, f"SELECT count(*) FROM assay.{call}", None, 4)

# Steps of every kind, of levels and texts that hardly repeat.
steps = """{"impute": "most_frequent", "clip": 0.01, "scale": "robust", "polynomial": 2, "encode": "target",
    "columns": {"b": {"encode": "one_hot"}, "k": {"encode": "target"}, "t": {"tf_idf": {"analyzer": "char_wb", "ngram_range": [2, 4], "max_features": 20}}, "x3": {"quantile_bucketize": 20}},
    "crosses": [["a", "b"], ["x1", "x2"]]}"""
columns = "x1, x2, x3, a, b, k, k || ' is the key of a ' || a || ' and b ' || b AS t, amount"
check_ends_anywhere(connection, "training with steps of preprocessing", "SELECT assay.train('late', %s, 'amount', 'ridge', preprocess => %s::jsonb, deploy => 'never')",
                    (f"SELECT {columns} FROM long", steps), 9)

# One text that is very long, in training and in prediction.
longer = "repeat('Some words and others. ', 2000000)"
# Of a small table, as a parallel plan would hold the text, too.
connection.execute("CREATE TABLE few AS SELECT id, k, x1, y FROM long WHERE id <= 1000")
words = f"SELECT CASE WHEN id = 1 THEN {longer} ELSE k END AS t, x1, y FROM few"
readings = {
    "terms of words": '{"tf_idf": {"max_features": 20, "ngram_range": [1, 2]}}',
    "terms of characters": '{"tf_idf": {"analyzer": "char_wb", "max_features": 20, "ngram_range": [2, 4]}}',
}
for what, step in readings.items():
    train = "SELECT assay.train(%s, %s, 'y', 'naive_bayes', preprocess => %s::jsonb, split => 'none', deploy => %s)"
    steps = f'{{"columns": {{"t": {step}}}}}'
    check_ends_anywhere(connection, f"a very long text: {what}", train, ("late", words, steps, "never"), 5)
    connection.execute(train, ("texts", words.replace(longer, "k"), steps, "always"))
    check_ends_anywhere(connection, f"a very long text to predict: {what}", f"SELECT assay.predict('texts', {longer}, 0.5)", None, 3)

# What is learned beside the model.
beside = {
    "isotonic calibration": ("naive_bayes", "y", "{}", f"{NUMBERS}, a, b", "calibrate => 'isotonic'"),
    "sigmoid calibration of classes": ("naive_bayes", "a", "{}", NUMBERS, "calibrate => 'sigmoid'"),
    "calibration of boosting": ("gradient_boosting", "y", '{"n_estimators": 3}', f"{NUMBERS}, a, b", "calibrate => 'sigmoid'"),
    "groups": ("linear_regression", "amount", "{}", f"{NUMBERS}, a, b", "group_by => '{b}'"),
    "groups of boosting": ("gradient_boosting", "y", '{"n_estimators": 2}', "x1, x2, x3, a, b", "group_by => '{a,b}', min_group_rows => 100"),
    "intervals": ("linear_regression", "amount", "{}", f"{NUMBERS}, a, b", "intervals => '{\"by\": \"a\"}'"),
    "intervals between quantiles": ("gradient_boosting", "amount", '{"n_estimators": 4}', f"{NUMBERS}, a, b", "intervals => '{}'"),
}
for what, (algorithm, target, params, columns, argument) in beside.items():
    parameters = (f"SELECT {columns}, {target} FROM long", target, algorithm, params)
    statement = f"SELECT assay.train('late', %s, %s, %s, %s::jsonb, deploy => 'never', {argument})"
    check_ends_anywhere(connection, what, statement, parameters, 5)

# Comparing, in each of its phases, by itself and with what is deployed.
for model, columns in (("one", "x1, x2, x3, a"), ("other", "x1")):
    connection.execute(f"SELECT assay.train('{model}', 'SELECT {columns}, y FROM long WHERE id <= 5000', 'y', 'naive_bayes', deploy => 'always')")
for what, options in {"areas": "'roc_auc'", "all metrics": "NULL::text", "clusters": "NULL::text, 'b'"}.items():
    check_ends_anywhere(connection, f"comparing {what}", f"SELECT assay.compare_models('one', 'other', 'long', {options})", None, 5)
connection.execute("SELECT assay.train('late beside', 'SELECT x1, x2, a, b, y FROM long WHERE id <= 5000', 'y', 'random_forest', '{\"n_estimators\": 30}')")
check_ends_anywhere(connection, "training beside a deployed version", "SELECT assay.train('late beside', 'SELECT x1, x2, a, b, y, id > 5000 AS is_test FROM long', 'y', 'naive_bayes', split => 'is_test')",
                    None, 5)
# Explaining: against the training rows and others, row by row and in blocks on threads.
for model, target, algorithm in (("odds", "y", "naive_bayes"), ("boosted", "y", "gradient_boosting"), ("classes", "a", "logistic_regression")):
    connection.execute("SELECT assay.train(%s, %s, %s, %s, split => 'none')", (f"why {model}", f"SELECT {NUMBERS}, b, {target} FROM long WHERE id <= 20000", target, algorithm))
    explanations = {
        "a query": "SELECT count(*) FROM assay.explain_query(%s, 'SELECT * FROM long, generate_series(1, 3)', '{id}')",
        "a query against rows": "SELECT count(*) FROM assay.explain_query(%s, 'SELECT * FROM long WHERE id <= 50000', '{id}', baseline => 'SELECT * FROM long WHERE id <= 50000')",
        "each row": f"SELECT sum((assay.attributions(%s, {NUMBERS}, b))[1]) FROM long",
        "many rows": "SELECT assay.global_explain(%s, 'long')",
        "refusals": "SELECT count(*) FROM assay.reason_codes(%s, 'long', '{id}', refused => (SELECT min(l) FROM unnest(assay.labels(%s)) AS l))",
    }
    for what, statement in explanations.items():
        # What is refused, and why, is found of all models alike; classes are explained one after the other.
        if what in {"boosted": ["refusals"], "classes": ["refusals", "each row", "a query against rows"]}.get(model, []) and not EXHAUSTIVE:
            continue
        check_ends_anywhere(connection, f"explaining {what} by {model}", statement, (f"why {model}",) * statement.count("%s"), 3)
# Trees that no table holds, and what two features do together.
connection.execute("SELECT assay.train('why deep', %s, 'y', 'random_forest', '{\"n_estimators\": 5, \"max_depth\": 12}', split => 'none')", (f"SELECT {NUMBERS}, y FROM long WHERE id <= 20000",))
for what, statement in {
    "a query": "SELECT count(*) FROM assay.explain_query('why deep', 'SELECT * FROM long WHERE id <= 500', '{id}')",
    "a query against rows": "SELECT count(*) FROM assay.explain_query('why deep', 'SELECT * FROM long WHERE id <= 1000', '{id}', baseline => 'SELECT * FROM long WHERE id <= 5000')",
    "pairs": "SELECT count(*) FROM assay.interactions('why boosted', 'SELECT * FROM long WHERE id <= 2000')",
    "pairs against rows": "SELECT count(*) FROM assay.interactions('why boosted', 'SELECT * FROM long WHERE id <= 500', baseline => 'SELECT * FROM long WHERE id <= 2000')",
}.items():
    check_ends_anywhere(connection, f"explaining {what} by trees", statement, None, 3)

# Decisions and labels: logging, recording, correcting, and judging. A statement that is stopped leaves none.
logging = {
    "logging decisions": "SELECT assay.log_predictions('one', 'long', '{id}', keep => '{a}', inputs => true)",
    "recording labels": "SELECT assay.record_labels('one', 'SELECT id, y FROM long', '{id}')",
    "correcting labels": "SELECT assay.record_labels('one', 'SELECT id, NOT y AS y FROM long', '{id}')",
    "judging decisions": "SELECT assay.performance('one', 'day', '{a}')",
}
connection.execute("SELECT assay.train('logged amount', 'SELECT x1, x2, a, amount FROM long WHERE id <= 20000', 'amount', 'linear_regression', split => 'random')")
logging |= {
    "logging numbers": "SELECT assay.log_predictions('logged amount', 'long', '{id}')",
    "recording numbers": "SELECT assay.record_labels('logged amount', 'SELECT id, amount FROM long', '{id}')",
    "judging numbers": "SELECT assay.performance('logged amount', 'day')",
    "learning errors": "SELECT assay.train('late', 'SELECT * FROM long', 'amount', 'linear_regression', split => 'random', test_fraction => 0.4, deploy => 'never')",
}
for what, statement in logging.items():
    # To its end at least once: what is judged is what was logged. What is written is written by the same code, whatever it is.
    points = 2 if what in ("correcting labels", "logging numbers", "recording numbers") and not EXHAUSTIVE else 4
    check_ends_anywhere(connection, what, statement, None, points, longest=10)
logged, rows = connection.execute("SELECT (SELECT count(*) FROM assay.predictions), (SELECT sum(rows) FROM assay.prediction_batches WHERE content = 'decisions')").fetchone()
check("logging that is stopped leaves nothing", logged == rows and logged % 200_000 == 0, (logged, rows))
connection.execute("SELECT assay.set_retention(model, '0') FROM (VALUES ('one'), ('logged amount')) AS m (model)")
check_ends_anywhere(connection, "deleting decisions", "DO $$BEGIN BEGIN PERFORM assay.apply_retention(); RAISE EXCEPTION 'undone'; "
                    "EXCEPTION WHEN raise_exception THEN NULL; END; END$$", None, 5)

# Nothing was stored but by the trainings that ran to their end, and the session goes on.
stored, deployed = connection.execute("SELECT count(v.version), count(m.deployed_version) FROM assay.models AS m JOIN assay.model_versions AS v USING (model) WHERE model = 'late'").fetchone()
last = connection.execute("SELECT version FROM assay.train('late', 'SELECT x1, y FROM long LIMIT 1000', 'y', 'naive_bayes')").fetchone()[0]
check("trainings that are stopped leave nothing", deployed == 0 and last == stored + 1, (stored, deployed, last))

sys.exit(promises.failed > 0)

"""Hostile input through SQL: bytes of states and models, checks, options, queries, literals and names, each for a while.

Whatever is sent, the backend lives on, no error is XX000, every statement ends in time, and memory stays bounded. What broke a promise is
printed with the seed that repeats it.

FUZZ_SECONDS   seconds a target (3)
FUZZ_SEED      the seed (1)
FUZZ_TARGETS   some of the targets, by name
"""

import hashlib
import json
import os
import random as randoms
import re
import struct
import sys
import time

import psycopg
import xxhash
from psycopg.types.json import Jsonb

import mutate
import promises
from promises import check

SECONDS = float(os.environ.get("FUZZ_SECONDS", 3))
SEED = int(os.environ.get("FUZZ_SEED", 1))
# A statement has so long, and may be as late as every other.
LIMIT = 5.0
LATE = 0.5
MOST_MEGABYTES = 300
PANIC = re.compile(r"panicked|unwrap\(\)|index out of bounds|out of range for slice|overflow occurred|assertion")


class Session:
    """A session that is made again when it has died, and that remembers what went wrong."""

    def __init__(self):
        self.wrong = []
        self.calls = 0
        self.answered = 0
        self.connection = None

    def open(self):
        if self.connection is None or self.connection.closed:
            self.connection = psycopg.connect("", autocommit=True, prepare_threshold=None)
            self.connection.execute(f"SET client_min_messages = error; SET statement_timeout = {int(LIMIT * 1000)}; SET assay.progress = 0; SET assay.max_memory = '100MB'")
            self.first = self.megabytes()
        return self.connection

    def megabytes(self):
        try:
            with open(f"/proc/{self.connection.info.backend_pid}/status") as status:
                return int(re.search(r"RssAnon:\s+(\d+)", status.read())[1]) / 1024
        except (OSError, TypeError):
            return 0

    def call(self, statement, parameters=(), binary=False):
        """Runs a statement; gives its rows, or None where it is an error."""
        self.calls += 1
        connection = self.open()
        started = time.monotonic()
        rows, problem = None, None
        try:
            with connection.cursor(binary=binary) as cursor:
                cursor.execute(statement, parameters)
                rows = cursor.fetchall() if cursor.description else []
            self.answered += 1
            if PANIC.search(str(rows)):
                problem = "a panic in a result"
        except (psycopg.DataError, UnicodeError, OverflowError) as error:
            # What psycopg itself cannot send.
            problem = None if getattr(error, "sqlstate", None) is None else self.judge(error)
        except psycopg.Error as error:
            problem = self.judge(error)
        took = time.monotonic() - started
        if took > LIMIT + LATE:
            problem = f"{took:.1f} s"
        if self.calls % 50 == 0 and not self.connection.closed and self.megabytes() > self.first + MOST_MEGABYTES:
            problem = f"{self.megabytes():.0f} MB"
            self.connection.close()
        if problem and len(self.wrong) < 20:
            self.wrong.append((problem, statement, repr(parameters)[:400]))
        return rows

    def judge(self, error):
        if self.connection.closed or self.connection.broken:
            self.connection = None
            return f"the backend died: {error}"
        if (error.sqlstate or "XX000").startswith("XX"):
            return f"{error.sqlstate}: {error}"
        return "a panic" if PANIC.search(str(error)) else None


session = Session()
connection = session.open()
connection.execute("""
    CREATE TABLE t AS SELECT i AS x, i / 7.0 AS y, CASE WHEN i % 9 <> 0 THEN 'c' || i % 3 END AS c, i % 2 = 0 AS b, date '2024-01-01' + i AS d,
        timestamptz '2024-01-01 00:00+00' + i * interval '1 hour' AS at, (i % 5)::numeric AS n, ARRAY[i, i % 3]::float8[] AS v, md5(i::text)::uuid AS u,
        jsonb_build_object('a', i) AS j, ('10.0.0.' || i % 250)::inet AS a, make_interval(hours => i) AS s, decode(lpad(to_hex(i), 8, '0'), 'hex') AS h
    FROM generate_series(1, 200) AS i;
    CREATE TABLE parent AS SELECT x, c FROM t WHERE x % 2 = 0;
    CREATE DOMAIN small AS int CHECK (VALUE < 1000)""")


# States: anyone may send them.

def sealed(kind, payload, version=1):
    """A payload under the header of src/algo/state.rs, so that a change gets past its checksum."""
    checksum = xxhash.xxh3_64_intdigest(payload, int.from_bytes(bytes([1, kind, version]), "little")) & 2**32 - 1
    return b"AsSt" + bytes([1, kind, version, 0]) + struct.pack("<II", len(payload), checksum) + payload


class State(bytes):
    """Bytes that are sent as assay.state, in binary."""


class StateDumper(psycopg.adapt.Dumper):
    format = psycopg.pq.Format.BINARY

    def dump(self, state):
        return bytes(state)


StateDumper.oid = connection.execute("SELECT 'assay.state'::regtype::oid").fetchone()[0]
psycopg.adapters.register_dumper(State, StateDumper)
session.connection.close()

METRICS = ["roc_auc", "average_precision", "log_loss", "brier_score", "accuracy", "precision", "recall", "f1", "mcc", "rmse", "mae", "mape", "mse", "r2", "median_absolute_error"]


def good_states():
    numbers = {"rmse", "mae", "mape", "mse", "r2", "median_absolute_error"}
    queries = [f"SELECT assay.metric_state('{metric}', {'x, y' if metric in numbers else 'b, (x %% 10) / 10.0::float8' if metric in METRICS[:4] else 'b, x %% 3 = 0'}) FROM t" for metric in METRICS]
    queries += ["SELECT assay.linear_statistics(x, y, n::float8) FROM t", "SELECT assay.profile_state('t')"]
    states = [session.call(query, binary=True) for query in queries]
    return [bytes(rows[0][0]) for rows in states if rows]


def states(random):
    good = good_states()
    check("there are states of every kind to begin with", len(good) == len(METRICS) + 2, len(good))
    payloads = [state[16:] for state in good]
    while True:
        state = random.choice(good)
        kind = state[5] if random.random() < 0.95 else random.choice([0, 1, 16, 64, 65, 255])
        bad = sealed(kind, mutate.of_bytes(random, state[16:], payloads))
        call = random.choice(["assay.metric_of(%b)", "assay.merge_states(%b, %b)", "assay.merge_states(%b, %b)", "(assay.profile_of(%b)).*", "assay.linear_fit(%b)", "%b::text::assay.state"])
        parameters = [State(bad)]
        if call.count("%b") == 2:
            parameters.append(State(random.choice([state, bad])))
        yield f"SELECT {call}", parameters
        if random.random() < 0.1:
            text = "\\x" + bad.hex()
            yield "CREATE AGGREGATE pg_temp.going_on(text, VARIADIC \"any\") (SFUNC = assay_internal.scan_step, STYPE = assay.state, INITCOND = '" + text + "')", ()
            yield random.choice([
                "SELECT pg_temp.going_on('{\"columns\": [{\"name\": \"x\", \"type_name\": \"integer\", \"kind\": \"integer\"}], \"profiled\": [0]}', x) FROM t",
                "SELECT pg_temp.going_on('{\"columns\": [{\"name\": \"c\", \"type_name\": \"text\", \"kind\": \"text\"}], \"profiled\": [0]}', c) FROM t"]), ()
            yield "DROP AGGREGATE IF EXISTS pg_temp.going_on(text, \"any\")", ()


# Models: a superuser, or a dump that somebody has edited, may bring any bytes with their hash.

# Every learner, with a target that it can learn: two classes, three, or a number.
TWO_CLASSES, THREE_CLASSES, NUMBER = "b", "c", "y"
ALGORITHMS = {name: promises.target_for(tasks, THREE_CLASSES, NUMBER) for name, tasks in promises.learners(session.open()).items()}
ALGORITHMS.update(logistic_regression=TWO_CLASSES, random_forest=NUMBER)
# A distance within which rows of t have neighbours.
LEARNED_BY = {"dbscan": '{"epsilon": 2}'}
LOOKS = [
    "SELECT assay.predict('bad', t) FROM t", "SELECT assay.predict_label('bad', t), assay.predict_proba('bad', t) FROM t", "SELECT assay.predict('bad', 1, 2, 'c1', '{1,2}')",
    "SELECT assay.labels('bad'), assay.features('bad'), assay.predict_expression('bad', 't')", "SELECT * FROM assay.evaluate('bad', 'SELECT * FROM t WHERE c IS NOT NULL')",
    "SELECT * FROM assay.confusion_matrix('bad', 't')", "SELECT * FROM assay.roc_curve('bad', 't')", "SELECT * FROM assay.feature_importance('bad')",
    "SELECT * FROM assay.feature_info('bad')", "SELECT * FROM assay.weights('bad')", "SELECT * FROM assay.training_info('bad')", "SELECT * FROM assay.model_drift('bad', 't')",
    "SELECT * FROM assay.models", "SELECT * FROM assay.model_versions"]


def models(random):
    missing = []
    for algorithm, target in ALGORITHMS.items():
        made = session.call("SELECT assay.train('bad', 'SELECT x, n, c, v, y, b FROM t WHERE c IS NOT NULL', %s, %s, %s::jsonb, deploy => 'always', exclude => %s)",
                            (target, algorithm, LEARNED_BY.get(algorithm, "{}"), [name for name in ("y", "b", "c") if name != target]))
        missing += [] if made else [algorithm]
    good = session.call("SELECT version, bytes, statistics, params, metrics FROM assay.model_version AS v JOIN assay.model AS m ON m.id = v.model_id WHERE m.name = 'bad'", binary=True)
    check("there are models of every algorithm to begin with", not missing and len(good) == len(ALGORITHMS), f"{len(good)} of {len(ALGORITHMS)}, without {missing}")
    while True:
        version, model, statistics, params, metrics = random.choice(good)
        if random.random() < 0.8:
            model = mutate.of_bytes(random, model, [other[1] for other in good])
        else:
            broken = random.randrange(3)
            documents = [{"statistics": statistics}, params, metrics]
            documents[broken] = mutate.of_json(random, {"statistics": {str(i): part for i, part in enumerate(statistics)}} if broken == 0 else documents[broken], [params, metrics])
            statistics, params, metrics = documents[0].get("statistics"), documents[1], documents[2]
            if isinstance(statistics, dict):
                statistics = list(statistics.values())
        yield ("UPDATE assay.model_version SET bytes = %s, hash = %s, statistics = %s, params = %s, metrics = %s WHERE version = %s",
               (model, hashlib.sha256(model).hexdigest(), Jsonb(statistics), Jsonb(params), Jsonb(metrics), version))
        yield "SELECT assay.deploy('bad', %s)", (version,)
        for look in random.sample(LOOKS, 4):
            yield look, ()


# Checks.

CHECKS = [
    {"kind": "not_null", "column_name": "c"}, {"kind": "not_null_proportion", "column_name": "c", "at_least": 0.5}, {"kind": "not_empty", "column_name": "c"},
    {"kind": "unique", "column_name": "x"}, {"kind": "unique_combination", "args": {"combination_of_columns": ["x", "c"]}},
    {"kind": "accepted_values", "column_name": "c", "args": {"values": ["c0", "c1"]}}, {"kind": "not_accepted_values", "column_name": "x", "args": {"values": [1, 2]}},
    {"kind": "accepted_range", "column_name": "y", "args": {"min_value": 0, "max_value": 100, "inclusive": True}},
    {"kind": "matches_regex", "column_name": "c", "args": {"regex": "^c[0-9]$", "flags": "i"}}, {"kind": "not_matches_regex", "column_name": "c", "args": {"regex": "d"}},
    {"kind": "valid_format", "column_name": "c", "args": {"format": "email"}}, {"kind": "length_between", "column_name": "c", "args": {"min_value": 1, "max_value": 3}},
    {"kind": "relationships", "column_name": "x", "args": {"to": "parent", "field": "x"}}, {"kind": "expression_is_true", "args": {"expression": "x > 0"}},
    {"kind": "recency", "column_name": "at", "args": {"datepart": "day", "interval": 3}}, {"kind": "row_count_between", "args": {"min_value": 1, "max_value": 1000}},
    {"kind": "columns_match", "args": {"column_list": ["x", "y"], "match": "contain_set"}}, {"kind": "type_is", "column_name": "x", "args": {"column_type": "integer"}},
    {"kind": "distinct_count_between", "column_name": "c", "args": {"min_value": 1}}, {"kind": "mean_between", "column_name": "y", "args": {"max_value": 50.5}},
    {"kind": "sum_between", "column_name": "y", "args": {"min_value": 0}}, {"kind": "stddev_between", "column_name": "y", "args": {"min_value": 0}},
    {"kind": "quantile_between", "column_name": "y", "args": {"quantile": 0.5, "max_value": 50}}, {"kind": "most_common_value", "column_name": "c", "args": {"value_set": ["c1"], "top_n": 2}},
    {"kind": "within_n_stdevs", "column_name": "y", "args": {"sigma_threshold": 3}}, {"kind": "outliers", "column_name": "y", "args": {"multiplier": 1.5}},
    {"kind": "monotonic", "column_name": "x", "args": {"sort_column": "at", "strictly": True}}, {"kind": "no_gaps", "column_name": "d", "args": {"datepart": "day", "interval": 1}},
    {"kind": "equal_rowcount", "args": {"compare_model": "parent"}}, {"kind": "equality", "args": {"compare_model": "parent", "compare_columns": ["x"], "exclude_columns": []}},
    {"kind": "near_duplicates", "column_name": "c", "args": {"similarity": 0.9, "columns": []}}, {"kind": "mixed_formats", "column_name": "c", "args": {"tolerance": 0.1}},
    {"kind": "scale_shift", "column_name": "y", "args": {"min_rows": 50}}, {"kind": "null_share_by_segment", "column_name": "c", "args": {"max_difference": 0.1}},
    {"kind": "anomaly", "column_name": None, "args": {"metric": "row_count", "timestamp_column": "at", "bucket": "day", "training_period": "14 days", "min_points": 7,
                                                      "exclude": [["2024-01-02", "2024-01-03"]], "at": "2024-01-08", "tolerance": 0.1, "sensitivity": 3}},
    {"kind": "duplicate_rows", "args": {"exclude_columns": ["x"]}}, {"kind": "sentinel_values", "column_name": "y", "args": {"values": [-1], "ignore": [0]}},
    {"kind": "sentinel_values", "column_name": "c", "args": {"values": ["c1"], "ignore": ["n/a"]}}, {"kind": "stuck_values", "column_name": "y", "args": {"sort_column": "at", "max_run": 2, "partition_by": ["b"]}},
    {"kind": "distinct_values_in_set", "column_name": "c", "args": {"value_set": ["c0"]}}, {"kind": "distinct_values_contain_set", "column_name": "x", "args": {"value_set": [1, 2]}},
    {"kind": "distinct_values_equal_set", "column_name": "d", "args": {"value_set": ["2024-01-01"]}}, {"kind": "value_share_between", "column_name": "c", "args": {"values": ["c1"], "min_value": 0, "max_value": 1}},
    {"kind": "min_between", "column_name": "at", "args": {"min_value": "2024-01-01", "max_value": "2024-02-01", "strictly": True}}, {"kind": "max_between", "column_name": "x", "args": {"min_value": 0.5, "max_value": 9}},
    {"kind": "like", "column_name": "c", "args": {"like_pattern": "c_%", "ignore_case": True}}, {"kind": "not_like", "column_name": "c", "args": {"like_pattern_list": ["d%", "\\%"]}},
    {"kind": "columns_compare", "args": {"column_A": "x", "operator": "<=", "column_B": "y", "ignore_row_if": "both_values_are_missing"}},
    {"kind": "columns_compare", "args": {"column_list": ["x", "y"], "sum_total": 10, "tolerance": 0.5}}, {"kind": "column_count_between", "args": {"min_value": 1, "max_value": 20}},
    {"kind": "correlation_between", "args": {"column_A": "x", "column_B": "y", "min_value": -1, "max_value": 1, "method": "spearman"}},
    {"kind": "row_count_ratio", "args": {"compare_model": "parent", "min_value": 0.5, "max_value": 2}}, {"kind": "sequential_values", "column_name": "x", "args": {"interval": 1, "group_by_columns": ["c"]}},
    {"kind": "mutually_exclusive_ranges", "args": {"lower_bound_column": "d", "upper_bound_column": "at", "partition_by": "c", "gaps": "not_allowed", "zero_length_range_allowed": True}},
    {"kind": "equality", "args": {"compare_model": "parent", "compare_columns": ["x"], "key": ["x"], "tolerance": 0.1}},
    {"kind": "within_n_moving_stdevs", "column_name": "y", "args": {"date_column_name": "at", "period": "day", "lookback_periods": 1, "trend_periods": 7, "test_periods": 14, "sigma_threshold": 3,
                                                                   "sigma_threshold_lower": -2, "sigma_threshold_upper": 4, "take_diffs": True, "take_logs": False, "at": "2024-01-08"}},
]
COMMON = {"name": "n", "where": "x > 1", "group_by": ["b"], "mostly": 0.9, "warn_if": ">=1%", "error_if": "between 1 and 5", "severity": "warn", "tags": ["a"]}


def broken_check(random):
    whole = {**random.choice(CHECKS), **{key: COMMON[key] for key in random.sample(list(COMMON), random.randrange(4))}}
    return mutate.of_json(random, whole, [*CHECKS, COMMON])


def dumps(json_value):
    """JSON that Python writes and PostgreSQL reads."""
    return json.dumps(json_value, allow_nan=False).replace("\\u0000", "")


def checks(random):
    while True:
        some = [broken_check(random) for _ in range(random.choice([1, 1, 1, 3]))]
        yield "SELECT * FROM assay.validate('t', %s::jsonb)", (dumps(some),)
        one = some[0] if isinstance(some[0], dict) else {}
        if random.random() < 0.3:
            # Stored ones go another way: the parts are columns.
            text = lambda key: one.get(key) if isinstance(one.get(key), str) else None
            names = lambda key: [name for name in one.get(key) or [] if isinstance(name, str)] if isinstance(one.get(key), list) else None
            mostly = one.get("mostly", 1)
            yield ("SELECT assay.add_check('t', %s, %s, %s::jsonb, %s, %s, %s, %s, %s, %s, tags => %s)",
                   (text("kind"), text("column_name"), dumps(one.get("args", {})), text("name"), text("where"), names("group_by"),
                    float(mostly) if isinstance(mostly, (int, float)) else 1.0, text("warn_if"), text("error_if"), names("tags")))
        if random.random() < 0.05:
            for statement in ("SELECT * FROM assay.run_checks('t')", "SELECT * FROM assay.explain_checks('t')", "SELECT assay.failing_rows(check_id) FROM assay.checks",
                              "SELECT assay.drop_check(check_id) FROM assay.checks"):
                yield statement, ()


def literals(random):
    """Each type's columns against literals that may be none of theirs."""
    columns = ["x", "y", "c", "b", "d", "at", "n", "v", "u", "j", "a", "s", "h"]
    while True:
        column, value = random.choice(columns), random.choice([*mutate.TEXTS, *mutate.NUMBERS, True, None, [1], {"a": 1}, mutate.value(random)])
        checks = [
            {"kind": "accepted_values", "values": [value, mutate.value(random)]}, {"kind": "accepted_range", "min_value": value}, {"kind": "accepted_range", "max_value": value, "inclusive": False},
            {"kind": "most_common_value", "value_set": [value]}, {"kind": "not_accepted_values", "values": [value]}, {"kind": "recency", "interval": value}, {"kind": "no_gaps", "interval": value}]
        yield "SELECT * FROM assay.validate('t', %s::jsonb)", (dumps([{**check, "column_name": column} for check in checks]),)
        text = value if isinstance(value, str) else dumps(value)
        yield f"SELECT assay.predict('p', %s, %s)", (text, random.choice(mutate.TEXTS))
        yield f"SELECT assay.metric_of(assay.metric_state(%s::text, %s::text, %s::text))", (random.choice([*METRICS, text]), text, random.choice(mutate.TEXTS))


# Options, queries, names.

DRIFT = {"method": "psi", "numeric_method": "ks", "categorical_method": "chi_square", "bins": 10, "smoothing": 0.001, "log_base": 2, "compat": "evidently", "threshold": 0.1,
         "null_threshold": 0.1, "alpha": 0.01, "columns": ["x", "c"], "exclude": ["y"], "group_by": ["b"], "model": "p", "correlations": True}
PARAMS = {"n_estimators": 3, "learning_rate": 0.1, "num_leaves": 5, "max_depth": 3, "class_weight": "balanced", "max_bin": 16, "subsample": 0.5, "subsample_freq": 1, "alpha": 0.1,
          "max_iter": 50, "tol": 1e-4, "seed": 1, "early_stopping_rounds": 2, "validation_fraction": 0.2, "fit_intercept": False, "penalty": "l2", "C": 1, "max_features": "sqrt",
          "min_samples_leaf": 2, "monotone_constraints": [1, 0], "var_smoothing": 1e-9, "l1_ratio": 0.5}
FIT = ["n_estimators", "learning_rate"]


def options(random):
    while True:
        drift = {key: DRIFT[key] for key in random.sample(list(DRIFT), random.randrange(1, 4))}
        call = random.choice(["assay.drift('t', 'SELECT * FROM t WHERE x > 50', %s::jsonb)", "assay.drift_from('base', 't', %s::jsonb)", "assay.model_drift('p', 't', %s::jsonb)"])
        yield f"SELECT * FROM {call}", (dumps(mutate.of_json(random, drift, [DRIFT, PARAMS])),)
        yield "SELECT assay.save_baseline('base', 't', %s::jsonb)", (dumps(mutate.of_json(random, drift, [DRIFT])),)
        algorithm, target = random.choice(list(ALGORITHMS.items()))
        params = {key: PARAMS[key] for key in random.sample(list(PARAMS), random.randrange(1, 3))}
        yield ("SELECT * FROM assay.train('p', 'SELECT x, n, c, y, b FROM t', %s, %s, params => %s::jsonb, preprocess => %s::jsonb, split => %s, weight => %s)",
               (random.choice([target, "x"]), algorithm, dumps(mutate.of_json(random, params, [PARAMS])), dumps(random.choice([{}, {"max_categories": mutate.value(random)}])),
                random.choice(["auto", "none", "random", "b", random.choice(mutate.TEXTS)]), random.choice([None, None, "n", random.choice(mutate.TEXTS)])))


def queries(random):
    while True:
        text = random.choice([mutate.sql(random), mutate.sql(random), random.choice(mutate.TEXTS)])
        yield "SELECT * FROM assay.profile(%s)", (text,)
        call = random.choice(["SELECT * FROM assay.drift(%s, 't')", "SELECT assay.render_profile(%s)", "SELECT * FROM assay.suggest_checks(%s)", "SELECT assay.train('q', %s, 'x', 'ridge')",
                              "SELECT * FROM assay.evaluate('p', %s)", "SELECT * FROM assay.validate(%s, '[{\"kind\": \"unique\", \"column_name\": \"x\"}]')"])
        yield call, (text,)
        parts = [{"kind": "not_null", "column_name": "x", "where": text}, {"kind": "expression_is_true", "expression": text}, {"kind": "not_null", "column_name": "x", "group_by": [text]},
                 {"kind": "relationships", "column_name": "x", "to": text, "field": "x"}, {"kind": "equal_rowcount", "compare_model": text}]
        yield "SELECT * FROM assay.validate('t', %s::jsonb)", (dumps([random.choice(parts)]),)


def names(random):
    while True:
        name = random.choice([random.choice(mutate.TEXTS), "".join(chr(random.choice([random.randrange(1, 128), random.randrange(0x80, 0xd800)])) for _ in range(random.randrange(1, 9)))])
        other = random.choice([name, "p", f"p@{name}", f"{name}@1", "PUBLIC", "postgres"])
        yield random.choice([
            ("SELECT assay.train(%s, 'SELECT x, y FROM t', 'y', 'ridge')", (name,)), ("SELECT assay.train('p', 'SELECT x, y FROM t', 'y', 'ridge', exclude => ARRAY[%s])", (name,)),
            ("SELECT assay.set_alias('p', %s, 1)", (name,)), ("SELECT assay.predict(%s, 1)", (other,)), ("SELECT assay.features(%s)", (other,)),
            ("SELECT assay.save_baseline(%s, 't')", (name,)), ("SELECT * FROM assay.drift_from(%s, 't')", (other,)), ("SELECT assay.drop_baseline(%s)", (name,)),
            ("SELECT assay.grant_model('p', %s, 'predict')", (other,)), ("SELECT assay.revoke_model(%s, %s, %s)", ("p", other, name)), ("SELECT assay.deploy(%s, 1)", (other,)),
            ("SELECT assay.set_threshold(%s, 0.5)", (other,)), ("SELECT assay.predict_expression('p', %s)", (name,)), ("SELECT assay.drop_model(%s, 1)", (other,)),
            ("SELECT assay.train('p', %s, 'y', 'ridge', deploy => 'never')", ('SELECT y, x AS "' + name.replace('"', '""') + '" FROM t',)),
            ("SELECT * FROM assay.profile(%s)", ('SELECT x AS "' + name.replace('"', '""') + '" FROM t',))])


# Reliability: files of dbt, calendars, policies, terms of service levels, contacts, names of assets, times.

MANIFEST = {
    "metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json", "project_name": "f"},
    "nodes": {
        "model.f.t": {"resource_type": "model", "name": "t", "relation_name": '"public"."t"', "group": "g", "depends_on": {"nodes": ["source.f.s.raw"]},
                      "config": {"meta": {"owner": ["ann@example.org", {"name": "bob"}]}, "materialized": "table"}, "tags": ["a"], "description": "d"},
        "test.f.x": {"resource_type": "test", "name": "x", "attached_node": "model.f.t", "column_name": "x", "depends_on": {"nodes": ["model.f.t"]},
                     "test_metadata": {"name": "unique", "kwargs": {"model": "{{ get_where_subquery(ref('t')) }}"}}, "config": {"severity": "WARN"}}},
    "sources": {"source.f.s.raw": {"source_name": "s", "name": "raw", "relation_name": '"public"."parent"', "freshness": {"warn_after": {"count": 1, "period": "day"}, "filter": "x"}}},
    "exposures": {"exposure.f.e": {"name": "e", "type": "dashboard", "owner": {"name": "ann", "email": ["ann@example.org"]}, "depends_on": {"nodes": ["model.f.t"]}}},
    "groups": {"group.f.g": {"name": "g", "owner": {"name": "team", "slack": "https://hooks.example.com/x"}}},
    "unit_tests": {"unit_test.f.u": {"name": "u", "depends_on": {"nodes": ["model.f.t"]}}}}
RESULTS = {"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json", "generated_at": "2024-05-01T06:00:00Z", "invocation_id": "i"},
           "results": [{"unique_id": "test.f.x", "status": "fail", "failures": 3}, {"unique_id": "model.f.t", "status": "success"}]}
HOURS = {"mon-thu": "09:00-17:00", "fri": ["09:00-12:00", "13:00-15:30"], "sun-mon": "20:00-24:00"}
STEPS = [{"after": "30 minutes", "tell": ["owner", "lead"]}, {"after": "2 hours", "tell": "person:fuzz"}]
DECLARE = {"priority": "p1", "severity": "error"}
TERMS = {"by": "slices", "slice": "5 minutes", "valid_for": 86400, "checks": ["n"], "tags": ["a"], "kinds": ["unique"], "severity": "warn", "max_age": "1 day", "severities": ["sev1"],
         "max_duration": "1 hour", "metric": "rmse", "at_least": 0.5, "at_most": 1, "time_zone": "Europe/Berlin", "unknown": "left_out", "from": "2024-01-01 UTC",
         "burn": [{"long": "1 hour", "short": "5 minutes", "factor": 2}]}
CONTACTS = {"email": "a@example.org", "webhook": "https://example.org/x", "slack": "https://example.org/y", "phone": "+493012345678", "digest": "15 minutes",
            "quiet_hours": {"from": "22:00", "until": "07:00", "time_zone": "Europe/Berlin"}, "time_zone": "UTC"}
SLIS = ["freshness", "error_rate", "availability", "completeness", "latency", "performance"]
TIMES = ["now", "infinity", "-infinity", "4713-01-01 BC", "0001-01-01", "9999-12-31", "294276-12-31", "2024-02-29 23:59:60", "2024-03-31 02:30 Europe/Berlin", "1970-01-01"]
INTERVALS = ["0", "-1 day", "1 microsecond", "1 hour", "366 days", "1 month", "178000000 years", "-178000000 years", "9223372036854775807 microseconds", "1e10 days"]
ASSETS = ["t", "public.t", "public.t.x", "model:p", "check:1", "check:9223372036854775808", "schema:public", "dashboard:d", "source:a.b", "product:fuzz", "pg_class", "t.x", "a.b.c.d", ":", "model:", '"t"."x']


def reliability(random):
    for statement in ("SELECT assay.add_owner('fuzz', 'person')", "SELECT assay.add_data_product('fuzz', 'p1')", "SELECT assay.incident_policy('sev1', '1 hour')"):
        session.call(statement)
    time_of, interval = lambda: random.choice(TIMES), lambda: random.choice(INTERVALS)
    asset = lambda: random.choice([*ASSETS, *ASSETS, random.choice(mutate.TEXTS)])
    while True:
        yield "SELECT * FROM assay.import_dbt_manifest(%s::jsonb)", (dumps(mutate.of_json(random, MANIFEST, [RESULTS, TERMS, CONTACTS])),)
        yield "SELECT * FROM assay.import_dbt_run_results(%s::jsonb, %s)", (dumps(mutate.of_json(random, RESULTS, [MANIFEST, TERMS])), random.choice([None, "f"]))
        yield ("SELECT assay.add_calendar('fuzz', %s::jsonb, %s, %s::date[])",
               (dumps(mutate.of_json(random, HOURS, [DECLARE, TERMS])), random.choice([None, "UTC", random.choice(mutate.TEXTS)]), random.choice([None, ["2024-01-01"], ["infinity"], ["4713-01-01 BC"]])))
        yield ("SELECT assay.incident_policy('sev1', %s::interval, %s::interval, %s::jsonb, %s, %s::jsonb)",
               (interval(), interval(), dumps(mutate.of_json(random, DECLARE, [HOURS])), random.choice([None, "fuzz"]), dumps(list(mutate.of_json(random, dict(enumerate(STEPS)), [DECLARE, TERMS]).values()))))
        terms = {key: TERMS[key] for key in random.sample(list(TERMS), random.randrange(4))}
        yield ("SELECT assay.add_sla(%s, %s, %s, %s, %s::jsonb)", (random.choice(["t", "model:p", "product:fuzz"]), random.choice(SLIS), random.choice([0.9, 0.5, 1, 0, float("nan"), 1e-300, 0.9999999999999999]),
               random.choice(["day", "week", "quarter", "30 days", "1 hour", interval()]), dumps(mutate.of_json(random, terms, [TERMS, CONTACTS]))))
        yield "SELECT assay.add_owner('fuzz', 'person', contacts => %s::jsonb)", (dumps(mutate.of_json(random, {key: CONTACTS[key] for key in random.sample(list(CONTACTS), 2)}, [CONTACTS, TERMS])),)
        yield random.choice([
            ("SELECT assay.own('fuzz', %s)", (asset(),)), ("SELECT assay.disown('fuzz', %s)", (asset(),)), ("SELECT assay.add_to_product('fuzz', %s)", (asset(),)), ("SELECT assay.remove_from_product('fuzz', %s)", (asset(),)),
            ("SELECT assay.add_lineage(%s, %s)", (asset(), asset())), ("SELECT assay.drop_lineage(%s, %s)", (asset(), asset())), ("SELECT * FROM assay.upstream(%s)", (asset(),)), ("SELECT * FROM assay.downstream(%s)", (asset(),)),
            ("SELECT assay.declare_incident(%s, 'sev1', root => %s)", (random.choice(mutate.TEXTS), random.choice([None, asset()]))), ("SELECT * FROM assay.uptime(%s, %s, %s)", (asset(), time_of(), time_of())),
            ("SELECT assay.add_maintenance(%s, tstzrange(%s, %s), 'x')", (asset(), time_of(), time_of())), ("SELECT assay.record_measurement(%s, 'm', %s, %s)", (asset(), random.choice([0, float("nan"), float("inf")]), time_of())),
            ("SELECT assay.record_load(%s, %s, %s)", (asset(), time_of(), time_of()))])
        yield random.choice([
            ("SELECT * FROM assay.sla_status(%s)", (time_of(),)), ("SELECT * FROM assay.sla_status()", ()), ("SELECT * FROM assay.escalate(%s)", (time_of(),)), ("SELECT * FROM assay.escalate()", ()),
            ("SELECT * FROM assay.reliability_metrics(%s, %s, %s)", (time_of(), time_of(), random.choice(["UTC", "Pacific/Apia", random.choice(mutate.TEXTS)]))),
            ("SELECT * FROM assay.pending_notifications(%s, %s, %s::interval)", (random.choice([1, 1000, 0, -1]), time_of(), interval())), ("SELECT assay.mark_notification(id, 'failed', NULL, %s) FROM assay.notifications", (time_of(),)),
            ("SELECT assay.add_rotation('fuzz', '{fuzz}', %s, %s::interval)", (time_of(), interval())), ("SELECT * FROM assay.on_call_at(at => %s)", (time_of(),)),
            ("SELECT assay.override_rotation('fuzz', 'fuzz', tstzrange(%s, %s))", (time_of(), time_of())), ("SELECT assay.working_time('fuzz', %s, %s), assay.add_working_time('fuzz', %s, %s::interval)", (time_of(), time_of(), time_of(), interval())),
            ("SELECT assay.prune_notifications(%s::interval)", (interval(),)), ("SELECT assay.render_reliability('html', %s)", (time_of(),)), ("SELECT * FROM assay.check_performance(at => %s)", (time_of(),)),
            ("SELECT assay.set_performance_limit('p', %s, %s, NULL, %s, %s::interval)", (random.choice(["rmse", *mutate.TEXTS]), random.choice([0, float("nan"), 1e308]), random.choice(["day", *mutate.TEXTS]), interval()))])
        if random.random() < 0.05:
            # What is kept must be read by every session.
            for view in ("slas", "sla_status", "owners", "incidents", "issues", "notifications", "dbt_nodes", "maintenance_windows", "on_call", "lineage", "assets", "unowned_assets"):
                yield f"SELECT count(*) FROM assay.{view}", ()
            yield "SELECT assay.drop_sla(id) FROM assay.slas", ()
            yield "SELECT * FROM assay.run_checks('t')", ()


TARGETS = [states, models, checks, literals, options, queries, names, reliability]
chosen = os.environ.get("FUZZ_TARGETS", "").split() or [target.__name__ for target in TARGETS]
session.call("SELECT assay.train('p', 'SELECT x, y FROM t', 'y', 'ridge')")
session.call("SELECT assay.save_baseline('base', 't')")
for target in TARGETS:
    if target.__name__ not in chosen:
        continue
    session.wrong, session.calls, session.answered = [], 0, 0
    cases = target(randoms.Random(f"{target.__name__} {SEED}"))
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and len(session.wrong) < 20:
        session.call(*next(cases))
    if target is reliability:
        # Nothing that was taken makes what everybody calls fail.
        for call in ("SELECT count(*) FROM assay.sla_status()", "SELECT count(*) FROM assay.escalate()", "SELECT count(*) FROM assay.pending_notifications()", "SELECT assay.render_reliability()",
                     "SELECT count(*) FROM assay.owners", "SELECT count(*) FROM assay.on_call", "SELECT count(quiet_from) FROM assay_internal.owner_contact"):
            if session.call(call) is None:
                session.wrong.append(("it fails now", call, ""))
    seen = "\n".join(" | ".join(str(part) for part in wrong) for wrong in session.wrong)
    check(f"hostile {target.__name__} are answered or refused", not session.wrong, f"FUZZ_SEED={SEED}\n{seen}")
    print(f"# {target.__name__}: {session.calls} calls, {session.answered} answered", flush=True)

# A few bytes that stand for many in memory: ten million empty tallies of a check.
length = bytes([0x80, 0xad, 0xe2, 0x04])
state = session.call("SELECT assay.profile_state('SELECT 1 AS x')", binary=True)[0][0]
bomb = State(sealed(65, bytes(state)[16:-1] + b"\x01" + length + bytes(50_000_000)))
session.connection.close()
with session.open() as connection:
    try:
        connection.execute("SELECT assay.metric_of(%b)", (bomb,))
        found = "it was read"
    except psycopg.Error as error:
        found = error.sqlstate
    check("a state that would take more than assay.max_memory is refused", found == "53400" and session.megabytes() < session.first + 3 * MOST_MEGABYTES,
          (found, session.megabytes()))

sys.exit(promises.failed > 0)

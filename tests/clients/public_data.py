"""False alarms on the tables and series that scikit-learn, statsmodels and vega_datasets carry: nothing is planted in them, so whatever is found there
is false, or a fault of theirs. Prints how many alarms there were of how many tests, and 'ok - NAME' or 'not ok - NAME' for each promise."""

import datetime
import importlib
import pkgutil
import random
import sys

import numpy
import pandas
import psycopg
import sklearn.datasets
import statsmodels.datasets
from psycopg import sql
from psycopg.types.json import Jsonb
from vega_datasets import local_data

import promises
from promises import check

FEWEST, MOST = 100, 50_000


def tables():
    """Their tables, by name."""
    for name in ("iris", "wine", "breast_cancer", "diabetes", "digits", "linnerud"):
        yield f"sklearn.{name}", getattr(sklearn.datasets, f"load_{name}")(as_frame=True).frame
    for module in pkgutil.iter_modules(statsmodels.datasets.__path__):
        if module.ispkg and module.name != "tests":
            dataset = importlib.import_module(f"statsmodels.datasets.{module.name}")
            if hasattr(dataset, "load_pandas"):
                yield f"statsmodels.{module.name}", dataset.load_pandas().data
    for name in local_data.list_datasets():
        try:
            frame = getattr(local_data, name.replace("-", "_"))()
        except Exception as problem:  # Not all of them are tables.
            print(f"# vega.{name} is no table: {type(problem).__name__}")
            continue
        if isinstance(frame, pandas.DataFrame):
            yield f"vega.{name}", frame


def column_type(values):
    if pandas.api.types.is_bool_dtype(values):
        return "boolean"
    if pandas.api.types.is_integer_dtype(values):
        return "bigint"
    if pandas.api.types.is_float_dtype(values):
        return "float8"
    if pandas.api.types.is_datetime64_any_dtype(values):
        return "timestamp"
    return "text"


connection = psycopg.connect("", autocommit=True)
connection.execute("SET timezone = 'UTC'; CREATE SCHEMA data; SET search_path = data, public")
frames = {}
for name, frame in tables():
    frame = frame.copy()
    frame.columns = [str(column)[:60] for column in frame.columns]
    simple = [column for column in frame.columns if not frame[column].map(lambda value: isinstance(value, (list, dict))).any()]
    frame = frame.loc[:, ~frame.columns.duplicated()][simple].head(MOST)
    types = {column: column_type(frame[column]) for column in frame.columns}
    frames[name] = (frame, types)
    columns = sql.SQL(", ").join(sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(kind)) for column, kind in types.items())
    connection.execute(sql.SQL("CREATE TABLE {} (place int, half float8, {})").format(sql.Identifier(name), columns))
    chance = random.Random(name)
    with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(name))) as copy:
        for place, values in enumerate(frame.itertuples(index=False, name=None)):
            cells = [None if pandas.isna(value) else str(value) if types[column] == "text" else value.item() if isinstance(value, numpy.generic) else value
                     for column, value in zip(frame.columns, values)]
            copy.write_row([place, chance.random(), *cells])
print(f"# {len(frames)} tables, {sum(len(frame) for frame, _ in frames.values())} rows, {sum(len(types) for _, types in frames.values())} columns")


def relation(name):
    return sql.Identifier(name).as_string(connection)


def validate(name, checks):
    """The results that are failures, and how many checks were judged."""
    if not checks:
        return [], 0
    rows = connection.execute("SELECT kind, column_name, segment, status, message FROM assay.validate(%s, %s)", (relation(name), Jsonb(checks))).fetchall()
    judged = {(kind, column, checks_by) for kind, column, checks_by, status, _ in ((r[0], r[1], str(sorted((r[2] or {}).keys())), r[3], r[4]) for r in rows) if status in ("pass", "fail")}
    return [(name, *row) for row in rows if row[3] in ("fail", "error")], len(judged)


def report(what, alarms, tests, most):
    print(f"# {what}: {len(alarms)} alarms of {tests}")
    for alarm in alarms[:20]:
        print("#    ", *alarm)
    check(f"{what}: at most {most:g} of all are alarms", tests > 0 and len(alarms) <= most * tests, f"{len(alarms)} of {tests}")


# Random halves of a table do not differ.
alarms, tests = [], 0
for name, (frame, types) in frames.items():
    if len(frame) < FEWEST:
        continue
    chosen = ", ".join(sql.Identifier(column).as_string(connection) for column in types)
    halves = [f"SELECT {chosen} FROM {relation(name)} WHERE half {sign} 0.5" for sign in ("<", ">=")]
    rows = connection.execute("SELECT column_name, method, statistic, drifted FROM assay.drift(%s, %s)", halves).fetchall()
    tests += len(rows)
    alarms += [(name, *row) for row in rows if row[3]]
report("drift between random halves", alarms, tests, 0)

# Nothing in tables that are made to be learned from gives the target away; German credit numbers its rows.
KNOWN = {("german_credit", "customer_id")}
alarms, tests = [], 0
targets = {name: ["target"] for name in ("iris", "wine", "breast_cancer", "diabetes", "digits")} | {"linnerud": ["Weight", "Waist", "Pulse"]}
sources = [(f"sklearn.{name}", f"SELECT {', '.join(relation(column) for column in frames[f'sklearn.{name}'][1])} FROM {relation(f'sklearn.{name}')}", target)
           for name, all_targets in targets.items() for target in all_targets]
sources += [("adult_train", "adult_train", "income"), ("adult_test", "adult_test", "income"), ("german_credit", "german_credit", "is_risky")]
for name, source, target in sources:
    tests += connection.execute("SELECT count(*) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0", [relation(name)]).fetchone()[0]
    rows = connection.execute("SELECT feature, reason, evidence FROM assay.find_leakage(%s, %s)", (source, target)).fetchall()
    alarms += [(name, *row) for row in rows if (name, row[0]) not in KNOWN]
report("leakage", alarms, tests, 0)

# Conventions, NULLs and units, by each category that a table has.
found = {kind: [[], 0] for kind in ("mixed_formats", "null_share_by_segment", "scale_shift")}
for name, (frame, types) in frames.items():
    if len(frame) < FEWEST:
        continue
    sources = [column for column, kind in types.items() if kind == "text" and 2 <= frame[column].nunique() <= 20]
    for kind, kinds, groups in (("mixed_formats", ("text",), [None]), ("null_share_by_segment", ("text", "float8", "bigint", "timestamp", "boolean"), sources),
                                ("scale_shift", ("float8", "bigint"), sources or [None])):
        for group in groups:
            checks = [{"kind": kind, "column_name": column} | ({"group_by": group} if group else {}) for column, of in types.items() if of in kinds and column != group]
            failed, judged = validate(name, checks)
            # A check is wrong once, in however many segments.
            found[kind][0] += list({(row[0], row[2], group): (*row[:3], group, *row[3:]) for row in failed}.values())
            found[kind][1] += judged
for kind, most in (("mixed_formats", 0), ("null_share_by_segment", 0), ("scale_shift", 1 / 200)):
    report(kind, *found[kind], most)

# What is suggested of one half of a table holds on the other, and what is suggested of all of it on all of it.
alarms, tests, learned, checks_learned, faulty, columns = [], 0, [], 0, [], 0
for name, (frame, types) in frames.items():
    if len(frame) < FEWEST:
        continue
    chosen = ", ".join(sql.Identifier(column).as_string(connection) for column in types)
    whole = f"SELECT {chosen} FROM {relation(name)}"
    for suggested_of, judged_on in (((whole,) * 2), [f"{whole} WHERE half {sign} 0.5" for sign in ("<", ">=")]):
        suggested = connection.execute("SELECT definition, looks_faulty, column_name FROM assay.suggest_checks(%s)", [suggested_of]).fetchall()
        if not suggested:
            continue
        rows = connection.execute("SELECT kind, column_name, segment, status, rows_failed, threshold, message FROM assay.validate(%s, %s)",
                                  (judged_on, Jsonb([row[0] for row in suggested]))).fetchall()
        failed = {(row[0], row[1]): (name, *row) for row in rows if row[3] in ("fail", "error")}
        if suggested_of == judged_on:
            learned += failed.values()
            checks_learned += len(suggested)
            faulty += [(name, column, fault) for _, fault, column in suggested if fault and column]
            columns += len(types)
        else:
            alarms += failed.values()
            tests += len(suggested)
report("suggested checks on the rows that suggest them", learned, checks_learned, 0)
report("columns that look faulty", faulty, columns, 0.01)
report("suggested checks on the other half of the rows", alarms, tests, 0.01)

# Each point of each series against those before it. One that is not evenly spaced by day is taken as if it were: what is tested is the rule.
alarms, tests, series_tested = [], 0, 0
BEGIN, LONGEST, WARM = datetime.date(2000, 1, 3), 400, 28
connection.execute("CREATE TABLE series (day date, value float8)")
for name, (frame, types) in frames.items():
    if not name.split(".")[1] in ("co2", "copper", "elnino", "interest_inflation", "macrodata", "nile", "sunspots", "seattle-weather", "sf-temps", "stocks",
                                  "sp500", "seattle-temps", "ohlc", "unemployment-across-industries", "weather", "la-riots", "iowa-electricity"):
        continue
    by = next((column for column, kind in types.items() if kind == "text" and 2 <= frame[column].nunique() <= 20), None)
    for key, part in frame.groupby(by) if by else [("", frame)]:
        for column, kind in types.items():
            values = pandas.to_numeric(part[column], errors="coerce").dropna() if kind in ("float8", "bigint") else pandas.Series(dtype=float)
            if len(values) < 3 * WARM or values.nunique() < 20 or abs(values.skew()) > 0.5 or values.is_monotonic_increasing:
                continue
            values = values.iloc[:LONGEST]
            series_tested += 1
            connection.execute("TRUNCATE series")
            with connection.cursor().copy("COPY series FROM STDIN") as copy:
                for day, value in enumerate(values):
                    copy.write_row((BEGIN + datetime.timedelta(days=day), float(value)))
            points = [BEGIN + datetime.timedelta(days=day) for day in range(WARM, len(values))]
            checks = [{"kind": "anomaly", "column_name": "value", "metric": "mean", "timestamp_column": "day", "name": str(day), "at": str(day + datetime.timedelta(days=1))}
                      for day in points]
            rows = connection.execute("SELECT name, status, value, threshold FROM assay.validate('series', %s)", (Jsonb(checks),)).fetchall()
            judged = [row for row in rows if row[1] in ("pass", "fail")]
            tests += len(judged)
            failed = [(name, key, column, *row) for row in judged if row[1] == "fail"]
            alarms += failed
            if len(failed) > 0.01 * len(judged):
                print(f"#     {name} {key} {column}: {len(failed)} of {len(judged)}")
print(f"# {series_tested} series that are not skewed")
report("anomaly of points", alarms, tests, 0.01)

sys.exit(promises.failed > 0)

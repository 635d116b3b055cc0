"""What features cost where they are made: steps of preprocessing that a model brings along, and functions in a query, beside the same by hand in SQL."""

from measure import Session
from report import FEWER, SERIAL, Sections, comma, train

NUMBERS = ["x6", "x8", "x16", "x17", "x18"]


def scaled(session):
    """Numbers whose missing values become the mean, scaled to mean 0 and deviation 1; flags for the levels of a category."""
    for x in NUMBERS:
        mean = session.run(f"SELECT avg({x}) FROM raw")[0]
        centre, deviation = session.run(f"SELECT avg(y), stddev_pop(y) FROM (SELECT coalesce({x}, {mean}) AS y FROM raw) AS filled")[0].split("\t")
        yield f"(coalesce({x}, {mean}) - {centre}) / {deviation}"
    for level in session.run("SELECT DISTINCT a FROM raw ORDER BY a"):
        yield f"(a = '{level}')::int::float8"


def encoded(session):
    """The means of two categories' levels, as the model has learned them."""
    for place, column in enumerate("ab", 1):
        means = session.run(f"SELECT DISTINCT {column}, (transform('piped', a, b))[{place}] FROM raw ORDER BY 1")
        whens = " ".join("WHEN '{}' THEN {}".format(*line.split("\t")) for line in means)
        yield f"CASE {column} {whens} ELSE 0 END"


def counted(session):
    """How often a text has each of the words that the model looks for."""
    for name in session.run("SELECT jsonb_array_elements_text(steps -> 0 -> 'makes') FROM feature_info('piped')"):
        yield f"cardinality(array_positions(words, '{name.partition(':')[2]}'))::float8"


def angles(_):
    """The day of the week, of which Monday is the first, and the hour."""
    for part, first, period in (("isodow", 1, 7), ("hour", 0, 24)):
        for wave in ("sin", "cos"):
            yield f"{wave}(2 * pi() * (extract({part} FROM t)::float8 - {first}) / {period})"


def always(*expressions):
    return lambda _: expressions


WORDS = "concat_ws(' ', CASE WHEN x1 > 0 THEN 'Ordered' END, 'w' || floor(x6 / 5), CASE WHEN x2 > 0 THEN 'and' END, 'v' || floor(x7 / 5), a, b)"
# By the names of steps: the raw columns, `preprocess`, what gives expressions that make the same of them, and what these read beside.
STEPS = {
    "impute, one_hot, scale": ({**{x: x for x in NUMBERS}, "a": "a"},
                               '"impute": "mean", "scale": "standard", "columns": {"a": {"impute": null, "encode": "one_hot"}}', scaled, ""),
    "target encoding": ({"a": "a", "b": "b"}, '"encode": "target"', encoded, ""),
    "datetime, cyclic": ({"t": "timestamp '2026-01-01' + id * interval '7 minutes'"},
                         '"datetime": {"parts": ["day_of_week", "hour"], "cyclic": true}', angles, ""),
    "bucketize, ordinal": ({"x6": "x6", "x8": "x8"},
                           '"columns": {"x6": {"bucketize": [20, 40, 60, 80]}, "x8": {"bucketize": [250, 500, 750]}}, "encode": "ordinal"',
                           always("width_bucket(x6, '{20,40,60,80}'::float8[])::float8", "width_bucket(x8, '{250,500,750}'::float8[])::float8"), ""),
    "clip, log": ({"x8": "x8", "x12": "x12"}, '"clip": {"min": 1, "max": 100}, "log": true',
                  always(*(f"ln(1 + least(greatest({x}, 1), 100))" for x in ("x8", "x12"))), ""),
    "polynomial": ({"x1": "x1", "x2": "x2"}, '"polynomial": 3', always("x1", "x1 * x1", "x1 * x1 * x1", "x2", "x2 * x2", "x2 * x2 * x2"), ""),
    "tf_idf, 20 words": ({"note": WORDS}, '"tf_idf": {"max_features": 20, "norm": "none", "use_idf": false}', counted,
                         ", LATERAL (SELECT string_to_array(lower(note), ' ') AS words OFFSET 0) AS read"),
}


class Steps:
    """The rows of a kind of steps, with a model that has the steps and one of the columns that expressions make."""

    def __init__(self, columns, preprocess, by_hand, beside):
        self.columns, self.beside = list(columns), beside
        with Session("DROP TABLE IF EXISTS raw, made") as session:
            session.run(f"CREATE TABLE raw AS SELECT *, jsonb_build_object({comma(f'{column!r}, {column}' for column in columns)}) AS j, "
                        f"ARRAY[{comma(f'{column}::text' for column in columns)}] AS v "
                        f"FROM (SELECT {comma(f'{of} AS {column}' for column, of in columns.items())}, amount FROM bench_fewer) AS drawn")
            session.run(train("piped", "linear_regression", columns, "amount", "raw", options=f", preprocess => '{{{preprocess}}}'"))
            expressions = list(by_hand(session))
            self.made = comma(expressions)
            self.named = comma(f"{expression} AS f{place}" for place, expression in enumerate(expressions, 1))
            session.run(f"CREATE TABLE made AS SELECT {self.named}, amount FROM raw{beside}; VACUUM ANALYZE raw, made")
            session.run(train("by_hand", "linear_regression", [f"f{place}" for place in range(1, len(expressions) + 1)], "amount", "made"))
            self.types = session.run(f"SELECT {comma(f'pg_typeof({column})' for column in columns)} FROM raw LIMIT 1")[0].split("\t")
            difference = session.run(f"SELECT max(abs(ours - theirs)) FROM raw{beside}, "
                                     f"unnest(transform('piped', {comma(columns)}), ARRAY[{self.made}]) AS of (ours, theirs)")
        if float(difference[0]) > 1e-9:
            raise SystemExit(f"assay: the steps by hand differ by {difference[0]}: {self.made}")

    def read(self, value):
        """The rows whose columns are read from what an application sends; once each, where expressions use them more than once."""
        columns = comma(f"{value(place, column)}::{kind} AS {column}" for place, (column, kind) in enumerate(zip(self.columns, self.types), 1))
        often = any(self.made.count(column) > 1 for column in self.columns)
        return f"(SELECT {columns} FROM raw WHERE v IS NOT NULL{' OFFSET 0' if often else ''}) AS raw"

    def forms(self):
        """A query for each form of call, and the one by hand."""
        columns, plain = comma(self.columns), "raw WHERE v IS NOT NULL"
        ours = lambda value, rows=plain: f"SELECT count({value}) FROM {rows}"
        hand = lambda value, rows="(SELECT * FROM raw WHERE v IS NOT NULL) AS raw": f"SELECT count({value}) FROM {rows}{self.beside}"
        predict = f"predict('by_hand', {self.made})"
        return {
            "columns": (ours(f"predict('piped', {columns})"), hand(predict)),
            "whole row": (ours("predict('piped', r)", f"(SELECT {columns} FROM {plain}) AS r"),
                          ours("predict('by_hand', h)", f"(SELECT {self.named} FROM raw{self.beside} WHERE v IS NOT NULL) AS h")),
            "predict_row": (ours("predict_row('piped', j)"), hand(predict, self.read(lambda _, column: f"(j->>'{column}')"))),
            "predict_values": (ours("predict_values('piped', v)"), hand(predict, self.read(lambda place, _: f"v[{place}]"))),
            "transform": (ours(f"transform('piped', {columns})"), hand(f"ARRAY[{self.made}]")),
        }


def function(ours, by_hand, rows="bench", by_hand_of=None):
    """A query for each, of the same rows."""
    return [f"SELECT count(value) FROM (SELECT {value} AS value FROM {source}) AS made" for value, source in ((ours, rows), (by_hand, by_hand_of or rows))]


FRAME = "(ORDER BY id ROWS 1000 PRECEDING)"
SOME = f"(SELECT * FROM bench WHERE id <= 20000) AS few WINDOW w AS {FRAME}"
RISING = "(ORDER BY id)"
FUNCTIONS = {
    "standard_scaler(x) OVER ()": function("standard_scaler(x6) OVER ()", "(x6 - avg(x6) OVER ()) / stddev_samp(x6) OVER ()"),
    "min_max_scaler(x) OVER ()": function("min_max_scaler(x6) OVER ()", "(x6 - min(x6) OVER ()) / (max(x6) OVER () - min(x6) OVER ())"),
    "robust_scaler(x) OVER ()": function(
        "robust_scaler(x6) OVER ()", "(x6 - middle) / (q[2] - q[1])",
        by_hand_of="bench, (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY x6), percentile_disc('{0.25,0.75}'::float8[]) WITHIN GROUP (ORDER BY x6) "
                   "FROM bench) AS of (middle, q)"),
    "quantile_bucketize(x, 10) OVER ()": function("quantile_bucketize(x6, 10) OVER ()", "'bin_' || ntile(10) OVER (ORDER BY x6)"),
    "imputer(x, 'mean') OVER ()": function("imputer(x16, 'mean') OVER ()", "coalesce(x16, avg(x16) OVER ())"),
    "label_encoder(c) OVER ()": function("label_encoder(b) OVER ()", "place",
                                         by_hand_of="bench JOIN (SELECT b, row_number() OVER (ORDER BY b) AS place FROM bench GROUP BY b) AS levels USING (b)"),
    "standard_scaler OVER (ORDER BY id)": function(f"standard_scaler(x6) OVER {RISING}",
                                                   f"(x6 - avg(x6) OVER {RISING}) / nullif(stddev_samp(x6) OVER {RISING}, 0)"),
    "standard_scaler, 1,000 rows before": function("standard_scaler(x6) OVER w", "(x6 - avg(x6) OVER w) / nullif(stddev_samp(x6) OVER w, 0)", SOME),
    "min_max_scaler, 1,000 rows before": function("min_max_scaler(x6) OVER w", "(x6 - min(x6) OVER w) / nullif(max(x6) OVER w - min(x6) OVER w, 0)", SOME),
    "bucketize(x, ARRAY[...])": function("bucketize(x6, '{20,40,60,80}')", "'bin_' || width_bucket(x6, '{20,40,60,80}'::float8[]) + 1"),
    "hash_bucketize(c, 100)": function("hash_bucketize(b, 100)", "abs(hashtextextended(b, 0) % 100)"),
    "haversine(...)": function("haversine(x14, x6, x15, x7)", "2 * 6371008.8 * asin(sqrt(sin(radians(x15 - x14) / 2) ^ 2 + cos(radians(x14)) * "
                               "cos(radians(x15)) * sin(radians(x7 - x6) / 2) ^ 2))"),
    "polynomial_expand(ARRAY[x, y])": function("polynomial_expand(ARRAY[x1, x2])", "ARRAY[x1, x2, x1 * x1, x1 * x2, x2 * x2]"),
    "feature_cross(ARRAY[c, d])": function("feature_cross(ARRAY[a, b])", "ARRAY[a || '_' || b]"),
    "ngrams(ARRAY[c, d], 2)": function("ngrams(ARRAY[a, b], 2)", "ARRAY[a || ' ' || b]"),
    "normalizer(ARRAY[x, y])": function("normalizer(ARRAY[x1, x2])", "ARRAY[x1 / sqrt(x1 * x1 + x2 * x2), x2 / sqrt(x1 * x1 + x2 * x2)]"),
}


class Features(Sections):
    """Steps and functions."""

    NAMES = ["pipeline", "features"]

    def pipeline(self):
        """A linear regression with steps in each form of call."""
        for what, steps in STEPS.items():
            forms = Steps(*steps).forms()
            pairs = {(form, whose): sql for form, pair in forms.items() for whose, sql in enumerate(pair)}
            each = self.nanoseconds({"base": "SELECT count(*) FROM raw WHERE v IS NOT NULL"} | pairs, FEWER)
            for form in forms:
                ours, theirs = (each[form, whose] - each["base"] for whose in (0, 1))
                self.table.value(f"{what}: {form}", f"{ours:.0f}", f"{theirs:.0f}", f"{ours / theirs:.2f}", "<= 1.3", ours <= 1.3 * theirs)
        self.table.say("    CPU nanoseconds a row above a query that reads the same; the peer: the steps as expressions, and a model of what they make")

    def features(self):
        """Functions of features, in one process."""
        for what, queries in FUNCTIONS.items():
            self.table.times(what, *self.by_turns(*(self.ours(SERIAL, "SET work_mem = '256MB'", "SELECT count(x20) FROM bench", sql) for sql in queries)))
        self.table.say("    the peer: the same written by hand in SQL; 20,000 rows where frames are of 1,000")

"""A program that judges models through psycopg, as tools for charts do: costs, groups and metrics come as parameters of whatever type the driver
gives them. Prints 'ok - NAME' or 'not ok - NAME' for each promise."""

import math
import sys
from decimal import Decimal

import psycopg
from psycopg.types.json import Jsonb

import promises
from promises import check

connection = psycopg.connect("", autocommit=True)
connection.execute("""
    CREATE TABLE loan AS
    SELECT i AS id, i %% 50 AS age, (i * 7919 %% 97) + i %% 50 > 70 AS bad, 100 + i %% 9 AS loss, (100 + i %% 9)::numeric(10, 2) AS exact_loss,
           (100 + i %% 9)::real AS real_loss, nullif(i, 7) AS may_lack, 5 - i AS debt, CASE WHEN i = 9 THEN numeric 'NaN' ELSE 1 END AS odd,
           CASE WHEN i = 9 THEN float8 'Infinity' ELSE 1 END AS endless, i::text AS words, ARRAY['n', 's'] AS regions, (ARRAY['n', 's'])[i %% 2 + 1] AS region
    FROM generate_series(1, 600) AS i""", ())
connection.execute("SELECT assay.train('loan', 'SELECT age, bad FROM loan', 'bad', 'logistic_regression', split => 'none')")

COSTS = "SELECT flagged, cost, chosen, current FROM assay.threshold_costs(%s, %s, %s, %s, %s) WHERE chosen"
expected = connection.execute("SELECT flagged, cost, chosen, current FROM assay.threshold_costs('loan', 'loan', 10, 50, 40) WHERE chosen").fetchall()
by_column = connection.execute("SELECT flagged, cost, chosen, current FROM assay.threshold_costs('loan', 'loan', 10, 'loss', 40) WHERE chosen").fetchall()
check("there is a threshold to choose", len(expected) == 1 and expected[0][0] <= 40, expected)

# The server binds: small integers, large ones, decimals, floats and texts in any combination, over the switch to a generic plan; the client binds.
numbers = {"int": (10, 50), "decimal": (Decimal("10"), Decimal("50.0")), "float": (10.0, 50.0), "text": ("10", " 50 ")}
for factory, binary in ((psycopg.Cursor, False), (psycopg.Cursor, True), (psycopg.ClientCursor, False)):
    found = []
    with factory(connection) as cursor:
        for first, (false_alarm, _) in numbers.items():
            for second, (_, miss) in numbers.items():
                # Often enough for a generic plan.
                for _ in range(7 if first == second else 1):
                    cursor.execute(COSTS, ("loan", "loan", false_alarm, miss, 40), binary=binary)
                    rows = cursor.fetchall()
                    if rows != expected:
                        found.append((first, second, rows))
    check(f"costs are numbers of any type ({factory.__name__}, {'binary' if binary else 'text'})", not found, found)
for false_alarm in (10, Decimal(10), 10.0, "10"):
    for column in ("loss", "exact_loss", "real_loss"):
        rows = connection.execute(COSTS, ("loan", "loan", false_alarm, column, 40)).fetchall()
        check(f"a cost is a column, beside one of type {type(false_alarm).__name__}: {column}", rows == by_column, rows)
turned = connection.execute(COSTS, ("loan", "loan", "loss", 10, None)).fetchall()
check("the false alarm's is a column, too, and there is no capacity", len(turned) == 1, turned)
named = "SELECT count(*) FROM assay.threshold_costs(model => %(m)s, query => %(q)s, cost_fp => %(fp)s, cost_fn => %(fn)s, capacity => %(c)s)"
count = connection.execute(named, {"m": "loan", "q": "loan", "fp": Decimal("0.5"), "fn": "loss", "c": 10**10}).fetchone()[0]
check("arguments have names", count > 2, count)

# More capacity than rows is none; none of it chooses nobody.
free = connection.execute(COSTS, ("loan", "loan", 10, 50, None)).fetchall()
check("capacity beyond the rows does not bind", connection.execute(COSTS, ("loan", "loan", 10, 50, 2**62)).fetchall() == free, free)
nobody = connection.execute("SELECT threshold, flagged FROM assay.threshold_costs('loan', 'loan', 10, 50, 0) WHERE chosen").fetchall()
check("without capacity nobody is flagged", nobody == [(math.inf, 0)], nobody)

# Rows of one class, and none.
for what, rows in (("only good ones", "NOT bad"), ("only bad ones", "bad"), ("one row", "id = 1"), ("no rows", "false")):
    found = connection.execute("SELECT count(*) FILTER (WHERE chosen), count(*), bool_and(cost_low <= cost AND cost <= cost_high) FROM assay.threshold_costs(%s, %s, %s, %s)",
                               ("loan", f"SELECT * FROM loan WHERE {rows}", 10, "loss")).fetchone()
    check(f"costs of {what}", found[0] == (1 if rows != "false" else 0) and found[2] is not False, found)

# Errors say which argument or column, and what to do.
for what, arguments, state in (
    ("a negative cost", (-1, 50, None), "22023"),
    ("a cost that is none", (math.nan, 50, None), "22023"),
    ("an infinite cost", (10, math.inf, None), "22023"),
    ("an infinite decimal", (10, Decimal("Infinity"), None), "22023"),
    ("no cost", (10, None, None), "22023"),
    ("an empty text", ("", 50, None), "42703"),
    ("no such column", (10, "nothing", None), "42703"),
    ("a column of texts", (10, "words", None), "ML007"),
    ("a column of arrays", (10, "regions", None), "ML007"),
    ("a column with a NULL", (10, "may_lack", None), "ML007"),
    ("a column with a negative number", (10, "debt", None), "ML007"),
    ("a column with a NaN", (10, "odd", None), "ML007"),
    ("a column with an infinity", ("endless", 50, None), "ML007"),
    ("negative capacity", (10, 50, -1), "22023"),
):
    try:
        connection.execute(COSTS, ("loan", "loan", *arguments)).fetchall()
        check(f"{what} is an error", False, "accepted")
    except psycopg.Error as error:
        check(f"{what} is an error", error.sqlstate == state and error.diag.message_hint, (error.sqlstate, error.diag.message_primary, error.diag.message_hint))

# The others that judge, with arrays, documents and names as parameters.
slices = connection.execute("SELECT segment, value FROM assay.evaluate(%s, %s, %s, %s) WHERE metric = 'roc_auc'", ("loan", "loan", Decimal("0.4"), ["region"])).fetchall()
check("slices by an array", sorted(segment["region"] for segment, _ in slices) == ["n", "s"], slices)
limits = {"limits": {"demographic_parity_difference": 0.5}, "reference": "overall", "threshold": 0.4}
fair = connection.execute("SELECT within_limits, difference_low <= difference AND difference <= difference_high FROM assay.fairness(%s, %s, %s, %s) WHERE metric = 'demographic_parity'",
                          ("loan", "loan", ["region"], Jsonb(limits))).fetchall()
check("fairness by a document", fair == [(True, True)], fair)
# The driver leaves the type of a list of texts to the server, which would take it for one text.
same = connection.execute("SELECT metric, difference, p_value FROM assay.compare_models(%s, %s, %s, %s::text[], confidence => %s, seed => %s, resamples => %s)",
                          ("loan", "loan@1", "loan", ["roc_auc", "log_loss"], Decimal("0.9"), 3, 200)).fetchall()
check("models are compared by an array of metrics", [row[:2] for row in same] == [("roc_auc", 0.0), ("log_loss", 0.0)], same)
bins = connection.execute("SELECT sum(rows) FROM assay.calibration_curve(%s, %s, %s, %s)", ("loan", "loan", 5, "quantile")).fetchone()[0]
check("bins by a number", bins == 600, bins)

sys.exit(promises.failed > 0)

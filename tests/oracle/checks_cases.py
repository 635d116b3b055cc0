"""The checks that checks.py has judged: each as one element of what assay.validate takes, as a test of dbt, and as an expectation of GX."""

CASES = []

# Why the tools' answers differ: the first of these that is true of a check. checks.py adds it where they do, and ends where there is none.
REASONS = [
    (lambda check: "mostly" in check, "dbt has no mostly"),
    (lambda check: "warn_if" in check or "error_if" in check, "thresholds for the number of failing rows are dbt's own"),
    (lambda check: check.get("where") == NO_VALUES[2], "of no values the answer is NULL, which dbt lets pass and GX does not"),
    (lambda check: check["kind"] == "columns_match", "dbt_expectations counts columns, GX does not"),
]
REASONS += [(lambda check, kind=kind: check["kind"] == kind, text) for kind, text in {
    "unique": "dbt counts the values that repeat, GX every row that has one of them",
    "unique_combination": "dbt_utils counts the combinations that repeat, with NULLs equal to each other; GX every row that has one, without NULLs",
    "accepted_values": "dbt counts the distinct values that fail, GX rows",
    "not_accepted_values": "dbt_utils counts the distinct values that fail, GX rows",
    "matches_regex": "dbt_expectations lets NULL fail, GX leaves it out",
    "quantile_between": "dbt_expectations interpolates between two values (percentile_cont), GX takes one of them (percentile_disc) "
                        "and widens the bounds by a ten thousandth",
    "most_common_value": "dbt_expectations counts NULL as a value, GX does not",
    "within_n_stdevs": "where all values are equal dbt_expectations divides by zero, and GX passes",
}.items()]
NO_VALUES = (0, 1, "quantity IS NULL")


def case(kind, column=None, args=None, dbt=None, gx=None, **more):
    """A check. dbt: the test's name, with its package where it is restated, and its arguments; gx: the expectation's name and its
    arguments; both are given the column where the check has one. more: where, mostly, warn_if and error_if of the check."""
    check = {"kind": kind, "column_name": column, "args": args or {}, **more}
    add = lambda tool, name: tool and (tool[0], {**({name: column} if column else {}), **tool[1]})
    CASES.append({"check": {key: value for key, value in check.items() if value is not None},
                  "dbt": add(dbt, "column_name"), "gx": add(gx, "column")})


def given(**arguments):
    return {name: value for name, value in arguments.items() if value is not None}


def bounds(low, high):
    return given(min_value=low, max_value=high)


def failing_rows(query):
    """For what GX has no expectation of its own: a query for the rows that fail."""
    return "UnexpectedRowsExpectation", {"unexpected_rows_query": query}


# Completeness.
for column, more in [("id", {}), ("status", {}), ("quantity", {}), ("email", {"where": "id > 56"}), ("nothing", {}), ("ratio", {}),
                     ("score", {"mostly": 0.95}), ("score", {"mostly": 0.96}), ("score", {"mostly": 0.97}),
                     ("status", {"warn_if": ">0", "error_if": ">10"}), ("status", {"warn_if": ">5", "error_if": ">10"}),
                     ("ends", {"warn_if": ">0", "error_if": ">9"}), ("status", {"error_if": ">4"}), ("status", {"error_if": "!=5"})]:
    case("not_null", column, None, ("not_null", {}), ("ExpectColumnValuesToNotBeNull", {}), **more)
for column, least in [("score", 0.95), ("score", 0.96), ("score", 0.97), ("nothing", 0), ("nothing", 0.01)]:
    case("not_null_proportion", column, {"at_least": least}, ("dbt_utils.not_null_proportion", {"at_least": least}),
         ("ExpectColumnProportionOfNonNullValuesToBeBetween", {"min_value": least}))
for column in ("email", "code", "status"):
    case("not_empty", column, None, ("dbt_utils.not_empty_string", {}), ("ExpectColumnValuesToMatchRegex", {"regex": r"\S"}))

# Uniqueness.
for column, where in [("id", None), ("ref", None), ("ref", "id > 14"), ("same", None), ("nothing", None), ("code", None), ("ratio", None)]:
    case("unique", column, None, ("unique", {}), ("ExpectColumnValuesToBeUnique", {}), where=where)
for columns in (["id", "status"], ["parent_id", "status"], ["ref", "same"], ["nothing", "same"]):
    case("unique_combination", None, {"combination_of_columns": columns},
         ("dbt_utils.unique_combination_of_columns", {"combination_of_columns": columns}),
         ("ExpectCompoundColumnsToBeUnique", {"column_list": columns}))

# Values.
for column, values, where in [("status", ["new", "open", "closed"], None), ("status", ["new", "open", "closed"], "id < 7"),
                              ("status", ["new", "open", "closed", "lost"], "id > 20"), ("nothing", ["any"], None), ("same", [7], None),
                              ("same", [1, 2], None), ("parent_id", [*range(1, 21)], None), ("price", [0, 100], None)]:
    case("accepted_values", column, {"values": values}, ("accepted_values", {"values": values, "quote": isinstance(values[0], str)}),
         ("ExpectColumnValuesToBeInSet", {"value_set": values}), where=where)
for values in (["lost"], ["gone"], ["lost", "", "gone"]):
    case("not_accepted_values", "status", {"values": values}, ("dbt_utils.not_accepted_values", {"values": values}),
         ("ExpectColumnValuesToNotBeInSet", {"value_set": values}))
for column, low, high, mostly in [("price", 0, 100, None), ("quantity", 0, 50, None), ("quantity", 1, None, None), ("quantity", None, 50, None),
                                  ("quantity", 0, 50, 0.97), ("ratio", 0, 1, None), ("ratio", 0, None, None), ("ratio", None, 1, None),
                                  ("score", -100, 300, None), ("score", 0, 100, 0.98), ("score", 0, 100, 0.9846)]:
    limits = bounds(low, high)
    case("accepted_range", column, limits, ("dbt_utils.accepted_range", limits), ("ExpectColumnValuesToBeBetween", limits), mostly=mostly)
for column, low, high in [("price", 0, 100), ("quantity", 0, 50), ("ratio", 0, 1)]:
    limits = bounds(low, high)
    case("accepted_range", column, {**limits, "inclusive": False}, ("dbt_utils.accepted_range", {**limits, "inclusive": False}),
         ("ExpectColumnValuesToBeBetween", {**limits, "strict_min": True, "strict_max": True}))
for low, high in [("1900-01-01", "2024-12-31"), ("1800-01-01", "2999-12-31")]:
    case("accepted_range", "born", bounds(low, high), ("dbt_utils.accepted_range", bounds(f"date '{low}'", f"date '{high}'")),
         ("ExpectColumnValuesToBeBetween", bounds(low, high)))

# Texts.
for column, regex, where in [("code", "^[A-Z]{2}-[0-9]{4}$", None), ("email", "^[^@ ]+@[^@ ]+[.][a-z]+$", None), ("code", "AX", None),
                             ("email", "^user", "id between 100 and 120"), ("code", "^.{7}$", None), ("email", "", None),
                             ("code", r"\d(\d)\1", None), ("email", "^(?!user)", None)]:
    case("matches_regex", column, {"regex": regex}, ("dbt_expectations.expect_column_values_to_match_regex", {"regex": regex}),
         ("ExpectColumnValuesToMatchRegex", {"regex": regex}), where=where)
for column, regex in [("email", "@@"), ("code", "[^ -~]"), ("email", "[[:space:]]$"), ("email", "UPPER@"), ("email", "(?i)upper@")]:
    case("not_matches_regex", column, {"regex": regex}, ("dbt_expectations.expect_column_values_to_not_match_regex", {"regex": regex}),
         ("ExpectColumnValuesToNotMatchRegex", {"regex": regex}))
for column, low, high in [("code", 7, 7), ("email", 1, 30), ("code", None, 7), ("code", 1, None), ("nothing", 1, 2)]:
    limits = bounds(low, high)
    case("length_between", column, limits, ("dbt_expectations.expect_column_value_lengths_to_be_between", limits),
         ("ExpectColumnValueLengthsToBeBetween", limits))

# Several columns, other tables.
ORPHANS = "SELECT 1 FROM {batch} WHERE parent_id IS NOT NULL AND parent_id NOT IN (SELECT id FROM checks_parent)"
for where in (None, "parent_id < 50", "id > 50"):
    case("relationships", "parent_id", {"to": "checks_parent", "field": "id"},
         ("relationships", {"to": "source('oracle', 'checks_parent')", "field": "id"}), None, where=where)
    CASES[-1]["gx"] = failing_rows(ORPHANS)
for operator, where in [(">=", None), (">", None), (">", "id > 100")]:
    case("expression_is_true", None, {"expression": f"ends {operator} starts"},
         ("dbt_utils.expression_is_true", {"expression": f"ends {operator} starts"}),
         ("ExpectColumnPairValuesAToBeGreaterThanB", {"column_A": "ends", "column_B": "starts", "or_equal": operator == ">=",
                                                      "ignore_row_if": "either_value_is_missing"}), where=where)
for expression in ("quantity * price < 4000", "status = 'closed' OR ends IS NOT NULL", "id = ref - 1000", "price >= 0 OR price IS NULL"):
    case("expression_is_true", None, {"expression": expression}, ("dbt_utils.expression_is_true", {"expression": expression}),
         failing_rows(f"SELECT 1 FROM {{batch}} WHERE NOT ({expression})"))

# The table as a whole.
for low, high, where in [(200, 200, None), (1, None, None), (201, None, None), (None, 199, None), (1, 100, "id <= 100")]:
    case("row_count_between", None, bounds(low, high), ("dbt_expectations.aggregate_between", {"expression": "count(*)", **bounds(low, high)}),
         ("ExpectTableRowCountToBeBetween", bounds(low, high)), where=where)


def aggregate(kind, column, expression, expectation, ranges, args=None, gx=None):
    """One case for each range; the third of a range is a condition on the rows."""
    for low, high, *where in ranges:
        case(kind, column, {**(args or {}), **bounds(low, high)}, None,
             (expectation, gx(low, high) if gx else bounds(low, high)), where=where[0] if where else None)
        CASES[-1]["dbt"] = "dbt_expectations.aggregate_between", {"expression": expression, **bounds(low, high)}


for column, ranges in [("status", [(1, 7), (8, None)]), ("ref", [(192, 192), (None, 191)]), ("nothing", [(0, 0), (1, None)]), ("ratio", [(1, 500)])]:
    aggregate("distinct_count_between", column, f"count(distinct {column})", "ExpectColumnUniqueValueCountToBeBetween", ranges)
for column, ranges in [("score", [(50, 51), (51, None)]), ("quantity", [(27.2, 27.3), (None, 27), NO_VALUES]), ("price", [(50, 53)]), ("ratio", [(0, 1)])]:
    aggregate("mean_between", column, f"avg({column})", "ExpectColumnMeanToBeBetween", ranges)
for column, ranges in [("quantity", [(5293, 5293), (5294, None), NO_VALUES]), ("price", [(10175.92, 10175.92), (None, 10175.91)])]:
    aggregate("sum_between", column, f"sum({column})", "ExpectColumnSumToBeBetween", ranges)
for column, ranges in [("score", [(21.34, 21.35), (None, 21)]), ("same", [(0, 0)]), ("quantity", [NO_VALUES])]:
    aggregate("stddev_between", column, f"stddev({column})", "ExpectColumnStdevToBeBetween", ranges)
for column, quantile, ranges in [("score", 0.5, [(48, 49), (None, 40), (48.8, 49)]), ("quantity", 0.25, [(13, 13)]),
                                 ("quantity", 0.9, [(1, 40), (None, 45.998)]), ("quantity", 0.5, [NO_VALUES])]:
    aggregate("quantile_between", column, f"percentile_cont({quantile}) within group (order by {column})", "ExpectColumnQuantileValuesToBeBetween",
              ranges, {"quantile": quantile},
              lambda low, high, quantile=quantile: {"quantile_ranges": {"quantiles": [quantile], "value_ranges": [[low, high]]}})
for column, values in [("status", ["open"]), ("status", ["closed", "new"]), ("same", ["7"]), ("nothing", ["any"])]:
    kept = [int(value) for value in values] if column == "same" else values
    case("most_common_value", column, {"value_set": kept}, ("dbt_expectations.expect_column_most_common_value_to_be_in_set", {"value_set": values}),
         ("ExpectColumnMostCommonValueToBeInSet", {"value_set": kept}))
for column, sigma in [("score", 3), ("score", 2), ("score", 10), ("quantity", 3), ("same", 3)]:
    case("within_n_stdevs", column, {"sigma_threshold": sigma},
         ("dbt_expectations.expect_column_values_to_be_within_n_stdevs", {"sigma_threshold": sigma}),
         ("ExpectColumnValueZScoresToBeLessThan", {"threshold": sigma, "double_sided": True}))
for column, name in [("id", "integer"), ("id", "text"), ("price", "numeric(10,2)"), ("ratio", "double precision"),
                     ("starts", "timestamp with time zone"), ("flag", "boolean"), ("same", "integer")]:
    case("type_is", column, {"column_type": name}, ("dbt_expectations.expect_column_values_to_be_of_type", {"column_type": name}),
         ("ExpectColumnValuesToBeOfType", {"type_": name.upper().replace(",", ", ")}))
ALL = ["id", "ref", "parent_id", "status", "quantity", "price", "ratio", "score", "email", "code", "born", "placed", "starts", "ends", "flag",
       "nothing", "same"]
for names, ordered in [(ALL, True), (ALL[::-1], True), (ALL[::-1], False), (ALL[:-1], False), ([*ALL, "more"], False)]:
    case("columns_match", None, {"column_list": names, "match": "ordered_list" if ordered else "set"},
         ("dbt_expectations.columns_are", {"names": names, "ordered": ordered}),
         ("ExpectTableColumnsToMatchOrderedList", {"column_list": names}) if ordered else
         ("ExpectTableColumnsToMatchSet", {"column_set": names, "exact_match": True}))

# Time and order. The rows are of March 2024.
for column, part, interval in [("placed", "day", 1), ("placed", "year", 1000), ("starts", "hour", 1), ("born", "day", 1)]:
    case("recency", column, {"datepart": part, "interval": interval})
    CASES[-1]["dbt"] = "dbt_utils.recency", {"field": column, "datepart": part, "interval": interval}
for column in ("starts", "quantity", "same"):
    for strictly in (True, False):
        case("monotonic", column, {"sort_column": "id", "strictly": strictly},
             ("dbt_expectations.expect_column_values_to_be_increasing", {"sort_column": "id", "strictly": strictly}))
for column in ("id", "ref", "parent_id"):
    case("no_gaps", column, {"interval": 1}, ("dbt_utils.sequential_values", {"interval": 1}))
case("equal_rowcount", None, {"compare_model": "checks_parent"},
     ("dbt_utils.equal_rowcount", {"compare_model": "source('oracle', 'checks_parent')"}),
     ("ExpectTableRowCountToEqualOtherTable", {"other_table_name": "checks_parent"}))
case("equality", None, {"compare_model": "checks_parent", "compare_columns": ["id"]},
     ("dbt_utils.equality", {"compare_model": "source('oracle', 'checks_parent')", "compare_columns": ["id"]}))

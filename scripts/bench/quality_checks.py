"""The thirty checks of the benchmark, as assay takes them; and the same as SQL by hand, as dbt's tests, and as expectations of Great
Expectations (GX). Some fail, so that all four can be seen to agree."""


def check(kind, column=None, **args):
    return {"kind": kind, "args": args, **({"column_name": column} if column else {})}


def ranges(low, high, *columns):
    return [check("accepted_range", column, min_value=low, max_value=high) for column in columns]


def any_of(letter, count):
    return [f"{letter}{i}" for i in range(count)]


PLAIN = [
    *(check("not_null", column) for column in ("id", "x1", "x4", "x6", "x9", "x12", "x16", "a", "b", "amount")),
    *ranges(-1, 1, "x1", "x2", "x3", "x5", "x9"), *ranges(0, 100, "x6", "x7"), *ranges(0, 1000, "x8"), *ranges(1, 150, "x12"),
    *ranges(0, 1, "x14", "x15"), *ranges(0, 10, "x17"), *ranges(0, 19, "x19"),
    check("accepted_values", "a", values=any_of("a", 10)), check("accepted_values", "b", values=any_of("b", 50)),
    check("expression_is_true", expression="x13 >= 1"), check("expression_is_true", expression="x6 + x7 < 195"),
]
TEXTS = [check("not_accepted_values", "a", values=["a0", "z"]), check("length_between", "a", min_value=2, max_value=2),
         check("length_between", "b", min_value=3, max_value=3)]
PATTERNS = [check("matches_regex", "a", regex="^a[0-9]$"), check("matches_regex", "b", regex="^b([0-9]|[1-4][0-9])$"),
            check("matches_regex", "b", regex="[02468]$")]

WITHOUT_REGEX = PLAIN + TEXTS
WITH_REGEX = PLAIN + PATTERNS


def quoted(values):
    return ", ".join(f"'{value}'" for value in values)


def failing(one):
    """The condition of a failing row, as one would write it by hand for speed."""
    column, args = one.get("column_name"), one["args"]
    return {
        "not_null": lambda: f"{column} IS NULL",
        "accepted_range": lambda: f"{column} NOT BETWEEN {args['min_value']} AND {args['max_value']}",
        "accepted_values": lambda: f"{column} NOT IN ({quoted(args['values'])})",
        "not_accepted_values": lambda: f"{column} IN ({quoted(args['values'])})",
        "expression_is_true": lambda: f"NOT ({args['expression']})",
        "length_between": lambda: f"length({column}) NOT BETWEEN {args['min_value']} AND {args['max_value']}",
        "matches_regex": lambda: f"{column} !~ '{args['regex']}'",
    }[one["kind"]]()


def by_hand(checks):
    return f"SELECT {', '.join(f'count(*) FILTER (WHERE {failing(one)})' for one in checks)} FROM bench"


def dbt_test(one):
    """The test's name and arguments; those that dbt does not have itself are the oracle's."""
    kind, column, args = one["kind"], one.get("column_name"), one["args"]
    names = {"length_between": "expect_column_value_lengths_to_be_between", "matches_regex": "expect_column_values_to_match_regex"}
    return names.get(kind, kind), {**({"column_name": column} if column else {}), **args}


def expectation(one):
    """The expectation's name and arguments."""
    column, args = one.get("column_name"), one["args"]
    name, own = {
        "not_null": lambda: ("ExpectColumnValuesToNotBeNull", {}),
        "accepted_range": lambda: ("ExpectColumnValuesToBeBetween", args),
        "accepted_values": lambda: ("ExpectColumnValuesToBeInSet", {"value_set": args["values"]}),
        "not_accepted_values": lambda: ("ExpectColumnValuesToNotBeInSet", {"value_set": args["values"]}),
        "expression_is_true": lambda: ("UnexpectedRowsExpectation",
                                       {"unexpected_rows_query": f"SELECT 1 FROM {{batch}} WHERE {failing(one)}"}),
        "length_between": lambda: ("ExpectColumnValueLengthsToBeBetween", args),
        "matches_regex": lambda: ("ExpectColumnValuesToMatchRegex", args),
    }[one["kind"]]()
    return name, {**({"column": column} if column else {}), **own}

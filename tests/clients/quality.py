"""Checks as a Python program runs them: cancelled in every phase, watched while they run, and in a load that is rolled back. Prints
'ok - NAME' or 'not ok - NAME' for each promise."""

import sys

import psycopg
from psycopg.types.json import Jsonb

import promises
from promises import check, check_ends

connection = psycopg.connect("", autocommit=True)
connection.execute("CREATE TABLE line AS SELECT i, md5(i::text) || repeat('x', i %% 50) AS t, i %% 1000 AS n FROM generate_series(1, 300000) AS i", ())
connection.execute("ANALYZE line")
endless = "SELECT a.i, a.t, a.n FROM line AS a, line AS b"


def checks(*kinds):
    return Jsonb([dict(zip(("kind", "column_name"), kind[:2]), args=kind[2] if len(kind) > 2 else {}) for kind in kinds])


# Arguments are bound, results are Python's own types.
rows = connection.execute("SELECT name, status, rows_failed, sample, snapshot_at FROM assay.validate(%s, %s)",
                          ("line", checks(("not_null", "t"), ("accepted_range", "n", {"max_value": 997})))).fetchall()
check("results arrive as Python's types", [row[:4] for row in rows] == [("not_null_t", "pass", 0, None), ("accepted_range_n", "fail", 600, [998, 999])]
      or sorted(rows[1][3]) == [998, 999], rows)

# A load that does not keep its promises leaves nothing behind.
connection.execute("CREATE TABLE target (i int PRIMARY KEY, n int)")
connection.execute("SELECT assay.add_check('target', 'accepted_range', 'n', '{\"min_value\": 0}', name => 'not negative')")
for low, loaded in ((0, 100), (-1, 100)):
    try:
        with connection.transaction():
            with connection.cursor().copy("COPY target FROM STDIN") as copy:
                for row in range(100):
                    copy.write_row((row + 1000 * (low < 0), row + low))
            connection.execute("SELECT assay.assert_checks('target')")
        stopped = None
    except psycopg.Error as error:
        stopped = (error.sqlstate, "1 of 100 rows fail" in (error.diag.message_detail or "") or "1 of 200 rows fail" in (error.diag.message_detail or ""))
    found = connection.execute("SELECT count(*) FROM target").fetchone()[0]
    check(f"a load with values from {low} on {'stays' if low == 0 else 'is rolled back'}", found == loaded and stopped == (None if low == 0 else ("ML015", True)),
          (found, stopped))

# Progress is told while a scan runs.
notices = []
connection.add_notice_handler(lambda notice: notices.append(notice.message_primary))
connection.execute("SET assay.progress = 100")
connection.execute("SET statement_timeout = 1500")
try:
    connection.execute("SELECT * FROM assay.validate(%s, %s)", (endless, checks(("not_null", "t"))))
except psycopg.errors.QueryCanceled:
    pass
check("progress is told while rows are read", sum("rows read" in text for text in notices) >= 3, notices[:3])
connection.execute("RESET assay.progress")
connection.execute("RESET statement_timeout")

pattern = "^([a-f0-9]+x*){1,20}$"
alike = "SELECT 'the quick brown fox ' || i % 1000 || ' jumps over ' || i % 7 || ' lazy dogs ' || i AS t FROM generate_series(1, 400000) AS i"
phases = {
    "the shared scan": (endless, checks(("not_null", "t"), ("mean_between", "n", {"min_value": 0}))),
    "regular expressions": (endless, checks(*[("matches_regex", "t", {"regex": pattern + "|" + "z" * k}) for k in range(30)])),
    "regular expressions on long texts": ("SELECT repeat('abcdef0123x', 2000) AS t FROM generate_series(1, 10000000)", checks(*[("matches_regex", "t", {"regex": pattern + "|" + "z" * k}) for k in range(10)])),
    "conventions of texts": (endless, checks(("mixed_formats", "t"))),
    "a statement": (endless, checks(("unique", "t"))),
    "a second pass": (endless, checks(("outliers", "n"))),
    "reading near duplicates": ("SELECT a.n::text || 'x' AS t FROM line AS a, line AS b", checks(("near_duplicates", "t"))),
    "comparing near duplicates": (alike, checks(("near_duplicates", "t", {"similarity": 0.3}))),
}
for what, parameters in phases.items():
    # Comparing begins after reading, so it is given time to get there.
    limit = 4.0 if what.startswith("comparing") else 0.7
    check_ends(connection, what, "SELECT * FROM assay.validate(%s, %s)", parameters, limit)
# Each of these columns takes some ten milliseconds to compare.
wide = "SELECT {} FROM generate_series(1, 9000) AS i".format(", ".join(f"i * {2 * k + 1} %% 10007 AS c{k}" for k in range(200))).replace("%%", "%")
for what, parameters in {"reading for drift": ("line", endless), "comparing many columns": (wide, wide.replace("% 10007", "% 10007 + 500"))}.items():
    check_ends(connection, what, "SELECT * FROM assay.drift(%s, %s)", parameters, 0.7)
again = connection.execute("SELECT count(*) FROM assay.validate('line', '[{\"kind\": \"not_empty\"}]')").fetchone()[0]
check("the session goes on", again == 1, again)

sys.exit(promises.failed > 0)

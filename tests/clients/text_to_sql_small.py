"""A small model that is asked for SQL for real, at the address that is given. What it writes is its affair: what is looked at is that each question ends, soon, in a query that plans or in
problems after two corrections at most. Prints 'ok - NAME' or 'not ok - NAME' for each promise."""

import sys
import time

import psycopg

import promises
from promises import check

root = psycopg.connect("", autocommit=True)
root.execute("SET client_min_messages = error")
root.execute("""
CREATE TABLE small_sale (id int PRIMARY KEY, region text, price numeric);
INSERT INTO small_sale SELECT i, (ARRAY['north', 'south'])[1 + i % 2], i FROM generate_series(1, 1000) i; ANALYZE small_sale;
""")
root.execute(f"CREATE SERVER small FOREIGN DATA WRAPPER assay_http OPTIONS (base_url '{sys.argv[1]}', model 'smollm2-135m-instruct', timeout '120')")
root.execute("SELECT assay.register_remote('small', 'small', task => 'generation', max_tokens => 2048, request => '{\"temperature\": 0}')")
root.execute("SELECT assay.add_sql_example('How many sales are there?', 'SELECT count(*) FROM small_sale')")
calls = lambda: root.execute("SELECT calls FROM assay.endpoint_usage WHERE server = 'small'").fetchone()
planned = 0
for question in ("How many sales are there in each region?", "What is the highest price?", "Wie viele Verkäufe gibt es?", "'; DROP TABLE small_sale; --"):
    before, started = calls() or (0,), time.monotonic()
    try:
        found = root.execute("SELECT * FROM assay.text_to_sql(%s, 'small', ARRAY['small_sale'], '{\"max_tokens\": 200}')", (question,)).fetchone()
    except psycopg.Error as error:
        found = error
    took, asked = time.monotonic() - started, calls()[0] - before[0]
    print(f"# {question}: {found} ({asked} calls, {took:.1f} s)")
    # An answer that is no JSON, or cut off, is asked for once more, and then it is an error that says so.
    if isinstance(found, psycopg.Error):
        check(f"an answer that is none is an error of the model: {question}", found.sqlstate == "ML036" and asked <= 6, (found, asked))
    else:
        sql, explanation, cost, rows, problems = found
        plans = cost is not None and cost > 0 and rows is not None and problems == []
        fails = cost is None and rows is None and 1 <= len(problems) <= 3 and all(set(problem) == {"sql", "problem"} and problem["problem"] for problem in problems)
        planned += plans
        check(f"it ends in a query that plans, or in problems: {question}", isinstance(sql, str) and isinstance(explanation, str) and plans != fails and 1 <= asked <= 6, (found, asked))
        if plans:
            try:
                root.execute("SELECT assay.run_sql(%s)", (sql,))
                state = "00000"
            except psycopg.Error as error:
                state = error.sqlstate
            check(f"what plans may run: {question}", not state.startswith(("ML", "42")), (sql, state))
    check(f"within two minutes: {question}", took < 120, took)
print(f"# {planned} became queries")
check("nothing was changed", root.execute("SELECT count(*) FROM small_sale").fetchone() == (1000,))
rows = root.execute("SELECT question, verdict, value FROM assay.evaluate_text_to_sql('SELECT ''How many sales are there?'' AS question, ''SELECT count(*) FROM small_sale'' AS sql', 'small', ARRAY['small_sale'], '{\"max_tokens\": 200}')").fetchall()
check("it can be evaluated", len(rows) == 2 and rows[1][1] in ("right", "wrong", "failed"), rows)
sys.exit(promises.failed > 0)

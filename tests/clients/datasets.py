"""Training sets and adapters in bulk: whatever is being done with them ends within 100 ms of being out of time, what a backend holds stays near assay.max_memory, the near duplicates that
were planted are found, and an adapter is judged on questions of Cranfield that it was not learned from."""

import gzip
import json
import pathlib
import re
import sys
import time

import psycopg

import promises
from promises import check, check_ends_anywhere, undone

CRANFIELD = pathlib.Path("tests/data/cranfield")


def connect():
    connection = psycopg.connect("", autocommit=True, prepare_threshold=None)
    connection.execute("SET client_min_messages = error")
    return connection


connection = connect()
connection.execute("""CREATE FUNCTION words(seed bigint, count int) RETURNS text IMMUTABLE LANGUAGE sql AS $$
    SELECT string_agg('w' || (20000 * power(abs(hashint8extended(seed, i)) / 9.3e18, 3))::int, ' ' ORDER BY i) FROM generate_series(1, count) AS i $$""")
# Of 30,000 pairs each tenth is written again with a word changed, by somebody else.
connection.execute("""CREATE TABLE logged AS
    SELECT i AS id, 'customer ' || i % 3000 AS customer, words(i, 15) AS question, words(i + 1000000, 60) AS answer FROM generate_series(1, 30000) AS i""")
connection.execute("""INSERT INTO logged SELECT id + 100000, 'other ' || customer, question, regexp_replace(answer, '^(\\S+ ){7}', '\\1changed ')
    FROM logged WHERE id % 10 = 0""")
connection.execute("ANALYZE logged")
BUILD = "SELECT train + test, manifest -> 'dropped' FROM assay.build_dataset(%s, 'TABLE logged', %s)"
OPTIONS = {"columns": {"group": "customer"}, "test": 0.2}

began = time.monotonic()
rows, dropped = connection.execute(BUILD, ("logged", json.dumps(OPTIONS))).fetchone()
print(f"33,000 pairs took {time.monotonic() - began:.1f} s", file=sys.stderr)
found = dropped.get("near_duplicates", 0) + dropped.get("leaked", 0)
check("planted near duplicates are found, and nothing else", 2940 <= found <= 3000 and rows == 33000 - found, (rows, dropped))
leaked = connection.execute("""SELECT count(*) FROM (
    SELECT FROM assay.dataset_rows WHERE dataset = 'logged' GROUP BY messages #>> '{0,content}' HAVING count(DISTINCT part) > 1) AS q""").fetchone()[0]
check("no question of test is in train", leaked <= 10, leaked)
hashes = set()
for threads, workers in ((1, 0), (2, 4)):
    connection.execute(f"SET assay.threads = {threads}; SET max_parallel_workers_per_gather = {workers}; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0")
    hashes.add(connection.execute("SELECT hash FROM assay.build_dataset('logged', 'TABLE logged', %s)", (json.dumps(OPTIONS),)).fetchone()[0])
connection.execute("RESET ALL; SET client_min_messages = error")
check("the lines are the same on any number of threads, in any plan", len(hashes) == 1, hashes)

lines = connection.execute("SELECT seq, line FROM assay.export_jsonl('logged')").fetchall()
first = connection.execute("SELECT seq, line FROM assay.export_jsonl('logged') LIMIT 1000").fetchall()
rest = connection.execute("SELECT seq, line FROM assay.export_jsonl('logged', after => %s)", (first[-1][0],)).fetchall()
check("an export goes on where it stopped", first + rest == lines and [seq for seq, _ in lines] == list(range(1, len(lines) + 1)))
sound = all([message["role"] for message in json.loads(line)["messages"]] == ["user", "assistant"] for _, line in lines)
check("each line is a conversation", sound)
shared = [json.loads(line)["conversations"] for (line,) in connection.execute("SELECT line FROM assay.export_jsonl('logged', 'train', 'sharegpt')").fetchall()]
check("and one in the other format", [[said["from"] for said in one] for one in shared] == [["human", "gpt"]] * len(lines))

# An adapter on words' vectors of Cranfield.
documents = re.split(r"^\.I \d+\n", gzip.open(CRANFIELD / "cran.all.1400.gz", "rt").read(), flags=re.M)[1:]
questions = re.split(r"^\.I \d+\n", (CRANFIELD / "cran.qry").read_text(), flags=re.M)[1:]
field = lambda record, name: " ".join(re.findall(rf"^\.{name}\n(.*?)(?=^\.[A-Z]\n|\Z)", record, flags=re.M | re.S)).strip()
connection.execute("CREATE TABLE document (id int PRIMARY KEY, body text); CREATE TABLE judgement (question text, id int)")
with connection.cursor() as cursor:
    cursor.executemany("INSERT INTO document VALUES (%s, %s)", [(place, field(record, "T") + "\n" + field(record, "W")) for place, record in enumerate(documents, 1)])
    judged = [line.split() for line in (CRANFIELD / "cranqrel").read_text().splitlines()]
    cursor.executemany("INSERT INTO judgement VALUES (%s, %s)", [(field(questions[int(question) - 1], "W"), int(key)) for question, key, grade in judged if int(grade) > 0])
connection.execute("SELECT assay.train_tf_idf('counted', 'SELECT body FROM document', '{\"width\": 512, \"sublinear_tf\": true, \"min_df\": 2}')")
PAIRS = "SELECT question, body AS document FROM judgement JOIN document USING (id)"
COLLECTION = {"documents": "SELECT body FROM document"}
metrics = connection.execute("SELECT metrics FROM assay.train_adapter('cranfield', 'counted', %s, %s)", (PAIRS, json.dumps(COLLECTION))).fetchone()[0]
print("nDCG@10 on questions that nothing was learned from:", {name: metrics[name] for name in sorted(metrics)}, file=sys.stderr)
check("an adapter finds more of Cranfield than what is below it", metrics["documents"] == 1400 and metrics["ndcg"] > metrics["base_ndcg"], metrics)

for what, statement, parameters in (
    ("building a training set", BUILD, ("late", json.dumps(OPTIONS))),
    ("building one by pieces of single words", BUILD, ("late", json.dumps(OPTIONS | {"shingle_words": 1, "near_duplicates": 0.4}))),
    ("exporting lines", "SELECT count(*) FROM generate_series(1, 3), LATERAL assay.export_jsonl('logged') AS e", None),
    ("dropping one", undone("assay.drop_dataset('logged')"), None),
    ("learning an adapter", "SELECT assay.train_adapter('late', 'counted', %s, '{\"patience\": 1000, \"epochs\": 1000}', deploy => 'never')", (PAIRS,)),
    ("learning one of few columns", "SELECT assay.train_adapter('late', 'counted', %s, '{\"kind\": \"low_rank\", \"patience\": 1000, \"epochs\": 1000}', deploy => 'never')", (PAIRS,)),
):
    check_ends_anywhere(connection, what, statement, parameters, 3, longest=1)


def outcome(session, statement, parameters=None):
    try:
        session.execute(statement, parameters)
        return "done"
    except psycopg.Error as error:
        return error.sqlstate or "the connection was lost"


many = "SELECT ''q'' || i AS question, repeat(''word '' || i, 100) AS answer FROM generate_series(1, 1000000) AS i"
for what, statement, parameters, endings in (
    ("a million pairs", f"SELECT assay.build_dataset('late', '{many}')", None, ("53400",)),
    ("30,000 pairs", BUILD, ("late", json.dumps(OPTIONS)), ("done", "53400")),
    ("lines of 30,000 pairs", "SELECT count(*) FROM assay.export_jsonl('logged')", None, ("done",)),
    ("an adapter of a million pairs", f"SELECT assay.train_adapter('late', 'counted', '{many.replace('answer', 'document')}')", None, ("53400",)),
):
    with connect() as session:
        session.execute("SET assay.max_memory = '50MB'; SET max_parallel_workers_per_gather = 0")
        found = outcome(session, statement, parameters)
        with open(f"/proc/{session.info.backend_pid}/status") as status:
            numbers = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in status if line.startswith(("VmHWM", "RssShmem"))}
        held = numbers["VmHWM"] - numbers["RssShmem"]
        check(f"memory holds: {what}", found in endings and held < 200, f"{found}, {held:.0f} MB")
sys.exit(promises.failed > 0)

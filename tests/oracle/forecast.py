"""Golden answers of statsforecast and statsmodels for exponential smoothing and Theta: writes forecast.json.

pip install statsforecast==2.1.1 statsmodels==0.15.0
"""
import json
from pathlib import Path

import numpy as np
from statsforecast.ets import ets_f, forecast_ets
from statsforecast.theta import auto_theta, forecast_theta, thetamodel
from statsforecast.utils import AirPassengers
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.seasonal import seasonal_decompose

rng = np.random.default_rng(7)
walk = np.round(100 + np.cumsum(rng.normal(0.5, 2, 60)), 3)
quarters = np.round((50 + 0.8 * np.arange(48)) * np.tile([0.8, 1.1, 1.3, 0.8], 12) * rng.normal(1, 0.03, 48), 3)
negative = np.round(rng.normal(0, 3, 40), 3)
series = {"air": (AirPassengers, 12), "walk": (walk, 1), "quarters": (quarters, 4), "negative": (negative, 1)}


def numbers(values):
    return [float(v) for v in values]


def ets(name, model, damped):
    y, m = series[name]
    fit = ets_f(np.array(y, float), m, model=model, damped=damped)
    form = fit["components"]
    par = fit["par"]
    alpha, beta, gamma, phi = [0.0 if np.isnan(v) else float(v) for v in par[:4]]
    state = list(par[4:])
    trend, season = form[1] != "N", form[2] != "N"
    seasons = state[1 + trend:][::-1] if season else []
    return dict(
        series=name, form=form, alpha=alpha, beta=beta, gamma=gamma, phi=phi if form[3] == "D" else 1.0,
        level=float(state[0]), slope=float(state[1]) if trend else 0.0, seasons=numbers(seasons),
        loss=float(-2 * fit["loglik"]), aicc=float(fit["aicc"]), forecast=numbers(forecast_ets(fit, 8)["mean"]),
    )


def theta(name):
    y = np.array(series[name][0], float)
    fit = thetamodel(y, 1, "DOTM", float("nan"), float("nan"), float("nan"), 3)
    par = fit["par"]
    return dict(
        series=name, level=float(par["initial_smoothed"]), alpha=float(par["alpha"]), theta=float(par["theta"]),
        squares=float(np.sum(fit["residuals"][3:] ** 2)), forecast=numbers(forecast_theta(fit, 8)["mean"]),
    )


def seasonal(name, model):
    y, m = series[name]
    return dict(series=name, model=model, means=numbers(seasonal_decompose(np.array(y, float), model=model, period=m).seasonal[:m]))


def decomposes(name):
    y, m = series[name]
    return dict(series=name, decomposes=bool(auto_theta(np.array(y, float), m, model="DOTM")["decompose"]))


y, m = series["quarters"]
params = dict(smoothing_level=0.4, smoothing_trend=0.1, smoothing_seasonal=0.2, damping_trend=0.9)
model = ETSModel(np.array(y, float), error="add", trend="add", seasonal="add", damped_trend=True, seasonal_periods=4,
                 initialization_method="known", initial_level=50, initial_trend=0.7, initial_seasonal=[-10, 5, 15, -10])
fit = model.smooth([0.4, 0.1, 0.2, 0.9])
statsmodels = dict(squares=float(np.sum((np.array(y) - fit.fittedvalues) ** 2)), forecast=numbers(fit.forecast(8)))

golden = dict(
    series={name: dict(values=numbers(values), season=m) for name, (values, m) in series.items()},
    ets=[
        ets("air", "MAM", False), ets("air", "MAM", True), ets("air", "AAA", False), ets("air", "MNA", False),
        ets("quarters", "MAM", False), ets("quarters", "ANA", False), ets("walk", "ANN", False), ets("walk", "MAN", True),
        ets("negative", "AAN", True),
    ],
    chosen=[ets(name, "ZZZ", None) for name in series],
    theta=[theta("walk"), theta("negative")],
    seasonal=[seasonal("air", "multiplicative"), seasonal("air", "additive"), seasonal("quarters", "multiplicative")],
    decomposes=[decomposes("air"), decomposes("quarters")],
    statsmodels=statsmodels,
)
Path(__file__).with_suffix(".json").write_text(json.dumps(golden, indent=1) + "\n")

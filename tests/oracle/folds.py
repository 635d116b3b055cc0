"""Prints what scikit-learn reaches on the German credit data fold by fold, for the test models_cross_validate: a customer's fold is its number modulo 5.

Run from this folder: python folds.py
"""

import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import PredefinedSplit, cross_validate
from sklearn.naive_bayes import GaussianNB

table = pd.read_csv("../data/german_credit.csv")
folds = PredefinedSplit(table.customer_id % 5)
numbers = table[["duration_months", "installment_rate", "residence_since", "age", "existing_credits"]].astype(float)

def print_folds(name, model, target, scoring):
    scores = cross_validate(model, numbers, target, cv=folds, scoring=scoring)
    for metric in scoring:
        sign = -1 if scoring[metric].startswith("neg_") else 1
        values = sign * scores[f"test_{metric}"]
        for fold, value in enumerate([*values, np.mean(values)]):
            label = fold + 1 if fold < 5 else "NULL"
            print(f"    ('{name}', {label}, '{metric}', {value:.9f}),")

risky = table.is_risky.map({"t": 1, "f": 0, True: 1, False: 0, "true": 1, "false": 0})
errors = {"rmse": "neg_root_mean_squared_error", "mae": "neg_mean_absolute_error", "r2": "r2"}
classes = {"roc_auc": "roc_auc", "log_loss": "neg_log_loss", "accuracy": "accuracy"}
print_folds("linear_regression", LinearRegression(), table.credit_amount, errors)
print_folds("naive_bayes", GaussianNB(), risky, classes)
print_folds("logistic_regression", LogisticRegression(C=np.inf, max_iter=10000, tol=1e-10), risky, classes)

"""Compares calibrations of a classifier by scikit-learn's folds and SciPy, beta calibration (Kull et al. 2017) included.

Usage: python tools/bench/calibration.py <evaluation folder of a training with --calibration none>...

Fits on the unchanged validation images. Prints the log loss and the calibration error over 15 bins of equally many
images, cross-validated by patient, and both on the test split after a fit on all validation images.
"""

import csv
import pathlib
import sys

import numpy as np
from scipy.optimize import minimize
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedGroupKFold


def read(file):
    rows = list(csv.DictReader(file.open()))
    column = lambda name: np.array([float(row[name]) for row in rows])
    return column("label").astype(int), column("probability_1"), [row["patient"] for row in rows]


def features(method, p):
    p = np.clip(p, 1e-7, 1 - 1e-7)
    logit = np.log(p / (1 - p))
    return {
        "none": [],
        "temperature": [logit],
        "platt": [logit, np.ones_like(p)],
        "beta": [np.log(p), -np.log(1 - p), np.ones_like(p)],
    }[method]


def fit(method, p, y):
    if method == "none":
        return lambda q: q
    rows = features(method, p)
    constant = method in ("platt", "beta")

    # Slopes are positive; an offset is not.
    def weights(w):
        return np.append(np.exp(w[:-1]), w[-1]) if constant else np.exp(w)

    def loss(w):
        return np.logaddexp(0, (1 - 2 * y) * (weights(w) @ np.array(rows))).mean()

    found = weights(minimize(loss, np.zeros(len(rows))).x)
    return lambda q: 1 / (1 + np.exp(-found @ np.array(features(method, q))))


def error(y, p):
    bins = np.array_split(np.argsort(p, kind="stable"), 15)
    return sum(abs((p[b] - y[b]).sum()) for b in bins) / len(p)


for folder in map(pathlib.Path, sys.argv[1:]):
    y, p, patients = read(folder / "predictions-validation.csv")
    test, q, _ = read(folder / "predictions-test.csv")
    print(folder)
    for method in ("none", "temperature", "platt", "beta"):
        held = np.empty(len(p))
        for train, part in StratifiedGroupKFold(5, shuffle=True, random_state=0).split(p, y, patients):
            held[part] = fit(method, p[train], y[train])(p[part])
        after = fit(method, p, y)(q)
        print(
            f"  {method:12} validation log loss {log_loss(y, held):.4f} error {error(y, held):.4f}"
            f"   test log loss {log_loss(test, after):.4f} error {error(test, after):.4f}"
        )

"""Prints calibrations and calibration errors of made-up scores, as scikit-learn and SciPy find them.

Usage: python tools/goldens/calibration.py
"""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.calibration import _SigmoidCalibration

N = 210


def smoothed(labels, classes):
    counts = np.bincount(labels, minlength=classes)
    targets = np.empty((len(labels), classes))
    for i, label in enumerate(labels):
        targets[i] = 1 / (counts[label] + classes)
        targets[i, label] = (counts[label] + 1) / (counts[label] + classes)
    return targets


def temperature(logits, labels):
    targets = smoothed(labels, logits.shape[1])
    found = minimize_scalar(
        lambda s: -(targets * log_softmax(np.exp(s) * logits, axis=1)).sum(),
        bounds=(-6, 6),
        method="bounded",
        options={"xatol": 1e-12},
    )
    return np.exp(found.x)


def errors(p, y):
    order = np.argsort(p, kind="stable")
    mass = sum(abs((p[b] - y[b]).sum()) for b in np.array_split(order, 15)) / len(p)
    places = np.minimum((p * 15).astype(int), 14)
    width = sum(abs((p[places == b] - y[places == b]).sum()) for b in range(15)) / len(p)
    return mass, width


i = np.arange(N)
z = 1.5 * np.sin(i) + 0.7 * np.cos(3 * i)
y = (2 * np.sin(i) + np.cos(3 * i) + np.sin(7 * i) > -0.8).astype(int)
p = 1 / (1 + np.exp(-z))
platt = _SigmoidCalibration().fit(z, y)
print("platt: slope", -platt.a_, "offset", -platt.b_)
print("temperature:", temperature(np.stack([np.zeros(N), z], axis=1), y))
print("before, equal count and equal width:", *errors(p, y))
print("after platt:", *errors(platt.predict(z), y))

logits = np.stack([np.sin(i), np.cos(2 * i), np.sin(3 * i)], axis=1)
labels = np.argmax(logits + 0.5 * np.stack([np.cos(5 * i), np.sin(11 * i), np.cos(13 * i)], axis=1), axis=1)
print("temperature of three classes:", temperature(logits, labels))

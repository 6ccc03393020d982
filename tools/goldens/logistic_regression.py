"""Prints the coefficients that scikit-learn fits to the examples of LogisticRegressionTest.

Usage: python tools/goldens/logistic_regression.py
"""
import math

import numpy as np
from sklearn.linear_model import LogisticRegression

N = 60


def examples():
    rows, labels = [], []
    for i in range(N):
        a, b = math.sin(i), math.cos(3 * i)
        rows.append([a, b, a * b])
        labels.append(1 if a + 0.5 * b + 0.8 * math.sin(7 * i) > 0.2 else 0)
    return np.array(rows), np.array(labels)


if __name__ == "__main__":
    x, y = examples()
    for penalty in (0.5, 30.0):
        model = LogisticRegression(C=1 / penalty, tol=1e-12, max_iter=10000).fit(x, y)
        print(penalty, [f"{c:.6f}" for c in [*model.coef_[0], model.intercept_[0]]])

"""Writes the numbers that scikit-learn, SciPy and NumPy compute for an external validation.

Two sets of classified images with patients: their metrics (scikit-learn), the interval of the
difference (a bootstrap by patient in NumPy), Kolmogorov-Smirnov statistics (SciPy) and numbers of
patients of a planned evaluation (Wilson's interval and Hanley and McNeil's standard error, solved
with SciPy).

Usage: python tools/goldens/external.py [--check]
"""
import argparse
import json
import math
import sys
from pathlib import Path

import numpy as np
from scipy import optimize, stats
from sklearn import metrics

TARGET = Path(__file__).parents[2] / (
    "pipeline-core/src/test/resources/io/github/deepxray/core/metrics/external.json")
Z = stats.norm.ppf(0.975)


def images(count, shift, share):
    """Images whose numbers are functions of their index: equal on every machine."""
    rows = []
    for i in range(count):
        patient = i if i % 3 else max(0, i - 1)
        label = int((patient * 0.61803398875) % 1 < share)
        noise = math.sin(12.9898 * i + shift) * 43758.5453 % 1
        score = 0.5 * noise + (0.4 if label else 0.1) + 0.1 * shift
        rows.append({"patient": f"p{patient}", "label": label, "score": round(min(1, score), 3)})
    return rows


def values(rows, threshold, weights=None):
    y = np.array([r["label"] for r in rows])
    p = np.array([r["score"] for r in rows])
    d = (p >= threshold).astype(int)
    w = np.ones(len(y)) if weights is None else weights
    return {
        "auc": metrics.roc_auc_score(y, p, sample_weight=w),
        "brier": metrics.brier_score_loss(y, p, sample_weight=w),
        "accuracy": metrics.accuracy_score(y, d, sample_weight=w),
        "sensitivity": metrics.recall_score(y, d, sample_weight=w),
        "specificity": metrics.recall_score(y, d, pos_label=0, sample_weight=w),
        "precision": metrics.precision_score(y, d, sample_weight=w),
        "f1": metrics.f1_score(y, d, sample_weight=w),
        "matthews_correlation": metrics.matthews_corrcoef(y, d, sample_weight=w),
    }


def resampled(rows, threshold, random, times):
    patients = sorted({r["patient"] for r in rows})
    number = {p: i for i, p in enumerate(patients)}
    of = np.array([number[r["patient"]] for r in rows])
    result = []
    for _ in range(times):
        drawn = np.bincount(random.integers(len(patients), size=len(patients)),
                            minlength=len(patients))
        result.append(values(rows, threshold, drawn[of]))
    return result


def differences(reference, external, times=3000):
    random = np.random.default_rng(7)
    before = resampled(reference["rows"], reference["threshold"], random, times)
    after = resampled(external["rows"], external["threshold"], random, times)
    found = {}
    for name in ("auc", "accuracy", "sensitivity", "specificity"):
        deltas = [a[name] - b[name] for a, b in zip(after, before)]
        found[name] = [round(float(q), 4) for q in np.quantile(deltas, [0.025, 0.975])]
    return found


def wilson_width(share, n):
    """Width of scipy's Wilson interval, for any number of trials."""
    return 2 * Z / (1 + Z * Z / n) * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))


def share_size(share, width):
    # The formula is scipy's, which takes whole counts only.
    ci = stats.binomtest(380, 400).proportion_ci(method="wilson")
    assert abs(wilson_width(0.95, 400) - (ci.high - ci.low)) < 1e-12
    return math.ceil(optimize.brentq(lambda n: wilson_width(share, n) - width, 0.5, 1e9))


def standard_error(auc, with_disease, without):
    q1, q2 = auc / (2 - auc), 2 * auc ** 2 / (1 + auc)
    return math.sqrt((auc * (1 - auc) + (with_disease - 1) * (q1 - auc ** 2)
                      + (without - 1) * (q2 - auc ** 2)) / (with_disease * without))


def auc_size(auc, width, prevalence):
    n = 1
    while 2 * Z * standard_error(auc, n, math.ceil(n * (1 - prevalence) / prevalence)) > width:
        n += 1
    return [n, math.ceil(n * (1 - prevalence) / prevalence)]


def main():
    reference = {"threshold": 0.5, "rows": images(240, 0, 0.6)}
    external = {"threshold": 0.45, "rows": images(150, 1, 0.3)}
    scores = [[r["score"] for r in of["rows"]] for of in (reference, external)]
    ks_cases = [scores, [[1, 2, 2, 3], [2, 3, 3, 4]], [[0, 0, 0], [1, 1]], [[0.5], [0.5]]]
    return {
        "reference": reference,
        "external": external,
        "reference_metrics": values(reference["rows"], reference["threshold"]),
        "external_metrics": values(external["rows"], external["threshold"]),
        "differences": differences(reference, external),
        "kolmogorov_smirnov": [
            {"a": a, "b": b, "statistic": float(stats.ks_2samp(a, b).statistic)}
            for a, b in ks_cases],
        "ks_quantile": float(stats.kstwobign.ppf(0.95)),
        "chi_square": float(stats.chi2.ppf(0.95, 9)),
        "shares": [[p, w, share_size(p, w)]
                   for p, w in ((0.95, 0.05), (0.88, 0.05), (0.5, 0.1), (1.0, 0.1), (0.9, 0.2))],
        "aucs": [[a, w, p] + auc_size(a, w, p)
                 for a, w, p in ((0.98, 0.05, 0.3), (0.8, 0.1, 0.5), (0.9, 0.1, 0.1))],
        "standard_error": [0.85, 50, 80, standard_error(0.85, 50, 80)],
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    text = json.dumps(main(), indent=1, sort_keys=True) + "\n"
    if check:
        sys.exit(0 if TARGET.read_text() == text else f"{TARGET} differs")
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(text)

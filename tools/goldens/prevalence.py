"""Writes prevalences that the EM algorithm of Saerens et al. (2002) finds without labels.

As in the paper's experiment on artificial data, the classes are two normal distributions with known
posterior probabilities, and the new images have another prevalence. The paper's EM is run in NumPy
until it stops moving; SciPy finds the maximum of the likelihood, too. The new images are quantiles
of the distributions instead of random numbers, so that they are the same on every machine.

Usage: python tools/goldens/prevalence.py [--check]
"""
import argparse
import json
import sys
from pathlib import Path

import numpy as np
from scipy import optimize, stats

TARGET = Path(__file__).parents[2] / (
    "pipeline-core/src/test/resources/io/github/deepxray/core/metrics/prevalence.json")
MEANS, DEVIATION = (0.0, 1.8), 1.0


def quantiles(count, mean):
    return mean + DEVIATION * stats.norm.ppf((np.arange(count) + 0.5) / count)


def posterior(x, prior):
    a = prior * stats.norm.pdf(x, MEANS[1], DEVIATION)
    b = (1 - prior) * stats.norm.pdf(x, MEANS[0], DEVIATION)
    return a / (a + b)


def em(p, prior, weights=None):
    """The iteration of the paper: posterior probabilities, then their mean."""
    weights = np.ones(len(p)) if weights is None else weights
    share = prior
    for _ in range(100000):
        a = share / prior * p
        b = (1 - share) / (1 - prior) * (1 - p)
        new = np.average(a / (a + b), weights=weights)
        if abs(new - share) < 1e-14:
            return new
        share = new
    return share


def log_likelihood(p, prior, share):
    return np.log(share / prior * p + (1 - share) / (1 - prior) * (1 - p)).sum()


def case(prior, negatives, positives):
    x = np.concatenate([quantiles(negatives, MEANS[0]), quantiles(positives, MEANS[1])])
    p = np.round(posterior(x, prior), 9)
    share = em(p, prior)
    best = optimize.minimize_scalar(
        lambda s: -log_likelihood(p, prior, s), bounds=(1e-9, 1 - 1e-9), method="bounded",
        options={"xatol": 1e-12})
    assert abs(best.x - share) < 1e-6, (best.x, share)
    ratio = 2 * (log_likelihood(p, prior, share) - log_likelihood(p, prior, prior))
    rng = np.random.default_rng(0)
    draws = []
    for _ in range(2000):
        w = np.bincount(rng.integers(0, len(p), len(p)), minlength=len(p))
        draws.append(em(p[w > 0], prior, w[w > 0]))
    low, high = np.quantile(draws, [0.025, 0.975])
    return {
        "calibrated": prior,
        "truth": positives / (positives + negatives),
        "probabilities": p.tolist(),
        "prevalence": share,
        "low": low,
        "high": high,
        "likelihood_ratio": ratio,
        "limit": stats.chi2.ppf(0.95, 1),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    cases = [case(0.5, 160, 40), case(0.74, 180, 20), case(0.3, 20, 80), case(0.5, 50, 50)]
    text = json.dumps({"cases": cases}, indent=1) + "\n"
    if not arguments.check:
        TARGET.write_text(text)
        return 0
    old = json.loads(TARGET.read_text())["cases"]
    keys = ["prevalence", "likelihood_ratio", "low", "high"]
    good = all(np.allclose([a[k] for k in keys], [b[k] for k in keys], atol=1e-8)
               for a, b in zip(old, cases))
    print("equal" if good else "different")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

"""Specificity on the test split at one sensitivity, for each experiment of repeat or compare.

    python3 tools/bench/matched.py <folder> [--sensitivity 0.932]

Any Python 3. The threshold is read off the test split, so that models can be compared at the same
sensitivity; it is no threshold for use. The default sensitivity is that of Kermany et al. 2018.
"""

import argparse
import csv
import math
import pathlib
import statistics


def specificity(file, sensitivity):
    """Share of negatives below the highest threshold that finds the share of positives."""
    with open(file, newline="") as lines:
        rows = list(csv.DictReader(lines))
    positives = sorted(float(row["probability_1"]) for row in rows if row["label"] == "1")
    negatives = [float(row["probability_1"]) for row in rows if row["label"] == "0"]
    missed = math.floor(len(positives) * (1 - sensitivity) + 1e-9)
    return sum(score < positives[missed] for score in negatives) / len(negatives)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path, help="output folder of repeat or compare")
    parser.add_argument("--sensitivity", type=float, default=0.932)
    options = parser.parse_args()
    print(f"| experiment | seeds | specificity at sensitivity {options.sensitivity} |")
    print("|---|---|---|")
    for experiment in sorted((options.folder / "experiments").iterdir()):
        files = sorted(experiment.glob("*/evaluation/predictions-test.csv"))
        if files:
            values = [specificity(file, options.sensitivity) for file in files]
            spread = f" ± {statistics.stdev(values):.4f}" if len(values) > 1 else ""
            print(f"| {experiment.name} | {len(values)} | {statistics.fmean(values):.4f}{spread} |")


if __name__ == "__main__":
    main()

"""Sums up what tools/bench/seeds.sh trained: test metrics of each seed, mean, and every artifact.

    python3 tools/bench/seeds.py <folder>

Any Python 3. Differences of a model are against the fine-tuned one of the same seed; those of an
artifact against its own trained model, as its gate measured them, and in the last column of AUC
against the fine-tuned model of the same seed, of each file.
"""

import argparse
import collections
import json
import pathlib
import re
import statistics
import sys

METRICS = ("auc", "accuracy", "sensitivity", "specificity")
REFERENCE = "tuned"
NAME = re.compile(r"(?P<model>[a-z][a-z0-9-]*?)-(?P<seed>\d+)(-(?P<calibration>\d+))?")


def read(folder):
    """Test metrics by name at the threshold chosen on validation, or None."""
    file = folder / "evaluation" / "metrics.json"
    if not file.is_file():
        return None
    test = json.loads(file.read_text())["splits"]["test"]
    decided = test["decisions"]["validation"]["measurements"]["overall"]
    overall = {**test["probabilities"]["overall"], **decided}
    return {name: overall[name]["value"] for name in METRICS}


def artifacts(folder):
    file = folder / "bundle" / "artifacts.json"
    return json.loads(file.read_text())["artifacts"] if file.is_file() else []


def mean(values):
    text = f"{statistics.fmean(values):.4f}"
    return text + (f" ± {statistics.stdev(values):.4f}" if len(values) > 1 else "")


def models(runs):
    """A row for each trained model, then one for the mean of its seeds."""
    groups = collections.defaultdict(dict)
    for (model, seed, calibration), folder in runs.items():
        metrics = read(folder)
        # Every calibration of a model is of the same trained one.
        if metrics and calibration is None:
            groups[model][seed] = metrics
    print("| model | seed | " + " | ".join(METRICS) + " | AUC - " + REFERENCE + " |")
    print("|---|---|" + "---|" * len(METRICS) + "---|")
    for model, seeds in groups.items():
        differences = []
        for seed, metrics in seeds.items():
            cells = [f"{metrics[name]:.4f}" for name in METRICS]
            other = groups.get(REFERENCE, {}).get(seed)
            difference = metrics["auc"] - other["auc"] if other else None
            if difference is not None:
                differences.append(difference)
            cells.append("-" if difference is None else f"{difference:+.4f}")
            print(f"| {model} | {seed} | " + " | ".join(cells) + " |")
        cells = [mean([m[name] for m in seeds.values()]) for name in METRICS]
        cells.append(f"{statistics.fmean(differences):+.4f}" if differences else "-")
        print(f"| {model} | mean | " + " | ".join(cells) + " |")


def files(runs):
    """A row for each artifact of each model: sizes of one, differences over all seeds."""
    groups = collections.defaultdict(list)
    against = collections.defaultdict(list)
    for (model, seed, _), folder in runs.items():
        reference = runs.get((REFERENCE, seed, None))
        metrics = reference and read(reference)
        for artifact in artifacts(folder):
            key = model, artifact["artifact"]
            groups[key].append(artifact)
            test = artifact["verdict"]["splits"].get("test")
            if metrics and test:
                against[key].append(f"{test['metrics']['auc']['value'] - metrics['auc']:+.4f}")
    print(
        "| model | artifact | n | bytes | gzip | mean \\|dAUC\\| | max \\|dAUC\\| | mean \\|daccuracy\\| |"
        " max \\|daccuracy\\| | least correlation | refused | AUC - " + REFERENCE + " |\n|---|---|" + "---:|" * 9 + "---|"
    )
    for (model, name), group in groups.items():
        tests = [a["verdict"]["splits"].get("test") for a in group]
        tests = [test for test in tests if test]
        if not tests:
            continue
        cells = [len(group)] + [
            f"{statistics.fmean(a['size'][kind] for a in group):,.0f}" for kind in ("raw", "gzip")
        ]
        for field in ("auc", "accuracy"):
            values = [abs(test["differences"][field]["value"]) for test in tests]
            cells += [f"{statistics.fmean(values):.4f}", f"{max(values):.4f}"]
        correlations = [test["correlation"] for test in tests]
        cells.append(f"{min(map(float, correlations)):.4f}")
        cells.append(sum(bool(a["verdict"]["objections"]) for a in group))
        cells.append(" ".join(against[model, name]) or "-")
        print(f"| {model} | {name} | " + " | ".join(map(str, cells)) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    args = parser.parse_args()
    if not args.folder.is_dir():
        parser.error(f"there is no folder {args.folder}")
    runs = {}
    for folder in sorted(args.folder.iterdir()):
        match = NAME.fullmatch(folder.name)
        if match and folder.is_dir():
            runs[match["model"], match["seed"], match["calibration"]] = folder
    if not runs:
        parser.error(f"{args.folder} holds nothing that seeds.sh made")
    models(runs)
    print()
    files(runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())

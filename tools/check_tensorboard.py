"""Checks the event files of a run with TensorBoard, which wrote none of them.

    python tools/check_tensorboard.py <out> [--port 0]

<out> is the folder that was given to a command with --out. Reads <out>/tensorboard with
TensorBoard's own reader and its plugins' parsers, and compares what is in it with history.csv,
metrics.json and the predictions. Then starts TensorBoard on loopback and asks it over HTTP for
every kind of data that its pages show. The exit code is 1 if anything failed.
"""

import argparse
import csv
import io
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np
import tensorboard
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata as hparams_metadata
from tensorboard.plugins.pr_curve import metadata as pr_curve_metadata
from tensorboard.plugins.pr_curve import summary as pr_curve_summary
from tensorboard.util import tensor_util

STAGES = ("train", "prune", "finetune")
SPLITS = ("validation", "test")
# The reader keeps a sample unless told to keep all.
ALL = {"scalars": 0, "histograms": 0, "images": 0, "tensors": 0, "compressedHistograms": 0}
START_SECONDS = 900


class Checks:
    """Prints each check as it is made and remembers whether one failed."""

    def __init__(self):
        self.failed = 0

    def check(self, ok, what):
        print(f"  {'ok  ' if ok else 'FAIL'}  {what}", flush=True)
        self.failed += not ok
        return ok


def close(a, b):
    return np.allclose(a, b, rtol=1e-5, atol=1e-7)


# ---- the files ---------------------------------------------------------------------------------


def check_stage(checks, out, stage):
    events = EventAccumulator(str(out / "tensorboard" / stage), ALL).Reload()
    with open(out / stage / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    scalars = events.Tags()["scalars"]
    for column in rows[0].keys() - {"epoch"}:
        points = events.Scalars(f"epoch/{column}")
        checks.check(
            [point.step for point in points] == [int(row["epoch"]) for row in rows]
            and close([point.value for point in points], [float(row[column]) for row in rows]),
            f"{stage}: epoch/{column} is that of history.csv, {len(points)} epochs",
        )
    pruned = json.loads((out / stage / "training.json").read_text()).get("pruning")
    if stage == "finetune" and "epoch/sparsity" in scalars:
        last = events.Scalars("epoch/sparsity")[-1].value
        checks.check(pruned is not None, f"{stage}: epoch/sparsity ends at {last:.3f}")
    tags = [tag for tag in events.Tags()["histograms"] if tag.startswith("weights/")]
    counts = [
        sum(events.Histograms(tag)[0].histogram_value.bucket)
        == events.Histograms(tag)[0].histogram_value.num
        for tag in tags
    ]
    checks.check(tags and all(counts), f"{stage}: histograms of {len(tags)} tensors")


def predictions(out, split):
    with open(out / "evaluation" / f"predictions-{split}.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    labels = np.array([int(row["label"]) for row in rows])
    classes = sum(name.startswith("probability_") for name in rows[0])
    scores = [[float(row[f"probability_{c}"]) for c in range(classes)] for row in rows]
    return rows, labels, np.array(scores)


def check_evaluation(checks, out):
    events = EventAccumulator(str(out / "tensorboard" / "evaluation"), ALL).Reload()
    metrics = json.loads((out / "evaluation" / "metrics.json").read_text())
    classes = metrics["classes"]
    for split in SPLITS:
        whole = metrics["splits"][split]
        decided = whole["decisions"]
        at = decided.get("validation") or decided["most probable"]
        overall = {**whole["probabilities"]["overall"], **at["measurements"]["overall"]}
        for metric, measured in overall.items():
            value = events.Scalars(f"{split}/{metric}")[0].value
            checks.check(close(value, measured["value"]), f"{split}/{metric} {value:.4f}")
        for label in [1] if len(classes) == 2 else range(len(classes)):
            check_curve(checks, events, out, split, label, classes[label])
        check_mistakes(checks, events, out, split, classes, at.get("threshold"))
    check_embeddings(checks, events, out)
    check_hyper_parameters(checks, events)


def check_curve(checks, events, out, split, label, name):
    rows, labels, scores = predictions(out, split)
    tag = f"precision_recall/{split} {name}"
    content = events.SummaryMetadata(tag).plugin_data.content
    thresholds = pr_curve_metadata.parse_plugin_metadata(content).num_thresholds
    ours = tensor_util.make_ndarray(events.Tensors(tag)[0].tensor_proto)
    theirs = tensor_util.make_ndarray(
        pr_curve_summary.pb(
            "curve", labels == label, scores[:, label], num_thresholds=thresholds
        )
        .value[0]
        .tensor
    )
    checks.check(
        ours.shape == theirs.shape and close(ours, theirs),
        f"{split} {name}: the curve is the one that TensorBoard's own code makes of {len(rows)}"
        f" predictions, {thresholds} thresholds, difference {np.abs(ours - theirs).max():.1e}",
    )


def check_mistakes(checks, events, out, split, classes, threshold):
    rows, labels, scores = predictions(out, split)
    decided = scores.argmax(axis=1) if threshold is None else (scores[:, 1] >= threshold).astype(int)
    most = max(1, 24 // len(classes))
    for label, name in enumerate(classes[:24]):
        group = f"mistakes_{split}/{name}"
        wrong = (labels == label) & (decided != label)
        tags = sorted(tag for tag in events.Tags()["images"] if tag.startswith(group + " "))
        worst = sorted(-scores[wrong, decided[wrong]])[: len(tags)]
        shown = [-float(tag.split("p=")[1].split(" ")[0]) for tag in tags]
        ok = len(tags) == min(most, wrong.sum()) and np.allclose(shown, worst, atol=6e-5)
        for tag in tags:
            value = events.Images(tag)[0]
            image = Image.open(io.BytesIO(value.encoded_image_string))
            ok = ok and image.size == (value.width, value.height)
        checks.check(ok, f"{group}: {len(tags)} images of {wrong.sum()}")


def check_embeddings(checks, events, out):
    for split in SPLITS:
        rows, _, _ = predictions(out, split)
        for slice_ in sorted({row["slice"] for row in rows}):
            count = sum(row["slice"] == slice_ for row in rows)
            histogram = events.Histograms(f"embeddings/{split}_{slice_}")[0].histogram_value
            checks.check(
                histogram.num % count == 0 and histogram.num > 0,
                f"embeddings/{split}_{slice_}: {count} images, {histogram.num / count:.0f} features",
            )


def check_hyper_parameters(checks, events):
    tags = events.Tags()["tensors"]
    start = hparams_metadata.parse_session_start_info_plugin_data(
        events.SummaryMetadata(hparams_metadata.SESSION_START_INFO_TAG).plugin_data.content
    )
    end = hparams_metadata.parse_session_end_info_plugin_data(
        events.SummaryMetadata(hparams_metadata.SESSION_END_INFO_TAG).plugin_data.content
    )
    kinds = {value.WhichOneof("kind") for value in start.hparams.values()}
    checks.check(
        hparams_metadata.SESSION_END_INFO_TAG in tags and start.hparams and end.status == 1,
        f"{len(start.hparams)} hyper-parameters ({', '.join(sorted(kinds))}), status success",
    )


# ---- the program -------------------------------------------------------------------------------


class TensorBoard:
    """TensorBoard on loopback."""

    def __init__(self, folder, port):
        self.port = port or free_port()
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tensorboard.main", "--logdir", str(folder)]
            + ["--host", "127.0.0.1", "--port", str(self.port)],
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )

    def get(self, path, body=None, **query):
        url = f"http://127.0.0.1:{self.port}/data/{path}?{urllib.parse.urlencode(query)}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.read()

    def json(self, path, body=None, **query):
        return json.loads(self.get(path, body, **query))

    def wait(self, runs):
        """Until it answers and has found these runs."""
        end = time.time() + START_SECONDS
        while time.time() < end and self.process.poll() is None:
            try:
                if runs <= set(self.json("runs")):
                    return
            except OSError:
                pass
            time.sleep(1)
        self.log.seek(0)
        raise SystemExit("TensorBoard did not come up:\n" + self.log.read().decode())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def check_served(checks, board, stages):
    scalars = board.json("plugin/scalars/tags")
    for run in stages + ["evaluation"]:
        checks.check(scalars.get(run), f"/data/plugin/scalars/tags: {run}, {len(scalars[run])} tags")
    points = board.json("plugin/scalars/scalars", run=stages[0], tag="epoch/loss")
    checks.check(len(points) > 1, f"/data/plugin/scalars/scalars: {len(points)} points of a loss")
    histograms = board.json("plugin/histograms/tags")
    for run in stages + ["evaluation"]:
        tags = sorted(histograms[run])
        data = board.json("plugin/histograms/histograms", run=run, tag=tags[0])
        checks.check(
            len(data[0][2]) > 0,
            f"/data/plugin/histograms: {run}, {len(tags)} tags, {tags[0]} in {len(data[0][2])}"
            " buckets",
        )
    images = board.json("plugin/images/tags").get("evaluation", {})
    kinds = set()
    for tag in sorted(images):
        (meta,) = board.json("plugin/images/images", run="evaluation", tag=tag, sample=0)
        query = dict(urllib.parse.parse_qsl(meta["query"]))
        image = Image.open(io.BytesIO(board.get("plugin/images/individualImage", **query)))
        image.load()
        kinds.add(f"{image.format} {image.width}x{image.height}")
    if images:
        checks.check(
            len(kinds) == 1,
            f"/data/plugin/images: {len(images)} tags such as '{min(images)}', each a"
            f" {', '.join(kinds)}",
        )
    curves = board.json("plugin/pr_curves/tags")
    for tag in curves["evaluation"]:
        curve = board.json("plugin/pr_curves/pr_curves", run="evaluation", tag=tag)
        entry = curve["evaluation"][0]
        checks.check(
            len(entry["precision"]) == len(entry["recall"]) > 1 and max(entry["recall"]) == 1,
            f"/data/plugin/pr_curves: {tag}, {len(entry['precision'])} points",
        )
    experiment = board.json("plugin/hparams/experiment", body={})
    names = [info["name"] for info in experiment["hparamInfos"]]
    columns = [info["name"] for info in experiment["metricInfos"]]
    checks.check(
        names and {"tag": "test/auc", "group": ""} in columns,
        f"/data/plugin/hparams/experiment: {len(names)} hyper-parameters, {len(columns)} metrics",
    )
    groups = board.json(
        "plugin/hparams/session_groups",
        body={
            "startIndex": 0,
            "sliceSize": 10,
            "colParams": [{"metric": {"tag": "test/auc", "group": ""}, "includeInResult": True}],
            "allowedStatuses": ["STATUS_SUCCESS"],
        },
    )["sessionGroups"]
    values = {value["name"]["tag"]: value["value"] for value in groups[0]["metricValues"]}
    checks.check(
        len(groups) == 1 and "test/auc" in values,
        f"/data/plugin/hparams/session_groups: {len(groups)} session,"
        f" test/auc {values.get('test/auc')}",
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--port", type=int, default=0, help="TensorBoard's; default: a free one")
    arguments = parser.parse_args()
    folder = arguments.out / "tensorboard"
    if not folder.is_dir():
        parser.error(f"there is no {folder}")
    stages = [stage for stage in STAGES if (folder / stage).is_dir()]
    checks = Checks()
    print(f"TensorBoard {tensorboard.__version__}, its reader on {folder}")
    for stage in stages:
        check_stage(checks, arguments.out, stage)
    check_evaluation(checks, arguments.out)
    with TensorBoard(folder, arguments.port) as board:
        print(f"TensorBoard at http://127.0.0.1:{board.port}")
        board.wait({*stages, "evaluation"})
        check_served(checks, board, stages)
    print(f"{checks.failed} checks failed" if checks.failed else "all checks passed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())

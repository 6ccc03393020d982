"""Checks a tracked run with a real MLflow server, on loopback.

    python tools/check_mlflow.py --out <out> -- <command that runs deepxray run --out <out>>

Starts an MLflow server in a temporary folder, runs the command with --mlflow and that server's
address, and reads back with MLflow's Python client what arrived: options, the metrics of every
epoch, the bundle's bytes, the registered model, which is loaded where TensorFlow is installed.
Then runs the command again with the server stopped: it must end with 0 and one line of warning.
Needs `pip install mlflow`, best in an environment of its own. The exit code is 1 if anything failed.
"""

import argparse
import csv
import hashlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import mlflow
import numpy as np
import yaml
from mlflow.artifacts import download_artifacts

EXPERIMENT = "check"
MODEL = "deepxray"
# Options that say where files are and who watches.
PLACES = {"out", "cache", "data", "weights", "tensorboard", "mlflow", "mlflow-experiment"}
STAGES = ("train", "prune", "finetune")
START_SECONDS = 900


class Checks:
    """Prints each check as it is made and remembers whether one failed."""

    def __init__(self):
        self.failed = 0

    def check(self, ok, what):
        print(f"  {'ok  ' if ok else 'FAIL'}  {what}", flush=True)
        self.failed += not ok
        return ok


class Server:
    """An MLflow server that keeps everything in one folder."""

    def __init__(self, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        self.log = open(folder / "server.log", "w+b")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
            + ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--workers", "1"]
            + ["--artifacts-destination", str(folder / "artifacts")],
            cwd=folder,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        end = time.time() + START_SECONDS
        while time.time() < end and self.process.poll() is None:
            try:
                urllib.request.urlopen(self.address + "/health", timeout=10)
                return
            except OSError:
                time.sleep(1)
        self.log.seek(0)
        raise SystemExit("MLflow did not come up:\n" + self.log.read().decode())

    def stop(self):
        # Its workers are its children, in a session of their own.
        os.killpg(self.process.pid, 15)
        self.process.wait()


def run(command, address):
    """The command with this server: exit code and what it said."""
    return subprocess.run(
        command + ["--mlflow", address, "--mlflow-experiment", EXPERIMENT],
        capture_output=True,
        text=True,
        check=False,
    )


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def check_run(checks, client, out):
    experiment = client.get_experiment_by_name(EXPERIMENT)
    runs = client.search_runs([experiment.experiment_id])
    if not checks.check(len(runs) == 1, f"{len(runs)} run in the experiment"):
        return None
    found = runs[0]
    checks.check(
        found.info.status == "FINISHED", f"'{found.info.run_name}' is {found.info.status}"
    )
    options = yaml.safe_load((out / "run.yaml").read_text())
    names = options.keys() - PLACES
    checks.check(
        found.data.params.keys() == names and found.data.params["seed"] == str(options["seed"]),
        f"{len(found.data.params)} parameters, those of run.yaml",
    )
    for stage in STAGES:
        if not (out / stage / "history.csv").is_file():
            continue
        with open(out / stage / "history.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        for column in rows[0].keys() - {"epoch"}:
            history = sorted(
                client.get_metric_history(found.info.run_id, f"{stage}/{column}"),
                key=lambda metric: metric.step,
            )
            checks.check(
                [m.step for m in history] == [int(row["epoch"]) for row in rows]
                and [m.value for m in history] == [float(row[column]) for row in rows],
                f"{stage}/{column}: {len(history)} epochs, those of history.csv",
            )
    metrics = json.loads((out / "evaluation" / "metrics.json").read_text())
    for split in ("validation", "test"):
        checks.check(
            found.data.metrics[f"{split}/auc"]
            == metrics["splits"][split]["probabilities"]["overall"]["auc"]["value"],
            f"{split}/auc {found.data.metrics[f'{split}/auc']:.4f}, that of metrics.json",
        )
    return found


def check_bundle(checks, client, found, out):
    bundle = out / "bundle"
    local = pathlib.Path(
        download_artifacts(run_id=found.info.run_id, artifact_path="bundle")
    )
    ours = {str(p.relative_to(bundle)): sha256(p) for p in bundle.rglob("*") if p.is_file()}
    theirs = {str(p.relative_to(local)): sha256(p) for p in local.rglob("*") if p.is_file()}
    theirs.pop("MLmodel", None)
    checks.check(ours == theirs, f"{len(theirs)} artifacts, the bundle's files byte for byte")
    versions = client.search_model_versions(f"name='{MODEL}'")
    checks.check(
        len(versions) == 1 and versions[0].run_id == found.info.run_id,
        f"{len(versions)} version of the registered model {MODEL}",
    )
    uri = f"models:/{MODEL}/{versions[0].version}"
    info = mlflow.models.get_model_info(uri)
    checks.check(
        set(info.flavors) == {"tensorflow", "python_function"},
        f"{uri} has the flavours {', '.join(sorted(info.flavors))} and reads"
        f" {info.signature.inputs}",
    )
    try:
        import tensorflow as tf
    except ImportError:
        print("  skip  TensorFlow is not installed: the model is not run")
        return
    images = np.random.default_rng(0).uniform(0, 255, (2, 224, 224, 3)).astype(np.float32)
    served = tf.saved_model.load(str(bundle / "saved_model" / "1"))
    direct = served.signatures["serving_default"](tf.constant(images))
    model = mlflow.pyfunc.load_model(uri)
    (name,) = [column.name for column in info.signature.inputs]
    outputs = model.predict({name: images})
    for output, values in direct.items():
        difference = np.abs(np.ravel(outputs[output]) - np.ravel(values)).max()
        checks.check(
            difference < 1e-6,
            f"mlflow.pyfunc gives what the SavedModel gives, {output}, difference {difference:.1e}",
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--once", action="store_true", help="do not run it again without the server")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    command = [part for part in arguments.command if part != "--"]
    if not command:
        parser.error("the command is missing")
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(pathlib.Path(folder))
        try:
            print(f"MLflow {mlflow.__version__} at {server.address}", flush=True)
            done = run(command, server.address)
            checks.check(done.returncode == 0, f"the run ended with {done.returncode}")
            checks.check("MLflow" not in done.stderr, "no warning")
            page = [line for line in done.stdout.splitlines() if line.startswith("MLflow: ")]
            checks.check(len(page) == 1, page[0] if page else done.stdout + done.stderr)
            mlflow.set_tracking_uri(server.address)
            client = mlflow.MlflowClient()
            found = check_run(checks, client, arguments.out)
            if found:
                check_bundle(checks, client, found, arguments.out)
        finally:
            server.stop()
        if not arguments.once:
            print("the same without the server", flush=True)
            done = run(command, server.address)
            warnings = [line for line in done.stderr.splitlines() if "MLflow" in line]
            checks.check(done.returncode == 0, f"the run ended with {done.returncode}")
            checks.check(len(warnings) == 1, "; ".join(warnings) or "no warning")
    print(f"{checks.failed} checks failed" if checks.failed else "all checks passed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())

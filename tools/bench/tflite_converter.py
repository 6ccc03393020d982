"""Our quantized .tflite files beside those that TensorFlow's converter makes of the same bundle.

    python tools/bench/tflite_converter.py <bundle> --data <folder of TFRecord shards>

Converts saved_model/1 with dynamic range and in full int8 (calibrated on the images that
--calibration names, or on as many training images spread evenly over the shards), and prints for each file its size, its operators, how long
one image takes on one thread (LiteRT with XNNPACK, all files in turns) and, unless --no-accuracy,
AUC on the test split and the correlation with the float32 file's probabilities.
"""

import argparse
import collections
import os
import pathlib
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import check_bundle
from check_bundle import SIZE

FLOAT32 = "ours, float32"


def pixels(sample):
    """float32 [1, SIZE, SIZE, 3], 0..255, as the product decodes and resizes."""
    return check_bundle.to_input(sample.data)[None]


def convert(bundle, calibration):
    """The converter's files by name."""
    model = tf.saved_model.load(str(bundle / "saved_model" / "1"), tags=["serve"])
    serving = model.signatures["serving_default"]

    @tf.function(input_signature=[tf.TensorSpec([1, SIZE, SIZE, 3], tf.float32, name="images")])
    def one(images):
        return serving(images=images)

    def converter():
        made = tf.lite.TFLiteConverter.from_concrete_functions(
            [one.get_concrete_function()], model
        )
        made.optimizations = [tf.lite.Optimize.DEFAULT]
        return made

    int8 = converter()
    int8.representative_dataset = lambda: ([image] for image in calibration)
    int8.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    return {
        "converter, dynamic": converter().convert(),
        "converter, int8": int8.convert(),
    }


def operators(content):
    names = {v: k for k, v in vars(schema.BuiltinOperator).items() if isinstance(v, int)}
    model = schema.Model.GetRootAs(content, 0)
    graph = model.Subgraphs(0)
    counts = collections.Counter()
    for i in range(graph.OperatorsLength()):
        code = model.OperatorCodes(graph.Operators(i).OpcodeIndex())
        counts[names[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]] += 1
    return counts


def latencies(interpreters, turns, calls):
    """Milliseconds of an image by file, one row a turn."""
    rows = {name: [] for name in interpreters}
    for turn in range(-1, turns):
        for name, interpreter in interpreters.items():
            start = time.perf_counter()
            for _ in range(calls):
                interpreter.invoke()
            if turn >= 0:
                rows[name].append((time.perf_counter() - start) / calls * 1e3)
    return rows


def probabilities(interpreter, images):
    given = interpreter.get_input_details()[0]["index"]
    written = interpreter.get_output_details()[0]["index"]
    found = []
    for image in images:
        interpreter.set_tensor(given, image)
        interpreter.invoke()
        found.append(float(interpreter.get_tensor(written).ravel()[0]))
    return np.array(found)


def chosen(train, args):
    """The training images to calibrate on."""
    if args.calibration is None:
        step = max(1, len(train) // args.calibration_images)
        return train[::step][: args.calibration_images]
    names = set(args.calibration.read_text().splitlines())
    found = [sample for sample in train if sample.name in names]
    if len(found) != len(names):
        sys.exit(f"{len(names) - len(found)} images of {args.calibration} are not in {args.data}.")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=pathlib.Path)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument(
        "--calibration-images", type=int, default=200, help="training images for the converter"
    )
    parser.add_argument(
        "--calibration",
        type=pathlib.Path,
        help="calibration.txt of our quantize stage: the same images for the converter",
    )
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--calls", type=int, default=10, help="images a turn and file")
    parser.add_argument("--no-accuracy", action="store_true")
    args = parser.parse_args()

    shards = sorted(args.data.glob("train-*.tfrecord"))
    if not shards:
        sys.exit(f"{args.data} has no train-*.tfrecord; give the folder that data wrote.")
    train = [sample for shard in shards for sample in check_bundle.read_samples(shard, None)]
    calibration = [pixels(sample) for sample in chosen(train, args)]
    files = {FLOAT32: (args.bundle / "model-float32.tflite").read_bytes()}
    for form in ("dynamic", "int8"):
        file = args.bundle / f"model-{form}.tflite"
        if file.exists():
            files[f"ours, {form}"] = file.read_bytes()
    files.update(convert(args.bundle, calibration))

    interpreters = {}
    for name, content in files.items():
        interpreter = Interpreter(model_content=content, num_threads=1)
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], calibration[0])
        interpreters[name] = interpreter
    times = latencies(interpreters, args.turns, args.calls)
    accuracy = {}
    if not args.no_accuracy:
        test = check_bundle.read_samples(args.data, None)
        labels = [sample.label for sample in test]
        images = [pixels(sample) for sample in test]
        expected = None
        for name, interpreter in interpreters.items():
            p = probabilities(interpreter, images)
            expected = p if expected is None else expected
            accuracy[name] = (check_bundle.auc(labels, p), float(np.corrcoef(p, expected)[0, 1]))

    base = np.array(times[FLOAT32])
    print(f"{'file':20s} {'bytes':>11s} {'ms':>7s} {'speed-up':>8s} {'AUC':>7s} {'corr.':>7s}")
    for name, content in files.items():
        taken = np.array(times[name])
        row = f"{name:20s} {len(content):11,d} {np.median(taken):7.2f}"
        row += f" {np.median(base / taken):7.2f}x"
        if name in accuracy:
            row += f" {accuracy[name][0]:7.4f} {accuracy[name][1]:7.4f}"
        print(row)
    for form in ("dynamic", "int8"):
        ours, theirs = times.get(f"ours, {form}"), times[f"converter, {form}"]
        if ours is None:
            continue
        ratio = np.median(np.array(theirs) / np.array(ours))
        size = len(files[f"ours, {form}"]) / len(files[f"converter, {form}"])
        print(f"{form}: ours is {ratio:.2f} times as fast, {size:.3f} of the size")
        counts = [operators(files[f"{who}, {form}"]) for who in ("ours", "converter")]
        for kind in sorted(set(counts[0]) | set(counts[1])):
            a, b = counts[0][kind], counts[1][kind]
            print(f"  {kind:24s} {a:4d} {b:4d}{'' if a == b else '  differs'}")


if __name__ == "__main__":
    main()

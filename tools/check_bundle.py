"""Checks an exported bundle with Python TensorFlow and LiteRT, which wrote none of it.

    python tools/check_bundle.py <bundle> [--images <folder, image or TFRecord shards>]

Loads saved_model/1 and every model-*.tflite; checks signatures, leftovers of
training, warm-up requests, metadata and hashes; runs all of them on the pattern images and on
--images, and compares them with each other and with predictions-test.csv. Prints a parity table;
the exit code is 1 if anything failed, 2 if the arguments are wrong.
"""

import argparse
import csv
import dataclasses
import hashlib
import io
import os
import pathlib
import re
import sys
import traceback
import zipfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import flatbuffers
import flatbuffers.table
import numpy as np
import tensorflow as tf
from ai_edge_litert import schema_py_generated as tflite_schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from flatbuffers.number_types import Float32Flags, Int8Flags, UOffsetTFlags
from PIL import Image
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import prediction_log_pb2

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "goldens"))
import patterns

SIZE = 224
BATCH = 32
MAX_WARMUP_RECORDS = 1000  # TensorFlow Serving's own limit
METHOD = "tensorflow/serving/predict"
PREDICTIONS = "predictions-test.csv"
# signature -> input name, its dtype, its shape
SIGNATURES = {
    "serving_default": ("images", tf.float32, [None, SIZE, SIZE, 3]),
    "serving_bytes": ("image_bytes", tf.string, [None]),
}
# The file that gives a Grad-CAM beside the probability, and what it writes.
EXPLAIN = "model-explain.tflite"
HEAT_MAP = "heat_map"
# Operations that only training needs.
LEFTOVERS = re.compile(r"Apply|Grad(V\d+)?$|Backprop|Random|Dropout|PyFunc")


class Checks:
    """Prints each check as it is made and remembers whether one failed."""

    def __init__(self):
        self.failed = []

    def check(self, ok, what):
        print(f"  {'ok  ' if ok else 'FAIL'}  {what}", flush=True)
        if not ok:
            self.failed.append(what)
        return ok

    def section(self, title, function, *args):
        """Runs one group of checks; an exception fails it, and the next group still runs."""
        print(title, flush=True)
        try:
            return function(*args)
        except Exception as error:  # whatever a broken artifact makes a library raise
            traceback.print_exc(limit=-3)
            self.check(False, f"{title}: {type(error).__name__}: {str(error).splitlines()[0]}")
            return None


@dataclasses.dataclass
class Sample:
    """An encoded image; label is None where it is not known."""

    name: str
    data: bytes
    label: int | None


# ---- pixels ------------------------------------------------------------------------------------


def decode(data):
    """What the product means by decoding: uint8 [H, W, 3], as ImageCodec does."""
    if data[:2] == b"\xff\xd8":
        return tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE")
    return tf.io.decode_png(data, channels=3)


def to_input(data):
    """Decoded, resized with an antialiased triangle filter, rounded to 8 bits: float32 0..255."""
    image = decode(data)
    if image.shape[:2] == (SIZE, SIZE):
        return tf.cast(image, tf.float32).numpy()
    resized = tf.image.resize(image, (SIZE, SIZE), method="bilinear", antialias=True)
    return np.clip(np.floor(resized.numpy() + 0.5), 0, 255).astype(np.float32)


def encode(pixels, kind, mode=None, **options):
    """An image file of these pixels."""
    out = io.BytesIO()
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(out, kind, **options)
    return out.getvalue()


# ---- SavedModel --------------------------------------------------------------------------------


def load_saved_model(checks, bundle):
    folder = bundle / "saved_model" / "1"
    proto = saved_model_pb2.SavedModel()
    proto.ParseFromString((folder / "saved_model.pb").read_bytes())
    checks.check(len(proto.meta_graphs) == 1, "one meta graph")
    meta = proto.meta_graphs[0]
    checks.check(list(meta.meta_info_def.tags) == ["serve"], f"tags {meta.meta_info_def.tags}")
    check_graph(checks, bundle, meta)

    model = tf.saved_model.load(str(folder), tags=["serve"])
    for name, (input_name, dtype, shape) in SIGNATURES.items():
        definition = meta.signature_def[name] if name in meta.signature_def else None
        if not checks.check(definition is not None, f"signature {name}"):
            continue
        method = definition.method_name
        checks.check(method == METHOD, f"{name}: method name {method!r}")
        function = model.signatures[name]
        inputs = function.structured_input_signature[1]
        spec = inputs.get(input_name)
        checks.check(
            len(inputs) == 1
            and spec is not None
            and spec.dtype == dtype
            and spec.shape.as_list() == shape,
            f"{name}: input {', '.join(map(str, inputs.values()))}",
        )
        outputs = function.structured_outputs
        spec = outputs.get("probability")
        checks.check(
            len(outputs) == 1
            and spec is not None
            and spec.dtype == tf.float32
            and spec.shape.as_list() == [None, 1],
            f"{name}: output {', '.join(f'{k} {v}' for k, v in outputs.items())}",
        )
    others = sorted(set(meta.signature_def) - set(SIGNATURES) - {"__saved_model_init_op"})
    checks.check(not others, f"no other signature {others or ''}")
    return model


def check_graph(checks, bundle, meta):
    """No operation of training, and the weights once."""
    nodes = list(meta.graph_def.node)
    for function in meta.graph_def.library.function:
        nodes += function.node_def
    kinds = sorted({node.op for node in nodes})
    left = [kind for kind in kinds if LEFTOVERS.search(kind)]
    checks.check(not left, f"{len(nodes)} nodes of {len(kinds)} kinds, left of training: {left}")
    constants = sum(
        node.attr["value"].tensor.ByteSize() for node in nodes if node.op == "Const"
    )
    folder = bundle / "saved_model" / "1" / "variables"
    variables = sum(file.stat().st_size for file in folder.glob("variables.data-*"))
    float32 = bundle / "model-float32.tflite"
    if float32.exists():
        checks.check(
            constants + variables < 1.25 * float32.stat().st_size + 1e5,
            f"one copy of the weights: {constants:,} bytes of constants and {variables:,} of"
            f" variables, float32 TFLite {float32.stat().st_size:,}",
        )


def run_default(model, images):
    """Probabilities [N] of float images."""
    function = model.signatures["serving_default"]
    parts = [
        function(images=tf.constant(images[i : i + BATCH]))["probability"].numpy()
        for i in range(0, len(images), BATCH)
    ]
    return np.concatenate(parts)[:, 0]


def run_bytes(model, files):
    """Probabilities [N] of encoded images."""
    function = model.signatures["serving_bytes"]
    parts = [
        function(image_bytes=tf.constant(files[i : i + BATCH]))["probability"].numpy()
        for i in range(0, len(files), BATCH)
    ]
    return np.concatenate(parts)[:, 0]


def difference(a, b):
    return float(np.abs(np.asarray(a, np.float64) - b).max())


def check_saved_model_outputs(checks, args, model):
    # No patterns decide about 8-bit weights: they are held to X-rays, and patterns are none.
    images = patterns.batch(SIZE)
    expected = run_default(model, images)
    checks.check(
        bool(np.isfinite(expected).all() and (expected >= 0).all() and (expected <= 1).all()),
        f"probabilities of the patterns {expected.min():.4f} .. {expected.max():.4f}",
    )
    single = np.concatenate([run_default(model, image[None]) for image in images])
    worst = difference(single, expected)
    checks.check(worst <= 1e-5, f"batch of 1 as in a batch of 8: max |dp| {worst:.2g}")

    uint8 = images.astype(np.uint8)
    grey = uint8[5][:, :, 0]
    files = [encode(image, "PNG") for image in uint8]
    worst = difference(run_bytes(model, files), expected)
    checks.check(worst <= 1e-5, f"serving_bytes of PNG as serving_default: max |dp| {worst:.2g}")

    cases = {
        "JPEG": encode(uint8[2], "JPEG", quality=95),
        "grey JPEG": encode(grey, "JPEG", quality=90),
        "progressive JPEG": encode(uint8[4], "JPEG", quality=80, progressive=True),
        "grey PNG": encode(grey, "PNG"),
        "PNG with palette": encode(uint8[6], "PNG", mode="P"),
        "PNG with alpha": encode(uint8[2], "PNG", mode="RGBA"),
    }
    for name, data in cases.items():
        p = run_bytes(model, [data])
        worst = difference(p, run_default(model, to_input(data)[None]))
        checks.check(worst <= 1e-5, f"serving_bytes of a {name}: max |dp| {worst:.2g}")
    # The low byte would round the high one up if it were not dropped.
    deep = encode((grey.astype(np.uint16) << 8) + 200, "PNG")
    worst = difference(
        run_bytes(model, [deep]),
        run_default(model, np.repeat(grey[None, :, :, None], 3, axis=3).astype(np.float32)),
    )
    checks.check(worst <= 1e-5, f"serving_bytes of a 16-bit grey PNG: max |dp| {worst:.2g}")

    resized = [encode(patterns.image(5, size)[:, : size * 3 // 4], "PNG") for size in (97, 1111)]
    worst = difference(
        run_bytes(model, resized), run_default(model, np.stack([to_input(f) for f in resized]))
    )
    checks.check(
        worst <= args.resize_tolerance,
        f"serving_bytes resizes 97 x 72 and 1111 x 833 in one batch: max |dp| {worst:.2g}",
    )
    try:
        run_bytes(model, [b"not an image"])
        checks.check(False, "serving_bytes refuses what is no image")
    except tf.errors.InvalidArgumentError:
        checks.check(True, "serving_bytes refuses what is no image")
    return expected


def check_warmup(checks, bundle, model):
    file = bundle / "saved_model" / "1" / "assets.extra" / "tf_serving_warmup_requests"
    if not checks.check(file.is_file(), "assets.extra/tf_serving_warmup_requests"):
        return
    signatures = set()
    count = 0
    for record in tf.data.TFRecordDataset(str(file)).as_numpy_iterator():
        count += 1
        log = prediction_log_pb2.PredictionLog.FromString(record)
        kind = log.WhichOneof("log_type")
        if not checks.check(kind == "predict_log", f"record {count}: {kind}"):
            continue
        request = log.predict_log.request
        name = request.model_spec.signature_name or "serving_default"
        signatures.add(name)
        inputs = {key: tf.make_ndarray(value) for key, value in request.inputs.items()}
        shapes = {key: list(value.shape) for key, value in inputs.items()}
        outputs = model.signatures[name](**{k: tf.constant(v) for k, v in inputs.items()})
        p = outputs["probability"].numpy()
        checks.check(
            bool(np.isfinite(p).all()),
            f"record {count}: {name} {shapes} of model {request.model_spec.name!r}"
            f" -> {p.ravel()[:4]}",
        )
    checks.check(0 < count <= MAX_WARMUP_RECORDS, f"{count} warm-up records")
    checks.check(
        signatures == set(SIGNATURES), f"warm-up runs the signatures {sorted(signatures)}"
    )


# ---- TFLite ------------------------------------------------------------------------------------


# What quantized files may read and write.
TYPES = (np.float32, np.int8, np.uint8)


def to_tensor(detail, values):
    """Float values as the tensor holds them: integers by its scale and zero point."""
    if detail["dtype"] == np.float32:
        return values.astype(np.float32)
    scale, zero = quantization(detail)
    limits = np.iinfo(detail["dtype"])
    return np.clip(np.rint(values / scale) + zero, limits.min, limits.max).astype(detail["dtype"])


def from_tensor(detail, values):
    """What the tensor means in floats."""
    if detail["dtype"] == np.float32:
        return values
    scale, zero = quantization(detail)
    return ((values.astype(np.float32) - zero) * scale).astype(np.float32)


def quantization(detail):
    parameters = detail["quantization_parameters"]
    if len(parameters["scales"]) != 1:
        raise ValueError(f"{detail['name']} has {len(parameters['scales'])} scales, not 1")
    return float(parameters["scales"][0]), int(parameters["zero_points"][0])


def load_tflite(checks, file):
    """The interpreters with and without XNNPACK."""
    fast = Interpreter(model_path=str(file), num_threads=1)
    plain = Interpreter(
        model_path=str(file),
        num_threads=1,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    for interpreter in (fast, plain):
        interpreter.allocate_tensors()
    inputs, outputs = fast.get_input_details(), fast.get_output_details()
    checks.check(
        len(inputs) == 1
        and inputs[0]["dtype"] in TYPES
        and list(inputs[0]["shape"]) == [1, SIZE, SIZE, 3],
        "input " + "; ".join(f"{t['name']} {t['shape'].tolist()} {t['dtype'].__name__}" for t in inputs),
    )
    explains = file.name == EXPLAIN
    checks.check(
        len(outputs) == (2 if explains else 1)
        and all(output["dtype"] in TYPES for output in outputs)
        and list(outputs[0]["shape"]) == [1, 1]
        and (not explains or list(outputs[1]["shape"][[0, 3]]) == [1, 1]),
        "output "
        + "; ".join(f"{t['name']} {t['shape'].tolist()} {t['dtype'].__name__}" for t in outputs),
    )
    signature = fast.get_signature_list().get("serving_default")
    checks.check(
        signature is not None
        and list(signature["inputs"]) == ["images"]
        and sorted(signature["outputs"])
        == ([HEAT_MAP] if explains else []) + ["probability"],
        f"signature serving_default: {signature}",
    )
    # Delegated nodes stay listed; each part that XNNPACK took over adds a node of its own.
    operations = fast._get_ops_details()
    parts = [op for op in operations if op["op_name"] == "DELEGATE"]
    # It leaves the operators that convert unsigned integers to TFLite's kernels.
    whole = (
        len(parts) == 1
        and (inputs[0]["dtype"] == np.uint8 or inputs[0]["index"] in parts[0]["inputs"])
        and all(
            output["dtype"] == np.uint8 or output["index"] in parts[0]["outputs"]
            for output in outputs
        )
    )
    # XNNPACK has no 16-bit integers.
    if "int16x8" not in file.name:
        checks.check(
            whole, f"XNNPACK runs all of the {len(operations) - len(parts)} operations in one part"
        )
    return fast, plain


def run_tflite(interpreter, images):
    """Probabilities [N] of float images."""
    source = interpreter.get_input_details()[0]
    target = interpreter.get_output_details()[0]
    out = []
    for image in images:
        interpreter.set_tensor(source["index"], to_tensor(source, image[None]))
        interpreter.invoke()
        out.append(from_tensor(target, interpreter.get_tensor(target["index"]))[0, 0])
    return np.array(out)


def check_heat_maps(checks, pair, images):
    """Of the file that explains: maps without negative values, the same from both kernels."""
    maps = []
    for interpreter in pair:
        source = interpreter.get_input_details()[0]["index"]
        target = interpreter.get_output_details()[1]["index"]
        found = []
        for image in images:
            interpreter.set_tensor(source, image[None])
            interpreter.invoke()
            found.append(interpreter.get_tensor(target)[0, :, :, 0])
        maps.append(np.array(found))
    fast, plain = maps
    checks.check(
        bool(np.isfinite(fast).all() and (fast >= 0).all()),
        f"heat maps {list(fast.shape[1:])} of the patterns 0 .. {fast.max():.4f}",
    )
    worst = float((np.abs(fast - plain).max((1, 2)) / np.maximum(plain.max((1, 2)), 1e-6)).max())
    checks.check(worst <= 1e-3, f"both kernels draw the same, to {worst:.2g} of the maximum")


class Table:
    """A table of a flatbuffer, read without generated classes."""

    def __init__(self, data, position):
        self.table = flatbuffers.table.Table(data, position)

    @staticmethod
    def root(data):
        return Table(data, flatbuffers.encode.Get(UOffsetTFlags.packer_type, data, 0))

    def _offset(self, field):
        offset = self.table.Offset(4 + 2 * field)
        return self.table.Pos + offset if offset else None

    def text(self, field):
        position = self._offset(field)
        return self.table.String(position).decode() if position else ""

    def byte(self, field):
        position = self._offset(field)
        return self.table.Get(Int8Flags, position) if position else 0

    def child(self, field):
        position = self._offset(field)
        return Table(self.table.Bytes, self.table.Indirect(position)) if position else None

    def floats(self, field):
        offset = self.table.Offset(4 + 2 * field)
        return self.table.GetVectorAsNumpy(Float32Flags, offset).tolist() if offset else []

    def children(self, field):
        offset = self.table.Offset(4 + 2 * field)
        if not offset:
            return []
        start, count = self.table.Vector(offset), self.table.VectorLen(offset)
        return [
            Table(self.table.Bytes, self.table.Indirect(start + 4 * i)) for i in range(count)
        ]


def check_metadata(checks, file, labels):
    """TFLite metadata (metadata_schema.fbs of tflite-support) and the labels packed as a zip."""
    data = bytearray(file.read_bytes())
    model = tflite_schema.ModelT.InitFromPackedBuf(data, 0)
    buffers = [m.buffer for m in model.metadata or [] if m.name == b"TFLITE_METADATA"]
    if not checks.check(len(buffers) == 1, "metadata entry TFLITE_METADATA"):
        return
    metadata = bytearray(np.asarray(model.buffers[buffers[0]].data, np.uint8).tobytes())
    checks.check(metadata[4:8] == b"M001", f"metadata identifier {bytes(metadata[4:8])}")
    root = Table.root(metadata)
    graphs = root.children(3)
    print(
        f"        {root.text(0)!r}, version {root.text(2)!r}, licence {root.text(5)!r},"
        f" parser {root.text(7)!r}"
    )
    if not checks.check(len(graphs) == 1, f"metadata of {len(graphs)} graph"):
        return
    inputs, outputs = graphs[0].children(2), graphs[0].children(3)
    expected = ["probability"] + ([HEAT_MAP] if file.name == EXPLAIN else [])
    names = [output.text(0) for output in outputs]
    if not checks.check(
        len(inputs) == 1 and names == expected, f"metadata: {len(inputs)} input, outputs {names}"
    ):
        return
    content = inputs[0].child(3)
    checks.check(
        content is not None and content.byte(0) == 2 and content.child(1).byte(0) == 1,
        f"input {inputs[0].text(0)!r} is an RGB image",
    )
    units = [unit.child(1) for unit in inputs[0].children(4) if unit.byte(0) == 1]
    normalisation = [(unit.floats(0), unit.floats(1)) for unit in units]
    # The network itself rescales and normalises, so a reader must pass 0..255 through.
    checks.check(
        len(normalisation) == 1
        and set(normalisation[0][0]) == {0.0}
        and set(normalisation[0][1]) == {1.0},
        f"normalisation (mean, std) {normalisation}",
    )
    files = {f.text(0): f.byte(2) for f in outputs[0].children(6)}
    # TENSOR_VALUE_LABELS: the one score's two ends are labelled, not an axis of scores.
    checks.check(files == {"labels.txt": 3}, f"files of output {outputs[0].text(0)!r}: {files}")
    with zipfile.ZipFile(file) as archive:
        checks.check(archive.testzip() is None, f"zip entries {archive.namelist()}")
        packed = archive.read("labels.txt").decode().split()
    checks.check(
        bool(packed) and set(packed) <= set(labels),
        f"packed labels {packed}, labels.txt {labels}",
    )


# ---- files -------------------------------------------------------------------------------------


def check_files(checks, bundle):
    sums = bundle / "SHA256SUMS"
    if sums.exists():
        wrong = []
        lines = sums.read_text().splitlines()
        for line in lines:
            digest, name = line.split(maxsplit=1)
            target = bundle / name.removeprefix("*")
            if not target.is_file() or hashlib.sha256(target.read_bytes()).hexdigest() != digest:
                wrong.append(name)
        checks.check(bool(lines) and not wrong, f"SHA256SUMS of {len(lines)} files {wrong or ''}")
    labels = (bundle / "labels.txt").read_text().splitlines()
    expected = ["NORMAL", "PNEUMONIA"]
    dataset = bundle / "dataset.json"
    if dataset.exists():
        expected = json.loads(dataset.read_text())["profile"]["classes"]
    checks.check(labels == expected and len(labels) == 2, f"labels {labels}")
    return labels


def read_samples(path, limit):
    """Encoded images of a folder, of one file, or of TFRecords with image, label and filename."""
    if path.is_dir():
        files = sorted(f for f in path.rglob("*") if f.is_file() and f.name[0] != ".")
        images = [f for f in files if f.suffix.lower() in (".jpeg", ".jpg", ".png")]
        records = [f for f in files if ".tfrecord" in f.name]
        # Of a prepared data set, the split that the predictions are of.
        records = [f for f in records if f.name.startswith("test-")] or records
    else:
        images = [path] if path.suffix.lower() in (".jpeg", ".jpg", ".png") else []
        records = [] if images else [path]
    samples = []
    for file in images:
        name = str(file.relative_to(path)) if path.is_dir() else file.name
        samples.append(Sample(name, file.read_bytes(), None))
    for file in records:
        compression = "GZIP" if file.read_bytes()[:2] == b"\x1f\x8b" else ""
        dataset = tf.data.TFRecordDataset(str(file), compression_type=compression)
        for i, record in enumerate(dataset.as_numpy_iterator()):
            features = tf.train.Example.FromString(record).features.feature
            names = features["filename"].bytes_list.value if "filename" in features else []
            name = names[0].decode() if names else f"{file.name}#{i}"
            label = features["label"].int64_list.value[0]
            samples.append(Sample(name, features["image"].bytes_list.value[0], label))
    if not samples:
        raise SystemExit(f"{path} holds neither images nor TFRecords")
    if limit and len(samples) > limit:
        samples = [samples[i] for i in np.linspace(0, len(samples) - 1, limit).astype(int)]
    return samples


def read_predictions(file, labels):
    """filename -> (label, probability); also by the name without folders where that is unique."""
    with file.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    exact = {}
    for row in rows:
        label = row["label"]
        label = int(label) if label.isdigit() else labels.index(label)
        exact[row["filename"]] = (label, float(row["probability_1"]))
    if len(exact) != len(rows):
        raise ValueError(f"{file} names a file twice")
    short = {}
    for name, value in exact.items():
        short.setdefault(pathlib.PurePosixPath(name).name, []).append(value)
    return {**{name: v[0] for name, v in short.items() if len(v) == 1}, **exact}


def auc(labels, p):
    """The area under the ROC curve; ties count half (Mann and Whitney)."""
    order = np.argsort(p, kind="stable")
    ranks = np.empty(len(p))
    values = np.asarray(p)[order]
    start = np.searchsorted(values, values, "left")
    end = np.searchsorted(values, values, "right")
    ranks[order] = (start + end + 1) / 2
    positive = np.asarray(labels) == 1
    n, m = positive.sum(), (~positive).sum()
    return (ranks[positive].sum() - n * (n + 1) / 2) / (n * m)


# ---- comparison --------------------------------------------------------------------------------


def print_table(title, rows, columns):
    print(f"\n{title}")
    widths = [max(len(r[i]) for r in [columns, *rows]) for i in range(len(columns))]
    for row in [columns, ["-" * w for w in widths], *rows]:
        print("  " + "  ".join(cell.ljust(w) for cell, w in zip(row, widths)).rstrip())
    print(flush=True)


def compare(checks, title, results, tolerances, labels=None):
    """The parity table, all against the first; those without a tolerance are only shown."""
    reference_name, reference = next(iter(results.items()))
    columns = ["artifact", "max |dp|", "mean |dp|", "tolerance"]
    both_classes = labels is not None and len(set(labels)) == 2
    if both_classes:
        columns += ["AUC", "accuracy at 0.5"]
    rows = []
    for name, p in results.items():
        gap = np.abs(p.astype(np.float64) - reference)
        limit = f"{tolerances[name]:g}" if name in tolerances else "-"
        row = [name, f"{gap.max():.2e}", f"{gap.mean():.2e}", limit]
        if name == reference_name:
            row = [name, "-", "-", "-"]
        if both_classes:
            row += [f"{auc(labels, p):.4f}", f"{((p >= 0.5) == np.array(labels)).mean():.4f}"]
        rows.append(row)
    print_table(f"{title}: {len(reference)} images, compared with {reference_name}", rows, columns)
    for name, p in results.items():
        if name in tolerances and name != reference_name:
            worst = difference(p, reference)
            checks.check(worst <= tolerances[name], f"{name} agrees: max |dp| {worst:.2e}")


def check_reference_kernels(checks, args, samples, interpreters, results):
    """On some of the images, TFLite's own kernels say what XNNPACK says."""
    some = np.linspace(0, len(samples) - 1, min(args.reference_images, len(samples))).astype(int)
    some = np.unique(some)
    if len(some) < 2:
        return
    images = np.stack([to_input(samples[i].data) for i in some])
    for name, (_, plain) in interpreters.items():
        fast, slow = results[name][some], run_tflite(plain, images)
        worst = difference(fast, slow)
        # Of nearly equal probabilities the correlation says nothing.
        alike = worst <= args.tolerance
        correlation = 1.0 if alike else float(np.corrcoef(fast, slow)[0, 1])
        checks.check(
            correlation >= args.reference_correlation,
            f"{name}: TFLite's own kernels on {len(some)} images: correlation {correlation:.4f},"
            f" max |dp| {worst:.2e}",
        )


def check_images(checks, args, model, interpreters, labels):
    samples = read_samples(args.images, args.limit)
    known = None
    if all(sample.label is not None for sample in samples):
        known = [sample.label for sample in samples]
    names, results = [], {}

    def add(name, p):
        results.setdefault(name, []).append(p)

    for i in range(0, len(samples), BATCH):
        chunk = samples[i : i + BATCH]
        images = np.stack([to_input(sample.data) for sample in chunk])
        names += [sample.name for sample in chunk]
        if model is not None:
            add("SavedModel serving_default", run_default(model, images))
            add("SavedModel serving_bytes", run_bytes(model, [s.data for s in chunk]))
        for name, (fast, _) in interpreters.items():
            add(name, run_tflite(fast, images))
    results = {name: np.concatenate(parts) for name, parts in results.items()}
    check_reference_kernels(checks, args, samples, interpreters, results)

    file = args.predictions or args.bundle / PREDICTIONS
    tolerances = {
        "SavedModel serving_default": args.tolerance,
        "SavedModel serving_bytes": max(args.tolerance, args.resize_tolerance),
    }
    for name in interpreters:
        tolerances[name] = (
            args.tolerance if name == "model-float32.tflite" else args.quantized_tolerance
        )
    if checks.check(file.is_file(), f"predictions {file}"):
        predictions = read_predictions(file, labels)
        found = [
            predictions.get(name) or predictions.get(pathlib.PurePosixPath(name).name)
            for name in names
        ]
        missing = [name for name, value in zip(names, found) if value is None]
        checks.check(
            not missing, f"{len(found) - len(missing)} of {len(found)} images are in it"
        )
        if missing:
            print(f"        not in it: {missing[:3]}")
        keep = np.array([value is not None for value in found])
        if keep.any():
            listed = [value for value in found if value is not None]
            truth = [label for label, _ in listed]
            if known is not None:
                same = np.array(known)[keep].tolist() == truth
                checks.check(same, f"labels of the records are those of {file.name}")
            compare(
                checks,
                "Images",
                {
                    file.name: np.array([p for _, p in listed]),
                    **{name: p[keep] for name, p in results.items()},
                },
                tolerances,
                truth,
            )
            return
    compare(checks, "Images", results, tolerances, known)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=pathlib.Path)
    parser.add_argument(
        "--images", type=pathlib.Path, help="folder of images or TFRecord shards, or one such file"
    )
    parser.add_argument(
        "--predictions", type=pathlib.Path, help="default: predictions-test.csv in the bundle"
    )
    parser.add_argument("--limit", type=int, default=0, help="at most so many images, evenly taken")
    parser.add_argument("--tolerance", type=float, default=1e-4, help="max |dp| in float32")
    parser.add_argument(
        "--quantized-tolerance",
        type=float,
        default=0.4,
        help="max |dp| of the other TFLite models",
    )
    parser.add_argument(
        "--resize-tolerance", type=float, default=2e-3, help="max |dp| where the graph resizes"
    )
    parser.add_argument(
        "--reference-images",
        type=int,
        default=32,
        help="on how many of --images TFLite's own kernels are compared with XNNPACK's",
    )
    parser.add_argument(
        "--reference-correlation",
        type=float,
        default=0.98,
        help="the least correlation of their probabilities",
    )
    args = parser.parse_args()
    if not args.bundle.is_dir():
        parser.error(f"there is no folder {args.bundle}")
    if args.images and not args.images.exists():
        parser.error(f"there is no {args.images}")

    checks = Checks()
    bundle = args.bundle
    labels = checks.section("Files", check_files, checks, bundle) or []
    model = checks.section("SavedModel", load_saved_model, checks, bundle)
    results, tolerances, interpreters = {}, {}, {}
    if model is not None:
        p = checks.section("SavedModel runs", check_saved_model_outputs, checks, args, model)
        if p is not None:
            results["SavedModel serving_default"] = p
        checks.section("Warm-up requests", check_warmup, checks, bundle, model)
    # No patterns decide about quantized models: they are held to X-rays, and patterns are none.
    images = patterns.batch(SIZE)
    expected = {"model-float32.tflite", "model-dynamic.tflite"}
    for name in sorted(expected | {file.name for file in bundle.glob("model-*.tflite")}):
        pair = checks.section(name, load_tflite, checks, bundle / name)
        if pair is not None:
            interpreters[name] = pair
            for label, interpreter in zip((name, name + ", reference kernels"), pair):
                p = checks.section(f"{label} runs", run_tflite, interpreter, images)
                if p is not None:
                    results[label] = p
                    if name == "model-float32.tflite":
                        tolerances[label] = args.tolerance
            if name == EXPLAIN:
                checks.section(f"{name} heat maps", check_heat_maps, checks, pair, images)
        if (bundle / name).exists():
            checks.section(f"{name} metadata", check_metadata, checks, bundle / name, labels)
    if results:
        checks.section("Parity", compare, checks, "Patterns", results, tolerances)
    if args.images and (model is not None or interpreters):
        checks.section("Images", check_images, checks, args, model, interpreters, labels)

    if checks.failed:
        print(f"\n{len(checks.failed)} checks FAILED:")
        for what in checks.failed:
            print(f"  {what}")
        return 1
    print("\nall checks passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())

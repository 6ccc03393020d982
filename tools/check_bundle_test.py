"""Tests check_bundle.py on a small bundle that Python TensorFlow makes, whole and spoilt.

    python -m unittest discover -s tools -p '*_test.py'
"""

import contextlib
import csv
import hashlib
import io
import os
import pathlib
import shutil
import sys
import tempfile
import unittest
import zipfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import check_bundle as cb
import flatbuffers
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

LABELS = "NORMAL\nPNEUMONIA\n"


class SmallModel(tf.Module):
    """A few convolutions with the signatures of an exported classifier."""

    def __init__(self):
        super().__init__()
        random = np.random.default_rng(1)
        self.stem = tf.Variable(random.normal(0, 0.3, (3, 3, 3, 32)).astype("f4"))
        self.block = tf.Variable(random.normal(0, 0.1, (3, 3, 32, 32)).astype("f4"))
        self.head = tf.Variable(random.normal(0, 0.3, (32, 1)).astype("f4"))

    def probability(self, images):
        x = images / 127.5 - 1
        x = tf.nn.relu(tf.nn.conv2d(x, self.stem, 4, "SAME"))
        x = tf.nn.relu(tf.nn.conv2d(x, self.block, 2, "SAME"))
        return tf.nn.sigmoid(tf.reduce_mean(x, (1, 2)) @ self.head)

    @tf.function(input_signature=[tf.TensorSpec((None, 224, 224, 3), tf.float32, name="images")])
    def images(self, images):
        return {"probability": self.probability(images)}

    @tf.function(input_signature=[tf.TensorSpec((1, 224, 224, 3), tf.float32, name="images")])
    def one(self, images):
        return {"probability": self.probability(images)}

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name="image_bytes")])
    def files(self, image_bytes):
        def pixels(data):
            jpeg = tf.equal(tf.strings.substr(data, 0, 2), b"\xff\xd8")
            image = tf.cond(
                jpeg,
                lambda: tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE"),
                lambda: tf.io.decode_png(data, channels=3),
            )
            image = tf.image.resize(image, (224, 224), antialias=True)
            return tf.floor(image + 0.5)

        images = tf.map_fn(pixels, image_bytes, fn_output_signature=tf.float32)
        return {"probability": self.probability(tf.ensure_shape(images, (None, 224, 224, 3)))}


def metadata():
    """TFLite metadata as a flatbuffer, field numbers from metadata_schema.fbs."""
    b = flatbuffers.Builder(1024)

    def table(fields):
        """Starts with the number of fields; each is (number, kind, value)."""
        b.StartObject(8)
        for number, kind, value in fields:
            if kind == "offset":
                b.PrependUOffsetTRelativeSlot(number, value, 0)
            else:
                b.PrependInt8Slot(number, value, 0)
        return b.EndObject()

    def vector(items):
        b.StartVector(4, len(items), 4)
        for item in reversed(items):
            b.PrependUOffsetTRelative(item)
        return b.EndVector()

    def floats(values):
        b.StartVector(4, len(values), 4)
        for value in reversed(values):
            b.PrependFloat32(value)
        return b.EndVector()

    mean, std = floats([0.0]), floats([1.0])
    options = table([(0, "offset", mean), (1, "offset", std)])
    units = vector([table([(0, "byte", 1), (1, "offset", options)])])
    rgb = table([(0, "byte", 1)])
    content = table([(0, "byte", 2), (1, "offset", rgb)])
    name = b.CreateString("images")
    inputs = vector(
        [table([(0, "offset", name), (3, "offset", content), (4, "offset", units)])]
    )
    name = b.CreateString("labels.txt")
    files = vector([table([(0, "offset", name), (2, "byte", 3)])])
    name = b.CreateString("probability")
    outputs = vector([table([(0, "offset", name), (6, "offset", files)])])
    graphs = vector([table([(2, "offset", inputs), (3, "offset", outputs)])])
    name, version = b.CreateString("small"), b.CreateString("1.0.0")
    b.Finish(table([(0, "offset", name), (3, "offset", graphs), (7, "offset", version)]), b"M001")
    return bytes(b.Output())


def write_tflite(file, data):
    model = cb.tflite_schema.ModelT.InitFromPackedBuf(bytearray(data), 0)
    buffer = cb.tflite_schema.BufferT()
    buffer.data = list(metadata())
    model.buffers.append(buffer)
    entry = cb.tflite_schema.MetadataT()
    entry.name = "TFLITE_METADATA"
    entry.buffer = len(model.buffers) - 1
    model.metadata = [*(model.metadata or []), entry]
    builder = flatbuffers.Builder(len(data))
    builder.Finish(model.Pack(builder), b"TFL3")
    file.write_bytes(bytes(builder.Output()))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("labels.txt", LABELS)


def convert(model, optimizations=()):
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(model, folder, {"serving_default": model.one})
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.optimizations = list(optimizations)
        return converter.convert()


def convert_to_integers(model, kind):
    """Integers throughout, input and output included."""
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(model, folder, {"serving_default": model.one})
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        images = cb.patterns.batch(224)
        converter.representative_dataset = lambda: ([image[None]] for image in images)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = kind
        converter.inference_output_type = kind
        return converter.convert()


def write_bundle(bundle):
    model = SmallModel()
    folder = bundle / "saved_model" / "1"
    tf.saved_model.save(
        model, str(folder), {"serving_default": model.images, "serving_bytes": model.files}
    )
    write_tflite(bundle / "model-float32.tflite", convert(model))
    write_tflite(bundle / "model-dynamic.tflite", convert(model, [tf.lite.Optimize.DEFAULT]))
    (bundle / "labels.txt").write_text(LABELS)

    samples = []
    images = bundle.parent / "images"
    (images / "a").mkdir(parents=True)
    with tf.io.TFRecordWriter(str(bundle.parent / "test.tfrecord")) as writer:
        for k in range(8):
            size = (224, 190)[k % 2]
            kind = ("JPEG", "PNG")[k // 4]
            name = f"a/image{k}.{kind.lower()}"
            data = cb.encode(cb.patterns.image(k, size), kind)
            (images / name).write_bytes(data)
            samples.append((name, k % 2, data))
            feature = {
                "image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[data])),
                "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[k % 2])),
                "filename": tf.train.Feature(
                    bytes_list=tf.train.BytesList(value=[name.encode()])
                ),
            }
            example = tf.train.Example(features=tf.train.Features(feature=feature))
            writer.write(example.SerializeToString())
    p = model.files(tf.constant([data for _, _, data in samples]))["probability"].numpy()[:, 0]
    with (bundle / "predictions-test.csv").open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["filename", "label", "patient", "probability_0", "probability_1"])
        for (name, label, _), probability in zip(samples, p):
            rows.writerow([name, label, "someone", 1 - float(probability), repr(float(probability))])

    warmup = folder / "assets.extra"
    warmup.mkdir()
    with tf.io.TFRecordWriter(str(warmup / "tf_serving_warmup_requests")) as writer:
        for signature, (name, value) in {
            "serving_default": ("images", cb.patterns.batch(224)[5:6]),
            "serving_bytes": ("image_bytes", np.array([samples[0][2]], object)),
        }.items():
            log = prediction_log_pb2.PredictionLog()
            log.predict_log.request.model_spec.name = "small"
            log.predict_log.request.model_spec.signature_name = signature
            log.predict_log.request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
            writer.write(log.SerializeToString())
    write_sums(bundle)


def write_sums(bundle):
    files = [f for f in sorted(bundle.rglob("*")) if f.is_file() and f.name != "SHA256SUMS"]
    (bundle / "SHA256SUMS").write_text(
        "".join(
            f"{hashlib.sha256(f.read_bytes()).hexdigest()}  {f.relative_to(bundle).as_posix()}\n"
            for f in files
        )
    )


class CheckBundleTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.good = cls.folder / "good" / "bundle"
        cls.good.mkdir(parents=True)
        write_bundle(cls.good)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def run_on(self, bundle, *arguments):
        out = io.StringIO()
        old = sys.argv
        sys.argv = ["check_bundle.py", str(bundle), *map(str, arguments)]
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
                return cb.main(), out.getvalue()
        finally:
            sys.argv = old

    def spoilt(self):
        bundle = self.folder / self.id()
        shutil.copytree(self.good, bundle)
        return bundle

    def assert_fails(self, bundle, *expected, arguments=()):
        code, out = self.run_on(bundle, *arguments)
        self.assertEqual(code, 1, out)
        failed = out[out.index("checks FAILED") :]
        for text in expected:
            self.assertIn(text, failed)

    def test_a_good_bundle_passes_on_records(self):
        code, out = self.run_on(self.good, "--images", self.good.parent / "test.tfrecord")
        self.assertEqual(code, 0, out)
        self.assertIn("compared with predictions-test.csv", out)
        self.assertIn("8 of 8 images", out)

    def test_a_good_bundle_passes_on_a_folder(self):
        code, out = self.run_on(self.good, "--images", self.good.parent / "images", "--limit", 5)
        self.assertEqual(code, 0, out)
        self.assertIn("Images: 5 images", out)

    def test_files_that_read_and_write_integers(self):
        for kind in (tf.int8, tf.uint8):
            with self.subTest(kind=kind.name):
                bundle = self.folder / f"integers-{kind.name}"
                shutil.copytree(self.good, bundle)
                write_tflite(bundle / "model-int8.tflite", convert_to_integers(SmallModel(), kind))
                write_sums(bundle)
                code, out = self.run_on(bundle, "--images", self.good.parent / "test.tfrecord")
                self.assertEqual(code, 0, out)
                self.assertIn("model-int8.tflite agrees", out)
                self.assertIn("model-int8.tflite: TFLite's own kernels on 8 images", out)

    def test_wrong_predictions(self):
        bundle = self.spoilt()
        file = bundle / "predictions-test.csv"
        rows = file.read_text().splitlines()
        cells = rows[3].split(",")
        cells[-1] = str(1 - float(cells[-1]) + 0.2)
        rows[3] = ",".join(cells)
        rows[4] = rows[4].replace(",1,", ",0,")
        file.write_text("\n".join(rows))
        self.assert_fails(
            bundle,
            "SHA256SUMS",
            "labels of the records",
            "serving_bytes agrees",
            arguments=("--images", self.good.parent / "test.tfrecord"),
        )

    def test_missing_predictions(self):
        bundle = self.spoilt()
        file = bundle / "predictions-test.csv"
        file.write_text("".join(file.read_text().splitlines(keepends=True)[:-1]))
        self.assert_fails(
            bundle,
            "7 of 8 images",
            arguments=("--images", self.good.parent / "test.tfrecord"),
        )

    def test_a_model_with_other_weights(self):
        bundle = self.spoilt()
        file = bundle / "model-float32.tflite"
        data = bytearray(file.read_bytes())
        kernel = np.random.default_rng(1).normal(0, 0.3, (3, 3, 3, 32)).astype("f4")
        start = data.index(kernel.transpose(3, 0, 1, 2)[0].tobytes())
        data[start : start + 108] = (kernel[..., 0] * 3).tobytes()
        file.write_bytes(data)
        self.assert_fails(bundle, "model-float32.tflite agrees")

    def test_a_missing_signature_and_left_optimizer(self):
        bundle = self.spoilt()
        model = SmallModel()
        model.momentum = tf.Variable(tf.zeros((3, 3, 3, 32)))

        @tf.function(input_signature=[])
        def step():
            tf.raw_ops.ResourceApplyGradientDescent(
                var=model.stem.handle, alpha=0.1, delta=model.momentum
            )
            return {"done": tf.constant(True)}

        model.step = step
        shutil.rmtree(bundle / "saved_model" / "1")
        tf.saved_model.save(
            model, str(bundle / "saved_model" / "1"), {"serving_default": model.images, "train": step}
        )
        self.assert_fails(
            bundle,
            "signature serving_bytes",
            "no other signature",
            "ResourceApplyGradientDescent",
            "tf_serving_warmup_requests",
        )

    def test_a_missing_file(self):
        bundle = self.spoilt()
        (bundle / "model-dynamic.tflite").unlink()
        self.assert_fails(bundle, "SHA256SUMS", "model-dynamic.tflite: ")

    def test_a_tflite_without_metadata(self):
        bundle = self.spoilt()
        (bundle / "model-float32.tflite").write_bytes(convert(SmallModel()))
        self.assert_fails(bundle, "TFLITE_METADATA")

    def test_other_packed_labels(self):
        bundle = self.spoilt()
        (bundle / "labels.txt").write_text("PNEUMONIA\nNORMAL\n")
        write_sums(bundle)
        self.assert_fails(bundle, "labels ['PNEUMONIA', 'NORMAL']")

    def test_no_bundle_is_a_usage_error(self):
        with self.assertRaises(SystemExit) as caught:
            self.run_on(self.folder / "nowhere")
        self.assertEqual(caught.exception.code, 2)


if __name__ == "__main__":
    unittest.main()

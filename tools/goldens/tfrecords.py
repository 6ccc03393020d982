"""Writes TFRecord files as the original Python project does: only `image` and `label`.

    python tools/goldens/tfrecords.py [--check]
    python tools/goldens/tfrecords.py --read <file.tfrecord>...

Needs tensorflow (2.18). Output, in the datasets module's test resources: python.tfrecord and
python-gzip.tfrecord, three records each, and python.json with what they hold. With --check nothing
is written; the committed files are compared. With --read the files are read with tf.data and
tf.io.parse_single_example and their number of records and features are printed: to see that
TensorFlow reads what Java wrote.
"""

import argparse
import hashlib
import json
import os
import pathlib
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np
import tensorflow as tf

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESOURCES = ROOT / "datasets/src/test/resources/io/github/deepxray/datasets"
LABELS = [0, 1, 1]


def jpeg(index):
    pixels = (np.arange(8 * 6).reshape(8, 6, 1) * 3 + 40 * index).astype(np.uint8)
    return tf.io.encode_jpeg(pixels, format="grayscale", optimize_size=True).numpy()


def example(index):
    features = {
        "image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[jpeg(index)])),
        "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[LABELS[index]])),
    }
    message = tf.train.Example(features=tf.train.Features(feature=features))
    return message.SerializeToString(deterministic=True)


def write(folder):
    for name, compression in (("python.tfrecord", ""), ("python-gzip.tfrecord", "GZIP")):
        options = tf.io.TFRecordOptions(compression_type=compression)
        with tf.io.TFRecordWriter(str(folder / name), options) as writer:
            for index in range(len(LABELS)):
                writer.write(example(index))
    content = [
        {"label": label, "sha256": hashlib.sha256(jpeg(index)).hexdigest()}
        for index, label in enumerate(LABELS)
    ]
    (folder / "python.json").write_text(json.dumps(content, indent=1) + "\n")


def read(files):
    features = {
        "image": tf.io.FixedLenFeature([], tf.string),
        "label": tf.io.FixedLenFeature([], tf.int64),
        "filename": tf.io.FixedLenFeature([], tf.string),
        "patient": tf.io.FixedLenFeature([], tf.string),
        "height": tf.io.FixedLenFeature([], tf.int64),
        "width": tf.io.FixedLenFeature([], tf.int64),
        "sha256": tf.io.FixedLenFeature([], tf.string),
    }
    count = 0
    positive = 0
    for record in tf.data.TFRecordDataset(files):
        parsed = tf.io.parse_single_example(record, features)
        image = parsed["image"].numpy()
        assert hashlib.sha256(image).hexdigest() == parsed["sha256"].numpy().decode()
        shape = tf.io.decode_jpeg(image, channels=3).shape
        assert shape == (parsed["height"], parsed["width"], 3), shape
        count += 1
        positive += int(parsed["label"])
    print(f"{count} records, {positive} with label 1, all whole")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("--read", nargs="+", metavar="FILE", help="read these instead")
    arguments = parser.parse_args()
    if arguments.read:
        read(arguments.read)
        return
    if not arguments.check:
        write(RESOURCES)
        return
    with tempfile.TemporaryDirectory() as folder:
        write(pathlib.Path(folder))
        for path in sorted(pathlib.Path(folder).iterdir()):
            if path.read_bytes() != (RESOURCES / path.name).read_bytes():
                sys.exit(f"{RESOURCES / path.name} differs")


if __name__ == "__main__":
    main()

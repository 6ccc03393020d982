"""Writes the features that Keras' EfficientNetB0 computes for the pattern images.

    python tools/goldens/efficientnet_features.py <efficientnetb0_notop.h5> [--check]

Output: pipeline-testkit/.../efficientnetb0-features.f32, little-endian float32 [8, 1280], and the
CRC-32 of the pattern images. With --check nothing is written; the committed files are compared.
"""

import argparse
import os
import pathlib
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import h5py
import keras
import numpy as np
from keras.src.utils import file_utils

import patterns

ROOT = pathlib.Path(__file__).resolve().parents[2]
TESTKIT = ROOT / "pipeline-testkit" / "src"
PACKAGE = pathlib.PurePosixPath("resources/io/github/deepxray/testkit")
FEATURES = TESTKIT / "main" / PACKAGE / "efficientnetb0-features.f32"
CHECKSUMS = TESTKIT / "test" / PACKAGE / "patterns-crc32.txt"
SIZES = (224, 33, 2)
MEAN = np.array([0.485, 0.456, 0.406])
STD = np.array([0.229, 0.224, 0.225])


def keras_imagenet_model(weights):
    """The model that Keras builds for weights="imagenet", reading this file instead of a download.

    Only with that argument does Keras add the second Rescaling that its ImageNet weights need.
    The file's hash differs from the one Keras publishes, so it can't simply lie in Keras' cache:
    the one call that fetches the file is answered with the path.
    """
    asked = []

    def local_file(name, *args, **kwargs):
        asked.append(name)
        return str(weights)

    original = file_utils.get_file
    file_utils.get_file = local_file
    try:
        model = keras.applications.EfficientNetB0(
            include_top=False, weights="imagenet", pooling="avg", input_shape=(224, 224, 3)
        )
    finally:
        file_utils.get_file = original
    assert asked == ["efficientnetb0_notop.h5"], asked
    return model


def verify(model, weights):
    """Every variable equals the dataset of its name, and the preprocessing is ImageNet's."""
    with h5py.File(weights) as file:
        for variable in model.weights:
            layer, name = variable.path.split("/")
            if isinstance(model.get_layer(layer), keras.layers.DepthwiseConv2D):
                name = "depthwise_" + name  # its name in Keras 2, whose layout the file has
            stored = file[f"{layer}/{layer}/{name}:0"][()]
            assert np.array_equal(variable.numpy(), stored), variable.path
    stem = model.get_layer("stem_conv_pad").input
    images = patterns.batch()
    got = keras.Model(model.input, stem).predict(images, verbose=0)
    difference = np.abs(got - (images / 255 - MEAN) / STD).max()
    assert difference < 1e-5, difference


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights", type=pathlib.Path, help="efficientnetb0_notop.h5")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    args = parser.parse_args()

    model = keras_imagenet_model(args.weights)
    verify(model, args.weights)
    features = model.predict(patterns.batch(), batch_size=1, verbose=0).astype("<f4")
    assert features.shape == (patterns.COUNT, 1280)
    checksums = "".join(
        f"{k} {size} {patterns.crc32(k, size):08x}\n"
        for size in SIZES
        for k in range(patterns.COUNT)
    )
    spread = np.abs(features[:, None] - features[None]).max(axis=2)
    print(
        f"Keras {keras.__version__}: features {features.min():.3f} .. {features.max():.3f}, "
        f"closest two images differ by {spread[~np.eye(len(spread), dtype=bool)].min():.3f}"
    )
    if args.check:
        committed = np.fromfile(FEATURES, "<f4").reshape(features.shape)
        difference = np.abs(committed - features).max()
        same = CHECKSUMS.read_text() == checksums
        print(f"max |difference| to the committed features: {difference:.2g}; patterns equal: {same}")
        return 0 if same and difference < 2e-5 else 1
    for path in (FEATURES, CHECKSUMS):
        path.parent.mkdir(parents=True, exist_ok=True)
    features.tofile(FEATURES)
    CHECKSUMS.write_text(checksums)
    return 0


if __name__ == "__main__":
    sys.exit(main())

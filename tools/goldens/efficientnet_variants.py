"""Writes the features that Keras' EfficientNetB1, B2 and B3 compute with weights drawn by arithmetic.

    python tools/goldens/efficientnet_variants.py [--check]

Output: pipeline-testkit/.../efficientnet-variants.f32, little-endian float32: the features of
pattern 5 at the variant's own resolution, one variant after the other. Their published weights are
not in this project's data, so the weights are mixed bits that Java's KerasGoldens repeats. With
--check nothing is written; the committed file is compared.
"""

import argparse
import os
import pathlib
import sys
import zlib

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
import numpy as np

import patterns

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUTPUT = (
    ROOT
    / "pipeline-testkit/src/main/resources/io/github/deepxray/testkit/efficientnet-variants.f32"
)
VARIANTS = {1: 240, 2: 260, 3: 300}
PATTERN = 5
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)


def uniform(name, shape):
    """-1 <= u < 1, from the hash of the variable's name plus the value's position."""
    start = zlib.crc32(name.encode())
    index = np.arange(int(np.prod(shape)), dtype=np.int64)
    mixed = patterns._hash((index + start) & 0xFFFFFFFF)
    return (mixed / 2147483648.0 - 1).reshape(shape)


def value(name, shape):
    """The variable with that name in the weight files of Keras 2."""
    u = uniform(name, shape)
    variable = name.split("/")[1]
    if variable == "kernel":
        # Keeps the spread of the activations about the same through all blocks.
        values = u * np.sqrt(4.0 / (shape[0] * shape[1] * shape[2]))
    elif variable == "depthwise_kernel":
        values = u * np.sqrt(6.0 / (shape[0] * shape[1]))
    elif variable == "gamma":
        values = 1 + u / 4
    elif variable == "moving_variance":
        values = 1 + u / 2
    else:  # bias, beta, moving_mean
        values = u / 4
    return values.astype(np.float32)


def features(variant, size):
    build = getattr(keras.applications, f"EfficientNetB{variant}")
    model = build(include_top=False, weights=None, pooling="avg", input_shape=(size, size, 3))
    for layer in model.layers:
        if isinstance(layer, keras.layers.Normalization):
            # Divided by once, as without weights="imagenet"; the network in Java divides twice.
            layer.set_weights([MEAN, STD * STD, np.int64(0)])
            layer.finalize_state()
            continue
        for variable in layer.weights:
            name = variable.path
            if isinstance(layer, keras.layers.DepthwiseConv2D):
                name = name.replace("/", "/depthwise_")  # its name in Keras 2
            variable.assign(value(name, tuple(variable.shape)))
    images = patterns.image(PATTERN, size)[None].astype(np.float32)
    return model.predict(images, verbose=0)[0].astype("<f4")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    args = parser.parse_args()

    all_features = []
    for variant, size in VARIANTS.items():
        found = features(variant, size)
        print(
            f"EfficientNetB{variant}: {len(found)} features, {found.min():.3f} .. {found.max():.3f},"
            f" spread {found.std():.3f}",
            flush=True,
        )
        all_features.append(found)
    found = np.concatenate(all_features)
    if args.check:
        committed = np.fromfile(OUTPUT, "<f4")
        difference = np.abs(committed - found).max()
        print(f"max |difference| to the committed features: {difference:.2g}")
        return 0 if difference < 2e-5 else 1
    found.tofile(OUTPUT)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Writes two small weight files with the libraries whose formats pipeline-core reads.

    python tools/goldens/weight_files.py [--check]

Output, in pipeline-core's test resources: small-keras.h5 by save_weights of Keras 2 (the layout of
the ImageNet files; the package tf_keras is the last Keras 2) and small.safetensors by Hugging
Face's library. Both hold the same tensors: value i of the tensor with index t in name order is
t + i / 8. With --check nothing is written; the committed files are read back and compared.
"""

import argparse
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np
import safetensors.numpy
import tf_keras

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "pipeline-core/src/test/resources/io/github/deepxray/core/weights"


def small_model():
    layers = tf_keras.layers
    model = tf_keras.Sequential(
        [
            layers.Input((8, 8, 3)),
            layers.Conv2D(4, 3, name="stem_conv", use_bias=False),
            layers.BatchNormalization(name="stem_bn"),
            layers.DepthwiseConv2D(3, name="dwconv", use_bias=True),
            layers.GlobalAveragePooling2D(name="avg_pool"),
            layers.Dense(2, name="predictions"),
        ],
        name="small",
    )
    tensors = {}
    for t, variable in enumerate(sorted(model.weights, key=lambda v: v.name)):
        values = t + np.arange(variable.shape.num_elements(), dtype=np.float32) / 8
        tensors[variable.name.removesuffix(":0")] = values.reshape(variable.shape)
        variable.assign(tensors[variable.name.removesuffix(":0")])
    return model, tensors


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    args = parser.parse_args()

    hdf5 = FOLDER / "small-keras.h5"
    safe = FOLDER / "small.safetensors"
    model, tensors = small_model()
    if not args.check:
        FOLDER.mkdir(parents=True, exist_ok=True)
        model.save_weights(hdf5, save_format="h5")
        safetensors.numpy.save_file(tensors, safe)
    for variable in model.weights:
        variable.assign(-np.ones(variable.shape))
    model.load_weights(hdf5)
    stored = safetensors.numpy.load_file(safe)
    assert stored.keys() == tensors.keys()
    for variable in model.weights:
        name = variable.name.removesuffix(":0")
        assert np.array_equal(variable.numpy(), tensors[name]), name
        assert np.array_equal(stored[name], tensors[name]), name
    print(f"both files hold {len(tensors)} tensors: {', '.join(tensors)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

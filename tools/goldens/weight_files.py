"""Writes small weight files with the libraries whose formats pipeline-core reads.

    python tools/goldens/weight_files.py [--check]

Output, in pipeline-core's test resources:
  small-keras.h5                 by save_weights of Keras 2, the layout of the ImageNet files (the
                                 package tf_keras is the last Keras 2)
  small-keras2.weights.h5        by the same in the layout that Keras 3 took over
  small-keras3.weights.h5        by save_weights of Keras 3
  small-keras3-nameless.weights.h5
                                 the same without the attributes "name", as Keras 3 before 3.6 did
  small-keras3.keras             the whole model by Keras 3
  small-keras3.h5                the same in the old format
  nested-keras3.keras, nested-keras3.h5
                                 the model as the frozen part of a larger one that was trained for
                                 a step, with what the optimizer remembers
  twice-keras3.keras             the model twice in one
  packed-keras.h5                small-keras.h5 with its kernels in chunks, shuffled and deflated
  dense-keras.h5                 small-keras.h5 in the format of HDF5 1.8, with the tables that
                                 it keeps of groups with many members
  small.safetensors              by Hugging Face's library
All hold the same tensors: value i of the tensor with index t in name order is t + i / 8. With
--check nothing is written; the committed files are read back and compared.
"""

import argparse
import os
import pathlib
import shutil
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import h5py
import keras
import numpy as np
import safetensors.numpy
import tf_keras

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "pipeline-keras/src/test/resources/io/github/deepxray/keras"
SAFETENSORS = (
    ROOT
    / "pipeline-core/src/test/resources/io/github/deepxray/core/weights/small.safetensors"
)


def small_model(library):
    layers = library.layers
    return library.Sequential(
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


def names(model):
    """The model's variables by their name in Keras 2, in name order."""
    named = {}
    for layer in model.layers:
        for variable in layer.weights:
            name = variable.name.split("/")[-1].removesuffix(":0")
            if layer.name == "dwconv" and name == "kernel":
                name = "depthwise_kernel"
            named[f"{layer.name}/{name}"] = variable
    return dict(sorted(named.items()))


def fill(model):
    for t, variable in enumerate(names(model).values()):
        size = int(np.prod(variable.shape))
        values = t + np.arange(size, dtype=np.float32) / 8
        variable.assign(values.reshape(variable.shape))
    return model


def values(model):
    return {name: variable.numpy() for name, variable in names(model).items()}


def nested_model(inner):
    """As one trains a new head: the inner model frozen, its weights beside those of an optimizer."""
    inner.trainable = False
    outer = keras.Sequential(
        [
            keras.layers.Input((8, 8, 3)),
            inner,
            keras.layers.BatchNormalization(name="head_bn"),
            keras.layers.Dense(1, name="head"),
        ],
        name="outer",
    )
    outer.compile("adam", keras.losses.MeanSquaredError())
    outer.fit(np.zeros((2, 8, 8, 3)), np.zeros((2, 1)), verbose=0)
    return outer


def twice_model():
    image = keras.Input((8, 8, 3))
    one, other = fill(small_model(keras)), fill(small_model(keras))
    one.name, other.name = "one", "other"
    return keras.Model(image, keras.layers.add([one(image), other(image)]))


def packed(source, target):
    """With kernels as h5repack would pack them, in chunks that do not divide them evenly."""

    def copy(path, item):
        if isinstance(item, h5py.Group):
            target.create_group(path).attrs.update(item.attrs)
        elif len(item.shape) < 2:
            target[path] = item[()]
        else:
            chunks = tuple((size + 1) // 2 for size in item.shape)
            target.create_dataset(
                path, data=item[()], chunks=chunks, compression="gzip", shuffle=True
            )

    source.visititems(copy)


def crowded(source, target):
    """With more groups and attributes than HDF5 1.8 keeps in a header."""
    for name in source:
        source.copy(name, target)
    for i in range(12):
        target.create_group(f"more{i}")
        target.attrs[f"more{i}"] = i


def rewritten(name, rewrite, version):
    with h5py.File(FOLDER / "small-keras.h5") as source:
        with h5py.File(FOLDER / name, "w", libver=(version, "v108")) as target:
            target.attrs.update(source.attrs)
            rewrite(source, target)


def write():
    FOLDER.mkdir(parents=True, exist_ok=True)
    two = fill(small_model(tf_keras))
    two.save_weights(FOLDER / "small-keras.h5", save_format="h5")
    two.save_weights(FOLDER / "small-keras2.weights.h5")
    rewritten("packed-keras.h5", packed, "earliest")
    rewritten("dense-keras.h5", crowded, "v108")
    safetensors.numpy.save_file(values(two), SAFETENSORS)
    three = fill(small_model(keras))
    three.save(FOLDER / "small-keras3.keras")
    three.save(FOLDER / "small-keras3.h5")
    three.save_weights(FOLDER / "small-keras3.weights.h5")
    nameless = FOLDER / "small-keras3-nameless.weights.h5"
    shutil.copy(FOLDER / "small-keras3.weights.h5", nameless)
    with h5py.File(nameless, "a") as hdf:
        hdf.visititems(lambda path, item: item.attrs.pop("name", None) and None)
    outer = nested_model(three)
    outer.save(FOLDER / "nested-keras3.keras")
    outer.save(FOLDER / "nested-keras3.h5")
    twice_model().save(FOLDER / "twice-keras3.keras")


def read():
    """What the committed files hold, by file."""
    read = {"small.safetensors": safetensors.numpy.load_file(SAFETENSORS)}
    for name in (
        "small-keras.h5",
        "small-keras2.weights.h5",
        "packed-keras.h5",
        "dense-keras.h5",
    ):
        two = small_model(tf_keras)
        two.load_weights(FOLDER / name)
        read[name] = values(two)
    for name in ("small-keras3.weights.h5", "small-keras3-nameless.weights.h5"):
        three = small_model(keras)
        three.load_weights(FOLDER / name)
        read[name] = values(three)
    for name in ("small-keras3.keras", "small-keras3.h5"):
        read[name] = values(keras.models.load_model(FOLDER / name, compile=False))
    for name in ("nested-keras3.keras", "nested-keras3.h5"):
        read[name] = values(keras.models.load_model(FOLDER / name, compile=False).get_layer("small"))
    twice = keras.models.load_model(FOLDER / "twice-keras3.keras")
    for name in ("one", "other"):
        read[f"twice-keras3.keras {name}"] = values(twice.get_layer(name))
    return read


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    args = parser.parse_args()

    if not args.check:
        write()
    expected = values(fill(small_model(keras)))
    for file, tensors in read().items():
        assert tensors.keys() == expected.keys(), file
        for name, tensor in tensors.items():
            assert np.array_equal(tensor, expected[name]), f"{file}: {name}"
        print(f"{file} holds {len(tensors)} tensors")
    return 0


if __name__ == "__main__":
    sys.exit(main())

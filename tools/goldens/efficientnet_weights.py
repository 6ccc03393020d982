"""Writes the names and shapes of the weights of Keras' EfficientNets without top: B0 to B7, and
others that its EfficientNet function makes from coefficients.

    python tools/goldens/efficientnet_weights.py [--weights <efficientnetb0_notop.h5>] [--check]

Output, in pipeline-core's test resources:
  efficientnet-weights.csv        one line a variant: name, parameters, tensors and the SHA-256 of
                                  its sorted "name [d, d, ...]" lines
  efficientnetb0-weights.txt,     those lines in full, to see where a difference lies
  efficientnetb1-weights.txt
With --weights the names and shapes of B0 are also compared with that file, and the hash of its
values is printed that ImageNetWeightsTest expects of Weights.sha256(). With --check nothing is
written; the committed files are compared.
"""

import argparse
import functools
import hashlib
import os
import pathlib
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import h5py
import keras
from keras.src.applications.efficientnet import EfficientNet

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "pipeline-core/src/test/resources/io/github/deepxray/core/network"
FULL = ("efficientnetb0", "efficientnetb1")
SCALED = ((0.25, 0.3, 64), (0.5, 0.8, 160), (1.15, 1.7, 100))


def weights(model):
    """The model's variables as sorted (name, shape), named as in Keras' weight files."""
    named = []
    for variable in model.weights:
        layer, name = variable.path.split("/")
        # Each model of a process gets the next number for its unnamed layers.
        if isinstance(model.get_layer(layer), keras.layers.Normalization):
            layer = "normalization"
        elif isinstance(model.get_layer(layer), keras.layers.DepthwiseConv2D):
            name = "depthwise_" + name  # its name in Keras 2, whose layout the files have
        named.append((f"{layer}/{name}", list(variable.shape)))
    return sorted(named)


def stored_weights(file):
    """The datasets of a weight file as sorted (name, shape)."""
    named = []

    def visit(path, item):
        if isinstance(item, h5py.Dataset):
            _, layer, name = path.split("/")
            named.append((f"{layer}/{name.removesuffix(':0')}", list(item.shape)))

    with h5py.File(file) as hdf:
        hdf.visititems(visit)
    return sorted(named)


def values_sha256(file):
    """What Weights.sha256() gives for the weights that inference reads."""
    digest = hashlib.sha256()
    with h5py.File(file) as hdf:
        for name, shape in stored_weights(file):
            if name != "normalization/count":
                layer, variable = name.split("/")
                digest.update(f"{name}float32{shape}\n".encode())
                digest.update(hdf[f"{layer}/{layer}/{variable}:0"][()].astype("<f4").tobytes())
    return digest.hexdigest()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=pathlib.Path, help="efficientnetb0_notop.h5")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    args = parser.parse_args()

    files = {}
    summary = ["variant,parameters,tensors,sha256"]
    builders = {
        f"efficientnetb{i}": getattr(keras.applications, f"EfficientNetB{i}") for i in range(8)
    }
    for width, depth, size in SCALED:
        builders[f"efficientnet-{width}x{depth}x{size}"] = functools.partial(
            EfficientNet, width, depth, size
        )
    for name, build in builders.items():
        model = build(include_top=False, weights=None, pooling="avg")
        named = weights(model)
        text = "".join(f"{weight} {shape}\n" for weight, shape in named)
        digest = hashlib.sha256(text.encode()).hexdigest()
        summary.append(f"{name},{model.count_params()},{len(named)},{digest}")
        print(summary[-1], flush=True)
        if name in FULL:
            files[f"{name}-weights.txt"] = text
        if name == "efficientnetb0" and args.weights:
            assert stored_weights(args.weights) == named
            print("values " + values_sha256(args.weights), flush=True)
    files["efficientnet-weights.csv"] = "\n".join(summary) + "\n"
    if args.check:
        wrong = [name for name, text in files.items() if (FOLDER / name).read_text() != text]
        print("different: " + ", ".join(wrong) if wrong else "all equal")
        return 1 if wrong else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (FOLDER / name).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())

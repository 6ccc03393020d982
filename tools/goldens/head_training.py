"""Writes what Keras makes of small heads in a few steps, and its learning-rate schedules.

    python tools/goldens/head_training.py [--check]

Output: pipeline-train/.../keras-head-training.json, which HeadTrainerKerasTest and
LearningRateScheduleTest read. Features, labels and initial weights are whole-number arithmetic
that the Java test repeats. Every step sees all images, so their order does not matter, and nothing
is dropped. With --check nothing is written; the committed file is compared.
"""

import argparse
import json
import os
import pathlib
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUTPUT = (
    ROOT
    / "pipeline-train/src/test/resources/io/github/deepxray/train/internal/head/keras-head-training.json"
)
IMAGES = 40
FEATURES = 6
EPOCHS = 8


def data():
    """Features [40, 6], multiples of 1/32, and labels, 24 of 40 positive, that follow them."""
    i, j = np.meshgrid(np.arange(IMAGES), np.arange(FEATURES), indexing="ij")
    positive = np.arange(IMAGES) % 5 < 3
    values = (i * i * 31 + j * 17 + i * j * 57) % 97 - 48
    # The classes differ in the first two features; the last two have another scale and mean.
    values[:, :2] += np.where(positive, 20, -20)[:, None]
    values[:, 4:] = values[:, 4:] * 3 + 64
    return (values / 32).astype(np.float32), positive


def initial(variable):
    k = np.arange(int(np.prod(variable.shape)))
    if variable.path.endswith("/kernel"):
        values = ((k * 29 + 7) % 23 - 11) / 32
    else:
        values = ((k * 5) % 7 - 3) / 64
    return values.reshape(variable.shape).astype(np.float32)


def schedules():
    s = keras.optimizers.schedules
    return {
        "exponential": s.ExponentialDecay(0.01, decay_steps=20, decay_rate=0.96),
        # Keras begins where it is told to; 0 would make the first step do nothing.
        "cosine": s.CosineDecay(1e-3 / 11, 30, warmup_target=1e-3, warmup_steps=10),
    }


def head(hidden, l2, standardize, features):
    penalty = keras.regularizers.L2(l2) if l2 else None
    inputs = keras.Input((FEATURES,))
    x = inputs
    if standardize:
        normalization = keras.layers.Normalization(name="standardize")
        normalization.adapt(features)
        x = normalization(x)
    if hidden:
        x = keras.layers.Dense(
            hidden, activation="relu", kernel_regularizer=penalty, name="hidden1"
        )(x)
    x = keras.layers.Dense(1, kernel_regularizer=penalty, name="logit")(x)
    return keras.Model(inputs, x)


def train(hidden, l2, standardize, balanced, smoothing, optimizer):
    features, positive = data()
    model = head(hidden, l2, standardize, features)
    for variable in model.trainable_variables:
        variable.assign(initial(variable))
    model.compile(
        optimizer,
        keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=smoothing),
    )
    share = positive.mean()
    weights = {0: 1 / (2 * (1 - share)), 1: 1 / (2 * share)} if balanced else None
    history = model.fit(
        features,
        positive.astype(np.float32)[:, None],
        batch_size=IMAGES,
        epochs=EPOCHS,
        shuffle=False,
        class_weight=weights,
        verbose=0,
    )
    probability = keras.ops.sigmoid(model(features))
    return {
        "losses": [float(x) for x in history.history["loss"]],
        "weights": {
            variable.path: [float(x) for x in variable.numpy().ravel()]
            for variable in model.trainable_variables
        },
        "probabilities": [float(x) for x in keras.ops.convert_to_numpy(probability).ravel()],
    }


def result():
    rates = schedules()
    sgd = keras.optimizers.SGD(
        keras.optimizers.schedules.ExponentialDecay(0.1, decay_steps=2, decay_rate=0.8),
        momentum=0.9,
    )
    # As HeadSpec.Cosine(peak 0.05, warmup 0.25) in 8 steps.
    rise = {"warmup_target": 0.05, "warmup_steps": 2}
    cosine = keras.optimizers.schedules.CosineDecay(0.05 / 3, 6, **rise)
    return {
        "keras": keras.__version__,
        "learning_rates": {
            name: {str(step): float(rate(step)) for step in (0, 1, 5, 9, 10, 11, 20, 25, 39, 40, 60)}
            for name, rate in rates.items()
        },
        "heads": {
            "original": train(8, 0, False, False, 0.0, sgd),
            "logistic": train(0, 5e-3, True, True, 0.1, keras.optimizers.Adam(cosine)),
            "mlp": train(5, 1e-2, True, True, 0.1, keras.optimizers.Adam(0.02)),
        },
    }


def largest_difference(a, b):
    if isinstance(a, dict):
        assert a.keys() == b.keys(), (a.keys(), b.keys())
        return max((largest_difference(a[k], b[k]) for k in a), default=0)
    if isinstance(a, list):
        return max(map(largest_difference, a, b))
    return abs(a - b) if not isinstance(a, str) else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    args = parser.parse_args()
    made = result()
    for name, trained in made["heads"].items():
        print(name, "losses", " ".join(f"{x:.4f}" for x in trained["losses"]))
    if args.check:
        difference = largest_difference(made, json.loads(OUTPUT.read_text()))
        print(f"max |difference| to the committed file: {difference:.2g}")
        return 0 if difference < 2e-6 else 1
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps(made, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Checks with Keras that a colleague in Python can go on with an exported network.

    python tools/check_keras.py <model.keras> --images <folder, image or TFRecord shards>
        [--predictions <predictions-test.csv>] [--limit N]

<model.keras> is what `deepxray export --keras` puts into a bundle. Loads it as it is; reads its
weights into keras.applications' EfficientNet of the same variant with the same head on top, unless
its channels were pruned; compares the probabilities of both with each other and with those of the
product; trains the last layers for a few steps, saves and loads it again. The exit code is 1 if
anything failed.
"""

import argparse
import os
import pathlib
import sys
import tempfile
import warnings

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
import numpy as np
from keras.src.utils import file_utils

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import check_bundle

TOLERANCE = 1e-4
FEATURES = "avg_pool"


def imagenet_model(variant, size, weights):
    """keras.applications' model for ImageNet, reading this file instead of a download.

    Only with weights="imagenet" does Keras add the second Rescaling.
    """
    build = getattr(keras.applications, variant.replace("efficientnetb", "EfficientNetB"))
    original = file_utils.get_file
    file_utils.get_file = lambda *args, **kwargs: str(weights)
    try:
        return build(
            include_top=False, weights="imagenet", pooling="avg", input_shape=(size, size, 3)
        )
    finally:
        file_utils.get_file = original


def with_head(base, model):
    """The layers of the model that come after the features, on top of another base."""
    tensors = {FEATURES: base.output}
    names = [layer.name for layer in model.layers]
    for layer in model.layers[names.index(FEATURES) + 1 :]:
        sources = layer.input if isinstance(layer.input, list) else [layer.input]
        read = [tensors[source._keras_history.operation.name] for source in sources]
        copy = type(layer).from_config(layer.get_config())
        tensors[layer.name] = copy(read if len(read) > 1 else read[0])
        copy.set_weights(layer.get_weights())
        if isinstance(copy, keras.layers.Normalization):
            copy.finalize_state()  # computes with what it was given before, otherwise
    return keras.Model(base.input, tensors[names[-1]])


def probabilities(model, images):
    return model.predict(images, batch_size=8, verbose=0)[:, 0]


def check_loads(checks, args, images, expected):
    model = keras.models.load_model(args.model)
    print(f"        {model.name}, {len(model.layers)} layers, {model.count_params():,} parameters")
    size = model.input_shape[1]
    checks.check(
        model.input_shape == (None, size, size, 3) and model.output_shape == (None, 1),
        f"reads {model.input_shape}, writes {model.output_shape}",
    )
    found = probabilities(model, images)
    if expected is not None:
        worst = float(np.abs(found - expected).max())
        checks.check(worst <= TOLERANCE, f"the product's probabilities, to {worst:.2g}")
    return model, found


def check_applications(checks, args, model, images, found):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # one for each layer of a narrower network
            base = imagenet_model(model.name, model.input_shape[1], args.model)
    except ValueError as error:
        narrower = any(
            layer.kernel.shape != shape for layer, shape in applications_shapes(model)
        )
        checks.check(narrower, f"cannot be read into {model.name}: {str(error).splitlines()[0]}")
        return
    other = with_head(base, model)
    checks.check(
        other.count_params() == model.count_params(), f"{other.count_params():,} parameters"
    )
    worst = float(np.abs(probabilities(other, images) - found).max())
    checks.check(worst <= TOLERANCE, f"the same probabilities, to {worst:.2g}")


def applications_shapes(model):
    """The convolutions with the shapes that they have in keras.applications."""
    build = getattr(keras.applications, model.name.replace("efficientnetb", "EfficientNetB"))
    whole = build(include_top=False, weights=None, input_shape=model.input_shape[1:])
    for layer in whole.layers:
        if isinstance(layer, (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)):
            yield model.get_layer(layer.name), layer.kernel.shape


def check_goes_on(checks, model, images):
    names = [layer.name for layer in model.layers]
    for layer in model.layers[: names.index("top_conv")]:
        layer.trainable = False
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
    model.compile(keras.optimizers.Adam(1e-4), "binary_crossentropy")
    few = images[:8]
    labels = (np.arange(len(few)) % 2).astype("float32")[:, None]
    before = model.evaluate(few, labels, verbose=0)
    model.fit(few, labels, epochs=3, batch_size=len(few), verbose=0)
    after = model.evaluate(few, labels, verbose=0)
    checks.check(after < before, f"three steps take the loss from {before:.4f} to {after:.4f}")
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "further.keras"
        model.save(file)
        again = keras.models.load_model(file)
        worst = np.abs(probabilities(again, few) - probabilities(model, few)).max()
        checks.check(worst <= 1e-6, "saved and loaded again it says the same")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=pathlib.Path, help="model.keras of a bundle")
    parser.add_argument("--images", type=pathlib.Path, required=True)
    parser.add_argument("--predictions", type=pathlib.Path, help="beside the model by default")
    parser.add_argument("--limit", type=int, default=24, help="how many images, 0 for all")
    args = parser.parse_args()

    samples = check_bundle.read_samples(args.images, args.limit)
    images = np.stack([check_bundle.to_input(sample.data) for sample in samples])
    file = args.predictions or args.model.parent / check_bundle.PREDICTIONS
    expected = None
    if file.exists():
        known = check_bundle.read_predictions(file, ["NORMAL", "PNEUMONIA"])
        expected = np.array([known[sample.name][1] for sample in samples])
    print(f"Keras {keras.__version__}, {len(samples)} images")
    checks = check_bundle.Checks()
    loaded = checks.section(
        "keras.models.load_model", check_loads, checks, args, images, expected
    )
    if loaded:
        model, found = loaded
        checks.section(
            "keras.applications with the same head",
            check_applications,
            checks,
            args,
            model,
            images,
            found,
        )
        checks.section("further training", check_goes_on, checks, model, images)
    print("FAILED: " + "; ".join(checks.failed) if checks.failed else "all checks passed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""The rival: fine-tuning EfficientNetB0's last blocks on the X-rays with Keras.

    python tools/bench/keras_fine_tune.py --data <zip> --weights <efficientnetb0_notop.h5>

Does the job of the Java FineTuner twice: as users usually do, with the whole network in the loop
and the first blocks frozen, and with the activations below the first trained block computed once
and kept in memory. Batch normalization in inference mode, AdamW with cosine decay and clipping by
the global norm, label smoothing, class weights, an average of the weights; --from all trains
everything. Prints images per second of each epoch, the machine and its load.
"""

import argparse
import os
import pathlib
import sys
import time
import zipfile

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np

import keras_pipeline


def cut_tensor(model, block):
    """The tensor that the first layer of a block reads."""
    if block == "all":
        return model.input
    for layer in model.layers:
        if layer.name.startswith(block + "_"):
            read = layer.input
            return read[0] if isinstance(read, list) else read
    raise SystemExit(f"there is no block {block}")


def classifier(features, inputs):
    import keras

    logit = keras.layers.Dense(1, name="logit")(features)
    return keras.Model(inputs, logit)


def split(model, block):
    """(the frozen layers as a model or None, what is trained as a model of its own)."""
    import keras

    if block == "all":
        return None, classifier(model.output, model.input)
    cut = cut_tensor(model, block)
    prefix = keras.Model(model.input, cut)
    start = keras.Input(cut.shape[1:])
    made = {id(cut): start}
    # Keras cannot cut a model after a tensor: the layers after it are called once more, in order.
    below = {layer.name for layer in prefix.layers}
    for layer in model.layers:
        if layer.name in below or not layer._inbound_nodes:
            continue
        read = layer.input
        tensors = [made[id(t)] for t in read] if isinstance(read, list) else made[id(read)]
        made[id(layer.output)] = layer(tensors)
    return prefix, classifier(made[id(model.output)], start)


def freeze(model, prefix):
    """Leaves the layers of prefix as they are and all statistics of batch normalization."""
    import keras

    if prefix is not None:
        for layer in prefix.layers:
            layer.trainable = False
    # A frozen layer normalizes with its moving statistics, but then gamma and beta are frozen too;
    # overriding the call keeps them trainable.
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            call = layer.call
            layer.call = lambda inputs, training=None, mask=None, call=call: call(
                inputs, training=False, mask=mask
            )


def compile_model(model, steps, rate):
    import keras

    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, steps - steps // 10, warmup_target=rate, warmup_steps=steps // 10
    )
    optimizer = keras.optimizers.AdamW(
        schedule, weight_decay=0.05, global_clipnorm=1.0, use_ema=True, ema_momentum=0.99
    )
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    model.compile(
        optimizer,
        keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1),
        jit_compile=False,
    )


def train(model, examples, labels, args, name):
    import keras
    import tensorflow as tf

    steps = -(-len(labels) // args.batch) * args.epochs
    compile_model(model, steps, 3e-4)
    trained = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    positives = labels.sum()
    weights = {
        0: len(labels) / (2 * (len(labels) - positives)),
        1: len(labels) / (2 * positives),
    }

    class Times(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.watch = keras_pipeline.Watch()

        def on_epoch_end(self, epoch, logs=None):
            wall, cpu = self.watch.stop()
            note = " (traces the graph)" if epoch == 0 else ""
            print(
                f"  {name}, {trained:,} parameters, epoch {epoch + 1}:"
                f" {len(labels) / wall:6.1f} images/s, {1000 * cpu / len(labels):5.1f} CPU"
                f" ms/image, loss {logs['loss']:.4f}{note}",
                flush=True,
            )

    dataset = tf.data.Dataset.from_tensor_slices((examples, labels))
    dataset = dataset.shuffle(len(labels), seed=0).batch(args.batch)
    dataset = dataset.map(
        lambda x, y: (tf.cast(x, tf.float32), y), num_parallel_calls=tf.data.AUTOTUNE
    ).prefetch(tf.data.AUTOTUNE)
    model.fit(
        dataset,
        epochs=args.epochs,
        class_weight=weights,
        shuffle=False,
        verbose=0,
        callbacks=[Times()],
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, required=True, help="chest-xray-pneumonia.zip")
    parser.add_argument("--weights", type=pathlib.Path, required=True, help="notop .h5")
    parser.add_argument("--from", dest="block", default="block6a", help="first block, or all")
    parser.add_argument("--limit", type=int, default=1024, help="at most so many images; 0 for all")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--only", choices=["cached", "whole"], help="one of the two ways")
    args = parser.parse_args()

    import keras

    keras.utils.set_random_seed(0)
    print(keras_pipeline.machine())
    images = keras_pipeline.list_images(args.data, args.limit)
    labels = np.array([label for _, label in images], np.float32)
    with zipfile.ZipFile(args.data) as zipped:
        pixels = np.stack([keras_pipeline.decode(zipped.read(name)) for name, _ in images])
    print(f"{len(images)} images, Keras {keras.__version__}, batches of {args.batch}")

    if args.only != "whole" and args.block != "all":
        backbone = keras_pipeline.keras_model(args.weights)
        prefix, suffix = split(backbone, args.block)
        watch = keras_pipeline.Watch()
        activations = prefix.predict(pixels.astype(np.float32), batch_size=32, verbose=0)
        wall, _ = watch.stop()
        print(f"  activations {activations.shape[1:]}: {len(images) / wall:.1f} images/s, once")
        freeze(suffix, None)
        train(suffix, activations.astype(np.float16), labels, args, "cached activations")
    if args.only != "cached" or args.block == "all":
        backbone = keras_pipeline.keras_model(args.weights)
        prefix = (
            None
            if args.block == "all"
            else keras.Model(backbone.input, cut_tensor(backbone, args.block))
        )
        whole = classifier(backbone.output, backbone.input)
        freeze(whole, prefix)
        train(whole, pixels, labels, args, "whole network in the loop")
    print(keras_pipeline.machine())
    return 0


if __name__ == "__main__":
    sys.exit(main())

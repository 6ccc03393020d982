"""The rival: the job of the Java pipeline's frozen backbone, done with Keras and LiteRT in Python.

    python tools/bench/keras_pipeline.py --data <zip> --weights <efficientnetb0_notop.h5> [--limit N]

Reads images out of the archive, decodes them, computes EfficientNetB0's features of each with
Keras' model.predict and with LiteRT (XNNPACK, several workers of one thread), and trains the
original project's head on them. Prints images per second, the machine and its load.
"""

import argparse
import concurrent.futures
import multiprocessing
import os
import pathlib
import platform
import sys
import tempfile
import time
import zipfile

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np

SIZE = 224
CLASSES = ("NORMAL", "PNEUMONIA")


class Watch:
    """Wall-clock and processor time; the latter says more on a machine that others use."""

    def __init__(self):
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def stop(self, more_cpu=0.0):
        """(seconds, CPU seconds) since the start; more_cpu is that of other processes."""
        return time.perf_counter() - self.wall, time.process_time() - self.cpu + more_cpu


def list_images(archive, limit):
    """Names of the training images with their label, the classes mixed, evenly taken."""
    with zipfile.ZipFile(archive) as zipped:
        names = sorted(
            name
            for name in zipped.namelist()
            if name.startswith("chest_xray/train/") and name.lower().endswith((".jpeg", ".png"))
        )
    if not names:
        raise SystemExit(f"{archive} holds no images under chest_xray/train/")
    if limit and limit < len(names):
        names = [names[i] for i in np.linspace(0, len(names) - 1, limit).astype(int)]
    return [(name, CLASSES.index(name.split("/")[2])) for name in names]


def decode(data):
    """uint8 [224, 224, 3]."""
    import tensorflow as tf

    image = tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE")
    if image.shape[:2] != (SIZE, SIZE):
        image = tf.image.resize(image, (SIZE, SIZE), antialias=True)
        image = tf.cast(tf.floor(image + 0.5), tf.uint8)
    return image.numpy()


def keras_model(weights):
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "goldens"))
    import efficientnet_features

    return efficientnet_features.keras_imagenet_model(weights)


def with_keras(archive, images, model, batch):
    """Features [N, 1280] by tf.data and model.predict, TensorFlow's threads as it likes."""
    import tensorflow as tf

    def generate():
        with zipfile.ZipFile(archive) as zipped:
            for name, _ in images:
                yield zipped.read(name)

    def pixels(data):
        image = tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE")
        image = tf.cond(
            tf.reduce_all(tf.shape(image)[:2] == SIZE),
            lambda: tf.cast(image, tf.float32),
            lambda: tf.image.resize(image, (SIZE, SIZE), antialias=True),
        )
        return tf.ensure_shape(image, (SIZE, SIZE, 3))

    dataset = tf.data.Dataset.from_generator(
        generate, output_signature=tf.TensorSpec((), tf.string)
    )
    dataset = dataset.map(pixels, num_parallel_calls=tf.data.AUTOTUNE)
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(len(images)))
    dataset = dataset.batch(batch).prefetch(tf.data.AUTOTUNE)
    return model.predict(dataset, verbose=0)


def convert(model, file):
    """TensorFlow's own converter, one image a call."""
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec((1, SIZE, SIZE, 3), tf.float32)])
    def features(images):
        return model(images, training=False)

    # By way of a SavedModel: from_concrete_functions leaves Keras 3's variables out of the file.
    holder = tf.Module()
    holder.model_variables = [variable.value for variable in model.variables]
    holder.features = features
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(holder, folder, {"serving_default": features})
        file.write_bytes(tf.lite.TFLiteConverter.from_saved_model(folder).convert())


class LiteRtWorker:
    """Decodes with Pillow (TensorFlow is not loaded here) and runs one interpreter of one thread."""

    def __init__(self, archive, model):
        from ai_edge_litert.interpreter import Interpreter

        self.zipped = zipfile.ZipFile(archive)
        self.interpreter = Interpreter(model_path=model, num_threads=1)
        self.interpreter.allocate_tensors()
        self.input = self.interpreter.get_input_details()[0]["index"]
        self.output = self.interpreter.get_output_details()[0]["index"]

    def run(self, names):
        from PIL import Image

        features = []
        for name in names:
            with Image.open(self.zipped.open(name)) as image:
                image = image.convert("RGB")
                if image.size != (SIZE, SIZE):
                    image = image.resize((SIZE, SIZE), Image.Resampling.BILINEAR)
                pixels = np.asarray(image, np.float32)
            self.interpreter.set_tensor(self.input, pixels[None])
            self.interpreter.invoke()
            features.append(self.interpreter.get_tensor(self.output)[0])
        return np.stack(features)


_worker = None


def start_worker(archive, model):
    global _worker
    _worker = LiteRtWorker(archive, model)


def worker_ready(_):
    time.sleep(0.2)  # so that each process of the pool answers once
    return os.getpid()


def run_worker(names):
    start = time.process_time()
    return _worker.run(names), time.process_time() - start


def with_litert(archive, images, model, workers, mode):
    """Features [N, 1280] and what it took; starting the workers is not counted, as for Keras."""
    names = [name for name, _ in images]
    chunks = [names[i : i + 16] for i in range(0, len(names), 16)]
    if mode == "processes":
        pool = concurrent.futures.ProcessPoolExecutor(
            workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=start_worker,
            initargs=(archive, model),
        )
        with pool:
            list(pool.map(worker_ready, range(workers)))
            watch = Watch()
            parts = list(pool.map(run_worker, chunks))
            features = np.concatenate([part for part, _ in parts])
            return features, watch.stop(sum(cpu for _, cpu in parts))
    engines = [LiteRtWorker(archive, model) for _ in range(workers)]
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        watch = Watch()
        jobs = [pool.submit(e.run, names[i::workers]) for i, e in enumerate(engines)]
        features = np.empty((len(names), 1280), np.float32)
        for i, job in enumerate(jobs):
            features[i::workers] = job.result()
        return features, watch.stop()


def train_head(features, labels, epochs):
    """Seconds of each epoch of the original head on cached features."""
    import keras

    head = keras.Sequential(
        [
            keras.layers.Input((features.shape[1],)),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    rate = keras.optimizers.schedules.ExponentialDecay(0.01, 20, 0.96, staircase=True)
    head.compile(keras.optimizers.SGD(rate, momentum=0.9), "binary_crossentropy")

    class Times(keras.callbacks.Callback):
        seconds = []

        def on_epoch_begin(self, epoch, logs=None):
            self.start = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            self.seconds.append(time.perf_counter() - self.start)

    times = Times()
    head.fit(features, labels, batch_size=64, epochs=epochs, verbose=0, callbacks=[times])
    return times.seconds


def machine():
    cpu = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo") as file:
            cpu = next(line.split(":")[1].strip() for line in file if "model name" in line)
    except (OSError, StopIteration):
        pass
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    return f"{cpu}, {os.cpu_count()} cores, load {load} (1, 5, 15 min)"


def report(what, count, runs):
    """The best of some runs, each (seconds, CPU seconds)."""
    best = min(wall for wall, _ in runs)
    cpu = min(cpu for _, cpu in runs)
    walls = " ".join(f"{wall:.2f}" for wall, _ in runs)
    print(
        f"  {what:34s} {count / best:7.1f} images/s, {1000 * cpu / count:6.2f} CPU ms/image"
        f"  (runs: {walls} s)",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, required=True, help="chest-xray-pneumonia.zip")
    parser.add_argument("--weights", type=pathlib.Path, required=True, help="notop .h5")
    parser.add_argument("--limit", type=int, default=0, help="at most so many images; 0 for all")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="of LiteRT")
    parser.add_argument("--batch", type=int, default=32, help="of model.predict")
    parser.add_argument("--epochs", type=int, default=5, help="of the head")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each; the best counts")
    args = parser.parse_args()

    print(machine())
    images = list_images(args.data, args.limit)
    labels = np.array([label for _, label in images], np.float32)
    print(f"{len(images)} images of {args.data.name}")

    start = time.perf_counter()
    import keras
    import tensorflow as tf

    print(
        f"Python {platform.python_version()}, TensorFlow {tf.__version__}, Keras"
        f" {keras.__version__}: imported in {time.perf_counter() - start:.1f} s"
    )
    model = keras_model(args.weights)

    runs = []
    for _ in range(args.repeats):
        watch = Watch()
        with zipfile.ZipFile(args.data) as zipped:
            for name, _ in images:
                decode(zipped.read(name))
        runs.append(watch.stop())
    report("read and decode only, 1 thread", len(images), runs)

    with_keras(args.data, images[: args.batch], model, args.batch)  # traces the graph
    runs = []
    for _ in range(args.repeats):
        watch = Watch()
        features = with_keras(args.data, images, model, args.batch)
        runs.append(watch.stop())
    report(f"Keras model.predict, batch {args.batch}", len(images), runs)

    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "features.tflite"
        start = time.perf_counter()
        convert(model, file)
        print(f"  converted to TFLite in {time.perf_counter() - start:.1f} s")
        for mode in ("processes", "threads"):
            runs = []
            for _ in range(args.repeats):
                other, took = with_litert(args.data, images, str(file), args.workers, mode)
                runs.append(took)
            report(f"LiteRT, {args.workers} {mode} of 1 thread", len(images), runs)
            gap = np.abs(other - features).max()
            print(f"    max |difference| to Keras' features {gap:.2g}")
            if not gap < 0.05:
                raise SystemExit("LiteRT computes other features than Keras")

    times = train_head(features, labels, args.epochs)
    print(
        f"  head, {len(images)} x {features.shape[1]} features: epoch 1"
        f" {times[0] * 1000:.0f} ms, later {np.median(times[1:]) * 1000:.0f} ms"
    )
    print(machine())
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Reads a bundle's SavedModel with the importers of others, each in an environment of its own.

    python3.11 tools/check_importers.py <bundle> [--only <name>]... [--environments <folder>]

Prints a table: what converted or loaded signature serving_default, and how far its probabilities of
three images are from TensorFlow's. Makes a virtual environment for each (5 GB in all, from PyPI; TF.js
from npm, too, if node is there). Ends with 1 if any fails or is further away than 1e-4.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

TENSORFLOW = ["tensorflow-cpu==2.18.1", "tf_keras==2.18.0"]
LIMIT = 1e-4


def signature(folder):
    import tensorflow as tf

    loaded = tf.saved_model.load(folder)  # kept, or its functions lose what they read
    return loaded, loaded.signatures["serving_default"]


def tensorflow(folder, images):
    import tensorflow as tf

    _, function = signature(folder)
    return tf.__version__, list(function(images=tf.constant(images)).values())[0].numpy()


def saved_model_cli(folder, images):
    import numpy as np
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as out:
        np.save(f"{out}/images.npy", images)
        subprocess.run(
            [pathlib.Path(sys.executable).parent / "saved_model_cli", "run", "--dir", folder]
            + ["--tag_set", "serve", "--signature_def", "serving_default"]
            + ["--inputs", f"images={out}/images.npy", "--outdir", out],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return tf.__version__, np.load(f"{out}/probability.npy")


def tfsm_layer(folder, images):
    import keras

    layer = keras.layers.TFSMLayer(folder, call_endpoint="serving_default")
    return f"Keras {keras.__version__}", list(layer(images).values())[0].numpy()


def tflite_converter(folder, images):
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_saved_model(
        folder, signature_keys=["serving_default"], tags={"serve"}
    )
    interpreter = tf.lite.Interpreter(model_content=converter.convert())
    entry, exit_ = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    interpreter.resize_tensor_input(entry["index"], images.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(entry["index"], images)
    interpreter.invoke()
    return tf.__version__, interpreter.get_tensor(exit_["index"])


def frozen_graph(folder, images):
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    _, function = signature(folder)
    frozen = convert_variables_to_constants_v2(function)
    again = tf.Graph()
    with again.as_default():
        tf.import_graph_def(frozen.graph.as_graph_def(), name="")
        with tf.compat.v1.Session() as session:
            output = frozen.outputs[0].name
            return tf.__version__, session.run(output, {frozen.inputs[0].name: images})


def tf2onnx(folder, images):
    import onnxruntime
    import tf2onnx as converter

    with tempfile.TemporaryDirectory() as out:
        subprocess.run(
            [sys.executable, "-m", "tf2onnx.convert", "--saved-model", folder, "--tag", "serve"]
            + ["--signature_def", "serving_default", "--output", f"{out}/model.onnx"],
            check=True,
            stderr=subprocess.DEVNULL,
        )
        session = onnxruntime.InferenceSession(f"{out}/model.onnx")
        name = session.get_inputs()[0].name
        return converter.__version__, session.run(None, {name: images})[0]


def openvino(folder, images):
    import openvino as ov

    compiled = ov.compile_model(ov.convert_model(folder), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return ov.__version__.split("-")[0], list(compiled(images).values())[0]


TFJS_RUN = """
const tf = require('@tensorflow/tfjs'), fs = require('fs'), at = process.argv[2];
const json = JSON.parse(fs.readFileSync(at + '/model.json'));
const files = json.weightsManifest.flatMap(m => m.paths).map(p => fs.readFileSync(at + '/' + p));
const data = new Uint8Array(Buffer.concat(files)).buffer;
const images = new Float32Array(new Uint8Array(fs.readFileSync(at + '/images.bin')).buffer);
tf.loadGraphModel({load: async () => ({modelTopology: json.modelTopology, signature: json.signature,
    weightSpecs: json.weightsManifest.flatMap(m => m.weights), weightData: data})})
  .then(m => m.predict(tf.tensor(images, JSON.parse(process.argv[3]))))
  .then(y => console.log(JSON.stringify(Array.from((Array.isArray(y) ? y[0] : y).dataSync()))));
"""


def tfjs(folder, images):
    import shutil
    import types

    import numpy as np

    class Absent(types.ModuleType):
        """What the converter imports for models of other kinds."""

        def __getattr__(self, name):
            if name.startswith("__"):
                raise AttributeError(name)
            return sys.modules.setdefault(f"{self.__name__}.{name}", Absent(f"{self.__name__}.{name}"))

    for name in ("tensorflow_decision_forests", "jax", "jax.experimental", "jax.experimental.jax2tf"):
        sys.modules[name] = Absent(name)
    import tensorflowjs
    from tensorflowjs.converters import tf_saved_model_conversion_v2 as converter

    with tempfile.TemporaryDirectory() as out:
        converter.convert_tf_saved_model(
            folder, out, signature_def="serving_default", saved_model_tags="serve"
        )
        if not shutil.which("npm"):
            return f"{tensorflowjs.__version__} (converted only)", None
        home = pathlib.Path(sys.prefix) / "node"
        home.mkdir(exist_ok=True)
        package = f"@tensorflow/tfjs@{tensorflowjs.__version__}"
        subprocess.run(["npm", "install", "--silent", package], cwd=home, check=True)
        (home / "run.js").write_text(TFJS_RUN)
        images.tofile(f"{out}/images.bin")
        ran = subprocess.run(
            ["node", home / "run.js", out, json.dumps(images.shape)],
            check=True,
            capture_output=True,
            text=True,
        )
        return tensorflowjs.__version__, np.array(json.loads(ran.stdout.splitlines()[-1]))


IMPORTERS = {
    "TensorFlow": (tensorflow, TENSORFLOW),
    "saved_model_cli": (saved_model_cli, TENSORFLOW),
    "TFSMLayer": (tfsm_layer, TENSORFLOW),
    "TFLiteConverter": (tflite_converter, TENSORFLOW),
    "frozen graph": (frozen_graph, TENSORFLOW),
    "tf2onnx": (tf2onnx, ["tf2onnx==1.17.0", "tensorflow-cpu==2.18.1", "onnxruntime==1.32.0"]),
    "OpenVINO 2024": (openvino, ["openvino==2024.6.0"]),
    "OpenVINO 2026": (openvino, ["openvino==2026.4.1"]),
    "TF.js": (tfjs, [*TENSORFLOW, "tensorflow_hub==0.16.1", "six", "packaging", "setuptools<81"]),
}


def python(environments, name, requirements):
    home = environments / ("tensorflow" if requirements == TENSORFLOW else name.replace(" ", "-"))
    program, ready = home / "bin/python", home / "ready"
    if not ready.exists():
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        install = [program, "-m", "pip", "install", "-q"]
        subprocess.run([*install, *requirements], check=True)
        if name == "TF.js":
            # Its requirements contradict each other; these parts are all that is used.
            subprocess.run([*install, "--no-deps", "tensorflowjs==4.22.0"], check=True)
        ready.touch()
    return program


def child(name, folder):
    import numpy as np

    images = np.random.default_rng(1).integers(0, 256, (3, 224, 224, 3)).astype(np.float32)
    images[1] = 128
    images[2] = np.linspace(0, 255, 224, dtype=np.float32)[:, None, None]
    version, values = IMPORTERS[name][0](folder, images)
    values = None if values is None else np.asarray(values).reshape(-1).tolist()
    print(json.dumps({"version": version, "values": values}))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("bundle", type=pathlib.Path)
    parser.add_argument("--only", action="append", choices=IMPORTERS, default=[])
    parser.add_argument("--environments", type=pathlib.Path, default="target/importers")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    folder = str((arguments.bundle / "saved_model/1").resolve())
    if arguments.child:
        child(arguments.child, folder)
        return
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    expected, failed = None, False
    print(f"{'importer':<16} {'version':<24} largest difference from TensorFlow")
    for name in ["TensorFlow", *[n for n in arguments.only or IMPORTERS if n != "TensorFlow"]]:
        program = python(arguments.environments.resolve(), name, IMPORTERS[name][1])
        ran = subprocess.run(
            [program, __file__, str(arguments.bundle), "--child", name],
            capture_output=True,
            text=True,
            env=environment,
        )
        if ran.returncode:
            failed = True
            why = (ran.stderr.strip().splitlines() or [f"exit status {ran.returncode}"])[-1]
            print(f"{name:<16} {'':<24} failed: {why}", flush=True)
            if expected is None:
                sys.exit("There is nothing to compare the others with.")
            continue
        answer = json.loads(ran.stdout.splitlines()[-1])
        expected = expected or answer["values"]
        said = "converted"
        if answer["values"] is not None:
            differences = [abs(a - b) for a, b in zip(answer["values"], expected, strict=True)]
            # A NaN is no more than any limit.
            failed |= not all(difference <= LIMIT for difference in differences)
            said = f"{max(differences, key=lambda d: d if d == d else float('inf')):.1e}"
        print(f"{name:<16} {answer['version']:<24} {said}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

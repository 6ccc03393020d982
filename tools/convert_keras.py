"""Converts networks of keras.applications with TFLiteConverter and says what operators the files have.

    python tools/convert_keras.py <folder> [--networks MobileNetV2,ResNet50] [--forms float,int8]

Writes `<folder>/<network>-<form>.tflite` with random weights for each network and form, and prints
for each file its operators with how often, their versions and the types they read. The test
ForeignFilesTest of pipeline-tflite loads and runs a folder of such files:

    mvn test -pl pipeline-tflite -am -Dtest=ForeignFilesTest -Dsurefire.failIfNoSpecifiedTests=false \
      -Ddeepxray.tflite.files=<folder>
"""

import argparse
import collections
import os
import pathlib
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
import numpy as np
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema

# The least sizes that each network takes keep the files quick to run.
NETWORKS = {
    "MobileNet": 64,
    "MobileNetV2": 64,
    "MobileNetV3Small": 64,
    "MobileNetV3Large": 64,
    "ResNet50": 64,
    "ResNet50V2": 64,
    "DenseNet121": 64,
    "EfficientNetB0": 64,
    "EfficientNetV2B0": 64,
    "InceptionV3": 96,
    "InceptionResNetV2": 96,
    "NASNetMobile": 64,
    "Xception": 96,
    "ConvNeXtTiny": 64,
    "VGG16": 64,
}
FORMS = ["float", "float16", "dynamic", "int8", "int8-uint8", "int16x8"]


def convert(saved_model, size, form):
    """The bytes of a file."""
    converter = tf.lite.TFLiteConverter.from_saved_model(saved_model)
    if form != "float":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if form == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if form.startswith("int"):
        random = np.random.default_rng(1)
        images = random.uniform(0, 255, (2, 1, size, size, 3)).astype(np.float32)
        converter.representative_dataset = lambda: ([image] for image in images)
        converter.target_spec.supported_ops = [
            tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
            if form == "int16x8"
            else tf.lite.OpsSet.TFLITE_BUILTINS_INT8
        ]
    if form == "int8-uint8":
        converter.inference_input_type = tf.uint8
        converter.inference_output_type = tf.uint8
    return converter.convert()


def names(table):
    return {value: name for name, value in vars(table).items() if isinstance(value, int)}


def operators(data):
    """How often each operator stands in a file, with its version and the types it reads."""
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    codes, types = names(schema.BuiltinOperator), names(schema.TensorType)
    graph = model.subgraphs[0]
    counts = collections.Counter()
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        name = codes[max(code.builtinCode, code.deprecatedBuiltinCode)]
        read = [types[graph.tensors[t].type] if t >= 0 else "-" for t in operator.inputs]
        written = [types[graph.tensors[t].type] for t in operator.outputs]
        read = read if len(set(read[2:])) > 1 else read[:3]
        counts[f"{name} v{code.version} {'+'.join(read)}->{'+'.join(written)}"] += 1
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--networks", default=",".join(NETWORKS))
    parser.add_argument("--forms", default=",".join(FORMS))
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for network in arguments.networks.split(","):
        size = NETWORKS[network]
        keras.utils.set_random_seed(1)
        model = getattr(keras.applications, network)(
            weights=None, input_shape=(size, size, 3), classes=10
        )
        with tempfile.TemporaryDirectory() as saved_model:
            model.export(saved_model, verbose=False)
            for form in arguments.forms.split(","):
                data = convert(saved_model, size, form)
                (arguments.folder / f"{network}-{form}.tflite").write_bytes(data)
                print(f"{network}-{form}: {len(data)} bytes")
                for what, count in sorted(operators(data).items()):
                    print(f"  {count} {what}", flush=True)


if __name__ == "__main__":
    main()

"""Writes small images with what TensorFlow decodes them to, and small arrays with what it resizes
them to.

    python tools/goldens/images.py [--check]

Needs tensorflow (2.18), numpy and Pillow. Output, in pipeline-core's test resources:
  decoded.json  files in base64 and the pixels [H, W, 3] of tf.io.decode_jpeg (INTEGER_ACCURATE)
                and tf.io.decode_png
  resized.json  pixels and the floats of tf.image.resize(method="bilinear", antialias=True)
With --check nothing is written; the committed files are compared.
"""

import argparse
import base64
import io
import json
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np
import tensorflow as tf
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESOURCES = ROOT / "pipeline-core/src/test/resources/io/github/deepxray/core/image"
SIZES = [  # height, width, new height, new width
    (7, 5, 3, 4),
    (5, 4, 9, 11),
    (20, 31, 7, 10),
    (12, 3, 5, 6),
    (40, 40, 14, 14),
    (1, 9, 4, 3),
]


def picture(height, width, seed):
    """Smooth colours with some noise, uint8 [H, W, 3]."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    planes = [127 + 90 * np.sin(x / (3 + c) + seed) * np.cos(y / (2 + c)) for c in range(3)]
    noise = np.random.default_rng(seed).integers(-30, 31, (height, width, 3))
    return np.clip(np.stack(planes, -1) + noise, 0, 255).astype(np.uint8)


def pillow(array, mode, kind, **options):
    out = io.BytesIO()
    Image.fromarray(array).convert(mode).save(out, kind, **options)
    return out.getvalue()


ADOBE = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\0"  # Technical Note 5116: transform 0 is RGB


def without_jfif(jpeg, ids, first=b""):
    """A JPEG whose three components have other ids, and no APP0 segment but what is given."""
    out, at = b"\xff\xd8" + first, 2
    while True:
        marker, length = jpeg[at + 1], int.from_bytes(jpeg[at + 2 : at + 4], "big") + 2
        segment = bytearray(jpeg[at : at + length])
        at += length
        if marker == 0xC0:
            segment[10:19:3] = ids
        elif marker == 0xDA:
            segment[5:11:2] = ids
            return out + bytes(segment) + jpeg[at:]
        if marker != 0xE0:
            out += bytes(segment)


def files():
    colour = picture(19, 26, 1)
    grey = picture(19, 26, 2)[..., 0]
    alpha = np.concatenate([colour, np.full_like(grey, 255)[..., None]], -1)
    wide = picture(9, 11, 3).astype(np.uint16) * 256 + picture(9, 11, 4)
    yield "jpeg grey", pillow(grey, "L", "JPEG", quality=90)
    yield "jpeg colour 4:4:4", pillow(colour, "RGB", "JPEG", quality=90, subsampling=0)
    yield "jpeg colour 4:2:0", pillow(colour, "RGB", "JPEG", quality=75, subsampling=2)
    yield "jpeg progressive", pillow(colour, "RGB", "JPEG", quality=80, progressive=True)
    full = pillow(colour, "RGB", "JPEG", quality=90, subsampling=0)
    for ids in (b"\1\2\3", b"\0\1\2", b"RGB", b"YCc"):
        yield f"jpeg nameless ids {list(ids)}", without_jfif(full, ids)
    yield "jpeg Adobe RGB", without_jfif(full, b"\1\2\3", ADOBE)
    yield "png grey", pillow(grey, "L", "PNG")
    yield "png colour", pillow(colour, "RGB", "PNG")
    yield "png palette", pillow(colour, "P", "PNG")
    yield "png colour alpha", pillow(alpha, "RGBA", "PNG")
    yield "png grey alpha", pillow(alpha, "LA", "PNG")
    yield "png 1 bit", pillow(grey, "1", "PNG")
    yield "png grey 16 bits", tf.io.encode_png(wide[..., :1]).numpy()
    yield "png colour 16 bits", tf.io.encode_png(wide).numpy()


def decoded():
    cases = []
    for name, data in files():
        if name.startswith("jpeg"):
            pixels = tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE").numpy()
        else:
            pixels = tf.io.decode_png(data, channels=3).numpy()
        cases.append(
            {
                "name": name,
                "file": base64.b64encode(data).decode(),
                "height": pixels.shape[0],
                "width": pixels.shape[1],
                "pixels": base64.b64encode(pixels.tobytes()).decode(),
            }
        )
    return cases


def resized():
    cases = []
    for i, (height, width, to_height, to_width) in enumerate(SIZES):
        pixels = picture(height, width, 10 + i)
        result = tf.image.resize(
            pixels.astype(np.float32), (to_height, to_width), method="bilinear", antialias=True
        ).numpy()
        cases.append(
            {
                "height": height,
                "width": width,
                "pixels": base64.b64encode(pixels.tobytes()).decode(),
                "newHeight": to_height,
                "newWidth": to_width,
                "values": [round(float(v), 3) for v in result.ravel()],
            }
        )
    return cases


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    arguments = parser.parse_args()
    failed = False
    for name, cases in (("decoded.json", decoded()), ("resized.json", resized())):
        text = "[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n"
        path = RESOURCES / name
        if not arguments.check:
            path.write_text(text)
        elif path.read_text() != text:
            print(f"{path} differs", file=sys.stderr)
            failed = True
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

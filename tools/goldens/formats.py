"""Writes small images of the rarer formats with the pixels that others decode them to.

    python tools/goldens/formats.py [--check]

Needs tensorflow (2.18), numpy and Pillow. Output, in pipeline-core's test resources:
  formats.json  files in base64 and pixels [H, W, 3]: of JPEG with four components those of
                tf.io.decode_jpeg (INTEGER_ACCURATE), of BMP and TIFF those of Pillow; of 16-bit
                TIFF the high bytes, of CMYK TIFF (255 - k) (255 - c) / 255
With --check nothing is written; the committed file is compared.
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
FILE = ROOT / "pipeline-core/src/test/resources/io/github/deepxray/core/image/formats.json"
HEIGHT, WIDTH = 13, 18


def plane(seed):
    """A smooth pattern with some noise, uint8 [H, W]."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    noise = np.random.default_rng(seed).integers(-20, 21, (HEIGHT, WIDTH))
    return np.clip(127 + 95 * np.sin(x / 4 + seed) * np.cos(y / 3) + noise, 0, 255).astype(np.uint8)


def planes(count):
    return np.stack([plane(seed) for seed in range(count)], -1)


def save(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def segments(jpeg):
    """The marker segments before the first scan, as (start, end)."""
    at = 2
    while jpeg[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        yield at, end
        at = end


def adobe(jpeg):
    return next((a, b) for a, b in segments(jpeg) if jpeg[a + 4 : a + 9] == b"Adobe")


def jpegs():
    inks = Image.fromarray(planes(4), "CMYK")
    cmyk = save(inks, "JPEG", quality=92)
    start, end = adobe(cmyk)
    yield "jpeg cmyk of adobe", cmyk
    # The same components declared to be luma, chroma and black.
    yield "jpeg ycck of adobe", cmyk[: start + 15] + b"\x02" + cmyk[start + 16 :]
    yield "jpeg cmyk without marker", cmyk[:start] + cmyk[end:]
    yield "jpeg cmyk progressive", save(inks, "JPEG", quality=80, progressive=True)


def others():
    colour = Image.fromarray(planes(3))
    grey = Image.fromarray(plane(5))
    alpha = Image.fromarray(planes(4), "RGBA")
    opaque = alpha.copy()
    opaque.putalpha(255)
    yield "bmp colour", save(colour, "BMP"), np.asarray(colour)
    yield "bmp grey", save(grey, "BMP"), np.asarray(grey.convert("RGB"))
    yield "bmp palette", save(colour.convert("P"), "BMP"), np.asarray(
        colour.convert("P").convert("RGB")
    )
    yield "bmp 1 bit", save(grey.convert("1"), "BMP"), np.asarray(grey.convert("1").convert("RGB"))
    yield "bmp colour alpha", save(alpha, "BMP"), np.asarray(alpha)[..., :3]
    for compression in ("raw", "tiff_lzw", "tiff_deflate", "packbits"):
        yield f"tiff colour {compression}", save(
            colour, "TIFF", compression=compression
        ), np.asarray(colour)
        yield f"tiff grey {compression}", save(grey, "TIFF", compression=compression), np.asarray(
            grey.convert("RGB")
        )
    palette = bytearray(save(colour.convert("P"), "TIFF"))
    spread(palette)
    yield "tiff palette", bytes(palette), np.asarray(colour.convert("P").convert("RGB"))
    yield "tiff 1 bit", save(grey.convert("1"), "TIFF", compression="group4"), np.asarray(
        grey.convert("1").convert("RGB")
    )
    yield "tiff colour alpha", save(opaque, "TIFF"), np.asarray(opaque)[..., :3]
    wide = plane(6).astype(np.uint16) * 256 + plane(7)
    high = np.repeat((wide >> 8).astype(np.uint8)[..., None], 3, -1)
    yield "tiff grey 16 bits", save(Image.fromarray(wide), "TIFF"), high
    # WhiteIsZero: Pillow writes the samples as they are under the tag it is given.
    white = bytearray(save(grey, "TIFF"))
    patch(white, 262, 0)
    yield "tiff grey white is zero", bytes(white), 255 - np.asarray(grey.convert("RGB"))
    inks = planes(4).astype(np.int32)
    mixed = (255 - inks[..., 3:]) * (255 - inks[..., :3]) // 255
    yield "tiff cmyk", save(Image.fromarray(planes(4), "CMYK"), "TIFF"), mixed.astype(np.uint8)


def spread(tiff):
    """Lets the colour map of a little-endian TIFF reach 65535, where Pillow stops at 65280."""
    at = int.from_bytes(tiff[4:8], "little")
    for i in range(int.from_bytes(tiff[at : at + 2], "little")):
        entry = at + 2 + 12 * i
        if int.from_bytes(tiff[entry : entry + 2], "little") == 320:
            colours = int.from_bytes(tiff[entry + 8 : entry + 12], "little")
            for j in range(int.from_bytes(tiff[entry + 4 : entry + 8], "little")):
                tiff[colours + 2 * j] = tiff[colours + 2 * j + 1]


def patch(tiff, tag, value):
    """Changes a short value of the first directory of a little-endian TIFF."""
    at = int.from_bytes(tiff[4:8], "little")
    for i in range(int.from_bytes(tiff[at : at + 2], "little")):
        entry = at + 2 + 12 * i
        if int.from_bytes(tiff[entry : entry + 2], "little") == tag:
            tiff[entry + 8 : entry + 10] = value.to_bytes(2, "little")
            return
    raise ValueError(f"no tag {tag}")


def cases():
    for name, data in jpegs():
        yield name, data, tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE").numpy()
    yield from others()


def text():
    lines = []
    for name, data, pixels in cases():
        assert pixels.shape == (HEIGHT, WIDTH, 3) and pixels.dtype == np.uint8, name
        lines.append(
            json.dumps(
                {
                    "name": name,
                    "file": base64.b64encode(data).decode(),
                    "height": HEIGHT,
                    "width": WIDTH,
                    "pixels": base64.b64encode(pixels.tobytes()).decode(),
                }
            )
        )
    return "[\n" + ",\n".join(lines) + "\n]\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    if not parser.parse_args().check:
        FILE.write_text(text())
    elif FILE.read_text() != text():
        sys.exit(f"{FILE} differs")


if __name__ == "__main__":
    main()

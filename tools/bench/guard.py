"""Pictures that no classifier of chest X-rays should classify, and how many of them an input guard flags.

    python tools/bench/guard.py pictures --data <chest-xray-pneumonia.zip> [--strangers <folder>] --out <folder>
    python tools/bench/guard.py table <folder>/*.csv

`pictures` writes PNG files of 224 x 224 pixels, a folder a kind: the test images of the archive as they are
(plain) and mirrored, distorted copies of 120 of them, noise, constant pictures, the photographs of scikit-image
and scikit-learn, and the pictures of a folder of strangers. Needs numpy, Pillow, scikit-image, scikit-learn.
Classify each kind with `deepxray predict <bundle> <folder>/<kind> --format csv > <kind>.csv`; `table` prints
for each kind the share flagged, and the area under the ROC curve against plain, as mean over several sets of
.csv files (of several seeds or artifacts) in folders of their own.
"""

import argparse
import collections
import csv
import io
import pathlib
import random
import statistics
import zipfile

SIZE = 224
COPIES = 120


def pixels(image):
    import numpy

    return numpy.asarray(image).astype(numpy.float32)


def image(values):
    import numpy
    from PIL import Image

    return Image.fromarray(numpy.clip(values, 0, 255).astype(numpy.uint8))


def copies(plain, number):
    from PIL import Image, ImageFilter

    half = SIZE // 2
    left, top = number % 2 * half, number // 2 % 2 * half
    quarter = plain.crop((left, top, left + half, top + half))
    yield "inverted", image(255 - pixels(plain))
    yield "upside-down", plain.transpose(Image.FLIP_TOP_BOTTOM)
    yield "rotated-180", plain.rotate(180)
    yield "rotated-90", plain.rotate(90)
    yield "rotated-270", plain.rotate(270)
    yield "quarter", quarter.resize((SIZE, SIZE), Image.BILINEAR)
    yield "blurred", plain.filter(ImageFilter.GaussianBlur(6))
    yield "dark", image(pixels(plain) * 0.25)


def generated():
    import numpy

    numbers = numpy.random.RandomState(0)
    for k in range(40):
        yield "noise", f"uniform-{k}", image(numbers.randint(0, 256, (SIZE, SIZE, 3)))
        grey = numbers.normal(128, 40, (SIZE, SIZE, 1))
        yield "noise", f"normal-{k}", image(numpy.repeat(grey, 3, 2))
    for grey in (0, 32, 64, 96, 128, 160, 192, 224, 255):
        yield "constant", str(grey), image(numpy.full((SIZE, SIZE, 3), grey))


def photographs():
    import numpy
    import skimage.data
    from PIL import Image
    from sklearn.datasets import load_sample_images

    names = "astronaut camera coffee chelsea rocket page text coins moon brick grass gravel horse checkerboard clock"
    for name in (names + " hubble_deep_field immunohistochemistry colorwheel cat").split():
        try:
            values = numpy.asarray(getattr(skimage.data, name)())
        except Exception as missing:  # some are downloaded on demand
            print(f"without {name}: {missing}".splitlines()[0])
            continue
        values = values * 255 if values.dtype == bool else values
        yield name, Image.fromarray(values.astype(numpy.uint8)).convert("RGB")
    for number, values in enumerate(load_sample_images().images):
        yield f"sample-{number}", Image.fromarray(values)


def pictures(args):
    from PIL import Image

    def write(kind, name, picture):
        folder = args.out / kind
        folder.mkdir(parents=True, exist_ok=True)
        picture.convert("RGB").resize((SIZE, SIZE), Image.BILINEAR).save(folder / f"{name}.png")

    with zipfile.ZipFile(args.data) as archive:
        names = sorted(n for n in archive.namelist() if n.startswith("chest_xray/test/") and n.endswith(".jpeg"))
        chosen = set(random.Random(7).sample(names, COPIES))
        for number, name in enumerate(names):
            plain = Image.open(io.BytesIO(archive.read(name))).convert("RGB").resize((SIZE, SIZE), Image.BILINEAR)
            write("plain", number, plain)
            write("mirrored", number, plain.transpose(Image.FLIP_LEFT_RIGHT))
            if name in chosen:
                for kind, copy in copies(plain, number):
                    write(kind, number, copy)
    for kind, name, picture in generated():
        write(kind, name, picture)
    for name, picture in photographs():
        write("photographs", name, picture)
    for file in sorted(args.strangers.iterdir()) if args.strangers else []:
        write("strangers", file.stem, Image.open(file))


def auc(negatives, positives):
    ranks = {}
    values = sorted(negatives + positives)
    for rank, value in enumerate(values):
        ranks.setdefault(value, []).append(rank + 1)
    mean = {value: statistics.fmean(of) for value, of in ranks.items()}
    count = len(positives)
    total = sum(mean[value] for value in positives) - count * (count + 1) / 2
    return total / count / len(negatives)


def table(args):
    sets = collections.defaultdict(dict)
    for file in args.files:
        with file.open() as lines:
            rows = [r for r in csv.DictReader(lines) if r["unfamiliarity"]]
        flagged = statistics.fmean(r["unfamiliar"] == "true" for r in rows)
        sets[file.parent][file.stem] = (flagged, [float(r["unfamiliarity"]) for r in rows])
    print(f"| pictures ({len(sets)} sets) | number | flagged | AUC |")
    print("|---|---:|---:|---:|")
    for kind in next(iter(sets.values())):
        shares = [of[kind][0] for of in sets.values()]
        areas = [auc(of["plain"][1], of[kind][1]) for of in sets.values()]
        count = len(next(iter(sets.values()))[kind][1])
        area = "" if kind == "plain" else f"{statistics.fmean(areas):.3f}"
        print(f"| {kind} | {count} | {100 * statistics.fmean(shares):.1f} % | {area} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    write = commands.add_parser("pictures")
    write.add_argument("--data", type=pathlib.Path, required=True)
    write.add_argument("--strangers", type=pathlib.Path)
    write.add_argument("--out", type=pathlib.Path, required=True)
    write.set_defaults(run=pictures)
    sums = commands.add_parser("table")
    sums.add_argument("files", type=pathlib.Path, nargs="+")
    sums.set_defaults(run=table)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()

"""Mean share of the heat in the outer tenth of the images, of what explain wrote.

    python3 tools/bench/heat_share.py <explanations.json>

Any Python 3. A row for each folder of images and decision, with the number of images.
"""

import argparse
import collections
import json
import pathlib
import statistics


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=pathlib.Path, help="explanations.json")
    shares = collections.defaultdict(list)
    for image in json.loads(parser.parse_args().file.read_text())["images"]:
        folder = pathlib.PurePath(image["file"]).parent.name
        shares[folder, image["label"]].append(image["heatMap"]["frameShare"])
    print("| folder | decision | images | share of heat in the outer tenth |")
    print("|---|---|---|---|")
    for (folder, label), values in sorted(shares.items()):
        print(f"| {folder} | {label} | {len(values)} | {statistics.fmean(values):.3f} |")


if __name__ == "__main__":
    main()

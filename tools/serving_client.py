"""Asks a server of TensorFlow Serving's REST interface about X-rays: deepxray's, or Google's.

    python tools/serving_client.py <images> [--url http://127.0.0.1:8501] [--model deepxray]

Needs nothing but Python. Prints a line for each image, its probability of the positive class and its name,
and ends with 1 if an image was refused, with 2 if the server cannot be reached. As a library:

    client = Client("http://127.0.0.1:8501", "deepxray")
    client.wait_until_ready()
    print(client.predict_files([open("xray.jpeg", "rb").read()]))
"""

import argparse
import base64
import json
import pathlib
import sys
import time
import urllib.error
import urllib.parse
import urllib.request


class ServingError(Exception):
    """An answer that says what is wrong."""

    def __init__(self, status, message):
        super().__init__(f"{status}: {message}")
        self.status = status


class Client:
    """One model of a server."""

    def __init__(self, url, model="deepxray", version=None, label=None, api_key=None, timeout=60):
        if version is not None and label is not None:
            raise ValueError("a version or a label, not both")
        self.base = url.rstrip("/") + "/v1/models/" + urllib.parse.quote(model, safe="")
        if version is not None:
            self.base += f"/versions/{version}"
        if label is not None:
            self.base += "/labels/" + urllib.parse.quote(label, safe="")
        self.api_key = api_key
        self.timeout = timeout

    def _call(self, url, body=None, tries=5):
        headers = {"Content-Type": "application/json"}
        if self.api_key:
            headers["Authorization"] = "Bearer " + self.api_key
        data = None if body is None else json.dumps(body).encode()
        for left in reversed(range(tries)):
            request = urllib.request.Request(url, data=data, headers=headers)
            try:
                with urllib.request.urlopen(request, timeout=self.timeout) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                text = error.read().decode(errors="replace")
                if error.code in (429, 503) and left:
                    # The server says when it is worth trying again.
                    time.sleep(float(error.headers.get("Retry-After") or 1))
                    continue
                try:
                    message = json.loads(text)["error"]
                except (ValueError, KeyError, TypeError):
                    message = text.strip()
                raise ServingError(error.code, message) from None
        raise AssertionError("unreachable")

    def status(self):
        """The versions and their states: [{"version": "1", "state": "AVAILABLE", ...}]."""
        return self._call(self.base)["model_version_status"]

    def metadata(self):
        """The signatures of the version that answers."""
        return self._call(self.base + "/metadata")["metadata"]["signature_def"]["signature_def"]

    def wait_until_ready(self, seconds=60):
        """Returns when a version takes requests."""
        end = time.monotonic() + seconds
        while True:
            try:
                if any(version["state"] == "AVAILABLE" for version in self.status()):
                    return
                why = "no version is available"
            except (ServingError, urllib.error.URLError) as error:
                why = str(error)
            if time.monotonic() > end:
                raise TimeoutError(f"{self.base} is not ready: {why}")
            time.sleep(0.2)

    def predict(self, instances, signature="serving_default"):
        """What the model gives for instances, in the row form."""
        return self._call(
            self.base + ":predict", {"signature_name": signature, "instances": instances}
        )["predictions"]

    def predict_columns(self, inputs, signature="serving_default"):
        """The same in the columnar form."""
        return self._call(
            self.base + ":predict", {"signature_name": signature, "inputs": inputs}
        )["outputs"]

    def predict_files(self, files):
        """The probability of the positive class for each JPEG or PNG file, given as bytes."""
        instances = [{"b64": base64.b64encode(file).decode()} for file in files]
        return [row[0] for row in self.predict(instances, "serving_bytes")]

    def classify_files(self, files):
        """For each file its classes with their scores, which is deepxray's :classify alone:
        SavedModels of this project have no signature for it."""
        examples = [{"image_bytes": {"b64": base64.b64encode(file).decode()}} for file in files]
        answer = self._call(self.base + ":classify", {"examples": examples})
        return [dict(map(tuple, row)) for row in answer["results"]]


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("images", nargs="+", type=pathlib.Path)
    parser.add_argument("--url", default="http://127.0.0.1:8501")
    parser.add_argument("--model", default="deepxray")
    parser.add_argument("--version", type=int)
    parser.add_argument("--label")
    parser.add_argument("--api-key")
    options = parser.parse_args(arguments)
    client = Client(options.url, options.model, options.version, options.label, options.api_key)
    refused = 0
    for image in options.images:
        try:
            probability = client.predict_files([image.read_bytes()])[0]
            print(f"{probability:.4f}  {image}", flush=True)
        except ServingError as error:
            refused += 1
            print(f"{image}: {error}", file=sys.stderr)
        except (urllib.error.URLError, OSError) as error:
            print(f"{options.url}: {error}", file=sys.stderr)
            return 2
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())

"""Tests serving_client.py against a server made here.

    python -m unittest discover -s tools -p 'serving_client_test.py'
"""

import base64
import contextlib
import http.server
import io
import json
import pathlib
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import serving_client as sc


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers as TensorFlow Serving does, with the length of a file as its probability."""

    busy = 0

    def log_message(self, *arguments):
        pass

    def _send(self, code, body, **headers):
        data = json.dumps(body).encode()
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        if self.path == "/v1/models/chest":
            self._send(
                200,
                {
                    "model_version_status": [
                        {
                            "version": "1",
                            "state": "AVAILABLE",
                            "status": {"error_code": "OK", "error_message": ""},
                        }
                    ]
                },
            )
        else:
            self._send(404, {"error": "Could not find any versions of model"})

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if Handler.busy:
            Handler.busy -= 1
            self._send(429, {"error": "full"}, Retry_After="0.01")
        elif self.headers.get("Authorization") == "Bearer wrong":
            self._send(401, {"error": "no"})
        elif self.path == "/v1/models/chest:predict":
            files = [base64.b64decode(row["b64"]) for row in request["instances"]]
            if b"" in files:
                self._send(400, {"error": "empty"})
            else:
                self._send(200, {"predictions": [[len(file) / 10] for file in files]})
        elif self.path == "/v1/models/chest/versions/1:classify":
            self._send(200, {"results": [[["NORMAL", 0.75], ["PNEUMONIA", 0.25]]]})
        else:
            self._send(404, {"error": "Servable not found for request: Latest"})


class ServingClientTest(unittest.TestCase):
    def setUp(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        self.addCleanup(self.stop)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def stop(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def test_predicts(self):
        client = sc.Client(self.url, "chest")
        client.wait_until_ready(5)
        self.assertEqual(client.predict_files([b"abc", b"abcde"]), [0.3, 0.5])

    def test_classifies(self):
        client = sc.Client(self.url + "/", "chest", version=1)
        self.assertEqual(client.classify_files([b"a"]), [{"NORMAL": 0.75, "PNEUMONIA": 0.25}])

    def test_comes_again_when_told_to(self):
        Handler.busy = 2
        self.assertEqual(sc.Client(self.url, "chest").predict_files([b"a"]), [0.1])

    def test_says_what_the_server_says(self):
        with self.assertRaisesRegex(sc.ServingError, "404: Servable not found"):
            sc.Client(self.url, "other").predict_files([b"a"])
        with self.assertRaisesRegex(sc.ServingError, "401"):
            sc.Client(self.url, "chest", api_key="wrong").predict_files([b"a"])
        with self.assertRaises(TimeoutError):
            sc.Client(self.url, "other").wait_until_ready(0)

    def test_the_program_goes_on_after_a_bad_image(self):
        with tempfile.TemporaryDirectory() as folder:
            good = pathlib.Path(folder, "good.jpeg")
            good.write_bytes(b"abc")
            bad = pathlib.Path(folder, "bad.jpeg")
            bad.write_bytes(b"")
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = sc.main([str(bad), str(good), "--url", self.url, "--model", "chest"])
            self.assertEqual(code, 1)
            self.assertIn("0.3000", out.getvalue())
            self.assertIn("bad.jpeg: 400: empty", err.getvalue())


if __name__ == "__main__":
    unittest.main()

"""Checks what Jib makes of pipeline-server, without a container engine.

    python3 deploy/check_image.py [<bundle>]

Builds the image on an empty base made here, checks user, port and entry point and what is in it,
and, given a bundle, unpacks it and starts the entry point as the image would: as another user if
this is root, with nothing writable but one folder. Ends with 1 if anything is wrong.
"""

import hashlib
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
IMAGE = ROOT / "pipeline-server" / "target" / "jib-image.tar"
USER = 10001
LIMIT = 60 << 20


def add(archive, name, data):
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    archive.addfile(entry, io.BytesIO(data))


def write_base(path):
    """An image of one empty layer, as `docker save` writes it."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w"):
        pass
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Env": ["PATH=/usr/bin"]},
        "rootfs": {
            "type": "layers",
            "diff_ids": ["sha256:" + hashlib.sha256(layer.getvalue()).hexdigest()],
        },
        "history": [{"created": "1970-01-01T00:00:00Z"}],
    }
    manifest = [{"Config": "config.json", "RepoTags": ["base:1"], "Layers": ["layer.tar"]}]
    with tarfile.open(path, "w") as archive:
        add(archive, "layer.tar", layer.getvalue())
        add(archive, "config.json", json.dumps(config).encode())
        add(archive, "manifest.json", json.dumps(manifest).encode())


def build(base):
    subprocess.run(
        ["mvn", "-B", "-ntp", "-q", "package", "jib:buildTar", "-DskipTests"]
        + ["-pl", "pipeline-server", "-am", f"-Djib.from.image=tar://{base}"],
        cwd=ROOT,
        check=True,
    )


def unpack(folder):
    """Unpacks the image and returns its configuration."""
    with tarfile.open(IMAGE) as archive:
        manifest = json.load(archive.extractfile("manifest.json"))[0]
        config = json.load(archive.extractfile(manifest["Config"]))["config"]
        for name in manifest["Layers"]:
            with tarfile.open(fileobj=archive.extractfile(name)) as layer:
                # Older Pythons cannot be told that nothing may leave the folder.
                safe = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
                layer.extractall(folder, **safe)
    return config


def check(config, folder):
    jars = list(pathlib.Path(folder, "app", "libs").glob("*.jar"))
    assert config["User"] == str(USER), config["User"]
    assert list(config["ExposedPorts"]) == ["8501/tcp"], config["ExposedPorts"]
    assert config["Entrypoint"][0] == "java", config["Entrypoint"]
    assert config["Entrypoint"][-1] == "io.github.deepxray.server.Main"
    assert config["Cmd"] == ["--host", "0.0.0.0", "/models"], config["Cmd"]
    assert any(jar.name.startswith("tensorflow-lite-2") for jar in jars)
    assert not any(jar.name.startswith("tensorflow-core") for jar in jars)
    size = sum(path.stat().st_size for path in pathlib.Path(folder).rglob("*") if path.is_file())
    assert size < LIMIT, size
    print(f"image: {len(jars)} jars, {size >> 20} MiB, entry point {' '.join(config['Entrypoint'])}")


def start(config, folder, bundle):
    """Starts the entry point with the image's paths turned into those of the folder."""
    writable = pathlib.Path(folder, "tmp")
    writable.mkdir()
    shutil.copytree(bundle, pathlib.Path(folder, "models"))
    user = {}
    if os.getuid() == 0:
        os.chown(writable, USER, USER)
        os.chmod(folder, 0o755)
        user = {"user": USER, "group": USER, "extra_groups": []}
    command = [
        re.sub(r"/(app|tmp|models)(?=[/:]|$)", lambda m: f"{folder}/{m.group(1)}", part)
        for part in config["Entrypoint"] + config["Cmd"]
    ]
    # The class path stands in a file, for the image's folder.
    if command[command.index("-cp") + 1].startswith("@"):
        listing = pathlib.Path(command[command.index("-cp") + 1][1:])
        listing.write_text(listing.read_text().replace("/app/", f"{folder}/app/"))
    command[0] = shutil.which("java")
    command[command.index("0.0.0.0")] = "127.0.0.1"
    process = subprocess.Popen(
        command + ["--port", "0"],
        env={"HOME": "/nonexistent", "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        text=True,
        **user,
    )
    try:
        ready = process.stdout.readline()
        url = re.search(r"http://\S+?:\d+", ready).group()
        with urllib.request.urlopen(url + "/v1/models/deepxray") as answer:
            state = json.load(answer)["model_version_status"][0]["state"]
        assert state == "AVAILABLE", state
        begin = time.monotonic()
        process.terminate()
        assert process.wait(60) == 143, process.returncode
        print(f"entry point: served, ended {time.monotonic() - begin:.1f} s after SIGTERM")
    finally:
        process.kill()


def main():
    with tempfile.TemporaryDirectory() as folder:
        base = pathlib.Path(folder, "base.tar")
        write_base(base)
        build(base)
        image = pathlib.Path(folder, "image")
        image.mkdir()
        config = unpack(image)
        check(config, image)
        if len(sys.argv) > 1:
            os.chmod(folder, 0o755)
            start(config, image, sys.argv[1])


if __name__ == "__main__":
    main()

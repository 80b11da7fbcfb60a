"""One large file and many small ones to S3 and back, beside a plain script for boto3."""

from __future__ import annotations

import argparse
import mmap
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from timing import PYTHON, print_table

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import s3_server

PLAIN = "boto3, by hand"
OURS = "thresher.storage"
#: Bytes of memory that are used before each transfer; it writes 256 MB, and so does the server.
TOUCHED = 1 << 30
#: What is timed inside of a process begins after its imports, and holds the making of the client.
SCRIPTS = {
    PLAIN: """
import sys, time, boto3
from pathlib import Path
action, endpoint, bucket, prefix, folder = sys.argv[1:]
began = time.perf_counter()
client = boto3.client("s3", endpoint_url=endpoint)
if action == "up":
    for path in sorted(Path(folder).iterdir()):
        client.upload_file(str(path), bucket, prefix + path.name)
else:
    Path(folder).mkdir()
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page["Contents"]:
            name = entry["Key"].removeprefix(prefix)
            client.download_file(bucket, entry["Key"], str(Path(folder) / name))
print(time.perf_counter() - began)
""",
    OURS: """
import sys, time, boto3
from thresher.storage import S3Options, get, put
action, endpoint, bucket, prefix, folder = sys.argv[1:]
began = time.perf_counter()
options = S3Options(endpoint=endpoint)
if action == "up":
    put(folder, f"s3://{bucket}/{prefix}", options=options)
else:
    get(f"s3://{bucket}/{prefix}", folder, options=options)
print(time.perf_counter() - began)
""",
}


def write_files(folder: Path, count: int, size: int) -> Path:
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:05}.bin").write_bytes(random.Random(number).randbytes(size))
    return folder


def transfer(
    server: s3_server.S3Server, script: str, action: str, prefix: str, folder: Path
) -> tuple[float, float]:
    """Give the seconds of the transfer, and those of the whole process."""
    touch_memory()
    began = time.perf_counter()
    done = subprocess.run(
        [*PYTHON, "-c", script, action, server.endpoint, server.bucket, prefix, str(folder)],
        env={**os.environ, **server.environment(), "XDG_STATE_HOME": str(folder.parent / "state")},
        capture_output=True,
        text=True,
        check=False,
    )
    whole = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(done.stderr)
    return float(done.stdout), whole


def touch_memory() -> None:
    """Use some memory and free it, so that whoever comes next is given pages that were used before.

    On a virtual machine the first use of a page is the host's work, and a file of 256 MB takes up
    to ten times as long to write where all of them are new: that is no contestant's doing.
    """
    with mmap.mmap(-1, TOUCHED) as memory:
        for page in range(0, TOUCHED, mmap.PAGESIZE):
            memory[page] = 1


def rounds(
    server: s3_server.S3Server, top: Path, source: Path, repeat: int
) -> dict[tuple[str, str], tuple[float, float]]:
    """Take turns between the contestants, up and down; give the medians."""
    taken: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for number in range(repeat + 1):  # the first fills caches and is not counted
        for name, script in SCRIPTS.items():
            prefix = f"{source.name}-{number}-{name.split()[0].strip(',')}/"
            target = Path(tempfile.mkdtemp(dir=top)) / "back"
            for action, folder in (("up", source), ("down", target)):
                print(
                    f"round {number} of {repeat}: {source.name} {action}, {name}", file=sys.stderr
                )
                seconds = transfer(server, script, action, prefix, folder)
                if number:
                    taken[action, name].append(seconds)
            compare(source, target)
            remove(server, prefix, target)
    middle: Callable[[list[tuple[float, float]], int], float] = lambda values, which: (  # noqa: E731
        statistics.median(value[which] for value in values)
    )
    return {key: (middle(values, 0), middle(values, 1)) for key, values in taken.items()}


def compare(source: Path, target: Path) -> None:
    """Hold what came back against what was sent: a benchmark of wrong results is none."""
    for path in source.iterdir():
        assert (target / path.name).read_bytes() == path.read_bytes(), path


def remove(server: s3_server.S3Server, prefix: str, target: Path) -> None:
    client = server.client()
    for page in client.get_paginator("list_objects_v2").paginate(
        Bucket=server.bucket, Prefix=prefix
    ):
        for entry in page.get("Contents", ()):
            client.delete_object(Bucket=server.bucket, Key=entry["Key"])
    for path in target.iterdir():
        path.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=256, help="size of the large file")
    parser.add_argument("--files", type=int, default=500, help="number of the small files")
    parser.add_argument("--kilobytes", type=int, default=64, help="size of each")
    parser.add_argument("--repeat", type=int, default=5, help="rounds, of which medians are told")
    options = parser.parse_args()
    head = ("work", "seconds", "MB/s", "of boto3's throughput", "whole process, seconds")
    with tempfile.TemporaryDirectory(prefix="thresher-") as name, s3_server.running() as server:
        top = Path(name)
        works = {
            f"1 file of {options.megabytes} MB": (1, options.megabytes * 1_000_000),
            f"{options.files} files of {options.kilobytes} kB": (
                options.files,
                options.kilobytes * 1000,
            ),
        }
        for index, (title, (count, size)) in enumerate(works.items()):
            source = write_files(top / f"work{index}", count, size)
            medians = rounds(server, top, source, options.repeat)
            rows = [
                (
                    f"{action}, {contestant}",
                    f"{seconds:.3f}",
                    f"{count * size / seconds / 1e6:.0f}",
                    f"{medians[action, PLAIN][0] / seconds:.2f}",
                    f"{whole:.3f}",
                )
                for (action, contestant), (seconds, whole) in sorted(
                    medians.items(), key=lambda item: (item[0][0] != "up", item[0][1] != PLAIN)
                )
            ]
            print_table(f"{title}, SeaweedFS on the same machine", head, rows)


if __name__ == "__main__":
    main()

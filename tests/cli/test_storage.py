"""`thresher storage` as a person meets it: processes, a terminal, exit codes, what is printed."""

from __future__ import annotations

import itertools
import json
import os
import pty
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from s3_server import S3Server

_numbers = itertools.count()
THRESHER = [sys.executable, "-m", "thresher"]
FILES = {"a.csv": b"id\n1\n", "b.txt": b"2", "sub/c.csv": b"id\n3\n"}


@dataclass(frozen=True)
class Shell:
    """A folder with files and a prefix of its own."""

    folder: Path
    server: S3Server
    prefix: str

    @property
    def url(self) -> str:
        return f"s3://{self.server.bucket}/{self.prefix}"

    def __call__(
        self, *arguments: str, endpoint: bool = True, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        given = ("--endpoint", self.server.endpoint) if endpoint else ()
        done = subprocess.run(
            [*THRESHER, "storage", *arguments, *given],
            cwd=self.folder,
            env={**self.environment, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    @property
    def environment(self) -> dict[str, str]:
        state = {"XDG_STATE_HOME": str(self.folder.parent), "COLUMNS": "200"}
        return {**os.environ, **self.server.environment(), **state}

    def names(self) -> list[str]:
        found = self.server.client().list_objects_v2(Bucket=self.server.bucket, Prefix=self.prefix)
        return [entry["Key"][len(self.prefix) :] for entry in found.get("Contents", ())]

    def on_a_terminal(self, *arguments: str, typed: bytes = b"") -> tuple[int, str]:
        """Run a command on a pseudo-terminal; give its exit code and all that it showed."""
        ours, theirs = pty.openpty()
        shown: list[bytes] = []

        def read() -> None:
            while True:
                try:
                    data = os.read(ours, 65536)
                except OSError:
                    return
                shown.append(data)

        reader = threading.Thread(target=read)
        process = subprocess.Popen(
            [*THRESHER, "storage", *arguments, "--endpoint", self.server.endpoint],
            cwd=self.folder,
            env={**self.environment, "TERM": "xterm-256color"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        reader.start()
        os.write(ours, typed)
        code = process.wait(120)
        os.close(theirs)
        reader.join()
        os.close(ours)
        return code, b"".join(shown).decode()


@pytest.fixture
def shell(tmp_path: Path, s3_server: S3Server) -> Shell:
    folder = tmp_path / "work"
    for name, content in FILES.items():
        path = folder / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return Shell(folder, s3_server, f"cli-{next(_numbers)}/")


def test_the_five_commands_in_a_row(shell: Shell) -> None:
    put = shell("put", "data", shell.url)
    assert put.returncode == 0, put.stderr
    assert f"{shell.url}a.csv" in put.stdout
    assert put.stdout.splitlines()[-1].startswith("stored 3 files, 11 B in ")
    assert shell("put", "data", shell.url).stdout.endswith("3 files were there already\n")
    listed = shell("list", shell.url)
    assert [line.split()[-1] for line in listed.stdout.splitlines()[1:]] == [
        shell.url + name for name in FILES
    ]
    assert listed.stderr == "3 objects, 11 B\n"
    assert shell("get", f"{shell.url}**/*.csv", "back").returncode == 0
    assert (shell.folder / "back/sub/c.csv").read_bytes() == FILES["sub/c.csv"]
    assert shell("verify", "data", shell.url).returncode == 0
    assert shell("verify", shell.url).stdout.endswith("3 of 3 as it should be\n")
    cleaned = shell("clean", shell.url, "--yes")
    assert cleaned.stdout.splitlines()[-1] == "removed 3 objects, 11 B"
    assert shell.names() == []


def test_json_has_all_of_it(shell: Shell) -> None:
    put = json.loads(shell("put", "data", shell.url, "--format", "json").stdout)
    assert [each["path"] for each in put["transfers"]] == [f"data/{name}" for name in FILES]
    listed = json.loads(shell("list", shell.url, "--format", "json").stdout)
    assert listed["bytes"] == 11
    assert [each["key"] for each in listed["objects"]] == [shell.prefix + name for name in FILES]
    got = json.loads(shell("get", shell.url, "back", "--format", "json").stdout)
    assert {each["checked"] for each in got["transfers"]} == {"sha256"}
    verified = json.loads(shell("verify", shell.url, "--format", "json").stdout)
    assert verified["ok"] is True
    assert [each["ok"] for each in verified["results"]] == [True] * 3
    cleaned = json.loads(shell("clean", shell.url, "--dry-run", "--format", "json").stdout)
    assert cleaned["dry_run"] is True
    assert [each["kind"] for each in cleaned["removed"]] == ["object"] * 3
    assert len(shell.names()) == 3


def test_a_difference_is_exit_code_1(shell: Shell) -> None:
    shell("put", "data", shell.url)
    (shell.folder / "data/b.txt").write_bytes(b"3")
    done = shell("verify", "data", shell.url)
    assert done.returncode == 1
    assert done.stdout.splitlines()[1].split()[-2:] == ["differs", "sha256"]
    assert done.stdout.endswith("2 of 3 as it should be\n")


def test_nothing_is_removed_where_nobody_can_be_asked(shell: Shell) -> None:
    shell("put", "data", shell.url)
    done = shell("clean", shell.url)
    assert done.returncode == 2
    assert "nobody can be asked here" in done.stderr
    assert "--yes" in done.stderr
    assert len(shell.names()) == 3


@pytest.mark.parametrize(("typed", "left"), [("y", 0), ("n", 3)])
def test_whoever_sits_there_is_asked(shell: Shell, typed: str, left: int) -> None:
    shell("put", "data", shell.url)
    code, shown = shell.on_a_terminal("clean", shell.url, typed=f"{typed}\n".encode())
    assert f"{shell.url}a.csv" in shown
    assert "remove 3 objects, 11 B?" in shown
    assert code == (0 if typed == "y" else 130)
    assert len(shell.names()) == left


def test_only_what_is_older_goes(shell: Shell) -> None:
    shell("put", "data", shell.url)
    done = shell("clean", shell.url, "--older-than", "7d", "--yes")
    assert (done.returncode, done.stdout) == (0, "nothing to remove\n")
    assert len(shell.names()) == 3
    wrong = shell("clean", shell.url, "--older-than", "soon")
    assert wrong.returncode == 2
    assert "should be a duration such as" in wrong.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["s3://grain"], "stands for the whole bucket"),
        (["--prefix", ""], "says no bucket"),
        (["--prefix", "tmp/"], "says no bucket"),
        ([], "needs a prefix"),
        (["s3://grain/", "--prefix", "s3://grain/tmp/"], "not both"),
        (["nowhere"], "is no folder, and no URL of a prefix"),
    ],
)
def test_a_prefix_is_needed_to_clean(shell: Shell, arguments: list[str], said: str) -> None:
    done = shell("clean", *arguments, "--yes")
    assert done.returncode == 2
    assert said in done.stderr


def test_a_folder_is_cleaned_of_partial_files(shell: Shell) -> None:
    from thresher.storage.partial import PartialFile

    PartialFile(shell.folder / "data/big.bin", 100, 10, identity="x").close()
    done = shell("clean", "data", "--yes")
    assert done.returncode == 0
    assert "removed 1 partial file" in done.stdout
    assert sorted(path.name for path in (shell.folder / "data").iterdir()) == [
        "a.csv",
        "b.txt",
        "sub",
    ]


def write_project(shell: Shell) -> None:
    (shell.folder / "config.yaml").write_text(
        "pipeline: shop\n"
        f"s3: {{endpoint: 'http://127.0.0.1:1', bucket: {shell.server.bucket}}}\n"
        "environments:\n"
        "  dev: {}\n"
        "  real: {s3: {endpoint: '${S3_ENDPOINT}'}}\n"
    )
    (shell.folder / ".env.example").write_text("S3_ENDPOINT=\n")
    (shell.folder / ".env").write_text(f"S3_ENDPOINT={shell.server.endpoint}\n")


def test_a_project_says_how_the_service_is_spoken_to(shell: Shell) -> None:
    write_project(shell)
    put = ("put", "data", shell.url)
    dev = shell(*put, endpoint=False, AWS_MAX_ATTEMPTS="1")
    assert dev.returncode == 1
    assert "`http://127.0.0.1:1` cannot be reached" in dev.stderr
    assert shell(*put, "--env", "real", endpoint=False).returncode == 0
    assert shell(*put, endpoint=True).returncode == 0  # the command's own option wins
    elsewhere = Shell(shell.folder.parent, shell.server, shell.prefix)
    far = ("list", shell.url, "-C", str(shell.folder), "-e", "real")
    assert elsewhere(*far, endpoint=False).returncode == 0
    cleaned = shell("clean", "--prefix", shell.prefix, "-e", "real", "--yes", endpoint=False)
    assert cleaned.stdout.splitlines()[-1] == "removed 3 objects, 11 B"


def test_a_project_that_is_named_must_be_one(shell: Shell) -> None:
    done = shell("list", shell.url, "-C", "data")
    assert done.returncode == 2
    assert "there is no `config.yaml`" in done.stderr


def test_no_credentials_end_with_4_and_no_secret(shell: Shell) -> None:
    secret = "secret-that-is-wrong"
    done = shell("list", shell.url, AWS_SECRET_ACCESS_KEY=secret)
    assert done.returncode == 4
    assert "the secret key does not belong to the access key" in done.stderr
    debug = subprocess.run(
        [*THRESHER, "storage", "list", shell.url, "--endpoint", shell.server.endpoint, "--debug"],
        env={**shell.environment, "AWS_SECRET_ACCESS_KEY": secret},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" in debug.stderr
    assert secret not in done.stderr + debug.stderr


def test_a_pipe_gets_plain_lines_and_a_terminal_a_bar(shell: Shell) -> None:
    (shell.folder / "big").write_bytes(os.urandom(3_000_000))
    (shell.folder / "big2").write_bytes(os.urandom(3_000_000))
    piped = shell("put", "big", "big2", shell.url)
    assert piped.stderr.splitlines()[-1] == "storing 100%  6 MB of 6 MB, 2 of 2 files"
    assert "\x1b" not in piped.stderr
    code, shown = shell.on_a_terminal("get", shell.url, "back")
    assert code == 0
    assert "\x1b[" in shown
    assert "2/2 files" in shown
    assert "━" in shown

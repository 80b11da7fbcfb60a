"""Databases of a running PostgreSQL, and a way to give them scripts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

import postgres_server


class Postgres:
    """A server, each database of which a test may have for itself."""

    def __init__(self, server: postgres_server.Server) -> None:
        self.server = server
        self.made = 0

    def database(self) -> str:
        """Make an empty database and give its name."""
        self.made += 1
        name = f"test_{self.made}"
        self.server.sql(f"create database {name}")
        return name

    def run(self, script: str, database: str = "postgres") -> subprocess.CompletedProcess[str]:
        """Run a script, up to its first error."""
        return subprocess.run(
            [
                postgres_server._binary("psql"),
                *("-qAtX", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=terse", "-f", "-"),
                self.server.url(database=database),
            ],
            input=script,
            capture_output=True,
            text=True,
            check=False,
        )

    def ask(self, script: str, database: str = "postgres") -> str:
        """Run a script that must not fail, and give what it prints."""
        done = self.run(script, database)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def copy(self, table: str, csv: Path, database: str = "postgres") -> str:
        r"""Load a CSV file whose nulls are `\N`, and give the error, if there is one."""
        options = r"with (format csv, header true, null '\N')"
        return self.run(f"\\copy {table} from '{csv}' {options}\n", database).stderr

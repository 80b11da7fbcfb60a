"""Servers for tests, each started once a session when the first test asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import s3_server as servers


@pytest.fixture(scope="session")
def s3_server() -> Iterator[servers.S3Server]:
    """Give a running S3 server; `s3_server.environment()` are the variables to use it with."""
    with servers.running() as server:
        yield server

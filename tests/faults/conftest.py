"""One bench for each process of the tests, since laying it out takes a few runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from faults_bench import Bench, Server


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Give the bench that faults are tried on."""
    server = Server()
    try:
        yield Bench(server, tmp_path_factory.mktemp("bench"))
    finally:
        server.close()

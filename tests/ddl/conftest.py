"""A running PostgreSQL for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from postgres_databases import Postgres, postgres_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Start PostgreSQL for all tests of this folder."""
    with postgres_server.running() as server:
        yield Postgres(server)

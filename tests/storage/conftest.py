"""A prefix of its own for each test, on the real S3 server."""

from __future__ import annotations

import itertools

import pytest
from shelves import PART, Shelf

from s3_server import S3Server
from thresher.storage.objects import S3Options

_numbers = itertools.count()


@pytest.fixture
def shelf(
    s3_server: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Shelf:
    for name, value in s3_server.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
    return Shelf(
        s3_server,
        S3Options(endpoint=s3_server.endpoint, part_size=PART),
        f"test-{next(_numbers)}/",
        s3_server.client(),
    )

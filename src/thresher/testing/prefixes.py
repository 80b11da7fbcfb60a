"""The fixture `temporary_prefix`: a place in object storage that a test has for itself.

Where it is made says the variable `THRESHER_TEST_S3`, or `thresher_s3_prefix` in `pytest.ini`, such
as `s3://grain/tests/`; how the service is spoken to says the section `s3:` of the project's
`config.yaml`. Everything below it is removed when the test ends, also when it failed.

The plugin imports this module in every run of pytest, so it imports late what it needs itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from thresher.storage.objects import S3Options

VARIABLE = "THRESHER_TEST_S3"
SETTING = "thresher_s3_prefix"


def add_settings(parser: pytest.Parser) -> None:
    """Make the setting of `pytest.ini` known; called by the plugin's `pytest_addoption`."""
    parser.addini(SETTING, "where `temporary_prefix` makes its prefixes: `s3://bucket/tests/`")


@pytest.fixture(scope="session")
def storage_options(pytestconfig: pytest.Config) -> S3Options:
    """How object storage is spoken to, as the project's `config.yaml` says, if there is one."""
    from thresher.api.storage import storage_settings

    return storage_settings(pytestconfig.rootpath).options


@pytest.fixture
def temporary_prefix(pytestconfig: pytest.Config, storage_options: S3Options) -> Iterator[str]:
    """URL of a fresh prefix, such as `s3://grain/tests/tmp-20260131T120000-1a2b3c4d/`.

    Hand it on with the fixture `storage_options`:
    `thresher.storage.put(file, temporary_prefix, options=storage_options)`. A test is skipped where
    nothing says which bucket tests may use.
    """
    base = os.environ.get(VARIABLE) or str(pytestconfig.getini(SETTING) or "")
    if not base:
        pytest.skip(f"no bucket for tests: set {VARIABLE}, or `{SETTING}` in pytest.ini")
    from thresher.storage import calls

    with calls.temporary_prefix(base, options=storage_options) as prefix:
        yield prefix

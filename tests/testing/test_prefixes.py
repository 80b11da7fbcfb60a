"""The fixture `temporary_prefix` in test runs of their own, good and failing ones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from s3_server import S3Server

TESTS = """
import thresher

def store(tmp_path, prefix, options):
    (tmp_path / "a").write_bytes(b"1")
    thresher.storage.put(tmp_path / "a", prefix, options=options)
    (found,) = thresher.storage.list(prefix, options=options)
    print("stored", found.url)

def test_good(tmp_path, temporary_prefix, storage_options):
    store(tmp_path, temporary_prefix, storage_options)

def test_failing(tmp_path, temporary_prefix, storage_options):
    store(tmp_path, temporary_prefix, storage_options)
    assert False, "as it should"

def test_broken(tmp_path, temporary_prefix, storage_options):
    store(tmp_path, temporary_prefix, storage_options)
    raise KeyboardInterrupt
"""


def run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_it.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-rA", "-s", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def everything(server: S3Server, prefix: str) -> list[str]:
    found = server.client().list_objects_v2(Bucket=server.bucket, Prefix=prefix)
    return [entry["Key"] for entry in found.get("Contents", ())]


@pytest.fixture
def project(tmp_path: Path, s3_server: S3Server) -> Path:
    (tmp_path / "config.yaml").write_text(
        f"pipeline: shop\ns3: {{endpoint: '{s3_server.endpoint}'}}\n"
    )
    (tmp_path / "pytest.ini").write_text(
        f"[pytest]\nthresher_s3_prefix = s3://{s3_server.bucket}/from-ini/\n"
    )
    return tmp_path


def test_nothing_is_left_also_where_tests_fail(project: Path, s3_server: S3Server) -> None:
    done = run(project, **s3_server.environment())
    assert done.stdout.count(f"stored s3://{s3_server.bucket}/from-ini/tmp-") == 3, done.stdout
    assert "1 failed, 1 passed" in done.stdout
    assert "KeyboardInterrupt" in done.stdout
    assert everything(s3_server, "from-ini/") == []


def test_the_variable_goes_before_the_setting(project: Path, s3_server: S3Server) -> None:
    place = f"s3://{s3_server.bucket}/from-variable/"
    done = run(project, "-k", "good", **s3_server.environment(), THRESHER_TEST_S3=place)
    assert f"stored {place}tmp-" in done.stdout, done.stdout
    assert everything(s3_server, "from-variable/") == []


def test_without_a_bucket_tests_are_skipped_with_the_reason(tmp_path: Path) -> None:
    done = run(tmp_path, "-k", "good", THRESHER_TEST_S3="")
    assert "1 skipped" in done.stdout, done.stdout
    assert "no bucket for tests: set THRESHER_TEST_S3" in done.stdout

"""URLs, options and globs: what is meant, and what is refused before anything is asked."""

from __future__ import annotations

import glob
import os
from pathlib import Path

import pytest

from thresher.errors import CommandError
from thresher.storage.globs import glob_pattern
from thresher.storage.objects import Location, S3Options, is_url


@pytest.mark.parametrize(
    ("url", "bucket", "key"),
    [
        ("s3://grain", "grain", ""),
        ("s3://grain/", "grain", ""),
        ("s3://grain/raw/a b%20c?.csv", "grain", "raw/a b%20c?.csv"),
        ("s3://grain//a", "grain", "/a"),
        ("S3://grain/a", "grain", "a"),
    ],
)
def test_a_url_is_a_bucket_and_a_key_as_it_is_written(url: str, bucket: str, key: str) -> None:
    assert Location.parse(url) == Location(bucket, key)
    assert str(Location(bucket, key)) == f"s3://{bucket}/{key}"


@pytest.mark.parametrize("url", ["grain/raw", "s3:/grain", "s3://", "s3:///key", "s3://a b/c", ""])
def test_what_is_no_url_is_refused_with_how_to_write_it(url: str) -> None:
    with pytest.raises(CommandError) as raised:
        Location.parse(url)
    assert raised.value.fault.hint
    assert "write it as `s3://bucket/key`" in raised.value.fault.hint


def test_a_local_path_is_no_url() -> None:
    assert not is_url("data/s3://x")
    assert is_url("s3://x")


@pytest.mark.parametrize(
    ("base", "name", "joined"),
    [
        ("s3://grain", "a", "s3://grain/a"),
        ("s3://grain/raw/", "a", "s3://grain/raw/a"),
        ("s3://grain/raw", "x/a", "s3://grain/raw/x/a"),
    ],
)
def test_names_go_below_a_location(base: str, name: str, joined: str) -> None:
    assert str(Location.parse(base).below(name)) == joined


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"encryption": "ROT13"}, "there is no encryption `ROT13`"),
        ({"kms_key": "k"}, "not the encryption that uses it"),
        ({"encryption": "AES256", "kms_key": "k"}, "not the encryption that uses it"),
        ({"endpoint": "127.0.0.1:9000"}, "not the address of a service"),
        ({"endpoint": "http://user:hunter2@host"}, "not the address of a service"),
        ({"workers": 0}, "at least 1 worker"),
        ({"part_size": 1}, "not possible"),
    ],
)
def test_options_that_cannot_be_are_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(CommandError, match=said) as raised:
        S3Options(**wrong)  # type: ignore[arg-type]
    assert "hunter2" not in str(raised.value)


NAMES = (
    *("a.csv", "b.csv", "ab.txt", "a[1].csv", "-.csv", "^.csv", "A.csv", ".hidden.csv"),
    *("x/a.csv", "x/y/a.csv", "x/y/z/b.csv", "x/.git/a.csv", ".x/a.csv", "x/y/new\nline.csv"),
)
GLOBS = (
    *("*", "*.csv", "?.csv", "[ab].csv", "[!a].csv", "[a-b].csv", "a[[]1].csv", "*/*.csv"),
    *("**/*.csv", "x/**/*.csv", "x/**/b.csv", "**", "x/**", "*/y/*", "x/?/a.csv", ".*.csv"),
    *("[-a].csv", "[]a].csv", "[^a].csv", "[\\]a].csv", "x/.*/a.csv", "*.[ct][sx][vt]", "nothing*"),
)


@pytest.mark.parametrize("pattern", GLOBS)
def test_globs_over_keys_match_as_globs_over_files(tmp_path: Path, pattern: str) -> None:
    for name in NAMES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    found = glob.glob(pattern, root_dir=tmp_path, recursive=True)  # noqa: PTH207
    files = sorted(name for name in found if os.path.isfile(tmp_path / name))  # noqa: PTH113
    matches = glob_pattern(pattern).fullmatch
    assert sorted(name for name in NAMES if matches(name)) == files


def test_two_stars_stand_alone() -> None:
    with pytest.raises(CommandError, match="not a valid glob"):
        glob_pattern("raw/**.csv")

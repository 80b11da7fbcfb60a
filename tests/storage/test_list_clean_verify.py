"""Listing, cleaning and comparing, also where there are thousands of keys."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from shelves import PART, Shelf, noise, read_tree, write_tree

import thresher
from thresher.errors import CommandError, MissingObjectError, TransferError
from thresher.storage.objects import Location
from thresher.storage.partial import PartialFile, leftovers, remove_leftover
from thresher.storage.s3_clean import find_old

MANY = 2100


def keys_of(shelf: Shelf, url: str) -> list[str]:
    return [each.key[len(shelf.prefix) :] for each in shelf.store().list(url)]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("many")
    for number in range(MANY):
        (folder / f"{number:05}.csv").write_bytes(b"%d" % number)
    return folder


def test_thousands_of_objects_go_come_are_listed_and_removed(
    shelf: Shelf, many: Path, tmp_path: Path
) -> None:
    store = shelf.store()
    assert len(store.put_all([many], shelf.url)) == MANY
    names = [f"{number:05}.csv" for number in range(MANY)]
    assert shelf.names() == names
    assert keys_of(shelf, shelf.url) == names
    assert keys_of(shelf, shelf.url + "*7.csv") == [name for name in names if name[4] == "7"]
    assert len(store.get_all(shelf.url, tmp_path)) == MANY
    assert read_tree(tmp_path) == read_tree(many)
    assert len(store.clean(shelf.url)) == MANY
    assert shelf.names() == []


def test_what_is_listed_is_what_plain_boto3_knows(shelf: Shelf) -> None:
    shelf.put("a.csv", b"12345")
    (found,) = shelf.store().list(shelf.url)
    head = shelf.head("a.csv")
    assert found.url == shelf.url + "a.csv"
    assert (found.size, found.etag) == (5, head["ETag"].strip('"'))
    assert found.modified == head["LastModified"]
    assert found.modified.tzinfo is UTC


def test_a_url_is_a_prefix_an_object_or_a_glob(shelf: Shelf) -> None:
    for name in ("raw/a.csv", "raw/b.txt", "raw/x/c.csv", "raw-old/d.csv", "rawer"):
        shelf.put(name, b"1")
    listed = {
        "raw/": ["raw/a.csv", "raw/b.txt", "raw/x/c.csv"],
        "raw": ["raw/a.csv", "raw/b.txt", "raw/x/c.csv"],
        "rawer": ["rawer"],
        "raw/a.csv": ["raw/a.csv"],
        "raw*": ["rawer"],
        "raw*/*.csv": ["raw-old/d.csv", "raw/a.csv"],
        "raw/*.csv": ["raw/a.csv"],
        "raw/**/*.csv": ["raw/a.csv", "raw/x/c.csv"],
        "ra": [],
        "nothing/": [],
    }
    for url, names in listed.items():
        # This server lists a folder before what stands beside it; AWS goes by the whole key.
        assert sorted(keys_of(shelf, shelf.url + url)) == names, url
    shelf.put("raw", b"an object of a folder's name")
    assert keys_of(shelf, shelf.url + "raw") == ["raw", *listed["raw"]]


def test_no_bucket_is_not_an_empty_one(shelf: Shelf) -> None:
    with pytest.raises(MissingObjectError, match="there is no such bucket"):
        list(shelf.store().list("s3://nobody/"))


def test_only_what_is_old_and_below_the_prefix_goes(shelf: Shelf) -> None:
    for name in ("tmp/a", "tmp/x/b", "tmp-kept", "kept"):
        shelf.put(name, b"1")
    store = shelf.store()
    assert store.clean(shelf.url + "tmp/", older_than=timedelta(days=7)) == ()
    found = store.clean(shelf.url + "tmp/", dry_run=True)
    assert [each.name[len(shelf.url) :] for each in found] == ["tmp/a", "tmp/x/b"]
    assert len(shelf.names()) == 4
    assert store.clean(shelf.url + "tmp/") == found
    assert shelf.names() == ["kept", "tmp-kept"]


def test_age_is_told_from_when_an_object_was_stored(shelf: Shelf) -> None:
    shelf.put("a", b"1")
    stored = shelf.head("a")["LastModified"]
    service = shelf.store()._service
    at = Location.parse(shelf.url)
    assert find_old(service, at, stored) == ()
    assert len(find_old(service, at, stored + timedelta(seconds=1))) == 1


def test_what_changed_after_it_was_listed_stays(shelf: Shelf) -> None:
    shelf.put("a", b"1")
    shelf.put("b", b"1")
    listed = shelf.store().clean(shelf.url, dry_run=True)
    shelf.put("b", b"2")
    shelf.put("c", b"3")
    assert [each.name for each in shelf.store().clean(shelf.url, only=listed)] == [shelf.url + "a"]
    assert shelf.names() == ["b", "c"]


def test_uploads_that_never_ended_are_listed_and_removed(shelf: Shelf) -> None:
    bucket = shelf.server.bucket
    for name in ("tmp/a", "tmp/b", "kept"):
        made = shelf.client.create_multipart_upload(Bucket=bucket, Key=shelf.prefix + name)
        shelf.client.upload_part(
            Bucket=bucket,
            Key=shelf.prefix + name,
            UploadId=made["UploadId"],
            PartNumber=1,
            Body=noise(PART),
        )
    assert shelf.store().clean(shelf.url + "tmp/", older_than=timedelta(hours=1)) == ()
    found = shelf.store().clean(shelf.url + "tmp/")
    assert [(each.kind, each.name, each.size) for each in found] == [
        ("upload", shelf.url + "tmp/a", PART),
        ("upload", shelf.url + "tmp/b", PART),
    ]
    assert [each["Key"] for each in shelf.uploads()] == [shelf.prefix + "kept"]


@pytest.mark.parametrize("url", ["s3://grain", "s3://grain/", "s3://grain/*", "s3://grain/**"])
def test_a_whole_bucket_goes_only_when_it_is_said(shelf: Shelf, url: str) -> None:
    name = shelf.put("a", b"1")
    with pytest.raises(CommandError, match="stands for the whole bucket"):
        shelf.store().clean(url)
    found = shelf.store().clean(url, whole_bucket=True, dry_run=True)
    assert (name in {each.name for each in found}) == (url != "s3://grain/*")


def test_what_may_not_be_removed_is_told_object_by_object(shelf: Shelf) -> None:
    from s3_server import READER

    for name in ("a", "b"):
        shelf.put(name, b"1")
    store = shelf.store()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in shelf.server.environment(READER).items():
            patch.setenv(name, value)
        with pytest.raises((TransferError, thresher.ThresherError)) as raised:
            store.clean(shelf.url)
    assert shelf.names() == ["a", "b"]
    assert "refused" in str(raised.value) or len(raised.value.faults) == 2


def test_partial_files_are_found_and_those_in_use_stay(tmp_path: Path) -> None:
    left = PartialFile(tmp_path / "a", 100, 10, identity="x")
    left.close()
    used = PartialFile(tmp_path / "b", 100, 10, identity="y")
    write_tree(tmp_path, {".c.12345678.tmp": b"old", ".d.12345678.tmp": b"new", "e.part": b""})
    os.utime(tmp_path / ".c.12345678.tmp", (0, 0))
    found = list(leftovers(tmp_path, datetime.now(UTC) + timedelta(seconds=1)))
    names = [Path(each.name).name for each in found]
    assert names == sorted([left.path.name, used.path.name, ".c.12345678.tmp"])
    assert [remove_leftover(Path(each.name)) for each in found] == [
        name != used.path.name for name in names
    ]
    kept = sorted(read_tree(tmp_path))
    assert kept == sorted([used.path.name, ".d.12345678.tmp", "e.part"])
    used.close()


FILES = {"same": b"1", "differs": b"2", "longer": b"3", "no object": b"4", "sub/same": b"5"}


def test_a_folder_is_compared_with_a_prefix(shelf: Shelf, tmp_path: Path) -> None:
    folder = write_tree(tmp_path, FILES)
    shelf.store().put_all([folder], shelf.url)
    shelf.put("differs", b"x")
    shelf.put("longer", b"33")
    shelf.client.delete_object(Bucket=shelf.server.bucket, Key=shelf.prefix + "no object")
    shelf.put("no file", b"6")
    found = {
        each.url[len(shelf.url) :]: (each.state, each.checked)
        for each in shelf.store().verify(shelf.url, folder)
    }
    assert found == {
        "same": ("same", "sha256"),
        "sub/same": ("same", "sha256"),
        "differs": ("differs", found["differs"][1]),
        "longer": ("differs", "size"),
        "no object": ("no object", "name"),
        "no file": ("no file", "name"),
    }


@pytest.mark.parametrize("size", [10, PART + 10])
def test_an_object_is_held_against_what_was_recorded(
    shelf: Shelf, tmp_path: Path, size: int
) -> None:
    (tmp_path / "a").write_bytes(noise(size))
    shelf.store().put(tmp_path / "a", shelf.url + "right")
    shelf.put("wrong", noise(size), Metadata={"sha256": "0" * 64})
    found = [(each.state, each.checked) for each in shelf.store().verify(shelf.url)]
    assert found == [("same", "sha256"), ("differs", "sha256")]


def test_reading_does_not_believe_what_was_recorded(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"here")
    shelf.store().put(tmp_path / "a", shelf.url + "a")
    shelf.put("a", b"lies", Metadata=shelf.head("a")["Metadata"])
    url = shelf.url + "a"
    (told,) = shelf.store().verify(url, tmp_path / "a")
    (read,) = shelf.store().verify(url, tmp_path / "a", reading=True)
    assert (told.state, told.checked) == ("same", "sha256")
    assert (read.state, read.checked) == ("differs", "content")


def failing(url: str, options: thresher.storage.S3Options, file: Path) -> Iterator[str]:
    with thresher.storage.temporary_prefix(url, options=options) as prefix:
        yield prefix
        thresher.storage.put(file, prefix, options=options)
        raise ZeroDivisionError


def test_a_temporary_prefix_is_gone_also_after_an_error(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    shelf.put("kept", b"1")
    calls = failing(shelf.url, shelf.options, tmp_path / "a")
    prefix = next(calls)
    assert prefix.startswith(shelf.url + "tmp-")
    with pytest.raises(ZeroDivisionError):
        next(calls)
    assert shelf.names() == ["kept"]


def test_the_face_in_python_does_what_the_store_does(shelf: Shelf, tmp_path: Path) -> None:
    folder = write_tree(tmp_path / "here", {"a": b"1", "b/c": b"2"})
    s3, options = thresher.storage, shelf.options
    assert [each.size for each in s3.put(str(folder), shelf.url, options=options)] == [1, 1]
    assert [each.key for each in s3.list(shelf.url, options=options)] == [
        shelf.prefix + name for name in ("a", "b/c")
    ]
    assert len(s3.get(shelf.url, str(tmp_path / "back"), options=options)) == 2
    assert read_tree(tmp_path / "back") == read_tree(folder)
    assert all(each.ok for each in s3.verify(shelf.url, folder, options=options))
    assert len(s3.clean(shelf.url, options=options)) == 2
    assert s3.put([folder / "a"], shelf.url + "x", options=options)[0].url == shelf.url + "x"

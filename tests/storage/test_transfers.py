"""What is stored is what was there, and what is fetched is what was stored: seen by plain boto3."""

from __future__ import annotations

import base64
import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from shelves import PART, Shelf, noise, read_tree, sha256, write_tree

from thresher.errors import (
    ChangedWhileReadError,
    CommandError,
    MissingObjectError,
    StorageError,
    TransferError,
)
from thresher.storage.objects import Location, StoredObject
from thresher.storage.outcomes import Moved
from thresher.storage.pairs import objects_to_files

TREE = {
    "a.csv": b"id\n1\n",
    "empty": b"",
    "sub/b.csv": b"id\n2\n",
    "sub/deep/name with blanks & sign+.csv": b"3",
    "sub/ünï çode €.txt": b"4",
    "sub/100%?.txt": b"5",
}


@pytest.mark.parametrize(
    "size", [0, 1, PART, PART + 1, 3 * PART, 3 * PART + 7], ids=lambda size: f"{size} bytes"
)
def test_a_file_goes_there_and_back(shelf: Shelf, tmp_path: Path, size: int) -> None:
    content = noise(size)
    (tmp_path / "here").write_bytes(content)
    stored = shelf.store().put(tmp_path / "here", shelf.url + "there")
    assert shelf.stored("there") == content
    fetched = shelf.store().get(shelf.url + "there", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == content
    assert stored.sha256 == fetched.sha256 == sha256(content)
    assert stored.size == fetched.size == size
    assert stored.etag == fetched.etag == shelf.head("there")["ETag"].strip('"')
    assert sorted(read_tree(tmp_path)) == ["back", "here"]


def test_the_service_checks_and_keeps_the_sha256(shelf: Shelf, tmp_path: Path) -> None:
    small, large = noise(1000), noise(2 * PART + 5)
    write_tree(tmp_path, {"small": small, "large": large})
    first = shelf.store().put(tmp_path / "small", shelf.url)
    second = shelf.store().put(tmp_path / "large", shelf.url)
    assert (first.checked, second.checked) == ("sha256", "sha256 of 3 parts")
    head = shelf.head("small")
    assert head["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(small).digest()).decode()
    assert head["Metadata"]["sha256"] == sha256(small)
    head = shelf.head("large")
    parts = [hashlib.sha256(large[n : n + PART]).digest() for n in range(0, len(large), PART)]
    together = base64.b64encode(hashlib.sha256(b"".join(parts)).digest()).decode()
    assert head["ChecksumSHA256"] == f"{together}-3"
    assert head["Metadata"]["sha256"] == sha256(large)


def test_a_folder_goes_there_and_back(shelf: Shelf, tmp_path: Path) -> None:
    folder = write_tree(tmp_path / "here", TREE)
    stored = shelf.store().put_all([folder], shelf.url)
    assert sorted(shelf.names()) == sorted(TREE)
    assert {name: shelf.stored(name) for name in TREE} == TREE
    shelf.store().get_all(shelf.url, tmp_path / "back")
    assert read_tree(tmp_path / "back") == TREE
    assert [each.sha256 for each in stored] == [sha256(each.path.read_bytes()) for each in stored]


def test_a_glob_brings_what_it_matches(shelf: Shelf, tmp_path: Path) -> None:
    for name, content in TREE.items():
        shelf.put(name, content)
    shelf.store().get_all(shelf.url + "**/*.csv", tmp_path)
    assert read_tree(tmp_path) == {name: TREE[name] for name in TREE if name.endswith(".csv")}


def test_several_files_go_below_a_prefix_by_their_names(shelf: Shelf, tmp_path: Path) -> None:
    write_tree(tmp_path, {"x/a": b"1", "y/b": b"2"})
    shelf.store().put_all([tmp_path / "x/a", tmp_path / "y/b"], shelf.url.rstrip("/"))
    assert shelf.names() == ["a", "b"]


def test_what_is_there_already_is_left(shelf: Shelf, tmp_path: Path) -> None:
    folder = write_tree(tmp_path / "here", TREE)
    store = shelf.store()
    assert {each.state for each in store.put_all([folder], shelf.url)} == {"done"}
    before = {name: shelf.head(name)["LastModified"] for name in TREE}
    (folder / "a.csv").write_bytes(b"id\n9\n")  # of the same size
    (folder / "new").write_bytes(b"new")
    states = {each.path.name: each.state for each in store.put_all([folder], shelf.url)}
    assert sorted(name for name, state in states.items() if state == "done") == ["a.csv", "new"]
    assert shelf.stored("a.csv") == b"id\n9\n"
    assert shelf.head("empty")["LastModified"] == before["empty"]
    assert {each.state for each in store.put_all([folder], shelf.url, again=True)} == {"done"}


def test_files_that_are_there_already_are_left(shelf: Shelf, tmp_path: Path) -> None:
    for name, content in TREE.items():
        shelf.put(name, content)  # by plain boto3: compared by what it records
    store = shelf.store()
    assert {each.state for each in store.get_all(shelf.url, tmp_path)} == {"done"}
    (tmp_path / "a.csv").write_bytes(b"id\n9\n")
    states = {each.path.name: each.state for each in store.get_all(shelf.url, tmp_path)}
    assert [name for name, state in states.items() if state == "done"] == ["a.csv"]
    assert read_tree(tmp_path) == TREE


def test_another_storage_class_is_another_object(shelf: Shelf, tmp_path: Path) -> None:
    folder = write_tree(tmp_path, {"a": b"1", "b": b"2"})
    shelf.store().put_all([folder], shelf.url)
    shelf.store(storage_class="STANDARD_IA").put_all([folder], shelf.url)
    assert {shelf.head(name)["StorageClass"] for name in ("a", "b")} == {"STANDARD_IA"}


@pytest.mark.parametrize("size", [10, PART + 10], ids=["whole", "in parts"])
def test_encryption_and_storage_class_are_asked_for(
    shelf: Shelf, tmp_path: Path, size: int
) -> None:
    (tmp_path / "a.csv").write_bytes(noise(size))
    shelf.store(encryption="AES256", storage_class="ONEZONE_IA").put(tmp_path / "a.csv", shelf.url)
    head = shelf.head("a.csv")
    assert head["ServerSideEncryption"] == "AES256"
    assert head["StorageClass"] == "ONEZONE_IA"
    assert head["ContentType"] == "text/csv"
    shelf.store().get(shelf.url + "a.csv", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == noise(size)


def test_the_version_that_was_listed_is_the_one_that_comes(shelf: Shelf, tmp_path: Path) -> None:
    url = shelf.put("a", b"old")
    (listed,) = shelf.store().list(url)
    shelf.put("a", b"new")
    with pytest.raises(ChangedWhileReadError, match="changed while it was read"):
        shelf.store().get(url, tmp_path / "a", etag=listed.etag)
    assert read_tree(tmp_path) == {}


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_objects_of_others_in_parts_are_checked_by_what_they_have(
    shelf: Shelf, tmp_path: Path, algorithm: str
) -> None:
    from boto3.s3.transfer import TransferConfig

    (tmp_path / "here").write_bytes(noise(2 * PART + 100))
    shelf.client.upload_file(
        str(tmp_path / "here"),
        shelf.server.bucket,
        shelf.prefix + "there",
        ExtraArgs={"ChecksumAlgorithm": algorithm},
        Config=TransferConfig(multipart_threshold=PART, multipart_chunksize=PART),
    )
    fetched = shelf.store().get(shelf.url + "there", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == noise(2 * PART + 100)
    assert fetched.checked == f"{algorithm.lower()} of 3 parts"


def test_objects_of_others_have_their_md5(shelf: Shelf, tmp_path: Path) -> None:
    url = shelf.put("a", b"content")
    assert shelf.store().get(url, tmp_path / "a").checked in ("md5", "crc32")


@pytest.mark.parametrize("key", ["../evil", "x/../../evil", "/etc/evil", "x//evil", "./x", "a\0"])
def test_a_key_never_leads_out_of_the_folder(tmp_path: Path, key: str) -> None:
    at = Location.parse("s3://grain/raw/")
    found = [
        StoredObject(f"s3://grain/raw/{name}", 1, datetime.now(UTC), "etag")
        for name in ("fine", key)
    ]
    with pytest.raises(TransferError) as raised:
        objects_to_files(found, at, tmp_path)
    assert [fault.what for fault in raised.value.faults] == [
        f"the key of `s3://grain/raw/{key}` cannot be the path of a file below `{tmp_path}`"
    ]


def test_what_stands_for_an_empty_folder_is_no_file(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put("folder/")
    shelf.put("folder/a", b"1")
    shelf.store().get_all(shelf.url, tmp_path)
    assert read_tree(tmp_path) == {"folder/a": b"1"}


def test_nothing_of_this_name_is_told(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put("a", b"1")
    for url in (shelf.url + "b", shelf.url + "b/", shelf.url + "*.csv"):
        with pytest.raises(MissingObjectError, match="there is no such object"):
            shelf.store().get_all(url, tmp_path)
    with pytest.raises(MissingObjectError, match="there is no such object"):
        shelf.store().get(shelf.url + "b", tmp_path / "b")


def test_all_files_that_cannot_be_stored_are_told_at_once(shelf: Shelf, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(TransferError) as raised:
        shelf.store().put_all([tmp_path / "missing", tmp_path / "pipe"], shelf.url)
    assert [fault.what for fault in raised.value.faults] == [
        "cannot be read: No such file or directory",
        "is no file",
    ]
    assert shelf.names() == []


def test_two_files_never_become_one_object(shelf: Shelf, tmp_path: Path) -> None:
    write_tree(tmp_path, {"x/a": b"1", "y/a": b"2"})
    with pytest.raises(CommandError, match="would both become"):
        shelf.store().put_all([tmp_path / "x", tmp_path / "y"], shelf.url)


def test_links_are_followed_and_a_loop_ends(shelf: Shelf, tmp_path: Path) -> None:
    write_tree(tmp_path, {"real/a": b"1", "folder/b": b"2"})
    (tmp_path / "folder/link").symlink_to(tmp_path / "real")
    (tmp_path / "folder/loop").symlink_to(tmp_path / "folder")
    shelf.store().put_all([tmp_path / "folder"], shelf.url)
    assert shelf.names() == ["b", "link/a"]


def test_one_file_that_fails_does_not_hold_the_others(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put("a", b"1")
    shelf.put("b", b"2")
    (tmp_path / "a").mkdir()
    with pytest.raises(TransferError, match="Is a directory") as raised:
        shelf.store().get_all(shelf.url, tmp_path)
    assert raised.value.args == ("1 of 2 files were not fetched; the rest is there",)
    assert read_tree(tmp_path) == {"b": b"2"}


def test_progress_adds_up(shelf: Shelf, tmp_path: Path) -> None:
    files = {"small": noise(1000), "large": noise(PART + 1000), "empty": b""}
    folder = write_tree(tmp_path / "here", files)
    for action in ("put", "get"):
        told: list[Moved] = []
        if action == "put":
            shelf.store().put_all([folder], shelf.url, progress=told.append)
        else:
            shelf.store().get_all(shelf.url, tmp_path / "back", progress=told.append)
        total = sum(map(len, files.values()))
        assert told[-1].action == action
        assert (told[-1].files_done, told[-1].files) == (3, 3)
        assert (told[-1].bytes_done, told[-1].bytes) == (total, total)
        assert [each.bytes_done for each in told] == sorted(each.bytes_done for each in told)


def test_what_stops_a_progress_stops_the_transfer(shelf: Shelf, tmp_path: Path) -> None:
    def stop(_: Moved) -> None:
        raise StorageError("enough")

    shelf.put("a", noise(3 * PART))
    with pytest.raises(StorageError, match="enough"):
        shelf.store().get_all(shelf.url + "a", tmp_path / "a", progress=stop)
    assert "a" not in read_tree(tmp_path)

"""Transfers that are broken off in the middle, by a killed process or a dead network, go on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cutting_proxy import Proxy, between
from shelves import PART, Shelf, noise, read_tree, sha256

from thresher.errors import ChangedWhileReadError, ChecksumError, StorageError, UnreachableError
from thresher.storage.objects import S3Options
from thresher.storage.partial import is_partial
from thresher.storage.s3 import Store

PARTS = 6
SIZE = PARTS * PART - 11
TRANSFER = """
import sys
from pathlib import Path
from thresher.storage.objects import S3Options
from thresher.storage.s3 import Store
action, endpoint, part, first, second = sys.argv[1:]
store = Store(S3Options(endpoint=endpoint, part_size=int(part), workers=2))
if action == "put":
    store.put(Path(first), second)
else:
    store.get(first, Path(second))
"""


@pytest.fixture
def proxy(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with between(shelf.server.endpoint) as found:
        yield found
        found.forget()


@pytest.fixture
def through(shelf: Shelf, proxy: Proxy) -> Store:
    options: S3Options = replace(shelf.options, endpoint=proxy.endpoint, workers=2)
    return Store(options)


def kill_in_the_middle(proxy: Proxy, action: str, *arguments: str) -> None:
    """Start a transfer in a process of its own, and kill it when the proxy holds what it sends."""
    command = [sys.executable, "-c", TRANSFER, action, proxy.endpoint, str(PART), *arguments]
    with subprocess.Popen(command, env=dict(os.environ)) as process:
        assert proxy.held.wait(60)
        process.kill()
    proxy.break_all()


def partial_files(folder: Path) -> list[str]:
    return [name for name in read_tree(folder) if is_partial(Path(name).name)]


def test_an_upload_that_was_killed_goes_on(
    shelf: Shelf, proxy: Proxy, through: Store, tmp_path: Path
) -> None:
    (tmp_path / "here").write_bytes(noise(SIZE))
    proxy.hold_up = 3 * PART + PART // 2
    kill_in_the_middle(proxy, "put", str(tmp_path / "here"), shelf.url + "there")
    assert shelf.names() == []
    assert len(shelf.uploads()) == 1
    stored = through.put(tmp_path / "here", shelf.url + "there")
    assert shelf.stored("there") == noise(SIZE)
    assert stored.resumed >= 2 * PART
    assert proxy.up < SIZE - stored.resumed + PART // 2
    assert stored.checked == f"sha256 of {PARTS} parts"
    assert shelf.head("there")["Metadata"]["sha256"] == stored.sha256 == sha256(noise(SIZE))
    assert shelf.uploads() == []


def test_a_download_that_was_killed_goes_on(
    shelf: Shelf, proxy: Proxy, through: Store, tmp_path: Path
) -> None:
    url = shelf.put("there", noise(SIZE))
    proxy.hold_down = 3 * PART + PART // 2
    kill_in_the_middle(proxy, "get", url, str(tmp_path / "back"))
    assert len(partial_files(tmp_path)) == len(read_tree(tmp_path)) == 1
    fetched = through.get(url, tmp_path / "back")
    assert read_tree(tmp_path) == {"back": noise(SIZE)}
    assert fetched.resumed >= 2 * PART
    assert proxy.down < SIZE - fetched.resumed + PART // 2


def test_an_upload_that_the_network_broke_goes_on(
    shelf: Shelf, proxy: Proxy, through: Store, tmp_path: Path
) -> None:
    (tmp_path / "here").write_bytes(noise(SIZE))
    proxy.cut_up = 3 * PART + PART // 2
    with pytest.raises(UnreachableError, match="closed the connection") as raised:
        through.put(tmp_path / "here", shelf.url + "there")
    assert "goes on where it stopped" in str(raised.value)
    assert shelf.names() == []
    proxy.forget()
    stored = through.put(tmp_path / "here", shelf.url + "there")
    assert stored.resumed >= PART
    assert proxy.up < SIZE - stored.resumed + PART // 2
    assert shelf.stored("there") == noise(SIZE)


def test_a_download_that_the_network_broke_goes_on(
    shelf: Shelf, proxy: Proxy, through: Store, tmp_path: Path
) -> None:
    url = shelf.put("there", noise(SIZE))
    proxy.cut_down = 3 * PART + PART // 2
    with pytest.raises(UnreachableError, match="goes on where it stopped"):
        through.get(url, tmp_path / "back")
    assert "back" not in read_tree(tmp_path)
    proxy.forget()
    fetched = through.get(url, tmp_path / "back")
    assert fetched.resumed >= PART
    assert proxy.down < SIZE - fetched.resumed + PART // 2
    assert read_tree(tmp_path) == {"back": noise(SIZE)}


def test_one_break_is_no_more_than_a_break(
    shelf: Shelf, proxy: Proxy, through: Store, tmp_path: Path
) -> None:
    url = shelf.put("there", noise(SIZE))
    proxy.cut_once = PART // 2
    through.get(url, tmp_path / "back")
    assert proxy.cut_once is None
    assert proxy.down < SIZE + PART // 2
    assert read_tree(tmp_path) == {"back": noise(SIZE)}


def broken_download(proxy: Proxy, through: Store, url: str, target: Path) -> None:
    proxy.cut_down = 3 * PART + PART // 2
    with pytest.raises(UnreachableError):
        through.get(url, target)
    proxy.forget()


def test_an_object_that_changed_begins_anew(
    shelf: Shelf, proxy: Proxy, through: Store, tmp_path: Path
) -> None:
    url = shelf.put("there", noise(SIZE))
    broken_download(proxy, through, url, tmp_path / "back")
    shelf.put("there", noise(SIZE, seed=2))
    fetched = through.get(url, tmp_path / "back")
    assert fetched.resumed == 0
    assert read_tree(tmp_path) == {"back": noise(SIZE, seed=2)}


def test_an_object_that_changes_meanwhile_is_not_mixed(
    shelf: Shelf, through: Store, tmp_path: Path
) -> None:
    url = shelf.put("there", noise(SIZE))

    def change(_: Any) -> None:
        shelf.put("there", noise(SIZE, seed=2))

    with pytest.raises(ChangedWhileReadError):
        through.get_all(url, tmp_path / "back", progress=change)
    assert "back" not in read_tree(tmp_path)


def test_a_partial_file_that_is_damaged_is_found_out(
    shelf: Shelf, proxy: Proxy, through: Store, tmp_path: Path
) -> None:
    url = shelf.put("there", noise(SIZE))
    broken_download(proxy, through, url, tmp_path / "back")
    (name,) = partial_files(tmp_path)
    with (tmp_path / name).open("r+b") as file:
        file.write(b"damage")
    fetched = through.get(url, tmp_path / "back")
    assert read_tree(tmp_path) == {"back": noise(SIZE)}
    assert fetched.resumed == 0


def test_a_file_that_changed_is_sent_anew(
    shelf: Shelf, proxy: Proxy, through: Store, tmp_path: Path
) -> None:
    path = tmp_path / "here"
    path.write_bytes(noise(SIZE))
    proxy.cut_up = 3 * PART + PART // 2
    with pytest.raises(UnreachableError):
        through.put(path, shelf.url + "there")
    proxy.forget()
    # All that was sent is as it was: only what is recorded of the whole file would be wrong.
    content = noise(SIZE)[:-1] + b"x"
    path.write_bytes(content)
    stored = through.put(path, shelf.url + "there")
    assert stored.resumed == 0
    assert shelf.stored("there") == content
    assert shelf.head("there")["Metadata"]["sha256"] == sha256(content)


def test_an_upload_that_somebody_removed_begins_anew(
    shelf: Shelf, proxy: Proxy, through: Store, tmp_path: Path
) -> None:
    (tmp_path / "here").write_bytes(noise(SIZE))
    proxy.cut_up = 3 * PART + PART // 2
    with pytest.raises(UnreachableError):
        through.put(tmp_path / "here", shelf.url + "there")
    proxy.forget()
    through.clean(shelf.url)
    assert through.put(tmp_path / "here", shelf.url + "there").resumed == 0
    assert shelf.stored("there") == noise(SIZE)


def test_a_file_that_changes_while_it_is_sent_is_not_stored(
    shelf: Shelf, through: Store, tmp_path: Path
) -> None:
    path = tmp_path / "here"
    path.write_bytes(noise(SIZE))

    def change(_: Any) -> None:
        with path.open("r+b") as file:
            file.write(b"changed")

    with pytest.raises(ChecksumError, match="changed while it was sent"):
        through.put_all([path], shelf.url + "there", progress=change)
    assert shelf.names() == []
    assert shelf.uploads() == []


@pytest.mark.parametrize("size", [1000, SIZE], ids=["small", "large"])
def test_what_is_changed_on_the_way_down_never_gets_its_name(
    shelf: Shelf, proxy: Proxy, through: Store, tmp_path: Path, size: int
) -> None:
    url = shelf.put("there", (b"grain" * size)[:size])
    proxy.change_down = lambda data: data.replace(b"graingraingrain", b"graingriangrain", 1)
    (tmp_path / "back").write_bytes(b"what was there before")
    with pytest.raises(ChecksumError, match="what arrived is not what was stored"):
        through.get(url, tmp_path / "back")
    assert read_tree(tmp_path) == {"back": b"what was there before"}


@pytest.mark.parametrize("size", [1000, SIZE], ids=["small", "large"])
def test_what_is_changed_on_the_way_up_is_not_stored(
    shelf: Shelf, proxy: Proxy, through: Store, tmp_path: Path, size: int
) -> None:
    (tmp_path / "here").write_bytes((b"grain" * size)[:size])
    proxy.change_up = lambda data: data.replace(b"graingraingrain", b"graingriangrain", 1)
    with pytest.raises(ChecksumError, match="received something else than was sent"):
        through.put(tmp_path / "here", shelf.url + "there")
    assert shelf.names() == []
    assert shelf.uploads() == []


def test_two_processes_do_not_fill_one_file(
    shelf: Shelf, proxy: Proxy, through: Store, tmp_path: Path
) -> None:
    url = shelf.put("there", noise(SIZE))
    proxy.hold_down = 2 * PART
    command = [sys.executable, "-c", TRANSFER, "get", proxy.endpoint, str(PART)]
    arguments = (url, str(tmp_path / "back"))
    with subprocess.Popen([*command, *arguments], env=dict(os.environ)) as process:
        try:
            assert proxy.held.wait(60)
            with pytest.raises(StorageError, match="another process is fetching it"):
                shelf.store().get(url, tmp_path / "back")
        finally:
            proxy.let_go()
        assert process.wait(60) == 0
    assert read_tree(tmp_path) == {"back": noise(SIZE)}

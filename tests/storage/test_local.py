"""Files are written wholly or not at all, and refusals say what to do."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from thresher.errors import DiskFullError, WarehouseError
from thresher.storage.local import (
    fsync_file,
    fsync_folder,
    is_temporary,
    sha256_of,
    swap_link,
    temporary_beside,
    write_whole,
    writing,
)

#: The kernel ends the process in the middle of the file: at its limit, or by an error there.
STOPPED_WHILE_WRITING = """
import resource, signal, sys
from pathlib import Path
from thresher.errors import WarehouseError
from thresher.storage.local import write_whole

if sys.argv[2] == "killed":
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
try:
    write_whole(Path(sys.argv[1]), b"new" * 1_000_000)
except WarehouseError as error:
    print(error)
"""


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("durable", [True, False])
def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "manifest.json"
    path.write_text("old")
    write_whole(path, b"new", durable=durable)
    assert path.read_bytes() == b"new"
    assert names_in(tmp_path) == ["manifest.json"]


def test_a_file_that_cannot_be_written_leaves_nothing_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "taken"
    folder.mkdir()
    with pytest.raises(WarehouseError, match="taken: cannot be written: Is a directory"):
        write_whole(folder, b"new")
    assert names_in(tmp_path) == ["taken"]


@pytest.mark.parametrize("how", ["killed", "refused"])
def test_a_writer_that_is_stopped_halfway_leaves_the_old_file(tmp_path: Path, how: str) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    process = subprocess.run(
        [sys.executable, "-c", STOPPED_WHILE_WRITING, str(path), how],
        capture_output=True,
        text=True,
        check=False,
    )
    assert path.read_text() == "old"
    if how == "killed":
        assert process.returncode == -signal.SIGXFSZ
        assert len([name for name in names_in(tmp_path) if is_temporary(name)]) == 1
    else:
        assert process.stdout == f"{path}: cannot be written: File too large\n"
        assert names_in(tmp_path) == ["file"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_told_as_such() -> None:
    with (
        pytest.raises(DiskFullError, match="no space is left") as raised,
        writing(Path("/dev/full")),
        Path("/dev/full").open("wb") as file,
    ):
        file.write(b"x")
    assert raised.value.fault.hint == (
        "free some space and run the command again; nothing was published"
    )


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_no_space_and_no_quota_are_the_same(number: int) -> None:
    with pytest.raises(DiskFullError), writing(Path("file")):
        raise OSError(number, os.strerror(number))


def test_a_missing_permission_is_told_with_what_to_do(tmp_path: Path) -> None:
    # Root may write in any folder but those that the kernel makes up.
    folder = tmp_path if os.geteuid() else Path("/sys/kernel")
    if not folder.is_dir():
        pytest.skip("nothing here refuses root")
    mode = folder.stat().st_mode
    if os.geteuid():
        folder.chmod(0o555)
    try:
        with pytest.raises(WarehouseError, match="cannot be written") as raised:
            write_whole(folder / "file", b"new")
    finally:
        if os.geteuid():
            folder.chmod(mode)
    assert raised.value.fault.hint
    assert "let the user who runs the command write" in raised.value.fault.hint


def test_a_link_is_made_and_swapped(tmp_path: Path) -> None:
    link = tmp_path / "current"
    for target in ("first", "second"):
        (tmp_path / target).write_text(target)
        swap_link(link, target)
        assert link.read_text() == target
    assert names_in(tmp_path) == ["current", "first", "second"]


def test_a_link_to_nothing_can_be_swapped(tmp_path: Path) -> None:
    link = tmp_path / "current"
    link.symlink_to("gone")
    swap_link(link, "here")
    assert link.readlink() == Path("here")


def test_a_file_is_never_replaced_by_a_link(tmp_path: Path) -> None:
    path = tmp_path / "current"
    path.write_text("of the user")
    with pytest.raises(WarehouseError, match="not a link, so it is left alone"):
        swap_link(path, "elsewhere")
    assert path.read_text() == "of the user"
    assert not path.is_symlink()


@pytest.mark.parametrize("sync", [fsync_file, fsync_folder])
def test_what_is_not_there_cannot_be_synced(tmp_path: Path, sync: object) -> None:
    assert callable(sync)
    with pytest.raises(WarehouseError, match="No such file or directory"):
        sync(tmp_path / "missing")


def test_the_hash_is_that_of_the_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"grain" * 1_000_000)
    assert sha256_of(path) == hashlib.sha256(b"grain" * 1_000_000).hexdigest()


def test_temporary_names_are_known_again(tmp_path: Path) -> None:
    name = temporary_beside(tmp_path / "5.duckdb").name
    assert is_temporary(name)
    assert not is_temporary("5.duckdb")
    assert name != temporary_beside(tmp_path / "5.duckdb").name

"""What a file is: its content, read again only where it may have changed."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import Any

import pytest
from source_landing import Landing

from thresher.errors import ChangedWhileReadError
from thresher.protocols import Extract

OLD = 1_500_000_000


def age(landing: Landing, name: str) -> None:
    """Make a file look as if it had been written long ago."""
    os.utime(landing.root / name, (OLD, OLD))


def test_a_unit_is_its_content(landing: Landing) -> None:
    path = landing.put("a.csv", "x\n1\n")
    age(landing, "a.csv")
    (unit,) = landing.units()
    assert unit.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert unit.size == path.stat().st_size
    assert unit.modified.timestamp() == OLD


def test_an_old_file_is_hashed_once(landing: Landing) -> None:
    landing.put("a.csv", "x\n1\n")
    age(landing, "a.csv")
    landing.units()
    known = landing.hashes["a.csv"]
    landing.hashes["a.csv"] = (*known[:3], "remembered", known[4])
    assert landing.units()[0].sha256 == "remembered"


@pytest.mark.parametrize("entry", [None, (1, 2), "text", (0, 0, 0, "x", time.time_ns())])
def test_an_entry_that_does_not_fit_is_not_trusted(landing: Landing, entry: object) -> None:
    path = landing.put("a.csv", "x\n1\n")
    age(landing, "a.csv")
    landing.hashes["a.csv"] = entry
    assert landing.units()[0].sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_hashed_as_it_was_written_is_hashed_again(landing: Landing) -> None:
    path = landing.put("a.csv", "x\n1\n")
    before = path.stat()
    landing.units()
    path.write_text("x\n2\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert landing.units()[0].sha256 == hashlib.sha256(b"x\n2\n").hexdigest()


def test_another_file_of_the_same_name_size_and_time_is_hashed(landing: Landing) -> None:
    path = landing.put("a.csv", "x\n1\n")
    age(landing, "a.csv")
    landing.units()
    other = landing.put("b.csv", "x\n2\n")
    age(landing, "b.csv")
    other.rename(path)
    assert landing.units()[0].sha256 == hashlib.sha256(b"x\n2\n").hexdigest()


@pytest.mark.parametrize("content", ["x\n1\n2\n", "broken,\n1\n"])
def test_a_file_that_is_not_what_was_found_is_read_again(landing: Landing, content: str) -> None:
    landing.put("a.csv", "x\n1\n")
    units = landing.units()
    landing.put("a.csv", content)
    with pytest.raises(ChangedWhileReadError) as caught:
        landing.read(units=units)
    assert caught.value.transient
    assert caught.value.fault.place.path == "a.csv"


class Watched(type(Path())):  # type: ignore[misc]
    """A folder that, when a file is about to be written into it, lets an input grow."""

    grows: Path

    def __truediv__(self, name: Any) -> Path:
        with self.grows.open("a") as file:
            file.write("2\n")
        return Path(self).joinpath(name)


def test_a_file_that_grows_while_it_is_read_is_read_again(landing: Landing) -> None:
    folder = Watched(landing.root.parent)
    folder.grows = landing.put("a.csv", "x\n1\n")
    asset = landing.asset()
    extract = Extract(
        asset=asset,
        root=landing.root,
        folder=folder,
        units=tuple(landing.units()),
        schema=None,
    )
    with pytest.raises(ChangedWhileReadError, match="changed while it was being read"):
        landing.source.read(extract)


def test_a_file_that_is_gone_is_refused(landing: Landing) -> None:
    landing.put("a.csv", "x\n1\n")
    path = landing.put("b.csv", "x\n2\n")
    units = landing.units()
    path.unlink()
    assert landing.refusal(units=units).reason == "the file is gone"
    assert landing.read(units=units, tolerate=1).rows == [(1,)]

"""Finding files: whatever they are called, each is found once, and what is not there is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from source_landing import Landing

from thresher.errors import SourceError
from thresher.sources.discovery import ending, original, printable

NASTY = [
    "a[1]*.csv",
    'it\'s "quoted".csv',
    "two words.csv",
    "semi;colon, --comment.csv",
    "line\nbreak.csv",
    "back\\slash.csv",
    "ümlaut-日本.csv",
    "${HOME}`id`.csv",
]


def paths(landing: Landing, *globs: str) -> list[str]:
    return [unit.path for unit in landing.units(files=list(globs))]


def test_globs_find_files_sorted_and_once(landing: Landing) -> None:
    for name in ("d/b.csv", "d/a.csv", "d/deep/er/c.csv", "d/a.json"):
        landing.put(name, "x\n1\n")
    assert paths(landing, "d/**/*.csv", "d/a.csv") == ["d/a.csv", "d/b.csv", "d/deep/er/c.csv"]


def test_hidden_files_are_found_only_by_name(landing: Landing) -> None:
    for name in ("a.csv", ".b.csv", ".hidden/c.csv"):
        landing.put(name, "x\n1\n")
    assert paths(landing, "**/*.csv") == ["a.csv"]
    assert paths(landing, ".*.csv", ".hidden/*.csv") == [".b.csv", ".hidden/c.csv"]


def test_links_lead_to_files_but_not_in_circles(landing: Landing, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.csv"
    elsewhere.write_text("x\n1\n")
    landing.put("d/a.csv", "x\n1\n")
    (landing.root / "d/link.csv").symlink_to(elsewhere)
    (landing.root / "d/loop").symlink_to("..")
    (landing.root / "d/folder.csv").mkdir()
    assert paths(landing, "**/*.csv") == ["d/a.csv", "d/link.csv"]


def test_files_outside_the_project_are_named_in_full(landing: Landing, tmp_path: Path) -> None:
    (tmp_path / "outside.csv").write_text("x\n1\n")
    expected = [str(tmp_path.resolve() / "outside.csv")]
    assert paths(landing, str(tmp_path / "*.csv")) == expected
    assert paths(landing, "../outside.csv") == expected
    assert landing.read(files="../*.csv").rows == [(1,)]


@pytest.mark.parametrize("name", NASTY)
def test_a_file_is_read_whatever_it_is_called(landing: Landing, name: str) -> None:
    landing.put(f"d/{name}", "x\n1\n")
    # A decoy that the name would match if it were taken for a pattern.
    landing.put("d/a1-decoy.csv", "x\n2\n")
    reading = landing.read(files="d/*", filename_column="file")
    assert sorted(reading.rows) == sorted([(1, f"d/{printable(name)}"), (2, "d/a1-decoy.csv")])


def test_a_path_with_pattern_characters_is_a_path_where_it_exists(landing: Landing) -> None:
    landing.put("a[1]*.csv", "x\n1\n")
    landing.put("a1b.csv", "x\n2\n")
    assert paths(landing, "a[1]*.csv") == ["a[1]*.csv"]


def test_a_name_that_is_no_text_is_told_in_print(landing: Landing) -> None:
    try:
        Path(os.fsdecode(os.fsencode(landing.root) + b"/caf\xe9.csv")).write_text("x\n1\n")
    except OSError:
        pytest.skip("this file system takes no such names")
    reading = landing.read(filename_column="file")
    assert reading.rows == [(1, r"caf\xe9.csv")]


@given(st.text(st.characters(codec=None, exclude_categories=())).filter(lambda t: "\0" not in t))
def test_printable_names_lead_back(name: str) -> None:
    told = printable(name)
    assert told.isprintable()
    assert original(told) == name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.CSV", (".csv", "")),
        ("a.b.csv.gz", (".csv", ".gz")),
        ("a.json.zip", (".json", ".zip")),
        ("a.zip", ("", ".zip")),
        ("a", ("", "")),
    ],
)
def test_endings(name: str, expected: tuple[str, str]) -> None:
    assert ending(name) == expected


def test_nothing_found_names_what_is_near(landing: Landing) -> None:
    landing.put("data/flights_2013.csv", "x\n1\n")
    landing.put("data/weather.csv", "x\n1\n")
    with pytest.raises(SourceError, match="no file matches `data/flight_2013` in `data`") as e:
        paths(landing, "data/flight_2013")
    assert e.value.fault.hint == "there is `flights_2013.csv`"


@pytest.mark.parametrize(
    ("glob", "told"),
    [
        ("nowhere/*.csv", "there is no folder `nowhere`"),
        ("data", "`data` is a folder"),
        ("**.csv", "not a valid glob"),
        ("*.parquet", "no file matches `\\*.parquet` in the project's folder"),
    ],
)
def test_globs_that_cannot_match_say_why(landing: Landing, glob: str, told: str) -> None:
    landing.put("data/a.csv", "x\n1\n")
    with pytest.raises(SourceError, match=told) as caught:
        paths(landing, glob)
    assert caught.value.fault.hint


def test_every_file_of_unknown_format_is_told(landing: Landing) -> None:
    for name in ("a.dat", "b", "c.csv"):
        landing.put(name, "x\n1\n")
    with pytest.raises(SourceError) as caught:
        landing.units()
    assert [fault.place.path for fault in caught.value.faults] == ["a.dat", "b"]
    assert all(".parquet" in (fault.hint or "") for fault in caught.value.faults)
    assert len(landing.units(format="csv")) == 3


def test_a_link_to_nothing_is_told(landing: Landing) -> None:
    (landing.root / "a.csv").symlink_to("gone")
    with pytest.raises(SourceError, match="a link to nothing") as caught:
        landing.units()
    assert caught.value.fault.place.path == "a.csv"


def test_a_file_that_cannot_be_read_is_named(landing: Landing) -> None:
    (landing.root / "a.csv").symlink_to("a.csv")
    with pytest.raises(SourceError) as caught:
        landing.units()
    assert caught.value.fault.place.path == "a.csv"

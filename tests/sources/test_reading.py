"""Many files as one table: types decided once, drift, tolerance, and an outcome for every file."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from source_landing import Landing, parquet

from thresher.errors import SourceError
from thresher.results import Field, UnitOutcome
from thresher.sources.files import FilesSource
from thresher.sources.refusals import RefusedFilesError

SOME = ["1", "1.5", "x", "true", "2013-01-01", "2013-01-01 05:00", "007", "", "5:00"]


def put_columns(landing: Landing, files: Mapping[str, list[str]]) -> None:
    for name, values in files.items():
        landing.put(name, "x,y\n" + "".join(f"{value},-\n" for value in values))


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ((["1"], ["1.5"], ["2"]), "DOUBLE"),
        ((["2013-01-01"], ["2013-01-01 05:00"]), "TIMESTAMP"),
        ((["1"], ["true"]), "VARCHAR"),
        ((["12345"], ["00123"]), "VARCHAR"),
        ((["1"], [""], []), "BIGINT"),
        ((["1"], ["2013-01-01"]), "VARCHAR"),
        ((["2013-01-01"], ["2013-01-01T05:00Z"]), "VARCHAR"),
        (([""], []), "VARCHAR"),
    ],
)
def test_types_hold_for_all_files_in_any_order(
    landing: Landing, files: tuple[list[str], ...], kind: str
) -> None:
    for order in itertools.permutations(files):
        put_columns(landing, {f"{n}.csv": values for n, values in enumerate(order)})
        assert landing.read().types["x"] == kind


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    files=st.lists(st.lists(st.sampled_from(SOME), max_size=3), min_size=2, max_size=4),
    data=st.data(),
)
def test_the_order_of_files_changes_nothing(
    landing: Landing, files: list[list[str]], data: st.DataObject
) -> None:
    for path in landing.root.iterdir():
        path.unlink()
    order = data.draw(st.permutations(files))
    put_columns(landing, {f"{n}.csv": values for n, values in enumerate(files)})
    first = landing.read()
    put_columns(landing, {f"{n}.csv": values for n, values in enumerate(order)})
    second = landing.read()
    assert first.types == second.types
    assert sorted(map(repr, first.rows)) == sorted(map(repr, second.rows))
    # Texts come back as they were, unless what they stand for is the same.
    if first.types["x"] == "VARCHAR":
        assert [row[0] or "" for row in first.rows] == list(itertools.chain(*files))


def test_columns_are_matched_by_name(landing: Landing) -> None:
    landing.put("1.csv", "a,b\n1,x\n")
    landing.put("2.csv", "b,a\ny,2\n")
    assert landing.read().rows == [(1, "x"), (2, "y")]


def test_columns_of_later_files_are_added(landing: Landing) -> None:
    landing.put("1.csv", "a,b\n1,2\n")
    landing.put("2.csv", "c,a\n3,4\n")
    reading = landing.read()
    assert list(reading.types) == ["a", "b", "c"]
    assert reading.rows == [(1, 2, None), (4, None, 3)]


def test_columns_that_differ_in_case_alone_are_no_columns_of_one_table(landing: Landing) -> None:
    landing.put("1.csv", "a\n1\n")
    landing.put("2.csv", "A\n2\n")
    record = landing.refusal()
    assert record.unit.path == "2.csv"
    assert "`A` is called `a`" in (record.reason or "")


def test_a_contract_decides_for_the_columns_it_names(landing: Landing) -> None:
    landing.put("1.csv", "zip,n\n123,1\n")
    landing.put("2.csv", "zip,n\n45,2\n")
    reading = landing.read(types={"zip": "text", "elsewhere": "int"})
    assert reading.types == {"zip": "VARCHAR", "n": "BIGINT"}
    assert reading.rows == [("123", 1), ("45", 2)]


def test_formats_can_be_mixed(landing: Landing) -> None:
    landing.put("1.csv", "a,b\n1,2013-01-01\n")
    landing.put("2.json", '[{"a": 2.5, "b": "2013-01-02 05:00:00"}]')
    landing.put("3.parquet", parquet({"a": [3], "b": [None]}))
    assert landing.read().types == {"a": "DOUBLE", "b": "TIMESTAMP"}


@pytest.mark.parametrize(
    ("kind", "text", "storage"),
    [
        ("hugeint", "170141183460469231731687303715884105", "DECIMAL(38,0)"),
        ("enum('a', 'b')", "a", "VARCHAR"),
        ("interval", "1 day", "VARCHAR"),
        ("timestamp_s", "2013-01-01 05:00:00", "TIMESTAMP"),
        ("uuid", "550e8400-e29b-41d4-a716-446655440000", "UUID"),
        ("json", '{"a":1}', "JSON"),
        ("bigint[]", "[1]", "BIGINT[]"),
    ],
)
def test_what_parquet_would_lose_is_stored_as_what_it_keeps(
    landing: Landing, kind: str, text: str, storage: str
) -> None:
    quoted = text.replace('"', '""')
    landing.put("a.csv", f'x\n"{quoted}"\n')
    reading = landing.read(types={"x": kind})
    (column,) = reading.written.schema
    assert column.storage == storage
    found = reading.rows[0][0]
    if kind not in ("timestamp_s", "bigint[]"):
        assert str(found) == text


@pytest.mark.parametrize(
    ("kind", "told"), [("wat", "is not known"), ("union(a int)", "Parquet cannot hold")]
)
def test_a_type_that_cannot_be_is_told(landing: Landing, kind: str, told: str) -> None:
    landing.put("a.csv", "x\n1\n")
    with pytest.raises(SourceError, match=told):
        landing.read(types={"x": kind})


SCHEMA = (Field("a", "BIGINT", "BIGINT"), Field("b", "VARCHAR", "VARCHAR"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a,b,zip\n1,2,3\n", "column `zip` is new: the asset's columns were decided by earlier"),
        ("a\n1\n", "column `b` is missing: the asset's columns were decided by earlier files"),
        ("A,b\n1,x\n", "column `A` is called `a`"),
        ("a,b\n1.5,x\n", "`a` should be BIGINT, not `1.5`: the asset's columns were decided"),
        ("a,b\n007,x\n", "`a` should be BIGINT, not `007`"),
    ],
)
def test_a_later_file_that_does_not_fit_is_drift(landing: Landing, text: str, told: str) -> None:
    landing.put("late.csv", text)
    assert told in (landing.refusal(schema=SCHEMA).reason or "")


def test_a_later_file_is_read_by_the_types_decided_before(landing: Landing) -> None:
    landing.put("late.csv", "b,a\n5,\n")
    reading = landing.read(schema=SCHEMA)
    assert reading.written.schema == SCHEMA
    assert reading.rows == [(None, "5")]


def test_a_later_file_of_another_format_fits_where_nothing_is_lost(landing: Landing) -> None:
    landing.put("1.parquet", parquet({"a": [1.0], "b": ["x"]}))
    landing.put("2.json", '{"a": 2, "b": "y"}')
    assert landing.read(schema=SCHEMA).rows == [(1, "x"), (2, "y")]
    landing.put("1.parquet", parquet({"a": [1.5], "b": ["x"]}))
    assert "row 1: `a` should be BIGINT" in (landing.refusal(schema=SCHEMA).reason or "")


def test_the_schema_of_one_reading_serves_the_next(landing: Landing) -> None:
    landing.put("1.csv", "a\n1\n")
    first = landing.read(filename_column="file", types={"a": "hugeint"})
    landing.put("1.csv", "a\n2\n")
    second = landing.read(
        filename_column="file", types={"a": "hugeint"}, schema=first.written.schema
    )
    assert second.written.schema == first.written.schema
    assert second.rows == [(2, "1.csv")]


def test_every_file_has_a_record(landing: Landing) -> None:
    landing.put("1.csv", "a\n1\n2\n")
    landing.put("2.csv", "a\n3,4\n")
    landing.put("3.csv", "a\n5\n")
    reading = landing.read(tolerate=1)
    outcomes = [(r.outcome, r.rows, r.file) for r in reading.written.records]
    assert outcomes == [
        (UnitOutcome.LOADED, 2, "0001.parquet"),
        (UnitOutcome.SET_ASIDE, 0, None),
        (UnitOutcome.LOADED, 1, "0003.parquet"),
    ]
    assert reading.written.files == (("0001.parquet", 2), ("0003.parquet", 1))
    assert reading.written.rows == 3
    assert sorted(path.name for path in reading.folder.iterdir()) == [
        "0001.parquet",
        "0003.parquet",
    ]
    assert reading.record("2.csv").line == 2


def test_beyond_the_tolerance_every_refused_file_is_told(landing: Landing) -> None:
    landing.put("1.csv", "a\n1\n")
    landing.put("2.csv", "a\n3,4\n")
    landing.put("3.csv", "")
    with pytest.raises(RefusedFilesError, match="2 of 3 files were refused") as caught:
        landing.read(tolerate="50%")
    assert [str(fault.place) for fault in caught.value.faults] == [
        "2.csv:2 (raw.things)",
        "3.csv (raw.things)",
    ]
    outcomes = [record.outcome for record in caught.value.records]
    assert outcomes == [UnitOutcome.LOADED, UnitOutcome.FAILED, UnitOutcome.FAILED]


def test_where_no_file_can_be_loaded_nothing_is(landing: Landing) -> None:
    landing.put("1.csv", "")
    with pytest.raises(RefusedFilesError, match="1 of 1 files"):
        landing.read(tolerate="100%")


def test_a_refused_file_has_no_say_in_the_types(landing: Landing) -> None:
    landing.put("1.csv", "a\n1\n")
    landing.put("2.csv", "a,b\nx,y\n" + "z,z\n" * 30_000 + "broken\n")
    reading = landing.read(tolerate=1)
    assert reading.types == {"a": "BIGINT"}
    assert reading.rows == [(1,)]


def test_a_sample_is_the_same_in_every_run(landing: Landing) -> None:
    landing.put("1.csv", "a,b\n" + "".join(f"{n},{n % 7}\n" for n in range(5_000)))
    landing.put("2.csv", "b,a\n" + "".join(f"{n % 7},{n}\n" for n in range(5_000)))
    first, second = landing.read(sample=0.1), landing.read(sample=0.1)
    assert first.rows == second.rows
    assert 800 < len(first.rows) < 1_200
    half = len(first.rows) // 2
    # It is the content of a row that decides, and not where it stands.
    assert first.rows[:half] == first.rows[half:]
    assert first.written.rows == len(first.rows)


def test_rows_can_tell_their_file(landing: Landing) -> None:
    landing.put("d/1.csv", "a\n1\n")
    landing.put("d/2.csv", "a\n2\n")
    assert landing.read(filename_column="from").rows == [(1, "d/1.csv"), (2, "d/2.csv")]


def test_a_column_for_the_file_must_be_free(landing: Landing) -> None:
    landing.put("1.csv", "a,From\n1,2\n")
    with pytest.raises(SourceError, match="a column `from` of their own"):
        landing.read(filename_column="from")


def test_rows_keep_their_order(landing: Landing) -> None:
    landing.put("1.csv", "a\n" + "".join(f"{n}\n" for n in range(200_000)))
    assert landing.read().table["a"].to_pylist() == list(range(200_000))


def test_what_is_written_can_be_read_by_others(landing: Landing) -> None:
    landing.put("1.csv", "a,b\n1,x\n")
    reading = landing.read()
    assert pq.read_metadata(reading.folder / "0001.parquet").num_rows == 1


def test_a_reading_can_be_stopped(landing: Landing) -> None:
    rows = "".join(f"{json.dumps({'a': n, 'b': str(n) * 20})}\n" for n in range(150_000))
    landing.put("1.ndjson", rows)
    units = landing.units()
    told: list[BaseException] = []
    begun = threading.Event()

    class Units(tuple[Any, ...]):
        """Units that tell when they are asked for."""

        def __iter__(self) -> Any:
            begun.set()
            return super().__iter__()

    def read() -> None:
        try:
            landing.read(units=Units(units))
        except SourceError as error:
            told.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    begun.wait()
    while thread.is_alive() and not told:
        landing.source.interrupt()
    thread.join()
    assert [str(e).partition(": ")[2] for e in told] == ["reading was interrupted"]
    assert landing.read(units=units).written.rows == 150_000


def test_the_temporary_folder_may_be_called_anything(landing: Landing) -> None:
    temp = landing.root / "year=2013" / "it's [1]*"
    source = FilesSource(threads=1, memory=None, temp=temp, hashes={})
    landing.put("1.csv", "a\n1\n")
    landing.put("2.json", '[{"a": 2}]')
    landing.put("3.parquet", parquet({"a": [3]}))
    landing.source = source
    reading = landing.read(files="*.*")
    assert reading.types == {"a": "BIGINT"}
    assert reading.rows == [(1,), (2,), (3,)]
    assert list(temp.iterdir()) == []


def test_several_threads_may_read_at_once(landing: Landing) -> None:
    landing.put("1.csv", "a\n" + "".join(f"{n}\n" for n in range(20_000)))
    units = landing.units()
    with ThreadPoolExecutor(4) as pool:
        readings = list(pool.map(lambda _: landing.read(units=units), range(4)))
    assert [reading.written.rows for reading in readings] == [20_000] * 4

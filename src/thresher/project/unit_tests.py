"""Unit tests of assets: the YAML files of `tests/<layer>/`, each named after what it tests.

This module reads them one by one; what must hold between a test and the project is told by
`unit_test_rules.py`.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from thresher.errors import Fault, Place, ProjectError
from thresher.project.documents import Document, parse_document, validate
from thresher.project.text_files import files_below, read_text, unreadable
from thresher.project.written_rows import Rows, columns_of, rows_of_document, rows_of_file

FOLDER = "tests"
SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Expected:
    """What should come out."""

    rows: Rows | None = None
    """The rows; None where only their number or an error is expected."""
    count: int | None = None
    error: str | None = None
    """Part of the message that the asset should fail with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitTest:
    """One test of one asset."""

    name: str
    asset: str
    place: Place
    given: Mapping[str, Rows]
    """Rows by the input that they stand for."""
    expected: Expected
    params: Mapping[str, Any]
    """Parameters that replace those of the project."""
    time: dt.datetime | None
    """The time that it is for the asset; without a zone, it is the project's."""
    ordered: bool
    document: Document
    """The test alone, for the places of its parts."""

    @property
    def id(self) -> str:
        """What names the test everywhere: `clean.flights: its name`."""
        return f"{self.asset}: {self.name}"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _rows(value: Any) -> Any:
    return {"rows": value} if isinstance(value, list) else value


def _rows_or_count(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(row, dict) for row in value):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise ValueError("should be a list of rows, or the number of rows")


class GivenModel(_Part):
    """Rows, or a file with them."""

    rows: list[dict[str, Any]] | None = None
    file: str | None = None

    @model_validator(mode="after")
    def _one(self) -> GivenModel:
        if (self.rows is None) == (self.file is None):
            raise ValueError("should be a list of rows, or `file:` with the path of one")
        return self


class ExpectModel(_Part):
    """Rows, a file with them, their number, or an error."""

    rows: Annotated[Any, BeforeValidator(_rows_or_count)] = None
    file: str | None = None
    error: Annotated[str, Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _one(self) -> ExpectModel:
        if [self.rows, self.file, self.error].count(None) != 2:
            raise ValueError("should be a list of rows, or one of `file`, `rows`, `error`")
        return self


def _moment(value: Any) -> dt.datetime:
    if isinstance(value, dt.datetime):
        return value
    try:
        return dt.datetime.fromisoformat(str(value))
    except ValueError:
        what = f"should be a time such as `2024-01-31 12:00`, not `{value}`"
        raise ValueError(what) from None


class UnitTestModel(_Part):
    """One test as it is written."""

    name: Annotated[str, Field(min_length=1)]
    given: dict[str, Annotated[GivenModel, BeforeValidator(_rows)]] = {}
    expect: Annotated[ExpectModel, BeforeValidator(_rows)]
    params: dict[str, Any] = {}
    time: Annotated[dt.datetime, BeforeValidator(_moment)] | None = None
    ordered: bool = False


def unit_test_files(root: Path, layers: Iterable[str], faults: list[Fault]) -> tuple[Path, ...]:
    """Find the files of a project's unit tests, and tell which folders cannot be listed."""

    def refuse(error: OSError) -> None:
        faults.append(unreadable(error, Path(error.filename).relative_to(root).as_posix()))

    return tuple(
        file
        for layer in layers
        for file in files_below(root / FOLDER / layer, refuse)
        if file.suffix in SUFFIXES and file.is_file()
    )


def asset_of(file: Path, root: Path) -> str:
    """Name the asset that a file of tests is about: `tests/clean/flights.yaml`, `clean.flights`."""
    layer = file.relative_to(root / FOLDER).parts[0]
    return f"{layer}.{file.stem}".lower()


def read_tests(file: Path, root: Path) -> tuple[UnitTest, ...]:
    """Read the tests of one file.

    Raises:
        ProjectError: every fault of its form.
    """
    path = file.relative_to(root).as_posix()
    document = parse_document(read_text(file, path), path)
    if not isinstance(document.value, list) or not document.value:
        hint = "begin each test with `- name: ...`"
        raise ProjectError([Fault("it should be a list of tests", Place(path, 1), hint)])
    tests: dict[str, UnitTest] = {}
    faults: list[Fault] = []
    for index in range(len(document.value)):
        part = _part(document, index)
        try:
            test = _test(part, asset_of(file, root), root)
        except ProjectError as error:
            faults += error.faults
            continue
        if test.name in tests:
            what = f"there is a test `{test.name}` already"
            faults.append(Fault(what, part.place("name"), "give each test a name of its own"))
        tests[test.name] = test
    if faults:
        raise ProjectError(faults)
    return tuple(tests.values())


def _part(document: Document, index: int) -> Document:
    """Give one item of a document that is a list, as a document of its own."""
    return dataclasses.replace(
        document,
        value=document.value[index],
        lines={way[1:]: line for way, line in document.lines.items() if way[:1] == (index,)},
        plain={way[1:]: text for way, text in document.plain.items() if way[:1] == (index,)},
    )


def _test(document: Document, asset: str, root: Path) -> UnitTest:
    if not isinstance(document.value, dict):
        what = "a test should be a mapping"
        raise ProjectError([Fault(what, document.place(), "begin it with `- name: ...`")])
    model = validate(UnitTestModel, document)
    faults: list[Fault] = []
    given = {
        name.lower(): _written(document, ("given", name), part.rows, part.file, root, faults)
        for name, part in model.given.items()
    }
    expected = _expected(document, model.expect, root, faults)
    if faults:
        raise ProjectError(faults)
    return UnitTest(
        name=model.name,
        asset=asset,
        place=dataclasses.replace(document.place("name"), asset=asset),
        given=given,
        expected=expected,
        params=model.params,
        time=model.time,
        ordered=model.ordered,
        document=document,
    )


def _expected(document: Document, model: ExpectModel, root: Path, faults: list[Fault]) -> Expected:
    if model.error is not None:
        return Expected(error=model.error)
    if isinstance(model.rows, int):
        return Expected(count=model.rows)
    rows = _written(document, ("expect",), model.rows, model.file, root, faults)
    columns = columns_of(rows)
    for row in rows:
        if missing := {name.lower() for name in columns} - {name.lower() for name in row.cells}:
            what = f"the row does not say what `{min(missing)}` should be, as others do"
            faults.append(Fault(what, row.place, "all expected rows name the same columns"))
    if rows and not columns:
        faults.append(Fault("the rows name no columns", document.place("expect")))
    return Expected(rows=rows)


def _written(
    document: Document,
    way: tuple[str, ...],
    rows: list[dict[str, Any]] | None,
    file: str | None,
    root: Path,
    faults: list[Fault],
) -> Rows:
    """Read the rows at a place of a test, or those of the file that it names."""
    if file is not None:
        at = document.place(*way, "file")
        try:
            return rows_of_file(root / FOLDER / file, f"{FOLDER}/{file}", at)
        except ProjectError as error:
            faults += error.faults
            return ()
    inside = (*way, "rows") if (*way, "rows") in document.lines else way
    return rows_of_document(document, inside, rows or ())

"""JSON files: one array of objects, objects one after another, or one a line.

A key may first appear in the last record, so the structure comes from all of them; only the texts
that may be dates are guessed from the first rows.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from thresher.project.source import FilesSettings
from thresher.sources.encodings import has_returns, utf8_fault
from thresher.sources.inputs import Part
from thresher.sources.parquet_files import convert_typed
from thresher.sources.refusals import RefusedError, shown
from thresher.sources.session import Session
from thresher.sources.table import Target, refuse_names
from thresher.sources.texts import Conversion, Texts
from thresher.sources.type_lattice import EXACT, JSON, NULL, TEXT, is_nested, join
from thresher.tables import quote_name, quote_path, quote_text

_HEAD = 1 << 16
#: Size up to which a broken array is read as a whole to find the line.
_WHOLE = 1 << 28
_RENAMED = re.compile(r"(.+)_\d+|C\d+")
_FETCH = "fetch it again, or mend it"


@dataclass(frozen=True, slots=True)
class JsonTable:
    """A JSON file whose structure is known."""

    path: Path
    layout: str
    """DuckDB's name for how records follow each other."""
    structure: dict[str, str]
    """Types as JSON has them."""
    texts: Texts
    kinds: dict[str, str] = field(default_factory=dict)
    """What [`guess`][] said of each column."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of its columns, in order."""
        return tuple(self.structure)

    def guess(self, session: Session, *, full: bool) -> dict[str, str]:
        """Give the type of each column: JSON's own, or what its texts stand for."""
        self.kinds.update(self.structure)
        texts = {name: kind for name, kind in self.structure.items() if kind == TEXT}
        guessed = self.texts.guess(session.rows, self._read(texts), texts, full=full)
        self.kinds.update(guessed)
        return dict(self.kinds)

    def relation(self, targets: dict[str, Target], session: Session) -> str:
        """Write what stands behind `from`: JSON's own types, wide enough for what was decided."""
        return self._read({name: self._source(name, targets[name], session) for name in targets})

    def convert(self, column: str, target: Target, session: Session) -> Conversion:
        """Say how a column becomes the type that was decided."""
        name, source = quote_name(column), self._source(column, target, session)
        if source == TEXT and not is_nested(target.type):
            return self.texts.convert(
                name, target.type, contract=target.contract, guess=self.kinds.get(column)
            )
        return convert_typed(name, source, target, session)

    def fault(self, session: Session) -> RefusedError | None:
        """Find what is no JSON."""
        return json_fault(self.path, session, lines=self.layout == "newline_delimited")

    def place(self, row: int) -> tuple[int | None, str]:
        """Give the line of a record where each has one of its own."""
        if self.layout == "newline_delimited":
            with self.path.open("rb") as file:
                left = row
                for number, line in enumerate(file, 1):
                    left -= bool(line.strip())
                    if left == 0:
                        return number, ""
        return None, f"record {row:,}"

    def _source(self, column: str, target: Target, session: Session) -> str:
        """Give the type to read a column as: what was decided, where it holds every value."""
        kind = self.structure[column]
        return target.type if join((kind, target.type), session) == target.type else kind

    def _read(self, kinds: dict[str, str]) -> str:
        if not kinds:
            return "(select 1 where false) as nothing"
        columns = ", ".join(f"{quote_text(n)}: {quote_text(k)}" for n, k in kinds.items())
        return (
            f"read_json({quote_path(str(self.path))}, columns = {{{columns}}}, "
            f"auto_detect = false, format = {quote_text(self.layout)}, records = 'true', "
            "hive_partitioning = false, compression = 'uncompressed')"
        )


def open_json(part: Part, settings: FilesSettings, session: Session) -> JsonTable:
    """Find the structure of a JSON file.

    Raises:
        RefusedError: it is no JSON, or does not hold objects.
    """
    has_returns(part.path, session.check)
    with part.path.open("rb") as file:
        head = file.read(_HEAD).removeprefix(b"\xef\xbb\xbf").lstrip()
    if not head:
        raise RefusedError("the file holds nothing but blanks", hint="fetch it again")
    layout = "array" if head.startswith(b"[") else "unstructured"
    if part.format == "ndjson":
        layout = "newline_delimited"
    if layout == "array" and not _tail(part.path).endswith(b"]"):
        # DuckDB takes an array that ends after a comma for a whole one.
        raise json_fault(part.path, session, lines=False) or RefusedError(
            "the array is cut short", hint=_FETCH
        )
    texts = Texts(
        date_format=settings.date_format,
        timestamp_format=settings.timestamp_format,
        scalars=False,
    )
    if layout == "array" and head[1:].strip() == b"]":
        return JsonTable(part.path, layout, {}, texts)
    return JsonTable(part.path, layout, _structure(part.path, layout, session), texts)


def json_fault(path: Path, session: Session, *, lines: bool) -> RefusedError | None:
    """Find the first thing in a file that is not JSON, or not an object."""
    wrong = utf8_fault(path, session.check)
    if wrong is not None:
        return wrong
    if not lines and path.stat().st_size > _WHOLE:
        return RefusedError("it is not valid JSON, or does not hold objects", hint=_FETCH)
    for number, text, start in _documents(path, lines=lines):
        session.check()
        try:
            value = json.loads(text, object_pairs_hook=_refuse_keys)
        except json.JSONDecodeError as error:
            reason = f"it is not valid JSON: {error.msg}, column {error.colno}"
            return RefusedError(reason, hint=_FETCH, line=start + error.lineno - 1)
        except RefusedError as error:
            line = number if lines else None
            return RefusedError(error.reason, hint=error.hint, line=line, discreet=error.discreet)
        except RecursionError:
            return RefusedError("its values are nested too deep", hint=_FETCH)
        for record, each in enumerate(value if isinstance(value, list) else [value], 1):
            if not isinstance(each, dict):
                where = "" if lines else f"record {record:,}: "
                reason = f"{where}`{shown(json.dumps(each))}` is no object"
                hint = 'each row must be an object, such as {"id": 1}'
                return RefusedError(
                    reason,
                    hint=hint,
                    line=number if lines else None,
                    discreet=f"{where}a row is no object",
                )
    return None


def _documents(path: Path, *, lines: bool) -> Iterator[tuple[int, str, int]]:
    """Give each document with its number, and the line it begins at."""
    with path.open(encoding="utf-8-sig") as file:
        if lines:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, line, number
            return
        text = file.read()
    if text.lstrip().startswith("["):
        yield 1, text, 1
        return
    decoder, position, number = json.JSONDecoder(), 0, 1
    while rest := text[position:].lstrip():
        position = len(text) - len(rest)
        begin = text.count("\n", 0, position) + 1
        try:
            _, position = decoder.raw_decode(text, position)
        except (json.JSONDecodeError, RecursionError):
            yield number, rest, begin
            return
        yield number, text[len(text) - len(rest) : position], begin
        number += 1


def _tail(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(-min(_HEAD, path.stat().st_size), os.SEEK_END)
        return file.read().rstrip()


def _structure(path: Path, layout: str, session: Session) -> dict[str, str]:
    lines = layout == "newline_delimited"
    source = (
        f"read_json({quote_path(str(path))}, format = {quote_text(layout)}, records = 'true', "
        # No text is a date to DuckDB in these formats; `texts.py` is stricter.
        "dateformat = '~', timestampformat = '~', "
        "sample_size = -1, hive_partitioning = false, compression = 'uncompressed')"
    )
    try:
        kinds = session.types(f"select * from {source}")
    except duckdb.Error:
        raise json_fault(path, session, lines=lines) or RefusedError(
            "it does not hold objects with keys", hint='each row must be like {"id": 1}'
        ) from None
    _refuse_renamed(path, list(kinds), session)
    refuse_names(list(kinds))
    return {name: _kind(source, name, kind, session) for name, kind in kinds.items()}


def _kind(source: str, name: str, kind: str, session: Session) -> str:
    if kind in ("HUGEINT", "UBIGINT"):
        return EXACT
    if kind in ("TIME", "UUID"):
        return TEXT
    column = quote_name(name)
    if kind == JSON:
        nested = session.rows(
            f"select bool_or(left(cast({column} as varchar), 1) in ('{{', '[')) from {source}"
        )
        if nested[0][0] is None:
            return NULL
        # Texts, numbers and truth values in one column are texts.
        return JSON if nested[0][0] else TEXT
    if kind == f"{JSON}[]":
        longest = session.rows(f"select max(len({column})) from {source}")
        # Lists that are all empty say nothing of what others hold.
        return kind if longest[0][0] else f"{NULL}[]"
    return kind


def _refuse_renamed(path: Path, names: list[str], session: Session) -> None:
    """Refuse keys that DuckDB renames: `A` beside `a` becomes `A_1`, an empty one `C0`."""
    known = {name.lower() for name in names}
    for name in names:
        match = _RENAMED.fullmatch(name)
        base = match[1] if match else None
        if match is None or (base and base.lower() not in known):
            continue
        there = session.rows(
            f"select bool_or(list_contains(json_keys(json), {quote_text(name)})) "
            f"from read_json_objects({quote_path(str(path))})"
        )
        if not there[0][0]:
            what = (
                f"keys differ from `{base}` in case alone" if base else "an object has an empty key"
            )
            raise RefusedError(what, hint="call the same thing by the same name in all records")


def _refuse_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if not key:
            raise RefusedError("an object has an empty key", hint=_FETCH)
        if key in found:
            what = f"an object has the key `{shown(key)}` twice"
            raise RefusedError(what, hint=_FETCH, discreet="an object has a key twice")
        found[key] = value
    return found

"""Snapshots, verdicts and publications as JSON, there and back: what the warehouse keeps on disk.

Pure functions between values and bytes. Every document says its format in a number, so that an
older Thresher refuses what a newer one wrote; fields that hold their default are left out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any, TypeVar

from thresher.errors import Place, WarehouseError
from thresher.results import (
    CheckResult,
    DataFile,
    Field,
    Publication,
    Snapshot,
    Split,
    Status,
    Unit,
    UnitOutcome,
    UnitRecord,
    Verdict,
)

FORMAT = 1
"""Number of the format that is written, and the only one that is read."""


class OtherFormatError(WarehouseError):
    """Another version of Thresher wrote a document, in a format that this one does not know."""


Plain = dict[str, Any]
T = TypeVar("T")

_DEFAULTS = {
    kind: {field.name: field.default for field in fields(kind) if field.default is not MISSING}
    for kind in (UnitRecord, CheckResult)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationRow:
    """What a list of publications shows of one of them."""

    number: int
    environment: str
    run: str
    parent: int | None
    at: datetime
    tables: int
    rows: int
    bytes: int
    """Size on disk of the files it shows; other publications may show some of them too."""
    sample: str | None = None
    current: bool = False
    """Whether it is what readers see."""


def dump_snapshot(snapshot: Snapshot) -> bytes:
    """Write a snapshot as a document."""
    return _document(_plain_snapshot(snapshot))


def load_snapshot(document: bytes, path: str) -> Snapshot:
    """Read a document that `dump_snapshot` wrote.

    Args:
        document: what the file holds.
        path: where it was read, for errors.

    Raises:
        WarehouseError: it is damaged, or has a format that this Thresher does not know.
    """
    return _read(document, path, _snapshot)


def dump_verdict(verdict: Verdict) -> bytes:
    """Write a verdict as a document."""
    return _document(_plain_verdict(verdict))


def load_verdict(document: bytes, path: str) -> Verdict:
    """Read a document that `dump_verdict` wrote; see `load_snapshot`."""
    return _read(document, path, _verdict)


def dump_publication(publication: Publication) -> bytes:
    """Write a publication as a document."""
    return _document(
        {
            "number": publication.number,
            "environment": publication.environment,
            "run": publication.run,
            "parent": publication.parent,
            "at": _text_of_time(publication.at),
            "sample": publication.sample,
            **({} if publication.fence is None else {"fence": publication.fence}),
            "snapshots": {n: _plain_snapshot(s) for n, s in publication.snapshots.items()},
            "verdicts": {n: _plain_verdict(v) for n, v in publication.verdicts.items()},
        }
    )


def load_publication(document: bytes, path: str) -> Publication:
    """Read a document that `dump_publication` wrote; see `load_snapshot`."""
    return _read(document, path, _publication)


def load_row(document: bytes, path: str) -> PublicationRow:
    """Read what a list shows from a document that `dump_publication` wrote; see `load_snapshot`."""
    return _read(document, path, _row)


def _document(content: Plain) -> bytes:
    return json.dumps({"format": FORMAT, **content}, allow_nan=False, separators=(",", ":")).encode(
        "ascii"
    )


def _read(document: bytes, path: str, make: Callable[[Plain], T]) -> T:
    place = Place(path)
    try:
        content = json.loads(document)
        found = content["format"]
        if found == FORMAT:
            return make(content)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise WarehouseError(
            f"damaged: {type(error).__name__}: {error}",
            place=place,
            hint="`thresher repair` sets it aside, or put it back from a copy of the warehouse",
        ) from error
    raise OtherFormatError(
        f"has the format {found!r}, and this Thresher reads the format {FORMAT}",
        place=place,
        hint="use the version of Thresher that wrote it, or a newer one",
    )


def _plain_snapshot(snapshot: Snapshot) -> Plain:
    return {
        "asset": snapshot.asset,
        "fingerprint": snapshot.fingerprint,
        "build": snapshot.build,
        "ingredients": dict(snapshot.ingredients),
        "schema": [
            [f.name, f.type] if f.storage == f.type else [f.name, f.type, f.storage]
            for f in snapshot.schema
        ],
        "files": _plain_files(snapshot.files),
        "sql": snapshot.sql,
        "inputs": dict(snapshot.inputs),
        "rows": snapshot.rows,
        "rows_in": snapshot.rows_in,
        "units": [_plain_unit(record) for record in snapshot.units],
        "built_at": _text_of_time(snapshot.built_at),
        "run": snapshot.run,
        "engine": snapshot.engine,
        **({"part_of": snapshot.part_of} if snapshot.part_of else {}),
        **({"rejects": _plain_files(snapshot.rejects)} if snapshot.rejects else {}),
    }


def _plain_files(files: Iterable[DataFile]) -> list[list[Any]]:
    return [[f.path, f.rows, f.bytes, f.sha256] for f in files]


def _snapshot(content: Plain) -> Snapshot:
    return Snapshot(
        asset=content["asset"],
        fingerprint=content["fingerprint"],
        build=content["build"],
        ingredients=content["ingredients"],
        schema=tuple(Field(f[0], f[1], f[-1]) for f in content["schema"]),
        files=tuple(DataFile(*f) for f in content["files"]),
        sql=content["sql"],
        inputs=content["inputs"],
        rows=content["rows"],
        rows_in=content["rows_in"],
        units=tuple(map(_unit, content["units"])),
        built_at=datetime.fromisoformat(content["built_at"]),
        run=content["run"],
        engine=content["engine"],
        part_of=content.get("part_of"),
        rejects=tuple(DataFile(*f) for f in content.get("rejects", ())),
    )


def _plain_unit(record: UnitRecord) -> Plain:
    unit = record.unit
    return {
        "unit": [unit.path, unit.size, _text_of_time(unit.modified), unit.sha256],
        "outcome": record.outcome.value,
        **_unusual(record, *_DEFAULTS[UnitRecord]),
    }


def _unit(content: Plain) -> UnitRecord:
    path, size, modified, sha256 = content.pop("unit")
    unit = Unit(path, size, datetime.fromisoformat(modified), sha256)
    if "drift" in content:
        content["drift"] = tuple(content["drift"])
    return UnitRecord(unit, UnitOutcome(content.pop("outcome")), **content)


def _plain_verdict(verdict: Verdict) -> Plain:
    return {
        "asset": verdict.asset,
        "version": verdict.version,
        "key": verdict.key,
        "rows": verdict.rows,
        "results": [_plain_result(result) for result in verdict.results],
        "at": _text_of_time(verdict.at),
        **({"split": asdict(verdict.split)} if verdict.split else {}),
    }


def _verdict(content: Plain) -> Verdict:
    return Verdict(
        asset=content["asset"],
        version=content["version"],
        key=content["key"],
        rows=content["rows"],
        results=tuple(map(_result, content["results"])),
        at=datetime.fromisoformat(content["at"]),
        split=_split(content["split"]) if "split" in content else None,
    )


def _split(content: Plain) -> Split:
    return Split(**{**content, "corrections": tuple(content["corrections"])})


def _plain_result(result: CheckResult) -> Plain:
    content = {
        "check": result.check,
        "kind": result.kind,
        "status": result.status.value,
        **_unusual(result, "severity", "violations", "rows", "message", "figure"),
        **_unusual(result, "hides_figure"),
        **_unusual(result, "path", "line", "seconds"),
    }
    if result.columns:
        content["columns"] = list(result.columns)
    if result.examples:
        content["examples"] = _plain(result.examples)
    return content


def _result(content: Plain) -> CheckResult:
    content["status"] = Status(content["status"])
    for name in ("columns", "examples"):
        if name in content:
            content[name] = tuple(content[name])
    return CheckResult(**content)


def _publication(content: Plain) -> Publication:
    return Publication(
        number=content["number"],
        environment=content["environment"],
        run=content["run"],
        parent=content["parent"],
        at=datetime.fromisoformat(content["at"]),
        snapshots={n: _snapshot(each) for n, each in content["snapshots"].items()},
        verdicts={n: _verdict(each) for n, each in content["verdicts"].items()},
        sample=content["sample"],
        fence=content.get("fence"),
    )


def _row(content: Plain) -> PublicationRow:
    snapshots = content["snapshots"].values()
    files = [file for each in snapshots for file in (*each["files"], *each.get("rejects", ()))]
    sizes = {path: size for path, _, size, _ in files}
    return PublicationRow(
        number=content["number"],
        environment=content["environment"],
        run=content["run"],
        parent=content["parent"],
        at=datetime.fromisoformat(content["at"]),
        tables=len(snapshots),
        rows=sum(each["rows"] for each in snapshots),
        bytes=sum(sizes.values()),
        sample=content["sample"],
    )


def _unusual(value: Any, *names: str) -> Plain:
    """Give the fields that do not hold their default."""
    defaults = _DEFAULTS[type(value)]
    return {n: found for n in names if (found := getattr(value, n)) != defaults[n]}


def _text_of_time(at: datetime) -> str:
    """Write an instant in UTC; what has no time zone is left as it is."""
    return (at.astimezone(UTC) if at.tzinfo else at).isoformat()


def _plain(value: Any) -> Any:
    """Make of any value of a row what JSON can hold: what it has no form for becomes text."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return str(value)

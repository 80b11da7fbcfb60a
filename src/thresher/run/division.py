"""One version while its rows are divided: what is left, and what was taken out, as tables.

An engine sees these by names that no asset can have. Each state has a version of its own, so that
no view of an earlier state is taken for it. Nothing here asks an engine.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from thresher.project.asset import quarantine_of
from thresher.quality.separation import Parts, left_rows
from thresher.results import DataFile, Schema, Snapshot

#: Schema, reserved, of the table that holds all rows while they are divided.
_SCHEMA = "thresher"


@dataclass(slots=True)
class Division:
    """The rows of a version, those left and those taken out.

    Args:
        built: the version as it was built.
        tables: every version that a check may need, by name.
    """

    built: Snapshot
    tables: Mapping[str, Snapshot]
    files: list[DataFile] = field(default_factory=list)
    """Files of all rows: those that were built, and corrected ones behind them."""
    corrected: dict[str, str] = field(default_factory=dict)
    """Path of the correction by the file of its rows."""
    parts: list[DataFile] = field(default_factory=list)
    """Files of the rows that were taken out, with their positions."""
    schema: Schema = ()
    """What these hold."""
    rows_left: int = 0
    _token: str = field(default_factory=lambda: secrets.token_hex(4))
    """Tells the states of this division from those of another one of the same version."""

    def __post_init__(self) -> None:
        self.files = list(self.built.files)
        self.rows_left = self.built.rows

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the asset's columns."""
        return tuple(column.name for column in self.built.schema)

    @property
    def names(self) -> Parts:
        """Names that queries see the parts under."""
        table = quarantine_of(self.built.asset)
        produced = f"{_SCHEMA}.{table.partition('.')[2]}"
        return Parts(produced, table, begun=bool(self.parts))

    @property
    def left(self) -> Snapshot:
        """What is left, as a view over the parts."""
        if not self.parts:
            return self.built
        names = self.names
        return replace(
            self.built,
            build=f"{self._token}-left-{len(self.files)}-{len(self.parts)}",
            sql=left_rows(self.columns, names),
            files=(),
            inputs={names.produced: "", names.aside: ""},
            rows=self.rows_left,
        )

    def known(self) -> dict[str, Snapshot]:
        """Give the tables that a query may read, those of the parts among them."""
        return {
            **self.tables,
            **self._taken_out(),
            self.names.produced: self._piece(self.files, f"all-{len(self.files)}"),
            self.built.asset: self.left,
        }

    def known_of(self, number: int) -> dict[str, Snapshot]:
        """Give the tables that a query for the rows of one file may read."""
        piece = self._piece([self.files[number]], f"file-{number}")
        return {**self._taken_out(), self.names.produced: piece}

    def ranges(self) -> Iterator[tuple[int, int, DataFile]]:
        """Give each file with the rows before it, and the rows up to its end."""
        low = 0
        for file in self.files:
            yield low, low + file.rows, file
            low += file.rows

    def inputs(self) -> Iterator[tuple[int, int, str]]:
        """Give the rows that came from each input file or correction, by position."""
        known = {record.file: record.unit.path for record in self.built.units} | self.corrected
        for low, high, file in self.ranges():
            if (path := known.get(file.path)) is not None:
                yield low, high, path

    def _piece(self, files: list[DataFile], which: str) -> Snapshot:
        rows = sum(file.rows for file in files)
        build = f"{self._token}-{which}"
        return replace(self.built, build=build, files=tuple(files), rows=rows)

    def _taken_out(self) -> dict[str, Snapshot]:
        if not self.parts:
            return {}
        piece = self._piece(self.parts, f"out-{len(self.files)}-{len(self.parts)}")
        return {self.names.aside: replace(piece, asset=self.names.aside, schema=self.schema)}

"""Queries over the published warehouse: bound parameters, the time taken, rows to a file."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from thresher.api.running import Work, logged
from thresher.errors import AssetError, CommandError, DiskFullError, Place, ThresherError
from thresher.events import QueryFinished
from thresher.project import sql as parsing
from thresher.project.documents import nearest
from thresher.warehouse.catalog import Warehouse

EXPORTS = (".parquet", ".csv", ".json", ".arrow")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query gave."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    """Type of each column, in DuckDB's spelling."""
    rows: tuple[tuple[Any, ...], ...]
    """The rows, at most as many as were asked for; none where they went to a file."""
    total: int
    """How many rows there are."""
    seconds: float
    export: Path | None = None
    """File that the rows were written to."""

    def polars(self) -> Any:
        """Give the rows as a Polars frame; needs `thresher[polars]`."""
        import polars

        return polars.DataFrame(self.rows, schema=list(self.columns), orient="row")


def run_query(
    work: Work,
    sql: str,
    params: Mapping[str, Any],
    *,
    export: Path | None = None,
    limit: int | None = None,
) -> Answer:
    """Ask the published warehouse; see `OpenProject.query`."""
    if export is not None and export.suffix not in EXPORTS:
        raise CommandError(
            f"`{export.name}` does not end with a format that can be written",
            hint=f"formats: {', '.join(EXPORTS)}",
        )
    if export is not None and not export.absolute().parent.is_dir():
        raise CommandError(
            f"`{export}` cannot be written: there is no folder `{export.parent}`",
            hint=f"make it: `mkdir -p {export.parent}`",
        )
    environment = work.settings.environment
    warehouse = Warehouse(work.warehouse)
    if warehouse.manifests.current(environment) is None:
        what = f"nothing is published in the environment `{environment}`"
        raise CommandError(what, hint="`thresher run` publishes")
    began = time.monotonic()
    bound: dict[str, Any] = {}

    def finished(rows: int | None, error: str | None = None) -> float:
        seconds = time.monotonic() - began
        with logged(work) as tell:
            tell(
                QueryFinished(
                    at=datetime.now(UTC),
                    environment=environment,
                    sql=sql,
                    params=work.settings.masker.settings(bound),
                    seconds=seconds,
                    rows=rows,
                    error=error,
                )
            )
        return seconds

    try:
        with warehouse.reader(environment, timezone=work.settings.config.timezone) as reader:
            bound.update(_bound(sql, reader.parameters(sql), work.settings.params, params))
            if export is not None:
                total = _whole(export, lambda to: reader.export(sql, bound, to, export.suffix))
                return Answer((), (), (), total, finished(total), export)
            found = reader.query(sql, bound, limit=limit)
    except ThresherError as error:
        finished(None, str(error))
        raise
    seconds = finished(found.total)
    return Answer(found.columns, found.types, found.rows, found.total, seconds)


def _bound(
    sql: str, names: tuple[str, ...], project: Mapping[str, Any], given: Mapping[str, Any]
) -> dict[str, Any]:
    """Give the value of each placeholder of a query."""
    for name in given:
        if name not in names:
            raise CommandError(
                f"the query has no placeholder `${name}`",
                hint=nearest(name, names) or _placeholders(names),
            )
    known = {**project, **given}
    missing = [name for name in names if name not in known]
    if missing:
        listed = ", ".join(f"`${name}`" for name in missing)
        raise CommandError(
            f"the query needs a value for {listed}",
            place=Place(line=_line(sql, missing)),
            hint=f"give it: `{' '.join(f'--param {name}=VALUE' for name in missing)}`",
        )
    return {name: known[name] for name in names}


def _line(sql: str, names: Sequence[str]) -> int | None:
    """Find the first line of a query in which one of some placeholders stands."""
    try:
        found = parsing.parse_query(sql).params
    except parsing.SqlError:
        return None
    return min((line for name, line in found if name in names), default=None)


def _placeholders(names: tuple[str, ...]) -> str:
    if not names:
        return "it has none"
    return f"it has {', '.join(f'`${name}`' for name in names)}"


def _whole(target: Path, write: Callable[[Path], int]) -> int:
    """Write a file under another name first, so that a broken export leaves nothing."""
    part = target.with_name(f".{target.name}.part{target.suffix}")
    try:
        rows = write(part)
        part.replace(target)
    except OSError as error:
        if error.errno == 28:
            raise DiskFullError(f"no space left for `{target}`") from error
        what = f"`{target}` cannot be written: {error.strerror or error}"
        raise AssetError(what, place=Place(str(target))) from error
    finally:
        part.unlink(missing_ok=True)
    return rows

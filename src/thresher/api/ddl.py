"""`thresher ddl`: the tables that the contracts imply, with all their columns and types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from thresher.api.hands import Hands
from thresher.api.running import Work
from thresher.docs.ddl.dialects import DIALECTS, Dialect
from thresher.docs.ddl.statements import compose
from thresher.docs.ddl.tables import Ddl, NotEnforced, Statement, TableColumn, TableShape
from thresher.errors import CommandError, Fault, Place, ProjectError, ThresherError
from thresher.plan.fingerprint import grain
from thresher.project import sql
from thresher.project.asset import Asset, Materialized, SqlBody
from thresher.project.documents import nearest
from thresher.project.selection import select as select_assets
from thresher.results import Field, Publication, Snapshot
from thresher.warehouse.catalog import Warehouse

if TYPE_CHECKING:
    from thresher.api.open import OpenProject

#: No table has more columns than a query is asked to tell of itself.
_MOST_COLUMNS = 1_000_000

Types = dict[str, str | None]
"""Type of each column, in their order; None where it is not known."""


def ddl(
    project: OpenProject,
    *,
    select: Iterable[str] = (),
    exclude: Iterable[str] = (),
    dialect: str = "duckdb",
) -> Ddl:
    """Write the DDL that the contracts of a project imply.

    Args:
        project: the project.
        select: assets, in dbt's selection syntax; all where empty.
        exclude: assets to leave out.
        dialect: `duckdb`, `postgres`, `spark`, `snowflake` or `bigquery`.

    Raises:
        CommandError: there is no such dialect, or the selection is not valid.
        ProjectError: the type of a column cannot be told; each with its place.
    """
    if dialect not in DIALECTS:
        hint = nearest(dialect, DIALECTS) or f"dialects: {', '.join(DIALECTS)}"
        raise CommandError(f"there is no dialect `{dialect}`", hint=hint)
    work = project.work
    chosen = select_assets(project.project, tuple(select), tuple(exclude))
    hands = Hands(work.project, work.warehouse, work.cache)
    try:
        known = _Known(work, hands, Warehouse(work.warehouse).current(project.environment))
        shapes = _shapes(known, [a for n, a in project.project.assets.items() if n in chosen])
    finally:
        hands.close()
    made = compose(
        shapes,
        DIALECTS[dialect],
        heading=_heading(work, DIALECTS[dialect]),
        timezone=work.settings.config.timezone,
    )
    return _masked(made, project)


def _heading(work: Work, dialect: Dialect) -> tuple[str, ...]:
    pipeline, environment = work.settings.config.pipeline, work.settings.environment
    return (
        f"The tables of `{pipeline}` ({environment}) as their contracts say, for {dialect.title}",
        f"{dialect.promise}.",
        "What it does not hold rows to is told below as `not enforced`; `thresher run` audits it.",
    )


def _masked(made: Ddl, project: OpenProject) -> Ddl:
    """Take secrets out: a view holds the values of its parameters."""
    mask = project.masker.text
    statements = tuple(
        Statement(each.kind, each.asset, mask(each.sql), tuple(map(mask, each.notes)))
        for each in made.statements
    )
    return Ddl(
        dialect=made.dialect,
        heading=tuple(map(mask, made.heading)),
        statements=statements,
        not_enforced=tuple(
            NotEnforced(each.asset, each.check, mask(each.reason)) for each in made.not_enforced
        ),
    )


@dataclass
class _Known:
    """What is known of the columns of assets, each found out once.

    Args:
        work: the open project.
        hands: gives the engine, where a query must be asked what it gives.
        current: what is published.
    """

    work: Work
    hands: Hands
    current: Publication | None
    unasked: dict[str, str] = field(default_factory=dict)
    """Why a query could not be asked for its types, by asset."""
    _found: dict[str, tuple[Types, str]] = field(default_factory=dict)

    def columns(self, asset: Asset) -> tuple[Types, str]:
        """Give the columns of an asset, and where types come from that its contract lacks."""
        if asset.name not in self._found:
            self._found[asset.name] = self._columns(asset)
        return self._found[asset.name]

    def _columns(self, asset: Asset) -> tuple[Types, str]:
        said = {c.name.lower(): c for c in asset.contract.columns}
        names = asset.body.columns if isinstance(asset.body, SqlBody) else None
        if names is not None and all(n.lower() in said and said[n.lower()].type for n in names):
            return {name: said[name.lower()].type for name in names}, ""
        found, origin = self._published(asset)
        if isinstance(asset.body, SqlBody):
            told = self._asked(asset, asset.body)
            if told is not None:
                found, origin = told, "what its query gives"
        types: Types = dict(found)
        if not types and names:
            types = dict.fromkeys(names)
        spelled = {name.lower(): name for name in types}
        lacking = [name for name in spelled if name not in said or not said[name].type]
        for name, column in said.items():
            if column.type or name not in spelled:
                types[spelled.get(name, column.name)] = column.type
        by = f"types that the contract does not give are {origin}" if origin and lacking else ""
        return types, by

    def _published(self, asset: Asset) -> tuple[Mapping[str, str], str]:
        if self.current is None or asset.name not in self.current.snapshots:
            return {}, ""
        schema = self.current.snapshots[asset.name].schema
        origin = f"those of publication {self.current.number}"
        return {column.name: column.type for column in schema}, origin

    def _asked(self, asset: Asset, body: SqlBody) -> Mapping[str, str] | None:
        """Ask the engine what a query gives on empty tables; None where that cannot be told."""
        tables: dict[str, Snapshot] = {}
        for name in asset.inputs:
            types, _ = self.columns(self.work.project.assets[name])
            if not types or None in types.values():
                self.unasked[asset.name] = f"it reads `{name}`, whose types are not known"
                return None
            tables[name] = _empty(name, types)
        params: dict[str, Any] = {name: self.work.settings.params[name] for name in asset.params}
        if asset.uses_run_time:
            zone = self.work.settings.config.timezone
            params["run_time"] = grain(asset, datetime.now(UTC), zone)
        macros = {name: self.work.project.macros[name].statement for name in body.macros}
        try:
            text = sql.bare_query(body.text)
            _, rows = self.hands.engine().head(
                f"describe {text}", tables, params, macros=macros, limit=_MOST_COLUMNS
            )
        except (ThresherError, sql.SqlError) as error:
            self.unasked[asset.name] = (
                error.fault.what if isinstance(error, ThresherError) else error.what
            )
            return None
        return {str(row[0]): str(row[1]) for row in rows}


def _empty(name: str, types: Mapping[str, str | None]) -> Snapshot:
    """Make a version without rows."""
    return Snapshot(
        asset=name,
        fingerprint="",
        build="",
        ingredients={},
        schema=tuple(Field(column, str(kind), str(kind)) for column, kind in types.items()),
        rows=0,
        built_at=datetime.now(UTC),
        run="",
        engine="",
    )


def _shapes(known: _Known, assets: Iterable[Asset]) -> list[TableShape]:
    faults: list[Fault] = []
    shapes = [_shape(known, asset, faults) for asset in assets]
    if faults:
        raise ProjectError(faults)
    return shapes


def _shape(known: _Known, asset: Asset, faults: list[Fault]) -> TableShape:
    types, origin = known.columns(asset)
    said = {column.name.lower(): column for column in asset.contract.columns}
    columns: list[TableColumn] = []
    if None in types.values() or not types:
        reason = known.unasked.get(asset.name, None if types else "nothing of it is published")
        if reason:
            what = f"the types of `{asset.name}` cannot be told: {reason}"
            faults.append(Fault(what, Place(asset.path), _hint(known)))
            return TableShape(asset=asset, columns=())
    for name, kind in types.items():
        column = said.get(name.lower())
        tree = sql.parse_type(kind) if kind else None
        if tree is None:
            place = column.place if column else Place(asset.path)
            has = f"has the type `{kind}`, which no table has" if kind else "has no type"
            faults.append(Fault(f"`{asset.name}.{name}` {has}", place, _hint(known)))
            continue
        columns.append(TableColumn(name, tree, column.description if column else ""))
    view = None
    if isinstance(asset.body, SqlBody) and asset.materialized is Materialized.VIEW:
        params = known.work.settings.params
        view = sql.inline_params(asset.body.text, {name: params[name] for name in asset.params})
    return TableShape(asset=asset, columns=tuple(columns), view=view, origin=origin)


def _hint(known: _Known) -> str:
    run = f"`thresher run --env {known.work.settings.environment}`"
    return f"give it a `type` in the contract, or publish it once: {run}"

"""The only reader of the user's files: a folder becomes a `Project`, or the list of its faults."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thresher.errors import CommandError, Fault, Place, ProjectError
from thresher.project import rules
from thresher.project.asset import Asset, Materialized, SourceBody, SqlBody
from thresher.project.cache import ParseCache
from thresher.project.config import CONFIG_FILE, Config
from thresher.project.contract import Contract
from thresher.project.contracts import Head
from thresher.project.corrections import read_corrections
from thresher.project.documents import Document, parse_document
from thresher.project.functions import parse_function
from thresher.project.heads import Heads
from thresher.project.macros import macros_used, read_macros
from thresher.project.parsed import cached_query
from thresher.project.policies import Standing
from thresher.project.project import Macro, Project, order
from thresher.project.reading import Read, Reading
from thresher.project.schedules import selection_faults, setting_faults
from thresher.project.sensitive import with_sensitive
from thresher.project.settings import Settings, read_settings
from thresher.project.sources import read_source, resolved
from thresher.project.text_files import files_below, read_text, unreadable

ASSET_NAME = re.compile(r"[a-z_][a-z0-9_]*")
SUFFIXES = (".sql", ".yaml", ".yml", ".py")
MACROS = "macros"
_IGNORED = (".md", ".txt", ".pyc")
_HEAD_OPENS = "/* ---"
_HEAD_CLOSES = "--- */"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a file of the project stands, and what that makes it."""

    file: Path
    path: str
    layer: str
    table: str

    @property
    def name(self) -> str:
        return f"{self.layer}.{self.table}"


def find_root(start: Path) -> Path:
    """Find the project that a folder is in: the nearest one upwards with a `config.yaml`.

    Raises:
        CommandError: there is none.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / CONFIG_FILE).is_file():
            return folder
    raise CommandError(
        f"there is no `{CONFIG_FILE}` in `{start}` or above it",
        hint="name a project's folder with `--project`, or make one: `thresher init NAME`",
    )


def read_project(
    root: Path,
    *,
    environment: str | None = None,
    params: Mapping[str, Any] | None = None,
    variables: Mapping[str, str] = os.environ,
    cache: ParseCache | None = None,
) -> Project:
    """Read a project for one environment.

    Args:
        root: folder with the `config.yaml`.
        environment: its name, or None for `THRESHER_ENV` or the file's default.
        params: parameters that replace those of the file.
        variables: the process's environment.
        cache: what was parsed before.

    Raises:
        ProjectError: every fault of the whole project, in the order of files and lines.
        CommandError: the environment or a parameter given is not in `config.yaml`.
    """
    faults: list[Fault] = []
    settings: Settings | None = None
    try:
        settings = read_settings(root, environment=environment, params=params, variables=variables)
        layers = settings.config.layers
        faults += setting_faults(settings)
    except ProjectError as error:
        faults += error.faults
        layers = _layers_of_broken(root)
    known = cache or ParseCache()
    heads = Heads(known, settings.config.checks if settings else Standing())
    found, broken, macros = _read_files(root, layers, heads, faults)
    assets: dict[str, Asset] = {name: read.asset for name, read in found.items()}
    ordered, cycles = order(assets)
    faults += cycles
    params = settings.params if settings else None
    connections = settings.connections if settings else None
    reading = Reading(found, broken, ordered, macros, tuple(layers), params, known, connections)
    faults += rules.check(reading)
    corrected, strangers = read_corrections(root, found.keys() | broken)
    faults += strangers
    if faults or settings is None:
        unique = dict.fromkeys(faults)
        raise ProjectError(sorted(unique, key=lambda f: (f.place.path or "", f.place.line or 0)))
    columns = reading.columns
    finished = {
        name: dataclasses.replace(
            _finish(found[name], columns, settings), corrections=corrected.get(name, ())
        )
        for name in ordered
    }
    project = Project(root, settings, with_sensitive(finished), macros)
    if wrong := [*selection_faults(project)]:
        raise ProjectError(wrong)
    return project


def _finish(read: Read, columns: Mapping[str, tuple[str, ...] | None], settings: Settings) -> Asset:
    """Fill in what could be told only from the whole project."""
    asset = read.asset
    if isinstance(asset.body, SqlBody):
        body = dataclasses.replace(asset.body, columns=columns[asset.name])
        return dataclasses.replace(asset, body=body)
    if read.function is not None:
        said = read.function.isolate
        isolate = settings.run.isolate if said is None else said
        params = tuple(sorted(settings.params)) if read.function.params is None else asset.params
        return dataclasses.replace(asset, isolate=isolate, params=params)
    if isinstance(asset.body, SourceBody):
        return dataclasses.replace(asset, body=resolved(asset.body, settings.connections))
    return asset


def _layers_of_broken(root: Path) -> tuple[str, ...]:
    """Give the layers of a `config.yaml` with faults, so that the rest can be judged as well."""
    default: tuple[str, ...] = Config.model_fields["layers"].default
    try:
        value = parse_document(read_text(root / CONFIG_FILE, CONFIG_FILE), CONFIG_FILE).value
        layers = value.get("layers", default)
        return tuple(layers) if all(isinstance(name, str) for name in layers) else default
    except (ProjectError, AttributeError, TypeError):
        return default


def _read_files(
    root: Path, layers: Iterable[str], heads: Heads, faults: list[Fault]
) -> tuple[dict[str, Read], frozenset[str], dict[str, Macro]]:
    """Read all files of assets and macros; also gives the names of the assets with faults."""
    macros, macro_faults = read_macros(root, root / "src" / MACROS, heads.cache)
    faults += macro_faults
    found: dict[str, Read] = {}
    broken: set[str] = set()
    for place in _asset_files(root, tuple(layers), faults):
        try:
            read = _read_asset(place, root, macros, heads)
        except ProjectError as error:
            faults += error.faults
            broken.add(place.name)
            continue
        if place.name in found:
            first = found[place.name].asset.path
            what = f"`{place.name}` is already made by `{first}`"
            faults.append(Fault(what, Place(place.path), "rename one of the two files"))
            continue
        found[place.name] = read
    return found, frozenset(broken - set(found)), macros


def _asset_files(root: Path, layers: tuple[str, ...], faults: list[Fault]) -> Iterator[_Place]:
    """Find the files that make assets, and tell which files are where none can be."""

    def refuse(error: OSError) -> None:
        faults.append(unreadable(error, Path(error.filename).relative_to(root).as_posix()))

    for file in files_below(root / "src", refuse):
        path = file.relative_to(root).as_posix()
        parts = file.relative_to(root / "src").parts
        if not file.is_file() or any(part.startswith((".", "__")) for part in parts):
            continue
        outside = len(parts) < 2 or parts[0] not in layers
        if outside:
            if file.suffix in (".sql", ".yaml", ".yml") and parts[0] != MACROS:
                hint = f"move it into one of: {', '.join(f'src/{name}/' for name in layers)}"
                faults.append(Fault("it is in no layer", Place(path), hint))
        elif file.suffix not in SUFFIXES:
            if file.suffix not in _IGNORED:
                hint = f"assets end with {', '.join(SUFFIXES)}"
                faults.append(Fault("it is not an asset", Place(path), hint))
        elif not ASSET_NAME.fullmatch(file.stem):
            hint = "lower-case letters, digits and underscores"
            faults.append(Fault(f"`{file.stem}` cannot name a table", Place(path), hint))
        else:
            yield _Place(file, path, parts[0], file.stem)


def _read_asset(place: _Place, root: Path, macros: Mapping[str, Macro], heads: Heads) -> Read:
    text = read_text(place.file, place.path)
    if place.file.suffix == ".sql":
        return _read_sql(place, text, macros, heads)
    if place.file.suffix == ".py":
        return _read_python(place, text, root, heads)
    return _read_source(place, text, heads)


def _read_sql(place: _Place, text: str, macros: Mapping[str, Macro], heads: Heads) -> Read:
    document, body, first_line = split_head(text, place.path)
    faults: list[Fault] = []
    head, contract = Head(), Contract()
    try:
        head, contract = heads.read(document, place.name)
    except ProjectError as error:
        faults += error.faults
    try:
        query = cached_query(heads.cache, body, place.path, first_line)
    except ProjectError as error:
        raise ProjectError([*faults, *error.faults]) from None
    if faults:
        raise ProjectError(faults)
    used = macros_used(query.functions, macros)
    inputs = {name for name, _ in query.inputs} | {i for m in used for i in macros[m].inputs}
    params = {name for name, _ in query.params}
    sql = SqlBody(body, query.normal, None, used, first_line)
    asset = dataclasses.replace(
        _asset(place, head, contract, sql),
        inputs=tuple(sorted(inputs)),
        params=tuple(sorted(params - {"run_time"})),
        uses_run_time="run_time" in params,
    )
    return Read(asset, query=query, document=document)


def _read_source(place: _Place, text: str, heads: Heads) -> Read:
    document = parse_document(text, place.path)
    value = document.value
    if not isinstance(value, dict) or "source" not in value:
        hint = "such as `source: {files: data_raw/flights*.csv}`"
        raise ProjectError([Fault("`source` is missing", Place(place.path, 1), hint)])
    faults: list[Fault] = []
    rest = dataclasses.replace(document, value={k: v for k, v in value.items() if k != "source"})
    head, contract, source = Head(), Contract(), None
    try:
        head, contract = heads.read(rest, place.name)
    except ProjectError as error:
        faults += error.faults
    try:
        source = read_source(document)
    except ProjectError as error:
        faults += error.faults
    if faults or source is None:
        raise ProjectError(faults)
    asset = dataclasses.replace(
        _asset(place, head, contract, source.body), params=tuple(name for name, _ in source.params)
    )
    return Read(asset, document=document, params=source.params)


def _read_python(place: _Place, text: str, root: Path, heads: Heads) -> Read:
    parsed = parse_function(text, place.path, root)
    if parsed is None:
        hint = "shared code can stand in `src/` outside the layers' folders"
        what = "it has no function under `@asset`"
        raise ProjectError([Fault(what, Place(place.path, 1), hint)])
    head, contract = heads.read(parsed.head, place.name)
    asset = dataclasses.replace(
        _asset(place, head, contract, parsed.body),
        inputs=tuple(sorted({given.asset for given in parsed.body.inputs})),
        params=tuple(name for name, _ in parsed.params or ()),
        uses_run_time=parsed.uses_run_time,
    )
    return Read(asset, function=parsed, document=parsed.head)


def _asset(place: _Place, head: Head, contract: Contract, body: Any) -> Asset:
    return Asset(
        name=place.name,
        path=place.path,
        body=body,
        contract=contract,
        materialized=Materialized(head.materialized),
        volatile=head.volatile,
        tags=head.tags,
        renamed_from=head.renamed_from.lower() if head.renamed_from else None,
        patience=head.patience,
    )


def split_head(text: str, path: str) -> tuple[Document, str, int]:
    """Split a SQL file into its head and its query; also gives the query's first line."""
    start = len(text) - len(text.lstrip())
    if not text.startswith(_HEAD_OPENS, start):
        return Document(path, None, {(): 1}, {}), text, 1
    opened = start + len(_HEAD_OPENS)
    end = text.find(_HEAD_CLOSES, opened)
    line = 1 + text.count("\n", 0, start)
    if end < 0:
        hint = f"put `{_HEAD_CLOSES}` on a line of its own before the query"
        what = f"the head is not closed by `{_HEAD_CLOSES}`"
        raise ProjectError([Fault(what, Place(path, line), hint)])
    after = end + len(_HEAD_CLOSES)
    document = parse_document(text[opened:end], path, first_line=line)
    return document, text[after:], 1 + text.count("\n", 0, after)

"""An open project: what `thresher.open(path)` gives back, and what the command line calls.

Each command of Thresher is one method here; the work is done by the modules below.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from thresher._version import __version__
from thresher.api import catalog, mending, running
from thresher.api.querying import Answer, run_query
from thresher.api.requests import Request, going_on, unfinished
from thresher.api.stand_ins import kept, stand_in
from thresher.api.tables import Preview, Table, preview
from thresher.api.turns import Wait
from thresher.docs import pictures
from thresher.errors import ThresherError
from thresher.events import Listener
from thresher.observe import history
from thresher.plan.plan import Plan
from thresher.project.cache import ParseCache
from thresher.project.project import Project
from thresher.project.reader import find_root, read_project
from thresher.project.secrets import Masker
from thresher.project.selection import select as select_assets
from thresher.project.sql import PARSER_VERSION
from thresher.results import RunResult
from thresher.run.publish import Options
from thresher.warehouse.cleanup import Removal
from thresher.warehouse.records import PublicationRow
from thresher.warehouse.repair import Repair
from thresher.warehouse.verify import Verification

CACHE = Path(".thresher") / "cache.json"
HISTORY = Path(".thresher") / "history.sqlite"


def open(  # noqa: A001  # reads as `thresher.open(path)`
    path: str | os.PathLike[str] = ".",
    *,
    env: str | None = None,
    params: Mapping[str, Any] | None = None,
    stand_ins: Mapping[str, Any] | None = None,
) -> OpenProject:
    """Open the project that a folder is in.

    Args:
        path: folder of the project, or any folder in it.
        env: environment; `THRESHER_ENV` or the project's default where None.
        params: parameters that replace those of `config.yaml`.
        stand_ins: what stands in for the source of a raw asset, by the asset's name: a DB-API
            connection (on which the asset's own query runs), a frame (pandas, Polars or Arrow), or
            rows as a list of dictionaries. They are read in the thread that plans or runs.

    Raises:
        ProjectError: every fault of the project.
        CommandError: there is no project, no such environment, parameter or raw asset, or the
            environment is protected and nothing may stand in for a source.

    Example:
        >>> import thresher
        >>> project = thresher.open("examples/flights")
        >>> result = project.run(select="+warehouse.carrier_month")
        >>> project.table("warehouse.carrier_month").polars()
    """
    root = find_root(Path(path))
    cache = ParseCache(root / CACHE, version=f"{__version__}/{PARSER_VERSION}")
    project = read_project(root, environment=env, params=params, cache=cache)
    cache.save()
    things = {name.lower(): kept(thing) for name, thing in (stand_ins or {}).items()}
    return OpenProject(stand_in(project, things), cache, things)


@dataclass(frozen=True, repr=False)
class OpenProject:
    """A project that has been read, in one environment; made by [`open`][thresher.open]."""

    project: Project
    """What the user wrote."""
    _cache: ParseCache
    _stand_ins: Mapping[str, Any] = field(default_factory=dict)
    _resumes: Request | None = None
    """What its runs are asked for, where they go on with another run."""

    def __repr__(self) -> str:
        """Say which project this is, without all that stands in it."""
        return f"<thresher project {str(self.root)!r}, environment {self.environment!r}>"

    @property
    def root(self) -> Path:
        """Folder of the project."""
        return self.project.root

    @property
    def environment(self) -> str:
        """Name of the environment."""
        return self.project.settings.environment

    @property
    def masker(self) -> Masker:
        """Keeps the project's secrets out of texts."""
        return self.project.settings.masker

    @property
    def warehouse(self) -> Path:
        """Folder of the warehouse."""
        return self.root / self.project.settings.warehouse

    def plan(
        self,
        *,
        select: str | Iterable[str] = (),
        exclude: str | Iterable[str] = (),
        sample: str | None = None,
        full_refresh: bool = False,
    ) -> Plan:
        """Decide what a run would do to each asset, and why; nothing is changed.

        Args:
            select: assets to look after, in dbt's selection syntax; all where empty.
            exclude: assets to leave out.
            sample: share of the raw rows for a trial, such as `1%`.
            full_refresh: build everything selected, changed or not.

        Raises:
            CommandError: the selection is not valid, or needs what was never built.
        """
        with _masking(self.masker):
            return running.make_plan(
                self.work,
                Request(
                    select=_words(select),
                    exclude=_words(exclude),
                    sample=sample,
                    full_refresh=full_refresh,
                ),
            )

    def run(  # noqa: PLR0913  # each is a choice of its own
        self,
        *,
        select: str | Iterable[str] = (),
        exclude: str | Iterable[str] = (),
        sample: str | None = None,
        full_refresh: bool = False,
        publish_what_passed: bool = False,
        strict: bool = False,
        fail_fast: bool = False,
        wait: Wait = False,
        listeners: Sequence[Listener] = (),
    ) -> RunResult:
        """Build what changed, audit it, and publish all of it in one step, or nothing.

        In a project that [`resumed`][] gave, no assets are chosen: the run that it goes on with
        did.

        Args:
            select: assets to look after, in dbt's selection syntax; all where empty.
            exclude: assets to leave out.
            sample: share of the raw rows for a trial, such as `1%`.
            full_refresh: build everything selected, changed or not.
            publish_what_passed: publish the assets that passed, though others failed.
            strict: let the exit code say so where inputs or rows are set aside.
            fail_fast: stop at the first failure: nothing more is begun, and what is under way is
                interrupted.
            wait: how long to wait while another run holds the environment, such as `10m`; True for
                as long as it takes.
            listeners: called with every event, beside logs and history.

        Returns:
            How every asset ended. A failed asset raises nothing: look at `result.ok`.

        Raises:
            CommandError: the selection is not valid, or does not fit the environment.
            HeldError: another run holds the environment, and still does after the wait.
            WarehouseError: another run has taken the environment over meanwhile, or the result
                could not be published.
            RunInterruptedError: a signal stopped it.
        """
        options = Options(
            publish_what_passed=publish_what_passed, strict=strict, fail_fast=fail_fast
        )
        request = Request(
            select=_words(select),
            exclude=_words(exclude),
            sample=sample,
            full_refresh=full_refresh,
        )
        with _masking(self.masker):
            if self._resumes is not None:
                request = going_on(self._resumes, request)
            return running.run(self.work, request, options=options, listeners=listeners, wait=wait)

    def resumed(self, *, failed_only: bool = False) -> OpenProject:
        """Give the project as the last run of the environment had it, which did not end well.

        A `run` of it goes on with that run: with its assets, its parameters, its time and its
        sample. What it had finished is found in the warehouse, and not built again.

        Args:
            failed_only: look after what failed, was blocked or did not get done in it, and what
                stands on that, and after nothing else.

        Raises:
            CommandError: there is no such run, or it ended well.

        Example:
            >>> project.resumed().run()
        """
        with _masking(self.masker):
            last = unfinished(self.root / HISTORY, self.environment)
            project = read_project(
                self.root,
                environment=self.environment,
                params=last.params(self.project.settings.given),
                cache=self._cache,
            )
            project = stand_in(project, self._stand_ins)
            request = last.request(self.root / HISTORY)
            if failed_only:
                request = last.narrowed(request, project)
            return replace(self, project=project, _resumes=request)

    def query(
        self,
        sql: str,
        params: Mapping[str, Any] | None = None,
        *,
        export: Path | None = None,
        limit: int | None = None,
    ) -> Answer:
        """Ask the published warehouse; the time it took is logged.

        Args:
            sql: a query; `$name` placeholders are bound, never pasted.
            params: value of each placeholder; those of the project are known by their names.
            export: file to write the rows to; its ending says the format.
            limit: most rows to give back; all of them if None.

        Raises:
            CommandError: nothing is published, a value is missing, or the ending is not known.
            AssetError: the query failed.
        """
        with _masking(self.masker):
            return run_query(self.work, sql, params or {}, export=export, limit=limit)

    def table(self, name: str) -> Table:
        """Give a published table, to be read as Arrow, Polars, pandas or a DuckDB relation.

        Raises:
            CommandError: it is not published.
        """
        with _masking(self.masker):
            return Table(self.warehouse, self.environment, name.lower())

    def show(self, name: str, *, limit: int = 20) -> Preview:
        """Give the first rows of an asset: what its query gives now, on what is published.

        Raises:
            CommandError: there is no such asset, or what it reads was never built.
        """
        with _masking(self.masker):
            return preview(self.work, name.lower(), limit)

    def graph(
        self,
        form: str = "text",
        *,
        select: str | Iterable[str] = (),
        exclude: str | Iterable[str] = (),
    ) -> str:
        """Draw assets and what they read, as `text`, `mermaid`, `json` or `svg`.

        Args:
            form: what to draw them as.
            select: assets to draw, in dbt's selection syntax; all where empty.
            exclude: assets to leave out.

        Raises:
            CommandError: there is no such form, or the selection is not valid.
        """
        assets = self.project.assets
        if select or exclude:
            chosen = select_assets(self.project, _words(select), _words(exclude))
            assets = {name: asset for name, asset in assets.items() if name in chosen}
        return pictures.draw(assets, form)

    def publications(self) -> tuple[PublicationRow, ...]:
        """List the publications of the environment, the newest first."""
        with _masking(self.masker):
            return catalog.publications(self.work)

    def rollback(
        self, to: int | str | None = None, *, wait: Wait = False, listeners: Sequence[Listener] = ()
    ) -> PublicationRow:
        """Make an earlier publication the current one again.

        Args:
            to: number of the publication or id of its run; the one before the current if None.
            wait: how long to wait while a run holds the environment, as for `run`.
            listeners: told once, if there is a run to wait for.

        Raises:
            WarehouseError: there is no such publication, or its files are gone.
            HeldError: a run holds the environment, and still does after the wait.
        """
        with _masking(self.masker):
            return catalog.rollback(self.work, to, wait=wait, listeners=listeners)

    def gc(
        self, *, dry_run: bool = False, keep: int | None = None, grace: timedelta | None = None
    ) -> tuple[Removal, ...]:
        """Remove what no kept publication of any environment needs.

        Args:
            dry_run: only tell what would go.
            keep: publications to keep of each environment; from `config.yaml` if None.
            grace: age below which nothing goes; from `config.yaml` if None.
        """
        with _masking(self.masker):
            return catalog.clean(self.work, dry_run=dry_run, keep=keep, grace=grace)

    def verify(
        self,
        select: str | Iterable[str] = (),
        *,
        every: bool = False,
        progress: Callable[[int, int], None] | None = None,
    ) -> Verification:
        """Read every byte of what is published, and hold it against what was written.

        What is damaged counts as gone from then on, so that the next run builds it anew.

        Args:
            select: assets to look at, in dbt's selection syntax; all where empty.
            every: look at every publication that is kept, and not at the current one alone.
            progress: told how many bytes were read, and how many there are.
        """
        with _masking(self.masker):
            return mending.verify(self.work, _words(select), every=every, progress=progress)

    def repair(
        self, *, dry_run: bool = False, wait: Wait = False, listeners: Sequence[Listener] = ()
    ) -> tuple[Repair, ...]:
        """Restore what is derived from the lake and the manifests: the catalog and the link to it.

        Args:
            dry_run: only tell what would be done.
            wait: how long to wait while a run holds the environment, as for `run`.
            listeners: told once, if there is a run to wait for.

        Raises:
            HeldError: a run holds the environment, and still does after the wait.
        """
        with _masking(self.masker):
            return mending.repair(self.work, dry_run=dry_run, wait=wait, listeners=listeners)

    def runs(self, limit: int = 20) -> tuple[history.RunRow, ...]:
        """List the latest runs, the newest first."""
        return tuple(history.runs(self.root / HISTORY, limit=limit))

    def past_run(self, run: str = "latest") -> history.RunDetail:
        """Give one run of the history by its id, the beginning of it, or `latest`.

        Raises:
            CommandError: there is no such run.
        """
        return history.run(self.root / HISTORY, run)

    @property
    def work(self) -> running.Work:
        """What the functions of `thresher.api` work with."""
        history = self.root / HISTORY
        return running.Work(
            self.project, self._cache, self.warehouse, history, stand_ins=self._stand_ins
        )


@contextmanager
def _masking(masker: Masker) -> Iterator[None]:
    """Take the secrets out of whatever error passes."""
    try:
        yield
    except ThresherError as error:
        error.rewrite(masker.text)
        raise


def _words(given: str | Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)

"""`plan` and `run`, put together from their parts."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from thresher.api.hands import Hands
from thresher.api.requests import Request
from thresher.api.situation import Asked, survey
from thresher.api.turns import Wait, took_over, turn
from thresher.errors import CommandError, WarehouseError
from thresher.events import Event, Listener
from thresher.observe.definitions import definitions
from thresher.observe.history import record
from thresher.observe.logs import Logs, open_logs
from thresher.observe.rates import pass_rates
from thresher.observe.report import write_reports
from thresher.plan import planner
from thresher.plan.plan import Plan
from thresher.project.cache import ParseCache
from thresher.project.project import Project
from thresher.project.selection import select as select_assets
from thresher.project.settings import Settings
from thresher.project.units import parse_share
from thresher.results import Publication, RunResult
from thresher.run.build import Builder
from thresher.run.execute import Clock, Occasion, execute
from thresher.run.foreseen import foreseen
from thresher.run.judge import Judge
from thresher.run.publish import Options, refuse_unfit
from thresher.run.room import refuse_too_little_room
from thresher.run.runner import Walk
from thresher.run.watch import Limit, patrol
from thresher.warehouse.catalog import Warehouse
from thresher.warehouse.fences import refuse_outrun
from thresher.warehouse.lake import Lake, lacking
from thresher.warehouse.links import link_tables
from thresher.warehouse.manifests import has_lost_all
from thresher.warehouse.past import Past

REPORTS = "reports"
LOGS = "logs"
CLEAN = "clean"
CLEAN_LINKS = "data_clean"


@dataclass(frozen=True, slots=True)
class Work:
    """What every command of an open project works with."""

    project: Project
    cache: ParseCache
    warehouse: Path
    history: Path
    stand_ins: Mapping[str, Any] = field(default_factory=dict)
    """What stands in for sources, by the name of their asset."""

    @property
    def settings(self) -> Settings:
        """The configuration in force."""
        return self.project.settings


def make_plan(work: Work, request: Request) -> Plan:
    """Decide what a run would do; see `OpenProject.plan`."""
    with _hands(work) as hands:
        plan, _ = _plan(work, hands, _asked(work, request, insist=True))
        if request.full_refresh:
            return plan  # all files decide the columns anew
        return foreseen(plan, work.project, hands.source, Lake(work.warehouse))


def run(
    work: Work,
    request: Request,
    *,
    options: Options,
    listeners: Sequence[Listener],
    wait: Wait = False,
) -> RunResult:
    """Plan, build, audit and publish; see `OpenProject.run`."""
    settings = work.settings
    refuse_unfit(settings.environment, request.sample, options, protected=settings.protected)
    warehouse = Warehouse(work.warehouse)
    with ExitStack() as stack:
        name, earlier = stack.enter_context(_turn(work, wait, listeners))
        clock = Clock.start()
        _refresh_catalog(warehouse, settings.environment)
        hands = stack.enter_context(_hands(work))
        asked = _asked(work, request, insist=False)
        limit = Limit.of_run(settings.run)
        with patrol(hands.interrupt, clock.began + limit.seconds if limit else None):
            plan, current = _plan(work, hands, asked)
        if settings.run.check_disk:
            refuse_too_little_room(plan, current, work.warehouse)
        log = stack.enter_context(_log(work, earlier.waits))
        tell = stack.enter_context(_listeners(work, [log, *listeners]))
        walk = Walk(
            project=work.project,
            plan=plan,
            run=name,
            builder=_builder(work, hands, asked, plan, name, log),
            judge=_judge(work, hands, name, plan, Past(warehouse.manifests, current)),
            current=current,
            workers=settings.run.workers,
            tell=tell,
            interrupt=hands.interrupt,
            interrupt_thread=hands.interrupt_thread,
            began=clock.began,
            limit=limit,
            fail_fast=options.fail_fast,
        )
        result = execute(
            walk,
            warehouse,
            options,
            clock=clock,
            occasion=Occasion(
                configuration=settings.record(),
                asked=request.record(settings, plan.run_time),
                before=earlier.taken_over,
            ),
            after_publication=lambda publication: link_clean(work, publication, name),
            report=lambda result: _report(work, plan, result),
        )
        return settings.masker.value(result)


@dataclass(frozen=True, slots=True)
class _Earlier:
    """What happened before a run had its environment, for those who are told later."""

    waits: tuple[Event, ...]
    taken_over: tuple[Event, ...]


@contextmanager
def _turn(work: Work, wait: Wait, listeners: Sequence[Listener]) -> Iterator[tuple[str, _Earlier]]:
    """Hold the environment, see `turn`; gives the id of the run with it.

    Who waits writes nothing before its turn has come, the log included.
    """
    waits: list[Event] = []
    told = [waits.append, *(_masked(work, listener) for listener in listeners)]
    with turn(work.warehouse, work.settings.environment, wait=wait, listeners=told) as holder:
        over = took_over(work.history, holder)
        yield holder.run, _Earlier(tuple(waits), (over,) if over else ())


def _masked(work: Work, listener: Listener) -> Listener:
    return lambda event: listener(work.settings.masker.value(event))


def _refresh_catalog(warehouse: Warehouse, environment: str) -> None:
    """Write the catalog anew where it must be, such as when the folder has moved.

    Where files of what it shows are gone it cannot be; the run builds them, and a catalog then.
    """
    try:
        warehouse.ensure_catalog(environment)
    except WarehouseError:
        current = warehouse.current(environment)
        if current is None or not any(lacking(warehouse.lake, current.snapshots.values())):
            raise


def _builder(work: Work, hands: Hands, asked: Asked, plan: Plan, run: str, log: Logs) -> Builder:
    settings = work.settings
    return Builder(
        project=work.project,
        plan=plan,
        run=run,
        engine=hands.engine,
        sources=hands.source,
        lake=Lake(work.warehouse),
        engine_matters=settings.config.rebuild_on_engine_change,
        refresh=asked.selected - asked.refreshed if asked.full_refresh else frozenset(),
        logger=lambda asset: log.logger(run, asset),
        orphaned=has_lost_all(work.warehouse, settings.environment),
    )


def _judge(work: Work, hands: Hands, run: str, plan: Plan, past: Past) -> Judge:
    return Judge(
        hands.engine,
        Lake(work.warehouse),
        work.project.root,
        run,
        plan.run_time,
        past=past.of,
        trial=plan.sample is not None,
    )


def _plan(work: Work, hands: Hands, asked: Asked) -> tuple[Plan, Publication | None]:
    current = Warehouse(work.warehouse).current(work.settings.environment)
    situation = survey(work.project, hands, Lake(work.warehouse), current, asked)
    return planner.make_plan(work.project, situation, asked.selected), current


def _asked(work: Work, request: Request, *, insist: bool) -> Asked:
    if request.sample is not None:
        _share(request.sample)
    return Asked(
        selected=select_assets(work.project, request.select, request.exclude),
        run_time=request.run_time or datetime.now(UTC),
        sample=request.sample,
        full_refresh=request.full_refresh,
        refreshed=request.refreshed,
        insist=insist,
    )


def _share(sample: str) -> None:
    try:
        parse_share(sample)
    except ValueError as error:
        raise CommandError(f"`--sample` {error}") from None


@contextmanager
def _hands(work: Work) -> Iterator[Hands]:
    hands = Hands(work.project, work.warehouse, work.cache, work.stand_ins)
    try:
        yield hands
    finally:
        hands.close()
        work.cache.save()


@contextmanager
def _listeners(work: Work, listeners: Sequence[Listener]) -> Iterator[Listener]:
    """Open the history; everyone hears events with the secrets masked."""
    with record(work.history) as past:
        every: tuple[Listener, ...] = (past, *listeners)

        def tell(event: Event) -> None:
            masked = work.settings.masker.value(event)
            for listener in every:
                listener(masked)

        yield tell


@contextmanager
def logged(work: Work) -> Iterator[Listener]:
    """Open the log alone, for what is told outside a run."""
    with _log(work) as log:
        yield lambda event: log(work.settings.masker.value(event))


def link_clean(work: Work, publication: Publication, run: str) -> None:
    """Let people find the clean tables of the default environment as files.

    What is published stays so, though its links cannot be written. A run that another has taken
    the environment from leaves the links to that one.
    """
    config = work.settings.config
    if CLEAN not in config.layers or publication.environment != config.default_environment:
        return
    try:
        refuse_outrun(work.warehouse, publication.environment, run)
        link_tables(work.project.root / CLEAN_LINKS, work.warehouse, publication, layer=CLEAN)
    except WarehouseError as error:
        _warn(f"the links in `{CLEAN_LINKS}/` cannot be brought up to date: {error}")


def _log(work: Work, waits: Iterable[Event] = ()) -> Logs:
    """Open the log, and write down what was told before there was one."""
    logs = work.settings.config.logs
    opened = open_logs(
        work.project.root / LOGS,
        pipeline=work.settings.config.pipeline,
        max_bytes=logs.max_size,
        backups=logs.backups,
        level=logs.level.upper(),
        mask=work.settings.masker.text,
    )
    for event in waits:
        opened(work.settings.masker.value(event))
    return opened


def _report(work: Work, plan: Plan, result: RunResult) -> str | None:
    """Write the reports; the run counts as it ended, though its reports cannot be written."""
    assets, mask = work.project.assets, work.settings.masker.value
    try:
        folder = write_reports(
            mask(result),
            folder=work.project.root / REPORTS,
            sources={name: asset.path for name, asset in assets.items()},
            descriptions={name: asset.contract.description for name, asset in assets.items()},
            plan=plan,
            configuration=work.settings.record(),
            past=pass_rates(work.history, result.environment, besides=result.run),
            definitions=mask(definitions(work.project.root, result)),
        )
    except OSError as error:
        _warn(f"the reports of this run cannot be written: {error}")
        return None
    return folder.relative_to(work.project.root).as_posix()


def _warn(text: str) -> None:
    sys.stderr.write(f"warning: {text}\n")

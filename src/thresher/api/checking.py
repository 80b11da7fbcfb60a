"""`thresher check`: what is there held against the contracts as the files say now.

Nothing is built and nothing is published. Rows that a contract sets aside are set aside on a bench,
so that each check is held against the rows that a run would hold it against.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from thresher.api.bench import Bench, open_bench
from thresher.api.documents import FORMAT
from thresher.api.running import Work
from thresher.api.turns import new_run_id
from thresher.errors import CommandError, ThresherError
from thresher.observe.facts import Background, facts
from thresher.observe.junit import junit
from thresher.plan.plan import Action
from thresher.project.asset import Asset
from thresher.project.contract_files import read_contract
from thresher.project.documents import nearest
from thresher.project.reader import find_root
from thresher.project.selection import select as select_assets
from thresher.results import Outcome, OutcomeStatus, RunResult, Snapshot
from thresher.run.judge import Judge
from thresher.warehouse.catalog import Warehouse
from thresher.warehouse.lake import Lake
from thresher.warehouse.past import Past

OpenWork = Callable[[Path | None], Work]
"""Opens the project of a folder, or the one that the command was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checking:
    """What holding tables against their contracts came to."""

    result: RunResult
    """How each ended, in the form of a run; its status is `passed` or `failed`."""
    not_published: tuple[str, ...] = ()
    """Assets that were asked for and have no rows yet."""
    paths: Mapping[str, str]
    """File of each contract."""
    file: str | None = None
    """The file that was checked, where no table was."""

    def document(self) -> dict[str, Any]:
        """Give it in plain values; `docs/json.md` describes them."""
        whole = self._facts()
        kept = ("asset", "path", "version", "checks", "valid_share", "seconds", "faults")
        return {
            "format": FORMAT,
            "ok": self.result.ok,
            "file": self.file,
            "environment": self.result.environment or None,
            "publication": self.result.publication,
            "sample": self.result.sample,
            "seconds": round(self.result.seconds, 6),
            "not_published": list(self.not_published),
            "assets": [
                {
                    **{name: each[name] for name in kept},
                    "ok": outcome.ok,
                    "rows": outcome.verdict.rows if outcome.verdict else None,
                    "rows_quarantined": each["rows_quarantined"],
                }
                for each, outcome in zip(whole["assets"], self.result.outcomes, strict=True)
            ],
            "checks": whole["checks"],
        }

    def junit(self) -> bytes:
        """Give it as JUnit XML."""
        return junit(self._facts())

    def _facts(self) -> dict[str, Any]:
        return facts(self.result, Background(sources=self.paths))


def check_tables(work: Work, select: Sequence[str], exclude: Sequence[str]) -> Checking:
    """Hold published tables against their contracts.

    Args:
        work: the project.
        select: assets to look at, in dbt's selection syntax; all where empty.
        exclude: assets to leave out.

    Raises:
        CommandError: the selection is not valid, or nothing of it is published.
    """
    chosen = select_assets(work.project, select, exclude)
    asked = [asset for name, asset in work.project.assets.items() if name in chosen]
    started, began = datetime.now(UTC), time.monotonic()
    with open_bench(work) as bench:
        there = bench.current.snapshots if bench.current else {}
        missing = tuple(asset.name for asset in asked if asset.name not in there)
        if len(missing) == len(asked):
            raise _nothing(work, missing)
        judge, tables = _judge(bench, work), bench.tables
        outcomes = tuple(
            # What the bench made is gone soon; what was checked is the published version.
            replace(
                _outcome(asset, partial(bench.built, asset.name), judge, tables),
                snapshot=there[asset.name],
            )
            for asset in asked
            if asset.name in there
        )
        result = _result(bench, outcomes, started, time.monotonic() - began)
    masked: RunResult = work.settings.masker.value(result)
    paths = {asset.name: asset.path for asset in asked}
    return Checking(result=masked, not_published=missing, paths=paths)


def check_file(file: str, contract: str, open_work: OpenWork) -> Checking:
    """Hold a file against a contract.

    Args:
        file: path of a CSV, JSON, Parquet or Excel file, or URL of an object.
        contract: name of an asset, or path of the file that a contract stands in.
        open_work: opens a project, where the contract stands in one.

    Raises:
        CommandError: there is no such contract.
        ProjectError: the contract, or the project it stands in, is wrong.
    """
    work, asset = _contract(contract, open_work)
    started, began = datetime.now(UTC), time.monotonic()
    with open_bench(work) as bench:
        given = replace(asset, corrections=())
        load = partial(bench.load, file, given)
        outcome = _outcome(given, load, _judge(bench, work), bench.tables)
        result = _result(bench, (replace(outcome, asset=file),), started, time.monotonic() - began)
    if work is None:
        result = replace(result, environment="", pipeline="")
    else:
        result = work.settings.masker.value(result)
    return Checking(result=replace(result, publication=None), paths={file: asset.path}, file=file)


def _contract(contract: str, open_work: OpenWork) -> tuple[Work | None, Asset]:
    """Find a contract by the name of its asset or by its file, with the project it stands in."""
    file = Path(contract)
    if file.is_file():
        try:
            root = find_root(file.absolute().parent)
        except CommandError:
            return None, read_contract(file)
        if not file.resolve().is_relative_to(root / "src"):
            return None, read_contract(file)
        work, path = open_work(root), file.resolve().relative_to(root).as_posix()
        for asset in work.project.assets.values():
            if asset.path == path:
                return work, asset
        return None, read_contract(file)
    if "/" in contract or file.suffix in (".yaml", ".yml", ".sql", ".py"):
        raise CommandError(f"there is no file `{contract}`")
    work = open_work(None)
    assets = work.project.assets
    if contract.lower() not in assets:
        raise CommandError(f"there is no asset `{contract}`", hint=nearest(contract, assets))
    return work, assets[contract.lower()]


def _judge(bench: Bench, work: Work | None) -> Judge:
    """Make a judge whose lake is the bench: it knows no verdict, and leaves none behind."""
    current = bench.current
    past = Past(Warehouse(work.warehouse).manifests, current).of if work else lambda _: ()
    return Judge(
        bench.hands.engine,
        Lake(bench.folder),
        bench.project.root,
        new_run_id(),
        datetime.now(UTC),
        past=past,
        trial=current is not None and current.sample is not None,
    )


def _outcome(
    asset: Asset,
    find: Callable[[], Snapshot],
    judge: Judge,
    tables: Mapping[str, Snapshot],
) -> Outcome:
    started, began = datetime.now(UTC), time.monotonic()
    try:
        snapshot = find()
        found = judge.judge(asset, snapshot, {**tables, asset.name: snapshot})
    except ThresherError as error:
        if error.exit_code != 1:  # interrupted, or another thing than this table is wrong
            raise
        return Outcome(
            asset=asset.name,
            action=Action.AUDIT,
            status=OutcomeStatus.FAILED,
            started=started,
            seconds=time.monotonic() - began,
            faults=error.faults,
        )
    return Outcome(
        asset=asset.name,
        action=Action.AUDIT,
        status=OutcomeStatus.AUDITED if found.verdict.passed else OutcomeStatus.FAILED,
        snapshot=found.snapshot,
        verdict=found.verdict,
        quarantine=found.quarantine,
        started=started,
        seconds=time.monotonic() - began,
    )


def _result(
    bench: Bench, outcomes: tuple[Outcome, ...], started: datetime, seconds: float
) -> RunResult:
    ok = all(outcome.ok for outcome in outcomes)
    current, settings = bench.current, bench.project.settings
    return RunResult(
        run=f"check-{new_run_id()}",
        pipeline=settings.config.pipeline,
        environment=settings.environment,
        status="passed" if ok else "failed",
        exit_code=0 if ok else 1,
        started=started,
        seconds=seconds,
        outcomes=outcomes,
        publication=current.number if current else None,
        sample=current.sample if current else None,
    )


def _nothing(work: Work, missing: tuple[str, ...]) -> CommandError:
    environment = work.settings.environment
    if len(missing) == 1:
        what = f"`{missing[0]}` is not published in the environment `{environment}`"
    else:
        what = f"nothing of it is published in the environment `{environment}`"
    return CommandError(what, hint="`thresher run` publishes")

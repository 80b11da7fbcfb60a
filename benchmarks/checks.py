"""Forty checks on ten million rows: Thresher's audit, beside two ways to write them by hand.

Every contestant is a process of its own that reads the same Parquet file, which Thresher's engine
wrote from `checks_project`. What is timed inside a process is the audit with the engine's start,
and no import; the whole process is told beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import checks_by_hand
import duckdb
from timing import PYTHON, THRESHER, print_table, seconds

PROJECT = Path(__file__).parent / "checks_project"
TABLES = ("orders", "customers", "products", "countries", "text_keys")
SCAN = "by hand, one aggregate scan plus keys"
SINGLE = "by hand, a query for each check"
AUDIT = "thresher, the audit"
COMMAND = "thresher run, audited anew"
CONTESTANTS = {SCAN: "scan", SINGLE: "single", AUDIT: "audit"}

Violations = dict[str, int]
Work = Callable[[], Violations]


def prepare(folder: Path, orders: int, bad_every: int) -> None:
    """Copy the project and have Thresher make its tables; with bad rows, nothing is published."""
    shutil.copytree(PROJECT, folder)
    config = folder / "config.yaml"
    text = config.read_text().replace("orders: 10000000", f"orders: {orders}")
    config.write_text(text.replace("bad_every: 0 ", f"bad_every: {bad_every} "))
    command = [*THRESHER, "run"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if run.returncode != int(bad_every > 0):
        raise SystemExit(run.stdout + run.stderr)


def by_hand(folder: Path, way: str, *, text_keys: bool) -> Work:
    queries = {"scan": checks_by_hand.one_scan, "single": checks_by_hand.single}[way]
    files = {name: next(folder.glob(f"warehouse/lake/clean/{name}/*/*.parquet")) for name in TABLES}

    def work() -> Violations:
        connection = duckdb.connect()
        for name, file in files.items():
            connection.execute(f"create view {name} as from read_parquet('{file}')")
        found: Violations = {}
        for names, query in queries(text_keys=text_keys):
            found |= zip(names, connection.execute(query).fetchone(), strict=True)
        if len(found) != 40:
            raise SystemExit(f"{len(found)} checks")
        kinds = ("freshness", "rows")
        return {name: count for name, count in found.items() if not name.startswith(kinds)}

    return work


def audit(folder: Path, *, text_keys: bool) -> Work:
    from thresher.engines.duckdb import DuckDBEngine
    from thresher.project.cache import ParseCache
    from thresher.project.reader import read_project
    from thresher.run.judge import Judge
    from thresher.warehouse.lake import Lake

    project = read_project(folder, cache=ParseCache(folder / ".thresher/cache.json", version="b"))
    warehouse = folder / "warehouse"
    lake = Lake(warehouse)
    tables = {f"clean.{name}": lake.latest(f"clean.{name}") for name in TABLES}
    orders, keys = project.assets["clean.orders"], project.assets["clean.text_keys"]
    assets = [orders]
    if text_keys:
        checks = tuple(check for check in orders.contract.checks if check.kind != "unique")
        assets = [replace(orders, contract=replace(orders.contract, checks=checks)), keys]
    for kept in warehouse.glob("lake/*/*/*/_audit-*.json"):
        kept.unlink()

    def work() -> Violations:
        engine = DuckDBEngine(
            warehouse=warehouse, threads=os.cpu_count() or 1, memory=None, temp=warehouse / "tmp"
        )
        judge = Judge(
            engine=lambda: engine, lake=lake, root=folder, run="bench", now=datetime.now(UTC)
        )
        results = [
            result
            for asset in assets
            for result in judge.judge(asset, tables[asset.name], tables).verdict.results
            if result.kind not in ("column", "type")
        ]
        if len(results) != 40 or any(result.status == "error" for result in results):
            raise SystemExit(f"{len(results)} checks: {results}")
        return {
            result.check: result.violations
            for result in results
            if result.kind not in ("freshness", "rows")
        }

    return work


def contest(folder: Path, way: str, *, text_keys: bool) -> None:
    """Be one contestant, and print what it took."""
    make = audit if way == "audit" else lambda *a, **k: by_hand(*a, way, **k)
    work = make(folder, text_keys=text_keys)
    start = time.perf_counter()
    found = work()
    taken = time.perf_counter() - start
    usage = resource.getrusage(resource.RUSAGE_SELF)
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    cpu = usage.ru_utime + usage.ru_stime
    print(json.dumps({"seconds": taken, "cpu": cpu, "peak": peak, "found": sorted(found.values())}))


def measured(folder: Path, way: str, *, text_keys: bool) -> dict[str, float]:
    command = [*PYTHON, __file__, "--contestant", way, "--folder", str(folder)]
    start = time.perf_counter()
    run = subprocess.run(
        command + ["--text-keys"] * text_keys, capture_output=True, text=True, check=False
    )
    whole = time.perf_counter() - start
    if run.returncode:
        raise SystemExit(run.stdout + run.stderr)
    return {**json.loads(run.stdout), "whole": whole}


def command_again(folder: Path, number: int) -> float:
    """Time `thresher run` where a contract has changed, and nothing else: it is audited anew."""
    head = folder / "src/clean/orders.sql"
    head.write_text(re.sub(r"at_most: \d{8,}", f"at_most: {10**9 + number + 1}", head.read_text()))
    return seconds([*THRESHER, "run"], folder=folder)


def compete(folder: Path, repeat: int, *, text_keys: bool, clean: bool) -> None:
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in CONTESTANTS}
    commands: list[float] = []
    for round_ in range(repeat):
        for name, way in CONTESTANTS.items():
            print(f"round {round_ + 1} of {repeat}: {name}", file=sys.stderr)
            taken[name].append(measured(folder, way, text_keys=text_keys))
        if clean and not text_keys:
            commands.append(command_again(folder, round_))
    if len({json.dumps(each["found"]) for rounds in taken.values() for each in rounds}) != 1:
        raise SystemExit(f"the contestants did not find the same: {taken}")

    def median(name: str, part: str) -> float:
        return statistics.median(each[part] for each in taken[name])

    best = min(median(name, "seconds") for name in (SCAN, SINGLE))
    rows = [
        (
            name,
            f"{median(name, 'seconds'):.2f}",
            f"{median(name, 'seconds') / best:.2f}",
            f"{median(name, 'cpu'):.2f}",
            f"{median(name, 'whole'):.2f}",
            f"{median(name, 'peak') / 2**20:,.0f}",
        )
        for name in CONTESTANTS
    ]
    if commands:
        rows.append((COMMAND, "", "", "", f"{statistics.median(commands):.2f}", ""))
    keys = "three unrelated keys of text" if text_keys else "keys as in a shop"
    found = "no bad row" if clean else f"{sum(taken[AUDIT][0]['found']):,} violations"
    head = ("work", "seconds", "ratio to the better", "CPU seconds", "whole process", "peak MiB")
    print_table(f"40 checks, {keys}, {found}, medians of {repeat}", head, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=10_000_000, help="rows of the table")
    parser.add_argument("--bad-every", type=int, default=0, help="a bad row in so many; 0: none")
    parser.add_argument("--repeat", type=int, default=5, help="rounds, of which medians are told")
    parser.add_argument("--folder", type=Path, help="where the data is kept for another time")
    parser.add_argument("--text-keys", action="store_true", help="three unrelated keys of text")
    parser.add_argument("--contestant", choices=CONTESTANTS.values(), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contestant:
        contest(options.folder, options.contestant, text_keys=options.text_keys)
        return
    with tempfile.TemporaryDirectory(prefix="thresher-") as name:
        folder = options.folder or Path(name) / "checks"
        if not folder.exists():
            prepare(folder, options.orders, options.bad_every)
        clean = not options.bad_every
        compete(folder, options.repeat, text_keys=options.text_keys, clean=clean)


if __name__ == "__main__":
    main()

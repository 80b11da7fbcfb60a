"""The bench that faults are tried on: a project, what is done to it, and what must hold after."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from disk_model import CONTENTS_LOST, NAMES_LOST, Disk
from fault_project import BEFORE, CHANGE, write
from injection import ERROR, FULL, KILL, TORN
from points import is_for_people

POWER_NAMES, POWER_CONTENTS = "power lost (names)", "power lost (contents)"
#: Every fault that is tried at every point.
KINDS = (KILL, TORN, ERROR, FULL, POWER_NAMES, POWER_CONTENTS)
_POWER = {POWER_NAMES: NAMES_LOST, POWER_CONTENTS: CONTENTS_LOST}

SCENARIOS = ("run", "rollback", "clean-up", "first run")
_TASKS: dict[str, dict[str, Any]] = {
    "first run": {"do": "run"},
    "run": {"do": "run"},
    "rollback": {"do": "rollback"},
    "clean-up": {"do": "gc", "keep": 1},
}


class Server:
    """Does tasks in forks of a process that has everything loaded."""

    def __init__(self) -> None:
        here = Path(__file__).parent
        self._process = subprocess.Popen(
            [sys.executable, str(here / "fork_server.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, **task: Any) -> dict[str, Any]:
        """Have a task done."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(task, default=str) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        assert "traceback" not in answer, answer["traceback"]
        return answer

    def close(self) -> None:
        """End it."""
        self._process.communicate()


@dataclass
class Bench:
    """Tries faults on scenarios.

    Args:
        server: does the tasks.
        folder: where everything is; the project stays in one place, since catalogs know it.
    """

    server: Server
    folder: Path

    def __post_init__(self) -> None:
        self.root = self.folder / "project"
        self.root.mkdir(parents=True)
        write(self.root, BEFORE)
        self._before: dict[str, Any] = {}
        self._after: dict[str, Any] = {}
        self._complete: dict[str, set[str]] = {}
        self._reached: dict[str, dict[str, int]] = {}
        self._begin("first run", lambda: None)
        self._begin("run", lambda: write(self.root, CHANGE))
        self._begin("rollback", lambda: None)
        # What was rolled back, and a draft that was never finished, are there to be cleaned up.
        draft = self.root / "warehouse/lake/clean/orders/0123456789abcdef-00000000"
        self._begin("clean-up", draft.mkdir)

    def _begin(self, scenario: str, prepare: Any) -> None:
        """Go through a scenario without a fault, and keep where it starts from."""
        prepare()
        shutil.copytree(self.root, self.folder / scenario, symlinks=True)
        begun = self.look()
        self._before[scenario], self._complete[scenario] = begun["tables"], set(begun["complete"])
        done = self.server.ask(root=self.root, **_TASKS[scenario])
        assert done["done"], done
        self._reached[scenario] = done["reached"]
        self._after[scenario] = self.look()["tables"]

    def look(self) -> dict[str, Any]:
        """Read what is published, as any reader does, and which versions are complete."""
        return self.server.ask(do="read", root=self.root)

    def points(self, scenario: str) -> dict[str, int]:
        """Give the points that a scenario reaches, and how often it reaches each."""
        return self._reached[scenario]

    def reset(self, scenario: str) -> None:
        """Put the project where a scenario starts from."""
        shutil.rmtree(self.root)
        shutil.copytree(self.folder / scenario, self.root, symlinks=True)

    def try_fault(
        self, scenario: str, kind: str, point: str | None, mutant: str | None = None
    ) -> None:
        """Let a fault happen, and hold what is left against all that was promised.

        Args:
            scenario: what is done.
            kind: what goes wrong.
            point: where; None for the moment after all is done.
            mutant: a defect to put into the process.

        Raises:
            AssertionError: something that was promised does not hold.
        """
        self.reset(scenario)
        kept = self.folder / "kept"
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir()
        power = _POWER.get(kind)
        happens = KILL if power else kind
        ended = self.server.ask(
            root=self.root,
            fault={"kind": happens, "point": point} if point else None,
            kept=kept if power else None,
            mutant=mutant,
            **_TASKS[scenario],
        )
        if point and happens in (KILL, TORN):
            assert ended["signal"] == signal.SIGKILL, f"the point was not reached: {ended}"
        if power:
            self.lose_power(kept, power)
        self._hold(scenario, ended, mutant, powerless=power is not None)

    def lose_power(self, kept: Path, how: str) -> None:
        """Leave of the project what was synced."""
        disk = Disk(self.root, kept)
        disk.load()
        left = self.folder / "left"
        disk.lose_power(left, how)
        shutil.rmtree(self.root)
        left.rename(self.root)

    def _hold(
        self,
        scenario: str,
        ended: dict[str, Any],
        mutant: str | None,
        *,
        powerless: bool,
    ) -> None:
        before, after = self._before[scenario], self._after[scenario]
        then = _TASKS[scenario]
        found = self.server.ask(do="aftermath", root=self.root, then=then, mutant=mutant)
        assert found["left"] in (before, after), "a mixture can be seen"
        if then["do"] == "run":
            latest = max(found["publications"], default=None)
            assert found["current"] == latest, "what was never committed is listed"
        if ended.get("done"):
            assert found["left"] == after, "what was reported as done is not"
        elif "faults" in ended:
            _for_people(ended["faults"])
        again = found["again"]
        assert again["done"], f"it does not go on: {again}"
        assert found["gone on"] == after, "going on leads elsewhere"
        fresh = {
            ".".join(name.split("/")[:2])
            for name in set(found["complete"]) - self._complete[scenario]
        }
        rebuilt = fresh & set(again.get("built", ()))
        # A loss of power may take a verdict, and what it set aside is set aside anew.
        assert powerless or not rebuilt, f"complete versions were built again: {rebuilt}"
        assert found["swept"]["done"], found["swept"]
        assert found["in the end"] == after, "clean-up removed what is needed"
        assert not self._left_behind(), f"left behind: {self._left_behind()}"

    def _left_behind(self) -> list[Path]:
        """Find what nobody needs, and clean-up should have removed."""
        warehouse = self.root / "warehouse"
        versions = warehouse.glob("lake/*/*/*")
        return [
            *warehouse.rglob(".*.tmp"),
            *warehouse.glob("publications/*/pending"),
            *(path for path in versions if not (path / "_version.json").exists()),
        ]


def _for_people(faults: list[str]) -> None:
    assert faults, "it failed without a word"
    for fault in faults:
        assert "unexpected error" not in fault, fault
        assert "Traceback" not in fault, fault


def kinds_at(point: str) -> tuple[str, ...]:
    """Give the faults that can happen at a point."""
    doing = point.split(" ", maxsplit=1)[0]
    torn = (TORN,) if doing in ("write", "engine") else ()
    full = (FULL,) if doing in ("write", "engine", "make", "open", "rename") else ()
    power = () if is_for_people(point) else (POWER_NAMES, POWER_CONTENTS)
    return (KILL, *torn, ERROR, *full, *power)

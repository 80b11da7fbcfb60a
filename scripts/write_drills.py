"""Writes `docs/drills.md`: fifty drills of data engineering, each the command and its real output.

What is asked and which commands answer it stand in `scripts/drills/*.yaml`. Every drill is done for
real, in a project of its own that `thresher init` made; nothing in the page is written by hand. A
test does all of them again and compares what they print, with times and ids folded away.

    python scripts/write_drills.py            # all of them
    python scripts/write_drills.py 4.4 9.3    # print these, and write nothing
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
DRILLS = Path(__file__).parent / "drills"
TARGET = ROOT / "docs" / "drills.md"
WORKERS = 2
PROJECT = "shop"
#: What the page calls the folder that each drill has for itself.
HOME = "/home/you"
HEAD = """\
# The fifty drills

Ten areas of data engineering with five drills each, and how each is done here. All of it is real:
`scripts/write_drills.py` ran the commands, each drill in a project of its own which `thresher init`
wrote and `thresher run` published once, unless the drill begins with a new one. A test does all of
them again, and compares what they print.

"""


@dataclass(frozen=True)
class Drill:
    """One thing that is asked for, and the commands that do it."""

    number: str
    title: str
    text: str
    commands: tuple[str, ...]
    test: str
    """The test that holds it, as pytest names it."""
    new: bool = False
    """Whether the project was made and not yet run."""
    needs: tuple[str, ...] = ()
    """What has to be there beside Thresher, by the names of `SERVERS`."""


@dataclass(frozen=True)
class Area:
    """Five drills of one subject."""

    title: str
    drills: tuple[Drill, ...]


@dataclass(frozen=True)
class Answer:
    """What a command printed, and how it ended."""

    command: str
    printed: str
    code: int

    def __str__(self) -> str:
        prompt = "$ " + self.command.replace("\n", "\n> ")
        ended = f"\n(exit code {self.code})" if self.code else ""
        return f"{prompt}\n{self.printed.rstrip()}".rstrip() + ended


def areas() -> list[Area]:
    """Read what is asked."""
    found = []
    for path in sorted(DRILLS.glob("*.yaml")):
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
        found.append(Area(value["area"], tuple(_drill(each) for each in value["drills"])))
    return found


def _drill(value: dict[str, Any]) -> Drill:
    return Drill(
        number=value["drill"],
        title=value["title"],
        text=value["text"].strip(),
        commands=tuple(command.strip() for command in value["run"]),
        test=value["test"],
        new=value.get("new", False),
        needs=tuple(value.get("needs", ())),
    )


class Workshop:
    """A folder in which drills are done, each in a copy of one project.

    Args:
        folder: an empty folder.
        servers: variables that lead to what drills need, by the name of the need.
    """

    def __init__(self, folder: Path, servers: dict[str, dict[str, str]]) -> None:
        self._folder = folder
        self._servers = servers
        self._new = folder / "new" / PROJECT
        self._run = folder / "run" / PROJECT
        for project in (self._new, self._run):
            project.parent.mkdir()
            self._do(f"thresher init {PROJECT}", project.parent, {}, check=True)
        self._do("thresher run --quiet", self._run, {}, check=True)

    def answers(self, drill: Drill) -> list[Answer]:
        """Do a drill."""
        home = self._folder / drill.number
        home.mkdir()
        project = home / PROJECT
        shutil.copytree(self._new if drill.new else self._run, project, symlinks=True)
        more = {"HOME": str(home)}
        for need in drill.needs:
            more |= self._servers[need]
        return [self._do(command, project, more) for command in drill.commands]

    def _do(
        self, command: str, folder: Path, more: dict[str, str], *, check: bool = False
    ) -> Answer:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=folder,
            env={**_environment(), **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=300,
            check=False,
        )
        if check and done.returncode:
            raise SystemExit(f"`{command}` ended with {done.returncode}:\n{done.stdout}")
        printed = done.stdout.replace(str(folder.parent), HOME).replace(sys.prefix, f"{HOME}/.venv")
        return Answer(command, printed, done.returncode)


def _environment() -> dict[str, str]:
    """Give what a new terminal has, and nothing of whoever runs this."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
    fixed = {"PATH": path, "LC_ALL": "C.UTF-8", "TZ": "UTC", "NO_COLOR": "1", "COLUMNS": "110"}
    return {**kept, **fixed}


def done(wanted: Sequence[Drill], folder: Path) -> dict[str, list[Answer]]:
    """Do drills side by side, and give what each printed by its number."""
    needs = {need for drill in wanted for need in drill.needs}
    with ExitStack() as stack:
        servers = {need: stack.enter_context(SERVERS[need](folder / need)) for need in needs}
        workshop = Workshop(folder, servers)
        with ThreadPoolExecutor(WORKERS) as pool:
            return dict(
                zip((d.number for d in wanted), pool.map(workshop.answers, wanted), strict=True)
            )


@contextmanager
def _s3(_: Path) -> Iterator[dict[str, str]]:
    """Start an S3 server on this machine, as the tests do."""
    sys.path.insert(0, str(ROOT / "tests"))
    from s3_server import running

    with running() as server:
        yield {**server.environment(), "AWS_ENDPOINT_URL": server.endpoint}


@contextmanager
def _no_credentials(_: Path) -> Iterator[dict[str, str]]:
    """Have no service that gives credentials to machines of a cloud."""
    yield {"AWS_EC2_METADATA_DISABLED": "true"}


@contextmanager
def _git(folder: Path) -> Iterator[dict[str, str]]:
    """Let git know who commits, and nothing else of whoever runs this."""
    folder.mkdir()
    (folder / "config").write_text("[user]\nname = You\nemail = you@example.com\n")
    yield {"GIT_CONFIG_GLOBAL": str(folder / "config"), "GIT_CONFIG_NOSYSTEM": "1"}


@contextmanager
def _crontab(folder: Path) -> Iterator[dict[str, str]]:
    """Keep a crontab in a file: the one of whoever runs this is left alone."""
    folder.mkdir()
    program = folder / "crontab"
    program.write_text(_CRONTAB)
    program.chmod(0o755)
    yield {"PATH": f"{folder}{os.pathsep}{_environment()['PATH']}"}


_CRONTAB = """\
#!/bin/sh
tab="$HOME/.crontab"
case "$1" in
-l) cat "$tab" 2>/dev/null || { echo "no crontab for you" >&2; exit 1; } ;;
-r) rm "$tab" ;;
-) cat > "$tab" ;;
esac
"""

SERVERS = {"s3": _s3, "no credentials": _no_credentials, "git": _git, "crontab": _crontab}


def page(told: Sequence[Area], answers: dict[str, list[Answer]]) -> str:
    """Write the page."""
    parts = [HEAD]
    for area in told:
        parts.append(f"## {area.title}\n\n")
        parts += [section(drill, answers[drill.number]) + "\n" for drill in area.drills]
    return "".join(parts).rstrip() + "\n"


def section(drill: Drill, answers: Sequence[Answer]) -> str:
    """Write the section of one drill."""
    shown = "\n".join(map(str, answers))
    fence = "````" if "```" in shown else "```"
    return (
        f"### {drill.number} {drill.title}\n\n{drill.text}\n\n"
        f"{fence}console\n{shown}\n{fence}\n\nHeld by `{drill.test}`.\n"
    )


def sections(text: str) -> dict[str, str]:
    """Take a page apart into the sections of its drills, by number."""
    found = re.split(r"^### (\d+\.\d+) ", text.replace("\n## ", "\n### 0.0 "), flags=re.MULTILINE)
    return {
        number: f"### {number} {rest}".rstrip() + "\n"
        for number, rest in zip(found[1::2], found[2::2], strict=True)
        if number != "0.0"
    }


#: What differs from run to run, and what stands for it in a comparison.
_FOLDS = (
    (r"\d{8}T\d{6}-[0-9a-f]{6}", "<run>"),
    (r"\b[0-9a-f]{16}-[0-9a-f]+\b", "<version>"),
    (r"\b[0-9a-f]{40,64}\b", "<hash>"),
    (r"0x[0-9a-f]{6,}", "<address>"),
    (r"\bcommitted [0-9a-f]{7,}", "committed <commit>"),
    (r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?=\d{4}-)", ""),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d)?", "<time>"),
    (r"\b\d+(\.\d+)? (s|ms|min)\b", "<duration>"),
    (r"\b\d+\.\d+s\b", "<duration>"),
    (r'("(?:seconds|offset|duration_s|bytes|pid)": )[\d.]+', r"\1<number>"),
    (r"(\bseconds=)[\d.]+", r"\1<number>"),
    (r"(127\.0\.0\.1|localhost):\d+", "<server>"),
    (r"\b\d+(\.\d+)? [kMG]?B\b", "<size>"),
    (r"^(  (?:raw|clean|warehouse)\.\S+ +\w+ .*?)\d\.\d\d(?=  |$)", r"\1<seconds>"),
    (r"─+|━+|-{4,}|={4,}|_{4,}", "---"),
    (r"[ \t]+", " "),
)


def folded(text: str) -> list[str]:
    """Fold times and ids away; lines are sorted, as tables that are built side by side come."""
    for pattern, stands in _FOLDS:
        text = re.sub(pattern, stands, text, flags=re.MULTILINE)
    return sorted(line.strip() for line in text.splitlines())


def main(numbers: Sequence[str]) -> None:
    """Write the page, or print some of its drills."""
    told = areas()
    every = [drill for area in told for drill in area.drills]
    wanted = [drill for drill in every if drill.number in numbers] if numbers else every
    with tempfile.TemporaryDirectory(prefix="drills-") as folder:
        answers = done(wanted, Path(folder))
    if numbers:
        for drill in wanted:
            sys.stdout.write(section(drill, answers[drill.number]) + "\n")
        return
    TARGET.write_text(page(told, answers), encoding="utf-8")
    sys.stdout.write(f"wrote {TARGET}\n")


if __name__ == "__main__":
    main(sys.argv[1:])

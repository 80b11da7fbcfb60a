"""The reports of a run: JSON for programs, HTML and Markdown for people, JUnit and SARIF for CI.

They stand in a folder of their own that appears whole or not at all; `latest` beside it is a link
to the newest. All are made from one document, so that they cannot tell different things.
"""

from __future__ import annotations

import json
import secrets
import shutil
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from thresher.observe.facts import Background, facts
from thresher.observe.junit import junit
from thresher.observe.markdown import markdown
from thresher.observe.page import page
from thresher.observe.rates import PastRate
from thresher.observe.sarif import sarif
from thresher.plan.plan import Plan
from thresher.results import RunResult

#: Name of the link to the newest reports.
LATEST = "latest"


def write_reports(
    result: RunResult,
    *,
    folder: Path,
    sources: Mapping[str, str] | None = None,
    descriptions: Mapping[str, str] | None = None,
    plan: Plan | None = None,
    configuration: Mapping[str, Any] | None = None,
    past: Mapping[str, Sequence[PastRate]] | None = None,
    definitions: Mapping[str, str] | None = None,
) -> Path:
    """Write the reports of a run into a folder named after it.

    Args:
        result: what the run came to.
        folder: where the folders of all runs are kept.
        sources: file of each asset, relative to the project.
        descriptions: description of each asset.
        plan: the plan of the run, for the reasons of its steps.
        configuration: the configuration in force, secrets masked.
        past: checks of each asset in the runs before, the oldest first.
        definitions: what is written at each `path:line` of a check that did not pass.

    Returns:
        The folder that was written.

    Raises:
        OSError: the folder cannot be written; nothing of this run's reports is left then.
    """
    background = Background(
        sources=sources or {},
        descriptions=descriptions or {},
        plan=plan,
        configuration=configuration or {},
        past=past or {},
        definitions=definitions or {},
    )
    document = facts(result, background)
    texts = {
        "report.json": json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n",
        "report.html": page(document).encode(),
        "report.md": markdown(document).encode(),
        "report.sarif": sarif(document).encode(),
        "junit.xml": junit(document, host=socket.gethostname()),
    }
    target = folder / result.run
    _write_whole(target, texts)
    _point(folder / LATEST, target)
    return target


def _write_whole(target: Path, texts: Mapping[str, bytes]) -> None:
    token = secrets.token_hex(4)
    fresh = target.with_name(f".{target.name}.{token}")
    fresh.mkdir(parents=True)
    try:
        for name, text in texts.items():
            (fresh / name).write_bytes(text)
        if target.exists():
            stale = target.with_name(f".{target.name}.{token}.old")
            target.rename(stale)
            fresh.rename(target)
            shutil.rmtree(stale)
        else:
            fresh.rename(target)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def _point(link: Path, target: Path) -> None:
    """Lead the link to a folder beside it; who reads it meanwhile sees the old or the new."""
    fresh = link.with_name(f".{link.name}.{secrets.token_hex(4)}")
    fresh.symlink_to(target.name)
    try:
        fresh.replace(link)
    except BaseException:
        fresh.unlink()
        raise

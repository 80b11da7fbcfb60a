"""The report as Markdown: the verdict and what was wrong, short enough for a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from thresher.observe.wording import count, counted, duration, one_line, percent
from thresher.results import NOT_OK
from thresher.totals import NOT_PASSED

#: Most rows of a table; `report.json` has them all.
SHOWN_ROWS = 20
#: Most characters of a cell.
SHOWN_CHARACTERS = 300

_SPECIAL = re.compile(r"([\\*_\[\]<>|~&#!])")
_BAD = ("failed", "error")


def markdown(document: dict[str, Any]) -> str:
    """Write the facts of a run as Markdown, in the form that GitHub and GitLab show.

    Args:
        document: what `facts` gives.
    """
    order = [status.value for status in NOT_PASSED]
    told = [check for check in document["checks"] if check["status"] in order]
    told.sort(key=lambda check: order.index(check["status"]))
    parts = [
        _verdict(document),
        _checks("Checks that failed", [c for c in told if c["status"] in _BAD]),
        _failures(document["assets"]),
        _retried(document["assets"]),
        _aside(document["assets"]),
        _checks("Checks that warned", [c for c in told if c["status"] not in _BAD]),
        _files(document["files"]),
    ]
    return "\n".join(filter(None, parts))


def _verdict(document: dict[str, Any]) -> str:
    run, figures = document["run"], document["totals"]
    number = "" if run["publication"] is None else f" {run['publication']}"
    sign = "✅" if run["ok"] and not figures["warnings"] else "⚠️" if run["ok"] else "❌"
    passed = figures["checks_by_status"]["passed"]
    facts = [
        counted(figures["tables"], "table")
        if run["ok"]
        else f"{figures['statuses']['failed']:,} of {counted(figures['assets'], 'asset')} failed",
        *(
            f"{figures['statuses'][status]:,} {status}"
            for status in ("blocked", "stopped")
            if figures["statuses"][status]
        ),
        f"{counted(figures['rows_in'], 'row')} in, {count(figures['rows_out'])} out",
        f"{passed:,} of {counted(figures['checks'], 'check')} passed" if figures["checks"] else "",
        f"{counted(figures['rows_quarantined'], 'row')} set aside"
        if figures["rows_quarantined"]
        else "",
        duration(run["seconds"]),
        counted(figures["warnings"], "warning"),
        counted(figures["errors"], "error"),
    ]
    sample = f", a sample of {run['sample']}" if run["sample"] else ""
    title = f"{text(run['pipeline'])} ({text(run['environment'])}{text(sample)})"
    return (
        f"## {sign} {title}: {run['status']}{number}\n\n"
        f"{' · '.join(filter(None, facts))} · run {code(run['id'])}\n"
        + (f"\n{text(run['error'])}\n" if run["error"] else "")
    )


def _checks(title: str, checks: Sequence[dict[str, Any]]) -> str:
    return _table(
        title,
        ("asset", "check", "status", "violations", "where", "what was found"),
        (
            (
                code(check["asset"]),
                code(check["check"]),
                check["status"],
                f"{count(check['violations'])}{_share(check)}",
                _place(check["path"], check["line"]),
                text(check["message"]),
            )
            for check in checks
        ),
        len(checks),
    )


def _share(check: dict[str, Any]) -> str:
    """Say how many of how many rows."""
    if not check["rows"]:
        return ""
    return f" of {count(check['rows'])} ({percent(check['violations'], check['rows'])})"


def _failures(assets: Iterable[dict[str, Any]]) -> str:
    failed = [asset for asset in assets if asset["status"] == "failed"]
    faults = [
        (asset, fault)
        for asset in failed
        if not any(asset["checks"][status] for status in _BAD)
        for fault in asset["faults"]
    ]
    return _table(
        "Assets that failed",
        ("asset", "where", "what happened", "what to do"),
        (
            (
                code(asset["asset"]),
                _place(fault["path"] or asset["path"], fault["line"]),
                text(fault["what"]),
                text(fault["hint"] or ""),
            )
            for asset, fault in faults
        ),
        len(faults),
    )


def _retried(assets: Iterable[dict[str, Any]]) -> str:
    tried = [(asset, attempt) for asset in assets for attempt in asset["retried"]]
    return _table(
        "Attempts that failed and were made again",
        ("asset", "attempt", "began", "why it failed", "next after"),
        (
            (
                code(asset["asset"]),
                f"{attempt['attempt']} of {asset['attempts']}",
                attempt["started"],
                text(attempt["error"].partition("\n")[0]),
                duration(attempt["wait"]),
            )
            for asset, attempt in tried
        ),
        len(tried),
    )


def _aside(assets: Iterable[dict[str, Any]]) -> str:
    split = [
        asset
        for asset in assets
        if asset["rows_built"] is not None and asset["status"] not in NOT_OK
    ]
    return _table(
        "Rows that were set aside",
        ("asset", "built", "published", "of these corrected", "set aside", "in"),
        (
            (
                code(asset["asset"]),
                count(asset["rows_built"]),
                count(asset["rows_published"]),
                count(asset["rows_corrected"] or None),
                count(asset["rows_quarantined"]),
                code(asset["quarantine"] or ""),
            )
            for asset in split
        ),
        len(split),
    )


def _files(files: Sequence[dict[str, Any]]) -> str:
    return _table(
        "Files that were not loaded",
        ("file", "asset", "outcome", "reason"),
        (
            (
                _place(file["path"], file["line"]),
                code(file["asset"]),
                file["outcome"],
                text(file["reason"] or ""),
            )
            for file in files
        ),
        len(files),
    )


def _table(title: str, headers: Sequence[str], rows: Iterable[Sequence[str]], total: int) -> str:
    if not total:
        return ""
    lines = [f"### {title}", "", _line(headers), _line(["---"] * len(headers))]
    lines += [_line(row) for row, _ in zip(rows, range(SHOWN_ROWS), strict=False)]
    if total > SHOWN_ROWS:
        lines += ["", f"… and {total - SHOWN_ROWS:,} more in `report.json`"]
    return "\n".join([*lines, ""])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _place(path: str | None, line: int | None) -> str:
    return code(f"{path}:{line}" if line else path or "")


def text(said: str) -> str:
    """Write a text so that nothing in it is taken for markup; what is in backticks is code."""
    parts = _cut(said).split("`")
    if len(parts) % 2 == 0:
        return _plain("'".join(parts))
    return "".join(code(p) if n % 2 else _plain(p) for n, p in enumerate(parts))


def code(said: str) -> str:
    """Write a text as code, on one line of a table."""
    line = _cut(said).replace("|", "\\|")
    if not line:
        return ""
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    fence, space = "`" * (longest + 1), " " if longest else ""
    return f"{fence}{space}{line}{space}{fence}"


def _plain(said: str) -> str:
    said = _SPECIAL.sub(r"\\\1", said)
    # What comes from data must lead nowhere, and call nobody.
    return said.replace("://", ":\u200b//").replace("www.", "www\u200b.").replace("@", "@\u200b")


def _cut(said: str) -> str:
    line = one_line(said)
    return line if len(line) <= SHOWN_CHARACTERS else line[: SHOWN_CHARACTERS - 1] + "…"

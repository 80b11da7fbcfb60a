"""What a run that died did last, by what the history had written down of it until then."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from thresher.observe.wording import duration

_DOING = {"build": "building", "reuse": "reusing", "audit": "auditing"}


def last_thing(run: sqlite3.Row, steps: Sequence[sqlite3.Row]) -> str:
    """Say what a run did last: `while building clean.orders (attempt 1), begun 12 s after it`.

    Args:
        run: its row of the history.
        steps: its attempts, each a row.
    """
    if run["publication"] is not None:
        return f"after publication {run['publication']} could be seen"
    begun = [step for step in steps if step["ended"] is None]
    if begun:
        one = max(begun, key=lambda step: str(step["started"]))
        doing = _DOING.get(one["action"], f"in the {one['action']} of")
        others = f" and {len(begun) - 1:,} more" if len(begun) > 1 else ""
        what = f"while {doing} {one['asset']} (attempt {one['attempt']}){others}, begun"
        return f"{what} {_after(run, one['started'])}"
    if not steps:
        return "before its first step"
    one = max(steps, key=lambda step: str(step["ended"]))
    if one["status"] == "retried":
        what = f"while waiting to try {one['asset']} again, since attempt {one['attempt']} failed"
    else:
        what = f"after {one['asset']} was {one['status']},"
    return f"{what} {_after(run, one['ended'])}"


def _after(run: sqlite3.Row, at: str) -> str:
    """Say when something was, as seen from the run's start."""
    seconds = datetime.fromisoformat(at) - datetime.fromisoformat(run["started"])
    return f"{duration(seconds.total_seconds())} after its start"

"""Schedules as they are shown: the JSON of `thresher schedule list`, and what one runs in words."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from thresher.schedule.entries import log_of
from thresher.schedule.installing import Listing, Row

FORMAT = 1


def listing(found: Listing) -> dict[str, Any]:
    """Give the schedules of a project."""
    return {
        "format": FORMAT,
        "schedules": [_row(row) for row in found.rows],
        "left_over": list(found.left_over),
        "problem": found.problem.fault.what if found.problem else None,
    }


def said(row: Row) -> str:
    """Say what a schedule runs, as `thresher run` would be given it."""
    schedule = row.schedule
    parts = [" ".join(schedule.select) or "everything"]
    parts += [f"--exclude {text}" for text in schedule.exclude]
    parts += [f"--param {name}={value}" for name, value in row.params.items()]
    flags = {
        "--full-refresh": schedule.full_refresh,
        "--publish-what-passed": schedule.publish_what_passed,
        "--strict": schedule.strict,
    }
    return " ".join([*parts, *(name for name, given in flags.items() if given)])


def _row(row: Row) -> dict[str, Any]:
    schedule = row.schedule
    return {
        "name": schedule.name,
        "cron": schedule.cron,
        "timezone": schedule.timezone,
        "environment": row.environment,
        "select": list(schedule.select),
        "exclude": list(schedule.exclude),
        "params": row.params,
        "full_refresh": schedule.full_refresh,
        "publish_what_passed": schedule.publish_what_passed,
        "strict": schedule.strict,
        "wait": schedule.wait.total_seconds(),
        "log": log_of(schedule.name),
        "installed": row.installed,
        "next": [{"local": at, "utc": at.astimezone(UTC)} for at in row.times],
    }

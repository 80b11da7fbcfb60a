"""The report for people: one HTML file with everything in it, made from the facts of a run.

The page holds no script and fetches nothing; all that comes from data is escaped by the template.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from thresher.observe.rendering import moment, render
from thresher.observe.wording import duration
from thresher.results import NOT_OK
from thresher.totals import NOT_PASSED

#: Most rows of each kind that the page shows; `report.json` has them all.
SHOWN_ROWS = 1000
#: Most bars of the timeline; the longest are shown.
SHOWN_BARS = 60
#: Most violating rows shown of one check.
SHOWN_EXAMPLES = 5
#: Sides of the bar of one past run, the space between two, and the least height of a part.
BAR_WIDTH, BAR_HEIGHT, BAR_SPACE, BAR_LEAST = 6, 22, 2, 3

_WORKED = ("built", "reused", "audited", "failed")


def page(document: dict[str, Any]) -> str:
    """Write the facts of a run as HTML.

    Args:
        document: what `facts` gives.
    """
    return render("report.html", _view(document))


def _view(document: dict[str, Any]) -> dict[str, Any]:
    """Arrange the facts as the page shows them."""
    assets, checks = document["assets"], document["checks"]
    order = [status.value for status in NOT_PASSED]
    told = [check for check in checks if check["status"] in order]
    told.sort(key=lambda check: order.index(check["status"]))
    kept = [asset for asset in assets if asset["status"] == "kept"]
    worked = [asset for asset in assets if asset["status"] != "kept"]
    # Of a run that did not end well, only what it kept is published for certain.
    published = (worked if document["run"]["ok"] else []) or kept
    return document | {
        "headline": _headline(document["run"]),
        "tone": _tone(document),
        "failed": [asset for asset in assets if asset["status"] == "failed"],
        "blocked": [asset["asset"] for asset in assets if asset["status"] == "blocked"],
        "worked": worked,
        "stopped": [asset["asset"] for asset in assets if asset["status"] == "stopped"],
        "retried": [(asset, each) for asset in assets for each in asset["retried"]],
        "kept": kept,
        "looked_at": published[-1]["asset"] if published else None,
        "told": told,
        "aside": [asset for asset in assets if _divided(asset)],
        "past": _past([asset for asset in assets if asset["past"]]),
        "passed": [check for check in checks if check["status"] == "passed"],
        "timeline": _timeline(assets, document["run"]["seconds"]),
        "settings": list(_settings(document["configuration"])),
        "limit": SHOWN_ROWS,
        "shown_examples": SHOWN_EXAMPLES,
    }


def _headline(run: Mapping[str, Any]) -> str:
    if run["status"] == "published" and run["publication"] is not None:
        return f"Published {run['publication']}"
    if run["status"] == "partly published" and run["publication"] is not None:
        return f"Partly published {run['publication']}"
    if run["status"] == "unchanged":
        return "Nothing changed"
    if run["publication"] is None and not run["ok"]:
        return "Nothing was published"
    return str(run["status"]).capitalize()


def _tone(document: dict[str, Any]) -> str:
    if not document["run"]["ok"]:
        return "bad"
    return "warned" if document["totals"]["warnings"] else "good"


def _timeline(assets: list[dict[str, Any]], seconds: float) -> dict[str, Any]:
    """Place a bar for each asset that was worked on, in percent of the run's time."""
    worked = [asset for asset in assets if asset["status"] in _WORKED and asset["seconds"] > 0]
    shown = sorted(worked, key=lambda asset: -asset["seconds"])[:SHOWN_BARS]
    shown.sort(key=lambda asset: asset["offset"])
    end = max([seconds, *(asset["offset"] + asset["seconds"] for asset in shown)])
    bars = [
        {
            "asset": asset["asset"],
            "status": asset["status"],
            "seconds": asset["seconds"],
            "offset": asset["offset"],
            "left": round(100 * asset["offset"] / end, 3),
            "width": round(100 * asset["seconds"] / end, 3),
        }
        for asset in shown
    ]
    step = _step(end)
    ticks = (
        [
            {"left": round(100 * n * step / end, 3), "label": _tick(n * step)}
            for n in range(int(end / step) + 1)
        ]
        if end
        else []
    )
    return {"bars": bars, "ticks": ticks, "left_out": len(worked) - len(shown)}


def _divided(asset: Mapping[str, Any]) -> bool:
    return asset["rows_built"] is not None and asset["status"] not in NOT_OK


def _past(assets: list[dict[str, Any]]) -> dict[str, Any]:
    """Draw the checks of each asset over its past runs, those first that did not always pass."""
    drawn = [_bars(asset) for asset in assets]
    drawn.sort(key=lambda row: (row["now"] is None, 1.0 if row["now"] is None else row["now"]))
    return {
        "moved": [row for row in drawn if not row["always"]],
        "always": [row for row in drawn if row["always"]],
    }


def _bars(asset: Mapping[str, Any]) -> dict[str, Any]:
    """Draw a bar for each run, the last of them this one; what did not pass is its upper part."""
    runs = [*asset["past"]]
    every = sum(asset["checks"].values())
    if every:
        runs.append({"started": asset["started"], "passed": asset["checks"]["passed"]})
        runs[-1]["checks"] = every
    bars = []
    for number, run in enumerate(runs):
        missing = run["checks"] - run["passed"]
        height = max(BAR_LEAST, round(BAR_HEIGHT * missing / run["checks"])) if missing else 0
        bars.append(
            {
                "x": number * (BAR_WIDTH + BAR_SPACE),
                "bad": height,
                "told": f"{moment(run['started'])}: {run['passed']:,} of {run['checks']:,}",
            }
        )
    return {
        "asset": asset["asset"],
        "bars": bars,
        "width": len(bars) * (BAR_WIDTH + BAR_SPACE) - BAR_SPACE,
        "bar": BAR_WIDTH,
        "height": BAR_HEIGHT,
        "always": not any(bar["bad"] for bar in bars),
        "now": asset["checks"]["passed"] / every if every else None,
        "passed": asset["checks"]["passed"],
        "checks": every,
        "before": sum(r["passed"] for r in asset["past"]) / sum(r["checks"] for r in asset["past"]),
        "runs": len(asset["past"]),
    }


def _step(end: float) -> float:
    """Choose a round distance of ticks that gives four to eight of them."""
    unit = 0.001
    while True:
        for factor in (1, 2, 5):
            if end / (unit * factor) <= 6:
                return unit * factor
        unit *= 10


def _tick(seconds: float) -> str:
    return f"{seconds:g} s" if seconds < 60 else duration(seconds)


def _settings(value: Any, name: str = "") -> Iterable[tuple[str, Any]]:
    """Flatten a configuration into dotted names and values."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _settings(item, f"{name}.{key}" if name else str(key))
    elif name:
        yield name, value

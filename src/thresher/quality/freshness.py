"""How fresh a table is, judged from one figure: the newest value of a column.

The figure is kept with the verdict, so that a later run judges it by its own time without opening
the data. A timestamp without a time zone is UTC, and a date stands for its midnight in UTC.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from thresher.errors import AssetError
from thresher.project.secrets import MASK
from thresher.quality.wording import duration


def figure_of(text: str | None) -> str | None:
    """Turn the newest value, as an engine writes it, into ISO text; None where there is none.

    Raises:
        AssetError: it is no time of the calendar, such as `infinity`.
    """
    if text is None:
        return None
    try:
        if len(text) == len("2013-01-31"):
            return date.fromisoformat(text).isoformat()
        return datetime.fromisoformat(text).isoformat()
    except ValueError:
        raise AssetError(
            f"the newest value is `{text}`, which is no time to judge by",
            discreet="the newest value is no time to judge by",
        ) from None


def judge_freshness(figure: str | None, within: float, now: datetime) -> bool:
    """Say whether a table is fresh.

    Args:
        figure: the newest value as ISO text; None, for a column without values, is never fresh.
        within: seconds that it may be old.
        now: time to judge by.
    """
    return figure is not None and _age(figure, now) <= within


def freshness_words(
    column: str, figure: str | None, within: float, now: datetime, *, hide: bool = False
) -> str:
    """Say how old the newest value is, and how old it may be; whether it is, where it is hidden."""
    if figure is None:
        return f"`{column}` has no value to be fresh"
    age = _age(figure, now)
    if hide:
        than = "older than" if age > within else "no older than"
        return f"the newest `{column}` is {MASK}, {than} {duration(within)}"
    old = f"{duration(age)} old" if age >= 0 else f"{duration(-age)} ahead of now"
    return f"the newest `{column}` is {figure}, {old}; at most {duration(within)} old is expected"


def _age(figure: str, now: datetime) -> float:
    return (_utc(now) - _utc(datetime.fromisoformat(figure))).total_seconds()


def _utc(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)

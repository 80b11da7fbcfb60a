"""Points in time of Python, in the form that survives whatever else the process has imported."""

from __future__ import annotations

import datetime as dt
from typing import Any


def in_utc(value: Any) -> Any:
    """Give an instant in UTC, and whatever holds instants with them in UTC; the rest as it is.

    Importing `pyspark.pandas` sets `PYARROW_IGNORE_TIMEZONE`, after which Arrow takes the time on
    the wall for UTC, in all of the process.

    Args:
        value: any value; looked into where it is a list, a tuple or a dict.

    Raises:
        OverflowError: in UTC it would be before year 1, or after year 9999.
    """
    match value:
        case dt.datetime():
            return value if value.tzinfo is None else value.astimezone(dt.UTC)
        case list() | tuple():
            return [in_utc(each) for each in value]
        case dict():
            return {key: in_utc(each) for key, each in value.items()}
        case _:
            return value

"""Keeping values of sensitive columns out of what an engine, a driver or a function says.

Their words name values as they please, so none of them are told where such a value could be among
them: only what kind of error it was, and where.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from thresher.errors import UNSHOWN, ThresherError


@contextmanager
def concealing(*, discreet: bool) -> Iterator[None]:
    """Take out of an error what may be a value of data, and the error that it came from.

    Args:
        discreet: whether there are values to be kept from being shown.
    """
    try:
        yield
    except ThresherError as error:
        if not discreet:
            raise
        error.conceal()
        raise error from None


def words(error: BaseException, *, discreet: bool) -> str:
    """Give what an error says; of one that is not ours, where there are such values, only its kind.

    Args:
        error: what was raised, through [`concealing`][] where it is ours.
        discreet: whether there are values to be kept from being shown.
    """
    if isinstance(error, ThresherError):
        return str(error)
    return f"{type(error).__name__}: {UNSHOWN if discreet else error}"

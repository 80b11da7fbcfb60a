"""Keeping values of sensitive columns out of what an engine, a driver or a function says.

Their words name values as they please, so none of them are told where such a value could be among
them: only what kind of error it was, and where.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from thresher.errors import UNSHOWN, AssetError, ThresherError, TransientError, is_transient


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
    except Exception as error:
        if not discreet:
            raise
        kind = TransientError if is_transient(error) else AssetError
        raise kind(f"unexpected error: {type(error).__name__}: {UNSHOWN}") from None

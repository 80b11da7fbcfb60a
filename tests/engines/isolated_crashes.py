"""What an author's code does to its process, and what is said of it."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from thresher.errors import AssetError, ThresherError

HEAD = """\
import ctypes, os, signal, sys, threading, time
from thresher import Context, asset
from thresher.errors import CredentialsError, SourceError, TransientError

class MyError(TransientError):
    def __init__(self, number):
        self.lock = threading.Lock()
        super().__init__(f"number {number}")

@asset()
def made(ctx: Context):
"""
FIRST = HEAD.count("\n") + 1
"""Line of the file that a body begins at."""


def make(shop: Any, body: str, **given: Any) -> Any:
    """Build an asset of this body."""
    return shop.python("clean.made", HEAD + textwrap.indent(body.strip(), "    ") + "\n", **given)


def raised(shop: Any, body: str, kind: type[ThresherError] = AssetError, **given: Any) -> Any:
    """Give the error that a body comes to."""
    with pytest.raises(ThresherError) as caught:
        make(shop, body, **given)
    assert type(caught.value) is kind
    place = caught.value.fault.place
    assert (place.path, place.asset) == ("src/clean/made.py", "clean.made")
    return caught.value

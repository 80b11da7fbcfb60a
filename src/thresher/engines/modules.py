"""Loading asset functions from their files, fresh for every build.

The project's `src` folder and its root can be imported from, as a script's own folder can. The
asset's file is compiled anew each time; a module of the project that it imports is kept as long as
its hash in the plan stays, so that a notebook sees every edit, and two projects with a module of
one name never share it.
"""

from __future__ import annotations

import importlib
import itertools
import sys
import threading
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from thresher.errors import AssetError, Place
from thresher.project.asset import Asset, PythonBody


class Modules:
    """What is loaded of one or more projects; safe to use from several threads."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, types.ModuleType]] = {}
        """Hash and module, by name, of each module of a project."""
        self._added: list[str] = []
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    @contextmanager
    def function(self, asset: Asset, body: PythonBody, root: Path) -> Iterator[Callable[..., Any]]:
        """Load an asset's function; its module is forgotten afterwards.

        Raises:
            AssetError: the file has no such function.
            Exception: whatever loading the file raised.
        """
        name = f"thresher_asset_{asset.layer}_{asset.table}_{id(self)}_{next(self._numbers)}"
        try:
            yield self._load(name, asset, body, root)
        finally:
            sys.modules.pop(name, None)

    def close(self) -> None:
        """Take back what was added to the import path."""
        with self._lock:
            for folder in self._added:
                if folder in sys.path:
                    sys.path.remove(folder)
            self._added.clear()

    def _load(self, name: str, asset: Asset, body: PythonBody, root: Path) -> Callable[..., Any]:
        file = root / asset.path
        module = types.ModuleType(name)
        module.__file__ = str(file)
        with self._lock, _no_bytecode():
            self._make_importable(root)
            self._drop_stale(body)
            sys.modules[name] = module
            exec(compile(file.read_bytes(), str(file), "exec"), module.__dict__)  # noqa: S102
            self._remember(body)
        function = getattr(module, body.function, None)
        if not callable(function):
            raise AssetError(
                f"the file has no function `{body.function}`",
                place=Place(asset.path, asset=asset.name),
            )
        loaded: Callable[..., Any] = function
        return loaded

    def _make_importable(self, root: Path) -> None:
        for folder in (str(root), str(root / "src")):
            if folder not in sys.path:
                self._added.append(folder)
            else:
                sys.path.remove(folder)
            sys.path.insert(0, folder)
        importlib.invalidate_caches()

    def _drop_stale(self, body: PythonBody) -> None:
        """Drop the project's modules that the asset imports, if any of them is another by now."""
        modules = _named(body)
        if all(self._current(name, digest) for name, digest in modules.items()):
            return
        # A module that stays as it is may hold names of one that changed.
        for name in modules:
            sys.modules.pop(name, None)

    def _current(self, name: str, digest: str) -> bool:
        loaded = sys.modules.get(name)
        return loaded is None or self._known.get(name) == (digest, loaded)

    def _remember(self, body: PythonBody) -> None:
        for name, digest in _named(body).items():
            if name in sys.modules:
                self._known[name] = (digest, sys.modules[name])


def _named(body: PythonBody) -> dict[str, str]:
    """Give the hash of each project module under both names that it can be imported by."""
    named = {}
    for path, digest in body.modules:
        parts = PurePosixPath(path).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        for start in (0, 1) if parts[0] == "src" else (0,):
            named[".".join(parts[start:])] = digest
    return named


@contextmanager
def _no_bytecode() -> Iterator[None]:
    """Write no bytecode: it would be taken for that of an edit made in the same second."""
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before

"""Where implementations are chosen: the engine and the sources of an open project."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from pathlib import Path

from thresher import plugins
from thresher.project.cache import ParseCache
from thresher.project.project import Project
from thresher.protocols import Engine, Source

ENGINE = "duckdb"


@dataclass
class Hands:
    """The engine and the sources of one run, each made when it is first needed.

    Args:
        project: whose settings they follow.
        warehouse: folder of the warehouse.
        cache: hashes of input files that earlier commands have read.
    """

    project: Project
    warehouse: Path
    cache: ParseCache
    _engine: Engine | None = None
    _sources: dict[str, Source] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def temp(self) -> Path:
        """Folder for what is spilled or unpacked while a run goes on."""
        return self.warehouse / "tmp"

    def engine(self) -> Engine:
        """Give the engine."""
        with self._lock:
            if self._engine is None:
                run = self.project.settings.run
                make = plugins.load("engines", ENGINE)
                engine: Engine = make(
                    warehouse=self.warehouse,
                    threads=os.cpu_count() or 1,
                    memory=_memory(run.memory),
                    temp=self.temp,
                    timezone=self.project.settings.config.timezone,
                )
                self._engine = engine
            return self._engine

    def source(self, kind: str) -> Source:
        """Give the source of a type."""
        with self._lock:
            if kind not in self._sources:
                run = self.project.settings.run
                self._sources[kind] = plugins.load("sources", kind)(
                    threads=os.cpu_count() or 1,
                    memory=_memory(run.memory),
                    temp=self.temp,
                    hashes=self.cache.hashes,
                    timezone=self.project.settings.config.timezone,
                )
            return self._sources[kind]

    def interrupt(self) -> None:
        """Stop whatever is being computed or read."""
        if self._engine is not None:
            self._engine.interrupt()
        for source in self._sources.values():
            source.interrupt()

    def close(self) -> None:
        """Give back what the engine holds."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None


def _memory(size: int | None) -> str | None:
    return None if size is None else f"{size}B"

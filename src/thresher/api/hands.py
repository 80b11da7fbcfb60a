"""Where implementations are chosen: the engine and the sources of an open project."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from thresher import plugins
from thresher.project.cache import ParseCache
from thresher.project.project import Project
from thresher.protocols import Engine, Interruptible, Source

ENGINE = "duckdb"
#: Part of `run.memory` that the engine gets; the rest is shared by the sources that read meanwhile.
ENGINE_SHARE = 0.75


@dataclass
class Hands:
    """The engine and the sources of one run, each made when it is first needed.

    Args:
        project: whose settings they follow.
        warehouse: folder of the warehouse.
        cache: hashes of input files that earlier commands have read.
        stand_ins: what stands in for sources, by the name of their asset.
    """

    project: Project
    warehouse: Path
    cache: ParseCache
    stand_ins: Mapping[str, Any] = field(default_factory=dict)
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
                make = plugins.load("engines", ENGINE)
                engine: Engine = make(
                    warehouse=self.warehouse,
                    threads=os.cpu_count() or 1,
                    memory=self._memory(ENGINE_SHARE),
                    temp=self.temp,
                    timezone=self.project.settings.config.timezone,
                    limit=self.project.settings.run.memory,
                )
                self._engine = engine
            return self._engine

    def source(self, kind: str) -> Source:
        """Give the source of a type."""
        with self._lock:
            if kind not in self._sources:
                each = (1 - ENGINE_SHARE) / self.project.settings.run.workers
                self._sources[kind] = plugins.load("sources", kind)(
                    threads=os.cpu_count() or 1,
                    memory=self._memory(each),
                    temp=self.temp,
                    hashes=self.cache.hashes,
                    timezone=self.project.settings.config.timezone,
                    **self._of_source(kind),
                )
            return self._sources[kind]

    def interrupt(self) -> None:
        """Stop whatever is being computed or read."""
        for hand in self._hands():
            hand.interrupt()

    def interrupt_thread(self, thread: int) -> None:
        """Stop what was called from one thread, where that can be done by itself."""
        for hand in self._hands():
            if isinstance(hand, Interruptible):
                hand.interrupt_thread(thread)

    def _hands(self) -> list[Engine | Source]:
        engine: list[Engine | Source] = [] if self._engine is None else [self._engine]
        return [*engine, *self._sources.values()]

    def close(self) -> None:
        """Give back what the engine holds."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def _of_source(self, kind: str) -> dict[str, Any]:
        """Give what one of our own sources needs beside what all sources are given."""
        settings = self.project.settings
        if kind == "files":
            return {"s3": settings.s3}
        if kind == "databases":
            return {"connections": settings.connections, "params": settings.params}
        if kind == "stand_ins":
            return {"things": self.stand_ins, "params": settings.params}
        return {}

    def _memory(self, share: float) -> str | None:
        """Give a part of the memory that a run may use, as DuckDB writes it."""
        memory = self.project.settings.run.memory
        return None if memory is None else f"{int(memory * share)}B"

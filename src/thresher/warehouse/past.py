"""What an environment has shown before: the versions of a table in its last publications.

The way back is that of each publication's parent, so what was rolled back is no past of what came
after it. Trial runs do not count, nor does a version that was published again unchanged.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from thresher.errors import WarehouseError
from thresher.results import PastVersion, Publication
from thresher.warehouse.manifests import Manifests

#: How many publications are looked at, however many are kept.
MOST_PUBLICATIONS = 100


@dataclass
class Past:
    """The publications up to the current one; safe to use from several threads.

    Args:
        manifests: the publications of the warehouse.
        current: what readers see; None where nothing is published.
    """

    manifests: Manifests
    current: Publication | None
    _read: list[Publication] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, asset: str) -> tuple[PastVersion, ...]:
        """Give the versions of a table that were published, the oldest first."""
        found: list[PastVersion] = []
        for publication in self._publications():
            snapshot = publication.snapshots.get(asset)
            if snapshot is None or (found and found[-1].version == snapshot.version):
                continue
            verdict = publication.verdicts.get(asset)
            results = verdict.results if verdict else ()
            figures = tuple(result.figure for result in results if result.figure)
            found.append(PastVersion(snapshot.version, snapshot.rows, figures, snapshot.part_of))
        return tuple(found)

    def _publications(self) -> list[Publication]:
        """Read the publications when they are first needed, and no more than once."""
        with self._lock:
            if self._read is None:
                way = self._way_back()
                self._read = [each for each in reversed(way) if each.sample is None]
            return self._read

    def _way_back(self) -> list[Publication]:
        way = [self.current] if self.current else []
        while way and way[-1].parent is not None and len(way) < MOST_PUBLICATIONS:
            try:
                way.append(self.manifests.read(way[-1].environment, way[-1].parent))
            except WarehouseError:
                break  # it was cleaned up; what lies before it is forgotten
        return way

"""The threads of a run: so many tasks side by side, and a place anew for one that is lost."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass, field

from thresher import threads
from thresher.run.waiting import Node

Task = Callable[[], None]
Ended = Callable[[Node, Future[None]], None]
"""Told of a task that ended, by the thread that did it."""


@dataclass
class Crew:
    """Does tasks in threads; everything but `ended` happens in the thread that walks.

    Args:
        size: how many tasks may be under way.
        ended: told of each that ended.
    """

    size: int
    ended: Ended
    running: dict[Node, Future[None]] = field(default_factory=dict)
    """What is under way."""
    _waiting: deque[tuple[Node, Task]] = field(default_factory=deque)

    def submit(self, node: Node, task: Task) -> None:
        """Have a task done as soon as there is a thread for it."""
        self._waiting.append((node, task))
        self._fill()

    def let_go(self, node: Node, future: Future[None] | None = None) -> bool:
        """Give the place of a task to another one: of one that ended, or that is given up.

        Returns:
            Whether it had a place; one that was given up before has none.
        """
        mine = self.running.get(node)
        if mine is None or (future is not None and future is not mine):
            return False
        del self.running[node]
        self._fill()
        return True

    def dismiss(self) -> list[Node]:
        """Begin nothing more, and name what was not begun."""
        left = [node for node, _ in self._waiting]
        self._waiting.clear()
        return left

    def stop(self, interrupt: Callable[[], None], seconds: float) -> None:
        """Begin nothing more, interrupt what is under way, and wait for it only so long."""
        self.dismiss()
        futures = list(self.running.values())
        deadline = time.monotonic() + seconds
        while any(not future.done() for future in futures) and time.monotonic() < deadline:
            interrupt()
            wait(futures, timeout=0.1)

    def _fill(self) -> None:
        while self._waiting and len(self.running) < self.size:
            node, task = self._waiting.popleft()
            future = threads.start(task, name=f"thresher-{node[0]}-{node[1]}")
            self.running[node] = future
            # Last: what has ended by now is told here and now.
            future.add_done_callback(lambda done, node=node: self.ended(node, done))  # type: ignore[misc]

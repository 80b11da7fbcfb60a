"""A TCP proxy that does what networks do: it breaks connections off, and changes bytes on the way.

It stands between a client and the real server, so that a broken transfer is a real one.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

Change = Callable[[bytes], bytes]


@dataclass
class Proxy:
    """What the proxy does, and what it saw; both may be changed while it runs."""

    endpoint: str
    cut_up: int | None = None
    """Bytes to the server, of all connections together, after which every connection breaks."""
    cut_down: int | None = None
    """Bytes from the server, likewise."""
    cut_once: int | None = None
    """Bytes from the server, after which the connection that has the next ones breaks, once."""
    hold_up: int | None = None
    """Bytes to the server, after which nothing goes on any more."""
    hold_down: int | None = None
    """Bytes from the server, likewise."""
    change_up: Change | None = None
    change_down: Change | None = None
    up: int = 0
    down: int = 0
    held: threading.Event = field(default_factory=threading.Event)
    """Set when something is held."""
    release: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    generation: int = 0
    """Which connections are meant: what was opened under another number is broken."""

    def forget(self) -> None:
        """Let everything pass from now on, and count anew."""
        self.up = self.down = 0
        self.let_go()

    def break_all(self) -> None:
        """Break what is open now, with all that is on its way in it, and forget."""
        self.generation += 1
        self.forget()

    def let_go(self) -> None:
        """Let everything pass from now on, what was held as well."""
        self.cut_up = self.cut_down = self.cut_once = self.hold_up = self.hold_down = None
        self.release.set()

    def passes(self, data: bytes, generation: int, *, upwards: bool) -> bytes | None:
        """Give what goes on of some bytes; None where the connection breaks."""
        if generation != self.generation:
            return None
        change = self.change_up if upwards else self.change_down
        if change is not None:
            data = change(data)
        with self.lock:
            if upwards:
                self.up += len(data)
            else:
                self.down += len(data)
            moved, cut, hold = (
                (self.up, self.cut_up, self.hold_up)
                if upwards
                else (self.down, self.cut_down, self.hold_down)
            )
            broken = cut is not None and moved > cut
            if not upwards and self.cut_once is not None and moved > self.cut_once:
                self.cut_once, broken = None, True
        if hold is not None and moved > hold:
            self.held.set()
            self.release.wait()
            if generation != self.generation:
                return None
        return None if broken else data


@contextmanager
def between(server: str) -> Iterator[Proxy]:
    """Start a proxy before a server; it ends with the block."""
    address = urlsplit(server)
    target = (address.hostname or "", address.port or 80)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        proxy = Proxy(f"http://127.0.0.1:{listening.getsockname()[1]}")
        threading.Thread(target=_accept, args=(listening, target, proxy), daemon=True).start()
        yield proxy
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)


def _accept(listening: socket.socket, target: tuple[str, int], proxy: Proxy) -> None:
    with suppress(OSError):
        while True:
            client, _ = listening.accept()
            server = socket.create_connection(target)
            for source, sink, upwards in ((client, server, True), (server, client, False)):
                arguments = (source, sink, proxy, upwards)
                threading.Thread(target=_pump, args=arguments, daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket, proxy: Proxy, upwards: bool) -> None:
    generation = proxy.generation
    with suppress(OSError):
        while data := source.recv(65536):
            passed = proxy.passes(data, generation, upwards=upwards)
            if passed is None:
                break
            sink.sendall(passed)
    for each in (source, sink):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()

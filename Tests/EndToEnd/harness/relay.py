"""Loopback relays between a client and a server: one that changes bytes, one that adds a header to every request."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Callable, Iterator

Change = Callable[[bytes], bytes]


class Relay:
    """Passes bytes both ways, each direction through a function of one piece of bytes as it came."""

    def __init__(self, host: str, port: int, up: Change = lambda data: data, down: Change = lambda data: data) -> None:
        self._place, self._up, self._down = (host, port), up, down
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.host, self.port = self._listener.getsockname()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Relay:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(self._place)
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.pump, args=(near, far, self.upward()), daemon=True).start()
            threading.Thread(target=self.pump, args=(far, near, self._down), daemon=True).start()

    def upward(self) -> Change:
        """The change of one connection's requests."""
        return self._up

    @staticmethod
    def pump(source: socket.socket, drain: socket.socket, change: Change) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 18):
                drain.sendall(change(data))
        for end, how in ((drain, socket.SHUT_WR), (source, socket.SHUT_RD)):
            with contextlib.suppress(OSError):
                end.shutdown(how)


class HeaderRelay(Relay):
    """Adds header lines to every request, for clients that cannot send them; answers pass as they are."""

    def __init__(self, host: str, port: int, *lines: str) -> None:
        super().__init__(host, port)
        self._lines = "".join(line + "\r\n" for line in lines).encode()

    def upward(self) -> Change:
        requests = self._requests()
        next(requests)
        return requests.send

    def _requests(self) -> Iterator[bytes]:
        """Bytes as they came in, the same with the lines added out."""
        out = b""
        while True:
            start = b""
            while b"\r\n\r\n" not in start:
                start += yield out
                out = b""
            start, _, rest = start.partition(b"\r\n\r\n")
            out = start + b"\r\n" + self._lines + b"\r\n"
            length = re.search(rb"(?i)\r\ncontent-length:\s*(\d+)", start)
            left = int(length[1]) if length else 0
            assert length or b"chunked" not in start.lower(), "the relay reads bodies by their length"
            while True:
                out, rest, left = out + rest[:left], rest[left:], left - min(left, len(rest))
                if left == 0:
                    break
                rest = yield out
                out = b""
            assert not rest, "pipelined requests do not come from the clients this is for"

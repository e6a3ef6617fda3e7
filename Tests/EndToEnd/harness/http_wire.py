"""HTTP by hand: every byte out is the test's own, every byte back is kept, and a client can leave at any moment."""

from __future__ import annotations

import base64
import json
import socket
import struct
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit


class Silence(AssertionError):
    """What was awaited did not come in time, or the connection ended first."""


@dataclass(frozen=True)
class Target:
    """Where requests go: a gateway's server with its token, or an upstream without one."""

    host: str
    port: int
    path: str = "/mcp"
    token: str | None = None

    @classmethod
    def at(cls, url: str, token: str | None = None) -> Target:
        parts = urlsplit(url)
        return cls(parts.hostname, parts.port, parts.path, token)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}{self.path}"


@dataclass
class Event:
    """One server-sent event as WHATWG's rules give it."""

    data: str
    id: str | None = None
    name: str | None = None
    retry: str | None = None

    @property
    def message(self) -> Any:
        return json.loads(self.data)


@dataclass
class Response:
    """An answer that may still be coming in."""

    status: int
    head: bytes
    connection: Connection
    interim: list[int] = field(default_factory=list)
    raw: bytearray = field(default_factory=bytearray)
    """The body as it stands on the wire."""
    body: bytearray = field(default_factory=bytearray)
    """The body with the chunked coding undone."""
    chunks: list[int] = field(default_factory=list)
    whole: bool = False
    _seen: int = 0

    @property
    def header_lines(self) -> list[tuple[str, str]]:
        lines = self.head.decode("latin-1").split("\r\n")[1:-2]
        return [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]

    def header(self, name: str) -> str | None:
        found = [value for key, value in self.header_lines if key == name.lower()]
        assert len(found) <= 1, f"{name} came {len(found)} times: {found}"
        return found[0] if found else None

    def json(self) -> Any:
        return json.loads(self.body)

    def messages(self) -> list[Any]:
        """The messages of the body: one as JSON, or those of its events."""
        if "text/event-stream" in (self.header("content-type") or ""):
            return [event.message for event in events(bytes(self.body)) if event.data]
        return [self.json()] if self.body else []

    def read(self, timeout: float = 20) -> Response:
        """Reads on to the answer's end."""
        end = time.monotonic() + timeout
        while not self.whole:
            self._step(end)
        return self

    def read_some(self, timeout: float = 20) -> bytes:
        """Waits for bytes that have not been looked at yet; nothing where the answer has ended."""
        end = time.monotonic() + timeout
        while len(self.body) == self._seen and not self.whole:
            self._step(end)
        fresh = bytes(self.body[self._seen :])
        self._seen = len(self.body)
        return fresh

    def event(self, timeout: float = 20) -> Event:
        """The next event of the stream that has data."""
        end = time.monotonic() + timeout
        while True:
            found = [event for event in events(bytes(self.body)) if event.data]
            if len(found) > self._seen:
                self._seen += 1
                return found[self._seen - 1]
            if self.whole:
                raise Silence(f"the stream has ended after {self._seen} events: {bytes(self.body)!r}")
            self._step(end)

    def _step(self, end: float) -> None:
        connection = self.connection
        if self.header("transfer-encoding") == "chunked":
            line = connection.line(end)
            self.raw += line
            size = int(line.split(b";")[0], 16)
            if size == 0:
                while (trailer := connection.line(end)) != b"\r\n":
                    self.raw += trailer
                self.raw += trailer
                self.whole = True
            else:
                data = connection.take(size + 2, end)
                self.raw += data
                self.body += data[:-2]
                self.chunks.append(size)
            return
        length = self.header("content-length")
        if length is not None:
            left = int(length) - len(self.body)
            data = connection.some(end, left) if left else b""
        else:
            try:
                data = connection.some(end)
            except Silence:
                if not connection.ended:
                    raise
                self.whole = True
                return
        self.raw += data
        self.body += data
        self.whole = length is not None and len(self.body) >= int(length)


def events(data: bytes) -> list[Event]:
    """The finished events of a stream (WHATWG HTML, server-sent events), ids carried over."""
    text = data.decode("utf-8-sig")
    if text.endswith("\r"):
        text += "\n"
    found: list[Event] = []
    lines: list[str] = []
    fields: dict[str, str] = {}
    *finished, _ = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for line in finished:
        if not line:
            if lines or fields:
                found.append(Event("\n".join(lines), fields.get("id"), fields.get("event"), fields.get("retry")))
            lines, fields = [], {}
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "data":
                lines.append(value)
            else:
                fields[name] = value
    return found


class Connection:
    """One connection. Use it as a context manager, or leave it to the caller that made it."""

    def __init__(self, host: str, port: int, timeout: float = 20) -> None:
        self.timeout, self.ended, self.received = timeout, False, bytearray()
        self.socket = socket.create_connection((host, port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._pending = bytearray()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    # --- out ---

    def write(self, data: bytes) -> None:
        self.socket.settimeout(self.timeout)
        self.socket.sendall(data)

    def half_close(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)

    def leave(self) -> None:
        self.socket.close()

    def abort(self) -> None:
        """Leaves with a reset instead of an end."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    # --- in ---

    def response(self, timeout: float | None = None) -> Response:
        """The next answer's head; interim answers (1xx) are noted and passed over."""
        end = time.monotonic() + (self.timeout if timeout is None else timeout)
        interim = []
        while True:
            head = bytearray()
            while not head.endswith(b"\r\n\r\n"):
                head += self.line(end)
            status = int(head.split(b" ", 2)[1])
            if status >= 200:
                answer = Response(status, bytes(head), self, interim)
                if status in (204, 304) or answer.header("content-length") == "0":
                    answer.whole = True
                return answer
            interim.append(status)

    def has_ended(self, timeout: float = 20) -> bool:
        """Whether the peer ends the connection within the time; bytes that come are kept."""
        end = time.monotonic() + timeout
        while not self.ended:
            try:
                self._more(end)
            except Silence:
                return self.ended
        return True

    def line(self, end: float) -> bytes:
        while (at := self._pending.find(b"\r\n")) < 0:
            self._more(end)
        return self.take(at + 2, end)

    def take(self, count: int, end: float) -> bytes:
        while len(self._pending) < count:
            self._more(end)
        data = bytes(self._pending[:count])
        del self._pending[:count]
        return data

    def some(self, end: float, most: int = 1 << 20) -> bytes:
        if not self._pending:
            self._more(end)
        return self.take(min(most, len(self._pending)), end)

    def _more(self, end: float) -> None:
        left = end - time.monotonic()
        if left <= 0:
            raise Silence(f"nothing more came in time, after {bytes(self.received[-300:])!r}")
        self.socket.settimeout(left)
        try:
            data = self.socket.recv(1 << 18)
        except TimeoutError:
            raise Silence(f"nothing more came in time, after {bytes(self.received[-300:])!r}") from None
        except ConnectionResetError:
            data = b""
        if not data:
            self.ended = True
            raise Silence(f"the peer ended the connection, after {bytes(self.received[-300:])!r}")
        self._pending += data
        self.received += data
        del self.received[: -(1 << 16)]


def head(verb: str, target: Target, headers: dict[str, str | None]) -> bytes:
    """A request's head; a header of None is left out."""
    lines = [f"{verb} {target.path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items() if value is not None]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def in_chunks(body: bytes, sizes: Iterable[int]) -> Iterator[bytes]:
    """The body in the chunked coding; every size one chunk, the rest in one."""
    at = 0
    for size in sizes:
        if at < len(body):
            yield f"{len(body[at : at + size]):X}\r\n".encode() + body[at : at + size] + b"\r\n"
            at += size
    if at < len(body):
        yield f"{len(body) - at:x}\r\n".encode() + body[at:] + b"\r\n"
    yield b"0\r\n\r\n"


def header_value(text: str) -> str:
    """A value as a header can carry it: `=?base64?…?=` where it cannot carry the value itself."""
    safe = all(0x20 <= ord(one) < 0x7F for one in text) and text == text.strip() and not text.startswith("=?")
    return text if safe else f"=?base64?{base64.b64encode(text.encode()).decode()}?="

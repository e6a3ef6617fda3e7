"""A scripted HTTP upstream on plain sockets: it writes down every byte of each request and answers with a test's bytes.

An answer is a function from the exchange to steps: bytes are sent as they are, a number pauses for so many seconds, an
event is waited for, `HOLD` waits until the peer leaves, `CLOSE` ends the connection and `RESET` ends it rudely.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

HOLD, CLOSE, RESET = object(), object(), object()
Step = bytes | float | threading.Event | object
Answer = Callable[["Exchange"], Iterable[Step]]


@dataclass
class Exchange:
    """One request as it came, and what became of its answer."""

    head: bytes
    """From the request line to the empty line, with it."""
    raw: bytes
    """The body as it stood on the wire, chunk sizes included."""
    body: bytes
    connection: int
    at: float = field(default_factory=time.monotonic)
    left: threading.Event = field(default_factory=threading.Event)
    """The peer closed the connection before the answer's end."""
    answered: threading.Event = field(default_factory=threading.Event)
    """The whole answer has been sent."""

    @property
    def verb(self) -> str:
        return self.head.split(b" ", 1)[0].decode()

    @property
    def path(self) -> str:
        return self.head.split(b" ", 2)[1].decode()

    @property
    def header_lines(self) -> list[tuple[str, str]]:
        lines = self.head.decode("latin-1").split("\r\n")[1:-2]
        return [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]

    def header(self, name: str) -> str | None:
        """The header's one value; it fails where there are several."""
        found = [value for key, value in self.header_lines if key == name.lower()]
        assert len(found) <= 1, f"{name} was sent {len(found)} times: {found}"
        return found[0] if found else None

    @property
    def message(self) -> Any:
        """The body as JSON; None where there is none."""
        return json.loads(self.body) if self.body else None

    @property
    def method(self) -> str:
        """The JSON-RPC method; empty where there is none."""
        try:
            return self.message["method"]
        except (ValueError, KeyError, TypeError):
            return ""

    def id_token(self) -> bytes:
        """The request's id as JSON of our own; use `result` where the spelling matters."""
        return json.dumps(self.message["id"]).encode()


# --- answers ---


def head(status: int = 200, *headers: str, reason: str = "OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status} {reason}", *headers, "", ""]).encode("latin-1")


def plain(body: bytes, status: int = 200, *headers: str, kind: str = "application/json") -> bytes:
    """A whole answer with a content-length."""
    return head(status, f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers) + body


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


LAST_CHUNK = b"0\r\n\r\n"


def chunked(body: bytes, sizes: Iterable[int] = (), *headers: str, kind: str = "application/json") -> list[bytes]:
    """A chunked answer; every size is one chunk and one write, the rest follows in one."""
    steps, at = [head(200, f"Content-Type: {kind}", "Transfer-Encoding: chunked", *headers)], 0
    for size in sizes:
        if size > 0 and at < len(body):
            steps.append(chunk(body[at : at + size]))
            at += size
    if at < len(body):
        steps.append(chunk(body[at:]))
    return [*steps, LAST_CHUNK]


def stream_head(*headers: str) -> bytes:
    return head(200, "Content-Type: text/event-stream", "Transfer-Encoding: chunked", *headers)


def event(data: bytes | str | dict, end: bytes = b"\n", **fields: str | int) -> bytes:
    """One server-sent event; line feeds in the data make several `data:` lines."""
    data = json.dumps(data, separators=(",", ":")) if isinstance(data, dict) else data
    data = data.encode() if isinstance(data, str) else data
    lines = [f"{name}: {value}".encode() for name, value in fields.items()]
    lines += [b"data: " + line for line in data.split(b"\n")]
    return end.join([*lines, b"", b""])


def stream(*events: bytes | float | threading.Event | object) -> list[Step]:
    """A stream of server-sent events, each a chunk of its own; other steps stand between them as they are."""
    return [stream_head(), *(chunk(one) if isinstance(one, bytes) else one for one in events), LAST_CHUNK]


ACCEPTED = head(202, "Content-Length: 0", reason="Accepted")


def result(exchange: Exchange, value: Any) -> bytes:
    """A JSON-RPC answer to the exchange's request."""
    return json.dumps({"jsonrpc": "2.0", "id": exchange.message["id"], "result": value}).encode()


def tool(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "description": name, "inputSchema": {"type": "object", "properties": {}}, **more}


class Server:
    """A small MCP server in both eras, as an answer; `answers` replaces it for some methods or HTTP verbs."""

    def __init__(
        self, tools: Sequence[str] = ("echo",), sessions: bool = False, answers: dict[str, Answer] | None = None
    ) -> None:
        self.tools, self.sessions, self.answers = tools, sessions, answers or {}
        self.opened = 0

    def __call__(self, exchange: Exchange) -> Iterable[Step]:
        if exchange.verb != "POST":
            answer = self.answers.get(exchange.verb)
            if answer is None and exchange.verb == "DELETE":
                return [head(200, "Content-Length: 0")]
            return answer(exchange) if answer else [plain(b"{}", 405)]
        if exchange.method in self.answers:
            return self.answers[exchange.method](exchange)
        message = exchange.message
        if "id" not in message or "method" not in message:
            return [ACCEPTED]
        headers: list[str] = []
        match exchange.method:
            case "initialize":
                if self.sessions:
                    self.opened += 1
                    headers = [f"Mcp-Session-Id: upstream-{self.opened}"]
                value: dict[str, Any] = {
                    "protocolVersion": message["params"]["protocolVersion"],
                    "capabilities": {"tools": {}},
                    "serverInfo": {"name": "scripted", "version": "1"},
                }
            case "server/discover":
                value = {
                    "supportedVersions": ["2026-07-28"],
                    "capabilities": {"tools": {}},
                    "serverInfo": {"name": "scripted", "version": "1"},
                    "resultType": "complete",
                    "ttlMs": 0,
                    "cacheScope": "public",
                }
            case "tools/list":
                value = {"tools": [tool(name) for name in self.tools]}
            case "tools/call":
                value = {"content": [{"type": "text", "text": "done"}], "isError": False}
            case _:
                value = {}
        return [plain(result(exchange, value), 200, *headers)]


# --- the listener ---


class Left(Exception):
    """The peer has gone."""


class Upstream:
    """Listens on loopback from the moment it is made; use it as a context manager."""

    def __init__(self, answer: Answer | None = None, backlog: int = 512) -> None:
        self.answer: Answer = answer or Server()
        self.exchanges: list[Exchange] = []
        self.connections = 0
        self.open_connections = 0
        self.changed = threading.Condition()
        self._sockets: set[socket.socket] = set()
        self._stopping = False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=backlog)
        self.host, self.port = self._listener.getsockname()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Upstream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}/mcp"

    def close(self) -> None:
        """Ends the listener and every connection."""
        self._stopping = True
        self._listener.close()
        with self.changed:
            for one in self._sockets:
                _shut(one)

    # --- what came ---

    def of(self, method: str) -> list[Exchange]:
        """The requests of this JSON-RPC method, or of this HTTP verb."""
        with self.changed:
            return [one for one in self.exchanges if method in (one.method, one.verb)]

    def calls(self) -> list[Exchange]:
        return self.of("tools/call")

    def wait(self, condition: Callable[[Upstream], Any], timeout: float = 20, what: str = "it") -> Any:
        """Waits until the condition holds, and returns its value."""
        end = time.monotonic() + timeout
        with self.changed:
            while not (value := condition(self)):
                left = end - time.monotonic()
                assert left > 0, f"{what} did not reach the upstream; it has {[o.head[:60] for o in self.exchanges]}"
                self.changed.wait(min(left, 0.1))
            return value

    def wait_for(self, method: str, count: int = 1, timeout: float = 20) -> list[Exchange]:
        return self.wait(lambda it: len(it.of(method)) >= count and it.of(method), timeout, f"{count} × {method}")

    # --- connections ---

    def _accept(self) -> None:
        while not self._stopping:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            with self.changed:
                self.connections += 1
                self.open_connections += 1
                self._sockets.add(peer)
                number = self.connections
            threading.Thread(target=self._serve, args=(peer, number), daemon=True).start()

    def _serve(self, peer: socket.socket, number: int) -> None:
        wire = _Wire(peer)
        try:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while (exchange := wire.request(number)) is not None:
                with self.changed:
                    self.exchanges.append(exchange)
                    self.changed.notify_all()
                try:
                    if not self._play(wire, self.answer(exchange)):
                        return
                except (Left, OSError):
                    exchange.left.set()
                    raise
                finally:
                    exchange.answered.set()
                    with self.changed:
                        self.changed.notify_all()
        except (Left, OSError):
            pass
        finally:
            peer.close()
            with self.changed:
                self._sockets.discard(peer)
                self.open_connections -= 1
                self.changed.notify_all()

    def _play(self, wire: _Wire, steps: Iterable[Step]) -> bool:
        """Carries out the steps; false where the connection ends with them."""
        for step in steps:
            if isinstance(step, bytes):
                wire.peer.sendall(step)
            elif isinstance(step, threading.Event):
                while not step.is_set():
                    wire.pause(0.005)
            elif isinstance(step, (int, float)):
                wire.pause(step)
            elif step is HOLD:
                while True:
                    wire.pause(60)
            elif step is RESET:
                wire.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
            else:
                return False
        return True


class _Wire:
    """A connection's bytes, read as requests."""

    def __init__(self, peer: socket.socket) -> None:
        self.peer, self.pending = peer, b""

    def request(self, number: int) -> Exchange | None:
        """The next request; None where the peer ended before it began."""
        while b"\r\n\r\n" not in self.pending:
            try:
                self._more()
            except Left:
                if self.pending:
                    raise
                return None
        start, _, self.pending = self.pending.partition(b"\r\n\r\n")
        exchange = Exchange(start + b"\r\n\r\n", b"", b"", number)
        if (exchange.header("transfer-encoding") or "").lower() == "chunked":
            exchange.raw, exchange.body = self._chunks()
        else:
            exchange.raw = exchange.body = self._take(int(exchange.header("content-length") or 0))
        return exchange

    def pause(self, seconds: float) -> None:
        """Waits; raises where the peer leaves meanwhile."""
        readable, _, _ = select.select([self.peer], [], [], seconds)
        if readable:
            self._more()

    def _more(self) -> None:
        data = self.peer.recv(1 << 20)
        if not data:
            raise Left
        self.pending += data

    def _take(self, count: int) -> bytes:
        parts, have = [self.pending], len(self.pending)
        while have < count:
            data = self.peer.recv(1 << 20)
            if not data:
                raise Left
            parts.append(data)
            have += len(data)
        whole = b"".join(parts)
        self.pending = whole[count:]
        return whole[:count]

    def _line(self) -> bytes:
        while b"\r\n" not in self.pending:
            self._more()
        line, _, self.pending = self.pending.partition(b"\r\n")
        return line + b"\r\n"

    def _chunks(self) -> tuple[bytes, bytes]:
        raw, body = [], []
        while True:
            line = self._line()
            size = int(line.split(b";")[0], 16)
            raw.append(line)
            if size == 0:
                while (trailer := self._line()) != b"\r\n":
                    raw.append(trailer)
                return b"".join([*raw, trailer]), b"".join(body)
            body.append(self._take(size))
            raw += [body[-1], self._line()]


def _shut(peer: socket.socket) -> None:
    try:
        peer.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass

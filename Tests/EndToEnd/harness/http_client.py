"""An HTTP client by hand: every byte is the test's own, every byte back is kept, and it can leave at any moment."""

from __future__ import annotations

import base64
import json
import select
import socket
import struct
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

STATELESS = "2026-07-28"
HANDSHAKE = "2025-11-25"
NAMED = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
"""Which parameter the header `Mcp-Name` repeats, by method (2026-07-28, transports)."""
JSON_HEADERS = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}


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


class Caller:
    """One agent: it opens sessions or calls without, over connections it keeps. It knows nothing of gateways."""

    def __init__(self, target: Target, timeout: float = 20, **headers: str) -> None:
        self.target, self.timeout, self.headers = target, timeout, headers
        self.session: str | None = None
        self.version = HANDSHAKE
        self._idle: list[tuple[Connection, float]] = []
        self._every: list[Connection] = []
        self._last_id = 0

    def __enter__(self) -> Caller:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leaves every connection, whatever is under way."""
        for one in self._every:
            one.leave()

    # --- plain requests ---

    def connect(self) -> Connection:
        connection = Connection(self.target.host, self.target.port, self.timeout)
        self._every.append(connection)
        return connection

    def _connection(self) -> Connection:
        """One that has not stood idle for long and has not been ended by the peer, else a new one."""
        while self._idle:
            connection, since = self._idle.pop()
            if time.monotonic() - since < 3 and not select.select([connection.socket], [], [], 0)[0]:
                return connection
            connection.leave()
        return self.connect()

    def forget(self) -> None:
        """Gives up the connections that stand idle."""
        while self._idle:
            self._idle.pop()[0].leave()

    def standard(self, **more: str | None) -> dict[str, str | None]:
        """The headers of a request; underscores in names stand for hyphens, None leaves a header out."""
        own = {"Host": f"{self.target.host}:{self.target.port}", **JSON_HEADERS}
        if self.target.token:
            own["Authorization"] = f"Bearer {self.target.token}"
        if self.session:
            own["Mcp-Session-Id"] = self.session
        given = {name.replace("_", "-"): value for name, value in (self.headers | more).items()}
        folded = {name.lower() for name in given}
        return {name: value for name, value in own.items() if name.lower() not in folded} | given

    def open(
        self, body: bytes | None, verb: str = "POST", chunks: Iterable[int] | None = None, **headers: str | None
    ) -> Response:
        """Sends a request and waits for the answer's head; its body is the caller's to read."""
        connection = self._connection()
        sizes = {} if body is None else {"Content-Length": str(len(body))}
        if chunks is not None:
            sizes = {"Transfer-Encoding": "chunked"}
        start = head(verb, self.target, sizes | self.standard(**headers))
        if chunks is not None:
            connection.write(start)
            for piece in in_chunks(body or b"", chunks):
                connection.write(piece)
        else:
            connection.write(start + (body or b""))
        return connection.response()

    def send(self, body: bytes | None, verb: str = "POST", **options: Any) -> Response:
        """Sends a request and reads its whole answer; the connection is used again."""
        answer = self.open(body, verb, **options).read(self.timeout)
        if (
            (answer.header("connection") or "").lower() == "close"
            or answer.header("content-length") is None
            and (answer.header("transfer-encoding") is None)
        ):
            answer.connection.leave()
        else:
            self._idle.append((answer.connection, time.monotonic()))
        return answer

    # --- messages ---

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def request(self, method: str, params: Any = None, rpc_id: Any = None) -> bytes:
        """A request's bytes."""
        message = {"jsonrpc": "2.0", "id": self.next_id() if rpc_id is None else rpc_id, "method": method}
        return json.dumps(message | ({} if params is None else {"params": params})).encode()

    # --- handshake era ---

    def handshake(self, version: str = HANDSHAKE, capabilities: dict[str, Any] | None = None) -> Response:
        opening = {
            "protocolVersion": version,
            "capabilities": capabilities or {},
            "clientInfo": {"name": "by-hand", "version": "1"},
        }
        answer = self.send(self.request("initialize", opening))
        assert answer.status == 200, (answer.status, bytes(answer.body))
        self.session, self.version = answer.header("mcp-session-id"), version
        assert self.note("notifications/initialized").status == 202
        return answer

    def note(self, method: str, params: Any = None) -> Response:
        message = {"jsonrpc": "2.0", "method": method} | ({} if params is None else {"params": params})
        return self.send(json.dumps(message).encode(), MCP_Protocol_Version=self.version)

    def ask(self, method: str, params: Any = None, **options: Any) -> Response:
        """A request of the session."""
        rpc_id = options.pop("rpc_id", None)
        return self.send(self.request(method, params, rpc_id), **({"MCP_Protocol_Version": self.version} | options))

    def call(self, tool: str = "echo", arguments: Any = None, **options: Any) -> Response:
        return self.ask("tools/call", {"name": tool, "arguments": arguments or {}}, **options)

    def open_call(self, tool: str = "echo", arguments: Any = None, rpc_id: Any = None, **headers: Any) -> Response:
        """A call of the session whose answer is read by the test."""
        body = self.request("tools/call", {"name": tool, "arguments": arguments or {}}, rpc_id)
        return self.open(body, **({"MCP_Protocol_Version": self.version} | headers))

    # --- stateless era ---

    def stateless_parts(
        self, method: str, params: dict[str, Any] | None = None, rpc_id: Any = None, meta: Any = None
    ) -> tuple[bytes, dict[str, str | None]]:
        """Body and headers of a request without a session."""
        own = {
            "io.modelcontextprotocol/protocolVersion": STATELESS,
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": {"name": "by-hand", "version": "1"},
        }
        params = dict(params or {})
        params["_meta"] = own | (meta or {})
        headers: dict[str, str | None] = {"MCP_Protocol_Version": STATELESS, "Mcp_Method": method}
        if method in NAMED:
            headers["Mcp_Name"] = header_value(params[NAMED[method]])
        return self.request(method, params, rpc_id), headers

    def stateless(self, method: str, params: Any = None, rpc_id: Any = None, meta: Any = None, **options: Any):
        body, headers = self.stateless_parts(method, params, rpc_id, meta)
        return self.send(body, **(headers | options))

    def open_stateless(self, method: str, params: Any = None, rpc_id: Any = None, meta: Any = None, **options: Any):
        """The same, with an answer that the test reads."""
        body, headers = self.stateless_parts(method, params, rpc_id, meta)
        return self.open(body, **(headers | options))

    def stateless_call(self, tool: str = "echo", arguments: Any = None, **options: Any) -> Response:
        return self.stateless("tools/call", {"name": tool, "arguments": arguments or {}}, **options)


def spoil(connection: Connection) -> None:
    """Reads nothing more and keeps the window small, as a client does that has stopped reading."""
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)

"""An agent by hand over HTTP, in both eras: its requests are as the protocol wants them, or as a test wants them."""

from __future__ import annotations

import json
import select
import time
from collections.abc import Iterable
from typing import Any

from .http_wire import Connection, Event, Response, Silence, Target, events, head, header_value, in_chunks

__all__ = ["Caller", "Connection", "Event", "Response", "Silence", "Target", "events", "head", "header_value"]

STATELESS = "2026-07-28"
HANDSHAKE = "2025-11-25"
NAMED = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
"""Which parameter the header `Mcp-Name` repeats, by method (2026-07-28, transports)."""
JSON_HEADERS = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}


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

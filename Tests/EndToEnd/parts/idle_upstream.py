#!/usr/bin/env python3
"""An HTTP server for very many idle sessions: answers `initialize` with a session, holds every GET open, else says 202.

Prints its port once it listens. One thread, nothing beside the standard library.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import resource

_numbers = itertools.count(1)
_STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n: \n\n\r\n"
_ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
_WELCOME = (
    b'{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{},'
    b'"serverInfo":{"name":"idle","version":"1"}}}'
)


class Peer(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.pending = transport, b""

    def data_received(self, data: bytes) -> None:
        self.pending += data
        while b"\r\n\r\n" in self.pending:
            head, _, rest = self.pending.partition(b"\r\n\r\n")
            found = re.search(rb"(?i)\r\ncontent-length:\s*(\d+)", head)
            length = int(found[1]) if found else 0
            if len(rest) < length:
                return
            body, self.pending = rest[:length], rest[length:]
            self.transport.write(self.answer(head, body))

    def answer(self, head: bytes, body: bytes) -> bytes:
        if head.startswith(b"GET "):
            return _STREAM
        if b'"id"' not in body:
            return _ACCEPTED
        session = b"Mcp-Session-Id: idle-%d\r\n" % next(_numbers) if b'"initialize"' in body else b""
        start = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n" % len(_WELCOME)
        return start + session + b"\r\n" + _WELCOME


async def main() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server = await asyncio.get_running_loop().create_server(Peer, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())

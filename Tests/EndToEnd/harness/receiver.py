"""A receiver of webhooks on loopback that answers as its script says, and keeps what it was sent."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Received:
    """One request, and what it was answered."""

    path: str
    headers: dict[str, str]
    body: bytes
    status: int

    @property
    def key(self) -> str:
        return self.headers["idempotency-key"]

    def json(self) -> Any:
        return json.loads(self.body)

    def is_signed(self, secret: str) -> bool:
        """Whether the signature is right and no more than five minutes old."""
        parts = dict(part.split("=", 1) for part in self.headers["tollgate-signature"].split(","))
        mine = hmac.new(secret.encode(), parts["t"].encode() + b"." + self.body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(mine, parts["v1"]) and abs(time.time() - int(parts["t"])) < 300


class Receiver:
    """`answers` are taken one by one: a status, a status with headers, `"hang"` or `"close"`, or what gives one of
    these when it is called; then 200 for ever."""

    def __init__(self, answers: Iterator[Any] | list[Any] = ()) -> None:
        self.received: list[Received] = []
        self._answers = iter(answers)
        self._lock = threading.Lock()
        self._end = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                receiver.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        with self._lock:
            answer = next(self._answers, 200)
            answer = answer() if callable(answer) else answer
            status, headers = answer if isinstance(answer, tuple) else (answer, {})
            kept = {name.lower(): value for name, value in handler.headers.items()}
            number = status if isinstance(status, int) else 0
            self.received.append(Received(handler.path, kept, body, number))
        if status == "hang":
            self._end.wait(60)
        if status in ("hang", "close"):
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def taken(self) -> list[Received]:
        """What was answered with 200."""
        with self._lock:
            return [one for one in self.received if one.status == 200]

    def close(self) -> None:
        self._end.set()
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def receiving(answers: Iterator[Any] | list[Any] = ()) -> Iterator[Receiver]:
    receiver = Receiver(answers)
    try:
        yield receiver
    finally:
        receiver.close()

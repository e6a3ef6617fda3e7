"""Real servers over HTTP for the time of a block: each prints its port once it listens."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from .paths import TESTS

EVERYTHING = [sys.executable, str(TESTS / "parts" / "everything.py")]
ECS = [sys.executable, str(TESTS / "parts" / "ecs_http.py")]


@contextlib.contextmanager
def over_http(
    command: list[str], errors: Path, env: dict[str, str] | None = None, timeout: float = 60
) -> Iterator[str]:
    """Starts a part that prints its port; gives its endpoint's URL."""
    with errors.open("ab") as stream:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stream, env=os.environ | (env or {})
        )
    try:
        line = child.stdout.readline()
        assert line.strip().isdigit(), f"{command} did not start: {errors.read_text(errors='replace')[-2000:]}"
        port = int(line)
        _await_listener(port, timeout)
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        child.stdout.close()


def _await_listener(port: int, timeout: float) -> None:
    end = time.monotonic() + timeout
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < end, f"nothing listens on {port}"
            time.sleep(0.02)

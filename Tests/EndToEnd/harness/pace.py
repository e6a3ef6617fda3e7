"""A log that grows at a steady pace, and how far behind a following ingester is."""

from __future__ import annotations

import json
import sqlite3
import struct
import subprocess
import threading
import time
from collections import deque
from datetime import datetime, timezone
from pathlib import Path

from .home import Home
from .paths import binary

TICK = 0.02
"""Seconds between two handfuls of lines."""


class Pace:
    """Feeds decisions and outcomes in turns into `log append`, `rate` events a second, each with its own moment."""

    def __init__(self, home: Home, log: Path, rate: int) -> None:
        self.rate = rate
        self.fed: list[float] = []
        """When each record was handed over."""
        self._first = 2
        self._child = subprocess.Popen(
            [binary(), "log", "append", "--log", str(log)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env=home.environment,
        )
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> Pace:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._child.stdin.close()
        assert self._child.wait(60) == 0

    def _work(self) -> None:
        start = time.monotonic()
        while not self._stop.wait(TICK):
            due = int((time.monotonic() - start) * self.rate)
            lines = [self._line(number) for number in range(len(self.fed), due)]
            self.fed += [time.monotonic()] * len(lines)
            self._child.stdin.write("".join(lines).encode())
            self._child.stdin.flush()

    def _line(self, number: int) -> str:
        seq = self._first + number
        moment = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        call, is_outcome = divmod(number, 2)
        record = {"v": 1, "seq": seq, "ts": moment, "kind": "outcome" if is_outcome else "decision"}
        names = {"agent": f"agent-{call % 40}", "server": "ecs", "tool": f"tool_{call % 25}", "method": "tools/call"}
        if is_outcome:
            record |= {"of": seq - 1, **names, "outcome": "ok", "upstream_us": 1000 + call % 977, "result_bytes": 12}
        else:
            record |= {"gateway": "gw", "agent": names["agent"], "identity": "grant", "server": "ecs"}
            record |= {"transport": "http", "method": "tools/call", "tool": names["tool"], "arg_bytes": 40}
            record |= {"decision": "allow", "mode": "enforce", "reason": "allowed", "policy": "p", "decide_us": 4}
        return json.dumps(record, separators=(",", ":")) + "\n"


def durable(log: Path) -> int:
    """The first seq that is not durable, as `live.state` says it (docs/FORMAT.md)."""
    return struct.unpack_from("<Q", (log / "live.state").read_bytes(), 24)[0]


def lags(log: Path, database: Path, seconds: float) -> list[float]:
    """For how long the oldest record that is durable and not loaded has been so, looked at every 10 ms, in order of size."""
    found: list[float] = []
    reached: deque[tuple[int, float]] = deque()
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.01)
        watermark, now = durable(log), time.monotonic()
        if not reached or reached[-1][0] < watermark:
            reached.append((watermark, now))
        (loaded,) = connection.execute("SELECT coalesce(max(next_seq), 0) FROM cursor").fetchone()
        while reached and reached[0][0] <= loaded:
            reached.popleft()
        found.append(time.monotonic() - reached[0][1] if reached else 0.0)
    connection.close()
    return sorted(found)

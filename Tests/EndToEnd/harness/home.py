"""A tollgate home of its own for one test, and the commands run in it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import logs
from .client import Client
from .paths import RECORDER, binary


@dataclass(frozen=True)
class Completed:
    """A command that has ended."""

    arguments: tuple[str, ...]
    code: int
    out: str
    err: str

    def json(self) -> Any:
        assert self.code == 0, self
        return json.loads(self.out)

    def json_lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


class Home:
    """A folder that stands for a user: home, state and runtime folders, and `$TOLLGATE_HOME`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = root / "tollgate"
        for name in ("user", "state", "work"):
            (root / name).mkdir(parents=True, exist_ok=True)
        self.work = root / "work"
        self._runtime = tempfile.TemporaryDirectory(prefix="tg-")
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(root / "user"),
            "TOLLGATE_HOME": str(self.path),
            "XDG_STATE_HOME": str(root / "state"),
            "XDG_RUNTIME_DIR": self._runtime.name,
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "SWIFT_BACKTRACE": "enable=no",
        }

    def close(self) -> None:
        self._runtime.cleanup()

    # --- commands ---

    def tollgate(
        self,
        *arguments: str | Path,
        stdin: bytes = b"",
        timeout: float = 120,
        expect: int | None = 0,
        env: dict[str, str] | None = None,
    ) -> Completed:
        """Runs one command to its end; fails the test where the exit status is not `expect`."""
        words = tuple(map(str, arguments))
        process = subprocess.run(
            [binary(), *words],
            input=stdin,
            capture_output=True,
            env=self.environment | (env or {}),
            cwd=self.work,
            timeout=timeout,
        )
        out, err = process.stdout.decode(errors="replace"), process.stderr.decode(errors="replace")
        done = Completed(words, process.returncode, out, err)
        assert expect is None or done.code == expect, f"tollgate {' '.join(words)}: exit {done.code}\n{err}\n{out}"
        return done

    @contextlib.contextmanager
    def following(self, *arguments: str | Path) -> Iterator[Follower]:
        """Runs a command that follows (`tail -f`, `watch`, `ingest --follow`) while the block runs."""
        follower = Follower([str(binary()), *map(str, arguments)], self.environment, self.work)
        try:
            yield follower
        finally:
            follower.stop()

    def run_command(
        self,
        *server: str | Path,
        policy: str | Path | None = None,
        agent: str | None = None,
        name: str | None = None,
        log: Path | None = None,
        durability: str | None = None,
        segment_bytes: int | None = None,
        bounded: str | None = None,
        bounded_limit: str | None = None,
        approval_wait: int | None = None,
    ) -> list[str]:
        """The words of `tollgate run … -- server`."""
        options = {
            "--policy": policy,
            "--agent": agent,
            "--server": name,
            "--log": log,
            "--durability": durability,
            "--segment-bytes": segment_bytes,
            "--bounded": bounded,
            "--bounded-limit": bounded_limit,
            "--approval-wait": approval_wait,
        }
        words = [word for key, value in options.items() if value is not None for word in (key, str(value))]
        return [str(binary()), "run", *words, "--", *map(str, server)]

    def client(self, *server: str | Path, env: dict[str, str] | None = None, **options: Any) -> Client:
        """A client by hand on `tollgate run … -- server`."""
        command = self.run_command(*server, **options)
        return Client(command, self.environment | (env or {}), self.work / "run.stderr")

    def recorder(self, received: Path | None = None, tools: str = "echo", **options: Any) -> list[str]:
        """The words that start the recording upstream."""
        words = ["--received", str(received or self.received), "--tools", tools]
        for key, value in options.items():
            words += [f"--{key.replace('_', '-')}", str(value)]
        return [sys.executable, "-S", "-E", str(RECORDER), *words]

    @property
    def received(self) -> Path:
        """Where the recording upstream writes, unless told otherwise."""
        return self.work / "received"

    def received_calls(self) -> list[dict[str, Any]]:
        """Every `tools/call` that reached the recording upstream."""
        if not self.received.exists():
            return []
        found = [json.loads(line) for line in self.received.read_bytes().splitlines()]
        return [message for message in found if message.get("method") == "tools/call"]

    # --- logs ---

    def logs(self) -> list[Path]:
        return sorted(path.parent for path in (self.path / "logs").glob("*/seg"))

    def log(self) -> Path:
        found = self.logs()
        assert len(found) == 1, f"{len(found)} logs: {found}"
        return found[0]

    def records(self) -> list[logs.Record]:
        """The records of all logs of the home."""
        return [record for log in self.logs() for record in logs.records(log)]

    def write(self, name: str, content: Any) -> Path:
        """A file in the working folder; what is not text becomes JSON."""
        path = self.work / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path


class Follower:
    """A command that goes on until it is told to stop; its lines are kept with the time they came."""

    def __init__(self, command: list[str], environment: dict[str, str], folder: Path) -> None:
        self.child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=folder,
        )
        self.lines: list[str] = []
        self.errors: list[str] = []
        self._changed = threading.Condition()
        self._threads = [
            threading.Thread(target=self._read, args=(self.child.stdout, self.lines), daemon=True),
            threading.Thread(target=self._read, args=(self.child.stderr, self.errors), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def json(self) -> list[Any]:
        with self._changed:
            return [json.loads(line) for line in self.lines]

    def until(self, condition: Any, timeout: float = 30, what: str = "what was awaited") -> None:
        """Waits until `condition(lines)` holds."""
        end = time.monotonic() + timeout
        with self._changed:
            while not condition(self.lines):
                left = end - time.monotonic()
                ended = self.child.poll() is not None and not any(thread.is_alive() for thread in self._threads)
                assert left > 0 and not ended, f"{what} did not come; lines: {self.lines[-20:]}; errors: {self.errors}"
                self._changed.wait(min(left, 0.2))

    def stop(self) -> int:
        """SIGINT, as a person would; SIGKILL after 15 s, which fails the test."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGINT)
        try:
            status = self.child.wait(15)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise AssertionError(f"{self.child.args} did not end on SIGINT") from None
        for thread in self._threads:
            thread.join(10)
        return status

    def _read(self, stream: Any, into: list[str]) -> None:
        with stream:
            for line in stream:
                with self._changed:
                    into.append(line.decode(errors="replace").rstrip("\n"))
                    self._changed.notify_all()

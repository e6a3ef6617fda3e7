"""`tollgate serve` for the time of a block: its configuration, its tokens, its log, and its end."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from . import logs
from .http_client import Caller, Target
from .http_upstream import Answer, Upstream
from .paths import binary

OPEN = {"version": "1", "default": "allow", "tools": {}}
"""A policy that allows everything, so that a test says what it forbids."""


def token(name: str) -> str:
    """A test's token: looks like any other, the same in every run."""
    return "tg_" + hashlib.sha256(f"test token {name}".encode()).hexdigest()


def grant(name: str, server: str | list[str] = "up", policy: str | None = "open", **more: Any) -> dict[str, Any]:
    """A grant's entry in the configuration; its agent is called like it."""
    entry: dict[str, Any] = {"id": name, "agent": name, "policy": policy}
    entry["server" if isinstance(server, str) else "servers"] = server
    entry["token_sha256"] = hashlib.sha256(token(name).encode()).hexdigest()
    return {key: value for key, value in (entry | more).items() if value is not None}


def refusals(found: list[logs.Record]) -> dict[str, int]:
    """How often each reason was recorded: single records, and coalesced ones by their count."""
    counts: dict[str, int] = {}
    for one in found:
        if one["kind"] == "decision" and one["decision"] == "deny" or one.get("event") == "refused":
            counts[one["reason"]] = counts.get(one["reason"], 0) + one.get("n", 1)
    return counts


class Gateway:
    """A running `tollgate serve`."""

    def __init__(self, folder: Path, configuration: dict[str, Any], environment: dict[str, str]) -> None:
        self.folder, self.configuration, self.environment = folder, configuration, environment
        self.file = folder / "gateway.json"
        self.errors = folder / "serve.stderr"
        self.log = folder / "log"
        self.host, self.port = "127.0.0.1", 0
        self.child: subprocess.Popen[bytes] | None = None
        self.options: list[str] = []
        """Further words of the command line."""

    # --- life ---

    def start(self, timeout: float = 20) -> Gateway:
        """Starts it and waits until it says where it listens."""
        self.file.write_text(json.dumps(self.configuration, indent=1))
        self.file.chmod(0o600)
        before = self.errors.stat().st_size if self.errors.exists() else 0
        with self.errors.open("ab") as errors:
            self.child = subprocess.Popen(
                [binary(), "serve", "--config", self.file, *self.options],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env=self.environment,
                cwd=self.folder,
            )
        end = time.monotonic() + timeout
        while True:
            said = self.errors.read_bytes()[before:].decode(errors="replace")
            if found := re.search(r"listening on http://(\[[^\]]+\]|[^:\s]+):(\d+)", said):
                self.host, self.port = found[1], int(found[2])
                return self
            assert self.child.poll() is None, f"tollgate serve ended with {self.child.returncode}: {said}"
            assert time.monotonic() < end, f"tollgate serve does not listen within {timeout:.0f} s: {said}"
            time.sleep(0.005)

    def stop(self, timeout: float = 20) -> int:
        """SIGTERM; returns the exit status. SIGKILL after the time, which fails the test."""
        assert self.child is not None
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        try:
            return self.child.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"tollgate serve did not end on SIGTERM: {self.error_text()[-2000:]}") from None

    def kill(self) -> None:
        """SIGKILL, by the id of the process started here."""
        assert self.child is not None
        if self.child.poll() is None:
            os.kill(self.child.pid, signal.SIGKILL)
            self.child.wait()

    @property
    def running(self) -> bool:
        return self.child is not None and self.child.poll() is None

    # --- callers ---

    def url(self, server: str = "up") -> str:
        return f"http://{self.host}:{self.port}/{server}/mcp"

    @property
    def token(self) -> str:
        """The first grant's."""
        return token(self.configuration["grants"][0]["id"])

    def target(self, agent: str | None = None, server: str = "up") -> Target:
        return Target(self.host, self.port, f"/{server}/mcp", token(agent) if agent else self.token)

    def caller(self, agent: str | None = None, server: str = "up", **options: Any) -> Caller:
        return Caller(self.target(agent, server), **options)

    # --- what it wrote ---

    def error_text(self) -> str:
        return self.errors.read_text(errors="replace")

    def command(
        self, *words: str, expect: int | None = 0, timeout: float = 30
    ) -> subprocess.CompletedProcess[str]:
        """A tollgate command in the gateway's folder and environment."""
        done = subprocess.run(
            [binary(), *words],
            capture_output=True,
            text=True,
            env=self.environment,
            cwd=self.folder,
            timeout=timeout,
        )
        assert expect is None or done.returncode == expect, (words, done.returncode, done.stderr)
        return done

    def now(self) -> list[logs.Record]:
        """The records that are on disk at this moment."""
        return list(logs.salvage(self.log)) if (self.log / "seg").exists() else []

    def records(self, condition: Callable[[list[logs.Record]], Any] | None = None, timeout: float = 10):
        """The records once the condition holds; without one, once every allowed request has its outcome and nothing
        new has come for a moment."""
        end = time.monotonic() + timeout
        last, since = -1, time.monotonic()
        while True:
            found = self.now()
            if len(found) != last:
                last, since = len(found), time.monotonic()
            quiet = not self.running or time.monotonic() - since > 0.3
            if condition(found) if condition else quiet and not self.open_decisions(found):
                return found
            if time.monotonic() > end or not self.running:
                tail = "\n".join(json.dumps(one) for one in found[-12:])
                raise AssertionError(f"the log does not come to what was awaited; its end:\n{tail}")
            time.sleep(0.02)

    def refused(self, reason: str, count: int = 1, timeout: float = 10) -> list[logs.Record]:
        """The records once so many requests were refused for this reason."""
        return self.records(lambda found: refusals(found).get(reason, 0) >= count, timeout)

    @staticmethod
    def open_decisions(found: list[logs.Record]) -> list[logs.Record]:
        """The allowed requests without an outcome; notifications have none."""
        over = {one["of"] for one in found if one["kind"] == "outcome"}
        allowed = [one for one in logs.decisions(found, decision="allow") if one["seq"] not in over]
        return [one for one in allowed if not one["method"].startswith("notifications/")]

    def rss(self) -> int:
        """Resident bytes of the process."""
        assert self.child is not None
        pages = Path(f"/proc/{self.child.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def cpu_seconds(self) -> float:
        assert self.child is not None
        fields = Path(f"/proc/{self.child.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def configuration(
    servers: dict[str, Any],
    policy: dict[str, Any] | None = None,
    grants: list[dict[str, Any]] | None = None,
    folder: Path | None = None,
    **settings: Any,
) -> dict[str, Any]:
    """A configuration: servers by name (an URL, a command or a whole entry), one policy called `open` unless
    `policies` are given, and a grant `ci` for all servers unless `grants` are."""
    entries = {
        name: {"url": one} if isinstance(one, str) else {"command": one} if isinstance(one, list) else one
        for name, one in servers.items()
    }
    policies = settings.pop("policies", {"open": policy or OPEN})
    paths = {}
    for name, document in policies.items():
        path = (folder or Path(".")) / f"{name}.policy.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        paths[name] = path.name
    names = list(entries)
    grants = grants or [grant("ci", names[0] if len(names) == 1 else names)]
    document = {
        "listen": "127.0.0.1:0",
        "log": "log",
        "servers": entries,
        "policies": paths,
        "grants": grants,
    }
    return {key: value for key, value in (document | settings).items() if value is not None}


def environment_of(folder: Path) -> dict[str, str]:
    """What a service's environment holds, with homes of its own under the folder."""
    runtime = folder / "r"
    runtime.mkdir(exist_ok=True, mode=0o700)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TOLLGATE_HOME": str(folder / "home"),
        "XDG_STATE_HOME": str(folder / "state"),
        "XDG_RUNTIME_DIR": str(runtime),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "SWIFT_BACKTRACE": "enable=no",
    }


@contextlib.contextmanager
def running_gateway(
    folder: Path,
    servers: dict[str, Any],
    policy: dict[str, Any] | None = None,
    grants: list[dict[str, Any]] | None = None,
    env: dict[str, str] | None = None,
    options: list[str] | None = None,
    **settings: Any,
) -> Iterator[Gateway]:
    """Runs `tollgate serve` on a free port while the block runs; afterwards it must still stand and end well."""
    folder.mkdir(parents=True, exist_ok=True)
    document = configuration(servers, policy, grants, folder, **settings)
    gateway = Gateway(folder, document, environment_of(folder) | (env or {}))
    gateway.options = options or []
    try:
        yield gateway.start()
        if gateway.running:
            assert gateway.stop() == 0, gateway.error_text()[-3000:]
    finally:
        if gateway.child is not None:
            gateway.kill()


@contextlib.contextmanager
def behind(
    folder: Path, answer: Answer | None = None, policy: dict[str, Any] | None = None, **settings: Any
) -> Iterator[tuple[Gateway, Upstream]]:
    """A gateway before one scripted upstream, which it calls `up`; `up` among the settings adds to its entry."""
    with Upstream(answer) as upstream:
        entry = {"url": upstream.url} | settings.pop("up", {})
        with running_gateway(folder, {"up": entry}, policy, **settings) as gateway:
            yield gateway, upstream


def together(count: int, act: Callable[[int], Any], timeout: float = 60) -> list[Any]:
    """Runs `act(0)` … `act(count - 1)` at once; their values in order. The first failure is raised."""
    values: list[Any] = [None] * count
    failures: list[BaseException] = []

    def one(index: int) -> None:
        try:
            values[index] = act(index)
        except BaseException as error:  # noqa: BLE001 - handed to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=one, args=(index,), daemon=True) for index in range(count)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + timeout
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    assert not any(thread.is_alive() for thread in threads), "not all came to their end in time"
    if failures:
        raise failures[0]
    return values

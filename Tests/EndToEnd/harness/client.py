"""An MCP client over a child's pipes, written by hand: every byte is the test's own, and every byte back is kept."""

from __future__ import annotations

import hashlib
import json
import os
import queue
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

STATELESS_META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "by-hand", "version": "1"},
}
DECISION = "tollgate/decision"


class NoAnswer(AssertionError):
    """The awaited answer did not come: the child ended, or the time ran out."""


class Client:
    """One child process spoken to line by line. Use it as a context manager: it never leaves the child behind."""

    def __init__(self, command: list[str], environment: dict[str, str], errors: Path, timeout: float = 60) -> None:
        self.timeout, self.errors = timeout, errors
        self.received_hash, self.received_bytes = hashlib.sha256(), 0
        self.messages: list[Any] = []
        self.offered: list[str] = []
        self._answers: dict[Any, dict[str, Any]] = {}
        self._changed = threading.Condition()
        self._ended = False
        self._last_id = 0
        with errors.open("ab") as stream:
            self.child = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stream, env=environment, bufsize=0
            )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        self._reader.join(10)
        self.child.stdin.close()
        self.child.stdout.close()

    # --- out ---

    def write(self, data: bytes) -> None:
        """The bytes as they are; the child may have gone, which only shows in missing answers."""
        view = memoryview(data)
        try:
            while view:
                view = view[self.child.stdin.write(view) :]
        except (BrokenPipeError, ValueError):
            pass

    def send(self, message: dict[str, Any]) -> None:
        self.write(json.dumps({"jsonrpc": "2.0", **message}, separators=(",", ":")).encode() + b"\n")

    def request(self, method: str, params: dict[str, Any] | None = None, rpc_id: Any = None) -> Any:
        """Sends a request without waiting; returns its id."""
        if rpc_id is None:
            self._last_id += 1
            rpc_id = self._last_id
        self.send({"id": rpc_id, "method": method, **({} if params is None else {"params": params})})
        return rpc_id

    # --- in ---

    def answer(self, rpc_id: Any, timeout: float | None = None) -> dict[str, Any]:
        with self._changed:
            self._changed.wait_for(
                lambda: rpc_id in self._answers or self._ended, self.timeout if timeout is None else timeout
            )
            if rpc_id not in self._answers:
                state = "the child has ended" if self._ended else "in time"
                raise NoAnswer(f"no answer to {rpc_id!r}: {state}; its errors: {self.error_text()[-2000:]}")
            return self._answers[rpc_id]

    def answered(self) -> dict[Any, dict[str, Any]]:
        """Every answer so far, by id."""
        with self._changed:
            return dict(self._answers)

    def wait_for_messages(self, count: int, timeout: float | None = None) -> None:
        with self._changed:
            self._changed.wait_for(
                lambda: len(self.messages) >= count or self._ended, self.timeout if timeout is None else timeout
            )
            if len(self.messages) < count:
                raise NoAnswer(f"{len(self.messages)} of {count} messages came; errors: {self.error_text()[-2000:]}")

    def wait_for_bytes(self, count: int, timeout: float | None = None) -> None:
        with self._changed:
            self._changed.wait_for(
                lambda: self.received_bytes >= count or self._ended, self.timeout if timeout is None else timeout
            )

    # --- whole exchanges ---

    def ask(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        return self.answer(self.request(method, params))

    def handshake(self, name: str = "by-hand", version: str = "2025-11-25") -> dict[str, Any]:
        """Opens a session as clients do: initialize, initialized, and every page of the tools on offer."""
        opening = {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": name, "version": "1"}}
        answer = self.ask("initialize", opening)
        self.send({"method": "notifications/initialized"})
        cursor: dict[str, Any] = {}
        while True:
            page = self.ask("tools/list", cursor).get("result", {})
            self.offered += [tool["name"] for tool in page.get("tools", [])]
            if "nextCursor" not in page:
                return answer
            cursor = {"cursor": page["nextCursor"]}

    def call(self, tool: str, arguments: dict[str, Any] | None = None, rpc_id: Any = None) -> dict[str, Any]:
        return self.answer(self.request_call(tool, arguments, rpc_id))

    def request_call(self, tool: str, arguments: dict[str, Any] | None = None, rpc_id: Any = None) -> Any:
        return self.request("tools/call", {"name": tool, "arguments": arguments or {}}, rpc_id)

    # --- the end ---

    def close(self, timeout: float = 30) -> int:
        """Closes the child's input and waits for its end; returns its exit status."""
        self.child.stdin.close()
        status = self.child.wait(timeout)
        self._reader.join(timeout)
        return status

    def kill(self) -> None:
        """SIGKILL, by the id of the child this client started."""
        os.kill(self.child.pid, signal.SIGKILL)
        self.child.wait()
        self._reader.join(30)

    def error_text(self) -> str:
        return self.errors.read_text(errors="replace")

    def _read(self) -> None:
        pending = b""
        while data := self.child.stdout.read(1 << 16):
            with self._changed:
                self.received_hash.update(data)
                self.received_bytes += len(data)
                *lines, pending = (pending + data).split(b"\n") if b"\n" in data else [pending + data]
                for line in lines:
                    self._keep(line)
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _keep(self, line: bytes) -> None:
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            message = None
        self.messages.append(message)
        if isinstance(message, dict) and "method" not in message and isinstance(message.get("id"), (str, int, float)):
            self._answers[message["id"]] = message


class Busy:
    """Makes four calls in the background each time it is nudged, and counts those answered."""

    def __init__(self, client: Client) -> None:
        self.client, self.answered = client, 0
        self._nudges: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> Busy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._nudges.put(False)
        self._thread.join()

    def nudge(self) -> None:
        self._nudges.put(True)

    def _work(self) -> None:
        while self._nudges.get():
            pending = [self.client.request_call("echo", {"n": number}) for number in range(4)]
            for rpc_id in pending:
                self.client.answer(rpc_id)
                self.answered += 1


def verdict(message: dict[str, Any]) -> str:
    """How a call ended: `ok`, `tool_error`, `rpc_error`, or the gateway's own `deny` and `throttle`."""
    if "error" in message:
        data = message["error"].get("data")
        own = data.get(DECISION) if isinstance(data, dict) else None
        return own["decision"] if own else "rpc_error"
    own = message["result"].get("_meta", {}).get(DECISION)
    if own:
        return own["decision"]
    return "tool_error" if message["result"].get("isError") else "ok"


def until(condition: Any, timeout: float = 30, what: str = "the condition") -> Any:
    """Polls until `condition()` is true, and returns its value."""
    end = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < end, f"{what} did not come true within {timeout:.0f} s"
        time.sleep(0.01)
    return value

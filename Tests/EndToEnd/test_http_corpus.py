"""Hostile and harmless HTTP requests: what two readers could read differently reaches no server."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.gateway import Gateway, running_gateway
from harness.http_upstream import Exchange, Upstream
from harness.paths import CORPORA

ROUTING = {"mcp-protocol-version", "mcp-method", "mcp-name"}


@dataclass(frozen=True)
class Case:
    """One request, and what a gateway must do with it."""

    name: str
    segments: list[bytes]
    statuses: list[int]
    message: bytes | None
    """What reaches the server; None where nothing may."""
    reason: str | None


def load() -> list[Case]:
    rows = map(json.loads, (CORPORA / "http" / "cases.jsonl").read_text().splitlines())
    return [_case(row) for row in rows]


def _case(row: dict[str, Any]) -> Case:
    assert row["expect"] in ("forward", "refuse"), row["name"]
    assert ("message" in row) == (row["expect"] == "forward"), row["name"]
    segments = [base64.b64decode(one, validate=True) for one in row.get("segments") or [row["raw"]]]
    message = row["message"].encode() if "message" in row else None
    return Case(row["name"], segments, row["status"], message, row.get("reason"))


def send(gateway: Gateway, case: Case) -> int:
    """Sends the case on a connection of its own; the first answer's status, 0 where there is none."""
    host = f"{gateway.host}:{gateway.port}".encode()
    target = gateway.target()
    with socket.create_connection((gateway.host, gateway.port), timeout=10) as peer:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # The gateway may end the connection before all has been sent.
        with contextlib.suppress(OSError):
            for segment in case.segments:
                data = segment.replace(b"@HOST@", host).replace(b"@PATH@", target.path.encode())
                peer.sendall(data.replace(b"@TOKEN@", target.token.encode()))
        return _first_status(peer, case.name)


def _first_status(peer: socket.socket, name: str, timeout: float = 10) -> int:
    """The status of the first answer that is no interim one. Who waits for more bytes gets no more after a while."""
    received, end, patience = b"", time.monotonic() + timeout, time.monotonic() + 1.5
    while time.monotonic() < end:
        if found := _status(received):
            return found
        peer.settimeout(0.2)
        try:
            data = peer.recv(1 << 16)
        except TimeoutError:
            if time.monotonic() > patience:
                with contextlib.suppress(OSError):
                    peer.shutdown(socket.SHUT_WR)
            continue
        except ConnectionError:
            return 0
        if not data:
            return 0
        received += data
    raise AssertionError(f"{name}: neither an answer nor an end of the connection within {timeout:.0f} s")


def _status(received: bytes) -> int | None:
    while b"\r\n\r\n" in received:
        head, _, received = received.partition(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        if status >= 200:
            return status
    return None


def doubled(exchange: Exchange) -> list[str]:
    """The routing headers that reached the server more than once, for a server to which `_` is `-`."""
    names = Counter(name.replace("_", "-") for name, _ in exchange.header_lines)
    return [name for name in ROUTING if names[name] > 1]


def reasons(found: list[dict[str, Any]]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for one in found:
        if one["kind"] == "decision" and one["decision"] == "deny" or one.get("event") == "refused":
            counted[one["reason"]] += one.get("n", 1)
    return counted


def test_only_what_all_read_alike_reaches_the_server(tmp_path: Path, say: Callable[[str], None]) -> None:
    cases = load()
    assert len(cases) >= 60 and len({case.name for case in cases}) == len(cases)
    wrong: list[str] = []
    with Upstream() as upstream, running_gateway(tmp_path / "gateway", {"up": upstream.url}) as gateway:
        for case in cases:
            status = send(gateway, case)
            if status not in case.statuses:
                wrong.append(f"{case.name}: status {status}, not {case.statuses}")
        expected = Counter(case.reason for case in cases if case.reason)
        missing: Counter[str] = Counter()
        try:
            gateway.records(lambda all: expected <= reasons(all))
        except AssertionError:
            missing = expected - reasons(gateway.now())
        posts = upstream.of("POST")

    arrived = Counter(one.body for one in posts)
    wanted = Counter(case.message for case in cases if case.message is not None)
    wrong += [f"{case.name}: did not arrive" for case in cases if case.message and not arrived[case.message]]
    wrong += [f"arrived {count} times: {body!r}" for body, count in arrived.items() if count != wanted[body]]
    wrong += [f"{one.message['method']} arrived with {doubled(one)} twice" for one in posts if doubled(one)]
    wrong += [f"{count} refusals with the reason {reason} are not recorded" for reason, count in missing.items()]
    refused = sum(case.message is None for case in cases)
    say(f"HTTP requests: forwarded {sum(wanted.values())}, refused {refused}, {sum(expected.values())} for one reason")
    assert not wrong, "\n".join(wrong)


def test_nothing_of_the_corpus_names_the_forbidden_tool_openly() -> None:
    for case in load():
        if case.message is not None:
            assert b"delete_account" not in case.message, case.name

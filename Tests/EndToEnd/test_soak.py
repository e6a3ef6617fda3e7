"""The short form of `soak.py`, and idle sessions by the thousand."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

import soak
from harness.client import until
from harness.gateway import running_gateway
from harness.http_client import Connection, head
from harness.parts import over_http
from harness.paths import TESTS

SECONDS = float(os.environ.get("TOLLGATE_SOAK_SECONDS", "20"))
SEED = int(os.environ.get("TOLLGATE_SEED", "1"))
SESSIONS = int(os.environ.get("TOLLGATE_SESSIONS", "10000"))
MOST_BYTES = 300 << 20
BATCH = 50


def test_a_soak_leaves_nothing_unaccounted(tmp_path: Path, say) -> None:
    assert soak.soak(tmp_path, SECONDS, SEED, say=say) == []


def test_the_soaks_comparison_finds_what_is_missing_or_different() -> None:
    """The measure itself: a call that is not logged, one that is logged twice, and one with another end."""
    account = soak.Account()
    for name, how in (("a", "ok"), ("b", "ok"), ("c", "deny"), ("d", "left"), ("e", "ok")):
        account.note(name, how)
    account.note_refusal("host")

    def call(seq: int, name: str, decision: str = "allow") -> dict:
        shared = {"kind": "decision", "method": "tools/call", "tool": "t", "seq": seq}
        return shared | {"rpc_id": f'"{name}"', "decision": decision, "reason": "x"}

    found = [call(0, "a"), call(1, "b"), call(2, "b"), call(3, "c", "throttle"), call(4, "d")]
    found += [{"kind": "outcome", "of": of, "outcome": "ok", "seq": 9 + of} for of in (0, 1, 2)]
    found.append({"kind": "outcome", "of": 4, "outcome": "disconnected", "seq": 20})
    wrong = soak.differences(account, soak.Ledger(found))
    assert len(wrong) == 4, wrong
    assert [line.split()[0].rstrip(":") for line in wrong] == ["b", "c", "e", "host"]


def test_ten_thousand_idle_sessions_are_cheap(tmp_path: Path, say) -> None:
    """Each with an open stream, as far as the limit on open files lets one process hold both ends of it."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    streams = min(SESSIONS, (limit - 500) // 2)
    part = [sys.executable, "-S", "-E", str(TESTS / "parts" / "idle_upstream.py")]
    opening = (
        b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{}}}'
    )
    settings = {"limits": {"sessions": SESSIONS, "sessions_per_grant": SESSIONS}, "durability": "interval:100ms"}
    with over_http(part, tmp_path / "part") as url, running_gateway(tmp_path, {"up": url}, **settings) as gateway:
        target = gateway.target()
        shared = {"Host": f"{target.host}:{target.port}", "Authorization": f"Bearer {target.token}"}
        shared |= {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        post = head("POST", target, shared | {"Content-Length": str(len(opening))}) + opening
        before, held, opened = gateway.rss(), [], 0
        try:
            while opened < SESSIONS:  # many at once, so that no side waits for another
                batch = [Connection(target.host, target.port) for _ in range(min(BATCH, SESSIONS - opened))]
                for connection in batch:
                    connection.write(post)
                answers = [connection.response().read() for connection in batch]
                assert {answer.status for answer in answers} == {200}, [bytes(answer.body[:200]) for answer in answers]
                opened += len(batch)
                kept = batch[: max(0, streams - len(held))]
                for connection, answer in zip(kept, answers):
                    own = {"Mcp-Session-Id": answer.header("mcp-session-id"), "Content-Length": "0"}
                    connection.write(head("GET", target, shared | own))
                assert {connection.response().status for connection in kept} <= {200}
                held += kept
                for connection in batch[len(kept) :]:
                    connection.leave()
            until(lambda: len(gateway.now()) >= SESSIONS, timeout=30, what="their records")
            size = gateway.rss()
            with gateway.caller() as agent:
                assert agent.stateless("ping").status == 200
        finally:
            for connection in held:
                connection.leave()
    each = (size - before) / SESSIONS / 1024
    why = "" if streams == SESSIONS else f" (the limit of {limit} open files allows no more streams)"
    say(f"{SESSIONS} idle sessions, {streams} with an open stream{why}: {size >> 20} MiB, {each:.1f} KiB each")
    assert size <= MOST_BYTES

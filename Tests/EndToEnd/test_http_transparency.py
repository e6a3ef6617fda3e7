"""Line 3 over HTTP: random exchanges have the same bytes on both sides of the gateway, and each has its record.

`TOLLGATE_EXCHANGES=20000` makes it long; `TOLLGATE_SEED=7` starts elsewhere.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections import deque
from pathlib import Path

import pytest
from harness import logs
from harness.exchanges import Trial, trials
from harness.gateway import running_gateway
from harness.http_client import Caller, Target
from harness.http_upstream import Upstream
from harness.relay import Relay

EXCHANGES = int(os.environ.get("TOLLGATE_EXCHANGES", "100"))
SEED = int(os.environ.get("TOLLGATE_SEED", "1"))


class Difference(AssertionError):
    """Bytes that are not what the other side sent."""


class Digests:
    """Everything each side sent, and everything the other got, hashed as it goes."""

    def __init__(self) -> None:
        self.of = {name: hashlib.sha256() for name in ("client sent", "server got", "server sent", "client got")}

    def add(self, trial: Trial, **seen: tuple[str, bytes, bytes]) -> None:
        for what, (direction, sent, got) in seen.items():
            source, drain = direction.split(" → ")
            self.of[f"{source} sent"].update(sent)
            self.of[f"{drain} got"].update(got)
            if sent != got:
                at = next((i for i, (a, b) in enumerate(zip(sent, got)) if a != b), min(len(sent), len(got)))
                raise Difference(
                    f"exchange {trial.index} ({trial.method}): {what} differs at byte {at} of {len(sent)} and "
                    f"{len(got)}: {sent[max(0, at - 40) : at + 40]!r} became {got[max(0, at - 40) : at + 40]!r}"
                )

    def hex(self) -> dict[str, str]:
        return {name: value.hexdigest()[:16] for name, value in self.of.items()}


def play(target: Target, upstream: Upstream, seed: int, count: int) -> tuple[Digests, list[Trial]]:
    """Carries out the exchanges one after another; the first byte that differs ends them."""
    digests, done = Digests(), []
    waiting: deque[Trial] = deque()
    lock = threading.Lock()

    def answer(_: object) -> list:
        with lock:
            return waiting.popleft().steps

    upstream.answer = answer
    with Caller(target, timeout=30) as agent:
        for trial in trials(seed, count):
            with lock:
                waiting.append(trial)
            got = agent.send(trial.request, chunks=trial.cuts, **trial.headers)
            assert got.status == 200, f"exchange {trial.index} ({trial.method}): {got.status} {bytes(got.body[:300])!r}"
            exchange = upstream.exchanges[-1]
            kind = "text/event-stream" if b"event-stream" in trial.steps[0] else "application/json"
            digests.add(
                trial,
                request=("client → server", trial.request, exchange.body),
                answer=("server → client", trial.answer, bytes(got.body)),
                kind=("server → client", kind.encode(), (got.header("content-type") or "").encode()),
            )
            done.append(trial)
    assert len(upstream.exchanges) == count, "the upstream gets every request once"
    return digests, done


@pytest.mark.parametrize("seed", [SEED, SEED + 1])
def test_random_exchanges_have_equal_bytes_on_both_sides(tmp_path: Path, seed: int, say) -> None:
    print(f"seed {seed}, {EXCHANGES} exchanges")
    with Upstream() as upstream, running_gateway(tmp_path, {"up": upstream.url}) as gateway:
        digests, done = play(gateway.target(), upstream, seed, EXCHANGES)
        found = gateway.records()
    recorded = logs.decisions(found)
    assert [(one["rpc_id"], one["method"]) for one in recorded] == [(one.rpc_id, one.method) for one in done]
    assert {one["decision"] for one in recorded} == {"allow"}
    outcomes = [logs.outcome_of(found, one)["outcome"] for one in recorded]
    calls = [index for index, one in enumerate(done) if one.method == "tools/call"]
    assert [outcomes[index] for index in calls] == [done[index].outcome for index in calls]
    say(f"HTTP transparency: seed {seed}, {len(done)} exchanges, {digests.hex()}")
    assert digests.hex()["server got"] == digests.hex()["client sent"]
    assert digests.hex()["client got"] == digests.hex()["server sent"]


def test_without_a_gateway_the_measure_finds_equality() -> None:
    with Upstream() as upstream:
        digests, done = play(Target.at(upstream.url), upstream, SEED, 60)
    assert len(done) == 60 and digests.hex()["client got"] == digests.hex()["server sent"]


@pytest.mark.parametrize("direction", ["up", "down"])
def test_the_measure_finds_one_changed_byte(direction: str) -> None:
    """A relay that swaps one number's spelling, as an intermediary that writes JSON anew would."""

    def change(data: bytes) -> bytes:
        return data.replace(b"1e400", b"1E400")

    with Upstream() as upstream, Relay(upstream.host, upstream.port, **{direction: change}) as relay:
        with pytest.raises(Difference, match="request" if direction == "up" else "answer"):
            play(Target(relay.host, relay.port), upstream, SEED, 60)

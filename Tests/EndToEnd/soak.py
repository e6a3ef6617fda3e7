#!/usr/bin/env python3
"""A gateway under mixed load for a long time: does its memory stay flat, and is every call in its log exactly once?

    python soak.py --seconds 3600 [--seed 1] [--agents 3] [--only gateway]

Agents call in both eras, are denied and limited, read streams slowly, leave in the middle, open and close sessions;
others send bad requests. Each writes down what it did. At the end the two accounts are compared, call by call.
"""

from __future__ import annotations

import argparse
import itertools
import random
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness import logs  # noqa: E402
from harness.client import verdict  # noqa: E402
from harness.gateway import Gateway, grant, refusals, running_gateway  # noqa: E402
from harness.http_client import Response  # noqa: E402
from harness.http_upstream import (  # noqa: E402
    LAST_CHUNK,
    Exchange,
    Server,
    Step,
    Upstream,
    chunk,
    event,
    plain,
    result,
    stream,
    stream_head,
)

NOTE = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "x" * 200}}
LIMIT = {"counter": "limited", "window": "minute", "max": 30, "scope": "grant"}
POLICY = {"version": "1", "default": "allow", "tools": {"limited": {"limits": [LIMIT]}}, "hide": ["hidden"]}
TOOLS = ["fine"] * 6 + ["streams", "streams", "fails", "wrong", "status", "limited", "limited", "hidden"]
LEFT = {"disconnected", "cancelled", "ok", "upstream_down"}
"""What the log may say of a call whose client left before its end: it depends on who was quicker."""
BAD = {
    "identity_unresolved": {"Authorization": "Bearer tg_nobody"},
    "host": {"Host": "evil.example"},
    "origin": {"Origin": "http://evil.example"},
}


def answers(exchange: Exchange) -> list[Step]:
    """The upstream's tools, by name."""
    done = {"content": [{"type": "text", "text": "y" * random.randrange(2000)}], "isError": False}
    match exchange.message["params"]["name"]:
        case "streams":
            return stream(*[event(NOTE, id=number) for number in range(5)], event(result(exchange, done)))
        case "long":
            many = [chunk(event(NOTE) * 50) for _ in range(40)]
            return [stream_head(), *many, chunk(event(result(exchange, done))), LAST_CHUNK]
        case "slow":
            return stream(event(NOTE), 0.3, event(NOTE), 0.3, event(result(exchange, done)))
        case "fails":
            return [plain(result(exchange, done | {"isError": True}))]
        case "wrong":
            return [plain(b'{"jsonrpc":"2.0","id":%s,"error":{"code":-32001,"message":"m"}}' % exchange.id_token())]
        case "status":
            return [plain(b"no", 500, kind="text/plain")]
    return [plain(result(exchange, done))]


class Account:
    """What the clients know: each call's id with how it ended, and how many bad requests were refused for what."""

    def __init__(self) -> None:
        self.calls: dict[str, str] = {}
        self.refused: Counter[str] = Counter()
        self.sessions = 0
        self.failures: list[str] = []
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def new_id(self, who: str) -> str:
        return f"{who}-{next(self._numbers)}"

    def note(self, rpc_id: str, how: str) -> None:
        with self._lock:
            assert rpc_id not in self.calls
            self.calls[rpc_id] = how

    def note_refusal(self, reason: str) -> None:
        with self._lock:
            self.refused[reason] += 1


def ending(answer: Response) -> str:
    """How a call ended, as its client sees it."""
    if answer.status != 200:
        return "http_error"
    return verdict(answer.read().messages()[-1])


class Load:
    """The threads that make the load; all end soon after `stop` is called."""

    def __init__(self, gateway: Gateway, seed: int, agents: int) -> None:
        self.gateway, self.account = gateway, Account()
        self._over = threading.Event()
        kinds: list[Callable[[random.Random, str], None]] = [self.caller] * agents
        kinds += [self.session, self.leaver, self.slow_reader, self.nuisance]
        self.threads = [
            threading.Thread(target=self._repeat, args=(kind, random.Random(seed * 1000 + number), f"a{number}"))
            for number, kind in enumerate(kinds)
        ]
        self.names = [f"a{number}" for number in range(len(kinds))]

    def start(self) -> None:
        for thread in self.threads:
            thread.daemon = True
            thread.start()

    def stop(self) -> None:
        self._over.set()
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive(), "an agent hangs"

    def _repeat(self, kind: Callable[[random.Random, str], None], rng: random.Random, name: str) -> None:
        while not self._over.is_set():
            try:
                kind(rng, name)
            except Exception as error:  # noqa: BLE001 - whatever it is, the run has failed, and says why
                self.account.failures.append(f"{kind.__name__}: {error!r}"[:500])
                return

    def caller(self, rng: random.Random, name: str) -> None:
        """A hundred calls in either era over one connection."""
        with self.gateway.caller(name) as agent:
            for _ in range(100):
                if self._over.is_set():
                    return
                rpc_id, tool = self.account.new_id(name), rng.choice(TOOLS)
                arguments = {"text": "z" * rng.randrange(3000)}
                if rng.random() < 0.5:
                    answer = agent.stateless_call(tool, arguments, rpc_id=rpc_id)
                else:
                    answer = agent.call(tool, arguments, rpc_id=rpc_id)
                self.account.note(rpc_id, ending(answer))
                self._over.wait(rng.random() * 0.02)

    def session(self, rng: random.Random, name: str) -> None:
        """Opens a session with a stream, calls a few times, and closes it or just leaves."""
        with self.gateway.caller(name) as agent:
            agent.handshake()
            self.account.sessions += 1
            own = agent.open(None, "GET", Accept="text/event-stream", MCP_Protocol_Version=agent.version)
            assert own.status == 200
            for _ in range(rng.randrange(5)):
                rpc_id = self.account.new_id(name)
                self.account.note(rpc_id, ending(agent.call("fine", {}, rpc_id=rpc_id)))
            if rng.random() < 0.7:
                assert agent.send(None, "DELETE").status in (200, 204)

    def leaver(self, rng: random.Random, name: str) -> None:
        """Leaves in the middle of a call's stream, politely or not."""
        with self.gateway.caller(name) as agent:
            rpc_id = self.account.new_id(name)
            if rng.random() < 0.5:
                answer = agent.open_stateless("tools/call", {"name": "slow", "arguments": {}}, rpc_id=rpc_id)
            else:
                answer = agent.open_call("slow", rpc_id=rpc_id)
            answer.event()
            self.account.note(rpc_id, "left")
            if rng.random() < 0.5:
                answer.connection.abort()
            self._over.wait(rng.random() * 0.2)

    def slow_reader(self, rng: random.Random, name: str) -> None:
        """Takes half a megabyte of events with pauses."""
        with self.gateway.caller(name) as agent:
            rpc_id = self.account.new_id(name)
            answer = agent.open_stateless("tools/call", {"name": "long", "arguments": {}}, rpc_id=rpc_id)
            while not answer.whole:
                answer.read_some()
                self._over.wait(rng.random() * 0.02)
            self.account.note(rpc_id, ending(answer))

    def nuisance(self, rng: random.Random, name: str) -> None:
        """Bad tokens, hosts, origins, and messages that are none."""
        with self.gateway.caller(name) as agent:
            reason = rng.choice([*BAD, "malformed", "batch"])
            if reason in BAD:
                answer = agent.stateless("ping", **BAD[reason])
            else:
                answer = agent.send(b"[]" if reason == "batch" else b'{"jsonrpc":"2.0","id":1,"id":2}')
            assert 400 <= answer.status < 500, (reason, answer.status)
            self.account.note_refusal(reason)
            self._over.wait(0.02)


class Ledger:
    """What the log says, in one pass and without keeping the records: an hour's are millions."""

    def __init__(self, found: Iterable[logs.Record]) -> None:
        self.decisions: dict[str, tuple[int, str]] = {}
        self.outcomes: dict[int, str] = {}
        self.twice: list[str] = []
        self.refused: Counter[str] = Counter()
        for one in found:
            self._add(one)

    def _add(self, one: logs.Record) -> None:
        if one["kind"] == "outcome":
            self.outcomes[one["of"]] = one["outcome"]
        elif one["kind"] == "decision" and one["method"] == "tools/call":
            name = one["rpc_id"].strip('"')
            if name in self.decisions:
                self.twice.append(name)
            self.decisions[name] = (one["seq"], one["decision"])
        for reason, count in refusals([one]).items():
            self.refused[reason] += count

    def ending(self, name: str) -> str | None:
        """How the log says that a call ended."""
        if name not in self.decisions:
            return None
        seq, decision = self.decisions[name]
        return self.outcomes.get(seq, "no outcome") if decision == "allow" else decision


def differences(account: Account, ledger: Ledger) -> list[str]:
    """Everything in which the clients' account and the log do not agree."""
    wrong = account.failures + [f"{name} is in the log twice" for name in ledger.twice]
    wrong += [f"{name} is in the log alone" for name in ledger.decisions if name not in account.calls]
    for name, how in account.calls.items():
        logged = ledger.ending(name)
        if logged is None:
            wrong.append(f"{name} ({how}) is not in the log")
        elif logged != how and not (how == "left" and logged in LEFT):
            wrong.append(f"{name}: the client saw {how}, the log says {logged}")
    for reason, count in account.refused.items():
        if ledger.refused[reason] != count:
            wrong.append(f"{reason}: {count} requests were refused, {ledger.refused[reason]} are in the log")
    return wrong


def at_rest(gateway: Gateway, quiet: float = 2, timeout: float = 120) -> None:
    """Returns once the log has not grown for a while: what is in flight is over."""
    end, last, since = time.monotonic() + timeout, -1, time.monotonic()
    while time.monotonic() - since < quiet:
        assert time.monotonic() < end, "the log still grows, long after its last caller has gone"
        if (size := sum(segment.stat().st_size for segment in logs.segments(gateway.log))) != last:
            last, since = size, time.monotonic()
        time.sleep(0.1)


def soak(
    folder: Path, seconds: float, seed: int, agents: int = 3, say: Callable[[str], Any] = print, only: str | None = None
) -> list[str]:
    """Runs the load; returns everything that is wrong afterwards.

    `only` names a part of `serve`. With the ingester in the process, memory grows until its page cache, 16 MiB, is full.
    """
    server = Server(tools=["fine", "hidden"], sessions=True)
    server.answers = {"tools/call": answers, "GET": lambda _: stream(event(NOTE), 3600.0)}
    names = [f"a{number}" for number in range(agents + 4)]
    # So few that those whom their clients just left are at their bound before the memory is first looked at.
    bounds = {"sessions_per_grant": 100}
    with Upstream(server) as upstream:
        grants = [grant(name) for name in names]
        words = ["--only", only] if only else []
        with running_gateway(folder, {"up": upstream.url}, POLICY, grants, limits=bounds, options=words) as gateway:
            load, sizes, began = Load(gateway, seed, agents), [], time.monotonic()
            load.start()
            while time.monotonic() - began < seconds and not load.account.failures:
                time.sleep(min(1.0, seconds / 40))
                sizes.append(gateway.rss() / (1 << 20))
                del upstream.exchanges[:-100]
            load.stop()
            at_rest(gateway)
            wrong = differences(load.account, Ledger(logs.salvage(gateway.log)))
            checked = gateway.command("log", "verify", "--log", "log", expect=None, timeout=60 + seconds)
            if checked.returncode != 0:
                wrong.append(f"log verify: {checked.stderr.strip()}")
    quarter = max(1, len(sizes) // 4)
    before, after = statistics.median(sizes[quarter : 2 * quarter]), statistics.median(sizes[-quarter:])
    if after > before * 1.15 + 8:
        wrong.append(f"memory grew from {before:.0f} to {after:.0f} MiB")
    kinds = Counter(load.account.calls.values())
    say(
        f"soak, {seconds:.0f} s, seed {seed}: {len(load.account.calls)} calls {dict(sorted(kinds.items()))}, "
        f"{load.account.sessions} sessions, {sum(load.account.refused.values())} refusals, "
        f"memory {before:.0f} → {after:.0f} MiB, {len(wrong)} unaccounted"
    )
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--agents", type=int, default=3)
    parser.add_argument("--only", help="one part of serve: gateway")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tollgate-soak-") as folder:
        wrong = soak(Path(folder), options.seconds, options.seed, options.agents, only=options.only)
    for line in wrong[:50]:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""A `tollgate serve` with traffic behind it, and a Prometheus that has seen all of it."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import logs
from .client import until
from .gateway import Gateway, grant, running_gateway, token
from .http_upstream import Upstream
from .prometheus import Prometheus, prometheus

DASHBOARD = re.compile(r"dashboard on (http://[^/\s]+)/")
SECRET = token("dashboard")
POLICY = {
    "version": "1",
    "default": "deny",
    "tools": {
        "echo": {"limits": [{"counter": "echo_rate", "window": "hour", "max": 30, "scope": "grant"}]},
        "look": {},
        "risky": {"deny_if": [{"conditions": [{"path": "args.force", "op": "eq", "value": True}]}]},
    },
}


@dataclass
class Scraped:
    """A gateway with traffic behind it, and a Prometheus that has seen all of it."""

    gateway: Gateway
    url: str
    prometheus: Prometheus
    records: list[logs.Record]
    watch: list[logs.Record]


def traffic(gateway: Gateway, rounds: int) -> None:
    """Calls of two agents: most pass, some are denied, throttled, made up or nobody's."""
    with gateway.caller("ci", "ecs") as ci, gateway.caller("bot", "time") as bot:
        ci.handshake()
        ci.ask("tools/list")
        for number in range(rounds):
            ci.call("echo", {"app": "shop"})
            bot.stateless_call("look", {"n": number})
            ci.call("risky", {"force": number % 2 == 0})
        bot.stateless_call('made"up\\', {})
        bot.stateless_call("made-up-too", {})


def strangers(gateway: Gateway, count: int) -> None:
    target = gateway.target("ci", "ecs")
    with type(gateway.caller())(type(target)(target.host, target.port, target.path, "tg_" + "0" * 64)) as stranger:
        for _ in range(count):
            assert stranger.stateless_call("echo", {}).status == 401


def safely(server: Prometheus, query: str, absent: float = 0) -> float:
    """A sum; `absent` where there is nothing, or no Prometheus yet."""
    with contextlib.suppress(OSError):
        found = server.ask(query)
        return sum(value for _, value in found) if found else absent
    return absent


@contextlib.contextmanager
def scraped_gateway(folder: Path) -> Iterator[Scraped]:
    """Runs both while the block runs."""
    dashboard = {"listen": "127.0.0.1:0", "token_sha256": hashlib.sha256(SECRET.encode()).hexdigest()}
    with contextlib.ExitStack() as stack:
        ecs, time = stack.enter_context(Upstream()), stack.enter_context(Upstream())
        gateway = stack.enter_context(
            running_gateway(
                folder, {"ecs": ecs.url, "time": time.url}, POLICY,
                [grant("ci", ["ecs", "time"]), grant("bot", "time")],
                dashboard=dashboard, watch={"sinks": ["file:alerts.ndjson"]},
            )
        )  # fmt: skip
        url = until(lambda: DASHBOARD.search(gateway.error_text()), what="the dashboard's address")[1]
        server = stack.enter_context(prometheus(folder / "prometheus", [url.removeprefix("http://")], SECRET))
        traffic(gateway, 12)
        until(lambda: safely(server, "sum(tollgate_decisions_total)") > 0, what="the first calls", timeout=90)
        traffic(gateway, 25)
        # A series that comes with its first value has no increase yet.
        stopped = 'sum(tollgate_decisions_total{reason="limit"})'
        until(lambda: safely(server, stopped) > 0, what="the first that were stopped", timeout=90)
        traffic(gateway, 5)
        strangers(gateway, 60)
        # The second after the last refusal has its numbers.
        gateway.refused("identity_unresolved", 60)
        alert = lambda: any(one.get("event") == "alert" for one in logs.salvage(folder / "watch"))  # noqa: E731
        until(lambda: (folder / "watch" / "seg").exists() and alert(), what="an alert of the loop", timeout=90)
        records, watch = gateway.records(), list(logs.salvage(folder / "watch"))
        until(
            lambda: safely(server, 'sum(tollgate_log_records_total{log="log"})') >= len(records)
            and safely(server, 'sum(tollgate_log_records_total{log="watch"})') >= len(watch)
            and safely(server, 'sum(tollgate_ingest_behind_records{log="log"})', absent=1) == 0
            and safely(server, "count(instance:tollgate_calls:rate5m)") > 0,
            what="all of it in Prometheus",
            timeout=90,
        )
        yield Scraped(gateway, url, server, records, watch)

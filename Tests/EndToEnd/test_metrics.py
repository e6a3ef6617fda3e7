"""`/metrics` in the states that people look at it for: a full disk, a restart, held calls, brakes, a refused configuration."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from harness import logs
from harness.client import until, verdict
from harness.disks import fill
from harness.gateway import Gateway, behind, grant
from harness.home import Follower, Home
from harness.http_upstream import Server
from harness.paths import binary
from harness.prometheus import Page, page
from harness.scraped import DASHBOARD
from test_approvals import Later, at
from test_approvals import policy as with_approval
from test_brake import put
from test_disk import gaps, is_unavailable


@contextlib.contextmanager
def measured(folder: Path, **settings: Any) -> Iterator[tuple[Gateway, Callable[[], Page]]]:
    """A gateway, and its page of metrics."""
    with behind(folder, dashboard="127.0.0.1:0", **settings) as (gateway, _):
        yield gateway, lambda: page(address(gateway))


def address(gateway: Gateway) -> str:
    """Where the dashboard of the newest start is."""
    return until(lambda: DASHBOARD.findall(gateway.error_text()), what="the dashboard")[-1]


def shows(metrics: Callable[[], Page], name: str, value: float, **labels: str) -> Page:
    """The first page on which a metric has a value."""
    found: list[Page] = []

    def holds() -> bool:
        found.append(metrics())
        return found[-1].value(name, **labels) == value

    until(holds, timeout=20, what=f"{name}{labels} {value}")
    return found[-1]


def test_a_full_disk_shows_while_it_is_full_and_what_was_lost_afterwards(tmp_path: Path, small_disk: Path) -> None:
    log = small_disk / "log"
    with measured(tmp_path, log=str(log), answer=Server()) as (gateway, metrics), gateway.caller() as agent:
        gateway.log = log
        agent.handshake()
        assert verdict(agent.call("echo").json()) == "ok"
        before = shows(metrics, "tollgate_log_well", 1)
        assert before.value("tollgate_log_gaps_total", log="log") == 0
        assert before.value("tollgate_log_disk_size_bytes") == 8 << 20
        filler = fill(small_disk)
        until(lambda: is_unavailable(agent.call("echo").json()), what="a full disk")
        full = shows(metrics, "tollgate_log_well", 0)
        # A byte or two may be free again: the reserve was given back.
        assert full.value("tollgate_log_disk_free_bytes") < 1 << 20
        denied = [verdict(agent.call("echo").json()) for _ in range(5)]
        assert denied == ["deny"] * 5
        filler.unlink()
        shows(metrics, "tollgate_log_well", 1)
        found = gateway.records(lambda found: gaps(found))
        after = shows(metrics, "tollgate_log_gaps_total", len(gaps(found)), log="log")
        assert after.value("tollgate_log_lost_records_total", log="log") == sum(gaps(found)) >= 6
        assert after.value("tollgate_control_records_total", event="gap") == len(gaps(found))


def test_a_restart_counts_nothing_twice_and_forgets_no_alert(tmp_path: Path) -> None:
    settings = {"watch": {"sinks": ["file:alerts.ndjson"]}}
    with measured(tmp_path, **settings) as (gateway, metrics):
        with gateway.caller() as agent:
            for _ in range(40):
                assert verdict(agent.stateless_call(arguments={"app": "shop"}).json()) == "ok"
        shows(metrics, "tollgate_decisions_total", 40, tool="echo")

        def firing(found: Page) -> float:
            return found.value("tollgate_alerts_open", rule="loop", state="firing")

        until(lambda: firing(metrics()) == 1, timeout=20, what="the alert of a loop")
        # A kill: nothing tells the alert's end.
        gateway.kill()
        gateway.start()
        until(lambda: len(DASHBOARD.findall(gateway.error_text())) == 2, what="the dashboard again")
        until(lambda: "tool" in labels_of(metrics(), "tollgate_decisions_total"), what="the log's names")
        again = metrics()
        assert again.value("tollgate_decisions_total") == 0, "they were counted by the process before"
        assert again.value("tollgate_calls_total") == 0
        assert firing(again) == 1, "it fires still"
        with gateway.caller() as agent:
            assert verdict(agent.stateless_call(arguments={"app": "another"}).json()) == "ok"
        shows(metrics, "tollgate_decisions_total", 1, tool="echo")


def labels_of(found: Page, name: str) -> set[str]:
    return {label for one in found.series if one.name == name for label in one.labels}


def test_a_call_that_waits_for_a_person_is_seen_waiting(tmp_path: Path) -> None:
    with measured(tmp_path, policy=with_approval()) as (gateway, metrics), gateway.caller() as agent:
        agent.handshake()
        answer = Later(lambda: agent.call("pay", {"amount": 5}).json())
        (waiting,) = at(gateway).waiting()
        held = shows(metrics, "tollgate_calls_total", 1, decision="hold")
        assert held.value("tollgate_gateway_held_calls") == 1 and held.value("tollgate_gateway_requests") == 1
        at(gateway).decide("approve", waiting["id"])
        assert verdict(answer.value()) == "ok"
        done = shows(metrics, "tollgate_calls_total", 1, decision="allow")
        assert done.value("tollgate_gateway_held_calls") == 0
        assert done.value("tollgate_decisions_total", reason="approved") == 1
        assert done.value("tollgate_control_records_total", event="approval_decided") == 1


def test_brakes_and_reloads_show(tmp_path: Path) -> None:
    policy = {"version": "1", "default": "allow", "brake": {"on": ["runaway"], "action": "throttle", "cooldown": "15m"}}
    with measured(tmp_path, policy=policy, grants=[grant("ci")]) as (gateway, metrics):
        shows(metrics, "tollgate_gateway_brakes", 0)
        put(gateway)
        on = shows(metrics, "tollgate_brakes_put_total", 1, server="up", tool="pay")
        assert on.value("tollgate_gateway_brakes") == 1
        file = tmp_path / "open.policy.json"
        file.write_text(file.read_text().replace("15m", "20m"))
        shows(metrics, "tollgate_gateway_reloads_total", 1)
        file.write_text("{")
        refused = shows(metrics, "tollgate_control_records_total", 1, event="policy_rejected")
        assert refused.value("tollgate_gateway_reloads_total") == 1, "what is refused is not taken over"


def test_segments_and_bytes_are_those_on_the_disk(tmp_path: Path) -> None:
    with measured(tmp_path) as (gateway, metrics), gateway.caller() as agent:
        for _ in range(20):
            agent.stateless_call(arguments={})
        gateway.records()
        gateway.command("log", "seal", "--log", str(gateway.log))
        found = shows(metrics, "tollgate_log_segments_total", 1, step="sealed")
        assert found.value("tollgate_log_segments_total", step="finished") == 1
        lines = logs.lines(gateway.log)
        total = until(lambda: settled(metrics(), gateway), what="all committed")
        assert total.value("tollgate_log_line_bytes_total") >= sum(len(line) + 1 for line in lines)
        assert re.fullmatch(r"[\d.]+\S*", next(iter(version(total)))), "a version"


def settled(found: Page, gateway: Gateway) -> Page | None:
    return found if found.value("tollgate_log_committed_records_total") >= len(gateway.now()) else None


def version(found: Page) -> set[str]:
    return {one.labels["version"] for one in found.series if one.name == "tollgate_build_info"}


def test_damage_to_a_log_is_counted_when_it_is_read(home: Home) -> None:
    with home.client(*home.recorder()) as client:
        client.handshake()
        for number in range(12):
            client.call("echo", {"n": number})
    (segment,) = logs.segments(home.log())
    parts = list(logs.members(segment))
    assert len(parts) > 6
    offset, raw, plain = parts[len(parts) // 2]
    damaged = bytearray(segment.read_bytes())
    damaged[offset + len(raw) // 2] ^= 1
    segment.write_bytes(damaged)
    (home.log() / "DAMAGED").touch()
    with home.following("dashboard", "--listen", "127.0.0.1:0", "--no-ingest") as dashboard:
        url = until(lambda: DASHBOARD.search("\n".join(dashboard.errors)), what="the dashboard's address")[1]
        name, count = home.log().name, len(plain.splitlines())
        found = shows(lambda: page(url), "tollgate_log_missing_records_total", count, log=name)
        assert found.value("tollgate_log_unreadable_lines_total", log=name) == 0
        assert found.value("tollgate_warehouse_readable") == 0, "there is none"


def test_the_pages_alone_tell_of_the_logs_and_of_no_gateway(tmp_path: Path) -> None:
    """`serve --only dashboard` beside the gateway's process."""
    with measured(tmp_path) as (gateway, metrics), gateway.caller() as agent:
        assert verdict(agent.stateless_call(arguments={}).json()) == "ok"
        shows(metrics, "tollgate_decisions_total", 1)
        command = [str(binary()), "serve", "--config", str(gateway.file), "--only", "dashboard"]
        other = Follower(command, gateway.environment, tmp_path)
        try:
            url = until(lambda: DASHBOARD.search("\n".join(other.errors)), what="the other dashboard")[1]
            until(lambda: "tool" in labels_of(page(url), "tollgate_decisions_total"), what="the log's names")
            assert verdict(agent.stateless_call(arguments={}).json()) == "ok"
            alone = shows(lambda: page(url), "tollgate_decisions_total", 1)
            assert not [one for one in alone.series if one.name.startswith("tollgate_gateway_conn")]
            assert not [one for one in alone.series if one.name == "tollgate_log_well"]
            assert alone.value("tollgate_warehouse_readable") == 1
        finally:
            assert other.stop() == 0

"""What floods and slow senders may cost: little, and every refusal is accounted for."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from harness import logs
from harness.client import verdict
from harness.gateway import behind, grant, refusals, together, token
from harness.http_client import Connection, Target, head


def test_refusals_before_authentication_are_counted_and_cost_little(tmp_path: Path) -> None:
    """20,000 bad tokens: every one answered, every one accounted for, the log small."""
    total, at_once = 20_000, 8
    with behind(tmp_path, flood={"denials_per_second": 0}) as (gateway, upstream):

        def act(_: int) -> int:
            body = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
            with Connection(gateway.host, gateway.port) as connection:
                target = Target(gateway.host, gateway.port, "/up/mcp")
                own = {"Host": f"{gateway.host}:{gateway.port}", "Content-Type": "application/json"}
                own |= {"Authorization": "Bearer tg_wrong", "Content-Length": str(len(body))}
                request, done = head("POST", target, own) + body, 0
                for _ in range(total // at_once):
                    connection.write(request)
                    answer = connection.response().read()
                    assert answer.status == 401
                    done += 1
                return done

        assert sum(together(at_once, act, timeout=120)) == total
        before = gateway.rss()
        found = gateway.records(lambda all: refusals(all).get("identity_unresolved", 0) >= total, timeout=15)
    assert refusals(found)["identity_unresolved"] == total
    lines = [one for one in found if one.get("reason") == "identity_unresolved"]
    assert len(lines) < 2_000, f"{len(lines)} records for {total} refusals"
    size = sum(one.stat().st_size for one in logs.segments(gateway.log))
    assert size < 512 << 10, f"{size} bytes of log"
    assert before < 300 << 20 and upstream.exchanges == []


def test_one_grants_flood_of_denials_is_slowed_and_nobody_elses_calls(tmp_path: Path) -> None:
    """Ten at once, then twenty a second: the answers come late, the records are complete, another agent is quick."""
    policy = {"version": "1", "default": "deny", "tools": {"echo": {}}}
    grants = [grant("mad"), grant("calm")]
    flood = {"denials_per_second": 20, "burst": 10}
    with behind(tmp_path, policy=policy, grants=grants, flood=flood) as (gateway, upstream):
        over = threading.Event()
        late: list[float] = []

        def storm() -> None:
            with gateway.caller("mad") as mad:
                for _ in range(40):
                    began = time.monotonic()
                    assert verdict(mad.stateless_call("other").json()) == "deny"
                    late.append(time.monotonic() - began)
            over.set()

        began = time.monotonic()
        thread = threading.Thread(target=storm, daemon=True)
        thread.start()
        with gateway.caller("calm") as calm:
            slowest = 0.0
            while not over.is_set():
                asked = time.monotonic()
                assert verdict(calm.stateless_call().json()) == "ok"
                slowest = max(slowest, time.monotonic() - asked)
                over.wait(0.05)
        took = time.monotonic() - began
        found = gateway.records(lambda all: len(logs.calls(all, agent="mad")) == 40)
    assert took >= 1.2, "30 of the 40 have to wait for their turn at 20 a second"
    assert max(late) > 0.03 and slowest < 0.5, (max(late), slowest)
    assert {one["reason"] for one in logs.calls(found, agent="mad")} == {"default_deny"}
    assert all(one.message["params"]["name"] == "echo" for one in upstream.calls())


def test_a_body_is_not_kept_before_its_sender_is_known(tmp_path: Path) -> None:
    """The refusal does not wait for the body; it does not have to be read at all."""
    with behind(tmp_path) as (gateway, upstream):
        before = gateway.rss()
        connections = []
        for _ in range(20):
            connection = Connection(gateway.host, gateway.port)
            own = {"Host": f"127.0.0.1:{gateway.port}", "Authorization": "Bearer nobody", "Content-Length": "4000000"}
            connection.write(head("POST", Target(gateway.host, gateway.port, "/up/mcp"), own))
            try:
                connection.write(b"x" * 3_000_000)
            except OSError:
                pass  # it has closed already
            connections.append(connection)
        statuses = [one.response(5).status for one in connections if not _is_reset(one)]
        grown = (gateway.rss() - before) >> 20
        for one in connections:
            one.leave()
    assert set(statuses) <= {401} and upstream.exchanges == []
    assert grown < 30, f"{grown} MiB more for 60 MB that nobody vouches for"


def _is_reset(connection: Connection) -> bool:
    try:
        connection.socket.recv(1, 2)
    except OSError:
        return True
    return False


def test_slow_senders_are_cut_off(tmp_path: Path) -> None:
    with behind(tmp_path, timeouts={"head": 0.4, "body": 0.4, "idle": 1.5}) as (gateway, upstream):
        target = gateway.target()
        own = {"Host": f"127.0.0.1:{gateway.port}", "Authorization": f"Bearer {token('ci')}"}
        with Connection(gateway.host, gateway.port) as slow_head:
            slow_head.write(b"POST /up/mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
            assert slow_head.has_ended(5), "the head is awaited for 0.4 s"
        with Connection(gateway.host, gateway.port) as slow_body:
            slow_body.write(head("POST", target, own | {"Content-Length": "100"}) + b'{"json')
            assert slow_body.has_ended(5), "the body is awaited for 0.4 s"
        with Connection(gateway.host, gateway.port) as idle:
            assert idle.has_ended(8), "a connection that says nothing"
        assert upstream.exchanges == []
        with gateway.caller() as agent:
            assert verdict(agent.stateless_call().json()) == "ok"


def test_oversized_requests_are_refused_early(tmp_path: Path) -> None:
    with behind(tmp_path, limits={"message_bytes": 65_536, "head_bytes": 4096}) as (gateway, upstream):
        with gateway.caller() as agent:
            assert agent.send(b"x" * 70_000, MCP_Protocol_Version="2025-11-25").status == 413
            agent.forget()
            assert agent.open(b"x" * 70_000, chunks=[1000] * 69).status == 413
            agent.forget()
            assert agent.open(b"{}", X_Long="y" * 6000).status in (400, 431)
        with Connection(gateway.host, gateway.port) as connection:
            own = {"Host": f"127.0.0.1:{gateway.port}", "Authorization": f"Bearer {token('ci')}"}
            connection.write(head("POST", gateway.target(), own | {"Content-Length": "999999999"}))
            assert connection.response(5).status == 413, "the announced length is enough"
        gateway.refused("too_large", 2)
    assert upstream.exchanges == []

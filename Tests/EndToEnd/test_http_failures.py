"""Upstreams that are down, slow, full or break off, and clients that leave: an honest error each, and its record."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from harness import logs
from harness.client import until, verdict
from harness.gateway import Gateway, behind, running_gateway, together
from harness.http_client import Caller, Response, Silence
from harness.http_client import head as request_head
from harness.http_upstream import (
    CLOSE,
    HOLD,
    RESET,
    Exchange,
    Server,
    Upstream,
    chunk,
    chunked,
    event,
    head,
    plain,
    result,
    stream,
    stream_head,
)

DONE = {"content": [{"type": "text", "text": "done"}], "isError": False}
NOTE = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": 1}}


def is_own_error(answer: Response, rpc_id: Any) -> bool:
    """Whether it is an error of the gateway's, for this request, with a code that is the gateway's to use."""
    message = answer.json()
    return message["id"] == rpc_id and -32019 <= message["error"]["code"] <= -32000


def outcomes(found: list[logs.Record]) -> list[str]:
    return [logs.outcome_of(found, call)["outcome"] for call in logs.calls(found)]


def test_a_server_that_is_down_is_said_to_be(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    servers = {"up": f"http://127.0.0.1:{port}/mcp"}
    with running_gateway(tmp_path, servers) as gateway, gateway.caller() as agent:
        answer = agent.stateless_call(rpc_id="d")
        assert is_own_error(answer, "d") and answer.status in (200, 502, 503)
        assert is_own_error(agent.call(rpc_id=3), 3)
        assert outcomes(gateway.records()) == ["upstream_down"] * 2


@pytest.mark.parametrize("ending", [CLOSE, RESET], ids=["close", "reset"])
def test_a_connection_that_ends_without_an_answer_is_an_error(tmp_path: Path, ending: object) -> None:
    with behind(tmp_path, lambda _: [ending]) as (gateway, upstream), gateway.caller() as agent:
        assert is_own_error(agent.stateless_call(rpc_id=1), 1)
        assert outcomes(gateway.records()) == ["upstream_down"]
        assert len(upstream.calls()) == 1, "a call is never sent twice"


def test_connections_that_the_server_ends_between_calls_are_made_anew(tmp_path: Path) -> None:
    with behind(tmp_path, lambda one: [plain(result(one, DONE)), CLOSE]) as (gateway, upstream):
        with gateway.caller() as agent:
            for _ in range(20):
                assert verdict(agent.stateless_call().json()) == "ok"
                upstream.wait(lambda it: it.open_connections == 0, what="the end of the connection")
        assert len(upstream.calls()) == upstream.connections == 20


def test_an_answer_that_breaks_off_is_never_taken_for_whole(tmp_path: Path) -> None:
    def calling(exchange: Exchange) -> list:
        body = result(exchange, DONE)
        match exchange.message["params"]["name"]:
            case "length":
                return [plain(body)[:-5], CLOSE]
            case "chunks":
                return [*chunked(body, [4])[:-2], CLOSE]
            case _:
                return [stream_head(), chunk(event(NOTE)), chunk(event(body)[:-9]), RESET]

    with behind(tmp_path, Server(answers={"tools/call": calling})) as (gateway, _), gateway.caller() as agent:
        for name in ("length", "chunks", "stream"):
            try:
                messages = agent.open_stateless("tools/call", {"name": name}).read(10).messages()
                assert "error" in messages[-1], f"{name}: {messages}"
            except Silence as broken:
                assert "ended" in str(broken), "the connection ends, so that the client sees it"
            agent.forget()
        found = outcomes(gateway.records())
    assert len(found) == 3 and "ok" not in found and set(found) <= {"upstream_down", "disconnected", "http_error"}


def test_a_server_that_never_answers_runs_into_the_time_out(tmp_path: Path) -> None:
    hold = Server(answers={"tools/call": lambda _: [HOLD]})
    with behind(tmp_path, hold, timeouts={"answer": 0.3}) as (gateway, upstream), gateway.caller() as agent:
        answer = agent.stateless_call(rpc_id="t")
        assert is_own_error(answer, "t") and answer.status in (200, 504)
        until(upstream.calls()[0].left.is_set, what="the upstream's request ends")
        assert verdict(agent.stateless_call("echo", rpc_id="u").json()) != "ok"
        assert agent.stateless("ping").json()["result"] == {}, "its other callers are served"
        assert outcomes(gateway.records()) == ["timeout"] * 2


def test_a_servers_own_time_out_goes_before_the_general_one(tmp_path: Path) -> None:
    hold = Server(answers={"tools/call": lambda _: [HOLD]})
    with behind(tmp_path, hold, up={"timeout": "300ms"}) as (gateway, _), gateway.caller() as agent:
        assert is_own_error(agent.stateless_call(rpc_id=1), 1)
        assert outcomes(gateway.records()) == ["timeout"]


def test_a_subscription_is_exempt_from_the_time_out(tmp_path: Path) -> None:
    go = threading.Event()
    listen = {"subscriptions/listen": lambda one: stream(event(NOTE), go, event(NOTE), event(result(one, {})))}
    with behind(tmp_path, Server(answers=listen), timeouts={"answer": 0.2}) as (gateway, _), gateway.caller() as agent:
        answer = agent.open_stateless("subscriptions/listen", {"notifications": {"toolsListChanged": True}})
        answer.event()
        with pytest.raises(Silence):
            answer.event(timeout=0.8)
        go.set()
        assert answer.event().message == NOTE
        answer.read()
        (asked,) = logs.decisions(gateway.records(), method="subscriptions/listen")
    assert asked["decision"] == "allow"


def test_a_full_queue_is_answered_at_once(tmp_path: Path) -> None:
    """One call at a time and two that wait: the rest is told so."""
    go = threading.Event()
    blocking = {"tools/call": lambda one: [go, plain(result(one, DONE))]}
    with (
        behind(tmp_path, Server(answers=blocking), up={"concurrency": 1, "queue": 2}) as (gateway, upstream),
    ):
        answers: list[Response | None] = [None] * 6

        def act(index: int) -> None:
            with gateway.caller() as agent:
                answers[index] = agent.stateless_call(rpc_id=index)

        threads = [threading.Thread(target=act, args=(index,), daemon=True) for index in range(6)]
        for thread in threads:
            thread.start()
        until(lambda: sum(one is not None for one in answers) == 3, what="three are told that the queue is full")
        assert len(upstream.wait_for("tools/call")) == 1
        go.set()
        for thread in threads:
            thread.join(20)
        full = [index for index, one in enumerate(answers) if "error" in one.json()]
        assert len(full) == 3 and all(is_own_error(answers[index], index) for index in full)
        assert {answers[index].status for index in full} <= {200, 429, 503}
        assert sorted(outcomes(gateway.records())) == ["ok"] * 3 + ["overloaded"] * 3
        assert len(upstream.calls()) == 3


def test_who_waits_too_long_for_a_turn_is_told_so(tmp_path: Path) -> None:
    blocking = Server(answers={"tools/call": lambda _: [HOLD]})
    settings = {"up": {"concurrency": 1}, "timeouts": {"queue": 0.3, "answer": 20}}
    with behind(tmp_path, blocking, **settings) as (gateway, upstream):
        with gateway.caller() as first, gateway.caller() as second:
            body, headers = first.stateless_parts("tools/call", {"name": "echo"})
            connection = first.connect()
            sizes = {"Content-Length": str(len(body))}
            connection.write(request_head("POST", first.target, sizes | first.standard(**headers)) + body)
            upstream.wait_for("tools/call")
            assert is_own_error(second.stateless_call(rpc_id="w"), "w")
            assert len(upstream.calls()) == 1
        found = gateway.records()
    assert sorted(outcomes(found))[-1] in ("overloaded", "timeout")


def test_a_slow_server_holds_back_only_its_own_callers(tmp_path: Path) -> None:
    with Upstream(Server(answers={"tools/call": lambda _: [HOLD]})) as slow, Upstream() as quick:
        servers = {"slow": {"url": slow.url, "concurrency": 2}, "quick": quick.url}
        with running_gateway(tmp_path, servers, timeouts={"shutdown": 1}) as gateway:
            waiting = [gateway.caller(server="slow") for _ in range(8)]
            threads = [threading.Thread(target=_try, args=(one,), daemon=True) for one in waiting]
            for thread in threads:
                thread.start()
            slow.wait_for("tools/call", 2)
            with gateway.caller(server="quick") as agent:
                assert [verdict(agent.stateless_call().json()) for _ in range(20)] == ["ok"] * 20
            for one in waiting:
                one.close()


def _try(agent: Caller) -> None:
    try:
        agent.stateless_call()
    except (AssertionError, OSError):
        pass


def test_a_client_that_leaves_ends_its_request_in_the_stateless_era(tmp_path: Path) -> None:
    answers = {"tools/call": lambda _: stream(event(NOTE), HOLD)}
    with behind(tmp_path, Server(answers=answers)) as (gateway, upstream), gateway.caller() as agent:
        answer = agent.open_stateless("tools/call", {"name": "echo"})
        answer.event()
        answer.connection.leave()
        until(upstream.calls()[0].left.is_set, what="the upstream's connection ends")
        assert outcomes(gateway.records())[0] in ("disconnected", "cancelled")


def test_a_client_that_leaves_does_not_end_its_request_in_the_handshake_era(tmp_path: Path) -> None:
    """There only `notifications/cancelled` does; the result is recorded, though nobody hears it."""
    go = threading.Event()
    answers = {"tools/call": lambda one: stream(event(NOTE), go, event(result(one, DONE)))}
    with behind(tmp_path, Server(sessions=True, answers=answers)) as (gateway, upstream), gateway.caller() as agent:
        agent.handshake()
        answer = agent.open_call()
        answer.event()
        answer.connection.leave()
        with gateway.caller() as other:
            assert other.stateless("ping").status == 200, "the gateway has had the time to notice"
        go.set()
        call = upstream.calls()[0]
        until(call.answered.is_set, what="the upstream's whole answer")
        assert not call.left.is_set()
        assert outcomes(gateway.records())[0] in ("ok", "disconnected")


def test_a_stream_passes_as_it_comes(tmp_path: Path) -> None:
    gates = [threading.Event() for _ in range(5)]
    steps = [one for number, gate in enumerate(gates) for one in (event(NOTE, id=number), gate)]
    answers = {"tools/call": lambda one: stream(*steps, event(result(one, DONE)))}
    with behind(tmp_path, Server(answers=answers)) as (gateway, _), gateway.caller() as agent:
        answer = agent.open_stateless("tools/call", {"name": "echo"})
        for number, gate in enumerate(gates):
            assert answer.event(timeout=5).id == str(number)
            gate.set()
        assert answer.event().message["result"] == DONE
        assert answer.read().whole


def test_a_large_answer_passes_to_a_reader_that_is_slow(tmp_path: Path) -> None:
    """The gateway's memory does not grow with it: what the client does not take is not fetched."""
    body = b'{"jsonrpc":"2.0","id":1,"result":{"content":[],"x":"' + b"z" * (64 << 20) + b'"}}'

    def calling(_: Exchange) -> list:
        return [head(200, "Content-Type: application/json", f"Content-Length: {len(body)}"), body]

    with behind(tmp_path, Server(answers={"tools/call": calling})) as (gateway, upstream), gateway.caller() as agent:
        agent.stateless("ping")
        before = gateway.rss()
        answer = agent.open_stateless("tools/call", {"name": "echo"}, rpc_id=1)
        answer.read_some()
        assert not upstream.calls()[0].answered.wait(1), "the upstream is held back while nobody reads"
        grown = (gateway.rss() - before) >> 20
        assert answer.read(60).whole and bytes(answer.body) == body
    assert grown < 32, f"{grown} MiB more while a client did not read"


def test_a_gateway_that_is_asked_to_end_finishes_what_is_under_way(tmp_path: Path) -> None:
    go = threading.Event()
    answers = {"tools/call": lambda one: [go, plain(result(one, DONE))]}
    with behind(tmp_path, Server(answers=answers)) as (gateway, upstream), gateway.caller() as agent:
        seen: list[Response] = []
        caller = threading.Thread(target=lambda: seen.append(agent.stateless_call()), daemon=True)
        caller.start()
        upstream.wait_for("tools/call")
        stopping = threading.Thread(target=gateway.stop, daemon=True)
        stopping.start()
        until(lambda: _refuses(gateway), what="new connections are no longer taken")
        go.set()
        caller.join(20)
        stopping.join(20)
        assert verdict(seen[0].json()) == "ok" and gateway.child.returncode == 0
    found = gateway.records()
    assert outcomes(found) == ["ok"] and gateway.open_decisions(found) == []


def _refuses(gateway: Any) -> bool:
    try:
        socket.create_connection((gateway.host, gateway.port), timeout=1).close()
    except OSError:
        return True
    return False


def test_calls_under_way_when_the_time_to_end_is_over_are_recorded(tmp_path: Path) -> None:
    answers = {"tools/call": lambda _: [HOLD]}
    with behind(tmp_path, Server(answers=answers), timeouts={"shutdown": 0.5}) as (gateway, upstream):
        callers = [gateway.caller() for _ in range(3)]
        threads = [threading.Thread(target=_try, args=(one,), daemon=True) for one in callers]
        for thread in threads:
            thread.start()
        upstream.wait_for("tools/call", 3)
        assert gateway.stop() == 0
        for one in callers:
            one.close()
    found = gateway.records()
    assert len(outcomes(found)) == 3 and "ok" not in outcomes(found)


def test_after_a_kill_the_next_start_accounts_for_every_call(tmp_path: Path) -> None:
    answers = {"tools/call": lambda _: [HOLD]}
    with behind(tmp_path, Server(answers=answers)) as (gateway, upstream):
        callers = [gateway.caller() for _ in range(3)]
        threads = [threading.Thread(target=_try, args=(one,), daemon=True) for one in callers]
        for thread in threads:
            thread.start()
        upstream.wait_for("tools/call", 3)
        gateway.kill()
        gateway.start()
        found = gateway.records(lambda all: not gateway.open_decisions(all))
        assert outcomes(found) == ["unanswered"] * 3
        for one in callers:
            one.close()


def test_two_gateways_never_write_one_log(tmp_path: Path) -> None:
    with behind(tmp_path) as (gateway, _):
        second = Gateway(tmp_path, gateway.configuration, gateway.environment)
        second.errors = tmp_path / "second.stderr"
        with pytest.raises(AssertionError, match="log"):
            second.start()
        assert second.child.returncode == 7


def test_many_callers_at_once_are_all_answered_once(tmp_path: Path) -> None:
    with behind(tmp_path) as (gateway, upstream):

        def act(index: int) -> list[str]:
            with gateway.caller() as agent:
                return [verdict(agent.stateless_call(rpc_id=f"{index}/{n}").json()) for n in range(20)]

        assert together(20, act) == [["ok"] * 20] * 20
        calls = logs.calls(gateway.records())
    assert len(calls) == len({one["rpc_id"] for one in calls}) == len(upstream.calls()) == 400

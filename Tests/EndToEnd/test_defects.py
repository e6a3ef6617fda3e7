"""Defects found in other gateways, at the server's end; the table of all is in Tests/PolicyTests/DefectTests.swift."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from harness import logs
from harness.client import verdict
from harness.gateway import behind, grant
from harness.home import Home
from harness.http_upstream import Exchange, Server, plain, result


def limited(**limit: Any) -> dict[str, Any]:
    """A policy with one limit on `echo`."""
    full = {"counter": "c", "window": "hour", "max": 3, "scope": "grant"} | limit
    return {"version": "1", "default": "deny", "tools": {"echo": {"limits": [full]}}}


def error(exchange: Exchange, code: int) -> bytes:
    refusal = {"code": code, "message": "no"}
    return json.dumps({"jsonrpc": "2.0", "id": exchange.message["id"], "error": refusal}).encode()


REFUSALS = {
    "unknown tool as an error": lambda exchange: error(exchange, -32602),
    "a failed call": lambda exchange: result(exchange, {"content": [], "isError": True}),
    "a failure that says it is none": lambda exchange: result(
        exchange, {"content": [{"type": "text", "text": '{"status":"error"}'}], "isError": False}
    ),
}


@pytest.mark.parametrize("answer", REFUSALS.values(), ids=REFUSALS.keys())
def test_a_call_that_the_server_refuses_has_counted(tmp_path: Path, answer: Any) -> None:
    server = Server(answers={"tools/call": lambda exchange: [plain(answer(exchange))]})
    with behind(tmp_path, server, limited()) as (gateway, upstream), gateway.caller() as agent:
        agent.handshake()
        found = [verdict(agent.call("echo").json()) for _ in range(5)]
        assert found[3:] == ["throttle"] * 2 and "throttle" not in found[:3]
        assert len(upstream.calls()) == 3


def test_callers_without_a_session_do_not_share_one_bucket(tmp_path: Path) -> None:
    names = ["a", "b", "c"]
    policy = limited(max=1, scope="session")
    with behind(tmp_path, policy=policy, grants=[grant(name) for name in names]) as (gateway, upstream):
        found = {}
        for turn in range(2):
            for name in names:
                with gateway.caller(name) as agent:
                    found[name, turn] = verdict(agent.stateless_call("echo").json())
        assert found == {(name, turn): "throttle" if turn else "ok" for turn in range(2) for name in names}
        assert len(upstream.calls()) == 3


def test_a_negative_amount_refills_no_budget(home: Home) -> None:
    policy = home.write("p.json", limited(max=100, increment_from="args.n"))
    amounts = [100, -100, "-100", -1e9, 1]
    with home.client(*home.recorder(), policy=policy) as client:
        client.handshake()
        found = [verdict(client.call("echo", {"n": amount})) for amount in amounts]
        assert client.close() == 0
    assert found == ["ok", "deny", "deny", "deny", "throttle"]
    assert [call["params"]["arguments"]["n"] for call in home.received_calls()] == [100]


@pytest.mark.parametrize("arguments", ["[20000]", '"{\\"amount\\":20000}"', "20000", "true"])
def test_arguments_that_are_no_object_do_not_pass_unevaluated(home: Home, arguments: str) -> None:
    rule = {"conditions": [{"path": "args.amount", "op": "gt", "value": 10000}]}
    policy = home.write("p.json", {"version": "1", "default": "allow", "tools": {"echo": {"deny_if": [rule]}}})
    with home.client(*home.recorder(), policy=policy) as client:
        client.handshake()
        call = f'{{"jsonrpc":"2.0","id":"x","method":"tools/call","params":{{"name":"echo","arguments":{arguments}}}}}'
        client.write(call.encode() + b"\n")
        answer = client.answer("x")
        assert client.close() == 0
    assert "error" in answer or answer["result"]["isError"]
    assert home.received_calls() == []
    assert len(logs.decisions(home.records(), decision="deny")) == 1


def test_a_limit_that_no_argument_is_needed_for_counts_every_call(home: Home) -> None:
    policy = home.write("p.json", limited())
    with home.client(*home.recorder(), policy=policy) as client:
        client.handshake()
        found = []
        for number, params in enumerate([{}, {"arguments": {}}, {"arguments": {"a": 1}}, {}]):
            client.send({"id": f"n{number}", "method": "tools/call", "params": {"name": "echo", **params}})
            found.append(verdict(client.answer(f"n{number}")))
        assert client.close() == 0
    assert found == ["ok", "ok", "ok", "throttle"]

"""The stateless era (2026-07-28) over HTTP: what headers must say, whose revisions are whose, rounds of one call."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from harness import logs
from harness.client import verdict
from harness.gateway import behind, together
from harness.http_client import HANDSHAKE, STATELESS, header_value
from harness.http_upstream import Exchange, Server, plain, result


def test_headers_must_say_what_the_body_says(tmp_path: Path) -> None:
    with behind(tmp_path) as (gateway, upstream), gateway.caller() as agent:
        wrong: list[dict[str, Any]] = [
            {"Mcp_Method": "tools/list"},
            {"Mcp_Method": None},
            {"Mcp_Name": "other"},
            {"Mcp_Name": None},
            {"Mcp_Name": "ECHO"},
            {"Mcp_Name": "=?base64?ZWNobw?="},
            {"Mcp_Name": "=?BASE64?ZWNobw==?="},
            {"Mcp_Name": "=?base64?" + base64.b64encode(b"other").decode() + "?="},
            {"MCP_Protocol_Version": HANDSHAKE},
            {"MCP_Protocol_Version": None},
        ]
        for headers in wrong:
            answer = agent.stateless_call("echo", rpc_id="h", **headers)
            assert answer.status == 400, (headers, answer.status)
            assert (answer.json()["error"]["code"], answer.json()["id"]) == (-32020, "h"), headers
        assert upstream.exchanges == []
        for name in ("echo", "søk 🛠", " padded ", "=?base64?eA==?="):
            assert verdict(agent.stateless_call(name).json()) == "ok"
        assert verdict(agent.stateless_call("echo", Mcp_Name="=?base64?ZWNobw==?=").json()) == "ok"
        found = gateway.records()
    assert [one.message["params"]["name"] for one in upstream.calls()][:3] == ["echo", "søk 🛠", " padded "]
    assert upstream.calls()[1].header("mcp-name") == header_value("søk 🛠")
    assert len(logs.decisions(found, reason="header_mismatch", decision="deny")) == len(wrong)


def test_a_request_without_its_required_meta_is_invalid(tmp_path: Path) -> None:
    with behind(tmp_path) as (gateway, upstream), gateway.caller() as agent:
        body = agent.request("tools/call", {"name": "echo"}, rpc_id=5)
        answer = agent.send(body, MCP_Protocol_Version=STATELESS, Mcp_Method="tools/call", Mcp_Name="echo")
        assert (answer.status, answer.json()["error"]["code"], answer.json()["id"]) == (400, -32602, 5)
        assert upstream.exchanges == []
        found = gateway.records(lambda all: logs.decisions(all, decision="deny"))
    assert logs.decisions(found)[0]["reason"] in ("header_mismatch", "protocol", "malformed")


def test_revisions_that_are_not_known_are_the_servers_to_answer(tmp_path: Path) -> None:
    unsupported = b'{"jsonrpc":"2.0","id":1,"error":{"code":-32022,"message":"m","data":{"supported":["2026-07-28"]}}}'

    def answer(exchange: Exchange) -> Any:
        return Server()(exchange) if exchange.method == "initialize" else [plain(unsupported, 400)]

    with behind(tmp_path, answer) as (gateway, upstream), gateway.caller() as agent:
        opening = {"protocolVersion": "2099-01-01", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
        assert agent.ask("initialize", opening).json()["result"]["protocolVersion"] == "2099-01-01"
        got = agent.stateless_call(
            meta={"io.modelcontextprotocol/protocolVersion": "2099-01-01"}, MCP_Protocol_Version="2099-01-01"
        )
        assert (got.status, bytes(got.body)) == (400, unsupported)
        assert upstream.calls()[0].header("mcp-protocol-version") == "2099-01-01"
        found = gateway.records()
    assert logs.outcome_of(found, logs.calls(found)[0])["code"] in (-32022, 400)


def test_the_rounds_of_one_call_are_linked(tmp_path: Path) -> None:
    def calling(exchange: Exchange) -> list:
        if "requestState" in exchange.message["params"]:
            return [plain(result(exchange, {"content": [], "resultType": "complete"}))]
        asked = {"who": {"method": "elicitation/create", "params": {"message": "who?"}}}
        value = {"resultType": "input_required", "inputRequests": asked, "requestState": "opaque/é=="}
        return [plain(result(exchange, value))]

    with behind(tmp_path, Server(answers={"tools/call": calling})) as (gateway, _), gateway.caller() as agent:
        first = agent.stateless_call("echo", {"a": 1}).json()["result"]
        assert first["resultType"] == "input_required"
        retry = {"name": "echo", "arguments": {"a": 1}, "requestState": first["requestState"]}
        retry["inputResponses"] = {"who": {"action": "accept", "content": {}}}
        assert agent.stateless("tools/call", retry).json()["result"]["resultType"] == "complete"
        agent.stateless_call("echo", {"a": 2})
        calls = logs.calls(gateway.records())
    rounds = [one.get("round") for one in calls]
    assert rounds[1] is not None, "the retry names the call it belongs to"
    assert rounds[0] in (None, rounds[1]) and rounds[2] != rounds[1]


def test_both_eras_are_served_at_once_on_one_endpoint(tmp_path: Path) -> None:
    with behind(tmp_path, Server(sessions=True)) as (gateway, upstream):
        callers = [gateway.caller() for _ in range(5)]

        def act(index: int) -> str:
            with callers[index] as agent:
                if index == 0:
                    return verdict(agent.stateless_call().json())
                agent.handshake(["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"][index - 1])
                return verdict(agent.call().json())

        assert together(5, act) == ["ok"] * 5
        protocols = {one["protocol"] for one in logs.calls(gateway.records())}
    assert protocols == {"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", STATELESS}
    assert {one.header("mcp-session-id") for one in upstream.calls()} == {None, *(f"upstream-{n}" for n in range(1, 5))}

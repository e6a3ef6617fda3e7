"""What the protocol's two eras ask of a gateway over HTTP, one property a test; each looks at the client, the upstream
and the log."""

from __future__ import annotations

import gzip
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from harness import logs
from harness.client import until, verdict
from harness.gateway import behind, grant, together
from harness.http_client import HANDSHAKE, STATELESS, Caller, Target
from harness.http_upstream import ACCEPTED, HOLD, Exchange, Server, event, plain, result, stream, tool

HIDING = {"version": "1", "default": "allow", "hide": ["secret", "böse"], "tools": {}}
IDS = ["1", '"1"', '"\\u0031\\t"', "-7", "9007199254740993", '"é€"', '""', '"' + "x" * 100 + '"']


def id_token(exchange: Exchange) -> str:
    """The request's id as it was spelled; the tests here put it first."""
    return re.match(rb'\{"id":("(?:\\.|[^"\\])*"|[^,]*),', exchange.body)[1].decode()


def spelled(rpc_id: str, method: str = "tools/call", params: str = '{"name":"echo"}') -> bytes:
    return f'{{"id":{rpc_id},"jsonrpc":"2.0","method":"{method}","params":{params}}}'.encode()


def echoing_ids(exchange: Exchange) -> list[bytes]:
    if exchange.message.get("method") == "initialize" or "id" not in exchange.message:
        return list(Server()(exchange))
    return [plain(b'{"jsonrpc":"2.0","id":%s,"result":{"content":[]}}' % id_token(exchange).encode())]


# --- 1: ids, methods, codes ---


def test_ids_keep_their_type_and_spelling(tmp_path: Path) -> None:
    """All are under way at once, so that `1` and `"1"` could be confused."""
    arrived = threading.Barrier(len(IDS))

    def answer(exchange: Exchange) -> list[bytes]:
        arrived.wait(20)
        return echoing_ids(exchange)

    with behind(tmp_path, answer) as (gateway, upstream), gateway.caller() as agent:
        answers = together(len(IDS), lambda n: bytes(agent.send(spelled(IDS[n])).body))
        recorded = logs.calls(gateway.records())
    assert [re.search(rb'"id":(.*),"result"', one)[1].decode() for one in answers] == IDS
    assert sorted(id_token(one) for one in upstream.exchanges) == sorted(IDS)
    assert sorted(one["rpc_id"] for one in recorded) == sorted(IDS)


@pytest.mark.parametrize("code", [-32601, -32042, 7])
def test_unknown_methods_and_codes_pass(tmp_path: Path, code: int) -> None:
    text = f'{{"jsonrpc":"2.0","id":1,"error":{{"code":{code},"message":"m","x":1.0,"data":null}},"y":[]}}'.encode()
    body = b'{"id":1,"jsonrpc":"2.0","method":"vendor.example/do \\u00e9","params":{"deep":[1e0]},"z":0}'
    with behind(tmp_path, lambda _: [plain(text)]) as (gateway, upstream), gateway.caller() as agent:
        answer = agent.send(body)
        found = gateway.records()
    assert bytes(answer.body) == text and upstream.exchanges[0].body == body
    (decision,) = logs.decisions(found)
    assert (decision["method"], decision["decision"]) == ("vendor.example/do é", "allow")
    outcome = logs.outcome_of(found, decision)
    assert (outcome["outcome"], outcome["code"]) == ("rpc_error", code)


def test_a_record_says_who_called_and_how(tmp_path: Path) -> None:
    with behind(tmp_path, Server(sessions=True)) as (gateway, _), gateway.caller() as agent:
        agent.handshake("2025-06-18")
        agent.call(Traceparent="00-" + "ab" * 16 + "-" + "cd" * 8 + "-01")
        agent.session = None
        agent.stateless_call()
        first, second = logs.calls(gateway.records())
    shared = {"agent": "ci", "grant": "ci", "identity": "grant", "server": "up", "transport": "http", "tool": "echo"}
    for call, protocol in ((first, "2025-06-18"), (second, STATELESS)):
        assert shared.items() <= call.items() and call["protocol"] == protocol
        assert call["peer"].startswith("127.0.0.1") and call["client"] == "by-hand/1"
    assert "session" in first and "session" not in second


def test_a_denied_call_causes_no_traffic_and_says_why(tmp_path: Path) -> None:
    limits = [{"counter": "c", "window": "minute", "max": 2, "scope": "grant"}]
    policy = {"version": "1", "default": "deny", "hide": ["secret"], "tools": {"echo": {"limits": limits}}}
    with behind(tmp_path, policy=policy) as (gateway, upstream), gateway.caller() as agent:
        agent.handshake()
        called = [agent.call(name).json() for name in ("echo", "echo", "echo", "other", "secret")]
        agent.session = None
        called.append(agent.stateless_call("echo").json())
        recorded = logs.calls(gateway.records())
    assert [verdict(one) for one in called] == ["ok", "ok", "throttle", "deny", "deny", "throttle"]
    assert len(upstream.calls()) == 2
    assert [one["reason"] for one in recorded] == ["allowed"] * 2 + ["limit", "default_deny", "hidden", "limit"]
    for answer, record in list(zip(called, recorded))[2:]:
        if "result" in answer:
            own = answer["result"]["_meta"]["tollgate/decision"]
            assert own["record"].endswith(f"/{record['seq']}") and answer["result"]["isError"] is True
    assert called[-1]["result"]["resultType"] == "complete"


# --- 4: lists ---


def pages(exchange: Exchange) -> list[dict[str, Any]]:
    return {
        None: {"tools": [tool("echo", x=1.0), tool("secret")], "nextCursor": "2", "_meta": {"v/y": "kept"}},
        "2": {"tools": [tool("b\u00f6se"), tool("secret")], "nextCursor": "3"},
        "3": {"z": [1, 2], "tools": [tool("last")]},
    }[exchange.message["params"].get("cursor")]


@pytest.mark.parametrize("streamed", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("era", [HANDSHAKE, STATELESS])
def test_hidden_tools_are_in_no_page_of_any_list(tmp_path: Path, streamed: bool, era: str) -> None:
    note = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "secret note"}}

    def listing(exchange: Exchange) -> list:
        page = pages(exchange) | ({"resultType": "complete", "cacheScope": "public"} if era == STATELESS else {})
        body = result(exchange, page)
        return stream(event(note, id="1"), event(body, id="2")) if streamed else [plain(body)]

    with (
        behind(tmp_path, Server(answers={"tools/list": listing}), HIDING) as (gateway, upstream),
        gateway.caller() as agent,
    ):
        cursor, seen, results = None, [], []
        for _ in range(3):
            params = {"cursor": cursor} if cursor else {}
            answer = agent.stateless("tools/list", params) if era == STATELESS else agent.ask("tools/list", params)
            seen.append(answer)
            results.append(answer.messages()[-1]["result"])
            cursor = results[-1].get("nextCursor")
        found = gateway.records()
    assert [[one["name"] for one in page["tools"]] for page in results] == [["echo"], [], ["last"]]
    assert [page.get("nextCursor") for page in results] == ["2", "3", None]
    assert b'"x": 1.0' in bytes(seen[0].body) and results[0]["_meta"] == {"v/y": "kept"}
    if streamed:
        assert seen[0].messages()[0] == note, "what is no list passes"
        assert b"id: 1" in bytes(seen[0].body) and b"id: 2" in bytes(seen[0].body)
    if era == STATELESS:
        assert {page["cacheScope"] for page in results} == {"private"}
    removed = [one["removed"] for one in found if one.get("event") == "tools_filtered"]
    assert removed == [1, 2], "what each page lost is recorded"
    assert len(upstream.of("tools/list")) == 3 and len(logs.decisions(found, method="tools/list")) == 3


def test_a_list_that_loses_nothing_keeps_its_bytes(tmp_path: Path) -> None:
    listed = b'{"tools":[{"name":"echo","inputSchema":{},"n":1.0}] ,"cacheScope":"private"}'
    body = b' {"result" : ' + listed + b',"id":1,"jsonrpc":"2.0"}\n'
    with behind(tmp_path, lambda _: [plain(body)], HIDING) as (gateway, _), gateway.caller() as agent:
        assert bytes(agent.ask("tools/list").body) == body
        assert bytes(agent.stateless("tools/list", rpc_id=1).body) == body
        assert not [one for one in gateway.records() if one.get("event") == "tools_filtered"]


def test_a_list_that_cannot_be_read_does_not_pass(tmp_path: Path) -> None:
    """Compressed or broken, it could show what is hidden: then there is an error instead."""

    def listing(exchange: Exchange) -> list:
        body = result(exchange, {"tools": [tool("secret"), tool("echo")]})
        kind = exchange.message["params"]["kind"]
        if kind == "gzip":
            return [plain(gzip.compress(body), 200, "Content-Encoding: gzip")]
        if kind == "cut":
            return [plain(body[:-3])]
        return [plain(body.replace(b'"tools": [', b'"tools": [{"name":"x","name":"secret"}, '))]

    with behind(tmp_path, Server(answers={"tools/list": listing}), HIDING) as (gateway, upstream):
        with gateway.caller() as agent:
            for kind in ("gzip", "cut", "twice"):
                answer = agent.ask("tools/list", {"kind": kind}, Accept_Encoding="gzip")
                seen = bytes(answer.body)
                if (answer.header("content-encoding") or "") == "gzip":
                    seen = gzip.decompress(seen)
                assert b"secret" not in seen, kind
        assert {one.header("accept-encoding") for one in upstream.exchanges} <= {None, "identity"}


# --- 6: HTTP ---


def test_notifications_and_responses_are_accepted_and_not_recorded(tmp_path: Path) -> None:
    with behind(tmp_path) as (gateway, upstream), gateway.caller() as agent:
        sent = [
            b'{"jsonrpc":"2.0","method":"notifications/roots/list_changed", "x":1.0}',
            b'{"jsonrpc":"2.0","method":"vendor/note"}',
            b'{"jsonrpc":"2.0","id":"from-server","result":{ }}',
        ]
        for body in sent:
            answer = agent.send(body, MCP_Protocol_Version=HANDSHAKE)
            assert (answer.status, bytes(answer.body)) == (202, b"")
        agent.note("notifications/cancelled", {"requestId": 99})
        found = gateway.records(lambda all: logs.decisions(all, method="notifications/cancelled"))
    assert [one.body for one in upstream.exchanges[:3]] == sent
    assert [one["method"] for one in logs.decisions(found)] == ["notifications/cancelled"]


def test_a_session_belongs_to_the_grant_that_opened_it(tmp_path: Path) -> None:
    grants = [grant("alice"), grant("mallory")]
    with behind(tmp_path, Server(sessions=True), grants=grants) as (gateway, upstream):
        with gateway.caller("alice") as alice, gateway.caller("mallory") as mallory:
            alice.handshake()
            mallory.handshake()
            own, mallory.session = mallory.session, alice.session
            before = len(upstream.exchanges)
            assert mallory.call().status == 404
            assert mallory.send(None, "GET", Accept="text/event-stream").status == 404
            assert mallory.send(None, "DELETE").status == 404
            mallory.session = "made-up"
            assert mallory.call().status == 404
            assert len(upstream.exchanges) == before, "nothing of it reaches the upstream"
            mallory.session = own
            assert verdict(mallory.call().json()) == "ok" and verdict(alice.call().json()) == "ok"
        found = gateway.records()
    refused = logs.decisions(found, reason="session")
    assert len(refused) >= 2 and {one["agent"] for one in refused} == {"mallory"}
    assert {one["decision"] for one in refused} == {"deny"}


def test_the_upstreams_streams_are_opened_resumed_and_closed(tmp_path: Path) -> None:
    go = threading.Event()

    def listening(exchange: Exchange) -> list:
        first = int(exchange.header("last-event-id") or 0) + 1
        return stream(event({"jsonrpc": "2.0", "method": "n"}, id=first, retry=3), go, event("", id=first + 1), HOLD)

    with behind(tmp_path, Server(sessions=True, answers={"GET": listening})) as (gateway, upstream):
        with gateway.caller() as agent:
            agent.handshake()
            answer = agent.open(None, "GET", Accept="text/event-stream", MCP_Protocol_Version=HANDSHAKE)
            assert answer.status == 200 and answer.header("content-type") == "text/event-stream"
            one = answer.event(timeout=5)
            assert (one.id, one.retry) == ("1", "3"), "an event passes before the next is there"
            resumed = agent.open(None, "GET", Accept="text/event-stream", Last_Event_ID="41")
            assert resumed.event().id == "42"
            gets = upstream.wait_for("GET", 2)
            assert [get.header("last-event-id") for get in gets] == [None, "41"]
            assert {get.header("mcp-session-id") for get in gets} == {"upstream-1"}
            answer.connection.leave()
            until(gets[0].left.is_set, what="the upstream's stream ends with the client's")
            closed = agent.send(None, "DELETE")
            assert closed.status == 200
            assert upstream.wait_for("DELETE")[0].header("mcp-session-id") == "upstream-1"
            assert agent.call().status == 404, "a closed session is no more"


def test_an_answer_to_a_servers_question_reaches_the_server(tmp_path: Path) -> None:
    answered = threading.Event()
    question = {"jsonrpc": "2.0", "id": "q/1", "method": "elicitation/create", "params": {"message": "who?"}}

    def calling(exchange: Exchange) -> list:
        token = exchange.message["params"]["_meta"]["progressToken"]
        progress = {"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": token}}
        return stream(event(progress), event(question), answered, event(result(exchange, {"content": []})))

    def serve(exchange: Exchange) -> Any:
        if exchange.verb == "POST" and exchange.message.get("id") == "q/1":
            answered.set()
            return [ACCEPTED]
        return Server(sessions=True, answers={"tools/call": calling})(exchange)

    with behind(tmp_path, serve) as (gateway, upstream), gateway.caller() as agent:
        agent.handshake(capabilities={"elicitation": {}})
        body = agent.request("tools/call", {"name": "echo", "arguments": {}, "_meta": {"progressToken": "t-1"}})
        answer = agent.open(body, MCP_Protocol_Version=HANDSHAKE)
        assert answer.event().message["params"]["progressToken"] == "t-1"
        assert answer.event().message == question
        reply = b'{"jsonrpc":"2.0","id":"q/1","result":{"action":"accept","content":{"n":1.0}}}'
        assert agent.send(reply, MCP_Protocol_Version=HANDSHAKE).status == 202
        assert answer.event().message["result"] == {"content": []}
        found = gateway.records()
    assert reply in [one.body for one in upstream.exchanges]
    (call,) = logs.calls(found)
    assert logs.outcome_of(found, call)["outcome"] == "ok"
    assert len(logs.decisions(found)) == 2, "initialize and the call; responses are no requests"


def test_a_cancellation_passes_and_is_recorded_as_asked_for(tmp_path: Path) -> None:
    go = threading.Event()
    calling = {"tools/call": lambda one: stream(event({"jsonrpc": "2.0", "method": "n"}), go, event(result(one, {})))}
    with behind(tmp_path, Server(sessions=True, answers=calling)) as (gateway, upstream), gateway.caller() as agent:
        agent.handshake()
        answer = agent.open_call("echo", rpc_id="slow-1")
        answer.event()
        assert agent.note("notifications/cancelled", {"requestId": "slow-1"}).status == 202
        upstream.wait_for("notifications/cancelled")
        go.set()
        answer.read()
        found = gateway.records()
    (asked,) = logs.decisions(found, method="notifications/cancelled")
    (call,) = logs.calls(found)
    assert asked["agent"] == call["agent"] == "ci"
    assert logs.outcome_of(found, call)["outcome"] in ("ok", "cancelled")


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
def test_an_upstreams_refusal_passes_as_it_is(tmp_path: Path, status: int) -> None:
    body = b"<html>no \xff</html>"
    answer = [plain(body, status, "Retry-After: 7", kind="text/html")]
    with behind(tmp_path, lambda _: answer) as (gateway, _), gateway.caller() as agent:
        got = agent.call()
        found = gateway.records()
    assert (got.status, bytes(got.body), got.header("content-type")) == (status, body, "text/html")
    assert got.header("retry-after") == "7"
    outcome = logs.outcome_of(found, logs.calls(found)[0])
    assert (outcome["outcome"], outcome["code"]) == ("http_error", status)


# --- 10: codes ---


def test_the_gateways_own_errors_keep_out_of_the_protocols_codes(tmp_path: Path) -> None:
    bodies = [
        b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]',
        b"{",
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":1}}',
        b'{"jsonrpc":"2.0","id":1,"id":1,"method":"ping"}',
        b'{"jsonrpc":"1.0","id":1,"method":"ping"}',
        b'{"jsonrpc":"2.0","id":1,"method":"ping","x":"' + b"y" * 5_000 + b'"}',
        b"[" * 80 + b"]" * 80,
        b'{"jsonrpc":"2.0","id":1,"method":"ping","x":"\xff"}',
    ]
    limits = {"message_bytes": 4096}
    with behind(tmp_path, limits=limits) as (gateway, upstream), gateway.caller() as agent:
        answers = [agent.send(body) for body in bodies]
        found = gateway.records(lambda all: len(logs.decisions(all, decision="deny")) >= len(bodies))
    assert upstream.exchanges == []
    for body, answer in zip(bodies, answers):
        assert answer.status in (400, 413), (body[:40], answer.status)
        code = answer.json()["error"]["code"]
        assert not -32099 <= code <= -32020 and code in (-32700, -32600, -32602, *range(-32019, -31999)), code
    reasons = [one["reason"] for one in logs.decisions(found)]
    assert reasons.count("batch") >= 1 and reasons.count("too_large") >= 1 and reasons.count("malformed") >= 4


def test_what_is_nowhere_is_said_to_be(tmp_path: Path) -> None:
    with behind(tmp_path) as (gateway, upstream):
        with gateway.caller(server="nowhere") as agent:
            assert agent.call().status == 404
        with gateway.caller() as agent:
            for verb in ("PUT", "PATCH", "OPTIONS"):
                assert agent.send(b"{}", verb).status in (204, 405)
        records = gateway.records(lambda all: logs.decisions(all, reason="unknown_server"))
        with Caller(Target(gateway.host, gateway.port, "/healthz")) as anyone:
            assert anyone.send(None, "GET").status == 200
    assert upstream.exchanges == [] and logs.decisions(records, reason="unknown_server")

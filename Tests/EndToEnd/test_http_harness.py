"""The tools of the tests themselves, without a gateway: what the scripted upstream sends is what the client reads."""

from __future__ import annotations

import threading

import pytest
from harness.client import until
from harness.http_client import Caller, Silence, Target, events, header_value
from harness.http_upstream import CLOSE, HOLD, RESET, Server, Upstream, chunked, event, head, plain, stream
from harness.relay import HeaderRelay


def test_the_scripted_upstream_and_the_client_understand_each_other() -> None:
    with Upstream(Server(tools=["echo", "other"], sessions=True)) as upstream, Caller(Target.at(upstream.url)) as agent:
        agent.handshake()
        assert agent.session == "upstream-1"
        listed = agent.ask("tools/list").json()["result"]["tools"]
        assert [tool["name"] for tool in listed] == ["echo", "other"]
        assert agent.call().json()["result"]["isError"] is False
        assert agent.stateless_call("føø").json()["result"]["isError"] is False
        (_, call) = upstream.calls()
        assert call.header("mcp-name") == header_value("føø") and call.header("mcp-name").startswith("=?base64?")
        assert upstream.connections == 1, "connections are kept"
        assert agent.send(None, "GET").status == 405 and agent.send(None, "DELETE").status == 200


def test_bytes_are_kept_whatever_the_chunks() -> None:
    body = bytes(range(256)) * 300
    with Upstream(lambda _: chunked(body, [1, 2, 70_000])) as upstream, Caller(Target.at(upstream.url)) as agent:
        answer = agent.send(b"x" * 5_000, chunks=[1, 4_000])
        assert bytes(answer.body) == body and answer.chunks == [1, 2, 70_000, len(body) - 70_003]
        assert upstream.exchanges[0].body == b"x" * 5_000
        assert upstream.exchanges[0].raw.startswith(b"1\r\nx\r\nFA0\r\n")


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_events_are_read_as_they_are_sent(end: bytes) -> None:
    go = threading.Event()
    sent = [event("one", end, id="7", retry=10), b": comment" + end + end, go, event('{"a":\n1}', end, event="message")]
    with Upstream(lambda _: stream(*sent)) as upstream, Caller(Target.at(upstream.url)) as agent:
        answer = agent.open(b"{}")
        first = answer.event()
        assert (first.data, first.id, first.retry) == ("one", "7", "10")
        with pytest.raises(Silence):
            answer.event(timeout=0.05)
        go.set()
        assert answer.event().message == {"a": 1}
        assert answer.read().whole and bytes(answer.body) == b"".join(one for one in sent if isinstance(one, bytes))
    assert [one.data for one in events("\ufeffdata:x\r\ndata: y\n\n".encode())] == ["x\ny"]


def test_both_sides_notice_that_the_other_has_left() -> None:
    with Upstream(lambda _: [head(200, "Content-Length: 100"), b"half", HOLD]) as upstream:
        with Caller(Target.at(upstream.url)) as agent:
            answer = agent.open(b"{}")
            assert answer.read_some() == b"half"
        until(lambda: upstream.exchanges[0].left.is_set(), what="the upstream's notice")
        until(lambda: upstream.open_connections == 0)
    for ending in (CLOSE, RESET):
        with Upstream(lambda _, ending=ending: [plain(b"{}")[:-1], ending]) as upstream:
            with Caller(Target.at(upstream.url)) as agent, pytest.raises(Silence, match="ended"):
                agent.open(b"{}").read()


def test_the_header_relay_adds_its_line_to_every_request() -> None:
    with (
        Upstream() as upstream,
        HeaderRelay(upstream.host, upstream.port, "Authorization: Bearer x") as relay,
        Caller(Target(relay.host, relay.port)) as agent,
    ):
        for size in (10, 200_000):
            agent.stateless_call("echo", {"text": "x" * size})
        assert [call.header("authorization") for call in upstream.calls()] == ["Bearer x"] * 2
        assert len(upstream.calls()[1].body) > 200_000

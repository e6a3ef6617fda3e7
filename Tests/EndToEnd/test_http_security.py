"""What a gateway owes to those behind it: who may not pass, what never leaves, and what floods may cost."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import logs
from harness.client import until, verdict
from harness.gateway import behind, grant, running_gateway, token
from harness.http_client import Connection, Target
from harness.http_upstream import CLOSE, HOLD, Server, Upstream, event, plain, result, stream
from harness.http_upstream import head as answer_head

NOTE = {"jsonrpc": "2.0", "method": "notifications/message", "params": {}}
CANARY = "canary-5e1f77"


def files_with(folder: Path, *needles: str) -> list[str]:
    found = []
    for file in folder.rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            if file.suffix == ".gz":
                data += b"".join(content for _, _, content in logs.members(file))
            found += [f"{file.name}: {needle}" for needle in needles if needle.encode() in data]
    return found


# --- who may not pass ---


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1.evil.example", "https://x:1"])
def test_a_foreign_origin_is_refused(tmp_path: Path, origin: str) -> None:
    with behind(tmp_path, origins=["https://app.example"]) as (gateway, upstream), gateway.caller() as agent:
        assert agent.stateless_call(Origin=origin).status == 403
        assert upstream.exchanges == []
        assert verdict(agent.stateless_call(Origin="https://app.example").json()) == "ok"
        gateway.refused("origin")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
def test_a_foreign_host_is_refused(tmp_path: Path, host: str) -> None:
    """Against DNS rebinding; many servers behind do not check."""
    with behind(tmp_path, hosts=["gate.example"]) as (gateway, upstream), gateway.caller() as agent:
        assert agent.stateless_call(Host=host).status in (400, 421) if not host else True
        if host:
            assert agent.stateless_call(Host=host).status == 421
            gateway.refused("host")
        assert upstream.exchanges == []
        for name in ("gate.example", f"gate.example:{gateway.port}", f"localhost:{gateway.port}"):
            assert verdict(agent.stateless_call(Host=name).json()) == "ok"


def test_who_has_no_token_learns_how_to_get_one(tmp_path: Path) -> None:
    wrong = [
        None,
        "Bearer",
        "Bearer ",
        "Basic Y2k6Y2k=",
        "Bearer " + token("nobody"),
        f"Bearer {token('ci')} ",
        "Bearer " + token("ci").upper(),
        token("ci"),
    ]
    with behind(tmp_path) as (gateway, upstream), gateway.caller() as agent:
        trimmed = wrong.index(f"Bearer {token('ci')} ")
        for index, value in enumerate(wrong):
            answer = agent.stateless_call(Authorization=value)
            if index == trimmed:  # white space around a header's value is no part of it (RFC 9110 §5.5)
                assert answer.status == 200
                continue
            assert answer.status == 401, value
            challenge = answer.header("www-authenticate")
            assert challenge.startswith("Bearer") and "/.well-known/oauth-protected-resource" in challenge
        assert len(upstream.exchanges) == 1
        gateway.refused("identity_unresolved", len(wrong) - 1)
        for path in ("/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/up/mcp"):
            anyone = gateway.caller()
            anyone.target = Target(gateway.host, gateway.port, path)
            answer = anyone.send(None, "GET")
            assert answer.status == 200, path
            described = answer.json()
            assert described["resource"].startswith(f"http://{gateway.host}:{gateway.port}")
            assert described["bearer_methods_supported"] == ["header"]


def test_a_token_in_the_query_is_refused(tmp_path: Path) -> None:
    with behind(tmp_path) as (gateway, upstream), gateway.caller() as agent:
        for name in ("access_token", "token"):
            for path in (f"/up/mcp?{name}={token('ci')}", f"/up/mcp?a=b&{name}={token('ci')}"):
                agent.target = Target(gateway.host, gateway.port, path, token("ci"))
                assert agent.stateless_call().status in (400, 401), path
                agent.target = Target(gateway.host, gateway.port, path)
                assert agent.stateless_call().status in (400, 401), path
        assert upstream.exchanges == []
        gateway.refused("credential_in_query")
        assert token("ci") not in gateway.error_text()
    assert files_with(gateway.log, token("ci")) == []


def test_a_grant_is_good_for_its_servers_only(tmp_path: Path) -> None:
    with Upstream() as one, Upstream() as other:
        grants = [grant("alice", "one"), grant("root", "*")]
        with running_gateway(tmp_path, {"one": one.url, "other": other.url}, grants=grants) as gateway:
            with gateway.caller("alice", "other") as alice:
                assert alice.stateless_call().status in (403, 404)
            assert other.exchanges == []
            for server in ("one", "other"):
                with gateway.caller("root", server) as root:
                    assert verdict(root.stateless_call().json()) == "ok"
            denied = gateway.records(lambda all: logs.decisions(all, decision="deny"))
    assert logs.decisions(denied, decision="deny")[0]["agent"] == "alice"


def test_an_expired_grant_is_refused(tmp_path: Path) -> None:
    grants = [grant("old", expires="2020-01-01T00:00:00Z"), grant("new", expires="2999-01-01T00:00:00Z")]
    with behind(tmp_path, grants=grants) as (gateway, upstream):
        with gateway.caller("old") as old, gateway.caller("new") as new:
            assert old.stateless_call().status == 401
            assert verdict(new.stateless_call().json()) == "ok"
    assert len(upstream.exchanges) == 1


def test_a_revoked_grant_ends_at_once(tmp_path: Path) -> None:
    """At the next call, and in the middle of its open stream; others do not notice."""
    answers = {"GET": lambda _: stream(event(NOTE), HOLD)}
    grants = [grant("bad"), grant("good")]
    with behind(tmp_path, Server(sessions=True, answers=answers), grants=grants, grants_file="grants.json") as (
        gateway,
        upstream,
    ):
        with gateway.caller("bad") as bad, gateway.caller("good") as good:
            bad.handshake()
            good.handshake()
            streams = [one.open(None, "GET", Accept="text/event-stream") for one in (bad, good)]
            for one in streams:
                one.event()
            gateway.command("grant", "revoke", "bad", "--config", gateway.file.name)
            until(lambda: bad.stateless_call().status == 401, timeout=5, what="the refusal of the next call")
            assert streams[0].connection.has_ended(5) or streams[0].read(5).whole, "its open stream is cut"
            assert not streams[1].connection.has_ended(0.2)
            assert verdict(good.call().json()) == "ok"
            until(upstream.of("GET")[0].left.is_set, what="the upstream's stream ends as well")
            found = gateway.refused("grant_revoked")
    assert [one for one in found if one.get("event") == "grant_revoked"]
    assert {one["grant"] for one in logs.decisions(found, reason="grant_revoked")} == {"bad"}


# --- what never leaves ---


def test_the_clients_credentials_stay_and_the_configured_ones_go(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("file-secret-91\n")
    secret.chmod(0o600)
    headers = {"Authorization": "env:UP_TOKEN", "X-Key": "file:secret"}
    with behind(tmp_path, up={"headers": headers}, env={"UP_TOKEN": "Bearer env-secret-17"}) as (gateway, upstream):
        with gateway.caller() as agent:
            agent.handshake()
            agent.stateless_call(Cookie="a=cookie-55", X_Own="kept", Proxy_Authorization="Basic proxy-66")
            agent.send(None, "GET")
            agent.send(None, "DELETE")
        gateway.records()
    assert len(upstream.exchanges) == 5
    for one in upstream.exchanges:
        assert one.header("authorization") == "Bearer env-secret-17" and one.header("x-key") == "file-secret-91"
        assert one.header("cookie") is None and one.header("proxy-authorization") is None
        assert token("ci").encode() not in one.head and b"cookie-55" not in one.head
        assert one.header("host") == f"127.0.0.1:{upstream.port}"
    secrets = ("env-secret-17", "file-secret-91", "cookie-55", "proxy-66", token("ci"))
    assert files_with(gateway.log, *secrets) == [] and not any(one in gateway.error_text() for one in secrets)


def test_an_upstreams_cookies_do_not_reach_the_client(tmp_path: Path) -> None:
    """A gateway's callers share its upstreams: a cookie would be somebody else's."""

    def answer(exchange):
        return [plain(result(exchange, {"content": []}), 200, "Set-Cookie: sid=upstream-cookie", "X-Other: kept")]

    with behind(tmp_path, answer) as (gateway, upstream), gateway.caller() as agent:
        first = agent.stateless_call()
        agent.stateless_call()
        assert first.header("set-cookie") is None
        assert upstream.calls()[1].header("cookie") is None


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_credentials_never_follow_a_redirect(tmp_path: Path, status: int) -> None:
    with Upstream() as elsewhere:
        place = f"Location: {elsewhere.url}"
        headers = {"Authorization": "env:UP_TOKEN"}
        with behind(
            tmp_path,
            lambda _: [answer_head(status, place, "Content-Length: 0")],
            up={"headers": headers},
            env={"UP_TOKEN": "Bearer env-secret-17"},
        ) as (gateway, upstream):
            with gateway.caller() as agent:
                answer = agent.stateless_call(rpc_id=1)
            assert answer.status in (200, status, 502)
            assert elsewhere.exchanges == [] or all(one.header("authorization") is None for one in elsewhere.exchanges)
            found = gateway.records()
        outcome = logs.outcome_of(found, logs.calls(found)[0])
        assert outcome["outcome"] in ("http_error", "upstream_down")


def test_no_value_of_a_call_is_written_anywhere(tmp_path: Path) -> None:
    """However it ends; the log's folder and the diagnostics are searched."""

    def calling(exchange):
        text = f"result {CANARY} " + exchange.body.decode()
        match exchange.message["params"]["name"]:
            case "fails":
                return [plain(('{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"%s"}}' % CANARY).encode())]
            case "status":
                return [plain(text.encode(), 500)]
            case "breaks":
                return [plain(text.encode())[:-3], CLOSE]
            case "junk":
                return [CANARY.encode() + b"\r\n\r\n", CLOSE]
            case name:
                return [plain(result(exchange, {"content": [], "x": text, "isError": name == "is_error"}))]

    refusing = {"deny_if": [{"conditions": [{"path": "args.secret", "op": "exists", "value": True}]}]}
    policy = {"version": "1", "default": "allow", "tools": {"refused": refusing}}
    with behind(tmp_path, Server(answers={"tools/call": calling}), policy) as (gateway, _), gateway.caller() as agent:
        for name in ("fine", "fails", "is_error", "status", "breaks", "junk", "refused", "fine"):
            try:
                agent.stateless_call(name, {"secret": CANARY, "deep": [{"er": CANARY}]}, X_Header=CANARY)
            except AssertionError:
                agent.forget()
        for body in (b"[%s", b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","%s":1,"%s":2}}'):
            agent.send(body.replace(b"%s", CANARY.encode()))
        agent.stateless_call("fine", {"secret": CANARY}, Mcp_Name=CANARY)
        assert len(logs.calls(gateway.records())) >= 8
        assert CANARY not in gateway.error_text()
    assert files_with(gateway.log, CANARY) == [] and files_with(tmp_path / "state", CANARY) == []


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST /up/mcp HTTP/1.1\r\nHost: H\r\nAuthorization: A\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nxxxxxx",
        b"POST /up/mcp HTTP/1.1\r\nHost: H\r\nAuthorization: A\r\nContent-Length: 5\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nPOST",
        b"POST /up/mcp HTTP/1.1\r\nHost: H\r\nAuthorization: A\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"POST /up/mcp HTTP/1.1\r\nHost: H\r\nAuthorization: A\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        b"POST /up/mcp HTTP/1.1\r\nHost: H\r\nAuthorization: A\r\nContent-Length: +2\r\n\r\n{}",
        b"POST /up/mcp HTTP/1.1\r\nHost: H\r\nAuthorization: A\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n\r\n",
        b"GARBAGE\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_requests_that_two_readers_would_read_differently_reach_nobody(tmp_path: Path, request_bytes: bytes) -> None:
    with behind(tmp_path, timeouts={"head": 1, "body": 1}) as (gateway, upstream):
        data = request_bytes.replace(b": H\r", b": 127.0.0.1:%d\r" % gateway.port)
        data = data.replace(b": A\r", b": Bearer %s\r" % token("ci").encode())
        with Connection(gateway.host, gateway.port) as connection:
            connection.write(data)
            ended = connection.has_ended(8)
            said = bytes(connection.received)
        assert ended or said.startswith(b"HTTP/1.1 4"), said
        assert b" 200 " not in said.split(b"\r\n")[0]
        assert upstream.exchanges == []
        with gateway.caller() as agent:
            assert verdict(agent.stateless_call().json()) == "ok", "it goes on"


def test_files_are_nobody_elses(tmp_path: Path) -> None:
    with behind(tmp_path) as (gateway, _), gateway.caller() as agent:
        agent.stateless_call()
        gateway.records()
    for path in [gateway.log, *gateway.log.rglob("*")]:
        mode = path.stat().st_mode & 0o777
        assert mode & 0o077 == 0, f"{path.name}: {mode:o}"

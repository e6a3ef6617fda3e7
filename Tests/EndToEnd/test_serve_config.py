"""`tollgate serve`: its configuration, what it says about mistakes in it, and changes while it runs."""

from __future__ import annotations

import hashlib
import json
import re
import signal
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from harness import logs
from harness.client import until, verdict
from harness.gateway import OPEN, Gateway, behind, configuration, environment_of, grant, together
from harness.http_client import Caller, Target
from harness.http_upstream import HOLD, Server, event, stream
from harness.paths import binary

CLOSED = {"version": "1", "default": "deny", "tools": {}}


def serve(folder: Path, document: Any, *words: str) -> subprocess.CompletedProcess[str]:
    """`serve` with a configuration that it is expected to end on."""
    file = folder / "gateway.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document, indent=1))
    return subprocess.run(
        [binary(), "serve", "--config", file, *words],
        capture_output=True,
        text=True,
        env=environment_of(folder),
        cwd=folder,
        timeout=20,
    )


def test_check_says_what_would_be_served_and_changes_nothing(tmp_path: Path) -> None:
    done = serve(tmp_path, configuration({"up": "http://127.0.0.1:9/mcp"}, folder=tmp_path), "--check")
    assert done.returncode == 0, done.stderr
    assert "up" in done.stdout + done.stderr and not (tmp_path / "log").exists()


@pytest.mark.parametrize(
    ("place", "change"),
    [
        ("/servers/up/url", {"servers": {"up": {"url": "ftp://127.0.0.1/mcp"}}}),
        ("/servers/up/urll", {"servers": {"up": {"urll": "http://127.0.0.1:9/mcp"}}}),
        ("/listen", {"listen": "127.0.0.1"}),
        ("/listen", {"listen": "0.0.0.0:0"}),
        ("/limits/message_bytes", {"limits": {"message_bytes": "much"}}),
        ("/timeouts/answer", {"timeouts": {"answer": -1}}),
        ("/policies/open", {"policies": {"open": "nowhere.json"}}),
        ("/grants/0/token_sha256", {"grants": [grant("ci") | {"token_sha256": "secret-in-plain"}]}),
        ("/grants/0/policy", {"grants": [grant("ci", policy="nowhere")]}),
        ("/grants/0/server", {"grants": [grant("ci", server="nowhere")]}),
        ("/grants/1", {"grants": [grant("ci"), grant("ci")]}),
        ("/lisen", {"lisen": "127.0.0.1:0"}),
    ],
)
def test_mistakes_are_named_by_their_place(tmp_path: Path, place: str, change: dict[str, Any]) -> None:
    document = configuration({"up": "http://127.0.0.1:9/mcp"}, folder=tmp_path) | change
    for words in ([], ["--check"]):
        done = serve(tmp_path, document, *words)
        assert done.returncode == 2, (done.returncode, done.stderr)
        assert place in done.stderr and "gateway.json" in done.stderr, done.stderr
        assert "secret-in-plain" not in done.stderr
    assert not (tmp_path / "log").exists()


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    document = configuration({"up": "http://127.0.0.1:9/mcp"}, folder=tmp_path)
    done = serve(tmp_path, document | {"listen": 7, "limits": {"depth": 0}, "flood": {"bursts": 1}})
    assert all(place in done.stderr for place in ("/listen", "/limits/depth", "/flood/bursts")), done.stderr


def test_a_port_that_is_taken_is_said_to_be(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        document = configuration({"up": "http://127.0.0.1:9/mcp"}, folder=tmp_path, listen=f"127.0.0.1:{port}")
        done = serve(tmp_path, document)
    assert done.returncode not in (0, -6, -11) and str(port) in done.stderr and "hint:" in done.stderr, done.stderr


def test_a_credential_that_is_not_there_is_named_and_not_shown(tmp_path: Path) -> None:
    for value, name in (("env:NOT_SET", "NOT_SET"), ("file:no-such-file", "no-such-file")):
        entry = {"url": "http://127.0.0.1:9/mcp", "headers": {"Authorization": value}}
        done = serve(tmp_path, configuration({"up": entry}, folder=tmp_path))
        assert done.returncode == 2 and name in done.stderr, done.stderr


def test_a_credentials_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("file-secret-91")
    secret.chmod(0o644)
    entry = {"url": "http://127.0.0.1:9/mcp", "headers": {"Authorization": "file:secret"}}
    done = serve(tmp_path, configuration({"up": entry}, folder=tmp_path))
    assert done.returncode == 2 and "secret" in done.stderr and "file-secret-91" not in done.stderr


def test_a_changed_policy_decides_the_next_call(tmp_path: Path) -> None:
    """A broken one is rejected and said to be; the one before goes on."""
    file = tmp_path / "open.policy.json"
    with behind(tmp_path) as (gateway, upstream), gateway.caller() as agent:
        assert verdict(agent.stateless_call().json()) == "ok"
        replace(file, json.dumps(CLOSED))
        until(lambda: verdict(agent.stateless_call().json()) == "deny", timeout=10, what="the new policy")
        reached = len(upstream.calls())
        replace(file, "{")
        found = gateway.records(lambda all: [one for one in all if one.get("event") == "policy_rejected"])
        assert verdict(agent.stateless_call().json()) == "deny"
        replace(file, json.dumps(OPEN))
        until(lambda: verdict(agent.stateless_call().json()) == "ok", timeout=10, what="the policy that is well again")
        found = gateway.records()
    events = [one["event"] for one in found if one.get("event", "").startswith("policy_")]
    assert events[0] == "policy_loaded" and events.count("policy_loaded") >= 3 and "policy_rejected" in events
    assert reached <= len(upstream.calls())
    digests = {one["policy_digest"] for one in logs.calls(found)}
    assert len(digests) == 2, "each call is recorded with the policy that decided it"


def replace(file: Path, text: str) -> None:
    """Puts a file in the place of another at once, as careful editors do."""
    fresh = file.with_suffix(".new")
    fresh.write_text(text)
    fresh.rename(file)


def test_a_reload_keeps_sessions_streams_and_counts(tmp_path: Path) -> None:
    limits = [{"counter": "c", "window": "hour", "max": 3, "scope": "grant"}]
    policy = {"version": "1", "default": "allow", "tools": {"echo": {"limits": limits}}}
    answers = {"GET": lambda _: stream(event({"jsonrpc": "2.0", "method": "n"}), HOLD)}
    with behind(tmp_path, Server(sessions=True, answers=answers), policy) as (gateway, _), gateway.caller() as agent:
        agent.handshake()
        own = agent.open(None, "GET", Accept="text/event-stream")
        own.event()
        seen = [verdict(agent.call().json()) for _ in range(2)]
        replace(tmp_path / "open.policy.json", json.dumps(policy | {"hide": ["other"]}))
        gateway.child.send_signal(signal.SIGHUP)
        gateway.records(lambda all: len([one for one in all if one.get("event") == "policy_loaded"]) >= 2)
        seen += [verdict(agent.call().json()) for _ in range(2)]
        assert seen == ["ok"] * 3 + ["throttle"], "a limit goes on where it was"
        assert not own.connection.has_ended(0.2)


def test_counts_survive_a_restart(tmp_path: Path) -> None:
    limits = [{"counter": "c", "window": "hour", "max": 3, "scope": "grant"}]
    policy = {"version": "1", "default": "allow", "tools": {"echo": {"limits": limits}}}
    with behind(tmp_path, policy=policy) as (gateway, _):
        seen = []
        for end in (gateway.stop, gateway.kill, None):
            with gateway.caller() as agent:
                seen += [verdict(agent.stateless_call().json()) for _ in range(2)]
            if end:
                gateway.records()
                end()
                gateway.start()
    assert seen == ["ok"] * 3 + ["throttle"] * 3


def test_grants_are_made_rotated_and_revoked_while_it_runs(tmp_path: Path) -> None:
    with behind(tmp_path, grants_file="grants.json") as (gateway, upstream):
        made = create(gateway, "nightly")
        assert re.search(r"[A-Za-z0-9_-]{43,}", made), "a token of 256 bits or more"
        with Caller(Target(gateway.host, gateway.port, "/up/mcp", made)) as agent:
            until(lambda: agent.stateless_call().status == 200, timeout=10, what="the new grant")
            rotated = gateway.command("grant", "rotate", "nightly", "--config", "gateway.json")
            fresh = token_in(rotated.stdout)
            assert fresh != made
            with Caller(Target(gateway.host, gateway.port, "/up/mcp", fresh)) as renewed:
                until(lambda: renewed.stateless_call().status == 200, timeout=10, what="the renewed grant")
            until(lambda: agent.stateless_call().status == 401, timeout=10, what="the end of the old token")
        gateway.command("grant", "revoke", "nightly", "--config", "gateway.json")
        with Caller(Target(gateway.host, gateway.port, "/up/mcp", fresh)) as late:
            until(lambda: late.stateless_call().status == 401, timeout=10, what="the end of the grant")
        file = tmp_path / "grants.json"
        assert file.stat().st_mode & 0o077 == 0 and made not in file.read_text() and fresh not in file.read_text()
        assert hashlib.sha256(fresh.encode()).hexdigest() in file.read_text()
        listed = gateway.command("grant", "list", "--config", "gateway.json").stdout
        assert "nightly" in listed and made not in listed and fresh not in listed
        events = [one.get("event") for one in gateway.records()]
    assert "grant_created" in events and "grant_revoked" in events


def create(gateway: Gateway, name: str) -> str:
    words = ["--agent", name, "--server", "up", "--policy", "open", "--config", "gateway.json"]
    return token_in(gateway.command("grant", "create", "--id", name, *words).stdout)


def token_in(text: str) -> str:
    """The token in what `grant` says: it is shown this once."""
    return max(re.findall(r"[A-Za-z0-9_-]{20,}", text), key=len)


def test_yaml_says_the_same(tmp_path: Path) -> None:
    document = configuration({"up": "http://127.0.0.1:9/mcp"}, folder=tmp_path)
    lines = ["listen: 127.0.0.1:0", "servers:", "  up: {url: 'http://127.0.0.1:9/mcp'}"]
    lines += ["policies: {open: open.policy.json}", f"grants: {json.dumps(document['grants'])}"]
    (tmp_path / "gateway.yaml").write_text("\n".join(lines) + "\n")
    gateway = Gateway(tmp_path, document, environment_of(tmp_path))
    gateway.command("serve", "--config", "gateway.yaml", "--check")


def test_five_thousand_calls_and_ten_reloads_lose_nothing(tmp_path: Path, say) -> None:
    """Each call is decided by one policy as a whole: which one, its record's digest says."""

    def policy(number: int) -> dict[str, Any]:
        """One that denies `even` and allows `odd`, or the other way round."""
        denied = ("even", "odd")[number % 2]
        rule = [{"conditions": [], "on_deny": f"number {number}"}]
        return {"version": "1", "default": "allow", "tools": {denied: {"deny_if": rule}}}

    calls, threads = 5_000, 50
    with behind(tmp_path, policy=policy(0), flood={"denials_per_second": 0}) as (gateway, upstream):
        done = threading.Event()
        reloads: list[int] = []

        def reload() -> None:
            while not done.is_set():
                reloads.append(len(reloads) + 1)
                replace(tmp_path / "open.policy.json", json.dumps(policy(reloads[-1])))
                gateway.child.send_signal(signal.SIGHUP)
                loaded = reloads[-1] + 1
                gateway.records(lambda all: len([one for one in all if one.get("event") == "policy_loaded"]) >= loaded, 60)

        reloader = threading.Thread(target=reload, daemon=True)
        reloader.start()

        def call(index: int) -> list[tuple[str, dict[str, Any]]]:
            with gateway.caller(timeout=60) as agent:
                tools = [("even", "odd")[(index + number) % 2] for number in range(calls // threads)]
                return [(tool, agent.stateless_call(tool).json()) for tool in tools]

        answers = [answer for part in together(threads, call, timeout=240) for answer in part]
        done.set()
        reloader.join(60)
        found = gateway.records(timeout=60)

    assert len(answers) == calls and len(reloads) >= 10, f"{len(reloads)} reloads"
    decisions = logs.decisions(found, method="tools/call")
    assert len(decisions) == calls
    archive = {
        file.stem: next(iter(json.loads(file.read_text())["tools"])) for file in (gateway.log / "policies").glob("*.json")
    }
    for one in decisions:
        denied = archive[one["policy_digest"]]
        assert one["decision"] == ("deny" if one["tool"] == denied else "allow"), one
    passed = [one for one in decisions if one["decision"] == "allow"]
    assert len(upstream.calls()) == len(passed) == len([1 for _, answer in answers if verdict(answer) == "ok"])
    assert {logs.outcome_of(found, one)["outcome"] for one in passed} == {"ok"}
    say(f"{calls} calls from {threads} agents at once, {len(reloads)} reloads: none lost, each decided by its digest's policy")

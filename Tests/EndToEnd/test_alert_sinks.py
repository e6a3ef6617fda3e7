"""Sinks over HTTP as operators have them: named by `serve`'s configuration, over TLS, by a name, and a dead man's switch."""

from __future__ import annotations

import json
import re
import shutil
import ssl
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from harness.client import verdict
from harness.gateway import behind, configuration, environment_of
from harness.home import Home
from harness.paths import ROOT, SCHEMAS, binary
from harness.receiver import Receiver, receiving
from harness.rules import OTHERS, loop_and_cap
from jsonschema import Draft202012Validator

SECRET = "a secret of thirty-two characters"
OPENSSL = shutil.which("openssl")
needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="no openssl command to make certificates with")


def until(ask: Callable[[], Any], what: str, timeout: float = 40) -> Any:
    deadline = time.monotonic() + timeout
    while not (found := ask()):
        assert time.monotonic() < deadline, what
        time.sleep(0.05)
    return found


def fits(body: Any) -> None:
    schema = json.loads((SCHEMAS / "alert-webhook.v1.schema.json").read_text())
    error = next(Draft202012Validator(schema).iter_errors(body), None)
    assert error is None, f"{error.message} at {error.json_path}"


def alerts(receiver: Receiver, rule: str) -> list[dict[str, Any]]:
    """What a webhook was told of a rule."""
    told = [one for message in receiver.taken for one in message.json()["alerts"]]
    return [one for one in told if one["labels"]["alertname"] == rule]


def entries(receiver: Receiver, rule: str) -> list[dict[str, Any]]:
    """What an Alertmanager was told of a rule."""
    told = [one for message in receiver.taken for one in message.json()]
    return [one for one in told if one["labels"]["alertname"] == rule]


# --- serve ---


def test_a_runaways_page_reaches_the_sinks_of_serve(tmp_path: Path) -> None:
    """A signed webhook, an Alertmanager and a dead man's switch, all from one configuration; no secret is shown."""
    (tmp_path / "hook.key").write_text(SECRET + "\n")
    (tmp_path / "hook.key").chmod(0o600)
    rules = {"version": 1, "rules": {one: {"enabled": False} for one in OTHERS}}
    (tmp_path / "rules.json").write_text(json.dumps(rules))
    with receiving() as hook, receiving() as manager, receiving() as switch:
        watch = {
            "sinks": [
                {"webhook": hook.url, "hmac": "file:hook.key"},
                f"alertmanager:http://127.0.0.1:{manager.port}/am",
                "file:alerts.ndjson",
            ],
            "rules": "rules.json",
            "group_wait": "1s",
            "heartbeat": {"every": "1s", "sinks": [{"webhook": f"{switch.url}?token=T0P", "hmac": "file:hook.key"}]},
        }
        with behind(tmp_path, watch=watch) as (gateway, _), gateway.caller() as agent:
            for _ in range(60):
                assert verdict(agent.stateless_call(arguments={"app": "shop"}).json()) == "ok"
            until(lambda: alerts(hook, "loop"), "the webhook hears of the loop")
            until(lambda: entries(manager, "loop"), "the Alertmanager hears of the loop")
            until(lambda: len(switch.taken) >= 3, "heartbeats")
            said = gateway.error_text()
        for one in hook.taken:
            assert one.is_signed(SECRET) and one.path == "/hook"
            fits(one.json())
        (loop, *_) = alerts(hook, "loop")
        assert loop["labels"]["agent"] == "ci" and loop["labels"]["severity"] == "page"
        assert {one.path for one in manager.taken} == {"/am/api/v2/alerts"}
        assert entries(manager, "TollgateWatchdog"), "an Alertmanager has a heartbeat of its own"
        assert {one["labels"]["alertname"] for message in hook.taken for one in message.json()["alerts"]} <= {"loop", "cap"}
        assert len({one.key for one in switch.taken}) == len(switch.taken)
        for one in switch.taken:
            assert one.is_signed(SECRET) and one.path == "/hook?token=T0P"
            fits(one.json())
            assert {entry["labels"]["alertname"] for entry in one.json()["alerts"]} == {"TollgateWatchdog"}
    kept = b"".join(file.read_bytes() for file in tmp_path.glob("watch*") if file.is_file())
    assert "T0P" not in said and SECRET not in said and SECRET.encode() not in kept and b"T0P" not in kept


@pytest.mark.parametrize(
    ("place", "watch", "word"),
    [
        ("/watch/sinks/1", {"sinks": ["stdout", "mail:x"]}, "webhook"),
        ("/watch/sinks/0/hmac", {"sinks": [{"webhook": "http://x/T0P", "hmac": "env:NOT_SET"}]}, "NOT_SET"),
        ("/watch/sinks/0/hmac", {"sinks": [{"webhook": "http://x/T0P", "hmac": "T0P-in-the-open-T0P"}]}, "file:PATH"),
        ("/watch/sinks/0", {"sinks": ["webhook:http://joe:T0P@x/"]}, "user information"),
        ("/watch/heartbeat/every", {"heartbeat": {"every": "1ms", "sinks": ["stdout"]}}, "second"),
    ],
)
def test_a_mistake_in_a_sink_is_named_by_its_place(tmp_path: Path, place: str, watch: Any, word: str) -> None:
    done = check(tmp_path, watch)
    assert done.returncode == 2 and place in done.stderr and word in done.stderr and "hint:" in done.stderr, done.stderr
    assert "T0P" not in done.stderr


@pytest.mark.parametrize("url", ["http://169.254.169.254/T0P", "http://[::ffff:169.254.169.254]/T0P"])
@pytest.mark.parametrize("kind", ["webhook", "alertmanager"])
def test_serve_refuses_metadata_addresses_before_it_listens(tmp_path: Path, kind: str, url: str) -> None:
    for watch in ({"sinks": [{kind: url}]}, {"heartbeat": {"sinks": [f"{kind}:{url}"]}}):
        for words in ([], ["--check"]):
            done = check(tmp_path, watch, *words)
            assert done.returncode == 2 and "metadata" in done.stderr and "hint:" in done.stderr, done.stderr
            assert "listening" not in done.stderr and "T0P" not in done.stderr


def test_rules_that_are_none_and_authorities_that_are_none_are_told_before_it_listens(tmp_path: Path) -> None:
    (tmp_path / "rules.json").write_text('{"version": 1, "rules": {"lop": {}}}')
    done = check(tmp_path, {"rules": "rules.json"})
    assert done.returncode == 2 and "rules.json" in done.stderr and "nearest: loop" in done.stderr, done.stderr
    (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    done = check(tmp_path, {"sinks": ["stdout", {"webhook": "https://x/T0P", "ca": "ca.pem"}]})
    assert done.returncode == 2 and "/watch/sinks/1" in done.stderr and "ca.pem" in done.stderr, done.stderr
    assert "T0P" not in done.stderr


def test_check_and_doctor_name_the_sinks(tmp_path: Path) -> None:
    watch = {"sinks": ["stdout", {"webhook": "http://127.0.0.1:9/T0P"}], "heartbeat": {"sinks": ["command:true"]}}
    done = check(tmp_path, watch, "--check")
    assert done.returncode == 0 and re.search(r"^sink +webhook:127\.0\.0\.1:9#", done.stdout, re.MULTILINE), done.stdout
    assert re.search(r"^heartbeat +command:true, every 60 s$", done.stdout, re.MULTILINE) and "T0P" not in done.stdout
    told = command(tmp_path, "doctor", "--config", "gateway.json")
    assert "ok    sink webhook:127.0.0.1:9#" in told.stdout and "T0P" not in told.stdout, told.stdout
    check(tmp_path, {"sinks": [{"webhook": "http://169.254.169.254/T0P"}]}, "--check")
    told = command(tmp_path, "doctor", "--config", "gateway.json")
    assert told.returncode == 1 and re.search(r"^WRONG sink webhook:169.*metadata", told.stdout, re.MULTILINE), told.stdout


def test_what_is_expected_is_missed_in_serve_as_well(tmp_path: Path) -> None:
    sink = tmp_path / "alerts.ndjson"
    with behind(tmp_path, watch={"sinks": [f"file:{sink}"], "expect_records": "2s"}):
        until(lambda: any(one["rule"] == "no_events" for one in lines(sink)), "nothing arrives")


@needs_openssl
def test_the_example_of_the_documentation_is_one(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "ALERTS.md").read_text()
    (example,) = re.findall(r"^```json\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    watch = json.loads("{" + example + "}")["watch"]
    (tmp_path / "hook.key").write_text(SECRET)
    (tmp_path / "hook.key").chmod(0o600)
    ca, _, _ = authority(tmp_path, "hooks.example")
    ca.rename(tmp_path / "ca.pem")
    (tmp_path / "rules.json").write_text('{"version": 1}')
    done = check(tmp_path, watch, "--check")
    assert done.returncode == 0 and done.stdout.count("\nsink ") == 4 and "heartbeat  webhook:switch.example#" in done.stdout


def check(folder: Path, watch: dict[str, Any], *words: str) -> subprocess.CompletedProcess[str]:
    """`serve` with a configuration that it is expected to end on."""
    document = configuration({"up": "http://127.0.0.1:9/mcp"}, folder=folder, watch=watch)
    (folder / "gateway.json").write_text(json.dumps(document))
    return command(folder, "serve", "--config", "gateway.json", *words)


def command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [binary(), *words], capture_output=True, text=True, env=environment_of(folder), cwd=folder, timeout=20
    )


# --- names and TLS ---


def authority(folder: Path, host: str) -> tuple[Path, Path, Path]:
    """An authority of its own, and a certificate that it signed for a host, with its key."""
    ca, chain, key = folder / f"{host}-ca.pem", folder / f"{host}.pem", folder / f"{host}.key"
    ca_key, request, names = folder / f"{host}-ca.key", folder / f"{host}.csr", folder / f"{host}.ext"
    make = "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc".split()
    names.write_text(f"subjectAltName=DNS:{host}\n")
    for words in (
        [*make, "-x509", "-days", "2", "-subj", "/CN=test authority", "-keyout", ca_key, "-out", ca],
        [*make, "-subj", f"/CN={host}", "-keyout", key, "-out", request],
        ["x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-days", "2", "-extfile", names, "-out", chain],
    ):
        subprocess.run([OPENSSL, *map(str, words)], check=True, capture_output=True, timeout=30)
    return ca, chain, key


def over_tls(receiver: Receiver, chain: Path, key: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    receiver.server.socket = context.wrap_socket(receiver.server.socket, server_side=True)


def fleet(home: Home) -> None:
    home.tollgate("simulate", "--seed", "1", "--events", "4000", "--log", home.path / "logs" / "fleet")


def test_a_sink_may_be_a_name(home: Home) -> None:
    """`localhost` has more than one address on most machines; the receiver is at one of them."""
    fleet(home)
    with receiving() as receiver:
        url = f"webhook:http://localhost:{receiver.port}/hook"
        home.tollgate("watch", *loop_and_cap(home), "--once", "--sink", url)
        assert alerts(receiver, "loop") and receiver.taken[0].headers["host"] == f"localhost:{receiver.port}"


@needs_openssl
def test_a_receiver_over_tls_is_believed_by_its_authority_and_by_no_other(home: Home) -> None:
    fleet(home)
    ca, chain, key = authority(home.work, "localhost")
    with receiving() as receiver:
        over_tls(receiver, chain, key)
        url = f"https://localhost:{receiver.port}/hook"
        both = [word for kind in ("webhook", "alertmanager") for word in ("--sink", f"{kind}:{url}")]
        said = home.tollgate("watch", *loop_and_cap(home), "--once", *both)
        for kind in ("webhook", "alertmanager"):
            assert re.search(f"not delivered to {kind}.*certificate that is not believed", said.err), said.err
        assert "ca-file" in said.err and "could not be delivered in time" in said.err and receiver.received == []
        both = [f"{word}#ca-file={ca}" if word.endswith("/hook") else word for word in both]
        home.tollgate("watch", *loop_and_cap(home), "--once", *both)
        assert {one.path for one in receiver.taken} == {"/hook", "/hook/api/v2/alerts"}
        hook = [one for one in receiver.taken if one.path == "/hook"]
        assert any(entry["labels"]["alertname"] == "loop" for one in hook for entry in one.json()["alerts"])


@needs_openssl
def test_serve_believes_the_authority_that_its_configuration_names(tmp_path: Path) -> None:
    ca, chain, key = authority(tmp_path, "localhost")
    other, _, _ = authority(tmp_path, "other.example")
    with receiving() as receiver:
        over_tls(receiver, chain, key)
        url = f"https://localhost:{receiver.port}"
        for name, is_believed in ((other.name, False), (ca.name, True)):
            beat = {"every": "1s", "sinks": [f"webhook:{url}/beat#ca-file={name}"]}
            watch = {"sinks": [{"alertmanager": url, "ca": name}], "heartbeat": beat}
            with behind(tmp_path, watch=watch) as (gateway, _):
                if is_believed:
                    until(lambda: {"/api/v2/alerts", "/beat"} <= {one.path for one in receiver.taken}, "both")
                    continue
                until(lambda: gateway.error_text().count("certificate that is not believed") >= 2, "both are refused")
                assert receiver.received == []


@needs_openssl
def test_a_certificate_of_another_name_is_refused(home: Home) -> None:
    fleet(home)
    ca, chain, key = authority(home.work, "other.example")
    with receiving() as receiver:
        over_tls(receiver, chain, key)
        sink = f"webhook:https://localhost:{receiver.port}/hook#ca-file={ca}"
        said = home.tollgate("watch", *loop_and_cap(home), "--once", "--sink", sink)
        assert "certificate of another name" in said.err and receiver.received == [], said.err


# --- heartbeats ---


def test_heartbeats_reach_every_kind_of_sink_until_the_watch_ends(home: Home) -> None:
    file, taken = home.work / "alive.ndjson", home.work / "taken.ndjson"
    script = home.write("beat.sh", f"cat >> {taken}\n")
    with receiving([503]) as receiver:
        kinds = [f"file:{file}", f'command:["sh","{script}"]', f"webhook:{receiver.url}"]
        words = [word for kind in kinds for word in ("--heartbeat", kind)]
        with home.following("watch", *words, "--heartbeat-every", "1s", "--sink", "stdout:json") as watch:
            until(lambda: len(receiver.taken) >= 2 and len(lines(file)) >= 3 and len(lines(taken)) >= 3, "heartbeats")
            assert watch.lines == [], "who hears of alerts hears no heartbeats"
            until(lambda: any("no heartbeat to webhook:" in line for line in watch.errors), "the one that failed")
        assert len({one.key for one in receiver.received}) == len(receiver.received), "none is tried again"
        count = (len(receiver.received), len(lines(file)))
        time.sleep(1.5)
        assert (len(receiver.received), len(lines(file))) == count, "the watch has ended"
    for one in lines(file) + lines(taken):
        assert (one["rule"], one["state"], one["severity"]) == ("TollgateWatchdog", "firing", "none")
    assert file.stat().st_mode & 0o777 == 0o600


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

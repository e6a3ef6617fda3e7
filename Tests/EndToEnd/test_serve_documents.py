"""What `doctor` says of a gateway, and whether schema, examples, unit and the operator's page are what `serve` reads."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest
from harness.client import until
from harness.gateway import Gateway, behind, configuration, environment_of, grant, token
from harness.http_client import Caller, Target
from harness.http_upstream import Upstream
from harness.machine import without_disk_warning
from harness.paths import CORPORA, EXAMPLES, SCHEMAS, binary
from jsonschema import Draft202012Validator
from test_serve_edge import call, free_port, served

ANALYZE = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="no systemd-analyze")


# --- doctor ---


def doctors_words(gateway: Gateway, wrong: bool) -> str:
    """What `doctor` says of a gateway, less what it says of this machine's disk; its status fits what it says."""
    done = gateway.command("doctor", "--config", "gateway.json", expect=None)
    assert done.returncode == int("WRONG" in done.stdout), done
    said = without_disk_warning(done.stdout)
    assert ("WRONG" in said) == wrong, said
    return said


def test_doctor_finds_a_server_that_is_not_there(tmp_path: Path) -> None:
    servers = {"up": f"http://127.0.0.1:{free_port()}/mcp", "tool": ["no-such-program-here"]}
    document = configuration(servers, folder=tmp_path, limits={"connections": 10}, listen=f"127.0.0.1:{free_port()}")
    gateway = Gateway(tmp_path, document, environment_of(tmp_path))
    gateway.file.write_text(json.dumps(document))
    said = doctors_words(gateway, wrong=True)
    wrong = [line for line in said.splitlines() if line.startswith("WRONG")]
    assert len(wrong) == 2 and "server tool" in wrong[0] and "server up" in wrong[1]
    assert "gateway: not running" in said and said.count("hint: ") == 2


def test_doctor_sees_a_running_gateway(tmp_path: Path) -> None:
    with behind(tmp_path, limits={"connections": 10}) as (gateway, _), gateway.caller() as agent:
        agent.stateless_call()
        said = doctors_words(gateway, wrong=False)
    assert "gateway: running, 1 connections" in said


def test_doctor_sees_a_stranger_on_the_port(tmp_path: Path) -> None:
    with Upstream() as upstream, socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        document = configuration({"up": upstream.url}, folder=tmp_path, listen=listen, limits={"connections": 10})
        gateway = Gateway(tmp_path, document, environment_of(tmp_path))
        gateway.file.write_text(json.dumps(document))
        said = doctors_words(gateway, wrong=True)
    assert f"something listens on {listen}" in said and "ss -ltnp" in said


def test_doctor_says_what_is_wrong_with_a_configuration(tmp_path: Path) -> None:
    document = configuration({"up": "http://127.0.0.1:9/mcp"}, folder=tmp_path, lisen="127.0.0.1:0")
    (tmp_path / "gateway.json").write_text(json.dumps(document))
    gateway = Gateway(tmp_path, document, environment_of(tmp_path))
    said = doctors_words(gateway, wrong=True)
    assert "/lisen" in said and "nearest: \"listen\"" in said.replace("nearest: listen", 'nearest: "listen"')


# --- schema and examples ---


def test_the_schema_says_what_the_reader_says_of_every_configuration() -> None:
    """Where it cannot, the corpus says so and why."""
    schema = json.loads((SCHEMAS / "config.v1.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    check = Draft202012Validator(schema)
    lines = (CORPORA / "configurations" / "documents.jsonl").read_text().splitlines()
    entries = [json.loads(line) for line in lines]
    assert len(entries) > 150
    wrong = [
        one["name"] for one in entries if check.is_valid(one["document"]) != one.get("schema_ok", one["ok"])
    ]
    assert wrong == []
    assert all("why" in one for one in entries if "schema_ok" in one)


@pytest.mark.parametrize("name", ["serve.json", "serve.yaml"])
def test_the_example_configurations_can_be_served(tmp_path: Path, name: str) -> None:
    before = sorted(EXAMPLES.rglob("*"))
    words = [binary(), "serve", "--config", EXAMPLES / name, "--check"]
    done = subprocess.run(words, capture_output=True, text=True, env=environment_of(tmp_path), timeout=20)
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert said[-1] == "ok" and [line.split()[1] for line in said if line.startswith("server")] == ["ecs", "sample"]
    assert sorted(EXAMPLES.rglob("*")) == before, "--check writes nothing"


def test_the_example_configuration_fits_the_schema_and_serves_its_sample(tmp_path: Path) -> None:
    document = json.loads((EXAMPLES / "serve.json").read_text())
    check = Draft202012Validator(json.loads((SCHEMAS / "config.v1.schema.json").read_text()))
    assert check.is_valid(document)
    shutil.copytree(EXAMPLES / "policies", tmp_path / "policies")
    shutil.copy(EXAMPLES / "sample_server.py", tmp_path)
    port = free_port()
    document |= {"listen": f"127.0.0.1:{port}", "grants": [grant("ci", "sample", "demo")]}
    with served(tmp_path, document, says="listening on"):
        caller = Caller(Target("127.0.0.1", port, "/sample/mcp", token("ci")))
        with caller:
            caller.handshake()
            names = {tool["name"] for tool in caller.ask("tools/list").messages()[-1]["result"]["tools"]}
    assert "delete_cluster" not in names and len(names) == 6


@needs_systemd
def test_the_unit_is_one_and_is_hardened(tmp_path: Path) -> None:
    unit = tmp_path / "tollgate.service"
    text = (EXAMPLES / "systemd" / "tollgate.service").read_text()
    assert text.count("\nExecStart=/opt/tollgate/tollgate serve ") == 1
    unit.write_text(text.replace("ExecStart=/opt/tollgate/tollgate ", f"ExecStart={binary()} "))
    done = subprocess.run([ANALYZE, "verify", unit], capture_output=True, text=True, timeout=60)
    said = [line for line in done.stderr.splitlines() if "tollgate" in line and "user" not in line.lower()]
    assert done.returncode == 0 and said == [], done.stderr
    # In tenths: 0 is the least exposed, 100 the most.
    words = [ANALYZE, "security", "--offline=true", "--threshold=15", "--no-pager", unit]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout[-400:] + done.stderr
    settings = dict(line.split("=", 1) for line in text.splitlines() if re.match(r"[A-Z]\w+=", line))
    assert settings["ExecReload"] == "/bin/kill -HUP $MAINPID" and settings["KillSignal"] == "SIGTERM"
    assert "AF_UNIX" in settings["RestrictAddressFamilies"] and int(settings["TimeoutStopSec"]) > 15


def test_documents_name_no_place_of_one_machine() -> None:
    pages = [EXAMPLES.parent / "docs" / "OPERATIONS.md", *(EXAMPLES / "systemd").iterdir(), *(EXAMPLES / "nginx").iterdir()]
    for page in pages:
        assert not re.search(r"/(root|home/\w+|work|tmp/w)/", page.read_text()), page


def test_the_operators_page_has_every_field_and_every_word() -> None:
    """What the configuration's schema has, and the words in which records say why and how."""
    page = (EXAMPLES.parent / "docs" / "OPERATIONS.md").read_text()
    definitions = json.loads((SCHEMAS / "config.v1.schema.json").read_text())["$defs"]
    missing = [name for name in definitions["document"]["properties"] if f"`{name}" not in page and name != "dashboard"]
    for part in ("limits", "timeouts", "flood", "watch"):
        for name in definitions[part]["properties"]:
            row = next((line for line in page.splitlines() if line.startswith("|") and f"{part}.{name}`" in line), None)
            # `limits.connections`, `sessions`, `streams` share a row.
            shared = f"`{part}." in page and f", `{name}`" in page
            if row is None and not shared:
                missing.append(f"{part}.{name}")
    missing += [name for part in ("httpServer", "commandServer") for name in definitions[part]["properties"] if f"`{name}`" not in page]
    for part, value in (("limits", "message_bytes"), ("limits", "head_bytes"), ("limits", "answer_bytes")):
        default = definitions[part]["properties"][value]["default"]
        assert f"| `{part}.{value}` | {default:,} |" in page
    record = json.dumps(json.loads((SCHEMAS / "decision-event.v1.schema.json").read_text()))
    not_of_serve = {"allowed", "approval", "approved", "approval_denied", "approval_expired", "brake", "internal"}
    words = set(re.search(r'"allowed", "no_policy"[^\]]*', record)[0].replace('"', "").split(", ")) - not_of_serve
    words |= set(re.search(r'"ok", "tool_error"[^\]]*', record)[0].replace('"', "").split(", "))
    assert len(words) > 25
    assert missing + sorted(word for word in words if f"`{word}`" not in page) == []


def test_a_reload_that_fails_and_one_that_succeeds_are_said(tmp_path: Path) -> None:
    """SIGHUP with a mistake changes nothing; what only a restart changes is named."""
    with behind(tmp_path) as (gateway, _):
        good = gateway.file.read_text()
        gateway.file.write_text(good.replace('"servers"', '"serves"'))
        gateway.child.send_signal(signal.SIGHUP)
        until(lambda: "the gateway goes on as it was" in gateway.error_text(), timeout=10, what="the refusal")
        assert call(gateway.port, "ci").status == 200
        gateway.file.write_text(json.dumps(json.loads(good) | {"durability": "none", "name": "other"}))
        until(lambda: "a restart is needed for" in gateway.error_text(), timeout=10, what="the reload")
        said = gateway.error_text()
        assert "/serves" in said and "restart is needed for durability, name" in said

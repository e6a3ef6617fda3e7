"""How sessions end and go wrong: signals, servers that die or leave children behind, callers that rename themselves,
lists that would show what is hidden. Each was a defect once."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest
from harness import logs
from harness.client import Client, until, verdict
from harness.home import Home

ANSWERING = """
import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message or "method" not in message:
        continue
    if message["method"] == "tools/list":
        result = {"tools": [{"name": "open", "inputSchema": {}}, {"name": "secret", "inputSchema": {}}]}
    else:
        result = {"content": [{"type": "text", "text": "ok"}], "isError": False}
    print(json.dumps({"jsonrpc": "2.0", "id": SPELL(message["id"]), "result": result}), flush=True)
"""
HIDING = {"version": "1", "default": "allow", "hide": ["secret"], "tools": {}}


def server(home: Home, text: str, name: str = "server.py") -> list[str]:
    return [sys.executable, "-u", str(home.write(name, text))]


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_server_and_answers_what_waits(home: Home, number: int) -> None:
    """Also a server that ignores the end of its input and SIGTERM."""
    text = f"""
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open({str(home.work / "pid")!r}, "w").write(str(os.getpid()))
while True: time.sleep(60)
"""
    with home.client(*server(home, text), agent="ci") as client:
        client.request_call("echo", rpc_id="waits")
        until(lambda: (home.work / "pid").exists() and (home.work / "pid").read_text(), what="the server's start")
        until(lambda: logs.calls(home.records()), what="the call's record")
        client.child.send_signal(number)
        assert "error" in client.answer("waits", timeout=20)
        client.child.wait(20)
        pid = int((home.work / "pid").read_text())
        until(lambda: not is_alive(pid), timeout=10, what="the server's end")
    found = home.records()
    assert logs.outcome_of(found, logs.calls(found)[0])["outcome"] == "upstream_down"


def test_a_child_that_keeps_the_output_open_does_not_keep_us(home: Home) -> None:
    text = """
import subprocess, sys
subprocess.Popen(["sleep", "120"])
sys.stdin.readline()
sys.exit(3)
"""
    with home.client(*server(home, text), agent="ci") as client:
        client.request_call("echo", rpc_id="waits")
        assert "error" in client.answer("waits", timeout=20)
        assert client.child.wait(20) == 3


def test_a_server_that_dies_within_a_line_leaves_the_errors_readable(home: Home) -> None:
    text = """
import sys
sys.stdin.readline()
sys.stdout.write('{"jsonrpc":"2.0","id":1,"result":{"content":[{"ty')
sys.stdout.flush()
sys.exit(9)
"""
    with home.client(*server(home, text), agent="ci") as client:
        client.request_call("echo", rpc_id="waits")
        assert "error" in client.answer("waits", timeout=20)


def test_a_caller_that_renames_itself_keeps_its_limits(home: Home) -> None:
    policy = home.write(
        "policy.json",
        {
            "version": "1",
            "default": "allow",
            "all_tools": {"limits": [{"counter": "c", "window": "hour", "max": 3, "scope": "agent"}]},
        },
    )
    with home.client(*server(home, ANSWERING.replace("SPELL", "")), policy=policy, agent=None) as client:
        seen = []
        for number in range(12):
            meta = {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {},
                "io.modelcontextprotocol/clientInfo": {"name": f"alias-{number}", "version": "1"},
            }
            params = {"name": "open", "arguments": {}, "_meta": meta}
            seen.append(verdict(client.answer(client.request("tools/call", params))))
    assert seen == ["ok"] * 3 + ["throttle"] * 9


@pytest.mark.parametrize("spelling", ["", "float"])
def test_a_hidden_tool_is_in_no_list_whatever_the_answers_id(home: Home, spelling: str) -> None:
    """Also where the server writes the id anew (`1.0`), so that the answer belongs to no request."""
    policy = home.write("policy.json", HIDING)
    with home.client(*server(home, ANSWERING.replace("SPELL", spelling)), policy=policy, agent="ci") as client:
        client.write(b'{"jsonrpc":"2.0","id":1,"method":"tools/list"}\n')
        client.write(b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}\n')
        client.write(b'{"jsonrpc":"2.0","id":2,"method":"tools/list"}\n')
        client.wait_for_messages(2)
        text = json.dumps(client.messages)
    assert "open" in text and "secret" not in text


def test_an_id_that_still_waits_is_refused_and_recorded(home: Home) -> None:
    with home.client(*home.recorder(), agent="ci") as client:
        client.handshake()
        line = b'{"jsonrpc":"2.0","id":"same","method":"tools/call","params":{"name":"echo","arguments":{}}}\n'
        client.write(line + line + line)
        until(lambda: len(logs.calls(home.records())) == 3, what="three records")
        assert client.close() == 0
    calls = logs.calls(home.records())
    assert {(call["decision"], call["reason"]) for call in calls} <= {("allow", "no_policy"), ("deny", "protocol")}
    allowed = [call for call in calls if call["decision"] == "allow"]
    assert len(home.received_calls()) == len(allowed) >= 1


@pytest.mark.parametrize("name", ["io.github/server", "../../escape", "watch", ".", "x" * 300])
def test_a_servers_name_never_leads_out_of_the_home(home: Home, name: str) -> None:
    home.tollgate("watch", "--once", expect=None)
    words = home.run_command(*home.recorder(), agent="ci")
    place = words.index("--")
    words[place:place] = [f"--server={name}"]
    with Client(words, home.environment, home.work / "err") as client:
        client.handshake()
        client.call("echo")
        assert client.close() == 0, client.error_text()
    assert logs.calls(home.records())
    assert {path.parent for path in home.logs()} == {home.path / "logs"}
    assert not (home.path.parent / "escape").exists() and os.path.commonpath([home.path, *home.logs()]) == str(
        home.path
    )

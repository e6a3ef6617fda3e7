"""`tollgate wrap`: a client's configuration changes by a word, works, and comes back byte for byte."""

from __future__ import annotations

import json
import os
from pathlib import Path

from harness.client import Client
from harness.home import Home
from harness.paths import EXAMPLES, POLICIES, SAMPLE_SERVER, binary

UNUSUAL = """{
   "theme":"dark",
   "mcpServers" : {"sample": {"command":"python3","args":["-S", %s],"env":{"A":"\\u00e9"}, "x-own": 1.0},

      "far":{"url":"https://mcp.example.com/mcp"} },
   "last": [1,  2]
}
"""


def test_undo_brings_every_byte_back(home: Home) -> None:
    for name, text in (
        ("unusual.json", UNUSUAL % json.dumps(str(SAMPLE_SERVER))),
        ("example.json", (EXAMPLES / "mcp.json").read_text()),
    ):
        file = home.write(name, text)
        home.tollgate("wrap", file, "--policy", POLICIES / "demo.json")
        assert file.read_text() != text
        home.tollgate("wrap", file, "--undo")
        assert file.read_text() == text


def test_wrapped_servers_keep_everything_else(home: Home) -> None:
    text = UNUSUAL % json.dumps(str(SAMPLE_SERVER))
    file = home.write("mcp.json", text)
    said = home.tollgate("wrap", file)
    before, after = json.loads(text), json.loads(file.read_text())
    server = after["mcpServers"]["sample"]
    assert os.path.isabs(server["command"]) and os.path.samefile(server["command"], binary())
    assert server["args"][0] == "run" and server["args"][-3:] == ["python3", "-S", str(SAMPLE_SERVER)]
    assert server["args"][-4] == "--"
    for unchanged in (before, after):
        for key in ("command", "args"):
            del unchanged["mcpServers"]["sample"][key]
    assert before == after, "only the command changed; servers by URL are left alone"
    assert "-" in said.out and "+" in said.out, "the change is shown"
    assert any(copy.read_text() == text for copy in home.work.glob("mcp.json?*")), "a copy is kept"


def test_wrapping_twice_changes_nothing_more(home: Home) -> None:
    file = home.write("mcp.json", UNUSUAL % json.dumps(str(SAMPLE_SERVER)))
    home.tollgate("wrap", file)
    once = file.read_text()
    home.tollgate("wrap", file, expect=None)
    assert file.read_text() == once


def test_a_wrapped_server_works_and_is_recorded(home: Home) -> None:
    file = home.write("mcp.json", UNUSUAL % json.dumps(str(SAMPLE_SERVER)))
    home.tollgate("wrap", file, "--policy", POLICIES / "demo.json")
    server = json.loads(file.read_text())["mcpServers"]["sample"]
    with Client(
        [server["command"], *server["args"]], home.environment | server["env"], Path(home.work / "err")
    ) as client:
        client.handshake()
        offered = [tool["name"] for tool in client.ask("tools/list")["result"]["tools"]]
        assert "list_clusters" in offered and "delete_cluster" not in offered
        assert client.call("list_clusters")["result"]["isError"] is False
        assert client.close() == 0
    assert any(record.get("tool") == "list_clusters" for record in home.records())

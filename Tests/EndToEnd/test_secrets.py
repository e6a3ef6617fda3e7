"""No value of an argument or a result is anywhere on disk, however a call ends."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

from harness import logs
from harness.home import Home

CANARY = "canary-7f3a9c"
NOISY_SERVER = """
import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message:
        continue
    name = message.get("params", {}).get("name")
    answer = {"jsonrpc": "2.0", "id": message["id"]}
    text = "result CANARY" + line.strip()
    if name == "fails":
        answer["error"] = {"code": -32000, "message": text, "data": text}
    elif name == "crashes":
        sys.stderr.write(text)
        sys.exit(3)
    else:
        answer["result"] = {"content": [{"type": "text", "text": text}], "isError": name == "is_error"}
    print(json.dumps(answer), flush=True)
""".replace("CANARY", CANARY)


def places(folder: Path) -> list[str]:
    """The files under the folder that hold the canary, as they are or decompressed."""
    found = []
    for file in folder.rglob("*"):
        if not file.is_file():
            continue
        data = file.read_bytes()
        if file.suffix == ".gz":
            data += gzip.decompress(data)
        if CANARY.encode() in data:
            found.append(str(file.relative_to(folder)))
    return found


def test_no_value_of_a_call_is_on_disk(home: Home) -> None:
    policy = home.write(
        "policy.json",
        {
            "version": "1",
            "default": "allow",
            "tools": {
                "refused": {"deny_if": [{"conditions": [{"path": "args.secret", "op": "exists", "value": True}]}]},
                "mistyped": {"deny_if": [{"conditions": [{"path": "args.secret", "op": "gt", "value": 1}]}]},
                "counted": {"limits": [{"counter": "c", "window": "minute", "max": 1, "scope": "grant"}]},
            },
        },
    )
    arguments = {"secret": f"{CANARY} é\n", "deep": [{"er": f"x{CANARY}"}], "n": 1}
    server = [sys.executable, str(home.write("server.py", NOISY_SERVER))]
    with home.client(*server, policy=policy, agent="ci") as client:
        client.handshake()
        for tool in ("fine", "fails", "is_error", "refused", "mistyped", "counted", "counted"):
            client.call(tool, arguments)
        client.write(
            b'{"jsonrpc":"2.0","id":90,"method":"tools/call","params":{"name":"fine","arguments":"%s"}}\n'
            % CANARY.encode()
        )
        client.write(
            b'{"jsonrpc":"2.0","id":91,"method":"tools/call","params":{"name":"fine","%s":1,"%s":2}}\n'
            % ((CANARY.encode(),) * 2)
        )
        client.write(b"[%s\n" % CANARY.encode())
        client.request_call("crashes", arguments)
        client.child.wait(30)
    for words in (
        ["ingest"],
        ["report", "weekly", "--format", "html"],
        ["report", "denials"],
        ["watch", "--once"],
        ["tail"],
        ["top", "--once"],
        ["top", "--json"],
    ):
        said = home.tollgate(*words)
        assert CANARY not in said.out + said.err
    assert len(logs.calls(home.records())) >= 9
    assert places(home.path) == [] and places(home.root / "state") == []
    own = [line for line in client.error_text().splitlines() if "result " + CANARY not in line]
    assert CANARY not in "\n".join(own), "the server's own stderr passes; the gateway's words hold no value"


def test_what_the_policy_names_is_recorded(home: Home) -> None:
    """The counterpart, without which the test above could not fail for the right reason."""
    policy = home.write(
        "policy.json", {"version": "1", "default": "allow", "tools": {"t": {"record": ["args.secret"]}}}
    )
    with home.client(*home.recorder(tools="t"), policy=policy) as client:
        client.handshake()
        client.call("t", {"secret": CANARY, "other": "x"})
        assert client.close() == 0
    assert logs.calls(home.records())[0]["args"] == [f"secret={CANARY}"] or logs.calls(home.records())[0]["args"] == [
        f"args.secret={CANARY}"
    ]
    assert places(home.path) != []

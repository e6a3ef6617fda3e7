"""Stdio servers behind `serve`: a child for each session, in the stateless era one for each grant, ids kept apart."""

from __future__ import annotations

import contextlib
import json
import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import logs
from harness.client import until, verdict
from harness.gateway import Gateway, grant, running_gateway, together
from harness.http_client import HANDSHAKE, Caller, Response
from harness.paths import TESTS

PART = TESTS / "parts" / "stdio_server.py"
META = {"progressToken": "t"}
TELLING = """
import json, os, sys
for line in sys.stdin:
    message = json.loads(line)
    if "id" in message:
        result = {"content": [], "structuredContent": {"value": dict(os.environ)}}
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
"""
IDS = ["1", '"1"', "-7", '"\\u0031"', "9007199254740993", '"é/\\n"', '"' + "y" * 100 + '"']


class Children:
    """What the children of the stdio part have written down."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def pids(self) -> list[int]:
        return sorted(int(path.stem) for path in self.folder.glob("*.in"))

    def lines(self, pid: int | None = None) -> list[bytes]:
        paths = [self.folder / f"{pid}.in"] if pid else sorted(self.folder.glob("*.in"))
        return [line for path in paths for line in path.read_bytes().splitlines()]

    def messages(self, method: str, pid: int | None = None) -> list[dict[str, Any]]:
        found = [json.loads(line) for line in self.lines(pid)]
        return [message for message in found if message.get("method") == method]

    def open_gate(self, name: str = "gate") -> None:
        (self.folder / name).touch()

    def living(self) -> list[int]:
        return [pid for pid in self.pids() if _is_alive(pid)]


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@contextlib.contextmanager
def served(folder: Path, **settings: Any) -> Iterator[tuple[Gateway, Children]]:
    children = Children(folder / "children")
    children.folder.mkdir()
    server = {"command": [sys.executable, "-S", "-E", str(PART), str(children.folder)]} | settings.pop("up", {})
    with running_gateway(folder, {"up": server}, **settings) as gateway:
        yield gateway, children
    until(lambda: not children.living(), timeout=10, what="no child is left behind")


def value(answer: Response) -> Any:
    return answer.read().messages()[-1]["result"]["structuredContent"]["value"]


def outcomes(found: list[logs.Record]) -> list[str]:
    return [logs.outcome_of(found, call)["outcome"] for call in logs.calls(found)]


def test_each_session_has_a_child_of_its_own_that_ends_with_it(tmp_path: Path) -> None:
    with served(tmp_path) as (gateway, children), gateway.caller() as one, gateway.caller() as other:
        one.handshake()
        other.handshake()
        assert one.session and other.session and one.session != other.session
        pids = [value(agent.call("pid")) for agent in (one, one, other)]
        assert pids[0] == pids[1] != pids[2]
        assert sorted(set(pids)) == children.pids()
        assert one.send(None, "DELETE").status in (200, 204)
        until(lambda: children.living() == [pids[2]], what="the child of the closed session ends")
        assert one.call("pid").status == 404 and value(other.call("pid")) == pids[2]
        assert len(children.messages("initialize")) == 2
        recorded = logs.calls(gateway.records(), decision="allow")
    assert len(recorded) == 4 and {one["transport"] for one in recorded} <= {"http", "stdio"}


def test_without_sessions_each_grant_has_one_child(tmp_path: Path) -> None:
    with served(tmp_path, grants=[grant("alice"), grant("bob")]) as (gateway, children):
        with gateway.caller("alice") as alice, gateway.caller("alice") as again, gateway.caller("bob") as bob:
            pids = [value(agent.stateless_call("pid")) for agent in (alice, again, bob, alice)]
    assert pids[0] == pids[1] == pids[3] != pids[2]
    assert sorted(set(pids)) == children.pids()


@pytest.mark.parametrize("stateless", [True, False], ids=["stateless", "session"])
def test_ids_come_back_as_they_were_spelled(tmp_path: Path, stateless: bool) -> None:
    """All wait at once in one child; two callers use the same ids in the stateless era."""
    with served(tmp_path) as (gateway, children):
        callers = [gateway.caller(timeout=30) for _ in range(2 if stateless else 1)]
        if not stateless:
            callers[0].handshake()

        def act(index: int) -> bytes:
            agent, token = callers[index % len(callers)], IDS[index // len(callers)]
            arguments = {"gate": "gate", "mark": index}
            body, headers = agent.stateless_parts("tools/call", {"name": "wait", "arguments": arguments}, rpc_id="@@")
            if not stateless:
                message = {"name": "wait", "arguments": arguments}
                body, headers = agent.request("tools/call", message, "@@"), {"MCP_Protocol_Version": HANDSHAKE}
            answer = agent.send(body.replace(b'"@@"', token.encode()), **headers)
            assert answer.messages()[-1]["result"]["structuredContent"]["value"]["mark"] == index
            return bytes(answer.body)

        count = len(IDS) * len(callers)
        opener = threading.Thread(target=lambda: _open_when(children, count), daemon=True)
        opener.start()
        answers = together(count, act)
        sent = [re.search(rb'"id"\s*:\s*("(?:\\.|[^"\\])*"|-?\d+)', line)[1] for line in _calls(children)]
        recorded = [one["rpc_id"] for one in logs.calls(gateway.records())]
    got = [re.search(rb'"id"\s*:\s*("(?:\\.|[^"\\])*"|-?\d+)', one)[1].decode() for one in answers]
    assert got == [IDS[index // len(callers)] for index in range(count)]
    assert len(set(sent)) == count, "towards the child every id is another"
    assert sorted(recorded) == sorted(got)


def _calls(children: Children) -> list[bytes]:
    return [line for line in children.lines() if b'"tools/call"' in line]


def _open_when(children: Children, count: int) -> None:
    until(lambda: len(_calls(children)) >= count, what="all calls are with the child")
    children.open_gate()


def test_bytes_towards_the_child_differ_in_the_id_alone(tmp_path: Path) -> None:
    params = '{ "name":"echo","arguments":{"n":1e400,"z":-0,"a":[1.0,"\\u00e9"]},"x":{}  }'
    body = f'{{"method":"tools\\/call" , "jsonrpc":"2.0","id":"the id","params":{params} , "y":1e0}}'
    with served(tmp_path) as (gateway, children), gateway.caller() as agent:
        agent.handshake()
        assert verdict(agent.send(body.encode(), MCP_Protocol_Version=HANDSHAKE).messages()[-1]) == "ok"
        (line,) = [one for one in children.lines() if b"1e400" in one]
    before, after = body.split('"the id"')
    assert line.decode().startswith(before) and line.decode().rstrip().endswith(after)


def test_lists_lose_hidden_tools_here_too(tmp_path: Path) -> None:
    policy = {"version": "1", "default": "allow", "hide": ["secret"], "tools": {}}
    with served(tmp_path, policy=policy) as (gateway, _), gateway.caller() as agent:
        agent.handshake()
        names = [one["name"] for one in agent.ask("tools/list").messages()[-1]["result"]["tools"]]
        found = gateway.records()
    assert names == ["pid", "wait"]
    assert [one["removed"] for one in found if one.get("event") == "tools_filtered"] == [1]


def test_progress_goes_to_the_call_it_is_about(tmp_path: Path) -> None:
    """Two callers of one child use the same token; neither sees the other's."""
    with served(tmp_path) as (gateway, children):

        def act(index: int) -> list[Any]:
            with gateway.caller(timeout=30) as agent:
                arguments = {"gate": "gate", "mark": f"caller {index}"}
                params = {"name": "progress", "arguments": arguments}
                answer = agent.open_stateless("tools/call", params, rpc_id=1, meta=META)
                seen = [answer.event().message for _ in range(3)]
                _arrived.append(index)
                if len(_arrived) == 2:
                    children.open_gate()
                seen.append(answer.event().message)
                return seen

        _arrived: list[int] = []
        for index, seen in enumerate(together(2, act)):
            params = [one["params"] for one in seen[:3]]
            assert [one["progressToken"] for one in params] == ["t"] * 3
            assert {one["message"] for one in params} == {f"caller {index}"}
            assert seen[3]["id"] == 1 and "result" in seen[3]
        assert len(children.pids()) == 1
        assert outcomes(gateway.records()) == ["ok", "ok"]


def test_a_cancellation_names_the_childs_own_id(tmp_path: Path) -> None:
    with served(tmp_path) as (gateway, children), gateway.caller() as agent:
        agent.handshake()
        waiting = threading.Thread(target=lambda: _leave_quietly(agent, "wait"), daemon=True)
        waiting.start()
        until(lambda: children.messages("tools/call"), what="the call is with the child")
        with gateway.caller() as second:
            second.session = agent.session
            assert second.note("notifications/cancelled", {"requestId": "mine", "reason": "r"}).status == 202
        until(lambda: children.messages("notifications/cancelled"), what="the cancellation is with the child")
        (call,), (note,) = children.messages("tools/call"), children.messages("notifications/cancelled")
        assert note["params"] == {"requestId": call["id"], "reason": "r"}
        children.open_gate()
        waiting.join(20)
        assert logs.decisions(gateway.records(), method="notifications/cancelled")


def _leave_quietly(agent: Caller, tool: str) -> None:
    with contextlib.suppress(AssertionError, OSError):
        agent.call(tool, {"gate": "gate"}, rpc_id="mine")


def test_a_stateless_client_that_leaves_cancels_its_call(tmp_path: Path) -> None:
    with served(tmp_path) as (gateway, children), gateway.caller() as agent:
        params = {"name": "progress", "arguments": {"gate": "gate", "mark": "x"}}
        answer = agent.open_stateless("tools/call", params, rpc_id="leaver", meta=META)
        answer.event()
        answer.connection.leave()
        until(lambda: children.messages("notifications/cancelled"), what="the cancellation is with the child")
        (call,), (note,) = children.messages("tools/call"), children.messages("notifications/cancelled")
        assert note["params"]["requestId"] == call["id"]
        children.open_gate()
        with gateway.caller() as other:
            assert value(other.stateless_call("pid")) == children.pids()[0], "the child goes on"
        assert outcomes(gateway.records())[0] in ("cancelled", "disconnected")


def test_a_childs_question_reaches_its_client_and_the_answer_the_child(tmp_path: Path) -> None:
    with served(tmp_path) as (gateway, children), gateway.caller(timeout=30) as agent:
        agent.handshake(capabilities={"elicitation": {}})
        seen: list[Any] = []
        answered = threading.Event()

        def listen(answer: Response) -> None:
            with contextlib.suppress(AssertionError, OSError):
                while not answered.is_set():
                    seen.append(answer.event().message)

        own = agent.open(None, "GET", Accept="text/event-stream", MCP_Protocol_Version=HANDSHAKE)
        assert own.status == 200
        threading.Thread(target=listen, args=(own,), daemon=True).start()
        calling = threading.Thread(target=lambda: _ask(agent, seen), daemon=True)
        calling.start()
        question = until(lambda: [one for one in seen if one.get("method") == "elicitation/create"], what="it")[0]
        assert question["params"]["message"] == "who?"
        with gateway.caller() as second:
            second.session = agent.session
            reply = {"jsonrpc": "2.0", "id": question["id"], "result": {"action": "accept", "content": {"n": 1}}}
            assert second.send(json.dumps(reply).encode(), MCP_Protocol_Version=HANDSHAKE).status == 202
        calling.join(20)
        answered.set()
        results = [one for one in seen if "result" in one]
        assert results[0]["result"]["structuredContent"]["value"] == [reply["result"]]
        assert outcomes(gateway.records()) == ["ok"]


def _ask(agent: Caller, seen: list[Any]) -> None:
    answer = agent.open_call("ask", {"question": "who?"})
    if "event-stream" in (answer.header("content-type") or ""):
        while not any("result" in one for one in seen):
            seen.append(answer.event().message)
    else:
        seen.extend(answer.read().messages())


def test_an_idle_child_is_stopped_and_started_again(tmp_path: Path) -> None:
    with served(tmp_path, timeouts={"child_idle": 0.4}) as (gateway, children), gateway.caller() as agent:
        first = value(agent.stateless_call("pid"))
        until(lambda: not children.living(), timeout=10, what="the idle child is stopped")
        second = value(agent.stateless_call("pid"))
        assert first != second and children.pids() == sorted([first, second])
        children_of_calls = outcomes(gateway.records())
    assert children_of_calls == ["ok", "ok"]


def test_a_child_that_waits_is_not_idle(tmp_path: Path) -> None:
    with served(tmp_path, timeouts={"child_idle": 0.3}) as (gateway, children), gateway.caller() as agent:
        timer = threading.Timer(1.2, children.open_gate)
        timer.start()
        assert verdict(agent.stateless_call("wait", {"gate": "gate"}).messages()[-1]) == "ok"
        timer.join()


def test_a_crash_answers_all_that_wait_and_is_recorded(tmp_path: Path) -> None:
    with served(tmp_path) as (gateway, children):

        def wait(index: int) -> Any:
            with gateway.caller() as agent:
                if index == 3:
                    until(lambda: len(children.messages("tools/call")) >= 3, what="three wait")
                    return agent.stateless_call("crash", rpc_id=index).messages()[-1]
                return agent.stateless_call("wait", {"gate": "never"}, rpc_id=index).messages()[-1]

        answers = together(4, wait)
        assert [one["id"] for one in answers] == [0, 1, 2, 3]
        assert all(-32019 <= one["error"]["code"] <= -32000 for one in answers)
        with gateway.caller() as agent:
            assert value(agent.stateless_call("pid")) not in children.pids()[:1] or len(children.pids()) == 2
        found = gateway.records()
    assert sorted(outcomes(found)) == ["ok"] + ["upstream_down"] * 4


def test_a_session_ends_with_its_child(tmp_path: Path) -> None:
    with served(tmp_path) as (gateway, _), gateway.caller() as agent:
        agent.handshake()
        assert "error" in agent.call("crash").messages()[-1]
        until(lambda: agent.call("pid").status == 404, timeout=5, what="the session is no more")
        agent.session = None
        agent.handshake()
        assert value(agent.call("pid")) > 0


def test_a_command_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with running_gateway(tmp_path, {"up": ["/nowhere/no-such-server"]}) as gateway, gateway.caller() as agent:
        answer = agent.stateless_call(rpc_id="n").messages()[-1]
        assert answer["id"] == "n" and -32019 <= answer["error"]["code"] <= -32000
        assert outcomes(gateway.records()) == ["upstream_down"]


def test_noise_does_no_harm(tmp_path: Path) -> None:
    """What is no message goes nowhere, and a talkative stderr blocks nothing."""
    with served(tmp_path) as (gateway, _), gateway.caller(timeout=30) as agent:
        answer = agent.stateless_call("noise", {"a": 1})
        assert value(answer) == {"a": 1} and b"no message" not in bytes(answer.body)


def test_configured_variables_reach_the_child_and_the_callers_token_does_not(tmp_path: Path) -> None:
    script = tmp_path / "server.py"
    script.write_text(TELLING)
    server = {"command": [sys.executable, "-S", str(script)], "env": {"API_KEY": "env:KEY", "PLAIN": "x"}}
    with running_gateway(tmp_path, {"up": server}, env={"KEY": "env-secret-17"}) as gateway:
        with gateway.caller() as agent:
            seen = value(agent.stateless_call("any"))
        assert seen["API_KEY"] == "env-secret-17" and seen["PLAIN"] == "x"
        assert gateway.token not in json.dumps(seen) and "env-secret-17" not in gateway.error_text()


def test_a_child_inherits_nothing_but_its_pipes(tmp_path: Path) -> None:
    """No connection of a client's, no file of the log's, no pipe of another child's."""
    with served(tmp_path) as (gateway, children), gateway.caller() as one, gateway.caller() as other:
        for agent in (one, other):
            agent.handshake()
            value(agent.call("pid"))
        for pid in children.living():
            places = {fd.name: str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir()}
            own = {name for name, place in places.items() if place.endswith(f"{pid}.in")}
            assert set(places) - own == {"0", "1", "2"}, places


def test_the_end_of_a_connection_reaches_its_client_though_children_live(tmp_path: Path) -> None:
    """A child that held a copy of the connection would keep it open."""
    with served(tmp_path, timeouts={"idle": 0.5}) as (gateway, _), gateway.caller() as one, gateway.caller() as other:
        waiting = other.connect()
        one.handshake()
        value(one.call("pid"))
        assert waiting.has_ended(5)

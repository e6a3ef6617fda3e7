"""Calls that wait for a person: held open, decided through the control socket, decided again at release, used once."""

from __future__ import annotations

import getpass
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness import logs
from harness.client import DECISION, Client, until, verdict
from harness.gateway import Gateway, behind, grant
from harness.home import Home
from harness.http_client import Caller, Connection, head

RULE = "/tools/pay/approval"
NEED = {"timeout": "30m", "on_timeout": "deny", "reason": "Payments need a second pair of eyes."}


def policy(limits: list[dict[str, Any]] | None = None, **approval: Any) -> dict[str, Any]:
    tool: dict[str, Any] = {"approval": NEED | approval, "record": ["args.amount"]}
    if limits:
        tool["limits"] = limits
    return {"version": "1", "default": "allow", "tools": {"pay": tool}}


def own(message: dict[str, Any]) -> dict[str, Any]:
    return message["result"]["_meta"][DECISION]


def said(message: dict[str, Any]) -> str:
    return message["result"]["content"][0]["text"]


class Later:
    """Something that is under way on a thread of its own."""

    def __init__(self, act: Callable[[], Any]) -> None:
        self.values: list[Any] = []
        self.thread = threading.Thread(target=lambda: self.values.append(act()), daemon=True)
        self.thread.start()

    def value(self, timeout: float = 20) -> Any:
        self.thread.join(timeout)
        assert self.values, "it is still under way, or has failed"
        return self.values[0]


class Desk:
    """`tollgate approvals` at one gateway."""

    def __init__(self, run: Callable[..., Any], *where: str) -> None:
        self.run, self.where = run, where

    def list(self) -> list[dict[str, Any]]:
        done = self.run("approvals", "list", *self.where, "--json", expect=None)
        text = done.stdout if hasattr(done, "stdout") else done.out
        return json.loads(text or "[]")

    def waiting(self, count: int = 1) -> list[dict[str, Any]]:
        return until(lambda: found if len(found := self.list()) == count else None, what=f"{count} calls waiting")

    def decide(self, word: str, name: str, *more: str, expect: int = 0) -> None:
        self.run("approvals", word, name, *self.where, *more, expect=expect)


def at(gateway: Gateway) -> Desk:
    return Desk(gateway.command, "--config", str(gateway.file))


def of(home: Home) -> Desk:
    return Desk(home.tollgate)


def post(agent: Caller, arguments: dict[str, Any]) -> Connection:
    """Sends a call of a session, and does not wait for any answer."""
    body = agent.request("tools/call", {"name": "pay", "arguments": arguments})
    headers = agent.standard(MCP_Protocol_Version=agent.version, Content_Length=str(len(body)))
    connection = agent.connect()
    connection.write(head("POST", agent.target, headers) + body)
    return connection


# --- over HTTP ---


def test_an_approved_call_goes_on_and_the_log_says_who_when_and_how_long(tmp_path: Path) -> None:
    with behind(tmp_path, policy=policy()) as (gateway, upstream), gateway.caller() as agent:
        agent.handshake()
        answer = Later(lambda: agent.call("pay", {"amount": 5, "card": "4242"}).json())
        (waiting,) = at(gateway).waiting()
        assert waiting["tool"] == "pay" and waiting["agent"] == "ci" and waiting["caller_waits"] is True
        assert waiting["rule"] == RULE and waiting["reason"] == NEED["reason"] and waiting["risk"] == "financial"
        assert waiting["args"] == ["args.amount=5"] and "4242" not in json.dumps(waiting)
        time.sleep(0.3)
        assert not upstream.calls(), "nothing is forwarded before somebody has decided"
        at(gateway).decide("approve", waiting["id"])
        assert verdict(answer.value()) == "ok"
        assert [call.message["params"]["arguments"] for call in upstream.calls()] == [{"amount": 5, "card": "4242"}]

        found = gateway.records()
        hold, release = logs.decisions(found, tool="pay")
        assert (hold["decision"], hold["reason"], hold["rule"]) == ("hold", "approval", RULE)
        assert (release["decision"], release["reason"], release["rule"]) == ("allow", "approved", RULE)
        assert release["of"] == hold["seq"] and release["message"] == f"Approved by {getpass.getuser()}."
        (decided,) = [one for one in found if one.get("event") == "approval_decided"]
        assert (decided["id"], decided["state"], decided["by"]) == (waiting["id"], "approved", getpass.getuser())
        assert decided["start"] == hold["ts"] and hold["seq"] < decided["seq"] < release["seq"]
        assert logs.outcome_of(found, release)["outcome"] == "ok"
        assert "4242" not in json.dumps(found)
        assert at(gateway).list() == [], "an approval is used once"


def test_a_refused_call_says_so_and_is_not_forwarded(tmp_path: Path) -> None:
    with behind(tmp_path, policy=policy()) as (gateway, upstream), gateway.caller() as agent:
        answer = Later(lambda: agent.stateless_call("pay", {"amount": 5}).json())
        (waiting,) = at(gateway).waiting()
        at(gateway).decide("deny", waiting["id"].split("/")[-1], "--message", "Ask finance first.")
        message = answer.value()
        assert verdict(message) == "deny" and own(message)["reason"] == "approval_denied"
        assert said(message) == f"[POLICY DENIED] Refused by {getpass.getuser()}. Ask finance first."
        hold, end = logs.decisions(gateway.records(), tool="pay")
        assert (end["decision"], end["reason"], end["of"]) == ("deny", "approval_denied", hold["seq"])
        assert not upstream.calls()
        at(gateway).decide("approve", waiting["id"], expect=1)


def test_a_caller_is_told_to_call_again_and_its_next_call_uses_the_approval_up(tmp_path: Path) -> None:
    with behind(tmp_path, policy=policy(), timeouts={"approval": "1s"}) as (gateway, upstream):
        with gateway.caller() as agent:
            agent.handshake()
            first = agent.call("pay", {"amount": 5}).json()
            (waiting,) = at(gateway).waiting()
            assert verdict(first) == "hold" and own(first)["record"] == waiting["id"]
            assert said(first).startswith(f"[APPROVAL NEEDED] id {waiting['id']}: pay waits for a person's approval.")
            again = agent.call("pay", {"amount": 5}).json()
            assert own(again)["record"] == waiting["id"], "the same call goes on waiting under its name"
            at(gateway).decide("approve", waiting["id"])
            (approved,) = at(gateway).waiting()
            assert approved["approved_by"] == getpass.getuser() and not upstream.calls()
            other = agent.call("pay", {"amount": 5.0}).json()
            assert verdict(other) == "hold", "an approval is for exactly these bytes"
            assert verdict(agent.call("pay", {"amount": 5}).json()) == "ok"
            last = agent.call("pay", {"amount": 5}).json()
            assert verdict(last) == "hold", "and for one call"
            for word in ("approve", "deny"):
                at(gateway).decide(word, own(last)["record"])
            assert verdict(agent.call("pay", {"amount": 5}).json()) == "hold", "an approval can be taken back"
            assert len(upstream.calls()) == 1
        found = gateway.records()
        holds = logs.decisions(found, tool="pay", decision="hold")
        (release,) = logs.decisions(found, tool="pay", decision="allow")
        assert release["of"] == holds[1]["seq"] and len(holds) == 5


def test_two_like_calls_at_once_need_two_approvals(tmp_path: Path) -> None:
    with behind(tmp_path, policy=policy()) as (gateway, upstream), gateway.caller() as one, gateway.caller() as two:
        answers = [Later(lambda agent=agent: agent.stateless_call("pay", {"amount": 5}).json()) for agent in (one, two)]
        first, second = at(gateway).waiting(2)
        at(gateway).decide("approve", first["id"])
        until(lambda: len(upstream.calls()) == 1)
        assert [waiting["id"] for waiting in at(gateway).waiting()] == [second["id"]]
        at(gateway).decide("deny", second["id"])
        assert sorted(verdict(answer.value()) for answer in answers) == ["deny", "ok"]
        assert len(upstream.calls()) == 1


def test_nothing_is_forwarded_for_a_caller_that_has_left(tmp_path: Path) -> None:
    with behind(tmp_path, policy=policy()) as (gateway, upstream), gateway.caller() as agent:
        agent.handshake()
        leaver = gateway.caller()
        leaver.handshake()
        post(leaver, {"amount": 5})
        (waiting,) = at(gateway).waiting()
        leaver.close()
        until(lambda: at(gateway).list()[0]["caller_waits"] is False, what="the caller's leaving is seen")
        at(gateway).decide("approve", waiting["id"])
        time.sleep(0.3)
        assert not upstream.calls()
        assert verdict(agent.call("pay", {"amount": 5}).json()) == "ok", "the same grant's next call uses it"
        assert len(upstream.calls()) == 1


def test_limits_are_looked_at_before_and_charged_at_release(tmp_path: Path) -> None:
    limits = [{"counter": "pays", "window": "hour", "max": 1, "scope": "grant"}]
    with behind(tmp_path, policy=policy(limits)) as (gateway, upstream), gateway.caller() as one:
        with gateway.caller() as two:
            answers = [
                Later(lambda agent=agent, n=n: agent.stateless_call("pay", {"amount": n}).json())
                for n, agent in enumerate((one, two))
            ]
            first, second = at(gateway).waiting(2)
            at(gateway).decide("approve", first["id"])
            until(lambda: len(upstream.calls()) == 1)
            at(gateway).decide("approve", second["id"])
            assert sorted(verdict(answer.value()) for answer in answers) == ["ok", "throttle"]
            third = one.stateless_call("pay", {"amount": 7}).json()
            assert verdict(third) == "throttle", "what a limit refuses anyway is not held"
        found = gateway.records()
        (throttled,) = [one for one in logs.decisions(found, decision="throttle") if "of" in one]
        assert throttled["rule"] == "/tools/pay/limits/pays" and len(upstream.calls()) == 1


def test_an_eleventh_call_is_not_held(tmp_path: Path) -> None:
    with behind(tmp_path, policy=policy(), timeouts={"approval": "2s"}) as (gateway, upstream):
        with gateway.caller() as agent:
            agent.handshake()
            held = [post(agent, {"n": n}) for n in range(10)]
            at(gateway).waiting(10)
            refused = agent.call("pay", {"n": 10}).json()
            assert verdict(refused) == "throttle" and own(refused)["rule"] == RULE
            assert [verdict(one.response().read().json()) for one in held] == ["hold"] * 10
        assert not upstream.calls()


def test_a_call_is_decided_again_by_the_policy_of_that_time(tmp_path: Path) -> None:
    with behind(tmp_path, policy=policy()) as (gateway, upstream), gateway.caller() as agent:
        answer = Later(lambda: agent.stateless_call("pay", {"amount": 5}).json())
        (waiting,) = at(gateway).waiting()
        stricter = policy()
        stricter["tools"]["pay"]["deny_if"] = [
            {"conditions": [{"path": "args.amount", "op": "gt", "value": 1}], "on_deny": "Too much."}
        ]
        (gateway.folder / "open.policy.json").write_text(json.dumps(stricter))
        gateway.records(lambda found: len([one for one in found if one.get("event") == "policy_loaded"]) == 2)
        at(gateway).decide("approve", waiting["id"])
        message = answer.value()
        assert verdict(message) == "deny" and "Too much." in said(message) and not upstream.calls()


def test_what_nobody_decides_is_denied_in_time(tmp_path: Path) -> None:
    with behind(tmp_path, policy=policy(timeout="10s")) as (gateway, upstream), gateway.caller() as agent:
        message = agent.stateless_call("pay", {"amount": 5}).json()
        assert verdict(message) == "deny" and own(message)["reason"] == "approval_expired"
        hold, end = logs.decisions(gateway.records(), tool="pay")
        assert (end["of"], end["reason"]) == (hold["seq"], "approval_expired") and not upstream.calls()


def test_a_restart_ends_what_was_held_and_no_approval_outlives_it(tmp_path: Path) -> None:
    with behind(tmp_path, policy=policy(), timeouts={"approval": "1s"}) as (gateway, upstream):
        with gateway.caller() as agent:
            assert verdict(agent.stateless_call("pay", {"amount": 5}).json()) == "hold"
            (waiting,) = at(gateway).waiting()
            at(gateway).decide("approve", waiting["id"])
        gateway.kill()
        gateway.start()
        (end,) = gateway.records(
            lambda found: logs.decisions(found, reason="approval_expired")
        ) and logs.decisions(gateway.now(), reason="approval_expired")
        assert end["decision"] == "deny" and waiting["id"].endswith(f"/{end['of']}")
        with gateway.caller() as agent:
            assert verdict(agent.stateless_call("pay", {"amount": 5}).json()) == "hold"
        assert not upstream.calls()


def test_a_revoked_grants_calls_and_approvals_end_with_it(tmp_path: Path) -> None:
    grants = [grant("ci"), grant("other")]
    with (
        behind(tmp_path, policy=policy(), grants=grants, grants_file="grants.json") as (gateway, upstream),
        gateway.caller("ci") as agent,
        gateway.caller("other") as other,
    ):
        for one in (agent, other):
            one.handshake()
            post(one, {"amount": 5})
        waiting = {one["grant"]: one["id"] for one in at(gateway).waiting(2)}
        gateway.command("grant", "revoke", "ci", "--config", str(gateway.file))
        (left,) = at(gateway).waiting()
        assert left["id"] == waiting["other"], "another grant's call goes on waiting"
        at(gateway).decide("approve", waiting["ci"], expect=1)
        with gateway.caller("ci") as agent:
            assert agent.stateless_call("pay", {"amount": 5}).status == 401
        (end,) = logs.decisions(gateway.now(), reason="grant_revoked", tool="pay")
        assert waiting["ci"].endswith(f"/{end['of']}") and not upstream.calls()


def test_a_call_that_waited_long_has_all_its_time_again_when_released(tmp_path: Path) -> None:
    """`timeouts.commit` is two seconds and `timeouts.queue` shorter still: neither counts from the call's arrival."""
    with behind(tmp_path, policy=policy(), timeouts={"queue": "1s"}) as (gateway, upstream), gateway.caller() as agent:
        for _ in range(3):
            answer = Later(lambda: agent.stateless_call("pay", {"amount": 5}).json())
            (waiting,) = at(gateway).waiting()
            time.sleep(2.6)
            at(gateway).decide("approve", waiting["id"])
            assert verdict(answer.value()) == "ok"
        assert len(upstream.calls()) == 3 and "cannot be written" not in gateway.error_text()


def test_each_hold_has_one_end_and_a_restart_adds_none_that_is_untrue(tmp_path: Path) -> None:
    with behind(tmp_path, policy=policy(), timeouts={"approval": "1s"}) as (gateway, upstream), gateway.caller() as agent:
        agent.handshake()
        for _ in range(3):
            waiting = agent.call("pay", {"amount": 5}).json()
        at(gateway).decide("approve", own(waiting)["record"])
        assert verdict(agent.call("pay", {"amount": 5}).json()) == "ok"
        gateway.records()
        gateway.kill()
        gateway.start()
        found = gateway.records(lambda found: len([one for one in found if one.get("event") == "log_open"]) == 2)
    holds = logs.decisions(found, decision="hold")
    ends = {one["of"]: one for one in found if one["kind"] == "decision" and "of" in one}
    assert sorted(ends) == [one["seq"] for one in holds] and len(holds) == 3
    assert [ends[one["seq"]]["reason"] for one in holds] == ["approval_expired", "approval_expired", "approved"]
    assert "made again" in ends[holds[0]["seq"]]["message"] and len(upstream.calls()) == 1


# --- over standard input ---


def stdio(home: Home, *more: dict[str, Any], **options: Any) -> Client:
    file = home.write("policy.json", policy(*more))
    return home.client(*home.recorder(tools="pay,echo"), policy=file, agent="ci", **options)


def test_over_stdio_others_go_on_while_one_waits(home: Home) -> None:
    with stdio(home) as client:
        client.handshake()
        held = client.request_call("pay", {"amount": 5, "card": "4242"})
        (waiting,) = of(home).waiting()
        assert verdict(client.call("echo")) == "ok"
        of(home).decide("approve", waiting["id"])
        assert verdict(client.answer(held)) == "ok"
        assert client.close() == 0
    assert [call["params"]["name"] for call in home.received_calls()] == ["echo", "pay"]
    found = home.records()
    hold, release = logs.decisions(found, tool="pay")
    assert (hold["decision"], release["decision"], release["of"]) == ("hold", "allow", hold["seq"])
    assert logs.outcome_of(found, release)["outcome"] == "ok" and "4242" not in json.dumps(found)


def test_over_stdio_a_call_is_denied_told_to_come_again_and_used_once(home: Home) -> None:
    with stdio(home, approval_wait=1) as client:
        client.handshake()
        held = client.request_call("pay", {"amount": 1})
        (waiting,) = of(home).waiting()
        of(home).decide("deny", waiting["id"])
        assert own(client.answer(held))["reason"] == "approval_denied"
        first = client.call("pay", {"amount": 2})
        assert verdict(first) == "hold" and said(first).startswith("[APPROVAL NEEDED]")
        of(home).decide("approve", own(first)["record"])
        assert verdict(client.call("pay", {"amount": 2})) == "ok"
        assert verdict(client.call("pay", {"amount": 2})) == "hold"
        assert client.close() == 0
    assert [call["params"]["arguments"] for call in home.received_calls()] == [{"amount": 2}]


def test_over_stdio_a_client_that_leaves_ends_what_it_waits_for(home: Home) -> None:
    with stdio(home) as client:
        client.handshake()
        client.request_call("pay", {"amount": 5})
        of(home).waiting()
        began = time.monotonic()
        assert client.close() == 0
        assert time.monotonic() - began < 10
    hold, end = logs.decisions(home.records(), tool="pay")
    assert (end["of"], end["reason"]) == (hold["seq"], "approval_expired") and not home.received_calls()


def test_over_stdio_a_cancelled_call_leaves_its_approval_to_the_next(home: Home) -> None:
    with stdio(home) as client:
        client.handshake()
        held = client.request_call("pay", {"amount": 5}, rpc_id="held")
        (waiting,) = of(home).waiting()
        client.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": held}})
        until(lambda: of(home).list()[0]["caller_waits"] is False, what="a cancelled call's caller waits no more")
        of(home).decide("approve", waiting["id"])
        assert verdict(client.call("pay", {"amount": 5})) == "ok", "the next like call uses the approval"
        assert client.close() == 0
    assert len(home.received_calls()) == 1


def test_a_callers_text_cannot_draw_on_the_deciders_screen(home: Home) -> None:
    forged = "x\n\x1b[2Jgw/99\tread_file"
    file = home.write("policy.json", policy())
    with home.client(*home.recorder(tools="pay"), policy=file) as client:
        client.handshake(name=forged)
        client.request_call("pay", {"amount": f"5\n{forged}"})
        (waiting,) = of(home).waiting()
        shown = [home.tollgate("approvals", "list").out, home.tollgate("approvals", "show", waiting["id"]).out]
        assert all("\x1b" not in text and "\ngw/99" not in text for text in shown)
        assert len(shown[0].splitlines()) == 1 and "\\x1b" in shown[0]
        assert client.close() == 0


def test_shadow_mode_records_the_hold_and_lets_the_call_pass(home: Home) -> None:
    file = home.write("policy.json", policy() | {"mode": "shadow"})
    with home.client(*home.recorder(tools="pay"), policy=file) as client:
        client.handshake()
        assert verdict(client.call("pay", {"amount": 5})) == "ok"
        assert client.close() == 0
    (hold,) = logs.decisions(home.records(), tool="pay")
    assert (hold["decision"], hold["mode"]) == ("hold", "shadow")


def test_where_nothing_waits_the_command_says_so(home: Home) -> None:
    done = home.tollgate("approvals", "approve", "gw/1", expect=3)
    assert "no gateway runs there" in done.err

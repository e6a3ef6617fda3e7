"""The tools around a policy: explained, tested, put in another's place, proposed, and held against what was recorded."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import test_approvals as approvals
from harness import logs
from harness.client import verdict
from harness.gateway import grant, running_gateway
from harness.home import Home
from harness.http_upstream import Upstream
from harness.paths import POLICIES
from harness.thief import bgzf

BUILD = "build_and_push_image_to_ecr"
RULE = f"/tools/{BUILD}/limits/{BUILD}_rate"
DEMO = POLICIES / "demo.json"
SECRET = "s3cr3t-value"


def limited(most: int, window: str = "minute", **more: Any) -> dict[str, Any]:
    """A policy that limits `echo` and lets the rest pass."""
    limits = [{"counter": "c", "window": window, "max": most, "scope": "grant"}]
    return {"version": "1", "default": "allow", "tools": {"echo": {"limits": limits}}} | more


# --- explain ---


def test_explain_says_every_rules_part_and_what_the_caller_would_be_told(home: Home) -> None:
    arguments = json.dumps({"amount": 20000, "note": SECRET})
    said = home.tollgate("policy", "explain", DEMO, "--tool", "create_charge", "--args", arguments)
    assert said.out.splitlines() == [
        "decides     /tools/create_charge/require/args.reason-exists",
        "            args.reason exists true: does not hold (not given)",
        "would deny  /tools/create_charge/deny_if/args.amount-gt",
        "            args.amount gt 10000: holds",
        "passes      /all_tools/limits/calls-per-minute",
        "            0 of 300 in the last minute, this call counts 1",
        "deny by /tools/create_charge/require/args.reason-exists",
        "the caller would be told: [POLICY DENIED] Say why.",
    ]
    assert SECRET not in said.out + said.err and "20000" not in said.out + said.err
    found = home.tollgate("policy", "explain", DEMO, "--tool", "create_charge", "--args", arguments, "--json").json()
    assert (found["decision"], found["reason"], found["told"]) == ("deny", "require", "[POLICY DENIED] Say why.")
    assert [step["outcome"] for step in found["steps"]] == ["decides", "would_deny", "passes"]
    assert SECRET not in json.dumps(found)


def test_explain_of_what_no_rule_looks_at(home: Home) -> None:
    explain = ("policy", "explain", DEMO, "--tool")
    assert "(hidden)" in home.tollgate(*explain, "delete_cluster").out
    assert "deny by (default deny)" in home.tollgate(*explain, "nothing").out
    allowed = home.tollgate(*explain, "list_clusters", "--grant", "ci", "--session", "s", "--server", "ecs").out
    assert allowed.splitlines()[-1] == "allow" and "told" not in allowed
    bad = home.tollgate(*explain, "create_charge", "--args", f'{{"a": {SECRET}}}', expect=2)
    assert "hint: " in bad.err and "byte" in bad.err and SECRET not in bad.err + bad.out
    twice = home.tollgate(*explain, "create_charge", "--args", '{"amount": 1, "amount": 2}', expect=2)
    assert "same key twice" in twice.err
    list_of_them = home.tollgate(*explain, "create_charge", "--args", "[1]").out
    assert "deny" in list_of_them and "not an object" in list_of_them
    assert "cannot read the policy" in home.tollgate("policy", "explain", "nowhere", "--tool", "t", expect=2).err


# --- test ---


def test_cases_pass_or_are_named(home: Home) -> None:
    call = {"tool": BUILD, "grant": "ci"}
    cases: list[dict[str, Any]] = [call | {"expect": "allow", "at": second} for second in range(10)]
    cases += [
        call | {"expect": "throttle", "rule": RULE},
        call | {"expect": "allow", "at": 60},
        {"tool": "create_charge", "args": {"amount": 50, "reason": SECRET}, "expect": "allow"},
    ]
    good = home.write("good.json", cases)
    assert home.tollgate("policy", "test", DEMO, good).out == "13 of 13 cases pass\n"
    wrong = [*cases, {"name": "a charge", "tool": "create_charge", "args": {"reason": SECRET}, "expect": "deny"}]
    bad = home.write("bad.json", wrong)
    done = home.tollgate("policy", "test", DEMO, bad, expect=1)
    assert done.out == (
        "FAIL case 13 (a charge), create_charge: expected deny, found allow\n13 of 14 cases pass\n"
    )
    assert SECRET not in done.out + done.err
    found = home.tollgate("policy", "test", DEMO, bad, "--json", expect=1)
    report = json.loads(found.out)
    assert (report["ok"], report["cases"], report["failed"]) == (False, 14, 1)
    assert report["failures"] == [
        {"case": 13, "name": "a charge", "tool": "create_charge", "expected": "deny", "found": "allow"}
    ]


def test_a_file_of_cases_is_refused_with_every_error_at_once(home: Home) -> None:
    cases = home.write("cases.json", '[{"tool":"t","expect":"alow"},\n {"tol":"t","expect":"deny","at":-1}, 7]')
    done = home.tollgate("policy", "test", DEMO, cases, expect=2)
    for pointer in ("/0/expect (line 1)", "/1/tol (line 2)", "/1/at (line 2)", "/2 (line 2)"):
        assert pointer in done.err, done.err
    assert "nearest: allow" in done.err and "nearest: tool" in done.err and "hint: " in done.err
    found = json.loads(home.tollgate("policy", "test", DEMO, cases, "--json", expect=2).out)
    assert [error["pointer"] for error in found["errors"]] == ["/0/expect", "/1/tol", "/1/at", "/2"]
    assert "cannot read the cases" in home.tollgate("policy", "test", DEMO, "nowhere.json", expect=2).err


# --- backtest ---


def test_a_candidate_against_a_log_of_run(home: Home) -> None:
    recorded = {
        "version": "1",
        "default": "deny",
        "tools": {
            "pay": {
                "deny_if": [{"conditions": [{"path": "args.amount", "op": "gt", "value": 100}]}],
                "record": ["args.amount"],
            },
            "note": {},
        },
    }
    policy = home.write("recorded.json", recorded)
    with home.client(*home.recorder(tools="pay,note,drop"), policy=policy, agent="ann") as client:
        client.handshake()
        amounts = [10, 60, 90, 500]
        assert [verdict(client.call("pay", {"amount": one})) for one in amounts] == ["ok"] * 3 + ["deny"]
        assert [verdict(client.call("note", {"text": SECRET})) for _ in range(3)] == ["ok"] * 3
        assert verdict(client.call("drop")) == "deny"
        assert client.close() == 0
    log = home.log()
    own = home.tollgate("policy", "backtest", policy, "--log", log, "--json").json()
    assert (own["calls"], own["unchanged"], own["changes"], own["not_replayable"]) == (8, 8, [], [])

    candidate = json.loads(json.dumps(recorded))
    candidate["tools"]["pay"]["deny_if"][0]["conditions"][0]["value"] = 50
    candidate["tools"]["note"] = {"deny_if": [{"conditions": [{"path": "args.text", "op": "eq", "value": "x"}]}]}
    candidate["tools"]["drop"] = {}
    stricter = home.write("stricter.json", candidate)
    done = home.tollgate("policy", "backtest", stricter, "--log", log, "--since", "1h")
    found = home.tollgate("policy", "backtest", stricter, "--log", log, "--json").json()
    assert {key: found[key] for key in ("calls", "unchanged", "newly_denied", "newly_allowed", "unknown")} == {
        "calls": 8, "unchanged": 2, "newly_denied": 2, "newly_allowed": 1, "unknown": 3,
    }  # fmt: skip
    changes = {(one["change"], one["agent"], one["tool"], one.get("rule"), one["calls"]) for one in found["changes"]}
    agent = next(iter(changes))[1]
    assert agent.startswith("ann") and changes == {
        ("newly_denied", agent, "pay", "/tools/pay/deny_if/args.amount-gt", 2),
        ("newly_allowed", agent, "drop", "(default deny)", 1),
        ("unknown", agent, "note", None, 3),
    }
    assert found["not_replayable"] == [{"rule": "/tools/note/deny_if/args.text-eq", "calls": 3, "of": 3}]
    assert "newly denied   2" in done.out and "not known in 3 of 3 calls" in done.out
    assert SECRET not in done.out + json.dumps(found)
    nothing = home.tollgate("policy", "backtest", stricter, "--log", log, "--until", "2020-01-01").out
    assert "no calls to compare" in nothing
    assert "hint: " in home.tollgate("policy", "backtest", stricter, "--log", home.work / "nowhere", expect=2).err


# --- recommend ---


def test_a_proposed_policy_refuses_the_runaway_and_no_benign_call(home: Home) -> None:
    log, out = home.work / "fleet", home.work / "proposed.json"
    simulated = home.tollgate("simulate", "--seed", "7", "--events", "12000", "--log", log).out
    runaway = simulated.split("incident: runaway ")[1].split()[0]
    said = home.tollgate("policy", "recommend", "--log", log, "--out", out)
    assert out.stat().st_mode & 0o777 == 0o600 and "would have refused 0" in said.out and "left out:" in said.out
    assert f"wrote {out}" in said.err
    assert "fine; default deny" in home.tollgate("policy", "check", out).out
    found = home.tollgate("policy", "recommend", "--log", log, "--json").json()
    assert found["policy"] == json.loads(out.read_text()) and found["policy"]["default"] == "deny"
    limits = {(one["tool"], one["counter"]): one for one in found["evidence"]}
    for name, rules in found["policy"]["tools"].items():
        for limit in rules["limits"]:
            evidence = limits.pop((name, limit["counter"]))
            assert limit["max"] == evidence["max"] >= max(evidence["largest"], 1.5 * evidence["p99_9"])
    assert not limits, "evidence for limits that are not there"
    assert {"create_charge", "drop_table"} & {one["tool"] for one in found["left_out"]}
    back = home.tollgate("policy", "backtest", out, "--log", log, "--json").json()
    denied = [one for one in back["changes"] if one["change"] == "newly_denied"]
    assert denied and {(one["agent"], one["tool"]) for one in denied} == {(runaway, BUILD)}
    assert back["newly_denied"] == sum(one["would_have_denied"] for one in found["evidence"])
    plain = home.tollgate("policy", "recommend", "--log", log).out
    assert json.loads(plain[plain.index("\n{\n") :]) == found["policy"]


# --- verify --redecide ---


def redecided(home: Home, log: Path, expect: int = 0) -> dict[str, Any]:
    done = home.tollgate("log", "verify", "--redecide", "--log", log, "--json", expect=expect)
    return json.loads(done.out)["redecide"]


def counted(found: list[logs.Record]) -> tuple[int, int]:
    """The decisions that a policy made, and the others."""
    decisions = logs.decisions(found)
    own = [one for one in decisions if one.get("policy_digest") and one.get("tool")]
    return len(own), len(decisions) - len(own)


def test_every_verdict_of_run_recomputes_also_after_a_kill_and_under_another_policy(home: Home) -> None:
    log = home.path / "logs" / "builds"
    first = home.write("first.json", limited(5))
    second = home.write("second.json", limited(8, window="hour"))
    third = home.write("third.json", limited(50, mode="shadow"))
    seen: list[str] = []
    for policy, calls in ((first, 7), (first, 2), (second, 6), (None, 3), (third, 40)):
        with home.client(*home.recorder(tools="echo,other"), policy=policy, agent="ci", log=log) as client:
            client.handshake()
            seen += [verdict(client.call("echo", {"n": number})) for number in range(calls)]
            client.call("other")
            client.kill()
    assert Counter(seen) == {"ok": 5 + 3 + 3 + 40, "throttle": 2 + 2 + 3}
    own, others = counted(logs.records(log))
    said = home.tollgate("log", "verify", "--redecide", "--log", log).out
    assert f"builds: {own} of {own} verdicts recompute; {others} decisions are not the policy's" in said
    found = redecided(home, log)
    assert own == 7 + 2 + 6 + 40 + 4 and found["judged"] == found["recomputed"] == own
    assert (found["ok"], found["different"], found["unjudged"], found["not_the_policys"]) == (True, 0, 0, others)


def replace(file: Path, content: Any) -> None:
    """As editors save: a new file in the old one's place."""
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(content))
    fresh.rename(file)


def test_every_verdict_of_serve_recomputes_across_reloads_restarts_and_what_was_given_back(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    policies = {"open": limited(4), "wide": limited(60) | {"hide": ["secret"]}}
    grants = [grant("ci", ["up", "down"]), grant("night", ["up"], policy="wide"), grant("none", ["up"], policy=None)]
    with Upstream() as upstream:
        servers = {"up": upstream.url, "down": f"http://127.0.0.1:{port}/mcp"}
        with running_gateway(tmp_path, servers, grants=grants, policies=policies) as gateway:
            seen: list[str] = []

            def call(times: int, agent: str = "ci", server: str = "up", tool: str = "echo") -> None:
                with gateway.caller(agent, server) as caller:
                    seen.extend(verdict(caller.stateless_call(tool).json()) for _ in range(times))

            def reload(policy: dict[str, Any]) -> None:
                loaded = len([one for one in gateway.now() if one.get("event") == "policy_loaded"])
                replace(tmp_path / "open.policy.json", policy)
                gateway.child.send_signal(signal.SIGHUP)
                gateway.records(
                    lambda all: len([one for one in all if one.get("event") == "policy_loaded"]) > loaded
                )

            call(6, server="down")
            call(3)
            call(40, "night")
            call(1, "night", tool="secret")
            call(1, "none")
            reload(limited(6))
            call(4)
            gateway.records()
            gateway.kill()
            gateway.start()
            call(2)
            call(30, "night")
            gateway.records()
            assert gateway.stop() == 0
            # Another window under the same name: a restart counts in it what the log tells.
            replace(tmp_path / "open.policy.json", limited(7, window="hour"))
            gateway.start()
            call(3)
            reload(limited(9, window="hour"))
            call(3)
            with gateway.caller() as caller:
                caller.send(b'[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}}]')
                caller.send(b'{"jsonrpc":"2.0","id":1,"id":2,"method":"tools/call","params":{"name":"echo"}}')
            found = gateway.records()
            whole = gateway.command("log", "verify", "--redecide", "--log", "log")
    assert seen.count("throttle") >= 6 and seen.count("rpc_error") == 6, Counter(seen)
    rolled = [one for one in found if one.get("reservation") == "rolled_back"]
    assert len(rolled) == 6 and len([one for one in found if one.get("event") == "log_open"]) == 3
    own, others = counted(found)
    assert others >= 3 and f"{own} of {own} verdicts recompute; {others} decisions are not" in whole.stdout


def test_held_released_and_refused_calls_recompute(tmp_path: Path) -> None:
    limits = [{"counter": "c", "window": "hour", "max": 1, "scope": "grant"}]
    rules = approvals.policy(limits)
    with approvals.behind(tmp_path, policy=rules) as (gateway, upstream), gateway.caller() as agent:
        desk = approvals.at(gateway)
        answer = approvals.Later(lambda: agent.stateless_call("pay", {"amount": 1}).json())
        (waiting,) = desk.waiting()
        desk.decide("approve", waiting["id"])
        assert verdict(answer.value()) == "ok"
        # The one call an hour is used up: throttled before anybody is asked.
        assert verdict(agent.stateless_call("pay", {"amount": 9}).json()) == "throttle"
        with gateway.caller() as other:
            other.stateless_call("echo")
        found = gateway.records()
        whole = gateway.command("log", "verify", "--redecide", "--log", "log").stdout
        back = json.loads(gateway.command("policy", "backtest", "open.policy.json", "--log", "log", "--json").stdout)
        assert len(upstream.calls()) == 2
    assert [one["reason"] for one in logs.decisions(found, tool="pay")] == ["approval", "approved", "limit"]
    own, others = counted(found)
    assert own == 4 and f"4 of 4 verdicts recompute; {others} decisions are not the policy's" in whole
    assert (back["approvals"], back["calls"], back["unchanged"]) == (1, 3, 3)


def test_a_call_that_a_person_refused_is_no_policys(tmp_path: Path) -> None:
    with approvals.behind(tmp_path, policy=approvals.policy()) as (gateway, _), gateway.caller() as agent:
        answer = approvals.Later(lambda: agent.stateless_call("pay", {"amount": 1}).json())
        (waiting,) = approvals.at(gateway).waiting()
        approvals.at(gateway).decide("deny", waiting["id"])
        assert verdict(answer.value()) == "deny"
        found = gateway.records()
        whole = gateway.command("log", "verify", "--redecide", "--log", "log").stdout
    assert [one["reason"] for one in logs.decisions(found, tool="pay")] == ["approval", "approval_denied"]
    assert "1 of 1 verdicts recompute; 1 decisions are not the policy's" in whole


def test_a_verdict_changed_by_hand_is_named(home: Home) -> None:
    policy = home.write("first.json", limited(2))
    with home.client(*home.recorder(), policy=policy, agent="ci") as client:
        client.handshake()
        assert [verdict(client.call("echo")) for _ in range(4)] == ["ok"] * 2 + ["throttle"] * 2
        assert client.close() == 0
    log = home.log()
    assert redecided(home, log)["recomputed"] == 4
    refused = logs.decisions(logs.records(log), decision="throttle")[0]

    forged = home.work / "forged"
    shutil.copytree(log, forged)
    rewrite(forged, b'"decision":"throttle"', b'"decision":"allow"')
    # Its heads were made of other records: that is seen first.
    assert home.tollgate("log", "verify", "--redecide", "--log", forged, expect=4)
    unsign(forged)
    assert "self-consistent" in home.tollgate("log", "verify", "--log", forged).out
    done = home.tollgate("log", "verify", "--redecide", "--log", forged, expect=1)
    assert f"the first: seq {refused['seq']} (echo by ci" in done.err and "hint: " in done.err
    assert "recorded allow by /tools/echo/limits/c, recomputed throttle by /tools/echo/limits/c" in done.err
    found = redecided(home, forged, expect=1)
    assert (found["ok"], found["different"], found["recomputed"]) == (False, 1, 3)
    assert (found["first"]["seq"], found["first"]["fields"]) == (refused["seq"], ["decision"])

    # A policy that is not kept is no proof.
    for kept in (log / "policies").iterdir():
        kept.unlink()
    done = home.tollgate("log", "verify", "--redecide", "--log", log, expect=1)
    assert "not kept beside" in done.err + done.out
    assert "recompute" not in home.tollgate("log", "verify", "--log", log).out


def rewrite(log: Path, old: bytes, new: bytes) -> None:
    """Changes the first line that has `old`, and packs its member again."""
    for segment in logs.segments(log):
        packed, isDone = b"", False
        for _, member, plain in logs.members(segment):
            if not isDone and old in plain:
                member, isDone = bgzf(plain.replace(old, new, 1)), True
            packed += member
        if isDone:
            segment.write_bytes(packed)
            segment.with_name(segment.name.removesuffix(".ndjson.gz") + ".idx").unlink(missing_ok=True)
            return
    raise AssertionError(f"no record has {old!r}")


def unsign(log: Path) -> None:
    """Takes the heads away, and what else would tell of them."""
    for name in ("checkpoints.ndjson", "checkpoint"):
        (log / name).unlink(missing_ok=True)
    shutil.rmtree(log / "tile", ignore_errors=True)


def test_a_simulated_month_recomputes(home: Home) -> None:
    log = home.work / "fleet"
    home.tollgate("simulate", "--scenario", "fleet", "--seed", "5", "--events", "8000", "--log", log)
    began = time.monotonic()
    found = redecided(home, log)
    assert found["judged"] == found["recomputed"] == 8000 and found["not_the_policys"] > 0
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("words", [("explain",), ("test",), ("backtest",), ("recommend",)])
def test_help_says_the_exit_statuses(home: Home, words: tuple[str, ...]) -> None:
    said = home.tollgate("policy", *words, "--help").out
    assert "Exit status: 0 " in said and "Example" in said and "--json" in said

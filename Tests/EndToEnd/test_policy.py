"""What a policy promises, at the server's end: exact limits, default deny, conditions, hidden tools."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from harness import logs
from harness.client import DECISION, verdict
from harness.home import Home
from harness.paths import POLICIES

BUILD = "build_and_push_image_to_ecr"
RULE = f"/tools/{BUILD}/limits/{BUILD}_rate"
PAGE = POLICIES / "page.json"
TOOLS = f"{BUILD},list_clusters,delete_cluster"


def own(message: dict) -> dict:
    """The gateway's own part of an answer."""
    return message["result"]["_meta"][DECISION]


def test_the_pages_policy_lets_ten_builds_a_minute_through_and_nothing_else(home: Home) -> None:
    with home.client(*home.recorder(tools=TOOLS), policy=PAGE, agent="ci") as client:
        client.handshake()
        assert [verdict(client.call(BUILD)) for _ in range(10)] == ["ok"] * 10
        eleventh = client.call(BUILD)
        assert verdict(eleventh) == "throttle" and own(eleventh)["rule"] == RULE
        assert eleventh["result"]["isError"] is True and 0 < own(eleventh)["retry_after_ms"] <= 60_000
        assert eleventh["result"]["content"][0]["text"].startswith("[POLICY DENIED]")
        for tool in ("list_clusters", "delete_cluster", "no_such_tool"):
            assert verdict(client.call(tool)) == "deny"
        assert client.close() == 0

    assert Counter(call["params"]["name"] for call in home.received_calls()) == {BUILD: 10}
    calls = logs.calls(home.records())
    assert Counter(record["decision"] for record in calls) == {"allow": 10, "throttle": 1, "deny": 3}
    throttled = next(record for record in calls if record["decision"] == "throttle")
    assert (throttled["reason"], throttled["rule"]) == ("limit", RULE)
    assert (throttled["limit_max"], throttled["limit_window_s"], throttled["limit_used"]) == (10, 60, 10)
    assert {record["reason"] for record in calls if record["decision"] == "deny"} == {"default_deny"}
    assert own(eleventh)["record"] == f"{home.log().name}/{throttled['seq']}"


def test_the_page_says_the_policy_word_for_word() -> None:
    word_for_word = (
        '{"version":"1","default":"deny","tools":{"build_and_push_image_to_ecr":{"limits":[{"counter":'
        '"build_and_push_image_to_ecr_rate","window":"minute","max":10,"scope":"grant"}]}}}'
    )
    assert PAGE.read_text().strip() == word_for_word


def test_ten_of_three_hundred_calls_at_once_pass(home: Home) -> None:
    with home.client(*home.recorder(tools=TOOLS), policy=PAGE) as client:
        client.handshake()
        calls = (
            {"jsonrpc": "2.0", "id": f"at-once-{number}", "method": "tools/call", "params": {"name": BUILD}}
            for number in range(300)
        )
        client.write(b"".join(json.dumps(call).encode() + b"\n" for call in calls))
        verdicts = Counter(verdict(client.answer(f"at-once-{number}")) for number in range(300))
        assert client.close() == 0
    assert verdicts == {"ok": 10, "throttle": 290}
    assert len(home.received_calls()) == 10
    assert Counter(record["decision"] for record in logs.calls(home.records())) == {"allow": 10, "throttle": 290}


def test_a_kill_does_not_refill_the_limit(home: Home) -> None:
    log = home.path / "logs" / "builds"
    with home.client(*home.recorder(tools=TOOLS), policy=PAGE, agent="ci", log=log) as client:
        client.handshake()
        assert [verdict(client.call(BUILD)) for _ in range(10)] == ["ok"] * 10
        client.kill()
    with home.client(*home.recorder(tools=TOOLS), policy=PAGE, agent="ci", log=log) as client:
        client.handshake()
        eleventh = client.call(BUILD)
        assert client.close() == 0
    assert verdict(eleventh) == "throttle" and own(eleventh)["rule"] == RULE
    assert len(home.received_calls()) == 10


def test_without_a_policy_everything_passes_and_is_recorded(home: Home) -> None:
    with home.client(*home.recorder(tools=TOOLS)) as client:
        client.handshake(name="some-client")
        assert [verdict(client.call(tool)) for tool in (BUILD, "delete_cluster") for _ in range(12)] == ["ok"] * 24
        assert client.close() == 0
    calls = logs.calls(home.records())
    assert len(calls) == 24
    assert {(record["decision"], record["mode"]) for record in calls} == {("allow", "shadow")}
    assert all(record["agent"].endswith("@some-client") for record in calls)


def test_a_shadow_policy_says_what_it_would_have_done(home: Home) -> None:
    with home.client(*home.recorder(tools=TOOLS), policy=POLICIES / "trial.json") as client:
        client.handshake()
        assert [verdict(client.call(BUILD)) for _ in range(12)] == ["ok"] * 12
        assert client.close() == 0
    assert len(home.received_calls()) == 12
    calls = logs.calls(home.records())
    assert {record["mode"] for record in calls} == {"shadow"}
    assert Counter(record["decision"] for record in calls) == {"allow": 10, "throttle": 2}


def test_conditions_decide_on_arguments(home: Home) -> None:
    tools = "create_charge,delete_cluster,scale_service"
    cases = [
        ("create_charge", {"amount": 10, "reason": "order 1"}, "ok"),
        ("create_charge", {"amount": 10}, "deny"),
        ("create_charge", {"amount": 10, "reason": None}, "deny"),
        ("create_charge", {"amount": 10000, "reason": "order 1"}, "ok"),
        ("create_charge", {"amount": 10000.5, "reason": "order 1"}, "deny"),
        ("create_charge", {"amount": "20000", "reason": "order 1"}, "deny"),
        ("scale_service", {"desired": 10}, "ok"),
        ("scale_service", {"desired": 11}, "deny"),
        ("delete_cluster", {"cluster": "web"}, "deny"),
    ]
    with home.client(*home.recorder(tools=tools), policy=POLICIES / "demo.json") as client:
        client.handshake()
        found = [(tool, arguments, verdict(client.call(tool, arguments))) for tool, arguments, _ in cases]
        assert client.close() == 0
    assert found == cases
    reasons = [record["reason"] for record in logs.calls(home.records()) if record["decision"] == "deny"]
    assert reasons == ["require", "require", "deny_if", "type_mismatch", "deny_if", "hidden"]


def test_hidden_tools_are_on_no_page(home: Home) -> None:
    tools = "a_tool,delete_cluster,b_tool,c_tool,delete_everything,d_tool"
    policy = home.write(
        "hide.json", {"version": "1", "default": "allow", "hide": ["delete_cluster", "delete_everything"], "tools": {}}
    )
    with home.client(*home.recorder(tools=tools, page_size=2), policy=policy) as client:
        client.handshake()
        assert verdict(client.call("delete_everything")) == "deny"
        assert client.close() == 0
    assert client.offered == ["a_tool", "b_tool", "c_tool", "d_tool"]
    filtered = [record for record in home.records() if record.get("event") == "tools_filtered"]
    assert len(filtered) == 2
    assert home.received_calls() == []


def test_both_eras_get_denials_in_their_own_form(home: Home) -> None:
    meta = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}
    with home.client(*home.recorder(tools=TOOLS), policy=PAGE) as client:
        client.ask("server/discover", {"_meta": meta})
        denied = client.ask("tools/call", {"name": "list_clusters", "arguments": {}, "_meta": meta})
        assert client.close() == 0
    assert verdict(denied) == "deny" and denied["result"]["resultType"] == "complete"
    assert logs.calls(home.records())[0]["protocol"] == "2026-07-28"


@pytest.mark.parametrize("policy", sorted(POLICIES.glob("*.json")), ids=lambda path: path.stem)
def test_every_example_policy_is_valid(home: Home, policy) -> None:
    home.tollgate("policy", "check", policy)

"""`report limits|agent|tool`, in their three forms, against a recount; unknown names; zones; the same log, the same bytes."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timezone

import pytest
from harness.figures import counts, kinds, peak, tool
from harness.month import Month
from harness.recount import Call, count, grouped, requests
from harness.weekly import Week

SPAN = ["--since", "2026-11-16", "--until", "2026-11-23"]


@pytest.fixture(scope="module")
def calls(month: Month) -> list[Call]:
    decided = [one for log in month.logs for one in requests(log, month.records(log))]
    return Week(decided, datetime(2026, 11, 16), timezone.utc).within


def report(month: Month, *words: str) -> list[str]:
    return ["report", *words, *SPAN, "--no-ingest", *map(str, month.words())]


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_one_agent(month: Month, calls: list[Call]) -> None:
    agent = max(grouped(calls, lambda one: one.who).items(), key=lambda group: len(group[1]))[0]
    own = [one for one in calls if one.who == agent]
    document = month.home.tollgate(*report(month, "agent", agent, "--json")).json()
    assert document["agent"]["counts"] == counts(own)
    found = {(one["server"], one["tool"]): one for one in document["tools"]}
    assert found.keys() == {tool(one) for one in own}
    for key, uses in grouped(own, tool).items():
        assert found[key]["counts"] == counts(uses)
        assert found[key]["peak_minute"] == peak(uses)
        assert found[key]["active_minutes"] == len({one.ts_us // 60_000_000 for one in uses})
    table = rows(month.home.tollgate(*report(month, "agent", agent, "--csv")).out)
    assert {(row["server"], row["tool"]): int(row["calls"]) for row in table} == {
        key: one["counts"]["calls"] for key, one in found.items()
    }
    text = month.home.tollgate(*report(month, "agent", agent)).out
    assert f"tollgate agent {agent}" in text and all(name in text for _, name in found)


def test_one_tool(month: Month, calls: list[Call]) -> None:
    document = month.home.tollgate(*report(month, "tool", "build_and_push_image_to_ecr", "--json")).json()
    own = [one for one in calls if one.name == "build_and_push_image_to_ecr"]
    assert document["tool"]["counts"] == counts(own)
    assert {one["agent"]: one["counts"] for one in document["agents"]} == {
        agent: counts(uses) for agent, uses in grouped(own, lambda one: one.agent).items()
    }
    table = rows(month.home.tollgate(*report(month, "tool", "ecs/build_and_push_image_to_ecr", "--csv")).out)
    assert {row["agent"]: int(row["throttled"]) for row in table} == {
        one["agent"]: one["counts"]["throttled"] for one in document["agents"]
    }


def test_limits(month: Month, calls: list[Call]) -> None:
    document = month.home.tollgate(*report(month, "limits", "--json")).json()
    limited = grouped(
        (one for one in calls if one.limit_counter),
        lambda one: (*tool(one), one.limit_counter, one.limit_window_s, one.limit_max),
    )
    found = {tuple(one[key] for key in ("server", "tool", "counter", "window_seconds", "maximum")): one for one in document["limits"]}
    assert found.keys() == limited.keys()
    for key, uses in limited.items():
        one = found[key]
        near = [call.limit_used for call in uses if call.near]
        assert (one["calls"], one["near"], one.get("highest")) == (len(uses), len(near), max(near, default=None))
        assert one["throttled"] == kinds([call for call in uses if call.stopped and call.mode == "enforce"])["throttled"]
        assert one["agents"] == len({call.agent for call in uses})
        verdict = "stops" if one["throttled"] else "near" if near else None
        assert verdict is None or one["verdict"] == verdict
    free = grouped(calls, tool)
    unlimited = {key: of for key, of in free.items() if not count(of, lambda one: one.limit_counter)}
    assert {(one["server"], one["tool"]): one["calls"] for one in document["unlimited"]} == {
        key: len(of) for key, of in unlimited.items()
    }
    assert len(rows(month.home.tollgate(*report(month, "limits", "--csv")).out)) == len(limited)
    assert "build_and_push_image_to_ecr" in month.home.tollgate(*report(month, "limits")).out


@pytest.mark.parametrize(
    ("kind", "name", "near"),
    [("agent", "builder", "builder-0"), ("tool", "build_and_push_image", "build_and_push_image_to_ecr")],
)
def test_an_unknown_name_is_answered_with_the_nearest(month: Month, kind: str, name: str, near: str) -> None:
    ended = month.home.tollgate(*report(month, kind, name), expect=2)
    assert f"no {kind} '{name}' in this time; near it: {near}" in ended.err
    assert f"hint: tollgate report {kind} {near}" in ended.err


def test_a_zone_moves_days_and_words_but_no_moment(month: Month) -> None:
    words = ["report", "weekly", "--no-ingest", "--week", "2026-W47", *map(str, month.words())]
    text = month.home.tollgate(*words, "--tz", "Europe/Berlin").out
    assert "Mon 16 – Sun 22 Nov 2026, Europe/Berlin" in text
    document = month.home.tollgate(*words, "--tz", "Europe/Berlin", "--format", "json").json()
    assert document["period"]["from"] == "2026-11-15T23:00:00.000000Z"
    rates = month.home.tollgate("report", "rates", *SPAN, "--tz", "Asia/Kolkata", "--no-ingest", *month.words()).out
    assert "Mon 16 Nov 2026 05:30 – Mon 23 Nov 2026 05:30, Asia/Kolkata" in rates


def test_two_warehouses_of_the_same_logs_give_the_same_bytes(month: Month) -> None:
    other = month.home.work / "other.sqlite"
    logs = [word for log in month.logs.values() for word in ("--log", log)]
    for form in ("html", "json"):
        words = ["report", "weekly", "--week", "2026-W47", "--format", form]
        first = month.home.tollgate(*words, "--no-ingest", *month.words()).out
        assert first == month.home.tollgate(*words, "--no-ingest", *month.words()).out
        assert first == month.home.tollgate(*words, *logs, "--db", other).out, form


def test_a_policy_whose_tools_nobody_uses_is_told(month: Month) -> None:
    policy = month.home.work / "wide.json"
    tools = '{"run_tests": {}, "launch_rocket": {}, "open_airlock": {}}'
    policy.write_text('{"version": "1", "default": "deny", "tools": ' + tools + "}")
    words = ["report", "weekly", "--no-ingest", "--week", "2026-W47", "--policy", str(policy), *map(str, month.words())]
    document = month.home.tollgate(*words, "--format", "json").json()
    unused = [one for one in document["recommendations"] if one["kind"] == "tool_unused"]
    assert [one["policy"] for one in unused] == ['{"hide":["launch_rocket","open_airlock"]}']

"""What Grafana's panels show is what `tollgate report --json` says of the same window."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from harness.grafana import Grafana, Window
from harness.grafana_facts import FEW, WEEK, Row
from harness.month import Month


def report(month: Month, name: str, window: Window = WEEK) -> dict[str, Any]:
    times = ("--since", f"{window.since}Z", "--until", f"{window.until}Z")
    return month.home.tollgate("report", name, "--db", month.database, "--no-ingest", *times, "--json").json()


@pytest.fixture
def grafana(month: Month) -> Grafana:
    return Grafana(month.database, WEEK)


def test_agents_and_tools_are_those_of_report_rates(month: Month, grafana: Grafana) -> None:
    said = report(month, "rates")

    def key(one: dict[str, Any]) -> Row:
        counts = one["counts"]
        return (counts["calls"], counts["denied"], counts["throttled"], counts["errors"], one["peak_minute"]["calls"])

    def row(one: dict[str, Any]) -> Row:
        return (one["calls"], one["denied"], one["throttled"], one["errors"], one["peak_per_minute"])

    found = grafana.ask("overview/30-agents").dicts()
    assert {one["agent"]: row(one) for one in found} == {one["agent"]: key(one) for one in said["agents"]}
    assert {one["agent"]: (one["held"], one["would_stop"], one["tools"]) for one in found} == {
        one["agent"]: (one["counts"]["held"], one["counts"]["would_have_stopped"], len(one["tools"]))
        for one in said["agents"]
    }
    tools = grafana.ask("overview/31-tools").dicts()
    assert {(one["server"], one["tool"]): (*row(one), one["agents"], one["risk"]) for one in tools} == {
        (one["server"], one["tool"]): (*key(one), one["agents"], one["risk"]) for one in said["tools"]
    }
    assert grafana.ask("overview/10-calls").rows == [(said["counts"]["calls"],)]
    sums = Counter()
    for one in grafana.ask("overview/20-decisions").dicts():
        sums.update({name: value or 0 for name, value in one.items() if name != "time"})
    counts = said["counts"]
    assert [sums[name] for name in ("denied", "throttled", "held")] == [
        counts[name] for name in ("denied", "throttled", "held")
    ]
    assert sums["would_stop"] == counts["would_have_stopped"] > 0
    assert sums["allowed"] + sums["would_stop"] == counts["allowed"], "the report counts those among the allowed"


def test_from_one_whole_hour_to_another_they_agree_too(month: Month) -> None:
    few, said = Grafana(month.database, FEW), report(month, "rates", FEW)
    assert few.ask("overview/10-calls").rows == [(said["counts"]["calls"],)]
    assert {one["agent"]: one["calls"] for one in few.ask("overview/30-agents").dicts()} == {
        one["agent"]: one["counts"]["calls"] for one in said["agents"]
    }


def test_denials_are_those_of_report_denials(month: Month, grafana: Grafana) -> None:
    said = report(month, "denials")["denials"]
    rules = Counter(
        (one["rule"], one["decision"], one["mode"], one["calls"], one["agents"], one["tools"], one["mostly"])
        for one in grafana.ask("denials/30-rules").dicts()
    )
    assert rules == Counter(
        (one.get("rule", one["reason"]), one["decision"], one["mode"], one["calls"], one["agents"], one["tools"],
         one["mostly_agent"])
        for one in said["by_rule"]
    )
    stopped = sum(grafana.ask(f"denials/{name}").rows[0][0] for name in ("10-denied", "11-throttled"))
    assert (stopped, grafana.ask("denials/12-shadow").rows[0][0]) == (said["stopped"], said["would_have_stopped"])
    by_agent: Counter[str] = Counter()
    for one in grafana.ask("denials/31-agents").dicts():
        by_agent[one["agent"]] += one["denied"] + one["throttled"]
    assert by_agent == {one["agent"]: one["calls"] for one in said["by_agent"]}
    reasons: Counter[str] = Counter()
    for _, reason, calls in grafana.ask("denials/20-reasons").rows:
        reasons[reason.split(": ")[1]] += calls
    assert reasons == {one["reason"]: one["calls"] for one in said["by_reason"]}
    assert [(one["agent"], one["tool"], one["calls"], one["arg_digest"])
            for one in grafana.ask("denials/32-persistent").dicts()] == [
        (one["agent"], one["tool"], one["calls"], one["argument_digest"]) for one in said["persistent"]
    ]  # fmt: skip
    refused: Counter[Row] = Counter()
    for one in grafana.ask("denials/34-refusals").dicts():
        refused[one["reason"], one["server"], one["method"]] += one["requests"]
    assert refused == {(one["reason"], one["server"], one["method"]): one["requests"] for one in said["refusals"]}


def test_alerts_are_those_of_report_alerts(month: Month, grafana: Grafana) -> None:
    said = report(month, "alerts")["alerts"]
    fields = ("id", "rule", "severity", "state", "agent", "server", "tool", "summary")
    found = grafana.ask("alerts/30-alerts").dicts()
    assert Counter((*(one[key] for key in fields), one["attempts"], one["denied"]) for one in found) == Counter(
        (*(one[key] for key in fields), one["calls"], one["stopped"]) for one in said
    )
    assert grafana.ask("alerts/11-raised").rows == [(len(said),)]
    assert grafana.ask("alerts/12-pages").rows == [(sum(one["severity"] == "page" for one in said),)]

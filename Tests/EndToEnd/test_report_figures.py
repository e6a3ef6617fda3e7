"""Every figure of the weekly report, recounted from the logs' lines (harness/weekly.py), in two zones.

What is words is left out here: golden files hold it (Tests/ReportsTests/Golden).
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from harness import weekly
from harness.figures import HOUR, MINUTE, moment
from harness.month import FLEET, SECOND, WATCH, Month
from harness.recount import Call, count, microseconds, requests
from harness.weekly import Week

WEEK, MONDAY = "2026-W47", datetime(2026, 11, 16)
WORDS = {"advice", "evidence", "explanation", "policy", "verdict"}
"""Keys of sentences and policy fragments."""


@pytest.fixture(scope="session")
def decided(month: Month) -> list[Call]:
    return [one for log in month.logs for one in requests(log, month.records(log))]


@pytest.fixture(scope="session", params=["UTC", "Europe/Berlin", "Asia/Kolkata"])
def both(request: pytest.FixtureRequest, month: Month, decided: list[Call]) -> tuple[dict[str, Any], Week]:
    words = ["report", "weekly", "--no-ingest", "--week", WEEK, "--tz", request.param, "--format", "json"]
    report = month.home.tollgate(*words, *month.words()).json()
    return report, Week(decided, MONDAY, ZoneInfo(request.param))


def same(found: list[dict[str, Any]], wanted: list[dict[str, Any]], by: str | None = None) -> None:
    """The same rows; the report's own order is of the figure `by`, the highest first."""

    def rows(figures: list[dict[str, Any]]) -> list[str]:
        whole = ({k: int(v) if isinstance(v, float) and v.is_integer() else v for k, v in one.items()} for one in figures)
        return sorted(json.dumps(one, sort_keys=True) for one in whole)

    assert rows(found) == rows(wanted)
    if by:
        assert [one[by] for one in found] == sorted((one[by] for one in found), reverse=True)


def test_no_figure_is_left_out(both) -> None:
    report, _ = both
    assert set(report) == {
        "version", "report", "period", "generated_at", "verdict", "coverage", "totals", "days", "incidents", "agents",
        "movers", "denials", "near_misses", "high_risk", "hours", "recommendations", "alerts", "brakes", "heads",
        "parameters",
    }  # fmt: skip


def test_period_and_parameters(both, month: Month) -> None:
    report, week = both
    assert report["period"] == {
        "week": WEEK, "from": moment(week.at(0)), "to": moment(week.at(7)), "time_zone": str(week.zone),
        "is_partial": False,
    }  # fmt: skip
    # The watch's records are its own doing: the time of making is the last record's of all logs.
    assert report["generated_at"] == max(month.records(log)[-1]["ts"] for log in month.logs)
    parameters = dict(report["parameters"])
    assert month.home.tollgate("--version").out.strip() == parameters.pop("program")
    assert parameters == {
        "learning_days": 7, "loop_minimum": 7, "cap_minimum": 35, "smallest_base": 20, "least_log_likelihood": 10.83,
    }  # fmt: skip
    assert report["brakes"] == []


def test_totals_and_days(both) -> None:
    report, week = both
    assert report["totals"] == week.totals() | {"pages": 0}, "the watch raised its alerts later (test_alerts)"
    assert report["days"] == week.days()


def test_agents(both) -> None:
    report, week = both
    for found, wanted in zip(report["agents"], week.agents(report["incidents"]), strict=True):
        assert found == wanted


def test_movers(both) -> None:
    report, week = both
    wanted = week.movers()
    assert set(report["movers"]) == set(wanted)
    for kind, movers in wanted.items():
        same(report["movers"][kind], movers)
        sizes = [abs(one["signed_log_likelihood"]) for one in report["movers"][kind]]
        assert sizes == sorted(sizes, reverse=True)
    assert all(wanted[kind] for kind in ("rose", "fell", "appeared", "vanished")), "the month has movers of every kind"


def test_denials_and_near_misses(both) -> None:
    report, week = both
    wanted = week.denials()
    assert set(report["denials"]) == set(wanted)
    for kind, figures in wanted.items():
        if isinstance(figures, list):
            assert figures, f"the month has {kind}"
            by = {"retries": "throttled", "refusals": "requests"}.get(kind, "calls")
            same(report["denials"][kind], figures, by)
        else:
            assert report["denials"][kind] == figures
    same(report["near_misses"], week.near_misses(), "calls")


def test_high_risk_and_hours(both) -> None:
    report, week = both
    same(report["high_risk"], week.high_risk())
    assert report["hours"] == week.hours()


def test_alerts(month: Month, decided: list[Call]) -> None:
    """The watch looked at the month today, so this is the week in which its alerts were raised."""
    raised = next(one["ts"] for one in month.records(WATCH) if one.get("event") == "alert")
    year, number, _ = datetime.fromisoformat(raised).isocalendar()
    week = Week(decided, datetime.fromisocalendar(year, number, 1), ZoneInfo("UTC"))
    words = ["report", "weekly", "--no-ingest", "--week", f"{year}-W{number:02}", "--format", "json"]
    report = month.home.tollgate(*words, *month.words()).json()
    wanted = weekly.alerts(month.records(WATCH), week)
    assert sum(one["raised"] for one in wanted) > 5
    same(report["alerts"], wanted)
    assert report["totals"]["pages"] == sum(one["raised"] for one in wanted if one["severity"] == "page")


def test_coverage_and_heads(both, month: Month, decided: list[Call]) -> None:
    report, week = both
    coverage = report["coverage"]
    logs = {one["log"]: one for one in coverage["logs"]}
    for log in (FLEET, SECOND):
        seqs = {one["seq"] for one in month.records(log)}
        first, last = logs[log]["first_seq"], logs[log]["last_seq"]
        begins = min(one.first["seq"] for one in decided if one.log == log and one.ts_us >= week.at(0) // HOUR * HOUR)
        assert first == begins
        held = sum(1 for seq in seqs if first <= seq <= last)
        assert logs[log]["records"] == held
        assert logs[log]["rejected"] == (log == SECOND) and logs[log]["gaps"] == (2 if log == SECOND else 0)
    assert coverage["records"] == sum(one["records"] for one in coverage["logs"])
    lost, missing, rejected = coverage["lost"], coverage["missing"], coverage["rejected"]
    assert (lost, missing, rejected) == (17, 4, 1)
    loaded = coverage["records"] - rejected
    assert coverage["share"] == round(loaded / (loaded + lost + missing + rejected), 6)
    waiting = [one for one in week.within if one.decision == "allow" or one.mode == "shadow"]
    others = [one for one in week.requests if not one.is_call]
    assert coverage["without_outcome"] == count(waiting, lambda one: one.outcome is None), len(others)
    assert {(one["kind"], one["records"]) for one in coverage["gaps"]} == {("recorded", 17), ("missing", 4)}
    assert (coverage["recoveries"], coverage["clock_steps"], coverage["late"]) == (0, 0, 0)
    assert coverage["full_dictionaries"] == coverage["deleted"] == coverage["unknown_fields"] == []
    for head in report["heads"]:
        kept = (month.logs[head["log"]] / "checkpoints.ndjson").read_text().splitlines()[-1]
        assert head["note"] == json.loads(kept)["note"]
        assert head["size"] == int(head["note"].splitlines()[1])


def test_recommendations(both) -> None:
    report, week = both
    first, end = week.at(-21), week.at(7)
    advised = {
        (one["server"], one["tool"]): one["advised_maximum"]
        for one in report["incidents"]
        if one["severity"] == "page" and one["stopped"] == 0
    }
    kinds = Counter(one["kind"] for one in report["recommendations"])
    assert kinds["limit_missing"] > 0
    for one in report["recommendations"]:
        effect = one["effect"]
        calls, throttled, passed, agents = week.effect(one["server"], one["tool"], one["maximum"])
        assert (effect["from"], effect["to"]) == (moment(first), moment(end))
        assert (effect["calls"], effect["stopped"], effect["newly_stopped"]) == (calls, throttled, passed)
        assert set(effect["agents"]) == agents
        limits = json.loads(one["policy"])["tools"][one["tool"]]["limits"]
        assert [limit["max"] for limit in limits] == [one["maximum"]]
        month = [call for call in week.between(first, end) if weekly.tool(call) == (one["server"], one["tool"])]
        if one["kind"] == "limit_missing":
            assert not any(call.limit_counter for call in month)
            known = advised.get((one["server"], one["tool"]))
            assert known is None or one["maximum"] == known
        assert (week.start + timedelta(days=7)).weekday() == 0


def test_incidents(both) -> None:
    report, week = both
    assert report["incidents"]
    for one in report["incidents"]:
        pair = [call for call in week.calls if call.who == one["agent"] and weekly.tool(call) == (one["server"], one["tool"])]
        start, end = microseconds(one["start"]), microseconds(one["end"])
        calls = [call for call in pair if start <= call.ts_us <= end]
        assert one["calls"] == len(calls) and one["stopped"] == count(calls, lambda call: call.stopped)
        assert (one["first_record"], one["last_record"]) == (calls[0].record, calls[-1].record)
        assert one["identical"] <= max(Counter(call.arg_digest for call in calls).values())
        around = [call.ts_us for call in pair if start - MINUTE <= call.ts_us <= end]
        sliding = max(sum(1 for other in around if at - 61_000_000 < other <= at) for at in around)
        assert (weekly.peak(calls) or {})["calls"] <= one["peak_per_minute"] <= sliding
        midnight = start // weekly.DAY * weekly.DAY
        before = [call for call in pair if midnight - 28 * weekly.DAY <= call.ts_us < midnight]
        usual = round(len(before) / len({call.ts_us // MINUTE for call in before}), 6) if before else None
        assert one.get("usual_per_minute") == usual
        line = one["timeline"]
        step, begin = line["step_seconds"] * 1_000_000, microseconds(line["from"])
        for name, stopped in (("passed", False), ("stopped", True)):
            found = Counter((call.ts_us - begin) // step for call in pair if call.stopped == stopped)
            assert line[name] == [found[index] for index in range(len(line[name]))]
        day = microseconds(one["day"]["from"])
        for name, stopped in (("passed", False), ("stopped", True)):
            found = Counter((call.ts_us - day) // HOUR for call in pair if call.stopped == stopped)
            assert one["day"][name] == [found[hour] for hour in range(24)]
        hours = Counter((call.ts_us - day) // HOUR for call in pair if call.ts_us < day)
        usual_hours = [sorted(hours[hour - 24 * back] for back in range(1, 29)) for hour in range(24)]
        assert one["day"]["usual_low"] == [values[2] for values in usual_hours]
        assert one["day"]["usual_high"] == [values[25] for values in usual_hours]

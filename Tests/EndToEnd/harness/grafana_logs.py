"""Recounts of the alerts and of the pipeline: what each log has, and what it lacks."""

from __future__ import annotations

from collections import Counter
from statistics import median_low
from typing import Any

from .grafana_facts import Facts, Row, look, recount, seconds
from .recount import count, grouped, microseconds


@recount("overview/14-alerts")
def all_firing(facts: Facts) -> list[Row]:
    return firing(Facts(facts.decided, facts.window, facts.dashboard))


@recount("alerts/10-firing")
def firing(facts: Facts) -> list[Row]:
    found = [one["severity"] for one in facts.alerts if one["state"] == "firing"]
    return [(len(found), "act" if "page" in found else "look" if found else "ok")]


@recount("agent/15-alerts")
def about_an_agent(facts: Facts) -> list[Row]:
    found = of_the_agent(facts)
    fires = any(one["state"] == "firing" for one in found)
    return [(len(found), "act" if fires else "look" if found else "ok")]


def of_the_agent(facts: Facts) -> list[dict[str, Any]]:
    return [one for one in facts.begun if one["agent"] == facts.agent]


@recount("agent/50-alerts")
def an_agents_alerts(facts: Facts) -> list[Row]:
    fields = ("severity", "state", "rule", "server", "tool", "attempts", "denied", "summary")
    return [
        (seconds(microseconds(one["start"])), *(one.get(key) for key in fields)) for one in of_the_agent(facts)
    ]


@recount("alerts/11-raised")
def alerts_begun(facts: Facts) -> list[Row]:
    return [(len(facts.begun),)]


@recount("alerts/12-pages")
def pages(facts: Facts) -> list[Row]:
    return [(sum(1 for one in facts.begun if one["severity"] == "page"),)]


@recount("alerts/13-acknowledged")
def pages_nobody_acknowledged(facts: Facts) -> list[Row]:
    found = [one for one in facts.begun if one["severity"] == "page" and "acknowledged" not in one["states"]]
    return [(len(found), look(len(found), 1))]


@recount("alerts/20-rules")
def alerts_by_day(facts: Facts) -> list[Row]:
    days = Counter(
        (microseconds(one["start"]) // 86_400_000_000 * 86400, f"{one['severity']}: {one['rule']}")
        for one in facts.begun
    )
    return [(*key, number) for key, number in days.items()]


@recount("alerts/30-alerts")
def alerts(facts: Facts) -> list[Row]:
    rows = []
    for one in facts.begun:
        start, end = microseconds(one["start"]), one.get("end")
        fields = ("severity", "state", "rule", "agent", "server", "tool", "attempts", "denied", "same")
        rows.append((seconds(start), end and seconds(microseconds(end)), *(one.get(key) for key in fields),
                     seconds(microseconds(one["raised"]) - start), None, one["summary"], one["first_record"],
                     one["id"]))  # fmt: skip
    return rows


@recount("alerts/40-quality")
def quality_of_rules(facts: Facts) -> list[Row]:
    found: dict[Row, list[dict[str, Any]]] = {}
    for one in facts.begun:
        found.setdefault((one["rule"], one["severity"]), []).append(one)
    return [
        (*key, len(alerts), len({one["agent"] for one in alerts}),
         sum("acknowledged" in one["states"] for one in alerts),
         sum(bool({"silenced", "inhibited"} & {*one["states"]}) for one in alerts),
         median_low(seconds(microseconds(one["raised"]) - microseconds(one["start"])) for one in alerts))
        for key, alerts in found.items()
    ]  # fmt: skip


@recount("alerts/41-transitions", columns=["rule", "agent", "state", "id"])
def transitions(facts: Facts) -> list[Row]:
    return [(one["rule"], one["agent"], state, one["id"]) for one in facts.begun for state in one["states"]]


# The pipeline. What is missing cannot be counted in what is there: harness/month.py says it.

MISSING, LOST, REJECTS = 4, 17, 1


@recount("overview/15-coverage")
def records_missing(facts: Facts) -> list[Row]:
    return [(MISSING + LOST + REJECTS, "look")]


@recount("pipeline/10-share")
def coverage(facts: Facts) -> list[Row]:
    there = sum(len(facts.month.records(one)) for one in facts.logs)
    return [((there - REJECTS) / (there + MISSING + LOST), "look")]


@recount("pipeline/11-gaps")
def gaps(facts: Facts) -> list[Row]:
    return [(2, "look")]


@recount("pipeline/12-rejects")
def rejects(facts: Facts) -> list[Row]:
    return [(REJECTS, "look")]


@recount("pipeline/13-age", columns=["word"])
def age(facts: Facts) -> list[Row]:
    return [("look",)]


@recount("pipeline/20-logs", columns=["log", "last_seq", "decisions", "outcomes", "controls", "rejects", "missing",
                                      "lost", "first", "last"])  # fmt: skip
def logs(facts: Facts) -> list[Row]:
    rows = []
    for name in facts.logs:
        records = facts.month.records(name)
        kinds, second = Counter(one["kind"] for one in records), name == "second"
        ends = [float(microseconds(records[at]["ts"]) // 1_000_000) for at in (0, -1)]
        rows.append((name, records[-1]["seq"], kinds["decision"], kinds["outcome"] - second * REJECTS,
                     kinds["control"], second * REJECTS, second * MISSING, second * LOST, *ends))  # fmt: skip
    return rows


@recount("pipeline/30-records")
def growth(facts: Facts) -> list[Row]:
    hours: dict[Row, list[int]] = {}
    for one in facts.requests:
        if one.log in facts.logs:
            hour = one.ts_us // 3_600_000_000 * 3600
            hours.setdefault((hour, one.log), []).append(one.seq)
    return [(*key, max(seqs) - min(seqs) + 1) for key, seqs in hours.items()]


@recount("pipeline/31-unanswered")
def without_outcome(facts: Facts) -> list[Row]:
    return [
        (hour, count(calls, lambda one: not one.ended and not one.stopped),
         count(calls, lambda one: one.ended == "unanswered"))
        for hour, calls in grouped(facts.calls, lambda one: one.ts_us // 3_600_000_000 * 3600).items()
    ]  # fmt: skip


@recount("pipeline/40-gaps", columns=["log", "kind", "reason", "records", "first_seq", "last_seq"])
def holes(facts: Facts) -> list[Row]:
    seqs = {one["seq"] for one in facts.month.records("second")}
    gone = sorted(set(range(max(seqs))) - seqs)
    return [
        ("second", "recorded", "disk_full", LOST, None, None),
        ("second", "missing", "damaged", MISSING, gone[0], gone[-1]),
    ]


@recount("pipeline/41-rejects", columns=["record", "reason"])
def rejected_lines(facts: Facts) -> list[Row]:
    (lost,) = [one["seq"] for one in facts.month.records("second") if one.get("of") == 7777]
    return [(f"second/{lost}", "outcome of 7777, which is not here")]


@recount("pipeline/42-controls", columns=["log", "event", "record"])
def control_records(facts: Facts) -> list[Row]:
    return [
        (log, one["event"], f"{log}/{one['seq']}")
        for log in facts.logs
        for one in facts.month.records(log)
        if one["kind"] == "control" and one["event"] != "alert"
        and facts.window.since <= one["ts"] < facts.window.until
    ]  # fmt: skip

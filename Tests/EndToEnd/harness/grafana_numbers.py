"""Recounts of panels that show one number, or calls by time."""

from __future__ import annotations

from collections import Counter

from .grafana_facts import (
    Facts,
    Row,
    day,
    denied,
    errors,
    held,
    look,
    near,
    peak,
    recount,
    throttled,
    tool_of,
    would_stop,
)
from .recount import Call, bucket_end, count, grouped


@recount("overview/10-calls", "agent/10-calls", "tool/10-calls")
def calls(facts: Facts) -> list[Row]:
    return [(len(facts.calls),)]


@recount("overview/11-agents", "tool/11-agents")
def active_agents(facts: Facts) -> list[Row]:
    return [(len({one.who for one in facts.calls}),)]


@recount("agent/14-tools")
def tools_used(facts: Facts) -> list[Row]:
    return [(len({tool_of(one) for one in facts.calls}),)]


@recount("overview/12-stopped", "agent/11-stopped", "tool/12-stopped")
def share_of_stopped(facts: Facts) -> list[Row]:
    share = len(facts.stopped) / len(facts.calls)
    return [(share, look(share, 0.05))]


@recount("overview/13-errors", "agent/12-failed", "tool/13-failed")
def share_of_failed(facts: Facts) -> list[Row]:
    share = errors(facts.calls) / count(facts.calls, lambda one: one.ended)
    return [(share, look(share, 0.05))]


@recount("agent/13-peak", "tool/14-peak")
def peak_per_minute(facts: Facts) -> list[Row]:
    return [(peak(facts.chosen_of_days),)]


@recount("tool/15-near")
def calls_near_a_limit(facts: Facts) -> list[Row]:
    return [(near(facts.calls), look(near(facts.calls), 1))]


@recount("denials/10-denied")
def denied_calls(facts: Facts) -> list[Row]:
    return [(denied(facts.calls),)]


@recount("denials/11-throttled")
def throttled_calls(facts: Facts) -> list[Row]:
    return [(throttled(facts.calls),)]


@recount("denials/12-shadow")
def calls_of_shadow_rules(facts: Facts) -> list[Row]:
    return [(would_stop(facts.calls),)]


@recount("denials/13-refused")
def refused_requests(facts: Facts) -> list[Row]:
    return [(sum(one.n or 1 for one in facts.requests if not one.is_call and one.stopped),)]


# By time.


@recount("overview/20-decisions", "agent/20-decisions", "tool/20-decisions")
def by_decision(facts: Facts) -> list[Row]:
    return [
        (time, count(calls, lambda one: one.decision == "allow"), denied(calls), throttled(calls), held(calls),
         would_stop(calls))
        for time, calls in grouped(facts.calls, facts.step).items()
    ]  # fmt: skip


@recount("overview/21-busiest", "tool/23-agents")
def by_busiest_agent(facts: Facts) -> list[Row]:
    most = Counter(one.who for one in facts.calls)
    busiest = sorted(most, key=lambda who: (-most[who], who))[:10]

    def key(one: Call) -> Row:
        return facts.step(one), one.who if one.who in busiest else "(others)"

    return [(*named, len(calls)) for named, calls in grouped(facts.calls, key).items()]


@recount("agent/21-tools")
def by_tool(facts: Facts) -> list[Row]:
    found = grouped(facts.calls, lambda one: (facts.step(one), f"{one.server}/{one.name}"))
    return [(*key, len(calls)) for key, calls in found.items()]


@recount("tool/21-outcomes")
def by_outcome(facts: Facts) -> list[Row]:
    sent = [one for one in facts.calls if one.ended or not one.stopped]
    found = grouped(sent, lambda one: (facts.step(one), one.ended or "no_outcome"))
    return [(*key, len(calls)) for key, calls in found.items()]


@recount("denials/20-reasons")
def by_reason(facts: Facts) -> list[Row]:
    found = grouped(facts.stopped, lambda one: (facts.step(one), f"{one.decision}: {one.reason}"))
    return [(*key, len(calls)) for key, calls in found.items()]


@recount("agent/22-peaks", "tool/24-peaks")
def peaks_by_day(facts: Facts) -> list[Row]:
    return [(time, peak(calls)) for time, calls in grouped(facts.chosen_of_days, day).items()]


@recount("agent/23-durations", "tool/22-durations")
def durations_by_day(facts: Facts) -> list[Row]:
    timed = [one for one in facts.chosen_of_days if one.upstream_us is not None]
    rows = []
    for time, calls in grouped(timed, day).items():
        times = sorted(one.upstream_us for one in calls)
        rows.append((time, *(bucket_end(times[-(-len(times) * part // 100) - 1]) / 1000.0 for part in (50, 95, 99))))
    return rows

"""Recounts of tables: agents, tools, rules, limits, and raw rows."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from .grafana_facts import (
    Facts,
    Row,
    denied,
    errors,
    held,
    near,
    peak,
    recount,
    seconds,
    stopped_share,
    throttled,
    tool_of,
    would_stop,
)
from .recount import Call, count, grouped, rounded


@recount("overview/30-agents")
def agents(facts: Facts) -> list[Row]:
    return [
        (who, len(calls), denied(calls), throttled(calls), stopped_share(calls), held(calls), would_stop(calls),
         errors(calls), len({tool_of(one) for one in calls}), facts.agents_peaks[who])
        for who, calls in grouped(facts.calls, lambda one: one.who).items()
    ]  # fmt: skip


@recount("overview/31-tools")
def tools(facts: Facts) -> list[Row]:
    return [
        (*tool, facts.decided.risks[tool], len(calls), denied(calls), throttled(calls), stopped_share(calls),
         errors(calls), len({one.who for one in calls}), facts.tools_peaks[tool])
        for tool, calls in grouped(facts.calls, tool_of).items()
    ]  # fmt: skip


@recount("overview/40-movers")
def movers(facts: Facts) -> list[Row]:
    since, until = (datetime.fromisoformat(one) for one in (facts.window.since, facts.window.until))
    before = (since - (until - since)).isoformat()
    found = [one for one in facts.between(before, facts.window.until) if one.is_call]
    rows = []
    for (who, *tool), calls in grouped(found, lambda one: (one.who, one.server, one.name)).items():
        now = count(calls, lambda one: one.ts >= facts.window.since)
        old = len(calls) - now
        if now != old:
            rows.append((who, *tool, old, now, now - old, rounded(1.0 * (now - old) ** 2 / (now + old), 1)))
    return sorted(rows, key=lambda row: (-row[6], *row[:3]))[:50]


@recount("agent/30-tools")
def an_agents_tools(facts: Facts) -> list[Row]:
    mine = grouped((one for one in facts.all if one.is_call and facts.chosen(one)), tool_of)
    rows = []
    for tool, calls in grouped(facts.calls, tool_of).items():
        days = [one for one in facts.chosen_of_days if tool_of(one) == tool]
        ever = [one.ts_us for one in mine[tool]]
        rows.append((*tool, facts.decided.risks[tool], len(calls), denied(calls), throttled(calls),
                     stopped_share(calls), near(calls), errors(calls), peak(days), seconds(min(ever))))  # fmt: skip
    return rows


@recount("tool/30-agents")
def a_tools_agents(facts: Facts) -> list[Row]:
    rows = []
    for who, calls in grouped(facts.calls, lambda one: one.who).items():
        days = [one for one in facts.chosen_of_days if one.who == who]
        rows.append((who, len(calls), denied(calls), throttled(calls), stopped_share(calls), near(calls),
                     errors(calls), peak(days)))  # fmt: skip
    return rows


def by_rule(facts: Facts) -> dict[Row, list[Call]]:
    found = [one for one in facts.calls if one.decision in ("deny", "throttle")]
    return grouped(found, lambda one: (one.policy, one.rule or one.reason, one.reason, one.decision, one.mode))


@recount("agent/40-rules")
def rules_of_an_agent(facts: Facts) -> list[Row]:
    return [(*key, len(calls), len({tool_of(one) for one in calls})) for key, calls in by_rule(facts).items()]


@recount("denials/30-rules")
def rules(facts: Facts) -> list[Row]:
    rows = []
    for key, calls in by_rule(facts).items():
        who = Counter(one.who for one in calls)
        most = min(who, key=lambda one: (-who[one], one))
        rows.append((*key, len(calls), len(who), len({tool_of(one) for one in calls}), most, who[most]))
    return rows


@recount("denials/31-agents")
def who_is_stopped(facts: Facts) -> list[Row]:
    return [
        (*key, len(calls), denied(calls), throttled(calls), stopped_share(calls))
        for key, calls in grouped(facts.calls, lambda one: (one.who, *tool_of(one))).items()
        if denied(calls) + throttled(calls)
    ]


@recount("denials/34-refusals")
def refusals(facts: Facts) -> list[Row]:
    found = [one for one in facts.requests if not one.is_call and one.stopped]
    rows = []
    for key, calls in grouped(found, lambda one: (one.reason, one.decision, one.who, one.server, one.method)).items():
        hours = sorted(one.ts_us // 3_600_000_000 * 3600 for one in calls)
        rows.append((*key, sum(one.n or 1 for one in calls), hours[0], hours[-1]))
    return rows


@recount("tool/31-limits")
def limits(facts: Facts) -> list[Row]:
    limited = [one for one in facts.calls if one.limit_counter]
    found = grouped(limited, lambda one: (one.policy, one.limit_counter, one.limit_max, one.limit_window_s))
    return [(*key, len(calls), near(calls), throttled(calls)) for key, calls in found.items()]


# Tables of raw rows.


@recount("agent/41-stopped")
def newest_stopped(facts: Facts) -> list[Row]:
    same = Counter((tool_of(one), one.arg_digest) for one in facts.stopped)
    newest = sorted(facts.stopped, key=lambda one: (-one.ts_us, [*facts.month.logs].index(one.log), -one.seq))[:100]
    return [
        (seconds(one.ts_us), *tool_of(one), one.decision, one.reason, one.rule,
         None if one.retry_after_ms is None else one.retry_after_ms / 1000.0,
         same[tool_of(one), one.arg_digest] if one.arg_digest else None, one.record)
        for one in newest
    ]  # fmt: skip


@recount("agent/51-clients")
def clients(facts: Facts) -> list[Row]:
    return [
        (*key, len(calls), len({one.session for one in calls} - {None}), seconds(min(one.ts_us for one in calls)),
         seconds(max(one.ts_us for one in calls)))
        for key, calls in grouped(facts.calls, lambda one: (one.grant, one.client)).items()
    ]  # fmt: skip


@recount("tool/32-errors")
def errors_by_code(facts: Facts) -> list[Row]:
    failed = grouped((one for one in facts.calls if one.error), lambda one: (one.ended, one.outcome.get("code")))
    return [
        (*key, len(calls), len({one.who for one in calls}), seconds(max(one.ts_us for one in calls)))
        for key, calls in failed.items()
    ]


@recount("denials/32-persistent")
def persistent(facts: Facts) -> list[Row]:
    tried = [one for one in facts.stopped if one.arg_digest]
    found = grouped(tried, lambda one: (one.who, *tool_of(one), one.reason, one.rule, one.arg_digest))
    return [
        (*key, len(calls), seconds(min(one.ts_us for one in calls)), seconds(max(one.ts_us for one in calls)), digest)
        for (*key, digest), calls in found.items()
        if len(calls) > 5
    ]


@recount("denials/33-near")
def close_to_a_limit(facts: Facts) -> list[Row]:
    def limit(one: Call) -> Row:
        return one.who, *tool_of(one), one.limit_counter, one.limit_max, one.limit_window_s

    return [
        (*key, len(calls), max(one.limit_used for one in calls), seconds(max(one.ts_us for one in calls)))
        for key, calls in grouped((one for one in facts.calls if one.near), limit).items()
    ]

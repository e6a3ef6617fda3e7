"""docs/WAREHOUSE.md: each of its questions is run as it stands, and recounted from the log's lines in Python."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median_low
from typing import Any

import pytest
from harness.month import Month
from harness.questions import DOCUMENT, QUESTIONS
from harness.recount import Call, bucket_end, count, grouped, microseconds, requests, rounded

Row = tuple[Any, ...]

SPANS = {"of itself": ("", ""), "given": ("2026-11-19", "2026-11-21")}
"""The second span has all that the second gateway did, and what the fleet did on two ordinary days."""


@dataclass(frozen=True)
class Facts:
    """The logs' requests, and the span that a question asks for."""

    month: Month
    all: list[Call]
    since: str
    until: str

    @property
    def calls(self) -> list[Call]:
        return [one for one in self.all if one.is_call]

    @property
    def within(self) -> list[Call]:
        return [one for one in self.calls if self.since <= one.ts < self.until]


@pytest.fixture(scope="session")
def decided(month: Month) -> list[Call]:
    return [one for log in month.logs for one in requests(log, month.records(log))]


@pytest.fixture(params=SPANS)
def facts(request: pytest.FixtureRequest, month: Month, decided: list[Call]) -> Facts:
    since, until = SPANS[request.param]
    last = max(one.ts for one in decided)[:10]
    week = datetime.fromisoformat(last) - timedelta(days=7)
    return Facts(month, decided, since or week.strftime("%Y-%m-%d"), until or "9999")


RECOUNTS: dict[int, Callable[[Facts], list[Row]]] = {}


def recount(number: int) -> Callable:
    def register(function: Callable[[Facts], list[Row]]) -> Callable:
        RECOUNTS[number] = function
        return function

    return register


def by_agent_and_tool(calls: list[Call]) -> dict[tuple[str, str, str], list[Call]]:
    return grouped(calls, lambda one: (one.who, one.server, one.name))


@recount(1)
def who_called(facts: Facts) -> list[Row]:
    return [
        (*key, len(calls), count(calls, lambda one: one.stopped and one.decision == "deny"),
         count(calls, lambda one: one.stopped and one.decision == "throttle"), count(calls, lambda one: one.error))
        for key, calls in by_agent_and_tool(facts.within).items()
    ]  # fmt: skip


@recount(2)
def stopped(facts: Facts) -> list[Row]:
    found = [one for one in facts.within if one.decision in ("deny", "throttle")]
    rows = []
    for key, calls in grouped(found, lambda one: (one.policy, one.rule, one.reason, one.decision, one.mode)).items():
        agents = Counter(one.who for one in calls)
        most = min(agents, key=lambda who: (-agents[who], who))
        rows.append((*key, len(calls), len(agents), len({(one.server, one.name) for one in calls}), most))
    return rows


@recount(3)
def near_a_limit(facts: Facts) -> list[Row]:
    found = [one for one in facts.within if one.near]

    def limit(one: Call) -> Row:
        return one.who, one.server, one.name, one.limit_counter, one.limit_window_s, one.limit_max

    return [
        (*key, len(calls), max(one.limit_used for one in calls), max(one.ts for one in calls)[:19] + "Z")
        for key, calls in grouped(found, limit).items()
    ]


@recount(4)
def busiest_minutes(facts: Facts) -> list[Row]:
    rows = []
    for key, calls in grouped(facts.within, lambda one: (one.server, one.name)).items():
        minutes = Counter(one.ts[:16] for one in calls)
        minute = min(minutes, key=lambda one: (-minutes[one], one))
        rows.append((*key, minutes[minute], minute + "Z", len(minutes)))
    return rows


@recount(5)
def builds_by_day(facts: Facts) -> list[Row]:
    builds = [one for one in facts.within if one.tool == "build_and_push_image_to_ecr"]
    return [
        (*key, len(calls), count(calls, lambda one: one.stopped), count(calls, lambda one: one.error))
        for key, calls in grouped(builds, lambda one: (one.day, one.who)).items()
    ]


@recount(6)
def first_uses(facts: Facts) -> list[Row]:
    def first(calls: list[Call]) -> Call:
        return min(calls, key=lambda one: one.ts_us)

    mine = {key: first(calls) for key, calls in by_agent_and_tool(facts.calls).items()}
    anyone = {key: first(calls) for key, calls in grouped(facts.calls, lambda one: (one.server, one.name)).items()}
    return [
        (one.ts[:19] + "Z", agent, server, tool,
         sum(1 for key, other in mine.items() if key[0] == agent and other.ts < one.ts),
         int(anyone[server, tool].ts < one.ts), one.record)
        for (agent, server, tool), one in mine.items()
        if facts.since <= one.ts < facts.until
    ]  # fmt: skip


@recount(7)
def used_no_more(facts: Facts) -> list[Row]:
    grants = grouped(facts.calls, lambda one: (one.who, one.grant, one.server, one.name))
    return [
        (*key, len(calls), max(one.day for one in calls))
        for key, calls in grants.items()
        if max(one.day for one in calls) < facts.since
    ]


@recount(8)
def failures(facts: Facts) -> list[Row]:
    rows = []
    for key, calls in grouped(filter(lambda one: one.ended, facts.within), lambda one: (one.server, one.name)).items():
        ends, errors = Counter(one.ended for one in calls), count(calls, lambda one: one.error)
        kinds = ("tool_error", "rpc_error", "http_error", "timeout", "upstream_down", "overloaded")
        times = [one.upstream_us for one in calls if one.upstream_us is not None]
        mean = rounded(sum(times) / 1000.0 / len(times), 1) if times else None
        rows.append((*key, len(calls), errors, rounded(errors / len(calls), 4), *(ends[kind] for kind in kinds), mean))
    return rows


@recount(9)
def durations(facts: Facts) -> list[Row]:
    timed = [one for one in facts.within if one.upstream_us is not None]
    rows = []
    for key, calls in grouped(timed, lambda one: (one.server, one.name)).items():
        times = sorted(one.upstream_us for one in calls)
        shares = [bucket_end(times[-(-len(times) * percent // 100) - 1]) / 1000.0 for percent in (50, 95, 99)]
        rows.append((*key, len(times), *shares))
    return rows


@recount(10)
def same_arguments(facts: Facts) -> list[Row]:
    found = [one for one in facts.within if one.arg_digest]
    return [
        (*key, len(calls), len({one.result_digest for one in calls} - {None}), count(calls, lambda one: one.stopped),
         min(one.ts for one in calls), max(one.ts for one in calls))
        for key, calls in grouped(found, lambda one: (one.agent, one.server, one.name, one.arg_digest)).items()
        if len(calls) >= 10
    ]  # fmt: skip


@recount(11)
def after_throttles(facts: Facts) -> list[Row]:
    hour, rows = 3_600_000_000, []
    for key, calls in by_agent_and_tool(facts.calls).items():
        calls.sort(key=lambda one: one.ts_us)
        waits, early, throttles = [], 0, 0
        for one, later in zip(calls, [*calls[1:], None], strict=True):
            if one.decision != "throttle" or not one.stopped or not facts.since <= one.ts < facts.until:
                continue
            throttles += 1
            wait = later.ts_us - one.ts_us if later else hour + 1
            if wait <= hour:
                waits.append(wait)
                early += wait < one.retry_after_ms * 1000
        if throttles:
            rows.append((*key, throttles, len(waits), early, median_low(waits) / 1e6 if waits else None))
    return rows


@recount(12)
def out_of_hours(facts: Facts) -> list[Row]:
    rows = []
    for who, calls in grouped(facts.within, lambda one: one.who).items():
        times = [datetime.fromisoformat(one.ts[:19]) for one in calls]
        off = sum(1 for one in times if not 8 <= one.hour <= 17 or one.weekday() >= 5)
        weekend = sum(1 for one in times if one.weekday() >= 5)
        rows.append((who, len(calls), off, weekend, rounded(off / len(calls), 3)))
    return rows


@recount(13)
def clients(facts: Facts) -> list[Row]:
    return [
        (*key, len(calls), len({one.session for one in calls} - {None}),
         min(one.ts for one in calls), max(one.ts for one in calls))
        for key, calls in grouped(facts.within, lambda one: (one.who, one.grant, one.client)).items()
    ]  # fmt: skip


@recount(14)
def movers(facts: Facts) -> list[Row]:
    start = datetime.fromisoformat(facts.since)
    before, end = (str(start + timedelta(days=days))[:10] for days in (-7, 7))
    rows = []
    for key, calls in by_agent_and_tool([one for one in facts.calls if before <= one.ts < end]).items():
        now = count(calls, lambda one: one.ts >= facts.since)
        old = len(calls) - now
        if now != old:
            rows.append((*key, old, now, now - old, rounded(1.0 * (now - old) ** 2 / (now + old), 1)))
    return rows


@recount(15)
def one_agents_calls(facts: Facts) -> list[Row]:
    stops = Counter(one.who for one in facts.calls if one.stopped)
    agent = min(stops, key=lambda who: (-stops[who], who))
    found = sorted((one for one in facts.within if one.agent == agent), key=lambda one: (one.ts, one.record))
    return [
        (one.ts, one.server, one.name, one.decision, one.mode, one.reason, one.rule, one.ended,
         None if one.upstream_us is None else one.upstream_us / 1000.0, one.arg_digest, one.record)
        for one in found[:500]
    ]  # fmt: skip


@recount(16)
def a_policys_change(facts: Facts) -> list[Row]:
    old, new = "aa" * 8, "bb" * 8
    desk = [one for one in facts.calls if one.policy == "desk"]
    rules = grouped(desk, lambda one: ("desk", one.server, one.name, one.decision, one.mode, one.reason, one.rule))
    rows = []
    for key, calls in rules.items():
        digests = Counter(one.policy_digest for one in calls)
        rows.append((*key, digests[old], digests[new], old, new))
    return rows


@recount(17)
def held_calls(facts: Facts) -> list[Row]:
    rows = []
    for one in facts.within:
        if one.first is one.last and one.decision != "hold":
            continue
        ended = one.first is not one.last
        wait = (one.outcome or {}).get("wait_us", microseconds(one.last["ts"]) - one.ts_us if ended else None)
        rows.append(
            (one.ts[:19] + "Z", one.who, one.server, one.name, one.decision, one.reason, one.message,
             None if wait is None else wait / 1e6, one.ended, one.record,
             f"{one.log}/{one.last['seq']}" if ended else None)
        )  # fmt: skip
    return rows


@recount(18)
def holes(facts: Facts) -> list[Row]:
    """Written down here: what is missing cannot be counted in what is there."""
    (gap,) = [one for one in facts.month.records("second") if one.get("event") == "gap"]
    seqs = [one["seq"] for one in facts.month.records("second")]
    gone = sorted(set(range(max(seqs))) - set(seqs))
    (lost,) = [one["seq"] for one in facts.month.records("second") if one.get("of") == 7777]
    return [
        ("second", "recorded", None, None, gap["from"][:19] + "Z", gap["to"][:19] + "Z", gap["n"], gap["reason"]),
        ("second", "missing", gone[0], gone[-1], None, None, len(gone), "damaged"),
        ("second", "rejected", lost, lost, None, None, 1, "outcome of 7777, which is not here"),
    ]


@recount(19)
def alerts(facts: Facts) -> list[Row]:
    rows = []
    found = [one for one in facts.month.records("watch") if one.get("event") == "alert"]
    for states in {one["id"]: [other for other in found if other["id"] == one["id"]] for one in found}.values():
        known = {key: value for one in states for key, value in one.items()}
        if facts.since <= known["start"] < facts.until:
            after = (microseconds(states[0]["ts"]) - microseconds(known["start"])) / 1e6
            fields = ("start", "rule", "severity", "state", "agent", "server", "tool", "attempts", "denied", "same")
            rows.append((*(known.get(key) for key in fields), after, None, known["summary"], known["first_record"]))
    return rows


@recount(20)
def refusals(facts: Facts) -> list[Row]:
    found = [one for one in facts.all if not one.is_call and one.stopped and facts.since <= one.ts < facts.until]
    rows = []
    for key, calls in grouped(found, lambda one: (one.reason, one.decision, one.who, one.server, one.method)).items():
        hours = sorted(one.ts[:13] + "Z" for one in calls)
        rows.append((*key, sum(one.n or 1 for one in calls), hours[0], hours[-1]))
    return rows


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: one.slug)
def test_a_question_is_answered_as_the_log_says(facts: Facts, question) -> None:
    """Every row, every column; with its parameters left out, and with a span of two days."""
    given = {"since": facts.since, "until": facts.until} if facts.until != "9999" else {}
    parameters = {name: given.get(name, "") for name in question.parameters}
    found = facts.month.ask(question.sql, parameters)
    assert Counter(found) == Counter(RECOUNTS[question.number](facts))
    assert found, "the month has something to answer it with"


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: one.slug)
def test_parameters_left_out_are_null_or_empty(month: Month, question) -> None:
    empty, null = ({name: value for name in question.parameters} for value in ("", None))
    assert month.ask(question.sql, empty) == month.ask(question.sql, null)


def test_parameters_are_heeded(month: Month) -> None:
    by_number = {one.number: one for one in QUESTIONS}

    def ask(number: int, **given: str) -> list[Row]:
        return month.ask(by_number[number].sql, {name: given.get(name, "") for name in by_number[number].parameters})

    assert {row[1] for row in ask(5, tool="pay")} == {"clerk-01", "clerk-04"}
    assert len(ask(10, times="400")) < len(ask(10)) < len(ask(10, times="2"))
    assert {row[10].split("/")[0] for row in ask(15, agent="clerk-02")} == {"second"}
    assert ask(16, policy="fleet") == [], "it had one version only"
    moved = {row[0]: row[2] for row in ask(12, shift="+12 hours")}
    assert moved != {row[0]: row[2] for row in ask(12)} and sum(moved.values()) > 0


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: one.slug)
def test_a_question_reads_what_its_last_line_says(month: Month, question) -> None:
    """SQLite's own plan: fast ones scan neither the calls nor an hourly or daily roll-up, but search in them."""
    plan = month.ask(f"EXPLAIN QUERY PLAN {question.sql}", dict.fromkeys(question.parameters, ""))
    steps = [detail for *_, detail in plan]
    scans = {name for step in steps for name in re.findall(r"^SCAN (call|r|p|l)\b", step)}
    searched = any(re.match(r"SEARCH call USING INTEGER PRIMARY KEY", step) for step in steps)
    if question.speed.startswith("Fast"):
        assert not scans, steps
    elif "found by `hour`" in question.speed:
        assert searched and not scans, steps
    else:
        assert scans, f"it is faster than it says: {steps}"


def test_there_are_twenty_questions(month: Month) -> None:
    assert [one.number for one in QUESTIONS] == sorted(RECOUNTS) == list(range(1, 21))
    assert len(re.findall(r"```sql\n", DOCUMENT.read_text())) == 20, "each block of SQL is one of them"

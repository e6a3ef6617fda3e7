"""The weekly report's figures, counted again from the logs' lines: plain Python, none of tollgate's tables."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from .figures import (
    DAY,
    HOUR,
    MINUTE,
    Figures,
    counts,
    kinds,
    log_likelihood,
    median,
    most,
    peak,
    percentile,
    present,
    share,
    tool,
    wilson,
)
from .recount import Call, count, grouped, microseconds

GRAVE = ("destructive", "financial", "execute")
WEIGHTS = {"read": 1, "write": 3, "execute": 10, "destructive": 20, "financial": 20}


@dataclass
class Week:
    """One week of a zone, and all requests of the logs."""

    requests: list[Call]
    start: datetime
    zone: tzinfo

    def __post_init__(self) -> None:
        self.calls = sorted((one for one in self.requests if one.is_call), key=lambda one: one.ts_us)
        self.first_call = self.calls[0].ts_us

    def at(self, days: int) -> int:
        """Midnight so many local days after the week's Monday, in microseconds."""
        local = (self.start + timedelta(days=days)).replace(tzinfo=self.zone)
        return int(local.timestamp()) * 1_000_000

    def between(self, first: int, end: int) -> list[Call]:
        return [one for one in self.calls if first <= one.ts_us < end]

    @property
    def within(self) -> list[Call]:
        return self.between(self.at(0), self.at(7))

    def local(self, call: Call) -> datetime:
        return datetime.fromtimestamp(call.ts_us / 1_000_000, self.zone)

    def by_day(self, calls: Iterable[Call], first: int = 0, days: int = 7) -> list[int]:
        begin = (self.start + timedelta(days=first)).date()
        found = Counter((self.local(one).date() - begin).days for one in calls)
        return [found[day] for day in range(days)]

    def earlier(self) -> list[list[Call]]:
        """The four weeks before, the latest first, as far as the log reaches."""
        reached = [k for k in (1, 2, 3, 4) if self.first_call - self.at(-7 * k) <= DAY // 2]
        return [self.between(self.at(-7 * k), self.at(7 - 7 * k)) for k in reached]

    # --- the headline ---

    def totals(self) -> Figures:
        calls, earlier = self.within, self.earlier()
        others = [one for one in self.requests if not one.is_call and self.at(0) <= one.ts_us < self.at(7)]
        refused = [one for one in others if one.stopped]
        stopped, n = count(calls, lambda one: one.stopped), len(calls)
        weeks = [counts(week) for week in earlier]
        tools = grouped(calls, tool)
        spared = [(count(of, lambda one: one.stopped), percentile(of, 0.5)) for of in tools.values()]
        spared = [(stops, p50) for stops, p50 in spared if p50 is not None]
        return present(
            counts=counts(calls),
            agents=len({one.agent for one in calls}),
            tools=len(tools),
            other_requests=sum(one.n or 1 for one in others),
            refused_requests=sum(one.n or 1 for one in refused),
            stopped_share=wilson(stopped, n),
            peak_minute=peak(calls),
            latency={
                "calls": count(calls, lambda one: one.upstream_us is not None),
                **{f"p{int(p * 100)}_microseconds": percentile(calls, p) for p in (0.5, 0.95, 0.99)},
            },
            previous={"counts": weeks[0], "agents": len({one.agent for one in earlier[0]})} if weeks else None,
            median={
                "weeks": len(weeks),
                "calls": median([week["calls"] for week in weeks]),
                "stopped": median([week["denied"] + week["throttled"] for week in weeks]),
                "errors": median([week["errors"] for week in weeks]),
                "agents": median([len({one.agent for one in week}) for week in earlier]),
            }
            if len(weeks) > 1
            else None,
            spared={
                "calls": sum(stops for stops, _ in spared),
                "upstream_microseconds": sum(stops * p50 for stops, p50 in spared),
            }
            if any(stops for stops, _ in spared)
            else None,
        )

    def days(self) -> list[Figures]:
        days = [(self.start + timedelta(days=day)).date() for day in range(7)]
        found = grouped(self.within, lambda one: self.local(one).date())
        return [{"day": str(day), "counts": counts(found.get(day, [])), "is_ahead": False} for day in days]

    # --- who ---

    def agents(self, incidents: list[Figures]) -> list[Figures]:
        earlier = [Counter(one.agent for one in week) for week in self.earlier()]
        first = self.first_uses()
        month = grouped(self.between(self.at(-21), self.at(7)), lambda one: one.agent)
        pages = Counter(one["agent"] for one in incidents if one["severity"] == "page")
        found = []
        for agent, calls in grouped(self.within, lambda one: one.agent).items():
            tools = Counter(tool(one) for one in calls)
            hours = {one.ts_us // HOUR for one in calls}
            found.append(
                present(
                    agent=agent,
                    counts=counts(calls),
                    previous_calls=earlier[0][agent] if earlier else None,
                    median_calls=median([week[agent] for week in earlier]) if len(earlier) > 1 else None,
                    active_hours=len(hours),
                    calls_per_active_hour=round(len(calls) / len(hours), 6),
                    peak_minute=peak(calls),
                    busiest_hour=peak(calls, HOUR),
                    tools=[f"{s}/{t}" for s, t in sorted(tools, key=lambda one: (-tools[one], one))],
                    new_tools=[f"{s}/{t}" for who, (s, t) in first if who == agent] if earlier else [],
                    risk_weighted_calls=sum(WEIGHTS.get(one.risk, 2) for one in calls),
                    p95_microseconds=percentile(calls, 0.95),
                    calls_by_day=self.by_day(calls),
                    calls_of28_days=self.by_day(month[agent], -21, 28),
                    incidents=pages[agent or "(unresolved)"],
                )
            )
        return sorted(found, key=lambda one: (-one["counts"]["calls"], one.get("agent", "")))

    def first_uses(self) -> list[tuple[str | None, tuple[str, str]]]:
        """Who called what for the first time ever within the week, in the order of time."""
        seen: dict[Any, int] = {}
        for one in self.calls:
            seen.setdefault((one.agent, tool(one)), one.ts_us)
        return [pair for pair, at in seen.items() if self.at(0) <= at < self.at(7)]

    def movers(self) -> dict[str, list[Figures]] | None:
        weeks = [Counter((one.agent, *tool(one)) for one in week) for week in [self.within, *self.earlier()]]
        if len(weeks) < 2:
            return None
        now, last = weeks[0], weeks[1]
        movers: dict[str, list[Figures]] = {"rose": [], "fell": [], "appeared": [], "vanished": []}
        for pair in now.keys() | last.keys():
            likelihood = log_likelihood(now[pair], last[pair])
            before = [week[pair] for week in weeks[1:]]
            mover = present(
                agent=pair[0], server=pair[1], tool=pair[2], calls=now[pair], previous_calls=last[pair],
                median_calls=median(before) if len(before) > 1 else None, signed_log_likelihood=round(likelihood, 2),
            )  # fmt: skip
            if now[pair] and not any(before):
                movers["appeared"].append(mover)
            elif not now[pair]:
                movers["vanished"].append(mover)
            elif abs(likelihood) >= 10.83:
                movers["rose" if likelihood > 0 else "fell"].append(mover)
        return movers

    # --- what was stopped ---

    def denials(self) -> Figures:
        calls = self.within
        refused = [one for one in calls if one.decision in ("deny", "throttle")]
        stopped = [one for one in refused if one.mode == "enforce"]
        by_tool, by_agent = grouped(calls, tool), grouped(calls, lambda one: one.agent)
        return {
            "stopped": len(stopped),
            "would_have_stopped": len(refused) - len(stopped),
            "by_rule": [
                present(
                    rule=rule, reason=reason, decision=decision, mode=mode, policy=policy, calls=len(of),
                    agents=len({one.agent for one in of}), tools=len({tool(one) for one in of}),
                    mostly_agent=most(one.agent for one in of)[0], mostly_calls=most(one.agent for one in of)[1],
                )
                for (rule, reason, decision, mode, policy), of in grouped(
                    refused, lambda one: (one.rule, one.reason, one.decision, one.mode, one.policy)
                ).items()
            ],
            "by_reason": [
                {"reason": reason, "calls": len(of), "share": share(len(of), len(stopped))}
                for reason, of in grouped(stopped, lambda one: one.reason).items()
            ],
            "by_tool": [
                present(
                    server=key[0], tool=key[1], risk=of[0].risk, calls=len(of), **kinds(of),
                    share=share(len(of), len(by_tool[key])),
                )
                for key, of in grouped(stopped, tool).items()
            ],
            "by_agent": [
                present(
                    agent=agent, calls=len(of), **kinds(of), share=share(len(of), len(by_agent[agent])),
                    mostly=most(one.rule or one.reason for one in of)[0],
                )
                for agent, of in grouped(stopped, lambda one: one.agent).items()
            ],
            "persistent": [
                present(
                    agent=of[0].agent, server=of[0].server, tool=of[0].name, argument_digest=of[0].arg_digest,
                    rule=of[-1].rule, reason=of[-1].reason, calls=len(of), first=of[0].ts, last=of[-1].ts,
                    last_record=of[-1].record,
                )
                for of in grouped(
                    (one for one in stopped if one.arg_digest), lambda one: (one.agent, tool(one), one.arg_digest)
                ).values()
                if len(of) > 5
            ],
            "retries": self.retries(),
            "refusals": self.refusals(),
        }  # fmt: skip

    def retries(self) -> list[Figures]:
        found = []
        after = self.between(self.at(0), self.at(7) + HOUR)
        for (agent, (server, name)), calls in grouped(after, lambda one: (one.agent, tool(one))).items():
            throttled = [
                (index, one)
                for index, one in enumerate(calls)
                if one.stopped and one.decision == "throttle" and one.ts_us < self.at(7)
            ]
            waits = [
                (calls[index + 1].ts_us - one.ts_us, one.retry_after_ms)
                for index, one in throttled
                if index + 1 < len(calls) and calls[index + 1].ts_us - one.ts_us <= HOUR
            ]
            if throttled:
                times = sorted(wait for wait, _ in waits)
                found.append(
                    present(
                        agent=agent, server=server, tool=name, throttled=len(throttled),
                        retried_within_the_hour=len(waits),
                        too_early=sum(1 for wait, told in waits if told and wait < told * 1000),
                        median_microseconds=times[(len(times) - 1) // 2] if times else None,
                    )
                )  # fmt: skip
        return found

    def refusals(self) -> list[Figures]:
        others = [one for one in self.requests if not one.is_call and one.stopped and self.at(0) <= one.ts_us < self.at(7)]
        return [
            present(reason=reason, agent=agent, server=server, method=method, requests=sum(one.n or 1 for one in of))
            for (reason, agent, server, method), of in grouped(
                others, lambda one: (one.reason, one.agent, one.server or "", one.method)
            ).items()
        ]

    def near_misses(self) -> list[Figures]:
        near = (one for one in self.within if one.near)
        return [
            present(
                agent=of[0].agent, server=of[0].server, tool=of[0].name, counter=of[0].limit_counter,
                window_seconds=of[0].limit_window_s, maximum=of[0].limit_max, calls=len(of),
                highest=max(one.limit_used for one in of), last=max(one.ts for one in of),
            )
            for of in grouped(
                near, lambda one: (one.agent, tool(one), one.limit_counter, one.limit_window_s, one.limit_max)
            ).values()
        ]  # fmt: skip

    def high_risk(self) -> list[Figures]:
        new = set(self.first_uses())
        found = []
        for (agent, key), calls in grouped(self.within, lambda one: (one.agent, tool(one))).items():
            grave = [one for one in calls if one.risk in GRAVE]
            limits = [one.limit_max for one in calls if one.limit_counter and one.limit_window_s == 60]
            if grave:
                found.append(
                    present(
                        server=key[0], tool=key[1], risk=min((one.risk for one in grave), key=GRAVE.index), agent=agent,
                        calls_by_day=self.by_day(grave), stopped=count(grave, lambda one: one.stopped),
                        peak_minute=peak(calls), limit_per_minute=min(limits, default=None), is_new=(agent, key) in new,
                    )
                )  # fmt: skip
        return found

    def hours(self) -> Figures:
        def of(calls: list[Call]) -> tuple[list[int], float | None]:
            found = Counter(self.local(one).weekday() * 24 + self.local(one).hour for one in calls)
            office = sum(n for hour, n in found.items() if hour // 24 < 5 and 7 <= hour % 24 < 19)
            return [found[hour] for hour in range(168)], share(len(calls) - office, len(calls)) if calls else None

        calls, off = of(self.within)
        stopped, off_stopped = of([one for one in self.within if one.stopped])
        return present(calls=calls, stopped=stopped, off_hours_share=off, off_hours_stopped_share=off_stopped)

    # --- what to change ---

    def effect(self, server: str, name: str, maximum: int) -> tuple[int, int, int, set[str]]:
        """Calls and throttled calls of the 28 days; of those beyond so many a minute and caller the ones that passed."""
        month = [one for one in self.between(self.at(-21), self.at(7)) if tool(one) == (server, name)]
        whole = range(-(-self.at(-21) // DAY), self.at(7) // DAY)
        minutes = grouped(
            (one for one in month if one.ts_us // DAY in whole),
            lambda one: (one.agent, one.grant, one.identity, one.ts_us // MINUTE),
        )
        passed, agents = 0, set()
        for (agent, *_), calls in minutes.items():
            beyond = max(len(calls) - maximum, 0)
            free = beyond - min(beyond, count(calls, lambda one: one.stopped))
            passed += free
            if free:
                agents.add(agent or "(unresolved)")
        throttled = count(month, lambda one: one.stopped and one.decision == "throttle")
        return len(month), throttled, passed, agents


def alerts(records: list[dict[str, Any]], week: Week) -> list[Figures]:
    """The alerts raised in the week, by rule and severity, from the watch's records."""
    states: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in records:
        if one["kind"] == "control" and one["event"] == "alert":
            states[one["id"]].append(one)
    raised = [of for of in states.values() if week.at(0) <= microseconds(of[0]["ts"]) < week.at(7)]
    agents = len({one.agent for one in week.within})
    key: Callable[[list[Figures]], tuple[str, str]] = lambda of: (of[-1]["rule"], of[-1]["severity"])  # noqa: E731
    return [
        present(
            rule=rule,
            severity=severity,
            raised=len(group),
            still_firing=sum(1 for of in group if of[-1]["state"] == "firing"),
            acknowledged=sum(1 for of in group if any(one["state"] == "acknowledged" for one in of)),
            silenced=sum(1 for of in group if any(one["state"] == "silenced" for one in of)),
            per_agent_week=round(len(group) / agents / ((week.at(7) - week.at(0)) / (7 * DAY)), 6) if agents else None,
            median_detection_microseconds=median(
                [microseconds(of[0]["ts"]) - microseconds(of[-1]["start"]) for of in group]
            ),
        )
        for (rule, severity), group in grouped(raised, key).items()
    ]

"""What a dashboard's window and variables leave of the log's requests and alerts, for recounts of its panels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from .grafana import Window
from .month import Month
from .recount import Call, count, grouped

Row = tuple[Any, ...]

WEEK = Window("2026-11-16T00:00:00", "2026-11-23T00:00:00")
FEW = Window("2026-11-17T06:00:00", "2026-11-20T20:00:00")

CASES = {
    "a week, all": (WEEK, {}),
    "a few days, one of each": (FEW, {"agent": "clerk-01", "server": "bank", "tool": "pay", "log": "second"}),
    "days as steps": (FEW, {"step": "86400"}),
}
"""Windows of whole hours, where roll-ups are exact; what is picked in the variables. The last is for panels by time."""


@dataclass(frozen=True)
class Decided:
    """The logs' requests, looked through once."""

    month: Month
    all: list[Call]

    @cached_property
    def stopped(self) -> list[Call]:
        return [one for one in self.all if one.is_call and one.stopped]

    @cached_property
    def risks(self) -> dict[tuple[str, str], str | None]:
        """By tool, the newest class of harm: the one that was first seen last."""
        return dict(dict.fromkeys((tool_of(one), one.risk) for one in self.all if one.is_call).keys())

    def most_stopped(self, key: Callable[[Call], Any]) -> Any:
        stops = Counter(map(key, self.stopped))
        stops.pop(None, None)
        return min(stops, key=lambda one: (-stops[one], one))


@dataclass(frozen=True)
class Facts:
    """What a dashboard's window and variables leave of the requests."""

    decided: Decided
    window: Window
    dashboard: str
    picked: dict[str, str] = field(default_factory=dict)

    @property
    def month(self) -> Month:
        return self.decided.month

    @property
    def all(self) -> list[Call]:
        return self.decided.all

    @cached_property
    def agent(self) -> str:
        """The agent dashboard's: the one most stopped, if none is picked."""
        return self.picked.get("agent") or self.decided.most_stopped(lambda one: one.who)

    @cached_property
    def tool(self) -> tuple[str, str]:
        """The tool dashboard's server and tool."""
        server = self.picked.get("server") or self.decided.most_stopped(lambda one: one.server)
        mine = self.decided.most_stopped(lambda one: one.name if one.server == server else None)
        name = self.picked.get("tool") or mine
        return server, name

    def chosen(self, one: Call) -> bool:
        """Whether it is of the agent, the server, the tool that are picked."""
        if self.dashboard == "agent":
            return one.who == self.agent
        if self.dashboard == "tool":
            return tool_of(one) == self.tool
        if self.dashboard == "pipeline":
            return True
        return self.picked.get("agent", one.who) == one.who and self.picked.get("server", one.server) == one.server

    def between(self, since: str, until: str) -> list[Call]:
        return [one for one in self.all if since <= one.ts < until and self.chosen(one)]

    @cached_property
    def requests(self) -> list[Call]:
        return self.between(self.window.since, self.window.until)

    @cached_property
    def calls(self) -> list[Call]:
        return [one for one in self.requests if one.is_call]

    @cached_property
    def stopped(self) -> list[Call]:
        return [one for one in self.calls if one.stopped]

    @cached_property
    def of_days(self) -> list[Call]:
        """Calls of the UTC days that touch the window."""
        last = (datetime.fromisoformat(self.window.until) - timedelta(microseconds=1)).strftime("%Y-%m-%d")
        return [one for one in self.all if one.is_call and self.window.since[:10] <= one.day <= last]

    @cached_property
    def chosen_of_days(self) -> list[Call]:
        return [one for one in self.of_days if self.chosen(one)]

    @cached_property
    def agents_peaks(self) -> dict[str, int]:
        return {who: peak(calls) for who, calls in grouped(self.of_days, lambda one: one.who).items()}

    @cached_property
    def tools_peaks(self) -> dict[tuple[str, str], int]:
        return {tool: peak(calls) for tool, calls in grouped(self.of_days, tool_of).items()}

    @property
    def logs(self) -> list[str]:
        return [one for one in self.month.logs if self.picked.get("log", one) == one]

    def step(self, one: Call) -> int:
        step = int(self.picked.get("step", "3600"))
        return one.ts_us // 1_000_000 // step * step

    @cached_property
    def alerts(self) -> list[dict[str, Any]]:
        """Each alert with all that its transitions say, `states` of them, `raised` at the first."""
        found: dict[str, dict[str, Any]] = {}
        for one in self.month.records("watch"):
            if one.get("event") == "alert":
                known = found.setdefault(one["id"], {"raised": one["ts"], "states": []})
                known.update(one)
                known["states"].append(one["state"])
        agent = self.picked.get("agent")
        return [one for one in found.values() if agent in (None, one["agent"])]

    @cached_property
    def begun(self) -> list[dict[str, Any]]:
        return [one for one in self.alerts if self.window.since <= one["start"] < self.window.until]


RECOUNTS: dict[str, tuple[Callable[[Facts], list[Row]], list[str]]] = {}


def recount(*names: str, columns: Iterable[str] = ()) -> Callable:
    """Of panels; of some columns, where the others say nothing that is counted."""

    def register(function: Callable[[Facts], list[Row]]) -> Callable:
        RECOUNTS.update(dict.fromkeys(names, (function, list(columns))))
        return function

    return register


def look(share: float | int, limit: float) -> str:
    return "look" if share >= limit else "ok"


def seconds(ts_us: int) -> float:
    return ts_us / 1_000_000.0


def denied(calls: list[Call]) -> int:
    return count(calls, lambda one: one.stopped and one.decision == "deny")


def throttled(calls: list[Call]) -> int:
    return count(calls, lambda one: one.stopped and one.decision == "throttle")


def would_stop(calls: list[Call]) -> int:
    return count(calls, lambda one: one.mode == "shadow" and one.decision in ("deny", "throttle"))


def errors(calls: list[Call]) -> int:
    return count(calls, lambda one: one.error)


def near(calls: list[Call]) -> int:
    return count(calls, lambda one: one.near)


def held(calls: list[Call]) -> int:
    return count(calls, lambda one: one.decision == "hold")


def stopped_share(calls: list[Call]) -> float:
    return (denied(calls) + throttled(calls)) / len(calls)


def peak(calls: Iterable[Call]) -> int:
    """Of clock minutes."""
    return max(Counter(one.ts[:16] for one in calls).values())


def tool_of(one: Call) -> tuple[str, str]:
    return one.server, one.name


def day(one: Call) -> int:
    return one.ts_us // 1_000_000 // 86400 * 86400

"""What a warehouse should say, counted again from a log's lines: plain Python, no SQL but to round as SQLite does."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cache
from typing import Any

ERRORS = {"tool_error", "rpc_error", "http_error", "timeout", "upstream_down", "overloaded"}

VERDICT = (
    "decision", "mode", "reason", "rule", "message", "policy", "policy_digest", "limit_counter", "limit_window_s",
    "limit_max", "limit_used", "retry_after_ms",
)  # fmt: skip
"""Of a held call, the decision that ended its hold says these."""


@cache
def microseconds(ts: str) -> int:
    moment = datetime.strptime(ts, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


@dataclass
class Call:
    """A decided `tools/call` with its hold and its outcome, or another decided request."""

    log: str
    first: dict[str, Any]
    last: dict[str, Any]
    outcome: dict[str, Any] | None = None

    def __getattr__(self, name: str) -> Any:
        """A field of the decision; None where it has none."""
        return (self.last if name in VERDICT else self.first).get(name)

    @property
    def ts_us(self) -> int:
        return microseconds(self.first["ts"])

    @property
    def who(self) -> str:
        return self.agent or "(unresolved)"

    @property
    def name(self) -> str:
        """The tool; all that a server never listed are one."""
        return "(unlisted)" if self.unlisted else self.tool

    @property
    def record(self) -> str:
        return f"{self.log}/{self.first['seq']}"

    @property
    def day(self) -> str:
        return self.ts[:10]

    @property
    def stopped(self) -> bool:
        return self.mode == "enforce" and self.decision in ("deny", "throttle")

    @property
    def near(self) -> bool:
        return self.decision == "allow" and (self.limit_max or 0) > 0 and self.limit_used * 5 // 4 >= self.limit_max

    @property
    def ended(self) -> str | None:
        return self.outcome and self.outcome["outcome"]

    @property
    def error(self) -> bool:
        return self.ended in ERRORS

    @property
    def upstream_us(self) -> int | None:
        return (self.outcome or {}).get("upstream_us")

    @property
    def result_digest(self) -> str | None:
        return (self.outcome or {}).get("result_digest")

    @property
    def is_call(self) -> bool:
        """A refusal that stands for many requests is none."""
        return self.method == "tools/call" and "n" not in self.first


def requests(log: str, records: Iterable[dict[str, Any]]) -> list[Call]:
    """A log's decided requests in the order of their first decision; an outcome without its decision is left out."""
    found: dict[int, Call] = {}
    ends: dict[int, Call] = {}
    for record in records:
        if record["kind"] == "decision":
            held = found.get(record.get("of", -1))
            if held is None:
                found[record["seq"]] = Call(log, record, record)
            else:
                held.last = record
                ends[record["seq"]] = held
        elif record["kind"] == "outcome":
            call = ends.get(record["of"]) or found.get(record["of"])
            if call is not None:
                assert call.outcome is None, f"two outcomes of {call.record}"
                call.outcome = record
    return list(found.values())


def grouped(calls: Iterable[Call], key: Callable[[Call], Any]) -> dict[Any, list[Call]]:
    groups: dict[Any, list[Call]] = {}
    for call in calls:
        groups.setdefault(key(call), []).append(call)
    return groups


def count(calls: Iterable[Call], condition: Callable[[Call], Any]) -> int:
    return sum(1 for call in calls if condition(call))


def rounded(value: float, digits: int) -> float:
    """Rounded by SQLite, which takes halves up and has its own idea of what a half is."""
    with closing(sqlite3.connect(":memory:")) as database:
        return database.execute("SELECT round(?, ?)", (value, digits)).fetchone()[0]


def bucket_end(us: int) -> int:
    """The end of a duration's bucket: four an octave, 2^e (1 + m/4) … 2^e (1 + (m + 1)/4)."""
    if us < 4:
        return us + 1
    width = 2 ** (us.bit_length() - 1) // 4
    return (us // width + 1) * width

"""Figures of reports by themselves: counts, peaks, percentiles, intervals, as plain Python has them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

from .recount import Call, count

DAY, HOUR, MINUTE = 86_400_000_000, 3_600_000_000, 60_000_000
Figures = dict[str, Any]


def moment(us: int) -> str:
    at = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=us)
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def present(**fields: Any) -> Figures:
    """The fields that have a value, as JSON leaves the others out."""
    return {name: value for name, value in fields.items() if value is not None}


def share(part: int, whole: int) -> float:
    return round(part / whole, 6) if whole else 0


def median(values: list[int]) -> int | None:
    """Of an even number the mean of the two in the middle, rounded towards zero."""
    if not values:
        return None
    ordered, middle = sorted(values), len(values) // 2
    return ordered[middle] if len(values) % 2 else int((ordered[middle - 1] + ordered[middle]) / 2)


def counts(calls: Iterable[Call]) -> Figures:
    calls = list(calls)
    enforced = Counter(one.decision for one in calls if one.mode == "enforce")
    return {
        "calls": len(calls),
        "allowed": len(calls) - enforced["deny"] - enforced["throttle"] - enforced["hold"],
        "denied": enforced["deny"],
        "throttled": enforced["throttle"],
        "held": enforced["hold"],
        "would_have_stopped": count(calls, lambda one: one.mode == "shadow" and one.decision != "allow"),
        "errors": count(calls, lambda one: one.error),
    }


def peak(calls: Iterable[Call], unit: int = MINUTE) -> Figures | None:
    """The unit of time with most calls, of equals the first."""
    units = Counter(one.ts_us // unit for one in calls)
    if not units:
        return None
    first = min(units, key=lambda start: (-units[start], start))
    return {"calls": units[first], "at": moment(first * unit)}


def percentile(calls: Iterable[Call], part: float) -> int | None:
    """From buckets, four an octave: the nearest rank, then linear within its bucket."""
    durations = sorted(one.upstream_us for one in calls if one.upstream_us is not None)
    if not durations:
        return None

    def edges(us: int) -> tuple[int, int]:
        if us < 4:
            return us, us + 1
        width = 2 ** (us.bit_length() - 1) // 4
        return us // width * width, us // width * width + width

    rank = max(1, math.ceil(part * len(durations)))
    start, end = edges(durations[rank - 1])
    before = sum(1 for us in durations if us < start)
    inside = sum(1 for us in durations if start <= us < end)
    return start + int((end - start) * (rank - before - 0.5) / inside)


def tool(call: Call) -> tuple[str, str]:
    return call.server, call.name


def kinds(calls: list[Call]) -> dict[str, int]:
    throttled = count(calls, lambda one: one.decision == "throttle")
    return {"denied": len(calls) - throttled, "throttled": throttled}


def most(values: Iterable[str | None]) -> tuple[str | None, int]:
    """The most frequent, of equals the first by the alphabet."""
    found = Counter(values)
    first = min(found, key=lambda value: (-found[value], value or ""))
    return first, found[first]


def wilson(part: int, whole: int) -> Figures | None:
    if not whole:
        return None
    z, p = 1.959963984540054, part / whole
    centre = (p + z * z / (2 * whole)) / (1 + z * z / whole)
    half = z / (1 + z * z / whole) * math.sqrt(p * (1 - p) / whole + z * z / (4 * whole * whole))
    return {"share": round(p, 6), "low": round(max(centre - half, 0), 6), "high": round(min(centre + half, 1), 6)}


def log_likelihood(now: int, before: int) -> float:
    expected = (now + before) / 2
    ratio = 2 * sum(n * math.log(n / expected) for n in (now, before) if n)
    return -ratio if now < before else ratio

"""What a runaway does to the agents beside it, without a gateway and with ours: the same calls in one run."""

from __future__ import annotations

from .agents import Seen
from .screen import Line, milliseconds, percent
from .storm import Story

HARM, LEFT = 5.0, 0.5
"""So many times as long the neighbours' calls have to take without a gateway, and so few of them be answered, or there
is nothing to prevent."""
SLOWER, MORE = 1.5, 0.005
"""What a neighbour's median may be once the runaway is braked: so many times what it was, and seconds more."""
KEPT = 0.9
"""The share of their calls that neighbours have to keep."""

NONE = "no brake came"


def lines(story: Story) -> list[Line]:
    alone, behind = story.alone, story.behind
    harm, left = alone.until.p50 / alone.calm.p50, alone.until.rate / alone.calm.rate
    found = [
        Line("without a gateway: a neighbour's p50", change(alone.calm, alone.until), f"≥ {HARM:g} ×", harm >= HARM),
        Line("  neighbours' answers a second", rates(alone.calm, alone.until), f"≤ {percent(LEFT)}", left <= LEFT),
        Line(
            "with tollgate, until the brake: p50",
            f"{change(behind.calm, behind.until)}, {behind.until.seconds:.1f} s",
            "all served",
            behind.until.all_served,
        ),
    ]
    after = behind.after
    quick = after is not None and after.p50 <= SLOWER * behind.calm.p50 + MORE and after.all_served
    kept = after is not None and after.rate >= KEPT * behind.calm.rate
    return [
        *found,
        Line(
            "with tollgate, from then on: p50",
            change(behind.calm, after) if after else NONE,
            f"≤ {SLOWER:g}×+{MORE * 1000:g} ms",
            quick,
            behind.others,
        ),
        Line(
            "  neighbours' answers a second",
            rates(behind.calm, after) if after else NONE,
            f"≥ {percent(KEPT)}",
            kept,
            behind.others,
        ),
    ]


def change(before: Seen, after: Seen) -> str:
    return f"{milliseconds(before.p50)} → {milliseconds(after.p50)} ({ratio(after.p50 / before.p50)} ×)"


def ratio(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def rates(before: Seen, after: Seen) -> str:
    return f"{before.rate:.1f} → {after.rate:.1f} ({percent(after.rate / before.rate)})"

"""From the runaway's first call to the page, to the brake, to the first call that was refused; and what got through."""

from __future__ import annotations

from datetime import datetime

from harness import logs

from .screen import Line
from .storm import BUILD, LIMIT, Story

PAGED, BRAKED = 15.0, 3.0
"""Seconds from the first call to the page, and from there to the brake."""


def lines(story: Story) -> list[Line]:
    behind = story.behind
    made = logs.calls(story.records, agent="runaway", tool=BUILD)
    allowed = [one for one in made if one["decision"] == "allow"]
    # Two builds that begin in one second get one tag from the server, and the second is not pushed.
    asked, answered = behind.asked.total(), behind.asked["ok"] + behind.asked["tool_error"]
    counted_alike = len(made) == asked and len(allowed) == answered >= behind.built > 0
    through = Line(
        f"builds that got through, of {asked}",
        f"{len(allowed)} by the log, {answered} by the caller",
        f"≤ {LIMIT}",
        counted_alike and len(allowed) <= LIMIT,
    )
    pages = [one for one in story.alerts if one["severity"] == "page" and one["agent"] == "runaway"]
    wrong = [one for one in story.alerts if one["agent"] != "runaway"]
    brakes = [one for one in story.records if one.get("event") == "brake" and one["by"] == "watch"]
    if not pages or not brakes or behind.refused is None:
        said = f"{len(pages)} pages, {len(brakes)} brakes"
        return [Line("runaway → page → brake", said, f"≤ {PAGED + BRAKED:g} s", False, behind.others), through]
    page, brake = pages[0], brakes[0]
    first, paged, braked = (moment(one) for one in (made[0]["ts"], page["ts"], brake["ts"]))
    before = len([one for one in allowed if one["seq"] < brake["seq"]])
    return [
        Line(
            "runaway's first call → page",
            f"{paged - first:.2f} s, {page['rule']} after {page['attempts']} like calls",
            f"≤ {PAGED:g} s",
            paged - first <= PAGED,
            behind.others,
        ),
        Line("page → brake", f"{braked - paged:.2f} s", f"≤ {BRAKED:g} s", braked - paged <= BRAKED, behind.others),
        Line(
            "calls before the brake; others paged",
            f"{before}; {len(wrong)}",
            f"≤ {LIMIT}; 0",
            before <= LIMIT and not wrong,
        ),
        through,
    ]


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()

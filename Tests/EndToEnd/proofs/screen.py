"""Lines that hold their bar or do not, and the one screen they are shown on: 30 rows of 100 columns."""

from __future__ import annotations

from dataclasses import dataclass, field

WIDTH = 100
WHAT, FIGURE, BAR = 42, 38, 12
"""Columns of a line's parts; what is left is the verdict's."""

BUSY = 0.25
"""The share of the machine above which others disturb what is measured in time."""


@dataclass(frozen=True)
class Line:
    """One figure of this run against its bar."""

    what: str
    figure: str
    bar: str
    holds: bool
    others: float | None = None
    """The share of the machine that others used meanwhile, of a figure that hangs on the machine's speed."""

    @property
    def disturbed(self) -> bool:
        return self.others is not None and self.others > BUSY

    @property
    def missed(self) -> bool:
        return not self.holds and not self.disturbed

    @property
    def verdict(self) -> str:
        """`*` where others kept the machine busy: what they may have spoiled is not held against the figure."""
        if self.holds:
            return "ok *" if self.disturbed else "ok"
        return "busy *" if self.disturbed else "MISSED"

    def __str__(self) -> str:
        return f"  {fit(self.what, WHAT)}{fit(self.figure, FIGURE)}{fit(self.bar, BAR)}{self.verdict}"


def fit(text: str, width: int) -> str:
    """The text in a column, cut where it is too long, with a space behind."""
    return f"{text if len(text) < width else text[: width - 2] + '…':<{width}}"


@dataclass
class Screen:
    """All of a run: about the machine, and the lines under their headings."""

    about: list[str]
    parts: dict[str, list[Line]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    """What could not be measured, and why."""

    @property
    def lines(self) -> list[Line]:
        return [line for part in self.parts.values() for line in part]

    @property
    def missed(self) -> list[Line]:
        return [line for line in self.lines if line.missed]

    @property
    def unjudged(self) -> list[Line]:
        return [line for line in self.lines if not line.holds and line.disturbed]

    def summary(self) -> list[str]:
        held = sum(line.holds for line in self.lines)
        said = [f"{held} of {len(self.lines)} lines hold, {len(self.missed)} missed, {len(self.unjudged)} not judged"]
        shares = [line.others for line in self.lines if line.disturbed and line.others is not None]
        if shares:
            range_ = dict.fromkeys(percent(share) for share in (min(shares), max(shares)))
            said.append(f"* others used {' to '.join(range_)} of this machine meanwhile")
        return said

    def __str__(self) -> str:
        rows = list(self.about)
        for name, lines in self.parts.items():
            rows += ["", name, *map(str, lines)]
        return "\n".join(row.rstrip() for row in [*rows, "", *self.summary(), *self.problems])


def percent(share: float, digits: int = 0) -> str:
    return f"{share * 100:.{digits}f} %"


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms" if seconds < 0.1 else f"{seconds * 1000:,.0f} ms"

"""What a run of the proof is given: where it works, how long and how often, and whom it tells how far it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Setting:
    """One run."""

    folder: Path
    say: Callable[[str], None]
    calm: float
    """Seconds of the neighbours alone."""
    storm: float
    """Seconds of the runaway straight at the server; and of its hammering once it is braked."""
    kills: int
    flips: int
    calls: int
    """Calls of the simulated fleet whose verdicts are recomputed and whose records are written again."""
    rounds: int
    """Rounds of a hundred calls, with and without waiting for the disk."""
    seed: int = 1


def full(folder: Path, say: Callable[[str], None], seed: int = 1) -> Setting:
    """`make proof`."""
    return Setting(folder, say, calm=4, storm=10, kills=300, flips=200, calls=20_000, rounds=6, seed=seed)


def short(folder: Path, say: Callable[[str], None], seed: int = 1) -> Setting:
    """What runs with the tests."""
    return Setting(folder, say, calm=2, storm=3, kills=16, flips=16, calls=2_000, rounds=2, seed=seed)

"""Nothing acknowledged is lost, and nothing is counted twice, however often writer and ingester die."""

from __future__ import annotations

import re

import kills
from harness.home import Home

KILLS = 25


def test_twenty_five_kills_lose_nothing(home: Home, say) -> None:
    trial = kills.Trial(home, seed=25)
    trial.run(KILLS, progress=lambda _: None)
    assert trial.failures() == []
    line = f"acknowledged {len(trial.acknowledged)} ⊆ log {len(trial.logged)} = db {len(trial.rows)}"
    say(f"{KILLS} kills: {line}")
    a, b, c = map(int, re.findall(r"\d+", line))
    assert 0 < a <= b == c
    assert trial.killed["writer"] >= 8 and trial.killed["ingester"] >= 3

"""Nothing acknowledged is lost, and nothing is counted or shown twice, however often writer and readers die."""

from __future__ import annotations

import kills
from harness.home import Home

KILLS = 60
SEED = 25


def test_sixty_kills_lose_nothing(home: Home, say) -> None:
    found = kills.result(kills.Trial(home, SEED), KILLS)
    assert found.failures == [], f"seed {SEED}"
    say(f"{KILLS} kills: {found}")
    assert 0 < found.acknowledged <= found.decisions == found.rows
    assert found.records == found.shown and found.sealed > 0
    assert found.killed["writer"] >= 8 and found.killed["ingester"] >= 5 and found.killed["tailer"] >= 5

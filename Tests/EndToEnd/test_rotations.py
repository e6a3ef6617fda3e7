"""Rotation, sealing and retention under a tailer and an ingester lose nothing and show nothing twice."""

from __future__ import annotations

import os

import rotations
from harness.home import Home

ROTATIONS = 60
SEED = int(os.environ.get("TOLLGATE_SEED", "1"))


def test_sixty_rotations_lose_nothing_and_show_nothing_twice(home: Home, say) -> None:
    trial = rotations.Trial(home, SEED)
    trial.run(ROTATIONS, progress=lambda _: None)
    assert trial.failures() == [], f"seed {SEED}"
    assert trial.rotations >= ROTATIONS and trial.answered > ROTATIONS
    say(f"seed {SEED}: {trial.summary()}")

"""Rules files for `watch`: tests of what becomes of alerts are about few of them."""

from __future__ import annotations

import json

from .home import Home

OTHERS = ("polling", "run", "surge", "denials", "budget", "defiance", "novelty", "fleet", "silence")


def loop_and_cap(home: Home) -> tuple[str, str]:
    """Options with which `watch` looks for loops and bursts alone."""
    path = home.work / "loop-and-cap.json"
    path.write_text(json.dumps({"version": 1, "rules": {rule: {"enabled": False} for rule in OTHERS}}))
    return "--rules", str(path)

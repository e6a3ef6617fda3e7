"""Every verdict is recomputed from the log and the policies beside it; one that was changed has to be named.

The logs are a simulated fleet's and that of the storm, with its limit and its brake. Who changes the verdict has the
key: the log's records are those that its heads were signed over.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import thief
from harness.paths import binary

from .screen import Line
from .setting import Setting

CHANGES = {b'"decision":"throttle"': b'"decision":"allow"', b'"decision":"allow"': b'"decision":"throttle"'}
"""A verdict, and what it is changed to: first of all one that stopped a call."""


@dataclass(frozen=True)
class Verdicts:
    judged: int
    recomputed: int
    changed: int
    """The seq of the record that was changed."""
    unnoticed: int
    """`log verify` of the changed log without recomputing: the exit status."""
    named: int | None
    """The seq of the first verdict that does not recompute, as verify says it."""


def fleet(setting: Setting) -> Path:
    """A simulated fleet's log."""
    log = setting.folder / "fleet"
    words = ("simulate", "--scenario", "fleet", "--seed", setting.seed, "--events", setting.calls, "--log", log)
    done = tollgate(*words)
    assert done.returncode == 0, f"tollgate simulate ended with {done.returncode}: {done.stderr[-500:]}"
    return log


def recomputed(setting: Setting, logs: list[Path], log: Path, state: Path) -> Verdicts:
    """Recomputes the verdicts of the logs; changes one in a copy of `log` and recomputes that."""
    found = [redecided(one) for one in logs]
    forged = shutil.copytree(log, setting.folder / "forged")
    place = 0

    def change(lines: list[bytes]) -> list[bytes]:
        nonlocal place
        old, place = next((old, number) for old in CHANGES for number, line in enumerate(lines) if old in line)
        return [*lines[:place], lines[place].replace(old, CHANGES[old]), *lines[place + 1 :]]

    thief.rewrite(forged, thief.stolen_key(state, log), change)
    return Verdicts(
        judged=sum(one["judged"] for one in found),
        recomputed=sum(one["recomputed"] for one in found),
        changed=place,
        unnoticed=tollgate("log", "verify", "--log", forged).returncode,
        named=redecided(forged).get("first", {}).get("seq"),
    )


def redecided(log: Path) -> dict[str, Any]:
    said = tollgate("log", "verify", "--redecide", "--json", "--log", log)
    assert said.returncode in (0, 1), f"log verify --redecide {log} ended with {said.returncode}: {said.stderr[-500:]}"
    return json.loads(said.stdout)["redecide"]


def tollgate(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([binary(), *map(str, words)], capture_output=True, text=True, timeout=120)


def lines(found: Verdicts) -> list[Line]:
    whole = found.judged == found.recomputed > 0
    caught = found.unnoticed == 0 and found.named == found.changed
    named = f"seq {found.named} named" if found.named is not None else "not noticed"
    return [
        Line("verdicts recomputed", f"{found.recomputed:,} of {found.judged:,}", "all", whole),
        Line("  one changed and signed, at seq " + str(found.changed), named, "named", caught),
    ]

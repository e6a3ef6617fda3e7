"""The newest ten records are deleted, and what is left is signed with the stolen key: a report's head has to tell.

It is the log of the storm. The report is made before the theft, and is all that was kept elsewhere. Tollgate is asked,
and `Examples/verify.py`, which has nothing of tollgate's.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from harness import thief
from harness.paths import EXAMPLES, binary

from .screen import Line
from .setting import Setting

NEWEST = 10
GONE = 5
"""What `log verify` ends with where a head covers records that are gone."""


@dataclass(frozen=True)
class Theft:
    """The exit statuses of those who looked."""

    left: int
    """Records that the thief left."""
    alone: int
    """`log verify` with the right public key, and nothing else that was kept elsewhere."""
    with_report: int
    with_report_before: int
    """The same on the log as it was: the report's head is one of this log."""
    stranger: int
    """`Examples/verify.py` with the report's head."""


def stolen(setting: Setting, log: Path, state: Path, made_late: bool = False) -> Theft:
    """Makes the report, steals, and asks. A report that is made after the theft tells nobody anything."""
    folder = setting.folder / "theft"
    folder.mkdir()
    report, key = folder / "monday.html", json.loads((log / "identity.json").read_text())["key"]

    def tollgate(*words: object) -> int:
        done = subprocess.run([binary(), *map(str, words)], capture_output=True, cwd=folder, timeout=60)
        return done.returncode

    def make(of: Path) -> None:
        made = ("report", "weekly", "--log", of, "--db", folder / "report.sqlite", "--format", "html", "--out", report)
        assert tollgate(*made) == 0, f"no report of {of}\nhint: tollgate report weekly --log {of}"

    def verify(of: Path, *more: object) -> int:
        return tollgate("log", "verify", "--log", of, "--key", key, *more)

    if not made_late:
        make(log)
    robbed = shutil.copytree(log, folder / log.name)
    left = thief.rewrite(robbed, thief.stolen_key(state, log), lambda lines: lines[:-NEWEST])
    if made_late:
        make(robbed)
    check = [sys.executable, EXAMPLES / "verify.py", robbed, key, "--head", report]
    stranger = subprocess.run(check, capture_output=True, timeout=60).returncode
    head = ("--checkpoint", report)
    return Theft(left, verify(robbed), verify(robbed, *head), verify(log, *head), stranger)


def lines(theft: Theft) -> list[Line]:
    caught = theft.with_report == GONE and theft.stranger == 1 and theft.with_report_before == 0
    return [
        Line(
            f"newest {NEWEST} deleted, re-signed: by itself",
            f"it fits: verify exits {theft.alone}",
            "fits",
            theft.alone == 0,
        ),
        Line(
            "  with the head of the weekly report",
            f"verify exits {theft.with_report}, verify.py {theft.stranger}" + (": caught" if caught else ""),
            f"{GONE} and 1",
            caught,
        ),
    ]

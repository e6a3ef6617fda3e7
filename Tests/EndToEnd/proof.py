#!/usr/bin/env python3
"""Proves on one screen what tollgate promises; every figure is measured in this run.

    proof.py [--short] [--seed 1] [--strict] [--keep DIR] [--tollgate PATH]

What each line means: docs/PROOF.md. Progress goes to standard error, the screen to standard output. The exit status
is 1 where a line misses its bar or could not be measured; with --strict also where others kept the machine too busy to
say.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

from harness.machine import kind  # noqa: E402
from harness.paths import ROOT, binary  # noqa: E402
from proofs import brake, cost, flips, neighbours, storm, survival, theft, verdicts  # noqa: E402
from proofs.screen import Line, Screen  # noqa: E402
from proofs.setting import Setting, full, short  # noqa: E402

Measured = TypeVar("Measured")


class Proof:
    """One run: its parts in order, each measured even where another could not be."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.problems: list[str] = []

    def measured(self, what: str, measure: Callable[[], Measured]) -> Measured | None:
        """What a part gives; None, and a problem, where it cannot be measured."""
        self.setting.say(what)
        try:
            return measure()
        except Exception as error:  # noqa: BLE001 - whatever it is, the other lines are still worth having
            self.problems.append(f"not measured: {what}: {type(error).__name__}: {str(error)[:400]}")
            return None

    def screen(self) -> Screen:
        setting, began = self.setting, time.monotonic()
        loads = [os.getloadavg()[0]]
        story = self.measured("a runaway among neighbours", lambda: storm.told(setting))
        # What follows measures no times, so it goes on beside the kills.
        with survival.Trials(setting) as trials:
            flipped = self.measured("bits flipped", lambda: flips.flipped(setting))
            fleet = self.measured("a simulated fleet", lambda: verdicts.fleet(setting))
            stolen = recomputed = None
            if story is not None:
                log, state = story.log, story.state
                stolen = self.measured("records stolen", lambda: theft.stolen(setting, log, state))
            if story is not None and fleet is not None:
                of = [fleet, log]
                recomputed = self.measured("verdicts recomputed", lambda: verdicts.recomputed(setting, of, log, state))
            killed = self.measured("kill -9", trials.account)
        costs = None if fleet is None else self.measured("the audit's cost", lambda: cost.measured(setting, fleet))
        loads.append(os.getloadavg()[0])

        parts: dict[str, list[Line]] = {
            "A runaway among three neighbours on the real awslabs.ecs-mcp-server": lines_of(
                story, lambda it: [*neighbours.lines(it), *brake.lines(it)]
            ),
            "The log": [
                *lines_of(killed, lambda it: survival.lines(it, setting.kills, self.problems.append)),
                *lines_of(flipped, flips.lines),
                *lines_of(stolen, theft.lines),
                *lines_of(recomputed, verdicts.lines),
            ],
            "What it costs": lines_of(costs, lambda it: cost.lines(it, story.behind.look_cpu)) if story else NOTHING,
        }
        return Screen(about(loads, time.monotonic() - began), parts, self.problems)


NOTHING = [Line("not measured", "see below", "", False)]


def lines_of(found: Measured | None, lines: Callable[[Measured], list[Line]]) -> list[Line]:
    return NOTHING if found is None else lines(found)


def about(loads: list[float], seconds: float) -> list[str]:
    """When, of what and where this was measured."""
    now = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    program = binary()
    named = program.relative_to(ROOT) if program.is_relative_to(ROOT) else program
    return [
        f"tollgate proof, {now}, {seconds:.0f} s, of {named} ({program.stat().st_size / 1e6:.0f} MB)",
        f"on {kind()}, load {loads[0]:.1f} before, {loads[-1]:.1f} after",
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="fewer kills and flips, shorter storms: half a minute")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--strict", action="store_true", help="what could not be judged on this machine is missed")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="leave logs and reports there; it must not exist")
    parser.add_argument("--tollgate", metavar="PATH", help="the binary; $TOLLGATE or the debug build's if not given")
    options = parser.parse_args()
    if options.tollgate:
        os.environ["TOLLGATE"] = options.tollgate
    try:
        binary()
    except FileNotFoundError as error:
        sys.exit(f"error: {error}")
    if options.keep and options.keep.exists():
        sys.exit(f"error: {options.keep} is there already\nhint: proof.py --keep SOME-OTHER-FOLDER")
    began = time.monotonic()

    def say(what: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {what}", file=sys.stderr, flush=True)

    # As on an interrupt, all that was started is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    folder = (options.keep or Path(tempfile.mkdtemp(prefix="tollgate-proof-"))).absolute()
    folder.mkdir(parents=True, exist_ok=options.keep is None)
    screen = None
    try:
        screen = Proof((short if options.short else full)(folder, say, options.seed)).screen()
        print(screen, flush=True)
    finally:
        holds = screen is not None and not screen.missed and not screen.problems
        leave(folder, wanted=options.keep is not None or (screen is not None and not holds), say=say)
    return 0 if holds and not (options.strict and screen.unjudged) else 1


def leave(folder: Path, wanted: bool, say: Callable[[str], None]) -> None:
    """Removes what a run wrote; where it is wanted, or shows why a line missed, only the blocks that logs reserve."""
    if not wanted:
        shutil.rmtree(folder, ignore_errors=True)
        return
    for reserve in folder.rglob("reserve"):
        if reserve.is_file():
            reserve.unlink()
    say(f"its logs, reports and databases are in {folder}")


if __name__ == "__main__":
    sys.exit(main())

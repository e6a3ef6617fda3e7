#!/usr/bin/env python3
"""A thousand rotations, sealed and in part deleted, under a tailer and an ingester: nothing lost, nothing twice.

    rotations.py --rotations 1000 --seed 1 [--tollgate PATH] [--keep DIR]

One writer, `tollgate run` before a server that writes down what it gets, with segments of 6,000 bytes. `tail -f --json`
follows from the first record on, and `ingest --follow` fills the database. The writer seals what it has finished, and
from time to time `log retain` deletes the oldest segments, while calls go on. Meanwhile other commands begin to read
the log, one after another, and must find it whole. At the end

- the tail has shown every record once and in order: the lines that plain gzip found in the segments, also in those
  that are gone by now, before and after sealing;
- every call that was answered is among them, once;
- the database holds the tail's decisions row for row, and nothing else;
- `log verify` finds the log whole.

Needs nothing but Python 3.10. The exit status is 0 only where all of it holds.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import os
import random
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness import logs  # noqa: E402
from harness.client import Client, until, verdict  # noqa: E402
from harness.followers import Ingester, Remover, Tailer, differences  # noqa: E402
from harness.home import Home  # noqa: E402

SEGMENT_BYTES = 6_000
BURST = (5, 60)
"""Calls between two looks at the segments, from … to: a rotation takes about twenty."""

WINDOW = 4
"""Calls under way at once, at most."""

RETAIN_EVERY = (5, 20)
"""Rotations between two runs of `log retain`, from … to."""

MARGIN = 60_000
"""Bytes kept beyond what the readers have not passed: more than is written while `log retain` runs."""


class Witness:
    """Each segment's lines as plain gzip finds them, read when it is finished and compared when it is sealed."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.lines: dict[str, list[bytes]] = {}
        self.changed: list[str] = []

    def look(self, all: bool = False) -> None:
        """Reads finished segments that it does not know; at the end, all again."""
        present = logs.segments(self.log)
        for segment in present if all else present[:-1]:
            if all or segment.name not in self.lines:
                with gzip.open(segment) as stream:
                    found = stream.read().splitlines()
                if self.lines.setdefault(segment.name, found) != found:
                    self.changed.append(segment.name)

    def everything(self) -> list[bytes]:
        return [line for name in sorted(self.lines) for line in self.lines[name]]


class Beginners:
    """Commands that begin to read while segments come, shrink and go: none may notice."""

    COMMANDS = (
        ("tail", "--json", "--since", "1h"),
        ("log", "export"),
        ("log", "stats"),
        ("log", "verify"),
        ("log", "recover", "--dry-run"),
        ("ingest", "--db", "other.sqlite"),
    )

    def __init__(self, home: Home, log: Path) -> None:
        self.home, self.log = home, log
        self.begun = 0
        self.failed: list[str] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> Beginners:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _work(self) -> None:
        for words in itertools.cycle(self.COMMANDS):
            if self._over.is_set():
                return
            done = self.home.tollgate(*words, "--log", self.log, expect=None)
            self.begun += 1
            if done.code != 0:
                self.failed.append(f"{' '.join(words)}: exit {done.code}: {done.err[:300]}")


class Trial:
    """One run of N rotations: what was answered, shown, loaded, and what to compare."""

    def __init__(self, home: Home, seed: int) -> None:
        self.home, self.rng = home, random.Random(seed)
        self.log = home.path / "logs" / "trial"
        self.tailer, self.ingester, self.witness = Tailer(home, self.log), Ingester(home, self.log), Witness(self.log)
        self.beginners = Beginners(home, self.log)
        self.remover = Remover(home, self.tailer, self.ingester, MARGIN)
        self.pending: list[str] = []
        self.sent = self.answered = self.rotations = self.retained = self.sealed = 0

    def run(self, rotations: int, progress: Callable[[int], None]) -> None:
        with self._writer() as client:
            client.handshake()
            self.tailer.start()
            self.ingester.start()
            try:
                with self.beginners:
                    self._rotate(client, rotations, progress)
                self._rest(client)
            finally:
                for follower in (self.tailer, self.ingester):
                    if follower.child is not None:
                        follower.kill()
                self.remover.finish()

    def _rotate(self, client: Client, rotations: int, progress: Callable[[int], None]) -> None:
        next_removal = self.rng.randint(*RETAIN_EVERY)
        while self.rotations < rotations:
            self._burst(client)
            self._look()
            if self.rotations >= next_removal:
                self.remover.finish()
                self.remover.start()
                next_removal = self.rotations + self.rng.randint(*RETAIN_EVERY)
            progress(self.rotations)

    def _writer(self) -> Client:
        return self.home.client(*self.home.recorder(), log=self.log, agent="driver", segment_bytes=SEGMENT_BYTES)

    def _burst(self, client: Client) -> None:
        window = self.rng.randint(1, WINDOW)
        for _ in range(self.rng.randint(*BURST)):
            self.sent += 1
            self.pending.append(client.request_call("echo", {"n": self.sent}, rpc_id=f"call-{self.sent}"))
            while len(self.pending) >= window:
                self._await(client)

    def _await(self, client: Client) -> None:
        answer = client.answer(self.pending.pop(0), timeout=30)
        assert verdict(answer) == "ok", answer
        self.answered += 1

    def _look(self) -> None:
        self.witness.look()
        self.rotations = len(self.witness.lines)
        self.sealed = max(self.sealed, len(list((self.log / "seg").glob("*.manifest.json"))))
        self.tailer.take()
        for follower in (self.tailer, self.ingester):
            follower.must_run()

    def _rest(self, client: Client) -> None:
        """The writer ends well, and both readers arrive at the log's end."""
        while self.pending:
            self._await(client)
        assert (status := client.close()) == 0, f"the gateway ended with {status}: {client.error_text()[-500:]}"
        self.witness.look(all=True)
        self.rotations = len(self.witness.lines) - 1
        end = len(self.witness.everything())
        until(lambda: self.tailer.take() >= end, timeout=60, what=f"tail's showing of {end} records")
        until(lambda: self.ingester.reached() >= end, timeout=60, what=f"the loading of {end} records")

    # --- what is left ---

    def failures(self) -> list[str]:
        """What does not hold; empty where all does."""
        verified = self.home.tollgate("log", "verify", "--log", self.log, expect=None)
        truth, shown = self.witness.everything(), self.tailer.lines
        records = [json.loads(line) for line in shown]
        self.retained = len(self.witness.lines) - len(logs.segments(self.log))
        self.records, self.rows = len(records), self.ingester.rows()
        calls = Counter(one["rpc_id"].strip('"') for one in logs.calls(records))
        problems = {
            "of the tail": self.tailer.problems,
            "not gapless in the segments": gaps(truth),
            "in the log, but not so in the tail": list((Counter(truth) - Counter(shown)).elements()),
            "in the tail, but not so in the log": list((Counter(shown) - Counter(truth)).elements()),
            "not in order": [] if shown == truth else ["yes"],
            "segments whose lines changed": self.witness.changed,
            "answered, but not in the tail exactly once": [
                name for name in (f"call-{n}" for n in range(1, self.answered + 1)) if calls[name] != 1
            ],
            **differences(self.log.name, records, self.rows),
            "log retain's exit status": self.remover.wrong(),
            "nothing was": [
                what for what, count in (("sealed", self.sealed), ("deleted", self.retained)) if count == 0
            ],
            "commands that began to read meanwhile": self.beginners.failed,
            "of the readers' complaints": self._complaints(),
            "log verify": [] if verified.code == 0 else [f"exit {verified.code}: {verified.err}"],
        }
        return [f"{what}: {len(found)}, such as {found[:3]}" for what, found in problems.items() if found]

    def _complaints(self) -> list[str]:
        """What the readers said on standard error: they should not even notice."""
        return [line for name in ("tail", "ingest") for line in self._errors(name)]

    def _errors(self, command: str) -> list[str]:
        return (self.home.work / f"{command}.stderr").read_text().splitlines()

    def summary(self) -> str:
        return (
            f"{self.rotations} rotations, {self.sealed} segments seen sealed, {self.retained} deleted "
            f"(log retain: {dict(sorted(self.remover.ended.items()))}), "
            f"{self.beginners.begun} commands begun meanwhile: "
            f"answered {self.answered} calls; log {self.records} records = tail {len(self.tailer.lines)}; "
            f"db {len(self.rows)} decisions"
        )


def gaps(lines: list[bytes]) -> list[int]:
    """The places where the seq is not the place."""
    return [place for place, line in enumerate(lines) if json.loads(line)["seq"] != place]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rotations", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tollgate", metavar="PATH", help="the binary; the debug build's if not given")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="leave log and database there")
    options = parser.parse_args()
    if options.tollgate:
        os.environ["TOLLGATE"] = options.tollgate
    folder = options.keep or Path(tempfile.mkdtemp(prefix="tollgate-rotations-"))
    home, started, told = Home(folder), time.monotonic(), 0

    def progress(done: int) -> None:
        nonlocal told
        if done >= told + 100:
            told = done
            print(f"{done} rotations, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)

    trial = Trial(home, options.seed)
    try:
        trial.run(options.rotations, progress)
        failures = trial.failures()
    finally:
        home.close()
    print(f"seed {options.seed}: {trial.summary()}")
    if failures:
        print("does not hold:", *failures, f"everything is in {folder}", sep="\n  ")
        return 1
    if options.keep is None:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())

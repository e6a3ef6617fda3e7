#!/usr/bin/env python3
"""Kills writer, ingester and tailer at random points, again and again, and counts what is left.

    kills.py --kills 200 --seed 1 [--jobs 2] [--tollgate PATH] [--keep DIR]

The writer is `tollgate run` before a server that writes down what it gets, driven with calls; the readers are
`tollgate ingest --follow` and `tollgate tail -f --json`. Each dies by SIGKILL at a moment the seed picks, and is
started again: the tail from the time of the last whole line that it left. At the end

- every call whose answer the client saw, and every call that reached the server, is in the log exactly once;
- the database holds the log's decisions row for row, and nothing else;
- each life of the tail has shown one record after the other, and all together the log's lines, byte for byte.

Under an odd seed `log retain` runs as well, with a writer and without, and is killed too: it deletes the oldest
segments that both readers have passed. What it deleted is compared as the tail has shown it.

Many kills are trials side by side, each with a log and a seed of its own: seed, seed + 1, …. Needs nothing but
Python 3.10. The exit status is 0 only where all of it holds.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import fcntl
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness import logs  # noqa: E402
from harness.client import Client, NoAnswer, until, verdict  # noqa: E402
from harness.followers import Ingester, Killable, Remover, Tailer, differences  # noqa: E402
from harness.home import Home  # noqa: E402

WINDOW = 4
"""Calls under way at once."""

MOMENT = (0.005, 0.12)
"""Seconds of driving before each kill, from … to."""

CALLS = 40
"""Most calls of one life, so that the log stays short enough to be started on again and again."""

SEGMENT_BYTES = 8_000
"""Small, so that the kills fall on rotation and sealing as well."""

MARGIN = 6_000
"""Bytes kept beyond what the readers have not passed: as no call is made meanwhile, a little."""

REMOVAL = (0.0, 0.1)
"""Seconds from a start of `log retain` to the writer's kill or its own, from … to."""

KILLS_OF_A_TRIAL = 250
"""Most kills on one log: its readers begin by looking at all of it."""


class Trial:
    """Some hundred kills on one log: what was acknowledged, and how to compare it with what is left."""

    def __init__(self, home: Home, seed: int) -> None:
        self.home, self.rng = home, random.Random(seed)
        self.log = home.path / "logs" / "trial"
        self.ingester, self.tailer = Ingester(home, self.log), Tailer(home, self.log)
        self.readers: dict[str, Killable] = {"ingester": self.ingester, "tailer": self.tailer}
        self.remover = Remover(home, self.tailer, self.ingester, MARGIN)
        self.removes = seed % 2 == 1
        self.acknowledged: set[str] = set()
        self.sent = 0
        self.killed: Counter[str] = Counter()

    def run(self, kills: int) -> None:
        try:
            while self.killed.total() < kills:
                self._life(kills)
                self._remove_and_kill(kills)
        finally:
            for reader in self.readers.values():
                if reader.child is not None:
                    reader.kill()

    def _life(self, kills: int) -> None:
        """One life of the writer; the readers may die in it as well, before the writer and after it."""
        victims = ["writer", *(name for name in self.readers for _ in range(self.rng.choice((0, 1, 1, 2))))]
        self.rng.shuffle(victims)
        stillborn = self.rng.random() < 0.1
        with self._writer() as client:
            if not stillborn:
                client.handshake()
                for reader in self.readers.values():
                    if reader.child is None:
                        reader.start()
            most, alive = self.sent + CALLS, True
            for victim in victims:
                if not stillborn and alive:
                    self._drive(client, time.monotonic() + self.rng.uniform(*MOMENT), most)
                if self.killed.total() >= kills and victim != "writer":
                    continue
                self._kill(victim, client)
                alive = alive and victim != "writer"
            if not stillborn:
                self._take_answers(client)

    def _writer(self) -> Client:
        return self.home.client(*self.home.recorder(), log=self.log, agent="driver", segment_bytes=SEGMENT_BYTES)

    def _drive(self, client: Client, end: float, most: int) -> None:
        pending: list[str] = []
        while time.monotonic() < end and self.sent < most:
            self.sent += 1
            pending.append(client.request_call("echo", {"n": self.sent}, rpc_id=f"call-{self.sent}"))
            if len(pending) >= WINDOW:
                try:
                    client.answer(pending.pop(0), timeout=30)
                except NoAnswer as error:
                    raise AssertionError(f"a call was not answered: {error}") from None

    def _kill(self, victim: str, client: Client) -> None:
        if victim == "writer":
            if self._starts_removal(0.5):
                time.sleep(self.rng.uniform(*REMOVAL))
            client.kill()
            self.remover.finish()
        elif (reader := self.readers[victim]).child is None:
            return
        else:
            reader.must_run()
            reader.kill()
            reader.start()
        self.killed[victim] += 1

    def _starts_removal(self, probability: float) -> bool:
        """Starts `log retain`, or not."""
        starts = self.removes and self.tailer.child is not None and self.rng.random() < probability
        if starts:
            self.remover.start()
        return starts

    def _remove_and_kill(self, kills: int) -> None:
        """`log retain` while nobody writes, which holds the log itself then; killed in the middle of it."""
        if self.killed.total() < kills and self._starts_removal(0.3):
            time.sleep(self.rng.uniform(*REMOVAL))
            self.remover.kill()
            self.killed["remover"] += 1

    def _take_answers(self, client: Client) -> None:
        for rpc_id, message in client.answered().items():
            if isinstance(rpc_id, str):
                assert verdict(message) == "ok", f"{rpc_id} was answered with {verdict(message)}"
                self.acknowledged.add(rpc_id)

    # --- what is left ---

    def failures(self) -> list[str]:
        """What does not hold; empty where all does."""
        self._await_last_server()
        with self._writer() as last:
            last.handshake()
            if (status := last.close()) != 0:
                return [f"the last gateway ended with {status}: {last.error_text()[-500:]}"]
        self.home.tollgate("ingest", "--log", self.log)
        verified = self.home.tollgate("log", "verify", "--log", self.log, expect=None)

        kept = logs.lines(self.log)
        first = json.loads(kept[0])["seq"]
        self._show_the_rest(first + len(kept))
        lines = [*self.tailer.lines[:first], *kept]
        records, self.removed = [json.loads(line) for line in lines], first
        self.sealed = len(list((self.log / "seg").glob("*.manifest.json")))
        self.logged, self.rows, self.records = logs.decisions(records), self.ingester.rows(), len(lines)
        times = Counter(r["rpc_id"].strip('"') for r in self.logged if r["method"] == "tools/call")
        reached = {call["id"] for call in self.home.received_calls()}
        problems = {
            "acknowledged, but not in the log exactly once": [i for i in self.acknowledged if times[i] != 1],
            "reached the server, but not in the log exactly once": [i for i in reached if times[i] != 1],
            "a gap in seq": [] if [r["seq"] for r in records] == list(range(len(records))) else ["yes"],
            **differences(self.log.name, records, self.rows),
            "deleted without being told to": [] if self.removes or first == 0 else [first],
            "log retain's exit status": self.remover.wrong(),
            "of the tail": self.tailer.problems,
            "lines in which tail and log differ": differing(lines, self.tailer.lines),
            "log verify": [] if verified.code == 0 else [f"exit {verified.code}: {verified.err}"],
        }
        return [f"{what}: {len(found)}, such as {found[:3]}" for what, found in problems.items() if found]

    def _show_the_rest(self, end: int) -> None:
        """The tail's last life: until it has shown as many records as there are."""
        self.tailer.start()
        try:
            until(lambda: self.tailer.take() >= end, what=f"tail's showing of {end} records")
        finally:
            self.tailer.kill()

    def _await_last_server(self) -> None:
        """The recording upstream holds a lock on its file while it lives."""
        with self.home.received.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)


def differing(lines: list[bytes], shown: list[bytes]) -> list[int]:
    """The places at which two lists are not the same."""
    return [
        place
        for place in range(max(len(lines), len(shown)))
        if lines[place : place + 1] != shown[place : place + 1]
    ]


@dataclass
class Result:
    """A trial's outcome, or that of several."""

    killed: Counter[str] = field(default_factory=Counter)
    sent: int = 0
    acknowledged: int = 0
    decisions: int = 0
    rows: int = 0
    records: int = 0
    shown: int = 0
    sealed: int = 0
    removed: int = 0
    failures: list[str] = field(default_factory=list)

    def add(self, other: Result) -> None:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    def __str__(self) -> str:
        return (
            f"acknowledged {self.acknowledged} ⊆ log {self.decisions} = db {self.rows} decisions; "
            f"log {self.records} = tail {self.shown} records, {self.removed} of them deleted; "
            f"{self.sealed} segments sealed"
        )


def result(trial: Trial, kills: int) -> Result:
    """Runs a trial to its end."""
    trial.run(kills)
    failures = trial.failures()
    return Result(
        killed=trial.killed,
        sent=trial.sent,
        acknowledged=len(trial.acknowledged),
        decisions=len(trial.logged),
        rows=len(trial.rows),
        records=trial.records,
        shown=len(trial.tailer.lines),
        sealed=trial.sealed,
        removed=trial.removed,
        failures=failures,
    )


def one_trial(kills: int, seed: int, keep: Path | None) -> Result:
    """A trial in a folder of its own, which stays where something does not hold."""
    folder = keep / f"seed-{seed}" if keep else Path(tempfile.mkdtemp(prefix=f"tollgate-kills-{seed}-"))
    home = Home(folder)
    try:
        found = result(Trial(home, seed), kills)
    except AssertionError as error:
        found = Result(failures=[str(error)])
    finally:
        home.close()
    found.failures = [f"seed {seed} (kept in {folder}): {what}" for what in found.failures]
    if keep is None and not found.failures:
        shutil.rmtree(folder)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=min(4, os.cpu_count() or 1), help="trials at once")
    parser.add_argument("--tollgate", metavar="PATH", help="the binary; the debug build's if not given")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="leave logs and databases there")
    options = parser.parse_args()
    if options.tollgate:
        os.environ["TOLLGATE"] = options.tollgate
    trials = max(options.jobs, -(-options.kills // KILLS_OF_A_TRIAL))
    each, more = divmod(options.kills, trials)
    total, started = Result(), time.monotonic()
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        running = [
            pool.submit(one_trial, each + (number < more), options.seed + number, options.keep)
            for number in range(trials)
        ]
        for done in concurrent.futures.as_completed(running):
            total.add(done.result())
            kills, seconds = total.killed.total(), time.monotonic() - started
            rate = f"{kills / seconds * 60:.0f} a minute, {len(total.failures)} failures"
            print(f"{kills} of {options.kills} kills, {rate}", file=sys.stderr, flush=True)
            if total.failures:
                for waiting in running:
                    waiting.cancel()
                break
    kills, victims = total.killed.total(), dict(total.killed)
    print(f"{kills} kills (seed {options.seed}, {trials} trials): {victims}, {total.sent} calls sent")
    print(f"{total}{': does not hold' if total.failures else ''}", *total.failures, sep="\n  ")
    return 1 if total.failures else 0


if __name__ == "__main__":
    sys.exit(main())

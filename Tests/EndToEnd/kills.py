#!/usr/bin/env python3
"""Kills the writer and the ingester at random points, again and again, and counts what is left.

    kills.py --kills 200 --seed 1 [--tollgate PATH] [--keep DIR]

The writer is `tollgate run` before a server that writes down what it gets, driven with calls; the ingester is
`tollgate ingest --follow`. Each dies by SIGKILL at a moment the seed picks, and is started again. At the end

- every call whose answer the client saw, and every call that reached the server, is in the log exactly once;
- the database holds the log's decisions row for row, and nothing else.

Needs nothing but Python 3.10. The exit status is 0 only where all of it holds.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness import logs  # noqa: E402
from harness.client import Client, NoAnswer, verdict  # noqa: E402
from harness.home import Home  # noqa: E402
from harness.paths import binary  # noqa: E402

WINDOW = 4
"""Calls under way at once."""

LIFETIME = (0.02, 0.35)
"""Seconds of driving before a kill, from … to."""

CALLS = 40
"""Most calls of one life, so that the log stays short enough to be started on again and again."""

SEGMENT_BYTES = 20_000
"""Small, so that the kills fall on rotation and sealing as well."""


class Ingester:
    """`tollgate ingest --follow`, started again after each kill."""

    def __init__(self, home: Home, log: Path) -> None:
        self.home, self.log = home, log
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [str(binary()), "ingest", "--follow", "--log", str(self.log)]
        with (self.home.work / "ingest.stderr").open("ab") as errors:
            self.child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, env=self.home.environment
            )

    def kill(self) -> None:
        os.kill(self.child.pid, signal.SIGKILL)
        self.child.wait()


class Trial:
    """One run of N kills: what was acknowledged, and how to compare it with what is left."""

    def __init__(self, home: Home, seed: int) -> None:
        self.home, self.rng = home, random.Random(seed)
        self.log = home.path / "logs" / "trial"
        self.ingester = Ingester(home, self.log)
        self.acknowledged: set[str] = set()
        self.sent = 0
        self.killed: Counter[str] = Counter()

    def run(self, kills: int, progress: Callable[[int], None]) -> None:
        while sum(self.killed.values()) < kills:
            self._life(kills)
            progress(sum(self.killed.values()))
        if self.ingester.child is not None:
            self.ingester.kill()

    def _life(self, kills: int) -> None:
        """One life of the writer, during which the ingester may die as well."""
        with self._writer() as client:
            lifetime = self.rng.uniform(*LIFETIME)
            victims = self.rng.choice([("writer",), ("writer", "ingester"), ("ingester", "writer")])
            if self.rng.random() < 0.1:
                self._die(client, victims, kills)
                return
            client.handshake()
            if self.ingester.child is None:
                self.ingester.start()
            self._drive(client, time.monotonic() + lifetime, self.sent + CALLS)
            self._die(client, victims, kills)
            self._take_answers(client)

    def _writer(self) -> Client:
        return self.home.client(*self.home.recorder(), log=self.log, agent="driver", segment_bytes=SEGMENT_BYTES)

    def _drive(self, client: Client, until: float, most: int) -> None:
        pending: list[str] = []
        while time.monotonic() < until and self.sent < most:
            self.sent += 1
            pending.append(client.request_call("echo", {"n": self.sent}, rpc_id=f"call-{self.sent}"))
            if len(pending) >= WINDOW:
                try:
                    client.answer(pending.pop(0), timeout=10)
                except NoAnswer as error:
                    raise SystemExit(f"a call was not answered: {error}") from None

    def _die(self, client: Client, victims: tuple[str, ...], kills: int) -> None:
        for victim in victims:
            if victim == "writer":
                client.kill()
            elif self.ingester.child is None or sum(self.killed.values()) + 1 >= kills:
                continue
            else:
                self.ingester.kill()
                self.ingester.start()
            self.killed[victim] += 1

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

        records = logs.records(self.log)
        self.logged = logs.decisions(records)
        self.rows = self._database_rows()
        times = Counter(r["rpc_id"].strip('"') for r in self.logged if r["method"] == "tools/call")
        reached = {call["id"] for call in self.home.received_calls()}
        outcomes = {r["of"]: r["outcome"] for r in records if r["kind"] == "outcome"}
        expected, stored = Counter(self._row(record, outcomes) for record in self.logged), Counter(self.rows)
        problems = {
            "acknowledged, but not in the log exactly once": [i for i in self.acknowledged if times[i] != 1],
            "reached the server, but not in the log exactly once": [i for i in reached if times[i] != 1],
            "a gap in seq": [] if [r["seq"] for r in records] == list(range(len(records))) else ["yes"],
            "in the log, but not so in the database": list((expected - stored).elements()),
            "in the database, but not so in the log": list((stored - expected).elements()),
            "log verify": [] if verified.code == 0 else [f"exit {verified.code}: {verified.err}"],
        }
        return [f"{what}: {len(found)}, such as {found[:3]}" for what, found in problems.items() if found]

    def _await_last_server(self) -> None:
        """The recording upstream holds a lock on its file while it lives."""
        with self.home.received.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)

    def _database_rows(self) -> list[tuple]:
        with sqlite3.connect(self.home.path / "warehouse.sqlite") as database:
            query = "select record, time, agent, server, method, tool, decision, reason, outcome from decisions"
            return database.execute(query).fetchall()

    def _row(self, record: logs.Record, outcomes: dict[int, str]) -> tuple:
        """A decision and its outcome as the view `decisions` shows them."""
        keys = ("agent", "server", "method", "tool", "decision", "reason")
        name = f"{self.log.name}/{record['seq']}"
        return (name, record["ts"], *(record.get(key) for key in keys), outcomes.get(record["seq"]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tollgate", metavar="PATH", help="the binary; the debug build's if not given")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="leave log and database there")
    options = parser.parse_args()
    if options.tollgate:
        os.environ["TOLLGATE"] = options.tollgate
    folder = options.keep or Path(tempfile.mkdtemp(prefix="tollgate-kills-"))
    home, started = Home(folder), time.monotonic()

    def progress(done: int) -> None:
        if done and done % 25 == 0:
            left = (time.monotonic() - started) / done * (options.kills - done)
            print(f"{done} of {options.kills} kills, about {left:.0f} s left", file=sys.stderr, flush=True)

    trial = Trial(home, options.seed)
    try:
        trial.run(options.kills, progress)
        failures = trial.failures()
    finally:
        home.close()
    print(f"{options.kills} kills (seed {options.seed}): {dict(trial.killed)}, {trial.sent} calls sent")
    acknowledged, logged, rows = len(trial.acknowledged), len(trial.logged), len(trial.rows)
    if failures:
        print(f"acknowledged {acknowledged}, log {logged}, db {rows}: does not hold", *failures, sep="\n  ")
        print(f"  everything is in {folder}")
        return 1
    print(f"acknowledged {acknowledged} ⊆ log {logged} = db {rows}")
    if options.keep is None:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())

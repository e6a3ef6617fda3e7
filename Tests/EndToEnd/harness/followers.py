"""Programs beside a log's writer that may be killed at any moment: `tail -f`, `ingest --follow`, `log retain`."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
from collections import Counter
from pathlib import Path
from typing import IO

from . import logs
from .home import Home
from .paths import binary

Row = tuple


class Killable:
    """A child of ours that dies by SIGKILL and is started again."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        raise NotImplementedError

    def kill(self) -> None:
        """SIGKILL, by the id of the child this has started."""
        if self.child.poll() is None:
            os.kill(self.child.pid, signal.SIGKILL)
            self.child.wait()
        self.child = None

    def must_run(self) -> None:
        """Fails where the child has ended by itself."""
        assert self.child.poll() is None, f"{self.child.args[1]} ended by itself, with {self.child.returncode}"

    def _spawn(self, *words: str | Path, out: IO[bytes] | int = subprocess.DEVNULL) -> None:
        command = [str(binary()), *map(str, words)]
        with (self.home.work / f"{words[0]}.stderr").open("ab") as errors:
            self.child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=errors, env=self.home.environment
            )


class Ingester(Killable):
    """`tollgate ingest --follow`, and what the database holds."""

    def __init__(self, home: Home, log: Path) -> None:
        super().__init__(home)
        self.log, self.database = log, home.path / "warehouse.sqlite"

    def start(self) -> None:
        self._spawn("ingest", "--follow", "--log", self.log)

    def reached(self) -> int:
        """The seq behind the last one loaded; 0 while there is no database."""
        with contextlib.suppress(sqlite3.OperationalError):
            for (seq,) in self._ask("select max(next_seq) from cursor"):
                return seq or 0
        return 0

    def rows(self) -> list[Row]:
        """The decisions as people see them in the database."""
        return self._ask("select record, time, agent, server, method, tool, decision, reason, outcome from decisions")

    def _ask(self, query: str) -> list[Row]:
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30)) as database:
            return database.execute(query).fetchall()


def expected_rows(log: str, records: list[logs.Record]) -> list[Row]:
    """The decisions and their outcomes as the database's view should show them."""
    outcomes = {record["of"]: record["outcome"] for record in records if record["kind"] == "outcome"}
    keys = ("agent", "server", "method", "tool", "decision", "reason")
    return [
        (f"{log}/{one['seq']}", one["ts"], *(one.get(key) for key in keys), outcomes.get(one["seq"]))
        for one in logs.decisions(records)
    ]


def differences(log: str, records: list[logs.Record], rows: list[Row]) -> dict[str, list[Row]]:
    """What is only on one side, row for row and as often as it is there."""
    expected, stored = Counter(expected_rows(log, records)), Counter(rows)
    return {
        "in the log, but not so in the database": list((expected - stored).elements()),
        "in the database, but not so in the log": list((stored - expected).elements()),
    }


class Remover(Killable):
    """`log retain` of the oldest segments that both readers have passed, under a living writer or without one."""

    def __init__(self, home: Home, tailer: Tailer, ingester: Ingester, margin: int) -> None:
        """`margin`: bytes to keep beyond what the readers have not passed; more than is written meanwhile."""
        super().__init__(home)
        self.tailer, self.ingester, self.margin = tailer, ingester, margin
        self.log = tailer.log
        self.ended: Counter[int] = Counter()
        """Exit statuses: 1 is for what is not sealed yet, 7 for a writer that is just starting."""

    def start(self) -> None:
        passed, keep = min(self.tailer.take(), self.ingester.reached()), self.margin
        present = logs.segments(self.log)
        for segment, after in zip(present, [*present[1:], None]):
            if after is None or int(after.name.partition(".")[0]) > passed:
                with contextlib.suppress(FileNotFoundError):  # a crash's, removed by the writer that has just begun
                    keep += segment.stat().st_size
        self._spawn("log", "retain", "--log", self.log, "--bytes", str(keep), "--keep-at-least", "0s")

    def finish(self) -> None:
        """Waits for the one that is running, if one is."""
        if self.child is not None:
            self.ended[self.child.wait(60)] += 1
            self.child = None

    def wrong(self) -> list[int]:
        return [status for status in self.ended if status not in (0, 1, 7)]


class Tailer(Killable):
    """`tollgate tail -f --json` into a file; each life goes on from the time of the last line that the one before left.

    A line's time is not its place: a life begins with the lines that share that time, and these must be the same again.
    Everything else must be the next line. A line that a kill has cut is not taken, and comes again.
    """

    def __init__(self, home: Home, log: Path) -> None:
        super().__init__(home)
        self.log = log
        self.lines: list[bytes] = []
        self.problems: list[str] = []
        self.lives = 0
        self._taken = 0
        self._expected: int | None = None

    @property
    def output(self) -> Path:
        """What the present life has written."""
        return self.home.work / f"tail-{self.lives}.ndjson"

    def start(self) -> None:
        self.lives += 1
        self._taken, self._expected = 0, None
        since = json.loads(self.lines[-1])["ts"] if self.lines else "1h"
        with self.output.open("wb") as out:
            self._spawn("tail", "-f", "--json", "--log", self.log, "--since", since, out=out)

    def kill(self) -> None:
        super().kill()
        self.take()
        self.output.unlink()

    def take(self) -> int:
        """Checks and keeps the whole lines that have come since the last look; returns the seq behind the last."""
        with self.output.open("rb") as file:
            file.seek(self._taken)
            whole, newline, _ = file.read().rpartition(b"\n")
        self._taken += len(whole) + len(newline)
        for line in whole.splitlines() if newline else []:
            self._check(line)
        return len(self.lines)

    def _check(self, line: bytes) -> None:
        seq, known = json.loads(line)["seq"], len(self.lines)
        if self._expected is not None and seq != self._expected:
            self._complain(f"{seq} follows on {self._expected - 1}")
        elif seq > known:
            self._complain(f"it begins at {seq}, but {known} was not shown yet")
        elif seq < known and line != self.lines[seq]:
            self._complain(f"{seq} is another line than before")
        self._expected = seq + 1
        if seq == known:
            self.lines.append(line)

    def _complain(self, what: str) -> None:
        self.problems.append(f"life {self.lives} of tail: {what}")

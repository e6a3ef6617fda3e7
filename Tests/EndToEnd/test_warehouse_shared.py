"""Several processes on one warehouse: each holds the locks by which SQLite tells the others that it is there."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import Counter
from pathlib import Path

import pytest
from harness import situations
from harness.client import Busy, until
from harness.home import Home

SHARED = (1073741826, 1073742335)
"""The bytes that every connection to a database in WAL mode holds a read lock on for life (SQLite's os_unix.c)."""

ROUNDS = 15


def locks(file: Path, pid: int) -> list[tuple[int, int]]:
    """The bytes of a file on which a process holds POSIX locks, as the kernel says."""
    inode, found = str(file.stat().st_ino), []
    for line in Path("/proc/locks").read_text().splitlines():
        words = line.split()
        if words[1] == "POSIX" and words[4] == str(pid) and words[5].rpartition(":")[2] == inode:
            found.append((int(words[6]), int(words[7])))
    return found


@pytest.mark.skipif(not os.access("/proc/locks", os.R_OK), reason="no /proc/locks")
def test_a_following_ingester_holds_its_lock_on_the_database(home: Home) -> None:
    """Without it another process takes itself for the last one, and deletes the write-ahead log under this one."""
    log = situations.written_log(home)
    with home.following("ingest", "--follow", "--log", log) as ingester:
        ingester.until(lambda lines: any(line.startswith("loaded") for line in lines))
        assert SHARED in locks(home.path / "warehouse.sqlite", ingester.child.pid)


def test_ingesters_and_reports_at_once_do_not_disturb_each_other(home: Home) -> None:
    log, ended = home.path / "logs" / "shared", Counter()

    def run(*words: str) -> None:
        for _ in range(ROUNDS):
            done = home.tollgate(*words, "--log", log, expect=None)
            ended[f"{' '.join(words)}: {done.code} {done.err[:200] if done.code else ''}"] += 1

    with contextlib.ExitStack() as stack:
        client = stack.enter_context(home.client(*home.recorder(), log=log))
        client.handshake()
        busy = stack.enter_context(Busy(client))
        follower = stack.enter_context(home.following("ingest", "--follow", "--log", log))
        threads = [threading.Thread(target=run, args=words) for words in (("ingest",), ("report", "weekly"))]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            before = busy.answered
            busy.nudge()
            until(lambda: busy.answered > before, what="a call's answer")
        assert not follower.errors
    assert ended == {"ingest: 0 ": ROUNDS, "report weekly: 0 ": ROUNDS}

"""The gateway is killed again and again in the middle of calls: what it had answered has to be in its log, once.

As `kills.py`, which is the longer proof, but the gateway dies in every life; its readers do in one of four. Under an
odd seed `log retain` deletes beside it, and is killed too.
"""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import kills
from harness.home import Home
from harness.machine import OtherWork

from .screen import Line
from .setting import Setting

OF_A_TRIAL = 50
"""Kills of a gateway on one log."""

JOBS = 2
LIMIT = 420.0
"""Seconds for all trials; on a quiet machine they take less than one. Then no further gateway is started."""


@dataclass
class Account:
    """What some trials came to."""

    killed: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    lost: int = 0
    twice: int = 0
    problems: list[str] = field(default_factory=list)
    others: float = 0
    """The share of the machine that others used meanwhile."""

    def add(self, other: Account) -> None:
        self.killed += other.killed
        self.acknowledged += other.acknowledged
        self.lost += other.lost
        self.twice += other.twice
        self.problems += other.problems


class Hunt(kills.Trial):
    """A trial in which the gateway dies in every life, until `latest` by the monotonic clock."""

    latest = float("inf")

    def run(self, kills: int) -> None:
        try:
            while self.killed["writer"] < kills and time.monotonic() < self.latest:
                spares_readers = self.rng.random() < 0.75
                self._life(0 if spares_readers else 1 << 30)
                self._remove_and_kill(1 << 30)
        finally:
            for reader in self.readers.values():
                if reader.child is not None:
                    reader.kill()


def hunted(count: int, seed: int, folder: Path, latest: float) -> Account:
    """One trial, in a folder of its own."""
    home = Home(Path(tempfile.mkdtemp(prefix=f"kills-{seed}-", dir=folder)))
    trial, account = Hunt(home, seed), Account()
    trial.latest = latest
    try:
        trial.run(count)
        account.problems = [f"seed {seed}: {one}" for one in trial.failures()]
        account = counted(trial.acknowledged, [one["rpc_id"].strip('"') for one in trial.logged], account)
    except (AssertionError, AttributeError) as error:
        account.problems.append(f"seed {seed}: {str(error)[:300]}")
    finally:
        home.close()
    account.killed = trial.killed
    return account


def counted(acknowledged: set[str], logged: list[str], account: Account) -> Account:
    """How many of the acknowledged calls are not in the log, and how many are there more than once."""
    times = Counter(logged)
    account.acknowledged = len(acknowledged)
    account.lost = sum(times[one] == 0 for one in acknowledged)
    account.twice = sum(times[one] > 1 for one in acknowledged)
    return account


class Trials:
    """All trials, side by side in processes of their own; they run until `account` is asked for."""

    def __init__(self, setting: Setting) -> None:
        self._setting, self._work = setting, OtherWork()
        folder = setting.folder / "kills"
        folder.mkdir()
        number = max(JOBS, -(-setting.kills // OF_A_TRIAL))
        each, more = divmod(setting.kills, number)
        # Each process anew: a fork would take the threads' locks with it.
        self._pool = concurrent.futures.ProcessPoolExecutor(JOBS, multiprocessing.get_context("spawn"))
        self._running = [
            self._pool.submit(hunted, each + (one < more), setting.seed + one, folder, time.monotonic() + LIMIT)
            for one in range(number)
        ]
        for one in self._running:
            one.add_done_callback(self._tell)

    def _tell(self, done: concurrent.futures.Future[Account]) -> None:
        if not done.cancelled() and done.exception() is None:
            one = done.result()
            self._setting.say(f"kill -9: {one.killed['writer']} more of {self._setting.kills}, {one.lost} lost")

    def __enter__(self) -> Trials:
        return self

    def __exit__(self, *_: object) -> None:
        """Waits for the trials under way, so that nothing of theirs goes on, and begins no other."""
        self._pool.shutdown(cancel_futures=True)

    def account(self) -> Account:
        total = Account()
        for done in concurrent.futures.as_completed(self._running):
            total.add(done.result())
        total.others = self._work.share()
        return total


def lines(account: Account, kills: int, tell: Callable[[str], None]) -> list[Line]:
    killed = account.killed["writer"]
    readers, done = account.killed.total() - killed, killed >= kills and account.acknowledged > 0
    none, whole = account.lost == account.twice == 0, not account.problems
    for one in account.problems:
        tell(one)
    return [
        Line(
            f"{killed if done else f'{killed} of {kills}'} × kill -9: acknowledged calls lost",
            f"{account.lost} of {account.acknowledged:,}, {account.twice} twice",
            "0",
            done and none,
            # Too few kills in the time that there is may be the machine's fault; a lost call never is.
            None if done or not (none and whole) else account.others,
        ),
        Line(
            f"  {readers} × its readers: log, SQLite, tail",
            "the same, row for row" if whole else f"{len(account.problems)} differences",
            "the same",
            whole,
        ),
    ]

"""The gateway is killed again and again in the middle of calls: what it had answered has to be in its log, once.

As `kills.py`, which is the longer proof, but the gateway dies in every life; its readers do in one of four. Under an odd
seed `log retain` deletes beside it, and is killed too.
"""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import kills
from harness.home import Home

from .screen import Line
from .setting import Setting

OF_A_TRIAL = 50
"""Kills of a gateway on one log."""

JOBS = 2
LIMIT = 170.0
"""Seconds for all trials."""


@dataclass
class Account:
    """What some trials came to."""

    killed: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    lost: int = 0
    twice: int = 0
    problems: list[str] = field(default_factory=list)

    def add(self, other: Account) -> None:
        self.killed += other.killed
        self.acknowledged += other.acknowledged
        self.lost += other.lost
        self.twice += other.twice
        self.problems += other.problems


class Hunt(kills.Trial):
    """A trial in which the gateway dies in every life."""

    def run(self, kills: int) -> None:
        try:
            while self.killed["writer"] < kills:
                spares_readers = self.rng.random() < 0.75
                self._life(0 if spares_readers else 1 << 30)
                self._remove_and_kill(1 << 30)
        finally:
            for reader in self.readers.values():
                if reader.child is not None:
                    reader.kill()


def hunted(count: int, seed: int, folder: Path) -> Account:
    """One trial, in a folder of its own."""
    home = Home(Path(tempfile.mkdtemp(prefix=f"kills-{seed}-", dir=folder)))
    trial, account = Hunt(home, seed), Account()
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
        self._setting = setting
        folder = setting.folder / "kills"
        folder.mkdir()
        number = max(JOBS, -(-setting.kills // OF_A_TRIAL))
        each, more = divmod(setting.kills, number)
        # Each process anew: a fork would take the threads' locks with it.
        self._pool = concurrent.futures.ProcessPoolExecutor(JOBS, multiprocessing.get_context("spawn"))
        self._running = [
            self._pool.submit(hunted, each + (one < more), setting.seed + one, folder) for one in range(number)
        ]
        for one in self._running:
            one.add_done_callback(self._tell)

    def _tell(self, done: concurrent.futures.Future[Account]) -> None:
        if not done.cancelled() and done.exception() is None:
            one = done.result()
            self._setting.say(f"kill -9: {one.killed['writer']} more of {self._setting.kills}, {one.lost} lost")

    def account(self) -> Account:
        total = Account()
        try:
            for done in concurrent.futures.as_completed(self._running, LIMIT):
                total.add(done.result())
        except TimeoutError:
            total.problems.append(f"the kills did not end within {LIMIT:.0f} s\nhint: make kills N={self._setting.kills}")
        finally:
            self._pool.shutdown(wait=False, cancel_futures=True)
        return total


def lines(account: Account, kills: int, tell: Callable[[str], None]) -> list[Line]:
    readers = sum(account.killed.values()) - account.killed["writer"]
    done = account.killed["writer"] >= kills and account.acknowledged > 0
    whole = not account.problems
    for one in account.problems:
        tell(one)
    return [
        Line(
            f"{account.killed['writer']} × kill -9: acknowledged calls lost",
            f"{account.lost} of {account.acknowledged:,}, {account.twice} twice",
            "0",
            done and account.lost == account.twice == 0,
        ),
        Line(
            f"  {readers} × its readers: log, SQLite, tail",
            "the same, row for row" if whole else f"{len(account.problems)} differences",
            "the same",
            done and whole,
        ),
    ]

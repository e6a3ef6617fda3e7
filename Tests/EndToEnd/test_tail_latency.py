"""From commit to screen: at 1,000 events a second `tail -f` shows a decision within 250 ms, 99 of 100 times.

A gateway makes each record durable by itself; a line's delay is the time from its record's own `ts`, which is before the commit,
until the line could be read from the terminal.
"""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timezone

import pytest
from harness import logs
from harness.client import Client, until
from harness.home import Home
from harness.machine import OtherWork
from harness.pty_lines import at_a_terminal

CALLS = 500
"""Calls a second: each is a decision and an outcome."""
SECONDS = 6
BAR = 0.25
TOOLS = [f"tool_{number}" for number in range(25)]


class Pacer:
    """Calls of all tools in turn, evenly, without waiting for answers."""

    def __init__(self, client: Client) -> None:
        self.sent = 0
        self._client, self._stop = client, threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> Pacer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        began = time.monotonic()
        while not self._stop.wait(0.01):
            for number in range(self.sent, int((time.monotonic() - began) * CALLS)):
                self._client.request_call(TOOLS[number % len(TOOLS)], {"number": number})
                self.sent += 1


def gateway(home: Home, name: str) -> Client:
    server = home.recorder(received=home.work / f"received-{name}", tools=",".join(TOOLS))
    return home.client(*server, agent="pacer", name=name)


def moment(text: str) -> float:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").astimezone(timezone.utc).timestamp()


@dataclass
class Figure:
    """What one run has measured."""

    delays: list[float]
    rewritten: int
    others: float
    """The share of the machine that others used meanwhile."""

    def part(self, share: float) -> float:
        return self.delays[int(len(self.delays) * share)]

    @property
    def rate(self) -> float:
        """Events a second."""
        return 2 * len(self.delays) / SECONDS

    def __str__(self) -> str:
        p50, p99, most = (f"{delay * 1000:.0f} ms" for delay in (self.part(0.5), self.part(0.99), self.delays[-1]))
        told = f"{self.rate:,.0f} events/s: commit → screen p50 {p50}, p99 {p99}, most {most} (bar {BAR * 1000:.0f})"
        return f"{told}; {self.rewritten} lines told anew; others use {self.others:.0%}"


def measure(home: Home, quiet: int, busy: str) -> Figure:
    """Calls behind one gateway, beside others where nothing happens, and the screen read meanwhile."""
    with ExitStack() as stack:
        # A line waits for earlier ones of the quiet logs, but not for long.
        clients = [stack.enter_context(gateway(home, f"{busy}-quiet-{number}")) for number in range(quiet)]
        client = stack.enter_context(gateway(home, busy))
        for one in (*clients, client):
            one.handshake()
        began = datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")
        terminal = stack.enter_context(at_a_terminal(home, "tail", "-f", "--since", began))
        client.call(TOOLS[0])
        until(lambda: any(TOOLS[0] in line for _, line in terminal.lines), what="the first line")
        first = len(terminal.lines)
        with Pacer(client) as pacer:
            time.sleep(1)
            work = OtherWork()
            time.sleep(SECONDS)
            share = work.share()
        until(lambda: len(client.answered()) >= pacer.sent, timeout=60, what="all answers")
        made = logs.calls(logs.records(home.path / "logs" / busy))[1:]
        assert len(made) == pacer.sent > CALLS * SECONDS, client.error_text()
        until(lambda: len(terminal.lines) >= first + len(made), what="all lines")
        shown, rewritten = terminal.lines[first:], terminal.rewritten
        for one in (*clients, client):
            assert one.close() == 0
    assert [line.split()[2] for _, line in shown] == [f"{busy}·{record['tool']}" for record in made], "each once, in order"
    # The first second is left out: the log has just begun.
    start = moment(made[0]["ts"]) + 1
    times = [(moment(record["ts"]), at) for (at, _), record in zip(shown, made, strict=True)]
    return Figure(sorted(at - ts for ts, at in times if start < ts <= start + SECONDS), rewritten, share)


@pytest.mark.parametrize("quiet", [0, 2], ids=["one-log", "three-logs"])
def test_a_decision_is_on_the_screen_within_a_quarter_of_a_second(
    home: Home, quiet: int, say: Callable[[str], None]
) -> None:
    """Up to three times: a disk that stalls delays the commit, which is in the figure, and so do others on the machine.

    Where they use much of it, a third miss is not judged.
    """
    for attempt in range(3):
        figure = measure(home, quiet, f"busy{attempt}")
        say(f"tail -f, {quiet + 1} log{'s' if quiet else ''}, {figure}")
        if figure.part(0.99) < BAR:
            break
    told = f"tail -f, {quiet + 1} log{'s' if quiet else ''}, {figure}"
    assert figure.rate > 0.9 * 2 * CALLS, told
    if figure.part(0.99) >= BAR and figure.others > 0.25:
        warnings.warn(f"not judged: {told}", stacklevel=1)
    else:
        assert figure.part(0.99) < BAR, told

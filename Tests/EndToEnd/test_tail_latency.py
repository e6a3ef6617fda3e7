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


@pytest.mark.parametrize("others", [0, 2], ids=["one-log", "three-logs"])
def test_a_decision_is_on_the_screen_within_a_quarter_of_a_second(
    home: Home, others: int, say: Callable[[str], None]
) -> None:
    with ExitStack() as stack:
        # Logs of others, where nothing happens: a line waits for earlier ones of theirs, but not for long.
        quiet = [stack.enter_context(gateway(home, f"quiet-{number}")) for number in range(others)]
        client = stack.enter_context(gateway(home, "busy"))
        for one in (*quiet, client):
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
        # The screen has the last call; nothing more is to come.
        until(lambda: len(terminal.lines) >= first + pacer.sent, what="all lines")
        shown = terminal.lines[first:]
        rewritten = terminal.rewritten
        for one in (*quiet, client):
            assert one.close() == 0
    made = logs.calls(logs.records(home.path / "logs" / "busy"))[1:]
    assert [line.split()[2] for _, line in shown] == [f"busy·{record['tool']}" for record in made], "each once, in order"
    assert len(made) == pacer.sent > CALLS * SECONDS
    # The first second is left out: the log has just begun.
    start = moment(made[0]["ts"]) + 1
    delays = sorted(
        at - moment(record["ts"])
        for (at, _), record in zip(shown, made, strict=True)
        if start < moment(record["ts"]) <= start + SECONDS
    )
    p50, p99 = (delays[int(len(delays) * part)] for part in (0.5, 0.99))
    rate = 2 * len(delays) / SECONDS
    figure = (
        f"tail -f, {others + 1} log{'s' if others else ''}, {rate:,.0f} events/s: commit → screen p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms, "
        f"most {delays[-1] * 1000:.0f} ms (bar {BAR * 1000:.0f}); {rewritten} lines told anew; others use {share:.0%}"
    )
    say(figure)
    assert rate > 0.9 * 2 * CALLS, figure
    if p99 >= BAR and share > 0.25:
        warnings.warn(f"not judged: {figure}", stacklevel=1)
    else:
        assert p99 < BAR, figure

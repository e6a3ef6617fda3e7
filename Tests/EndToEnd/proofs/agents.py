"""Agents that call one tool again and again, and what was seen of their calls within a time."""

from __future__ import annotations

import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from harness.client import verdict
from harness.http_client import Caller, Target


@dataclass(frozen=True)
class Call:
    asked: float
    took: float
    kind: str


class Agent(threading.Thread):
    """Calls one tool, waits for the answer, pauses, and again, until it is told to stop."""

    def __init__(self, target: Target, tool: str, arguments: Callable[[int], Any], pause: float) -> None:
        super().__init__(daemon=True)
        self.calls: list[Call] = []
        self._ending = threading.Event()
        self._what = (target, tool, arguments, pause)
        self.start()

    def run(self) -> None:
        target, tool, arguments, pause = self._what
        with Caller(target, timeout=60) as caller:
            number = 0
            while not self._ending.wait(pause):
                number += 1
                asked = time.monotonic()
                try:
                    kind = verdict(caller.stateless_call(tool, arguments(number)).messages()[-1])
                except (AssertionError, OSError, KeyError, ValueError) as error:
                    kind = f"failed: {type(error).__name__}"
                    caller.forget()
                self.calls.append(Call(asked, time.monotonic() - asked, kind))

    def refused(self) -> float | None:
        """When its first call was refused."""
        times = (call.asked + call.took for call in list(self.calls) if call.kind in ("throttle", "deny"))
        return next(times, None)

    def tell_to_end(self) -> None:
        self._ending.set()


def end(agents: list[Agent]) -> None:
    """Ends them all, each after the answer it waits for."""
    for one in agents:
        one.tell_to_end()
    for one in agents:
        one.join(90)
        assert not one.is_alive(), "an agent's call was not answered within 90 s"


Time = tuple[float, float]
"""From … to, by the monotonic clock."""


@dataclass(frozen=True)
class Seen:
    """The calls of some agents within a time, or within several together."""

    p50: float
    """Seconds, of the calls that were under way in it."""
    rate: float
    """Answers a second that came in it."""
    seconds: float
    kinds: Counter[str]

    @staticmethod
    def of(agents: list[Agent], *times: Time) -> Seen:
        calls = [call for one in agents for call in one.calls]
        under_way = [
            call for begin, end in times for call in calls if call.asked < end and call.asked + call.took >= begin
        ]
        came = [call for begin, end in times for call in calls if begin <= call.asked + call.took < end]
        seconds = sum(end - begin for begin, end in times)
        assert under_way, f"no call within {seconds:.1f} s\nhint: a quieter machine"
        p50 = statistics.median(call.took for call in under_way)
        return Seen(p50, len(came) / seconds, seconds, Counter(call.kind for call in under_way))

    @property
    def all_served(self) -> bool:
        return set(self.kinds) == {"ok"}

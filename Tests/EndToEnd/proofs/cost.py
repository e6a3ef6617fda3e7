"""What the audit costs a call: CPU and bytes of its records, and how long it waits until they are on the disk.

The CPU is that of `log append` on a simulated fleet's lines, which decodes each before it does what a gateway does with
it (encode, hash, compress, write, sync, sign): more than the gateway spends, not less. It is held against what the ecs
server spends on the cheapest of its calls. The wait is the difference between two gateways, one of which does not wait
(durability `none`), on the same calls in turns.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from harness import logs
from harness.client import verdict
from harness.gateway import Gateway, running_gateway
from harness.http_upstream import Upstream
from harness.machine import OtherWork
from harness.paths import binary

from .screen import Line, milliseconds, percent
from .setting import Setting

SHARE = 0.1
"""Of the CPU that the server spends on its cheapest call."""

BYTES, WAIT = 200, 0.005
"""On the disk, and seconds; for each call."""

ROUND = 100


@dataclass(frozen=True)
class Cost:
    """For each call."""

    records_cpu: float
    records_bytes: float
    gateway_cpu: float
    """Seconds of the whole gateway, with everything that it does with a call."""
    waiting: float
    """The median of calls through a gateway that waits for the disk, in seconds."""
    not_waiting: float
    others: float


def measured(setting: Setting, fleet: Path) -> Cost:
    cpu, size = written_again(setting, fleet)
    work, times, spent = OtherWork(), {"strict": [], "none": []}, 0.0
    with contextlib.ExitStack() as stack:
        upstream = stack.enter_context(Upstream())
        gateways = {name: stack.enter_context(gateway(setting, name, upstream.url)) for name in times}
        for number in range(setting.rounds + 1):
            for name, one in gateways.items():
                before, took = one.cpu_seconds(), a_round(one)
                if number > 0:  # the first warms both up
                    times[name] += took
                    spent += one.cpu_seconds() - before if name == "strict" else 0
    medians = {name: statistics.median(took) for name, took in times.items()}
    calls = setting.rounds * ROUND
    return Cost(cpu, size, spent / calls, medians["strict"], medians["none"], work.share())


def written_again(setting: Setting, fleet: Path) -> tuple[float, float]:
    """Seconds of CPU and bytes of segments that a call's records take when they are written into a new log."""
    found, log = logs.lines(fleet), setting.folder / "again"
    calls = sum(b'"kind":"decision"' in line and b'"method":"tools/call"' in line for line in found)
    lines = setting.folder / "fleet.ndjson"
    lines.write_bytes(b"".join(line + b"\n" for line in found))
    with lines.open("rb") as stream:
        child = subprocess.Popen([binary(), "log", "append", "--log", log], stdin=stream, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    hint = f"hint: tollgate log append --log {log} < {lines}"
    assert child.returncode == 0, f"log append ended with {child.returncode}\n{hint}"
    size = sum(segment.stat().st_size for segment in logs.segments(log))
    return (usage.ru_utime + usage.ru_stime) / calls, size / calls


def gateway(setting: Setting, durability: str, url: str) -> contextlib.AbstractContextManager[Gateway]:
    folder = setting.folder / f"durability-{durability}"
    return running_gateway(folder, {"up": url}, durability=durability, options=["--only", "gateway"])


def a_round(one: Gateway) -> list[float]:
    """How long each of a hundred calls took."""
    took = []
    with one.caller() as caller:
        for number in range(ROUND):
            asked = time.monotonic()
            said = verdict(caller.stateless_call("echo", {"n": number}).json())
            took.append(time.monotonic() - asked)
            assert said == "ok", f"call {number} was answered with {said}\nhint: {one.errors}"
    return took


def lines(cost: Cost, look_cpu: float) -> list[Line]:
    share, wait = cost.records_cpu / look_cpu, cost.waiting - cost.not_waiting
    return [
        Line(
            "the audit's CPU per call",
            f"{cost.records_cpu * 1e6:,.0f} µs, {percent(share, 1)} of a server's {milliseconds(look_cpu)}",
            f"≤ {percent(SHARE)}",
            share <= SHARE,
        ),
        Line("  its bytes on the disk", f"{cost.records_bytes:,.0f} B", f"≤ {BYTES} B", cost.records_bytes <= BYTES),
        Line(
            "  a call's wait for the disk, p50",
            f"{milliseconds(wait)} on top of {milliseconds(cost.not_waiting)}",
            f"≤ {WAIT * 1000:g} ms",
            wait <= WAIT,
            cost.others,
        ),
    ]

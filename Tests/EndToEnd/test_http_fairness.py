"""Line 6: a runaway does not slow down its neighbours, on a real server and on one that serves one call at a time.

The figures compare medians of one run, the same calls on the same gateway and server, without and with the storm.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import aws, logs
from harness.client import verdict
from harness.gateway import grant, running_gateway
from harness.http_client import Caller, Target
from harness.http_upstream import Exchange, Server, Upstream, plain, result
from harness.machine import OtherWork
from harness.parts import ECS, over_http

BUILD = "build_and_push_image_to_ecr"
LOOK = ("ecs_resource_management", {"api_operation": "ListClusters", "api_params": {}})
SECONDS = float(os.environ.get("TOLLGATE_FAIRNESS_SECONDS", "20"))
BAR = 1.2


class Agent(threading.Thread):
    """Calls one tool at a rate, open loop: a late answer does not slow its schedule down."""

    def __init__(
        self,
        target: Target,
        rate: float,
        seconds: float,
        tool: str,
        arguments: Any,
        lanes: int = 8,
        offset: float = 0,
    ) -> None:
        super().__init__(daemon=True)
        self.seen: list[tuple[str, float]] = []
        self.failures: list[str] = []
        self._due = iter([offset + number / rate for number in range(int(seconds * rate))])
        self._lock = threading.Lock()
        self.tool = tool
        self._target, self._arguments, self._lanes = target, arguments, lanes

    def run(self) -> None:
        began = time.monotonic()
        lanes = [threading.Thread(target=self._lane, args=(began,), daemon=True) for _ in range(self._lanes)]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()

    def _lane(self, began: float) -> None:
        with Caller(self._target, timeout=60) as agent:
            while True:
                with self._lock:
                    due = next(self._due, None)
                if due is None:
                    return
                time.sleep(max(0.0, began + due - time.monotonic()))
                asked = time.monotonic()
                try:
                    answer = agent.stateless_call(self.tool, self._arguments)
                    self.seen.append((verdict(answer.messages()[-1]), time.monotonic() - asked))
                except (AssertionError, OSError, KeyError) as error:
                    self.failures.append(repr(error)[:200])


def run_together(agents: list[Agent]) -> None:
    for agent in agents:
        agent.start()
    for agent in agents:
        agent.join()
    failures = [failure for agent in agents for failure in agent.failures]
    assert not failures, failures[:3]


def median_ms(agents: list[Agent]) -> float:
    times = [took for agent in agents for kind, took in agent.seen if kind != "throttle"]
    return statistics.median(times) * 1000


Place = Callable[[str, str], Target]
"""Where an agent of this name finds the server of this name."""


Place = Callable[[str], Target]
"""Where an agent of this name finds its server."""


@dataclass
class Comparison:
    """Medians in milliseconds of the same calls without and with the storm, and how busy others kept the machine."""

    calm: float
    stormy: float
    others: float

    def __str__(self) -> str:
        return f"p50 {self.calm:.1f} ms alone, {self.stormy:.1f} ms in the storm ({self.stormy / self.calm:.2f} ×)"

    def judge(self) -> None:
        """The bar; not where others use more of the machine than a neighbour's median can bear."""
        if self.others > 0.25:
            warnings.warn(f"not judged, others use {self.others:.0%} of this machine: {self}", stacklevel=2)
        else:
            assert self.stormy <= BAR * self.calm, self


def compare(usual: Callable[[float], list[Agent]], seconds: tuple[float, float], storm: list[Agent]) -> Comparison:
    """The usual agents for so many seconds alone, then for so many in the storm."""
    work, medians = OtherWork(), []
    for agents, others in ((usual(seconds[0]), []), (usual(seconds[1]), storm)):
        run_together([*agents, *others])
        assert {kind for agent in agents for kind, _ in agent.seen} == {"ok"}
        medians.append(median_ms(agents))
    return Comparison(medians[0], medians[1], work.share())


def scenario(place: Place, seconds: float, name: str = "runaway-1") -> tuple[Comparison, Agent]:
    """Three who look once a second; then beside them one who deploys once, and one who builds ten times a second."""
    app = {"app_path": aws.app()}

    def usual(seconds: float) -> list[Agent]:
        return [Agent(place(f"polite-{n}"), 1, seconds, *LOOK, lanes=4, offset=n / 3) for n in range(3)]

    with Caller(place("polite-0"), timeout=60) as agent:  # a server's first calls take ten times as long
        for _ in range(3):
            assert verdict(agent.stateless_call(*LOOK).messages()[-1]) == "ok"
    runaway = Agent(place(name), 10, seconds, BUILD, {"app_name": "BAD NAME"} | app, lanes=64)
    deployer = Agent(place("deployer"), 1 / seconds, seconds, BUILD, {"app_name": "billing"} | app, offset=0.5)
    return compare(usual, (seconds / 2, seconds), [deployer, runaway]), runaway


def test_a_runaways_neighbours_stay_as_quick_as_they_were(tmp_path: Path, say) -> None:
    """The server does one thing at a time, so it gets one call at a time: who waits, waits in the fair queue."""
    limit = {"counter": "build_and_push_image_to_ecr_rate", "window": "minute", "max": 10, "scope": "grant"}
    policy = {"version": "1", "default": "deny", "tools": {LOOK[0]: {}, BUILD: {"limits": [limit]}}}
    grants = [grant(name, "ecs") for name in ("polite-0", "polite-1", "polite-2", "deployer", "runaway-1", "runaway-2")]
    with aws.running(tmp_path) as cloud, over_http(ECS, tmp_path / "ecs.stderr", cloud.environment) as url:
        servers = {"ecs": {"url": url, "concurrency": 1}}
        with running_gateway(tmp_path / "g", servers, policy, grants) as gateway:
            for number in (1, 2):  # a median of 30 calls may be the machine's: one repetition, with a fresh runaway
                name = f"runaway-{number}"
                compared, runaway = scenario(lambda name: gateway.target(name, "ecs"), SECONDS, name)
                asked = Counter(kind for kind, _ in runaway.seen)
                say(f"a runaway's neighbours on the ecs server: {compared}; runaway {dict(asked)}")
                recorded = Counter(one["decision"] for one in logs.calls(gateway.records(timeout=30), agent=name))
                assert sum(asked.values()) == int(SECONDS * 10) == sum(recorded.values())
                assert recorded["allow"] == 10 and recorded["throttle"] == asked["throttle"]
                if compared.stormy <= BAR * compared.calm:
                    break
            found = gateway.records()
        built = len(cloud.pushed())
    assert built == number == len(logs.calls(found, agent="deployer", decision="allow")), "builds that are meant go on"
    compared.judge()


class OneAtATime:
    """An upstream that takes 20 ms for each call and does one at a time, as real servers with one blocking loop do."""

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.server = Server(answers={"tools/call": self.call})

    def call(self, exchange: Exchange) -> list[bytes]:
        with self.turn:
            time.sleep(0.02)
        return [plain(result(exchange, {"content": [], "isError": False}))]


def beside(place: Place, seconds: float, rate: float) -> tuple[Comparison, Agent]:
    mad = Agent(place("mad"), rate, seconds, "build", {}, lanes=16)

    def usual(seconds: float) -> list[Agent]:
        return [Agent(place("polite"), 10, seconds, "look", {}, lanes=4)]

    return compare(usual, (seconds, seconds), [mad]), mad


def test_an_agent_at_a_hundred_times_its_limit_slows_nobody_down(tmp_path: Path, say) -> None:
    """It may ask 10 times a minute and asks a thousand times within seconds."""
    limit = {"counter": "c", "window": "minute", "max": 10, "scope": "grant"}
    policy = {"version": "1", "default": "deny", "tools": {"look": {}, "build": {"limits": [limit]}}}
    with Upstream(OneAtATime().server) as upstream:
        with running_gateway(tmp_path, {"up": upstream.url}, policy, [grant("polite"), grant("mad")]) as gateway:
            compared, mad = beside(gateway.target, 4, 1000 / 4)
            found = gateway.records()
        forwarded = sum(one.message["params"]["name"] == "build" for one in upstream.calls())
    recorded = Counter(one["decision"] for one in logs.calls(found, agent="mad"))
    say(f"beside an agent at 100 × its limit, one call at a time: {compared}")
    assert recorded == {"allow": 10, "throttle": 990} and forwarded == 10
    assert Counter(kind for kind, _ in mad.seen) == {"ok": 10, "throttle": 990}
    compared.judge()


def test_without_a_gateway_the_harm_is_there_to_be_seen() -> None:
    """The measure itself: the same storm straight at the server slows its neighbour far beyond the bar."""
    with Upstream(OneAtATime().server) as upstream:
        compared, _ = beside(lambda _: Target.at(upstream.url), 1.5, 100)
    assert compared.stormy > 2 * compared.calm, compared


if __name__ == "__main__":  # the scenario straight at the real server: what a gateway has to prevent
    with tempfile.TemporaryDirectory() as _folder, aws.running(Path(_folder)) as _cloud:
        with over_http(ECS, Path(_folder) / "stderr", _cloud.environment) as _url:
            _compared, _ = scenario(lambda _: Target.at(_url), SECONDS)
    print(f"without a gateway: {_compared}")

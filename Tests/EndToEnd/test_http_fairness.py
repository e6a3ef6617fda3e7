"""Line 6: a runaway does not slow down its neighbours, on a real server and on one that serves one call at a time.

The figures compare medians of the same seconds: two servers alike behind one gateway, a storm at one of them.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from harness import aws, logs
from harness.client import verdict
from harness.gateway import grant, running_gateway
from harness.http_client import Caller, Target
from harness.http_upstream import Exchange, Server, Upstream, plain, result
from harness.parts import ECS, over_http

BUILD = "build_and_push_image_to_ecr"
LOOK = ("ecs_resource_management", {"api_operation": "ListClusters", "api_params": {}})
SECONDS = float(os.environ.get("TOLLGATE_FAIRNESS_SECONDS", "10"))
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


def judge(stormy: float, calm: float, load: float) -> None:
    """The bar; not on a machine that does much else, where a median of a second says nothing."""
    if load > 2 * (os.cpu_count() or 1):
        warnings.warn(
            f"not judged at a load of {load:.1f}: {stormy:.1f} ms in the storm, {calm:.1f} ms without", stacklevel=2
        )
    else:
        assert stormy <= BAR * calm, f"{stormy:.1f} ms in the storm, {calm:.1f} ms without"


def compare(usual: Callable[[str], list[Agent]], storm: list[Agent]) -> tuple[float, float]:
    """Medians in milliseconds of the usual agents that call what the first calls: at `calm`, and at `stormy`.

    Both servers are used in the same seconds, so that whatever else the machine does slows both alike.
    """
    calm, stormy = usual("calm"), usual("stormy")
    run_together([*calm, *stormy, *storm])
    assert {kind for agent in [*calm, *stormy] for kind, _ in agent.seen} == {"ok"}
    medians = [median_ms([agent for agent in agents if agent.tool == agents[0].tool]) for agents in (calm, stormy)]
    return medians[0], medians[1]


def scenario(place: Place, seconds: float) -> tuple[float, float, Agent]:
    """At each server three who look once a second and one who deploys once; at one of them also one who builds ten
    times a second, wrongly."""
    app = {"app_path": str(aws.APP)}

    def usual(server: str) -> list[Agent]:
        looking = [
            Agent(place(f"polite-{number}", server), 1, seconds, *LOOK, lanes=4, offset=number / 3)
            for number in range(3)
        ]
        arguments = {"app_name": f"billing-{server}"} | app
        return [*looking, Agent(place("deployer", server), 1 / seconds, seconds, BUILD, arguments, offset=0.5)]

    for server in ("calm", "stormy"):  # a server's first calls take ten times as long
        with Caller(place("polite-0", server), timeout=60) as agent:
            for _ in range(3):
                assert verdict(agent.stateless_call(*LOOK).messages()[-1]) == "ok"
    runaway = Agent(place("runaway", "stormy"), 10, seconds, BUILD, {"app_name": "BAD NAME"} | app, lanes=64)
    return *compare(usual, [runaway]), runaway


@contextmanager
def two_ecs_servers(folder: Path) -> Iterator[tuple[aws.AWS, dict[str, str]]]:
    with aws.running(folder) as cloud, ExitStack() as stack:
        urls = {}
        for name in ("calm", "stormy"):
            part = over_http(ECS, folder / f"{name}.stderr", cloud.environment)
            urls[name] = stack.enter_context(part)
        yield cloud, urls


def test_a_runaways_neighbours_stay_as_quick_as_they_were(tmp_path: Path, say) -> None:
    """The server does one thing at a time, so it gets one call at a time: who waits, waits in the fair queue."""
    limit = {"counter": "build_and_push_image_to_ecr_rate", "window": "minute", "max": 10, "scope": "grant"}
    policy = {"version": "1", "default": "deny", "tools": {LOOK[0]: {}, BUILD: {"limits": [limit]}}}
    grants = [grant(name, "*") for name in ("polite-0", "polite-1", "polite-2", "deployer", "runaway")]
    load = os.getloadavg()[0]
    with two_ecs_servers(tmp_path) as (cloud, urls):
        servers = {name: {"url": url, "concurrency": 1} for name, url in urls.items()}
        with running_gateway(tmp_path / "g", servers, policy, grants) as gateway:
            calm, stormy, runaway = scenario(gateway.target, SECONDS)
            found = gateway.records(timeout=30)
        built = len(cloud.pushed())
    asked = Counter(kind for kind, _ in runaway.seen)
    recorded = Counter(one["decision"] for one in logs.calls(found, agent="runaway"))
    say(
        f"runaway on the ecs server: neighbours' p50 {stormy:.1f} ms, {calm:.1f} ms on one without "
        f"({stormy / calm:.2f} ×); runaway {dict(asked)}, log {dict(recorded)}"
    )
    assert sum(asked.values()) == int(SECONDS * 10) == sum(recorded.values())
    assert recorded["allow"] == 10 and recorded["throttle"] == asked["throttle"] == int(SECONDS * 10) - 10
    assert built == 2 == len(logs.calls(found, agent="deployer", decision="allow")), "builds that are meant go on"
    judge(stormy, calm, load)


class OneAtATime:
    """An upstream that takes 20 ms for each call and does one at a time, as real servers with one blocking loop do."""

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.server = Server(answers={"tools/call": self.call})

    def call(self, exchange: Exchange) -> list[bytes]:
        with self.turn:
            time.sleep(0.02)
        return [plain(result(exchange, {"content": [], "isError": False}))]


def beside(place: Place, seconds: float, rate: float) -> tuple[float, float, Agent]:
    mad = Agent(place("mad", "stormy"), rate, seconds, "build", {}, lanes=16)
    calm, stormy = compare(lambda server: [Agent(place("polite", server), 10, seconds, "look", {}, lanes=4)], [mad])
    return calm, stormy, mad


def test_an_agent_at_a_hundred_times_its_limit_slows_nobody_down(tmp_path: Path, say) -> None:
    """It may ask 10 times a minute and asks a thousand times within seconds."""
    limit = {"counter": "c", "window": "minute", "max": 10, "scope": "grant"}
    policy = {"version": "1", "default": "deny", "tools": {"look": {}, "build": {"limits": [limit]}}}
    seconds, load = 5, os.getloadavg()[0]
    with Upstream(OneAtATime().server) as upstream, Upstream(OneAtATime().server) as other:
        servers = {"stormy": upstream.url, "calm": other.url}
        with running_gateway(tmp_path, servers, policy, [grant("polite", "*"), grant("mad", "*")]) as gateway:
            calm, stormy, mad = beside(gateway.target, seconds, 1000 / seconds)
            found = gateway.records()
        forwarded = sum(one.message["params"]["name"] == "build" for one in upstream.calls())
    recorded = Counter(one["decision"] for one in logs.calls(found, agent="mad"))
    say(
        f"100 × its limit, one call at a time: p50 {stormy:.1f} ms beside it, {calm:.1f} ms not ({stormy / calm:.2f} ×)"
    )
    assert recorded == {"allow": 10, "throttle": 990} and forwarded == 10
    assert Counter(kind for kind, _ in mad.seen) == {"ok": 10, "throttle": 990}
    judge(stormy, calm, load)


def test_without_a_gateway_the_harm_is_there_to_be_seen() -> None:
    """The measure itself: the same storm straight at the server slows its neighbour far beyond the bar."""
    with Upstream(OneAtATime().server) as stormy, Upstream(OneAtATime().server) as calm:
        urls = {"stormy": stormy.url, "calm": calm.url}
        without, amid, _ = beside(lambda _, server: Target.at(urls[server]), 1.5, 100)
    assert amid > 2 * without, f"{amid:.1f} ms in the storm, {without:.1f} ms without"


if __name__ == "__main__":  # the scenario straight at the real server: what a gateway has to prevent
    with tempfile.TemporaryDirectory() as _folder, two_ecs_servers(Path(_folder)) as (_, _urls):
        _calm, _stormy, _runaway = scenario(lambda _, server: Target.at(_urls[server]), SECONDS)
    print(f"without a gateway: p50 {_stormy:.1f} ms in the storm, {_calm:.1f} ms without it, {_stormy / _calm:.1f} ×")

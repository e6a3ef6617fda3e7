"""A runaway among three neighbours on the real `awslabs.ecs-mcp-server`: straight at it, then through `tollgate serve`.

The runaway has two builds under way at any time, the same each, and asks again 0.1 s after an answer. Each of its
neighbours looks at clusters, and again 0.2 s after an answer. They are alone for a while before each storm, and behind
the gateway also after it, as others' work on the machine comes and goes: that is what they are compared with.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import aws, logs
from harness.client import verdict
from harness.gateway import grant, running_gateway
from harness.http_client import Caller, Target
from harness.machine import OtherWork, child_running, cpu_seconds
from harness.parts import ECS, over_http

from .agents import Agent, Seen, end
from .setting import Setting

BUILD, LOOK = "build_and_push_image_to_ecr", "ecs_resource_management"
NEIGHBOURS = ("reader", "watcher", "planner")
LIMIT = 10
POLICY = {
    "version": "1",
    "default": "allow",
    "tools": {BUILD: {"limits": [{"counter": "builds", "window": "minute", "max": LIMIT, "scope": "grant"}]}},
    "brake": {"on": ["runaway"], "action": "throttle", "cooldown": "15m"},
}
UNDER_WAY = 2
MOST = 120.0
"""Seconds that a brake is waited for: on a machine that others keep busy, seven builds may take a minute."""

Place = Callable[[str], Target]
"""Where an agent of this name finds the server."""


@dataclass(frozen=True)
class Storm:
    """What was seen of one runaway."""

    calm: Seen
    until: Seen
    """From its first call on; with a gateway, until the last build that got through was answered."""
    after: Seen | None
    """From then on; None where nothing brakes it."""
    asked: Counter[str]
    """The runaway's calls by their answers."""
    built: int
    """Images that were pushed meanwhile, by the registry's own journal."""
    refused: float | None
    """Seconds from its first call to the first that was refused, by the caller's clock."""
    look_cpu: float
    """Seconds of CPU that the server spent on one look while the neighbours were alone."""
    others: float


@dataclass(frozen=True)
class Story:
    """Both storms, and what the gateway wrote meanwhile."""

    alone: Storm
    behind: Storm
    folder: Path
    """The gateway's: its log, the watch's, its state with the key."""
    records: list[logs.Record]
    alerts: list[dict[str, Any]]

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def state(self) -> Path:
        return self.folder / "state"


def told(setting: Setting) -> Story:
    """Runs both storms, one after the other on one server."""
    folder = setting.folder / "storm"
    folder.mkdir()
    sink = folder / "alerts.ndjson"
    with aws.running(folder) as cloud, over_http(ECS, folder / "ecs.stderr", cloud.environment) as url:
        setting.say("the ecs server: a runaway straight at it")
        alone = storm(setting, cloud, lambda _: Target.at(url), brakes=False)
        settings: dict[str, Any] = {"watch": {"sinks": [f"file:{sink}"]}}
        grants = [grant(name, "ecs") for name in ("runaway", *NEIGHBOURS)]
        with running_gateway(folder / "gateway", {"ecs": {"url": url}}, POLICY, grants, **settings) as gateway:
            setting.say("the ecs server: the same runaway behind tollgate serve")
            behind = storm(setting, cloud, lambda name: gateway.target(name, "ecs"), brakes=True)
            found = gateway.records(timeout=30)
    sent = sink.read_text().splitlines() if sink.exists() else []
    return Story(alone, behind, folder / "gateway", found, [json.loads(line) for line in sent])


def storm(setting: Setting, cloud: aws.AWS, place: Place, brakes: bool) -> Storm:
    """The neighbours alone, then the runaway beside them: until it is braked and for a while after, or for a while."""
    app = {"app_name": "shop", "app_path": aws.app()}
    warm(place(NEIGHBOURS[0]), app | {"tag": "braked" if brakes else "alone"})
    server = child_running(ECS[-1])
    neighbours = [Agent(place(name), LOOK, look, pause=0.2) for name in NEIGHBOURS]
    runaways: list[Agent] = []
    try:
        work, spent, calm = OtherWork(), cpu_seconds(server), time.monotonic()
        time.sleep(setting.calm)
        spent, began = cpu_seconds(server) - spent, time.monotonic()
        pushed = len(cloud.pushed())
        runaways = [Agent(place("runaway"), BUILD, lambda _: app, pause=0.1) for _ in range(UNDER_WAY)]
        braked = await_refusals(runaways, began + MOST) if brakes else None
        settled = time.monotonic()
        time.sleep(setting.storm)
        ended, others = time.monotonic(), work.share()
        alone = [(calm, began)]
        if brakes:
            end(runaways)
            rested = time.monotonic()
            time.sleep(setting.calm)
            alone.append((rested, time.monotonic()))
    finally:
        end([*runaways, *neighbours])
    calls = [call for one in runaways for call in one.calls]
    asked = Seen.of(neighbours, alone[0]).kinds.total()
    return Storm(
        calm=Seen.of(neighbours, *alone),
        until=Seen.of(neighbours, (began, ended if braked is None else settled)),
        after=None if braked is None else Seen.of(neighbours, (settled, ended)),
        asked=Counter(call.kind for call in calls),
        built=len(cloud.pushed()) - pushed,
        refused=None if braked is None else braked - began,
        look_cpu=spent / asked,
        others=others,
    )


def warm(target: Target, build: dict[str, Any]) -> None:
    """A server's first calls take ten times as long, and an app's first build makes its registry."""
    with Caller(target, timeout=60) as caller:
        for tool, arguments in ((LOOK, look(0)), (LOOK, look(1)), (BUILD, build)):
            said = verdict(caller.stateless_call(tool, arguments).messages()[-1])
            assert said == "ok", f"{tool} was answered with {said}\nhint: Tests/EndToEnd/test_real_parts.py"


def look(number: int) -> dict[str, Any]:
    """Each look another one, or the neighbours were loops themselves."""
    return {"api_operation": "ListClusters", "api_params": {"maxResults": number % 90 + 1}}


def await_refusals(runaways: list[Agent], latest: float) -> float | None:
    """When the first of their calls was refused, once each of them has been; None where that does not come in time.

    Then nothing of theirs is at the server any more.
    """
    while time.monotonic() < latest:
        times = [one.refused() for one in runaways]
        if all(found is not None for found in times):
            return min(found for found in times if found is not None)
        time.sleep(0.02)
    return None

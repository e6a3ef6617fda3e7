#!/usr/bin/env python3
"""A small fleet of agents against the sample server, each behind a gateway of its own.

Five agents work at an agent's pace; `ci-builder` builds twice and then runs away: the same build over and over. What
each agent sends, and when, follows from the seed alone. Needs nothing but Python 3.10.

    python3 Examples/fleet.py --tollgate .build/release/tollgate --policy Examples/policies/demo.json

Without --tollgate the agents talk to the sample server directly, to see what the gateway keeps away from it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SERVER = Path(__file__).resolve().parent / "sample_server.py"
STATELESS_META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}


@dataclass(frozen=True)
class Call:
    """One tool call of the plan: when it is due, in seconds from the start, and what it is."""

    due: float
    tool: str
    arguments: dict[str, Any]


@dataclass
class Plan:
    """All that one agent will do."""

    agent: str
    stateless: bool
    calls: list[Call]


# --- what the agents do -----------------------------------------------------------------------------------------------

SERVICES = ["web", "api", "worker", "search", "mail", "billing", "images", "auth"]
REGIONS = ["us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-south-1", "sa-east-1"]


def _look_at_logs(rng: random.Random, turn: int) -> tuple[str, dict[str, Any]]:
    return "get_logs", {"service": rng.choice(SERVICES), "since_minutes": turn + 1, "limit": 20}


def _look_at_service(rng: random.Random, turn: int) -> tuple[str, dict[str, Any]]:
    return "describe_service", {"cluster": f"web-{turn % 9}", "service": rng.choice(SERVICES)}


def _look_at_clusters(rng: random.Random, turn: int) -> tuple[str, dict[str, Any]]:
    return "list_clusters", {"region": REGIONS[turn % len(REGIONS)]}


def _scale(rng: random.Random, turn: int) -> tuple[str, dict[str, Any]]:
    desired = 40 if turn % 9 == 8 else 2 + turn % 7
    return "scale_service", {"cluster": "web", "service": SERVICES[turn % len(SERVICES)], "desired": desired}


def _charge(rng: random.Random, turn: int) -> tuple[str, dict[str, Any]]:
    arguments = {"customer": f"cus_{turn:04d}", "amount": 1900 + 100 * turn, "reason": f"order {turn}"}
    if turn % 8 == 5:
        arguments["amount"] = 250_000
    if turn % 8 == 7:
        del arguments["reason"]
    return "create_charge", arguments


def _clean_up(rng: random.Random, turn: int) -> tuple[str, dict[str, Any]]:
    return "delete_cluster", {"cluster": f"scratch-{turn}"}


Habit = Callable[[random.Random, int], tuple[str, dict[str, Any]]]

POLITE: dict[str, list[tuple[Habit, int]]] = {
    "web-deployer": [(_look_at_service, 26), (_scale, 22), (_look_at_clusters, 12)],
    "log-reader": [(_look_at_logs, 30), (_look_at_service, 22)],
    "billing-bot": [(_charge, 26), (_look_at_logs, 10)],
    "cost-watcher": [(_look_at_clusters, 16), (_look_at_service, 28)],
    "oncall-helper": [(_look_at_logs, 24), (_look_at_service, 14), (_clean_up, 3)],
}
"""Agent → its habits, each with how many calls of it the agent makes in a run."""


def plan(seed: int, seconds: float, runaway_calls: int) -> list[Plan]:
    """The fleet's plans: the same for the same seed on any machine."""
    plans = []
    for index, (agent, habits) in enumerate(POLITE.items()):
        rng = random.Random(f"{seed}/{agent}")
        calls = [Call(rng.uniform(0, seconds), *habit(rng, turn)) for habit, times in habits for turn in range(times)]
        plans.append(Plan(agent, stateless=index % 2 == 1, calls=sorted(calls, key=lambda call: call.due)))
    plans.append(Plan("ci-builder", stateless=False, calls=list(_runaway(seed, seconds, runaway_calls))))
    return plans


def _runaway(seed: int, seconds: float, count: int) -> Iterator[Call]:
    """Two builds as anyone would, then, from a quarter of the time on, the same build without end."""
    rng = random.Random(f"{seed}/ci-builder")
    for index in range(count):
        share = (0.02, 0.15)[index] if index < 2 else 0.25 + 0.73 * (index - 2 + rng.random() / 2) / max(1, count - 2)
        tag = f"v{index + 1}" if index < 2 else "v3"
        yield Call(
            share * seconds,
            "build_and_push_image_to_ecr",
            {"app_name": "shop", "app_path": "/srv/shop", "tag": tag},
        )


# --- one agent --------------------------------------------------------------------------------------------------------


@dataclass
class Tally:
    """What one agent sent and what it got back, counted by the agent itself."""

    agent: str
    sent: Counter[str] = field(default_factory=Counter)
    answers: dict[str, Counter[str]] = field(default_factory=dict)

    def count(self, tool: str, kind: str) -> None:
        self.answers.setdefault(tool, Counter())[kind] += 1

    def total(self, kind: str) -> int:
        return sum(counter[kind] for counter in self.answers.values())


def classify(message: dict[str, Any]) -> str:
    """`ok`, `tool_error`, `rpc_error`, or the gateway's own `deny` and `throttle`."""
    if "error" in message:
        return "rpc_error"
    result = message["result"]
    decision = result.get("_meta", {}).get("tollgate/decision")
    if decision is not None:
        return decision["decision"]
    return "tool_error" if result.get("isError") else "ok"


class Agent:
    """An MCP client on one child process: sends its plan on time, never waiting for answers, and counts both."""

    def __init__(self, plan: Plan, command: list[str], environment: dict[str, str], stderr: int | None) -> None:
        self.plan, self.tally = plan, Tally(plan.agent)
        self._child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, env=environment
        )
        self._waiting: dict[int, str] = {}
        self._answered = threading.Condition()
        self._answers: dict[int, dict[str, Any]] = {}
        self._open = True
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def connect(self, timeout: float = 60) -> list[str]:
        """The era's opening, then the names of the tools on offer."""
        if self.plan.stateless:
            self._ask("server/discover", {}, timeout)
        else:
            client = {"name": self.plan.agent, "version": "1.0"}
            opening = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client}
            self._ask("initialize", opening, timeout)
            self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return [tool["name"] for tool in self._ask("tools/list", {}, timeout)["result"]["tools"]]

    def work(self, start: float) -> None:
        """Sends every call of the plan when it is due; `start` is a reading of the monotonic clock."""
        for number, call in enumerate(self.plan.calls, start=1000):
            time.sleep(max(0.0, start + call.due - time.monotonic()))
            with self._answered:
                self._waiting[number] = call.tool
            self.tally.sent[call.tool] += 1
            self._request(number, "tools/call", {"name": call.tool, "arguments": call.arguments})

    def finish(self, timeout: float = 60) -> int:
        """Waits for what is still unanswered, closes the child's input, and returns its exit status."""
        with self._answered:
            self._answered.wait_for(lambda: not self._waiting or not self._open, timeout)
            for tool in self._waiting.values():
                self.tally.count(tool, "no_answer")
            self._waiting.clear()
        self._child.stdin.close()
        try:
            return self._child.wait(timeout)
        except subprocess.TimeoutExpired:
            self._child.kill()
            return self._child.wait()
        finally:
            self._reader.join(timeout)
            self._child.stdout.close()

    def _ask(self, method: str, params: dict[str, Any], timeout: float) -> dict[str, Any]:
        number = len(self._answers) + 1
        self._request(number, method, params)
        with self._answered:
            if not self._answered.wait_for(lambda: number in self._answers or not self._open, timeout):
                raise TimeoutError(f"{self.plan.agent}: no answer to {method} within {timeout:.0f} s")
            if number not in self._answers:
                raise ConnectionError(f"{self.plan.agent}: the server ended before it answered {method}")
            return self._answers[number]

    def _request(self, number: int, method: str, params: dict[str, Any]) -> None:
        if self.plan.stateless:
            client = {"name": self.plan.agent, "version": "1.0"}
            params = {**params, "_meta": {**STATELESS_META, "io.modelcontextprotocol/clientInfo": client}}
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        try:
            self._child.stdin.write(json.dumps(message).encode() + b"\n")
            self._child.stdin.flush()
        except BrokenPipeError:
            with self._answered:
                self._open = False
                self._answered.notify_all()

    def _read(self) -> None:
        for line in self._child.stdout:
            message = json.loads(line)
            if "method" in message:
                continue
            with self._answered:
                tool = self._waiting.pop(message["id"], None)
                if tool is None:
                    self._answers[message["id"]] = message
                else:
                    self.tally.count(tool, classify(message))
                self._answered.notify_all()
        with self._answered:
            self._open = False
            self._answered.notify_all()


# --- the fleet --------------------------------------------------------------------------------------------------------


def command_for(agent: str, tollgate: str | None, policy: str | None) -> list[str]:
    """How an agent starts its server: as it is, or with `tollgate run` before it."""
    server = [sys.executable, str(SERVER)]
    if tollgate is None:
        return server
    options = ["--agent", agent, "--server", "platform"] + (["--policy", policy] if policy else [])
    return [tollgate, "run", *options, "--", *server]


def run(
    plans: list[Plan],
    tollgate: str | None,
    policy: str | None,
    journals: Path | None = None,
    stderr: int | None = None,
) -> list[Tally]:
    """Runs all agents side by side and returns their tallies; raises where a child did not end well."""
    agents = []
    for one in plans:
        environment = dict(os.environ)
        if journals is not None:
            environment["SAMPLE_JOURNAL"] = str(journals / f"{one.agent}.ndjson")
        agents.append(Agent(one, command_for(one.agent, tollgate, policy), environment, stderr))
    failures: dict[str, BaseException | int] = {}
    ready = threading.Barrier(len(agents) + 1)

    def live(agent: Agent) -> None:
        try:
            try:
                agent.connect()
            finally:
                ready.wait(90)
            agent.work(time.monotonic())
            status = agent.finish()
            if status != 0:
                failures[agent.plan.agent] = status
        except BaseException as error:
            failures[agent.plan.agent] = error
            agent.finish(5)

    threads = [threading.Thread(target=live, args=(agent,)) for agent in agents]
    for thread in threads:
        thread.start()
    ready.wait(90)
    for thread in threads:
        thread.join()
    if failures:
        raise RuntimeError("; ".join(f"{agent}: {failure!r}" for agent, failure in sorted(failures.items())))
    return [agent.tally for agent in agents]


def table(tallies: list[Tally]) -> Iterator[str]:
    """The tallies as lines of text."""
    yield f"{'agent':<16}{'sent':>6}{'ok':>6}{'tool error':>12}{'denied':>8}{'throttled':>11}{'no answer':>11}"
    for tally in tallies:
        yield (
            f"{tally.agent:<16}{sum(tally.sent.values()):>6}{tally.total('ok'):>6}"
            f"{tally.total('tool_error') + tally.total('rpc_error'):>12}{tally.total('deny'):>8}"
            f"{tally.total('throttle'):>11}{tally.total('no_answer'):>11}"
        )


def summary(tallies: list[Tally]) -> dict[str, Any]:
    """The tallies as a document."""
    return {
        "sent": sum(sum(tally.sent.values()) for tally in tallies),
        "agents": {tally.agent: {"sent": dict(tally.sent), "answers": tally.answers} for tally in tallies},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tollgate", metavar="PATH", help="the gateway; without it there is none")
    parser.add_argument("--policy", metavar="FILE", help="the policy of every gateway; without it they observe")
    parser.add_argument("--seconds", type=float, default=24, help="how long the fleet works (24)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runaway-calls", type=int, default=221, metavar="N")
    parser.add_argument("--journals", type=Path, metavar="DIR", help="where the servers write down what reached them")
    parser.add_argument("--summary", type=Path, metavar="FILE", help="where to write the counts as JSON")
    options = parser.parse_args()
    if options.journals is not None:
        options.journals.mkdir(parents=True, exist_ok=True)
    plans = plan(options.seed, options.seconds, options.runaway_calls)
    tallies = run(plans, options.tollgate, options.policy, options.journals)
    print("\n".join(table(tallies)))
    if options.summary is not None:
        options.summary.write_text(json.dumps(summary(tallies), indent=2) + "\n")


if __name__ == "__main__":
    main()

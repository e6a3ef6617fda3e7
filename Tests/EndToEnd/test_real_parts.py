"""Parts nobody here wrote: the official Python SDK as client, in both eras, and the real `awslabs.ecs-mcp-server`."""

from __future__ import annotations

import sqlite3
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from harness import aws, logs
from harness.home import Home
from harness.paths import POLICIES, SAMPLE_SERVER
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.types import Implementation

BUILD = "build_and_push_image_to_ecr"
ERAS = {"legacy": "2025-11-25", "2026-07-28": "2026-07-28"}


def session(
    command: list[str], environment: dict[str, str], mode: str, errors: Path, use: Callable[[Client], Awaitable[Any]]
) -> Any:
    """Runs `use` with an SDK client on the command."""

    async def connect() -> Any:
        parameters = StdioServerParameters(command=command[0], args=command[1:], env=environment)
        with errors.open("w") as errlog:
            transport = stdio_client(parameters, errlog=errlog)
            async with Client(transport, mode=mode, client_info=Implementation(name="sdk", version="2")) as client:
                assert client.protocol_version == ERAS[mode]
                return await use(client)

    return anyio.run(connect)


def verdict(result: Any) -> str:
    own = (result.meta or {}).get("tollgate/decision")
    return own["decision"] if own else "tool_error" if result.is_error else "ok"


async def twelve_builds(client: Client) -> list[str]:
    offered = [tool.name for tool in (await client.list_tools()).tools]
    assert BUILD in offered
    arguments = {"app_name": "shop", "app_path": aws.app()}
    return [verdict(await client.call_tool(BUILD, arguments | {"tag": f"v{number}"})) for number in range(12)]


def test_the_ecs_server_builds_without_a_gateway(tmp_path: Path) -> None:
    """What the counts below rest on: alone, the real server carries out all twelve."""
    with aws.running(tmp_path) as cloud:
        found = session(aws.SERVER, cloud.environment, "2026-07-28", tmp_path / "err", twelve_builds)
        assert found == ["ok"] * 12
        assert len(cloud.pushed()) == 12


@pytest.mark.parametrize("mode", ERAS)
def test_ten_of_twelve_real_builds_are_forwarded(home: Home, mode: str, say) -> None:
    command = home.run_command(*aws.SERVER, policy=POLICIES / "page.json", agent="ci-builder", name="ecs")
    with aws.running(home.work) as cloud:
        environment = home.environment | cloud.environment
        seen = Counter(session(command, environment, mode, home.work / "err", twelve_builds))
        pushed = len(cloud.pushed())

    builds = logs.calls(home.records(), tool=BUILD, agent="ci-builder", protocol=ERAS[mode])
    logged = Counter(record["decision"] for record in builds)
    home.tollgate("ingest")
    with sqlite3.connect(home.path / "warehouse.sqlite") as database:
        query = "select decision, count(*) from decisions where tool = ? and method = 'tools/call' group by decision"
        stored = dict(database.execute(query, [BUILD]))
    reported = reported_calls(home.tollgate("report", "rates", "--json").json())
    say(
        f"ecs server, {mode}: pushed {pushed}; client {dict(seen)}; log {dict(logged)}; SQLite {stored}; "
        f"report {reported}"
    )
    assert pushed == 10
    assert seen == {"ok": 10, "throttle": 2}
    assert logged == stored == {"allow": 10, "throttle": 2}
    assert reported == {"calls": 12, "allowed": 10, "throttled": 2}
    assert {
        logs.outcome_of(home.records(), record)["outcome"] for record in builds if record["decision"] == "allow"
    } == {"ok"}


def reported_calls(report: dict[str, Any]) -> dict[str, int]:
    """The report's figures of the tool; it has to be the only one, and the agent as well."""
    (tool,), (agent,) = report["tools"], report["agents"]
    assert (tool["tool"], agent["agent"]) == (BUILD, "ci-builder") and tool["counts"] == agent["counts"]
    return {key: tool["counts"][key] for key in ("calls", "allowed", "throttled")}


@pytest.mark.parametrize("mode", ERAS)
def test_the_sdk_finds_nothing_changed(home: Home, mode: str) -> None:
    """The same questions with and without the gateway have the same answers."""

    async def questions(client: Client) -> list[Any]:
        answers: list[Any] = [(await client.list_tools()).model_dump(mode="json")]
        for tool, arguments in (
            ("list_clusters", {"region": "eu-west-1"}),
            ("get_logs", {"service": 'é\u2028"', "limit": 100}),
            ("scale_service", {"cluster": "web", "service": "api", "desired": 51}),
            ("describe_service", {}),
        ):
            answers.append((await client.call_tool(tool, arguments)).model_dump(mode="json"))
        try:
            await client.call_tool("no_such_tool", {})
        except MCPError as error:
            answers.append(error.error.model_dump(mode="json"))
        return answers

    server = [sys.executable, str(SAMPLE_SERVER)]
    direct = session(server, home.environment, mode, home.work / "direct", questions)
    through = session(home.run_command(*server), home.environment, mode, home.work / "through", questions)
    assert through == direct and len(direct) == 6
    outcomes = [
        record["outcome"]
        for record in home.records()
        if record.get("method") == "tools/call" and record["kind"] == "outcome"
    ]
    assert outcomes == ["ok", "ok", "tool_error", "tool_error", "rpc_error"]

"""Every kind of message, exercised with the official SDK's client on one endpoint, in one era."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import httpx2
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp.types import ElicitResult, Implementation

ERAS = {"legacy": "2025-11-25", "2026-07-28": "2026-07-28"}
ODD = 'é\u2028\\"\n🛠'
TOOLS = {"repeat", "blob", "count", "refuse", "choose", "choose_in_rounds"}


def exercise(url: str, mode: str, token: str | None = None) -> dict[str, str]:
    """What was found for each kind: `ok`, or what came instead."""
    return anyio.run(_exercise, url, mode, token)


async def _exercise(url: str, mode: str, token: str | None) -> dict[str, str]:
    found: dict[str, str] = {}
    headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def accept(_: Any, __: Any) -> ElicitResult:
        return ElicitResult(action="accept", content={"colour": "blå"})

    async with httpx2.AsyncClient(headers=headers, timeout=httpx2.Timeout(30), trust_env=False) as http:
        async with Client(
            streamable_http_client(url, http_client=http),
            mode=mode,
            client_info=Implementation(name="kinds", version="1"),
            elicitation_callback=accept,
            read_timeout_seconds=30,
        ) as client:
            assert client.protocol_version == ERAS[mode]
            for name, check in _checks(client, mode):
                try:
                    got = await check()
                    found[name] = "ok" if got is True else f"unexpected: {got!r}"[:300]
                except (MCPError, httpx2.HTTPError, anyio.ClosedResourceError) as error:
                    found[name] = repr(error)[:300]
    return found


def _checks(client: Client, mode: str) -> list[tuple[str, Callable[[], Awaitable[Any]]]]:
    async def tools() -> Any:
        names = {tool.name for tool in (await client.list_tools()).tools}
        return names == TOOLS or names

    async def text() -> Any:
        result = await client.call_tool("repeat", {"text": ODD})
        return result.content[0].text == ODD or result

    async def progress() -> Any:
        seen: list[tuple[float, float | None, str | None]] = []

        async def note(done: float, total: float | None, message: str | None) -> None:
            seen.append((done, total, message))

        await client.call_tool("count", {"steps": 5, "seconds": 0.1}, progress_callback=note)
        return seen == [(step, 5, f"{step} of 5") for step in range(1, 6)] or seen

    async def tool_error() -> Any:
        result = await client.call_tool("refuse", {"why": ODD})
        return (result.is_error and "refuse" in result.content[0].text) or result

    async def large() -> Any:
        result = await client.call_tool("blob", {"kibibytes": 400})
        return len(result.content[0].text) == 400 << 10

    async def question() -> Any:
        tool = "choose" if mode == "legacy" else "choose_in_rounds"
        result = await client.call_tool(tool, {})
        return result.content[0].text == "accept blå" or result

    async def cancellation() -> Any:
        with anyio.move_on_after(0.3) as scope:
            await client.call_tool("count", {"steps": 600, "seconds": 60})
        result = await client.call_tool("repeat", {"text": "afterwards"})
        return (scope.cancelled_caught and result.content[0].text == "afterwards") or result

    async def unknown_tool() -> Any:
        try:
            result = await client.call_tool("no_such_tool", {})
        except MCPError as error:
            return error.error.code == -32602 or error
        return result.is_error or result

    async def resource() -> Any:
        uris = {str(one.uri) for one in (await client.list_resources()).resources}
        result = await client.read_resource("part://notes")
        return (uris == {"part://notes"} and result.contents[0].text == "a note") or (uris, result)

    async def prompt() -> Any:
        names = {one.name for one in (await client.list_prompts()).prompts}
        result = await client.get_prompt("greeting", {"name": ODD})
        return (names == {"greeting"} and ODD in result.messages[0].content.text) or (names, result)

    checks = [tools, text, progress, tool_error, large, question, cancellation, unknown_tool, resource, prompt]
    return [(check.__name__, check) for check in checks]

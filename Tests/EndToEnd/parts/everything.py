#!/usr/bin/env python3
"""A server on the official SDK that makes every kind of message, in both eras.

everything.py            over stdio
everything.py --http     over Streamable HTTP on loopback, at /mcp; prints its port once it listens
everything.py --json     the same with answers as plain JSON and without sessions, for clients that know no more
"""

from __future__ import annotations

import asyncio
import socket
import sys

import anyio
import uvicorn
from mcp.server.mcpserver import Context, MCPServer
from mcp.types import ElicitRequest, ElicitRequestFormParams, InputRequiredResult, ToolAnnotations
from pydantic import BaseModel

server = MCPServer(name="everything", version="1")


class Choice(BaseModel):
    """What a person is asked for."""

    colour: str


_FORM = {"type": "object", "properties": {"colour": {"type": "string"}}, "required": ["colour"]}


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def repeat(text: str) -> str:
    """Gives the text back."""
    return text


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def blob(kibibytes: int) -> str:
    """Gives a text of so many KiB."""
    return "0123456789abcdef" * (kibibytes * 64)


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
async def count(steps: int, seconds: float, context: Context) -> int:
    """Counts up with a progress notification for each step."""
    for step in range(steps):
        await context.report_progress(step + 1, steps, f"{step + 1} of {steps}")
        await asyncio.sleep(seconds / steps)
    return steps


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def refuse(why: str) -> str:
    """Always fails."""
    raise ValueError(why)


@server.tool()
async def choose(context: Context) -> str:
    """Asks the person behind the client, with a request of the server's own (handshake era)."""
    answer = await context.elicit(message="which colour?", schema=Choice)
    return f"{answer.action} {answer.data.colour}" if answer.action == "accept" else answer.action


@server.tool()
async def choose_in_rounds(context: Context) -> str | InputRequiredResult:
    """Asks by an `input_required` result, and answers the retry (stateless era)."""
    given = (context.input_responses or {}).get("colour")
    if given is None:
        asked = ElicitRequest(params=ElicitRequestFormParams(message="which colour?", requested_schema=_FORM))
        return InputRequiredResult(input_requests={"colour": asked})
    return f"{given.action} {(given.content or {}).get('colour')}"


@server.resource("part://notes")
def notes() -> str:
    """A resource."""
    return "a note"


@server.prompt()
def greeting(name: str) -> str:
    """A prompt."""
    return f"Greet {name} kindly."


async def over_http() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    plain = "--json" in sys.argv
    app = server.streamable_http_app(json_response=plain, stateless_http=plain)
    config = uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1)
    print(listener.getsockname()[1], flush=True)
    await uvicorn.Server(config).serve(sockets=[listener])


if __name__ == "__main__":
    if {"--http", "--json"} & set(sys.argv):
        anyio.run(over_http)
    else:
        server.run("stdio")

#!/usr/bin/env python3
"""A small MCP server over stdio, for trying tollgate out.

It needs nothing but Python 3.10 and pretends to run a container platform: builds, clusters, logs, charges. It does no
real work and opens no connection. One process serves both protocol eras: the `initialize` handshake (2024-11-05 to
2025-11-25) and the stateless requests of 2026-07-28, which carry their version in `params._meta`.

    tollgate run --policy Examples/policies/page.json -- python3 Examples/sample_server.py

Environment
    SAMPLE_JOURNAL         append one JSON line per `tools/call` that arrives: the proof of what reached this server
    SAMPLE_BUILD_SECONDS   how long a build takes (default 0.05)
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any, BinaryIO

SERVER_INFO = {"name": "sample-platform", "version": "1.0.0"}
HANDSHAKE_VERSIONS = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"]
STATELESS_VERSIONS = ["2026-07-28"]
CAPABILITIES = {"tools": {"listChanged": False}}
META = "io.modelcontextprotocol/"

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS = -32700, -32600, -32601, -32602
UNSUPPORTED_PROTOCOL_VERSION = -32022


class RPCError(Exception):
    """An error answer of the protocol: a code, a message, and optional data."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data


class ToolError(Exception):
    """A tool that ran and failed: answered as a result with `isError`."""


# --- tools ------------------------------------------------------------------------------------------------------------


def build_and_push_image_to_ecr(app_name: str, app_path: str, tag: str = "latest") -> dict[str, Any]:
    time.sleep(float(os.environ.get("SAMPLE_BUILD_SECONDS", "0.05")))
    repository = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/{app_name}-repo"
    digest = hashlib.sha256(f"{app_name}:{tag}:{app_path}".encode()).hexdigest()
    return {"repository_uri": repository, "image_tag": tag, "full_image_uri": f"{repository}:{tag}", "digest": digest}


def list_clusters(region: str = "us-east-1") -> dict[str, Any]:
    return {"clusters": [f"arn:aws:ecs:{region}:123456789012:cluster/{name}" for name in ("web", "jobs")]}


def describe_service(cluster: str, service: str) -> dict[str, Any]:
    return {"cluster": cluster, "service": service, "status": "ACTIVE", "desired": 2, "running": 2}


def get_logs(service: str, since_minutes: int = 5, limit: int = 20) -> dict[str, Any]:
    lines = [f"{service} GET /health 200 {i % 7 + 1}ms" for i in range(min(limit, 100))]
    return {"service": service, "since_minutes": since_minutes, "lines": lines}


def scale_service(cluster: str, service: str, desired: int) -> dict[str, Any]:
    if desired > 50:
        raise ToolError("desired count is above this account's quota of 50")
    return {"cluster": cluster, "service": service, "desired": desired}


def delete_cluster(cluster: str) -> dict[str, Any]:
    return {"cluster": cluster, "status": "INACTIVE"}


def create_charge(customer: str, amount: float, currency: str = "usd", reason: str = "") -> dict[str, Any]:
    number = hashlib.sha256(f"{customer}:{amount}:{currency}:{reason}".encode()).hexdigest()[:12]
    return {"id": f"ch_{number}", "amount": amount, "currency": currency}


def _tool(
    function: Callable[..., dict[str, Any]],
    description: str,
    properties: dict[str, dict[str, Any]],
    required: list[str],
    *,
    read_only: bool = False,
    destructive: bool = False,
    idempotent: bool = False,
) -> dict[str, Any]:
    """A tool's definition as `tools/list` shows it, with the function under a private key."""
    return {
        "function": function,
        "definition": {
            "name": function.__name__,
            "description": description,
            "inputSchema": {
                "type": "object",
                "properties": properties,
                "required": required,
                "additionalProperties": False,
            },
            "annotations": {
                "readOnlyHint": read_only,
                "destructiveHint": destructive,
                "idempotentHint": idempotent,
                "openWorldHint": False,
            },
        },
    }


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


def _count(description: str, lowest: int = 0) -> dict[str, Any]:
    return {"type": "integer", "minimum": lowest, "description": description}


TOOLS = {
    tool["definition"]["name"]: tool
    for tool in (
        _tool(
            build_and_push_image_to_ecr,
            "Builds a container image from a directory and pushes it to the registry.",
            {
                "app_name": _text("Name of the application, lower-case letters, digits and hyphens"),
                "app_path": _text("Directory that holds the Dockerfile"),
                "tag": _text("Image tag, `latest` if not given"),
            },
            ["app_name", "app_path"],
        ),
        _tool(
            list_clusters,
            "Lists the clusters of a region.",
            {"region": _text("Region, us-east-1 if not given")},
            [],
            read_only=True,
            idempotent=True,
        ),
        _tool(
            describe_service,
            "Shows a service's state.",
            {"cluster": _text("Cluster name"), "service": _text("Service name")},
            ["cluster", "service"],
            read_only=True,
            idempotent=True,
        ),
        _tool(
            get_logs,
            "Returns a service's most recent log lines.",
            {
                "service": _text("Service name"),
                "since_minutes": _count("How far back to look, in minutes", 1),
                "limit": _count("Most lines to return", 1),
            },
            ["service"],
            read_only=True,
        ),
        _tool(
            scale_service,
            "Sets how many copies of a service run.",
            {
                "cluster": _text("Cluster name"),
                "service": _text("Service name"),
                "desired": _count("Copies that should run"),
            },
            ["cluster", "service", "desired"],
            idempotent=True,
        ),
        _tool(
            delete_cluster,
            "Deletes a cluster and everything that runs on it.",
            {"cluster": _text("Cluster name")},
            ["cluster"],
            destructive=True,
        ),
        _tool(
            create_charge,
            "Charges a customer.",
            {
                "customer": _text("Customer id"),
                "amount": {"type": "number", "exclusiveMinimum": 0, "description": "Amount in minor units"},
                "currency": _text("Three-letter currency, usd if not given"),
                "reason": _text("Why the customer is charged"),
            },
            ["customer", "amount"],
            destructive=True,
        ),
    )
}

_JSON_TYPES: dict[str, tuple[type, ...]] = {"string": (str,), "integer": (int,), "number": (int, float)}


def check_arguments(definition: dict[str, Any], arguments: dict[str, Any]) -> None:
    """Raises `ToolError` where the arguments do not fit the tool's input schema."""
    schema = definition["inputSchema"]
    for name in schema["required"]:
        if name not in arguments:
            raise ToolError(f"missing argument {name!r}")
    for name, value in arguments.items():
        wanted = schema["properties"].get(name)
        if wanted is None:
            raise ToolError(f"unknown argument {name!r}")
        if isinstance(value, bool) or not isinstance(value, _JSON_TYPES[wanted["type"]]):
            raise ToolError(f"argument {name!r} is not of type {wanted['type']}")


# --- protocol ---------------------------------------------------------------------------------------------------------


class Server:
    """Answers one message at a time; `handle` returns the answer, or nothing for notifications and responses."""

    def __init__(self, journal: str | None) -> None:
        self.journal = journal
        self.protocol = "-"

    def handle(self, line: bytes) -> dict[str, Any] | None:
        try:
            message = json.loads(line)
        except ValueError:
            return _error(None, RPCError(PARSE_ERROR, "Parse error"))
        if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
            return _error(None, RPCError(INVALID_REQUEST, "Invalid Request"))
        if "method" not in message or "id" not in message:
            return None
        try:
            return {"jsonrpc": "2.0", "id": message["id"], "result": self.answer(message)}
        except RPCError as error:
            return _error(message["id"], error)

    def answer(self, message: dict[str, Any]) -> dict[str, Any]:
        params = message.get("params") or {}
        if not isinstance(params, dict):
            raise RPCError(INVALID_PARAMS, "params must be an object")
        stateless = self._is_stateless(message["method"], params)
        match message["method"]:
            case "initialize":
                result = self._initialize(params)
            case "ping":
                result = {}
            case "server/discover":
                result = {"supportedVersions": STATELESS_VERSIONS, "capabilities": CAPABILITIES}
            case "tools/list":
                result = {"tools": [tool["definition"] for tool in TOOLS.values()]}
            case "tools/call":
                result = self._call(message["id"], params)
            case method:
                raise RPCError(METHOD_NOT_FOUND, "Method not found", method)
        return self._with_era_fields(message["method"], result) if stateless else result

    def _is_stateless(self, method: str, params: dict[str, Any]) -> bool:
        """Whether the request names the stateless revision; another revision there is refused."""
        meta = params.get("_meta")
        version = meta.get(META + "protocolVersion") if isinstance(meta, dict) else None
        if version is None:
            if method == "server/discover":
                raise RPCError(INVALID_PARAMS, f"server/discover needs params._meta[{META}protocolVersion]")
            return False
        if version not in STATELESS_VERSIONS:
            supported = {"supported": STATELESS_VERSIONS, "requested": version}
            raise RPCError(UNSUPPORTED_PROTOCOL_VERSION, "Unsupported protocol version", supported)
        self.protocol = version
        return True

    def _initialize(self, params: dict[str, Any]) -> dict[str, Any]:
        asked = params.get("protocolVersion")
        self.protocol = asked if asked in HANDSHAKE_VERSIONS else HANDSHAKE_VERSIONS[0]
        return {"protocolVersion": self.protocol, "capabilities": CAPABILITIES, "serverInfo": SERVER_INFO}

    def _call(self, rpc_id: Any, params: dict[str, Any]) -> dict[str, Any]:
        name, arguments = params.get("name"), params.get("arguments") or {}
        self._write_journal(rpc_id, name)
        tool = TOOLS.get(name) if isinstance(name, str) else None
        if tool is None:
            raise RPCError(INVALID_PARAMS, f"Unknown tool: {name}")
        try:
            check_arguments(tool["definition"], arguments)
            value = tool["function"](**arguments)
        except ToolError as error:
            return {"content": [{"type": "text", "text": str(error)}], "isError": True}
        text = json.dumps(value, separators=(",", ":"))
        return {"content": [{"type": "text", "text": text}], "structuredContent": value, "isError": False}

    def _write_journal(self, rpc_id: Any, name: Any) -> None:
        if self.journal is None:
            return
        entry = {"t": time.time(), "pid": os.getpid(), "protocol": self.protocol, "id": rpc_id, "tool": name}
        descriptor = os.open(self.journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, json.dumps(entry).encode() + b"\n")
        finally:
            os.close(descriptor)

    def _with_era_fields(self, method: str, result: dict[str, Any]) -> dict[str, Any]:
        result = {"resultType": "complete", **result, "_meta": {META + "serverInfo": SERVER_INFO}}
        if method in ("server/discover", "tools/list"):
            result |= {"ttlMs": 0, "cacheScope": "private"}
        return result


def _error(rpc_id: Any, error: RPCError) -> dict[str, Any]:
    body: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.data is not None:
        body["data"] = error.data
    return {"jsonrpc": "2.0", "id": rpc_id, "error": body}


def serve(source: BinaryIO, sink: BinaryIO, server: Server) -> None:
    """One message per line until the client closes its end."""
    for line in source:
        if line.strip():
            answer = server.handle(line)
            if answer is not None:
                sink.write(json.dumps(answer, separators=(",", ":")).encode() + b"\n")
                sink.flush()


if __name__ == "__main__":
    try:
        serve(sys.stdin.buffer, sys.stdout.buffer, Server(os.environ.get("SAMPLE_JOURNAL")))
    except (BrokenPipeError, KeyboardInterrupt):
        os._exit(0)

#!/usr/bin/env python3
"""An MCP server over stdio that writes down every byte it receives, before it answers.

    recorder.py --received FILE [--tools a,b,…] [--page-size N] [--hold-file FILE] [--script FILE]

With --script it answers nothing of its own: line i of the script is a JSON array of base64 strings, written out after
the i-th line has come in. Without, it answers as a server with the tools named would, whatever their arguments.
It holds a lock on FILE for life, so that a restarted one begins when the one before has written its last line.
"""

from __future__ import annotations

import argparse
import base64
import fcntl
import json
import os
import sys
import time
from pathlib import Path
from typing import Any


class Number(str):
    """A JSON number's own spelling, so that an id comes back as it was written."""


def parse(line: bytes) -> Any:
    return json.loads(line, parse_int=Number, parse_float=Number)


def encode(value: Any) -> str:
    if isinstance(value, Number):
        return str.__str__(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{encode(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(encode, value)) + "]"
    return json.dumps(value)


def definition(name: str) -> dict[str, Any]:
    return {"name": name, "description": f"the tool {name}", "inputSchema": {"type": "object"}}


class Recorder:
    def __init__(self, options: argparse.Namespace) -> None:
        self.tools = [name for name in options.tools.split(",") if name]
        self.page_size = options.page_size or len(self.tools) or 1
        self.hold_file: Path | None = options.hold_file

    def answer(self, line: bytes) -> bytes | None:
        try:
            message = parse(line)
        except (ValueError, RecursionError):
            return None
        if not isinstance(message, dict) or "id" not in message or "method" not in message:
            return None
        params = message.get("params")
        params = params if isinstance(params, dict) else {}
        stateless = "io.modelcontextprotocol/protocolVersion" in (params.get("_meta") or {})
        result = self.result(message["method"], params)
        body = {"error": {"code": -32601, "message": "Method not found"}} if result is None else {"result": result}
        if result is not None and stateless:
            result["resultType"] = "complete"
        return (encode({"jsonrpc": "2.0", "id": message["id"], **body}) + "\n").encode()

    def result(self, method: Any, params: dict[str, Any]) -> dict[str, Any] | None:
        server = {"name": "recorder", "version": "1"}
        match method:
            case "initialize":
                version = params.get("protocolVersion", "2025-11-25")
                return {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": server}
            case "server/discover":
                return {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}, "ttlMs": 0}
            case "ping":
                return {}
            case "tools/list":
                cursor = str(params.get("cursor", 0))
                first = int(cursor) if cursor.isdecimal() else 0
                page: dict[str, Any] = {"tools": [definition(name) for name in self.tools[first:][: self.page_size]]}
                if first + self.page_size < len(self.tools):
                    page["nextCursor"] = str(first + self.page_size)
                return page
            case "tools/call":
                while self.hold_file is not None and self.hold_file.exists():
                    time.sleep(0.01)
                return {"content": [{"type": "text", "text": "done"}], "isError": False}
        return None


def write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--received", required=True)
    parser.add_argument("--tools", default="")
    parser.add_argument("--page-size", type=int, default=0)
    parser.add_argument("--hold-file", type=Path)
    parser.add_argument("--script", type=Path)
    options = parser.parse_args()
    received = os.open(options.received, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    fcntl.flock(received, fcntl.LOCK_EX)
    recorder = Recorder(options)
    script = [json.loads(line) for line in options.script.read_text().splitlines()] if options.script else None
    for index, line in enumerate(sys.stdin.buffer):
        write_all(received, line)
        if script is not None:
            for chunk in script[index] if index < len(script) else []:
                write_all(1, base64.b64decode(chunk))
        elif (answer := recorder.answer(line)) is not None:
            write_all(1, answer)


if __name__ == "__main__":
    try:
        main()
    except (BrokenPipeError, KeyboardInterrupt):
        os._exit(0)

#!/usr/bin/env python3
"""A stdio server whose tools are named for what they do; it writes down every line it gets.

stdio_server.py FOLDER: lines go to FOLDER/<pid>.in, the start is marked by the file itself. Tools: `pid`, `wait` (until
the file FOLDER/<arguments.gate> is there), `progress` (three notifications for the call's token, then waits like
`wait`), `ask` (a request to the client, whose answer is the result), `crash`, `noise` (junk on stdout and much on
stderr), `echo` (its arguments). Ids are given back as they were spelled.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
import time
from pathlib import Path

FOLDER = Path(sys.argv[1])
_ID = re.compile(r'"id"\s*:\s*("(?:\\.|[^"\\])*"|-?[0-9.eE+]+)')
_lock = threading.Lock()
_asked: dict[str, tuple[threading.Event, list]] = {}


def say(text: str) -> None:
    with _lock:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def notify(method: str, params: dict) -> None:
    say(json.dumps({"jsonrpc": "2.0", "method": method, "params": params}))


def ask(question: str) -> object:
    """Sends a request to the client and waits for its answer."""
    name, waiting = f"ask-{os.getpid()}-{len(_asked)}", (threading.Event(), [])
    _asked[name] = waiting
    params = {"message": question, "requestedSchema": {"type": "object", "properties": {}}}
    say(json.dumps({"jsonrpc": "2.0", "id": name, "method": "elicitation/create", "params": params}))
    waiting[0].wait(60)
    return waiting[1]


def await_gate(name: str) -> None:
    while not (FOLDER / name).exists():
        time.sleep(0.005)


def call(params: dict) -> object:
    arguments = params.get("arguments") or {}
    match params["name"]:
        case "pid":
            return os.getpid()
        case "wait":
            await_gate(arguments["gate"])
        case "progress":
            token = params["_meta"]["progressToken"]
            for step in range(3):
                about = {"progressToken": token, "progress": step, "message": arguments["mark"]}
                notify("notifications/progress", about)
            await_gate(arguments["gate"])
        case "ask":
            return ask(arguments["question"])
        case "crash":
            os._exit(3)
        case "noise":
            say("this is no message")
            sys.stderr.write("diagnostics\n" * 100_000)
            sys.stderr.flush()
    return arguments


def answer(token: str, message: dict) -> None:
    params = message.get("params") or {}
    match message["method"]:
        case "initialize":
            server = {"name": "stdio-part", "version": "1"}
            result: dict = {"protocolVersion": params["protocolVersion"], "capabilities": {}, "serverInfo": server}
        case "tools/list":
            result = {
                "tools": [{"name": name, "inputSchema": {"type": "object"}} for name in ("pid", "wait", "secret")]
            }
        case "tools/call":
            value = call(params)
            result = {"content": [{"type": "text", "text": json.dumps(value)}], "structuredContent": {"value": value}}
        case _:
            result = {}
    say(f'{{"jsonrpc":"2.0","id":{token},"result":{json.dumps(result)}}}')


with (FOLDER / f"{os.getpid()}.in").open("wb", buffering=0) as journal:
    for line in sys.stdin.buffer:
        journal.write(line)
        message = json.loads(line)
        if "method" not in message:
            event, values = _asked[message["id"]]
            values.append(message.get("result", message.get("error")))
            event.set()
        elif "id" in message:
            token = _ID.search(line.decode())[1]
            threading.Thread(target=answer, args=(token, message), daemon=True).start()

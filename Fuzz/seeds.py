#!/usr/bin/env python3
"""Writes the fuzzers' seeds, made of Tests/Corpora: seeds.py FOLDER."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from pathlib import Path

CORPORA = Path(__file__).resolve().parent.parent / "Tests" / "Corpora"
CORPUS = CORPORA / "envelopes"
LARGEST = 8192
HEADERS = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
STATELESS = {"protocolVersion": "2026-07-28", "clientCapabilities": {}}
REPLIES = [
    '{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"a\\"\\\\b"}],"isError":true}}',
    '{"jsonrpc":"2.0","id":"\\u0031","result":{"resultType":"input_required","inputRequests":{}}}',
    '{"id":"a","result":{"resultType":"input\\u005frequired"},"jsonrpc":"2.0"}',
    '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"x","data":[1,{"a":null}]}}',
    '{"jsonrpc":"2.0","method":"notifications\\/progress","params":{"progressToken":"t","progress":1}}',
    '{"jsonrpc":"2.0","id":7,"method":"sampling/createMessage","params":{}}',
]
STREAMS = [
    ": ping\r\n\r\nid: 1\r\nevent: message\r\nretry: 10\r\ndata: {}\r\n\r\n",
    "\ufeffdata: a\rdata:b\r\rdata\n\nid:x\0y\n\n",
    "data: a\r\ndata: b\n\r: c\n\n\ufeffdata: d\n\n",
]
VALUES = [
    '{"a":1,"b":[1.0,10e-1,-0,0e5,9007199254740993,123456789012345678901234567890],"c":{"d":null,"é":true}}',
    '{"\\u0061":"x\\n\\ud83d\\ude00\\/","aa":"","A":"a\\u0301","":[[],{},[{}]]}',
    '[1e99999999999999999999,-1E-99999999999999999999,0.1e1000000000000000000,1e999999999999999999]',
    '"plain"', '0.15e1', 'null', 'false', '{"amount":20000,"reason":"lunch","tags":["a","b"]}',
]


def messages() -> list[bytes]:
    found = []
    for file in sorted(CORPUS.glob("*.jsonl")):
        rows = map(json.loads, file.read_text().splitlines())
        found += [base64.b64decode(row["bytes"]) for row in rows if "bytes" in row]
    return [message for message in found if len(message) <= LARGEST]


def with_headers(message: bytes) -> list[bytes]:
    """The message with headers that agree, as they are in the one era and in the other."""
    try:
        body = json.loads(message)
        method, params = body["method"], body.get("params") or {}
        name = params.get(HEADERS.get(method, ""), "")
        names = [name, "=?base64?" + base64.b64encode(name.encode()).decode() + "?="]
        meta = {f"io.modelcontextprotocol/{key}": value for key, value in STATELESS.items()}
        stateless = json.dumps(body | {"params": {**params, "_meta": meta}}).encode()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return [b"\x00\n\n\n" + message]
    lines = [f"\x15{version}\n{method}\n{one}\n".encode() for version in ("2026-07-28", "2025-11-25") for one in names]
    return [line + text for line in lines for text in (message, stateless)]


def write(folder: Path, inputs: list[bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for data in inputs:
        (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)


def main() -> None:
    folder, lines = Path(sys.argv[1]), messages()
    replies = [text.encode() for text in REPLIES]
    write(folder / "Envelopes", lines)
    write(folder / "Headers", [one for line in lines for one in with_headers(line)])
    write(folder / "Replies", lines + replies)
    streams = [text.encode() for text in STREAMS]
    streams += [b"id: 1\ndata: " + line.replace(b"\n", b"\ndata: ") + b"\n\n" for line in [*lines[:60], *replies]]
    documents = (CORPORA / "policies" / "documents.jsonl").read_text().splitlines()
    write(folder / "Policies", [json.loads(line)["document"].encode() for line in documents])
    values = [text.encode() for text in VALUES] + [line for line in lines if len(line) < 1000]
    write(folder / "Canonical", [bytes([number % 256]) * 8 + one for number, one in enumerate(values)])
    write(folder / "Events", [bytes(8) + one for one in streams] + [b"\x01" * 8 + one for one in streams])


if __name__ == "__main__":
    main()

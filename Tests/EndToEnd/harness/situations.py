"""Things that go wrong: each situation sets itself up in a home and gives the command that meets it."""

from __future__ import annotations

import contextlib
import hashlib
import socket
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
simple("top-without-a-terminal", 2, "terminal", "top")
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


@situation(5, ".ndjson.gz")
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


# --- serve and grants ---


def gateway(home: Home, **changes: object) -> str:
    """A configuration of `serve` with one server, one policy and the grant `ci`; None leaves a field out."""
    home.write("open.json", {"version": "1", "default": "allow"})
    digest = hashlib.sha256(b"a token that nobody uses").hexdigest()
    document: dict[str, object] = {
        "listen": "127.0.0.1:0",
        "log": "log",
        "servers": {"ecs": {"url": "http://127.0.0.1:9/mcp"}},
        "policies": {"builders": "open.json"},
        "grants": [{"id": "ci", "agent": "ci-builder", "server": "ecs", "policy": "builders", "token_sha256": digest}],
        "grants_file": "grants.json",
    }
    document = {key: value for key, value in (document | changes).items() if value is not None}
    home.write("serve.json", document)
    return "serve.json"


simple("serve-of-a-file-that-is-not-there", 2, "nowhere.json", "serve", "--config", "nowhere.json")


@situation(2, "/servers/ecs/urll")
def serve_with_an_invalid_configuration(home: Home) -> Iterator[Words]:
    servers = {"ecs": {"urll": "http://127.0.0.1:9/mcp"}}
    yield ["serve", "--config", gateway(home, servers=servers, listen="127.0.0.1", limits={"depth": 1})]


@situation(2, "127.0.0.1:18700")
def serve_on_a_port_that_is_taken(home: Home) -> Iterator[Words]:
    with contextlib.ExitStack() as stack:
        # Where it is taken already, that will do.
        with contextlib.suppress(OSError):
            stack.enter_context(socket.create_server(("127.0.0.1", 18700)))
        yield ["serve", "--config", gateway(home, listen="127.0.0.1:18700")]


@situation(2, "grants.json")
def serve_with_grants_that_others_can_read(home: Home) -> Iterator[Words]:
    file = gateway(home)
    home.write("grants.json", {"v": 1, "grants": [], "revoked": []}).chmod(0o644)
    yield ["serve", "--config", file]


@situation(2, "/grants/0/server")
def serve_with_a_grant_for_an_unknown_server(home: Home) -> Iterator[Words]:
    grant = {"id": "ci", "agent": "ci", "server": "esc", "policy": "builders", "token_sha256": "0" * 64}
    yield ["serve", "--config", gateway(home, grants=[grant])]


@situation(2, "/policies/builders")
def serve_with_a_policy_that_has_errors(home: Home) -> Iterator[Words]:
    file = gateway(home)
    home.write("open.json", {"version": "1", "default": "perhaps", "tool": {}})
    yield ["serve", "--config", file]


@situation(2, "/servers/ecs/headers/Authorization")
def serve_without_a_variable_that_it_needs(home: Home) -> Iterator[Words]:
    entry = {"url": "http://127.0.0.1:9/mcp", "headers": {"Authorization": "env:ECS_TOKEN"}}
    yield ["serve", "--config", gateway(home, servers={"ecs": entry})]


@situation(7, "log")
def serve_of_a_log_that_another_process_holds(home: Home) -> Iterator[Words]:
    with home.client(*home.recorder(), log=home.work / "log") as client:
        client.handshake()
        yield ["serve", "--config", gateway(home)]
        client.close()


@situation(2, "nightly")
def grant_revoke_of_an_unknown_id(home: Home) -> Iterator[Words]:
    yield ["grant", "revoke", "nightly", "--config", gateway(home)]


@situation(2, "grants_file")
def grant_create_without_a_grants_file(home: Home) -> Iterator[Words]:
    words = ["--agent", "nightly", "--server", "ecs", "--policy", "builders"]
    yield ["grant", "create", "--config", gateway(home, grants_file=None), *words]


@situation(2, "esc")
def grant_create_for_an_unknown_server(home: Home) -> Iterator[Words]:
    words = ["--agent", "nightly", "--server", "esc", "--policy", "builders"]
    yield ["grant", "create", "--config", gateway(home), *words]


@situation(2, "line 3")
def grant_create_from_a_sheet_with_mistakes(home: Home) -> Iterator[Words]:
    home.write("fleet.csv", "id,agent,server,policy\na,agent,ecs,builders\nb,agent,esc,builder\na,agent,ecs,builders\n")
    yield ["grant", "create", "--config", gateway(home), "--from", "fleet.csv"]


@situation(2, "ci")
def grant_rotate_of_a_grant_in_the_configuration(home: Home) -> Iterator[Words]:
    yield ["grant", "rotate", "ci", "--config", gateway(home)]
